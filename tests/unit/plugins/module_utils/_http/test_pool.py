# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Threads that help each other: never more at once than may be, none idle while there is work, all of it done once."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import ErrorKind, RequestError
from ansible_collections.containerops.gitlab.plugins.module_utils._http.pool import Pool
from tests.tools.depth import examples

# Seconds after which threads that wait for each other count as stuck.
STUCK = 30
# Work within work: a number is a leaf, a list is work on its parts.
WORK = st.recursive(st.integers(0, 3), lambda parts: st.lists(parts, max_size=6), max_leaves=40)


class Watched:
    """Leaves of work, of which it is known how many were worked on at once."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.lock = threading.Lock()
        self.at_once = self.most = 0
        self.done: Counter[int] = Counter()

    def work(self, part: Any) -> Any:
        if isinstance(part, list):
            return self.pool.parallel(self.work, part)
        with self.lock:
            self.at_once += 1
            self.most = max(self.most, self.at_once)
            self.done[part] += 1
        # Lets other threads run.
        for _turn in range(part):
            threading.Event().wait(0.0001)
        with self.lock:
            self.at_once -= 1
        return part


def leaves(work: Any) -> list[int]:
    return [leaf for part in work for leaf in leaves(part)] if isinstance(work, list) else [work]


def within(seconds: float, call: Any) -> Any:
    """What a call in a thread of its own gives, which has to end by then."""
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(call()), daemon=True)
    thread.start()
    thread.join(seconds)
    assert not thread.is_alive(), "threads wait for each other"
    return found[0]


@examples(150)
@given(work=WORK, size=st.integers(1, 6))
def test_all_work_is_done_once_and_in_order_by_no_more_threads_than_may_be(work: Any, size: int) -> None:
    watched = Watched(Pool(size))
    assert within(STUCK, lambda: watched.work(work)) == work
    assert watched.done == Counter(leaves(work))
    assert watched.most <= size


@pytest.mark.parametrize("outer", [1, 2, 3])
def test_threads_without_work_help_within_an_item(outer: int) -> None:
    """All threads meet in the parts of one item, although there are fewer items than threads."""
    pool, meeting = Pool(6), threading.Barrier(6)

    def part(_number: int) -> None:
        meeting.wait(STUCK)

    def item(number: int) -> None:
        pool.parallel(part if number == 0 else str, range(6))

    within(STUCK, lambda: pool.parallel(item, range(outer)))
    # One item alone is done by the thread that asks, as its parts are by those of the pool.
    assert meeting.broken is False


@pytest.mark.parametrize("size", [2, 3, 5])
def test_a_lock_around_work_within_an_item_blocks_nobody_for_ever(size: int) -> None:
    """Threads that wait for the lock take all places but those of the one that holds it, and of its helpers."""
    pool, lock = Pool(size), threading.Lock()

    def part(number: int) -> int:
        threading.Event().wait(0.0002 * number)
        return number

    def item(_number: int) -> list[int]:
        with lock:
            return pool.parallel(part, range(4))

    assert within(STUCK, lambda: pool.parallel(item, range(100))) == [[0, 1, 2, 3]] * 100


@pytest.mark.parametrize("allowed", [0, 1, 2])
def test_where_no_more_threads_can_be_started_there_are_enough(monkeypatch: pytest.MonkeyPatch, allowed: int) -> None:
    """As with a limit of processes; each thread counts for ever here."""
    pool, start, left = Pool(4), threading.Thread.start, [allowed]

    def refuse(thread: threading.Thread) -> None:
        if thread.name == "caller":
            start(thread)
            return
        if not left[0]:
            raise RuntimeError("can't start new thread")
        left[0] -= 1
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)

    def item(number: int) -> list[int]:
        return pool.parallel(lambda part: number * part, range(3))

    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(pool.parallel(item, range(10))), name="caller", daemon=True)
    thread.start()
    thread.join(STUCK)
    assert found == [[[0, number, 2 * number] for number in range(10)]]


def test_what_was_asked_for_last_comes_first() -> None:
    """What is under way is ended before more is begun, so that little is under way."""
    pool, order = Pool(2), list[str]()
    begun = threading.Event()

    def item(number: int) -> None:
        order.append(f"item {number}")
        if number == 0:
            begun.wait(STUCK)
            pool.parallel(lambda part: order.append(f"part {part}"), range(20))
        elif number == 1:
            begun.set()
            threading.Event().wait(0.05)

    within(STUCK, lambda: pool.parallel(item, range(4)))
    assert order.index("item 2") > order.index("part 10")


def test_the_first_failure_is_raised_and_what_was_not_begun_is_left() -> None:
    pool, begun = Pool(2), list[int]()
    both = threading.Barrier(2)

    def work(number: int) -> int:
        begun.append(number)
        if number < 2:
            both.wait(STUCK)
            raise ValueError(str(number))
        return number

    def call() -> str:
        with pytest.raises(ValueError, match="0") as found:
            pool.parallel(work, range(100))
        return str(found.value)

    assert within(STUCK, call) == "0"
    assert sorted(begun) == [0, 1]
    assert within(STUCK, lambda: pool.parallel(str, range(3))) == ["0", "1", "2"]


def test_what_stopped_the_first_failure_is_raised() -> None:
    pool, both = Pool(2), threading.Barrier(2)

    def work(kind: ErrorKind) -> None:
        both.wait(STUCK)
        raise RequestError(kind, "no", operation="read")

    def call() -> ErrorKind:
        with pytest.raises(RequestError) as found:
            pool.parallel(work, [ErrorKind.STOPPED, ErrorKind.UNAUTHORIZED])
        return found.value.kind

    assert within(STUCK, call) is ErrorKind.UNAUTHORIZED


@pytest.mark.parametrize("size", [1, 4])
def test_errors_of_requests_stand_in_the_place_of_results(size: int) -> None:
    pool = Pool(size)
    error = RequestError(ErrorKind.TIMEOUT, "late", operation="read")

    def work(number: int) -> int:
        if number % 2:
            raise error
        return number

    assert pool.try_all(work, range(4)) == [0, error, 2, error]


def test_a_failure_within_an_item_is_the_items() -> None:
    pool = Pool(3)

    def part(number: int) -> int:
        if number == 5:
            raise KeyError(number)
        return number

    def item(number: int) -> Any:
        try:
            return pool.parallel(part, range(10))
        except KeyError:
            return f"failed {number}"

    assert within(STUCK, lambda: pool.parallel(item, range(5))) == [f"failed {number}" for number in range(5)]


def test_an_interrupted_caller_waits_for_what_is_under_way_and_begins_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    pool, begun, ended = Pool(2), list[int](), list[int]()
    wait = threading.Condition.wait
    caller = threading.get_ident()
    interrupted: list[int] = []

    def interrupt(condition: threading.Condition, timeout: float | None = None) -> bool:
        if threading.get_ident() == caller and len(begun) == 2 and not interrupted:
            interrupted.append(1)
            raise KeyboardInterrupt
        return wait(condition, 0.01 if threading.get_ident() == caller else timeout)

    def work(number: int) -> None:
        begun.append(number)
        while not interrupted:
            threading.Event().wait(0.001)
        threading.Event().wait(0.02)
        ended.append(number)

    monkeypatch.setattr(threading.Condition, "wait", interrupt)
    with pytest.raises(KeyboardInterrupt):
        pool.parallel(work, range(50))
    assert sorted(ended) == sorted(begun) == [0, 1]
