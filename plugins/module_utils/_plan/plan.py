# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What a cleanup is going to do: a decision for every tag of every repository. Pure."""

from __future__ import annotations

import functools
import typing as t
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timezone

from .._core.errors import RequestError
from .._core.models import ListingState, Repository, ServerPolicy
from .._rules.decision import DateSource, Decision
from .._rules.matches import EntryMatches
from .._rules.reasons import Certainty, Reason
from .._rules.retention import OrderDifference
from .repository_decision import RepositoryDecision

_LONG_AGO = datetime(1, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class RepositoryPlan:
    """The decisions on one repository.

    Args:
        repository: which one.
        decisions: on all its tags, in the order of the names; empty if there is an error.
        date_source: where the judged dates come from.
        listing: how complete the listing of its tags is.
        policy: the project's own cleanup policy; None if it is not known.
        limit: the limit that the repository is beyond, a sentence without its full stop; None if it is beyond none.
        error: why it is unread; None if it was read.
        certainty: how exact it is what is deleted, where GitLab itself decides.
        uncertainties: why it is not exact, one sentence each without its full stop.
        expected: how many tags GitLab deletes at least and at most; None if the decisions say it.
        rule_set: name of the rule set that is assigned to it; empty if none is, or if the task has none.
        order_differences: where rules that compare letter by letter decide otherwise than the natural order would.
        whole: what happens to the repository itself; None if the plan is about tags alone.
    """

    repository: Repository
    decisions: tuple[Decision, ...] = ()
    date_source: DateSource = DateSource.NONE
    listing: ListingState = ListingState.COMPLETE
    policy: ServerPolicy | None = None
    limit: str | None = None
    error: RequestError | None = None
    certainty: Certainty = Certainty.EXACT
    uncertainties: tuple[str, ...] = ()
    expected: tuple[int, int] | None = None
    rule_set: str = ""
    order_differences: tuple[OrderDifference, ...] = ()
    whole: RepositoryDecision | None = None

    @property
    def deletion_range(self) -> tuple[int, int]:
        """How many tags are deleted, at least and at most."""
        planned = len(self.deletions)
        least, most = self.expected or (planned, planned)
        return min(least, planned), min(most, planned)

    @functools.cached_property
    def deletions(self) -> list[Decision]:
        """The deleted tags in their order: what belongs to other tags after them, the oldest first, then by name."""
        planned = [decision for decision in self.decisions if decision.delete]
        return sorted(planned, key=lambda decision: (decision.depth, decision.date or _LONG_AGO, decision.tag.name))

    @functools.cached_property
    def kept(self) -> list[Decision]:
        """The kept tags, in the order of the names."""
        return [decision for decision in self.decisions if not decision.delete]

    @property
    def reasons(self) -> dict[Reason, int]:
        """Number of tags by reason. A repository that was not read counts once."""
        if self.error:
            return {Reason.REPOSITORY_UNREAD: 1}
        return Counter(decision.reason for decision in self.decisions)


class Plan(t.NamedTuple):
    """The plans of all repositories.

    Args:
        repositories: by path.
        refusals: why nothing at all may be deleted, one sentence each without its full stop.
        matches: what each entry that keeps or excludes matches.
        unmatched: what of these matches nothing, one sentence each without its full stop.
    """

    repositories: tuple[RepositoryPlan, ...]
    refusals: tuple[str, ...] = ()
    matches: tuple[EntryMatches, ...] = ()
    unmatched: tuple[str, ...] = ()

    @property
    def unmatched_warnings(self) -> list[str]:
        """What matches nothing and does not refuse the plan, one sentence each."""
        refusals = set(self.refusals)
        return [f"{sentence}." for sentence in self.unmatched if sentence not in refusals]

    @property
    def deletions(self) -> int:
        """Number of deleted tags."""
        return sum(len(part.deletions) for part in self.repositories)

    @property
    def changed(self) -> bool:
        """Whether anything is deleted."""
        return not self.refusals and self.deletions > 0

    @property
    def unread(self) -> list[RepositoryPlan]:
        """The repositories that could not be read."""
        return [part for part in self.repositories if part.error]
