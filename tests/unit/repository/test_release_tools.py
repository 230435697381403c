# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is tested on which versions, and what is in the tarball, as far as no tool has to run for it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

from tests.tools.collection import ROOT
from tests.tools.galaxy import SHIPPED, is_shipped, wrong_files
from tests.tools.matrix import (
    CELLS,
    LIBRARIES,
    OLDEST,
    Cell,
    constraints,
    deprecations_as_errors,
    everything,
    in_record,
)
from tests.tools.release import complaints, is_whole
from tests.unit.repository.tree import read_yaml, sources

SHIPPED_PAGES = [path for path in sources() if path.suffix == ".md" and is_shipped(str(path.relative_to(ROOT)))]
PINNED = "ansible-core==2.19.14 ; python_version < '3.12'\npytest==9.2.0\nrequests==2.34.2\nresolvelib==1.2.1\n"


def test_the_first_cell_is_the_oldest_of_everything_that_is_supported() -> None:
    oldest = CELLS[0]
    assert read_yaml("meta/runtime.yml")["requires_ansible"] == f">={oldest.core}"
    assert min(CELLS, key=lambda cell: Version(cell.core)) == oldest
    assert read_yaml("tests/config.yml")["modules"]["python_requires"] == f">={oldest.modules}"
    assert oldest.oldest
    lines = re.findall("^[a-z].*", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    requirements = [Requirement(line) for line in lines]
    lower = {(each.name, Version(version)) for each in requirements for version in bounds(each)}
    assert lower == {(name, Version(version)) for name, version in OLDEST.items()}


def bounds(requirement: Requirement) -> list[str]:
    """The lower bounds of a requirement."""
    return [each.version for each in requirement.specifier if each.operator == ">="]


def test_every_core_is_tested_on_two_pythons_and_with_oldest_and_newest_libraries() -> None:
    for core in {cell.core.rpartition(".")[0] for cell in CELLS}:
        cells = [cell for cell in CELLS if cell.core.startswith(f"{core}.")]
        assert len({cell.python for cell in cells}) > 1, core
        assert {cell.oldest for cell in cells} == {True, False}, core


def test_roles_name_the_oldest_core() -> None:
    for file in (ROOT / "roles").glob("*/meta/main.yml"):
        told = yaml.safe_load(file.read_text())["galaxy_info"]["min_ansible_version"]
        assert CELLS[0].core.startswith(told)


@pytest.mark.parametrize(
    ("oldest", "expected"),
    [
        (True, ["pytest==9.2.0", "ansible-core==2.18.0", "google-re2==1.1", "requests==2.25.0"]),
        (False, ["pytest==9.2.0", "requests==2.34.2", "ansible-core==2.18.0"]),
    ],
)
def test_constraints_of_a_cell(oldest: bool, expected: list[str]) -> None:
    assert constraints(PINNED, Cell("2.18.0", "3.11", "3.9", oldest=oldest)).splitlines() == expected


def test_what_is_not_pinned_for_old_libraries_is_pinned_for_new_ones() -> None:
    pinned = (ROOT / "tests" / "requirements" / "constraints.txt").read_text()
    assert {line.partition("==")[0] for line in pinned.splitlines()} >= LIBRARIES


def test_a_deprecation_is_an_error_in_every_file_of_the_collection() -> None:
    found = deprecations_as_errors().split(",")
    assert (
        "error::DeprecationWarning:ansible_collections.containerops.gitlab.plugins.module_utils._http.client" in found
    )
    assert len(found) == len(list((ROOT / "plugins").rglob("*.py")))


def test_what_ran_is_read_from_the_record_of_a_playbook(tmp_path: Path) -> None:
    rows = [
        {"task": "Read", "action": "containerops.gitlab.registry_info", "playbook": "/home/ana/own.yml"},
        {
            "task": "containerops.gitlab.registry_audit : Show the table",
            "action": "ansible.builtin.debug",
            "playbook": "/collections/containerops/gitlab/playbooks/audit.yml",
        },
    ]
    record = tmp_path / "record-1.jsonl"
    record.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    found = in_record(record) & everything()
    assert found == {"module registry_info", "role registry_audit", "playbook audit"}


def test_what_belongs_into_the_tarball() -> None:
    assert is_shipped("README.md")
    assert is_shipped("docs/safety.md")
    assert is_shipped("tests/config.yml")
    assert not is_shipped("tests/conftest.py")
    assert not is_shipped("docsite/index.md")
    assert wrong_files({"README.md", "tests/a.py"}, {"README.md", "docs/a.md"}) == {"docs/a.md", "tests/a.py"}


@pytest.mark.parametrize("page", SHIPPED_PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_of_shipped_pages_lead_to_what_is_shipped(page: Path) -> None:
    found = re.findall(r"""\]\(([^)#\s]+)|(?:src|srcset)="([^"]+)""", page.read_text())
    targets = [one or other for one, other in found]
    local = [(page.parent / target).resolve().relative_to(ROOT) for target in targets if "://" not in target]
    assert not [path for path in local if not is_shipped(str(path)) or not (ROOT / path).exists()]


def test_what_is_ignored_is_not_shipped() -> None:
    ignored = set(read_yaml("galaxy.yml")["build_ignore"])
    assert not ignored & SHIPPED


@pytest.mark.parametrize(
    ("code", "output", "expected"),
    [
        (0, "Loading module\nImporter processing completed successfully\n", 0),
        (0, "WARNING: no changelog found\nImporter processing completed successfully\n", 1),
        (1, "ERROR: invalid\n", 1),
        (0, "Loading module\n", 1),
        (1, "", 1),
    ],
)
def test_complaints_of_the_importer(code: int, output: str, expected: int) -> None:
    assert len(complaints(code, output)) == expected


@pytest.mark.parametrize(
    ("changelog", "expected"),
    [
        ("releases: {1.0.0: {changes: {release_summary: First.}, modules: [{name: a}]}}", True),
        ("releases: {1.0.0: {changes: {release_summary: First.}}}", False),
        ("releases: {1.0.0: {modules: [{name: a}]}}", False),
        ("releases: {0.9.0: {}, 1.0.0: {changes: {release_summary: Next.}}}", True),
        ("releases: {}", False),
    ],
)
def test_a_changelog_that_is_whole(changelog: str, expected: bool) -> None:
    assert is_whole(changelog, "1.0.0") is expected
