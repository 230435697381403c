# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What a new listing proves about tags that were to be deleted, and about those that were to stay. Pure."""

from __future__ import annotations

import typing as t

from .._core.errors import RequestError
from .._core.models import Tag, TagListing
from .._core.words import counted, some
from .._plan.plan import RepositoryPlan
from .attempts import DeletionAttempt, DeletionReply
from .outcomes import TagOutcome

NO_PROOF = "no complete list of tags confirms its deletion"
_MAY_HAVE_FAILED = "which is also the answer of a failing registry"


def judge(
    attempt: DeletionAttempt, *, present: bool, proven_absent: bool, error: RequestError | None
) -> tuple[TagOutcome, str]:
    """What became of a tag, and why.

    Args:
        attempt: What was done about it.
        present: Whether the new listing has it.
        proven_absent: Whether the new listing proves that what it does not have is gone.
        error: Why there is no new listing.
    """
    reply, message = attempt.reply, attempt.message
    if reply is DeletionReply.CHANGED:
        return TagOutcome.CHANGED_SINCE, message
    if reply is DeletionReply.NOT_TRIED:
        return TagOutcome.NOT_TRIED, message
    if reply is DeletionReply.LEFT and (present or not proven_absent):
        return TagOutcome.LEFT, message
    if proven_absent and not present:
        asked = attempt.asked_before or reply in (DeletionReply.DELETED, DeletionReply.REFUSED)
        return TagOutcome.DELETED if asked else TagOutcome.ALREADY_GONE, ""
    if reply in (DeletionReply.REFUSED, DeletionReply.FORBIDDEN) or (
        reply is DeletionReply.UNREADABLE and attempt.asked_before
    ):
        return TagOutcome.NOT_DELETED, message
    if reply is DeletionReply.UNREADABLE:
        return TagOutcome.NOT_TRIED, message
    if present and (reply is DeletionReply.DELETED or attempt.asked_before):
        return TagOutcome.RECREATED, "it is listed again after its deletion"
    if present:
        return TagOutcome.NOT_TRIED, "it was not there right before its deletion, and is again"
    return TagOutcome.UNVERIFIED, str(error) if error else NO_PROOF


def proves_absence(plan: RepositoryPlan, listing: TagListing) -> bool:
    """Whether a tag that is not in the listing is gone.

    Only a complete listing that holds a tag which was to stay proves it. If none was to stay, a listing that holds
    anything does, or one of the registry itself.
    """
    present = set(listing.names)
    speaks = bool(present) or listing.authoritative
    return listing.complete and (any(decision.tag.name in present for decision in plan.kept) if plan.kept else speaks)


def vanished(plan: RepositoryPlan, listing: TagListing) -> list[Tag]:
    """The tags that were to stay and are not in a complete listing; none if it is not complete."""
    if not listing.complete:
        return []
    present = set(listing.names)
    return [decision.tag for decision in plan.kept if decision.tag.name not in present]


def lacks_unproven(plan: RepositoryPlan, listing: TagListing, attempts: t.Mapping[str, DeletionAttempt]) -> bool:
    """Whether a listing lacks tags of which nothing else says that they are gone.

    Args:
        plan: Of the repository.
        listing: Its tags by now.
        attempts: What was done about the planned ones, by name.
    """
    if listing.error or (listing.tags and not listing.complete):
        return False
    open_replies = (DeletionReply.FORBIDDEN, DeletionReply.UNREADABLE, DeletionReply.REFUSED)
    unproven = {name for name, attempt in attempts.items() if attempt.reply in open_replies}
    return not unproven.union(decision.tag.name for decision in plan.kept) <= set(listing.names)


def why_vanished(plan: RepositoryPlan, missing: t.Iterable[Tag], deleted: t.Collection[str | None]) -> str:
    """What the tags that were to stay and are gone say of a registry that may delete by digest; empty for nothing.

    Args:
        plan: Of the repository.
        missing: The tags that were to stay and are not listed any more.
        deleted: The digests of tags that were deleted.
    """
    gone = list(missing)
    shared = sorted(tag.name for tag in gone if tag.digest and tag.digest in deleted)
    unknown = sorted(tag.name for tag in gone if tag.digest is None)
    names = shared or unknown
    if not names or not deleted:
        return ""
    because = "others of their images" if shared else "others"
    verdict = "this registry seems to delete by digest" if shared else "this registry may delete by digest"
    return (
        f"kept tags of {plan.repository.path} vanished while {because} were deleted ({some(names)}): "
        f"{verdict}, or somebody else deleted them"
    )


def why_not_empty(listing: TagListing, *, emptied: bool = False) -> str | None:
    """Why a repository can't be taken for empty; None if the registry itself says that it is.

    emptied: this run deleted all its tags just now, after which some storages do not know the repository any more.
    """
    if listing.error:
        return listing.error.message
    if listing.tags:
        return f"it has {counted(len(listing.tags), 'tag')}"
    if listing.authoritative or (emptied and listing.repository_unknown):
        return None
    if listing.repository_unknown:
        return "the registry does not know it, but a registry that lost its storage answers the same"
    return f"no tags are listed, {_MAY_HAVE_FAILED}"


def empty_listing_warning(path: str) -> str:
    """What to say where GitLab lists no tags and the registry itself does not say so. path: of the repository."""
    return f"GitLab lists no tags of {path}, {_MAY_HAVE_FAILED}: so it is unknown whether it has tags."
