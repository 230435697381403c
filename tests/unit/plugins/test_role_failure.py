# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a module says of its options is told in the variables of the role that runs it."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.filter.role_failure import (
    FilterModule,
    in_role_words,
    role_failure,
)
from tests.tools.collection import ROOT
from tests.tools.roles import ROLES

CLEANUP = ROLES["registry_cleanup"].options
# How a message begins that is about an option, and how Ansible's own check of options tells of it.
FORMS = (
    "{} is empty: write a duration such as 30d, or leave the option out.",
    "{} 'a(' is not a valid RE2 pattern: missing ).",
    "{}: it can't be negative.",
    "one of the following is required: a, {}, b",
    "one of the following is required: {}",
    "parameters are mutually exclusive: a|{}|b",
    "parameters are mutually exclusive: x|y, a|{}",
    "value of {} must be one of: fail, skip_repository, got: x",
    "value of {} must be one or more of: tags. Got no match for: x",
    "argument '{}' is of type <class 'str'> and we were unable to convert to int: it is none",
    "Elements value for option '{}' is of type <class 'str'> and we were unable to convert to int: it is none",
    "missing required arguments: {}",
    "A task with a job token: set {} to false, or give a project access token.",
    "dictionary requested, could not parse JSON or key=value found in {}",
)


@pytest.mark.parametrize("option", CLEANUP)
def test_an_option_is_called_as_the_variable_of_the_role(option: str) -> None:
    for form in FORMS:
        wanted = form.format(f"registry_cleanup_{option}")
        assert in_role_words(form.format(option), "registry_cleanup") == wanted
        assert in_role_words(wanted, "registry_cleanup") == wanted


def test_an_option_of_a_log_is_called_as_the_variable_that_gives_it() -> None:
    tasks = (ROOT / "roles" / "registry_in_use" / "tasks" / "pull_log.yml").read_text()
    options = dict(re.findall(r"^    (\w+): .*__registry_in_use[.]options[.](\w+) }}", tasks, re.MULTILINE))
    assert set(options) == {"pulled_within", "max_gap", "max_unreadable", "ignored_agents"}
    for option, variable in options.items():
        for form in (*FORMS, "keep logs for longer, or lower {}", "which is longer than {}: name all files"):
            assert in_role_words(form.format(option), "registry_in_use") == form.format(f"registry_in_use_{variable}")


def test_the_first_role_that_has_an_option_names_it() -> None:
    said = in_role_words("one of the following is required: project, protect", "registry_audit", "registry_cleanup")
    assert said == "one of the following is required: registry_audit_project, registry_cleanup_protect"
    said = in_role_words("repositories 'x' is the path of no repository", "registry_audit", "registry_cleanup")
    assert said.startswith("registry_cleanup_repositories 'x'")


@pytest.mark.parametrize(
    "message",
    [
        "Could not list the tags of team/project/group: GitLab answered 403.",
        "The group team was not found: the project may be private.",
        "team/keep_n/older_than: 2 of 2 tags would be deleted",
        "The approved plan was altered after it was made: its own fingerprint does not fit it.",
        "api_url is missing: give the address of GitLab, or set GITLAB_API_URL.",
        "Nothing was deleted, since the plan is refused: no rules are there",
    ],
)
def test_words_that_are_no_options_stay(message: str) -> None:
    assert in_role_words(message, "registry_cleanup") == message


@pytest.mark.parametrize(
    ("message", "wanted"),
    [
        (
            "rule 2: keep_n is -1: it can't be negative.",
            "registry_cleanup_rules: rule 2: keep_n is -1: it can't be negative.",
        ),
        (
            "value of sort_by must be one of: date, semver, got: x found in rules",
            "value of sort_by must be one of: date, semver, got: x found in registry_cleanup_rules",
        ),
        (
            "team/a: 0 remain, fewer than min_remaining 1 (set on_limit to skip_repository)",
            "team/a: 0 remain, fewer than registry_cleanup_min_remaining 1 "
            "(set registry_cleanup_on_limit to skip_repository)",
        ),
        # The keys of a document are no variables.
        (
            "retention, rule_sets, a, rules: 'older_then' is not a known key: perhaps older_than is meant.",
            "registry_cleanup_retention, rule_sets, a, rules: 'older_then' is not a known key: "
            "perhaps older_than is meant.",
        ),
        (
            "previous_retention_path /a/old.yml, line 3, rule_sets, a: min_age '2' is ambiguous.",
            "registry_cleanup_previous_retention_path /a/old.yml, line 3, rule_sets, a: min_age '2' is ambiguous.",
        ),
        (
            "retention_path /a/keep_n.yml has 2 mistakes: line 7, rule_sets, a: keep_n is missing; "
            "line 9: default is 5.",
            "registry_cleanup_retention_path /a/keep_n.yml has 2 mistakes: line 7, rule_sets, a: keep_n is missing; "
            "line 9: default is 5.",
        ),
    ],
)
def test_what_belongs_to_a_rule_keeps_its_name(message: str, wanted: str) -> None:
    assert in_role_words(message, "registry_cleanup") == wanted


def test_it_is_a_filter() -> None:
    assert FilterModule().filters() == {"role_failure": role_failure}


@pytest.mark.parametrize(
    ("result", "failure"),
    [
        ({}, ""),
        ({"skipped": True, "skip_reason": "x"}, ""),
        ({"result": "ok"}, ""),
        ({"result": "ok", "msg": "3 deleted of 3 planned."}, ""),
        ({"result": "partial", "plan": {}}, ""),
        ({"result": "partial", "plan": {"summary": "3 to delete"}, "msg": "3 to delete."}, ""),
        ({"result": "partial", "outcome": {"summary": "3 deleted"}, "msg": "3 deleted."}, ""),
        ({"result": "partial", "msg": "Stopped after 1 of 3 tags."}, "Stopped after 1 of 3 tags."),
        ({"result": "refused", "msg": "more than max_deletions 2"}, "more than registry_cleanup_max_deletions 2"),
        ({"result": "failed", "msg": "older_than is empty."}, "registry_cleanup_older_than is empty."),
        ({"msg": "missing required arguments: rules"}, "missing required arguments: registry_cleanup_rules"),
        ({"rc": 1}, "The module failed and did not say why."),
    ],
)
def test_a_failure_is_told_and_nothing_else(result: dict[str, Any], failure: str) -> None:
    assert role_failure(result, "registry_cleanup") == failure


def _messages(role: str) -> list[str]:
    """The literal beginnings of all errors of use that the packages of the module's code have."""
    found = []
    for path in sorted((ROOT / "plugins" / "module_utils").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "UsageError" and node.args:
                text = node.args[0]
                parts = text.values if isinstance(text, ast.JoinedStr) else [text]
                found += ["".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in parts)]
    assert found, role
    return found


@pytest.mark.parametrize("role", ROLES)
def test_no_message_names_an_option_that_begins_or_joins_words_otherwise(role: str) -> None:
    """An option whose name is several words is never left as it is in the words of a role."""
    joined = {option for option in ROLES[role].options if "_" in option}
    for message in _messages(role):
        said = in_role_words(message, role)
        left = {word for word in re.findall(r"(?<![\w./-])\w+(?![\w/-])", said) if word in joined}
        assert not left, (message, said)


def test_the_folder_of_roles_is_found_from_an_installed_collection() -> None:
    assert (Path(in_role_words.__code__.co_filename).parents[2] / "roles").is_dir()
