# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Filters that cost nothing until they are used. To find one, Ansible loads all of them in each worker."""

from __future__ import annotations

import importlib
import typing as t


def deferred(module: str, function: str) -> t.Callable[..., t.Any]:
    """A function that is imported when it is called.

    Args:
        module: one beside this, by its name alone.
        function: its name there.
    """

    def imported(*values: t.Any, **options: t.Any) -> t.Any:
        return getattr(importlib.import_module(f".{module}", __package__), function)(*values, **options)

    return imported
