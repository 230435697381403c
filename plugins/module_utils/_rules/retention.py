# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Which tags go and which stay: rules + tags + clock -> a decision with its reason for every tag. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from .._core.models import SIGNATURE, Tag
from .._core.server import Mode
from .patterns import Pattern
from .versions import Version, parse_version

# Build tools write the epoch, 1980 (the zip epoch) or year 1 where they have no date; no image is older than 2000.
OLDEST_CREDIBLE = datetime(2000, 1, 1, tzinfo=timezone.utc)
CLOCK_TOLERANCE = timedelta(days=1)

DELETE_REASONS = ("matched", "expired", "with_subject", "orphaned")
KEEP_REASONS = (
    "protected",
    "gitlab_protected",
    "latest",
    "signature",
    "orphan",
    "unknown_subject",
    "referrer",
    "shared_digest",
    "no_match",
    "ambiguous_pattern",
    "keep_pattern",
    "keep_rule",
    "in_use",
    "unknown_in_use",
    "living_ref",
    "deployed",
    "keep_n",
    "keep_n_per",
    "too_young",
    "min_age",
    "unknown_date",
    "unknown_version",
    "unknown_digest",
    "limit",
    "changed",
    "not_approved",
    "repository_unread",
)

# What slots can be counted by besides a capture group of the pattern.
PERIODS = ("day", "week", "month", "year")
PARTS = ("major", "minor")


@dataclass(frozen=True)
class KeepPerGroup:
    """The newest keep_n of each group stay. by: one of PERIODS or PARTS, or a capture group of the rule's pattern.

    groups: only the newest so many groups have slots, at least one; None is all of them.
    """

    by: str
    keep_n: int = 1
    groups: int | None = None

    @property
    def rank_groups(self) -> bool:
        """Whether groups are as new as their tags: days and versions are new by themselves."""
        return self.groups is not None and self.by not in (*PERIODS, *PARTS)


@dataclass(frozen=True)
class Rule:
    """What happens to the tags that match. keep: of these, the ones that stay. keep_all: all of them do.

    keep_n: the newest so many stay, 0 is none. keep_n_per: the slots of groups, on top of that. older_than in seconds,
    None is no age rule. sort_by: what newest means, date, semver or name. prereleases_apart: they have slots of their
    own.
    """

    match: Pattern
    name: str = ""
    keep: Pattern | None = None
    keep_all: bool = False
    keep_n: int = 0
    keep_n_per: tuple[KeepPerGroup, ...] = ()
    older_than: int | None = None
    sort_by: str = "date"
    prereleases_apart: bool = False

    @property
    def counts(self) -> bool:
        """Whether tags stay for their rank among others."""
        return self.keep_n > 0 or any(per_group.keep_n > 0 for per_group in self.keep_n_per)

    @property
    def rank_groups(self) -> bool:
        return any(per_group.rank_groups for per_group in self.keep_n_per)

    @property
    def need_dates(self) -> bool:
        ranked = self.counts and self.sort_by == "date"
        return ranked or self.older_than is not None or any(per_group.by in PERIODS for per_group in self.keep_n_per)

    @property
    def need_versions(self) -> bool:
        return self.counts and (
            self.sort_by == "semver"
            or self.prereleases_apart
            or any(per_group.by in PARTS for per_group in self.keep_n_per)
        )


@dataclass(frozen=True)
class Rules:
    """What a cleanup wants: the first rule that matches a tag decides about it, and what no rule matches stays.

    protect stands above all rules. min_age in seconds: what is younger stays whatever a rule says. dates_valid_from:
    pushes before it are dated by the build of the image.
    """

    rules: tuple[Rule, ...]
    protect: tuple[Pattern, ...] = ()
    allow_latest: bool = False
    allow_signatures: bool = False
    timestamp: str = "auto"
    require_digest: bool = True
    min_age: int | None = None
    dates_valid_from: datetime | None = None

    @property
    def need_dates(self) -> bool:
        return self.min_age is not None or any(rule.need_dates for rule in self.rules)

    @property
    def has_ages(self) -> bool:
        """Whether anything is judged against the clock."""
        return self.min_age is not None or any(rule.older_than is not None for rule in self.rules)

    def need_date(self, rule: Rule) -> bool:
        """Whether a tag of the rule is judged by its date."""
        return rule.need_dates or self.min_age is not None

    def need_digest(self, rule: Rule) -> bool:
        """Whether a tag of the rule must not go without a known digest: names alone may do without."""
        return self.require_digest or rule.counts or self.need_date(rule)


class Decision(t.NamedTuple):
    """What happens to a tag and why. date: the date that was judged, None when none was needed or known.

    rule: the name of the rule that decided, empty where none did. follows: 0, or after how many others that it belongs
    to it goes.
    """

    tag: Tag
    delete: bool
    reason: str
    date: datetime | None = None
    rule: str = ""
    depth: int = 0


