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
from urllib.parse import quote

from .._core.errors import ErrorKind, RequestError
from .._core.models import TAG_NAME
from .._core.oci import (
    DIGEST,
    IMAGES,
    INDEXES,
    Descriptor,
    Manifest,
    ManifestError,
    digest_of,
    is_content_of,
    parse_manifest,
)
from .._core.server import Mode
from .._http.messages import MOST_PAGES, Response
from .._http.retry import RetryPolicy
from .auth import Registry, scope_of
from .errors import READ_ONLY, READ_ONLY_ADVICE, SERVICE, allowed_methods, error_codes, error_of
from .request import request, request_repository

ACCEPT = ", ".join(IMAGES + INDEXES)
# The most that GitLab's registry gives at once; one without a database gives all names in any case.
PAGE = 1000
# The specification wants 4 MB at least.
_LARGEST_MANIFEST = 16 * 1024 * 1024

# registry/storage/validation of GitLab's registry allows no addresses unless it is configured to.
_KEPT_ELSEWHERE = (
    "The image has layers with addresses of their own: the registry accepts it only if its validation of manifests "
    "allows these addresses."
)
_NO_SUCH = ("MANIFEST_UNKNOWN", "NAME_UNKNOWN", "NOT_FOUND")


def tag_names(registry: Registry, path: str, *, retry: RetryPolicy = RetryPolicy.IDEMPOTENT) -> list[str] | None:
    """All names of a repository's tags, whatever their number; None where the registry does not know the repository."""
    operation = f"list the tags of {path} in the registry"
    names: dict[str, None] = {}
    looks_behind = False
    query: dict[str, t.Any] = {"n": PAGE}
    for _page in range(MOST_PAGES):
        answer = request_repository(
            registry, "GET", path, "/tags/list", query=query, operation=operation, accept=(404,), retry=retry
        )
        if answer.status == 404:
            if names or error_codes(answer) != ["NAME_UNKNOWN"]:
                raise error_of(answer)
            return None
        page = _names_in(answer, path)
        if looks_behind and set(page) <= names.keys():
            return list(names)
        following = next_last(answer)
        if (not page and (names or following is not None)) or any(name in names for name in page):
            raise answer.untrusted("a page is empty, or repeats tags of the pages before it")
        names.update(dict.fromkeys(page))
        # A full page without a link may have lost it on the way: one more look tells.
        looks_behind = following is None
        if looks_behind and len(page) != PAGE:
            return list(names)
        query = {**query, "last": following or page[-1]}
    raise answer.untrusted(f"the list has no end after {MOST_PAGES} pages")


class VersionCheck(t.NamedTuple):
    """What a registry says of itself when its version is checked. Only GitLab's own says anything.

    Args:
        mode: whether it has a metadata database.
        deletes_by_name: it is proven that deleting a tag leaves the other tags of its digest alone. If it is not, the
            registry may delete by name all the same.
    """

    mode: Mode
    deletes_by_name: bool


def check_version(registry: Registry, scopes: tuple[str, ...], operation: str | None = None) -> VersionCheck:
    """Ask a registry what it is. One request.

    GitLab's registry never deletes a digest when it is asked for a tag, with or without a metadata database, and no
    other one tells GitLab's version of itself. It tells nothing before it took a token, so one is sent.

    Args:
        registry: which one.
        scopes: of the token, such as those to pull from a repository.
        operation: what it is for, for errors.

    Raises:
        RequestError: the registry can't be asked.
    """
    operation = operation or f"find out the kind of the registry {registry.url}"
    headers = request(registry, "GET", "/v2/", scopes, operation=operation).headers
    enabled = headers.get("Gitlab-Container-Registry-Database-Enabled", "").lower()
    return VersionCheck(
        mode={"true": Mode.DATABASE, "false": Mode.NO_DATABASE}.get(enabled, Mode.UNKNOWN),
        deletes_by_name=bool(headers.get("Gitlab-Container-Registry-Version")),
    )


