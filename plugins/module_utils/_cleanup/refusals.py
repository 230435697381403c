# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Why nothing may be deleted by the plan of a cleanup. Pure."""

from __future__ import annotations

import typing as t

from .._core.budget import why_too_many
from .._core.models import Project, format_time
from .._core.server import DELETE_LIMIT, DeleteMethod, Mode, ReadMethod
from .._core.words import counted, some
from .._deletion.refusals import hidden_rules_refusal, unknown_clock_refusal
from .._deletion.turns import RunPlan
from .._plan.drift import Comparison, refusals_of
from .._plan.plan import Plan
from .._rules.decision import DateSource, Decision
from .._rules.import_dates import import_refusal
from .._rules.in_use import stale_sources
from .._rules.rules import Timestamp
from .bulk_requests import BulkRequest, why_not_in_one_run, why_not_unpinned
from .request import CleanupRequest, OnServerPolicy
from .state import CleanupState, Criteria


def refusals_of_plan(
    state: CleanupState,
    criteria: Criteria,
    plan: Plan,
    *,
    comparison: Comparison | None,
    bulk: t.Sequence[BulkRequest],
    run: RunPlan | None,
) -> t.Iterator[str]:
    """Why nothing may be deleted by a plan, a sentence each without its end.

    Args:
        state: what was observed.
        criteria: by which the plan was made.
        plan: what is to be deleted.
        comparison: with the approved plan; None if there is none.
        bulk: what GitLab's bulk deletion is asked for.
        run: what one run deletes of the plan; None if that is all of it.
    """
    request = criteria.request
    yield from _bulk_refusals(state, request, bulk)
    yield from _date_refusals(state, criteria)
    yield from _policy_refusals(state, request)
    yield from _protection_refusals(state, plan)
    yield from _approval_refusals(state, request, comparison)
    yield from _budget_refusals(state, plan, run)


def refusals_of_scope(state: CleanupState, criteria: Criteria) -> t.Iterator[str]:
    """Why it is not known what the rules would delete and what is in use, a sentence each without its end."""
    yield from criteria.request.use_unknown
    yield from _use_refusals(state, criteria.request)
    yield from _conflicts(state, criteria)


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


def _bulk_refusals(state: CleanupState, request: CleanupRequest, bulk: t.Sequence[BulkRequest]) -> list[str]:
    if not bulk:
        return []
    if state.capabilities.mode is Mode.UNKNOWN:
        return ["the kind of this registry is unknown, so it is unknown what a bulk deletion does there"]
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
                "token of a user who is not an administrator"
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
