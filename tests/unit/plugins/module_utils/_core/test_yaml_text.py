# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Texts in YAML: whatever is written there is read, or told with its line, in little time."""

from __future__ import annotations

import random

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.yaml_text import YamlError, parse_yaml


def told(text: str) -> str:
    """What is wrong with a text; empty if nothing is."""
    try:
        parse_yaml(text)
    except YamlError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\nb: 2027-02-30", "has '2027-02-30' in line 2, which looks like a time and is none: correct it, or put"),
        ("a: 2027-01-01T25:00:00Z", "has '2027-01-01T25:00:00Z' in line 1, which looks like a time and is none"),
        (f"a: {'9' * 5000}", "in line 1, which looks like a number and is none"),
        ("a: 0b_", "has '0b_' in line 1, which looks like a number and is none"),
        ("a: !!bool maybe", "has the tag !!bool in line 1, which does not fit 'maybe': leave it out"),
        ("a: !!timestamp x", "has the tag !!timestamp in line 1, which does not fit 'x'"),
        ("a: !!int ''", "has the tag !!int in line 1, which does not fit ''"),
        ("a: !vault x", "has the tag !vault in line 1, which does not fit 'x'"),
        ("a: &a {x: 1}\nb:\n  <<: *a\n  <<: {x: 2}", "has the key '<<' twice in the mapping of line 3: write it once"),
        ("a:\n- &a [*a]", "has an alias that contains itself, in line 2"),
        ("a: &a {<<: *a}", "has an alias that contains itself, in line 1"),
    ],
)
def test_what_is_refused_is_told_with_its_line(text: str, words: str) -> None:
    assert words in told(text)


@pytest.mark.parametrize(("opened", "closed"), [("[", "]"), ("{<<: [", "]}"), ("{a: ", "}")])
def test_aliases_do_not_grow_without_end(opened: str, closed: str) -> None:
    lines = ["a0: &a0 {x: 1}"]
    for number in range(1, 2000):
        alias = f"*a{number - 1}"
        inside = alias if ":" in opened and "<<" not in opened else f"{alias}, {alias}"
        lines.append(f"a{number}: &a{number} {opened}{inside}{closed}")
    message = told("\n".join(lines))
    assert message.startswith(("is nested more than 200 levels deep in line ", "stands for more than 200,000 values"))


def test_the_last_of_merged_values_has_its_own_line() -> None:
    [found] = parse_yaml("a: &a {x: 010, y: 1}\nb:\n  x: 2\n  <<: *a\nc: {z: 0o7, <<: *a}")
    assert found.value["b"] == {"x": 2, "y": 1}
    assert (found.lines["b", "x"], found.lines["b", "y"]) == (3, 1)
    assert found.odd_numbers == {("a", "x"): "010", ("c", "x"): "010"}


@pytest.mark.parametrize(
    "number", ["0", "7", "-7", "+7", "10", "1.5", "0.5", ".5", "1.0e+3", ".inf", ".nan", "08", "9"]
)
def test_a_number_that_is_read_alike_is_none_that_is_odd(number: str) -> None:
    assert parse_yaml(f"a: {number}")[0].odd_numbers == {}


@pytest.mark.parametrize("seed", range(300))
def test_no_text_is_an_error_that_nobody_thought_of(seed: int) -> None:
    dice = random.Random(seed)
    parts = [
        "!!bool ",
        "!!int ",
        "!!float ",
        "!!timestamp ",
        "!!set ",
        "!!omap ",
        "!!binary ",
        "!!null ",
        "!x ",
        "&a ",
        "*a",
    ]
    parts += [
        "a: ",
        "- ",
        "? ",
        "[",
        "]",
        "{",
        "}",
        ", ",
        "\n",
        "\n  ",
        "<<: ",
        "0x",
        "0b",
        "1:60",
        "2027-02-30",
        "9" * 4400,
    ]
    parts += [
        "'",
        '"',
        "|\n",
        ">\n",
        "~",
        "=",
        "1_",
        ".",
        "e",
        "#",
        "%",
        "@",
        "`",
        "\t",
        "---\n",
        "...\n",
        "\0",
        "\ud800",
    ]
    told("".join(dice.choice(parts) for _time in range(dice.randrange(1, 12))))
