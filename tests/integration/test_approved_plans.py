# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From an audit by approval to the run: the plan as a file and as text, drift, and plans that are refused."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan_file import with_fingerprint
from tests.integration.driver import Ansible
from tests.integration.repeated import events, run_all
from tests.integration.scenarios import MIXED_RULES, days_ago, repository, server, tag, team
from tests.simulator.harness import Simulator

MODULE = "registry_cleanup"
PARAMS: dict[str, Any] = {"group": "team", **MIXED_RULES}


def approve(ansible: Ansible, path: Path) -> str:
    """The fingerprint of a plan that an audit wrote to a file."""
    [audit] = run_all(ansible, MODULE, [{**PARAMS, "plan_path": str(path)}], check_mode=True)
    assert audit.status == "ok", audit.message
    return str(audit.result["plan"]["fingerprint"])


def test_a_run_deletes_what_was_approved_and_is_still_the_same(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(team())
    path = tmp_path / "plan.jsonl"
    fingerprint = approve(ansible, path)
    assert simulator.counters()["writes"] == 0
    # In between somebody pushes one tag again, deletes another and pushes a third, old one.
    pushed = tag("dev-1", 90, digest="sha256:" + "9" * 64)
    simulator.edit_tags("team/app", put=[pushed, tag("dev-late", 99)], remove=["dev-2"])
    approved = {**PARAMS, "approved_plan_path": str(path), "approved_fingerprint": fingerprint}
    check, run, again = (run_all(ansible, MODULE, [approved], check_mode=mode)[0] for mode in (True, False, False))
    assert check.result["plan"] == run.result["plan"]
    assert check.result["plan"]["approved"] == run.result["plan"]["approved"]
    assert [(row["repository"], row["name"]) for row in run.result["plan"]["delete"]] == [
        ("team/app", "dev-3"),
        ("team/app/web", "dev-1"),
    ]
    assert {row["name"]: row["kind"] for row in run.result["plan"]["approved"]["drift"]} == {
        "dev-1": "moved",
        "dev-2": "vanished",
        "dev-late": "new",
    }
    assert run.result["outcome"]["counts"]["deleted"] == 2
    assert again.result["changed"] is False
    assert again.result["plan"]["approved"]["counts"]["vanished"] == 3


def test_a_plan_as_text(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(team())
    path = tmp_path / "plan.jsonl"
    fingerprint = approve(ansible, path)
    text = "{{ lookup('ansible.builtin.file', '" + str(path) + "') }}"
    spelled = fingerprint.partition(":")[2].upper()
    [run] = run_all(ansible, MODULE, [{**PARAMS, "approved_plan": text, "approved_fingerprint": f" {spelled}"}])
    assert run.result["outcome"]["counts"]["deleted"] == 4, run.message


def test_plans_that_are_refused(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(team())
    path, altered = tmp_path / "plan.jsonl", tmp_path / "altered.jsonl"
    fingerprint = approve(ansible, path)
    altered.write_text(path.read_text().replace('"action": "keep"', '"action": "delete"', 1))
    (tmp_path / "empty").touch()
    good = {**PARAMS, "approved_plan_path": str(path), "approved_fingerprint": fingerprint}
    cases = {
        "was altered": {"approved_plan_path": str(altered)},
        "another plan was approved": {"approved_fingerprint": "sha256:" + "0" * 64},
        "is not a fingerprint": {"approved_fingerprint": "sha256:" + "0" * 11},
        "another scope": {"group": "team/sub"},
        "nothing does not exist, or this user may not see it": {"approved_plan_path": str(tmp_path / "nothing")},
        "empty: The plan is empty.": {"approved_plan_path": str(tmp_path / "empty")},
        "1 hour ago, and plan_max_age is 1 second: make a new plan": {"plan_max_age": "1s"},
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
        [{**PARAMS, "approved_plan_path": str(path)}, {**PARAMS, "approved_fingerprint": fingerprint}],
    )
    assert "needs approved_fingerprint" in unsealed.message
    assert "needs approved_plan_path" in loose.message
    assert simulator.counters()["writes"] == 0


def resealed(path: Path, to: Path, **changes: Any) -> dict[str, Any]:
    """What approves the plan of a file with another first line, which has the fingerprint that fits it."""
    head, *others = path.read_text().splitlines(keepends=True)
    row = {key: value for key, value in {**json.loads(head), **changes}.items() if key != "fingerprint"}
    rows = [json.loads(line) for line in others]
    sealed = with_fingerprint(row, [each["fingerprint"] for each in rows if each["type"] == "repository"])
    to.write_text("".join([json.dumps(sealed) + "\n", *others]))
    return {"approved_plan_path": str(to), "approved_fingerprint": sealed["fingerprint"]}


FORGED: list[tuple[dict[str, Any], str]] = [
    ({"rules": {}}, "name_regex_delete is empty"),
    ({"rules": {"name_regex_delete": ["dev", 5]}}, "name_regex_delete"),
    ({"rules": {"name_regex_delete": "dev(", "keep_n": 1}}, "name_regex_delete"),
    ({"rules": {"name_regex_delete": "dev", "keep_n": "x"}}, "keep_n is 'x'"),
    ({"rules": {"name_regex_delete": "dev", "protect": {"a": 1}}}, "protect"),
    ({"rules": {"name_regex_delete": "dev", "timestamp": "never"}}, "timestamp"),
    ({"rules": {"name_regex_delete": "dev", "rules": [{"match": "dev"}]}}, "mutually exclusive"),
    ({"rules": {"rules": [{"match": {"a": None}}]}}, "match"),
    ({"rules": {"rules": 5}}, "rules"),
    ({"rules": {"name_regex_delete": "dev", "delete_via": "bulk_unpinned"}}, "bulk_unpinned"),
    ({"scope": {"project": 5.5}}, "project"),
    ({"scope": {"group": "team", "project": ["team/app"]}}, "mutually exclusive"),
    ({"scope": {}}, "project, group, repository_id"),
    ({"scope": {"group": "te am"}}, "is not a path"),
]


def test_what_a_plan_says_is_read_as_what_a_task_says(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(team())
    path = tmp_path / "plan.jsonl"
    approve(ansible, path)
    tasks = [resealed(path, tmp_path / f"{number}", **changes) for number, (changes, _words) in enumerate(FORGED)]
    simulator.clear_log()
    for task, (changes, words) in zip(run_all(ansible, MODULE, tasks), FORGED, strict=True):
        assert task.failed, changes
        assert words in task.message, (changes, task.message)
        assert "Nothing was changed:" not in task.message
    assert simulator.requests() == []
    [good] = run_all(ansible, MODULE, [resealed(path, tmp_path / "good", registry="forged")], check_mode=True)
    assert good.result["plan"]["totals"]["delete"] == 4, good.message


def test_the_journal_tells_each_step_before_it_is_done(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(team())
    path = tmp_path / "journal.jsonl"
    digests = {row["name"]: row["digest"] for row in simulator.tags("team/app")}
    params = {**PARAMS, "journal_path": str(path)}
    [check] = run_all(ansible, MODULE, [params], check_mode=True)
    assert not path.exists()
    [run] = run_all(ansible, MODULE, [params])
    [start], [end] = events(path, "start"), events(path, "end")
    assert start["fingerprint"] == run.result["plan"]["fingerprint"] == check.result["plan"]["fingerprint"]
    assert (start["planned"], end["counts"]["deleted"]) == (4, 4)
    asked = {row["name"]: row["digest"] for row in events(path, "delete_requested") if row["repository"] == "team/app"}
    assert asked == {name: digests[name] for name in ("dev-1", "dev-2", "dev-3")}
    assert [row["outcome"] for row in events(path, "outcome")] == ["deleted"] * 4


def test_a_run_that_was_killed_goes_on_and_ends_like_an_undisturbed_one(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    tags = [tag(f"dev-{number}", 200 - number) for number in range(12)] + [tag("v1", 1)]
    simulator.load(server([repository(100, "team/app", "", tags)]))
    plan, journal = tmp_path / "plan.jsonl", tmp_path / "journal.jsonl"
    fingerprint = approve(ansible, plan)
    params = {
        **{
            **PARAMS,
            "approved_plan_path": str(plan),
            "approved_fingerprint": fingerprint,
            "journal_path": str(journal),
        },
        **{"max_drift_percent": 0, "delete_via": "rest", "concurrency": 1},
    }
    simulator.latency(request=0.1)
    ansible.killed(MODULE, params, lambda: len(simulator.tags("team/app")) <= 9)
    # What the server was asked for last, it still does.
    time.sleep(1)
    simulator.latency(request=0)
    left = {row["name"] for row in simulator.tags("team/app")}
    assert {"dev-11", "v1"} < left
    assert not events(journal, "end")
    # A kill may tear the last line.
    with journal.open("a") as stream:
        stream.write('{"time": "2026-')
    [run] = run_all(ansible, MODULE, [params])
    assert run.status == "ok", run.message
    assert run.result["plan"]["deleted_before"] == 13 - len(left) > 0
    assert run.result["plan"]["approved"]["drift"] == []
    assert {row["name"] for row in simulator.tags("team/app")} == {"dev-11", "v1"}


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_an_apply_run_reads_all_that_a_plan_does(
    ansible: Ansible, simulator: Simulator, tmp_path: Path, mode: str
) -> None:
    tags = [
        *(tag(f"v{number}", 400) for number in range(20)),
        *(tag(f"dev-{number}", 90 + number) for number in range(5)),
        tag("dev-9", 1),
    ]
    simulator.load(server([repository(100, "team/app", "", tags)], mode=mode))
    path = tmp_path / "plan.jsonl"
    params = {"group": "team", "name_regex_delete": "dev-.*", "keep_n": 2}
    [audit] = run_all(ansible, MODULE, [{**params, "plan_path": str(path)}], check_mode=True)
    fingerprint = audit.result["plan"]["fingerprint"]
    approved = {**params, "approved_plan_path": str(path), "approved_fingerprint": fingerprint}
    [check] = run_all(ansible, MODULE, [approved], check_mode=True)
    assert check.result["requests"] == audit.result["requests"]
    assert check.result["plan"]["delete"] == audit.result["plan"]["delete"]
    assert check.result["plan"]["keep"] == audit.result["plan"]["keep"]
    # An old tag that is new here, and another image where a tag was kept for its rank.
    simulator.edit_tags("team/app", put=[tag("dev-late", 900), tag("dev-9", 800)])
    [moved] = run_all(ansible, MODULE, [approved], check_mode=True)
    assert {row["name"] for row in moved.result["plan"]["delete"]} == {"dev-2", "dev-3", "dev-4"}
    assert {row["name"]: row["kind"] for row in moved.result["plan"]["approved"]["drift"]} == {
        "dev-1": "kept",
        "dev-9": "new",
        "dev-late": "new",
    }


def test_a_tag_that_was_pushed_again_is_seen_though_it_is_the_same_image(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    tags = [tag("dev-1", 90), tag("dev-2", 80), tag("dev-3", 9)]
    simulator.load(server([repository(100, "team/app", "", tags)]))
    path = tmp_path / "plan.jsonl"
    params = {"group": "team", "name_regex_delete": "dev-.*", "keep_n": 1, "older_than": "30d"}
    [audit] = run_all(ansible, MODULE, [{**params, "plan_path": str(path)}], check_mode=True)
    fingerprint = audit.result["plan"]["fingerprint"]
    approved = {**params, "approved_plan_path": str(path), "approved_fingerprint": fingerprint}
    simulator.edit_tags("team/app", put=[{"name": "dev-1", "updated_at": days_ago(0)}])
    [pushed] = run_all(ansible, MODULE, [approved], check_mode=True)
    assert [row["name"] for row in audit.result["plan"]["delete"]] == ["dev-1", "dev-2"]
    assert [row["name"] for row in pushed.result["plan"]["delete"]] == ["dev-2"]
