# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Which rules decide about which repository. Pure."""

from __future__ import annotations

import functools
import typing as t
from dataclasses import dataclass, replace

from .._core.models import Repository
from .._plan.limits import Limits
from .._rules.reasons import Reason
from .._rules.rules import Rules
from .assignments import Assignments
from .exceptions import Exceptions, KeepUntil


class RuleSet(t.NamedTuple):
    """Rules for the repositories that they are assigned to, with the guards of the task and their own.

    Args:
        name: of the set; empty for the rules that a task gives for its whole scope.
        rules: what is deleted and kept.
        limits: what the plan of each repository must not go beyond.
    """

    name: str
    rules: Rules
    limits: Limits


class Assigned(t.NamedTuple):
    """What decides about the tags of a repository.

    Args:
        rule_set: which set; None if all tags are kept.
        reason: why all are kept; None if a set decides.
        name: of the set that is assigned to the repository, whether it decides or not; empty if none is.
        conflict: why it can't be told which one is, a sentence without its end; empty if it can.
    """

    rule_set: RuleSet | None
    reason: Reason | None = None
    name: str = ""
    conflict: str = ""


@dataclass(frozen=True)
class Retention:
    """What a task keeps and deletes in its whole scope.

    Args:
        rule_sets: in their order, at least one.
        guards: what keeps tags in all repositories, whatever set is assigned to them. It has no rules.
        assignments: of the sets; None if the only one holds for the whole scope.
        exceptions: what is kept until a day, whatever the rules say.
        selected: names of the sets by which tags are deleted in this run; None for all of them.
    """

    rule_sets: tuple[RuleSet, ...]
    guards: Rules
    assignments: Assignments | None = None
    exceptions: tuple[KeepUntil, ...] = ()
    selected: frozenset[str] | None = None

    @property
    def need_dates(self) -> bool:
        """Whether any tag is judged by its date."""
        return any(each.rules.need_dates for each in self._deciding)

    @property
    def has_ages(self) -> bool:
        """Whether anything is judged against the clock."""
        return bool(self.exceptions) or any(each.rules.has_ages for each in self._deciding)

    @property
    def expiry_labels(self) -> frozenset[str]:
        """The labels by which rules delete."""
        return frozenset().union(*(each.rules.expiry_labels for each in self._deciding))

    @property
    def _deciding(self) -> list[RuleSet]:
        return [each for each in self.rule_sets if self.selected is None or each.name in self.selected]

    @functools.cached_property
    def _by_name(self) -> dict[str, RuleSet]:
        return {each.name: each for each in self.rule_sets}

    @functools.cached_property
    def _found(self) -> dict[str, Assigned]:
        # Every step of a task asks for the same repositories.
        return {}

    def assigned_to(self, repository: Repository) -> Assigned:
        """What decides about the tags of a repository."""
        found = self._found.get(repository.path)
        if found is None:
            found = self._found[repository.path] = self._look_up(repository)
        return found

    @functools.cached_property
    def exceptions_by_path(self) -> Exceptions:
        """The exceptions, found by the paths of repositories."""
        return Exceptions(self.exceptions)

    def rules_of(self, repository: Repository) -> Rules | None:
        """The rules that decide about the tags of a repository; None if all are kept."""
        rule_set = self.assigned_to(repository).rule_set
        return rule_set.rules if rule_set else None

    def with_rules(self, change: t.Callable[[Rules], Rules]) -> Retention:
        """The same with other rules and guards, and itself if none of them changes."""
        changed = [each._replace(rules=change(each.rules)) for each in self.rule_sets]
        guards = change(self.guards)
        same = all(new.rules is old.rules for new, old in zip(changed, self.rule_sets))
        return self if same and guards is self.guards else replace(self, rule_sets=tuple(changed), guards=guards)

    def _look_up(self, repository: Repository) -> Assigned:
        if self.assignments is None:
            return Assigned(self.rule_sets[0])
        found = self.assignments.for_repository(repository)
        if found.conflict or found.rule_set is None:
            return Assigned(None, reason=Reason.NO_RULE_SET, conflict=found.conflict)
        if self.selected is not None and found.rule_set not in self.selected:
            return Assigned(None, reason=Reason.RULE_SET_NOT_SELECTED, name=found.rule_set)
        return Assigned(self._by_name[found.rule_set], name=found.rule_set)


def one_rule_set(rules: Rules, limits: Limits) -> Retention:
    """The rules of a task, which decide about its whole scope."""
    return Retention((RuleSet("", rules=rules, limits=limits),), guards=replace(rules, rules=()))
