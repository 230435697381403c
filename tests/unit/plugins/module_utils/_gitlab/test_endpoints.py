# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""GitLab's error bodies, pages and names, from answers as it gives them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from requests.structures import CaseInsensitiveDict

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import ErrorKind, RequestError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import Repository
from ansible_collections.containerops.gitlab.plugins.module_utils._gitlab import endpoints, rest
from ansible_collections.containerops.gitlab.plugins.module_utils._http.client import Client
from ansible_collections.containerops.gitlab.plugins.module_utils._http.messages import Request, Response

REPOSITORY = Repository(7, "team/app", "", 3, "", None, None, None)
REQUEST = Request("GET", "/x", "do it", "GitLab")
TAGS = "/api/v4/projects/3/registry/repositories/7/tags"


def answer(body: Any, status: int = 200, **headers: str) -> Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    found = {"Content-Type": "application/json", **{name.replace("_", "-"): text for name, text in headers.items()}}
    return Response(request=REQUEST, status=status, headers=CaseInsensitiveDict(found), body=content)


class Script(Client):
    """Gives prepared answers in their order, and remembers what was asked."""

    def __init__(self, answers: Sequence[Response]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str, dict[str, Any]]] = []

    def request(self, method: str, path: str, **wish: Any) -> Response:
        self.asked.append((method, path, dict(wish.get("query") or {})))
        return self.answers.pop(0)


def names(*found: str) -> list[dict[str, str]]:
    return [{"name": name} for name in found]


ERRORS: list[tuple[int, Any, str, str]] = [
    (404, {"message": "404 Project Not Found"}, "not_found", "404 Project Not Found"),
    (404, {"error": "404 Not Found"}, "not_found", "404 Not Found"),
    (400, {"error": "keep_n is invalid"}, "bad_request", "keep_n is invalid"),
    (400, {"message": {"name": ["is too long", "is bad"]}}, "bad_request", "name is too long; is bad"),
    (422, {"message": {"error": ["one", "two"]}}, "bad_request", "one; two"),
    (422, {"message": ["one", "two"]}, "bad_request", "one; two"),
    (401, {"message": "401 Unauthorized"}, "unauthorized", "401 Unauthorized"),
    (
        401,
        {"error": "invalid_token", "error_description": "Token was revoked."},
        "unauthorized",
        "invalid_token: Token",
    ),
    (
        403,
        {"error": "insufficient_scope", "error_description": "More is needed.", "scope": "api"},
        "insufficient_scope",
        "insufficient_scope: More is needed.",
    ),
    (403, {"error": "insufficient_granular_scope"}, "insufficient_scope", "insufficient_granular_scope"),
    (403, {"message": "403 Forbidden"}, "forbidden", "403 Forbidden"),
    (405, {"message": "Non GET methods are not allowed for moved projects"}, "moved", "moved projects"),
    (405, {"message": "405 Method Not Allowed"}, "http", "405"),
    (429, b"Retry later\n", "rate_limited", "Retry later"),
    (400, 400, "bad_request", ""),
    (500, {"message": "500 Internal Server Error"}, "server_error", "500 Internal"),
    (502, b"<html>bad gateway</html>", "unavailable", "bad gateway"),
    (503, {"message": "We are having trouble"}, "unavailable", "trouble"),
    (418, b"", "bad_request", ""),
    (400, None, "bad_request", ""),
    (400, [], "bad_request", ""),
]


@pytest.mark.parametrize(("status", "body", "kind", "message"), ERRORS)
def test_every_error_body_is_one_error(status: int, body: Any, kind: str, message: str) -> None:
    error = rest.error_of(answer(body, status, X_Request_Id="R1"))
    assert error.kind.value == kind
    assert message in error.message
    assert error.status == status
    assert error.request_id == "R1"
    assert f"Could not do it: GitLab answered {status}" in str(error)


def test_a_web_page_is_not_quoted() -> None:
    error = rest.error_of(answer(b"<html><script>x</script>", 502, Content_Type="text/html"))
    assert error.message == "a web page"


def test_pages_are_led_by_the_next_page_header() -> None:
    script = Script([answer(names("a"), X_Next_Page="2"), answer(names("b"), X_Next_Page="")])
    assert endpoints.tag_names_offset(script, REPOSITORY) == ["a", "b"]
    assert [query for _method, _path, query in script.asked] == [
        {"per_page": 100, "page": 1},
        {"per_page": 100, "page": 2},
    ]
    assert script.asked[0][1] == TAGS


def test_without_that_header_the_query_of_the_link_leads() -> None:
    link = (
        '<https://elsewhere.example/x?id=3&page=2&per_page=100>; rel="next", <https://elsewhere.example/x>; rel="first"'
    )
    script = Script([answer(names("a"), Link=link), answer(names("b"), Link="")])
    assert endpoints.tag_names_offset(script, REPOSITORY) == ["a", "b"]
    assert all("elsewhere" not in path for _method, path, _query in script.asked)


@pytest.mark.parametrize("second", [answer([], X_Next_Page=""), answer(names("b"), X_Next_Page="2")])
def test_a_page_that_can_not_be_true_fails_the_listing(second: Response) -> None:
    with pytest.raises(RequestError) as caught:
        endpoints.tag_names_offset(Script([answer(names("a"), X_Next_Page="2"), second]), REPOSITORY)
    assert caught.value.kind == ErrorKind.INCOMPLETE


def keyset(last: str) -> str:
    return f'<https://x.example/y?pagination=keyset&per_page=1000&last={last}&sort=asc>; rel="next"'


