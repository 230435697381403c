# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading tags again right before they are deleted, and what only manifests tell."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import RequestError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import Tag, TagListing
from ansible_collections.containerops.gitlab.plugins.module_utils._core.server import ReadMethod
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.capabilities import Sources, detect
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.query import TagQuery
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.reader import TagReader, open_reader
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

READ_METHODS = {
    "cursor": ("M1", Sources(use_graphql=True)),
    "rest": ("M1", Sources(use_graphql=False)),
    "pages": ("M2", Sources(use_graphql=True)),
    "registry": ("M2", Sources(use_graphql=True, registry=REGISTRY)),
}
LISTED = [f"v{number:03}" for number in range(60)]
TEAM_APP = "team/app/r0"


def opened(read_method: str, tags: list[dict[str, Any]], **settings: Any) -> tuple[TagReader, Simulated]:
    """A reader of one repository, and its client, whose requests so far are forgotten."""
    mode, sources = READ_METHODS[read_method]
    client = connected(scenario_of(tags, mode=mode), **settings)
    reader = open_reader(detect(client, [repository_of()], sources, details=True))
    client.requests.clear()
    return reader, client


def again(reader: TagReader, *names: str) -> dict[str, Tag | None]:
    return dict(reader.read_again(repository_of(), list(names), LISTED))


def digest_of(client: Simulated, name: str) -> str:
    tags = client.server.gitlab.state.repositories[100].tags
    tag = tags.get(name) if tags else None
    assert tag is not None
    return tag.digest


@pytest.mark.parametrize("read_method", READ_METHODS)
def test_tags_are_what_they_are_now(read_method: str) -> None:
    reader, client = opened(read_method, [{"name": name} for name in LISTED])
    before = digest_of(client, "v007")
    edit(client, set_tag={"repository": TEAM_APP, "name": "v007", "image": "another"})
    found = again(reader, "v006", "v007", "v042")
    digests = {name: tag.digest for name, tag in found.items() if tag}
    assert digests == {name: digest_of(client, name) for name in ("v006", "v007", "v042")}
    assert digests["v007"] != before


@pytest.mark.parametrize("read_method", READ_METHODS)
def test_a_tag_that_is_gone_is_none_or_can_not_be_told(read_method: str) -> None:
    reader, client = opened(read_method, [{"name": name} for name in LISTED])
    edit(client, remove_tag={"repository": TEAM_APP, "name": "v007"})
    gone = again(reader, "v006", "v007", "v008")["v007"]
    if read_method in ("cursor", "registry"):
        assert gone is None
    else:
        # REST answers 404 for a tag whose image it can't read, too.
        assert gone is not None
        assert (gone.digest, gone.error) == (None, "GitLab answered 404 for its details")


@pytest.mark.parametrize("read_method", READ_METHODS)
def test_what_can_not_be_read_again_is_told(read_method: str) -> None:
    reader, client = opened(read_method, [{"name": name} for name in LISTED], retries=0)
    set_faults(client, {"action": "status", "status": 503})
    with pytest.raises(RequestError):
        again(reader, "v006")


def test_names_that_stand_together_take_one_page_of_a_database() -> None:
    reader, client = opened("cursor", [{"name": name} for name in LISTED])
    found = again(reader, *LISTED)
    assert [tag.digest for tag in found.values() if tag] == [digest_of(client, name) for name in LISTED]
    # Three pages travel in one request, and 60 pages of one would not.
    assert len(client.requests) == 1


def test_names_that_stand_apart_take_a_page_of_one_each() -> None:
    reader, client = opened("cursor", [{"name": name} for name in LISTED])
    assert all(again(reader, *LISTED[::10]).values())
    assert len(client.requests) == 1


def test_a_tag_that_was_pushed_in_between_does_not_hide_the_next_one() -> None:
    reader, client = opened("cursor", [{"name": name} for name in LISTED])
    edit(client, add_tag={"repository": TEAM_APP, "name": "v006a"})
    found = again(reader, "v007")["v007"]
    assert found is not None
    assert found.digest == digest_of(client, "v007")
    # A page of one shows the new tag, and the longer page the one behind it.
    assert len(client.requests) == 2


def test_the_last_tag_can_not_be_told_where_nothing_is_listed_behind_it() -> None:
    reader, client = opened("cursor", [{"name": name} for name in LISTED])
    edit(client, remove_tag={"repository": TEAM_APP, "name": "v059"})
    found = again(reader, "v059")["v059"]
    assert found is not None
    assert (found.digest, found.error) == (None, "GraphQL did not show it")


@pytest.mark.parametrize(
    ("query", "loaded"),
    [
        pytest.param(TagQuery(details=True), False, id="nobody needs it"),
        pytest.param(TagQuery(details=True, needs_children=lambda _listing: True), True, id="needed"),
    ],
)
def test_what_an_index_holds_is_loaded_where_it_is_needed(query: TagQuery, loaded: bool) -> None:
    children = [{"image": "amd64", "platform": "linux/amd64"}, {"image": "arm64", "platform": "linux/arm64"}]
    tags: list[dict[str, Any]] = [{"name": "index", "children": children}, {"name": "plain"}]
    client = connected(scenario_of(tags, tags))
    sources = Sources(use_graphql=True, registry=REGISTRY)
    reader = open_reader(detect(client, repositories_of(2), sources, details=True))
    assert reader.capabilities.read_method is ReadMethod.GRAPHQL
    client.requests.clear()
    first, second = reader.read(repositories_of(2), query)
    assert [len(tag.children) for tag in (*first.tags, *second.tags)] == [2 * loaded, 0] * 2
    # Only the two indexes: GitLab tells that the other images have one platform.
    asked = [request for request in client.requests if "/manifests/" in request]
    assert len(asked) == 2 * loaded


def test_only_the_registry_itself_loads_what_an_index_holds() -> None:
    asked: list[TagListing] = []

    def needs_children(listing: TagListing) -> bool:
        asked.append(listing)
        return True

    reader, client = opened("cursor", [{"name": "index", "children": [{"image": "a"}]}])
    [listing] = reader.read([repository_of()], TagQuery(details=True, needs_children=needs_children))
    assert listing.tags[0].children == ()
    assert not [request for request in client.requests if "/v2/" in request]


def test_a_manifest_that_can_not_be_read_leaves_its_tag_as_it_is() -> None:
    client = connected(scenario_of([{"name": "index", "children": [{"image": "a"}]}]), retries=0)
    sources = Sources(use_graphql=True, registry=REGISTRY)
    reader = open_reader(detect(client, [repository_of()], sources, details=True))
    set_faults(client, {"path": "/manifests/", "action": "status", "status": 500})
    [listing] = reader.read([repository_of()], TagQuery(details=True, needs_children=lambda _listing: True))
    assert (listing.error, listing.tags[0].children) == (None, ())
    assert listing.tags[0].digest == digest_of(client, "index")


def test_of_a_tag_that_could_not_be_read_nothing_is_loaded() -> None:
    """Details by REST tell nothing of an index here, and the registry itself would."""
    tags: list[dict[str, Any]] = [{"name": "index", "children": [{"image": "a"}]}, {"name": "plain"}]
    client = connected(scenario_of(tags, mode="M2"))
    sources = Sources(use_graphql=False, read_method=ReadMethod.REST, registry=REGISTRY)
    reader = open_reader(detect(client, [repository_of()], sources, details=True))
    client.requests.clear()
    [listing] = reader.read([repository_of()], TagQuery(details=True, needs_children=lambda _listing: True))
    assert [bool(tag.error) for tag in listing.tags] == [True, False]
    assert not [request for request in client.requests if "/manifests/index" in request]
