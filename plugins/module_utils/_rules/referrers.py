# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Tags that belong together: what is deleted and kept with its image, and the tags of one image. Pure.

Signatures, attestations and SBOMs carry the digest of their subject in their names, as cosign and clients
of registries without the referrers API write them; a manifest may name its subject, too. The subject may be a tag's
image, or one that an index holds.
"""

from __future__ import annotations

import enum
import typing as t

from .._core.models import SIGNATURE, Tag
from .._core.oci import is_opaque
from .decision import Decision
from .reasons import Reason

# The reasons of a signature while nothing but its name keeps it.
_OPEN = (Reason.SIGNATURE, Reason.ORPHAN, Reason.UNKNOWN_SUBJECT)


class Signatures(enum.Enum):
    """What happens to signatures: they are kept, deleted with their image, or without an image as well."""

    KEEP = "keep"
    FOLLOW = "follow"
    COLLECT = "collect"


class SharedDigest(enum.Enum):
    """Whether tags of one image are judged by themselves, or kept as long as one of them is.

    AUTO: By themselves where it is known that the registry leaves other tags of an image alone when it deletes one.
    """

    AUTO = "auto"
    INDEPENDENT = "independent"
    KEEP_TOGETHER = "keep_together"


class ReferrerPolicy(t.NamedTuple):
    """What happens to tags that belong together. Signatures are no tags of a shared digest."""

    signatures: Signatures = Signatures.KEEP
    shared_digest: SharedDigest = SharedDigest.AUTO

    @property
    def keep_together(self) -> bool:
        """Whether tags of one image are kept as long as one of them is."""
        return self.shared_digest is SharedDigest.KEEP_TOGETHER

    def on_registry(self, *, deletes_by_name: bool) -> ReferrerPolicy:
        """The policy as it holds on a registry. deletes_by_name: it is known to leave other tags of an image alone."""
        if deletes_by_name or self.shared_digest is not SharedDigest.AUTO:
            return self
        return self._replace(shared_digest=SharedDigest.KEEP_TOGETHER)


class _Holders(t.NamedTuple):
    """The tags that are an image or hold it.

    Args:
        kept: how many of them are kept.
        depth: the greatest one of them.
    """

    kept: int
    depth: int


class ReferrerFacts(t.NamedTuple):
    """What is known of a repository's signatures besides its tags.

    Args:
        pending_referrers: name and digest of those whose subject an earlier run has deleted before it was killed.
        absent_digests: digests that the registry itself does not have.
    """

    pending_referrers: t.Collection[tuple[str, str | None]] = ()
    absent_digests: t.Collection[str] = ()


def subjects_of(tag: Tag) -> frozenset[str]:
    """The digests of the images that a tag belongs to, by its name and by its manifest."""
    named = {f"sha256:{tag.name[7:71]}"} if SIGNATURE.fullmatch(tag.name) else set()
    return frozenset(named | ({tag.subject} if tag.subject else set()))


def holders_of(decisions: t.Iterable[Decision]) -> dict[str, list[Decision]]:
    """The tags, with what happens to them, that are an image or hold it, by the image's digest."""
    holders: dict[str, list[Decision]] = {}
    for each in decisions:
        for digest in _images_in(each.tag):
            holders.setdefault(digest, []).append(each)
    return holders


def _images_in(tag: Tag) -> set[str]:
    """The digests of the image that a tag is, and of those that it holds."""
    return {digest for digest in (tag.digest, *tag.children) if digest}


def _summaries_of_holders(decisions: t.Iterable[Decision]) -> dict[str, _Holders]:
    """The same summed up: an image may have thousands of tags, and as many signatures."""
    return {
        digest: _Holders(sum(not each.delete for each in holders), depth=max(each.depth for each in holders))
        for digest, holders in holders_of(decisions).items()
    }


def orphans(tags: t.Sequence[Tag]) -> frozenset[str]:
    """The subjects of signatures that no tag holds; none at all where a tag may hold one unseen."""
    if any(is_opaque(tag) for tag in tags):
        return frozenset()
    present = {digest for tag in tags for digest in (tag.digest, *tag.children)}
    named = (subjects_of(tag) for tag in tags if SIGNATURE.fullmatch(tag.name))
    return frozenset(subject for subjects in named for subject in subjects if subject not in present)


def with_referrers(
    decisions: t.Sequence[Decision],
    policy: ReferrerPolicy,
    age_exemption: t.Callable[[Tag], Reason | None],
    facts: ReferrerFacts,
) -> list[Decision]:
    """Let what belongs to an image be deleted after it, and kept with it.

    Args:
        decisions: on all tags of a repository.
        policy: what happens to tags that belong together.
        age_exemption: why a tag is kept for its age, None where it is not.
        facts: what is known besides.

    Returns:
        The decisions, in the same order.
    """
    found = keep_referrers(decisions, policy)
    collects = policy.signatures is Signatures.COLLECT
    at_stake = collects or bool(facts.pending_referrers) or any(each.delete for each in found)
    if policy.signatures is Signatures.KEEP or not at_stake:
        return found
    return _followed(found, policy, age_exemption, facts)


