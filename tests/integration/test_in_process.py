# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A module that runs in process gives what it gives in a playbook."""

from __future__ import annotations

from typing import Any

from tests.integration.driver import Ansible
from tests.integration.scenarios import MIXED_RULES, TOKEN, team
from tests.simulator.harness import Simulator

CLEANUP, INFO = "containerops.gitlab.registry_cleanup", "containerops.gitlab.registry_info"
# Modules of Ansible's own that do what none of the collection's should.
PING, YUM = "ansible.builtin.ping", "ansible.builtin.yum_repository"
TEAM = {"group": "team"}
WITHOUT_TOKEN = {"environment": {"GITLAB_TOKEN": ""}}
UNICODE = "Grüße ✓ 😀 \\u0000 \u2028 \"quoted\" 'too'"
OLD = {"name": "x", "file": "x", "baseurl": "file:///x", "description": "x", "reposdir": ".", "async": True}
# Each with how it has to end, so that two wrong ends are not taken for the same.
TASKS: dict[str, tuple[str, dict[str, Any]]] = {
    "ok": ("ok", {INFO: {**TEAM, "gather": ["tag_details", "size"]}}),
    "check mode": ("ok", {CLEANUP: {**TEAM, **MIXED_RULES}, "check_mode": True}),
    "a diff": ("ok", {CLEANUP: {**TEAM, **MIXED_RULES}, "check_mode": True, "diff": True}),
    "values that are converted": ("ok", {INFO: {**TEAM, "retries": "0", "timeout": "30", "gather": "tags"}}),
    "null": ("ok", {INFO: {**TEAM, "output_path": None}}),
    "failed": ("failed", {INFO: {"group": "nothing"}}),
    "refused": ("failed", {CLEANUP: {**TEAM, "name_regex_delete": ".*", "min_remaining": 2}}),
    "an option that there is not": ("failed", {INFO: {**TEAM, "groups": "team"}}),
    "options that exclude each other": ("failed", {INFO: {**TEAM, "api_token": TOKEN, "api_token_file": "x"}}),
    "a warning": ("failed", {INFO: {**TEAM, "api_url": "http://gitlab.invalid", "retries": 0}}),
    "a deprecation": ("ok", {YUM: OLD, "check_mode": True}),
    "a secret": ("ok", {INFO: {**TEAM, "api_token": TOKEN}, **WITHOUT_TOKEN}),
    "a secret in a message": ("failed", {INFO: {"group": f"of/{TOKEN}", "api_token": TOKEN}, **WITHOUT_TOKEN}),
    "unicode": ("failed", {INFO: {"group": UNICODE}}),
    "unicode that is given back": ("ok", {PING: {"data": UNICODE}}),
    "a crash": ("failed", {PING: {"data": "crash"}}),
}
HAS = {"a diff": "diff", "a warning": "warnings", "a deprecation": "deprecations"}


def test_results_are_those_of_a_playbook(ansible: Ansible, simulator: Simulator) -> None:
    tasks = [{"name": name, **task} for name, (_status, task) in TASKS.items()]
    simulator.load(team())
    ansible.shows_deprecations = True
    run = ansible.tasks([{**task, "ignore_errors": True} for task in tasks])
    assert len(run.tasks) == len(tasks), run.output
    simulator.load(team())
    for task, there in zip(tasks, run.tasks, strict=True):
        name, here = there.name, ansible.in_process(task)
        assert there.status == TASKS[name][0], there.message
        assert HAS.get(name, "changed") in there.result, name
        # Not of the result, but about it.
        there.result.pop("_ansible_no_log", None)
        # The server counts on.
        for found in (there, here):
            found.result.get("error", {}).pop("request_id", None)
        assert here == there


def test_what_is_for_ansible_to_work_out_goes_to_a_playbook(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    tasks: list[dict[str, Any]] = [
        {"name": "A template", INFO: {"group": "{{ 'te' ~ 'am' }}"}},
        {"name": "A keyword", INFO: {"group": "nothing"}, "when": False},
        {"name": "Another action", "ansible.builtin.set_fact": {"name": "team"}},
    ]
    assert [task.status for task in ansible.steps(tasks)] == ["ok", "skipped", "ok"]
