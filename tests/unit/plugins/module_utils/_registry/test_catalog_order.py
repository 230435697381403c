# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From where a page of a catalog shows what."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._registry.catalog_order import (
    note_below,
    passed_over,
    place_before,
    place_behind,
)
from tests.simulator.distribution import walk

COMPONENTS = st.from_regex(r"[0-9a-z](?:[-._]?[0-9a-z]){0,2}", fullmatch=True)
PATHS = st.lists(COMPONENTS, min_size=1, max_size=3).map("/".join)


@pytest.mark.parametrize(
    ("path", "seen", "above"),
    [
        ("team/app/1", [], ["team/app"]),
        ("team/app/1", ["team/app"], []),
        # Below a name that begins with a letter comes after the repository itself.
        ("team/app/x", [], []),
        ("1/2/3", [], ["1", "1/2"]),
        ("1/2/3", ["1"], ["1/2"]),
        ("1/b/3", [], ["1/b"]),
        ("team", [], []),
    ],
)
def test_what_a_page_passes_over(path: str, seen: list[str], above: list[str]) -> None:
    assert passed_over(path, seen) == above


@pytest.mark.parametrize(
    ("path", "place"), [("team/app", "team/apo~"), ("team/a", "team/`~"), ("v0", "v.~"), ("0", ".~"), ("v1", "v0~")]
)
def test_the_place_before_a_path(path: str, place: str) -> None:
    assert place_before(path) == place


@given(st.sets(PATHS, min_size=1, max_size=12), st.data())
def test_the_places_are_those_of_the_registry(paths: set[str], data: st.DataObject) -> None:
    everything, _more = walk(paths, "", 100)
    path = data.draw(st.sampled_from(everything))
    seen = everything[: everything.index(path) + 1]
    after = everything[len(seen) :]
    lowest: dict[str, str] = {}
    for each in seen:
        note_below(lowest, each)
    shown, _more = walk(paths, place_behind(path, lowest), 100)
    # Nothing is shown again, and what follows is missing only if it is above.
    assert not set(shown) & set(seen)
    assert set(after) - set(shown) == set(after) & set(passed_over(path, seen))
    from_before, _more = walk(paths, place_before(path), 100)
    assert path in from_before
    below = [other for other in everything if other.startswith(f"{path}/")]
    assert set(below) <= set(from_before)
    greater = [other for other in everything if other.replace("/", "\0") < path.replace("/", "\0")]
    assert not set(greater) & set(from_before)
