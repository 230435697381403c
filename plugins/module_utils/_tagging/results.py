# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What registry_tag returns."""

from __future__ import annotations

import typing as t

from .._core.tag_writes import TagWrite, TagWriteResult, WriteOutcome
from .._core.words import counted
from .._deletion.outcomes import DeletionResult, TagOutcome
from .._deletion.report import applied_deletion
from .._module.intent import Applied
from .planning import PromotionState, RemovalState, TagAction
from .request import RemovalRequest


def promotion_result(state: PromotionState) -> dict[str, t.Any]:
    """The repository, and the tags that were to be an image."""
    rows = [
        {
            "name": write.name,
            "before": write.before,
            "after": write.after,
            "action": _write_action(write).value,
            "referrer": write.is_referrer,
        }
        for write in state.writes
    ]
    return {"repository": state.target, "tags": rows}


def _write_action(write: TagWrite) -> TagAction:
    if not write.changes:
        return TagAction.NONE
    return TagAction.OVERWRITE if write.overwrites else TagAction.CREATE


def applied_promotion(path: str, results: t.Sequence[TagWriteResult]) -> Applied:
    """What became of the tags of a repository that were to be written."""
    rows = [{"name": row.tag_write.name, "outcome": row.outcome.value, "message": row.message} for row in results]
    short = [row for row in results if row.outcome is not WriteOutcome.WRITTEN]
    if not short:
        return Applied(rows)
    done = len(results) - len(short)
    first = short[0]
    return Applied(
        rows,
        f"{done:,} of {counted(len(results), 'tag was', 'tags were')} written; {path}:{first.tag_write.name} was not: "
        f"{first.message}",
    )


def removal_result(state: RemovalState, request: RemovalRequest) -> dict[str, t.Any]:
    """The repository, and the tags that were to be absent."""
    there = {tag.name: tag for tag in state.listing.tags} if state.listing else {}
    rows = [
        {
            "name": name,
            "before": there[name].digest if name in there else None,
            "after": None,
            "action": (TagAction.DELETE if name in there else TagAction.NONE).value,
            "referrer": False,
        }
        for name in request.names
    ]
    return {"repository": state.path, "tags": rows}


def applied_removal(found: DeletionResult) -> Applied:
    """What became of the tags that were to be deleted."""
    rows = [{"name": tag.name, "outcome": tag.outcome.value, "message": tag.message} for tag in found.tags]
    applied = applied_deletion(found, 0)._replace(outcome=rows)
    changed = next((tag for tag in found.tags if tag.outcome is TagOutcome.CHANGED_SINCE), None)
    if changed is None or applied.shortfall:
        return applied
    return applied._replace(shortfall=f"{changed.repository}:{changed.name} was not deleted: {changed.message}")
