# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers in ordinary trouble that made other tools delete fresh tags: here nothing young or unknown goes.

All tags are one day old, unless said otherwise, and the order is to delete what is older than 90 days.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.driver import Ansible
from tests.integration.scenarios import days_ago, repository, server, tag
from tests.simulator.harness import Simulator

ORDER: dict[str, Any] = {"project": "team/app", "name_regex_delete": ".*", "older_than": "90d", "retries": 1}
FRESH = [tag(f"v{number}", 1) for number in range(8)]
INDEX = "application/vnd.oci.image.index.v1+json"


def one(tags: list[dict[str, Any]], mode: str, **changes: Any) -> dict[str, Any]:
    return server([repository(100, "team/app", "", tags)], mode=mode, **changes)


def all_stay(simulator: Simulator, tags: list[dict[str, Any]]) -> bool:
    return sorted(simulator.state()["team/app"]) == sorted(str(row["name"]) for row in tags)


@pytest.mark.parametrize("via", ["graphql", "rest"])
@pytest.mark.parametrize("detail", ["missing", "nulls", "error"])
def test_undated_multi_arch_tags_without_database_stay(
    ansible: Ansible, simulator: Simulator, detail: str, via: str
) -> None:
    tags = [tag(f"v{number}", 400, media_type=INDEX, config=False) for number in range(4)] + [tag("single", 400)]
    simulator.load(one(tags, "M2", registry={"index_detail": detail}, graphql_enabled=via == "graphql"))
    run = ansible.module("registry_cleanup", {**ORDER, "min_remaining": 0, "read_via": via})
    assert run.status == "ok", run.message
    assert sorted(simulator.state()["team/app"]) == ["v0", "v1", "v2", "v3"]
    assert run.result["plan"]["totals"]["reasons"] == {"expired": 1, "unknown_date": 4}


@pytest.mark.parametrize("created", [None, "1970-01-01T00:00:00Z", "1980-01-01T00:00:00Z", "0001-01-01T00:00:00Z"])
def test_images_without_a_credible_build_date_stay(ansible: Ansible, simulator: Simulator, created: str | None) -> None:
    tags = [{"name": f"v{number}", "config_created": created} for number in range(4)]
    simulator.load(one(tags, "M2"))
    run = ansible.module("registry_cleanup", {**ORDER, "keep_n": 1})
    assert run.result["changed"] is False
    assert run.result["plan"]["totals"]["reasons"] == {"unknown_date": 4}
    assert all_stay(simulator, tags)


# Where the details of a tag are, by the way they are read.
DETAILS = {"rest": "/api/v4/.*/tags/v[0-9]$", "registry": "/v2/.*/manifests/v[0-9]$"}


@pytest.mark.parametrize("via", sorted(DETAILS))
def test_500_on_details_keeps_every_tag(ansible: Ansible, simulator: Simulator, via: str) -> None:
    simulator.load(one(FRESH, "M2", graphql_enabled=False))
    simulator.faults([{"method": "GET", "path": DETAILS[via], "action": "status", "status": 500}])
    run = ansible.module("registry_cleanup", {**ORDER, "read_via": via})
    assert run.result["changed"] is False
    assert run.result["plan"]["totals"]["reasons"] == {"unknown_date": 8}
    assert all_stay(simulator, FRESH)


@pytest.mark.parametrize("via", sorted(DETAILS))
def test_429_on_details_waits_as_told_and_then_leaves_the_repository(
    ansible: Ansible, simulator: Simulator, via: str
) -> None:
    simulator.load(one(FRESH, "M2", graphql_enabled=False))
    limit = {"action": "status", "status": 429, "headers": {"Retry-After": "1"}, "body_text": "Retry later\n"}
    simulator.faults([{"method": "GET", "path": DETAILS[via], **limit}])
    run = ansible.module("registry_cleanup", {**ORDER, "read_via": via})
    assert run.failed
    assert run.result["result"] == "partial"
    assert run.result["errors"][0]["kind"] == "rate_limited"
    assert all_stay(simulator, FRESH)
    assert simulator.counters()["writes"] == 0


