# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Plans that lie in packages of GitLab: which file is meant, and whether it is the plan at hand."""

from __future__ import annotations

import re
import typing as t

from .._core.errors import UsageError
from .._core.scope import project_path
from .._gitlab.packages import PackageFile
from .._plan.merge import fingerprint_in

# lib/gitlab/regex/packages.rb: what GitLab takes in the names of generic packages.
_NAMES = {
    "package": re.compile(r"[A-Za-z0-9._+~@/-]{1,255}", re.ASCII),
    "version": re.compile(r"[A-Za-z0-9.+_-]{1,255}", re.ASCII),
    "file_name": re.compile(r"[A-Za-z0-9._+~@-]{1,255}", re.ASCII),
}


class PlanText(t.NamedTuple):
    """A plan that was not altered, as it lies in a file."""

    text: str
    fingerprint: str

    def as_result(self) -> dict[str, t.Any]:
        """The plan as registry_plan_package returns it."""
        return {"fingerprint": self.fingerprint, "size": len(self.text.encode())}


def package_file(params: t.Mapping[str, t.Any], server: str) -> PackageFile:
    """Where in GitLab the plan lies, or is to lie.

    Args:
        params: the options of registry_plan_package.
        server: URL of the GitLab that is asked.

    Raises:
        UsageError: GitLab does not take one of the names.
    """
    for option, pattern in _NAMES.items():
        if not pattern.fullmatch(params[option]) or set(params[option]) == {"."}:
            raise UsageError(f"{option} {params[option]!r} is none that GitLab takes.")
    return PackageFile(
        project=project_path(params["project"], "project", server),
        package=params["package"],
        version=params["version"],
        name=params["file_name"],
    )


def plan_text(text: str) -> PlanText:
    """The plan of a file.

    Raises:
        UsageError: it is none, or was altered.
    """
    return PlanText(text, fingerprint_in(text.removesuffix("\n").split("\n")))


def needs_upload(plan: PlanText, stored: bytes | None, file: PackageFile, *, overwrite: bool) -> bool:
    """Whether a plan has to be stored.

    Args:
        plan: the plan.
        stored: what the package holds, None if there is no such file.
        file: where in GitLab it lies, for messages.
        overwrite: it may take the place of another plan.

    Raises:
        UsageError: there is another plan, or something else.
    """
    present = None if stored is None else _decoded(stored, file)
    if present not in (None, plan.text) and not overwrite:
        raise UsageError(f"{file} is there and is another plan: give another version, or overwrite.")
    return present != plan.text


def fetched_plan(stored: bytes | None, file: PackageFile) -> PlanText:
    """The plan that a package holds.

    Args:
        stored: what the package holds, None if there is no such file.
        file: where in GitLab it lies, for messages.

    Raises:
        UsageError: there is no plan, or it was altered.
    """
    if stored is None:
        raise UsageError(
            f"Could not fetch {file}: GitLab answered 404. There is no such plan, or the token may not see it."
        )
    return plan_text(_decoded(stored, file))


def _decoded(stored: bytes, file: PackageFile) -> str:
    try:
        return stored.decode()
    except UnicodeDecodeError:
        raise UsageError(f"{file} is no plan.") from None
