# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A registry with a metadata database (M1), in memory."""

from __future__ import annotations

import base64
import bisect
import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from .registry import Broken, Deletion, MemoryFiles, Page, PageQuery, Registry, TagView, Unreachable, tags_of
from .scenario import MOST_ROWS
from .state import Repository, Tag

TAG_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
NAME_FILTER = re.compile(r"[a-zA-Z0-9._-]{1,128}")
SORTS = ("name", "-name", "published_at", "-published_at")
MOST_TAGS = 200_000
# Rails looks a tag up on the first page of the names that contain its name.
LOOKUP_PAGE = 100
_BEGINNING = datetime.min.replace(tzinfo=UTC)


class RowTag(TagView):
    def __init__(self, tag: Tag) -> None:
        self.name = tag.name
        self._tag = tag

    valid = True

    @property
    def digest(self) -> str:
        return self._tag.digest

    @property
    def revision(self) -> str:
        return self._tag.revision if self._tag.config else ""

    @property
    def total_size(self) -> int:
        return self._tag.stored_size

    @property
    def created_at(self) -> datetime | None:
        return self._tag.created_at

    @property
    def aged_from(self) -> datetime | None:
        return self._tag.updated_at or self._tag.created_at

    @property
    def published_at(self) -> datetime | None:
        return self._tag.published_at

    @property
    def media_type(self) -> str:
        return self._tag.media_type


class Database(Registry):
    database = True

    def seen_by_rails(self, repository: Repository) -> Registry:
        """Rails asks each time whether there is a database, and takes a failure for a no.

        lib/container_registry/gitlab_api_client.rb, supports_gitlab_api?
        """
        self.calls += 1
        lost = not self.is_reachable(repository) or self.state.registry.fails_now("database")
        return MemoryFiles(self.state) if lost else self

    def names(self, repository: Repository) -> list[str]:
        """Rails walks the whole listing by hundreds, and gives up on too many."""
        if not self.answers(repository):
            return []
        names = tags_of(repository).names
        if len(names) > MOST_TAGS:
            raise Broken
        self.calls += max(0, -(-len(names) // LOOKUP_PAGE) - 1)
        return names

    def count(self, repository: Repository) -> int:
        if self.state.registry.fails_now("count_reset"):
            raise Unreachable
        return 0 if self.state.registry.fails_now("count") else len(self.names(repository))

    def page(self, repository: Repository, query: PageQuery) -> Page:
        """Empty for a question the registry refuses, as for a registry that fails."""
        if not self.answers(repository) or not _is_legal(query) or self.state.registry.fails_now("list"):
            return Page()
        tags = tags_of(repository)
        query = replace(query, count=min(query.count, MOST_ROWS))
        if query.sort in (None, "name", "-name"):
            return _page_by_name(tags.names, tags.get, query)
        return _page_by_date(list(tags), query)

    def views(self, repository: Repository, names: Sequence[str]) -> list[TagView]:
        found = (tags_of(repository).get(name) for name in names)
        return [RowTag(tag) for tag in found if tag]

    def find(self, repository: Repository, name: str) -> TagView | None:
        if not TAG_NAME.fullmatch(name):
            return None
        page = self.page(repository, PageQuery(LOOKUP_PAGE, name=name))
        return next((tag for tag in page.tags if tag.name == name), None)

    def delete(self, repository: Repository, name: str) -> Deletion:
        if not self.answers(repository):
            return "refused" if "error" in self.states(repository) else "missing"
        tags = tags_of(repository)
        if ":" in name:
            # A digest: every tag of it goes.
            tags.remove_digest(name)
            return "deleted"
        return "deleted" if tags.remove(name) else "missing"

    def size(self, repository: Repository) -> int | None:
        if not self.is_reachable(repository) or not self.answers(repository):
            return None
        # Each layer of what is tagged counts once: registry/datastore/repository.go, Size. Those of a giant image are
        # the same to be quickly made, and stand for different ones.
        images = {tag.digest: tag for tag in tags_of(repository)}.values()
        found: dict[str, int] = {}
        for tag in images:
            layers = tag.contents().all_layers
            counts = Counter(layer.digest for layer in layers)
            for layer in layers:
                held = layer.size * counts[layer.digest]
                found[layer.digest] = max(held, found.get(layer.digest, 0))
        return sum(found.values())

    def last_published_at(self, repository: Repository) -> datetime | None:
        if not self.answers(repository):
            return None
        return max((tag.published_at for tag in tags_of(repository) if tag.published_at), default=None)


def _is_legal(query: PageQuery) -> bool:
    """What the registry answers with 400 becomes an empty list in GitLab."""
    if query.count < 1 or (query.sort or "name") not in SORTS:
        return False
    if query.name is not None and not NAME_FILTER.fullmatch(query.name):
        return False
    if query.last is not None and query.before is not None:
        return False
    by_name = query.sort in (None, "name", "-name")
    cursors = (cursor for cursor in (query.last, query.before) if cursor is not None)
    return by_name or all(_parse_cursor(cursor) for cursor in cursors)


def _page_by_name(names: list[str], get: object, query: PageQuery) -> Page:
    assert callable(get)
    descending = query.sort == "-name"
    start, stop = 0, len(names)
    # In a falling order what comes after a name is left of it.
    after, before = (query.before, query.last) if descending else (query.last, query.before)
    if after is not None:
        start = bisect.bisect_right(names, after)
    if before is not None:
        stop = bisect.bisect_left(names, before)
    backwards = descending != (query.before is not None)
    order = range(stop - 1, start - 1, -1) if backwards else range(start, stop)
    wanted = (names[index] for index in order if not query.name or query.name in names[index])
    found = list(itertools.islice(wanted, query.count + 1))
    more = len(found) > query.count
    found = found[: query.count]
    if query.before is not None:
        found.reverse()
    forward, backward = (more, query.last is not None)
    if query.before is not None:
        forward, backward = True, more
    return Page(
        [RowTag(get(name)) for name in found],
        found[-1] if found and forward else None,
        found[0] if found and backward else None,
    )


def _key(tag: Tag) -> tuple[datetime, str]:
    return (tag.published_at or _BEGINNING, tag.name)


def _cursor(tag: Tag) -> str:
    at, name = _key(tag)
    return base64.urlsafe_b64encode(f"{at:%Y-%m-%dT%H:%M:%S.%fZ}|{name}".encode()).decode()


def _parse_cursor(cursor: str) -> tuple[datetime, str] | None:
    try:
        at, _bar, name = base64.urlsafe_b64decode(cursor.encode()).decode().partition("|")
        return (datetime.fromisoformat(at), name)
    except ValueError:
        return None


def _page_by_date(tags: list[Tag], query: PageQuery) -> Page:
    descending = query.sort == "-published_at"
    rows = sorted((tag for tag in tags if not query.name or query.name in tag.name), key=_key, reverse=descending)
    sign = -1 if descending else 1

    def side(tag: Tag, cursor: tuple[datetime, str]) -> int:
        return sign * ((_key(tag) > cursor) - (_key(tag) < cursor))

    last = _parse_cursor(query.last) if query.last else None
    before = _parse_cursor(query.before) if query.before else None
    if last:
        rows = [tag for tag in rows if side(tag, last) > 0]
    if before:
        rows = [tag for tag in rows if side(tag, before) < 0]
    more = len(rows) > query.count
    found = rows[-query.count :] if before else rows[: query.count]
    forward, backward = (True, more) if before else (more, last is not None)
    return Page(
        [RowTag(tag) for tag in found],
        _cursor(found[-1]) if found and forward else None,
        _cursor(found[0]) if found and backward else None,
    )
