# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""PUT /projects/:id: the visibility of a registry, and its cleanup policy."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from .helpers import Client, default_scenario

KEY = "container_expiration_policy_attributes"
DEFAULT = {
    "cadence": "1d",
    "enabled": False,
    "keep_n": 10,
    "older_than": "90d",
    "name_regex": ".*",
    "name_regex_keep": None,
}
NOT_LISTED = ["is not included in the list"]


def put(gitlab: Client, body: Any, token: str | None = "maintainer", project: str = "1") -> requests.Response:
    return gitlab.rest(f"/projects/{project}", token, "PUT", json=body)


def put_policy(gitlab: Client, **attributes: Any) -> requests.Response:
    return put(gitlab, {KEY: attributes})


def with_policy(policy: dict[str, Any] | None, **changes: Any) -> dict[str, Any]:
    scenario = default_scenario(**changes)
    scenario["projects"][0]["policy"] = policy
    return scenario


def policy_of(gitlab: Client) -> dict[str, Any]:
    """Without the date of the next run."""
    policy = dict(gitlab.rest("/projects/1").json()["container_expiration_policy"])
    del policy["next_run_at"]
    return policy


def project_row(gitlab: Client) -> dict[str, Any]:
    """The project as lists show it: only GET adds what the caller may do."""
    row: dict[str, Any] = gitlab.rest("/projects/1").json()
    return {key: value for key, value in row.items() if key != "permissions"}


@pytest.mark.parametrize("level", ["disabled", "private", "enabled"])
def test_the_registry_has_three_levels_and_the_answer_is_the_project(gitlab: Client, level: str) -> None:
    answer = put(gitlab, {"container_registry_access_level": level})
    assert answer.status_code == 200
    assert answer.json() == project_row(gitlab)
    assert answer.json()["container_registry_access_level"] == level
    assert gitlab.rest("/projects/1/registry/repositories").status_code == (403 if level == "disabled" else 200)


@pytest.mark.parametrize(("value", "level"), [(False, "disabled"), (True, "enabled"), ("0", "disabled")])
def test_the_deprecated_switch_means_a_level(gitlab: Client, value: Any, level: str) -> None:
    assert put(gitlab, {"container_registry_enabled": value}).json()["container_registry_access_level"] == level


def test_trap_32_a_disabled_registry_is_hidden_and_loses_nothing(gitlab: Client) -> None:
    put(gitlab, {"container_registry_access_level": "disabled"})
    assert gitlab.rest("/projects/1/registry/repositories", "admin-mode").status_code == 403
    put(gitlab, {"container_registry_access_level": "enabled"})
    rows = gitlab.rest("/projects/1/registry/repositories?tags_count=true").json()
    assert [(row["path"], row["tags_count"]) for row in rows] == [("team/app", 3), ("team/app/web", 3)]


@pytest.mark.parametrize(
    ("token", "project", "status", "message"),
    [
        (None, "1", 401, "401 Unauthorized"),
        ("outsider", "1", 404, "404 Project Not Found"),
        ("maintainer", "999", 404, "404 Project Not Found"),
        ("guest", "1", 403, "403 Forbidden"),
        ("developer", "1", 403, "403 Forbidden"),
        ("admin", "1", 404, "404 Project Not Found"),
        ("maintainer", "old%2Fapp", 405, "Non GET methods are not allowed for moved projects"),
    ],
)
def test_only_a_maintainer_changes_settings(
    gitlab: Client, token: str | None, project: str, status: int, message: str
) -> None:
    answer = put(gitlab, {"container_registry_access_level": "private"}, token, project)
    assert (answer.status_code, answer.json()) == (status, {"message": message})
    assert gitlab.rest("/projects/1").json()["container_registry_access_level"] == "enabled"


@pytest.mark.parametrize("token", ["maintainer", "owner", "admin-mode"])
def test_a_disabled_registry_can_be_switched_on_again(gitlab: Client, token: str) -> None:
    assert put(gitlab, {"container_registry_access_level": "enabled"}, token, "6").status_code == 200
    assert gitlab.rest("/projects/6/registry/repositories", "reporter").status_code == 200


@pytest.mark.parametrize("body", [{}, {"colour": "red"}])
def test_something_known_must_be_sent(gitlab: Client, body: dict[str, Any]) -> None:
    answer = put(gitlab, body)
    assert answer.status_code == 400
    names, _are, rest = answer.json()["error"].partition(" are missing")
    assert rest == ", at least one parameter must be provided"
    assert {KEY, "container_registry_access_level", "description"} <= set(names.split(", "))


