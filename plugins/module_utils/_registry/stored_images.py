# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What a registry stores for images: manifests, configs and layers, each by its digest."""

from __future__ import annotations

import typing as t

from .._core.errors import RequestError
from .._core.oci import Image, Manifest, image_of, index_of
from .api import not_found, read_manifest
from .auth import Registry

# An index of indexes of indexes is no image that anybody builds.
_DEEPEST = 3


class ImagePlace(t.NamedTuple):
    """Where an image is.

    Args:
        path: of the repository.
        reference: a tag or a digest.
    """

    path: str
    reference: str


class StoredImage(t.NamedTuple):
    """An image with all that is stored for it.

    Args:
        image: the image.
        blobs: of the image and of all that it holds, by digest with their bytes.
    """

    image: Image
    blobs: t.Mapping[str, int]


# What is known of a manifest: itself, what is remembered of it, or why it could not be read.
_Found = t.Union[Manifest, Image, RequestError]


def read_stored_images(
    registry: Registry, places: t.Sequence[ImagePlace]
) -> dict[ImagePlace, StoredImage | RequestError]:
    """What is stored for images, or why it is not known.

    A manifest that is not remembered takes a request, however many images hold it.
    """
    digests: dict[ImagePlace, str] = {}
    found: dict[str, _Found] = {}
    wave = list(dict.fromkeys(places))
    for _depth in range(_DEEPEST):
        answers = registry.gitlab.try_all(lambda place: _look_up(registry, place), wave)
        for place, answer in zip(wave, answers):
            digests[place] = place.reference if isinstance(answer, RequestError) else answer.digest
            found[digests[place]] = answer
        children = {child: place.path for place in wave for child in _children(found[digests[place]])}
        wave = [ImagePlace(path, child) for child, path in children.items() if child not in found]
    known: dict[str, StoredImage | RequestError] = {}
    return {place: _stored(registry, place.path, digests[place], found, known) for place in places}


def _look_up(registry: Registry, place: ImagePlace) -> Manifest | Image:
    remembered = registry.images.get(place.reference) if ":" in place.reference else None
    if remembered and remembered.blobs is not None:
        return remembered
    manifest = read_manifest(registry, place.path, place.reference)
    if manifest is None:
        raise not_found(place.path, place.reference, "it is not there")
    return manifest


def _children(found: _Found) -> list[str]:
    """Digests of the manifests that a manifest holds."""
    if isinstance(found, Manifest):
        return [child.digest for child in found.manifests]
    return found.child_manifests if isinstance(found, Image) else []


def _stored(
    registry: Registry,
    path: str,
    digest: str,
    found: t.Mapping[str, _Found],
    known: dict[str, StoredImage | RequestError],
) -> StoredImage | RequestError:
    """What is stored for a digest; joins what is known."""
    if digest not in known:
        known[digest] = _put_together(registry, path, digest, found, known)
    return known[digest]


def _put_together(
    registry: Registry,
    path: str,
    digest: str,
    found: t.Mapping[str, _Found],
    known: dict[str, StoredImage | RequestError],
) -> StoredImage | RequestError:
    own = found.get(digest)
    if own is None:
        return not_found(path, digest, "indexes contain each other without end")
    if isinstance(own, RequestError):
        return own
    children: dict[str, StoredImage] = {}
    for each in _children(own):
        child = _stored(registry, path, each, found, known)
        if isinstance(child, RequestError):
            return child
        children[each] = child
    image = own if isinstance(own, Image) else _learned(registry, own, children)
    blobs = dict(image.blobs or ())
    for child in children.values():
        blobs.update(child.blobs)
    return StoredImage(image, blobs)


def _learned(registry: Registry, manifest: Manifest, children: t.Mapping[str, StoredImage]) -> Image:
    """The image of a manifest, which is remembered with the date that is known already."""
    if manifest.is_index:
        image = index_of(manifest, [children[child.digest].image for child in manifest.images])
    else:
        image = image_of(manifest)
    remembered = registry.images.get(manifest.digest)
    if remembered and remembered.dated:
        image = remembered._replace(blobs=image.blobs)
    registry.images.add(image)
    return image
