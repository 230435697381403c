# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What leads from the settings of a project to the wanted ones, and that nothing else is ever sent."""

from __future__ import annotations

from collections.abc import Mapping
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
    plan_projects,
    policy_after,
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
from tests.unit.models import project, server_policy

POLICY = server_policy(enabled=False)
PROJECT = project(policy=POLICY)
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
projects = st.builds(lambda level, policy: PROJECT._replace(access_level=level, policy=policy), access, policies)
levels = st.sampled_from(LEVELS)
tag_rules = st.lists(
    st.builds(DesiredRule, st.sampled_from(("a", "b", "c", "d")), levels, levels),
    max_size=3,
    unique_by=lambda rule: rule.pattern,
)
protections = st.none() | st.builds(
    lambda rules, exclusive: DesiredRules(RuleKind.TAG, rules=tuple(rules), exclusive=exclusive),
    tag_rules,
    st.booleans(),
)
desired_settings = st.builds(
    DesiredSettings, st.none() | access, st.fixed_dictionaries({}, optional=values), st.none(), protections
)
rules_there = st.lists(
    st.builds(ProtectionRule, st.sampled_from(("a", "b", "x")), levels, levels),
    max_size=2,
    unique_by=lambda rule: rule.pattern,
).map(lambda rules: tuple(rule._replace(id=number) for number, rule in enumerate(rules, 1)))


def found(project: Project, rules: tuple[ProtectionRule, ...] = (), images: bool | None = True) -> ObservedProject:
    return ObservedProject(project, rules={RuleKind.TAG: rules}, has_images=images)


def carried_out(plan: ProjectPlan) -> ObservedProject:
    """The project as GitLab would have it after the plan."""
    project = plan.project
    sent = dict(plan.attributes)
    level = sent.pop(LEVEL_KEY, project.access_level)
    policy = sent.pop(POLICY_KEY, {})
    assert not sent
    after = project._replace(access_level=level, policy=(project.policy or POLICY)._replace(**policy))
    rules = {
        kind: tuple(rules_after(plan.observed.rules[kind], changed)) for kind, changed in plan.rule_changes.items()
    }
    return ObservedProject(after, rules={**plan.observed.rules, **rules}, has_images=plan.observed.has_images)


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
    ("project", "desired", "reason"),
    [
        (
            PROJECT._replace(access_level=None),
            DesiredSettings("private"),
            "GitLab does not show its container_registry_access_level, which needs the role Maintainer",
        ),
        (
            PROJECT._replace(policy=POLICY._replace(name_regex=" ")),
            DesiredSettings(policy={"enabled": True}),
            "an enabled policy needs name_regex_delete, and it has none",
        ),
        (
            PROJECT,
            DesiredSettings(policy={"enabled": True, "name_regex_delete": ""}),
            "an enabled policy needs name_regex_delete, and it has none",
        ),
        (
            PROJECT._replace(policy=None),
            DesiredSettings(policy={"enabled": True}),
            "an enabled policy needs name_regex_delete, and it has none",
        ),
        (
            PROJECT,
            DesiredSettings(tag_protection=DesiredRules(RuleKind.TAG, (DesiredRule("v", "owner"),))),
            "the new tag rule 'v' needs a level for push and one for delete",
        ),
        (
            PROJECT,
            DesiredSettings(repository_protection=DesiredRules(RuleKind.REPOSITORY, (DesiredRule("other", "owner"),))),
            "repository_path_pattern 'other' does not begin with the project's path: GitLab wants team/app, and what "
            "follows",
        ),
    ],
)
def test_what_can_not_be_is_left_as_it_is(project: Project, desired: DesiredSettings, reason: str) -> None:
    observed = ObservedProject(project, rules={RuleKind.TAG: (), RuleKind.REPOSITORY: ()}, has_images=True)
    plan = plan_project(observed, desired)
    assert plan == ProjectPlan(observed, desired, error=plan.error)
    assert not plan.changed
    assert diff([plan], 10) == []
    assert project_row(plan) == {
        "id": 1,
        "path": "team/app",
        "action": "unknown",
        "before": {},
        "after": {},
        "differences": [],
        "notes": [],
        "error": f"Could not change the settings of project team/app: {reason}.",
    }


def test_what_could_not_be_read_is_left_as_it_is() -> None:
    error = RequestError(ErrorKind.FORBIDDEN, "403 Forbidden", operation="read it")
    observed, desired = ObservedProject(PROJECT, error=error), DesiredSettings("private", {"keep_n": 1})
    plan = plan_project(observed, desired)
    assert plan == ProjectPlan(observed, desired, error=error)
    assert not plan.changed


def test_an_archived_project_is_left_as_it_is_and_shows_what_is_wanted_of_it() -> None:
    observed, desired = ObservedProject(PROJECT._replace(archived=True)), DesiredSettings("private")
    plan = plan_project(observed, desired)
    assert plan.error
    before, after = {"access_level": "enabled"}, {"access_level": "private"}
    assert plan == ProjectPlan(observed, desired, before=before, after=after, error=plan.error)
    assert not plan.changed
    message = "it is archived, and GitLab changes nothing in archived projects"
    assert str(plan.error) == f"Could not change the settings of project team/app: {message}."
    assert plan.error.as_result() == {
        "kind": "unsupported_setting",
        "status": None,
        "method": "",
        "path": "",
        "message": message,
        "request_id": "",
    }


