# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""GET /projects: all the projects of the server that the caller may see, by offsets or by keysets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import access
from .answers import Refused
from .paging import LARGEST_PAGE, link, paginate
from .params import PAGES, Param
from .rest import RestCall, Route
from .rest_namespaces import LIST, is_wanted, order, project_row, simple_project_row
from .state import Project

# An offset further than this is refused, since keysets lead on.
FURTHEST = 50_000
DECLARED = {
    **{name: LIST[name] for name in ("archived", "visibility", "search", "order_by", "sort", "simple")},
    "pagination": Param(default="legacy", values=("legacy", "keyset")),
    "id_after": Param("int"),
    "id_before": Param("int"),
    **PAGES,
}


def projects(call: RestCall) -> list[dict[str, Any]]:
    params = call.check(DECLARED)
    found = [
        project
        for project in call.state.projects.values()
        if _is_between(project, params)
        and is_wanted(project, params)
        and access.can_see_project(call.state, call.caller, project)
    ]
    found.sort(key=order(params["order_by"]), reverse=params["sort"] == "desc")
    page = _keyset(call, found, params) if params["pagination"] == "keyset" else _offset(call, found, params)
    return [(simple_project_row if params["simple"] else project_row)(call, project) for project in page]


def _is_between(project: Project, params: dict[str, Any]) -> bool:
    after, before = params.get("id_after"), params.get("id_before")
    return (after is None or project.id > after) and (before is None or project.id < before)


def _offset(call: RestCall, found: Sequence[Project], params: dict[str, Any]) -> Sequence[Project]:
    if params["page"] * params["per_page"] > FURTHEST:
        text = (
            f"Offset pagination has a maximum allowed offset of {FURTHEST} for requests that return objects of type "
            "Project. Remaining records can be retrieved using keyset pagination."
        )
        raise Refused(405, {"error": text})
    page, call.headers = paginate(found, params, call.url)
    return page


def _keyset(call: RestCall, found: Sequence[Project], params: dict[str, Any]) -> Sequence[Project]:
    """By id alone. A page that has anything leads on, so that the last one is empty."""
    if params["order_by"] != "id":
        raise Refused(405, {"error": "Keyset pagination is not yet available for this type of request"})
    size = min(params["per_page"] if params["per_page"] > 0 else 20, LARGEST_PAGE)
    page = found[:size]
    if page:
        edge = "id_after" if params["sort"] == "asc" else "id_before"
        shown = {name: value for name, value in params.items() if name != "page" and value is not None}
        call.headers["Link"] = f'<{link(call.url, {**shown, edge: page[-1].id})}>; rel="next"'
    return page


ROUTES = [Route("GET", "/projects", projects)]
