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
    Project,
    ProtectionRule,
    RuleKind,
    ServerPolicy,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._settings.plan import (
    DesiredSettings,
    ObservedProject,
    ProjectAction,
    ProjectPlan,
    access_level_counts,
    check_policy,
    diff,
    needs_images,
    plan_project,
    policy_lint_warnings,
    project_row,
    refusals_of,
    written,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._settings.protection import (
    LEVELS,
    DesiredRule,
    DesiredRules,
    rules_after,
)

POLICY = ServerPolicy(False, "1d", 10, "90d", ".*", None, "2026-06-02T12:00:00.000Z")
PROJECT = Project(1, "team/app", "team", "enabled", POLICY, False, "registry.test/team/app")
LEVELS_THERE = ("enabled", "private", "disabled")
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
    st.builds(DesiredRule, st.sampled_from(("a", "b", "c", "d")), levels, levels),
    max_size=3,
    unique_by=lambda rule: rule.pattern,
)
protections = st.none() | st.builds(
    lambda rules, exclusive: DesiredRules(RuleKind.TAG, tuple(rules), exclusive), tag_rules, st.booleans()
)
desired_settings = st.builds(
    DesiredSettings, st.none() | access, st.fixed_dictionaries({}, optional=values), st.none(), protections
)
rules_there = st.lists(
    st.builds(ProtectionRule, st.sampled_from(("a", "b", "x")), levels, levels),
    max_size=2,
    unique_by=lambda rule: rule.pattern,
).map(lambda rules: tuple(replace(rule, id=number) for number, rule in enumerate(rules, 1)))


def found(project: Project, rules: tuple[ProtectionRule, ...] = (), images: bool | None = True) -> ObservedProject:
    return ObservedProject(project, {RuleKind.TAG: rules}, images)


def carried_out(plan: ProjectPlan) -> ObservedProject:
    """The project as GitLab would have it after the plan."""
    project = plan.project
    sent = dict(plan.attributes)
    level = sent.pop(LEVEL_KEY, project.access_level)
    policy = sent.pop(POLICY_KEY, {})
    assert not sent
    after = replace(project, access_level=level, policy=replace(project.policy or POLICY, **policy))
    rules = {
        kind: tuple(rules_after(plan.observed.rules[kind], changed)) for kind, changed in plan.rule_changes.items()
    }
    return ObservedProject(after, {**plan.observed.rules, **rules}, plan.observed.has_images)


def shown(project: Project) -> Mapping[str, Any]:
    assert project.policy
    return {name: getattr(project.policy, key) for name, key in NAMES.items()}


@given(projects, rules_there, desired_settings)
def test_a_plan_leads_to_what_is_wanted_and_then_there_is_none(
    project: Project, rules: tuple[ProtectionRule, ...], desired: DesiredSettings
) -> None:
    plan = plan_project(found(project, rules), desired)
    if plan.error:
        assert not plan.changed
        return
    after = carried_out(plan)
    assert after.project.access_level == (desired.access_level or project.access_level)
    assert shown(after.project) == {**shown(project), **desired.policy}
    assert plan.changed == (after != plan.observed)
    assert plan.changed == bool(plan.differences)
    again = plan_project(after, desired)
    assert not again.changed
    assert again.error is None
    assert again.differences == []
    assert again.before == plan.after


@given(projects, rules_there, desired_settings)
def test_what_is_not_named_is_never_sent(
    project: Project, rules: tuple[ProtectionRule, ...], desired: DesiredSettings
) -> None:
    plan = plan_project(found(project, rules), desired)
    sent = plan.attributes.get(POLICY_KEY, {})
    assert set(plan.attributes) <= {LEVEL_KEY, POLICY_KEY}
    assert (LEVEL_KEY in plan.attributes) <= (desired.access_level not in (None, project.access_level))
    assert "name_regex_delete" not in sent
    for name, key in NAMES.items():
        if key in sent:
            assert name in desired.policy
            assert sent[key] == desired.policy[name] != shown(project)[name]
    assert POLICY_KEY not in plan.attributes or sent
    assert set(plan.rule_changes) <= {protection.kind for protection in desired.protections}
    about = {
        "access_level": bool(desired.access_level),
        "cleanup_policy": bool(desired.policy),
        "tag": bool(desired.protections),
    }
    for name in (*plan.before, *plan.after):
        assert about[name.partition(".")[0].partition("_protection")[0]]


