# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Reading tags by GraphQL, with and without a metadata database behind it."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._core.errors import RequestError
from .._core.models import Repository, Tag, TagListing
from .._core.server import TAG_PAGE, Mode
from .._gitlab.graphql_pages import ALL_FIELDS, VERIFY_FIELDS, pages_at_once
from .._gitlab.graphql_schema import Schema
from .._gitlab.tag_page import PageRequest
from .cursors import MOST_PAGES, count_requests, error_about, follow_cursors, in_order, is_continuation
from .details import chunks, confirmations, load_children, read_one_by_one, with_details, with_rules, without_deleted
from .estimate import Estimate, estimate_of, known_counts, pages_of
from .named_pages import NamedTags, read_fitting, read_named
from .page_starts import name_before, page_starts
from .query import TagQuery
from .rest_reader import RestReader

# How many of the names on a page have to be wanted, on average, for it to be read rather than each name by itself.
_MIN_TAGS_PER_PAGE = 4
# GraphQL reads whole pages: it is used if at least one tag in so many is wanted.
_MOST_TAGS_PER_WANTED = 4


def _fields_of(query: TagQuery) -> tuple[str, ...]:
    """What to ask GraphQL of each tag."""
    return (*ALL_FIELDS, "revision") if query.configs else ALL_FIELDS


@dataclass(frozen=True)
class PageReader(RestReader):
    """Reads tags by GraphQL without a metadata database, where each tag costs GitLab several registry calls.

    GraphQL saves requests, not registry calls. It serves if most tags of a repository are wanted; the rest is read by
    REST.
    """

    schema: Schema

    def _read_wanted(self, listing: TagListing, wanted: t.Collection[str], query: TagQuery) -> TagListing:
        known: dict[str, Tag] = {}
        if len(wanted) * _MOST_TAGS_PER_WANTED >= len(listing.tags):
            known = self._read_pages(listing.repository, _fields_of(query))
        return read_one_by_one(self, listing, wanted, query, known)

    def _read_pages(self, repository: Repository, fields: tuple[str, ...]) -> dict[str, Tag]:
        """The tags on a repository's pages, as far as these can be read."""
        found: dict[str, Tag] = {}
        after: str | None = None
        for _page in range(MOST_PAGES):
            request = PageRequest(repository.id, after)
            page = read_fitting(self.client, self.schema, [request], fields, self.capabilities.mode)[0]
            if isinstance(page, RequestError) or not is_continuation(request, page, found):
                return found
            found.update((tag.name, tag) for tag in page.tags)
            if not page.has_next:
                return found
            after = page.end_cursor
        return found

    def estimate(self, counts: t.Sequence[int | None], query: TagQuery) -> Estimate:
        # An empty repository has no tag whose details are wanted.
        details = pages_of(filter(None, counts), TAG_PAGE) if query.details else 0
        besides = confirmations(self.capabilities, query) if any(counts) else 0
        return estimate_of(counts, self._listing_pages(counts) + details + besides)


