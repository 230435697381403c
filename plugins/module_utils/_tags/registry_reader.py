# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Reading tags by the registry's own protocol."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._core.models import Repository, Tag, TagListing
from .._core.server import ServerCapabilities
from .._http.client import Client
from .._registry import api
from .._registry.api import current_digest
from .._registry.auth import TOKEN_SCOPES, Registry
from .._registry.images import read_image
from .details import (
    NO_MANIFEST,
    CoveredNames,
    confirmations,
    confirmed,
    detail_or_error,
    manifest_facts,
    read_each,
    read_one_by_one,
)
from .estimate import Estimate, known_counts, pages_of
from .listing import list_by_registry
from .query import TagQuery


@dataclass(frozen=True)
class RegistryReader:
    """Lists names, and then reads the manifest and the config of each wanted image.

    Args:
        client: Of GitLab.
        capabilities: What the server can do.
        registry: The registry that is asked.
        rules: The protection rules that are known apart from the tags.
        prefetched: A listing that was read just before, which `read` takes instead of reading it again.
    """

    client: Client
    capabilities: ServerCapabilities
    registry: Registry
    rules: CoveredNames
    prefetched: TagListing | None = None

    def list_names(self, repository: Repository) -> TagListing:
        return list_by_registry(self.registry, repository)

    def read(self, repositories: t.Sequence[Repository], query: TagQuery) -> t.Iterator[TagListing]:
        found = read_each(self, repositories, query, lambda repository: self._read_repository(repository, query))
        return confirmed(self.client, self.capabilities, found, query)

    def _read_repository(self, repository: Repository, query: TagQuery) -> TagListing:
        known = self.prefetched if self.prefetched and self.prefetched.repository.id == repository.id else None
        listing = known or self.list_names(repository)
        wanted = query.wanted_in(listing)
        return read_one_by_one(self, listing, wanted, query) if wanted else listing

    def read_detail(self, repository: Repository, name: str, *, dates: bool = True) -> Tag:
        read = self._read_image if dates else self._read_digest
        return detail_or_error(name, lambda: read(repository, name), NO_MANIFEST)

    def _read_digest(self, repository: Repository, name: str) -> Tag | None:
        digest = current_digest(self.registry, repository.path, name)
        return Tag(name, digest=digest, details_read=True) if digest else None

    def _read_image(self, repository: Repository, name: str) -> Tag | None:
        image = read_image(self.registry, repository.path, name)
        if image is None:
            return None
        return Tag(name, created=image.created, size=image.size, details_read=True, **manifest_facts(image))

    def read_again(
        self, repository: Repository, names: t.Sequence[str], listed: t.Sequence[str]
    ) -> t.Mapping[str, Tag | None]:
        digests = self.client.parallel(lambda name: current_digest(self.registry, repository.path, name), names)
        return {name: Tag(name, digest=digest) if digest else None for name, digest in zip(names, digests)}

    def estimate(self, counts: t.Sequence[int | None], query: TagQuery) -> Estimate:
        known = known_counts(counts)
        listing = pages_of(known, api.PAGE) + -(-len(known) // TOKEN_SCOPES)
        if self.prefetched:
            # Its pages, and the token for them, are there already.
            listing -= pages_of([len(self.prefetched.tags)], api.PAGE) + 1
        elif self.capabilities.mode_is_proven:
            # The token with which the registry was asked what it is.
            listing -= 1
        each = sum(known) if query.details else 0
        confirming = confirmations(self.capabilities, query) if any(counts) else 0
        return Estimate(
            requests=confirming,
            # A manifest and a config for each image; its manifest alone if it is known from before.
            registry_requests=listing + 2 * each,
            tags=sum(known),
            uncounted=counts.count(None),
            least=confirming + listing + each,
        )
