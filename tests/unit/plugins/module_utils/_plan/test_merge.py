# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several plans as one: what goes together, what each part allows, and what is refused."""

from __future__ import annotations

import json
import random
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.approval import parse_plan
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.merge import (
    approved_in,
    fingerprint_in,
    merge,
    part_of,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.results import FILE_VERSION
from ansible_collections.containerops.gitlab.plugins.module_utils._plan_files.merging import warnings_of
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.matches import EntryMatches
from tests.unit.plugins.module_utils._plan.test_approval import part, written


def plan(name: str, tags: int = 2, deleted: int = 1, **header: Any) -> list[str]:
    """A plan of one repository, of which some tags go."""
    found: dict[str, tuple[str | None, bool]] = {}
    for number in range(tags):
        found[f"t{number}"] = (f"{name}-{number}", number < deleted)
    return written([part(name, found)], scope={"project": [name]}, **header)


def test_each_scope_gets_its_own_part_under_the_fingerprint_of_all() -> None:
    plans = [plan("a", 3, 2), plan("b"), plan("c", 4, 0)]
    merged = merge([part_of(lines) for lines in plans])
    assert merged.totals == {
        "repositories": 3,
        "tags": 9,
        "delete": 3,
        "reasons": {"matched": 3, "too_young": 6},
        "matches": [],
    }
    lines = list(merged.lines())
    for name, own in zip("abc", plans, strict=True):
        found = approved_in(lines, {"project": [name]})
        assert found.fingerprint == merged.fingerprint != parse_plan(own).fingerprint
        assert found.digests == parse_plan(own).digests
        assert found.listed == parse_plan(own).listed
        assert fingerprint_in(own) == parse_plan(own).fingerprint
    assert fingerprint_in(lines) == merged.fingerprint
    assert [part.approved.scope["project"] for part in merged.parts] == [["a"], ["b"], ["c"]]
    with pytest.raises(UsageError) as refused:
        approved_in(lines, {"project": ["d"]})
    assert str(refused.value) == (
        "None of the 3 plans in the approved plan was made for this scope: name the same projects, group or "
        "repositories as one of them."
    )


def test_the_file_begins_with_what_it_holds() -> None:
    own = plan("ä", 3, 2)
    merged = merge([part_of(own)])
    lines = list(merged.lines())
    fingerprint = parse_plan(own).fingerprint
    text = f"containerops.gitlab/cleanup-plan\nplans\n{fingerprint}"
    assert lines[1:] == own
    assert lines[0].isascii()
    assert json.loads(lines[0]) == {
        "type": "plans",
        "format": "containerops.gitlab/cleanup-plan",
        "version": FILE_VERSION,
        "fingerprint": "sha256:" + sha256(text.encode()).hexdigest(),
        "server": parse_plan(own).server,
        "parts": [{"scope": {"project": ["ä"]}, "fingerprint": fingerprint, "tags": 3, "delete": 2}],
        "totals": merged.totals,
    }


def matching(name: str, *entries: EntryMatches) -> list[str]:
    """A plan that says this of its entries."""
    header, *others = plan(name)
    row = json.loads(header)
    row["totals"]["matches"] = [each.as_result() for each in entries]
    return [json.dumps(row) + "\n", *others]


def test_what_an_entry_matches_is_summed_up() -> None:
    parts = [
        matching("a", EntryMatches("protect", "v.*"), EntryMatches("in_use_sources", "web", matched=1, references=3)),
        matching(
            "b",
            EntryMatches("in_use_sources", "web", matched=2, references=4),
            EntryMatches("protect", "v.*", matched=5),
            EntryMatches("name_regex_keep", "v.*", rule="all", matched=1),
            EntryMatches("name_regex_keep", "v.*", rule="none"),
            EntryMatches("keep_n_per", "branch"),
            EntryMatches("keep_refs", "tags", references=0),
        ),
    ]
    merged = merge([part_of(lines) for lines in parts])
    assert warnings_of(merged) == ["rules, none: name_regex_keep 'v.*' matches nothing in any of the plans."]
    assert merged.totals["matches"] == [
        {"option": "protect", "entry": "v.*", "rule": None, "matched": 5, "references": None},
        {"option": "in_use_sources", "entry": "web", "rule": None, "matched": 3, "references": 7},
        {"option": "name_regex_keep", "entry": "v.*", "rule": "all", "matched": 1, "references": None},
        {"option": "name_regex_keep", "entry": "v.*", "rule": "none", "matched": 0, "references": None},
        {"option": "keep_n_per", "entry": "branch", "rule": None, "matched": 0, "references": None},
        {"option": "keep_refs", "entry": "tags", "rule": None, "matched": 0, "references": 0},
    ]


@pytest.mark.parametrize("odd", [None, 5, [5], [{}], [{"option": "protect", "entry": "v", "rule": None}], [["a"]]])
def test_a_plan_without_what_its_entries_match_is_damaged(odd: Any) -> None:
    header, *others = plan("a")
    row = json.loads(header)
    row["totals"]["matches"] = odd
    with pytest.raises(UsageError) as refused:
        merge([part_of([json.dumps(row), *others])])
    assert str(refused.value) == 'The plan of {"project": ["a"]} is damaged: it has no counts of matches.'


def test_plans_are_ordered_by_their_scopes() -> None:
    scopes: list[dict[str, Any]] = [{"group": "b", "recursive": True}, {"recursive": True, "group": "a"}]
    plans = [written([part(str(scope["group"]), {})], scope=scope) for scope in scopes]
    merged = merge([part_of(lines) for lines in plans])
    assert [part.approved.scope["group"] for part in merged.parts] == ["a", "b"]


def test_lines_are_ended_where_they_are_not() -> None:
    lines = plan("a")
    assert part_of(line.rstrip("\n") for line in ["", *lines, " "]).lines == tuple(lines)
    assert part_of(lines).lines == tuple(lines)


def test_a_single_plan_is_taken_as_it_is() -> None:
    lines = plan("a")
    assert approved_in(lines, {"project": ["other"]}) == parse_plan(lines)
    assert fingerprint_in(lines) == parse_plan(lines).fingerprint
    for damaged, words in [([], "is empty"), (["[]"], "line 1 is no line"), (["{"], "line 1 is no line")]:
        for use in (lambda lines: approved_in(lines, {}), fingerprint_in):
            with pytest.raises(UsageError, match=words):
                use(damaged)


@given(st.permutations("abcd"))
def test_the_order_does_not_matter(order: list[str]) -> None:
    merged = merge([part_of(plan(name)) for name in order])
    assert list(merged.lines()) == list(merge([part_of(plan(name)) for name in "abcd"]).lines())


def test_what_does_not_go_together() -> None:
    other = "https://other.example.com"
    cases = {
        "There is no plan to merge.": [],
        f"The plans were made for several servers, {parse_plan(plan('a')).server}, {other}: merge those of one.": [
            plan("b", server=other),
            plan("a"),
        ],
        "a is in more than one plan: each repository may be in one alone.": [plan("a"), plan("a")],
        'The plan of {"project": ["a"]} is refused itself: too much.': [_refused(plan("a"))],
    }
    for text, plans in cases.items():
        with pytest.raises(UsageError) as refused:
            merge([part_of(lines) for lines in plans])
        assert str(refused.value) == text


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
        except UsageError:
            refused += 1
        else:
            assert (found.fingerprint, found.digests) == (before.fingerprint, before.digests)
    assert refused > 100
    for added in ([lines[0], "{}", *lines[1:]], lines[:1]):
        with pytest.raises(UsageError) as error:
            approved_in(added, {"project": ["a"]})
        text = "The approved plan was altered after it was made: its own fingerprint does not fit it."
        assert str(error.value) == text
    for left_out in range(1, len(lines)):
        missing = [*lines[:left_out], *lines[left_out + 1 :]]
        if '"keep"' not in lines[left_out] and '"repository", "id"' not in lines[left_out]:
            with pytest.raises(UsageError):
                approved_in(missing, {"project": ["a"]})
