# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The plan of a cleanup, from what was observed and asked for: every decision, and why it is refused. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import replace
from datetime import datetime

from .._core.budget import why_too_many
from .._core.errors import RequestError
from .._core.models import Project, Tag, TagListing, format_time
from .._core.scope import Exclusion
from .._core.server import DELETE_LIMIT, DeleteMethod, Mode, ReadMethod, ServerCapabilities
from .._core.words import counted, some
from .._deletion.refusals import hidden_rules_refusal, unknown_clock_refusal
from .._deletion.turns import RunPlan
from .._plan.drift import Comparison, after_limits, compare, refusals_of
from .._plan.limits import limited
from .._plan.plan import Plan, RepositoryPlan
from .._policy.preview import decisions_of, predicted
from .._retention.exceptions import kept_by_exceptions
from .._retention.rule_sets import Retention
from .._rules.dates import date_source_of, judged_date
from .._rules.decision import DateSource, Decision, to_keep
from .._rules.import_dates import ImportEvidence, import_refusal
from .._rules.in_use import UntaggedImage, stale_sources
from .._rules.reasons import Reason
from .._rules.referrers import ReferrerFacts, subjects_of, with_referrers
from .._rules.retention import age_reason, decide, order_differences
from .._rules.rules import Rules, Timestamp
from .bulk_requests import BulkRequest, bulk_requests, why_not_in_one_run, why_not_unpinned
from .matches import UseMatches, matches_of
from .pins import Manifests, Pins, planned_pins
from .request import CleanupRequest, OnServerPolicy
from .retained import Refs, retained_names, untagged_images


class CleanupState(t.NamedTuple):
    """What was observed, and how tags are deleted on such a server.

    Args:
        capabilities: what the server can do.
        listings: the tags of each repository in scope, by path.
        projects: the projects of these repositories by id; empty where the token may not read them.
        delete_method: how tags are deleted.
        clock: the server's time, the earliest that its answers tell; None if it is not known.
        refs: by the project's id, the active git references whose tags are kept, or why they are not known.
        absent_digests: by the repository's path, digests of images that the registry itself does not have.
        rules_hidden: GitLab may have protection rules that can't be read and that it would let this caller past.
        passes_rules: GitLab chooses what it deletes, and lets this caller past its protection rules.
        import_evidence: what tells whether the dates are those of an import; None unless most tags share their dates.
        manifests: what the registry has of images that are in use without a tag; None if it could not be asked.
        sent: number of requests so far.
        max_requests: the most requests of the task; None is no limit.
        exclusions: what the user leaves out of the scope.
        warnings: what the user should know of the scope, one sentence each.
        being_deleted: paths of the repositories in scope that GitLab is deleting.
        registry_disabled: paths of the projects in scope whose registry is disabled.
        latest_clock: the latest time that the server's answers tell; None if that is clock.
        deletes_by_name: nothing is to be deleted, or the registry is known to leave other tags of an image alone.
        unread_labels: why the labels by which images expire are not known, one sentence for each image.
    """

    capabilities: ServerCapabilities
    listings: tuple[TagListing, ...]
    projects: t.Mapping[int, Project]
    delete_method: DeleteMethod
    clock: datetime | None
    refs: Refs
    absent_digests: t.Mapping[str, t.Collection[str]]
    rules_hidden: bool = False
    passes_rules: bool = False
    import_evidence: ImportEvidence | None = None
    manifests: Manifests | None = None
    sent: int = 0
    max_requests: int | None = None
    exclusions: tuple[Exclusion, ...] = ()
    warnings: tuple[str, ...] = ()
    being_deleted: tuple[str, ...] = ()
    registry_disabled: tuple[str, ...] = ()
    latest_clock: datetime | None = None
    deletes_by_name: bool = True
    unread_labels: tuple[str, ...] = ()


