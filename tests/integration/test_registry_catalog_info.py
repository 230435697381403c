# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The registry's own catalog, page by page, for those who may see it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.integration.driver import Ansible
from tests.integration.refused import check_refused
from tests.integration.repeated import asked, run_all, writes
from tests.integration.scenarios import repository, server, tag
from tests.simulator.harness import Simulator

CATALOG = "registry_catalog_info"
ROOT = {"api_token": "glpat-root"}


def instance(number: int) -> dict[str, Any]:
    """So many repositories of two projects, one without tags, and one that the registry does not know."""
    rows = [repository(100 + count, "team/app", f"r{count:04}", [tag("v1", 1)]) for count in range(number)]
    rows += [
        repository(90, "other/lib", "", []),
        repository(91, "other/lib", "cache", [tag("x", 1)]),
        repository(92, "other/lib", "gone", [], registry_state="unknown"),
    ]
    return server(rows)


def test_all_pages_are_listed_and_patterns_choose(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(instance(1500))
    path = tmp_path / "catalog.txt"
    everything, some, first, none = run_all(
        ansible,
        CATALOG,
        [
            {**ROOT, "output_path": str(path), "return_limit": 3},
            {**ROOT, "repositories": ["Other/*", "team/app/r0007"]},
            {**ROOT, "limit": 2, "return_limit": 1},
            {**ROOT, "repositories": ["nothing*"]},
        ],
        check_mode=True,
    )
    for task in (everything, some, first, none):
        assert task.status == "ok", task.message
        assert task.result["changed"] is False
        assert task.result["registry_url"] == simulator.url
    assert (everything.result["count"], everything.result["truncated"]) == (1502, True)
    assert everything.result["repositories"] == ["other/lib", "other/lib/cache", "team/app/r0000"]
    lines = path.read_text().splitlines()
    assert len(lines) == 1502
    assert lines == sorted(lines)
    assert some.result["repositories"] == ["other/lib", "other/lib/cache", "team/app/r0007"]
    assert some.result["truncated"] is False
    assert (first.result["repositories"], first.result["count"]) == (["other/lib"], 2)
    assert (none.result["repositories"], none.result["count"]) == ([], 0)
    # Two pages for each and a look behind them, but one for what stops on the first.
    assert len(asked(simulator.requests(), "GET", "/v2/_catalog")) == 10
    assert [task.result["complete"] for task in (everything, some, first, none)] == [True, True, False, True]
    assert writes(simulator.requests()) == []


@pytest.mark.parametrize(("below", "hidden"), [(998, False), (999, False), (1000, True), (1500, True)])
def test_a_registry_without_a_database_passes_over_nothing_in_silence(
    ansible: Ansible, simulator: Simulator, below: int, hidden: bool
) -> None:
    rows = [repository(1000 + number, "team/app", f"{number:04}", [tag("v1", 1)]) for number in range(below)]
    rows += [repository(100, "team/app", "", [tag("v1", 1)]), repository(101, "team/sub/tool", "", [tag("v1", 1)])]
    simulator.load(server(rows, mode="M2"))
    [task] = run_all(ansible, CATALOG, [{**ROOT, "return_limit": 5000}])
    assert task.status == "ok", task.message
    found = task.result["repositories"]
    assert len(found) == len(set(found)) == below + 2 - hidden
    assert "team/sub/tool" in found
    assert ("team/app" in found) is not hidden
    assert task.result["unconfirmed"] == (["team/app"] if hidden else [])
    assert task.result["complete"] is not hidden
    assert ("team/app" in str(task.result.get("warnings", ""))) is hidden


def test_it_is_for_administrators_of_a_registry_that_answers(ansible: Ansible, simulator: Simulator) -> None:
    scenario = instance(3)
    scenario["tokens"].append({"token": "glpat-no-mode", "user": "root", "scopes": ["api"]})
    simulator.load(scenario)
    no_mode = {"api_token": "glpat-no-mode", "registry_url": simulator.url}
    for task in run_all(ansible, CATALOG, [{}, no_mode, {"api_token": "glpat-dev"}]):
        assert task.failed
        assert task.result["result"] == "failed"
        assert task.result["error"]["kind"] == "forbidden"
        assert "only to administrators" in task.message
        assert "admin_mode" in task.message
    assert asked(simulator.requests(), "GET", "/v2/_catalog") == []
    simulator.load({**scenario, "registry": {"state": "error"}})
    [broken] = run_all(ansible, CATALOG, [{**ROOT, "retries": 0}])
    assert broken.failed
    assert broken.result["error"]["status"] == 500
    simulator.load({**scenario, "projects": [], "repositories": [], "tokens": scenario["tokens"][1:2]})
    nowhere, told = run_all(ansible, CATALOG, [ROOT, {**ROOT, "registry_url": simulator.url}])
    assert nowhere.failed
    assert "set registry_url" in nowhere.message
    assert told.status == "ok", told.message
    assert told.result["count"] == 0


UNSENT: list[tuple[dict[str, Any], str]] = [
    ({"limit": 0}, "limit is 0: it has to be at least 1"),
    ({"return_limit": -1}, "return_limit is -1: it can't be negative"),
    ({"output_path": "/nowhere/x"}, "output_path /nowhere/x can't be written"),
    ({"registry_password": "secret"}, "registry_username"),
    ({"registry_url": "registry.example.com/x?y"}, "registry_url"),
]


def test_bad_options_are_refused_before_anything_is_sent(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(instance(1))
    check_refused(ansible, simulator, CATALOG, [({**ROOT, **options}, text) for options, text in UNSENT])
