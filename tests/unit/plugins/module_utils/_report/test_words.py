# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Numbers of bytes and sums of money, and their bounds, in words."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._report.words import (
    bytes_between,
    bytes_in_words,
    cost,
    money_between,
    money_in_words,
)

UNITS = {unit: 1024**place for place, unit in enumerate(("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"))}
BYTES = st.integers(0, 2**40) | st.integers(0, 2**63 - 1)
GIB = 2**30


def bounds_in(words: str) -> tuple[Decimal, Decimal]:
    """What words say, in bytes or in money."""
    low, _between, high = words.rpartition(" to ")
    unit = high.partition(" ")[2]
    return number_in(low or high, unit), number_in(high, "")


def number_in(words: str, unit: str) -> Decimal:
    number, _blank, own = words.partition(" ")
    return Decimal(number) * Decimal(UNITS.get(own or unit, 1))


@given(BYTES, BYTES)
def test_bounds_of_bytes_are_never_narrower_than_they_are(one: int, other: int) -> None:
    least, most = sorted((one, other))
    words = bytes_between(least, most)
    if " to " not in words:
        assert words == bytes_in_words(least) == bytes_in_words(most)
        return
    low, high = bounds_in(words)
    assert low <= least <= most <= high
    assert bytes_in_words(least) != bytes_in_words(most)


@given(BYTES, BYTES, st.floats(0, 10**9))
def test_bounds_of_money_are_never_narrower_than_they_are(one: int, other: int, price: float) -> None:
    least, most = sorted((cost(one, price) or 0.0, cost(other, price) or 0.0))
    words = money_between(least, most)
    if " to " not in words:
        assert words == money_in_words(least) == money_in_words(most)
        return
    low, high = bounds_in(words)
    assert low <= Decimal(repr(least)) <= Decimal(repr(most)) <= high


@given(st.floats(0, 1e30))
def test_of_money_two_digits_at_least_are_told(value: float) -> None:
    words = money_in_words(value)
    assert re.fullmatch(r"\d+\.\d{2,}", words)
    assert abs(Decimal(words) - Decimal(repr(value))) <= max(Decimal(repr(value)) / 20, Decimal("0.005") * (value >= 1))


@pytest.mark.parametrize(
    ("least", "most", "words"),
    [
        (None, None, "unknown"),
        (None, 5 * GIB, "at most 5.0 GiB"),
        (5 * GIB, None, "at least 5.0 GiB"),
        (0, 0, "0 B"),
        (int(3.81 * GIB), int(3.84 * GIB), "3.8 GiB"),
        (int(3.81 * GIB), int(3.91 * GIB), "3.8 to 4.0 GiB"),
        (1000, GIB, "1000 B to 1.0 GiB"),
    ],
)
def test_bytes_between(least: int | None, most: int | None, words: str) -> None:
    assert bytes_between(least, most) == words


@pytest.mark.parametrize(
    ("least", "most", "words"),
    [
        (0.361, 0.401, "0.36 to 0.41"),
        (0.381, 0.383, "0.38"),
        (0.0, 0.0, "0.00"),
        (0.0038, 12.5, "0.0038 to 12.50"),
        (None, 1.0, "at most 1.00"),
        (None, None, "unknown"),
    ],
)
def test_money_between(least: float | None, most: float | None, words: str) -> None:
    assert money_between(least, most) == words