class Criteria(t.NamedTuple):
    """What is the same for all repositories.

    Args:
        request: what is asked for.
        retention: its rules as they hold on this server.
        date_source: what the dates of tags mean there; none if no tag is judged by one.
    """

    request: CleanupRequest
    retention: Retention
    date_source: DateSource

    def date_source_under(self, rules: Rules) -> DateSource:
        """Where the dates come from that these rules judge by; none if they need none."""
        return self.date_source if rules.need_dates else DateSource.NONE


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
        *request.use_unknown,
        *_use_refusals(state, request),
        *_conflicts(state, criteria),
        *matches.refusals,
        *pins.refusals,
        *plan.refusals,
        *_bulk_refusals(state, request, bulk),
        *_date_refusals(state, criteria),
        *_policy_refusals(state, request),
        *_protection_refusals(state, plan),
        *_approval_refusals(state, request, comparison),
        *_budget_refusals(state, plan, run),
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


def criteria_on(capabilities: ServerCapabilities, request: CleanupRequest) -> Criteria:
    """What is asked for, as it holds on a server.

    With a metadata database every digest is known. Where dates are builds anyway, none of them is an import's.
    """

    def on_server(rules: Rules) -> Rules:
        # Rules know the names that they have judged, so that they are made anew only where they change.
        if capabilities.mode is Mode.DATABASE and not rules.require_digest:
            rules = replace(rules, require_digest=True)
        if capabilities.shows_build_dates and rules.dates_valid_from:
            rules = replace(rules, dates_valid_from=None)
        return rules

    retention = request.retention.with_rules(on_server)
    source = date_source_of(capabilities, retention.guards.timestamp) if request.need_dates else DateSource.NONE
    return Criteria(request=request, retention=retention, date_source=source)


def projects_with_policy(state: CleanupState) -> list[Project]:
    """The projects of which repositories are in the plan and whose own cleanup policy is enabled, by path."""
    numbers = {listing.repository.project_id for listing in state.listings}
    projects = [project for number, project in state.projects.items() if number in numbers]
    return sorted(
        (project for project in projects if project.policy and project.policy.enabled), key=lambda project: project.path
    )


def policy_sentence(projects: t.Sequence[Project]) -> str:
    """What is said of projects whose own policies are enabled, of which there is one at least: without its end."""
    if len(projects) == 1:
        when = ", next" + _next_run(projects[0]) if _next_run(projects[0]) else ""
        path = projects[0].path
        return f"the cleanup policy of project {path} itself is enabled and deletes tags by its own rules{when}"
    named = [f"{project.path}{_next_run(project)}" for project in projects]
    return (
        f"the cleanup policies of {counted(len(projects), 'project')} are enabled and delete tags by their own rules: "
        f"{some(named)}"
    )


def _next_run(project: Project) -> str:
    when = project.policy.next_run_at if project.policy else None
    return f" at {when}" if when else ""


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


def _conflicts(state: CleanupState, criteria: Criteria) -> list[str]:
    """Of which repositories it can't be told what rule set they have."""
    found = (criteria.retention.assigned_to(listing.repository).conflict for listing in state.listings)
    return [f"retention: {conflict}" for conflict in found if conflict]


def _use_refusals(state: CleanupState, request: CleanupRequest) -> list[str]:
    """Why it is not known any more what is in use."""
    sources = [source for source in request.used.sources if source.name]
    return stale_sources(sources, request.in_use_max_age, state.latest_clock or state.clock)


def _approval_refusals(state: CleanupState, request: CleanupRequest, comparison: Comparison | None) -> list[str]:
    """Why nothing may be deleted by the approved plan."""
    if request.approval is None or comparison is None:
        return []
    return refusals_of(request.approval.plan, request.approval.terms, comparison, state.latest_clock or state.clock)


def _deleted_before(state: CleanupState, request: CleanupRequest) -> int:
    """Number of tags that interrupted runs asked to delete and that are not there any more."""
    listed = {each.repository.path: set(each.names) for each in state.listings if not each.error and each.complete}
    return sum(1 for path, name, _digest in request.earlier.interrupted if path in listed and name not in listed[path])


def _pins(state: CleanupState, request: CleanupRequest, untagged: t.Sequence[UntaggedImage]) -> Pins:
    if not request.pin_untagged:
        return Pins()
    taken = {listing.repository.path: set(listing.names) for listing in state.listings}
    why = state.capabilities.registry_unavailable_reason
    return planned_pins(untagged, state.manifests, taken, why)


