# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The conditions under which whole repositories of a scope are deleted, as users write them. Pure."""

from __future__ import annotations

import typing as t

from .._core.errors import UsageError
from .._core.models import RefKind
from .._core.scope import check_globs
from .._rules.durations import seconds
from .._rules.git_refs import RefMatch

CONDITIONS: dict[str, t.Any] = {
    "empty": {"type": "bool", "default": False},
    "ref_gone": {"type": "list", "elements": "str", "choices": [each.value for each in RefKind]},
    "ref_match": {"type": "str", "choices": [each.value for each in RefMatch], "default": RefMatch.WHOLE.value},
    "not_pushed_for": {"type": "str"},
    "paths": {"type": "list", "elements": "str"},
}
_ANY = ("empty", "ref_gone", "not_pushed_for", "paths")


class Conditions(t.NamedTuple):
    """What has to hold for a repository to be deleted, all of it.

    Args:
        empty: it has no tags.
        ref_gone: no git reference of these kinds has its name; empty if that does not matter.
        ref_match: how its name carries a git reference.
        not_pushed_for: seconds since the newest push; None if that does not matter.
        paths: exact paths and globs of which one matches; empty if that does not matter.
    """

    empty: bool = False
    ref_gone: tuple[RefKind, ...] = ()
    ref_match: RefMatch = RefMatch.WHOLE
    not_pushed_for: int | None = None
    paths: tuple[str, ...] = ()


def conditions_of(given: t.Mapping[str, t.Any], *, names_repositories: bool) -> Conditions:
    """The conditions that an option holds.

    Args:
        given: the value of the option conditions.
        names_repositories: whether the scope names the repositories that it is about.

    Raises:
        UsageError: there is none, or they can't be meant as they are written.
    """
    if not any(given[option] for option in _ANY):
        raise UsageError(
            f"conditions is empty: give at least one of {', '.join(_ANY)}, since a scope alone deletes nothing."
        )
    check_globs(given["paths"] or (), "conditions: paths")
    if given["ref_gone"] and not (names_repositories or given["paths"]):
        raise UsageError(
            "conditions: ref_gone needs paths or repositories: give the repositories that are named after a branch, as "
            "in team/*/review/*. Otherwise all other repositories would look as if their branch no longer existed."
        )
    if given["ref_match"] != RefMatch.WHOLE.value and not given["ref_gone"]:
        raise UsageError("conditions: ref_match has no effect without ref_gone: leave it out.")
    age = given["not_pushed_for"]
    return Conditions(
        empty=given["empty"],
        ref_gone=tuple(map(RefKind, given["ref_gone"] or ())),
        ref_match=RefMatch(given["ref_match"]),
        not_pushed_for=seconds(age, "conditions: not_pushed_for") if age is not None else None,
        paths=tuple(given["paths"] or ()),
    )
