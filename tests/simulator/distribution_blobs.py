# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Blobs in the registry's own protocol, and how they are uploaded or mounted from another repository."""

from __future__ import annotations

import re
import uuid

from .answers import Answer
from .contents import Blob, blob_of
from .distribution_call import Problem, RegistryCall, accepted, body_of
from .state import Tags

BYTES = "application/octet-stream"
_RANGE = re.compile(r"(\d+)-(\d+)")


def get(call: RegistryCall) -> Answer:
    blob = _found(call)
    return body_of(call, BYTES, blob.digest, blob.size, lambda: blob.content)


def delete(call: RegistryCall) -> Answer:
    if not call.state.registry.deletes_enabled:
        raise Problem("UNSUPPORTED")
    call.tags.store.gone.add(_found(call).digest)
    return accepted()


def _found(call: RegistryCall) -> Blob:
    blob = call.tags.store.blob(call.reference)
    if blob is None:
        raise Problem("BLOB_UNKNOWN", call.reference)
    return blob


def start(call: RegistryCall) -> Answer:
    """An upload, or none where the blob can be mounted."""
    tags = call.pushed()
    blob = _mountable(call)
    if blob:
        tags.store.put_blob(blob)
        return _created(call, blob)
    call.reference = str(uuid.uuid4())
    tags.store.uploads[call.reference] = b""
    return accepted(_progress(call, b""))


def _mountable(call: RegistryCall) -> Blob | None:
    """A mount that can't be is an upload; the registry does not say why."""
    digest, path = call.params.get("mount"), call.params.get("from", "")
    source = call.state.repository_at(path)
    refused = call.state.registry.mount == "refused"
    if digest is None or refused or source is None or source.tags is None or not call.may("pull", source.path):
        return None
    return source.tags.store.blob(digest)


def status(call: RegistryCall) -> Answer:
    return Answer(204, b"", headers=_progress(call, _upload(call)[1]))


def append(call: RegistryCall) -> Answer:
    tags, before = _upload(call)
    match = _RANGE.fullmatch(call.headers.get("content-range", "").removeprefix("bytes ").partition("/")[0])
    if match and (int(match[1]) != len(before) or int(match[2]) - int(match[1]) + 1 != len(call.body)):
        raise Problem("RANGE_INVALID")
    tags.store.uploads[call.reference] = before + call.body
    return accepted(_progress(call, before + call.body))


def finish(call: RegistryCall) -> Answer:
    """With the last chunk, if there is one; what does not have the digest is dropped."""
    tags, before = _upload(call)
    blob = blob_of(before + call.body)
    if call.params.get("digest") != blob.digest:
        raise Problem("DIGEST_INVALID")
    del tags.store.uploads[call.reference]
    tags.store.put_blob(blob)
    return _created(call, blob)


def cancel(call: RegistryCall) -> Answer:
    del _upload(call)[0].store.uploads[call.reference]
    return Answer(204, b"")


def _upload(call: RegistryCall) -> tuple[Tags, bytes]:
    tags = call.tags
    if call.reference not in tags.store.uploads:
        raise Problem("BLOB_UPLOAD_UNKNOWN")
    return tags, tags.store.uploads[call.reference]


def _progress(call: RegistryCall, content: bytes) -> dict[str, str]:
    """The registry's locations have a query of their own."""
    return {
        "Location": call.url(f"blobs/uploads/{call.reference}?_state={len(content)}"),
        "Range": f"0-{max(len(content) - 1, 0)}",
        "Docker-Upload-UUID": call.reference,
    }


def _created(call: RegistryCall, blob: Blob) -> Answer:
    headers = {"Location": call.url(f"blobs/{blob.digest}"), "Docker-Content-Digest": blob.digest}
    return Answer(201, b"", headers=headers)
