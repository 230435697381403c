# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What a module of deletions says: what its plan would change, and what came of it.

Apart from the frame, since Ansible sends every room that a module imports along with it, and compiles it there.
"""

from __future__ import annotations

import typing as t

from .._module.intent import Applied, Intent
from .._plan.plan import Plan, diff
from .deletion import OUTCOMES, Outcome

# What becomes of a repository that could not be read.
KEPT_TAGS = "Its tags were kept."


def intent_of(plan: Plan, return_limit: int) -> Intent:
    """What a plan of deletions would change."""
    unread = [part.error for part in plan.unread if part.error]
    return Intent(plan.changed, diff(plan, return_limit), plan.refusals, unread, verb="deleted", kept=KEPT_TAGS)


def applied_deletion(outcome: Outcome, limit: int) -> Applied:
    """What came of deletions."""
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
