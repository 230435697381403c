# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Driving the real ansible-playbook: once for a playbook, or one that stays for the single tasks of many tests."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
TOKEN = "glpat-integration-secret"
PLAYBOOK = [sys.executable, "-P", str(HERE / "ansible_playbook.py")]
INVENTORY = [sys.executable, str(Path(sys.executable).with_name("ansible-inventory"))]
INCLUDE = "ansible.builtin.include_tasks"


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


class Session:
    """An ansible-playbook that stays: its start costs more than most tasks do, and so does the first task of a module.

    Its play does nothing but include files of tasks, each written when its turn comes. After some of them, or when
    something went wrong, a new process takes over.
    """

    STEPS = 50

    def __init__(self, folder: Path, environment: Mapping[str, str], patience: float = 180) -> None:
        self.patience = patience
        self._folder = folder
        self._environment = environment
        self._process: subprocess.Popen[str] | None = None
        self._step = 0

    def run(self, tasks: Sequence[dict[str, Any]]) -> list[Task]:
        """Run tasks that ignore errors, and give what became of them, one for one."""
        if self._step == self.STEPS:
            self.close()
        process = self._process or self._start()
        assert process.stdin
        (self._folder / _file(self._step)).write_text(json.dumps(tasks))
        self._step += 1
        guard = threading.Timer(self.patience + 3 * len(tasks), process.terminate)
        guard.start()
        with suppress(BrokenPipeError):
            process.stdin.write("\n")
            process.stdin.flush()
        # The first is what became of the include.
        _include, *lines = [self._record.readline() for _line in range(1 + len(tasks))]
        guard.cancel()
        if not all(lines):
            self.close()
            raise AssertionError((self._folder / "output").read_text())
        return [_task(json.loads(line)) for line in lines]

    def close(self) -> None:
        """Let the playbook end: without a line from here it goes on, and finds no file."""
        if self._process:
            self._process.communicate(timeout=self.patience)
            self._record.close()
            self._process = None

    def _start(self) -> subprocess.Popen[str]:
        for number in range(self.STEPS):
            (self._folder / _file(number)).unlink(missing_ok=True)
        includes = [{"name": _file(number), INCLUDE: _file(number)} for number in range(self.STEPS)]
        (self._folder / "playbook.yml").write_text(json.dumps([_play(includes)]))
        reading, writing = os.pipe()
        with (self._folder / "output").open("w") as output:
            self._process = subprocess.Popen(
                [*PLAYBOOK, "playbook.yml"],
                cwd=self._folder,
                env={
                    **self._environment,
                    "ANSIBLE_CALLBACKS_ENABLED": "record,steps",
                    "RECORD_PATH": f"/dev/fd/{writing}",
                },
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=[writing],
                text=True,
            )
        # Only the playbook writes into it now, so that it ends when the playbook does.
        os.close(writing)
        self._record = os.fdopen(reading)
        self._step = 0
        return self._process


class Ansible:
    """Runs playbooks in a clean environment against one server. patience: seconds for one of them.

    session: where tasks run that need neither options nor an environment of their own.
    """

    def __init__(
        self, folder: Path, environment: dict[str, str], patience: float = 180, session: Session | None = None
    ) -> None:
        self.patience = patience
        self.folder = folder
        self.environment = environment
        self.session = session
        self._count = 0

    def play(self, playbook: Path | str, *options: str, env: Mapping[str, str | None] | None = None) -> Run:
        """Run a playbook file, or one of the collection's by its name."""
        self._count += 1
        record = self.folder / f"record-{self._count}.jsonl"
        done = self._run([*PLAYBOOK, str(playbook), *options], {"RECORD_PATH": str(record), **(env or {})})
        lines = record.read_text().splitlines() if record.exists() else []
        return Run(done.returncode, done.stdout + done.stderr, tuple(_task(json.loads(line)) for line in lines))

    def inventory(self, *options: str, env: Mapping[str, str | None] | None = None) -> Listing:
        """Run ansible-inventory."""
        done = self._run([*INVENTORY, *options], env or {})
        return Listing(done.returncode, done.stdout, " ".join(done.stderr.split()))

    def _run(self, command: Sequence[str], env: Mapping[str, str | None]) -> subprocess.CompletedProcess[str]:
        """Run a command in the environment with these changes, None removes a variable."""
        changed = {**self.environment, **env}
        return subprocess.run(
            command,
            cwd=self.folder,
            env={name: value for name, value in changed.items() if value is not None},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=self.patience,
            check=False,
        )

    def tasks(self, tasks: list[dict[str, Any]], *options: str, env: Mapping[str, str | None] | None = None) -> Run:
        """Run tasks as one play on localhost."""
        # JSON is YAML, and quotes every template as it should be.
        path = self.folder / f"playbook-{self._count + 1}.yml"
        path.write_text(json.dumps([_play(tasks)]))
        return self.play(path, *options, env=env)

    def steps(self, tasks: Sequence[dict[str, Any]]) -> list[Task]:
        """Run tasks on localhost, each whatever came of the one before it."""
        told = [{**task, "ignore_errors": True} for task in tasks]
        if self.session:
            return self.session.run(told)
        run = self.tasks(told)
        assert len(run.tasks) == len(tasks), run.output
        return list(run.tasks)

    def module(
        self,
        name: str,
        arguments: dict[str, Any],
        *options: str,
        env: Mapping[str, str | None] | None = None,
        check: bool = False,
        diff: bool = False,
    ) -> Task:
        """Run one module of the collection as the only task, and give its result."""
        task = {"name": name, f"containerops.gitlab.{name}": arguments}
        if not options and not env:
            return self.steps([{**task, "check_mode": check, "diff": diff}])[0]
        modes = [*(["--check"] if check else []), *(["--diff"] if diff else [])]
        run = self.tasks([task], *modes, *options, env=env)
        assert run.tasks, run.output
        return run.tasks[-1]

    def killed(self, name: str, arguments: dict[str, Any], enough: Callable[[], bool]) -> None:
        """Run one module of the collection, and kill it with all that belongs to it as soon as it did enough."""
        play = [_play([{"name": name, f"containerops.gitlab.{name}": arguments}])]
        playbook = self.folder / "killed.yml"
        playbook.write_text(json.dumps(play))
        with subprocess.Popen(
            [*PLAYBOOK, str(playbook)],
            cwd=self.folder,
            # A module that another process runs for it would live on.
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


def _file(step: int) -> str:
    return f"step-{step}.yml"


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


@contextmanager
def running_session(folder: Path, url: str, token: str = TOKEN) -> Iterator[Session]:
    session = Session(folder, environment(folder, url, token))
    try:
        yield session
    finally:
        session.close()


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
        "ANSIBLE_ACTION_PLUGINS": str(HERE / "action_plugins"),
        "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback_plugins"),
        "ANSIBLE_CALLBACKS_ENABLED": "record",
        "NO_PROXY": "127.0.0.1,localhost",
    }
    found.update({name: os.environ[name] for name in ("MODULES_PYTHON", "PACKED_MODULES") if name in os.environ})
    if url:
        found.update(GITLAB_API_URL=url, GITLAB_TOKEN=token)
    return found
