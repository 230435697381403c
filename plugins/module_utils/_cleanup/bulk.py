# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""GitLab's bulk deletion, one request an hour for a repository: asking for it, and watching what comes of it.

GitLab says neither when it is done nor what it did, so the only proof is the listing afterwards.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._core.errors import ErrorKind, RequestError
from .._core.models import TagListing
from .._gitlab.tags import bulk_delete_tags
from .._tags.capabilities import Server
from .._tags.reader import list_names, read_again
from .bulk_requests import BulkRequest
from .deletion import (
    CHANGED,
    NO_PROOF,
    Fate,
    Outcome,
    differs,
    proves_absence,
    tell_asking,
    tell_fates,
    vanished,
)
from .journal import Tell, silent

# So many looks without a change, after some tags went, mean that no more will go.
QUIET_LOOKS = 4

_IN_BACKGROUND = "GitLab accepted the bulk deletion and carries it out in the background"
_LOST = "the answer to the bulk deletion was lost, and GitLab may have taken it up or not"


@dataclass
class Watch:
    """An order that was given. error: how GitLab refused it, or lost the answer. quiet: looks without a change.

    changed: planned tags that are there, and are another image than in the plan, or were pushed again.
    """

    order: BulkRequest
    error: RequestError | None = None
    listing: TagListing | None = None
    gone: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    quiet: int = 0

    @property
    def answer_lost(self) -> bool:
        return self.error is not None and self.error.kind.effect_unknown

    @property
    def under_way(self) -> bool:
        return self.error is None or self.answer_lost

    @property
    def done(self) -> bool:
        """Nothing more will go, or nothing more can be seen of it."""
        blind = self.listing is not None and self.listing.error is not None and self.listing.error.kind.stops_task
        confirm_empty = bool(self.gone) and self.quiet >= QUIET_LOOKS
        return blind or confirm_empty or len(self.gone) >= self.order.plan.deletion_range[1]


def delete_in_bulk(server: Server, orders: t.Sequence[BulkRequest], wait: float | None, tell: Tell = silent) -> Outcome:
    """Give the orders and watch them for so many seconds; None is not to watch. tell: as in delete. Raises nothing."""
    watches = server.client.parallel(lambda order: _give(server, order, tell), orders)
    left = [watch for watch in watches if watch.under_way]
    if wait is not None and left:
        for _pause in server.client.poll_intervals(wait):
            server.client.parallel(lambda watch: _look(server, watch), left)
            left = [watch for watch in left if not watch.done]
            if not left:
                break
    server.client.parallel(lambda watch: _look_at_what_is_left(server, watch), watches)
    fates = tuple(fate for watch in watches for fate in _fates(watch, wait))
    tell_fates(tell, fates)
    return Outcome(fates, _remaining(watches), "; ".join(filter(None, (_vanished(watch) for watch in watches))))


def _give(server: Server, order: BulkRequest, tell: Tell) -> Watch:
    digests = {decision.tag.name: decision.tag.digest for decision in order.plan.deletions}
    try:
        tell_asking(tell, order.plan, digests, digests)
        bulk_delete_tags(server.client, order.plan.repository, order.parameters)
    except RequestError as error:
        return Watch(order, error)
    return Watch(order)


def _look(server: Server, watch: Watch) -> None:
    listing = list_names(server, watch.order.plan.repository)
    watch.listing = listing
    if listing.error:
        return
    present = set(listing.names)
    gone = {decision.tag.name for decision in watch.order.plan.deletions if decision.tag.name not in present}
    watch.quiet = watch.quiet + 1 if gone == watch.gone else 0
    watch.gone = gone


def _look_at_what_is_left(server: Server, watch: Watch) -> None:
    """Tell tags that GitLab rightly left, as far as their digests were planned and can be read."""
    if watch.listing is None or watch.listing.error:
        return
    planned = {decision.tag.name: decision.tag for decision in watch.order.plan.deletions}
    left = [name for name, tag in planned.items() if name not in watch.gone and tag.digest]
    try:
        found = read_again(server, watch.order.plan.repository, left, watch.listing.names) if left else {}
    except RequestError:
        return
    watch.changed = {name for name, tag in found.items() if tag and tag.digest and differs(tag, planned[name])}


def _fates(watch: Watch, wait: float | None) -> t.Iterator[Fate]:
    path = watch.order.plan.repository.path
    proven_absent = watch.listing is not None and proves_absence(watch.order.plan, watch.listing)
    for decision in watch.order.plan.deletions:
        outcome, message = _judged(watch, decision.tag.name, proven_absent, wait)
        yield Fate(path, decision.tag.name, decision.tag.digest, outcome, message)


def _judged(watch: Watch, name: str, proven_absent: bool, wait: float | None) -> tuple[str, str]:
    listing = watch.listing
    if not watch.under_way and watch.error:
        refused = watch.error.kind in (ErrorKind.STOPPED, ErrorKind.UNAUTHORIZED, ErrorKind.LEASE, ErrorKind.JOURNAL)
        return "not_tried" if refused else "not_deleted", str(watch.error)
    if listing is None or listing.error:
        if watch.answer_lost:
            return "not_deleted", _LOST
        return "unverified", str(listing.error) if listing and listing.error else _IN_BACKGROUND
    if name in watch.changed:
        return "changed_since", CHANGED
    if name not in watch.gone:
        return "not_deleted", _why_left(watch, wait)
    return ("deleted", "") if proven_absent else ("unverified", NO_PROOF)


def _why_left(watch: Watch, wait: float | None) -> str:
    if watch.answer_lost:
        return _LOST
    if watch.done:
        return f"GitLab deleted {len(watch.gone)} others in this run and not this one; it takes the next in an hour"
    return f"GitLab has not deleted it within {wait:g} seconds" if wait is not None else _IN_BACKGROUND


def _vanished(watch: Watch) -> str:
    """What to say of tags that the plan keeps and that are gone all the same."""
    names = sorted(tag.name for tag in vanished(watch.order.plan, watch.listing)) if watch.listing else []
    if not names:
        return ""
    return (
        f"tags of {watch.order.plan.repository.path} that the plan keeps are gone ({', '.join(names[:5])}): "
        "GitLab or somebody else deleted them meanwhile"
    )


def _remaining(watches: t.Sequence[Watch]) -> int | None:
    listings = [watch.listing for watch in watches]
    if any(listing is None or listing.error or not listing.complete for listing in listings):
        return None
    return sum(len(listing.names) for listing in listings if listing)
