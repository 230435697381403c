# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The REST endpoints: each a function of the request's context, in GitLab's order of checks."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from . import registry
from .permissions import (
    Caller,
    Refused,
    can_delete_images,
    can_read_images,
    can_see_group,
    can_see_project,
    check_scope,
    group_level,
    is_protected,
    message,
    project_level,
)
from .state import LEVELS, Group, Project, Repository, State


@dataclass
class Context:
    state: State
    backend: registry.Backend
    caller: Caller
    method: str
    path: str
    query: dict[str, str]
    base_url: str
    route: dict[str, str] = field(default_factory=dict)
    headers: list[tuple[str, str]] = field(default_factory=list)


Handler = Callable[[Context], tuple[int, Any]]


def find_project(context: Context, reference: str) -> Project:
    state, caller = context.state, context.caller
    if re.fullmatch(r"-?\d+", reference):
        project = state.projects.get(int(reference))
    else:
        project = next((item for item in state.projects.values() if item.path.lower() == reference.lower()), None)
        if project is None and "/" in reference:
            moved = next((item for item in state.projects.values() if reference in item.former_paths), None)
            if moved and can_see_project(state, caller, moved):
                if context.method != "GET":
                    raise message(405, "Non GET methods are not allowed for moved projects")
                encoded = reference.replace("/", "%2F")
                target = context.path.replace(f"/projects/{encoded}", f"/projects/{moved.id}", 1)
                query = "?" + urlencode(context.query) if context.query else ""
                context.headers.append(("Location", context.base_url + target + query))
                raise Refused(301, {"message": "This resource has been moved"})
    if project is None or not can_see_project(state, caller, project):
        raise message(404, "404 Project Not Found")
    return project


def find_group(context: Context, reference: str) -> Group:
    state = context.state
    group = state.groups.get(int(reference)) if reference.isdigit() else state.group_by_path(reference)
    if group is None or not can_see_group(state, context.caller, group):
        raise message(404, "404 Group Not Found")
    return group


def registry_project(context: Context) -> Project:
    """The checks before every project registry endpoint: token, project, permission to read images."""
    caller = context.caller
    if caller.is_job and caller.token and caller.token.project:
        own = next((item for item in context.state.projects.values() if item.path == caller.token.project), None)
        reference = context.route["id"]
        if own is None or reference.lower() not in (str(own.id), own.path.lower()):
            text = (
                "403 Forbidden - This project's CI/CD job token cannot be used to authenticate with the container "
                "registry of a different project."
            )
            raise message(403, text)
    project = find_project(context, context.route["id"])
    if not can_read_images(context.state, caller, project):
        raise message(403, "403 Forbidden")
    return project


def no_job_token(context: Context) -> None:
    if context.caller.is_job:
        raise message(401, "401 Unauthorized")


def flag(context: Context, name: str) -> bool:
    text = context.query.get(name, "false")
    if text not in ("true", "false", "1", "0", ""):
        raise Refused(400, {"error": f"{name} is invalid"})
    return text in ("true", "1")


def number(context: Context, name: str, default: int) -> int:
    text = context.query.get(name)
    if text is None or text == "":
        return default
    if not re.fullmatch(r"-?\d+", text):
        raise Refused(400, {"error": f"{name} is invalid"})
    value = int(text)
    if name == "per_page" and value == 0:
        raise Refused(400, {"error": "per_page has a value not allowed"})
    if value < 1:
        raise Refused(400, {"error": f"{name} does not have a valid value"})
    return value


