# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is taken for a value of which kind, and what is said of everything else."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._retention.validation import Problem, checked, shown

ROW = {"text": {"type": "str", "required": True}, "count": {"type": "int"}}
SPEC: dict[str, Any] = {
    "text": {"type": "str", "aliases": ["words"], "default": "nothing said"},
    "choice": {"type": "str", "choices": ["one", "two"], "default": "one"},
    "whole": {"type": "int", "default": 7},
    "number": {"type": "float"},
    "flag": {"type": "bool", "default": False},
    "day": {"type": "day"},
    "texts": {"type": "list", "elements": "str", "default": ["x"]},
    "choices": {"type": "list", "elements": "str", "choices": ["one", "two"]},
    "needed": {"type": "list", "elements": "str", "required": True},
    "rows": {"type": "list", "elements": "dict", "options": ROW, "default": []},
    "row": {"type": "dict", "options": ROW},
}
DEFAULTS = {name: option.get("default") for name, option in SPEC.items()}
NEEDED: dict[Any, Any] = {"needed": ["x"]}
TEXT = "YAML reads it as something else than a text, so put it in quotes"
WHOLE, NUMBER, FLAG = "it has to be a whole number", "it has to be a number", "it has to be true or false"


def read(value: Any) -> tuple[dict[str, Any], list[Problem]]:
    problems: list[Problem] = []
    return checked(value, SPEC, problems), problems


