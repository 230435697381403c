# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""GitLab's REST endpoints for the tags of a container repository as typed functions.

Every function raises RequestError when the answer is not the one it is named after.
"""

from __future__ import annotations

import typing as t

from .._core.errors import ErrorKind, RequestError
from .._core.models import TAG_NAME, Repository, Tag, config_digest, parse_time
from .._core.server import KEYSET_PAGE
from .._http.client import Client
from .._http.messages import MOST_PAGES, Response
from .._http.retry import RetryPolicy
from .fields import number_or_none, text_or_none
from .rest import PAGE, an_array, an_object, error_of, get, request, rows, segment

# Without a metadata database GitLab asks its registry for this many tags and does not go on.
LISTING_CAP = 10000
# lib/api/project_container_repositories.rb; only this text tells it from other bad requests.
_LEASE_TAKEN = "This request has already been made"


def keyset_supported(client: Client, repository: Repository) -> bool | None:
    """Whether GitLab lists tags by keyset, which it does only in front of a registry with metadata database.

    Returns:
        True for a 200 without X- headers. False for a 405, which an unreachable registry gives too. None for a release
        from before keyset listings, which ignores the parameter.
    """
    query = {"pagination": "keyset", "per_page": 1}
    operation = f"find out the kind of the registry of {repository.path}"
    answer = request(client, "GET", _tags_path(repository), query=query, operation=operation, accept=(405,))
    if answer.status == 405:
        return False
    an_array(answer)
    return None if "X-Page" in answer.headers else True


def tag_names_keyset(client: Client, repository: Repository, behind: str | None = None) -> list[str]:
    """All tag names, or those behind one, 1000 a page; only in front of a registry with metadata database."""
    operation = f"list the tags of {repository.path}"
    names: dict[str, None] = {}
    query: dict[str, t.Any] = {"pagination": "keyset", "per_page": KEYSET_PAGE}
    if behind is not None:
        query["last"] = behind
    # Behind a full page without a link, and behind a name that was given, there may be nothing.
    looks_behind = behind is not None
    for _page in range(MOST_PAGES):
        answer = get(client, _tags_path(repository), query=query, operation=operation)
        page = [_tag_name(row, operation) for row in an_array(answer)]
        if "last" in query and not page and not looks_behind:
            raise answer.untrusted("a page behind a next link is empty")
        if any(name in names for name in page):
            raise answer.untrusted("a page repeats tags of the pages before it")
        names.update(dict.fromkeys(page))
        following = answer.next_query
        looks_behind = following is None
        if looks_behind and len(page) < KEYSET_PAGE:
            return list(names)
        if following is not None and "last" not in following:
            raise answer.untrusted("the next link does not say where it continues")
        query = {**query, "last": following["last"] if following else page[-1]}
    raise answer.untrusted(f"the list has no end after {MOST_PAGES} pages")


def tag_names_offset(client: Client, repository: Repository) -> list[str]:
    """All tag names by numbered pages. Exactly LISTING_CAP of them may be a listing that was cut off."""
    operation = f"list the tags of {repository.path}"
    names = (_tag_name(row, operation) for row in rows(client, _tags_path(repository), {}, operation))
    return list(dict.fromkeys(names))


def first_tag_names(client: Client, repository: Repository) -> list[str]:
    """The names on the first numbered page: enough to see that there are tags."""
    operation = f"list the tags of {repository.path}"
    answer = get(client, _tags_path(repository), query={"per_page": PAGE, "page": 1}, operation=operation)
    return [_tag_name(row, operation) for row in an_array(answer)]


def tag_detail(client: Client, repository: Repository, name: str) -> Tag | None:
    """A tag with its details; None for a 404, which does not prove that the tag is gone."""
    operation = f"read tag {repository.path}:{name}"
    answer = request(client, "GET", f"{_tags_path(repository)}/{segment(name)}", operation=operation, accept=(404,))
    if answer.status == 404:
        return None
    row = an_object(answer)
    if row.get("name") != name:
        raise answer.untrusted("the answer is about another tag")
    return Tag(
        name,
        digest=text_or_none(row, "digest") or None,
        created=parse_time(row.get("created_at")),
        # No image is empty: GitLab says 0 of a multi-platform image.
        size=number_or_none(row, "total_size") or None,
        details_read=True,
        config_digest=config_digest(row.get("revision")),
    )


def delete_tag(client: Client, repository: Repository, name: str) -> Response:
    """Ask for one tag's deletion. It is sent once: whoever asks again has to look at the tag before.

    Returns:
        A 200, a 404 or a 403. What the last two mean depends on the release.

    Raises:
        RequestError: anything else, as a page for signing in, which is a 200, too (not_json).
    """
    answer = request(
        client,
        "DELETE",
        f"{_tags_path(repository)}/{segment(name)}",
        operation=f"delete tag {repository.path}:{name}",
        accept=(403, 404),
        retry=RetryPolicy.AFTER_A_LOOK,
    )
    if answer.status == 200 and answer.body.strip() and isinstance(answer.json(), (dict, list, str)):
        raise answer.untrusted("the answer is not one that GitLab gives to a deletion")
    refusal = error_of(answer) if answer.status == 403 else None
    if refusal and refusal.kind is ErrorKind.INSUFFICIENT_SCOPE:
        raise refusal
    return answer


def bulk_delete_tags(client: Client, repository: Repository, parameters: t.Mapping[str, t.Any]) -> None:
    """Ask for a bulk deletion, which GitLab carries out in the background and never reports on.

    The parameters are sent in a JSON body, in which no character of a pattern has a second meaning. The request is sent
    again only if GitLab says that it did nothing (429).

    Raises:
        RequestError: of kind lease where GitLab was asked within the last hour: it takes one request an hour for a
            repository, whatever becomes of it.
    """
    answer = request(
        client,
        "DELETE",
        _tags_path(repository),
        body=dict(parameters),
        retry=RetryPolicy.RATE_LIMITED,
        operation=f"delete tags of {repository.path} in bulk",
        success=202,
        accept=(400,),
    )
    if answer.status == 400:
        error = error_of(answer)
        taken = error.message.startswith(_LEASE_TAKEN)
        raise error.replace(kind=ErrorKind.LEASE, advice=None) if taken else error


def _tag_name(row: t.Mapping[str, t.Any], operation: str) -> str:
    name = row.get("name")
    if not isinstance(name, str) or not TAG_NAME.fullmatch(name):
        raise RequestError(
            ErrorKind.INCOMPLETE, f"the listing holds {name!r}, which is not the name of a tag", operation=operation
        )
    return name


def _tags_path(repository: Repository) -> str:
    return f"/projects/{repository.project_id}/registry/repositories/{repository.id}/tags"
