# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for every module: no write in check mode, no secret in any output, documentation that is true."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.documented import MODULES_FOLDER, assert_documented, documentation
from tests.integration.driver import Ansible, Task
from tests.integration.repeated import writes
from tests.integration.scenarios import MIXED_RULES, TOKEN, repository, server, tag, team
from tests.simulator.harness import Simulator

SECRETS = {"secret": TOKEN, "root": "glpat-root", "wrong": "glpat-wrong"}
# These work on files, such as the journal of another run, and their own tests hold all this.
WITH_FILES = {
    *("registry_plan_merge", "registry_plan_package", "registry_pulls_info", "registry_report"),
    "registry_restore",
}
MODULES = sorted({path.stem for path in MODULES_FOLDER.glob("*.py")} - WITH_FILES)

POLICY = {"enabled": True, "cadence": "7d", "keep_n": 5, "name_regex_delete": "dev-.*", "clear": ["older_than"]}
REPOSITORY_RULE = {"repository_path_pattern": "*", "minimum_access_level_for_delete": "owner"}
TAG_RULE = {
    "tag_name_pattern": "^v[0-9]",
    "minimum_access_level_for_push": "maintainer",
    "minimum_access_level_for_delete": "owner",
}
# For each module options that have it do all that it can do.
FULL: dict[str, dict[str, Any]] = {
    "registry_info": {"group": "team", "gather": ["tag_details", "size", "policy_preview", "protection_rules"]},
    "registry_cleanup": {"group": "team", **MIXED_RULES},
    "registry_tag": {
        "repository": "team/sub/tool",
        "name": ["stable", "v1"],
        "source_repository": "team/app/web",
        "source": "v1",
    },
    "registry_repository": {"repository": ["team/app", "team/app/web"], "state": "empty", "protect": ["v1"]},
    "registry_catalog_info": {"registry_username": "root", "registry_password": SECRETS["root"]},
    "registry_visibility": {"group": "team", "access_level": "private"},
    "registry_cleanup_policy": {"group": "team", **POLICY, "preview": True},
    "registry_repository_protection": {"group": "team", "rules": [REPOSITORY_RULE], "exclusive": True},
    "registry_tag_protection": {"group": "team", "rules": [TAG_RULE], "exclusive": True},
    "registry_settings": {
        "defaults": {"access_level": "private", "cleanup_policy": POLICY},
        "groups": [{"group": "team", "repository_protection": {"rules": [REPOSITORY_RULE]}}],
        "projects": [{"project": "team/app", "tag_protection": {"rules": [TAG_RULE], "exclusive": True}}],
    },
}
# What makes each of them fail.
NOTHING: dict[str, dict[str, Any]] = {
    "registry_info": {"group": "nothing"},
    "registry_cleanup": {"group": "nothing"},
    "registry_tag": {"repository": "nothing/here"},
    "registry_repository": {"repository": ["nothing/here"]},
    "registry_catalog_info": {"registry_password": SECRETS["wrong"]},
    "registry_visibility": {"group": "nothing"},
    "registry_cleanup_policy": {"group": "nothing"},
    "registry_repository_protection": {"group": "nothing"},
    "registry_tag_protection": {"group": "nothing"},
    "registry_settings": {"groups": [{"group": "nothing"}], "projects": []},
}
# An empty variable counts as unset.
WITHOUT_TOKEN = {"environment": {"GITLAB_TOKEN": ""}}


def test_every_module_is_in_the_table() -> None:
    assert set(MODULES) == set(FULL) == set(NOTHING)


@pytest.mark.versions
@pytest.mark.parametrize("module", MODULES)
def test_check_mode_writes_nothing_and_promises_what_a_run_does(
    ansible: Ansible, simulator: Simulator, module: str
) -> None:
    simulator.load(team())
    check, run, again = tasks = ansible.tasks(
        [
            {"name": name, f"containerops.gitlab.{module}": FULL[module], "check_mode": check, "diff": True}
            for name, check in (("Check", True), ("Run", False), ("Again", False))
        ]
    ).tasks
    assert [task.status for task in tasks] == ["ok", "ok", "ok"], [task.message for task in tasks]
    log = simulator.requests()
    first, second = check.result["requests"], check.result["requests"] + run.result["requests"]
    assert len(log) == second + again.result["requests"]
    assert writes(log[:first]) == writes(log[second:]) == []
    for key in ("changed", "diff", "plan", "repositories", "tags", "projects", "previews"):
        assert check.result.get(key) == run.result.get(key), key
    # A module has a message after every success, and says so, or after none.
    has_message = "msg" in documentation(module, "RETURN")
    assert ["msg" in task.result for task in tasks] == [has_message] * 3
    assert again.result["changed"] is False


@pytest.mark.parametrize("module", MODULES)
def test_the_token_is_nowhere(ansible: Ansible, simulator: Simulator, module: str, tmp_path: Path) -> None:
    simulator.load(team())
    # A token in a play's own text is the user's to hide; what the modules give back is ours.
    by_option = {"api_token": "{{ secret }}"}
    full = _by_name(FULL[module])
    nothing = {**full, **_by_name(NOTHING[module])}
    tasks = [
        {"name": "By environment", f"containerops.gitlab.{module}": full},
        {"name": "By option", f"containerops.gitlab.{module}": {**full, **by_option}, **WITHOUT_TOKEN},
        {"name": "By environment, in vain", f"containerops.gitlab.{module}": nothing},
        {"name": "By option, in vain", f"containerops.gitlab.{module}": {**nothing, **by_option}, **WITHOUT_TOKEN},
    ]
    run = ansible.tasks(
        [{**task, "ignore_errors": True} for task in tasks], "-vvv", "--diff", "-e", f"@{_secret_file(tmp_path)}"
    )
    assert [task.status for task in run.tasks] == ["ok", "ok", "failed", "failed"]
    told = [run.output, *(json.dumps(found.result) for found in run.tasks)]
    # A JSON Web Token begins like this.
    assert not [text for text in told for secret in (*SECRETS.values(), "eyJ") if secret in text]
    assert all(TOKEN not in json.dumps(entry) for entry in simulator.requests())


