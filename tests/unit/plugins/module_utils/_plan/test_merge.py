# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several plans as one: what goes together, what each part allows, and what is refused."""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.merge import (
    Merged,
    approved_in,
    fingerprint_in,
    merge,
    part_of,
    preview,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan_file import (
    FILE_VERSION,
    fingerprint_of,
    with_fingerprint,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan_reading import parse_plan
from ansible_collections.containerops.gitlab.plugins.module_utils._plan_files.merging import warnings_of
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.matches import EntryMatches
from tests.unit.plugins.module_utils._plan.test_approval import part, written
from tests.unit.plugins.module_utils._plan.test_plan_file import AGAIN


def plan(name: str, tags: int = 2, deleted: int = 1, **header: Any) -> list[str]:
    """A plan of one repository, of which some tags go."""
    found: dict[str, tuple[str | None, bool]] = {}
    for number in range(tags):
        found[f"t{number}"] = (f"{name}-{number}", number < deleted)
    return written([part(name, found)], scope={"project": [name]}, **header)


def merged_plans(*plans: list[str]) -> Merged:
    return merge([part_of(partial(list, lines)) for lines in plans])


def test_each_scope_gets_its_own_part_under_the_fingerprint_of_all() -> None:
    plans = [plan("a", 3, 2), plan("b"), plan("c", 4, 0)]
    merged = merged_plans(*plans)
    assert merged.totals == {
        "repositories": 3,
        "repositories_unread": 0,
        "repositories_limited": 0,
        "tags": 9,
        "delete": 3,
        "keep": 6,
        "reasons": {"matched": 3, "too_young": 6},
        "matches": [],
    }
    lines = list(merged.lines())
    for name, own in zip("abc", plans, strict=True):
        found = approved_in(lines, {"project": [name]})
        assert found.fingerprint == merged.fingerprint != parse_plan(own).fingerprint
        assert found.digests == parse_plan(own).digests
        assert found.totals == parse_plan(own).totals
        assert fingerprint_in(own) == parse_plan(own).fingerprint
    assert fingerprint_in(lines) == merged.fingerprint
    assert [part.approved.scope["project"] for part in merged.parts] == [["a"], ["b"], ["c"]]
    with pytest.raises(UsageError) as refused:
        approved_in(lines, {"project": ["d"]})
    assert str(refused.value) == (
        "The approved plan has 3 plans, and none for this scope, "
        '{"project": ["d"]}: name the same projects, group or repositories as one of them.'
    )


def test_the_file_begins_with_what_it_holds() -> None:
    own = plan("ä", 3, 2)
    merged = merged_plans(own)
    lines = list(merged.lines())
    fingerprint = parse_plan(own).fingerprint
    assert lines[1:] == own
    assert lines[0].isascii()
    row = json.loads(lines[0])
    assert row.pop("fingerprint") == merged.fingerprint == fingerprint_of([json.dumps(row) + "\n"])
    assert row == {
        "type": "plans",
        "format": "containerops.gitlab/cleanup-plan",
        "version": FILE_VERSION,
        "server": parse_plan(own).server,
        "budget": None,
        "parts": [{"scope": {"project": ["ä"]}, "fingerprint": fingerprint, "tags": 3, "delete": 2}],
        "totals": merged.totals,
    }


def matching(name: str, *entries: EntryMatches) -> list[str]:
    """A plan that says this of its entries."""
    return plan(name, matches=entries)


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
    merged = merged_plans(*parts)
    assert warnings_of(merged) == ["rules, none: name_regex_keep 'v.*' matches nothing in any of the plans."]
    rows: list[dict[str, Any]] = [
        {"option": "protect", "entry": "v.*", "rule": None, "matched": 5, "references": None},
        {"option": "in_use_sources", "entry": "web", "rule": None, "matched": 3, "references": 7},
        {
            "option": "name_regex_keep",
            "entry": "v.*",
            "rule": "all",
            "matched": 1,
            "references": None,
            "rule_set": None,
        },
        {
            "option": "name_regex_keep",
            "entry": "v.*",
            "rule": "none",
            "matched": 0,
            "references": None,
            "rule_set": None,
        },
        {"option": "keep_n_per", "entry": "branch", "rule": None, "matched": 0, "references": None},
        {"option": "keep_refs", "entry": "tags", "rule": None, "matched": 0, "references": 0},
    ]
    assert merged.totals["matches"] == [{**row, "rule_set": None} for row in rows]


MATCHED = EntryMatches("protect", "v").as_result()


@pytest.mark.parametrize(
    "odd",
    [
        None,
        5,
        [5],
        [{}],
        [{**MATCHED, "matched": float("inf")}],
        [{"option": "protect", "entry": "v", "rule": None}],
        [["a"]],
    ],
)
def test_a_plan_without_what_its_entries_match_is_damaged(odd: Any) -> None:
    header, repository, *tags = plan("a")
    row = json.loads(header)
    row["totals"]["matches"] = odd
    del row["fingerprint"]
    forged = json.dumps(with_fingerprint(row, [json.loads(repository)["fingerprint"]]))
    with pytest.raises(UsageError) as refused:
        merged_plans([forged, repository, *tags])
    assert str(refused.value) == 'The plan of {"project": ["a"]} is damaged: it has no counts of matches.'


def test_plans_are_ordered_by_their_scopes() -> None:
    scopes: list[dict[str, Any]] = [{"group": "b", "recursive": True}, {"recursive": True, "group": "a"}]
    plans = [written([part(str(scope["group"]), {})], scope=scope) for scope in scopes]
    merged = merged_plans(*plans)
    assert [part.approved.scope["group"] for part in merged.parts] == ["a", "b"]


def test_lines_are_ended_where_they_are_not() -> None:
    lines = plan("a")
    bare = [line.rstrip("\n") for line in lines]
    assert list(part_of(lambda: bare).lines()) == list(part_of(lambda: lines).lines()) == lines


def test_a_single_plan_is_taken_as_it_is() -> None:
    lines = plan("a")
    assert approved_in(lines, {"project": ["other"]}) == parse_plan(lines)
    assert fingerprint_in(lines) == parse_plan(lines).fingerprint
    for damaged, words in [([], "is empty"), (["[]"], "not a plan of"), (["{"], "not a plan of")]:
        for use in (lambda lines: approved_in(lines, {}), fingerprint_in):
            with pytest.raises(UsageError, match=words):
                use(damaged)


@given(st.permutations("abcd"))
def test_the_order_does_not_matter(order: list[str]) -> None:
    merged = merged_plans(*map(plan, order))
    assert list(merged.lines()) == list(merged_plans(*map(plan, "abcd")).lines())


def test_what_does_not_go_together() -> None:
    other = "https://other.example.com"
    cases = {
        "There is no plan to merge.": [],
        f"The plans were made for several servers, {parse_plan(plan('a')).server}, {other}: merge only plans of one "
        "server.": [
            plan("b", server=other),
            plan("a"),
        ],
        "a is in more than one plan: each repository may be in only one plan.": [
            plan("a"),
            written([part("a", {})], scope={"group": "a"}),
        ],
        'Two plans were made for {"project": ["a"]}: each scope may have only one plan.': [
            plan("a"),
            written([part("b", {})], scope={"project": ["a"]}),
        ],
        'The plan of {"project": ["a"]} was already refused when it was made: too much.': [
            plan("a", refusals=["too much"])
        ],
        "The plan is a merged one: give the plans from which it was made.": [list(merged_plans(plan("a")).lines())],
    }
    for text, plans in cases.items():
        with pytest.raises(UsageError) as refused:
            merged_plans(*plans)
        assert str(refused.value) == text


def test_a_plan_that_changes_while_it_is_merged_is_not_written() -> None:
    reads = iter([plan("a"), plan("a", tags=3)])
    merged = merge([part_of(lambda: next(reads))])
    with pytest.raises(UsageError) as refused:
        list(merged.lines())
    assert str(refused.value) == 'The plan of {"project": ["a"]} was changed while it was merged.'


@pytest.mark.parametrize("odd", [5, None, {}, {"fingerprint": 5}])
def test_a_merged_plan_that_names_no_plan(odd: Any) -> None:
    header = {key: value for key, value in json.loads(MERGED[0]).items() if key != "fingerprint"}
    forged = with_fingerprint({**header, "parts": [odd]})
    with pytest.raises(UsageError, match="line 2 begins another plan than line 1 announces"):
        fingerprint_in([json.dumps(forged), *A])


def test_the_first_line_of_a_merged_plan_counts_what_the_others_say() -> None:
    header = {key: value for key, value in json.loads(MERGED[0]).items() if key != "fingerprint"}
    totals, parts = header["totals"], header["parts"]
    changed: list[dict[str, Any]] = [
        *({"totals": {**totals, number: 0}} for number in totals if totals[number]),
        {"totals": {}},
        {"parts": [{**parts[0], "delete": 0}, parts[1]]},
        {"parts": [{**parts[0], "scope": {"project": ["b"]}}, parts[1]]},
        {"server": "https://other.example.com"},
        {"budget": {"max_deletions_per_run": 5, "max_duration": None}},
        {"note": "x"},
    ]
    for changes in changed:
        forged = json.dumps(with_fingerprint({**header, **changes}))
        with pytest.raises(UsageError, match="line 1 does not fit the lines after it"):
            approved_in([forged, *A, *B], {"project": ["a"]})


A, B = plan("a"), plan("b")
MERGED = list(merged_plans(A, B).lines())


SMALL, LONG, SHORT = (
    {"max_deletions_per_run": 5, "max_duration": "2h"},
    {"max_deletions_per_run": 7, "max_duration": None},
    {"max_deletions_per_run": None, "max_duration": "1h"},
)


@pytest.mark.parametrize(
    ("budgets", "of_all"),
    [
        ([None, None, None], None),
        ([None, LONG, None], LONG),
        ([None, SHORT, None], SHORT),
        ([SMALL, LONG, None], SMALL),
        ([LONG, SMALL, SHORT], {"max_deletions_per_run": 5, "max_duration": "1h"}),
        ([SHORT, LONG, LONG], {"max_deletions_per_run": 7, "max_duration": "1h"}),
    ],
)
def test_what_one_run_deletes_is_the_least_of_all_parts(
    budgets: list[dict[str, Any] | None], of_all: dict[str, Any] | None
) -> None:
    for order in itertools.permutations(budgets):
        merged = merged_plans(*(plan(name, budget=budget) for name, budget in zip("abc", order, strict=True)))
        assert merged.header["budget"] == of_all
        for name in "abc":
            found = approved_in(list(merged.lines()), {"project": [name]}).budget
            assert (found.as_row() if found else None) == of_all


def test_a_merged_plan_can_not_be_given_a_looser_budget() -> None:
    tight = {"max_deletions_per_run": 5, "max_duration": None}
    first, *rest = merged_plans(plan("a", budget=LONG), plan("b", budget=tight)).lines()
    header = {key: value for key, value in json.loads(first).items() if key != "fingerprint"}
    for budget in (None, LONG, {**tight, "max_deletions_per_run": 4}):
        forged = json.dumps(with_fingerprint({**header, "budget": budget}))
        with pytest.raises(UsageError, match="line 1 does not fit the lines after it"):
            approved_in([forged, *rest], {"project": ["a"]})


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        (MERGED[:1], "it ends with line 1, after 0 of the plans that line 1 announces (2)"),
        (MERGED[:5], "it ends with line 5, after 1 of the plans that line 1 announces (2)"),
        (MERGED[:-1], "it ends with line 8, after 1 of the tags of b that line 7 announces (2)"),
        ([*MERGED, B[0]], "line 10 comes after the end of the plan"),
        ([*MERGED, *B], "line 10 comes after the end of the plan"),
        ([MERGED[0], *MERGED], "line 2 comes after 0 of the plans that line 1 announces (2)"),
        ([MERGED[0], *B, *A], "line 2 begins another plan than line 1 announces"),
        ([MERGED[0], *plan("a", 3), *B], "line 2 begins another plan than line 1 announces"),
        ([MERGED[0].replace('"delete": 2', '"delete": 1'), *A, *B], "line 1 is not as written"),
        ([MERGED[0].replace(", ", ","), *A, *B], "line 1 is not as written"),
        ([*MERGED[:3], *MERGED[4:]], "line 5 comes after 1 of the tags of a that line 3 announces (2)"),
    ],
)
@pytest.mark.parametrize("use", [lambda lines: approved_in(lines, {"project": ["a"]}), fingerprint_in])
def test_a_merged_plan_that_was_altered(lines: list[str], what: str, use: Callable[[list[str]], Any]) -> None:
    with pytest.raises(UsageError) as refused:
        use(lines)
    assert str(refused.value) == f"The plan was altered after it was made: {what}. {AGAIN}"


