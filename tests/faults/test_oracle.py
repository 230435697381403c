# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The oracle that watches every run notices what it is there for."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from tests.integration.oracle import CLEANUP, REPOSITORY, TAG, Oracle

OUTCOMES = ("deleted", "already_gone", "changed_since", "recreated", "unverified", "not_deleted", "not_tried")


class Truth:
    """What the simulator would say."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def changes(self) -> list[dict[str, Any]]:
        return self.rows

    def happen(self, name: str, before: str | None, after: str | None, cause: str = "request") -> None:
        row = {"repository": "team/app", "name": name, "before": before, "after": after, "cause": cause}
        self.rows.append({"number": len(self.rows) + 1, **row})


class Ended(NamedTuple):
    action: str
    result: dict[str, Any]


def cleanup(*planned: tuple[str, str | None], changed: bool = True, total: int | None = None, **told: Any) -> Ended:
    rows = [{"repository": "team/app", "name": name, "digest": digest} for name, digest in planned]
    named = {
        outcome: [{"repository": "team/app", "name": name} for name in told.get(outcome, ())] for outcome in OUTCOMES
    }
    plan = {"delete": rows, "totals": {"delete": len(rows) if total is None else total}}
    outcome = {**named, "counts": {name: len(rows) for name, rows in named.items()}}
    return Ended(CLEANUP, {"changed": changed, "plan": plan, "outcome": outcome})


def tag(name: str, before: str | None, action: str, outcome: str) -> Ended:
    rows = [{"name": name, "before": before, "after": None, "action": action}]
    told = [{"name": name, "outcome": outcome}]
    return Ended(TAG, {"changed": True, "repository": "team/app", "tags": rows, "outcome": told})


def repositories(path: str, action: str, delete: int) -> Ended:
    return Ended(REPOSITORY, {"changed": True, "repositories": [{"path": path, "action": action, "delete": delete}]})


@pytest.fixture
def truth() -> Truth:
    return Truth()


@pytest.fixture
def oracle(truth: Truth) -> Oracle:
    simulator: Any = truth
    return Oracle(simulator)


def test_what_was_planned_and_told_is_fine(truth: Truth, oracle: Oracle) -> None:
    before = oracle.look_before()
    truth.happen("a", "sha256:1", None)
    truth.happen("b", "sha256:2", "sha256:empty")
    truth.happen("b", "sha256:empty", None)
    truth.happen("others", "sha256:3", None, cause="edit")
    oracle.look_after(before, [cleanup(("a", "sha256:1"), ("b", "sha256:2"), deleted=["a", "b"])], check=False)
    oracle.look_after(oracle.look_before(), [cleanup(("a", "sha256:1"))], check=True)


@pytest.mark.parametrize("cause", ["request", "job"])
def test_check_mode_changes_nothing(truth: Truth, oracle: Oracle, cause: str) -> None:
    truth.happen("a", "sha256:1", None, cause)
    with pytest.raises(AssertionError, match="check mode"):
        oracle.look_after(0, [cleanup(("a", "sha256:1"), deleted=["a"])], check=True)


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [("b", "sha256:2", None), ("a", "sha256:other", None), ("b", "sha256:2", "sha256:empty")],
    ids=["a tag that no plan names", "a tag that is another image by then", "a tag that is overwritten"],
)
def test_what_changes_was_planned_with_its_digest(
    truth: Truth, oracle: Oracle, name: str, before: str, after: str | None
) -> None:
    truth.happen(name, before, after)
    with pytest.raises(AssertionError, match="no plan names"):
        oracle.look_after(0, [cleanup(("a", "sha256:1"))], check=False)


@pytest.mark.parametrize(("total", "fine"), [(3, True), (2, False)])
def test_tags_that_are_not_shown_are_as_many_as_the_plan_counts(
    truth: Truth, oracle: Oracle, total: int, fine: bool
) -> None:
    for name in ("a", "b", "c"):
        truth.happen(name, "sha256:1", None)
    run = cleanup(("a", "sha256:1"), total=total, deleted=["a"])
    if fine:
        oracle.look_after(0, [run], check=False)
    else:
        with pytest.raises(AssertionError, match="no plan names"):
            oracle.look_after(0, [run], check=False)


def test_a_change_is_told_as_one(truth: Truth, oracle: Oracle) -> None:
    truth.happen("a", "sha256:1", None)
    with pytest.raises(AssertionError, match="changed is false"):
        oracle.look_after(0, [cleanup(("a", "sha256:1"), changed=False, deleted=["a"])], check=False)


def test_what_is_told_to_be_deleted_was(truth: Truth, oracle: Oracle) -> None:
    with pytest.raises(AssertionError, match="never removed"):
        oracle.look_after(0, [cleanup(("a", "sha256:1"), deleted=["a"])], check=False)
    with pytest.raises(AssertionError, match="never removed"):
        oracle.look_after(0, [tag("a", "sha256:1", "delete", "deleted")], check=False)


@pytest.mark.parametrize("outcome", ["already_gone", "changed_since", "not_tried"])
def test_what_is_told_to_be_left_was(truth: Truth, oracle: Oracle, outcome: str) -> None:
    truth.happen("a", "sha256:1", None)
    run = cleanup(("a", "sha256:1"))
    run.result["outcome"][outcome] = [{"repository": "team/app", "name": "a"}]
    with pytest.raises(AssertionError, match="this run deleted it"):
        oracle.look_after(0, [run], check=False)


def test_a_repository_is_emptied_of_as_many_tags_as_were_planned(truth: Truth, oracle: Oracle) -> None:
    truth.happen("a", "sha256:1", None)
    oracle.look_after(0, [repositories("team/app", "empty", 1)], check=False)
    truth.happen("b", "sha256:1", None)
    with pytest.raises(AssertionError, match="no plan names"):
        oracle.look_after(1, [repositories("team/app", "empty", 0)], check=False)
    oracle.look_after(1, [repositories("team/app", "delete", 0)], check=False)
