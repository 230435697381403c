# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where pages begin, and when listing the names for that pays."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._tags.page_starts import (
    is_faster_by_names,
    listings_of,
    name_before,
    page_starts,
)
from tests.tools.depth import examples

NAMES = st.lists(st.integers(0, 999).map("v{:03}".format), unique=True, max_size=120).map(sorted)


@given(NAMES, st.data())
def test_pages_begin_so_that_every_wanted_name_is_on_one(names: list[str], data: st.DataObject) -> None:
    wanted = data.draw(st.sets(st.sampled_from(names))) if names else set()
    shown: set[str] = set()
    starts = page_starts(names, wanted)
    for start in starts:
        shown.update([name for name in names if start is None or name > start][:20])
    assert wanted <= shown
    assert len(starts) <= len(wanted)
    assert len(starts) <= -(-len(names) // 20)


@given(NAMES)
def test_the_name_before_another(names: list[str]) -> None:
    assert [name_before(names, name) for name in names] == [None, *names[:-1]][: len(names)]


@pytest.mark.parametrize(
    ("left", "at_once", "workers", "by_names"),
    [
        pytest.param([20], 12, 8, False, id="one page"),
        pytest.param([40], 12, 8, False, id="two pages, as a listing and a page"),
        pytest.param([60], 12, 8, False, id="three pages"),
        pytest.param([61], 12, 8, True, id="four pages, in half the time"),
        pytest.param([9_960], 12, 8, True, id="one large repository"),
        pytest.param([9_960], 12, 1, True, id="one worker asks for many pages at once, too"),
        pytest.param([160] * 7, 12, 8, True, id="fewer than workers"),
        pytest.param([60] * 100, 12, 8, False, id="enough for all workers"),
        pytest.param([1_960, *[20] * 200], 12, 8, False, id="a large one among many that end with the next page"),
        pytest.param([1_960, *[400] * 5], 12, 8, True, id="a large one and few that are long, too"),
        pytest.param([60, *[20] * 200], 12, 8, False, id="hardly longer than many others"),
        pytest.param([100_000_000], 12, 8, True, id="a very large one"),
    ],
)
def test_when_names_are_listed_first(left: list[int], at_once: int, workers: int, by_names: bool) -> None:
    assert is_faster_by_names(left, pages_at_once=at_once, workers=workers) is by_names


def turns_by_names(left: list[int], at_once: int, workers: int) -> int:
    """How often all workers have to wait for an answer, if names are listed: for the names, and for the pages."""
    if not left:
        return 0
    listings = [count // 1000 + 1 for count in left]
    pages = sum(math.ceil(count / 20) for count in left)
    return max(*listings, 1, math.ceil(sum(listings) / workers)) + math.ceil(pages / at_once / workers)


def is_worth_it(left: list[int], at_once: int, workers: int) -> bool:
    """What is_faster_by_names says, turn by turn."""
    now, waited = turns_by_names(left, at_once, workers), 0
    while left:
        waited += math.ceil(len(left) / at_once / workers)
        longer = [count - 20 for count in left if count > 20]
        if len(longer) < len(left) and waited + turns_by_names(longer, at_once, workers) <= now:
            return False
        left = longer
    return 2 * now <= waited


@examples(600)
@given(
    st.lists(st.integers(1, 3000), min_size=1, max_size=12) | st.lists(st.integers(1, 90), min_size=1, max_size=60),
    st.integers(1, 14),
    st.integers(1, 9),
)
@example([1000], 12, 8)
@example([41, 2500], 1, 1)
@example([20, 20, 400], 2, 2)
@example([235, 93, 34, 1122], 1, 3)
def test_names_are_listed_first_where_that_halves_the_turns(left: list[int], at_once: int, workers: int) -> None:
    expected = is_worth_it(left, at_once, workers)
    assert is_faster_by_names(left, pages_at_once=at_once, workers=workers) is expected


@pytest.mark.parametrize(("count", "requests"), [(1, 1), (999, 1), (1000, 2), (1001, 2), (2500, 3)])
def test_how_many_requests_a_listing_takes(count: int, requests: int) -> None:
    assert listings_of(count) == requests
