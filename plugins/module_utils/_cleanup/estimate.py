# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""How many requests reading or deleting will take, told before it is begun."""

from __future__ import annotations

import typing as t
from collections import deque
from dataclasses import dataclass

from .._core.errors import UsageError
from .._core.server import DELETE_LIMIT
from .._gitlab import rest
from .._gitlab.graphql import PAGE, PageRequest, Schema, batches_of
from .._gitlab.tags import KEYSET_PAGE
from .._plan.plan import Plan
from .._registry import api
from .._registry.auth import TOKEN_SCOPES
from .._tags.capabilities import Server
from .._tags.reader import TagQuery, concurrent_repositories


@dataclass(frozen=True)
class Estimate:
    """Requests that are still to come. tags: how many are read. uncounted: repositories of which that is not known.

    Of the registry itself those for images of one platform that are not known from before: others take more or less,
    and least is what all take when every image is known.
    """

    requests: int
    registry_requests: int
    tags: int
    uncounted: int
    least: int

    def as_result(self) -> dict[str, int]:
        return {
            "requests": self.requests,
            "registry_requests": self.registry_requests,
            "tags": self.tags,
            "repositories_uncounted": self.uncounted,
        }


def estimate_reading(server: Server, counts: t.Sequence[int | None], need: TagQuery) -> Estimate:
    """What reading all tags of repositories with so many each takes; an unknown number counts as none."""
    known = [count or 0 for count in counts]
    tags, uncounted = sum(known), counts.count(None)
    if server.way == "registry":
        asked = _pages(known, api.PAGE) + -(-len(known) // TOKEN_SCOPES)
        if server.probed:
            # Its listing, and the token for that, are there already.
            asked -= _pages([len(server.probed.tags)], api.PAGE) + 1
        each = tags if need.details else 0
        return Estimate(0, asked + 2 * each, tags, uncounted, asked + each)
    if need.details and server.by_cursor:
        requests = _requests_by_cursor(server, known, need)
    else:
        requests = _pages(known, KEYSET_PAGE if server.keyset else rest.PAGE)
        if need.details:
            requests += _pages(known, PAGE) if server.uses_graphql else tags
    return Estimate(requests, 0, tags, uncounted, requests)


def estimate_deleting(server: Server, plan: Plan, via: str) -> int:
    """The least number of requests for a plan.

    What has a digest is read again before it goes, and every repository is listed afterwards.
    """
    parts = [part.deletions for part in plan.repositories if part.deletions]
    going = [len(deletions) for deletions in parts]
    guarded = [sum(1 for decision in deletions if decision.tag.digest) for deletions in parts]
    again = _batches(guarded) if server.by_cursor else sum(guarded)
    asked = _batches(going) if via == "graphql" else sum(going)
    return again + asked + len(parts)


def too_many(needed: int, sent: int, most: int | None, what: str) -> str | None:
    """Why something is not begun, a sentence without its end; None where max_requests leaves enough for it."""
    if most is None or sent + needed <= most:
        return None
    left = max(0, most - sent)
    return f"{what} takes at least {needed} more requests, and of max_requests {most} there are {left} left"


def check_reading(estimate: Estimate, sent: int, most: int | None) -> None:
    """Raises UsageError where reading would go beyond max_requests."""
    if reason := too_many(estimate.least, sent, most, f"reading {estimate.tags} tags"):
        raise UsageError(f"Nothing was read, since {reason}: raise it, or take a smaller scope.")


def _pages(counts: t.Sequence[int], page: int) -> int:
    """Pages of so many for each; one that is empty takes one too."""
    return sum(max(1, -(-count // page)) for count in counts)


def _batches(counts: t.Sequence[int]) -> int:
    """Batches of tags that go together, of so many for each repository."""
    return sum(-(-count // DELETE_LIMIT) for count in counts)


def _requests_by_cursor(server: Server, counts: t.Sequence[int], need: TagQuery) -> int:
    """Requests for pages that follow each other, the next ones of so many repositories in each."""
    schema, width = t.cast(Schema, server.graphql), concurrent_repositories(server, need)
    fields = schema.offered(need.fields)
    fresh = deque(max(1, -(-count // PAGE)) for count in counts)
    going: list[int] = []
    requests = 0
    while fresh or going:
        begun = [fresh.popleft() for _place in range(min(len(fresh), width - len(going)))]
        pages = [PageRequest(0)] * len(going) + [PageRequest(0, counted=True)] * len(begun)
        requests += len(batches_of(schema, pages, fields))
        going = [left - 1 for left in (*going, *begun) if left > 1]
    return requests
