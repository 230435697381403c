# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The options that modules share, with their conditions, and what they mean."""

from __future__ import annotations

import ipaddress
import re
import typing as t
from dataclasses import dataclass
from urllib.parse import urlsplit

from .._core.errors import UsageError
from .._core.files import read_lines
from .._core.models import Scope
from .._http.messages import Header
from .._http.transport import RefreshCredentials, Settings
from .._registry.auth import Login, RegistrySettings

COLLECTION_VERSION = "0.1.0"

JOB_TOKEN = "job"

# https://docs.gitlab.com/security/tokens/#token-prefixes
_GITLAB_TOKEN = re.compile(r"gl[a-z]{1,6}-")

_TOKEN_OPTIONS = ("api_token", "api_oauth_token", "api_job_token")


class ArgumentSpec(t.NamedTuple):
    """Options together with the conditions between them."""

    options: dict[str, t.Any]
    mutually_exclusive: tuple[tuple[str, ...], ...] = ()
    required_one_of: tuple[tuple[str, ...], ...] = ()
    required_together: tuple[tuple[str, ...], ...] = ()
    required_if: tuple[tuple[str, t.Any, tuple[str, ...]], ...] = ()

    def merged(self, other: ArgumentSpec) -> ArgumentSpec:
        return ArgumentSpec(
            {**self.options, **other.options},
            self.mutually_exclusive + other.mutually_exclusive,
            self.required_one_of + other.required_one_of,
            self.required_together + other.required_together,
            self.required_if + other.required_if,
        )


# No fallback to the environment here: it would count as given for mutually_exclusive, and a CI job always has a token.
CONNECTION = ArgumentSpec(
    {
        "api_url": {"type": "str"},
        "api_token": {"type": "str", "no_log": True},
        "api_oauth_token": {"type": "str", "no_log": True},
        "api_job_token": {"type": "str", "no_log": True},
        "api_token_file": {"type": "path", "no_log": False},
        "ca_path": {"type": "path"},
        "validate_certs": {"type": "bool", "default": True},
        "client_cert": {"type": "path"},
        "client_key": {"type": "path", "no_log": False},
        "timeout": {"type": "float", "default": 60.0},
        "retries": {"type": "int", "default": 5},
        "concurrency": {"type": "int", "default": 4},
        "max_requests_per_minute": {"type": "int"},
        "max_requests": {"type": "int"},
    },
    mutually_exclusive=((*_TOKEN_OPTIONS, "api_token_file"),),
)

REGISTRY = ArgumentSpec(
    {
        "registry_url": {"type": "str"},
        "registry_username": {"type": "str"},
        "registry_password": {"type": "str", "no_log": True},
    },
    required_together=(("registry_username", "registry_password"),),
)

READING = REGISTRY.merged(
    ArgumentSpec(
        {
            "read_via": {"type": "str", "choices": ["auto", "graphql", "rest", "registry"], "default": "auto"},
            "cache_path": {"type": "path"},
            "on_error": {"type": "str", "choices": ["fail", "report"], "default": "fail"},
        }
    )
)

RESULT = ArgumentSpec({"return_limit": {"type": "int", "default": 100}})
WAIT = ArgumentSpec({"wait": {"type": "bool", "default": True}, "wait_timeout": {"type": "int", "default": 300}})

SCOPE = ArgumentSpec(
    {
        "project": {"type": "list", "elements": "str"},
        "group": {"type": "str"},
        "repository_id": {"type": "list", "elements": "int"},
        "repositories": {"type": "list", "elements": "str"},
        "exclude_repositories": {"type": "list", "elements": "str"},
    },
    mutually_exclusive=(("project", "group", "repository_id"),),
    required_one_of=(("project", "group", "repository_id"),),
)

# What instance goes with is up to scope(): a default counts as given.
SCOPE_OR_INSTANCE = ArgumentSpec(
    {**SCOPE.options, "instance": {"type": "bool", "default": False}}, SCOPE.mutually_exclusive
)


