# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options: written once, of one name and one default for one thing, in modules and in roles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.containerops.gitlab.plugins.module_utils._core.files import WRITTEN
from ansible_collections.containerops.gitlab.plugins.module_utils._module.inputs import LEFT_OUT_WHEN_EMPTY
from tests.tools.collection import ROOT
from tests.tools.documents import documentation_of, fragments, options_of
from tests.tools.roles import MAY_BE_EMPTY, PAGE, ROLES, argument_specs_of, folder_of, page
from tests.unit.repository.tree import INVENTORY, MODULES, text_of

# What roles give their modules in another way than as it is.
IN_ANOTHER_WAY = {
    "registry_audit": {
        "repositories": "{{ __registry_audit_cleanup.options.repositories | default(omit) }}",
        "exclude_repositories": "{{ __registry_audit_cleanup.options.exclude_repositories | default(omit) }}",
        "gather": "{{ __registry_audit_gather }}",
        "estimate": "{{ __registry_audit_estimates }}",
        "output_path": "{{ __registry_audit_folder.path }}/repositories.jsonl",
    },
    "registry_cleanup": {
        "in_use_sources": "{{ __registry_cleanup_sources if __registry_cleanup_is_told else omit }}",
        "run_by": "{{ __registry_cleanup_run_by }}",
        "journal_is_temporary": "{{ __registry_cleanup.options.journal_is_temporary | default(omit) }}",
    },
    "registry_restore": {
        "journal_path": "{{ __registry_restore.options.journal_path "
        "| default(__registry_restore_folder.path | default('') ~ '/journal') }}"
    },
    "registry_settings": {"output_path": "{{ __registry_settings_folder.path }}/projects.jsonl"},
}


@pytest.mark.parametrize("role", ROLES)
def test_the_variables_of_a_role_are_made_of_the_options_of_its_module(role: str) -> None:
    """Where this fails, `python -m tests.tools.roles` writes them."""
    assert (folder_of(role) / "meta" / "argument_specs.yml").read_text() == argument_specs_of(role)


def test_the_page_on_the_variables_says_what_an_empty_text_is_in_each() -> None:
    """Where this fails, `python -m tests.tools.roles` writes it."""
    assert PAGE.read_text() == page()


@pytest.mark.parametrize("role", ROLES)
def test_a_role_gives_its_module_all_of_them(role: str) -> None:
    module = f"containerops.gitlab.{ROLES[role].module}"
    [given] = [task[module] for task in tasks_of(role) if module in task]
    assert given == {option: given_for(role, option) for option in ROLES[role].options} | IN_ANOTHER_WAY[role]


def test_the_task_that_writes_reports_gets_all_variables_that_are_of_them() -> None:
    module = "containerops.gitlab.registry_report"
    [given] = [task[module] for task in tasks_of("registry_cleanup") if module in task]
    for role in ROLES.values():
        for option in role.report_options:
            assert given[option] == f"{{{{ __registry_report_options.{option} | default(omit) }}}}"
    assert set(given) == set(options_of(ROOT / "plugins" / "modules" / "registry_report.py"))


def tasks_of(role: str) -> list[dict[str, Any]]:
    files = sorted((folder_of(role) / "tasks").glob("*.yml"))
    return [task for file in files for task in flat(yaml.safe_load(file.read_text()))]


@pytest.mark.parametrize("role", ROLES)
def test_what_is_left_out_if_it_is_empty_is_the_same_for_a_role_and_its_module(role: str) -> None:
    options = {*ROLES[role].options, *ROLES[role].report_options}
    assert options & {*MAY_BE_EMPTY} == options & LEFT_OUT_WHEN_EMPTY


@pytest.mark.parametrize("role", ROLES)
def test_no_role_gives_a_module_less_than_what_is_set(role: str) -> None:
    """An empty value says something: of the variables of a role nothing takes it for one that is not set."""
    for file in sorted((folder_of(role) / "tasks").glob("*.yml")):
        assert not re.search(r"default\(omit, true\)", file.read_text()), file