def _by_name(options: dict[str, Any]) -> dict[str, Any]:
    """The options with the names of secrets in their place."""
    names = {value: f"{{{{ {name} }}}}" for name, value in SECRETS.items()}
    return {key: names.get(value, value) if isinstance(value, str) else value for key, value in options.items()}


def _secret_file(folder: Path) -> Path:
    path = folder / "secret.yml"
    path.write_text(json.dumps(SECRETS))
    return path


@pytest.mark.versions
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
    run = ansible.play(path, env={"GITLAB_TOKEN": None, "GITLAB_API_URL": None})
    assert run.code == 0, run.output
    assert len(run.tasks) == len(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_every_example_runs(ansible: Ansible, simulator: Simulator, module: str) -> None:
    scenario = team()
    scenario["projects"].append({"id": 4, "path": "team/tools"})
    simulator.load(scenario)
    environment = {"CI_JOB_TOKEN": "job-token", "CI_PROJECT_PATH": "team/app"}
    if module in ("registry_catalog_info", "registry_info"):
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
        ({"max_deletions": 0, "protect": None}, False),
        (NOTHING["registry_repository"], False),
        ({"state": "absent", "protect": None, "empty_first": True}, False),
        ({"state": "absent", "protect": None, "repository": ["team/app/gone"]}, False),
    ],
    "registry_catalog_info": [({}, False), (NOTHING["registry_catalog_info"], False)],
    **{
        name: [
            ({}, True),
            ({"max_changed_projects": 0}, False),
            ({}, False),
            (NOTHING[name], False),
            ({"group": None, "project": ["team/app", "team/nothing"]}, False),
        ]
        for name in (
            *("registry_visibility", "registry_cleanup_policy"),
            *("registry_repository_protection", "registry_tag_protection"),
        )
    },
    "registry_settings": [
        ({}, True),
        ({}, False),
        (NOTHING["registry_settings"], False),
        ({"projects": [{"project": "team/nothing"}]}, False),
    ],
}


# Endings of what is not named, but chosen from a scope.
OF_A_SCOPE: dict[str, list[tuple[dict[str, Any], bool]]] = {
    "registry_repository": [
        (
            {
                "repository": None,
                "group": "team",
                "state": "absent",
                "conditions": {"paths": ["team/sub/*"], "not_pushed_for": "1d"},
                "plan_path": "repositories.jsonl",
            },
            True,
        )
    ],
}


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _placed(options: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The options with the file that they name in a folder."""
    return {**options, "plan_path": str(folder / options["plan_path"])} if "plan_path" in options else options


# The options that have a module write a file.
FILES = {
    **{name: ["output_path"] for name in MODULES if name not in ("registry_tag", "registry_repository")},
    "registry_cleanup": ["plan_path", "output_path"],
}


def results(ansible: Ansible, simulator: Simulator, module: str, tmp_path: Path) -> list[Task]:
    """Results of a module in as many ways as it can end."""
    if module in ENDINGS:
        simulator.load(team())
        files = {option: str(tmp_path / option) for option in FILES.get(module, [])}
        tasks = [
            {
                "name": str(number),
                f"containerops.gitlab.{module}": _given({**FULL[module], **_placed(options, tmp_path), **files}),
                "check_mode": check,
                "diff": True,
            }
            for number, (options, check) in enumerate([*ENDINGS[module], *OF_A_SCOPE.get(module, [])])
        ]
        return ansible.steps(tasks)
    broken = team("M2")
    broken["repositories"][1]["registry_state"] = "unreachable"
    refusing = server([repository(100, "team/app", "", [tag("dev-1", 90), tag("v1", 1)])])
    full = {**FULL[module], **{option: str(tmp_path / option) for option in FILES[module]}}
    found = []
    simulator.load(team())
    found.append(ansible.module(module, full, check=True, diff=True))
    if module == "registry_cleanup":
        approved = {"approved_plan_path": full["plan_path"]}
        fingerprint = found[0].result["plan"]["fingerprint"]
        approved["approved_fingerprint"] = fingerprint
        found.append(ansible.module(module, {**FULL[module], **approved}, check=True))
        before = {"rule_sets": [{"name": "old", "rules": [{"match": "v.*"}]}], "default": "old"}
        after = {"rule_sets": [{"name": "new", "rules": [{"match": "dev-.*"}]}], "default": "new"}
        documents = {"group": "team", "retention": after, "previous_retention": before}
        found.append(ansible.module(module, documents, check=True))
    found.append(ansible.module(module, full, diff=True))
    found.append(ansible.module(module, {**full, "group": "nothing"}))
    if module == "registry_info":
        named = {"group": "team", "gather": ["tags"], "tag_names": ["dev-1", "missing"]}
        found.append(ansible.module(module, named))
        found.append(ansible.module(module, {"group": "team", "gather": ["tag_details"], "estimate": True}))
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
    assert_documented(module, results(ansible, simulator, module, tmp_path))
