# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The endpoints of protection rules, for repositories and for tags."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from .helpers import Client, default_scenario

BASE = "/projects/1/registry/protection"
REPOSITORY, OLD, TAG = f"{BASE}/repository/rules", f"{BASE}/rules", f"{BASE}/tag/rules"
PUSH, DELETE = "minimum_access_level_for_push", "minimum_access_level_for_delete"
NO_ROUTE = {"error": "404 Not Found"}
NOT_FOUND = {"message": "404 Not found"}
FULL_PATH = "Repository path pattern should start with the project's full path"
VALID_PATH = "Repository path pattern should be a valid container repository path with optional wildcard characters."
NEITHER = f"{PUSH}, {DELETE} are missing, at least one parameter must be provided"
NO_LEVEL = "A rule must have at least a minimum access role for push or delete."
NO_DATABASE = "GitLab container registry API not supported"


def ruled(repository: list[Any] | None = None, tag: list[Any] | None = None, **changes: Any) -> dict[str, Any]:
    scenario = default_scenario(**changes)
    scenario["projects"][0]["repository_rules"] = repository or []
    scenario["projects"][0]["tag_rules"] = tag or []
    return scenario


def send(gitlab: Client, method: str, path: str, body: Any = None, token: str | None = "maintainer") -> Any:
    """Status and body."""
    answer = gitlab.rest(path, token, method, **({} if body is None else {"json": body}))
    return answer.status_code, answer.json() if answer.content else None


def repository_rule(pattern: str = "team/app", push: Any = "maintainer", delete: Any = None) -> dict[str, Any]:
    return {"repository_path_pattern": pattern, PUSH: push, DELETE: delete}


def tag_rule(pattern: str = "v.*", push: Any = "maintainer", delete: Any = "owner") -> dict[str, Any]:
    return {"tag_name_pattern": pattern, PUSH: push, DELETE: delete}


# The way of a rule


def test_a_repository_rule_is_made_changed_and_unmade(gitlab: Client) -> None:
    status, rule = send(gitlab, "POST", REPOSITORY, repository_rule("team/app/*"))
    assert (status, rule) == (201, {"id": 1, "project_id": 1, **repository_rule("team/app/*")})
    assert send(gitlab, "GET", REPOSITORY) == (200, [rule])
    status, changed = send(gitlab, "PATCH", f"{REPOSITORY}/1", {DELETE: "admin"})
    assert (status, changed) == (200, {**rule, DELETE: "admin"})
    assert send(gitlab, "GET", REPOSITORY) == (200, [changed])
    answer = gitlab.rest(f"{REPOSITORY}/1", method="DELETE")
    assert (answer.status_code, answer.content) == (204, b"")
    assert send(gitlab, "GET", REPOSITORY) == (200, [])
    assert send(gitlab, "DELETE", f"{REPOSITORY}/1") == (404, NOT_FOUND)


def test_a_tag_rule_is_made_changed_and_unmade(gitlab: Client) -> None:
    status, rule = send(gitlab, "POST", TAG, tag_rule("^a$"))
    assert (status, rule) == (201, {"id": 1, "project_id": 1, **tag_rule("^a$")})
    assert gitlab.rest("/projects/1/registry/repositories/100/tags/a", method="DELETE").status_code == 403
    status, changed = send(gitlab, "PATCH", f"{TAG}/1", {"tag_name_pattern": "^b$"})
    assert (status, changed) == (200, {**rule, "tag_name_pattern": "^b$"})
    assert gitlab.rest("/projects/1/registry/repositories/100/tags/a", method="DELETE").status_code == 200
    assert send(gitlab, "GET", TAG) == (200, [changed])
    answer = gitlab.rest(f"{TAG}/1", method="DELETE")
    assert (answer.status_code, answer.content) == (204, b"")
    assert send(gitlab, "GET", TAG) == (200, [])


