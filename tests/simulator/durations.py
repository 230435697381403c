# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""GitLab's grammar of durations, that of its gem gitlab-chronic-duration with exceptions switched on."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from . import numerals

UNITS = {
    "seconds": ("seconds", "second", "secs", "sec", "s"),
    "minutes": ("minutes", "minute", "mins", "min", "m"),
    "hours": ("hours", "hour", "hrs", "hr", "h"),
    "days": ("days", "day", "dy", "d"),
    "weeks": ("weeks", "week", "wks", "wk", "w"),
    "months": ("months", "month", "mos", "mo"),
    "years": ("years", "year", "yrs", "yr", "y"),
}
SECONDS = {
    "seconds": 1,
    "minutes": 60,
    "hours": 3600,
    "days": 86400,
    "weeks": 604800,
    "months": 2592000,
    "years": 31557600,
}
UNIT_OF = {word: unit for unit, words in UNITS.items() for word in words}
JOINTS = ("and", "with", "plus")
# What the parts of 1:2:3 are, from the last one on.
COLUMNS = ("seconds", "minutes", "hours", "days", "months", "years")
NUMBER = re.compile(r"[0-9]*\.?[0-9]+")
COLONS = re.compile(r"[0-9]:\.?[0-9]")
# Ruby's idea of white space, without Unicode's.
BLANK = "\t\n\v\f\r "


class DurationError(Exception):
    """In GitLab's words. name: its class of exception."""

    def __init__(self, text: str, name: str = "ChronicDuration::DurationParseError") -> None:
        super().__init__(text)
        self.name = name


def seconds(text: str) -> int | float | None:
    """None for none and for zero; DurationError for a text that says something else. Whole numbers stay exact."""
    words = _known_words(_spread(numerals.digits(text.lower())))
    total: int | float = 0
    for place, word in enumerate(words):
        if NUMBER.fullmatch(word):
            following = words[place + 1] if place + 1 < len(words) else "seconds"
            total = _sum(total, _number(word) * SECONDS.get(following, 0))
    return total or None


def _spread(text: str) -> list[str]:
    """The words, numbers apart from what touches them."""
    dense = text.replace(" ", "")
    if COLONS.search(dense):
        parts = dense.split(":")
        # Ruby leaves out empty parts at the end.
        while parts and not parts[-1]:
            parts.pop()
        if len(parts) > len(COLUMNS):
            raise DurationError("undefined method `gsub' for nil", "NoMethodError")
        columns = COLUMNS[: len(parts)][::-1]
        text = " ".join(f"{part} {column}" for part, column in zip(parts, columns, strict=True))
    text = NUMBER.sub(lambda match: f" {match[0]} ", text)
    return [word for word in re.split(f"[{BLANK}]+", text.strip(BLANK + "\0")) if word]


def _known_words(words: list[str]) -> list[str]:
    """Numbers and units; one of a unit that comes first."""
    known = []
    for word in words:
        bare = word.strip("\0").removeprefix(",").removesuffix(",")
        if NUMBER.search(word):
            known.append(word)
        elif bare in UNIT_OF:
            known.append(UNIT_OF[bare])
        elif bare not in JOINTS:
            raise DurationError(f"An invalid word {_inspect(word)} was used in the string to be parsed.")
    return ["1", *known] if known and known[0] in UNIT_OF else known


def _number(word: str) -> int | float:
    """Whole unless there is something behind the point, as far as a float can tell."""
    value = float(word)
    # Decimal reads numbers of any length.
    return value if value % 1 > 0 else int(Decimal("0" + word.partition(".")[0]))


def _sum(left: int | float, right: int | float) -> int | float:
    try:
        return left + right
    except OverflowError:
        return float("inf")


def _inspect(word: str) -> str:
    """As Ruby shows a string."""
    return '"' + "".join(_shown(sign, word[place + 1 : place + 2]) for place, sign in enumerate(word)) + '"'


_ESCAPES = {
    "\n": r"\n",
    "\t": r"\t",
    "\r": r"\r",
    "\f": r"\f",
    "\v": r"\v",
    "\b": r"\b",
    "\a": r"\a",
    "\x1b": r"\e",
    "\x7f": r"\x7F",
    '"': r"\"",
    "\\": r"\\",
}


def _shown(sign: str, following: str) -> str:
    if sign in _ESCAPES:
        return _ESCAPES[sign]
    if sign == "#" and following in ("{", "$", "@"):
        return r"\#"
    if unicodedata.category(sign) in ("Cc", "Cn", "Cs", "Zl", "Zp"):
        return rf"\u{ord(sign):04X}" if ord(sign) < 0x10000 else rf"\u{{{ord(sign):X}}}"
    return sign
