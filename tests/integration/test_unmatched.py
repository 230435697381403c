# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Entries that keep or exclude, and match nothing: nobody is to find that out by what was deleted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.driver import Ansible
from tests.integration.repeated import refused, repeated, run_all
from tests.integration.scenarios import repository, server, tag
from tests.simulator.harness import Simulator

MODULE = "registry_cleanup"
PARAMS: dict[str, Any] = {"group": "team", "name_regex_delete": "dev-.*"}
WAY_ON = "correct it, or set on_unmatched to warn"


def production() -> dict[str, Any]:
    """A group with a project that is not to be cleaned."""
    scenario = server(
        [
            repository(100, "team/app", "", [tag("dev-1", 90), tag("main", 1)]),
            repository(101, "team/prod", "", [tag("dev-9", 90), tag("main", 1)]),
        ]
    )
    scenario["projects"].append({"id": 9, "path": "team/prod"})
    return scenario


def releases() -> dict[str, Any]:
    return server([repository(100, "team/app", "", [tag("v1.0.0", 90), tag("v1.1.0", 60), tag("main", 1)])])


def left(simulator: Simulator, path: str) -> list[str]:
    return [row["name"] for row in simulator.tags(path)]


@pytest.mark.parametrize("scope", [{"group": "team"}, {"project": ["team/app", "team/prod"]}])
def test_an_exclusion_that_excludes_nothing_refuses_everything(
    ansible: Ansible, simulator: Simulator, scope: dict[str, Any]
) -> None:
    simulator.load(production())
    patterns = ["team/prod[.]*", "other.example.com/prod*", "prod/*", "team/production"]
    cases = [
        {**scope, "name_regex_delete": "dev-.*", "exclude_repositories": [pattern, "*/app"]} for pattern in patterns
    ]
    for pattern, task in zip(patterns, refused(ansible, simulator, MODULE, *cases), strict=True):
        assert f"exclude_repositories {pattern!r} matches no repository in scope" in task.message
        counts = {row["entry"]: row["matched"] for row in task.result["plan"]["totals"]["matches"]}
        assert counts == {pattern: 0, "*/app": 1}
    assert left(simulator, "team/prod") == ["dev-9", "main"]


@pytest.mark.parametrize("scope", [{"project": ["team/app"]}, {"repository_id": [100, 102]}, {"group": "team"}])
def test_an_exclusion_without_the_beginning_of_the_path_refuses_everything(
    ansible: Ansible, simulator: Simulator, scope: dict[str, Any]
) -> None:
    rows = [tag("dev-1", 90), tag("main", 1)]
    simulator.load(server([repository(100, "team/app", "", rows), repository(102, "team/app", "prod", rows)]))
    patterns = {"prod": "team/app/prod", "app/prod": "team/app/prod", "prod/*": "team/app/prod", "pr*": "team/app/pr*"}
    cases = [{**scope, "name_regex_delete": "dev-.*", "exclude_repositories": [pattern]} for pattern in patterns]
    for (pattern, meant), task in zip(patterns.items(), refused(ansible, simulator, MODULE, *cases), strict=True):
        assert f"exclude_repositories {pattern!r} matches no repository in scope" in task.message
        assert f"write {meant!r}: {WAY_ON}." in task.message
    assert left(simulator, "team/app/prod") == ["dev-1", "main"]


