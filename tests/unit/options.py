# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options as a module gets them, with their defaults, from what a user would write."""

from __future__ import annotations

from typing import Any

from ansible_collections.containerops.gitlab.plugins.module_utils._rules.options import IN_USE, RULES


def filled(given: dict[str, Any], spec: dict[str, Any] | None = None) -> dict[str, Any]:
    """Every option of the specification, and of the dictionaries inside it. Without one: all that rules are made of."""
    wanted = {**RULES, **IN_USE} if spec is None else spec
    assert set(given) <= set(wanted)
    return {name: _filled(given.get(name, option.get("default")), option) for name, option in wanted.items()}


def _filled(value: Any, option: dict[str, Any]) -> Any:
    inner = option.get("options")
    if not inner or value is None:
        return value
    return filled(value, inner) if isinstance(value, dict) else [filled(row, inner) for row in value]
