#!/usr/bin/python
# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_plan_merge
short_description: Merge the cleanup plans of several tasks into one
version_added: 1.0.0
author:
  - containerops.gitlab contributors (@containerops)
description:
  - Makes one plan of those that M(containerops.gitlab.registry_cleanup) wrote for several inventory hosts or slices of
    a job, with limits over all of them and a single fingerprint for whoever approves it.
  - Each of the tasks that carry it out is given the merged plan, and takes the part that was made for its own scope.
  - If plans were made with O(containerops.gitlab.registry_cleanup#module:max_deletions_per_run) or
    O(containerops.gitlab.registry_cleanup#module:max_duration), the smallest value of each holds for every run of every
    part.
  - It works on files alone, and asks no server.
extends_documentation_fragment:
  - containerops.gitlab._attributes
  - containerops.gitlab._deletion.limit_total
  - containerops.gitlab._deletion.limit_total_percent
  - containerops.gitlab._result
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  plan_paths:
    description:
      - Read the plans from these files. A text is one path, or one path a line.
    type: list
    elements: path
    required: true
  merged_plan_path:
    description:
      - Write the merged plan to this file. Without it the plans are only checked.
    type: path
  expected:
    description:
      - How many plans there have to be. A slice that did not write its plan is noticed by that.
    type: int
seealso:
  - module: containerops.gitlab.registry_cleanup
"""

EXAMPLES = r"""
- name: Plan a cleanup of two projects, each in a task of its own
  containerops.gitlab.registry_cleanup:
    project: "{{ item }}"
    name_regex_delete: dev-.*
    older_than: 30d
    plan_path: "{{ playbook_dir }}/{{ item | regex_replace('/', '-') }}.jsonl"
  check_mode: true
  loop:
    - team/app
    - team/sub/tool

- name: Make one plan of them, for approval
  containerops.gitlab.registry_plan_merge:
    plan_paths:
      - "{{ playbook_dir }}/team-app.jsonl"
      - "{{ playbook_dir }}/team-sub-tool.jsonl"
    merged_plan_path: "{{ playbook_dir }}/merged.jsonl"
    expected: 2
    max_deletions_total: 500
"""

RETURN = r"""
result:
  description: V(ok), V(refused) when a limit is exceeded, or V(failed) when the plans can't be merged.
  returned: always
  type: str
  sample: ok
fingerprint:
  description: Fingerprint of the merged plan.
  returned: when the plans can be merged
  type: str
  sample: sha256:6f1a2b0c9d8e7f60514233445566778899aabbccddeeff001122334455667788
parts:
  description: The plans, in their order, at most O(return_limit) of them.
  returned: when the plans can be merged
  type: list
  elements: dict
  contains:
    scope:
      description: What it was made for.
      type: dict
      returned: success
      sample: {"project": ["team/app"]}
    fingerprint:
      description: Its own fingerprint.
      type: str
      returned: success
      sample: sha256:0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9
    tags:
      description: Number of its tags.
      type: int
      returned: success
      sample: 120
    delete:
      description: Number of tags that it deletes.
      type: int
      returned: success
      sample: 90
    clock:
      description: GitLab's time when it was made.
      type: str
      returned: success
      sample: "2026-06-01T12:00:00Z"
    rules:
      description: The options that it was made by (RV(containerops.gitlab.registry_cleanup#module:plan.rules)).
      type: dict
      returned: success
      sample: {"in_use": null, "in_use_sources": {"images": 12, "sources": 2}, "keep_n": 5, "older_than": "30d"}
server:
  description: The server that the plans were made for.
  returned: when the plans can be merged
  type: dict
  contains:
    url:
      description: Its address.
      type: str
      returned: success
      sample: https://gitlab.example.com
    clock:
      description: Its time when the oldest of the plans was made.
      type: str
      returned: success
      sample: "2026-06-01T12:00:00Z"
delete:
  description: The tags to delete, as RV(containerops.gitlab.registry_cleanup#module:plan.delete) has them. At most
    O(return_limit) of them, a few of each repository before more of a larger one.
  returned: when the plans can be merged
  type: list
  elements: dict
  sample: [{"action": "delete", "date": "2026-03-03T12:00:00Z", "digest": null, "name": "dev-1", "reason": "expired",
    "repository": "team/app", "rule": null, "size": null}]
repositories:
  description: The repositories, as the plans name them. At most O(return_limit) of them, those with the most deletions.
  returned: when the plans can be merged
  type: list
  elements: dict
  sample: [{"delete": 3, "keep": 7, "path": "team/app", "tags": 10}]
unread:
  description: Repositories that could not be read, whose tags are all kept, and why. At most O(return_limit) of them.
  returned: when the plans can be merged
  type: list
  elements: dict
  sample: [{"message": "503 Service Unavailable", "repository": "team/app"}]
unmatched:
  description: The entries that keep or exclude and match nothing in any of the plans, one sentence each. At most
    O(return_limit) of them.
  returned: when the plans can be merged
  type: list
  elements: str
  sample: ["protect '1.0.0' matches nothing in any of the plans."]
budget:
  description:
    - How much one run deletes of its part, the smallest value of all parts for each of both options. Null if no part
      limits it.
  returned: when the plans can be merged
  type: dict
  sample: {"max_deletions_per_run": 50, "max_duration": null}
totals:
  description: All plans in numbers.
  returned: when the plans can be merged
  type: dict
  contains:
    repositories:
      description: Number of repositories.
      type: int
      returned: success
      sample: 4
    repositories_unread:
      description: Number of repositories that could not be read.
      type: int
      returned: success
      sample: 0
    repositories_limited:
      description: Number of repositories that exceed a limit.
      type: int
      returned: success
      sample: 0
    tags:
      description: Number of tags.
      type: int
      returned: success
      sample: 480
    delete:
      description: Number of tags to delete.
      type: int
      returned: success
      sample: 90
    keep:
      description: Number of tags to keep.
      type: int
      returned: success
      sample: 390
    reasons:
      description: Number of tags by reason.
      type: dict
      returned: success
      sample: {"expired": 90, "keep_n": 20, "no_match": 370}
    matches:
      description: What each entry that keeps or excludes matches in all plans together.
      type: list
      elements: dict
      returned: success
      contains:
        option:
          description: Its option.
          type: str
          returned: success
          sample: protect
        entry:
          description: The entry as it was written.
          type: str
          returned: success
          sample: release-.*
        rule_set:
          description: The rule set of a retention document that it is a part of, null if it is a part of none.
          type: str
          returned: success
          sample: null
        rule:
          description: The rule that it is a part of, null if it is a part of none.
          type: str
          returned: success
          sample: null
        matched:
          description: Number of tags or repositories that it matches. V(0) means that it matches none in any plan.
          type: int
          returned: success
          sample: 12
        references:
          description: Number of images or git references that it stands for, null if it stands for itself.
          type: int
          returned: success
          sample: null
    freed_most:
      description:
        - The greatest number of bytes that the plans free after the registry's garbage collection, which is the size of
          all images that are deleted. Null if the size of one is not known.
      type: int
      returned: success
      sample: 52428800
truncated:
  description: Whether one of the lists was cut to O(return_limit).
  returned: when the plans can be merged
  type: bool
  sample: false
"""

from functools import partial

from ..module_utils._core.files import check_writable, plan_lines, read_lines, write_lines
from ..module_utils._module.intent import Applied
from ..module_utils._module.options import RESULT, ArgumentSpec
from ..module_utils._module.run import exit_on_error, finish, new_module
from ..module_utils._plan_files.merging import intent_of, merge_files, request_of, result_of, warnings_of

ARGUMENTS = ArgumentSpec(
    {
        "plan_paths": {"type": "list", "elements": "path", "required": True},
        "merged_plan_path": {"type": "path"},
        "expected": {"type": "int"},
        "max_deletions_total": {"type": "int"},
        "max_deletions_total_percent": {"type": "float"},
        **RESULT.options,
    }
)


def main() -> None:
    module = new_module(ARGUMENTS)
    with exit_on_error(module):
        request = request_of(module.params)
        target = request.target or ""
        files = {path: partial(plan_lines, path, "plan_paths") for path in request.sources}
        if target:
            check_writable(target, "merged_plan_path")
        merged = merge_files(files)
        for warning in warnings_of(merged):
            module.warn(warning)
        present = read_lines(target, "merged_plan_path") if target else []

        def apply() -> Applied:
            write_lines(target, merged.lines(), "merged_plan_path")
            return Applied(None)

        finish(module, None, intent_of(merged, request, present), result_of(merged, request), apply)


if __name__ == "__main__":
    main()
