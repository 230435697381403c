# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The container registry endpoints of REST."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from . import access
from .answers import NO_PROJECT, refused
from .paging import link, paginate
from .params import PAGES, Param
from .registry import PageQuery
from .rest import PREFIX, RestCall, Route, find_group, find_project
from .state import Project, Repository

OTHER_PROJECT = (
    "403 Forbidden - This project's CI/CD job token cannot be used to authenticate with the container registry "
    "of a different project."
)
WITH_TAGS = {"tags": Param("bool", False), "tags_count": Param("bool", False)}
REPOSITORY_ID = {"repository_id": Param("int")}


def rails_time(value: datetime | None) -> str | None:
    """2019-01-10T13:38:57.391Z"""
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z") if value else None


def tag_time(value: datetime | None) -> str | None:
    """2019-01-06T16:49:51.272+00:00"""
    return value.isoformat(timespec="milliseconds") if value else None


def location(call: RestCall, repository: Repository) -> str:
    return f"{call.state.registry.host_at(call.base)}/{repository.path}"


def tag_row(call: RestCall, repository: Repository, name: str) -> dict[str, str]:
    return {
        "name": name,
        "path": f"{repository.path}:{name}",
        "location": f"{location(call, repository)}:{name}",
    }


def repository_row(call: RestCall, repository: Repository, params: dict[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": repository.id,
        "name": repository.name,
        "path": repository.path,
        "project_id": repository.project.id,
        "location": location(call, repository),
        "created_at": rails_time(repository.created_at),
        "cleanup_policy_started_at": rails_time(repository.cleanup_policy_started_at),
    }
    if params.get("tags_count"):
        row["tags_count"] = call.registry.count(repository)
    if params.get("tags"):
        row["tags"] = [tag_row(call, repository, name) for name in call.registry.names(repository)]
    if call.state.generation != "G15":
        row["status"] = repository.status
    return row


def registry_project(call: RestCall) -> Project:
    """What comes before the parameters: the project, and whether its images may be read."""
    reference = call.route["id"]
    if call.caller.is_job and call.caller.token and call.caller.token.project:
        own = call.state.project_at(call.caller.token.project)
        if own is None or reference.lower() not in (str(own.id), own.path.lower()):
            # Earlier releases do not see the other project at all.
            raise refused(403, OTHER_PROJECT) if call.state.generation == "G18" else refused(404, NO_PROJECT)
    project = find_project(call, reference)
    if not access.can_read_images(call.state, call.caller, project):
        raise refused(403, "403 Forbidden")
    return project


def find_repository(call: RestCall, project: Project, number: int) -> Repository:
    repository = call.state.repositories.get(number)
    if repository is None or repository.project is not project:
        raise refused(404, "404 Not found")
    return repository


def project_repositories(call: RestCall) -> list[dict[str, Any]]:
    project = registry_project(call)
    params = call.check({**WITH_TAGS, **PAGES})
    found, call.headers = paginate(call.state.repositories_of([project]), params, call.url)
    return [repository_row(call, repository, params) for repository in found]


def group_repositories(call: RestCall) -> list[dict[str, Any]]:
    """With the subgroups', without disabled registries; never asks the registry."""
    group = find_group(call, call.route["id"])
    if not access.can_read_group_images(call.state, call.caller, group):
        raise refused(403, "403 Forbidden")
    params = call.check(PAGES)
    projects = [item for item in call.state.projects_within(group) if item.access_level != "disabled"]
    found, call.headers = paginate(call.state.repositories_of(projects), params, call.url)
    return [repository_row(call, repository, {}) for repository in found]


def single_repository(call: RestCall) -> dict[str, Any]:
    if call.caller.user is None:
        raise refused(401, "401 Unauthorized")
    params = call.check({**WITH_TAGS, "size": Param("bool", False)})
    repository = call.state.repositories.get(int(call.route["id"]))
    if repository is None:
        raise refused(404, "404 Not found")
    if not access.can_read_images(call.state, call.caller, repository.project):
        raise refused(403, "403 Forbidden")
    row = repository_row(call, repository, params)
    if access.can_admin_images(call.state, call.caller, repository.project):
        path = f"/projects/{repository.project.id}/registry/repositories/{repository.id}"
        row["delete_api_path"] = f"{call.base}{PREFIX}{path}"
    if params["size"]:
        row["size"] = None if call.state.generation == "G15" else call.registry.size(repository)
    return row


def tags(call: RestCall) -> list[dict[str, str]]:
    project = registry_project(call)
    declared = {
        **REPOSITORY_ID,
        "pagination": Param(),
        "sort": Param(),
        "last": Param(),
        **PAGES,
    }
    params = call.check(declared)
    repository = find_repository(call, project, params["repository_id"])
    if params.get("pagination") == "keyset" and call.state.generation != "G15":
        return _keyset(call, repository, params)
    found, call.headers = paginate(call.registry.names(repository), params, call.url, listed=True)
    return [tag_row(call, repository, name) for name in found]


def _keyset(call: RestCall, repository: Repository, params: dict[str, Any]) -> list[dict[str, str]]:
    """Asking whether the registry can do it fails like a registry that can't."""
    if not call.registry.seen_by_rails(repository).database:
        raise refused(405, "405 Method Not Allowed")
    count = min(params["per_page"], 1000)
    sort = "desc" if params.get("sort") == "desc" else "asc"
    order = "-name" if sort == "desc" else "name"
    page = call.registry.page(repository, PageQuery(count, last=params.get("last") or None, sort=order))
    if page.next:
        shown = {name: value for name, value in params.items() if name != "page" or "page" in call.params}
        shown |= {"last": page.next, "per_page": count, "sort": sort}
        call.headers["Link"] = f'<{link(call.url, shown)}>; rel="next"'
    return [tag_row(call, repository, tag.name) for tag in page.tags]


def tag_detail(call: RestCall) -> dict[str, Any]:
    project = registry_project(call)
    params = call.check(REPOSITORY_ID)
    repository = find_repository(call, project, params["repository_id"])
    name = call.route["tag_name"]
    tag = call.registry.seen_by_rails(repository).find(repository, name)
    if tag is None or not tag.valid:
        raise refused(404, "404 Tag Not Found")
    revision = tag.revision
    return {
        **tag_row(call, repository, name),
        "revision": revision,
        "short_revision": None if revision is None else revision[:9],
        "digest": tag.digest,
        "created_at": tag_time(tag.created_at),
        "total_size": tag.total_size,
    }


ROUTES = [
    Route("GET", "/projects/:id/registry/repositories", project_repositories, job=True),
    Route("GET", "/groups/:id/registry/repositories", group_repositories),
    Route("GET", "/registry/repositories/:id{digits}", single_repository),
    Route("GET", "/projects/:id/registry/repositories/:repository_id/tags", tags, job=True),
    Route("GET", "/projects/:id/registry/repositories/:repository_id/tags/:tag_name", tag_detail, job=True),
]
