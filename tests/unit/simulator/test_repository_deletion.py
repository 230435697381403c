# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deleting a whole repository: the states it goes through, and who may."""

from __future__ import annotations

from typing import Any

import pytest

from .helpers import SMALL, Client, default_scenario, one_repository

ONE = "/projects/1/registry/repositories/100"
MINUTE = 60
DELAY = {"delay": 10}


def status(gitlab: Client) -> Any:
    """null, a status, or 404."""
    answer = gitlab.rest("/registry/repositories/100")
    return answer.json()["status"] if answer.status_code == 200 else answer.status_code


def delete(gitlab: Client) -> None:
    answer = gitlab.rest(ONE, method="DELETE")
    assert (answer.status_code, answer.text) == (202, "202")


@pytest.mark.parametrize(
    ("token", "expected"), [("guest", 403), ("developer", 403), ("maintainer", 202), ("owner", 202), ("outsider", 404)]
)
def test_who_may(gitlab: Client, token: str, expected: int) -> None:
    assert gitlab.rest(ONE, token, "DELETE").status_code == expected


@pytest.mark.parametrize("path", ["/projects/1/registry/repositories/999", "/projects/1/registry/repositories/103"])
def test_a_repository_of_another_project_is_none(gitlab: Client, path: str) -> None:
    answer = gitlab.rest(path, method="DELETE")
    assert (answer.status_code, answer.json()) == (404, {"message": "404 Not found"})


@pytest.mark.parametrize("generation", ["G17", "G18"])
def test_trap_25_a_repository_stays_listed_until_its_job_is_through(gitlab: Client, generation: str) -> None:
    scenario = one_repository([*SMALL, {"name": "latest"}], jobs=DELAY, generation=generation)
    gitlab.simulator.load({**scenario, "cleanup": {"seconds_per_delete": 20}})
    delete(gitlab)
    assert status(gitlab) == "delete_scheduled"
    gitlab.simulator.clock(advance=15)
    assert status(gitlab) == "delete_ongoing"
    delete(gitlab)
    gitlab.simulator.clock(advance=80)
    assert status(gitlab) == 404
    assert gitlab.simulator.state() == {}
    (job,) = gitlab.simulator.jobs()
    assert (job["state"], job["attempts"], job["result"]["deleted"]) == ("done", 1, ["a", "b", "c", "latest"])


@pytest.mark.parametrize("mode", ["M2", "M3"])
def test_without_a_database_even_a_small_one_needs_two_attempts(gitlab: Client, mode: str) -> None:
    gitlab.simulator.load(one_repository(SMALL, mode=mode))
    delete(gitlab)
    assert status(gitlab) == "delete_scheduled"
    assert gitlab.simulator.state() == {"team/app": []}
    gitlab.simulator.clock(advance=MINUTE)
    assert status(gitlab) == 404


def test_an_empty_one_needs_one_attempt(gitlab: Client) -> None:
    gitlab.simulator.load(one_repository([], mode="M2"))
    delete(gitlab)
    assert status(gitlab) == 404


def test_without_a_database_so_many_tags_go_in_an_attempt_and_the_pauses_double(gitlab: Client) -> None:
    tags = [{"name": f"t{number:03}"} for number in range(10)]
    gitlab.simulator.load(one_repository(tags, mode="M2", cleanup={"max_list_size": 4}))
    delete(gitlab)
    left = [len(gitlab.simulator.state()["team/app"])]
    for pause in (1, 2, 4):
        # Half a minute early, and then not.
        gitlab.simulator.clock(advance=pause * MINUTE - 30)
        left.append(len(gitlab.simulator.state()["team/app"]))
        gitlab.simulator.clock(advance=30)
        left.append(len(gitlab.simulator.state().get("team/app", [])))
    assert left == [6, 6, 2, 2, 0, 0, 0]
    assert status(gitlab) == 404


