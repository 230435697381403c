# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What the images of listed tags hold, which only the registry itself tells."""

from __future__ import annotations

import typing as t

from .._core.errors import RequestError, UsageError
from .._core.models import ImageBlobs, Repository, Tag, TagListing
from .._registry.auth import Registry, RegistrySettings, registry_of
from .._registry.image_cache import ImageCache
from .._registry.stored_images import ImagePlace, StoredImage, read_stored_images
from .details import chunks
from .reader import TagReader


def with_layers(
    reader: TagReader,
    listings: t.Iterable[TagListing],
    repositories: t.Sequence[Repository],
    settings: RegistrySettings,
    images: ImageCache,
) -> t.Iterator[TagListing]:
    """The listings as they come, with what their images hold, and digests and sizes that were not known.

    Each manifest is read once, by its digest if that is known and else by the tag. What can't be read is not known.

    Args:
        reader: with which the tags were listed.
        listings: the tags.
        repositories: all that are listed.
        settings: how to reach the registry.
        images: what is known of images; what is learned joins it.
    """
    registry = _registry(reader, repositories, settings, images)
    for chunk in chunks(listings):
        if isinstance(registry, str):
            yield from (each if each.error else each._replace(blobs=ImageBlobs({}, registry)) for each in chunk)
            continue
        found = _read(registry, [place for listing in chunk for place in _places(listing)])
        yield from (_with_blobs(listing, found) for listing in chunk)


def _registry(
    reader: TagReader, repositories: t.Sequence[Repository], settings: RegistrySettings, images: ImageCache
) -> Registry | str:
    """The registry itself, or why it can't be asked, a sentence without its end."""
    if reader.registry:
        return reader.registry
    if reader.capabilities.registry_unavailable_reason or not repositories:
        return reader.capabilities.registry_unavailable_reason or "there are no repositories"
    try:
        registry = registry_of(reader.client, settings, repositories[0].location, images)
    except (UsageError, RequestError) as error:
        return str(error)
    registry.prefetch_scopes([repository.path for repository in repositories])
    return registry


def _places(listing: TagListing) -> list[ImagePlace]:
    return [] if listing.error else [_place(listing, tag) for tag in listing.tags if not tag.error]


def _place(listing: TagListing, tag: Tag) -> ImagePlace:
    return ImagePlace(listing.repository.path, tag.digest or tag.name)


def _read(registry: Registry, places: t.Sequence[ImagePlace]) -> dict[ImagePlace, StoredImage | RequestError]:
    """What is stored for images. A digest that one repository does not give is looked for in the next one."""
    found: dict[ImagePlace, StoredImage | RequestError] = {}
    left = list(dict.fromkeys(places))
    while left:
        first: dict[str | ImagePlace, ImagePlace] = {}
        for place in left:
            first.setdefault(place.reference if ":" in place.reference else place, place)
        found.update(read_stored_images(registry, list(first.values())))
        others = [place for place in left if place not in found]
        same = {place: found[first[place.reference]] for place in others}
        # Trouble that may pass is that of the registry, which would be waited for as often as there are repositories.
        found.update((place, stored) for place, stored in same.items() if not _is_refusal(stored))
        left = [place for place in others if place not in found]
    return found


def _is_refusal(found: StoredImage | RequestError) -> bool:
    return isinstance(found, RequestError) and not found.kind.is_inconclusive


def _with_blobs(listing: TagListing, found: t.Mapping[ImagePlace, StoredImage | RequestError]) -> TagListing:
    if listing.error:
        return listing
    tags, blobs, reasons = [], {}, []
    for tag in listing.tags:
        stored = found.get(_place(listing, tag))
        if isinstance(stored, StoredImage):
            image = stored.image
            blobs[image.digest] = stored.blobs
            size = image.size if tag.size is None else tag.size
            tag = tag._replace(digest=image.digest, size=size, media_type=tag.media_type or image.media_type)
        else:
            reasons.append(str(stored) if stored else tag.error or "")
        tags.append(tag)
    return listing._replace(tags=tuple(tags), blobs=ImageBlobs(blobs, next(iter(reasons), "")))
