# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Modules where google-re2 is missing, or another package is called re2: who needs it says so, all others work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.integration.driver import Ansible
from tests.integration.scenarios import team
from tests.simulator.harness import Simulator

POLICY = {"enabled": True, "cadence": "1d", "name_regex_delete": "dev-.*"}
LEVELS = {"minimum_access_level_for_push": "maintainer", "minimum_access_level_for_delete": "maintainer"}
NEED_IT: list[tuple[str, dict[str, Any]]] = [
    ("registry_info", {"gather": ["policy_preview"]}),
    ("registry_cleanup", {"name_regex_delete": "dev-.*"}),
    ("registry_repository", {"repository": ["team/app"], "state": "empty"}),
    ("registry_tag", {"repository": "team/app", "name": ["dev-1"], "state": "absent"}),
    ("registry_restore", {"journal_path": "journal"}),
    ("registry_cleanup_policy", POLICY),
    ("registry_tag_protection", {"rules": [{"tag_name_pattern": "v.*", **LEVELS}]}),
    ("registry_settings", {"projects": [{"project": "team/app", "cleanup_policy": POLICY}]}),
]
DO_WITHOUT: list[tuple[str, dict[str, Any]]] = [
    ("registry_info", {"gather": ["tag_details", "projects", "protection_rules"]}),
    ("registry_visibility", {"access_level": "private"}),
    ("registry_repository_protection", {"rules": [{"repository_path_pattern": "team/app*", **LEVELS}]}),
]
WITH_PROJECT = {"registry_info", "registry_cleanup", "registry_visibility", "registry_cleanup_policy"}
WITH_PROJECT |= {"registry_tag_protection", "registry_repository_protection"}
RE2 = {
    "missing": ("raise ImportError('blocked')\n", "Failed to import the required Python library (google-re2)"),
    "another": ("def compile(pattern): ...\n", "re2.py is from another package: remove it and install google-re2."),
}


@pytest.mark.sweep(2)
@pytest.mark.parametrize("kind", RE2)
def test_who_needs_re2_says_so_and_all_others_work(
    ansible: Ansible, simulator: Simulator, tmp_path: Path, kind: str
) -> None:
    simulator.load(team())
    code, words = RE2[kind]
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "re2.py").write_text(code)
    tasks = [
        {
            "name": name,
            f"containerops.gitlab.{name}": {**({"project": "team/app"} if name in WITH_PROJECT else {}), **own},
        }
        for name, own in (*NEED_IT, *DO_WITHOUT)
    ]
    done = ansible.steps(tasks, env={"PYTHONPATH": str(tmp_path / "path")})
    for task in done[: len(NEED_IT)]:
        assert task.failed, task.name
        assert words in task.message, (task.name, task.message)
    for task in done[len(NEED_IT) :]:
        assert task.status == "ok", (task.name, task.message)
