# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""GitLab's error bodies, pages and shapes, from answers as it gives them."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import RequestError
from ansible_collections.containerops.gitlab.plugins.module_utils._gitlab import rest, tags
from tests.unit.rest_serving import REPOSITORY, ScriptedClient, answer

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
    (400, b"<html>The plain HTTP request was sent to HTTPS port</html>", "tls", "the port speaks https"),
    (400, b"You're speaking plain HTTP to an SSL-enabled server port.", "tls", "the port speaks https"),
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


@pytest.mark.parametrize("body", [{}, [1], "text", None, b"<html>"])
def test_a_listing_of_another_shape_fails(body: Any) -> None:
    with pytest.raises(RequestError):
        tags.tag_names_offset(ScriptedClient([answer(body)]), REPOSITORY)
