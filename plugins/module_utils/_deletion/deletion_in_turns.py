# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Deleting planned tags in turns, until the budget of the run is used up."""

from __future__ import annotations

import threading
import typing as t
from collections import Counter

from .._core.models import known_sum
from .._tags.reader import TagReader
from .deletion import RepositoryDeletion
from .host import RegistryHost
from .journal import JournalWriter, null_journal
from .outcomes import DeletionResult, TagOutcome
from .turns import RunPlan, Turn, side_by_side
from .ways import DeletionWay


def delete_in_turns(
    reader: TagReader,
    run: RunPlan,
    way: DeletionWay,
    host: RegistryHost,
    journal: JournalWriter = null_journal,
    *,
    begun: float,
) -> DeletionResult:
    """Delete planned tags in turns until the budget of the run is used up, and see what became of them.

    Args:
        reader: Reads the tags right before and afterwards.
        run: What to delete, at most.
        way: How tags are deleted.
        host: The registry that holds them.
        journal: Gets what is asked for, before it is, and what became of it.
        begun: When the run began, by the clock that only grows.

    Returns:
        What became of every planned tag. The turns that were begun are the first ones in their order. Repositories
        that have no turn are not listed again.
    """
    deletions = {
        part.repository.path: RepositoryDeletion(reader, way, plan=part, host=host, journal=journal)
        for part in run.plan.repositories
        if part.deletions
    }
    gate = _Gate(run, begun=begun, monotonic=reader.client.timing.monotonic)

    def work_on_next(_turn: Turn) -> None:
        turn = gate.next_turn()
        if turn is None:
            return
        deletion = deletions[turn.part.repository.path]
        deletion.work_on(turn.deletions)
        if gate.is_last(turn):
            deletion.finish()

    for group in side_by_side(run.turns, at_once=host.deletes_by_name):
        reader.client.parallel(work_on_next, group)
    reader.client.parallel(RepositoryDeletion.finish, [each for each in deletions.values() if not each.results])
    tags = tuple(deletion.results[name] for deletion in deletions.values() for name in deletion.digests)
    begun_ones = [deletion for deletion in deletions.values() if deletion.was_begun]
    stopped = host.stopped or reader.client.why_stop()
    return DeletionResult(
        tags=tags,
        remaining=known_sum(deletion.remaining for deletion in begun_ones) if begun_ones else None,
        stopped=stopped,
        budget=gate.why_left if not stopped and any(tag.outcome is TagOutcome.LEFT for tag in tags) else "",
    )


class _Gate:
    """Hands out the turns of a run to threads, in their order, until its time is over.

    Args:
        run: What is deleted, at most.
        begun: When the run began.
        monotonic: Gives the time in seconds.
    """

    def __init__(self, run: RunPlan, *, begun: float, monotonic: t.Callable[[], float]) -> None:
        self._turns = iter(run.turns)
        self._budget = run.budget
        self._begun = begun
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._is_over = False
        self._unfinished = Counter(turn.part.repository.path for turn in run.turns)

    def next_turn(self) -> Turn | None:
        """The turn that is begun now; None if no more is.

        The clock is asked under the lock: no turn is begun after one that was not.
        """
        most = self._budget.max_seconds
        with self._lock:
            if most is not None and self._monotonic() - self._begun >= most:
                self._is_over = True
            return None if self._is_over else next(self._turns)

    def is_last(self, turn: Turn) -> bool:
        """Whether a turn that is done was the last one of its repository."""
        with self._lock:
            self._unfinished[turn.part.repository.path] -= 1
            return not self._unfinished[turn.part.repository.path]

    @property
    def why_left(self) -> str:
        """Which part of the budget is used up, without its end."""
        if self._is_over:
            return f"max_duration {self._budget.max_duration} was reached"
        return f"max_deletions_per_run {self._budget.max_deletions} was reached"