def test_a_known_attribute_of_another_kind_is_taken(gitlab: Client) -> None:
    before = project_row(gitlab)
    assert put(gitlab, {"description": "new"}).json() == before


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (
            {"container_registry_access_level": "public"},
            "container_registry_access_level does not have a valid value",
        ),
        ({"container_registry_access_level": ""}, "container_registry_access_level does not have a valid value"),
        ({"container_registry_enabled": "perhaps"}, "container_registry_enabled is invalid"),
        ({KEY: {"keep_n": "x"}}, f"{KEY}[keep_n] is invalid"),
        ({KEY: {"keep_n": True}}, f"{KEY}[keep_n] is invalid"),
        ({KEY: {"enabled": "perhaps"}}, f"{KEY}[enabled] is invalid"),
        ({KEY: {"name_regex": ["a"]}}, f"{KEY}[name_regex] is invalid"),
        ({KEY: {"enabled": 7, "keep_n": "x"}}, f"{KEY}[enabled] is invalid, {KEY}[keep_n] is invalid"),
        ({KEY: "text"}, f"{KEY} is invalid"),
        ({KEY: [1]}, f"{KEY} is invalid"),
    ],
)
def test_a_wrong_type_or_word_is_told_before_the_project_is_looked_for(
    gitlab: Client, body: dict[str, Any], error: str
) -> None:
    for project in ("1", "999"):
        answer = put(gitlab, body, project=project)
        assert (answer.status_code, answer.json()) == (400, {"error": error})
    assert put(gitlab, body, None).status_code == 401


def test_only_the_keys_that_are_sent_change(gitlab: Client) -> None:
    answer = put_policy(gitlab, keep_n=25, older_than="14d")
    shown = answer.json()["container_expiration_policy"]
    assert list(shown) == [*DEFAULT, "next_run_at"]
    assert policy_of(gitlab) == {**DEFAULT, "keep_n": 25, "older_than": "14d"}
    put_policy(gitlab, enabled=True, cadence="3month", name_regex_keep="v.+")
    assert policy_of(gitlab) == {
        "cadence": "3month",
        "enabled": True,
        "keep_n": 25,
        "older_than": "14d",
        "name_regex": ".*",
        "name_regex_keep": "v.+",
    }


def test_unknown_keys_are_dropped_without_a_word(gitlab: Client) -> None:
    assert put_policy(gitlab, name_regex_delete="dev", colour="red").status_code == 200
    assert policy_of(gitlab) == DEFAULT


def test_null_means_no_limit(gitlab: Client) -> None:
    assert put_policy(gitlab, keep_n=None, older_than=None, name_regex=None).status_code == 200
    assert policy_of(gitlab) == {**DEFAULT, "keep_n": None, "older_than": None, "name_regex": None}


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"keep_n": 3}, {"keep_n": NOT_LISTED}),
        ({"keep_n": 0}, {"keep_n": NOT_LISTED}),
        ({"older_than": "5d"}, {"older_than": NOT_LISTED}),
        ({"older_than": ""}, {"older_than": NOT_LISTED}),
        ({"cadence": "2d"}, {"cadence": NOT_LISTED}),
        ({"cadence": None}, {"cadence": ["can't be blank", *NOT_LISTED]}),
        ({"enabled": None}, {"enabled": NOT_LISTED}),
        ({"keep_n": 3, "cadence": "9d"}, {"cadence": NOT_LISTED, "keep_n": NOT_LISTED}),
        ({"enabled": True, "name_regex": ""}, {"name_regex": ["can't be blank"]}),
        ({"enabled": True, "name_regex": " "}, {"name_regex": ["can't be blank"]}),
        ({"enabled": True, "name_regex": None}, {"name_regex": ["can't be blank"]}),
        ({"enabled": True, "name_regex": "(a"}, {"name_regex": ["not valid RE2 syntax: missing ): (a"]}),
        (
            {"enabled": True, "name_regex_keep": "(?!a)"},
            {"name_regex_keep": ["not valid RE2 syntax: invalid perl operator: (?!"]},
        ),
    ],
)
def test_trap_30_the_values_are_closed_lists(gitlab: Client, attributes: dict[str, Any], message: Any) -> None:
    answer = put_policy(gitlab, **attributes)
    expected = {f"container_expiration_policy.{key}": texts for key, texts in message.items()}
    assert (answer.status_code, answer.json()) == (400, {"message": expected})
    assert policy_of(gitlab) == DEFAULT


