# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variable registry_connection of the playbooks reaches the modules, in every form, and tells no secret."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret

from tests.integration.driver import TOKEN, Ansible
from tests.integration.scenarios import team
from tests.simulator.harness import Simulator

NO_ENVIRONMENT = {"GITLAB_API_URL": None, "GITLAB_TOKEN": None}
RULES = {"registry_cleanup_name_regex_delete": "dev-.*", "registry_cleanup_older_than": "30d"}
VARIABLES: dict[str, dict[str, Any]] = {
    "audit": {"registry_group": "team", **RULES, "registry_audit_gather": ["policy_preview"]},
    "cleanup": {"registry_group": "team", **RULES},
    "settings": {"registry_settings_projects": [{"project": "team/app", "access_level": "private"}]},
}


def given(ansible: Ansible, playbook: str, connection: Any) -> list[str]:
    """Options that give the variables by a file, as a vault does."""
    path = ansible.folder / "variables.json"
    path.write_text(json.dumps({**VARIABLES[playbook], "registry_connection": connection}))
    return [f"containerops.gitlab.{playbook}", "--check", "-vvv", "-e", f"@{path}"]


@pytest.mark.parametrize("playbook", VARIABLES)
@pytest.mark.parametrize("as_text", [False, True], ids=["dictionary", "text"])
def test_the_settings_reach_every_module_and_the_token_is_nowhere(
    ansible: Ansible, simulator: Simulator, playbook: str, as_text: bool
) -> None:
    simulator.load(team())
    settings = {"api_url": simulator.url, "api_token": TOKEN, "timeout": "30", "concurrency": "2", "read_via": "rest"}
    connection = "\n".join(f"{key}: {value}" for key, value in settings.items()) if as_text else settings
    run = ansible.play(*given(ansible, playbook, connection), env=NO_ENVIRONMENT)
    assert run.code == 0, run.output
    tasks = [task for task in run.tasks if task.action.startswith("containerops.gitlab.registry_")]
    assert len(tasks) == (2 if playbook == "audit" else 1)
    for task in tasks:
        arguments = task.result["invocation"]["module_args"]
        assert (arguments["timeout"], arguments["concurrency"]) == (30.0, 2)
        assert arguments.get("read_via", "rest") == "rest"
    assert TOKEN not in run.output
    assert TOKEN not in json.dumps([task.result for task in run.tasks])
    assert simulator.counters()["writes"] == 0


def test_a_limit_of_requests_holds_on_the_wire(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    run = ansible.play(*given(ansible, "audit", {"max_requests": "1"}))
    assert run.code != 0
    assert "max_requests" in run.output
    assert simulator.counters()["total"] <= 1


def test_a_misspelt_setting_is_refused_before_any_request(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    for playbook in VARIABLES:
        run = ansible.play(*given(ansible, playbook, {"max_request": 1, "api_tokn": TOKEN}))
        assert run.code != 0
        assert "registry_connection has no setting max_request: perhaps max_requests is meant." in run.output
        assert TOKEN not in run.output
    assert simulator.counters()["total"] == 0


def test_the_defaults_of_a_users_own_play_reach_the_modules_of_a_role(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "connection": "local",
        "module_defaults": {
            "group/containerops.gitlab.registry": {"api_url": simulator.url, "api_token": TOKEN, "timeout": 31},
            "containerops.gitlab.registry_cleanup": {"read_via": "rest"},
        },
        "vars": {**RULES, "registry_cleanup_group": "team"},
        "roles": ["containerops.gitlab.registry_cleanup"],
    }
    (ansible.folder / "own.yml").write_text(json.dumps([play]))
    run = ansible.play("own.yml", "--check", env=NO_ENVIRONMENT)
    assert run.code == 0, run.output
    found = run.of("containerops.gitlab.registry_cleanup").result
    assert found["invocation"]["module_args"]["timeout"] == 31.0
    assert found["server"]["read_via"] == "rest"


def test_a_token_of_a_vault_reaches_the_modules_and_is_not_shown(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    vault = VaultLib([("default", VaultSecret(b"password"))])
    lines = vault.encrypt(TOKEN).decode().splitlines()
    variables = [
        "registry_group: team",
        "vaulted: !vault |",
        *(f"  {line}" for line in lines),
        "registry_connection:",
        f"  api_url: {simulator.url}",
        "  api_token: !vault |",
        *(f"    {line}" for line in lines),
    ]
    (ansible.folder / "password").write_text("password")
    by_name = [*variables[: -1 - len(lines)], '  api_token: "{{ vaulted }}"']
    for text in (variables, by_name):
        (ansible.folder / "variables.yml").write_text("\n".join(text))
        run = ansible.play(
            "containerops.gitlab.audit",
            *("-vvv", "-e", "@variables.yml", "--vault-password-file", "password"),
            env=NO_ENVIRONMENT,
        )
        assert run.code == 0, run.output
        assert TOKEN not in run.output
        assert TOKEN not in json.dumps([task.result for task in run.tasks])
