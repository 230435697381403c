# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The approved plan that a task is given: whether it is the one, and what it says instead of the task."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.approval import (
    approval_of,
    check_sources,
    options_of_plan,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.request import PLANNED_BY, cleanup_request
from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.scope import Scope
from ansible_collections.containerops.gitlab.plugins.module_utils._module.options import SCOPE as SCOPE_OPTIONS
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.approval import Approval
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.merge import merge, part_of
from ansible_collections.containerops.gitlab.plugins.modules.registry_cleanup import ARGUMENTS
from tests.unit.options import filled
from tests.unit.plugins.module_utils._plan.test_approval import part, written

PATH = "team/app"
TEAM = Scope(group="team")
SPECS = {option: ARGUMENTS.options[option] for option in (*SCOPE_OPTIONS.options, *PLANNED_BY)}


def plan(scope: Scope = TEAM, **options: Any) -> list[str]:
    """The lines of a plan that these options made, which the module fills up with defaults."""
    rules = {option: value for option, value in filled(options, ARGUMENTS.options).items() if option in PLANNED_BY}
    tags: dict[str, tuple[str | None, bool]] = {"1": ("x", True)}
    return written([part(PATH, tags)], scope=scope.as_result(), rules=json.loads(json.dumps(rules)))


def fingerprint(lines: list[str]) -> str:
    return str(json.loads(lines[0])["fingerprint"])


def approved(lines: list[str], scope: Scope | None = None, **options: Any) -> Approval | None:
    given = {"approved_plan_path": "x", "approved_fingerprint": fingerprint(lines), **options}
    return approval_of(filled(given, ARGUMENTS.options), lines, scope)


def refusal(lines: list[str] | None, **options: Any) -> str:
    with pytest.raises(UsageError) as caught:
        approval_of(filled(options, ARGUMENTS.options), lines)
    return str(caught.value)


@pytest.mark.parametrize("digits", [12, 13, 40, 63, 64])
@pytest.mark.parametrize("form", ["{}", "sha256:{}", " SHA256: {}"])
def test_a_fingerprint_may_be_shortened(digits: int, form: str) -> None:
    lines = plan()
    typed = form.format(fingerprint(lines).removeprefix("sha256:")[:digits])
    found = approved(lines, approved_fingerprint=typed)
    assert found
    assert found.plan.fingerprint == fingerprint(lines)


@pytest.mark.parametrize("place", [0, 5, 11])
def test_a_short_fingerprint_has_to_be_the_beginning(place: int) -> None:
    lines = plan()
    typed = fingerprint(lines).removeprefix("sha256:")[:12]
    other = typed[:place] + ("0" if typed[place] != "0" else "1") + typed[place + 1 :]
    found = refusal(lines, approved_plan_path="x", approved_fingerprint=other)
    assert found == (
        f"approved_fingerprint sha256:{other} is not the fingerprint of the given plan, so another plan was approved: "
        "ask the person who approved it, or fetch the approved plan."
    )
    # Whoever applies a plan must not find here what approves it.
    assert typed not in found.replace(other, "")


def test_under_a_short_fingerprint_every_line_is_checked() -> None:
    lines = plan()
    lines[-1] = lines[-1].replace('"name": "1"', '"name": "2"')
    typed = fingerprint(lines).removeprefix("sha256:")[:12]
    assert "was altered" in refusal(lines, approved_plan_path="x", approved_fingerprint=typed)


def test_where_approval_is_required_there_is_nothing_without() -> None:
    assert approval_of(filled({}, ARGUMENTS.options), None) is None
    for given in ({}, {"approved_fingerprint": "sha256:" + "0" * 64}):
        assert refusal(None, require_approval=True, **given) == (
            "Nothing is deleted here without approval: give approved_plan_path or approved_plan, and "
            "approved_fingerprint."
        )
    assert "needs approved_fingerprint" in refusal(plan(), require_approval=True, approved_plan_path="x")


