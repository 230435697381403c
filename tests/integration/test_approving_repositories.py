# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans of whole repositories: what an approver reads, the journal of a run, and the reports of both."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.driver import TOKEN, Ansible
from tests.integration.refused import check_refused
from tests.integration.repeated import events, outcomes, repeated, writes
from tests.integration.test_repositories_by_rule import by_rule, shelves
from tests.simulator.harness import Simulator

MODULE = "registry_repository"
PAGE = (Path(__file__).resolve().parents[2] / "docs" / "repositories.md").read_text()
# One that is empty, one with a tag, and one with two.
OLD = by_rule({"not_pushed_for": "45d", "paths": ["team/app/bare", "team/app/review/*"]})
PATHS = {"team/app/bare", "team/app/review/gone", "team/app/review/login"}


def rows_of(journal: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in journal.read_text().splitlines()]


def told(folder: Path) -> dict[str, tuple[str, str]]:
    """What the CSV says of each repository: the action and the outcome."""
    with (folder / "repositories.csv").open(newline="") as stream:
        return {row["repository"]: (row["action"], row["outcome"]) for row in csv.DictReader(stream)}


def reported(ansible: Ansible, folder: Path, **options: Any) -> dict[str, Any]:
    """What registry_report returns, with its files in a folder."""
    files = {"csv_folder": str(folder), "markdown_path": str(folder / "report.md")}
    task = ansible.module("registry_report", {**files, **options})
    assert task.status == "ok", task.message
    assert ansible.module("registry_report", {**files, **options}).result["changed"] is False
    return task.result


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_each_repository_is_noted_before_it_is_asked_for(
    ansible: Ansible, simulator: Simulator, tmp_path: Path, mode: str
) -> None:
    simulator.load(shelves(mode))
    journal, plan = tmp_path / "journal", tmp_path / "plan.jsonl"
    files = {"journal_path": str(journal), "plan_path": str(plan), "run_by": {"ticket": "CHG-7"}}
    check = ansible.module(MODULE, {**OLD, **files}, check=True)
    assert not journal.exists()
    found = repeated(ansible, simulator, MODULE, {**OLD, **files}, "repositories")
    assert check.result["run_by"] == found.run.result["run_by"] == {"ticket": "CHG-7"}
    rows = rows_of(journal)
    first = rows[0]
    assert (first["event"], first["planned"], first["repositories"]) == ("start", 3, 3)
    assert first["fingerprint"] == found.run.result["plan"]["fingerprint"]
    assert first["run_by"] == {"ticket": "CHG-7"}
    for path in PATHS:
        own = [(row["event"], row.get("name"), row.get("outcome")) for row in rows if row.get("repository") == path]
        names = sorted({name for _event, name, _outcome in own if name})
        assert own[-2:] == [("repository_delete_requested", None, None), ("repository_outcome", None, "scheduled")]
        assert [each for each in own[:-2] if each[0] == "outcome"] == [("outcome", name, "deleted") for name in names]
        assert len(own) == 2 + 2 * len(names)
    assert (rows[-1]["event"], rows[-1]["counts"], rows[-1]["stopped"]) == ("end", {"scheduled": 3}, None)
    # The second run had nothing to do, and began none.
    assert len(events(journal, "start")) == 1
    assert TOKEN not in journal.read_text() + plan.read_text()