def name_reason(name: str, rules: Rules) -> str | None:
    """Why the name alone already keeps the tag; None while it is still in play."""
    return _by_name(name, rules)[1]


def is_judged_by_date(name: str, rules: Rules) -> bool:
    """Whether a date may decide about a tag of this name."""
    rule, reason = _by_name(name, rules)
    return rule is not None and reason is None and rules.need_date(rule)


def _by_name(name: str, rules: Rules) -> tuple[Rule | None, str | None]:
    """The rule that decides about a name, and why the name alone already keeps the tag."""
    if any(pattern.may_match(name) for pattern in rules.protect):
        return None, "protected"
    if name == "latest" and not rules.allow_latest:
        return None, "latest"
    if SIGNATURE.fullmatch(name) and not rules.allow_signatures:
        return None, "signature"
    rule = _first_match(name, rules)
    return (rule, _kept_by_rule(name, rule)) if rule else (None, "no_match")


def _first_match(name: str, rules: Rules) -> Rule | None:
    return next((rule for rule in rules.rules if rule.match.may_match(name)), None)


def _kept_by_rule(name: str, rule: Rule) -> str | None:
    # Where the two readings differ it is not sure that this rule is the one that decides.
    if rule.match.is_ambiguous(name) or (rule.keep and rule.keep.is_ambiguous(name)):
        return "ambiguous_pattern"
    if rule.keep and rule.keep.surely_matches(name):
        return "keep_pattern"
    return "keep_rule" if rule.keep_all else None


def date_source(mode: Mode, rules: Rules) -> str:
    """Where the judged dates come from: published, built, created (as told), unknown, or none when none is needed.

    With a metadata database published is the push; created is then the first push of the name, which says nothing
    about a tag that was pushed again. Without one GitLab knows only when the image was built.
    """
    if not rules.need_dates:
        return "none"
    if rules.timestamp == "created":
        return "created"
    return {Mode.DATABASE: "published", Mode.NO_DATABASE: "built"}.get(mode, "unknown")


def judged_date(tag: Tag, source: str, clock: datetime | None, valid_from: datetime | None = None) -> datetime | None:
    """The newest date known of the tag under this source; None when there is none that can be believed.

    valid_from: pushes before it are dates of an import, and the build counts instead, where it is known. No tag was
    pushed after the import that dated it.
    """
    told = tag.published if source == "published" else tag.created
    if valid_from and source != "built" and told and told < valid_from:
        return min(tag.built, told) if tag.built and _credible(tag.built, clock) else None
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


class _Candidate(t.NamedTuple):
    """A tag that its name leaves in play, with all that may be judged of it."""

    tag: Tag
    date: datetime | None
    version: Version | None


def decide(
    tags: t.Iterable[Tag],
    rules: Rules,
    source: str,
    clock: datetime | None,
    retained: t.Mapping[str, str] | None = None,
) -> list[Decision]:
    """A decision for every tag, in the order of the tags.

    Order: protect, latest, GitLab's protection, signatures, the patterns of the rules, what is retained, then within
    each rule keep_n and keep_n_per (ties at their edge all stay), and age. An age rule without a clock keeps
    everything. retained: names of tags that stay for what is not in the rules, with the reason; they do not count
    towards keep_n.
    """
    others = retained or {}
    decisions: dict[str, Decision] = {}
    in_play: dict[int, list[_Candidate]] = {}
    order: list[str] = []
    for tag in tags:
        order.append(tag.name)
        rule, reason = _before_dates(tag, rules)
        if reason in (None, "signature"):
            reason = others.get(tag.name, reason)
        if rule is None or reason:
            decisions[tag.name] = Decision(tag, False, reason or "no_match", rule=rule.name if rule else "")
            continue
        candidate = _candidate(tag, rule, rules, source, clock)
        if isinstance(candidate, str):
            decisions[tag.name] = Decision(tag, False, candidate, rule=rule.name)
        else:
            in_play.setdefault(id(rule), []).append(candidate)
    aside = list(decisions)
    for rule in rules.rules:
        beside = [name for name in aside if _first_match(name, rules) is rule] if rule.rank_groups else []
        for decision in _by_rule(in_play.pop(id(rule), []), beside, rule, rules, clock):
            decisions[decision.tag.name] = decision
    return [decisions[name] for name in order]


def _before_dates(tag: Tag, rules: Rules) -> tuple[Rule | None, str | None]:
    rule, reason = _by_name(tag.name, rules)
    if reason in ("protected", "latest") or not tag.protected:
        return rule, reason
    return rule, "gitlab_protected"


