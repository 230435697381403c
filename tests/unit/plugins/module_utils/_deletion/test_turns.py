# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How much of a plan one run deletes, and in which order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import Tag
from ansible_collections.containerops.gitlab.plugins.module_utils._core.server import DELETE_LIMIT
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.batches import waves
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.turns import (
    RunPlan,
    Turn,
    first_of,
    side_by_side,
    turns_of,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan import Plan, RepositoryPlan
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.run_budget import RunBudget
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.decision import Decision
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.reasons import Reason
from tests.unit.simulated import repository_of

START = datetime(2026, 1, 1, tzinfo=UTC)


def decision(name: str, *, depth: int = 0, age: int = 0, delete: bool = True) -> Decision:
    date = START + timedelta(days=age)
    return Decision(Tag(name), delete=delete, reason=Reason.MATCHED, date=date, depth=depth)


def part_of(number: int, *depths: int) -> RepositoryPlan:
    """A repository with a deleted tag of each of these depths, older ones first, and one that is kept."""
    deleted = [decision(f"d{place:03}", depth=depth, age=place) for place, depth in enumerate(depths)]
    return RepositoryPlan(repository_of(number), decisions=(*reversed(deleted), decision("kept", delete=False)))


def names(turns: list[Turn]) -> list[tuple[str, list[str]]]:
    return [(turn.part.repository.name, [each.tag.name for each in turn.deletions]) for turn in turns]


PARTS = st.lists(
    st.lists(st.integers(0, 2), max_size=70).map(lambda depths: tuple(sorted(depths))), min_size=1, max_size=4
).map(lambda rows: [part_of(number, *depths) for number, depths in enumerate(rows)])


def test_repositories_take_turns_with_their_oldest_tags() -> None:
    found = names(turns_of([part_of(0, *[0] * 45), part_of(1, *[0] * 2), part_of(2, *[0] * 21)]))
    assert [(name, len(tags), tags[0]) for name, tags in found] == [
        ("r0", 20, "d000"),
        ("r1", 2, "d000"),
        ("r2", 20, "d000"),
        ("r0", 20, "d020"),
        ("r2", 1, "d020"),
        ("r0", 5, "d040"),
    ]


def test_what_belongs_to_other_tags_follows_them_without_a_break() -> None:
    found = turns_of([part_of(0, *[0] * 2, *[1] * 21, 2), part_of(1, *[0] * 21, 1)])
    assert [(turn.part.repository.name, turn.depth, len(turn.deletions)) for turn in found] == [
        ("r0", 0, 2),
        ("r1", 0, 20),
        *(("r0", 1, 20), ("r0", 1, 1), ("r0", 2, 1)),
        ("r1", 0, 1),
        ("r1", 1, 1),
    ]


@given(PARTS)
def test_turns_hold_every_deletion_once_in_the_order_of_its_repository(parts: list[RepositoryPlan]) -> None:
    found = turns_of(parts)
    for part in parts:
        mine = [turn for turn in found if turn.part is part]
        assert [each for turn in mine for each in turn.deletions] == part.deletions
        # As many requests as if the repository was deleted at once.
        whole = [batch for wave in waves(part.deletions, lambda _each: False, at_once=True) for batch in wave]
        assert [list(turn.deletions) for turn in mine] == whole
    assert sum(len(turn.deletions) for turn in found) == sum(len(part.deletions) for part in parts)
    assert all(len({each.depth for each in turn.deletions}) == 1 for turn in found)


@given(PARTS)
def test_no_repository_waits_for_more_than_one_turn_of_images_of_each_other(parts: list[RepositoryPlan]) -> None:
    found = [turn for turn in turns_of(parts) if not turn.depth]
    for part in parts:
        mine = [place for place, turn in enumerate(found) if turn.part is part]
        for begin, end in zip([-1, *mine], mine, strict=False):
            between = [turn.part.repository.path for turn in found[begin + 1 : end]]
            assert len(between) == len(set(between))


@given(PARTS, st.one_of(st.none(), st.integers(1, 150)))
def test_a_cut_is_the_beginning_of_the_order(parts: list[RepositoryPlan], most: int | None) -> None:
    plan = Plan(tuple(parts))
    whole = RunPlan(plan, RunBudget()).ordered
    run = RunPlan(plan, RunBudget(max_deletions=most))
    assert run.ordered == whole[:most]
    assert run.deletions == len(run.ordered) == sum(len(run.deletions_of(part)) for part in parts)
    for part in parts:
        assert run.deletions_of(part) == part.deletions[: len(run.deletions_of(part))]
    assert len(list(first_of(turns_of(parts), most))) <= len(turns_of(parts))


@given(PARTS, st.booleans())
def test_what_is_worked_on_side_by_side_keeps_the_order(parts: list[RepositoryPlan], at_once: bool) -> None:
    turns = turns_of(parts)
    groups = list(side_by_side(turns, at_once=at_once))
    assert [turn for group in groups for turn in group] == turns
    assert all(groups)
    for group in groups:
        for part in parts:
            mine = [turn.depth for turn in group if turn.part is part]
            assert len(set(mine)) <= 1
            assert at_once or len(mine) <= 1


def test_turns_wait_no_longer_than_they_have_to() -> None:
    turns = turns_of([part_of(0, *[0] * 41), part_of(1, *[0] * 41)])
    assert [len(group) for group in side_by_side(turns, at_once=True)] == [6]
    assert [len(group) for group in side_by_side(turns, at_once=False)] == [2, 2, 2]
    turns = turns_of([part_of(0, *[0] * 21, 1), part_of(1, *[0] * 41)])
    assert [len(group) for group in side_by_side(turns, at_once=True)] == [4, 2]
    assert list(side_by_side([], at_once=True)) == []


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        (RunBudget(max_deletions=2), "at most 2 of 3 in this run"),
        (RunBudget(max_deletions=3), ""),
        (RunBudget(max_duration="2h", max_seconds=7200), "none begun later than 2h after its start"),
        (
            RunBudget(max_deletions=1, max_duration="2h", max_seconds=7200),
            "at most 1 of 3 in this run, none begun later than 2h after its start",
        ),
    ],
)
def test_how_much_a_run_does_in_words(budget: RunBudget, words: str) -> None:
    assert RunPlan(Plan((part_of(0, 0, 0, 1),)), budget).in_words == words
    assert RunPlan(Plan((part_of(0),)), budget).in_words == ""


def test_a_repository_without_a_turn_loses_nothing() -> None:
    parts = [part_of(0, 0), part_of(1, 0)]
    run = RunPlan(Plan(tuple(parts)), RunBudget(max_deletions=1))
    assert [run.deletions_of(part) for part in parts] == [parts[0].deletions, []]
    assert DELETE_LIMIT == 20
