# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Which repositories of a scope are deleted as a whole, each with its reason, and why nothing may be. Pure."""

from __future__ import annotations

import typing as t
from collections import Counter
from dataclasses import replace
from datetime import datetime

from .._core.errors import RequestError
from .._core.models import ListingState, Project, Repository, TagListing
from .._core.scope import Exclusion
from .._core.server import Mode, ServerCapabilities
from .._core.words import counted
from .._deletion.refusals import hidden_rules_refusal, unknown_clock_refusal
from .._plan.approval import Approved
from .._plan.drift import Comparison, refusals_of
from .._plan.limits import broken_max_deletions, broken_totals
from .._plan.plan import Plan, RepositoryPlan
from .._plan.repository_decision import RepositoryDecision, RepositoryReason
from .._rules.dates import date_source_of
from .._rules.decision import DateSource, Decision
from .._rules.in_use import kept_by_use, stale_sources
from .._rules.matches import EntryMatches, Finding, OnUnmatched, matches_by_name, names_in, told
from .._rules.retention import decide
from .._rules.rules import Timestamp
from .choice import Refs, Rules, chosen, kept_by_metadata, kept_by_refs, kept_by_rules, kept_by_tags
from .scope_request import RepositoryLimits, ScopeRequest


class ScopeState(t.NamedTuple):
    """What was read of the repositories of a scope. What is missing was not needed.

    Args:
        repositories: all of them, by path, without those that GitLab is deleting.
        projects: their projects by id.
        refs: by the project's id, its git references, or why they are not known.
        rules: by the project's id, its protection rules for repositories, or why they are not known.
        listings: the tags by the path of the repository.
        capabilities: what the server can do.
        clock: the server's time, the earliest that its answers tell; None if it is not known.
        latest_clock: the latest time that the server's answers tell.
        hidden_rules: there may be protection rules for tags that can't be read, and GitLab would let this caller past.
        exclusions: what the user leaves out of the scope.
        warnings: what the user should know of the scope, one sentence each.
    """

    repositories: tuple[Repository, ...]
    projects: t.Mapping[int, Project]
    refs: t.Mapping[int, Refs] = {}
    rules: t.Mapping[int, Rules] = {}
    listings: t.Mapping[str, TagListing] = {}
    capabilities: ServerCapabilities = ServerCapabilities()
    clock: datetime | None = None
    latest_clock: datetime | None = None
    hidden_rules: bool = False
    exclusions: tuple[Exclusion, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def date_source(self) -> DateSource:
        """What the dates of tags mean: the last push, or the build where GitLab does not know that."""
        return date_source_of(self.capabilities, Timestamp.AUTO)


def undecided(state: ScopeState, request: ScopeRequest) -> list[Repository]:
    """The repositories that nothing keeps which was read so far. What was not read keeps none."""
    return [each for each in state.repositories if _kept_before_tags(each, state, request) is None]


def _kept_before_tags(repository: Repository, state: ScopeState, request: ScopeRequest) -> RepositoryDecision | None:
    """Why a repository is kept by what was read of it besides its tags."""
    number = repository.project_id
    conditions = request.conditions
    kept = kept_by_metadata(repository, state.projects.get(number), conditions, request.used, state.clock)
    if kept is None and conditions.ref_gone and number in state.refs:
        kept = kept_by_refs(repository, state.projects[number], state.refs[number], conditions)
    if kept is None and number in state.rules:
        kept = kept_by_rules(repository, state.rules[number])
    return kept


def plan_scope(state: ScopeState, request: ScopeRequest) -> Plan:
    """The plan for this state: what happens to every repository, and why nothing may be deleted where that is so."""
    parts = [_part(repository, state, request) for repository in state.repositories]
    if request.approval:
        parts = [_as_approved(part, request.approval.plan) for part in parts]
    entries, findings = _matches(state, request)
    refusals = (
        *request.use_unknown,
        *stale_sources(
            [each for each in request.used.sources if each.name],
            request.in_use_max_age,
            state.latest_clock or state.clock,
        ),
        *(each.sentence for each in findings if request.on_unmatched in each.refused_by),
        *_clock_refusals(state, request),
        *_beyond_limits(parts, request),
        *([hidden_rules_refusal()] if state.hidden_rules else []),
        *_approval_refusals(state, request),
    )
    return Plan(
        tuple(parts), refusals=refusals, matches=tuple(entries), unmatched=tuple(each.sentence for each in findings)
    )


def _part(repository: Repository, state: ScopeState, request: ScopeRequest) -> RepositoryPlan:
    """What happens to a repository, with its tags if it is deleted."""
    whole = _kept_before_tags(repository, state, request) or _kept_unread(repository, state, request)
    tags = None if whole else state.listings.get(repository.path)
    decisions = _decisions(tags, request) if tags else ()
    if tags:
        kept = kept_by_tags(tags, decisions, request.conditions, state.date_source, state.clock)
        whole = kept or chosen(tags, request.conditions, state.date_source)
    whole = whole or RepositoryDecision(RepositoryReason.REPOSITORY_UNREAD, "its tags were not read")
    return RepositoryPlan(
        repository,
        decisions if whole.delete else (),
        listing=tags.state if tags else ListingState.UNREAD,
        error=_error_of(whole.reason, repository, state),
        whole=whole._replace(listed=tags is not None),
    )


def _error_of(reason: RepositoryReason, repository: Repository, state: ScopeState) -> RequestError | None:
    """The request that failed, if a repository is kept for that."""
    listing = state.listings.get(repository.path)
    answer = {
        RepositoryReason.UNKNOWN_REFS: state.refs.get(repository.project_id),
        RepositoryReason.UNKNOWN_PROTECTION: state.rules.get(repository.project_id),
        RepositoryReason.REPOSITORY_UNREAD: listing.error if listing else None,
    }.get(reason)
    return answer if isinstance(answer, RequestError) else None


def _kept_unread(repository: Repository, state: ScopeState, request: ScopeRequest) -> RepositoryDecision | None:
    """Why a repository is kept if what decides was not read: nothing is deleted by what nobody looked at."""
    number = repository.project_id
    if request.conditions.ref_gone and number not in state.refs:
        return RepositoryDecision(RepositoryReason.UNKNOWN_REFS, "the git references of its project were not read")
    if number not in state.rules:
        return RepositoryDecision(RepositoryReason.UNKNOWN_PROTECTION, "the rules of its project were not read")
    return None


def _decisions(listing: TagListing, request: ScopeRequest) -> tuple[Decision, ...]:
    """What would happen to the tags of a repository that is deleted."""
    retained = kept_by_use(listing.tags, listing.repository.path, request.used)
    return tuple(decide(listing.tags, request.rules, DateSource.NONE, None, retained))


def _as_approved(part: RepositoryPlan, approved: Approved) -> RepositoryPlan:
    """The plan of a repository, which is kept unless it is as it was approved: no tag is new, or another image."""
    if part.whole is None or not part.whole.delete:
        return part
    found = _why_not_as_approved(part, approved)
    if found is None:
        return part
    return replace(part, decisions=(), whole=part.whole._replace(reason=found[0], why=found[1]))


def _why_not_as_approved(part: RepositoryPlan, approved: Approved) -> tuple[RepositoryReason, str] | None:
    """Why a repository that today's conditions choose is kept for the approved plan; None if it is not."""
    path = part.repository.path
    if path not in approved.removals:
        return RepositoryReason.NOT_APPROVED, "the approved plan does not delete it"
    for decision in part.decisions:
        name = decision.tag.name
        if (path, name) not in approved.digests:
            return RepositoryReason.CHANGED, f"the tag {name} is not in the approved plan"
        if approved.digests[path, name] != decision.tag.digest:
            return RepositoryReason.CHANGED, f"the tag {name} points to another image than in the plan"
    return None


def _matches(state: ScopeState, request: ScopeRequest) -> tuple[list[EntryMatches], list[Finding]]:
    """What the entries of protect and exclude_repositories match."""
    listings = tuple(state.listings.values())
    names = names_in(listings, [each for each in listings if not each.error])
    names = names._replace(complete=names.complete and len(listings) == len(state.repositories))
    entries, findings = matches_by_name(names, request.rules)
    excluded = [EntryMatches("exclude_repositories", each.pattern, matched=each.matched) for each in state.exclusions]
    # Who excludes production wants it excluded.
    missed = [
        Finding(
            each.unmatched(state.repositories[0].path), () if each.elsewhere else (OnUnmatched.AUTO, OnUnmatched.FAIL)
        )
        for each in state.exclusions
        if state.repositories and not each.matched
    ]
    return [*entries, *excluded], [*told(names, findings), *missed]


def _clock_refusals(state: ScopeState, request: ScopeRequest) -> list[str]:
    if request.conditions.not_pushed_for is None or state.clock or not state.repositories:
        return []
    return [unknown_clock_refusal()]


def _beyond_limits(parts: t.Sequence[RepositoryPlan], request: ScopeRequest) -> t.Iterator[str]:
    """Why not so many repositories, and tags in them, may be deleted: sentences without their ends."""
    going = [part for part in parts if part.whole and part.whole.delete]
    limits = request.repository_limits
    yield from _beyond_repository_limits(going, len(parts), limits)
    remaining = Counter(part.repository.project_id for part in parts)
    remaining.subtract(part.repository.project_id for part in going)
    for part in _one_of_each_project(going):
        left = remaining[part.repository.project_id]
        if left < limits.min_remaining:
            yield (
                f"{part.repository.shown_project}: {left} of its repositories in scope would remain, fewer than "
                f"min_remaining_repositories {limits.min_remaining}"
            )
    broken = (broken_max_deletions(part.repository.path, len(part.decisions), request.limits) for part in going)
    yield from filter(None, broken)
    tags = sum(len(part.decisions) for part in going)
    yield from broken_totals(tags, tags, request.limits)


def _beyond_repository_limits(
    going: t.Sequence[RepositoryPlan], number: int, limits: RepositoryLimits
) -> t.Iterator[str]:
    if limits.most is not None and len(going) > limits.most:
        number_of = counted(len(going), "repository", "repositories")
        yield f"{number_of} would be deleted, more than max_repositories {limits.most}"
    if limits.most_percent is not None and len(going) * 100 > limits.most_percent * number:
        yield (
            f"{len(going):,} of {counted(number, 'repository', 'repositories')} would be deleted, more than "
            "max_repositories_percent "
            f"{limits.most_percent:g}"
        )


def _one_of_each_project(parts: t.Iterable[RepositoryPlan]) -> list[RepositoryPlan]:
    return list({part.repository.project_id: part for part in parts}.values())


def _approval_refusals(state: ScopeState, request: ScopeRequest) -> list[str]:
    if request.approval is None:
        return []
    clock = state.latest_clock or state.clock
    return refusals_of(request.approval.plan, request.approval.terms, Comparison(()), clock)


def notes_of(state: ScopeState, request: ScopeRequest) -> list[str]:
    """How the plan was made, one sentence each."""
    if request.conditions.not_pushed_for is None or not state.listings:
        return []
    notes = {
        DateSource.BUILT: (
            "This registry has no metadata database: a tag is as old as its image, and a repository at most as old as "
            "its creation."
        ),
        DateSource.UNKNOWN: (
            "The meaning of the dates of tags is unknown here, so every repository with tags is kept."
        ),
    }
    found = [notes[state.date_source]] if state.date_source in notes else []
    if state.capabilities.mode is Mode.DATABASE and not state.capabilities.pages_by_cursor:
        found.append(
            f"Only GraphQL shows the last push of tags. {state.capabilities.graphql_unavailable_reason}".rstrip()
        )
    return found
