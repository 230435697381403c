# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Deleting whole repositories, which GitLab does in the background, and following how far it is."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from .._core.errors import ErrorKind, RequestError
from .._core.models import Repository, TagListing
from .._core.server import DeleteMethod
from .._gitlab.repositories import delete_repository, get_repository
from .._plan.plan import Plan, RepositoryPlan
from .._tags.capabilities import Server
from .._tags.reader import confirm_empty, list_names
from .deletion import delete

GOOD = frozenset({"deleted", "scheduled"})

_WHY_FAILED = (
    "GitLab gave up: without a metadata database it deletes at most 200 tags in each of 10 tries (empty_first deletes "
    "them before), and tags under a protection rule are kept (lift the rule); deleting it again continues from here"
)


@dataclass(frozen=True)
class Order:
    """A repository that is to go. tags: what is deleted before, None where GitLab is to do that.

    checked: its emptiness is looked at right before. asked: GitLab is deleting it already.
    """

    repository: Repository
    tags: RepositoryPlan | None = None
    checked: bool = True
    asked: bool = False


@dataclass(frozen=True)
class Fate:
    """What became of it: deleted, scheduled, delete_failed, not_emptied or not_deleted, and why where not plain."""

    order: Order
    outcome: str
    message: str = ""


def delete_repositories(server: Server, via: DeleteMethod, orders: t.Sequence[Order], wait: float | None) -> list[Fate]:
    """Have the repositories deleted, and follow that for so many seconds; None is not to wait. Raises nothing."""
    fates = server.client.parallel(lambda order: _ask(server, via, order), orders)
    if wait is None:
        return fates
    for _pause in server.client.poll_intervals(wait):
        left = [position for position, fate in enumerate(fates) if fate.outcome == "scheduled"]
        if not left:
            break
        looks = server.client.parallel(lambda position: _look(server, fates[position].order), left)
        for position, fate in zip(left, looks):
            fates[position] = fate
    late = f"GitLab has not deleted it within {wait:g} seconds, and may try for hours"
    return [replace(fate, message=fate.message or late) if fate.outcome == "scheduled" else fate for fate in fates]


def _ask(server: Server, via: DeleteMethod, order: Order) -> Fate:
    if order.asked:
        return Fate(order, "scheduled")
    try:
        if order.tags and order.tags.deletions:
            outcome = delete(server, Plan((order.tags,)), via)
            if not outcome.ok:
                short = next((fate.message for fate in outcome.fates if fate.message), outcome.halted)
                return Fate(order, "not_emptied", short)
        if order.checked:
            listing = confirm_empty(server, list_names(server, order.repository))
            if listing.error:
                raise listing.error
            reason = why_not_empty(listing, emptied=order.tags is not None and bool(order.tags.deletions))
            if reason:
                return Fate(order, "not_deleted", reason)
        delete_repository(server.client, order.repository)
    except RequestError as error:
        gone = error.kind == ErrorKind.NOT_FOUND and _look(server, order).outcome == "deleted"
        return Fate(order, "deleted") if gone else Fate(order, "not_deleted", str(error))
    return Fate(order, "scheduled")


def _look(server: Server, order: Order) -> Fate:
    try:
        found = get_repository(server.client, order.repository.id)
    except RequestError as error:
        if error.kind == ErrorKind.NOT_FOUND:
            return Fate(order, "deleted")
        stopped = error.kind in (ErrorKind.STOPPED, ErrorKind.UNAUTHORIZED, ErrorKind.FORBIDDEN)
        return Fate(order, "scheduled", str(error) if stopped else "")
    return Fate(order, "delete_failed", _WHY_FAILED) if found.status == "delete_failed" else Fate(order, "scheduled")


def why_not_empty(listing: TagListing, *, emptied: bool = False) -> str | None:
    """Why a repository can't be taken for empty; None where the registry itself says that it is.

    emptied: all its tags were deleted just now, after which some storages know nothing of the repository any more.
    """
    if listing.error:
        return listing.error.message
    if listing.tags:
        return f"it has {len(listing.tags)} tags"
    if listing.authoritative or (emptied and listing.repository_unknown):
        return None
    if listing.repository_unknown:
        return "the registry does not know it, which one whose storage is lost says too"
    return "no tags are listed, which a registry that fails looks like too"