def current_digest(registry: Registry, path: str, reference: str, *, absent: bool = False) -> str | None:
    """The digest behind a tag right now; None where there is no such tag.

    Args:
        registry: which one.
        path: of the repository.
        reference: the tag.
        absent: it was not there before, so it is asked for with a GET at once.
    """
    operation = f"read {path}:{reference} in the registry"
    answer = _manifest_request(registry, "GET" if absent else "HEAD", path, reference, operation)
    digest = answer.headers.get("Docker-Content-Digest", "")
    if answer.status == 200 and DIGEST.fullmatch(digest):
        return digest
    if absent and answer.status == 404:
        return None
    # A HEAD has no body that says whether the registry itself answered 404, and why.
    found = read_manifest(registry, path, reference)
    return found.digest if found else None


def read_manifest(registry: Registry, path: str, reference: str) -> Manifest | None:
    """A manifest by tag or digest, checked against its digest; None for a 404."""
    operation = f"read {_image_name(path, reference)} in the registry"
    answer = _manifest_request(registry, "GET", path, reference, operation)
    if answer.status == 404:
        return None
    digest = reference if ":" in reference else answer.headers.get("Docker-Content-Digest") or digest_of(answer.body)
    if not is_content_of(answer.body, digest):
        raise answer.untrusted("the manifest does not match its digest")
    try:
        return parse_manifest(answer.body, answer.headers.get("Content-Type", "").split(";")[0].strip(), digest)
    except ManifestError as error:
        raise answer.untrusted(str(error)) from None


def read_blob(registry: Registry, path: str, blob: Descriptor) -> bytes:
    """The bytes of a small blob, checked against its digest. The registry may send us to its storage for them."""
    operation = f"read {_image_name(path, blob.digest)} in the registry"
    answer = request_repository(
        registry,
        "GET",
        path,
        f"/blobs/{blob.digest}",
        operation=operation,
        allow_cross_origin_redirect=True,
        limit=blob.size,
    )
    if not is_content_of(answer.body, blob.digest):
        raise answer.untrusted("the bytes do not match their digest")
    return answer.body


def put_manifest(registry: Registry, path: str, manifest: Manifest, reference: str) -> None:
    """Store a manifest's very bytes, and see that the registry took them for the same.

    Args:
        registry: which one.
        path: of the repository.
        manifest: what is stored.
        reference: a tag or the manifest's digest. Under a tag the bytes are sent once: whoever asks again has to look
            at the tag before.
    """
    operation = f"write {_image_name(path, reference)} in the registry"
    try:
        answer = request_repository(
            registry,
            "PUT",
            path,
            f"/manifests/{reference}",
            scopes=registry.push_scopes(path),
            actions=("push",),
            data=manifest.body,
            headers={"Content-Type": manifest.media_type},
            operation=operation,
            success=201,
            retry=RetryPolicy.IDEMPOTENT if ":" in reference else RetryPolicy.NEVER,
        )
    except RequestError as error:
        if error.status == 500 and any(blob.elsewhere for blob in manifest.blobs):
            raise error.replace(advice=_KEPT_ELSEWHERE) from None
        raise
    stored = answer.headers.get("Docker-Content-Digest", manifest.digest)
    if stored != manifest.digest:
        raise answer.untrusted(f"the registry stored it as {stored} instead of {manifest.digest}")


def prepare_deletion(registry: Registry, path: str) -> None:
    """Have the token at hand that deleting tags of a repository takes, since it may take a while to get one.

    Raises:
        RequestError: the token service gives no token.
    """
    registry.authorization((_deletion_scope(path),), None, f"delete tags of {path} in the registry")


