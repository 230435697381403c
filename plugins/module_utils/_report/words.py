# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Numbers and scopes as people read them. Pure."""

from __future__ import annotations

import math
import typing as t
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal

UNKNOWN = "unknown"

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
_GIB = 2**30
# Of the largest prices, and of the smallest costs.
_DIGITS = Context(prec=100)
_COST_DECIMALS = 10

_Scaled = tuple[str, str]


def writable(text: str) -> str:
    """A text of which every character can be written to a file."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def bytes_in_words(number: int | None) -> str:
    """A number of bytes, such as 1.5 GiB."""
    return UNKNOWN if number is None else " ".join(_scaled(number, _nearest))


def bytes_between(least: int | None, most: int | None) -> str:
    """A number of bytes by its bounds, such as 1.2 to 3.4 GiB. The page's script has the same rule.

    One number stands for both if they can't be told apart. Else the bounds are rounded outwards.
    """
    low, high = (None if each is None else _scaled(each, way) for each, way in ((least, math.floor), (most, math.ceil)))
    if low and high and (least == 0 or low[1] == high[1]):
        low = (low[0], "")
    return _between(bytes_in_words(least), bytes_in_words(most), _joined(low), _joined(high))


def _joined(scaled: _Scaled | None) -> str | None:
    return " ".join(scaled).rstrip() if scaled else None


def _between(nearest_least: str, nearest_most: str, low: str | None, high: str | None) -> str:
    if nearest_least == nearest_most:
        return nearest_least
    if low and high:
        return f"{low} to {high}"
    return f"at least {low}" if low else f"at most {high}"


def _nearest(number: float) -> int:
    return math.floor(number + 0.5)


def _scaled(value: int, rounded: t.Callable[[float], int]) -> _Scaled:
    """A number of bytes in the unit that suits it."""
    for place, unit in enumerate(_UNITS):
        tenths = rounded(value * 10 / 1024**place)
        if tenths < 10240 or unit == _UNITS[-1]:
            return (str(value) if place == 0 else f"{tenths / 10:.1f}"), unit
    raise AssertionError


def cost(number: int | None, price_per_gib_month: float | None) -> float | None:
    """What so many bytes cost in a month; None if one of both is not known."""
    if number is None or price_per_gib_month is None:
        return None
    return round(number / _GIB * price_per_gib_month, _COST_DECIMALS)


def money_in_words(value: float | None) -> str:
    """What something costs, such as 12.50 or 0.0038."""
    return UNKNOWN if value is None else _money(value, ROUND_HALF_UP)


def money_between(least: float | None, most: float | None) -> str:
    """What something costs by its bounds, such as 0.36 to 0.41, by the rule for bytes."""
    low, high = (
        None if each is None else _money(each, way) for each, way in ((least, ROUND_FLOOR), (most, ROUND_CEILING))
    )
    return _between(money_in_words(least), money_in_words(most), low, high)


def _money(value: float, rounding: str) -> str:
    exact = Decimal(repr(value))
    # Two decimals, and of small sums two digits.
    decimals = 2 if exact >= 1 or not exact else max(2, 1 - exact.adjusted())
    return f"{exact.quantize(Decimal(1).scaleb(-decimals), rounding=rounding, context=_DIGITS):f}"


def scope_in_words(scope: t.Mapping[str, t.Any]) -> str:
    """What a task was asked for, such as project team/app."""
    given = ((option, value if isinstance(value, list) else [value]) for option, value in scope.items() if value)
    words = [option if values == [True] else f"{option} {', '.join(map(str, values))}" for option, values in given]
    return writable("; ".join(words)) or "instance"
