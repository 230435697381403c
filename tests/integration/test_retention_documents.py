# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One task with a retention document cleans a fleet, in the requests of one rule."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.benchmark.job import GROUP, Size, scenario
from tests.integration.driver import Ansible
from tests.integration.repeated import repeated
from tests.integration.scenarios import repository, server, tag
from tests.simulator.harness import Simulator

MODULE = "registry_cleanup"
DOCUMENT = """\
rule_sets:
  - name: services
    rules:
      - name: releases
        match: v[0-9].*
        sort_by: semver
        keep_n: 1
      - name: rest
        match: .*
        older_than: 30d
  - name: caches
    rules:
      - match: .*
    protect: [keep]
default: services
assignments:
  - rule_set: caches
    repositories: ["team/*/cache"]
exceptions:
  - repositories: [team/app]
    tags: dev-2
    keep_until: 2026-07-01
    why: a customer tests it
    owner: sales
"""


def fleet(**changes: Any) -> dict[str, Any]:
    """Repositories of three projects."""
    dev = [tag("dev-1", 90), tag("dev-2", 90), tag("dev-3", 1)]
    return server(
        [
            repository(100, "team/app", "", [tag("v1.0.0", 300), tag("v1.1.0", 200), *dev]),
            repository(101, "team/app", "cache", [tag("a", 1), tag("b", 1), tag("keep", 1)]),
            repository(102, "team/sub/tool", "", [tag("v2.0.0", 300), *dev]),
        ],
        **changes,
    )


def left(simulator: Simulator, path: str) -> list[str]:
    return [row["name"] for row in simulator.tags(path)]


