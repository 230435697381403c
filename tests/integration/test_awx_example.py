# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The example for a controller, set up on one that only remembers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.awx.controller import build
from tests.integration.driver import Ansible, Run, environment
from tests.tools.collection import ROOT

PLAYBOOK = ROOT / "examples" / "awx" / "controller.yml"
SECRETS = {"gitlab_read_token": "glpat-may-read", "gitlab_delete_token": "glpat-may-delete"}
IN_USE = {"registry_in_use_kubernetes": [{"name": "production", "kubeconfig": "/etc/kube/config"}]}


class Controller:
    """A controller with the example's objects. objects: their values by kind and name."""

    def __init__(self, folder: Path) -> None:
        build(folder)
        self.file = folder / "objects.json"
        self.ansible = Ansible(folder, environment(folder, None))
        paths = f"{folder}:{self.ansible.environment['ANSIBLE_COLLECTIONS_PATH']}"
        self.ansible.environment |= {"ANSIBLE_COLLECTIONS_PATH": paths, "CONTROLLER_FILE": str(self.file)}

    def set_up(self, **values: Any) -> Run:
        return self.ansible.play(PLAYBOOK, "-e", json.dumps({**SECRETS, **values}))

    def of(self, kind: str) -> dict[str, dict[str, Any]]:
        rows = json.loads(self.file.read_text())
        return {row["key"][2]: row["values"] for row in rows if row["key"][0] == kind}

    def nodes(self, workflow: str) -> dict[str, dict[str, Any]]:
        rows = json.loads(self.file.read_text())
        return {
            row["key"][2]: row["values"] for row in rows if row["key"][:2] == ["workflow_job_template_node", workflow]
        }


@pytest.fixture
def controller(tmp_path: Path) -> Controller:
    return Controller(tmp_path)


def test_it_sets_up_everything_and_a_second_run_changes_nothing(controller: Controller) -> None:
    first, second = controller.set_up(), controller.set_up()

    assert (first.code, second.code) == (0, 0), first.output + second.output
    assert "changed=0" not in first.output
    assert "changed=0" in second.output
    assert not [secret for secret in SECRETS.values() if secret in first.output + second.output]
    templates = controller.of("job_template")
    assert len(templates) == 12
    assert "Registry images in use" not in templates
    assert {row["execution_environment"] for row in templates.values()} == {"containerops.gitlab"}
    assert set(controller.of("workflow_job_template")) == {"Registry cleanup", "Registry cleanup in slices"}
    nodes = controller.nodes("Registry cleanup")
    assert nodes["plan"]["success_nodes"] == ["check"]
    assert (nodes["check"]["success_nodes"], nodes["check"]["failure_nodes"]) == (["approve"], ["no_deletions"])
    assert nodes["approve"]["success_nodes"] == ["apply"]
    assert nodes["apply"]["always_nodes"] == ["report"]
    assert not {"in_use_before_apply", "in_use_before_plan"} & set(nodes)
    assert controller.nodes("Registry cleanup in slices")["begin"]["success_nodes"] == ["plan"]


def test_only_what_applies_has_the_token_that_deletes(controller: Controller) -> None:
    assert controller.set_up().code == 0
    credentials = {name: row["inputs"]["token"] for name, row in controller.of("credential").items()}
    assert credentials == {"GitLab registry, read": "glpat-may-read", "GitLab registry, delete": "glpat-may-delete"}

    deleting = {
        name for name, row in controller.of("job_template").items() if "GitLab registry, delete" in row["credentials"]
    }
    assert deleting == {
        "Registry cleanup, apply",
        "Registry cleanup in slices, apply",
        "Registry settings, apply",
    }


def test_what_is_in_use_is_gathered_before_the_plan_and_after_the_approval(controller: Controller) -> None:
    run = controller.set_up(in_use_extra_vars=IN_USE, webhook_url="https://chat.example.com/hook")

    assert run.code == 0, run.output
    for workflow in ("Registry cleanup", "Registry cleanup in slices"):
        nodes = controller.nodes(workflow)
        assert nodes["approve"]["success_nodes"] == ["in_use_before_apply"]
        assert nodes["in_use_before_apply"]["success_nodes"] == ["apply"]
        assert nodes["in_use_before_plan"]["success_nodes"] == ["plan"]
    assert controller.nodes("Registry cleanup in slices")["begin"]["success_nodes"] == ["in_use_before_plan"]
    assert controller.of("job_template")["Registry images in use"]["extra_vars"] == IN_USE
    plan = controller.of("job_template")["Registry cleanup, plan"]
    assert plan["notification_templates_success"] == ["Registry plan"]


def test_variables_of_jobs_are_left_to_the_jobs(controller: Controller) -> None:
    assert controller.set_up().code == 0

    apply = controller.of("job_template")["Registry cleanup, apply"]
    assert apply["extra_vars"]["registry_cleanup_approved_fingerprint"] == "{{ registry_cleanup_summary.fingerprint }}"
    version = "{{ plan_package_version | default(awx_workflow_job_id | default('', true), true) }}"
    for package in ("registry_cleanup_approved_plan_package", "registry_cleanup_journal_package"):
        assert apply["extra_vars"][package] == {"project": "team/plans", "version": version}
    asked = {question["variable"]: question["required"] for question in apply["survey_spec"]["spec"]}
    assert asked == {"plan_package_version": False, "registry_cleanup_approved_fingerprint": False}
    kind = controller.of("credential_type")["GitLab Container Registry"]
    assert kind["injectors"]["env"]["GITLAB_TOKEN"] == "{{ token }}"  # noqa: S105 (no token)


def test_three_roles_are_apart(controller: Controller) -> None:
    assert controller.set_up().code == 0

    rights = [(row["teams"], row["role"]) for row in controller.of("role").values()]
    assert (["Registry requesters"], "execute") in rights
    assert (["Registry approvers"], "approval") in rights
    assert (["Registry approvers"], "read") in rights
    assert not [rights for teams, role in rights if teams == ["Registry requesters"] and role != "execute"]
    launched = {
        name: row["teams"]
        for row in controller.of("role").values()
        for name in row.get("job_templates", [])
        if row["role"] == "execute" and name.endswith("apply")
    }
    assert launched == dict.fromkeys(
        ("Registry cleanup, apply", "Registry cleanup in slices, apply"), ["Registry executors"]
    )


@pytest.mark.parametrize("playbook", ["begin", "check_plan", "nothing_to_delete", "report"])
def test_a_node_by_itself_says_what_it_is(playbook: str, tmp_path: Path) -> None:
    ansible = Ansible(tmp_path, environment(tmp_path, None))
    run = ansible.play(PLAYBOOK.parent / "project" / f"{playbook}.yml")
    [message] = [task.message for task in run.tasks if task.failed]
    assert "node of a workflow and does nothing by itself. Launch Registry cleanup" in message
    assert "undefined" not in run.output
