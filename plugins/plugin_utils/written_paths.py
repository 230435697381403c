# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The files that roles write, and those that several hosts of a play would write. Pure, apart from paths."""

from __future__ import annotations

import os
import typing as t
from collections import defaultdict

from ..module_utils._core.files import WRITTEN
from ..module_utils._core.words import some

# The machine of ansible-playbook.
_CONTROL_NODE = ""
# These roles write there, wherever else they work.
_ON_THE_CONTROL_NODE = frozenset({"registry_in_use"})
# The facts of roles that say what they write.
_FACTS = ("__registry_audit", "__registry_cleanup", "__registry_in_use", "__registry_settings")

# A machine and a path on it.
_Place = tuple[str, str]
_Facts = t.Mapping[str, t.Any]


def writes_of(
    role: str, options: _Facts, variables: _Facts, template: t.Callable[[t.Any], t.Any] = lambda value: value
) -> dict[str, t.Any]:
    """What a role writes for a host, as a fact.

    Args:
        role: the role.
        options: its options that are set.
        variables: of the host.
        template: gives the value of a variable.

    Returns:
        The host, its machine, and the paths by variable. The name of the host stands in it, since Ansible gives the
        facts of a task with run_once to all hosts.
    """
    machine = _CONTROL_NODE if role in _ON_THE_CONTROL_NODE else _machine_of(variables, template)
    real = os.path.realpath if machine == _CONTROL_NODE else os.path.normpath
    paths = {f"{role}_{option}": real(options[option]) for option in sorted(WRITTEN & {*options}) if options[option]}
    return {"host": str(variables.get("inventory_hostname", "")), "machine": machine, "paths": paths}


def _machine_of(variables: _Facts, template: t.Callable[[t.Any], t.Any]) -> str:
    """Where modules run: on the host that the task is delegated to, or on the host itself."""
    delegated = variables.get("ansible_delegated_vars") or {}
    name, where = next(iter(delegated.items()), (variables.get("inventory_hostname", ""), variables))
    if template(where.get("ansible_connection", "")) == "local":
        return _CONTROL_NODE
    return str(template(where.get("ansible_host")) or name)


def shared_paths(hostvars: t.Mapping[str, _Facts], hosts: t.Iterable[str]) -> dict[str, str]:
    """Why hosts can't write what they would: another one writes the same file.

    Args:
        hostvars: the variables of all hosts.
        hosts: those of the play. What one of an earlier batch, or one that failed meanwhile, wrote is overwritten too.

    Returns:
        A sentence without its full stop for each of these hosts.
    """
    written: dict[_Place, dict[str, str]] = defaultdict(dict)
    for host in hosts:
        for writes in _writes_in(hostvars[host]):
            for variable, path in writes["paths"].items():
                written[writes["machine"], path].setdefault(writes["host"], variable)
    way_on = "give each host a file of its own, with inventory_hostname in the name"
    return {
        host: f"{by_host[host]} {path} would be written by several hosts of this play, "
        f"{_names(by_host, host)}: {way_on}"
        for (_machine, path), by_host in sorted(written.items(), reverse=True)
        if len(by_host) > 1
        for host in by_host
    }


def _writes_in(variables: _Facts) -> t.Iterator[_Facts]:
    for fact in _FACTS:
        found = variables.get(fact)
        if isinstance(found, t.Mapping) and found.get("writes"):
            yield found["writes"]


def _names(by_host: t.Collection[str], host: str) -> str:
    """The host, another one, and how many there are besides."""
    other = next(each for each in by_host if each != host)
    return some([host, other], number=len(by_host)) if len(by_host) > 2 else f"{host} and {other}"
