# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The commands in the page on reading the output show what the page says."""

from __future__ import annotations

import re
import shlex

from tests.integration.driver import Ansible
from tests.integration.scenarios import team
from tests.integration.test_readme import screens
from tests.integration.test_roles import table
from tests.simulator.harness import Simulator
from tests.tools.collection import ROOT

PAGE = "docs/reading-the-output.md"
POLICY = {"enabled": True, "cadence": "7d", "keep_n": 1, "older_than": "30d", "name_regex": "dev-.*"}


def blocks(language: str) -> list[str]:
    """The blocks of the page in one language."""
    parts = (ROOT / PAGE).read_text().split(f"```{language}\n")[1:]
    return [part.partition("```")[0] for part in parts]


def test_the_commands_show_the_screens_of_the_page(ansible: Ansible, simulator: Simulator) -> None:
    scenario = team()
    scenario["projects"][0]["policy"] = {**POLICY, "next_run_at": "2026-06-08T12:00:00.000Z"}
    simulator.load(scenario)
    (ansible.folder / "rules.yml").write_text(blocks("yaml")[0])
    shown = []
    for command in blocks("shell"):
        _program, playbook, *options = shlex.split(command)
        run = ansible.play(playbook, *options)
        assert run.code == 0, run.output
        # The folder and the address of the simulator, which is under the fingerprint, are others each time.
        screen = re.sub(rf":\s+{ansible.folder}", ": /home/ana", table(run))
        shown.append(re.sub("[0-9a-f]{64}", "...", screen))
    assert "\n\n".join(shown) == "\n\n".join("\n".join(lines) for lines in screens(PAGE)[: len(shown)])
