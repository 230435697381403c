# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What the connection options and the environment say about how to reach GitLab."""

from __future__ import annotations

import enum
import ipaddress
import re
import typing as t
from urllib.parse import urlsplit

from .._core.errors import UsageError
from .._core.files import check_there, read_lines
from .._http.messages import Header
from .._http.settings import RefreshCredentials, Settings
from .options import TOKEN_OPTIONS

_COLLECTION_VERSION = "1.0.0"


class TokenKind(enum.Enum):
    """What kind of token GitLab is asked with."""

    API = "api"
    OAUTH = "oauth"
    JOB = "job"
    ANONYMOUS = "anonymous"


class Access(t.NamedTuple):
    """How to reach GitLab.

    Args:
        settings: of the client.
        kind: what kind of token is in use.
        token: the secret; None for anonymous access.
        warnings: what the user should know, one sentence each.
        token_file: the file that the token is in; None if it is in none.
    """

    settings: Settings
    kind: TokenKind
    token: str | None
    warnings: tuple[str, ...]
    token_file: str | None = None


def access_of(params: t.Mapping[str, t.Any], environ: t.Mapping[str, str], ansible_version: str) -> Access:
    """Work out how to reach GitLab.

    Args:
        params: the options of CONNECTION.
        environ: the environment. An empty variable counts as unset.
        ansible_version: for the User-Agent header.

    Raises:
        UsageError: an option or variable can't be used as it is.
    """
    url = params["api_url"] or environ.get("GITLAB_API_URL") or environ.get("CI_API_V4_URL")
    if not url:
        # What sudo sets itself.
        lost = (
            " Sudo removes the environment: set become: false, or keep the variable." if "SUDO_USER" in environ else ""
        )
        raise UsageError(f"api_url is missing: give the address of GitLab, or set GITLAB_API_URL.{lost}")
    root = server_root(url, "api_url")
    path = _token_file(params, environ)
    kind, token = (TokenKind.API, _token_in(path)) if path else _credential(params, environ)
    if params["client_key"] and not params["client_cert"]:
        raise UsageError("client_key needs client_cert.")
    limits = (("max_requests_per_minute", 1), ("max_requests", 1))
    for option, least in (("timeout", 1), ("retries", 0), ("concurrency", 1), *limits):
        if params[option] is not None and params[option] < least:
            raise UsageError(f"{option} is {params[option]:g}: it has to be at least {least}.")
    settings = Settings(
        url=root,
        header=header_of(kind, token),
        ca_path=params["ca_path"] or environ.get("GITLAB_CA_PATH") or None,
        validate_certs=params["validate_certs"],
        client_cert=params["client_cert"],
        client_key=params["client_key"],
        timeout=params["timeout"],
        retries=params["retries"],
        concurrency=params["concurrency"],
        max_requests_per_minute=params["max_requests_per_minute"],
        max_requests=params["max_requests"],
        user_agent=f"containerops.gitlab/{_COLLECTION_VERSION} ansible/{ansible_version}",
    )
    return Access(
        settings=settings,
        kind=kind,
        token=token,
        warnings=unencrypted_warnings(root, "api_url"),
        token_file=path,
    )


def unencrypted_warnings(url: str, option: str) -> tuple[str, ...]:
    """A warning where a server is asked without encryption, unless it is on this host."""
    unsafe = urlsplit(url).scheme == "http" and not _is_loopback(urlsplit(url).hostname or "")
    return (f"{option} {url} uses http: the token and all answers travel unencrypted.",) if unsafe else ()


