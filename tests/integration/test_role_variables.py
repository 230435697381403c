# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of roles and playbooks, given as people and automation controllers give them."""

from __future__ import annotations

import json
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.driver import Ansible, Run
from tests.integration.scenarios import repository, tag, team
from tests.integration.test_readme import yaml_blocks
from tests.integration.test_roles import AUDIT, CLEANUP, GROUP_AND_RULES, RULES, stats, table
from tests.simulator.harness import Simulator
from tests.tools.collection import ROOT

MODULE = "containerops.gitlab.registry_cleanup"
ROLES = (
    *("registry_audit", "registry_cleanup", "registry_garbage_collect", "registry_in_use"),
    *("registry_restore", "registry_settings"),
)
SCOPE = {"registry_cleanup_group": "team"}
# What keeps tags or limits what is deleted, with a value of each.
GUARDS: dict[str, Any] = {
    "name_regex_keep": ".*-old",
    "older_than": "30d",
    "min_age": "1d",
    "protect": ["release-.*"],
    "keep_n": 1,
    "keep_n_per": [{"by": "month"}],
    "in_use": ["team/app:dev-1"],
    "in_use_sources": [{"name": "web", "images": ["team/app:dev-1"]}],
    "in_use_sources_expected": ["web"],
    "in_use_sources_path": "/tmp/in-use.json",
    "keep_refs": ["branches"],
    "keep_deployments": 1,
    "repositories": ["team/app"],
    "exclude_repositories": ["team/app/web"],
    "min_remaining": 1,
    "max_deletions": 5,
    "max_deletions_total": 5,
    "max_deletions_percent": 50,
    "max_unknown_percent": 50,
    "max_drift_percent": 5,
    "approved_plan_path": "/tmp/plan.jsonl",
    "approved_plan": "{}",
    "approved_fingerprint": "sha256:" + "0" * 64,
    "plan_max_age": "72h",
    "dates_valid_from": "2026-01-01",
    "gather_in_use": True,
    "require_digest": True,
}
EMPTIES = ["", " \n", None]


def tries(ansible: Ansible, roles: list[tuple[str, dict[str, Any]]], *options: str, **variables: Any) -> Run:
    """Run roles one after another in one play, each whatever came of the one before it."""
    tasks = [
        {
            "block": [{"include_role": {"name": f"containerops.gitlab.{role}"}, "vars": given}],
            "rescue": [{"meta": "noop"}],
        }
        for role, given in roles
    ]
    play = {"hosts": "localhost", "gather_facts": False, "connection": "local", "vars": variables, "tasks": tasks}
    (ansible.folder / "tries.yml").write_text(json.dumps([play]))
    return ansible.play("tries.yml", *options)


def failures(run: Run) -> list[str]:
    return [task.message for task in run.tasks if task.failed]


