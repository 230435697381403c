# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Tags by their age. Pure."""

from __future__ import annotations

import enum
import typing as t
from datetime import datetime, timedelta


class AgeBucket(enum.Enum):
    """How old a tag is: at most so many days and more than those before it, older than all of these, or unknown."""

    WEEK = "7d"
    MONTH = "30d"
    QUARTER = "90d"
    YEAR = "365d"
    OLDER = "older"
    UNKNOWN = "unknown"


AGES = tuple(AgeBucket)
_LIMITS = tuple(
    (age, timedelta(days=int(age.value[:-1])))
    for age in (AgeBucket.WEEK, AgeBucket.MONTH, AgeBucket.QUARTER, AgeBucket.YEAR)
)

Value = t.TypeVar("Value")


def age_bucket(date: datetime | None, clock: datetime | None) -> AgeBucket:
    """How old a tag of this date is at this time. None is unknown."""
    if date is None or clock is None:
        return AgeBucket.UNKNOWN
    return next((age for age, limit in _LIMITS if clock - date <= limit), AgeBucket.OLDER)


def by_age(values: t.Sequence[Value] | None) -> dict[str, Value | None]:
    """Values in the order of the ages, by the names of these, as they are returned and written; None is unknown."""
    return {age.value: values[place] if values else None for place, age in enumerate(AGES)}
