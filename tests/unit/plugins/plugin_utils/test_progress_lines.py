# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lines of progress, each as it is read."""

from __future__ import annotations

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.progress import (
    Amount,
    Phase,
    ProgressReport,
)
from ansible_collections.containerops.gitlab.plugins.plugin_utils.progress_lines import progress_line

READING, DELETING = Phase.READING, Phase.DELETING
LINES = {
    "finding repositories: 0 requests so far": ProgressReport(Phase.FINDING, 0.0),
    "finding repositories: 6 requests a minute, 1 request so far": ProgressReport(Phase.FINDING, 10.0, requests=1),
    "reading sizes: 812 of 3,000 repositories, 20 repositories a second, about 2 minutes left, 1,000 requests so far": (
        ProgressReport(Phase.MEASURING, 40.0, repositories=Amount(812, 3000), requests=812, requests_before=188)
    ),
    "reading tags: 1,204 of 3,000 repositories, 84,310 tags, 12 repositories a second, about 2 minutes left, "
    "4,219 requests so far": ProgressReport(
        READING, 100.0, repositories=Amount(1204, 3000), tags=Amount(84310), requests=4219
    ),
    "reading tags: 0 of 1 repository, 0 tags, 40 requests a second, 4,003 requests so far": ProgressReport(
        READING, 100.0, repositories=Amount(0, 1), requests=4000, requests_before=3
    ),
    "reading tags: 1 of 1 repository, 1 tag, 3 requests so far": ProgressReport(
        READING, 1.0, repositories=Amount(1, 1), tags=Amount(1), requests_before=3
    ),
    "checking images and rules: 1 request a second, 25 requests so far": ProgressReport(
        Phase.CHECKING, 5.0, requests=5, requests_before=20
    ),
    "deleting: 3,120 of 20,000 tags handled, 12 of 80 repositories finished, 25 tags a second, about 11 minutes left, "
    "700 requests so far": ProgressReport(
        DELETING, 125.0, repositories=Amount(12, 80), tags=Amount(3120, 20000), requests=600, requests_before=100
    ),
    # All of a bulk deletion is asked for at once; then GitLab is watched.
    "deleting: 750 of 750 tags handled, 0 of 30 repositories finished, 1 request a second, 120 requests so far": (
        ProgressReport(
            DELETING, 60.0, repositories=Amount(0, 30), tags=Amount(750, 750), requests=60, requests_before=60
        )
    ),
}


@pytest.mark.parametrize("line", LINES)
def test_line(line: str) -> None:
    assert progress_line(LINES[line]) == line


def left(done: int, total: int | None, seconds: float) -> str:
    """What is said of the time that is left; empty if nothing is."""
    line = progress_line(ProgressReport(READING, seconds, repositories=Amount(done, total)))
    return next((part for part in line.split(", ") if part.endswith(" left")), "")


@pytest.mark.parametrize(
    ("done", "total", "seconds", "expected"),
    [
        (50, 100, 59.0, "less than a minute left"),
        (50, 100, 60.0, "about 1 minute left"),
        (50, 100, 5340.0, "about 89 minutes left"),
        (50, 100, 5400.0, "about 2 hours left"),
        (50, 100, 36000.0, "about 10 hours left"),
        # Too little to tell, all of it, more than there should be, and an end that nobody knows.
        (49, 1000, 60.0, ""),
        (50, 1000, 60.0, "about 19 minutes left"),
        (19, 100, 60.0, ""),
        (20, 100, 60.0, "about 4 minutes left"),
        (100, 100, 60.0, ""),
        (101, 100, 60.0, ""),
        (500, None, 60.0, ""),
    ],
)
def test_time_left(done: int, total: int | None, seconds: float, expected: str) -> None:
    assert left(done, total, seconds) == expected


@pytest.mark.parametrize(
    ("done", "seconds", "expected"),
    [
        (100, 10.0, "10 repositories a second"),
        (10, 10.0, "1 repository a second"),
        (10, 100.0, "6 repositories a minute"),
        (1, 1000.0, "4 repositories an hour"),
        (1, 100000.0, ""),
        (1, 0.0, ""),
    ],
)
def test_rate(done: int, seconds: float, expected: str) -> None:
    line = progress_line(ProgressReport(READING, seconds, repositories=Amount(done, 200000)))
    rate = f"{expected}, " if expected else ""
    assert line == f"reading tags: {done} of 200,000 repositories, 0 tags, {rate}0 requests so far"
