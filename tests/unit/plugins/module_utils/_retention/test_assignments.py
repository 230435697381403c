# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which rule set a repository has: the nearest one, and none where that can't be told."""

from __future__ import annotations

import random

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import Repository
from ansible_collections.containerops.gitlab.plugins.module_utils._core.scope import Scope
from ansible_collections.containerops.gitlab.plugins.module_utils._retention import assignments as module
from ansible_collections.containerops.gitlab.plugins.module_utils._retention.assignments import (
    Assignment,
    Assignments,
    Level,
)
from tests.unit.models import repository

REPOSITORIES, PROJECTS, GROUPS = Level.REPOSITORY, Level.PROJECT, Level.GROUP


def to(level: Level, target: str, rule_set: str, place: str = "line 1") -> Assignment:
    return Assignment(level, target, rule_set=rule_set, place=place)


def at(project: str, name: str = "", project_id: int = 3) -> Repository:
    """A repository of a project."""
    return repository(path=f"{project}/{name}".rstrip("/").lower(), name=name.lower(), project_id=project_id)


GROUP = to(GROUPS, "team", "group")
SUBGROUP = to(GROUPS, "team/sub", "subgroup")
PROJECT = to(PROJECTS, "team/sub/app", "project")
GLOB = to(REPOSITORIES, "team/*/cache", "glob")
EXACT = to(REPOSITORIES, "team/sub/app/cache", "exact")
CACHE = at("team/sub/app", "cache")


@pytest.mark.parametrize(
    ("entries", "default", "rule_set"),
    [
        ((GROUP, SUBGROUP, PROJECT, GLOB, EXACT), "default", "exact"),
        ((GROUP, SUBGROUP, PROJECT, GLOB), "default", "glob"),
        ((GROUP, SUBGROUP, PROJECT), "default", "project"),
        ((GROUP, SUBGROUP), "default", "subgroup"),
        ((GROUP,), "default", "group"),
        ((), "default", "default"),
        ((), None, None),
        ((to(GROUPS, "tea", "x"), to(GROUPS, "team/su", "x"), to(PROJECTS, "team/sub/ap", "x")), None, None),
        ((to(GROUPS, "team/sub/app", "x"),), None, None),
        ((to(PROJECTS, "team/sub", "x"), to(PROJECTS, "team", "x")), None, None),
        ((to(PROJECTS, "3", "by id"),), None, "by id"),
        ((to(GROUPS, "3", "x"), to(REPOSITORIES, "3", "x")), None, None),
        ((to(REPOSITORIES, "team/sub/app", "x"),), None, None),
        ((to(GROUPS, "/Team/Sub/", "case"),), None, "case"),
    ],
)
def test_the_nearest_assignment_wins(
    entries: tuple[Assignment, ...], default: str | None, rule_set: str | None
) -> None:
    for order in (entries, entries[::-1]):
        assert Assignments(order, default).for_repository(CACHE) == (rule_set, "")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (to(REPOSITORIES, "team/*/cache", "a", "line 3"), to(REPOSITORIES, "*/app/*", "b", "line 9")),
        (to(PROJECTS, "team/sub/app", "a", "line 3"), to(PROJECTS, "3", "b", "line 9")),
    ],
)
def test_two_that_are_equally_near_are_a_conflict(first: Assignment, second: Assignment) -> None:
    found = Assignments((GROUP, first, second), "default").for_repository(CACHE)
    assert found.rule_set is None
    assert found.conflict == (
        f"team/sub/app/cache has two rule sets, a ({first.text}) and b ({second.text}): "
        "name it in repositories by its whole path, or change one of the two"
    )
    assert (first.text, second.text) == (
        f"line 3: {first.level.value} '{first.target}'",
        f"line 9: {second.level.value} '{second.target}'",
    )
    same = Assignments((first, second._replace(rule_set="a")), None).for_repository(CACHE)
    assert same == ("a", "")
    nearer = Assignments((first, second, EXACT), None).for_repository(CACHE)
    assert nearer == ("exact", "")


def test_what_holds_for_no_repository_is_known_also_where_a_nearer_one_decides() -> None:
    idle = to(GROUPS, "team/other", "x")
    assignments = Assignments((GROUP, PROJECT, EXACT, GLOB, idle))
    assert assignments.matched_by([CACHE]) == {GROUP, PROJECT, EXACT, GLOB}


