# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Alternatives that match no name, compared with what a plain matcher finds in all short names, and with RE2."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._rules import patterns
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.dead_alternatives import (
    Cause,
    Dead,
    dead_alternative,
    shortest,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.pattern_syntax import Kind, Reading, parse
from tests.tools.depth import examples

LONGEST = 4
_NAMES = ["".join(name) for size in range(1, LONGEST + 1) for name in itertools.product("a-", repeat=size)]
NAMES: dict[Kind | None, list[str]] = {
    Kind.WORD: [name for name in _NAMES if name[0] == "a"],
    Kind.OTHER: [name for name in _NAMES if name[0] == "-"],
    None: [""],
}
CHARACTERS = {"a": "a", "-": "-", ".": "a-", r"\w": "a", r"\W": "-", "[.-]": "-", " ": ""}
ASSERTIONS = ("^", "$", r"\A", r"\z", r"\b", r"\B")
REPETITIONS: dict[str, tuple[int, int]] = {
    **{"*": (0, LONGEST + 1), "+": (1, LONGEST + 1), "?": (0, 1), "+?": (1, LONGEST + 1)},
    **{"{0}": (0, 0), "{2}": (2, 2), "{1,2}": (1, 2), "{1,}": (1, LONGEST + 1)},
}


@dataclass(eq=False)
class Node:
    """A part of a pattern: text alone is a character or an assertion, branches are a group, and inner is repeated."""

    text: str
    branches: list[list[Node]] = field(default_factory=list)
    inner: Node | None = None


def written(parts: list[Node]) -> str:
    return "".join(map(one_written, parts))


def one_written(node: Node) -> str:
    if node.inner:
        return one_written(node.inner) + node.text
    return node.text + "|".join(map(written, node.branches)) + ")" if node.branches else node.text


nodes = st.recursive(
    st.sampled_from([*CHARACTERS, *ASSERTIONS, "a", "a", "-"]).map(Node),
    lambda inner: st.one_of(
        st.builds(
            Node,
            st.sampled_from(["(", "(?:", "(?i:", "(?P<x>"]),
            st.lists(st.lists(inner, max_size=3), min_size=1, max_size=3),
        ),
    ),
    max_leaves=6,
)


@st.composite
def branches(draw: st.DrawFn) -> list[list[Node]]:
    """The alternatives of a pattern, in which some parts are repeated."""

    def repeated(node: Node) -> Node:
        node = Node(node.text, [[repeated(each) for each in branch] for branch in node.branches])
        return Node(draw(st.sampled_from(list(REPETITIONS))), inner=node) if draw(st.integers(0, 3)) == 0 else node

    found = draw(st.lists(st.lists(nodes, max_size=3), min_size=1, max_size=3))
    return [[repeated(node) for node in branch] for branch in found]


Ways = set[tuple[int, frozenset[int]]]


def through(readings: list[tuple[list[Node], list[Node]]], name: str) -> Iterator[frozenset[int]]:
    """The alternatives (by their ids) on each way through a pattern."""
    for branch, parts in readings:
        yield from (taken for end, taken in ways(parts, name, {(0, frozenset({id(branch)}))}) if end == len(name))


def ways(parts: list[Node], name: str, found: Ways) -> Ways:
    """Where all that a sequence matches ends, with the alternatives on the way. found: where it may begin."""
    for node in parts:
        found = one_way(node, name, found)
    return found


def one_way(node: Node, name: str, begins: Ways) -> Ways:
    if node.inner:
        least, most = REPETITIONS[node.text]
        found = begins if least == 0 else set()
        for number in range(1, most + 1):
            begins = one_way(node.inner, name, begins) - (found if number > least else set())
            if not begins:
                break
            found = found | begins if number >= least else found
        return found
    if node.branches:
        entered = ((branch, {(end, taken | {id(branch)}) for end, taken in begins}) for branch in node.branches)
        return set().union(*(ways(branch, name, begin) for branch, begin in entered))
    if node.text in CHARACTERS:
        fitting = CHARACTERS[node.text]
        return {(end + 1, taken) for end, taken in begins if end < len(name) and name[end] in fitting}
    return {(end, taken) for end, taken in begins if holds(node.text, name, end)}


def holds(assertion: str, name: str, place: int) -> bool:
    if assertion in ("^", r"\A"):
        return place == 0
    if assertion in ("$", r"\z"):
        return place == len(name)
    words = [0 <= each < len(name) and name[each] == "a" for each in (place - 1, place)]
    return (words[0] != words[1]) is (assertion == r"\b")


ANYTHING = Node("*", inner=Node("."))


def as_read(top: list[list[Node]], reading: Reading) -> Iterator[tuple[list[Node], list[Node]]]:
    """Each alternative with what a reading puts around it."""
    for number, branch in enumerate(top):
        first, last = number == 0, number == len(top) - 1
        bare = reading is Reading.PART
        before = [ANYTHING] if bare or (reading is Reading.UNGROUPED and not first) else []
        behind = [ANYTHING] if bare or (reading is Reading.UNGROUPED and not last) else []
        yield branch, [*before, *branch, *behind]


def alternatives(top: list[list[Node]]) -> Iterator[list[Node]]:
    """All alternatives but those of groups that have a single one."""
    yield from top
    for branch in top:
        yield from inside(branch)


def inside(parts: list[Node]) -> Iterator[list[Node]]:
    for node in parts:
        if node.inner:
            yield from inside([node.inner])
        elif len(node.branches) > 1:
            yield from alternatives(node.branches)
        else:
            yield from (each for branch in node.branches for each in inside(branch))


@examples(300)
@given(branches(), st.sampled_from(Reading))
def test_an_alternative_is_alive_if_a_plain_matcher_goes_through_it(top: list[list[Node]], reading: Reading) -> None:
    text = "|".join(map(written, top))
    expression = {Reading.WHOLE: rf"\A(?:{text})\z", Reading.UNGROUPED: rf"\A{text}\z", Reading.PART: text}[reading]
    if patterns.pattern_error(text):
        return
    search, program = re2.compile(expression).search, parse(text, reading, patterns._kinds_of)
    for first, names in NAMES.items():
        taken: set[int] = set()
        for name in names:
            found = list(through(list(as_read(top, reading)), name))
            assert bool(found) == (search(name) is not None)
            taken.update(*found)
        lengths = shortest(program, first)
        alive = [number for number, length in lengths.items() if length <= LONGEST and number in program.alternatives]
        assert Counter(program.alternatives[number].text for number in alive) == Counter(
            written(branch) for branch in alternatives(top) if id(branch) in taken
        )


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("a ", Dead("a ", Cause.CHARACTER, needs=(" ",))),
        ("(a |b,)", Dead("(a |b,)", Cause.CHARACTER, needs=(" ",))),
        ("x(a |b,)", Dead("x(a |b,)", Cause.CHARACTER, needs=(" ",))),
        ("x|(( |b )|,)|y", Dead("(( |b )|,)", Cause.CHARACTER, needs=(" ",))),
        ("x( |a)?", Dead(" ", Cause.CHARACTER, needs=(" ",))),
        ("x( )?", None),
        ("x(?:, ){0}", None),
        ("x^ ", Dead("x^ ", Cause.CHARACTER, needs=(" ",))),
        ("a{129}", Dead("a{129}", Cause.LENGTH)),
        ("a{127}(b|cc)", Dead("cc", Cause.LENGTH)),
        ("a{126}(b|cc)", None),
        ("-{129}", Dead("-{129}", Cause.BEGINNING)),
        ("-?^$", Dead("-?^$", Cause.EMPTY)),
        ("-?", Dead("-?", Cause.BEGINNING)),
        ("(^|-)a", None),
        ("(^|-)(^|-)", Dead("(^|-)(^|-)", Cause.BEGINNING)),
        ("(^|a)-", None),
        ("(a$b|c)", Dead("a$b", Cause.PLACE, needs=("$",))),
        ("a(b(c|^))$", Dead("^", Cause.PLACE, needs=("^",))),
        (r"a(-|b)\B\B", Dead("b", Cause.PLACE, needs=(r"\B",))),
        ("( |a)b^", Dead("( |a)b^", Cause.PLACE, needs=("^",))),
        ("(?: |a)b^|c", Dead("(?: |a)b^", Cause.PLACE, needs=("^",))),
        ("( )?a^", Dead("( )?a^", Cause.PLACE, needs=("^",))),
        (r"(?:a|b\B){1}", Dead(r"b\B", Cause.PLACE, needs=(r"\B",))),
        (r"(?:a|b\B){1,2}", None),
        (r"(?:a|b\B){2}", None),
        ("a{2}?b{1,3}?c??", None),
        ("(?s)\u212a", Dead("(?s)\u212a", Cause.CHARACTER, needs=("\u212a",))),
        ("(?i)a(?-i:\u212a)", Dead("(?i)a(?-i:\u212a)", Cause.CHARACTER, needs=("\u212a",))),
        ("(?i:a(?s:\u212a))", None),
        ("(?i-s:a(?P<x>\u212a))", None),
    ],
)
def test_the_alternative_and_why_it_is_dead(pattern: str, found: Dead | None) -> None:
    assert dead_alternative(parse(pattern, Reading.WHOLE, patterns._kinds_of)) == found
