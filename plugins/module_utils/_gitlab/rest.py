# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""One call of GitLab's REST interface: its pages, the shapes of its answers, and its error bodies."""

from __future__ import annotations

import typing as t
from urllib.parse import quote

from .._core.errors import RegistryError
from .._http.client import SAFE, Client, Response

API = "/api/v4"
PAGE = 100

_KINDS = {401: "unauthorized", 403: "forbidden", 404: "not_found", 429: "rate_limited"}


def segment(value: str | int) -> str:
    """An id, a path or a tag name as one segment of a URL."""
    return quote(str(value), safe="")


def error_of(answer: Response, attempt: str) -> RegistryError:
    """GitLab's error bodies as one error: message or error, as text, list or object, plain text or a bare number."""
    body: t.Any = None
    try:
        body = answer.json()
    except RegistryError:
        content_type = answer.headers.get("Content-Type", "")
        message = answer.text() if "html" not in content_type else "a web page"
    else:
        message = _message(body)
    kind = _KINDS.get(answer.status) or (
        "unavailable" if answer.status in (502, 503, 504) else "server_error" if answer.status >= 500 else "bad_request"
    )
    code = body.get("error") if isinstance(body, dict) else None
    if code in ("insufficient_scope", "insufficient_granular_scope"):
        kind = "insufficient_scope"
    elif answer.status == 405 and "moved projects" in message:
        kind = "moved"
    elif answer.status == 405:
        kind = "http"
    return RegistryError(
        kind,
        message,
        attempt=attempt,
        status=answer.status,
        method=answer.method,
        path=answer.path,
        request_id=answer.request_id,
    )


def _message(body: t.Any) -> str:
    if isinstance(body, dict):
        if "error_description" in body:
            return f"{body.get('error')}: {body['error_description']}"
        for key in ("message", "error"):
            if key in body:
                return _message(body[key])
        return "; ".join(f"{key} {_message(value)}" for key, value in body.items())
    if isinstance(body, list):
        return "; ".join(_message(value) for value in body)
    # The delete endpoints answer with their own status as a bare number.
    return "" if isinstance(body, (int, float)) or body is None else str(body)


def request(
    client: Client,
    method: str,
    path: str,
    *,
    query: t.Mapping[str, t.Any] | None = None,
    body: t.Any = None,
    headers: t.Mapping[str, str] | None = None,
    resend: frozenset[int] = SAFE,
    attempt: str,
    success: int = 200,
    accept: tuple[int, ...] = (),
    **options: t.Any,
) -> Response:
    """The answer of the wanted or an accepted status. options: further ones of Client.request."""
    try:
        answer = client.request(method, API + path, query=query, body=body, headers=headers, resend=resend, **options)
    except RegistryError as error:
        error.attempt = attempt
        raise
    if answer.status == success or answer.status in accept:
        return answer
    raise error_of(answer, attempt)


def get(client: Client, path: str, *, query: t.Mapping[str, t.Any] | None = None, attempt: str) -> Response:
    return request(client, "GET", path, query=query, attempt=attempt)


def pages(client: Client, path: str, query: t.Mapping[str, t.Any], attempt: str) -> list[dict[str, t.Any]]:
    """All rows of a listing with numbered pages."""
    return list(rows(client, path, query, attempt))


def rows(client: Client, path: str, query: t.Mapping[str, t.Any], attempt: str) -> t.Iterator[dict[str, t.Any]]:
    """The rows of a listing with numbered pages, led by what each page says of the next one, never by counts.

    A page is asked for when its first row is.
    """
    page = 1
    while True:
        answer = get(client, path, query={**query, "per_page": PAGE, "page": page}, attempt=attempt)
        found = an_array(answer, attempt)
        if page > 1 and not found:
            raise incomplete(answer, f"page {page} is empty although the page before led to it", attempt)
        yield from found
        following = _next_page(answer)
        if following is None:
            return
        if following <= page:
            raise incomplete(answer, f"page {page} leads back to page {following}", attempt)
        page = following


def _next_page(answer: Response) -> int | None:
    """The next page's number: X-Next-Page, or where a proxy removed it the query of Link. Its host is never used."""
    text = answer.headers.get("X-Next-Page")
    if text is None:
        text = (answer.next_query or {}).get("page", "")
    return int(text) if text.isdigit() else None


def incomplete(answer: Response, message: str, attempt: str) -> RegistryError:
    return RegistryError(
        "incomplete",
        message,
        attempt=attempt,
        method=answer.method,
        path=answer.path,
        request_id=answer.request_id,
    )


def an_object(answer: Response, attempt: str = "") -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", _shaped(answer, dict, attempt))


def an_array(answer: Response, attempt: str) -> list[dict[str, t.Any]]:
    rows = t.cast("list[t.Any]", _shaped(answer, list, attempt))
    if not all(isinstance(row, dict) for row in rows):
        raise incomplete(answer, "the listing holds something that is no object", attempt)
    return rows


def _shaped(answer: Response, shape: type, attempt: str) -> t.Any:
    try:
        body = answer.json()
    except RegistryError as error:
        error.attempt = attempt or "read what GitLab answered"
        raise
    if not isinstance(body, shape):
        raise incomplete(answer, "the answer has another shape than GitLab's", attempt)
    return body


def field(row: t.Mapping[str, t.Any], name: str) -> t.Any:
    if row.get(name) is None:
        raise RegistryError("incomplete", f"the answer has no {name}", attempt="read what GitLab answered")
    return row[name]
