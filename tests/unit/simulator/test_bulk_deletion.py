# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asking for a bulk deletion: what is accepted, the lease, and the job that does it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .helpers import Client, default_scenario, one_repository

TAGS = "/projects/1/registry/repositories/100/tags"
NEEDED = "name_regex, name_regex_delete are missing, at least one parameter must be provided"
LEASED = {
    "message": "This request has already been made. "
    "You can run this at most once an hour for a given container repository"
}
FORBIDDEN = {"message": "403 Forbidden"}

# A body of JSON, or a query.
ACCEPTED: list[Any] = [
    {"name_regex_delete": None},
    {"name_regex": None},
    {"name_regex_delete": 7},
    {"name_regex_delete": False},
    {"name_regex_delete": "x", "keep_n": 2.5},
    {"name_regex_delete": "x", "keep_n": "3"},
    {"name_regex_delete": "x", "keep_n": None},
    {"name_regex_delete": "x", "older_than": 5},
    {"name_regex_delete": "x", "surprise": [1]},
    "name_regex_delete=",
    "name_regex_delete=x&keep_n=%2B1_000",
    "name_regex_delete=x&keep_n=+007+",
    "name_regex_delete=x&keep_n=-5",
    "name_regex_delete=x&keep_n=",
    "name_regex_delete=x&older_than=whenever",
]
REFUSED: list[tuple[Any, str]] = [
    ("", NEEDED),
    ("keep_n=1&older_than=1d", NEEDED),
    ([], NEEDED),
    ("name_regex_delete=(", "name_regex_delete is an invalid regexp: missing ): ("),
    ("name_regex=%2A", "name_regex is an invalid regexp: no argument for repetition operator: *"),
    ("name_regex_keep=%5C", f"{NEEDED}, name_regex_keep is an invalid regexp: trailing \\"),
    (
        "name_regex_keep=(%3F%3D&name_regex=%5B&name_regex_delete=z%7B1001%7D&keep_n=y",
        "name_regex_delete is an invalid regexp: invalid repetition size: {1001}, "
        "name_regex is an invalid regexp: missing ]: [, "
        "name_regex_keep is an invalid regexp: invalid perl operator: (?=, keep_n is invalid",
    ),
    ("name_regex_delete=x&keep_n=2.5", "keep_n is invalid"),
    ("name_regex_delete=x&keep_n=0x1", "keep_n is invalid"),
    ({"name_regex_delete": "x", "keep_n": True}, "keep_n is invalid"),
    ({"name_regex_delete": "x", "keep_n": [1]}, "keep_n is invalid"),
    ({"name_regex_delete": "x", "older_than": ["1d"]}, "older_than is invalid"),
    ({"name_regex_delete": {"a": 1}}, "name_regex_delete is invalid"),
]


def asked(gitlab: Client, given: Any, token: str = "maintainer", repository: int = 100) -> Any:
    """The answer to a bulk deletion that is asked for by query, or in a body."""
    path = f"/projects/1/registry/repositories/{repository}/tags"
    if isinstance(given, str):
        return gitlab.rest(f"{path}?{given}", token, "DELETE")
    return gitlab.rest(path, token, "DELETE", json=given)


@pytest.mark.parametrize("given", ACCEPTED, ids=json.dumps)
def test_trap_10_and_26_what_is_accepted(gitlab: Client, given: Any) -> None:
    answer = asked(gitlab, given)
    assert (answer.status_code, answer.text) == (202, "202")
    assert gitlab.simulator.state()["team/app"] == ["a", "b", "c"]


@pytest.mark.parametrize(("given", "error"), REFUSED)
def test_what_is_refused_leaves_the_lease_alone(gitlab: Client, given: Any, error: str) -> None:
    answer = asked(gitlab, given)
    assert (answer.status_code, answer.json()) == (400, {"error": error})
    assert asked(gitlab, "name_regex_delete=x").status_code == 202


def test_a_body_that_is_no_json_is_told_so(gitlab: Client) -> None:
    headers = {"Content-Type": "application/json"}
    answer = gitlab.rest(TAGS, method="DELETE", headers=headers, data="{oops")
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("\nProblem:\n  message body does not match declared format\n")


ORDER: list[tuple[str, str, str, int]] = [
    ("/projects/999/registry/repositories/999/tags", "", "maintainer", 404),
    ("/projects/1/registry/repositories/999/tags", "", "guest", 403),
    ("/projects/1/registry/repositories/999/tags", "", "reporter", 400),
    ("/projects/1/registry/repositories/999/tags", "name_regex=x", "reporter", 404),
    (TAGS, "name_regex=x", "developer", 403),
    (TAGS, "name_regex=x", "job", 403),
    (TAGS, "name_regex=x", "reader", 403),
    (TAGS, "name_regex=x", "owner", 202),
]


def test_trap_38_the_checks_come_in_order_and_none_but_the_last_takes_the_lease(gitlab: Client) -> None:
    for path, query, token, status in ORDER:
        headers = {"JOB-TOKEN": "job"} if token == "job" else {}
        answer = gitlab.rest(f"{path}?{query}", None if headers else token, "DELETE", headers=headers)
        assert answer.status_code == status, (path, token)


def test_trap_02_one_lease_for_a_repository_and_an_hour_whoever_asks_for_whatever(gitlab: Client) -> None:
    assert asked(gitlab, "name_regex=x").status_code == 202
    answer = asked(gitlab, "name_regex_delete=other&keep_n=3", "owner")
    assert (answer.status_code, answer.json()) == (400, LEASED)
    assert asked(gitlab, "name_regex=x", repository=101).status_code == 202
    gitlab.simulator.clock(advance=3590)
    assert asked(gitlab, "name_regex=x").status_code == 400
    gitlab.simulator.clock(advance=11)
    assert asked(gitlab, "name_regex=x").status_code == 202
    assert asked(gitlab, "name_regex=x").status_code == 400
    gitlab.simulator.clear_leases()
    assert asked(gitlab, "name_regex=x").status_code == 202


