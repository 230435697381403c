# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What an inventory source asks for."""

from __future__ import annotations

import enum
import hashlib
import json
import typing as t

from .._core.errors import UsageError
from .._core.scope import ProjectScope, check_projects
from .._module.options import Gather, check_one_scope

# Of what is cached: another one where that changes.
_CACHE_FORMAT = 1


class HostPer(enum.Enum):
    """What a host is."""

    PROJECT = "project"
    GROUP = "group"
    REPOSITORY = "repository"


class InventoryRequest(t.NamedTuple):
    """The checked options of the inventory plugin.

    Args:
        scope: which projects.
        host_per: what a host is.
        gather: what is counted of each host, TAGS_COUNT and SIZE.
    """

    scope: ProjectScope
    host_per: HostPer
    gather: frozenset[Gather]

    def cache_key(self, url: str) -> str:
        """What the hosts of a GitLab at this URL are cached by."""
        asked = [
            _CACHE_FORMAT,
            url,
            self.scope._asdict(),
            self.host_per.value,
            sorted(each.value for each in self.gather),
        ]
        digest = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
        return f"containerops.gitlab.gitlab_registry_{digest[:32]}"


def request_of(params: t.Mapping[str, t.Any]) -> InventoryRequest:
    """Check the options of the inventory plugin.

    Raises:
        UsageError: they can't be served as they are written.
    """
    named = {name: params[name] for name in ("project", "group")}
    check_one_scope(params["instance"], named)
    for name, value in named.items():
        if value == []:
            raise UsageError(f"{name} is an empty list: there would be no hosts.")
    scope = ProjectScope(
        projects=tuple(params["project"] or ()),
        groups=tuple(params["group"] or ()),
        instance=bool(params["instance"]),
    )
    check_projects(scope)
    return InventoryRequest(
        scope=scope, host_per=HostPer(params["host_per"]), gather=frozenset(map(Gather, params["gather"]))
    )
