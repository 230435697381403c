# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole repositories of a scope, chosen by conditions: what can't be known for certain is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.driver import Ansible, Task
from tests.integration.refused import check_refused
from tests.integration.repeated import outcomes, refused, repeated, writes
from tests.integration.scenarios import days_ago, repository, server, tag
from tests.simulator.harness import Simulator

MODULE = "registry_repository"
MONTH = {"not_pushed_for": "30d"}


def old(
    number: int, project: str, name: str, tags: list[dict[str, Any]], days: int = 200, **more: Any
) -> dict[str, Any]:
    """A repository that was created so many days ago."""
    return repository(number, project, name, tags, created_at=days_ago(days), **more)


def shelves(mode: str = "M1", **changes: Any) -> dict[str, Any]:
    """Repositories of every kind in two projects of the group, and one outside of it."""
    scenario = server(
        [
            old(100, "team/app", "", [tag("v1", 100)]),
            old(101, "team/app", "bare", []),
            old(102, "team/app", "fresh", [], days=3),
            old(103, "team/app", "lost", [], registry_state="unknown"),
            old(104, "team/app", "review/gone", [tag("a", 60), tag("b", 50)]),
            old(105, "team/app", "review/login", [tag("a", 60)]),
            old(106, "team/app", "web", [tag("v1", 90), tag("v2", 2)]),
            old(107, "team/sub/tool", "stale", [tag("x", 80)]),
            old(108, "other/lib", "bare", []),
        ],
        mode=mode,
        **changes,
    )
    scenario["projects"][0]["branches"] = ["main", "feature/x"]
    scenario["projects"][0]["merge_requests"] = [
        {"source_branch": "login"},
        {"source_branch": "gone", "state": "merged"},
    ]
    scenario["projects"][1]["branches"] = ["main"]
    return scenario


def by_rule(conditions: dict[str, Any], **options: Any) -> dict[str, Any]:
    return {"group": "team", "state": "absent", "conditions": conditions, "wait": False, **options}


def reasons(task: Task) -> dict[str, str]:
    return {row["path"].removeprefix("team/"): row["reason"] for row in task.result["repositories"]}


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_empty_ones(ansible: Ansible, simulator: Simulator, mode: str) -> None:
    simulator.load(shelves(mode))
    found = repeated(ansible, simulator, MODULE, by_rule({"empty": True, **MONTH}), "repositories")
    assert reasons(found.run) == {
        "app/bare": "empty",
        "app": "not_empty",
        "app/fresh": "too_young",
        "app/lost": "unproven_empty",
        "app/review/gone": "not_empty",
        "app/review/login": "not_empty",
        "app/web": "not_empty",
        "sub/tool/stale": "not_empty",
    }
    assert outcomes(found.run, "path") == {"team/app/bare": "scheduled"}
    assert "team/app/bare" not in simulator.state()


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_branches_that_are_gone(ansible: Ansible, simulator: Simulator, mode: str) -> None:
    simulator.load(shelves(mode))
    conditions = {"ref_gone": ["branches", "merge_requests"], "paths": ["team/*/review/*", "team/app"]}
    found = repeated(ansible, simulator, MODULE, by_rule(conditions), "repositories")
    told = reasons(found.run)
    assert told["app/review/gone"] == "ref_gone"
    assert told["app/review/login"] == "active_ref"
    assert told["app"] == "no_ref"
    assert told["app/web"] == "no_match"
    [first, *_others] = found.run.result["repositories"]
    assert (first["action"], first["tags"], first["delete"]) == ("empty_and_delete", 2, 2)
    assert first["why"] == (
        "it is not named after a branch or an open merge request that exists; paths has team/*/review/*"
    )
    # Every tag is deleted one by one, before GitLab is asked for the rest.
    assert outcomes(found.run, "path") == {"team/app/review/gone": "scheduled"}
    simulator.run_jobs()
    [job] = simulator.jobs()
    assert job["repository"] == "team/app/review/gone"
    assert "team/app/review/gone" not in simulator.state()


