# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Tags that are kept until a given day, whatever the rules say. Pure."""

from __future__ import annotations

import typing as t
from datetime import datetime

from .._core.models import TagListing
from .._core.scope import path_matcher
from .._rules.patterns import Match, Pattern
from .._rules.reasons import Reason


class KeepUntil(t.NamedTuple):
    """An exception from the rules, with an end.

    Args:
        repositories: paths or globs of the repositories.
        tags: the pattern of the names of their tags.
        ends_at: the moment from which on it does not hold any more.
        keep_until: the day or time as it was written.
        why: what it is for.
        owner: who asked for it; empty if nobody is named.
        place: where the document says so, such as line 12.
    """

    repositories: tuple[str, ...]
    tags: Pattern
    ends_at: datetime
    keep_until: str
    why: str
    owner: str
    place: str

    @property
    def text(self) -> str:
        """What it is in a sentence."""
        by = f", {self.owner}" if self.owner else ""
        return f"{', '.join(self.repositories)} {self.tags.text} until {self.keep_until} ({self.why}{by})"

    def holds(self, clock: datetime | None) -> bool:
        """Whether it still holds. Without a known time it does."""
        return clock is None or clock < self.ends_at

    def names_of(self, listing: TagListing) -> list[str]:
        """The tags that it keeps in a repository that it is about. One reading of the pattern is enough."""
        return [name for name in listing.names if self.tags.match(name) is not Match.NONE]


class Exceptions:
    """The exceptions of a document, found by the paths of repositories: there may be thousands of both.

    Args:
        entries: in their order.
    """

    def __init__(self, entries: t.Sequence[KeepUntil]) -> None:
        self._entries = entries
        self._places: dict[str, list[int]] = {}
        for place, entry in enumerate(entries):
            for pattern in entry.repositories:
                self._places.setdefault(pattern, []).append(place)
        self.patterns_of = path_matcher(self._places)

    def about(self, path: str) -> list[KeepUntil]:
        """Those that are about a repository. path: of that."""
        places = {place for pattern in self.patterns_of(path) for place in self._places[pattern]}
        return [self._entries[place] for place in sorted(places)]


def kept_by_exceptions(
    listing: TagListing, exceptions: t.Iterable[KeepUntil], clock: datetime | None
) -> dict[str, Reason]:
    """The tags of a repository that exceptions keep, with the reason.

    Args:
        listing: the tags.
        exceptions: those that are about the repository.
        clock: the server's time; None if it is not known.
    """
    holding = [each for each in exceptions if each.holds(clock)]
    return {name: Reason.EXCEPTION for each in holding for name in each.names_of(listing)}