def delete_tag(registry: Registry, path: str, name: str) -> Response:
    """Delete a tag by its name, never by a digest, which would take all tags of it.

    GitLab's registry does so since GitLab 16.4. The path of older ones is not used: it deletes where an administrator
    switched deletion off. It is sent once: whoever asks again has to look at the tag before.

    Returns:
        A 202, or a 404 by which the registry says that there is no such tag.

    Raises:
        RequestError: anything else, as from a registry that can't delete a tag by its name.
    """
    answer = request_repository(
        registry,
        "DELETE",
        path,
        f"/manifests/{quote(name, safe='')}",
        scopes=(_deletion_scope(path),),
        actions=("delete",),
        operation=f"delete {path}:{name} in the registry",
        success=202,
        accept=(400, 404, 405),
        retry=RetryPolicy.AFTER_A_LOOK,
    )
    if answer.status == 202 or (answer.status == 404 and set(error_codes(answer)) & set(_NO_SUCH)):
        return answer
    unsupported = "This registry does not delete tags by name, or deletion is disabled: set delete_via to auto."
    raise error_of(answer, unsupported if _is_unsupported(answer) else None)


def _deletion_scope(path: str) -> str:
    return scope_of(path, "pull,delete")


def check_writable(registry: Registry, path: str, what: str) -> None:
    """See that the registry is not in read-only mode, as far as it tells. One request.

    Args:
        registry: which one.
        path: of a repository that the caller may pull from.
        what: is to be done, as in "delete tags".

    Raises:
        RequestError: it is in read-only mode, or can't be asked.
    """
    operation = f"{what} in registry {registry.url}"
    answer = request_repository(
        registry, "OPTIONS", path, "/manifests/latest", operation=operation, accept=(400, 404, 405, 501)
    )
    allowed = allowed_methods(answer)
    if answer.status == 200 and allowed and not allowed & {"PUT", "DELETE"}:
        raise answer.untrusted(READ_ONLY, ErrorKind.FORBIDDEN, READ_ONLY_ADVICE)


def not_found(path: str, reference: str, message: str, advice: str | None = None) -> RequestError:
    """The failure of what needs an image that is not there."""
    return RequestError(
        ErrorKind.NOT_FOUND,
        message,
        operation=f"read {_image_name(path, reference)} in the registry",
        service=SERVICE,
        advice=advice,
    )


def _image_name(path: str, reference: str) -> str:
    return f"{path}@{reference}" if ":" in reference else f"{path}:{reference}"


def _names_in(answer: Response, path: str) -> list[str]:
    body = answer.json()
    names = body.get("tags", ()) if isinstance(body, dict) else ()
    if not isinstance(body, dict) or body.get("name") != path or not isinstance(names, (list, type(None))):
        raise answer.untrusted("the answer is not a list of this repository's tags")
    for name in names or []:
        if not isinstance(name, str) or not TAG_NAME.fullmatch(name):
            raise answer.untrusted(f"the listing holds {name!r}, which is not the name of a tag")
    return names or []


def next_last(answer: Response) -> str | None:
    """Where the next page begins; None on the last page."""
    query = answer.next_query
    if query is not None and not query.get("last"):
        raise answer.untrusted("the next link does not say where it continues")
    return query["last"] if query else None


def _manifest_request(registry: Registry, method: str, path: str, reference: str, operation: str) -> Response:
    """A 200 or a 404 that says there is no such manifest."""
    answer = request_repository(
        registry,
        method,
        path,
        f"/manifests/{quote(reference, safe=':')}",
        headers={"Accept": ACCEPT},
        operation=operation,
        accept=(404,),
        limit=_LARGEST_MANIFEST,
    )
    # A HEAD has no body to say more.
    if answer.status == 404 and method != "HEAD" and not set(error_codes(answer)) & set(_NO_SUCH):
        raise error_of(answer)
    return answer


def _is_unsupported(answer: Response) -> bool:
    return answer.status in (400, 405) and bool({"UNSUPPORTED", "DIGEST_INVALID"} & set(error_codes(answer)))
