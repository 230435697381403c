# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Error bodies, and which of several errors is told."""

from __future__ import annotations

from typing import Any

import pytest

from .helpers import Client, one_repository

TAGS = "/projects/1/registry/repositories/100/tags"
LIST = "/projects/1/registry/repositories"
NOT_FOUND = {"message": "404 Not found"}
NO_PROJECT = {"message": "404 Project Not Found"}
NO_ROUTE = {"error": "404 Not Found"}

ERRORS: list[tuple[str, str, int, Any]] = [
    ("GET", "/projects/999/registry/repositories", 404, NO_PROJECT),
    ("GET", "/projects/-1/registry/repositories", 404, NO_PROJECT),
    ("GET", "/projects/app/registry/repositories", 404, NO_PROJECT),
    ("GET", "/projects/team%2Fnope/registry/repositories", 404, NO_PROJECT),
    ("GET", "/projects/1%2F/registry/repositories", 404, NO_PROJECT),
    ("GET", "/projects/team/app/registry/repositories", 404, NO_ROUTE),
    ("GET", "/groups/nope/registry/repositories", 404, {"message": "404 Group Not Found"}),
    ("GET", "/groups/team%2Fapp/registry/repositories", 404, {"message": "404 Group Not Found"}),
    ("GET", "/registry/repositories/999", 404, NOT_FOUND),
    ("GET", "/registry/repositories/team%2Fapp", 404, NO_ROUTE),
    ("GET", f"{LIST}/999/tags", 404, NOT_FOUND),
    ("GET", f"{LIST}/104/tags", 404, NOT_FOUND),
    ("GET", f"{LIST}/abc/tags", 400, {"error": "repository_id is invalid"}),
    ("GET", f"{TAGS}/nope", 404, {"message": "404 Tag Not Found"}),
    ("GET", f"{TAGS}/a%2Fb", 404, {"message": "404 Tag Not Found"}),
    ("GET", f"{TAGS}/%C3%A9", 404, {"message": "404 Tag Not Found"}),
    ("GET", f"{LIST}?tags=maybe", 400, {"error": "tags is invalid"}),
    ("GET", f"{LIST}?tags_count=abc&per_page=x", 400, {"error": "tags_count is invalid, per_page is invalid"}),
    ("GET", f"{LIST}?per_page=0", 400, {"error": "per_page has a value not allowed"}),
    ("GET", f"{LIST}?per_page=1.5", 400, {"error": "per_page is invalid"}),
    ("GET", f"{LIST}?page=abc", 400, {"error": "page is invalid"}),
    ("GET", "/registry/repositories/100?size=abc", 400, {"error": "size is invalid"}),
    ("GET", "/groups/team/projects?order_by=colour", 400, {"error": "order_by does not have a valid value"}),
    ("GET", "/groups/team/projects?sort=up", 400, {"error": "sort does not have a valid value"}),
    ("GET", "/nope", 404, NO_ROUTE),
    ("POST", LIST, 404, NO_ROUTE),
    ("PATCH", TAGS, 404, NO_ROUTE),
    ("PUT", f"{TAGS}/a", 404, NO_ROUTE),
]


@pytest.mark.parametrize(("method", "path", "status", "body"), ERRORS)
def test_an_error_has_gitlabs_words(gitlab: Client, method: str, path: str, status: int, body: Any) -> None:
    answer = gitlab.rest(path, method=method)
    assert (answer.status_code, answer.json()) == (status, body)
    assert answer.headers["Content-Type"] == "application/json"


# Each request is wrong in several ways; the first check that fails is told.
ORDER: list[tuple[str, str | None, int]] = [
    ("/projects/999/registry/repositories/999/tags?per_page=0", "expired", 401),
    ("/projects/999/registry/repositories/999/tags?per_page=0", "registry", 403),
    ("/projects/999/registry/repositories/999/tags?per_page=0", "guest", 404),
    ("/projects/1/registry/repositories/999/tags?per_page=0", "outsider", 404),
    ("/projects/1/registry/repositories/999/tags?per_page=0", "guest", 403),
    ("/projects/1/registry/repositories/999/tags?per_page=0", "reporter", 400),
    ("/projects/1/registry/repositories/999/tags", "reporter", 404),
    ("/projects/1/registry/repositories/100/tags", "reporter", 200),
]


@pytest.mark.parametrize(("path", "token", "status"), ORDER)
def test_checks_come_in_order(gitlab: Client, path: str, token: str, status: int) -> None:
    assert gitlab.rest(path, token).status_code == status


def test_deleting_looks_for_the_repository_before_the_role(gitlab: Client) -> None:
    assert gitlab.rest("/projects/1/registry/repositories/999/tags/a", "reporter", "DELETE").status_code == 404
    assert gitlab.rest("/projects/1/registry/repositories/100/tags/a", "reporter", "DELETE").status_code == 403


def test_a_head_request_has_the_headers_alone(gitlab: Client) -> None:
    answer = gitlab.rest(LIST, method="HEAD")
    assert (answer.status_code, answer.content, answer.headers["X-Total"]) == (200, b"", "2")


def test_a_moved_project_leads_on_for_reading_alone(gitlab: Client) -> None:
    old = "/projects/old%2Fapp/registry/repositories"
    answer = gitlab.rest(f"{old}?per_page=1")
    assert answer.status_code == 301
    assert answer.headers["Location"] == f"{gitlab.simulator.api_url}/projects/1/registry/repositories?per_page=1"
    write = gitlab.rest(f"{old}/100/tags/a", method="DELETE")
    assert write.status_code == 405
    assert write.json() == {"message": "Non GET methods are not allowed for moved projects"}
    assert gitlab.rest(old, "outsider").status_code == 404


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_a_deletion_answers_with_a_bare_number(gitlab: Client, mode: str) -> None:
    gitlab.simulator.load(one_repository([{"name": "a"}, {"name": "b"}], mode=mode))
    answer = gitlab.rest(f"{TAGS}/a", method="DELETE")
    assert (answer.status_code, answer.text) == (200, "200")
    assert gitlab.simulator.state() == {"team/app": ["b"]}


def test_a_missing_tag_is_forbidden_with_a_database_and_deleted_without(gitlab: Client) -> None:
    answer = gitlab.rest(f"{TAGS}/nope", method="DELETE")
    assert (answer.status_code, answer.json()) == (403, {"message": "403 Forbidden"})
    gitlab.simulator.load(one_repository([{"name": "a"}], mode="M2"))
    answer = gitlab.rest(f"{TAGS}/nope", method="DELETE")
    assert (answer.status_code, answer.text) == (200, "200")
