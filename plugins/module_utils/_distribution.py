# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The registry's own protocol, /v2, and the tokens that it wants.

https://github.com/opencontainers/distribution-spec and https://distribution.github.io/distribution/spec/auth/token/

Every function raises RegistryError when the answer is not the one it is named after.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import threading
import typing as t
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlsplit

from ._client import ONCE, REFUSED, SAFE, Chunks, Client, Response
from ._errors import RegistryError
from ._images import (
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
from ._models import TAG_NAME, Mode

ACCEPT = ", ".join(IMAGES + INDEXES)
# The most that GitLab's registry gives at once; one without a database gives all names in any case.
PAGE = 1000
# How many repositories share a token.
TOKEN_SCOPES = 20
# Seconds: how long a token is good where it does not say, and how long before its end it is not used any more.
SHORTEST_TOKEN = 60.0
MARGIN = 20.0
# An index of indexes of indexes is no image that anybody builds.
DEEPEST = 3
# The specification wants 4 MB at least.
LARGEST_MANIFEST = 16 * 1024 * 1024
# After these something may go well another time.
PASSING = ("connection", "timeout", "unavailable", "rate_limited")

# lib/gitlab/auth.rb and app/controllers/jwt_controller.rb
GITLAB_TOKENS = "/jwt/auth"
GITLAB_SERVICE = "container_registry"
TOKEN_SERVICE = "The registry's token service"
CATALOG = "registry:catalog:*"

_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
_NO_SUCH = ("MANIFEST_UNKNOWN", "NAME_UNKNOWN", "NOT_FOUND")


@dataclass(frozen=True)
class Login:
    """Name and password for the registry. gitlab: the password is a token of GitLab's API, for GitLab's ears alone."""

    username: str
    password: str
    gitlab: bool = False

    @property
    def header(self) -> tuple[str, str]:
        words = f"{self.username}:{self.password}".encode()
        return "Authorization", f"Basic {base64.b64encode(words).decode()}"


@dataclass(frozen=True)
class RegistrySettings:
    """How to reach the registry. url None: GitLab tells where it is. login None: anonymous."""

    url: str | None = None
    login: Login | None = None


@dataclass(frozen=True)
class _Challenge:
    """How a registry wants to be asked: kind is open, basic or bearer. realm: where tokens are."""

    kind: str
    realm: str = ""
    service: str = ""


@dataclass(frozen=True)
class _Token:
    """until: in the client's own time. granted: actions by repository; None where the token does not show them."""

    value: str
    until: float
    granted: t.Mapping[str, frozenset[str]] | None


class Registry:
    """A registry for all threads of a task: its address, its tokens, and what is known of images by their digests."""

    def __init__(self, client: Client, url: str, login: Login | None, images: dict[str, Image] | None = None) -> None:
        """client: of GitLab. url: of the registry. images: known from before, and what is learned joins them."""
        self.url = url
        self.client = client.at(url)
        # A download holds its connection while an upload needs one, and pools wait for what they lent.
        self.source = client.at(url)
        self.remembers = bool(images)
        self._images = images if images is not None else {}
        self._login = login
        self.gitlab = client
        self._lock = threading.Lock()
        self._memory = threading.Lock()
        self._askers: dict[str, Client] = {}
        self._tokens: dict[tuple[str, ...], _Token] = {}
        self._company: dict[str, tuple[str, ...]] = {}
        self._challenge: _Challenge | None = None
        if login and login.gitlab:
            self._challenge = _Challenge("bearer", client.settings.url + GITLAB_TOKENS, GITLAB_SERVICE)

    def recall(self, digest: str) -> Image | None:
        """What is known of a digest; it counts as the last one used."""
        with self._memory:
            image = self._images.pop(digest, None)
            if image:
                self._images[digest] = image
            return image

    def remember(self, image: Image) -> None:
        with self._memory:
            self._images[image.digest] = image

    def expect(self, paths: t.Sequence[str]) -> None:
        """These repositories will be read: they share tokens."""
        for start in range(0, len(paths), TOKEN_SCOPES):
            company = tuple(paths[start : start + TOKEN_SCOPES])
            self._company.update((path, company) for path in company)

    def pulling(self, path: str) -> tuple[str, ...]:
        """The scopes to read a repository with."""
        return tuple(scope_of(other, "pull") for other in self._company.get(path, (path,)))

    @property
    def challenge(self) -> _Challenge | None:
        """How it wants to be asked, as far as that is known."""
        return self._challenge

    def authorization(self, scopes: tuple[str, ...], refused: str | None, attempt: str) -> str | None:
        """The header's value for a request. refused: the one that was no good before."""
        challenge = self._challenge
        if challenge is None or challenge.kind == "open":
            return None
        if challenge.kind == "basic":
            return self._login.header[1] if self._login else None
        with self._lock:
            token = self._tokens.get(scopes)
            now = self.client.timing.monotonic()
            if token is None or token.until <= now or f"Bearer {token.value}" == refused:
                token = self._tokens[scopes] = self._fetch(challenge, scopes, attempt)
        return f"Bearer {token.value}"

    def missing(self, scopes: tuple[str, ...], path: str, actions: t.Iterable[str]) -> list[str]:
        """What the token of these scopes does not allow on a repository, as far as it shows that."""
        token = self._tokens.get(scopes)
        if token is None or token.granted is None:
            return []
        granted = token.granted.get(path.lower(), frozenset())
        return [action for action in actions if action not in granted and "*" not in granted]

    def learn(self, answer: Response, attempt: str) -> None:
        """Take up what a 401 says of how to ask. Raises RegistryError where the credentials must not go there."""
        if self._login and self._login.gitlab:
            return
        found = _challenge_in(answer.headers.get("WWW-Authenticate", ""))
        if found is None:
            return
        if found.kind == "bearer":
            self._check_realm(found.realm, attempt)
        self._challenge = found

    def _check_realm(self, realm: str, attempt: str) -> None:
        """A password is for the registry's own host and for GitLab's."""
        message = f"the registry wants the credentials sent to {_origin(realm)}"
        known = {urlsplit(url).hostname for url in (self.url, self.gitlab.settings.url)}
        if urlsplit(realm).scheme != "https" and self.url.startswith("https:"):
            advice = "Nothing was sent there, since it is not encrypted; have the registry's realm set to https."
        elif self._login and urlsplit(realm).hostname not in known:
            advice = "Nothing was sent there, since that is neither the registry's host nor the one of api_url."
        else:
            return
        raise RegistryError("redirect", message, attempt=attempt, advice=advice)

    def _fetch(self, challenge: _Challenge, scopes: tuple[str, ...], attempt: str) -> _Token:
        place, origin = urlsplit(challenge.realm), _origin(challenge.realm)
        asker = self._askers.get(origin) or self.gitlab.at(origin, self._login.header if self._login else None)
        self._askers[origin] = asker
        query = parse_qsl(place.query)
        query += [("service", challenge.service)] if challenge.service else []
        query += [("scope", scope) for scope in scopes]
        try:
            answer = asker.request("GET", place.path or "/", query=query)
        except RegistryError as error:
            error.attempt, error.who = attempt, TOKEN_SERVICE
            raise
        if answer.status != 200:
            if answer.status == 401:
                # GitLab bans an address for an hour after 30 of these.
                for client in (self.client, self.source):
                    client.stop("the registry's token service does not take the credentials")
            raise _no_token(answer, attempt)
        return self._token_in(answer, attempt)

    def _token_in(self, answer: Response, attempt: str) -> _Token:
        body = answer.json()
        value = (body.get("token") or body.get("access_token")) if isinstance(body, dict) else None
        if not isinstance(value, str) or not value.isascii() or not value.isprintable():
            raise _no_token(answer, attempt, "the answer holds no token")
        claims = _claims(value)
        lifetime = _lifetime(claims, body)
        until = self.client.timing.monotonic() + max(lifetime - MARGIN, lifetime / 2)
        return _Token(value, until, _granted(claims))


def scope_of(path: str, actions: str) -> str:
    """A repository's scope: actions as in pull,delete."""
    return f"repository:{path}:{actions}"


def tag_names(registry: Registry, path: str, *, resend: frozenset[int] = SAFE) -> list[str] | None:
    """All names of a repository's tags, complete whatever their number; None where the registry does not know it."""
    attempt = f"list the tags of {path} in the registry"
    names: dict[str, None] = {}
    linked: set[str] = set()
    query: dict[str, t.Any] = {"n": PAGE}
    while True:
        answer = _ask(registry, "GET", path, "/tags/list", query=query, attempt=attempt, accept=(404,), resend=resend)
        if answer.status == 404:
            if names or _codes(answer) != ["NAME_UNKNOWN"]:
                raise _error(answer, attempt)
            return None
        page = _names_in(answer, path, attempt)
        # A full page without a link may have lost it on the way: one more look tells.
        asked_again = "last" in query and query["last"] not in linked
        if asked_again and (not page or set(page) <= set(names)):
            return list(names)
        following = _next_last(answer, attempt)
        if (not page and (names or following is not None)) or any(name in names for name in page):
            raise _distrusted(answer, "a page is empty, or repeats tags of the pages before it", attempt)
        names.update(dict.fromkeys(page))
        if following is not None:
            linked.add(following)
        elif len(page) != PAGE:
            return list(names)
        query = {**query, "last": following or page[-1]}


def _names_in(answer: Response, path: str, attempt: str) -> list[str]:
    body = _json(answer, attempt)
    names = body.get("tags", ()) if isinstance(body, dict) else ()
    if not isinstance(body, dict) or body.get("name") != path or not isinstance(names, (list, type(None))):
        raise _distrusted(answer, "the answer is no listing of this repository", attempt)
    for name in names or []:
        if not isinstance(name, str) or not TAG_NAME.fullmatch(name):
            raise _distrusted(answer, f"the listing holds {name!r}, which is no tag name", attempt)
    return names or []


def catalog(registry: Registry) -> t.Iterator[str]:
    """The paths of all repositories in the registry, page by page as they are taken."""
    attempt = f"list the repositories of {registry.url}"
    registry.authorization((CATALOG,), None, attempt)
    if registry.missing((CATALOG,), "catalog", ("*",)):
        raise _not_granted("catalog", ["*"], attempt)
    paths: dict[str, None] = {}
    query: dict[str, t.Any] = {"n": PAGE}
    while True:
        answer = _request(registry, "GET", "/v2/_catalog", (CATALOG,), query=query, attempt=attempt)
        body = _json(answer, attempt)
        page = body.get("repositories") if isinstance(body, dict) else None
        following = _next_last(answer, attempt)
        if not isinstance(page, list) or not all(isinstance(path, str) for path in page):
            raise _distrusted(answer, "the answer is no catalog", attempt)
        if (not page and (paths or following is not None)) or any(path in paths for path in page):
            raise _distrusted(answer, "a page is empty, or repeats repositories of the pages before it", attempt)
        paths.update(dict.fromkeys(page))
        yield from page
        if following is None:
            return
        query = {**query, "last": following}


def check_it_is_gitlabs(registry: Registry, host: str) -> None:
    """See that this is the registry of the GitLab at hand. host: of its registry, as GitLab tells it.

    A registry of another address, a mirror or a copy perhaps, has other images under the same names. It is taken for
    GitLab's own where it sends a stranger to this GitLab for a token. Raises RegistryError.
    """
    if host and urlsplit(registry.url).netloc.lower() == host.lower():
        return
    attempt = f"see whose registry {registry.url} is"
    try:
        answer = registry.client.request("GET", "/v2/", resend=ONCE, stop_at_401=False)
    except RegistryError as error:
        error.attempt, error.who = attempt, "The registry"
        raise
    challenge = _challenge_in(answer.headers.get("WWW-Authenticate", "")) if answer.status == 401 else None
    gitlab = urlsplit(registry.gitlab.settings.url)
    realm = urlsplit(challenge.realm) if challenge else gitlab
    if not challenge or (realm.hostname, realm.path) != (gitlab.hostname, gitlab.path + GITLAB_TOKENS):
        names = (
            f"GitLab names {host or 'none'} as its registry, and this one does not ask for tokens of {gitlab.netloc}"
        )
        advice = "Leave out registry_url, or give the address of that GitLab's registry."
        raise RegistryError("forbidden", names, attempt=attempt, advice=advice)


def registry_mode(registry: Registry, path: str) -> str:
    """What the registry says of itself: whether it has a metadata database. Only GitLab's own says anything."""
    attempt = f"find out what registry {registry.url} is"
    answer = _request(registry, "GET", "/v2/", registry.pulling(path), attempt=attempt)
    enabled = answer.headers.get("Gitlab-Container-Registry-Database-Enabled", "").lower()
    return {"true": Mode.DATABASE, "false": Mode.NO_DATABASE}.get(enabled, Mode.UNKNOWN)


def current_digest(registry: Registry, path: str, reference: str) -> str | None:
    """The digest behind a tag right now; None where there is no such tag."""
    attempt = f"read {path}:{reference} in the registry"
    answer = _manifest_request(registry, "HEAD", path, reference, attempt)
    digest = answer.headers.get("Docker-Content-Digest", "")
    if answer.status == 200 and DIGEST.fullmatch(digest):
        return digest
    # A HEAD has no body that says whether the registry itself answered 404, and why.
    found = read_manifest(registry, path, reference)
    return found.digest if found else None


def read_manifest(registry: Registry, path: str, reference: str) -> Manifest | None:
    """A manifest by tag or digest; None for a 404. Its bytes are held against its digest."""
    attempt = f"read {_named(path, reference)} in the registry"
    answer = _manifest_request(registry, "GET", path, reference, attempt)
    if answer.status == 404:
        return None
    told = reference if ":" in reference else answer.headers.get("Docker-Content-Digest") or digest_of(answer.body)
    if not is_content_of(answer.body, told):
        raise _distrusted(answer, "the manifest is another one than its digest says", attempt)
    try:
        return parse_manifest(answer.body, answer.headers.get("Content-Type", "").split(";")[0].strip(), told)
    except ManifestError as error:
        raise _distrusted(answer, str(error), attempt) from None


def read_image(registry: Registry, path: str, reference: str) -> Image | None:
    """What there is to know of an image by tag or digest; None for a 404.

    A digest that was read before is not read again. Where images are remembered from an earlier run, a tag is asked for
    its digest alone at first.
    """
    digest: str | None = reference
    if ":" not in reference:
        digest = current_digest(registry, path, reference) if registry.remembers else None
        if registry.remembers and digest is None:
            return None
    known = registry.recall(digest) if digest else None
    if known:
        return known
    manifest = read_manifest(registry, path, digest or reference)
    return _image(registry, path, manifest, 1) if manifest else None


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
        raise RegistryError("not_found", message, attempt=f"read {_named(path, child.digest)} in the registry")
    return _image(registry, path, manifest, depth + 1)


def read_blob(registry: Registry, path: str, blob: Descriptor) -> bytes:
    """The bytes of a small blob, held against its digest. The registry may send us to its storage for them."""
    attempt = f"read {_named(path, blob.digest)} in the registry"
    answer = _ask(registry, "GET", path, f"/blobs/{blob.digest}", attempt=attempt, may_leave=True, limit=blob.size)
    if not is_content_of(answer.body, blob.digest):
        raise _distrusted(answer, "the bytes are other ones than their digest says", attempt)
    return answer.body


def delete_tag(registry: Registry, path: str, name: str) -> Response:
    """Delete a tag by its name, never by a digest, which would take all tags of it. Returns a 202 or a 404.

    Registries before GitLab 16.4 know it under another path; those that can't do it at all answer with an error. It is
    sent once: whoever asks again has to look at the tag before.
    """
    attempt = f"delete {path}:{name} in the registry"
    scopes = (scope_of(path, "pull,delete"),)

    def ask(suffix: str) -> Response:
        options: dict[str, t.Any] = {"attempt": attempt, "success": 202, "accept": (400, 404, 405), "resend": ONCE}
        return _ask(registry, "DELETE", path, suffix, scopes=scopes, actions=("delete",), **options)

    answer = ask(f"/manifests/{quote(name, safe='')}")
    if _is_unsupported(answer):
        older = ask(f"/tags/reference/{quote(name, safe='')}")
        answer = answer if older.status in (400, 405) or (older.status == 404 and not _codes(older)) else older
    if answer.status == 202 or (answer.status == 404 and set(_codes(answer)) & set(_NO_SUCH)):
        return answer
    raise _error(
        answer,
        attempt,
        "This registry does not delete a tag by its name, or deletion is switched off: use delete_via auto."
        if _is_unsupported(answer)
        else None,
    )


def _is_unsupported(answer: Response) -> bool:
    return answer.status in (400, 405) and bool({"UNSUPPORTED", "DIGEST_INVALID"} & set(_codes(answer)))


def copy_image(registry: Registry, source: str, manifest: Manifest, target: str) -> None:
    """Bring all that a manifest refers to into a repository: of an index its images, of an image config and layers."""
    for child in manifest.children:
        found = read_manifest(registry, source, child.digest)
        if found is None:
            attempt = f"read {_named(source, child.digest)} in the registry"
            raise RegistryError("not_found", "an image of the index is not there", attempt=attempt)
        copy_image(registry, source, found, target)
        put_manifest(registry, target, found, found.digest)
    blobs = [manifest.config, *manifest.layers] if manifest.config else list(manifest.layers)
    unique = {blob.digest: blob for blob in blobs if blob and not blob.elsewhere}
    registry.client.parallel(lambda blob: _copy_blob(registry, source, blob, target), list(unique.values()))


def put_manifest(registry: Registry, path: str, manifest: Manifest, reference: str) -> None:
    """Store a manifest's very bytes under a tag or its digest, and see that the registry took them for the same.

    Under a tag they are sent once: whoever asks again has to look at the tag before.
    """
    attempt = f"write {_named(path, reference)} in the registry"
    answer = _ask(
        registry,
        "PUT",
        path,
        f"/manifests/{reference}",
        scopes=(scope_of(path, "pull,push"),),
        actions=("push",),
        data=manifest.body,
        headers={"Content-Type": manifest.media_type},
        attempt=attempt,
        success=201,
        resend=SAFE if ":" in reference else ONCE,
    )
    told = answer.headers.get("Docker-Content-Digest", manifest.digest)
    if told != manifest.digest:
        raise _distrusted(answer, f"the registry stored it as {told} instead of {manifest.digest}", attempt)


def _copy_blob(registry: Registry, source: str, blob: Descriptor, target: str) -> None:
    """Mount a blob from one repository into another; where the registry does not do that, send its bytes."""
    attempt = f"copy {blob.digest} from {source} to {target}"
    scopes = (scope_of(target, "pull,push"), scope_of(source, "pull"))
    suffix = f"/blobs/{blob.digest}"
    found = _ask(registry, "HEAD", target, suffix, scopes=scopes, attempt=attempt, accept=(404,), may_leave=True)
    if found.status == 200:
        return
    for attempts_left in registry.client.attempts():
        answer = _ask(
            registry,
            "POST",
            target,
            "/blobs/uploads/",
            query={"mount": blob.digest, "from": source},
            scopes=scopes,
            actions=("push",),
            attempt=attempt,
            success=201,
            accept=(202,),
            resend=REFUSED,
        )
        if answer.status == 201:
            return
        try:
            _send_blob(registry, source, blob, scopes, answer.headers.get("Location", ""), attempt)
        except RegistryError as error:
            # A token that ran out meanwhile is renewed for the next one, whose bytes are read anew.
            if not attempts_left or error.kind not in (*PASSING, "unauthorized"):
                raise
        else:
            return


def _send_blob(
    registry: Registry, source: str, blob: Descriptor, scopes: tuple[str, ...], location: str, attempt: str
) -> None:
    place = urlsplit(location)
    path = place.path[len(urlsplit(registry.url).path) :] if location else ""
    if not path.startswith("/"):
        raise RegistryError("incomplete", "the registry did not say where to send the bytes", attempt=attempt)
    headers = _bearing(registry.authorization(scopes, None, attempt))
    try:
        with registry.source.download(f"/v2/{source}/blobs/{blob.digest}", headers) as (head, pieces):
            if head.status != 200:
                raise _error(head, attempt)
            if head.headers.get("Content-Length", str(blob.size)) != str(blob.size):
                raise _distrusted(head, f"the bytes are not the {blob.size} that the manifest tells of", attempt)
            _request(
                registry,
                "PUT",
                path,
                scopes,
                query=[*parse_qsl(place.query, keep_blank_values=True), ("digest", blob.digest)],
                data=Chunks(pieces, blob.size),
                headers={"Content-Type": "application/octet-stream"},
                attempt=attempt,
                success=201,
                resend=ONCE,
            )
    except RegistryError as error:
        error.attempt, error.who = attempt, "The registry"
        raise


def _manifest_request(registry: Registry, method: str, path: str, reference: str, attempt: str) -> Response:
    """A 200 or a 404 that says there is no such manifest."""
    answer = _ask(
        registry,
        method,
        path,
        f"/manifests/{quote(reference, safe=':')}",
        headers={"Accept": ACCEPT},
        attempt=attempt,
        accept=(404,),
        limit=LARGEST_MANIFEST,
    )
    # A HEAD has no body to say more.
    if answer.status == 404 and method != "HEAD" and not set(_codes(answer)) & set(_NO_SUCH):
        raise _error(answer, attempt)
    return answer


def _ask(
    registry: Registry,
    method: str,
    path: str,
    suffix: str,
    *,
    scopes: tuple[str, ...] | None = None,
    actions: tuple[str, ...] = ("pull",),
    attempt: str,
    **options: t.Any,
) -> Response:
    """A request about a repository, once the token is known to allow it.

    What a token for several repositories does not allow may be allowed to one that is asked for alone.
    """
    company = scopes if scopes is not None else registry.pulling(path)
    alone = scopes if scopes is not None else (scope_of(path, "pull"),)
    for wanted in dict.fromkeys((company, alone)):
        registry.authorization(wanted, None, attempt)
        if registry.missing(wanted, path, actions):
            continue
        try:
            return _request(registry, method, f"/v2/{path}{suffix}", wanted, attempt=attempt, **options)
        except RegistryError as error:
            if error.kind != "unauthorized" or not registry.missing(wanted, path, actions):
                raise
    raise _not_granted(path, registry.missing(alone, path, actions), attempt)


def _request(
    registry: Registry,
    method: str,
    path: str,
    scopes: tuple[str, ...],
    *,
    headers: t.Mapping[str, str] | None = None,
    attempt: str,
    success: int = 200,
    accept: tuple[int, ...] = (),
    resend: frozenset[int] = SAFE,
    **options: t.Any,
) -> Response:
    """Ask, and ask again when the registry wants another token: the first says how, later ones run out."""
    refused: str | None = None
    for _attempt in range(3):
        asked = registry.challenge
        authorization = registry.authorization(scopes, refused, attempt)
        try:
            answer = registry.client.request(
                method,
                path,
                headers={**(headers or {}), **_bearing(authorization)},
                resend=resend,
                stop_at_401=False,
                **options,
            )
        except RegistryError as error:
            error.attempt, error.who = attempt, "The registry"
            raise
        if answer.status != 401:
            break
        registry.learn(answer, attempt)
        is_new = registry.challenge != asked
        if isinstance(options.get("data"), Chunks) or (not is_new and (authorization is None or refused is not None)):
            break
        refused = authorization
    if answer.status == success or answer.status in accept:
        return answer
    raise _error(answer, attempt)


def _bearing(authorization: str | None) -> dict[str, str]:
    return {"Authorization": authorization} if authorization else {}


def _named(path: str, reference: str) -> str:
    return f"{path}@{reference}" if ":" in reference else f"{path}:{reference}"


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _challenge_in(header: str) -> _Challenge | None:
    kind, _blank, rest = header.strip().partition(" ")
    words = {name.lower(): value for name, value in _CHALLENGE.findall(rest)}
    if kind.lower() == "basic":
        return _Challenge("basic")
    if kind.lower() == "bearer" and urlsplit(words.get("realm", "")).scheme in ("http", "https"):
        return _Challenge("bearer", words["realm"], words.get("service", ""))
    return None


def _claims(token: str) -> dict[str, t.Any]:
    """What a JWT says, unverified: it decides nothing, it only saves a question and explains an answer."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error):
        return {}
    return claims if isinstance(claims, dict) else {}


def _lifetime(claims: t.Mapping[str, t.Any], body: t.Mapping[str, t.Any]) -> float:
    """Seconds, from the server's own times, since our clock may differ."""
    start, end, told = claims.get("iat"), claims.get("exp"), body.get("expires_in")
    if isinstance(start, (int, float)) and isinstance(end, (int, float)):
        return max(0.0, float(end) - float(start))
    return float(told) if isinstance(told, (int, float)) and told > 0 else SHORTEST_TOKEN


def _granted(claims: t.Mapping[str, t.Any]) -> dict[str, frozenset[str]] | None:
    access = claims.get("access")
    if not isinstance(access, list):
        return {} if claims and "access" in claims else None
    return {
        str(row.get("name")).lower(): frozenset(str(action) for action in row.get("actions") or [])
        for row in access
        if isinstance(row, dict)
    }


def _next_last(answer: Response, attempt: str) -> str | None:
    """Where the next page begins; None on the last page."""
    query = answer.next_query
    if query is not None and not query.get("last"):
        raise _distrusted(answer, "the next link does not say where it goes on", attempt)
    return query["last"] if query else None


def _json(answer: Response, attempt: str) -> t.Any:
    try:
        return answer.json()
    except RegistryError as error:
        error.attempt, error.who = attempt, "The registry"
        raise


def _errors_in(answer: Response) -> list[dict[str, t.Any]]:
    try:
        body = json.loads(answer.body)
    except ValueError:
        return []
    rows = body.get("errors") if isinstance(body, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _codes(answer: Response) -> list[str]:
    return [str(row.get("code")) for row in _errors_in(answer)]


def _message(answer: Response) -> str:
    texts = []
    for row in _errors_in(answer):
        detail = row.get("detail")
        words = [str(row.get("code") or ""), str(row.get("message") or "")]
        texts.append(" ".join(word for word in words if word) + (f" ({detail})" if isinstance(detail, str) else ""))
    if texts:
        return "; ".join(texts)
    return "a web page" if "html" in answer.headers.get("Content-Type", "") else answer.text()


def _error(answer: Response, attempt: str, advice: str | None = None) -> RegistryError:
    """The registry's error bodies as one error."""
    kinds = {401: "unauthorized", 403: "forbidden", 404: "not_found", 429: "rate_limited"}
    kind = kinds.get(answer.status) or (
        "unavailable" if answer.status in (502, 503, 504) else "server_error" if answer.status >= 500 else "bad_request"
    )
    own = {
        "unauthorized": "The registry does not take the token, or the token does not allow this.",
        "forbidden": "The credentials may lack the role or the scope for this.",
        "server_error": "The registry's own log tells more.",
    }
    return RegistryError(
        kind,
        _message(answer),
        attempt=attempt,
        status=answer.status,
        method=answer.method,
        path=answer.path,
        request_id=answer.request_id,
        advice=own.get(kind) if advice is None else advice,
        who="The registry",
    )


def _no_token(answer: Response, attempt: str, message: str | None = None) -> RegistryError:
    error = _error(answer, attempt, "It needs a token with the scope read_registry (write_registry to change) or api.")
    error.who = TOKEN_SERVICE
    if message:
        error.kind, error.message = "incomplete", message
    return error


def _not_granted(path: str, actions: list[str], attempt: str) -> RegistryError:
    needs = {"pull": "Reporter and read_registry", "push": "Developer and write_registry", "delete": "Maintainer"}
    advice = f"The project may not be there, or the credentials lack what it takes ({needs.get(actions[0], 'it')})."
    if path == "catalog":
        advice = "GitLab gives it to administrators alone, and in Admin Mode to tokens with the scope admin_mode."
    message = f"the token for the registry allows no {' and no '.join(actions)} on {path}"
    return RegistryError("forbidden", message, attempt=attempt, advice=advice)


def _distrusted(answer: Response, message: str, attempt: str) -> RegistryError:
    return RegistryError(
        "incomplete", message, attempt=attempt, method=answer.method, path=answer.path, who="The registry"
    )
