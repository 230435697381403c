# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What the inventory plugin reads."""

from __future__ import annotations

from .._core.errors import cause_of
from .._core.models import Project, Repository, known_sum
from .._core.scope import ProjectScope, Scope
from .._gitlab.project_scope import select_projects
from .._gitlab.projects import get_registry_size
from .._gitlab.repositories import get_repository, project_repositories
from .._gitlab.repository_scope import select
from .._http.client import Client
from .._module.options import Gather
from .hosts import InventoryState, Numbers
from .request import HostPer, InventoryRequest


def observe(client: Client, request: InventoryRequest) -> InventoryState:
    """Read what was asked for.

    Raises:
        RequestError: something of it can't be read.
    """
    if request.host_per is HostPer.REPOSITORY:
        return _observe_repositories(client, request)
    found = select_projects(client, request.scope)
    if found.unread:
        raise cause_of(list(found.unread.values()))
    projects = (*found.selected, *found.archived)
    readable = [project for project in projects if request.gather and not project.registry_disabled]
    counted = client.parallel(lambda project: _count(client, project, request.gather), readable)
    numbers = {project.id: count for project, count in zip(readable, counted)}
    return InventoryState(projects=projects, numbers=numbers, warnings=found.warnings)


def _count(client: Client, project: Project, gather: frozenset[Gather]) -> Numbers:
    """What is asked for of all repositories of a project."""
    numbers: dict[str, int | None] = {}
    if Gather.TAGS_COUNT in gather:
        listing = project_repositories(client, project.id, tags_count=True)
        numbers["tags_count"] = known_sum(each.tags_count for each in listing if not each.being_deleted)
    if Gather.SIZE in gather:
        numbers["size"] = get_registry_size(client, project)
    return numbers


def _observe_repositories(client: Client, request: InventoryRequest) -> InventoryState:
    repositories: dict[int, Repository] = {}
    projects: dict[int, Project] = {}
    warnings: list[str] = []
    for scope in _repository_scopes(request.scope):
        found = select(client, scope, job_token=False)
        repositories.update((repository.id, repository) for repository in found.repositories)
        projects.update(found.projects)
        warnings += found.warnings
    names = sorted(each.value for each in request.gather)
    asked = dict.fromkeys(names, True)
    wanted = list(repositories) if asked else []
    counted = client.parallel(lambda number: get_repository(client, number, **asked), wanted)
    return InventoryState(
        projects=tuple(projects.values()),
        repositories=tuple(repositories.values()),
        numbers={found.id: {name: getattr(found, name) for name in names} for found in counted},
        warnings=tuple(warnings),
    )


def _repository_scopes(scope: ProjectScope) -> list[Scope]:
    if scope.instance:
        return [Scope(instance=True)]
    if scope.groups:
        return [Scope(group=group) for group in scope.groups]
    return [Scope(projects=scope.projects)]
