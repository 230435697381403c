# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What passes while tags are read changes no plan: an answer that came too late, a first question that failed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.driver import Ansible
from tests.integration.scenarios import repository, server, tag
from tests.simulator.harness import Simulator

ORDER: dict[str, Any] = {"group": "team", "name_regex_delete": "old.*", "older_than": "30d"}
TAGS = [tag("old-1", 200), tag("old-2", 200), tag("v1", 1)]
MANY = 30


def many() -> list[dict[str, Any]]:
    return [repository(100 + number, "team/app", f"r{number:02}", TAGS) for number in range(MANY)]


def graphql(simulator: Simulator) -> int:
    return sum(1 for row in simulator.requests() if row["kind"] == "graphql")


@pytest.mark.sweep(2)
@pytest.mark.parametrize("calls", [4, 5, 12, 20, 38])
def test_pages_that_came_too_late_are_asked_for_again(ansible: Ansible, simulator: Simulator, calls: int) -> None:
    """GitLab ends a query after so many requests to its registry, of which a page takes three."""
    simulator.load(server(many(), graphql_calls=calls))
    check = ansible.module("registry_cleanup", ORDER, check=True)
    assert check.status == "ok", check.message
    assert check.result["plan"]["totals"]["repositories_unread"] == 0
    assert check.result["plan"]["totals"]["delete"] == 2 * MANY
    # Every query that did not come in time tells how many do.
    assert graphql(simulator) <= 1 + MANY // (calls // 3) + 13
    simulator.load(server(many()))
    whole = ansible.module("registry_cleanup", ORDER, check=True)
    assert whole.result["plan"]["fingerprint"] == check.result["plan"]["fingerprint"]


def test_a_page_for_which_there_is_never_time_is_given_up(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(server(many()[:3], graphql_calls=1))
    run = ansible.module("registry_cleanup", {**ORDER, "retries": 1})
    assert run.failed
    assert "Timeout on" in run.message
    assert simulator.counters()["writes"] == 0


PASSING = [
    pytest.param({"json": {"errors": [{"message": "Timeout on validation of query"}]}}, id="no time to check it"),
    pytest.param({"json": {"data": {"tag": None}, "errors": [{"message": "Timeout on Query.__type"}]}}, id="no time"),
    pytest.param({"action": "status", "status": 500}, id="an error"),
    pytest.param({"action": "status", "status": 503}, id="away"),
    pytest.param({"action": "html"}, id="a web page"),
    pytest.param({"action": "truncate"}, id="half an answer"),
    pytest.param({"action": "reset_before"}, id="no answer"),
]


@pytest.mark.sweep(3)
@pytest.mark.parametrize("fault", PASSING)
@pytest.mark.parametrize("times", [1, 2])
def test_a_first_question_that_fails_in_passing_changes_nothing(
    ansible: Ansible, simulator: Simulator, fault: dict[str, Any], times: int
) -> None:
    simulator.load(server(many()))
    sound = ansible.module("registry_cleanup", ORDER, check=True)
    simulator.faults([{"action": "json", **fault, "path": "/api/graphql", "first": times}])
    check = ansible.module("registry_cleanup", ORDER, check=True)
    assert check.status == "ok", check.message
    assert check.result["plan"]["fingerprint"] == sound.result["plan"]["fingerprint"]


@pytest.mark.sweep(3)
@pytest.mark.parametrize("fault", PASSING)
def test_graphql_that_stays_in_trouble_is_not_taken_for_missing(
    ansible: Ansible, simulator: Simulator, fault: dict[str, Any]
) -> None:
    simulator.load(server(many()))
    simulator.faults([{"action": "json", **fault, "path": "/api/graphql"}])
    run = ansible.module("registry_cleanup", {**ORDER, "retries": 1}, check=True)
    assert run.failed
    assert "find out what GraphQL offers here" in run.message
    by_rest = ansible.module("registry_cleanup", {**ORDER, "retries": 1, "read_via": "rest"}, check=True)
    assert by_rest.status == "ok", by_rest.message


@pytest.mark.parametrize("status", [401, 403, 404])
def test_graphql_that_refuses_is_done_without(ansible: Ansible, simulator: Simulator, status: int) -> None:
    simulator.load(server(many()))
    simulator.faults([{"action": "status", "status": status, "path": "/api/graphql"}])
    order = {"group": "team", "name_regex_delete": "old.*"}
    run = ansible.module("registry_cleanup", order, check=True)
    assert run.status == "ok", run.message
    assert run.result["plan"]["totals"]["delete"] == 2 * MANY


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_a_repository_that_is_listed_twice_is_read_once(ansible: Ansible, simulator: Simulator, mode: str) -> None:
    """Pages with numbers shift if a repository is made or deleted while they are read."""
    simulator.load(server(many()[:3], mode=mode))
    rows = [
        {"id": 100 + number, "name": f"r{number:02}", "path": f"team/app/r{number:02}", "project_id": 1, "location": ""}
        for number in (0, 1, 2, 1)
    ]
    page = {"json": rows, "headers": {"X-Total": "3"}}
    simulator.faults([{"action": "json", **page, "path": "/groups/.*/registry/repositories"}])
    run = ansible.module("registry_cleanup", ORDER)
    assert run.status == "ok", run.message
    assert len(run.result["outcome"]["deleted"]) == run.result["plan"]["totals"]["delete"] == 6
    assert run.result["outcome"]["counts"]["deleted"] == 6
    assert [row["path"] for row in run.result["plan"]["repositories"]] == [f"team/app/r{n:02}" for n in range(3)]
    found = ansible.module("registry_info", {"group": "team", "gather": ["tag_details"]})
    assert found.result["totals"]["repositories"] == 3
