# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What a cleanup wants, as values, and what the name of a tag alone says under these rules. Pure."""

from __future__ import annotations

import enum
import functools
import typing as t
from dataclasses import dataclass
from datetime import datetime

from .._core.models import SIGNATURE
from .patterns import Match, Pattern, only_name
from .reasons import Reason

# What keep_n_per can count by besides a capture group of the pattern.
PERIODS = ("day", "week", "month", "year")
PARTS = ("major", "minor")


class SortBy(enum.Enum):
    """What newest means for keep_n and keep_n_per."""

    DATE = "date"
    SEMVER = "semver"
    CALVER = "calver"
    NATURAL = "natural"
    NAME = "name"


class PrereleaseOrder(enum.Enum):
    """How the identifiers of prereleases are compared: as semver.org says, or by the numbers in them."""

    SEMVER = "semver"
    NATURAL = "natural"


class KeepNCounts(enum.Enum):
    """What takes a place of keep_n and keep_n_per."""

    TAGS = "tags"
    IMAGES = "images"


class Timestamp(enum.Enum):
    """What the age of a tag is: the best date that the server has, or the one that it calls created."""

    AUTO = "auto"
    CREATED = "created"


class KeepPerGroup(t.NamedTuple):
    """The newest tags of each group are kept.

    Args:
        by: one of PERIODS or PARTS, or a capture group of the rule's pattern.
        keep_n: how many of each group.
        groups: only the newest groups, that many and at least one, are kept; None is all of them.
    """

    by: str
    keep_n: int = 1
    groups: int | None = None

    @property
    def rank_groups(self) -> bool:
        """Whether a group is as new as its tags: days and versions are new by themselves."""
        return self.groups is not None and self.by not in (*PERIODS, *PARTS)


class Rule(t.NamedTuple):
    """What happens to the tags whose names match.

    Args:
        match: the pattern of these names.
        name: of the rule; empty if it has none.
        keep: of these names, the pattern of those that are kept; None keeps none.
        keep_all: whether all of them are kept.
        keep_n: so many of the newest tags are kept.
        keep_n_per: so many of the newest tags of each group are kept besides.
        older_than: seconds; only older tags are deleted. None is no age rule.
        sort_by: what newest means.
        prereleases_apart: prereleases have a keep_n of their own.
        prerelease_order: how prereleases of one version are ordered.
        version_group: the capture group of match that holds the version; None if the whole name is the version.
        count_images: all tags of an image take one place, and are kept together.
        expires_label: only tags whose images have expired by this label or annotation are deleted; None asks for none.
    """

    match: Pattern
    name: str = ""
    keep: Pattern | None = None
    keep_all: bool = False
    keep_n: int = 0
    keep_n_per: tuple[KeepPerGroup, ...] = ()
    older_than: int | None = None
    sort_by: SortBy = SortBy.DATE
    prereleases_apart: bool = False
    prerelease_order: PrereleaseOrder = PrereleaseOrder.SEMVER
    version_group: str | None = None
    count_images: bool = False
    expires_label: str | None = None

    @property
    def counts(self) -> bool:
        """Whether tags are kept for their rank among others."""
        return self.keep_n > 0 or any(per_group.keep_n > 0 for per_group in self.keep_n_per)

    @property
    def need_others(self) -> bool:
        """Whether its tags are judged by those of its tags that something else keeps."""
        return self.count_images or any(per_group.rank_groups for per_group in self.keep_n_per)

    @property
    def need_dates(self) -> bool:
        """Whether its tags are judged by their dates."""
        ranked = self.counts and self.sort_by is SortBy.DATE
        by_age = self.older_than is not None or self.expires_label is not None
        return ranked or by_age or any(per_group.by in PERIODS for per_group in self.keep_n_per)

    @property
    def need_versions(self) -> bool:
        """Whether its tags are judged by their versions."""
        by_version = self.sort_by in (SortBy.SEMVER, SortBy.CALVER) or self.prereleases_apart
        return self.counts and (by_version or any(per_group.by in PARTS for per_group in self.keep_n_per))

    @property
    def need_texts(self) -> bool:
        """Whether its tags are judged by the text of their versions, be it a version or not."""
        return self.counts and self.sort_by in (SortBy.NATURAL, SortBy.NAME)

    @property
    def in_natural_order(self) -> Rule | None:
        """The same rule by the numbers in names where it compares letter by letter; None where it does not."""
        if self.counts and self.sort_by is SortBy.NAME:
            return self._replace(sort_by=SortBy.NATURAL)
        if self.counts and self.sort_by is SortBy.SEMVER and self.prerelease_order is PrereleaseOrder.SEMVER:
            return self._replace(prerelease_order=PrereleaseOrder.NATURAL)
        return None

    def version_text(self, name: str) -> str | None:
        """The part of a name that is its version; None where that part is not there."""
        return name if self.version_group is None else self.match.part(name, self.version_group) or None


