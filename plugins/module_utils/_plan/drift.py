# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What of today's plan an approved one allows, and what is not as it was approved. Pure.

A run with an approved plan deletes what the plan holds, today's rules still choose, and is still the same image. The
rest is drift.
"""

from __future__ import annotations

import enum
import typing as t
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

from .._core.models import CLOCK_TOLERANCE, format_time
from .._core.words import counted
from .._rules.decision import Decision
from .._rules.reasons import Reason
from .._rules.referrers import ReferrerPolicy, keep_referrers
from .approval import ApprovalTerms, Approved
from .plan import RepositoryPlan


class DriftKind(enum.Enum):
    """What is not as it was.

    VANISHED: An approved tag is no longer there.
    MOVED: An approved tag points to another image.
    KEPT: Today's rules or limits keep an approved tag.
    UNREAD: The repository of an approved tag could not be read.
    RENAMED: The repository of an approved tag has another path by now.
    RULE_SET: The repository of an approved tag has another rule set by now.
    NEW: Today's rules delete a tag that is not in the plan.
    """

    VANISHED = "vanished"
    MOVED = "moved"
    KEPT = "kept"
    UNREAD = "unread"
    RENAMED = "renamed"
    RULE_SET = "rule_set"
    NEW = "new"

    @property
    def is_of_approved(self) -> bool:
        """Whether it is about a tag that was approved."""
        return self is not DriftKind.NEW


# Why a tag is kept that today's rules delete.
_NOT_AS_APPROVED = {
    DriftKind.MOVED: Reason.CHANGED,
    DriftKind.RULE_SET: Reason.RULE_SET_CHANGED,
    DriftKind.NEW: Reason.NOT_APPROVED,
}


class Drift(t.NamedTuple):
    """A tag that is not as it was when the plan was approved.

    Args:
        repository: path of its repository.
        name: of the tag.
        kind: what is not as it was.
        reason: why today's rules keep it; None if they delete it.
        rule: name of the rule that keeps it; empty if none does.
    """

    repository: str
    name: str
    kind: DriftKind
    reason: Reason | None = None
    rule: str = ""

    def as_result(self) -> dict[str, t.Any]:
        """The difference as a module returns it."""
        return {
            "repository": self.repository,
            "name": self.name,
            "kind": self.kind.value,
            "reason": self.reason.value if self.reason else None,
            "rule": self.rule or None,
        }


class Comparison(t.NamedTuple):
    """Today's plan cut down to what is approved, and what differs.

    Args:
        repositories: the plan that is left.
        drift: the tags that are not as they were.
        deleted_before: number of approved tags that earlier runs have deleted.
        approved: number of approved tags.
    """

    repositories: tuple[RepositoryPlan, ...]
    drift: tuple[Drift, ...] = ()
    deleted_before: int = 0
    approved: int = 0

    @property
    def counts(self) -> dict[DriftKind, int]:
        """Number of differences of each kind."""
        found = Counter(each.kind for each in self.drift)
        return {kind: found[kind] for kind in DriftKind}

    @property
    def kept_by(self) -> dict[Reason, int]:
        """Number of approved tags that today's rules or limits keep, by the reason."""
        return Counter(each.reason for each in self.drift if each.kind is DriftKind.KEPT and each.reason)


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
        asked: what earlier runs asked to delete, as repository, name and digest.

    Returns:
        What may be deleted, and all drift in the order of repositories and names.
    """
    drift: list[Drift] = []
    allowed = []
    left: dict[str, dict[str, str | None]] = {}
    for (path, name), digest in approved.digests.items():
        left.setdefault(path, {})[name] = digest
    for part in parts:
        path = part.repository.path
        here = left.get(path, {})
        other_rules = approved.rule_sets.get(path, part.rule_set) != part.rule_set
        if part.error:
            drift += [Drift(path, name, kind=DriftKind.UNREAD) for name in here]
            here.clear()
        decisions = []
        for decision in part.decisions:
            name = decision.tag.name
            planned = name in here
            kind = _drift_kind(decision, planned=planned, digest=here.pop(name, None))
            if planned and other_rules and kind is not DriftKind.MOVED:
                kind = DriftKind.RULE_SET
            if kind:
                drift.append(_drift((path, name), kind, decision))
            decisions.append(decision.kept(_NOT_AS_APPROVED[kind]) if kind and decision.delete else decision)
        narrowed = keep_referrers(decisions, referrer_policy)
        drift += [
            _drift((path, after.tag.name), DriftKind.KEPT, after)
            for before, after in zip(decisions, narrowed)
            if before.delete and not after.delete
        ]
        allowed.append(replace(part, decisions=tuple(narrowed)))
    absent = [(path, name, digest) for path, tags in left.items() for name, digest in tags.items()]
    missing = [tag for tag in absent if tag not in asked]
    renamed = _renamed(parts, approved)
    drift += [
        Drift(path, name, kind=DriftKind.RENAMED if path in renamed else DriftKind.VANISHED)
        for path, name, _digest in missing
    ]
    return Comparison(
        repositories=tuple(allowed),
        drift=_in_order(drift),
        deleted_before=len(absent) - len(missing),
        approved=len(approved.digests),
    )


def _renamed(parts: t.Iterable[RepositoryPlan], approved: Approved) -> set[str]:
    """The approved paths of repositories that have another one by now."""
    paths = {part.repository.id: part.repository.path for part in parts}
    return {path for path, number in approved.numbers.items() if paths.get(number, path) != path}


def after_limits(comparison: Comparison, repositories: t.Sequence[RepositoryPlan]) -> Comparison:
    """The comparison of a plan to which the limits were applied. repositories: those of the plan."""
    limited = [
        _drift((part.repository.path, decision.tag.name), DriftKind.KEPT, decision)
        for part in repositories
        for decision in part.decisions
        if decision.reason is Reason.LIMIT
    ]
    return comparison._replace(repositories=tuple(repositories), drift=_in_order([*comparison.drift, *limited]))


def _in_order(drift: t.Iterable[Drift]) -> tuple[Drift, ...]:
    return tuple(sorted(drift, key=lambda each: (each.repository, each.name)))


def _drift(key: tuple[str, str], kind: DriftKind, decision: Decision) -> Drift:
    """What differs of a tag that today's rules delete or keep."""
    if decision.delete:
        return Drift(*key, kind=kind)
    return Drift(*key, kind=kind, reason=decision.reason, rule=decision.rule)