def test_a_429_that_passes_is_waited_for(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(one([*FRESH, tag("old", 400)], "M1"))
    limit = {"action": "status", "status": 429, "headers": {"Retry-After": "1"}, "body_text": "Retry later\n"}
    simulator.faults([{"path": "/api/graphql", "body": "nodes", "first": 1, **limit}])
    run = ansible.module("registry_cleanup", ORDER)
    assert run.status == "ok", run.message
    assert [row["name"] for row in run.result["outcome"]["deleted"]] == ["old"]


def test_an_unreachable_host_fails_and_says_so(ansible: Ansible, simulator: Simulator) -> None:
    run = ansible.module("registry_cleanup", {**ORDER, "api_url": "http://127.0.0.1:1", "retries": 0})
    assert run.failed
    assert run.result["error"]["kind"] == "connection"
    assert "Connection refused" in run.message


@pytest.mark.parametrize("mode", ["M1", "M2"])
@pytest.mark.parametrize("state", ["error", "unknown"])
def test_an_empty_list_from_a_broken_registry_proves_nothing(
    ansible: Ansible, simulator: Simulator, mode: str, state: str
) -> None:
    scenario = one([*FRESH, tag("old", 400)], mode)
    scenario["repositories"][0]["registry_state"] = state
    simulator.load(scenario)
    run = ansible.module("registry_cleanup", ORDER)
    assert run.result["changed"] is False
    if "plan" in run.result and not run.result["errors"]:
        assert run.result["plan"]["repositories"][0]["listing"] == "empty"
    assert simulator.counters()["writes"] == 0


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_an_unreachable_registry_fails(ansible: Ansible, simulator: Simulator, mode: str) -> None:
    simulator.load(one([*FRESH, tag("old", 400)], mode, registry={"state": "unreachable"}))
    run = ansible.module("registry_cleanup", {**ORDER, "retries": 0})
    assert run.failed
    assert run.result["changed"] is False
    assert "old" in simulator.state()["team/app"]


@pytest.mark.parametrize("older_than", ["30d", "1h"])
def test_a_tag_pushed_again_an_hour_ago_is_young_where_the_push_is_known(
    ansible: Ansible, simulator: Simulator, older_than: str
) -> None:
    moved = tag("moved", 400, updated_at=days_ago(1 / 48))
    simulator.load(one([moved, tag("old", 400), tag("v1", 0)], "M1"))
    run = ansible.module("registry_cleanup", {**ORDER, "older_than": older_than, "name_regex_delete": "(moved|old)"})
    assert [row["name"] for row in run.result["outcome"]["deleted"]] == ["old"]
    assert "moved" in simulator.state()["team/app"]


def test_a_rest_only_date_is_no_age_on_a_metadata_database(ansible: Ansible, simulator: Simulator) -> None:
    moved = tag("moved", 400, updated_at=days_ago(1 / 24))
    simulator.load(one([moved, tag("old", 400), tag("v1", 0)], "M1", graphql_enabled=False))
    run = ansible.module("registry_cleanup", {**ORDER, "name_regex_delete": "(moved|old)"})
    assert run.result["changed"] is False
    assert run.result["plan"]["totals"]["reasons"]["unknown_date"] == 2
    told = ansible.module("registry_cleanup", {**ORDER, "timestamp": "created"}, check=True)
    assert "pushed again" in " ".join(told.result["warnings"])
    assert told.result["plan"]["repositories"][0]["date_source"] == "unknown"
    assert told.result["plan"]["totals"]["reasons"]["unknown_date"] == 3


def test_a_page_lost_in_the_middle_leaves_the_repository(ansible: Ansible, simulator: Simulator) -> None:
    tags = [tag(f"v{number:03}", 400) for number in range(50)]
    simulator.load(one(tags, "M1"))
    simulator.faults([{"path": "/api/graphql", "body": "v019", "action": "status", "status": 500}])
    run = ansible.module("registry_cleanup", ORDER)
    assert run.failed
    assert run.result["errors"][0]["repository"] == "team/app"
    assert simulator.counters()["writes"] == 0


def test_a_web_page_instead_of_json_is_no_listing(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(one([*FRESH, tag("old", 400)], "M2"))
    simulator.faults([{"method": "GET", "path": "/tags$", "action": "html"}])
    run = ansible.module("registry_cleanup", ORDER)
    assert run.failed
    assert "JSON" in run.message
    assert simulator.counters()["writes"] == 0
