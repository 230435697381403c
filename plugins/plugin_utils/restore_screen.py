# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The tags that a run deleted, and what becomes of them. Pure."""

from __future__ import annotations

import typing as t

from ..module_utils._core.words import counted, were
from ..module_utils._restore.planning import RestoreReason
from .plan_screen import more
from .screen import lines_of, sections, wrapped

_Result = t.Mapping[str, t.Any]
_WRITTEN = "written"
# The beginning of a digest that tells it from others: sha256 and 12 digits.
_SHORT = 19


def restore_lines(found: _Result, *, check_mode: bool) -> list[str]:
    """The screen of a restore.

    Args:
        found: what registry_restore returned.
        check_mode: whether nothing was restored for that reason.
    """
    outcome = found.get("outcome")
    lost = [row for row in found["tags"] if not RestoreReason(row["reason"]).is_good]
    replaced = [row for row in found["tags"] if row["reason"] == "replaced"]
    planned = [row for row in found["tags"] if row["action"] == "create"]
    done = outcome["tags"] if outcome else []
    written = [row for row in done if row["outcome"] == _WRITTEN]
    failed = [row for row in done if row["outcome"] != _WRITTEN]
    counts = found["counts"]
    to_do = counts["deleted"]
    back = ("restored", written, outcome["counts"][_WRITTEN]) if outcome else ("would be restored", planned, to_do)
    return sections(
        [*_runs(found["runs"]), *wrapped(_sums(counts)), _headline(to_do, outcome, check_mode=check_mode)],
        _tags("can't be restored", lost, _number_lost(counts), "reason"),
        _tags("another image now, and not changed", replaced, counts["replaced"], "reason"),
        _tags(
            "not restored, or not confirmed",
            failed,
            to_do - outcome["counts"][_WRITTEN] if outcome else 0,
            "outcome",
        ),
        _tags(*back),
        [line for note in found["notes"] for line in wrapped(f"note: {note}")],
    )


def _runs(runs: t.Sequence[_Result]) -> list[str]:
    lines = []
    for run in runs:
        plan = (run["approved"] or run["fingerprint"]).removeprefix("sha256:")[:12]
        end = "" if run["ended"] else ", killed before its end"
        lines += wrapped(f"run of {run['time']}, plan {plan}: deleted {counted(run['tags'], 'tag')}{end}")
    return lines


def _number_lost(counts: _Result) -> int:
    return sum(counts[reason.value] for reason in RestoreReason if not reason.is_good)


def _sums(counts: _Result) -> str:
    parts = [
        f"{counts['deleted']:,} to restore",
        f"{counts['present']:,} present",
        *([f"{counts['replaced']:,} another image now"] if counts["replaced"] else []),
        *([f"{_number_lost(counts):,} can't be restored"] if _number_lost(counts) else []),
    ]
    return f"{counted(sum(counts.values()), 'tag')}: {', '.join(parts)}"


def _headline(to_do: int, outcome: _Result | None, *, check_mode: bool) -> str:
    if check_mode:
        return "check mode: nothing was restored"
    if not to_do:
        return "nothing to restore"
    done = outcome["counts"][_WRITTEN] if outcome else 0
    return f"{done:,} of {counted(to_do, 'tag')} {were(to_do)} restored"


def _tags(head: str, rows: t.Sequence[_Result], number: int, why: str = "") -> list[str]:
    """A section of tags, with why they are in it, or with their images.

    Args:
        head: what became of them.
        rows: those that are known.
        number: how many there are.
        why: the key of the reason; empty shows the image.
    """
    lines = []
    for row in rows:
        place = f"{row['repository']}:{row['name']}"
        if why:
            lines += wrapped(": ".join(filter(None, [place, row[why], row["message"].rstrip(".")])), "  ")
        else:
            lines += lines_of([place, row["digest"][:_SHORT]], "  ")
    lines += [f"  {line}" for line in more(number - len(rows), "tag")]
    return [f"{head}:", *lines] if lines else []
