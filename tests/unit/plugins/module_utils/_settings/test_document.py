# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a document says of each project, and what is refused in it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import RuleKind
from ansible_collections.containerops.gitlab.plugins.module_utils._core.scope import ProjectScope
from ansible_collections.containerops.gitlab.plugins.module_utils._settings.document import (
    Document,
    desired_for,
    document_lint_warnings,
    document_of,
    document_scope,
    empty_groups,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._settings.plan import DesiredSettings
from ansible_collections.containerops.gitlab.plugins.module_utils._settings.protection import DesiredRule, DesiredRules
from ansible_collections.containerops.gitlab.plugins.modules.registry_settings import ARGUMENTS
from tests.unit.models import project
from tests.unit.options import filled


def document(**given: Any) -> Document:
    return document_of(filled(given, ARGUMENTS.options), "https://gitlab.example.com")


@pytest.fixture
def whole() -> Document:
    return document(
        defaults={"access_level": "private", "cleanup_policy": {"enabled": True, "keep_n": 10}},
        groups=[
            {"group": "/Team/", "cleanup_policy": {"keep_n": 5, "older_than": "30d"}},
            {"group": "team/old", "managed": False},
            {"group": "team/old/live", "managed": True, "access_level": "enabled"},
        ],
        projects=[{"project": "other/app", "cleanup_policy": {"clear": ["keep_n"]}}],
    )


@pytest.mark.parametrize(
    ("path", "desired"),
    [
        (
            "Team/App",
            DesiredSettings(access_level="private", policy={"enabled": True, "keep_n": 5, "older_than": "30d"}),
        ),
        ("team/old/app", None),
        (
            "team/old/live/app",
            DesiredSettings(access_level="enabled", policy={"enabled": True, "keep_n": 5, "older_than": "30d"}),
        ),
        ("other/app", DesiredSettings(access_level="private", policy={"enabled": True, "keep_n": None})),
        ("other/web", DesiredSettings(access_level="private", policy={"enabled": True, "keep_n": 10})),
        ("teams/app", DesiredSettings(access_level="private", policy={"enabled": True, "keep_n": 10})),
    ],
)
def test_the_most_specific_part_decides(whole: Document, path: str, desired: DesiredSettings | None) -> None:
    assert desired_for(whole, path) == desired


def test_a_group_or_project_that_is_not_managed_is_left_alone() -> None:
    found = document(
        groups=[{"group": "a", "managed": False}, {"group": "b", "access_level": "private"}],
        projects=[{"project": "a/live", "managed": True}, {"project": "b/old", "managed": False}],
    )
    paths = ["a/app", "a/live", "b/app", "b/old"]
    private = DesiredSettings(access_level="private")
    assert [desired_for(found, path) for path in paths] == [None, DesiredSettings(), private, None]


def test_paths_are_compared_in_lower_case_and_without_the_slashes_around_them() -> None:
    found = document(groups=[{"group": "/XFree86/"}, {"group": "Team/Sub"}], projects=[{"project": "/Team/AppX/"}])
    assert (list(found.groups), list(found.projects)) == (["xfree86", "team/sub"], ["team/appx"])


def test_rules_of_a_level_replace_those_around_it() -> None:
    def protections(repository: str, tag: str) -> dict[str, Any]:
        return {
            "repository_protection": {
                "rules": [{"repository_path_pattern": repository, "minimum_access_level_for_push": "owner"}],
                "exclusive": True,
            },
            "tag_protection": {"rules": [{"tag_name_pattern": tag, "minimum_access_level_for_delete": "admin"}]},
        }

    def wanted(repository: str, tag: str) -> DesiredSettings:
        repositories = (DesiredRule(repository, push="owner"),)
        return DesiredSettings(
            repository_protection=DesiredRules(RuleKind.REPOSITORY, repositories, exclusive=True, relative=True),
            tag_protection=DesiredRules(RuleKind.TAG, (DesiredRule(tag, delete="admin"),)),
        )

    found = document(
        defaults=protections("", "a"), groups=[{"group": "team", **protections("*-api", "b")}, {"group": "team/more"}]
    )
    paths = ["other/app", "team/app", "team/more/app"]
    assert [desired_for(found, path) for path in paths] == [wanted("", "a"), wanted("*-api", "b"), wanted("*-api", "b")]


def test_a_group_is_read_with_the_one_around_it(whole: Document) -> None:
    assert document_scope(whole) == ProjectScope(projects=("other/app",), groups=("team",), by_path=True)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"groups": [], "projects": []}, "groups and projects are empty: set at least one of them."),
        ({}, "groups and projects are empty: set at least one of them."),
        (
            {"groups": [{"group": "7"}]},
            "groups, '7': give the full path, since the document is ordered by paths.",
        ),
        (
            {"projects": [{"project": "7"}]},
            "projects, '7': give the full path, since the document is ordered by paths.",
        ),
        (
            {"groups": [{"group": "Team"}, {"group": "team/"}]},
            "groups, 'team/': it is in the document more than once.",
        ),
        (
            {"groups": [{"group": "team", "cleanup_policy": {"name_regex_delete": "("}}]},
            "groups, 'team': name_regex_delete '(' is not a valid RE2 pattern: missing ): (.",
        ),
        (
            {"projects": [{"project": "a/b", "repository_protection": {"rules": [{"repository_path_pattern": "/"}]}}]},
            "projects, 'a/b': repository_path_pattern '/' is not the path of a repository in which * matches anything: "
            "write it as group/project/name*.",
        ),
        (
            {"groups": [{"group": "team"}], "defaults": {"tag_protection": {"rules": [{"tag_name_pattern": "("}]}}},
            "defaults: tag_name_pattern '(' is not a valid RE2 pattern (missing ): ().",
        ),
    ],
)
def test_what_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        document(**given)
    assert str(caught.value) == message


def test_paths_that_no_server_could_look_up_are_refused() -> None:
    with pytest.raises(UsageError, match="project 'app' is a name without its group"):
        document_scope(document(projects=[{"project": "app"}]))


def test_each_warning_of_any_part_is_given_once() -> None:
    def level(keep_n: int, pattern: str) -> dict[str, Any]:
        rule = {"tag_name_pattern": pattern, "minimum_access_level_for_push": "owner"}
        return {"cleanup_policy": {"keep_n": keep_n}, "tag_protection": {"rules": [rule]}}

    def warnings(keep_n: int, pattern: str) -> list[str]:
        return [
            f"keep_n is {keep_n}, and the known releases of GitLab accept 1, 5, 10, 25, 50, 100: GitLab itself "
            "decides.",
            f"tag_name_pattern '{pattern}' looks like a glob, but GitLab reads RE2, in which * repeats the character "
            "before it, and the pattern may match any part of a name: write .* to match anything, and ^ and $ for the "
            "ends.",
        ]

    found = document(
        defaults=level(3, "v*"),
        groups=[{"group": "a", **level(4, "w*")}, {"group": "b", **level(3, "v*")}],
        projects=[{"project": "c/d", **level(6, "x*")}],
    )
    assert document_lint_warnings(found) == [*warnings(3, "v*"), *warnings(4, "w*"), *warnings(6, "x*")]


def test_groups_in_which_nothing_was_found(whole: Document) -> None:
    app = project(path="Team/App", namespace="Team")
    assert empty_groups(whole, [app], unread=()) == ["team/old", "team/old/live"]
    assert empty_groups(whole, [], unread={"team/old", "team/old/live"}) == ["team"]
