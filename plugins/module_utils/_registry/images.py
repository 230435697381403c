# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What there is to know of an image: its manifest, its date, and the images of an index."""

from __future__ import annotations

from .._core.oci import Descriptor, Image, Manifest, build_date, image_of, index_of
from .api import not_found, read_blob, read_manifest
from .auth import Registry

# An index of indexes of indexes is no image that anybody builds.
_DEEPEST = 3


def read_image(registry: Registry, path: str, name: str) -> Image | None:
    """What there is to know of the image behind a tag or a digest; None for a 404.

    A digest of which all is known is not read. A tag's manifest comes with its digest, in the one request that its
    digest alone would take: more is read only if nothing is known of that.
    """
    known = registry.images.get(name) if ":" in name else None
    if known and known.dated:
        return known
    manifest = read_manifest(registry, path, name)
    return _image(registry, path, manifest, 1) if manifest else None


def read_undated_image(registry: Registry, path: str, reference: str) -> Image | None:
    """What a manifest by tag or digest says of itself, without its date; None for a 404."""
    known = registry.images.get(reference) if ":" in reference else None
    manifest = None if known else read_manifest(registry, path, reference)
    if manifest is None:
        return known
    return index_of(manifest, []) if manifest.is_index else image_of(manifest, None)


def _image(registry: Registry, path: str, manifest: Manifest, depth: int) -> Image:
    known = registry.images.get(manifest.digest)
    if known and known.dated:
        return known
    if manifest.is_index:
        image = index_of(manifest, [_child(registry, path, child, depth) for child in manifest.images])
    else:
        config = manifest.dated_config
        image = image_of(manifest, build_date(read_blob(registry, path, config)) if config else None)
    registry.images.add(image)
    return image


def _child(registry: Registry, path: str, child: Descriptor, depth: int) -> Image:
    known = registry.images.get(child.digest)
    if known and known.dated:
        return known
    manifest = read_manifest(registry, path, child.digest) if depth < _DEEPEST else None
    if manifest is None:
        message = "an image of the index is not there" if depth < _DEEPEST else "indexes stand in indexes without end"
        raise not_found(path, child.digest, message)
    return _image(registry, path, manifest, depth + 1)
