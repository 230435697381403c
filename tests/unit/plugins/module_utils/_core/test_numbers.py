# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Numbers in what anybody may have written."""

from __future__ import annotations

import ast
import typing as t

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.numbers import amount, digits, whole
from tests.tools.collection import ROOT


@pytest.mark.parametrize("value", [True, False, None, 1.0, "1", [], {}, [1]])
def test_what_is_no_whole_number(value: t.Any) -> None:
    assert whole(value) is None
    assert amount(value) is None


@pytest.mark.parametrize("value", [0, 1, 2, 2**63 - 1])
def test_amounts(value: int) -> None:
    assert whole(value) == value
    assert amount(value) == value


@pytest.mark.parametrize("value", [-1, -(2**63), 2**63, 10**100])
def test_whole_numbers_that_are_no_amount(value: int) -> None:
    assert whole(value) == value
    assert amount(value) is None


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("007", 7), (str(2**63 - 1), 2**63 - 1), (str(2**63), None), ("9" * 5000, None), ("0" * 20, None)]
    + [(text, None) for text in ("", "-1", "+1", "1.0", " 1", "1 ", "\u0663", "\u00b2", "1, 1", "1_0", "0x1")],
)
def test_numbers_in_digits(text: str, number: int | None) -> None:
    assert digits(text) == number


def test_only_one_place_tells_numbers_from_booleans() -> None:
    """Written by hand, it is forgotten somewhere, and true counts as one tag."""
    found = []
    for source in sorted((ROOT / "plugins").rglob("*.py")):
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
                texts = [ast.unparse(each) for each in node.values]
                kinds = [
                    each.partition(", ")[2] for each in texts if each.removeprefix("not ").startswith("isinstance(")
                ]
                if "int)" in kinds and "bool)" in kinds:
                    found.append(source.name)
    assert found == ["numbers.py"]