def test_a_policy_with_a_pattern_is_switched_on_and_changed() -> None:
    off = plan_project(found(PROJECT), DesiredSettings(policy={"enabled": True}))
    assert (off.error, off.attributes) == (None, {POLICY_KEY: {"enabled": True}})
    assert off.policy == {
        "enabled": True,
        "cadence": "1d",
        "keep_n": 10,
        "older_than": "90d",
        "name_regex_delete": ".*",
        "name_regex_keep": None,
    }
    on = plan_project(
        found(PROJECT._replace(policy=POLICY._replace(enabled=True))), DesiredSettings(policy={"keep_n": 5})
    )
    assert (on.error, on.attributes) == (None, {POLICY_KEY: {"keep_n": 5}})


def test_a_policy_that_gitlab_would_switch_off_again_is_not_switched_on() -> None:
    plan = plan_project(found(PROJECT, images=False), DesiredSettings(policy={"enabled": True, "keep_n": 5}))
    assert plan.attributes == {POLICY_KEY: {"keep_n": 5}}
    assert project_row(plan)["notes"] == [
        "the policy remains disabled, since the project has no images and GitLab would disable it again"
    ]


def test_rules_that_a_disabled_registry_hides_are_left_as_they_are_and_the_rest_is_changed() -> None:
    rules = DesiredRules(RuleKind.TAG, (DesiredRule("v", push="owner", delete="owner"),))
    hidden = ObservedProject(PROJECT._replace(access_level="disabled"), has_images=False)
    plan = plan_project(hidden, DesiredSettings("disabled", {"enabled": True, "keep_n": 5}, tag_protection=rules))
    assert (plan.error, plan.rule_changes, plan.attributes) == (None, {}, {POLICY_KEY: {"keep_n": 5}})
    assert plan.notes == (
        "the policy remains disabled, since the project has no images and GitLab would disable it again",
        "its protection rules are hidden while its registry is disabled",
    )
    assert [each.setting for each in plan.differences] == ["cleanup_policy.keep_n"]


def test_an_archived_project_may_be_as_it_is_wanted() -> None:
    plan = plan_project(ObservedProject(PROJECT._replace(archived=True)), DesiredSettings("enabled", {"keep_n": 10}))
    assert plan.error is None
    assert not plan.changed


def test_the_policy_as_it_will_be_is_known_of_archived_projects_too() -> None:
    policy: dict[str, Any] = {"enabled": True, "keep_n": 5, "name_regex_delete": "dev-.*"}
    archived = ObservedProject(PROJECT._replace(archived=True), has_images=True)
    for observed in (found(PROJECT), archived):
        assert policy_after(plan_project(observed, DesiredSettings(policy=policy))) == ServerPolicy(
            enabled=True,
            cadence="1d",
            keep_n=5,
            older_than="90d",
            name_regex="dev-.*",
            name_regex_keep=None,
            next_run_at=None,
        )


def test_each_project_is_planned_by_what_is_wanted_of_it() -> None:
    other = PROJECT._replace(id=2, path="team/other")
    wanted = [(found(PROJECT), DesiredSettings("private")), (found(other), DesiredSettings(policy={"keep_n": 1}))]
    assert plan_projects(wanted) == tuple(plan_project(observed, desired) for observed, desired in wanted)
    assert [plan.project.path for plan in plan_projects(wanted)] == ["team/app", "team/other"]


def test_a_project_with_its_differences() -> None:
    rule = ProtectionRule("^v", push="owner", delete=None, id=7)
    desired = DesiredSettings(
        "private",
        policy={"keep_n": None},
        repository_protection=None,
        tag_protection=DesiredRules(RuleKind.TAG, (), exclusive=True),
    )
    plan = plan_project(found(PROJECT, (rule,)), desired)
    assert plan.attributes == {LEVEL_KEY: "private", POLICY_KEY: {"keep_n": None}}
    before = {
        "access_level": "enabled",
        "cleanup_policy.enabled": False,
        "cleanup_policy.cadence": "1d",
        "cleanup_policy.keep_n": 10,
        "cleanup_policy.older_than": "90d",
        "cleanup_policy.name_regex_delete": ".*",
        "cleanup_policy.name_regex_keep": None,
        "tag_protection ^v": "push: owner, delete: not limited",
    }
    after = {**before, "access_level": "private", "cleanup_policy.keep_n": None}
    del after["tag_protection ^v"]
    assert project_row(plan) == {
        "id": 1,
        "path": "team/app",
        "action": "update",
        "before": before,
        "after": after,
        "differences": [
            {"setting": "access_level", "before": "enabled", "after": "private"},
            {"setting": "cleanup_policy.keep_n", "before": 10, "after": None},
            {"setting": "tag_protection ^v", "before": "push: owner, delete: not limited", "after": None},
        ],
        "notes": [],
        "error": None,
    }
    policy = (
        "cleanup_policy.older_than: 90d\ncleanup_policy.name_regex_delete: .*\ncleanup_policy.name_regex_keep: null\n"
    )
    assert diff([plan], 10) == [
        {
            "before_header": "team/app",
            "after_header": "team/app",
            "before": "access_level: enabled\ncleanup_policy.enabled: false\ncleanup_policy.cadence: 1d\n"
            f"cleanup_policy.keep_n: 10\n{policy}tag_protection ^v: push: owner, delete: not limited\n",
            "after": "access_level: private\ncleanup_policy.enabled: false\ncleanup_policy.cadence: 1d\n"
            f"cleanup_policy.keep_n: null\n{policy}",
        }
    ]


