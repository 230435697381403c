# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The syntax of RE2: from a pattern to its alternatives, and to the steps by which it goes through a name. Pure."""

from __future__ import annotations

import enum
import re
import typing as t
from dataclasses import dataclass, field

# https://github.com/google/re2/wiki/Syntax. A ] that comes first in a class belongs to it. RE2 takes {01} for text, and
# numbers of more than nine digits too: re2/parse.cc, ParseInteger.
_TOKEN = re.compile(
    r"""
    \\Q.*?(?:\\E|\Z)
    | \\[pP](?:\{[^}]*\}|.) | \\x(?:\{[^}]*\}|[0-9A-Fa-f]{2}) | \\[0-7]{1,3} | \\.
    | \[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]
    | \(\?P?<[^>]*> | \(\?[imsU-]*[:)]
    | [*+?]\?? | \{(?:0|[1-9][0-9]{0,8})(?:,(?:0|[1-9][0-9]{0,8})?)?\}\??
    | .
    """,
    re.DOTALL | re.VERBOSE,
)
_FLAGS = re.compile(r"\(\?([imsU]*)(-?[imsU]*)[:)]")
_ASSERTIONS = ("^", "$", r"\A", r"\z", r"\b", r"\B")
_SYMBOLS: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_COUNTED = re.compile(r"\{([0-9]+)(,?)([0-9]*)\}")


class Kind(enum.Enum):
    r"""The characters that names of tags are made of, as \b tells them apart. A name never begins with OTHER."""

    WORD = enum.auto()
    OTHER = enum.auto()


class Reading(enum.Enum):
    r"""How a pattern is held against a name.

    WHOLE: as people mean it, \A(?:...)\z.
    UNGROUPED: as GitLab's cleanup does, \A...\z, where the anchors belong to the first and the last alternative.
    PART: as a tag protection rule of GitLab's does, for which a part of the name is enough.
    """

    WHOLE = enum.auto()
    UNGROUPED = enum.auto()
    PART = enum.auto()


class Step(t.NamedTuple):
    """A step on the way through a pattern.

    Args:
        takes: the kinds of characters of which it takes one; None if it takes no character.
        asserts: what has to hold where it is, as the pattern has it; empty for nothing.
        jumps: how many steps on the way goes on, by each way that it may go.
        alternative: number of the alternative that begins here; None if none does.
    """

    takes: frozenset[Kind] | None = None
    asserts: str = ""
    jumps: tuple[int, ...] = (1,)
    alternative: int | None = None


class Alternative(t.NamedTuple):
    """One of several alternatives of a group or of the pattern, or the whole pattern.

    Args:
        text: as the pattern has it.
        needs: the first character, class or escape that it can't do without and no name holds; empty if there is none.
        assertions: what it asserts.
        beside_begin: whether ^ is another alternative, as in (^|-), so that it need not stand at the begin of a name.
    """

    text: str
    needs: str
    assertions: tuple[str, ...]
    beside_begin: bool = False


class Program(t.NamedTuple):
    """A pattern as steps. The way through it begins with the first, and ends behind the last.

    Args:
        steps: a part that is repeated has several copies.
        alternatives: by their numbers. Those inside of others have higher ones.
    """

    steps: tuple[Step, ...]
    alternatives: t.Mapping[int, Alternative]


@dataclass
class _Group:
    """A group, or the whole pattern, as far as it is read.

    Args:
        begin: where in the pattern the present alternative begins, which is its number.
        ignores_case: whether letters match those of the other case.
        branches: the steps of the alternatives that are read.
        alternatives: what these are, by their numbers.
        parts: the steps of each part of the present alternative.
        needs: of each of these parts, what no name holds of it; empty if there is nothing.
        assertions: of the present alternative.
    """

    begin: int
    ignores_case: bool = False
    branches: list[list[Step]] = field(default_factory=list)
    alternatives: dict[int, Alternative] = field(default_factory=dict)
    parts: list[list[Step]] = field(default_factory=list)
    needs: list[str] = field(default_factory=list)
    assertions: list[str] = field(default_factory=list)

    def add(self, part: list[Step], needs: str = "") -> None:
        self.parts.append(part)
        self.needs.append(needs)

    def add_assertion(self, text: str) -> None:
        self.add([Step(asserts=text)])
        self.assertions.append(text)

    def add_group(self, group: _Group) -> None:
        inside = list(group.alternatives.values())
        self.add(_choice(group.branches), inside[0].needs if all(each.needs for each in inside) else "")
        self.assertions += (text for each in inside for text in each.assertions)

    def repeat(self, least: int, most: int | None) -> None:
        """The part that was read last may come several times, or be left out."""
        part, needs = self.parts.pop(), self.needs.pop()
        more = _loop(part) if most is None else [Step(jumps=(1, len(part) + 1)), *part] * (most - least)
        self.add(part * least + more, needs if least else "")

    def end_alternative(self, text: str, end: int) -> None:
        """The present alternative ends at a position of the pattern, and the next begins behind it."""
        needs = next(filter(None, self.needs), "")
        self.alternatives[self.begin] = Alternative(
            text[self.begin : end], needs=needs, assertions=tuple(self.assertions)
        )
        self.branches.append([Step(alternative=self.begin), *(step for part in self.parts for step in part)])
        self.begin, self.parts, self.needs, self.assertions = end + 1, [], [], []


