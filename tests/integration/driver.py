# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Driving the real ansible-playbook, and a way around it for single modules."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.integration.in_process import Modules
from tests.integration.oracle import Oracle

HERE = Path(__file__).parent
TOKEN = "glpat-integration-secret"
PLAYBOOK = HERE / "ansible_playbook.py"
INVENTORY = Path(sys.executable).with_name("ansible-inventory")
COLLECTION = "containerops.gitlab."
KEYWORDS = {"name", "check_mode", "diff", "environment", "ignore_errors"}
# What ansible-core shows for whatever it will not take for long any more.
DEPRECATION = "[DEPRECATION WARNING]"
# Variables that a process has to be started with.
FOR_THE_START = re.compile("ANSIBLE_|PYTHON")
# Changes of the environment, if any; None in the place of a value removes the variable.
Changes = Mapping[str, str | None] | None


@dataclass(frozen=True)
class Task:
    """A task as it ended. status: ok, failed or skipped. result: what the module returned."""

    name: str
    action: str
    status: str
    result: dict[str, Any]

    @property
    def failed(self) -> bool:
        return self.status == "failed"

    @property
    def message(self) -> str:
        return str(self.result.get("msg", ""))


@dataclass(frozen=True)
class Run:
    """A run of ansible-playbook. output: stdout and stderr."""

    code: int
    output: str
    tasks: tuple[Task, ...]

    def of(self, action: str) -> Task:
        """The last task of an action, such as containerops.gitlab.registry_info."""
        return [task for task in self.tasks if task.action == action][-1]


@dataclass(frozen=True)
class Listing:
    """What ansible-inventory showed. told: on stderr, its lines joined."""

    code: int
    shown: str
    told: str

    @property
    def hosts(self) -> dict[str, dict[str, Any]]:
        """The variables by host, of --list. What may not be a template is marked there."""
        found: dict[str, dict[str, Any]] = _unmarked(self._document["_meta"]["hostvars"])
        return found

    @property
    def groups(self) -> dict[str, list[str]]:
        """The hosts by group, of --list; a group of groups has none."""
        return {name: row.get("hosts", []) for name, row in self._document.items() if name != "_meta"}

    @property
    def _document(self) -> dict[str, Any]:
        """With -v there is something before it."""
        start = re.search("^{", self.shown, re.MULTILINE)
        assert start, self.told
        found: dict[str, Any] = json.loads(self.shown[start.start() :])
        return found


