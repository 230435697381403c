# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole repositories of a scope, chosen by conditions: what can't be known for certain is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.driver import Ansible, Task
from tests.integration.refused import check_refused
from tests.integration.repeated import asked, outcomes, refused, repeated, writes
from tests.integration.scenarios import days_ago, repository, server, tag
from tests.simulator.harness import Simulator

MODULE = "registry_repository"
MONTH = {"not_pushed_for": "30d"}


def old(number: int, project: str, name: str, tags: list[dict[str, Any]], days: int = 200, **more: Any) -> dict[str, Any]:
    """A repository that was created so many days ago."""
    return repository(number, project, name, tags, created_at=days_ago(days), **more)


def shelves(mode: str = "M1", **changes: Any) -> dict[str, Any]:
    """Repositories of every kind in two projects of the group, and one outside of it."""
    scenario = server(
        [
            old(100, "team/app", "", [tag("v1", 100)]),
            old(101, "team/app", "bare", []),
            old(102, "team/app", "fresh", [], days=3),
            old(103, "team/app", "lost", [], registry_state="unknown"),
            old(104, "team/app", "review/gone", [tag("a", 60), tag("b", 50)]),
            old(105, "team/app", "review/login", [tag("a", 60)]),
            old(106, "team/app", "web", [tag("v1", 90), tag("v2", 2)]),
            old(107, "team/sub/tool", "stale", [tag("x", 80)]),
            old(108, "other/lib", "bare", []),
        ],
        mode=mode,
        **changes,
    )
    scenario["projects"][0]["branches"] = ["main", "feature/x"]
    scenario["projects"][0]["merge_requests"] = [{"source_branch": "login"}, {"source_branch": "gone", "state": "merged"}]
    scenario["projects"][1]["branches"] = ["main"]
    return scenario


def by_rule(conditions: dict[str, Any], **options: Any) -> dict[str, Any]:
    return {"group": "team", "state": "absent", "conditions": conditions, "wait": False, **options}


def reasons(task: Task) -> dict[str, str]:
    return {row["path"].removeprefix("team/"): row["reason"] for row in task.result["repositories"]}


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_empty_ones(ansible: Ansible, simulator: Simulator, mode: str) -> None:
    simulator.load(shelves(mode))
    found = repeated(ansible, simulator, MODULE, by_rule({"empty": True, **MONTH}), "repositories")
    assert reasons(found.run) == {
        "app/bare": "empty",
        "app": "not_empty",
        "app/fresh": "too_young",
        "app/lost": "unproven_empty",
        "app/review/gone": "not_empty",
        "app/review/login": "not_empty",
        "app/web": "not_empty",
        "sub/tool/stale": "not_empty",
    }
    assert outcomes(found.run, "path") == {"team/app/bare": "scheduled"}
    assert "team/app/bare" not in simulator.state()
