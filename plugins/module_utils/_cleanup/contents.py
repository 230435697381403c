# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Reading what the repositories of a plan hold: sizes and layers, which decide nothing."""

from __future__ import annotations

import typing as t

from .._core.budget import why_too_many
from .._core.errors import RequestError
from .._core.models import TagListing
from .._core.server import Mode
from .._gitlab.repositories import get_repository
from .._module.options import Gather
from .._module.registry import RegistryConnection
from .._registry.auth import TOKEN_SCOPES
from .._registry.image_cache import ImageCache
from .._tags.layers import with_layers
from .._tags.reader import TagReader
from .._usage.listings import unknown_notes
from .planning import CleanupPlan
from .refusals import deletion_requests
from .request import CleanupRequest
from .state import CleanupState


class Contents(t.NamedTuple):
    """What the repositories hold.

    Args:
        listings: the tags of each repository, with all that is known of them.
        notes: what is not known, one sentence each.
    """

    listings: tuple[TagListing, ...]
    notes: tuple[str, ...] = ()


def read_contents(
    connection: RegistryConnection,
    reader: TagReader,
    state: CleanupState,
    request: CleanupRequest,
    planned: CleanupPlan,
    images: ImageCache,
) -> Contents:
    """Read what was asked for besides what decides. What the plan needs to be carried out is left of max_requests.

    Args:
        connection: of the module.
        reader: with which the tags were read.
        state: what was observed.
        request: what was asked for.
        planned: what is going to be deleted.
        images: what is known of images; what is learned joins it.
    """
    found = Contents(state.listings)
    if Gather.SIZE in request.gather and state.capabilities.mode is not Mode.NO_DATABASE:
        found = _with_sizes(reader, state, planned, found)
    if Gather.LAYERS in request.gather:
        found = _with_layers(connection, reader, state, planned, found, images)
    return found


def _with_sizes(reader: TagReader, state: CleanupState, planned: CleanupPlan, found: Contents) -> Contents:
    asked = [listing.repository for listing in found.listings if not listing.error]
    if reason := _why_not(reader, state, planned, len(asked), "reading sizes"):
        return found._replace(notes=(*found.notes, f"Sizes of repositories could not be read: {reason}."))
    answers = reader.client.try_all(
        lambda repository: get_repository(reader.client, repository.id, size=True).size, asked
    )
    sizes = {repository.id: answer for repository, answer in zip(asked, answers)}
    failed = [
        (repository.path, str(answer)) for repository, answer in zip(asked, answers) if isinstance(answer, RequestError)
    ]
    listings = []
    for listing in found.listings:
        size = sizes.get(listing.repository.id)
        known = None if isinstance(size, RequestError) else size
        listings.append(listing._replace(repository=listing.repository._replace(size=known)))
    return Contents(tuple(listings), (*found.notes, *unknown_notes("sizes", failed)))


def _with_layers(
    connection: RegistryConnection,
    reader: TagReader,
    state: CleanupState,
    planned: CleanupPlan,
    found: Contents,
    images: ImageCache,
) -> Contents:
    references = {(tag.digest or (each.repository.id, tag.name)) for each in found.listings for tag in each.tags}
    needed = sum(1 for each in references if not isinstance(each, str) or not _is_known(images, each))
    tokens = -(-len(found.listings) // TOKEN_SCOPES) if needed else 0
    if reason := _why_not(reader, state, planned, needed + tokens, "reading layers"):
        return found._replace(notes=(*found.notes, f"Layers could not be read: {reason}."))
    repositories = [each.repository for each in found.listings]
    listings = tuple(with_layers(reader, found.listings, repositories, connection.registry, images))
    unknown = [(each.repository.path, each.blobs.why_unknown) for each in listings if each.blobs]
    return Contents(listings, (*found.notes, *unknown_notes("layers", [each for each in unknown if each[1]])))


def _is_known(images: ImageCache, digest: str) -> bool:
    image = images.get(digest)
    return image is not None and image.blobs is not None


def _why_not(reader: TagReader, state: CleanupState, planned: CleanupPlan, needed: int, what: str) -> str | None:
    """Why something is not read: it would take requests that carrying out the plan needs."""
    method, client = state.delete_method, reader.client
    if not method.is_bulk:
        parts = [planned.deletions_of(part) for part in planned.plan.repositories]
        needed += deletion_requests(parts, method, by_page=state.capabilities.pages_by_cursor)
    most = client.settings.max_requests
    return why_too_many(needed=needed, sent=client.requests_sent, most=most, what=f"{what} and carrying out the plan")
