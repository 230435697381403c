# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fine-grained tokens, and tokens that are for other protocols."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.granular import PERMISSIONS
from tests.simulator.harness import ControlError

from .helpers import Client, default_scenario

APP = "/projects/1/registry/repositories"
RULES = "/projects/1/registry/protection"
PUSH, DELETE = "minimum_access_level_for_push", "minimum_access_level_for_delete"
TAG_RULE = {"tag_name_pattern": "v", PUSH: "owner", DELETE: "owner"}
REPOSITORY_RULE = {"repository_path_pattern": "team/app", PUSH: "owner"}
GID = "gid://gitlab/ContainerRepository/100"

ROUTES: list[tuple[str, str, Any, str]] = [
    ("GET", "/projects/1", None, "read_project"),
    ("GET", APP, None, "read_container_repository"),
    ("GET", "/groups/team/registry/repositories", None, "read_container_repository"),
    ("GET", "/registry/repositories/100", None, "read_container_repository"),
    ("GET", f"{APP}/100/tags", None, "read_container_repository_tag"),
    ("GET", f"{APP}/100/tags/a", None, "read_container_repository_tag"),
    ("DELETE", f"{APP}/100/tags/a", None, "delete_container_repository_tag"),
    ("GET", f"{RULES}/repository/rules", None, "read_container_repository_protection_rule"),
    ("POST", f"{RULES}/repository/rules", REPOSITORY_RULE, "create_container_repository_protection_rule"),
    ("PATCH", f"{RULES}/repository/rules/2", {PUSH: "admin"}, "update_container_repository_protection_rule"),
    ("DELETE", f"{RULES}/repository/rules/2", None, "delete_container_repository_protection_rule"),
    ("GET", f"{RULES}/tag/rules", None, "read_container_repository_protection_rule"),
    ("POST", f"{RULES}/tag/rules", TAG_RULE, "create_container_repository_protection_rule"),
    ("PATCH", f"{RULES}/tag/rules/1", {PUSH: "admin"}, "update_container_repository_protection_rule"),
    ("DELETE", f"{RULES}/tag/rules/1", None, "delete_container_repository_protection_rule"),
]


def granular(*permissions: str, user: str = "maintainer") -> dict[str, Any]:
    """The token fine has these permissions, the token rest has all others."""
    scenario = default_scenario()
    others = sorted(set(PERMISSIONS) - set(permissions))
    scenario["tokens"] += [
        {"token": "fine", "user": user, "granular": list(permissions)},
        {"token": "rest", "user": user, "granular": others},
    ]
    scenario["projects"][0]["tag_rules"] = [{"pattern": "w"}]
    scenario["projects"][0]["repository_rules"] = [{"pattern": "team/app/x", "push": "owner"}]
    return scenario


@pytest.mark.parametrize(("method", "path", "body", "permission"), ROUTES)
def test_a_route_asks_for_its_permission(gitlab: Client, method: str, path: str, body: Any, permission: str) -> None:
    gitlab.simulator.load(granular(permission))
    options = {"json": body} if body else {}
    refused = gitlab.rest(path, "rest", method, **options)
    assert refused.status_code == 403
    text = f"Access denied: Your Personal Access Token lacks the required permissions: [{permission}]."
    assert refused.json() == {"error": "insufficient_granular_scope", "error_description": text}
    assert gitlab.rest(path, "fine", method, **options).status_code in (200, 201, 204)


def test_a_permission_is_no_role(gitlab: Client) -> None:
    gitlab.simulator.load(granular("delete_container_repository_tag", user="reporter"))
    assert gitlab.rest(f"{APP}/100/tags/a", "fine", "DELETE").json() == {"message": "403 Forbidden"}


@pytest.mark.parametrize("path", ["/user", "/version", "/groups/team", "/projects", "/projects/1/repository/branches"])
def test_a_route_without_a_known_permission_is_closed(gitlab: Client, path: str) -> None:
    gitlab.simulator.load(granular(*PERMISSIONS))
    assert gitlab.rest(path, "fine").json()["error"] == "insufficient_granular_scope"
    put = gitlab.rest("/projects/1", "fine", "PUT", json={"container_registry_access_level": "private"})
    assert put.json()["error"] == "insufficient_granular_scope"


@pytest.mark.parametrize(
    ("permission", "query", "field"),
    [
        ("read_container_repository", f'{{ containerRepository(id: "{GID}") {{ id }} }}', "containerRepository"),
        (
            "delete_container_repository_tag",
            f'mutation {{ destroyContainerRepositoryTags(input: {{id: "{GID}", tagNames: ["a"]}}) {{ errors }} }}',
            "destroyContainerRepositoryTags",
        ),
    ],
)
def test_graphql_says_what_is_missing_and_gives_null(gitlab: Client, permission: str, query: str, field: str) -> None:
    gitlab.simulator.load(granular(permission))
    body = gitlab.graphql(query, "rest").json()
    assert body["data"] == {field: None}
    assert permission in body["errors"][0]["message"]
    assert gitlab.simulator.state()["team/app"] == ["a", "b", "c"]
    assert gitlab.data(query, "fine")[field]


def test_graphql_shows_no_tags_without_their_permission(gitlab: Client) -> None:
    gitlab.simulator.load(granular("read_container_repository"))
    query = f'{{ containerRepository(id: "{GID}") {{ path tags(first: 1) {{ nodes {{ name }} }} }} }}'
    body = gitlab.graphql(query, "fine").json()
    assert body["data"] == {"containerRepository": {"path": "team/app", "tags": None}}
    assert "[read_container_repository_tag]" in body["errors"][0]["message"]


@pytest.mark.parametrize(
    "token",
    [
        {"kind": "personal", "granular": ["fly"]},
        {"kind": "group", "granular": ["read_project"]},
        {"kind": "personal", "granular": ["read_project"], "scopes": ["api"]},
    ],
)
def test_a_permission_that_there_is_not_is_refused(gitlab: Client, token: dict[str, Any]) -> None:
    scenario = default_scenario()
    scenario["tokens"].append({"token": "fine", "user": "owner", **token})
    with pytest.raises(ControlError, match="a personal token without scopes has some of"):
        gitlab.simulator.load(scenario)


READS = [path for method, path, _body, _permission in ROUTES if method == "GET"]


@pytest.mark.parametrize("path", [*READS, "/projects", "/user", "/projects/4/registry/repositories"])
def test_a_deploy_token_opens_nothing_here(gitlab: Client, path: str) -> None:
    for headers in ({"PRIVATE-TOKEN": "deploy"}, {"Authorization": "Bearer deploy"}, {"JOB-TOKEN": "deploy"}):
        answer = gitlab.rest(path, None, headers=headers)
        assert (answer.status_code, answer.json()) == (401, {"message": "401 Unauthorized"})


def test_a_token_may_be_in_a_body(gitlab: Client) -> None:
    answer = gitlab.rest(f"{APP}/100/tags/a", None, "DELETE", json={"job_token": "job"})
    assert (answer.status_code, answer.text) == (200, "200")
    [entry] = gitlab.simulator.requests()
    assert entry["credential"] == "query"
    assert gitlab.rest("/projects/1", None, "PUT", data={"private_token": "owner", "name": "x"}).status_code == 200