def test_a_diff_names_no_more_projects_than_wanted_and_says_how_many_more_there_are() -> None:
    desired = DesiredSettings("private")
    plans = [plan_project(ObservedProject(PROJECT._replace(path=path)), desired) for path in ("a/b", "a/c", "a/d")]
    rows = [
        {
            "before_header": path,
            "after_header": path,
            "before": "access_level: enabled\n",
            "after": "access_level: private\n",
        }
        for path in ("a/b", "a/c", "a/d")
    ]
    more = {"before_header": "more", "after_header": "more", "after": ""}
    assert diff(plans, 3) == rows
    assert diff(plans, 1) == [rows[0], {**more, "before": "... and 2 more projects, hidden by return_limit\n"}]


def test_a_diff_can_not_move_the_cursor_of_a_terminal() -> None:
    rules = DesiredRules(RuleKind.TAG, (), exclusive=True)
    rule = ProtectionRule("v\\d\x1b[2K\tb\n+ c\u202e", push="owner", delete="admin", id=7)
    [row] = diff([plan_project(found(PROJECT, (rule,)), DesiredSettings(tag_protection=rules))], 1)
    assert row["before"] == r"tag_protection v\d\x1b[2K\tb\n+ c\u202e: push: owner, delete: admin" + "\n"


@pytest.mark.parametrize(
    ("value", "text"), [(None, "null"), (True, "true"), (False, "false"), (0, "0"), ("V1", "V1"), ("", "")]
)
def test_values_as_people_write_them(value: Any, text: str) -> None:
    assert written(value) == text


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ({"name_regex_delete": "("}, "name_regex_delete '(' is not a valid RE2 pattern: missing ): (."),
        (
            {"name_regex_keep": "a(?=b)"},
            "name_regex_keep 'a(?=b)' is not a valid RE2 pattern: invalid perl operator: (?= (RE2 has no look-around).",
        ),
        (
            {"enabled": True, "name_regex_delete": " "},
            "name_regex_delete is empty: an enabled policy needs a pattern, such as .*",
        ),
    ],
)
def test_policies_that_no_project_could_have(policy: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_policy(policy)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "policy",
    [{}, {"enabled": True}, {"enabled": False, "name_regex_delete": ""}, {"keep_n": 3}, {"name_regex_keep": None}],
)
def test_policies_that_some_project_could_have(policy: dict[str, Any]) -> None:
    check_policy(policy)


def test_values_in_no_known_list() -> None:
    assert policy_lint_warnings({"keep_n": 5, "older_than": "60d", "cadence": "3month", "name_regex_delete": "x"}) == []
    assert policy_lint_warnings({"keep_n": None, "older_than": None}) == []
    last_word = "GitLab itself decides."
    assert policy_lint_warnings({"keep_n": 3, "older_than": "5d", "cadence": "2d"}) == [
        f"cadence is 2d, and the known releases of GitLab accept 1d, 7d, 14d, 1month, 3month: {last_word}",
        f"keep_n is 3, and the known releases of GitLab accept 1, 5, 10, 25, 50, 100: {last_word}",
        f"older_than is 5d, and the known releases of GitLab accept 7d, 14d, 30d, 60d, 90d: {last_word}",
    ]


def test_too_many_projects_that_would_change() -> None:
    desired = DesiredSettings(access_level="private")
    plans = [plan_project(ObservedProject(PROJECT._replace(access_level=level)), desired) for level in LEVELS_THERE]
    assert [plan.action for plan in plans] == [ProjectAction.UPDATE, ProjectAction.NONE, ProjectAction.UPDATE]
    assert refusals_of(plans, None) == refusals_of(plans, 2) == []
    assert refusals_of(plans, 1) == ["2 projects would be changed, more than max_changed_projects 1"]


def test_how_many_projects_have_which_visibility() -> None:
    desired = DesiredSettings(access_level="private")
    levels_there = (*LEVELS_THERE, None)
    plans = [plan_project(ObservedProject(PROJECT._replace(access_level=level)), desired) for level in levels_there]
    assert access_level_counts(plans) == {
        "before": {"disabled": 1, "enabled": 1, "private": 1, "unknown": 1},
        "after": {"private": 3, "unknown": 1},
    }
