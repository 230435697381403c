# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Recorded requests against the simulator: each on a server of its own, in the state that its answer shows.

The recordings come from one server, on which earlier requests, most of which are not there, had left their traces. So
what an answer tells of the state (the tags it lists, the status of a repository, a tag that is gone, a lease that is
taken) is set up first; what is compared is what the server makes of it: status, headers, the shape of the body, the
words of messages.
"""

from __future__ import annotations

import copy
import json
import re
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.conformance.verdicts import NotApplicable, Row, Verdict, first_difference
from tests.simulator.inprocess import InProcessServer

LEASE = "This request has already been made"
ROLES = ("guest", "reporter", "developer", "maintainer", "owner")
DATE = "2024-01-02T03:04:05.000Z"
PAGED = ("x-page", "x-per-page", "x-prev-page", "x-next-page", "x-total", "x-total-pages")
_TAGS = re.compile(r"/api/v4/projects/[^/]+/registry/repositories/(\d+)/tags(?:/([^/]+))?")


def _tags(*names: str) -> list[dict[str, Any]]:
    return [{"name": name, "created_at": DATE} for name in names]


def _repository(number: int, name: str, *tags: str, project: str = "group/project", **fields: Any) -> dict[str, Any]:
    return {"id": number, "project": project, "name": name, "created_at": DATE, "tags": _tags(*tags), **fields}


APP = ["UPPER_Case.1", "build.txt", "conf.json", "latest", "moved", "multi", "nulldate", "z" * 128]
APP += [f"v1.{number}" for number in range(24)]
CLEANUP = ["keepme", "latest", "moved", "old", *(f"b{number:02}" for number in range(12))]
# The server of the recordings, as its answers show it.
SERVER: dict[str, Any] = {
    "clock": "2024-06-15T12:00:00Z",
    "mode": "M1",
    "users": [{"username": role} for role in ROLES] + [{"username": "admin", "admin": True}, {"username": "outsider"}],
    "tokens": [{"token": f"token-{role}", "user": role} for role in ROLES]
    + [{"token": "token-admin", "user": "admin", "scopes": ["api", "admin_mode"]}]
    + [{"token": "token-outsider", "user": "outsider"}],
    "groups": [
        {"id": 10, "path": "group", "members": {role: role for role in ROLES}},
        {"id": 11, "path": "empty", "members": {role: role for role in ROLES}},
    ],
    "projects": [
        {"id": 1, "path": "group/project"},
        {"id": 2, "path": "group/other", "visibility": "public"},
        {"id": 3, "path": "group/bare"},
    ],
    "repositories": [
        _repository(1, "", "latest", "root-only", "v1", "v1.2"),
        _repository(2, "app", *APP),
        _repository(3, "cleanup", *CLEANUP, cleanup_policy_started_at="2024-01-05T03:04:05.000Z"),
        _repository(4, "todelete", "t0", "t1", "t2"),
        _repository(5, "empty"),
        _repository(6, "img", "one", project="group/other"),
        *(_repository(100 + number, f"many/{number:02}") for number in range(25)),
    ],
}


def http_recording(row: Row) -> Verdict:
    if row["kind"] != "request" or row["backend"] != "gitlab_api_memory":
        return NotApplicable(f"it is no request to a registry with database: {row['kind']}, {row['backend']}")
    asked = row["request"]
    server = InProcessServer(_state_before(row))
    headers = asked.get("headers") or {}
    body = _body(asked["body"])
    path, query = urlsplit(asked["path"]).path, asked["query"] or ""
    if LEASE in str(row["response"].get("body_json")):
        server.request(asked["method"], path, query, headers, body)
    answer = server.request(asked["method"], path, query, headers, body)
    return _compared(row["response"], answer, asked["method"])


def _body(body: Any) -> bytes:
    if body is None:
        return b""
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


def _state_before(row: Row) -> dict[str, Any]:
    """The server as it has to be for this answer."""
    server = copy.deepcopy(SERVER)
    repositories = {item["id"]: item for item in server["repositories"]}
    shown = row["response"].get("body_json")
    for found in shown if isinstance(shown, list) else [shown]:
        if isinstance(found, dict) and found.get("id") in repositories and "project_id" in found:
            _show_repository(repositories[found["id"]], found)
    match = _TAGS.fullmatch(row["request"]["path"])
    repository = repositories.get(int(match[1])) if match else None
    if match is None or repository is None:
        return server
    if match[2] is None and isinstance(shown, list) and _is_whole(row["response"]):
        repository["tags"] = [_like(repository, tag["name"]) for tag in shown]
    elif match[2] is not None and row["request"]["method"] in ("GET", "HEAD"):
        _show_tag(repository, unquote(match[2]), shown if row["response"]["status"] == 200 else None)
    elif match[2] is not None and row["response"]["status"] == 404:
        _show_tag(repository, unquote(match[2]), None)
    return server


def _show_repository(repository: dict[str, Any], found: dict[str, Any]) -> None:
    repository["status"] = found.get("status")
    for key in ("created_at", "cleanup_policy_started_at"):
        repository[key] = found[key]


def _is_whole(response: Row) -> bool:
    return bool(response["headers"].get("x-total") == str(len(response["body_json"])))


def _like(repository: dict[str, Any], name: str) -> dict[str, Any]:
    known = {tag["name"]: tag for tag in repository["tags"]}
    return known.get(name) or _tags(name)[0]


def _show_tag(repository: dict[str, Any], name: str, found: dict[str, Any] | None) -> None:
    """The tag as the answer has it; not there where the answer has none."""
    repository["tags"] = [tag for tag in repository["tags"] if tag["name"] != name]
    if found:
        tag = {"name": name, "digest": found["digest"], "created_at": found["created_at"], "size": found["total_size"]}
        repository["tags"].append({**tag, "config": found["revision"] != ""})


def _compared(expected: Row, answer: tuple[int, dict[str, str], bytes], method: str) -> Verdict:
    status, sent, content = answer
    headers = {name.lower(): value for name, value in sent.items()}
    wanted = expected["headers"]
    body = b"" if method == "HEAD" else content
    if "body_json" in expected:
        shapes = (_shape(expected["body_json"]), _shape(json.loads(body)))
    else:
        shapes = (expected["body_text"], body.decode())
    return first_difference(
        ("status", expected["status"], status),
        ("content type", wanted.get("content-type", "").split(";")[0], headers["content-type"].split(";")[0]),
        ("location", "location" in wanted, "location" in headers),
        ("pages", {name: wanted.get(name) for name in PAGED}, {name: headers.get(name) for name in PAGED}),
        ("link", _links(wanted.get("link")), _links(headers.get("link"))),
        ("body", *shapes),
    )


def _links(header: str | None) -> dict[str, Any] | None:
    """Relation to path and parameters: the host is the server's own affair."""
    if header is None:
        return None
    found = {}
    for target, relation in re.findall(r'<([^>]*)>; rel="(\w+)"', header):
        parts = urlsplit(target)
        found[relation] = (parts.path, sorted(parse_qsl(parts.query, keep_blank_values=True)))
    return found


def _shape(value: Any, key: str = "") -> Any:
    """Types instead of values; messages and bare numbers as they are."""
    if isinstance(value, dict):
        return {name: _shape(item, name) for name, item in sorted(value.items())}
    if isinstance(value, list):
        shapes = [_shape(item) for item in value]
        return [shape for number, shape in enumerate(shapes) if shape not in shapes[:number]]
    if key in ("message", "error", "error_description", "") and not isinstance(value, bool):
        return value
    return type(value).__name__
