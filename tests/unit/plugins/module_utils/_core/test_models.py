# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Times as GitLab and image builders write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import (
    SIGNATURE,
    format_time,
    parse_time,
)
from tests.unit.models import repository


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2019-01-06T16:49:51.272+00:00", datetime(2019, 1, 6, 16, 49, 51, 272000, UTC)),
        ("2019-01-10T13:38:57.391Z", datetime(2019, 1, 10, 13, 38, 57, 391000, UTC)),
        ("2026-06-01T12:00:00Z", datetime(2026, 6, 1, 12, tzinfo=UTC)),
        ("2026-06-01T14:00:00+02:00", datetime(2026, 6, 1, 12, tzinfo=UTC)),
        ("2026-06-01T10:00:00-0200", datetime(2026, 6, 1, 12, tzinfo=UTC)),
        ("2026-06-01T12:00:00.123456789Z", datetime(2026, 6, 1, 12, 0, 0, 123456, UTC)),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
    ],
)
def test_times(text: str, expected: datetime) -> None:
    assert parse_time(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        5,
        "yesterday",
        "2026-06-01",
        "2026-06-01T12:00:00",
        "2026-13-01T00:00:00Z",
        "0001-01-01T00:00:00+05:00",
    ],
)
def test_what_is_no_time(text: object) -> None:
    assert parse_time(text) is None


@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)), st.integers(-720, 720))
def test_every_time_comes_back(moment: datetime, minutes: int) -> None:
    moment = moment.replace(tzinfo=UTC)
    written = format_time(moment)
    assert written is not None
    assert written.endswith("Z")
    assert parse_time(written) == moment
    sign = "+" if minutes >= 0 else "-"
    zone = f"{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    elsewhere = (moment + timedelta(minutes=minutes)).replace(tzinfo=None).isoformat() + zone
    assert parse_time(elsewhere) == moment


@pytest.mark.parametrize(
    ("name", "is_signature"),
    [
        ("sha256-" + "a" * 64, True),
        ("sha256-" + "a" * 64 + ".sig", True),
        ("sha256-" + "0" * 64 + ".att", True),
        ("sha256-" + "a" * 63, False),
        ("sha256-" + "g" * 64, False),
        ("x-sha256-" + "a" * 64, False),
        ("sha256-" + "a" * 64 + "-x", False),
    ],
)
def test_signatures(name: str, is_signature: bool) -> None:
    assert bool(SIGNATURE.fullmatch(name)) is is_signature


def test_the_project_of_a_repository() -> None:
    assert repository(path="a/b").project_path == "a/b"
    assert repository(path="a/b/web", name="web").project_path == "a/b"
    assert repository(path="a/b/web/api", name="web/api").project_path == "a/b"
