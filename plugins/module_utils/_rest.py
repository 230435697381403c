# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""GitLab's REST endpoints as typed functions, with their pages and their error bodies.

Every function raises RegistryError when the answer is not the one it is named after.
"""

from __future__ import annotations

import typing as t
from urllib.parse import quote

from ._client import ONCE, REFUSED, SAFE, Client, Response
from ._errors import ADVICE, RegistryError
from ._models import TAG_NAME, Project, Repository, ServerPolicy, Tag, parse_time

API = "/api/v4"
PAGE = 100
# GitLab lowers a keyset page above this: lib/api/project_container_repositories.rb.
KEYSET_PAGE = 1000
# Without a metadata database GitLab asks its registry for this many tags and does not go on.
LISTING_CAP = 10000

# lib/api/project_container_repositories.rb; only this text tells it from other bad requests.
LEASE_TAKEN = "This request has already been made"

_KINDS = {401: "unauthorized", 403: "forbidden", 404: "not_found", 429: "rate_limited"}


def segment(value: str | int) -> str:
    """An id, a path or a tag name as one segment of a URL."""
    return quote(str(value), safe="")


def get_project(client: Client, project: str | int) -> Project:
    """A project by id or full path; a moved project's old path leads to it."""
    answer = _get(client, f"/projects/{segment(project)}", attempt=f"read project {project!s}")
    return _project(_object(answer))


def group_projects(client: Client, group: str | int) -> list[Project]:
    """The projects of a group and its subgroups, without those that other groups share with it."""
    query = {
        "include_subgroups": "true",
        "with_shared": "false",
        "order_by": "id",
        "sort": "asc",
    }
    attempt = f"list the projects of group {group!s}"
    return [_project(row) for row in _pages(client, f"/groups/{segment(group)}/projects", query, attempt)]


def get_group_path(client: Client, group: str | int) -> str:
    """The full path of a group."""
    answer = _get(
        client, f"/groups/{segment(group)}", query={"with_projects": "false"}, attempt=f"read group {group!s}"
    )
    return str(_field(_object(answer), "full_path"))


def project_repositories(client: Client, project: str | int, *, tags_count: bool = False) -> list[Repository]:
    """The repositories of a project; tags_count costs GitLab a registry call for each."""
    query = {"tags_count": "true"} if tags_count else {}
    attempt = f"list the repositories of project {project!s}"
    return [
        _repository(row)
        for row in _pages(client, f"/projects/{segment(project)}/registry/repositories", query, attempt)
    ]


def group_repositories(client: Client, group: str | int) -> list[Repository]:
    """The repositories of a group and its subgroups; projects with a disabled registry are left out by GitLab."""
    attempt = f"list the repositories of group {group!s}"
    return [_repository(row) for row in _pages(client, f"/groups/{segment(group)}/registry/repositories", {}, attempt)]


def get_repository(client: Client, repository_id: int, *, tags_count: bool = False, size: bool = False) -> Repository:
    """One repository by its id."""
    query = {name: "true" for name, wanted in (("tags_count", tags_count), ("size", size)) if wanted}
    answer = _get(
        client, f"/registry/repositories/{repository_id}", query=query, attempt=f"read repository {repository_id}"
    )
    return _repository(_object(answer))


def keyset_supported(client: Client, repository: Repository) -> bool | None:
    """Whether GitLab lists tags by keyset, which it does only before a registry with metadata database.

    True: 200 without X- headers. False: 405, which an unreachable registry gives too. None: a release from before
    keyset listings, which ignores the parameter.
    """
    query = {"pagination": "keyset", "per_page": 1}
    attempt = f"find out what registry holds {repository.path}"
    answer = _request(client, "GET", _tags_path(repository), query=query, attempt=attempt, accept=(405,))
    if answer.status == 405:
        return False
    _array(answer, attempt)
    return None if "X-Page" in answer.headers else True


def tag_names_keyset(client: Client, repository: Repository) -> list[str]:
    """All tag names, 1000 a page; only before a registry with metadata database."""
    attempt = f"list the tags of {repository.path}"
    names: dict[str, None] = {}
    query: dict[str, t.Any] = {"pagination": "keyset", "per_page": KEYSET_PAGE}
    while True:
        answer = _get(client, _tags_path(repository), query=query, attempt=attempt)
        page = [_tag_name(row, attempt) for row in _array(answer, attempt)]
        if "last" in query and not page:
            raise _incomplete(answer, "a page behind a next link is empty", attempt)
        if any(name in names for name in page):
            raise _incomplete(answer, "a page repeats tags of the pages before it", attempt)
        names.update(dict.fromkeys(page))
        following = answer.next_query
        if following is None:
            return list(names)
        if "last" not in following:
            raise _incomplete(answer, "the next link does not say where it goes on", attempt)
        query = {**query, "last": following["last"]}


