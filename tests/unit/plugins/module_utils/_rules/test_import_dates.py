# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When dates look like those of an import, and what tells them from a busy week."""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import Repository, Tag
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.import_dates import (
    DatedTag,
    ImportEvidence,
    ImportWindow,
    find_import_window,
    import_refusal,
)
from tests.tools.collection import ROOT
from tests.unit.models import repository

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
OLD = repository(id=1, path="team/old", project_id=1)
YOUNG = repository(id=2, path="team/young", project_id=1)
CREATED = {1: LONG_AGO, 2: NOW - timedelta(hours=71)}


def dated(count: int, repository: Repository = OLD, hours: float = 70, days_ago: float = 0) -> list[DatedTag]:
    """So many tags, spread over so many hours."""
    step = timedelta(hours=hours / max(1, count - 1))
    end = NOW - timedelta(days=days_ago)
    return [
        DatedTag(repository=repository, tag=Tag(f"t{number:03}"), date=end - number * step) for number in range(count)
    ]


def refusal(found: ImportWindow, builds: list[datetime], why_unknown: str = "") -> str | None:
    return import_refusal(ImportEvidence(found, builds=tuple(builds), why_unknown=why_unknown))


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
def test_a_window_with_most_dates(tags: list[DatedTag], tags_in_window: int | None) -> None:
    random.Random(1).shuffle(tags)
    found = find_import_window(tags, CREATED)
    assert (found.tags if found else None) == tags_in_window
    if found:
        assert found.of == len([each for each in tags if each.repository is OLD])
        assert len({each.tag.name for each in found.samples}) == 5
        assert all(found.first <= each.date <= found.last for each in found.samples)
        assert {each.repository.path for each in found.samples} == {"team/old"}


def test_a_repository_of_unknown_age_counts_as_old() -> None:
    assert find_import_window(dated(50, YOUNG), {}) is not None


@pytest.mark.parametrize(("earlier", "is_old"), [(timedelta(days=1), False), (timedelta(days=1, seconds=1), True)])
def test_a_repository_is_older_by_more_than_a_day(earlier: timedelta, is_old: bool) -> None:
    tags = dated(50)
    first = min(each.date for each in tags)
    assert (find_import_window(tags, {1: first - earlier}) is not None) is is_old


def test_samples_are_spread_over_the_names() -> None:
    found = find_import_window(dated(41), CREATED)
    assert found is not None
    assert [each.tag.name for each in found.samples] == ["t000", "t010", "t020", "t030", "t040"]


def test_samples_are_spread_over_repositories_too() -> None:
    other = OLD._replace(id=3, path="team/another")
    found = find_import_window(dated(21) + dated(20, other), {**CREATED, 3: LONG_AGO})
    assert found is not None
    assert [(each.repository.path, each.tag.name) for each in found.samples] == [
        ("team/another", "t000"),
        ("team/another", "t010"),
        ("team/old", "t000"),
        ("team/old", "t010"),
        ("team/old", "t020"),
    ]


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
        ([datetime(1970, 1, 1, tzinfo=UTC)] * 5, "(none of them has a plausible date)"),
        ([datetime(2000, 1, 1, tzinfo=UTC)] * 5, "built around 2000-01-01"),
        ([], "can't be read to check this (unreachable): set dates_valid_from"),
    ],
)
def test_builds_tell_an_import_from_a_busy_week(builds: list[datetime], word: str | None) -> None:
    found = ImportWindow(first=NOW - timedelta(days=3), last=NOW, tags=30, of=40, samples=())
    text = refusal(found, builds, "" if builds else "unreachable.")
    assert (text is None) if word is None else (text is not None and word in text and "30 of 40 tags" in text)


def test_a_refusal_says_what_to_do() -> None:
    first, last = NOW - timedelta(days=3), NOW + timedelta(microseconds=700000)
    found = ImportWindow(first=first, last=last, tags=30, of=40, samples=())
    dates = "30 of 40 tags are dated between 2026-05-29T12:00:00Z and 2026-06-01T12:00:00.700000Z"
    advice = (
        "set dates_valid_from to the time from which dates are those of pushes, such as 2026-06-01T12:00:01Z, or to "
        "1970-01-01 if all of them are"
    )
    assert refusal(found, days(200)) == (
        f"{dates}, although images among them were built around 2025-11-13T12:00:00Z, so that these are the dates of "
        f"an import to the metadata database: {advice}"
    )
    assert "check this (no X): set" in str(refusal(found, [], "no X."))
    assert refusal(found, [], "not found.") == (
        f"{dates}, as they are after an import to the metadata database, and the build dates of their images can't be "
        f"read to check this (not found): {advice}"
    )


def test_the_example_of_the_page_on_safety() -> None:
    page = (ROOT / "docs" / "safety.md").read_text()
    [sentence] = re.findall(r"were built on (.*?) The middle", page, re.DOTALL)
    builds = [datetime.fromisoformat(day).replace(tzinfo=UTC) for day in re.findall(r"\d{4}-\d\d-\d\d", sentence)]
    march = datetime(2026, 3, 12, tzinfo=UTC) - NOW
    tags = dated(950, hours=47, days_ago=-march.days) + dated(50, days_ago=200)
    found = find_import_window(tags, CREATED)
    assert (len(builds), found and (found.tags, found.of)) == (5, (950, 1000))
    assert found
    assert "built around 2025-11-20T00:00:00Z" in str(refusal(found, builds))
