# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Giving tags to images that are in use without one, before the registry's collection of untagged manifests."""

from __future__ import annotations

import contextlib
import typing as t

from .._core.errors import JournalError, RequestError
from .._core.tag_writes import TagWrite
from .._deletion.earlier_runs import JournalEvent
from .._deletion.journal import JournalWriter
from .._registry.auth import Registry
from .._registry.promotion import write_tags
from .pins import Pin


def pin(registry: Registry, pins: t.Iterable[Pin], journal: JournalWriter) -> list[dict[str, t.Any]]:
    """Give the tags, each noted before and after.

    Returns:
        What became of each: written, changed_since or not_written.
    """
    rows = []
    for each in pins:
        try:
            journal({"event": JournalEvent.PINNING.value, **each.as_result()})
            [written] = write_tags(registry, each.path, each.path, [TagWrite(each.name, each.manifest)])
            outcome, message = written.outcome.value, written.message
        except (RequestError, JournalError) as error:
            outcome, message = "not_written", str(error)
        rows.append({**each.as_result(), "outcome": outcome, "message": message})
        with contextlib.suppress(JournalError):
            journal({"event": JournalEvent.PINNED.value, **rows[-1]})
    return rows