def tag_names_offset(client: Client, repository: Repository) -> list[str]:
    """All tag names by numbered pages. Exactly LISTING_CAP of them may be a listing that was cut off."""
    attempt = f"list the tags of {repository.path}"
    rows = _pages(client, _tags_path(repository), {}, attempt)
    return list(dict.fromkeys(_tag_name(row, attempt) for row in rows))


def first_tag_names(client: Client, repository: Repository) -> list[str]:
    """The names on the first numbered page: enough to see that there are tags."""
    attempt = f"list the tags of {repository.path}"
    answer = _get(client, _tags_path(repository), query={"per_page": PAGE, "page": 1}, attempt=attempt)
    return [_tag_name(row, attempt) for row in _array(answer, attempt)]


def tag_detail(client: Client, repository: Repository, name: str) -> Tag | None:
    """A tag with its details; None for a 404, which does not prove that the tag is gone."""
    attempt = f"read tag {repository.path}:{name}"
    answer = _request(client, "GET", f"{_tags_path(repository)}/{segment(name)}", attempt=attempt, accept=(404,))
    if answer.status == 404:
        return None
    row = _object(answer, attempt)
    if row.get("name") != name:
        raise _incomplete(answer, "the answer is about another tag", attempt)
    return Tag(
        name,
        digest=row.get("digest") or None,
        created=parse_time(row.get("created_at")),
        size=row.get("total_size"),
        details_read=True,
    )


def delete_tag(client: Client, repository: Repository, name: str) -> Response:
    """Ask for one tag's deletion. Returns a 200, a 404 or a 403: what the last two mean depends on the release.

    It is sent once: whoever asks again has to look at the tag before.
    """
    return _request(
        client,
        "DELETE",
        f"{_tags_path(repository)}/{segment(name)}",
        attempt=f"delete tag {repository.path}:{name}",
        accept=(403, 404),
        resend=ONCE,
    )


def bulk_delete_tags(client: Client, repository: Repository, parameters: t.Mapping[str, t.Any]) -> None:
    """Ask for a bulk deletion, which GitLab carries out in the background and never tells of again.

    The parameters travel in a JSON body, in which no character of a pattern has a second meaning. Only one request an
    hour is taken for a repository, whatever becomes of it: the next one is refused with an error of kind lease. The
    request is never sent again unless GitLab says that it did nothing (429).
    """
    attempt = f"delete tags of {repository.path} in bulk"
    try:
        _request(
            client,
            "DELETE",
            _tags_path(repository),
            body=dict(parameters),
            resend=REFUSED,
            attempt=attempt,
            success=202,
        )
    except RegistryError as error:
        if error.status == 400 and error.message.startswith(LEASE_TAKEN):
            error.kind, error.advice = "lease", ADVICE["lease"]
        raise


def any_image_prefix(client: Client) -> str | None:
    """The registry's host with the path of some project; None where no project can be seen or there is no registry."""
    attempt = "find out where the registry is"
    answer = _get(client, "/projects", query={"per_page": 1, "order_by": "id"}, attempt=attempt)
    return next((_project(row).image_prefix for row in _array(answer, attempt)), None)


def delete_repository(client: Client, repository: Repository) -> None:
    """Have GitLab delete a repository, which it does in the background: get_repository tells how far it is.

    Asking again while it is under way changes nothing, and after it failed makes it go on.
    """
    path = f"/projects/{repository.project_id}/registry/repositories/{repository.id}"
    _request(client, "DELETE", path, attempt=f"delete repository {repository.path}", success=202)


def caller_is_administrator(client: Client) -> bool:
    """Whether the token acts as an administrator: GitLab shows is_admin to administrators alone."""
    return bool(_object(_get(client, "/user", attempt="read the token's own user")).get("is_admin"))


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


def _request(
    client: Client,
    method: str,
    path: str,
    *,
    query: t.Mapping[str, t.Any] | None = None,
    body: t.Any = None,
    resend: frozenset[int] = SAFE,
    attempt: str,
    success: int = 200,
    accept: tuple[int, ...] = (),
) -> Response:
    try:
        answer = client.request(method, API + path, query=query, body=body, resend=resend)
    except RegistryError as error:
        error.attempt = attempt
        raise
    if answer.status == success or answer.status in accept:
        return answer
    raise error_of(answer, attempt)


