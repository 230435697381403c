# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""From the scope options to the projects they mean."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from .._core.errors import ErrorKind, RequestError, UsageError
from .._core.models import Project
from .._http.client import Client
from .projects import all_projects, caller_is_administrator, get_group_path, get_project, group_projects, no_registry


@dataclass(frozen=True)
class ProjectScope:
    """Projects and groups that the user named, by id or full path. by_path: what is wanted goes by the paths, so that
    a project which has another one by now is left alone. instance: all projects of this GitLab.
    """

    projects: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    by_path: bool = False
    instance: bool = False


@dataclass(frozen=True)
class Projects:
    """Projects by path. listed: how many each group has. archived: those that were not named and are left out.

    unread: the groups and projects by name that could not be read.
    """

    found: tuple[Project, ...]
    listed: t.Mapping[str, int]
    archived: tuple[Project, ...] = ()
    unread: t.Mapping[str, RequestError] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def check_projects(scope: ProjectScope) -> None:
    """Raises UsageError for names that no server could look up."""
    for group in scope.groups:
        check_group_name(group)
    check_project_names(scope.projects)


def check_project_names(projects: t.Iterable[str]) -> None:
    """Raises UsageError for what is no id or full path."""
    for project in projects:
        if not project.strip():
            raise UsageError("project holds an empty name: give an id or a full path such as group/project.")
        if "/" not in project.strip("/") and not project.isdigit():
            raise UsageError(
                f"project {project!r} is a bare name, which GitLab does not look up: give the full path, "
                f"such as group/{project}, or the numeric id."
            )


def check_group_name(group: str) -> None:
    """Raises UsageError for what is no id or full path."""
    if not group.strip("/ "):
        raise UsageError("group is empty: give an id or a full path.")


def select_projects(client: Client, scope: ProjectScope) -> Projects:
    """The named projects, and those of the groups and their subgroups. A project that a group lists is not asked for.

    Raises RequestError where not one of them can be read, and where this GitLab has no registry.
    """
    members, listed, unread = _of_groups(client, scope.groups)
    if scope.instance:
        members = list_instance(client)
    named = _of_names(client, scope.projects, members, unread)
    wanted = {project.id: project for project in named.values()}
    left_out = [project for project in members if project.archived and project.id not in wanted]
    wanted.update((project.id, project) for project in members if not project.archived)
    warnings = []
    for name, project in named.items():
        if name.isdigit() or name.lower() == project.path.lower():
            continue
        if scope.by_path:
            wanted.pop(project.id, None)
            unread[name] = RequestError(
                ErrorKind.MOVED, f"it is {project.path} by now", operation=f"read project {name}"
            )
        else:
            warnings.append(f"Project {name} is {project.path} by now: use its new path.")
    if unread and not (wanted or left_out):
        raise next(iter(unread.values()))
    if wanted and not any(project.image_prefix for project in wanted.values()):
        raise no_registry("read the settings of projects")
    return Projects(_by_path(wanted.values()), listed, _by_path(left_out), unread, tuple(warnings))


def list_group(client: Client, group: str) -> list[Project]:
    """The projects of a group and its subgroups, archived ones too, without those that others share with it."""
    projects = group_projects(client, group)
    path = get_group_path(client, group) if group.isdigit() else group
    return [project for project in projects if _is_inside(project.namespace, path)]


def list_instance(client: Client) -> list[Project]:
    """All projects of this GitLab. Raises UsageError on GitLab.com, RequestError where not all of them are shown."""
    if urlsplit(client.settings.url).hostname == "gitlab.com":
        raise UsageError(
            "instance is for administrators of a GitLab of their own: gitlab.com shows nobody all of its projects. "
            "Name your groups instead."
        )
    if not caller_is_administrator(client):
        raise RequestError(
            ErrorKind.FORBIDDEN,
            "the token does not act as an administrator, and others are shown only a part of them",
            operation="list the projects of the instance",
            advice="Give an administrator's token, with the scope admin_mode where Admin Mode is on, or name groups.",
        )
    return all_projects(client)


def _is_inside(namespace: str, group: str) -> bool:
    namespace, group = namespace.lower(), group.lower()
    return namespace == group or namespace.startswith(group + "/")


def _of_groups(
    client: Client, groups: t.Sequence[str]
) -> tuple[list[Project], dict[str, int], dict[str, RequestError]]:
    """The projects of groups, how many each lists, and the groups that could not be read."""
    members: dict[int, Project] = {}
    listed: dict[str, int] = {}
    unread: dict[str, RequestError] = {}
    for group in dict.fromkeys(name.strip("/") for name in groups):
        try:
            inside = list_group(client, group)
        except RequestError as error:
            unread[group] = error
            continue
        members.update((project.id, project) for project in inside)
        listed[group] = len(inside)
    return list(members.values()), listed, unread


def _of_names(
    client: Client, names: t.Sequence[str], members: t.Iterable[Project], unread: dict[str, RequestError]
) -> dict[str, Project]:
    """The projects by the names that they were given. unread: gets those that could not be read."""
    known = {name: project for project in members for name in (project.path.lower(), str(project.id))}
    wanted = list(dict.fromkeys(name.strip("/") for name in names))

    def find(name: str) -> Project:
        return known.get(name.lower()) or get_project(client, name)

    found: dict[str, Project] = {}
    for name, answer in zip(wanted, client.try_all(find, wanted)):
        if isinstance(answer, RequestError):
            unread[name] = answer
        else:
            found[name] = answer
    return found


def _by_path(projects: t.Iterable[Project]) -> tuple[Project, ...]:
    return tuple(sorted(projects, key=lambda project: project.path.lower()))
