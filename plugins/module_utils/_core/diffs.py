# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""How a diff says that return_limit cuts it. Pure."""

from __future__ import annotations


def hidden_line(what: str) -> str:
    """The line for what is not shown, such as "5 more projects"."""
    return f"... and {what}, hidden by return_limit\n"


def hidden_part(*, before: str = "", after: str = "") -> dict[str, str]:
    """The last part of a diff: what is not shown of each side; empty where that is nothing."""
    return {
        "before_header": "more",
        "after_header": "more",
        "before": hidden_line(before) if before else "",
        "after": hidden_line(after) if after else "",
    }
