#!/usr/bin/python
# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_catalog_info
short_description: List all repositories of a GitLab instance's container registry
version_added: 1.0.0
author:
  - containerops.gitlab contributors (@containerops)
description:
  - Lists all repositories of the registry itself, for all projects of the instance. One request lists 1,000
    repositories.
  - GitLab allows this only to administrators, on self-managed instances. If Admin Mode is enabled, the token also needs
    the scope C(admin_mode).
  - The registry also lists repositories that GitLab no longer knows, and repositories without tags.
  - A registry without a metadata database may leave out the link to the next page. It may also repeat or skip
    repositories at the end of a page. All repositories are found, since the module also looks behind the last page.
extends_documentation_fragment:
  - containerops.gitlab._connection
  - containerops.gitlab._registry
  - containerops.gitlab._result
  - containerops.gitlab._attributes
  - containerops.gitlab._attributes.info_module
  - containerops.gitlab._attributes.actiongroup_registry
options:
  repositories:
    description:
      - List only repositories with these paths, or that match these globs, such as V(team/*). In a glob, V(*) also
        matches slashes.
    type: list
    elements: str
  limit:
    description:
      - Stop after this number of repositories. They come in the order of the registry. With a metadata database, this
        is the order of their paths.
    type: int
  output_path:
    description:
      - Write all paths to this file, one path in each line.
    type: path
seealso:
  - module: containerops.gitlab.registry_info
"""

EXAMPLES = r"""
- name: Count the repositories of the whole instance
  containerops.gitlab.registry_catalog_info:
    return_limit: 0
  register: catalog

- name: Find the first ten caches
  containerops.gitlab.registry_catalog_info:
    repositories:
      - "*/cache"
    limit: 10
"""

RETURN = r"""
result:
  description: V(ok), or V(failed) if the catalog could not be read.
  returned: always
  type: str
  sample: ok
repositories:
  description: Paths of the repositories, at most O(return_limit) entries.
  returned: success
  type: list
  elements: str
  sample: [team/app, team/app/cache]
count:
  description: Number of repositories found.
  returned: success
  type: int
  sample: 2
complete:
  description:
    - Whether all repositories of the registry were checked. It is false if O(limit) ended the list, or if
      RV(unconfirmed) is not empty.
  returned: success
  type: bool
  sample: true
unconfirmed:
  description:
    - Paths that may or may not be repositories, at most O(return_limit) entries.
    - This is only possible in a registry without a metadata database. It happens if 1,000 or more repositories below a
      path have names that begin with a digit.
  returned: success
  type: list
  elements: str
  sample: []
truncated:
  description: Whether RV(repositories) or RV(unconfirmed) was cut to O(return_limit) entries.
  returned: success
  type: bool
  sample: false
registry_url:
  description: Address of the registry.
  returned: success
  type: str
  sample: https://registry.example.com
error:
  description: The request that failed the task.
  returned: when a request failed
  type: dict
  sample: {"kind": "forbidden", "message": "access forbidden", "method": "GET", "path": "/jwt/auth", "request_id": "",
    "status": 403}
output_path:
  description: Path of the file with all paths.
  returned: when O(output_path) is given, and on success
  type: str
  sample: /tmp/catalog.txt
requests:
  description: Number of requests sent.
  returned: success
  type: int
  sample: 3
"""

from ..module_utils._core.files import check_files, write_files
from ..module_utils._info.catalog import observe, request_of, result_of
from ..module_utils._module.options import CONNECTION, REGISTRY, RESULT, ArgumentSpec
from ..module_utils._module.registry import connect_with_registry
from ..module_utils._module.run import exit_on_error, finish_reading, new_module

ARGUMENTS = CONNECTION.merged(REGISTRY).merged(
    ArgumentSpec(
        {
            "repositories": {"type": "list", "elements": "str"},
            "limit": {"type": "int"},
            "output_path": {"type": "path"},
            **RESULT.options,
        }
    )
)


def main() -> None:
    module = new_module(ARGUMENTS, "requests")
    with exit_on_error(module):
        request = request_of(module.params)
        check_files(module.params, "output_path")
        connection = connect_with_registry(module)
        state = observe(connection, request)
        for warning in state.warnings:
            module.warn(warning)
        result = result_of(state, request)
        result.update(write_files(module.params, {"output_path": (path + "\n" for path in state.paths)}))
        finish_reading(module, connection, result, [], tolerate=False)


if __name__ == "__main__":
    main()
