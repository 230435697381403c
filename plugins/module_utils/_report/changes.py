# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What changed since an earlier report. Pure."""

from __future__ import annotations

import typing as t

from .._usage.figures import Figures
from .model import ProjectReport, Report


class Change(t.NamedTuple):
    """How much more there is now; less is negative, and None can't be told.

    Args:
        tags: change in tags.
        bytes: change in bytes; None too if they were counted in another way then.
    """

    tags: int | None
    bytes: int | None


def change(before: Figures, now: Figures) -> Change:
    """What changed from one report to the next."""
    same = before.bytes_method is now.bytes_method
    return Change(
        tags=_difference(before.tags, now.tags),
        bytes=_difference(before.bytes, now.bytes) if same else None,
    )


def _difference(before: int | None, now: int | None) -> int | None:
    return None if before is None or now is None else now - before


def changed_projects(report: Report) -> list[tuple[ProjectReport, Figures]]:
    """The projects in which something changed, with their numbers of then, those first whose bytes changed most."""
    changed = [
        (each, each.before) for each in report.projects if each.before and any(change(each.before, each.figures))
    ]
    return sorted(changed, key=lambda pair: (-_size(pair), pair[0].path))


def _size(pair: tuple[ProjectReport, Figures]) -> int:
    return abs(change(pair[1], pair[0].figures).bytes or 0)


def recounted(report: Report) -> str:
    """That sizes are counted in another way now, one sentence; empty if none is."""
    pairs = [(each.before, each.figures) for each in report.projects] + [(report.before, report.total)]
    ways = dict.fromkeys(
        f"{before.bytes_method.value}, then {now.bytes_method.value}"
        for before, now in reversed(pairs)
        if before and None not in (before.bytes, now.bytes) and before.bytes_method is not now.bytes_method
    )
    if not ways:
        return ""
    return f"Sizes are now found by another method ({'; '.join(ways)}), so they are not compared."
