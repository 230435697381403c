# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The alternatives of a pattern by which it matches no name that a tag can have. Pure.

An alternative is dead if no name leads through the pattern by way of it. Of a name it matters only of which kind the
characters before and behind each place are, so that all names are looked at together.
"""

from __future__ import annotations

import enum
import math
import typing as t
from collections import deque

from .pattern_syntax import Kind, Program, Step

# See TAG_NAME.
LONGEST_NAME = 128


class Cause(enum.Enum):
    """Why an alternative is dead.

    CHARACTER: It needs a character that no name holds.
    LENGTH: All that it matches is too long.
    EMPTY: It matches the empty text alone.
    BEGINNING: All that it matches begins with a dot or a dash.
    PLACE: It asserts what can't be where it stands.
    """

    CHARACTER = enum.auto()
    LENGTH = enum.auto()
    EMPTY = enum.auto()
    BEGINNING = enum.auto()
    PLACE = enum.auto()


class Dead(t.NamedTuple):
    """An alternative that is dead, or a whole pattern.

    Args:
        text: of the alternative, or of the pattern.
        cause: why.
        needs: the character for CHARACTER, the assertions for PLACE, and nothing else.
    """

    text: str
    cause: Cause
    needs: tuple[str, ...] = ()


# The kinds of the characters before and behind a place in a name; None for its ends.
_Place = tuple[t.Optional[Kind], t.Optional[Kind]]
# A position in the steps of a pattern, and the place in a name.
_Node = tuple[int, _Place]


def dead_alternative(program: Program) -> Dead | None:
    """The first alternative that is dead, those before that hold others; None if there is none."""
    lengths = shortest(program, Kind.WORD)
    for number, alternative in program.alternatives.items():
        if lengths.get(number, math.inf) > LONGEST_NAME:
            found = _why_dead(program, number, is_long=number in lengths)
            if found.cause is not Cause.BEGINNING or not alternative.beside_begin:
                return found
    return None


def _why_dead(program: Program, number: int, *, is_long: bool) -> Dead:
    """Why an alternative is dead. is_long: whether there are texts by way of it."""
    alternative = program.alternatives[number]
    if alternative.needs:
        return Dead(alternative.text, Cause.CHARACTER, needs=(alternative.needs,))
    if is_long:
        return Dead(alternative.text, Cause.LENGTH)
    for first, cause in ((Kind.OTHER, Cause.BEGINNING), (None, Cause.EMPTY)):
        if number in shortest(program, first):
            return Dead(alternative.text, cause)
    asserted = alternative.assertions or [step.asserts for step in program.steps if step.asserts]
    return Dead(alternative.text, Cause.PLACE, needs=tuple(dict.fromkeys(asserted)))


def shortest(program: Program, first: Kind | None) -> dict[int, int]:
    """The length of the shortest text by way of each alternative, by number; without those that no text goes through.

    Args:
        program: the pattern.
        first: the kind of the first character of the text; None for the empty text.
    """
    edges: dict[_Node, list[tuple[_Node, int]]] = {}
    begin: _Node = (0, (None, first))
    ahead = _distances({begin}, lambda node: edges.setdefault(node, list(_next(program.steps, node))))
    back: dict[_Node, list[tuple[_Node, int]]] = {}
    for node, steps in edges.items():
        for target, length in steps:
            back.setdefault(target, []).append((node, length))
    ends = {node for node in ahead if node[0] == len(program.steps) and node[1][1] is None}
    behind = _distances(ends, lambda node: back.get(node, ()))
    found: dict[int, int] = {}
    for node, length in behind.items():
        number = program.steps[node[0]].alternative if node not in ends else None
        if number is not None:
            found[number] = min(found.get(number, length + ahead[node]), length + ahead[node])
    return found


def _distances(
    begins: t.Iterable[_Node], edges_of: t.Callable[[_Node], t.Iterable[tuple[_Node, int]]]
) -> dict[_Node, int]:
    """The least number of characters from one of several nodes to each that can be reached."""
    found: dict[_Node, int] = {}
    waiting = deque((node, 0) for node in begins)
    while waiting:
        node, distance = waiting.popleft()
        if node in found:
            continue
        found[node] = distance
        for target, length in edges_of(node):
            if length:
                waiting.append((target, distance + 1))
            else:
                waiting.appendleft((target, distance))
    return found


def _next(steps: t.Sequence[Step], node: _Node) -> t.Iterator[tuple[_Node, int]]:
    """Where the way goes on, and by how many characters."""
    position, (before, behind) = node
    if position == len(steps):
        return
    step = steps[position]
    if step.asserts and not _holds(step.asserts, before, behind):
        return
    places: list[_Place] = [(before, behind)]
    if step.takes is not None:
        # What comes behind the character may be anything, or the end of the name.
        places = [(behind, after) for after in (*Kind, None)] if behind in step.takes else []
    for place in places:
        for jump in step.jumps:
            yield (position + jump, place), int(step.takes is not None)


def _holds(assertion: str, before: Kind | None, behind: Kind | None) -> bool:
    """Whether something asserted is true of a place in a name."""
    if assertion in ("^", r"\A"):
        return before is None
    if assertion in ("$", r"\z"):
        return behind is None
    is_boundary = (before is Kind.WORD) != (behind is Kind.WORD)
    return is_boundary == (assertion == r"\b")
