# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What was done about a tag that is to be deleted, before the tags are listed again. Pure."""

from __future__ import annotations

import enum
import typing as t

from .._core.models import Tag

CHANGED = "it points to another image, or was pushed again, since the plan was made"
ANSWER_LOST = "its deletion was requested, and the answer was lost"
OVERWRITTEN = (
    f"{ANSWER_LOST}, and it points to another image now: this deletion may have overwritten it with an empty image, or "
    "somebody pushed it"
)


class DeletionReply(enum.Enum):
    """What asking for a tag's deletion seems to have come to, before the tags are listed again.

    DELETED: The server says that it deleted the tag.
    ABSENT: The tag is not there.
    FORBIDDEN: The server answered 403, which newer releases also do for a tag that is gone.
    UNREADABLE: The tag can't be read, so it can't be told whether it is the planned one.
    REFUSED: The server did not delete it, or the answer was lost for good.
    CHANGED: The tag is another one than planned.
    NOT_TRIED: Nothing was asked for.
    LEFT: This run was not to come to it.
    """

    DELETED = "deleted"
    ABSENT = "absent"
    FORBIDDEN = "forbidden"
    UNREADABLE = "unreadable"
    REFUSED = "refused"
    CHANGED = "changed"
    NOT_TRIED = "not_tried"
    LEFT = "left"


class DeletionAttempt(t.NamedTuple):
    """What was done about a tag.

    Args:
        reply: What it seems to have come to.
        message: Why, if that is not plain.
        asked_before: A request may have deleted or overwritten the tag, though no answer said so.
    """

    reply: DeletionReply
    message: str = ""
    asked_before: bool = False

    @property
    def had_effect(self) -> bool:
        """Whether a request deleted or changed the tag, or may have."""
        return self.asked_before or self.reply is DeletionReply.DELETED

    @property
    def seems_gone(self) -> bool:
        """Whether the tag is gone, as far as the replies say."""
        return self.reply in (DeletionReply.DELETED, DeletionReply.ABSENT)


def attempt_of_status(status: int, *, asked_before: bool) -> DeletionAttempt:
    """What the answer to a tag's deletion seems to say.

    Args:
        status: Of the answer.
        asked_before: Whether an earlier request may have deleted it.
    """
    if status == 403:
        message = "GitLab answered 403: it is protected, or the token may not delete it"
        return DeletionAttempt(DeletionReply.FORBIDDEN, message, asked_before=asked_before)
    if status == 404 and not asked_before:
        return DeletionAttempt(DeletionReply.ABSENT)
    return DeletionAttempt(DeletionReply.DELETED)


def without_request(now: Tag | None, planned: Tag, *, asked_before: bool, by_name: bool) -> DeletionAttempt | None:
    """Why the deletion of a tag is not asked for; None if it is what the plan saw.

    Args:
        now: What the tag is by now; None if it is not there.
        planned: What the plan saw.
        asked_before: Whether its deletion was asked for before.
        by_name: Whether the registry is known to delete by name. Else GitLab may overwrite a tag to delete it, so that
            another image may be its own.
    """
    if now is None:
        return DeletionAttempt(DeletionReply.ABSENT, asked_before=asked_before)
    if now.digest is None:
        message = f"it could not be read again: {now.error}"
        return DeletionAttempt(DeletionReply.UNREADABLE, message, asked_before=asked_before)
    if is_changed(now, planned):
        overwritten = asked_before and not by_name
        return DeletionAttempt(
            DeletionReply.REFUSED if overwritten else DeletionReply.CHANGED,
            OVERWRITTEN if overwritten else CHANGED,
            asked_before=asked_before,
        )
    if now.protected:
        return DeletionAttempt(DeletionReply.CHANGED, "it has been protected since the plan was made")
    return None


def is_changed(now: Tag, planned: Tag) -> bool:
    """Whether a tag is another image than planned, or was pushed again."""
    if now.digest != planned.digest or (now.published is not None and now.published != planned.published):
        return True
    # Without another push a tag of the same image has one date, unless GitLab takes its registry for another kind.
    return now.created is not None and planned.created is not None and now.created != planned.created
