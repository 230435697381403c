# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Limits over a plan, and the plan as it is shown and written."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import ErrorKind, RequestError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import ServerPolicy, Tag
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.limits import Limits, OnLimit, limited
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan import Plan, RepositoryPlan
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.results import (
    decision_result,
    diff,
    repository_result,
    result,
    totals,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.decision import DateSource, to_delete, to_keep
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.reasons import Certainty, Reason
from tests.unit.models import repository

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SIGNATURE = "sha256-" + "ab" * 32


def part(path: str, deleted: int, kept: int, signatures: int = 0, unknown: int = 0) -> RepositoryPlan:
    """A repository with so many tags that go, the last by name the oldest."""
    decisions = [
        to_delete(Tag(f"dev-{number:03}", digest=f"sha256:{number}"), Reason.EXPIRED, date=NOW - timedelta(days=number))
        for number in range(deleted)
    ]
    decisions += [to_keep(Tag(f"v{number:03}"), Reason.NO_MATCH) for number in range(kept)]
    decisions += [to_keep(Tag(f"{SIGNATURE}.{number}"), Reason.SIGNATURE) for number in range(signatures)]
    decisions += [to_keep(Tag(f"x{number:03}"), Reason.UNKNOWN_DATE) for number in range(unknown)]
    return RepositoryPlan(repository(id=1, path=path, project_id=1), tuple(decisions))


@pytest.mark.parametrize(
    ("parts", "limits", "refusals"),
    [
        ([(3, 1)], {}, []),
        ([(3, 0)], {}, ["a0: 3 of 3 tags would be deleted and 0 remain, fewer than min_remaining 1"]),
        ([(0, 0)], {}, []),
        ([(0, 0)], {"min_remaining": 5}, []),
        ([(3, 0)], {"min_remaining": 0}, []),
        ([(3, 4)], {"min_remaining": 5}, ["a0: 3 of 7 tags would be deleted and 4 remain, fewer than min_remaining 5"]),
        ([(3, 0, 9)], {}, ["a0: 3 of 3 tags would be deleted and 0 remain, fewer than min_remaining 1"]),
        ([(3, 3)], {"max_deletions": 3}, []),
        ([(3, 3)], {"max_deletions": 2}, ["a0: 3 tags would be deleted, more than max_deletions 2"]),
        ([(3, 3)], {"max_deletions": 0}, ["a0: 3 tags would be deleted, more than max_deletions 0"]),
        ([(3, 3)], {"max_deletions_percent": 50.0}, []),
        (
            [(3, 3)],
            {"max_deletions_percent": 49.9},
            ["a0: 3 of 6 tags would be deleted, more than max_deletions_percent 49.9"],
        ),
        ([(3, 1, 2)], {"max_deletions_percent": 50.0}, []),
        ([(3, 1), (2, 1)], {"max_deletions_total": 5}, []),
        (
            [(3, 1), (2, 1)],
            {"max_deletions_total": 4},
            ["5 tags would be deleted in total, more than max_deletions_total 4"],
        ),
        ([(3, 1), (2, 4)], {"max_deletions_total_percent": 50.0}, []),
        (
            [(3, 1), (2, 4)],
            {"max_deletions_total_percent": 49.9},
            ["5 of 10 tags would be deleted in total, more than max_deletions_total_percent 49.9"],
        ),
        ([(3, 2, 0, 5)], {"max_unknown_percent": 50.0}, []),
        (
            [(3, 2, 0, 5)],
            {"max_unknown_percent": 49.9},
            ["a0: of 5 of 10 tags it is not known whether they may be deleted, more than max_unknown_percent 49.9"],
        ),
    ],
)
def test_limits(parts: list[tuple[int, ...]], limits: dict[str, Any], refusals: list[str]) -> None:
    plan = limited([part(f"a{number}", *numbers) for number, numbers in enumerate(parts)], Limits(**limits))
    assert list(plan.refusals) == refusals
    assert plan.changed is (not refusals and any(numbers[0] for numbers in parts))
    of_repositories = [refusal for refusal in refusals if " in total" not in refusal]
    assert [found.limit for found in plan.repositories if found.limit] == of_repositories


def test_skipping_keeps_a_repository_whole_and_counts_only_the_others() -> None:
    limits = Limits(max_deletions=3, max_deletions_total=2, on_limit=OnLimit.SKIP_REPOSITORY)
    plan = limited([part("a", 5, 1), part("b", 2, 1)], limits)
    assert plan.refusals == ()
    assert [len(found.deletions) for found in plan.repositories] == [0, 2]
    assert plan.repositories[0].reasons == {Reason.LIMIT: 5, Reason.NO_MATCH: 1}
    assert plan.repositories[0].limit == "a: 5 tags would be deleted, more than max_deletions 3"
    assert {decision.delete for decision in plan.repositories[0].decisions} == {False}


def test_a_total_always_refuses() -> None:
    limits = Limits(max_deletions_total=1, on_limit=OnLimit.SKIP_REPOSITORY)
    assert limited([part("a", 2, 1)], limits).refusals


def test_oldest_first_then_by_name() -> None:
    same = [to_delete(Tag(name), Reason.MATCHED) for name in ("c", "a", "b")]
    plan = RepositoryPlan(part("a", 0, 0).repository, tuple(same))
    assert [decision.tag.name for decision in plan.deletions] == ["a", "b", "c"]
    assert [decision.tag.name for decision in part("a", 3, 0).deletions] == ["dev-002", "dev-001", "dev-000"]


def test_the_diff_is_shared_out_and_capped() -> None:
    plan = Plan((part("a", 50, 1), part("b", 1, 1), part("c", 0, 1)))
    first, second = diff(plan, 12)
    assert len(first["before"].splitlines()) == 12
    assert first["before"].splitlines()[-1] == "... and 39 more, hidden by return_limit"
    assert first["after"] == ""
    assert first["before_header"] == "a (50 of 51 tags are deleted)"
    assert first["after_header"] == "a (1 tag is kept)"
    assert second["before"] == "dev-000  2026-06-01T12:00:00Z  sha256:0  expired\n"


def test_the_diff_of_many_repositories_is_capped_too() -> None:
    found = diff(Plan(tuple(part(f"a{number}", 2, 1) for number in range(30))), 11)
    assert len(found) == 7
    assert [len(shown["before"].splitlines()) for shown in found[:-1]] == [2] * 6
    assert found[5]["before"].splitlines()[-1] == "... and 1 more, hidden by return_limit"
    more = "... and 48 tags of 24 more repositories, hidden by return_limit\n"
    assert found[-1] == {"before_header": "more", "after_header": "more", "before": more, "after": ""}


def test_the_most_affected_repositories_come_first() -> None:
    plan = Plan((part("a", 3, 1), part("b", 0, 5), part("c", 90, 1), part("d", 50, 1)))
    found = diff(plan, 40)
    assert [shown["before_header"].split()[0] for shown in found] == ["c", "d", "a"]
    assert [shown["before"].count("expired") for shown in found] == [27, 10, 3]
    shown = result(plan, 40, "sha256:0")
    assert [row["path"] for row in shown["repositories"]] == ["a", "b", "c", "d"]
    assert {path: sum(row["repository"] == path for row in shown["delete"]) for path in "acd"} == {
        "a": 3,
        "c": 27,
        "d": 10,
    }
    assert [row["path"] for row in result(plan, 2, "sha256:0")["repositories"]] == ["c", "d"]


@given(st.lists(st.integers(0, 40), max_size=12), st.integers(0, 60))
def test_what_is_shown_of_deletions_is_as_much_as_the_limit_allows(deletions: list[int], limit: int) -> None:
    plan = Plan(tuple(part(f"a{number:02}", count, 1) for number, count in enumerate(deletions)))
    shown = result(plan, limit, "sha256:0")["delete"]
    assert len(shown) == min(limit, sum(deletions))
    assert [row["repository"] for row in shown] == sorted(row["repository"] for row in shown)
    parts = diff(plan, limit)
    lines = "".join(each["before"] for each in parts).splitlines()
    assert len([line for line in lines if not line.startswith("...")]) == min(max(limit, 1), sum(deletions))
    hidden = sum(int(line.split()[2]) for line in lines if line.startswith("..."))
    assert hidden == sum(deletions) - min(max(limit, 1), sum(deletions))


def test_the_diff_of_one_repository_has_as_many_lines_as_it_may() -> None:
    (only,) = diff(Plan((part("a", 11, 1),)), 10)
    assert len(only["before"].splitlines()) == 11
    (only,) = diff(Plan((part("a", 10, 1),)), 10)
    assert only["before"].splitlines()[-1] == "dev-000  2026-06-01T12:00:00Z  sha256:0  expired"


def test_the_least_diff_names_one_tag() -> None:
    found = diff(Plan((part("a", 2, 1), part("b", 1, 1))), 0)
    assert [shown["before"].splitlines() for shown in found] == [
        ["dev-001  2026-05-31T12:00:00Z  sha256:1  expired", "... and 1 more, hidden by return_limit"],
        ["... and 1 tag of 1 more repository, hidden by return_limit"],
    ]


def test_a_refused_plan_has_no_diff() -> None:
    assert diff(Plan((part("a", 2, 1),), ("no",)), 10) == []


def test_results_are_cut_and_say_so() -> None:
    plan = Plan((part("a", 5, 5),))
    shown = result(plan, 3, "sha256:0")
    assert len(shown["delete"]) == len(shown["keep"]) == 3
    assert shown["truncated"] is True
    assert shown["totals"]["delete"] == 5
    assert result(plan, 5, "sha256:0")["truncated"] is False
    assert result(plan, 0, "sha256:0")["delete"] == []
    assert shown["fingerprint"] == "sha256:0"
    assert result(Plan(plan.repositories, ("no",)), 3, "sha256:0")["refusals"] == ["no"]


@pytest.mark.parametrize("parts", [[(4, 0)], [(0, 4)], [(0, 0)] * 4])
def test_whatever_is_cut_is_said(parts: list[tuple[int, int]]) -> None:
    plan = Plan(tuple(part(f"a{number}", *numbers) for number, numbers in enumerate(parts)))
    assert result(plan, 4, "sha256:0")["truncated"] is False
    assert result(plan, 3, "sha256:0")["truncated"] is True


def test_a_repository_and_its_tags_as_they_are_written() -> None:
    decision = to_delete(Tag("v1", "sha256:1", size=5), Reason.EXPIRED, date=NOW, rule="nightlies")
    policy = ServerPolicy(
        enabled=True,
        cadence=None,
        keep_n=None,
        older_than=None,
        name_regex=None,
        name_regex_keep=None,
        next_run_at="2026-06-02T00:00:00Z",
    )
    app = repository(name="app", location="team")
    found = RepositoryPlan(
        app,
        (decision, to_keep(Tag("v2"), Reason.NO_MATCH)),
        date_source=DateSource.PUBLISHED,
        policy=policy,
        limit="no",
        certainty=Certainty.UPPER_BOUND,
        uncertainties=("tied",),
        expected=(0, 1),
    )
    assert repository_result(found) == {
        "id": 7,
        "path": "team/app",
        "project": app.project_path,
        "project_id": 3,
        "rule_set": None,
        "listing": "complete",
        "date_source": "published",
        "tags": 2,
        "delete": 1,
        "delete_least": 0,
        "delete_most": 1,
        "keep": 1,
        "certainty": "upper_bound",
        "doubts": ["tied"],
        "reasons": {"expired": 1, "no_match": 1},
        "limit": "no",
        "error": None,
        "server_policy": {"state": "enabled", "next_run_at": "2026-06-02T00:00:00Z"},
    }
    assert decision_result(found, decision) == {
        "repository": "team/app",
        "name": "v1",
        "action": "delete",
        "reason": "expired",
        "rule_set": None,
        "rule": "nightlies",
        "digest": "sha256:1",
        "date": "2026-06-01T12:00:00Z",
        "size": 5,
    }
    assert decision_result(found, found.decisions[1])["rule"] is None
    states = [
        (replace(found, policy=policy._replace(enabled=False)), {"state": "disabled", "next_run_at": None}),
        (replace(found, policy=None), {"state": "unknown", "next_run_at": None}),
    ]
    for changed, state in states:
        assert repository_result(changed)["server_policy"] == state
    assert totals(Plan((found, part("a", 1, 1)))) == {
        "repositories": 2,
        "repositories_unread": 0,
        "repositories_limited": 1,
        "projects": 2,
        "tags": 4,
        "delete": 2,
        "keep": 2,
        "reasons": {"expired": 2, "no_match": 2},
        "matches": [],
    }


def test_an_unread_repository_is_counted_and_keeps_everything() -> None:
    error = RequestError(ErrorKind.UNAVAILABLE, "down", operation="list the tags of a", status=503)
    unread = RepositoryPlan(part("a", 0, 0).repository, error=error)
    plan = limited([unread, part("b", 1, 1)], Limits())
    assert plan.unread == [unread]
    assert totals(plan)["repositories_unread"] == 1
    assert result(plan, 10, "sha256:0")["repositories"][0]["listing"] == "unread"
    assert "503" in result(plan, 10, "sha256:0")["repositories"][0]["error"]
