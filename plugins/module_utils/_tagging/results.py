# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What registry_tag returns."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from .._cleanup.deletion import Outcome
from .._cleanup.deletion_report import applied_deletion
from .._module.intent import Applied
from .._registry.promotion import TagWriteResult
from .planning import PromotionState, RemovalState
from .request import TagRequest


def promotion_result(state: PromotionState) -> dict[str, t.Any]:
    """The repository, and the tags that were to be an image."""
    rows = [
        {
            "name": write.name,
            "before": write.before,
            "after": write.after,
            "action": "none" if not write.changes else "overwrite" if write.overwrites else "create",
            "signature": write.signature,
        }
        for write in state.writes
    ]
    return {"repository": state.target, "tags": rows}


def applied_promotion(path: str, results: t.Sequence[TagWriteResult]) -> Applied:
    """What became of the tags of a repository that were to be written."""
    rows = [{"name": row.naming.name, "outcome": row.outcome, "message": row.message} for row in results]
    short = [row for row in results if row.outcome != "written"]
    if not short:
        return Applied(rows)
    done = len(results) - len(short)
    first = short[0]
    return Applied(
        rows, f"{done} of {len(results)} tags were written; {path}:{first.naming.name} was not: {first.message}"
    )


def removal_result(state: RemovalState, request: TagRequest) -> dict[str, t.Any]:
    """The repository, and the tags that were to be absent."""
    there = {tag.name: tag for tag in state.listing.tags} if state.listing else {}
    rows = [
        {
            "name": name,
            "before": there[name].digest if name in there else None,
            "after": None,
            "action": "delete" if name in there else "none",
            "signature": False,
        }
        for name in request.names
    ]
    return {"repository": state.path, "tags": rows}


def applied_removal(outcome: Outcome) -> Applied:
    """What became of the tags that were to be deleted."""
    rows = [{"name": fate.name, "outcome": fate.outcome, "message": fate.message} for fate in outcome.fates]
    applied = replace(applied_deletion(outcome, 0), outcome=rows)
    stays = next((fate for fate in outcome.fates if fate.outcome == "changed_since"), None)
    if stays is None or applied.shortfall:
        return applied
    return replace(applied, shortfall=f"{stays.repository}:{stays.name} was not deleted: {stays.message}")
