# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""GitLab's GraphQL API as typed functions: pages of tags, many repositories in one request, and their deletion.

An answer with status 200 that holds errors is a failure. Every function raises RequestError unless it says otherwise.
"""

from __future__ import annotations

import threading
import typing as t
from dataclasses import dataclass, field

from .._core.errors import ErrorKind, RequestError
from .._core.models import TAG_NAME, Tag, config_digest, parse_time
from .._http.client import Client
from .._http.messages import Response
from .._http.retry import RetryPolicy
from .rest import error_of

PATH = "/api/graphql"
# The connection is cut to this many nodes while the cursor moves on by what was asked for: asking for more skips tags.
# app/graphql/types/container_registry/container_repository_details_type.rb
PAGE = 20
_MOST_ALIASES = 20
# What a signed-in user may spend on one query where the server does not say: app/graphql/gitlab_schema.rb
_COMPLEXITY_LIMIT = 250

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


class AliasLimit:
    """How many pages one query holds at most. Threads share it, and each may shrink it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._most = _MOST_ALIASES

    @property
    def most(self) -> int:
        """The number as it is by now."""
        with self._lock:
            return self._most

    def shrink(self, most: int) -> None:
        """Take this number from now on, at least 1, unless it is less by now."""
        with self._lock:
            self._most = max(1, min(self._most, most))


