# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What became of the tags that a plan deletes, as the journal of its run tells it. Pure.

Nothing counts as deleted that the journal does not call so.
"""

from __future__ import annotations

import typing as t
from collections import Counter

from .._deletion.earlier_runs import JournalEvent, events_in
from .._deletion.outcomes import RepositoryOutcome, TagOutcome
from .model import Report, RepositoryReport, TagReport, WholeReport
from .rows import Row, text

DELETED = TagOutcome.DELETED.value
LEFT = TagOutcome.LEFT.value
UNKNOWN = "unknown"
# All that can become of a planned tag, what needs somebody's attention first, and what it is called in reports.
OUTCOMES: dict[str, str] = {
    TagOutcome.NOT_DELETED.value: "failed",
    TagOutcome.RECREATED.value: "deleted and listed again",
    UNKNOWN: "unknown",
    TagOutcome.NOT_TRIED.value: "not tried",
    LEFT: "left for the next run",
    TagOutcome.UNVERIFIED.value: "deleted but not verified",
    TagOutcome.CHANGED_SINCE.value: "kept because it changed",
    TagOutcome.ALREADY_GONE.value: "already gone",
    DELETED: "deleted",
}
# The same of a whole repository.
REPOSITORY_OUTCOMES: dict[str, str] = {
    RepositoryOutcome.NOT_DELETED.value: "failed",
    RepositoryOutcome.NOT_EMPTIED.value: "kept because not all its tags could be deleted",
    RepositoryOutcome.DELETE_FAILED.value: "deletion failed in GitLab",
    UNKNOWN: "unknown",
    TagOutcome.NOT_TRIED.value: "not tried",
    RepositoryOutcome.CHANGED_SINCE.value: "kept because it changed",
    RepositoryOutcome.SCHEDULED.value: "being deleted by GitLab",
    DELETED: "deleted",
}
# What nobody has to see to.
_QUIET = (DELETED, LEFT, RepositoryOutcome.SCHEDULED.value)
_UNSEEN = "Its deletion was requested, and the journal does not contain the outcome."
_NEVER_ASKED = "The run ended before its deletion was requested."
_NO_RUN = "The journal contains no run of this plan."

# In the place of a tag's name.
_WHOLE = ""
_Place = tuple[str, str]


class Outcome(t.NamedTuple):
    """What became of a planned tag: one of OUTCOMES, and why; empty if that is plain."""

    outcome: str
    message: str = ""


class JournaledRun(t.NamedTuple):
    """What a journal tells of the run of a plan.

    Args:
        begun: whether it tells of one at all.
        asked: the tags whose deletion was asked for, by path of the repository and name; a repository without one.
        outcomes: what became of tags, and of repositories.
        budget: why it left tags for the next run, without its end; empty if it left none.
    """

    begun: bool
    asked: frozenset[_Place] = frozenset()
    outcomes: t.Mapping[_Place, Outcome] = {}
    budget: str = ""

    def outcome_of(self, path: str, name: str = _WHOLE) -> Outcome:
        """What became of a planned tag, or of the whole repository."""
        place = path, name
        if place in self.outcomes:
            return self.outcomes[place]
        if not self.begun:
            return Outcome(UNKNOWN, _NO_RUN)
        if place in self.asked:
            return Outcome(UNKNOWN, _UNSEEN)
        return Outcome(LEFT) if self.budget else Outcome(TagOutcome.NOT_TRIED.value, _NEVER_ASKED)


def run_in(lines: t.Iterable[str], fingerprint: str | None) -> JournaledRun:
    """The last run of a plan in a journal, which may hold those of other plans. fingerprint: of the plan."""
    begun, here, budget = False, False, ""
    asked: set[_Place] = set()
    outcomes: dict[_Place, Outcome] = {}
    for row in events_in(lines):
        event, path, name = row.get("event"), text(row, "repository"), text(row, "name")
        if event == JournalEvent.START.value:
            here = fingerprint is not None and row.get("fingerprint") == fingerprint
            if here:
                begun, asked, outcomes, budget = True, set(), {}, ""
        elif here and event == JournalEvent.END.value:
            budget = text(row, "budget") or ""
        elif not here or path is None:
            continue
        elif event == JournalEvent.REPOSITORY_REQUESTED.value:
            asked.add((path, _WHOLE))
        elif event == JournalEvent.REPOSITORY_OUTCOME.value:
            outcomes[path, _WHOLE] = _outcome_in(row, REPOSITORY_OUTCOMES)
        elif name is None:
            continue
        elif event == JournalEvent.DELETE_REQUESTED.value:
            asked.add((path, name))
        elif event == JournalEvent.OUTCOME.value:
            outcomes[path, name] = _outcome_in(row, OUTCOMES)
    return JournaledRun(begun, asked=frozenset(asked), outcomes=outcomes, budget=budget)


def _outcome_in(row: Row, known: t.Container[str]) -> Outcome:
    found = text(row, "outcome")
    return Outcome(found if found and found in known else UNKNOWN, text(row, "message") or "")


def with_outcomes(repository: RepositoryReport, run: JournaledRun) -> RepositoryReport:
    """A repository with what became of it, and of the tags that the plan deletes."""
    tags = tuple(_with_outcome(repository.path, tag, run) for tag in repository.tags or ())
    whole = repository.whole
    if whole and whole.action == "delete":
        outcome, message = run.outcome_of(repository.path)
        whole = whole._replace(outcome=outcome, message=message or None)
        tags = tuple(_with_that_of_all(tag, whole) for tag in tags)
    counts = Counter(tag.outcome for tag in tags if tag.outcome is not None)
    return repository._replace(tags=repository.tags and tags, outcomes=counts, whole=whole)


def _with_that_of_all(tag: TagReport, whole: WholeReport) -> TagReport:
    """A tag that was not come to, with why: its repository was kept with all its tags."""
    if tag.outcome != TagOutcome.NOT_TRIED.value or whole.outcome in (UNKNOWN, TagOutcome.NOT_TRIED.value):
        return tag
    changed = whole.outcome == RepositoryOutcome.CHANGED_SINCE.value
    return tag._replace(
        outcome=TagOutcome.CHANGED_SINCE.value if changed else tag.outcome, message=whole.message or tag.message
    )


def _with_outcome(path: str, tag: TagReport, run: JournaledRun) -> TagReport:
    if tag.action != "delete":
        return tag
    found = run.outcome_of(path, tag.name)
    return tag._replace(outcome=found.outcome, message=found.message or None)


def is_still_planned(tag: TagReport) -> bool:
    """Whether a tag is still to be deleted: the plan deletes it, and no run took care of it."""
    if tag.action != "delete":
        return False
    return tag.outcome in (None, UNKNOWN) or not TagOutcome(tag.outcome).is_good


def counted_outcomes(report: Report) -> list[tuple[str, int]]:
    """What became of what the plan is about, tags or whole repositories, and of how many, the most urgent first."""
    outcomes = planned_outcomes(report) or {}
    words = OUTCOMES if report.removals is None else REPOSITORY_OUTCOMES
    return [(words[outcome], outcomes[outcome]) for outcome in words if outcomes.get(outcome)]


def number_undeleted(outcomes: t.Mapping[str, int] | None) -> int:
    """How many of what was planned the run did not delete, although it came to it. outcomes: None if none is known."""
    return sum(count for outcome, count in (outcomes or {}).items() if outcome not in _QUIET)


def undeleted(report: Report, most: int) -> list[tuple[str, str, str]]:
    """The first planned tags that the run came to and did not delete, those of the most urgent outcome first.

    Args:
        report: of which the repositories are read once more, if there are such tags.
        most: that are given.

    Returns:
        The path of the repository with the tag, what became of it, and why. Of a plan of whole repositories, the path.
    """
    whole = report.removals is not None
    words = REPOSITORY_OUTCOMES if whole else OUTCOMES
    found: dict[str, list[tuple[str, str, str]]] = {outcome: [] for outcome in words}
    for repository in report.repositories() if number_undeleted(planned_outcomes(report)) else ():
        settled = [("", repository.whole)] if whole else [(f":{tag.name}", tag) for tag in repository.tags or ()]
        for name, each in settled:
            if each and each.outcome not in (None, *_QUIET) and len(found[each.outcome]) < most:
                found[each.outcome].append((f"{repository.path}{name}", words[each.outcome], each.message or ""))
    return [each for alike in found.values() for each in alike][:most]


def planned_outcomes(report: Report) -> t.Mapping[str, int] | None:
    """How many of what the plan is about, tags or whole repositories, had each outcome; None if no run is known."""
    return report.outcomes if report.removals is None else report.removal_outcomes
