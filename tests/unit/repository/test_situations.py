# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every situation in which the promise was broken once names the tests that hold it, and each of them exists."""

from __future__ import annotations

import ast
import functools
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.tools.collection import ROOT

TABLES = sorted((ROOT / "tests/faults/situations").glob("*.yml"))
KEYS = ["situation", "mechanism", "siblings", "tests"]


def situations(table: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load(table.read_text())
    return found


@functools.cache
def functions_of(file: str) -> frozenset[str]:
    """The names of the test functions of a file, relative to the root."""
    tree = ast.parse((ROOT / file).read_text())
    functions = (node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    return frozenset(name for name in functions if name.startswith("test_"))


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.stem)
def test_every_situation_is_told_whole(table: Path) -> None:
    for row in situations(table):
        assert list(row) == KEYS, row
        assert all(row.values()), row


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.stem)
def test_every_test_of_a_situation_exists(table: Path) -> None:
    for row in situations(table):
        for test in row["tests"]:
            file, _separator, name = test.partition("::")
            assert (ROOT / file).exists(), test
            assert name in functions_of(file), test


def test_there_are_situations() -> None:
    assert TABLES
