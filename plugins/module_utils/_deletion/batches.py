# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""In which order planned tags are deleted, and which of those that belong to an image have to stay. Pure."""

from __future__ import annotations

import functools
import typing as t
from dataclasses import dataclass

from .._core.models import Tag, TagListing
from .._core.server import DELETE_LIMIT
from .._plan.plan import RepositoryPlan
from .._rules.decision import Decision
from .._rules.reasons import Reason
from .._rules.referrers import subjects_of
from .attempts import DeletionAttempt, DeletionReply


def waves(
    deletions: t.Iterable[Decision], goes_alone: t.Callable[[Decision], bool], *, at_once: bool
) -> t.Iterator[list[list[Decision]]]:
    """The planned tags in batches that are deleted together, and these in waves of which one follows the other.

    Tags that belong to images come in a later wave than these images.

    Args:
        deletions: In the order of the plan.
        goes_alone: Whether a tag has to be deleted on its own. It is asked after the waves before it were deleted.
        at_once: Whether the batches of a wave may be deleted side by side; else each is a wave.
    """
    wave: list[list[Decision]] = []
    for decision in deletions:
        last = wave[-1] if wave else []
        alone = goes_alone(decision)
        follows = bool(last) and last[0].depth != decision.depth
        if wave and (alone or follows or (len(last) == DELETE_LIMIT and not at_once)):
            yield wave
            wave, last = [], []
        if alone:
            yield [[decision]]
        elif last and len(last) < DELETE_LIMIT:
            last.append(decision)
        else:
            wave.append([decision])
    if wave:
        yield wave


@dataclass(frozen=True)
class ReferrerCheck:
    """Tells which tags that belong to images have to stay, since these images are not gone.

    Args:
        plan: Of the repository.
        listing: The repository's tags by now.
        holders: What holds or has each image of the plan, by digest.
        attempts: What was done about its tags so far, by name.
        is_absent: Whether the registry has no such image, by digest.
        read_now: Reads what the listed tags are by now, by name; None is a tag that is gone.
    """

    plan: RepositoryPlan
    listing: TagListing
    holders: t.Mapping[str, t.Sequence[Decision]]
    attempts: t.Mapping[str, DeletionAttempt]
    is_absent: t.Callable[[str], bool]
    read_now: t.Callable[[], t.Mapping[str, Tag | None]]

    @functools.cached_property
    def _present(self) -> set[str]:
        return set(self.listing.names)

    @functools.cached_property
    def _unplanned(self) -> set[str]:
        return self._present.difference(decision.tag.name for decision in self.plan.decisions)

    @functools.cached_property
    def _moved(self) -> dict[str, str | None]:
        """By name the digests of listed tags that are, or may be, another image than in the plan."""
        planned = {decision.tag.name: decision.tag.digest for decision in self.plan.decisions}
        found = {name: tag.digest for name, tag in self.read_now().items() if tag}
        return {name: found[name] for name in sorted(found) if found[name] is None or found[name] != planned.get(name)}

    def refusal_of(self, decision: Decision) -> DeletionAttempt | None:
        """Why a tag is not deleted; None if it belongs to no image, or its images are gone.

        A tag that is deleted by a rule of its own, at depth 0, stays for a tag that was made its image meanwhile.
        """
        subjects = subjects_of(decision.tag)
        if not subjects:
            return None
        if not decision.depth:
            moved = [name for name, digest in self._moved.items() if digest in subjects]
            return DeletionAttempt(DeletionReply.CHANGED, f"{moved[0]} points to its image now") if moved else None
        images = [each.tag.name for subject in sorted(subjects) for each in self.holders.get(subject, [])]
        left = [name for name in images if name in self._present or not self.attempts[name].seems_gone]
        if left and all(self.attempts[name].reply is DeletionReply.CHANGED for name in left):
            return DeletionAttempt(DeletionReply.CHANGED, f"it belongs to {left[0]}, which is kept")
        if left:
            return DeletionAttempt(DeletionReply.NOT_TRIED, f"it belongs to {left[0]}, which was not deleted")
        if self.listing.error or not self.listing.complete:
            return DeletionAttempt(
                DeletionReply.NOT_TRIED, "no complete list of tags confirms that its image has no tag"
            )
        if self._unplanned:
            pushed = min(self._unplanned)
            return DeletionAttempt(
                DeletionReply.CHANGED,
                f"{pushed} was pushed since the plan was made, and may be the image that it belongs to",
            )
        if self._moved:
            return DeletionAttempt(
                DeletionReply.CHANGED,
                f"{min(self._moved)} points to another image since the plan was made, and this may be the image that "
                "it belongs to",
            )
        if decision.reason is Reason.ORPHANED and not all(map(self.is_absent, subjects - self.holders.keys())):
            return DeletionAttempt(DeletionReply.CHANGED, "the image that it belongs to exists now")
        return None
