# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Where time comes from, and how servers write it."""

from __future__ import annotations

import functools
import random
import time
import typing as t
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime


def _now() -> datetime:
    return datetime.now(timezone.utc)


class Timing(t.NamedTuple):
    """Clock, pause and chance; tests put their own in their place.

    Args:
        sleep: waits for so many seconds.
        monotonic: gives seconds that only grow.
        jitter: gives a number from 0 to 1, by which pauses differ.
        now: gives this machine's time.
    """

    sleep: t.Callable[[float], None] = time.sleep
    monotonic: t.Callable[[], float] = time.monotonic
    jitter: t.Callable[[], float] = random.random
    now: t.Callable[[], datetime] = _now


# Answers of one second bear the same date.
@functools.lru_cache(maxsize=64)
def http_date(text: str | None) -> datetime | None:
    """The time that a header holds; None where it holds none."""
    try:
        moment = parsedate_to_datetime(text or "")
        return moment.astimezone(timezone.utc) if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
