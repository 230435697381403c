# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbooks of an approval: plan deletes nothing, apply nothing else than the plan, and what they pass on."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.integration.driver import Ansible, Changes, Run
from tests.integration.repeated import events
from tests.integration.scenarios import TOKEN, tag, team
from tests.integration.test_gitlab_ci import registry
from tests.integration.test_roles import GROUP_AND_RULES, RULES, table
from tests.simulator.harness import Simulator

ROOT = Path(__file__).resolve().parents[2]
PLAN = "containerops.gitlab.plan"
APPLY = "containerops.gitlab.apply"
MERGE = "containerops.gitlab.merge_plans"
DELETED = {("team/app", "dev-1"), ("team/app", "dev-2"), ("team/app", "dev-3"), ("team/app/web", "dev-1")}
# What somebody might give who wants a plan to delete.
HOSTILE = {
    "ansible_check_mode": False,
    "check_mode": False,
    "registry_cleanup_check_mode": False,
    "__registry_cleanup_previews": False,
    "__registry_cleanup_writes_nothing": False,
    "registry_cleanup_ignored_variables": ["registry_cleanup_check_mode"],
}


def values(**more: Any) -> list[str]:
    return ["-e", json.dumps(more)]


def play(ansible: Ansible, playbook: str, *options: str, env: Changes = None, **more: Any) -> Run:
    """Run a playbook. more: the variables of registry_cleanup."""
    given = {f"registry_cleanup_{option}": value for option, value in more.items()}
    return ansible.play(playbook, *options, *values(**given), env=env)


def planned(ansible: Ansible, path: Path, **more: Any) -> str:
    """The fingerprint of a plan that the playbook wrote."""
    run = play(ansible, PLAN, *GROUP_AND_RULES, plan_path=str(path), **more)
    assert run.code == 0, run.output
    return str(stat(run, "registry_cleanup_summary")["fingerprint"])


def stat(run: Run, name: str) -> Any:
    """A statistic that one of the tasks passed on."""
    found = [
        task.result["ansible_stats"]["data"][name]
        for task in run.tasks
        if task.action == "ansible.builtin.set_stats" and name in task.result.get("ansible_stats", {}).get("data", ())
    ]
    return found[-1]


def gone(before: dict[str, list[str]], after: dict[str, list[str]]) -> set[tuple[str, str]]:
    return {(path, name) for path, names in before.items() for name in set(names) - set(after[path])}


@pytest.mark.parametrize("mode", [[], ["--check"]], ids=["run", "check"])
@pytest.mark.parametrize("more", [{}, HOSTILE], ids=["plain", "hostile"])
def test_a_plan_deletes_nothing_whatever_the_job_type(
    ansible: Ansible, simulator: Simulator, tmp_path: Path, mode: list[str], more: dict[str, Any]
) -> None:
    simulator.load(team())
    before = simulator.state()
    path, journal = tmp_path / "plan.jsonl", tmp_path / "journal"
    files = {"registry_cleanup_plan_path": str(path), "registry_cleanup_journal_path": str(journal)}
    run = ansible.play(PLAN, *mode, *GROUP_AND_RULES, *values(**files, **more))
    assert run.code == 0, run.output
    assert "changed=0" in run.output or more
    assert simulator.state() == before
    assert simulator.counters()["writes"] == 0
    assert not journal.exists()
    assert run.of("containerops.gitlab.registry_cleanup").result["plan"]["totals"]["delete"] == len(DELETED)
    # A hostile variable may have the plan written in check mode, and no more.
    assert path.exists() or mode
    assert not (path.exists() and mode and not more)


