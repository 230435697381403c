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
from .._core.words import are, counted
from .._rules.decision import Decision
from .._rules.reasons import Reason, reason_counts
from .plan import Plan, RepositoryPlan

# How many tags of a repository are shown before more of a larger one.
_FEW = 10


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
        "rule_set": part.rule_set or None,
        "rule": decision.rule or None,
        "digest": tag.digest,
        "date": format_time(decision.date),
        "size": tag.size,
    }


def named_rule(row: t.Mapping[str, t.Any]) -> str:
    """The rule that decided about a tag, after its rule set; empty if the options themselves are the only rule.

    Args:
        row: a tag or an entry, as results and files have it.
    """
    return "/".join(filter(None, (row.get("rule_set"), row.get("rule"))))


def repository_result(part: RepositoryPlan) -> dict[str, t.Any]:
    """A repository with its counts, for results and files."""
    policy = part.policy
    return {
        "id": part.repository.id,
        "path": part.repository.path,
        "project": part.repository.shown_project,
        "project_id": part.repository.project_id,
        "rule_set": part.rule_set or None,
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


def result(
    plan: Plan, limit: int, fingerprint: str, ordered: t.Sequence[tuple[RepositoryPlan, Decision]] | None = None
) -> dict[str, t.Any]:
    """The plan as a module returns it.

    Args:
        plan: the plan.
        limit: the most entries of each list.
        fingerprint: of the plan.
        ordered: the deletions of this run in their order; None if these are all of the plan.
    """
    shares = shares_of(_deletions(plan), limit)
    deletions = (
        [
            (part, decision)
            for number, part in enumerate(plan.repositories)
            for decision in part.deletions[: shares.get(number, 0)]
        ]
        if ordered is None
        else ordered[:limit]
    )
    deleted = plan.deletions if ordered is None else len(ordered)
    shown = sorted(most_affected(_deletions(plan))[:limit])
    kept = (decision_result(part, decision) for part in plan.repositories for decision in part.kept)
    numbers = totals(plan)
    return {
        "fingerprint": fingerprint,
        "delete": [decision_result(part, decision) for part, decision in deletions],
        "keep": _first(kept, limit),
        "repositories": [repository_result(plan.repositories[number]) for number in shown],
        "totals": {**numbers, "matches": numbers["matches"][:limit]},
        "unmatched": list(plan.unmatched),
        "refusals": list(plan.refusals),
        "truncated": max(deleted, numbers["keep"], len(plan.repositories), len(plan.matches)) > limit,
    }


def rules_result(options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The options that a plan was made by, of which those that name images count them.

    Args:
        options: as the first line of the plan names them.
    """
    given, sources = options.get("in_use"), options.get("in_use_sources")
    return {
        **options,
        "in_use": None if given is None else len(given),
        "in_use_sources": None
        if sources is None
        else {"sources": len(sources), "images": sum(len(row.get("images") or ()) for row in sources)},
    }


def _first(rows: t.Iterator[dict[str, t.Any]], limit: int) -> list[dict[str, t.Any]]:
    return [row for _number, row in zip(range(limit), rows)]


def diff(
    plan: Plan, limit: int, deletions_of: t.Callable[[RepositoryPlan], t.Sequence[Decision]] | None = None
) -> list[dict[str, str]]:
    """The deleted tags as a diff, repository by repository.

    Args:
        plan: the plan.
        limit: the most lines, shared out to the repositories with the most deletions first. There is at least one.
        deletions_of: gives what this run deletes of a repository; None if that is all that the plan deletes.

    Returns:
        The parts of the diff; none when nothing is deleted.
    """
    found = [deletions_of(part) if deletions_of else part.deletions for part in plan.repositories]
    shares = shares_of(list(map(len, found)), max(1, limit)) if plan.changed else {}
    parts = []
    for number, share in shares.items():
        part, deletions = plan.repositories[number], found[number]
        left = len(part.deletions) - len(deletions)
        later = f", {left} {are(left)} left for later runs" if left else ""
        lines = [_diff_line(decision) for decision in deletions[:share]]
        if len(lines) < len(deletions):
            lines.append(hidden_line(f"{len(deletions) - len(lines)} more"))
        counts = f"{len(deletions):,} of {counted(len(part.decisions), 'tag')}"
        parts.append(
            diff_part(
                f"{part.repository.path} ({counts} {are(len(deletions))} deleted)",
                after_header=f"{part.repository.path} ({counted(len(part.kept), 'tag is', 'tags are')} kept{later})",
                before="".join(lines),
            )
        )
    hidden = [deletions for number, deletions in enumerate(found) if deletions and number not in shares]
    if shares and hidden:
        tags = counted(sum(map(len, hidden)), "tag")
        repositories = counted(len(hidden), "more repository", "more repositories")
        parts.append(hidden_part(before=f"{tags} of {repositories}"))
    return parts


def _deletions(plan: Plan) -> list[int]:
    return [len(part.deletions) for part in plan.repositories]


def most_affected(deletions: t.Sequence[int]) -> list[int]:
    """The places of repositories, those with the most deletions first. deletions: their numbers."""
    return sorted(range(len(deletions)), key=lambda number: -deletions[number])


def shares_of(deletions: t.Sequence[int], limit: int) -> dict[int, int]:
    """How many deletions of each repository are shown, by its place, most affected first.

    Each gets a few before one gets more, so that the names of the largest do not hide all others.

    Args:
        deletions: the number of each.
        limit: the most that are shown of all.
    """
    found: dict[int, int] = {}
    ordered, left = most_affected(deletions), limit
    for most in (_FEW, limit):
        for number in ordered:
            shown = found.get(number, 0)
            added = min(deletions[number], most) - shown
            if min(added, left) > 0:
                found[number] = shown + min(added, left)
                left -= min(added, left)
    return found


def _diff_line(decision: Decision) -> str:
    date = format_time(decision.date)
    shown = (decision.tag.name, date, decision.tag.digest, decision.reason.value)
    return "  ".join(part for part in shown if part) + "\n"