@given(projects, desired_settings)
def test_without_images_no_policy_is_switched_on(project: Project, desired: DesiredSettings) -> None:
    plan = plan_project(found(project, (), images=False), desired)
    assert project.policy
    assert plan.attributes.get(POLICY_KEY, {}).get("enabled") is not True
    on = bool(desired.policy.get("enabled")) and not project.policy.enabled
    assert needs_images(project, desired) == on
    assert bool(plan.notes) == (on and plan.error is None)
    if plan.error is None:
        again = plan_project(carried_out(plan), desired)
        assert not again.changed
        assert again.notes == plan.notes


@pytest.mark.parametrize(
    ("project", "desired", "text"),
    [
        (
            replace(PROJECT, access_level=None),
            DesiredSettings("private"),
            "does not show its container_registry_access_level",
        ),
        (replace(PROJECT, archived=True), DesiredSettings("private"), "it is archived"),
        (
            replace(PROJECT, policy=replace(POLICY, name_regex=" ")),
            DesiredSettings(policy={"enabled": True}),
            "an enabled policy needs name_regex_delete",
        ),
        (
            PROJECT,
            DesiredSettings(policy={"enabled": True, "name_regex_delete": ""}),
            "an enabled policy needs name_regex_delete",
        ),
        (
            PROJECT,
            DesiredSettings(tag_protection=DesiredRules(RuleKind.TAG, (DesiredRule("v", "owner"),))),
            "needs a level for push",
        ),
        (
            PROJECT,
            DesiredSettings(repository_protection=DesiredRules(RuleKind.REPOSITORY, (DesiredRule("other", "owner"),))),
            "does not begin with the project's path",
        ),
    ],
)
def test_what_can_not_be_is_left_as_it_is(project: Project, desired: DesiredSettings, text: str) -> None:
    plan = plan_project(ObservedProject(project, {RuleKind.TAG: (), RuleKind.REPOSITORY: ()}, True), desired)
    assert text in str(plan.error)
    assert "team/app" in str(plan.error)
    assert not plan.changed
    assert project_row(plan)["action"] == "unknown"
    assert diff([plan], 10) == []


def test_what_could_not_be_read_is_left_as_it_is() -> None:
    error = RequestError(ErrorKind.FORBIDDEN, "403 Forbidden", operation="read it")
    plan = plan_project(ObservedProject(PROJECT, error=error), DesiredSettings("private", {"keep_n": 1}))
    assert plan.error is error
    assert not plan.changed
    assert plan.attributes == {}


def test_an_archived_project_may_be_as_it_is_wanted() -> None:
    plan = plan_project(ObservedProject(replace(PROJECT, archived=True)), DesiredSettings("enabled", {"keep_n": 10}))
    assert plan.error is None
    assert not plan.changed


def test_a_project_with_its_differences() -> None:
    rule = ProtectionRule("^v", "owner", None, 7)
    desired = DesiredSettings("private", {"keep_n": None}, None, DesiredRules(RuleKind.TAG, (), exclusive=True))
    plan = plan_project(found(PROJECT, (rule,)), desired)
    assert plan.attributes == {LEVEL_KEY: "private", POLICY_KEY: {"keep_n": None}}
    assert project_row(plan)["differences"] == [
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
    plans = [
        plan_project(ObservedProject(sly), DesiredSettings(policy={"keep_n": number})) for number in (1, 5, 25, 10)
    ]
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


def test_too_many_projects_that_would_change() -> None:
    desired = DesiredSettings(access_level="private")
    plans = [plan_project(ObservedProject(replace(PROJECT, access_level=level)), desired) for level in LEVELS_THERE]
    assert [plan.action for plan in plans] == [ProjectAction.UPDATE, ProjectAction.NONE, ProjectAction.UPDATE]
    assert refusals_of(plans, None) == refusals_of(plans, 2) == []
    assert refusals_of(plans, 1) == ["2 projects would be changed, more than max_changed_projects 1"]


def test_how_many_projects_have_which_visibility() -> None:
    desired = DesiredSettings(access_level="private")
    levels_there = (*LEVELS_THERE, None)
    plans = [plan_project(ObservedProject(replace(PROJECT, access_level=level)), desired) for level in levels_there]
    assert access_level_counts(plans) == {
        "before": {"disabled": 1, "enabled": 1, "private": 1, "unknown": 1},
        "after": {"private": 3, "unknown": 1},
    }


def test_the_error_of_a_project_that_can_not_have_what_is_wanted() -> None:
    plan = plan_project(ObservedProject(replace(PROJECT, archived=True)), DesiredSettings("private"))
    assert plan.error
    assert plan.error.as_result()["kind"] == "unfit"
    assert plan.before != plan.after