@dataclass(frozen=True)
class Schema:
    """What this server's GraphQL offers.

    Args:
        tag_fields: the names of a tag's fields.
        can_delete: it has the mutation that deletes tags.
        complexity_limit: what one query may cost.
        alias_limit: how many pages one query holds, less once the server finds a query too large or slow.
    """

    tag_fields: frozenset[str]
    can_delete: bool
    complexity_limit: int
    alias_limit: AliasLimit = field(default_factory=AliasLimit)

    @property
    def budget(self) -> float:
        """What a query may cost, with a tenth of the limit left free."""
        return self.complexity_limit * 0.9

    def aliases(self, fields: tuple[str, ...], first: int) -> int:
        """How many pages fit into one query."""
        cost = _cost(PageRequest(0, first=first), self.offered(fields))
        return max(1, min(self.alias_limit.most, int(self.budget / cost)))

    def offered(self, fields: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the fields that this server has."""
        return tuple(field for field in fields if field in self.tag_fields)


class PageRequest(t.NamedTuple):
    """A page of a repository's tags that is wanted.

    Args:
        repository_id: GitLab's number of the repository.
        after: the cursor that the page follows; None is the beginning.
        first: how many tags.
        counted: with the number of all tags of the repository.
    """

    repository_id: int
    after: str | None = None
    first: int = PAGE
    counted: bool = False


@dataclass(frozen=True)
class Page:
    """A page of a repository's tags.

    Args:
        tags: in the order of their names.
        end_cursor: what the next page follows; None if the page is empty.
        has_next: whether there is a next page.
        count: number of all tags of the repository; None if it was not asked for.
    """

    tags: tuple[Tag, ...]
    end_cursor: str | None
    has_next: bool
    count: int | None = None


def read_schema(client: Client) -> Schema:
    """Which fields and mutations there are, in one request."""
    query = (
        '{ tag: __type(name: "ContainerRepositoryTag") { fields { name } } '
        'destroy: __type(name: "DestroyContainerRepositoryTagsInput") { name } '
        "queryComplexity { limit } }"
    )
    operation = "find out what GraphQL offers here"
    # A token may be good for REST and not for GraphQL, so that a 401 here is no reason to stop.
    answer = _post(client, query, {}, operation, RetryPolicy.IDEMPOTENT, stop_at_401=False)
    data = _data(answer)
    tag = data.get("tag")
    if not isinstance(tag, dict):
        raise answer.untrusted("its GraphQL knows no container tags", ErrorKind.GRAPHQL)
    limit = (data.get("queryComplexity") or {}).get("limit")
    return Schema(
        tag_fields=frozenset(str(field.get("name")) for field in tag.get("fields") or []),
        can_delete=bool(data.get("destroy")),
        complexity_limit=limit if isinstance(limit, int) and limit > 0 else _COMPLEXITY_LIMIT,
    )


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


def _cost(request: PageRequest, fields: tuple[str, ...]) -> float:
    """What a page adds to a query's complexity: a connection costs its children and 1 % more for each row."""
    children = len(fields) + 6
    return 2 + request.counted + children * (1 + 0.01 * request.first)


def _read_batch(
    client: Client, schema: Schema, batch: t.Sequence[PageRequest], fields: tuple[str, ...]
) -> list[Page | RequestError]:
    query, variables = _pages_query(batch, fields)
    try:
        answer = _post(client, query, variables, "read tags by GraphQL", RetryPolicy.IDEMPOTENT)
        body = _body(answer)
        data = body.get("data")
        if not isinstance(data, dict):
            raise _graphql_error(answer, body.get("errors"))
    except RequestError as error:
        if len(batch) > 1 and error.kind in _TOO_MUCH:
            half = len(batch) // 2
            schema.alias_limit.shrink(half)
            return [
                *_read_batch(client, schema, batch[:half], fields),
                *_read_batch(client, schema, batch[half:], fields),
            ]
        return [error for _request in batch]
    errors = [error for error in body.get("errors") or [] if isinstance(error, dict)]
    return [_page(answer, data, request, errors, f"r{number}") for number, request in enumerate(batch)]


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
        variables[f"i{number}"] = _global_id(request.repository_id)
        variables[f"a{number}"] = request.after
    return f"query({', '.join(declared)}) {{ {' '.join(parts)} }}", variables


def _page(
    answer: Response, data: dict[str, t.Any], request: PageRequest, errors: list[dict[str, t.Any]], alias: str
) -> Page | RequestError:
    """The page that the answer holds under an alias. errors: of the whole answer."""
    own = [error for error in errors if not error.get("path") or error["path"][0] == alias]
    if own:
        return _graphql_error(answer, own)
    found = data.get(alias)
    if not isinstance(found, dict):
        return answer.untrusted("GraphQL answered null for the repository", ErrorKind.NOT_FOUND)
    connection = found.get("tags")
    if not isinstance(connection, dict) or not isinstance(connection.get("nodes"), list):
        return answer.untrusted("GraphQL answered null for the repository's tags")
    tags = []
    for node in connection["nodes"]:
        tag = _tag(node)
        if tag is None:
            return answer.untrusted("the page holds something that is no tag")
        tags.append(tag)
    info = connection.get("pageInfo") or {}
    has_next = bool(info.get("hasNextPage"))
    if has_next and len(tags) != request.first:
        return answer.untrusted(f"a page of {request.first} tags came with {len(tags)} although more follow")
    count = found.get("tagsCount")
    return Page(
        tags=tuple(tags),
        end_cursor=info.get("endCursor"),
        has_next=has_next,
        count=count if isinstance(count, int) else None,
    )


def _tag(node: t.Any) -> Tag | None:
    if not isinstance(node, dict) or not isinstance(node.get("name"), str) or not TAG_NAME.fullmatch(node["name"]):
        return None
    size = node.get("totalSize")
    return Tag(
        node["name"],
        digest=node.get("digest") or None,
        created=parse_time(node.get("createdAt")),
        published=parse_time(node.get("publishedAt")),
        # A BigInt travels as a string.
        # No image is empty: GitLab says 0 of one for several platforms.
        size=int(str(size)) or None if str(size).isdigit() else None,
        media_type=node.get("mediaType"),
        protected=node["protection"] is not None if "protection" in node else None,
        details_read=True,
        config_digest=config_digest(node.get("revision")),
    )


def destroy_tags(client: Client, repository_id: int, names: t.Sequence[str]) -> tuple[list[str], list[str]]:
    """Delete at most DELETE_LIMIT tags.

    Returns:
        The names that GitLab says are deleted, and its error texts. GitLab silently leaves out protected tags.

    Raises:
        RequestError: if its effect is unknown, the tags may be deleted or not.
    """
    query = (
        "mutation($input: DestroyContainerRepositoryTagsInput!) "
        "{ destroyContainerRepositoryTags(input: $input) { deletedTagNames errors } }"
    )
    operation = f"delete {len(names)} tags by GraphQL"
    variables = {"input": {"id": _global_id(repository_id), "tagNames": list(names)}}
    answer = _post(client, query, variables, operation, RetryPolicy.RATE_LIMITED)
    data = _data(answer)
    result = data.get("destroyContainerRepositoryTags")
    if not isinstance(result, dict) or not isinstance(result.get("deletedTagNames"), list):
        raise answer.untrusted("GraphQL did not say which tags it deleted", ErrorKind.NOT_JSON)
    return [str(name) for name in result["deletedTagNames"]], [str(text) for text in result.get("errors") or []]


def _global_id(repository_id: int) -> str:
    return f"gid://gitlab/ContainerRepository/{repository_id}"


def _post(
    client: Client,
    query: str,
    variables: t.Mapping[str, t.Any],
    operation: str,
    retry: RetryPolicy,
    *,
    stop_at_401: bool = True,
) -> Response:
    body = {"query": query, "variables": variables}
    answer = client.request("POST", PATH, operation=operation, body=body, retry=retry, stop_at_401=stop_at_401)
    if answer.status != 200:
        raise error_of(answer)
    return answer


def _body(answer: Response) -> dict[str, t.Any]:
    body = answer.json()
    if not isinstance(body, dict):
        raise answer.untrusted("the answer has another shape than GraphQL's")
    return body


def _data(answer: Response) -> dict[str, t.Any]:
    body = _body(answer)
    data = body.get("data")
    if body.get("errors") or not isinstance(data, dict):
        raise _graphql_error(answer, body.get("errors"))
    return data


def _graphql_error(answer: Response, errors: t.Any) -> RequestError:
    texts = [str(error.get("message")) for error in errors or [] if isinstance(error, dict)]
    message = "; ".join(dict.fromkeys(texts)) or "GraphQL answered without data"
    advice = "It does not exist, or the token may not do this." if "permission" in message else ""
    return answer.untrusted(message, ErrorKind.GRAPHQL, advice)
