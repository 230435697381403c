# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What registry_repository returns of the repositories of a scope, and what it does about them. Pure."""

from __future__ import annotations

import json
import typing as t

from .._core.diffs import diff_part
from .._core.models import Repository, TagListing, format_time
from .._core.words import are, counted
from .._deletion.report import deletion_intent
from .._module.intent import Intent
from .._plan.plan import Plan, RepositoryPlan
from .._plan.plan_file import SealedPlan, whole_counts, whole_totals
from .._plan.results import rules_result
from .._usage.figures import CountedTag, Figures, combined_figures, repository_figures
from .planning import RepositoryAction, RepositoryRemoval
from .results import row_of
from .scope_planning import ScopeState, notes_of
from .scope_request import ScopeRequest


def removals_of(plan: Plan) -> list[RepositoryRemoval]:
    """The repositories that a plan deletes, each with its tags before it, and only if it is as it was planned."""
    return [
        RepositoryRemoval(part.repository, tags=part, only_unchanged=True)
        for part in plan.repositories
        if part.whole and part.whole.delete
    ]


def scope_header(state: ScopeState, request: ScopeRequest, url: str) -> dict[str, t.Any]:
    """What the first line of the plan file says: where, when, of what and by which options. url: of GitLab."""
    return {
        "server": url,
        "registry": state.capabilities.mode.value,
        "clock": format_time(state.clock),
        "scope": request.scope.as_result(),
        # In whatever order a user wrote the keys of an option, it is the same plan.
        "rules": json.loads(json.dumps(request.options, sort_keys=True)),
    }


def scope_intent(plan: Plan, limit: int) -> Intent:
    """What would be deleted. limit: the most lines of tags in the diff, and of repositories."""
    removals = removals_of(plan)
    changed = bool(removals) and not plan.refusals
    rows = [_difference(part) for part in plan.repositories if part.whole and part.whole.delete]
    intent = deletion_intent(plan, limit)
    return intent._replace(
        changed=changed,
        diff=[*intent.diff, *rows[:limit]] if changed else [],
        kept="It was kept.",
        summary=_summary_of(plan),
    )


def _difference(part: RepositoryPlan) -> dict[str, str]:
    why = part.whole.why if part.whole else ""
    return diff_part(part.repository.path, before=f"repository {part.repository.path}  {why}\n")


def _summary_of(plan: Plan) -> str:
    """The plan in one sentence without its full stop."""
    deleted, number = len(removals_of(plan)), len(plan.repositories)
    tags = f", with {counted(plan.deletions, 'tag')}" if plan.deletions else ""
    return f"{deleted:,} of {counted(number, 'repository', 'repositories')} {are(deleted)} to be deleted{tags}"


def scope_result(
    state: ScopeState,
    being_deleted: t.Sequence[Repository],
    request: ScopeRequest,
    sealed: SealedPlan,
    limit: int,
) -> dict[str, t.Any]:
    """The repositories, those that are deleted first, and the plan in numbers.

    Args:
        state: what was observed.
        being_deleted: the repositories that GitLab is deleting already.
        request: what was asked for.
        sealed: the plan.
        limit: the most entries of each list of the plan.
    """
    plan = sealed.plan
    rows = [_planned_row(part, state.listings.get(part.repository.path)) for part in plan.repositories]
    rows += [row_of(repository, RepositoryAction.NONE, None, None) for repository in being_deleted]
    freed = combined_figures([_figures_of(part) for part in plan.repositories]).freed
    approval = request.approval
    return {
        "repositories": sorted(rows, key=lambda row: (row["action"] == RepositoryAction.NONE.value, row["path"])),
        "matches": [each.as_result() for each in plan.matches],
        "unmatched": list(plan.unmatched),
        "errors": [
            {"repository": part.repository.path, **part.error.as_result()} for part in plan.unread if part.error
        ],
        "plan": {
            "fingerprint": sealed.fingerprint,
            "summary": _summary_of(plan),
            "totals": {
                "repositories": len(plan.repositories),
                **whole_totals(whole_counts(plan)),
                "repositories_unread": len(plan.unread),
                "being_deleted": len(being_deleted),
                "delete": plan.deletions,
                "freed_least": freed.least,
                "freed_most": freed.most,
            },
            "rules": rules_result(request.options),
            "refusals": list(plan.refusals)[:limit],
            "notes": notes_of(state, request),
            "approved": {
                "fingerprint": approval.plan.fingerprint,
                "clock": format_time(approval.plan.clock),
                "repositories_deleted": len(approval.plan.removals),
            }
            if approval
            else None,
        },
        "server": {"url": sealed.header["server"], "clock": sealed.header["clock"]},
        "run_by": dict(request.run_by),
    }


def _planned_row(part: RepositoryPlan, listing: TagListing | None) -> dict[str, t.Any]:
    tags = None if listing is None or listing.error else len(listing.tags)
    action = RepositoryAction.NONE
    if part.whole and part.whole.delete:
        action = RepositoryAction.EMPTY_AND_DELETE if part.deletions else RepositoryAction.DELETE
    return row_of(part.repository, action, tags, part, freed=_figures_of(part).freed)


def _figures_of(part: RepositoryPlan) -> Figures:
    """How much the tags hold that are deleted with their repository. Of one that is kept, that is nothing."""
    tags = [CountedTag(each.tag.digest, size=each.tag.size, delete=each.delete) for each in part.decisions]
    return repository_figures(tags, clock=None, size=None, planned=True)
