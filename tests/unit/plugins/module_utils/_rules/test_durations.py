# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Durations as options accept them, and that GitLab reads them alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.durations import LONGEST, SECONDS, seconds
from tests.simulator.durations import seconds as gitlab_seconds


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
    assert seconds(text, "older_than") == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("0", "^older_than '0' is ambiguous, since a bare number has no clear unit: write 1min, 1month or 1d.$"),
        ("0d", "zero"),
        ("0d 0h", "zero"),
        ("30", "a bare number has no clear unit: write 30min, 30month or 30d.$"),
        ("9" * 40, "write 1min, 1month or 1d.$"),
        ("1d 30", "bare number"),
        ("1m", "1m has no clear unit"),
        ("1M", "not a duration"),
        ("5m 1d", "5m has no clear unit: write 5min, 5month or 5d.$"),
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
        seconds(text, "older_than")


@given(st.lists(st.tuples(st.integers(1, 300), st.sampled_from(sorted(SECONDS))), min_size=1, max_size=5))
def test_a_list_is_the_sum_of_its_parts(parts: list[tuple[int, str]]) -> None:
    total = sum(number * SECONDS[unit] for number, unit in parts)
    text = " ".join(f"{number}{unit}" for number, unit in parts)
    if total > LONGEST:
        with pytest.raises(UsageError):
            seconds(text, "older_than")
    else:
        assert seconds(text, "older_than") == total == seconds(text.replace(" ", ""), "older_than")


@given(st.text(max_size=20))
def test_any_text_is_a_duration_or_refused(text: str) -> None:
    try:
        found = seconds(text, "older_than")
    except UsageError:
        return
    assert 0 < found <= LONGEST


@given(st.lists(st.tuples(st.integers(1, 999), st.sampled_from(sorted(SECONDS))), min_size=1, max_size=4))
def test_whatever_is_understood_here_is_the_same_to_gitlab(parts: list[tuple[int, str]]) -> None:
    text = " ".join(f"{number}{unit}" for number, unit in parts)
    try:
        expected = seconds(text, "older_than")
    except UsageError:
        return
    assert gitlab_seconds(text) == expected
