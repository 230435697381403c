# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Which tags are kept for their rank: keep_n of all tags of a rule, and of each group. Pure."""

from __future__ import annotations

import typing as t
from datetime import datetime

from .._core.models import SIGNATURE, Tag
from .reasons import Reason
from .rules import PARTS, PERIODS, KeepPerGroup, PrereleaseOrder, Rule, SortBy
from .versions import Version, natural_key, parse_calver, parse_semver


class Candidate(t.NamedTuple):
    """A tag that may be deleted, with all that it is judged by: None is not needed.

    Args:
        tag: which one.
        date: its age.
        text: of its version; empty if it is not needed.
        version: that this text is.
    """

    tag: Tag
    date: datetime | None
    text: str
    version: Version | None


def version_of(text: str, rule: Rule) -> Version | None:
    """The version that a text is to a rule; None if it is none."""
    return parse_calver(text) if rule.sort_by is SortBy.CALVER else parse_semver(text)


def kept_by_rank(candidates: t.Sequence[Candidate], others: t.Sequence[Tag], rule: Rule) -> dict[str, Reason]:
    """The names that keep_n or keep_n_per keeps, with the reason. All that are as new as the last of them are kept too.

    Args:
        candidates: the tags that the rule decides about.
        others: its tags that something else keeps already.
        rule: of all these tags.
    """
    kept: dict[str, Reason] = {}
    for part in _parts(candidates, rule):
        for per_group in rule.keep_n_per:
            for group in _groups(part, others, per_group, rule):
                kept.update((each.tag.name, Reason.KEEP_N_PER) for each in _newest(group, per_group.keep_n, rule))
        kept.update((each.tag.name, Reason.KEEP_N) for each in _newest(part, rule.keep_n, rule))
    return _whole_images(candidates, others, kept) if rule.count_images else kept


def _whole_images(
    candidates: t.Sequence[Candidate], others: t.Sequence[Tag], kept: t.Mapping[str, Reason]
) -> dict[str, Reason]:
    """What is kept for its rank, with all candidates of the same images.

    An image of which something else keeps a tag is kept, too: that must not be a reason to delete another one. If it is
    not known of which image a kept tag is, it may be any.
    """
    images: dict[str | None, Reason] = {
        each.digest: Reason.SHARED_DIGEST for each in others if not SIGNATURE.fullmatch(each.name)
    }
    for reason in (Reason.KEEP_N_PER, Reason.KEEP_N):
        images.update((each.tag.digest, reason) for each in candidates if kept.get(each.tag.name) is reason)
    found: dict[str, Reason] = {}
    for tag in (each.tag for each in candidates):
        why = images.get(tag.digest)
        if why and tag.digest:
            found[tag.name] = why
        elif None in images:
            found[tag.name] = Reason.UNKNOWN_DIGEST
    return found


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
    if candidate.version and rule.sort_by in (SortBy.SEMVER, SortBy.CALVER):
        return candidate.version.precedence(natural=rule.prerelease_order is PrereleaseOrder.NATURAL)
    return natural_key(candidate.text) if rule.sort_by is SortBy.NATURAL else candidate.text


def _newest(candidates: t.Sequence[Candidate], number: int, rule: Rule) -> list[Candidate]:
    """The newest ones, that many, and all that are as new as the last of them.

    Where places are left, all are kept: a tag of an unknown image may have one of them.
    """
    if number <= 0:
        return []
    ranked = [(_rank(each, rule), each) for each in candidates]
    places = sorted(_places(ranked, rule), reverse=True)
    return [each for rank, each in ranked if rank >= places[number - 1]] if number <= len(places) else list(candidates)


def _places(ranked: t.Iterable[tuple[t.Any, Candidate]], rule: Rule) -> t.Iterable[t.Any]:
    """The rank of each place: of a tag, or of an image by the newest of its tags. An unknown image takes none."""
    if not rule.count_images:
        return [rank for rank, _candidate in ranked]
    images: dict[str, t.Any] = {}
    for rank, candidate in ranked:
        digest = candidate.tag.digest
        if digest:
            images[digest] = max(rank, images.get(digest, rank))
    return images.values()


def _groups(
    candidates: t.Sequence[Candidate], others: t.Sequence[Tag], per_group: KeepPerGroup, rule: Rule
) -> list[list[Candidate]]:
    """The candidates by group, only the newest groups where their number is limited.

    How new a group is can't be told by what is left of it: where one of its tags is no candidate, it is kept besides.
    """
    groups: dict[t.Any, list[Candidate]] = {}
    for each in candidates:
        groups.setdefault(_group(each, per_group.by, rule), []).append(each)
    partial = {rule.match.part(each.name, per_group.by) for each in others} if per_group.rank_groups else set()
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
        return version.numbers[: PARTS.index(by) + 1]
    return rule.match.part(candidate.tag.name, by)


def has_group(name: str, by: str, rule: Rule) -> bool:
    """Whether the name of a tag of a rule shows a group. Every tag whose date is known has a day; others are kept."""
    if by in PERIODS:
        return True
    if by in PARTS:
        text = rule.version_text(name)
        return text is not None and version_of(text, rule) is not None
    return rule.match.part(name, by) is not None


def _period(date: datetime, by: str) -> tuple[int, ...]:
    if by == "week":
        return tuple(date.isocalendar())[:2]
    whole = (date.year, date.month, date.day)
    return whole[: ("year", "month", "day").index(by) + 1]
