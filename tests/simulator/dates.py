# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Times to the nanosecond, read and written as ISO 8601."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_DIGITS = re.compile(r"\.\d{6}(\d{1,3})\d*(?!\d)")


class Instant(datetime):
    """A time with up to three digits more than datetime has. nanosecond: 0 to 999, beyond its microsecond."""

    nanosecond = 0


def nanoseconds(value: datetime) -> int:
    """Since 1970, exactly."""
    return (value - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000 + getattr(
        value, "nanosecond", 0
    )


def read(text: str) -> datetime:
    """In UTC; ValueError for what is no time, or has no zone."""
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no ISO 8601 time") from None
    if value.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    value = value.astimezone(UTC) if value.year > 1 else value.replace(tzinfo=UTC)
    digits = _DIGITS.search(text)
    if digits:
        value = Instant.fromisoformat(value.isoformat())
        value.nanosecond = int(digits[1].ljust(3, "0"))
    return value


def iso(value: datetime | None) -> str | None:
    """To the nanosecond where that is known."""
    if value is None:
        return None
    text = value.isoformat().removesuffix("+00:00")
    finer = getattr(value, "nanosecond", 0)
    return f"{text if '.' in text or not finer else text + '.000000'}{f'{finer:03}' if finer else ''}Z"
