# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""GitLab's GraphQL API as typed functions: pages of tags, many repositories in one request, and their deletion.

An answer with status 200 that holds errors is a failure. Every function raises RequestError unless it says otherwise.
"""

from __future__ import annotations

import base64
import threading
import typing as t
from dataclasses import dataclass, field

from .._core.errors import ErrorKind, RequestError, quotable
from .._core.models import TAG_NAME, Tag, config_digest, parse_time
from .._core.server import Mode
from .._http.client import Client
from .._http.messages import Response
from .._http.retry import RetryPolicy
from .._http.understanding import understanding
from .graphql_answers import (
    CHECK_TOO_SLOW,
    ask,
    body_of,
    data_of,
    error_of_texts,
    errors_below,
    errors_in,
    global_id,
    is_too_slow,
    names_of,
    post,
    text_of,
)

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


# app/graphql/gitlab_schema.rb and lib/gitlab/graphql/authorize/authorize_resource.rb
_NO_PERMISSION = "don't have permission"


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
        has_tag_rules: it has protection rules for tags.
        protection_always_set: every tag has a protection, and only one with a level is under a rule, as in 17.9 and
            17.10. Later a tag without a rule has none.
        alias_limit: how many pages one query holds, less once the server finds a query too large or slow.
    """

    tag_fields: frozenset[str]
    can_delete: bool
    complexity_limit: int
    has_tag_rules: bool = True
    protection_always_set: bool = False
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
        end_cursor: what the next page follows; with a metadata database None on the last page.
        has_next: whether there is a next page.
        count: number of all tags of the repository; None if it was not asked for.
        shown_modes: what registry answered, by each of the signs that the page bears; none if it is empty.
    """

    tags: tuple[Tag, ...]
    end_cursor: str | None
    has_next: bool
    count: int | None = None
    shown_modes: tuple[Mode, ...] = ()

    def fits(self, mode: Mode) -> bool:
        """Whether it can be a page of such a registry.

        GitLab asks its registry anew for each page whether it has a metadata database, and takes a failure for a no.
        """
        return mode is Mode.UNKNOWN or all(shown is mode for shown in self.shown_modes)


@understanding("find out what GraphQL offers here")
def read_schema(client: Client) -> Schema:
    """Which fields and mutations there are, in one request.

    GitLab marks fields that are an experiment as deprecated, such as all that is about protection.
    """
    fields = "fields(includeDeprecated: true) { name }"
    query = (
        f'{{ tag: __type(name: "ContainerRepositoryTag") {{ {fields} }} '
        f'protection: __type(name: "ContainerProtectionAccessLevel") {{ {fields} }} '
        'rule: __type(name: "ContainerProtectionTagRule") { name } '
        'destroy: __type(name: "DestroyContainerRepositoryTagsInput") { name } '
        "queryComplexity { limit } }"
    )
    data = ask(client, query, "find out what GraphQL offers here")
    tag_fields, protection = names_of(data.get("tag")), names_of(data.get("protection"))
    if not tag_fields:
        message = "its GraphQL knows no container tags"
        raise RequestError(ErrorKind.GRAPHQL, message, operation="find out what GraphQL offers here")
    complexity = data.get("queryComplexity")
    limit = complexity.get("limit") if isinstance(complexity, dict) else None
    return Schema(
        tag_fields=tag_fields,
        can_delete=bool(data.get("destroy")),
        complexity_limit=limit if isinstance(limit, int) and limit > 0 else _COMPLEXITY_LIMIT,
        has_tag_rules="protection" in tag_fields or bool(data.get("rule")),
        protection_always_set=bool(protection) and "immutable" not in protection,
    )


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
        _page(answer, data, request, schema, errors_below(errors, f"r{number}"), f"r{number}")
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


def _page(
    answer: Response, data: dict[str, t.Any], request: PageRequest, schema: Schema, errors: list[t.Any], alias: str
) -> Page | RequestError:
    """The page that the answer holds under an alias. errors: those that are about it."""
    if errors:
        return error_of_texts(answer, errors)
    found = data.get(alias)
    if not isinstance(found, dict):
        return answer.untrusted("GraphQL answered null for the repository", ErrorKind.NOT_FOUND)
    connection = found.get("tags")
    if not isinstance(connection, dict) or not isinstance(connection.get("nodes"), list):
        return answer.untrusted("GraphQL answered null for the repository's tags")
    tags = []
    for node in connection["nodes"]:
        tag = _tag(node, schema)
        if tag is None:
            return answer.untrusted("the page holds something that is no tag")
        tags.append(tag)
    info = connection.get("pageInfo")
    end_cursor = info.get("endCursor") if isinstance(info, dict) else None
    if not isinstance(info, dict) or not (end_cursor is None or isinstance(end_cursor, str)):
        return answer.untrusted("the page does not say where it ends")
    has_next = bool(info.get("hasNextPage"))
    if has_next and len(tags) != request.first:
        return answer.untrusted(f"a page of {request.first} tags came with {len(tags)} although more follow")
    count = found.get("tagsCount")
    return Page(
        tags=tuple(tags),
        end_cursor=end_cursor,
        has_next=has_next,
        count=count if isinstance(count, int) else None,
        shown_modes=tuple(_shown_modes(connection["nodes"], end_cursor, has_next=has_next)),
    )


def _shown_modes(nodes: t.Sequence[dict[str, t.Any]], end_cursor: str | None, *, has_next: bool) -> t.Iterator[Mode]:
    """What registry a page is from: by its cursor, and by what only a metadata database knows.

    With a database the cursor is the registry's own, the name of the last tag, and None on the last page. Without one
    it is the number of the last tag in the listing: app/graphql/types/container_registry/ and lib/gitlab/graphql/.
    """
    if not nodes:
        return
    by_name = end_cursor == nodes[-1]["name"] if has_next else end_cursor is None
    by_number = end_cursor is not None and _is_number(end_cursor)
    if by_name or by_number:
        # A tag may have the name of a number.
        if by_name != by_number:
            yield Mode.DATABASE if by_name else Mode.NO_DATABASE
    else:
        yield Mode.UNKNOWN
    known = [name for name in ("publishedAt", "mediaType") if name in nodes[0]]
    if known:
        yield Mode.DATABASE if any(node.get(name) for node in nodes for name in known) else Mode.NO_DATABASE


def _is_number(cursor: str) -> bool:
    """Whether a cursor is a number in base64url, with or without padding."""
    try:
        text = base64.b64decode(
            cursor.rstrip("=") + "=" * (-len(cursor.rstrip("=")) % 4), altchars=b"-_", validate=True
        )
    except ValueError:
        return False
    return text.isdigit()


def _tag(node: t.Any, schema: Schema) -> Tag | None:
    if not isinstance(node, dict) or not isinstance(node.get("name"), str) or not TAG_NAME.fullmatch(node["name"]):
        return None
    size = node.get("totalSize")
    return Tag(
        node["name"],
        digest=text_of(node.get("digest")),
        created=parse_time(node.get("createdAt")),
        published=parse_time(node.get("publishedAt")),
        # A BigInt travels as a string.
        # No image is empty: GitLab says 0 of one for several platforms.
        size=int(str(size)) or None if str(size).isdecimal() else None,
        media_type=text_of(node.get("mediaType")),
        protected=_is_protected(node["protection"], schema) if "protection" in node else None,
        details_read=True,
        config_digest=config_digest(node.get("revision")),
    )


def _is_protected(protection: t.Any, schema: Schema) -> bool:
    """Whether a tag is under a rule. One without levels is immutable."""
    if not schema.protection_always_set:
        return protection is not None
    return not isinstance(protection, dict) or any(level is not None for level in protection.values())


@understanding("delete tags by GraphQL")
def destroy_tags(client: Client, repository_id: int, names: t.Sequence[str]) -> tuple[list[str], list[str]]:
    """Delete at most DELETE_LIMIT tags. It is sent once: whoever asks again has to look at the tags before.

    Returns:
        The names that GitLab says are deleted, and its error texts. GitLab silently leaves out protected tags.

    Raises:
        RequestError: of kind forbidden if the caller may delete nothing there. If its effect is unknown, the tags may
            be deleted or not.
    """
    query = (
        "mutation($input: DestroyContainerRepositoryTagsInput!) "
        "{ destroyContainerRepositoryTags(input: $input) { deletedTagNames errors } }"
    )
    operation = f"delete {len(names)} tags by GraphQL"
    variables = {"input": {"id": global_id(repository_id), "tagNames": list(names)}}
    answer = post(client, query, variables, operation, RetryPolicy.AFTER_A_LOOK)
    try:
        data = data_of(answer)
    except RequestError as error:
        raise error.replace(kind=ErrorKind.FORBIDDEN) if _NO_PERMISSION in error.message else error from None
    result = data.get("destroyContainerRepositoryTags")
    if not isinstance(result, dict) or not isinstance(result.get("deletedTagNames"), list):
        raise answer.untrusted("GraphQL did not say which tags it deleted", ErrorKind.NOT_JSON)
    texts = [quotable(str(text)) for text in errors_in(result)]
    return [str(name) for name in result["deletedTagNames"]], texts
