# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What a module wants to change, and what came of it."""

from __future__ import annotations

import typing as t


class Intent(t.NamedTuple):
    """What a module would change.

    Args:
        changed: whether there is anything to change.
        diff: the change as Ansible shows it.
        refusals: why nothing at all may be changed, one sentence each without its full stop.
        unread: what could not be read and is therefore left as it is.
        waits: there is something to wait for, even if nothing is to change.
        verb: what would be done, as in "Nothing was deleted".
        kept: the sentence on what becomes of the unread.
        summary: what would be changed, in one sentence without its full stop; empty if the result says it.
    """

    changed: bool
    diff: list[dict[str, str]]
    refusals: t.Sequence[str] = ()
    unread: t.Sequence[Exception] = ()
    waits: bool = False
    verb: str = "changed"
    kept: str = ""
    summary: str = ""


class Applied(t.NamedTuple):
    """What came of an intent.

    Args:
        outcome: for the result, None if there is nothing to tell.
        shortfall: what is not as it was meant, one sentence, empty if all is.
        warnings: what the user should know, one sentence each.
        changed: whether anything was changed, or may have been; None is as it was meant.
        summary: what was changed, in one sentence without its full stop; empty if the result says it.
    """

    outcome: t.Any
    shortfall: str = ""
    warnings: t.Sequence[str] = ()
    changed: bool | None = None
    summary: str = ""