def _candidate(tag: Tag, rule: Rule, rules: Rules, source: str, clock: datetime | None) -> _Candidate | str:
    """The tag with what its rule judges by, or the reason why it can't be judged: it has no slot then."""
    date = judged_date(tag, source, clock, rules.dates_valid_from) if rules.need_date(rule) else None
    if rules.need_date(rule) and date is None:
        return "unknown_date"
    version = parse_version(tag.name) if rule.need_versions else None
    if rule.need_versions and version is None:
        return "unknown_version"
    return _Candidate(tag, date, version)


def _by_rule(
    candidates: t.Sequence[_Candidate], beside: t.Collection[str], rule: Rule, rules: Rules, clock: datetime | None
) -> t.Iterator[Decision]:
    """The decisions on the tags in play that one rule decides about. beside: names of its other tags."""
    retained = _retained(candidates, beside, rule)
    for candidate in candidates:
        tag, date = candidate.tag, candidate.date
        reason = (
            retained.get(tag.name)
            or _too_young(date, rule.older_than, clock, "too_young")
            or _too_young(date, rules.min_age, clock, "min_age")
        )
        if reason is None and tag.digest is None and rules.need_digest(rule):
            reason = "unknown_digest"
        gone = "matched" if rule.older_than is None else "expired"
        yield Decision(tag, reason is None, reason or gone, date, rule.name)


def age_reason(tag: Tag, rules: Rules, source: str, clock: datetime | None) -> str | None:
    """Why a tag that no rule is about stays for its age. It is at least as old as an import that dated it."""
    return _too_young(judged_date(tag, source, clock), rules.min_age, clock, "min_age")


def _too_young(date: datetime | None, age: int | None, clock: datetime | None, reason: str) -> str | None:
    if age is None:
        return None
    if date is None or clock is None:
        return "unknown_date"
    return None if date < clock - timedelta(seconds=age) else reason


def _retained(candidates: t.Sequence[_Candidate], beside: t.Collection[str], rule: Rule) -> dict[str, str]:
    """The names that have a slot, with the reason."""
    parts = [list(candidates)]
    if rule.prereleases_apart:
        parts = [
            [each for each in candidates if each.version and bool(each.version.prerelease) is early]
            for early in (False, True)
        ]
    retained: dict[str, str] = {}
    for part in parts:
        for per_group in rule.keep_n_per:
            for group in _groups(part, beside, per_group, rule):
                retained.update((each.tag.name, "keep_n_per") for each in _newest(group, per_group.keep_n, rule))
        retained.update((each.tag.name, "keep_n") for each in _newest(part, rule.keep_n, rule))
    return retained


def _rank(candidate: _Candidate, rule: Rule) -> t.Any:
    """What is greater for newer tags."""
    by = {"date": candidate.date, "semver": candidate.version, "name": candidate.tag.name}
    return by[rule.sort_by]


def _newest(candidates: t.Sequence[_Candidate], number: int, rule: Rule) -> list[_Candidate]:
    """The newest so many, and all that are as new as the last of them."""
    if number <= 0 or not candidates:
        return []
    ranks = sorted((_rank(each, rule) for each in candidates), reverse=True)
    edge = ranks[min(number, len(ranks)) - 1]
    return [each for each in candidates if _rank(each, rule) >= edge]


def _groups(
    candidates: t.Sequence[_Candidate], beside: t.Collection[str], per_group: KeepPerGroup, rule: Rule
) -> list[list[_Candidate]]:
    """The candidates by group, only the newest groups where their number is limited.

    How new a group is can't be told by what is left of it: where one of its tags is not in play, it counts apart.
    """
    groups: dict[t.Any, list[_Candidate]] = {}
    for each in candidates:
        groups.setdefault(_group(each, per_group.by, rule), []).append(each)
    apart = {rule.match.part(name, per_group.by) for name in beside} if per_group.rank_groups else set()
    found = [groups.pop(key) for key in apart if key in groups]
    if per_group.groups is None or per_group.groups >= len(groups):
        return [*found, *groups.values()]

    def newness(key: t.Any) -> t.Any:
        return max(_rank(each, rule) for each in groups[key]) if per_group.rank_groups else key

    ranks = sorted(map(newness, groups), reverse=True)
    edge = ranks[per_group.groups - 1]
    return found + [group for key, group in groups.items() if newness(key) >= edge]


def _group(candidate: _Candidate, by: str, rule: Rule) -> t.Any:
    """What tags of one group have in common."""
    date, version = candidate.date, candidate.version
    if date and by in PERIODS:
        periods = {
            "year": (date.year,),
            "month": (date.year, date.month),
            "week": tuple(date.isocalendar())[:2],
            "day": (date.year, date.month, date.day),
        }
        return periods[by]
    if version and by in PARTS:
        return (version.major,) if by == "major" else (version.major, version.minor)
    return rule.match.part(candidate.tag.name, by)