def _bulk_refusals(state: CleanupState, request: CleanupRequest, bulk: t.Sequence[BulkRequest]) -> list[str]:
    if not bulk:
        return []
    if state.capabilities.mode is Mode.UNKNOWN:
        return ["it could not be told what registry this is, and so not what a bulk deletion does there"]
    found: t.Iterable[str | None] = ()
    if state.delete_method is DeleteMethod.BULK:
        found = (why_not_in_one_run(each, state.capabilities.mode) for each in bulk)
    elif request.referrer_policy.on_registry(deletes_by_name=state.deletes_by_name).keep_together:
        found = (why_not_unpinned(each.plan) for each in bulk)
    return [reason for reason in found if reason]


def _date_refusals(state: CleanupState, criteria: Criteria) -> t.Iterator[str]:
    retention, rules, clock = criteria.retention, criteria.retention.guards, state.clock
    if retention.has_ages and clock is None and state.listings:
        yield unknown_clock_refusal()
    if rules.dates_valid_from and clock and rules.dates_valid_from > clock:
        yield f"dates_valid_from {format_time(rules.dates_valid_from)} is later than the server's clock"
    if state.import_evidence and (refusal := import_refusal(state.import_evidence)):
        yield refusal
    by_push = (
        retention.need_dates and rules.timestamp is Timestamp.AUTO and criteria.date_source is DateSource.PUBLISHED
    )
    if by_push and state.capabilities.read_method is ReadMethod.REGISTRY:
        yield (
            "read_via registry shows when images were built, and with this registry's metadata database tags are as "
            "old as their last push (read_via auto shows that, timestamp created uses the build)"
        )


def _policy_refusals(state: CleanupState, request: CleanupRequest) -> list[str]:
    if request.on_server_policy is not OnServerPolicy.FAIL:
        return []
    projects = projects_with_policy(state)
    return [policy_sentence(projects)] if projects else []


def _protection_refusals(state: CleanupState, plan: Plan) -> t.Iterator[str]:
    if state.rules_hidden:
        yield hidden_rules_refusal("allow_unread_protection")
    if not state.passes_rules:
        return
    for part in plan.repositories:
        covered = [decision.tag.name for decision in part.deletions if decision.tag.protected]
        if covered:
            yield (
                f"GitLab would delete {counted(len(covered), 'tag')} of {part.repository.path} for an administrator "
                f"although its protection rules cover {'it' if len(covered) == 1 else 'them'} ({some(covered)}); use a "
                "token that is no administrator's"
            )


def _budget_refusals(state: CleanupState, plan: Plan, run: RunPlan | None) -> list[str]:
    if state.delete_method.is_bulk:
        return []
    parts = [run.deletions_of(part) if run else part.deletions for part in plan.repositories]
    needed = deletion_requests(parts, state.delete_method, by_page=state.capabilities.pages_by_cursor)
    what = f"deleting {counted(sum(map(len, parts)), 'tag')}"
    reason = why_too_many(needed=needed, sent=state.sent, most=state.max_requests, what=what)
    return [reason] if reason else []


def deletion_requests(repositories: t.Iterable[t.Sequence[Decision]], method: DeleteMethod, *, by_page: bool) -> int:
    """The least number of requests that deletions take.

    What has a digest is read again before it is deleted, batch by batch for GraphQL, else each tag right before. Every
    repository is listed afterwards.

    Args:
        repositories: what is deleted of each.
        method: how tags are deleted.
        by_page: whether tags are read again in pages.
    """
    parts = [deletions for deletions in repositories if deletions]
    deleted = [len(deletions) for deletions in parts]
    guarded = [sum(1 for decision in deletions if decision.tag.digest) for deletions in parts]
    together = method is DeleteMethod.GRAPHQL
    again = _batches(guarded) if by_page and together else sum(guarded)
    asked = _batches(deleted) if together else sum(deleted)
    return again + asked + len(parts)


def _batches(counts: t.Sequence[int]) -> int:
    """Batches of tags that are asked for together, of so many for each repository."""
    return sum(-(-count // DELETE_LIMIT) for count in counts)
