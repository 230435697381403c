# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Conditions as users write them, and the other options of a scope, refused before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import RefKind
from ansible_collections.containerops.gitlab.plugins.module_utils._repositories.conditions import (
    CONDITIONS,
    Conditions,
    conditions_of,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._repositories.scope_request import (
    RepositoryLimits,
    names_scope,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.git_refs import RefMatch
from ansible_collections.containerops.gitlab.plugins.modules.registry_repository import ARGUMENTS
from tests.unit.options import filled
from tests.unit.scopes import scope_request

NEEDS_PATHS = (
    "conditions: ref_gone needs paths or repositories: give the repositories that are named after a branch, as in "
    "team/*/review/*. Otherwise all other repositories would look as if their branch no longer existed."
)
NONE = (
    "conditions is empty: give at least one of empty, ref_gone, not_pushed_for, paths, since a scope alone deletes "
    "nothing."
)


def conditions(names_repositories: bool = False, **given: Any) -> Conditions:
    return conditions_of(filled(given, CONDITIONS), names_repositories=names_repositories)


def test_conditions() -> None:
    assert conditions(empty=True) == Conditions(empty=True)
    assert conditions(not_pushed_for="2d") == Conditions(not_pushed_for=172800)
    assert conditions(paths=["team/*"]) == Conditions(paths=("team/*",))
    refs = Conditions(ref_gone=(RefKind.TAGS, RefKind.BRANCHES), ref_match=RefMatch.SUFFIX)
    assert conditions(names_repositories=True, ref_gone=["tags", "branches"], ref_match="suffix") == refs
    assert conditions(ref_gone=["tags"], paths=["a/b"]) == Conditions(ref_gone=(RefKind.TAGS,), paths=("a/b",))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, NONE),
        ({"empty": False, "ref_match": "prefix"}, NONE),
        ({"ref_gone": ["branches"]}, NEEDS_PATHS),
        ({"ref_gone": ["branches"], "empty": True}, NEEDS_PATHS),
        (
            {"empty": True, "ref_match": "suffix"},
            "conditions: ref_match has no effect without ref_gone: leave it out.",
        ),
        (
            {"not_pushed_for": "0d"},
            "conditions: not_pushed_for '0d' is zero: write a duration such as 30d, or leave the option out.",
        ),
        (
            {"paths": ["team/app|team/web"]},
            "conditions: paths 'team/app|team/web' is not a glob, since a glob has no |: write one entry for each.",
        ),
    ],
)
def test_conditions_that_can_not_be_meant(given: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        conditions(**given)
    assert str(caught.value) == message


def test_a_request_of_a_scope() -> None:
    request = scope_request(
        {"empty": True},
        max_repositories=3,
        max_repositories_percent=12.5,
        min_remaining_repositories=1,
        max_deletions=4,
        max_deletions_total=5,
        in_use_max_age="2h",
        wait=False,
        repositories=["team/app/*"],
        in_use_sources=[{"name": "a", "images": ["x:y"], "read_at": "2026-06-01T12:00:00Z"}],
    )
    assert request.repository_limits == RepositoryLimits(most=3, most_percent=12.5, min_remaining=1)
    assert (request.limits.max_deletions, request.limits.max_deletions_total) == (4, 5)
    assert (request.in_use_max_age, request.wait, request.approval) == (7200, None, None)
    assert (request.scope.group, request.scope.include) == ("team", ("team/app/*",))
    # When a source was read is no part of the plan.
    assert request.options["in_use_sources"] == [{"name": "a", "images": ["x:y"], "failed": ""}]
    assert scope_request({"ref_gone": ["tags"]}, repositories=["team/*"]).conditions.ref_gone == (RefKind.TAGS,)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"group": "team"}, "conditions is missing: a scope alone deletes nothing"),
        ({"project": ["team/app"]}, "conditions is missing: a scope alone deletes nothing"),
        ({"repository": ["team/app"], "plan_path": "/p"}, "plan_path is for the repositories of a scope"),
    ],
)
def test_a_scope_and_its_conditions_belong_together(options: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        names_scope(filled({"state": "absent", **options}, ARGUMENTS.options), options, ["plan_path"])


def test_named_repositories_are_no_scope() -> None:
    named = filled({"state": "absent", "repository": ["team/app"]}, ARGUMENTS.options)
    assert not names_scope(named, ["repository"], ["plan_path"])
    scoped = filled({"state": "absent", "group": "team", "conditions": {"empty": True}}, ARGUMENTS.options)
    assert names_scope(scoped, ["group", "conditions", "plan_path"], ["plan_path"])
