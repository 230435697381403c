# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Copying an image from one repository of a registry to another, without pulling it."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from .._core.errors import ErrorKind, RequestError
from .._core.oci import Descriptor, ImageContents, Manifest
from .._http.messages import Chunks, Response
from .._http.retry import RetryPolicy
from .api import not_found, put_manifest, read_manifest
from .auth import Registry, scope_of
from .errors import error_of
from .request import authorization_header, request, request_repository


def image_contents(registry: Registry, path: str, manifest: Manifest) -> ImageContents:
    """All that a manifest leads to: of an index its images, and of every image config and layers.

    Layers that are kept elsewhere belong to it if the registry holds them all the same.

    Args:
        registry: which one.
        path: of the repository that holds the image.
        manifest: the image, which is not among its contents.

    Raises:
        RequestError: something is not there, or can't be read.
    """
    manifests: dict[str, Manifest] = {}
    blobs = {blob.digest: blob for blob in _kept_blobs(registry, path, manifest)}
    for child in manifest.manifests:
        found = read_manifest(registry, path, child.digest)
        if found is None:
            raise not_found(path, child.digest, "an image of the index does not exist")
        inner = image_contents(registry, path, found)
        manifests.update({each.digest: each for each in (*inner.manifests, found)})
        blobs.update({blob.digest: blob for blob in inner.blobs})
    return ImageContents(tuple(manifests.values()), tuple(blobs.values()))


def _kept_blobs(registry: Registry, path: str, manifest: Manifest) -> list[Descriptor]:
    """The blobs of a manifest, without those that the registry does not keep and need not."""
    kept = []
    for blob in manifest.blobs:
        doubtful = blob.elsewhere or blob.restricted
        if not doubtful or _has_blob(registry, path, blob):
            kept.append(blob)
        elif not blob.elsewhere:
            raise not_found(path, blob.digest, "a layer that must not be distributed does not exist")
    return kept


def _has_blob(registry: Registry, path: str, blob: Descriptor, scopes: tuple[str, ...] | None = None) -> bool:
    operation = f"look for {blob.digest} in {path}"
    found = request_repository(
        registry,
        "HEAD",
        path,
        f"/blobs/{blob.digest}",
        scopes=scopes,
        operation=operation,
        accept=(404,),
        allow_cross_origin_redirect=True,
    )
    return found.status == 200


def copy_image(registry: Registry, source: str, contents: ImageContents, target: str) -> None:
    """Bring the contents of an image into a repository, so that its manifest can be written there.

    Args:
        registry: which one.
        source: path of the repository that holds the image.
        contents: what the image is made of.
        target: path of the repository that gets it.
    """
    registry.client.parallel(lambda blob: _copy_blob(registry, source, blob, target), list(contents.blobs))
    for manifest in contents.manifests:
        put_manifest(registry, target, manifest, manifest.digest)


def _copy_blob(registry: Registry, source: str, blob: Descriptor, target: str) -> None:
    """Mount a blob from one repository into another; where the registry does not do that, send its bytes."""
    operation = f"copy {blob.digest} from {source} to {target}"
    scopes = (scope_of(target, "pull,push"), scope_of(source, "pull"))
    if _has_blob(registry, target, blob, scopes):
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
            raise head.untrusted(f"the size differs from the size in the manifest, {blob.size:,}")
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
