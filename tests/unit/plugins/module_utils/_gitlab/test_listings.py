# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Listings that change while they are read, behind a proxy that damages headers: nothing is missed unnoticed."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import ErrorKind, RequestError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import RefKind
from ansible_collections.containerops.gitlab.plugins.module_utils._gitlab import rest
from ansible_collections.containerops.gitlab.plugins.module_utils._gitlab.git_refs import active_refs, deployed_refs
from ansible_collections.containerops.gitlab.plugins.module_utils._http.messages import Request, Response
from tests.tools.depth import examples
from tests.unit.rest_serving import ScriptedClient, answer

NUMBERS = ("X-Next-Page", "X-Total", "Link", "X-Page")
Damage = Callable[[dict[str, str]], None]


def strip(name: str) -> Damage:
    def damage(headers: dict[str, str]) -> None:
        headers.pop(name, None)

    return damage


def double(name: str) -> Damage:
    def damage(headers: dict[str, str]) -> None:
        if name in headers:
            headers[name] = f"{headers[name]}, {headers[name]}"

    return damage


def empty(name: str) -> Damage:
    return lambda headers: headers.update({name: ""})


DAMAGES = [damage(name) for damage in (strip, double, empty) for name in NUMBERS]


class ChangingServer(ScriptedClient):
    """A listing of names, by numbered pages or by keyset, which changes between two requests.

    always: the names that were there all the time.
    """

    def __init__(self, names: list[str], *, keyset: bool = False, seed: int = 0, changes: float = 0) -> None:
        super().__init__([])
        self.names = sorted(names)
        self.always = set(names)
        self.keyset = keyset
        self.random = random.Random(seed)
        self.changes = changes
        self.damages: list[Damage] = []
        self.served: list[tuple[list[dict[str, str]], dict[str, str]]] = []

    def request(self, method: str, path: str, **options: Any) -> Response:
        query = dict(options["query"])
        self.asked.append((method, path, query))
        if self.random.random() < self.changes:
            self._change()
        body, headers = self._page(query)
        for damage in self.damages:
            if self.random.random() < 0.5:
                damage(headers)
        self.served.append((body, headers))
        request = Request(method=method, path=path, operation=options["operation"], service="GitLab")
        return answer(body)._replace(request=request, headers=CaseInsensitiveDict(headers))

    def _change(self) -> None:
        for _edit in range(self.random.randint(1, 3)):
            if self.names and self.random.random() < 0.7:
                gone = self.names.pop(self.random.randrange(len(self.names)))
                self.always.discard(gone)
            if self.random.random() < 0.5:
                self.names = sorted([*self.names, f"n{self.random.random():.9f}"])

    def _page(self, query: dict[str, Any]) -> tuple[list[dict[str, str]], dict[str, str]]:
        size = query["per_page"]
        if self.keyset and query.get("pagination") == "keyset":
            page = [name for name in self.names if name > query.get("page_token", "")][:size]
            link = f'<https://x.example/y?page_token={page[-1]}>; rel="next"' if len(page) == size else ""
            return [{"name": name} for name in page], {"Link": link} if link else {}
        number = query.get("page", 1)
        page = self.names[(number - 1) * size : number * size]
        following = str(number + 1) if len(self.names) > number * size else ""
        link = f'<https://x.example/y?page={following}>; rel="next"' if following else ""
        headers = {"X-Page": str(number), "X-Next-Page": following, "X-Total": str(len(self.names)), "Link": link}
        return [{"name": name} for name in page], headers


def numbered(count: int) -> list[str]:
    return [f"n{number:05}" for number in range(count)]


def read(server: ChangingServer) -> list[str]:
    return [row["name"] for row in rest.rows(server, "/x", {}, "list it")]


@pytest.mark.parametrize("keyset", [False, True], ids=["numbered", "keyset"])
@given(
    count=st.sampled_from([0, 1, 20, 99, 100, 101, 199, 200, 201, 350]),
    seed=st.integers(0, 10**6),
    changes=st.sampled_from([0, 0.1, 0.5]),
    damages=st.lists(st.sampled_from(DAMAGES), max_size=3),
)
@examples(150)
def test_what_was_there_all_the_time_is_read_or_the_listing_fails(
    keyset: bool, count: int, seed: int, changes: float, damages: list[Damage]
) -> None:
    server = ChangingServer(numbered(count), keyset=keyset, seed=seed, changes=changes)
    server.damages = damages
    for attempt in (read, lambda client: active_refs(client, 1, RefKind.BRANCHES)):
        [found] = server.try_all(attempt, [server])
        if isinstance(found, RequestError):
            assert found.kind is ErrorKind.INCOMPLETE
            assert changes or damages
        else:
            assert len(found) == len(set(found))
            assert server.always <= set(found)


@pytest.mark.parametrize(("count", "requests"), [(0, 1), (1, 1), (100, 1), (101, 3), (200, 3), (201, 5), (1000, 19)])
def test_all_numbered_pages_but_the_last_are_read_twice(count: int, requests: int) -> None:
    server = ChangingServer(numbered(count))
    assert read(server) == numbered(count)
    assert len(server.asked) == requests


@pytest.mark.parametrize(("count", "requests"), [(0, 1), (99, 1), (100, 2), (101, 2), (201, 3), (1000, 11)])
def test_keyset_pages_are_read_once(count: int, requests: int) -> None:
    server = ChangingServer(numbered(count), keyset=True)
    assert active_refs(server, 1, RefKind.TAGS) == numbered(count)
    assert len(server.asked) == requests


