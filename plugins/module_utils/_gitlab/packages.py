# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Files in GitLab's generic packages.

https://docs.gitlab.com/user/packages/generic_packages/
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from .._core.errors import ErrorKind, RequestError, UsageError
from .._core.scope import project_path
from .._http.client import Client
from .._http.retry import RetryPolicy
from .fields import a_name, a_number, text_or_none
from .rest import request, rows, segment

# A plan of a million tags has about this many bytes.
LARGEST = 512 * 1024 * 1024
# lib/gitlab/regex/packages.rb
_NAMES = {
    "package": re.compile(r"[A-Za-z0-9._+-]{1,255}", re.ASCII),
    "version": re.compile(r"(?!.*\.\.)[A-Za-z0-9.+_-]{1,255}", re.ASCII),
    "file_name": re.compile(r"(?![~@])[A-Za-z0-9._+~@-]{1,255}(?<![~@])", re.ASCII),
}
_ADVICE = {
    ErrorKind.FORBIDDEN: "The token's user needs the role Developer in the project, and the token the scope api.",
    ErrorKind.NOT_FOUND: "The project does not exist, has no package registry, or the token may not see it.",
}


@dataclass(frozen=True)
class PackageFile:
    """Where a file lies in GitLab's generic packages.

    Args:
        project: id or full path.
        package: name of the package.
        version: of the package.
        name: of the file.
    """

    project: str
    package: str
    version: str
    name: str

    @property
    def path(self) -> str:
        place = "/".join(segment(part) for part in (self.package, self.version, self.name))
        return f"/projects/{segment(self.project)}/packages/generic/{place}"

    def __str__(self) -> str:
        return f"{self.name} of package {self.package} {self.version} in project {self.project}"


class PackageVersion(t.NamedTuple):
    """A version of a generic package.

    Args:
        id: of GitLab's database.
        version: its name.
        created_at: when its first file was stored, as GitLab writes it; empty if GitLab does not say.
    """

    id: int
    version: str
    created_at: str


class StoredFile(t.NamedTuple):
    """The newest file of a name in a package.

    Args:
        id: of GitLab's database; a newer file has a higher one.
        name: of the file.
        size: in bytes.
        created_at: when it was stored, as GitLab writes it; empty if GitLab does not say.
    """

    id: int
    name: str
    size: int
    created_at: str


def package_file(params: t.Mapping[str, t.Any], server: str, within: str = "") -> PackageFile:
    """Where in GitLab a file lies, or is to lie.

    Args:
        params: project, package, version and file_name.
        server: URL of the GitLab that is asked.
        within: what stands before these names in messages.

    Raises:
        UsageError: GitLab does not take one of the names.
    """
    for option in _NAMES:
        check_name(params[option], option, within)
    return PackageFile(
        project=project_path(params["project"], f"{within}project", server),
        package=params["package"],
        version=params["version"],
        name=params["file_name"],
    )


def check_name(name: str, option: str, within: str = "") -> None:
    """See that GitLab takes the name of a package, of a version or of a file.

    Args:
        name: the name.
        option: what it is the name of: package, version or file_name.
        within: what stands before the option in messages.

    Raises:
        UsageError: it does not.
    """
    if not _NAMES[option].fullmatch(name) or set(name) == {"."}:
        raise UsageError(f"{within}{option} {name!r} is not accepted by GitLab.")


def download(client: Client, file: PackageFile) -> bytes | None:
    """The newest content of a file; None for a 404, which may also mean that the token may not see it.

    GitLab may send us to its object storage, to which the token is not sent.

    Raises:
        RequestError: it can't be read.
    """
    answer = request(
        client,
        "GET",
        file.path,
        operation=f"fetch {file}",
        accept=(404,),
        allow_cross_origin_redirect=True,
        limit=LARGEST,
    )
    return None if answer.status == 404 else answer.body


def upload(client: Client, file: PackageFile, content: bytes, retry: RetryPolicy = RetryPolicy.NEVER) -> None:
    """Store a file, beside older ones of the same name.

    Args:
        client: of GitLab.
        file: where it is to lie.
        content: its bytes.
        retry: after what it is sent again.

    Raises:
        RequestError: it is not known to be stored.
    """
    headers = {"Content-Type": "application/octet-stream"}
    operation = f"store {file}"
    try:
        request(client, "PUT", file.path, operation=operation, success=201, data=content, headers=headers, retry=retry)
    except RequestError as error:
        raise error.replace(advice=_ADVICE.get(error.kind, error.advice)) from None


def package_versions(client: Client, project: str, package: str, version: str | None = None) -> list[PackageVersion]:
    """The versions of a generic package, in the order in which they were made.

    GitLab gives all packages whose names hold the one that is asked for, in any case, and older releases pass the
    version over: app/finders/packages/packages_finder.rb.

    Args:
        client: of GitLab.
        project: id or full path.
        package: name of the package.
        version: the only one that is wanted; None for all.

    Raises:
        RequestError: they can't be read.
    """
    query = {"package_type": "generic", "package_name": package, "order_by": "created_at", "sort": "asc"}
    if version is not None:
        query["package_version"] = version
    operation = f"list the versions of package {package} in project {project}"
    found = [
        PackageVersion(
            a_number(row, "id"),
            version=a_name(row, "version"),
            created_at=text_or_none(row, "created_at") or "",
        )
        for row in rows(client, f"/projects/{segment(project)}/packages", query, operation)
        if row.get("name") == package and row.get("package_type") == "generic"
    ]
    return [each for each in found if version in (None, each.version)]


def stored_files(client: Client, project: str, package: PackageVersion) -> list[StoredFile]:
    """The files of a version by name. Of several files of one name GitLab gives out the newest, and this is it.

    app/finders/packages/package_file_finder.rb

    Raises:
        RequestError: they can't be read.
    """
    path = f"/projects/{segment(project)}/packages/{package.id}/package_files"
    operation = f"list the files of version {package.version} in project {project}"
    found = [
        StoredFile(
            a_number(row, "id"),
            name=a_name(row, "file_name"),
            size=a_number(row, "size"),
            created_at=text_or_none(row, "created_at") or "",
        )
        for row in rows(client, path, {}, operation)
    ]
    newest = {file.name: file for file in sorted(found)}
    return [newest[name] for name in sorted(newest)]
