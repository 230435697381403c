# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plan in one job and its approval in another one, by a package of which only the project is named."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.driver import Ansible, Run
from tests.integration.repeated import run_all, writes
from tests.integration.scenarios import MIXED_RULES, TOKEN, team
from tests.simulator.harness import Simulator

PACKAGE = {"project": "team/app"}
GIVEN = {f"registry_cleanup_{option}": value for option, value in MIXED_RULES.items()}
HOSTS: dict[str, dict[str, Any]] = {"team/app": {}, "team/sub/tool": {}}


def cleanup(ansible: Ansible, *options: str, env: dict[str, str] | None = None, **variables: Any) -> Run:
    """A job that runs the playbook."""
    given = {**GIVEN, "registry_group": "team", **variables}
    return ansible.play("containerops.gitlab.cleanup", *options, "-e", json.dumps(given), env=env)


def summary(run: Run) -> dict[str, Any]:
    found: dict[str, Any] = run.of("ansible.builtin.set_stats").result["ansible_stats"]["data"]
    return dict(found["registry_cleanup_summary"])


def stored(ansible: Ansible, version: str, package: str = "registry-cleanup-plan") -> list[str]:
    """The files of a version."""
    place = {**PACKAGE, "action": "list", "version": version, "package": package}
    [listed] = run_all(ansible, "registry_plan_package", [place])
    return [row["name"] for row in listed.result.get("files", [])]


def left(ansible: Ansible) -> list[str]:
    """The temporary folders that are still there."""
    return [path.name for path in ansible.folder.glob("registry_*_*") if path.is_dir()]


@pytest.mark.sweep(3)
@pytest.mark.parametrize(
    ("variables", "env", "version"),
    [
        ({"awx_workflow_job_id": 7}, {}, "7"),
        ({"awx_workflow_job_id": "7", "tower_workflow_job_id": "7"}, {"CI_PIPELINE_ID": "9"}, "7"),
        ({}, {"CI_PIPELINE_ID": "9"}, "9"),
    ],
)
def test_both_jobs_find_the_package_by_its_project(
    ansible: Ansible, simulator: Simulator, variables: dict[str, Any], env: dict[str, str], version: str
) -> None:
    simulator.load(team())
    plan = cleanup(ansible, "--check", env=env, **variables, registry_cleanup_plan_package=PACKAGE)
    assert plan.code == 0, plan.output
    assert stored(ansible, version) == ["plan.jsonl"]
    assert (
        f"plan package: plan.jsonl, version {version} of the package registry-cleanup-plan in team/app" in plan.output
    )
    # The file that it came from is there no more.
    assert "plan file:" not in plan.output
    fingerprint = summary(plan)["fingerprint"]
    approved = {
        "registry_cleanup_approved_plan_package": PACKAGE,
        "registry_cleanup_approved_fingerprint": fingerprint,
        "registry_cleanup_journal_package": PACKAGE,
    }
    for mode, deleted in (["--check"], 0), ([], 4):
        run = cleanup(ansible, *mode, env=env, **variables, **approved)
        assert run.code == 0, run.output
        assert summary(run)["deleted"] == deleted
        assert left(ansible) == []
    parts = stored(ansible, version, "registry-cleanup-journal")
    assert [name[:8] + name[-11:] for name in parts] == ["journal-00001.jsonl", "journal-00002.jsonl"]
    assert all(TOKEN not in str(entry) for entry in simulator.requests())


def test_every_host_has_its_own_plan(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    (ansible.folder / "hosts.json").write_text(json.dumps({"all": {"hosts": HOSTS}}))
    variables = {
        **GIVEN,
        "target_hosts": "all",
        "awx_workflow_job_id": 7,
        "registry_cleanup_project": ["{{ inventory_hostname }}"],
        "registry_cleanup_plan_package": PACKAGE,
    }
    run = ansible.play("containerops.gitlab.cleanup", "--check", "-i", "hosts.json", "-e", json.dumps(variables))
    assert run.code == 0, run.output
    assert stored(ansible, "7") == ["team-app.jsonl", "team-sub-tool.jsonl"]
    assert left(ansible) == []


@pytest.mark.parametrize("option", ["plan_package", "approved_plan_package", "journal_package"])
def test_without_a_workflow_the_version_has_to_be_given(ansible: Ansible, simulator: Simulator, option: str) -> None:
    simulator.load(team())
    run = cleanup(ansible, **{f"registry_cleanup_{option}": PACKAGE})
    assert run.code == 2
    assert f"registry_cleanup_{option} has no version, and this is not a job of a workflow" in run.output
    assert simulator.requests() == []


def test_what_goes_wrong_leaves_no_file(ansible: Ansible, simulator: Simulator) -> None:
    """A plan that is not there, a package that takes no plan, and a plan that can't be made."""
    simulator.load(team())
    for variables, words in (
        (
            {
                "registry_cleanup_approved_plan_package": PACKAGE,
                "registry_cleanup_approved_fingerprint": "sha256:" + "0" * 64,
            },
            "There is no such plan",
        ),
        ({"registry_cleanup_plan_package": {"project": "team/nothing"}}, "has no package registry"),
        ({"registry_cleanup_plan_package": PACKAGE, "registry_group": "nothing"}, "404 Group Not Found"),
    ):
        simulator.clear_log()
        given: dict[str, Any] = {"awx_workflow_job_id": 7, **variables}
        run = cleanup(ansible, "--check", **given)
        assert run.code == 2, words
        assert words in " ".join(run.output.split()), run.output
        assert "plan package:" not in run.output
        assert "plan file:" not in run.output
        assert left(ansible) == []
        assert [each for each in writes(simulator.requests()) if "packages" not in each] == []


def test_an_audit_previews_what_an_approved_plan_of_a_package_would_delete(
    ansible: Ansible, simulator: Simulator
) -> None:
    simulator.load(team())
    workflow: dict[str, Any] = {"awx_workflow_job_id": 7}
    plan = cleanup(ansible, "--check", **workflow, registry_cleanup_plan_package=PACKAGE)
    variables = {
        **GIVEN,
        **workflow,
        "registry_group": "team",
        "registry_cleanup_approved_plan_package": PACKAGE,
        "registry_cleanup_approved_fingerprint": summary(plan)["fingerprint"],
    }
    run = ansible.play("containerops.gitlab.audit", "-e", json.dumps(variables))
    assert run.code == 0, run.output
    found = run.of("ansible.builtin.set_stats").result["ansible_stats"]["data"]["registry_audit_summary"]
    assert found["would_delete"] == 4
    assert left(ansible) == []
