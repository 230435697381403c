# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What a cleanup has to know of a repository's tags before it can decide, so that no more is read. Pure."""

from __future__ import annotations

from .._core.models import SIGNATURE, Tag, TagListing
from .._rules.referrers import Signatures
from .request import CleanupRequest
from .retained import Refs, retained_names


def detailed_names(listing: TagListing, request: CleanupRequest) -> list[str]:
    """The tags of which more than the name is needed."""
    used, judging = request.used.all_names, request.all_rules_of(listing.repository)
    needed = {name for name in listing.names if name in used or any(rules.is_in_play(name) for rules in judging)}
    counted = {name for name in listing.names if any(rules.is_of_counted_images(name) for rules in judging)}
    if not needed.isdisjoint(counted):
        needed |= counted
    found = [name for name in listing.names if name in needed]
    together = request.referrer_policy.keep_together and found
    return listing.names if request.used.by_content or together or _subjects_needed(listing, request) else found


def children_needed(listing: TagListing, request: CleanupRequest) -> bool:
    """Whether it has to be known what the images of a repository hold."""
    if request.parameters is not None or listing.error:
        return False
    used = request.used.needs_details(listing.repository.path)
    return used or _subjects_needed(listing, request) or any(tag.subject for tag in listing.tags)


def _subjects_needed(listing: TagListing, request: CleanupRequest) -> bool:
    """Whether it has to be known what images the signatures of a repository belong to."""
    signatures = request.referrer_policy.signatures
    if signatures is Signatures.KEEP or not any(SIGNATURE.fullmatch(name) for name in listing.names):
        return False
    path, judging = listing.repository.path, request.all_rules_of(listing.repository)
    if not judging:
        return False
    if signatures is Signatures.COLLECT or path in request.pending_referrers or path in request.noted_referrers:
        return True
    return any(rules.is_in_play(name) for rules in judging for name in listing.names)


def dated_tags(listing: TagListing, refs: Refs, request: CleanupRequest) -> list[Tag]:
    """The tags that a date may decide about."""
    judging = request.all_rules_of(listing.repository)
    if listing.error or request.parameters is not None or not judging:
        return []
    retained = retained_names(listing, refs, request)
    return [
        tag
        for tag in listing.tags
        if any(rules.is_judged_by_date(tag.name) for rules in judging)
        and not tag.protected
        and tag.name not in retained
    ]
