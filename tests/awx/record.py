# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What modules of awx.awx take: `python -m tests.awx.record FOLDER` writes it from that collection's documentation.

FOLDER holds the collection, such as ansible_collections/awx/awx of the package ansible.
"""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path
from typing import Any

import yaml

RECORDED = Path(__file__).with_name("modules.json")
MODULES = (
    *("credential", "credential_type", "execution_environment", "host", "inventory", "inventory_source"),
    *("job_template", "notification_template", "organization", "project", "role", "schedule", "team"),
    *("workflow_job_template", "workflow_job_template_node"),
)
KEPT = ("type", "elements", "required", "choices", "aliases")


def options_of(source: Path) -> dict[str, Any]:
    """The options that the documentation in a module's file names."""
    for node in ast.parse(source.read_text()).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "DOCUMENTATION":
            found = yaml.safe_load(ast.literal_eval(node.value))
            return {
                name: {key: option[key] for key in KEPT if key in option} for name, option in found["options"].items()
            }
    raise ValueError(f"{source} has no documentation")


def main(folder: Path) -> None:
    version = json.loads((folder / "MANIFEST.json").read_text())["collection_info"]["version"]
    modules = {name: options_of(folder / "plugins" / "modules" / f"{name}.py") for name in MODULES}
    RECORDED.write_text(json.dumps({"version": version, "modules": modules}, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
