# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Following cursors: nothing is lost on the way without a word, and no more is held than is being read."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import (
    ListingState,
    Repository,
    Tag,
    TagListing,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._core.server import (
    Mode,
    ReadMethod,
    ServerCapabilities,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._gitlab.tag_page import Page, PageRequest
from ansible_collections.containerops.gitlab.plugins.module_utils._tags import cursors
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.cursors import is_continuation
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.graphql_reader import CursorReader
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.query import TagQuery
from tests.unit import graphql_serving
from tests.unit.graphql_serving import Body, node, schema, tags
from tests.unit.models import repository

ALL_DETAILS = TagQuery(details=True, all_details=True)
Change = Callable[[int, "str | None", Body], Body]


def unchanged(_number: int, _after: str | None, page: Body) -> Body:
    return page


def names(count: int) -> list[str]:
    return [f"v{number:04}" for number in range(count)]


def reader_of(counts: dict[int, int], change: Change = unchanged) -> CursorReader:
    """The reader of a server whose repositories hold so many tags each, by the repository's id.

    change: makes another page of one, of the repository's id and the cursor.
    """

    def names_behind(path: str, last: str) -> list[str]:
        number = int(path.split("/")[-2])
        return [name for name in names(counts[number]) if name > last]

    def reply(query: str, variables: Body) -> Body:
        pages = {}
        for alias, counted in re.findall(r"r(\d+): containerRepository\([^)]*\) \{ (tagsCount )?", query):
            number = int(variables[f"i{alias}"].rpartition("/")[2])
            after = variables[f"a{alias}"]
            left = [name for name in names(counts[number]) if after is None or name > after]
            page = tags(*(node(name) for name in left[:20]), more=len(left) > 20)
            count = {"tagsCount": counts[number]} if counted else {}
            pages[f"r{alias}"] = change(number, after, {**page, **count})
        return {"data": pages}

    return CursorReader(
        client=graphql_serving.FakeGraphQLClient(reply, names_behind),
        capabilities=ServerCapabilities(mode=Mode.DATABASE, read_method=ReadMethod.GRAPHQL, lists_by_keyset=True),
        registry=None,
        rules={},
        schema=schema(),
    )


def repositories(counts: dict[int, int]) -> list[Repository]:
    return [repository(id=number, path=f"team/r{number}", name=f"r{number}", project_id=1) for number in counts]


def queries(reader: CursorReader) -> list[Any]:
    client = reader.client
    assert isinstance(client, graphql_serving.FakeGraphQLClient)
    return client.queries


def listings(reader: CursorReader) -> list[str]:
    client = reader.client
    assert isinstance(client, graphql_serving.FakeGraphQLClient)
    return client.listings


@given(st.lists(st.sampled_from([0, 1, 19, 20, 21, 40, 41, 130, 1060]), max_size=30))
def test_every_tag_is_read_and_the_repositories_come_in_their_order(sizes: list[int]) -> None:
    counts = dict(enumerate(sizes))
    reader = reader_of(counts)
    listings = list(reader.read(repositories(counts), ALL_DETAILS))
    assert [listing.repository.id for listing in listings] == list(counts)
    assert [listing.names for listing in listings] == [names(count) for count in sizes]
    assert [listing.state.value for listing in listings] == ["complete" if count else "empty" for count in sizes]


@given(st.lists(st.sampled_from([0, 1, 20, 21, 40, 100, 300, 1040, 1041, 3000]), min_size=1, max_size=300))
def test_an_estimate_is_exact(sizes: list[int]) -> None:
    counts = dict(enumerate(sizes))
    reader = reader_of(counts)
    expected = reader.estimate(sizes, ALL_DETAILS).requests
    list(reader.read(repositories(counts), ALL_DETAILS))
    assert len(queries(reader)) + len(listings(reader)) == expected


def test_a_long_repository_travels_with_the_short_ones_after_it() -> None:
    counts = {0: 2000, **dict.fromkeys(range(1, 1001), 20)}
    reader = reader_of(counts)
    list(reader.read(repositories(counts), ALL_DETAILS))
    pages = sum(-(-count // 20) for count in counts.values())
    assert len(queries(reader)) < pages / 12 + 100


def test_no_more_repositories_are_under_way_than_the_window_holds() -> None:
    counts = dict.fromkeys(range(600), 40)
    reader = reader_of(counts)
    width = reader.concurrent_repositories(ALL_DETAILS)
    for given_so_far, _listing in enumerate(reader.read(repositories(counts), ALL_DETAILS), 1):
        begun = {variables[key] for _query, variables, _retry in queries(reader) for key in variables if key[0] == "i"}
        assert len(begun) <= given_so_far + 2 * width
    assert len(queries(reader)) < 600 * 2 / 12


def cut_short(number: int, _after: str | None, page: Body) -> Body:
    """The second page says that it is the last one."""
    if number == 1 and page["tags"]["nodes"][0]["name"] == "v0020":
        page["tags"]["pageInfo"] = {"hasNextPage": False, "endCursor": None}
    return page


def only_listing(reader: CursorReader, number: int) -> TagListing:
    [found] = [
        each for each in reader.read(repositories({0: 5, 1: 100, 2: 5}), ALL_DETAILS) if each.repository.id == number
    ]
    return found


def test_a_repository_of_which_pages_are_missing_is_unread() -> None:
    reader = reader_of({0: 5, 1: 100, 2: 5}, cut_short)
    found = only_listing(reader, 1)
    assert (found.state, found.tags) == (ListingState.UNREAD, ())
    assert str(found.error).startswith("Could not read the tags of team/r1: 40 tags were read, and GitLab counts 100.")
    assert [len(only_listing(reader, number).tags) for number in (0, 2)] == [5, 5]


def test_a_repository_that_was_incomplete_is_read_once_more() -> None:
    cut: list[None] = []

    def once(number: int, after: str | None, page: Body) -> Body:
        if number != 1 or len(cut) == 2:
            return page
        cut.append(None)
        return cut_short(number, after, page)

    found = only_listing(reader_of({0: 5, 1: 100, 2: 5}, once), 1)
    assert (found.error, found.names) == (None, names(100))


@pytest.mark.parametrize("count", [0, 99, 100])
def test_tags_that_came_after_the_count_are_welcome(count: int) -> None:
    """A registry without an answer counts as no tags, and GitLab's count ends at 10,000."""

    def counted_less(_number: int, _after: str | None, page: Body) -> Body:
        return {**page, "tagsCount": count} if "tagsCount" in page else page

    reader = reader_of({1: 100}, counted_less)
    [found] = reader.read(repositories({1: 100}), ALL_DETAILS)
    assert (found.error, found.names) == (None, names(100))


@pytest.mark.parametrize(
    ("after", "page", "sound"),
    [
        pytest.param(None, Page(tags=(), end_cursor=None, has_next=False), True, id="a repository without tags"),
        pytest.param(None, Page(tags=(Tag("b"),), end_cursor=None, has_next=False), True, id="the only page"),
        pytest.param("a", Page(tags=(Tag("b"),), end_cursor="b", has_next=True), True, id="a page that leads on"),
        pytest.param("a", Page(tags=(), end_cursor=None, has_next=False), False, id="an empty page behind another"),
        pytest.param(
            "a", Page(tags=(Tag("b"),), end_cursor=None, has_next=True), False, id="more pages, and no way there"
        ),
        pytest.param(
            "a", Page(tags=(Tag("a"), Tag("b")), end_cursor="b", has_next=True), False, id="a tag that was seen"
        ),
    ],
)
def test_which_page_can_follow_the_ones_before(after: str | None, page: Page, sound: bool) -> None:
    assert is_continuation(PageRequest(1, after), page, {"a": Tag("a")} if after else {}) is sound


def test_pages_have_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """New names and cursors for ever, in one of two repositories."""
    counted = itertools.count()

    def endless(number: int, _after: str | None, page: Body) -> Body:
        if number == 1:
            return page
        fresh = [f"w{next(counted):06}" for _tag in range(20)]
        return {**page, **tags(*(node(name) for name in fresh), more=True)}

    monkeypatch.setattr(cursors, "MOST_PAGES", 5)
    counts = {1: 3, 2: 3}
    whole, cut = reader_of(counts, endless).read(repositories(counts), ALL_DETAILS)
    assert len(whole.tags) == 3
    assert cut.error
    assert cut.error.message == "the list has no end after 5 pages"
    assert cut.tags == ()
