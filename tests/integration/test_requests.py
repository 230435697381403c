# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many requests a job takes: exact figures, since requests are what costs time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.integration.driver import Ansible
from tests.integration.scenarios import server
from tests.simulator.harness import Simulator

REPOSITORIES = 100
TAGS = 100


def fleet(mode: str, tags: int = TAGS) -> dict[str, Any]:
    """One group with 10 projects of 10 repositories with 100 tags each, one pushed every 12 hours until yesterday."""
    projects = [{"id": 100 + number, "path": f"team/p{number}", "visibility": "private"} for number in range(10)]
    repositories = [
        {
            "id": 1000 + number,
            "project": f"team/p{number % 10}",
            "name": f"r{number // 10}",
            "generate": {
                "count": tags,
                "prefix": "v",
                "first_created": "2026-04-12T12:00:00Z",
                "step_seconds": 12 * 3600,
            },
        }
        for number in range(REPOSITORIES)
    ]
    return server(repositories, mode=mode, projects=projects)


def kinds(simulator: Simulator) -> dict[str, int]:
    counters = simulator.counters()
    return {kind: counters[kind] for kind in ("rest", "graphql", "v2", "tokens")}


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_names_of_ten_thousand_tags(ansible: Ansible, simulator: Simulator, mode: str) -> None:
    simulator.load(fleet(mode))
    found = ansible.module("registry_info", {"group": "team", "gather": ["tags"], "return_limit": 1})
    assert found.result["totals"]["tags"] == REPOSITORIES * TAGS
    # The projects, the repositories, what kind of listing there is, and a page for each repository.
    assert simulator.counters()["total"] == 2 + 1 + REPOSITORIES
    assert found.result["requests"] == simulator.counters()["total"]


def test_dates_of_ten_thousand_tags_with_a_database(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(fleet("M1"))
    found = ansible.module("registry_info", {"group": "team", "gather": ["tag_details"], "return_limit": 1})
    assert found.result["totals"]["tags"] == REPOSITORIES * TAGS
    assert found.result["repositories"][0]["date_source"] == "published"
    counters = simulator.counters()
    # Two lists, the schema, the kind of listing, and five rounds of 100 pages, 13 of them in a request.
    assert counters["total"] == 2 + 1 + 1 + 5 * 8
    assert counters["total"] <= 2 + 5 * REPOSITORIES


def test_a_cleanup_of_ten_thousand_tags_and_a_second_run(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(fleet("M1"))
    order = {"group": "team", "name_regex_delete": "v.*", "keep_n": 10, "older_than": "1d", "return_limit": 1}
    run = ansible.module("registry_cleanup", order)
    assert run.status == "ok", run.message
    assert run.result["outcome"]["counts"]["deleted"] == 9000
    assert {len(names) for names in simulator.state().values()} == {10}
    counters = simulator.counters()
    assert counters["mutations"] == REPOSITORIES * 5
    # The plan as above; then each batch is read again before it goes, and each repository is listed once afterwards.
    assert counters["total"] == 44 + REPOSITORIES * (5 + 5 + 1)
    simulator.clear_log()
    again = ansible.module("registry_cleanup", order)
    assert again.result["changed"] is False
    # The lists, the schema, the kind of listing, and one page for each repository, 13 of them in a request.
    assert simulator.counters()["total"] == 2 + 1 + 1 + 8


def test_a_preview_by_names_reads_details_of_what_goes_alone(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(fleet("M1"))
    order = {"group": "team", "name_regex_delete": "v00", "return_limit": 1}
    run = ansible.module("registry_cleanup", order, check=True)
    assert run.result["plan"]["totals"]["delete"] == REPOSITORIES
    # A page of names and a part of a request for the one page that holds v00, for each repository.
    assert simulator.counters()["total"] == 2 + 1 + 1 + REPOSITORIES + 8


def test_names_from_the_registry_itself(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(fleet("M2"))
    order = {"group": "team", "gather": ["tags"], "read_via": "registry", "return_limit": 1}
    found = ansible.module("registry_info", order)
    assert found.result["totals"]["tags"] == REPOSITORIES * TAGS
    # The two lists; a listing for each repository, and a token for each twenty.
    assert kinds(simulator) == {"rest": 2, "graphql": 0, "v2": REPOSITORIES, "tokens": REPOSITORIES // 20}


def test_dates_without_a_database(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    number = 5
    simulator.load(fleet("M2", number))
    order = {"group": "team", "gather": ["tag_details"], "cache_path": str(tmp_path / "cache"), "return_limit": 1}
    found = ansible.module("registry_info", order)
    assert found.result["totals"]["tags"] == REPOSITORIES * number
    assert found.result["repositories"][0]["date_source"] == "built"
    listings, tokens, images = REPOSITORIES, REPOSITORIES // 20, REPOSITORIES * number
    # The lists, the schema, and what kind of registry there is; then a manifest and a config for each image.
    api = {"rest": 2 + 3, "graphql": 1}
    assert kinds(simulator) == {**api, "v2": listings + 2 * images, "tokens": tokens}
    assert found.result["requests"] == simulator.counters()["total"]
    simulator.clear_log()
    again = ansible.module("registry_info", order)
    assert again.result["repositories"] == found.result["repositories"]
    # From a warm cache a look at the digest of each tag.
    assert kinds(simulator) == {**api, "v2": listings + images, "tokens": tokens}
