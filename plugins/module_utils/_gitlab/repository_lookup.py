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
        try:
            parent = _read_parent(client, "/".join(parts[:length]), path, job_token=job_token)
        except RequestError as error:
            if not _is_no_project(error, job_token=job_token):
                raise
            refusal = refusal or (error if error.status == 403 else None)
            continue
        lookup = parent.lookup(path)
        if lookup.repository:
            return lookup
        found = found or lookup
    if found:
        return found
    raise refusal or _no_project(path)


def look_up_repositories(
    client: Client, paths: t.Sequence[str], *, job_token: bool
) -> dict[str, RepositoryLookup | RequestError]:
    """The repositories of many paths: each project that some of them may belong to is asked once.

    No project is inside of another one, so the first that is there is the one, and short paths are asked for first:
    what many paths have in common is a group.

    Args:
        client: of GitLab.
        paths: of the repositories, as GitLab writes them.
        job_token: the token is that of a CI/CD job, which may not read projects.

    Returns:
        By path what look_up_repository gives, or the error that it ends with.
    """
    found: dict[str, RepositoryLookup | RequestError] = {}
    refusals: dict[str, RequestError] = {}
    for length in range(2, max((path.count("/") + 2 for path in paths), default=2)):
        left = {path: _beginning(path, length) for path in paths if path not in found and path.count("/") + 1 >= length}
        named = {parent: path for path, parent in reversed(left.items())}
        answers = _read_parents(client, named, job_token=job_token)
        for path, parent in left.items():
            answer = answers[parent]
            if not isinstance(answer, RequestError):
                found[path] = answer.lookup(path)
            elif not _is_no_project(answer, job_token=job_token):
                found[path] = answer
            elif answer.status == 403:
                refusals[path] = answer
    return {path: found.get(path) or refusals.get(path) or _no_project(path) for path in paths}


def _beginning(path: str, length: int) -> str:
    return "/".join(path.split("/")[:length])


class _Parent(t.NamedTuple):
    """A project that repositories may belong to.

    Args:
        project: None if the token may not read it.
        repositories: all that it has, by path.
    """

    project: Project | None
    repositories: dict[str, Repository]

    def lookup(self, path: str) -> RepositoryLookup:
        return RepositoryLookup(path, project=self.project, repository=self.repositories.get(path))


def _read_parents(client: Client, named: t.Mapping[str, str], *, job_token: bool) -> dict[str, _Parent | RequestError]:
    """Projects with their repositories. named: by path of the project that of a repository that may be among them."""
    parents = sorted(named)
    answers = client.try_all(lambda each: _read_parent(client, each, named[each], job_token=job_token), parents)
    return dict(zip(parents, answers))


def _read_parent(client: Client, parent: str, path: str, *, job_token: bool) -> _Parent:
    """A project with its repositories. path: of one that may be among them.

    Raises:
        RequestError: it can't be read, has no registry, or has another path by now (moved).
    """
    operation = f"look for repository {path}"
    project = None if job_token else get_project(client, parent)
    if project and not project.image_prefix:
        raise no_registry(operation)
    listing = project_repositories(client, project.id if project else parent)
    if project and project.path.lower() != parent:
        raise RequestError(ErrorKind.MOVED, f"the path of project {parent} is {project.path} now", operation=operation)
    return _Parent(project, {repository.path: repository for repository in listing})


def _is_no_project(error: RequestError, *, job_token: bool) -> bool:
    """Whether an answer says that there is no such project, as far as the token may know.

    To a job token newer releases answer 403 for every project but the job's own, also for none.
    """
    return error.status == 404 or (job_token and error.status == 403)


def _no_project(path: str) -> RequestError:
    message = "none of the projects to which it may belong exists"
    advice = without_host(path) if looks_like_host(path) else None
    return RequestError(ErrorKind.NOT_FOUND, message, operation=f"look for repository {path}", advice=advice)


def find_by_id(client: Client, repository_id: int) -> Repository | None:
    """A repository by its id; None where there is none, or none that the token may see."""
    try:
        return get_repository(client, repository_id)
    except RequestError as error:
        if error.kind == ErrorKind.NOT_FOUND:
            return None
        raise
