# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""English number words, as GitLab's parser of durations reads them with the help of numerizer 0.2.0. Pure."""

from __future__ import annotations

import math
import re
import typing as t

_ONES = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9}
_PLAIN = {
    "zero": 0,
    **_ONES,
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
    "thirteen": 13,
    "fourteen": 14,
    "fifteen": 15,
    "sixteen": 16,
    "seventeen": 17,
    "eighteen": 18,
    "nineteen": 19,
    "ninteen": 19,
}
_TENS = {
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fourty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
}
_POWERS = {"hundred": 10**2, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_FRACTIONS = {
    "half": 2,
    "thirds?": 3,
    "fourths?": 4,
    "quarters?": 4,
    "fifths?": 5,
    "sixths?": 6,
    "sevenths?": 7,
    "eighths?": 8,
    "nineths?": 9,
}
_SMALL_ORDINALS = {
    "first": 1,
    "third": 3,
    "fourth": 4,
    "fifth": 5,
    "sixth": 6,
    "seventh": 7,
    "eighth": 8,
    "ninth": 9,
}
_ORDINALS = {
    **_SMALL_ORDINALS,
    "tenth": 10,
    "eleventh": 11,
    "twelfth": 12,
    "thirteenth": 13,
    "fourteenth": 14,
    "fifteenth": 15,
    "sixteenth": 16,
    "seventeenth": 17,
    "eighteenth": 18,
    "nineteenth": 19,
    "twentieth": 20,
    "thirtieth": 30,
    "fourtieth": 40,
    "fiftieth": 50,
    "sixtieth": 60,
    "seventieth": 70,
    "eightieth": 80,
    "ninetieth": 90,
}
_FLAGS = re.ASCII | re.MULTILINE


def _any_of(words: t.Iterable[str]) -> str:
    return "(" + "|".join(words) + ")"


_END = r"(?=$|\W)"
_PLAIN_WORD = re.compile(rf"(^|\W){_any_of(_PLAIN)}{_END}", _FLAGS)
_TENS_AND_ONES = re.compile(rf"(^|\W){_any_of(_TENS)}{_any_of(_ONES)}{_END}", _FLAGS)
_TENS_AND_ORDINAL = re.compile(rf"(^|\W){_any_of(_TENS)}\s?{_any_of(_SMALL_ORDINALS)}{_END}", _FLAGS)
_TENS_WORD = re.compile(rf"(^|\W){_any_of(_TENS)}{_END}", _FLAGS)
_ORDINAL_WORD = re.compile(rf"(^|\W){_any_of(_ORDINALS)}{_END}", _FLAGS)
_MIXED_NUMBER = re.compile(r"(\d+)(?: | and |-)+(?:<num>|\s)*(\d+)\s*/\s*(\d+)", _FLAGS)
_SUM = re.compile(r"<num>(\d+)( | and )<num>(\d+)(?=[^\w]|$)", _FLAGS)


def with_digits(text: str) -> str:
    """The text with its English number words in digits; <num> marks them as long as they may still be added up."""
    text = re.sub(r" +|([^0-9])-([^0-9])", r"\1 \2", text)
    text = _PLAIN_WORD.sub(lambda match: f"{match[1]}<num>{_PLAIN[match[2]]}", text)
    text = _TENS_AND_ONES.sub(lambda match: f"{match[1]}<num>{_TENS[match[2]] + _ONES[match[3]]}", text)
    text = _TENS_AND_ORDINAL.sub(
        lambda match: f"{match[1]}<num>{_TENS[match[2]] + _SMALL_ORDINALS[match[3]]}{match[3][-2:]}", text
    )
    text = _TENS_WORD.sub(lambda match: f"{match[1]}<num>{_TENS[match[2]]}", text)
    for words, denominator in _FRACTIONS.items():
        text = re.sub(rf"a {words}{_END}", f"<num>1/{denominator}", text, flags=_FLAGS)
        text = re.sub(rf"\s{words}{_END}", f"/{denominator}", text, flags=_FLAGS)
    text = _ORDINAL_WORD.sub(lambda match: f"{match[1]}<num>{_ORDINALS[match[2]]}{match[2][-2:]}", text)
    text = _MIXED_NUMBER.sub(_mixed_number, text)
    for word, power in _POWERS.items():
        text = _added_up(_multiplied(text, word, power))
    return _added_up(text).replace("<num>", "")


def _mixed_number(match: re.Match[str]) -> str:
    whole, numerator, denominator = (float(part) for part in match.groups())
    value = whole + numerator / denominator if denominator else math.inf if numerator else math.nan
    return "NaN" if math.isnan(value) else "Infinity" if math.isinf(value) else str(value)


def _multiplied(text: str, word: str, power: int) -> str:
    """The text with a power of ten, and the number before it, as one number."""

    def product(match: re.Match[str]) -> str:
        return f"<num>{int(match[1]) * power}" if match[1] else str(power)

    return re.sub(rf"(?:<num>)?(\d*) *{word}", product, text, flags=_FLAGS)


def _added_up(text: str) -> str:
    """Numbers beside each other are one: twenty one, or whatever is joined by and."""
    match = _SUM.search(text)
    while match:
        if match[2] == " and " or len(match[1]) > len(match[3]):
            text = f"{text[: match.start()]}<num>{int(match[1]) + int(match[3])}{text[match.end() :]}"
            match = _SUM.search(text)
        else:
            match = _SUM.search(text, match.end())
    return text
