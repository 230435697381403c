# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""A registry as a task sees it: its address, its credentials and tokens, and asking it for something.

https://distribution.github.io/distribution/spec/auth/token/
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import threading
import typing as t
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from .._core.errors import ErrorKind, RequestError, kind_of_status
from .._core.oci import Image
from .._http.client import Client
from .._http.messages import Chunks, Response
from .._http.retry import RetryPolicy
from .._http.transport import RefreshCredentials

# How many repositories share a token.
TOKEN_SCOPES = 20
# Seconds: how long a token is good where it does not say, and how long before its end it is not used any more.
SHORTEST_TOKEN = 60.0
MARGIN = 20.0

# lib/gitlab/auth.rb and app/controllers/jwt_controller.rb
GITLAB_TOKENS = "/jwt/auth"
GITLAB_SERVICE = "container_registry"
SERVICE = "The registry"
TOKEN_SERVICE = "The registry's token service"

_NO_TOKEN = "It needs a token with the scope read_registry (write_registry to change) or api."
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True)
class Login:
    """Name and password for the registry. gitlab: the password is a token of GitLab's API, for GitLab's ears alone.

    refresh_credentials: gives the header with the password as it is by now.
    """

    username: str
    password: str
    gitlab: bool = False
    refresh_credentials: RefreshCredentials | None = None

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
    """How a registry wants to be asked: kind is basic or bearer. realm: where tokens are."""

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
        """client: of GitLab. url: of the registry. images: known from before, and what is learned joins them.

        challenge: how it wants to be asked, as far as that is known.
        """
        self.url = url
        self.client = client.at(url, service=SERVICE)
        # A download holds its connection while an upload needs one, and pools wait for what they lent.
        self.source = client.at(url, service=SERVICE)
        self.remembers = bool(images)
        self._images = images if images is not None else {}
        self._login = login
        self.gitlab = client
        self._lock = threading.Lock()
        self._memory = threading.Lock()
        self._askers: dict[str, Client] = {}
        self._tokens: dict[tuple[str, ...], _Token] = {}
        self._scope_groups: dict[str, tuple[str, ...]] = {}
        self.challenge: _Challenge | None = None
        if login and login.gitlab:
            self.challenge = _Challenge("bearer", client.settings.url + GITLAB_TOKENS, GITLAB_SERVICE)

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

    def prefetch_scopes(self, paths: t.Sequence[str]) -> None:
        """These repositories will be read: they share tokens."""
        for start in range(0, len(paths), TOKEN_SCOPES):
            group = tuple(paths[start : start + TOKEN_SCOPES])
            self._scope_groups.update((path, group) for path in group)

    def pull_scopes(self, path: str) -> tuple[str, ...]:
        """The scopes to read a repository with."""
        return tuple(scope_of(other, "pull") for other in self._scope_groups.get(path, (path,)))

    def authorization(self, scopes: tuple[str, ...], refused: str | None, operation: str) -> str | None:
        """The header's value for a request. refused: the one that was no good before."""
        challenge = self.challenge
        if challenge is None:
            return None
        if challenge.kind == "basic":
            return self._login.header[1] if self._login else None
        with self._lock:
            token = self._tokens.get(scopes)
            now = self.client.timing.monotonic()
            if token is None or token.until <= now or f"Bearer {token.value}" == refused:
                token = self._tokens[scopes] = self._fetch(challenge, scopes, operation)
        return f"Bearer {token.value}"

    def denied_actions(self, scopes: tuple[str, ...], path: str, actions: t.Iterable[str]) -> list[str]:
        """What the token of these scopes does not allow on a repository, as far as it shows that."""
        token = self._tokens.get(scopes)
        if token is None or token.granted is None:
            return []
        granted = token.granted.get(path.lower(), frozenset())
        return [action for action in actions if action not in granted and "*" not in granted]

    def update_challenge(self, answer: Response) -> None:
        """Take up what a 401 says of how to ask. Raises RequestError where the credentials must not go there."""
        if self._login and self._login.gitlab:
            return
        found = _challenge_in(answer.headers.get("WWW-Authenticate", ""))
        if found is None:
            return
        if found.kind == "bearer":
            self._check_realm(found.realm, answer)
        self.challenge = found

    def _check_realm(self, realm: str, answer: Response) -> None:
        """A password is for the registry's own host and for GitLab's."""
        message = f"the registry wants the credentials sent to {_origin(realm)}"
        known = {urlsplit(url).hostname for url in (self.url, self.gitlab.settings.url)}
        if urlsplit(realm).scheme != "https" and self.url.startswith("https:"):
            advice = "Nothing was sent there, since it is not encrypted; have the registry's realm set to https."
        elif self._login and urlsplit(realm).hostname not in known:
            advice = "Nothing was sent there, since that is neither the registry's host nor the one of api_url."
        else:
            return
        raise answer.untrusted(message, ErrorKind.REDIRECT, advice)

    def _fetch(self, challenge: _Challenge, scopes: tuple[str, ...], operation: str) -> _Token:
        place, origin = urlsplit(challenge.realm), _origin(challenge.realm)
        login = self._login
        asker = self._askers.get(origin) or self.gitlab.at(
            origin,
            service=TOKEN_SERVICE,
            header=login.header if login else None,
            refresh_credentials=login.refresh_credentials if login else None,
        )
        self._askers[origin] = asker
        query = parse_qsl(place.query)
        query += [("service", challenge.service)] if challenge.service else []
        query += [("scope", scope) for scope in scopes]
        answer = asker.request("GET", place.path or "/", operation=operation, query=query)
        if answer.status != 200:
            if answer.status == 401:
                # GitLab bans an address for an hour after 30 of these.
                for client in (self.client, self.source):
                    client.stop("the registry's token service does not take the credentials")
            raise error_of(answer, _NO_TOKEN)
        return self._token_in(answer)

    def _token_in(self, answer: Response) -> _Token:
        body = answer.json()
        value = (body.get("token") or body.get("access_token")) if isinstance(body, dict) else None
        if not isinstance(value, str) or not value.isascii() or not value.isprintable():
            raise answer.error(ErrorKind.INCOMPLETE, "the answer holds no token", _NO_TOKEN)
        claims = _claims(value)
        lifetime = _lifetime(claims, body)
        until = self.client.timing.monotonic() + max(lifetime - MARGIN, lifetime / 2)
        return _Token(value, until, _granted(claims))


