# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Which rule set is assigned to a repository. Pure.

What is closest to the repository wins, and nothing is merged: its own path, a glob that matches the path, its project,
the nearest group around that, and then the default.
"""

from __future__ import annotations

import enum
import functools
import typing as t
from dataclasses import dataclass

from .._core.models import Repository
from .._core.scope import Scope, beginning_of, is_glob, path_key, path_matcher


class Level(enum.Enum):
    """What a rule set is assigned to, by the name of the key in the document."""

    REPOSITORY = "repositories"
    PROJECT = "projects"
    GROUP = "groups"


class Assignment(t.NamedTuple):
    """A rule set that is assigned to something.

    Args:
        level: to what.
        target: path or glob of a repository, path or id of a project, path of a group, as it was written.
        rule_set: name of the set.
        place: where the document says so, such as line 12.
    """

    level: Level
    target: str
    rule_set: str
    place: str

    @property
    def key(self) -> str:
        """The target as paths are compared."""
        return path_key(self.target)

    @property
    def text(self) -> str:
        """What it is in a sentence."""
        return f"{self.place}: {self.level.value} {self.target!r}"


def lies_in(scope: Scope, target: str, *, numbers: bool = False) -> bool:
    """Whether the scope of a task surely holds what an entry of a document is about: one document is for many tasks.

    Args:
        scope: of the task, with paths.
        target: path or glob, as paths are compared.
        numbers: whether a number is the id of a project.
    """
    start = beginning_of(target)
    if scope.include or any(_may_be_left_out(target, path_key(each)) for each in scope.exclude):
        return False
    if scope.instance:
        return True
    if numbers and target.isdigit():
        return target in scope.projects
    roots = [scope.group] if scope.group is not None else scope.projects
    return any(start == root.lower() or start.startswith(f"{root.lower()}/") for root in roots)


def _may_be_left_out(target: str, exclusion: str) -> bool:
    """Whether an exclusion may be about the target, or a part of it."""
    start, other = beginning_of(target), beginning_of(exclusion)
    near = other != "" and (start.startswith(other) or other.startswith(start))
    return near or bool(path_matcher([exclusion])(target))


def leads_to(target: str, path: str) -> bool:
    """Whether something at a path may be what an entry is about, or be inside of it."""
    start = beginning_of(target)
    return path.lower() == start or path.lower().startswith(f"{start.rstrip('/')}/")


class NearestRuleSet(t.NamedTuple):
    """Which rule set a repository has.

    Args:
        rule_set: name of the set; None if it has none, or if that can't be told.
        conflict: why it can't be told, a sentence without its end; empty if it can.
    """

    rule_set: str | None
    conflict: str = ""


@dataclass(frozen=True)
class Assignments:
    """All assignments of a document.

    Args:
        entries: in their order.
        default: the rule set of everything that has no other one; None if that is kept.
    """

    entries: tuple[Assignment, ...]
    default: str | None = None

    @functools.cached_property
    def _by_level(self) -> dict[Level, dict[str, list[Assignment]]]:
        found: dict[Level, dict[str, list[Assignment]]] = {level: {} for level in Level}
        for entry in self.entries:
            found[entry.level].setdefault(entry.key, []).append(entry)
        return found

    @functools.cached_property
    def _matching_globs(self) -> t.Callable[[str], list[str]]:
        return path_matcher(key for key in self._by_level[Level.REPOSITORY] if is_glob(key))

    def candidates(self, repository: Repository) -> t.Iterator[list[Assignment]]:
        """The assignments that hold for a repository, the closest first: those of one list are equally close."""
        repositories, projects, groups = (self._by_level[level] for level in Level)
        path, project = repository.path, repository.project_path
        yield repositories.get(path, [])
        yield [entry for key in self._matching_globs(path) for entry in repositories[key]]
        yield [entry for key in (project, str(repository.project_id)) for entry in projects.get(key, ())]
        group = project.rpartition("/")[0]
        while group:
            yield groups.get(group, [])
            group = group.rpartition("/")[0]

    def for_repository(self, repository: Repository) -> NearestRuleSet:
        """The rule set of a repository. It has none that can be told if two that are equally close differ."""
        nearest = next((entries for entries in self.candidates(repository) if entries), [])
        if len({entry.rule_set for entry in nearest}) > 1:
            first, *others = sorted(nearest, key=self.entries.index)
            second = next(entry for entry in others if entry.rule_set != first.rule_set)
            return NearestRuleSet(
                None,
                conflict=(
                    f"{repository.path} has two rule sets, {first.rule_set} ({first.text}) and {second.rule_set} "
                    f"({second.text}): name it in repositories by its whole path, or change one of the two"
                ),
            )
        return NearestRuleSet(nearest[0].rule_set if nearest else self.default)

    def matched_by(self, repositories: t.Iterable[Repository]) -> set[Assignment]:
        """The assignments that hold for any of these repositories, also where a closer one decides."""
        return {entry for repository in repositories for entries in self.candidates(repository) for entry in entries}
