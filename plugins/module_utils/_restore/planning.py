# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Which deleted tags are put back, and why others are not. Pure."""

from __future__ import annotations

import enum
import typing as t

from .._core.errors import RequestError
from .._core.models import Tag
from .._core.oci import Manifest
from .._core.tag_writes import TagWrite, TagWriteResult, WriteOutcome
from .._rules.referrers import subjects_of
from .runs import DeletedTag

# A repository's path and a tag's name.
_Key = tuple[str, str]
WriteResults = dict[_Key, TagWriteResult]


# Signatures of signatures of signatures: nobody has more, and the order matters to nobody who has.
_DEEPEST = 10


class RestoreReason(enum.Enum):
    """Why a tag is put back, or is not.

    DELETED: It is not there, and its image is.
    PRESENT: It is that image already.
    REPLACED: It is another image now, and is left.
    NO_DIGEST: The journal does not tell which image it was.
    COLLECTED: The registry does not hold its image any more.
    INCOMPLETE: It does not hold all that the image refers to.
    PROTECTED: A tag protection rule keeps the caller from pushing it.
    LOCKED: Nothing can be pushed to its repository.
    UNREAD: It could not be found out.
    """

    DELETED = "deleted"
    PRESENT = "present"
    REPLACED = "replaced"
    NO_DIGEST = "no_digest"
    COLLECTED = "collected"
    INCOMPLETE = "incomplete"
    PROTECTED = "protected"
    LOCKED = "locked"
    UNREAD = "unread"

    @property
    def restores(self) -> bool:
        """Whether the tag is put back."""
        return self is RestoreReason.DELETED

    @property
    def is_good(self) -> bool:
        """Whether the name is there when all is done."""
        return self in (RestoreReason.DELETED, RestoreReason.PRESENT, RestoreReason.REPLACED)


class ObservedRepository(t.NamedTuple):
    """What was read of a repository from which tags were deleted.

    Args:
        path: of the repository.
        now: the digests of those of the tags that are there, by name.
        images: the manifests of those that are not, by digest; without those that the registry does not hold.
        missing: digests of what these manifests refer to and the registry does not hold.
        protected: names of tags that the caller may not push.
        locked: why nothing can be pushed, a part of a sentence; empty if it can.
        error: why it could not be read.
    """

    path: str
    now: t.Mapping[str, str] = {}
    images: t.Mapping[str, Manifest] = {}
    missing: frozenset[str] = frozenset()
    protected: frozenset[str] = frozenset()
    locked: str = ""
    error: RequestError | None = None


class PlannedTag(t.NamedTuple):
    """What is done with a tag.

    Args:
        tag: as the journal tells of it.
        reason: why it is put back, or is not.
        now: the digest that it has; None if it is not there, or that is not known.
        image: what is put back; None if it is not.
        message: what there is to say of the reason.
    """

    tag: DeletedTag
    reason: RestoreReason
    now: str | None = None
    image: Manifest | None = None
    message: str = ""

    @property
    def key(self) -> _Key:
        """What tells it from other tags."""
        return self.tag.repository, self.tag.name

    @property
    def write(self) -> TagWrite:
        """What the registry is asked for, of a tag that is put back."""
        return TagWrite(self.tag.name, t.cast("Manifest", self.image))


def plan_restore(tags: t.Iterable[DeletedTag], repositories: t.Mapping[str, ObservedRepository]) -> list[PlannedTag]:
    """Decide about each tag.

    Args:
        tags: those that are meant.
        repositories: what was read of theirs, by path.

    Returns:
        A decision for each tag, in their order.
    """
    return [_planned(tag, repositories[tag.repository]) for tag in tags]


def _planned(tag: DeletedTag, found: ObservedRepository) -> PlannedTag:
    if found.error:
        return PlannedTag(tag, RestoreReason.UNREAD, message=str(found.error))
    now = found.now.get(tag.name)
    if now is not None and now == tag.digest:
        return PlannedTag(tag, RestoreReason.PRESENT, now=now)
    if now is not None:
        return PlannedTag(tag, RestoreReason.REPLACED, now=now, message=f"it points to {now} now")
    if tag.digest is None:
        return PlannedTag(tag, RestoreReason.NO_DIGEST, message="the journal does not contain the digest of its image")
    image = found.images.get(tag.digest)
    if image is None:
        message = "the registry no longer has its image, since garbage collection removed it or it was deleted"
        return PlannedTag(tag, RestoreReason.COLLECTED, message=message)
    lost = sorted(needed_by(image) & found.missing)
    if lost:
        message = f"the registry no longer has {lost[0]}, which is a part of its image"
        return PlannedTag(tag, RestoreReason.INCOMPLETE, message=message)
    if found.locked:
        return PlannedTag(tag, RestoreReason.LOCKED, message=found.locked)
    if tag.name in found.protected:
        message = "a tag protection rule of GitLab does not allow this token's user to push it"
        return PlannedTag(tag, RestoreReason.PROTECTED, message=message)
    return PlannedTag(tag, RestoreReason.DELETED, image=image)


def needed_by(image: Manifest) -> set[str]:
    """The digests of the manifests that have to be in the repository with an image. The registry checks the layers."""
    return {child.digest for child in image.manifests} | ({image.subject} if image.subject else set())


def in_waves(plan: t.Iterable[PlannedTag]) -> list[list[PlannedTag]]:
    """The tags that are put back, in waves: what belongs to an image comes after the tags of that image."""
    left = [each for each in plan if each.reason.restores]
    waves: list[list[PlannedTag]] = []
    while left:
        waiting = {(each.tag.repository, each.tag.digest) for each in left}
        ready = [each for each in left if waiting.isdisjoint(_subjects(each))]
        # What belongs to itself, by whatever way, waits for nothing.
        waves.append(ready if ready and len(waves) < _DEEPEST else left)
        done = {each.key for each in waves[-1]}
        left = [each for each in left if each.key not in done]
    return waves


def _subjects(planned: PlannedTag) -> set[tuple[str, str | None]]:
    """The images that a tag belongs to, but for itself."""
    tag = planned.tag
    subjects = subjects_of(Tag(tag.name, subject=planned.write.image.subject))
    return {(tag.repository, subject) for subject in subjects if subject != tag.digest}


class RestoredTag(t.NamedTuple):
    """What became of a tag that was to be restored."""

    planned: PlannedTag
    result: TagWriteResult


def restored(plan: t.Iterable[PlannedTag], results: WriteResults, reason: str) -> list[RestoredTag]:
    """What became of the tags that were to be restored, in their order.

    Args:
        plan: all tags.
        results: what is known of some of them.
        reason: why the others were not tried.
    """
    return [
        RestoredTag(each, results.get(each.key) or TagWriteResult(each.write, WriteOutcome.NOT_TRIED, message=reason))
        for each in plan
        if each.reason.restores
    ]