def test_an_audit_says_itself_what_would_be_another_audit_otherwise() -> None:
    asking, _plan = yaml.safe_load((folder_of("registry_audit") / "tasks" / "preview.yml").read_text())
    said = asking["vars"]
    shared = {*ROLES["registry_audit"].options, *ROLES["registry_audit"].own} & {*ROLES["registry_cleanup"].options}
    assert {*said["__registry_audit_sames"], *said["__registry_audit_said"]} == {*shared, "output_path"}


def flat(tasks: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The tasks of a file, those inside of blocks too."""
    for task in tasks:
        yield task
        for part in ("block", "rescue", "always"):
            yield from flat(task.get(part, []))


def given_for(role: str, option: str) -> str:
    """What a role gives for an option: what the variable says, empty or not, and nothing where it is not set."""
    return f"{{{{ __{role}.options.{option} | default(omit) }}}}"


def test_an_option_of_several_plugins_is_documented_once() -> None:
    documented: dict[tuple[str, str], list[str]] = {}
    own = {plugin.stem: documentation_of(plugin).get("options", {}) for plugin in [*MODULES, *INVENTORY]}
    for place, options in (own | {name: part.get("options", {}) for name, part in fragments().items()}).items():
        for name, option in options.items():
            documented.setdefault((name, yaml.safe_dump(option)), []).append(place)
    assert [(name, places) for (name, _text), places in documented.items() if len(places) > 1] == []


# Its lists hold what the task itself names, or what would be deleted if it were cut.
NEVER_CUT = ["registry_pulls_info", "registry_report", "registry_tag"]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_a_module_that_returns_lists_limits_them(module: Path) -> None:
    returned = yaml.safe_load(text_of(module, "RETURN")).values()
    lists = [value for value in returned if "list" in (value["type"], *_types(value))]
    assert ("return_limit" in options_of(module)) is (bool(lists) and module.stem not in NEVER_CUT)


def _types(value: dict[str, Any]) -> list[str]:
    return [each["type"] for each in value.get("contains", {}).values()]


def test_a_file_that_a_module_writes_has_one_of_these_names() -> None:
    paths = {name for plugin in MODULES for name, option in options_of(plugin).items() if option["type"] == "path"}
    certificates = {"ca_path", "client_cert", "client_key"}
    read = {"api_token_file", "approved_plan_path", "audit_path", "compare_with"}
    read |= {"retention_path", "previous_retention_path"}
    folders = {"plan_folder"}
    reports = {"csv_folder", "prometheus_path", "markdown_path", "html_path"}
    assert paths - certificates - read - folders == {
        "plan_path",
        "merged_plan_path",
        "output_path",
        "cache_path",
        "journal_path",
        *reports,
    }
    # The roles write reports besides. One file for two of all these is refused.
    assert paths - certificates - read - folders == WRITTEN - {"json_path", "csv_path"}


# Where Ansible's facts are stronger than a variable of the same name.
_WEAKER = re.compile(r"include_(role|tasks)$|import_(role|tasks)$")


def facts_of(tasks: list[dict[str, Any]]) -> set[str]:
    return {
        name
        for task in tasks
        for name in [*task.get("ansible.builtin.set_fact", ()), *filter(None, [task.get("register")])]
    }


def test_no_fact_of_a_role_stands_for_a_variable_of_a_task() -> None:
    """A fact is stronger than the variables of tasks and blocks, so that these would silently have its value."""
    every = [task for folder in sorted((ROOT / "roles").iterdir()) for task in tasks_of(folder.name)]
    # What is given to an include is stronger than facts.
    weaker = [task for task in every if not any(_WEAKER.search(key) for key in task)]
    variables = {name for task in weaker for name in task.get("vars", ())}
    kept = [yaml.safe_load(path.read_text()) for path in (ROOT / "roles").glob("*/vars/*.yml")]
    assert variables
    assert facts_of(every).isdisjoint({*variables, *(name for each in kept for name in each)})
