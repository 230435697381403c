# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole repositories: nothing with tags goes unasked, and what GitLab does in the background is told as it is."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.integration.driver import Ansible
from tests.integration.refused import check_refused
from tests.integration.repeated import asked, outcomes, refused, repeated, run_all, writes
from tests.integration.scenarios import SIGNATURE, repository, server, tag
from tests.simulator.harness import Simulator

MODULE = "registry_repository"
APP, WEB, TOOL, BARE = "team/app", "team/app/web", "team/sub/tool", "team/app/bare"
TAGS = [tag("dev-1", 90), tag("latest", 80), tag(SIGNATURE, 80), tag("v1", 1)]


def shelves(mode: str = "M1", **changes: Any) -> dict[str, Any]:
    """Three repositories with tags and one without."""
    return server(
        [
            repository(100, "team/app", "", TAGS),
            repository(101, "team/app", "web", [tag("a", 9), tag("b", 8)]),
            repository(102, "team/sub/tool", "", [tag("main", 10)]),
            repository(104, "team/app", "bare", []),
        ],
        mode=mode,
        **changes,
    )


def absent(*paths: str, **changes: Any) -> dict[str, Any]:
    return {"repository": list(paths), "state": "absent", "wait": False, **changes}


def emptied(*paths: str, **changes: Any) -> dict[str, Any]:
    return {"repository": list(paths), "state": "empty", **changes}


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_only_what_is_proven_empty_goes_unless_forced(ansible: Ansible, simulator: Simulator, mode: str) -> None:
    simulator.load(shelves(mode))
    [task] = refused(ansible, simulator, MODULE, absent(BARE, APP, WEB))
    assert "team/app is not deleted: it has 4 tags" in task.message
    assert "team/app/web is not deleted: it has 2 tags" in task.message
    assert "bare" not in task.message
    assert [row["path"] for row in task.result["repositories"]] == [APP, BARE, WEB]

    bare = repeated(ansible, simulator, MODULE, absent("Team/App/Bare/", "team/app/none", BARE), "repositories")
    assert [(row["path"], row["id"], row["action"]) for row in bare.run.result["repositories"]] == [
        (BARE, 104, "delete"),
        ("team/app/none", None, "none"),
    ]
    assert outcomes(bare.run, "path") == {BARE: "scheduled"}
    assert BARE not in simulator.state()

    options = {"repository_id": [102, 101, 999], "state": "absent", "force": True, "wait": False}
    forced = repeated(ansible, simulator, MODULE, options, "repositories")
    assert outcomes(forced.run, "path") == {WEB: "scheduled", TOOL: "scheduled"}
    assert [row["id"] for row in forced.run.result["repositories"]] == [None, 101, 102]
    # Without a database GitLab needs a second try for what was not empty.
    simulator.run_jobs()
    assert simulator.state() == {APP: sorted(row["name"] for row in TAGS)}


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_emptiness_without_a_witness_is_none(ansible: Ansible, simulator: Simulator, mode: str) -> None:
    states = {"error": TAGS, "unreachable": TAGS}
    rows = [
        repository(200 + number, "team/app", state, tags, registry_state=state)
        for number, (state, tags) in enumerate(states.items())
    ]
    simulator.load(server(rows, mode=mode))
    before = simulator.state()
    cases = [
        absent(f"team/app/{state}", retries=0, **extra) for state in states for extra in ({}, {"empty_first": True})
    ]
    for task in run_all(ansible, MODULE, cases):
        assert task.failed
        assert task.result["result"] == "refused"
        assert "is not deleted" in task.message
    assert writes(simulator.requests()) == []
    simulator.load(shelves(mode, registry={"host": "127.0.0.1:1"}))
    unseen, first = run_all(ansible, MODULE, [absent(BARE), absent(BARE, empty_first=True)])
    for task in (unseen, first):
        assert task.result["result"] == "refused"
        assert "which is also the answer of a failing registry" in task.message
    assert writes(simulator.requests()) == []
    assert BARE in simulator.state()
    assert len(before) == len(states)
    forced = ansible.module(MODULE, absent(BARE, force=True))
    assert forced.status == "ok", forced.message
    assert BARE not in simulator.state()


