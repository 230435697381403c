# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How far a task is, as its threads count it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import Tag, TagListing
from ansible_collections.containerops.gitlab.plugins.module_utils._core.progress import (
    Amount,
    Phase,
    Progress,
    ProgressReport,
)
from tests.unit.models import repository


class Watch:
    """Seconds and requests as a test sets them."""

    seconds = 0.0
    requests = 0


def started() -> tuple[Progress, Watch]:
    watch = Watch()
    return Progress(lambda: watch.requests, lambda: watch.seconds), watch


def test_a_task_begins_with_finding_what_it_is_about() -> None:
    progress, watch = started()
    watch.seconds, watch.requests = 3.0, 7
    assert progress.report() == ProgressReport(Phase.FINDING, 3.0, requests=7)


def test_a_phase_counts_from_its_start() -> None:
    progress, watch = started()
    progress.add(repositories=5, tags=5)
    watch.seconds, watch.requests = 10.0, 40
    progress.begin(Phase.READING, repositories=3)
    watch.seconds, watch.requests = 12.5, 60
    progress.add_listing(TagListing(repository(), (Tag("a"), Tag("b"))))
    assert progress.report() == ProgressReport(
        Phase.READING, 2.5, repositories=Amount(1, 3), tags=Amount(2), requests=20, requests_before=40
    )


def test_threads_lose_nothing() -> None:
    progress, _watch = started()

    def count(_number: int) -> None:
        for _time in range(1000):
            progress.add(repositories=1, tags=2)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count, range(8)))
    report = progress.report()
    assert (report.repositories, report.tags) == (Amount(8000), Amount(16000))
