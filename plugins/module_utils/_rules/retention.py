# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Which tags are deleted and which are kept: rules, tags and the clock make a decision for every tag. Pure."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta

from .._core.models import Tag
from .dates import judged_date
from .decision import DateSource, Decision, to_delete, to_keep
from .expiry import expiry_reason
from .ranking import Candidate, kept_by_rank, version_of
from .reasons import Reason
from .rules import Rule, Rules


class OrderDifference(t.NamedTuple):
    """Where a rule that compares letter by letter decides otherwise than the natural order would.

    Args:
        rule: which one.
        deleted: names of the tags that it deletes, and that the natural order would keep.
        kept: names of the tags that it keeps, and that the natural order would delete.
    """

    rule: Rule
    deleted: tuple[str, ...]
    kept: tuple[str, ...]


class _Sorted(t.NamedTuple):
    """The tags of a repository before any is ranked.

    Args:
        settled: what is kept whatever its rank is.
        in_play: the other ones, by the identity of their rule.
    """

    settled: dict[str, Decision]
    in_play: dict[int, list[Candidate]]

    def decisions(self, candidates_of: Rule, by: Rule, rules: Rules, clock: datetime | None) -> t.Iterator[Decision]:
        """What a rule decides about the candidates of a rule, the same or one that differs in its order."""
        settled = (each.tag for each in self.settled.values())
        others = [tag for tag in settled if rules.judge(tag.name).rule is candidates_of] if by.need_others else []
        return _by_rule(self.in_play.get(id(candidates_of), ()), others, by, rules, clock)


def decide(
    tags: t.Iterable[Tag],
    rules: Rules,
    source: DateSource,
    clock: datetime | None,
    retained: t.Mapping[str, Reason] | None = None,
) -> list[Decision]:
    """A decision for every tag of a repository.

    The order is: protect, latest, GitLab's protection, the patterns of the rules, what is retained, signatures, then
    within each rule keep_n and keep_n_per, age, and what the label of the image says. Signatures are held against no
    rule's pattern.

    Args:
        tags: all tags of the repository, with what was read of them.
        rules: what is wanted.
        source: where dates come from.
        clock: the server's time. Without it an age rule keeps everything.
        retained: names that are kept by something outside of the rules, with the reason. They do not count towards
            keep_n.

    Returns:
        The decisions, in the order of the tags.
    """
    listed = list(tags)
    found = _sorted_out(listed, rules, source, clock, retained or {})
    decisions = dict(found.settled)
    for rule in rules.rules:
        decisions.update((each.tag.name, each) for each in found.decisions(rule, rule, rules, clock))
    return [decisions[tag.name] for tag in listed]


def order_differences(
    tags: t.Iterable[Tag],
    rules: Rules,
    source: DateSource,
    clock: datetime | None,
    retained: t.Mapping[str, Reason] | None = None,
) -> list[OrderDifference]:
    """Where the order by the letter decides otherwise than the natural order would, by rule.

    The arguments are those of decide.
    """
    pairs = [(rule, rule.in_natural_order) for rule in rules.rules]
    if not any(natural for _rule, natural in pairs):
        return []
    found = _sorted_out(tags, rules, source, clock, retained or {})
    differences = []
    for rule, natural in pairs:
        if natural is None:
            continue
        by_letter, by_number = (found.decisions(rule, each, rules, clock) for each in (rule, natural))
        differing = [each for each, other in zip(by_letter, by_number) if each.delete is not other.delete]
        if differing:
            deleted, kept = (
                tuple(sorted(each.tag.name for each in differing if each.delete is deletes))
                for deletes in (True, False)
            )
            differences.append(OrderDifference(rule, deleted=deleted, kept=kept))
    return differences


def _sorted_out(
    tags: t.Iterable[Tag],
    rules: Rules,
    source: DateSource,
    clock: datetime | None,
    retained: t.Mapping[str, Reason],
) -> _Sorted:
    found = _Sorted({}, {})
    for tag in tags:
        rule, reason = _before_ranking(tag, rules, retained)
        if rule is None or reason:
            found.settled[tag.name] = to_keep(tag, reason or Reason.NO_MATCH, rule=rule.name if rule else "")
            continue
        candidate = _candidate(tag, rule, rules, source, clock)
        if isinstance(candidate, Reason):
            found.settled[tag.name] = to_keep(tag, candidate, rule=rule.name)
        else:
            found.in_play.setdefault(id(rule), []).append(candidate)
    return found


def _before_ranking(tag: Tag, rules: Rules, retained: t.Mapping[str, Reason]) -> tuple[Rule | None, Reason | None]:
    """The rule that decides about a tag, and why it is kept whatever its date and rank are."""
    name = rules.judge(tag.name)
    reason = name.reason
    if tag.protected and reason not in (Reason.PROTECTED, Reason.LATEST):
        reason = Reason.GITLAB_PROTECTED
    if reason in (None, Reason.SIGNATURE):
        reason = retained.get(tag.name, reason)
    return name.deciding_rule, reason


def _candidate(tag: Tag, rule: Rule, rules: Rules, source: DateSource, clock: datetime | None) -> Candidate | Reason:
    """The tag with what its rule judges by, or the reason why it can't be judged: it has no rank then."""
    date = judged_date(tag, source, clock, rules.dates_valid_from) if rules.need_date(rule) else None
    if rules.need_date(rule) and date is None:
        return Reason.UNKNOWN_DATE
    text = rule.version_text(tag.name) if rule.need_versions or rule.need_texts else ""
    version = version_of(text, rule) if text and rule.need_versions else None
    if text is None or (rule.need_versions and version is None):
        return Reason.UNKNOWN_VERSION
    return Candidate(tag, date=date, text=text, version=version)


def _by_rule(
    candidates: t.Sequence[Candidate], others: t.Sequence[Tag], rule: Rule, rules: Rules, clock: datetime | None
) -> t.Iterator[Decision]:
    """The decisions on the candidates of one rule. others: its other tags."""
    ranked = kept_by_rank(candidates, others, rule)
    for tag, date, _text, _version in candidates:
        reason = (
            ranked.get(tag.name)
            or _too_young(date, rule.older_than, clock, Reason.TOO_YOUNG)
            or _too_young(date, rules.min_age, clock, Reason.MIN_AGE)
        )
        if reason is None and tag.digest is None and rules.need_digest(rule):
            reason = Reason.UNKNOWN_DIGEST
        if reason is None and rule.expires_label:
            reason = expiry_reason(tag, rule.expires_label, date, clock)
        if reason:
            yield to_keep(tag, reason, date=date, rule=rule.name)
        else:
            yield to_delete(tag, _why_deleted(rule), date=date, rule=rule.name)


def _why_deleted(rule: Rule) -> Reason:
    if rule.expires_label:
        return Reason.LABEL_EXPIRED
    return Reason.MATCHED if rule.older_than is None else Reason.EXPIRED


def age_reason(tag: Tag, rules: Rules, source: DateSource, clock: datetime | None) -> Reason | None:
    """Why a tag that no rule is about is kept for its age. It is at least as old as an import that dated it."""
    return _too_young(judged_date(tag, source, clock), rules.min_age, clock, Reason.MIN_AGE)


def _too_young(date: datetime | None, age: int | None, clock: datetime | None, reason: Reason) -> Reason | None:
    if age is None:
        return None
    if date is None or clock is None:
        return Reason.UNKNOWN_DATE
    return None if date < clock - timedelta(seconds=age) else reason
