# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Whether and when a request is sent again."""

from __future__ import annotations

import enum
import re
import threading
import typing as t
from datetime import datetime

from .._core.errors import RequestError, kind_of_status
from .messages import Response
from .timing import Timing, http_date

# Seconds.
_LONGEST_BACKOFF = 30.0
_WINDOW = 60.0
# How often a request is sent again soon, before a limiter's whole window is waited for.
_SHORT_WAITS = 3
# GitLab's registry writes decimals.
_SECONDS = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")
# Seconds that all threads together may go on waiting and retrying without one useful answer.
RETRY_BUDGET = 600.0

# An answer of any status, or why there is none.
ResponseOrError = t.Union[Response, RequestError]


class RetryPolicy(enum.Enum):
    """After what a request is sent again: IDEMPOTENT after any transient failure, RATE_LIMITED only after a 429, by
    which the server says that it did nothing, NEVER not at all. AFTER_A_LOOK neither, and it is not sent if it has to
    wait out a pause: what was looked at right before may be something else after it."""

    IDEMPOTENT = "idempotent"
    RATE_LIMITED = "rate_limited"
    NEVER = "never"
    AFTER_A_LOOK = "after_a_look"


class RetryBudget:
    """Ends the retries of all threads together once nothing useful was answered for RETRY_BUDGET seconds."""

    def __init__(self, timing: Timing) -> None:
        self._monotonic = timing.monotonic
        self._lock = threading.Lock()
        self._trouble_since: float | None = None

    def note(self, result: ResponseOrError) -> None:
        """Take up a result: a useful one starts the budget anew."""
        with self._lock:
            if not _is_trouble(result):
                self._trouble_since = None
            elif self._trouble_since is None:
                self._trouble_since = self._monotonic()

    def allows(self, wait: float) -> bool:
        """Whether a pause of so many seconds is within the budget."""
        since = self._trouble_since
        return since is None or self._monotonic() + wait - since <= RETRY_BUDGET


def is_rate_limited(result: ResponseOrError) -> bool:
    """Whether the server refused the request unseen, for there were too many."""
    return isinstance(result, Response) and result.status == 429


def is_retried(result: ResponseOrError, policy: RetryPolicy) -> bool:
    """Whether a request that ended this way may be sent again."""
    if policy in (RetryPolicy.NEVER, RetryPolicy.AFTER_A_LOOK):
        return False
    if policy is RetryPolicy.RATE_LIMITED:
        return is_rate_limited(result)
    return _is_transient(result)


def delay_before(attempt: int, result: ResponseOrError, timing: Timing, clock: datetime | None) -> float:
    """Seconds to wait until a request is sent again: never less than Retry-After asks for.

    A limiter that does not say how long mostly counts by the minute: if short waits did not help, a minute does.

    Args:
        attempt: how often it was sent again already.
        result: its last answer, or why there was none.
        timing: clock and chance.
        clock: the server's time, for a Retry-After that is a date in an answer without one; None if it is not known.
    """
    backoff = min(_LONGEST_BACKOFF, 0.5 * 2.0 ** min(attempt, 10)) * (0.5 + timing.jitter() / 2)
    if not isinstance(result, Response):
        return backoff
    asked = _retry_after(result, clock)
    if asked is None and attempt >= _SHORT_WAITS and _is_throttled(result):
        return _WINDOW + backoff
    return max(backoff, asked or 0.0)


def poll_intervals(timing: Timing, seconds: float, first: float, longest: float) -> t.Iterator[None]:
    """Pauses, each longer than the one before it, until so many seconds have gone by since the first."""
    end = timing.monotonic() + seconds
    wait = first
    while timing.monotonic() < end:
        timing.sleep(max(0.0, min(wait, end - timing.monotonic())))
        wait = min(longest, wait * 1.5)
        yield


def _is_trouble(result: ResponseOrError) -> bool:
    return isinstance(result, RequestError) or _is_transient(result)


def _is_transient(result: ResponseOrError) -> bool:
    kind = result.kind if isinstance(result, RequestError) else kind_of_status(result.status)
    return kind.is_transient


def _is_throttled(response: Response) -> bool:
    """Whether there were too many requests. Proxies answer 503 then, which GitLab itself does in JSON only."""
    of_proxy = response.status == 503 and "json" not in response.headers.get("Content-Type", "")
    return response.status == 429 or of_proxy


def _retry_after(response: Response, clock: datetime | None) -> float | None:
    """Seconds that Retry-After asks for, from its number or its date; None where it asks for none."""
    text = response.headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    until = http_date(text)
    now = http_date(response.headers.get("Date")) or clock
    return max(0.0, (until - now).total_seconds()) if until and now else None
