# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Reading what a prediction of GitLab's own cleanup needs of the tags."""

from __future__ import annotations

import typing as t

from .._core.models import Repository, ServerPolicy, TagListing
from .._core.server import ServerCapabilities, TagRules
from .._tags.query import TagQuery
from .._tags.reader import TagReader
from .prediction import Parameters, candidates
from .preview import parameters_of


def query_of(capabilities: ServerCapabilities, wanted: Parameters) -> TagQuery:
    """What has to be read of the tags for a prediction."""
    is_candidate = candidates(wanted)
    return TagQuery(
        details=wanted.need_dates or capabilities.tag_rules is not TagRules.NONE,
        all_details=wanted.need_dates,
        wanted=lambda listing: list(filter(is_candidate, listing.names)),
        protection=True,
    )


def read_for_policies(
    reader: TagReader,
    repositories: t.Sequence[Repository],
    policies: t.Mapping[int, ServerPolicy],
    when_read: t.Callable[[TagListing], None] = lambda listing: None,
) -> list[TagListing]:
    """What a preview needs of each repository whose project, by id, has a policy. when_read: as that of a TagQuery."""
    by_need: dict[Parameters, list[Repository]] = {}
    for repository in repositories:
        if repository.project_id in policies:
            by_need.setdefault(parameters_of(policies[repository.project_id]), []).append(repository)
    return [
        listing
        for wanted, group in by_need.items()
        for listing in reader.read(group, query_of(reader.capabilities, wanted)._replace(when_read=when_read))
    ]
