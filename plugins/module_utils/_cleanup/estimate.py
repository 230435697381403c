# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""How many requests deleting takes at least. Pure."""

from __future__ import annotations

import typing as t

from .._core.server import DELETE_LIMIT, DeleteMethod, ServerCapabilities
from .._plan.plan import Plan


def estimate_deleting(capabilities: ServerCapabilities, plan: Plan, method: DeleteMethod) -> int:
    """The least number of requests that carrying out a plan takes.

    Every tag with a digest is read again before it is deleted, and every repository is listed afterwards.
    """
    parts = [part.deletions for part in plan.repositories if part.deletions]
    deleted = [len(deletions) for deletions in parts]
    guarded = [sum(1 for decision in deletions if decision.tag.digest) for deletions in parts]
    again = _batches(guarded) if capabilities.pages_by_cursor else sum(guarded)
    asked = _batches(deleted) if method is DeleteMethod.GRAPHQL else sum(deleted)
    return again + asked + len(parts)


def _batches(counts: t.Sequence[int]) -> int:
    """How many batches hold so many tags of each repository."""
    return sum(-(-count // DELETE_LIMIT) for count in counts)
