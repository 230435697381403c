# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The catalog of a registry: whole, whatever the registry passes over or repeats where a page ends."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import RequestError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.server import Mode
from ansible_collections.containerops.gitlab.plugins.module_utils._http.messages import Request, Response
from ansible_collections.containerops.gitlab.plugins.module_utils._registry import catalog as catalog_module
from ansible_collections.containerops.gitlab.plugins.module_utils._registry.api import VersionCheck
from ansible_collections.containerops.gitlab.plugins.module_utils._registry.catalog import CatalogPage, read_catalog
from tests.simulator.distribution import walk
from tests.tools.depth import examples
from tests.unit.registry_serving import FakeRegistry, RegistryServer, errors, serving_registry
from tests.unit.serving import Answer


@dataclass
class Shelves(FakeRegistry):
    """A registry with repositories. size: of a page. database: whether it has one, None where it does not say.

    strips: the links get lost on the way. odd: how it answers to places that are no path of its own.
    """

    paths: list[str] = field(default_factory=list)
    size: int = 1000
    database: bool | None = False
    strips: bool = False
    odd: int = 200
    asked: list[str] = field(default_factory=list)

    def answer(self, number: int, request: BaseHTTPRequestHandler) -> Answer | None:
        parts = urlsplit(request.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/v2/_catalog":
            return self.page(query.get("last", ""))
        if parts.path == "/v2/" and self.database is not None:
            return 200, {"Gitlab-Container-Registry-Database-Enabled": str(self.database).lower()}, b"{}"
        return super().answer(number, request) if parts.path == "/jwt/auth" else (200, {}, b"{}")

    def page(self, last: str) -> Answer:
        self.asked.append(last)
        if last and last not in self.paths and self.odd != 200:
            return self.odd, {}, errors("PAGINATION_INVALID")
        if self.database:
            rest = sorted(path for path in self.paths if path > last)
            found, more = rest[: self.size], len(rest) > self.size
        else:
            found, more = walk(self.paths, last, self.size)
        headers = {"Link": f'</v2/_catalog?last={quote(found[-1], safe="")}&n=1000>; rel="next"'} if more else {}
        return 200, {} if self.strips else headers, json.dumps({"repositories": found}).encode()


@pytest.fixture
def shelves() -> Iterator[RegistryServer]:
    with serving_registry(Shelves()) as served:
        yield served


def read(server: RegistryServer) -> tuple[list[str], tuple[str, ...]]:
    """All paths, and what is left open."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalog_module, "PAGE", server.fake.size if isinstance(server.fake, Shelves) else 1000)
        pages = list(read_catalog(server.registry()))
    assert all(page.paths and not page.unconfirmed for page in pages[:-1])
    return [path for page in pages for path in page.paths], pages[-1].unconfirmed


FOUR = ["team/app", "team/app/1", "team/lib", "team/tool"]


@pytest.mark.parametrize("database", [True, False, None])
@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("strips", [True, False])
def test_nothing_is_passed_over_where_a_page_ends(
    shelves: RegistryServer, size: int, database: bool | None, strips: bool
) -> None:
    fake = shelves.fake
    assert isinstance(fake, Shelves)
    fake.paths, fake.size, fake.database, fake.strips = FOUR, size, database, strips
    found, unconfirmed = read(shelves)
    # One repository a page is less than there are below team/app, so that this one can't be seen.
    hidden = ["team/app"] if size == 1 and not database else []
    assert sorted([*found, *hidden]) == FOUR
    assert list(unconfirmed) == hidden
    assert len(set(found)) == len(found)


def test_the_end_is_looked_behind(shelves: RegistryServer) -> None:
    fake = shelves.fake
    assert isinstance(fake, Shelves)
    fake.paths = ["a/b", "c"]
    assert read(shelves) == (["a/b", "c"], ())
    assert fake.asked == ["", "c"]
    fake.asked.clear()
    fake.paths = []
    assert read(shelves) == ([], ())
    assert fake.asked == [""]


@pytest.mark.parametrize("database", [True, False])
def test_a_catalog_without_end_is_given_up(
    shelves: RegistryServer, monkeypatch: pytest.MonkeyPatch, database: bool
) -> None:
    fake = shelves.fake
    assert isinstance(fake, Shelves)
    fake.paths, fake.size, fake.database = [f"team/{number:02}" for number in range(20)], 2, database
    monkeypatch.setattr(catalog_module, "MOST_PAGES", 5)
    with pytest.raises(RequestError, match="the catalog has no end after 5 pages"):
        read(shelves)


def test_the_catalog_is_for_administrators(shelves: RegistryServer) -> None:
    shelves.fake.allow = lambda scope: False
    with pytest.raises(RequestError, match="does not open its catalog") as caught:
        list(read_catalog(shelves.registry()))
    assert "administrators" in caught.value.advice
    assert shelves.requests_to("/v2/") == []


def test_a_part_costs_no_more_than_its_pages(shelves: RegistryServer) -> None:
    fake = shelves.fake
    assert isinstance(fake, Shelves)
    fake.paths, fake.size = [f"a/r{number}" for number in range(10)], 5
    assert next(read_catalog(shelves.registry())) == CatalogPage(tuple(fake.paths[:5]))
    assert fake.asked == [""]


@pytest.mark.parametrize("odd", [400, 404])
def test_a_registry_that_does_not_know_a_place_leaves_open_what_is_there(shelves: RegistryServer, odd: int) -> None:
    fake = shelves.fake
    assert isinstance(fake, Shelves)
    fake.paths, fake.size, fake.odd = ["a", "a/1", "b"], 1, odd
    assert read(shelves) == (["a/1", "b"], ("a",))


NO_CATALOG = [b"[]", b"{}", b'{"repositories": "a"}', b'{"repositories": [1]}', b'{"repositories": [""]}']


@pytest.mark.parametrize("body", NO_CATALOG)
def test_what_is_no_catalog_is_none(shelves: RegistryServer, body: bytes) -> None:
    fake = shelves.fake
    assert isinstance(fake, Shelves)
    fake.page = lambda last: (200, {}, body)  # type: ignore[method-assign]
    with pytest.raises(RequestError, match="not a catalog"):
        read(shelves)


def test_an_empty_page_with_a_link_is_no_end(shelves: RegistryServer) -> None:
    fake = shelves.fake
    assert isinstance(fake, Shelves)
    link = {"Link": '</v2/_catalog?last=x>; rel="next"'}
    fake.page = lambda last: (200, link, b'{"repositories": []}')  # type: ignore[method-assign]
    with pytest.raises(RequestError, match="a page is empty"):
        read(shelves)


@pytest.mark.parametrize("link", ['</v2/_catalog?last=x>; rel="next"', '</v2/_catalog?last=a>; rel="next"'])
def test_a_registry_that_always_shows_the_same_comes_to_an_end(shelves: RegistryServer, link: str) -> None:
    fake = shelves.fake
    assert isinstance(fake, Shelves)
    fake.page = lambda last: (200, {"Link": link}, b'{"repositories": ["a", "a"]}')  # type: ignore[method-assign]
    assert read(shelves) == (["a"], ())


class _Stub:
    """Stands for a registry whose requests are answered without a network."""

    url = "https://registry.example.com"

    def authorization(self, *_arguments: Any) -> None:
        return None

    def denied_actions(self, *_arguments: Any) -> list[str]:
        return []


COMPONENTS = st.sampled_from(["0", "1", "10", "1-2", "a", "app", "app2", "b.c", "z"])
PATHS = st.lists(COMPONENTS, min_size=1, max_size=4).map("/".join)


@given(st.sets(PATHS, max_size=25), st.integers(1, 6), st.sampled_from([True, False, None]))
@examples(400)
def test_every_repository_is_found_or_left_open(paths: set[str], size: int, database: bool | None) -> None:
    fake = Shelves(paths=sorted(paths), size=size, database=database)

    def request(_registry: Any, _method: str, path: str, _scopes: Any, **options: Any) -> Response:
        status, headers, body = fake.page(options.get("query", {}).get("last", ""))
        asked = Request("GET", path, operation=options["operation"], service="The registry")
        return Response(asked, status, headers=headers, body=body)

    mode = {True: Mode.DATABASE, False: Mode.NO_DATABASE, None: Mode.UNKNOWN}[database]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalog_module, "request", request)
        patch.setattr(catalog_module, "PAGE", size)
        patch.setattr(catalog_module, "check_version", lambda *_arguments: VersionCheck(mode, deletes_by_name=False))
        pages = list(read_catalog(_Stub()))  # type: ignore[arg-type]
    found = [path for page in pages for path in page.paths]
    assert len(found) == len(set(found))
    assert set(found) | (paths & set(pages[-1].unconfirmed)) == paths
    assert not set(found) & set(pages[-1].unconfirmed)
    # Each page that is not the last look brings something, or is the search for a path that is left open.
    depth = max((path.count("/") for path in paths), default=0)
    assert len(fake.asked) <= (len(paths) + 1) * (depth + 1) + 1
    for path in pages[-1].unconfirmed:
        below = [other for other in paths if other.startswith(f"{path}/") and other[len(path) + 1] < "_"]
        assert len(below) >= size, "only what a whole page of repositories hides is left open"


def test_every_order_of_three_folders_is_walked(shelves: RegistryServer) -> None:
    fake = shelves.fake
    assert isinstance(fake, Shelves)
    candidates = ["p", "p/1", "p/1/2", "p/a", "q"]
    for count, size in itertools.product(range(1, 6), (2, 3)):
        for chosen in itertools.combinations(candidates, count):
            fake.paths, fake.size = list(chosen), size
            found, unconfirmed = read(shelves)
            assert set(found) | (set(chosen) & set(unconfirmed)) == set(chosen)
