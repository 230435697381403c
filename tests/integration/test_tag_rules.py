# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A tag under a protection rule of GitLab's stays, whoever asks, whatever release it is and however tags are read."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.driver import Ansible
from tests.integration.scenarios import repository, server, tag
from tests.simulator.harness import Simulator

ADMIN, MAINTAINER, DEVELOPER = "glpat-root", "glpat-integration-secret", "glpat-dev"
RULES = [
    {"pattern": "^keep-", "delete": "owner", "push": "owner"},
    {"pattern": "prod", "immutable": True},
]
TAGS = [tag("keep-1", 200), tag("my-prod-1", 200), tag("old-1", 200), tag("old-2", 200), tag("v1", 1)]
COVERED = {"keep-1", "my-prod-1"}
ORDER: dict[str, Any] = {"project": "team/app", "name_regex_delete": ".*", "older_than": "30d", "retries": 1}
# What the schema of GraphQL has of rules, by release.
LEVELS = ["ContainerProtectionAccessLevel.immutable"]
PROJECTS = [*LEVELS, "ContainerRepositoryTag.protection", "ContainerProtectionTagRule.immutable"]
RELEASES = {"17.8": PROJECTS, "17.9": LEVELS, "17.11": []}


def under_rules(**changes: Any) -> dict[str, Any]:
    scenario = server([repository(100, "team/app", "", TAGS)], **changes)
    scenario["projects"][0]["tag_rules"] = RULES
    return scenario


def before_immutable_rules(release: str) -> dict[str, Any]:
    """The server of a release, which has no immutable rules before 17.11."""
    scenario = under_rules(graphql_missing_fields=RELEASES[release])
    if release != "17.11":
        scenario["projects"][0]["tag_rules"] = [RULES[0], {"pattern": "prod", "delete": "admin", "push": "admin"}]
    return scenario


@pytest.mark.parametrize("token", [ADMIN, MAINTAINER])
@pytest.mark.parametrize("via", ["auto", "graphql", "rest", "registry"])
@pytest.mark.parametrize("release", RELEASES)
def test_what_a_rule_covers_is_kept(ansible: Ansible, simulator: Simulator, release: str, via: str, token: str) -> None:
    simulator.load(before_immutable_rules(release))
    order: dict[str, Any] = {**ORDER, "read_via": via, "api_token": token}
    if via == "rest":
        # It shows no date that decides.
        order = {"project": "team/app", "name_regex_delete": "(keep|my|old)-.*", "read_via": via, "api_token": token}
    elif via == "registry":
        order["timestamp"] = "created"
    check = ansible.module("registry_cleanup", order, check=True)
    assert simulator.counters()["writes"] == 0
    run = ansible.module("registry_cleanup", order)
    assert (check.status, run.status) == ("ok", "ok"), (check.message, run.message)
    assert check.result["plan"] == {**run.result["plan"], "fingerprint": check.result["plan"]["fingerprint"]}
    assert run.result["plan"]["totals"]["reasons"]["gitlab_protected"] == len(COVERED)
    assert [row["name"] for row in run.result["outcome"]["deleted"]] == ["old-1", "old-2"]
    assert simulator.state()["team/app"] == ["keep-1", "my-prod-1", "v1"]
    assert not [note for note in run.result["notes"] if "protection rules" in note]


@pytest.mark.parametrize("token", [ADMIN, MAINTAINER])
@pytest.mark.parametrize("via", ["auto", "graphql", "rest", "registry"])
def test_rules_hold_without_a_database(ansible: Ansible, simulator: Simulator, via: str, token: str) -> None:
    """They are made with one, and hold as long as they are there: GitLab looks at them alone."""
    simulator.load(under_rules(mode="M2"))
    order = {**ORDER, "read_via": via, "api_token": token}
    check = ansible.module("registry_cleanup", order, check=True)
    run = ansible.module("registry_cleanup", order)
    assert (check.status, run.status) == ("ok", "ok"), (check.message, run.message)
    assert check.result["plan"]["totals"] == run.result["plan"]["totals"]
    assert run.result["plan"]["totals"]["reasons"]["gitlab_protected"] == len(COVERED)
    assert simulator.state()["team/app"] == ["keep-1", "my-prod-1", "v1"]