@dataclass(frozen=True)
class Access:
    """How to reach GitLab. token: the secret in use, None is anonymous. kind: api, oauth, job or anonymous.

    token_file: where the token is, if it is in a file.
    """

    settings: Settings
    kind: str
    token: str | None
    warnings: tuple[str, ...]
    token_file: str | None = None


def access(params: t.Mapping[str, t.Any], environ: t.Mapping[str, str], ansible_version: str) -> Access:
    """What the connection options and the environment say; an empty variable counts as unset. Raises UsageError."""
    url = params["api_url"] or environ.get("GITLAB_API_URL") or environ.get("CI_API_V4_URL")
    if not url:
        raise UsageError("api_url is missing: give the address of GitLab, or set GITLAB_API_URL.")
    root = _server_root(url, "api_url")
    path = _token_file(params, environ)
    kind, token = ("api", token_in(path)) if path else _credential(params, environ)
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
        user_agent=f"containerops.gitlab/{COLLECTION_VERSION} ansible/{ansible_version}",
    )
    return Access(settings, kind, token, _unencrypted(root, "api_url"), path)


def registry_settings(
    params: t.Mapping[str, t.Any], environ: t.Mapping[str, str], gitlab: Access
) -> tuple[RegistrySettings, tuple[str, ...]]:
    """How to reach the registry itself, and what to warn of. Raises UsageError.

    Without a login of its own GitLab's token serves, under the name that its kind needs:
    https://docs.gitlab.com/user/packages/container_registry/authenticate_with_container_registry/
    A CI/CD job always has an address and a login in its environment. They are those of the GitLab that runs it, and
    the login reaches its own project alone: a token that was given for more goes before it.
    """
    ci = environ if _is_of(environ.get("CI_API_V4_URL"), gitlab) else {}
    url, option = params["registry_url"], "registry_url"
    if not url and ci.get("CI_REGISTRY"):
        url, option = f"https://{ci['CI_REGISTRY']}", "CI_REGISTRY"
    root = _server_root(url, option) if url else None
    given = params["registry_username"] is not None
    if given and not (params["registry_username"] and params["registry_password"]):
        raise UsageError("registry_username or registry_password is empty: give both, or leave them out.")
    names = {JOB_TOKEN: "gitlab-ci-token", "oauth": "oauth2"}
    if given:
        password = params["registry_password"]
        login = Login(params["registry_username"], password, gitlab=_GITLAB_TOKEN.match(password) is not None)
    elif gitlab.kind in ("api", "oauth") and gitlab.token:
        login = Login(names.get(gitlab.kind, "containerops"), gitlab.token, gitlab=True)
    elif ci.get("CI_REGISTRY_USER") and ci.get("CI_REGISTRY_PASSWORD"):
        login = Login(ci["CI_REGISTRY_USER"], ci["CI_REGISTRY_PASSWORD"], gitlab=True)
    elif gitlab.token:
        login = Login(names[gitlab.kind], gitlab.token, gitlab=True)
    else:
        return RegistrySettings(root), ()
    return RegistrySettings(root, login), _unencrypted(root, option) if root else ()


def _is_of(api_url: str | None, gitlab: Access) -> bool:
    """Whether an address that a CI/CD job is told leads to the GitLab at hand; one that is not told is believed."""
    return not api_url or _server_root(api_url, "CI_API_V4_URL") == gitlab.settings.url


def _unencrypted(url: str, option: str) -> tuple[str, ...]:
    unsafe = urlsplit(url).scheme == "http" and not _is_loopback(urlsplit(url).hostname or "")
    return (f"{option} {url} uses http: the token and all answers travel unencrypted.",) if unsafe else ()


