# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cleanup in one sentence: every tag that was approved or planned is in it, and what became of it."""

from __future__ import annotations

import random
import re
from dataclasses import replace

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.planning import CleanupPlan
from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.summary import (
    outcome_summary,
    plan_summary,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.outcomes import (
    DeletionResult,
    TagOutcome,
    TagResult,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.drift import Comparison, Drift, DriftKind
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.reasons import Reason
from tests.unit.cleanups import REPOSITORY, planned, requested, tag

TAGS = [tag(f"v{number}") for number in range(5)]


def drifted(**kinds: int) -> tuple[Drift, ...]:
    """So many tags of each kind of drift; those that are kept are in use."""
    return tuple(
        Drift("team/app", f"{kind}-{number}", kind=DriftKind(kind), reason=Reason.IN_USE if kind == "kept" else None)
        for kind, count in kinds.items()
        for number in range(count)
    )


def approved_plan(deletions: int, deleted_before: int = 0, **kinds: int) -> CleanupPlan:
    """A plan that deletes so many approved tags. kinds: the drift."""
    found = planned(*TAGS[:deletions], request=requested(min_remaining=0))
    approved = deletions + deleted_before + sum(count for kind, count in kinds.items() if kind != "new")
    comparison = Comparison((), drifted(**kinds), deleted_before=deleted_before, approved=approved)
    return found._replace(comparison=comparison, deleted_before=deleted_before)


def became(*outcomes: str) -> DeletionResult:
    tags = tuple(
        TagResult(repository="team/app", name=str(number), digest=None, outcome=TagOutcome(outcome))
        for number, outcome in enumerate(outcomes)
    )
    return DeletionResult(tags, remaining=None, stopped="")


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (planned(*TAGS, request=requested(name_regex_delete="v[0-2]")), "3 to delete of 5 tags"),
        (planned(), "0 to delete of 0 tags"),
        (approved_plan(3), "3 to delete of 3 approved"),
        (
            approved_plan(2, 1, moved=1, new=2),
            "2 to delete of 4 approved; 1 moved, 1 already deleted by an earlier run; 2 more kept since not approved",
        ),
        (
            approved_plan(0, moved=1, kept=2, vanished=3, unread=4),
            "0 to delete of 10 approved; 1 moved, 2 kept (in_use 2), 3 vanished, 4 unread",
        ),
        (approved_plan(1, new=1), "1 to delete of 1 approved; 1 more kept since not approved"),
        (
            planned(*TAGS, request=requested(min_remaining=0, max_deletions_per_run=2)),
            "5 to delete of 5 tags, at most 2 of 5 in this run",
        ),
        (
            planned(*TAGS, request=requested(min_remaining=0, max_deletions_per_run=5)),
            "5 to delete of 5 tags",
        ),
    ],
)
def test_what_is_to_be_deleted(found: CleanupPlan, sentence: str) -> None:
    assert plan_summary(found) == sentence


@pytest.mark.parametrize(
    ("found", "result", "sentence"),
    [
        (planned(*TAGS[:2]), became("deleted", "deleted"), "2 deleted of 2 planned"),
        (
            planned(*TAGS[:2])._replace(deleted_before=7),
            became("deleted", "changed_since"),
            "1 deleted of 2 planned; 1 moved, 7 already deleted by an earlier run",
        ),
        (
            approved_plan(2, 1, moved=1),
            became("deleted", "deleted"),
            "2 deleted of 4 approved; 1 moved, 1 already deleted by an earlier run",
        ),
        (
            approved_plan(4, moved=1, vanished=1),
            became("changed_since", "already_gone", "unverified", "recreated"),
            "0 deleted of 6 approved; 2 moved, 2 vanished, 1 deleted but not verified, 1 listed again",
        ),
        (
            approved_plan(2),
            became("not_deleted", "not_tried"),
            "0 deleted of 2 approved; 1 not deleted, 1 not tried",
        ),
        (
            planned(*TAGS[:3]),
            became("deleted", "left_for_next_run", "left_for_next_run"),
            "1 deleted of 3 planned; 2 left for the next run",
        ),
    ],
)
def test_what_was_deleted(found: CleanupPlan, result: DeletionResult, sentence: str) -> None:
    assert outcome_summary(found, result) == sentence


def test_every_approved_tag_is_in_the_sentence() -> None:
    dice = random.Random(7)
    kinds = [kind.value for kind in DriftKind if kind.is_of_approved]
    for _each in range(200):
        counts = {kind: dice.randint(0, 3) for kind in kinds}
        outcomes = [dice.choice(list(TagOutcome)).value for _tag in TAGS]
        found = approved_plan(len(TAGS), dice.randint(0, 2), **counts)
        text = outcome_summary(found, became(*outcomes))
        deleted, approved, *others = map(int, re.findall(r"\d+", re.sub(r"\(.*\)", "", text)))
        assert deleted + sum(others) == approved, text


def test_what_interrupted_runs_deleted_is_what_is_not_there_any_more() -> None:
    path = REPOSITORY.path
    asked = frozenset({(path, "v0", "x"), (path, "gone", "x"), ("team/other", "gone", "x")})
    request = requested()
    earlier = request.earlier._replace(asked=asked | {(path, "finished", "x")}, interrupted=asked)
    found = planned(*TAGS, request=replace(request, earlier=earlier))
    assert found.deleted_before == 1
    assert plan_summary(found).endswith("; 1 already deleted by an earlier run")
