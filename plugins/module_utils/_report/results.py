# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What registry_report returns, and what it would change. Pure."""

from __future__ import annotations

import typing as t

from .._core.diffs import diff_part
from .._core.models import format_time
from .._core.words import counted
from .._module.intent import Intent
from .._usage.ages import by_age
from .._usage.figures import Figures
from .changes import change
from .model import Report
from .outcomes import OUTCOMES, REPOSITORY_OUTCOMES
from .request import Told
from .words import cost


def flaws_of(report: Report, told: Told) -> tuple[str, ...]:
    """What is wrong with the files that the report was made of, one sentence each."""
    return report.head.warnings[len(told.warnings) :]


def result_of(report: Report, paths: t.Sequence[str]) -> dict[str, t.Any]:
    """What registry_report returns. paths: of the files of the report."""
    head, total = report.head, report.total
    return {
        "report": {
            "result": head.result,
            "server": head.server,
            "scope": head.scope,
            "clock": head.clock,
            "fingerprint": head.fingerprint,
            "deleted": head.deleted,
            "outcomes": None if report.outcomes is None else {each: report.outcomes.get(each, 0) for each in OUTCOMES},
            "repository_outcomes": None
            if report.removals is None or report.removal_outcomes is None
            else {each: report.removal_outcomes.get(each, 0) for each in REPOSITORY_OUTCOMES},
        },
        "totals": {
            "projects": len(report.projects),
            "repositories": report.repositories_count,
            "repositories_unread": report.repositories_unread,
            "repositories_deleted": report.removals,
            "tags": total.tags,
            "bytes": total.bytes,
            "bytes_method": total.bytes_method.value,
            "oldest_tag_at": format_time(total.oldest_tag_at),
            "newest_tag_at": format_time(total.newest_tag_at),
            "tags_by_age": by_age(total.tags_by_age),
            "bytes_by_age": by_age(total.bytes_by_age),
            "delete": total.delete,
            "keep": total.keep,
            "freed_least": total.freed.least,
            "freed_most": total.freed.most,
            "cost": cost(total.bytes, head.price_per_gib_month),
            "saved_least": cost(total.freed.least, head.price_per_gib_month),
            "saved_most": cost(total.freed.most, head.price_per_gib_month),
        },
        "compared": None if report.before is None else _compared(report.before, total, head.compared_with),
        "files": list(paths),
    }


def _compared(before: Figures, now: Figures, clock: str | None) -> dict[str, t.Any]:
    return {
        "clock": clock,
        "tags": before.tags,
        "bytes": before.bytes,
        "planned": before.delete,
        "planned_freed_least": before.freed.least,
        "planned_freed_most": before.freed.most,
        "more_tags": change(before, now).tags,
        "more_bytes": change(before, now).bytes,
    }


def intent_of(report: Report, changed: t.Sequence[str]) -> Intent:
    """What would be written. changed: paths of the files that would have another content."""
    repositories = counted(report.repositories_count, "repository", "repositories")
    numbers = f"{repositories} of {counted(len(report.projects), 'project')}"
    diff = [diff_part(path, after=f"report of {report.head.scope or 'nothing'}: {numbers}\n") for path in changed]
    return Intent(changed=bool(changed), diff=diff, verb="written")
