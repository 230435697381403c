# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Which tags go and which stay: rules + tags + clock -> a decision with its reason for every tag. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from ._matching import Pattern
from ._models import SIGNATURE, Mode, Tag

# Build tools write the epoch, 1980 (the zip epoch) or year 1 where they have no date; no image is older than 2000.
OLDEST_CREDIBLE = datetime(2000, 1, 1, tzinfo=timezone.utc)
CLOCK_TOLERANCE = timedelta(days=1)

CHOSEN_REASONS = ("matched", "expired")
KEPT_REASONS = (
    "protected",
    "gitlab_protected",
    "latest",
    "signature",
    "no_match",
    "ambiguous_pattern",
    "keep_pattern",
    "keep_n",
    "too_young",
    "unknown_date",
    "unknown_digest",
    "limit",
    "repository_unread",
)


@dataclass(frozen=True)
class Rules:
    """What a cleanup wants. keep_n 0 keeps none; older_than in seconds, None is no age rule."""

    delete: Pattern
    keep: Pattern | None = None
    protect: tuple[Pattern, ...] = ()
    allow_latest: bool = False
    allow_signatures: bool = False
    keep_n: int = 0
    older_than: int | None = None
    timestamp: str = "auto"
    require_digest: bool = True

    @property
    def need_dates(self) -> bool:
        return self.keep_n > 0 or self.older_than is not None

    @property
    def need_digests(self) -> bool:
        return self.require_digest or self.need_dates


@dataclass(frozen=True)
class Decision:
    """What happens to a tag and why. date: the date that was judged, None when none was needed or known."""

    tag: Tag
    chosen: bool
    reason: str
    date: datetime | None = None


def name_reason(name: str, rules: Rules) -> str | None:
    """Why the name alone already keeps the tag; None while it is still in play."""
    if any(pattern.may_match(name) for pattern in rules.protect):
        return "protected"
    if name == "latest" and not rules.allow_latest:
        return "latest"
    if SIGNATURE.fullmatch(name) and not rules.allow_signatures:
        return "signature"
    if rules.delete.is_ambiguous(name):
        return "ambiguous_pattern"
    if not rules.delete.surely_matches(name):
        return "no_match"
    if rules.keep and rules.keep.is_ambiguous(name):
        return "ambiguous_pattern"
    if rules.keep and rules.keep.surely_matches(name):
        return "keep_pattern"
    return None


def date_source(mode: str, rules: Rules) -> str:
    """Where the judged dates come from: published, built, created (as told), unknown, or none when none is needed.

    With a metadata database published is the push; created is then the first push of the name, which says nothing
    about a tag that was pushed again. Without one GitLab knows only when the image was built.
    """
    if not rules.need_dates:
        return "none"
    if rules.timestamp == "created":
        return "created"
    return {Mode.DATABASE: "published", Mode.NO_DATABASE: "built"}.get(mode, "unknown")


def judged_date(tag: Tag, source: str, clock: datetime | None) -> datetime | None:
    """The newest date known of the tag under this source; None when there is none that can be believed."""
    if source == "published":
        dates = [tag.published, tag.created] if tag.published else []
    elif source in ("built", "created"):
        dates = [tag.created]
    else:
        dates = []
    known = [date for date in dates if date is not None]
    if not known or any(not _credible(date, clock) for date in known):
        return None
    return max(known)


def _credible(date: datetime, clock: datetime | None) -> bool:
    return date >= OLDEST_CREDIBLE and (clock is None or date <= clock + CLOCK_TOLERANCE)


def decide(tags: t.Iterable[Tag], rules: Rules, source: str, clock: datetime | None) -> list[Decision]:
    """A decision for every tag, in the order of the tags.

    Order: protect, latest, signatures, GitLab's protection, patterns, keep_n over what is left by date (ties at its
    edge all stay), then age. An age rule without a clock keeps everything.
    """
    decisions: dict[str, Decision] = {}
    in_play: list[tuple[Tag, datetime | None]] = []
    order: list[str] = []
    for tag in tags:
        order.append(tag.name)
        reason = _kept_before_dates(tag, rules)
        if reason:
            decisions[tag.name] = Decision(tag, False, reason)
            continue
        date = judged_date(tag, source, clock) if rules.need_dates else None
        if rules.need_dates and date is None:
            decisions[tag.name] = Decision(tag, False, "unknown_date")
        else:
            in_play.append((tag, date))
    edge = _keep_n_edge([date for _tag, date in in_play if date], rules.keep_n)
    for tag, date in in_play:
        reason = _kept_by_date(date, edge, rules, clock)
        if reason is None and rules.need_digests and tag.digest is None:
            reason = "unknown_digest"
        if reason:
            decisions[tag.name] = Decision(tag, False, reason, date)
        else:
            decisions[tag.name] = Decision(tag, True, "matched" if rules.older_than is None else "expired", date)
    return [decisions[name] for name in order]


def _kept_before_dates(tag: Tag, rules: Rules) -> str | None:
    reason = name_reason(tag.name, rules)
    if reason in ("protected", "latest", "signature"):
        return reason
    return "gitlab_protected" if tag.protected else reason


def _keep_n_edge(dates: list[datetime], keep_n: int) -> datetime | None:
    """The date from which on keep_n holds a tag; None when it holds none."""
    if keep_n <= 0 or not dates:
        return None
    return sorted(dates, reverse=True)[min(keep_n, len(dates)) - 1]


def _kept_by_date(date: datetime | None, edge: datetime | None, rules: Rules, clock: datetime | None) -> str | None:
    if date is not None and edge is not None and date >= edge:
        return "keep_n"
    if rules.older_than is None:
        return None
    if date is None or clock is None:
        return "unknown_date"
    return None if date < clock - timedelta(seconds=rules.older_than) else "too_young"
