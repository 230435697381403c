# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What became of planned tags, as results. Pure."""

from __future__ import annotations

import enum
import typing as t


class TagOutcome(enum.Enum):
    """What became of a tag that was to be deleted.

    DELETED: It is gone, and a listing proves it.
    ALREADY_GONE: It was gone before anything was asked for.
    CHANGED_SINCE: It is another image now, or was pushed again or protected, and was left.
    RECREATED: It is listed again after its deletion.
    UNVERIFIED: GitLab says that it is deleted, and no listing proves it.
    NOT_DELETED: Its deletion was refused, or its answer was lost.
    NOT_TRIED: Its deletion was not asked for.
    LEFT: The budget of the run was used up before its turn came, so that it is left for the next run.
    """

    DELETED = "deleted"
    ALREADY_GONE = "already_gone"
    CHANGED_SINCE = "changed_since"
    RECREATED = "recreated"
    UNVERIFIED = "unverified"
    NOT_DELETED = "not_deleted"
    NOT_TRIED = "not_tried"
    LEFT = "left_for_next_run"

    @property
    def is_good(self) -> bool:
        """Whether the run did what was planned: the tag is gone, or was left because it is another one."""
        return self.is_gone or self is TagOutcome.CHANGED_SINCE

    @property
    def falls_short(self) -> bool:
        """Whether the run was to come to the tag, and it is not as it was wanted."""
        return not self.is_good and self is not TagOutcome.LEFT

    @property
    def is_gone(self) -> bool:
        """Whether the tag is no longer there, as far as is known."""
        return self in (TagOutcome.DELETED, TagOutcome.ALREADY_GONE, TagOutcome.UNVERIFIED)


class RepositoryOutcome(enum.Enum):
    """What became of a repository that was to be emptied or deleted.

    EMPTIED: All its tags were deleted.
    TAGS_KEPT: Tags were kept on purpose, and all others were deleted.
    NOT_EMPTIED: Not all tags that were to be deleted are. If the repository was to be deleted, nothing more was asked.
    DELETED: It is gone.
    SCHEDULED: GitLab is deleting it in the background.
    DELETE_FAILED: GitLab gave up.
    NOT_DELETED: GitLab refused, its answer was lost, or it is not empty.
    CHANGED_SINCE: It is not as it was planned, such as for a push, and was left with all its tags.
    """

    EMPTIED = "emptied"
    TAGS_KEPT = "tags_kept"
    NOT_EMPTIED = "not_emptied"
    DELETED = "deleted"
    SCHEDULED = "scheduled"
    DELETE_FAILED = "delete_failed"
    NOT_DELETED = "not_deleted"
    CHANGED_SINCE = "changed_since"

    @property
    def is_good(self) -> bool:
        """Whether it is as it was wanted, GitLab is deleting it, or it was left for good reason."""
        return self not in _FAILURES


_FAILURES = {RepositoryOutcome.NOT_EMPTIED, RepositoryOutcome.DELETE_FAILED, RepositoryOutcome.NOT_DELETED}


class TagResult(t.NamedTuple):
    """What became of a planned tag.

    Args:
        repository: The repository's path.
        name: Of the tag.
        digest: Of the tag in the plan; None if it was not known.
        outcome: What became of it.
        message: Why, if that is not plain.
        changed: Whether a request of this run deleted or changed it, or may have.
    """

    repository: str
    name: str
    digest: str | None
    outcome: TagOutcome
    message: str = ""
    changed: bool = False

    def as_result(self) -> dict[str, t.Any]:
        """The tag as a module returns it in the list of its outcome."""
        return {"repository": self.repository, "name": self.name, "digest": self.digest, "message": self.message}


class DeletionResult(t.NamedTuple):
    """What became of a plan.

    Args:
        tags: All planned tags, in the order of the plan.
        remaining: How many tags are listed afterwards; None if that is not known.
        stopped: Why nothing more was deleted; empty if nothing stopped it.
        budget: Why tags are left for the next run; empty if none are.
    """

    tags: tuple[TagResult, ...]
    remaining: int | None
    stopped: str
    budget: str = ""

    @property
    def ok(self) -> bool:
        """Whether all was done as planned, as far as the run was to come."""
        return not self.stopped and not any(tag.outcome.falls_short for tag in self.tags)

    @property
    def changed(self) -> bool:
        """Whether a request of this run changed anything, or may have."""
        return any(tag.changed for tag in self.tags)

    def counts(self) -> dict[str, int]:
        """How many tags had each outcome, by its value."""
        return {outcome.value: sum(1 for tag in self.tags if tag.outcome is outcome) for outcome in TagOutcome}
