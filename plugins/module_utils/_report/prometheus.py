# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""A report as metrics that Prometheus' node exporter collects from a file. Pure.

The text format of https://prometheus.io/docs/instrumenting/exposition_formats/. What is not known has no sample.
"""

from __future__ import annotations

import hashlib
import typing as t
from collections import Counter

from .._core.models import parse_time
from .._usage.ages import AGES
from .._usage.figures import Figures
from .model import ProjectReport, Report, RepositoryReport

_Labels = t.Mapping[str, str]
_Sample = tuple[_Labels, t.Optional[int]]
_Planned = t.Mapping[str, int]
# A scope may name a thousand projects, and stands in every sample.
_LONGEST_SCOPE = 200


class _Place(t.NamedTuple):
    """A project or a repository.

    Args:
        labels: that name it.
        figures: its numbers.
        planned: number of tags to delete by reason; None without a plan.
    """

    labels: _Labels
    figures: Figures
    planned: _Planned | None


def metrics(report: Report, *, with_repositories: bool) -> t.Iterator[str]:
    """The lines of the file.

    Args:
        report: what to show.
        with_repositories: show the numbers of repositories too, under names of their own.
    """
    head = report.head
    # In every sample: the reports of several servers and scopes may lie in one folder.
    run = {"server": head.server, "scope": _short(head.scope)}
    clock = parse_time(head.clock)
    yield from _metric(
        "report_timestamp_seconds",
        "Time of the server when the report was made.",
        [(run, int(clock.timestamp()) if clock else None)],
    )
    yield from _metric(
        "report_success", "Whether the run did all that it was to do.", [(run, int(head.result == "ok"))]
    )
    yield from _metric(
        "unread_repositories",
        "Repositories that could not be read.",
        [(run, report.repositories_unread if clock else None)],
    )
    yield from _metric(
        "project_info", "What a project is.", [({**run, **_info(project)}, 1) for project in report.projects]
    )
    planned: dict[int, Counter[str]] = {}
    repositories: list[_Place] = []
    for repository in report.repositories():
        reasons = _deleted_by_reason(repository)
        planned.setdefault(repository.project_id, Counter()).update(reasons)
        if with_repositories:
            repositories.append(_place_of(run, repository, reasons))
    projects = [
        _Place(
            {**run, "project": project.path},
            figures=project.figures,
            planned=None if project.figures.delete is None else planned.get(project.id, {}),
        )
        for project in report.projects
    ]
    yield from _numbers("", "of the project", projects)
    if with_repositories:
        yield from _numbers("repository_", "of the repository", repositories)


def _short(scope: str) -> str:
    """A scope of at most so many characters, another one for each scope."""
    if len(scope) <= _LONGEST_SCOPE:
        return scope
    digest = hashlib.sha256(scope.encode()).hexdigest()[:12]
    return f"{scope[: _LONGEST_SCOPE - 16]}... {digest}"


def _info(project: ProjectReport) -> dict[str, str]:
    return {
        "project": project.path,
        "namespace": project.namespace,
        "visibility": project.visibility or "unknown",
        "access_level": project.access_level or "unknown",
        "exposed_to": project.exposed_to,
        "policy": project.policy_state,
    }


def _deleted_by_reason(repository: RepositoryReport) -> _Planned:
    return Counter(tag.reason or "unknown" for tag in repository.tags or () if tag.action == "delete")


def _place_of(run: _Labels, repository: RepositoryReport, reasons: _Planned) -> _Place:
    return _Place(
        {**run, "project": repository.project, "repository": repository.path},
        figures=repository.figures,
        planned=None if repository.figures.delete is None else reasons,
    )


def _numbers(prefix: str, of_what: str, places: t.Sequence[_Place]) -> t.Iterator[str]:
    yield from _metric(
        f"{prefix}tags",
        f"Tags {of_what} by their age.",
        [
            ({**place.labels, "age": age.value}, count)
            for place in places
            for age, count in zip(AGES, place.figures.tags_by_age or ())
        ],
    )
    yield from _metric(
        f"{prefix}size_bytes",
        f"Bytes of the images {of_what}. Repositories share storage, so that the sum can be more than is used.",
        [({**place.labels, "method": place.figures.bytes_method.value}, place.figures.bytes) for place in places],
    )
    yield from _metric(
        f"{prefix}planned_deletions",
        f"Tags {of_what} that the plan deletes, by reason.",
        [
            ({**place.labels, "reason": reason}, count)
            for place in places
            if place.planned is not None
            for reason, count in sorted(place.planned.items()) or [("none", 0)]
        ],
    )
    yield from _metric(
        f"{prefix}planned_freed_bytes",
        f"Bytes {of_what} that are free after the plan and garbage collection, at least and at most.",
        [
            ({**place.labels, "bound": bound}, number)
            for place in places
            for bound, number in zip(("least", "most"), place.figures.freed)
        ],
    )


def _metric(name: str, text: str, samples: t.Iterable[_Sample]) -> t.Iterator[str]:
    full = f"gitlab_registry_{name}"
    yield f"# HELP {full} {text}\n# TYPE {full} gauge\n"
    for labels, value in samples:
        if value is not None:
            shown = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
            yield f"{full}{{{shown}}} {value}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
