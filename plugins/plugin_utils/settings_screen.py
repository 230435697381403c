# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What differs from a document of settings, and what became of it. Pure."""

from __future__ import annotations

import typing as t

from ..module_utils._core.words import counted, some, were
from .plan_screen import more
from .screen import labelled, named, sections, wrapped

_Result = t.Mapping[str, t.Any]


def settings_lines(found: _Result, *, check_mode: bool, refusal: str = "", files: t.Sequence[str] = ()) -> list[str]:
    """The screen of settings.

    Args:
        found: what registry_settings returned.
        check_mode: whether nothing was changed for that reason.
        refusal: why nothing was changed; empty if it was not refused.
        files: those that were written.
    """
    totals = found["totals"]
    changed = [row for row in found["projects"] if row["differences"] and not row["error"]]
    changed.sort(key=lambda row: (-len(row["differences"]), row["path"]))
    return sections(
        [
            *(wrapped(f"refused: {refusal}") if refusal else []),
            *_failed(found),
            *_unknown(found),
            *_notes(found["projects"]),
            *_archived(found["archived"], totals["archived"]),
            *wrapped(_sums(totals)),
            *([] if refusal else _headline(found, check_mode=check_mode)),
        ],
        *(_project(row) for row in changed),
        more(totals["differing"] - len(changed), "project", after="differ"),
        [line for path in files for line in labelled("file", path)],
    )


def _sums(totals: _Result) -> str:
    differ = "differs" if totals["differing"] == 1 else "differ"
    wanted = "is as it" if totals["as_wanted"] == 1 else "are as they"
    return (
        f"{counted(totals['projects'], 'project')}: {totals['differing']:,} {differ}, {totals['as_wanted']:,} {wanted} "
        f"should be, {totals['unknown']:,} unknown"
    )


def _headline(found: _Result, *, check_mode: bool) -> list[str]:
    if check_mode:
        return ["check mode: nothing was changed"]
    failed = len(_not_changed(found))
    number = found["totals"]["differing"] - failed
    # Those that failed come first, and the list may end before them.
    if failed and failed == len(found["outcome"]) and number:
        return [f"at least {counted(failed, 'project')} could not be changed as wanted"]
    return [f"{counted(number, 'project')} {were(number)} changed"]


def _not_changed(found: _Result) -> list[_Result]:
    return [row for row in found.get("outcome") or [] if row["outcome"] != "changed"]


def _failed(found: _Result) -> list[str]:
    return [
        line for row in _not_changed(found) for line in wrapped(f"{row['outcome']}: {row['path']}: {row['message']}")
    ]


def _unknown(found: _Result) -> list[str]:
    rows = found["errors"]
    lines = [line for row in rows for line in wrapped(f"unknown: {row['name']}: {row['message']}")]
    return lines + more(found["totals"]["unknown"] - len(rows), "project", after="unknown")


def _notes(projects: t.Sequence[_Result]) -> list[str]:
    """What is left undone, each text once."""
    about: dict[str, list[str]] = {}
    for row in projects:
        for note in row["notes"]:
            about.setdefault(note, []).append(row["path"])
    return [line for note, paths in about.items() for line in wrapped(f"note: {named(paths)}: {note}")]


def _archived(paths: t.Sequence[str], number: int) -> list[str]:
    if not number:
        return []
    return wrapped(f"left out, since archived: {counted(number, 'project')} ({some(paths, number=number)})")


def _project(row: _Result) -> list[str]:
    lines = labelled("project", row["path"])
    for each in row["differences"]:
        lines += wrapped(f"{each['setting']}: {_value(each['before'])} -> {_value(each['after'])}", "  ")
    return lines


def _value(value: t.Any) -> str:
    return "nothing" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
