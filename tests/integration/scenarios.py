# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Server states that the integration tests start from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
TOKEN = "glpat-integration-secret"
SIGNATURE = "sha256-" + "ab" * 32 + ".sig"


def days_ago(days: float) -> str:
    return (NOW - timedelta(days=days)).isoformat().replace("+00:00", "Z")


def tag(name: str, days: float, **fields: Any) -> dict[str, Any]:
    """A tag pushed and built so many days ago."""
    return {"name": name, "created_at": days_ago(days), "config_created": days_ago(days), **fields}


def server(repositories: list[dict[str, Any]], *, mode: str = "M1", **changes: Any) -> dict[str, Any]:
    """A server with the group team, its subgroup team/sub and three projects; ops maintains them all."""
    scenario = {
        "clock": NOW.isoformat().replace("+00:00", "Z"),
        "mode": mode,
        "users": [
            {"id": 1, "username": "ops", "admin": False},
            {"id": 2, "username": "root", "admin": True},
            {"id": 3, "username": "dev", "admin": False},
            {"id": 4, "username": "guest", "admin": False},
        ],
        "tokens": [
            {"token": TOKEN, "kind": "personal", "user": "ops", "scopes": ["api"]},
            {"token": "glpat-root", "kind": "personal", "user": "root", "scopes": ["api", "admin_mode"]},
            {"token": "glpat-dev", "kind": "personal", "user": "dev", "scopes": ["api"]},
            {"token": "glpat-guest", "kind": "personal", "user": "guest", "scopes": ["api"]},
            {"token": "glpat-reader", "kind": "personal", "user": "ops", "scopes": ["read_api"]},
            {"token": "glpat-registry", "kind": "personal", "user": "ops", "scopes": ["read_registry"]},
            {"token": "glpat-expired", "kind": "personal", "user": "ops", "scopes": ["api"], "expired": True},
            {"token": "glpat-revoked", "kind": "personal", "user": "ops", "scopes": ["api"], "revoked": True},
            {"token": "oauth-token", "kind": "oauth", "user": "ops", "scopes": ["api"]},
            {"token": "job-token", "kind": "job", "user": "ops", "scopes": [], "project": "team/app"},
        ],
        "groups": [
            {
                "id": 10,
                "path": "team",
                "visibility": "private",
                "members": {"ops": "maintainer", "dev": "developer", "guest": "guest"},
            },
            {"id": 11, "path": "team/sub", "visibility": "private"},
            {"id": 12, "path": "other", "visibility": "private", "members": {"ops": "maintainer"}},
        ],
        "projects": [
            {"id": 1, "path": "team/app", "visibility": "private"},
            {"id": 2, "path": "team/sub/tool", "visibility": "private"},
            {"id": 3, "path": "other/lib", "visibility": "private", "shared_with": ["team"]},
        ],
        "repositories": repositories,
    }
    return {**scenario, **changes}


def mixed_tags() -> list[dict[str, Any]]:
    """A tag for every reason that a name or a date can give."""
    return [
        tag("latest", 400),
        tag("v1.0.0", 300),
        tag("release-1", 300),
        tag(SIGNATURE, 300),
        tag("dev-1", 90),
        tag("dev-2", 80),
        tag("dev-3", 70),
        tag("dev-4", 20),
        tag("dev-5", 2),
        tag("dev-old", 200),
    ]


MIXED_RULES: dict[str, Any] = {
    "name_regex_delete": "(dev|release)-.*",
    "name_regex_keep": ".*-old",
    "protect": ["release-.*"],
    "keep_n": 1,
    "older_than": "30d",
}
MIXED_REASONS = {
    "latest": "latest",
    "v1.0.0": "no_match",
    "release-1": "protected",
    SIGNATURE: "orphan",
    "dev-1": "expired",
    "dev-2": "expired",
    "dev-3": "expired",
    "dev-4": "too_young",
    "dev-5": "keep_n",
    "dev-old": "keep_pattern",
}


def one_repository(tags: list[dict[str, Any]], mode: str = "M1", **changes: Any) -> dict[str, Any]:
    """A server with one repository, team/app."""
    return server([repository(100, "team/app", "", tags)], mode=mode, **changes)


def repository(number: int, project: str, name: str, tags: list[dict[str, Any]], **fields: Any) -> dict[str, Any]:
    return {"id": number, "project": project, "name": name, "tags": tags, **fields}


def team(mode: str = "M1", **changes: Any) -> dict[str, Any]:
    """Two repositories in team/app, one in the subgroup, one shared from elsewhere that is not the team's."""
    return server(
        [
            repository(100, "team/app", "", mixed_tags()),
            repository(101, "team/app", "web", [tag("dev-1", 50), tag("dev-2", 1), tag("v1", 100)]),
            repository(102, "team/sub/tool", "", [tag("main", 10)]),
            repository(103, "other/lib", "", [tag("dev-1", 500), tag("dev-2", 400)]),
        ],
        mode=mode,
        **changes,
    )


def fleet(count: int, **fields: Any) -> list[dict[str, Any]]:
    """So many projects, half of them in team, half in team/sub. fields: of each."""
    places = ("team", "team/sub")
    return [
        {"id": 1000 + number, "path": f"{places[number % 2]}/p{number:04}", **fields} for number in range(1, count + 1)
    ]
