# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deleting a set of tags by their names, as REST and GraphQL do it."""

from __future__ import annotations

from collections.abc import Sequence

from . import access
from .access import Caller
from .registry import Registry, Removal, Unreachable
from .state import Repository, State


def remove(state: State, registry: Registry, repository: Repository, names: Sequence[str], caller: Caller) -> Removal:
    """Protected ones are left out without a word; Unreachable where the registry can't be asked how it deletes."""
    if not registry.is_reachable(repository):
        raise Unreachable
    allowed = [name for name in names if not access.is_protected(state, caller, repository, name)]
    if names and not allowed:
        return Removal(None, "cannot delete protected tag(s)")
    return registry.remove(repository, allowed)
