# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pages that are read side by side behind listed names: what comes and goes meanwhile loses no other tag."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import Repository
from ansible_collections.containerops.gitlab.plugins.module_utils._core.server import (
    Mode,
    ReadMethod,
    ServerCapabilities,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.graphql_reader import CursorReader
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.query import TagQuery
from tests.unit import graphql_serving
from tests.unit.graphql_serving import Body, node, schema, tags
from tests.unit.models import repository

ALL_DETAILS = TagQuery(details=True, all_details=True)
NAMES = st.lists(st.integers(0, 999).map("v{:03}".format), unique=True, max_size=120).map(sorted)


class Server:
    """A repository whose tags change once its names were listed, and at most so often.

    Args:
        names: of its tags.
        after_listing: its names from each listing on, one after the other; the last stays.
        ignores_order: pages come in another order than names are sorted in, as in a database with another collation.
    """

    def __init__(self, names: list[str], after_listing: list[list[str]], *, ignores_order: bool = False) -> None:
        self.names = names
        self.after_listing = after_listing
        self.ignores_order = ignores_order
        self.pages = 0
        self.client = graphql_serving.FakeGraphQLClient(self.reply, self.names_behind)

    def _key(self, name: str) -> Any:
        return name[::-1] if self.ignores_order else name

    def _behind(self, last: str | None) -> list[str]:
        ordered = sorted(self.names, key=self._key)
        return [name for name in ordered if not last or self._key(name) > self._key(last)]

    def names_behind(self, _path: str, last: str) -> list[str]:
        found = self._behind(last)
        if self.after_listing:
            self.names = self.after_listing.pop(0)
        return found

    def reply(self, query: str, variables: Body) -> Body:
        pages = {}
        for alias, counted in re.findall(r"r(\d+): containerRepository\([^)]*\) \{ (tagsCount )?", query):
            self.pages += 1
            left = self._behind(variables[f"a{alias}"])
            page = tags(*(node(name) for name in left[:20]), more=len(left) > 20)
            pages[f"r{alias}"] = {**page, **({"tagsCount": len(self.names)} if counted else {})}
        return {"data": pages}

    @property
    def reader(self) -> CursorReader:
        return CursorReader(
            client=self.client,
            capabilities=ServerCapabilities(mode=Mode.DATABASE, read_method=ReadMethod.GRAPHQL, lists_by_keyset=True),
            registry=None,
            rules={},
            schema=schema(),
        )


def only() -> Repository:
    return repository(id=1, path="team/r1", name="r1", project_id=1)


def numbered(count: int) -> list[str]:
    return [f"v{number:04}" for number in range(count)]


def test_one_long_repository_takes_a_round_for_all_its_pages() -> None:
    server = Server(numbered(5000), [])
    [listing] = server.reader.read([only()], ALL_DETAILS)
    assert listing.names == numbered(5000)
    assert (listing.error, listing.complete) == (None, True)
    # The names behind the second page are listed, and then all other pages are asked for, many at once.
    assert server.pages == 250
    assert len(server.client.listings) == 5
    assert len(server.client.queries) <= 2 + 250 / 10


@given(kept=NAMES, gone=NAMES, pushed=NAMES, gone_later=st.booleans())
def test_what_comes_and_goes_meanwhile_loses_no_other_tag(
    kept: list[str], gone: list[str], pushed: list[str], gone_later: bool
) -> None:
    """After the listing some tags are deleted and others pushed, between those that stay."""
    staying = sorted({*numbered(200), *kept} - set(gone))
    before, after = sorted({*staying, *gone}), sorted({*staying, *pushed})
    server = Server(before, [after, before if gone_later else after, after])
    [listing] = server.reader.read([only()], ALL_DETAILS)
    assert listing.error is not None or set(staying) <= set(listing.names) <= {*before, *after}
    assert all(tag.details_read for tag in listing.tags)


def test_tags_that_are_pushed_between_the_others_push_none_off_the_pages() -> None:
    before = [f"v{number:04}" for number in range(0, 4000, 2)]
    after = sorted([*before, *(f"v{number:04}" for number in range(1001, 1101, 2))])
    server = Server(before, [after])
    [listing] = server.reader.read([only()], ALL_DETAILS)
    assert listing.error is None
    assert set(before) <= set(listing.names)


def test_deleted_tags_are_missed_once_and_read_in_order_the_second_time() -> None:
    before = numbered(2000)
    after = [name for name in before if not name.endswith("7")]
    server = Server(before, [after])
    [listing] = server.reader.read([only()], ALL_DETAILS)
    assert (listing.error, listing.names) == (None, after)


def test_another_order_of_names_costs_time_and_no_tag() -> None:
    server = Server(numbered(2000), [], ignores_order=True)
    [listing] = server.reader.read([only()], ALL_DETAILS)
    assert (listing.error, listing.names) == (None, numbered(2000))
