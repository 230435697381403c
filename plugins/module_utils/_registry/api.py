# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The registry's own protocol, /v2.

https://github.com/opencontainers/distribution-spec

Every function raises RequestError when the answer is not the one it is named after.
"""

from __future__ import annotations

import typing as t
from urllib.parse import parse_qsl, quote, urlsplit

from .._core.errors import ErrorKind, RequestError
from .._core.models import TAG_NAME
from .._core.oci import (
    DIGEST,
    IMAGES,
    INDEXES,
    Descriptor,
    Image,
    Manifest,
    ManifestError,
    build_date,
    digest_of,
    image_of,
    index_of,
    is_content_of,
    parse_manifest,
)
from .._core.server import Mode
from .._http.messages import Chunks, Response
from .._http.retry import RetryPolicy
from .auth import SERVICE, Registry, ask, bearing, codes_of, error_of, not_granted, request, scope_of

ACCEPT = ", ".join(IMAGES + INDEXES)
# The most that GitLab's registry gives at once; one without a database gives all names in any case.
PAGE = 1000
# An index of indexes of indexes is no image that anybody builds.
DEEPEST = 3
# The specification wants 4 MB at least.
LARGEST_MANIFEST = 16 * 1024 * 1024
CATALOG = "registry:catalog:*"

_NO_SUCH = ("MANIFEST_UNKNOWN", "NAME_UNKNOWN", "NOT_FOUND")


def tag_names(registry: Registry, path: str, *, retry: RetryPolicy = RetryPolicy.IDEMPOTENT) -> list[str] | None:
    """All names of a repository's tags, complete whatever their number; None where the registry does not know it."""
    operation = f"list the tags of {path} in the registry"
    names: dict[str, None] = {}
    looks_behind = False
    query: dict[str, t.Any] = {"n": PAGE}
    while True:
        answer = ask(registry, "GET", path, "/tags/list", query=query, operation=operation, accept=(404,), retry=retry)
        if answer.status == 404:
            if names or codes_of(answer) != ["NAME_UNKNOWN"]:
                raise error_of(answer)
            return None
        page = _names_in(answer, path)
        if looks_behind and set(page) <= names.keys():
            return list(names)
        following = _next_last(answer)
        if (not page and (names or following is not None)) or any(name in names for name in page):
            raise answer.untrusted("a page is empty, or repeats tags of the pages before it")
        names.update(dict.fromkeys(page))
        # A full page without a link may have lost it on the way: one more look tells.
        looks_behind = following is None
        if looks_behind and len(page) != PAGE:
            return list(names)
        query = {**query, "last": following or page[-1]}


def _names_in(answer: Response, path: str) -> list[str]:
    body = answer.json()
    names = body.get("tags", ()) if isinstance(body, dict) else ()
    if not isinstance(body, dict) or body.get("name") != path or not isinstance(names, (list, type(None))):
        raise answer.untrusted("the answer is no listing of this repository")
    for name in names or []:
        if not isinstance(name, str) or not TAG_NAME.fullmatch(name):
            raise answer.untrusted(f"the listing holds {name!r}, which is no tag name")
    return names or []


def catalog(registry: Registry) -> t.Iterator[str]:
    """The paths of all repositories in the registry, page by page as they are taken."""
    operation = f"list the repositories of {registry.url}"
    registry.authorization((CATALOG,), None, operation)
    if registry.denied_actions((CATALOG,), "catalog", ("*",)):
        raise not_granted("catalog", ["*"], operation)
    paths: dict[str, None] = {}
    query: dict[str, t.Any] = {"n": PAGE}
    while True:
        answer = request(registry, "GET", "/v2/_catalog", (CATALOG,), query=query, operation=operation)
        body = answer.json()
        page = body.get("repositories") if isinstance(body, dict) else None
        following = _next_last(answer)
        if not isinstance(page, list) or not all(isinstance(path, str) for path in page):
            raise answer.untrusted("the answer is no catalog")
        if (not page and (paths or following is not None)) or any(path in paths for path in page):
            raise answer.untrusted("a page is empty, or repeats repositories of the pages before it")
        paths.update(dict.fromkeys(page))
        yield from page
        if following is None:
            return
        query = {**query, "last": following}


