# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The registry behind GitLab as Rails sees it: an error of the registry is taken for nothing, silence is an exception.

One object serves one request and counts what Rails would have asked the registry in it.
"""

from __future__ import annotations

import abc
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from .contents import INDEX
from .state import Repository, State, Tags

Deletion = Literal["deleted", "missing", "refused"]


@dataclass(frozen=True)
class Removal:
    """What became of a set of tags. deleted: None where GitLab does not say. message: why it is no success."""

    deleted: list[str] | None
    message: str | None = None


def never() -> bool:
    return False


class Unreachable(Exception):
    """The registry can't be connected to."""


class Broken(Exception):
    """GitLab itself stumbles over the registry's answer."""


class TagView(abc.ABC):
    """A tag with its details, read from the registry when they are asked for; None is unknown."""

    name: str

    @property
    @abc.abstractmethod
    def valid(self) -> bool:
        """Whether REST would show its details."""

    @property
    @abc.abstractmethod
    def digest(self) -> str | None: ...

    @property
    @abc.abstractmethod
    def revision(self) -> str | None: ...

    @property
    @abc.abstractmethod
    def total_size(self) -> int | None: ...

    @property
    @abc.abstractmethod
    def created_at(self) -> datetime | None: ...

    @property
    def aged_from(self) -> datetime | None:
        """The date that a cleanup goes by."""
        return self.created_at

    @property
    @abc.abstractmethod
    def published_at(self) -> datetime | None: ...

    @property
    @abc.abstractmethod
    def media_type(self) -> str | None: ...


@dataclass(frozen=True)
class Page:
    """A page of the registry's own listing. next, previous: its cursors, None at an end."""

    tags: Sequence[TagView] = ()
    next: str | None = None
    previous: str | None = None


@dataclass(frozen=True)
class PageQuery:
    """What GitLab asks that listing. sort: name, -name, published_at or -published_at."""

    count: int
    last: str | None = None
    before: str | None = None
    name: str | None = None
    sort: str | None = None


class Registry(abc.ABC):
    """calls: requests to the registry so far. unlisted: names that a listing without a database lacks right now."""

    database = False

    def __init__(self, state: State) -> None:
        self.state = state
        self.calls = 0
        self.unlisted: set[str] = set()

    def states(self, repository: Repository) -> set[str]:
        return {self.state.registry.state if self.state.registry.enabled else "unreachable", repository.registry_state}

    def answers(self, repository: Repository) -> bool:
        """Count a call. Whether it succeeds; Unreachable where nobody is there."""
        self.calls += 1
        if not self.is_reachable(repository):
            raise Unreachable
        return not self.states(repository) & {"error", "unknown"}

    def seen_by_rails(self, _repository: Repository) -> Registry:
        """This registry as Rails uses it for a repository in a request."""
        return self

    def is_reachable(self, repository: Repository) -> bool:
        return "unreachable" not in self.states(repository)

    @abc.abstractmethod
    def names(self, repository: Repository) -> list[str]:
        """All names that Rails gets to see, in order."""

    @abc.abstractmethod
    def count(self, repository: Repository) -> int: ...

    @abc.abstractmethod
    def page(self, repository: Repository, query: PageQuery) -> Page:
        """With a database only."""

    @abc.abstractmethod
    def views(self, repository: Repository, names: Sequence[str]) -> list[TagView]:
        """Tags of a repository by their names, without asking for anything yet."""

    @abc.abstractmethod
    def find(self, repository: Repository, name: str) -> TagView | None:
        """The tag as Rails looks it up: in the database, else without asking."""

    @abc.abstractmethod
    def delete(self, repository: Repository, name: str) -> Deletion:
        """One tag by name."""

    def remove(self, repository: Repository, names: Sequence[str], overdue: Callable[[], bool] = never) -> Removal:
        """Tags by their names, one by one; a part of them is a success. overdue: asked before each, ends it."""
        deleted: list[str] = []
        try:
            for name in names:
                if overdue() or name == self.state.registry.lost_at:
                    return Removal(deleted, "error while deleting tags")
                if name not in self.state.registry.undeletable and self.delete(repository, name) != "refused":
                    deleted.append(name)
        except Unreachable:
            return Removal(deleted, "error while deleting tags")
        if names and not deleted:
            return Removal(None, f"could not delete tags: {', '.join(names)}")
        return Removal(deleted)

    def size(self, repository: Repository) -> int | None:
        return None

    def last_published_at(self, repository: Repository) -> datetime | None:
        return None