def test_keyset_listings_go_on_behind_the_last_name() -> None:
    script = Script([answer(names("a", "bb"), Link=keyset("bb")), answer(names("c"))])
    assert endpoints.tag_names_keyset(script, REPOSITORY) == ["a", "bb", "c"]
    assert script.asked[1][2] == {"pagination": "keyset", "per_page": 1000, "last": "bb"}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (answer(names("a"), Link=keyset("a")), answer([])),
        (answer(names("a"), Link=keyset("a")), answer(names("a"))),
        (answer(names("a"), Link='<https://x.example/y?page=2>; rel="next"'), answer(names("b"))),
    ],
)
def test_a_keyset_page_that_can_not_be_true_fails_the_listing(first: Response, second: Response) -> None:
    with pytest.raises(RequestError) as caught:
        endpoints.tag_names_keyset(Script([first, second]), REPOSITORY)
    assert caught.value.kind == ErrorKind.INCOMPLETE


@pytest.mark.parametrize("name", ["", ".hidden", "-x", "a b", "{{ x }}", "a/b", "x" * 129, None, 5])
def test_a_name_that_no_tag_has_fails_the_listing(name: Any) -> None:
    with pytest.raises(RequestError) as caught:
        endpoints.tag_names_offset(Script([answer([{"name": name}])]), REPOSITORY)
    assert caught.value.kind == ErrorKind.INCOMPLETE


@pytest.mark.parametrize("body", [{}, [1], "text", None, b"<html>"])
def test_a_listing_of_another_shape_fails(body: Any) -> None:
    with pytest.raises(RequestError):
        endpoints.tag_names_offset(Script([answer(body)]), REPOSITORY)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (answer([]), True),
        (answer([], X_Page="1"), None),
        (answer({"message": "405 Method Not Allowed"}, 405), False),
    ],
)
def test_what_the_keyset_listing_tells(found: Response, expected: bool | None) -> None:
    assert endpoints.keyset_supported(Script([found]), REPOSITORY) is expected


def test_a_web_page_tells_nothing_about_keyset_listings() -> None:
    with pytest.raises(RequestError):
        endpoints.keyset_supported(Script([answer(b"<html>", Content_Type="text/html")]), REPOSITORY)


def test_paths_are_one_segment() -> None:
    script = Script([answer({"id": 3, "path_with_namespace": "Team/App", "namespace": {"full_path": "Team"}})])
    project = endpoints.get_project(script, "Team/App")
    assert script.asked == [("GET", "/api/v4/projects/Team%2FApp", {})]
    assert project.image_prefix is None
    assert project.policy is None


def test_details_of_another_tag_are_not_taken() -> None:
    with pytest.raises(RequestError) as caught:
        endpoints.tag_detail(Script([answer({"name": "v10"})]), REPOSITORY, "v1")
    assert caught.value.kind == ErrorKind.INCOMPLETE


def test_details_that_are_null_are_unknown() -> None:
    body = {"name": "v1", "digest": None, "created_at": None, "total_size": None}
    tag = endpoints.tag_detail(Script([answer(body)]), REPOSITORY, "v1")
    assert tag is not None
    assert (tag.digest, tag.created, tag.size) == (None, None, None)


@pytest.mark.parametrize("status", [200, 403, 404])
def test_a_bare_number_is_a_deletions_answer(status: int) -> None:
    assert endpoints.delete_tag(Script([answer(status, status)]), REPOSITORY, "v1").status == status


@pytest.mark.parametrize(("row", "expected"), [({"id": 1}, False), ({"id": 1, "is_admin": True}, True)])
def test_administrators_are_told_by_their_own_user(row: dict[str, Any], expected: bool) -> None:
    assert endpoints.caller_is_administrator(Script([answer(row)])) is expected


def projects(*numbers: int) -> list[dict[str, Any]]:
    return [{"id": number, "path_with_namespace": f"team/{number}"} for number in numbers]


NEXT = '<https://elsewhere.example.com/x?id_after=999>; rel="next"'


def test_all_projects_are_read_to_the_empty_page() -> None:
    script = Script([answer(projects(3, 5), Link=NEXT), answer(projects(8), Link=NEXT), answer([])])
    assert [project.id for project in endpoints.all_projects(script)] == [3, 5, 8]
    assert [path for _method, path, _query in script.asked] == ["/api/v4/projects"] * 3
    # Where the link leads is of no interest.
    assert [query.get("id_after") for _method, _path, query in script.asked] == [None, 5, 8]


@pytest.mark.parametrize(
    "pages",
    [
        # A proxy took the links away.
        [answer(projects(*range(1, 101)))],
        [answer(projects(3, 5), Link=NEXT), answer(projects(5, 6), Link=NEXT)],
        [answer([], Link=NEXT)],
        [answer([{"id": 3}], Link=NEXT)],
    ],
)
def test_a_list_of_projects_that_may_have_ended_too_early_is_not_believed(pages: list[Response]) -> None:
    with pytest.raises(RequestError) as caught:
        endpoints.all_projects(Script(pages))
    assert caught.value.kind == ErrorKind.INCOMPLETE


@pytest.mark.parametrize(
    ("row", "size"),
    [
        ({"statistics": {"container_registry_size": 7}}, 7),
        ({"statistics": {"container_registry_size": None}}, None),
        ({"statistics": None}, None),
        ({}, None),
    ],
)
def test_the_size_of_a_registry(row: dict[str, Any], size: int | None) -> None:
    project = endpoints.project_of(projects(3)[0])
    assert endpoints.get_registry_size(Script([answer(row)]), project) == size
