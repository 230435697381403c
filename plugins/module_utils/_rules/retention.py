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
from .ranking import Candidate, kept_by_rank
from .reasons import Reason
from .rules import Rule, Rules
from .versions import parse_version


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
    decisions: dict[str, Decision] = {}
    in_play: dict[int, list[Candidate]] = {}
    order: list[str] = []
    for tag in tags:
        order.append(tag.name)
        rule, reason = _before_ranking(tag, rules, retained or {})
        if rule is None or reason:
            decisions[tag.name] = to_keep(tag, reason or Reason.NO_MATCH, rule=rule.name if rule else "")
            continue
        candidate = _candidate(tag, rule, rules, source, clock)
        if isinstance(candidate, Reason):
            decisions[tag.name] = to_keep(tag, candidate, rule=rule.name)
        else:
            in_play.setdefault(id(rule), []).append(candidate)
    settled = list(decisions)
    for rule in rules.rules:
        others = [name for name in settled if rules.judge(name).rule is rule] if rule.rank_groups else []
        for decision in _by_rule(in_play.pop(id(rule), []), others, rule, rules, clock):
            decisions[decision.tag.name] = decision
    return [decisions[name] for name in order]


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
    version = parse_version(tag.name) if rule.need_versions else None
    if rule.need_versions and version is None:
        return Reason.UNKNOWN_VERSION
    return Candidate(tag, date=date, version=version)


def _by_rule(
    candidates: t.Sequence[Candidate], others: t.Collection[str], rule: Rule, rules: Rules, clock: datetime | None
) -> t.Iterator[Decision]:
    """The decisions on the candidates of one rule. others: names of its other tags."""
    ranked = kept_by_rank(candidates, others, rule)
    for tag, date, _version in candidates:
        reason = (
            ranked.get(tag.name)
            or _too_young(date, rule.older_than, clock, Reason.TOO_YOUNG)
            or _too_young(date, rules.min_age, clock, Reason.MIN_AGE)
        )
        if reason is None and tag.digest is None and rules.need_digest(rule):
            reason = Reason.UNKNOWN_DIGEST
        if reason is None and rule.expires_label:
            reason = expiry_reason(tag, date, clock)
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
