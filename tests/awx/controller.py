# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A controller that only remembers: modules by the names of those of awx.awx, which take what these take.

Each writes what it is given to a file, refuses names of objects that are not there, and has changed something if
the file then says something else.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.awx.record import RECORDED

_MODULE = """#!/usr/bin/python
import json
import os

from ansible.module_utils.basic import AnsibleModule

KIND, OPTIONS = json.loads(%r)
REFERENCES = {
    "organization": ("organization",),
    "lookup_organization": ("organization",),
    "project": ("project",),
    "source_project": ("project",),
    "inventory": ("inventory",),
    "credential": ("credential",),
    "credentials": ("credential",),
    "credential_type": ("credential_type",),
    "execution_environment": ("execution_environment",),
    "default_environment": ("execution_environment",),
    "unified_job_template": ("job_template", "workflow_job_template", "project"),
    "workflow_job_template": ("workflow_job_template",),
    "workflows": ("workflow_job_template",),
    "job_templates": ("job_template",),
    "teams": ("team",),
    "notification_templates_success": ("notification_template",),
    "success_nodes": ("workflow_job_template_node",),
    "failure_nodes": ("workflow_job_template_node",),
    "always_nodes": ("workflow_job_template_node",),
}


def key_of(kind, given):
    if kind == "workflow_job_template_node":
        return [kind, given["workflow_job_template"], given["identifier"]]
    return [kind, "", given["name"]] if "name" in given else [kind, "", json.dumps(given, sort_keys=True)]


def main():
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    given = {name: value for name, value in module.params.items() if value is not None}
    path = os.environ["CONTROLLER_FILE"]
    objects = json.load(open(path)) if os.path.exists(path) else []
    known = [each["key"] for each in objects]
    for option, kinds in REFERENCES.items():
        names = given.get(option, [])
        for name in names if isinstance(names, list) else [names]:
            place = given["workflow_job_template"] if option.endswith("_nodes") else ""
            if not any([kind, place, name] in known for kind in kinds):
                module.fail_json(msg="%%s %%s names %%r, which is not there" %% (KIND, option, name))
    key = key_of(KIND, given)
    before = next((each for each in objects if each["key"] == key), None)
    after = {"key": key, "values": dict(before["values"] if before else {}, **given)}
    if before != after and not module.check_mode:
        with open(path, "w") as file:
            json.dump([each for each in objects if each is not before] + [after], file)
    module.exit_json(changed=before != after)


main()
"""


def build(folder: Path) -> None:
    """Write the collection below a folder of collections."""
    plugins = folder / "ansible_collections" / "awx" / "awx" / "plugins" / "modules"
    plugins.mkdir(parents=True)
    recorded: dict[str, Any] = json.loads(RECORDED.read_text())
    for kind, options in recorded["modules"].items():
        (plugins / f"{kind}.py").write_text(_MODULE % json.dumps([kind, options]))
