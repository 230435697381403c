# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Approved plans: telling a good one from an altered, old or foreign one, and what of today's plan it allows. Pure.

A run with an approved plan deletes what the plan holds, today's rules still choose, and is still the same image. The
rest is drift.
"""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from .._core.errors import UsageError
from .._core.models import format_time, parse_time
from .._rules.referrers import ReferrerPolicy, keep_referrers
from .._rules.retention import Decision
from .plan import FILE_FORMAT, FILE_VERSION, RepositoryPlan, fingerprint_of, header_of

# Inline plans travel through variables of job templates: awx/main/models/unified_jobs.py cuts larger ones.
LARGEST_INLINE = 64 * 1024
# How far a plan may come from the future, where two servers of one GitLab have clocks of their own.
CLOCK_TOLERANCE = timedelta(minutes=5)

DRIFT = ("gone", "changed", "kept", "unread", "not_approved")


@dataclass(frozen=True)
class Row:
    """A tag of a plan, with its decision."""

    delete: bool
    reason: str
    rule: str
    digest: str | None
    date: datetime | None
    size: int | None


@dataclass(frozen=True)
class Approved:
    """An approved plan. digests: of the tags that may go, by repository and name; None where none was known.

    followers: those that go after the image that they belong to, as repository, name and digest. rules: the options
    that it was made by. rows: all its tags, by repository and name; its fingerprint does not cover those that stay.
    reasons: number of tags by reason, for each repository. refusals: why nothing may go.
    """

    fingerprint: str
    server: str
    scope: t.Mapping[str, t.Any]
    clock: datetime
    digests: t.Mapping[tuple[str, str], str | None]
    followers: frozenset[tuple[str, str, str | None]] = frozenset()
    rules: t.Mapping[str, t.Any] = field(default_factory=dict)
    rows: t.Mapping[str, t.Mapping[str, Row]] = field(default_factory=dict)
    reasons: t.Mapping[str, t.Mapping[str, int]] = field(default_factory=dict)
    refusals: tuple[str, ...] = ()


@dataclass(frozen=True)
class Drift:
    """A tag that is not as it was when the plan was approved. kind: one of DRIFT. reason: why it is kept today."""

    repository: str
    name: str
    kind: str
    reason: str | None = None

    def as_result(self) -> dict[str, t.Any]:
        return {"repository": self.repository, "name": self.name, "kind": self.kind, "reason": self.reason}


@dataclass(frozen=True)
class ApprovalTerms:
    """On what terms an approved plan is taken. max_age in seconds; max_drift_percent of its tags, None is no limit."""

    fingerprint: str
    max_age: int
    max_drift_percent: float | None = None


@dataclass(frozen=True)
class Comparison:
    """Today's plan cut down to what is approved, and what differs. done: how many an interrupted run deleted."""

    repositories: tuple[RepositoryPlan, ...]
    drift: tuple[Drift, ...] = ()
    done: int = 0

    def counts(self) -> dict[str, int]:
        return {kind: sum(1 for each in self.drift if each.kind == kind) for kind in DRIFT}


def parse_plan(lines: t.Iterable[str]) -> Approved:
    """The plan of a file or variable; raises UsageError for one that is damaged, altered or of another version."""
    header: dict[str, t.Any] | None = None
    deletion_rows: list[dict[str, t.Any]] = []
    rows: dict[str, dict[str, Row]] = {}
    reasons: dict[str, dict[str, int]] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        row = _row(line, number)
        if header is None:
            header = _checked_header(row)
        elif row.get("type") == "tag":
            rows.setdefault(str(row.get("repository")), {})[str(row.get("name"))] = _tag(row)
            if row.get("action") == "delete":
                deletion_rows.append({key: value for key, value in row.items() if key != "type"})
        elif row.get("type") == "repository":
            reasons[str(row.get("path"))] = row.get("reasons") or {}
    if header is None:
        raise UsageError("The approved plan is empty, or not there.")
    if fingerprint_of(header_of(header), deletion_rows) != header["fingerprint"]:
        raise UsageError("The approved plan was altered after it was made: its own fingerprint does not fit it.")
    clock = parse_time(header.get("clock"))
    if clock is None:
        raise UsageError("The approved plan does not say when it was made.")
    digests = {(str(row["repository"]), str(row["name"])): row["digest"] for row in deletion_rows}
    followers = frozenset(
        (str(row["repository"]), str(row["name"]), row["digest"])
        for row in deletion_rows
        if row["reason"] == "with_subject"
    )
    return Approved(
        header["fingerprint"],
        str(header.get("server")),
        header.get("scope") or {},
        clock,
        digests,
        followers,
        header.get("rules") or {},
        rows,
        reasons,
        tuple(str(text) for text in header.get("refusals") or ()),
    )


