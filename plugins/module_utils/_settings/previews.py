# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What cleanup policies, as they will be, would delete now."""

from __future__ import annotations

import typing as t

from .._core.models import Repository
from .._gitlab.repositories import group_repositories, project_repositories
from .._http.client import Client
from .._policy.preview import preview_policy, truncate
from .._policy.reading import read_for_policies
from .._tags.capabilities import Sources, detect
from .._tags.reader import open_reader
from .plan import ProjectPlan, policy_after


def preview_rows(
    client: Client, groups: t.Collection[str], plans: t.Iterable[ProjectPlan], limit: int
) -> list[dict[str, t.Any]]:
    """Read the tags of all projects, and tell by repository what their policies would delete.

    Args:
        client: GitLab.
        groups: that the projects are all of; if there are none, each project is asked by itself.
        plans: of the projects.
        limit: the most entries of each list of a preview.

    Raises:
        RequestError: the repositories can't be listed. What else can't be read is told in the rows.
    """
    readable = {plan.project.id: plan for plan in plans if not plan.error}
    policies = {project_id: policy_after(plan) for project_id, plan in readable.items()}
    repositories = _repositories(client, groups, readable)
    reader = open_reader(detect(client, repositories, Sources(use_graphql=True), details=True))
    rows = []
    for listing in read_for_policies(reader, repositories, policies):
        row: dict[str, t.Any] = {"repository": listing.repository.path, "preview": None, "error": None}
        if listing.error:
            row["error"] = str(listing.error)
        else:
            policy = policies[listing.repository.project_id]
            preview = preview_policy(reader.capabilities, listing, policy, client.clock)
            row["preview"] = truncate(preview.as_result(), limit)
        rows.append(row)
    return sorted(rows, key=lambda row: str(row["repository"]))


def _repositories(client: Client, groups: t.Collection[str], plans: t.Mapping[int, ProjectPlan]) -> list[Repository]:
    if groups:
        listings = [group_repositories(client, group) for group in groups]
    else:
        seen = [project_id for project_id, plan in plans.items() if not plan.project.registry_disabled]
        listings = client.parallel(lambda project_id: project_repositories(client, project_id), seen)
    return [repository for listing in listings for repository in listing if not repository.being_deleted]
