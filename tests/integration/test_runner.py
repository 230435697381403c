# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Long tasks under ansible-runner, as AWX runs them: their lines are in its output, and the job ends.

RUNNERS names the folders of other ansible-runners, each beside its ansible-core; `make matrix` gives some.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from tests.integration.driver import TOKEN, environment, kill
from tests.integration.scenarios import repository, server, tag
from tests.simulator.harness import Simulator

RUNNERS = os.environ.get("RUNNERS", str(Path(sys.executable).parent)).split(os.pathsep)
HOSTS = ("one", "two", "three")
# Seconds between the lines of each host: hundreds of lines beside results, events and other hosts' lines.
EVERY, ANSWER = 0.02, 0.15
PATIENCE = 120
TASKS: list[dict[str, Any]] = [
    {
        "name": "Read",
        "containerops.gitlab.registry_info": {"group": "team", "gather": ["tags"], "return_limit": 1},
        "loop": ["first", "second"],
    },
    {
        "name": "Delete",
        "containerops.gitlab.registry_cleanup": {"group": "team", "name_regex_delete": "dev-.*"},
        "run_once": True,
    },
]


def run(runner: str, folder: Path, url: str, play: dict[str, Any]) -> tuple[int, str, list[dict[str, Any]]]:
    """Run a play in the layout of AWX. Gives the exit code, the output and all events; fails if it does not end."""
    for name in ("project", "inventory", "env", "home"):
        (folder / name).mkdir()
    (folder / "project" / "play.yml").write_text(json.dumps([play]))
    (folder / "inventory" / "hosts").write_text("".join(f"{host} ansible_connection=local\n" for host in HOSTS))
    # What AWX does by default: forks, a terminal of its own, and the callback that turns output into events.
    (folder / "env" / "cmdline").write_text("-f 5")
    variables = environment(folder / "home", url)
    for name in ("PLAYBOOKS_PYTHON", "MODULES_PYTHON", "PACKED_MODULES", "ANSIBLE_CALLBACK_PLUGINS"):
        variables.pop(name, None)
    variables.pop("ANSIBLE_CALLBACKS_ENABLED")
    # Sockets lie there, whose paths can't be long.
    variables["TMPDIR"] = tempfile.gettempdir()
    variables["PATH"] = f"{runner}{os.pathsep}{os.environ['PATH']}"
    command = [f"{runner}/ansible-runner", "run", str(folder), "-p", "play.yml", "--ident", "job"]
    with subprocess.Popen(
        command, env=variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            output, _none = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            kill(process.pid)
            pytest.fail(f"The job did not end within {PATIENCE} seconds")
    events = [json.loads(path.read_text()) for path in (folder / "artifacts" / "job" / "job_events").glob("*.json")]
    return process.returncode, output, sorted(events, key=lambda event: event["counter"])


@pytest.mark.parametrize("runner", RUNNERS, ids=lambda folder: Path(folder).parent.name)
def test_lines_are_in_the_output_of_a_job_that_ends(runner: str, simulator: Simulator, tmp_path: Path) -> None:
    tags = [tag("v1", 1), *(tag(f"dev-{number:03}", 90) for number in range(30))]
    simulator.load(server([repository(100 + number, "team/app", f"part-{number}", tags) for number in range(5)]))
    simulator.latency(request=ANSWER)
    variables = {"ansible_python_interpreter": "{{ ansible_playbook_python }}", "registry_progress_seconds": EVERY}
    play = {"hosts": "all", "gather_facts": False, "vars": variables, "tasks": TASKS}
    code, output, events = run(runner, tmp_path, simulator.url, play)
    assert code == 0, output
    lines = [event["stdout"] for event in events if " | " in event["stdout"] and " so far" in event["stdout"]]
    # Each is an event of its own, as AWX stores and shows it.
    assert {line.partition(" | ")[0].strip() for line in lines} == {
        *(f"{host} ({item})" for host in HOSTS for item in ("first", "second")),
        HOSTS[0],
    }
    assert all(line in output for line in lines)
    assert "WARNING" not in output
    assert TOKEN not in output
    assert simulator.state()["team/app/part-0"] == ["v1"]
    assert not list(tmp_path.rglob("progress-*"))
