# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Which tags are kept for their rank: keep_n of all tags of a rule, and of each group. Pure."""

from __future__ import annotations

import typing as t
from datetime import datetime

from .._core.models import Tag
from .reasons import Reason
from .rules import PARTS, PERIODS, KeepPerGroup, Rule, SortBy
from .versions import Version, parse_version


class Candidate(t.NamedTuple):
    """A tag that may be deleted, with all that it is judged by: None is not needed."""

    tag: Tag
    date: datetime | None
    version: Version | None


def kept_by_rank(candidates: t.Sequence[Candidate], other_names: t.Collection[str], rule: Rule) -> dict[str, Reason]:
    """The names that keep_n or keep_n_per keeps, with the reason. All that are as new as the last of them are kept too.

    Args:
        candidates: the tags that the rule decides about.
        other_names: its tags that something else keeps already.
        rule: of all these tags.
    """
    kept: dict[str, Reason] = {}
    for part in _parts(candidates, rule):
        for per_group in rule.keep_n_per:
            for group in _groups(part, other_names, per_group, rule):
                kept.update((each.tag.name, Reason.KEEP_N_PER) for each in _newest(group, per_group.keep_n, rule))
        kept.update((each.tag.name, Reason.KEEP_N) for each in _newest(part, rule.keep_n, rule))
    return kept


def _parts(candidates: t.Sequence[Candidate], rule: Rule) -> list[t.Sequence[Candidate]]:
    """The tags that are counted together."""
    if not rule.prereleases_apart:
        return [candidates]
    return [
        [each for each in candidates if each.version and bool(each.version.prerelease) is early]
        for early in (False, True)
    ]


def _rank(candidate: Candidate, rule: Rule) -> t.Any:
    """What is greater for newer tags."""
    if rule.sort_by is SortBy.DATE:
        return candidate.date
    return candidate.version if rule.sort_by is SortBy.SEMVER else candidate.tag.name


def _newest(candidates: t.Sequence[Candidate], number: int, rule: Rule) -> list[Candidate]:
    """The newest ones, that many, and all that are as new as the last of them."""
    if number <= 0 or not candidates:
        return []
    ranks = sorted((_rank(each, rule) for each in candidates), reverse=True)
    edge = ranks[min(number, len(ranks)) - 1]
    return [each for each in candidates if _rank(each, rule) >= edge]


def _groups(
    candidates: t.Sequence[Candidate], other_names: t.Collection[str], per_group: KeepPerGroup, rule: Rule
) -> list[list[Candidate]]:
    """The candidates by group, only the newest groups where their number is limited.

    How new a group is can't be told by what is left of it: where one of its tags is no candidate, it is kept besides.
    """
    groups: dict[t.Any, list[Candidate]] = {}
    for each in candidates:
        groups.setdefault(_group(each, per_group.by, rule), []).append(each)
    partial = {rule.match.part(name, per_group.by) for name in other_names} if per_group.rank_groups else set()
    kept = [groups.pop(key) for key in partial if key in groups]
    if per_group.groups is None or per_group.groups >= len(groups):
        return [*kept, *groups.values()]

    def newness(key: t.Any) -> t.Any:
        return max(_rank(each, rule) for each in groups[key]) if per_group.rank_groups else key

    ranks = sorted(map(newness, groups), reverse=True)
    edge = ranks[per_group.groups - 1]
    return kept + [group for key, group in groups.items() if newness(key) >= edge]


def _group(candidate: Candidate, by: str, rule: Rule) -> t.Any:
    """What tags of one group have in common."""
    date, version = candidate.date, candidate.version
    if date and by in PERIODS:
        return _period(date, by)
    if version and by in PARTS:
        return (version.major,) if by == "major" else (version.major, version.minor)
    return rule.match.part(candidate.tag.name, by)


def has_group(name: str, by: str, rule: Rule) -> bool:
    """Whether the name of a tag of a rule shows a group. Every tag whose date is known has a day; others are kept."""
    if by in PERIODS:
        return True
    return (parse_version(name) if by in PARTS else rule.match.part(name, by)) is not None


def _period(date: datetime, by: str) -> tuple[int, ...]:
    if by == "week":
        return tuple(date.isocalendar())[:2]
    whole = (date.year, date.month, date.day)
    return whole[: ("year", "month", "day").index(by) + 1]
