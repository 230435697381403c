# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""GitLab's REST endpoints for what is alive in a project's git repository and in its environments.

Every function raises RequestError when the answer is not the one it is named after.
"""

from __future__ import annotations

import typing as t

from .._core.models import RefKind
from .._http.client import Client
from .fields import a_name, a_number, text_or_none
from .rest import Row, keyset_rows, rows

# app/models/deployment.rb: those that brought or may bring their image to the environment.
_DEPLOYED = frozenset({"success", "running", "blocked"})


def active_refs(client: Client, project_id: int, kind: RefKind, *, numbers: bool = False) -> list[str]:
    """The names of a project's git refs that exist.

    Args:
        client: of GitLab.
        project_id: of the project.
        kind: of merge requests the source branches of open ones.
        numbers: the numbers of open merge requests as well.
    """
    operation = f"list the {kind.value.replace('_', ' ')} of project {project_id}"
    if kind is RefKind.MERGE_REQUESTS:
        found = rows(client, f"/projects/{project_id}/merge_requests", {"state": "opened"}, operation)
        named = [a_name(row, "source_branch") for row in found]
        return [*named, *(str(a_number(row, "iid")) for row in found)] if numbers else named
    path = f"/projects/{project_id}/repository/{kind.value}"
    by_name = {"order_by": "name", "sort": "asc"} if kind is RefKind.TAGS else {}
    return [a_name(row, "name") for row in keyset_rows(client, path, by_name, operation)]


def deployed_refs(client: Client, project_id: int, keep: int) -> list[str]:
    """Refs and commits of the last deployments of each environment of a project that was not stopped.

    Args:
        client: of GitLab.
        project_id: of the project.
        keep: how many successful deployments. Those that run or wait for approval after the oldest of these count too.

    Returns:
        The ref and the commit of each.
    """

    def enough(found: t.Iterable[Row]) -> bool:
        return len([row for row in found if row.get("status") == "success"]) >= keep

    operation = f"list the environments of project {project_id}"
    refs: dict[str, None] = {}
    for environment in rows(client, f"/projects/{project_id}/environments", {}, operation):
        if environment.get("state") == "stopped":
            continue
        name = a_name(environment, "name")
        query = {"environment": name, "order_by": "id", "sort": "desc"}
        operation = f"list the deployments of {name} of project {project_id}"
        left = keep
        for row in rows(client, f"/projects/{project_id}/deployments", query, operation, enough=enough):
            if text_or_none(row, "status") not in _DEPLOYED:
                continue
            refs.update(dict.fromkeys((a_name(row, "ref"), a_name(row, "sha"))))
            left -= row["status"] == "success"
            if left <= 0:
                break
    return list(refs)
