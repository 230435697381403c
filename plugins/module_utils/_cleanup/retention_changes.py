# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What a retention document changes, compared with another one on the same state. Pure."""

from __future__ import annotations

import typing as t

from .._plan.plan import RepositoryPlan
from .planning import decisions_by
from .request import CleanupRequest
from .state import CleanupState


class RetentionChange(t.NamedTuple):
    """What is another one for a repository.

    Args:
        repository: path of it.
        rule_set: name of its rule set; empty if it has none.
        previous_rule_set: the same by the previous document.
        newly_deleted: names of tags that are deleted and were kept.
        newly_kept: names of tags that are kept and were deleted.
    """

    repository: str
    rule_set: str
    previous_rule_set: str
    newly_deleted: tuple[str, ...]
    newly_kept: tuple[str, ...]

    def is_one(self) -> bool:
        """Whether anything is another one."""
        return bool(self.newly_deleted or self.newly_kept) or self.rule_set != self.previous_rule_set

    def as_result(self, limit: int) -> dict[str, t.Any]:
        """The change as a module returns it. limit: the most names of each list."""
        return {
            "repository": self.repository,
            "rule_set": self.rule_set or None,
            "previous_rule_set": self.previous_rule_set or None,
            "newly_deleted": list(self.newly_deleted[:limit]),
            "newly_kept": list(self.newly_kept[:limit]),
            "newly_deleted_count": len(self.newly_deleted),
            "newly_kept_count": len(self.newly_kept),
        }


def retention_changes(state: CleanupState, request: CleanupRequest) -> list[RetentionChange]:
    """The repositories that have another rule set, or of which other tags are deleted, the most affected first."""
    if request.previous_retention is None:
        return []
    plan = decisions_by(request.retention, state, request)
    previous = decisions_by(request.previous_retention, state, request)
    changes = [_change(after, before) for after, before in zip(plan.repositories, previous.repositories)]
    return sorted(
        filter(RetentionChange.is_one, changes),
        key=lambda each: (-len(each.newly_deleted), -len(each.newly_kept), each.repository),
    )


def _change(after: RepositoryPlan, before: RepositoryPlan) -> RetentionChange:
    pairs = list(zip(after.decisions, before.decisions))
    return RetentionChange(
        after.repository.path,
        rule_set=after.rule_set,
        previous_rule_set=before.rule_set,
        newly_deleted=tuple(new.tag.name for new, old in pairs if new.delete and not old.delete),
        newly_kept=tuple(new.tag.name for new, old in pairs if old.delete and not new.delete),
    )


def changes_result(changes: t.Sequence[RetentionChange], limit: int) -> dict[str, t.Any]:
    """The changes as a module returns them. limit: the most entries of each list."""
    return {
        "repositories": [each.as_result(limit) for each in changes[:limit]],
        "repositories_changed": len(changes),
        "newly_deleted": sum(len(each.newly_deleted) for each in changes),
        "newly_kept": sum(len(each.newly_kept) for each in changes),
    }
