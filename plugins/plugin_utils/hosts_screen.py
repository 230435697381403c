# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What a role shows of all hosts of a play: those with most to delete first. Pure."""

from __future__ import annotations

import typing as t

from ..module_utils._core.words import counted
from .screen import Row, bytes_of, named, number_of, table, wrapped

_Result = t.Mapping[str, t.Any]

# The counts of each role by what is affected, and what they are called.
_COLUMNS = {
    "registry_audit": {"repositories": "repositories", "tags": "tags", "size": "size", "would_delete": "would delete"},
    "registry_cleanup": {"tags": "tags", "planned": "planned", "deleted": "deleted"},
}
_AFFECTED = {"registry_audit": ("would_delete", "size", "tags"), "registry_cleanup": ("planned", "tags")}


def hosts_lines(rows: t.Sequence[_Result], role: str, summary: _Result, limit: int = 100) -> list[str]:
    """The screen of all hosts.

    Args:
        rows: the counts of each host that finished.
        role: whose counts they are.
        summary: the statistics over all hosts.
        limit: the most hosts.
    """
    columns = {
        key: head
        for key, head in _COLUMNS[role].items()
        if key not in ("size", "would_delete") or any(row["counts"][key] is not None for row in rows)
    }
    busy = sorted((row for row in rows if _is_busy(row, role)), key=lambda row: _order(row, role))
    shown = busy[:limit]
    table_rows: list[Row | str] = [Row(row["host"], _cells(row["counts"], columns), _result(row)) for row in shown]
    if busy[limit:]:
        table_rows.append(f"and {counted(len(busy) - limit, 'more host')}")
    idle = len(rows) - len(busy)
    if idle:
        what = "with nothing to delete" if "would_delete" in columns or "planned" in columns else "without tags"
        table_rows.append(f"and {counted(idle, 'host')} {what}")
    total = f"total of {counted(summary['hosts'], 'host')}"
    table_rows.append(Row(total, _cells(summary, columns), (summary["result"],)))
    unfinished = summary["hosts_unfinished"]
    lines = (
        wrapped(f"did not finish: {counted(len(unfinished), 'host')} ({named(unfinished, 20)})") if unfinished else []
    )
    return [*lines, *table(Row("host", tuple(columns.values()), ("result",)), table_rows)]


def _is_busy(row: _Result, role: str) -> bool:
    """Whether a host has anything to look at."""
    counts = row["counts"]
    first = next((counts[key] for key in _AFFECTED[role] if counts[key] is not None), None)
    return counts["result"] != "ok" or first != 0


def _order(row: _Result, role: str) -> tuple[bool, tuple[int, ...], str]:
    counts = row["counts"]
    return (counts["result"] == "ok", tuple(-(counts[key] or 0) for key in _AFFECTED[role]), row["host"])


def _cells(counts: _Result, columns: t.Iterable[str]) -> tuple[str, ...]:
    return tuple(bytes_of(counts[key]) if key == "size" else number_of(counts[key]) for key in columns)


def _result(row: _Result) -> tuple[str, ...]:
    return (row["counts"]["result"],)
