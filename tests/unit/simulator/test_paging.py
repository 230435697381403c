# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pages: offsets with their headers, and keysets."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.simulator import edits
from tests.simulator.registry import MemoryFiles
from tests.simulator.scenario import build

from .helpers import Client, default_scenario, names

TAGS = "/projects/1/registry/repositories/100/tags"
HEADERS = ("X-Per-Page", "X-Page", "X-Next-Page", "X-Prev-Page", "X-Total", "X-Total-Pages")


def many(count: int, **changes: Any) -> dict[str, Any]:
    return default_scenario(
        repositories=[{"id": 100, "project": "team/app", "generate": {"count": count, "prefix": "v"}}], **changes
    )


def links(header: str) -> dict[str, str]:
    return {relation: url for url, relation in re.findall(r'<([^>]*)>; rel="(\w+)"', header)}


@pytest.mark.parametrize(
    ("query", "values"),
    [
        ("", ("20", "1", "2", "", "45", "3")),
        ("per_page=20&page=3", ("20", "3", "", "2", "45", "3")),
        ("per_page=20&page=4", ("20", "4", "", "", "45", "3")),
        ("per_page=500", ("100", "1", "", "", "45", "1")),
        ("per_page=&page=", ("20", "1", "2", "", "45", "3")),
        ("page=0", ("20", "1", "2", "", "45", "3")),
        ("per_page=7&per_page=9", ("9", "1", "2", "", "45", "5")),
    ],
)
def test_the_headers_of_a_page(gitlab: Client, query: str, values: tuple[str, ...]) -> None:
    gitlab.simulator.load(many(45))
    answer = gitlab.rest(f"{TAGS}?{query}")
    assert tuple(answer.headers[name] for name in HEADERS) == values


def test_links_carry_every_parameter_in_alphabetical_order(gitlab: Client) -> None:
    gitlab.simulator.load(many(45, external_url="https://gitlab.example.com/sub"))
    answer = gitlab.rest("/projects/team%2Fapp/registry/repositories/100/tags?per_page=10&page=2&zebra=1")
    base = (
        "https://gitlab.example.com/sub/api/v4/projects/team%2Fapp/registry/repositories/100/tags?id=team%2Fapp&page="
    )
    rest = "&per_page=10&repository_id=100&zebra=1"
    assert links(answer.headers["Link"]) == {
        "prev": f"{base}1{rest}",
        "next": f"{base}3{rest}",
        "first": f"{base}1{rest}",
        "last": f"{base}5{rest}",
    }
    assert list(links(answer.headers["Link"])) == ["prev", "next", "first", "last"]


def test_links_repeat_defaults_and_the_page_size_that_is_given(gitlab: Client) -> None:
    answer = gitlab.rest("/projects/1/registry/repositories?per_page=1000&tags=yes")
    first = links(answer.headers["Link"])["first"]
    assert first.endswith("?id=1&page=1&per_page=100&tags=true&tags_count=false")
    assert first.startswith(gitlab.simulator.api_url)
    answer = gitlab.rest("/projects/1/registry/repositories?private_token=maintainer", None)
    assert "private_token=maintainer" in answer.headers["Link"]


@pytest.mark.parametrize(("count", "counted"), [(9_999, True), (10_000, False)])
def test_totals_vanish_at_ten_thousand_tags(gitlab: Client, count: int, counted: bool) -> None:
    gitlab.simulator.load(many(count))
    answer = gitlab.rest(f"{TAGS}?per_page=100")
    assert ("X-Total" in answer.headers) is ("X-Total-Pages" in answer.headers) is counted
    assert ("last" in links(answer.headers["Link"])) is counted
    assert answer.headers["X-Next-Page"] == "2"


def test_without_a_database_ten_thousand_names_are_all_there_is(gitlab: Client) -> None:
    gitlab.simulator.load(many(10_003, mode="M2", registry={"cap": 10_000}))
    assert gitlab.rest("/registry/repositories/100?tags_count=true").json()["tags_count"] == 10_000
    assert gitlab.rest(f"{TAGS}?per_page=100&page=101").json() == []


