# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""How many tags or repositories each entry that keeps or excludes matches, and what is said if that is none. Pure."""

from __future__ import annotations

import enum
import typing as t
from collections import Counter

from .._core.models import ListingState, TagListing, known_sum
from .rules import NameEntry, Rule, Rules


class OnUnmatched(enum.Enum):
    """What happens if an entry that keeps or excludes matches nothing. Auto fails for an exclusion and warns else."""

    AUTO = "auto"
    WARN = "warn"
    FAIL = "fail"


class EntryMatches(t.NamedTuple):
    """An entry of the options that keeps or excludes, and how much it matches.

    Args:
        option: that holds it.
        entry: as it was written.
        rule: name of the rule that it is a part of; empty if it is none's.
        matched: number of tags that it matches, of repositories for exclude_repositories.
        references: number of references, to images or of git, that it stands for; None for a pattern.
        rule_set: name of the rule set that it is a part of; empty if it is none's.
    """

    option: str
    entry: str
    rule: str = ""
    matched: int = 0
    references: int | None = None
    rule_set: str = ""

    def as_result(self) -> dict[str, t.Any]:
        """The entry as modules return it and plan files hold it."""
        return {**self._asdict(), "rule": self.rule or None, "rule_set": self.rule_set or None}


def summed(entries: t.Iterable[EntryMatches]) -> list[EntryMatches]:
    """The entries of several plans, each once, with what it matches in all of them."""
    found: dict[tuple[str, str, str, str], EntryMatches] = {}
    for each in entries:
        key = each.option, each.entry, each.rule, each.rule_set
        before = found.get(key)
        if before:
            references = known_sum((before.references, each.references))
            each = each._replace(matched=before.matched + each.matched, references=references)
        found[key] = each
    return list(found.values())


class Finding(t.NamedTuple):
    """That something matches nothing.

    Args:
        sentence: that says it, without its full stop.
        refused_by: the values of on_unmatched that refuse the plan for it.
    """

    sentence: str
    refused_by: tuple[OnUnmatched, ...] = (OnUnmatched.FAIL,)


Found = tuple[list[EntryMatches], list[Finding]]


class ListedNames(t.NamedTuple):
    """The tags that were read.

    Args:
        listings: of the repositories that were read.
        complete: whether that is all.
        lines: their names, a line each.
    """

    listings: tuple[TagListing, ...]
    complete: bool
    lines: str

    @property
    def none(self) -> str:
        """What is said instead of a tag that matches."""
        return "no tag" if self.complete else "none of the tags that could be read"

    def first_around(self, text: str) -> str | None:
        """A name that holds the text; None if there is none."""
        position = self.lines.find(text)
        if position < 0 or not self.lines or "\n" in text:
            return None
        return self.lines[self.lines.rfind("\n", 0, position) + 1 : self.lines.find("\n", position)]


def names_in(listings: t.Sequence[TagListing], read: t.Sequence[TagListing]) -> ListedNames:
    """The tags that were read. listings: all that there are; read: those of them that could be read."""
    complete = len(read) == len(listings) and all(each.state is not ListingState.CAPPED for each in read)
    return ListedNames(
        tuple(read), complete=complete, lines="".join(f"{name}\n" for each in read for name in each.names)
    )


def told(names: ListedNames, findings: t.Iterable[Finding]) -> list[Finding]:
    """What is said of tags that entries do not match. If no tag was read, none is deleted, and none has to be kept."""
    return list(findings) if any(each.tags for each in names.listings) else []


def entry_counts(listings: t.Iterable[TagListing], rules: Rules) -> Counter[int]:
    """How many tags each entry that keeps by names matches, by its position."""
    counts: Counter[int] = Counter()
    if rules.entries:
        for listing in listings:
            for tag in listing.tags:
                counts.update(rules.judge(tag.name).entries)
    return counts


def matches_by_name(names: ListedNames, rules: Rules) -> Found:
    """What keeps tags by their names."""
    return matches_of_entries(names, rules, entry_counts(names.listings, rules))


def matches_of_entries(
    names: ListedNames, rules: Rules, counts: t.Mapping[int, int], *, rule_set: str = "", inherited: int = 0
) -> Found:
    """What the entries that keep tags by their names match.

    Args:
        names: the tags that were read.
        rules: with the entries.
        counts: how many tags each of them matches, by its position.
        rule_set: name of the rule set that they are a part of; empty if they are none's.
        inherited: the first so many entries are not the set's own, and are left out.
    """
    entries, findings = [], []
    for position, entry in list(enumerate(rules.entries))[inherited:]:
        rule, number = entry.rule.name if entry.rule else "", counts.get(position, 0)
        entries.append(EntryMatches(entry.option, entry.pattern.text, rule=rule, matched=number, rule_set=rule_set))
        if not number:
            sentence = _unmatched_name(entry, names, several=len(rules.rules) > 1)
            findings.append(Finding(f"rule set {rule_set}: {sentence}" if rule_set else sentence))
    return entries, findings


def bypassed_rules(rules: Rules, names: t.Iterable[str]) -> list[Rule]:
    """The rules that decide about no tag although a later rule decides about some, which may have been meant for them.

    A rule that keeps is an entry that matches nothing, and told as such.

    Args:
        rules: in their order.
        names: of all tags that they are for.
    """
    judged = [rules.judge(name) for name in names] if len(rules.rules) > 1 else []
    matched = {id(each.rule) for each in judged}
    deciding = {id(each.rule) for each in judged if each.reason is None}
    found, is_followed = [], False
    for rule in reversed(rules.rules):
        if is_followed and id(rule) not in matched and not rule.keep_all:
            found.append(rule)
        is_followed = is_followed or id(rule) in deciding
    return found[::-1]


def _unmatched_name(entry: NameEntry, names: ListedNames, *, several: bool) -> str:
    text = entry.pattern.text
    around = names.first_around(text.replace("\\", ""))
    part = f" (it is only a part of {around})" if around else ""
    if entry.rule is None or not entry.rule.name:
        return f"{entry.option} '{text}' matches {names.none}{part}"
    option = "match" if entry.rule.keep_all else entry.option
    end = " that no other rule decides about" if several else part
    return f"rules, {entry.rule.name}: {option} '{text}' matches {names.none}{end}"
