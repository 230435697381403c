# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Tags that belong to something alive in git: a branch, an open merge request, a git tag. Pure."""

from __future__ import annotations

import re
import typing as t

# How the name of a tag carries the slug of a ref.
MATCHES = ("whole", "prefix", "suffix")

_LONGEST = 63
_NO_SLUG = re.compile(r"[^0-9a-z]")
_SEPARATORS = "-._"


def slug(ref: str) -> str:
    """CI_COMMIT_REF_SLUG of a ref: lower case, - for all but letters and digits, cut, no - at the ends.

    lib/gitlab/utils.rb: replaced first, then cut, then stripped.
    """
    return _NO_SLUG.sub("-", ref.lower())[:_LONGEST].strip("-")


def held_by_refs(names: t.Iterable[str], refs: t.Iterable[str], match: str) -> dict[str, str]:
    """The names of tags that carry the slug of a ref, with the reason living_ref.

    prefix and suffix: the slug ends at a separator or at the end of the name, so that dev-1 does not hold dev-10.
    """
    slugs = {found for found in map(slug, refs) if found}
    return {name: "living_ref" for name in names if any(part in slugs for part in _parts(name.lower(), match))}


def _parts(name: str, match: str) -> t.Iterator[str]:
    """What of a name may be a slug."""
    yield name
    if match == "whole":
        return
    for position, letter in enumerate(name):
        if letter in _SEPARATORS:
            yield name[:position] if match == "prefix" else name[position + 1 :]
