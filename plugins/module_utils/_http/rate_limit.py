# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The rate gate: how many requests a task sends, and how fast."""

from __future__ import annotations

import random
import threading
import time
import typing as t
from dataclasses import dataclass

from .._core.errors import ErrorKind, RequestError


@dataclass(frozen=True)
class Timing:
    """Where time comes from, and chance."""

    sleep: t.Callable[[float], None] = time.sleep
    monotonic: t.Callable[[], float] = time.monotonic
    jitter: t.Callable[[], float] = random.random


@dataclass
class _Bucket:
    """Seconds between two requests, and when the next one may go."""

    interval: float = 0.0
    next_slot: float = 0.0
    held_until: float = 0.0

    def no_faster(self, per_minute: float) -> None:
        self.interval = max(self.interval, 60.0 / per_minute)


class RateLimiter:
    """The rate gate: every request of a task passes it and is counted, whichever server it goes to.

    Each kind of traffic has a pace of its own, since GitLab counts them apart; per_minute holds for all together, and
    at most so many pass at all.
    """

    def __init__(self, per_minute: int | None, timing: Timing, most: int | None = None) -> None:
        self.sent = 0
        self.timing = timing
        self._most = most
        self._passed = 0
        self._lock = threading.Lock()
        self._together = _Bucket()
        self._buckets: dict[str, _Bucket] = {}
        self._names: dict[str, str] = {}
        if per_minute:
            self._together.no_faster(per_minute)

    def wait(self, traffic: str, check: t.Callable[[], None]) -> None:
        """Hold the thread back until its turn; check raises where it shall not go on, and RequestError is the end."""
        while True:
            check()
            with self._lock:
                if self._most is not None and self._passed >= self._most:
                    advice = "Raise max_requests, or take a smaller scope."
                    raise RequestError(ErrorKind.STOPPED, f"max_requests {self._most} were sent", advice=advice)
                now = self.timing.monotonic()
                paces = (self._together, self._bucket_of(traffic))
                start = max(now, *(max(pace.held_until, pace.next_slot) for pace in paces))
                if start <= now:
                    for pace in paces:
                        pace.next_slot = now + pace.interval
                    self._passed += 1
                    return
            self.timing.sleep(start - now)

    def pause(self, traffic: str, seconds: float) -> None:
        """Let nothing of this traffic pass for so long."""
        with self._lock:
            pace = self._bucket_of(traffic)
            pace.held_until = max(pace.held_until, self.timing.monotonic() + seconds)

    def adopt_server_limit(self, traffic: str, name: str, per_minute: int) -> None:
        """Take half of a limit that the server tells of; the rest is for others who share it.

        name: the server's own for the limit. Traffic that falls under the same one shares a pace from then on.
        """
        with self._lock:
            held_until = self._bucket_of(traffic).held_until
            self._names[traffic] = name
            pace = self._bucket_of(traffic)
            pace.no_faster(per_minute / 2)
            pace.held_until = max(pace.held_until, held_until)

    def _bucket_of(self, traffic: str) -> _Bucket:
        return self._buckets.setdefault(self._names.get(traffic, traffic), _Bucket())

    def count(self) -> None:
        with self._lock:
            self.sent += 1
