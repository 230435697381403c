# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real images: a real registry without a metadata database, read and cleaned the way Rails does it."""

from __future__ import annotations

import hashlib
import http.client
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from .contents import DOCKER_CONFIG, DOCKER_IMAGE, DOCKER_LIST, IMAGE, INDEX
from .registry import Deletion, Manifest, MemoryFiles, Unreachable, answer_to_index
from .state import Repository, State

# What Rails accepts: no indexes, so that the registry hides them and answers a Docker list with one of its members.
IMAGES = f"{DOCKER_IMAGE}, {IMAGE}"
EVERYTHING = f"{IMAGES}, {INDEX}, {DOCKER_LIST}"
TIMEOUT = 30.0
_REPOSITORY = re.compile(r"/v2/(.+)/(?:blobs|manifests|tags)/")
_RFC3339 = re.compile(r"(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


@dataclass(frozen=True)
class RegistryResponse:
    """headers in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def digest(self) -> str:
        return self.headers["docker-content-digest"]


Authorize = Callable[[str], str]


class RegistryClient:
    """A registry's HTTP API. Every thread has a connection of its own.

    authorize: a token for everything in a repository; asked once the registry has turned out to want tokens.
    """

    def __init__(self, url: str, authorize: Authorize | None = None) -> None:
        parts = urlsplit(url)
        self._address = (parts.hostname or "localhost", parts.port or 80)
        self._local = threading.local()
        self._authorize = authorize
        self._guarded = False

    def request(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes | None = None
    ) -> RegistryResponse:
        """Unreachable where nobody answers. path may be a whole URL, as in a Location."""
        if not self._guarded:
            answer = self._send(method, path, headers or {}, body)
            if answer.status != 401 or self._authorize is None:
                return answer
            self._guarded = True
        return self._send(method, path, {**(headers or {}), **self._authorization(path)}, body)

    def _authorization(self, path: str) -> dict[str, str]:
        repository = _REPOSITORY.match(urlsplit(path).path)
        return {"Authorization": f"Bearer {self._authorize(repository[1])}"} if self._authorize and repository else {}

    def _send(self, method: str, path: str, headers: dict[str, str], body: bytes | None) -> RegistryResponse:
        parts = urlsplit(path)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        for attempt in (1, 2):
            connection = getattr(self._local, "connection", None) or http.client.HTTPConnection(
                *self._address, timeout=TIMEOUT
            )
            self._local.connection = connection
            try:
                connection.request(method, target, body, headers)
                answer = connection.getresponse()
                found = {name.lower(): value for name, value in answer.getheaders()}
                return RegistryResponse(answer.status, found, answer.read())
            except (OSError, http.client.HTTPException):
                # The registry may have closed a connection that was idle.
                connection.close()
                self._local.connection = None
                if attempt == 2:
                    raise Unreachable from None
        raise AssertionError

    def names(self, path: str) -> list[str]:
        answer = self.request("GET", f"/v2/{path}/tags/list")
        return sorted(json.loads(answer.body)["tags"] or []) if answer.ok else []

    def manifest(self, path: str, reference: str, accept: str, method: str = "GET") -> RegistryResponse:
        return self.request(method, f"/v2/{path}/manifests/{reference}", {"Accept": accept})

    def blob(self, path: str, digest: str) -> RegistryResponse:
        return self.request("GET", f"/v2/{path}/blobs/{digest}")

    def put_blob(self, path: str, content: bytes) -> dict[str, Any]:
        """Its digest and size; uploaded unless it is there."""
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        if not self.request("HEAD", f"/v2/{path}/blobs/{digest}").ok:
            upload = self.request("POST", f"/v2/{path}/blobs/uploads/")
            location = upload.headers["location"]
            joint = "&" if "?" in location else "?"
            headers = {"Content-Type": "application/octet-stream"}
            _must(self.request("PUT", f"{location}{joint}digest={digest}", headers, content), 201)
        return {"digest": digest, "size": len(content)}

    def put_manifest(self, path: str, reference: str, media_type: str, content: bytes) -> str:
        """The digest it got."""
        answer = self.request("PUT", f"/v2/{path}/manifests/{reference}", {"Content-Type": media_type}, content)
        _must(answer, 201)
        return answer.digest

    def delete_manifest(self, path: str, digest: str) -> RegistryResponse:
        return self.request("DELETE", f"/v2/{path}/manifests/{digest}")


class RegistryRefused(Exception):
    """The registry did not take what was pushed."""


def _must(answer: RegistryResponse, status: int) -> None:
    if answer.status != status:
        raise RegistryRefused(f"{answer.status} instead of {status}: {answer.body.decode(errors='replace')}")


class Images(MemoryFiles):
    """Repositories whose tags the scenario does not list are in the registry, the others in memory."""

    def __init__(self, state: State, client: RegistryClient) -> None:
        super().__init__(state)
        self._client = client

    def _read(self, repository: Repository, name: str, method: str) -> RegistryResponse | None:
        """The manifest of a tag as Rails asks for it, by release; Broken or None where it gets none."""
        if not self.answers(repository):
            return None
        accept = IMAGES if self.state.registry.index_detail == "missing" else EVERYTHING
        answer = self._client.manifest(repository.path, name, accept, method)
        return answer if answer.ok else None

    def list(self, repository: Repository) -> list[str]:
        if repository.tags is not None:
            return super().list(repository)
        return self._client.names(repository.path) if self.answers(repository) else []

    def digest(self, repository: Repository, name: str) -> str | None:
        if repository.tags is not None:
            return super().digest(repository, name)
        answer = self._read(repository, name, "HEAD")
        return answer.digest if answer else None

    def manifest(self, repository: Repository, name: str) -> Manifest | None:
        if repository.tags is not None:
            return super().manifest(repository, name)
        answer = self._read(repository, name, "GET")
        if answer is None:
            return None
        manifest = json.loads(answer.body)
        if answer.headers["content-type"] in (INDEX, DOCKER_LIST):
            return answer_to_index(self.state.registry.index_detail)
        return Manifest(
            manifest["config"]["digest"].removeprefix("sha256:"), sum(layer["size"] for layer in manifest["layers"])
        )

    def created(self, repository: Repository, name: str, manifest: Manifest) -> datetime | None:
        if repository.tags is not None:
            return super().created(repository, name, manifest)
        if not self.answers(repository):
            return None
        answer = self._client.blob(repository.path, f"sha256:{manifest.revision}")
        return rfc3339(json.loads(answer.body).get("created")) if answer.ok else None

    def delete(self, repository: Repository, name: str) -> Deletion:
        if repository.tags is not None:
            return super().delete(repository, name)
        if not self.answers(repository):
            return "refused" if "error" in self.states(repository) else "missing"
        return untag(self._client, repository.path, name)


def untag(client: RegistryClient, path: str, name: str) -> Deletion:
    """Delete one tag in a registry that can only delete images: make it an image of its own first, and delete that.

    Every other tag of the same image, and the image itself, stay.
    """
    if not client.manifest(path, name, EVERYTHING, "HEAD").ok:
        return "missing"
    config = json.dumps({"architecture": "none", "os": "none", "comment": f"{path}:{name}"}).encode()
    manifest = {
        "schemaVersion": 2,
        "mediaType": DOCKER_IMAGE,
        "config": {"mediaType": DOCKER_CONFIG, **client.put_blob(path, config)},
        "layers": [],
    }
    digest = client.put_manifest(path, name, DOCKER_IMAGE, json.dumps(manifest).encode())
    return "deleted" if client.delete_manifest(path, digest).ok else "refused"


def rfc3339(text: Any) -> datetime | None:
    """None for what Rails can't read as a date."""
    match = _RFC3339.fullmatch(text) if isinstance(text, str) else None
    if not match:
        return None
    try:
        return datetime.fromisoformat(f"{match[1]}{(match[2] or '.0')[:7]}{match[3]}".upper())
    except ValueError:
        return None
