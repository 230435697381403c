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
from .._core.server import Mode
from .._gitlab.graphql_pages import batches_of, read_pages
from .._gitlab.graphql_schema import Schema
from .._gitlab.tag_page import PAGE, Page, PageRequest
from .._http.client import Client
from .estimate import pages_of

# Pages of one repository that are followed: those of a million tags.
MOST_PAGES = 50_000


@dataclass
class _Followed:
    """A repository whose pages are being read.

    Args:
        repository: which one.
        tags: those that were read so far, by name.
        count: of all its tags, as GitLab counts them.
        pages: how many were read.
    """

    repository: Repository
    tags: dict[str, Tag] = field(default_factory=dict)
    count: int = 0
    pages: int = 0


def follow_cursors(
    client: Client, schema: Schema, repositories: t.Sequence[Repository], fields: tuple[str, ...], width: int
) -> t.Iterator[TagListing]:
    """The listings of all repositories with details, each as soon as its last page is read.

    A repository of which something is missing is read a second time: tags come and go meanwhile.

    Args:
        client: Of GitLab.
        schema: What its GraphQL offers.
        repositories: Which to read.
        fields: What to read of their tags.
        width: How many repositories are read at once.
    """
    fresh, again = deque(repositories), set[int]()
    followed: dict[int, _Followed] = {}
    waiting: list[PageRequest] = []
    while fresh or waiting:
        while fresh and len(waiting) < width:
            repository = fresh.popleft()
            followed[repository.id] = _Followed(repository)
            waiting.append(PageRequest(repository.id, counted=True))
        following = []
        for request, page in zip(waiting, read_fitting(client, schema, waiting, fields, Mode.DATABASE)):
            found = _turn_page(followed[request.repository_id], request, page)
            if isinstance(found, PageRequest):
                following.append(found)
                continue
            repository = followed.pop(request.repository_id).repository
            if found.error and found.error.kind == ErrorKind.INCOMPLETE and repository.id not in again:
                again.add(repository.id)
                fresh.appendleft(repository)
            else:
                yield found
        waiting = following


def read_fitting(
    client: Client, schema: Schema, wanted: t.Sequence[PageRequest], fields: tuple[str, ...], mode: Mode
) -> list[Page | RequestError]:
    """Read pages as graphql_pages.read_pages does, and none from another kind of registry than the repositories are in.

    GitLab takes its registry for one without a metadata database if a question to it fails in passing. Then the dates
    of that page mean something else. It is asked for once more, and is an error if that is no better.
    """
    pages = read_pages(client, schema, wanted, fields)
    doubted = [number for number, page in enumerate(pages) if isinstance(page, Page) and not page.fits(mode)]
    again = read_pages(client, schema, [wanted[number] for number in doubted], fields)
    for number, page in zip(doubted, again):
        pages[number] = page if isinstance(page, RequestError) or page.fits(mode) else _other_registry()
    return pages


def _other_registry() -> RequestError:
    message = "GitLab answered as it does in front of another kind of registry; the dates can't be trusted"
    return RequestError(ErrorKind.INCOMPLETE, message, operation="read tags by GraphQL")


def _turn_page(followed: _Followed, request: PageRequest, page: Page | RequestError) -> PageRequest | TagListing:
    """The page that comes next, or after the last one what was read."""
    repository, tags = followed.repository, followed.tags
    if isinstance(page, RequestError):
        return TagListing(repository, error=error_about(page, repository))
    if not is_continuation(request, page, tags):
        return _incomplete(repository, "a page is empty, repeats or leads nowhere")
    tags.update((tag.name, tag) for tag in page.tags)
    followed.count = max(followed.count, page.count or 0)
    followed.pages += 1
    if page.has_next and followed.pages >= MOST_PAGES:
        return _incomplete(repository, f"the list has no end after {MOST_PAGES} pages")
    if page.has_next:
        return PageRequest(repository.id, page.end_cursor)
    if len(tags) < followed.count:
        return _incomplete(repository, f"{len(tags)} tags were read, and GitLab counts {followed.count}")
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


def count_requests(schema: Schema, counts: t.Sequence[int], fields: tuple[str, ...], width: int) -> int:
    """How many requests follow_cursors takes for repositories with so many tags each."""
    offered = schema.offered(fields)
    fresh = deque(pages_of([count], PAGE) for count in counts)
    under_way: list[int] = []
    requests = 0
    while fresh or under_way:
        begun = [fresh.popleft() for _place in range(min(len(fresh), width - len(under_way)))]
        pages = [PageRequest(0)] * len(under_way) + [PageRequest(0, counted=True)] * len(begun)
        requests += len(batches_of(schema, pages, offered))
        under_way = [left - 1 for left in (*under_way, *begun) if left > 1]
    return requests
