# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""GitLab's REST endpoints for projects, repositories and tags as typed functions.

Every function raises RequestError when the answer is not the one it is named after.
"""

from __future__ import annotations

import typing as t

from .._core.errors import ErrorKind, RequestError
from .._core.models import TAG_NAME, Project, Repository, ServerPolicy, Tag, config_digest, parse_time
from .._http.client import Client
from .._http.messages import Response
from .._http.retry import RetryPolicy
from .rest import PAGE, an_array, an_object, error_of, field, get, pages, request, rows, segment

# GitLab lowers a keyset page above this: lib/api/project_container_repositories.rb.
KEYSET_PAGE = 1000
# Without a metadata database GitLab asks its registry for this many tags and does not go on.
LISTING_CAP = 10000
# app/models/deployment.rb: those that brought or may bring their image to the environment.
_DEPLOYED = frozenset({"success", "running", "blocked"})
# lib/gitlab/ci/variables/builder: CI_COMMIT_SHORT_SHA
SHORT_SHA = 8

# lib/api/project_container_repositories.rb; only this text tells it from other bad requests.
LEASE_TAKEN = "This request has already been made"


def get_project(client: Client, project: str | int) -> Project:
    """A project by id or full path; a moved project's old path leads to it."""
    answer = get(client, f"/projects/{segment(project)}", operation=f"read project {project!s}")
    return project_of(an_object(answer))


def group_projects(client: Client, group: str | int) -> list[Project]:
    """The projects of a group and its subgroups, without those that other groups share with it."""
    query = {
        "include_subgroups": "true",
        "with_shared": "false",
        "order_by": "id",
        "sort": "asc",
    }
    operation = f"list the projects of group {group!s}"
    return [project_of(row) for row in pages(client, f"/groups/{segment(group)}/projects", query, operation)]


def all_projects(client: Client) -> list[Project]:
    """All projects that the caller may see, by keysets, since numbered pages end at 50,000 projects.

    GitLab leads on from every page that has anything, so the last one is empty.
    """
    operation = "list the projects of the instance"
    query: dict[str, t.Any] = {"pagination": "keyset", "order_by": "id", "sort": "asc", "per_page": PAGE}
    found: list[Project] = []
    while True:
        answer = get(client, "/projects", query=query, operation=operation)
        page = [project_of(row) for row in an_array(answer)]
        if any(project.id <= query.get("id_after", 0) for project in page):
            raise answer.untrusted("a page repeats projects of the pages before it")
        found += page
        if answer.next_query is None and len(page) < PAGE:
            return found
        if answer.next_query is None or not page:
            raise answer.untrusted("a page does not say where the list goes on")
        query["id_after"] = page[-1].id


def get_registry_size(client: Client, project: Project) -> int | None:
    """The bytes of a project's images; None where GitLab does not know, as without a metadata database."""
    operation = f"read the size of the registry of project {project.path}"
    answer = get(client, f"/projects/{project.id}", query={"statistics": "true"}, operation=operation)
    size = (an_object(answer).get("statistics") or {}).get("container_registry_size")
    return size if isinstance(size, int) else None


def get_group_path(client: Client, group: str | int) -> str:
    """The full path of a group."""
    answer = get(
        client, f"/groups/{segment(group)}", query={"with_projects": "false"}, operation=f"read group {group!s}"
    )
    return str(field(an_object(answer), "full_path"))


def project_repositories(client: Client, project: str | int, *, tags_count: bool = False) -> list[Repository]:
    """The repositories of a project; tags_count costs GitLab a registry call for each."""
    query = {"tags_count": "true"} if tags_count else {}
    operation = f"list the repositories of project {project!s}"
    return [
        _repository(row)
        for row in pages(client, f"/projects/{segment(project)}/registry/repositories", query, operation)
    ]


def group_repositories(client: Client, group: str | int) -> list[Repository]:
    """The repositories of a group and its subgroups; projects with a disabled registry are left out by GitLab."""
    operation = f"list the repositories of group {group!s}"
    return [_repository(row) for row in pages(client, f"/groups/{segment(group)}/registry/repositories", {}, operation)]


