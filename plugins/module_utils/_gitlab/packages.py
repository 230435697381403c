# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Files in GitLab's generic packages.

https://docs.gitlab.com/user/packages/generic_packages/
"""

from __future__ import annotations

from dataclasses import dataclass

from .._http.client import Client
from .._http.retry import RetryPolicy
from .rest import request, segment

# A plan of a million tags has about this many bytes.
_LARGEST = 512 * 1024 * 1024


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
        limit=_LARGEST,
    )
    return None if answer.status == 404 else answer.body


def upload(client: Client, file: PackageFile, content: bytes) -> None:
    """Store a file, beside older ones of the same name. It is sent once.

    Raises:
        RequestError: it is not known to be stored.
    """
    headers = {"Content-Type": "application/octet-stream"}
    operation = f"store {file}"
    request(
        client,
        "PUT",
        file.path,
        operation=operation,
        success=201,
        data=content,
        headers=headers,
        retry=RetryPolicy.NEVER,
    )
