# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Driving the real ansible-playbook."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
TOKEN = "glpat-integration-secret"


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


class Ansible:
    """Runs playbooks in a clean environment against one server. patience: seconds for one of them."""

    def __init__(self, folder: Path, environment: dict[str, str], patience: float = 180) -> None:
        self.patience = patience
        self.folder = folder
        self.environment = environment
        self._count = 0

    def play(self, playbook: Path | str, *options: str, env: Mapping[str, str | None] | None = None) -> Run:
        """Run a playbook file, or one of the collection's by its name."""
        self._count += 1
        record = self.folder / f"record-{self._count}.jsonl"
        environment = {**self.environment, "RECORD_PATH": str(record)}
        for name, value in (env or {}).items():
            if value is None:
                environment.pop(name, None)
            else:
                environment[name] = value
        command = [sys.executable, "-m", "ansible", "playbook", str(playbook), *options]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=self.patience,
            check=False,
        )
        lines = record.read_text().splitlines() if record.exists() else []
        return Run(done.returncode, done.stdout + done.stderr, tuple(_task(json.loads(line)) for line in lines))

    def tasks(self, tasks: list[dict[str, Any]], *options: str, env: Mapping[str, str | None] | None = None) -> Run:
        """Run tasks as one play on localhost."""
        play = {
            "name": "Test",
            "hosts": "localhost",
            "connection": "local",
            "gather_facts": False,
            "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"},
            "tasks": tasks,
        }
        # JSON is YAML, and quotes every template as it should be.
        path = self.folder / f"playbook-{self._count + 1}.yml"
        path.write_text(json.dumps([play]))
        return self.play(path, *options, env=env)

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
        modes = [*(["--check"] if check else []), *(["--diff"] if diff else [])]
        run = self.tasks([{"name": name, f"containerops.gitlab.{name}": arguments}], *modes, *options, env=env)
        assert run.tasks, run.output
        return run.tasks[-1]


def _task(row: dict[str, Any]) -> Task:
    return Task(row["task"], row["action"], row["status"], row["result"])


def environment(folder: Path, url: str | None) -> dict[str, str]:
    """What a user's shell would hold, and nothing of this machine's own."""
    found = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}",
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LC_ALL": "C.UTF-8",
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
    if url:
        found.update(GITLAB_API_URL=url, GITLAB_TOKEN=TOKEN)
    return found
