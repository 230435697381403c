# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""GitLab's REST endpoints for projects, groups and users as typed functions.

Every function raises RequestError when the answer is not the one it is named after.
"""

from __future__ import annotations

import typing as t

from .._core.errors import ErrorKind, RequestError
from .._core.models import Project, ServerPolicy
from .._core.scope import looks_like_host, without_host
from .._http.client import Client
from .._http.messages import MOST_PAGES
from .fields import Row, a_flag, a_name, a_number, an_object_in, number_or_none, text_or_none, texts
from .rest import PAGE, an_array, an_object, get, rows, segment

_ACCESS = ("project_access", "group_access")
_DEVELOPER = 30


def get_project(client: Client, project: str | int) -> Project:
    """A project by id or full path; a moved project's old path leads to it."""
    answer = get(client, f"/projects/{segment(project)}", operation=f"read project {project!s}")
    return project_of(an_object(answer))


def named_project(client: Client, name: str) -> Project:
    """A project by the id or full path that a user gave. Where there is none, the error says what else the path is."""
    try:
        return get_project(client, name)
    except RequestError as error:
        raise _explained(client, error, name, "project", "group") from None


def named_group_projects(client: Client, name: str) -> list[Project]:
    """The projects of a group by the id or full path that a user gave, as in named_project."""
    try:
        return group_projects(client, name)
    except RequestError as error:
        raise _explained(client, error, name, "group", "project") from None


def _explained(client: Client, error: RequestError, name: str, kind: str, other: str) -> RequestError:
    """The error of a name, with what may be wrong about it: it is of the other kind, or begins with a host."""
    if error.status != 404 or name.isdigit():
        return error
    try:
        get(client, f"/{other}s/{segment(name)}", operation=f"read {other} {name}")
    except RequestError:
        return error.replace(advice=without_host(name)) if looks_like_host(name) else error
    return error.replace(advice=f"It is a {other}: name it as a {other}, not as a {kind}.")


def group_projects(client: Client, group: str | int) -> list[Project]:
    """The projects of a group and its subgroups, without those that other groups share with it."""
    query = {
        "include_subgroups": "true",
        "with_shared": "false",
        "order_by": "id",
        "sort": "asc",
    }
    operation = f"list the projects of group {group!s}"
    return [project_of(row) for row in rows(client, f"/groups/{segment(group)}/projects", query, operation)]


def all_projects(client: Client) -> list[Project]:
    """All projects that the caller may see, by keysets, since numbered pages end at 50,000 projects.

    Every page that has anything has a link to a next one, so the last page is empty.
    """
    operation = "list the projects of the instance"
    query: dict[str, t.Any] = {"pagination": "keyset", "order_by": "id", "sort": "asc", "per_page": PAGE}
    found: list[Project] = []
    for _page in range(MOST_PAGES):
        answer = get(client, "/projects", query=query, operation=operation)
        page = [project_of(row) for row in an_array(answer)]
        if any(project.id <= query.get("id_after", 0) for project in page):
            raise answer.untrusted("a page repeats projects of the pages before it")
        found += page
        if answer.next_query is None and len(page) < PAGE:
            return found
        if answer.next_query is None or not page:
            raise answer.untrusted("a page does not say where the list continues")
        query["id_after"] = page[-1].id
    raise answer.untrusted(f"the list has no end after {MOST_PAGES} pages")


def get_group_path(client: Client, group: str | int) -> str:
    """The full path of a group."""
    answer = get(
        client, f"/groups/{segment(group)}", query={"with_projects": "false"}, operation=f"read group {group!s}"
    )
    return a_name(an_object(answer), "full_path")


def get_registry_size(client: Client, project: Project) -> int | None:
    """The size of a project's images in bytes; None where GitLab does not know it, as without a metadata database."""
    operation = f"read the size of the registry of project {project.path}"
    answer = get(client, f"/projects/{project.id}", query={"statistics": "true"}, operation=operation)
    return number_or_none(an_object_in(an_object(answer), "statistics"), "container_registry_size")


