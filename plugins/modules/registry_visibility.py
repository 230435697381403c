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
  - A group of 500 projects is read with five requests. Projects that are as they are wanted get no request at all.
  - Nothing is deleted when a registry is disabled. It is hidden from everybody, administrators too, and shows the same
    images again once it is enabled.
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
      - V(enabled) shows it to everybody who may see the project, V(private) to members from the role Reporter on,
        V(disabled) to nobody.
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
    - V(ok) when all projects are as they were meant to be, or in check mode would be.
    - V(partial) when something could not be read or done, V(refused) when the plan is beyond a limit, V(failed) when
      nothing could be read.
  returned: always
  type: str
  sample: ok
projects:
  description: The projects in the order of their paths. The same in check mode and in a run.
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
      description: V(update), V(none) when all is as it is wanted, or V(unknown) when it is left as it is, see
        RV(projects[].error).
      type: str
      returned: success
      sample: update
    before:
      description: The visibility as it is.
      type: dict
      returned: success
      sample: {"access_level": "enabled"}
    after:
      description: The visibility as it is wanted.
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
          description: Its value, null where there is none.
          type: raw
          returned: success
          sample: enabled
        after:
          description: Its wanted value, null where there is to be none.
          type: raw
          returned: success
          sample: private
    notes:
      description: What is left undone, and why.
      type: list
      elements: str
      returned: success
      sample: []
    error:
      description: Why the project is left as it is, null when it is not.
      type: str
      returned: success
      sample: null
totals:
  description: The projects in numbers.
  returned: when the projects could be read
  type: dict
  contains:
    projects:
      description: Number of projects of which something is wanted.
      type: int
      returned: success
      sample: 12
    differing:
      description: Number of those that are not as they are wanted, and change.
      type: int
      returned: success
      sample: 1
    as_wanted:
      description: Number of those that are as they are wanted.
      type: int
      returned: success
      sample: 11
    unknown:
      description: Number of those that are left as they are because of an error.
      type: int
      returned: success
      sample: 0
    archived:
      description: Number of archived projects of the group, which are left out.
      type: int
      returned: success
      sample: 0
archived:
  description: Paths of the archived projects.
  returned: when the projects could be read
  type: list
  elements: str
  sample: []
outcome:
  description: What became of the projects that were to change, failures first.
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
        - V(changed) when reading again showed all of it, V(partly_changed) or V(not_changed) when it did not,
          V(unverified) when it could not be read again.
      type: str
      returned: success
      sample: changed
    message:
      description: Why, empty when it was changed.
      type: str
      returned: success
      sample: ""
errors:
  description: What could not be read, or can't be as it is wanted.
  returned: when the projects could be read
  type: list
  elements: dict
  contains:
    name:
      description: The project or group.
      type: str
      returned: success
      sample: team/app
    kind:
      description: What went wrong, such as V(forbidden) or V(not_found).
      type: str
      returned: success
      sample: forbidden
    status:
      description: GitLab's HTTP status, null when there was no answer.
      type: int
      returned: success
      sample: 403
    method:
      description: The request's method.
      type: str
      returned: success
      sample: GET
    path:
      description: The request's path.
      type: str
      returned: success
      sample: /api/v4/projects/1
    message:
      description: What GitLab said.
      type: str
      returned: success
      sample: 403 Forbidden
    request_id:
      description: GitLab's id of the request.
      type: str
      returned: success
      sample: 01HXW
error:
  description: The first error as one of RV(errors), without its name.
  returned: when nothing could be read
  type: dict
truncated:
  description: Whether a list was cut to O(return_limit).
  returned: when the projects could be read
  type: bool
  sample: false
requests:
  description: Number of requests that were sent.
  returned: when the projects could be read
  type: int
  sample: 2
access_levels:
  description: Number of projects by visibility, before and after. V(unknown) counts those that GitLab does not show.
  returned: when the projects could be read
  type: dict
  contains:
    before:
      description: As they are.
      type: dict
      returned: success
      sample: {"enabled": 1, "private": 11}
    after:
      description: As they are wanted.
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
