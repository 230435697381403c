# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What a task is about, as the user names it."""

from __future__ import annotations

import re
import typing as t
from fnmatch import fnmatchcase

from .errors import UsageError

# lib/gitlab/path_regex.rb: segments of lower-case letters and digits, joined by single separators.
_SEGMENT = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_REPOSITORY_PATH = re.compile(rf"{_SEGMENT}(?:/{_SEGMENT})+", re.ASCII)


class Scope(t.NamedTuple):
    """Which repositories a task is about.

    Args:
        projects: by id or full path.
        group: by id or full path.
        repository_ids: ids of the repositories themselves.
        include: exact repository paths or globs, compared in lower case. Empty is all.
        exclude: the same of those that are left out.
        instance: everything that this GitLab has.
    """

    projects: tuple[str, ...] = ()
    group: str | None = None
    repository_ids: tuple[int, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    instance: bool = False

    def as_result(self) -> dict[str, t.Any]:
        """The scope as the options that made it."""
        return {
            "project": list(self.projects),
            "group": self.group,
            "repository_id": list(self.repository_ids),
            "repositories": list(self.include),
            "exclude_repositories": list(self.exclude),
        }


class ProjectScope(t.NamedTuple):
    """Which projects a task is about.

    Args:
        projects: by id or full path.
        groups: by id or full path.
        by_path: what is wanted goes by the paths, so that a project which has another one by now is left alone.
        instance: all projects of this GitLab.
    """

    projects: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    by_path: bool = False
    instance: bool = False


def check_scope(scope: Scope, *, job_token: bool) -> None:
    """Check a scope.

    Args:
        scope: what the user named.
        job_token: whether GitLab is asked with a CI/CD job token.

    Raises:
        UsageError: a name is neither an id nor a full path, or the token can't read such a scope.
    """
    _check_project_names(scope.projects)
    if scope.group is not None:
        _check_group_name(scope.group)
    if job_token and not scope.projects:
        option = "instance" if scope.instance else "group" if scope.group is not None else "repository_id"
        raise UsageError(
            f"{option} can't be read with a CI/CD job token, which sees only its own project: name that project in "
            "project, or give a project or group access token in api_token."
        )


def check_projects(scope: ProjectScope) -> None:
    """Check the names of a scope.

    Raises:
        UsageError: a name is neither an id nor a full path, so that no server could look it up.
    """
    for group in scope.groups:
        _check_group_name(group)
    _check_project_names(scope.projects)


def _check_project_names(projects: t.Iterable[str]) -> None:
    """See that each name is an id or a full path.

    Raises:
        UsageError: one is not.
    """
    for project in projects:
        if not project.strip():
            raise UsageError("project holds an empty name: give an id or a full path such as group/project.")
        if "/" not in project.strip("/") and not project.isdigit():
            raise UsageError(
                f"project {project!r} is a bare name, which GitLab does not look up: give the full path, "
                f"such as group/{project}, or the numeric id."
            )


def _check_group_name(group: str) -> None:
    """See that the name is an id or a full path.

    Raises:
        UsageError: it is not.
    """
    if not group.strip("/ "):
        raise UsageError("group is empty: give an id or a full path.")


def repository_path(text: str, option: str = "repository") -> str:
    """The path of a repository as GitLab writes it.

    Args:
        text: as the user wrote it.
        option: the option that holds it, for the message.

    Raises:
        UsageError: it is none.
    """
    path = text.strip("/").lower()
    if not _REPOSITORY_PATH.fullmatch(path):
        raise UsageError(f"{option} {path!r} is not the path of a repository: write it as group/project/name.")
    return path


class Exclusion(t.NamedTuple):
    """An entry of exclude_repositories.

    Args:
        pattern: an exact path or a glob.
        matched: number of repositories that it matches.
        elsewhere: whether it may be about repositories outside of the scope.
    """

    pattern: str
    matched: int
    elsewhere: bool


def exclusions_of(scope: Scope, paths: t.Collection[str], projects: t.Collection[str]) -> tuple[Exclusion, ...]:
    """What each exclusion of a scope matches.

    Tasks for a project each share their exclusions, so what is said of another project is about another task. In a
    group, or with several projects, an exclusion that matches nothing is a mistake.

    Args:
        scope: with its exclusions.
        paths: of all its repositories, whatever is included or excluded.
        projects: paths of their projects, in lower case.
    """
    alone = None if scope.group is not None or scope.instance or len(projects) != 1 else next(iter(projects))
    # The project's path as a whole: of team/prod.* or registry.example.com/team/prod*, but not of team/production.
    named = re.compile(rf"(?:\A|/){re.escape(alone)}(?![a-z0-9_-]|\.[a-z0-9])") if alone else None
    return tuple(
        Exclusion(
            pattern,
            matched=sum(matches(path, pattern) for path in paths),
            elsewhere=named is not None and not named.search(pattern.lower()),
        )
        for pattern in dict.fromkeys(scope.exclude)
    )


def unmatched_exclusion(pattern: str, path: str) -> str:
    """What is said of an exclusion that matches nothing, a sentence without its full stop. path: of a repository."""
    return (
        f"exclude_repositories {pattern!r} matches no repository in scope (paths are written as {path}; in a glob, * "
        "stands for any text, and a dot for itself)"
    )


def matches(path: str, pattern: str) -> bool:
    """Whether the path of a repository is a pattern's. A * stands for slashes, too."""
    return fnmatchcase(path, pattern.strip("/").lower())
