# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook that undoes a cleanup: what it shows first is what it does, and then there is nothing to do."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.integration.driver import TOKEN, Ansible, Run
from tests.integration.repeated import writes
from tests.integration.scenarios import repository, server, tag
from tests.integration.test_registry_restore import APP, TOOL, WEB, clean, everything, fleet
from tests.integration.test_role_variables import tries
from tests.integration.test_roles import stats, table
from tests.simulator.harness import Simulator
from tests.tools.collection import ROOT

RESTORE = "containerops.gitlab.restore"
PLANS = {"project": "team/plans", "version": "1187"}


def restore(ansible: Ansible, *options: str, **variables: Any) -> Run:
    given = {f"registry_restore_{name}": value for name, value in variables.items()}
    return ansible.play(RESTORE, *options, "-e", json.dumps(given))


def message(run: Run) -> str:
    return [task.message for task in run.tasks if task.failed][-1]


def summary(run: Run) -> dict[str, Any]:
    return stats(run, "registry_restore_summary")


@pytest.mark.versions
def test_what_is_shown_is_put_back_and_then_there_is_nothing_to_do(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(fleet())
    before, journal = everything(simulator), str(tmp_path / "journal")
    clean(ansible, Path(journal))
    simulator.clear_log()
    check = restore(ansible, "--check", "-vvv", journal_path=journal)
    assert check.code == 0, check.output
    assert writes(simulator.requests()) == []
    run = restore(ansible, "-vvv", journal_path=journal)
    assert run.code == 0, run.output
    assert everything(simulator) == before
    simulator.clear_log()
    again = restore(ansible, "-vvv", journal_path=journal)
    assert again.code == 0, again.output
    assert writes(simulator.requests()) == []
    assert ["changed=0" in each.output for each in (check, run, again)] == [False, False, True]
    module = "containerops.gitlab.registry_restore"
    assert check.of(module).result["tags"] == run.of(module).result["tags"]
    lines = [table(each).splitlines() for each in (check, run, again)]
    # After the run, the counts and how it ended.
    assert [shown[1:3] for shown in lines] == [
        ["6 tags: 6 to restore, 0 present", "check mode: nothing was restored"],
        ["6 tags: 6 to restore, 0 present", "6 of 6 tags were restored"],
        ["6 tags: 0 to restore, 6 present", "nothing to restore"],
    ]
    assert lines[0][0].startswith("run of 20")
    assert lines[0][0].endswith(": deleted 6 tags")
    assert f"  {WEB}:dev-1  {before[WEB]['dev-1'][:19]}" in lines[0]
    assert [line for line in lines[0] if line.startswith("  team/")] == [line for line in lines[1] if line[:2] == "  "][
        :6
    ]
    assert "would be restored:" in lines[0]
    assert "restored:" in lines[1]
    counts = {"tags": 6, "planned": 6, "present": 0, "replaced": 0, "not_restorable": 0, "result": "ok"}
    for each, more in ((check, {"restored": 0, "check_mode": True}), (run, {"restored": 6, "check_mode": False})):
        assert {name: summary(each)[name] for name in (*counts, *more)} == {**counts, **more}
    for each in (check, run, again):
        assert TOKEN not in each.output
        assert "eyJ" not in each.output


def test_a_journal_in_a_package_is_fetched_and_leaves_no_file(ansible: Ansible, simulator: Simulator) -> None:
    scenario = fleet(object_storage=True)
    scenario["projects"].append({"id": 4, "path": "team/plans"})
    simulator.load(scenario)
    before = everything(simulator)
    clean(ansible, ansible.folder / "journal", journal_package=PLANS)
    for mode, state in (["--check"], None), ([], before):
        run = restore(ansible, *mode, journal_package=PLANS)
        assert run.code == 0, run.output
        assert (everything(simulator) == before) is (state is not None)
        assert not list(ansible.folder.glob("registry_restore_*"))
    nothing = restore(ansible, journal_package={**PLANS, "version": "1188"})
    assert nothing.code != 0
    assert "There is no package registry-cleanup-journal 1188 in project team/plans" in message(nothing)
    assert not list(ansible.folder.glob("registry_restore_*"))


def test_every_host_undoes_what_it_did(ansible: Ansible, simulator: Simulator) -> None:
    """Journals of hosts are stored under their names. A host without one fails alone."""
    scenario = fleet(object_storage=True)
    scenario["projects"].append({"id": 4, "path": "team/plans"})
    simulator.load(scenario)
    before = everything(simulator)
    for project in ("team/app", "team/sub/tool"):
        journal = {**PLANS, "file_name": f"{project.replace('/', '-')}-journal"}
        clean(ansible, ansible.folder / "journal", group=None, project=[project], journal_package=journal)
    hosts: dict[str, Any] = {"a": {}, "team/app": {}, "team/sub/tool": {}}
    (ansible.folder / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts}}))
    run = restore(ansible, "-i", "hosts.json", "-e", "target_hosts=all", journal_package=PLANS)
    assert [task.message for task in run.tasks if task.failed] == [
        "There is no part of a journal a-journal in package registry-cleanup-journal 1187 in project team/plans."
    ]
    assert everything(simulator) == before
    assert {name: summary(run)[name] for name in ("hosts", "restored", "hosts_unfinished")} == {
        "hosts": 3,
        "restored": 6,
        "hosts_unfinished": ["a"],
    }


