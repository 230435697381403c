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
  - Manages the protection rules for container repositories of one project, of several projects, or of a whole group.
  - GitLab 17.8 or later is required, or 17.2 or later with its feature flag. The role Maintainer is required.
  - Rules are identified by their patterns. Other rules are kept, unless O(exclusive) is set. Options of a rule that you
    leave out are not changed.
  - All changes of a project are planned before the first change is made. New rules are created before old rules are
    deleted, so that there is no time without protection.
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
      - The protection rules. With O(exclusive), an empty list deletes all rules.
    type: list
    elements: dict
    required: true
    suboptions:
      repository_path_pattern:
        description:
          - Path of the protected repositories, in lower case. V(*) matches any characters.
          - With O(project), it begins with the project's full path.
          - With O(group), it is relative to the path of each project. For example, V(web*) becomes C(<project>/web*). A
            pattern that begins with V(*) is appended to the project's path without a slash. So V(*) means all
            repositories of the project.
        type: str
        required: true
        aliases:
          - pattern
      minimum_access_level_for_push:
        description:
          - Minimum role that may push. V(none) removes the setting from the rule.
        type: str
        choices:
          - maintainer
          - owner
          - admin
          - none
      minimum_access_level_for_delete:
        description:
          - Minimum role that may delete. V(none) removes the setting from the rule.
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
      description: The current rules.
      type: dict
      returned: success
      sample: {}
    after:
      description: The wanted rules.
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
          description: Current value of the setting. Null if it has none.
          type: raw
          returned: success
          sample: null
        after:
          description: Wanted value of the setting. Null if it shall have none.
          type: raw
          returned: success
          sample: 'push: maintainer, delete: owner'
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