def keep_referrers(decisions: t.Sequence[Decision], policy: ReferrerPolicy) -> list[Decision]:
    """Keep what belongs to an image that is kept, or may be kept unseen.

    Args:
        decisions: on all tags of a repository.
        policy: what happens to tags that belong together.

    Returns:
        The decisions, in the same order.
    """
    found = kept_together(decisions) if policy.keep_together else list(decisions)
    while True:
        kept_tags = [each.tag for each in found if not each.delete]
        digests = {digest for tag in kept_tags for digest in (tag.digest, *tag.children) if digest}
        opaque = any(is_opaque(tag) for tag in kept_tags)
        kept = [_with_subject(each, digests, opaque) for each in found]
        if kept == found:
            return found
        found = kept_together(kept) if policy.keep_together else kept


def _with_subject(decision: Decision, kept_digests: t.Collection[str], opaque: bool) -> Decision:
    subjects = subjects_of(decision.tag) if decision.delete else frozenset()
    if not subjects.isdisjoint(kept_digests):
        return decision.kept(Reason.SIGNATURE if SIGNATURE.fullmatch(decision.tag.name) else Reason.REFERRER)
    return decision.kept(Reason.UNKNOWN_SUBJECT) if subjects and opaque else decision


def kept_together(decisions: t.Sequence[Decision]) -> list[Decision]:
    """Keep all tags of an image if one of them is kept, and all tags if it is not known of which image a kept one is.

    Args:
        decisions: on all tags of a repository.

    Returns:
        The decisions, in the same order.
    """
    images = [each for each in decisions if not SIGNATURE.fullmatch(each.tag.name)]
    kept_digests = {each.tag.digest for each in images if not each.delete}
    unknown = bool(kept_digests) and any(each.tag.digest is None for each in images)

    def together(decision: Decision) -> Decision:
        if not decision.delete or SIGNATURE.fullmatch(decision.tag.name):
            return decision
        if decision.tag.digest and decision.tag.digest in kept_digests:
            return decision.kept(Reason.SHARED_DIGEST)
        return decision.kept(Reason.UNKNOWN_DIGEST) if unknown else decision

    return [together(each) for each in decisions]


def _followed(
    decisions: t.Sequence[Decision],
    policy: ReferrerPolicy,
    age_exemption: t.Callable[[Tag], Reason | None],
    facts: ReferrerFacts,
) -> list[Decision]:
    """Let signatures follow what is deleted, step by step, since what is signed may be a signature itself.

    After the first step, only those are looked at again whose images were deleted in the one before.
    """
    result = list(decisions)
    holders = _summaries_of_holders(decisions)
    by_subject: dict[str, list[int]] = {}
    for position, each in enumerate(decisions):
        for subject in subjects_of(each.tag):
            by_subject.setdefault(subject, []).append(position)
    opaque = {each.tag.name for each in decisions if is_opaque(each.tag)}
    kept_opaque = {each.tag.name for each in decisions if not each.delete and each.tag.name in opaque}

    def followed(decision: Decision) -> Decision:
        if decision.delete or decision.reason not in _OPEN:
            return decision
        tag = decision.tag
        found = [holders.get(subject) for subject in subjects_of(tag)]
        if any(each and each.kept for each in found):
            return decision.kept(Reason.SIGNATURE)
        if tag.digest is None:
            return decision.kept(Reason.UNKNOWN_DIGEST)
        # Its image may be unseen inside of what is kept; without a holder that is known, of what is deleted too.
        unseen = kept_opaque if all(found) else opaque
        if len(unseen) > (tag.name in unseen):
            return decision.kept(Reason.UNKNOWN_SUBJECT)
        follows = all(found) or (tag.name, tag.digest) in facts.pending_referrers
        absent = all(subject in facts.absent_digests for subject in subjects_of(tag) if subject not in holders)
        if not follows and not (policy.signatures is Signatures.COLLECT and absent):
            return decision.kept(Reason.ORPHAN)
        reason = age_exemption(tag)
        if reason:
            return decision.kept(reason)
        behind = 1 + max((each.depth for each in found if each), default=0)
        return decision._replace(delete=True, reason=Reason.WITH_SUBJECT if follows else Reason.ORPHANED, depth=behind)

    waiting: t.Collection[int] = range(len(result))
    while waiting:
        step = [(position, followed(result[position])) for position in waiting]
        deleted = [after for position, after in step if after.delete and not result[position].delete]
        for position, after in step:
            result[position] = after
        images = [(image, each) for each in deleted for image in _images_in(each.tag)]
        for image, each in images:
            before = holders[image]
            holders[image] = _Holders(before.kept - 1, depth=max(before.depth, each.depth))
        waiting = {position for image, _each in images for position in by_subject.get(image, ())}
        names = {each.tag.name for each in deleted}
        if not kept_opaque.isdisjoint(names):
            kept_opaque -= names
            waiting = range(len(result))
    return result