class NameEntry(t.NamedTuple):
    """An entry of the options that keeps tags by their names.

    Args:
        option: that holds it.
        pattern: of the names.
        rule: that it is a part of; None if it stands above all rules.
    """

    option: str
    pattern: Pattern
    rule: Rule | None = None

    def match(self, name: str, rule: Rule | None) -> Match:
        """How it matches a name. A part of a rule says nothing of the tags that another rule decides about.

        Args:
            name: of a tag.
            rule: the rule that decides about it; None if none does.
        """
        if self.rule is not None:
            if rule is not None and rule is not self.rule:
                return Match.NONE
            if self.rule.keep_all:
                return Match.NONE if rule is None else Match.SURE
        return self.pattern.match(name)


class JudgedName(t.NamedTuple):
    """What the name of a tag alone says.

    Args:
        rule: the first rule that matches it; None if none does.
        reason: why the name already keeps the tag; None while it is still in play.
        entries: positions of the entries that match it, whatever keeps it.
    """

    rule: Rule | None
    reason: Reason | None
    entries: tuple[int, ...] = ()

    @property
    def deciding_rule(self) -> Rule | None:
        """The rule that decides about the tag. Some reasons stand above all rules."""
        return None if self.reason in _ABOVE_RULES else self.rule


_ABOVE_RULES = (Reason.PROTECTED, Reason.LATEST, Reason.SIGNATURE)


