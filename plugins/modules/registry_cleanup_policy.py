#!/usr/bin/python
# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_cleanup_policy
short_description: Set the cleanup policy that GitLab itself runs
version_added: 1.0.0
author:
  - containerops.gitlab contributors (@containerops)
description:
  - Sets the scheduled cleanup policy of one project, of several projects, or of a whole group.
  - Options that you leave out are not changed. A project that already has the wanted policy gets no request, since
    every change moves the policy's next run.
  - Newer GitLab releases accept more values. For a value that this module does not know, there is a warning, and GitLab
    decides.
  - GitLab's own cleanup differs from M(containerops.gitlab.registry_cleanup), and may delete more tags than expected.
    O(preview) shows which tags it would delete.
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
      - Whether the policy is enabled. For projects without images, GitLab disables policies by itself. There the policy
        remains disabled, and a note says so.
    type: bool
  cadence:
    description:
      - How often the policy runs. GitLab accepts V(1d), V(7d), V(14d), V(1month) and V(3month).
    type: str
  keep_n:
    description:
      - Keep the newest N of the matching tags in each repository. GitLab accepts V(1), V(5), V(10), V(25), V(50) and
        V(100).
    type: int
  older_than:
    description:
      - Delete only tags that are older than this duration. GitLab accepts V(7d), V(14d), V(30d), V(60d) and V(90d).
    type: str
  name_regex_delete:
    description:
      - RE2 pattern of the tag names that are deleted, such as V(dev-.*). An enabled policy needs one.
    type: str
    aliases:
      - name_regex
  name_regex_keep:
    description:
      - RE2 pattern of tag names that are kept although O(name_regex_delete) matches them, such as V(.*-stable).
    type: str
  clear:
    description:
      - Options of the policy whose values are removed.
    type: list
    elements: str
    choices:
      - keep_n
      - older_than
      - name_regex_keep
  preview:
    description:
      - Whether to return in RV(previews) which tags the new policy would delete now in each repository. This deletes
        nothing.
      - All tags are read for this, with their dates if the policy needs them.
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
      description: The current policy.
      type: dict
      returned: success
      sample: {"cleanup_policy.keep_n": 10}
    after:
      description: The wanted policy.
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
          description: Current value of the setting. Null if it has none.
          type: raw
          returned: success
          sample: 10
        after:
          description: Wanted value of the setting. Null if it shall have none.
          type: raw
          returned: success
          sample: 5
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
previews:
  description: Tags that the policies would delete now, by repository.
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
      description: Preview of the policy, with the values of
        RV(containerops.gitlab.registry_info#module:repositories[].policy_preview). Null if the tags could not be read.
      type: dict
      returned: success
    error:
      description: Why there is no preview. Null if there is one.
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
            raise UsageError("No option of the policy is set: set at least one.")
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