def test_an_exclusion_that_excludes_something_is_counted(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(production())
    found = repeated(ansible, simulator, MODULE, {**PARAMS, "exclude_repositories": ["team/prod*"]}, "plan")
    [row] = found.run.result["plan"]["totals"]["matches"]
    assert (row["option"], row["entry"], row["matched"]) == ("exclude_repositories", "team/prod*", 1)
    assert found.run.result["plan"]["unmatched"] == []
    assert left(simulator, "team/prod") == ["dev-9", "main"]
    assert left(simulator, "team/app") == ["main"]


def test_whoever_wants_only_a_warning_gets_one(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(production())
    case = {**PARAMS, "exclude_repositories": ["team/prod[.]*"], "on_unmatched": "warn"}
    [run] = run_all(ansible, MODULE, [case])
    assert run.status == "ok", run.message
    [sentence] = run.result["plan"]["unmatched"]
    assert run.result["warnings"] == [f"{sentence}."]
    assert left(simulator, "team/prod") == ["main"]


def test_what_only_reads_warns(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(production())
    [found] = run_all(ansible, "registry_info", [{"group": "team", "exclude_repositories": ["team/gone", "*/prod"]}])
    assert found.status == "ok", found.message
    [warning] = found.result["warnings"]
    assert warning.startswith("exclude_repositories 'team/gone' matches no repository in scope (")
    assert warning.endswith("for itself).")
    assert [row["path"] for row in found.result["repositories"]] == ["team/app"]


def test_without_a_repository_no_exclusion_is_missed(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(server([]))
    [run] = run_all(ansible, MODULE, [{**PARAMS, "exclude_repositories": ["team/prod*"], "on_unmatched": "fail"}])
    assert run.status == "ok", run.message
    assert run.result["plan"]["unmatched"] == []


def test_what_protects_nothing_is_told_in_check_mode_and_in_a_run(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(releases())
    path = tmp_path / "plan.jsonl"
    options = {"project": "team/app", "name_regex_delete": ".*", "older_than": "30d", "plan_path": str(path)}
    protect = {"protect": ["1.0.0", "1.1.0", "v1.1.*"]}
    [warned] = run_all(ansible, MODULE, [{**options, **protect}], check_mode=True)
    sentences = [f"protect '{each}' matches no tag (it is only a part of v{each})" for each in ("1.0.0", "1.1.0")]
    assert warned.result["plan"]["unmatched"] == sentences
    assert warned.result["warnings"] == [f"{each}." for each in sentences]
    rows = [(row["entry"], row["matched"]) for row in warned.result["plan"]["totals"]["matches"]]
    assert rows == [("1.0.0", 0), ("1.1.0", 0), ("v1.1.*", 1)]
    header = json.loads(path.read_text().splitlines()[0])
    assert header["totals"]["matches"] == warned.result["plan"]["totals"]["matches"]
    strict = {**options, **protect, "on_unmatched": "fail"}
    [task] = refused(ansible, simulator, MODULE, strict)
    assert f"{sentences[0]}: {WAY_ON}; {sentences[1]}." in task.message
    assert left(simulator, "team/app") == ["main", "v1.0.0", "v1.1.0"]
    found = repeated(ansible, simulator, MODULE, {**options, **protect}, "plan")
    assert found.run.result["plan"]["unmatched"] == sentences


def test_what_protects_nothing_is_told_when_a_repository_is_emptied(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(releases())
    case = {"repository": "team/app", "state": "empty", "protect": ["1.0.0", "main"]}
    sentence = "protect '1.0.0' matches no tag (it is only a part of v1.0.0)"
    [task] = refused(ansible, simulator, "registry_repository", {**case, "on_unmatched": "fail"})
    assert f"{sentence}: {WAY_ON}." in task.message
    [check] = run_all(ansible, "registry_repository", [case], check_mode=True)
    [run] = run_all(ansible, "registry_repository", [case])
    for found in (check, run):
        assert found.result["unmatched"] == [sentence]
        assert [(row["entry"], row["matched"]) for row in found.result["matches"]] == [("1.0.0", 0), ("main", 1)]
        assert f"{sentence}." in found.result["warnings"]
    assert left(simulator, "team/app") == ["main"]


def test_an_image_in_use_without_its_host_and_group_is_kept(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(releases())
    case = {"project": "team/app", "name_regex_delete": "v.*", "in_use": ["app:v1.0.0", "reg.example.com/app:v1.1.0"]}
    [run] = run_all(ansible, MODULE, [case])
    assert run.status == "ok", run.message
    assert run.result["in_use"]["elsewhere"] == 0
    assert left(simulator, "team/app") == ["main", "v1.0.0", "v1.1.0"]


def test_where_something_could_not_be_read_no_more_is_said(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(production())
    simulator.faults([{"path": "/registry/repositories/101/tags", "action": "status", "status": 403, "json": {}}])
    case = {**PARAMS, "protect": ["release-.*"], "read_via": "rest", "on_error": "report"}
    [check] = run_all(ansible, MODULE, [case], check_mode=True)
    assert check.result["result"] == "partial"
    assert check.result["plan"]["unmatched"] == ["protect 'release-.*' matches none of the tags that could be read"]


def test_tasks_for_a_project_each_share_their_exclusions_and_are_summed_up(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(production())
    shared = {
        "name_regex_delete": "dev-.*",
        "exclude_repositories": ["team/prod*", "team/gone*"],
        "protect": ["main", "v.*"],
    }
    paths = [str(tmp_path / f"{name}.jsonl") for name in ("app", "prod")]
    cases = [
        {"project": f"team/{name}", **shared, "plan_path": path}
        for name, path in zip(("app", "prod"), paths, strict=True)
    ]
    for task in run_all(ansible, MODULE, cases, check_mode=True):
        assert task.status == "ok", task.message
        assert len(task.result["plan"]["unmatched"]) == (3 if task.result["plan"]["totals"]["tags"] else 0)
    [merged] = run_all(ansible, "registry_plan_merge", [{"plan_paths": paths}])
    rows = {row["entry"]: row["matched"] for row in merged.result["totals"]["matches"]}
    assert merged.result["warnings"] == [
        "protect 'v.*' matches nothing in any of the plans.",
        "exclude_repositories 'team/gone*' matches nothing in any of the plans.",
    ]
    assert rows == {"main": 1, "v.*": 0, "team/prod*": 1, "team/gone*": 0}
    # Of its own project it can be told.
    own = {"project": "team/app", **shared, "exclude_repositories": ["team/app[.]*"]}
    [task] = refused(ansible, simulator, MODULE, own)
    assert "exclude_repositories 'team/app[.]*' matches no repository" in task.message


def test_the_table_shows_what_each_entry_matches(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(releases())
    values = {
        "registry_project": ["team/app"],
        "registry_cleanup_name_regex_delete": ".*",
        "registry_cleanup_protect": ["1.0.0", "v1.1.*"],
        "registry_cleanup_in_use_sources": [{"name": "web-1", "images": ["mirror/team/app:v1.0.0", "nginx"]}],
    }
    for playbook in ("cleanup", "audit"):
        run = ansible.play(f"containerops.gitlab.{playbook}", "--check", "-e", json.dumps(values))
        assert run.code == 0, run.output
        shown = next(task.result["msg"] for task in run.tasks if "msg" in task.result and "debug" in task.action)
        assert shown[0] == "warning: protect '1.0.0' matches no tag (it is only a part of v1.0.0)"
        assert [line for line in shown if line.startswith("matched by ")] == [
            "matched by protect 1.0.0: 0 tags",
            "matched by protect v1.1.*: 1 tag",
            "matched by in_use_sources web-1: 1 tag",
        ]
    strict = {**values, "registry_cleanup_on_unmatched": "fail"}
    run = ansible.play("containerops.gitlab.cleanup", "-e", json.dumps(strict))
    assert run.code != 0
    assert "set registry_cleanup_on_unmatched to warn" in run.output
    assert left(simulator, "team/app") == ["main", "v1.0.0", "v1.1.0"]
