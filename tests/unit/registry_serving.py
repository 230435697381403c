# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A registry with its token service, by a table of answers."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ansible_collections.containerops.gitlab.plugins.module_utils._core.oci import OCI_IMAGE, digest_of
from ansible_collections.containerops.gitlab.plugins.module_utils._registry.auth import Login, Registry
from tests.unit.serving import Answer, FakeTime, RecordingServer, client, serving

GITLAB = Login("any", "glpat-unit", gitlab=True)

OWN = Login("robot", "robot-secret")

JSON = {"Content-Type": "application/json"}


def jwt(access: list[dict[str, Any]] | None, **claims: Any) -> str:
    body = {"iat": 1000, "exp": 1300, **claims, **({} if access is None else {"access": access})}
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({}, body, {}))


@dataclass
class FakeRegistry:
    """A registry with its token service.

    allow: what is granted of what is asked. meta: what the token says besides of a scope. answers: by the path after
    /v2.
    """

    scheme: str = "bearer"
    realm: str = ""
    allow: Any = lambda scope: True
    meta: Any = lambda scope: None
    lifetime: int = 300
    answers: dict[str, Any] = field(default_factory=dict)
    given: list[str] = field(default_factory=list)
    spoilt: set[str] = field(default_factory=set)
    refuse: bool = False
    tokens: list[tuple[str, list[str]]] = field(default_factory=list)
    token_status: int = 200

    def answer(self, _number: int, request: BaseHTTPRequestHandler) -> Answer | None:
        parts = urlsplit(request.path)
        if parts.path == "/jwt/auth":
            return self._token(parse_qs(parts.query), request.headers.get("Authorization", ""))
        authorization = request.headers.get("Authorization", "")
        good = set() if self.refuse else {f"Bearer {token}" for token in self.given if token not in self.spoilt}
        if self.scheme == "bearer" and authorization not in good:
            challenge = f'Bearer realm="{self.realm}",service="container_registry",scope="x:y:pull"'
            return 401, {"WWW-Authenticate": challenge}, errors("UNAUTHORIZED")
        if self.scheme == "basic" and authorization != OWN.header[1]:
            return 401, {"WWW-Authenticate": 'Basic realm="here"'}, errors("UNAUTHORIZED")
        found = self.answers.get(f"{request.command} {request.path.removeprefix('/v2')}")
        if found is None:
            found = self.answers.get(request.path.removeprefix("/v2"))
        return found if found is not None else (404, JSON, errors("NAME_UNKNOWN"))

    def _token(self, query: dict[str, list[str]], authorization: str) -> Answer:
        scopes = query.get("scope", [])
        self.tokens.append((authorization, scopes))
        if self.token_status != 200:
            return self.token_status, JSON, errors("UNAUTHORIZED", "HTTP Basic: Access denied")
        rows = [(*scope.split(":"), self.meta(scope)) for scope in scopes if self.allow(scope)]
        access = [
            {"type": kind, "name": name, "actions": actions.split(","), "meta": meta}
            for kind, name, actions, meta in rows
        ]
        token = jwt(access, exp=1000 + self.lifetime, jti=len(self.given))
        self.given.append(token)
        return 200, JSON, json.dumps({"token": token}).encode()


def errors(code: str, message: str = "no") -> bytes:
    return json.dumps({"errors": [{"code": code, "message": message}]}).encode()


def listing(names: list[str] | None, path: str = "a/b", **headers: str) -> Answer:
    return 200, {**JSON, **headers}, json.dumps({"name": path, "tags": names}).encode()


@dataclass
class RegistryServer:
    """A fake registry that is served over HTTP, and the time of its clients."""

    fake: FakeRegistry
    http: RecordingServer
    time: FakeTime

    def registry(self, login: Login | None = GITLAB, **settings: Any) -> Registry:
        gitlab = client(self.http.url, self.time, header=("Authorization", "Bearer glpat-unit"), **settings)
        return Registry(gitlab, self.http.url, login=login)

    def requests_to(self, path: str) -> list[str]:
        return [f"{method} {where}" for method, where, _headers in self.http.requests if where.startswith(path)]


@contextmanager
def serving_registry(fake: FakeRegistry) -> Iterator[RegistryServer]:
    """Serve a fake registry with its token service, as long as this lasts."""
    with serving(fake.answer) as http:
        fake.realm = f"{http.url}/jwt/auth"
        yield RegistryServer(fake, http, FakeTime())


def image(created: str | None = "2026-01-01T00:00:00Z") -> tuple[bytes, bytes]:
    config = json.dumps({"created": created}).encode()
    row = {"digest": digest_of(config), "size": len(config), "mediaType": "application/vnd.oci.image.config.v1+json"}
    layers = [{"digest": digest_of(b"layer"), "size": 5, "mediaType": "application/vnd.oci.image.layer.v1.tar"}]
    return json.dumps({"mediaType": OCI_IMAGE, "config": row, "layers": layers}).encode(), config


def manifest(body: bytes, media_type: str = OCI_IMAGE, digest: str | None = None) -> Answer:
    return 200, {"Content-Type": media_type, "Docker-Content-Digest": digest or digest_of(body)}, body
