# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs that delete a part of a plan, night by night, until all of it is deleted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.driver import Ansible, Task
from tests.integration.scenarios import repository, server, tag
from tests.simulator.harness import Simulator

MODULE, REPORT = "registry_cleanup", "registry_report"
RULES: dict[str, Any] = {"group": "team", "name_regex_delete": "dev-.*", "older_than": "1d"}
APP, WEB, TOOL = "team/app", "team/app/web", "team/sub/tool"
# By the paths of the repositories: 25, 3 and 22 tags are deleted.
COUNTS = {APP: 25, WEB: 3, TOOL: 22}
PLANNED = sum(COUNTS.values())


def nights(mode: str = "M1") -> dict[str, Any]:
    """A server on which tags with smaller numbers are older."""
    places = {APP: ("team/app", ""), WEB: ("team/app", "web"), TOOL: ("team/sub/tool", "")}
    repositories = [
        repository(
            number, *places[path], [*(tag(f"dev-{each:02}", 100 - each) for each in range(count)), tag("v1", 90)]
        )
        for number, (path, count) in enumerate(COUNTS.items(), 100)
    ]
    return server(repositories, mode=mode)


def order() -> list[tuple[str, str]]:
    """All planned tags in the order of their turns."""
    turns = [(APP, 0, 20), (WEB, 0, 3), (TOOL, 0, 20), (APP, 20, 25), (TOOL, 20, 22)]
    return [(path, f"dev-{number:02}") for path, first, end in turns for number in range(first, end)]


def shown(task: Task) -> list[tuple[str, str]]:
    return [(row["repository"], row["name"]) for row in task.result["plan"]["delete"]]


def left(simulator: Simulator) -> set[tuple[str, str]]:
    return {(path, name) for path, tags in simulator.state().items() for name in tags if name.startswith("dev-")}


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_check_mode_shows_what_a_run_deletes_night_by_night(
    ansible: Ansible, simulator: Simulator, tmp_path: Path, mode: str
) -> None:
    simulator.load(nights(mode))
    plan, deleted = tmp_path / "plan.jsonl", 0
    options = {**RULES, "max_deletions_per_run": 23, "plan_path": str(plan)}
    whole = ansible.module(MODULE, {**RULES, "plan_path": str(plan)}, check=True)
    header, *lines = plan.read_text().splitlines()
    for night in (23, 23, 4):
        check = ansible.module(MODULE, options, check=True, diff=True)
        # The plan is the whole one, and its first line holds the budget.
        if not deleted:
            first, *others = plan.read_text().splitlines()
            budget = {"max_deletions_per_run": 23, "max_duration": None}
            assert others == lines
            assert check.result["plan"]["budget"] == budget
            assert json.loads(first) == {
                **json.loads(header),
                "budget": budget,
                "fingerprint": check.result["plan"]["fingerprint"],
            }
            assert check.result["plan"]["fingerprint"] != whole.result["plan"]["fingerprint"]
            assert (whole.result["plan"]["budget"], json.loads(header)["budget"]) == (None, None)
        run = ansible.module(MODULE, options, diff=True)
        assert check.status == run.status == "ok", run.message
        assert run.result["result"] == "ok"
        assert check.result["plan"] == run.result["plan"]
        assert check.result["diff"] == run.result["diff"] != []
        assert check.result["changed"] is run.result["changed"] is True
        found = run.result["plan"]
        assert (found["totals"]["delete"], found["totals"]["delete_this_run"]) == (PLANNED - deleted, night)
        assert len(shown(check)) == night
        if not deleted:
            assert shown(check) == order()[:23]
        assert not left(simulator) & set(shown(run))
        deleted += night
        counts = run.result["outcome"]["counts"]
        assert (counts["deleted"], counts["left_for_next_run"]) == (night, PLANNED - deleted)
        assert len(left(simulator)) == PLANNED - deleted
        ends = deleted == PLANNED
        assert found["this_run"] == (None if ends else f"at most 23 of {PLANNED - deleted + 23} in this run")
        assert run.result["outcome"]["budget"] == (
            None if ends else "max_deletions_per_run 23 was reached: run the task again to delete the rest"
        )
    again = ansible.module(MODULE, options, diff=True)
    assert (again.result["changed"], again.result["diff"], left(simulator)) == (False, [], set())


