# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""From the scope options to the repositories they mean."""

from __future__ import annotations

import itertools
import typing as t

from .._core.errors import ErrorKind, RequestError, UsageError, cause_of
from .._core.models import Project, Repository
from .._core.scope import Exclusion, Scope, exclusions_of, is_glob, path_matcher
from .._http.client import Client
from .project_scope import list_group, list_instance
from .projects import get_project, named_project, no_registry
from .repositories import get_repository, group_repositories, project_repositories


class Selection(t.NamedTuple):
    """What a scope means on the server.

    Args:
        repositories: by path.
        projects: the projects of these repositories by id; empty where the token may not read them.
        being_deleted: repositories that GitLab is deleting already and that are left out.
        registry_disabled: paths of the group's projects whose registry is disabled.
        exclusions: what is left out as the user wants it.
        warnings: what the user should know, one sentence each.
    """

    repositories: tuple[Repository, ...]
    projects: t.Mapping[int, Project]
    being_deleted: tuple[Repository, ...] = ()
    registry_disabled: tuple[str, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    warnings: tuple[str, ...] = ()


def select(client: Client, scope: Scope, *, job_token: bool) -> Selection:
    """The repositories of the scope.

    Args:
        client: of GitLab.
        scope: which repositories.
        job_token: the token is that of a CI/CD job. GitLab's project endpoint does not take it, so the project's path
            is used as it is.

    Raises:
        RequestError: something that the scope names can't be read.
        UsageError: a path that the scope names is not in it.
    """
    if scope.instance:
        selection = _of_instance(client)
    elif scope.group is not None:
        selection = _of_group(client, scope.group.strip("/"))
    elif scope.repository_ids:
        selection = _of_ids(client, scope.repository_ids)
    elif job_token:
        found = client.parallel(lambda path: project_repositories(client, path), _paths(scope))
        selection = Selection(repositories=tuple(itertools.chain.from_iterable(found)), projects={})
    else:
        selection = _of_projects(client, _paths(scope))
    return _filtered(selection, scope)


def _paths(scope: Scope) -> list[str]:
    return list(dict.fromkeys(path.strip("/") for path in scope.projects))


def _of_instance(client: Client) -> Selection:
    """GitLab has no list of all repositories, but those of groups hold their subgroups' too."""
    projects = list_instance(client)
    _check_registry(projects, "the instance")
    groups = sorted({project.namespace.partition("/")[0] for project in projects if not project.personal})
    personal = [project.id for project in projects if project.personal and not project.registry_disabled]
    of_groups = client.parallel(lambda group: group_repositories(client, group), groups)
    of_users = client.parallel(lambda number: project_repositories(client, number), personal)
    return _of_listed(projects, itertools.chain(*of_groups, *of_users))


def _of_group(client: Client, group: str) -> Selection:
    """Both lists are read side by side. Where neither can be read, the error is that of the projects."""
    listings: tuple[t.Callable[[Client, str], t.Any], ...] = (list_group, group_repositories)
    projects, repositories = client.try_all(lambda listing: listing(client, group), listings)
    if isinstance(projects, RequestError):
        raise cause_of([found for found in (projects, repositories) if isinstance(found, RequestError)])
    _check_registry(projects, f"group {group}")
    if isinstance(repositories, RequestError):
        raise repositories
    return _of_listed(projects, repositories)


def _check_registry(projects: list[Project], where: str) -> None:
    if projects and not any(project.image_prefix for project in projects):
        raise no_registry(f"list the repositories of {where}")


def _of_listed(inside: list[Project], listed: t.Iterable[Repository]) -> Selection:
    """The repositories of these projects alone, of all that were listed."""
    by_id = {project.id: project for project in inside}
    disabled = tuple(sorted(project.path for project in inside if project.registry_disabled))
    found = [repository for repository in listed if repository.project_id in by_id]
    return Selection(repositories=tuple(found), projects=by_id, registry_disabled=disabled)


def _of_projects(client: Client, paths: list[str]) -> Selection:
    projects = {project.id: project for project in client.parallel(lambda path: named_project(client, path), paths)}
    for project in projects.values():
        operation = f"list the repositories of project {project.path}"
        if not project.image_prefix:
            raise no_registry(operation)
        if project.registry_disabled:
            raise RequestError(
                ErrorKind.FORBIDDEN,
                "the container registry is disabled for the project",
                operation=operation,
                advice="Enable it in the project's settings (container_registry_access_level); this changes no image.",
            )
    listings = client.parallel(lambda number: project_repositories(client, number), list(projects))
    return Selection(repositories=tuple(itertools.chain.from_iterable(listings)), projects=projects)


def _of_ids(client: Client, repository_ids: tuple[int, ...]) -> Selection:
    wanted = list(dict.fromkeys(repository_ids))
    found = client.parallel(lambda number: get_repository(client, number), wanted)
    numbers = list(dict.fromkeys(repository.project_id for repository in found))
    projects = client.parallel(lambda number: get_project(client, number), numbers)
    return Selection(repositories=tuple(found), projects={project.id: project for project in projects})


def _of_project(repository: Repository, projects: t.Mapping[int, Project]) -> Repository:
    """The repository with the path of its project as GitLab writes it, if that was read."""
    project = projects.get(repository.project_id)
    return repository._replace(project=project.path) if project else repository


def _filtered(selection: Selection, scope: Scope) -> Selection:
    # Numbered pages that shift while they are read list a repository twice.
    by_id = {repository.id: _of_project(repository, selection.projects) for repository in selection.repositories}
    repositories = sorted(by_id.values(), key=lambda repository: repository.path)
    including, excluding = path_matcher(scope.include), path_matcher(scope.exclude)
    matched = {pattern for repository in repositories for pattern in including(repository.path)}
    warnings = []
    for pattern in scope.include:
        if pattern in matched:
            continue
        if not is_glob(pattern):
            raise UsageError(
                f"repositories {pattern!r} is not the path of a repository in scope: write the whole path, as in "
                "group/project/name, or a glob."
            )
        warnings.append(f"repositories {pattern!r} matches no repository in scope.")
    wanted = [
        repository
        for repository in repositories
        if (not scope.include or including(repository.path)) and not excluding(repository.path)
    ]
    return selection._replace(
        repositories=tuple(repository for repository in wanted if not repository.being_deleted),
        being_deleted=tuple(repository for repository in wanted if repository.being_deleted),
        exclusions=exclusions_of(
            scope,
            [repository.path for repository in repositories],
            {repository.project_path for repository in repositories},
        ),
        warnings=tuple(warnings),
    )
