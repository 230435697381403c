# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What GitLab's bulk deletion is asked for, one request for each repository of a plan. Pure."""

from __future__ import annotations

import typing as t

from .._core.server import Mode
from .._core.words import counted, some
from .._plan.plan import Plan, RepositoryPlan
from .._policy.prediction import MAX_LIST_SIZE, Parameters
from .._rules.patterns import pattern_error, quoted
from .._rules.referrers import kept_together
from .request import CleanupRequest


class BulkRequest(t.NamedTuple):
    """One repository's bulk deletion.

    Args:
        plan: of the repository.
        parameters: what GitLab is sent, by the names of its API.
    """

    plan: RepositoryPlan
    parameters: t.Mapping[str, t.Any]


def bulk_requests(plan: Plan, request: CleanupRequest) -> list[BulkRequest]:
    """The bulk deletions that carry a plan out, one for each repository that tags are deleted from."""
    parts = [part for part in plan.repositories if part.deletions]
    if request.parameters is None:
        return [_pinned(part, request) for part in parts]
    parameters = _request_parameters(request.parameters)
    return [BulkRequest(part, parameters) for part in parts]


def _request_parameters(wanted: Parameters) -> dict[str, t.Any]:
    """The parameters of a bulk deletion: what is not given is left out, since an empty one would count as given."""
    named = {
        "name_regex_delete": wanted.delete_pattern,
        "name_regex_keep": wanted.name_regex_keep,
        "keep_n": wanted.keep_n,
        "older_than": wanted.older_than,
    }
    return {name: value for name, value in named.items() if value}


def _pinned(part: RepositoryPlan, request: CleanupRequest) -> BulkRequest:
    """The request for exactly the planned tags. GitLab checks their age and the keep pattern once more by itself."""
    parameters = {
        "name_regex_delete": quoted(decision.tag.name for decision in part.deletions),
        "older_than": request.bulk_older_than,
        "name_regex_keep": request.bulk_keep,
    }
    return BulkRequest(part, {name: value for name, value in parameters.items() if value})


def why_not_in_one_run(request: BulkRequest, mode: Mode) -> str | None:
    """Why GitLab can't carry a pinned request out in one run, a sentence without its end; None where it can."""
    path, number = request.plan.repository.path, len(request.plan.deletions)
    tags = counted(number, "tag")
    if mode is not Mode.DATABASE and number > MAX_LIST_SIZE:
        return (
            f"{path}: {tags} would be deleted in bulk, and without a metadata database GitLab deletes at most "
            f"{MAX_LIST_SIZE} in one run, chosen at random (set delete_via to auto to delete all of them)"
        )
    if pattern_error(rf"\A{request.parameters['name_regex_delete']}\z"):
        return (
            f"{path}: the names of {tags} are too long for one pattern (set delete_via to auto to delete all of them)"
        )
    return None


def why_not_unpinned(part: RepositoryPlan) -> str | None:
    """Why GitLab must not choose what it deletes in a registry that may delete by digest, a sentence without its end.

    It can't be told to keep tags that share their image with a kept one. None if there are none.
    """
    spared = zip(part.decisions, kept_together(part.decisions))
    names = [before.tag.name for before, after in spared if before.delete and not after.delete]
    if not names:
        return None
    return (
        f"{part.repository.path}: GitLab would delete "
        f"{counted(len(names), 'tag that shares its', 'tags that share their')} image with a kept tag, or may "
        f"({some(names)}), and this registry is not known to leave the kept one (delete_via auto and bulk keep them "
        "all, shared_digest independent trusts the registry)"
    )
