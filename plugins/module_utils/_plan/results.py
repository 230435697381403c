# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""A plan as modules return it, as a diff, and as a file. Pure."""

from __future__ import annotations

import enum
import hashlib
import json
import typing as t
from collections import Counter

from .._core.diffs import diff_part, hidden_line, hidden_part
from .._core.models import ListingState, format_time
from .._rules.decision import Decision
from .._rules.reasons import Reason, reason_counts
from .plan import Plan, RepositoryPlan

FILE_FORMAT = "containerops.gitlab/cleanup-plan"
FILE_VERSION = 1


class PlanLine(enum.Enum):
    """What a line of a plan file is: the first one of a merged plan, the first one of a plan, a repository or a tag."""

    PLANS = "plans"
    PLAN = "plan"
    REPOSITORY = "repository"
    TAG = "tag"


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


def deletion_rows(plan: Plan) -> t.Iterator[dict[str, t.Any]]:
    """The deleted tags as they are written, in the order of repositories and names."""
    for part in plan.repositories:
        for decision in part.decisions:
            if decision.delete:
                yield decision_result(part, decision)


def repository_result(part: RepositoryPlan) -> dict[str, t.Any]:
    """A repository with its counts, for results and files."""
    policy = part.policy
    return {
        "id": part.repository.id,
        "path": part.repository.path,
        "project": part.repository.project_path,
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


def header_of(row: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What a plan's first line says of the circumstances: where, when, of what, and by which rules."""
    return {key: value for key, value in row.items() if key not in ("type", "fingerprint", "totals", "refusals")}


def fingerprint_of(header: t.Mapping[str, t.Any], deletions: t.Iterable[t.Mapping[str, t.Any]]) -> str:
    """A digest of the circumstances and of every deleted tag. Any change to them gives another one.

    Args:
        header: the circumstances.
        deletions: the deleted tags as they are written, in their order.
    """
    found = hashlib.sha256()
    for row in (header, *deletions):
        found.update(json.dumps(row, sort_keys=True).encode() + b"\n")
    return "sha256:" + found.hexdigest()


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


def file_lines(plan: Plan, header: t.Mapping[str, t.Any], fingerprint: str) -> t.Iterator[str]:
    """The plan as JSON Lines: a header, then each repository followed by its tags.

    Equal plans give equal lines, so that the file of check mode and that of a run can be compared.
    """
    first = {"type": PlanLine.PLAN.value, **header, "fingerprint": fingerprint}
    yield _line({**first, "totals": totals(plan), "refusals": list(plan.refusals)})
    for part in plan.repositories:
        yield _line({"type": PlanLine.REPOSITORY.value, **repository_result(part)})
        for decision in part.decisions:
            yield _line({"type": PlanLine.TAG.value, **decision_result(part, decision)})


def _line(row: t.Mapping[str, t.Any]) -> str:
    return json.dumps(row) + "\n"
