# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The repositories that a plan deletes as a whole, as Markdown. Pure."""

from __future__ import annotations

import typing as t

from .._core.words import counted
from .labels import is_preview
from .markdown_elements import Lines, code, table
from .model import Report, RepositoryReport, WholeReport
from .outcomes import REPOSITORY_OUTCOMES
from .words import UNKNOWN, bytes_in_words

_LONGEST_REASON = 300


def deleted_repositories(report: Report, first: t.Sequence[RepositoryReport]) -> Lines:
    """The repositories with their reasons, and after a run with what became of them.

    Args:
        report: that they are of.
        first: those that are shown.
    """
    rows = [_row(each, each.whole) for each in first if each.whole]
    if not rows:
        return []
    title = "that would be deleted" if is_preview(report) else "planned to be deleted"
    ran = [] if report.removal_outcomes is None else ["outcome"]
    more = (report.removals or 0) - len(rows)
    return [
        f"## Repositories {title}",
        "",
        *table(("repository", "tags", "bytes", "reason", "why", *ran), rows),
        *(["", f"... and {counted(more, 'more repository', 'more repositories')}"] if more > 0 else []),
        "",
    ]


def _row(repository: RepositoryReport, whole: WholeReport) -> tuple[str, ...]:
    tags = repository.figures.delete
    return (
        code(repository.path),
        UNKNOWN if tags is None else str(tags),
        bytes_in_words(repository.figures.bytes),
        code(whole.reason),
        code(whole.why, _LONGEST_REASON),
        *([REPOSITORY_OUTCOMES[whole.outcome]] if whole.outcome else []),
    )
