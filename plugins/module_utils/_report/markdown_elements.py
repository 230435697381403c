# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The elements of Markdown: code spans, tables, lists, what is folded away, and as much of them as there is room for.

Names and messages stand in code spans, in which GitLab finds no mention, link, HTML or quick action. Pure.
"""

from __future__ import annotations

import typing as t

from .._core.words import counted

_LONGEST_NAME = 400
_ROOM_FOR_A_TITLE = 60
_FOLD, _FOLD_END = "<details>", "</details>"
Lines = list[str]


def code(text: str | None, longest: int = _LONGEST_NAME) -> str:
    """A text as a code span, in which nothing of it means anything. What can't be seen is shown escaped."""
    if not text:
        return "–"
    shown = "".join(map(_shown, text))
    return f"`{shown if len(shown) <= longest else shown[:longest] + ' ...'}`"


def _shown(letter: str) -> str:
    # In a table, a pipe ends a cell in code spans too.
    if letter.isprintable() and letter not in "`|\\":
        return letter
    return f"\\x{ord(letter):02x}" if letter < "\u0100" else f"\\u{ord(letter):04x}"


def length_of(lines: t.Sequence[str]) -> int:
    """The number of characters of lines, with their ends."""
    return sum(len(line) + 1 for line in lines)


def fitting(texts: t.Sequence[str], room: int) -> tuple[Lines, Lines]:
    """The entries of a list that there is room for, and the others."""
    used = _ROOM_FOR_A_TITLE
    for number, text in enumerate(texts):
        used += len(text) + len("- \n")
        if used > room:
            return list(texts[:number]), list(texts[number:])
    return list(texts), []


def cut(lines: t.Sequence[str], room: int) -> Lines:
    """As many lines as there is room for, and how many there are more."""
    used = _ROOM_FOR_A_TITLE
    for number, line in enumerate(lines):
        used += len(line) + 1
        if used > room:
            # Whatever was opened is closed.
            closing = ["", _FOLD_END] if _FOLD in lines[:number] else []
            return [*lines[:number], "", f"... and {counted(len(lines) - number, 'more line')}", *closing, ""]
    return list(lines)


def table(header: t.Sequence[str], rows: t.Iterable[t.Sequence[str]]) -> Lines:
    """A table. Cells are neutral already."""
    return [
        f"| {' | '.join(header)} |",
        f"|{' --- |' * len(header)}",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]


def titled_list(title: str, texts: t.Sequence[str], count: int) -> Lines:
    """A list below its title, with how many entries there are. count: of all, of which texts may be the first."""
    if not texts:
        return []
    more = [f"- ... and {count - len(texts)} more"] if count > len(texts) else []
    return [f"## {title}: {count}", "", *(f"- {each}" for each in texts), *more, ""]


def folded(summary: str, lines: t.Sequence[str]) -> Lines:
    """Lines that are shown on a click on their summary."""
    return [_FOLD, f"<summary>{summary}</summary>", "", *lines, "", _FOLD_END, ""]
