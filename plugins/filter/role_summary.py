# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence

# The worse, the later.
RESULTS = ("ok", "partial", "refused", "failed")


def role_summary(
    rows: Sequence[Mapping[str, t.Any]], role: str, hosts: Sequence[str], check_mode: bool
) -> dict[str, t.Any]:
    """The statistics of a role: what it counted on all hosts of a play, as one value and flat.

    Args:
        rows: what each host that finished counted: its name as host, and its counts by name.
        role: whose statistics it is.
        hosts: all hosts of the play.
        check_mode: whether nothing was changed.
    """
    finished = [row["host"] for row in rows]
    unfinished = [host for host in hosts if host not in finished]
    columns = {name: [row["counts"][name] for row in rows] for name in (rows[0]["counts"] if rows else ())}
    found = {
        **{name: _together(values) for name, values in columns.items()},
        "result": max(["failed"] if unfinished else columns["result"], key=RESULTS.index),
        "check_mode": check_mode,
        "hosts": len(hosts),
        "hosts_unfinished": unfinished,
    }
    return {f"{role}_summary": found, **{f"{role}_summary_{name}": value for name, value in found.items()}}


def _together(values: Sequence[t.Any]) -> t.Any:
    """A number is the sum, None where one is not known. Anything else is told if it is the same everywhere."""
    if any(value is None for value in values):
        return None
    if all(isinstance(value, (int, float)) for value in values):
        return sum(values)
    return values[0] if len({*values}) == 1 else ""


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, t.Callable[..., dict[str, t.Any]]]:
        return {"role_summary": role_summary}
