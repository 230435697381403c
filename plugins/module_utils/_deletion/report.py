# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What deletions of tags would change, and what came of them. Pure."""

from __future__ import annotations

import typing as t

from .._core.words import counted
from .._module.intent import Applied, Intent
from .._plan.plan import Plan, RepositoryPlan
from .._plan.results import diff
from .._rules.decision import Decision
from .outcomes import DeletionResult, TagOutcome

_WAY_ON = "correct it, or set on_unmatched to warn"


def deletion_intent(
    plan: Plan, limit: int, deletions_of: t.Callable[[RepositoryPlan], t.Sequence[Decision]] | None = None
) -> Intent:
    """What a plan of deletions would change.

    Args:
        plan: the plan.
        limit: the most lines of the diff.
        deletions_of: gives what this run deletes of a repository; None if that is all that the plan deletes.
    """
    unread = [part.error for part in plan.unread if part.error]
    return Intent(
        changed=plan.changed,
        diff=diff(plan, limit, deletions_of),
        refusals=_with_way_on(plan),
        unread=unread,
        verb="deleted",
        kept="Its tags were kept.",
    )


def _with_way_on(plan: Plan) -> tuple[str, ...]:
    """The refusals, of which the first one for what matches nothing says how to go on."""
    unmatched = set(plan.unmatched)
    first = next((each for each in plan.refusals if each in unmatched), None)
    return tuple(f"{each}: {_WAY_ON}" if each == first else each for each in plan.refusals)


def applied_deletion(found: DeletionResult, limit: int) -> Applied:
    """What came of deletions. limit: the most entries of each list."""
    unproven = sum(1 for tag in found.tags if tag.outcome is TagOutcome.UNVERIFIED)
    tags = counted(unproven, "tag was", "tags were")
    warning = f"{tags} deleted according to GitLab, but no complete list of tags confirms it."
    return Applied(
        outcome=_outcome_result(found, limit),
        shortfall="" if found.ok else _shortfall(found),
        warnings=(warning,) if unproven else (),
        changed=found.changed,
    )


def _outcome_result(found: DeletionResult, limit: int) -> dict[str, t.Any]:
    rows: dict[str, t.Any] = {
        outcome.value: [tag.as_result() for tag in found.tags if tag.outcome is outcome][:limit]
        for outcome in TagOutcome
    }
    counts = found.counts()
    return {
        **rows,
        "counts": counts,
        "remaining": found.remaining,
        "stopped": found.stopped or None,
        "budget": found.budget or None,
        "truncated": max(counts.values()) > limit,
    }


def _shortfall(found: DeletionResult) -> str:
    counts = found.counts()
    deleted = f"{counts['deleted']:,} of {counted(len(found.tags), 'planned tag was', 'planned tags were')} deleted"
    if counts[TagOutcome.LEFT.value]:
        deleted = f"{deleted} and {counts[TagOutcome.LEFT.value]:,} left for the next run"
    if found.stopped:
        return f"Stopped after {deleted}: {found.stopped}."
    short = ", ".join(f"{counts[name]} {name}" for name in ("recreated", "not_deleted", "not_tried") if counts[name])
    first = next(tag for tag in found.tags if tag.outcome.falls_short)
    return f"{deleted}, but {short}; first {first.repository}:{first.name}: {first.message}"