def registry_mode(registry: Registry, path: str) -> Mode:
    """What the registry says of itself: whether it has a metadata database. Only GitLab's own says anything."""
    operation = f"find out what registry {registry.url} is"
    answer = request(registry, "GET", "/v2/", registry.pull_scopes(path), operation=operation)
    enabled = answer.headers.get("Gitlab-Container-Registry-Database-Enabled", "").lower()
    return {"true": Mode.DATABASE, "false": Mode.NO_DATABASE}.get(enabled, Mode.UNKNOWN)


def current_digest(registry: Registry, path: str, reference: str) -> str | None:
    """The digest behind a tag right now; None where there is no such tag."""
    operation = f"read {path}:{reference} in the registry"
    answer = _manifest_request(registry, "HEAD", path, reference, operation)
    digest = answer.headers.get("Docker-Content-Digest", "")
    if answer.status == 200 and DIGEST.fullmatch(digest):
        return digest
    # A HEAD has no body that says whether the registry itself answered 404, and why.
    found = read_manifest(registry, path, reference)
    return found.digest if found else None


def read_manifest(registry: Registry, path: str, reference: str) -> Manifest | None:
    """A manifest by tag or digest; None for a 404. Its bytes are held against its digest."""
    operation = f"read {_named(path, reference)} in the registry"
    answer = _manifest_request(registry, "GET", path, reference, operation)
    if answer.status == 404:
        return None
    told = reference if ":" in reference else answer.headers.get("Docker-Content-Digest") or digest_of(answer.body)
    if not is_content_of(answer.body, told):
        raise answer.untrusted("the manifest is another one than its digest says")
    try:
        return parse_manifest(answer.body, answer.headers.get("Content-Type", "").split(";")[0].strip(), told)
    except ManifestError as error:
        raise answer.untrusted(str(error)) from None


def read_image(registry: Registry, path: str, name: str) -> Image | None:
    """What there is to know of the image behind a tag or a digest; None for a 404.

    A digest that was read before is not read again. Where images are remembered from an earlier run, the tag is asked
    for its digest alone at first.
    """
    reference = name
    if registry.remembers or ":" in name:
        digest = name if ":" in name else current_digest(registry, path, name)
        known = registry.recall(digest) if digest else None
        if digest is None or known:
            return known
        reference = digest
    manifest = read_manifest(registry, path, reference)
    return _image(registry, path, manifest, 1) if manifest else None


def inside_of(registry: Registry, path: str, reference: str) -> Image | None:
    """What a manifest by tag or digest says of itself, without its date; None for a 404."""
    known = registry.recall(reference) if ":" in reference else None
    manifest = None if known else read_manifest(registry, path, reference)
    if manifest is None:
        return known
    return index_of(manifest, []) if manifest.is_index else image_of(manifest, None)


def _image(registry: Registry, path: str, manifest: Manifest, depth: int) -> Image:
    known = registry.recall(manifest.digest)
    if known:
        return known
    if manifest.is_index:
        image = index_of(manifest, [_child(registry, path, child, depth) for child in manifest.images])
    else:
        config = manifest.dated_config
        image = image_of(manifest, build_date(read_blob(registry, path, config)) if config else None)
    registry.remember(image)
    return image


def _child(registry: Registry, path: str, child: Descriptor, depth: int) -> Image:
    known = registry.recall(child.digest)
    if known:
        return known
    manifest = read_manifest(registry, path, child.digest) if depth < DEEPEST else None
    if manifest is None:
        message = "an image of the index is not there" if depth < DEEPEST else "indexes stand in indexes without end"
        raise RequestError(
            ErrorKind.NOT_FOUND,
            message,
            operation=f"read {_named(path, child.digest)} in the registry",
            service=SERVICE,
        )
    return _image(registry, path, manifest, depth + 1)


def read_blob(registry: Registry, path: str, blob: Descriptor) -> bytes:
    """The bytes of a small blob, held against its digest. The registry may send us to its storage for them."""
    operation = f"read {_named(path, blob.digest)} in the registry"
    answer = ask(
        registry,
        "GET",
        path,
        f"/blobs/{blob.digest}",
        operation=operation,
        allow_cross_origin_redirect=True,
        limit=blob.size,
    )
    if not is_content_of(answer.body, blob.digest):
        raise answer.untrusted("the bytes are other ones than their digest says")
    return answer.body


