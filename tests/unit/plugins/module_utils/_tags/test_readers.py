# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the readers have in common, and what each of them asks for: the same tags, by requests that they foretell."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import (
    ErrorKind,
    RequestError,
    UsageError,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import (
    ListingState,
    Repository,
    TagListing,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._core.server import ReadMethod
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.capabilities import Sources, detect
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.estimate import check_reading
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.query import TagQuery
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.reader import (
    TagReader,
    confirm_empty,
    open_reader,
)
from tests.unit.simulated import (
    REGISTRY,
    Simulated,
    connected,
    edit,
    repositories_of,
    repository_of,
    scenario_of,
    set_faults,
)

NAMES = TagQuery(details=False)
ALL_DETAILS = TagQuery(details=True, all_details=True)
SOME_DETAILS = TagQuery(details=True, wanted=lambda listing: [name for name in listing.names if name.endswith("5")])
DETAIL = "GET /api/v4/projects/1/registry/repositories/100/tags/"
PAGE, LISTING = "POST /api/graphql", "GET /api/v4/projects/1/registry/repositories/100/tags"

# What a server is, and how it is read; each has another reader, or another use of one.
READ_METHODS = {
    "cursor": ("M1", Sources(use_graphql=True)),
    "rest, with a database": ("M1", Sources(use_graphql=False)),
    "pages": ("M2", Sources(use_graphql=True)),
    "rest": ("M2", Sources(use_graphql=False)),
    "registry": ("M2", Sources(use_graphql=True, registry=REGISTRY)),
    "registry on demand": ("M2", Sources(use_graphql=False, read_method=ReadMethod.REGISTRY, registry=REGISTRY)),
}


def numbered(count: int) -> list[dict[str, Any]]:
    return [{"name": f"v{number:03}"} for number in range(count)]


def opened(
    read_method: str, *repositories: list[dict[str, Any]], changes: dict[str, Any] | None = None, **settings: Any
) -> tuple[TagReader, Simulated]:
    """A reader, and its client, whose requests so far are forgotten."""
    mode, sources = READ_METHODS[read_method]
    client = connected(scenario_of(*repositories, mode=mode, **(changes or {})), **settings)
    reader = open_reader(detect(client, repositories_of(len(repositories)), sources, details=True))
    client.requests.clear()
    return reader, client


def digests_of(client: Simulated, repository: Repository) -> dict[str, str]:
    """What the tags of a repository really are."""
    tags = client.server.gitlab.state.repositories[repository.id].tags
    assert tags is not None
    return {tag.name: tag.digest for tag in tags}


@pytest.mark.parametrize("query", [NAMES, ALL_DETAILS, SOME_DETAILS], ids=["names", "all details", "some details"])
@pytest.mark.parametrize("read_method", READ_METHODS)
def test_every_reader_finds_the_same_tags(read_method: str, query: TagQuery) -> None:
    sizes = [3, 0, 41, 20, 21]
    reader, client = opened(read_method, *map(numbered, sizes))
    listings = list(reader.read(repositories_of(len(sizes)), query))
    assert [listing.repository for listing in listings] == repositories_of(len(sizes))
    assert [listing.names for listing in listings] == [[f"v{n:03}" for n in range(size)] for size in sizes]
    assert not [listing.error for listing in listings if listing.error]
    for listing in listings:
        digests = digests_of(client, listing.repository)
        wanted = query.wanted(listing) if query.details else []
        assert {tag.name: tag.digest for tag in listing.tags if tag.name in wanted} == {
            name: digests[name] for name in wanted
        }


@pytest.mark.parametrize("query", [NAMES, ALL_DETAILS, SOME_DETAILS], ids=["names", "all details", "some details"])
@pytest.mark.parametrize("read_method", READ_METHODS)
def test_every_reader_tells_once_of_each_listing_that_it_read(read_method: str, query: TagQuery) -> None:
    sizes = [3, 0, 41, 20, 21]
    reader, _client = opened(read_method, *map(numbered, sizes))
    told: list[TagListing] = []
    listings = list(reader.read(repositories_of(len(sizes)), query._replace(when_read=told.append)))
    assert sorted((listing.repository.id, len(listing.tags)) for listing in told) == [
        (listing.repository.id, len(listing.tags)) for listing in listings
    ]


@pytest.mark.parametrize("query", [NAMES, ALL_DETAILS], ids=["names", "all details"])
@pytest.mark.parametrize("read_method", READ_METHODS)
def test_every_reader_foretells_its_requests(read_method: str, query: TagQuery) -> None:
    sizes = [3, 0, 41, 20, 121]
    reader, client = opened(read_method, *map(numbered, sizes))
    expected = reader.estimate(sizes, query)
    list(reader.read(repositories_of(len(sizes)), query))
    by_registry = [request for request in client.requests if not request.split(" ")[1].startswith("/api")]
    assert expected.as_result() == {
        "requests": len(client.requests) - len(by_registry),
        "registry_requests": len(by_registry),
        "tags": sum(sizes),
        "repositories_uncounted": 0,
    }


@pytest.mark.parametrize("read_method", READ_METHODS)
def test_an_unknown_number_of_tags_counts_as_none(read_method: str) -> None:
    reader, _client = opened(read_method, numbered(5), numbered(5))
    expected, other = (reader.estimate([5, count], ALL_DETAILS) for count in (None, 0))
    assert (expected.uncounted, other.uncounted) == (1, 0)
    assert (expected.requests, expected.least) == (other.requests, other.least)


def test_the_least_is_what_known_images_take() -> None:
    expected = opened("registry on demand", numbered(5))[0].estimate([5], ALL_DETAILS)
    # A listing, and then a look at each digest instead of a manifest and a config.
    assert (expected.registry_requests, expected.least) == (1 + 2 * 5, 1 + 5)
    # A listing, a page, and whether there still is no database.
    assert opened("pages", numbered(5))[0].estimate([5], ALL_DETAILS).least == 1 + 1 + 1


@pytest.mark.parametrize(("most", "refused"), [(None, False), (16, False), (15, True)])
def test_what_would_take_too_many_requests_is_not_read(most: int | None, refused: bool) -> None:
    expected = opened("registry on demand", numbered(5))[0].estimate([5], ALL_DETAILS)
    if not refused:
        return check_reading(expected, 10, most)
    with pytest.raises(UsageError, match="since reading 5 tags takes at least 6 more requests, and of max_requests 15"):
        check_reading(expected, 10, most)
    return None


@pytest.mark.parametrize("read_method", [read_method for read_method in READ_METHODS if read_method != "cursor"])
def test_a_repository_that_can_not_be_read_does_not_spoil_the_others(read_method: str) -> None:
    reader, client = opened(read_method, *map(numbered, [5, 5, 5]))
    set_faults(client, {"path": "/101/tags$|/r1/tags/list$", "action": "status", "status": 403})
    first, second, third = reader.read(repositories_of(3), ALL_DETAILS)
    assert (first.state, third.state) == (ListingState.COMPLETE, ListingState.COMPLETE)
    assert (second.state, second.tags) == (ListingState.UNREAD, ())
    assert str(second.error).startswith("Could not list the tags of team/app/r1")


@pytest.mark.parametrize("query", [ALL_DETAILS, SOME_DETAILS], ids=["all details", "some details"])
@pytest.mark.parametrize("read_method", READ_METHODS)
def test_details_that_may_come_another_time_leave_a_repository_unread(read_method: str, query: TagQuery) -> None:
    reader, client = opened(read_method, numbered(6), retries=0)
    set_faults(client, {"path": "graphql|tags/v|/manifests/", "action": "status", "status": 503})
    [listing] = reader.read([repository_of()], query)
    assert listing.error is not None
    assert listing.tags == ()
    assert listing.error.kind is ErrorKind.UNAVAILABLE


@pytest.mark.parametrize("read_method", ["rest, with a database", "pages", "rest", "registry", "registry on demand"])
def test_a_tag_whose_details_are_refused_is_listed_without_them(read_method: str) -> None:
    reader, client = opened(read_method, numbered(5), retries=0)
    set_faults(client, {"path": "graphql|tags/v002|/manifests/v002", "action": "status", "status": 404})
    [listing] = reader.read([repository_of()], ALL_DETAILS)
    assert listing.state is ListingState.COMPLETE
    assert [tag.name for tag in listing.tags if tag.digest is None] == ["v002"]
    assert [tag.name for tag in listing.tags if tag.error] == ["v002"]
    assert all(tag.details_read for tag in listing.tags)


@pytest.mark.parametrize("query", [ALL_DETAILS, SOME_DETAILS], ids=["all details", "some details"])
@pytest.mark.parametrize("read_method", READ_METHODS)
def test_a_tag_that_goes_while_the_others_are_read_is_one_tag_less(read_method: str, query: TagQuery) -> None:
    reader, client = opened(read_method, numbered(16))
    gone = {"remove_tag": {"repository": client.server.gitlab.state.repositories[100].path, "name": "v005"}}
    # Right before its own details are asked for, however they are.
    set_faults(client, {"path": "v005|manifests|graphql", "action": "mutate", **gone, "count": 1})
    (listing,) = reader.read(repositories_of(1), query)
    assert listing.error is None
    assert "v005" not in listing.names
    assert len(listing.names) == 15
    assert [tag.name for tag in listing.tags if tag.error] == []


def test_a_few_names_of_a_database_are_read_from_the_pages_that_hold_them() -> None:
    reader, client = opened("cursor", numbered(100))
    [listing] = reader.read([repository_of()], TagQuery(details=True, wanted=lambda _listing: ["v000", "v019", "v099"]))
    assert len(listing.tags) == 100
    assert client.requests == ["GET /api/v4/projects/1/registry/repositories/100/tags", PAGE]
    # A page begins with the first wanted name that is on none yet.
    assert [tag.name for tag in listing.tags if tag.details_read] == [f"v{n:03}" for n in [*range(20), 99]]


@pytest.mark.parametrize(("wanted", "requests"), [(10, [PAGE, PAGE]), (9, [f"{DETAIL}v{n:03}" for n in range(9)])])
def test_without_a_database_pages_are_read_where_a_quarter_of_their_tags_is_wanted(
    wanted: int, requests: list[str]
) -> None:
    reader, client = opened("pages", numbered(40))
    [listing] = reader.read([repository_of()], TagQuery(details=True, wanted=lambda listing: listing.names[:wanted]))
    assert client.requests[1:] == [*requests, LISTING]
    assert [tag.name for tag in listing.tags if tag.details_read] == [f"v{n:03}" for n in range(wanted)]


def test_what_pages_do_not_show_is_read_tag_by_tag() -> None:
    reader, client = opened("pages", numbered(40))
    set_faults(client, {"path": "graphql", "nth": 2, "action": "status", "status": 500})
    [listing] = reader.read([repository_of()], ALL_DETAILS)
    assert all(tag.digest for tag in listing.tags)
    assert client.requests[1:] == [PAGE, PAGE, *(f"{DETAIL}v{n:03}" for n in range(20, 40)), LISTING]


def test_digests_alone_take_one_request_each_of_the_registry() -> None:
    reader, client = opened("registry", numbered(3))
    [listing] = reader.read([repository_of()], TagQuery(details=True, dates=False))
    assert [(bool(tag.digest), tag.created, tag.details_read) for tag in listing.tags] == [(True, None, True)] * 3
    assert client.requests == [f"HEAD /v2/team/app/r0/manifests/v{n:03}" for n in range(3)]


def test_a_listing_that_detection_needed_is_read_once_and_never_taken_for_a_new_one() -> None:
    reader, client = opened("registry", numbered(2), numbered(1))
    expected = reader.estimate([2, 1], NAMES)
    assert [len(listing.tags) for listing in reader.read(repositories_of(2), NAMES)] == [2, 1]
    assert len(client.requests) == expected.registry_requests == 1
    edit(client, remove_tag={"repository": "team/app/r0", "name": "v000"})
    assert reader.list_names(repository_of()).names == ["v001"]


@pytest.mark.parametrize(
    ("read_method", "names", "complete"),
    [
        ("pages", 3, False),
        ("rest", 3, False),
        ("pages", 2, True),
        ("cursor", 3, True),
        ("rest, with a database", 3, True),
    ],
)
def test_as_many_names_as_gitlab_ever_lists_may_not_be_all(
    monkeypatch: pytest.MonkeyPatch, read_method: str, names: int, complete: bool
) -> None:
    monkeypatch.setattr(f"{TagReader.__module__.rpartition('.')[0]}.listing.LISTING_CAP", 3)
    reader, _client = opened(read_method, numbered(names))
    found = reader.list_names(repository_of())
    assert (found.complete, found.authoritative) == (complete, False)
    assert found.state is (ListingState.COMPLETE if complete else ListingState.CAPPED)


@pytest.mark.parametrize(
    ("fault", "complete"),
    [
        pytest.param(None, True, id="it lists all"),
        pytest.param({"action": "status", "status": 500}, False, id="it does not answer"),
        pytest.param({"action": "json", "json": {"name": "team/app/r0", "tags": ["v000"]}}, False, id="it lists less"),
    ],
)
def test_the_registry_itself_may_list_what_was_cut_off(
    monkeypatch: pytest.MonkeyPatch, fault: dict[str, Any] | None, complete: bool
) -> None:
    """GitLab's way was asked for, and the registry can be asked all the same."""
    monkeypatch.setattr(f"{TagReader.__module__.rpartition('.')[0]}.listing.LISTING_CAP", 3)
    client = connected(scenario_of(numbered(3), mode="M2"))
    sources = Sources(use_graphql=False, read_method=ReadMethod.REST, registry=REGISTRY)
    reader = open_reader(detect(client, [repository_of()], sources, details=True))
    set_faults(client, *([{"path": "/tags/list", **fault}] if fault else []))
    found = reader.list_names(repository_of())
    assert (found.complete, found.authoritative, len(found.tags)) == (complete, complete, 3)


def test_only_the_registry_itself_confirms_that_there_are_no_tags() -> None:
    empty = TagListing(repository_of())
    reader, _client = opened("rest", [])
    assert confirm_empty(reader, empty) is empty
    reader, client = opened("registry", numbered(1), [])
    confirmed = confirm_empty(reader, TagListing(repository_of(1)))
    assert (confirmed.authoritative, confirmed.complete, confirmed.state) == (True, True, ListingState.EMPTY)
    edit(client, set_repository={"repository": "team/app/r1", "registry_state": "unknown"})
    unknown = confirm_empty(reader, TagListing(repository_of(1)))
    assert (unknown.authoritative, unknown.repository_unknown) == (False, True)
    edit(client, set_repository={"repository": "team/app/r1", "registry_state": "error"})
    empty = TagListing(repository_of(1))
    assert confirm_empty(reader, empty) is empty


def test_only_an_empty_listing_needs_a_confirmation() -> None:
    reader, client = opened("registry", numbered(1))
    unread = RequestError(ErrorKind.TIMEOUT, "too late", operation="list the tags")
    for listing in (reader.list_names(repository_of()), TagListing(repository_of(), error=unread)):
        client.requests.clear()
        assert confirm_empty(reader, listing) is listing
        assert client.requests == []