def test_rules_of_a_scenario_are_numbered_over_the_server(gitlab: Client) -> None:
    scenario = ruled([{"pattern": "team/app", "push": "owner"}], [{"id": 7, "pattern": "a"}, {"pattern": "b"}])
    scenario["projects"][2]["tag_rules"] = [{"pattern": "c"}]
    gitlab.simulator.load(scenario)
    assert [row["id"] for row in send(gitlab, "GET", TAG)[1]] == [7, 8]
    assert [row["id"] for row in send(gitlab, "GET", REPOSITORY)[1]] == [9]
    other = "/projects/3/registry/protection/tag/rules"
    assert [row["id"] for row in send(gitlab, "GET", other, token="admin-mode")[1]] == [10]
    assert send(gitlab, "DELETE", f"{TAG}/10") == (404, NOT_FOUND)
    assert send(gitlab, "POST", TAG, tag_rule())[1]["id"] == 11


def test_trap_33_lists_have_no_pages_and_one_rule_alone_cannot_be_read(gitlab: Client) -> None:
    rules = [{"pattern": f"team/app/r{number}", "push": "owner"} for number in range(150)]
    gitlab.simulator.load(ruled(rules))
    answer = gitlab.rest(f"{REPOSITORY}?per_page=10&page=2")
    assert len(answer.json()) == 150
    assert not [name for name in answer.headers if name.lower().startswith("x-page") or name == "Link"]
    assert send(gitlab, "GET", f"{REPOSITORY}/1") == (404, NO_ROUTE)


# Who may


@pytest.mark.parametrize("path", [REPOSITORY, TAG])
@pytest.mark.parametrize(
    ("token", "status", "body"),
    [
        (None, 401, {"message": "401 Unauthorized"}),
        ("unknown", 401, {"message": "401 Unauthorized"}),
        ("outsider", 404, {"message": "404 Project Not Found"}),
        ("guest", 403, {"message": "403 Forbidden"}),
        ("reporter", 403, {"message": "403 Forbidden"}),
        ("developer", 403, {"message": "403 Forbidden"}),
        ("admin", 404, {"message": "404 Project Not Found"}),
    ],
)
def test_rules_are_a_maintainers_even_to_look_at(
    gitlab: Client, path: str, token: str | None, status: int, body: Any
) -> None:
    rule = repository_rule() if path == REPOSITORY else tag_rule()
    for method, target, sent in (
        ("GET", path, None),
        ("POST", path, rule),
        ("PATCH", f"{path}/1", {PUSH: "owner"}),
        ("DELETE", f"{path}/1", None),
    ):
        assert send(gitlab, method, target, sent, token) == (status, body)


@pytest.mark.parametrize("token", ["maintainer", "owner", "admin-mode"])
@pytest.mark.parametrize("path", [REPOSITORY, TAG])
def test_a_maintainer_and_those_above_may(gitlab: Client, path: str, token: str) -> None:
    rule = repository_rule() if path == REPOSITORY else tag_rule()
    assert send(gitlab, "POST", path, rule, token)[0] == 201
    assert len(send(gitlab, "GET", path, token=token)[1]) == 1


@pytest.mark.parametrize("path", [REPOSITORY, TAG])
def test_a_job_token_is_nobody_and_a_disabled_registry_has_no_rules(gitlab: Client, path: str) -> None:
    assert gitlab.rest(path, None, headers={"JOB-TOKEN": "job"}).status_code == 401
    off = path.replace("/projects/1/", "/projects/6/")
    assert send(gitlab, "GET", off, token="admin-mode") == (403, {"message": "403 Forbidden"})


@pytest.mark.parametrize("token", [None, "unknown", "expired", "guest", "registry"])
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", REPOSITORY, {}),
        ("PATCH", f"{REPOSITORY}/x", {}),
        ("DELETE", f"{REPOSITORY}/x", None),
        ("POST", TAG, {"tag_name_pattern": "v"}),
        ("PATCH", f"{TAG}/1", {PUSH: "king"}),
    ],
)
def test_trap_34_parameters_are_checked_before_the_token(
    gitlab: Client, token: str | None, method: str, path: str, body: Any
) -> None:
    assert send(gitlab, method, path, body, token)[0] == 400
    assert send(gitlab, method, path.replace("/1/", "/999/"), body, token)[0] == 400


