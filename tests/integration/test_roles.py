# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The roles and playbooks, run the way users run them."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.driver import Ansible, Run
from tests.integration.scenarios import MIXED_REASONS, server, team
from tests.simulator.harness import Simulator

ROOT = Path(__file__).resolve().parents[2]
AUDIT = "containerops.gitlab.audit"
CLEANUP = "containerops.gitlab.cleanup"
SETTINGS = "containerops.gitlab.settings"
DEBUG = "ansible.builtin.debug"


# The rules of the mixed tags, which the audit and the cleanup share.
RULES: dict[str, Any] = {
    "registry_cleanup_name_regex_delete": "(dev|release)-.*",
    "registry_cleanup_name_regex_keep": ".*-old",
    "registry_cleanup_protect": ["release-.*"],
    "registry_cleanup_keep_n": 1,
    "registry_cleanup_older_than": "30d",
}
GROUP_AND_RULES = ["-e", "registry_group=team", "-e", json.dumps(RULES)]


def table(run: Run) -> str:
    """The last table on the screen."""
    tables: list[list[str]] = [task.result["msg"] for task in run.tasks if task.action == DEBUG and task.status == "ok"]
    return "\n".join(tables[-1])


def stats(run: Run, name: str) -> dict[str, Any]:
    found: dict[str, Any] = run.of("ansible.builtin.set_stats").result["ansible_stats"]["data"][name]
    return found