def paginate(context: Context, rows: list[Any]) -> list[Any]:
    page, asked = number(context, "page", 1), number(context, "per_page", 20)
    size = min(asked, 100)
    total, pages = len(rows), max(1, -(-len(rows) // size))
    following = str(page + 1) if page * size < total else ""
    context.headers += [
        ("X-Per-Page", str(size)),
        ("X-Page", str(page)),
        ("X-Next-Page", following),
        ("X-Prev-Page", str(page - 1) if page > 1 else ""),
    ]
    links = []
    if page > 1:
        links.append(link(context, "prev", page=page - 1, per_page=asked))
    if following:
        links.append(link(context, "next", page=page + 1, per_page=asked))
    links.append(link(context, "first", page=1, per_page=asked))
    if total < 10000:
        context.headers += [("X-Total", str(total)), ("X-Total-Pages", str(pages))]
        links.append(link(context, "last", page=pages, per_page=asked))
    context.headers.append(("Link", ", ".join(links)))
    return rows[(page - 1) * size : page * size]


def link(context: Context, relation: str, **changes: Any) -> str:
    base = context.state.external_url or context.base_url
    query = urlencode(
        sorted({**context.route, **context.query, **{key: str(value) for key, value in changes.items()}}.items())
    )
    return f'<{base}{context.path}?{query}>; rel="{relation}"'


def project_row(context: Context, project: Project) -> dict[str, Any]:
    group = context.state.group_by_path(project.namespace)
    row = {
        "id": project.id,
        "name": project.path.rpartition("/")[2],
        "path": project.path.rpartition("/")[2],
        "path_with_namespace": project.path,
        "namespace": {"id": group.id if group else 0, "full_path": project.namespace, "kind": "group"},
        "visibility": project.visibility,
        "archived": project.archived,
        "web_url": f"{context.base_url}/{project.path}",
        "container_registry_access_level": project.access_level,
        "container_registry_enabled": can_read_images(context.state, context.caller, project),
    }
    if context.state.registry["enabled"]:
        row["container_registry_image_prefix"] = f"{context.state.registry['host']}/{project.path.lower()}"
    if project.policy is not None:
        row["container_expiration_policy"] = project.policy
    return row


def repository_row(context: Context, repository: Repository) -> dict[str, Any]:
    return {
        "id": repository.id,
        "name": repository.name,
        "path": repository.path,
        "project_id": repository.project_id,
        "location": f"{context.state.registry['host']}/{repository.path}",
        "created_at": repository.created_at,
        "cleanup_policy_started_at": repository.policy_started_at,
        "status": repository.status,
    }


def tag_row(context: Context, repository: Repository, name: str) -> dict[str, Any]:
    host = context.state.registry["host"]
    return {"name": name, "path": f"{repository.path}:{name}", "location": f"{host}/{repository.path}:{name}"}


def listed_names(context: Context, repository: Repository) -> list[str]:
    """Offset listings and counts: an unreachable registry is a 503, a failing one an empty list."""
    try:
        return context.backend.names(repository)
    except registry.Unreachable:
        text = (
            "We are having trouble connecting to the Container Registry. If this error persists, please review the "
            "troubleshooting documentation."
        )
        raise message(503, text) from None
    except registry.Failed:
        return []


def full_row(context: Context, repository: Repository) -> dict[str, Any]:
    row = repository_row(context, repository)
    if flag(context, "tags_count"):
        row["tags_count"] = len(listed_names(context, repository))
    if flag(context, "tags"):
        row["tags"] = [tag_row(context, repository, name) for name in listed_names(context, repository)]
    return row


def project_repositories(context: Context) -> tuple[int, Any]:
    project = registry_project(context)
    flag(context, "tags"), flag(context, "tags_count")
    rows = sorted(
        (row for row in context.state.repositories.values() if row.project_id == project.id), key=lambda row: row.id
    )
    return 200, [full_row(context, row) for row in paginate(context, rows)]


def group_repositories(context: Context) -> tuple[int, Any]:
    no_job_token(context)
    group = find_group(context, context.route["id"])
    if group_level(context.state, context.caller, group.path) < LEVELS["reporter"]:
        raise message(403, "403 Forbidden")
    inside = {
        project.id
        for project in context.state.projects.values()
        if within(project, group) and project.access_level != "disabled"
    }
    rows = sorted(
        (row for row in context.state.repositories.values() if row.project_id in inside), key=lambda row: row.id
    )
    return 200, [repository_row(context, row) for row in paginate(context, rows)]


def within(project: Project, group: Group) -> bool:
    return (project.namespace + "/").lower().startswith(group.path.lower() + "/")


def single_repository(context: Context) -> tuple[int, Any]:
    no_job_token(context)
    if context.caller.user is None:
        raise message(401, "401 Unauthorized")
    repository = context.state.repositories.get(int(context.route["id"]))
    if repository is None:
        raise message(404, "404 Not found")
    project = context.state.projects[repository.project_id]
    if not can_read_images(context.state, context.caller, project):
        raise message(403, "403 Forbidden")
    row = full_row(context, repository)
    if flag(context, "size"):
        row["size"] = context.backend.size(repository)
    if project_level(context.state, context.caller, project) >= LEVELS["maintainer"]:
        row["delete_api_path"] = (
            f"{context.base_url}/api/v4/projects/{project.id}/registry/repositories/{repository.id}"
        )
    return 200, row


def find_repository(context: Context, project: Project) -> Repository:
    text = context.route["repository_id"]
    if not text.isdigit():
        raise Refused(400, {"error": "repository_id is invalid"})
    repository = context.state.repositories.get(int(text))
    if repository is None or repository.project_id != project.id:
        raise message(404, "404 Not found")
    return repository


def tags(context: Context) -> tuple[int, Any]:
    project = registry_project(context)
    per_page = number(context, "per_page", 20)
    repository = find_repository(context, project)
    if context.query.get("pagination") != "keyset":
        names = listed_names(context, repository)
        return 200, [tag_row(context, repository, name) for name in paginate(context, names)]
    try:
        keyset = context.backend.supports_keyset(repository)
        size = min(per_page, 1000)
        page, more = context.backend.page(
            repository, context.query.get("last"), size, context.query.get("sort") == "desc"
        )
    except registry.Unreachable:
        keyset = False
        page, more = [], False
    except registry.Failed:
        return 200, []
    if not keyset:
        raise message(405, "405 Method Not Allowed")
    if more:
        sort = "desc" if context.query.get("sort") == "desc" else "asc"
        context.headers.append(
            ("Link", link(context, "next", pagination="keyset", per_page=size, last=page[-1].name, sort=sort))
        )
    return 200, [tag_row(context, repository, tag.name) for tag in page]


def tag_detail(context: Context) -> tuple[int, Any]:
    project = registry_project(context)
    repository = find_repository(context, project)
    name = context.route["tag_name"]
    try:
        tag = context.backend.detail(repository, name)
    except registry.Unreachable:
        raise message(503, "We are having trouble connecting to the Container Registry.") from None
    except registry.Failed:
        tag = None
    except registry.Broken:
        raise message(500, "500 Internal Server Error") from None
    if tag is None:
        raise message(404, "404 Tag Not Found")
    return 200, {**tag_row(context, repository, name), **tag}


def delete_tag(context: Context) -> tuple[int, Any]:
    project = registry_project(context)
    repository = find_repository(context, project)
    name = context.route["tag_name"]
    if not can_delete_images(context.state, context.caller, project):
        raise message(403, "403 Forbidden")
    try:
        if not context.backend.exists_for_deletion(repository, name):
            raise message(403, "403 Forbidden")
        if is_protected(context.state, context.caller, repository, name):
            raise message(403, "403 Forbidden")
        deleted = context.backend.delete(repository, name)
    except registry.Unreachable:
        raise message(503, "We are having trouble connecting to the Container Registry.") from None
    except registry.Failed:
        deleted = False
    if not deleted:
        raise message(400, "400 Bad request")
    return 200, 200


def get_project(context: Context) -> tuple[int, Any]:
    no_job_token(context)
    return 200, project_row(context, find_project(context, context.route["id"]))


def get_group(context: Context) -> tuple[int, Any]:
    no_job_token(context)
    group = find_group(context, context.route["id"])
    row: dict[str, Any] = {"id": group.id, "full_path": group.path, "path": group.path, "visibility": group.visibility}
    if context.query.get("with_projects", "true") != "false":
        row["projects"] = [
            project_row(context, item) for item in context.state.projects.values() if within(item, group)
        ]
    return 200, row


def group_projects(context: Context) -> tuple[int, Any]:
    no_job_token(context)
    group = find_group(context, context.route["id"])
    deep = flag(context, "include_subgroups")
    shared = context.query.get("with_shared", "true") != "false"
    rows = []
    for project in context.state.projects.values():
        own = within(project, group) if deep else project.namespace.lower() == group.path.lower()
        if not own and not (shared and group.path in project.shared_with):
            continue
        if "archived" in context.query and flag(context, "archived") != project.archived:
            continue
        if can_see_project(context.state, context.caller, project):
            rows.append(project)
    rows.sort(key=lambda project: project.id, reverse=context.query.get("sort", "desc") == "desc")
    found = [project_row(context, project) for project in paginate(context, rows)]
    if context.query.get("simple") == "true":
        found = [{key: value for key, value in row.items() if "container" not in key} for row in found]
    return 200, found


def get_user(context: Context) -> tuple[int, Any]:
    no_job_token(context)
    user = context.caller.user
    if user is None:
        raise message(401, "401 Unauthorized")
    row: dict[str, Any] = {"id": user.id, "username": user.username}
    if context.caller.is_admin():
        row["is_admin"] = True
    return 200, row


def get_version(context: Context) -> tuple[int, Any]:
    if context.caller.user is None:
        raise message(401, "401 Unauthorized")
    return 200, {"version": context.state.version, "revision": "0000000"}


ONE = r"(?P<{}>[^/]+)"
ROUTES: list[tuple[str, str, Handler]] = [
    ("GET", "/projects/:id", get_project),
    ("GET", "/groups/:id", get_group),
    ("GET", "/groups/:id/projects", group_projects),
    ("GET", "/user", get_user),
    ("GET", "/version", get_version),
    ("GET", "/metadata", get_version),
    ("GET", "/projects/:id/registry/repositories", project_repositories),
    ("GET", "/groups/:id/registry/repositories", group_repositories),
    ("GET", "/registry/repositories/:id", single_repository),
    ("GET", "/projects/:id/registry/repositories/:repository_id/tags", tags),
    ("GET", "/projects/:id/registry/repositories/:repository_id/tags/:tag_name", tag_detail),
    ("DELETE", "/projects/:id/registry/repositories/:repository_id/tags/:tag_name", delete_tag),
]


def _compiled(route: str) -> re.Pattern[str]:
    digits = route == "/registry/repositories/:id"
    pattern = re.sub(r":(\w+)", lambda part: rf"(?P<{part[1]}>\d+)" if digits else ONE.format(part[1]), route)
    return re.compile(rf"/api/v4{pattern}/?")


PATTERNS = [(method, route, _compiled(route), handler) for method, route, handler in ROUTES]


def find_route(method: str, path: str) -> tuple[str, dict[str, str], Handler] | None:
    wanted = "GET" if method == "HEAD" else method
    for verb, route, pattern, handler in PATTERNS:
        match = pattern.fullmatch(path)
        if match and verb == wanted:
            return route, match.groupdict(), handler
    return None


def answer(context: Context, handler: Handler) -> tuple[int, Any]:
    check_scope(context.caller, write=context.method not in ("GET", "HEAD"))
    return handler(context)
