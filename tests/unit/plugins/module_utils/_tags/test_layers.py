# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the images of listed tags hold, in requests that are as many as there are manifests."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import Tag, TagListing
from ansible_collections.containerops.gitlab.plugins.module_utils._registry.auth import RegistrySettings
from ansible_collections.containerops.gitlab.plugins.module_utils._registry.image_cache import ImageCache
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.capabilities import Sources, detect
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.layers import with_layers
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.query import TagQuery
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.reader import TagReader, open_reader
from tests.simulator.contents import INDEX
from tests.unit.simulated import REGISTRY, Simulated, connected, repositories_of, scenario_of, set_faults

SHARED = {"name": "v1", "image": "shared"}
BASE = {"shared_layers": {"base": 5_000}}
DETAILS = TagQuery(details=True, all_details=True)


def opened(
    *repositories: list[dict[str, Any]], registry: RegistrySettings | None = REGISTRY
) -> tuple[TagReader, Simulated]:
    client = connected(scenario_of(*repositories, mode="M1"))
    sources = Sources(use_graphql=True, registry=registry)
    reader = open_reader(detect(client, repositories_of(len(repositories)), sources, details=True))
    return reader, client


def read(reader: TagReader, client: Simulated, count: int, **query: Any) -> list[TagListing]:
    repositories = repositories_of(count)
    listings = list(reader.read(repositories, DETAILS._replace(**query)))
    client.requests.clear()
    return list(with_layers(reader, listings, repositories, REGISTRY, ImageCache()))


def manifests(client: Simulated) -> list[str]:
    return [request for request in client.requests if "/manifests/" in request]


def test_an_image_of_several_tags_and_repositories_is_read_once() -> None:
    other = {"name": "v2", "size": 200, **BASE}
    reader, client = opened([SHARED, {**SHARED, "name": "v3"}, other], [SHARED])
    first, second = read(reader, client, 2)
    assert len(manifests(client)) == 2
    assert first.blobs
    assert second.blobs
    [digest] = second.blobs.by_digest
    assert second.blobs.by_digest[digest] == first.blobs.by_digest[digest]
    assert not first.blobs.why_unknown


def test_what_one_repository_refuses_is_asked_of_the_next() -> None:
    reader, client = opened([SHARED], [SHARED])
    set_faults(client, {"path": "/v2/team/app/r0/manifests/", "action": "status", "status": 403})
    first, second = read(reader, client, 2)
    assert first.blobs
    assert second.blobs
    assert first.blobs.by_digest == {}
    assert "403" in first.blobs.why_unknown
    assert len(second.blobs.by_digest) == 1
    assert not second.blobs.why_unknown


def test_a_registry_in_trouble_is_not_asked_once_more_for_each_repository() -> None:
    reader, client = opened([SHARED], [SHARED], [SHARED])
    set_faults(client, {"path": "/manifests/", "action": "status", "status": 503})
    listings = read(reader, client, 3)
    alone = client.settings.retries + 1
    assert len(manifests(client)) == alone
    assert all(each.blobs and "503" in each.blobs.why_unknown for each in listings)


def test_sizes_and_digests_that_gitlab_does_not_tell_are_known_afterwards() -> None:
    reader, client = opened([{"name": "multi", "media_type": INDEX, "size": 300, **BASE}, {"name": "v1"}])
    [listing] = read(reader, client, 1)
    assert listing.blobs
    multi, single = listing.tags
    assert multi.size
    assert multi.size > 2 * 5_000
    assert listing.blobs.by_digest[multi.digest or ""]
    assert single.size == sum((listing.blobs.by_digest[single.digest or ""] or {}).values())
    names = [TagListing(listing.repository, tuple(Tag(tag.name) for tag in listing.tags), complete=True)]
    [found] = with_layers(reader, names, repositories_of(1), REGISTRY, ImageCache())
    assert [tag.digest for tag in found.tags] == [tag.digest for tag in listing.tags]
    assert found.blobs == listing.blobs


@pytest.mark.parametrize("registry", [REGISTRY, None], ids=["known", "not asked for before"])
def test_the_registry_is_found_whoever_read_the_tags(registry: RegistrySettings | None) -> None:
    reader, client = opened([SHARED], registry=registry)
    assert (reader.registry is None) == (registry is None)
    [listing] = read(reader, client, 1)
    assert listing.blobs
    assert len(listing.blobs.by_digest) == 1


def test_a_registry_that_can_not_be_reached_tells_nothing() -> None:
    reader, client = opened([SHARED])
    repositories = [each._replace(location="") for each in repositories_of(1)]
    reader = open_reader(detect(client, repositories, Sources(use_graphql=True, registry=REGISTRY), details=True))
    [listing] = with_layers(reader, reader.read(repositories, DETAILS), repositories, REGISTRY, ImageCache())
    assert listing.blobs
    assert listing.blobs.by_digest == {}
    assert listing.blobs.why_unknown == reader.capabilities.registry_unavailable_reason
