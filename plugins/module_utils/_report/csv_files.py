# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Reports as CSV: projects, repositories and tags, for spreadsheets and databases. Pure.

RFC 4180 in UTF-8, always with a header. What is not known is empty.
"""

from __future__ import annotations

import csv
import re
import typing as t
from datetime import datetime

from .._core.models import format_time
from .._usage.ages import AGES
from .._usage.figures import Figures
from .model import ProjectReport, Report, ReportHead, RepositoryReport, TagReport
from .outcomes import OUTCOMES, UNKNOWN
from .words import cost

_AGES = tuple(age.value for age in AGES)
_OUTCOMES = tuple(reversed(OUTCOMES))
_FIGURES = (
    "tags",
    "bytes",
    "bytes_method",
    "oldest_tag_at",
    "newest_tag_at",
    *(f"tags_{age}" for age in _AGES),
    *(f"bytes_{age}" for age in _AGES),
    "delete",
    "keep",
    "freed_least",
    "freed_most",
    *("outcome_unknown" if each == UNKNOWN else each for each in _OUTCOMES),
    "error",
)
_COSTS = ("cost_month", "saved_least_month", "saved_most_month")
_PROJECT = (
    "server",
    "scope",
    "clock",
    "project_id",
    "namespace",
    "project",
    "topics",
    "visibility",
    "access_level",
    "exposed_to",
    "archived",
    "policy_state",
    "policy_next_run_at",
    "policy_lint",
)
_COUNTS = ("repositories", "repositories_unread")
_REPOSITORY = ("repository_id", "repository", "date_source", "listing", "rule_set")
_WHOLE = ("action", "reason", "why", "outcome", "outcome_message")
_TAG = (
    "repository",
    "tag",
    "digest",
    "media_type",
    "bytes",
    "pushed_at",
    "built_at",
    "action",
    "reason",
    "rule_set",
    "rule",
    "outcome",
    "outcome_message",
    "project_id",
    "server",
)
# A spreadsheet takes a text that begins so for a formula, or passes over what stands before one.
_FORMULA = re.compile(r"\s*[=+@\-＝＋＠－]|[\t\r\n]")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class _Line:
    """Gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def projects_csv(report: Report) -> t.Iterator[str]:
    """A row for each project."""
    rows = (
        [*_project_cells(report.head, project), project.repositories, project.repositories_unread]
        + _figure_cells(project.figures, project.outcomes, project.error)
        + _cost_cells(project.figures, report.head)
        for project in report.projects
    )
    return _lines((*_PROJECT, *_COUNTS, *_FIGURES, *_COSTS), rows)


def repositories_csv(report: Report) -> t.Iterator[str]:
    """A row for each repository, with what is known of its project."""
    return _lines((*_PROJECT, *_REPOSITORY, *_WHOLE, *_COUNTS, *_FIGURES, *_COSTS), _repository_rows(report))


def _repository_rows(report: Report) -> t.Iterator[list[t.Any]]:
    projects = {project.id: project for project in report.projects}
    for repository in report.repositories():
        # Every repository is of a project of the report.
        project = projects[repository.project_id]
        own = [repository.id, repository.path, repository.date_source, repository.listing, repository.rule_set]
        whole = repository.whole or (None,) * len(_WHOLE)
        counts = [1, int(repository.error is not None)]
        figures = repository.figures
        cells = _figure_cells(figures, repository.outcomes, repository.error) + _cost_cells(figures, report.head)
        yield [*_project_cells(report.head, project), *own, *whole, *counts, *cells]


def tags_csv(report: Report) -> t.Iterator[str]:
    """A row for each tag that was read."""
    server = report.head.server
    rows = (
        [*_tag_cells(repository, tag), repository.project_id, server]
        for repository in report.repositories()
        for tag in repository.tags or ()
    )
    return _lines(_TAG, rows)


def _lines(header: t.Sequence[str], rows: t.Iterable[t.Sequence[t.Any]]) -> t.Iterator[str]:
    writer = csv.writer(_Line(), lineterminator="\r\n")
    yield writer.writerow(header)
    for row in rows:
        yield writer.writerow([_cell(value) for value in row])


def _cell(value: t.Any) -> t.Any:
    """A value as a spreadsheet takes it for what it is."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return format_time(value)
    if isinstance(value, float):
        return f"{value:.10f}".rstrip("0").rstrip(".")
    if not isinstance(value, str):
        return value
    guard = "'" if _FORMULA.match(value) else ""
    return guard + _CONTROLS.sub(" ", value)


def _project_cells(head: ReportHead, project: ProjectReport) -> list[t.Any]:
    return [
        head.server,
        head.scope,
        head.clock,
        project.id,
        project.namespace,
        project.path,
        "; ".join(project.topics),
        project.visibility,
        project.access_level,
        None if project.exposed_to == "unknown" else project.exposed_to,
        project.archived,
        None if project.policy_state == "unknown" else project.policy_state,
        project.policy_next_run_at,
        "; ".join(project.policy_lint),
    ]


def _figure_cells(figures: Figures, outcomes: t.Mapping[str, int] | None, error: str | None) -> list[t.Any]:
    unknown = (None,) * len(AGES)
    method = figures.bytes_method.value if figures.bytes is not None else None
    return [
        figures.tags,
        figures.bytes,
        method,
        figures.oldest_tag_at,
        figures.newest_tag_at,
        *(figures.tags_by_age or unknown),
        *(figures.bytes_by_age or unknown),
        figures.delete,
        figures.keep,
        figures.freed.least,
        figures.freed.most,
        *(None if outcomes is None else outcomes.get(each, 0) for each in _OUTCOMES),
        error,
    ]


def _cost_cells(figures: Figures, head: ReportHead) -> list[float | None]:
    return [cost(each, head.price_per_gib_month) for each in (figures.bytes, *figures.freed)]


def _tag_cells(repository: RepositoryReport, tag: TagReport) -> list[t.Any]:
    return [
        repository.path,
        tag.name,
        tag.digest,
        tag.media_type,
        tag.bytes,
        tag.pushed_at,
        tag.built_at,
        tag.action,
        tag.reason,
        tag.rule_set,
        tag.rule,
        tag.outcome,
        tag.message,
    ]
