# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What earlier runs of a cleanup did, as their journal tells it. Pure."""

from __future__ import annotations

import enum
import json
import typing as t

# A repository's path, a tag's name and its digest.
_TagKey = tuple[str, str, t.Optional[str]]


class JournalEvent(enum.Enum):
    """What a line of a journal tells.

    START: A run begins.
    FOLLOWING: A tag is going to be deleted after the image that it belongs to.
    PINNING: An image in use is about to get a tag.
    PINNED: What became of that.
    ASKING: A tag's deletion is about to be asked for.
    OUTCOME: What became of that.
    END: The run is over.
    """

    START = "start"
    FOLLOWING = "following"
    PINNING = "pinning"
    PINNED = "pinned"
    ASKING = "asking"
    OUTCOME = "outcome"
    END = "end"


class EarlierRuns(t.NamedTuple):
    """What earlier runs did on a server.

    Args:
        asked: The tags whose deletion was asked for.
        referrers: The tags that the last run was to delete after their images, if it was interrupted.
    """

    asked: frozenset[_TagKey] = frozenset()
    referrers: frozenset[_TagKey] = frozenset()


def earlier_runs_in(lines: t.Iterable[str], server: str) -> EarlierRuns:
    """What the lines of a journal tell of runs on a server."""
    asked: set[_TagKey] = set()
    referrers: set[_TagKey] = set()
    here = False
    for row in _rows(lines):
        event = row.get("event")
        if event == JournalEvent.START.value:
            here = row.get("server") == server
        elif here and event == JournalEvent.ASKING.value:
            asked.add(_tag_key(row))
        elif here and event == JournalEvent.FOLLOWING.value:
            referrers.add(_tag_key(row))
        elif here and event == JournalEvent.END.value and not row.get("stopped"):
            referrers.clear()
    return EarlierRuns(asked=frozenset(asked), referrers=frozenset(referrers))


def _tag_key(row: t.Mapping[str, t.Any]) -> _TagKey:
    return str(row.get("repository")), str(row.get("name")), row.get("digest")


def _rows(lines: t.Iterable[str]) -> t.Iterator[dict[str, t.Any]]:
    """The events. A line that was torn by a kill is passed over: what it is about was not asked for yet."""
    for line in lines:
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict):
            yield row
