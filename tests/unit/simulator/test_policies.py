# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Cleanup policies: when they run, on what, and when they give up."""

from __future__ import annotations

from typing import Any

import pytest

from .helpers import Client, default_scenario

DUE = "2026-06-01T13:00:00.000Z"
OLD = [{"name": name, "created_at": "2026-01-01T00:00:00Z"} for name in ("a", "b", "latest", "safe")]


def scenario(**policy: Any) -> dict[str, Any]:
    rows = [
        {"id": 100, "project": "team/app", "tags": OLD},
        {"id": 101, "project": "team/app", "name": "web", "tags": OLD},
        {"id": 102, "project": "team/sub/tool", "tags": OLD},
    ]
    found = default_scenario(repositories=rows)
    defaults = {"enabled": True, "next_run_at": DUE, "keep_n": 1, "older_than": "7d", "name_regex_keep": "z"}
    found["projects"][0] |= {"policy": {**defaults, **policy}, "tag_rules": [{"pattern": "safe"}]}
    return found


def policy_of(gitlab: Client) -> Any:
    return gitlab.rest("/projects/1").json()["container_expiration_policy"]


def test_a_policy_runs_when_its_time_has_come(gitlab: Client) -> None:
    gitlab.simulator.load(scenario(cadence="7d"))
    gitlab.simulator.clock(advance=3599)
    assert gitlab.simulator.state()["team/app"] == ["a", "b", "latest", "safe"]
    gitlab.simulator.clock(advance=1)
    state = gitlab.simulator.state()
    assert (state["team/app"], state["team/app/web"]) == (["latest", "safe"], ["latest", "safe"])
    assert state["team/sub/tool"] == ["a", "b", "latest", "safe"]
    assert policy_of(gitlab)["next_run_at"] == "2026-06-08T13:00:00.000Z"
    rows = gitlab.rest("/projects/1/registry/repositories").json()
    assert [row["cleanup_policy_started_at"] for row in rows] == [DUE, DUE]
    assert [job["kind"] for job in gitlab.simulator.jobs()] == ["policy", "policy"]


def test_a_policy_takes_no_lease_and_a_bulk_deletion_is_no_run(gitlab: Client) -> None:
    gitlab.simulator.load(scenario(enabled=False))
    path = "/projects/1/registry/repositories/100/tags?name_regex=x"
    assert gitlab.rest(path, method="DELETE").status_code == 202
    assert gitlab.rest("/registry/repositories/100").json()["cleanup_policy_started_at"] is None
    gitlab.simulator.load(scenario())
    gitlab.simulator.run_policies()
    assert gitlab.rest(path, method="DELETE").status_code == 202


def test_policies_can_be_run_before_their_time(gitlab: Client) -> None:
    gitlab.simulator.load(scenario(cadence="1month"))
    gitlab.simulator.run_policies()
    assert gitlab.simulator.state()["team/app"] == ["latest", "safe"]
    assert policy_of(gitlab)["next_run_at"] == "2026-07-01T12:00:00.000Z"


@pytest.mark.parametrize("when", ["2026-06-01T11:00:00Z", None])
def test_a_policy_that_is_off_does_nothing(gitlab: Client, when: str | None) -> None:
    gitlab.simulator.load(scenario(enabled=False, next_run_at=when))
    gitlab.simulator.run_policies()
    assert gitlab.simulator.state()["team/app"] == ["a", "b", "latest", "safe"]
    assert gitlab.simulator.jobs() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"name_regex": "("},
        {"name_regex": ""},
        {"name_regex": None},
        {"name_regex_keep": "(?=a)"},
        {"keep_n": 3},
        {"older_than": "5d"},
        {"cadence": "2d"},
    ],
)
def test_a_policy_that_is_not_valid_switches_itself_off(gitlab: Client, wrong: dict[str, Any]) -> None:
    gitlab.simulator.load(scenario(**wrong))
    gitlab.simulator.run_policies()
    assert gitlab.simulator.state()["team/app"] == ["a", "b", "latest", "safe"]
    assert policy_of(gitlab)["enabled"] is False


def test_a_policy_without_limits_takes_all_that_match(gitlab: Client) -> None:
    gitlab.simulator.load(scenario(keep_n=None, older_than=None, name_regex="a"))
    gitlab.simulator.run_policies()
    assert gitlab.simulator.state()["team/app"] == ["b", "latest", "safe"]