def _get(client: Client, path: str, *, query: t.Mapping[str, t.Any] | None = None, attempt: str) -> Response:
    return _request(client, "GET", path, query=query, attempt=attempt)


def _pages(client: Client, path: str, query: t.Mapping[str, t.Any], attempt: str) -> list[dict[str, t.Any]]:
    """All rows of a listing with numbered pages, led by what each page says of the next one, never by counts."""
    rows: list[dict[str, t.Any]] = []
    page = 1
    while True:
        answer = _get(client, path, query={**query, "per_page": PAGE, "page": page}, attempt=attempt)
        found = _array(answer, attempt)
        if page > 1 and not found:
            raise _incomplete(answer, f"page {page} is empty although the page before led to it", attempt)
        rows += found
        following = _next_page(answer)
        if following is None:
            return rows
        if following <= page:
            raise _incomplete(answer, f"page {page} leads back to page {following}", attempt)
        page = following


def _next_page(answer: Response) -> int | None:
    """The next page's number: X-Next-Page, or where a proxy removed it the query of Link. Its host is never used."""
    text = answer.headers.get("X-Next-Page")
    if text is None:
        text = (answer.next_query or {}).get("page", "")
    return int(text) if text.isdigit() else None


def _incomplete(answer: Response, message: str, attempt: str) -> RegistryError:
    return RegistryError(
        "incomplete",
        message,
        attempt=attempt,
        method=answer.method,
        path=answer.path,
        request_id=answer.request_id,
    )


def _object(answer: Response, attempt: str = "") -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", _shaped(answer, dict, attempt))


def _array(answer: Response, attempt: str) -> list[dict[str, t.Any]]:
    rows = t.cast("list[t.Any]", _shaped(answer, list, attempt))
    if not all(isinstance(row, dict) for row in rows):
        raise _incomplete(answer, "the listing holds something that is no object", attempt)
    return rows


def _shaped(answer: Response, shape: type, attempt: str) -> t.Any:
    try:
        body = answer.json()
    except RegistryError as error:
        error.attempt = attempt or "read what GitLab answered"
        raise
    if not isinstance(body, shape):
        raise _incomplete(answer, "the answer has another shape than GitLab's", attempt)
    return body


def _field(row: t.Mapping[str, t.Any], name: str) -> t.Any:
    if row.get(name) is None:
        raise RegistryError("incomplete", f"the answer has no {name}", attempt="read what GitLab answered")
    return row[name]


def _project(row: t.Mapping[str, t.Any]) -> Project:
    policy = row.get("container_expiration_policy")
    namespace = row.get("namespace")
    return Project(
        id=int(_field(row, "id")),
        path=str(_field(row, "path_with_namespace")),
        namespace=str(namespace.get("full_path", "")) if isinstance(namespace, dict) else "",
        access_level=row.get("container_registry_access_level"),
        policy=_policy(policy) if isinstance(policy, dict) else None,
        archived=bool(row.get("archived")),
        image_prefix=row.get("container_registry_image_prefix"),
    )


def _policy(row: t.Mapping[str, t.Any]) -> ServerPolicy:
    """The documentation speaks of name_regex_delete too; releases answer name_regex."""
    return ServerPolicy(
        enabled=bool(row.get("enabled")),
        cadence=row.get("cadence"),
        keep_n=row.get("keep_n"),
        older_than=row.get("older_than"),
        name_regex=row.get("name_regex", row.get("name_regex_delete")),
        name_regex_keep=row.get("name_regex_keep"),
        next_run_at=row.get("next_run_at"),
    )


def _repository(row: t.Mapping[str, t.Any]) -> Repository:
    return Repository(
        id=int(_field(row, "id")),
        path=str(_field(row, "path")).lower(),
        name=str(_field(row, "name")).lower(),
        project_id=int(_field(row, "project_id")),
        location=str(row.get("location") or ""),
        status=row.get("status"),
        created_at=row.get("created_at"),
        cleanup_policy_started_at=row.get("cleanup_policy_started_at"),
        tags_count=row.get("tags_count"),
        size=row.get("size"),
    )


def _tag_name(row: t.Mapping[str, t.Any], attempt: str) -> str:
    name = row.get("name")
    if not isinstance(name, str) or not TAG_NAME.fullmatch(name):
        raise RegistryError("incomplete", f"the listing holds {name!r}, which is no tag name", attempt=attempt)
    return name


def _tags_path(repository: Repository) -> str:
    return f"/projects/{repository.project_id}/registry/repositories/{repository.id}/tags"
