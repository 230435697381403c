# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Approved plans: telling a good one from an altered, old or foreign one, and what of today's plan it allows. Pure.

A run with an approved plan deletes what the plan holds, today's rules still choose, and is still the same image. The
rest is drift.
"""

from __future__ import annotations

import enum
import json
import typing as t
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from .._core.errors import UsageError
from .._core.models import format_time, parse_time
from .._rules.reasons import Reason
from .._rules.referrers import ReferrerPolicy, keep_referrers
from .._rules.retention import Decision
from .plan import FILE_FORMAT, FILE_VERSION, RepositoryPlan, fingerprint_of, header_of

# Inline plans travel through variables of job templates: awx/main/models/unified_jobs.py cuts larger ones.
LARGEST_INLINE = 64 * 1024
# How far a plan may come from the future, where two servers of one GitLab have clocks of their own.
CLOCK_TOLERANCE = timedelta(minutes=5)


class DriftKind(enum.Enum):
    """What is not as it was: the tag is gone, another image, kept or unread today, or was not in the plan."""

    GONE = "gone"
    CHANGED = "changed"
    KEPT = "kept"
    UNREAD = "unread"
    NOT_APPROVED = "not_approved"


# Why a tag is kept that today's rules delete.
_NOT_AS_APPROVED = {DriftKind.CHANGED: Reason.CHANGED, DriftKind.NOT_APPROVED: Reason.NOT_APPROVED}


@dataclass(frozen=True)
class Approved:
    """An approved plan.

    digests: of the tags that may be deleted, by repository and name; None where none was known.
    followers: those of them that are deleted after the image that they belong to, as repository, name and digest.
    rules: the options that it was made by.
    listed: number of all its tags; its fingerprint does not cover those that are kept.
    reasons: number of tags by reason, for each repository.
    refusals: why nothing may be deleted.
    """

    fingerprint: str
    server: str
    scope: t.Mapping[str, t.Any]
    clock: datetime
    digests: t.Mapping[tuple[str, str], str | None]
    followers: frozenset[tuple[str, str, str | None]] = frozenset()
    rules: t.Mapping[str, t.Any] = field(default_factory=dict)
    listed: int = 0
    reasons: t.Mapping[str, t.Mapping[str, int]] = field(default_factory=dict)
    refusals: tuple[str, ...] = ()


@dataclass(frozen=True)
class Drift:
    """A tag that is not as it was when the plan was approved. reason: why today's rules keep it, None where not."""

    repository: str
    name: str
    kind: DriftKind
    reason: Reason | None = None

    def as_result(self) -> dict[str, t.Any]:
        """The difference as a module returns it."""
        reason = self.reason.value if self.reason else None
        return {"repository": self.repository, "name": self.name, "kind": self.kind.value, "reason": reason}


@dataclass(frozen=True)
class ApprovalTerms:
    """On what terms an approved plan is taken.

    max_age: seconds. max_drift_percent: of its tags; None is no limit.
    """

    fingerprint: str
    max_age: int
    max_drift_percent: float | None = None


@dataclass(frozen=True)
class Comparison:
    """Today's plan cut down to what is approved, and what differs.

    done: number of approved tags that an interrupted run has deleted.
    """

    repositories: tuple[RepositoryPlan, ...]
    drift: tuple[Drift, ...] = ()
    done: int = 0

    def counts(self) -> dict[str, int]:
        """Number of differences of each kind, as a module returns it."""
        return {kind.value: sum(1 for each in self.drift if each.kind is kind) for kind in DriftKind}


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
        elif row.get("type") == "tag":
            listed += 1
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
        if row["reason"] == Reason.WITH_SUBJECT.value
    )
    return Approved(
        fingerprint=header["fingerprint"],
        server=str(header.get("server")),
        scope=header.get("scope") or {},
        clock=clock,
        digests=digests,
        followers=followers,
        rules=header.get("rules") or {},
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


def refusals_of(approved: Approved, terms: ApprovalTerms, comparison: Comparison, clock: datetime | None) -> list[str]:
    """Why nothing may be deleted by the approved plan, one sentence each without its end."""
    found = []
    if clock is None:
        found.append("the server's first answer had no Date, so that the age of the approved plan is not known")
    elif clock - approved.clock > timedelta(seconds=terms.max_age):
        found.append(f"the approved plan is of {format_time(approved.clock)}, older than plan_max_age")
    elif approved.clock - clock > CLOCK_TOLERANCE:
        found.append(f"the approved plan is of {format_time(approved.clock)}, which is still to come")
    drifted = sum(1 for each in comparison.drift if each.kind is not DriftKind.NOT_APPROVED)
    most = terms.max_drift_percent
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
    """Cut today's plan down to the approved tags that are still the same image.

    Args:
        parts: today's plan.
        approved: the approved plan.
        referrer_policy: what happens to tags that belong together.
        asked: what an interrupted run asked to delete, as repository, name and digest.

    Returns:
        What may be deleted, and all drift by repository and name.
    """
    drift: list[Drift] = []
    allowed = []
    left = dict(approved.digests)
    for part in parts:
        path = part.repository.path
        if part.error:
            unread = [key for key in left if key[0] == path]
            drift += [Drift(*key, kind=DriftKind.UNREAD) for key in unread]
            for key in unread:
                del left[key]
        decisions = []
        for decision in part.decisions:
            key = (path, decision.tag.name)
            kind = _drift_kind(decision, planned=key in left, digest=left.pop(key, None))
            if kind:
                drift.append(Drift(*key, kind=kind, reason=None if decision.delete else decision.reason))
            decisions.append(decision.kept(_NOT_AS_APPROVED[kind]) if kind and decision.delete else decision)
        narrowed = keep_referrers(decisions, referrer_policy)
        drift += [
            Drift(path, after.tag.name, kind=DriftKind.KEPT, reason=after.reason)
            for before, after in zip(decisions, narrowed)
            if before.delete and not after.delete
        ]
        allowed.append(replace(part, decisions=tuple(narrowed)))
    done = {key for key, digest in left.items() if (*key, digest) in asked}
    drift += [Drift(*key, kind=DriftKind.GONE) for key in left if key not in done]
    drift.sort(key=lambda each: (each.repository, each.name))
    return Comparison(repositories=tuple(allowed), drift=tuple(drift), done=len(done))


def _drift_kind(decision: Decision, *, planned: bool, digest: str | None) -> DriftKind | None:
    """What differs of a tag. planned: whether the approved plan deletes it, with which digest."""
    if not planned:
        return DriftKind.NOT_APPROVED if decision.delete else None
    if decision.tag.digest != digest:
        return DriftKind.CHANGED
    return None if decision.delete else DriftKind.KEPT
