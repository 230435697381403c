# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When images expire by their labels."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import Tag
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.expiry import expires_at, expiry_reason
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.reasons import Reason

DATE = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# 150 years of 365.25 days.
LONGEST = timedelta(days=54787, hours=12)


@pytest.mark.parametrize(
    ("value", "expires"),
    [
        ("1h", DATE + HOUR),
        ("12h", DATE + 12 * HOUR),
        ("1d", DATE + DAY),
        ("02d", DATE + 2 * DAY),
        ("2w", DATE + 14 * DAY),
        ("54787d", DATE + 54787 * DAY),
        ("1314900h", DATE + LONGEST),
        ("2026-03-01T12:00:01Z", DATE + timedelta(seconds=1)),
        ("2026-03-01T14:00:00+01:00", DATE + HOUR),
        ("2026-03-01", DATE + 12 * HOUR),
        ("2026-03-02", DATE + 36 * HOUR),
        ("2176-03-02T00:00:00Z", DATE + LONGEST),
    ],
)
def test_what_is_understood(value: str, expires: datetime) -> None:
    assert expires_at([value], DATE) == expires


@pytest.mark.parametrize(
    "value",
    [
        *("", " ", "h", "d", "0h", "0d", "00w", "-1d", "+1d", "1", "1.5d", "1,5d", "1e3h"),
        # Minutes and seconds of Quay's, for which nobody builds an image, units of others, and several of them.
        *("1m", "30s", "1y", "1month", "1W", "2D", "1w2d", "1 d", " 1d", "1d ", "1d\n", "1dd", "P2W", "2 weeks"),
        # Digits of other scripts.
        *("\u0661d", "\u00b2w", "\uff11h"),
        *("54788d", "1314901h", "7827w", "999999999999w", "9999999999999d", "9" * 63 + "d"),
        *("never", "None", "null", "true", "nan", "inf", "1772366400"),
        # A time that is over when the image is built was written for another one.
        *("2026-03-01T12:00:00Z", "2026-02-28", "1970-01-01", "0001-01-01", "1970-01-01T00:00:00Z"),
        *("2176-03-02T00:00:00.000001Z", "9999-12-31", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-01:00"),
        *("2026-13-01", "2026-3-1", "2026-02-30", "2026-04-01 12:00:00Z", "2026-04-01T12:00:00", "01.04.2026"),
    ],
)
def test_what_can_not_be_meant(value: str) -> None:
    assert expires_at([value], DATE) is None
    # The label that can be read may not be the one that was meant.
    assert expires_at([value, "1d"], DATE) is None
    assert expires_at(["1d", value], DATE) is None


def test_the_latest_counts() -> None:
    assert expires_at(["1d", "2w", "12h"], DATE) == DATE + 14 * DAY
    assert expires_at(["2026-03-05T12:00:00Z", "2d"], DATE) == DATE + 4 * DAY
    assert expires_at([], DATE) is None


def test_dates_at_the_end_of_time() -> None:
    assert expires_at(["1w"], datetime(9999, 12, 31, tzinfo=UTC)) is None
    assert expires_at(["1w"], datetime(9900, 12, 31, tzinfo=UTC)) is None
    assert expires_at(["9999-12-31"], datetime(9999, 12, 30, tzinfo=UTC)) is None


@given(st.text(max_size=70), st.datetimes(timezones=st.just(UTC)))
def test_any_text_is_a_later_time_or_none(value: str, date: datetime) -> None:
    found = expires_at([value], date)
    assert found is None or date < found <= date + LONGEST


@given(st.lists(st.sampled_from(["1h", "3d", "2w", "2026-03-09", "never", "0d"]), max_size=4), st.data())
def test_one_more_value_never_lets_it_expire_earlier(values: list[str], data: st.DataObject) -> None:
    found = expires_at(values, DATE)
    more = expires_at([*values, data.draw(st.sampled_from(["1h", "5w", "2026-03-02", "x"]))], DATE)
    assert not found or not more or more >= found
    assert more is None or not values or found is not None


@pytest.mark.parametrize(
    ("values", "date", "clock", "reason"),
    [
        (None, DATE, DATE + 9 * DAY, Reason.UNKNOWN_EXPIRY),
        ((), DATE, DATE + 9 * DAY, Reason.NO_EXPIRY_LABEL),
        (("x",), DATE, DATE + 9 * DAY, Reason.UNKNOWN_EXPIRY),
        (("1d",), None, DATE + 9 * DAY, Reason.UNKNOWN_EXPIRY),
        (("2026-03-02",), None, DATE + 9 * DAY, Reason.UNKNOWN_EXPIRY),
        (("1d",), DATE, None, Reason.UNKNOWN_EXPIRY),
        (("1d",), DATE, DATE + DAY, Reason.LABEL_NOT_EXPIRED),
        (("1d",), DATE, DATE + DAY + timedelta(microseconds=1), None),
        (("1d", "2d"), DATE, DATE + 2 * DAY, Reason.LABEL_NOT_EXPIRED),
    ],
)
def test_why_a_tag_is_kept(
    values: tuple[str, ...] | None, date: datetime | None, clock: datetime | None, reason: Reason | None
) -> None:
    labels = (("other", ("1h",)), *([] if values is None else [("expires", values)]))
    assert expiry_reason(Tag("v1", labels=labels), "expires", date, clock) is reason
