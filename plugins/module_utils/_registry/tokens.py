# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""How a registry wants to be asked, and what the token says that it wants: pure.

https://distribution.github.io/distribution/spec/auth/token/
"""

from __future__ import annotations

import base64
import binascii
import enum
import json
import re
import typing as t
from urllib.parse import urlsplit

# Seconds: how long a token is good where it does not say, and how long before its end it is not used any more.
_SHORTEST_TOKEN = 60.0
_MARGIN = 20.0

_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')


class AuthScheme(enum.Enum):
    """How credentials are sent."""

    BASIC = "basic"
    BEARER = "bearer"


class Challenge(t.NamedTuple):
    """How a registry wants to be asked.

    Args:
        scheme: how credentials are sent.
        realm: where tokens are, for bearer.
        service: what the token service calls the registry, for bearer.
    """

    scheme: AuthScheme
    realm: str = ""
    service: str = ""


class TokenRules(t.NamedTuple):
    """What a token says of GitLab's protection rules for tags: patterns of names, which RE2 searches unanchored.

    GitLab writes only the rules that bind the caller, and only for the actions that the token was asked for. So a name
    that matches is proven to be protected, and one that matches nothing is not proven to be free.
    app/services/auth/container_registry_authentication_service.rb

    Args:
        push: of tags that the caller may not push.
        delete: of tags that the caller may not delete.
        immutable: of tags that nobody may delete, or push anew.
    """

    push: tuple[str, ...] = ()
    delete: tuple[str, ...] = ()
    immutable: tuple[str, ...] = ()


class Token(t.NamedTuple):
    """A token of the registry.

    Args:
        value: the token itself.
        until: when it is not used any more, in the client's own seconds.
        granted: the actions that it allows, by the repository's path; None if it does not show them.
        rules: what it says of protected tags, by the repository's path.
    """

    value: str
    until: float
    granted: t.Mapping[str, frozenset[str]] | None
    rules: t.Mapping[str, TokenRules]


def challenge_in(header: str) -> Challenge | None:
    """The challenge of a WWW-Authenticate header; None where it holds none that is understood."""
    scheme, _blank, rest = header.strip().partition(" ")
    words = {name.lower(): value for name, value in _CHALLENGE.findall(rest)}
    if scheme.lower() == AuthScheme.BASIC.value:
        return Challenge(AuthScheme.BASIC)
    if scheme.lower() == AuthScheme.BEARER.value and urlsplit(words.get("realm", "")).scheme in ("http", "https"):
        return Challenge(AuthScheme.BEARER, realm=words["realm"], service=words.get("service", ""))
    return None


def token_in(body: t.Any, now: float) -> Token | None:
    """The token in a token service's answer; None where there is none.

    Args:
        body: the answer's JSON.
        now: the client's own time, in seconds.
    """
    value = (body.get("token") or body.get("access_token")) if isinstance(body, dict) else None
    if not isinstance(value, str) or not value.isascii() or not value.isprintable():
        return None
    claims = _claims(value)
    lifetime = _lifetime(claims, body)
    return Token(
        value=value,
        until=now + max(lifetime - _MARGIN, lifetime / 2),
        granted=_granted(claims),
        rules={_path_of(row): _rules_in(row) for row in _access_in(claims)},
    )


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
    start, end, expires_in = claims.get("iat"), claims.get("exp"), body.get("expires_in")
    if isinstance(start, (int, float)) and isinstance(end, (int, float)):
        return max(0.0, float(end) - float(start))
    return float(expires_in) if isinstance(expires_in, (int, float)) and expires_in > 0 else _SHORTEST_TOKEN


def _granted(claims: t.Mapping[str, t.Any]) -> dict[str, frozenset[str]] | None:
    if not isinstance(claims.get("access"), list):
        return {} if claims and "access" in claims else None
    return {_path_of(row): frozenset(_texts(row.get("actions"))) for row in _access_in(claims)}


def _access_in(claims: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    access = claims.get("access")
    return [row for row in access if isinstance(row, dict)] if isinstance(access, list) else []


def _path_of(row: t.Mapping[str, t.Any]) -> str:
    return str(row.get("name")).lower()


def _rules_in(row: t.Mapping[str, t.Any]) -> TokenRules:
    meta = row.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    denied = meta.get("tag_deny_access_patterns")
    denied = denied if isinstance(denied, dict) else {}
    return TokenRules(
        push=_texts(denied.get("push")),
        delete=_texts(denied.get("delete")),
        immutable=_texts(meta.get("tag_immutable_patterns")),
    )


def _texts(found: t.Any) -> tuple[str, ...]:
    return tuple(text for text in found if isinstance(text, str)) if isinstance(found, list) else ()