@dataclass(frozen=True)
class CursorReader(RestReader):
    """Reads tags by GraphQL with a metadata database, where a page with all details begins behind any name."""

    schema: Schema

    def _read(self, repositories: t.Sequence[Repository], query: TagQuery) -> t.Iterator[TagListing]:
        if query.details and query.all_details:
            width = self.concurrent_repositories(query)
            followed = follow_cursors(
                self.client,
                self.schema,
                repositories,
                _fields_of(query),
                width,
                lists_names=self.capabilities.lists_by_keyset,
            )
            read = chunks(in_order(repositories, map(query.told, followed)))
        else:
            read = (list(map(query.told, self._read_listed(chunk, query))) for chunk in chunks(repositories))
        for listings in read:
            yield from with_rules(load_children(self.client, self.registry, listings, query), self.rules)

    def concurrent_repositories(self, query: TagQuery) -> int:
        """How many repositories are read at once: enough for all workers, and twice that."""
        return 2 * self.client.settings.concurrency * pages_at_once(self.schema, _fields_of(query), TAG_PAGE)

    def _read_listed(self, repositories: t.Sequence[Repository], query: TagQuery) -> list[TagListing]:
        """The names of all repositories, and then the pages that hold wanted names."""
        listings = self.client.parallel(self.list_names, repositories)
        if not query.details:
            return listings
        readable = [listing for listing in listings if not listing.error]
        names = {listing.repository.id: listing.names for listing in readable}
        wanted = {listing.repository.id: query.wanted(listing) for listing in readable}
        read = read_named(self.client, self.schema, names, wanted, _fields_of(query))
        return [
            self._completed(listing, wanted[listing.repository.id], read) if not listing.error else listing
            for listing in listings
        ]

    def _completed(self, listing: TagListing, wanted: t.Collection[str], read: NamedTags) -> TagListing:
        """The listing with the details that were found, or with why they could not be read."""
        number = listing.repository.id
        if number in read.errors:
            return TagListing(listing.repository, error=error_about(read.errors[number], listing.repository))
        absent = set(wanted).difference(read.found[number])
        return without_deleted(self, with_details(listing, read.found[number]), absent)

    def read_again(
        self, repository: Repository, names: t.Sequence[str], listed: t.Sequence[str]
    ) -> t.Mapping[str, Tag | None]:
        before = {name: name_before(listed, name) for name in names}
        tags: dict[str, Tag | None] = {**self._read_together(repository, frozenset(names), listed)}
        # A tag that was pushed in between stands on the page of one; the longer page then tells.
        for first in (1, TAG_PAGE):
            left = {name: before[name] for name in names if name not in tags}
            tags.update(self._read_behind(repository, left, first))
        unseen = "GraphQL did not show it"
        return {name: tags[name] if name in tags else Tag(name, error=unseen) for name in names}

    def _read_together(
        self, repository: Repository, names: t.Collection[str], listed: t.Sequence[str]
    ) -> dict[str, Tag]:
        """The tags on pages that hold several of the names: such a page costs the registry as much as a page of one."""
        starts = page_starts(listed, names)
        if len(starts) * _MIN_TAGS_PER_PAGE > len(names):
            return {}
        requests = [PageRequest(repository.id, after) for after in starts]
        pages = self._read_to_verify(repository, requests)
        return {tag.name: tag for page in pages for tag in page if tag.name in names}

    def _read_behind(
        self, repository: Repository, names: t.Mapping[str, str | None], first: int
    ) -> t.Iterator[tuple[str, Tag | None]]:
        """Each name as the page shows it that begins behind the name listed before it; None if it is not there.

        A name of which the page does not tell is left out. first: the length of the pages.
        """
        requests = [PageRequest(repository.id, after, first=first) for after in names.values()]
        for name, page in zip(names, self._read_to_verify(repository, requests)):
            found = {tag.name: tag for tag in page}
            if name in found:
                yield name, found[name]
            elif any(other > name for other in found):
                yield name, None

    def _read_to_verify(self, repository: Repository, requests: t.Sequence[PageRequest]) -> t.Iterator[tuple[Tag, ...]]:
        """The tags on each page, with what is compared right before a deletion.

        Raises:
            RequestError: a page can't be read.
        """
        for page in read_fitting(self.client, self.schema, requests, VERIFY_FIELDS, Mode.DATABASE):
            if isinstance(page, RequestError):
                raise error_about(page, repository)
            yield page.tags

    def estimate(self, counts: t.Sequence[int | None], query: TagQuery) -> Estimate:
        if not query.details:
            return super().estimate(counts, query)
        width = self.concurrent_repositories(query)
        requests = count_requests(
            self.schema,
            known_counts(counts),
            _fields_of(query),
            width,
            workers=self.client.settings.concurrency,
            lists_names=self.capabilities.lists_by_keyset,
        )
        return estimate_of(counts, requests)