def get_repository(client: Client, repository_id: int, *, tags_count: bool = False, size: bool = False) -> Repository:
    """One repository by its id."""
    query = {name: "true" for name, wanted in (("tags_count", tags_count), ("size", size)) if wanted}
    answer = get(
        client, f"/registry/repositories/{repository_id}", query=query, operation=f"read repository {repository_id}"
    )
    return _repository(an_object(answer))


def keyset_supported(client: Client, repository: Repository) -> bool | None:
    """Whether GitLab lists tags by keyset, which it does only before a registry with metadata database.

    True: 200 without X- headers. False: 405, which an unreachable registry gives too. None: a release from before
    keyset listings, which ignores the parameter.
    """
    query = {"pagination": "keyset", "per_page": 1}
    operation = f"find out what registry holds {repository.path}"
    answer = request(client, "GET", _tags_path(repository), query=query, operation=operation, accept=(405,))
    if answer.status == 405:
        return False
    an_array(answer)
    return None if "X-Page" in answer.headers else True


def tag_names_keyset(client: Client, repository: Repository) -> list[str]:
    """All tag names, 1000 a page; only before a registry with metadata database."""
    operation = f"list the tags of {repository.path}"
    names: dict[str, None] = {}
    query: dict[str, t.Any] = {"pagination": "keyset", "per_page": KEYSET_PAGE}
    while True:
        answer = get(client, _tags_path(repository), query=query, operation=operation)
        page = [_tag_name(row, operation) for row in an_array(answer)]
        if "last" in query and not page:
            raise answer.untrusted("a page behind a next link is empty")
        if any(name in names for name in page):
            raise answer.untrusted("a page repeats tags of the pages before it")
        names.update(dict.fromkeys(page))
        following = answer.next_query
        if following is None:
            return list(names)
        if "last" not in following:
            raise answer.untrusted("the next link does not say where it goes on")
        query = {**query, "last": following["last"]}


def tag_names_offset(client: Client, repository: Repository) -> list[str]:
    """All tag names by numbered pages. Exactly LISTING_CAP of them may be a listing that was cut off."""
    operation = f"list the tags of {repository.path}"
    rows = pages(client, _tags_path(repository), {}, operation)
    return list(dict.fromkeys(_tag_name(row, operation) for row in rows))


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
        digest=row.get("digest") or None,
        created=parse_time(row.get("created_at")),
        size=row.get("total_size"),
        details_read=True,
        config_digest=config_digest(row.get("revision")),
    )


def delete_tag(client: Client, repository: Repository, name: str) -> Response:
    """Ask for one tag's deletion. Returns a 200, a 404 or a 403: what the last two mean depends on the release.

    It is sent once: whoever asks again has to look at the tag before.
    """
    return request(
        client,
        "DELETE",
        f"{_tags_path(repository)}/{segment(name)}",
        operation=f"delete tag {repository.path}:{name}",
        accept=(403, 404),
        retry=RetryPolicy.NEVER,
    )


def bulk_delete_tags(client: Client, repository: Repository, parameters: t.Mapping[str, t.Any]) -> None:
    """Ask for a bulk deletion, which GitLab carries out in the background and never tells of again.

    The parameters travel in a JSON body, in which no character of a pattern has a second meaning. Only one request an
    hour is taken for a repository, whatever becomes of it: the next one is refused with an error of kind lease. The
    request is never sent again unless GitLab says that it did nothing (429).
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
        taken = error.message.startswith(LEASE_TAKEN)
        raise error.replace(kind=ErrorKind.LEASE, advice=None) if taken else error


def active_refs(client: Client, number: int, kind: str) -> list[str]:
    """What is alive in a project's git repository. kind: branches, tags, or merge_requests (their source branches)."""
    operation = f"list the {kind.replace('_', ' ')} of project {number}"
    if kind == "merge_requests":
        rows = pages(client, f"/projects/{number}/merge_requests", {"state": "opened"}, operation)
        return [str(field(row, "source_branch")) for row in rows]
    return [str(field(row, "name")) for row in pages(client, f"/projects/{number}/repository/{kind}", {}, operation)]


