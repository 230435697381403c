# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans in generic packages, between two jobs that share no disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.documented import assert_documented, documentation
from tests.integration.driver import Ansible
from tests.integration.repeated import run_all, writes
from tests.integration.scenarios import MIXED_RULES, TOKEN, team
from tests.simulator.harness import Simulator

MODULE = "registry_plan_package"


def planned(ansible: Ansible, path: Path, **changes: Any) -> str:
    params = {"group": "team", **MIXED_RULES, **changes, "plan_path": str(path)}
    [audit] = run_all(ansible, "registry_cleanup", [params], check_mode=True)
    return str(audit.result["plan"]["fingerprint"])


def test_a_plan_travels_by_a_package(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(team(object_storage=True))
    path, copy = tmp_path / "plan.jsonl", tmp_path / "copy.jsonl"
    fingerprint = planned(ansible, path)
    place = {"project": "team/app", "version": "1"}
    store = {**place, "action": "store", "plan_path": str(path)}
    fetch = {**place, "action": "fetch", "plan_path": str(copy)}
    simulator.clear_log()
    [checked] = run_all(ansible, MODULE, [store], check_mode=True)
    assert writes(simulator.requests()) == []
    stored, again, looked = run_all(ansible, MODULE, [store, store, fetch])
    assert [task.result["changed"] for task in (checked, stored, again, looked)] == [True, True, False, True]
    assert {task.result["fingerprint"] for task in (checked, stored, again, looked)} == {fingerprint}
    assert copy.read_text() == path.read_text()
    [same] = run_all(ansible, MODULE, [fetch])
    assert same.result["changed"] is False
    # The storage is another host, and gets no token.
    elsewhere = [entry for entry in simulator.requests() if entry["path"].startswith("/storage/")]
    assert elsewhere
    assert all(entry["credential"] is None for entry in elsewhere)
    assert all(TOKEN not in str(entry) for entry in simulator.requests())
    approved = {"approved_plan_path": str(copy), "approved_fingerprint": fingerprint}
    [run] = run_all(ansible, "registry_cleanup", [{"group": "team", **MIXED_RULES, **approved}])
    assert run.result["outcome"]["counts"]["deleted"] == 4


def test_what_is_refused(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(team())
    path, other, junk = tmp_path / "plan.jsonl", tmp_path / "other.jsonl", tmp_path / "junk"
    planned(ansible, path)
    planned(ansible, other, keep_n=2)
    junk.write_text("no plan\n")
    place = {"project": "team/app", "version": "1", "action": "store", "plan_path": str(path)}
    [stored] = run_all(ansible, MODULE, [place])
    assert stored.result["changed"]
    cases: dict[str, dict[str, Any]] = {
        "exists and is another plan": {"plan_path": str(other)},
        "may have failed": {"plan_path": str(tmp_path / "missing")},
        "This is not a plan": {"plan_path": str(junk)},
        "GitLab answered 404. There is no such plan": {"action": "fetch", "version": "2", "plan_path": str(other)},
        "is a folder": {"action": "fetch", "plan_path": str(tmp_path)},
        "is not accepted by GitLab": {"version": "1/2"},
        "accepts only plan_path": {"plan_folder": str(tmp_path)},
        "plan_path has no effect with action list": {"action": "list"},
        "fetch needs one of plan_path, plan_folder, journal_path": {"action": "fetch", "plan_folder": str(tmp_path)},
        "403 Forbidden": {"api_token": "glpat-guest", "version": "3"},
    }
    before = other.read_text()
    tasks = run_all(ansible, MODULE, [{**place, **case} for case in cases.values()])
    for task, words in zip(tasks, cases, strict=True):
        assert task.failed
        assert words in task.message, task.message
    assert other.read_text() == before
    [over] = run_all(ansible, MODULE, [{**place, "plan_path": str(other), "overwrite": True}])
    assert over.result["changed"]


@pytest.mark.parametrize("option", ["plan_path", "journal_path"])
def test_a_file_that_can_not_be_read_is_told_by_its_option(
    ansible: Ansible, simulator: Simulator, tmp_path: Path, option: str
) -> None:
    simulator.load(team())
    path = tmp_path / "loop"
    path.symlink_to("loop")
    [task] = run_all(ansible, MODULE, [{"project": "team/app", "version": "1", "action": "fetch", option: str(path)}])
    assert task.failed
    assert f"{option} {path} can't be read" in task.message


@pytest.mark.versions
def test_the_examples_run(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    run = ansible.tasks(documentation(MODULE, "EXAMPLES"))
    assert run.code == 0, run.output


def test_all_plans_of_a_version_are_fetched_for_a_merge(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(team(object_storage=True))
    place = {"project": "team/app", "version": "1"}
    names = {"team/app": "plan-app.jsonl", "team/sub/tool": "plan-tool.jsonl"}
    folder = tmp_path / "new" / "plans"
    for project, name in names.items():
        path = tmp_path / name
        run_all(
            ansible,
            "registry_cleanup",
            [{"project": project, **MIXED_RULES, "plan_path": str(path)}],
            check_mode=True,
        )
        run_all(ansible, MODULE, [{**place, "action": "store", "plan_path": str(path), "file_name": name}])
    fetch, listed = {**place, "action": "fetch", "plan_folder": str(folder)}, {**place, "action": "list"}
    other = {**place, "action": "store", "plan_path": str(tmp_path / "plan-app.jsonl"), "version": "10"}
    [stored] = run_all(ansible, MODULE, [other])
    simulator.clear_log()
    [checked] = run_all(ansible, MODULE, [fetch], check_mode=True)
    assert not folder.exists()
    # The version, its files, and each of both plans from GitLab, which leads to the object storage.
    assert checked.result["requests"] == 6
    first, second, files, versions = run_all(
        ansible, MODULE, [fetch, fetch, listed, {"project": "team/app", "action": "list"}]
    )
    assert writes(simulator.requests()) == []
    assert [task.result["changed"] for task in (checked, first, second, files)] == [True, True, False, False]
    assert {path.name: path.read_text() for path in folder.iterdir()} == {
        name: (tmp_path / name).read_text() for name in names.values()
    }
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [row["name"] for row in files.result["files"]] == [*names.values()]
    assert [row["path"] for row in first.result["files"]] == [str(folder / name) for name in names.values()]
    assert [row["version"] for row in versions.result["versions"]] == ["10", "1"]
    assert all(TOKEN not in str(entry) for entry in simulator.requests())
    merge = {
        "plan_paths": [row["path"] for row in first.result["files"]],
        "merged_plan_path": str(tmp_path / "all"),
        "expected": 2,
    }
    [merged] = run_all(ansible, "registry_plan_merge", [merge])
    assert [part["fingerprint"] for part in merged.result["parts"]] == [
        row["fingerprint"] for row in first.result["files"]
    ]
    (folder / "old.jsonl").write_text("")
    few, stale, missing, guest, odd = run_all(
        ansible,
        MODULE,
        [
            {**listed, "return_limit": 1},
            fetch,
            {**fetch, "version": "2"},
            {**fetch, "api_token": "glpat-guest"},
            {**fetch, "file_name": "plan.jsonl"},
        ],
    )
    assert (few.result["count"], few.result["truncated"], len(few.result["files"])) == (2, True, 1)
    assert "holds old.jsonl, which is not of this version" in stale.message
    assert "There is no package registry-cleanup-plan 2 in project team/app" in missing.message
    assert "403 Forbidden" in guest.message
    assert "leave it out" in odd.message
    assert_documented(MODULE, [stored, first, files, versions, guest])


def test_the_role_stores_and_fetches_plans(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(team())
    given = {f"registry_cleanup_{option}": value for option, value in MIXED_RULES.items()}
    place = {"project": "team/app", "version": "7"}
    audit = {
        **given,
        "registry_group": "team",
        "registry_cleanup_plan_path": str(tmp_path / "a.jsonl"),
        "registry_cleanup_plan_package": place,
    }
    run = ansible.play("containerops.gitlab.cleanup", "--check", "-e", json.dumps(audit))
    assert run.code == 0, run.output
    summary = run.of("ansible.builtin.set_stats").result["ansible_stats"]["data"]["registry_cleanup_summary"]
    apply = {
        **given,
        "registry_group": "team",
        "registry_cleanup_approved_plan_path": str(tmp_path / "b.jsonl"),
        "registry_cleanup_approved_plan_package": place,
        "registry_cleanup_approved_fingerprint": summary["fingerprint"],
    }
    for mode, deleted in (["--check"], 0), ([], 4):
        run = ansible.play("containerops.gitlab.cleanup", *mode, "-e", json.dumps(apply))
        assert run.code == 0, run.output
        summary = run.of("ansible.builtin.set_stats").result["ansible_stats"]["data"]["registry_cleanup_summary"]
        assert (summary["planned"], summary["deleted"]) == (4, deleted)
