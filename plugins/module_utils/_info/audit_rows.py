# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The rows of projects and of all together, and the file that has them beside those of repositories. Pure.

JSON Lines, each with its type: audit first, then repository, project and total.
"""

from __future__ import annotations

import functools
import json
import typing as t
from datetime import datetime

from .._core.models import Project, Repository, ServerPolicy, format_time, known_sum
from .._core.scope import Scope
from .._core.server import Mode
from .._policy.lint import lint_warnings
from .._policy.preview import parameters_of
from .._rules.decision import DateSource
from .._rules.patterns import patterns_can_be_judged
from .._usage.exposure import exposed_to
from .._usage.figures import Figures, FreedBytes
from .._usage.listings import RepositoryUsage, total_usage

_FORMAT = "containerops.gitlab/audit"
_VERSION = 1
_PROTECTION = ("repository_protection", "tag_protection")
# The sums where no repositories were listed.
_UNLISTED = {"repositories": None, "repositories_unread": 0, "tags": None, "size": None, **Figures().as_result()}


class AuditHead(t.NamedTuple):
    """Of what an audit is.

    Args:
        server: URL of GitLab.
        mode: of its registry.
        clock: the server's time, by which ages are told; None if it is not known.
        scope: what was asked for.
        date_source: what the dates of tags are.
    """

    server: str
    mode: Mode
    clock: datetime | None
    scope: Scope
    date_source: DateSource

    def as_row(self) -> dict[str, t.Any]:
        """The first line of the file."""
        return {
            "type": "audit",
            "format": _FORMAT,
            "version": _VERSION,
            "server": self.server,
            "registry": self.mode.value,
            "clock": format_time(self.clock),
            "scope": self.scope.as_result(),
            "date_source": self.date_source.value,
        }


class CountedRepository(t.NamedTuple):
    """What sums need of a repository.

    Args:
        project_id: id of its project.
        project: path of its project.
        size: bytes by GitLab; None is unknown.
        usage: its numbers.
        unread: whether something of it could not be read.
    """

    project_id: int
    project: str
    size: int | None
    usage: RepositoryUsage
    unread: bool


def counted_repository(repository: Repository, usage: RepositoryUsage, *, unread: bool) -> CountedRepository:
    """What sums need of a repository. unread: whether something of it could not be read."""
    return CountedRepository(
        project_id=repository.project_id,
        project=repository.shown_project,
        size=repository.size,
        usage=usage,
        unread=unread,
    )


def audit_line(kind: str, row: t.Mapping[str, t.Any]) -> str:
    """A row as a line of the file."""
    return json.dumps({"type": kind, **row}) + "\n"


def project_rows(
    counted: t.Iterable[CountedRepository],
    known: t.Mapping[int, Project],
    asked: t.Iterable[int] = (),
    *,
    listed: bool = True,
    protection: t.Mapping[int, t.Mapping[str, t.Any]] | None = None,
) -> list[dict[str, t.Any]]:
    """The projects by path, with the sums over their repositories.

    Args:
        counted: all repositories.
        known: what was read of projects, by id.
        asked: ids of projects that have a row even without a repository.
        listed: whether repositories were listed.
        protection: the protection rules as they are returned, by the project's id.
    """
    counted = list(counted)
    planned = _is_planned(counted)
    inside: dict[int, list[CountedRepository]] = {number: [] for number in asked}
    for each in counted:
        inside.setdefault(each.project_id, []).append(each)
    rows = [
        {
            "id": number,
            **_settings_row(known.get(number), found),
            **{name: (protection or {}).get(number, {}).get(name) for name in _PROTECTION},
            **_sums(found, listed=listed and (bool(found) or _shows_repositories(known[number])), planned=planned),
        }
        for number, found in inside.items()
    ]
    return sorted(rows, key=lambda row: (row["path"].lower(), row["id"]))


def totals_row(counted: t.Sequence[CountedRepository], *, projects: int, listed: bool = True) -> dict[str, t.Any]:
    """The sums over all repositories. projects: number of projects."""
    return {"projects": projects, **_sums(counted, listed=listed, planned=_is_planned(counted))}


def _is_planned(counted: t.Iterable[CountedRepository]) -> bool:
    """Whether a plan decides about the repositories."""
    return any(each.usage.figures.delete is not None for each in counted)


def _shows_repositories(project: Project) -> bool:
    """Whether a project without repositories has none: GitLab hides those of a registry that is disabled."""
    return project.access_level is not None and not project.registry_disabled


def _settings_row(project: Project | None, repositories: t.Sequence[CountedRepository]) -> dict[str, t.Any]:
    """What was read of a project; null if it was not read."""
    if project is None:
        path = repositories[0].project
        unknown = dict.fromkeys(("topics", "visibility", "access_level", "archived", "cleanup_policy"))
        state = {"exposed_to": exposed_to(None, None).value, "policy_state": "unknown"}
        lint = {"policy_next_run_at": None, "policy_lint": None}
        return {"path": path, "namespace": path.rpartition("/")[0], **unknown, **state, **lint}
    policy = project.policy
    return {
        "path": project.path,
        "namespace": project.namespace or project.path.rpartition("/")[0],
        "topics": list(project.topics),
        "visibility": project.visibility,
        "access_level": project.access_level,
        "exposed_to": exposed_to(project.visibility, project.access_level).value,
        "archived": project.archived,
        "cleanup_policy": policy.as_result() if policy else None,
        "policy_state": _policy_state(project),
        "policy_next_run_at": policy.next_run_at if policy and policy.enabled else None,
        "policy_lint": _policy_lint(policy) if policy else [],
    }


def _policy_state(project: Project) -> str:
    """Whether a policy runs. Whoever is shown the access level of the registry is shown the policy, too.

    GitLab: lib/api/entities/project.rb.
    """
    if project.policy:
        return "enabled" if project.policy.enabled else "disabled"
    return "unknown" if project.access_level is None else "none"


@functools.lru_cache(maxsize=1024)
def _policy_lint(policy: ServerPolicy) -> list[str] | None:
    """What is wrong with a policy whatever tags there are; None if that can't be told."""
    return lint_warnings(parameters_of(policy), ()) if patterns_can_be_judged() else None


def _sums(repositories: t.Sequence[CountedRepository], *, listed: bool, planned: bool) -> dict[str, t.Any]:
    """The numbers of repositories together; null if one of them is not known."""
    if not listed:
        return _UNLISTED
    figures = total_usage([each.usage for each in repositories])
    if not planned:
        figures = figures._replace(delete=None, keep=None, freed=FreedBytes(None, None))
    return {
        "repositories": len(repositories),
        "repositories_unread": sum(each.unread for each in repositories),
        "tags": figures.tags,
        "size": known_sum(each.size for each in repositories),
        **figures.as_result(),
    }
