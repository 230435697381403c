# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tokens, scopes, roles."""

from __future__ import annotations

from typing import Any

import pytest

from .helpers import ROLES, Client, default_scenario, names

APP = "/projects/1/registry/repositories"
INSUFFICIENT = {
    "error": "insufficient_scope",
    "error_description": "The request requires higher privileges than provided by the access token.",
}
EXPIRED = {
    "error": "invalid_token",
    "error_description": "Token is expired. You can either do re-authorization or token refresh.",
}
REVOKED = {
    "error": "invalid_token",
    "error_description": "Token was revoked. You have to re-authorize from the user.",
}
UNAUTHORIZED = {"message": "401 Unauthorized"}
FORBIDDEN = {"message": "403 Forbidden"}


@pytest.mark.parametrize(
    ("token", "status", "body"),
    [
        ("unknown", 401, UNAUTHORIZED),
        ("deploy", 401, UNAUTHORIZED),
        ("oauth", 401, UNAUTHORIZED),
        ("job", 401, UNAUTHORIZED),
        ("expired", 401, EXPIRED),
        ("revoked", 401, REVOKED),
        ("registry", 403, {**INSUFFICIENT, "scope": "api read_api"}),
        (None, 404, {"message": "404 Project Not Found"}),
        ("outsider", 404, {"message": "404 Project Not Found"}),
        ("guest", 403, FORBIDDEN),
    ],
)
def test_a_token_that_is_not_enough_says_why(gitlab: Client, token: str | None, status: int, body: Any) -> None:
    answer = gitlab.rest(APP, token)
    assert (answer.status_code, answer.json()) == (status, body)


def test_an_unknown_token_fails_on_a_public_project_too(gitlab: Client) -> None:
    assert gitlab.rest("/projects/4/registry/repositories", "unknown").json() == UNAUTHORIZED


@pytest.mark.parametrize(
    ("headers", "query", "credential"),
    [
        ({"PRIVATE-TOKEN": "reporter"}, "", "private-token"),
        ({"Authorization": "Bearer reporter"}, "", "bearer"),
        ({"Authorization": "Bearer oauth"}, "", "bearer"),
        ({"JOB-TOKEN": "job"}, "", "job-token"),
        ({}, "?private_token=reporter", "query"),
        ({}, "?access_token=oauth", "query"),
        ({}, "?job_token=job", "query"),
    ],
)
def test_where_a_token_may_be_is_logged_and_the_token_is_not(
    gitlab: Client, headers: dict[str, str], query: str, credential: str
) -> None:
    answer = gitlab.rest(f"{APP}/100/tags{query}", None, headers=headers)
    assert names(answer.json()) == ["a", "b", "c"]
    [entry] = gitlab.simulator.requests()
    assert entry["credential"] == credential


def test_a_reading_scope_reads_and_does_not_write(gitlab: Client) -> None:
    assert gitlab.rest(APP, "reader").status_code == 200
    answer = gitlab.rest(f"{APP}/100/tags/a", "reader", "DELETE")
    assert (answer.status_code, answer.json()) == (403, {**INSUFFICIENT, "scope": "api"})
    gid = "gid://gitlab/ContainerRepository/100"
    mutation = f'mutation {{ destroyContainerRepositoryTags(input: {{id: "{gid}", tagNames: ["a"]}}) {{ errors }} }}'
    body = gitlab.graphql(mutation, "reader").json()
    assert body["data"] == {"destroyContainerRepositoryTags": None}
    assert "you don't have permission" in body["errors"][0]["message"]
    assert gitlab.simulator.state()["team/app"] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("role", "read", "delete"),
    [
        ("guest", 403, 403),
        ("reporter", 200, 403),
        ("developer", 200, 200),
        ("maintainer", 200, 200),
        ("owner", 200, 200),
    ],
)
def test_what_a_role_may_do_also_below_its_group(gitlab: Client, role: str, read: int, delete: int) -> None:
    gitlab.simulator.faults([{"first": 1, "action": "mutate", "set_project": ACTIVE}])
    for project, repository in ((1, 100), (2, 102)):
        base = f"/projects/{project}/registry/repositories/{repository}/tags"
        assert gitlab.rest(base, role).status_code == read
        assert gitlab.rest(f"{base}/a", role, "DELETE").status_code == delete


ACTIVE = {"path": "team/sub/tool", "archived": False}


