# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Projects, groups and the server itself in REST."""

from __future__ import annotations

from typing import Any

from . import access
from .answers import refused
from .paging import paginate
from .params import PAGES, Param
from .registry import Unreachable
from .rest import PREFIX, RestCall, Route, find_group, find_project
from .rest_registry import rails_time
from .state import LEVELS, Group, Project

LIST = {
    "archived": Param("bool"),
    "visibility": Param(values=("private", "internal", "public")),
    "search": Param(),
    "order_by": Param(
        default="created_at",
        values=("id", "name", "path", "created_at", "updated_at", "last_activity_at", "similarity", "star_count"),
    ),
    "sort": Param(default="desc", values=("asc", "desc")),
    "simple": Param("bool", False),
    "with_shared": Param("bool", True),
    "include_subgroups": Param("bool", False),
    **PAGES,
}
EMBEDDED = 100


def group_row(call: RestCall, group: Group) -> dict[str, Any]:
    parent = call.state.group_at(group.path.rpartition("/")[0])
    name = group.path.rpartition("/")[2]
    return {
        "id": group.id,
        "web_url": f"{call.base}/groups/{group.path}",
        "name": name,
        "path": name,
        "description": "",
        "visibility": group.visibility,
        "full_name": " / ".join(group.path.split("/")),
        "full_path": group.path,
        "created_at": "2024-01-01T00:00:00.000Z",
        "parent_id": parent.id if parent else None,
        "archived": False,
        "marked_for_deletion_on": None,
    }


def simple_project_row(call: RestCall, project: Project) -> dict[str, Any]:
    path = project.path.rpartition("/")[2]
    name = path if project.name is None else project.name
    url = f"{call.base}/{project.path}"
    group = call.state.group_at(project.namespace)
    assert group is not None
    parent = call.state.group_at(group.path.rpartition("/")[0])
    return {
        "id": project.id,
        "description": project.description,
        "name": name,
        "name_with_namespace": " / ".join([*project.namespace.split("/"), name]),
        "path": path,
        "path_with_namespace": project.path,
        "created_at": rails_time(project.created_at),
        "default_branch": "main",
        "tag_list": project.topics,
        "topics": project.topics,
        "http_url_to_repo": f"{url}.git",
        "web_url": url,
        "last_activity_at": rails_time(project.created_at),
        "namespace": {
            "id": group.id,
            "name": group.path.rpartition("/")[2],
            "path": group.path.rpartition("/")[2],
            "kind": group.kind,
            "full_path": group.path,
            "parent_id": parent.id if parent else None,
            "web_url": f"{call.base}/groups/{group.path}" if group.kind == "group" else f"{call.base}/{group.path}",
        },
    }


def project_row(call: RestCall, project: Project) -> dict[str, Any]:
    row = simple_project_row(call, project)
    if call.state.registry.enabled:
        row["container_registry_image_prefix"] = f"{call.state.registry.host_at(call.base)}/{project.path.lower()}"
    row |= {
        "_links": {"self": f"{call.base}{PREFIX}/projects/{project.id}"},
        "archived": project.archived,
        "visibility": project.visibility,
        "empty_repo": False,
        "shared_with_groups": [_share_row(call, path) for path in project.shared_with],
        # Whether the caller can use it, not whether it is on.
        "container_registry_enabled": access.can_read_images(call.state, call.caller, project),
        "container_registry_access_level": project.access_level,
    }
    if project.forked_from is not None:
        # lib/api/entities/project.rb: only forks have it; what they are of is for those who may see that project.
        row["mr_default_target_self"] = False
    if project.policy is not None:
        row["container_expiration_policy"] = project.policy
    return row


def _share_row(call: RestCall, path: str) -> dict[str, Any]:
    group = call.state.group_at(path)
    assert group is not None
    name = group.path.rpartition("/")[2]
    level = LEVELS["developer"]
    return {"group_id": group.id, "group_name": name, "group_full_path": group.path, "group_access_level": level}


def get_project(call: RestCall) -> dict[str, Any]:
    params = call.check({"statistics": Param("bool", False)})
    project = find_project(call, call.route["id"])
    row = {**project_row(call, project), "permissions": access.permissions(call.state, call.caller, project)}
    if params["statistics"] and access.project_level(call.state, call.caller, project) >= LEVELS["reporter"]:
        row["statistics"] = {"container_registry_size": _registry_size(call, project)}
    return row


