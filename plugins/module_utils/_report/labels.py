# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What ages, dates, numbers of bytes and the end of a run are called in every report. Pure."""

from __future__ import annotations

import typing as t

from .._core.models import known_sum
from .._core.words import counted
from .._usage.ages import AGES, AgeBucket
from .._usage.figures import BytesMethod, Figures
from .model import Report
from .outcomes import DELETED, OUTCOMES, UNKNOWN, counted_outcomes, planned_outcomes

AGE_LABELS = {
    AgeBucket.WEEK: "at most 7 days",
    AgeBucket.MONTH: "8 to 30 days",
    AgeBucket.QUARTER: "31 to 90 days",
    AgeBucket.YEAR: "91 to 365 days",
    AgeBucket.OLDER: "over a year",
    AgeBucket.UNKNOWN: "unknown",
}
_OLD = (AgeBucket.YEAR, AgeBucket.OLDER)

METHOD_LABELS = {
    BytesMethod.GITLAB.value: "GitLab's own number",
    BytesMethod.LAYERS.value: "each layer counted once",
    BytesMethod.ESTIMATED.value: "sum of the sizes of images; layers that they share are counted several times",
    BytesMethod.UNKNOWN.value: "sizes were not read for all images",
}
DATE_LABELS = {
    "published": "last push that changed the image of the tag",
    "built": "build of the image",
    "created": "GitLab's created_at",
    "unknown": "the meaning of the dates is unknown",
    "none": "no dates were read",
}
ON_BYTES = (
    "Space is freed by the registry's garbage collection, which runs after the deletion. Repositories share storage, "
    "so the sum of their sizes can be larger than the total."
)
ON_MANIFESTS = (
    "GitLab's own number contains only layers. Manifests add some KiB for each image, also to the space that is freed "
    "at most."
)
_NOT_COMPLETE = "The run is not complete: see the warnings."


def older_than_90_days(figures: Figures) -> tuple[int | None, int | None]:
    """Number of tags, and bytes of images, that are older than 90 days; None is unknown."""
    tags, sizes = (known_sum(each) for each in (_old(figures.tags_by_age), _old(figures.bytes_by_age)))
    return tags, sizes


def _old(values: t.Sequence[int | None] | None) -> list[int | None]:
    return [values[AGES.index(age)] for age in _OLD] if values else [None]


def is_preview(report: Report) -> bool:
    """Whether there is a plan that was not carried out."""
    return is_planned(report) and not is_carried_out(report)


def is_carried_out(report: Report) -> bool:
    """Whether a run tried to delete what the plan deletes."""
    return report.head.deleted is not None or report.outcomes is not None


def is_planned(report: Report) -> bool:
    """Whether something says what is deleted."""
    return report.head.planned or report.total.delete is not None


def headline(report: Report) -> str:
    """What became of the run, in a sentence or two."""
    head = report.head
    done = _done(report) if is_carried_out(report) else ""
    if head.result == "refused":
        return "The plan is refused: nothing was deleted."
    if head.result == "failed":
        return f"The run failed. {done}".rstrip()
    if head.result not in ("ok", "partial"):
        return "The result is unknown."
    if is_planned(report):
        planned = report.total.delete if report.removals is None else report.removals
        nothing = "There is nothing to delete." if planned == 0 else "Preview: nothing was deleted."
        first = done or nothing
        return first if head.result == "ok" else f"{first} {_NOT_COMPLETE}"
    return "The audit is complete." if head.result == "ok" else "The audit is not complete: see the warnings."


def _done(report: Report) -> str:
    """What a run did, in a sentence."""
    deleted = report.head.deleted
    if deleted is None:
        return "It is unknown what was deleted."
    others = [(what, count) for what, count in counted_outcomes(report) if what != OUTCOMES[DELETED]]
    rest = ", ".join(f"{count} {what}" for what, count in others)
    sentence = _deleted(deleted, report.total.delete)
    if report.removals is not None and report.removal_outcomes is not None:
        sentence = _deleted(report.removal_outcomes.get(DELETED, 0), report.removals, "repository", "repositories")
    if (planned_outcomes(report) or {}).get(UNKNOWN):
        sentence = f"At least {sentence}"
    sentence = f"{sentence} Of the others: {rest}." if rest else sentence
    budget = f" The run reached its budget ({report.budget}): the next run continues." if report.budget else ""
    return f"{sentence}{budget}"


def _deleted(deleted: int, planned: int | None, word: str = "tag", words: str = "tags") -> str:
    if planned is None:
        return f"{counted(deleted, f'{word} was', f'{words} were')} deleted."
    return f"{deleted:,} of {counted(planned, f'planned {word} was', f'planned {words} were')} deleted."


def projects_label(report: Report) -> str:
    """What the projects of a report are called."""
    return f"projects{_with_repositories(report)}"


def projects_in_words(report: Report) -> str:
    """How many projects a report has, with what they are called."""
    return f"{counted(len(report.projects), 'project')}{_with_repositories(report)}"


def _with_repositories(report: Report) -> str:
    """Projects without a repository may not have been asked for."""
    every = bool(report.projects) and all(project.repositories for project in report.projects)
    return " with repositories" if every else ""