def test_every_role_refuses_what_it_does_not_know_from_wherever_it_comes(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(team())
    for folder, name, values in (
        ("group_vars", "all", {"registry_cleanup_olderthan": "30d", **SCOPE, **RULES}),
        ("host_vars", "localhost", {"registry_settings_projcts": []}),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{name}.yml").write_text(json.dumps(values))
    (tmp_path / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": {"localhost": None}}}))
    run = tries(
        ansible,
        [(role, {"registry_audit_groop": "team"} if role == "registry_audit" else {}) for role in ROLES],
        *("-i", "hosts.yml", "-e", "registry_in_use_host=web-1", "-e", "registry_restore_journal=/r/journal"),
        registry_garbage_collect_unttaged=True,
    )
    assert [message.partition("; ")[0].rstrip(".") for message in failures(run)] == [
        f"{name} is not a variable of the role {role}: perhaps {near} is meant"
        for role, name, near in (
            ("registry_audit", "registry_audit_groop", "registry_audit_group"),
            ("registry_cleanup", "registry_cleanup_olderthan", "registry_cleanup_older_than"),
            ("registry_garbage_collect", "registry_garbage_collect_unttaged", "registry_garbage_collect_untagged"),
            ("registry_in_use", "registry_in_use_host", "registry_in_use_hosts"),
            ("registry_restore", "registry_restore_journal", "registry_restore_journal_path"),
            ("registry_settings", "registry_settings_projcts", "registry_settings_projects"),
        )
    ]
    # The rules of an audit are those of the cleanup.
    assert "perhaps registry_cleanup_older_than is meant" in failures(run)[0]
    assert simulator.counters()["total"] == 0


MISSPELT = [
    *("registry_protect", "registryCleanupProtect", "registry_cleanup_summary_protect", "registry_cleaning_protect"),
    *("rgistry_cleanup_protect", "_registry_cleanup_protect", "gitlab_container_registry_cleanup_protect"),
    *("container_registry_cleanup_protect", "cleanup_protect", "registry_audit_protect", "registry_cleanup_protekt"),
]


@pytest.mark.sweep(2)
@pytest.mark.parametrize("role", ["registry_cleanup", "registry_audit"])
def test_a_guard_under_another_name_deletes_nothing(ansible: Ansible, simulator: Simulator, role: str) -> None:
    simulator.load(team())
    before = simulator.state()
    rules = {f"{role}_group": "team", **SCOPE, "registry_cleanup_name_regex_delete": ".*"}
    run = tries(ansible, [(role, {**rules, name: ["release-.*"]}) for name in MISSPELT])
    assert len(failures(run)) == len(MISSPELT)
    for message, name in zip(failures(run), MISSPELT, strict=True):
        assert f"{name} is not a variable of the role " in message
        assert "registry_cleanup_protect" in message
    assert simulator.counters()["total"] == 0
    assert simulator.state() == before


def test_a_variable_that_is_meant_for_something_else_can_be_named(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    rules = {**SCOPE, "registry_cleanup_name_regex_delete": "dev-.*", "registry_cleanup_older_than": "30d"}
    given: list[dict[str, Any]] = [
        {"registry_protect": ["a"], "registry_cleanup_ignored_variables": "registry_protect\n"},
        {"registry_protect": ["release-.*"], "registry_cleanup_protect": "{{ registry_protect }}"},
        # What could be no pattern, and what needs something that is not there, is somebody else's.
        {"registry_protect": True, "gitlab_registry_url": "{{ nowhere }}", "registry_host": "{{ nowhere }}"},
    ]
    run = tries(ansible, [("registry_cleanup", {**rules, **more}) for more in given], "--check")
    assert failures(run) == []
    assert len([task for task in run.tasks if task.action == MODULE]) == len(given)


def test_no_empty_value_takes_a_guard_away(ansible: Ansible, simulator: Simulator) -> None:
    """Each with one of them in turn: the unit tests have all of them for all variables."""
    simulator.load(team())
    before = simulator.state()
    rules = {**SCOPE, "registry_cleanup_name_regex_delete": ".*"}
    given = [
        {**rules, f"registry_cleanup_{guard}": empty} for guard, empty in zip(GUARDS, cycle(EMPTIES), strict=False)
    ]
    run = tries(ansible, [("registry_cleanup", values) for values in given])
    assert len(failures(run)) == len(given)
    for message, values in zip(failures(run), given, strict=True):
        assert list(values)[-1] in message
    assert simulator.counters()["total"] == 0
    assert simulator.state() == before


# What a file of sources may hold, with the words that refuse it; None is a folder.
FILES_OF_SOURCES: list[tuple[bytes | None, str]] = [
    (None, "is a folder: give the name of a file"),
    (b"", "is not JSON: it has to be a file of the role registry_in_use"),
    (b"no json", "is not JSON"),
    (b"\xff\xfe{}", "is not a text in UTF-8"),
    (b"[]", "contains no sources: it has to be a file of the role registry_in_use"),
    (b"{}", "contains no sources"),
    (b'{"sources": null}', "holds null instead of a list of sources"),
    (b'{"sources": "abc"}', 'holds "abc" instead of a list of sources'),
    (b'{"sources": []}', "contains no source, so the images in use are unknown"),
    (b'{"sources": [1, null]}', "holds 1 as source 1: it has to be a dictionary with name and images"),
    (b'{"sources": [{"name": "web", "images": "{{ 1 }}", "x": 1}]}', "holds 'x' in source 1 (web)"),
    (b'{"sources": [{"name": "web"}], "sources": []}', "has the key 'sources' twice in one object"),
]
EMPTY_VALUES: list[Any] = [[], "[]"]
EMPTY_LISTS = ("in_use_sources", "in_use", "protect", "in_use_sources_expected", "keep_n_per", "keep_refs")


def test_a_file_of_sources_that_says_nothing_deletes_nothing(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(team())
    rules = {**SCOPE, "registry_cleanup_name_regex_delete": ".*"}
    paths = [tmp_path / f"sources-{number}.json" for number in range(len(FILES_OF_SOURCES))]
    for path, (content, _words) in zip(paths, FILES_OF_SOURCES, strict=True):
        path.mkdir() if content is None else path.write_bytes(content)
    run = tries(
        ansible,
        [("registry_cleanup", {**rules, "registry_cleanup_in_use_sources_path": str(path)}) for path in paths],
    )
    assert len(failures(run)) == len(FILES_OF_SOURCES)
    for path, (_content, words), message in zip(paths, FILES_OF_SOURCES, failures(run), strict=True):
        assert message.startswith(f"registry_cleanup_in_use_sources_path {path} {words}")
        assert message.endswith(".")
        assert "\n" not in message
    assert simulator.counters()["total"] == 0


@pytest.mark.sweep(2)
@pytest.mark.parametrize("role", ["registry_cleanup", "registry_audit"])
def test_an_empty_list_is_no_guard_that_was_left_out(ansible: Ansible, simulator: Simulator, role: str) -> None:
    simulator.load(team())
    before = simulator.state()
    rules: dict[str, Any] = {f"{role}_group": "team", "registry_cleanup_name_regex_delete": ".*", **SCOPE}
    given: list[dict[str, Any]] = [
        {**rules, f"registry_cleanup_{option}": empty} for option in EMPTY_LISTS for empty in EMPTY_VALUES
    ]
    given += [{**rules, "registry_cleanup_approved_plan_package": {}}]
    given += [{**rules, "registry_cleanup_approved_plan_package": "{}"}]
    given += [{**rules, "registry_cleanup_name_regex_delete": ""}]
    run = tries(ansible, [(role, values) for values in given])
    assert len(failures(run)) == len(given)
    for message, values in zip(failures(run), given, strict=True):
        assert ("registry_cleanup_name_regex_delete" if values is given[-1] else list(values)[-1]) in message
    assert simulator.counters()["writes"] == 0
    assert simulator.state() == before


def test_an_audit_that_gathers_nothing_more_lists_the_repositories(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    run = ansible.play(AUDIT, "-e", json.dumps({"registry_group": "team", "registry_audit_gather": []}))
    assert run.code == 0
    assert "team/app" in run.output
    assert simulator.counters()["writes"] == 0


@pytest.mark.parametrize(
    ("role", "one", "other"),
    [
        ("registry_audit", "registry_audit_json_path", "registry_audit_markdown_path"),
        ("registry_audit", "registry_audit_json_path", "registry_cleanup_journal_path"),
        ("registry_audit", "registry_audit_plan_path", "registry_cleanup_in_use_sources_path"),
        ("registry_cleanup", "registry_cleanup_plan_path", "registry_cleanup_in_use_sources_path"),
        ("registry_cleanup", "registry_cleanup_journal_path", "registry_cleanup_approved_plan_path"),
        ("registry_settings", "registry_settings_json_path", "registry_settings_csv_path"),
    ],
)
def test_no_role_writes_one_file_for_two(
    ansible: Ansible, simulator: Simulator, tmp_path: Path, role: str, one: str, other: str
) -> None:
    simulator.load(team())
    (tmp_path / "file").write_text("as it was")
    (tmp_path / "link").symlink_to("file")
    given = {"registry_audit_group": "team", **SCOPE, "registry_cleanup_name_regex_delete": "dev-.*"}
    run = tries(ansible, [(role, {**given, one: "sub/../file", other: str(tmp_path / "link")})])
    [message] = failures(run)
    assert message.endswith("give each a file of its own.")
    assert (tmp_path / "file").read_text() == "as it was"
    assert simulator.counters()["total"] == 0


AS_GIVEN: dict[str, Any] = {
    "registry_cleanup_name_regex_delete": " (dev|release)-.*\n",
    "registry_cleanup_name_regex_keep": ".*-old\n",
    "registry_cleanup_protect": "release-.*\r\nv.*\n",
    "registry_cleanup_keep_n": "1",
    "registry_cleanup_older_than": "30d\n",
    "registry_cleanup_allow_latest": "false",
    "registry_cleanup_gather_in_use": "no",
    "registry_cleanup_max_deletions_total_percent": " 90 ",
    "registry_cleanup_exclude_repositories": "team/sub/tool",
    "registry_cleanup_plan_path": "",
    "registry_cleanup_wait_timeout": "60\n",
    "registry_group": " team ",
    "registry_project": "",
}


@pytest.mark.parametrize("playbook", [CLEANUP, AUDIT])
def test_texts_are_read_as_what_they_mean(ansible: Ansible, simulator: Simulator, playbook: str) -> None:
    simulator.load(team())
    clean = {
        **RULES,
        "registry_cleanup_protect": ["release-.*", "v.*"],
        "registry_cleanup_max_deletions_total_percent": 90,
        "registry_cleanup_exclude_repositories": ["team/sub/tool"],
        "registry_cleanup_wait_timeout": 60,
        "registry_group": "team",
    }
    texts = {**AS_GIVEN, "registry_audit_estimate": "false", "registry_audit_gather": "tags\ntags_count\n"}
    plans = []
    for values in (clean, texts):
        run = ansible.play(playbook, "--check", "-e", json.dumps(values))
        assert run.code == 0, run.output
        plans.append(run.of(MODULE).result["plan"])
    assert plans[0] == plans[1]
    assert len(plans[0]["delete"]) == 4


def test_rules_may_be_the_text_of_a_form(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    rules = [{"match": "dev-.*", "older_than": "30d"}, {"match": "release-.*", "keep": True}]
    plays = [("registry_cleanup", {**SCOPE, "registry_cleanup_rules": form}) for form in (rules, yaml.safe_dump(rules))]
    run = tries(ansible, [*plays, ("registry_cleanup", {**SCOPE, "registry_cleanup_rules": "match: ["})], "--check")
    plans = [task.result["plan"] for task in run.tasks if task.action == MODULE]
    assert len(plans) == 2
    assert plans[0] == plans[1]
    assert plans[0]["totals"]["delete"] == 5
    assert failures(run) == ["registry_cleanup_rules is not valid YAML in line 1."]


def test_the_variables_of_the_role_work_for_the_playbook_too(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(team())
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars" / "all.yml").write_text(json.dumps({**RULES, **SCOPE}))
    (tmp_path / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": {"localhost": None}}}))
    run = ansible.play(CLEANUP, "--check", "-i", "hosts.yml")
    assert run.code == 0, run.output
    assert stats(run, "registry_cleanup_summary")["planned"] == 4
    narrow = ansible.play(CLEANUP, "-i", "hosts.yml", "-e", "registry_group=team/sub")
    assert failures(narrow) == ["registry_group and registry_cleanup_group give different scopes: set one of them."]
    assert simulator.counters()["writes"] == 0


def test_the_last_node_of_a_workflow_takes_what_the_one_before_it_passed_on(
    ansible: Ansible, simulator: Simulator
) -> None:
    simulator.load(team())
    check = ansible.play(CLEANUP, "--check", *GROUP_AND_RULES)
    data = check.of("ansible.builtin.set_stats").result["ansible_stats"]["data"]
    assert data["registry_cleanup_summary_planned"] == 4
    run = ansible.play(CLEANUP, *GROUP_AND_RULES, "-e", json.dumps(data))
    assert run.code == 0, run.output


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "no scope is set: set one of registry_group, registry_project, registry_repository_id."),
        (
            {"registry_group": "team", "registry_cleanup_in_use_sources_path": "nowhere.json"},
            "registry_cleanup_in_use_sources_path {folder}/nowhere.json does not exist: the job that writes it may",
        ),
        (
            {"registry_group": "team", "registry_cleanup_min_remaining": 9, "registry_cleanup_allow_latest": True},
            "set registry_cleanup_on_limit to skip_repository",
        ),
        (
            {"registry_group": "team", "registry_cleanup_rules": [{"match": "a"}]},
            "registry_cleanup_rules|registry_cleanup_name_regex_delete",
        ),
    ],
)
def test_what_is_refused_is_said_in_the_variables_of_the_role(
    ansible: Ansible, simulator: Simulator, tmp_path: Path, values: dict[str, Any], words: str
) -> None:
    simulator.load(team())
    (tmp_path / "hosts.yml").write_text("{}")
    run = ansible.play(CLEANUP, "-e", json.dumps({**RULES, **values}))
    assert run.code != 0
    assert words.format(folder=tmp_path) in failures(run)[-1]
    assert simulator.counters()["writes"] == 0


def test_nothing_to_gather_from_names_the_variables(ansible: Ansible) -> None:
    run = ansible.play("containerops.gitlab.in_use")
    assert failures(run) == [
        "The images in use can't be gathered, since no source is set: set registry_in_use_hosts, "
        "registry_in_use_kubernetes, registry_in_use_pull_logs or registry_in_use_references."
    ]


def test_relative_paths_are_of_the_folder_where_the_run_was_started(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(team())
    files = ("audit_json_path", "audit_markdown_path", "audit_plan_path")
    values = {f"registry_{name}": f"{name}.out" for name in files}
    audit = ansible.play(AUDIT, *GROUP_AND_RULES, "-e", json.dumps(values))
    assert audit.code == 0, audit.output
    check = ansible.play(CLEANUP, "--check", *GROUP_AND_RULES, "-e", "registry_cleanup_plan_path=team.jsonl")
    assert check.code == 0, check.output
    for run, name in [(audit, name) for name in values.values()] + [(check, "team.jsonl")]:
        assert (tmp_path / name).exists()
        assert str(tmp_path / name) in table(run)
    assert not list((ROOT / "playbooks").glob("*.jsonl"))


@pytest.mark.slow
def test_playbooks_that_use_an_api_alone_become_nobody_else(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    assert ansible.play(CLEANUP, *GROUP_AND_RULES, "-e", "registry_cleanup_journal_path=journal").code == 0
    unable = {"ANSIBLE_BECOME_EXE": "/nonexistent/sudo"}
    for playbook in (AUDIT, CLEANUP, "containerops.gitlab.restore", "containerops.gitlab.settings"):
        run = ansible.play(
            playbook,
            "--become",
            "--check",
            *GROUP_AND_RULES,
            "-e",
            '{"registry_settings_groups": [{"group": "team"}], "registry_restore_journal_path": "journal"}',
            env=unable,
        )
        assert run.code == 0, run.output


HOSTS = ("app", "nowhere", "sub/tool", "broken")


def test_several_hosts_are_told_in_one_table_and_one_statistic(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    scenario = team()
    tags = [tag("dev-1", 90), tag("dev-2", 80), tag("v1", 1)]
    scenario["repositories"].append(repository(105, "team/sub/tool", "x", tags))
    simulator.load(scenario)
    hosts: dict[str, dict[str, Any]] = {name: {"registry_project": [f"team/{name}"]} for name in HOSTS}
    hosts["broken"]["registry_cleanup_olderthan"] = "1d"
    (tmp_path / "hosts.yml").write_text(yaml.safe_dump({"registries": {"hosts": hosts}}))
    options = ("-i", "hosts.yml", "-e", "target_hosts=registries", "-e", json.dumps(RULES))
    run = ansible.play(CLEANUP, *options)
    assert run.code != 0
    summary = stats(run, "registry_cleanup_summary")
    single = {"result": "failed", "hosts": 4, "planned": 5, "deleted": 5, "repositories": 4, "fingerprint": ""}
    assert {name: summary[name] for name in single} == single
    assert sorted(summary["hosts_unfinished"]) == ["broken", "nowhere"]
    data = run.of("ansible.builtin.set_stats").result["ansible_stats"]["data"]
    assert data["registry_cleanup_summary_deleted"] == 5
    assert "total of 4 hosts" in table(run)
    assert "did not finish: " in table(run)
    # The others end as they would alone.
    assert "team/nowhere" in run.output
    audit = ansible.play(AUDIT, *options)
    summary = stats(audit, "registry_audit_summary")
    assert (summary["hosts"], summary["repositories"], summary["would_delete"]) == (4, 4, 0)
    assert summary["result"] == "failed"


def test_what_became_of_an_approved_plan_is_on_the_screen(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(team())
    plan = tmp_path / "plan.jsonl"
    check = ansible.play(CLEANUP, "--check", *GROUP_AND_RULES, "-e", f"registry_cleanup_plan_path={plan}")
    fingerprint = stats(check, "registry_cleanup_summary")["fingerprint"]
    assert f"to approve it:\n  registry_cleanup_approved_fingerprint={fingerprint}" in table(check)
    assert f"{plan}\n" in table(check)
    simulator.edit_tags("team/app", remove=["dev-1"])
    given = {
        "registry_cleanup_approved_plan_path": str(plan),
        "registry_cleanup_approved_fingerprint": fingerprint,
        "registry_cleanup_journal_path": "journal.jsonl",
        "registry_cleanup_name_regex_keep": "dev-2|.*-old",
    }
    run = ansible.play(CLEANUP, *GROUP_AND_RULES, "-e", json.dumps(given))
    assert run.code == 0, run.output
    shown = table(run)
    assert "approved: 4 tags" in shown
    assert "outcome: 1 deleted of 4 approved; 2 kept (keep_n 1, keep_pattern 1), 1 vanished" in shown
    assert "  vanished: 1 tag, no longer there (if" in shown
    assert "  kept: 2 tags, kept by today's rules or limits (keep_n 1, keep_pattern 1)\n" in shown
    assert "  team/app:dev-1  vanished\n" in shown
    summary = stats(run, "registry_cleanup_summary")
    assert (summary["approved"], summary["deleted"], summary["approved_vanished"], summary["approved_kept"]) == (
        4,
        1,
        1,
        2,
    )
    again = ansible.play(CLEANUP, *GROUP_AND_RULES, "-e", json.dumps(given))
    assert "  1 of them was deleted by an earlier run\n" in table(again)
    assert stats(again, "registry_cleanup_summary")["deleted_before"] == 1


def test_the_first_command_of_the_page(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    (ansible.folder / "rules.yml").write_text(yaml_blocks("role-variables.md")[0])
    command = (ROOT / "docs" / "role-variables.md").read_text().partition("```shell\nansible-playbook ")[2]
    run = ansible.play(*command.partition("\n")[0].split())
    assert run.code == 0, run.output
    assert "check mode: nothing was deleted" in run.output
    assert simulator.counters()["writes"] == 0
