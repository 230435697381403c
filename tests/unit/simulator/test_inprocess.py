# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The server without HTTP answers like the one behind it."""

from __future__ import annotations

import json

import pytest

from tests.simulator import faults
from tests.simulator.inprocess import InProcessServer

from .helpers import Client, default_scenario

LIST = "/projects/1/registry/repositories"


@pytest.mark.parametrize(("path", "query"), [(LIST, "per_page=1&tags=true"), (f"{LIST}/999", ""), (LIST, "page=x")])
def test_both_give_the_same(gitlab: Client, path: str, query: str) -> None:
    gitlab.simulator.load(default_scenario(external_url="http://gitlab.example.com"))
    answer = gitlab.rest(f"{path}?{query}")
    server = InProcessServer(default_scenario(external_url="http://gitlab.example.com"))
    status, headers, body = server.request("GET", f"/api/v4{path}", query, {"PRIVATE-TOKEN": "maintainer"})
    assert (status, json.loads(body)) == (answer.status_code, answer.json())
    assert headers.items() <= answer.headers.items()


def test_a_reset_is_one() -> None:
    server = InProcessServer(default_scenario())
    server.gitlab.faults = faults.read([{"action": "reset_before"}])
    with pytest.raises(ConnectionResetError):
        server.request("GET", "/api/v4/version")
