# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Durations such as older_than. What is accepted here means the same to GitLab, which accepts more. Pure."""

from __future__ import annotations

import re

from .._core.errors import UsageError

# Month and year have the length that GitLab gives them: 30 days, 365.25 days.
SECONDS = {
    "s": 1,
    "sec": 1,
    "min": 60,
    "h": 3600,
    "d": 86400,
    "w": 604800,
    "month": 2592000,
    "y": 31557600,
}
LONGEST = 150 * SECONDS["y"]

# A longer number of anything is more than that.
_DIGITS = 12
_PART = re.compile(r"(\d+)\s*([a-z]*)", re.ASCII)
_WHOLE = re.compile(r"\s*\d+\s*[a-z]*(\s*\d+\s*[a-z]*)*\s*", re.ASCII)


def seconds(text: str, option: str) -> int:
    """Seconds in a list of integers with units, such as 30d or 1month 12h.

    GitLab takes 1m for a minute and a bare 30 for 30 seconds: both are refused here.

    Args:
        text: the duration.
        option: what it is called in messages.

    Raises:
        UsageError: with what to write instead.
    """
    if not text.strip():
        raise UsageError(f"{option} is empty: write a duration such as 30d, or leave the option out.")
    if not _WHOLE.fullmatch(text):
        raise UsageError(f"{option} {text!r} is not a duration: write integers with units, such as 12h, 30d or 1month.")
    total = 0
    for number, unit in _PART.findall(text):
        if not unit or unit == "m":
            what = f"{number}m" if unit else "a bare number"
            some = number if number.strip("0") and len(number) <= _DIGITS else "1"
            ways = f"{some}min, {some}month or {some}d"
            raise UsageError(f"{option} {text!r} is ambiguous, since {what} has no clear unit: write {ways}.")
        if unit not in SECONDS:
            raise UsageError(f"{option} {text!r} has the unknown unit {unit!r}: use one of {', '.join(SECONDS)}.")
        if len(number) > _DIGITS:
            raise UsageError(f"{option} {text!r} is more than 150 years.")
        total += int(number) * SECONDS[unit]
    if total == 0:
        raise UsageError(f"{option} {text!r} is zero: write a duration such as 30d, or leave the option out.")
    if total > LONGEST:
        raise UsageError(f"{option} {text!r} is more than 150 years.")
    return total
