# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""That the examples install what the collection needs, and that their page lists all of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from tests.tools.collection import ROOT

EXAMPLES = ROOT / "examples"
ENVIRONMENT = EXAMPLES / "awx" / "execution-environment.yml"
PROJECTS = sorted(path.parent for path in EXAMPLES.glob("*/requirements.txt"))
LISTS = [*(project / "requirements.yml" for project in PROJECTS), EXAMPLES / "awx/project/collections/requirements.yml"]


def requirements(lines: list[str], python: str) -> dict[str, str]:
    """The bounds of libraries by their names, as they hold for a Python."""
    given = [Requirement(line) for line in lines if line.strip() and not line.startswith("#")]
    return {
        each.name: str(each.specifier)
        for each in given
        if not each.marker or each.marker.evaluate({"python_version": python})
    }


def of_the_collection(python: str) -> dict[str, str]:
    return requirements((ROOT / "requirements.txt").read_text().splitlines(), python)


@pytest.mark.parametrize("project", PROJECTS, ids=lambda each: str(each.name))
def test_a_project_installs_the_libraries_and_an_ansible_that_the_collection_takes(project: Path) -> None:
    found = requirements((project / "requirements.txt").read_text().splitlines(), "3.13")
    assert found.items() >= of_the_collection("3.13").items()
    oldest = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())["requires_ansible"]
    assert f"{found['ansible-core']}.0" == oldest


def test_the_execution_environment_names_the_libraries_with_their_bounds() -> None:
    definition = yaml.safe_load(ENVIRONMENT.read_text())["dependencies"]
    python = definition["python_interpreter"]["package_system"].removeprefix("python")
    assert requirements(definition["python"], python) == of_the_collection(python)


def test_all_of_them_install_the_same_versions_of_the_collection() -> None:
    documents: list[Any] = [yaml.safe_load(path.read_text()) for path in LISTS]
    documents.append(yaml.safe_load(ENVIRONMENT.read_text())["dependencies"]["galaxy"])
    rows = [row for document in documents for row in document["collections"] if row["name"] == "containerops.gitlab"]
    versions = [row["version"] for row in rows]
    assert len(versions) == len(documents)
    assert len(set(versions)) == 1


def test_the_page_lists_every_example_with_its_first_command() -> None:
    rows = re.findall(
        r"^\| \[([\w-]+)\]\((.*?)\) .*\| `?([^|`]*)`? \|$", (EXAMPLES / "README.md").read_text(), re.MULTILINE
    )
    assert {name for name, *_others in rows} == {path.name for path in EXAMPLES.iterdir() if path.is_dir()}
    for name, page, command in rows:
        text = (EXAMPLES / page).read_text()
        assert command in text or name == "gitlab-ci"