def deployed_refs(client: Client, number: int, keep: int) -> list[str]:
    """Refs and commits of the last deployments of each environment of a project that was not stopped.

    keep: how many that succeeded. What runs or waits for approval after the oldest of these counts too. A commit is
    given with the short form of it that names images (CI_COMMIT_SHORT_SHA).
    """
    operation = f"list the environments of project {number}"
    found: dict[str, None] = {}
    for environment in pages(client, f"/projects/{number}/environments", {}, operation):
        if environment.get("state") == "stopped":
            continue
        name = str(field(environment, "name"))
        query = {"environment": name, "order_by": "id", "sort": "desc"}
        operation = f"list the deployments of {name} of project {number}"
        left = keep
        for row in rows(client, f"/projects/{number}/deployments", query, operation):
            if row.get("status") not in _DEPLOYED:
                continue
            commit = str(field(row, "sha"))
            found.update(dict.fromkeys((str(field(row, "ref")), commit, commit[:SHORT_SHA])))
            left -= row["status"] == "success"
            if left <= 0:
                break
    return list(found)


def any_image_prefix(client: Client) -> str | None:
    """The registry's host with the path of some project; None where no project can be seen or there is no registry."""
    operation = "find out where the registry is"
    answer = get(client, "/projects", query={"per_page": 1, "order_by": "id"}, operation=operation)
    return next((project_of(row).image_prefix for row in an_array(answer)), None)


def delete_repository(client: Client, repository: Repository) -> None:
    """Have GitLab delete a repository, which it does in the background: get_repository tells how far it is.

    Asking again while it is under way changes nothing, and after it failed makes it go on.
    """
    path = f"/projects/{repository.project_id}/registry/repositories/{repository.id}"
    request(client, "DELETE", path, operation=f"delete repository {repository.path}", success=202)


def caller_is_administrator(client: Client) -> bool:
    """Whether the token acts as an administrator: GitLab shows is_admin to administrators alone."""
    return bool(an_object(get(client, "/user", operation="read the token's own user")).get("is_admin"))


def project_of(row: t.Mapping[str, t.Any]) -> Project:
    """A project as GitLab writes it."""
    policy = row.get("container_expiration_policy")
    namespace = row.get("namespace")
    namespace = namespace if isinstance(namespace, dict) else {}
    return Project(
        id=int(field(row, "id")),
        path=str(field(row, "path_with_namespace")),
        namespace=str(namespace.get("full_path", "")),
        access_level=row.get("container_registry_access_level"),
        policy=_policy(policy) if isinstance(policy, dict) else None,
        archived=bool(row.get("archived")),
        image_prefix=row.get("container_registry_image_prefix"),
        name=str(row.get("name") or ""),
        description=str(row.get("description") or ""),
        topics=tuple(str(topic) for topic in row.get("topics") or ()),
        visibility=row.get("visibility"),
        url=str(row.get("web_url") or ""),
        personal=namespace.get("kind") == "user",
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
        id=int(field(row, "id")),
        path=str(field(row, "path")).lower(),
        name=str(field(row, "name")).lower(),
        project_id=int(field(row, "project_id")),
        location=str(row.get("location") or ""),
        status=row.get("status"),
        created_at=row.get("created_at"),
        cleanup_policy_started_at=row.get("cleanup_policy_started_at"),
        tags_count=row.get("tags_count"),
        size=row.get("size"),
    )


def _tag_name(row: t.Mapping[str, t.Any], operation: str) -> str:
    name = row.get("name")
    if not isinstance(name, str) or not TAG_NAME.fullmatch(name):
        raise RequestError(
            ErrorKind.INCOMPLETE, f"the listing holds {name!r}, which is no tag name", operation=operation
        )
    return name


def _tags_path(repository: Repository) -> str:
    return f"/projects/{repository.project_id}/registry/repositories/{repository.id}/tags"
