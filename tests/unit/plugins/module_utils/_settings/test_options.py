# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of the modules of settings that are refused before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import RuleKind
from ansible_collections.containerops.gitlab.plugins.module_utils._core.scope import ProjectScope
from ansible_collections.containerops.gitlab.plugins.module_utils._settings.options import (
    POLICY,
    PROJECTS,
    SETTINGS,
    check_settings,
    desired_policy,
    protection_arguments,
    rules_of_module,
    scope_of,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._settings.protection import DesiredRule, DesiredRules
from tests.unit.options import filled

SERVER = "https://gitlab.example.com"


def test_a_policy_has_what_is_named_and_null_for_what_is_cleared() -> None:
    assert desired_policy(filled({}, POLICY)) == {}
    given = {"enabled": False, "keep_n": 5, "clear": ["older_than"]}
    assert desired_policy(filled(given, POLICY)) == {"enabled": False, "keep_n": 5, "older_than": None}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"keep_n": 5, "clear": ["keep_n"]}, "keep_n is set and also in clear"),
        ({"name_regex_delete": "("}, "name_regex_delete '(' is not a valid RE2 pattern"),
    ],
)
def test_policies_that_are_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        desired_policy(filled(given, POLICY))
    assert words in str(caught.value)


def test_which_projects_are_meant() -> None:
    assert scope_of(filled({"project": ["team/app"]}, PROJECTS.options), SERVER) == ProjectScope(projects=("team/app",))
    assert scope_of(filled({"group": "team"}, PROJECTS.options), SERVER) == ProjectScope(groups=("team",))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"project": ["app"]}, "project 'app' is a name without its group"),
        ({"project": [" "]}, "project ' ' is not a path"),
        ({"group": "/"}, "group '/' is not a path"),
    ],
)
def test_projects_that_are_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        scope_of(filled(given, PROJECTS.options), SERVER)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("given", "job_token", "words"),
    [
        ({"max_changed_projects": -1}, False, "max_changed_projects is -1"),
        ({"return_limit": -1}, False, "return_limit is -1"),
        ({}, True, "can't be read or changed with a CI/CD job token"),
    ],
)
def test_what_all_modules_of_settings_refuse(given: dict[str, Any], job_token: bool, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_settings(filled(given, SETTINGS.options), job_token=job_token)
    assert words in str(caught.value)


@pytest.mark.parametrize(("scope", "relative"), [({"group": "team"}, True), ({"project": ["team/app"]}, False)])
def test_rules_are_relative_where_projects_are_not_named(scope: dict[str, Any], relative: bool) -> None:
    rule = {"repository_path_pattern": "team/app*", "minimum_access_level_for_push": "owner"}
    given = {**scope, "rules": [rule], "state": "absent"}
    found = rules_of_module(RuleKind.REPOSITORY, filled(given, protection_arguments(RuleKind.REPOSITORY).options))
    assert found == DesiredRules(
        kind=RuleKind.REPOSITORY,
        rules=(DesiredRule(pattern="team/app*", push="owner"),),
        absent=True,
        relative=relative,
    )
