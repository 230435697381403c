# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans of several tasks, merged, approved and carried out by several tasks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.integration.documented import assert_documented, documentation
from tests.integration.driver import Ansible
from tests.integration.repeated import run_all
from tests.integration.scenarios import MIXED_RULES, team
from tests.simulator.harness import Simulator

MERGE = "registry_plan_merge"
SCOPES: list[dict[str, Any]] = [{"project": ["team/app"]}, {"project": ["team/sub/tool"]}]


def audit(ansible: Ansible, folder: Path) -> list[str]:
    """The plan files of two projects."""
    paths = [str(folder / f"{number}.jsonl") for number in range(2)]
    cases = [{**scope, **MIXED_RULES, "plan_path": path} for scope, path in zip(SCOPES, paths, strict=True)]
    for task in run_all(ansible, "registry_cleanup", cases, check_mode=True):
        assert task.status == "ok", task.message
    return paths


def test_several_tasks_carry_out_one_approved_plan(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(team())
    paths, merged = audit(ansible, tmp_path), tmp_path / "all.jsonl"
    params = {"plan_paths": paths, "merged_plan_path": str(merged), "expected": 2, "max_deletions_total": 10}
    [check] = run_all(ansible, MERGE, [params], check_mode=True)
    assert not merged.exists()
    run, again, reordered = run_all(ansible, MERGE, [params, params, {**params, "plan_paths": paths[::-1]}])
    for key in ("changed", "diff", "fingerprint", "totals", "parts"):
        assert check.result[key] == run.result[key], key
    assert run.result["changed"]
    assert not again.result["changed"]
    assert not reordered.result["changed"]
    assert run.result["totals"]["delete"] == 4
    assert "project team/app  4 of 13 tags are deleted" in run.result["diff"][0]["after"]
    approved = {"approved_plan_path": str(merged), "approved_fingerprint": run.result["fingerprint"]}
    other = {"project": ["team/app", "team/sub/tool"], **MIXED_RULES, **approved}
    *done, foreign = run_all(ansible, "registry_cleanup", [*({**s, **MIXED_RULES, **approved} for s in SCOPES), other])
    assert [task.result["outcome"]["counts"]["deleted"] for task in done if "outcome" in task.result] == [4]
    assert "has 2 plans, and none for this scope" in foreign.message


def test_what_is_refused(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(team())
    paths, merged = audit(ansible, tmp_path), tmp_path / "all.jsonl"
    altered = tmp_path / "altered.jsonl"
    altered.write_text(Path(paths[0]).read_text().replace('"action": "keep"', '"action": "delete"', 1))
    params = {"plan_paths": paths, "merged_plan_path": str(merged)}
    cases: dict[str, dict[str, Any]] = {
        "more than max_deletions_total 3": {"max_deletions_total": 3},
        "more than max_deletions_total_percent 10": {"max_deletions_total_percent": 10},
        "3 plans are expected, and plan_paths names 2": {"expected": 3},
        "may have failed": {"plan_paths": [*paths, str(tmp_path / "missing.jsonl")]},
        "was altered": {"plan_paths": [str(altered), paths[1]]},
        "in more than one plan": {"plan_paths": [paths[0], str(tmp_path / "copy.jsonl")]},
        "is a folder": {"merged_plan_path": str(tmp_path)},
        "return_limit is -1": {"return_limit": -1},
    }
    (tmp_path / "copy.jsonl").write_text(Path(paths[0]).read_text())
    tasks = run_all(ansible, MERGE, [{**params, **case} for case in cases.values()])
    for task, words in zip(tasks, cases, strict=True):
        assert task.failed
        assert words in task.message
        assert task.result["changed"] is False
    assert not merged.exists()
    good = run_all(ansible, MERGE, [params, {"plan_paths": paths}])
    [short] = run_all(
        ansible, MERGE, [{**params, "merged_plan_path": str(tmp_path / "short.jsonl"), "return_limit": 1}]
    )
    assert (len(short.result["parts"]), short.result["truncated"]) == (1, True)
    assert short.result["diff"][0]["after"].endswith("... and 1 more plan, hidden by return_limit\n")
    assert_documented(MERGE, [*good, tasks[0]])


@pytest.mark.versions
def test_the_examples_run(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    examples = documentation(MERGE, "EXAMPLES")
    run = ansible.tasks(examples)
    assert run.code == 0, run.output
