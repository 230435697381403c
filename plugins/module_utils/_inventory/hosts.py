# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Projects, namespaces and repositories as hosts of an inventory, with their variables and groups."""

from __future__ import annotations

import collections
import hashlib
import itertools
import re
import typing as t

from .._core.errors import ErrorKind, RequestError, UsageError
from .._core.models import Project, Repository, known_sum
from .request import HostPer, InventoryRequest

PREFIX = "gitlab_"
# What GitLab takes for a path. Nothing in it has a meaning in a pattern of hosts.
_SEGMENT = r"(?!\.{1,2}(?:/|\Z))[A-Za-z0-9_.][A-Za-z0-9_.-]*"
_PATH = re.compile(rf"{_SEGMENT}(?:/{_SEGMENT})*", re.ASCII)
# What Ansible means by these names is something else.
_TAKEN = frozenset({"all", "ungrouped", "localhost", "127.0.0.1"})

_GIB = 2**30
# The classes of numbers by their least one, the largest first.
_CLASSES: dict[str, tuple[tuple[int, str], ...]] = {
    "tags_count": (
        (10_000, "tags_from_10000"),
        (1_000, "tags_from_1000"),
        (100, "tags_from_100"),
        (1, "tags_from_1"),
        (0, "tags_none"),
    ),
    "size": (
        (100 * _GIB, "size_from_100_gib"),
        (10 * _GIB, "size_from_10_gib"),
        (_GIB, "size_from_1_gib"),
        (0, "size_below_1_gib"),
    ),
}
_UNKNOWN = {"tags_count": "tags_unknown", "size": "size_unknown"}

# What was counted of a thing: tags_count, size in bytes; only what was asked for, None where it is not known.
Numbers = t.Mapping[str, t.Optional[int]]
_NumbersById = t.Mapping[int, Numbers]


class InventoryState(t.NamedTuple):
    """What was read for an inventory.

    Args:
        projects: all that were found.
        numbers: what was counted, by the id of the project, or of the repository if these are the hosts.
        repositories: all that were found, if these are the hosts.
        warnings: what the user should know, one sentence each.
    """

    projects: tuple[Project, ...]
    numbers: _NumbersById
    repositories: tuple[Repository, ...] = ()
    warnings: tuple[str, ...] = ()


class Host(t.NamedTuple):
    """A host.

    Args:
        name: path of what it is in GitLab.
        namespace: path of the group, or user, that it lies in.
        variables: its own.
        groups: of the inventory, without PREFIX.
    """

    name: str
    namespace: str
    variables: t.Mapping[str, t.Any]
    groups: tuple[str, ...]


def hosts_of(state: InventoryState, request: InventoryRequest) -> list[Host]:
    """The hosts by name.

    Raises:
        UsageError: a group can't be a host.
        RequestError: what GitLab lists can't be told apart.
    """
    if request.host_per is HostPer.REPOSITORY:
        projects = {project.id: project for project in state.projects}
        return repository_hosts(state.repositories, projects, state.numbers)
    make = namespace_hosts if request.host_per is HostPer.GROUP else project_hosts
    return make(state.projects, state.numbers)


def project_hosts(projects: t.Iterable[Project], numbers: _NumbersById) -> list[Host]:
    """A host for each project.

    Args:
        projects: those that are hosts.
        numbers: what was counted, by the id of the project.
    """
    return _checked(_project_host(project, numbers.get(project.id, {})) for project in projects)


def _project_host(project: Project, numbers: Numbers) -> Host:
    return Host(
        name=project.path,
        namespace=project.namespace,
        variables={**_facts(project), **_counted(numbers), "registry_project": project.path},
        groups=(*_states(project), *_classes(numbers)),
    )


def namespace_hosts(projects: t.Iterable[Project], numbers: _NumbersById) -> list[Host]:
    """A host for each group or user with projects directly in it, so that no project belongs to two hosts.

    It is in the groups that all its projects are in. Its registry_project names those whose registry is not disabled.

    Args:
        projects: all of them.
        numbers: what was counted, by the id of the project.

    Raises:
        UsageError: a group can't be a host.
    """
    members: dict[str, list[Project]] = {}
    for project in projects:
        members.setdefault(project.namespace, []).append(project)
    for namespace in members:
        if namespace in _TAKEN:
            raise UsageError(
                f"The group {namespace} of GitLab can't be a host, since its name has a meaning in Ansible: set "
                "host_per to project."
            )
    return _checked(_namespace_host(namespace, found, numbers) for namespace, found in members.items())


