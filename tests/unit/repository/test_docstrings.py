# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The form of docstrings: a plain line, and then Args, Returns and Raises with one entry a line."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.unit.repository.test_structure import name_of, values_in
from tests.unit.repository.tree import UTILS

# A value of so few fields may do without Args, where their names say it all.
FEW = 3


def args_of(docstring: str) -> list[str]:
    """Name the entries below Args, in their order."""
    block = re.search(r"^Args:\n((?:    .*\n?)+)", docstring, re.MULTILINE)
    return re.findall(r"^    (\w+): \S", block[1], re.MULTILINE) if block else []


@pytest.mark.parametrize("source", UTILS, ids=name_of)
def test_each_field_of_a_value_is_described_in_a_line_of_its_own(source: Path) -> None:
    values = values_in(source)
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.ClassDef) and node.name in values:
            fields = [ast.unparse(part.target) for part in node.body if isinstance(part, ast.AnnAssign)]
            described = args_of(ast.get_docstring(node) or "")
            assert described == fields or (len(fields) <= FEW and not described), node.name


@pytest.mark.parametrize("source", UTILS, ids=name_of)
def test_what_is_raised_stands_below_raises(source: Path) -> None:
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            text = ast.get_docstring(node) or ""
            assert not re.search(r"\braises\b(?!:\n)", text, re.IGNORECASE), f"{name_of(source)}: {node.name}"
