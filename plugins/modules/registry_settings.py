#!/usr/bin/python
# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_settings
short_description: Have the registry settings of a whole fleet of projects as a document says
version_added: 1.0.0
author:
  - containerops.gitlab contributors (@containerops)
description:
  - Sets visibility, cleanup policy and protection rules of all projects of groups, and of single projects, in one task.
  - What is more specific wins, setting by setting, from O(defaults) by O(groups) to O(projects). Of a cleanup policy
    each key is such a setting; protection rules of one kind are replaced as a whole.
  - The whole document is checked before anything is sent, and all projects are read before anything is changed. What
    the document does not name is not changed.
  - A hundred projects of a group are read with two requests, of which the second sees that the list did not change
    meanwhile. Each kind of protection rules that is named takes one more for a project. Projects that are as they are
    wanted get no other request.
  - In check mode this is a report of what differs from the document.
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
      - What holds for all projects of the groups and for the named projects.
    type: dict
    suboptions: &settings
      access_level:
        description:
          - The visibility of the container registry, see M(containerops.gitlab.registry_visibility).
        type: str
        choices:
          - enabled
          - private
          - disabled
        aliases:
          - container_registry_access_level
      cleanup_policy:
        description:
          - The cleanup policy. What is not named in it is taken from what is less specific, or is not changed.
        type: dict
        suboptions:
          enabled:
            description:
              - Whether the policy runs. GitLab switches the policies of projects without images off by itself, so for
                those it remains disabled, with a note.
            type: bool
          cadence:
            description:
              - How often it runs. GitLab takes V(1d), V(7d), V(14d), V(1month) and V(3month).
            type: str
          keep_n:
            description:
              - How many of the newest matching tags each repository keeps. GitLab takes V(1), V(5), V(10), V(25), V(50)
                and V(100).
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
              - RE2 pattern of names that are kept although C(name_regex_delete) matches them.
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
      repository_protection:
        description:
          - The protection rules for repositories.
        type: dict
        suboptions:
          rules:
            description:
              - The rules.
            type: list
            elements: dict
            required: true
            suboptions:
              repository_path_pattern:
                description:
                  - Path of repositories, in which V(*) stands for anything, in lower case.
                  - It is relative to each project. V(web*) becomes C(<project>/web*), one that begins with V(*)
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
          exclusive:
            description:
              - Delete all other rules of this kind.
            type: bool
            default: false
      tag_protection:
        description:
          - The protection rules for tags.
        type: dict
        suboptions:
          rules:
            description:
              - The rules.
            type: list
            elements: dict
            required: true
            suboptions:
              tag_name_pattern:
                description:
                  - RE2 pattern that is found anywhere in the names of tags, so V(v1) protects C(rev10) as well. It is
                    no glob.
                  - A project takes five rules at most.
                type: str
                required: true
                aliases:
                  - pattern
              minimum_access_level_for_push:
                description:
                  - The least role that may push. A new rule needs it.
                type: str
                choices:
                  - maintainer
                  - owner
                  - admin
              minimum_access_level_for_delete:
                description:
                  - The least role that may delete. A new rule needs it.
                type: str
                choices:
                  - maintainer
                  - owner
                  - admin
          exclusive:
            description:
              - Delete all other rules of this kind.
            type: bool
            default: false
      managed:
        description:
          - V(false) leaves the projects alone, whatever else is said about them.
        type: bool
  groups:
    description:
      - What holds for the projects of a group and its subgroups, over O(defaults) and over a group around it.
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
      - What holds for one project, over all else.
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
      description: All settings of it that the document is about, by name, as they are.
      type: dict
      returned: success
      sample: {"access_level": "enabled"}
    after:
      description: All these settings as they are wanted.
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
            module.warn(f"groups, {group!r}: no project of it is there, or can be seen.")
        finish_settings(module, connection, observed, plan_projects(observed.wanted))


if __name__ == "__main__":
    main()