def test_merge_requests_by_their_numbers_and_from_forks(ansible: Ansible, simulator: Simulator) -> None:
    """Of a fork the merge requests may be in another project. A branch of it that is there may be the source of one."""
    names = ["review/7", "review/8", "review/away", "review/gone"]
    scenario = shelves()
    scenario["projects"][0]["merge_requests"] = [
        {"source_branch": "login", "iid": 7},
        {"source_branch": "old", "iid": 8, "state": "merged"},
    ]
    scenario["projects"][0]["branches"] = ["main", "away"]
    scenario["repositories"] = [old(number, "team/app", name, []) for number, name in enumerate(names, 100)]
    conditions = {"ref_gone": ["merge_requests"], "paths": ["team/app/review/*"], "empty": True}
    expected = {"app/review/7": "active_ref", "app/review/8": "empty", "app/review/gone": "empty"}
    for fork in (False, True):
        if fork:
            scenario["projects"][0]["forked_from"] = "away/app"
        simulator.load(scenario)
        found = repeated(ansible, simulator, MODULE, by_rule(conditions), "repositories")
        told = reasons(found.run)
        assert told.items() >= expected.items()
        assert told["app/review/away"] == ("active_ref" if fork else "empty")
        assert len([entry for entry in found.log if "/repository/branches" in entry["path"]]) == fork
    row = next(row for row in found.run.result["repositories"] if row["path"] == "team/app/review/away")
    assert row["why"] == "away is named after a branch, of which another project may have a merge request"


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_what_was_not_pushed_for_long(ansible: Ansible, simulator: Simulator, mode: str) -> None:
    simulator.load(shelves(mode))
    options = by_rule({"not_pushed_for": "70d"}, exclude_repositories=["team/app/bare"], max_repositories=2)
    found = repeated(ansible, simulator, MODULE, options, "repositories")
    assert reasons(found.run) == {
        "app": "not_pushed",
        "sub/tool/stale": "not_pushed",
        "app/fresh": "too_young",
        "app/lost": "unproven_empty",
        "app/review/gone": "too_young",
        "app/review/login": "too_young",
        "app/web": "too_young",
    }
    assert found.run.result["plan"]["totals"] == {
        "repositories": 7,
        "repositories_deleted": 2,
        "repository_reasons": {"not_pushed": 2, "too_young": 4, "unproven_empty": 1},
        "repositories_unread": 0,
        "being_deleted": 0,
        "delete": 2,
        "freed_least": None,
        "freed_most": found.run.result["plan"]["totals"]["freed_most"],
    }
    assert found.check.result["msg"] == "2 of 7 repositories are to be deleted, with 2 tags."
    notes = found.check.result["plan"]["notes"]
    assert (notes == []) == (mode == "M1"), notes


def test_what_keeps_a_repository_whatever_its_conditions_say(ansible: Ansible, simulator: Simulator) -> None:
    scenario = shelves()
    scenario["projects"][0]["repository_rules"] = [{"pattern": "team/app/b*", "push": "owner"}]
    scenario["projects"][0]["tag_rules"] = [{"pattern": "^a$", "delete": "owner", "push": "owner"}]
    scenario["projects"][1]["archived"] = True
    simulator.load(scenario)
    options = by_rule(
        {"not_pushed_for": "1d"}, protect=["v2"], in_use=["registry.test/team/app/fresh:v9"], max_deletions_total=1
    )
    found = repeated(ansible, simulator, MODULE, options, "repositories")
    assert reasons(found.run) == {
        "app": "not_pushed",
        "app/bare": "gitlab_protected",
        "app/fresh": "in_use",
        "app/lost": "unproven_empty",
        "app/review/gone": "gitlab_protected",
        "app/review/login": "gitlab_protected",
        "app/web": "protected",
        "sub/tool/stale": "archived",
    }
    rows = {row["path"]: row["why"] for row in found.run.result["repositories"]}
    assert rows["team/app/bare"] == "the protection rule team/app/b* of its project covers it"
    assert rows["team/app/review/gone"] == "a tag protection rule of GitLab covers a"
    assert rows["team/app/web"] == "protect matches v2"


