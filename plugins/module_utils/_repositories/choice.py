# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Whether a repository of a scope is deleted as a whole, and why. Pure.

What costs nothing to know is asked first, so that a repository which is kept in any case costs no request. Every
function says why a repository is kept, or nothing. A repository is deleted if none of them keeps it.
"""

from __future__ import annotations

import itertools
import re
import typing as t
from datetime import datetime, timedelta

from .._core.errors import RequestError
from .._core.models import (
    ListingState,
    Project,
    ProtectionRule,
    RefKind,
    Repository,
    TagListing,
    format_time,
    parse_time,
)
from .._core.scope import path_matcher
from .._core.words import counted, some
from .._deletion.verification import why_not_empty
from .._plan.repository_decision import RepositoryDecision, RepositoryReason
from .._rules.dates import is_credible, judged_date
from .._rules.decision import DateSource, Decision
from .._rules.git_refs import ActiveRefs, RefMatch, carrying, telling_kinds
from .._rules.in_use import InUse
from .._rules.reasons import Reason
from .conditions import Conditions

_REF_WORDS = {
    RefKind.BRANCHES: "a branch",
    RefKind.MERGE_REQUESTS: "an open merge request",
    RefKind.TAGS: "a git tag",
}
# Why a tag keeps the repository that holds it, with what is said of such tags, the weightiest first.
_TAG_REASON_WORDS = {
    Reason.PROTECTED: "protect matches",
    Reason.GITLAB_PROTECTED: "a tag protection rule of GitLab covers",
    Reason.IN_USE: "images in use:",
    Reason.UNKNOWN_IN_USE: "it is unknown whether these are in use:",
    Reason.UNKNOWN_DIGEST: "the digest is unknown of",
}

Rules = t.Union[t.Sequence[ProtectionRule], RequestError]
Refs = t.Union[ActiveRefs, RequestError]


def kept_by_metadata(
    repository: Repository,
    project: Project | None,
    conditions: Conditions,
    used: InUse,
    clock: datetime | None,
) -> RepositoryDecision | None:
    """Why a repository is kept by what the lists of repositories and projects say.

    Args:
        repository: which one.
        project: that it belongs to; None if it was not read.
        conditions: what has to hold.
        used: the images that are in use.
        clock: the server's time; None if it is not known.
    """
    if conditions.paths and not path_matcher(conditions.paths)(repository.path):
        return _kept(RepositoryReason.NO_MATCH, "no entry of paths matches it")
    if project is None:
        return _kept(RepositoryReason.UNKNOWN_PROTECTION, "its project could not be read")
    if project.archived:
        return _kept(RepositoryReason.ARCHIVED, f"its project {project.path} is archived")
    if used.names_of(repository.path) or used.digests_of(repository.path):
        return _kept(RepositoryReason.IN_USE, "an image in use is, or may be, of this repository")
    if conditions.ref_gone and not repository.name:
        return _kept(
            RepositoryReason.NO_REF,
            "it is at the path of its project, so it is not named after a branch, git tag or merge request",
        )
    if conditions.not_pushed_for is None:
        return None
    created = parse_time(repository.created_at)
    if created is None or clock is None or not is_credible(created, clock):
        return _kept(RepositoryReason.UNKNOWN_DATE, "its creation date is unknown")
    return _kept_by_age(created, conditions.not_pushed_for, clock, "it was created")


def kept_by_refs(
    repository: Repository, project: Project, refs: Refs, conditions: Conditions
) -> RepositoryDecision | None:
    """Why a repository is kept by what there is in git.

    Args:
        repository: which one.
        project: that it belongs to.
        refs: the git references of its project, or why they could not be read.
        conditions: what has to hold.
    """
    if isinstance(refs, RequestError):
        return _kept(RepositoryReason.UNKNOWN_REFS, f"the git references of its project could not be read: {refs}")
    for kind in telling_kinds(conditions.ref_gone, is_fork=project.is_fork):
        names = refs.refs.get(kind, ())
        if kind is RefKind.BRANCHES and not names:
            return _kept(
                RepositoryReason.UNKNOWN_REFS, "its project has no branch, which is also so if its git data is lost"
            )
        found = named_after(repository, names, conditions.ref_match)
        if found:
            doubt = "" if kind in conditions.ref_gone else ", of which another project may have a merge request"
            return _kept(RepositoryReason.ACTIVE_REF, f"{found} is named after {_REF_WORDS[kind]}{doubt}")
    return None


def named_after(repository: Repository, refs: t.Collection[str], match: RefMatch) -> str:
    """What of the name of a repository carries a git reference; empty if nothing does.

    That is the name as a whole, or parts between slashes side by side. So team/app/review/login/web is named after
    login, review/login and login/web, among others.

    Args:
        repository: which one.
        refs: the names of git references.
        match: how a part carries one.
    """
    parts = repository.name.split("/")
    runs = (run for start in range(len(parts)) for run in itertools.accumulate(parts[start:], "{}/{}".format))
    return min(carrying(runs, refs, match), key=len, default="")


def kept_by_rules(repository: Repository, rules: Rules) -> RepositoryDecision | None:
    """Why a repository is kept by the protection rules of its project for repositories.

    GitLab forbids its deletion to some callers, and only if the rule restricts that. Here every rule keeps it.

    Args:
        repository: which one.
        rules: those of its project, or why they could not be read.
    """
    if isinstance(rules, RequestError):
        why = f"the protection rules of its project could not be read: {rules}"
        return _kept(RepositoryReason.UNKNOWN_PROTECTION, why)
    covering = next((rule.pattern for rule in rules if _covers(rule.pattern, repository.path)), None)
    if covering is None:
        return None
    return _kept(RepositoryReason.GITLAB_PROTECTED, f"the protection rule {covering} of its project covers it")


def _covers(pattern: str, path: str) -> bool:
    """app/models/container_registry/protection/rule.rb: in any case, and a * stands for any text."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), path, re.IGNORECASE) is not None