RULES: list[dict[str, Any]] = [
    {"name_regex_delete": "dev-.*"},
    {"name_regex_delete": "dev-.*", "keep_n": 3, "older_than": "30d", "protect": ["v1"], "allow_latest": True},
    {"rules": [{"name": "a", "match": "a.*", "keep_n_per": [{"by": "day"}]}, {"match": "b.*", "keep": True}]},
    {"name_regex_delete": "x", "in_use": ["app:1"], "keep_refs": ["branches"], "max_deletions": 4, "min_remaining": 0},
]


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize(
    "scope",
    [Scope(group="team"), Scope(projects=("team/app",), exclude=("team/app/x",)), Scope(repository_ids=(7,))],
)
def test_the_plan_says_scope_and_rules_where_the_task_does_not(scope: Scope, rules: dict[str, Any]) -> None:
    found = options_of_plan(approved(plan(scope, **rules)), (), SPECS)
    named = {option: value for option, value in scope.as_result().items() if value}
    assert found.items() >= named.items()
    again = filled({option: value for option, value in found.items() if option not in named}, ARGUMENTS.options)
    assert cleanup_request(again, scope, None) == cleanup_request(filled(rules, ARGUMENTS.options), scope, None)


def test_what_the_task_says_stands_above_the_plan() -> None:
    approval = approved(plan(name_regex_delete="dev-.*", keep_n=3, protect=["v1"]))
    assert options_of_plan(approval, {"project"}, SPECS) == {
        "name_regex_delete": "dev-.*",
        "keep_n": 3,
        "protect": ["v1"],
    }
    assert options_of_plan(approval, {"keep_n", "protect", "group"}, SPECS) == {"name_regex_delete": "dev-.*"}
    assert options_of_plan(approval, {"rules"}, SPECS) == {"group": "team"}
    assert options_of_plan(approval, {"name_regex_delete", "repository_id"}, SPECS) == {}
    assert options_of_plan(None, (), SPECS) == {}


def test_what_is_in_use_has_to_be_found_again() -> None:
    approval = approved(plan(name_regex_delete="x", in_use_sources=sources("web-1"), in_use_sources_expected=["web-1"]))
    for given in ({}, {"rules": [{"match": "x"}]}, {"name_regex_delete": "y"}, {"in_use": ["app:1"]}):
        with pytest.raises(UsageError) as refused:
            check_sources(approval, filled(given, ARGUMENTS.options))
        assert str(refused.value) == (
            "The approved plan was made with in_use_sources (web-1): find the images in use again, and set "
            "in_use_sources."
        )
    found = options_of_plan(approval, {"in_use_sources"}, SPECS)
    assert found == {"group": "team", "name_regex_delete": "x", "in_use_sources_expected": ["web-1"]}
    assert options_of_plan(approval, {"rules"}, SPECS) == {"group": "team"}


def test_what_is_in_use_is_never_taken_from_the_plan() -> None:
    """A plan of yesterday would say what was in use yesterday."""
    approval = approved(plan(name_regex_delete="x", in_use_sources=sources("web-1"), in_use=["app:1"]))
    found = options_of_plan(approval, (), SPECS)
    assert found == {"group": "team", "name_regex_delete": "x", "in_use": ["app:1"]}
    with pytest.raises(UsageError, match="find the images in use again"):
        check_sources(approval, filled(found, ARGUMENTS.options))
    others = approved(written([], scope=TEAM.as_result(), rules={"name_regex_delete": "x"}))
    assert options_of_plan(others, (), SPECS) == {"group": "team", "name_regex_delete": "x"}


def sources(*names: str) -> list[dict[str, Any]]:
    return [{"name": name, "images": ["app:1"]} for name in names]


FLOORS: list[tuple[list[str], Any, list[str], Any, str]] = [
    (["a", "b"], None, ["a", "b"], None, ""),
    (["a", "b"], None, ["c", "b", "a"], 1, ""),
    (["a", "b"], ["a"], ["a", "b"], 2, ""),
    (["a", "b"], 2, ["a", "b"], ["a", "b"], ""),
    (["a", "b"], ["a", "b"], ["a", "b"], ["b", "a", "a"], ""),
    (["a", "a"], "1", ["a"], "1", ""),
    ([], None, [], None, ""),
    (["a", "b"], None, ["a"], None, "and b is missing"),
    (["a", "b"], None, ["a", "a"], None, "and b is missing"),
    (["a", "b"], None, ["A", "c"], None, "and a, b are missing"),
    (["a"], ["a", "z"], ["a"], None, "and z is missing"),
    ([*"abcdefgh"], None, ["h"], None, "and a, b, c, d, e and 2 more are missing"),
    ([*"abcdef"], None, ["f"], None, "and a, b, c, d, e are missing"),
    (["a"], 2, ["a"], None, "in_use_sources_expected 2, and in_use_sources has 1"),
    (["a", "b"], 2, ["a", "b"], 1, "in_use_sources_expected 2, and 1 is less"),
    (["a", "b"], ["a", "b"], ["a", "b"], ["a"], "in_use_sources_expected a, b, and a is less"),
    (["a", "b"], ["a", "b"], ["a", "b"], 1, "in_use_sources_expected a, b, and 1 is less"),
    (["a", "b"], "2", ["a", "b"], ["a"], "in_use_sources_expected 2, and a is less"),
    (["a"], None, [], ["a"], "was made with in_use_sources (a): find the images in use again"),
]


