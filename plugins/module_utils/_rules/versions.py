# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Versions in the names of tags: https://semver.org and https://calver.org. And the natural order of names. Pure."""

from __future__ import annotations

import re
import typing as t
from datetime import date

from .dead_alternatives import LONGEST_NAME

_NUMBER = r"(?:0|[1-9][0-9]*)"
_SEMANTIC = re.compile(
    rf"[vV]?({_NUMBER})\.({_NUMBER})\.({_NUMBER})(?:-([0-9A-Za-z.-]+))?(?:_([0-9A-Za-z.-]+))?", re.ASCII
)
_YEAR = r"(?:19|20)[0-9]{2}"
# After a short year a longer number could be the year of a date that begins with its day.
_CALENDAR = re.compile(
    rf"[vV]?(?:(?P<dotted>{_YEAR}(?:\.[0-9]{{1,18}}){{1,4}}|[1-9][0-9](?:\.[0-9]{{1,3}}){{1,4}})"
    rf"|(?P<year>{_YEAR})(?:-(?P<month>[0-9]{{2}})|(?P<dash>-?)(?P<month_>[0-9]{{2}})(?P=dash)(?P<day>[0-9]{{2}})"
    r"(?:[.-](?P<build>[0-9]{1,18}))?))"
    r"(?:[.-]?(?P<phase>dev|snapshot|alpha|beta|preview|pre|rc|[abc](?=[.-]?[0-9]))[.-]?(?P<number>[0-9]{0,18}))?",
    re.ASCII | re.IGNORECASE,
)
# The order of https://peps.python.org/pep-0440; by the letter dev would come after beta.
_PHASES = {"dev": "0", "snapshot": "0", "alpha": "1", "a": "1", "beta": "2", "b": "2"}
_CANDIDATE = "3"
_CENTURY = 2000
_DIGITS = re.compile(r"([0-9]+)", re.ASCII)
_RUNS = re.compile(r"[0-9]+|[A-Za-z]+", re.ASCII)


class Version(t.NamedTuple):
    """A version.

    Args:
        numbers: of its release, the most significant first; at least two.
        prerelease: its identifiers; empty for a release.
    """

    numbers: tuple[int, ...]
    prerelease: tuple[str, ...] = ()

    def precedence(self, *, natural: bool = False) -> tuple[t.Any, ...]:
        """What is greater for a later version.

        Numbers before words, fewer identifiers before more, any prerelease before its release: rule 11 of semver.org.

        Args:
            natural: whether identifiers end where digits and letters meet, so that rc9 comes before rc10.
        """
        identifiers = _RUNS.findall(".".join(self.prerelease)) if natural else self.prerelease
        order = tuple((0, int(each), "") if each.isdigit() else (1, 0, each) for each in identifiers)
        return self.numbers, not self.prerelease, order


def parse_semver(text: str) -> Version | None:
    """The semantic version that is the whole text, with or without a v before it.

    Registries allow no + in a tag, so build metadata stands behind an underscore, as Helm writes it. It does not count:
    rule 10 of semver.org.

    Returns:
        None for anything else, such as 1.2, which moves from patch to patch.
    """
    match = _SEMANTIC.fullmatch(text) if len(text) <= LONGEST_NAME else None
    if not match:
        return None
    *numbers, prerelease, build = match.groups()
    identifiers = tuple(prerelease.split(".")) if prerelease else ()
    metadata = build.split(".") if build else ()
    if not all((*identifiers, *metadata)):
        return None
    if any(each.isdigit() and each[0] == "0" and each != "0" for each in identifiers):
        return None
    return Version(tuple(map(int, numbers)), prerelease=identifiers)


def parse_calver(text: str) -> Version | None:
    """The calendar version that is the whole text, with or without a v before it.

    A year of four or two digits with up to four numbers, each behind a dot. Or a date such as 2024-05-31, 2024-05 or
    20240531, the days with or without the number of a build. Behind a dot any number is possible, since it may be a
    month, a week or a count; a date has to be one. Zeros at the end do not count: 2024.5 is 2024.5.0.

    Returns:
        None for anything else, such as 2024.05-alpine: it is not known whether that comes before or after 2024.05.
    """
    match = _CALENDAR.fullmatch(text) if len(text) <= LONGEST_NAME else None
    if not match:
        return None
    numbers = _dotted(match["dotted"]) if match["dotted"] else _dated(match)
    if numbers is None:
        return None
    while len(numbers) > 2 and not numbers[-1]:
        numbers = numbers[:-1]
    phase = match["phase"]
    prerelease = (_PHASES.get(phase.lower(), _CANDIDATE), match["number"] or "0") if phase else ()
    return Version(numbers, prerelease=prerelease)


def _dotted(text: str) -> tuple[int, ...]:
    year, *others = map(int, text.split("."))
    return (year if year > 99 else _CENTURY + year, *others)


def _dated(match: re.Match[str]) -> tuple[int, ...] | None:
    """The numbers of a date; None for a day that there is not."""
    year, month, day, build = match["year"], match["month"] or match["month_"], match["day"], match["build"]
    numbers = tuple(int(each) for each in (year, month, day, build) if each)
    try:
        date(int(year), int(month), int(day or 1))
    except ValueError:
        return None
    return numbers


def natural_key(text: str) -> tuple[t.Any, ...]:
    """What is greater for a text that comes later in natural order.

    Runs of digits are compared as numbers, and the rest letter by letter. Zeros before a number do not count. However
    long a number is, no arithmetic is done with it.
    """
    pieces = _DIGITS.split(text)
    return tuple(_magnitude(piece) if position % 2 else piece for position, piece in enumerate(pieces))


def _magnitude(digits: str) -> tuple[int, str]:
    significant = digits.lstrip("0")
    return len(significant), significant