def test_what_can_not_be_put_back_is_told_in_the_words_of_the_role(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(fleet())
    before, journal = everything(simulator), tmp_path / "journal"
    clean(ansible, journal, group=None, project=["team/app"])
    simulator.collect_garbage()
    clean(ansible, journal, project=["team/sub/tool"], group=None)
    simulator.edit_tags(APP, put=[tag("dev-2", 1, image="new")])
    run = restore(ansible, journal_path=str(journal), run="all")
    assert run.code != 0
    assert message(run).startswith("4 of 6 tags can't be restored (4 collected); first team/app:dev-1: ")
    assert everything(simulator)[TOOL] == before[TOOL]
    lines = table(run).splitlines()
    assert "6 tags: 1 to restore, 0 present, 1 another image now, 4 can't be restored" in lines
    assert "1 of 1 tag was restored" in lines
    assert [line for line in lines if line.endswith(":")] == [
        "can't be restored:",
        "another image now, and not changed:",
        "restored:",
    ]
    assert f"  {TOOL}:dev-9  {before[TOOL]['dev-9'][:19]}" in lines
    assert summary(run)["result"] == "partial"
    assert summary(run)["not_restorable"] == 4
    few = restore(ansible, "--check", journal_path=str(journal), run="all", return_limit=1)
    assert "  ... and 3 more tags" in table(few).splitlines()


def test_a_run_that_is_interrupted_is_gone_on_with(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(server([repository(100, APP, "", [*(tag(f"dev-{each}", 90) for each in range(9)), tag("v1", 1)])]))
    before, journal = everything(simulator), tmp_path / "journal"
    clean(ansible, journal, group=None, project=["team/app"])
    simulator.faults([{"method": "PUT", "path": "/dev-[4-8]$", "action": "status", "status": 500}])
    first = restore(ansible, journal_path=str(journal))
    assert first.code != 0
    lines = table(first).splitlines()
    assert "4 of 9 tags were restored" in lines
    assert "not restored, or not confirmed:" in lines
    assert message(first).startswith("4 of 9 tags were restored; ")
    simulator.clear_faults()
    second = restore(ansible, journal_path=str(journal))
    assert second.code == 0, second.output
    assert "9 tags: 5 to restore, 4 present" in table(second).splitlines()
    assert everything(simulator) == before


@pytest.mark.sweep(3)
@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({}, "nothing says where the journal of the cleanup is: give registry_restore_journal_path or"),
        ({"journal_path": "/r/j", "journal_package": PLANS}, "both say where the journal is: give one of them."),
        ({"journal_path": ""}, "registry_restore_journal_path is empty: give a value, or leave it out."),
        ({"journal_path": " \n"}, "registry_restore_journal_path is empty"),
        ({"journal_path": None}, "registry_restore_journal_path is empty"),
        ({"journal_package": ""}, "registry_restore_journal_package is empty"),
        ({"journal_package": {}}, "registry_restore_journal_package has no project"),
        ({"journal_package": {"version": "7"}}, "registry_restore_journal_package has no project"),
        ({"journal_package": {"project": "team/plans"}}, "registry_restore_journal_package has no version"),
        ({"journal_path": "/r/j", "tags": []}, "registry_restore_tags is empty: give a value, or leave it out."),
        ({"journal_path": "/r/j", "tags": ""}, "registry_restore_tags is empty"),
        ({"journal_path": "/r/j", "repositories": [""]}, "registry_restore_repositories contains an empty entry"),
        ({"journal_path": "/r/j", "run": ""}, "registry_restore_run is empty"),
        ({"journal_path": "/r/j", "repository": "team/app"}, "perhaps registry_restore_repositories is meant"),
        (
            {"journal_path": "/r/j"},
            "registry_restore_journal_path /r/j does not exist, or this user may not see it: check the path.",
        ),
    ],
    ids=str,
)
def test_what_can_not_be_meant_is_refused_before_any_request(
    ansible: Ansible, simulator: Simulator, variables: dict[str, Any], words: str
) -> None:
    simulator.load(fleet())
    run = restore(ansible, **variables)
    assert run.code != 0
    assert words in message(run), message(run)
    assert simulator.counters()["total"] == 0


