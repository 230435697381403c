# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run that was killed, and the next one that reads while GitLab still does what the killed one asked for."""

from __future__ import annotations

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.unfinished_deletions import (
    without_unfinished,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import TagListing
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.capabilities import Sources, detect
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.query import TagQuery
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.reader import TagReader, open_reader
from tests.unit.simulated import Simulated, connected, edit, repositories_of, scenario_of, set_faults

PATH, OTHER = "team/app/r0", "team/app/r1"


def opened(mode: str) -> tuple[TagReader, Simulated]:
    tags = [{"name": "a"}, {"name": "b"}, {"name": "v1"}]
    client = connected(scenario_of(tags, tags, mode=mode))
    return open_reader(detect(client, repositories_of(2), Sources(use_graphql=True), details=True)), client


def listed(reader: TagReader) -> list[TagListing]:
    return list(reader.read(repositories_of(2), TagQuery(details=True, all_details=True)))


def names(listings: list[TagListing]) -> list[list[str]]:
    return [list(listing.names) for listing in listings]


@pytest.mark.parametrize(("mode", "looks"), [("M2", 1), ("M3", 1), ("M1", 0)])
def test_what_gitlab_is_through_with_soon_is_gone(mode: str, looks: int) -> None:
    reader, client = opened(mode)
    asked = {(PATH, tag.name, tag.digest) for tag in listed(reader)[0].tags if tag.name != "v1"}
    edit(client, set_tag={"repository": PATH, "name": "a", "image": "empty"})
    found = listed(reader)
    client.requests.clear()
    set_faults(client, {"nth": 1, "action": "mutate", "remove_tag": {"repository": PATH, "name": "a"}})
    after = without_unfinished(reader, found, asked)
    # With a metadata database no tag is made another image to delete it, so that somebody pushed it.
    assert names(after) == ([["b", "v1"], ["a", "b", "v1"]] if looks else names(found))
    assert len(client.requests) == looks


def test_what_somebody_pushed_stays_another_image() -> None:
    reader, client = opened("M3")
    asked = {(PATH, "a", listed(reader)[0].tags[0].digest), (OTHER, "gone", None)}
    edit(client, set_tag={"repository": PATH, "name": "a", "image": "another"})
    found = listed(reader)
    client.requests.clear()
    assert without_unfinished(reader, found, asked) == found
    assert len(client.requests) == 2


def test_what_is_as_it_was_takes_no_request() -> None:
    reader, client = opened("M3")
    found = listed(reader)
    asked = {(PATH, tag.name, tag.digest) for tag in found[0].tags}
    client.requests.clear()
    assert without_unfinished(reader, found, asked) == found
    assert without_unfinished(reader, found, ()) == found
    assert client.requests == []


@pytest.mark.parametrize("trouble", ["error", "no tags"])
def test_what_can_not_be_listed_again_is_as_it_was_read(trouble: str) -> None:
    reader, client = opened("M3")
    asked = {(PATH, tag.name, tag.digest) for tag in listed(reader)[0].tags}
    edit(client, set_tag={"repository": PATH, "name": "a", "image": "empty"})
    found = listed(reader)
    if trouble == "error":
        set_faults(client, {"action": "status", "status": 404})
    else:
        edit(client, set_repository={"repository": PATH, "registry_state": "error"})
    assert without_unfinished(reader, found, asked) == found
