# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""From the scope options to the repositories they mean."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from .._core.errors import ErrorKind, RequestError, UsageError
from .._core.models import Project, Repository, Scope
from .._http.client import Client
from .endpoints import (
    all_projects,
    caller_is_administrator,
    get_group_path,
    get_project,
    get_repository,
    group_projects,
    group_repositories,
    project_repositories,
)

# lib/gitlab/path_regex.rb: segments of lower-case letters and digits, joined by single separators.
_SEGMENT = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
REPOSITORY_PATH = re.compile(rf"{_SEGMENT}(?:/{_SEGMENT})+", re.ASCII)


@dataclass(frozen=True)
class Selection:
    """What the scope means on the server, ordered by path. projects: by id, empty where the token may not read them.

    being_deleted: repositories that GitLab is deleting already and that are left out.
    registry_disabled: paths of the group's projects whose registry is disabled.
    """

    repositories: tuple[Repository, ...]
    projects: t.Mapping[int, Project]
    being_deleted: tuple[Repository, ...] = ()
    registry_disabled: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def check_scope(scope: Scope, job_token: bool) -> None:
    """Raises UsageError for what no server could answer."""
    for project in scope.projects:
        if not project.strip():
            raise UsageError("project holds an empty name: give an id or a full path such as group/project.")
        if "/" not in project.strip("/") and not project.isdigit():
            raise UsageError(
                f"project {project!r} is a bare name, which GitLab does not look up: give the full path, "
                f"such as group/{project}, or the numeric id."
            )
    if scope.group is not None and not scope.group.strip("/ "):
        raise UsageError("group is empty: give an id or a full path.")
    if job_token and not scope.projects:
        option = "instance" if scope.instance else "group" if scope.group is not None else "repository_id"
        raise UsageError(
            f"{option} can't be read with a CI/CD job token, which sees only its own project: name that project in "
            "project, or give a project or group access token in api_token."
        )


def select(client: Client, scope: Scope, *, job_token: bool) -> Selection:
    """The repositories of the scope; raises RequestError when a named object can't be read.

    A job token is not accepted by GitLab's project endpoint, so the project's path is used as it is.
    """
    if scope.instance:
        selection = _of_instance(client)
    elif scope.group is not None:
        selection = _of_group(client, scope.group.strip("/"))
    elif scope.repository_ids:
        selection = _of_ids(client, scope.repository_ids)
    elif job_token:
        found = client.parallel(lambda path: project_repositories(client, path), _paths(scope))
        selection = Selection(tuple(repository for listing in found for repository in listing), {})
    else:
        selection = _of_projects(client, _paths(scope))
    return _filtered(selection, scope)


def _paths(scope: Scope) -> list[str]:
    return list(dict.fromkeys(path.strip("/") for path in scope.projects))


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


def _of_instance(client: Client) -> Selection:
    """GitLab has no list of all repositories, but those of groups hold their subgroups' too."""
    projects = list_instance(client)
    groups = sorted({project.namespace.partition("/")[0] for project in projects if not project.personal})
    personal = [project.id for project in projects if project.personal and project.access_level != "disabled"]

    def read() -> t.Iterator[Repository]:
        for listing in client.parallel(lambda group: group_repositories(client, group), groups):
            yield from listing
        for listing in client.parallel(lambda number: project_repositories(client, number), personal):
            yield from listing

    return _of_listed(projects, "the instance", read)


def _of_group(client: Client, group: str) -> Selection:
    return _of_listed(list_group(client, group), f"group {group}", lambda: group_repositories(client, group))


def _of_listed(inside: list[Project], where: str, read: t.Callable[[], t.Iterable[Repository]]) -> Selection:
    """The repositories of these projects alone, of all that are read."""
    if inside and not any(project.image_prefix for project in inside):
        raise _no_registry(f"list the repositories of {where}")
    by_id = {project.id: project for project in inside}
    disabled = tuple(sorted(project.path for project in inside if project.access_level == "disabled"))
    found = [repository for repository in read() if repository.project_id in by_id]
    return Selection(tuple(found), by_id, registry_disabled=disabled)


def _is_inside(namespace: str, group: str) -> bool:
    namespace, group = namespace.lower(), group.lower()
    return namespace == group or namespace.startswith(group + "/")


