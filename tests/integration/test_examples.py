# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The projects in examples/: a copy of each folder, and the commands of its page, run as they are written there."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.driver import Ansible
from tests.integration.scenarios import TOKEN, repository, server, tag
from tests.simulator.harness import Simulator
from tests.tools.collection import ROOT

READER = "glpat-reader"
# The first block of each page. These commands are not run: the libraries and the collection are there already, and
# address and token come from the environment, as they do after the last two lines.
PREPARATION = [
    "python3 -m venv .venv",
    ". .venv/bin/activate",
    "pip install -r requirements.txt",
    "ansible-galaxy collection install -r requirements.yml",
    "export GITLAB_API_URL=https://gitlab.example.com",
    "read -rs GITLAB_TOKEN && export GITLAB_TOKEN",
]
FENCE = re.compile(r"^```(shell|text)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
ANSWER = re.compile(r'"msg": (".*")')
# Like kubernetes.core.k8s_info: the objects of a kind in a context, which are in a file.
K8S_INFO = """#!/usr/bin/python
import json

from ansible.module_utils.basic import AnsibleModule

options = {name: {"type": "str", "required": True} for name in ("context", "api_version", "kind")}
module = AnsibleModule(argument_spec=options, supports_check_mode=True)
wanted = (module.params["api_version"], module.params["kind"])
with open(%r) as file:
    objects = json.load(file)[module.params["context"]]
found = [each for each in objects if (each["apiVersion"], each["kind"]) == wanted]
module.exit_json(changed=False, api_found=True, resources=found)
"""
# Answers as docker does on a host with one container.
DOCKER = """#!/bin/sh
case "$1" in
  ps) echo 1111 ;;
  inspect) echo '[{"Image": "sha256:%s", "Config": {"Image": "registry.example.com/team/app:dev-4"}}]' ;;
  image) echo '[{"RepoDigests": []}]' ;;
esac
"""


@dataclass(frozen=True)
class Block:
    """Commands of a page, and what the page says that they show."""

    commands: str
    shown: tuple[str, ...]


def blocks_of(page: str) -> list[Block]:
    """The blocks of commands, each with the text after it if there is one."""
    found: list[Block] = []
    for kind, content in FENCE.findall(page):
        if kind == "shell":
            found.append(Block(content, ()))
        else:
            found[-1] = Block(found[-1].commands, tuple(content.splitlines()))
    return found


def lines_of(output: str) -> Iterator[str]:
    """What a user reads: the lines of messages without the marks of JSON, and all other lines as they are."""
    for line in output.splitlines():
        message = ANSWER.search(line)
        text = message[1] if message else line.strip().removesuffix(",")
        yield json.loads(text) if text.startswith('"') and text.endswith('"') else line


def assert_shows(output: str, expected: Sequence[str]) -> None:
    """The expected lines are there in their order. In them `...` is any text, and alone any lines."""
    lines = lines_of(output)
    for line in filter(lambda each: each != "...", expected):
        pattern = re.compile(".*".join(map(re.escape, line.split("..."))))
        assert any(pattern.fullmatch(each) for each in lines), f"not shown, or not in this order: {line}\n{output}"


class Project:
    """A copy of an example in an empty git repository, as its user has it."""

    def __init__(self, name: str, ansible: Ansible, simulator: Simulator, folder: Path) -> None:
        self.folder = folder / "project"
        self.simulator = simulator
        self.ansible = ansible
        self.environment = {
            "PATH": ansible.path,
            "ANSIBLE_COLLECTIONS_PATH": ansible.environment["ANSIBLE_COLLECTIONS_PATH"],
            "RECORD_PATH": str(folder / "record"),
        }
        shutil.copytree(ROOT / "examples" / name, self.folder)
        preparation, *self.blocks = blocks_of((self.folder / "README.md").read_text())
        assert preparation.commands.splitlines() == PREPARATION

    def run(self, commands: str, token: str = TOKEN) -> str:
        """Run commands with a token, and give what they show."""
        done = self.ansible.script(commands, self.folder, {**self.environment, "GITLAB_TOKEN": token})
        assert done.returncode == 0, done.stdout + done.stderr
        # That a token can only read is a warning where something would be deleted.
        assert token == READER or "WARNING" not in done.stderr, done.stderr
        return done.stdout

    def follow(self, block: Block, token: str = TOKEN, **texts: str) -> str:
        """Run a block, and see that it shows what the page says. texts: what to replace in its commands."""
        commands = block.commands
        for old, new in texts.items():
            assert old in commands
            commands = commands.replace(old, new)
        output = self.run(commands, token)
        assert_shows(output, block.shown)
        return output

    def read(self, block: Block) -> str:
        """Follow a block that changes nothing, with a token that can only read."""
        writes = self.simulator.counters()["writes"]
        output = self.follow(block, READER)
        assert self.simulator.counters()["writes"] == writes
        return output

    def change(self, block: Block, again: str = "", **texts: str) -> dict[str, set[str]]:
        """Follow a block, and give the tags that it deletes, by repository. again: what then changes nothing."""
        before = self.simulator.state()
        self.follow(block, **texts)
        after, writes = self.simulator.state(), self.simulator.counters()["writes"]
        self.run(again or block.commands)
        assert (self.simulator.state(), self.simulator.counters()["writes"]) == (after, writes)
        deleted = {path: set(names) - set(after.get(path, ())) for path, names in before.items()}
        return {path: names for path, names in deleted.items() if names}

    def texts(self) -> dict[str, str]:
        """The content of all files by their paths."""
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return {str(path.relative_to(self.folder)): path.read_text(errors="replace") for path in files}


@pytest.fixture
def begin(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> Iterator[Callable[[str, dict[str, Any]], Project]]:
    """Begins a project on a server with a scenario. At the end no file of it has a token."""
    begun: list[Project] = []

    def begin_one(name: str, scenario: dict[str, Any]) -> Project:
        simulator.load(scenario)
        begun.append(Project(name, ansible, simulator, tmp_path))
        return begun[0]

    yield begin_one
    assert not [name for name, text in begun[0].texts().items() if TOKEN in text or READER in text]


Begin = Callable[[str, dict[str, Any]], Project]


def test_first_cleanup(begin: Begin) -> None:
    app = {
        "main": 1,
        "v1.0.0": 300,
        "dev-1": 90,
        "dev-2": 80,
        "dev-demo": 70,
        "feature-login": 40,
        "dev-3": 20,
        "dev-4": 2,
    }
    web = {"main": 1, "v1.0.0": 300, "dev-1": 50, "dev-2": 45, "dev-3": 1}
    repositories = [
        repository(100, "team/app", "", tags(app)),
        repository(101, "team/app", "web", tags(web)),
        repository(102, "team/sub/tool", "", tags({"main": 10})),
    ]
    project = begin("first-cleanup", server(repositories))
    audit, check, cleanup, undo = project.blocks
    project.read(audit)
    assert "feature-login" in project.texts()["reports/audit.html"]
    project.read(check)
    assert project.change(cleanup) == {"team/app": {"dev-1", "dev-2", "feature-login"}, "team/app/web": {"dev-1"}}
    project.follow(undo)


def tags(ages: Mapping[str, float]) -> list[dict[str, Any]]:
    """Tags by their names, with the days since each was pushed."""
    return [tag(name, days) for name, days in ages.items()]


def fleet() -> dict[str, Any]:
    """Two groups with projects, and a repository for each rule set."""
    releases: dict[str, float] = {f"v1.{number}.0": 300 - 10 * number for number in range(5)}
    app = {**releases, "main": 1, "dev-1": 90, "dev-demo": 80, "dev-2": 2}
    scenario = server(
        [
            repository(100, "team/app", "", tags(app)),
            repository(101, "team/app", "cache", tags({"a1": 30, "b2": 20, "c3": 1})),
            repository(102, "team/contracts/app", "", tags({"dev-1": 400, "main": 300})),
        ]
    )
    contracts = {"id": 11, "path": "team/contracts", "visibility": "private"}
    projects = [{"id": 1, "path": "team/app"}, {"id": 2, "path": "team/contracts/app"}]
    return {**scenario, "groups": [scenario["groups"][0], contracts], "projects": projects}


def test_fleet_retention(begin: Begin) -> None:
    project = begin("fleet-retention", fleet())
    project.environment |= {f"GIT_{who}_{what}": "ana" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    project.run("git init --quiet . && git add . && git commit --quiet --message Begin")
    graph, check, nightly, undo_check, undo, preview = project.blocks
    project.read(graph)
    project.read(check)
    assert not list(project.folder.glob("runs/*/*.journal"))
    before = project.simulator.state()
    deleted = {"team/app": {"v1.0.0", "v1.1.0", "dev-1"}, "team/app/cache": {"a1", "b2"}}
    assert project.change(nightly) == deleted
    # The second run has reports, and no journal: the undo is that of the first.
    assert [path.name for path in project.folder.glob("runs/*/*.journal")] == ["team.journal"]
    assert {path.name for path in project.folder.glob("runs/*/*.html")} == {"team.html", "team-contracts.html"}
    project.follow(undo_check)
    project.follow(undo)
    assert project.simulator.state() == before
    document = project.folder / "retention.yml"
    document.write_text(document.read_text().replace("older_than: 30d", "older_than: 1d"))
    project.read(preview)
    # Neither reports nor journals are for the repository.
    assert project.run("git status --short") == " M retention.yml\n"


def test_in_use_kubernetes(begin: Begin) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    ages = {"main": 300, "dev-1": 90, "dev-2": 80, "dev-3": 70, "dev-4": 60, "dev-5": 50, "dev-6": 2}
    dated = [
        {"name": name, **dict.fromkeys(("created_at", "config_created"), (now - timedelta(days=days)).isoformat())}
        for name, days in ages.items()
    ]
    # What is in use is dated by the clock of this machine, so the server has the same.
    project = begin("in-use-kubernetes", server([repository(100, "team/app", "", dated)], clock=now.isoformat()))
    stand_in(project)
    check, cleanup = project.blocks
    project.read(check)
    sources = json.loads(project.texts()["reports/in-use.json"])["sources"]
    variables = yaml.safe_load(project.texts()["group_vars/all.yml"])
    assert {each["name"] for each in sources} == set(variables["registry_cleanup_in_use_sources_expected"])
    # What is in use was read a moment ago.
    again = "ansible-playbook containerops.gitlab.cleanup"
    assert project.change(cleanup, again) == {"team/app": {"dev-3", "dev-5"}}
    # A cluster that shows no pods ends the run before the cleanup.
    objects = project.folder.parent / "stand-ins" / "objects.json"
    objects.write_text(json.dumps({**json.loads(objects.read_text()), "staging": []}))
    refused = project.run(f"{cleanup.commands.strip()} --check || true")
    assert "(item=staging: Pod)" in refused
    assert "PLAY [Clean up" not in refused


def stand_in(project: Project) -> None:
    """Two clusters, and container hosts that are this machine."""
    place = project.folder.parent / "stand-ins"
    modules = place / "ansible_collections/kubernetes/core/plugins/modules"
    modules.mkdir(parents=True)
    (modules / "k8s_info.py").write_text(K8S_INFO % str(place / "objects.json"))
    # Another test packs another module under this name.
    project.ansible.environment.pop("PACKED_MODULES", None)

    def spec(name: str) -> dict[str, Any]:
        return {"spec": {"containers": [{"name": "app", "image": f"registry.example.com/team/app:{name}"}]}}

    pod = {"apiVersion": "v1", "kind": "Pod", **spec("main")}
    stopped = {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"replicas": 0, "template": spec("dev-1")}}
    job = {"spec": {"template": spec("dev-2")}}
    suspended = {"apiVersion": "batch/v1", "kind": "CronJob", "spec": {"suspend": True, "jobTemplate": job}}
    (place / "objects.json").write_text(json.dumps({"production": [pod, stopped], "staging": [pod, suspended]}))
    (place / "docker").write_text(DOCKER % ("c" * 64))
    (place / "docker").chmod(0o755)
    (project.folder / "host_vars").mkdir()
    for host in ("web-1.example.com", "web-2.example.com"):
        local = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
        (project.folder / "host_vars" / f"{host}.yml").write_text(json.dumps(local))
    for name in ("PATH", "ANSIBLE_COLLECTIONS_PATH"):
        project.environment[name] = f"{place}{os.pathsep}{project.environment[name]}"


def test_settings_as_code(begin: Begin) -> None:
    scenario = server(
        [repository(100 + n, path, "", tags({"main": 1})) for n, path in enumerate(("team/app", "team/sub/web"))]
    )
    scenario["projects"].append({"id": 4, "path": "team/sub/web", "visibility": "private"})
    project = begin("settings-as-code", scenario)
    check, apply, drift = project.blocks
    project.read(check)
    assert "team/sub/web" in project.texts()["reports/drift.csv"]
    assert project.change(apply) == {}
    project.read(drift)


def test_repositories_by_rule(begin: Begin) -> None:
    reviews = {
        "login": {"main": 60, "a1": 60},
        "search": {"main": 50, "b2": 55},
        "basket": {"main": 40, "c3": 45},
        "fair": {"main": 40, "keep-demo": 40},
        "new-logo": {"main": 2},
    }
    repositories = [
        repository(number, "team/app", f"review/{name}", tags(ages), created_at="2026-01-01T12:00:00Z")
        for number, (name, ages) in enumerate(reviews.items(), 101)
    ]
    scenario = server([repository(100, "team/app", "", tags({"main": 1})), *repositories])
    scenario["projects"][0] |= {"branches": ["main", "login"], "merge_requests": []}
    project = begin("repositories-by-rule", scenario)
    plan, apply = project.blocks
    [fingerprint] = re.findall("beginning is enough, if typed by hand: ([0-9a-f]{12})", project.read(plan))
    [typed] = re.findall("fingerprint=([0-9a-f]{12})", apply.commands)
    again = apply.commands.replace(typed, fingerprint)
    deleted = {f"team/app/review/{name}": set(reviews[name]) for name in ("search", "basket")}
    assert project.change(apply, again, **{typed: fingerprint}) == deleted
    assert not set(deleted) & set(project.simulator.state())


@pytest.mark.parametrize(
    ("name", "jobs"), [("fleet-retention", ["preview", "nightly"]), ("settings-as-code", ["drift"])]
)
def test_a_pipeline_runs_the_commands_of_the_page(name: str, jobs: list[str]) -> None:
    """But for the commit before the change, which only a merge request knows."""
    pipeline = yaml.safe_load((ROOT / "examples" / name / ".gitlab-ci.yml").read_text())
    page = (ROOT / "examples" / name / "README.md").read_text()
    told = [block.commands.splitlines() for block in blocks_of(page)]
    commit = '"$CI_MERGE_REQUEST_DIFF_BASE_SHA"'
    assert set(pipeline) - {"variables", "default"} == set(jobs)
    for job in jobs:
        assert [line.replace(commit, "HEAD") for line in pipeline[job]["script"]] in told