def test_a_moved_project_shows_its_rules_and_takes_none(gitlab: Client) -> None:
    old = "/projects/old%2Fapp/registry/protection/repository/rules"
    assert send(gitlab, "GET", old)[0] == 301
    assert send(gitlab, "POST", old, repository_rule())[0] == 405


# What is refused


@pytest.mark.parametrize(
    ("method", "path", "body", "error"),
    [
        (
            "POST",
            REPOSITORY,
            {},
            f"repository_path_pattern is missing, {NEITHER}",
        ),
        (
            "POST",
            REPOSITORY,
            {"repository_path_pattern": "team/app"},
            NEITHER,
        ),
        ("POST", REPOSITORY, repository_rule(push="developer"), f"{PUSH} does not have a valid value"),
        ("POST", REPOSITORY, repository_rule(push=""), f"{PUSH} does not have a valid value"),
        ("PATCH", f"{REPOSITORY}/1", {DELETE: "king"}, f"{DELETE} does not have a valid value"),
        ("PATCH", f"{REPOSITORY}/abc", {}, "protection_rule_id is invalid"),
        ("POST", TAG, {}, f"tag_name_pattern is missing, {PUSH} is missing, {DELETE} is missing"),
        ("POST", TAG, {"tag_name_pattern": "v", PUSH: "owner"}, f"{DELETE} is missing"),
        ("POST", TAG, tag_rule(delete=None), f"{DELETE} does not have a valid value"),
        ("POST", TAG, tag_rule(push="no_one"), f"{PUSH} does not have a valid value"),
        ("PATCH", f"{TAG}/1", {PUSH: "king"}, f"{PUSH} does not have a valid value"),
    ],
)
def test_a_parameter_that_is_missing_or_no_level(gitlab: Client, method: str, path: str, body: Any, error: str) -> None:
    assert send(gitlab, method, path, body) == (400, {"error": error})


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        ("other/lib", [FULL_PATH]),
        ("*", [FULL_PATH]),
        ("app", [FULL_PATH]),
        ("Team/App", [VALID_PATH]),
        ("team/app/x!", [VALID_PATH]),
        ("team/app/", [VALID_PATH]),
        ("team/app//x", [VALID_PATH]),
        ("other/x!", [VALID_PATH, FULL_PATH]),
        ("", ["Repository path pattern can't be blank", VALID_PATH, FULL_PATH]),
        ("team/app/taken", ["Repository path pattern has already been taken"]),
        ("team/app/" + "x" * 247, ["Repository path pattern is too long (maximum is 255 characters)"]),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_repository_pattern_is_a_path_of_the_project(
    gitlab: Client, method: str, pattern: str, texts: list[str]
) -> None:
    gitlab.simulator.load(
        ruled([{"pattern": "team/app/taken", "push": "owner"}, {"pattern": "team/app/mine", "push": "owner"}])
    )
    path = REPOSITORY if method == "POST" else f"{REPOSITORY}/2"
    assert send(gitlab, method, path, repository_rule(pattern)) == (422, {"message": {"error": texts}})
    assert len(send(gitlab, "GET", REPOSITORY)[1]) == 2


@pytest.mark.parametrize(
    "pattern", ["team/app", "team/app*", "team/app/*", "team/app/a*b-*", "team/application", "team/app/" + "x" * 246]
)
def test_a_star_stands_anywhere_behind_the_projects_path(gitlab: Client, pattern: str) -> None:
    assert send(gitlab, "POST", REPOSITORY, repository_rule(pattern))[0] == 201


