# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a repository's registry keeps by digest, whether or not a tag leads there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from .contents import INDEXES, Blob, Document, Image


class Source(Protocol):
    """A tag, from which an image can be made."""

    @property
    def digest(self) -> str: ...

    def contents(self) -> Image: ...


@dataclass
class Store:
    """manifests, blobs: what was pushed. uploads: what has come so far. gone: what was deleted by its digest.

    Images of tags that nobody pushed through the protocol are made when somebody asks for one of their digests.
    """

    manifests: dict[str, Document] = field(default_factory=dict)
    blobs: dict[str, Blob] = field(default_factory=dict)
    uploads: dict[str, bytes] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    _unread: list[Source] = field(default_factory=list)
    _sources: dict[str, Source] = field(default_factory=dict)
    _indexes: dict[str, Source] = field(default_factory=dict)

    def add(self, source: Source) -> None:
        """What a new tag leads to is there again, should it be gone."""
        if self.manifests and source.digest in self.manifests:
            return
        self._unread.append(source)
        if self.gone:
            self.gone.difference_update(source.contents().digests)

    def read(self, source: Source) -> Image:
        """The image of a tag, whose digests are known from now on."""
        image = source.contents()
        for digest in image.digests:
            self._sources.setdefault(digest, source)
        if image.children:
            self._indexes[image.manifest.digest] = source
        return image

    def manifest(self, digest: str) -> Document | None:
        if digest in self.gone:
            return None
        image = None if digest in self.manifests else self._image(digest)
        made = {item.manifest.digest: item.manifest for item in _within(image)}
        return self.manifests.get(digest) or made.get(digest)

    def blob(self, digest: str) -> Blob | None:
        if digest in self.gone:
            return None
        image = None if digest in self.blobs else self._image(digest)
        made = {blob.digest: blob for item in _within(image) for blob in item.blobs}
        return self.blobs.get(digest) or made.get(digest)

    def put_manifest(self, document: Document) -> None:
        self.manifests[document.digest] = document
        self.gone.discard(document.digest)

    def put_blob(self, blob: Blob) -> None:
        self.blobs[blob.digest] = blob
        self.gone.discard(blob.digest)

    def delete(self, digest: str) -> None:
        self.manifests.pop(digest, None)
        self.gone.add(digest)

    def is_referenced(self, digest: str) -> bool:
        """Whether an index that is still there holds this manifest."""
        self._read_all()
        made = (source.contents().manifest for source in self._indexes.values())
        documents = [*self.manifests.values(), *made]
        return any(
            document.media_type in INDEXES
            and document.digest not in self.gone
            and digest in (row["digest"] for row in children(document.parsed))
            for document in documents
        )

    def collect(self, tags: Iterable[Source]) -> None:
        """Forget what no tag leads to."""
        kept = list(tags)
        manifests: dict[str, Document] = {}
        blobs: dict[str, Blob] = {}
        waiting = [tag.digest for tag in kept if tag.digest in self.manifests]
        while waiting:
            digest = waiting.pop()
            document = self.manifest(digest)
            if document is None or digest in manifests:
                continue
            manifests[digest] = document
            parsed = document.parsed
            waiting += [row["digest"] for row in children(parsed)]
            found = (self.blob(row["digest"]) for row in parts(parsed))
            blobs |= {blob.digest: blob for blob in found if blob}
        self.manifests, self.blobs = manifests, blobs
        self._unread = [tag for tag in kept if tag.digest not in manifests]
        self._sources, self._indexes = {}, {}

    def _image(self, digest: str) -> Image | None:
        if digest not in self._sources:
            self._read_all()
        source = self._sources.get(digest)
        return source.contents() if source else None

    def _read_all(self) -> None:
        unread, self._unread = self._unread, []
        for source in unread:
            self.read(source)


def children(manifest: Any) -> list[dict[str, Any]]:
    """The manifests that a manifest refers to."""
    return list(manifest.get("manifests") or ())


def parts(manifest: Any) -> list[dict[str, Any]]:
    """The blobs that a manifest refers to, its config first."""
    return [*([manifest["config"]] if "config" in manifest else []), *(manifest.get("layers") or ())]


def _within(image: Image | None) -> Iterator[Image]:
    if image:
        yield image
        yield from image.children