def test_it_ends_in_failure_after_ten_attempts_until_it_is_asked_for_again(gitlab: Client) -> None:
    scenario = one_repository([{"name": "safe"}, {"name": "other"}])
    scenario["projects"][0]["tag_rules"] = [{"pattern": "safe", "delete": "maintainer"}]
    gitlab.simulator.load(scenario)
    delete(gitlab)
    assert status(gitlab) == "delete_scheduled"
    assert gitlab.simulator.state() == {"team/app": ["safe"]}
    gitlab.simulator.clock(advance=1022 * MINUTE)
    assert status(gitlab) == "delete_scheduled"
    gitlab.simulator.clock(advance=MINUTE)
    assert status(gitlab) == "delete_failed"
    (job,) = gitlab.simulator.jobs()
    assert (job["state"], job["attempts"]) == ("failed", 11)
    gitlab.simulator.edit_tags("team/app", remove=["safe"])
    gitlab.simulator.clock(advance=1000 * MINUTE)
    assert status(gitlab) == "delete_failed"
    delete(gitlab)
    assert status(gitlab) == 404


def test_the_failures_so_far_can_be_given(gitlab: Client) -> None:
    repository = {"id": 100, "project": "team/app", "tags": SMALL, "failed_attempts": 10}
    gitlab.simulator.load(default_scenario(mode="M2", repositories=[repository]))
    delete(gitlab)
    assert status(gitlab) == "delete_failed"


def test_one_that_nobody_works_on_is_taken_up_after_half_an_hour(gitlab: Client) -> None:
    repository = {"id": 100, "project": "team/app", "tags": SMALL, "status": "delete_ongoing"}
    gitlab.simulator.load(default_scenario(repositories=[repository]))
    assert status(gitlab) == "delete_ongoing"
    gitlab.simulator.clock(advance=29 * MINUTE)
    assert status(gitlab) == "delete_ongoing"
    gitlab.simulator.clock(advance=MINUTE)
    assert status(gitlab) == 404


def test_two_at_a_time(gitlab: Client) -> None:
    rows = [{"id": number, "project": "team/app", "name": str(number), "tags": [{"name": "a"}]} for number in (1, 2, 3)]
    gitlab.simulator.load(default_scenario(repositories=rows, cleanup={"seconds_per_delete": 50}))
    for row in rows:
        gitlab.rest(f"/projects/1/registry/repositories/{row['id']}", method="DELETE")
    listed = gitlab.rest("/projects/1/registry/repositories").json()
    assert [row["status"] for row in listed] == ["delete_ongoing", "delete_ongoing", "delete_scheduled"]
    gitlab.simulator.clock(advance=60)
    listed = gitlab.rest("/projects/1/registry/repositories").json()
    assert [(row["id"], row["status"]) for row in listed] == [(3, "delete_ongoing")]


def test_an_unreachable_registry_is_a_failed_attempt(gitlab: Client) -> None:
    gitlab.simulator.load(one_repository(SMALL, registry={"state": "unreachable"}))
    delete(gitlab)
    assert status(gitlab) == "delete_scheduled"
    assert gitlab.simulator.jobs()[0]["result"]["status"] == "exception"


@pytest.mark.parametrize(
    ("pattern", "level", "token", "generation", "expected"),
    [
        ("team/app", "owner", "maintainer", "G18", 403),
        ("TEAM/a*", "owner", "maintainer", "G18", 403),
        ("team/app", "owner", "owner", "G18", 202),
        ("team/app", "maintainer", "maintainer", "G18", 202),
        ("team/app", "admin", "owner", "G18", 403),
        ("team/app", "admin", "admin-mode", "G18", 202),
        ("team/app", None, "maintainer", "G18", 202),
        ("team/app/*", "owner", "maintainer", "G18", 202),
        ("team.app", "owner", "maintainer", "G18", 202),
        ("team/app", "owner", "maintainer", "G17", 202),
    ],
)
def test_a_rule_on_its_path(
    gitlab: Client, pattern: str, level: str | None, token: str, generation: str, expected: int
) -> None:
    scenario = one_repository(SMALL, generation=generation)
    rule = {"pattern": pattern, "push": "maintainer", "delete": level}
    scenario["projects"][0]["repository_rules"] = [rule]
    gitlab.simulator.load(scenario)
    answer = gitlab.rest(ONE, token, "DELETE")
    assert answer.status_code == expected
    if expected == 403:
        assert answer.json() == {"message": "403 Forbidden - Deleting protected container repository forbidden."}
        assert status(gitlab) is None
