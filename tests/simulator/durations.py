# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""older_than as GitLab's job reads it: English first becomes digits, then every number is taken times its unit."""

from __future__ import annotations

import re

UNITS = {
    "seconds": (1, "s sec secs second seconds"),
    "minutes": (60, "m min mins minute minutes"),
    "hours": (3600, "h hr hrs hour hours"),
    "days": (86400, "d dy day days"),
    "weeks": (7 * 86400, "w wk wks week weeks"),
    "months": (30 * 86400, "mo mos month months"),
    "years": (31557600, "y yr yrs year years"),
}
UNIT_OF = {word: unit for unit, (_length, words) in UNITS.items() for word in words.split()}
COLONS = ("seconds", "minutes", "hours", "days", "months", "years")
FILLERS = {"and", "with", "plus"}
NUMBER = re.compile(r"[0-9]*\.?[0-9]+")
MARK = "<num>"

ONES = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine"}
TEENS = {
    **{10: "ten", 11: "eleven", 12: "twelve", 13: "thirteen", 14: "fourteen", 15: "fifteen", 16: "sixteen"},
    **{17: "seventeen", 18: "eighteen", 19: "nineteen"},
}
TENS = {
    **{20: "twenty", 30: "thirty", 40: "forty", 50: "fifty", 60: "sixty", 70: "seventy", 80: "eighty", 90: "ninety"},
}
MISSPELT = {"ninteen": 19, "fourty": 40}
POWERS = {"hundred": 2, "thousand": 3, "million": 6, "billion": 9, "trillion": 12}
PARTS = {
    **{"half": 2, "third": 3, "fourth": 4, "quarter": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8},
    # Not "ninth": numerizer spells it so.
    **{"nineth": 9},
}
ORDINALS = {"first": 1, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9}
HIGH_ORDINALS = {
    **{"tenth": 10, "eleventh": 11, "twelfth": 12, "twentieth": 20, "thirtieth": 30, "fourtieth": 40, "fiftieth": 50},
    **{f"{word}th": value for value, word in TEENS.items() if value > 12},
    **{"sixtieth": 60, "seventieth": 70, "eightieth": 80, "ninetieth": 90},
}


class ParseError(Exception):
    """The job stumbles over the text, with this message."""


def seconds(text: str) -> int | float | None:
    """None for nothing and for zero, over which the job stumbles as well. Raises ParseError."""
    words = _words(_without_colons(_in_digits(text.lower())))
    value: int | float = 0
    for number, follower in zip(words, [*words[1:], "seconds"], strict=False):
        if NUMBER.search(number):
            amount = float(number)
            exact = amount if amount % 1 > 0 else int(number.split(".")[0] or "0")
            value += exact * UNITS.get(follower, (0, ""))[0]
    return value if value else None


def _words(text: str) -> list[str]:
    found: list[str] = []
    for word in NUMBER.sub(r" \g<0> ", text).encode().split():
        shown = word.decode()
        bare = shown.removeprefix(",").removesuffix(",")
        if NUMBER.search(shown):
            found.append(shown)
        elif bare in UNIT_OF:
            found.append(UNIT_OF[bare])
        elif bare not in FILLERS:
            raise ParseError(f"An invalid word {_inspected(shown)} was used in the string to be parsed.")
    if found and found[0] in UNITS:
        found.insert(0, "1")
    return found


def _inspected(word: str) -> str:
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _without_colons(text: str) -> str:
    compact = text.replace(" ", "")
    if not re.search(f"{NUMBER.pattern}(:{NUMBER.pattern})+", compact):
        return text
    parts = compact.split(":")
    while parts[-1] == "":
        parts.pop()
    if len(parts) > len(COLONS):
        raise ParseError("undefined method `gsub' for nil")
    return " ".join(f"{part} {unit}" for part, unit in zip(parts, COLONS[len(parts) - 1 :: -1], strict=True))


def _whole_word(word: str, text: str, replacement: str) -> str:
    return re.sub(rf"(^|\W){word}(?=$|\W)", rf"\g<1>{replacement}", text, flags=re.ASCII | re.MULTILINE)


def _in_digits(text: str) -> str:
    """MARK stands before numbers that were words, which may still be put together."""
    text = re.sub(r" +|([^0-9])-([^0-9])", r"\1 \2", text)
    plain = {word: value for value, word in {**ONES, **TEENS, 0: "zero"}.items()}
    for word, value in {**plain, "ninteen": MISSPELT["ninteen"]}.items():
        text = _whole_word(word, text, f"{MARK}{value}")
    for ten, value in [*((word, value) for value, word in TENS.items()), ("fourty", MISSPELT["fourty"])]:
        for one, word in ONES.items():
            text = _whole_word(ten + word, text, f"{MARK}{value + one}")
        for word, one in ORDINALS.items():
            text = _whole_word(rf"{ten}\s?{word}", text, f"{MARK}{value + one}{word[-2:]}")
        text = _whole_word(ten, text, f"{MARK}{value}")
    for word, divisor in PARTS.items():
        plural = "" if word == "half" else "s?"
        flags = re.ASCII | re.MULTILINE
        text = re.sub(rf"a {word}{plural}(?=$|\W)", f"{MARK}1/{divisor}", text, flags=flags)
        text = re.sub(rf"\s{word}{plural}(?=$|\W)", f"/{divisor}", text, flags=flags)
    for word, value in {**HIGH_ORDINALS, **ORDINALS}.items():
        text = _whole_word(word, text, f"{MARK}{value}{word[-2:]}")
    text = re.sub(rf"([0-9]+)(?: | and |-)+(?:{MARK}|\s)*([0-9]+)\s*/\s*([0-9]+)", _with_fraction, text, flags=re.ASCII)
    for word, exponent in POWERS.items():
        text = _sums(_raised(text, word, 10**exponent))
    return _sums(text).replace(MARK, "")


def _with_fraction(match: re.Match[str]) -> str:
    whole, over, under = (float(part) for part in match.groups())
    if under == 0:
        return "Infinity" if over else "NaN"
    return repr(whole + over / under)


def _raised(text: str, word: str, power: int) -> str:
    def times(match: re.Match[str]) -> str:
        return MARK + str(int(match[1]) * power) if match[1] else str(power)

    return re.sub(rf"(?:{MARK})?([0-9]*) *{word}", times, text)


def _sums(text: str) -> str:
    """Two numbers side by side are one where "and" stands between them, or the first has more digits."""
    place = 0
    while match := re.compile(rf"{MARK}([0-9]+)( | and ){MARK}([0-9]+)(?=[^\w]|$)", re.ASCII | re.M).search(
        text, place
    ):
        place = match.end()
        if "and" in match[2] or len(match[1]) > len(match[3]):
            text = text[: match.start()] + MARK + str(int(match[1]) + int(match[3])) + text[match.end() :]
            place = 0
    return text