def kept_by_tags(
    listing: TagListing,
    decisions: t.Sequence[Decision],
    conditions: Conditions,
    source: DateSource,
    clock: datetime | None,
) -> RepositoryDecision | None:
    """Why a repository is kept by its tags, or by what is not known of them.

    Args:
        listing: its tags.
        decisions: on each of its tags, if all were to be deleted; none if it has to be empty.
        conditions: what has to hold.
        source: what the dates of tags mean.
        clock: the server's time; None if it is not known.
    """
    if listing.error:
        return _kept(RepositoryReason.REPOSITORY_UNREAD, f"its tags could not be read: {listing.error}")
    if not listing.tags:
        doubt = why_not_empty(listing)
        return _kept(RepositoryReason.UNPROVEN_EMPTY, doubt) if doubt else None
    if conditions.empty:
        return _kept(RepositoryReason.NOT_EMPTY, f"it has {counted(len(listing.tags), 'tag')}")
    if listing.state is not ListingState.COMPLETE:
        return _kept(RepositoryReason.INCOMPLETE_LISTING, "there may be more tags than those listed")
    return _kept_by_tag_reasons(decisions) or _kept_by_push(listing, conditions, source, clock)


def _kept_by_tag_reasons(decisions: t.Sequence[Decision]) -> RepositoryDecision | None:
    """Why a repository is kept for the tags in it that may not be deleted."""
    for reason, words in _TAG_REASON_WORDS.items():
        names = [decision.tag.name for decision in decisions if decision.reason is reason]
        if names:
            return _kept(RepositoryReason(reason.value), f"{words} {some(names)}")
    return None


def _kept_by_push(
    listing: TagListing, conditions: Conditions, source: DateSource, clock: datetime | None
) -> RepositoryDecision | None:
    """Why a repository is kept for the newest push of any of its tags."""
    age = conditions.not_pushed_for
    if age is None:
        return None
    dates = {tag.name: judged_date(tag, source, clock) for tag in listing.tags}
    undated = [name for name, date in dates.items() if date is None]
    known = [date for date in dates.values() if date]
    if undated or clock is None:
        return _kept(RepositoryReason.UNKNOWN_DATE, f"the date is unknown of {some(undated)}")
    return _kept_by_age(max(known), age, clock, "its newest tag is of")


def _kept_by_age(date: datetime, age: int, clock: datetime, what: str) -> RepositoryDecision | None:
    if date < clock - timedelta(seconds=age):
        return None
    return _kept(RepositoryReason.TOO_YOUNG, f"{what} {format_time(date)}, which is not older than not_pushed_for")


def chosen(listing: TagListing, conditions: Conditions, source: DateSource) -> RepositoryDecision:
    """That a repository is deleted, since all its conditions hold, and nothing keeps it.

    Args:
        listing: its tags.
        conditions: what has to hold.
        source: what the dates of tags mean.
    """
    repository = listing.repository
    held: dict[RepositoryReason, str] = {}
    if conditions.empty:
        held[RepositoryReason.EMPTY] = "it has no tags"
    if conditions.ref_gone:
        kinds = " or ".join(_REF_WORDS[kind] for kind in conditions.ref_gone)
        held[RepositoryReason.REF_GONE] = f"it is not named after {kinds} that exists"
    if conditions.not_pushed_for is not None:
        # All of them are known and believed by now.
        dates = [parse_time(repository.created_at), *(judged_date(tag, source, None) for tag in listing.tags)]
        newest = max(filter(None, dates))
        held[RepositoryReason.NOT_PUSHED] = f"it was created or last pushed to on {format_time(newest)}"
    if conditions.paths:
        held[RepositoryReason.MATCHED] = f"paths has {path_matcher(conditions.paths)(repository.path)[0]}"
    return RepositoryDecision(next(iter(held)), "; ".join(held.values()))


def _kept(reason: RepositoryReason, why: str) -> RepositoryDecision:
    return RepositoryDecision(reason, why.removesuffix("."))
