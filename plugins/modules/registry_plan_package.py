#!/usr/bin/python
# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_plan_package
short_description: Keep a cleanup plan in a GitLab generic package
version_added: 0.1.0
author:
  - containerops.gitlab contributors (@containerops)
description:
  - Stores a plan that M(containerops.gitlab.registry_cleanup) or M(containerops.gitlab.registry_plan_merge) wrote in a
    generic package of a project, and fetches it in another job, where the two share no disk.
  - A plan is checked by its own fingerprint before it is stored and after it was fetched.
extends_documentation_fragment:
  - containerops.gitlab._connection
  - containerops.gitlab._attributes
  - containerops.gitlab._attributes.actiongroup_registry
attributes:
  check_mode:
    support: full
    details: A plan is not fetched into its file in check mode.
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  action:
    description:
      - V(store) puts the file into the package. V(fetch) gets it out.
    type: str
    choices:
      - store
      - fetch
    required: true
  project:
    description:
      - Path or number of the project whose package it is. Storing needs the role Developer.
    type: str
    required: true
  plan_path:
    description:
      - The plan file on the host that the module runs on. V(store) reads it, V(fetch) writes it.
    type: path
    required: true
  package:
    description:
      - Name of the package.
    type: str
    default: registry-cleanup-plan
  version:
    description:
      - Version of the package, such as the number of the workflow's job. Letters, digits and C(.+_-).
    type: str
    required: true
  file_name:
    description:
      - Name of the file in the package.
    type: str
    default: plan.jsonl
  overwrite:
    description:
      - Whether another plan may be stored over the one that is there. GitLab keeps both, and gives the newest.
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
"""

RETURN = r"""
result:
  description: V(ok), or V(failed).
  returned: always
  type: str
  sample: ok
fingerprint:
  description: Fingerprint of the plan.
  returned: success
  type: str
  sample: sha256:6f1a2b0c9d8e7f60514233445566778899aabbccddeeff001122334455667788
size:
  description: Size of the plan in bytes.
  returned: success
  type: int
  sample: 20480
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

from ..module_utils._core.files import check_writable, plan_lines, read_lines, write_lines
from ..module_utils._gitlab.packages import download, upload
from ..module_utils._module.connection import connect
from ..module_utils._module.intent import Applied, Intent
from ..module_utils._module.options import CONNECTION, ArgumentSpec
from ..module_utils._module.run import exit_on_error, finish, new_module
from ..module_utils._plan_files.packages import fetched_plan, needs_upload, package_file, plan_text

ARGUMENTS = CONNECTION.merged(
    ArgumentSpec(
        {
            "action": {"type": "str", "choices": ["store", "fetch"], "required": True},
            "project": {"type": "str", "required": True},
            "plan_path": {"type": "path", "required": True},
            "package": {"type": "str", "default": "registry-cleanup-plan"},
            "version": {"type": "str", "required": True},
            "file_name": {"type": "str", "default": "plan.jsonl"},
            "overwrite": {"type": "bool", "default": False},
        }
    )
)


def main() -> None:
    module = new_module(ARGUMENTS, "requests")
    path = module.params["plan_path"]
    with exit_on_error(module):
        connection = connect(module)
        file = package_file(module.params, connection.url)
        if module.params["action"] == "store":
            plan = plan_text("".join(plan_lines(path, "plan_path")))
            stored = download(connection.client, file)
            changed = needs_upload(plan, stored, file, overwrite=module.params["overwrite"])
        else:
            check_writable(path, "plan_path")
            present = "".join(read_lines(path, "plan_path"))
            plan = fetched_plan(download(connection.client, file), file)
            changed = plan.text != present

        def apply() -> Applied:
            if module.params["action"] == "store":
                upload(connection.client, file, plan.text.encode())
                return Applied("stored")
            write_lines(path, [plan.text], "plan_path")
            return Applied("fetched")

        finish(module, connection, Intent(changed, []), plan.as_result(), apply)


if __name__ == "__main__":
    main()
