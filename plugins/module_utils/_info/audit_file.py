# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The file of an audit that a cleanup writes. Pure."""

from __future__ import annotations

import typing as t

from .._core.errors import RequestError
from .._core.models import Project, TagListing
from .._usage.listings import RepositoryUsage
from .audit_rows import AuditHead, audit_line, counted_repository, project_rows, totals_row
from .repository_rows import repository_row


class AuditedRepository(t.NamedTuple):
    """A repository of an audit.

    Args:
        listing: the repository with its tags.
        usage: its numbers.
        error: why something of it could not be read; None if all was read.
    """

    listing: TagListing
    usage: RepositoryUsage
    error: RequestError | None = None


def audit_lines(
    head: AuditHead,
    repositories: t.Iterable[AuditedRepository],
    projects: t.Mapping[int, Project],
    *,
    shows_tags: bool,
) -> t.Iterator[str]:
    """The lines of the file.

    Args:
        head: of what the audit is.
        repositories: by path.
        projects: all projects that were read, by id.
        shows_tags: whether the rows of repositories have the tags, and not only their number.
    """
    yield audit_line("audit", head.as_row())
    counted = []
    for listing, usage, error in repositories:
        row = repository_row(
            listing.repository,
            listing,
            figures=usage.figures,
            date_source=head.date_source,
            shows_tags=shows_tags,
            error=error,
        )
        yield audit_line("repository", row)
        counted.append(counted_repository(listing.repository, usage, unread=error is not None))
    rows = project_rows(counted, projects, projects)
    for row in rows:
        yield audit_line("project", row)
    yield audit_line("total", totals_row(counted, projects=len(rows)))
