# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Long tasks under ansible-runner, as AWX runs them: their lines are in its output, and the job ends.

RUNNERS names the folders of other ansible-runners, each beside its ansible-core; `make matrix` gives some.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.integration.driver import TOKEN, environment, kill
from tests.integration.scenarios import repository, server, tag
from tests.integration.test_awx_example import documented_fleet
from tests.simulator.harness import Simulator
from tests.tools.collection import ROOT

RUNNERS = os.environ.get("RUNNERS", str(Path(sys.executable).parent)).split(os.pathsep)
HOSTS = ("one", "two", "three")
# Seconds between the lines of each host: hundreds of lines beside results, events and other hosts' lines.
EVERY, ANSWER = 0.02, 0.15
PATIENCE = 120
PROJECT = ROOT / "examples" / "awx" / "project"
# What AWX itself gives to the jobs of a workflow.
OF_A_WORKFLOW: dict[str, Any] = {"awx_workflow_job_id": 7, "awx_job_id": 8, "awx_user_name": "ana"}
RULES: dict[str, Any] = {
    "registry_group": "team",
    "registry_cleanup_name_regex_delete": "dev-.*",
    "registry_cleanup_older_than": "30d",
    "registry_cleanup_plan_package": {"project": "team/app"},
}
APPROVED: dict[str, Any] = {
    "registry_cleanup_approved_plan_package": {"project": "team/app"},
    "registry_cleanup_journal_package": {"project": "team/app"},
    "registry_cleanup_approved_fingerprint": "{{ registry_cleanup_summary.fingerprint }}",
}
# The playbooks that no workflow below runs, with variables that let them succeed.
OTHERS: dict[str, dict[str, Any]] = {
    "audit": {"registry_group": "team", "registry_audit_gather": ["tags_count", "projects"]},
    "begin": OF_A_WORKFLOW,
    "in_use": {"registry_in_use_references": ["registry.example.com/team/app:dev-1"]},
    "settings": {"registry_settings_projects": [{"project": "team/app", "access_level": "enabled"}]},
}
TASKS: list[dict[str, Any]] = [
    {
        "name": "Read",
        "containerops.gitlab.registry_info": {"group": "team", "gather": ["tags"], "return_limit": 1},
        "loop": ["first", "second"],
    },
    {
        "name": "Delete",
        "containerops.gitlab.registry_cleanup": {"group": "team", "name_regex_delete": "dev-.*"},
        "run_once": True,
    },
]


class Job(NamedTuple):
    """A job that ended: its exit code, its output and all its events."""

    code: int
    output: str
    events: list[dict[str, Any]]

    @property
    def artifacts(self) -> dict[str, Any]:
        """What the next job of a workflow gets as variables."""
        found: dict[str, Any] = {}
        for event in self.events:
            found |= event.get("event_data", {}).get("artifact_data") or {}
        return found


