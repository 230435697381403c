# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Durations such as older_than: the strict reading of this collection, and GitLab's own generous one."""

from __future__ import annotations

import re

from .._core.errors import UsageError
from .number_words import with_digits

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

_PART = re.compile(r"(\d+)\s*([a-z]*)", re.ASCII)
_WHOLE = re.compile(r"\s*\d+\s*[a-z]*(\s*\d+\s*[a-z]*)*\s*", re.ASCII)


def seconds(text: str, option: str = "older_than") -> int:
    """Seconds in a list of integers with units, such as 30d or 1month 12h.

    Stricter than GitLab, where 1m is a minute and a bare 30 is 30 seconds: both are refused here.
    Raises UsageError, with what to write instead.
    """
    if not text.strip():
        raise UsageError(f"{option} is empty: write a duration such as 30d, or leave the option out.")
    if not _WHOLE.fullmatch(text):
        raise UsageError(f"{option} {text!r} is not a duration: write integers with units, such as 12h, 30d or 1month.")
    total = 0
    for number, unit in _PART.findall(text):
        if not unit or unit == "m":
            what = "1m" if unit else "a bare number"
            raise UsageError(f"{option} {text!r} is ambiguous, {what} has no clear unit: write 1min, 1month or 30d.")
        if unit not in SECONDS:
            raise UsageError(f"{option} {text!r} has the unknown unit {unit!r}: use one of {', '.join(SECONDS)}.")
        if len(number) > 12:
            raise UsageError(f"{option} {text!r} is more than 150 years.")
        total += int(number) * SECONDS[unit]
    if total == 0:
        raise UsageError(f"{option} {text!r} is zero: write a duration such as 30d, or leave the option out.")
    if total > LONGEST:
        raise UsageError(f"{option} {text!r} is more than 150 years.")
    return total


class DurationError(Exception):
    """GitLab's own parser stumbles over the text; its message."""


_UNITS = {
    "seconds": ("s", "sec", "secs", "second", "seconds"),
    "minutes": ("m", "min", "mins", "minute", "minutes"),
    "hours": ("h", "hr", "hrs", "hour", "hours"),
    "days": ("d", "dy", "day", "days"),
    "weeks": ("w", "wk", "wks", "week", "weeks"),
    "months": ("mo", "mos", "month", "months"),
    "years": ("y", "yr", "yrs", "year", "years"),
}
_UNIT_OF = {spelling: unit for unit, spellings in _UNITS.items() for spelling in spellings}
_LENGTHS = dict(zip(_UNITS, (1, 60, 3600, 86400, 604800, 2592000, 31557600)))
_JOINTS = ("and", "with", "plus")
_COLON_UNITS = [unit for unit in _UNITS if unit != "weeks"]
_NUMBER = re.compile(r"[0-9]*\.?[0-9]+")
_COLONS = re.compile(rf"{_NUMBER.pattern}(:{_NUMBER.pattern})+")
_BLANKS = " \t\n\v\f\r"


def gitlab_seconds(text: str) -> int | float | None:
    """Seconds as GitLab's cleanup reads them; None for nothing or zero, over which its job stumbles.

    The grammar of the gem gitlab-chronic-duration with exceptions switched on: every number times the unit right
    behind it, the last one without a unit in seconds. Raises DurationError.
    """
    words = _known_words(_colons_as_units(with_digits(text.lower())))
    total: int | float = 0
    for position, word in enumerate(words):
        if _NUMBER.search(word):
            unit = words[position + 1] if position + 1 < len(words) else "seconds"
            total += _number(word) * _LENGTHS.get(unit, 0)
    return total or None


def _number(word: str) -> int | float:
    if float(word) % 1 > 0:
        return float(word)
    return int(word.partition(".")[0] or 0)


def _known_words(text: str) -> list[str]:
    """Numbers and units; a unit at the very beginning gets a 1 before it."""
    spaced = _NUMBER.sub(lambda match: f" {match[0]} ", text).strip(_BLANKS + "\0")
    words = []
    for word in re.split(f"[{_BLANKS}]+", spaced):
        bare = word[1:] if word.startswith(",") else word
        bare = bare[:-1] if bare.endswith(",") else bare
        if _NUMBER.search(word):
            words.append(word)
        elif bare in _UNIT_OF:
            words.append(_UNIT_OF[bare])
        elif word and bare not in _JOINTS:
            shown = word.replace("\\", "\\\\").replace('"', '\\"')
            raise DurationError(f'An invalid word "{shown}" was used in the string to be parsed.')
    return ["1", *words] if words and words[0] in _UNITS else words


def _colons_as_units(text: str) -> str:
    """1:30:00 counts from the right: seconds, minutes, hours, days, months, years."""
    dense = text.replace(" ", "")
    if not _COLONS.search(dense):
        return text
    parts = dense.rstrip(":").split(":")
    if len(parts) > len(_COLON_UNITS):
        raise DurationError("undefined method `gsub' for nil")
    return " ".join(f"{part} {unit}" for part, unit in zip(parts, reversed(_COLON_UNITS[: len(parts)])))
