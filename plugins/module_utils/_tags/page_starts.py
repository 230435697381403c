# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Behind which names pages of tags begin, and when it pays to list the names for that. Pure."""

from __future__ import annotations

import itertools
import typing as t
from bisect import bisect_left

from .._core.server import KEYSET_PAGE, TAG_PAGE
from .estimate import pages_of


def page_starts(names: t.Sequence[str], wanted: t.Iterable[str]) -> list[str | None]:
    """Behind which names pages have to begin so that every wanted name is on one; None is the beginning.

    names: all of them, sorted.
    """
    starts: list[str | None] = []
    covered = 0
    for position in sorted(bisect_left(names, name) for name in wanted):
        if position >= covered:
            starts.append(names[position - 1] if position else None)
            covered = position + TAG_PAGE
    return starts


def name_before(names: t.Sequence[str], name: str) -> str | None:
    """The name before another one among sorted names; None if that is the first."""
    position = bisect_left(names, name)
    return names[position - 1] if position else None


def is_faster_by_names(left: t.Sequence[int], *, pages_at_once: int, workers: int) -> bool:
    """Whether repositories are read in half the time if their names are listed now, and all pages side by side then.

    They are not where it is as fast to wait for the short ones first, and less than half is not worth the listings.

    Args:
        left: How many tags each of them has left; there is at least one.
        pages_at_once: How many pages one request asks for.
        workers: How many requests may be under way at once.
    """

    def turns(pages: int, at_once: int) -> int:
        return -(-pages // (at_once * workers))

    def by_names(counts: t.Sequence[int]) -> int:
        listings = [listings_of(count) for count in counts]
        longest = max([*listings, turns(sum(listings), 1)])
        return longest + turns(pages_of(counts, TAG_PAGE), pages_at_once)

    rest = sorted(left)
    switching_now, page_by_page, done = by_names(rest), 0, 0
    for pages, as_long in itertools.groupby(rest, lambda count: pages_of([count], TAG_PAGE)):
        # All that are left have these pages.
        page_by_page += (pages - done) * turns(len(rest), pages_at_once)
        rest, done = rest[len(list(as_long)) :], pages
        if page_by_page + by_names([count - done * TAG_PAGE for count in rest]) <= switching_now:
            return False
    return 2 * switching_now <= page_by_page


def listings_of(count: int) -> int:
    """How many requests listing so many names takes. Behind a last page that is full there may be more."""
    return count // KEYSET_PAGE + 1
