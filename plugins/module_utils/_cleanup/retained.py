# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Which tags are kept for what is outside of the rules: git references, and what is in use. Pure."""

from __future__ import annotations

import typing as t

from .._core.errors import RequestError
from .._core.models import TagListing
from .._rules.git_refs import ActiveRefs, kept_by_refs
from .._rules.in_use import UntaggedImage, kept_by_use, untagged
from .._rules.reasons import Reason
from .request import CleanupRequest

# What is alive in the git repositories of projects, or why it is not known, by the project's id.
Refs = t.Mapping[int, t.Union[ActiveRefs, RequestError]]


def retained_names(listing: TagListing, refs: Refs, request: CleanupRequest) -> dict[str, Reason]:
    """The tags that are kept for what is not in the rules, with the reason."""
    active = refs.get(listing.repository.project_id)
    return {
        **kept_by_refs(listing.names, active if isinstance(active, ActiveRefs) else ActiveRefs(), request.ref_match),
        **kept_by_use(listing.tags, listing.repository.path, request.used),
    }


def untagged_images(listings: t.Sequence[TagListing], request: CleanupRequest) -> list[UntaggedImage]:
    """What is in use in the repositories without a tag."""
    return untagged(request.used, {each.repository.path: each.tags for each in listings if not each.error})
