# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The info module: what it reads, what it says of what it could not read, and how few requests it takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.driver import Ansible
from tests.integration.repeated import run_all
from tests.integration.scenarios import days_ago, repository, server, tag, team
from tests.simulator.harness import Simulator

INFO = "registry_info"


def test_the_repositories_of_a_group_in_two_requests(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    found = ansible.module(INFO, {"group": "team"})
    assert [row["path"] for row in found.result["repositories"]] == ["team/app", "team/app/web", "team/sub/tool"]
    counts = ("projects", "repositories", "repositories_unread", "tags", "size", "bytes")
    assert [found.result["totals"][name] for name in counts] == [2, 3, 0, None, None, None]
    assert found.result["requests"] == simulator.counters()["total"] == 2
    assert found.result["changed"] is False


@pytest.mark.parametrize("scope", [{"group": "10"}, {"project": ["team/app", "2"]}, {"repository_id": [100, 101, 102]}])
def test_every_scope_finds_the_same(ansible: Ansible, simulator: Simulator, scope: dict[str, Any]) -> None:
    simulator.load(team())
    found = ansible.module(INFO, scope)
    assert [row["id"] for row in found.result["repositories"]] == [100, 101, 102]


def with_a_user() -> dict[str, Any]:
    """The team's server, a project of a user with a repository, and an administrator whose token is an ordinary one."""
    scenario = team()
    scenario["groups"].append({"id": 13, "path": "dora", "kind": "user", "members": {"dev": "owner"}})
    scenario["projects"].append({"id": 4, "path": "dora/own"})
    scenario["repositories"].append(repository(104, "dora/own", "", [tag("v1", 5)]))
    scenario["tokens"].append({"token": "glpat-modest", "user": "root", "scopes": ["api"]})
    return scenario


def test_an_administrator_reads_the_whole_instance(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(with_a_user())
    whole = {"instance": True, "api_token": "glpat-root"}
    projects, repositories = run_all(ansible, INFO, [{**whole, "gather": ["projects"]}, whole])
    paths = ["dora/own", "other/lib", "team/app", "team/sub/tool"]
    assert [row["path"] for row in projects.result["projects"]] == paths
    # The user, a page, and the empty page at its end.
    assert projects.result["requests"] == 3
    assert [row["path"] for row in repositories.result["repositories"]] == [*paths[:3], "team/app/web", paths[3]]
    # And one for each of the groups team and other, and for the project of a user.
    assert repositories.result["requests"] == 6


INSTANCE: list[tuple[dict[str, Any], str]] = [
    ({"instance": True}, "the rights of an administrator, and other users see only a part of them"),
    ({"instance": True, "api_token": "glpat-modest"}, "with the scope admin_mode if Admin Mode is enabled"),
    ({"instance": True, "api_token": "glpat-root", "api_url": "https://gitlab.com"}, "gitlab.com shows nobody all"),
    ({"instance": True, "group": "team"}, "group and instance can't be combined"),
    ({"instance": True, "project": ["team/app"]}, "project and instance can't be combined"),
    ({"instance": True, "api_job_token": "job-token"}, "instance can't be read with a CI/CD job token"),
    ({"instance": False}, "one of the following is required: project, group, repository_id, instance"),
    ({}, "one of the following is required: project, group, repository_id, instance"),
]


def test_the_instance_is_refused_where_a_part_would_look_like_all(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(with_a_user())
    for (options, text), task in zip(INSTANCE, run_all(ansible, INFO, [case for case, _text in INSTANCE]), strict=True):
        assert task.failed, options
        assert text in task.message
    # Two were asked who they are.
    assert [entry["path"] for entry in simulator.requests()] == ["/api/v4/user"] * 2
    assert ansible.module(INFO, {"instance": False, "group": "team"}).status == "ok"


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_details_of_tags(ansible: Ansible, simulator: Simulator, mode: str) -> None:
    pushed = tag("v1", 100, updated_at=days_ago(3), digest="sha256:" + "1" * 64, size=1234)
    simulator.load(server([repository(100, "team/app", "", [pushed, tag("v2", 5)])], mode=mode))
    found = ansible.module(INFO, {"group": "team", "gather": ["tag_details"], "read_via": "graphql"})
    [row] = found.result["repositories"]
    assert row["listing"] == "complete"
    assert row["tags_count"] == 2
    assert row["date_source"] == {"M1": "published", "M2": "built"}[mode]
    [v1, v2] = row["tags"]
    assert v1["digest"] == "sha256:" + "1" * 64
    # Without a database GitLab does not know the whole size.
    assert v1["size"] > 1234 if mode == "M1" else v1["size"] is None
    assert v1["date"] == {"M1": days_ago(3), "M2": days_ago(100)}[mode]
    assert v1["created_at"] == days_ago(100)
    assert v1["published_at"] == {"M1": days_ago(3), "M2": None}[mode]
    assert v2["date"] == days_ago(5)


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_named_tags_of_one_repository(ansible: Ansible, simulator: Simulator, mode: str) -> None:
    simulator.load(team(mode))
    found = ansible.module(INFO, {"repository_id": [100], "tag_names": ["latest", "gone"]})
    [row] = found.result["repositories"]
    assert [item["name"] for item in row["tags"]] == ["latest"]
    assert row["tags"][0]["digest"].startswith("sha256:")
    assert row["missing_tags"] == ["gone"]


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_counts_and_sizes(ansible: Ansible, simulator: Simulator, mode: str) -> None:
    simulator.load(team(mode))
    counted = ansible.module(INFO, {"group": "team", "gather": ["tags_count"]})
    assert [row["tags_count"] for row in counted.result["repositories"]] == [10, 3, 1]
    assert counted.result["totals"]["tags"] == 14
    assert [project["tags"] for project in counted.result["projects"]] == [13, 1]
    sized = ansible.module(INFO, {"group": "team", "gather": ["size"]})
    sizes = [row["size"] for row in sized.result["repositories"]]
    assert all(size > 0 for size in sizes) if mode == "M1" else sizes == [None, None, None]


def test_names_alone(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    found = ansible.module(INFO, {"project": "team/app", "gather": ["tags"]})
    assert [item["name"] for item in found.result["repositories"][1]["tags"]] == ["dev-1", "dev-2", "v1"]
    assert simulator.counters()["graphql"] == 0


def test_lists_are_cut_and_the_file_is_whole(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(team())
    path = tmp_path / "registry.jsonl"
    found = ansible.module(
        INFO, {"group": "team", "gather": ["tags"], "return_limit": 2, "output_path": str(path)}, check=True
    )
    assert len(found.result["repositories"]) == 2
    assert found.result["truncated"] is True
    assert len(found.result["repositories"][0]["tags"]) == 2
    assert found.result["repositories"][0]["tags_truncated"] is True
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert [row["type"] for row in rows] == ["audit", *["repository"] * 3, *["project"] * 2, "total"]
    assert [len(row["tags"]) for row in rows[1:4]] == [10, 3, 1]
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".containerops")] == []


def test_what_can_not_be_read_is_told_and_fails(ansible: Ansible, simulator: Simulator) -> None:
    scenario = team("M2")
    scenario["repositories"][0]["registry_state"] = "unreachable"
    simulator.load(scenario)
    options = {"group": "team", "gather": ["tags"], "retries": 0}
    found = ansible.module(INFO, options)
    assert found.failed
    assert found.result["result"] == "partial"
    assert "team/app" in found.message
    assert "503" in found.message
    assert found.result["errors"][0]["repository"] == "team/app"
    assert found.result["repositories"][0]["tags"] is None
    assert found.result["repositories"][0]["listing"] == "unread"
    assert found.result["repositories"][1]["tags_count"] == 3
    tolerant = ansible.module(INFO, {**options, "on_error": "report"})
    assert tolerant.status == "ok"
    assert tolerant.result["result"] == "partial"


def test_disabled_registries_and_deletions_under_way_are_told(ansible: Ansible, simulator: Simulator) -> None:
    scenario = team()
    scenario["projects"][1]["access_level"] = "disabled"
    scenario["repositories"][1]["status"] = "delete_ongoing"
    simulator.load(scenario)
    found = ansible.module(INFO, {"group": "team"})
    assert [row["path"] for row in found.result["repositories"]] == ["team/app"]
    assert found.result["registry_disabled"] == ["team/sub/tool"]
    assert found.result["being_deleted"] == ["team/app/web"]


def test_a_moved_project_is_found_by_its_old_path(ansible: Ansible, simulator: Simulator) -> None:
    scenario = team()
    scenario["projects"][0]["former_paths"] = ["old/place"]
    simulator.load(scenario)
    found = ansible.module(INFO, {"project": "old/place"})
    assert [row["path"] for row in found.result["repositories"]] == ["team/app", "team/app/web"]


def test_an_empty_environment_variable_counts_as_unset(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    environment = {
        "GITLAB_TOKEN": "",
        "CI_JOB_TOKEN": "job-token",
        "GITLAB_API_URL": "",
        "CI_API_V4_URL": simulator.api_url,
    }
    found = ansible.module(INFO, {"project": "team/app"}, env=environment)
    assert found.status == "ok", found.message
    assert {entry["credential"] for entry in simulator.requests()} == {"job-token"}


def test_a_glob_without_a_match_is_a_warning(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    found = ansible.module(INFO, {"group": "team", "repositories": ["team/app", "nothing/*"]})
    assert [row["path"] for row in found.result["repositories"]] == ["team/app"]
    assert "nothing/*" in " ".join(found.result["warnings"])


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_a_preview_lists_no_tags_a_second_time(ansible: Ansible, simulator: Simulator, mode: str) -> None:
    scenario = team(mode)
    scenario["projects"][0]["policy"] = {"name_regex": "v.*", "older_than": "7d"}
    scenario["projects"][1]["policy"] = None
    simulator.load(scenario)
    alone = ansible.module(INFO, {"group": "team", "gather": ["policy_preview"]}).result
    both = ansible.module(INFO, {"group": "team", "gather": ["tags", "policy_preview"]}).result
    assert [row["policy_preview"] is None for row in both["repositories"]] == [False, False, True]
    assert [row["policy_preview"] for row in both["repositories"]] == [
        row["policy_preview"] for row in alone["repositories"]
    ]
    assert all(row["tags"] for row in both["repositories"])
    # The one repository whose project has no policy.
    assert both["requests"] == alone["requests"] + 1


def test_a_registry_that_can_not_be_asked_is_told(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team("M2", registry={"host": "127.0.0.1:1"}))
    found = ansible.module(INFO, {"group": "team", "gather": ["tag_details"]})
    assert found.status == "ok", found.message
    assert found.result["totals"]["repositories_unread"] == 0
    [warning] = [text for text in found.result["warnings"] if "multi-platform" in text.lower()]
    assert "127.0.0.1:1" in warning


def test_a_copy_of_the_registry_is_not_taken_for_it(ansible: Ansible, simulator: Simulator) -> None:
    """It would have other images under the same names."""
    simulator.load(team("M2", registry={"host": "registry.example.com", "auth": "none"}))
    copy = {"registry_url": simulator.url}
    found, told = (
        ansible.module(INFO, {"group": "team", "gather": ["tag_details"], **copy, **via})
        for via in ({}, {"read_via": "registry"})
    )
    assert found.status == "ok", found.message
    assert "GitLab names registry.example.com as its registry" in " ".join(found.result["warnings"])
    assert told.failed
    assert "GitLab names registry.example.com as its registry" in told.message
    assert not [entry for entry in simulator.requests() if entry["path"].startswith("/v2/team")]
    # At another address it is GitLab's own where it wants this GitLab's tokens.
    simulator.load(team("M2", registry={"host": "registry.example.com"}))
    own = ansible.module(INFO, {"group": "team", "gather": ["tag_details"], "read_via": "registry", **copy})
    assert own.status == "ok", own.message
