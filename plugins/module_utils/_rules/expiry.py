# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""When images expire by a label of their own, such as quay.expires-after. Pure."""

from __future__ import annotations

import re
import typing as t
from datetime import datetime, timedelta

from .._core.models import Tag, parse_time
from .durations import LONGEST, SECONDS
from .reasons import Reason

# https://docs.projectquay.io/use_quay.html#tag-expiration
_DURATION = re.compile(r"([0-9]{1,12})([hdw])", re.ASCII)


def expiry_reason(tag: Tag, label: str, date: datetime | None, clock: datetime | None) -> Reason | None:
    """Why a tag is kept under a rule that deletes what its label says; None if it has expired.

    Args:
        tag: with the values of labels, as far as they were read.
        label: the name of the one that counts.
        date: from which a duration counts.
        clock: the server's time.
    """
    values = dict(tag.labels).get(label)
    if values is None:
        return Reason.UNKNOWN_EXPIRY
    if not values:
        return Reason.NO_EXPIRY_LABEL
    expires = expires_at(values, date) if date else None
    if expires is None or clock is None:
        return Reason.UNKNOWN_EXPIRY
    return None if expires < clock else Reason.LABEL_NOT_EXPIRED


def expires_at(values: t.Sequence[str], date: datetime) -> datetime | None:
    """When an image expires: the latest time that a label of it says; None if one of them can't be meant.

    Args:
        values: what the labels say.
        date: of the tag.
    """
    found = [_expires_at(value, date) for value in values]
    known = [moment for moment in found if moment]
    return max(known) if known and len(known) == len(found) else None


def _expires_at(value: str, date: datetime) -> datetime | None:
    """The end of a duration, or the time; None if it is neither, or does not lie within 150 years after the date.

    A time before the date was written for another image, such as the one that this one is built from.
    """
    duration = _DURATION.fullmatch(value)
    try:
        if duration:
            moment = date + timedelta(seconds=int(duration[1]) * SECONDS[duration[2]])
        else:
            found = _time(value)
            if found is None:
                return None
            moment = found
        return moment if date < moment <= date + timedelta(seconds=LONGEST) else None
    except OverflowError:
        return None


def _time(value: str) -> datetime | None:
    """A time; of a day its end."""
    start = parse_time(f"{value}T00:00:00Z")
    return start + timedelta(days=1) if start else parse_time(value)
