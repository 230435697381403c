# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for every module: no write in check mode, no secret in any output, documentation that is true."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.driver import Ansible, Task
from tests.integration.scenarios import MIXED_RULES, TOKEN, repository, server, tag, team
from tests.simulator.harness import Simulator

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py"))

# For each module options that have it do all that it can do.
FULL: dict[str, dict[str, Any]] = {
    "registry_info": {"group": "team", "gather": ["tag_details", "size", "policy_preview"]},
    "registry_cleanup": {"group": "team", **MIXED_RULES},
    "registry_tag": {
        "repository": "team/sub/tool",
        "name": ["stable", "v1"],
        "source_repository": "team/app/web",
        "source": "v1",
    },
    "registry_repository": {"repository": ["team/app", "team/app/web"], "state": "empty", "protect": ["v1"]},
    "registry_catalog_info": {"registry_username": "root", "registry_password": "{{ root }}"},
}
# What makes each of them fail.
NOTHING: dict[str, dict[str, Any]] = {
    "registry_info": {"group": "nothing"},
    "registry_cleanup": {"group": "nothing"},
    "registry_tag": {"repository": "nothing/here"},
    "registry_repository": {"repository": ["nothing/here"]},
    "registry_catalog_info": {"registry_password": "{{ wrong }}"},
}
SECRETS = {"secret": TOKEN, "root": "glpat-root", "wrong": "glpat-wrong"}
# What Ansible itself adds to a result.
ANSIBLE = {"changed", "diff", "failed", "msg", "invocation", "warnings", "deprecations", "exception"}


def documentation(module: str, part: str) -> Any:
    source = (ROOT / "plugins" / "modules" / f"{module}.py").read_text()
    return yaml.safe_load(source.partition(f'{part} = r"""')[2].partition('"""')[0])


def test_every_module_is_in_the_table() -> None:
    assert set(MODULES) == set(FULL) == set(NOTHING)


@pytest.mark.parametrize("module", MODULES)
def test_check_mode_writes_nothing_and_promises_what_a_run_does(
    ansible: Ansible, simulator: Simulator, module: str
) -> None:
    simulator.load(team())
    secrets = ("-e", json.dumps(SECRETS))
    check = ansible.module(module, FULL[module], *secrets, check=True, diff=True)
    assert check.status == "ok", check.message
    assert simulator.counters()["writes"] == 0
    run = ansible.module(module, FULL[module], *secrets, diff=True)
    simulator.clear_log()
    again = ansible.module(module, FULL[module], *secrets, diff=True)
    for key in ("changed", "diff", "plan", "repositories", "tags"):
        assert check.result.get(key) == run.result.get(key), key
    assert again.result["changed"] is False
    assert simulator.counters()["writes"] == 0


@pytest.mark.parametrize("module", MODULES)
def test_the_token_is_nowhere(ansible: Ansible, simulator: Simulator, module: str, tmp_path: Path) -> None:
    simulator.load(team())
    for options, env in (
        (FULL[module], {}),
        ({**FULL[module], "api_token": TOKEN}, {"GITLAB_TOKEN": None}),
        ({**FULL[module], **NOTHING[module]}, {}),
        ({**FULL[module], **NOTHING[module], "api_token": TOKEN}, {"GITLAB_TOKEN": None}),
    ):
        task = {"name": module, f"containerops.gitlab.{module}": options}
        # A token in a play's own text is the user's to hide; what the modules give back is ours.
        if "api_token" in options:
            task[f"containerops.gitlab.{module}"] = {**options, "api_token": "{{ secret }}"}
        run = ansible.tasks([task], "-vvv", "--diff", "-e", f"@{_secret_file(tmp_path)}", env=env)
        told = [run.output, *(json.dumps(found.result) for found in run.tasks)]
        # A JSON Web Token begins like this.
        assert not [text for text in told for secret in (*SECRETS.values(), "eyJ") if secret in text]
    assert all(TOKEN not in json.dumps(entry) for entry in simulator.requests())


def _secret_file(folder: Path) -> Path:
    path = folder / "secret.yml"
    path.write_text(json.dumps(SECRETS))
    return path


