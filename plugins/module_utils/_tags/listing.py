# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Listing the names of a repository's tags, by GitLab or by the registry itself."""

from __future__ import annotations

from .._core.errors import RequestError
from .._core.models import Repository, Tag, TagListing
from .._core.server import Mode, ServerCapabilities
from .._gitlab.tags import LISTING_CAP, tag_names_keyset, tag_names_offset
from .._http.client import Client
from .._http.retry import RetryPolicy
from .._registry.api import tag_names
from .._registry.auth import Registry


def list_by_gitlab(
    client: Client, capabilities: ServerCapabilities, registry: Registry | None, repository: Repository
) -> TagListing:
    """The names that GitLab lists.

    Without a metadata database GitLab lists no more than LISTING_CAP names. The registry itself then lists all of
    them, if it can be asked.
    """
    try:
        if capabilities.lists_by_keyset:
            names = tag_names_keyset(client, repository)
        else:
            names = tag_names_offset(client, repository)
    except RequestError as error:
        return TagListing(repository, error=error)
    capped = capabilities.mode is not Mode.DATABASE and len(names) == LISTING_CAP
    if capped and registry:
        listing = list_by_registry(registry, repository, RetryPolicy.NEVER)
        if listing.complete and set(names) <= set(listing.names):
            return listing
    return TagListing(repository, tuple(Tag(name) for name in sorted(names)), complete=bool(names) and not capped)


def list_by_registry(
    registry: Registry, repository: Repository, retry: RetryPolicy = RetryPolicy.IDEMPOTENT
) -> TagListing:
    """The names that the registry itself lists.

    A repository that the registry does not know may be empty, or the registry may have lost its storage.
    """
    try:
        names = tag_names(registry, repository.path, retry=retry)
    except RequestError as error:
        return TagListing(repository, error=error)
    known = names is not None
    return TagListing(
        repository,
        tuple(Tag(name) for name in sorted(names or ())),
        complete=known,
        authoritative=known,
        repository_unknown=not known,
    )
