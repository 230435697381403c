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


class Token(t.NamedTuple):
    """A token of the registry.

    Args:
        value: the token itself.
        until: when it is not used any more, in the client's own seconds.
        granted: the actions that it allows, by the repository's path; None if it does not show them.
    """

    value: str
    until: float
    granted: t.Mapping[str, frozenset[str]] | None


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
    return Token(value=value, until=now + max(lifetime - _MARGIN, lifetime / 2), granted=_granted(claims))


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
    access = claims.get("access")
    if not isinstance(access, list):
        return {} if claims and "access" in claims else None
    return {
        str(row.get("name")).lower(): frozenset(str(action) for action in row.get("actions") or [])
        for row in access
        if isinstance(row, dict)
    }
