# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError


def connection_options(connection: t.Any, module: str) -> dict[str, t.Any]:
    """What of the variable registry_connection a module has an option for.

    Args:
        connection: the variable: a dictionary, or a text that holds one.
        module: name of the module, without that of the collection.

    Raises:
        AnsibleFilterError: the variable can't be meant.
    """
    # To find one filter Ansible loads all of them, in every worker that needs it.
    from ..plugin_utils.connection import options_for
    from ..plugin_utils.documents import ValueRefused

    try:
        return options_for(connection, module)
    except ValueRefused as refused:
        raise AnsibleFilterError(f"registry_connection {refused}.") from None


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, t.Callable[..., dict[str, t.Any]]]:
        return {"connection_options": connection_options}
