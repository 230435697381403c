# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The plan of a cleanup, from what was observed and asked for: every decision, and why it is refused. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from .._core.errors import RequestError
from .._core.models import Tag, TagListing
from .._deletion.turns import RunPlan
from .._plan.drift import Comparison, after_limits, compare
from .._plan.limits import limited
from .._plan.plan import Plan, RepositoryPlan
from .._policy.preview import decisions_of, predicted
from .._retention.exceptions import kept_by_exceptions
from .._retention.rule_sets import Retention
from .._rules.dates import date_source_of, judged_date
from .._rules.decision import DateSource, Decision, to_keep
from .._rules.in_use import UntaggedImage
from .._rules.reasons import Reason
from .._rules.referrers import ReferrerFacts, subjects_of, with_referrers
from .._rules.retention import age_reason, decide, order_differences
from .._rules.rules import Rules
from .bulk_requests import BulkRequest, bulk_requests
from .matches import UseMatches, matches_of
from .pins import Pins, planned_pins
from .refusals import refusals_of_plan, refusals_of_scope
from .request import CleanupRequest
from .retained import retained_names, untagged_images
from .state import CleanupState, Criteria, criteria_on


class CleanupPlan(t.NamedTuple):
    """What a cleanup is going to do.

    Args:
        plan: Of all repositories, with every reason to refuse it.
        criteria: By which it was decided.
        untagged: What is in use without a tag.
        used: What the images in use have to do with the scope.
        pins: The tags that images in use get before anything is deleted.
        comparison: With the approved plan; None where there is none.
        deleted_before: Number of tags that earlier runs have deleted, of the approved ones where there are such.
        bulk: What GitLab's bulk deletion is asked for, where that deletes.
        run: What one run deletes of the plan; None if that is all of it.
    """

    plan: Plan
    criteria: Criteria
    untagged: tuple[UntaggedImage, ...]
    used: UseMatches
    pins: Pins
    comparison: Comparison | None
    deleted_before: int
    bulk: tuple[BulkRequest, ...]
    run: RunPlan | None = None

    def deletions_of(self, part: RepositoryPlan) -> list[Decision]:
        """The tags of a repository that this run deletes at most, in their order."""
        return self.run.deletions_of(part) if self.run else part.deletions

    @property
    def parts_of_run(self) -> list[RepositoryPlan]:
        """The plans of the repositories that this run deletes tags of."""
        return [part for part in self.plan.repositories if self.deletions_of(part)]


def decisions_by(retention: Retention, state: CleanupState, request: CleanupRequest) -> Plan:
    """What rules would delete and keep, whatever was approved and whatever refuses a plan as a whole."""
    criteria = criteria_on(state.capabilities, replace(request, retention=retention))
    return _limited([repository_plan(listing, state, criteria) for listing in state.listings], criteria)


def _limited(parts: t.Sequence[RepositoryPlan], criteria: Criteria) -> Plan:
    own_limits = {each.name: each.limits for each in criteria.retention.rule_sets}
    return limited(parts, criteria.request.limits, own_limits)


def plan_cleanup(state: CleanupState, request: CleanupRequest) -> CleanupPlan:
    """The plan for this state: a decision for every tag, and why nothing may be deleted where that is so."""
    criteria = criteria_on(state.capabilities, request)
    parts = [_with_dates(repository_plan(listing, state, criteria), state, criteria) for listing in state.listings]
    comparison = _compared(parts, state, request)
    plan = _limited(comparison.repositories if comparison else parts, criteria)
    if comparison:
        comparison = after_limits(comparison, plan.repositories)
    untagged = tuple(untagged_images(state.listings, request))
    pins = _pins(state, request, untagged)
    matches = matches_of(
        state.listings,
        state.exclusions,
        state.refs,
        criteria.retention,
        request,
        absent=(*state.registry_disabled, *state.being_deleted),
        clock=state.clock,
    )
    bulk = bulk_requests(plan, request) if state.delete_method.is_bulk else []
    run = RunPlan(plan, request.budget) if request.budget else None
    refusals = (
        *refusals_of_scope(state, criteria),
        *matches.refusals,
        *pins.refusals,
        *plan.refusals,
        *refusals_of_plan(state, criteria, plan, comparison=comparison, bulk=bulk, run=run),
    )
    return CleanupPlan(
        plan=plan._replace(refusals=refusals, matches=matches.entries, unmatched=matches.unmatched),
        criteria=criteria,
        untagged=untagged,
        used=matches.used,
        pins=pins,
        comparison=comparison,
        deleted_before=comparison.deleted_before if comparison else _deleted_before(state, request),
        bulk=tuple(bulk),
        run=run,
    )