def _of_projects(client: Client, paths: list[str]) -> Selection:
    projects = {project.id: project for project in client.parallel(lambda path: get_project(client, path), paths)}
    for project in projects.values():
        operation = f"list the repositories of project {project.path}"
        if not project.image_prefix:
            raise _no_registry(operation)
        if project.access_level == "disabled":
            raise RequestError(
                ErrorKind.FORBIDDEN,
                "the container registry is disabled for the project",
                operation=operation,
                advice="Enable it in the project's settings (container_registry_access_level); its images are kept.",
            )
    listings = client.parallel(lambda number: project_repositories(client, number), list(projects))
    return Selection(tuple(repository for listing in listings for repository in listing), projects)


def _of_ids(client: Client, repository_ids: tuple[int, ...]) -> Selection:
    wanted = list(dict.fromkeys(repository_ids))
    found = client.parallel(lambda number: get_repository(client, number), wanted)
    numbers = list(dict.fromkeys(repository.project_id for repository in found))
    projects = client.parallel(lambda number: get_project(client, number), numbers)
    return Selection(tuple(found), {project.id: project for project in projects})


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
        check_scope(Scope(group=group), job_token=False)
    check_scope(Scope(projects=scope.projects), job_token=False)


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
        raise _no_registry("read the settings of projects")
    return Projects(_by_path(wanted.values()), listed, _by_path(left_out), unread, tuple(warnings))


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


def _no_registry(operation: str) -> RequestError:
    advice = "An administrator has to enable it for the instance."
    return RequestError(
        ErrorKind.NOT_FOUND, "this GitLab has no container registry", operation=operation, advice=advice
    )


def _filtered(selection: Selection, scope: Scope) -> Selection:
    repositories = sorted(selection.repositories, key=lambda repository: repository.path)
    warnings = []
    for option, patterns in (("repositories", scope.include), ("exclude_repositories", scope.exclude)):
        for pattern in patterns:
            if any(matches(repository.path, pattern) for repository in repositories):
                continue
            if not _is_glob(pattern):
                raise UsageError(
                    f"{option} {pattern!r} is the path of no repository in scope: write the whole path, as in "
                    "group/project/name, or a glob."
                )
            warnings.append(f"{option} {pattern!r} matches no repository in scope.")
    wanted = [
        repository
        for repository in repositories
        if (not scope.include or any(matches(repository.path, pattern) for pattern in scope.include))
        and not any(matches(repository.path, pattern) for pattern in scope.exclude)
    ]
    return replace(
        selection,
        repositories=tuple(repository for repository in wanted if not repository.being_deleted),
        being_deleted=tuple(repository for repository in wanted if repository.being_deleted),
        warnings=tuple(warnings),
    )


def _is_glob(pattern: str) -> bool:
    return any(character in pattern for character in "*?[")


def matches(path: str, pattern: str) -> bool:
    """Whether a repository's path is a pattern's, in which * crosses slashes."""
    return fnmatchcase(path, pattern.lower().strip("/"))


@dataclass(frozen=True)
class Place:
    """Where a repository path leads. repository: None where the project has none of that path.

    project: None where the token may not read it.
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


def repository_path(text: str, option: str = "repository") -> str:
    """A path as GitLab writes it; raises UsageError for what is none."""
    path = text.strip("/").lower()
    if not REPOSITORY_PATH.fullmatch(path):
        raise UsageError(f"{option} {path!r} is not the path of a repository: write it as group/project/name.")
    return path


def find_place(client: Client, path: str, *, job_token: bool) -> Place:
    """The repository of a path: GitLab has no such lookup, so the projects that it may belong to are asked for it.

    Raises UsageError for what is no path, RequestError where no project of it can be seen.
    """
    path = repository_path(path)
    parts = path.split("/")
    found: Place | None = None
    refusal: RequestError | None = None
    for length in range(len(parts), 1, -1):
        parent = "/".join(parts[:length])
        try:
            project = None if job_token else get_project(client, parent)
            if project and not project.image_prefix:
                raise _no_registry(f"look for repository {path}")
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
            return Place(path, project, repository)
        found = found or Place(path, project, None)
    if found:
        return found
    if refusal:
        raise refusal
    message = "none of the projects that it could belong to is there"
    raise RequestError(ErrorKind.NOT_FOUND, message, operation=f"look for repository {path}")


def find_by_id(client: Client, repository_id: int) -> Repository | None:
    """A repository by its id; None where there is none, or none that the token may see."""
    try:
        return get_repository(client, repository_id)
    except RequestError as error:
        if error.kind == ErrorKind.NOT_FOUND:
            return None
        raise
