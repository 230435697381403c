# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""A registry as a task sees it: its address, its credentials and its tokens.

https://distribution.github.io/distribution/spec/auth/token/
"""

from __future__ import annotations

import base64
import threading
import typing as t
from urllib.parse import parse_qsl, urlsplit

from .._core.errors import ErrorKind, UsageError
from .._http.client import Client
from .._http.messages import Header, Response
from .._http.retry import RetryPolicy
from .._http.settings import RefreshCredentials
from .._http.understanding import understanding
from .errors import SERVICE, error_of
from .image_cache import ImageCache
from .tokens import AuthScheme, Challenge, Token, TokenRules, challenge_in, token_in

# How many repositories share a token.
TOKEN_SCOPES = 20

# lib/gitlab/auth.rb and app/controllers/jwt_controller.rb
_GITLAB_TOKENS = "/jwt/auth"
_GITLAB_SERVICE = "container_registry"
_TOKEN_SERVICE = "The registry's token service"

_NO_TOKEN = "It needs a token with the scope read_registry (write_registry to change) or api."


class Login(t.NamedTuple):
    """Name and password for the registry.

    Args:
        username: the name.
        password: the secret.
        gitlab: the password is a token of GitLab's API, which is sent to GitLab alone.
        refresh_credentials: gives the header with the password as it is by now; None if it stays as it is.
    """

    username: str
    password: str
    gitlab: bool = False
    refresh_credentials: RefreshCredentials | None = None

    @property
    def header(self) -> Header:
        """Name and password as HTTP sends them."""
        words = f"{self.username}:{self.password}".encode()
        return "Authorization", f"Basic {base64.b64encode(words).decode()}"


class RegistrySettings(t.NamedTuple):
    """How to reach the registry.

    Args:
        url: None where GitLab tells it.
        login: None is anonymous.
    """

    url: str | None = None
    login: Login | None = None


class Registry:
    """A registry for all threads of a task: its address, its tokens, and what is known of images by their digests.

    Args:
        client: of GitLab.
        url: of the registry.
        login: None is anonymous.
        images: what is known of images; None is nothing yet.

    challenge: how the registry wants to be asked, as far as that is known.
    """

    def __init__(self, client: Client, url: str, *, login: Login | None, images: ImageCache | None = None) -> None:
        self.url = url
        self.gitlab = client
        self.client = client.at(url, service=SERVICE)
        # A download holds its connection while an upload needs one, and pools wait for what they lent.
        self.source = client.at(url, service=SERVICE)
        self.images = images or ImageCache()
        self._login = login
        self._lock = threading.Lock()
        self._token_clients: dict[str, Client] = {}
        self._tokens: dict[tuple[str, ...], Token] = {}
        self._scope_groups: dict[str, tuple[str, ...]] = {}
        self._push_groups: dict[str, tuple[str, ...]] = {}
        self.challenge: Challenge | None = None
        if login and login.gitlab:
            self.challenge = Challenge(
                AuthScheme.BEARER, realm=client.settings.url + _GITLAB_TOKENS, service=_GITLAB_SERVICE
            )

    def prefetch_scopes(self, paths: t.Sequence[str]) -> None:
        """Let these repositories, which will be read, share tokens."""
        self._scope_groups.update(_in_groups(paths))

    def prefetch_push_scopes(self, paths: t.Sequence[str]) -> None:
        """Let these repositories, which may be written and which GitLab has, share tokens for that."""
        self._push_groups.update(_in_groups(paths))

    def push_alone(self, path: str) -> bool:
        """Let a repository have a token of its own to write with; gives whether it shared one before."""
        return len(self._push_groups.pop(path, ())) > 1

    def pull_scopes(self, path: str) -> tuple[str, ...]:
        """The scopes to read a repository with."""
        return tuple(scope_of(other, "pull") for other in self._scope_groups.get(path, (path,)))

    def push_scopes(self, path: str) -> tuple[str, ...]:
        """The scopes to write tags of a repository with."""
        return tuple(scope_of(other, "pull,push") for other in self._push_groups.get(path, (path,)))

    def authorization(
        self,
        scopes: tuple[str, ...],
        refused: str | None,
        operation: str,
        retry: RetryPolicy = RetryPolicy.IDEMPOTENT,
    ) -> str | None:
        """The value of the header Authorization for a request; None where it takes none.

        Args:
            scopes: what the token is for, as in scope_of.
            refused: the value that the registry did not take before.
            operation: what the request is for.
            retry: after what a token is asked for again.

        Raises:
            RequestError: the token service gives no token.
        """
        challenge = self.challenge
        if challenge is None:
            return None
        if challenge.scheme is AuthScheme.BASIC:
            return self._login.header[1] if self._login else None
        token = self._valid_token(scopes, refused)
        if token is None:
            with self._lock:
                token = self._valid_token(scopes, refused)
                if token is None:
                    token = self._tokens[scopes] = self._fetch_token(challenge, scopes, operation, retry)
        return f"Bearer {token.value}"

    def _valid_token(self, scopes: tuple[str, ...], refused: str | None) -> Token | None:
        token = self._tokens.get(scopes)
        if token is None or token.until <= self.client.timing.monotonic() or f"Bearer {token.value}" == refused:
            return None
        return token

    def denied_actions(self, scopes: tuple[str, ...], path: str, actions: t.Iterable[str]) -> list[str]:
        """The actions that the token of these scopes does not allow on a repository, as far as it shows that."""
        token = self._tokens.get(scopes)
        if token is None or token.granted is None:
            return []
        granted = token.granted.get(path.lower(), frozenset())
        return [action for action in actions if action not in granted and "*" not in granted]

    def tag_rules(self, scopes: tuple[str, ...], path: str, operation: str) -> TokenRules:
        """What the token of these scopes says of a repository's protected tags; no rules where it says nothing.

        Raises:
            RequestError: the token service gives no token.
        """
        self.authorization(scopes, None, operation)
        token = self._tokens.get(scopes)
        return token.rules.get(path.lower(), TokenRules()) if token else TokenRules()

    def update_challenge(self, answer: Response) -> None:
        """Take up what a 401 says of how to ask.

        Raises:
            RequestError: it wants the credentials sent where they must not go.
        """
        if self._login and self._login.gitlab:
            return
        found = challenge_in(answer.headers.get("WWW-Authenticate", ""))
        if found is None:
            return
        if found.scheme is AuthScheme.BEARER:
            self._check_realm(found.realm, answer)
        self.challenge = found

    def _check_realm(self, realm: str, answer: Response) -> None:
        """A password is for the registry's own host and for GitLab's."""
        message = f"the registry wants the credentials to be sent to {_origin(realm)}"
        known = {urlsplit(url).hostname for url in (self.url, self.gitlab.settings.url)}
        if urlsplit(realm).scheme != "https" and self.url.startswith("https:"):
            advice = "Nothing was sent there, since it is not encrypted; have the registry's realm set to https."
        elif self._login and urlsplit(realm).hostname not in known:
            advice = "Nothing was sent there, since that is neither the registry's host nor the one of api_url."
        else:
            return
        raise answer.untrusted(message, ErrorKind.REDIRECT, advice)

    def _fetch_token(self, challenge: Challenge, scopes: tuple[str, ...], operation: str, retry: RetryPolicy) -> Token:
        place = urlsplit(challenge.realm)
        query = parse_qsl(place.query)
        query += [("service", challenge.service)] if challenge.service else []
        query += [("scope", scope) for scope in scopes]
        client = self._token_client(_origin(challenge.realm))
        answer = client.request("GET", place.path or "/", operation=operation, query=query, retry=retry)
        if answer.status == 401:
            # GitLab bans an address for an hour after 30 of these.
            for each in (self.client, self.source):
                each.stop("the registry's token service does not accept the credentials")
        if answer.status != 200:
            raise error_of(answer, _NO_TOKEN)
        token = token_in(answer.json(), self.client.timing.monotonic())
        if token is None:
            raise answer.error(ErrorKind.INCOMPLETE, "the answer contains no token", _NO_TOKEN)
        return token

    def _token_client(self, origin: str) -> Client:
        if origin not in self._token_clients:
            self._token_clients[origin] = self.gitlab.at(
                origin,
                service=_TOKEN_SERVICE,
                header=self._login.header if self._login else None,
                refresh_credentials=self._login.refresh_credentials if self._login else None,
            )
        return self._token_clients[origin]


def scope_of(path: str, actions: str) -> str:
    """A repository's scope: actions as in pull,delete."""
    return f"repository:{path}:{actions}"