# Trouble, and the reasons that it leads to; what it is about is kept.
TROUBLE: dict[str, tuple[dict[str, Any], set[str]]] = {
    "no branches": ({"path": "/repository/branches", "action": "status", "status": 500}, {"unknown_refs"}),
    "no merge requests": ({"path": "/merge_requests", "action": "status", "status": 403}, {"unknown_refs"}),
    "no rules": ({"path": "/protection/repository", "action": "status", "status": 403}, {"unknown_protection"}),
    "no tags": ({"kind": "graphql", "body": "tags\\(", "action": "status", "status": 500}, {"repository_unread"}),
}


@pytest.mark.parametrize("trouble", TROUBLE)
def test_what_can_not_be_read_is_kept_and_told(ansible: Ansible, simulator: Simulator, trouble: str) -> None:
    fault, expected = TROUBLE[trouble]
    simulator.load(shelves())
    before = simulator.state()
    simulator.faults([fault])
    conditions = {"ref_gone": ["branches", "merge_requests"], "paths": ["team/app/review/gone"]}
    failed, reported = (
        ansible.module(MODULE, by_rule(conditions, retries=0, on_error=on_error)) for on_error in ("fail", "report")
    )
    for task in (failed, reported):
        assert reasons(task)["app/review/gone"] in expected, task.message
        assert task.result["result"] == "partial"
        assert task.result["changed"] is False
        [error] = task.result["errors"]
        assert error["repository"] == "team/app/review/gone"
    assert failed.failed
    assert failed.message.endswith("It was kept.")
    assert not reported.failed
    assert writes(simulator.requests()) == []
    assert simulator.state() == before


def test_a_project_without_any_branch_keeps_all(ansible: Ansible, simulator: Simulator) -> None:
    scenario = shelves()
    scenario["projects"][0]["branches"] = []
    simulator.load(scenario)
    task = ansible.module(MODULE, by_rule({"ref_gone": ["branches"], "paths": ["team/app/review/gone"]}))
    assert reasons(task)["app/review/gone"] == "unknown_refs"
    assert task.status == "ok"
    assert task.result["changed"] is False


@pytest.mark.parametrize("state", ["error", "unreachable"])
def test_no_registry_is_no_witness(ansible: Ansible, simulator: Simulator, state: str) -> None:
    """GitLab lists no tags for each repository of a registry that answers with errors."""
    simulator.load(shelves(registry={"state": state}))
    task = ansible.module(MODULE, by_rule({"empty": True}, retries=0))
    assert {*reasons(task).values()} <= {"unproven_empty", "repository_unread"}
    assert writes(simulator.requests()) == []


@pytest.mark.parametrize(
    "edit",
    [
        {"add_tag": {"repository": "team/app/review/gone", "name": "c"}},
        {"set_tag": {"repository": "team/app/review/gone", "name": "b", "digest": "sha256:" + "c" * 64}},
        {"add_tag": {"repository": "team/app/bare", "name": "c"}},
    ],
)
@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_what_was_pushed_meanwhile_is_kept_with_all_its_tags(
    ansible: Ansible, simulator: Simulator, mode: str, edit: dict[str, Any]
) -> None:
    simulator.load(shelves(mode))
    [change] = edit.values()
    path = change["repository"]
    before = simulator.state()[path]
    # The repository itself is read right before its deletion alone.
    simulator.faults([{"method": "GET", "path": "/api/v4/registry/repositories/\\d+$", "action": "mutate", **edit}])
    task = ansible.module(MODULE, by_rule({"paths": [path]}))
    assert task.status == "ok", task.message
    assert outcomes(task, "path") == {path: "changed_since"}
    assert task.result["changed"] is False
    assert simulator.state()[path] == sorted({*before, change["name"]})