def _registry_size(call: RestCall, project: Project) -> int | None:
    if not call.registry.database:
        return None
    try:
        sizes = [call.registry.size(repository) for repository in call.state.repositories_of([project])]
    except Unreachable:
        return None
    return None if None in sizes else sum(size or 0 for size in sizes)


def get_group(call: RestCall) -> dict[str, Any]:
    params = call.check({"with_projects": Param("bool", True)})
    group = find_group(call, call.route["id"])
    row = group_row(call, group)
    if params["with_projects"]:
        own = [project for project in _projects(call, group) if project.namespace.lower() == group.path.lower()]
        row["projects"] = [project_row(call, project) for project in own[:EMBEDDED]]
        shared = [project for project in call.state.projects.values() if _is_shared(project, group)]
        row["shared_projects"] = [project_row(call, project) for project in shared[:EMBEDDED]]
    return row


def _is_shared(project: Project, group: Group) -> bool:
    return group.path.lower() in [path.lower() for path in project.shared_with]


def _projects(call: RestCall, group: Group) -> list[Project]:
    return [
        project
        for project in call.state.projects_within(group)
        if access.can_see_project(call.state, call.caller, project)
    ]


def group_projects(call: RestCall) -> list[dict[str, Any]]:
    params = call.check(LIST)
    group = find_group(call, call.route["id"])
    prefix = group.path.lower() + "/"

    def belongs(project: Project) -> bool:
        path = project.path.lower()
        below = path.startswith(prefix) and (params["include_subgroups"] or "/" not in path.removeprefix(prefix))
        return below or (params["with_shared"] and _is_shared(project, group))

    found = [
        project
        for project in call.state.projects.values()
        if belongs(project) and is_wanted(project, params) and access.can_see_project(call.state, call.caller, project)
    ]
    found.sort(key=order(params["order_by"]), reverse=params["sort"] == "desc")
    page, call.headers = paginate(found, params, call.url)
    return [(simple_project_row if params["simple"] else project_row)(call, project) for project in page]


def is_wanted(project: Project, params: dict[str, Any]) -> bool:
    """What a list of projects can be narrowed by."""
    if params.get("archived") is not None and project.archived != params["archived"]:
        return False
    if params.get("visibility") and project.visibility != params["visibility"]:
        return False
    return not params.get("search") or params["search"].lower() in project.path.rpartition("/")[2].lower()


def order(key: str) -> Any:
    """The order of a project list, equals by id."""
    if key in ("name", "path"):
        return lambda project: (project.path.rpartition("/")[2], project.id)
    if key == "id":
        return lambda project: project.id
    return lambda project: (project.created_at, project.id)


def get_user(call: RestCall) -> dict[str, Any]:
    user = call.caller.user
    if user is None:
        raise refused(401, "401 Unauthorized")
    row = {"id": user.id, "username": user.username, "name": user.username, "state": "active"}
    return {**row, "is_admin": True} if call.caller.admin else row


def get_own_token(call: RestCall) -> dict[str, Any]:
    """lib/api/personal_access_tokens/self_information.rb: whatever scopes it has, but no OAuth or job token."""
    token = call.caller.token
    if token is None or token.user is None:
        raise refused(401, "401 Unauthorized")
    if token.kind not in ("personal", "project", "group"):
        raise refused(400, "400 Bad request - This endpoint requires token type to be a personal access token")
    scopes = ["granular"] if token.granular is not None else sorted(token.scopes)
    return {"id": 1, "name": "simulated", "revoked": False, "active": True, "user_id": token.user.id, "scopes": scopes}


def get_version(call: RestCall) -> dict[str, Any]:
    if call.caller.user is None:
        raise refused(401, "401 Unauthorized")
    return {"version": call.state.version, "revision": "0000000000a"}


def get_metadata(call: RestCall) -> dict[str, Any]:
    kas = {"enabled": False, "externalUrl": None, "externalK8sProxyUrl": None, "version": None}
    return {**get_version(call), "kas": kas, "enterprise": True}


ROUTES = [
    Route("GET", "/projects/:id", get_project),
    Route("GET", "/groups/:id", get_group),
    Route("GET", "/groups/:id/projects", group_projects),
    Route("GET", "/user", get_user),
    Route("GET", "/personal_access_tokens/self", get_own_token, any_scope=True),
    Route("GET", "/version", get_version),
    Route("GET", "/metadata", get_metadata),
]
