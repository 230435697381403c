# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""A plan as modules return it, and as a diff. Pure."""

from __future__ import annotations

import enum
import typing as t
from collections import Counter

from .._core.diffs import diff_part, hidden_line, hidden_part
from .._core.models import ListingState, format_time
from .._rules.decision import Decision
from .._rules.reasons import Reason, reason_counts
from .plan import Plan, RepositoryPlan


class PlannedAction(enum.Enum):
    """What is done to a tag by a plan."""

    DELETE = "delete"
    KEEP = "keep"


def decision_result(part: RepositoryPlan, decision: Decision) -> dict[str, t.Any]:
    """A tag with its decision, for results and files."""
    tag = decision.tag
    return {
        "repository": part.repository.path,
        "name": tag.name,
        "action": (PlannedAction.DELETE if decision.delete else PlannedAction.KEEP).value,
        "reason": decision.reason.value,
        "rule": decision.rule or None,
        "digest": tag.digest,
        "date": format_time(decision.date),
        "size": tag.size,
    }


def repository_result(part: RepositoryPlan) -> dict[str, t.Any]:
    """A repository with its counts, for results and files."""
    policy = part.policy
    return {
        "id": part.repository.id,
        "path": part.repository.path,
        "project": part.repository.shown_project,
        "project_id": part.repository.project_id,
        "listing": (ListingState.UNREAD if part.error else part.listing).value,
        "date_source": part.date_source.value,
        "tags": len(part.decisions),
        "delete": len(part.deletions),
        "delete_least": part.deletion_range[0],
        "delete_most": part.deletion_range[1],
        "keep": len(part.kept),
        "certainty": part.certainty.value,
        "doubts": list(part.uncertainties),
        "reasons": reason_counts(part.reasons),
        "limit": part.limit,
        "error": str(part.error) if part.error else None,
        "server_policy": {
            "state": "unknown" if policy is None else "enabled" if policy.enabled else "disabled",
            "next_run_at": policy.next_run_at if policy and policy.enabled else None,
        },
    }


def totals(plan: Plan) -> dict[str, t.Any]:
    """The plan in numbers."""
    reasons: Counter[Reason] = Counter()
    for part in plan.repositories:
        reasons.update(part.reasons)
    return {
        "repositories": len(plan.repositories),
        "repositories_unread": len(plan.unread),
        "repositories_limited": sum(1 for part in plan.repositories if part.limit),
        "projects": len({part.repository.project_id for part in plan.repositories}),
        "tags": sum(len(part.decisions) for part in plan.repositories),
        "delete": plan.deletions,
        "keep": sum(len(part.kept) for part in plan.repositories),
        "reasons": reason_counts(reasons),
        "matches": [each.as_result() for each in plan.matches],
    }


def result(plan: Plan, limit: int, fingerprint: str) -> dict[str, t.Any]:
    """The plan as a module returns it.

    Args:
        plan: the plan.
        limit: the most entries of each list.
        fingerprint: of the plan.
    """
    deletions = (decision_result(part, decision) for part in plan.repositories for decision in part.deletions)
    kept = (decision_result(part, decision) for part in plan.repositories for decision in part.kept)
    numbers = totals(plan)
    return {
        "fingerprint": fingerprint,
        "delete": _first(deletions, limit),
        "keep": _first(kept, limit),
        "repositories": [repository_result(part) for part in plan.repositories[:limit]],
        "totals": {**numbers, "matches": numbers["matches"][:limit]},
        "unmatched": list(plan.unmatched),
        "refusals": list(plan.refusals),
        "truncated": max(numbers["delete"], numbers["keep"], len(plan.repositories), len(plan.matches)) > limit,
    }


def _first(rows: t.Iterator[dict[str, t.Any]], limit: int) -> list[dict[str, t.Any]]:
    return [row for _number, row in zip(range(limit), rows)]


def diff(plan: Plan, limit: int) -> list[dict[str, str]]:
    """The deleted tags as a diff, repository by repository.

    Args:
        plan: the plan.
        limit: the most lines, shared out evenly, but at least one for each of at most so many repositories.

    Returns:
        The parts of the diff; none when nothing is deleted.
    """
    affected = [part for part in plan.repositories if part.deletions] if plan.changed else []
    share = max(1, limit // max(1, len(affected)))
    parts = []
    for part in affected[: max(1, limit)]:
        deletions = part.deletions
        lines = [_diff_line(decision) for decision in deletions[:share]]
        if len(lines) < len(deletions):
            lines.append(hidden_line(f"{len(deletions) - len(lines)} more"))
        counts = f"{len(deletions)} of {len(part.decisions)} tags"
        parts.append(
            diff_part(
                f"{part.repository.path} ({counts} are deleted)",
                after_header=f"{part.repository.path} ({len(part.kept)} tags are kept)",
                before="".join(lines),
            )
        )
    hidden = len(affected) - len(parts)
    if hidden:
        parts.append(hidden_part(before=f"tags of {hidden} more repositories"))
    return parts


def _diff_line(decision: Decision) -> str:
    date = format_time(decision.date)
    shown = (decision.tag.name, date, decision.tag.digest, decision.reason.value)
    return "  ".join(part for part in shown if part) + "\n"
