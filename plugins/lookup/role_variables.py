# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = """
name: role_variables
short_description: Read the variables of a role of this collection
version_added: 1.0.0
author:
  - containerops.gitlab contributors (@containerops)
description:
  - Reads all variables of a role by its argument specification. It finds variables that are misspelt or not valid.
  - The roles of this collection use it.
options:
  _terms:
    description:
      - Names of the roles.
    type: list
    elements: str
    required: true
  scope:
    description:
      - Scope that the variables of a playbook of this collection set, by option.
    type: dict
    default: {}
  connection:
    description:
      - Value of the variable C(registry_connection) of a playbook of this collection. It is left out if the playbook
        does not have this variable.
    type: raw
  playbook:
    description:
      - Name of the playbook of this collection, if it has more variables than those of scope and connection.
    type: str
    default: ""
"""

EXAMPLES = """
- name: Show the variables that the role would use
  ansible.builtin.debug:
    msg: "{{ lookup('containerops.gitlab.role_variables', 'registry_cleanup') }}"
"""

RETURN = """
_raw:
  description: One entry for each role.
  type: list
  elements: dict
  contains:
    options:
      description: The values that are set, by the names of the variables without the name of the role.
      type: dict
    refusal:
      description: Why variables are not valid, as one text. Empty if all variables are valid.
      type: str
    playbook:
      description: The values of the playbook's own variables that are set, by their names without C(registry_).
      type: dict
    writes:
      description: Files that the role writes for the host, as P(containerops.gitlab.shared_paths#filter) needs them.
      type: dict
"""

import functools
import os
import typing as t

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase

from ..plugin_utils.package_defaults import job_of
from ..plugin_utils.role_specs import is_of_another_role, specs_of
from ..plugin_utils.role_variables import PLAYBOOKS, Playbook, read_variables
from ..plugin_utils.variable_names import may_be_meant
from ..plugin_utils.written_paths import writes_of

_OMITTED = object()


class LookupModule(LookupBase):
    """What Ansible looks for."""

    def run(
        self, terms: t.Sequence[str], variables: t.Mapping[str, t.Any] | None = None, **kwargs: t.Any
    ) -> list[dict[str, t.Any]]:
        """The variables of each role.

        Args:
            terms: the names of the roles.
            variables: all variables of the host.
            kwargs: scope, connection and playbook.
        """
        plugin = t.cast("t.Any", self)
        plugin.set_options(var_options=variables, direct=kwargs)
        name, template = plugin.get_option("playbook"), plugin._templar.template
        found = _given([f"registry_{option}" for option in PLAYBOOKS.get(name, ())], variables or {}, template)
        playbook = Playbook(
            scope=plugin.get_option("scope"),
            connection=plugin.get_option("connection"),
            name=name,
            values={key.partition("_")[2]: value for key, value in found.items()},
        )
        return [_read(role, variables or {}, playbook, template) for role in terms]


def _read(
    role: str, variables: t.Mapping[str, t.Any], playbook: Playbook, template: t.Callable[[t.Any], t.Any]
) -> dict[str, t.Any]:
    specs = specs_of(role)
    given = _given(specs, variables, template)
    others = {
        name: functools.partial(template, variables[name])
        for name in variables
        if name not in specs and may_be_meant(name) and not is_of_another_role(role, name)
    }
    found = read_variables(role, specs, given, playbook, others, job_of(variables, os.environ))
    return {
        "options": found.options,
        "refusal": "; ".join(found.refusals),
        "playbook": dict(found.playbook),
        "writes": writes_of(role, found.options, variables, template),
    }


def _given(
    names: t.Iterable[str], variables: t.Mapping[str, t.Any], template: t.Callable[[t.Any], t.Any]
) -> dict[str, t.Any]:
    """The values of variables, without those that are omitted."""
    omitted = variables.get("omit", _OMITTED)
    values = {name: _value(variables[name], template) for name in names if name in variables}
    return {name: value for name, value in values.items() if value is not _OMITTED and value != omitted}


def _value(value: t.Any, template: t.Callable[[t.Any], t.Any]) -> t.Any:
    try:
        return template(value)
    except AnsibleError as error:
        # What omit is since ansible-core 2.19; before it is a text.
        if error.__class__.__name__ == "AnsibleValueOmittedError":
            return _OMITTED
        raise
