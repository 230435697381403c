# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What was pulled from a replica of a registry lately, by its logs, and whether these tell of all of it. Pure.

Logs that may leave out a pull are worth nothing: an image of which they say nothing would count as not pulled.
"""

from __future__ import annotations

import math
import re
import typing as t
from datetime import datetime, timezone

from .._core.models import format_time
from .._core.words import counted
from .durations import SECONDS
from .pull_lines import entries_of, is_reference

_MINUTE = SECONDS["min"]
# An address below /v2/, as it is or escaped, or what notifications have.
_OF_REGISTRY = re.compile(r"(?:/|%2[fF])v2\b|\btarget\b")


class Window(t.NamedTuple):
    """The time of which all pulls are to be known.

    Args:
        since: where it begins, in seconds since 1970.
        until: where it ends.
        max_gap: seconds without a request that are no reason to doubt.
    """

    since: float
    until: float
    max_gap: int

    @property
    def begin(self) -> float:
        """A time before the window. If there is no request in between, the gap is too long."""
        return self.since - self.max_gap - _MINUTE


class PullLog(t.NamedTuple):
    """What files of a log say.

    Args:
        images: references that were pulled in the window, or after it by a clock that is ahead.
        lines: their number, without empty ones.
        requests: number of requests that they tell of.
        pulls: number of those that are pulls in the window and count.
        ignored: number of pulls in the window that do not count, because of their clients.
        unreadable: number of lines that can't be read.
        first_unreadable: where the first of them is; empty if all can be read.
        oldest: time of the first request, in seconds since 1970; None if there is none.
        newest: time of the last request.
        minutes: since 1970 in which there was a request, shortly before the window and in it.
        names_registry: whether any of them is for the registry, and not for another site of the same proxy.
    """

    images: frozenset[str] = frozenset()
    lines: int = 0
    requests: int = 0
    pulls: int = 0
    ignored: int = 0
    unreadable: int = 0
    first_unreadable: str = ""
    oldest: float | None = None
    newest: float | None = None
    minutes: frozenset[int] = frozenset()
    names_registry: bool = False


def read_log(lines: t.Iterable[str], name: str, window: Window, ignored_agents: t.Sequence[str] = ()) -> PullLog:
    """What a file of a log says.

    Args:
        lines: of the file, in any order.
        name: of the file.
        window: the time of which pulls are wanted.
        ignored_agents: how the User-Agent of clients begins whose pulls do not count.
    """
    images: set[str] = set()
    minutes: set[int] = set()
    number = empty = requests = pulls = ignored = unreadable = 0
    first_unreadable = ""
    oldest, newest = math.inf, -math.inf
    names_registry = False
    # Times have no fractions.
    since, begin = math.floor(window.since), window.begin
    agents = tuple(ignored_agents)
    for number, line in enumerate(lines, 1):
        entries = entries_of(line)
        if entries is None:
            if not line.strip():
                empty += 1
                continue
            unreadable += 1
            first_unreadable = first_unreadable or f"line {number} of {name}"
            continue
        names_registry = names_registry or (bool(entries) and _OF_REGISTRY.search(line) is not None)
        for time, image, agent in entries:
            requests += 1
            oldest, newest = min(oldest, time), max(newest, time)
            if time >= begin:
                minutes.add(int(time) // _MINUTE)
            if not image or time < since:
                continue
            if agents and agent.startswith(agents):
                ignored += 1
                continue
            pulls += 1
            images.add(image)
    return PullLog(
        images=frozenset(filter(is_reference, images)),
        lines=number - empty,
        requests=requests,
        pulls=pulls,
        ignored=ignored,
        unreadable=unreadable,
        first_unreadable=first_unreadable,
        oldest=oldest if requests else None,
        newest=newest if requests else None,
        minutes=frozenset(minutes),
        names_registry=names_registry,
    )


def merged(logs: t.Sequence[PullLog]) -> PullLog:
    """What all files of a log say together."""
    return PullLog(
        images=frozenset().union(*(log.images for log in logs)),
        lines=sum(log.lines for log in logs),
        requests=sum(log.requests for log in logs),
        pulls=sum(log.pulls for log in logs),
        ignored=sum(log.ignored for log in logs),
        unreadable=sum(log.unreadable for log in logs),
        first_unreadable=next((log.first_unreadable for log in logs if log.first_unreadable), ""),
        oldest=min((log.oldest for log in logs if log.oldest is not None), default=None),
        newest=max((log.newest for log in logs if log.newest is not None), default=None),
        minutes=frozenset().union(*(log.minutes for log in logs)),
        names_registry=any(log.names_registry for log in logs),
    )


def shortcomings(log: PullLog, window: Window, max_unreadable: int) -> list[str]:
    """Why a log may leave out a pull.

    Args:
        log: all files of a replica.
        window: the time of which all pulls are to be known.
        max_unreadable: number of lines that may be unreadable.

    Returns:
        Sentences without their ends.
    """
    found = []
    if log.unreadable > max_unreadable:
        found.append(
            f"{log.unreadable:,} of {counted(log.lines, 'line')} can't be read, first {log.first_unreadable}, and "
            f"max_unreadable is {max_unreadable}: each may be a pull"
        )
    if log.oldest is None:
        return [
            *found,
            f"none of {counted(log.lines, 'line')} is about a request: name the access log, and check that the "
            "registry writes one",
        ]
    if not log.names_registry:
        found.append(
            f"none of {counted(log.requests, 'request')} is for the registry (/v2/): name the access log of the "
            "registry, not the log of another site"
        )
    if log.oldest > window.since:
        return [
            *found,
            f"they begin only at {told(log.oldest)}, and pulls since {told(window.since)} are required: keep logs for "
            "longer, or lower pulled_within",
        ]
    start, end = _longest_gap(log.minutes, window)
    if end - start > window.max_gap:
        found.append(
            f"they contain no request between {told(start)} and {told(end)}, which is longer than max_gap: name all "
            "files of the log, or raise max_gap if the registry was idle"
        )
    return found


def _longest_gap(minutes: t.Collection[int], window: Window) -> tuple[float, float]:
    """The longest time without a request, from the last one before the window to its end, to the minute."""
    times = sorted(min(minute * float(_MINUTE), window.until) for minute in minutes)
    gaps = zip([window.begin, *times], [*times, window.until])
    return max((gap for gap in gaps if gap[1] > window.since), key=lambda gap: gap[1] - gap[0])


def told(time: float) -> str:
    """A time as results tell it."""
    return str(format_time(datetime.fromtimestamp(int(time), timezone.utc)))
