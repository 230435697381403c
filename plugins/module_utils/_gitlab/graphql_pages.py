# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Reading pages of tags by GraphQL, those of many repositories in one query."""

from __future__ import annotations

import typing as t

from .._core.errors import ErrorKind, RequestError
from .._http.client import Client
from .._http.retry import RetryPolicy
from .._http.understanding import understanding
from .graphql_answers import (
    CHECK_TOO_SLOW,
    body_of,
    error_of_texts,
    errors_below,
    errors_in,
    global_id,
    is_too_slow,
    post,
)
from .graphql_schema import Schema
from .tag_page import Page, PageRequest, page_of

# Fields of a tag that exist only from some release on; one unknown field would fail the whole query.
_OPTIONAL_FIELDS = {
    "digest": "digest",
    "createdAt": "createdAt",
    "publishedAt": "publishedAt",
    "totalSize": "totalSize",
    "mediaType": "mediaType",
    "protection": "protection { minimumAccessLevelForDelete }",
    "revision": "revision",
}
ALL_FIELDS = tuple(field for field in _OPTIONAL_FIELDS if field != "revision")
# What has to be looked at again right before a tag is deleted.
VERIFY_FIELDS = ("digest", "publishedAt", "protection")
# How a server refuses or loses a query that is too large or too slow.
_TOO_MUCH = {ErrorKind.GRAPHQL, ErrorKind.TIMEOUT, ErrorKind.UNAVAILABLE, ErrorKind.SERVER_ERROR}


@understanding("read tags by GraphQL")
def read_pages(
    client: Client, schema: Schema, wanted: t.Sequence[PageRequest], fields: tuple[str, ...] = ALL_FIELDS
) -> list[Page | RequestError]:
    """Read pages of tags, as many in one request as the server's complexity limit allows, fewer if that is too much.

    Args:
        client: of GitLab.
        schema: what its GraphQL offers.
        wanted: the pages.
        fields: of each tag; those that this server does not have are left out.

    Returns:
        For each wanted page, in the same order, the page or why it can't be read.
    """
    if not wanted:
        return []
    fields = schema.offered(fields)
    answers = client.parallel(
        lambda batch: _read_batch(client, schema, batch, fields), batches_of(schema, wanted, fields)
    )
    return [page for batch in answers for page in batch]


def batches_of(schema: Schema, wanted: t.Sequence[PageRequest], fields: tuple[str, ...]) -> list[list[PageRequest]]:
    """The wanted pages in their order, parted into queries."""
    batches: list[list[PageRequest]] = []
    spent = 0.0
    for request in wanted:
        cost = _cost(request, fields)
        if not batches or spent + cost > schema.budget or len(batches[-1]) >= schema.alias_limit.most:
            batches.append([])
            spent = 0.0
        batches[-1].append(request)
        spent += cost
    return batches


def pages_at_once(schema: Schema, fields: tuple[str, ...], first: int) -> int:
    """How many pages of so many tags fit into one query."""
    cost = _cost(PageRequest(0, first=first), schema.offered(fields))
    return max(1, min(schema.alias_limit.most, int(schema.budget / cost)))


def _cost(request: PageRequest, fields: tuple[str, ...]) -> float:
    """What a page adds to a query's complexity: a connection costs its children and 1 % more for each row."""
    children = len(fields) + 6
    return 2 + request.counted + children * (1 + 0.01 * request.first)


def _read_batch(
    client: Client, schema: Schema, batch: t.Sequence[PageRequest], fields: tuple[str, ...]
) -> list[Page | RequestError]:
    """The pages of a query. Those for which there was no time are asked for again, fewer of them at once."""
    if len(batch) > schema.alias_limit.most:
        # It was made up before another query came too late.
        return _read_parts(client, schema, batch, fields, schema.alias_limit.most)
    pages: list[Page | RequestError] = []
    late: list[int] = []
    for _left in client.retry_loop():
        pages = _read_together(client, schema, batch, fields)
        late = [number for number, page in enumerate(pages) if _is_too_much(page, pages)]
        if not all(_asks_for_patience(page, alone=len(batch) == 1) for page in pages):
            break
    if not late or len(batch) == 1:
        return pages
    fewer = len(batch) - len(late) or len(batch) // 2
    schema.alias_limit.shrink(fewer)
    again = _read_parts(client, schema, [batch[number] for number in late], fields, fewer)
    for number, page in zip(late, again):
        pages[number] = page
    return pages


def _read_parts(
    client: Client, schema: Schema, batch: t.Sequence[PageRequest], fields: tuple[str, ...], most: int
) -> list[Page | RequestError]:
    parts = (batch[start : start + most] for start in range(0, len(batch), most))
    return [page for part in parts for page in _read_batch(client, schema, part, fields)]


def _read_together(
    client: Client, schema: Schema, batch: t.Sequence[PageRequest], fields: tuple[str, ...]
) -> list[Page | RequestError]:
    """The pages of a query that is sent once. If it fails as a whole, all pages are the same error."""
    query, variables = _pages_query(batch, fields)
    try:
        answer = post(client, query, variables, "read tags by GraphQL", RetryPolicy.IDEMPOTENT)
        body = body_of(answer)
        data, errors = body.get("data"), errors_in(body)
        if not isinstance(data, dict):
            raise error_of_texts(answer, errors)
    except RequestError as error:
        return [error] * len(batch)
    return [
        page_of(answer, data, request, schema, errors_below(errors, f"r{number}"), f"r{number}")
        for number, request in enumerate(batch)
    ]


def _is_too_much(page: Page | RequestError, pages: t.Sequence[Page | RequestError]) -> bool:
    """Whether a page may come if fewer are asked for: there was no time for it, or the query failed as a whole."""
    if not isinstance(page, RequestError):
        return False
    return is_too_slow(page) or (page.kind in _TOO_MUCH and all(other is page for other in pages))


def _asks_for_patience(page: Page | RequestError, *, alone: bool) -> bool:
    """Whether the same query may go well right after. alone: nothing else was asked for with it."""
    return isinstance(page, RequestError) and is_too_slow(page) and (alone or CHECK_TOO_SLOW in page.message)


def _pages_query(batch: t.Sequence[PageRequest], fields: tuple[str, ...]) -> tuple[str, dict[str, t.Any]]:
    selection = " ".join(["name", *(_OPTIONAL_FIELDS[field] for field in fields)])
    declared: list[str] = []
    parts: list[str] = []
    variables: dict[str, t.Any] = {}
    for number, request in enumerate(batch):
        declared.append(f"$i{number}: ContainerRepositoryID!, $a{number}: String")
        parts.append(
            f"r{number}: containerRepository(id: $i{number}) {{ {'tagsCount ' if request.counted else ''}"
            f"tags(first: {request.first}, after: $a{number}) "
            f"{{ nodes {{ {selection} }} pageInfo {{ hasNextPage endCursor }} }} }}"
        )
        variables[f"i{number}"] = global_id(request.repository_id)
        variables[f"a{number}"] = request.after
    return f"query({', '.join(declared)}) {{ {' '.join(parts)} }}", variables
