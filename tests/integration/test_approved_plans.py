# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From an audit by approval to the run: the plan as a file and as text, drift, and plans that are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.integration.driver import Ansible
from tests.integration.repeated import run_all
from tests.integration.scenarios import MIXED_RULES, tag, team
from tests.simulator.harness import Simulator

MODULE = "registry_cleanup"
WISH: dict[str, Any] = {"group": "team", **MIXED_RULES}


def approve(ansible: Ansible, path: Path) -> str:
    """The fingerprint of a plan that an audit wrote to a file."""
    [audit] = run_all(ansible, MODULE, [{**WISH, "plan_path": str(path)}], check_mode=True)
    assert audit.status == "ok", audit.message
    return str(audit.result["plan"]["fingerprint"])


def test_a_run_deletes_what_was_approved_and_is_still_the_same(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(team())
    path = tmp_path / "plan.jsonl"
    seal = approve(ansible, path)
    assert simulator.counters()["writes"] == 0
    # In between somebody pushes one tag again, deletes another and pushes a third, old one.
    pushed = tag("dev-1", 90, digest="sha256:" + "9" * 64)
    simulator.edit_tags("team/app", put=[pushed, tag("dev-old", 99)], remove=["dev-2"])
    approved = {**WISH, "approved_plan_path": str(path), "approved_fingerprint": seal}
    check, run, again = (run_all(ansible, MODULE, [approved], check_mode=mode)[0] for mode in (True, False, False))
    assert check.result["plan"] == run.result["plan"]
    assert check.result["approved"] == run.result["approved"]
    assert [(row["repository"], row["name"]) for row in run.result["plan"]["delete"]] == [
        ("team/app", "dev-3"),
        ("team/app/web", "dev-1"),
    ]
    assert {row["name"]: row["kind"] for row in run.result["approved"]["drift"]} == {
        "dev-1": "changed",
        "dev-2": "gone",
        "dev-old": "not_approved",
    }
    assert run.result["outcome"]["counts"]["deleted"] == 2
    assert again.result["changed"] is False
    assert again.result["approved"]["counts"]["gone"] == 3


def test_a_plan_as_text(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(team())
    path = tmp_path / "plan.jsonl"
    seal = approve(ansible, path)
    text = "{{ lookup('ansible.builtin.file', '" + str(path) + "') }}"
    [run] = run_all(ansible, MODULE, [{**WISH, "approved_plan": text, "approved_fingerprint": seal}])
    assert run.result["outcome"]["counts"]["deleted"] == 4, run.message


def test_plans_that_are_refused(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(team())
    path, altered = tmp_path / "plan.jsonl", tmp_path / "altered.jsonl"
    seal = approve(ansible, path)
    altered.write_text(path.read_text().replace('"action": "keep"', '"action": "delete"', 1))
    good = {**WISH, "approved_plan_path": str(path), "approved_fingerprint": seal}
    cases = {
        "was altered": {"approved_plan_path": str(altered)},
        "another plan was approved": {"approved_fingerprint": "sha256:" + "0" * 64},
        "another scope": {"group": "team/sub"},
        "empty, or not there": {"approved_plan_path": str(tmp_path / "nothing")},
        "older than plan_max_age": {"plan_max_age": "1s"},
    }
    simulator.clear_log()
    simulator.clock(advance=3600)
    found = run_all(ansible, MODULE, [{**good, **case} for case in cases.values()])
    for task, message in zip(found, cases, strict=True):
        assert task.failed
        assert message in task.message, task.message
    [unsealed, loose] = run_all(
        ansible,
        MODULE,
        [{**WISH, "approved_plan_path": str(path)}, {**WISH, "approved_fingerprint": seal}],
    )
    assert "needs approved_fingerprint" in unsealed.message
    assert "needs approved_plan_path" in loose.message
    assert simulator.counters()["writes"] == 0
