# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Following the pages of many repositories at once by their cursors, many pages in a GraphQL request."""

from __future__ import annotations

import typing as t
from collections import deque
from dataclasses import dataclass, field

from .._core.errors import ErrorKind, RequestError
from .._core.models import Repository, Tag, TagListing
from .._core.server import TAG_PAGE, Mode
from .._core.words import counted
from .._gitlab.graphql_pages import batches_of, pages_at_once
from .._gitlab.graphql_schema import Schema
from .._gitlab.tag_page import Page, PageRequest
from .._gitlab.tags import tag_names_keyset
from .._http.client import Client
from .estimate import pages_of
from .named_pages import NamedTags, read_fitting, read_named
from .page_starts import is_faster_by_names, listings_of

# Pages of one repository that are followed: those of a million tags.
MOST_PAGES = 50_000


@dataclass
class _Followed:
    """A repository whose pages are being read.

    Args:
        repository: which one.
        tags: those that were read so far, by name.
        count: of all its tags, as GitLab counts them; None if that is not known yet.
        pages: how many were read.
    """

    repository: Repository
    tags: dict[str, Tag] = field(default_factory=dict)
    count: int | None = None
    pages: int = 0


def follow_cursors(
    client: Client,
    schema: Schema,
    repositories: t.Sequence[Repository],
    fields: tuple[str, ...],
    width: int,
    *,
    lists_names: bool,
) -> t.Iterator[TagListing]:
    """The listings of all repositories with details, each as soon as its last page is read.

    If few long repositories are left, their names are listed, so that their pages can be read side by side. A
    repository of which something is missing is read a second time: tags come and go meanwhile.

    Args:
        client: Of GitLab.
        schema: What its GraphQL offers.
        repositories: Which to read.
        fields: What to read of their tags.
        width: How many repositories are read at once.
        lists_names: Whether names can be listed behind a cursor.
    """
    fresh, again = deque(repositories), set[int]()
    followed: dict[int, _Followed] = {}
    waiting: list[PageRequest] = []
    while fresh or waiting:
        while fresh and len(waiting) < width:
            repository = fresh.popleft()
            followed[repository.id] = _Followed(repository)
            waiting.append(PageRequest(repository.id))
        left = [followed[request.repository_id] for request in waiting]
        by_names = lists_names and not (fresh or again) and _is_faster_by_names(client, schema, fields, left)
        if by_names:
            turned: t.Iterable[PageRequest | TagListing] = _read_rest(client, schema, waiting, left, fields)
        else:
            pages = read_fitting(client, schema, waiting, fields, Mode.DATABASE)
            turned = map(_turn_page, left, waiting, pages)
        waiting = []
        for each, found in zip(left, turned):
            if isinstance(found, PageRequest):
                waiting.append(found)
                continue
            repository = followed.pop(each.repository.id).repository
            if found.error and found.error.kind == ErrorKind.INCOMPLETE and repository.id not in again:
                again.add(repository.id)
                fresh.appendleft(repository)
            else:
                yield found


def _is_faster_by_names(client: Client, schema: Schema, fields: tuple[str, ...], left: t.Sequence[_Followed]) -> bool:
    counts = [max(0, each.count - len(each.tags)) for each in left if each.count is not None]
    if len(counts) < len(left):
        return False
    return is_faster_by_names(
        counts, pages_at_once=pages_at_once(schema, fields, TAG_PAGE), workers=client.settings.concurrency
    )


def _read_rest(
    client: Client,
    schema: Schema,
    waiting: t.Sequence[PageRequest],
    left: t.Sequence[_Followed],
    fields: tuple[str, ...],
) -> list[TagListing]:
    """All that is left of repositories: the names behind their cursors, and then the pages that hold them."""
    cursors = [str(request.after) for request in waiting]
    listed = client.try_all(
        lambda position: tag_names_keyset(client, left[position].repository, behind=cursors[position]),
        range(len(left)),
    )
    names, wanted, unlisted = {}, {}, {}
    for each, cursor, found in zip(left, cursors, listed):
        if isinstance(found, RequestError):
            unlisted[each.repository.id] = found
        else:
            wanted[each.repository.id] = found
            names[each.repository.id] = sorted([cursor, *found])
    read = read_named(client, schema, names, wanted, fields)
    read.errors.update(unlisted)
    return [_with_rest(each, wanted, read) for each in left]


def _with_rest(followed: _Followed, wanted: t.Mapping[int, t.Collection[str]], read: NamedTags) -> TagListing:
    """The listing of a repository whose last pages were read by their names."""
    repository = followed.repository
    if repository.id in read.errors:
        return TagListing(repository, error=error_about(read.errors[repository.id], repository))
    followed.tags.update(read.found[repository.id])
    missing = len(set(wanted[repository.id]).difference(followed.tags))
    return (
        _incomplete(repository, f"{counted(missing, 'listed tag is', 'listed tags are')} on no page")
        if missing
        else _end(followed)
    )


