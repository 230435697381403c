# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""English number words as digits, the way the gem that GitLab's duration parser uses (numerizer 0.2) reads them.

Its oddities are kept: "twenty one" stays two numbers unless the first has more digits, "one and two" is three.
"""

from __future__ import annotations

import re

ONES = {
    name: number
    for number, name in enumerate(("one", "two", "three", "four", "five", "six", "seven", "eight", "nine"), 1)
}
TEENS = {
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
    "zero": 0,
    "ten": 10,
}
TENS = {
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
FRACTIONS = {
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
# "second" is no ordinal here: it is a unit.
ORDINALS = {
    "first": 1,
    "third": 3,
    "fourth": 4,
    "fifth": 5,
    "sixth": 6,
    "seventh": 7,
    "eighth": 8,
    "ninth": 9,
}
LATER_ORDINALS = {
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
BIG = {"hundred": 10**2, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
# Marks the numbers that were words, since only those are added up.
MARK = "<num>"
FLAGS = re.ASCII | re.MULTILINE
_SUM = re.compile(rf"{MARK}([0-9]+)( | and ){MARK}([0-9]+)(?=\W|$)", FLAGS)
_MIXED = re.compile(rf"(?<![0-9])([0-9]+)(?: | and |-)+(?:{MARK}|\s)*([0-9]+)\s*/\s*([0-9]+)", FLAGS)


def digits(text: str) -> str:
    """A text in lower case with its number words as digits."""
    text = re.sub(r" +|([^\d])-([^\d])", lambda match: f"{match[1] or ''} {match[2] or ''}", text, flags=FLAGS)
    # An article counts before a control character or sign alone, by a mistake of the gem's.
    for word, number in {**TEENS, "a[\b^$]": 1, **ONES}.items():
        text = _replace(text, word, str(number))
    for word, tens in TENS.items():
        for unit, number in ONES.items():
            text = _replace(text, word + unit, str(tens + number))
        for unit, number in ORDINALS.items():
            text = _replace(text, rf"{word}\s?{unit}", f"{tens + number}{unit[-2:]}")
        text = _replace(text, word, str(tens))
    for word, divisor in FRACTIONS.items():
        text = re.sub(rf"a {word}(?=$|\W)", f"{MARK}1/{divisor}", text, flags=FLAGS)
        text = re.sub(rf"\s{word}(?=$|\W)", f"/{divisor}", text, flags=FLAGS)
    for word, number in {**LATER_ORDINALS, **ORDINALS}.items():
        text = _replace(text, word, f"{number}{word[-2:]}")
    text = _MIXED.sub(_mixed, text)
    for word, factor in BIG.items():
        text = re.sub(
            rf"(?:{MARK})?(?<![0-9])([0-9]*) *{word}",
            lambda match, factor=factor: f"{MARK}{factor * int(match[1])}" if match[1] else str(factor),  # type: ignore[misc]
            text,
        )
        text = _add_up(text)
    return _add_up(text).replace(MARK, "")


def _replace(text: str, word: str, number: str) -> str:
    return re.sub(rf"(^|\W){word}(?=$|\W)", rf"\g<1>{MARK}{number}", text, flags=FLAGS)


def _mixed(match: re.Match[str]) -> str:
    """1 1/2 is 1.5, and nothing by zero is a word of Ruby's."""
    whole, above, below = (float(match[group]) for group in (1, 2, 3))
    if below == 0:
        return "NaN" if above == 0 else "Infinity"
    return str(whole + above / below)


def _add_up(text: str) -> str:
    """Neighbours, from the front: what "and" joins, and a number before one of fewer digits."""
    start = 0
    while match := _SUM.search(text, start):
        if "and" in match[2] or len(match[1]) > len(match[3]):
            text = f"{text[: match.start()]}{MARK}{int(match[1]) + int(match[3])}{text[match.end() :]}"
            start = 0
        else:
            start = match.end()
    return text