def test_messages_say_at_most_and_how_to_go_on(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(nights())
    options = {**RULES, "max_deletions_per_run": 30, "max_duration": "2h"}
    check, run = ansible.module(MODULE, options, check=True), ansible.module(MODULE, options)
    assert check.result["msg"] == (
        "50 to delete of 53 tags, at most 30 of 50 in this run, none begun later than 2h after its start."
    )
    assert run.result["msg"] == (
        "30 deleted of 50 planned; 20 left for the next run. max_deletions_per_run 30 was reached: run the task again "
        "to delete the rest."
    )
    # Of the repositories that it came to: 5, 0 and 12 are left, and one is kept in each.
    assert run.result["outcome"]["remaining"] == 5 + 0 + 15 + 3


@pytest.mark.parametrize(("planned", "given"), [(20, None), (None, 20), (20, 20), (20, 500), (500, 20)])
def test_an_approved_plan_is_continued(
    ansible: Ansible, simulator: Simulator, tmp_path: Path, planned: int | None, given: int | None
) -> None:
    """The budget of the plan holds, whatever the task gives, unless that is smaller."""
    simulator.load(nights())
    plan, journal = tmp_path / "plan.jsonl", tmp_path / "journal.jsonl"
    budget = {"max_deletions_per_run": planned} if planned else {}
    audit = ansible.module(MODULE, {**RULES, **budget, "plan_path": str(plan)}, check=True)
    fingerprint = audit.result["plan"]["fingerprint"]
    options = {"approved_plan_path": str(plan), "approved_fingerprint": fingerprint, "journal_path": str(journal)}
    options |= {"max_drift_percent": 0, **({"max_deletions_per_run": given} if given else {})}
    note = "max_deletions_per_run is 500 here and 20 in the approved plan: the smaller value is used."
    # What is pushed between the nights is not approved.
    for night, (deleted, before) in enumerate([(20, 0), (20, 20), (10, 40)]):
        check, run = ansible.module(MODULE, options, check=True), ansible.module(MODULE, options)
        assert run.status == "ok", run.message
        assert check.result["plan"] == run.result["plan"]
        assert shown(check) == shown(run)
        assert run.result["plan"]["totals"]["delete_this_run"] == deleted
        assert (note in run.result["notes"]) is (given == 500)
        found = run.result["plan"]
        assert (found["deleted_before"], set(found["approved"]["counts"].values())) == (
            before,
            {0, 1} if night else {0},
        )
        assert run.result["outcome"]["counts"]["deleted"] == deleted
        if night < 2:
            assert run.result["outcome"]["budget"].endswith(
                "run the task again with the same approved plan and journal, within plan_max_age, to delete the rest"
            )
        if not night:
            simulator.edit_tags(APP, put=[tag("dev-99", 50)])
        simulator.clock(advance=3600)
    assert left(simulator) == {(APP, "dev-99")}
    ends = [row for row in map(json.loads, journal.read_text().splitlines()) if row["event"] == "end"]
    assert [row["budget"] for row in ends] == [*["max_deletions_per_run 20 was reached"] * 2, None]
    simulator.clock(advance=80 * 3600)
    assert "plan_max_age" in ansible.module(MODULE, options).message


def test_each_option_of_the_approved_budget_holds_by_itself(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(nights())
    plan = tmp_path / "plan.jsonl"
    budget: dict[str, Any] = {"max_deletions_per_run": 30, "max_duration": "2h"}
    audit = ansible.module(MODULE, {**RULES, **budget, "plan_path": str(plan)}, check=True)
    approved = {"approved_plan_path": str(plan), "approved_fingerprint": audit.result["plan"]["fingerprint"]}
    cases: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({}, budget),
        ({"max_deletions_per_run": 5}, {"max_deletions_per_run": 5, "max_duration": "2h"}),
        ({"max_duration": "30min"}, {"max_deletions_per_run": 30, "max_duration": "30min"}),
        ({"max_deletions_per_run": 31, "max_duration": "1d"}, budget),
        # Rules of the task's own replace those of the plan, and not its budget.
        (RULES, budget),
    ]
    for given, found in cases:
        check = ansible.module(MODULE, {**approved, **given}, check=True)
        assert check.status == "ok", check.message
        assert check.result["plan"]["budget"] == found
        assert len(shown(check)) == found["max_deletions_per_run"]
        assert found["max_duration"] in check.result["plan"]["this_run"]
    simulator.latency(request=0.4)
    simulator.clear_log()
    # The time of the plan is over before anything is begun.
    file = tmp_path / "second.jsonl"
    audit = ansible.module(MODULE, {**RULES, "max_duration": "1s", "plan_path": str(file)}, check=True)
    approved = {"approved_plan_path": str(file), "approved_fingerprint": audit.result["plan"]["fingerprint"]}
    run = ansible.module(MODULE, {**approved, "max_duration": "2h"})
    assert run.result["outcome"]["counts"]["left_for_next_run"] == PLANNED, run.message
    assert "max_duration is 2h here and 1s in the approved plan: the smaller value is used." in run.result["notes"]
    assert len(left(simulator)) == PLANNED


def test_a_bulk_deletion_can_not_keep_to_an_approved_budget(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(nights())
    plan = tmp_path / "plan.jsonl"
    audit = ansible.module(MODULE, {**RULES, "max_deletions_per_run": 5, "plan_path": str(plan)}, check=True)
    approved = {"approved_plan_path": str(plan), "approved_fingerprint": audit.result["plan"]["fingerprint"]}
    run = ansible.module(MODULE, {**approved, "delete_via": "bulk"})
    assert "max_deletions_per_run of the approved plan can't be used with delete_via bulk" in run.message
    assert len(left(simulator)) == PLANNED


def test_an_altered_budget_is_refused(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(nights())
    plan, altered = tmp_path / "plan.jsonl", tmp_path / "altered.jsonl"
    audit = ansible.module(MODULE, {**RULES, "max_deletions_per_run": 5, "plan_path": str(plan)}, check=True)
    approved = {"approved_plan_path": str(altered), "approved_fingerprint": audit.result["plan"]["fingerprint"]}
    for value in ("500", "-1", "null", '"5"', "true"):
        text = plan.read_text()
        altered.write_text(text.replace('"max_deletions_per_run": 5', f'"max_deletions_per_run": {value}', 1))
        run = ansible.module(MODULE, approved)
        assert "The plan was altered after it was made: line 1 " in run.message, value
    assert len(left(simulator)) == PLANNED


def test_every_part_of_a_merged_plan_keeps_to_the_smallest_budget(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(nights())
    rules = {key: value for key, value in RULES.items() if key != "group"}
    paths, merged = [str(tmp_path / name) for name in ("app", "tool")], str(tmp_path / "merged")
    scopes = [{"project": ["team/app"]}, {"project": ["team/sub/tool"]}]
    budgets: list[dict[str, Any]] = [{"max_deletions_per_run": 4}, {"max_duration": "2h"}]
    for scope, path, budget in zip(scopes, paths, budgets, strict=True):
        ansible.module(MODULE, {**scope, **rules, **budget, "plan_path": path}, check=True)
    whole = ansible.module("registry_plan_merge", {"plan_paths": paths, "merged_plan_path": merged})
    assert whole.result["budget"] == {"max_deletions_per_run": 4, "max_duration": "2h"}
    approved = {"approved_plan_path": merged, "approved_fingerprint": whole.result["fingerprint"]}
    for scope in scopes:
        run = ansible.module(MODULE, {**scope, **approved})
        assert run.status == "ok", run.message
        assert run.result["outcome"]["counts"]["deleted"] == 4
        assert run.result["plan"]["this_run"].endswith(" in this run, none begun later than 2h after its start")
    assert len(left(simulator)) == PLANNED - 8


@pytest.mark.parametrize(("via", "mode"), [("auto", "M1"), ("rest", "M1"), ("registry", "M2")])
def test_turns_take_no_more_requests(ansible: Ansible, simulator: Simulator, via: str, mode: str) -> None:
    found = []
    for budget in ({}, {"max_deletions_per_run": PLANNED}, {"max_duration": "1h"}):
        simulator.load(nights(mode))
        options = {**RULES, "delete_via": via, **({"read_via": "registry"} if via == "registry" else {}), **budget}
        run = ansible.module(MODULE, options)
        assert run.result["outcome"]["counts"]["deleted"] == PLANNED, run.message
        found.append(simulator.counters())
        simulator.clear_log()
    assert found[0] == found[1] == found[2]


def test_a_night_takes_the_requests_of_its_tags(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(nights())
    ansible.module(MODULE, RULES, check=True)
    # Check mode asks what the token may do.
    reading = simulator.counters()["rest"] + simulator.counters()["graphql"] - 1
    simulator.clear_log()
    ansible.module(MODULE, {**RULES, "max_deletions_per_run": 20})
    # One turn: a look, a deletion, and a listing of the one repository.
    assert simulator.counters()["rest"] + simulator.counters()["graphql"] == reading + 3


def test_the_number_of_requests_is_held_against_this_run(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(nights())
    ansible.module(MODULE, RULES, check=True)
    reading = simulator.counters()["rest"] + simulator.counters()["graphql"] - 1
    options = {**RULES, "max_requests": reading + 3}
    assert "max_requests" in ansible.module(MODULE, options).message
    run = ansible.module(MODULE, {**options, "max_deletions_per_run": 20})
    assert run.result["outcome"]["counts"]["deleted"] == 20, run.message


def test_no_turn_begins_after_the_time(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(nights())
    simulator.latency(request=0.4)
    run = ansible.module(MODULE, {**RULES, "max_duration": "1s"})
    assert (run.status, run.result["result"], run.result["changed"]) == ("ok", "ok", False), run.message
    assert run.result["msg"] == (
        "0 deleted of 50 planned; 50 left for the next run. max_duration 1s was reached: run the task again to delete "
        "the rest."
    )
    assert len(left(simulator)) == PLANNED
    assert run.result["outcome"]["remaining"] is None


def test_limits_judge_the_whole_plan(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(nights())
    run = ansible.module(MODULE, {**RULES, "max_deletions_per_run": 5, "max_deletions_total": 49})
    assert run.failed
    assert "50 tags would be deleted in total, more than max_deletions_total 49" in run.message
    assert len(left(simulator)) == PLANNED


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_deletions_per_run": 0}, "max_deletions_per_run is 0: it has to be at least 1."),
        ({"max_deletions_per_run": -1}, "max_deletions_per_run is -1: it has to be at least 1."),
        ({"max_duration": "2"}, "max_duration '2' is ambiguous"),
        (
            {"max_deletions_per_run": 5, "delete_via": "bulk"},
            "max_deletions_per_run can't be used with delete_via bulk: GitLab gets all tags of a repository with one",
        ),
        (
            {"max_duration": "2h", "delete_via": "bulk_unpinned"},
            "max_duration can't be used with delete_via bulk_unpinned: GitLab gets all tags",
        ),
    ],
)
def test_budgets_that_can_not_be(ansible: Ansible, simulator: Simulator, options: dict[str, Any], message: str) -> None:
    simulator.load(nights())
    run = ansible.module(MODULE, {**RULES, **options})
    assert message in run.message
    assert simulator.counters()["writes"] == 0


def test_reports_say_that_the_run_is_to_be_continued(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(nights())
    files = {name: str(tmp_path / name) for name in ("plan.jsonl", "journal.jsonl", "report.md", "report.html")}
    options = {"plan_path": files["plan.jsonl"], "journal_path": files["journal.jsonl"]}
    ansible.module(MODULE, {**RULES, **options, "max_deletions_per_run": 23})
    told = {"result": "ok", "markdown_path": files["report.md"], "html_path": files["report.html"]}
    report = ansible.module(REPORT, {**options, **told, "prometheus_path": str(tmp_path / "metrics.prom")})
    assert report.status == "ok", report.message
    sentence = "The run reached its budget (max_deletions_per_run 23 was reached): the next run continues."
    text = Path(files["report.md"]).read_text()
    assert "23 of 50 planned tags were deleted. Of the others: 27 left for the next run. " + sentence in text
    assert "Not deleted, or unknown" not in text
    assert sentence in Path(files["report.html"]).read_text()
    metrics = (tmp_path / "metrics.prom").read_text().splitlines()
    planned = [line for line in metrics if line.startswith("gitlab_registry_planned_deletions{")]
    assert sum(float(line.rpartition(" ")[2]) for line in planned) == 27


def test_signatures_of_an_earlier_run_are_deleted_by_the_next(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    image = "sha256:" + "c" * 64
    signature = "sha256-" + "c" * 64 + ".sig"
    tags = [tag("dev-1", 90, digest=image), tag(signature, 89), tag("dev-2", 80), tag("v1", 90)]
    simulator.load(server([repository(100, APP, "", tags)]))
    plan, journal = tmp_path / "plan.jsonl", tmp_path / "journal.jsonl"
    rules = {**RULES, "signatures": "collect"}
    audit = ansible.module(MODULE, {**rules, "plan_path": str(plan)}, check=True)
    fingerprint = audit.result["plan"]["fingerprint"]
    options = {"approved_plan_path": str(plan), "approved_fingerprint": fingerprint, "journal_path": str(journal)}
    for gone in (["dev-1", "dev-2"], [signature]):
        run = ansible.module(MODULE, {**options, "max_deletions_per_run": 2})
        assert run.status == "ok", run.message
        assert [row["name"] for row in run.result["outcome"]["deleted"]] == gone
    assert sorted(simulator.state()[APP]) == ["v1"]
