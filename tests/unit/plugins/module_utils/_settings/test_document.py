# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a document says of each project, and what is refused in it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import Project, RuleKind
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
from ansible_collections.containerops.gitlab.plugins.modules.registry_settings import ARGUMENTS
from tests.unit.options import filled


def document(**given: Any) -> Document:
    return document_of(filled(given, ARGUMENTS.options))


WHOLE = document(
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
def test_the_most_specific_part_decides(path: str, desired: DesiredSettings | None) -> None:
    assert desired_for(WHOLE, path) == desired


def test_rules_of_a_level_replace_those_around_it() -> None:
    def protection(pattern: str) -> dict[str, Any]:
        return {"rules": [{"tag_name_pattern": pattern, "minimum_access_level_for_push": "owner"}]}

    found = document(
        defaults={"tag_protection": protection("a")},
        groups=[{"group": "team", "tag_protection": protection("b")}],
    )
    desired = desired_for(found, "team/app")
    assert desired
    assert desired.repository_protection is None
    assert desired.tag_protection
    assert desired.tag_protection.kind is RuleKind.TAG
    assert [rule.pattern for rule in desired.tag_protection.rules] == ["b"]


def test_a_group_is_read_with_the_one_around_it() -> None:
    assert document_scope(WHOLE) == ProjectScope(projects=("other/app",), groups=("team",), by_path=True)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"groups": [], "projects": []}, "groups and projects are empty"),
        ({"groups": [{"group": "7"}]}, "groups, '7': give the full path"),
        ({"projects": [{"project": "7"}]}, "projects, '7': give the full path"),
        ({"groups": [{"group": "Team"}, {"group": "team/"}]}, "groups, 'team/': it is in the document more than once"),
        (
            {"groups": [{"group": "team", "cleanup_policy": {"name_regex_delete": "("}}]},
            "groups, 'team': name_regex_delete '(' is not a valid RE2 pattern",
        ),
        (
            {"groups": [{"group": "team"}], "defaults": {"tag_protection": {"rules": [{"tag_name_pattern": "("}]}}},
            "defaults: tag_name_pattern '(' is not a valid RE2 pattern",
        ),
    ],
)
def test_what_is_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        document(**given)
    assert words in str(caught.value)


def test_paths_that_no_server_could_look_up_are_refused() -> None:
    with pytest.raises(UsageError, match="project 'app' is a bare name"):
        document_scope(document(projects=[{"project": "app"}]))


def test_each_warning_is_given_once() -> None:
    rule = {"tag_name_pattern": "v*", "minimum_access_level_for_push": "owner"}
    level = {"cleanup_policy": {"keep_n": 3}, "tag_protection": {"rules": [rule]}}
    texts = document_lint_warnings(document(groups=[{"group": "a", **level}, {"group": "b", **level}]))
    assert ["keep_n is 3" in texts[0], "looks like a glob" in texts[1], len(texts)] == [True, True, 2]


def test_groups_in_which_nothing_was_found() -> None:
    app = Project(1, "Team/App", "Team", "enabled", None, False, "registry.test/team/app")
    assert empty_groups(WHOLE, [app], unread=()) == ["team/old", "team/old/live"]
    assert empty_groups(WHOLE, [], unread={"team/old", "team/old/live"}) == ["team"]
