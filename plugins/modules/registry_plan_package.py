#!/usr/bin/python
# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_plan_package
short_description: Store and fetch cleanup plans and journals in a GitLab generic package
version_added: 1.0.0
author:
  - containerops.gitlab contributors (@containerops)
description:
  - Stores a plan in a generic package of a project, and fetches it in another job. So two jobs that share no disk can
    use the same plan. It is a plan of M(containerops.gitlab.registry_cleanup),
    M(containerops.gitlab.registry_repository) or M(containerops.gitlab.registry_plan_merge).
  - Lists the versions of a package, or the files of a version. It also fetches all plans of a version for a merge.
  - Fetches the journal that M(containerops.gitlab.registry_cleanup) stored in parts, and joins the parts.
  - A plan is checked by its fingerprint before it is stored and after it was fetched.
extends_documentation_fragment:
  - containerops.gitlab._connection
  - containerops.gitlab._result
  - containerops.gitlab._attributes
  - containerops.gitlab._attributes.actiongroup_registry
attributes:
  check_mode:
    support: full
    details: In check mode no file is written, so a fetched plan or journal is not available.
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  action:
    description:
      - V(store) stores the plan of O(plan_path) in the package.
      - V(fetch) fetches a plan, all plans of a version, or a journal from the package.
      - V(list) returns the versions of the package. With O(version), it returns the files of this version.
    type: str
    choices:
      - store
      - fetch
      - list
    required: true
  project:
    description:
      - Path or id of the project that contains the package. Storing needs the role Developer and the scope C(api).
        Fetching and listing need the role Reporter and the scope C(read_api).
    type: str
    required: true
  plan_path:
    description:
      - Read the plan from this file with O(action=store), or write it to this file with O(action=fetch). The file is on
        the host where the module runs.
    type: path
  plan_folder:
    description:
      - Write all plans of a version to this folder with O(action=fetch). File names are those in the package.
      - The folder is created if it does not exist. It must not contain other files, so that no other plan is merged
        with these.
      - Each file of the version has to be a plan or a part of a journal. Parts of journals are left out, and so are
        merged plans of M(containerops.gitlab.registry_plan_merge).
    type: path
  journal_path:
    description:
      - Join the parts of a journal and write them to this file with O(action=fetch). To continue a run that was killed,
        use the file for O(containerops.gitlab.registry_cleanup#module:journal_path).
      - If the file already exists, its content has to be the beginning of the journal in the package.
    type: path
  package:
    description:
      - Name of the package. The default is V(registry-cleanup-plan). With O(journal_path), the default is
        V(registry-cleanup-journal).
    type: str
  version:
    description:
      - Version of the package, such as the number of the workflow's job. Letters, digits and C(.+_-) are allowed.
      - It is required, except with O(action=list).
    type: str
  file_name:
    description:
      - Name of the plan's file in the package. The default is V(plan.jsonl).
      - With O(journal_path), it is the beginning of the file names of the journal's parts. The default is then
        V(journal).
    type: str
  overwrite:
    description:
      - Whether another plan may replace a stored plan of the same name. GitLab keeps both files, and returns the
        newest.
    type: bool
    default: false
seealso:
  - module: containerops.gitlab.registry_cleanup
  - module: containerops.gitlab.registry_plan_merge
"""

EXAMPLES = r"""
- name: Plan a cleanup
  containerops.gitlab.registry_cleanup:
    group: team
    name_regex_delete: dev-.*
    older_than: 30d
    plan_path: "{{ playbook_dir }}/plan.jsonl"
  check_mode: true

- name: Keep the plan
  containerops.gitlab.registry_plan_package:
    action: store
    project: team/app
    version: "2026.06.01"
    plan_path: "{{ playbook_dir }}/plan.jsonl"

- name: Get it back in another job
  containerops.gitlab.registry_plan_package:
    action: fetch
    project: team/app
    version: "2026.06.01"
    plan_path: "{{ playbook_dir }}/approved.jsonl"

- name: List the versions that have plans
  containerops.gitlab.registry_plan_package:
    action: list
    project: team/app

- name: List the plans of one version
  containerops.gitlab.registry_plan_package:
    action: list
    project: team/app
    version: "2026.06.01"

- name: Get all plans of a version to merge them
  containerops.gitlab.registry_plan_package:
    action: fetch
    project: team/app
    version: "2026.06.01"
    plan_folder: "{{ playbook_dir }}/plans"

- name: Clean up, with a journal in a package
  containerops.gitlab.registry_cleanup:
    group: team
    name_regex_delete: dev-.*
    older_than: 30d
    journal_package:
      project: team/app
      version: "2026.06.01"

- name: Get the journal, to read it or to continue a run that was killed
  containerops.gitlab.registry_plan_package:
    action: fetch
    project: team/app
    version: "2026.06.01"
    journal_path: "{{ playbook_dir }}/journal.jsonl"
"""

RETURN = r"""
result:
  description: V(ok), or V(failed).
  returned: always
  type: str
  sample: ok
fingerprint:
  description: Fingerprint of the plan.
  returned: success, with O(plan_path)
  type: str
  sample: sha256:6f1a2b0c9d8e7f60514233445566778899aabbccddeeff001122334455667788
size:
  description: Size of the plan or of the journal in bytes.
  returned: success, with O(plan_path) and O(journal_path)
  type: int
  sample: 20480
versions:
  description: Versions of the package, the newest first, at most O(return_limit) entries.
  returned: success, with O(action=list) and no O(version)
  type: list
  elements: dict
  contains:
    version:
      description: Name of the version.
      type: str
      returned: success
      sample: "2026.06.01"
    created_at:
      description: When the first file of the version was stored, as GitLab writes it.
      type: str
      returned: success
      sample: "2026-06-01T12:00:00.000Z"
files:
  description:
    - Files of the version, sorted by name, at most O(return_limit) entries. If several files have the same name, it is
      the newest.
  returned: success, with O(action=list) and O(version), with O(plan_folder) and with O(journal_path)
  type: list
  elements: dict
  contains:
    name:
      description: Name of the file.
      type: str
      returned: success
      sample: plan.jsonl
    size:
      description: Size in bytes.
      type: int
      returned: success
      sample: 20480
    created_at:
      description: When the file was stored, as GitLab writes it.
      type: str
      returned: success
      sample: "2026-06-01T12:00:00.000Z"
    path:
      description: Path to which the plan was written, or in check mode would be written. Null without O(plan_folder).
      type: str
      returned: success
      sample: /plans/plan.jsonl
    fingerprint:
      description: Fingerprint of the plan. Null without O(plan_folder).
      type: str
      returned: success
      sample: sha256:6f1a2b0c9d8e7f60514233445566778899aabbccddeeff001122334455667788
count:
  description: Number of all versions or files, including those that are not returned.
  returned: success, with RV(versions) or RV(files)
  type: int
  sample: 1
truncated:
  description: Whether the list was cut to O(return_limit) entries.
  returned: success, with RV(versions) or RV(files)
  type: bool
  sample: false
outcome:
  description: V(stored) or V(fetched).
  returned: when something was done
  type: str
  sample: stored
error:
  description: The request that failed the task.
  returned: when a request failed
  type: dict
  sample: {"kind": "forbidden", "message": "403 Forbidden", "method": "PUT", "path":
    "/api/v4/projects/team%2Fapp/packages/generic/registry-cleanup-plan/1/plan.jsonl", "request_id": "", "status": 403}
requests:
  description: Number of requests sent.
  returned: success
  type: int
  sample: 2
"""

from ..module_utils._module.connection import connect
from ..module_utils._module.intent import Intent
from ..module_utils._module.options import CONNECTION, RESULT, ArgumentSpec
from ..module_utils._module.run import exit_on_error, finish, new_module
from ..module_utils._plan_files.transfers import transfer

ARGUMENTS = CONNECTION.merged(
    ArgumentSpec(
        {
            "action": {"type": "str", "choices": ["store", "fetch", "list"], "required": True},
            "project": {"type": "str", "required": True},
            "plan_path": {"type": "path"},
            "plan_folder": {"type": "path"},
            "journal_path": {"type": "path"},
            "package": {"type": "str"},
            "version": {"type": "str"},
            "file_name": {"type": "str"},
            "overwrite": {"type": "bool", "default": False},
            **RESULT.options,
        },
        required_if=(
            ("action", "store", ("version", "plan_path")),
            ("action", "fetch", ("version",)),
        ),
    )
)


def main() -> None:
    module = new_module(ARGUMENTS, "requests")
    with exit_on_error(module):
        connection = connect(module)
        found = transfer(connection.client, module.params, connection.url)
        finish(module, connection, Intent(found.changed, []), found.result, found.apply)


if __name__ == "__main__":
    main()
