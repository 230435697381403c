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
  - Merges several plans of M(containerops.gitlab.registry_cleanup) into one plan. Such plans come from several
    inventory hosts, or from the slices of a sliced job.
  - The merged plan has limits for the total, and one fingerprint to approve.
  - Every task that carries it out gets the whole merged plan, and uses only the part for its own scope.
  - Plans may have O(containerops.gitlab.registry_cleanup#module:max_deletions_per_run) and
    O(containerops.gitlab.registry_cleanup#module:max_duration). The smallest value of each then applies to every run of
    every part.
  - The module only works with files. It sends no request to a server.
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
      - Read the plans from these files. A text is one path, or one path for each line.
    type: list
    elements: path
    required: true
  merged_plan_path:
    description:
      - Write the merged plan to this file. Without this option, the plans are only checked.
    type: path
  expected:
    description:
      - Number of plans that have to be in O(plan_paths), so that a slice without a plan is noticed.
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
  description: V(ok), V(refused) if a limit is exceeded, or V(failed) if the plans can't be merged.
  returned: always
  type: str
  sample: ok
fingerprint:
  description: Fingerprint of the merged plan.
  returned: when the plans can be merged
  type: str
  sample: sha256:6f1a2b0c9d8e7f60514233445566778899aabbccddeeff001122334455667788
parts:
  description: The plans, in the order of O(plan_paths), at most O(return_limit) entries.
  returned: when the plans can be merged
  type: list
  elements: dict
  contains:
    scope:
      description: Scope of the plan.
      type: dict
      returned: success
      sample: {"project": ["team/app"]}
    fingerprint:
      description: Fingerprint of this plan.
      type: str
      returned: success
      sample: sha256:0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9
    tags:
      description: Number of tags of the plan.
      type: int
      returned: success
      sample: 120
    delete:
      description: Number of tags that the plan deletes.
      type: int
      returned: success
      sample: 90
    clock:
      description: GitLab's time when the plan was made.
      type: str
      returned: success
      sample: "2026-06-01T12:00:00Z"
    rules:
      description: The options of the plan (RV(containerops.gitlab.registry_cleanup#module:plan.rules)).
      type: dict
      returned: success
      sample: {"in_use": null, "in_use_sources": {"images": 12, "sources": 2}, "keep_n": 5, "older_than": "30d"}
server:
  description: The server that the plans were made for.
  returned: when the plans can be merged
  type: dict
  contains:
    url:
      description: Address of the server.
      type: str
      returned: success
      sample: https://gitlab.example.com
    clock:
      description: The server's time when the oldest of the plans was made.
      type: str
      returned: success
      sample: "2026-06-01T12:00:00Z"
delete:
  description: The tags to delete, with the values of RV(containerops.gitlab.registry_cleanup#module:plan.delete), at
    most O(return_limit) entries. If there are more, the list contains some tags of each repository.
  returned: when the plans can be merged
  type: list
  elements: dict
  sample: [{"action": "delete", "date": "2026-03-03T12:00:00Z", "digest": null, "name": "dev-1", "reason": "expired",
    "repository": "team/app", "rule": null, "size": null}]
repositories:
  description: The repositories of the plans, at most O(return_limit) entries. If there are more, the list contains
    those with the most tags to delete.
  returned: when the plans can be merged
  type: list
  elements: dict
  sample: [{"delete": 3, "keep": 7, "path": "team/app", "tags": 10}]
unread:
  description: Repositories that could not be read, and why, at most O(return_limit) entries. All their tags are kept.
  returned: when the plans can be merged
  type: list
  elements: dict
  sample: [{"message": "503 Service Unavailable", "repository": "team/app"}]
unmatched:
  description: The entries that keep or exclude something and match nothing in any of the plans, as a list of sentences,
    at most O(return_limit) entries.
  returned: when the plans can be merged
  type: list
  elements: str
  sample: ["protect '1.0.0' matches nothing in any of the plans."]
budget:
  description:
    - The smallest values of O(containerops.gitlab.registry_cleanup#module:max_deletions_per_run) and
      O(containerops.gitlab.registry_cleanup#module:max_duration) in all parts. Null if no part has them.
  returned: when the plans can be merged
  type: dict
  sample: {"max_deletions_per_run": 50, "max_duration": null}
totals:
  description: Totals of all plans.
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
      description: How many tags or repositories each entry matches in all plans together. Entries are those that keep
        tags or exclude repositories.
      type: list
      elements: dict
      returned: success
      contains:
        option:
          description: Option of the entry.
          type: str
          returned: success
          sample: protect
        entry:
          description: The entry, such as a pattern or the name of a source.
          type: str
          returned: success
          sample: release-.*
        rule_set:
          description: Name of the rule set that contains the entry. Null if no rule set contains it.
          type: str
          returned: success
          sample: null
        rule:
          description: Name of the rule that contains the entry. Null if no rule contains it.
          type: str
          returned: success
          sample: null
        matched:
          description: Number of tags or repositories that the entry matches. V(0) if it matches none in any plan.
          type: int
          returned: success
          sample: 12
        references:
          description: Number of images, branches, merge requests, git tags or deployments of the entry. Null for other
            entries.
          type: int
          returned: success
          sample: null
    freed_most:
      description:
        - Maximum number of bytes that the plans free, after the registry's garbage collection. It is the size of all
          images that are deleted. Null if the size of one of them is unknown.
      type: int
      returned: success
      sample: 52428800
truncated:
  description: Whether one of the lists was cut to O(return_limit) entries.
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
