# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Tags that belong to something active in git (a branch, an open merge request, a git tag) or deployed. Pure."""

from __future__ import annotations

import enum
import functools
import re
import typing as t
from dataclasses import dataclass, field

from .._core.models import RefKind
from .reasons import Reason

_LONGEST = 63
_NO_SLUG = re.compile(r"[^0-9a-z]")
_SEPARATORS = "-._"
# A commit by SHA-1 or SHA-256, and the least number of its digits that git shows. CI_COMMIT_SHORT_SHA has eight.
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.ASCII)
_SHORTEST = 7


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


@dataclass(frozen=True)
class ActiveRefs:
    """What is active in a project's git repository.

    Args:
        refs: names of git references that exist, by their kind.
        deployed: git references and commits that its environments run.
    """

    refs: t.Mapping[RefKind, tuple[str, ...]] = field(default_factory=dict)
    deployed: tuple[str, ...] = ()


def telling_kinds(kinds: t.Sequence[RefKind], *, is_fork: bool) -> tuple[RefKind, ...]:
    """The kinds of git references that tell which of some kinds exist.

    The merge requests of a fork may be in the project that it was forked from, which not everybody may see. Their
    source branches are branches of the fork.

    Args:
        kinds: what is wanted.
        is_fork: whether the project was forked from another one.
    """
    from_elsewhere = is_fork and RefKind.MERGE_REQUESTS in kinds and RefKind.BRANCHES not in kinds
    return (*kinds, RefKind.BRANCHES) if from_elsewhere else tuple(kinds)


def kept_by_refs(names: t.Collection[str], active_refs: ActiveRefs, match: RefMatch) -> dict[str, Reason]:
    """The names that carry an active ref.

    Args:
        names: of the tags of a repository.
        active_refs: of its project.
        match: where in a name a ref may be.

    Returns:
        The reason by name.
    """
    refs = [ref for kind in active_refs.refs.values() for ref in kind]
    return {
        **dict.fromkeys(carrying(names, refs, match), Reason.ACTIVE_REF),
        **dict.fromkeys(carrying(names, active_refs.deployed, match), Reason.DEPLOYED),
    }


def carrying(names: t.Iterable[str], refs: t.Iterable[str], match: RefMatch) -> list[str]:
    """The names that carry a ref: its name or slug, or the first digits of a commit.

    Pipelines write a ref in their own ways, such as with - for / alone. So names are compared by their slugs, too.

    Args:
        names: of tags.
        refs: git references and commits.
        match: where in a name a ref may be. As a prefix or suffix it ends at a separator, so that dev-1 does not keep
            dev-10.
    """
    known = _forms_of(tuple(refs))
    return [name for name in names if not known.isdisjoint(_parts(name, match))] if known else []


@functools.lru_cache(maxsize=32)
def _forms_of(refs: tuple[str, ...]) -> frozenset[str]:
    """What git references and commits are compared by, remembered: each repository of a project asks for the same."""
    return frozenset(form for ref in refs for form in _forms(ref))


def _forms(ref: str) -> t.Iterator[str]:
    """What a ref or commit is compared by."""
    if form := _form(ref):
        yield form
    if _COMMIT.fullmatch(ref):
        yield from (ref[:length] for length in range(_SHORTEST, len(ref)))


def _form(text: str) -> str:
    """The slug, or the text itself if that leaves nothing."""
    return slug(text) or text


def _parts(name: str, match: RefMatch) -> t.Iterator[str]:
    """What of a name may be a ref."""
    yield _form(name)
    if match is RefMatch.WHOLE:
        return
    for position, letter in enumerate(name):
        if letter in _SEPARATORS:
            yield _form(name[:position] if match is RefMatch.PREFIX else name[position + 1 :])
