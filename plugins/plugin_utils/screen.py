# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Lines for a terminal or the log of a controller: tables, long names, numbers of bytes. Pure.

Ansible prints a list of lines as JSON, which costs 12 columns. What is left of 100 is the width of a line. Only a
single word that is longer stands on a line that is longer, since people copy words.
"""

from __future__ import annotations

import json
import re
import typing as t
import unicodedata
from collections import Counter

from ..module_utils._core.diffs import printable
from ..module_utils._core.words import some
from ..module_utils._report.words import bytes_between, bytes_in_words

WIDTH = 88
_ELLIPSIS = "..."
_GAP = "  "
# What remarks need at least, and names.
_LEAST_REMARKS, _LEAST_NAME = 24, 12
# How much of a name is shown inside of a sentence.
_LONG_NAME = 44


class Row(t.NamedTuple):
    """A row of a table.

    Args:
        name: what it is about.
        cells: short values, which stand to the right of their column.
        remarks: what else there is to say, as much of it as there is room for.
    """

    name: str
    cells: tuple[str, ...]
    remarks: tuple[str, ...] = ()


def width_of(text: str) -> int:
    """How many columns a text takes as Ansible prints it, with what JSON escapes."""
    wide = sum(1 for letter in text if unicodedata.east_asian_width(letter) in "WF")
    return len(json.dumps(text, ensure_ascii=False)) - 2 + wide


def cut(text: str, width: int) -> str:
    """A text in as many columns, of which the middle is left out if it does not fit."""
    if width_of(text) <= width:
        return text
    room = max(width - len(_ELLIPSIS), 2)
    end = _fitting(text[::-1], (room + 1) // 2)[::-1]
    return f"{_fitting(text, room - width_of(end))}{_ELLIPSIS}{end}"


def _fitting(text: str, width: int) -> str:
    """The beginning of a text that takes at most so many columns."""
    end = min(len(text), width)
    while width_of(text[:end]) > width:
        end -= 1
    return text[:end]


def wrapped(text: str, indent: str = "") -> list[str]:
    """A text in lines, of which all but the first are further in. A longer word has a line of its own.

    Args:
        text: what a person or a server wrote.
        indent: what each line begins with.
    """
    return _filled([printable(word) for word in re.split("[ \\n]+", text) if word], indent)


def wrapped_list(label: str, items: t.Sequence[str], indent: str = "") -> list[str]:
    """Items with commas behind their label, of which none is broken.

    Args:
        label: what they are.
        items: the items.
        indent: what each line begins with.
    """
    shown = [f"{printable(item)}," for item in items[:-1]] + [printable(item) for item in items[-1:]]
    return _filled([f"{label}:", *shown], indent)


def _filled(words: t.Sequence[str], indent: str) -> list[str]:
    lines: list[str] = []
    line = indent
    further = f"{indent}{_GAP}"
    for word in words:
        longer = f"{line}{word}" if not line.strip() else f"{line} {word}"
        if width_of(longer) > WIDTH and line.strip():
            lines.append(line)
            longer = f"{further}{word}"
        line = longer
    return [*lines, line] if line.strip() else lines


def sections(*parts: t.Sequence[str]) -> list[str]:
    """Parts with an empty line between them; those without lines are left out."""
    lines: list[str] = []
    for part in filter(None, parts):
        lines += ["", *part] if lines else part
    return lines


def lines_of(parts: t.Sequence[str], indent: str = "") -> list[str]:
    """Parts side by side in a line; if they do not fit, the first has a line of its own and the others follow."""
    shown = [printable(part) for part in parts if part]
    line = f"{indent}{_GAP.join(shown)}"
    if width_of(line) <= WIDTH or len(shown) < 2:
        return [line]
    return [f"{indent}{shown[0]}", *wrapped(" ".join(shown[1:]), f"{indent}{_GAP}")]


def labelled(label: str, value: str) -> list[str]:
    """A value to copy behind its label, or below it."""
    line = f"{label}: {printable(value)}"
    return [line] if width_of(line) <= WIDTH else [f"{label}:", f"{_GAP}{printable(value)}"]


def listed(items: t.Sequence[str], width: int = WIDTH) -> str:
    """Items with commas, as many as fit, and the number of all others."""
    for shown in range(len(items), 0, -1):
        text = some(items, shown)
        if width_of(text) <= width:
            return text
    return f"{len(items):,} of them" if items else ""


def named(items: t.Sequence[str], most: int = 5) -> str:
    """The first items, of which long ones are cut, and the number of all others."""
    return some([cut(item, _LONG_NAME) for item in items[:most]], most, number=len(items))


def number_of(value: int | None) -> str:
    """A number, or a question mark if it is not known."""
    return "?" if value is None else f"{value:,}"


def bytes_of(value: int | None) -> str:
    """A number of bytes as people read it, or a question mark if it is not known."""
    return "?" if value is None else bytes_in_words(value)


def freed_of(least: int | None, most: int | None) -> str:
    """The space between two bounds, of which none is told to be narrower than it is; empty if neither is known."""
    return "" if least is None and most is None else bytes_between(least, most)


def table(head: Row, rows: t.Sequence[Row | str]) -> list[str]:
    """A table whose names and remarks share what the cells leave of a line.

    Names that would look alike once they are cut have a line of their own.

    Args:
        head: the heads of the columns.
        rows: the rows, and texts that stand between them.
    """
    shown = [_printable_row(row) for row in [head, *rows] if isinstance(row, Row)]
    columns = list(zip(*(row.cells for row in shown), strict=True))
    widths = [max(map(width_of, column)) for column in columns]
    room = WIDTH - sum(len(_GAP) + width for width in widths)
    names = max(width_of(row.name) for row in shown)
    if any(row.remarks for row in shown):
        room -= len(_GAP)
        wanted = max(width_of(", ".join(row.remarks)) for row in shown)
        share = max(room - names, min(_LEAST_REMARKS, room - _LEAST_NAME))
        remarks = {row: listed(row.remarks, min(wanted, share)) for row in shown}
        room -= max(map(width_of, remarks.values()))
    else:
        remarks = dict.fromkeys(shown, "")
    names = min(names, max(room, _LEAST_NAME))
    alike = Counter(cut(name, names) for name in {row.name for row in shown})
    lines = []
    for row in [head, *rows]:
        if isinstance(row, str):
            lines += wrapped(row)
            continue
        row = _printable_row(row)
        name = cut(row.name, names)
        if alike[name] > 1:
            lines.append(row.name)
            name = ""
        cells = [" " * (width - width_of(cell)) + cell for width, cell in zip(widths, row.cells, strict=True)]
        line = _GAP.join([name + " " * (names - width_of(name)), *cells, remarks[row]])
        lines.append(line.rstrip())
    return lines


def _printable_row(row: Row) -> Row:
    return Row(
        name=printable(row.name),
        cells=tuple(map(printable, row.cells)),
        remarks=tuple(map(printable, row.remarks)),
    )
