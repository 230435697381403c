# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook of docs/retention.md, executed as it is written."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import yaml

from tests.integration.driver import Ansible
from tests.integration.scenarios import server, tag
from tests.simulator.harness import Simulator

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "retention.md").read_text()
DAYS = {"v1.0.0": 900, "v1.0.1": 850, "v1.0.2": 800, "v2.0.0": 500, "stable": 900, "main": 900}


def test_the_playbook_of_the_page_deletes_what_check_mode_shows(ansible: Ansible, simulator: Simulator) -> None:
    tags = [tag(name, days) for name, days in DAYS.items()]
    shelves = [
        {"id": 100 + number, "project": "team/app", "name": name, "tags": tags}
        for number, name in enumerate(["", "cache"])
    ]
    simulator.load(server(shelves))
    [play] = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0])
    play["module_defaults"]["group/containerops.gitlab.registry"]["api_url"] = simulator.url
    path = ansible.folder / "cleanup.yml"
    path.write_text(json.dumps([{**play, "connection": "local"}]))
    [shell] = re.findall(r"```shell\n(.*?)```", PAGE, re.DOTALL)
    _token, check, run = shell.splitlines()
    before = simulator.state()
    for command, left in ((check, before), (run, {**before, "team/app": sorted({*DAYS} - {"v1.0.0"})})):
        program, playbook, *options = shlex.split(command)
        assert (program, playbook) == ("ansible-playbook", path.name)
        done = ansible.play(path, *options)
        assert done.code == 0, done.output
        assert re.findall(r"^-(?!-)(\S+)", done.output, re.MULTILINE) == ["v1.0.0"]
        assert {name: sorted(found) for name, found in simulator.state().items()} == {
            name: sorted(found) for name, found in left.items()
        }
