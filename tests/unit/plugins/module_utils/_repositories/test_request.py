# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of registry_repository that are refused before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._repositories.request import (
    DesiredState,
    RepositoryRequest,
    request_of,
)
from ansible_collections.containerops.gitlab.plugins.modules.registry_repository import ARGUMENTS
from tests.unit.options import filled


def request(job_token: bool = False, **options: Any) -> RepositoryRequest:
    given = {"repository": ["team/app"], "state": "absent", **options}
    return request_of(filled(given, ARGUMENTS.options), job_token=job_token)


def test_repositories_that_are_to_be_absent() -> None:
    found = request(repository=["/Team/App/", "team/app", "team/app/web"], wait=True, wait_timeout=9)
    assert found.paths == ("team/app", "team/app/web")
    assert (found.ids, found.state, found.wait) == ((), DesiredState.ABSENT, 9.0)
    assert found.deletes_repositories
    assert not found.deletes_tags
    assert request(empty_first=True).deletes_tags


def test_repositories_that_are_to_be_empty() -> None:
    found = request(state="empty", repository=None, repository_id=[7, 7], max_deletions=3, protect=["v.*"])
    assert (found.paths, found.ids) == ((), (7,))
    assert not found.deletes_repositories
    assert found.deletes_tags
    assert found.limits.min_remaining == 0
    assert found.limits.max_deletions == 3
    assert [pattern.text for pattern in found.rules.protect] == ["v.*"]


@pytest.mark.parametrize("options", [{"wait": False}, {"state": "empty"}])
def test_a_job_token_is_enough_if_nothing_is_waited_for(options: dict[str, Any]) -> None:
    assert request(job_token=True, **options).paths == ("team/app",)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"max_deletions": -1}, "max_deletions is -1"),
        ({"max_deletions_total": -1}, "max_deletions_total is -1"),
        ({"wait_timeout": -1}, "wait_timeout is -1"),
        ({"protect": ["v.*"]}, "protect has no effect with state absent"),
        ({"state": "empty", "force": True}, "force has no effect with state empty"),
        ({"state": "empty", "empty_first": True}, "empty_first has no effect with state empty"),
        ({"return_limit": -1}, "return_limit is -1"),
        ({"repository": ["team"]}, "repository 'team' is not the path of a repository"),
        ({"state": "empty", "protect": ["("]}, "protect '(' is not a valid RE2 pattern"),
        ({"job_token": True}, "A CI/CD job token can't see whether a repository was deleted"),
    ],
)
def test_what_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        request(**options)
    assert words in str(caught.value)
