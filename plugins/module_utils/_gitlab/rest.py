# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""One call of GitLab's REST interface: its pages, the shapes of its answers, and its error bodies."""

from __future__ import annotations

import re
import typing as t
from urllib.parse import quote, urlsplit

from .._core.errors import ErrorKind, RequestError, kind_of_status
from .._http.client import Client
from .._http.messages import Response
from .._http.retry import RetryPolicy

API = "/api/v4"
PAGE = 100
# What nginx and Apache say to http on a port for https.
_WRONG_SCHEME = re.compile(r"plain HTTP (?:request was sent )?to (?:HTTPS port|an SSL-enabled)")


def segment(value: str | int) -> str:
    """An id, a path or a tag name as one segment of a URL."""
    return quote(str(value), safe="")


def error_of(answer: Response) -> RequestError:
    """The error of an answer: GitLab writes message or error, as text, list or object, plain text or a bare number."""
    body: t.Any = None
    try:
        body = answer.json()
    except RequestError:
        content_type = answer.headers.get("Content-Type", "")
        if _WRONG_SCHEME.search(answer.text()):
            return answer.error(ErrorKind.TLS, "the port speaks https", "Write https:// in api_url.")
        message = answer.text() if "html" not in content_type else "a web page"
    else:
        message = _message(body)
    kind = kind_of_status(answer.status)
    code = body.get("error") if isinstance(body, dict) else None
    if code in ("insufficient_scope", "insufficient_granular_scope"):
        kind = ErrorKind.INSUFFICIENT_SCOPE
    elif answer.status == 405 and "moved projects" in message:
        kind = ErrorKind.MOVED
    elif answer.status == 405:
        kind = ErrorKind.HTTP
    return answer.error(kind, message)


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
    retry: RetryPolicy = RetryPolicy.IDEMPOTENT,
    operation: str,
    success: int = 200,
    accept: tuple[int, ...] = (),
    **options: t.Any,
) -> Response:
    """Send a request to GitLab's REST interface.

    Args:
        client: of GitLab.
        method: of HTTP, in capitals.
        path: below /api/v4, beginning with a slash.
        query: the parameters in the URL; None is none.
        body: sent as JSON; None is none.
        headers: besides those that every request has.
        retry: after what it is sent again.
        operation: what it is for, as in "read the tags of a/b".
        success: the status of an answer as it should be.
        accept: other statuses that are returned.
        options: further ones of Client.request.

    Raises:
        RequestError: the answer has another status, or there is none.
    """
    try:
        answer = client.request(
            method, API + path, operation=operation, query=query, body=body, headers=headers, retry=retry, **options
        )
        if answer.status == success or answer.status in accept:
            return answer
        raise error_of(answer)
    except RequestError as error:
        raise _with_root(error, client.settings.url) from None


def _with_root(error: RequestError, url: str) -> RequestError:
    """The error, which may come from a path in api_url that is not GitLab's own."""
    root = urlsplit(url).path
    if not root or error.kind not in (ErrorKind.NOT_FOUND, ErrorKind.REDIRECT, ErrorKind.NOT_JSON):
        return error
    return error.replace(advice=f"{error.advice} Leave {root} out of api_url unless GitLab itself is there.")


def get(client: Client, path: str, *, query: t.Mapping[str, t.Any] | None = None, operation: str) -> Response:
    """Read something; see request."""
    return request(client, "GET", path, query=query, operation=operation)


def rows(client: Client, path: str, query: t.Mapping[str, t.Any], operation: str) -> t.Iterator[dict[str, t.Any]]:
    """The rows of a listing with numbered pages. A page is read when its first row is asked for.

    What a page says of the next one leads on, never a count.

    Raises:
        RequestError: a page can't be read or trusted.
    """
    page = 1
    while True:
        answer = get(client, path, query={**query, "per_page": PAGE, "page": page}, operation=operation)
        found = an_array(answer)
        if page > 1 and not found:
            raise answer.untrusted(f"page {page} is empty although the page before led to it")
        yield from found
        following = _next_page(answer)
        if following is None:
            return
        if following <= page:
            raise answer.untrusted(f"page {page} leads back to page {following}")
        page = following


def _next_page(answer: Response) -> int | None:
    """The next page's number: X-Next-Page, or where a proxy removed it the query of Link. Its host is never used."""
    text = answer.headers.get("X-Next-Page")
    if text is None:
        text = (answer.next_query or {}).get("page", "")
    return int(text) if text.isdigit() else None


def an_object(answer: Response) -> dict[str, t.Any]:
    """The answer's object.

    Raises:
        RequestError: it is something else.
    """
    return t.cast("dict[str, t.Any]", _shaped(answer, dict))


def an_array(answer: Response) -> list[dict[str, t.Any]]:
    """The answer's list of objects.

    Raises:
        RequestError: it is something else.
    """
    rows = t.cast("list[t.Any]", _shaped(answer, list))
    if not all(isinstance(row, dict) for row in rows):
        raise answer.untrusted("the listing holds something that is no object")
    return rows


def _shaped(answer: Response, shape: type) -> t.Any:
    body = answer.json()
    if not isinstance(body, shape):
        raise answer.untrusted("the answer has another shape than GitLab's")
    return body


def field(row: t.Mapping[str, t.Any], name: str) -> t.Any:
    """A value that must be there.

    Raises:
        RequestError: it is missing or null.
    """
    if row.get(name) is None:
        raise RequestError(ErrorKind.INCOMPLETE, f"the answer has no {name}", operation="read what GitLab answered")
    return row[name]
