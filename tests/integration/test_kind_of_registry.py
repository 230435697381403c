# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""GitLab asks its registry anew each time whether it has a metadata database, and takes trouble for a no.

Then dates mean something else. All images here were built long ago and pushed yesterday, so that no tag is old.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.driver import Ansible
from tests.integration.scenarios import days_ago, repository, server, tag
from tests.simulator.harness import Simulator

ORDER: dict[str, Any] = {"project": "team/app", "name_regex_delete": ".*", "older_than": "30d", "retries": 1}
NAMES = [f"v{number:02}" for number in range(45)]
YOUNG = [{"name": name, "created_at": days_ago(1), "config_created": days_ago(900)} for name in NAMES]
# Their names were first pushed long ago, and again yesterday with images that were built yesterday.
MOVED = [
    {"name": name, "created_at": days_ago(900), "updated_at": days_ago(1), "config_created": days_ago(1)}
    for name in NAMES
]
FAILURES = [*range(1, 9), 1000]


def load(simulator: Simulator, tags: list[dict[str, Any]], failures: int, **changes: Any) -> None:
    registry = {"fails": {"database": failures}}
    simulator.load(server([repository(100, "team/app", "", tags)], registry=registry, **changes))


def nothing_is_deleted(ansible: Ansible, simulator: Simulator, order: dict[str, Any]) -> None:
    run = ansible.module("registry_cleanup", order)
    assert simulator.counters()["writes"] == 0, run.result
    assert simulator.state()["team/app"] == NAMES


@pytest.mark.parametrize("timestamp", ["auto", "created"])
@pytest.mark.parametrize("failures", FAILURES)
def test_a_page_of_another_kind_makes_nothing_old(
    ansible: Ansible, simulator: Simulator, failures: int, timestamp: str
) -> None:
    """The server was known for one with a database before the trouble begins."""
    load(simulator, YOUNG, 0)
    trouble = {"fails": {"database": failures}}
    simulator.faults(
        [{"kind": "graphql", "nth": 2, "count": 1, "action": "mutate", "when": "before", "set_registry": trouble}]
    )
    nothing_is_deleted(ansible, simulator, {**ORDER, "timestamp": timestamp})


@pytest.mark.parametrize("via", ["auto", "rest"])
@pytest.mark.parametrize("timestamp", ["auto", "created"])
@pytest.mark.parametrize("failures", range(1, 9))
def test_trouble_from_the_beginning_makes_nothing_old(
    ansible: Ansible, simulator: Simulator, failures: int, timestamp: str, via: str
) -> None:
    """The trouble that makes GitLab deny its database passes before all is read."""
    load(simulator, MOVED, failures)
    order = {**ORDER, "timestamp": timestamp, "read_via": via}
    if timestamp == "created" and via == "auto":
        # The first push of the name is old indeed, and is what was asked for.
        order["min_age"] = "30d"
        del order["timestamp"]
    nothing_is_deleted(ansible, simulator, order)


REFUSALS = {
    "GitLab refuses a token": {"kind": "token", "status": 403},
    "GitLab is in trouble": {"kind": "token", "status": 503},
    "the registry is in trouble": {"path": "^/v2/$", "status": 502},
    "the registry refuses": {"path": "^/v2/", "status": 403},
}


@pytest.mark.sweep(4)
@pytest.mark.parametrize("via", ["auto", "graphql", "rest"])
@pytest.mark.parametrize("timestamp", ["auto", "created"])
@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_registry_that_answers_with_errors_leaves_a_doubt(
    ansible: Ansible, simulator: Simulator, refusal: str, timestamp: str, via: str
) -> None:
    """GitLab denies its database all the time, and the registry does not confirm it."""
    load(simulator, YOUNG, 1000)
    simulator.faults([{"action": "status", **REFUSALS[refusal]}])
    order = {**ORDER, "timestamp": timestamp, "read_via": via}
    nothing_is_deleted(ansible, simulator, order)
    run = ansible.module("registry_cleanup", order, check=True)
    assert run.result["plan"]["totals"]["reasons"] == {"unknown_date": len(NAMES)}
    assert "The registry itself did not confirm it" in " ".join(run.result["notes"])


@pytest.mark.parametrize("timestamp", ["auto", "created"])
def test_rest_shows_no_date_that_decides(ansible: Ansible, simulator: Simulator, timestamp: str) -> None:
    load(simulator, YOUNG, 0)
    run = ansible.module("registry_cleanup", {**ORDER, "read_via": "rest", "timestamp": timestamp})
    assert run.status == "ok", run.message
    assert run.result["plan"]["totals"]["reasons"] == {"unknown_date": len(NAMES)}
    assert simulator.counters()["writes"] == 0


def test_what_passes_costs_one_more_look(ansible: Ansible, simulator: Simulator) -> None:
    old = [tag(name, 100 + number) for number, name in enumerate(NAMES)]
    load(simulator, old, 0)
    trouble = {"fails": {"database": 1}}
    simulator.faults(
        [{"kind": "graphql", "nth": 2, "count": 1, "action": "mutate", "when": "before", "set_registry": trouble}]
    )
    run = ansible.module("registry_cleanup", {**ORDER, "min_remaining": 0})
    assert run.status == "ok", run.message
    assert simulator.state()["team/app"] == []


def test_a_page_of_another_kind_right_before_the_deletion_leaves_its_tags(
    ansible: Ansible, simulator: Simulator
) -> None:
    old = [tag(name, 100 + number) for number, name in enumerate(NAMES)]
    load(simulator, old, 0)
    trouble = {"fails": {"database": 1000}}
    simulator.faults(
        [
            {
                "kind": "graphql",
                "body": "\\$a0: String.*digest publishedAt protection",
                "count": 1,
                "action": "mutate",
                "when": "before",
                "set_registry": trouble,
            }
        ]
    )
    run = ansible.module("registry_cleanup", {**ORDER, "min_remaining": 0})
    assert run.failed
    assert simulator.state()["team/app"] == NAMES
    assert "another kind of registry" in str(run.result["outcome"])


def test_a_registry_that_has_none_is_asked_once_more_in_the_end(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(server([repository(100, "team/app", "", MOVED)], mode="M2"))
    run = ansible.module("registry_cleanup", {**ORDER, "read_via": "rest"})
    assert run.status == "ok", run.message
    assert simulator.counters()["writes"] == 0
    keyset = [row for row in simulator.requests() if "pagination=keyset" in str(row)]
    assert len(keyset) == 2


@pytest.mark.parametrize("via", ["auto", "rest", "graphql", "registry"])
@pytest.mark.parametrize("tags", [YOUNG, MOVED], ids=["built long ago", "pushed again"])
def test_a_registry_that_says_it_has_one_is_believed_more_than_gitlab(
    ansible: Ansible, simulator: Simulator, tags: list[dict[str, Any]], via: str
) -> None:
    """GitLab never sees the database, and reads the registry as if there were none."""
    load(simulator, tags, 1000)
    nothing_is_deleted(ansible, simulator, {**ORDER, "read_via": via})