def test_a_server_without_keyset_is_not_asked_for_the_first_page_twice_in_vain() -> None:
    server = ChangingServer(numbered(100))
    assert active_refs(server, 1, RefKind.BRANCHES) == numbered(100)
    assert len(server.asked) == 1


def test_a_first_page_that_always_leads_on_leads_to_an_empty_one() -> None:
    rows = [{"name": "a"}]
    client = ScriptedClient(
        [answer(rows, X_Next_Page="2", X_Total="1"), answer([], X_Next_Page="", X_Total="1"), answer(rows)]
    )
    assert rest.rows(client, "/x", {}, "list it") == rows


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param([answer([{"name": "a"}], X_Total="2"), answer([], X_Total="2")], id="fewer than GitLab counts"),
        pytest.param([answer([{"name": "a"}], X_Next_Page="2"), answer([{"name": "a"}])], id="the same page again"),
        pytest.param([answer([], X_Total="9")], id="nothing where GitLab counts something"),
    ],
)
def test_a_listing_that_can_not_be_true_fails(answers: list[Response]) -> None:
    client = ScriptedClient([])
    client.request = lambda *_a, **o: answers[o["query"]["page"] - 1]  # type: ignore[method-assign]
    with pytest.raises(RequestError) as caught:
        rest.rows(client, "/x", {}, "list it")
    assert caught.value.kind is ErrorKind.INCOMPLETE


def test_deployments_are_read_until_there_are_enough() -> None:
    deployment = {"status": "success", "sha": "0" * 40}
    page = [{**deployment, "id": 500 - number, "ref": f"r{number}"} for number in range(100)]
    rest_of_them = [{**deployment, "id": 100, "ref": "old"}]
    environments = answer([{"id": 1, "name": "prod"}], X_Total="1")
    few = ScriptedClient([environments, answer(page, X_Next_Page="2", X_Total="101")])
    assert deployed_refs(few, 1, 2)[:2] == ["r0", "0" * 40]
    # The first page has no header that leads on: it is full, so something may follow.
    many = ScriptedClient([environments, answer(page), answer(rest_of_them), answer(page)])
    assert "old" in deployed_refs(many, 1, 101)
    assert len(many.asked) == 4


def test_a_listing_without_an_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "MOST_PAGES", 5)
    server = ChangingServer(numbered(1000))
    with pytest.raises(RequestError, match="no end after 5 pages"):
        read(server)
    assert len(server.asked) == 5


@pytest.mark.parametrize("total", ["10000", "10001", "9" * 18])
def test_a_count_that_is_too_high_sends_no_flood(monkeypatch: pytest.MonkeyPatch, total: str) -> None:
    def exaggerate(headers: dict[str, str]) -> None:
        headers["X-Total"] = total

    server = ChangingServer(numbered(150))
    server.damages = [exaggerate]
    monkeypatch.setattr(server.random, "random", lambda: 0.0)
    with pytest.raises(RequestError):
        read(server)
    assert len(server.asked) <= 3 * 120


@pytest.mark.parametrize("workers", [1, 2, 8])
@pytest.mark.parametrize("pages", [1, 2, 3, 9, 40])
def test_uncounted_pages_are_read_more_and_more_at_once(
    monkeypatch: pytest.MonkeyPatch, pages: int, workers: int
) -> None:
    server = ChangingServer(numbered(100 * pages - 50))
    server.damages = [strip("X-Total")]
    monkeypatch.setattr(server.random, "random", lambda: 0.0)
    server.settings = server.settings._replace(concurrency=workers)
    assert read(server) == sorted(server.always)
    behind = [int(query["page"]) for _method, _path, query in server.asked if int(query["page"]) > pages]
    # An empty page proves the end, and is looked at once more; the others behind it were under way by then.
    assert len(behind) <= max(1, min(workers, pages)) + 1


class RacingServer(ChangingServer):
    """Pages that are asked for together are answered from the last to the first, and the list changes in between.

    change: of the names, after the first answer of the first pages that are asked for together.
    """

    def __init__(self, names: list[str], change: Callable[[list[str]], list[str]]) -> None:
        super().__init__(names)
        self.change: Callable[[list[str]], list[str]] | None = change

    def parallel(self, work: Any, items: Any) -> list[Any]:
        found: dict[int, Any] = {}
        for number in reversed(range(len(items))):
            found[number] = work(items[number])
            if self.change and len(items) > 1:
                self.names, self.change = self.change(self.names), None
        return [found[number] for number in range(len(items))]


@pytest.mark.parametrize("total", [True, False], ids=["counted", "not counted"])
@pytest.mark.parametrize("count", [*range(195, 206), 251, *range(296, 306), 398, 399, 400, 401, 555])
@pytest.mark.parametrize("place", [0, 50, 101, 150, 199, 250])
@pytest.mark.parametrize("deletes", [0, 1, 2])
def test_pages_that_are_read_side_by_side_miss_nothing(
    monkeypatch: pytest.MonkeyPatch, total: bool, count: int, place: int, deletes: int
) -> None:
    """A row that is made before the others pushes each of them on, and those that are deleted hide that."""

    def change(names: list[str]) -> list[str]:
        return sorted([*names[: len(names) - deletes], f"n{min(place, count):05}-new"])

    server = RacingServer(numbered(count), change)
    server.settings = server.settings._replace(concurrency=8)
    if not total:
        server.damages = [strip("X-Total")]
        monkeypatch.setattr(server.random, "random", lambda: 0.0)
    always = set(numbered(count - deletes))
    [found] = server.try_all(read, [server])
    assert isinstance(found, RequestError) or always <= set(found)
