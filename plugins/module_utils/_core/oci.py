# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Manifests, and what they tell about images: date, size and what belongs to them.

https://github.com/opencontainers/image-spec and https://distribution.github.io/distribution/spec/manifest-v2-2/
"""

from __future__ import annotations

import hashlib
import json
import re
import typing as t
from datetime import datetime

from .models import OLDEST_CREDIBLE, Tag, format_time, known_sum, parse_time
from .numbers import amount

OCI_IMAGE = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_IMAGE = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
IMAGES = (OCI_IMAGE, DOCKER_IMAGE)
INDEXES = (OCI_INDEX, DOCKER_LIST)

# Only these configs hold the date of a build.
_IMAGE_CONFIGS = ("application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json")
# A config is a few kilobytes; nobody makes us read what claims to be one and is huge.
LARGEST_CONFIG = 8 * 1024 * 1024
# https://github.com/opencontainers/image-spec/blob/main/annotations.md
CREATED = "org.opencontainers.image.created"
# No duration or time is longer.
_LONGEST_VALUE = 64

DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}", re.ASCII)


_NO_JSON = object()


class ManifestError(Exception):
    """The bytes are no manifest that can be read with confidence; the text says why."""


class Descriptor(t.NamedTuple):
    """A reference from a manifest.

    Args:
        digest: of what is referred to.
        size: its bytes.
        media_type: what it is; empty if the entry does not say.
        attestation: it tells about an image and is none.
        elsewhere: it gives addresses where its bytes are, so that the registry need not keep them.
        restricted: it is not to be distributed, and the registry may have dropped it.
    """

    digest: str
    size: int
    media_type: str
    attestation: bool = False
    elsewhere: bool = False
    restricted: bool = False

    @property
    def is_manifest(self) -> bool:
        """Whether it is a manifest and no blob, if it says what it is."""
        return not self.media_type or self.media_type in IMAGES + INDEXES


class Manifest(t.NamedTuple):
    """A manifest as it is stored.

    Args:
        digest: of the body.
        media_type: of an image or an index.
        body: its very bytes.
        config: of an image; None for an index.
        layers: of an image; empty for an index.
        children: what an index holds; empty for an image.
        subject: the digest of the image that it says something of; None if it names none.
        annotations: what it says of itself, by name; the values can be anything.
    """

    digest: str
    media_type: str
    body: bytes
    config: Descriptor | None = None
    layers: tuple[Descriptor, ...] = ()
    children: tuple[Descriptor, ...] = ()
    subject: str | None = None
    annotations: tuple[tuple[str, t.Any], ...] = ()

    @property
    def is_index(self) -> bool:
        return self.media_type in INDEXES

    @property
    def manifests(self) -> list[Descriptor]:
        """The children that are manifests. An index by which BuildKit keeps a cache holds blobs alone."""
        return [child for child in self.children if child.is_manifest]

    @property
    def images(self) -> list[Descriptor]:
        """The children that are images."""
        return [child for child in self.manifests if not child.attestation]

    @property
    def blobs(self) -> list[Descriptor]:
        """The blobs that it refers to itself, each once."""
        inside = [child for child in self.children if not child.is_manifest]
        found = [*([self.config] if self.config else []), *self.layers, *inside]
        return list({blob.digest: blob for blob in found}.values())

    @property
    def has_image_config(self) -> bool:
        """Whether its config is that of an image, which holds the date of the build and the labels."""
        return self.config is not None and self.config.media_type in _IMAGE_CONFIGS

    @property
    def dated_config(self) -> Descriptor | None:
        """The config that holds the date of the build, where there is one that can be read."""
        config = self.config
        return config if config and self.has_image_config and config.size <= LARGEST_CONFIG else None


class ImageContents(t.NamedTuple):
    """What an image is made of besides its own manifest.

    Args:
        manifests: those that it holds, each after what it holds itself.
        blobs: of all of them, each once.
    """

    manifests: tuple[Manifest, ...] = ()
    blobs: tuple[Descriptor, ...] = ()


class Image(t.NamedTuple):
    """What is known of an image by its digest, which never changes; None is unknown.

    Args:
        digest: of its manifest.
        media_type: of its manifest.
        created: when it was built, by its config, or by itself if it has none that says it; of an index when its newest
            image was.
        size: bytes of the manifest, the config and the layers; of an index of the manifest and all its images.
        config_digest: of the image's config; None for an index.
        children: digests of all that an index holds.
        subject: the digest of the image that it says something of; None if it names none.
        blobs: what the registry stores for it, by digest with its bytes; of an index without that of its images.
        dated: whether the date was looked for.
        labels: the values of labels and annotations, by name: those that were looked for.
    """

    digest: str
    media_type: str
    created: datetime | None = None
    size: int | None = None
    config_digest: str | None = None
    children: tuple[str, ...] = ()
    subject: str | None = None
    blobs: tuple[tuple[str, int], ...] | None = None
    dated: bool = True
    labels: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def child_manifests(self) -> list[str]:
        """Digests of the manifests that an index whose blobs are known holds."""
        own = dict(self.blobs or ())
        return [digest for digest in self.children if digest not in own]


def digest_of(body: bytes, algorithm: str = "sha256") -> str:
    return f"{algorithm}:{hashlib.new(algorithm, body).hexdigest()}"


def is_content_of(body: bytes, digest: str) -> bool:
    """Whether a digest in one of the two registered algorithms is the one of these bytes."""
    return DIGEST.fullmatch(digest) is not None and digest_of(body, digest.partition(":")[0]) == digest


def _json(body: bytes) -> t.Any:
    """Whoever pushes an image writes this: brackets without end are no reason to fail."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return _NO_JSON


