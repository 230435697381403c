# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""GitLab's spellings of durations."""

from __future__ import annotations

import pytest

from tests.simulator.durations import DurationError, seconds

DAY = 86400
SPELLED: list[tuple[str, int | float | None]] = [
    ("45s", 45),
    ("3 min", 180),
    ("2hrs", 7200),
    ("dy", DAY),
    ("5 wks", 5 * 604800),
    ("2mos", 2 * 2592000),
    ("4 yrs", 4 * 31557600),
    # A minute, whatever it looks like.
    ("6M", 360),
    ("77", 77),
    ("2.5h", 9000.0),
    (".25d", 21600.0),
    ("2.0d", 2 * DAY),
    ("1w, 3d", 10 * DAY),
    ("3d plus 4h", 3 * DAY + 4 * 3600),
    # A number before a number is worth nothing; a unit at the beginning is one of it, a later one nothing.
    ("7 2h", 7200),
    ("h2", 3602),
    ("week day", 604800),
    ("2:00", 120),
    ("1 : 0 : 1", 3601),
    ("2:0:0:0", 2 * DAY),
    ("1.5:0", 90.0),
    ("twelve hours", 12 * 3600),
    ("forty two days", 42 * DAY),
    ("sixty-one seconds", 61),
    ("three hundred and four days", 304 * DAY),
    ("two thousand days", 2000 * DAY),
    ("hundred days", 100 * DAY),
    ("two and three days", 5 * DAY),
    ("two three days", 3 * DAY),
    ("one and a half hours", 5400.0),
    ("2 1/4 hours", 8100.0),
    ("1" + "0" * 40 + "d", 10**40 * DAY),
    ("0", None),
    ("", None),
]


@pytest.mark.parametrize(("text", "expected"), SPELLED)
def test_a_duration(text: str, expected: int | float | None) -> None:
    value = seconds(text)
    assert value == expected
    assert type(value) is type(expected)


def test_a_number_of_any_length_stays_exact() -> None:
    value = seconds("7" * 5000)
    assert isinstance(value, int)
    assert (value % 10**9, value.bit_length()) == (777777777, (7 * (10**5000 - 1) // 9).bit_length())


UNKNOWN: list[tuple[str, str]] = [
    ("soon", '"soon"'),
    ("-3d", '"-"'),
    ("4 fortnights", '"fortnights"'),
    ("2d ago", '"ago"'),
    ("2,5d", '","'),
    ("3.d", '".d"'),
    ("5:", '":"'),
    ("1:30 later", '"later"'),
    ("half hour", '"half"'),
    ("third day", '"rd"'),
    ('2 "d"', r'"\"d\""'),
    ("1 #{x}", r'"\#{x}"'),
    ("1\u2028d", r'"\u2028d"'),
    ("1\u00a0d", '"\u00a0d"'),
]


@pytest.mark.parametrize(("text", "word"), UNKNOWN)
def test_an_unknown_word_is_named_as_ruby_shows_it(text: str, word: str) -> None:
    with pytest.raises(DurationError) as caught:
        seconds(text)
    assert str(caught.value) == f"An invalid word {word} was used in the string to be parsed."
    assert caught.value.name == "ChronicDuration::DurationParseError"


def test_more_columns_than_there_are_units_are_a_mistake_of_the_parsers_own() -> None:
    with pytest.raises(DurationError, match="undefined method `gsub' for nil") as caught:
        seconds("1:2:3:4:5:6:7")
    assert caught.value.name == "NoMethodError"
