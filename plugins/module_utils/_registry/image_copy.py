# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Copying an image from one repository of a registry to another, without pulling it."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from .._core.errors import ErrorKind, RequestError
from .._core.oci import Descriptor, Manifest
from .._http.messages import Chunks, Response
from .._http.retry import RetryPolicy
from .api import not_found, put_manifest, read_manifest
from .auth import Registry, scope_of
from .errors import error_of
from .request import authorization_header, request, request_repository


def copy_image(registry: Registry, source: str, manifest: Manifest, target: str) -> None:
    """Bring all that a manifest refers to into a repository: of an index its images, of an image config and layers.

    Args:
        registry: which one.
        source: path of the repository that holds the image.
        manifest: the image, which is not written itself.
        target: path of the repository that gets it.
    """
    for child in manifest.children:
        found = read_manifest(registry, source, child.digest)
        if found is None:
            raise not_found(source, child.digest, "an image of the index is not there")
        copy_image(registry, source, found, target)
        put_manifest(registry, target, found, found.digest)
    blobs = [manifest.config, *manifest.layers] if manifest.config else list(manifest.layers)
    unique = {blob.digest: blob for blob in blobs if blob and not blob.elsewhere}
    registry.client.parallel(lambda blob: _copy_blob(registry, source, blob, target), list(unique.values()))


def _copy_blob(registry: Registry, source: str, blob: Descriptor, target: str) -> None:
    """Mount a blob from one repository into another; where the registry does not do that, send its bytes."""
    operation = f"copy {blob.digest} from {source} to {target}"
    scopes = (scope_of(target, "pull,push"), scope_of(source, "pull"))
    suffix = f"/blobs/{blob.digest}"
    found = request_repository(
        registry,
        "HEAD",
        target,
        suffix,
        scopes=scopes,
        operation=operation,
        accept=(404,),
        allow_cross_origin_redirect=True,
    )
    if found.status == 200:
        return
    for attempts_left in registry.client.retry_loop():
        answer = request_repository(
            registry,
            "POST",
            target,
            "/blobs/uploads/",
            query={"mount": blob.digest, "from": source},
            scopes=scopes,
            actions=("push",),
            operation=operation,
            success=201,
            accept=(202,),
            retry=RetryPolicy.RATE_LIMITED,
        )
        if answer.status == 201:
            return
        try:
            _send_blob(registry, source, blob, scopes, answer)
        except RequestError as error:
            # A token that ran out meanwhile is renewed for the next one, whose bytes are read anew.
            if not attempts_left or not (error.kind.is_transient or error.kind == ErrorKind.UNAUTHORIZED):
                raise
        else:
            return


def _send_blob(registry: Registry, source: str, blob: Descriptor, scopes: tuple[str, ...], upload: Response) -> None:
    """Send a blob's bytes as they come from its repository. upload: the answer that says where to."""
    operation, location = upload.request.operation, upload.headers.get("Location", "")
    place = urlsplit(location)
    path = place.path[len(urlsplit(registry.url).path) :] if location else ""
    if not path.startswith("/"):
        raise upload.untrusted("the registry did not say where to send the bytes")
    headers = authorization_header(registry.authorization(scopes, None, operation))
    blob_path = f"/v2/{source}/blobs/{blob.digest}"
    with registry.source.download(blob_path, headers, operation=operation) as (head, pieces):
        if head.status != 200:
            raise error_of(head)
        if head.headers.get("Content-Length", str(blob.size)) != str(blob.size):
            raise head.untrusted(f"the bytes are not the {blob.size} that the manifest tells of")
        request(
            registry,
            "PUT",
            path,
            scopes,
            query=[*parse_qsl(place.query, keep_blank_values=True), ("digest", blob.digest)],
            data=Chunks(pieces, blob.size),
            headers={"Content-Type": "application/octet-stream"},
            operation=operation,
            success=201,
            retry=RetryPolicy.NEVER,
        )
