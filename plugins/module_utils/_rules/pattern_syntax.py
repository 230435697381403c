# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The syntax of RE2, as far as it shows that a part of a pattern can match nothing. Pure."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

# https://github.com/google/re2/wiki/Syntax. A ] that comes first in a class belongs to it.
_TOKEN = re.compile(
    r"""
    \\Q.*?(?:\\E|\Z)
    | \\[pP](?:\{[^}]*\}|.) | \\x(?:\{[^}]*\}|[0-9A-Fa-f]{2}) | \\[0-7]{1,3} | \\.
    | \[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]
    | \(\?P?<[^>]*> | \(\?[imsU-]*[:)]
    | [*+?]\?? | \{[0-9]+(?:,[0-9]*)?\}\??
    | .
    """,
    re.DOTALL | re.VERBOSE,
)
_FLAGS = re.compile(r"\(\?([imsU]*)(-?[imsU]*)[:)]")
# Repetitions that may be none.
_OPTIONAL = re.compile(r"[*?]\??|\{0+(,[0-9]*)?\}\??")
_REPETITION = re.compile(r"[*+?]\??|\{[0-9]+(,[0-9]*)?\}\??")


class Impossible(t.NamedTuple):
    """A part of a pattern that can match nothing.

    Args:
        alternative: the part: one alternative of several, or the whole pattern.
        needs: the first thing in it that nothing matches.
    """

    alternative: str
    needs: str


@dataclass
class _Group:
    """A group, or the whole pattern, as far as it is read.

    Args:
        ignores_case: whether letters match those of the other case.
        alternative: the text of the alternative that is read.
        needs: the first thing of it that nothing matches; empty if there is none.
        last: the same of the part read last, which may turn out to be optional.
        is_one_of_several: whether it has other alternatives.
    """

    ignores_case: bool = False
    alternative: str = ""
    needs: str = ""
    last: str = ""
    is_one_of_several: bool = False

    def impossible(self) -> Impossible | None:
        """The alternative that was read, if it can match nothing."""
        needs = self.needs or self.last
        return Impossible(self.alternative, needs) if needs else None

    def add(self, needs: str) -> None:
        """Another part was read. needs: what nothing matches of it, empty if something does."""
        self.needs, self.last = self.needs or self.last, needs


def impossible_alternative(text: str, is_possible: t.Callable[[str, bool], bool]) -> Impossible | None:
    """The first alternative of a valid pattern that can match nothing, in or out of groups.

    A part that may be left out is none, unless it is one of several alternatives itself.

    Args:
        text: the pattern.
        is_possible: whether a character, class or escape matches anything, by its text and whether case is ignored.
    """
    groups = [_Group()]
    for token in _TOKEN.findall(text):
        group = groups[-1]
        if token == "|":
            found = group.impossible()
            if found:
                return found
            groups[-1] = _Group(group.ignores_case, is_one_of_several=True)
        elif token == ")" and len(groups) > 1:
            found = groups.pop().impossible()
            if found and group.is_one_of_several:
                return found
            groups[-1].alternative += group.alternative + token
            groups[-1].add(found.needs if found else "")
        elif _REPETITION.fullmatch(token):
            group.alternative += token
            group.last = "" if _OPTIONAL.fullmatch(token) else group.last
        elif token.startswith("("):
            flags = _ignores_case(token, group.ignores_case)
            group.alternative += token
            if token.endswith(")"):
                group.ignores_case = flags
            else:
                groups.append(_Group(flags))
        else:
            group.alternative += token
            for atom in _atoms(token):
                group.add("" if is_possible(atom, group.ignores_case) else atom)
    return groups[0].impossible()


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
