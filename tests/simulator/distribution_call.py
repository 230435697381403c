# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A request of the registry's own protocol, and the errors that it answers with."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from .answers import Answer, as_json
from .state import Repository, State, Tags

VERSIONS = {"G15": "3.69.1-gitlab", "G17": "4.9.0-gitlab", "G18": "4.35.0-gitlab"}
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
MESSAGES = {
    "BLOB_UNKNOWN": (404, "blob unknown to registry"),
    "BLOB_UPLOAD_INVALID": (400, "blob upload invalid"),
    "BLOB_UPLOAD_UNKNOWN": (404, "blob upload unknown to registry"),
    "DIGEST_INVALID": (400, "provided digest did not match uploaded content"),
    "MANIFEST_BLOB_UNKNOWN": (400, "blob unknown to registry"),
    "MANIFEST_INVALID": (400, "manifest invalid"),
    "MANIFEST_REFERENCED": (409, "manifest referenced by a manifest list"),
    "MANIFEST_UNKNOWN": (404, "manifest unknown"),
    "IMMUTABLE_TAG": (401, "tag is immutable"),
    "NAME_UNKNOWN": (404, "repository name not known to registry"),
    "PAGINATION_NUMBER_INVALID": (400, "invalid number of results requested"),
    "PROTECTED_MANIFEST": (
        401,
        "insufficient permissions to delete manifest due to tag protection or immutability policies",
    ),
    "PROTECTED_TAG": (401, "insufficient permissions to push or delete protected tag"),
    "RANGE_INVALID": (416, "invalid content range"),
    "TAG_IMMUTABILITY_PATTERN_INVALID": (400, "invalid tag immutability pattern"),
    "TAG_PATTERN_COUNT_LIMIT_EXCEEDED": (400, "tag protection and immutability patterns count limit exceeded"),
    "TAG_PROTECTION_PATTERN_INVALID": (400, "invalid tag protection pattern"),
    "UNAUTHORIZED": (401, "authentication required"),
    "UNKNOWN": (500, "unknown error"),
    "UNSUPPORTED": (405, "The operation is unsupported."),
}


@dataclass(frozen=True)
class TagRules:
    """Patterns of tags that a token denies to push or to delete, and of those that are immutable."""

    push: tuple[str, ...] = ()
    delete: tuple[str, ...] = ()
    immutable: tuple[str, ...] = ()


@dataclass
class RegistryCall:
    """headers: in lower case. params: of the query. may: whether the bearer may do something in a repository.

    rules: what the bearer's token says of the repository's tags. unlisted: names that a listing of files lacks.
    """

    state: State
    method: str
    headers: dict[str, str]
    params: dict[str, str]
    body: bytes
    base: str
    name: str = ""
    reference: str = ""
    may: Callable[[str, str], bool] = field(default=lambda _action, _path: True)
    rules: TagRules = field(default_factory=TagRules)
    unlisted: Collection[str] = ()

    @property
    def version(self) -> str:
        """Of GitLab's registry."""
        return self.state.registry.version or VERSIONS[self.state.generation]

    def is_since(self, major: int, minor: int) -> bool:
        """Whether this is that release of GitLab's registry or a later one, by its CHANGELOG.md."""
        found = self.version.split(".")
        return (int(found[0]), int(found[1])) >= (major, minor)

    @property
    def row(self) -> Repository | None:
        """The repository in GitLab, unless its tags are elsewhere."""
        found = self.state.repository_at(self.name)
        return found if found is not None and found.tags is not None else None

    @property
    def known(self) -> Tags | None:
        """Of the repository, if the registry knows it."""
        row = self.row
        return row.tags if row is not None and row.registry_state != "unknown" else None

    @property
    def tags(self) -> Tags:
        """Of a repository that the registry knows."""
        found = self.known
        if found is None:
            raise Problem("NAME_UNKNOWN", {"name": self.name})
        return found

    def pushed(self) -> Tags:
        """The same for a push, from which on the registry knows it."""
        row = self.row
        if row is not None and row.registry_state == "unknown":
            row.registry_state = "ok"
        return self.tags

    def url(self, path: str) -> str:
        return f"{self.base}/v2/{self.name}/{path}"


Handler = Callable[[RegistryCall], Answer]


class Problem(Exception):
    """An answer of errors instead of the wanted one."""

    def __init__(self, code: str, *details: Any, status: int | None = None, message: str | None = None) -> None:
        super().__init__(code)
        usual, text = MESSAGES[code]
        row = {"code": code, "message": message or text}
        rows = [row if detail is None else {**row, "detail": detail} for detail in details or (None,)]
        self.status = status or usual
        self.answer = as_json(self.status, {"errors": rows})

    def also(self, code: str, *details: Any) -> Problem:
        """The same with more errors; the status is that of the first."""
        more = json.loads(Problem(code, *details).answer.body)["errors"]
        rows = json.loads(self.answer.body)["errors"]
        self.answer = as_json(self.status, {"errors": [*rows, *more]})
        return self


def accepted(headers: dict[str, str] | None = None) -> Answer:
    return Answer(202, b"", headers=headers or {})


def body_of(call: RegistryCall, media_type: str, digest: str, size: int, content: Callable[[], bytes]) -> Answer:
    """Something with a digest; a HEAD leaves the bytes out."""
    headers = {"Content-Length": str(size), "Docker-Content-Digest": digest, "Etag": f'"{digest}"'}
    return Answer(200, b"" if call.method == "HEAD" else content(), media_type, headers)
