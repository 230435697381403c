#!/usr/bin/python
# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_settings
short_description: Apply one document of registry settings to many projects
version_added: 1.0.0
author:
  - containerops.gitlab contributors (@containerops)
description:
  - Sets visibility, cleanup policy and protection rules of all projects of groups, and of single projects, in one task.
  - O(groups) take precedence over O(defaults), and O(projects) over both. This applies to each setting. Each key of a
    cleanup policy is a setting of its own. Protection rules of one kind are one setting.
  - The whole document is checked before anything is sent. All projects are read before anything is changed. Settings
    that the document does not contain are not changed.
  - 100 projects of a group are read with two requests. The second request checks that the list has not changed
    meanwhile. Each kind of protection rules in the document costs one more request for each project. Projects that have
    the wanted settings get no other request.
  - In check mode, the result is a report of the differences from the document.
extends_documentation_fragment:
  - containerops.gitlab._connection
  - containerops.gitlab._settings
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
  defaults:
    description:
      - Settings for all projects of O(groups), and for O(projects).
    type: dict
    suboptions: &settings
      access_level:
        description:
          - Who may see the container registry. M(containerops.gitlab.registry_visibility) explains the values.
        type: str
        choices:
          - enabled
          - private
          - disabled
        aliases:
          - container_registry_access_level
      cleanup_policy:
        description:
          - The cleanup policy. A key that you leave out is taken from the enclosing group or O(defaults). If it is
            missing there too, it is not changed.
        type: dict
        suboptions:
          enabled:
            description:
              - Whether the policy is enabled. For projects without images, GitLab disables policies by itself. There
                the policy remains disabled, and a note says so.
            type: bool
          cadence:
            description:
              - How often the policy runs. GitLab accepts V(1d), V(7d), V(14d), V(1month) and V(3month).
            type: str
          keep_n:
            description:
              - Keep the newest N of the matching tags in each repository. GitLab accepts V(1), V(5), V(10), V(25),
                V(50) and V(100).
            type: int
          older_than:
            description:
              - Delete only tags that are older than this duration. GitLab accepts V(7d), V(14d), V(30d), V(60d) and
                V(90d).
            type: str
          name_regex_delete:
            description:
              - RE2 pattern of the tag names that are deleted, such as V(dev-.*). An enabled policy needs one.
            type: str
            aliases:
              - name_regex
          name_regex_keep:
            description:
              - RE2 pattern of tag names that are kept although C(name_regex_delete) matches them, such as V(.*-stable).
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
      repository_protection:
        description:
          - The protection rules for repositories.
        type: dict
        suboptions:
          rules:
            description:
              - The protection rules.
            type: list
            elements: dict
            required: true
            suboptions:
              repository_path_pattern:
                description:
                  - Path of the protected repositories, in lower case. V(*) matches any characters.
                  - It is relative to the path of each project. For example, V(web*) becomes C(<project>/web*). A
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
          exclusive:
            description:
              - Whether to delete all other rules of this kind.
            type: bool
            default: false
      tag_protection:
        description:
          - The protection rules for tags.
        type: dict
        suboptions:
          rules:
            description:
              - The protection rules.
            type: list
            elements: dict
            required: true
            suboptions:
              tag_name_pattern:
                description:
                  - RE2 pattern of tag names, such as V(^v[0-9]+). It may match any part of the name, so V(v1) also
                    protects C(rev10). It is not a glob.
                  - A project can have at most five rules.
                type: str
                required: true
                aliases:
                  - pattern
              minimum_access_level_for_push:
                description:
                  - Minimum role that may push. It is required for a new rule.
                type: str
                choices:
                  - maintainer
                  - owner
                  - admin
              minimum_access_level_for_delete:
                description:
                  - Minimum role that may delete. It is required for a new rule.
                type: str
                choices:
                  - maintainer
                  - owner
                  - admin
          exclusive:
            description:
              - Whether to delete all other rules of this kind.
            type: bool
            default: false
      managed:
        description:
          - Whether the projects are managed. With V(false), nothing is changed in them, even if other settings are
            given for them.
        type: bool
  groups:
    description:
      - Settings for the projects of a group and its subgroups. They take precedence over O(defaults), and over those of
        a parent group.
    type: list
    elements: dict
    suboptions:
      group:
        description:
          - Full path of the group.
        type: str
        required: true
      <<: *settings
  projects:
    description:
      - Settings for one project. They take precedence over O(defaults) and O(groups).
    type: list
    elements: dict
    suboptions:
      project:
        description:
          - Full path of the project.
        type: str
        required: true
      <<: *settings
seealso:
  - module: containerops.gitlab.registry_visibility
  - module: containerops.gitlab.registry_cleanup_policy
  - module: containerops.gitlab.registry_repository_protection
  - module: containerops.gitlab.registry_tag_protection
"""

EXAMPLES = r"""
- name: Have the settings of a fleet as the document says
  containerops.gitlab.registry_settings:
    defaults:
      access_level: private
      cleanup_policy:
        enabled: true
        cadence: 7d
        keep_n: 10
        older_than: 30d
        name_regex_delete: .*
        name_regex_keep: v[0-9].*
    groups:
      - group: team
      - group: team/sub
        cleanup_policy:
          keep_n: 25
    projects:
      - project: team/app
        tag_protection:
          exclusive: true
          rules:
            - tag_name_pattern: ^v[0-9]+
              minimum_access_level_for_push: maintainer
              minimum_access_level_for_delete: owner

- name: Report what differs, and write all of it to a file
  containerops.gitlab.registry_settings:
    groups:
      - group: team
        access_level: private
    output_path: /tmp/settings.jsonl
  check_mode: true
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
      description: Current values of the project's settings that the document contains, by name.
      type: dict
      returned: success
      sample: {"access_level": "enabled"}
    after:
      description: Wanted values of these settings, by name.
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
"""

import typing as t

from ..module_utils._module.options import CONNECTION, ArgumentSpec
from ..module_utils._module.run import exit_on_error, new_module
from ..module_utils._settings.document import (
    SECTION_OPTIONS,
    desired_for,
    document_lint_warnings,
    document_of,
    document_scope,
    empty_groups,
)
from ..module_utils._settings.options import SETTINGS
from ..module_utils._settings.plan import plan_projects
from ..module_utils._settings.projects import observe_projects
from ..module_utils._settings.run import connect_for_settings, finish_settings


def _sections(name: str) -> dict[str, t.Any]:
    return {"type": "list", "elements": "dict", "options": {name: {"type": "str", "required": True}, **SECTION_OPTIONS}}


ARGUMENTS = CONNECTION.merged(SETTINGS).merged(
    ArgumentSpec(
        {
            "defaults": {"type": "dict", "options": SECTION_OPTIONS},
            "groups": _sections("group"),
            "projects": _sections("project"),
        },
        required_one_of=(("groups", "projects"),),
    )
)


def main() -> None:
    module = new_module(ARGUMENTS, "requests", "google-re2")
    with exit_on_error(module):
        connection = connect_for_settings(module)
        document = document_of(module.params, connection.url)
        for warning in document_lint_warnings(document):
            module.warn(warning)
        observed = observe_projects(
            connection.client, document_scope(document), lambda project: desired_for(document, project.path)
        )
        found = observed.projects
        for group in empty_groups(document, (*found.selected, *found.archived), found.unread):
            module.warn(f"groups, {group!r}: it has no project that this token can see.")
        finish_settings(module, connection, observed, plan_projects(observed.wanted))


if __name__ == "__main__":
    main()
