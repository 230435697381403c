# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Tags that belong together: what belongs to an image lives and dies with it, and tags of one image. Pure.

Signatures, attestations and lists of materials carry the digest of their subject in their names, as cosign and clients
of registries without the referrers API write them; a manifest may name its subject, too. The subject may be a tag's
image, or one that an index holds.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._core.models import SIGNATURE, Tag
from .._core.oci import is_opaque
from .retention import Decision

SIGNATURES = ("keep", "follow", "collect")
SHARED = ("independent", "keep_together")

# What is said of a signature while nothing but its name keeps it.
_OPEN = ("signature", "orphan", "unknown_subject")


@dataclass(frozen=True)
class ReferrerPolicy:
    """signatures: one of SIGNATURES, keep leaves them alone. keep_together: tags of one digest all go, or all stay.

    Signatures are not counted among these.
    """

    signatures: str = "keep"
    keep_together: bool = False


@dataclass(frozen=True)
class ReferrerFacts:
    """What is known of a repository's signatures besides its tags.

    pending_followers: name and digest of those whose subject an earlier run has deleted before it was killed.
    absent_digests: digests that the registry itself does not have.
    """

    pending_followers: t.Collection[tuple[str, str | None]] = ()
    absent_digests: t.Collection[str] = ()


def subjects_of(tag: Tag) -> frozenset[str]:
    """The digests of the images that a tag belongs to, by its name and by its manifest."""
    named = {f"sha256:{tag.name[7:71]}"} if SIGNATURE.fullmatch(tag.name) else set()
    return frozenset(named | ({tag.subject} if tag.subject else set()))


def holders_of(decisions: t.Iterable[Decision]) -> dict[str, list[Decision]]:
    """The tags, with what happens to them, that are an image or hold it, by the image's digest."""
    holders: dict[str, list[Decision]] = {}
    for each in decisions:
        for digest in {each.tag.digest, *each.tag.children}:
            if digest:
                holders.setdefault(digest, []).append(each)
    return holders


def orphans(tags: t.Sequence[Tag]) -> frozenset[str]:
    """Subjects of signatures that no tag holds; none at all where a tag may hold one unseen."""
    if any(is_opaque(tag) for tag in tags):
        return frozenset()
    present = {digest for tag in tags for digest in (tag.digest, *tag.children)}
    named = (subjects_of(tag) for tag in tags if SIGNATURE.fullmatch(tag.name))
    return frozenset(subject for subjects in named for subject in subjects if subject not in present)


def with_referrers(
    decisions: t.Sequence[Decision],
    policy: ReferrerPolicy,
    age_exemption: t.Callable[[Tag], str | None],
    facts: ReferrerFacts,
) -> list[Decision]:
    """The decisions of a repository, with what belongs to an image following it.

    age_exemption: why a tag stays by its age.
    """
    found = keep_referrers(decisions, policy)
    at_stake = policy.signatures == "collect" or bool(facts.pending_followers) or any(each.delete for each in found)
    if policy.signatures == "keep" or not at_stake:
        return found
    while True:
        following = _followed(found, policy, age_exemption, facts)
        if following == found:
            return found
        found = following


def keep_referrers(decisions: t.Sequence[Decision], policy: ReferrerPolicy) -> list[Decision]:
    """The decisions, in which what belongs to an image that stays, or may stay unseen, stays as well."""
    found = _kept_together(decisions) if policy.keep_together else list(decisions)
    while True:
        kept_tags = [each.tag for each in found if not each.delete]
        digests = {digest for tag in kept_tags for digest in (tag.digest, *tag.children) if digest}
        opaque = any(is_opaque(tag) for tag in kept_tags)
        kept = [_with_subject(each, digests, opaque) for each in found]
        if kept == found:
            return found
        found = _kept_together(kept) if policy.keep_together else kept


def _with_subject(decision: Decision, kept_digests: t.Collection[str], opaque: bool) -> Decision:
    subjects = subjects_of(decision.tag) if decision.delete else frozenset()
    if not subjects.isdisjoint(kept_digests):
        return _kept(decision, "signature" if SIGNATURE.fullmatch(decision.tag.name) else "referrer")
    return _kept(decision, "unknown_subject") if subjects and opaque else decision


def _kept_together(decisions: t.Sequence[Decision]) -> list[Decision]:
    images = [each for each in decisions if not SIGNATURE.fullmatch(each.tag.name)]
    kept_digests = {each.tag.digest for each in images if not each.delete}
    unknown = bool(kept_digests) and any(each.tag.digest is None for each in images)

    def together(decision: Decision) -> Decision:
        if not decision.delete or SIGNATURE.fullmatch(decision.tag.name):
            return decision
        if decision.tag.digest and decision.tag.digest in kept_digests:
            return _kept(decision, "shared_digest")
        return _kept(decision, "unknown_digest") if unknown else decision

    return [together(each) for each in decisions]


def _kept(decision: Decision, reason: str) -> Decision:
    return decision._replace(delete=False, reason=reason, depth=0)


def _followed(
    decisions: t.Sequence[Decision],
    policy: ReferrerPolicy,
    age_exemption: t.Callable[[Tag], str | None],
    facts: ReferrerFacts,
) -> list[Decision]:
    """One step: the signatures of what goes by now. What is signed may be a signature itself."""
    holders = holders_of(decisions)
    opaque = {each.tag.name for each in decisions if is_opaque(each.tag)}
    kept_opaque = {each.tag.name for each in decisions if not each.delete and each.tag.name in opaque}

    def followed(decision: Decision) -> Decision:
        if decision.delete or decision.reason not in _OPEN:
            return decision
        tag = decision.tag
        holder_groups = [holders.get(subject, []) for subject in subjects_of(tag)]
        if any(not holder.delete for group in holder_groups for holder in group):
            return _kept(decision, "signature")
        if tag.digest is None:
            return _kept(decision, "unknown_digest")
        # It may be seen nowhere and be inside of what stays; and without a holder that is known, of what goes.
        unseen = kept_opaque if all(holder_groups) else opaque
        if len(unseen) > (tag.name in unseen):
            return _kept(decision, "unknown_subject")
        follows = all(holder_groups) or (tag.name, tag.digest) in facts.pending_followers
        absent = all(subject in facts.absent_digests for subject in subjects_of(tag) if subject not in holders)
        if not follows and not (policy.signatures == "collect" and absent):
            return _kept(decision, "orphan")
        reason = age_exemption(tag)
        if reason:
            return _kept(decision, reason)
        behind = 1 + max((holder.depth for group in holder_groups for holder in group), default=0)
        return decision._replace(delete=True, reason="with_subject" if follows else "orphaned", depth=behind)

    return [followed(each) for each in decisions]
