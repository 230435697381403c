# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""How sentences count things and name some of them. Pure."""

from __future__ import annotations

import typing as t

_FEW = 5


def counted(number: float, word: str, words: str = "") -> str:
    """A number with its word. words: the plural, if it is not word and s."""
    shown = f"{number:g}" if isinstance(number, float) else f"{number:,}"
    return f"{shown} {word if number == 1 else words or f'{word}s'}"


def are(number: int) -> str:
    """The verb behind so many things."""
    return "is" if number == 1 else "are"


def were(number: int) -> str:
    """The verb of the past behind so many things."""
    return "was" if number == 1 else "were"


def some(names: t.Sequence[str], most: int = _FEW, *, number: int | None = None, separator: str = ", ") -> str:
    """The first of some names, and how many more there are.

    Args:
        names: the names.
        most: how many of them are shown.
        number: how many there are; None if names has all of them.
        separator: what stands between them.
    """
    shown = names[:most]
    left = (len(names) if number is None else number) - len(shown)
    return separator.join(shown) + (f" and {left:,} more" if left > 0 else "")
