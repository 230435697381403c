# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Numbers and scopes as people read them. Pure."""

from __future__ import annotations

import typing as t

_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")
_GIB = 2**30


def writable(text: str) -> str:
    """A text of which every character can be written to a file."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def bytes_in_words(number: int | None) -> str:
    """A number of bytes, such as 1.5 GiB."""
    if number is None:
        return "unknown"
    value, unit = float(number), 0
    while abs(value) >= 1024 and unit < len(_UNITS) - 1:
        value, unit = value / 1024, unit + 1
    return f"{value:.1f} {_UNITS[unit]}" if unit else f"{number} {'byte' if number == 1 else 'bytes'}"


def cost(number: int | None, price_per_gib_month: float | None) -> float | None:
    """What so many bytes cost in a month; None if one of both is not known."""
    if number is None or price_per_gib_month is None:
        return None
    return round(number / _GIB * price_per_gib_month, 2)


def scope_in_words(scope: t.Mapping[str, t.Any]) -> str:
    """What a task was asked for, such as project team/app."""
    given = ((option, value if isinstance(value, list) else [value]) for option, value in scope.items() if value)
    words = [option if values == [True] else f"{option} {', '.join(map(str, values))}" for option, values in given]
    return writable("; ".join(words)) or "instance"