def run(
    runner: str, folder: Path, url: str, playbook: str, *, hosts: Sequence[str] = HOSTS, variables: Any = None
) -> Job:
    """Run a playbook of the folder project in the layout of AWX. Fails if it does not end."""
    for name in ("inventory", "env", "home"):
        (folder / name).mkdir()
    (folder / "inventory" / "hosts").write_text("".join(f"{host} ansible_connection=local\n" for host in hosts))
    (folder / "env" / "extravars").write_text(json.dumps(variables or {}))
    # What AWX does by default: forks, a terminal of its own, and the callback that turns output into events.
    (folder / "env" / "cmdline").write_text("-f 5")
    set_up = environment(folder / "home", url)
    for name in ("PLAYBOOKS_PYTHON", "MODULES_PYTHON", "PACKED_MODULES", "ANSIBLE_CALLBACK_PLUGINS"):
        set_up.pop(name, None)
    set_up.pop("ANSIBLE_CALLBACKS_ENABLED")
    # Sockets lie there, whose paths can't be long.
    set_up["TMPDIR"] = tempfile.gettempdir()
    set_up["PATH"] = f"{runner}{os.pathsep}{os.environ['PATH']}"
    command = [f"{runner}/ansible-runner", "run", str(folder), "-p", playbook, "--ident", "job"]
    with subprocess.Popen(
        command, env=set_up, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            output, _none = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            kill(process.pid)
            pytest.fail(f"The job did not end within {PATIENCE} seconds")
    events = [json.loads(path.read_text()) for path in (folder / "artifacts" / "job" / "job_events").glob("*.json")]
    return Job(process.returncode, output, sorted(events, key=lambda event: event["counter"]))


@pytest.mark.slow
@pytest.mark.parametrize("runner", RUNNERS, ids=lambda folder: Path(folder).parent.name)
def test_lines_are_in_the_output_of_a_job_that_ends(runner: str, simulator: Simulator, tmp_path: Path) -> None:
    tags = [tag("v1", 1), *(tag(f"dev-{number:03}", 90) for number in range(30))]
    simulator.load(server([repository(100 + number, "team/app", f"part-{number}", tags) for number in range(5)]))
    simulator.latency(request=ANSWER)
    variables = {"ansible_python_interpreter": "{{ ansible_playbook_python }}", "registry_progress_interval": EVERY}
    play = {"hosts": "all", "gather_facts": False, "vars": variables, "tasks": TASKS}
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "play.yml").write_text(json.dumps([play]))
    code, output, events = run(runner, tmp_path, simulator.url, "play.yml")
    assert code == 0, output
    lines = [event["stdout"] for event in events if " | " in event["stdout"] and " so far" in event["stdout"]]
    # Each is an event of its own, as AWX stores and shows it.
    assert {line.partition(" | ")[0].strip() for line in lines} == {
        *(f"{host} ({item})" for host in HOSTS for item in ("first", "second")),
        HOSTS[0],
    }
    assert all(line in output for line in lines)
    assert "WARNING" not in output
    assert TOKEN not in output
    assert simulator.state()["team/app/part-0"] == ["v1"]
    assert not list(tmp_path.rglob("progress-*"))


class Workflow:
    """Jobs one after the other, each with what those before it passed on."""

    def __init__(self, runner: str, folder: Path, url: str) -> None:
        self.runner, self.folder, self.url = runner, folder, url
        self.passed_on: dict[str, Any] = {}
        self.ran: list[str] = []

    def job(self, playbook: str, *, hosts: Sequence[str] = ("localhost",), **variables: Any) -> Job:
        folder = self.folder / f"job-{len(self.ran)}"
        shutil.copytree(PROJECT, folder / "project")
        given = {**OF_A_WORKFLOW, **variables, **self.passed_on}
        job = run(self.runner, folder, self.url, f"{playbook}.yml", hosts=hosts, variables=given)
        self.ran.append(playbook)
        self.passed_on |= job.artifacts
        assert TOKEN not in job.output
        return job


