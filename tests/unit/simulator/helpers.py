# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The server that the simulator's own tests ask, and how they ask it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests

from tests.simulator.harness import Simulator

CLOCK = "2026-06-01T12:00:00Z"
INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
ROLES = ("guest", "reporter", "developer", "maintainer", "owner")
SMALL = [{"name": name} for name in ("a", "b", "c")]


def default_scenario(**changes: Any) -> dict[str, Any]:
    """A user for every role in the group team, one project for every kind of visibility."""
    users = [*ROLES, "outsider", "admin"]
    scenario: dict[str, Any] = {
        "clock": CLOCK,
        "registry": {"host": "registry.example.com"},
        "users": [{"id": number, "username": name, "admin": name == "admin"} for number, name in enumerate(users, 1)],
        "tokens": [
            *({"token": name, "kind": "personal", "user": name, "scopes": ["api"]} for name in users),
            {"token": "admin-mode", "kind": "personal", "user": "admin", "scopes": ["api", "admin_mode"]},
            {"token": "reader", "kind": "project", "user": "maintainer", "scopes": ["read_api"]},
            {"token": "registry", "kind": "group", "user": "maintainer", "scopes": ["read_registry", "write_registry"]},
            {"token": "expired", "kind": "personal", "user": "maintainer", "expired": True},
            {"token": "revoked", "kind": "personal", "user": "maintainer", "revoked": True},
            {"token": "oauth", "kind": "oauth", "user": "maintainer", "scopes": ["api"]},
            {"token": "job", "kind": "job", "user": "developer", "project": "team/app"},
            {"token": "deploy", "kind": "deploy", "scopes": ["read_registry"]},
        ],
        "groups": [
            {"id": 10, "path": "team", "members": {name: name for name in ROLES}},
            {"id": 11, "path": "team/sub"},
            {"id": 12, "path": "other"},
            {"id": 13, "path": "open", "visibility": "public"},
        ],
        "projects": [
            {"id": 1, "path": "team/app", "former_paths": ["old/app"]},
            {"id": 2, "path": "team/sub/tool", "archived": True},
            {"id": 3, "path": "other/lib", "shared_with": ["team"]},
            {"id": 4, "path": "open/site", "visibility": "public"},
            {"id": 5, "path": "open/hidden", "visibility": "public", "access_level": "private"},
            {"id": 6, "path": "team/off", "access_level": "disabled"},
            {"id": 7, "path": "open/inside", "visibility": "internal"},
        ],
        "repositories": [
            {"id": 100, "project": "team/app", "tags": SMALL, "created_at": "2019-01-10T13:38:57.391Z"},
            {"id": 101, "project": "team/app", "name": "Web", "tags": SMALL},
            {"id": 102, "project": "team/sub/tool", "tags": SMALL},
            {"id": 103, "project": "other/lib", "tags": SMALL},
            {"id": 104, "project": "open/site", "tags": SMALL},
            {"id": 105, "project": "open/hidden", "tags": SMALL},
            {"id": 106, "project": "team/off", "tags": SMALL},
            {"id": 107, "project": "open/inside", "tags": SMALL},
        ],
    }
    return {**scenario, **changes}


def one_repository(tags: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    """The same with the repository 100 alone, with these tags."""
    return default_scenario(repositories=[{"id": 100, "project": "team/app", "tags": tags}], **changes)


@dataclass(frozen=True)
class Client:
    """Plain HTTP, without retries and without a proxy."""

    simulator: Simulator

    def send(self, method: str, url: str, token: str | None = None, **options: Any) -> requests.Response:
        headers = {**({"PRIVATE-TOKEN": token} if token else {}), **options.pop("headers", {})}
        with requests.Session() as session:
            session.trust_env = False
            return session.request(method, url, headers=headers, timeout=20, allow_redirects=False, **options)

    def rest(
        self, path: str, token: str | None = "maintainer", method: str = "GET", **options: Any
    ) -> requests.Response:
        return self.send(method, self.simulator.api_url + path, token, **options)

    def graphql(self, query: str, token: str | None = "maintainer", **options: Any) -> requests.Response:
        body = {"query": query, "variables": options.pop("variables", {})}
        return self.send("POST", f"{self.simulator.url}/api/graphql", token, json=body, **options)

    def data(self, query: str, token: str | None = "maintainer", **variables: Any) -> Any:
        """The data of a query without errors."""
        answer = self.graphql(query, token, variables=variables)
        body = answer.json()
        assert answer.status_code == 200
        assert "errors" not in body, body
        return body["data"]

    def tags(self, arguments: str, fields: str = "name", repository: int = 100) -> Any:
        """The tags connection of a repository."""
        gid = f"gid://gitlab/ContainerRepository/{repository}"
        selection = (
            f"nodes {{ {fields} }} edges {{ cursor }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}"
        )
        return self.data(f'{{ containerRepository(id: "{gid}") {{ tags{arguments} {{ {selection} }} }} }}')[
            "containerRepository"
        ]["tags"]


def names(rows: list[dict[str, Any]]) -> list[str]:
    return [row["name"] for row in rows]
