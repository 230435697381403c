# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Holds every run of a test against what truly happened to the tags of the simulated GitLab.

What was deleted was planned, with the digest that it had; what was not planned has its digest; what is told is what
happened. It asks the simulator, and believes nothing that a module says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from tests.simulator.harness import Simulator

CLEANUP, TAG, REPOSITORY, RESTORE = (
    f"containerops.gitlab.registry_{name}" for name in ("cleanup", "tag", "repository", "restore")
)
# Outcomes of a tag that this run did not delete.
LEFT = ("already_gone", "changed_since", "not_tried", "left_for_next_run")
# Changes that a run made itself, or asked GitLab to make.
OWN = ("request", "job")

Place = tuple[str, str]


class Finished(Protocol):
    """A task as it ended."""

    @property
    def action(self) -> str: ...

    @property
    def result(self) -> dict[str, Any]: ...


class Change(NamedTuple):
    """What a run made of a tag in the end: the digests that the name led to, None without such a tag."""

    place: Place
    before: str | None
    after: str | None


class Planned:
    """What runs may change: tags with the digests that they had, whole repositories, and as many as were not shown."""

    def __init__(self) -> None:
        self.tags: dict[Place, str | None] = {}
        self.repositories: set[str] = set()
        self.unshown = 0

    def add(self, task: Finished) -> None:
        result = task.result
        if task.action == CLEANUP and "plan" in result:
            plan = result["plan"]
            self.tags.update(((row["repository"], row["name"]), row["digest"]) for row in plan["delete"])
            # A run with a budget deletes less than all.
            planned = plan["totals"].get("delete_this_run", plan["totals"]["delete"])
            self.unshown += planned - len(plan["delete"])
        elif task.action == TAG:
            rows = [row for row in result.get("tags") or () if row["action"] != "none"]
            self.tags.update(((result["repository"], row["name"]), row["before"]) for row in rows)
        elif task.action == REPOSITORY:
            rows = result.get("repositories") or []
            self.repositories.update(row["path"] for row in rows if row["action"] in ("delete", "empty_and_delete"))
            self.unshown += sum(row["delete"] for row in rows)

    def unplanned(self, changes: Iterable[Change]) -> list[Change]:
        """Those of the changes that no plan names, unless they may be among the tags that were not shown."""
        found = [change for change in changes if change.before and not self._names(change)]
        if len(found) > self.unshown:
            return found
        self.unshown -= len(found)
        return []

    def _names(self, change: Change) -> bool:
        if change.place[0] in self.repositories:
            return True
        return change.place in self.tags and self.tags[change.place] in (None, change.before)


class Oracle:
    """Looks at what happened in each run, to the tags in memory: those of a real registry it can't see."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._planned = Planned()

    def look_before(self) -> int:
        """The number of the last change so far."""
        return max((row["number"] for row in self._simulator.changes()), default=0)

    def look_after(self, before: int, tasks: Iterable[Finished], *, check: bool) -> None:
        """See that what happened since is what these tasks planned and told."""
        rows = [row for row in self._simulator.changes() if row["number"] > before]
        rows.sort(key=lambda row: int(row["number"]))
        own = _in_the_end(row for row in rows if row["cause"] in OWN)
        done = [task for task in tasks if task.action in (CLEANUP, TAG, REPOSITORY, RESTORE)]
        assert not (check and own), f"check mode changed {own}"
        if check:
            return
        for task in done:
            self._planned.add(task)
        unplanned = self._planned.unplanned(own)
        assert not unplanned, f"no plan names {unplanned}"
        asked = [row for row in rows if row["cause"] == "request"]
        assert not asked or any(task.result.get("changed") for task in done), f"changed is false, and {asked}"
        _check_told(done, rows)
        _check_restored(done, own)


def _in_the_end(rows: Iterable[Mapping[str, Any]]) -> list[Change]:
    """What changes come to for each tag: some registries overwrite a tag first, and then delete it."""
    found: dict[Place, Change] = {}
    for row in rows:
        place = (row["repository"], row["name"])
        first = found.get(place)
        found[place] = Change(place, before=first.before if first else row["before"], after=row["after"])
    return [change for change in found.values() if change.before != change.after]


def _check_told(tasks: Iterable[Finished], rows: Iterable[Mapping[str, Any]]) -> None:
    """What is told to be deleted was deleted, by whomever; what is told to be left was not deleted by this run."""
    removed = {(row["repository"], row["name"]): row["cause"] for row in rows if row["after"] is None}
    for place, outcome in _told(tasks):
        if outcome in ("deleted", "recreated"):
            assert place in removed, f"{place} is told to be {outcome}, and was never removed"
        if outcome in LEFT:
            assert removed.get(place) not in OWN, f"{place} is told to be {outcome}, and this run deleted it"


def _check_restored(tasks: Sequence[Finished], own: Sequence[Change]) -> None:
    """Where tags are only put back, each was shown before, was not there, and is the image that was shown."""
    done = [task for task in tasks if task.action == RESTORE]
    if not done or len(done) < len(tasks) or any(task.result.get("truncated") for task in done):
        return
    shown = [row for task in done for row in task.result.get("tags") or () if row["action"] == "create"]
    digests = {(row["repository"], row["name"]): row["digest"] for row in shown}
    for change in own:
        assert change.before is None, f"{change} is no tag that was restored"
        assert digests.get(change.place) == change.after, f"no plan names {change}"
    for task in done:
        for row in (task.result.get("outcome") or {}).get("tags", ()):
            written = Change((row["repository"], row["name"]), before=None, after=row["digest"])
            if row["outcome"] in ("not_tried", "changed_since"):
                assert written not in own, f"{written} is told to be {row['outcome']}"


def _told(tasks: Iterable[Finished]) -> Iterator[tuple[Place, str]]:
    for task in tasks:
        outcome = task.result.get("outcome")
        if task.action == CLEANUP and outcome:
            for name in outcome["counts"]:
                yield from (((row["repository"], row["name"]), name) for row in outcome[name])
        elif task.action == TAG and outcome:
            yield from (((task.result["repository"], row["name"]), row["outcome"]) for row in outcome)
