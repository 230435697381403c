# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What a task that deletes tags says: what its plan would change, what it found, and what came of it."""

from __future__ import annotations

import json
import typing as t

from .._core.models import format_time
from .._core.tag_writes import WriteOutcome
from .._core.words import counted
from .._deletion.outcomes import DeletionResult
from .._deletion.report import applied_deletion, deletion_intent
from .._module.intent import Applied, Intent
from .._plan.plan import Plan
from .._plan.results import result, rules_result
from .._rules.reasons import reason_counts
from .._usage.listings import RepositoryUsage, total_usage
from .notes import notes_of
from .pins import PinResult, pins_diff
from .planning import CleanupPlan
from .request import CleanupRequest
from .state import CleanupState
from .summary import outcome_summary, plan_summary
from .usage import freed_row

_WAY_ON = (
    "set on_limit to skip_repository to keep all tags of such a repository and clean the others, or change the limit"
)


def cleanup_intent(found: CleanupPlan, limit: int) -> Intent:
    """What a cleanup would change, with the tags that images in use get."""
    intent = deletion_intent(found.plan, limit, found.deletions_of)
    intent = intent._replace(refusals=_with_way_on(intent.refusals, found.plan), summary=plan_summary(found))
    if not found.pins.pins or intent.refusals:
        return intent
    return intent._replace(changed=True, diff=[*intent.diff, *pins_diff(found.pins.pins, limit)])


def _with_way_on(refusals: t.Sequence[str], plan: Plan) -> list[str]:
    """The refusals, of which the first one for the limit of a repository says how to go on."""
    told = set(refusals)
    first = next((part.limit for part in plan.repositories if part.limit in told), None)
    return [f"{each} ({_WAY_ON})" if each == first else each for each in refusals]


def plan_header(state: CleanupState, request: CleanupRequest, url: str) -> dict[str, t.Any]:
    """What the first line of the plan file says: where, when, of what and by which options. url: of GitLab."""
    return {
        "server": url,
        "registry": state.capabilities.mode.value,
        "clock": format_time(state.clock),
        "scope": request.scope.as_result(),
        # In whatever order a user wrote the keys of a rule, it is the same plan.
        "rules": json.loads(json.dumps(request.options, sort_keys=True)),
        "retention_digest": request.retention_digest,
        "budget": request.budget.as_row() if request.budget else None,
    }


def cleanup_result(
    state: CleanupState,
    request: CleanupRequest,
    found: CleanupPlan,
    usages: t.Mapping[int, RepositoryUsage],
    *,
    url: str,
    fingerprint: str,
    limit: int,
) -> dict[str, t.Any]:
    """Everything about a plan that is returned in check mode and in a run alike.

    Args:
        state: what was observed.
        request: what was asked for.
        found: the plan.
        usages: the numbers of each repository, by its id.
        url: of GitLab.
        fingerprint: the plan's.
        limit: the most entries of each list.
    """
    plan = found.plan
    rows = result(plan, limit, fingerprint, found.run.ordered if found.run else None)
    total = freed_row(total_usage(list(usages.values())))
    in_run = {part.repository.id: len(found.deletions_of(part)) for part in plan.repositories}
    return {
        "plan": {
            **rows,
            "repositories": [
                {**row, "delete_this_run": in_run[row["id"]], **freed_row(usages[row["id"]].figures)}
                for row in rows["repositories"]
            ],
            "totals": {**rows["totals"], "delete_this_run": sum(in_run.values()), **total},
            "budget": request.budget.as_row() if request.budget else None,
            "this_run": (found.run.in_words if found.run else "") or None,
            "rules": rules_result(request.options),
            "summary": plan_summary(found),
            "deleted_before": found.deleted_before,
            "approved": _approved(request, found, limit),
        },
        "run_by": dict(request.run_by),
        "unguarded": _unguarded(state, plan)[:limit],
        "in_use": {
            "references": len(request.used.references),
            "elsewhere": found.used.elsewhere,
            "missing": list(found.used.missing[:limit]),
            "untagged": list(dict.fromkeys(each.text for each in found.untagged if each.named))[:limit],
            "pinned": [each.as_result() for each in found.pins.pins[:limit]],
            "lost": list(found.pins.lost[:limit]),
        },
        "errors": [
            {"repository": part.repository.path, **part.error.as_result()} for part in plan.unread if part.error
        ],
        "notes": notes_of(state, plan, found.criteria),
        "server": {
            "url": url,
            "registry": state.capabilities.mode.value,
            "delete_via": state.delete_method.value,
            "read_via": state.capabilities.read_method.value,
            "clock": format_time(state.clock),
            "being_deleted": list(state.being_deleted),
            "registry_disabled": list(state.registry_disabled),
        },
    }


def _unguarded(state: CleanupState, plan: Plan) -> list[str]:
    """The tags to delete that can't be compared right before, as path:name."""
    if state.delete_method.is_bulk:
        return []
    return [
        f"{part.repository.path}:{decision.tag.name}"
        for part in plan.repositories
        for decision in part.deletions
        if decision.tag.digest is None
    ]


def _approved(request: CleanupRequest, found: CleanupPlan, limit: int) -> dict[str, t.Any] | None:
    if not request.approval or not found.comparison:
        return None
    approved, comparison = request.approval.plan, found.comparison
    return {
        "fingerprint": approved.fingerprint,
        "clock": format_time(approved.clock),
        "totals": {
            "repositories": approved.totals["repositories"],
            "tags": approved.totals["tags"],
            "delete": approved.totals["delete"],
        },
        "counts": {kind.value: count for kind, count in comparison.counts.items()},
        "kept_by": reason_counts(comparison.kept_by),
        "drift": [each.as_result() for each in comparison.drift[:limit]],
    }


def _how_to_go_on(found: CleanupPlan) -> str:
    """What to do about the tags that a run left for the next one."""
    if found.comparison:
        return "run the task again with the same approved plan and journal, within plan_max_age, to delete the rest"
    return "run the task again to delete the rest"


def applied_cleanup(found: CleanupPlan, deleted: DeletionResult, pinned: t.Sequence[PinResult], limit: int) -> Applied:
    """What came of a cleanup.

    Args:
        found: the plan.
        deleted: what became of the tags that it deletes.
        pinned: what became of the tags that images in use got.
        limit: the most entries of each list.
    """
    deleted = deleted._replace(budget=f"{deleted.budget}: {_how_to_go_on(found)}") if deleted.budget else deleted
    applied, summary = applied_deletion(deleted, limit), outcome_summary(found, deleted)
    failed = [each for each in pinned if each.outcome is not WriteOutcome.WRITTEN]
    sentences = [applied.shortfall] if applied.shortfall else []
    if failed:
        first = failed[0]
        place = f"{first.pin.path}@{first.pin.manifest.digest}"
        got = "may have no tag" if any(each.outcome is WriteOutcome.UNVERIFIED for each in failed) else "got no tag"
        images = counted(len(pinned), "image")
        sentences.append(f"{len(failed)} of {images} in use {got}; first {place}: {first.message}")
    if sentences and found.comparison:
        sentences.append(f"({summary})")
    outcome_rows = {
        **applied.outcome,
        "summary": summary,
        "pinned": [each.as_result() for each in pinned[:limit]],
    }
    changed = applied.changed or any(each.outcome is not WriteOutcome.NOT_TRIED for each in pinned)
    message = f"{summary}. {applied.outcome['budget']}" if deleted.budget else summary
    return applied._replace(outcome=outcome_rows, shortfall=" ".join(sentences), changed=changed, summary=message)
