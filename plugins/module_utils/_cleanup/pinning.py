# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Giving tags to images that are in use without one, before the registry's collection of untagged manifests."""

from __future__ import annotations

import contextlib
import typing as t

from .._core.errors import JournalError, RequestError
from .._core.tag_writes import TagWrite, WriteOutcome
from .._deletion.earlier_runs import JournalEvent
from .._deletion.journal import JournalWriter
from .._registry.auth import Registry
from .._registry.promotion import write_tags
from .pins import Pin, PinResult


def pin(registry: Registry, pins: t.Iterable[Pin], journal: JournalWriter) -> list[PinResult]:
    """Give the tags, each noted before and after.

    Returns:
        What became of each. Whatever goes wrong is told there, so nothing is raised.
    """
    results = []
    for each in pins:
        try:
            journal({"event": JournalEvent.PINNING.value, **each.as_result()})
            [written] = write_tags(registry, each.path, each.path, [TagWrite(each.name, each.manifest)])
            result = PinResult(each, written.outcome, message=written.message)
        except (RequestError, JournalError) as error:
            result = PinResult(each, WriteOutcome.NOT_WRITTEN, message=str(error))
        results.append(result)
        with contextlib.suppress(JournalError):
            journal({"event": JournalEvent.PINNED.value, **result.as_result()})
    return results
