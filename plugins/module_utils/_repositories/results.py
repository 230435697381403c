# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What registry_repository returns."""

from __future__ import annotations

import typing as t
from collections import Counter

from .._core.diffs import diff_part
from .._core.models import Repository
from .._core.words import are, counted
from .._deletion.outcomes import DeletionResult, RepositoryOutcome, TagResult
from .._deletion.report import applied_deletion, deletion_intent
from .._module.intent import Applied, Intent
from .._plan.plan import Plan, RepositoryPlan
from .._rules.reasons import reason_counts
from .._usage.figures import FreedBytes
from .planning import RepositoryAction, RepositoryResult, RepositoryState, kept_text
from .request import RepositoryRequest

# What became of one repository: its path, the outcome, and why if that is not plain.
_Outcome = tuple[str, RepositoryOutcome, str]


def intent_of(state: RepositoryState, plan: Plan, request: RepositoryRequest, limit: int) -> Intent:
    """What would be deleted. limit: the most lines of tags in the diff, and of repositories."""
    number, tags = len(plan.repositories), counted(plan.deletions, "tag")
    intent = deletion_intent(plan, limit)
    if not request.deletes_repositories:
        return intent._replace(summary=f"{tags} {are(plan.deletions)} to be deleted")
    changed = bool(plan.repositories) and not plan.refusals
    rows = [*intent.diff, *(_difference(part.repository.path) for part in plan.repositories[:limit])]
    return Intent(
        changed=changed,
        diff=rows if changed else [],
        refusals=intent.refusals,
        waits=bool(state.being_deleted),
        verb=intent.verb,
        summary=f"{_repositories(number)} {are(number)} to be deleted{f', with {tags}' if plan.deletions else ''}",
    )


def _repositories(number: int) -> str:
    return counted(number, "repository", "repositories")


def _difference(path: str) -> dict[str, str]:
    return diff_part(path, before=f"repository {path}\n")


def result_of(state: RepositoryState, plan: Plan, request: RepositoryRequest) -> dict[str, t.Any]:
    """The repositories by path, and what could not be read."""
    rows = []
    for listing, part in zip(state.listings, plan.repositories):
        tags = None if listing.error else len(listing.tags)
        rows.append(row_of(listing.repository, _action(part, request), tags, part))
    rows += [row_of(repository, RepositoryAction.NONE, None, None) for repository in state.being_deleted]
    rows += [row_of(None, RepositoryAction.NONE, None, None, path=path) for path in state.missing]
    errors = [
        {"repository": listing.repository.path, **listing.error.as_result()}
        for listing in state.listings
        if listing.error
    ]
    return {
        "repositories": sorted(rows, key=lambda row: str(row["path"])),
        "matches": [each.as_result() for each in plan.matches],
        "unmatched": list(plan.unmatched),
        "errors": errors,
    }


def _action(part: RepositoryPlan, request: RepositoryRequest) -> RepositoryAction:
    if request.deletes_repositories:
        return RepositoryAction.EMPTY_AND_DELETE if part.deletions else RepositoryAction.DELETE
    return RepositoryAction.EMPTY if part.deletions else RepositoryAction.NONE


def row_of(
    repository: Repository | None,
    action: RepositoryAction,
    tags: int | None,
    part: RepositoryPlan | None,
    path: str = "",
    freed: FreedBytes | None = None,
) -> dict[str, t.Any]:
    """A repository as the module returns it.

    Args:
        repository: which one; None if there is none.
        action: what is done to it.
        tags: how many it has; None if that is not known.
        part: what happens to it and its tags; None if nothing does.
        path: of one that is not there.
        freed: bytes that are free afterwards; None if that is not known.
    """
    whole = part.whole if part else None
    return {
        "path": repository.path if repository else path,
        "id": repository.id if repository else None,
        "status": repository.status if repository else None,
        "tags": tags,
        "delete": len(part.deletions) if part else 0,
        "freed_least": freed.least if freed else None,
        "freed_most": freed.most if freed else None,
        "reasons": reason_counts(part.reasons) if part else {},
        "action": action.value,
        "reason": whole.reason.value if whole else None,
        "why": whole.why if whole else "",
    }


def applied_emptying(plan: Plan, found: DeletionResult, limit: int) -> Applied:
    """What became of repositories whose tags were to be deleted. limit: the most that are returned."""
    applied = applied_deletion(found, 0)
    tags: dict[str, list[TagResult]] = {}
    for tag in found.tags:
        tags.setdefault(tag.repository, []).append(tag)
    outcomes = [_emptied(part, tags[part.repository.path]) for part in plan.repositories if part.deletions]
    left = next((each for each in outcomes if not each[1].is_good), None)
    shortfall = f"{left[0]} is not empty: {left[2]}" if left else ""
    if found.stopped and applied.shortfall:
        shortfall = applied.shortfall
    return applied._replace(outcome=_rows(outcomes, limit), shortfall=shortfall, summary=_summary(outcomes))


def _emptied(part: RepositoryPlan, tags: list[TagResult]) -> _Outcome:
    path = part.repository.path
    left = [tag for tag in tags if not tag.outcome.is_gone]
    if left:
        message = f"{counted(len(left), 'tag is', 'tags are')} left; {left[0].name}: {left[0].message}"
        return path, RepositoryOutcome.NOT_EMPTIED, message
    outcome = RepositoryOutcome.TAGS_KEPT if part.kept else RepositoryOutcome.EMPTIED
    return path, outcome, kept_text(part)


def outcome_counts(results: t.Sequence[RepositoryResult]) -> dict[str, int]:
    """How many repositories had each outcome, by its value."""
    counts = Counter(result.outcome.value for result in results)
    return dict(sorted(counts.items()))


def applied_removals(results: t.Sequence[RepositoryResult], limit: int, *, waited: bool) -> Applied:
    """What became of repositories that were to be deleted.

    Args:
        results: of each.
        limit: the most that are returned.
        waited: GitLab was to have deleted them by now.
    """
    outcomes = [(each.removal.repository.path, each.outcome, each.message) for each in results]
    rows, summary = _rows(outcomes, limit), _summary(outcomes)
    late = RepositoryOutcome.SCHEDULED if waited else None
    short = [each for each in results if not each.outcome.is_good or each.outcome is late]
    if not short:
        return Applied(rows, changed=True, summary=summary)
    first = short[0]
    return Applied(
        rows,
        f"{len(results) - len(short):,} of {counted(len(results), 'repository is', 'repositories are')} deleted; "
        f"{first.removal.repository.path} is {first.outcome.value}: {first.message}",
        changed=True,
        summary=summary,
    )


def _summary(outcomes: t.Sequence[_Outcome]) -> str:
    """What became of repositories, in one sentence without its full stop."""
    counts = Counter(outcome for _path, outcome, _message in outcomes)
    told = (f"{counts[each]:,} {each.value.replace('_', ' ')}" for each in RepositoryOutcome if counts[each])
    return f"{_repositories(len(outcomes))}: {', '.join(told)}"


def _rows(outcomes: list[_Outcome], limit: int) -> list[dict[str, str]]:
    """What failed comes first, so that no limit hides it."""
    ordered = sorted(outcomes, key=lambda each: each[1].is_good)
    return [{"path": path, "outcome": outcome.value, "message": message} for path, outcome, message in ordered[:limit]]
