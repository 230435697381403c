# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files in generic packages. They are downloaded from another host where the state says so, as from object storage.

lib/api/generic_packages.rb, project_packages.rb, package_files.rb; app/finders/packages/packages_finder.rb.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

from . import access
from .answers import Answer, Refused, as_text, refused
from .dates import iso
from .paging import paginate
from .params import PAGES, Param
from .rest import RestCall, Route, find_project
from .state import LEVELS, Package, PackageFile, Project, State

STORAGE = "/storage/"
_PROJECT = "/projects/:id/packages"
_FILE = f"{_PROJECT}/generic/:package_name/:package_version/:file_name"
# lib/gitlab/regex/packages.rb
_NAMES = {
    "package_name": re.compile(r"[A-Za-z0-9._+-]+"),
    "package_version": re.compile(r"(?!.*\.\.)[A-Za-z0-9_+.-]+"),
    "file_name": re.compile(r"(?!~)[A-Za-z0-9._+~-]+(?<!~)"),
}
_TYPES = ("generic", "maven", "npm", "pypi")
_LISTED = {
    "order_by": Param(default="created_at", values=("created_at", "name", "version", "type")),
    "sort": Param(default="asc", values=("asc", "desc")),
    "package_type": Param(values=_TYPES),
    "package_name": Param(),
    "package_version": Param(),
    **PAGES,
}


def _project(call: RestCall, level: str) -> Project:
    project = find_project(call, call.route["id"])
    if access.project_level(call.state, call.caller, project) < LEVELS[level]:
        raise refused(403, "403 Forbidden")
    return project


def _packages(state: State, project: Project) -> list[Package]:
    return [package for package in state.packages if package.project_id == project.id]


def _meant(call: RestCall, project: Project) -> Package | None:
    wanted = call.route["package_name"], call.route["package_version"]
    found = [each for each in _packages(call.state, project) if (each.name, each.version) == wanted]
    return found[-1] if found else None


def upload(call: RestCall) -> dict[str, str]:
    """A file is stored beside older ones of its name, unless the namespace forbids duplicates."""
    project = _project(call, "developer")
    wrong = [name for name, pattern in _NAMES.items() if not pattern.fullmatch(call.route[name])]
    if wrong:
        raise Refused(400, {"error": ", ".join(f"{name} is invalid" for name in wrong)})
    state, name = call.state, call.route["file_name"]
    package = _meant(call, project)
    if package and not state.generic_duplicates and any(file.name == name for file in package.files):
        raise refused(400, "400 Bad request - Duplicate package is not allowed")
    now = state.clock.now()
    if package is None:
        number = len(state.packages) + 1
        package = Package(number, project.id, call.route["package_name"], call.route["package_version"], created=now)
        state.packages.append(package)
    state.last_package_file += 1
    package.files.append(PackageFile(state.last_package_file, name, call.content, created=now))
    return {"message": "201 Created"}


def download(call: RestCall) -> Any:
    """The newest file of a name."""
    project = _project(call, "reporter")
    package = _meant(call, project)
    found = [file for file in package.files if file.name == call.route["file_name"]] if package else []
    if not found:
        raise refused(404, "404 Package Not Found" if package is None else "404 Not Found")
    if call.state.object_storage:
        elsewhere = call.base.replace("127.0.0.1", "localhost")
        raise Refused(302, None, {"Location": f"{elsewhere}{STORAGE}{found[-1].id}"})
    return found[-1].content


def packages(call: RestCall) -> list[dict[str, Any]]:
    """Packages whose names hold the one asked for, in any case. Older releases do not know package_version."""
    project = _project(call, "reporter")
    params = call.check(_LISTED)
    part, version = (params.get("package_name") or "").lower(), params.get("package_version")
    found = [
        package
        for package in _packages(call.state, project)
        if params.get("package_type") in (None, "generic")
        and part in package.name.lower()
        and (version is None or call.state.generation == "G15" or version == package.version)
    ]
    keys = {"created_at": "created", "name": "name", "version": "version", "type": "id"}
    found.sort(key=lambda package: getattr(package, keys[params["order_by"]]), reverse=params["sort"] == "desc")
    page, call.headers = paginate(found, params, call.url)
    return [
        {
            "id": package.id,
            "name": package.name,
            "version": package.version,
            "package_type": "generic",
            "status": "default",
            "created_at": iso(package.created),
            "tags": [],
        }
        for package in page
    ]


def package_files(call: RestCall) -> list[dict[str, Any]]:
    """All files, those too that have a newer one of their name."""
    project = _project(call, "reporter")
    params = call.check(PAGES)
    found = [each for each in _packages(call.state, project) if str(each.id) == call.route["package_id"]]
    if not found:
        raise refused(404, "404 Not found")
    page, call.headers = paginate(found[0].files, params, call.url)
    return [
        {
            "id": file.id,
            "package_id": found[0].id,
            "created_at": iso(file.created),
            "file_name": file.name,
            "size": len(file.content),
            "file_sha256": hashlib.sha256(file.content).hexdigest(),
        }
        for file in page
    ]


def stored(state: State, path: str) -> Answer:
    """What the object storage gives to whoever knows the address."""
    number = path.removeprefix(STORAGE)
    found = [file for package in state.packages for file in package.files if str(file.id) == number]
    return Answer(200, found[0].content, "application/octet-stream") if found else as_text(404, "")


ROUTES = [
    Route("PUT", _FILE, upload, 201, job=True),
    Route("GET", _FILE, download, job=True),
    Route("GET", _PROJECT, packages, job=True),
    Route("GET", f"{_PROJECT}/:package_id{{digits}}/package_files", package_files, job=True),
]
