# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A GitLab of some dozens of projects, and what a report of it has to say: counted here, and not by the plugins."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
GROUP = "fleet"
RULES: dict[str, Any] = {"name_regex_delete": "dev-.*", "older_than": "30d", "min_remaining": 0}
_SUBGROUPS = ("shop", "data", "Infra")
_PROJECTS = 40
_LARGEST_IMAGE = 40_000_000
_AGES = ((7, "7d"), (30, "30d"), (90, "90d"), (365, "365d"))


@dataclass
class Answers:
    """What is true of a project, a repository or all of it.

    images: bytes by image. deleted: names of tags to delete. kept: images with a tag that is kept. freed: bytes of all
    other images.
    """

    tags: int = 0
    images: dict[str, int] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    deleted: set[tuple[str, str]] = field(default_factory=set)
    by_age: Counter[str] = field(default_factory=Counter)
    dates: list[datetime] = field(default_factory=list)

    @property
    def bytes(self) -> int:
        return sum(self.images.values())

    @property
    def freed(self) -> int:
        return sum(size for image, size in self.images.items() if image not in self.kept)

    @property
    def oldest(self) -> str:
        return _text(min(self.dates)) if self.dates else ""

    @property
    def newest(self) -> str:
        return _text(max(self.dates)) if self.dates else ""

    def add(self, repository: str, tag: dict[str, Any], days: float, *, archived: bool) -> None:
        """archived: GitLab lets nobody delete anything."""
        self.tags += 1
        self.images[tag["image"]] = tag["size"]
        self.by_age[next((name for most, name in _AGES if days <= most), "older")] += 1
        self.dates.append(NOW - timedelta(days=days))
        if tag["name"].startswith("dev-") and days > 30 and not archived:
            self.deleted.add((repository, tag["name"]))
        else:
            self.kept.add(tag["image"])


@dataclass
class Fleet:
    """The scenario, and what is true of it, in all and by path of project and of repository."""

    scenario: dict[str, Any]
    total: Answers = field(default_factory=Answers)
    projects: dict[str, Answers] = field(default_factory=dict)
    repositories: dict[str, Answers] = field(default_factory=dict)
    exposed_to: dict[str, str] = field(default_factory=dict)
    policies: dict[str, str] = field(default_factory=dict)
    archived: set[str] = field(default_factory=set)

    @property
    def troubled(self) -> list[str]:
        """Those with the most tags to delete: one in which GitLab refuses to, and two in which others work."""
        return sorted(self.repositories, key=lambda path: (-len(self.repositories[path].deleted), path))[:3]

    @property
    def refused(self) -> set[tuple[str, str]]:
        """The tags that GitLab does not delete when trouble comes."""
        return self.repositories[self.troubled[0]].deleted

    @property
    def gone(self) -> tuple[str, str]:
        """The tag that somebody else deletes when trouble comes."""
        return min(self.repositories[self.troubled[1]].deleted)

    @property
    def pushed_again(self) -> tuple[str, str]:
        """The tag that somebody pushes as another image when trouble comes."""
        return min(self.repositories[self.troubled[2]].deleted)

    @property
    def deleted_in_trouble(self) -> set[tuple[str, str]]:
        """What a cleanup deletes of what it planned when trouble comes."""
        return self.total.deleted - self.refused - {self.gone, self.pushed_again}

    def trouble(self) -> list[dict[str, Any]]:
        """The simulator's faults for what comes between the plan and its end."""
        numbers = {
            row["id"]: f"{row['project']}/{row['name']}".rstrip("/").lower() for row in self.scenario["repositories"]
        }
        [number] = [number for number, path in numbers.items() if path == self.troubled[0]]
        refused = {"body": f"destroyContainerRepositoryTags.*ContainerRepository/{number}\\b", "action": "status"}
        push = {"digest": "sha256:" + "c" * 64, "updated_at": _text(NOW)}
        guard = {"path": "/api/graphql", "body": "name digest publishedAt protection", "first": 1, "action": "mutate"}
        meanwhile = {
            "remove_tag": dict(zip(("repository", "name"), self.gone, strict=True)),
            "set_tag": {**dict(zip(("repository", "name"), self.pushed_again, strict=True)), **push},
        }
        return [{**refused, "status": 403}, {**guard, **meanwhile}]

    @property
    def public(self) -> set[str]:
        return {path for path, who in self.exposed_to.items() if who == "anyone"}

    @property
    def without_policy(self) -> set[str]:
        return {path for path, state in self.policies.items() if state == "none"}

    @property
    def largest(self) -> list[str]:
        """Paths of repositories."""
        return sorted(self.repositories, key=lambda path: (-self.repositories[path].bytes, path))

    @property
    def with_the_oldest_tag(self) -> set[str]:
        """Paths of repositories. Tags of one age may be in several."""
        return {path for path, found in self.repositories.items() if found.oldest == self.total.oldest}