def parse_manifest(body: bytes, media_type: str, digest: str) -> Manifest:
    """The manifest of a body whose digest was checked.

    Raises:
        ManifestError: it is no manifest, or of a type that is not known here.
    """
    row = _json(body)
    if row is _NO_JSON:
        raise ManifestError("the manifest is not JSON")
    if not isinstance(row, dict):
        raise ManifestError("the manifest is not an object")
    # The same bytes read as something else than they say could be two images at once.
    if row.get("mediaType") not in (None, media_type):
        raise ManifestError(f"the manifest came as {media_type} and calls itself {row['mediaType']}")
    subject = _descriptor(row["subject"]).digest if row.get("subject") is not None else None
    notes = tuple(_mapping(row.get("annotations")).items())
    if media_type in INDEXES:
        children = _descriptors(row, "manifests")
        return Manifest(digest, media_type, body=body, children=children, subject=subject, annotations=notes)
    if media_type not in IMAGES:
        raise ManifestError(f"manifests of type {media_type or 'none'} are not known here")
    config, layers = _descriptor(row.get("config")), _descriptors(row, "layers")
    return Manifest(digest, media_type, body=body, config=config, layers=layers, subject=subject, annotations=notes)


def _mapping(value: t.Any) -> dict[str, t.Any]:
    return value if isinstance(value, dict) else {}


def _descriptors(row: dict[str, t.Any], name: str) -> tuple[Descriptor, ...]:
    found = row.get(name)
    if not isinstance(found, list):
        raise ManifestError(f"the manifest has no list of {name}")
    return tuple(_descriptor(item) for item in found)


def _descriptor(row: t.Any) -> Descriptor:
    if not isinstance(row, dict) or not DIGEST.fullmatch(str(row.get("digest"))):
        raise ManifestError("the manifest refers to something without a digest")
    size = amount(row.get("size"))
    if size is None:
        raise ManifestError("the manifest refers to something without a size")
    notes = _mapping(row.get("annotations"))
    media_type = str(row.get("mediaType", ""))
    return Descriptor(
        digest=row["digest"],
        size=size,
        media_type=media_type,
        # https://docs.docker.com/build/metadata/attestations/attestation-storage/
        attestation=notes.get("vnd.docker.reference.type") == "attestation-manifest",
        elsewhere=bool(row.get("urls")),
        restricted="nondistributable" in media_type or ".foreign." in media_type,
    )


