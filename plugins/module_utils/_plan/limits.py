# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The limits that a plan must not go beyond. Pure."""

from __future__ import annotations

import enum
import typing as t
from dataclasses import replace

from .._core.errors import UsageError
from .._core.models import SIGNATURE
from .._core.words import counted
from .._rules.reasons import Reason
from .plan import Plan, RepositoryPlan

# The limits of single repositories.
_OF_A_REPOSITORY = ("min_remaining", "max_deletions", "max_deletions_percent", "max_unknown_percent")


class OnLimit(enum.Enum):
    """What happens when a repository is beyond a limit: nothing is deleted at all, or nothing of the repository."""

    FAIL = "fail"
    SKIP_REPOSITORY = "skip_repository"


class Limits(t.NamedTuple):
    """What a plan must not go beyond; None is no limit.

    Args:
        min_remaining: how many tags have to stay in a repository that loses some; signatures do not count.
        max_deletions: the most tags that are deleted in one repository.
        max_deletions_percent: the same in percent of the repository's tags.
        max_deletions_total: the most tags that are deleted in all repositories together.
        max_deletions_total_percent: the same in percent of all tags.
        max_unknown_percent: the most tags of a repository, in percent, of which it is not known whether they may be
            deleted.
        on_limit: what happens when a repository is beyond a limit.
    """

    min_remaining: int = 1
    max_deletions: int | None = None
    max_deletions_percent: float | None = None
    max_deletions_total: int | None = None
    max_deletions_total_percent: float | None = None
    max_unknown_percent: float | None = None
    on_limit: OnLimit = OnLimit.FAIL

    def tightened(self, own: t.Mapping[str, t.Any]) -> Limits:
        """The limits with those of some repositories besides, of each the one that allows less.

        Args:
            own: min_remaining, max_deletions, max_deletions_percent and max_unknown_percent; None is no limit.

        Raises:
            UsageError: a number can't be one.
        """
        for name in _OF_A_REPOSITORY:
            value = own[name]
            percent = name.endswith("_percent")
            if value is not None and (value < 0 or (percent and value > 100)):
                allowed = "between 0 and 100" if percent else "at least 0"
                raise UsageError(f"{name} is {value:g}: it has to be {allowed}")
        most = {name: _less(getattr(self, name), own[name]) for name in _OF_A_REPOSITORY}
        return self._replace(**{**most, "min_remaining": max(self.min_remaining, own["min_remaining"] or 0)})


def _less(first: float | None, second: float | None) -> t.Any:
    """The limit that allows less."""
    given = [each for each in (first, second) if each is not None]
    return min(given, default=None)


def limited(
    repositories: t.Sequence[RepositoryPlan], limits: Limits, by_rule_set: t.Mapping[str, Limits] | None = None
) -> Plan:
    """Apply the limits to what is to be deleted.

    A repository beyond a limit refuses the plan, or with skip_repository keeps all its tags. The total always refuses.

    Args:
        repositories: their plans.
        limits: those of the total, and of each repository whose rule set has none of its own.
        by_rule_set: limits of each repository, by the name of its rule set.
    """
    parts = []
    refusals = []
    for part in repositories:
        broken = _broken_limit(part, (by_rule_set or {}).get(part.rule_set, limits))
        if not broken:
            parts.append(part)
        elif limits.on_limit is OnLimit.SKIP_REPOSITORY:
            parts.append(_kept_whole(part, broken))
        else:
            parts.append(replace(part, limit=broken))
            refusals.append(broken)
    total, listed = sum(len(part.deletions) for part in parts), sum(len(part.decisions) for part in parts)
    return Plan(tuple(parts), refusals=(*refusals, *broken_totals(total, listed, limits)))


def broken_totals(total: int, listed: int, limits: Limits) -> list[str]:
    """Why not so many tags may be deleted in total.

    Args:
        total: number of deleted tags.
        listed: number of all tags.
        limits: those of the total count.

    Returns:
        Sentences without their ends.
    """
    most, percent = limits.max_deletions_total, limits.max_deletions_total_percent
    found = []
    if most is not None and total > most:
        found.append(f"{counted(total, 'tag')} would be deleted in total, more than max_deletions_total {most}")
    if percent is not None and total * 100 > percent * listed:
        found.append(
            f"{total:,} of {counted(listed, 'tag')} would be deleted in total, more than max_deletions_total_percent "
            f"{percent:g}"
        )
    return found


def broken_max_deletions(path: str, deletions: int, limits: Limits) -> str | None:
    """Why not so many tags of one repository may be deleted, whatever number it has; None if they may.

    Args:
        path: of the repository.
        deletions: number of its deleted tags.
        limits: those of the plan.
    """
    if limits.max_deletions is None or deletions <= limits.max_deletions:
        return None
    return f"{path}: {counted(deletions, 'tag')} would be deleted, more than max_deletions {limits.max_deletions}"


def _broken_limit(part: RepositoryPlan, limits: Limits) -> str | None:
    deletions = sum(1 for decision in part.decisions if decision.delete)
    if not deletions:
        return None
    listed, path = len(part.decisions), part.repository.path
    remaining = sum(1 for decision in part.kept if not SIGNATURE.fullmatch(decision.tag.name))
    if remaining < limits.min_remaining:
        return (
            f"{path}: {deletions:,} of {counted(deletions + remaining, 'tag')} would be deleted and "
            f"{counted(remaining, 'remains', 'remain')}, fewer than min_remaining {limits.min_remaining}"
        )
    if broken := broken_max_deletions(path, deletions, limits):
        return broken
    if limits.max_deletions_percent is not None and deletions * 100 > limits.max_deletions_percent * listed:
        return (
            f"{path}: {deletions:,} of {counted(listed, 'tag')} would be deleted, more than max_deletions_percent "
            f"{limits.max_deletions_percent:g}"
        )
    unknown = sum(1 for decision in part.decisions if decision.reason.is_unknown)
    if limits.max_unknown_percent is not None and unknown * 100 > limits.max_unknown_percent * listed:
        return (
            f"{path}: of {unknown:,} of {counted(listed, 'tag')} it is not known whether "
            f"{'it' if unknown == 1 else 'they'} may be deleted, more than max_unknown_percent "
            f"{limits.max_unknown_percent:g}"
        )
    return None


def _kept_whole(part: RepositoryPlan, limit: str) -> RepositoryPlan:
    kept = tuple(decision.kept(Reason.LIMIT) if decision.delete else decision for decision in part.decisions)
    return replace(part, decisions=kept, limit=limit)