def build(token: str, seed: int = 1) -> Fleet:
    """The fleet of a seed. token: of a user who maintains all of it."""
    chance = random.Random(seed)
    groups = [GROUP, *(f"{GROUP}/{name}" for name in _SUBGROUPS)]
    fleet = Fleet(
        {
            "clock": _text(NOW),
            "mode": "M1",
            "users": [{"id": 1, "username": "ops", "admin": False}],
            "tokens": [{"token": token, "kind": "personal", "user": "ops", "scopes": ["api"]}],
            "groups": [
                {"id": number, "path": path, "visibility": "public", "members": {"ops": "owner"}}
                for number, path in enumerate(groups, 10)
            ],
            "projects": [],
            "repositories": [],
        }
    )
    for number in range(1, _PROJECTS + 1):
        _add_project(fleet, chance, number, f"{chance.choice(groups)}/app-{number:02}")
    return fleet


def _add_project(fleet: Fleet, chance: random.Random, number: int, path: str) -> None:
    visibility = chance.choice(["private", "private", "internal", "public"])
    access = chance.choice(["enabled", "enabled", "enabled", "private"])
    policy = chance.choice([None, {"enabled": False}, {"enabled": True}])
    project = {
        "id": number,
        "path": path,
        "visibility": visibility,
        "access_level": access,
        "archived": chance.random() < 0.1,
        "topics": chance.sample(["backend", "frontend", "batch"], chance.randint(0, 2)),
        "policy": policy,
    }
    fleet.scenario["projects"].append(project)
    fleet.projects[path] = Answers()
    everybody = {"private": "members", "internal": "signed_in", "public": "anyone"}
    fleet.exposed_to[path] = everybody[visibility] if access == "enabled" else "members"
    fleet.policies[path] = "none" if policy is None else "enabled" if policy["enabled"] else "disabled"
    fleet.archived.update([path] if project["archived"] else [])
    for name in chance.sample(["", "web", "worker"], chance.randint(0, 3)):
        _add_repository(fleet, chance, path, name)


def _add_repository(fleet: Fleet, chance: random.Random, project: str, name: str) -> None:
    path = f"{project}/{name}".rstrip("/").lower()
    tags: list[dict[str, Any]] = []
    answers = fleet.repositories[path] = Answers()
    for number in range(chance.randint(0, 25)):
        days = chance.choice([chance.uniform(0, 20), chance.uniform(20, 120), chance.uniform(120, 800)])
        # Whole seconds, as GitLab's dates in the answers are held against them.
        days = int(days * 86_400) / 86_400
        kind = chance.choice(["dev", "dev", "dev", "v1"])
        tag = {
            "name": f"{kind}-{number}",
            "image": f"{path}-{number}",
            "size": chance.randint(1_000, _LARGEST_IMAGE),
            **_dates(days),
        }
        if tags and chance.random() < 0.1:
            # Another name of an image that is there already, pushed on a day of its own.
            same = tags[-1]
            tag |= {"image": same["image"], "size": same["size"], "config_created": same["config_created"]}
        tags.append(tag)
        for place in (fleet.total, fleet.projects[project], answers):
            place.add(path, tag, days, archived=project in fleet.archived)
    identity = 1000 + len(fleet.scenario["repositories"])
    fleet.scenario["repositories"].append({"id": identity, "project": project, "name": name, "tags": tags})


def _dates(days: float) -> dict[str, str]:
    date = _text(NOW - timedelta(days=days))
    return {"created_at": date, "published_at": date, "config_created": date}


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
