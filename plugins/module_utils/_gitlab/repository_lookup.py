# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""From a path or an id to the repository."""

from __future__ import annotations

import typing as t

from .._core.errors import ErrorKind, RequestError
from .._core.models import Project, Repository
from .._core.scope import looks_like_host, repository_path, without_host
from .._http.client import Client
from .projects import get_project, no_registry
from .repositories import get_repository, project_repositories


class RepositoryLookup(t.NamedTuple):
    """Where a repository path leads.

    Args:
        path: the repository's, in lower case.
        project: the one that it belongs to; None if the token may not read it.
        repository: None if the project has none of that path.
    """

    path: str
    project: Project | None
    repository: Repository | None

    @property
    def location(self) -> str:
        """The registry's host and a path, as GitLab tells them; nothing where it does not."""
        if self.repository:
            return self.repository.location
        return (self.project and self.project.image_prefix) or ""


def look_up_repository(client: Client, path: str, *, job_token: bool) -> RepositoryLookup:
    """The repository of a path. GitLab has no such lookup, so the projects that it may belong to are asked for it.

    Args:
        client: of GitLab.
        path: the repository's, as the user wrote it.
        job_token: the token is that of a CI/CD job, which may not read projects.

    Raises:
        UsageError: it is no path.
        RequestError: no project that it could belong to can be seen (not_found), or a project was moved (moved).
    """
    path = repository_path(path)
    parts = path.split("/")
    found: RepositoryLookup | None = None
    refusal: RequestError | None = None
    for length in range(len(parts), 1, -1):
        parent = "/".join(parts[:length])
        try:
            project = None if job_token else get_project(client, parent)
            if project and not project.image_prefix:
                raise no_registry(f"look for repository {path}")
            listing = project_repositories(client, project.id if project else parent)
        except RequestError as error:
            # To a job token newer releases answer 403 for every project but the job's own, also for none.
            if error.status != 404 and not (job_token and error.status == 403):
                raise
            refusal = refusal or (error if error.status == 403 else None)
            continue
        if project and project.path.lower() != parent:
            moved = f"project {parent} is {project.path} by now"
            raise RequestError(ErrorKind.MOVED, moved, operation=f"look for repository {path}")
        repository = next((repository for repository in listing if repository.path == path), None)
        if repository:
            return RepositoryLookup(path, project=project, repository=repository)
        found = found or RepositoryLookup(path, project=project, repository=None)
    if found:
        return found
    if refusal:
        raise refusal
    message = "none of the projects that it could belong to is there"
    advice = without_host(path) if looks_like_host(path) else None
    raise RequestError(ErrorKind.NOT_FOUND, message, operation=f"look for repository {path}", advice=advice)


def find_by_id(client: Client, repository_id: int) -> Repository | None:
    """A repository by its id; None where there is none, or none that the token may see."""
    try:
        return get_repository(client, repository_id)
    except RequestError as error:
        if error.kind == ErrorKind.NOT_FOUND:
            return None
        raise
