# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reports of modules and of both roles: what is written, when nothing is, and what is said of it."""

from __future__ import annotations

import csv
import json
import os
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.integration.documented import assert_documented, documentation
from tests.integration.driver import Ansible, Run
from tests.integration.repeated import run_all
from tests.integration.scenarios import MIXED_RULES, team
from tests.simulator.harness import Simulator
from tests.tools.collection import ROOT

REPORT = "registry_report"
AUDIT, CLEANUP = "containerops.gitlab.audit", "containerops.gitlab.cleanup"
SCOPE = ("-e", json.dumps({"registry_group": "team"}))
RULES = ("-e", json.dumps({f"registry_cleanup_{name}": value for name, value in MIXED_RULES.items()}))
CSV = ("projects.csv", "repositories.csv", "tags.csv")


@pytest.fixture
def files(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> dict[str, str]:
    """An audit and a plan of the team."""
    simulator.load(team())
    found = {"audit_path": str(tmp_path / "audit.jsonl"), "plan_path": str(tmp_path / "plan.jsonl")}
    info = {"group": "team", "gather": ["projects", "tag_details"], "output_path": found["audit_path"]}
    plan = {"group": "team", **MIXED_RULES, "plan_path": found["plan_path"]}
    tasks: list[dict[str, Any]] = [
        {"name": "Audit", "containerops.gitlab.registry_info": info},
        {"name": "Plan", "containerops.gitlab.registry_cleanup": plan, "check_mode": True},
    ]
    assert [task.status for task in ansible.steps(tasks)] == ["ok", "ok"]
    return found


def written_to(folder: Path) -> dict[str, Any]:
    return {
        "csv_folder": str(folder),
        "prometheus_path": str(folder / "registry.prom"),
        "markdown_path": str(folder / "report.md"),
        "html_path": str(folder / "report.html"),
    }


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_check_mode_writes_nothing_and_a_second_run_changes_nothing(
    ansible: Ansible, files: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "reports"
    folder.mkdir()
    options = {**files, **written_to(folder), "price_per_gib_month": 0.5, "compare_with": files["audit_path"]}
    [check] = run_all(ansible, REPORT, [options], check_mode=True)
    assert names_in(folder) == set()
    run, again = run_all(ansible, REPORT, [options, options])
    assert names_in(folder) == {*CSV, "registry.prom", "report.md", "report.html"}
    for key in ("changed", "diff", "totals", "files", "compared"):
        assert check.result[key] == run.result[key], key
    assert run.result["changed"]
    assert len(run.result["diff"]) == 6
    assert not again.result["changed"]
    assert again.result["diff"] == []
    other = {**options, "warnings": ["Only one file tells of this."]}
    [changed] = run_all(ansible, REPORT, [other])
    assert {part["after_header"] for part in changed.result["diff"]} == {
        str(folder / "report.md"),
        str(folder / "report.html"),
    }
    [short] = run_all(ansible, REPORT, [{"plan_path": files["plan_path"], "validate_paths_only": True}])
    assert_documented(REPORT, [run, short])
    mode = (folder / "registry.prom").stat().st_mode & 0o777
    assert mode == 0o644


def test_everybody_can_read_metrics_whatever_the_mask(ansible: Ansible, files: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "registry.prom"
    path.write_text("")
    path.chmod(0o600)
    before = os.umask(0o077)
    try:
        [run] = run_all(ansible, REPORT, [{**files, "prometheus_path": str(path)}])
    finally:
        os.umask(before)
    assert run.result["changed"]
    assert path.stat().st_mode & 0o777 == 0o644


def test_what_is_refused(ansible: Ansible, files: dict[str, str], tmp_path: Path) -> None:
    other = tmp_path / "other.jsonl"
    audit, plan = files["audit_path"], files["plan_path"]
    other.write_text(Path(audit).read_text().replace('"server": "http://', '"server": "http://other.', 1))
    foreign = tmp_path / "foreign.jsonl"
    foreign.write_text('{"type": "repository"}\n')
    newer = tmp_path / "newer.jsonl"
    newer.write_text('{"type": "audit", "format": "containerops.gitlab/audit", "version": 99}\n')
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    text = str(tmp_path / "report.md")
    cases: dict[str, dict[str, Any]] = {
        "one of the following is required": {},
        "does not exist": {"audit_path": str(tmp_path / "missing")},
        "is not an audit": {"audit_path": str(foreign)},
        "is not a plan": {"plan_path": audit},
        "version 99": {"audit_path": str(newer)},
        "is empty": {"audit_path": str(empty)},
        "give files of the same server": {"audit_path": str(other), "plan_path": plan},
        "is not an existing folder": {"audit_path": audit, "csv_folder": str(tmp_path / "missing")},
        "is a folder": {"audit_path": audit, "markdown_path": str(tmp_path)},
        "can't be written": {"audit_path": audit, "markdown_path": str(tmp_path / "missing" / "report.md")},
        "are the same file": {"audit_path": audit, "markdown_path": audit},
        "give each a file": {"audit_path": audit, "csv_folder": str(tmp_path), "markdown_path": str(tmp_path / CSV[0])},
        "can't be negative": {"audit_path": audit, "price_per_gib_month": -1, "markdown_path": text},
    }
    tasks = run_all(ansible, REPORT, list(cases.values()))
    for task, words in zip(tasks, cases, strict=True):
        assert task.failed, words
        assert words in task.message
        assert task.result["changed"] is False
    assert not Path(text).exists()


@pytest.mark.versions
def test_the_examples_run(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    run = ansible.tasks(documentation(REPORT, "EXAMPLES"))
    assert run.code == 0, run.output


def test_an_audit_reports_what_it_previews(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(team())
    kept = tmp_path / "audit.jsonl"
    wanted = {f"registry_audit_{name}": value for name, value in written_to(tmp_path).items()}
    wanted |= {"registry_audit_gather": ["tag_details"], "registry_audit_output_path": str(kept)}
    run = ansible.play(AUDIT, "--check", *SCOPE, *RULES, "-e", json.dumps(wanted))
    assert run.code == 0, run.output
    rows = rows_of(tmp_path / "tags.csv")
    assert {row["tag"] for row in rows if row["action"] == "delete"} == {"dev-1", "dev-2", "dev-3"}
    assert all(row["media_type"] for row in rows)
    assert json.loads(kept.read_text().splitlines()[0])["type"] == "audit"
    assert "report.md" in run.output
    # The next one compares itself with it.
    later = {"registry_audit_markdown_path": str(tmp_path / "later.md"), "registry_audit_compare_with": str(kept)}
    run = ansible.play(AUDIT, *SCOPE, "-e", json.dumps(later))
    assert run.code == 0, run.output
    assert "## Since" in (tmp_path / "later.md").read_text()


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


@pytest.mark.sweep(2)
@pytest.mark.parametrize("check", [True, False])
def test_a_cleanup_reports_what_it_deletes(ansible: Ansible, simulator: Simulator, tmp_path: Path, check: bool) -> None:
    simulator.load(team())
    run = cleanup(ansible, tmp_path, *(["--check"] if check else []))
    assert run.code == 0, run.output
    assert {*CSV, "registry.prom", "report.md", "report.html"} <= names_in(tmp_path)
    text = (tmp_path / "report.md").read_text()
    assert ("Preview: nothing was deleted." if check else "4 of 4 planned tags were deleted.") in text
    assert ("would be deleted" in text) is check
    page = (tmp_path / "report.html").read_text()
    assert f'"deleted":{"null" if check else 4}' in page
    # The plan is not kept, so nobody can apply it.
    assert '"command":null' in page
    assert "/registry_cleanup_" not in text
    assert [row["delete"] for row in rows_of(tmp_path / "projects.csv")] == ["4", "0"]
    assert [row["deleted"] for row in rows_of(tmp_path / "projects.csv")] == (["", ""] if check else ["4", "0"])
    deleted = [row for row in rows_of(tmp_path / "tags.csv") if row["action"] == "delete"]
    assert {row["outcome"] for row in deleted} == {"" if check else "deleted"}
    lines = (tmp_path / "registry.prom").read_text().splitlines()
    left = [line.rpartition(" ")[2] for line in lines if line.startswith("gitlab_registry_planned_deletions")]
    assert sum(map(int, left)) == (4 if check else 0)
    # Nothing is left of what the reports were made of.
    assert "plan file" not in run.output
    assert simulator.counters()["writes"] == 0 if check else simulator.counters()["writes"] > 0


def cleanup(ansible: Ansible, folder: Path, *options: str, **others: Any) -> Run:
    wanted = {f"registry_cleanup_{name}": value for name, value in {**written_to(folder), **others}.items()}
    return ansible.play(CLEANUP, *SCOPE, *RULES, *options, "-e", json.dumps(wanted))


def test_a_refused_cleanup_is_reported(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(team())
    run = cleanup(ansible, tmp_path, max_deletions=1)
    assert run.code != 0
    text = (tmp_path / "report.md").read_text()
    assert "The plan is refused: nothing was deleted." in text
    assert "more than max_deletions 1" in text[:4000]
    assert success_of(tmp_path) == "0"
    assert simulator.counters()["writes"] == 0


def test_a_cleanup_in_trouble_reports_each_tag_as_it_is(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    """Whatever the number of tags that the module returns."""
    simulator.load(team())
    simulator.faults([{"body": "destroyContainerRepositoryTags.*dev-2", "action": "status", "status": 403}])
    run = cleanup(ansible, tmp_path, return_limit=1)
    assert run.code != 0
    planned = {
        (row["repository"], row["tag"]): row for row in rows_of(tmp_path / "tags.csv") if row["action"] == "delete"
    }
    state = simulator.state()
    left = {(path, name) for path, name in planned if name in state[path]}
    assert left
    assert left != set(planned)
    for tag, row in planned.items():
        assert row["outcome"] in ({"not_deleted", "not_tried"} if tag in left else {"deleted"})
        assert bool(row["outcome_message"]) is (tag in left)
    text = (tmp_path / "report.md").read_text()
    assert f"{4 - len(left)} of 4 planned tags were deleted. Of the others:" in text
    assert f"## Not deleted, or unknown: {len(left)}" in text
    assert success_of(tmp_path) == "0"
    assert not list(tmp_path.glob("**/journal.jsonl"))


def success_of(folder: Path) -> str:
    lines = (folder / "registry.prom").read_text().splitlines()
    [line] = [line for line in lines if line.startswith("gitlab_registry_report_success{")]
    return line.rpartition(" ")[2]


def test_a_failed_cleanup_is_reported(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(team())
    run = cleanup(ansible, tmp_path, "-e", "registry_group=nowhere")
    assert run.code != 0
    text = (tmp_path / "report.md").read_text()
    assert "The run failed." in text
    assert "nowhere" in text
    assert success_of(tmp_path) == "0"
    metrics = (tmp_path / "registry.prom").read_text()
    assert f'report_success{{server="{simulator.url}",scope="group nowhere"}} 0' in metrics


def test_places_of_reports_are_checked_before_anything_is_deleted(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(team())
    simulator.clear_log()
    run = cleanup(ansible, tmp_path, csv_folder=str(tmp_path / "missing"))
    assert run.code != 0
    assert "registry_cleanup_csv_folder" in run.output
    assert simulator.requests() == []
    audit = ansible.play(AUDIT, *SCOPE, "-e", f"registry_audit_markdown_path={tmp_path}")
    assert audit.code != 0
    assert f"registry_audit_markdown_path {tmp_path} is a folder" in audit.output
    assert simulator.requests() == []


def test_the_commands_of_the_pages_on_reports_run(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(team())
    pages = "".join((ROOT / "docs" / name).read_text() for name in ("reports.md", "report-page.md"))
    blocks = re.findall("```shell\n(.*?)```", pages, re.DOTALL)
    assert len(blocks) == 3
    for block in blocks:
        program, playbook, *options = shlex.split(block.replace("/reports", str(tmp_path)))
        assert program == "ansible-playbook"
        run = ansible.play(playbook, *options)
        assert run.code == 0, run.output
    assert {*CSV, "team.html", "june.jsonl", "june.md"} <= names_in(tmp_path)


def test_a_cleanup_that_ends_before_its_plan_is_reported(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(team())
    run = cleanup(ansible, tmp_path, in_use_sources_path=str(tmp_path / "missing.json"))
    assert run.code != 0
    text = (tmp_path / "report.md").read_text()
    assert "The run failed." in text
    assert "The run ended before anything was read." in text
    assert success_of(tmp_path) == "0"
    assert not list(tmp_path.glob("registry_cleanup_*"))
    assert simulator.requests() == []


def test_what_the_run_warned_of_is_in_its_reports_once(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    scene = team()
    scene["projects"][0]["policy"] = {"enabled": True}
    scene["projects"][1]["archived"] = True
    simulator.load(scene)
    run = cleanup(ansible, tmp_path, "--check", protect=["nothing-of-this-name"])
    assert run.code == 0, run.output
    text = (tmp_path / "report.md").read_text()
    warnings, notes = (text.partition(f"## {title}")[2].partition("\n## ")[0] for title in ("Warnings", "Notes"))
    assert warnings.count("nothing-of-this-name") == 1
    assert "cleanup policy" in warnings
    assert "Tags of archived projects are kept" in notes
    assert "archived" not in warnings
    assert "discovered Python" not in text


@pytest.mark.sweep(2)
@pytest.mark.parametrize("place", ["plan_path", "plan_package"])
def test_a_report_says_how_to_apply_a_plan_that_was_kept(
    ansible: Ansible, simulator: Simulator, tmp_path: Path, place: str
) -> None:
    simulator.load(team())
    package = {"project": "other/lib", "version": "2026.06"}
    kept = {"plan_path": str(tmp_path / "plan.jsonl"), "plan_package": package}[place]
    run = cleanup(ansible, tmp_path, "--check", **{place: kept})
    assert run.code == 0, run.output
    page = (tmp_path / "report.html").read_text()
    data = json.loads(page.partition('id="data">')[2].partition("</script")[0])
    program, playbook, *options = shlex.split(data["head"]["command"])
    applied = ansible.play(playbook, *SCOPE, *options)
    assert applied.code == 0, applied.output
    assert simulator.counters()["writes"] > 0
