# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The bytes of images: manifests, configs and layers that follow from an ImageSpec, the same in every run."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from .dates import iso

IMAGE = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_IMAGE = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
INDEXES = (INDEX, DOCKER_LIST)

CONFIG = "application/vnd.oci.image.config.v1+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
CONFIGS = (CONFIG, DOCKER_CONFIG)
EMPTY_CONFIG = "application/vnd.oci.empty.v1+json"
ARTIFACT = "application/vnd.cncf.helm.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
ATTESTATION = "application/vnd.in-toto+json"
REFERENCE_TYPE = "vnd.docker.reference.type"
REFERENCE_DIGEST = "vnd.docker.reference.digest"
TITLE = "org.opencontainers.image.title"
UNKNOWN = "unknown/unknown"

# What is beyond this is made of layers of this size, all of them the same.
GIANT = 1 << 30
_CHUNK = bytes(1 << 20)
# The hash after so many chunks of zeros; what is large costs its hash once.
_AFTER_ZEROS = [hashlib.sha256()]
_encode = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class ImageSpec:
    """All that the bytes of an image follow from. label: what tells it from images that are alike otherwise.

    size: of its own layers. config: False for an artifact. attests: it says something of another image of its index.
    shared_layers: labels and bytes of layers that other images may have, too, which come before its own.
    labels, annotations: names and values. https://github.com/opencontainers/image-spec has labels in the config of an
    image alone, as config.Labels, and annotations in any manifest.
    """

    label: str
    media_type: str
    created: datetime | None
    size: int
    config: bool = True
    platform: str = "linux/amd64"
    attests: bool = False
    children: tuple[ImageSpec, ...] = ()
    shared_layers: tuple[tuple[str, int], ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    annotations: tuple[tuple[str, str], ...] = ()

    @property
    def layers_size(self) -> int:
        """Bytes of all its layers."""
        return self.size + sum(size for _label, size in self.shared_layers)


@dataclass(frozen=True, slots=True)
class Blob:
    """padding: zeros before its end."""

    digest: str
    padding: int
    end: bytes

    @property
    def size(self) -> int:
        return self.padding + len(self.end)

    @property
    def content(self) -> bytes:
        return bytes(self.padding) + self.end


@dataclass(frozen=True, slots=True)
class Document:
    """A manifest. digest: that of its content, unless a scenario made one up."""

    digest: str
    media_type: str
    content: bytes

    @property
    def parsed(self) -> Any:
        return json.loads(self.content)


@dataclass(frozen=True, slots=True)
class Image:
    """What belongs to one manifest. blobs: the config is the first. children: of an index."""

    manifest: Document
    blobs: tuple[Blob, ...]
    children: tuple[Image, ...] = ()

    @property
    def revision(self) -> str:
        """The digest of the config, of an index that of its first image, without the algorithm."""
        return (self.children or (self,))[0].blobs[0].digest.removeprefix("sha256:")

    @property
    def digests(self) -> list[str]:
        """Of everything in it."""
        inner = [digest for child in self.children for digest in child.digests]
        return [self.manifest.digest, *(blob.digest for blob in self.blobs), *inner]

    @property
    def all_layers(self) -> list[Blob]:
        """The layers in it, and in what an index holds."""
        return [*self.blobs[1:], *(layer for child in self.children for layer in child.all_layers)]


def digest_of(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def blob_of(content: bytes) -> Blob:
    return Blob(digest_of(content), 0, content)


def make(spec: ImageSpec) -> Image:
    """The image of a spec."""
    if spec.children:
        return _index(spec)
    docker = spec.media_type == DOCKER_IMAGE
    layers = _layers(spec)
    kind = ATTESTATION if spec.attests else DOCKER_LAYER if docker else LAYER
    manifest: dict[str, Any] = {"schemaVersion": 2, "mediaType": spec.media_type}
    if spec.config:
        config = blob_of(_config(spec, layers))
        described = _descriptor(DOCKER_CONFIG if docker else CONFIG, config.digest, config.size)
    else:
        config = blob_of(b"{}")
        manifest["artifactType"] = ARTIFACT
        described = _descriptor(EMPTY_CONFIG, config.digest, config.size)
    manifest |= {"config": described, "layers": [_descriptor(kind, layer.digest, layer.size) for layer in layers]}
    if not spec.config or spec.annotations:
        manifest["annotations"] = {TITLE: spec.label, **dict(spec.annotations)}
    return Image(_document(spec.media_type, manifest), (config, *layers))


def usual_children(parent: ImageSpec) -> tuple[ImageSpec, ...]:
    """What an index holds where nobody says so: two images, and in an OCI index an attestation of the first."""
    kind = DOCKER_IMAGE if parent.media_type == DOCKER_LIST else IMAGE
    half = parent.size // 2
    images: tuple[ImageSpec, ...] = (
        ImageSpec(child_label(parent, 0), kind, parent.created, parent.size - half),
        ImageSpec(child_label(parent, 1), kind, parent.created, half, platform="linux/arm64"),
    )
    images = tuple(replace(image, shared_layers=parent.shared_layers, labels=parent.labels) for image in images)
    if kind == DOCKER_IMAGE:
        return images
    return (*images, ImageSpec(child_label(parent, 2), kind, None, 500, platform=UNKNOWN, attests=True))


def child_label(parent: ImageSpec, number: int) -> str:
    """Of a child that has none of its own."""
    return f"{parent.label}#{number}"


def _descriptor(media_type: str, digest: str, size: int) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest, "size": size}


def _document(media_type: str, manifest: dict[str, Any]) -> Document:
    content = _encode(manifest).encode()
    return Document(digest_of(content), media_type, content)


def _config(spec: ImageSpec, layers: list[Blob]) -> bytes:
    system, _slash, rest = spec.platform.partition("/")
    architecture, _slash, variant = rest.partition("/")
    config: dict[str, Any] = {"architecture": architecture, "os": system}
    if variant:
        config["variant"] = variant
    if spec.created:
        config["created"] = iso(spec.created)
    config["config"] = {"Labels": {TITLE: spec.label, **dict(spec.labels)}}
    config["rootfs"] = {"type": "layers", "diff_ids": [layer.digest for layer in layers]}
    return _encode(config).encode()


def _layers(spec: ImageSpec) -> list[Blob]:
    """No archives of files: zeros, and at the end of the first layer what no other image has."""
    shared = [layer for label, size in spec.shared_layers for layer in _layers_of(label, size)]
    return shared + _layers_of(spec.label, spec.size)


def _layers_of(label: str, size: int) -> list[Blob]:
    giants, rest = divmod(size, GIANT)
    end = hashlib.sha256(label.encode()).hexdigest().encode()[:rest]
    first = [_layer(rest - len(end), end)] if rest else []
    return first + [_layer(GIANT, b"")] * giants if giants else first


def _layer(padding: int, end: bytes) -> Blob:
    chunks, rest = divmod(padding, len(_CHUNK))
    while len(_AFTER_ZEROS) <= chunks:
        following = _AFTER_ZEROS[-1].copy()
        following.update(_CHUNK)
        _AFTER_ZEROS.append(following)
    digest = _AFTER_ZEROS[chunks].copy()
    digest.update(bytes(rest) + end)
    return Blob("sha256:" + digest.hexdigest(), padding, end)


def _index(spec: ImageSpec) -> Image:
    """The first attestation is of the first image, the second of the second, as BuildKit writes them."""
    children = tuple(make(child) for child in spec.children)
    pairs = list(zip(spec.children, children, strict=True))
    images = [image for child, image in pairs if not child.attests]
    attested = iter(images)
    manifests = []
    for child, image in pairs:
        row = _descriptor(child.media_type, image.manifest.digest, len(image.manifest.content))
        if child.attests and images:
            subject = next(attested, images[-1]).manifest.digest
            row["annotations"] = {REFERENCE_DIGEST: subject, REFERENCE_TYPE: "attestation-manifest"}
        names = ("os", "architecture", "variant")
        row["platform"] = dict(zip(names, child.platform.split("/", 2), strict=False))
        manifests.append(row)
    manifest = {
        "schemaVersion": 2,
        "mediaType": spec.media_type,
        "manifests": manifests,
        "annotations": {TITLE: spec.label, **dict(spec.annotations)},
    }
    return Image(_document(spec.media_type, manifest), (), children)
