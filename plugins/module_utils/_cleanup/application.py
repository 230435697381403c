# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Carrying out a cleanup: tags for images in use first, and then the deletion."""

from __future__ import annotations

from .._deletion.deletion import delete
from .._deletion.deletion_in_turns import delete_in_turns
from .._deletion.host import RegistryHost
from .._deletion.journal import JournalWriter
from .._deletion.outcomes import DeletionResult
from .._deletion.ways import deletion_way
from .._tags.reader import TagReader
from .bulk import delete_in_bulk
from .pinning import pin
from .pins import PinResult
from .planning import CleanupPlan
from .state import CleanupState


def apply_cleanup(
    reader: TagReader,
    state: CleanupState,
    found: CleanupPlan,
    *,
    wait: float | None,
    journal: JournalWriter,
    begun: float,
) -> tuple[DeletionResult, list[PinResult]]:
    """Do what a plan says.

    Args:
        reader: Reads the tags right before and afterwards.
        state: By which the plan was made.
        found: The plan.
        wait: Seconds to wait for GitLab's bulk deletion; None does not wait.
        journal: Gets what is asked for, before it is, and what became of it.
        begun: When the run began, by the clock that only grows.

    Returns:
        What became of the tags that it deletes, and of those that images in use get.
    """
    pinned = pin(reader.registry, found.pins.pins, journal) if reader.registry else []
    if found.bulk:
        return delete_in_bulk(reader, found.bulk, wait, journal, deletes_by_name=state.deletes_by_name), pinned
    way, host = deletion_way(reader, state.delete_method), RegistryHost(deletes_by_name=state.deletes_by_name)
    if found.run:
        return delete_in_turns(reader, found.run, way, host, journal, begun=begun), pinned
    return delete(reader, found.plan, way, host, journal), pinned
