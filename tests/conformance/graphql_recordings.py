# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Recorded GraphQL requests against the simulator: each on a server of its own, in the state that its answer shows.

An answer tells of the state: the tags on a page with all that is known of them, how many others there are, which of
GitLab's questions to its registry failed, what is protected. That is set up first. What is compared is what the server
makes of it: status, which tags come, their values, cursors, counts and errors.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from tests.conformance.verdicts import NotApplicable, Row, Verdict, first_difference
from tests.simulator.inprocess import InProcessServer

PATH = "/api/graphql"
INDEX = "application/vnd.oci.image.index.v1+json"
UNREACHABLE = "We are having trouble connecting to the Container Registry"
# The tokens of the recordings, by the role that they have in the group.
ROLES = {
    "tok-ops": "maintainer",
    "tok-own": "owner",
    "tok-dev": "developer",
    "tok-rep": "reporter",
    "tok-guest": "guest",
}
ADMIN = "tok-root"
_REPOSITORY = re.compile(r"gid://gitlab/ContainerRepository/(\d+)")
_ALIAS = re.compile(r"(\w+): containerRepository\(id: \$(\w+)\) \{(.*?pageInfo)")
_ARGUMENTS = re.compile(r"tags\(([^)]*)\)|tags \{")
_HEXADECIMAL = re.compile(r"[0-9a-f]{64}")
_PARSER = re.compile(r"Expected \w+, (?:not|actual)|Syntax Error|Parse error")


def graphql_recording(row: Row) -> Verdict:
    """Compare a row with what the simulator answers in its state."""
    asked, response = row["request"], row["response"]
    if any(_PARSER.match(str(error.get("message"))) for error in response["body"].get("errors") or []):
        return NotApplicable("the words are those of Ruby's parser")
    server = InProcessServer(_scenario(row))
    for repository in server.gitlab.state.repositories.values():
        for tag in repository.tags or ():
            # The answer shows what the database counted of an image, not its layers.
            tag.pushed(tag.size)
    headers = {"Content-Type": "application/json"}
    token = row.get("user", ADMIN)
    if token:
        headers["Private-Token"] = token
    status, _headers, body = server.request("POST", PATH, "", headers, json.dumps(asked).encode())
    expected, got = response["body"], json.loads(body)
    return first_difference(
        ("status", response["status"], status),
        ("keys", sorted(expected), sorted(got)),
        ("data", _comparable(expected.get("data")), _comparable(got.get("data"))),
        (
            "errors",
            [_without_place(each) for each in expected.get("errors", [])],
            list(map(_without_place, got.get("errors", []))),
        ),
    )


def _scenario(row: Row) -> dict[str, Any]:
    """The server as it has to be for this answer."""
    without_database = row["mode"].startswith("M2")
    registry: dict[str, Any] = {}
    repositories: dict[int, dict[str, Any]] = {}
    scenario: dict[str, Any] = {
        "mode": "M2" if without_database else "M1",
        "users": [{"username": name, "admin": name == ADMIN} for name in (*ROLES, ADMIN)],
        "tokens": [
            *({"token": name, "user": name} for name in ROLES),
            {"token": ADMIN, "user": ADMIN, "scopes": ["api", "admin_mode"]},
        ],
        "groups": [{"id": 10, "path": "team", "members": ROLES}],
        "projects": [{"id": 1, "path": "team/app", "tag_rules": []}],
        "registry": registry,
    }
    if "destroyContainerRepositoryTags" in row["request"]["query"] and "input" in row["request"]["variables"]:
        repositories = _before_deletion(row, scenario)
    else:
        repositories = {each["id"]: each for each in _before_reading(row, registry, without_database=without_database)}
        scenario["projects"][0]["tag_rules"] = list(_rules(row))
        late = [error for error in row["response"]["body"].get("errors", []) if _is_late(error)]
        if late:
            scenario["graphql_calls"] = _calls_before(row)
    scenario["repositories"] = list(repositories.values())
    return scenario