def build_date(manifest: Manifest, config: bytes | None) -> datetime | None:
    """When an image was built; None if that can't be told.

    An artifact, or an image whose config has no date, is as old as it says itself. Other dates stand above that.
    """
    row = _config_row(config)
    if manifest.has_image_config and (row is None or row.get("created") is not None):
        return parse_time(row.get("created")) if row else None
    return _stated_date(_values_of(CREATED, manifest, row))


def _config_row(config: bytes | None) -> dict[str, t.Any] | None:
    row = _json(config) if config is not None else None
    return row if isinstance(row, dict) else None


def _stated_date(values: t.Sequence[str]) -> datetime | None:
    """The newest of the dates that an image says of itself; None if one of them can't be meant."""
    dates = [parse_time(value) for value in values]
    known = [date for date in dates if date and date >= OLDEST_CREDIBLE]
    return max(known) if known and len(known) == len(dates) else None


def _values_of(name: str, manifest: Manifest, config: t.Mapping[str, t.Any] | None) -> tuple[str, ...]:
    """What a manifest and its config say under a name; what is no text, or too long to be meant, is empty."""
    labels = _mapping(_mapping(config.get("config") if config else None).get("Labels"))
    found = [place[name] for place in (dict(manifest.annotations), labels) if name in place]
    if manifest.has_image_config and config is None:
        # What could not be read may hold it.
        found.append(None)
    return tuple(value if isinstance(value, str) and len(value) <= _LONGEST_VALUE else "" for value in found)


def image_of(manifest: Manifest, config: bytes | None = None, labels: t.Iterable[str] = ()) -> Image:
    """The image of a manifest that is no index.

    Args:
        manifest: of the image.
        config: the bytes of its dated_config; None if they were not read, or if it has none.
        labels: the names of the labels and annotations whose values are needed.
    """
    described, row = manifest.config, _config_row(config)
    is_read = config is not None or manifest.dated_config is None
    return Image(
        manifest.digest,
        manifest.media_type,
        created=build_date(manifest, config),
        dated=is_read,
        labels=tuple((name, _values_of(name, manifest, row)) for name in sorted(labels)) if is_read else (),
        size=_own_size(manifest),
        config_digest=described.digest if described else None,
        subject=manifest.subject,
        blobs=_stored_blobs(manifest),
    )


def _stored_blobs(manifest: Manifest) -> tuple[tuple[str, int], ...]:
    """What a registry stores for a manifest: itself and its blobs, but not those that are kept at other addresses.

    distribution: registry/storage/ocimanifesthandler.go and schema2manifesthandler.go.
    """
    kept_here = [blob for blob in manifest.blobs if not blob.elsewhere]
    return ((manifest.digest, len(manifest.body)), *((blob.digest, blob.size) for blob in kept_here))


def _own_size(manifest: Manifest) -> int:
    """What GitLab's registry counts of an image, too: TotalSize in its manifest/ocischema."""
    parts = [*([manifest.config] if manifest.config else []), *manifest.layers]
    return len(manifest.body) + sum(part.size for part in parts)


def index_of(manifest: Manifest, images: t.Sequence[Image], labels: t.Iterable[str] = ()) -> Image:
    """The index of these images. One without a date leaves the whole without: it may be the newest.

    If none of them has a date, the index is as old as it says itself. If not all of its images are given, neither its
    size nor its date is known.

    Args:
        manifest: of the index.
        images: its images, whose labels were looked for.
        labels: the names of the labels and annotations whose values are needed.
    """
    blobs = [child.size for child in manifest.children if not child.is_manifest]
    is_whole = len(images) == len(manifest.images)
    sizes = [image.size for image in images] if is_whole else [None]
    found = {name: _values_of_index(name, manifest, images) for name in sorted(labels)} if is_whole else {}
    return Image(
        manifest.digest,
        manifest.media_type,
        created=_date_of_index(manifest, images) if is_whole else None,
        labels=tuple((name, values) for name, values in found.items() if values is not None),
        size=known_sum([len(manifest.body), *blobs, *sizes]),
        children=tuple(child.digest for child in manifest.children),
        subject=manifest.subject,
        blobs=_stored_blobs(manifest),
        dated=all(image.dated for image in images),
    )


