# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Approved plans: reading one, and telling a good one from an altered, old or foreign one. Pure."""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass, field
from datetime import datetime

from .._core.errors import UsageError
from .._core.models import parse_time
from .results import FILE_FORMAT, FILE_VERSION, PlanLine, PlannedAction, fingerprint_of, header_of

# Inline plans travel through variables of job templates: awx/main/models/unified_jobs.py cuts larger ones.
LARGEST_INLINE = 64 * 1024


@dataclass(frozen=True)
class Approved:
    """An approved plan.

    Args:
        fingerprint: digest of its circumstances and of every tag that it deletes.
        server: URL of the GitLab that it was made for.
        scope: the options of scope that it was made for.
        clock: the server's time when it was made.
        digests: of the tags that may be deleted, by repository and name; None where none was known.
        listed: number of all its tags; its fingerprint does not cover those that are kept.
        reasons: number of tags by reason, for each repository.
        refusals: why nothing may be deleted, one sentence each without its full stop.
    """

    fingerprint: str
    server: str
    scope: t.Mapping[str, t.Any]
    clock: datetime
    digests: t.Mapping[tuple[str, str], str | None]
    listed: int = 0
    reasons: t.Mapping[str, t.Mapping[str, int]] = field(default_factory=dict)
    refusals: tuple[str, ...] = ()


class ApprovalTerms(t.NamedTuple):
    """On what terms an approved plan is taken.

    Args:
        fingerprint: the one that the plan must have.
        max_age: seconds since it was made.
        max_drift_percent: of its tags, how many may differ by now; None is no limit.
    """

    fingerprint: str
    max_age: int
    max_drift_percent: float | None = None


def parse_plan(lines: t.Iterable[str]) -> Approved:
    """The plan of a file or variable.

    Args:
        lines: as file_lines wrote them. Empty ones do not count.

    Raises:
        UsageError: for one that is damaged, altered or of another version.
    """
    header: dict[str, t.Any] | None = None
    deletion_rows: list[dict[str, t.Any]] = []
    listed = 0
    reasons: dict[str, dict[str, int]] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        row = _row(line, number)
        if header is None:
            header = _checked_header(row)
        elif row.get("type") == PlanLine.TAG.value:
            listed += 1
            if row.get("action") == PlannedAction.DELETE.value:
                deletion_rows.append({key: value for key, value in row.items() if key != "type"})
        elif row.get("type") == PlanLine.REPOSITORY.value:
            reasons[str(row.get("path"))] = row.get("reasons") or {}
    if header is None:
        raise UsageError("The approved plan is empty, or not there.")
    if fingerprint_of(header_of(header), deletion_rows) != header["fingerprint"]:
        raise UsageError("The approved plan was altered after it was made: its own fingerprint does not fit it.")
    clock = parse_time(header.get("clock"))
    if clock is None:
        raise UsageError("The approved plan does not say when it was made.")
    digests = {(str(row["repository"]), str(row["name"])): row["digest"] for row in deletion_rows}
    return Approved(
        fingerprint=header["fingerprint"],
        server=str(header.get("server")),
        scope=header.get("scope") or {},
        clock=clock,
        digests=digests,
        listed=listed,
        reasons=reasons,
        refusals=tuple(str(text) for text in header.get("refusals") or ()),
    )


def _row(line: str, number: int) -> dict[str, t.Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict):
        raise UsageError(f"The approved plan is damaged: line {number} is no line of a plan.")
    return row


def _checked_header(row: dict[str, t.Any]) -> dict[str, t.Any]:
    if row.get("format") != FILE_FORMAT or not isinstance(row.get("fingerprint"), str):
        raise UsageError("The approved plan is no plan of registry_cleanup: give a file that plan_path wrote.")
    if row.get("version") != FILE_VERSION:
        raise UsageError(
            f"The approved plan has version {row.get('version')!r}, and this collection knows {FILE_VERSION}: make a "
            "new one."
        )
    return row


def check_plan(approved: Approved, terms: ApprovalTerms, server: str, scope: t.Mapping[str, t.Any]) -> None:
    """Check that this is the plan that was approved, and for the same.

    Raises:
        UsageError: where another plan was approved, or one for something else.
    """
    if approved.fingerprint != terms.fingerprint:
        raise UsageError(
            f"The approved plan has the fingerprint {approved.fingerprint}, and approved_fingerprint is "
            f"{terms.fingerprint}: another plan was approved."
        )
    if approved.server != server:
        raise UsageError(f"The approved plan was made for {approved.server}, and this is {server}.")
    if dict(approved.scope) != dict(scope):
        raise UsageError("The approved plan was made for another scope: name the same projects, group or repositories.")