def _before_reading(row: Row, registry: dict[str, Any], *, without_database: bool) -> Iterator[dict[str, Any]]:
    """The repositories that the pages show. registry: learns which questions to it fail."""
    data = row["response"]["body"].get("data") or {}
    errors = row["response"]["body"].get("errors", [])
    fails: dict[str, int] = {}
    known: dict[int, dict[str, dict[str, Any]]] = {}
    for page in pages_asked(row["request"]):
        found = data.get(page["alias"])
        if found is None and not any(error["path"][0] == page["alias"] for error in _placed(errors)):
            continue
        found = found or {}
        connection = found.get("tags") or {}
        nodes, info = _nodes(data, page), connection.get("pageInfo") or {}
        positions = without_database or (bool(nodes) and _is_position(info.get("endCursor")))
        if positions and not without_database:
            fails["database"] = fails.get("database", 0) + 1
        if any(
            error["path"] == [page["alias"], "tagsCount"] and UNREACHABLE in error["message"]
            for error in _placed(errors)
        ):
            fails["count_reset"] = 1
        count = found.get("tagsCount")
        if count == 0 and nodes:
            fails["count"] = 1
        whole = page["first"] is not None and page["first"] > 0 and not page["name"]
        if nodes == [] and count and whole and not without_database and not info.get("hasPreviousPage"):
            fails["list"] = len(pages_asked(row["request"]))
        tags = [_tag(node, positions=positions, exact=page["sort"]) for node in nodes]
        shown = {
            node["name"]
            for each in pages_asked(row["request"])
            if each["id"] == page["id"]
            for node in _nodes(data, each)
        }
        if info.get("hasNextPage") and nodes and max(shown) > nodes[-1]["name"] and not count:
            # Another page of the repository shows what comes behind this one.
            info = {}
        others = _others(page, tags, info, count or 0, positions=positions)
        known.setdefault(page["id"], {}).update((tag["name"], tag) for tag in (*others, *tags))
    registry["fails"] = fails
    for number, by_name in known.items():
        yield {"id": number, "project": "team/app", "name": f"r{number}", "tags": list(by_name.values())}


def _nodes(data: dict[str, Any], page: dict[str, Any]) -> list[dict[str, Any]]:
    found = data.get(page["alias"]) or {}
    return (found.get("tags") or {}).get("nodes") or []