def test_a_choice_that_matches_nothing_is_refused_in_the_words_of_the_role(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(fleet())
    clean(ansible, tmp_path / "journal")
    simulator.clear_log()
    cases = {
        "repositories": ("team/apps/*", "registry_restore_repositories 'team/apps/*' matches no repository"),
        "tags": ("dev-1\ndev-7\n", "registry_restore_tags 'dev-7' matches no tag"),
        "run": ("2020", "registry_restore_run '2020' matches no run of registry_restore_journal_path"),
    }
    journal = {"registry_restore_journal_path": str(tmp_path / "journal")}
    run = tries(
        ansible, [("registry_restore", {**journal, f"registry_restore_{k}": v}) for k, (v, _w) in cases.items()]
    )
    found = [task.message for task in run.tasks if task.failed]
    assert len(found) == len(cases)
    for text, (_value, words) in zip(found, cases.values(), strict=True):
        assert text.startswith(words), text
    assert simulator.counters()["total"] == 0


def test_the_connection_reaches_the_modules(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(fleet())
    clean(ansible, tmp_path / "journal")
    connection = {"api_url": simulator.url, "api_token": TOKEN, "concurrency": "2"}
    given = {"registry_restore_journal_path": str(tmp_path / "journal"), "registry_connection": connection}
    (ansible.folder / "given.json").write_text(json.dumps(given))
    run = ansible.play(
        RESTORE, "--check", "-vvv", "-e", "@given.json", env={"GITLAB_API_URL": None, "GITLAB_TOKEN": None}
    )
    assert run.code == 0, run.output
    arguments = run.of("containerops.gitlab.registry_restore").result["invocation"]["module_args"]
    assert arguments["concurrency"] == 2
    assert TOKEN not in run.output


@pytest.mark.versions
def test_the_playbook_of_the_readme_runs(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(fleet())
    before, journal = everything(simulator), tmp_path / "journal"
    clean(ansible, journal)
    readme = (ROOT / "roles" / "registry_restore" / "README.md").read_text()
    playbook = ansible.folder / "readme.yml"
    playbook.write_text(
        readme.partition("```yaml\n")[2].partition("```")[0].replace("/plans/team.journal", str(journal))
    )
    run = ansible.play(playbook)
    assert run.code == 0, run.output
    assert {name for name in everything(simulator)[APP] if name.startswith("dev-")} == {
        name for name in before[APP] if name.startswith("dev-")
    }
    assert "dev-9" not in everything(simulator)[TOOL]


def test_the_commands_of_the_page_undo_a_cleanup(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    scenario = fleet(object_storage=True)
    scenario["projects"].append({"id": 4, "path": "team/plans"})
    page = (ROOT / "docs" / "undo.md").read_text()
    blocks = [block.splitlines() for block in re.findall("```shell\n(.*?)```", page, re.DOTALL) if RESTORE in block]
    assert [len(block) for block in blocks] == [2, 2]
    for block in blocks:
        simulator.load(scenario)
        before, journal = everything(simulator), tmp_path / "team.journal"
        clean(ansible, journal, journal_package=PLANS)
        cleaned = everything(simulator)
        for line, left in zip(block, (cleaned, before), strict=True):
            program, playbook, *options = shlex.split(line.replace("/plans/team.journal", str(journal)))
            assert program == "ansible-playbook"
            run = ansible.play(playbook, *options)
            assert run.code == 0, run.output
            assert everything(simulator) == left
