# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The variable registry_connection, by which all playbooks of this collection take connection and speed. Pure."""

from __future__ import annotations

import difflib
import typing as t

from ..module_utils._module.options import CONNECTION, READING, REGISTRY
from .documents import ValueRefused, yaml_documents

_CONNECTION = frozenset(CONNECTION.options)
_REGISTRY = _CONNECTION | frozenset(REGISTRY.options)
# What becomes of errors is no matter of the connection: the roles have a variable for it.
_READING = _CONNECTION | frozenset(READING.options) - {"on_error"}
# The options of each module of the group registry that are a matter of the connection.
OPTIONS: dict[str, frozenset[str]] = {
    "registry_catalog_info": _REGISTRY,
    "registry_cleanup": _READING,
    "registry_cleanup_policy": _CONNECTION,
    "registry_info": _READING,
    "registry_plan_package": _CONNECTION,
    "registry_repository": _REGISTRY,
    "registry_repository_protection": _CONNECTION,
    "registry_restore": _REGISTRY,
    "registry_settings": _CONNECTION,
    "registry_tag": _REGISTRY,
    "registry_tag_protection": _CONNECTION,
    "registry_visibility": _CONNECTION,
}


def connection_of(value: t.Any) -> dict[str, t.Any]:
    """The settings that the variable holds. No message shows a value: it may be a token.

    Args:
        value: the variable, a dictionary or a text that holds one, as a form gives it; None if it is not given.

    Raises:
        ValueRefused: it is not a dictionary, or has a key that no module has.
    """
    found = {} if value is None else value
    if isinstance(value, str):
        documents = yaml_documents(value)
        found = {} if documents in ([], [None]) else documents[0] if len(documents) == 1 else None
    if not isinstance(found, dict):
        raise ValueRefused("is not a dictionary: write one setting in each line, such as timeout: 30")
    for key in found:
        if key not in _READING:
            near = difflib.get_close_matches(str(key).lower(), sorted(_READING), 1)
            hint = f"perhaps {near[0]} is meant" if near else f"it may hold {', '.join(sorted(_READING))}"
            raise ValueRefused(f"has no setting {str(key):.60}: {hint}")
    return found


def options_for(value: t.Any, module: str) -> dict[str, t.Any]:
    """What of the variable a module has an option for.

    Args:
        value: the variable.
        module: name of the module.

    Raises:
        ValueRefused: it can't be meant.
    """
    return {key: each for key, each in connection_of(value).items() if key in OPTIONS[module]}