def _unmarked(value: Any) -> Any:
    if isinstance(value, list):
        return [_unmarked(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    return value["__ansible_unsafe"] if "__ansible_unsafe" in value else {k: _unmarked(v) for k, v in value.items()}


class Ansible:
    """Runs playbooks in a clean environment against one server. patience: seconds for one of them.

    modules: where single modules run without a playbook; without it each of them has one.
    oracle: holds every run against what truly happened.
    """

    # For a test that runs something deprecated on purpose.
    shows_deprecations = False

    def __init__(
        self,
        folder: Path,
        environment: dict[str, str],
        patience: float = 180,
        modules: Modules | None = None,
        oracle: Oracle | None = None,
    ) -> None:
        self.patience = patience
        self.folder = folder
        self.environment = environment
        self.modules = modules
        self.oracle = oracle
        self._count = 0

    def play(self, playbook: Path | str, *options: str, env: Changes = None) -> Run:
        """Run a playbook file, or one of the collection's by its name."""
        self._count += 1
        record = self.folder / f"record-{self._count}.jsonl"
        with self._held_to_the_truth(check="--check" in options) as tasks:
            done = self._run(PLAYBOOK, [str(playbook), *options], {"RECORD_PATH": str(record), **(env or {})})
            lines = record.read_text().splitlines() if record.exists() else []
            tasks += [_task(json.loads(line)) for line in lines]
        assert self.shows_deprecations or DEPRECATION not in done.stdout + done.stderr, done.stdout + done.stderr
        return Run(done.returncode, done.stdout + done.stderr, tuple(tasks))

    @contextmanager
    def _held_to_the_truth(self, *, check: bool) -> Iterator[list[Task]]:
        """What runs in here puts its tasks into the list."""
        tasks: list[Task] = []
        before = self.oracle.look_before() if self.oracle else 0
        yield tasks
        if self.oracle:
            self.oracle.look_after(before, tasks, check=check)

    def inventory(self, *options: str, env: Changes = None) -> Listing:
        """Run ansible-inventory."""
        done = self._run(INVENTORY, options, env)
        assert DEPRECATION not in done.stderr, done.stderr
        return Listing(done.returncode, done.stdout, " ".join(done.stderr.split()))

    def _run(self, program: Path, options: Sequence[str], env: Changes) -> subprocess.CompletedProcess[str]:
        """Run a program in the environment with these changes."""
        return subprocess.run(
            [self.environment.get("PLAYBOOKS_PYTHON", sys.executable), str(program), *options],
            cwd=self.folder,
            env=self._changed(env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=self.patience,
            check=False,
        )

    def _changed(self, env: Changes) -> dict[str, str]:
        changed = {**self.environment, **(env or {})}
        return {name: value for name, value in changed.items() if value is not None}

    @property
    def path(self) -> str:
        """A PATH for scripts that run ansible-playbook. What such a one runs lives on if it is killed."""
        return f"{self.environment['PROGRAMS']}{os.pathsep}{self.environment['PATH']}"

    def script(self, commands: str, folder: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Run commands of a shell in a folder, until one of them fails. env: what to set besides."""
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands],
            cwd=folder,
            env={**self.environment, "PATH": self.path, **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=self.patience,
            check=False,
        )

    def tasks(self, tasks: list[dict[str, Any]], *options: str, env: Changes = None) -> Run:
        """Run tasks as one play on localhost."""
        # JSON is YAML, and quotes every template as it should be.
        path = self.folder / f"playbook-{self._count + 1}.yml"
        path.write_text(json.dumps([_play(tasks)]))
        return self.play(path, *options, env=env)

    def steps(self, tasks: Sequence[dict[str, Any]], env: Changes = None) -> list[Task]:
        """Run tasks on localhost, each whatever came of the one before it.

        They run in process where nothing of them needs ansible-playbook.
        """
        plain = all(_is_plain(task) for task in tasks) and not any(map(FOR_THE_START.match, env or {}))
        if self.modules and plain:
            return [self.in_process(task, env) for task in tasks]
        run = self.tasks([{**task, "ignore_errors": True} for task in tasks], env=env)
        assert len(run.tasks) == len(tasks), run.output
        return list(run.tasks)

    def in_process(self, task: dict[str, Any], env: Changes = None) -> Task:
        """Run a task of one module without ansible-playbook."""
        assert self.modules
        [action] = set(task) - KEYWORDS
        check = task.get("check_mode", False)
        with self._held_to_the_truth(check=check) as tasks:
            result = self.modules.run(
                action,
                task[action],
                folder=self.folder,
                environment={**self._changed(env), **task.get("environment", {})},
                check=check,
                diff=task.get("diff", False),
                patience=self.patience,
            )
            tasks.append(Task(task["name"], action, "failed" if result.pop("failed") else "ok", result))
        return tasks[0]

    def module(
        self, name: str, arguments: dict[str, Any], *, env: Changes = None, check: bool = False, diff: bool = False
    ) -> Task:
        """Run one module of the collection as the only task, and give its result."""
        task = {"name": name, f"containerops.gitlab.{name}": arguments, "check_mode": check, "diff": diff}
        return self.steps([task], env)[0]

    def killed(self, name: str, arguments: dict[str, Any], enough: Callable[[], bool]) -> None:
        """Run one module of the collection, and kill it with all that belongs to it as soon as it did enough."""
        play = [_play([{"name": name, f"containerops.gitlab.{name}": arguments}])]
        playbook = self.folder / "killed.yml"
        playbook.write_text(json.dumps(play))
        with subprocess.Popen(
            # What another process ran for it would live on.
            [sys.executable, "-P", str(PLAYBOOK), str(playbook)],
            cwd=self.folder,
            env={**self.environment, "RECORD_PATH": str(self.folder / "killed"), "MODULES_PYTHON": sys.executable},
        ) as process:
            deadline = time.monotonic() + self.patience
            while not enough() and process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.02)
            kill(process.pid)


def kill(process: int) -> None:
    """End a process and all that come from it, at once."""
    for number in _family(process):
        os.kill(number, signal.SIGKILL)


def _family(process: int) -> list[int]:
    """A process and all that come from it: Ansible's workers leave its session."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parent = stat.read_text().rpartition(")")[2].split()[1]
            parents.setdefault(int(parent), []).append(int(stat.parent.name))
    found = [process]
    for number in found:
        found += parents.get(number, [])
    return found


def _is_plain(task: dict[str, Any]) -> bool:
    """Whether a task is a module of this collection, with nothing that Ansible would have to work out."""
    others = set(task) - KEYWORDS
    return len(others) == 1 and min(others).startswith(COLLECTION) and not re.search("{[{%#]", json.dumps(task))


def _play(tasks: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": "Test",
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"},
        "tasks": tasks,
    }


def _task(row: dict[str, Any]) -> Task:
    return Task(row["task"], row["action"], row["status"], row["result"])


def environment(folder: Path, url: str | None, token: str = TOKEN) -> dict[str, str]:
    """What a user's shell would hold, and nothing of this machine's own."""
    found = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}",
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LC_ALL": "C.UTF-8",
        # Modules are handed over through a pipe: one shell for each instead of four.
        "ANSIBLE_PIPELINING": "true",
        "ANSIBLE_HOME": str(folder / "ansible"),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "ANSIBLE_NOCOLOR": "true",
        "ANSIBLE_COLLECTIONS_PATH": os.environ["ANSIBLE_COLLECTIONS_PATH"],
        "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback_plugins"),
        "ANSIBLE_CALLBACKS_ENABLED": "record",
        "NO_PROXY": "127.0.0.1,localhost",
    }
    passed_on = ("PLAYBOOKS_PYTHON", "MODULES_PYTHON", "PACKED_MODULES", "PROGRAMS", "PYTHONWARNINGS")
    found.update({name: os.environ[name] for name in passed_on if name in os.environ})
    if url:
        found.update(GITLAB_API_URL=url, GITLAB_TOKEN=token)
    return found
