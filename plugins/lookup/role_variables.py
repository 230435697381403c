# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = """
name: role_variables
short_description: Read the variables of a role of this collection
version_added: 0.1.0
author:
  - containerops.gitlab contributors (@containerops)
description:
  - Reads all variables of a role by its argument specification, and finds those that are misspelt or can't be meant.
    The roles of this collection use it.
options:
  _terms:
    description:
      - The names of the roles.
    type: list
    elements: str
    required: true
  scope:
    description:
      - What the variables of a playbook of this collection name, by option.
    type: dict
    default: {}
  connection:
    description:
      - What the variable C(registry_connection) of a playbook of this collection holds. It is left out if the playbook
        does not take it.
    type: raw
"""

EXAMPLES = """
- name: Show what the role would work with
  ansible.builtin.debug:
    msg: "{{ lookup('containerops.gitlab.role_variables', 'registry_cleanup') }}"
"""

RETURN = """
_raw:
  description: An entry for each role.
  type: list
  elements: dict
  contains:
    options:
      description: The values that are set, by the name of the variable without that of the role.
      type: dict
    refusal:
      description: What can't be meant, as one text. It is empty if all can.
      type: str
"""

import functools
import os
import typing as t

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase

from ..plugin_utils.package_defaults import job_of
from ..plugin_utils.role_specs import is_of_another_role, specs_of
from ..plugin_utils.role_variables import Playbook, read_variables
from ..plugin_utils.variable_names import may_be_meant

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
            kwargs: scope and connection.
        """
        plugin = t.cast("t.Any", self)
        plugin.set_options(var_options=variables, direct=kwargs)
        playbook = Playbook(scope=plugin.get_option("scope"), connection=plugin.get_option("connection"))
        return [_read(role, variables or {}, playbook, plugin._templar.template) for role in terms]


def _read(
    role: str, variables: t.Mapping[str, t.Any], playbook: Playbook, template: t.Callable[[t.Any], t.Any]
) -> dict[str, t.Any]:
    specs, omitted = specs_of(role), variables.get("omit", _OMITTED)
    values = {name: _value(variables[name], template) for name in specs if name in variables}
    given = {name: value for name, value in values.items() if value is not _OMITTED and value != omitted}
    others = {
        name: functools.partial(template, variables[name])
        for name in variables
        if name not in specs and may_be_meant(name) and not is_of_another_role(role, name)
    }
    found = read_variables(role, specs, given, playbook, others, job_of(variables, os.environ))
    return {"options": found.options, "refusal": "; ".join(found.refusals)}


def _value(value: t.Any, template: t.Callable[[t.Any], t.Any]) -> t.Any:
    try:
        return template(value)
    except AnsibleError as error:
        # What omit is since ansible-core 2.19; before it is a text.
        if type(error).__name__ == "AnsibleValueOmittedError":
            return _OMITTED
        raise
