# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""A page of a repository's tags: how it is asked for, and what an answer of GraphQL shows of it."""

from __future__ import annotations

import base64
import sys
import typing as t
from dataclasses import dataclass

from .._core.errors import ErrorKind, RequestError
from .._core.models import TAG_NAME, Tag, config_digest, parse_time
from .._core.numbers import amount, digits
from .._core.server import TAG_PAGE, Mode
from .._core.words import counted
from .._http.messages import Response
from .graphql_answers import error_of_texts, text_of
from .graphql_schema import Schema


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
    first: int = TAG_PAGE
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


def page_of(
    answer: Response, data: dict[str, t.Any], request: PageRequest, schema: Schema, errors: list[t.Any], alias: str
) -> Page | RequestError:
    """The page that the answer to a query holds, or why it can't be trusted.

    Args:
        answer: to the query.
        data: of the answer.
        request: for the page.
        schema: what the server's GraphQL offers.
        errors: those that are about the page.
        alias: of the page in the query.
    """
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
            return answer.untrusted("the page contains something that is not a tag")
        tags.append(tag)
    info = connection.get("pageInfo")
    end_cursor = info.get("endCursor") if isinstance(info, dict) else None
    if not isinstance(info, dict) or not (end_cursor is None or isinstance(end_cursor, str)):
        return answer.untrusted("the page does not say where it ends")
    has_next = bool(info.get("hasNextPage"))
    if has_next and len(tags) != request.first:
        return answer.untrusted(f"a page of {counted(request.first, 'tag')} came with {len(tags)} although more follow")
    return Page(
        tags=tuple(tags),
        end_cursor=end_cursor,
        has_next=has_next,
        count=amount(found.get("tagsCount")),
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
        # No image is empty: GitLab says 0 of a multi-platform image.
        size=digits(str(size)) or None,
        media_type=_shared(text_of(node.get("mediaType"))),
        protected=_is_protected(node["protection"], schema) if "protection" in node else None,
        details_read=True,
        config_digest=config_digest(node.get("revision")),
    )


def _shared(text: str | None) -> str | None:
    """A text of which there are few different ones, held once for all tags."""
    return sys.intern(text) if text else text


def _is_protected(protection: t.Any, schema: Schema) -> bool:
    """Whether a tag is under a rule. One without levels is immutable."""
    if not schema.protection_always_set:
        return protection is not None
    return not isinstance(protection, dict) or any(level is not None for level in protection.values())