@pytest.mark.parametrize(("planned", "least", "given", "expected", "why"), FLOORS)
@pytest.mark.parametrize("rules", [{}, {"name_regex_delete": "y"}])
def test_the_sources_of_the_plan_are_needed_again(
    planned: list[str], least: Any, given: list[str], expected: Any, why: str, rules: dict[str, Any]
) -> None:
    approval = approved(plan(name_regex_delete="x", in_use_sources=sources(*planned), in_use_sources_expected=least))
    options = {**rules, "in_use_sources": sources(*given) or None, "in_use_sources_expected": expected}
    params = filled(options, ARGUMENTS.options)
    if not why:
        check_sources(approval, params)
        return
    with pytest.raises(UsageError) as refused:
        check_sources(approval, params)
    assert why in str(refused.value)


NEW_PLAN = "make a new plan and have it approved."


@pytest.mark.parametrize(
    ("planned", "least", "given", "expected", "sentence"),
    [
        (
            ["a", "b"],
            None,
            ["a"],
            None,
            "The approved plan was made with more in_use_sources, and b is missing: find the images in use there "
            f"again and add them, or {NEW_PLAN}",
        ),
        (
            ["a"],
            2,
            ["a"],
            None,
            "The approved plan was made with in_use_sources_expected 2, and in_use_sources has 1: find the images in "
            f"use at all of them again, or {NEW_PLAN}",
        ),
        (
            ["a", "b"],
            ["b", "a"],
            ["a", "b"],
            ["b"],
            f"The approved plan was made with in_use_sources_expected a, b, and b is less: leave it out, or {NEW_PLAN}",
        ),
    ],
)
def test_what_is_to_be_done_about_sources_is_told(
    planned: list[str], least: Any, given: list[str], expected: Any, sentence: str
) -> None:
    approval = approved(plan(name_regex_delete="x", in_use_sources=sources(*planned), in_use_sources_expected=least))
    options = {"in_use_sources": sources(*given), "in_use_sources_expected": expected}
    with pytest.raises(UsageError) as refused:
        check_sources(approval, filled(options, ARGUMENTS.options))
    assert str(refused.value) == sentence


@pytest.mark.parametrize("odd", [5, "a", {"a": 1}, [5], [{}], [{"name": 5}]])
def test_a_plan_that_does_not_name_its_sources_is_refused(odd: Any) -> None:
    lines = written([], scope=TEAM.as_result(), rules={"in_use_sources": odd})
    with pytest.raises(UsageError) as refused:
        check_sources(approved(lines), filled({}, ARGUMENTS.options))
    assert str(refused.value) == (
        "The approved plan does not contain the sources of its images in use: make a new plan."
    )


def test_a_merged_plan_of_one_scope_needs_no_scope_and_one_of_several_does() -> None:
    first, second = plan(), written([part("other/app", {})], scope=Scope(group="other").as_result())
    alone = merge([part_of(lambda: first)])
    assert approved(list(alone.lines())) == approved(list(alone.lines()), Scope(group="team"))
    both = list(merge([part_of(lambda: first), part_of(lambda: second)]).lines())
    assert refusal(both, approved_plan_path="x", approved_fingerprint=fingerprint(both)) == (
        "approved_plan_path x: The approved plan is one of 2 plans: name the scope of the one to carry out."
    )
    found = approved(both, Scope(group="other"))
    assert found
    assert found.plan.scope == Scope(group="other").as_result()


def test_a_plan_that_does_not_say_its_rules_is_refused() -> None:
    lines = written([], rules=None)
    assert "line 1 is not as written" in refusal(lines, approved_plan_path="x", approved_fingerprint=fingerprint(lines))