def _drift_kind(decision: Decision, *, planned: bool, digest: str | None) -> DriftKind | None:
    """What differs of a tag. planned: whether the approved plan deletes it, with which digest."""
    if not planned:
        return DriftKind.NEW if decision.delete else None
    if decision.tag.digest != digest:
        return DriftKind.MOVED
    return None if decision.delete else DriftKind.KEPT


def _span(span: timedelta) -> str:
    """A span of time in words, in hours and minutes: it is held against a limit of some days."""
    hours, seconds = divmod(int(span.total_seconds()), 3600)
    numbers = {"hour": hours, "minute": seconds // 60, "second": 0 if hours or seconds >= 60 else seconds}
    return " ".join(counted(number, unit) for unit, number in numbers.items() if number)


def refusals_of(approved: Approved, terms: ApprovalTerms, comparison: Comparison, clock: datetime | None) -> list[str]:
    """Why nothing may be deleted by the approved plan.

    Args:
        approved: the approved plan.
        terms: on what terms it is taken.
        comparison: with today's plan.
        clock: the server's time, the latest that it told; None if it has not told one.

    Returns:
        Sentences without their ends.
    """
    found = []
    if clock is None:
        found.append("GitLab's answers have no Date header, so the age of the approved plan is unknown")
    elif clock - approved.clock > timedelta(seconds=terms.max_age):
        age, most = _span(clock - approved.clock), _span(timedelta(seconds=terms.max_age))
        found.append(
            f"the approved plan is of {format_time(approved.clock)}, {age} ago, and plan_max_age is {most}: make a new "
            "plan and have it approved"
        )
    elif approved.clock - clock > CLOCK_TOLERANCE:
        found.append(f"the approved plan is of {format_time(approved.clock)}, which is in the future")
    drifted = sum(1 for each in comparison.drift if each.kind.is_of_approved)
    limit = terms.max_drift_percent
    if limit is not None and drifted * 100 > limit * len(approved.digests):
        found.append(
            f"{drifted:,} of {counted(len(approved.digests), 'approved tag is', 'approved tags are')} not as they "
            f"were, more than max_drift_percent {limit:g}"
        )
    return found
