# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The names of the files that a journal is stored in, part by part. Pure.

A name holds when its run began by GitLab's time, what tells it from a run that began in the same second, and the number
of the part.
"""

from __future__ import annotations

import re
import typing as t
from datetime import datetime

from .errors import UsageError

# What the journal and its package are called if nobody says it.
JOURNAL, JOURNAL_PACKAGE = "journal", "registry-cleanup-journal"
_PART = re.compile(r"(?P<journal>.+)-(?P<run>\d{8}T\d{6}Z-[0-9a-f]{8})-(?P<number>\d{5,12})\.jsonl", re.ASCII)


def part_name(journal: str, started: datetime, token: str, number: int) -> str:
    """The name of a part.

    Args:
        journal: what the user calls the journal.
        started: when the run began, in UTC and by GitLab's time.
        token: eight hexadecimal digits, others for each run.
        number: of the part, 1 for the first one.
    """
    return f"{journal}-{started:%Y%m%dT%H%M%SZ}-{token}-{number:05}.jsonl"


def is_part(name: str) -> bool:
    """Whether a file is a part of a journal."""
    return _PART.fullmatch(name) is not None


def parts_of(names: t.Iterable[str], journal: str) -> list[str]:
    """The parts of a journal, one run after the other. Clocks differ, so runs are in the order of their first parts.

    Args:
        names: of the files of a version, in the order in which they were stored.
        journal: what the user calls the journal.

    Raises:
        UsageError: a part is missing in between.
    """
    runs: dict[str, dict[int, str]] = {}
    began: dict[str, int] = {}
    for position, name in enumerate(names):
        match = _PART.fullmatch(name)
        if match and match["journal"] == journal:
            runs.setdefault(match["run"], {})[int(match["number"])] = name
            if int(match["number"]) == 1:
                began[match["run"]] = position
    for run, parts in runs.items():
        missing = next((wanted for wanted, number in enumerate(sorted(parts), 1) if wanted != number), None)
        if missing:
            raise UsageError(f"Part {missing} of the journal {journal}-{run} is missing, and part {max(parts)} exists.")
    return [runs[run][number] for run in sorted(began, key=began.__getitem__) for number in sorted(runs[run])]
