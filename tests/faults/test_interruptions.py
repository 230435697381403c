# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run that is told to end, or whose ansible-playbook is gone, deletes no more than what is under way."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.integration.driver import PLAYBOOK, Ansible, kill
from tests.integration.scenarios import repository, server, tag
from tests.simulator.harness import Simulator

TAGS = 300
CONCURRENCY = 4
# Seconds in which a run that goes on deletes dozens of tags.
AFTERWARDS = 1.5
ORDER: dict[str, Any] = {
    "project": "team/app",
    "name_regex_delete": "dev-.*",
    "concurrency": CONCURRENCY,
    "return_limit": 1000,
}
# How many tags are deleted before it is told to end, another number for each test.
MOMENTS = random.Random(20260601)


def load(simulator: Simulator, latency: float = 0.03) -> None:
    tags = [tag(f"dev-{number:03}", 90) for number in range(TAGS)]
    simulator.load(server([repository(100, "team/app", "", [*tags, tag("v1", 1)])]))
    simulator.latency(request=latency)


def deleted(simulator: Simulator) -> int:
    return TAGS + 1 - len(simulator.tags("team/app"))


@contextmanager
def playbook(
    ansible: Ansible, task: dict[str, Any], order: dict[str, Any], module: str = "registry_cleanup"
) -> Iterator[subprocess.Popen[bytes]]:
    """The real ansible-playbook with a cleanup as its only task, in a process group of its own as in a terminal."""
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": {"ansible_python_interpreter": sys.executable},
        "tasks": [{f"containerops.gitlab.{module}": order, **task}],
    }
    path = ansible.folder / "interrupted.yml"
    path.write_text(json.dumps([play]))
    with subprocess.Popen(
        [sys.executable, "-P", str(PLAYBOOK), str(path)],
        cwd=ansible.folder,
        env={
            **ansible.environment,
            "RECORD_PATH": str(ansible.folder / "interrupted"),
            "MODULES_PYTHON": sys.executable,
        },
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                kill(process.pid)


def wait_until(enough: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while not enough() and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def interrupt(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGINT)


def terminate(process: subprocess.Popen[bytes]) -> None:
    process.terminate()


def hang_up(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGHUP)


def kill_it(process: subprocess.Popen[bytes]) -> None:
    process.kill()


@pytest.mark.parametrize(
    ("via", "end"),
    [
        ("rest", interrupt),
        ("graphql", terminate),
        ("rest", hang_up),
        ("graphql", kill_it),
        pytest.param("graphql", interrupt, marks=pytest.mark.slow),
        pytest.param("rest", terminate, marks=pytest.mark.slow),
        pytest.param("graphql", hang_up, marks=pytest.mark.slow),
        pytest.param("rest", kill_it, marks=pytest.mark.slow),
    ],
)
def test_what_is_told_to_end_deletes_no_more(
    ansible: Ansible,
    simulator: Simulator,
    tmp_path: Path,
    via: str,
    end: Callable[[subprocess.Popen[bytes]], None],
) -> None:
    # One request of GraphQL deletes many tags: a run must not be at its end before it is told to.
    load(simulator, latency=0.3 if via == "graphql" else 0.03)
    moment = MOMENTS.randrange(1, TAGS // 3)
    journal = tmp_path / "journal"
    with playbook(ansible, {}, {**ORDER, "delete_via": via, "journal_path": str(journal)}) as process:
        wait_until(lambda: deleted(simulator) >= moment, process)
        end(process)
        process.wait(30)
        at_the_end = simulator.counters()
        time.sleep(AFTERWARDS)
        afterwards = simulator.counters()
        left = deleted(simulator)
    # What was under way when it ended may still come in.
    assert afterwards["writes"] - at_the_end["writes"] <= CONCURRENCY
    assert left < TAGS
    events = [json.loads(line) for line in journal.read_text().splitlines()]
    asked = {event["name"] for event in events if event["event"] == "delete_requested"}
    assert left <= len(asked)
    # The file by which the module told how far it is.
    assert not list(ansible.folder.rglob("progress*"))


@pytest.mark.parametrize("end", [pytest.param(interrupt, marks=pytest.mark.slow), kill_it])
def test_a_restore_that_is_told_to_end_writes_no_more_and_is_gone_on_with(
    ansible: Ansible, simulator: Simulator, tmp_path: Path, end: Callable[[subprocess.Popen[bytes]], None]
) -> None:
    load(simulator, latency=0)
    order = {"journal_path": str(tmp_path / "journal"), "concurrency": CONCURRENCY, "return_limit": 1000}
    before = simulator.tags("team/app")
    assert ansible.module("registry_cleanup", {**ORDER, **order}).status == "ok"
    simulator.latency(registry=0.03)
    moment = MOMENTS.randrange(1, TAGS // 3)
    simulator.clear_log()
    with playbook(ansible, {}, order, "registry_restore") as process:
        wait_until(lambda: len(simulator.tags("team/app")) > moment, process)
        end(process)
        process.wait(30)
        at_the_end = simulator.counters()
        time.sleep(AFTERWARDS)
        afterwards = simulator.counters()
    assert afterwards["writes"] - at_the_end["writes"] <= CONCURRENCY
    assert moment < len(simulator.tags("team/app")) < TAGS
    simulator.latency()
    there = len(simulator.tags("team/app")) - 1
    again = ansible.module("registry_restore", order)
    assert again.status == "ok", again.message
    assert again.result["counts"]["present"] == there
    digests = [{row["name"]: row["digest"] for row in rows} for rows in (before, simulator.tags("team/app"))]
    assert digests[0] == digests[1]


def test_a_task_that_takes_too_long_deletes_no_more(ansible: Ansible, simulator: Simulator) -> None:
    load(simulator, latency=0.2)
    with playbook(ansible, {"timeout": 12}, {**ORDER, "delete_via": "rest"}) as process:
        process.wait(60)
        at_the_end = simulator.counters()
        time.sleep(AFTERWARDS)
        afterwards = simulator.counters()
    assert afterwards["writes"] - at_the_end["writes"] <= CONCURRENCY
    assert 0 < deleted(simulator) < TAGS


def test_a_task_in_the_background_goes_on(ansible: Ansible, simulator: Simulator) -> None:
    """Such a task is meant to outlive ansible-playbook."""
    load(simulator)
    with playbook(ansible, {"async": 120, "poll": 0}, {**ORDER, "delete_via": "graphql"}) as process:
        process.wait(60)
        deadline = time.monotonic() + 60
        while deleted(simulator) < TAGS and time.monotonic() < deadline:
            time.sleep(0.1)
    assert simulator.state()["team/app"] == ["v1"]
