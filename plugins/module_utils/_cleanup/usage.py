# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""How much the repositories of a plan hold, and what it frees. Pure."""

from __future__ import annotations

import typing as t

from .._core.models import TagListing
from .._plan.plan import Plan, RepositoryPlan
from .._rules.dates import shown_dates
from .._rules.decision import DateSource
from .._rules.reasons import Certainty
from .._usage.figures import Figures
from .._usage.listings import RepositoryUsage, repository_usage
from .request import CleanupRequest
from .state import CleanupState


def listed_dates(state: CleanupState, request: CleanupRequest) -> DateSource:
    """What the dates of the listed tags are; none if no date was read."""
    read = request.all_details or any(tag.created or tag.published for each in state.listings for tag in each.tags)
    return shown_dates(state.capabilities.mode) if read else DateSource.NONE


def plan_usage(
    state: CleanupState, plan: Plan, listings: t.Iterable[TagListing], source: DateSource
) -> dict[int, RepositoryUsage]:
    """The numbers of each repository, by its id.

    Args:
        state: what was observed.
        plan: what is deleted.
        listings: the tags of each repository, with all that is known of them.
        source: what their dates are.
    """
    parts = {part.repository.id: part for part in plan.repositories}
    return {each.repository.id: _usage(each, parts[each.repository.id], state, source) for each in listings}


def _usage(listing: TagListing, part: RepositoryPlan, state: CleanupState, source: DateSource) -> RepositoryUsage:
    deleted = {decision.tag.name for decision in part.deletions}
    usage = repository_usage(listing.repository, listing, source=source, clock=state.clock, deleted=deleted)
    figures = usage.figures
    if part.certainty is not Certainty.EXACT:
        # GitLab may delete less than the plan says.
        figures = figures._replace(freed=figures.freed._replace(least=None))
    return usage._replace(figures=figures)


def freed_row(figures: Figures) -> dict[str, t.Any]:
    """What is returned of the numbers beside a plan."""
    row = figures.as_result()
    return {name: row[name] for name in ("bytes", "bytes_method", "freed_least", "freed_most")}
