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
from .._core.scope import ProjectScope, full_path, project_path
from .._module.options import CONNECTION, SCOPE_OR_INSTANCE, Gather, check_one_scope

# Of what is cached: another one where that changes.
_CACHE_FORMAT = 1


class HostPer(enum.Enum):
    """What a host is."""

    PROJECT = "project"
    GROUP = "group"
    REPOSITORY = "repository"


_GATHER = (Gather.TAGS_COUNT.value, Gather.SIZE.value)
# The plugin's options as its file gives them. Ansible's own documentation of options has the same.
SCOPE_OPTIONS: dict[str, t.Any] = {
    "project": SCOPE_OR_INSTANCE.options["project"],
    "group": {"type": "list", "elements": "str"},
    "instance": SCOPE_OR_INSTANCE.options["instance"],
    "host_per": {"type": "str", "choices": [each.value for each in HostPer], "default": HostPer.PROJECT.value},
    "gather": {"type": "list", "elements": "str", "choices": list(_GATHER), "default": []},
}
# Those that may be templates, such as a lookup of a token.
TEMPLATES = ("api_url", "api_token", "api_oauth_token", "api_job_token")
OPTIONS = {**SCOPE_OPTIONS, **{name: each for name, each in CONNECTION.options.items() if name not in TEMPLATES}}


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


def request_of(params: t.Mapping[str, t.Any], server: str) -> InventoryRequest:
    """Check the options of the inventory plugin.

    Args:
        params: the options.
        server: URL of the GitLab that is asked.

    Raises:
        UsageError: they can't be served as they are written.
    """
    check_one_scope(params["instance"], {name: params[name] for name in ("project", "group")})
    for name in params["gather"]:
        if name not in _GATHER:
            raise UsageError(f"gather {name!r} is not one of {', '.join(_GATHER)}.")
    scope = ProjectScope(
        projects=tuple(project_path(name, "project", server) for name in params["project"] or ()),
        groups=tuple(full_path(name, "group", server) for name in params["group"] or ()),
        instance=bool(params["instance"]),
    )
    return InventoryRequest(
        scope=scope, host_per=HostPer(params["host_per"]), gather=frozenset(map(Gather, params["gather"]))
    )
