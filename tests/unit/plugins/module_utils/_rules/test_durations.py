# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The strict reading of older_than, and GitLab's own: the truth tables hold the rest of that one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.durations import (
    LONGEST,
    SECONDS,
    DurationError,
    gitlab_seconds,
    seconds,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.number_words import with_digits


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1s", 1),
        ("90sec", 90),
        ("1min", 60),
        ("12h", 43200),
        ("1d", 86400),
        ("30d", 2592000),
        ("2w", 1209600),
        ("1month", 2592000),
        ("3 month", 7776000),
        ("1y", 31557600),
        ("1d 12h", 129600),
        ("1d12h", 129600),
        (" 1month 2w 3d ", 2592000 + 1209600 + 259200),
        ("150y", LONGEST),
        ("000000000001d", 86400),
    ],
)
def test_what_is_understood(text: str, expected: int) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("0", "^older_than '0' is ambiguous, a bare number has no clear unit: write 1min, 1month or 30d.$"),
        ("0d", "zero"),
        ("0d 0h", "zero"),
        ("30", "bare number"),
        ("1d 30", "bare number"),
        ("1m", "1m has no clear unit"),
        ("1M", "not a duration"),
        ("5m 1d", "1m has no clear unit"),
        ("-1d", "not a duration"),
        ("+1d", "not a duration"),
        ("1.5d", "not a duration"),
        ("1,5d", "not a duration"),
        ("d", "not a duration"),
        ("1 day", "unknown unit 'day': use one of s, sec, min, h, d, w, month, y.$"),
        ("2 days", "unknown unit 'days'"),
        ("1mon", "unknown unit 'mon'"),
        ("1 fortnight", "unknown unit 'fortnight'"),
        ("P30D", "not a duration"),
        ("30d ago", "not a duration"),
        ("1:30", "not a duration"),
        ("30 jours", "unknown unit 'jours'"),
        ("٣d", "not a duration"),
        ("151y", "more than 150 years"),
        ("999999d", "more than 150 years"),
        ("0000000000001d", "more than 150 years"),
        ("9" * 400 + "d", "more than 150 years"),
    ],
)
def test_what_is_refused(text: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        seconds(text)


@given(st.lists(st.tuples(st.integers(1, 300), st.sampled_from(sorted(SECONDS))), min_size=1, max_size=5))
def test_a_list_is_the_sum_of_its_parts(parts: list[tuple[int, str]]) -> None:
    total = sum(number * SECONDS[unit] for number, unit in parts)
    text = " ".join(f"{number}{unit}" for number, unit in parts)
    if total > LONGEST:
        with pytest.raises(UsageError):
            seconds(text)
    else:
        assert seconds(text) == total == seconds(text.replace(" ", ""))


@given(st.text(max_size=20))
def test_any_text_is_a_duration_or_refused(text: str) -> None:
    try:
        found = seconds(text)
    except UsageError:
        return
    assert 0 < found <= LONGEST


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1m", 60),
        ("1M", 60),
        ("30", 30),
        ("1 day, 2 hours", 93600),
        ("2 days and 3 hours", 183600),
        ("2 3d", 259200),
        (".5d", 43200),
        ("1.5d", 129600),
        ("1:30", 90),
        ("01:02:03", 3723),
        (":1:2", 3600 + 60 + 2),
        ("d1", 86401),
        ("twenty-one days", 21 * 86400),
        ("twenty one days", 21 * 86400),
        ("two hundred and five days", 205 * 86400),
        ("one and a half days", 129600),
        ("2 1/2 days", 216000),
        (" \t1d\0", 86400),
        ("1  d", 86400),
        (",d,", 86400),
        ("1 d, 2h", 93600),
        ("1 month, 1 day", 2592000 + 86400),
        ("1.0d", 86400),
        ("0.5d", 43200),
        ("1.7d", 146880),
        (".0d", None),
        ("1 : 30", 90),
        ("1:30:", 90),
        ("1:2:3:4:5:6", 31557600 + 2 * 2592000 + 3 * 86400 + 4 * 3600 + 5 * 60 + 6),
        ("", None),
        ("0", None),
        ("and", None),
    ],
)
def test_what_gitlab_understands(text: str, expected: float | None) -> None:
    assert gitlab_seconds(text) == expected


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("twentyone days", "21 days"),
        ("in thirtytwo", "in 32"),
        ("twenty first", "21st"),
        ("the twentysecond", "the twentysecond"),
        ("the thirtythird", "the 33rd"),
        ("hundred days", "100 days"),
        ("three hundred", "300"),
        ("five and six", "11"),
        ("one and two and three", "6"),
        (" and ".join(["one"] * 9), "9"),
        ("five six", "5 6"),
        ("five sixty", "5 60"),
        ("five six seven and eight", "5 6 15"),
        # Only digits and letters of ASCII are some.
        ("a halfé", "1/2é"),
        ("2 halfé", "2/2é"),
        ("٣ hundred", "٣100"),
    ],
)
def test_words_for_numbers(text: str, digits: str) -> None:
    assert with_digits(text) == digits


@pytest.mark.parametrize("text", ["1", "2d", "3 days", "1.0d"])
def test_whole_numbers_stay_whole(text: str) -> None:
    assert isinstance(gitlab_seconds(text), int)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("abc", "abc"),
        ("-1d", "-"),
        ("1 fortnight", "fortnight"),
        ("P1D", "p"),
        ("a day", "a"),
        ("1,5d", ","),
        ("1.d", ".d"),
        ("first day", "st"),
        ("three quarters", "/"),
        ("2 1/0 days", "Infinity"),
        ("2 0/0 days", "NaN"),
        ('1d "', '\\"'),
        ("1d \\", "\\\\"),
    ],
)
def test_what_gitlab_stumbles_over(text: str, word: str) -> None:
    with pytest.raises(DurationError) as stumble:
        gitlab_seconds(text)
    assert str(stumble.value) == f'An invalid word "{word}" was used in the string to be parsed.'


def test_more_colons_than_units() -> None:
    with pytest.raises(DurationError, match="^undefined method `gsub' for nil$"):
        gitlab_seconds("1:2:3:4:5:6:7")


@given(st.lists(st.tuples(st.integers(1, 999), st.sampled_from(sorted(SECONDS))), min_size=1, max_size=4))
def test_whatever_is_understood_here_is_the_same_to_gitlab(parts: list[tuple[int, str]]) -> None:
    text = " ".join(f"{number}{unit}" for number, unit in parts)
    try:
        expected = seconds(text)
    except UsageError:
        return
    assert gitlab_seconds(text) == expected


@given(st.text(alphabet='0123456789.:, ymwdhsandoneixt-/"\n', max_size=20))
def test_no_text_is_too_strange(text: str) -> None:
    try:
        found = gitlab_seconds(text)
    except DurationError:
        return
    assert found is None or found > 0