def _tag(row: t.Mapping[str, t.Any]) -> Row:
    size = row.get("size")
    return Row(
        row.get("action") == "delete",
        str(row.get("reason")),
        str(row.get("rule") or ""),
        row.get("digest"),
        parse_time(row.get("date")),
        size if isinstance(size, int) else None,
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
    """Raises UsageError where another plan was approved, or one for something else."""
    if approved.fingerprint != terms.fingerprint:
        raise UsageError(
            f"The approved plan has the fingerprint {approved.fingerprint}, and approved_fingerprint is "
            f"{terms.fingerprint}: another plan was approved."
        )
    if approved.server != server:
        raise UsageError(f"The approved plan was made for {approved.server}, and this is {server}.")
    if dict(approved.scope) != dict(scope):
        raise UsageError("The approved plan was made for another scope: name the same projects, group or repositories.")


def refusals_of(approved: Approved, terms: ApprovalTerms, comparison: Comparison, clock: datetime | None) -> list[str]:
    """Why nothing may be deleted by the approved plan, one sentence each without its end."""
    found = []
    if clock is None:
        found.append("the server's first answer had no Date, so that the age of the approved plan is not known")
    elif clock - approved.clock > timedelta(seconds=terms.max_age):
        found.append(f"the approved plan is of {format_time(approved.clock)}, older than plan_max_age")
    elif approved.clock - clock > CLOCK_TOLERANCE:
        found.append(f"the approved plan is of {format_time(approved.clock)}, which is still to come")
    counts = comparison.counts()
    drifted, most = sum(counts.values()) - counts["not_approved"], terms.max_drift_percent
    if most is not None and drifted * 100 > most * len(approved.digests):
        found.append(
            f"{drifted} of {len(approved.digests)} approved tags are not as they were, more than max_drift_percent "
            f"{most:g}"
        )
    return found


def compare(
    parts: t.Sequence[RepositoryPlan],
    approved: Approved,
    referrer_policy: ReferrerPolicy,
    asked: t.Collection[tuple[str, str, str | None]] = (),
) -> Comparison:
    """Today's plan, in which only approved tags with an unchanged digest still go, and all drift by repository.

    asked: what an interrupted run asked to delete, as repository, name and digest.
    """
    drift: list[Drift] = []
    allowed = []
    left = dict(approved.digests)
    for part in parts:
        path = part.repository.path
        if part.error:
            mine = [key for key in left if key[0] == path]
            drift += [Drift(path, name, "unread") for _path, name in mine]
            for key in mine:
                del left[key]
        decisions = []
        for decision in part.decisions:
            key = (path, decision.tag.name)
            planned = key in left
            kind, reason = _drift(decision, planned, left.pop(key, None))
            if kind:
                drift.append(Drift(path, decision.tag.name, kind, reason))
            unapproved = decision.delete and kind is not None
            decisions.append(decision._replace(delete=False, reason=str(kind)) if unapproved else decision)
        narrowed = keep_referrers(decisions, referrer_policy)
        drift += [
            Drift(path, after.tag.name, "kept", after.reason)
            for before, after in zip(decisions, narrowed)
            if before.delete and not after.delete
        ]
        allowed.append(replace(part, decisions=tuple(narrowed)))
    done = {key for key, digest in left.items() if (*key, digest) in asked}
    drift += [Drift(*key, "gone") for key in left if key not in done]
    drift.sort(key=lambda each: (each.repository, each.name))
    return Comparison(tuple(allowed), tuple(drift), len(done))


def _drift(decision: Decision, planned: bool, digest: str | None) -> tuple[str | None, str | None]:
    if not planned:
        return ("not_approved", None) if decision.delete else (None, None)
    if decision.tag.digest != digest:
        return "changed", None if decision.delete else decision.reason
    return (None, None) if decision.delete else ("kept", decision.reason)