def _turn_page(followed: _Followed, request: PageRequest, page: Page | RequestError) -> PageRequest | TagListing:
    """The page that comes next, or after the last one what was read.

    A repository with more than a page is counted with its second one, since GitLab asks its registry for that. So is
    one whose only page is full or empty, since it may hide more.
    """
    repository, tags = followed.repository, followed.tags
    if isinstance(page, RequestError):
        return TagListing(repository, error=error_about(page, repository))
    if not is_continuation(request, page, tags):
        return _incomplete(repository, "a page is empty, repeats or leads nowhere")
    if not (request.after or request.counted or page.has_next) and len(page.tags) in (0, TAG_PAGE):
        return PageRequest(repository.id, counted=True)
    tags.update((tag.name, tag) for tag in page.tags)
    if page.count is not None:
        followed.count = page.count
    followed.pages += 1
    if page.has_next and followed.pages >= MOST_PAGES:
        return _incomplete(repository, f"the list has no end after {MOST_PAGES} pages")
    if page.has_next:
        return PageRequest(repository.id, page.end_cursor, counted=followed.pages == 1)
    return _end(followed)


def _end(followed: _Followed) -> TagListing:
    """The listing of a repository whose last page was read."""
    repository, tags = followed.repository, followed.tags
    if followed.count is not None and len(tags) < followed.count:
        read = counted(len(tags), "tag was", "tags were")
        return _incomplete(repository, f"{read} read, and GitLab counts {followed.count}")
    return TagListing(repository, tuple(tags[name] for name in sorted(tags)), complete=bool(tags))


def _incomplete(repository: Repository, message: str) -> TagListing:
    operation = f"read the tags of {repository.path}"
    return TagListing(repository, error=RequestError(ErrorKind.INCOMPLETE, message, operation=operation))


def is_continuation(request: PageRequest, page: Page, seen: t.Mapping[str, Tag]) -> bool:
    """Whether a page can follow what was seen: a registry that fails in between gives empty pages."""
    if request.after is not None and not page.tags:
        return False
    if page.has_next and page.end_cursor is None:
        return False
    return not any(tag.name in seen for tag in page.tags)


def error_about(error: RequestError, repository: Repository) -> RequestError:
    """The error of a request for several repositories, told of one of them."""
    return error.replace(operation=f"read the tags of {repository.path}")


def in_order(repositories: t.Sequence[Repository], listings: t.Iterable[TagListing]) -> t.Iterator[TagListing]:
    """The listings in the order of their repositories, each as soon as those before it are there."""
    done: dict[int, TagListing] = {}
    given = 0
    for listing in listings:
        done[listing.repository.id] = listing
        while given < len(repositories) and repositories[given].id in done:
            yield done.pop(repositories[given].id)
            given += 1


def count_requests(
    schema: Schema,
    counts: t.Sequence[int],
    fields: tuple[str, ...],
    width: int,
    *,
    workers: int,
    lists_names: bool,
) -> int:
    """How many requests follow_cursors takes for repositories with so many tags each.

    workers: how many requests may be under way at once. For the others see there.
    """
    offered, at_once = schema.offered(fields), pages_at_once(schema, fields, TAG_PAGE)
    fresh = deque(counts)
    # How many tags are left of each, and which page comes next.
    under_way: list[tuple[int, int]] = []
    requests = 0
    while fresh or under_way:
        under_way += [(fresh.popleft(), 1) for _place in range(min(len(fresh), width - len(under_way)))]
        left = [count for count, _page in under_way]
        known = all(page > 2 for _count, page in under_way)
        if lists_names and not fresh and known and is_faster_by_names(left, pages_at_once=at_once, workers=workers):
            pages = [PageRequest(0)] * pages_of(left, TAG_PAGE)
            return requests + sum(map(listings_of, left)) + len(batches_of(schema, pages, offered))
        requests += len(batches_of(schema, [PageRequest(0, counted=page == 2) for _count, page in under_way], offered))
        under_way = [_after_page(count, page) for count, page in under_way if _goes_on(count, page)]
    return requests


def _goes_on(count: int, page: int) -> bool:
    """Whether a repository with so many tags left is asked for again. An only page that may hide more is."""
    return count > TAG_PAGE or (page == 1 and count in (0, TAG_PAGE))


def _after_page(count: int, page: int) -> tuple[int, int]:
    """How many tags are left behind a page, and which page comes next."""
    return (count - TAG_PAGE if count > TAG_PAGE else count), page + 1
