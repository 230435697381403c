# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Results that have an end."""

from __future__ import annotations

import typing as t


def truncate_lists(result: t.Mapping[str, t.Any], limit: int) -> dict[str, t.Any]:
    """A result with each of its lists cut to so many entries, and truncated: whether one of them was longer."""
    lists = {key: value for key, value in result.items() if isinstance(value, list)}
    shown = {key: value[:limit] for key, value in lists.items()}
    return {**result, **shown, "truncated": any(len(value) > limit for value in lists.values())}
