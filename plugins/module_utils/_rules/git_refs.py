# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Tags that belong to something alive in git, a branch, an open merge request or a git tag, or deployed. Pure."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

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


@dataclass(frozen=True)
class ActiveRefs:
    """What is alive in a project's git repository, and refs and commits that its environments run."""

    refs: tuple[str, ...] = ()
    deployed: tuple[str, ...] = ()


def kept_by_refs(names: t.Collection[str], active_refs: ActiveRefs, match: str) -> dict[str, str]:
    """The names of tags that carry a ref or its slug, with the reason deployed, else living_ref.

    prefix and suffix: it ends at a separator or at the end of the name, so that dev-1 does not hold dev-10.
    """
    found: dict[str, str] = {}
    for refs, reason in ((active_refs.refs, "living_ref"), (active_refs.deployed, "deployed")):
        known = {form for ref in refs for form in (slug(ref), ref.lower()) if form}
        if known:
            found.update((name, reason) for name in names if not known.isdisjoint(_parts(name.lower(), match)))
    return found


def _parts(name: str, match: str) -> t.Iterator[str]:
    """What of a name may be a slug."""
    yield name
    if match == "whole":
        return
    for position, letter in enumerate(name):
        if letter in _SEPARATORS:
            yield name[:position] if match == "prefix" else name[position + 1 :]
