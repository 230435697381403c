# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What a user has to know about a plan before trusting it: warnings, and how it was made. Pure."""

from __future__ import annotations

import typing as t

from .._core.models import ListingState, TagListing
from .._core.server import Mode, ServerCapabilities, TagRules
from .._core.words import counted, some
from .._plan.plan import Plan
from .._plan.run_budget import looser
from .._retention.rule_sets import Retention
from .._rules.decision import DateSource
from .._rules.matches import bypassed_rules
from .._rules.reasons import Reason
from .._rules.retention import OrderDifference
from .._rules.rules import SortBy, Timestamp
from .refusals import policy_sentence, projects_with_policy
from .request import CleanupRequest, OnServerPolicy
from .state import CleanupState, Criteria

_HIDDEN_RULES = (
    "GitLab's tag protection rules can't be read here; GitLab itself enforces them, except for administrators."
)

_BY_DIGEST = (
    "This registry may delete all tags of an image together, so tags that share their image with a kept tag are kept. "
    "Set shared_digest to independent only if you know that it deletes each tag separately."
)


def warnings_of(state: CleanupState, plan: Plan, request: CleanupRequest) -> list[str]:
    """What a user has to know before trusting the plan, one sentence each."""
    found = [*plan.unmatched_warnings, *state.warnings]
    projects = projects_with_policy(state)
    if request.on_server_policy is OnServerPolicy.WARN and projects:
        found.append(f"T{policy_sentence(projects)[1:]}.")
    if request.retention.guards.timestamp is Timestamp.CREATED and state.capabilities.mode is not Mode.NO_DATABASE:
        found.append(
            "timestamp is created: if the registry has a metadata database, this is the first push of a tag's name, "
            "and a tag that was pushed again since then may be deleted as old."
        )
    if state.unread_labels:
        images = counted(len(state.unread_labels), "image")
        found.append(
            f"The label that expires_label names could not be read of {images}, whose tags are kept. First: "
            f"{state.unread_labels[0]}"
        )
    for part in plan.repositories:
        differing = [decision.tag.name for decision in part.decisions if decision.reason is Reason.AMBIGUOUS_PATTERN]
        if differing:
            found.append(
                f"{part.repository.path}: GitLab would interpret a pattern differently for "
                f"{counted(len(differing), 'tag, which is kept', 'tags, which are kept')} ({some(differing)}); put "
                "parentheses around its alternatives."
            )
        if part.listing is ListingState.CAPPED:
            found.append(f"{part.repository.path}: exactly 10,000 tags are listed, so there may be more.")
    return found


def notes_of(state: CleanupState, plan: Plan, criteria: Criteria) -> list[str]:
    """How the plan was made, one sentence each."""
    capabilities, source = state.capabilities, criteria.date_source
    notes = [
        None if state.deletes_by_name else _BY_DIGEST,
        _archived_note(state),
        _date_source_note(criteria, capabilities) if source is DateSource.BUILT or state.listings else None,
        _build_dates_note(state.listings, criteria.retention),
        capabilities.missing_dates_reason,
        *_order_notes(plan),
        _bypassed_rules_note(state.listings, plan, criteria.retention),
        _ended_exceptions_note(state, criteria.retention),
        *_budget_notes(criteria.request),
    ]
    if source is DateSource.PUBLISHED and not capabilities.pages_by_cursor:
        notes.append(f"Only GraphQL shows the last push of tags. {capabilities.graphql_unavailable_reason}".rstrip())
    if state.listings and capabilities.tag_rules is TagRules.HIDDEN:
        notes.append(f"{_HIDDEN_RULES} {capabilities.tag_rules_hidden_reason}".rstrip())
    return [note for note in notes if note]


def _order_notes(plan: Plan) -> t.Iterator[str]:
    """Where the order by the letter decides otherwise than the numbers in the names would: a sentence for each rule."""
    found: dict[tuple[str, str, SortBy], list[tuple[str, OrderDifference]]] = {}
    for part in plan.repositories:
        for each in part.order_differences:
            key = part.rule_set, each.rule.name, each.rule.sort_by
            found.setdefault(key, []).append((part.repository.path, each))
    for (*named, sort_by), differences in found.items():
        deleted = [f"{path}:{name}" for path, each in differences for name in each.deleted]
        kept = [f"{path}:{name}" for path, each in differences for name in each.kept]
        examples = [f"{names[0]} is {what}" for names, what in ((deleted, "deleted"), (kept, "kept")) if names]
        number = len(deleted) + len(kept)
        option, value = ("sort_by", "name") if sort_by is SortBy.NAME else ("prerelease_order", "semver")
        rule = "/".join(filter(None, named))
        where = f"Rule {rule}: " if rule else ""
        yield (
            f"{where}{option} {value} compares letter by letter, so that 10 comes before 9. "
            f"By their numbers {counted(number, 'tag')} would have another decision: "
            f"{' and '.join(examples)}. Write {option}: natural to compare the numbers."
        )


