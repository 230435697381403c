# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""From the scope options to the projects they mean."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from .._core.errors import ErrorKind, RequestError, UsageError, cause_of
from .._core.models import Project
from .._core.scope import ProjectScope
from .._http.client import Client
from .projects import (
    all_projects,
    caller_is_administrator,
    get_group_path,
    named_group_projects,
    named_project,
    no_registry,
)


@dataclass(frozen=True)
class Projects:
    """What a scope means on the server.

    Args:
        selected: the projects, by path.
        listed: how many projects each group has, by the name that the user gave.
        archived: those that were not named and are left out, by path.
        unread: why groups and projects could not be read, by the names that the user gave.
        warnings: what the user should know, one sentence each.
    """

    selected: tuple[Project, ...]
    listed: t.Mapping[str, int]
    archived: tuple[Project, ...] = ()
    unread: t.Mapping[str, RequestError] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def select_projects(client: Client, scope: ProjectScope) -> Projects:
    """The named projects, and those of the groups and their subgroups. A project that a group lists is not asked for.

    Raises:
        RequestError: none of them can be read, or this GitLab has no registry.
    """
    groups = _read_groups(client, scope.groups)
    listings = {group: found for group, found in groups.items() if not isinstance(found, RequestError)}
    members = [project for listing in listings.values() for project in listing]
    if scope.instance:
        members = list_instance(client)
    names = _read_names(client, scope.projects, members)
    named = {name: found for name, found in names.items() if not isinstance(found, RequestError)}
    unread = {name: found for name, found in (*groups.items(), *names.items()) if isinstance(found, RequestError)}
    wanted = {project.id: project for project in named.values()}
    archived = {project.id: project for project in members if project.archived and project.id not in wanted}
    wanted.update((project.id, project) for project in members if not project.archived)
    moved = {name: project for name, project in named.items() if _has_another_path(project, name)}
    if scope.by_path:
        unread.update((name, _moved(name, project)) for name, project in moved.items())
        for project in moved.values():
            wanted.pop(project.id, None)
    if unread and not (wanted or archived):
        raise cause_of(list(unread.values()))
    if wanted and not any(project.image_prefix for project in wanted.values()):
        raise no_registry("read the settings of projects")
    return Projects(
        selected=_by_path(wanted.values()),
        listed={group: len(listing) for group, listing in listings.items()},
        archived=_by_path(archived.values()),
        unread=unread,
        warnings=()
        if scope.by_path
        else tuple(f"Project {name} is {project.path} now: use its new path." for name, project in moved.items()),
    )


def list_group(client: Client, group: str) -> list[Project]:
    """The projects of a group and its subgroups, archived ones too, without those that others share with it."""
    projects = named_group_projects(client, group)
    path = get_group_path(client, group) if group.isdigit() else group
    return [project for project in projects if _is_inside(project.namespace, path)]


def list_instance(client: Client) -> list[Project]:
    """All projects of this GitLab.

    Raises:
        UsageError: this is GitLab.com.
        RequestError: the token is not shown all projects, or they can't be read.
    """
    if urlsplit(client.settings.url).hostname == "gitlab.com":
        raise UsageError(
            "instance is for administrators of a self-managed GitLab: gitlab.com shows nobody all of its projects. "
            "Name your groups instead."
        )
    if not caller_is_administrator(client):
        raise RequestError(
            ErrorKind.FORBIDDEN,
            "the token does not have the rights of an administrator, and other users see only a part of them",
            operation="list the projects of the instance",
            advice="Give an administrator's token, with the scope admin_mode if Admin Mode is enabled, or name groups.",
        )
    return all_projects(client)


def _is_inside(namespace: str, group: str) -> bool:
    namespace, group = namespace.lower(), group.lower()
    return namespace == group or namespace.startswith(group + "/")


def _read_groups(client: Client, groups: t.Sequence[str]) -> dict[str, list[Project] | RequestError]:
    """The projects of each group, or why it could not be read."""
    found: dict[str, list[Project] | RequestError] = {}
    for group in dict.fromkeys(name.strip("/") for name in groups):
        try:
            found[group] = list_group(client, group)
        except RequestError as error:
            found[group] = error
    return found


def _read_names(
    client: Client, names: t.Sequence[str], members: t.Iterable[Project]
) -> dict[str, Project | RequestError]:
    """The project of each name, or why it could not be read. members: projects that are read already."""
    known = {name: project for project in members for name in (project.path.lower(), str(project.id))}
    wanted = list(dict.fromkeys(name.strip("/") for name in names))

    def find(name: str) -> Project:
        return known.get(name.lower()) or named_project(client, name)

    return dict(zip(wanted, client.try_all(find, wanted)))


def _has_another_path(project: Project, name: str) -> bool:
    return not name.isdigit() and name.lower() != project.path.lower()


def _moved(name: str, project: Project) -> RequestError:
    return RequestError(ErrorKind.MOVED, f"its path is {project.path} now", operation=f"read project {name}")


def _by_path(projects: t.Iterable[Project]) -> tuple[Project, ...]:
    return tuple(sorted(projects, key=lambda project: project.path.lower()))
