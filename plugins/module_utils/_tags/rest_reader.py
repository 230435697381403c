# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Reading tags by GitLab's REST interface."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._core.models import Repository, Tag, TagListing
from .._core.server import KEYSET_PAGE, ServerCapabilities
from .._gitlab import rest
from .._gitlab.tags import tag_detail
from .._http.client import Client
from .._registry.auth import Registry
from .details import (
    NO_DETAILS,
    CoveredNames,
    confirmations,
    confirmed,
    detail_or_error,
    read_each,
    read_one_by_one,
    with_sizes_of,
)
from .estimate import Estimate, estimate_of, known_counts, pages_of
from .listing import list_by_gitlab
from .query import TagQuery


@dataclass(frozen=True)
class RestReader:
    """Lists names, and then reads each wanted tag with a request of its own.

    Args:
        client: Of GitLab.
        capabilities: What the server can do.
        registry: The registry itself; None if it can't be asked.
        rules: The protection rules that are known apart from the tags.
    """

    client: Client
    capabilities: ServerCapabilities
    registry: Registry | None
    rules: CoveredNames

    def list_names(self, repository: Repository) -> TagListing:
        return list_by_gitlab(self.client, self.capabilities, self.registry, repository)

    def read(self, repositories: t.Sequence[Repository], query: TagQuery) -> t.Iterator[TagListing]:
        return confirmed(self.client, self.capabilities, self._read(repositories, query), query)

    def _read(self, repositories: t.Sequence[Repository], query: TagQuery) -> t.Iterator[TagListing]:
        return read_each(self, repositories, query, lambda repository: self._read_repository(repository, query))

    def _read_repository(self, repository: Repository, query: TagQuery) -> TagListing:
        listing = self.list_names(repository)
        wanted = query.wanted_in(listing)
        if not wanted:
            return listing
        return with_sizes_of(self.capabilities.mode, self._read_wanted(listing, wanted, query))

    def _read_wanted(self, listing: TagListing, wanted: t.Collection[str], query: TagQuery) -> TagListing:
        return read_one_by_one(self, listing, wanted, query)

    def read_detail(self, repository: Repository, name: str, *, dates: bool = True) -> Tag:
        return detail_or_error(name, lambda: tag_detail(self.client, repository, name), NO_DETAILS)

    def read_again(
        self, repository: Repository, names: t.Sequence[str], listed: t.Sequence[str]
    ) -> t.Mapping[str, Tag | None]:
        tags = self.client.parallel(lambda name: self.read_detail(repository, name), names)
        return {tag.name: tag for tag in tags}

    def estimate(self, counts: t.Sequence[int | None], query: TagQuery) -> Estimate:
        details = sum(known_counts(counts)) if query.details else 0
        besides = confirmations(self.capabilities, query) if any(counts) else 0
        return estimate_of(counts, self._listing_pages(counts) + details + besides)

    def _listing_pages(self, counts: t.Sequence[int | None]) -> int:
        """How many requests listing the names takes."""
        known = known_counts(counts)
        if self.capabilities.lists_by_keyset:
            return pages_of(known, KEYSET_PAGE)
        # All pages of a repository but the last are read twice.
        return 2 * pages_of(known, rest.PAGE) - len(known)
