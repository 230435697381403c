# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What is decided on a whole repository, with all its tags, and why. Pure."""

from __future__ import annotations

import enum
import typing as t


class RepositoryReason(enum.Enum):
    """Why a whole repository is deleted or kept, as results and plan files name it."""

    # Deleted, for the first of its conditions.
    EMPTY = "empty"
    REF_GONE = "ref_gone"
    NOT_PUSHED = "not_pushed"
    MATCHED = "matched"
    # Kept since a condition does not hold.
    NO_MATCH = "no_match"
    NOT_EMPTY = "not_empty"
    NO_REF = "no_ref"
    ACTIVE_REF = "active_ref"
    TOO_YOUNG = "too_young"
    # Kept whatever its conditions say.
    ARCHIVED = "archived"
    PROTECTED = "protected"
    GITLAB_PROTECTED = "gitlab_protected"
    IN_USE = "in_use"
    # Kept since something is not known.
    UNPROVEN_EMPTY = "unproven_empty"
    UNKNOWN_REFS = "unknown_refs"
    UNKNOWN_DATE = "unknown_date"
    UNKNOWN_PROTECTION = "unknown_protection"
    UNKNOWN_IN_USE = "unknown_in_use"
    UNKNOWN_DIGEST = "unknown_digest"
    INCOMPLETE_LISTING = "incomplete_listing"
    REPOSITORY_UNREAD = "repository_unread"
    # Kept since it is not as in the approved plan.
    CHANGED = "changed"
    NOT_APPROVED = "not_approved"

    @property
    def deletes(self) -> bool:
        """Whether a repository with this reason is deleted; with every other one it is kept."""
        return self in _DELETING


_DELETING = frozenset(
    {RepositoryReason.EMPTY, RepositoryReason.REF_GONE, RepositoryReason.NOT_PUSHED, RepositoryReason.MATCHED}
)


class RepositoryDecision(t.NamedTuple):
    """What happens to a whole repository.

    Args:
        reason: why it is deleted or kept.
        why: the same in one sentence, without its full stop.
        listed: whether its tags were listed for that.
    """

    reason: RepositoryReason
    why: str
    listed: bool = False

    @property
    def delete(self) -> bool:
        """Whether it is deleted, with all its tags."""
        return self.reason.deletes
