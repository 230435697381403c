# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Numbers in what anybody may have written. Pure."""

from __future__ import annotations

import typing as t

_LARGEST = 2**63 - 1


def whole(value: t.Any) -> int | None:
    """The whole number that a value is; None if it is anything else. Python takes true for 1 and false for 0."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def amount(value: t.Any) -> int | None:
    """The number of things that a value is; None if it is anything else, or more than GitLab's database can hold."""
    number = whole(value)
    return number if number is not None and 0 <= number <= _LARGEST else None


def digits(text: str) -> int | None:
    """The amount that a text holds in digits; None if it holds anything else. Python refuses thousands of them."""
    return amount(int(text)) if len(text) < 20 and text.isascii() and text.isdigit() else None
