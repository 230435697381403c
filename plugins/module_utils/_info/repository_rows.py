# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""A repository and its tags as they are returned and written. Pure."""

from __future__ import annotations

import typing as t

from .._core.errors import RequestError
from .._core.models import Repository, Tag, TagListing, format_time
from .._rules.decision import DateSource
from .._usage.figures import Figures
from .._usage.listings import shown_date


def repository_row(
    repository: Repository,
    listing: TagListing | None,
    *,
    figures: Figures,
    date_source: DateSource = DateSource.NONE,
    shows_tags: bool = False,
    tag_names: t.Collection[str] | None = None,
    policy_preview: dict[str, t.Any] | None = None,
    error: RequestError | None = None,
) -> dict[str, t.Any]:
    """A repository with all its tags: every key always there.

    Args:
        repository: as it was listed.
        listing: its tags, None where they were not asked for.
        figures: its numbers.
        date_source: what the dates of the tags are.
        shows_tags: whether the row has the tags, and not only their number.
        tag_names: the tags that were asked for, None is all of them.
        policy_preview: what the policy of the project deletes here, as it is returned.
        error: why something could not be read.
    """
    row: dict[str, t.Any] = {
        "id": repository.id,
        "path": repository.path,
        "name": repository.name,
        "project": repository.shown_project,
        "project_id": repository.project_id,
        "location": repository.location,
        "status": repository.status,
        "created_at": repository.created_at,
        "cleanup_policy_started_at": repository.cleanup_policy_started_at,
        "listing": listing.state.value if listing else "none",
        "date_source": date_source.value,
        "tags_count": repository.tags_count,
        "size": repository.size,
        **figures.as_result(),
        "tags": None,
        "policy_preview": policy_preview,
        "tags_truncated": False,
        "missing_tags": [],
        "error": str(error) if error else None,
    }
    if listing and not listing.error:
        if shows_tags:
            shown = (tag for tag in listing.tags if tag_names is None or tag.name in tag_names)
            row["tags"] = [_tag_row(tag, date_source) for tag in shown]
        row["missing_tags"] = sorted(set(tag_names or ()).difference(listing.names))
        row["tags_count"] = len(listing.tags)
    return row


def _tag_row(tag: Tag, source: DateSource) -> dict[str, t.Any]:
    """A tag as it is returned and written: every key always there."""
    return {
        "name": tag.name,
        "date": format_time(shown_date(tag, source)),
        "digest": tag.digest,
        "size": tag.size,
        "media_type": tag.media_type,
        "created_at": format_time(tag.created),
        "published_at": format_time(tag.published),
        "protected": tag.protected,
        "config_digest": tag.config_digest,
        "children": list(tag.children),
        "error": tag.error,
    }