def _namespace_host(namespace: str, projects: t.Sequence[Project], numbers: _NumbersById) -> Host:
    ordered = sorted(projects, key=lambda project: project.path.lower())
    usable = [project for project in ordered if not project.registry_disabled]
    counted = [numbers.get(project.id, {}) for project in usable]
    sums = {name: known_sum(found.get(name) for found in counted) for name in (counted[0] if counted else ())}
    states = [set(_states(project)) for project in ordered]
    variables = {
        "gitlab_namespace": namespace,
        "gitlab_project_paths": [project.path for project in ordered],
        **_counted(sums),
        "registry_project": [project.path for project in usable],
    }
    return Host(
        name=namespace,
        namespace=namespace,
        variables=variables,
        groups=(*sorted(set.intersection(*states)), *_classes(sums)),
    )


def repository_hosts(
    repositories: t.Iterable[Repository], projects: t.Mapping[int, Project], numbers: _NumbersById
) -> list[Host]:
    """A host for each container repository, with what is known of its project.

    Args:
        repositories: those that are hosts.
        projects: theirs, by id.
        numbers: what was counted, by the id of the repository.
    """
    return _checked(
        _repository_host(repository, projects[repository.project_id], numbers.get(repository.id, {}))
        for repository in repositories
    )


def _repository_host(repository: Repository, project: Project, numbers: Numbers) -> Host:
    variables = {
        **_facts(project),
        "gitlab_repository_id": repository.id,
        "gitlab_repository_path": repository.path,
        "gitlab_repository_name": repository.name,
        "gitlab_location": repository.location,
        **_counted(numbers),
        "registry_repository_id": [repository.id],
    }
    return Host(
        name=repository.path,
        namespace=project.namespace,
        variables=variables,
        groups=(*_states(project), *_classes(numbers)),
    )


def namespace_groups(hosts: t.Iterable[Host], safe: t.Callable[[str], str]) -> dict[str, str]:
    """The inventory's group for each namespace of hosts, and for each one around it.

    Namespaces whose groups would have the same name, such as team-a and team/a, get a part of their hash too.

    Args:
        hosts: all of them.
        safe: what Ansible makes of a name.

    Returns:
        The names of groups by the path of the namespace. What is around comes first.

    Raises:
        RequestError: even the hashes do not tell them apart.
    """
    paths: dict[str, None] = {}
    for namespace in sorted({host.namespace for host in hosts}):
        paths.update(dict.fromkeys(itertools.accumulate(namespace.split("/"), "{}/{}".format)))
    names = {path: safe(f"{PREFIX}namespace_{path}") for path in paths}
    used = collections.Counter(names.values())
    for path, name in names.items():
        if used[name] > 1:
            names[path] = f"{name}_{hashlib.sha256(path.encode()).hexdigest()[:8]}"
    if len(set(names.values())) < len(names):
        raise _doubtful("two groups of GitLab would be one in the inventory")
    return names


def _facts(project: Project) -> dict[str, t.Any]:
    policy = project.policy
    return {
        "gitlab_project_id": project.id,
        "gitlab_project_path": project.path,
        "gitlab_project_name": project.name,
        "gitlab_description": project.description,
        "gitlab_topics": list(project.topics),
        "gitlab_namespace": project.namespace,
        "gitlab_url": project.url,
        "gitlab_visibility": project.visibility,
        "gitlab_access_level": project.access_level,
        "gitlab_archived": project.archived,
        "gitlab_location": project.image_prefix,
        "gitlab_cleanup_policy": policy.as_result() if policy else None,
    }


def _states(project: Project) -> list[str]:
    policy = project.policy
    found = [
        f"visibility_{project.visibility or 'unknown'}",
        f"access_level_{project.access_level or 'unknown'}",
        f"cleanup_policy_{'none' if policy is None else 'enabled' if policy.enabled else 'disabled'}",
    ]
    return [*found, "archived"] if project.archived else found


def _counted(numbers: Numbers) -> dict[str, int | None]:
    return {f"{PREFIX}{name}": number for name, number in numbers.items()}


def _classes(numbers: Numbers) -> list[str]:
    return [
        _UNKNOWN[name] if number is None else next(group for least, group in _CLASSES[name] if number >= least)
        for name, number in numbers.items()
    ]


def _checked(hosts: t.Iterable[Host]) -> list[Host]:
    """The hosts by name.

    Raises:
        RequestError: a name is no path of GitLab, or there twice.
    """
    found: dict[str, Host] = {}
    for host in hosts:
        if not _PATH.fullmatch(host.name) or not _PATH.fullmatch(host.namespace):
            raise _doubtful(f"GitLab lists {host.name!r} in {host.namespace!r}, which is not a valid path for it")
        if host.name.lower() in found:
            raise _doubtful(f"GitLab lists {host.name} twice, as it does if something is moved meanwhile")
        found[host.name.lower()] = host
    return [found[name] for name in sorted(found)]


def _doubtful(message: str) -> RequestError:
    return RequestError(ErrorKind.INCOMPLETE, message, operation="make hosts from GitLab's lists")