@pytest.mark.versions
def test_an_audit_needs_a_group_and_a_token_alone(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    run = ansible.play(AUDIT, "-e", "registry_group=team")
    assert run.code == 0, run.output
    assert "changed=0" in run.output
    assert "team/sub/tool" in table(run)
    assert "total" in table(run)
    assert stats(run, "registry_audit_summary")["tags"] == 14
    assert simulator.counters()["writes"] == 0


@pytest.mark.parametrize("mode", [[], ["--check"]])
def test_an_audit_with_a_pattern_shows_the_plan_and_changes_nothing(
    ansible: Ansible, simulator: Simulator, tmp_path: Path, mode: list[str]
) -> None:
    simulator.load(team())
    before = simulator.state()
    path = tmp_path / "audit.json"
    wanted = {"registry_audit_json_path": str(path), "registry_audit_csv_folder": str(tmp_path)}
    run = ansible.play(AUDIT, *mode, "--diff", *GROUP_AND_RULES, "-e", json.dumps(wanted))
    assert run.code == 0, run.output
    assert "changed=0" in run.output
    assert "expired 3" in table(run)
    assert "no tag was deleted" in table(run)
    assert "would be deleted:\n  team/app:dev-1  2026-03-03T12:00:00Z  expired\n" in table(run)
    assert stats(run, "registry_audit_summary")["would_delete"] == 4
    document = json.loads(path.read_text())
    reasons = {row["name"]: row["reason"] for row in document["plan"] if row.get("repository") == "team/app"}
    assert reasons == MIXED_REASONS
    assert [row["path"] for row in document["repositories"]] == ["team/app", "team/app/web", "team/sub/tool"]
    rows = list(csv.DictReader((tmp_path / "repositories.csv").read_text().splitlines()))
    assert [(row["repository"], row["tags"], row["delete"], row["keep"]) for row in rows] == [
        ("team/app", "10", "3", "7"),
        ("team/app/web", "3", "1", "2"),
        ("team/sub/tool", "1", "0", "1"),
    ]
    assert simulator.state() == before
    assert simulator.counters()["writes"] == 0
    assert not list(tmp_path.glob("registry_audit_*"))


def test_an_audit_holds_the_same_with_and_without_a_preview(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    scenario = team()
    policy = {"keep_n": 1, "older_than": "30d", "name_regex": "dev-.*", "name_regex_keep": ""}
    scenario["projects"][0]["policy"] = {**policy, "enabled": True, "next_run_at": "2026-06-08T12:00:00.000Z"}
    simulator.load(scenario)
    wanted = ["tag_details", "policy_preview", "projects", "size"]
    documents, summaries, rows = [], [], []
    for number, rules in enumerate(({}, RULES)):
        path = tmp_path / f"{number}.json"
        paths = {"registry_audit_json_path": str(path), "registry_audit_csv_folder": str(tmp_path)}
        values = {**paths, **rules, "registry_audit_gather": wanted, "registry_group": "team"}
        run = ansible.play(AUDIT, "-e", json.dumps(values))
        assert run.code == 0, run.output
        documents.append(json.loads(path.read_text()))
        summaries.append(stats(run, "registry_audit_summary"))
        rows.append(list(csv.DictReader((tmp_path / "repositories.csv").read_text().splitlines())))
    plain, previewed = documents
    planned = {"delete", "keep", "freed_least", "freed_most"}
    for kind in ("repositories", "projects"):
        found, expected = (
            [{key: value for key, value in row.items() if key not in planned} for row in document[kind]]
            for document in (previewed, plain)
        )
        assert found == expected
        assert all(row[name] is not None for row in previewed[kind] for name in planned)
    assert (len(plain["plan"]), len(previewed["plan"])) == (0, 1 + 3 + 14)
    assert summaries[1] == {**summaries[0], "would_delete": 4}
    assert [{**row, **dict.fromkeys(planned, "")} for row in rows[1]] == rows[0]


@pytest.mark.parametrize("extra", [False, True], ids=["playbook's variables", "extra variables"])
def test_an_audit_leaves_the_scope_files_and_packages_of_a_cleanup_alone(
    ansible: Ansible, simulator: Simulator, tmp_path: Path, extra: bool
) -> None:
    """Variables of a cleanup choose what is deleted, by whatever way they come. AWX knows extra variables alone."""
    simulator.load(team())
    cleanup = {
        **RULES,
        "registry_cleanup_project": ["team/elsewhere"],
        "registry_cleanup_plan_path": str(tmp_path / "plan.jsonl"),
        "registry_cleanup_output_path": str(tmp_path / "output.jsonl"),
        "registry_cleanup_journal_path": str(tmp_path / "journal.jsonl"),
        "registry_cleanup_plan_package": {"project": "team/app", "version": "1"},
        "registry_cleanup_exclude_repositories": ["team/app/web"],
        "registry_cleanup_return_limit": 0,
        "registry_cleanup_gather": ["tag_details"],
    }
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "connection": "local",
        "vars": {"registry_audit_group": "team", **({} if extra else cleanup)},
        "roles": ["containerops.gitlab.registry_audit"],
    }
    (ansible.folder / "rules.yml").write_text(json.dumps([play]))
    run = ansible.play("rules.yml", *(["-e", json.dumps(cleanup)] if extra else []))
    assert run.code == 0, run.output
    assert not [line for line in table(run).splitlines() if line.startswith("team/app/web")]
    assert "matched by exclude_repositories team/app/web: 1 repository" in table(run)
    assert stats(run, "registry_audit_summary")["would_delete"] == 3
    assert "dev-1" in run.output
    assert "changed=0" in run.output
    assert not [path for path in tmp_path.glob("*.jsonl") if path.stem in ("plan", "output", "journal")]
    assert simulator.counters()["writes"] == 0


def test_an_audit_tells_what_dates_would_cost(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    run = ansible.play(AUDIT, *GROUP_AND_RULES, "-e", '{"registry_audit_estimate": true}')
    assert run.code == 0, run.output
    assert "reading the dates of 14 tags takes about 1 request to GitLab by graphql" in table(run)
    assert "would be deleted" not in table(run)
    assert simulator.counters()["writes"] == 0


def test_an_audit_of_a_whole_instance(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    token = {"GITLAB_TOKEN": "glpat-root"}
    run = ansible.play(AUDIT, "-e", "registry_instance=true", env=token)
    assert run.code == 0, run.output
    assert "team/sub/tool" in table(run)
    assert stats(run, "registry_audit_summary")["tags"] == 16
    refused = ansible.play(AUDIT, "-e", "registry_instance=true")
    assert refused.code != 0
    assert "administrator" in refused.output


def test_an_audit_previews_the_policies_of_projects(ansible: Ansible, simulator: Simulator) -> None:
    scenario = team()
    policy = {"keep_n": 1, "older_than": "30d", "name_regex": "dev|release-.*", "name_regex_keep": ".*-old"}
    scenario["projects"][0]["policy"] = {**policy, "enabled": True, "next_run_at": "2026-06-08T12:00:00.000Z"}
    simulator.load(scenario)
    wanted = {"registry_audit_gather": ["policy_preview"]}
    run = ansible.play(AUDIT, "-e", "registry_group=team", "-e", json.dumps(wanted))
    assert run.code == 0, run.output
    shown = table(run)
    [policy_row] = [line.split() for line in shown.splitlines() if line.startswith("team/app  ")][1:]
    assert policy_row == ["team/app", "2026-06-08T12:00:00Z", "13", "5", "exact,", "2", "notes"]
    assert "total of 1 policy" in shown
    assert "1 policy is disabled and deletes nothing" in shown
    assert "team/sub/tool" not in shown.partition("policies delete at their next run")[2]
    assert "Write (?:dev|release-.*)" in " ".join(shown.split())
    assert '"name_regex_keep": ".*-old"' in " ".join(shown.split())
    more = ansible.play(
        AUDIT, "-e", "registry_group=team", "-e", json.dumps(wanted), "-e", "registry_audit_disabled_policies=true"
    )
    disabled = table(more).partition("what each would delete if it were enabled")[2]
    assert [line.split()[2:4] for line in disabled.splitlines() if line.startswith("team/sub/tool")] == [["1", "0"]]
    assert simulator.counters()["writes"] == 0


def test_an_audit_shows_the_settings_of_projects(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    scenario = team()
    scenario["projects"][0]["tag_rules"] = [{"pattern": "^v"}]
    simulator.load(scenario)
    path = tmp_path / "audit.json"
    wanted = {"registry_audit_gather": ["protection_rules"], "registry_audit_json_path": str(path)}
    run = ansible.play(AUDIT, "-e", "registry_group=team", "-e", json.dumps(wanted))
    assert run.code == 0, run.output
    assert (
        "settings of 2 projects (team/app, team/sub/tool):\n  cleanup policies: 2 disabled\n  registry: 2 enabled\n"
        in table(run)
    )
    assert "rules for tags: 1 project (team/app)" in table(run)
    document = json.loads(path.read_text())
    assert [row["path"] for row in document["projects"]] == ["team/app", "team/sub/tool"]
    assert document["repositories"] == []
    assert simulator.counters() == {**simulator.counters(), "writes": 0, "total": 5}


def test_an_audit_of_a_broken_registry_reports_and_fails(ansible: Ansible, simulator: Simulator) -> None:
    scenario = team("M2")
    scenario["repositories"][1]["registry_state"] = "unreachable"
    simulator.load(scenario)
    run = ansible.play(AUDIT, *GROUP_AND_RULES)
    assert run.code != 0
    assert "unread, so its tags are kept: team/app/web: Could not list the tags" in " ".join(table(run).split())
    assert "expired 3" in table(run)
    assert stats(run, "registry_audit_summary")["result"] == "partial"


def test_names_of_projects_are_no_formulas_in_a_spreadsheet(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(team("M2"))
    simulator.faults(
        [
            {
                "path": "/v2/team/app/web/tags/list$",
                "action": "status",
                "status": 400,
                "json": {"errors": [{"code": "", "message": '=cmd|"/C calc"!A1 {{ 7 * 6 }}'}]},
            }
        ]
    )
    run = ansible.play(AUDIT, *GROUP_AND_RULES, "-e", f"registry_audit_csv_folder={tmp_path}")
    assert run.code != 0
    rows = csv.DictReader((tmp_path / "repositories.csv").read_text().splitlines())
    [row] = [row for row in rows if row["repository"] == "team/app/web"]
    assert '=cmd|"/C calc"!A1 {{ 7 * 6 }}' in row["error"]
    assert not row["error"].startswith("=")
    assert "42" not in row["error"]


@pytest.mark.versions
def test_the_cleanup_deletes_what_its_check_mode_shows(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    before = simulator.state()
    check = ansible.play(CLEANUP, "--check", "--diff", *GROUP_AND_RULES)
    assert check.code == 0, check.output
    assert simulator.state() == before
    assert "check mode: nothing was deleted" in table(check)
    assert "would be deleted:\n  team/app:dev-1  2026-03-03T12:00:00Z  expired\n" in table(check)
    run = ansible.play(CLEANUP, "--diff", *GROUP_AND_RULES)
    assert run.code == 0, run.output
    assert "outcome: 4 deleted" in table(run)
    assert "deleted: 4 tags\n  team/app:dev-1  2026-03-03T12:00:00Z  expired\n" in table(run)
    module = "containerops.gitlab.registry_cleanup"
    assert check.of(module).result["plan"] == run.of(module).result["plan"]
    told = {
        "result": "ok",
        "check_mode": False,
        "hosts": 1,
        "hosts_unfinished": [],
        "repositories": 3,
        "repositories_unread": 0,
        "tags": 14,
        "planned": 4,
        "fingerprint": run.of(module).result["plan"]["fingerprint"],
        "deleted": 4,
    }
    summary = stats(run, "registry_cleanup_summary")
    assert {name: summary.pop(name) for name in told} == told
    assert set(summary.values()) == {0}
    again = ansible.play(CLEANUP, *GROUP_AND_RULES)
    assert "changed=0" in again.output
    assert again.code == 0


def test_the_cleanup_has_no_default_pattern(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    run = ansible.play(CLEANUP, "-e", "registry_group=team")
    assert run.code != 0
    assert "one of the following is required: registry_cleanup_name_regex_delete, registry_cleanup_rules" in run.output
    assert simulator.counters()["total"] == 0


def test_the_audit_previews_what_the_cleanup_has_for_rules(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    listed = [
        {
            "name": "old development",
            "match": "dev-.*",
            "keep_n_per": [{"by": "month", "groups": 1}],
            "older_than": "30d",
        },
        {"match": "release-.*", "keep": True},
    ]
    (ansible.folder / "group_vars").mkdir()
    shared = {"registry_group": "team", "registry_cleanup_rules": listed, "registry_cleanup_return_limit": 1}
    (ansible.folder / "group_vars" / "all.yml").write_text(json.dumps({**shared, "registry_audit_return_limit": 100}))
    (ansible.folder / "hosts.yml").write_text(json.dumps({"all": {"hosts": {"localhost": None}}}))
    audit = ansible.play(AUDIT, "-i", "hosts.yml")
    run = ansible.play(CLEANUP, "-i", "hosts.yml", "-e", "registry_cleanup_return_limit=100")
    module = "containerops.gitlab.registry_cleanup"
    plan = audit.of(module).result["plan"]
    assert plan == run.of(module).result["plan"]
    assert {(row["name"], row["rule"]) for row in plan["delete"] if row["repository"] == "team/app"} == {
        ("dev-1", "old development"),
        ("dev-2", "old development"),
        ("dev-3", "old development"),
        ("dev-old", "old development"),
    }
    [kept] = [row for row in plan["keep"] if row["name"] == "release-1"]
    assert (kept["reason"], kept["rule"]) == ("keep_rule", "rule 2")


@pytest.mark.parametrize("before", ["registry_cleanup", "registry_audit"])
def test_a_cleanup_that_fails_early_reports_nothing_of_an_earlier_run(
    ansible: Ansible, simulator: Simulator, before: str
) -> None:
    simulator.load(team())
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "connection": "local",
        "vars": {**RULES, "registry_cleanup_group": "team", "registry_audit_group": "team"},
        "tasks": [
            {"include_role": {"name": f"containerops.gitlab.{before}"}},
            {
                "include_role": {"name": "containerops.gitlab.registry_cleanup"},
                "vars": {
                    "registry_cleanup_approved_plan_package": {"project": "team/app", "version": "9"},
                    "registry_cleanup_approved_plan_path": "plan",
                },
            },
        ],
    }
    (ansible.folder / "twice.yml").write_text(json.dumps([play]))
    run = ansible.play("twice.yml")
    assert run.code != 0
    assert "Fetch the approved plan" in run.output
    shown = [task for task in run.tasks if task.action == DEBUG and "msg" in task.result]
    assert len(shown) == 1


def test_a_refused_cleanup_still_shows_its_table(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    run = ansible.play(CLEANUP, *GROUP_AND_RULES, "-e", "registry_cleanup_max_deletions_total=0")
    assert run.code != 0
    assert "more than max_deletions_total 0" in table(run)
    assert stats(run, "registry_cleanup_summary")["result"] == "refused"
    assert simulator.counters()["writes"] == 0


def test_project_scope_and_other_hosts(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(team())
    inventory = tmp_path / "hosts.yml"
    inventory.write_text(
        json.dumps(
            {"registries": {"hosts": {name: {"registry_project": f"team/{name}"} for name in ("app", "sub/tool")}}}
        )
    )
    run = ansible.play(AUDIT, "-i", str(inventory), "-e", "target_hosts=registries")
    assert run.code == 0, run.output
    assert sorted(
        row["path"]
        for task in run.tasks
        if task.action == "containerops.gitlab.registry_info"
        for row in task.result["repositories"]
    ) == ["team/app", "team/app/web", "team/sub/tool"]


FLEET: dict[str, Any] = {
    "registry_settings_defaults": {"access_level": "private", "cleanup_policy": {"keep_n": 5}},
    "registry_settings_groups": [{"group": "team"}],
    "registry_settings_projects": [
        {
            "project": "team/app",
            "cleanup_policy": {"clear": ["keep_n"]},
            "tag_protection": {
                "rules": [
                    {
                        "tag_name_pattern": "^v",
                        "minimum_access_level_for_push": "maintainer",
                        "minimum_access_level_for_delete": "owner",
                    }
                ]
            },
        }
    ],
}


@pytest.mark.versions
def test_the_settings_are_reported_and_then_as_the_document_says(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(team())
    files = {kind: tmp_path / f"drift.{kind}" for kind in ("json", "csv")}
    wanted = FLEET | {f"registry_settings_{kind}_path": str(path) for kind, path in files.items()}
    options = ["--diff", "-e", json.dumps(wanted)]
    check = ansible.play(SETTINGS, "--check", *options, "-e", "registry_settings_fail_on_drift=true")
    assert check.code != 0
    assert check.tasks[-1].message == "2 of 2 projects are not as the document says."
    assert simulator.counters()["writes"] == 0
    assert "check mode: nothing was changed" in table(check)
    rows = list(csv.DictReader(files["csv"].read_text().splitlines()))
    assert [(row["project"], row["setting"], row["before"], row["after"]) for row in rows] == [
        ("team/app", "access_level", "enabled", "private"),
        ("team/app", "cleanup_policy.keep_n", "10", ""),
        ("team/app", "tag_protection ^v", "", "push: maintainer, delete: owner"),
        ("team/sub/tool", "access_level", "enabled", "private"),
        ("team/sub/tool", "cleanup_policy.keep_n", "10", "5"),
    ]
    document = json.loads(files["json"].read_text())
    assert document["totals"] == {"projects": 2, "differing": 2, "as_wanted": 0, "unknown": 0, "archived": 0}
    run = ansible.play(SETTINGS, *options)
    assert run.code == 0, run.output
    assert "2 projects were changed" in table(run)
    module = "containerops.gitlab.registry_settings"
    assert check.of(module).result["projects"] == run.of(module).result["projects"]
    assert stats(run, "registry_settings_summary")["differing"] == 2
    again = ansible.play(SETTINGS, "--check", *options, "-e", "registry_settings_fail_on_drift=true")
    assert again.code == 0, again.output
    assert "changed=0" in again.output
    assert "2 projects: 0 differ, 2 are as they should be, 0 unknown" in table(again)
    assert files["csv"].read_text().splitlines()[1:] == []


def test_an_empty_group_is_no_error(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(server([]))
    run = ansible.play(AUDIT, "-e", "registry_group=team")
    assert run.code == 0, run.output


@pytest.mark.versions
@pytest.mark.parametrize("role", ["registry_audit", "registry_cleanup", "registry_settings"])
def test_the_playbook_of_a_roles_readme_runs(ansible: Ansible, simulator: Simulator, role: str) -> None:
    simulator.load(team())
    readme = (ROOT / "roles" / role / "README.md").read_text()
    playbook = ansible.folder / "readme.yml"
    playbook.write_text(readme.partition("```yaml\n")[2].partition("```")[0])
    run = ansible.play(playbook)
    assert run.code == 0, run.output
    assert "team/app" in table(run)
    assert (simulator.counters()["writes"] == 0) is (role == "registry_audit")
