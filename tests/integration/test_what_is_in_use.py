# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What runs somewhere or lives in git stays, and where that is not known nothing goes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.driver import Ansible, Task
from tests.integration.repeated import Shelf, asked, refused, repeated, run_all
from tests.integration.scenarios import days_ago, repository, server, tag, team
from tests.simulator.contents import INDEX
from tests.simulator.harness import Simulator

MODULE = "registry_cleanup"
PARAMS: dict[str, Any] = {"group": "team", "name_regex_delete": "dev-.*", "older_than": "30d"}


def reasons(task: Task, path: str = "team/app") -> dict[str, str]:
    rows = [*task.result["plan"]["delete"], *task.result["plan"]["keep"]]
    return {row["name"]: row["reason"] for row in rows if row["repository"] == path and row["name"] != "latest"}


def test_what_runs_stays(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    pinned = next(row["digest"] for row in simulator.tags("team/app") if row["name"] == "dev-2")
    lost = "registry.example.com/team/app/web@sha256:" + "0" * 64
    sources = [
        {"name": "web-1", "images": ["registry.example.com:5050/team/app:dev-1", lost]},
        {"name": "web-2", "images": [f"team/app@{pinned}"]},
    ]
    options = {**PARAMS, "in_use_sources": sources, "in_use_sources_expected": ["web-1", "web-2"]}
    found = repeated(ansible, simulator, MODULE, options, "plan")
    told = reasons(found.run)
    assert (told["dev-1"], told["dev-2"], told["dev-3"]) == ("in_use", "in_use", "expired")
    assert found.run.result["in_use"] == {
        "references": 3,
        "elsewhere": 0,
        "missing": [],
        "untagged": [lost],
        "pinned": [],
        "lost": [],
    }
    left = [row["name"] for row in simulator.tags("team/app")]
    assert {"dev-1", "dev-2"} <= set(left)
    assert "dev-3" not in left


@pytest.mark.parametrize(
    "image",
    [
        "acme.io/shop:blue",
        "registry.example.com/acme.io/shop:blue",
        "REGISTRY.example.com.:5050/Acme.io/Shop:blue",
        "harbor.corp/gitlab/acme.io/shop:blue",
        "https://[2001:db8::1]:5000/acme.io/shop:blue",
    ],
)
def test_a_group_that_looks_like_a_host_and_a_mirror_keep_what_they_may_mean(
    ansible: Ansible, simulator: Simulator, image: str
) -> None:
    scenario = server([repository(200, "acme.io/shop", "", [tag("blue", 90), tag("green", 90), tag("main", 1)])])
    scenario["groups"].append({"id": 20, "path": "acme.io", "members": {"ops": "maintainer"}})
    scenario["projects"].append({"id": 9, "path": "acme.io/shop"})
    simulator.load(scenario)
    options = {"group": "acme.io", "name_regex_delete": "blue|green", "older_than": "30d", "in_use": [image]}
    found = repeated(ansible, simulator, MODULE, options, "plan")
    assert reasons(found.run, "acme.io/shop") == {"blue": "in_use", "green": "expired", "main": "no_match"}
    assert [row["name"] for row in simulator.tags("acme.io/shop")] == ["blue", "main"]


def test_a_source_that_did_not_tell_refuses_everything(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    good = {"name": "web-1", "images": ["team/app:dev-1"]}
    tasks = refused(
        ansible,
        simulator,
        MODULE,
        {**PARAMS, "in_use_sources": [good], "in_use_sources_expected": ["web-1", "web-2"]},
        {**PARAMS, "in_use_sources": [good], "in_use_sources_expected": 2},
        {**PARAMS, "in_use_sources": [good, {"name": "web-2"}]},
        {
            **PARAMS,
            "in_use_sources": [good, {"name": "web-2", "images": ["team/app:v1"], "failed": "unreachable"}],
        },
    )
    words = ("web-2 of images in use is expected", "2 sources", "web-2 of images in use is empty", "unreachable")
    for task, word in zip(tasks, words, strict=True):
        assert word in task.message


def test_what_is_no_reference(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    tasks = run_all(
        ansible,
        MODULE,
        [{**PARAMS, "in_use": ["<none>"]}, {**PARAMS, "in_use_sources_expected": {"a": 1}}],
    )
    assert "in_use holds '<none>'" in tasks[0].message
    assert "neither a list of names nor a number" in tasks[1].message
    assert simulator.counters()["total"] == 0


def test_without_a_database_a_child_in_use_keeps_its_index(ansible: Ansible, simulator: Simulator) -> None:
    index = tag(
        "dev-multi",
        90,
        media_type=INDEX,
        children=[{"platform": "linux/amd64", "image": "shared", "config_created": days_ago(80), "size": 7}],
    )
    simulator.load(
        server(
            [
                repository(
                    100,
                    "team/app",
                    "",
                    [index, tag("dev-1", 80, image="shared", size=7), tag("dev-2", 70), tag("v1", 1)],
                )
            ],
            mode="M2",
        )
    )
    child = next(row["digest"] for row in simulator.tags("team/app") if row["name"] == "dev-1")
    [check] = run_all(ansible, MODULE, [{**PARAMS, "in_use": [f"team/app@{child}"]}], check_mode=True)
    assert check.status == "ok", check.message
    assert {name: reason for name, reason in reasons(check).items() if name.startswith("dev")} == {
        "dev-multi": "in_use",
        "dev-1": "in_use",
        "dev-2": "expired",
    }


def test_what_lives_in_git_stays(ansible: Ansible, simulator: Simulator) -> None:
    scenario = team()
    scenario["projects"][0] |= {
        "branches": ["dev/1", *(f"b{number}" for number in range(150))],
        "git_tags": ["dev-3"],
        "merge_requests": [{"source_branch": "dev-2"}, {"source_branch": "dev-3", "state": "merged"}],
    }
    simulator.load(scenario)
    options = {**PARAMS, "project": ["team/app"], "keep_refs": ["branches", "merge_requests"]}
    del options["group"]
    found = repeated(ansible, simulator, MODULE, options, "plan")
    told = reasons(found.run)
    assert (told["dev-1"], told["dev-2"], told["dev-3"]) == ("active_ref", "active_ref", "expired")
    # A page that asks for keyset; since this server has none for branches, the second page and the first one again.
    assert len([entry for entry in found.log if "/repository/branches" in entry["path"]]) == 3
    assert len([entry for entry in found.log if "/merge_requests" in entry["path"]]) == 1


def test_in_a_fork_a_branch_keeps_what_a_merge_request_may(ansible: Ansible, simulator: Simulator) -> None:
    """Its merge requests may be in the project that it was forked from."""
    scenario = team()
    scenario["projects"][0] |= {"branches": ["dev-1"], "merge_requests": [], "forked_from": "away/app"}
    simulator.load(scenario)
    options = {**PARAMS, "keep_refs": ["merge_requests"]}
    told = reasons(repeated(ansible, simulator, MODULE, options, "plan").run)
    assert (told["dev-1"], told["dev-2"]) == ("active_ref", "expired")


def test_where_refs_cannot_be_read_nothing_of_the_project_goes(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    simulator.faults([{"path": "/projects/1/repository/branches", "action": "status", "status": 403, "json": {}}])
    options = {**PARAMS, "keep_refs": ["branches"]}
    [run] = run_all(ansible, MODULE, [options])
    assert run.failed
    assert run.result["result"] == "partial"
    assert "list the branches of project 1" in run.message
    assert {row["listing"] for row in run.result["plan"]["repositories"] if row["project_id"] == 1} == {"unread"}
    assert simulator.counters()["writes"] == 0


def test_with_a_database_the_registry_tells_what_an_index_holds(ansible: Ansible, simulator: Simulator) -> None:
    inside = {"platform": "linux/amd64", "image": "shared", "config_created": days_ago(80), "size": 7}
    tags = [
        tag("dev-multi", 90, media_type=INDEX, children=[inside]),
        tag("dev-other", 90, media_type=INDEX),
        tag("dev-1", 80, image="shared", size=7),
        tag("dev-2", 70),
        tag("v1", 1),
    ]
    simulator.load(server([repository(100, "team/app", "", tags)]))
    shelf = Shelf(simulator, "team/app")
    child, plain = shelf.digest("dev-1"), shelf.manifest("dev-2")["config"]["digest"]
    by_child, by_id = run_all(
        ansible,
        MODULE,
        [{**PARAMS, "in_use": [f"team/app@{child}"]}, {**PARAMS, "in_use": [plain]}],
        check_mode=True,
    )
    told = reasons(by_child)
    assert (told["dev-multi"], told["dev-1"]) == ("in_use", "in_use")
    assert (told["dev-other"], told["dev-2"]) == ("expired", "expired")
    # The id of a multi-platform image is that of one of its images.
    told = reasons(by_id)
    assert (told["dev-2"], told["dev-1"]) == ("in_use", "expired")
    assert (told["dev-multi"], told["dev-other"]) == ("unknown_in_use", "unknown_in_use")
    simulator.faults([{"kind": "token", "action": "status", "status": 403}])
    [blind] = run_all(ansible, MODULE, [{**PARAMS, "in_use": [f"team/app@{child}"]}], check_mode=True)
    told = reasons(blind)
    assert (told["dev-1"], told["dev-multi"], told["dev-other"]) == ("in_use", "unknown_in_use", "unknown_in_use")
    assert told["dev-2"] == "expired"


def test_what_is_deployed_stays(ansible: Ansible, simulator: Simulator) -> None:
    tags = [tag(f"dev-{number}", 90) for number in range(8)] + [tag("main", 90), tag("v1", 1)]
    others = [tag("dev-1", 90), tag("v1", 1)]
    scenario = server([repository(100, "team/app", "", tags), repository(200, "team/sub/tool", "", others)])

    def deployed(environment: str, number: int, status: str = "success") -> dict[str, Any]:
        return {"environment": environment, "sha": f"{number}" * 40, "ref": f"dev-{number}", "status": status}

    scenario["projects"][0] |= {
        "environments": ["production", "staging", "review/old"],
        "stopped": ["review/old"],
        "deployments": [
            deployed("production", 1),
            deployed("production", 2),
            deployed("production", 3),
            deployed("production", 4, "failed"),
            deployed("production", 5, "running"),
            deployed("staging", 6, "blocked"),
            deployed("review/old", 7),
        ],
    }
    simulator.load(scenario)
    found = repeated(ansible, simulator, MODULE, {**PARAMS, "keep_deployments": 2}, "plan")
    told = reasons(found.run)
    assert {name for name, reason in told.items() if reason == "deployed"} == {"dev-2", "dev-3", "dev-5", "dev-6"}
    assert {name for name, reason in told.items() if reason == "expired"} == {"dev-0", "dev-1", "dev-4", "dev-7"}
    assert reasons(found.run, "team/sub/tool") == {"dev-1": "expired", "v1": "no_match"}
    assert len(asked(found.log, "GET", "/deployments")) == 2
    simulator.load(scenario)
    simulator.faults([{"path": "/projects/1/deployments", "action": "status", "status": 403, "json": {}}])
    by_commit = {**PARAMS, "name_regex_delete": "app-.*", "keep_deployments": 1, "ref_match": "suffix"}
    simulator.edit_tags("team/sub/tool", put=[tag("app-22222222", 90)])
    unread, job, negative = run_all(
        ansible,
        MODULE,
        [
            {**by_commit, "on_error": "report"},
            {"project": "team/app", "name_regex_delete": "dev-.*", "keep_deployments": 1, "api_job_token": "job-token"},
            {**PARAMS, "keep_deployments": -1},
        ],
        check_mode=True,
    )
    assert unread.result["result"] == "partial"
    assert "list the deployments of production of project 1" in unread.result["plan"]["repositories"][0]["error"]
    assert "is not available with a CI/CD job token" in job.message
    assert "can't be negative" in negative.message


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_what_runs_without_a_tag_gets_one(ansible: Ansible, simulator: Simulator, mode: str, tmp_path: Path) -> None:
    simulator.load(server([repository(100, "team/app", "", [tag("dev-1", 90), tag("v1", 1)])], mode=mode))
    shelf = Shelf(simulator, "team/app")
    running = shelf.digest("dev-1")
    again = tag("dev-1", 80, image="another")
    simulator.edit_tags("team/app", put=[again])
    lost = "team/app@sha256:" + "0" * 64
    journal = tmp_path / "journal"
    options = {**PARAMS, "in_use": [f"team/app@{running}", lost], "pin_untagged_in_use": True}
    options["journal_path"] = str(journal)
    found = repeated(ansible, simulator, MODULE, options, "plan")
    name = "in-use-" + str(running).removeprefix("sha256:")
    assert found.check.result["in_use"] == found.run.result["in_use"]
    row = {"repository": "team/app", "name": name, "digest": running}
    assert found.run.result["in_use"]["pinned"] == [row]
    assert found.run.result["in_use"]["lost"] == [lost]
    assert found.run.result["outcome"]["pinned"] == [{**row, "outcome": "written", "message": ""}]
    assert shelf.digest(name) == running
    assert name in str(found.run.result["diff"])
    assert found.again.result["in_use"]["pinned"] == []
    told = [json.loads(line) for line in journal.read_text().splitlines()]
    assert [row["event"] for row in told][:4] == ["start", "pinning", "pinned", "delete_requested"]
    assert {**row, "outcome": "written"}.items() <= told[2].items()
    # The tag is there before anything goes.
    wrote = [entry["path"] for entry in found.log if entry["write"] and "/jwt/" not in entry["path"]]
    assert wrote[0].endswith(f"/manifests/{name}")
    assert len(wrote) == 2
    # What is in use stays, also when a rule would take it, and goes when it is not in use any more.
    simulator.clock(advance=40 * 86400)
    rule = {"group": "team", "name_regex_delete": "in-use-.*", "older_than": "30d"}
    held, free = run_all(ansible, MODULE, [{**rule, "in_use": [f"team/app@{running}"]}, rule], check_mode=True)
    assert reasons(held)[name] == "in_use"
    assert reasons(free)[name] == "expired"


def test_what_can_get_no_tag_is_told(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    running = Shelf(simulator, "team/app").digest("dev-1")
    simulator.edit_tags("team/app", remove=["dev-1"])
    options = {**PARAMS, "in_use": [f"team/app@{running}"], "pin_untagged_in_use": True}
    unreachable, bulk = run_all(
        ansible,
        MODULE,
        [{**options, "registry_url": "http://127.0.0.1:9", "retries": 0}, {**options, "delete_via": "bulk"}],
    )
    assert unreachable.result["result"] == "refused"
    assert "pin_untagged_in_use needs the registry itself" in unreachable.message
    assert "can't be used with delete_via bulk" in bulk.message
    assert simulator.counters()["writes"] == 0
    taken = "in-use-" + str(running).removeprefix("sha256:")
    simulator.edit_tags("team/app", put=[tag(taken, 1)])
    [task] = refused(ansible, simulator, MODULE, options)
    assert f"team/app@{running} is in use without a tag, and team/app:{taken} is another image" in task.message
    simulator.edit_tags("team/app", remove=[taken])
    denied = {"errors": [{"code": "DENIED", "message": "no"}]}
    refusal = {"action": "status", "status": 403, "json": denied}
    simulator.faults([{"method": "PUT", "path": "/manifests/in-use-", **refusal}])
    [failed] = run_all(ansible, MODULE, [options])
    assert failed.failed
    assert failed.result["result"] == "partial"
    assert f"1 of 1 image in use got no tag; first team/app@{running}" in failed.message
    assert failed.result["outcome"]["pinned"][0]["outcome"] == "not_written"
    assert failed.result["outcome"]["counts"]["deleted"] > 0
