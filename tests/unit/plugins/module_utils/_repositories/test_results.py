# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is returned of repositories that were emptied or deleted."""

from __future__ import annotations

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import Repository, Tag
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.outcomes import (
    DeletionResult,
    RepositoryOutcome,
    TagOutcome,
    TagResult,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan import Plan, RepositoryPlan
from ansible_collections.containerops.gitlab.plugins.module_utils._repositories.planning import (
    RepositoryRemoval,
    RepositoryResult,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._repositories.results import (
    applied_emptying,
    applied_removals,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.decision import to_delete, to_keep
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.reasons import Reason
from tests.unit.models import repository


def repository_at(path: str) -> Repository:
    return repository(path=path, location=f"registry.test/{path}")


def part(path: str, *, kept: bool = False) -> RepositoryPlan:
    decisions = [to_delete(Tag("v1"), Reason.MATCHED)]
    if kept:
        decisions.append(to_keep(Tag("v2"), Reason.PROTECTED))
    return RepositoryPlan(repository_at(path), tuple(decisions))


def tag(path: str, outcome: TagOutcome, message: str = "") -> TagResult:
    return TagResult(path, name="v1", digest=None, outcome=outcome, message=message)


def emptied(
    *parts: RepositoryPlan, tags: tuple[TagResult, ...], stopped: str = "", limit: int = 10
) -> tuple[object, str]:
    applied = applied_emptying(Plan(parts), DeletionResult(tags, remaining=None, stopped=stopped), limit)
    return applied.outcome, applied.shortfall


@pytest.mark.parametrize("outcome", [TagOutcome.DELETED, TagOutcome.ALREADY_GONE, TagOutcome.UNVERIFIED])
@pytest.mark.parametrize(("kept", "row"), [(False, ("emptied", "")), (True, ("tags_kept", "1 protected"))])
def test_repositories_whose_tags_are_gone(outcome: TagOutcome, kept: bool, row: tuple[str, str]) -> None:
    rows, shortfall = emptied(part("team/a", kept=kept), tags=(tag("team/a", outcome),))
    assert rows == [{"path": "team/a", "outcome": row[0], "message": row[1]}]
    assert shortfall == ""


def test_a_repository_that_still_has_tags_comes_first() -> None:
    tags = (tag("team/a", TagOutcome.DELETED), tag("team/b", TagOutcome.CHANGED_SINCE, "it is another image"))
    rows, shortfall = emptied(part("team/a"), part("team/b"), tags=tags, limit=1)
    message = "1 tag is left; v1: it is another image"
    assert rows == [{"path": "team/b", "outcome": "not_emptied", "message": message}]
    assert shortfall == f"team/b is not empty: {message}"


def test_what_stopped_everything_is_told_first() -> None:
    tags = (tag("team/a", TagOutcome.NOT_TRIED, "the token was revoked"),)
    _rows, shortfall = emptied(part("team/a"), tags=tags, stopped="the token was revoked")
    assert shortfall == "Stopped after 0 of 1 planned tag was deleted: the token was revoked."


def removed(path: str, outcome: RepositoryOutcome, message: str = "") -> RepositoryResult:
    return RepositoryResult(RepositoryRemoval(repository_at(path)), outcome, message=message)


def test_repositories_that_are_gone() -> None:
    applied = applied_removals([removed("team/a", RepositoryOutcome.DELETED)], 10, waited=True)
    assert applied.outcome == [{"path": "team/a", "outcome": "deleted", "message": ""}]
    assert applied.shortfall == ""
    assert applied.summary == "1 repository: 1 deleted"


def test_a_deletion_that_goes_on_falls_short_only_if_it_was_waited_for() -> None:
    going_on = [removed("team/a", RepositoryOutcome.SCHEDULED, "it takes long")]
    assert applied_removals(going_on, 10, waited=False).shortfall == ""
    short = "0 of 1 repository is deleted; team/a is scheduled: it takes long"
    assert applied_removals(going_on, 10, waited=True).shortfall == short


@pytest.mark.parametrize(
    "outcome", [RepositoryOutcome.NOT_DELETED, RepositoryOutcome.DELETE_FAILED, RepositoryOutcome.NOT_EMPTIED]
)
def test_what_failed_comes_first_so_that_no_limit_hides_it(outcome: RepositoryOutcome) -> None:
    results = [removed("team/a", RepositoryOutcome.DELETED), removed("team/b", outcome, "no")]
    applied = applied_removals(results, 1, waited=True)
    assert applied.outcome == [{"path": "team/b", "outcome": outcome.value, "message": "no"}]
    assert applied.shortfall == f"1 of 2 repositories are deleted; team/b is {outcome.value}: no"
    assert set(applied.summary.split(": ")[1].split(", ")) == {"1 deleted", f"1 {outcome.value.replace('_', ' ')}"}


def test_what_became_of_emptied_repositories_is_one_sentence() -> None:
    tags = tuple(tag(path, TagOutcome.DELETED) for path in ("team/a", "team/b", "team/c"))
    parts = (part("team/a"), part("team/b", kept=True), part("team/c"))
    applied = applied_emptying(Plan(parts), DeletionResult(tags, remaining=None, stopped=""), 0)
    assert applied.summary == "3 repositories: 2 emptied, 1 tags kept"
