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
from .._usage.figures import Figures, FreedBytes
from .model import ProjectReport, Report, RepositoryReport, TagReport
from .outcomes import DELETED, OUTCOMES, is_still_planned

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
        planned: number of tags that are still to be deleted by reason; None without a plan.
        deleted: number of tags that the run deleted by reason.
        outcomes: number of tags of the plan by outcome; None if no run is known.
    """

    labels: _Labels
    figures: Figures
    planned: _Planned | None
    deleted: _Planned = {}
    outcomes: _Planned | None = None

    @property
    def freed(self) -> FreedBytes:
        """What the deletion of the tags that are still planned frees."""
        freed, left = self.figures.freed, sum((self.planned or {}).values())
        if self.planned is None or left == self.figures.delete:
            return freed
        # Of a part it is known that it frees no more than the whole.
        return FreedBytes(None, freed.most) if left else FreedBytes(0, 0)


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
        "report_success", "Whether the run did everything that was planned.", [(run, int(head.result == "ok"))]
    )
    yield from _metric(
        "unread_repositories",
        "Repositories that could not be read.",
        [(run, report.repositories_unread if clock else None)],
    )
    yield from _metric(
        "project_info", "Properties of a project.", [({**run, **_info(project)}, 1) for project in report.projects]
    )
    planned: dict[int, Counter[str]] = {}
    deleted: dict[int, Counter[str]] = {}
    repositories: list[_Place] = []
    for repository in report.repositories():
        left, gone = (_by_reason(repository, which) for which in (is_still_planned, _is_deleted))
        planned.setdefault(repository.project_id, Counter()).update(left)
        deleted.setdefault(repository.project_id, Counter()).update(gone)
        if with_repositories:
            repositories.append(_place_of(run, repository, planned=left, deleted=gone))
    projects = [
        _Place(
            {**run, "project": project.path},
            figures=project.figures,
            planned=None if project.figures.delete is None else planned.get(project.id, {}),
            deleted=deleted.get(project.id, {}),
            outcomes=project.outcomes,
        )
        for project in report.projects
    ]
    for prefix, of_what, places in (
        ("", "of the project", projects),
        *([("repository_", "of the repository", repositories)] if with_repositories else []),
    ):
        yield from _numbers(prefix, of_what, places)
        if report.outcomes is not None:
            yield from _of_the_run(prefix, of_what, places)


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


def _by_reason(repository: RepositoryReport, which: t.Callable[[TagReport], bool]) -> _Planned:
    return Counter(tag.reason or "unknown" for tag in repository.tags or () if which(tag))


def _is_deleted(tag: TagReport) -> bool:
    return tag.outcome == DELETED


def _place_of(run: _Labels, repository: RepositoryReport, *, planned: _Planned, deleted: _Planned) -> _Place:
    return _Place(
        {**run, "project": repository.project, "repository": repository.path},
        figures=repository.figures,
        planned=None if repository.figures.delete is None else planned,
        deleted=deleted,
        outcomes=repository.outcomes,
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
        f"Tags {of_what} that the plan deletes and no run has handled, by reason.",
        [sample for place in places if place.planned is not None for sample in _reasons(place, place.planned)],
    )
    yield from _metric(
        f"{prefix}planned_freed_bytes",
        f"Bytes {of_what} that the plan frees after garbage collection, at least and at most.",
        [
            ({**place.labels, "bound": bound}, number)
            for place in places
            for bound, number in zip(("least", "most"), place.freed)
        ],
    )


def _of_the_run(prefix: str, of_what: str, places: t.Sequence[_Place]) -> t.Iterator[str]:
    known = [place for place in places if place.outcomes is not None]
    yield from _metric(
        f"{prefix}deleted_tags",
        f"Tags {of_what} that the run deleted, by reason.",
        [sample for place in known for sample in _reasons(place, place.deleted)],
    )
    yield from _metric(
        f"{prefix}deletion_outcomes",
        f"Tags {of_what} that the plan deletes, by outcome of the run.",
        [
            ({**place.labels, "outcome": outcome}, (place.outcomes or {}).get(outcome, 0))
            for place in known
            for outcome in reversed(OUTCOMES)
        ],
    )


def _reasons(place: _Place, reasons: _Planned) -> list[_Sample]:
    found = sorted(reasons.items()) or [("none", 0)]
    return [({**place.labels, "reason": reason}, count) for reason, count in found]


def _metric(name: str, text: str, samples: t.Iterable[_Sample]) -> t.Iterator[str]:
    full = f"gitlab_registry_{name}"
    yield f"# HELP {full} {text}\n# TYPE {full} gauge\n"
    for labels, value in samples:
        if value is not None:
            shown = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
            yield f"{full}{{{shown}}} {value}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
