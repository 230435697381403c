# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two hosts of a play with one file: refused before anything is read, and nothing is overwritten."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.driver import Ansible, Run
from tests.integration.scenarios import MIXED_RULES, team
from tests.simulator.harness import Simulator

PROJECTS = {"one": "team/app", "two": "other/lib"}
SHARED = "would be written by several hosts of this play"
INTERPRETER = "{{ ansible_playbook_python }}"


def play(ansible: Ansible, folder: Path, *tasks: dict[str, Any], **keywords: Any) -> Run:
    """Run tasks on a host for each project."""
    local = {"ansible_connection": "local", "ansible_python_interpreter": INTERPRETER}
    rules = {f"registry_cleanup_{name}": value for name, value in MIXED_RULES.items()}
    hosts = {name: {"registry_cleanup_project": [path], **local} for name, path in PROJECTS.items()}
    inventory = {"fleet": {"hosts": hosts, "vars": rules}}
    (folder / "hosts.yml").write_text(json.dumps(inventory))
    book = folder / "play.yml"
    book.write_text(json.dumps([{"hosts": "fleet", "gather_facts": False, "tasks": tasks, **keywords}]))
    return ansible.play(book, "-i", str(folder / "hosts.yml"))


def cleanup(**variables: Any) -> dict[str, Any]:
    given = {f"registry_cleanup_{name}": value for name, value in variables.items()}
    return {
        "name": "Clean up",
        "ansible.builtin.include_role": {"name": "containerops.gitlab.registry_cleanup"},
        "vars": given,
    }


def told(run: Run) -> str:
    return " ".join(run.output.split())


@pytest.mark.parametrize("playbook", ["cleanup", "audit"])
def test_two_hosts_with_one_file_are_refused_before_anything_is_read(
    ansible: Ansible, simulator: Simulator, tmp_path: Path, playbook: str
) -> None:
    simulator.load(team())
    simulator.clear_log()
    hosts = {name: {"registry_project": [path]} for name, path in PROJECTS.items()}
    (tmp_path / "hosts.yml").write_text(json.dumps({"fleet": {"hosts": hosts}}))
    shared = {f"registry_{playbook}_plan_path": f"{tmp_path}/plan.jsonl", "target_hosts": "fleet"}
    run = ansible.play(f"containerops.gitlab.{playbook}", "-i", f"{tmp_path}/hosts.yml", "-e", json.dumps(shared))
    assert run.code != 0
    sentence = f"registry_{playbook}_plan_path {tmp_path}/plan.jsonl {SHARED}"
    for pair in ("one and two", "two and one"):
        assert f"{sentence}, {pair}: give each host a file of its own" in told(run)
    assert simulator.requests() == []
    assert not (tmp_path / "plan.jsonl").exists()


def test_a_later_batch_does_not_overwrite_what_an_earlier_one_wrote(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(team())
    run = play(ansible, tmp_path, cleanup(plan_path=f"{tmp_path}/plan.jsonl"), serial=1)
    assert run.code != 0
    assert f"{SHARED}, two and one" in told(run)
    assert "one and two" not in told(run)
    first = json.loads((tmp_path / "plan.jsonl").read_text().splitlines()[0])
    assert first["scope"]["project"] == ["team/app"]
    assert not [path for path in simulator.changes() if path.get("repository", "").startswith("other/")]


def test_hosts_with_files_of_their_own_and_a_role_that_runs_once_are_not_refused(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(team())
    own = cleanup(plan_path=f"{tmp_path}/{{{{ inventory_hostname }}}}.jsonl")
    once = cleanup(plan_path=f"{tmp_path}/once.jsonl")
    run = play(ansible, tmp_path, own, {**once, "run_once": True})
    assert run.code == 0, run.output
    assert {path.name for path in tmp_path.glob("*.jsonl")} >= {"one.jsonl", "two.jsonl", "once.jsonl"}