def _placed(errors: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [error for error in errors if error.get("path")]


def _is_late(error: dict[str, Any]) -> bool:
    return str(error["message"]).startswith("Timeout on ")


def _calls_before(row: Row) -> int:
    """How many requests to the registry had been made when the time was over: a question, a page and a count a page."""
    calls = 0
    errors = {error["path"][0]: error["path"] for error in reversed(_placed(row["response"]["body"]["errors"]))}
    for alias, found in row["response"]["body"]["data"].items():
        if found and found.get("tags"):
            calls += 2 + ("tagsCount" in found)
        elif found:
            counted = "tagsCount" in found
            return calls + counted + ("nodes" in errors.get(alias, []))
    return calls


def pages_asked(request: dict[str, Any]) -> list[dict[str, Any]]:
    """The pages of tags that a query asks for, in its order."""
    variables = request["variables"]
    found = []
    for alias, variable, inner in _ALIAS.findall(request["query"]):
        match = _REPOSITORY.fullmatch(str(variables.get(variable)))
        arguments = _ARGUMENTS.search(inner)
        if not match or not arguments:
            continue
        given = dict(re.findall(r'(\w+): ("[^"]*"|[\w$-]+)', arguments[1] or ""))
        after = given.get("after")
        if after and after[0] == "$":
            after = variables.get(after[1:])
        first, last = given.get("first"), given.get("last")
        found.append(
            {
                "alias": alias,
                "id": int(match[1]),
                "after": after,
                "first": int(first) if first else None,
                "last": int(last) if last else None,
                "name": given.get("name", "").strip('"'),
                "sort": given.get("sort", ""),
            }
        )
    return found


def _is_position(cursor: str | None) -> bool:
    return cursor is not None and _decoded(cursor).isdigit()


def _decoded(cursor: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except ValueError:
        return b""


def _tag(node: dict[str, Any], *, positions: bool, exact: str) -> dict[str, Any]:
    """A tag of which a page shows this. exact: the page goes by date, and its cursor shows more digits."""
    tag: dict[str, Any] = {"name": node["name"]}
    size = node.get("totalSize")
    if size is not None:
        tag["size"] = int(size)
    if node.get("digest"):
        tag["digest"] = node["digest"]
    elif "digest" in node:
        return {"name": node["name"], "media_type": INDEX, "children": [{"platform": "linux/amd64"}]}
    if positions:
        return {**tag, "config_created": node.get("createdAt")}
    if node.get("mediaType"):
        tag["media_type"] = node["mediaType"]
    if node.get("revision") == "":
        tag["config"] = False
    published = node.get("publishedAt")
    if published and exact:
        published = published.replace("+00:00", ".123456+00:00")
    if "createdAt" in node:
        tag["created_at"] = node["createdAt"]
    if "publishedAt" in node:
        tag["published_at"] = published
    return tag


def _rules(row: Row) -> Iterator[dict[str, Any]]:
    """The rules that protect the tags on the pages."""
    names: dict[str | None, list[str]] = {}
    for found in (row["response"]["body"].get("data") or {}).values():
        connection = found.get("tags") if isinstance(found, dict) else None
        for node in (connection or {}).get("nodes") or []:
            if node.get("protection"):
                names.setdefault(node["protection"].get("minimumAccessLevelForDelete"), []).append(node["name"])
    for level, covered in names.items():
        pattern = "^(?:" + "|".join(map(re.escape, covered)) + ")$"
        yield {"pattern": pattern, **({"delete": level.lower()} if level else {"immutable": True})}


def _others(
    page: dict[str, Any], tags: list[dict[str, Any]], info: dict[str, Any], count: int, *, positions: bool
) -> list[dict[str, Any]]:
    """The tags before and behind a page, as many as are needed."""
    more = bool(info.get("hasNextPage"))
    before = 0
    left = max(count - len(tags), 1 if more else 0)
    if positions and page["last"]:
        before = left
    elif positions and page["after"] and _is_position(page["after"]):
        before = int(_decoded(page["after"]))
    elif page["after"] and not page["sort"]:
        before = max(0, left - 1) if more else left
    falling = page["sort"].endswith("DESC")
    low, high = ("zzz", "00-") if falling else ("00-", "zzz")
    others = [{"name": f"{low}{_letters(number)}"} for number in range(before)]
    if page["after"] and not positions and others and others[-1]["name"] > page["after"] and not page["sort"]:
        others = []
    behind = max(0, left - len(others))
    middle = page["name"] if more else ""
    others += [{"name": f"{high}{middle}{_letters(number)}"} for number in range(behind)]
    if page["sort"].startswith("PUBLISHED"):
        date = "2020-01-01T00:00:00Z" if falling else "2030-01-01T00:00:00Z"
        others = [{**tag, "published_at": date} for tag in others]
    return others


def _letters(number: int) -> str:
    """Different letters for each number, in its order."""
    return "".join(chr(ord("A") + number // 26**place % 26) for place in (2, 1, 0))


def _before_deletion(row: Row, scenario: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """The repository before tags were deleted, and which of them can't be."""
    given = row["request"]["variables"]["input"]
    answer = (row["response"]["body"].get("data") or {}).get("destroyContainerRepositoryTags")
    names = [name for name in given["tagNames"] if isinstance(name, str)]
    match = _REPOSITORY.fullmatch(given["id"])
    number = int(match[1]) if match else 0
    asked = row.get("registry_calls")
    asked = asked if isinstance(asked, list) else []
    tried = [name for name in names if f"DELETE /v2/team/app/manifests/{name}" in asked]
    deleted = answer["deletedTagNames"] if answer else []
    registry = scenario["registry"]
    if answer:
        left = [name for name in names if name not in deleted]
        protected = [name for name in left if name not in tried and "error while deleting tags" not in answer["errors"]]
        scenario["projects"][0]["tag_rules"] = [
            {"pattern": f"^{re.escape(name)}$", "delete": "admin"} for name in protected[:5]
        ]
        registry["undeletable"] = [name for name in left if name in tried]
        if answer["errors"] == ["error while deleting tags"] and left:
            registry["lost_at"] = left[0]
    elif row["response"]["status"] == 500:
        registry["state"] = "unreachable"
    forbidden = (
        row["response"]["body"].get("errors")
        and row["response"]["status"] == 200
        and row.get("user") in ("tok-ops", ADMIN)
    )
    tags = [{"name": name} for name in names if re.fullmatch(r"\w[\w.-]{0,127}", name)]
    return {} if forbidden else {number: {"id": number, "project": "team/app", "name": "", "tags": tags}}


def _comparable(value: Any, key: str = "") -> Any:
    """What can be compared: times as such, and digests of configs, which the simulator makes itself, by their shape."""
    if isinstance(value, dict):
        return {name: _comparable(item, name) for name, item in sorted(value.items())}
    if key == "fields" and isinstance(value, list):
        # Permissions were stood in for.
        rows = [_comparable(item) for item in value if item["name"] != "userPermissions"]
        return sorted(rows, key=lambda item: str(item["name"]))
    if isinstance(value, list):
        return [_comparable(item) for item in value]
    if key in ("createdAt", "publishedAt") and isinstance(value, str):
        return datetime.fromisoformat(value)
    if key in ("revision", "shortRevision") and isinstance(value, str):
        return len(value)
    return value


def _without_place(error: dict[str, Any]) -> dict[str, Any]:
    """An error without its place in the text of the query."""
    return {name: value for name, value in error.items() if name != "locations"}
