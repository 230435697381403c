# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""How far a task is."""

from __future__ import annotations

import enum
import threading
import time
import typing as t

from .models import TagListing


class Phase(enum.Enum):
    """What a task is doing."""

    FINDING = "finding"
    MEASURING = "measuring"
    READING = "reading"
    CHECKING = "checking"
    DELETING = "deleting"


class Amount(t.NamedTuple):
    """How much of something is done.

    Args:
        done: so many.
        total: of so many; None if that is not known.
    """

    done: int = 0
    total: int | None = None


class ProgressReport(t.NamedTuple):
    """How far a task is at one moment.

    Args:
        phase: what it is doing.
        seconds: for so long.
        repositories: those that are done with.
        tags: those that were read, or whose deletion was asked for.
        requests: those that were sent for it.
        requests_before: those that were sent before it began.
    """

    phase: Phase
    seconds: float
    repositories: Amount = Amount()
    tags: Amount = Amount()
    requests: int = 0
    requests_before: int = 0


class Progress:
    """How far a task is, as all of its threads tell.

    Args:
        requests: gives how many were sent so far.
        clock: gives seconds that only grow.
    """

    def __init__(
        self, requests: t.Callable[[], int] = lambda: 0, clock: t.Callable[[], float] = time.monotonic
    ) -> None:
        self._requests = requests
        self._clock = clock
        self._lock = threading.Lock()
        self.begin(Phase.FINDING)

    def begin(self, phase: Phase, *, repositories: int | None = None, tags: int | None = None) -> None:
        """Count from the start for what begins now.

        Args:
            phase: what it is.
            repositories: how many there are to do; None if that is not known.
            tags: likewise.
        """
        with self._lock:
            self._phase, self._started, self._sent_before = phase, self._clock(), self._requests()
            self._repositories, self._tags = Amount(total=repositories), Amount(total=tags)

    def add(self, *, repositories: int = 0, tags: int = 0) -> None:
        """Count what was done."""
        with self._lock:
            self._repositories = self._repositories._replace(done=self._repositories.done + repositories)
            self._tags = self._tags._replace(done=self._tags.done + tags)

    def add_listing(self, listing: TagListing) -> None:
        """Count a repository whose tags were read."""
        self.add(repositories=1, tags=len(listing.tags))

    def report(self) -> ProgressReport:
        """How far the task is now."""
        with self._lock:
            return ProgressReport(
                self._phase,
                self._clock() - self._started,
                repositories=self._repositories,
                tags=self._tags,
                requests=self._requests() - self._sent_before,
                requests_before=self._sent_before,
            )
