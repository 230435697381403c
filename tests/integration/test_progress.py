# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lines that a long task shows while it runs, and the ways to run a task in which it shows none."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.integration.driver import TOKEN, Ansible, Run
from tests.integration.scenarios import repository, server, tag
from tests.simulator.harness import Simulator

INFO = "containerops.gitlab.registry_info"
CLEANUP = "containerops.gitlab.registry_cleanup"
READ: dict[str, Any] = {"group": "team", "gather": ["tags"]}
DELETE: dict[str, Any] = {"group": "team", "name_regex_delete": "dev-.*"}
# Seconds between lines, and for an answer of the server: so that several lines are shown of a short run.
EVERY, ANSWER = 0.1, 0.2
REPOSITORIES, TAGS = 4, 30
LINE = re.compile(r"^(\S+(?: \(.*\))?) \| ([a-z ]+): (.*)$", re.MULTILINE)


@pytest.fixture(autouse=True)
def _slow_server(simulator: Simulator) -> None:
    tags = [tag("v1", 1), *(tag(f"dev-{number:03}", 90) for number in range(TAGS))]
    repositories = [repository(100 + number, "team/app", f"part-{number}", tags) for number in range(REPOSITORIES)]
    simulator.load(server(repositories))
    simulator.latency(request=ANSWER)


def play(ansible: Ansible, task: dict[str, Any], *options: str, env: dict[str, str] | None = None, **play: Any) -> Run:
    """Run a task as a play of its own, and see that nothing is left of it and that no line has the token."""
    path = ansible.folder / "progress.yml"
    defaults = {"hosts": "localhost", "connection": "local", "gather_facts": False}
    variables = {"ansible_python_interpreter": "{{ ansible_playbook_python }}", "registry_progress_interval": EVERY}
    path.write_text(json.dumps([{**defaults, **play, "vars": variables, "tasks": [{"name": "Long", **task}]}]))
    run = ansible.play(path, *options, env=env)
    assert not list(ansible.folder.rglob("progress-*"))
    assert TOKEN not in run.output
    return run


def lines_of(run: Run) -> list[tuple[str, str, str]]:
    """Find the lines of progress: what stands before, the phase, and the numbers."""
    return [(match[1], match[2], match[3]) for match in LINE.finditer(run.output)]


@pytest.mark.versions
def test_a_cleanup_shows_reading_and_deleting(ansible: Ansible) -> None:
    lines = lines_of(play(ansible, {CLEANUP: DELETE}))
    assert {title for title, _phase, _numbers in lines} == {"localhost"}
    assert "deleting" in {phase for _title, phase, _numbers in lines}
    total = REPOSITORIES * TAGS
    assert all(
        re.match(rf"\d+ of {total} tags handled, \d of {REPOSITORIES} repositories finished, ", numbers)
        for _title, phase, numbers in lines
        if phase == "deleting" and not numbers.startswith("0 ")
    )


WAYS: dict[str, dict[str, Any]] = {
    "alone": {INFO: READ},
    "check mode and diff": {INFO: READ, "check_mode": True, "diff": True},
    "register and retries": {INFO: READ, "register": "found", "until": "found.requests > 0", "retries": 2},
    "delegated": {INFO: READ, "delegate_to": "localhost"},
    "token in the environment": {INFO: READ, "environment": {"GITLAB_TOKEN": TOKEN}},
    "environment as a template": {INFO: READ, "environment": "{{ {'GITLAB_TOKEN': lookup('env', 'GITLAB_TOKEN')} }}"},
    "timeout": {INFO: READ, "timeout": 60},
}


@pytest.mark.versions
@pytest.mark.sweep(3)
@pytest.mark.parametrize("way", WAYS)
def test_lines_are_shown(ansible: Ansible, way: str) -> None:
    run = play(ansible, WAYS[way])
    assert lines_of(run), run.output
    assert run.of(INFO).result["requests"] > 0
    assert not run.of(INFO).failed
    assert "CONTAINEROPS" not in json.dumps(run.of(INFO).result)


SILENT: dict[str, dict[str, Any]] = {
    "async": {INFO: READ, "async": 60, "poll": 1},
    "no_log": {INFO: READ, "no_log": True},
    "switched off": {INFO: READ, "vars": {"registry_progress_interval": 0}},
    "another connection": {INFO: READ, "vars": {"ansible_connection": "ansible.builtin.ssh"}, "ignore_errors": True},
}


@pytest.mark.sweep(2)
@pytest.mark.parametrize("way", SILENT)
def test_no_lines_are_shown(ansible: Ansible, way: str) -> None:
    env = {"ANSIBLE_SSH_EXECUTABLE": "false", "ANSIBLE_ASYNC_DIR": str(ansible.folder / "async")}
    run = play(ansible, SILENT[way], env=env)
    assert not lines_of(run), run.output
    assert run.code == 0, run.output


def test_lines_of_a_loop_name_the_item(ansible: Ansible) -> None:
    run = play(ansible, {INFO: {**READ, "group": "{{ item }}"}, "loop": ["team", "team/sub"]})
    assert {title for title, _phase, _numbers in lines_of(run)} == {"localhost (team)", "localhost (team/sub)"}


def test_lines_of_a_loop_name_the_label_with_its_characters_shown(ansible: Ansible) -> None:
    loop = {"loop": [{"group": "team"}], "loop_control": {"label": "{{ item.group }}\u202e\x1b[1m"}}
    run = play(ansible, {INFO: {**READ, "group": "{{ item.group }}"}, **loop})
    assert {title for title, _phase, _numbers in lines_of(run)} == {r"localhost (team\u202e\x1b[1m)"}


def test_an_item_that_is_no_plain_value_is_not_shown(ansible: Ansible) -> None:
    run = play(ansible, {INFO: {**READ, "group": "{{ item.group }}"}, "loop": [{"group": "team"}]})
    assert {title for title, _phase, _numbers in lines_of(run)} == {"localhost"}


@pytest.mark.parametrize("strategy", ["linear", "free"])
def test_lines_of_several_hosts_at_once_name_the_host(ansible: Ansible, strategy: str) -> None:
    hosts = ["one", "two", "three"]
    run = play(ansible, {INFO: READ}, "-i", ",".join(hosts), "-f", "3", hosts="all", strategy=strategy)
    assert {title for title, _phase, _numbers in lines_of(run)} == set(hosts)
    assert run.code == 0, run.output


def test_defaults_for_the_group_of_modules_hold(ansible: Ansible) -> None:
    defaults = {"group/containerops.gitlab.registry": {"group": "team", "return_limit": 1}}
    run = play(ansible, {INFO: {"gather": ["tags"]}}, module_defaults=defaults)
    assert lines_of(run)
    assert len(run.of(INFO).result["repositories"]) == 1


def test_the_output_of_a_program_that_reads_it_is_left_alone(ansible: Ansible) -> None:
    """Lines are shown on stderr."""
    run = play(ansible, {INFO: READ}, env={"ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.minimal"})
    assert lines_of(run)
    stdout = run.output[: run.output.index(" | finding")]
    assert "localhost | SUCCESS" in stdout


def test_a_playbook_of_the_collection_takes_the_variable(ansible: Ansible) -> None:
    extra = {
        "registry_group": "team",
        "registry_cleanup_name_regex_delete": "dev-.*",
        "registry_progress_interval": EVERY,
    }
    run = ansible.play("containerops.gitlab.cleanup", "-e", json.dumps(extra))
    assert run.code == 0, run.output
    assert {title for title, _phase, _numbers in lines_of(run)} == {"localhost"}
    assert "registry_progress_interval" not in run.output