def test_a_repository_that_the_registry_does_not_know_goes_by_force_alone(
    ansible: Ansible, simulator: Simulator
) -> None:
    """Asking for push made it, or the storage is lost."""
    simulator.load(server([repository(100, "team/app", "", [], registry_state="unknown")]))
    for task in run_all(ansible, MODULE, [absent(APP), absent(APP, empty_first=True)]):
        assert task.result["result"] == "refused"
        assert "the registry does not know it" in task.message
    task = ansible.module(MODULE, {"repository": [APP], "state": "absent", "force": True, "wait_timeout": 30})
    assert task.status == "ok", task.message
    assert outcomes(task, "path") == {APP: "deleted"}


@pytest.mark.sweep(2)
@pytest.mark.parametrize(("mode", "generation"), [("M1", "G18"), ("M2", "G17"), ("M1", "G15")])
def test_a_repository_is_emptied_and_followed_until_it_is_gone(
    ansible: Ansible, simulator: Simulator, mode: str, generation: str
) -> None:
    simulator.load(shelves(mode, generation=generation))
    options = absent(APP, BARE, empty_first=True, wait=True, wait_timeout=30)
    found = repeated(ansible, simulator, MODULE, options, "repositories")
    assert outcomes(found.run, "path") == {APP: "deleted", BARE: "deleted"}
    [app, bare] = found.run.result["repositories"]
    assert (app["action"], app["tags"], app["delete"], app["reasons"]) == ("empty_and_delete", 4, 4, {"matched": 4})
    assert (bare["action"], bare["tags"], bare["delete"]) == ("delete", 0, 0)
    assert sorted(simulator.state()) == [WEB, TOOL]
    # Every tag went one by one, before GitLab was asked for the rest.
    [job] = [job for job in simulator.jobs() if job["repository"] == APP]
    assert job["result"]["deleted"] == []


