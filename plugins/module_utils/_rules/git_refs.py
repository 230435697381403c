# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Tags that belong to something active in git (a branch, an open merge request, a git tag) or deployed. Pure."""

from __future__ import annotations

import enum
import re
import typing as t

from .reasons import Reason

_LONGEST = 63
_NO_SLUG = re.compile(r"[^0-9a-z]")
_SEPARATORS = "-._"


def slug(ref: str) -> str:
    """CI_COMMIT_REF_SLUG of a ref: lower case, - for all but letters and digits, at most 63, no - at the ends.

    lib/gitlab/utils.rb: replaced first, then shortened, then stripped.
    """
    return _NO_SLUG.sub("-", ref.lower())[:_LONGEST].strip("-")


class RefMatch(enum.Enum):
    """How the name of a tag carries the slug of a ref."""

    WHOLE = "whole"
    PREFIX = "prefix"
    SUFFIX = "suffix"


class ActiveRefs(t.NamedTuple):
    """What is active in a project's git repository.

    Args:
        refs: names of git references that exist.
        deployed: git references and commits that its environments run.
    """

    refs: tuple[str, ...] = ()
    deployed: tuple[str, ...] = ()


def kept_by_refs(names: t.Collection[str], active_refs: ActiveRefs, match: RefMatch) -> dict[str, Reason]:
    """The names that carry a ref or its slug.

    Args:
        names: of the tags of a repository.
        active_refs: of its project.
        match: where in a name a ref may be. As a prefix or suffix it ends at a separator, so that dev-1 does not keep
            dev-10.

    Returns:
        The reason by name.
    """
    found: dict[str, Reason] = {}
    for refs, reason in ((active_refs.refs, Reason.ACTIVE_REF), (active_refs.deployed, Reason.DEPLOYED)):
        known = {form for ref in refs for form in (slug(ref), ref.lower()) if form}
        if known:
            found.update((name, reason) for name in names if not known.isdisjoint(_parts(name.lower(), match)))
    return found


def _parts(name: str, match: RefMatch) -> t.Iterator[str]:
    """What of a name may be a slug."""
    yield name
    if match is RefMatch.WHOLE:
        return
    for position, letter in enumerate(name):
        if letter in _SEPARATORS:
            yield name[:position] if match is RefMatch.PREFIX else name[position + 1 :]