def test_trap_02_lease_is_kept_after_a_failed_job(gitlab: Client) -> None:
    gitlab.simulator.load(default_scenario(jobs={"retries": 1, "retry_wait": 10}))
    assert asked(gitlab, "name_regex=.%2A&older_than=1mon").status_code == 202
    (job,) = gitlab.simulator.jobs()
    assert (job["state"], job["attempts"], job["result"]["status"]) == ("queued", 1, "exception")
    gitlab.simulator.clock(advance=10)
    (job,) = gitlab.simulator.jobs()
    assert (job["state"], job["attempts"], job["result"]["deleted"]) == ("failed", 2, [])
    assert asked(gitlab, "name_regex=.%2A").json() == LEASED
    assert gitlab.simulator.state()["team/app"] == ["a", "b", "c"]


def test_trap_01_nothing_happens_before_the_job_runs(gitlab: Client) -> None:
    gitlab.simulator.load(default_scenario(jobs={"delay": 60}))
    assert asked(gitlab, {"name_regex_delete": "[ab]", "keep_n": 1}).status_code == 202
    (job,) = gitlab.simulator.jobs()
    assert job == {
        "kind": "delete_tags",
        "repository": "team/app",
        "parameters": {
            "name_regex": None,
            "name_regex_delete": "[ab]",
            "name_regex_keep": None,
            "keep_n": 1,
            "older_than": None,
        },
        "state": "queued",
        "attempts": 0,
        "result": None,
    }
    gitlab.simulator.clock(advance=50)
    assert gitlab.simulator.state()["team/app"] == ["a", "b", "c"]
    gitlab.simulator.clock(advance=11)
    assert gitlab.simulator.state()["team/app"] == ["b", "c"]
    (job,) = gitlab.simulator.jobs()
    assert (job["state"], job["attempts"]) == ("done", 1)
    assert job["result"] == {
        "status": "success",
        "deleted": ["a"],
        "pages": 1,
        "original_size": 3,
        "before_delete_size": 1,
        "deleted_size": 1,
    }


def test_a_job_can_be_run_before_its_time(gitlab: Client) -> None:
    gitlab.simulator.load(default_scenario(jobs={"delay": 1000}))
    asked(gitlab, "name_regex=a")
    gitlab.simulator.run_jobs()
    assert gitlab.simulator.state()["team/app"] == ["b", "c"]


def test_a_job_that_fails_by_itself_is_tried_again(gitlab: Client) -> None:
    gitlab.simulator.load(default_scenario(jobs={"failures": 2, "retry_wait": 30}))
    asked(gitlab, "name_regex=a")
    for attempts, state in ((1, "queued"), (2, "queued"), (3, "done")):
        (job,) = gitlab.simulator.jobs()
        assert (job["attempts"], job["state"]) == (attempts, state)
        gitlab.simulator.clock(advance=30)
    assert gitlab.simulator.state()["team/app"] == ["b", "c"]


def test_a_job_does_silently_nothing_for_a_user_who_lost_the_role(gitlab: Client) -> None:
    gitlab.simulator.load(one_repository([{"name": "a"}], jobs={"delay": 60}))
    asked(gitlab, "name_regex=a")
    change = {"path": "team/app", "access_level": "disabled"}
    gitlab.simulator.faults([{"count": 1, "action": "mutate", "when": "after", "set_project": change}])
    gitlab.rest("/projects/1")
    gitlab.simulator.run_jobs()
    (job,) = gitlab.simulator.jobs()
    assert (job["state"], job["result"]["message"]) == ("done", "access denied")
    assert gitlab.simulator.state() == {"team/app": ["a"]}


def test_a_job_does_silently_nothing_for_a_repository_that_is_gone(gitlab: Client) -> None:
    gitlab.simulator.load(one_repository([{"name": "a"}], jobs={"delay": 60}))
    gitlab.rest("/projects/1/registry/repositories/100", method="DELETE")
    asked(gitlab, "name_regex=a")
    gitlab.simulator.clock(advance=60)
    assert [(job["kind"], job["state"], job["result"] is None) for job in gitlab.simulator.jobs()] == [
        ("delete_repository", "done", False),
        ("delete_tags", "done", True),
    ]
    assert gitlab.simulator.state() == {}


@pytest.mark.parametrize(("token", "left"), [("maintainer", ["a", "c"]), ("owner", ["a"]), ("admin-mode", [])])
def test_a_job_leaves_what_is_protected_from_its_user(gitlab: Client, token: str, left: list[str]) -> None:
    scenario = one_repository([{"name": name} for name in "abc"])
    scenario["projects"][0]["tag_rules"] = [
        {"pattern": "a", "delete": "admin"},
        {"pattern": "c", "delete": "owner"},
    ]
    gitlab.simulator.load(scenario)
    assert asked(gitlab, "name_regex=.%2A", token).status_code == 202
    assert gitlab.simulator.state() == {"team/app": left}


def test_jobs_and_leases_end_with_the_scenario(gitlab: Client) -> None:
    gitlab.simulator.load(default_scenario(jobs={"delay": 60}))
    asked(gitlab, "name_regex=a")
    gitlab.simulator.load(default_scenario())
    assert gitlab.simulator.jobs() == []
    assert asked(gitlab, "name_regex=a").status_code == 202
