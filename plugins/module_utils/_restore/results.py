# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What registry_restore returns. Pure."""

from __future__ import annotations

import typing as t
from collections import Counter

from .._core.diffs import diff_part, hidden_part
from .._core.errors import UsageError
from .._core.tag_writes import WriteOutcome
from .._core.words import are, counted, were
from .._module.intent import Applied, Intent
from .._module.results import truncate_lists
from .planning import ObservedRepository, PlannedTag, RestoredTag, RestoreReason
from .runs import JournalRun

_NOTES = [
    "The same rules delete these tags again. Change them, or protect the tags, before the next cleanup.",
    "With a metadata database a restored tag has the current date, so a rule by age deletes it only when it is old "
    "enough again, and keep_n counts it as one of the newest.",
]
_CHANGED = WriteOutcome.CHANGED_SINCE
_GOOD = (WriteOutcome.WRITTEN, _CHANGED)


def intent_of(plan: t.Sequence[PlannedTag], limit: int) -> Intent:
    """What would be restored. limit: the most lines of the diff."""
    back = [each for each in plan if each.reason.restores]
    lines: dict[str, str] = {}
    for each in back[:limit]:
        repository = each.tag.repository
        lines[repository] = f"{lines.get(repository, '')}{each.tag.name} {each.tag.digest}\n"
    parts = [diff_part(repository, after=after) for repository, after in lines.items()]
    hidden = len(back[limit:])
    lost = _shortfall(plan)
    return Intent(
        changed=bool(back),
        diff=[*parts, *([hidden_part(after=counted(hidden, "more tag"))] if hidden else [])],
        unread=[UsageError(lost)] if lost else (),
        verb="restored",
        summary=f"{len(back):,} of {counted(len(plan), 'tag')} {are(len(back))} to be restored",
    )


def _shortfall(plan: t.Sequence[PlannedTag]) -> str:
    """What can't be restored; empty if all can be."""
    lost = [each for each in plan if not each.reason.is_good]
    if not lost:
        return ""
    counts = Counter(each.reason for each in lost)
    told = ", ".join(f"{counts[reason]:,} {reason.value}" for reason in RestoreReason if counts[reason])
    first = lost[0]
    return (
        f"{len(lost):,} of {counted(len(plan), 'tag')} can't be restored ({told}); first "
        f"{first.tag.repository}:{first.tag.name}: "
        f"{first.message.rstrip('.')}."
    )


def restore_result(
    runs: t.Sequence[JournalRun],
    plan: t.Sequence[PlannedTag],
    repositories: t.Mapping[str, ObservedRepository],
    limit: int,
) -> dict[str, t.Any]:
    """The plan.

    Args:
        runs: those that are meant.
        plan: a decision for each of their tags.
        repositories: what was read.
        limit: the most entries of each list.
    """
    ordered = sorted(plan, key=lambda each: (each.reason.is_good, not each.reason.restores))
    counts = Counter(each.reason for each in plan)
    errors = [
        {"repository": each.path, **each.error.as_result()}
        for _path, each in sorted(repositories.items())
        if each.error
    ]
    lists = {"runs": [run.as_result() for run in runs], "tags": [_row(each) for each in ordered], "errors": errors}
    return {
        **truncate_lists(lists, limit),
        "counts": {reason.value: counts[reason] for reason in RestoreReason},
        "notes": _NOTES if counts[RestoreReason.DELETED] else [],
    }


def _row(planned: PlannedTag) -> dict[str, t.Any]:
    tag = planned.tag
    return {
        "repository": tag.repository,
        "name": tag.name,
        "digest": tag.digest,
        "now": planned.now,
        "action": "create" if planned.reason.restores else "none",
        "reason": planned.reason.value,
        "journal": tag.outcome.value if tag.outcome else None,
        "message": planned.message,
    }


def warnings_of(plan: t.Iterable[PlannedTag], unended: t.Sequence[JournalRun]) -> list[str]:
    """What the user should know, one sentence each.

    Args:
        plan: a decision for each tag.
        unended: runs that are not chosen, and that the chosen one may have gone on with.
    """
    found = []
    if unended:
        told = ", ".join(run.label for run in unended[-3:])
        found.append(f"Runs before it did not end, and their tags are not restored: {told}. Choose them by run.")
    replaced = [each for each in plan if each.reason is RestoreReason.REPLACED]
    return [*found, *_left_warning([(each, each.message) for each in replaced])]


def _left_warning(left: t.Sequence[tuple[PlannedTag, str]]) -> list[str]:
    """The warning of tags that are other images by now, each with what it is."""
    if not left:
        return []
    first, message = left[0]
    place = f"{first.tag.repository}:{first.tag.name}"
    tags = counted(len(left), "tag was", "tags were")
    return [f"{tags} pushed again meanwhile and not changed; first {place}: {message}."]


def applied_restore(plan: t.Sequence[PlannedTag], done: t.Sequence[RestoredTag], limit: int) -> Applied:
    """What became of the tags.

    Args:
        plan: a decision for each tag.
        done: what became of those that were to be restored.
        limit: the most entries of each list.
    """
    short = [each for each in done if each.result.outcome not in _GOOD]
    changed = [(each.planned, each.result.message) for each in done if each.result.outcome is _CHANGED]
    counts = Counter(each.result.outcome for each in done)
    rows = [_outcome_row(each) for each in sorted(done, key=lambda each: each.result.outcome in _GOOD)]
    return Applied(
        outcome={
            **truncate_lists({"tags": rows}, limit),
            "counts": {kind.value: counts[kind] for kind in WriteOutcome},
        },
        shortfall=f"{_done(done)}; {_not_done(short)} {_shortfall(plan)}".rstrip() if short else "",
        warnings=_left_warning(changed),
        changed=any(each.result.changed for each in done),
        summary=_done(done),
    )


def _outcome_row(done: RestoredTag) -> dict[str, t.Any]:
    tag = done.planned.tag
    return {
        "repository": tag.repository,
        "name": tag.name,
        "digest": tag.digest,
        "outcome": done.result.outcome.value,
        "message": done.result.message,
    }


def _done(done: t.Sequence[RestoredTag]) -> str:
    written = sum(1 for each in done if each.result.outcome is WriteOutcome.WRITTEN)
    return f"{written:,} of {counted(len(done), 'tag')} {were(len(done))} restored"


def _not_done(short: t.Sequence[RestoredTag]) -> str:
    tag, result = short[0].planned.tag, short[0].result
    return f"{tag.repository}:{tag.name} is {result.outcome.value}: {result.message.rstrip('.')}."