def _server_root(url: str, option: str) -> str:
    """The server's URL without /api/v4."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError as error:
        raise UsageError(f"{option} is not a URL: {error}.") from None
    secret = "api_token" if option == "api_url" else "registry_password"
    if parts.username or parts.password:
        raise UsageError(f"{option} holds a user name or password: give it in {secret} instead.")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        example = "gitlab" if option == "api_url" else "registry"
        raise UsageError(f"{option} {url!r} is not a URL: write it as https://{example}.example.com.")
    if parts.query or parts.fragment:
        raise UsageError(f"{option} holds a query: give the address of the server alone, and secrets in {secret}.")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    path = parts.path.rstrip("/")
    path = path[: -len("/api/v4")] if path.endswith("/api/v4") else path
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "") + path


def _token_file(params: t.Mapping[str, t.Any], environ: t.Mapping[str, str]) -> str | None:
    """The file that the token is in; in the environment GITLAB_TOKEN goes before it."""
    given: str | None = params["api_token_file"]
    elsewhere = environ.get("GITLAB_TOKEN") or any(params[option] is not None for option in _TOKEN_OPTIONS)
    return given if given is not None or elsewhere else environ.get("GITLAB_TOKEN_FILE") or None


def token_in(path: str) -> str:
    """The token of a file, without the space around it. Raises UsageError."""
    token = "".join(read_lines(path, "api_token_file")).strip()
    if not token:
        raise UsageError(f"api_token_file {path} is empty, or not there: write the token into it.")
    _check_kind(token, f"api_token_file {path}")
    return _checked_token(token, f"api_token_file {path}")


def refreshing(found: Access, header: t.Callable[[str], Header | None]) -> RefreshCredentials | None:
    """Reads the token of a file again; a file that holds none by now changes nothing."""
    path = found.token_file
    if path is None:
        return None

    def refresh() -> Header | None:
        try:
            token = token_in(str(path))
        except UsageError:
            return None
        return header(token)

    return refresh


def _credential(params: t.Mapping[str, t.Any], environ: t.Mapping[str, str]) -> tuple[str, str | None]:
    given = [(params[option], option) for option in _TOKEN_OPTIONS]
    found = [(environ.get(variable) or None, variable) for variable in ("GITLAB_TOKEN", "CI_JOB_TOKEN")]
    for (token, source), kind in zip(given + found, ("api", "oauth", JOB_TOKEN, "api", JOB_TOKEN)):
        if token is not None:
            if kind != JOB_TOKEN:
                _check_kind(token, source)
            return kind, _checked_token(token, source)
    return "anonymous", None


def _checked_token(token: str, source: str) -> str:
    if not token.strip():
        raise UsageError(f"{source} is empty: give a token, or leave it out.")
    if not token.isascii() or not token.isprintable() or " " in token:
        raise UsageError(f"{source} holds a character that no token has, perhaps a line break or a quote.")
    return token


def _check_kind(token: str, source: str) -> None:
    """GitLab's own prefixes of tokens: https://docs.gitlab.com/security/tokens/#token-prefixes"""
    if token.startswith("gldt-"):
        raise UsageError(
            f"{source} is a deploy token, which GitLab's API does not take: give a personal, project or group access "
            "token with the scope api (read_api is enough for reading)."
        )
    if token.startswith("glcbt-"):
        raise UsageError(f"{source} is a CI/CD job token: give it in api_job_token.")


def header_of(kind: str, token: str | None) -> Header | None:
    """Bearer where GitLab takes it, since HTTP libraries keep that one from going to another host."""
    if token is None:
        return None
    return ("JOB-TOKEN", token) if kind == JOB_TOKEN else ("Authorization", f"Bearer {token}")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_one_scope(instance: bool, others: t.Mapping[str, t.Any]) -> None:
    """Raises UsageError unless exactly one is given of the instance and the other scopes by their options."""
    given = [*(name for name, value in others.items() if value is not None), *(["instance"] if instance else [])]
    if len(given) > 1:
        raise UsageError(f"{' and '.join(given)} can't be combined: give one of them.")
    if not given:
        raise UsageError(f"one of the following is required: {', '.join(others)}, instance.")


def scope(params: t.Mapping[str, t.Any]) -> Scope:
    """The scope options as one value; raises UsageError where instance does not go with the others."""
    instance = bool(params.get("instance"))
    check_one_scope(instance, {name: params[name] for name in ("project", "group", "repository_id")})
    return Scope(
        projects=tuple(params["project"] or ()),
        group=params["group"],
        repository_ids=tuple(params["repository_id"] or ()),
        include=tuple(params["repositories"] or ()),
        exclude=tuple(params["exclude_repositories"] or ()),
        instance=instance,
    )