def delete_tag(registry: Registry, path: str, name: str) -> Response:
    """Delete a tag by its name, never by a digest, which would take all tags of it. Returns a 202 or a 404.

    Registries before GitLab 16.4 know it under another path; those that can't do it at all answer with an error. It is
    sent once: whoever asks again has to look at the tag before.
    """
    operation = f"delete {path}:{name} in the registry"
    scopes = (scope_of(path, "pull,delete"),)

    def send(suffix: str) -> Response:
        options: dict[str, t.Any] = {
            "operation": operation,
            "success": 202,
            "accept": (400, 404, 405),
            "retry": RetryPolicy.NEVER,
        }
        return ask(registry, "DELETE", path, suffix, scopes=scopes, actions=("delete",), **options)

    answer = send(f"/manifests/{quote(name, safe='')}")
    if _is_unsupported(answer):
        older = send(f"/tags/reference/{quote(name, safe='')}")
        answer = answer if older.status in (400, 405) or (older.status == 404 and not codes_of(older)) else older
    if answer.status == 202 or (answer.status == 404 and set(codes_of(answer)) & set(_NO_SUCH)):
        return answer
    raise error_of(
        answer,
        "This registry does not delete a tag by its name, or deletion is switched off: use delete_via auto."
        if _is_unsupported(answer)
        else None,
    )


def _is_unsupported(answer: Response) -> bool:
    return answer.status in (400, 405) and bool({"UNSUPPORTED", "DIGEST_INVALID"} & set(codes_of(answer)))


def copy_image(registry: Registry, source: str, manifest: Manifest, target: str) -> None:
    """Bring all that a manifest refers to into a repository: of an index its images, of an image config and layers."""
    for child in manifest.children:
        found = read_manifest(registry, source, child.digest)
        if found is None:
            raise RequestError(
                ErrorKind.NOT_FOUND,
                "an image of the index is not there",
                operation=f"read {_named(source, child.digest)} in the registry",
                service=SERVICE,
            )
        copy_image(registry, source, found, target)
        put_manifest(registry, target, found, found.digest)
    blobs = [manifest.config, *manifest.layers] if manifest.config else list(manifest.layers)
    unique = {blob.digest: blob for blob in blobs if blob and not blob.elsewhere}
    registry.client.parallel(lambda blob: _copy_blob(registry, source, blob, target), list(unique.values()))


def put_manifest(registry: Registry, path: str, manifest: Manifest, reference: str) -> None:
    """Store a manifest's very bytes under a tag or its digest, and see that the registry took them for the same.

    Under a tag they are sent once: whoever asks again has to look at the tag before.
    """
    operation = f"write {_named(path, reference)} in the registry"
    answer = ask(
        registry,
        "PUT",
        path,
        f"/manifests/{reference}",
        scopes=(scope_of(path, "pull,push"),),
        actions=("push",),
        data=manifest.body,
        headers={"Content-Type": manifest.media_type},
        operation=operation,
        success=201,
        retry=RetryPolicy.IDEMPOTENT if ":" in reference else RetryPolicy.NEVER,
    )
    told = answer.headers.get("Docker-Content-Digest", manifest.digest)
    if told != manifest.digest:
        raise answer.untrusted(f"the registry stored it as {told} instead of {manifest.digest}")


def _copy_blob(registry: Registry, source: str, blob: Descriptor, target: str) -> None:
    """Mount a blob from one repository into another; where the registry does not do that, send its bytes."""
    operation = f"copy {blob.digest} from {source} to {target}"
    scopes = (scope_of(target, "pull,push"), scope_of(source, "pull"))
    suffix = f"/blobs/{blob.digest}"
    found = ask(
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
        answer = ask(
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
    headers = bearing(registry.authorization(scopes, None, operation))
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


def _manifest_request(registry: Registry, method: str, path: str, reference: str, operation: str) -> Response:
    """A 200 or a 404 that says there is no such manifest."""
    answer = ask(
        registry,
        method,
        path,
        f"/manifests/{quote(reference, safe=':')}",
        headers={"Accept": ACCEPT},
        operation=operation,
        accept=(404,),
        limit=LARGEST_MANIFEST,
    )
    # A HEAD has no body to say more.
    if answer.status == 404 and method != "HEAD" and not set(codes_of(answer)) & set(_NO_SUCH):
        raise error_of(answer)
    return answer


def _named(path: str, reference: str) -> str:
    return f"{path}@{reference}" if ":" in reference else f"{path}:{reference}"


def _next_last(answer: Response) -> str | None:
    """Where the next page begins; None on the last page."""
    query = answer.next_query
    if query is not None and not query.get("last"):
        raise answer.untrusted("the next link does not say where it continues")
    return query["last"] if query else None
