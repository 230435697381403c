# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""registry_visibility: few requests, nothing but that one key, and a true word on every project."""

from __future__ import annotations

from typing import Any

from tests.integration.driver import Ansible
from tests.integration.repeated import Step, asked, methods, outcomes, scene, story, writes
from tests.integration.scenarios import fleet, server
from tests.simulator.harness import Simulator

MODULE = "registry_visibility"
APP, OTHER, TOOL = "team/app", "team/new", "team/sub/tool"
PRIVATE = {"access_level": "private"}
GROUP = {"group": "team", **PRIVATE}
# Whatever is more or less than this one key is refused.
ONE_KEY = {
    "method": "PUT",
    "body": r'^(?!\{"container_registry_access_level": *"private"\}$)',
    "action": "status",
    "status": 400,
}


def some(**changes: Any) -> dict[str, Any]:
    """Three projects of a group that differ and one that does not, an archived one, a shared one, and a hidden one."""
    scenario = server([], **changes)
    scenario["groups"].append({"id": 13, "path": "secret"})
    scenario["projects"] = [
        {"id": 1, "path": APP},
        {"id": 2, "path": TOOL},
        {"id": 3, "path": "team/web", "access_level": "private"},
        {"id": 4, "path": "team/old", "archived": True},
        {"id": 5, "path": "other/lib", "shared_with": ["team"]},
        {"id": 6, "path": OTHER, "former_paths": ["team/before"]},
        {"id": 7, "path": "secret/thing"},
    ]
    return scenario


def levels(rows: list[Any]) -> list[str]:
    return [row["container_registry_access_level"] for row in rows]


def of_put(path: str, action: str, **fields: Any) -> dict[str, Any]:
    return {"method": "PUT", "path": f"{path}$", "action": action, **fields}


def refusal(path: str, status: int, text: str) -> dict[str, Any]:
    return of_put(path, "status", status=status, json={"message": text})


def test_a_group_costs_two_requests_for_each_hundred_projects(ansible: Ansible, simulator: Simulator) -> None:
    projects = fleet(250, access_level="private")
    for project in projects[7:10]:
        project["access_level"] = "enabled"
    one = {"project": ["team/sub/p0001"], **PRIVATE}
    simulator.load(server([], projects=projects))
    simulator.faults([ONE_KEY])
    alone, check, run, again = story(
        ansible,
        simulator,
        MODULE,
        Step(one),
        Step(GROUP, check=True),
        Step({**GROUP, "return_limit": 2}, after=[f"projects/{project['id']}" for project in projects[7:10]]),
        Step(GROUP),
    )
    assert methods(alone.log) == ["GET"]
    assert alone.result["changed"] is False
    # All pages but the last are read twice, since they may shift meanwhile.
    assert methods(check.log) == methods(again.log) == ["GET"] * 5
    assert methods(run.log) == [*["GET"] * 5, *["PUT"] * 3, *["GET"] * 3]
    assert levels(run.read) == ["private"] * 3
    paths = sorted(project["path"] for project in projects[7:10])
    shown = [
        {
            "before_header": path,
            "after_header": path,
            "before": "access_level: enabled\n",
            "after": "access_level: private\n",
        }
        for path in paths
    ]
    assert check.result["diff"] == shown
    assert run.result["diff"][:2] == shown[:2]
    assert check.result["changed"] is run.result["changed"] is True
    assert check.result["totals"] == run.result["totals"]
    assert run.result["totals"] == {"projects": 250, "differing": 3, "as_wanted": 247, "unknown": 0, "archived": 0}
    assert check.result["access_levels"] == {"before": {"enabled": 3, "private": 247}, "after": {"private": 250}}
    assert len(check.result["projects"]) == 100
    assert len(run.result["projects"]) == 2
    assert run.result["truncated"] is True
    assert again.result["changed"] is False
    assert again.result["diff"] == []


def test_what_belongs_to_a_group_and_what_has_a_name(ansible: Ansible, simulator: Simulator) -> None:
    every = [f"projects/{number}" for number in (1, 2, 4, 5, 6)]
    group, named, kept, moved, missing, whole, single = story(
        ansible,
        simulator,
        MODULE,
        Step(GROUP, scene(some()), every),
        Step({"project": ["team/old", "4"], **PRIVATE}),
        Step({"project": ["team/old"], "access_level": "enabled"}),
        Step({"project": ["team/before"], **PRIVATE}),
        Step({"project": ["team/app", "secret/thing", "team/nothing"], **PRIVATE}, scene(some()), ["projects/1"]),
        Step(GROUP, scene(some(registry={"enabled": False}))),
        Step({"project": [APP], **PRIVATE}),
    )
    assert levels(group.read) == ["private", "private", "enabled", "enabled", "private"]
    assert group.result["archived"] == ["team/old"]
    assert group.result["totals"] == {"projects": 4, "differing": 3, "as_wanted": 1, "unknown": 0, "archived": 1}
    assert named.task.failed
    assert "project team/old: it is archived" in named.message
    assert writes(named.log) == []
    assert [row["action"] for row in named.result["projects"]] == ["unknown"]
    assert kept.task.status == "ok"
    assert [row["path"] for row in moved.result["projects"]] == [OTHER]
    assert "team/before is team/new now" in str(moved.result["warnings"])
    assert missing.task.failed
    assert missing.result["result"] == "partial"
    assert missing.result["changed"] is True
    assert levels(missing.read) == ["private"]
    assert outcomes(missing.task, "path") == {APP: "changed"}
    assert [(row["name"], row["status"]) for row in missing.result["errors"]] == [
        ("secret/thing", 404),
        ("team/nothing", 404),
    ]
    assert "secret/thing" in missing.message
    for told in (whole, single):
        assert told.task.failed
        assert told.result["result"] == "failed"
        assert "this GitLab has no container registry" in told.message
        assert writes(told.log) == []