def _in_groups(paths: t.Sequence[str]) -> t.Iterator[tuple[str, tuple[str, ...]]]:
    """Each path with those that share a token with it."""
    for start in range(0, len(paths), TOKEN_SCOPES):
        group = tuple(paths[start : start + TOKEN_SCOPES])
        yield from ((path, group) for path in group)


@understanding("find the registry of this GitLab", SERVICE)
def registry_of(
    client: Client,
    settings: RegistrySettings,
    location: str,
    images: ImageCache | None = None,
) -> Registry:
    """The registry of a GitLab. GitLab tells no scheme: it is taken to be GitLab's own.

    Args:
        client: Of GitLab.
        settings: The address, if it was given, and the credentials.
        location: The registry's host and a path, as GitLab tells it of a repository or project.
        images: What is known of images; None is nothing yet.

    Raises:
        UsageError: If no address is known.
        RequestError: If the given address is not the registry of this GitLab.
    """
    host = location.partition("/")[0]
    if not settings.url and not host:
        raise UsageError("GitLab does not report the address of its registry: set registry_url.")
    scheme = client.settings.url.partition(":")[0]
    registry = Registry(client, settings.url or f"{scheme}://{host}", login=settings.login, images=images)
    _check_it_is_gitlabs(registry, host)
    return registry


def _check_it_is_gitlabs(registry: Registry, host: str) -> None:
    """See that this is the registry of the GitLab at hand.

    A registry of another address, a mirror or a copy perhaps, has other images under the same names. It is taken for
    GitLab's own if it sends a stranger to this GitLab for a token.

    Args:
        registry: the one in question.
        host: of the registry, as GitLab tells it; empty where it tells none.

    Raises:
        RequestError: it is another one (forbidden), or does not answer.
    """
    if host and urlsplit(registry.url).netloc.lower() == host.lower():
        return
    operation = f"find out which GitLab uses the registry {registry.url}"
    answer = registry.client.request("GET", "/v2/", operation=operation, retry=RetryPolicy.NEVER, stop_at_401=False)
    challenge = challenge_in(answer.headers.get("WWW-Authenticate", "")) if answer.status == 401 else None
    gitlab = urlsplit(registry.gitlab.settings.url)
    realm = urlsplit(challenge.realm if challenge else "")
    if (realm.hostname, realm.path) != (gitlab.hostname, gitlab.path + _GITLAB_TOKENS):
        message = (
            f"GitLab names {host or 'none'} as its registry, and this one does not ask for tokens of {gitlab.netloc}"
        )
        advice = "Leave out registry_url, or give the address of that GitLab's registry."
        raise answer.untrusted(message, ErrorKind.FORBIDDEN, advice)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
