# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of an inventory source that are refused, and what is cached by them."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.scope import ProjectScope
from ansible_collections.containerops.gitlab.plugins.module_utils._inventory.request import (
    HostPer,
    InventoryRequest,
    request_of,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._module.options import Gather

SERVER = "https://gitlab.example.com"
NOTHING: dict[str, Any] = {"project": None, "group": None, "instance": False, "host_per": "project", "gather": []}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            {"group": ["team"], "gather": ["size"]},
            InventoryRequest(ProjectScope(groups=("team",)), host_per=HostPer.PROJECT, gather=frozenset({Gather.SIZE})),
        ),
        (
            {"project": ["team/app"], "host_per": "group"},
            InventoryRequest(ProjectScope(projects=("team/app",)), host_per=HostPer.GROUP, gather=frozenset()),
        ),
        (
            {"instance": True, "host_per": "repository"},
            InventoryRequest(ProjectScope(instance=True), host_per=HostPer.REPOSITORY, gather=frozenset()),
        ),
    ],
)
def test_what_is_asked_for(options: dict[str, Any], expected: InventoryRequest) -> None:
    assert request_of({**NOTHING, **options}, SERVER) == expected


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "one of the following is required: project, group, instance"),
        ({"group": ["team"], "instance": True}, "group and instance can't be combined"),
        ({"project": ["team/app"], "group": ["team"]}, "project and group can't be combined"),
        ({"project": ["app"]}, "project 'app' is a name without its group"),
        ({"group": [" "]}, "group ' ' is not a path"),
        ({"group": ["team"], "gather": ["size,tags_count"]}, "gather 'size,tags_count' is not one of tags_count, size"),
        ({"group": ["https://other.example.com/team"]}, "is on other.example.com"),
    ],
)
def test_what_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        request_of({**NOTHING, **options}, SERVER)
    assert words in str(caught.value)


BASE = InventoryRequest(ProjectScope(groups=("team",)), host_per=HostPer.PROJECT, gather=frozenset())


@pytest.mark.parametrize(
    ("url", "request_"),
    [
        ("https://b.example.com", BASE),
        ("https://a.example.com", BASE._replace(scope=ProjectScope(groups=("team/sub",)))),
        ("https://a.example.com", BASE._replace(scope=ProjectScope(projects=("team",)))),
        ("https://a.example.com", BASE._replace(scope=ProjectScope(instance=True))),
        ("https://a.example.com", BASE._replace(host_per=HostPer.GROUP)),
        ("https://a.example.com", BASE._replace(gather=frozenset({Gather.SIZE}))),
    ],
)
def test_what_is_cached_is_of_one_server_and_one_request(url: str, request_: InventoryRequest) -> None:
    assert request_.cache_key(url) != BASE.cache_key("https://a.example.com")
    assert request_.cache_key(url) == request_._replace().cache_key(url)
