# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One job in slices, as AWX cuts it: every slice a process of ansible-runner with every third host by name."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from tests.benchmark.job import GROUP, Size, scenario
from tests.integration.driver import Ansible, kill
from tests.simulator.harness import Simulator

SLICES = 3
FLEET = Size(projects=7, repositories=1, tags=30)
KEEP = 5
INVENTORY = {"plugin": "containerops.gitlab.gitlab_registry", "group": [GROUP]}
RULES = {
    "registry_cleanup_name_regex_delete": "v.*",
    "registry_cleanup_keep_n": KEEP,
    "registry_cleanup_older_than": "1d",
}
PLAY = {
    "name": "Clean",
    "hosts": "gitlab_registry",
    "gather_facts": False,
    "roles": [{"role": "containerops.gitlab.registry_cleanup", "vars": RULES}],
    "vars": {"registry_cleanup_project": ["{{ gitlab_project_id }}"]},
}
# Requests a minute that the server takes of a token, told in seconds to be short, and what all slices share of them.
LIMIT = {"requests": 40, "retry_after": 2}
SHARED = 600


def slices_of(ansible: Ansible) -> list[list[str]]:
    """The hosts of each slice: awx/main/models/inventory.py strides over the hosts ordered by name."""
    found = ansible.inventory("-i", "fleet.gitlab_registry.yml", "--list")
    names = sorted(found.hosts)
    return [names[number::SLICES] for number in range(SLICES)]


def prepared(ansible: Ansible, budget: int | None) -> None:
    """Write the inventory and the playbook. budget: requests a minute for each slice."""
    (ansible.folder / "fleet.gitlab_registry.yml").write_text(json.dumps(INVENTORY))
    limits = {"group/containerops.gitlab.registry": {"max_requests_per_minute": budget}} if budget else {}
    (ansible.folder / "clean.yml").write_text(yaml.safe_dump([{**PLAY, "module_defaults": limits}]))


def start(ansible: Ansible, number: int, hosts: list[str], path: str = "") -> subprocess.Popen[bytes]:
    """One slice, in a process of its own, with a folder of its own and one host at a time."""
    place = ansible.folder / f"slice-{number}"
    (place / "env").mkdir(parents=True, exist_ok=True)
    (place / "env" / "envvars").write_text(json.dumps({"ANSIBLE_FORKS": "1"}))
    runner = Path(sys.executable).with_name("ansible-runner")
    command = [sys.executable, str(runner), "run", str(place), "-p", str(ansible.folder / "clean.yml")]
    command += ["--inventory", str(ansible.folder / "fleet.gitlab_registry.yml"), "--limit", ",".join(hosts)]
    environment = {**ansible.environment, "PATH": path or ansible.environment["PATH"]}
    with (place / "log").open("wb") as log:
        return subprocess.Popen(command, cwd=ansible.folder, env=environment, stdout=log, stderr=log)


def finished(ansible: Ansible, running: list[subprocess.Popen[bytes]]) -> None:
    for number, process in enumerate(running):
        assert process.wait(ansible.patience) == 0, (ansible.folder / f"slice-{number}" / "log").read_text()


def planned(ansible: Ansible) -> set[tuple[str, str]]:
    """What one task over the whole group would delete."""
    order = {"group": GROUP, "return_limit": 1000}
    order |= {name.removeprefix("registry_cleanup_"): value for name, value in RULES.items()}
    plan = ansible.module("registry_cleanup", order, check=True).result["plan"]
    return {(row["repository"], row["name"]) for row in plan["delete"]}


def gone(before: dict[str, list[str]], after: dict[str, list[str]]) -> set[tuple[str, str]]:
    return {(path, name) for path, names in before.items() for name in set(names) - set(after[path])}


def test_slices_together_do_exactly_the_plan_within_a_shared_limit(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load({**scenario("M1", FLEET), "rate_limit": {"api": LIMIT, "web": LIMIT}})
    prepared(ansible, SHARED // SLICES)
    plan, before, slices = planned(ansible), simulator.state(), slices_of(ansible)
    assert [len(hosts) for hosts in slices] == [3, 2, 2]
    assert len(plan) == FLEET.all_repositories * (FLEET.tags - KEEP)
    simulator.clear_log()
    finished(ansible, [start(ansible, number, hosts, ansible.path) for number, hosts in enumerate(slices)])
    assert gone(before, simulator.state()) == plan
    # Twenty tags at a time and each of them once.
    assert simulator.counters()["mutations"] == FLEET.all_repositories * -(-(FLEET.tags - KEEP) // 20)
    assert 429 not in {entry["status"] for entry in simulator.requests()}


@pytest.mark.slow
def test_a_slice_that_was_killed_is_run_again(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(scenario("M1", FLEET))
    prepared(ansible, None)
    plan, before, slices = planned(ansible), simulator.state(), slices_of(ansible)
    # Long enough for the second host of a slice not to be done before the first one is seen to be.
    simulator.latency(request=0.3)
    running = [start(ansible, number, hosts) for number, hosts in enumerate(slices)]
    mine = [path for path in before if path.startswith(tuple(f"{host}/" for host in slices[1]))]
    deadline = time.monotonic() + ansible.patience
    while all(simulator.state()[path] == before[path] for path in mine) and time.monotonic() < deadline:
        time.sleep(0.05)
    kill(running[1].pid)
    running[1].wait()
    simulator.latency()
    left = {path: names for path, names in simulator.state().items() if path in mine and len(names) > KEEP}
    assert left, "it was killed too late"
    finished(ansible, [running[0], running[2]])
    assert gone(before, simulator.state()) < plan
    finished(ansible, [start(ansible, 0, slices[1], ansible.path)])
    assert gone(before, simulator.state()) == plan