def server_root(url: str, option: str) -> str:
    """The URL of a server, without /api/v4.

    Args:
        url: as the user wrote it.
        option: the option or variable that holds it, for messages.

    Raises:
        UsageError: it is no URL of a server, or holds a secret.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError as error:
        raise UsageError(f"{option} is not a URL: {error}.") from None
    secret = "api_token" if option == "api_url" else "registry_password"
    if parts.username or parts.password:
        raise UsageError(f"{option} contains a user name or password: give it in {secret} instead.")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        example = "gitlab" if option == "api_url" else "registry"
        raise UsageError(f"{option} {url!r} is not a URL: write it as https://{example}.example.com.")
    if parts.query or parts.fragment:
        raise UsageError(f"{option} contains a query: give only the address of the server, and secrets in {secret}.")
    if re.search("(^|/)(-|groups|users|explore|dashboard)(/|$)", parts.path):
        raise UsageError(f"{option} {url!r} is the address of a page: give only the address of the server.")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    path = re.sub("/api/(v4|graphql)(/.*)?$", "", parts.path).rstrip("/")
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "") + path


def _token_file(params: t.Mapping[str, t.Any], environ: t.Mapping[str, str]) -> str | None:
    """The file that the token is in; in the environment GITLAB_TOKEN goes before it."""
    given: str | None = params["api_token_file"]
    elsewhere = environ.get("GITLAB_TOKEN") or any(params[option] is not None for option in TOKEN_OPTIONS)
    return given if given is not None or elsewhere else environ.get("GITLAB_TOKEN_FILE") or None


def _token_in(path: str) -> str:
    """The token of a file, without the space around it.

    Raises:
        UsageError: it holds none, or one that can't be sent.
    """
    token = "".join(read_lines(path, "api_token_file")).strip()
    if not token:
        check_there(path, "api_token_file")
        raise UsageError(f"api_token_file {path} is empty: write the token into it.")
    _check_kind(token, f"api_token_file {path}")
    return _checked_token(token, f"api_token_file {path}")


def token_file_refresher(
    access: Access, header_of_token: t.Callable[[str], Header | None]
) -> RefreshCredentials | None:
    """A function that reads the token of a file again, for a token that is replaced while a task runs.

    Args:
        access: how GitLab is reached.
        header_of_token: makes the new header of the new token.

    Returns:
        The function, None where the token is in no file. It returns None where the file holds no token by now.
    """
    path = access.token_file
    if path is None:
        return None

    def refresh() -> Header | None:
        try:
            token = _token_in(str(path))
        except UsageError:
            return None
        return header_of_token(token)

    return refresh


def _credential(params: t.Mapping[str, t.Any], environ: t.Mapping[str, str]) -> tuple[TokenKind, str | None]:
    given = [(params[option], option) for option in TOKEN_OPTIONS]
    found = [(environ.get(variable) or None, variable) for variable in ("GITLAB_TOKEN", "CI_JOB_TOKEN")]
    kinds = (TokenKind.API, TokenKind.OAUTH, TokenKind.JOB, TokenKind.API, TokenKind.JOB)
    for (token, source), kind in zip(given + found, kinds):
        if token is not None:
            if kind != TokenKind.JOB:
                _check_kind(token, source)
            return kind, _checked_token(token, source)
    return TokenKind.ANONYMOUS, None


def _checked_token(token: str, source: str) -> str:
    if not token.strip():
        raise UsageError(f"{source} is empty: give a token, or leave it out.")
    if not token.isascii() or not token.isprintable() or " " in token:
        raise UsageError(
            f"{source} contains a character that is not allowed in a token, perhaps a line break or a quote."
        )
    return token


def _check_kind(token: str, source: str) -> None:
    """GitLab's own prefixes of tokens: https://docs.gitlab.com/security/tokens/#token-prefixes"""
    if token.startswith("gldt-"):
        raise UsageError(
            f"{source} is a deploy token, which GitLab's API does not accept: give a personal, project or group access "
            "token with the scope api (read_api is enough for reading)."
        )
    if token.startswith("glcbt-"):
        raise UsageError(f"{source} is a CI/CD job token: give it in api_job_token.")


def header_of(kind: TokenKind, token: str | None) -> Header | None:
    """The header with a token: Bearer where GitLab takes it, which HTTP libraries never send to another host."""
    if token is None:
        return None
    return ("JOB-TOKEN", token) if kind == TokenKind.JOB else ("Authorization", f"Bearer {token}")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
