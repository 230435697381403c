#!/usr/bin/python
# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_cleanup_policy
short_description: Set the cleanup policy that GitLab itself carries out
version_added: 1.0.0
author:
  - containerops.gitlab contributors (@containerops)
description:
  - Sets the scheduled cleanup policy of one project, several projects, or a whole group.
  - Options that are left out are not changed. A project whose policy is as it is wanted gets no request, since every
    save moves the policy's next run.
  - GitLab's lists of values grow with its releases. A value that is not known here gives a warning, and GitLab decides.
  - GitLab's own cleanup differs from M(containerops.gitlab.registry_cleanup) in ways that delete more than one expects.
    O(preview) shows what it would delete.
extends_documentation_fragment:
  - containerops.gitlab._connection
  - containerops.gitlab._scope.project
  - containerops.gitlab._scope.group
  - containerops.gitlab._settings
  - containerops.gitlab._settings.projects
  - containerops.gitlab._result
  - containerops.gitlab._attributes
  - containerops.gitlab._attributes.actiongroup_registry
requirements:
  - google-re2 (Python library)
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  enabled:
    description:
      - Whether the policy runs. GitLab switches the policies of projects without images off by itself, so for those
        it remains disabled, with a note.
    type: bool
  cadence:
    description:
      - How often it runs. GitLab takes V(1d), V(7d), V(14d), V(1month) and V(3month).
    type: str
  keep_n:
    description:
      - How many of the newest matching tags each repository keeps. GitLab takes V(1), V(5), V(10), V(25), V(50) and
        V(100).
    type: int
  older_than:
    description:
      - Delete only tags older than this. GitLab takes V(7d), V(14d), V(30d), V(60d) and V(90d).
    type: str
  name_regex_delete:
    description:
      - RE2 pattern of the names that are deleted. An enabled policy needs one.
    type: str
    aliases:
      - name_regex
  name_regex_keep:
    description:
      - RE2 pattern of names that are kept although O(name_regex_delete) matches them.
    type: str
  clear:
    description:
      - What is to have no value any more.
    type: list
    elements: str
    choices:
      - keep_n
      - older_than
      - name_regex_keep
  preview:
    description:
      - Return what the policy, as it will be, would delete now in each repository. Nothing is deleted by that. It
        reads all tags, with their dates where the policy needs them.
    type: bool
    default: false
seealso:
  - module: containerops.gitlab.registry_info
  - module: containerops.gitlab.registry_cleanup
"""

EXAMPLES = r"""
- name: Have GitLab delete old development images everywhere in a group
  containerops.gitlab.registry_cleanup_policy:
    group: team
    enabled: true
    cadence: 7d
    keep_n: 10
    older_than: 30d
    name_regex_delete: dev-.*

- name: Do not limit by number any more
  containerops.gitlab.registry_cleanup_policy:
    project:
      - team/app
    clear:
      - keep_n

- name: Show what a policy would delete before it is switched on
  containerops.gitlab.registry_cleanup_policy:
    project:
      - team/app
    name_regex_delete: (?:dev|feature)-.*
    older_than: 90d
    preview: true
  check_mode: true

- name: Switch all policies of a group off
  containerops.gitlab.registry_cleanup_policy:
    group: team
    enabled: false
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
      description: The policy as it is.
      type: dict
      returned: success
      sample: {"cleanup_policy.keep_n": 10}
    after:
      description: The policy as it is wanted.
      type: dict
      returned: success
      sample: {"cleanup_policy.keep_n": 5}
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
          sample: cleanup_policy.keep_n
        before:
          description: Its value, null where there is none.
          type: raw
          returned: success
          sample: 10
        after:
          description: Its wanted value, null where there is to be none.
          type: raw
          returned: success
          sample: 5
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
previews:
  description: What the policies would delete now, repository by repository.
  returned: with O(preview)
  type: list
  elements: dict
  contains:
    repository:
      description: Path of the repository.
      type: str
      returned: success
      sample: team/app
    preview:
      description: As RV(containerops.gitlab.registry_info#module:repositories[].policy_preview), null when the tags
        could not be read.
      type: dict
      returned: success
    error:
      description: Why there is no preview, null when there is one.
      type: str
      returned: success
      sample: null
"""

import typing as t

from ..module_utils._core.errors import UsageError
from ..module_utils._module.options import CONNECTION, ArgumentSpec
from ..module_utils._module.run import exit_on_error, new_module
from ..module_utils._settings.options import POLICY, PROJECTS, SETTINGS, desired_policy, scope_of
from ..module_utils._settings.plan import DesiredSettings, plan_projects, policy_lint_warnings
from ..module_utils._settings.previews import preview_rows
from ..module_utils._settings.projects import observe_projects
from ..module_utils._settings.run import connect_for_settings, finish_settings

ARGUMENTS = (
    CONNECTION.merged(SETTINGS)
    .merged(PROJECTS)
    .merged(ArgumentSpec({**POLICY, "preview": {"type": "bool", "default": False}}))
)


def main() -> None:
    module = new_module(ARGUMENTS, "requests", "google-re2")
    params = module.params
    with exit_on_error(module):
        connection = connect_for_settings(module)
        policy = desired_policy(params)
        if not policy:
            raise UsageError("Nothing of the policy is named: give at least one of its options.")
        for warning in policy_lint_warnings(policy):
            module.warn(warning)
        desired = DesiredSettings(policy=policy)
        observed = observe_projects(connection.client, scope_of(params, connection.url), lambda project: desired)
        plans = plan_projects(observed.wanted)

        def previews() -> dict[str, t.Any]:
            if not params["preview"]:
                return {}
            groups = list(observed.projects.listed)
            return {"previews": preview_rows(connection.client, groups, plans, params["return_limit"])}

        finish_settings(module, connection, observed, plans, previews)


if __name__ == "__main__":
    main()