def test_one_level_of_a_repository_rule_must_stay(gitlab: Client) -> None:
    gitlab.simulator.load(ruled([{"pattern": "team/app", "push": "owner", "delete": "admin"}]))
    assert send(gitlab, "PATCH", f"{REPOSITORY}/1", {PUSH: ""})[1] == {
        "id": 1,
        "project_id": 1,
        **repository_rule(push=None, delete="admin"),
    }
    assert send(gitlab, "PATCH", f"{REPOSITORY}/1", {DELETE: ""}) == (422, {"message": {"error": [NO_LEVEL]}})
    assert send(gitlab, "PATCH", f"{REPOSITORY}/1", {DELETE: None}) == (422, {"message": {"error": [NO_LEVEL]}})
    assert send(gitlab, "POST", REPOSITORY, repository_rule("team/app/x", None)) == (
        422,
        {"message": {"error": [NO_LEVEL]}},
    )
    assert send(gitlab, "PATCH", f"{REPOSITORY}/1", {})[0] == 200
    assert send(gitlab, "GET", REPOSITORY)[1][0][DELETE] == "admin"


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        ("", ["Tag name pattern can't be blank"]),
        ("taken", ["Tag name pattern has already been taken"]),
        ("x" * 101, ["Tag name pattern is too long (maximum is 100 characters)"]),
        ("*-x", ["Tag name pattern not valid RE2 syntax: no argument for repetition operator: *"]),
        ("(?=v)", ["Tag name pattern not valid RE2 syntax: invalid perl operator: (?="]),
    ],
)
def test_trap_33_a_tag_pattern_is_re2_and_errors_have_two_shapes(
    gitlab: Client, pattern: str, texts: list[str]
) -> None:
    gitlab.simulator.load(ruled(tag=[{"pattern": "taken"}, {"pattern": "mine"}]))
    assert send(gitlab, "POST", TAG, tag_rule(pattern)) == (422, {"message": texts})
    assert send(gitlab, "PATCH", f"{TAG}/2", tag_rule(pattern)) == (422, {"message": {"error": texts}})
    assert [row["tag_name_pattern"] for row in send(gitlab, "GET", TAG)[1]] == ["taken", "mine"]


def test_both_levels_of_a_tag_rule_must_stay(gitlab: Client) -> None:
    gitlab.simulator.load(ruled(tag=[{"pattern": "v"}]))
    text = "Minimum access level for {} can't be blank"
    assert send(gitlab, "PATCH", f"{TAG}/1", {PUSH: ""}) == (422, {"message": {"error": [text.format("push")]}})
    assert send(gitlab, "PATCH", f"{TAG}/1", {PUSH: "", DELETE: ""}) == (
        422,
        {"message": {"error": [text.format("delete"), text.format("push")]}},
    )


@pytest.mark.parametrize("immutable", [0, 2])
def test_five_tag_rules_are_all(gitlab: Client, immutable: int) -> None:
    rules = [{"pattern": f"r{number}", "immutable": number < immutable} for number in range(4)]
    gitlab.simulator.load(ruled(tag=rules))
    assert send(gitlab, "POST", TAG, tag_rule("x" * 100))[0] == 201
    assert send(gitlab, "POST", TAG, tag_rule("sixth")) == (
        422,
        {"message": "Maximum number of protection rules have been reached."},
    )
    assert len(send(gitlab, "GET", TAG)[1]) == 5 - immutable


def test_tag_rules_need_a_database(gitlab: Client) -> None:
    gitlab.simulator.load(ruled(tag=[{"pattern": "v"}], mode="M2"))
    assert send(gitlab, "POST", TAG, tag_rule("w")) == (422, {"message": NO_DATABASE})
    assert send(gitlab, "PATCH", f"{TAG}/1", {PUSH: "owner"}) == (422, {"message": {"error": NO_DATABASE}})
    assert send(gitlab, "POST", REPOSITORY, repository_rule())[0] == 201
    assert send(gitlab, "DELETE", f"{TAG}/1") == (204, None)


