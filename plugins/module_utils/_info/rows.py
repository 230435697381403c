# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What was read, and the rows and sums that are made of it."""

from __future__ import annotations

import itertools
import typing as t
from dataclasses import dataclass, field
from datetime import datetime

from .._core.errors import RequestError
from .._core.models import (
    DELETE_LEVEL,
    PUSH_LEVEL,
    Project,
    Repository,
    RuleKind,
    TagListing,
)
from .._core.server import Mode
from .._policy.preview import PolicyPreview, truncate
from .._rules.decision import DateSource
from .._settings.plan import RuleListing
from .._usage.listings import repository_usage, unknown_notes
from .audit_rows import AuditHead, CountedRepository, audit_line, counted_repository, project_rows, totals_row
from .repository_rows import repository_row
from .request import InfoRequest


@dataclass(frozen=True)
class ProjectInventory:
    """All projects of the scope.

    Args:
        projects: by path.
        rules: their protection rules or why they are not known, by the project's id and kind, where this GitLab has the
            kind.
        unread: names that the user gave, each with why it could not be read.
        warnings: what the user should know, one sentence each.
    """

    projects: tuple[Project, ...]
    rules: t.Mapping[int, t.Mapping[RuleKind, RuleListing]] = field(default_factory=dict)
    unread: tuple[tuple[str, RequestError], ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class InfoState:
    """What was read before the tags, and these as they are read.

    Args:
        repositories: in scope, by path.
        listed: whether repositories were read at all.
        listings: the tags of each repository in turn; None where tags were not asked for.
        previews: what the projects' own policies would do, by the repository's id.
        errors: why something of a repository could not be read, by its id.
        date_source: where all dates come from.
        being_deleted: paths of the repositories that GitLab is deleting and that are left out.
        registry_disabled: paths of the projects whose registry is disabled.
        warnings: what the user should know, one sentence each.
        projects: what was read of projects, by id.
        inventory: the projects; None where they were not asked for.
        estimate: what reading would take, as it is returned; None where it was not asked for.
        clock: the server's time; None if it is not known.
        mode: of the registry.
    """

    repositories: tuple[Repository, ...] = ()
    listed: bool = True
    listings: t.Iterable[TagListing | None] = itertools.repeat(None)
    previews: t.Mapping[int, PolicyPreview] = field(default_factory=dict)
    errors: t.Mapping[int, RequestError] = field(default_factory=dict)
    date_source: DateSource = DateSource.NONE
    being_deleted: tuple[str, ...] = ()
    registry_disabled: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    projects: t.Mapping[int, Project] = field(default_factory=dict)
    inventory: ProjectInventory | None = None
    estimate: dict[str, t.Any] | None = None
    clock: datetime | None = None
    mode: Mode = Mode.UNKNOWN


class RepositoryRow(t.NamedTuple):
    """A repository as it is returned.

    Args:
        row: what is returned and written.
        counted: what sums need of it.
        error: why something of it is unknown; None if nothing is.
        layers_unknown: why its layers are not known; empty if they are, or were not asked for.
    """

    row: dict[str, t.Any]
    counted: CountedRepository
    error: RequestError | None
    layers_unknown: str = ""


@dataclass
class RowSummary:
    """What is kept of the rows.

    Args:
        limit: the most rows, and the most tags of each, that are returned.
        returned: the rows to return.
        counted: what sums are made of, for every row.
        errors: paths of repositories that could not be read, each with the reason.
        layers_unknown: paths of repositories whose layers are not known, each with the reason.
    """

    limit: int
    returned: list[dict[str, t.Any]] = field(default_factory=list)
    counted: list[CountedRepository] = field(default_factory=list)
    errors: list[tuple[str, RequestError]] = field(default_factory=list)
    layers_unknown: list[tuple[str, str]] = field(default_factory=list)

    def add(self, repository: RepositoryRow) -> None:
        """Keep what is needed of one more row."""
        row = repository.row
        if repository.error:
            self.errors.append((row["path"], repository.error))
        if repository.layers_unknown:
            self.layers_unknown.append((row["path"], repository.layers_unknown))
        if len(self.returned) < self.limit:
            self.returned.append(_truncated(row, self.limit))
        self.counted.append(repository.counted)


def file_lines(state: InfoState, request: InfoRequest, summary: RowSummary, url: str) -> t.Iterator[str]:
    """The lines of the file.

    Args:
        state: what was read.
        request: what was asked for.
        summary: gets the repositories as they are written.
        url: of GitLab.
    """
    head = AuditHead(url, state.mode, clock=state.clock, scope=request.scope, date_source=state.date_source)
    yield audit_line("audit", head.as_row())
    for repository in repository_rows(state, request):
        summary.add(repository)
        yield audit_line("repository", repository.row)
    projects = _project_rows(state, summary)
    for row in projects:
        yield audit_line("project", row)
    yield audit_line("total", totals_row(summary.counted, projects=len(projects), listed=state.listed))


def repository_rows(state: InfoState, request: InfoRequest) -> t.Iterator[RepositoryRow]:
    """The rows of the repositories, each as soon as it is read."""
    for repository, listing in zip(state.repositories, state.listings):
        error = listing.error if listing and listing.error else state.errors.get(repository.id)
        preview = state.previews.get(repository.id)
        usage = repository_usage(repository, listing, source=state.date_source, clock=state.clock)
        row = repository_row(
            repository,
            listing,
            figures=usage.figures,
            date_source=state.date_source,
            shows_tags=request.needs_tags,
            tag_names=request.tag_names,
            policy_preview=preview.as_result() if preview else None,
            error=error,
        )
        yield RepositoryRow(
            row,
            counted_repository(repository, usage, unread=error is not None),
            error=error,
            layers_unknown=listing.blobs.why_unknown if listing and listing.blobs else "",
        )


def _truncated(row: dict[str, t.Any], limit: int) -> dict[str, t.Any]:
    tags, preview = row["tags"], row["policy_preview"]
    if tags is not None and len(tags) > limit:
        row = {**row, "tags": tags[:limit], "tags_truncated": True}
    if preview is not None:
        row = {**row, "policy_preview": truncate(preview, limit)}
    return row


def _project_rows(state: InfoState, summary: RowSummary) -> list[dict[str, t.Any]]:
    """The projects by path, with the sums over their repositories: those that were asked for, or have a repository."""
    inventory = state.inventory or ProjectInventory(projects=())
    asked = {project.id: project for project in inventory.projects}
    kinds = {RuleKind.REPOSITORY: "repository_protection", RuleKind.TAG: "tag_protection"}
    return project_rows(
        summary.counted,
        {**state.projects, **asked},
        asked,
        listed=state.listed,
        protection={
            number: {name: _rule_rows(rules.get(kind), kind) for kind, name in kinds.items()}
            for number, rules in inventory.rules.items()
        },
    )


def _rule_rows(rules: RuleListing | None, kind: RuleKind) -> list[dict[str, t.Any]] | None:
    if rules is None or isinstance(rules, RequestError):
        return None
    return [{kind.pattern_option: rule.pattern, PUSH_LEVEL: rule.push, DELETE_LEVEL: rule.delete} for rule in rules]


def result_of(state: InfoState, summary: RowSummary, output_path: str | None) -> dict[str, t.Any]:
    """What is returned, with every list cut to the limit. The summary has to be complete."""
    projects = _project_rows(state, summary)
    result = {
        "repositories": summary.returned,
        "projects": projects[: summary.limit],
        "totals": totals_row(summary.counted, projects=len(projects), listed=state.listed),
        "truncated": max(len(summary.counted), len(projects)) > summary.limit,
        "being_deleted": list(state.being_deleted),
        "registry_disabled": list(state.registry_disabled),
        "errors": [
            *(_error_row(error, repository=path) for path, error in summary.errors),
            *(_error_row(error, project=name) for name, error in _unread_projects(state)),
        ],
    }
    if state.estimate:
        result["estimate"] = state.estimate
    return {**result, "output_path": output_path} if output_path else result


def warnings_of(state: InfoState, summary: RowSummary) -> list[str]:
    """What the user should know, one sentence each. The summary has to be complete."""
    return [*state.warnings, *unknown_notes("layers", summary.layers_unknown)]


def errors_of(state: InfoState, summary: RowSummary) -> list[RequestError]:
    """All that could not be read. The summary has to be complete."""
    return [error for _name, error in (*summary.errors, *_unread_projects(state))]


def _unread_projects(state: InfoState) -> tuple[tuple[str, RequestError], ...]:
    return state.inventory.unread if state.inventory else ()


def _error_row(error: RequestError, repository: str | None = None, project: str | None = None) -> dict[str, t.Any]:
    return {"repository": repository, "project": project, **error.as_result()}