@pytest.mark.parametrize(
    ("mode", "registry", "count"),
    [
        ("M2", {}, 30),
        ("M2", {"cap": 7}, 7),
        ("M2", {"cap": None}, 30),
        ("M3", {"cap": None}, 30),
        ("M1", {"cap": 7}, 30),
    ],
)
def test_where_a_listing_ends(gitlab: Client, mode: str, registry: dict[str, Any], count: int) -> None:
    gitlab.simulator.load(many(30, mode=mode, registry=registry))
    assert len(gitlab.rest(f"{TAGS}?per_page=100").json()) == count
    assert gitlab.rest("/registry/repositories/100?tags_count=true").json()["tags_count"] == count
    query = '{ containerRepository(id: "gid://gitlab/ContainerRepository/100") { tagsCount } }'
    assert gitlab.data(query)["containerRepository"]["tagsCount"] == count


def test_the_cap_may_come_later_and_another_vendors_registry_has_one() -> None:
    assert build({"mode": "M3"}).registry.cap == 10_000
    state = build(many(30, mode="M2"))
    edits.apply(state, {"set_registry": {"cap": 5}})
    assert len(MemoryFiles(state).names(state.repositories[100])) == 5


def test_more_than_two_hundred_thousand_tags_break_the_listing(gitlab: Client) -> None:
    gitlab.simulator.load(many(200_001))
    for path in (TAGS, "/registry/repositories/100?tags_count=true", "/projects/1/registry/repositories?tags=true"):
        answer = gitlab.rest(path)
        assert (answer.status_code, answer.json()) == (500, {"message": "500 Internal Server Error"})
    assert gitlab.rest(f"{TAGS}?pagination=keyset").status_code == 200
    gitlab.simulator.edit_tags("team/app", remove=["v000000"])
    assert gitlab.rest(f"{TAGS}?per_page=1").status_code == 200


def test_names_are_sorted_bytewise(gitlab: Client) -> None:
    scenario = default_scenario(
        repositories=[{"id": 100, "project": "team/app", "tags": [{"name": n} for n in ("b", "B", "_", "1")]}]
    )
    for mode in ("M1", "M2"):
        gitlab.simulator.load({**scenario, "mode": mode})
        assert names(gitlab.rest(TAGS).json()) == ["1", "B", "_", "b"]


@pytest.mark.parametrize("sort", ["asc", "desc"])
def test_keyset_pages_lead_through_all_tags(gitlab: Client, sort: str) -> None:
    gitlab.simulator.load(many(45))
    found: list[str] = []
    url: str | None = f"{gitlab.simulator.api_url}{TAGS}?pagination=keyset&per_page=20&sort={sort}"
    pages = 0
    while url:
        answer = gitlab.send("GET", url, "reporter")
        assert not [
            name for name in answer.headers if name.lower().startswith(("x-page", "x-total", "x-per", "x-next"))
        ]
        found += names(answer.json())
        url = links(answer.headers.get("Link", "")).get("next")
        pages += 1
    assert pages == 3
    assert found == sorted(found, reverse=sort == "desc")
    assert len(set(found)) == 45


def test_the_link_of_a_keyset_page(gitlab: Client) -> None:
    gitlab.simulator.load(many(5))
    link = gitlab.rest(f"{TAGS}?pagination=keyset&per_page=2").headers["Link"]
    query = "id=1&last=v1&pagination=keyset&per_page=2&repository_id=100&sort=asc"
    assert link == f'<{gitlab.simulator.api_url}{TAGS}?{query}>; rel="next"'


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 20),
        ("&per_page=1000", 1000),
        ("&per_page=5000", 1000),
        ("&per_page=-1", 0),
        ("&last=not/a/tag", 20),
        ("&last=z", 0),
        ("&last=v1198", 1),
        ("&last=v1199", 0),
    ],
)
def test_the_size_of_a_keyset_page(gitlab: Client, query: str, count: int) -> None:
    gitlab.simulator.load(many(1200))
    answer = gitlab.rest(f"{TAGS}?pagination=keyset{query}")
    assert answer.status_code == 200
    assert len(answer.json()) == count


def test_keysets_need_a_database(gitlab: Client) -> None:
    gitlab.simulator.load(many(5, mode="M2"))
    answer = gitlab.rest(f"{TAGS}?pagination=keyset")
    assert (answer.status_code, answer.json()) == (405, {"message": "405 Method Not Allowed"})


def test_every_offset_page_reads_all_tags_where_there_is_a_database(gitlab: Client) -> None:
    gitlab.simulator.load(many(1_050))
    gitlab.rest(f"{TAGS}?per_page=100")
    assert gitlab.simulator.counters()["registry"] == 11
    # Whether there is a database, and a page.
    gitlab.rest(f"{TAGS}?pagination=keyset&per_page=1000")
    assert gitlab.simulator.counters()["registry"] == 13