def test_an_empty_number_is_none(gitlab: Client) -> None:
    assert put_policy(gitlab, keep_n="").json()["container_expiration_policy"]["keep_n"] is None


def test_the_patterns_of_a_policy_that_is_off_may_be_anything(gitlab: Client) -> None:
    assert put_policy(gitlab, enabled=False, name_regex="(", name_regex_keep="*").status_code == 200
    answer = put_policy(gitlab, enabled=True)
    assert set(answer.json()["message"]) == {
        "container_expiration_policy.name_regex",
        "container_expiration_policy.name_regex_keep",
    }
    assert policy_of(gitlab)["enabled"] is False


def test_a_refused_policy_leaves_the_level_alone(gitlab: Client) -> None:
    body = {"container_registry_access_level": "private", KEY: {"keep_n": 3}}
    assert put(gitlab, body).status_code == 400
    assert gitlab.rest("/projects/1").json()["container_registry_access_level"] == "enabled"


@pytest.mark.parametrize(
    ("cadence", "at"),
    [
        ("1d", "2026-06-02T12:00:00.000Z"),
        ("7d", "2026-06-08T12:00:00.000Z"),
        ("14d", "2026-06-15T12:00:00.000Z"),
        ("1month", "2026-07-01T12:00:00.000Z"),
        ("3month", "2026-08-30T12:00:00.000Z"),
    ],
)
def test_the_next_run_is_a_cadence_from_now(gitlab: Client, cadence: str, at: str) -> None:
    assert put_policy(gitlab, cadence=cadence).json()["container_expiration_policy"]["next_run_at"] == at


def test_trap_31_a_save_that_changes_nothing_moves_the_next_run(gitlab: Client) -> None:
    put_policy(gitlab, keep_n=10)
    gitlab.simulator.clock(advance=3600)
    put(gitlab, {"container_registry_access_level": "private"})
    row = gitlab.rest("/projects/1").json()
    assert row["container_expiration_policy"]["next_run_at"] == "2026-06-02T12:00:00.000Z"
    answer = put_policy(gitlab, keep_n=10)
    assert answer.json()["container_expiration_policy"]["next_run_at"] == "2026-06-02T13:00:00.000Z"


def test_a_project_without_a_policy_gets_one(gitlab: Client) -> None:
    gitlab.simulator.load(with_policy(None))
    assert "container_expiration_policy" not in gitlab.rest("/projects/1").json()
    put_policy(gitlab, keep_n=5)
    assert policy_of(gitlab) == {**DEFAULT, "keep_n": 5}


def test_a_newer_release_knows_more_ages(gitlab: Client) -> None:
    gitlab.simulator.load(default_scenario(policy_older_than=["7d", "365d"]))
    assert put_policy(gitlab, older_than="365d").status_code == 200
    assert put_policy(gitlab, older_than="14d").status_code == 400


@pytest.mark.parametrize(("project", "enabled"), [("1", True), ("8", False)])
def test_policies_of_projects_without_images_may_be_switched_off(gitlab: Client, project: str, enabled: bool) -> None:
    scenario = default_scenario(policies_off_without_images=True)
    scenario["projects"].append({"id": 8, "path": "team/empty"})
    gitlab.simulator.load(scenario)
    answer = put(gitlab, {KEY: {"enabled": True}}, project=project)
    assert answer.status_code == 200
    assert gitlab.rest(f"/projects/{project}").json()["container_expiration_policy"]["enabled"] is enabled


def test_a_form_has_keys_in_brackets(gitlab: Client) -> None:
    fields = {f"{KEY}[keep_n]": "5", f"{KEY}[enabled]": "true", "container_registry_access_level": "private"}
    answer = gitlab.rest("/projects/1/", method="PUT", data=fields)
    assert answer.json()["container_registry_access_level"] == "private"
    assert policy_of(gitlab) == {**DEFAULT, "keep_n": 5, "enabled": True}


def test_a_job_or_a_reading_token_changes_nothing(gitlab: Client) -> None:
    body = {"container_registry_access_level": "private"}
    job = gitlab.rest("/projects/1", None, "PUT", json=body, headers={"JOB-TOKEN": "job"})
    assert job.status_code == 401
    reader = put(gitlab, body, "reader")
    assert (reader.status_code, reader.json()["error"]) == (403, "insufficient_scope")
    assert gitlab.rest("/projects/1").json()["container_registry_access_level"] == "enabled"
