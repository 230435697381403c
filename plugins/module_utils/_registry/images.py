# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What there is to know of an image: its manifest, its date, and the images of an index."""

from __future__ import annotations

import typing as t

from .._core.oci import Descriptor, Image, Manifest, image_of, index_of
from .api import not_found, read_blob, read_manifest
from .auth import Registry

# An index of indexes of indexes is no image that anybody builds.
_DEEPEST = 3


def read_image(registry: Registry, path: str, name: str, *, labels: bool = False) -> Image | None:
    """What there is to know of the image behind a tag or a digest; None for a 404.

    A digest of which all is known is not read. A tag's manifest comes with its digest, in the one request that its
    digest alone would take: more is read only if nothing is known of that.

    Args:
        registry: that has the image.
        path: of the repository.
        name: the tag or the digest.
        labels: whether the labels that the task needs have to be known too. What is read for another reason tells
            them besides.
    """
    needed = registry.images.labels if labels else ()
    known = _known(registry, name, needed) if ":" in name else None
    if known:
        return known
    manifest = read_manifest(registry, path, name)
    return _image(registry, path, manifest, needed, 1) if manifest else None


def read_undated_image(registry: Registry, path: str, reference: str) -> Image | None:
    """What a manifest by tag or digest says of itself, without its date; None for a 404."""
    known = registry.images.get(reference) if ":" in reference else None
    manifest = None if known else read_manifest(registry, path, reference)
    if manifest is None:
        return known
    return index_of(manifest, []) if manifest.is_index else image_of(manifest)


def _known(registry: Registry, digest: str, labels: t.Collection[str]) -> Image | None:
    """What is known of a digest, if it is all that is needed."""
    known = registry.images.get(digest)
    return known if known and known.dated and {*labels} <= dict(known.labels).keys() else None


def _image(registry: Registry, path: str, manifest: Manifest, labels: t.Collection[str], depth: int) -> Image:
    known = _known(registry, manifest.digest, labels)
    if known:
        return known
    wanted = registry.images.labels
    if manifest.is_index:
        children = [_child(registry, path, child, labels, depth) for child in manifest.images]
        image = index_of(manifest, children, wanted)
    else:
        config = manifest.dated_config
        image = image_of(manifest, read_blob(registry, path, config) if config else None, wanted)
    registry.images.add(image)
    return image


def _child(registry: Registry, path: str, child: Descriptor, labels: t.Collection[str], depth: int) -> Image:
    known = _known(registry, child.digest, labels)
    if known:
        return known
    manifest = read_manifest(registry, path, child.digest) if depth < _DEEPEST else None
    if manifest is None:
        message = (
            "an image of the index does not exist" if depth < _DEEPEST else "indexes contain each other without end"
        )
        raise not_found(path, child.digest, message)
    return _image(registry, path, manifest, labels, depth + 1)
