# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What GitLab's bulk deletion is asked for in a repository, and whether it can do that. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._core.server import Mode
from .._plan.plan import RepositoryPlan
from .._policy.prediction import MAX_LIST_SIZE
from .._rules.patterns import pattern_error, quoted


@dataclass(frozen=True)
class BulkRequest:
    """The bulk deletion of one repository. parameters: of the request, as GitLab's API names them."""

    plan: RepositoryPlan
    parameters: t.Mapping[str, t.Any]


def pinned_request(part: RepositoryPlan, keep: str | None, older_than: str) -> BulkRequest:
    """The request for exactly the planned tags.

    GitLab once more checks their age and the keep pattern by itself.

    Args:
        part: The plan of the repository.
        keep: The pattern of names that stay, None for none.
        older_than: The least age, as the user wrote it.
    """
    parameters = {
        "name_regex_delete": quoted(decision.tag.name for decision in part.deletions),
        "older_than": older_than,
        **({"name_regex_keep": keep} if keep else {}),
    }
    return BulkRequest(part, parameters)


def why_not_pinned(request: BulkRequest, mode: Mode) -> str | None:
    """Why GitLab can't delete all tags of a request in one run; None if it can."""
    path, number = request.plan.repository.path, len(request.plan.deletions)
    if mode is not Mode.DATABASE and number > MAX_LIST_SIZE:
        return (
            f"{path}: {number} tags would be deleted in bulk, and without a metadata database GitLab deletes at most "
            f"{MAX_LIST_SIZE} in one run, chosen by chance (delete_via auto deletes them all)"
        )
    if pattern_error(rf"\A{request.parameters['name_regex_delete']}\z"):
        return f"{path}: the names of {number} tags are too long for one pattern (delete_via auto deletes them all)"
    return None