def sized(name: str, tags: Mapping[str, tuple[str | None, int | None, bool]]) -> list[str]:
    """A plan of one repository. tags: their digest, size, and whether they are deleted."""
    made = part(name, {tag: (digest, deleted) for tag, (digest, _size, deleted) in tags.items()})
    decisions = tuple(each._replace(tag=each.tag._replace(size=tags[each.tag.name][1])) for each in made.decisions)
    return written([dataclasses.replace(made, decisions=decisions)], scope={"project": [name]})


@pytest.mark.parametrize(
    ("other", "freed"),
    [
        ({"x": ("d2", 20, True)}, 31),
        # The same image of another repository is stored there, too, as far as a plan knows.
        ({"x": ("d1", 1, True)}, 12),
        ({"x": (None, 5, True), "y": (None, 6, True)}, 22),
        ({"x": ("d3", None, True)}, None),
        ({"x": ("d3", None, False)}, 11),
    ],
)
def test_an_image_counts_once_in_what_is_freed(
    other: Mapping[str, tuple[str | None, int | None, bool]], freed: int | None
) -> None:
    app: dict[str, tuple[str | None, int | None, bool]]
    app = {"a": ("d1", 1, True), "b": ("d1", 1, True), "c": ("d2", 10, True), "k": ("d4", 99, False)}
    assert preview(merged_plans(sized("app", app), sized("web", other)), 10).freed_most == freed


def test_a_few_tags_of_each_repository_are_shown_first() -> None:
    found = preview(merged_plans(plan("a", 30, 30), plan("b", 5, 3), plan("c", 2, 0)), 16)
    shown = [row["repository"] for row in found.deletions]
    assert (shown.count("a"), shown.count("b"), len(shown)) == (13, 3, 16)
    assert [row["path"] for row in preview(merged_plans(plan("a"), plan("b", 5, 3)), 1).repositories] == ["b"]
    assert found.unread == ()
