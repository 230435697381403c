# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""How much of a plan one run deletes, and in which order if that may be less than all of it. Pure."""

from __future__ import annotations

import functools
import typing as t
from dataclasses import dataclass

from .._core.server import DELETE_LIMIT
from .._plan.plan import Plan, RepositoryPlan
from .._plan.run_budget import RunBudget
from .._rules.decision import Decision


class Turn(t.NamedTuple):
    """Tags of one repository, all of one depth, that are begun before the next turn.

    Args:
        part: The plan of the repository.
        deletions: Those of its deleted tags, in their order.
    """

    part: RepositoryPlan
    deletions: tuple[Decision, ...]

    @property
    def depth(self) -> int:
        """After how many other tags these are deleted."""
        return self.deletions[0].depth


@dataclass(frozen=True)
class RunPlan:
    """What one run deletes of a plan, at most.

    Args:
        plan: The whole plan.
        budget: Of the run.
    """

    plan: Plan
    budget: RunBudget

    @functools.cached_property
    def turns(self) -> tuple[Turn, ...]:
        """The turns in their order, of which the last one is cut where the number of tags is reached."""
        return tuple(first_of(turns_of(self.plan.repositories), self.budget.max_deletions))

    @functools.cached_property
    def _by_path(self) -> dict[str, list[Decision]]:
        found: dict[str, list[Decision]] = {}
        for turn in self.turns:
            found.setdefault(turn.part.repository.path, []).extend(turn.deletions)
        return found

    @property
    def ordered(self) -> list[tuple[RepositoryPlan, Decision]]:
        """What is deleted, each tag with the plan of its repository, in the order in which it is begun."""
        return [(turn.part, decision) for turn in self.turns for decision in turn.deletions]

    def deletions_of(self, part: RepositoryPlan) -> list[Decision]:
        """The tags of a repository that are deleted, in their order."""
        return self._by_path.get(part.repository.path, [])

    @property
    def deletions(self) -> int:
        """Number of tags that are deleted at most."""
        return sum(map(len, self._by_path.values()))

    @property
    def in_words(self) -> str:
        """How much of the plan is deleted; empty if it is all of it."""
        cut = self.deletions < self.plan.deletions
        most = f"at most {self.deletions:,} of {self.plan.deletions:,} in this run" if cut else ""
        return ", ".join(filter(None, [most, self.budget.time_in_words()])) if self.plan.deletions else ""


def turns_of(parts: t.Iterable[RepositoryPlan]) -> list[Turn]:
    """All deletions of a plan, in turns.

    The repositories take turns by their paths, with the oldest tags of each first. A turn is as many tags as GraphQL
    deletes with one request, so that turns take no more requests than if each repository was deleted at once. What
    belongs to other tags of a repository follows these, in turns without a break.

    Args:
        parts: The plans of the repositories, by path.
    """
    rounds: dict[int, list[Turn]] = {}
    for part in parts:
        number = 0
        for turn in _turns_in(part):
            rounds.setdefault(number, []).append(turn)
            number += not turn.depth
    return [turn for _number, turns in sorted(rounds.items()) for turn in turns]


def _turns_in(part: RepositoryPlan) -> t.Iterator[Turn]:
    alike: list[Decision] = []
    for decision in part.deletions:
        if alike and (len(alike) == DELETE_LIMIT or alike[0].depth != decision.depth):
            yield Turn(part, tuple(alike))
            alike = []
        alike.append(decision)
    if alike:
        yield Turn(part, tuple(alike))


def first_of(turns: t.Iterable[Turn], most: int | None) -> t.Iterator[Turn]:
    """The first turns, with so many tags at most. most: None is no limit."""
    left = most
    for turn in turns:
        if left is None:
            yield turn
            continue
        if not left:
            return
        deletions = turn.deletions[:left]
        left -= len(deletions)
        yield Turn(turn.part, deletions)


def side_by_side(turns: t.Iterable[Turn], *, at_once: bool) -> t.Iterator[list[Turn]]:
    """Turns in groups, of which one follows the other; those of one group may be worked on at the same time.

    Args:
        turns: In their order.
        at_once: Whether that holds for turns of one repository as well, as long as their depth is the same.
    """
    group: list[Turn] = []
    depths: dict[str, int] = {}
    for turn in turns:
        path = turn.part.repository.path
        if path in depths and (not at_once or depths[path] != turn.depth):
            yield group
            group, depths = [], {}
        group.append(turn)
        depths[path] = turn.depth
    if group:
        yield group