def test_one_task_cleans_a_fleet(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(fleet())
    document, plan_path = tmp_path / "retention.yml", tmp_path / "plan.jsonl"
    document.write_text(DOCUMENT)
    options = {"group": "team", "retention_path": str(document), "plan_path": str(plan_path)}
    found = repeated(ansible, simulator, MODULE, options, "plan")
    assert left(simulator, "team/app") == ["dev-2", "dev-3", "v1.1.0"]
    assert left(simulator, "team/app/cache") == ["keep"]
    assert left(simulator, "team/sub/tool") == ["dev-3", "v2.0.0"]
    rows = {(row["repository"], row["name"]): row for row in found.check.result["plan"]["delete"]}
    assert rows["team/app", "v1.0.0"]["rule_set"] == "services"
    assert rows["team/app", "v1.0.0"]["rule"] == "releases"
    assert (rows["team/app/cache", "a"]["rule_set"], rows["team/app/cache", "a"]["rule"]) == ("caches", "rule 1")
    kept = {(row["repository"], row["name"]): row["reason"] for row in found.check.result["plan"]["keep"]}
    assert kept["team/app", "dev-2"] == "exception"
    header = json.loads(plan_path.read_text().splitlines()[0])
    assert header["rules"]["retention"]["default"] == "services"
    assert header["retention_digest"].startswith("sha256:")


def test_the_approved_plan_brings_its_document(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(fleet())
    plan_path = tmp_path / "plan.jsonl"
    check = ansible.module(MODULE, {"group": "team", "retention": DOCUMENT, "plan_path": str(plan_path)}, check=True)
    approval = {"approved_plan_path": str(plan_path), "approved_fingerprint": check.result["plan"]["fingerprint"]}
    run = ansible.module(MODULE, approval)
    assert run.status == "ok", run.message
    assert run.result["outcome"]["counts"]["deleted"] == check.result["plan"]["totals"]["delete"] == 6
    assert run.result["plan"]["fingerprint"] != ""
    assert left(simulator, "team/app/cache") == ["keep"]


def test_an_approved_plan_under_another_document_keeps_what_has_another_set(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(fleet())
    plan_path = tmp_path / "plan.jsonl"
    check = ansible.module(MODULE, {"group": "team", "retention": DOCUMENT, "plan_path": str(plan_path)}, check=True)
    other = DOCUMENT.replace("rule_set: caches\n    repositories", "rule_set: services\n    repositories")
    run = ansible.module(
        MODULE,
        {
            "group": "team",
            "retention": other,
            "approved_plan_path": str(plan_path),
            "approved_fingerprint": check.result["plan"]["fingerprint"],
        },
    )
    assert run.status == "ok", run.message
    assert left(simulator, "team/app/cache") == ["a", "b", "keep"]
    assert run.result["plan"]["approved"]["counts"]["rule_set"] == 2


def test_a_document_takes_the_requests_of_one_rule(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(scenario("M1", Size()))
    one = {"group": GROUP, "name_regex_delete": "v.*", "keep_n": 10, "older_than": "1d", "return_limit": 1}
    first = ansible.module(MODULE, one, check=True)
    listed = ansible.module("registry_info", {"group": GROUP, "gather": ["repositories"]}).result["repositories"]
    paths = [row["path"] for row in listed]
    sets = [
        {"name": f"set {number}", "rules": [{"match": "v.*", "keep_n": 10, "older_than": "1d"}]} for number in range(20)
    ]
    assignments = [{"rule_set": f"set {number}", "repositories": paths[number::20]} for number in range(20)]
    document = {"rule_sets": sets, "assignments": assignments}
    many = ansible.module(MODULE, {"group": GROUP, "retention": document, "return_limit": 1}, check=True)
    assert many.status == "ok", many.message
    assert many.result["requests"] == first.result["requests"]
    assert many.result["plan"]["totals"]["delete"] == first.result["plan"]["totals"]["delete"]


def test_what_a_document_changes(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(fleet())
    before = DOCUMENT.replace("older_than: 30d", "older_than: 120d").replace("default: services", "default: caches")
    simulator.clear_log()
    found = ansible.module(
        MODULE, {"group": "team", "retention": DOCUMENT, "previous_retention": before}, check=True
    ).result
    assert simulator.requests()
    alone = ansible.module(MODULE, {"group": "team", "retention": DOCUMENT}, check=True).result
    assert found["requests"] == alone["requests"]
    assert alone["retention_changes"] is None
    changes = found["retention_changes"]
    assert changes["repositories_changed"] == 2
    [tool, app] = sorted(changes["repositories"], key=lambda row: row["repository"], reverse=True)
    assert (tool["previous_rule_set"], tool["rule_set"]) == ("caches", "services")
    assert tool["newly_kept"] == ["dev-3", "v2.0.0"]
    assert tool["newly_deleted"] == app["newly_deleted"] == []
    assert changes["newly_kept"] == 4


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"retention": "rule_sets: 5"}, "retention, line 1: rule_sets is 5: it has to be a list."),
        ({"retention_path": "/no/such/file.yml"}, "retention_path /no/such/file.yml does not exist, or "),
        ({"retention_path": "/dev/null"}, "retention_path /dev/null is not a regular file"),
        ({"retention": DOCUMENT, "name_regex_delete": "x"}, "mutually exclusive"),
        ({"retention": DOCUMENT, "only_rule_sets": ["cache"]}, "only_rule_sets names 'cache', and retention has"),
        ({"name_regex_delete": "x", "only_rule_sets": ["cache"]}, "give retention or retention_path"),
        (
            {"retention": DOCUMENT, "delete_via": "bulk_unpinned"},
            "retention can't be used with delete_via bulk_unpinned",
        ),
        (
            {"retention": DOCUMENT.replace("keep_n: 1", "keep_n: x")},
            "retention, line 7, rule_sets, services, rules, releases: ",
        ),
    ],
)
def test_what_is_refused_before_anything_is_sent(
    ansible: Ansible, simulator: Simulator, options: dict[str, Any], text: str
) -> None:
    simulator.load(fleet())
    simulator.clear_log()
    for check in (True, False):
        task = ansible.module(MODULE, {"group": "team", **options}, check=check)
        assert task.failed
        assert text in task.message
    assert simulator.requests() == []


def test_what_no_set_is_assigned_to_is_kept(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(fleet())
    document = DOCUMENT.replace("default: services\n", "")
    found = ansible.module(MODULE, {"group": "team", "retention": document})
    assert found.status == "ok", found.message
    assert found.result["plan"]["totals"]["reasons"]["no_rule_set"] == 9
    assert left(simulator, "team/app/cache") == ["keep"]
    assert len(left(simulator, "team/app")) == 5
