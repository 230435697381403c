# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the readme and the pages of docs/ tell people to do, executed as it is written."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import yaml

from tests.integration.driver import Ansible
from tests.integration.scenarios import TOKEN, team
from tests.simulator.harness import Simulator

ROOT = Path(__file__).resolve().parents[2]


def blocks() -> list[list[str]]:
    """The shell blocks of the readme, as lists of lines."""
    parts = (ROOT / "README.md").read_text().split("```shell\n")[1:]
    return [part.partition("```")[0].splitlines() for part in parts]


def screens(page: str) -> list[list[str]]:
    """What a page says that is shown, as lists of lines."""
    parts = (ROOT / page).read_text().split("```text\n")[1:]
    return [part.partition("```")[0].splitlines() for part in parts]


def test_the_two_commands_are_those_of_the_makefile() -> None:
    assert blocks()[0] == ["make demo", "make test"]
    makefile = (ROOT / "Makefile").read_text()
    assert "demo test " in makefile


def test_the_five_lines_for_ones_own_gitlab(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(team())
    lines = blocks()[1]
    assert len(lines) == 5
    # The libraries are here already; everything else runs word for word, but against the simulator.
    script = "\n".join(["set -e", *lines[1:]])
    script = script.replace("https://gitlab.example.com", simulator.url).replace("glpat-example", TOKEN)
    script = script.replace("collection install .", f"collection install --offline -p {tmp_path / 'installed'} {ROOT}")
    collections = {"ANSIBLE_COLLECTIONS_PATH": str(tmp_path / "installed")}
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env={**ansible.environment, **collections, "RECORD_PATH": str(tmp_path / "record")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "was installed successfully" in done.stdout
    assert done.stdout.count("changed=0") == 1
    assert "-dev-1" in done.stdout
    assert "check mode: nothing was deleted" in done.stdout
    for line in screens("README.md")[0]:
        assert json.dumps(line.partition("sha256:...")[0])[:-1] in done.stdout
    assert simulator.counters()["writes"] == 0
    assert lines[0] == "pip install ansible-core requests google-re2"
    subprocess.run([sys.executable, "-c", "import ansible, requests, re2"], check=True)


def yaml_blocks(page: str) -> list[str]:
    parts = (ROOT / "docs" / page).read_text().split("```yaml\n")[1:]
    return [part.partition("```")[0] for part in parts]


def test_the_fleet_of_the_page_on_settings(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    [fleet] = yaml_blocks("settings.md")
    (ansible.folder / "fleet.yml").write_text(fleet)
    playbook = "containerops.gitlab.settings"
    check = ansible.play(playbook, "--check", "--diff", "-e", "@fleet.yml")
    assert check.code == 0, check.output
    assert "+access_level: private" in check.output
    assert simulator.counters()["writes"] == 0
    run = ansible.play(playbook, "-e", "@fleet.yml")
    assert run.code == 0, run.output
    again = ansible.play(playbook, "--check", "-e", "@fleet.yml", "-e", "registry_settings_fail_on_drift=true")
    assert again.code == 0, again.output


def test_the_task_after_a_migration(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    _before, after = yaml_blocks("migration.md")
    run = ansible.tasks(yaml.safe_load(after), "--diff")
    assert run.code == 0, run.output
    [app, tool] = run.tasks[0].result["projects"]
    assert app["after"] == tool["after"]
    assert app["after"]["cleanup_policy.keep_n"] is None