@pytest.mark.parametrize("caller", ["owner", "admin-mode"])
def test_nobody_changes_the_images_of_an_archived_project(gitlab: Client, caller: str) -> None:
    base = "/projects/2/registry/repositories/102"
    assert gitlab.rest(f"{base}/tags", caller).status_code == 200
    for path in (f"{base}/tags/a", base):
        assert gitlab.rest(path, caller, "DELETE").status_code == 403
    mutation = 'mutation { destroyContainerRepositoryTags(input: {id: "%s", tagNames: ["a"]}) { errors } }'
    answer = gitlab.graphql(mutation % "gid://gitlab/ContainerRepository/102", caller).json()
    assert "you don't have permission" in answer["errors"][0]["message"]
    assert gitlab.simulator.state()["team/sub/tool"] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("token", "status", "scopes"),
    [
        ("reader", 200, ["read_api"]),
        ("registry", 200, ["read_registry", "write_registry"]),
        ("admin-mode", 200, ["admin_mode", "api"]),
        ("expired", 401, None),
        (None, 401, None),
    ],
)
def test_a_token_may_ask_what_it_is(gitlab: Client, token: str | None, status: int, scopes: list[str] | None) -> None:
    answer = gitlab.rest("/personal_access_tokens/self", token)
    assert answer.status_code == status
    assert answer.json().get("scopes") == scopes


def test_the_group_listing_needs_a_reporter_of_the_group(gitlab: Client) -> None:
    statuses = [gitlab.rest("/groups/team/registry/repositories", role).status_code for role in ROLES]
    assert statuses == [403, 200, 200, 200, 200]
    assert gitlab.rest("/groups/team/registry/repositories", None).status_code == 404
    assert gitlab.rest("/groups/open/registry/repositories", None).status_code == 403


@pytest.mark.parametrize(
    ("project", "token", "status"),
    [
        (4, None, 200),
        (5, None, 403),
        (5, "outsider", 403),
        (7, None, 404),
        (7, "outsider", 200),
        (3, "guest", 403),
        (3, "reporter", 200),
    ],
)
def test_visibility_opens_a_registry_unless_it_is_private(
    gitlab: Client, project: int, token: str | None, status: int
) -> None:
    assert gitlab.rest(f"/projects/{project}/registry/repositories", token).status_code == status


@pytest.mark.parametrize("token", ["maintainer", "owner", "admin-mode"])
def test_a_disabled_registry_is_closed_to_everybody(gitlab: Client, token: str) -> None:
    for path in ("/projects/6/registry/repositories", "/registry/repositories/106"):
        assert gitlab.rest(path, token).json() == FORBIDDEN
    project = gitlab.rest("/projects/6", token).json()
    assert project["container_registry_access_level"] == "disabled"
    assert project["container_registry_enabled"] is False
    paths = [row["path"] for row in gitlab.rest("/groups/team/registry/repositories", token).json()]
    assert paths == ["team/app", "team/app/web", "team/sub/tool"]


def test_an_administrator_needs_admin_mode(gitlab: Client) -> None:
    assert gitlab.rest("/projects/3/registry/repositories", "admin").status_code == 404
    assert gitlab.rest("/projects/3/registry/repositories", "admin-mode").status_code == 200
    gitlab.simulator.load(default_scenario(admin_mode=False))
    assert gitlab.rest("/projects/3/registry/repositories", "admin").status_code == 200


def test_a_job_token_opens_its_own_projects_registry_alone(gitlab: Client) -> None:
    def status(path: str) -> int:
        return gitlab.rest(path, None, headers={"JOB-TOKEN": "job"}).status_code

    assert status(APP) == status("/projects/TEAM%2Fapp/registry/repositories/100/tags/a") == 200
    assert status("/projects/1") == status("/groups/team/registry/repositories") == 404
    assert status("/registry/repositories/100") == status("/user") == 401
    for other in ("2", "999", "team%2Fnope"):
        answer = gitlab.rest(f"/projects/{other}/registry/repositories", None, headers={"JOB-TOKEN": "job"})
        assert answer.status_code == 403
        assert answer.json()["message"].startswith("403 Forbidden - This project's CI/CD job token cannot be used")
    assert gitlab.rest(f"{APP}/100/tags/a", None, "DELETE", headers={"JOB-TOKEN": "job"}).status_code == 200


def test_graphql_takes_a_job_token_for_nobody_and_refuses_bad_tokens(gitlab: Client) -> None:
    query = '{ currentUser { username } project(fullPath: "team/app") { id } }'
    nobody = {"data": {"currentUser": None, "project": None}}
    assert gitlab.graphql(query, None).json() == nobody
    assert gitlab.graphql(query, None, headers={"JOB-TOKEN": "job"}).json() == nobody
    assert gitlab.data(query, "reader")["project"] == {"id": "gid://gitlab/Project/1"}
    for token in ("unknown", "expired", "revoked", "registry", "deploy"):
        answer = gitlab.graphql(query, token)
        assert (answer.status_code, answer.json()) == (401, {"errors": [{"message": "Invalid token"}]})
