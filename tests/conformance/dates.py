# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Dates as the tables have them, which is before GitLab has read them.

GitLab reads what a registry with metadata database says as ISO 8601, and what an image's config says as RFC 3339, with
Ruby's DateTime.iso8601 and DateTime.rfc3339; what these can't read is no date.
"""

from __future__ import annotations

import re
from datetime import date

_ISO_DATE = r"(?:(?P<year>[-+]?\d{4,})-(?P<month>\d\d)-(?P<day>\d\d)|(?P<ordinal_year>[-+]?\d{4,})-(?P<ordinal>\d{3})"
_ISO_DATE += r"|(?P<week_year>\d{4})-w(?P<week>\d\d)-(?P<weekday>\d))"
_ISO_TIME = r"(?:t(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d+))?)?"
_ISO_TIME += r"(?P<zone>z|[-+]\d\d(?::?\d\d)?)?)?"
_ISO = re.compile(rf"\s*{_ISO_DATE}{_ISO_TIME}\s*", re.IGNORECASE | re.ASCII)
_RFC = re.compile(
    r"\s*(?P<year>-?\d{4})-(?P<month>\d\d)-(?P<day>\d\d)(?:t|\s)(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)"
    r"(?:\.(?P<fraction>\d+))?(?P<zone>z|[-+]\d\d:\d\d)\s*",
    re.IGNORECASE | re.ASCII,
)
_EPOCH = date(1970, 1, 1).toordinal()


def iso8601(text: str | None) -> int | None:
    """Nanoseconds since 1970, None where there is no date."""
    return _read(_ISO, text)


def rfc3339(text: str | None) -> int | None:
    """Nanoseconds since 1970, None where there is no date."""
    return _read(_RFC, text)


def _read(pattern: re.Pattern[str], text: str | None) -> int | None:
    match = pattern.fullmatch(text or "")
    if not match:
        return None
    parts = match.groupdict()
    try:
        day = _day(parts)
    except ValueError:
        return None
    hour, minute, second = (int(parts[name] or 0) for name in ("hour", "minute", "second"))
    if hour > 24 or minute > 59 or second > 60 or (hour == 24 and (minute or second)):
        return None
    seconds = (day - _EPOCH) * 86400 + hour * 3600 + minute * 60 + min(second, 59) - _offset(parts["zone"])
    return seconds * 10**9 + int((parts["fraction"] or "")[:9].ljust(9, "0"))


def _day(parts: dict[str, str | None]) -> int:
    """Days since the year 1, as date counts them. ValueError where there is no such day."""
    if parts.get("ordinal"):
        days = int(parts["ordinal"] or 0)
        start = date(int(parts["ordinal_year"] or 0), 1, 1)
        found = date.fromordinal(start.toordinal() + days - 1)
        if found.year != start.year:
            raise ValueError
        return found.toordinal()
    if parts.get("week"):
        return date.fromisocalendar(*(int(parts[name] or 0) for name in ("week_year", "week", "weekday"))).toordinal()
    return date(*(int(parts[name] or 0) for name in ("year", "month", "day"))).toordinal()


def _offset(zone: str | None) -> int:
    if not zone or zone in "zZ":
        return 0
    digits = zone[1:].replace(":", "").ljust(4, "0")
    seconds = int(digits[:2]) * 3600 + int(digits[2:]) * 60
    return -seconds if zone[0] == "-" else seconds
