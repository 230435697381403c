# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tasks that pages show to be copied, executed as they are written."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.driver import Ansible
from tests.integration.scenarios import repository, server, tag
from tests.simulator.harness import Simulator

DOCS = Path(__file__).resolve().parents[2] / "docs"


def blocks(page: str) -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)


def tasks_of(page: str) -> list[dict[str, Any]]:
    """The tasks of a page, without those in plays."""
    found = [yaml.safe_load(block) for block in blocks(page)]
    return [task for block in found if isinstance(block, list) for task in block if "hosts" not in task]


def group(mode: str = "M1") -> dict[str, Any]:
    """A server with everything that the pages name."""
    old = [tag("v1.0.0", 400), tag("dev-1", 90), tag("dev-2", 60), tag("v2.0.0", 1)]
    shelves = [
        repository(100, "team/app", "", old),
        repository(101, "team/app", "cache", [tag("main", 20), tag("new", 1)]),
        repository(102, "team/app", "old", [tag("v1", 900)]),
        repository(103, "team/app", "production", [tag("v0.9.0", 500)]),
        repository(104, "team/sub/tool", "", [tag("v1.0.0", 10)]),
        repository(105, "team/contracts/app", "", [tag("v1.0.0", 10)]),
        repository(106, "team/app", "review/gone", [tag("main", 20)]),
    ]
    found = server(shelves, mode=mode)
    found["groups"].append({"id": 13, "path": "team/contracts", "visibility": "private"})
    found["projects"].append({"id": 4, "path": "team/contracts/app", "visibility": "private"})
    found["projects"][0]["policy"] = {"enabled": True, "name_regex": ".*", "older_than": "30d"}
    return found


@pytest.mark.parametrize(("mode", "source"), [("M1", "published"), ("M2", "built")])
def test_the_tasks_of_the_page_on_the_registry(ansible: Ansible, simulator: Simulator, mode: str, source: str) -> None:
    simulator.load(group(mode))
    digest = next(each["digest"] for each in simulator.tags("team/app") if each["name"] == "v1.0.0")
    tasks = tasks_of("registry.md")
    assert len(tasks) == 6
    restored = next(task for task in tasks if task["name"].startswith("Restore"))
    restored["containerops.gitlab.registry_tag"]["source"] = digest
    simulator.edit_tags("team/app", remove=["dev-1"])
    restored["containerops.gitlab.registry_tag"]["name"] = "dev-1"
    run = ansible.tasks(tasks)
    assert run.code == 0, run.output
    assert run.tasks[1].result["msg"] == [source]
    left = simulator.state()
    assert sorted(left["team/app/production"]) == ["stable", "v0.9.0", "v1.0.0"]
    assert "dev-1" in left["team/app"]
    assert "team/app/old" not in left


@pytest.mark.parametrize(
    ("page", "number"), [("numbers.md", 1), ("differences.md", 1), ("repositories.md", 1), ("retention-document.md", 3)]
)
def test_the_tasks_of_a_page(ansible: Ansible, simulator: Simulator, page: str, number: int) -> None:
    simulator.load(group())
    for name in ("retention.yml", "retention.before.yml"):
        (ansible.folder / name).write_text(blocks("retention-document.md")[0])
    tasks = tasks_of(page)
    assert len(tasks) == number
    before = simulator.state()
    run = ansible.tasks(tasks, "--check")
    assert run.code == 0, run.output
    assert simulator.state() == before


def test_the_task_of_the_page_on_values_keeps_what_its_name_says(ansible: Ansible, simulator: Simulator) -> None:
    names = ["1.10", "v1.2", "v1.2.3", "dev-1"]
    simulator.load(server([repository(100, "team/app", "", [tag(name, 90) for name in names])]))
    run = ansible.tasks(tasks_of("inputs.md"), "--check")
    assert run.code == 0, run.output
    assert [each["name"] for each in run.tasks[0].result["plan"]["delete"]] == ["dev-1"]
