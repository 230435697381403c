# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Protection rules for tags: those that the registry's tokens tell of, and those that only its answers do."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.driver import Ansible
from tests.integration.repeated import asked, outcomes, refused, repeated
from tests.integration.scenarios import repository, server, tag
from tests.simulator.harness import Simulator

CLEANUP, TAG = "registry_cleanup", "registry_tag"
APP, TOOL = "team/app", "team/sub/tool"
RULES = [
    {"pattern": "^dev-1", "delete": "owner", "push": "owner"},
    {"pattern": "gold", "immutable": True},
    {"pattern": "pushed", "delete": "maintainer", "push": "admin"},
]
NAMES = ("dev-1", "dev-2", "dev-3", "dev-gold", "dev-pushed", "dev-12")


def guarded(rules: list[dict[str, Any]] | None = None, **changes: Any) -> dict[str, Any]:
    tags = [tag(name, 90, image=name) for name in NAMES]
    scenario = server(
        [repository(100, APP, "", [*tags, tag("v1", 1)]), repository(102, TOOL, "", [tag("main", 1)])], **changes
    )
    scenario["projects"][0]["tag_rules"] = RULES if rules is None else rules
    return scenario


@pytest.mark.parametrize("via", ["registry", "rest"])
@pytest.mark.parametrize("delete_via", ["auto", "registry"])
def test_the_plan_is_exact_where_a_token_tells_the_rules(
    ansible: Ansible, simulator: Simulator, via: str, delete_via: str
) -> None:
    # Where GraphQL can be asked, it shows all rules.
    simulator.load(guarded(graphql_enabled=False))
    options = {"group": "team", "name_regex_delete": "dev-.*", "read_via": via, "delete_via": delete_via}
    found = repeated(ansible, simulator, CLEANUP, options, "plan")
    assert found.run.result["plan"]["totals"]["reasons"]["gitlab_protected"] == 3
    assert found.run.result["outcome"]["counts"]["deleted"] == 3
    assert simulator.state()[APP] == ["dev-1", "dev-12", "dev-gold", "v1"]
    asked_for = {path.rpartition("/")[2] for path in asked(found.log, "DELETE", "")}
    assert asked_for <= {"dev-2", "dev-3", "dev-pushed"}


FINAL = [
    (401, "PROTECTED_TAG", "needs a higher role"),
    (401, "IMMUTABLE_TAG", "immutable"),
    (400, "TAG_PATTERN_COUNT_LIMIT_EXCEEDED", "more tag protection rules than the registry accepts"),
    (400, "TAG_PROTECTION_PATTERN_INVALID", "pattern corrected"),
]


@pytest.mark.parametrize(("status", "code", "words"), FINAL)
def test_what_no_token_told_is_told_of_each_tag_and_stops_nothing(
    ansible: Ansible, simulator: Simulator, status: int, code: str, words: str
) -> None:
    simulator.load(guarded([]))
    refusal = {"errors": [{"code": code, "message": "in the registry's words", "detail": {}}]}
    simulator.faults([{"method": "DELETE", "path": "/dev-1", "status": status, "json": refusal}])
    simulator.clear_log()
    task = ansible.module(CLEANUP, {"project": APP, "name_regex_delete": "dev-.*", "delete_via": "registry"})
    assert task.result["result"] == "partial"
    outcome = task.result["outcome"]
    assert sorted(row["name"] for row in outcome["deleted"]) == ["dev-2", "dev-3", "dev-gold", "dev-pushed"]
    results = {row["name"]: row["message"] for row in outcome["not_deleted"]}
    refused_ones = {"dev-1", "dev-12"}
    assert results.keys() == refused_ones
    for name in refused_ones:
        assert words in results[name]
        assert "does not accept the token" not in results[name]
    log = simulator.requests()
    # Each is asked for once, and one token to delete with does for all.
    assert sorted(path.rpartition("/")[2] for path in asked(log, "DELETE", "")) == sorted(NAMES)
    assert len([row for row in log if row["kind"] == "token" and "pull%2Cdelete" in row["query"]]) == 1


def promotion(*names: str, **changes: Any) -> dict[str, Any]:
    return {"repository": APP, "name": list(names), "source": "v1", **changes}


def test_check_mode_foretells_a_rule_against_pushing(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(guarded())
    cases = [
        promotion("pushed-1"),
        promotion("fresh", "pushed-1", source="main", source_repository=TOOL),
        promotion("dev-gold", force=True),
        promotion("pushed-1", "fresh"),
    ]
    tasks = refused(ansible, simulator, TAG, *cases)
    for task, name in zip(tasks, ("pushed-1", "pushed-1", "dev-gold", "pushed-1"), strict=True):
        assert f"{APP}:{name} is under a tag protection rule" in task.message
    assert "fresh is under" not in tasks[3].message
    # A new tag of an immutable name can be pushed once.
    found = repeated(ansible, simulator, TAG, promotion("gold", "fresh", "dev-2", force=True), "tags")
    assert outcomes(found.run) == dict.fromkeys(["gold", "fresh", "dev-2"], "written")
    assert ansible.module(TAG, promotion("pushed-1", api_token="glpat-root")).status == "ok"


def test_check_mode_foretells_that_a_token_may_not_push(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(guarded())
    simulator.clear_log()
    for check in (True, False):
        task = ansible.module(TAG, promotion("fresh", api_token="glpat-reader"), check=check)
        assert task.failed
        assert "allows no push" in task.message or "Reporter" in task.message
    assert simulator.counters()["writes"] == 0


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_check_mode_knows_that_the_registry_only_reads(ansible: Ansible, simulator: Simulator, mode: str) -> None:
    simulator.load(guarded([], mode=mode, registry={"read_only": True}))
    simulator.clear_log()
    named = {"repository": APP, "name": ["dev-1"], "state": "absent", "delete_via": "registry"}
    rules = {"project": APP, "name_regex_delete": "dev-.*", "delete_via": "registry"}
    for check in (True, False):
        for module, options in ((TAG, named), (CLEANUP, rules)):
            task = ansible.module(module, options, check=check)
            assert task.failed
            assert "the registry is in read-only mode" in task.message
            assert task.result["changed"] is False
    log = simulator.requests()
    assert len(asked(log, "OPTIONS", "")) == 4
    assert asked(log, "DELETE", "") == []
    # Nobody asks where nothing is deleted through the registry.
    simulator.clear_log()
    ansible.module(CLEANUP, {**rules, "delete_via": "auto"}, check=True)
    assert asked(simulator.requests(), "OPTIONS", "") == []


def test_what_an_administrator_switched_off_is_not_done_another_way(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(guarded([], registry={"deletes_enabled": False, "version": "3.86.0-gitlab"}))
    before = simulator.state()
    simulator.clear_log()
    task = ansible.module(CLEANUP, {"project": APP, "name_regex_delete": "dev-.*", "delete_via": "registry"})
    assert task.result["outcome"]["counts"]["not_deleted"] == len(NAMES)
    assert "deletion is disabled" in task.message
    assert simulator.state() == before
    assert asked(simulator.requests(), "DELETE", "tags/reference") == []