def scope_of(path: str, actions: str) -> str:
    """A repository's scope: actions as in pull,delete."""
    return f"repository:{path}:{actions}"


def check_it_is_gitlabs(registry: Registry, host: str) -> None:
    """See that this is the registry of the GitLab at hand. host: of its registry, as GitLab tells it.

    A registry of another address, a mirror or a copy perhaps, has other images under the same names. It is taken for
    GitLab's own where it sends a stranger to this GitLab for a token. Raises RequestError.
    """
    if host and urlsplit(registry.url).netloc.lower() == host.lower():
        return
    operation = f"see whose registry {registry.url} is"
    answer = registry.client.request("GET", "/v2/", operation=operation, retry=RetryPolicy.NEVER, stop_at_401=False)
    challenge = _challenge_in(answer.headers.get("WWW-Authenticate", "")) if answer.status == 401 else None
    gitlab = urlsplit(registry.gitlab.settings.url)
    realm = urlsplit(challenge.realm if challenge else "")
    if (realm.hostname, realm.path) != (gitlab.hostname, gitlab.path + GITLAB_TOKENS):
        message = (
            f"GitLab names {host or 'none'} as its registry, and this one does not ask for tokens of {gitlab.netloc}"
        )
        advice = "Leave out registry_url, or give the address of that GitLab's registry."
        raise answer.untrusted(message, ErrorKind.FORBIDDEN, advice)


def ask(
    registry: Registry,
    method: str,
    path: str,
    suffix: str,
    *,
    scopes: tuple[str, ...] | None = None,
    actions: tuple[str, ...] = ("pull",),
    operation: str,
    **options: t.Any,
) -> Response:
    """A request about a repository, once the token is known to allow it.

    What a token for several repositories does not allow may be allowed to one that is asked for alone.
    """
    group = scopes if scopes is not None else registry.pull_scopes(path)
    alone = scopes if scopes is not None else (scope_of(path, "pull"),)
    for wanted in dict.fromkeys((group, alone)):
        registry.authorization(wanted, None, operation)
        if registry.denied_actions(wanted, path, actions):
            continue
        try:
            return request(registry, method, f"/v2/{path}{suffix}", wanted, operation=operation, **options)
        except RequestError as error:
            if error.kind != ErrorKind.UNAUTHORIZED or not registry.denied_actions(wanted, path, actions):
                raise
    raise not_granted(path, registry.denied_actions(alone, path, actions), operation)


def request(
    registry: Registry,
    method: str,
    path: str,
    scopes: tuple[str, ...],
    *,
    headers: t.Mapping[str, str] | None = None,
    operation: str,
    success: int = 200,
    accept: tuple[int, ...] = (),
    retry: RetryPolicy = RetryPolicy.IDEMPOTENT,
    **options: t.Any,
) -> Response:
    """Ask, and ask again when the registry wants another token: the first says how, later ones run out."""
    refused: str | None = None
    for _attempt in range(3):
        asked = registry.challenge
        authorization = registry.authorization(scopes, refused, operation)
        answer = registry.client.request(
            method,
            path,
            operation=operation,
            headers={**(headers or {}), **bearing(authorization)},
            retry=retry,
            stop_at_401=False,
            **options,
        )
        if answer.status != 401:
            break
        registry.update_challenge(answer)
        is_new = registry.challenge != asked
        if isinstance(options.get("data"), Chunks) or (not is_new and (authorization is None or refused is not None)):
            break
        refused = authorization
    if answer.status == success or answer.status in accept:
        return answer
    raise error_of(answer)


def bearing(authorization: str | None) -> dict[str, str]:
    return {"Authorization": authorization} if authorization else {}


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


def _errors_in(answer: Response) -> list[dict[str, t.Any]]:
    try:
        body = json.loads(answer.body)
    except ValueError:
        return []
    rows = body.get("errors") if isinstance(body, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def codes_of(answer: Response) -> list[str]:
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


def error_of(answer: Response, advice: str | None = None) -> RequestError:
    """The registry's error bodies as one error."""
    kind = kind_of_status(answer.status)
    own = {
        ErrorKind.UNAUTHORIZED: "The registry does not take the token, or the token does not allow this.",
        ErrorKind.FORBIDDEN: "The credentials may lack the role or the scope for this.",
        ErrorKind.SERVER_ERROR: "The registry's own log tells more.",
    }
    return answer.error(kind, _message(answer), own.get(kind) if advice is None else advice)


def not_granted(path: str, actions: list[str], operation: str) -> RequestError:
    needs = {"pull": "Reporter and read_registry", "push": "Developer and write_registry", "delete": "Maintainer"}
    advice = f"The project may not be there, or the credentials lack what it takes ({needs.get(actions[0], 'it')})."
    message = f"the token for the registry allows no {' and no '.join(actions)} on {path}"
    if path == "catalog":
        message = "the token for the registry does not open its catalog"
        advice = "GitLab gives it to administrators alone, and in Admin Mode to tokens with the scope admin_mode."
    return RequestError(ErrorKind.FORBIDDEN, message, operation=operation, service=SERVICE, advice=advice)