def test_trouble_with_one_project_stays_with_that_project(ansible: Ansible, simulator: Simulator) -> None:
    three = [f"projects/{number}" for number in (1, 6, 2)]
    quick = {**GROUP, "retries": 0}
    silent = of_put("/2", "json", json={})
    unread = {"method": "GET", "path": "/projects/2$", "action": "status", "status": 500}
    forbidden, lost, gone, ignored, unseen, html = story(
        ansible,
        simulator,
        MODULE,
        Step(GROUP, scene(some(), refusal("/2", 403, "403 Forbidden")), three),
        Step(GROUP, scene(some(), of_put("/2", "reset_after", first=1)), three),
        Step(quick, scene(some(), of_put("/2", "reset_before")), three),
        Step(GROUP, scene(some(), silent), three),
        Step({"project": [TOOL, APP], **PRIVATE, "retries": 0}, scene(some(), unread), three),
        Step(quick, scene(some(), of_put("/2", "html")), three),
    )
    for told in (forbidden, gone, ignored, html):
        assert told.task.failed
        assert told.result["result"] == "partial"
        assert told.result["changed"] is True
        assert levels(told.read) == ["private", "private", "enabled"]
        assert [(row["path"], row["outcome"]) for row in told.result["outcome"]] == [
            (TOOL, "not_changed"),
            (APP, "changed"),
            (OTHER, "changed"),
        ]
        assert "2 of 3 projects were changed as planned" in told.message
        assert "team/sub/tool is not_changed" in told.message
    assert "403 Forbidden" in forbidden.message
    assert "Maintainer" in forbidden.message
    assert lost.task.status == "ok"
    assert levels(lost.read) == ["private"] * 3
    assert set(outcomes(lost.task, "path").values()) == {"changed"}
    assert unseen.task.failed
    assert outcomes(unseen.task, "path") == {TOOL: "unverified", APP: "changed"}
    assert levels(unseen.read) == ["private", "enabled", "private"]


def test_a_token_that_is_refused_on_the_way(ansible: Ansible, simulator: Simulator) -> None:
    three = [f"projects/{number}" for number in (1, 6, 2)]
    unauthorized = refusal("/6", 401, "401 Unauthorized")
    midway, developer, reader = story(
        ansible,
        simulator,
        MODULE,
        Step({**GROUP, "concurrency": 1}, scene(some(), unauthorized), three),
        Step({**GROUP, "api_token": "glpat-dev"}, scene(some()), three),
        Step({"project": [APP], **PRIVATE, "api_token": "glpat-reader"}, (), three),
    )
    assert midway.task.failed
    assert midway.result["result"] == "partial"
    assert methods(midway.log) == ["GET", "PUT", "PUT"]
    assert levels(midway.read) == ["private", "enabled", "enabled"]
    found = {row["path"]: row for row in midway.result["outcome"]}
    assert found[APP]["outcome"] == "unverified"
    assert "changed as far as GitLab said" in found[APP]["message"]
    assert "401" in found[OTHER]["message"]
    assert found[TOOL]["outcome"] in ("not_changed", "unverified")
    assert "not tried" in found[TOOL]["message"]
    for told in (developer, reader):
        assert told.task.failed
        assert levels(told.read) == ["enabled"] * 3
        assert set(outcomes(told.task, "path").values()) == {"not_changed"}
        assert "role Maintainer" in told.message
        assert "403" in told.message
    assert "insufficient_scope" in reader.message


def test_what_is_refused_is_refused_in_both_modes(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(some())
    job = {"environment": {"GITLAB_TOKEN": "", "CI_JOB_TOKEN": "job-token"}}
    check, run, enough, by_job, bare, both, neither, level = story(
        ansible,
        simulator,
        MODULE,
        Step({**GROUP, "max_changed_projects": 2}, check=True),
        Step({**GROUP, "max_changed_projects": 2}, after=["projects/1", "projects/2", "projects/6"]),
        Step({**GROUP, "max_changed_projects": 3}, check=True),
        Step({"project": [APP], **PRIVATE}, keywords=job),
        Step({"project": ["app"], **PRIVATE}),
        Step({**GROUP, "project": [APP]}),
        Step(PRIVATE),
        Step({"group": "team", "access_level": "public"}),
    )
    for told in (check, run):
        assert told.task.failed
        assert told.result["result"] == "refused"
        assert told.result["changed"] is False
        assert told.result["diff"] == []
        assert "3 projects would be changed, more than max_changed_projects 2" in told.message
        assert writes(told.log) == []
    assert check.message == run.message
    assert check.result["projects"] == run.result["projects"]
    assert levels(run.read) == ["enabled"] * 3
    assert enough.task.status == "ok"
    for told, text in (
        (by_job, "can't be read or changed with a CI/CD job token"),
        (bare, "'app' is a name without its group"),
        (both, "mutually exclusive: project|group"),
        (neither, "one of the following is required: project, group"),
        (level, "value of access_level must be one of"),
    ):
        assert told.task.failed
        assert text in told.message
        assert asked(told.log, "GET", "") == writes(told.log) == []
