# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""How much of a plan one run deletes: what a task says, what a plan holds, and which of both counts. Pure."""

from __future__ import annotations

import typing as t

from .._core.errors import UsageError
from .._core.numbers import whole
from .._core.words import counted
from .._rules.durations import seconds

MOST, DURATION = "max_deletions_per_run", "max_duration"


class RunBudget(t.NamedTuple):
    """How much one run may do; what is left of a plan is for later runs.

    Args:
        max_deletions: The most tags whose deletion is tried; None is no limit.
        max_duration: The time after which none is begun, as the user wrote it; empty is no limit.
        max_seconds: The same in seconds; None is no limit.
    """

    max_deletions: int | None = None
    max_duration: str = ""
    max_seconds: int | None = None

    def as_row(self) -> dict[str, t.Any]:
        """The budget by its options, as plans and results have it."""
        return {MOST: self.max_deletions, DURATION: self.max_duration or None}

    @property
    def in_words(self) -> str:
        """The budget in a part of a sentence about a run."""
        if self.max_deletions is None:
            return self.time_in_words("no deletion")
        return ", ".join(filter(None, [f"at most {counted(self.max_deletions, 'tag')}", self.time_in_words()]))

    def time_in_words(self, nothing: str = "none") -> str:
        """The time in a part of a sentence; empty if it is not limited. nothing: what is not begun any more."""
        time = " ".join(self.max_duration.split())
        return f"{nothing} begun later than {time} after its start" if time else ""


def budget_of(most: int | None, duration: str | None) -> RunBudget | None:
    """The budget that two options give.

    Args:
        most: The value of max_deletions_per_run.
        duration: The value of max_duration.

    Returns:
        None if neither is given.

    Raises:
        UsageError: A run could do nothing.
    """
    if most is None and duration is None:
        return None
    if most is not None and most < 1:
        raise UsageError(f"{MOST} is {most}: it has to be at least 1.")
    return RunBudget(
        max_deletions=most,
        max_duration=duration or "",
        max_seconds=None if duration is None else seconds(duration, DURATION),
    )


def budget_in(row: t.Any) -> RunBudget | None:
    """The budget that a plan holds.

    Args:
        row: What it says; None if it has no budget.

    Raises:
        UsageError: That is none which a cleanup writes.
    """
    if row is None:
        return None
    most, duration = (row.get(MOST), row.get(DURATION)) if isinstance(row, dict) else (None, None)
    fits = whole(most) == most and (duration is None or isinstance(duration, str))
    budget = budget_of(most, duration) if fits else None
    if budget is None or list(row.items()) != list(budget.as_row().items()):
        raise UsageError("The plan has a budget that is not from a cleanup.")
    return budget


def tightest(budgets: t.Iterable[RunBudget | None]) -> RunBudget | None:
    """The budget that goes beyond none of these, of which each option counts by itself. The first of equal ones counts.

    Args:
        budgets: None among them limits nothing.
    """
    given = [each for each in budgets if each is not None]
    counts = [each.max_deletions for each in given if each.max_deletions is not None]
    times = [(each.max_seconds, each.max_duration) for each in given if each.max_seconds is not None]
    if not given:
        return None
    most = min(counts, default=None)
    longest, written = min(times, key=lambda time: time[0], default=(None, ""))
    return RunBudget(max_deletions=most, max_duration=written, max_seconds=longest)


def looser(given: RunBudget | None, approved: RunBudget | None) -> list[str]:
    """Where a task gives more than its approved plan, one sentence each.

    Args:
        given: By the options of the task.
        approved: Of the plan.
    """
    if given is None or approved is None:
        return []
    beyond = {
        MOST: _is_more(given.max_deletions, approved.max_deletions),
        DURATION: _is_more(given.max_seconds, approved.max_seconds),
    }
    own, of_plan = given.as_row(), approved.as_row()
    return [
        f"{option} is {own[option]} here and {of_plan[option]} in the approved plan: the smaller value is used."
        for option, is_more in beyond.items()
        if is_more
    ]


def _is_more(given: int | None, approved: int | None) -> bool:
    return given is not None and approved is not None and given > approved
