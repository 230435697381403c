# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several plans as one: what goes together, what each part allows, and what is refused."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._approval import parse_plan
from ansible_collections.containerops.gitlab.plugins.module_utils._errors import InputError
from ansible_collections.containerops.gitlab.plugins.module_utils._plan_merge import approved_in, merge, part_of
from tests.unit.plugins.module_utils.test_approval import part, written


def plan(name: str, tags: int = 2, going: int = 1, **header: Any) -> list[str]:
    """A plan of one repository, of which some tags go."""
    found: dict[str, tuple[str | None, bool]] = {}
    for number in range(tags):
        found[f"t{number}"] = (f"{name}-{number}", number < going)
    return written([part(name, found)], scope={"project": [name]}, **header)


def test_each_scope_gets_its_own_part_under_the_fingerprint_of_all() -> None:
    plans = [plan("a", 3, 2), plan("b"), plan("c", 4, 0)]
    merged = merge([part_of(lines) for lines in plans])
    assert merged.totals == {"repositories": 3, "tags": 9, "delete": 3, "reasons": {"matched": 3, "too_young": 6}}
    lines = list(merged.lines())
    for name, own in zip("abc", plans, strict=True):
        found = approved_in(lines, {"project": [name]})
        assert found.fingerprint == merged.fingerprint != parse_plan(own).fingerprint
        assert found.digests == parse_plan(own).digests
        assert found.rows == parse_plan(own).rows
    assert [part.approved.scope["project"] for part in merged.parts] == [["a"], ["b"], ["c"]]
    with pytest.raises(InputError, match="None of the 3 plans"):
        approved_in(lines, {"project": ["d"]})


def test_a_single_plan_is_taken_as_it_is() -> None:
    lines = plan("a")
    assert approved_in(lines, {"project": ["other"]}) == parse_plan(lines)
    with pytest.raises(InputError, match="is empty"):
        approved_in([], {})


@given(st.permutations("abcd"))
def test_the_order_does_not_matter(order: list[str]) -> None:
    merged = merge([part_of(plan(name)) for name in order])
    assert list(merged.lines()) == list(merge([part_of(plan(name)) for name in "abcd"]).lines())


def test_what_does_not_go_together() -> None:
    cases = {
        "There is no plan": [],
        "several servers": [plan("a"), plan("b", server="https://other.example.com")],
        "a is in more than one plan": [plan("a"), plan("a")],
        "is refused itself: too much": [_refused(plan("a"))],
    }
    for words, plans in cases.items():
        with pytest.raises(InputError, match=words):
            merge([part_of(lines) for lines in plans])


def _refused(lines: list[str]) -> list[str]:
    first = json.loads(lines[0])
    return [json.dumps({**first, "refusals": ["too much"]}) + "\n", *lines[1:]]


def test_anything_altered_is_refused_or_changes_nothing() -> None:
    lines = list(merge([part_of(plan(name)) for name in "ab"]).lines())
    before = approved_in(lines, {"project": ["a"]})
    chance = random.Random(5)
    refused = 0
    for _number in range(300):
        number = chance.randrange(len(lines))
        position = chance.randrange(len(lines[number]) - 1)
        altered = lines[number][:position] + chance.choice('xz0"}') + lines[number][position + 1 :]
        try:
            found = approved_in([*lines[:number], altered, *lines[number + 1 :]], {"project": ["a"]})
        except InputError:
            refused += 1
        else:
            assert (found.fingerprint, found.digests) == (before.fingerprint, before.digests)
    assert refused > 100
    for left_out in range(1, len(lines)):
        missing = [*lines[:left_out], *lines[left_out + 1 :]]
        if '"keep"' not in lines[left_out] and '"repository", "id"' not in lines[left_out]:
            with pytest.raises(InputError):
                approved_in(missing, {"project": ["a"]})
