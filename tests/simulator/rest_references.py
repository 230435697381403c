# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What images may be named after: branches, git tags, merge requests; and what runs them: environments, deployments."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from . import access
from .answers import Refused, refused
from .paging import LARGEST_PAGE, link, paginate
from .params import PAGES, Param
from .rest import RestCall, Route, find_project
from .scenario import DEPLOYMENT_STATUSES
from .state import Project

Item = TypeVar("Item")
SORT = Param(values=("asc", "desc"))


def readable_project(call: RestCall) -> Project:
    """The project, whose code the caller may read."""
    project = find_project(call, call.route["id"])
    if not access.can_read_code(call.state, call.caller, project):
        raise refused(403, "403 Forbidden")
    return project


def _page(call: RestCall, items: Sequence[Item], params: dict[str, Any], row: Callable[[Item], Any]) -> list[Any]:
    found, call.headers = paginate(items, params, call.url)
    return [row(item) for item in found]


def _git_page(
    call: RestCall, names: Sequence[str], params: dict[str, Any], row: Callable[[str], Any], *, keyset: bool
) -> list[Any]:
    """Names by keyset if asked for and possible; lib/gitlab/pagination/gitaly_keyset_pager.rb.

    The first of numbered pages that Gitaly makes always leads to a second one; newer releases mended that.
    """
    size = min(params["per_page"] if params["per_page"] > 0 else 20, LARGEST_PAGE)
    token = params.get("page_token")
    if not keyset or params.get("pagination") != "keyset":
        rows = _page(call, names, params, row)
        if keyset and params["page"] == 1:
            call.headers["X-Next-Page"] = "2"
        return rows
    if token is not None and token not in names:
        raise Refused(422, {"message": "Invalid page token"})
    start = 0 if token is None else names.index(token) + 1
    page = names[start : start + size]
    if len(page) == params["per_page"]:
        shown = {name: value for name, value in params.items() if value is not None}
        call.headers["Link"] = f'<{link(call.url, {**shown, "page_token": page[-1]})}>; rel="next"'
    return [row(name) for name in page]


def _commit(project: Project, name: str) -> dict[str, str]:
    """Of a branch or tag: the same one in every run."""
    sha = hashlib.sha1(f"{project.id}\n{name}".encode(), usedforsecurity=False).hexdigest()
    return {"id": sha, "short_id": sha[:8], "title": f"Commit of {name}"}


def branches(call: RestCall) -> list[Any]:
    project = readable_project(call)
    params = call.check({"search": Param(), "pagination": Param(), "page_token": Param(), **PAGES})
    names = sorted(name for name in project.references.branches if (params.get("search") or "") in name)

    def row(name: str) -> dict[str, Any]:
        commit = _commit(project, name)
        default = name == "main"
        return {"name": name, "commit": commit, "merged": False, "protected": default, "default": default}

    return _git_page(call, names, params, row, keyset=call.state.features.branch_pages == "keyset")


def git_tags(call: RestCall) -> list[Any]:
    project = readable_project(call)
    params = call.check({"search": Param(), "pagination": Param(), "page_token": Param(), **PAGES})
    names = sorted(name for name in project.references.git_tags if (params.get("search") or "") in name)

    def row(name: str) -> dict[str, Any]:
        commit = _commit(project, name)
        return {"name": name, "message": "", "target": commit["id"], "commit": commit, "release": None}

    return _git_page(call, names, params, row, keyset=True)


def merge_requests(call: RestCall) -> list[Any]:
    """The newest first."""
    project = readable_project(call)
    declared = {
        "state": Param(default="all", values=("opened", "closed", "locked", "merged", "all")),
        "source_branch": Param(),
        "sort": SORT,
        **PAGES,
    }
    params = call.check(declared)
    found = [
        item
        for item in project.references.merge_requests
        if params["state"] in ("all", item.state) and params.get("source_branch") in (None, item.source_branch)
    ]
    found.sort(key=lambda item: item.iid, reverse=params.get("sort") != "asc")
    return _page(
        call,
        found,
        params,
        lambda item: {
            "id": project.id * 1000 + item.iid,
            "iid": item.iid,
            "project_id": project.id,
            "title": f"Merge {item.source_branch}",
            "state": item.state,
            "source_branch": item.source_branch,
            "target_branch": "main",
            "sha": _commit(project, item.source_branch)["id"],
        },
    )


def _environment(project: Project, name: str) -> dict[str, Any]:
    slug = re.sub(r"[^a-z0-9]", "-", name.lower())[:24].strip("-")
    return {"id": project.references.environments.index(name) + 1, "name": name, "slug": slug, "external_url": None}


def _state(project: Project, name: str) -> str:
    return "stopped" if name in project.references.stopped else "available"


def environments(call: RestCall) -> list[Any]:
    project = readable_project(call)
    params = call.check({"name": Param(), "search": Param(), **PAGES})
    found = [
        name
        for name in project.references.environments
        if params.get("name") in (None, name) and (params.get("search") or "") in name
    ]
    return _page(call, found, params, lambda name: {**_environment(project, name), "state": _state(project, name)})


def deployments(call: RestCall) -> list[Any]:
    """By id, the oldest first, unless asked otherwise."""
    project = readable_project(call)
    declared = {
        "environment": Param(),
        "status": Param(values=DEPLOYMENT_STATUSES),
        "order_by": Param(default="id", values=("id", "iid", "created_at", "updated_at", "finished_at", "ref")),
        "sort": SORT,
        **PAGES,
    }
    params = call.check(declared)
    numbered = list(enumerate(project.references.deployments, 1))
    found = [
        (number, item)
        for number, item in numbered
        if params.get("environment") in (None, item.environment) and params.get("status") in (None, item.status)
    ]
    by_ref = params["order_by"] == "ref"
    found.sort(key=lambda pair: (pair[1].ref if by_ref else "", pair[0]), reverse=params.get("sort") == "desc")
    return _page(
        call,
        found,
        params,
        lambda pair: {
            "id": pair[0],
            "iid": pair[0],
            "ref": pair[1].ref,
            "sha": pair[1].sha,
            "status": pair[1].status,
            "environment": _environment(project, pair[1].environment),
            "deployable": None,
        },
    )


ROUTES = [
    Route("GET", "/projects/:id/repository/branches", branches),
    Route("GET", "/projects/:id/repository/tags", git_tags),
    Route("GET", "/projects/:id/merge_requests", merge_requests),
    Route("GET", "/projects/:id/environments", environments),
    Route("GET", "/projects/:id/deployments", deployments),
]