@pytest.mark.parametrize(
    ("entry", "scope", "lies_in"),
    [
        (SUBGROUP, Scope(group="team"), True),
        (SUBGROUP, Scope(group="Team/Sub"), True),
        (SUBGROUP, Scope(group="team/subway"), False),
        (GROUP, Scope(group="team/sub"), False),
        (SUBGROUP, Scope(instance=True), True),
        (SUBGROUP, Scope(group="7"), False),
        (PROJECT, Scope(projects=("team/sub/app",)), True),
        (EXACT, Scope(projects=("team/sub/app",)), True),
        (EXACT, Scope(projects=("team/sub/ap",)), False),
        (to(PROJECTS, "12", "x"), Scope(projects=("12",)), True),
        (to(PROJECTS, "12", "x"), Scope(group="team"), False),
        (GLOB, Scope(group="team"), True),
        (GLOB, Scope(group="team/sub"), False),
        (to(REPOSITORIES, "team/sub/*", "x"), Scope(group="team"), True),
        (SUBGROUP, Scope(group="team", include=("team/app",)), False),
        (SUBGROUP, Scope(group="team", exclude=("team/sub/*",)), False),
        (SUBGROUP, Scope(group="team", exclude=("team/other/*",)), True),
        (SUBGROUP, Scope(group="team", exclude=("*/cache",)), True),
        (EXACT, Scope(group="team", exclude=("*/cache",)), False),
        (SUBGROUP, Scope(group="team", exclude=("/team/sub/*",)), False),
        (to(GROUPS, "xsub", "x"), Scope(instance=True, exclude=("Xsub/*",)), False),
        (PROJECT, Scope(group="team"), True),
        (to(GROUPS, "7", "x"), Scope(group="7"), True),
    ],
)
def test_what_a_task_has_to_find(entry: Assignment, scope: Scope, *, lies_in: bool) -> None:
    assert module.lies_in(scope, entry.key, numbers=entry.level is Level.PROJECT) is lies_in


def test_only_of_a_project_a_number_is_its_id() -> None:
    assert module.lies_in(Scope(group="12"), "12")
    assert not module.lies_in(Scope(group="12"), "12", numbers=True)


@pytest.mark.parametrize(
    ("target", "path", "leads"),
    [
        ("team/sub", "team/sub", True),
        ("team/sub", "Team/Sub/app", True),
        ("team/sub", "team/subway", False),
        ("team/sub", "team", False),
        ("team/sub/app", "team/other", False),
        ("team/*/cache", "team", False),
        ("team/*/cache", "team/app/cache", True),
        ("team/*/cache", "team/app", True),
        ("team/a*", "team/b", False),
    ],
)
def test_what_a_path_may_be_of(target: str, path: str, *, leads: bool) -> None:
    assert module.leads_to(target, path) is leads


@pytest.mark.parametrize("seed", range(200))
def test_what_is_nearest_does_not_depend_on_the_others(seed: int) -> None:
    """An assignment that is farther away, or about something else, never changes the rule set of a repository."""
    dice = random.Random(seed)
    groups = ["team", "team/sub", "team/sub/deep", "other"]
    here = at(f"{dice.choice(groups)}/app", dice.choice(["", "cache", "web"]), project_id=dice.randrange(1, 4))
    targets = [
        *(to(GROUPS, group, dice.choice("abc")) for group in groups),
        *(to(PROJECTS, f"{group}/app", dice.choice("abc")) for group in groups),
        *(to(REPOSITORIES, f"{group}/app/cache", dice.choice("abc")) for group in groups),
        to(PROJECTS, "2", "c"),
        to(REPOSITORIES, "team/*/cache", "d"),
        to(REPOSITORIES, "*/web", "e"),
    ]
    dice.shuffle(targets)
    chosen = tuple(targets[: dice.randrange(len(targets))])
    assignments = Assignments(chosen, dice.choice(["z", None]))
    nearest = next((entries for entries in assignments.candidates(here) if entries), [])
    alone = Assignments(tuple(sorted(nearest, key=chosen.index)), assignments.default).for_repository(here)
    assert assignments.for_repository(here) == alone
    if len({entry.rule_set for entry in nearest}) == 1:
        assert alone.rule_set == nearest[0].rule_set
    elif nearest:
        assert alone.rule_set is None
        assert alone.conflict
    else:
        assert alone == (assignments.default, "")