@dataclass(frozen=True)
class Rules:
    """What a cleanup wants: the first rule that matches a tag decides about it, and what no rule matches is kept.

    Args:
        rules: in their order.
        protect: patterns of names that are kept, above all rules.
        allow_latest: whether the tag latest may be deleted.
        allow_signatures: whether signatures may be deleted by rules.
        timestamp: what the age of a tag is.
        require_digest: whether a tag without a known digest is kept.
        min_age: seconds; what is younger is kept whatever a rule says. None is no limit.
        dates_valid_from: pushes before it are dated by the build of the image; None if all dates are valid.
    """

    rules: tuple[Rule, ...]
    protect: tuple[Pattern, ...] = ()
    allow_latest: bool = False
    allow_signatures: bool = False
    timestamp: Timestamp = Timestamp.AUTO
    require_digest: bool = True
    min_age: int | None = None
    dates_valid_from: datetime | None = None

    @property
    def need_dates(self) -> bool:
        """Whether any tag is judged by its date."""
        return self.min_age is not None or any(rule.need_dates for rule in self.rules)

    @property
    def has_ages(self) -> bool:
        """Whether anything is judged against the clock."""
        return (
            self.min_age is not None
            or bool(self.expiry_labels)
            or any(rule.older_than is not None for rule in self.rules)
        )

    @property
    def expiry_labels(self) -> frozenset[str]:
        """The labels by which rules delete tags."""
        return frozenset(rule.expires_label for rule in self.rules if rule.expires_label)

    def need_date(self, rule: Rule) -> bool:
        """Whether a tag of the rule is judged by its date."""
        return rule.need_dates or self.min_age is not None

    def need_digest(self, rule: Rule) -> bool:
        """Whether a tag of the rule must not be deleted without a known digest: names alone may do without."""
        return self.require_digest or rule.counts or self.need_date(rule)

    @functools.cached_property
    def entries(self) -> tuple[NameEntry, ...]:
        """All that keeps tags by their names, what stands above all rules first."""
        found = [NameEntry("protect", pattern) for pattern in self.protect]
        for rule in self.rules:
            if rule.keep_all:
                found.append(NameEntry("keep", pattern=rule.match, rule=rule))
            elif rule.keep:
                found.append(NameEntry("name_regex_keep", pattern=rule.keep, rule=rule))
        return tuple(found)

    @functools.cached_property
    def _entries_of_one_name(self) -> dict[str, list[int]]:
        """Positions of the entries that match one name alone, by that name. There may be thousands of them."""
        found: dict[str, list[int]] = {}
        for position, entry in enumerate(self.entries):
            name = only_name(entry.pattern.text)
            if name is not None:
                found.setdefault(name, []).append(position)
        return found

    @functools.cached_property
    def _other_entries(self) -> list[int]:
        """Positions of the other entries."""
        return [position for position, entry in enumerate(self.entries) if only_name(entry.pattern.text) is None]

    def judge(self, name: str) -> JudgedName:
        """What a name alone says. Each name is looked up once, however often it is asked for."""
        found = self._judged.get(name)
        if found is None:
            found = self._judged[name] = self._judge(name)
        return found

    def is_in_play(self, name: str) -> bool:
        """Whether the name alone does not keep the tag."""
        return self.judge(name).reason is None

    def is_of_counted_images(self, name: str) -> bool:
        """Whether a tag of this name is one of those whose images are counted, kept by its name or not."""
        rule = self.judge(name).rule
        return rule is not None and rule.count_images and not SIGNATURE.fullmatch(name)

    def is_judged_by_date(self, name: str) -> bool:
        """Whether a date may decide about a tag of this name."""
        judged = self.judge(name)
        return judged.rule is not None and judged.reason is None and self.need_date(judged.rule)

    @functools.cached_property
    def _judged(self) -> dict[str, JudgedName]:
        # A task meets every name several times, and patterns are most of what a plan costs.
        return {}

    def _judge(self, name: str) -> JudgedName:
        rule, match = self._first_match(name)
        # All entries are asked, whichever of them keeps the tag, so that it is known which of them match nothing.
        asked = sorted((*self._entries_of_one_name.get(name, ()), *self._other_entries))
        answers = ((position, self.entries[position].match(name, rule)) for position in asked)
        matches = {position: found for position, found in answers if found is not Match.NONE}
        reason = self._reason_above_rules(name, matches)
        if reason is None:
            keep = next((found for place, found in matches.items() if self.entries[place].rule is rule), Match.NONE)
            reason = _kept_by_rule(rule, match, keep) if rule else Reason.NO_MATCH
        return JudgedName(rule, reason, entries=tuple(matches))

    def _first_match(self, name: str) -> tuple[Rule | None, Match]:
        for rule in self.rules:
            match = rule.match.match(name)
            if match is not Match.NONE:
                return rule, match
        return None, Match.NONE

    def _reason_above_rules(self, name: str, matches: t.Iterable[int]) -> Reason | None:
        """matches: positions of the entries that match."""
        if any(position < len(self.protect) for position in matches):
            return Reason.PROTECTED
        if name == "latest" and not self.allow_latest:
            return Reason.LATEST
        if SIGNATURE.fullmatch(name) and not self.allow_signatures:
            return Reason.SIGNATURE
        return None


def _kept_by_rule(rule: Rule, match: Match, keep: Match) -> Reason | None:
    """Why a rule keeps a tag by its name. match: how its pattern matches; keep: how what keeps matches."""
    # Where the two readings differ it is not sure that this rule is the one that decides.
    if Match.AMBIGUOUS in (match, keep):
        return Reason.AMBIGUOUS_PATTERN
    if keep is Match.NONE:
        return None
    return Reason.KEEP_RULE if rule.keep_all else Reason.KEEP_PATTERN