def test_limits_refuse_the_whole_plan(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(shelves())
    conditions = {"not_pushed_for": "40d"}
    told = refused(
        ansible,
        simulator,
        MODULE,
        by_rule(conditions, max_repositories=3),
        by_rule(conditions, max_repositories_percent=50),
        by_rule(conditions, min_remaining_repositories=1),
        by_rule(conditions, max_deletions=1),
        by_rule(conditions, max_deletions_total=4),
        by_rule(conditions, exclude_repositories=["team/app/production"]),
        by_rule(conditions, protect=["production"], on_unmatched="fail"),
        by_rule(conditions, in_use_sources=[{"name": "prod", "images": [], "failed": "no answer"}]),
        by_rule(conditions, in_use_sources_expected=["prod"]),
    )
    for task, words in zip(
        told,
        [
            "5 repositories would be deleted, more than max_repositories 3",
            "5 of 8 repositories would be deleted, more than max_repositories_percent 50",
            "team/sub/tool: 0 of its repositories in scope would remain, fewer than min_remaining_repositories 1",
            "team/app/review/gone: 2 tags would be deleted, more than max_deletions 1",
            "5 tags would be deleted in total, more than max_deletions_total 4",
            "exclude_repositories 'team/app/production' matches no repository in scope",
            "protect 'production' matches",
            "the source prod of images in use failed: no answer",
            "the source prod of images in use is expected and missing",
        ],
        strict=True,
    ):
        assert words in task.message, task.message


def test_options_that_can_not_be_meant(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(shelves())
    empty = {"empty": True}
    check_refused(
        ansible,
        simulator,
        MODULE,
        [
            ({"group": "team", "state": "absent"}, "a scope alone deletes nothing"),
            (by_rule({"empty": False}), "conditions is empty: give at least one of empty, ref_gone"),
            (by_rule({}), "conditions is empty"),
            (by_rule({"ref_gone": ["branches"]}), "conditions: ref_gone needs paths"),
            (by_rule({**empty, "ref_match": "prefix"}), "ref_match has no effect without ref_gone"),
            (by_rule({"not_pushed_for": "90"}), "conditions: not_pushed_for '90' is ambiguous"),
            (by_rule({"paths": ["team/app.*"]}), "conditions: paths 'team/app.*' is a regular expression"),
            (by_rule({"ref_gone": []}), "conditions: ref_gone is empty"),
            (by_rule({"older_than": "9d"}), "older_than"),
            (by_rule(empty, state="empty"), "set state to absent"),
            (by_rule(empty, force=True), "force can't be used with conditions"),
            (by_rule(empty, max_repositories=-1), "max_repositories is -1"),
            (by_rule(empty, max_repositories_percent=101), "max_repositories_percent is 101"),
            (by_rule(empty, min_remaining_repositories=-1), "min_remaining_repositories is -1"),
            (by_rule(empty, require_approval=True), "Nothing is deleted here without approval"),
            (by_rule(empty, repository=["team/app"]), "mutually exclusive"),
            (
                {"repository": ["team/app"], "state": "absent", "conditions": empty},
                "conditions is for the repositories of a scope",
            ),
            (
                {"repository": ["team/app"], "state": "absent", "max_repositories": 1},
                "max_repositories is for the repositories of a scope",
            ),
        ],
    )
    check_refused(
        ansible,
        simulator,
        MODULE,
        [({**by_rule(empty), "api_job_token": "job-token"}, "conditions can't be checked with a CI/CD job token")],
        {"GITLAB_TOKEN": ""},
    )


def test_an_approved_plan_deletes_what_is_still_as_it_was(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(shelves())
    path = str(tmp_path / "plan.jsonl")
    options = by_rule({"not_pushed_for": "40d"}, exclude_repositories=["team/app/lost"])
    check = ansible.module(MODULE, {**options, "plan_path": path}, check=True)
    rows = [json.loads(line) for line in Path(path).read_text().splitlines()]
    assert [row["action"] for row in rows if row["type"] == "repository"] == [
        *("delete", "delete", "keep", "delete", "delete", "keep", "delete")
    ]
    assert [(row["repository"], row["name"]) for row in rows if row["type"] == "tag"] == [
        ("team/app", "v1"),
        *(("team/app/review/gone", name) for name in "ab"),
        ("team/app/review/login", "a"),
        ("team/sub/tool/stale", "x"),
    ]
    approved = {
        **options,
        "approved_plan_path": path,
        "approved_fingerprint": check.result["plan"]["fingerprint"],
        "require_approval": True,
    }
    for wrong, words in (
        ({"approved_fingerprint": "sha256:" + "0" * 64}, "another plan was approved"),
        ({"repositories": ["team/app/*"]}, "was made for another scope"),
        ({"conditions": {"not_pushed_for": "1d"}}, "made with another value of conditions"),
        ({"protect": ["v1"]}, "made with another value of protect"),
    ):
        task = ansible.module(MODULE, {**approved, **wrong})
        assert task.failed
        assert words in task.message, task.message
    altered = tmp_path / "altered"
    altered.write_text(Path(path).read_text().replace('"action": "keep"', '"action": "delete"', 1))
    task = ansible.module(MODULE, {**approved, "approved_plan_path": str(altered)})
    assert "The plan was altered after it was made" in task.message
    cleanup = ansible.module(
        "registry_cleanup",
        {"approved_plan_path": path, "approved_fingerprint": check.result["plan"]["fingerprint"]},
    )
    assert "This is not a plan of registry_cleanup" in cleanup.message

    # Since the approval one was created anew, another one has an older tag, and a third one is as it was.
    simulator.edit_tags("team/app/web", remove=["v2"])
    simulator.edit_tags("team/app/review/login", put=[tag("old", 300)])
    simulator.edit_tags("team/app/review/gone", remove=["b"])
    check = ansible.module(MODULE, approved, check=True)
    run = ansible.module(MODULE, approved)
    assert check.result["repositories"] == run.result["repositories"]
    assert reasons(run) == {
        "app": "not_pushed",
        "app/bare": "not_pushed",
        "app/review/gone": "not_pushed",
        "sub/tool/stale": "not_pushed",
        "app/fresh": "too_young",
        "app/review/login": "changed",
        "app/web": "not_approved",
    }
    assert set(simulator.state()) == {
        *("team/app/fresh", "team/app/lost", "team/app/review/login", "team/app/web", "other/lib/bare")
    }
    again = ansible.module(MODULE, approved)
    assert again.result["changed"] is False
    simulator.clock(advance=73 * 3600)
    late = ansible.module(MODULE, approved)
    assert late.result["result"] == "refused"
    assert "plan_max_age is 72 hours" in late.message


def test_what_gitlab_is_deleting_already_is_told_and_left(ansible: Ansible, simulator: Simulator) -> None:
    scenario = shelves()
    scenario["repositories"][1]["status"] = "delete_scheduled"
    scenario["repositories"][4]["status"] = "delete_failed"
    scenario["jobs"] = {"delay": 36000}
    simulator.load(scenario)
    task = ansible.module(MODULE, by_rule({"not_pushed_for": "45d", "paths": ["team/app/*"]}))
    assert task.status == "ok", task.message
    rows = {row["path"]: row for row in task.result["repositories"]}
    assert rows["team/app/bare"]["status"] == "delete_scheduled"
    assert rows["team/app/bare"]["action"] == "none"
    # It gave up on this one before, and is asked again.
    assert outcomes(task, "path") == {"team/app/review/gone": "scheduled", "team/app/review/login": "scheduled"}


def test_what_fails_is_told_for_each(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(shelves())
    simulator.faults([{"method": "DELETE", "path": "/repositories/101$", "action": "status", "status": 403}])
    task = ansible.module(MODULE, by_rule({"not_pushed_for": "45d"}, exclude_repositories=["team/app/lost"]))
    assert task.failed
    assert task.result["result"] == "partial"
    assert task.result["changed"] is True
    told = outcomes(task, "path")
    assert told.pop("team/app/bare") == "not_deleted"
    assert {*told.values()} == {"scheduled"}
    assert "4 of 5 repositories are deleted; team/app/bare is not_deleted" in task.message
    simulator.clear_faults()
    again = ansible.module(MODULE, by_rule({"not_pushed_for": "45d"}, exclude_repositories=["team/app/lost"]))
    assert outcomes(again, "path") == {"team/app/bare": "scheduled"}


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_what_was_emptied_and_not_deleted_is_chosen_again(ansible: Ansible, simulator: Simulator, mode: str) -> None:
    simulator.load(shelves(mode))
    options = by_rule({"ref_gone": ["branches"], "paths": ["team/app/review/gone"]})
    simulator.faults([{"method": "DELETE", "path": "/repositories/104$", "action": "status", "status": 503}])
    task = ansible.module(MODULE, {**options, "retries": 0})
    assert task.failed
    assert task.result["changed"] is True
    assert outcomes(task, "path") == {"team/app/review/gone": "not_deleted"}
    assert simulator.state()["team/app/review/gone"] == []
    simulator.clear_faults()
    again = ansible.module(MODULE, options)
    assert again.status == "ok", again.message
    assert outcomes(again, "path") == {"team/app/review/gone": "scheduled"}


@pytest.mark.parametrize("answer", ["reset_after", "reset_before"])
def test_a_lost_answer_is_not_taken_for_a_deletion(ansible: Ansible, simulator: Simulator, answer: str) -> None:
    simulator.load(shelves())
    simulator.faults([{"method": "DELETE", "path": "/repositories/101$", "action": answer}])
    task = ansible.module(MODULE, by_rule({"empty": True}, retries=0))
    assert task.failed
    assert task.result["changed"] is True
    assert outcomes(task, "path").get("team/app/bare") == "not_deleted"


def test_how_many_requests_it_takes(ansible: Ansible, simulator: Simulator) -> None:
    """The two lists, and what each condition needs of those that nothing else keeps."""
    simulator.load(shelves())

    def sent(conditions: dict[str, Any]) -> list[str]:
        simulator.clear_log()
        task = ansible.module(MODULE, by_rule(conditions), check=True)
        assert task.status == "ok", task.message
        return [f"{entry['kind']} {entry['path']}" for entry in simulator.requests()]

    lists = ["rest /api/v4/groups/team/projects", "rest /api/v4/groups/team/registry/repositories"]
    nothing = sent({"paths": ["team/none"]})
    assert sorted(nothing[:2]) == lists
    assert [each for each in nothing[2:] if not each.startswith("graphql")] == []
    # A repository that is kept for its age costs no request, nor does one that is at no path.
    young = sent({"not_pushed_for": "300d"})
    assert len(young) == len(nothing)
    refs = sent({"ref_gone": ["branches"], "paths": ["team/app/review/login", "team/app/review/gone"]})
    assert len([each for each in refs if "/repository/branches" in each]) == 1
    assert len([each for each in refs if "/protection/repository/rules" in each]) == 1
    empty = sent({"empty": True})
    # A listing of names for each, and the registry itself for those without.
    assert len([each for each in empty if each.endswith("/tags")]) == 8 + 1
    assert len([each for each in empty if "/v2/" in each and "tags/list" in each]) == 3
    assert len([each for each in empty if "/protection/repository/rules" in each]) == 2