def test_defaults_for_the_whole_group(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    tasks = [{"name": module, f"containerops.gitlab.{module}": FULL[module]} for module in MODULES]
    play = [
        {
            "name": "Test",
            "hosts": "localhost",
            "connection": "local",
            "gather_facts": False,
            "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"},
            "module_defaults": {
                "group/containerops.gitlab.registry": {"api_url": simulator.api_url, "api_token": TOKEN}
            },
            "tasks": tasks,
        }
    ]
    path = ansible.folder / "defaults.yml"
    path.write_text(json.dumps(play))
    run = ansible.play(path, "-e", json.dumps(SECRETS), env={"GITLAB_TOKEN": None, "GITLAB_API_URL": None})
    assert run.code == 0, run.output
    assert len(run.tasks) == len(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_every_example_runs(ansible: Ansible, simulator: Simulator, module: str) -> None:
    scenario = team()
    scenario["projects"].append({"id": 4, "path": "team/tools"})
    simulator.load(scenario)
    environment = {"CI_JOB_TOKEN": "job-token", "CI_PROJECT_PATH": "team/app"}
    if module == "registry_catalog_info":
        environment["GITLAB_TOKEN"] = "glpat-root"
    examples = documentation(module, "EXAMPLES")
    run = ansible.tasks(examples, env=environment)
    assert run.code == 0, run.output
    assert [task.name for task in run.tasks] == [example["name"] for example in examples]
    assert all(task.status == "ok" for task in run.tasks)


# Options over the full ones, one after the other on the same server, and whether in check mode.
ENDINGS: dict[str, list[tuple[dict[str, Any], bool]]] = {
    "registry_tag": [
        ({}, True),
        ({}, False),
        ({"source": "dev-1"}, False),
        (NOTHING["registry_tag"], False),
        ({"state": "absent", "source": None, "source_repository": None}, False),
    ],
    "registry_repository": [
        ({}, True),
        ({}, False),
        ({"max_deletions": 0, "protect": []}, False),
        (NOTHING["registry_repository"], False),
        ({"state": "absent", "protect": None, "empty_first": True}, False),
        ({"state": "absent", "protect": None, "repository": ["team/app/gone"]}, False),
    ],
    "registry_catalog_info": [({}, False), (NOTHING["registry_catalog_info"], False)],
}


def results(ansible: Ansible, simulator: Simulator, module: str, tmp_path: Path) -> list[Task]:
    """Results of a module in as many ways as it can end."""
    if module in ENDINGS:
        simulator.load(team())
        found = []
        for options, check in ENDINGS[module]:
            file = {"output_path": str(tmp_path / "file")} if module == "registry_catalog_info" else {}
            full = {**FULL[module], **options, **file}
            found.append(ansible.module(module, full, "-e", json.dumps(SECRETS), check=check, diff=True))
        return found
    broken = team("M2")
    broken["repositories"][1]["registry_state"] = "unreachable"
    refusing = server([repository(100, "team/app", "", [tag("dev-1", 90), tag("v1", 1)])])
    file_option = {"registry_info": "output_path", "registry_cleanup": "plan_path"}[module]
    full = {**FULL[module], file_option: str(tmp_path / "file.jsonl")}
    found = []
    simulator.load(team())
    found.append(ansible.module(module, full, check=True, diff=True))
    found.append(ansible.module(module, full, diff=True))
    found.append(ansible.module(module, {**full, "group": "nothing"}))
    if module == "registry_info":
        named = {"group": "team", "gather": ["tags"], "tag_names": ["dev-1", "missing"]}
        found.append(ansible.module(module, named))
    simulator.load(broken)
    found.append(ansible.module(module, {**full, "retries": 0}))
    if module == "registry_cleanup":
        simulator.load(refusing)
        found.append(ansible.module(module, {"group": "team", "name_regex_delete": ".*", "min_remaining": 2}))
        simulator.faults([{"body": "destroyContainerRepositoryTags", "action": "status", "status": 403, "json": {}}])
        found.append(ansible.module(module, {"group": "team", "name_regex_delete": "dev-.*"}))
    return found


@pytest.mark.parametrize("module", MODULES)
def test_the_documentation_of_what_is_returned_is_exact(
    ansible: Ansible, simulator: Simulator, module: str, tmp_path: Path
) -> None:
    documented = documentation(module, "RETURN")
    seen: set[str] = set()
    for task in results(ansible, simulator, module, tmp_path):
        own = {
            key: value for key, value in task.result.items() if key not in ANSIBLE and not key.startswith("_ansible")
        }
        _compare(own, documented, module, seen)
    missing = sorted(set(_paths(documented, module)) - seen)
    assert missing == []


TYPES = {"str": str, "int": int, "float": float, "bool": bool, "dict": dict, "list": list}


def _compare(found: dict[str, Any], documented: dict[str, Any], place: str, seen: set[str]) -> None:
    """Every key is documented with its type, and where keys of a list or dict are documented they are all there."""
    assert set(found) <= set(documented), f"{place}: undocumented {set(found) - set(documented)}"
    for key, value in found.items():
        spec = documented[key]
        here = f"{place}.{key}"
        seen.add(here)
        assert value is None or isinstance(value, TYPES[spec["type"]]), f"{here} is {value!r}"
        rows = value if isinstance(value, list) else [value]
        for row in rows:
            if "contains" in spec and isinstance(row, dict):
                assert set(row) == set(spec["contains"]), f"{here}: {set(row) ^ set(spec['contains'])}"
                _compare(row, spec["contains"], here, seen)
            elif isinstance(value, list) and row is not None:
                assert isinstance(row, TYPES[spec["elements"]]), f"{here} holds {row!r}"


def _paths(documented: dict[str, Any], place: str) -> list[str]:
    """All documented places but those inside lists that may be empty in these runs."""
    found = []
    for key, spec in documented.items():
        found.append(f"{place}.{key}")
        if "contains" in spec and place.count(".") == 0 and key not in ("outcome",):
            found += _paths(spec["contains"], f"{place}.{key}")
    return found