def test_immutable_rules_are_hidden(gitlab: Client) -> None:
    gitlab.simulator.load(ruled(tag=[{"pattern": "v", "immutable": True}, {"pattern": "w"}]))
    assert [row["tag_name_pattern"] for row in send(gitlab, "GET", TAG)[1]] == ["w"]
    assert send(gitlab, "PATCH", f"{TAG}/1", {PUSH: "owner"}) == (404, NOT_FOUND)
    assert send(gitlab, "DELETE", f"{TAG}/1") == (404, NOT_FOUND)


@pytest.mark.parametrize("path", [REPOSITORY, TAG])
def test_a_rule_that_somebody_changed_is_not_deleted_unseen(gitlab: Client, path: str) -> None:
    rule = repository_rule() if path == REPOSITORY else tag_rule()
    send(gitlab, "POST", path, rule)
    seen = "Mon, 01 Jun 2026 12:00:00 GMT"

    def delete(since: str) -> requests.Response:
        return gitlab.rest(f"{path}/1", method="DELETE", headers={"If-Unmodified-Since": since})

    assert delete("Mon, 01 Jun 2026 11:59:59 GMT").status_code == 412
    gitlab.simulator.clock(advance=60)
    send(gitlab, "PATCH", f"{path}/1", {PUSH: "owner"})
    assert delete(seen).json() == {"message": "412 Precondition Failed"}
    assert len(send(gitlab, "GET", path)[1]) == 1
    assert delete("Mon, 01 Jun 2026 12:01:00 GMT").status_code == 204


def test_a_condition_that_is_no_date_is_none(gitlab: Client) -> None:
    send(gitlab, "POST", TAG, tag_rule())
    headers = {"If-Unmodified-Since": "yesterday"}
    assert gitlab.rest(f"{TAG}/1", method="DELETE", headers=headers).status_code == 204


# Releases


@pytest.mark.parametrize(
    ("generation", "features", "statuses"),
    [
        ("G15", {}, [404, 404, 404]),
        ("G17", {}, [404, 200, 404]),
        ("G18", {}, [200, 404, 200]),
        ("G18", {"repository_rules": "none", "tag_rules": "none"}, [404, 404, 404]),
        ("G17", {"repository_rules": "current"}, [200, 404, 404]),
    ],
)
def test_a_release_has_its_own_endpoints(
    gitlab: Client, generation: str, features: dict[str, str], statuses: list[int]
) -> None:
    gitlab.simulator.load(ruled(generation=generation, features=features))
    answers = [send(gitlab, "GET", path) for path in (REPOSITORY, OLD, TAG)]
    assert [status for status, _body in answers] == statuses
    assert all(body == (NO_ROUTE if status == 404 else []) for status, body in answers)


def test_the_old_path_does_the_same(gitlab: Client) -> None:
    gitlab.simulator.load(ruled(generation="G17"))
    assert send(gitlab, "POST", OLD, repository_rule())[0] == 201
    assert send(gitlab, "PATCH", f"{OLD}/1", {PUSH: "owner"})[1][PUSH] == "owner"
    assert send(gitlab, "DELETE", f"{OLD}/1") == (204, None)


@pytest.mark.parametrize(
    ("feature", "offered"),
    [
        ("full", ["GET", "POST", "PATCH", "DELETE"]),
        ("no_delete", ["GET", "POST", "PATCH"]),
        ("no_update", ["GET", "POST"]),
        ("read_only", ["GET"]),
        ("none", []),
    ],
)
def test_tag_rules_came_verb_by_verb(gitlab: Client, feature: str, offered: list[str]) -> None:
    gitlab.simulator.load(ruled(tag=[{"pattern": "v"}], features={"tag_rules": feature}))
    asked = [
        ("GET", TAG, None),
        ("POST", TAG, tag_rule("w")),
        ("PATCH", f"{TAG}/1", {PUSH: "owner"}),
        ("DELETE", f"{TAG}/1", None),
    ]
    found = [method for method, path, body in asked if send(gitlab, method, path, body) != (404, NO_ROUTE)]
    assert found == offered
