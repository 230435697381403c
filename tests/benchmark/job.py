# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The job: read every tag of a group with its date, and delete all but the newest ten of each repository."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.integration.scenarios import server

GROUP = "team"
KEPT = 10
# Seconds of each request to GitLab, and of each request to its registry, whoever sends it.
REQUEST = 0.05
REGISTRY = 0.005


@dataclass(frozen=True)
class Size:
    """repositories: of each project. tags: of each repository."""

    projects: int = 10
    repositories: int = 10
    tags: int = 100

    @property
    def all_repositories(self) -> int:
        return self.projects * self.repositories

    @property
    def all_tags(self) -> int:
        return self.all_repositories * self.tags

    @property
    def counts(self) -> list[int]:
        """How many tags each repository has."""
        return [self.tags] * self.all_repositories


@dataclass(frozen=True)
class Shape:
    """Repositories of different sizes.

    counts: how many tags each repository has. check: in check mode.
    """

    title: str
    mode: str
    job: str
    counts: tuple[int, ...]
    check: bool = False

    @property
    def projects(self) -> int:
        return min(10, len(self.counts))

    @property
    def all_tags(self) -> int:
        return sum(self.counts)


SHAPES = (
    Shape("1 x 10,000", "M1", "audit", (10_000,)),
    Shape("1 x 10,000", "M1", "cleanup", (10_000,)),
    Shape("7 x 200", "M1", "cleanup", (200,) * 7),
    Shape("1 x 2,000 and 19 x 20", "M1", "audit", (2000, *(20,) * 19)),
    Shape("1 x 2,000 and 19 x 20", "M2", "audit", (2000, *(20,) * 19)),
    Shape("3 x 300", "M2", "cleanup", (300,) * 3),
    Shape("10,000 x 2", "M1", "audit", (2,) * 10_000),
    Shape("10,000 x 2", "M1", "cleanup", (2,) * 10_000, check=True),
)


def scenario(mode: str, size: Size | Shape) -> dict[str, Any]:
    """One group. The tags of a repository were pushed one every so often, the last one no later than yesterday."""
    projects = [
        {"id": 100 + number, "path": f"{GROUP}/p{number}", "visibility": "private"} for number in range(size.projects)
    ]
    repositories = [
        {
            "id": 1000 + number,
            "project": f"{GROUP}/p{number % size.projects}",
            "name": f"r{number // size.projects}",
            "generate": {
                "count": count,
                "prefix": "v",
                "first_created": "2026-04-12T12:00:00Z" if count <= 100 else "2024-12-01T12:00:00Z",
                "step_seconds": 12 * 3600 if count <= 1000 else 3600,
            },
        }
        for number, count in enumerate(size.counts)
    ]
    return server(repositories, mode=mode, projects=projects)