def _of_several(alternatives: t.Mapping[int, Alternative]) -> dict[int, Alternative]:
    """The alternatives of a group by their numbers, with what they have to do with each other; none of a single one."""
    beside = any(each.text in ("^", r"\A") for each in alternatives.values())
    several = alternatives if len(alternatives) > 1 else {}
    return {number: each._replace(beside_begin=beside) for number, each in several.items()}


def _loop(part: t.Sequence[Step]) -> list[Step]:
    """The steps of a part that may come any number of times."""
    return [Step(jumps=(1, len(part) + 2)), *part, Step(jumps=(-len(part) - 1,))]


def _choice(branches: t.Sequence[t.Sequence[Step]]) -> list[Step]:
    """The steps of several branches, of which a way takes one."""
    begins: list[int] = []
    found: list[Step] = []
    length = sum(len(branch) + 1 for branch in branches)
    for branch in branches:
        begins.append(len(found) + 1)
        found += [*branch, Step(jumps=(length - len(found) - len(branch),))]
    return [Step(jumps=tuple(begins)), *found]


def _as_read(branches: t.Sequence[t.Sequence[Step]], reading: Reading) -> list[Step]:
    """The steps of a whole pattern, with what a reading allows before and behind its alternatives."""
    anything = _loop([Step(takes=frozenset(Kind))])
    found = [list(branch) for branch in branches]
    if reading is not Reading.WHOLE:
        bound = 1 if reading is Reading.UNGROUPED else 0
        found[bound:] = [anything + branch for branch in found[bound:]]
        last = len(found) - bound
        found[:last] = [branch + anything for branch in found[:last]]
    return _choice(found)


def parse(text: str, reading: Reading, kinds_of: t.Callable[[str, bool], frozenset[Kind]]) -> Program:
    """A valid pattern as steps.

    Args:
        text: the pattern.
        reading: how it is held against a name.
        kinds_of: the kinds of characters that a character, class or escape matches, by its text and whether case is
            ignored.
    """
    groups = [_Group(0)]
    alternatives: dict[int, Alternative] = {}
    for token in _TOKEN.finditer(text):
        group, written = groups[-1], token.group()
        bounds = _bounds(written)
        if written == "|":
            group.end_alternative(text, token.start())
        elif written == ")":
            groups.pop().end_alternative(text, token.start())
            groups[-1].add_group(group)
            alternatives.update(_of_several(group.alternatives))
        elif bounds:
            group.repeat(*bounds)
        elif written in _ASSERTIONS:
            group.add_assertion(written)
        elif written.startswith("("):
            ignores_case = _ignores_case(written, group.ignores_case)
            if written.endswith(")"):
                group.ignores_case = ignores_case
            else:
                groups.append(_Group(token.end(), ignores_case))
        else:
            for atom in _atoms(written):
                kinds = kinds_of(atom, group.ignores_case)
                group.add([Step(takes=kinds)], "" if kinds else atom)
    groups[0].end_alternative(text, len(text))
    alternatives.update(_of_several(groups[0].alternatives) or groups[0].alternatives)
    return Program(tuple(_as_read(groups[0].branches, reading)), dict(sorted(alternatives.items())))


def _bounds(token: str) -> tuple[int, int | None] | None:
    """How often a repetition takes what stands before it, at least and at most; None for what is no repetition."""
    greedy = token[:-1] if token.endswith("?") and len(token) > 1 else token
    counted = _COUNTED.fullmatch(greedy)
    if counted is None:
        return _SYMBOLS.get(greedy)
    least, comma, most = counted.groups()
    return int(least), (int(most) if most else None if comma else int(least))


def _atoms(token: str) -> t.Iterable[str]:
    r"""The single characters of a text that is quoted by \Q, or the token itself."""
    if not token.startswith(r"\Q"):
        return (token,)
    return [re.escape(character) for character in re.sub(r"\\E\Z", "", token[2:])]


def _ignores_case(token: str, before: bool) -> bool:
    """Whether case is ignored behind the token that opens a group or sets flags."""
    flags = _FLAGS.fullmatch(token)
    if flags is None:
        return before
    return (before or "i" in flags[1]) and "i" not in flags[2]
