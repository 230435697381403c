# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a comparison of a row with its truth can come to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True)
class Agrees:
    pass


@dataclass(frozen=True)
class Disagrees:
    """what: the part of the row that is another one here."""

    what: str
    expected: Any
    got: Any


@dataclass(frozen=True)
class NotApplicable:
    """No call can reach the row."""

    why: str


Verdict = Agrees | Disagrees | NotApplicable


def first_difference(*parts: tuple[str, Any, Any]) -> Verdict:
    """The first of (what, expected, got) that differs."""
    for what, expected, got in parts:
        if expected != got:
            return Disagrees(what, expected, got)
    return Agrees()
