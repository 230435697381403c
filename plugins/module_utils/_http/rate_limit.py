# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""How many requests a task sends, and how fast."""

from __future__ import annotations

import threading
import typing as t
from dataclasses import dataclass

from .timing import Timing

# GitLab throttles paths below /api apart from all others, and releases differ in where GraphQL belongs:
# lib/gitlab/rack_attack/request.rb.
_APART = ("/api/graphql", "/api/")


@dataclass
class _Bucket:
    """The pace of one kind of traffic.

    Args:
        interval: seconds between two requests.
        next_slot: when the next one may go, in the clock's own seconds.
        paused_until: when requests go on after the server asked for patience, in the same seconds.
    """

    interval: float = 0.0
    next_slot: float = 0.0
    paused_until: float = 0.0

    def no_faster(self, per_minute: float) -> None:
        self.interval = max(self.interval, 60.0 / per_minute)


class RateLimiter:
    """Every request of a task waits here for its turn and is counted, whichever server it goes to.

    Each kind of traffic has a bucket of its own, since GitLab counts them apart: its API, GraphQL, and all else.

    Args:
        per_minute: the most requests a minute of all kinds together; None is no limit.
        timing: clock and pause.
        most: the most requests at all; None is no limit. Those that follow a redirect do not count.
    """

    def __init__(self, per_minute: int | None, timing: Timing, most: int | None = None) -> None:
        self.sent = 0
        self.changes = 0
        self.most = most
        self._timing = timing
        self._passed = 0
        self._lock = threading.Lock()
        self._together = _Bucket()
        self._buckets: dict[str, _Bucket] = {}
        self._names: dict[str, str] = {}
        if per_minute:
            self._together.no_faster(per_minute)

    def wait(self, path: str, check: t.Callable[[float], None], *, limited: bool = True) -> bool:
        """Hold the thread back until a request to this path has its turn.

        Args:
            path: of the request, which tells its kind of traffic.
            check: called before every pause, with the seconds that this kind of traffic may not pass, since the server
                refused some of it; its exception ends the waiting.
            limited: False does not count it for the most requests, and takes the place of the next one of the pace.

        Returns:
            False where the most that may be sent was sent already.
        """
        while True:
            check(self._paused_for(path))
            with self._lock:
                if limited and self.most is not None and self._passed >= self.most:
                    return False
                now = self._timing.monotonic()
                buckets = (self._together, self._bucket_of(path))
                start = max(now, *(bucket.paused_until for bucket in buckets))
                if limited:
                    start = max(start, *(bucket.next_slot for bucket in buckets))
                if start <= now:
                    for bucket in buckets:
                        bucket.next_slot = max(now, bucket.next_slot) + bucket.interval
                    self._passed += limited
                    return True
            self._timing.sleep(start - now)

    def pause(self, path: str, seconds: float) -> None:
        """Let nothing of this path's kind of traffic pass for so long."""
        with self._lock:
            bucket = self._bucket_of(path)
            bucket.paused_until = max(bucket.paused_until, self._timing.monotonic() + seconds)

    def _paused_for(self, path: str) -> float:
        with self._lock:
            return max(0.0, self._bucket_of(path).paused_until - self._timing.monotonic())

    def adopt_server_limit(self, path: str, per_minute: int, name: str) -> None:
        """Take half of a limit that the server tells of; the rest is for others who share it.

        Args:
            path: of a request that is limited, which tells its kind of traffic.
            per_minute: the server's limit, requests a minute.
            name: the server's own for the limit, or empty. Traffic under the same one shares a bucket from then on.
        """
        with self._lock:
            paused_until = self._bucket_of(path).paused_until
            self._names[_traffic_of(path)] = name or _traffic_of(path)
            bucket = self._bucket_of(path)
            bucket.no_faster(per_minute / 2)
            bucket.paused_until = max(bucket.paused_until, paused_until)

    def count(self) -> None:
        """Count a request that goes out, redirected ones too."""
        with self._lock:
            self.sent += 1

    def _bucket_of(self, path: str) -> _Bucket:
        traffic = _traffic_of(path)
        return self._buckets.setdefault(self._names.get(traffic, traffic), _Bucket())


def _traffic_of(path: str) -> str:
    """The kind of traffic that GitLab may limit apart: its API, GraphQL, and all else."""
    return next((prefix for prefix in _APART if path.startswith(prefix)), "")