@pytest.mark.parametrize("runner", RUNNERS, ids=lambda folder: Path(folder).parent.name)
def test_a_workflow_deletes_what_was_approved(runner: str, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(server([repository(100, "team/app", "", [tag("v1", 1), tag("dev-1", 90), tag("dev-2", 3)])]))
    workflow = Workflow(runner, tmp_path, simulator.url)
    plan = workflow.job("plan", **RULES)
    assert plan.code == 0, plan.output
    assert simulator.state()["team/app"] == ["dev-1", "dev-2", "v1"]
    assert "To approve: delete 1 of the 3 tags in 1 repository" in plan.artifacts["registry_cleanup_approval_text"]
    assert plan.artifacts["registry_cleanup_summary"]["planned"] == 1
    assert workflow.job("check_plan").code == 0
    assert workflow.job("nothing_to_delete").code != 0
    before = workflow.job("report")
    assert before.code != 0
    assert "The cleanup was refused, or ended before it could count" in before.output
    apply = workflow.job("apply", **APPROVED)
    assert apply.code == 0, apply.output
    assert simulator.state()["team/app"] == ["dev-2", "v1"]
    report = workflow.job("report")
    assert report.code == 0, report.output
    assert "deleted: 1, and 0 by an earlier run" in report.output
    undo = workflow.job("restore", registry_restore_journal_package={"project": "team/app"})
    assert undo.code == 0, undo.output
    assert undo.artifacts["registry_restore_summary"]["restored"] == 1
    assert simulator.state()["team/app"] == ["dev-1", "dev-2", "v1"]


@pytest.mark.parametrize("runner", RUNNERS, ids=lambda folder: Path(folder).parent.name)
def test_a_plan_by_the_document_of_the_project(runner: str, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(documented_fleet())
    plan = Workflow(runner, tmp_path, simulator.url).job("plan_by_document", registry_group="team", rule_sets=["legal"])
    assert plan.code == 0, plan.output
    assert "  only_rule_sets: legal\n" in plan.artifacts["registry_cleanup_approval_text"]
    assert plan.artifacts["registry_cleanup_summary"]["planned"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("runner", RUNNERS, ids=lambda folder: Path(folder).parent.name)
def test_a_workflow_without_deletions_ends_without_an_approval(
    runner: str, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(server([repository(100, "team/app", "", [tag("v1", 1)])]))
    workflow = Workflow(runner, tmp_path, simulator.url)
    assert workflow.job("plan", **RULES).code == 0
    check = workflow.job("check_plan")
    assert check.code != 0
    assert "There is nothing to approve" in check.output
    nothing = workflow.job("nothing_to_delete")
    assert nothing.code == 0, nothing.output


@pytest.mark.skipif("RUNNERS" not in os.environ, reason="make matrix runs the other playbooks")
@pytest.mark.parametrize("playbook", OTHERS)
@pytest.mark.parametrize("runner", RUNNERS, ids=lambda folder: Path(folder).parent.name)
def test_a_playbook_runs_as_a_job(runner: str, playbook: str, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(server([repository(100, "team/app", "", [tag("v1", 1)])]))
    job = Workflow(runner, tmp_path, simulator.url).job(playbook, **OTHERS[playbook])
    assert job.code == 0, job.output
    assert "WARNING" not in job.output


@pytest.mark.skipif("RUNNERS" not in os.environ, reason="make matrix runs the other playbooks")
@pytest.mark.parametrize("runner", RUNNERS, ids=lambda folder: Path(folder).parent.name)
def test_plans_of_hosts_are_merged_and_applied(runner: str, simulator: Simulator, tmp_path: Path) -> None:
    tags = [tag("v1", 1), tag("dev-1", 90)]
    simulator.load(server([repository(100, "team/app", "", tags), repository(101, "team/sub/tool", "", tags)]))
    workflow = Workflow(runner, tmp_path, simulator.url)
    hosts = ["team/app registry_project=team/app", "team/sub/tool registry_project=team/sub/tool"]
    version: dict[str, Any] = {"project": "team/app", "version": "7"}
    rules: dict[str, Any] = {**RULES, "registry_cleanup_plan_package": version, "target_hosts": "all"}
    rules.pop("registry_group")
    assert workflow.job("plan", hosts=hosts, **rules).code == 0
    merge = workflow.job("merge_plans", hosts=hosts, registry_plans_package=version, target_hosts="all")
    assert merge.code == 0, merge.output
    assert workflow.job("check_plan").code == 0
    approved: dict[str, Any] = {
        "registry_cleanup_approved_plan_package": {**version, "file_name": "merged.jsonl"},
        "registry_cleanup_approved_fingerprint": "{{ registry_plans_fingerprint }}",
    }
    apply = workflow.job("apply", hosts=hosts, target_hosts="all", **approved)
    assert apply.code == 0, apply.output
    assert list(simulator.state().values()) == [["v1"], ["v1"]]
