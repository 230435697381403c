# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files in generic packages. They are downloaded from another host where the state says so, as from object storage."""

from __future__ import annotations

from typing import Any

from . import access
from .answers import Answer, Refused, as_text, refused
from .rest import RestCall, Route, find_project
from .state import LEVELS, Project, State

STORAGE = "/storage/"
_PATH = "/projects/:id/packages/generic/:package_name/:package_version/:file_name"


def _place(call: RestCall, level: str) -> tuple[int, str, str, str]:
    project: Project = find_project(call, call.route["id"])
    if access.project_level(call.state, call.caller, project) < LEVELS[level]:
        raise refused(403, "403 Forbidden")
    return project.id, call.route["package_name"], call.route["package_version"], call.route["file_name"]


def upload(call: RestCall) -> dict[str, str]:
    """The newest file of a name is the one that is downloaded."""
    place = _place(call, "developer")
    call.state.packages[place] = call.content
    return {"message": "201 Created"}


def download(call: RestCall) -> Any:
    place = _place(call, "reporter")
    if place not in call.state.packages:
        raise refused(404, "404 Package Not Found")
    if call.state.object_storage:
        elsewhere = call.base.replace("127.0.0.1", "localhost")
        raise Refused(302, None, {"Location": f"{elsewhere}{STORAGE}{sorted(call.state.packages).index(place)}"})
    return call.state.packages[place]


def stored(state: State, path: str) -> Answer:
    """What the object storage gives to whoever knows the address."""
    number = path.removeprefix(STORAGE)
    files = sorted(state.packages)
    if not number.isdigit() or int(number) >= len(files):
        return as_text(404, "")
    return Answer(200, state.packages[files[int(number)]], "application/octet-stream")


ROUTES = [
    Route("PUT", _PATH, upload, 201, job=True),
    Route("GET", _PATH, download, job=True),
]
