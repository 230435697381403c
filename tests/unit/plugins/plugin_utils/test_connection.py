# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One variable for connection and speed gives each module what it has an option for, and nothing is passed over."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.containerops.gitlab.plugins.filter.connection_options import FilterModule, connection_options
from ansible_collections.containerops.gitlab.plugins.plugin_utils.connection import OPTIONS, connection_of
from ansible_collections.containerops.gitlab.plugins.plugin_utils.documents import ValueRefused
from ansible_collections.containerops.gitlab.plugins.plugin_utils.role_specs import specs_of
from ansible_collections.containerops.gitlab.plugins.plugin_utils.role_variables import Playbook, read_variables
from tests.tools.collection import ROOT
from tests.tools.roles import CONNECTION

MODULES = "ansible_collections.containerops.gitlab.plugins.modules"
GROUP: list[str] = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())["action_groups"]["registry"]
PLAYBOOKS = sorted((ROOT / "playbooks").glob("*.yml"))
SECRET = "glpat-not-to-be-shown"


def test_every_module_of_the_group_has_its_options() -> None:
    assert sorted(OPTIONS) == sorted(GROUP)
    for module, options in OPTIONS.items():
        arguments = importlib.import_module(f"{MODULES}.{module}").ARGUMENTS.options
        assert options == CONNECTION & set(arguments), module


@pytest.mark.parametrize("module", GROUP)
def test_a_module_gets_what_it_has_an_option_for(module: str) -> None:
    every = dict.fromkeys(CONNECTION, "1")
    assert connection_options(every, module) == dict.fromkeys(OPTIONS[module], "1")


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (None, {}),
        ("", {}),
        (" \n", {}),
        ({}, {}),
        ("timeout: 30\nread_via: rest\n", {"timeout": 30, "read_via": "rest"}),
        ('{"timeout": "30"}', {"timeout": "30"}),
        ({"retries": "2"}, {"retries": "2"}),
    ],
)
def test_a_text_is_read_as_a_dictionary(value: Any, wanted: dict[str, Any]) -> None:
    assert connection_of(value) == wanted


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"time_out": 3}, "has no setting time_out: perhaps timeout is meant"),
        ({"Timeout": 3}, "has no setting Timeout: perhaps timeout is meant"),
        ({"on_error": "report"}, "has no setting on_error"),
        ({"group": "team"}, "has no setting group"),
        ({"zzz": SECRET}, "has no setting zzz: it may hold api_job_token, api_oauth_token, api_token"),
        ({"api_tokn": SECRET}, "has no setting api_tokn: perhaps api_token is meant"),
        ({7: SECRET}, "has no setting 7"),
        ([{"timeout": 3}], "is not a dictionary"),
        (7, "is not a dictionary"),
        (True, "is not a dictionary"),
        (SECRET, "is not a dictionary"),
        ("timeout: 1\n---\ntimeout: 2", "is not a dictionary"),
        ("timeout: 1\ntimeout: 2", "timeout"),
        (f"[{SECRET}", "is not valid YAML in line 1"),
    ],
)
def test_what_can_not_be_meant_is_refused_and_no_value_is_shown(value: Any, told: str) -> None:
    with pytest.raises(ValueRefused, match=re.escape(told)) as refused:
        connection_of(value)
    assert SECRET not in str(refused.value)
    with pytest.raises(AnsibleFilterError, match="^registry_connection "):
        connection_options(value, "registry_info")
    [refusal] = read_variables(
        "registry_settings", specs_of("registry_settings"), {}, Playbook(connection=value)
    ).refusals
    assert refusal.startswith("registry_connection ")


@pytest.mark.parametrize("name", ["registry_conection", "registry_connections", "Registry_connection"])
def test_a_misspelt_name_of_the_variable_is_refused_in_the_playbooks(name: str) -> None:
    playbook = Playbook(connection={})
    [refusal] = read_variables(
        "registry_settings", specs_of("registry_settings"), {}, playbook, {name: lambda: {"timeout": 3}}
    ).refusals
    assert refusal == f"{name} is not a variable of this playbook: write registry_connection"
    alone = {"__registry_connection": dict, "registry_connection": dict, "registry_policies": str}
    assert not read_variables("registry_settings", specs_of("registry_settings"), {}, playbook, alone).refusals


def modules_of(source: str) -> set[str]:
    """The modules of the group that a play, or a role that it runs, uses."""
    found = {module for module in GROUP if re.search(rf"^ +containerops\.gitlab\.{module}:$", source, re.MULTILINE)}
    for role in {path.name for path in (ROOT / "roles").iterdir()}:
        if re.search(rf"(role|name): containerops\.gitlab\.{role}$", source, re.MULTILINE):
            found |= modules_of("\n".join(path.read_text() for path in (ROOT / "roles" / role / "tasks").glob("*.yml")))
    return found


# What a playbook itself says to a module, whatever its variables say.
MORE = {("apply", "registry_cleanup"): " | combine({'require_approval': true})"}


@pytest.mark.parametrize("path", PLAYBOOKS, ids=lambda path: path.stem)
def test_a_playbook_passes_the_settings_on_to_all_of_its_modules(path: Path) -> None:
    for play in yaml.safe_load(path.read_text()):
        modules = modules_of(yaml.safe_dump([play], width=1000))
        defaults = {
            f"containerops.gitlab.{module}": (
                f"{{{{ __registry_connection | containerops.gitlab.connection_options('{module}')"
                f"{MORE.get((path.stem, module), '')} }}}}"
            )
            for module in modules
        }
        assert play.get("module_defaults", {}) == defaults
        if modules:
            assert play["vars"]["__registry_connection"] == "{{ registry_connection | default({}) }}"


def test_it_is_a_filter() -> None:
    assert FilterModule().filters() == {"connection_options": connection_options}
