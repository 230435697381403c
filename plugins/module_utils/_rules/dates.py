# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Which date of a tag is judged, and whether it can be believed. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from .._core.models import OLDEST_CREDIBLE, Tag
from .._core.server import Mode, ServerCapabilities
from .decision import DateSource
from .rules import Rules, Timestamp

_CLOCK_TOLERANCE = timedelta(days=1)


def shown_dates(mode: Mode) -> DateSource:
    """What the dates of tags are that a server of this kind shows."""
    known = {Mode.DATABASE: DateSource.PUBLISHED, Mode.NO_DATABASE: DateSource.BUILT}
    return known.get(mode, DateSource.UNKNOWN)


def date_source(capabilities: ServerCapabilities, rules: Rules) -> DateSource:
    """Where the judged dates come from under these rules; none where no date is needed."""
    return date_source_of(capabilities, rules.timestamp) if rules.need_dates else DateSource.NONE


def date_source_of(capabilities: ServerCapabilities, timestamp: Timestamp) -> DateSource:
    """What the dates of tags are on a server.

    With a metadata database published is the last push; created is then the first push of the name, which says nothing
    about a tag that was pushed again. Without one GitLab knows only when the image was built.
    """
    source = DateSource.CREATED if timestamp is Timestamp.CREATED else shown_dates(capabilities.mode)
    if source is not DateSource.PUBLISHED and not capabilities.proves_created:
        return DateSource.UNKNOWN
    return source


def judged_date(
    tag: Tag, source: DateSource, clock: datetime | None, valid_from: datetime | None = None
) -> datetime | None:
    """The newest date of a tag that is known under this source.

    Args:
        tag: with the dates that were read.
        source: which of them count.
        clock: the server's time; dates after it are not believed.
        valid_from: pushes before it are dates of an import, and the build counts instead. No tag was pushed after the
            import that dated it.

    Returns:
        The date; None when there is none that can be believed.
    """
    shown = tag.published if source is DateSource.PUBLISHED else tag.created
    if valid_from and source is not DateSource.BUILT and shown and shown < valid_from:
        return min(tag.built, shown) if tag.built and is_credible(tag.built, clock) else None
    known = _dates_of(tag, source)
    return max(known) if known and all(is_credible(date, clock) for date in known) else None


def _dates_of(tag: Tag, source: DateSource) -> list[datetime]:
    if source is DateSource.PUBLISHED and tag.published:
        return [date for date in (tag.published, tag.created) if date]
    if source in (DateSource.BUILT, DateSource.CREATED) and tag.created:
        return [tag.created]
    return []


def is_credible(date: datetime, clock: datetime | None) -> bool:
    """Whether something may have happened at this time. clock: the server's, None if it is not known."""
    return date >= OLDEST_CREDIBLE and (clock is None or date <= clock + _CLOCK_TOLERANCE)
