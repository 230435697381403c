# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pipeline of examples/gitlab-ci: what its jobs promise, and their scripts, run as a runner does."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.driver import Ansible
from tests.integration.repeated import events
from tests.integration.scenarios import TOKEN, repository, server
from tests.simulator.harness import Simulator

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "gitlab-ci"
PIPELINE: dict[str, Any] = yaml.safe_load((EXAMPLE / ".gitlab-ci.yml").read_text())
PAGE = (ROOT / "docs" / "gitlab-ci.md").read_text()
READER = "glpat-reader"
# The variables of playbooks, besides those of roles.
OF_PLAYBOOKS = {"registry_group", "registry_project", "registry_repository_id"}


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def written(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def registry() -> dict[str, Any]:
    """A server of today with branches of different ages, one of which runs."""
    ages = {"main": 300, "release-1": 200, "dev-1": 90, "dev-2": 80, "dev-3": 70, "dev-4": 2}
    tags = [
        {"name": name, **dict.fromkeys(("created_at", "config_created"), written(now() - timedelta(days=days)))}
        for name, days in ages.items()
    ]
    return server([repository(100, "team/app", "", tags)], clock=written(now()))


def run(ansible: Ansible, folder: Path, job: str, token: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The script of a job, in a folder with the example's files, with what a runner has in its environment."""
    folder.mkdir(exist_ok=True)
    for file in EXAMPLE.glob("*.yml"):
        shutil.copy(file, folder)
    told = {"GITLAB_TOKEN": token, "GITLAB_USER_LOGIN": "ana", "CI_PIPELINE_ID": "5"}
    environment = {**told, **PIPELINE["variables"], **variables}
    return ansible.script("\n".join(PIPELINE[job]["script"]), folder, environment)


def fingerprint_on(screen: str) -> str:
    [found] = re.findall(r"the beginning is enough, if typed by hand: ([0-9a-f]{12})", screen)
    return str(found)


def test_who_may_do_what_is_in_the_pipeline() -> None:
    apply, plan, audit = (PIPELINE[job] for job in ("apply", "plan", "audit"))
    assert apply["environment"]["name"] == "registry/cleanup"
    assert plan["environment"] == audit["environment"] == {"name": "registry/read", "action": "access"}
    assert (apply["resource_group"], apply["interruptible"]) == ("registry-cleanup", False)
    started = [rule for rule in apply["rules"] if rule.get("when") != "never"]
    assert {rule["when"] for rule in started} == {"manual"}
    assert apply["rules"][0] == {"if": "$CI_COMMIT_BRANCH != $CI_DEFAULT_BRANCH", "when": "never"}
    assert [rule["if"] for rule in audit["rules"]] == ['$CI_PIPELINE_SOURCE == "schedule" && $REGISTRY_JOB == "audit"']
    # A change of the rules is planned in its merge request, and on the default branch.
    assert plan["rules"][-1] == {"changes": ["rules.yml"]}
    assert 'if: $CI_PIPELINE_SOURCE == "merge_request_event"' in (EXAMPLE / ".gitlab-ci.yml").read_text()
    assert apply["needs"] == ["plan"]
    assert PIPELINE["variables"]["APPROVED_FINGERPRINT"] == ""
    assert set(PIPELINE) - {"stages", "workflow", "variables", "default"} == {"audit", "plan", "apply"}
    # No token is written down, and none is on a command line.
    assert not re.search("token", json.dumps([PIPELINE[job]["script"] for job in ("audit", "plan", "apply")]), re.I)
    assert "$" not in json.dumps([PIPELINE[job]["script"] for job in ("audit", "plan", "apply")])


def test_artifacts_are_what_the_scripts_write() -> None:
    given = {name: yaml.safe_load((EXAMPLE / f"{name}.yml").read_text()) for name in ("audit", "plan", "apply")}
    files = {name: {value for key, value in values.items() if key.endswith("_path")} for name, values in given.items()}
    assert PIPELINE["audit"]["artifacts"]["paths"] == ["reports/"]
    assert {path.partition("/")[0] for path in files["audit"]} == {"reports"}
    assert set(PIPELINE["plan"]["artifacts"]["paths"]) == files["plan"] - {"in-use.json"}
    assert set(PIPELINE["apply"]["artifacts"]["paths"]) == files["apply"] - {"in-use.json", "plan.jsonl"}
    assert PIPELINE["apply"]["artifacts"]["when"] == PIPELINE["plan"]["artifacts"]["when"] == "always"


def test_the_page_names_files_jobs_and_environments() -> None:
    names = {
        "COLLECTION",
        "APPROVED_FINGERPRINT",
        "REGISTRY_JOB",
        *(file.name for file in EXAMPLE.iterdir() if file.name != "README.md"),
    }
    for job in ("audit", "plan", "apply"):
        names |= {job, PIPELINE[job]["environment"]["name"]}
    assert not [name for name in names if f"`{name}`" not in PAGE]


@pytest.mark.parametrize(
    "file", sorted({*EXAMPLE.glob("*.yml")} - {EXAMPLE / ".gitlab-ci.yml"}), ids=lambda each: each.name
)
def test_every_variable_is_one_of_a_role(file: Path) -> None:
    specs = [yaml.safe_load(path.read_text()) for path in ROOT.glob("roles/*/meta/argument_specs.yml")]
    known = OF_PLAYBOOKS.union(*(spec["argument_specs"]["main"]["options"] for spec in specs))
    assert set(yaml.safe_load(file.read_text())) <= known


def test_a_plan_by_a_token_that_only_reads_is_typed_and_applied(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(registry())
    before, folder = simulator.state(), tmp_path / "job"
    plan = run(ansible, folder, "plan", READER)
    assert plan.returncode == 0, plan.stdout + plan.stderr
    [shown] = re.findall(r"```text\n *(.*)\n", PAGE)
    assert shown in plan.stdout
    assert simulator.counters()["writes"] == 0
    simulator.clear_log()
    for typed in ("", " ", "0" * 12, fingerprint_on(plan.stdout)[:11], f"x registry_cleanup_protect={TOKEN}"):
        refused = run(ansible, folder, "apply", TOKEN, APPROVED_FINGERPRINT=typed)
        assert refused.returncode != 0, typed
        assert simulator.requests() == [], typed
    # A token that only reads deletes nothing, whatever is approved.
    approved = {
        "APPROVED_FINGERPRINT": fingerprint_on(plan.stdout),
        "CI_JOB_URL": "https://gitlab.example.com/-/jobs/1",
    }
    assert run(ansible, folder, "apply", READER, **approved).returncode != 0
    assert simulator.state() == before
    (folder / "journal.jsonl").unlink()
    apply = run(ansible, folder, "apply", TOKEN, **approved)
    assert apply.returncode == 0, apply.stdout + apply.stderr
    assert set(before["team/app"]) - set(simulator.state()["team/app"]) == {"dev-1", "dev-2"}
    [start] = events(folder / "journal.jsonl", "start")
    assert start["run_by"] == {
        "GITLAB_USER_LOGIN": "ana",
        "CI_PIPELINE_ID": "5",
        "CI_JOB_URL": "https://gitlab.example.com/-/jobs/1",
    }
    for text in (plan.stdout, apply.stdout, apply.stderr, (folder / "journal.jsonl").read_text()):
        assert TOKEN not in text
        assert READER not in text


@pytest.mark.slow
def test_a_run_that_was_broken_off_is_started_again_without_its_journal(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(registry())
    folder = tmp_path / "job"
    plan = run(ansible, folder, "plan", READER)
    assert plan.returncode == 0, plan.stdout + plan.stderr
    # What the first job had deleted.
    simulator.edit_tags("team/app", remove=["dev-1"])
    again = run(ansible, folder, "apply", TOKEN, APPROVED_FINGERPRINT=fingerprint_on(plan.stdout))
    assert again.returncode == 0, again.stdout + again.stderr
    assert not {"dev-1", "dev-2"} & set(simulator.state()["team/app"])
    assert "1 vanished" in again.stdout


def test_all_jobs_install_one_version_of_the_collection() -> None:
    version = yaml.safe_load((ROOT / "galaxy.yml").read_text())["version"]
    assert PIPELINE["variables"]["COLLECTION"] == f"containerops.gitlab:=={version}"
    assert 'ansible-galaxy collection install "$COLLECTION"' in PIPELINE["default"]["before_script"]


def test_an_audit_leaves_its_files(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(registry())
    audit = run(ansible, tmp_path / "job", "audit", READER)
    assert audit.returncode == 0, audit.stdout + audit.stderr
    reports = tmp_path / "job" / "reports"
    [row] = csv.DictReader((reports / "repositories.csv").read_text().splitlines())
    assert (row["repository"], row["tags"]) == ("team/app", "6")
    assert json.loads((reports / "audit.jsonl").read_text().splitlines()[0])["type"] == "audit"
    assert "team/app" in (reports / "registry.html").read_text()
    assert simulator.counters()["writes"] == 0
