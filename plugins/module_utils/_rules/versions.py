# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Semantic versions in the names of tags, and their order: https://semver.org, with an optional v before them. Pure."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass
from functools import total_ordering

_NUMBER = r"(?:0|[1-9][0-9]*)"
_VERSION = re.compile(rf"[vV]?({_NUMBER})\.({_NUMBER})\.({_NUMBER})(?:-([0-9A-Za-z.-]+))?", re.ASCII)


@total_ordering
@dataclass(frozen=True)
class Version:
    """A version. Equal ones may be written in different ways.

    Args:
        major: the first number.
        minor: the second number.
        patch: the third number.
        prerelease: its identifiers; empty for a release.
    """

    major: int
    minor: int
    patch: int
    prerelease: tuple[str, ...] = ()

    def __lt__(self, other: Version) -> bool:
        return self._key() < other._key()

    def _key(self) -> tuple[t.Any, ...]:
        """Numbers before words, fewer identifiers before more, any prerelease before its release: rule 11."""
        identifiers = tuple((0, int(each), "") if each.isdigit() else (1, 0, each) for each in self.prerelease)
        return self.major, self.minor, self.patch, not self.prerelease, identifiers


def parse_version(text: str) -> Version | None:
    """The version that is the whole text; None for anything else, such as 1.2, which moves from patch to patch."""
    match = _VERSION.fullmatch(text)
    if not match:
        return None
    major, minor, patch, rest = match.groups()
    prerelease = tuple(rest.split(".")) if rest else ()
    if any(not each or (each.isdigit() and each[0] == "0" and each != "0") for each in prerelease):
        return None
    return Version(major=int(major), minor=int(minor), patch=int(patch), prerelease=prerelease)
