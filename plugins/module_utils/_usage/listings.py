# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The numbers of a repository, from what was read of it. Pure."""

from __future__ import annotations

import typing as t
from datetime import datetime

from .._core.models import Repository, Tag, TagListing
from .._core.oci import INDEXES
from .._core.words import counted
from .._rules.dates import judged_date
from .._rules.decision import DateSource
from .figures import (
    BytesMethod,
    CountedTag,
    Figures,
    FreedBytes,
    RepositoryBlobs,
    combined_figures,
    repository_blobs,
    repository_figures,
)


class RepositoryUsage(t.NamedTuple):
    """The numbers of a repository.

    Args:
        figures: the numbers.
        blobs: what it holds; None if what one image holds is not known.
    """

    figures: Figures
    blobs: RepositoryBlobs | None = None


def shown_date(tag: Tag, source: DateSource) -> datetime | None:
    """The date of a tag that is shown, and that its age is told by."""
    return judged_date(tag, source, None)


def repository_usage(
    repository: Repository,
    listing: TagListing | None,
    *,
    source: DateSource,
    clock: datetime | None,
    deleted: t.Collection[str] | None = None,
) -> RepositoryUsage:
    """The numbers of a repository.

    Args:
        repository: with what GitLab tells of it.
        listing: its tags; None if they were not read.
        source: what the dates of tags are.
        clock: the server's time.
        deleted: names of the tags that a plan deletes; None without a plan.
    """
    planned = deleted is not None
    if listing is None or listing.error:
        return RepositoryUsage(_unlisted_figures(repository, planned=planned))
    tags = [
        CountedTag(
            tag.digest,
            tag.size,
            date=shown_date(tag, source),
            delete=tag.name in (deleted or ()),
            is_index=bool(tag.children) or tag.media_type in INDEXES,
        )
        for tag in listing.tags
    ]
    blobs = repository_blobs(tags, listing.blobs.by_digest) if listing.blobs else None
    figures = repository_figures(tags, clock=clock, size=repository.size, blobs=blobs, planned=planned)
    if source is DateSource.NONE:
        figures = figures._replace(tags_by_age=None, bytes_by_age=None)
    return RepositoryUsage(figures, blobs)


def total_usage(usages: t.Collection[RepositoryUsage]) -> Figures:
    """The numbers of all repositories together."""
    return combined_figures([each.figures for each in usages], [each.blobs for each in usages])


def unknown_notes(what: str, unknown: t.Sequence[tuple[str, str]]) -> list[str]:
    """What is said of repositories of which something is not known, one sentence; none if there are no such ones.

    Args:
        what: is not known, layers or sizes.
        unknown: their paths, each with the reason.
    """
    if not unknown:
        return []
    path, reason = unknown[0]
    which = f"{counted(len(unknown), 'repository', 'repositories')}, first of {path}," if len(unknown) > 1 else path
    return [f"The {what} of {which} are unknown, and bytes are calculated without them: {reason.rstrip('.')}."]


def _unlisted_figures(repository: Repository, *, planned: bool) -> Figures:
    """The numbers of a repository whose tags were not read, of which a plan deletes none."""
    return Figures(
        tags=repository.tags_count,
        bytes=repository.size,
        bytes_method=BytesMethod.UNKNOWN if repository.size is None else BytesMethod.GITLAB,
        delete=0 if planned else None,
        freed=FreedBytes(0, 0) if planned else FreedBytes(None, None),
    )
