# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Whether the requests that are left are enough for what comes."""

from __future__ import annotations

from .words import are, counted


def why_too_many(*, needed: int, sent: int, most: int | None, what: str) -> str | None:
    """Why something is not begun.

    Args:
        needed: requests that it takes at least.
        sent: requests of this task so far.
        most: the option max_requests, None where there is no limit.
        what: what is not begun, as in "reading 20 tags".

    Returns:
        A sentence without its end; None where max_requests leaves enough.
    """
    if most is None or sent + needed <= most:
        return None
    left = max(0, most - sent)
    takes = f"{what} takes at least {counted(needed, 'more request')}"
    return f"{takes}, and of max_requests {most} there {are(left)} {left} left"