def test_a_journal_costs_no_request(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    sent = []
    for more in ({}, {"journal_path": str(tmp_path / "journal")}):
        simulator.load(shelves())
        task = ansible.module(MODULE, {**OLD, **more})
        assert task.status == "ok", task.message
        sent.append(sorted(f"{entry['method']} {entry['path']}" for entry in simulator.requests()))
    assert sent[0] == sent[1]


@pytest.mark.slow
def test_with_wait_the_journal_says_that_they_are_gone(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    scenario = shelves()
    scenario["jobs"] = {"delay": 2}
    simulator.load(scenario)
    journal, plan = tmp_path / "journal", tmp_path / "plan.jsonl"
    task = ansible.module(
        MODULE, {**OLD, "wait": True, "wait_timeout": 60, "journal_path": str(journal), "plan_path": str(plan)}
    )
    assert task.status == "ok", task.message
    assert {*outcomes(task, "path").values()} == {"deleted"}
    assert events(journal, "end")[0]["counts"] == {"deleted": 3}
    result = reported(ansible, tmp_path, plan_path=str(plan), journal_path=str(journal))
    assert result["report"]["repository_outcomes"]["deleted"] == 3
    assert "**3 of 3 planned repositories were deleted.**" in (tmp_path / "report.md").read_text()


def test_what_failed_is_told_by_the_journal_and_the_reports(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(shelves())
    # One was pushed to, one can't be emptied, one can't be deleted.
    new = {"repository": "team/app/review/login", "name": "new"}
    simulator.faults(
        [
            {"method": "GET", "path": "/registry/repositories/105$", "action": "mutate", "add_tag": new},
            {"method": "DELETE", "path": "/repositories/101$", "action": "status", "status": 403},
            {"kind": "graphql", "body": "destroyContainerRepositoryTags", "action": "status", "status": 403},
        ]
    )
    journal, plan = tmp_path / "journal", tmp_path / "plan.jsonl"
    task = ansible.module(MODULE, {**OLD, "journal_path": str(journal), "plan_path": str(plan), "retries": 0})
    assert task.result["result"] == "partial"
    wanted = {
        "team/app/bare": "not_deleted",
        "team/app/review/gone": "not_emptied",
        "team/app/review/login": "changed_since",
    }
    assert outcomes(task, "path") == wanted
    assert {row["repository"]: row["outcome"] for row in events(journal, "repository_outcome")} == wanted
    result = reported(ansible, tmp_path, plan_path=str(plan), journal_path=str(journal), result="partial")
    assert {path: found for path, (action, found) in told(tmp_path).items() if action == "delete"} == wanted
    assert result["report"]["deleted"] == 0
    text = (tmp_path / "report.md").read_text()
    assert "0 of 3 planned repositories were deleted. Of the others: 1 failed, 1 kept because not all its" in text
    # The failed ones come first, and each says why.
    listed = re.findall(r"^- `(team/app/\S+)` (.*)$", text.partition("## Not deleted, or unknown")[2], re.MULTILINE)
    assert [path for path, _what in listed[:3]] == [*sorted(PATHS)]
    assert "403" in listed[0][1]
    assert "it has the tag new since the plan was made" in listed[2][1]
    with (tmp_path / "tags.csv").open(newline="") as stream:
        tags = {(row["repository"], row["tag"]): row["outcome"] for row in csv.DictReader(stream)}
    assert tags["team/app/review/login", "a"] == "changed_since"
    assert tags["team/app/review/gone", "a"] == "not_deleted"


def test_a_journal_that_can_not_be_written_deletes_nothing(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(shelves())
    before = simulator.state()
    task = ansible.module(MODULE, {**OLD, "journal_path": str(tmp_path / "nowhere" / "journal")})
    assert task.failed
    assert "journal_path" in task.message
    assert writes(simulator.requests()) == []
    assert simulator.state() == before


def test_a_run_that_is_killed_claims_nothing_and_is_gone_on_with(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(shelves())
    simulator.latency(request=0.15)
    journal, plan = tmp_path / "journal", tmp_path / "plan.jsonl"
    options = {**OLD, "concurrency": 1, "journal_path": str(journal), "plan_path": str(plan)}
    ansible.killed(MODULE, options, lambda: bool(events(journal, "delete_requested")))
    simulator.latency(request=0)
    assert not events(journal, "end")
    killed = tmp_path / "killed.jsonl"
    killed.write_text(plan.read_text())
    reported(ansible, tmp_path, plan_path=str(killed), journal_path=str(journal), result="failed")
    there = set(simulator.state())
    for path, (action, outcome) in told(tmp_path).items():
        if action == "delete":
            assert outcome in ("scheduled", "unknown", "not_tried")
            assert outcome != "scheduled" or path not in there
            assert outcome != "not_tried" or path in there
    again = ansible.module(MODULE, options)
    assert again.status == "ok", again.message
    assert PATHS.isdisjoint(simulator.state())
    assert ansible.module(MODULE, options).result["changed"] is False


def test_deleted_repositories_are_not_put_back(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(shelves())
    journal = tmp_path / "journal"
    cleanup = {"project": "team/app", "name_regex_delete": "v1", "min_remaining": 0, "journal_path": str(journal)}
    assert ansible.module("registry_cleanup", cleanup).status == "ok"
    assert ansible.module(MODULE, {**OLD, "journal_path": str(journal)}).status == "ok"
    simulator.clear_log()
    for run in ("last", "all"):
        task = ansible.module("registry_restore", {"journal_path": str(journal), "run": run})
        assert (task.failed, task.result["result"], task.result["changed"]) == (True, "failed", False)
        assert re.fullmatch(
            r"The run of \S+ \(plan \w{12}, 3 tags\) asked GitLab to delete whole repositories, and these can't be "
            r"restored: choose another run, or restore tags with registry_tag if their repository still exists\.",
            task.message,
        )
    assert simulator.requests() == []
    first = rows_of(journal)[0]["fingerprint"].partition(":")[2]
    task = ansible.module("registry_restore", {"journal_path": str(journal), "run": first})
    assert [row["name"] for row in task.result["tags"]] == ["v1", "v1"]


def test_a_plan_is_reported_before_it_is_carried_out(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(shelves())
    plan = tmp_path / "plan.jsonl"
    check = ansible.module(MODULE, {**OLD, "plan_path": str(plan)}, check=True)
    result = reported(ansible, tmp_path, plan_path=str(plan), plan_location=str(plan))
    assert result["report"]["fingerprint"] == check.result["plan"]["fingerprint"]
    assert result["report"]["repository_outcomes"] is None
    totals = check.result["plan"]["totals"]
    numbers = ("repositories", "repositories_deleted", "repositories_unread", "delete", "freed_most")
    assert {key: result["totals"][key] for key in numbers} == {key: totals[key] for key in numbers}
    # Of what is kept the plan lists no tags.
    assert (result["totals"]["tags"], result["totals"]["bytes"]) == (None, None)
    with (tmp_path / "repositories.csv").open(newline="") as stream:
        rows = {row["repository"]: row for row in csv.DictReader(stream)}
    for each in check.result["repositories"]:
        row = rows[each["path"]]
        assert (row["reason"], row["why"], int(row["delete"])) == (each["reason"], each["why"], each["delete"])
        assert (row["action"] == "delete") == (each["path"] in PATHS) == (row["tags"] != "")
    text = (tmp_path / "report.md").read_text()
    assert "**Preview: nothing was deleted.**" in text
    assert check.result["plan"]["fingerprint"] in text
    for path in PATHS:
        assert re.search(rf"^\| `{path}` \| \d \| .* \| `not_pushed` \| `it was created", text, re.MULTILINE)
    altered = tmp_path / "altered.jsonl"
    altered.write_text(plan.read_text().replace('"action": "keep"', '"action": "delete"', 1))
    assert reported(ansible, tmp_path, plan_path=str(altered))["report"]["fingerprint"] is None


def test_the_numbers_of_kept_repositories_come_from_an_audit(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(shelves())
    plan, audit = tmp_path / "plan.jsonl", tmp_path / "audit.jsonl"
    ansible.module(MODULE, {**OLD, "plan_path": str(plan)}, check=True)
    ansible.module("registry_info", {"group": "team", "gather": ["tags", "tag_details"], "output_path": str(audit)})
    result = reported(ansible, tmp_path, plan_path=str(plan), audit_path=str(audit))
    assert (result["totals"]["tags"], result["totals"]["delete"]) == (7, 3)
    assert {path for path, (action, _outcome) in told(tmp_path).items() if action == "delete"} == PATHS


def test_the_page_and_metrics_refuse_a_plan_of_repositories(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(shelves())
    plan = tmp_path / "plan.jsonl"
    ansible.module(MODULE, {**OLD, "plan_path": str(plan)}, check=True)
    for option, name in (("html_path", "page.html"), ("prometheus_path", "registry.prom")):
        task = ansible.module("registry_report", {"plan_path": str(plan), option: str(tmp_path / name)})
        assert task.message == (
            f"{option} can't show a plan of whole repositories, which plan_path {plan} is: give markdown_path or "
            f"csv_folder, and leave {option} out."
        )
        assert not (tmp_path / name).exists()


def test_a_package_keeps_the_plan_and_nothing_merges_it(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    scenario = shelves(object_storage=True)
    scenario["projects"].append({"id": 4, "path": "team/plans"})
    simulator.load(scenario)
    plan, fetched = tmp_path / "plan.jsonl", tmp_path / "fetched.jsonl"
    ansible.module(MODULE, {**OLD, "plan_path": str(plan)}, check=True)
    place = {"project": "team/plans", "version": "7"}
    for action, path in (("store", plan), ("fetch", fetched)):
        task = ansible.module("registry_plan_package", {**place, "action": action, "plan_path": str(path)})
        assert task.status == "ok", task.message
    assert fetched.read_text() == plan.read_text()
    merged = ansible.module(
        "registry_plan_merge", {"plan_paths": [str(plan)], "merged_plan_path": str(tmp_path / "merged")}
    )
    assert "This is not a plan of registry_cleanup: give a file that plan_path wrote." in merged.message


def test_a_journal_is_for_a_scope(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(shelves())
    named = {"repository": ["team/app/bare"], "state": "absent"}
    check_refused(
        ansible,
        simulator,
        MODULE,
        [
            ({**named, "journal_path": str(tmp_path / "journal")}, "journal_path is for the repositories of a scope"),
            ({**named, "run_by": {"a": 1}}, "run_by is for the repositories of a scope"),
            ({**OLD, "run_by": {"a": []}}, "run_by: a is neither a text nor a number"),
        ],
    )


def playbook_of_the_page(ansible: Ansible) -> Path:
    """The playbook of the page, run on this machine."""
    text = next(text for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if "module_defaults" in text)
    [play] = yaml.safe_load(text)
    path = ansible.folder / "repositories.yml"
    path.write_text(json.dumps([{**play, "connection": "local"}]))
    return path


def test_the_playbook_of_the_page_plans_and_applies(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(shelves())
    (tmp_path / "other").mkdir()
    before = simulator.state()
    path, folder = playbook_of_the_page(ansible), ("-e", f"folder={tmp_path}")
    planned = ansible.play(path, *folder, "-vvv")
    assert planned.code == 0, planned.output
    assert simulator.state() == before
    text = planned.of("ansible.builtin.debug").result["msg"]
    assert text[0] == "To approve: delete 1 of 8 repositories as a whole, with 2 tags"
    shown = next(block for block in re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)).splitlines()
    for line, real in zip(shown, text, strict=True):
        of_this_run = line.startswith(("server: ", "fingerprint: ", "  the beginning is enough", "plan: "))
        assert real.startswith(line.partition(": ")[0] if of_this_run else line.removesuffix("...")), real
    typed = text[4].rpartition(" ")[2]
    assert f"sha256:{typed}" in (tmp_path / "repositories.md").read_text()

    check = ansible.play(path, *folder, "-e", f"fingerprint={typed}", "--check")
    assert check.code == 0, check.output
    assert simulator.state() == before
    wrong = ansible.play(path, *folder, "-e", "fingerprint=0123456789ab")
    assert wrong.code != 0
    assert "another plan was approved" in wrong.output
    assert simulator.state() == before

    # What can't be read is told to the approver, who still sees the text.
    simulator.faults([{"path": "/projects/1/repository/branches", "action": "status", "status": 403}])
    unread = ansible.play(path, "-e", f"folder={tmp_path / 'other'}")
    assert "complete: no, 2 repositories unread" in unread.of("ansible.builtin.debug").result["msg"]
    simulator.clear_faults()

    applied = ansible.play(path, *folder, "-e", f"fingerprint={typed}", "-vvv")
    assert applied.code == 0, applied.output
    assert set(before) - set(simulator.state()) == {"team/app/review/gone"}
    assert told(tmp_path)["team/app/review/gone"] == ("delete", "deleted")
    assert "**1 of 1 planned repository was deleted.**" in (tmp_path / "run.md").read_text()
    written = [each.read_text() for each in tmp_path.iterdir() if each.is_file()]
    assert TOKEN not in "".join([planned.output, applied.output, *written])
    again = ansible.play(path, *folder, "-e", f"fingerprint={typed}")
    assert again.code == 0, again.output
    assert "There is nothing to delete." in (tmp_path / "run.md").read_text()