@pytest.mark.parametrize(
    ("key", "value", "found"),
    [
        ("text", " a b\n", "a b"),
        ("words", "a", "a"),
        ("choice", "two", "two"),
        ("whole", -(10**15) + 1, -(10**15) + 1),
        ("whole", "012", 12),
        ("whole", "-12", -12),
        ("number", 10**15 - 1, 1e15 - 1),
        ("number", 0.5, 0.5),
        ("number", "-12.25", -12.25),
        ("flag", True, True),
        ("flag", "Yes", True),
        ("flag", "ON", True),
        ("flag", "true", True),
        ("flag", "No", False),
        ("flag", "off", False),
        ("flag", "FALSE", False),
        ("day", date(2027, 1, 31), "2027-01-31"),
        ("day", datetime(2027, 1, 31, 12, tzinfo=UTC), "2027-01-31T12:00:00+00:00"),
        ("day", "soon", "soon"),
        ("texts", ["a", "b"], ["a", "b"]),
        ("choices", ["two"], ["two"]),
        ("rows", [], []),
        ("rows", [{"text": "a"}], [{"text": "a", "count": None}]),
        ("row", {"text": "a", "count": 3}, {"text": "a", "count": 3}),
    ],
)
def test_a_value_of_its_kind(key: str, value: Any, found: Any) -> None:
    expected = {**DEFAULTS, **NEEDED, "text" if key == "words" else key: found}
    rows, problems = read({**NEEDED, key: value})
    assert (rows, problems) == (expected, [])
    assert type(rows["text" if key == "words" else key]) is type(found)


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("text", 5, f"text is 5: {TEXT}"),
        ("text", True, f"text is True: {TEXT}"),
        ("text", 1.5, f"text is 1.5: {TEXT}"),
        ("text", date(2027, 1, 31), f"text is 2027-01-31: {TEXT}"),
        ("text", ["a"], "text is a list: it has to be a text"),
        ("text", {}, "text is a mapping: it has to be a text"),
        ("text", " \n", "text is ' \\n': write a text, or leave it out"),
        ("text", "a\nb", "text is 'a\\nb': it contains a line break, so write it in one line"),
        ("text", "a\ud800", "text is 'a\\ud800': it contains an invisible character, so type it again"),
        ("text", None, "text is empty: give it a value, or leave it out"),
        ("choice", "three", "choice is 'three': it has to be one of one, two"),
        ("whole", 10**15, f"whole is 1000000000000000: {WHOLE}"),
        ("whole", -(10**15), f"whole is -1000000000000000: {WHOLE}"),
        ("whole", True, f"whole is True: {WHOLE}"),
        ("whole", 1.0, f"whole is 1.0: {WHOLE}"),
        ("whole", "1" * 16, f"whole is '{'1' * 16}': {WHOLE}"),
        ("whole", "\u0663", f"whole is '\u0663': {WHOLE}"),
        ("number", 1e15, f"number is 1000000000000000.0: {NUMBER}"),
        ("number", float("nan"), f"number is nan: {NUMBER}"),
        ("number", float("-inf"), f"number is -inf: {NUMBER}"),
        ("number", False, f"number is False: {NUMBER}"),
        ("number", "1e3", f"number is '1e3': {NUMBER}"),
        ("number", "12.", f"number is '12.': {NUMBER}"),
        ("flag", 1, f"flag is 1: {FLAG}"),
        ("flag", "1", f"flag is '1': {FLAG}"),
        ("flag", [], f"flag is a list: {FLAG}"),
        ("day", 2027, f"day is 2027: {TEXT}"),
        ("texts", "a", "texts is 'a': it has to be a list"),
        ("texts", [], "texts is empty: write at least one entry, or leave it out"),
        ("needed", [], "needed is empty: write at least one entry"),
        ("unknown", 1, f"'unknown' is not a known key: the keys are {', '.join(SPEC)}"),
        ("numbr", 1, "'numbr' is not a known key: perhaps number is meant"),
        ("word", 1, "'word' is not a known key: perhaps words is meant"),
        ("texts", "x" * 58, f"texts is '{'x' * 58}': it has to be a list"),
        ("texts", "x" * 59, f"texts is '{'x' * 59}...: it has to be a list"),
    ],
)
def test_what_is_not_of_its_kind_is_told_and_has_its_default(key: str, value: Any, text: str) -> None:
    rows, problems = read({**NEEDED, key: value})
    assert problems == [Problem((), text, key=key)]
    expected = {**DEFAULTS, **NEEDED}
    assert rows == ({**expected, key: []} if value == [] and key != "flag" else expected)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({**NEEDED, "texts": ["a", 5]}, Problem(("texts",), f"5: {TEXT}", key=1)),
        (
            {**NEEDED, "choices": ["two", "three"]},
            Problem(("choices",), "'three': it has to be one of one, two", key=1),
        ),
        (
            {**NEEDED, "rows": [{"text": "a"}, {"text": "b", "count": "c"}]},
            Problem(("rows", 1), "count is 'c': it has to be a whole number", key="count"),
        ),
        ({**NEEDED, "rows": [{"count": 3}]}, Problem(("rows", 0), "text is missing")),
        ({**NEEDED, "row": 3}, Problem(("row",), "here is 3, but it has to be a mapping with the keys text, count")),
        (
            {**NEEDED, "text": "a", "words": "b"},
            Problem((), "words is the same as text: write one of the two", key="words"),
        ),
        ({**NEEDED, 5: "a"}, Problem((), f"5 is not a known key: the keys are {', '.join(SPEC)}", key=5)),
        ({**NEEDED, (1,): "a"}, Problem((), f"(1,) is not a known key: the keys are {', '.join(SPEC)}")),
        ({}, Problem((), "needed is missing")),
        (None, Problem((), f"here is nothing, but it has to be a mapping with the keys {', '.join(SPEC)}")),
    ],
)
def test_a_problem_is_told_with_its_place(value: Any, problem: Problem) -> None:
    _rows, problems = read(value)
    assert problems == [problem]
    assert problem.whole_path == (*problem.path, *([] if problem.key is None else [problem.key]))


def test_what_can_not_be_taken_has_the_defaults() -> None:
    values: list[Any] = [None, 5, []]
    assert [read(value)[0] for value in values] == [DEFAULTS] * 3
    assert read({**NEEDED, "rows": [{"text": "a", "count": "c"}, 5]})[0]["rows"] == [
        {"text": "a", "count": None},
        {"text": None, "count": None},
    ]
    assert read({**NEEDED, "texts": ["a", 5]})[0]["texts"] == ["a"]


def test_what_is_written_nearly_right_is_not_missing_besides() -> None:
    [problem] = read({"neded": ["x"]})[1]
    assert problem.key == "neded"


def test_long_values_are_cut() -> None:
    assert shown("x" * 58) == f"'{'x' * 58}'"
    assert shown("x" * 59) == f"'{'x' * 59}..."
    assert (shown({}), shown([]), shown(None)) == ("a mapping", "a list", "nothing")