def test_a_release_without_rules_keeps_nothing_for_them(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(server([repository(100, "team/app", "", TAGS)], generation="G17"))
    run = ansible.module("registry_cleanup", {**ORDER, "api_token": ADMIN})
    assert run.status == "ok", run.message
    assert simulator.state()["team/app"] == ["v1"]


def test_no_rule_keeps_no_tag_where_every_tag_has_a_protection(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(server([repository(100, "team/app", "", TAGS)], graphql_missing_fields=LEVELS))
    run = ansible.module("registry_cleanup", {**ORDER, "api_token": ADMIN})
    assert run.status == "ok", run.message
    assert simulator.state()["team/app"] == ["v1"]


@pytest.mark.parametrize("release", RELEASES)
def test_a_named_tag_under_a_rule_is_refused(ansible: Ansible, simulator: Simulator, release: str) -> None:
    simulator.load(before_immutable_rules(release))
    order = {"repository": "team/app", "name": "keep-1", "state": "absent", "api_token": ADMIN}
    for check in (True, False):
        run = ansible.module("registry_tag", order, check=check)
        assert run.failed
        assert "team/app:keep-1 is under a tag protection rule" in run.message
    assert simulator.counters()["writes"] == 0


@pytest.mark.parametrize("release", RELEASES)
def test_a_repository_is_not_emptied_of_them(ansible: Ansible, simulator: Simulator, release: str) -> None:
    simulator.load(before_immutable_rules(release))
    order = {"repository": "team/app", "state": "empty", "api_token": ADMIN}
    run = ansible.module("registry_repository", order)
    assert run.status == "ok", run.message
    assert simulator.state()["team/app"] == ["keep-1", "my-prod-1"]


@pytest.mark.parametrize("release", RELEASES)
def test_a_preview_says_exactly_what_the_policy_keeps(ansible: Ansible, simulator: Simulator, release: str) -> None:
    scenario = before_immutable_rules(release)
    scenario["projects"][0]["policy"] = {"enabled": True, "name_regex": ".*", "keep_n": None, "older_than": "30d"}
    simulator.load(scenario)
    order = {"project": "team/app", "gather": ["policy_preview"], "api_token": ADMIN}
    [row] = ansible.module("registry_info", order).result["repositories"]
    preview = row["policy_preview"]
    assert preview["certainty"] == "exact"
    assert [each["name"] for each in preview["delete"]] == ["old-1", "old-2"]
    simulator.run_policies()
    assert simulator.state()["team/app"] == ["keep-1", "my-prod-1", "v1"]


@pytest.mark.parametrize("way", ["bulk", "bulk_unpinned"])
def test_a_bulk_deletion_of_an_administrator_leaves_them(ansible: Ansible, simulator: Simulator, way: str) -> None:
    simulator.load(under_rules())
    run = ansible.module("registry_cleanup", {**ORDER, "delete_via": way, "api_token": ADMIN})
    if way == "bulk":
        assert run.status == "ok", run.message
        assert simulator.state()["team/app"] == ["keep-1", "my-prod-1", "v1"]
    else:
        assert run.result["result"] == "refused"
        assert "2 tags of team/app for an administrator" in run.message
        assert simulator.counters()["writes"] == 0


@pytest.mark.parametrize("release", RELEASES)
def test_a_developer_is_shown_what_the_run_can_do(ansible: Ansible, simulator: Simulator, release: str) -> None:
    """Only the rules of a project are hidden from a developer. GitLab enforces them."""
    simulator.load(before_immutable_rules(release))
    order = {**ORDER, "api_token": DEVELOPER}
    check = ansible.module("registry_cleanup", order, check=True)
    assert check.status == "ok", check.message
    told = "only to Maintainers of the project" in " ".join(check.result["notes"])
    assert told is (release == "17.8")
    ansible.module("registry_cleanup", order)
    assert simulator.state()["team/app"] == ["keep-1", "my-prod-1", "v1"]


def test_a_job_token_says_that_rules_are_hidden(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(under_rules())
    order = {**ORDER, "api_job_token": "job-token"}
    run = ansible.module("registry_cleanup", order, check=True, env={"GITLAB_TOKEN": None})
    assert run.status == "ok", run.message
    assert "a job token is not accepted by GraphQL" in " ".join(run.result["notes"])


def test_the_rules_of_many_projects_are_read_together(ansible: Ansible, simulator: Simulator) -> None:
    """Ten projects in a request, where tags do not show what covers them."""
    scenario = server([], graphql_missing_fields=PROJECTS)
    scenario["projects"] = [
        {"id": number, "path": f"team/p{number}", "tag_rules": RULES[:1]} for number in range(1, 26)
    ]
    scenario["repositories"] = [repository(100 + number, f"team/p{number}", "", TAGS) for number in range(1, 26)]
    simulator.load(scenario)
    order = {"group": "team", "name_regex_delete": ".*", "older_than": "30d", "api_token": ADMIN}
    run = ansible.module("registry_cleanup", order, check=True)
    assert run.status == "ok", run.message
    assert run.result["plan"]["totals"]["reasons"]["gitlab_protected"] == 25
    # The schema, the rules, and the pages of all repositories.
    assert sum(1 for row in simulator.requests() if row["kind"] == "graphql") == 1 + 3 + 2
