# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How much of a plan one run deletes: the smaller one of what the plan and the task say counts."""

from __future__ import annotations

import itertools

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.run_budget import (
    RunBudget,
    budget_in,
    budget_of,
    looser,
    tightest,
)

MOST, TIMES = [None, 1, 5, 10], [None, "30s", "9min", "60min", "1h", "2h"]
BUDGETS = [budget_of(most, time) for most in MOST for time in TIMES]


def counts(budget: RunBudget | None) -> tuple[float, float]:
    """The most tags and seconds, without an end where there is no limit."""
    most, time = (budget.max_deletions, budget.max_seconds) if budget else (None, None)
    return (float("inf") if most is None else most, float("inf") if time is None else time)


def test_options_give_a_budget() -> None:
    assert budget_of(None, None) is None
    assert budget_of(1, None) == RunBudget(max_deletions=1)
    assert budget_of(None, "1h 30min") == RunBudget(max_duration="1h 30min", max_seconds=5400)
    assert budget_of(7, "2s") == RunBudget(7, max_duration="2s", max_seconds=2)
    for most in (0, -1):
        with pytest.raises(UsageError, match=f"max_deletions_per_run is {most}: it has to be at least 1."):
            budget_of(most, None)
    with pytest.raises(UsageError, match="max_duration '0s' is zero"):
        budget_of(None, "0s")


@pytest.mark.parametrize("one", BUDGETS)
def test_each_option_counts_by_itself_and_none_is_loosened(one: RunBudget | None) -> None:
    for other in BUDGETS:
        found = tightest([one, other])
        assert counts(found) == tuple(map(min, zip(counts(one), counts(other), strict=True)))
        assert (found is None) is (one is other is None)
        assert budget_in(found.as_row() if found else None) == found
        # Of equal times the first one is written.
        if one and other and one.max_seconds == other.max_seconds:
            assert found
            assert found.max_duration == one.max_duration
    assert tightest([one]) == tightest([one, one]) == tightest([one, None]) == tightest([None, one]) == one


@pytest.mark.parametrize(
    "row",
    [
        *(0, 5, "5", False, [], {}, [None, None]),
        *({"max_deletions_per_run": 5}, {"max_duration": "2h"}, {"max_deletions_per_run": None, "max_duration": None}),
        {"max_duration": "2h", "max_deletions_per_run": 5},
        {"max_deletions_per_run": 5, "max_duration": "2h", "max_deletions": 5},
        *({"max_deletions_per_run": odd, "max_duration": "2h"} for odd in (True, 5.0, "5", [5])),
        *({"max_deletions_per_run": 5, "max_duration": odd} for odd in (False, 0, 7200, ["2h"])),
    ],
)
def test_what_no_cleanup_writes_is_no_budget(row: object) -> None:
    with pytest.raises(UsageError) as caught:
        budget_in(row)
    assert str(caught.value) == "The plan has a budget that is not from a cleanup."


def test_no_budget_limits_nothing() -> None:
    assert tightest([]) is None
    for three in itertools.combinations(BUDGETS[::5], 3):
        assert counts(tightest(three)) == tuple(map(min, zip(*map(counts, three), strict=True)))


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        (RunBudget(max_deletions=1), "at most 1 tag"),
        (RunBudget(max_deletions=5000), "at most 5,000 tags"),
        (RunBudget(max_duration="2h", max_seconds=7200), "no deletion begun later than 2h after its start"),
        (RunBudget(max_duration="\n1h\n 1h\t", max_seconds=7200), "no deletion begun later than 1h 1h after its start"),
        (RunBudget(2, max_duration="2h", max_seconds=7200), "at most 2 tags, none begun later than 2h after its start"),
    ],
)
def test_a_budget_in_words(budget: RunBudget, words: str) -> None:
    assert budget.in_words == words


@pytest.mark.parametrize(
    ("given", "approved", "sentences"),
    [
        (
            (6, None),
            (5, None),
            ["max_deletions_per_run is 6 here and 5 in the approved plan: the smaller value is used."],
        ),
        (
            (None, "90min"),
            (None, "1h"),
            ["max_duration is 90min here and 1h in the approved plan: the smaller value is used."],
        ),
        (
            (6, "2h"),
            (5, "1h"),
            [
                "max_deletions_per_run is 6 here and 5 in the approved plan: the smaller value is used.",
                "max_duration is 2h here and 1h in the approved plan: the smaller value is used.",
            ],
        ),
        ((5, "60min"), (5, "1h"), []),
        ((4, "59min"), (5, "1h"), []),
        ((9, None), (None, "1h"), []),
        ((None, "2h"), (5, None), []),
        ((None, None), (5, "1h"), []),
        ((5, "1h"), (None, None), []),
    ],
)
def test_more_than_was_approved_is_told(
    given: tuple[int | None, str | None], approved: tuple[int | None, str | None], sentences: list[str]
) -> None:
    assert looser(budget_of(*given), budget_of(*approved)) == sentences
