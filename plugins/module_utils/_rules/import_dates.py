# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Whether the dates of tags are those of an import to the metadata database, which dates every tag anew. Pure.

After it every tag counts as pushed while the import ran, in the order in which it came along. What was built long
before it was pushed, as nearly everything in scope was within a few days, tells it from a busy week.
"""

from __future__ import annotations

import typing as t
from bisect import bisect_right
from datetime import datetime, timedelta

from .._core.models import OLDEST_CREDIBLE, Repository, Tag, format_time
from .._core.words import counted

# An import of a large registry takes days.
_WINDOW = timedelta(days=3)
_LEAST_TAGS = 20
_SHARE = 0.8
_SAMPLES = 5
# Images are pushed soon after they were built.
_FAR = timedelta(days=30)


class DatedTag(t.NamedTuple):
    """A tag with its repository and its date."""

    repository: Repository
    tag: Tag
    date: datetime


class ImportWindow(t.NamedTuple):
    """The dates that most tags share.

    Args:
        first: the earliest of these dates.
        last: the latest of them.
        tags: how many tags have one of them.
        of: how many tags were looked at.
        samples: the tags whose builds tell what the dates are.
    """

    first: datetime
    last: datetime
    tags: int
    of: int
    samples: tuple[DatedTag, ...]


class ImportEvidence(t.NamedTuple):
    """What tells whether shared dates are those of an import.

    Args:
        window: the dates, and who shares them.
        builds: when the images of the samples were built, as far as that is known.
        why_unknown: why it is not known of one of them; empty if it is known of all.
    """

    window: ImportWindow
    builds: tuple[datetime, ...] = ()
    why_unknown: str = ""


def find_import_window(dated: t.Sequence[DatedTag], created: t.Mapping[int, datetime | None]) -> ImportWindow | None:
    """The window in which most tags are dated.

    Args:
        dated: all tags with a date that can be believed.
        created: when each repository was made, by its id. What is younger than the window was not there before it.

    Returns:
        The window; None if there is no such window, or there are too few tags to tell.
    """
    found = _fullest_window(dated)
    if found is None:
        return None
    first = found[0].date
    return _import_window([each for each in dated if _is_older(created.get(each.repository.id), first)])


def _is_older(created: datetime | None, first: datetime) -> bool:
    return created is None or created < first - timedelta(days=1)


def _fullest_window(dated: t.Sequence[DatedTag]) -> list[DatedTag] | None:
    """The tags of the fullest window, in the order of their dates; None where it does not hold most of them."""
    ordered = sorted(dated, key=lambda each: each.date)
    dates = [each.date for each in ordered]
    start, end = max(
        ((position, bisect_right(dates, date + _WINDOW)) for position, date in enumerate(dates)),
        key=lambda pair: pair[1] - pair[0],
        default=(0, 0),
    )
    return ordered[start:end] if end - start >= max(_LEAST_TAGS, _SHARE * len(ordered)) else None


def _import_window(dated: t.Sequence[DatedTag]) -> ImportWindow | None:
    found = _fullest_window(dated)
    if found is None:
        return None
    by_name = sorted(found, key=lambda each: (each.repository.path, each.tag.name))
    step = (len(by_name) - 1) / (_SAMPLES - 1)
    samples = tuple(by_name[round(number * step)] for number in range(_SAMPLES))
    return ImportWindow(first=found[0].date, last=found[-1].date, tags=len(found), of=len(dated), samples=samples)


def import_refusal(evidence: ImportEvidence) -> str | None:
    """Why no date can be trusted, a sentence without its end; None where they are those of pushes."""
    found = evidence.window
    known = sorted(build for build in evidence.builds if build >= OLDEST_CREDIBLE)
    tags = counted(found.of, "tag is", "tags are")
    when = f"{found.tags} of {tags} dated between {format_time(found.first)} and {format_time(found.last)}"
    behind = format_time(found.last.replace(microsecond=0) + timedelta(seconds=1))
    advice = (
        f"set dates_valid_from to the time from which dates are those of pushes, such as {behind}, or to 1970-01-01 if "
        "all of them are"
    )
    if not known:
        why = evidence.why_unknown.rstrip(".") or "none of them has a plausible date"
        return (
            f"{when}, as they are after an import to the metadata database, and the build dates of their images can't "
            f"be read to check this ({why}): {advice}"
        )
    middle = known[(len(known) - 1) // 2]
    if found.first - middle <= _FAR:
        return None
    return (
        f"{when}, although images among them were built around {format_time(middle)}, so that these are the dates of "
        f"an import to the metadata database: {advice}"
    )
