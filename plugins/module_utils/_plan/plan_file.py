# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The file of a plan: how it is sealed and written. Pure.

JSON Lines: a first line, then for each repository a line that those of its tags follow. The line of a repository has
the fingerprint of itself and its tags. The first line has that of itself and of all repositories, which is the plan's.
So every byte of the file is under the fingerprint that is approved.

A plan for whole repositories has another format: the line of a repository also says what happens to it, and only the
tags of deleted ones have lines.
"""

from __future__ import annotations

import enum
import hashlib
import itertools
import json
import typing as t
from collections import Counter

from .plan import Plan, RepositoryPlan
from .repository_decision import RepositoryDecision, RepositoryReason
from .results import PlannedAction, decision_result, repository_result, totals

FILE_FORMAT = "containerops.gitlab/cleanup-plan"
REPOSITORY_FORMAT = "containerops.gitlab/repository-plan"
FILE_VERSION = 2
# What the first line of a plan tells besides the reasons.
NUMBERS = ("repositories", "repositories_unread", "repositories_limited", "projects", "tags", "delete", "keep")


class PlanLine(enum.Enum):
    """What a line of a plan file is: the first one of a merged plan, the first one of a plan, a repository or a tag."""

    PLANS = "plans"
    PLAN = "plan"
    REPOSITORY = "repository"
    TAG = "tag"


class SealedPlan(t.NamedTuple):
    """A plan with its fingerprints.

    Args:
        plan: the plan.
        header: its first line.
        fingerprints: of each repository with its tags, in their order.
    """

    plan: Plan
    header: t.Mapping[str, t.Any]
    fingerprints: tuple[str, ...]

    @property
    def fingerprint(self) -> str:
        """The plan's, which covers all lines of its file."""
        return str(self.header["fingerprint"])

    def lines(self) -> t.Iterator[str]:
        """The lines of its file. Equal plans give equal lines."""
        yield written_line(self.header)
        for part, fingerprint in zip(self.plan.repositories, self.fingerprints):
            yield written_line({**_repository_row(part), "fingerprint": fingerprint})
            yield from _tag_lines(part)


def sealed(plan: Plan, circumstances: t.Mapping[str, t.Any], file_format: str = FILE_FORMAT) -> SealedPlan:
    """Give a plan its fingerprints.

    Args:
        plan: the plan.
        circumstances: where, when, of what and by which options it was made.
        file_format: the format of its file, REPOSITORY_FORMAT if it is about whole repositories.
    """
    fingerprints = tuple(
        fingerprint_of(itertools.chain([written_line(_repository_row(part))], _tag_lines(part)))
        for part in plan.repositories
    )
    row = {
        "type": PlanLine.PLAN.value,
        "format": file_format,
        "version": FILE_VERSION,
        **circumstances,
        "totals": {**totals(plan), **(whole_totals(whole_counts(plan)) if file_format == REPOSITORY_FORMAT else {})},
        "refusals": list(plan.refusals),
    }
    return SealedPlan(plan, header=with_fingerprint(row, fingerprints), fingerprints=fingerprints)


def with_fingerprint(row: t.Mapping[str, t.Any], covered: t.Iterable[str] = ()) -> dict[str, t.Any]:
    """A first line with the fingerprint of itself and of what it covers: fingerprints too."""
    return {**row, "fingerprint": fingerprint_of([written_line(row), *(f"{each}\n" for each in covered)])}


def fingerprint_of(lines: t.Iterable[str]) -> str:
    """A digest of lines. Any change to them gives another one."""
    found = hashlib.sha256()
    for line in lines:
        found.update(line.encode())
    return f"sha256:{found.hexdigest()}"


def written_line(row: t.Mapping[str, t.Any]) -> str:
    """A line as it is written: there is one way for each row."""
    return json.dumps(row) + "\n"


def _repository_row(part: RepositoryPlan) -> dict[str, t.Any]:
    row = {"type": PlanLine.REPOSITORY.value, **repository_result(part)}
    return row if part.whole is None else {**row, **_whole_row(part, part.whole)}


def _whole_row(part: RepositoryPlan, whole: RepositoryDecision) -> dict[str, t.Any]:
    """What the line of a repository says besides, or otherwise, if it is deleted or kept as a whole."""
    return {
        "action": (PlannedAction.DELETE if whole.delete else PlannedAction.KEEP).value,
        "reason": whole.reason.value,
        "why": whole.why,
        **({} if whole.listed or part.error else {"listing": None}),
    }


def whole_counts(plan: Plan) -> Counter[RepositoryReason]:
    """How many repositories are deleted or kept as a whole, by reason."""
    return Counter(part.whole.reason for part in plan.repositories if part.whole)


def whole_totals(reasons: t.Mapping[RepositoryReason, int]) -> dict[str, t.Any]:
    """The numbers of a plan for whole repositories: how many are deleted, and how many there are for each reason."""
    return {
        "repositories_deleted": sum(number for reason, number in reasons.items() if reason.deletes),
        "repository_reasons": dict(sorted((reason.value, number) for reason, number in reasons.items())),
    }


def _tag_lines(part: RepositoryPlan) -> t.Iterator[str]:
    for decision in part.decisions:
        yield written_line({"type": PlanLine.TAG.value, **decision_result(part, decision)})
