# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""One call of GitLab's REST interface: its pages, the shapes of its answers, and its error bodies."""

from __future__ import annotations

import itertools
import re
import typing as t
from urllib.parse import quote, urlsplit

from .._core.errors import ErrorKind, RequestError, kind_of_status
from .._core.numbers import digits
from .._http.client import Client
from .._http.messages import MOST_PAGES, Response
from .._http.retry import RetryPolicy
from .fields import a_text

API = "/api/v4"
PAGE = 100
# What nginx and Apache say to http on a port for https.
_WRONG_SCHEME = re.compile(r"plain HTTP (?:request was sent )?to (?:HTTPS port|an SSL-enabled)")
# GitLab counts no more rows: lib/gitlab/pagination/offset_pagination.rb
_MOST_COUNTED = 10_000
# How often a listing that does not hold still is read.
_READINGS = 3

Row = dict[str, t.Any]


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
    return error.replace(advice=f"{error.advice} Leave {root} out of api_url unless that is the address of GitLab.")


def get(client: Client, path: str, *, query: t.Mapping[str, t.Any] | None = None, operation: str) -> Response:
    """Read something; see request."""
    return request(client, "GET", path, query=query, operation=operation)


def rows(
    client: Client,
    path: str,
    query: t.Mapping[str, t.Any],
    operation: str,
    *,
    enough: t.Callable[[t.Collection[Row]], bool] | None = None,
    first: Response | None = None,
) -> list[Row]:
    """The rows of a listing with numbered pages, each once.

    Such pages shift when something is created or deleted while they are read, and a row between two of them is missed.
    So the last page is read after all others, and these are read a second time after it: only if they are the same was
    nothing missed. If GitLab does not tell which page is the last, all are read a second time. The others are read side
    by side.

    Args:
        client: of GitLab.
        path: below /api/v4, beginning with a slash.
        query: the parameters in the URL besides those of the page.
        operation: what it is for, as in "list the branches of project 1".
        enough: whether the rows read so far are all that is wanted; None if all are. Else pages are read one by one.
        first: the first page, if it was read already.

    Raises:
        RequestError: a page can't be read or trusted, or the listing does not hold still.
    """

    def read(number: int) -> Response:
        return get(client, path, query={**query, "per_page": PAGE, "page": number}, operation=operation)

    for _reading in range(_READINGS):
        begin = first or read(1)
        first = None
        one_by_one = itertools.chain([begin], map(read, itertools.count(2)))
        answers = _pages(client, read, begin) if enough is None else one_by_one
        pages, found = _read_to_the_end(answers, enough or (lambda _found: False))
        last_is_newest = enough or _total(begin) is not None or len(pages) <= 2
        again = client.parallel(read, range(1, len(pages) + (not last_is_newest)))
        unchanged = all(_keys(one) == _keys(other) for one, other in zip(pages, again))
        is_whole = all(_total(page) in (None, len(found)) for page in pages)
        if unchanged and (is_whole or (enough and enough(found))):
            return found
    raise pages[-1].untrusted("the list changed while it was read, or is not as long as GitLab says")


def _pages(client: Client, read: t.Callable[[int], Response], first: Response) -> t.Iterator[Response]:
    """The pages in their order: those before the last one that GitLab counts side by side, else more and more."""
    yield first
    number, at_once = 2, 1
    total = _total(first)
    if total is not None:
        at_once = max(1, -(-min(total, _MOST_COUNTED) // PAGE) - 2)
    while number <= MOST_PAGES:
        behind = min(number + at_once, MOST_PAGES + 1)
        yield from client.parallel(read, range(number, behind))
        number = behind
        at_once = 1 if total is not None else min(2 * at_once, client.settings.concurrency)


def _read_to_the_end(
    answers: t.Iterator[Response], enough: t.Callable[[t.Collection[Row]], bool]
) -> tuple[list[Response], list[Row]]:
    """The pages from the first to the last, and their rows."""
    pages: list[Response] = []
    found: dict[str, Row] = {}
    for answer in itertools.islice(answers, MOST_PAGES):
        page = _keys(answer)
        if pages and page and page.keys() <= found.keys():
            raise answer.untrusted(f"page {len(pages) + 1} repeats what was read before")
        found.update((key, row) for key, row in page.items() if key not in found)
        pages.append(answer)
        if enough(found.values()) or _is_last(answer, page, len(found)):
            return pages, list(found.values())
    raise pages[-1].untrusted(f"the list has no end after {MOST_PAGES} pages")


def _is_last(answer: Response, page: t.Collection[str], read: int) -> bool:
    """Whether nothing follows a page. A proxy may damage or remove what headers say, so the end needs a proof: GitLab's
    count, or an empty page behind it. read: how many rows there are so far."""
    if not page:
        return True
    if answer.headers.get("X-Next-Page", "").strip() or answer.next_query is not None:
        return False
    total = _total(answer)
    return total is not None and read >= total


def keyset_rows(client: Client, path: str, query: t.Mapping[str, t.Any], operation: str) -> list[Row]:
    """The rows of a listing by keyset, whose pages never shift, or by numbered pages if GitLab has no keyset for it.

    lib/gitlab/pagination/gitaly_keyset_pager.rb: releases and settings differ in whether they ignore the parameter.

    Raises:
        RequestError: a page can't be read or trusted.
    """
    asked = {**query, "pagination": "keyset", "per_page": PAGE}
    found: dict[str, Row] = {}
    for _page in range(MOST_PAGES):
        answer = get(client, path, query=asked, operation=operation)
        if not found and _is_numbered(answer):
            return rows(client, path, query, operation, first=answer)
        page = _keys(answer)
        if page.keys() & found.keys():
            raise answer.untrusted("a page repeats what was read before")
        found.update(page)
        token = (answer.next_query or {}).get("page_token")
        if not page or (token is None and len(page) < PAGE):
            return list(found.values())
        # Some releases give no link on a full page that is the last, so what is behind it tells.
        asked["page_token"] = token or a_text(page[next(reversed(page))], "name")
    raise answer.untrusted(f"the list has no end after {MOST_PAGES} pages")


def _is_numbered(answer: Response) -> bool:
    """Whether a page is the first of numbered ones, although keyset pages were asked for."""
    following = answer.next_query
    numbered = any(name in answer.headers for name in ("X-Page", "X-Next-Page", "X-Total"))
    return numbered or (following is not None and "page_token" not in following)


def _keys(answer: Response) -> dict[str, Row]:
    """The rows of a page by what makes them different: an id, or a name for rows that have none."""
    return {repr(row.get("id", row.get("name"))): row for row in an_array(answer)}


def _total(answer: Response) -> int | None:
    """How many rows the whole listing has; None where GitLab does not count, as above 10,000 rows."""
    return digits(answer.headers.get("X-Total", ""))


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
        raise answer.untrusted("the list contains something that is not an object")
    return rows


def _shaped(answer: Response, shape: type) -> t.Any:
    body = answer.json()
    if not isinstance(body, shape):
        raise answer.untrusted("the answer has another shape than GitLab's")
    return body