def test_a_plan_ends_with_what_an_approver_reads(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(team())
    path = tmp_path / "plan.jsonl"
    run = play(ansible, PLAN, *GROUP_AND_RULES, *values(awx_user_name="ana", awx_job_id=7), plan_path=str(path))
    assert run.code == 0, run.output
    text = table(run)
    fingerprint = stat(run, "registry_cleanup_summary")["fingerprint"]
    assert run.tasks[-1].action == "ansible.builtin.debug"
    assert text == stat(run, "registry_cleanup_approval_text")
    for line in (
        "To approve: delete 4 of the 14 tags in 3 repositories",
        "scope: group team",
        f"fingerprint: {fingerprint}",
        f"plan: {path}",
        "valid until: 2026-06-04T12:00:00Z (plan_max_age 72h)",
        "planned by: awx_user_name ana, awx_job_id 7",
        "complete: yes",
        "in use: not checked; running images may be deleted",
        "  keep_n: 1",
        "  4 expired: a rule matches them, and they are older than its older_than",
        "  team/app: 3 of 10 tags",
        "  team/app:dev-1  2026-03-03T12:00:00Z  expired",
    ):
        assert line in text.splitlines()


def test_a_plan_that_nobody_keeps_is_told(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    """Reports are made of a plan in a folder that the role removes."""
    simulator.load(team())
    run = play(ansible, PLAN, *GROUP_AND_RULES, html_path=str(tmp_path / "plan.html"))
    assert run.code == 0, run.output
    [line] = [line for line in table(run).splitlines() if line.startswith("plan: ")]
    assert line.startswith("plan: not written, so it can't be applied")


APPROVALS: list[tuple[dict[str, Any], str]] = [
    ({}, "registry_cleanup_approved_plan) and registry_cleanup_approved_fingerprint are missing or empty"),
    (
        {"approved_fingerprint": "FOUND"},
        "registry_cleanup_approved_plan_package or registry_cleanup_approved_plan) is missing or empty",
    ),
    ({"approved_plan_path": "PATH"}, "registry_cleanup_approved_fingerprint is missing or empty"),
    ({"approved_plan_path": "", "approved_fingerprint": ""}, "are missing or empty"),
    ({"approved_plan_path": None, "approved_fingerprint": " "}, "are missing or empty"),
    ({"approved_plan_path": "PATH", "approved_fingerprint": ""}, "registry_cleanup_approved_fingerprint is missing"),
    (
        {"approved_plan_path": " ", "approved_fingerprint": "FOUND"},
        "since the plan (registry_cleanup_approved_plan_path, ",
    ),
    ({"approved_plan": "", "approved_fingerprint": "FOUND"}, "since the plan (registry_cleanup_approved_plan_path, "),
    ({"approved_plan_path": "PATH", "approved_fingerprint": "sha256:" + "0" * 64}, "another plan was approved"),
    ({"approved_plan_path": "PATH", "approved_fingerprint": "0" * 12}, "another plan was approved"),
    ({"approved_plan_path": "PATH", "approved_fingerprint": "SHORT"}, "is not a fingerprint"),
    (
        {"approved_plan_path": "nowhere.jsonl", "approved_fingerprint": "FOUND"},
        "nowhere.jsonl does not exist, or this user may not see it: check the path.",
    ),
    (
        {"approved_plan_package": {"project": "team/app", "version": "1"}},
        "registry_cleanup_approved_fingerprint is missing or empty",
    ),
]


def test_nothing_is_applied_without_a_plan_and_its_fingerprint(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(team())
    path = tmp_path / "plan.jsonl"
    fingerprint = planned(ansible, path)
    simulator.clear_log()
    words = {"PATH": str(path), "FOUND": fingerprint, "SHORT": fingerprint[7:18]}
    for given, sentence in APPROVALS:
        meant = {name: words.get(str(value), value) for name, value in given.items()}
        # With rules and scope an unapproved cleanup would delete.
        run = play(ansible, APPLY, *GROUP_AND_RULES, **meant)
        assert run.code != 0, given
        [message] = [task.message for task in run.tasks if task.failed]
        assert sentence in message, (given, message)
        assert message.count("\n") == 0
        assert simulator.requests() == [], given


@pytest.mark.parametrize(
    "more",
    [
        ["--skip-tags", "always"],
        ["--start-at-task", "Read the variables"],
        values(__registry_apply_missing=[], registry_cleanup_require_approval=False, require_approval=False)
        + values(registry_cleanup_ignored_variables=["registry_cleanup_require_approval"]),
        values(__registry_apply_missing=[], __registry_apply_plan="x", __registry_apply_fingerprint="x"),
    ],
)
def test_no_variable_and_no_option_makes_an_unapproved_cleanup_of_it(
    ansible: Ansible, simulator: Simulator, more: list[str]
) -> None:
    simulator.load(team())
    run = ansible.play(APPLY, *GROUP_AND_RULES, *more)
    assert run.code != 0, run.output
    assert "without approval" in run.output or "is not a variable of the role" in run.output
    assert simulator.requests() == []


@pytest.mark.sweep(2)
@pytest.mark.parametrize("digits", [64, 12])
def test_the_plan_alone_says_what_is_deleted(
    ansible: Ansible, simulator: Simulator, tmp_path: Path, digits: int
) -> None:
    simulator.load(team())
    path, journal = tmp_path / "plan.jsonl", tmp_path / "journal.jsonl"
    typed = planned(ansible, path).removeprefix("sha256:")[:digits]
    # In between somebody pushes an old tag that the rules would choose, and one that was approved.
    simulator.edit_tags("team/app", put=[tag("dev-late", 99), tag("dev-2", 90, digest="sha256:" + "9" * 64)])
    before = simulator.state()
    approved: dict[str, Any] = {
        "approved_plan_path": str(path),
        "approved_fingerprint": typed,
        "journal_path": str(journal),
    }
    check = play(ansible, APPLY, "--check", **approved)
    assert check.code == 0, check.output
    assert simulator.state() == before
    run = play(ansible, APPLY, env={"CI_JOB_URL": "https://gitlab.example.com/-/jobs/9"}, **approved)
    assert run.code == 0, run.output
    assert gone(before, simulator.state()) == DELETED - {("team/app", "dev-2")}
    result = run.of("containerops.gitlab.registry_cleanup").result
    assert result["plan"]["approved"]["fingerprint"].startswith(f"sha256:{typed}")
    [start] = events(journal, "start")
    assert start["run_by"] == result["run_by"] == {"CI_JOB_URL": "https://gitlab.example.com/-/jobs/9"}


def test_limits_and_keepers_that_are_given_stand_above_the_plan(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(team())
    path = tmp_path / "plan.jsonl"
    approved: dict[str, Any] = {"approved_plan_path": str(path), "approved_fingerprint": planned(ansible, path)}
    before = simulator.state()
    limited = play(ansible, APPLY, **approved, max_deletions_total=3)
    assert "max_deletions_total" in limited.output
    assert simulator.state() == before
    clash = play(ansible, APPLY, **approved, repositories=["team/app"])
    assert "another scope" in clash.output
    kept = play(ansible, APPLY, **approved, protect=["dev-[12]"])
    assert kept.code == 0, kept.output
    assert gone(before, simulator.state()) == {("team/app", "dev-3")}


def test_who_ran_it_is_in_the_journal_and_the_token_is_not(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(team())
    path, journal = tmp_path / "plan.jsonl", tmp_path / "journal.jsonl"
    approved: dict[str, Any] = {"approved_plan_path": str(path), "approved_fingerprint": planned(ansible, path)}
    ran = {"tower_user_name": "bo\nb", "awx_job_id": 12, "tower_job_id": 13, "awx_workflow_job_id": 11}
    environment = {"GITLAB_USER_LOGIN": "ana", "CI_PIPELINE_ID": "5", "CI_JOB_URL": ""}
    more = {"journal_path": str(journal), "run_by": {"ticket": "CHG-7", "awx_job_id": "x" * 300}}
    run = play(ansible, APPLY, *values(**ran), env=environment, **approved, **more)
    assert run.code == 0, run.output
    [start] = events(journal, "start")
    assert start["run_by"] == {
        "awx_user_name": "bo?b",
        "awx_job_id": "x" * 252 + "...",
        "awx_workflow_job_id": "11",
        "GITLAB_USER_LOGIN": "ana",
        "CI_PIPELINE_ID": "5",
        "ticket": "CHG-7",
    }
    for text in (journal.read_text(), path.read_text(), run.output, json.dumps([task.result for task in run.tasks])):
        assert TOKEN not in text


def sources(path: Path, read_at: str | None) -> str:
    """A file of what is in use, as the role registry_in_use writes it."""
    source = {"name": "web-1", "images": ["team/app:dev-3"], "failed": ""}
    path.write_text(json.dumps({"sources": [{**source, "read_at": read_at} if read_at else source]}))
    return str(path)


def test_what_is_in_use_is_found_again_after_approval(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(team())
    path, file = tmp_path / "plan.jsonl", tmp_path / "in-use.json"
    fingerprint = planned(ansible, path, in_use_sources_path=sources(file, "2026-06-01T11:59:00Z"))
    approved: dict[str, Any] = {"approved_plan_path": str(path), "approved_fingerprint": fingerprint}
    simulator.clock(advance=2 * 3600)
    before = simulator.state()
    forgotten = play(ansible, APPLY, **approved)
    assert "find the images in use again, and set registry_cleanup_in_use_sources" in forgotten.output
    old = play(ansible, APPLY, **approved, in_use_sources_path=str(file))
    assert "the images in use were read longer ago than registry_cleanup_in_use_max_age (1 of 1 source" in old.output
    assert simulator.state() == before
    fresh = play(ansible, APPLY, **approved, in_use_sources_path=sources(file, "2026-06-01T13:30:00Z"))
    assert fresh.code == 0, fresh.output
    assert gone(before, simulator.state()) == DELETED - {("team/app", "dev-3")}


def test_the_time_of_sources_is_no_part_of_the_fingerprint(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(team())
    found = {
        planned(ansible, tmp_path / "plan.jsonl", in_use_sources_path=sources(tmp_path / "in-use.json", read_at))
        for read_at in (None, "2026-06-01T11:59:00Z", "2026-06-01T11:01:00Z")
    }
    assert len(found) == 1


PROJECTS = {"team/app": "team/app", "team/sub/tool": "team/sub/tool"}


def fleet(ansible: Ansible, folder: Path) -> list[str]:
    """An inventory with a host for each project, and the options that a play for all of them needs."""
    hosts = {name: {"registry_project": [path], "ansible_connection": "local"} for name, path in PROJECTS.items()}
    (folder / "hosts.yml").write_text(json.dumps({"fleet": {"hosts": hosts}}))
    return ["-i", str(folder / "hosts.yml"), *values(target_hosts="fleet")]


PACKAGE = {"project": "team/app", "version": "7"}
OWN_FILE = "{{ inventory_hostname | replace('/', '-') }}.jsonl"


@pytest.mark.versions
def test_the_plans_of_all_hosts_are_approved_and_applied_as_one(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(team())
    before = simulator.state()
    hosts, own = fleet(ansible, tmp_path), f"{tmp_path}/{OWN_FILE}"
    several = play(
        ansible, PLAN, *hosts, *values(**RULES), plan_path=own, plan_package={**PACKAGE, "file_name": OWN_FILE}
    )
    assert several.code == 0, several.output
    assert table(several).startswith("Nothing to approve yet: 2 hosts made a plan each.")
    limited = play(ansible, MERGE, *hosts, *values(registry_plans_package=PACKAGE), max_deletions_total=3)
    assert "more than max_deletions_total 3" in limited.output
    merged = play(ansible, MERGE, *hosts, *values(registry_plans_package=PACKAGE), env={"USER": "ana"})
    assert merged.code == 0, merged.output
    fingerprint = stat(merged, "registry_plans_fingerprint")
    assert stat(merged, "registry_plans_delete") == len(DELETED)
    assert stat(merged, "registry_cleanup_approval_text") == table(merged)
    lines = table(merged).splitlines()
    assert lines[0] == "To approve: delete 4 of the 14 tags in 3 repositories"
    for line in (
        f"server: {simulator.url}, by its clock 2026-06-01T12:00:00Z",
        f"fingerprint: {fingerprint}",
        "plan: merged.jsonl, version 7 of the package registry-cleanup-plan in team/app",
        "valid until: 2026-06-04T12:00:00Z (plan_max_age 72h)",
        "merged by: user ana",
        "complete: yes",
        "in use: not checked; running images may be deleted",
        f"  name_regex_delete: {RULES['registry_cleanup_name_regex_delete']}",
        "  project team/app: 4 of 13 tags",
        "  team/app: 3 of 10 tags",
        "  team/app:dev-1  2026-03-03T12:00:00Z  expired",
    ):
        assert line in lines, (line, lines)
    assert simulator.state() == before
    approved: dict[str, Any] = {
        "approved_plan_path": f"{tmp_path}/approved-{OWN_FILE}",
        "approved_plan_package": {**PACKAGE, "file_name": "merged.jsonl"},
        "approved_fingerprint": fingerprint,
    }
    # What the merging passed on are variables of the next job.
    passed_on = values(
        registry_plans_fingerprint=fingerprint, registry_plans_delete=4, registry_cleanup_approval_text="x"
    )
    run = play(ansible, APPLY, *hosts, *passed_on, **approved)
    assert run.code == 0, run.output
    assert gone(before, simulator.state()) == DELETED


def test_a_plan_that_is_missing_is_not_merged_away(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(team())
    hosts = fleet(ansible, tmp_path)
    one = play(
        ansible, PLAN, *hosts, *values(**RULES), "--limit", "team/app",
        plan_path=f"{tmp_path}/{OWN_FILE}", plan_package={**PACKAGE, "file_name": OWN_FILE},
    )  # fmt: skip
    assert one.code == 0, one.output
    writes = simulator.counters()["writes"]
    missing = play(ansible, MERGE, *hosts, *values(registry_plans_package=PACKAGE))
    assert missing.code != 0
    [message] = [task.message for task in missing.tasks if task.failed]
    assert message == (
        "1 plan was found and 2 hosts are in target_hosts (team/app, team/sub/tool): team/sub/tool has none. Make the "
        "plans of all hosts, and give the same target_hosts and inventory as to plan."
    )
    assert simulator.counters()["writes"] == writes


NOT_OF_IT = "is not a variable of this playbook"
MISSPELT: list[tuple[dict[str, Any], str]] = [
    ({"registry_plan_expected": 2}, f"registry_plan_expected {NOT_OF_IT}: write registry_plans_expected."),
    ({"registry_plan_paths": ["x"]}, f"registry_plan_paths {NOT_OF_IT}: write registry_plans_paths."),
    ({"registry_plans_limit": 3}, f"registry_plans_limit {NOT_OF_IT}, which has registry_connection,"),
    ({"registry_conection": {}}, f"registry_conection {NOT_OF_IT}: write registry_connection."),
    (
        {"registry_cleanup_max_deletion_total": 3},
        "registry_cleanup_max_deletion_total is not a variable of the role registry_cleanup: perhaps "
        "registry_cleanup_max_deletions_total is meant.",
    ),
    (
        {"registry_plans_package": {"project": "team/app"}},
        "registry_plans_package has no version, and this is not a job",
    ),
    ({"registry_plans_package": {"version": "7"}}, "registry_plans_package has no project"),
    ({"registry_plans_package": {**PACKAGE, "file": "x"}}, 'registry_plans_package has the key "file": the keys are'),
    ({"registry_plans_expected": "two"}, 'registry_plans_expected is "two", which is not a whole number.'),
    ({"registry_cleanup_max_deletions_total": "many"}, 'registry_cleanup_max_deletions_total is "many", which is not'),
]


def test_what_can_not_be_meant_is_refused_before_plans_are_merged(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(team())
    hosts = fleet(ansible, tmp_path)
    simulator.clear_log()
    for given, sentence in MISSPELT:
        run = play(ansible, MERGE, *hosts, *values(**{"registry_plans_package": PACKAGE, **given}))
        [message] = [task.message for task in run.tasks if task.failed]
        assert message.startswith(sentence), (given, message)
        assert simulator.requests() == [], given


@pytest.mark.slow
def test_more_plans_than_hosts_are_not_merged(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(team())
    hosts = fleet(ansible, tmp_path)
    several = play(
        ansible, PLAN, *hosts, *values(**RULES),
        plan_path=f"{tmp_path}/{OWN_FILE}", plan_package={**PACKAGE, "file_name": OWN_FILE},
    )  # fmt: skip
    assert several.code == 0, several.output
    run = play(ansible, MERGE, *values(registry_plans_package=PACKAGE))
    [message] = [task.message for task in run.tasks if task.failed]
    assert message == (
        "2 plans were found and 1 host is in target_hosts (localhost): give the same target_hosts and inventory as to "
        "plan."
    )


@pytest.mark.slow
@pytest.mark.parametrize("mode", [[], ["--check"]], ids=["run", "check"])
def test_local_plans_are_merged(ansible: Ansible, simulator: Simulator, tmp_path: Path, mode: list[str]) -> None:
    simulator.load(team())
    plans = [str(tmp_path / "app.jsonl"), str(tmp_path / "tool.jsonl")]
    for path, project in zip(plans, PROJECTS.values(), strict=True):
        made = play(ansible, PLAN, *values(registry_project=[project], **RULES), plan_path=path)
        assert made.code == 0, made.output
    simulator.clear_log()
    target = tmp_path / "all.jsonl"
    given = {"registry_plans_paths": plans, "registry_plans_merged_path": str(target), "registry_plans_expected": 2}
    run = play(ansible, MERGE, *mode, *values(**given))
    assert run.code == 0, run.output
    assert simulator.requests() == []
    assert target.exists() is not bool(mode)
    assert f"plan: {target}" in table(run)
    assert "changed=1" in run.output or mode
    again = play(ansible, MERGE, *mode, *values(**{**given, "registry_plans_expected": 3}))
    sentence = (
        "2 plans were found and registry_plans_expected is 3: name the plans of all hosts in registry_plans_paths."
    )
    assert sentence in [task.message for task in again.tasks if task.failed]


def shell_blocks(page: str) -> list[str]:
    parts = (ROOT / "docs" / page).read_text().split("```shell\n")[1:]
    return [part.partition("```")[0] for part in parts]


def test_the_page_shows_what_an_approver_reads(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(team())
    page = (ROOT / "docs" / "approval.md").read_text()
    (tmp_path / "rules.yml").write_text(page.partition("```yaml\n")[2].partition("```")[0])
    path = tmp_path / "plan.jsonl"
    run = play(ansible, PLAN, "-e", f"@{tmp_path / 'rules.yml'}", env={"USER": "ana"}, plan_path=str(path))
    text = table(run).replace(simulator.url, "https://gitlab.example.com").replace(str(path), "/plans/plan.jsonl")
    fingerprint = str(stat(run, "registry_cleanup_summary")["fingerprint"]).removeprefix("sha256:")
    invented = "6f1a2b0c9d8e7f60514233445566778899aabbccddeeff001122334455667788"
    text = text.replace(fingerprint, invented).replace(fingerprint[:12], invented[:12])
    shown = page.partition("```text\n")[2].partition("  ...\n```")[0]
    assert text.startswith(shown), text


def test_the_page_does_what_it_says(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(registry())
    before = simulator.state()
    # Following a journal needs a run to follow.
    plan, in_use, apply, _follow, merge, merge_files = shell_blocks("approval.md")
    rules = (ROOT / "docs" / "approval.md").read_text().partition("```yaml\n")[2].partition("```")[0]
    (tmp_path / "rules.yml").write_text(rules)

    def run(command: str) -> str:
        done = ansible.script(command, tmp_path, {})
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    screen = run(plan)
    assert simulator.state() == before
    [typed] = re.findall(r"the beginning is enough, if typed by hand: ([0-9a-f]{12})", screen)
    run(in_use)
    assert "6f1a2b0c9d8e" in apply
    run(apply.replace("6f1a2b0c9d8e", typed))
    assert gone(before, simulator.state()) == {("team/app", "dev-1"), ("team/app", "dev-2")}
    # Two plans, in files and in packages.
    fleet(ansible, tmp_path)
    for host, file in (("team/app", "app.jsonl"), ("team/sub/tool", "tool.jsonl")):
        made: dict[str, Any] = {"registry_project": [host], "registry_cleanup_plan_path": file}
        made |= {"registry_cleanup_plan_package": {**PACKAGE, "file_name": f"{host.replace('/', '-')}.jsonl"}}
        run(f"{plan.strip().replace('-e @rules.yml', '')} -e '{json.dumps({**made, **RULES})}'")
    assert "To approve: " in run(merge.replace("team/plans", PACKAGE["project"]))
    assert "To approve: " in run(merge_files)
