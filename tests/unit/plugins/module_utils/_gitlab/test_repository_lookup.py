# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The repositories of many paths: the same as one by one, with fewer requests."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import RequestError
from ansible_collections.containerops.gitlab.plugins.module_utils._gitlab.repository_lookup import (
    RepositoryLookup,
    look_up_repositories,
    look_up_repository,
)
from tests.unit.simulated import TOKEN, Simulated, connected, set_faults

JOB = "glcbt-unit"
# Where there are repositories, projects without them, groups, and nothing.
PATHS = [
    *("team/app", "team/app/web", "team/app/web/deep", "team/app/gone", "team/sub/tool", "team/sub/tool/cache"),
    *("team/sub/other", "team/sub", "team/nothing", "team/sub/nothing/here", "nobody/nothing"),
]


def server() -> Simulated:
    return connected(
        {
            "clock": "2026-06-01T12:00:00Z",
            "users": [{"username": "ops"}],
            "tokens": [
                {"token": TOKEN, "user": "ops", "scopes": ["api"]},
                {"token": JOB, "kind": "job", "user": "ops", "scopes": [], "project": "team/app"},
            ],
            "groups": [
                {"id": 10, "path": "team", "visibility": "private", "members": {"ops": "maintainer"}},
                {"id": 11, "path": "team/sub", "visibility": "private"},
            ],
            "projects": [
                {"id": 1, "path": "team/app", "visibility": "private"},
                {"id": 2, "path": "team/sub/tool", "visibility": "private"},
                {"id": 3, "path": "team/sub/other", "visibility": "private"},
            ],
            "repositories": [
                {"id": 100, "project": "team/app", "name": "", "tags": []},
                {"id": 101, "project": "team/app", "name": "web", "tags": []},
                {"id": 102, "project": "team/app", "name": "web/deep", "tags": []},
                {"id": 103, "project": "team/sub/tool", "name": "cache", "tags": []},
            ],
        }
    )


def one_by_one(client: Simulated, path: str, *, job_token: bool) -> RepositoryLookup | RequestError:
    try:
        return look_up_repository(client, path, job_token=job_token)
    except RequestError as error:
        return error


def told(found: RepositoryLookup | RequestError) -> Any:
    return (found.kind, found.status, str(found)) if isinstance(found, RequestError) else found


@pytest.mark.parametrize("job_token", [False, True])
def test_many_are_found_as_one_is(job_token: bool) -> None:
    client = server()
    if job_token:
        client.settings = client.settings._replace(header=("JOB-TOKEN", JOB))
    found = look_up_repositories(client, PATHS, job_token=job_token)
    assert [*found] == PATHS
    for path in PATHS:
        assert told(found[path]) == told(one_by_one(client, path, job_token=job_token)), path


def test_each_project_is_asked_once() -> None:
    client = server()
    paths = [path for path in PATHS if path.startswith(("team/app", "team/sub/tool"))]
    look_up_repositories(client, paths, job_token=False)
    # The project and its list; the group in between is asked for once, as a project.
    prefix = "GET /api/v4/projects"
    assert sorted(client.requests) == sorted(
        [
            *(f"{prefix}/team%2Fapp", f"{prefix}/1/registry/repositories", f"{prefix}/team%2Fsub"),
            *(f"{prefix}/team%2Fsub%2Ftool", f"{prefix}/2/registry/repositories"),
        ]
    )
    client.requests.clear()
    assert look_up_repositories(client, [], job_token=False) == {}
    assert client.requests == []


def test_a_project_that_fails_is_an_error_of_its_own_repositories() -> None:
    client = server()
    set_faults(client, {"path": "/projects/2/registry", "action": "status", "status": 500})
    found = look_up_repositories(client, ["team/app", "team/sub/tool/cache"], job_token=False)
    assert isinstance(found["team/app"], RepositoryLookup)
    failed = found["team/sub/tool/cache"]
    assert isinstance(failed, RequestError)
    assert failed.status == 500
