# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What leads from the settings of a project to the wanted ones, and that nothing else is ever sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import (
    ErrorKind,
    RequestError,
    UsageError,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import (
    REPOSITORY,
    TAG,
    Project,
    ProtectionRule,
    ServerPolicy,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._settings.plan import (
    Found,
    ProjectPlan,
    Wish,
    check_policy,
    diff,
    plan_project,
    policy_lint_warnings,
    project_result,
    wants_images,
    written,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._settings.protection import (
    LEVELS,
    Protection,
    RuleWish,
    applied,
)

POLICY = ServerPolicy(False, "1d", 10, "90d", ".*", None, "2026-06-02T12:00:00.000Z")
PROJECT = Project(1, "team/app", "team", "enabled", POLICY, False, "registry.test/team/app")
POLICY_KEY, LEVEL_KEY = "container_expiration_policy_attributes", "container_registry_access_level"
# Named by options on the left, by the API on the right.
NAMES = {name: name for name in ("enabled", "cadence", "keep_n", "older_than", "name_regex_keep")}
NAMES["name_regex_delete"] = "name_regex"

access = st.sampled_from(("enabled", "private", "disabled"))
values: dict[str, st.SearchStrategy[Any]] = {
    "enabled": st.booleans(),
    "cadence": st.sampled_from(("1d", "7d")),
    "keep_n": st.sampled_from((1, 5, None)),
    "older_than": st.sampled_from(("7d", "90d", None)),
    "name_regex_delete": st.sampled_from((".*", "dev-.*")),
    "name_regex_keep": st.sampled_from(("v.*", None)),
}
policies = st.builds(
    ServerPolicy,
    enabled=values["enabled"],
    cadence=values["cadence"],
    keep_n=values["keep_n"],
    older_than=values["older_than"],
    name_regex=st.sampled_from((".*", "a", None)),
    name_regex_keep=values["name_regex_keep"],
    next_run_at=st.just(POLICY.next_run_at),
)
projects = st.builds(lambda level, policy: replace(PROJECT, access_level=level, policy=policy), access, policies)
levels = st.sampled_from(LEVELS)
tag_rules = st.lists(
    st.builds(RuleWish, st.sampled_from(("a", "b", "c", "d")), levels, levels),
    max_size=3,
    unique_by=lambda rule: rule.pattern,
)
protections = st.none() | st.builds(
    lambda rules, exclusive: Protection(TAG, tuple(rules), exclusive), tag_rules, st.booleans()
)
wishes = st.builds(Wish, st.none() | access, st.fixed_dictionaries({}, optional=values), st.none(), protections)
rules_there = st.lists(
    st.builds(ProtectionRule, st.sampled_from(("a", "b", "x")), levels, levels),
    max_size=2,
    unique_by=lambda rule: rule.pattern,
).map(lambda rules: tuple(replace(rule, id=number) for number, rule in enumerate(rules, 1)))


def found(project: Project, rules: tuple[ProtectionRule, ...] = (), images: bool | None = True) -> Found:
    return Found(project, {TAG: rules}, images)


def carried_out(plan: ProjectPlan) -> Found:
    """The project as GitLab would have it after the plan."""
    project = plan.project
    sent = dict(plan.attributes)
    level = sent.pop(LEVEL_KEY, project.access_level)
    policy = sent.pop(POLICY_KEY, {})
    assert not sent
    after = replace(project, access_level=level, policy=replace(project.policy or POLICY, **policy))
    rules = {kind: tuple(applied(plan.found.rules[kind], changed)) for kind, changed in plan.rule_changes.items()}
    return Found(after, {**plan.found.rules, **rules}, plan.found.has_images)


def shown(project: Project) -> Mapping[str, Any]:
    assert project.policy
    return {name: getattr(project.policy, key) for name, key in NAMES.items()}


@given(projects, rules_there, wishes)
def test_a_plan_leads_to_what_is_wanted_and_then_there_is_none(
    project: Project, rules: tuple[ProtectionRule, ...], wish: Wish
) -> None:
    plan = plan_project(found(project, rules), wish)
    if plan.error:
        assert not plan.changed
        return
    after = carried_out(plan)
    assert after.project.access_level == (wish.access_level or project.access_level)
    assert shown(after.project) == {**shown(project), **wish.policy}
    assert plan.changed == (after != plan.found)
    assert plan.changed == bool(plan.differences)
    again = plan_project(after, wish)
    assert not again.changed
    assert again.error is None
    assert again.differences == []
    assert again.before == plan.after


@given(projects, rules_there, wishes)
def test_what_is_not_named_is_never_sent(project: Project, rules: tuple[ProtectionRule, ...], wish: Wish) -> None:
    plan = plan_project(found(project, rules), wish)
    sent = plan.attributes.get(POLICY_KEY, {})
    assert set(plan.attributes) <= {LEVEL_KEY, POLICY_KEY}
    assert (LEVEL_KEY in plan.attributes) <= (wish.access_level not in (None, project.access_level))
    assert "name_regex_delete" not in sent
    for name, key in NAMES.items():
        if key in sent:
            assert name in wish.policy
            assert sent[key] == wish.policy[name] != shown(project)[name]
    assert POLICY_KEY not in plan.attributes or sent
    assert set(plan.rule_changes) <= {protection.kind for protection in wish.protections}
    about = {
        "access_level": bool(wish.access_level),
        "cleanup_policy": bool(wish.policy),
        "tag": bool(wish.protections),
    }
    for name in (*plan.before, *plan.after):
        assert about[name.partition(".")[0].partition("_protection")[0]]


@given(projects, wishes)
def test_without_images_no_policy_is_switched_on(project: Project, wish: Wish) -> None:
    plan = plan_project(found(project, (), images=False), wish)
    assert project.policy
    assert plan.attributes.get(POLICY_KEY, {}).get("enabled") is not True
    on = bool(wish.policy.get("enabled")) and not project.policy.enabled
    assert wants_images(project, wish) == on
    assert bool(plan.notes) == (on and plan.error is None)
    if plan.error is None:
        again = plan_project(carried_out(plan), wish)
        assert not again.changed
        assert again.notes == plan.notes


@pytest.mark.parametrize(
    ("project", "wish", "text"),
    [
        (replace(PROJECT, access_level=None), Wish("private"), "does not show its container_registry_access_level"),
        (replace(PROJECT, archived=True), Wish("private"), "it is archived"),
        (
            replace(PROJECT, policy=replace(POLICY, name_regex=" ")),
            Wish(policy={"enabled": True}),
            "an enabled policy needs name_regex_delete",
        ),
        (PROJECT, Wish(policy={"enabled": True, "name_regex_delete": ""}), "an enabled policy needs name_regex_delete"),
        (PROJECT, Wish(tag_protection=Protection(TAG, (RuleWish("v", "owner"),))), "needs a level for push"),
        (
            PROJECT,
            Wish(repository_protection=Protection(REPOSITORY, (RuleWish("other", "owner"),))),
            "does not begin with the project's path",
        ),
    ],
)
def test_what_can_not_be_is_left_as_it_is(project: Project, wish: Wish, text: str) -> None:
    plan = plan_project(Found(project, {TAG: (), REPOSITORY: ()}, True), wish)
    assert text in str(plan.error)
    assert "team/app" in str(plan.error)
    assert not plan.changed
    assert project_result(plan)["action"] == "unknown"
    assert diff([plan], 10) == []


def test_what_could_not_be_read_is_left_as_it_is() -> None:
    error = RequestError(ErrorKind.FORBIDDEN, "403 Forbidden", operation="read it")
    plan = plan_project(Found(PROJECT, error=error), Wish("private", {"keep_n": 1}))
    assert plan.error is error
    assert not plan.changed
    assert plan.attributes == {}


def test_an_archived_project_may_be_as_it_is_wanted() -> None:
    plan = plan_project(Found(replace(PROJECT, archived=True)), Wish("enabled", {"keep_n": 10}))
    assert plan.error is None
    assert not plan.changed


def test_a_project_with_its_differences() -> None:
    rule = ProtectionRule("^v", "owner", None, 7)
    wish = Wish("private", {"keep_n": None}, None, Protection(TAG, (), exclusive=True))
    plan = plan_project(found(PROJECT, (rule,)), wish)
    assert plan.attributes == {LEVEL_KEY: "private", POLICY_KEY: {"keep_n": None}}
    assert project_result(plan)["differences"] == [
        {"setting": "access_level", "before": "enabled", "after": "private"},
        {"setting": "cleanup_policy.keep_n", "before": 10, "after": None},
        {"setting": "tag_protection ^v", "before": "push: owner, delete: not limited", "after": None},
    ]
    [row] = diff([plan], 10)
    assert row["before"].splitlines() == [
        "access_level: enabled",
        "cleanup_policy.enabled: false",
        "cleanup_policy.cadence: 1d",
        "cleanup_policy.keep_n: 10",
        "cleanup_policy.older_than: 90d",
        "cleanup_policy.name_regex_delete: .*",
        "cleanup_policy.name_regex_keep: null",
        "tag_protection ^v: push: owner, delete: not limited",
    ]
    assert row["after"].splitlines()[3] == "cleanup_policy.keep_n: null"
    assert len(row["after"].splitlines()) == 7


def test_a_diff_has_an_end_and_no_tricks_in_it() -> None:
    sly = replace(PROJECT, policy=replace(POLICY, name_regex="\x1b[2K\n+"))
    plans = [plan_project(Found(sly), Wish(policy={"keep_n": number})) for number in (1, 5, 25, 10)]
    rows = diff(plans, 2)
    assert [row["before_header"] for row in rows] == ["team/app", "team/app", "more"]
    assert "1 more projects" in rows[-1]["before"]
    assert "\x1b" not in str([row["before"] for row in rows])
    assert rows[0]["before"].count("\n") == 6


@pytest.mark.parametrize(
    ("value", "text"), [(None, "null"), (True, "true"), (False, "false"), (0, "0"), ("x", "x"), ("", "")]
)
def test_values_as_people_write_them(value: Any, text: str) -> None:
    assert written(value) == text


@pytest.mark.parametrize(
    ("policy", "text"),
    [
        ({"name_regex_delete": "("}, "name_regex_delete '(' is not a valid RE2 pattern"),
        ({"name_regex_keep": "a(?=b)"}, "name_regex_keep 'a(?=b)' is not a valid RE2 pattern"),
        ({"enabled": True, "name_regex_delete": " "}, "name_regex_delete is empty"),
    ],
)
def test_policies_that_no_project_could_have(policy: dict[str, Any], text: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_policy(policy)
    assert text in str(caught.value)


@pytest.mark.parametrize("policy", [{}, {"enabled": True}, {"enabled": False, "name_regex_delete": ""}, {"keep_n": 3}])
def test_policies_that_some_project_could_have(policy: dict[str, Any]) -> None:
    check_policy(policy)


def test_values_in_no_known_list() -> None:
    assert policy_lint_warnings({"keep_n": 5, "older_than": "60d", "cadence": "3month", "name_regex_delete": "x"}) == []
    assert policy_lint_warnings({"keep_n": None, "older_than": None}) == []
    texts = policy_lint_warnings({"keep_n": 3, "older_than": "5d", "cadence": "2d"})
    assert sorted(text.split(",")[0] for text in texts) == ["cadence is 2d", "keep_n is 3", "older_than is 5d"]
