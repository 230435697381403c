# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Finding out whether deleting a tag leaves other tags of its image alone, and else which tags share an image."""

from __future__ import annotations

from .._core.errors import RequestError, UsageError
from .._core.models import Repository, TagListing
from .._core.server import Mode
from .._deletion.host import is_proven_to_delete_by_name, proves_to_delete_by_name
from .._registry.auth import RegistrySettings, registry_of
from .._tags.query import TagQuery
from .._tags.reader import TagReader, united
from .planning import plan_cleanup
from .request import CleanupRequest
from .state import CleanupState


def with_shared_digests(
    reader: TagReader, state: CleanupState, request: CleanupRequest, settings: RegistrySettings
) -> CleanupState:
    """The state, with whether the registry is known to delete by name.

    It takes nothing where a metadata database proves it or nothing is to be deleted. Else the registry is asked once.
    If it proves nothing, the digests of all tags are read in the repositories that tags are deleted from.

    Args:
        reader: of the tags.
        state: what was observed.
        request: what is asked for.
        settings: how to reach the registry, which nothing is read from for a bulk deletion.
    """
    if state.capabilities.mode is Mode.DATABASE:
        return state
    going = [part.repository for part in plan_cleanup(state, request).plan.repositories if part.deletions]
    if not going:
        return state
    if is_proven_to_delete_by_name(reader, going[0].path) or (
        state.delete_method.is_bulk and _proves_in_bulk(reader, settings, going[0])
    ):
        return state._replace(sent=reader.client.requests_sent)
    listings = _with_digests(reader, state.listings, going)
    return state._replace(listings=listings, deletes_by_name=False, sent=reader.client.requests_sent)


def _proves_in_bulk(reader: TagReader, settings: RegistrySettings, repository: Repository) -> bool:
    """Whether the registry that a bulk deletion deletes in proves that it deletes by name."""
    try:
        registry = registry_of(reader.client, settings, repository.location)
    except (UsageError, RequestError):
        return False
    return proves_to_delete_by_name(registry, repository.path)


def _with_digests(
    reader: TagReader, listings: tuple[TagListing, ...], repositories: list[Repository]
) -> tuple[TagListing, ...]:
    """The listings, with the digests of all tags of some repositories.

    These are listed once more for it, and a tag that the first listing lacked joins them.
    """
    known = {
        listing.repository.id: {tag.name for tag in listing.tags if tag.digest or tag.details_read}
        for listing in listings
        if not listing.error
    }
    wanted = [repository for repository in repositories if repository.id in known]
    query = TagQuery(
        details=True,
        dates=False,
        wanted=lambda listing: [name for name in listing.names if name not in known[listing.repository.id]],
    )
    found = {listing.repository.id: listing for listing in reader.read(wanted, query)}
    return tuple(_merged(listing, found.get(listing.repository.id)) for listing in listings)


def _merged(listing: TagListing, found: TagListing | None) -> TagListing:
    """The listing with what was found of tags of which the names alone were known, or not even these."""
    if found is None:
        return listing
    if found.error:
        return found
    tags = {tag.name: tag for tag in found.tags if tag.details_read or tag.error}
    kept = [tag if tag.details_read else tags.get(tag.name, tag) for tag in listing.tags]
    return united(listing._replace(tags=tuple(kept)), found)
