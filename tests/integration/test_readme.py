# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the readme and the pages of docs/ tell people to do, executed as it is written."""

from __future__ import annotations

import json
import re
from pathlib import Path

import yaml
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from tests.integration.driver import Ansible
from tests.integration.scenarios import TOKEN, team
from tests.simulator.harness import Simulator

ROOT = Path(__file__).resolve().parents[2]


def code(page: str, language: str) -> list[str]:
    """The blocks of a page in a language."""
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)


def screens(page: str) -> list[list[str]]:
    """What a page says that is shown, as lists of lines."""
    return [block.splitlines() for block in code(page, "text")]


def test_the_demo_is_a_command_of_the_makefile() -> None:
    assert code("README.md", "shell")[0] == "make demo\n"
    assert "\ndemo test " in (ROOT / "Makefile").read_text()


def test_what_is_installed_is_what_is_needed() -> None:
    libraries, collection = code("README.md", "shell")[1].splitlines()
    [needed] = re.findall(r'"ansible-core>=([\d.]+)" requests google-re2$', libraries)
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())
    assert runtime["requires_ansible"] == f">={needed}.0"
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text())
    name = f"{galaxy['namespace']}.{galaxy['name']}"
    assert collection == f"ansible-galaxy collection install {name}"
    [wanted] = yaml.safe_load(code("README.md", "yaml")[0])["collections"]
    assert wanted["name"] == name
    assert Version(galaxy["version"]) in SpecifierSet(wanted["version"])


def test_from_the_address_to_a_second_cleanup(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    """Files and commands of the readme, word for word, but against the simulator."""
    simulator.load(team())
    for block in code("README.md", "yaml")[1:]:
        (tmp_path / block.partition("\n")[0].removeprefix("# ")).write_text(block)
    address, *commands = code("README.md", "shell")[2:]
    address = address.replace("https://gitlab.example.com", simulator.url).replace(
        "read -rs GITLAB_TOKEN &&", f"GITLAB_TOKEN={TOKEN};"
    )
    installing = f"ansible-galaxy collection install --offline -p {tmp_path / 'installed'} {ROOT}\n"
    # The programs of a user, who has no other copy of the collection.
    environment = {
        "PATH": ansible.environment["PATH"],
        "ANSIBLE_COLLECTIONS_PATH": str(tmp_path / "installed"),
        "RECORD_PATH": str(tmp_path / "record"),
    }

    def run(command: str) -> str:
        done = ansible.script(address + command, tmp_path, environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert "was installed successfully" in run(installing)
    audit, check, cleanup = commands
    run(audit)
    assert (tmp_path / "registry.html").read_text().startswith("<!DOCTYPE html>")
    shown = run(check)
    assert simulator.counters()["writes"] == 0
    for line in screens("README.md")[0]:
        assert json.dumps(line)[:-1] in shown
    planned = re.findall(r"team/app:(dev-\w+)  \S+  expired", shown)
    before = {tag["name"] for tag in simulator.tags("team/app")}
    run(cleanup)
    assert before - {tag["name"] for tag in simulator.tags("team/app")} == set(planned)
    assert len((tmp_path / "journal.jsonl").read_text().splitlines()) > len(planned)
    assert "nothing to delete" in run(cleanup)
    # Every role has a playbook that needs no file of one's own.
    [by_name] = re.findall(r"`(ansible-playbook containerops\.gitlab\.audit [^`]+)`", (ROOT / "README.md").read_text())
    assert "nothing to delete" in run(by_name)


def yaml_blocks(page: str) -> list[str]:
    return code(f"docs/{page}", "yaml")


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
