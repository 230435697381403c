# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What deletions of tags would change, and what came of them.

Apart from the report of a cleanup, which imports all that a cleanup decides: other modules delete tags, too.
"""

from __future__ import annotations

import typing as t

from .._module.intent import Applied, Intent
from .._plan.plan import Plan, diff
from .deletion import OUTCOMES, Outcome


def deletion_intent(plan: Plan, limit: int) -> Intent:
    """What a plan of deletions would change. limit: the most lines of the diff."""
    unread = [part.error for part in plan.unread if part.error]
    return Intent(plan.changed, diff(plan, limit), plan.refusals, unread, verb="deleted", kept="Its tags were kept.")


def applied_deletion(outcome: Outcome, limit: int) -> Applied:
    """What came of deletions. limit: the most entries of each list."""
    unproven = sum(1 for fate in outcome.fates if fate.outcome == "unverified")
    warning = f"{unproven} tags were deleted as far as GitLab says, but no complete listing shows it."
    return Applied(
        _outcome_result(outcome, limit), "" if outcome.ok else _shortfall(outcome), (warning,) if unproven else ()
    )


def _outcome_result(outcome: Outcome, limit: int) -> dict[str, t.Any]:
    rows: dict[str, t.Any] = {
        name: [fate.as_result() for fate in outcome.fates if fate.outcome == name][:limit] for name in OUTCOMES
    }
    counts = outcome.counts()
    return {
        **rows,
        "counts": counts,
        "remaining": outcome.remaining,
        "stopped": outcome.halted or None,
        "truncated": max(counts.values()) > limit,
    }


def _shortfall(outcome: Outcome) -> str:
    counts = outcome.counts()
    if outcome.halted:
        return f"Stopped after {counts['deleted']} of {len(outcome.fates)} planned tags were deleted: {outcome.halted}."
    short = ", ".join(f"{counts[name]} {name}" for name in ("recreated", "not_deleted", "not_tried") if counts[name])
    first = next(fate for fate in outcome.fates if fate.outcome in ("recreated", "not_deleted", "not_tried"))
    sentence = f"{counts['deleted']} of {len(outcome.fates)} planned tags were deleted, but {short}"
    return f"{sentence}; first {first.repository}:{first.name}: {first.message}"
