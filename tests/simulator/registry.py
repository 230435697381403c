# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The registry behind GitLab, as Rails sees it. Every method counts the requests that Rails would send to it."""

from __future__ import annotations

import bisect
from typing import Any

from .state import Repository, State, Tag


class Unreachable(Exception):
    """No connection to the registry."""


class Failed(Exception):
    """The registry answered with an error, which GitLab takes for nothing."""


class Broken(Exception):
    """GitLab itself stumbles over the answer."""


class Backend:
    """Tags in memory. M1: with metadata database; M2: without."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.calls = 0

    @property
    def database(self) -> bool:
        return self.state.mode == "M1"

    def _call(self, repository: Repository, count: int = 1) -> None:
        self.calls += count
        states = (self.state.registry["state"], repository.registry_state)
        if "unreachable" in states:
            raise Unreachable
        if "error" in states or "unknown" in states:
            raise Failed

    def ordered(self, repository: Repository) -> list[str]:
        return sorted(repository.tags)

    def names(self, repository: Repository) -> list[str]:
        self._call(repository, max(1, -(-len(repository.tags) // 100)) if self.database else 1)
        return self.ordered(repository)

    def supports_keyset(self, repository: Repository) -> bool:
        if "unreachable" in (self.state.registry["state"], repository.registry_state):
            raise Unreachable
        return self.database

    def page(
        self, repository: Repository, last: str | None, count: int, descending: bool = False, name: str = ""
    ) -> tuple[list[Tag], bool]:
        """A page of the registry's own listing, with a database: (tags, whether more follow)."""
        self._call(repository)
        if count < 1:
            raise Failed
        names = [item for item in self.ordered(repository) if name in item]
        if descending:
            names.reverse()
            names = [item for item in names if last is None or item < last]
        elif last is not None:
            names = names[bisect.bisect_right(names, last) :]
        return [repository.tags[item] for item in names[:count]], len(names) > count

    def detail(self, repository: Repository, name: str) -> dict[str, Any] | None:
        """The details of REST; None is a 404."""
        if self.database:
            found, _more = self.page(repository, None, 100, name=name)
            tag = next((item for item in found if item.name == name), None)
            return _row(tag, tag.created_at.isoformat(timespec="milliseconds")) if tag else None
        self._call(repository, 3)
        tag = repository.tags.get(name)
        if tag is None:
            return None
        if tag.is_index:
            behaviour = self.state.registry["index_detail"]
            if behaviour == "missing":
                return None
            if behaviour == "error":
                raise Broken
            return {"revision": None, "short_revision": None, "digest": None, "created_at": None, "total_size": None}
        built = tag.config_created.isoformat(timespec="milliseconds") if tag.config and tag.config_created else None
        return _row(tag, built)

    def media_type(self, repository: Repository, name: str) -> str | None:
        tag = repository.tags.get(name)
        return tag.media_type if tag else None

    def size(self, repository: Repository) -> int | None:
        if not self.database:
            return None
        try:
            self._call(repository)
        except (Unreachable, Failed):
            return None
        return sum({tag.digest: tag.size for tag in repository.tags.values()}.values())

    def exists_for_deletion(self, repository: Repository, name: str) -> bool:
        """Rails asks for the tag first where there is a database; without one it always has an object."""
        if not self.database:
            return True
        found, _more = self.page(repository, None, 100, name=name)
        return any(tag.name == name for tag in found)

    def delete(self, repository: Repository, name: str) -> bool:
        """One tag by name; a tag that is not there counts as deleted."""
        self._call(repository)
        repository.tags.pop(name, None)
        return True


def _row(tag: Tag, created: str | None) -> dict[str, Any]:
    revision = tag.digest.rpartition(":")[2][::-1] if tag.config else ""
    return {
        "revision": revision,
        "short_revision": revision[:9],
        "digest": tag.digest,
        "created_at": created,
        "total_size": tag.size,
    }
