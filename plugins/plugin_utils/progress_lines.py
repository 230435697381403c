# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""How far a module is, in a line of plain English. Pure."""

from __future__ import annotations

import typing as t

from ..module_utils._core.progress import Amount, Phase, ProgressReport

_NAMES = {
    Phase.FINDING: "finding repositories",
    Phase.MEASURING: "reading sizes",
    Phase.READING: "reading tags",
    Phase.CHECKING: "checking what decides",
    Phase.DELETING: "deleting",
}
# What is left can be told if so much is done: a twentieth, and not only the first few.
_LEAST_PART, _LEAST_DONE = 20, 20


class _Measure(t.NamedTuple):
    """What is counted in a phase.

    Args:
        unit: what one of it is called.
        units: what several are called.
        amount: how much is done.
    """

    unit: str
    units: str
    amount: Amount


def progress_line(report: ProgressReport, requests: int) -> str:
    """How far a module is, how fast it is, and how long that takes if it can be told.

    Args:
        report: how far it is.
        requests: how many requests it sent so far.
    """
    repositories = _Measure("repository", "repositories", report.repositories)
    tags = _Measure("tag", "tags", report.tags)
    told = {
        Phase.MEASURING: [_so_many(repositories)],
        Phase.READING: [_so_many(repositories), _so_many(tags)],
        Phase.DELETING: [f"{_so_many(tags)} handled", f"{_so_many(repositories)} finished"],
    }.get(report.phase, [])
    leading = tags if report.phase is Phase.DELETING else repositories
    parts = filter(None, [*told, _rate(leading, report.seconds), _time_left(leading.amount, report.seconds)])
    sent = f"{_number(requests)} {'request' if requests == 1 else 'requests'} so far"
    return f"{_NAMES[report.phase]}: {'; '.join(filter(None, [', '.join(parts), sent]))}"


def _number(value: int) -> str:
    return f"{value:,}"


def _so_many(measure: _Measure) -> str:
    done, total = measure.amount
    known = done if total is None else total
    of = "" if total is None else f" of {_number(total)}"
    return f"{_number(done)}{of} {measure.unit if known == 1 else measure.units}"


def _rate(measure: _Measure, seconds: float) -> str:
    """How much is done in a second, or in a minute if that is less than one; empty if it is nothing."""
    done = measure.amount.done
    if not done or seconds <= 0:
        return ""
    for name, length in (("second", 1), ("minute", 60), ("hour", 3600)):
        rate = round(done * length / seconds)
        if rate:
            return f"{_number(rate)} {measure.unit if rate == 1 else measure.units} a {name}"
    return ""


def _time_left(amount: Amount, seconds: float) -> str:
    """How long the rest takes at the same rate; empty if too little is done to tell."""
    done, total = amount
    if total is None or done >= total or done < _LEAST_DONE or done * _LEAST_PART < total:
        return ""
    left = (total - done) * seconds / done
    if left < 60:
        return "less than a minute left"
    minutes = round(left / 60)
    if minutes < 90:
        return f"about {minutes} {'minute' if minutes == 1 else 'minutes'} left"
    return f"about {round(minutes / 60)} hours left"
