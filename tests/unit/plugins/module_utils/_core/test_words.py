# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How sentences count things and name some of them, in one place and in the same words everywhere."""

from __future__ import annotations

import ast
import functools
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.words import are, counted, some, were
from tests.tools.collection import ROOT

FILES = sorted((ROOT / "plugins").rglob("*.py"))
NAME = re.compile(r"[A-Z_]+", re.ASCII)
# Variables that hold numbers with their words already.
COUNTED = ("bounds", "repositories")


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 tags"), (1, "1 tag"), (2, "2 tags"), (1000, "1,000 tags"), (1.0, "1 tag"), (0.5, "0.5 tags")],
)
def test_a_number_with_its_word(number: float, text: str) -> None:
    assert counted(number, "tag") == text


def test_words_of_any_plural() -> None:
    assert [counted(number, "tag is", "tags are") for number in range(3)] == ["0 tags are", "1 tag is", "2 tags are"]
    assert [are(number) for number in range(3)] == ["are", "is", "are"]
    assert [were(number) for number in range(3)] == ["were", "was", "were"]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, ""),
        (1, "1"),
        (5, "1, 2, 3, 4, 5"),
        (6, "1, 2, 3, 4, 5 and 1 more"),
        (1005, "1, 2, 3, 4, 5 and 1,000 more"),
    ],
)
def test_some_of_many_names(number: int, text: str) -> None:
    assert some([str(each) for each in range(1, number + 1)]) == text


def test_some_of_names_that_are_not_all_known() -> None:
    assert some(["a", "b"], number=4) == "a, b and 2 more"
    assert some(["a", "b"], 1, number=4) == "a and 3 more"
    assert some(["a", "b", "c"], 2, separator="; ") == "a; b and 1 more"


def texts_of(source: Path) -> Iterator[tuple[int, list[str | ast.expr]]]:
    """Give the parts of each text of a file that holds values: words and values, with its line."""
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.JoinedStr):
            yield node.lineno, [_part(each) for each in node.values]


def _part(part: ast.expr) -> str | ast.expr:
    if isinstance(part, ast.Constant):
        return str(part.value)
    return part.value if isinstance(part, ast.FormattedValue) else part


@functools.cache
def plurals() -> list[str]:
    """Name in the plural whatever the plugins count somewhere, and a few words more."""
    found = {"bytes", "characters", "days", "others", "pages", "rules"}
    for source in FILES:
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "counted":
                words = [str(each.value) for each in node.args[1:] if isinstance(each, ast.Constant)]
                one, many = [*words, *(f"{word}s" for word in words)][:2] if words else ("", "")
                found |= set(re.findall(r"[a-z]+s\b", many)) - set(one.split())
    return sorted(found)


def is_constant(value: ast.expr) -> bool:
    """Whether a value is a constant of its module, which is never one."""
    while isinstance(value, ast.Subscript):
        value = value.value
    return isinstance(value, ast.Name) and NAME.fullmatch(value.id) is not None


def test_the_words_that_are_counted_are_found() -> None:
    assert {"tags", "projects", "repositories", "images", "requests", "seconds", "plans"} <= {*plurals()}


@pytest.mark.parametrize("source", FILES, ids=lambda source: source.stem)
def test_no_text_has_a_plural_behind_a_number_that_may_be_one(source: Path) -> None:
    """Such as f"{number} tags", which says 1 tags."""
    plural = re.compile(rf" (?:(?:more|other|tag|[a-z]+ed) )?({'|'.join(plurals())})\b")
    for line, parts in texts_of(source):
        for value, text in itertools.pairwise(parts):
            if isinstance(value, ast.expr) and isinstance(text, str) and plural.match(text):
                is_counted = isinstance(value, ast.Call) and ast.unparse(value.func) == "counted"
                assert is_counted or is_constant(value), f"{source.name}:{line}: {ast.unparse(value)}{text}"


@pytest.mark.parametrize("source", FILES, ids=lambda source: source.stem)
def test_no_text_for_format_has_a_plural_behind_its_number(source: Path) -> None:
    """Such as "{} tags have"."""
    plural = re.compile(rf"\{{\w*\}} (?:(?:more|other|tag|[a-z]+ed) )?({'|'.join(plurals())})\b")
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            assert not plural.search(node.value), f"{source.name}:{node.lineno}"


@pytest.mark.parametrize("source", FILES, ids=lambda source: source.stem)
def test_how_many_more_there_are_is_said_in_one_place(source: Path) -> None:
    by_hand = re.compile(r"(?<!\.\.\.) and \0 more")
    for line, parts in texts_of(source):
        text = "".join(part if isinstance(part, str) else "\0" for part in parts)
        assert source.name == "words.py" or not by_hand.search(text), f"{source.name}:{line}"


def numbers_of(source: Path) -> Iterator[tuple[int, ast.FormattedValue]]:
    """Give the numbers in the texts of a file: how many there are of something, and so many of all."""
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.JoinedStr):
            for number, text, all_of in _with_next_two(node.values):
                is_length = ast.unparse(number).startswith(("f'{len(", "f'{sum("))
                if isinstance(number, ast.FormattedValue) and (is_length or _is_part(text, all_of)):
                    yield node.lineno, number


def _with_next_two(parts: list[ast.expr]) -> Iterator[tuple[ast.expr, ast.expr | None, ast.expr | None]]:
    return zip(parts, [*parts[1:], None], [*parts[2:], None, None], strict=False)


def _is_part(text: ast.expr | None, all_of: ast.expr | None) -> bool:
    """Whether a text goes on with " of " so many."""
    of = isinstance(text, ast.Constant) and str(text.value).endswith(" of ")
    return of and "counted(" in (ast.unparse(all_of) if all_of else "")


@pytest.mark.parametrize("source", FILES, ids=lambda source: source.stem)
def test_a_number_in_a_sentence_has_commas(source: Path) -> None:
    for line, number in numbers_of(source):
        shown = number.format_spec and ast.unparse(number.format_spec)
        called = isinstance(number.value, ast.Call) and ast.unparse(number.value.func) not in ("len", "sum")
        assert shown or called or ast.unparse(number.value) in COUNTED, (
            f"{source.name}:{line}: {ast.unparse(number.value)} is shown without commas"
        )
