# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When dates look like those of an import, and what tells them from a busy week."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._import_dates import (
    Dated,
    Suspicion,
    import_refusal,
    suspicion,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._models import Repository, Tag

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
OLD = Repository(1, "team/old", "", 1, "", None, None, None)
YOUNG = Repository(2, "team/young", "", 1, "", None, None, None)
CREATED = {1: LONG_AGO, 2: NOW - timedelta(hours=71)}


def dated(count: int, repository: Repository = OLD, hours: float = 70, days_ago: float = 0) -> list[Dated]:
    """So many tags, spread over so many hours."""
    step = timedelta(hours=hours / max(1, count - 1))
    end = NOW - timedelta(days=days_ago)
    return [Dated(repository, Tag(f"t{number:03}"), end - number * step) for number in range(count)]


@pytest.mark.parametrize(
    ("tags", "tags_in_window"),
    [
        pytest.param(dated(20), 20, id="enough"),
        pytest.param(dated(19), None, id="too few to tell"),
        pytest.param(dated(20, hours=72), 20, id="three days"),
        pytest.param(dated(20, hours=80), None, id="more than three days"),
        pytest.param(dated(80) + dated(20, days_ago=90), 80, id="four fifths"),
        pytest.param(dated(79) + dated(21, days_ago=90), None, id="less than four fifths"),
        pytest.param(dated(50, YOUNG), None, id="what was not there before"),
        pytest.param(dated(50, YOUNG) + dated(20), 20, id="old among young"),
        pytest.param([], None, id="nothing"),
    ],
)
def test_a_window_with_most_dates(tags: list[Dated], tags_in_window: int | None) -> None:
    random.Random(1).shuffle(tags)
    found = suspicion(tags, CREATED)
    assert (found.tags if found else None) == tags_in_window
    if found:
        assert len({each.tag.name for each in found.samples}) == 5
        assert all(found.first <= each.date <= found.last for each in found.samples)
        assert {each.repository.path for each in found.samples} == {"team/old"}


def test_a_repository_of_unknown_age_counts_as_old() -> None:
    assert suspicion(dated(50, YOUNG), {}) is not None


def days(*numbers: float) -> list[datetime]:
    return [NOW - timedelta(days=number) for number in numbers]


@pytest.mark.parametrize(
    ("builds", "word"),
    [
        (days(400, 300, 200, 100, 50), "built around 2025-11-13"),
        (days(400, 2), "built around"),
        (days(3, 2, 1, 1), None),
        (days(400, 400, 3, 2, 1), None),
        (days(33, 33, 33, 33, 33), None),
        (days(33.1, 33.1, 33.1, 33.1, 33.1), "built around"),
        # Tools that build the same bytes again write the epoch.
        ([datetime(1970, 1, 1, tzinfo=UTC)] * 3 + days(2), None),
        ([datetime(1970, 1, 1, tzinfo=UTC)] * 5, "(none of them has a date that can be true)"),
        ([], "can't be read to tell (unreachable): give dates_valid_from"),
    ],
)
def test_builds_tell_an_import_from_a_busy_week(builds: list[datetime], word: str | None) -> None:
    found = Suspicion(NOW - timedelta(days=3), NOW, 30, 40, ())
    text = import_refusal(found, builds, "" if builds else "unreachable.")
    assert (text is None) if word is None else (text is not None and word in text and "30 of 40 tags" in text)
