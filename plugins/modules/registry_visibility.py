#!/usr/bin/python
# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_visibility
short_description: Set who may see the container registry of projects
version_added: 1.0.0
author:
  - containerops.gitlab contributors (@containerops)
description:
  - Sets the visibility of the container registry of one project, several projects, or a whole group.
  - A group of 500 projects is read with five requests. Projects that have the wanted setting get no request.
  - Disabling a registry deletes nothing. It hides the registry from everybody, including administrators. When it is
    enabled again, it shows the same images.
extends_documentation_fragment:
  - containerops.gitlab._connection
  - containerops.gitlab._scope.project
  - containerops.gitlab._scope.group
  - containerops.gitlab._settings
  - containerops.gitlab._settings.projects
  - containerops.gitlab._result
  - containerops.gitlab._attributes
  - containerops.gitlab._attributes.actiongroup_registry
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  access_level:
    description:
      - Who may see the container registry.
      - V(enabled) shows it to everybody who may see the project.
      - V(private) shows it to members with the role Reporter or higher.
      - V(disabled) shows it to nobody.
    type: str
    choices:
      - enabled
      - private
      - disabled
    required: true
    aliases:
      - container_registry_access_level
"""

EXAMPLES = r"""
- name: Show the registries of a group to members only
  containerops.gitlab.registry_visibility:
    group: team
    access_level: private

- name: Switch off the registry of a project
  containerops.gitlab.registry_visibility:
    project:
      - team/sub/tool
    access_level: disabled

- name: Never change more than ten projects at once
  containerops.gitlab.registry_visibility:
    group: team
    access_level: private
    max_changed_projects: 10
"""

RETURN = r"""
result:
  description:
    - V(ok) if all projects have the wanted settings, or would have them in check mode.
    - V(partial) if something could not be read or done.
    - V(refused) if the changes exceed a limit. V(failed) if nothing could be read.
  returned: always
  type: str
  sample: ok
projects:
  description: The projects, sorted by path, at most O(return_limit) entries. For the same server state, it is the same
    in check mode and in a run.
  returned: when the projects could be read
  type: list
  elements: dict
  contains:
    id:
      description: Id of the project.
      type: int
      returned: success
      sample: 1
    path:
      description: Full path of the project.
      type: str
      returned: success
      sample: team/app
    action:
      description: V(update) if settings are changed, V(none) if all settings are as wanted. V(unknown) if the project
        is not changed because of an error (RV(projects[].error)).
      type: str
      returned: success
      sample: update
    before:
      description: The current visibility.
      type: dict
      returned: success
      sample: {"access_level": "enabled"}
    after:
      description: The wanted visibility.
      type: dict
      returned: success
      sample: {"access_level": "private"}
    differences:
      description: The settings that change.
      type: list
      elements: dict
      returned: success
      contains:
        setting:
          description: Name of the setting.
          type: str
          returned: success
          sample: access_level
        before:
          description: Current value of the setting. Null if it has none.
          type: raw
          returned: success
          sample: enabled
        after:
          description: Wanted value of the setting. Null if it shall have none.
          type: raw
          returned: success
          sample: private
    notes:
      description: Settings that are not changed, and why, as a list of sentences.
      type: list
      elements: str
      returned: success
      sample: []
    error:
      description: Why the project is not changed. Null if there is no error.
      type: str
      returned: success
      sample: null
totals:
  description: Totals of all projects.
  returned: when the projects could be read
  type: dict
  contains:
    projects:
      description: Number of projects for which settings are given.
      type: int
      returned: success
      sample: 12
    differing:
      description: Number of these projects that differ from the wanted settings and are changed.
      type: int
      returned: success
      sample: 1
    as_wanted:
      description: Number of these projects that have the wanted settings.
      type: int
      returned: success
      sample: 11
    unknown:
      description: Number of these projects that are not changed because of an error.
      type: int
      returned: success
      sample: 0
    archived:
      description: Number of archived projects of the group. They are left out.
      type: int
      returned: success
      sample: 0
archived:
  description: Paths of the archived projects, at most O(return_limit) entries.
  returned: when the projects could be read
  type: list
  elements: str
  sample: []
outcome:
  description: What happened to the projects that were to change, at most O(return_limit) entries. Failures come first.
  returned: when something was changed
  type: list
  elements: dict
  contains:
    path:
      description: Full path of the project.
      type: str
      returned: success
      sample: team/app
    outcome:
      description:
        - The project is read again after the change. V(changed) if it has all wanted settings. V(partly_changed) or
          V(not_changed) if it does not.
        - V(unverified) if it could not be read again.
      type: str
      returned: success
      sample: changed
    message:
      description: Why the project was not changed. Empty if it was changed.
      type: str
      returned: success
      sample: ""
errors:
  description: What could not be read, and settings that can't be changed as wanted, at most O(return_limit) entries.
  returned: when the projects could be read
  type: list
  elements: dict
  contains:
    name:
      description: Path or id of the project or group.
      type: str
      returned: success
      sample: team/app
    kind:
      description: Kind of the failure, such as V(forbidden) or V(not_found).
      type: str
      returned: success
      sample: forbidden
    status:
      description: HTTP status. Null if there was no answer.
      type: int
      returned: success
      sample: 403
    method:
      description: HTTP method.
      type: str
      returned: success
      sample: GET
    path:
      description: Path of the request.
      type: str
      returned: success
      sample: /api/v4/projects/1
    message:
      description: Error message of the server or of the connection.
      type: str
      returned: success
      sample: 403 Forbidden
    request_id:
      description: GitLab's id of the request, for its administrators.
      type: str
      returned: success
      sample: 01HXW
error:
  description: The first error, with the values of RV(errors), but without a name.
  returned: when nothing could be read
  type: dict
truncated:
  description: Whether one of the lists was cut to O(return_limit) entries.
  returned: when the projects could be read
  type: bool
  sample: false
requests:
  description: Number of requests sent.
  returned: when the projects could be read
  type: int
  sample: 2
access_levels:
  description: Number of projects by visibility, before and after. V(unknown) is the number of projects whose visibility
    GitLab does not show.
  returned: when the projects could be read
  type: dict
  contains:
    before:
      description: Number of projects by their current visibility.
      type: dict
      returned: success
      sample: {"enabled": 1, "private": 11}
    after:
      description: Number of projects by their wanted visibility.
      type: dict
      returned: success
      sample: {"private": 12}
"""

from ..module_utils._module.options import CONNECTION, ArgumentSpec
from ..module_utils._module.run import exit_on_error, new_module
from ..module_utils._settings.options import ACCESS_LEVEL, PROJECTS, SETTINGS, scope_of
from ..module_utils._settings.plan import DesiredSettings, access_level_counts, plan_projects
from ..module_utils._settings.projects import observe_projects
from ..module_utils._settings.run import connect_for_settings, finish_settings

ARGUMENTS = (
    CONNECTION.merged(SETTINGS)
    .merged(PROJECTS)
    .merged(ArgumentSpec({"access_level": {**ACCESS_LEVEL, "required": True}}))
)


def main() -> None:
    module = new_module(ARGUMENTS, "requests")
    with exit_on_error(module):
        connection = connect_for_settings(module)
        desired = DesiredSettings(access_level=module.params["access_level"])
        observed = observe_projects(connection.client, scope_of(module.params, connection.url), lambda project: desired)
        plans = plan_projects(observed.wanted)
        finish_settings(module, connection, observed, plans, lambda: {"access_levels": access_level_counts(plans)})


if __name__ == "__main__":
    main()