def repository_plan(listing: TagListing, state: CleanupState, criteria: Criteria) -> RepositoryPlan:
    """The plan of one repository, before limits and the approved plan."""
    project = state.projects.get(listing.repository.project_id)
    assigned = criteria.retention.assigned_to(listing.repository)
    rules = assigned.rule_set.rules if assigned.rule_set else None
    part = RepositoryPlan(
        listing.repository,
        date_source=criteria.date_source_under(rules) if rules else DateSource.NONE,
        listing=listing.state,
        policy=project.policy if project else None,
        error=listing.error,
        rule_set=assigned.name,
    )
    refs = state.refs.get(listing.repository.project_id)
    if listing.error:
        return part
    if isinstance(refs, RequestError):
        return replace(part, error=refs)
    if project and project.archived:
        return replace(part, decisions=tuple(to_keep(tag, Reason.ARCHIVED) for tag in listing.tags))
    if rules is None:
        reason = assigned.reason or Reason.NO_RULE_SET
        return replace(part, decisions=tuple(to_keep(tag, reason) for tag in listing.tags))
    parameters = criteria.request.parameters
    if parameters is None:
        exceptions = criteria.retention.exceptions_by_path.about(listing.repository.path)
        excepted = kept_by_exceptions(listing, exceptions, state.clock)
        retained = {**excepted, **retained_names(listing, state.refs, criteria.request)}
        source = criteria.date_source_under(rules)
        return replace(
            part,
            decisions=tuple(_decisions(listing, retained, state, criteria, rules)),
            order_differences=tuple(order_differences(listing.tags, rules, source, state.clock, retained)),
        )
    found = predicted(state.capabilities, listing, parameters, state.clock, binding=False)
    return replace(
        part,
        decisions=decisions_of(found, listing),
        certainty=found.certainty,
        uncertainties=found.uncertainties,
        expected=(found.least, found.most),
    )


def _with_dates(part: RepositoryPlan, state: CleanupState, criteria: Criteria) -> RepositoryPlan:
    """The plan of a repository with the dates that were read, where none decides."""
    source = part.date_source
    if source is DateSource.NONE:
        source = date_source_of(state.capabilities, criteria.retention.guards.timestamp)
    valid_from = criteria.retention.guards.dates_valid_from

    def dated(decision: Decision) -> Decision:
        date = None if decision.date else judged_date(decision.tag, source, state.clock, valid_from)
        return decision._replace(date=date) if date else decision

    decisions = tuple(map(dated, part.decisions))
    has_dates = any(decision.date for decision in decisions)
    return replace(part, decisions=decisions, date_source=source if has_dates else part.date_source)


def _decisions(
    listing: TagListing, retained: t.Mapping[str, Reason], state: CleanupState, criteria: Criteria, rules: Rules
) -> list[Decision]:
    """What the rules decide, and what belongs to the images that they delete."""
    request, source = criteria.request, criteria.date_source_under(rules)
    path = listing.repository.path
    absent = frozenset(state.absent_digests.get(path, ()))
    noted = {each for each in request.noted_referrers.get(path, ()) if subjects_of(Tag(each[0])) <= absent}
    facts = ReferrerFacts(pending_referrers=noted.union(request.pending_referrers.get(path, ())), absent_digests=absent)
    return with_referrers(
        decide(listing.tags, rules, source, state.clock, retained),
        request.referrer_policy.on_registry(deletes_by_name=state.deletes_by_name),
        lambda tag: age_reason(tag, rules, source, state.clock),
        facts,
    )


def _compared(parts: t.Sequence[RepositoryPlan], state: CleanupState, request: CleanupRequest) -> Comparison | None:
    """How the plan differs from the approved one; None where there is none."""
    if request.approval is None:
        return None
    policy = request.referrer_policy.on_registry(deletes_by_name=state.deletes_by_name)
    return compare(parts, request.approval.plan, policy, request.earlier.asked)


def _deleted_before(state: CleanupState, request: CleanupRequest) -> int:
    """Number of tags that interrupted runs asked to delete and that are no longer there."""
    listed = {each.repository.path: set(each.names) for each in state.listings if not each.error and each.complete}
    return sum(1 for path, name, _digest in request.earlier.interrupted if path in listed and name not in listed[path])


def _pins(state: CleanupState, request: CleanupRequest, untagged: t.Sequence[UntaggedImage]) -> Pins:
    if not request.pin_untagged:
        return Pins()
    taken = {listing.repository.path: set(listing.names) for listing in state.listings}
    why = state.capabilities.registry_unavailable_reason
    return planned_pins(untagged, state.manifests, taken, why)