def test_a_deletion_under_way_is_followed_and_changes_nothing(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(shelves(jobs={"delay": 36000}))
    order = absent(WEB, TOOL, force=True)
    asked_for, seen = run_all(ansible, MODULE, [order, order])
    simulator.clear_log()
    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(ansible.module, MODULE, {**order, "wait": True, "wait_timeout": 60})
        while not following.done():
            # It has seen that the deletions wait once it looks at single repositories.
            if asked(simulator.requests(), "GET", "v4/registry/repositories/"):
                simulator.run_jobs()
            time.sleep(0.1)
        followed = following.result()
    for task in (asked_for, seen, followed):
        assert task.status == "ok", task.message
    assert asked_for.result["changed"] is True
    assert seen.result["changed"] is followed.result["changed"] is False
    assert {row["status"] for row in seen.result["repositories"]} == {"delete_scheduled"}
    assert {row["action"] for row in followed.result["repositories"]} == {"none"}
    assert outcomes(followed, "path") == {WEB: "deleted", TOOL: "deleted"}
    assert writes(simulator.requests()) == []
    assert sorted(simulator.state()) == [APP, BARE]


def test_giving_up_and_taking_long_are_told_for_each(ansible: Ansible, simulator: Simulator) -> None:
    scenario = shelves(jobs={"failures": 1})
    scenario["repositories"][1]["failed_attempts"] = 10
    scenario["projects"][1]["tag_rules"] = [{"pattern": "main", "delete": "maintainer", "push": "maintainer"}]
    scenario["repositories"][2]["failed_attempts"] = 10
    simulator.load(scenario)
    task = ansible.module(MODULE, absent(WEB, APP, force=True, wait=True, wait_timeout=2))
    assert task.failed
    assert task.result["result"] == "partial"
    assert task.result["changed"] is True
    assert outcomes(task, "path") == {APP: "scheduled", WEB: "delete_failed"}
    messages = {row["path"]: row["message"] for row in task.result["outcome"]}
    assert "within 2 seconds" in messages[APP]
    assert "GitLab failed to delete it" in messages[WEB]
    assert "0 of 2 repositories are deleted" in task.message
    status = ansible.module(MODULE, absent(WEB), check=True)
    assert status.result["repositories"][0]["status"] == "delete_failed"
    # Nobody's job is under every rule, so that GitLab can't delete what a Maintainer can.
    simulator.load({**scenario, "jobs": {"failures": 0}})
    kept = ansible.module(MODULE, absent(TOOL, force=True, wait=True, wait_timeout=10))
    assert kept.failed
    assert outcomes(kept, "path") == {TOOL: "delete_failed"}
    assert "it keeps tags that a protection rule covers" in kept.message
    assert simulator.state()[TOOL] == ["main"]


def test_what_is_not_there_or_not_allowed_is_told(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(shelves())
    before = simulator.state()
    unknown, guest, reader, missing, number = run_all(
        ansible,
        MODULE,
        [
            absent(BARE, "team/nothing"),
            absent(BARE, api_token="glpat-guest"),
            absent(BARE, api_token="glpat-reader"),
            absent("team/app/none"),
            {"repository_id": [999], "state": "empty"},
        ],
    )
    assert (unknown.failed, unknown.result["result"]) == (True, "failed")
    assert "team/nothing" in unknown.message
    assert guest.failed
    assert "role" in guest.message
    assert reader.failed
    for task, name in ((missing, "team/app/none"), (number, "999")):
        assert task.status == "ok", task.message
        assert task.result["changed"] is False
        assert [(row["path"], row["id"], row["action"]) for row in task.result["repositories"]] == [
            (name, None, "none")
        ]
    assert writes(simulator.requests()) == []
    developer = ansible.module(MODULE, absent(BARE, TOOL, force=True, api_token="glpat-dev"))
    assert developer.failed
    assert developer.result["result"] == "partial"
    assert outcomes(developer, "path") == {BARE: "not_deleted", TOOL: "not_deleted"}
    assert "403" in developer.message
    assert simulator.state() == before


def test_a_failure_of_one_does_not_hide_another(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(shelves())
    forbidden = {"action": "status", "status": 403, "json": {"message": "403 Forbidden - protected"}}
    simulator.faults(
        [
            {"method": "DELETE", "path": "/repositories/101$", **forbidden},
            {"method": "DELETE", "path": "/repositories/102$", "action": "status", "status": 500},
        ]
    )
    options = absent(APP, WEB, TOOL, BARE, force=True, wait=True, wait_timeout=20, retries=0)
    task = ansible.module(MODULE, options)
    assert task.failed
    assert outcomes(task, "path") == {APP: "deleted", BARE: "deleted", WEB: "not_deleted", TOOL: "not_deleted"}
    messages = {row["path"]: row["message"] for row in task.result["outcome"]}
    assert "protected" in messages[WEB]
    assert "500" in messages[TOOL]
    assert "2 of 4 repositories are deleted" in task.message
    assert sorted(simulator.state()) == [WEB, TOOL]
    short = ansible.module(MODULE, {**options, "repository": [BARE, WEB, TOOL], "return_limit": 1}, diff=True)
    assert (short.result["truncated"], len(short.result["repositories"])) == (True, 1)
    assert [row["outcome"] for row in short.result["outcome"]] == ["not_deleted"]
    assert short.result["diff"][0]["before_header"] == WEB


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_a_push_meanwhile_keeps_the_repository(ansible: Ansible, simulator: Simulator, mode: str) -> None:
    scenario = shelves(mode)
    simulator.load(scenario)
    fresh = {"repository": BARE, "name": "fresh", "digest": "sha256:" + "d" * 64}
    # The first listing is the plan's, its proof the second; right before the deletion both come again.
    simulator.faults(
        [
            {
                "method": "GET",
                "path": "/v2/team/app/bare/tags/list$",
                "first": 1,
                "action": "mutate",
                "when": "after",
                "add_tag": fresh,
            }
        ]
    )
    task = ansible.module(MODULE, absent(BARE))
    assert task.failed
    assert outcomes(task, "path") == {BARE: "not_deleted"}
    assert "it has 1 tag" in task.message
    assert simulator.state()[BARE] == ["fresh"]
    assert asked(simulator.requests(), "DELETE", "") == []


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_all_tags_go_but_the_protected_ones(ansible: Ansible, simulator: Simulator, mode: str) -> None:
    simulator.load(shelves(mode))
    options = emptied(WEB, APP, BARE, "team/app/none", protect=["v.*"])
    found = repeated(ansible, simulator, MODULE, options, "repositories")
    assert outcomes(found.run, "path") == {APP: "tags_kept", WEB: "emptied"}
    assert [(row["path"], row["action"], row["delete"]) for row in found.run.result["repositories"]] == [
        (APP, "empty", 3),
        (BARE, "none", 0),
        ("team/app/none", "none", 0),
        (WEB, "empty", 2),
    ]
    assert found.run.result["repositories"][0]["reasons"] == {"matched": 3, "protected": 1}
    assert simulator.state() == {APP: ["v1"], WEB: [], TOOL: ["main"], BARE: []}
    assert "warnings" not in found.run.result
    assert "warnings" not in found.again.result
    assert asked(found.log, "DELETE", "/registry/repositories/100$") == []


def test_limits_and_protected_tags_refuse_everything(ansible: Ansible, simulator: Simulator) -> None:
    scenario = shelves()
    scenario["projects"][1]["tag_rules"] = [{"pattern": "main", "delete": "owner", "push": "owner"}]
    simulator.load(scenario)
    cases = [
        (emptied(APP, WEB, max_deletions=3), "more than max_deletions 3"),
        (absent(APP, WEB, empty_first=True, max_deletions_total=5), "more than max_deletions_total 5"),
        (
            absent(WEB, TOOL, empty_first=True),
            "team/sub/tool would not be empty, since tags are kept (1 gitlab_protected)",
        ),
    ]
    tasks = refused(ansible, simulator, MODULE, *(options for options, _text in cases))
    for (_options, text), task in zip(cases, tasks, strict=True):
        assert text in task.message
    run = ansible.module(MODULE, emptied(TOOL))
    assert (run.status, run.result["changed"]) == ("ok", False)
    assert run.result["repositories"][0]["reasons"] == {"gitlab_protected": 1}
    assert "team/sub/tool are kept although they were to be deleted (1 gitlab_protected)" in str(run.result["warnings"])
    simulator.load({**scenario, "graphql_enabled": False})
    [blind] = refused(ansible, simulator, MODULE, emptied(TOOL, api_token="glpat-root"))
    assert "protection rules can't be read" in blind.message


def test_limits_count_what_gitlab_deletes_with_a_repository(ansible: Ansible, simulator: Simulator) -> None:
    scenario = shelves()
    scenario["repositories"][2]["registry_state"] = "error"
    simulator.load(scenario)
    cases = [
        (absent(APP, WEB, force=True, max_deletions=3), "team/app: 4 tags would be deleted, more than max_deletions 3"),
        (absent(APP, WEB, force=True, max_deletions_total=5), "more than max_deletions_total 5"),
        (absent(TOOL, force=True, max_deletions=3), "team/sub/tool"),
    ]
    tasks = refused(ansible, simulator, MODULE, *(options for options, _text in cases))
    for (_options, text), task in zip(cases, tasks, strict=True):
        assert text in task.message
    run = ansible.module(MODULE, absent(APP, WEB, BARE, force=True, max_deletions=4, max_deletions_total=6))
    assert run.status == "ok", run.message
    assert sorted(simulator.state()) == [TOOL]


def test_a_repository_that_is_gone_meanwhile_is_as_it_was_meant_to_be(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(shelves())
    gone = {"action": "status", "status": 404, "json": {"message": "404 Not found"}}
    simulator.faults(
        [
            {"method": "DELETE", "path": "/repositories/104$", "first": 1, "action": "reset_after"},
            {"method": "DELETE", "path": "/repositories/101$", **gone},
            {"method": "GET", "path": "/repositories/101$", **gone},
            {"method": "DELETE", "path": "/repositories/102$", **gone},
        ]
    )
    task = ansible.module(MODULE, absent(BARE, WEB, TOOL, force=True))
    assert outcomes(task, "path") == {BARE: "deleted", WEB: "deleted", TOOL: "not_deleted"}
    assert task.failed
    assert "404" in task.message
    simulator.load(shelves())
    simulator.faults(
        [{"method": "GET", "path": "/repositories/104/tags$", "nth": 4, **gone}, {"path": "/repositories/104$", **gone}]
    )
    unforced = ansible.module(MODULE, absent(BARE))
    assert unforced.status == "ok", unforced.message


@pytest.mark.parametrize("state", ["empty", "absent"])
def test_a_tag_that_was_pushed_again_stays(ansible: Ansible, simulator: Simulator, state: str) -> None:
    simulator.load(shelves())
    moved = {"repository": APP, "name": "dev-1", "digest": "sha256:" + "d" * 64}
    guard = {"path": "/api/graphql", "body": "name digest publishedAt protection", "first": 1}
    simulator.faults([{**guard, "action": "mutate", "set_tag": moved}])
    options = emptied(APP) if state == "empty" else absent(APP, empty_first=True)
    task = ansible.module(MODULE, options)
    assert task.failed
    assert task.result["result"] == "partial"
    assert task.result["changed"] is True
    assert simulator.state()[APP] == ["dev-1"]
    assert outcomes(task, "path") == {APP: {"empty": "not_emptied", "absent": "not_deleted"}[state]}
    assert asked(simulator.requests(), "DELETE", "") == []


def test_what_can_not_be_read_or_deleted_is_told_of_each(ansible: Ansible, simulator: Simulator) -> None:
    scenario = shelves("M2")
    scenario["repositories"][0]["registry_state"] = "unreachable"
    scenario["repositories"][2]["registry_state"] = "unreachable"
    simulator.load(scenario)
    simulator.faults([{"method": "DELETE", "path": "/tags/b$", "action": "status", "status": 400, "body_text": "400"}])
    task = ansible.module(MODULE, emptied(APP, WEB, TOOL, delete_via="rest", retries=0))
    assert task.failed
    assert task.result["result"] == "partial"
    assert {row["path"]: row["tags"] for row in task.result["repositories"]} == {APP: None, WEB: 2, TOOL: None}
    assert outcomes(task, "path") == {WEB: "not_emptied"}
    assert "1 tag is left; b:" in task.message
    simulator.clear_faults()
    rest = ansible.module(MODULE, emptied(APP, WEB, TOOL, delete_via="rest", retries=0))
    assert rest.failed
    assert outcomes(rest, "path") == {WEB: "emptied"}
    assert [error["repository"] for error in rest.result["errors"]] == [APP, TOOL]
    assert "Its tags were kept" in rest.message
    assert simulator.state()[APP] == sorted(row["name"] for row in TAGS)


def test_nobody_but_the_registry_says_that_it_is_empty_now(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(shelves(registry={"host": "127.0.0.1:1"}))
    run, again = run_all(ansible, MODULE, [emptied(WEB), emptied(WEB)])
    assert run.status == again.status == "ok"
    assert outcomes(run, "path") == {WEB: "emptied"}
    assert "no complete list of tags confirms it" in str(run.result["warnings"])
    assert again.result["changed"] is False
    assert "unknown whether it has tags" in str(again.result["warnings"])


UNSENT: list[tuple[dict[str, Any], str]] = [
    (absent(), "repository is empty"),
    ({"state": "empty"}, "one of the following is required: repository, repository_id"),
    (absent(APP, repository_id=[100]), "mutually exclusive"),
    ({"repository": [APP]}, "missing required arguments: state"),
    (absent("app"), "repository 'app' is not the path of a repository"),
    (absent(APP, ""), "repository, entry 2, is empty"),
    (absent(APP, force=True, empty_first=True), "mutually exclusive"),
    (absent(APP, protect=["v1"]), "protect has no effect with state absent"),
    (emptied(APP, force=True), "force has no effect with state empty"),
    (emptied(APP, empty_first=True), "empty_first has no effect with state empty"),
    (emptied(APP, protect=["(a"]), "protect '(a' is not a valid RE2 pattern"),
    (emptied(APP, max_deletions=-1), "max_deletions is -1: it can't be negative"),
    (absent(APP, wait_timeout=-1), "wait_timeout is -1"),
    (absent(APP, return_limit=-1), "return_limit is -1"),
    (absent(APP, wait=True, api_job_token="glcbt-1"), "set wait to false, or give a project access token"),
]


def test_bad_options_are_refused_before_anything_is_sent(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(shelves())
    check_refused(ansible, simulator, MODULE, UNSENT)