def _bypassed_rules_note(listings: t.Sequence[TagListing], plan: Plan, retention: Retention) -> str | None:
    """Rules whose patterns may have a slip. Whether they match a tag is only known if all tags are."""
    if any(part.error or part.listing is ListingState.CAPPED for part in plan.repositories):
        return None
    names: dict[str, list[str]] = {}
    for listing in listings:
        rule_set = retention.assigned_to(listing.repository).rule_set
        if rule_set:
            names.setdefault(rule_set.name, []).extend(listing.names)
    rules = [
        "/".join(filter(None, (rule_set.name, rule.name)))
        for rule_set in retention.rule_sets
        for rule in bypassed_rules(rule_set.rules, names.get(rule_set.name, ()))
    ]
    if not rules:
        return None
    if len(rules) == 1:
        return (
            f"The rule {rules[0]} decides about no tag: check its pattern, since a later rule decides about tags that "
            "may have been meant for it."
        )
    return (
        f"The rules {some(rules)} decide about no tag: check their patterns, since later rules decide about tags that "
        "may have been meant for them."
    )


def _ended_exceptions_note(state: CleanupState, retention: Retention) -> str | None:
    ended = [
        f"{each.place}: {some(each.repositories, 1)} until {each.keep_until}"
        for each in retention.exceptions
        if not each.holds(state.clock)
    ]
    if not ended:
        return None
    have, them = ("has", "it") if len(ended) == 1 else ("have", "them")
    number = counted(len(ended), "exception")
    named = some(ended, separator="; ")
    return f"{number} of the retention document {have} ended ({named}): take {them} out of the document."


def _budget_notes(request: CleanupRequest) -> list[str]:
    """Where the task gives more for one run than was approved."""
    return looser(request.given_budget, request.approval.plan.budget) if request.approval else []


def _archived_note(state: CleanupState) -> str | None:
    numbers = {listing.repository.project_id for listing in state.listings}
    paths = sorted(project.path for number, project in state.projects.items() if project.archived and number in numbers)
    if not paths:
        return None
    return f"Tags of archived projects are kept, since GitLab lets nobody change them ({some(paths)})."


def _date_source_note(criteria: Criteria, capabilities: ServerCapabilities) -> str | None:
    source = criteria.date_source
    if source is DateSource.UNKNOWN and capabilities.mode_doubt:
        return (
            "GitLab says that its registry has no metadata database, as it also does while the registry is in trouble. "
            "The registry itself did not confirm it, so no date can be trusted and every tag that a date would decide "
            f"about is kept. {capabilities.mode_doubt}"
        )
    if source is DateSource.UNKNOWN and criteria.retention.guards.timestamp is Timestamp.CREATED:
        return (
            "GitLab does not show here whether a tag's creation date is that of its first push or of its image, so no "
            "date can be trusted and every tag that a date would decide about is kept."
        )
    notes = {
        DateSource.BUILT: (
            "This registry has no metadata database: dates are the build dates of the images, and an old image that "
            "was tagged today is old."
        ),
        DateSource.UNKNOWN: (
            "It is unknown whether the registry has a metadata database, so no date can be trusted and every "
            "tag that a date would decide about is kept."
        ),
    }
    return notes.get(source)


def _build_dates_note(listings: t.Sequence[TagListing], retention: Retention) -> str | None:
    """What dates_valid_from did; None where it did nothing."""
    if not retention.guards.dates_valid_from or not retention.need_dates:
        return None
    tags = [tag for listing in listings for tag in listing.tags]
    built = sum(1 for tag in tags if tag.built)
    unknown = [tag.error for tag in tags if tag.error and not tag.built]
    if not built and not unknown:
        return None
    as_old = "tag with a date before dates_valid_from is as old as its image"
    all_as_old = "tags with dates before dates_valid_from are as old as their image"
    found = f"{counted(built, as_old, all_as_old)}."
    return f"{found} Of {counted(len(unknown), 'tag')} no date is known, first: {unknown[0]}" if unknown else found