def why_role_is_too_low(client: Client, project_id: int) -> str:
    """Why the caller's role in a project deletes no tags, a sentence without its end; empty if that is not shown.

    One request. GitLab shows the roles in the project and its groups: lib/api/entities/project_with_access.rb. Deleting
    tags needs Developer: app/policies/project_policy.rb.
    """
    try:
        row = an_object(get(client, f"/projects/{project_id}", operation=f"read project {project_id}"))
        if not _is_below_developer(row):
            return ""
    except RequestError:
        return ""
    return (
        f"GitLab answered 403, and shows no role for the token in project {row.get('path_with_namespace')} that may "
        "delete tags: it needs at least Developer"
    )


def why_no_package_is_stored(client: Client, project: str) -> str:
    """Why nothing can be stored in a package of a project, a sentence without its end; empty if that is not shown.

    One request. Storing needs Developer: app/policies/project_policy.rb.
    """
    try:
        row = an_object(get(client, f"/projects/{segment(project)}", operation=f"read project {project}"))
        if row.get("packages_enabled") is False or row.get("package_registry_access_level") == "disabled":
            return f"project {project} has no package registry"
        if not _is_below_developer(row):
            return ""
    except RequestError as error:
        return str(error).rstrip(".") if error.status in (403, 404) else ""
    return f"storing in a package of project {project} needs at least the role Developer, which the token does not have"


def _is_below_developer(row: Row) -> bool:
    """Whether the caller's role in a project is shown, and is too low for most changes.

    Raises:
        RequestError: it can't be read.
    """
    shown = an_object_in(row, "permissions")
    found = [number_or_none(an_object_in(shown, kind), "access_level") for kind in _ACCESS if shown.get(kind)]
    levels = [level for level in found if level is not None]
    # Roles by groups that the project is shared with are not shown.
    return bool(levels) and max(levels) < _DEVELOPER and row.get("shared_with_groups") == []


def any_image_prefix(client: Client) -> str | None:
    """The registry's host with the path of some project; None where no project can be seen or there is no registry."""
    operation = "find the address of the registry"
    answer = get(client, "/projects", query={"per_page": 1, "order_by": "id"}, operation=operation)
    return next((project_of(row).image_prefix for row in an_array(answer)), None)


def caller_is_administrator(client: Client) -> bool:
    """Whether the token acts as an administrator: GitLab shows is_admin to administrators alone."""
    return a_flag(an_object(get(client, "/user", operation="read the token's own user")), "is_admin")


def project_of(row: Row) -> Project:
    """A project as GitLab writes it.

    lib/api/entities/project.rb: only forks have these keys, and that of the other project is for those who may see it.
    """
    policy, namespace = row.get("container_expiration_policy"), an_object_in(row, "namespace")
    return Project(
        id=a_number(row, "id"),
        path=a_name(row, "path_with_namespace"),
        namespace=text_or_none(namespace, "full_path") or "",
        access_level=text_or_none(row, "container_registry_access_level"),
        policy=None if policy is None else _policy(an_object_in(row, "container_expiration_policy")),
        archived=a_flag(row, "archived"),
        image_prefix=text_or_none(row, "container_registry_image_prefix"),
        name=text_or_none(row, "name") or "",
        description=text_or_none(row, "description") or "",
        topics=texts(row, "topics"),
        visibility=text_or_none(row, "visibility"),
        url=text_or_none(row, "web_url") or "",
        personal=namespace.get("kind") == "user",
        is_fork="mr_default_target_self" in row or "forked_from_project" in row,
    )


def no_registry(operation: str) -> RequestError:
    """The failure of what needs a container registry on a GitLab that has none."""
    advice = "An administrator has to enable it for the instance."
    return RequestError(
        ErrorKind.NOT_FOUND, "this GitLab has no container registry", operation=operation, advice=advice
    )


def _policy(row: Row) -> ServerPolicy:
    """A cleanup policy. GitLab documents name_regex_delete too; its releases answer name_regex."""
    return ServerPolicy(
        enabled=a_flag(row, "enabled"),
        cadence=text_or_none(row, "cadence"),
        keep_n=number_or_none(row, "keep_n"),
        older_than=text_or_none(row, "older_than"),
        name_regex=text_or_none(row, "name_regex" if "name_regex" in row else "name_regex_delete"),
        name_regex_keep=text_or_none(row, "name_regex_keep"),
        next_run_at=text_or_none(row, "next_run_at"),
    )
