# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""How far a module is, in a line of plain English. Pure."""

from __future__ import annotations

import typing as t

from ..module_utils._core.progress import Amount, Phase, ProgressReport
from ..module_utils._core.words import counted

_NAMES = {
    Phase.FINDING: "finding repositories",
    Phase.MEASURING: "reading sizes",
    Phase.READING: "reading tags",
    Phase.CHECKING: "checking images and rules",
    Phase.DELETING: "deleting",
}
# What is left can be told if so much is done: a twentieth, and not only the first few.
_LEAST_PART, _LEAST_DONE = 20, 20


class _Measure(t.NamedTuple):
    """Something that is counted.

    Args:
        unit: what one of it is called.
        units: what several are called.
        amount: how much is done.
    """

    unit: str
    units: str
    amount: Amount


def progress_line(report: ProgressReport) -> str:
    """How far a module is, how fast it is, and how long that takes if it can be told."""
    repositories = _Measure("repository", "repositories", report.repositories)
    tags = _Measure("tag", "tags", report.tags)
    sent = _Measure("request", "requests", Amount(report.requests_before + report.requests))
    told = {
        Phase.MEASURING: [_so_many(repositories)],
        Phase.READING: [_so_many(repositories), _so_many(tags)],
        Phase.DELETING: [f"{_so_many(tags)} handled", f"{_so_many(repositories)} finished"],
    }.get(report.phase, [])
    leading = tags if report.phase is Phase.DELETING else repositories
    if leading.amount.done in (0, leading.amount.total):
        leading = sent._replace(amount=Amount(report.requests))
    told += filter(None, [_rate(leading, report.seconds), _time_left(leading.amount, report.seconds)])
    return f"{_NAMES[report.phase]}: {', '.join([*told, f'{_so_many(sent)} so far'])}"


def _so_many(measure: _Measure) -> str:
    done, total = measure.amount
    of = "" if total is None else f" of {total:,}"
    return f"{done:,}{of} {measure.unit if (done if total is None else total) == 1 else measure.units}"


def _rate(measure: _Measure, seconds: float) -> str:
    """How much is done in a second, or in a longer time if that is less than one; empty if it is nothing."""
    done = measure.amount.done
    if not done or seconds <= 0:
        return ""
    for name, length in (("a second", 1), ("a minute", 60), ("an hour", 3600)):
        rate = round(done * length / seconds)
        if rate:
            return f"{counted(rate, measure.unit, measure.units)} {name}"
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
        return f"about {counted(minutes, 'minute')} left"
    return f"about {counted(round(minutes / 60), 'hour')} left"
