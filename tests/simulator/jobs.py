# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What GitLab does in the background: jobs that are due run one by one, in the order of their time."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from .changes import caused_by

Steps = Iterator[float]


@dataclass
class Job:
    """A job goes on with steps, which say how many seconds to wait before the next one, until they end.

    due: in the clock's elapsed seconds. result: of its last attempt; see cleanup.py. number: its place among all.
    """

    kind: str
    repository: str
    repository_id: int
    parameters: dict[str, Any]
    due: float
    state: str = "queued"
    attempts: int = 0
    result: dict[str, Any] | None = None
    steps: Steps = iter(())
    number: int = 0

    def describe(self) -> dict[str, Any]:
        shown = ("kind", "repository", "parameters", "state", "attempts", "result")
        return {name: getattr(self, name) for name in shown}

    def step(self) -> None:
        wait = next(self.steps, None)
        if wait is not None:
            self.due += wait
        elif self.state == "queued":
            self.state = "done"


@dataclass
class Queue:
    """jobs: also those that are over, in the order they came."""

    jobs: list[Job] = field(default_factory=list)
    _heap: list[tuple[float, int, Job]] = field(default_factory=list)

    @property
    def waiting(self) -> list[Job]:
        return [job for _due, _number, job in self._heap]

    def add(self, job: Job, steps: Callable[[Job], Steps]) -> None:
        job.steps = steps(job)
        job.number = len(self.jobs)
        self.jobs.append(job)
        self._push(job)

    def run_due(self, now: float) -> None:
        """Every step whose time has come, as if it ran when it came."""
        while self._heap and self._heap[0][0] <= now:
            self._step(heapq.heappop(self._heap)[2])

    def run_all(self, now: float) -> None:
        """One step of everything that waits, whatever its time."""
        entries, self._heap = sorted(self._heap), []
        for _due, _number, job in entries:
            job.due = now
            self._step(job)

    def _step(self, job: Job) -> None:
        with caused_by("policy" if job.kind == "policy" else "job"):
            job.step()
        if job.state == "queued":
            self._push(job)

    def _push(self, job: Job) -> None:
        heapq.heappush(self._heap, (job.due, job.number, job))
