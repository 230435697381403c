# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Reading pages that begin behind names which were listed before, so that none has to wait for the one before it."""

from __future__ import annotations

import typing as t
from bisect import bisect_left

from .._core.errors import ErrorKind, RequestError
from .._core.models import Tag
from .._core.server import Mode
from .._gitlab.graphql_pages import read_pages
from .._gitlab.graphql_schema import Schema
from .._gitlab.tag_page import PAGE, Page, PageRequest
from .._gitlab.tags import KEYSET_PAGE
from .._http.client import Client
from .estimate import pages_of


class NamedTags(t.NamedTuple):
    """The tags of listed names, by the ids of their repositories.

    Args:
        found: the tags by name, and others that are on the same pages.
        errors: why pages of a repository can't be read.
    """

    found: dict[int, dict[str, Tag]]
    errors: dict[int, RequestError]


def read_named(
    client: Client,
    schema: Schema,
    names: t.Mapping[int, t.Sequence[str]],
    wanted: t.Mapping[int, t.Collection[str]],
    fields: tuple[str, ...],
) -> NamedTags:
    """Read the pages that hold wanted names, all side by side.

    A name that was pushed off its page, by one that was pushed before it meanwhile, is looked for once more.

    Args:
        client: of GitLab.
        schema: what its GraphQL offers.
        names: by the id of a repository all of its names, or all behind one of them and that one; sorted.
        wanted: which of them are wanted.
        fields: what to read of the tags.
    """
    read = NamedTags({number: {} for number in names}, {})
    for _time in range(2):
        requests = [
            PageRequest(number, after)
            for number, listed in names.items()
            if number not in read.errors
            for after in page_starts(listed, [name for name in wanted[number] if name not in read.found[number]])
        ]
        pages = read_fitting(client, schema, requests, fields, Mode.DATABASE)
        for request, page in zip(requests, pages):
            if isinstance(page, RequestError):
                read.errors[request.repository_id] = page
            else:
                read.found[request.repository_id].update((tag.name, tag) for tag in page.tags)
    return read


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


def page_starts(names: t.Sequence[str], wanted: t.Iterable[str]) -> list[str | None]:
    """Behind which names pages have to begin so that every wanted name is on one; None is the beginning.

    names: all of them, sorted.
    """
    starts: list[str | None] = []
    covered = 0
    for position in sorted(bisect_left(names, name) for name in wanted):
        if position >= covered:
            starts.append(names[position - 1] if position else None)
            covered = position + PAGE
    return starts


def name_before(names: t.Sequence[str], name: str) -> str | None:
    """The name before another one among sorted names; None if that is the first."""
    position = bisect_left(names, name)
    return names[position - 1] if position else None


def is_faster_by_names(left: t.Sequence[int], *, pages_at_once: int, workers: int) -> bool:
    """Whether repositories are read in half the time if their names are listed now, and all pages side by side then.

    They are not while short ones among them end soon by themselves. Less than that is not worth the listings.

    Args:
        left: How many tags each of them has left.
        pages_at_once: How many pages one request asks for.
        workers: How many requests may be under way at once.
    """

    def turns(pages: int, at_once: int) -> int:
        return -(-pages // (at_once * workers))

    def by_names(counts: t.Sequence[int]) -> int:
        listings = [listings_of(count) for count in counts]
        longest = max([*listings, turns(sum(listings), 1)])
        return longest + turns(pages_of(counts, PAGE), pages_at_once)

    counts = sorted(left)
    now, following, done = by_names(counts), 0, 0
    for position, count in enumerate(counts):
        pages = pages_of([count], PAGE)
        # So many repositories have pages of these numbers.
        following += (pages - done) * turns(len(counts) - position, pages_at_once)
        done = pages
        if following + by_names([count - done * PAGE for count in counts[position + 1 :]]) <= now:
            return False
    return 0 < 2 * now <= following


def listings_of(count: int) -> int:
    """How many requests listing so many names takes. Behind a last page that is full there may be more."""
    return count // KEYSET_PAGE + 1
