# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""How many requests reading tags takes, and whether max_requests leaves enough for it. Pure."""

from __future__ import annotations

import typing as t

from .._core.budget import why_too_many
from .._core.errors import UsageError
from .._core.words import counted


class Estimate(t.NamedTuple):
    """The requests that reading all tags takes.

    Args:
        requests: To GitLab.
        registry_requests: To the registry itself, if every image has one platform and none is known from before.
        tags: How many tags are read.
        uncounted: Of how many repositories the number of tags is not known; they count as empty.
        least: All requests, if every image is known from before.
    """

    requests: int
    registry_requests: int
    tags: int
    uncounted: int
    least: int

    def as_result(self) -> dict[str, int]:
        """The estimate as a module returns it."""
        return {
            "requests": self.requests,
            "registry_requests": self.registry_requests,
            "tags": self.tags,
            "repositories_uncounted": self.uncounted,
        }


def estimate_of(counts: t.Sequence[int | None], requests: int) -> Estimate:
    """The estimate of a reader that asks GitLab alone.

    Args:
        counts: The number of tags of each repository, None if it is not known.
        requests: How many requests reading them takes.
    """
    return Estimate(
        requests=requests,
        registry_requests=0,
        tags=sum(known_counts(counts)),
        uncounted=counts.count(None),
        least=requests,
    )


def with_layers(estimate: Estimate, tokens: int) -> Estimate:
    """The estimate, if the manifests of all images are read besides. tokens: for how many tokens the registry asks."""
    return estimate._replace(registry_requests=estimate.registry_requests + estimate.tags + tokens)


def known_counts(counts: t.Sequence[int | None]) -> list[int]:
    """The numbers of tags, where an unknown one counts as none."""
    return [count or 0 for count in counts]


def pages_of(counts: t.Iterable[int], size: int) -> int:
    """How many pages of a size hold so many tags for each repository. An empty repository takes a page too."""
    return sum(max(1, -(-count // size)) for count in counts)


def check_reading(estimate: Estimate, sent: int, most: int | None) -> None:
    """See that the requests that are left suffice for reading.

    Args:
        estimate: what reading takes.
        sent: number of requests so far.
        most: the most requests of the task; None is no limit.

    Raises:
        UsageError: they do not.
    """
    what = f"reading {counted(estimate.tags, 'tag')}"
    if reason := why_too_many(needed=estimate.least, sent=sent, most=most, what=what):
        raise UsageError(f"Nothing was read, since {reason}: raise it, or use a smaller scope.")
