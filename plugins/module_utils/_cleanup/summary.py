# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""A cleanup in one sentence: what is to be deleted or was deleted, of how many tags, and why not more. Pure."""

from __future__ import annotations

import typing as t
from collections import Counter

from .._core.words import counted
from .._deletion.outcomes import DeletionResult, TagOutcome
from .._plan.drift import DriftKind
from .._rules.reasons import reason_counts
from .planning import CleanupPlan

# What is said of tags that are not deleted as planned.
_WORDS = {
    TagOutcome.UNVERIFIED: "deleted but not verified",
    TagOutcome.RECREATED: "listed again",
    TagOutcome.NOT_DELETED: "not deleted",
    TagOutcome.NOT_TRIED: "not tried",
    TagOutcome.LEFT: "left for the next run",
}


def plan_summary(found: CleanupPlan) -> str:
    """What a plan is to delete, without its full stop."""
    comparison, plan = found.comparison, found.plan
    if comparison:
        head = f"{plan.deletions:,} to delete of {comparison.approved:,} approved"
    else:
        tags = sum(len(part.decisions) for part in plan.repositories)
        head = f"{plan.deletions:,} to delete of {counted(tags, 'tag')}"
    if found.run and found.run.in_words:
        head = f"{head}, {found.run.in_words}"
    return _sentence(head, _differences(found, Counter()), found)


def outcome_summary(found: CleanupPlan, result: DeletionResult) -> str:
    """What a run deleted, without its full stop."""
    outcomes = Counter(tag.outcome for tag in result.tags)
    if found.comparison:
        head = f"{outcomes[TagOutcome.DELETED]:,} deleted of {found.comparison.approved:,} approved"
    else:
        head = f"{outcomes[TagOutcome.DELETED]:,} deleted of {len(result.tags):,} planned"
    return _sentence(head, _differences(found, outcomes), found)


def _differences(found: CleanupPlan, outcomes: t.Mapping[TagOutcome, int]) -> t.Iterator[tuple[int, str]]:
    """The tags that are not deleted: how many, and what is said of them."""
    drift = found.comparison.counts if found.comparison else dict.fromkeys(DriftKind, 0)
    reasons = reason_counts(found.comparison.kept_by).items() if found.comparison else ()
    yield drift[DriftKind.MOVED] + outcomes[TagOutcome.CHANGED_SINCE], "moved"
    yield sum(count for _reason, count in reasons), f"kept ({', '.join(f'{reason} {n:,}' for reason, n in reasons)})"
    yield drift[DriftKind.VANISHED] + outcomes[TagOutcome.ALREADY_GONE], "vanished"
    yield drift[DriftKind.RENAMED], "in renamed repositories"
    yield drift[DriftKind.RULE_SET], "kept since they have another rule set"
    yield drift[DriftKind.UNREAD], "unread"
    for outcome, words in _WORDS.items():
        yield outcomes[outcome], words
    yield found.deleted_before, "already deleted by an earlier run"


def _sentence(head: str, differences: t.Iterable[tuple[int, str]], found: CleanupPlan) -> str:
    parts = [f"{count:,} {words}" for count, words in differences if count]
    new = found.comparison.counts[DriftKind.NEW] if found.comparison else 0
    more = [f"{new:,} more kept since not approved"] if new else []
    return "; ".join([head, *([", ".join(parts)] if parts else []), *more])
