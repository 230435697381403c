# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The group of the demo: what a team of three projects leaves in its registry in half a year."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

GROUP = "acme"
TOKEN = "glpat-demo"
PROJECTS = {1: "acme/shop", 2: "acme/payments", 3: "acme/tools/builder"}
REPOSITORIES: list[dict[str, Any]] = [
    {"id": 11, "project": "acme/shop", "name": ""},
    {"id": 12, "project": "acme/shop", "name": "worker"},
    {"id": 13, "project": "acme/payments", "name": ""},
    {"id": 14, "project": "acme/tools/builder", "name": "cache"},
]
BOTH = ["linux/amd64", "linux/arm64"]

Rows = list[dict[str, Any]]


def images(now: datetime) -> dict[str, Rows]:
    """What to push, by repository path, as the seeding tool takes it."""

    def built(days: float) -> str:
        return (now - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def row(name: str, days: float, **fields: Any) -> dict[str, Any]:
        return {"name": name, "created": built(days), **fields}

    shop: Rows = [row(f"v1.{minor}.0", 180 - 20 * minor) for minor in range(8)]
    shop += [{"name": "latest", "same_as": "v1.7.0"}, {"name": "", "signs": "v1.7.0", "created": built(40)}]
    shop += [row(f"main-{number:03}", 150 - 2 * number) for number in range(70)]
    # Released from a build of main: the same image under two names.
    shop += [{"name": "stable", "same_as": "main-010"}]
    shop += [row(f"feature-checkout-{number}", 90 - 6 * number) for number in range(12)]
    worker: Rows = [row(f"main-{number:03}", 120 - 2 * number) for number in range(55)]
    worker += [row(f"v2.{minor}.0", 100 - 30 * minor, platforms=BOTH) for minor in range(3)]
    worker += [
        row("feature-multi-oci", 60, platforms=BOTH),
        row("feature-multi-docker", 60, platforms=BOTH, format="docker"),
    ]
    payments: Rows = [row(f"v{major}.0.0", 170 - 40 * major) for major in range(4)]
    payments += [row(f"main-{number:03}", 100 - number) for number in range(60)]
    payments += [row("main-undated", 0, created=None), row("main-epoch", 0, created="1970-01-01T00:00:00Z")]
    cache: Rows = [row(f"feature-{name}", days) for name, days in (("lint", 80), ("test", 45), ("docs", 3))]
    cache += [row("latest", 200)]
    return {"acme/shop": shop, "acme/shop/worker": worker, "acme/payments": payments, "acme/tools/builder/cache": cache}


def server(now: datetime) -> dict[str, Any]:
    """The simulated GitLab around these images, without the tags."""
    return {
        "clock": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "mode": "M2",
        "users": [{"id": 1, "username": "ops"}],
        "tokens": [{"token": TOKEN, "kind": "personal", "user": "ops", "scopes": ["api"]}],
        "groups": [
            {"id": 1, "path": GROUP, "visibility": "private", "members": {"ops": "maintainer"}},
            {"id": 2, "path": "acme/tools", "visibility": "private"},
        ],
        "projects": [{"id": number, "path": path, "visibility": "private"} for number, path in PROJECTS.items()],
        "repositories": REPOSITORIES,
    }


def in_memory(now: datetime) -> dict[str, Any]:
    """The same group for a simulator without a registry behind it."""
    scenario = server(now)
    pushed = images(now)
    paths = ["/".join(filter(None, (row["project"], row["name"]))) for row in REPOSITORIES]
    repositories = [{**row, "tags": _tags(pushed[path])} for row, path in zip(REPOSITORIES, paths, strict=True)]
    return {**scenario, "repositories": repositories}


def _tags(rows: Rows) -> Rows:
    digests = {row["name"]: f"sha256:{number:064x}" for number, row in enumerate(rows)}
    found = []
    for row in rows:
        twin = row.get("same_as") or row["name"]
        built = next(other.get("created") for other in rows if other["name"] == twin)
        name = row["name"] or digests[row["signs"]].replace(":", "-") + ".sig"
        several = len(row.get("platforms", [])) > 1
        media = {"media_type": "application/vnd.oci.image.index.v1+json", "config": False} if several else {}
        found.append({"name": name, "digest": digests[twin], "config_created": built, **media})
    return found
