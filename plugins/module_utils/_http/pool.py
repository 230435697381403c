# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Work on many items by several threads, which help each other with the parts of an item."""

from __future__ import annotations

import threading
import typing as t

from .._core.errors import RequestError, cause_of
from .._core.threads import start_thread

Item = t.TypeVar("Item")
Result = t.TypeVar("Result")


class _Job:
    """A piece of work on many items, of which threads take one after the other.

    Args:
        work: on the item at a position; it keeps its result.
        count: of the items.

    left: how many items nobody has taken. unfinished: how many that were taken are not done. failures: what was
    raised, by position; then no further item is taken. awaited: whether the thread that asked for it is one of the
    pool's, and waits for others to end it.
    """

    def __init__(self, work: t.Callable[[int], None], count: int) -> None:
        self._work = work
        self._count = count
        self.left = count
        self.unfinished = 0
        self.failures: dict[int, BaseException] = {}
        self.awaited = False

    def take(self) -> int:
        """The position of the next item; there has to be one."""
        position = self._count - self.left
        self.left -= 1
        self.unfinished += 1
        return position

    def do(self, position: int) -> None:
        try:
            self._work(position)
        except BaseException as error:
            self.failures[position] = error


class Pool:
    """Work by as many threads at once as its size, whoever asks for it.

    Work that runs in the pool may ask for more. Its own thread does that, and threads without work help, first with
    what was asked for last. A thread that waits for its helpers lets another one work.

    Args:
        size: how many threads may work at once.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._inside = threading.local()
        # Guards everything below, and is told of every change that somebody may wait for.
        self._changed = threading.Condition()
        self._jobs: list[_Job] = []
        self._working = 0
        self._idle = 0

    def parallel(self, work: t.Callable[[Item], Result], items: t.Sequence[Item]) -> list[Result]:
        """Do the work on every item; the results are in the order of the items.

        Raises:
            Exception: what the work on the first item that failed raised, or what stopped that. Items that were not
                begun by then are left.
        """
        if len(items) < 2 or self._size < 2:
            return [work(item) for item in items]
        results: dict[int, Result] = {}

        def keep(position: int) -> None:
            results[position] = work(items[position])

        job = _Job(keep, len(items))
        with self._changed:
            self._jobs.append(job)
            self._call_helpers()
            if not self._working and not self._idle:
                # No thread can be started.
                self._jobs.remove(job)
                return [work(item) for item in items]
        if getattr(self._inside, "works", False):
            self._work_off(job)
            self._wait_for_helpers(job)
        else:
            self._wait_until_done(job)
        if job.failures:
            raise cause_of([error for _position, error in sorted(job.failures.items())])
        return [results[position] for position in range(len(items))]

    def try_all(self, work: t.Callable[[Item], Result], items: t.Sequence[Item]) -> list[Result | RequestError]:
        """As parallel, with the RequestError of an item in the place of its result."""

        def tried(item: Item) -> Result | RequestError:
            try:
                return work(item)
            except RequestError as error:
                return error

        return self.parallel(tried, items)

    def _work_off(self, job: _Job) -> None:
        """Do what is left of a job in the thread that asked for it."""
        while True:
            with self._changed:
                if not job.left:
                    return
                position = self._take(job)
            job.do(position)
            with self._changed:
                self._finish(job)

    def _take(self, job: _Job) -> int:
        position = job.take()
        if not job.left:
            self._jobs.remove(job)
        return position

    def _finish(self, job: _Job) -> bool:
        """Note that an item is done; gives whether that was the last one of a job that a thread of the pool awaits."""
        job.unfinished -= 1
        if job.failures:
            self._leave_the_rest(job)
        if job.left or job.unfinished:
            return False
        self._changed.notify_all()
        return job.awaited

    def _leave_the_rest(self, job: _Job) -> None:
        if job.left:
            job.left = 0
            self._jobs.remove(job)

    def _wait_for_helpers(self, job: _Job) -> None:
        """Wait in a thread of the pool, in the place of which another one may work.

        Whoever ends the job leaves its own place to this thread. If it had to wait for a place, all of them might be
        taken by threads that wait for what this one holds.
        """
        with self._changed:
            if not job.unfinished:
                return
            job.awaited = True
            self._working -= 1
            self._call_helpers()
            while job.unfinished:
                self._changed.wait()

    def _wait_until_done(self, job: _Job) -> None:
        """Wait in a thread that is none of the pool's. Interrupted, it waits for what is under way."""
        with self._changed:
            try:
                while job.left or job.unfinished:
                    self._changed.wait()
            finally:
                self._leave_the_rest(job)
                while job.unfinished:
                    self._changed.wait()

    def _call_helpers(self) -> None:
        """Have as many threads awake as there is work for, and place."""
        wanted = min(self._size - self._working, sum(job.left for job in self._jobs))
        for _thread in range(wanted - self._idle):
            try:
                start_thread(self._help)
            except RuntimeError:
                # The system allows no more: there are enough, or whoever asked does it alone.
                break
            self._idle += 1
        self._changed.notify_all()

    def _help(self) -> None:
        """Do what is left of any job, the youngest first, and end when there is none."""
        self._inside.works = True
        while True:
            with self._changed:
                while self._jobs and self._working >= self._size:
                    self._changed.wait()
                self._idle -= 1
                if not self._jobs:
                    return
                job = self._jobs[-1]
                position = self._take(job)
                self._working += 1
            job.do(position)
            with self._changed:
                if not self._finish(job):
                    self._working -= 1
                self._idle += 1