def _date_of_index(manifest: Manifest, images: t.Sequence[Image]) -> datetime | None:
    dates = [image.created for image in images]
    known = [date for date in dates if date]
    if known or not all(image.dated for image in images):
        return max(known) if known and len(known) == len(dates) else None
    return _stated_date(_values_of(CREATED, manifest, None))


def _values_of_index(name: str, manifest: Manifest, images: t.Sequence[Image]) -> tuple[str, ...] | None:
    """What an index and all its images say under a name; None if that is not known.

    Unless the index says it itself, it counts only if every one of its images does.
    """
    own = _values_of(name, manifest, None)
    found = [dict(image.labels).get(name) for image in images]
    values = [each for each in found if each is not None]
    if len(values) < len(found):
        return None
    if not own and not all(values):
        return ()
    return tuple(dict.fromkeys((*own, *(value for each in values for value in each))))


def is_opaque(tag: Tag) -> bool:
    """Whether a tag may hold an image of which nothing is known."""
    return tag.digest is None or tag.media_type is None or (tag.media_type in INDEXES and not tag.children)


def row_of(image: Image) -> dict[str, t.Any]:
    """An image for a file: nothing in it tells whose it is or where."""
    return {
        "digest": image.digest,
        "media_type": image.media_type,
        "created": format_time(image.created),
        "size": image.size,
        "config_digest": image.config_digest,
        "children": list(image.children),
        "subject": image.subject,
        "blobs": None if image.blobs is None else [list(blob) for blob in image.blobs],
        "dated": image.dated,
        "labels": {name: list(values) for name, values in image.labels},
    }


def image_in(row: t.Any) -> Image | None:
    """The image of a row; None where anything in it is not as row_of writes it. Some rows have no blobs."""
    if not isinstance(row, dict) or not isinstance(row.get("children"), list) or "subject" not in row:
        return None
    created, size, config, subject = row.get("created"), row.get("size"), row.get("config_digest"), row["subject"]
    digests = [row.get("digest"), *row["children"], *(digest for digest in (config, subject) if digest is not None)]
    if not all(isinstance(digest, str) and DIGEST.fullmatch(digest) for digest in digests):
        return None
    if row.get("media_type") not in IMAGES + INDEXES or (created is not None and parse_time(created) is None):
        return None
    if size is not None and amount(size) is None:
        return None
    blobs, dated = row.get("blobs"), row.get("dated", True)
    if not isinstance(dated, bool) or not (blobs is None or (isinstance(blobs, list) and all(map(_is_blob, blobs)))):
        return None
    labels = row.get("labels", {})
    if not isinstance(labels, dict) or not all(map(_are_values, labels.values())):
        return None
    return Image(
        row["digest"],
        row["media_type"],
        created=parse_time(created),
        size=size,
        config_digest=config,
        children=tuple(row["children"]),
        subject=subject,
        blobs=None if blobs is None else tuple((digest, number) for digest, number in blobs),
        dated=dated,
        labels=tuple((name, tuple(values)) for name, values in labels.items()),
    )


def _are_values(values: t.Any) -> bool:
    return isinstance(values, list) and all(isinstance(each, str) and len(each) <= _LONGEST_VALUE for each in values)


def _is_blob(row: t.Any) -> bool:
    if not isinstance(row, list) or len(row) != 2:
        return False
    digest, size = row
    return isinstance(digest, str) and DIGEST.fullmatch(digest) is not None and amount(size) is not None