@dataclass(frozen=True)
class Manifest:
    """revision: the config's digest without its algorithm; None where there is no config."""

    revision: str | None
    total_size: int | None


class LazyTag(TagView):
    """A tag without a database: every detail costs requests for this one tag."""

    media_type = None
    published_at = None

    def __init__(self, registry: Files, repository: Repository, name: str) -> None:
        self.name = name
        self._registry = registry
        self._repository = repository

    @functools.cached_property
    def _manifest(self) -> Manifest | None:
        return self._registry.manifest(self._repository, self.name)

    @property
    def valid(self) -> bool:
        return self._manifest is not None

    @functools.cached_property
    def digest(self) -> str | None:
        return self._registry.digest(self._repository, self.name)

    @property
    def revision(self) -> str | None:
        return self._manifest.revision if self._manifest else None

    @property
    def total_size(self) -> int | None:
        return self._manifest.total_size if self._manifest else None

    @functools.cached_property
    def created_at(self) -> datetime | None:
        if self._manifest is None or self._manifest.revision is None:
            return None
        return self._registry.created(self._repository, self.name, self._manifest)


class Files(Registry):
    """A registry without a metadata database (M2): tags and manifests are files, dates are in the images."""

    def names(self, repository: Repository) -> list[str]:
        """Rails asks for 10,000 in one call and follows no link; whether the registry stops there is its own affair."""
        return self.list(repository)[: self.state.registry.cap]

    def count(self, repository: Repository) -> int:
        return len(self.names(repository))

    def page(self, repository: Repository, query: PageQuery) -> Page:
        raise NotImplementedError("a registry without a database has no such listing")

    def views(self, repository: Repository, names: Sequence[str]) -> list[TagView]:
        return [LazyTag(self, repository, name) for name in names]

    def find(self, repository: Repository, name: str) -> TagView | None:
        return LazyTag(self, repository, name)

    @abc.abstractmethod
    def list(self, repository: Repository) -> list[str]:
        """GET tags/list"""

    @abc.abstractmethod
    def digest(self, repository: Repository, name: str) -> str | None:
        """HEAD manifest"""

    @abc.abstractmethod
    def manifest(self, repository: Repository, name: str) -> Manifest | None:
        """GET manifest"""

    @abc.abstractmethod
    def created(self, repository: Repository, name: str, manifest: Manifest) -> datetime | None:
        """GET the config's blob"""


def tags_of(repository: Repository) -> Tags:
    if repository.tags is None:
        raise Unreachable
    return repository.tags


class MemoryFiles(Files):
    def list(self, repository: Repository) -> list[str]:
        names = tags_of(repository).names if self.answers(repository) else []
        return [name for name in names if name not in self.unlisted] if self.unlisted else names

    def digest(self, repository: Repository, name: str) -> str | None:
        if not self.answers(repository):
            return None
        tag = tags_of(repository).get(name)
        if tag is None or (tag.media_type == INDEX and self.state.registry.index_detail == "missing"):
            return None
        return tag.digest

    def manifest(self, repository: Repository, name: str) -> Manifest | None:
        if not self.answers(repository):
            return None
        tag = tags_of(repository).get(name)
        if tag is None:
            return None
        if tag.media_type == INDEX:
            return answer_to_index(self.state.registry.index_detail)
        return Manifest(tag.revision if tag.config else None, tag.spec.layers_size)

    def created(self, repository: Repository, name: str, manifest: Manifest) -> datetime | None:
        tag = tags_of(repository).get(name) if self.answers(repository) else None
        return tag.config_created if tag else None

    def delete(self, repository: Repository, name: str) -> Deletion:
        if not self.answers(repository):
            return "refused" if "error" in self.states(repository) else "missing"
        return "deleted" if tags_of(repository).remove(name) else "missing"


def answer_to_index(behaviour: str) -> Manifest | None:
    """What Rails makes of an OCI index, by release: it can't find it, has no details of it, or fails."""
    if behaviour == "error":
        raise Broken
    return Manifest(None, None) if behaviour == "nulls" else None
