# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Which repositories and tags are deleted, and why nothing may be."""

from __future__ import annotations

import enum
import typing as t

from .._core.models import Repository, TagListing
from .._core.server import DeleteMethod
from .._deletion.outcomes import RepositoryOutcome
from .._deletion.refusals import archived_refusal, hidden_rules_refusal
from .._deletion.verification import empty_listing_warning, why_not_empty
from .._plan.limits import broken_max_deletions, broken_totals, limited
from .._plan.plan import Plan, RepositoryPlan
from .._rules.decision import DateSource
from .._rules.matches import matches_by_name, names_in, told
from .._rules.reasons import Reason, reason_counts
from .._rules.referrers import kept_together
from .._rules.retention import decide
from .request import RepositoryRequest


class RepositoryState(t.NamedTuple):
    """What was read of the repositories, in the order of their paths.

    Args:
        listings: their tags.
        missing: names of those that are not there.
        being_deleted: those that GitLab is deleting already.
        delete_method: how tags are deleted, if any are.
        hidden_rules: there may be protection rules that can't be read, and GitLab would let this caller past them.
        deletes_by_name: the registry is known to leave other tags of an image alone, or that does not matter.
        archived_projects: paths of the projects of repositories that are archived.
    """

    listings: tuple[TagListing, ...] = ()
    missing: tuple[str, ...] = ()
    being_deleted: tuple[Repository, ...] = ()
    delete_method: DeleteMethod = DeleteMethod.REST
    hidden_rules: bool = False
    deletes_by_name: bool = True
    archived_projects: tuple[str, ...] = ()


class RepositoryAction(enum.Enum):
    """What is done to a repository."""

    NONE = "none"
    EMPTY = "empty"
    DELETE = "delete"
    EMPTY_AND_DELETE = "empty_and_delete"


class RepositoryRemoval(t.NamedTuple):
    """A repository that is to be deleted.

    Args:
        repository: Which one.
        tags: The plan by which its tags are deleted before; None if GitLab is to do that.
        must_be_empty: Whether it is deleted only if it is empty right before.
        asked_before: Whether GitLab is deleting it already.
        only_unchanged: Whether it is kept with all its tags if it is not as it was planned right before.
    """

    repository: Repository
    tags: RepositoryPlan | None = None
    must_be_empty: bool = True
    asked_before: bool = False
    only_unchanged: bool = False


class RepositoryResult(t.NamedTuple):
    """What became of a repository.

    Args:
        removal: what was to be done.
        outcome: what became of it.
        message: why, if that is not plain.
    """

    removal: RepositoryRemoval
    outcome: RepositoryOutcome
    message: str = ""


def plan_tags(state: RepositoryState, request: RepositoryRequest) -> Plan:
    """Decide which tags are deleted one by one, and why nothing at all may be deleted."""
    parts = [_part(listing, request, state.deletes_by_name) for listing in state.listings]
    plan = limited(parts, request.limits)
    names = names_in(state.listings, [listing for listing in state.listings if not listing.error])
    entries, findings = matches_by_name(names, request.rules)
    findings = told(names, findings)
    refusals = list(plan.refusals)
    refusals += [each.sentence for each in findings if request.on_unmatched in each.refused_by]
    if request.deletes_repositories or plan.deletions:
        refusals += map(archived_refusal, state.archived_projects)
    if request.deletes_repositories:
        refusals += _beyond_limits(state.listings, request)
        refusals += [
            reason for part, listing in zip(parts, state.listings) for reason in _why_kept(part, listing, request)
        ]
    if state.hidden_rules:
        refusals.append(hidden_rules_refusal())
    return Plan(
        plan.repositories,
        refusals=tuple(refusals),
        matches=tuple(entries),
        unmatched=tuple(each.sentence for each in findings),
    )


def _part(listing: TagListing, request: RepositoryRequest, deletes_by_name: bool) -> RepositoryPlan:
    decisions = tuple(decide(listing.tags, request.rules, DateSource.NONE, None)) if request.deletes_tags else ()
    if not deletes_by_name:
        decisions = tuple(kept_together(decisions))
    return RepositoryPlan(listing.repository, decisions, listing=listing.state, error=listing.error)


def _beyond_limits(listings: t.Sequence[TagListing], request: RepositoryRequest) -> list[str]:
    """Where GitLab deletes the tags with their repository, its listing alone says how many these are."""
    limits = request.limits
    if request.deletes_tags or (limits.max_deletions is None and limits.max_deletions_total is None):
        return []
    found = [
        f"{listing.repository.path}: its tags can't be counted, which max_deletions and max_deletions_total need"
        for listing in listings
        if listing.error or not (listing.complete or listing.authoritative)
    ]
    broken = (broken_max_deletions(listing.repository.path, len(listing.tags), limits) for listing in listings)
    going = sum(len(listing.tags) for listing in listings)
    return [*found, *filter(None, broken), *broken_totals(going, going, limits)]


def _why_kept(part: RepositoryPlan, listing: TagListing, request: RepositoryRequest) -> list[str]:
    """Why a repository must not be deleted."""
    path = listing.repository.path
    if request.force:
        return []
    if request.deletes_tags and part.kept:
        return [f"{path} would not be empty, since tags are kept ({kept_text(part)})"]
    if request.deletes_tags and listing.tags:
        return []
    reason = why_not_empty(listing)
    allowing = "force or empty_first allow it" if listing.tags else "force allows it"
    return [f"{path} is not deleted: {reason.rstrip('.')} ({allowing})"] if reason else []


def kept_text(part: RepositoryPlan, *but: Reason) -> str:
    """How many tags stay for each reason. but: reasons that need no word."""
    counted = {reason: number for reason, number in part.reasons.items() if reason not in (Reason.MATCHED, *but)}
    return ", ".join(f"{number} {reason}" for reason, number in reason_counts(counted).items())


def plan_repositories(state: RepositoryState, plan: Plan, request: RepositoryRequest) -> list[RepositoryRemoval]:
    """Decide which repositories are deleted, the tags of a plan before them."""
    removals = [
        RepositoryRemoval(part.repository, tags=part if request.deletes_tags else None, must_be_empty=not request.force)
        for part in plan.repositories
    ]
    return removals + [RepositoryRemoval(repository, asked_before=True) for repository in state.being_deleted]


def warnings_of(state: RepositoryState, plan: Plan, request: RepositoryRequest) -> list[str]:
    """What the user should know of repositories that are emptied."""
    if request.deletes_repositories:
        return []
    unproven = [
        empty_listing_warning(listing.repository.path)
        for listing in state.listings
        if not listing.tags and not listing.error and not listing.authoritative
    ]
    kept = [(part.repository.path, kept_text(part, Reason.PROTECTED)) for part in plan.repositories]
    return [*plan.unmatched_warnings, *unproven] + [
        f"Tags of {path} are kept although they were to be deleted ({text})." for path, text in kept if text
    ]
