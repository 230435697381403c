#!/usr/bin/python
# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_repository_protection
short_description: Protect container repositories from pushes and deletions
version_added: 1.0.0
author:
  - containerops.gitlab contributors (@containerops)
description:
  - Manages the protection rules for container repositories of one project, several projects, or a whole group. It needs
    GitLab 17.8, or 17.2 with its feature flag, and the role Maintainer.
  - Rules are told apart by their patterns. Rules that are not named are kept, unless O(exclusive) is set. Within a
    rule, a level that is not named is not changed.
  - All changes of a project are worked out before the first one is made. New rules are created before old ones are
    deleted, so that nothing is unprotected in between.
extends_documentation_fragment:
  - containerops.gitlab._connection
  - containerops.gitlab._scope.project
  - containerops.gitlab._scope.group
  - containerops.gitlab._settings
  - containerops.gitlab._settings.projects
  - containerops.gitlab._settings.protection
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
  rules:
    description:
      - The rules. With O(exclusive), an empty list removes all.
    type: list
    elements: dict
    required: true
    suboptions:
      repository_path_pattern:
        description:
          - Path of repositories, in which V(*) stands for anything, in lower case.
          - With O(project) it begins with the project's full path.
          - With O(group) it is relative to each project. V(web*) becomes C(<project>/web*), one that begins with V(*)
            continues right behind the project's path, so that V(*) means all repositories of the project.
        type: str
        required: true
        aliases:
          - pattern
      minimum_access_level_for_push:
        description:
          - The least role that may push. V(none) takes the level away.
        type: str
        choices:
          - maintainer
          - owner
          - admin
          - none
      minimum_access_level_for_delete:
        description:
          - The least role that may delete. V(none) takes the level away.
        type: str
        choices:
          - maintainer
          - owner
          - admin
          - none
"""

EXAMPLES = r"""
- name: Let only maintainers push to a repository, and only owners delete in it
  containerops.gitlab.registry_repository_protection:
    project:
      - team/app
    rules:
      - repository_path_pattern: team/app/web*
        minimum_access_level_for_push: maintainer
        minimum_access_level_for_delete: owner

- name: Have this rule and no other in all projects of a group
  containerops.gitlab.registry_repository_protection:
    group: team
    rules:
      - repository_path_pattern: "*"
        minimum_access_level_for_delete: owner
    exclusive: true

- name: Remove a rule
  containerops.gitlab.registry_repository_protection:
    project:
      - team/app
    rules:
      - repository_path_pattern: team/app*
    state: absent
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
      description: The rules as they are.
      type: dict
      returned: success
      sample: {}
    after:
      description: The rules as they are wanted.
      type: dict
      returned: success
      sample: {'repository_protection team/app/web*': 'push: maintainer, delete: owner'}
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
          sample: repository_protection team/app/web*
        before:
          description: Its value, null where there is none.
          type: raw
          returned: success
          sample: null
        after:
          description: Its wanted value, null where there is to be none.
          type: raw
          returned: success
          sample: 'push: maintainer, delete: owner'
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
"""

from ..module_utils._core.models import RuleKind
from ..module_utils._module.run import exit_on_error, new_module
from ..module_utils._settings.options import protection_arguments, rules_of_module, scope_of
from ..module_utils._settings.plan import DesiredSettings, plan_projects
from ..module_utils._settings.projects import observe_projects
from ..module_utils._settings.protection import lint_warnings
from ..module_utils._settings.run import connect_for_settings, finish_settings

ARGUMENTS = protection_arguments(RuleKind.REPOSITORY)


def main() -> None:
    module = new_module(ARGUMENTS, "requests")
    with exit_on_error(module):
        connection = connect_for_settings(module)
        rules = rules_of_module(RuleKind.REPOSITORY, module.params)
        for warning in lint_warnings(rules):
            module.warn(warning)
        desired = DesiredSettings(repository_protection=rules)
        observed = observe_projects(connection.client, scope_of(module.params, connection.url), lambda project: desired)
        plans = plan_projects(observed.wanted)
        finish_settings(module, connection, observed, plans)


if __name__ == "__main__":
    main()
