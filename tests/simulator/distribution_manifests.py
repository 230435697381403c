# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manifests in the registry's own protocol, by tag and by digest."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from . import dates
from . import distribution_rules as tag_rules
from .answers import Answer
from .contents import CONFIGS, DOCKER_IMAGE, DOCKER_LIST, IMAGE, INDEX, INDEXES, Document, digest_of
from .distribution_call import DIGEST, Problem, RegistryCall, accepted, body_of
from .distribution_types import CACHE_CONFIG, FOREIGN_LAYER, LATER_TYPES, TYPES
from .state import State, Tag, Tags
from .store import Store, children, parts

# Docker's image is what a registry takes for granted that a client can read.
MOST_BYTES = 4 * 1024 * 1024
NEEDED = {IMAGE: "OCI manifest", INDEX: "OCI index"}


def get(call: RegistryCall) -> Answer:
    """What a client does not accept is hidden; of a Docker list it gets the image for linux/amd64."""
    document = _found(call)
    by_tag = not DIGEST.fullmatch(call.reference)
    accept = {part.partition(";")[0].strip() for part in call.headers.get("accept", "").split(",")}
    kind = document.media_type
    if kind in NEEDED and kind not in accept:
        plural = "OCI indexes" if kind == INDEX else "OCI manifests"
        text = f"{NEEDED[kind]} found, but accept header does not support {plural}"
        raise Problem("MANIFEST_UNKNOWN", message=text)
    if by_tag and kind == DOCKER_LIST and kind not in accept:
        document = _usual_member(call, document)
    return body_of(call, document.media_type, document.digest, len(document.content), lambda: document.content)


def put(call: RegistryCall) -> Answer:
    tags = call.pushed()
    digest = digest_of(call.body)
    if ":" in call.reference and call.reference != digest:
        raise Problem("DIGEST_INVALID")
    tag_rules.check_push(call)
    if len(call.body) > MOST_BYTES:
        raise Problem("MANIFEST_INVALID", "http: request body too large")
    kind, manifest = _read(call)
    _check_references(call, tags.store, kind, manifest)
    document = Document(digest, kind, call.body)
    tags.store.put_manifest(document)
    if ":" not in call.reference:
        _tag(call, tags, document)
    headers = {"Location": call.url(f"manifests/{digest}"), "Docker-Content-Digest": digest}
    return Answer(201, b"", headers=headers)


def delete(call: RegistryCall) -> Answer:
    """By tag it is the tag alone that goes, by digest the image with all its tags."""
    settings = call.state.registry
    if not settings.deletes_enabled:
        raise Problem("UNSUPPORTED")
    if ":" not in call.reference:
        if call.state.mode == "M3" or not call.is_since(3, 81):
            raise Problem("UNSUPPORTED")
        tag_rules.check_delete(call)
        return untag(call)
    tag_rules.check_delete(call)
    tags = call.known
    if tags is None and call.state.mode == "M1":
        raise Problem("UNKNOWN", {})
    if tags is None:
        raise Problem("MANIFEST_UNKNOWN")
    if tags.store.manifest(call.reference) is None:
        raise Problem("MANIFEST_UNKNOWN")
    if call.state.mode == "M1" and tags.store.is_referenced(call.reference):
        raise Problem("MANIFEST_REFERENCED")
    tags.remove_digest(call.reference)
    return accepted()


def untag(call: RegistryCall) -> Answer:
    """The old way asks nobody whether deletions are switched on."""
    if call.known is None:
        raise Problem("NAME_UNKNOWN")
    if not call.known.remove(call.reference):
        raise Problem("MANIFEST_UNKNOWN")
    return accepted()


def _found(call: RegistryCall) -> Document:
    """It says the same of an unknown repository."""
    tags = call.known
    if ":" in call.reference:
        found = tags.store.manifest(call.reference) if tags is not None else None
        unknown: dict[str, str] = {"Name": call.name, "Revision": call.reference}
    else:
        tag = tags.get(call.reference) if tags is not None else None
        found = _of_tag(tags.store, tag) if tags is not None and tag else None
        unknown = {"Tag": call.reference}
    if found is None:
        raise Problem("MANIFEST_UNKNOWN", unknown)
    return found


def _of_tag(store: Store, tag: Tag) -> Document:
    return store.manifests.get(tag.digest) or store.read(tag).manifest


def _usual_member(call: RegistryCall, document: Document) -> Document:
    for row in children(document.parsed):
        platform = row.get("platform", {})
        if (platform.get("os"), platform.get("architecture")) == ("linux", "amd64"):
            found = call.tags.store.manifest(row["digest"])
            if found:
                return found
    raise Problem("MANIFEST_UNKNOWN")


