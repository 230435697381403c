# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""GitLab's REST endpoints for container repositories as typed functions.

Every function raises RequestError when the answer is not the one it is named after.
"""

from __future__ import annotations

import typing as t

from .._core.models import Repository
from .._http.client import Client
from .fields import a_name, a_number, number_or_none, text_or_none
from .rest import an_object, get, request, rows, segment


def project_repositories(client: Client, project: str | int, *, tags_count: bool = False) -> list[Repository]:
    """The repositories of a project. tags_count: with the number of tags of each, at a registry call each."""
    query = {"tags_count": "true"} if tags_count else {}
    operation = f"list the repositories of project {project!s}"
    return [
        _repository(row)
        for row in rows(client, f"/projects/{segment(project)}/registry/repositories", query, operation)
    ]


def group_repositories(client: Client, group: str | int) -> list[Repository]:
    """The repositories of a group and its subgroups; projects with a disabled registry are left out by GitLab."""
    operation = f"list the repositories of group {group!s}"
    return [_repository(row) for row in rows(client, f"/groups/{segment(group)}/registry/repositories", {}, operation)]


def get_repository(client: Client, repository_id: int, *, tags_count: bool = False, size: bool = False) -> Repository:
    """A repository by its id. tags_count, size: with the number of tags, with the bytes."""
    query = {name: "true" for name, wanted in (("tags_count", tags_count), ("size", size)) if wanted}
    answer = get(
        client, f"/registry/repositories/{repository_id}", query=query, operation=f"read repository {repository_id}"
    )
    return _repository(an_object(answer))


def delete_repository(client: Client, repository: Repository) -> None:
    """Have GitLab delete a repository, which it does in the background: get_repository tells how far it is.

    Asking again while it is under way changes nothing; after it failed GitLab goes on with it.
    """
    path = f"/projects/{repository.project_id}/registry/repositories/{repository.id}"
    request(client, "DELETE", path, operation=f"delete repository {repository.path}", success=202)


def _repository(row: t.Mapping[str, t.Any]) -> Repository:
    return Repository(
        id=a_number(row, "id"),
        path=a_name(row, "path").lower(),
        name=a_name(row, "name").lower(),
        project_id=a_number(row, "project_id"),
        location=text_or_none(row, "location") or "",
        status=text_or_none(row, "status"),
        created_at=text_or_none(row, "created_at"),
        cleanup_policy_started_at=text_or_none(row, "cleanup_policy_started_at"),
        tags_count=number_or_none(row, "tags_count"),
        size=number_or_none(row, "size"),
    )