def _read(call: RegistryCall) -> tuple[str, Any]:
    """The media type of what is pushed, and what it says."""
    try:
        manifest = json.loads(call.body)
    except ValueError:
        raise Problem("MANIFEST_INVALID") from None
    kind = call.headers.get("content-type", "").partition(";")[0].strip()
    if kind not in (IMAGE, INDEX, DOCKER_IMAGE, DOCKER_LIST) or not isinstance(manifest, dict):
        raise Problem("MANIFEST_INVALID")
    key, wanted = ("manifests", list) if kind in INDEXES else ("config", dict)
    rows = [*parts(manifest), *children(manifest)]
    described = all(isinstance(row, dict) and {"digest", "size"} <= row.keys() for row in rows)
    if manifest.get("mediaType", kind) != kind or not isinstance(manifest.get(key), wanted) or not described:
        raise Problem("MANIFEST_INVALID")
    return kind, manifest


def _check_references(call: RegistryCall, store: Store, kind: str, manifest: Any) -> None:
    """The registry says the same of a missing manifest and of a missing blob: registry/storage/validation."""
    blobs, manifests = parts(manifest), children(manifest)
    if any(row.get("mediaType") == CACHE_CONFIG for row in manifests):
        # What BuildKit keeps its cache by is an index of blobs.
        blobs, manifests = manifests, []
    refused = [row["digest"] for row in blobs if _is_refused(call, kind, row)]
    if refused:
        raise Problem("UNKNOWN", {}).also("MANIFEST_BLOB_UNKNOWN", *refused)
    missing = [row["digest"] for row in blobs if not row.get("urls") and store.blob(row["digest"]) is None]
    missing += [row["digest"] for row in manifests if store.manifest(row["digest"]) is None]
    subject = manifest.get("subject")
    ignored = call.state.mode == "M3" or (call.state.mode == "M1" and kind in INDEXES)
    if subject and not ignored and store.manifest(subject["digest"]) is None:
        missing.append(subject["digest"])
    if missing:
        raise Problem("MANIFEST_BLOB_UNKNOWN", *missing)
    if call.state.mode == "M1":
        _check_types(call, manifest)


def _is_refused(call: RegistryCall, kind: str, row: dict[str, Any]) -> bool:
    """Layers that are kept elsewhere, unless that is allowed. Docker's kind has to say where."""
    if call.state.mode == "M3" or not call.state.registry.checks_urls:
        return False
    return bool(row.get("urls")) or (kind == DOCKER_IMAGE and row.get("mediaType") == FOREIGN_LAYER)


def _check_types(call: RegistryCall, manifest: Any) -> None:
    """A database has to know the types of configs and artifacts, and takes no index of nothing."""
    if manifest.get("manifests") == []:
        raise Problem("UNKNOWN", {})
    known = TYPES | LATER_TYPES if call.is_since(4, 0) else TYPES
    asked = [(manifest.get("config") or {}).get("mediaType"), manifest.get("artifactType")]
    unknown = [kind for kind in asked if kind and kind not in known]
    if unknown:
        raise Problem("MANIFEST_INVALID", f"unknown media type: {unknown[0]}")


def _tag(call: RegistryCall, tags: Tags, document: Document) -> None:
    """Point a tag at what was pushed; to push the same again changes nothing."""
    name, now = call.reference, call.state.clock.now()
    old = tags.get(name)
    if old is not None:
        tag_rules.check_overwrite(call)
    if old is not None and old.digest == document.digest:
        return
    manifest = document.parsed
    config = manifest.get("config") or {}
    tag = Tag(
        name=name,
        repository_path=call.name,
        media_type=document.media_type,
        config=config.get("mediaType") in CONFIGS,
        config_created=_created(tags.store, config),
        created_at=now,
        updated_at=None,
        published_at=_published(call.state, now),
        size=_size(tags.store, manifest),
        own_digest=document.digest,
        own_revision=config.get("digest", "").removeprefix("sha256:") or None,
    )
    tag = tag if old is None else replace(tag, created_at=old.created_at, updated_at=now)
    size = len(document.content) + sum(row["size"] for row in parts(manifest))
    tag.pushed(0 if document.media_type in INDEXES else size)
    tags.put(tag)


def _published(state: State, now: datetime) -> datetime | None:
    return now if state.mode == "M1" else None


def _created(store: Store, config: dict[str, Any]) -> datetime | None:
    """The build date, where the config of an image has one that can be read."""
    blob = store.blob(config.get("digest", "")) if config.get("mediaType") in CONFIGS else None
    if blob is None:
        return None
    try:
        return dates.read(json.loads(blob.content)["created"])
    except (ValueError, KeyError, TypeError):
        return None


def _size(store: Store, manifest: Any) -> int:
    """Of the layers; of an index those of all its images."""
    size: int = sum(row["size"] for row in manifest.get("layers") or ())
    inner = (store.manifest(row["digest"]) for row in children(manifest))
    return size + sum(_size(store, document.parsed) for document in inner if document)
