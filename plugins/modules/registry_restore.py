#!/usr/bin/python
# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_restore
short_description: Put back the tags that a run of registry_cleanup deleted
version_added: 1.0.0
author:
  - containerops.gitlab contributors (@containerops)
description:
  - Reads in a journal of M(containerops.gitlab.registry_cleanup) which tags a run deleted, and gives these names to the
    same images again, by their digests. No image is pulled or pushed.
  - This works until the registry's garbage collection takes the images. With a metadata database GitLab's registry
    collects an image by itself, by default a day after its last tag was deleted. Without one, untagged images are there
    until an administrator has them collected (C(registry-garbage-collect -m)).
  - A tag that exists is never overwritten. If it points to the image of the journal, nothing is done. If it points to
    another image now, it is left alone, with a warning.
  - Tags that can't be put back are listed with their reasons. All others are put back, and the task fails with the
    result V(partial).
  - A cleanup by the same rules deletes the tags again, so change its rules before the next one. With a metadata
    database a tag that is put back is dated now. Rules by age delete it only when it is old enough again, and
    O(containerops.gitlab.registry_cleanup#module:keep_n) counts it as one of the newest.
requirements:
  - google-re2 (Python library)
extends_documentation_fragment:
  - containerops.gitlab._connection
  - containerops.gitlab._registry
  - containerops.gitlab._result
  - containerops.gitlab._attributes
  - containerops.gitlab._attributes.actiongroup_registry
attributes:
  check_mode:
    support: full
    details:
      - Whether the credentials may push, and whether a protection rule keeps them from it, is told if the repository is
        there. Asking for that makes a repository that is not.
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  journal_path:
    description:
      - The journal of the run, a file that O(containerops.gitlab.registry_cleanup#module:journal_path) wrote.
        M(containerops.gitlab.registry_plan_package) makes such a file of a journal that was stored in a package.
      - The file is only read. A line that no cleanup writes is refused, and so is a journal that tells of other servers
        alone.
    type: path
    required: true
  run:
    description:
      - Which run of the journal.
      - V(last) is the last one that deleted a tag, V(all) are all of them.
      - Else it is the beginning of the time at which the run began, such as V(2026-06-01T03), or of the fingerprint of
        its plan or approved plan. If that fits several plans, the task fails and lists them.
      - Runs of the same plan are one, such as a run that was killed and the one that continued it with the same
        approved plan. A warning names other runs right before it that did not end.
    type: str
    default: last
  repositories:
    description:
      - Put back only tags of these repositories, by their paths or globs, such as V(team/app/*).
      - An entry that matches nothing fails the task.
    type: list
    elements: str
  tags:
    description:
      - Put back only tags whose names match one of these RE2 patterns. A pattern has to match the whole name.
      - A signature is a tag of its own, such as C(sha256-<digest>.sig). Tags that belong to an image are put back after
        the image.
      - A pattern that matches nothing fails the task.
    type: list
    elements: str
seealso:
  - module: containerops.gitlab.registry_cleanup
  - module: containerops.gitlab.registry_plan_package
  - module: containerops.gitlab.registry_tag
"""

EXAMPLES = r"""
- name: Show what the last run deleted, and what of it can be put back
  containerops.gitlab.registry_restore:
    journal_path: "{{ playbook_dir }}/journal.jsonl"
  check_mode: true

- name: Put back everything that the last run deleted
  containerops.gitlab.registry_restore:
    journal_path: "{{ playbook_dir }}/journal.jsonl"

- name: Put back the builds of one repository that runs of a day deleted
  containerops.gitlab.registry_restore:
    journal_path: "{{ playbook_dir }}/journal.jsonl"
    run: "2026-06-01"
    repositories:
      - team/app
    tags:
      - dev-.*
"""

RETURN = r"""
result:
  description:
    - V(ok) when each of the tags exists, or will after a run; also if a tag points to another image now.
    - V(partial) when some can't be put back, V(failed) when nothing could be read.
  returned: always
  type: str
  sample: ok
msg:
  description: Why the task failed. If it did not, how many tags are to be put back, and after a run how many were.
  returned: always
  type: str
  sample: 3 of 3 tags were put back.
runs:
  description: The runs whose tags are put back, in their order.
  returned: when the journal could be read
  type: list
  elements: dict
  contains:
    time:
      description: When it began, by the clock of its machine.
      type: str
      returned: success
      sample: "2026-06-01T03:00:00.000Z"
    fingerprint:
      description: Fingerprint of its plan.
      type: str
      returned: success
      sample: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    approved:
      description: Fingerprint of the approved plan, null if there was none.
      type: str
      returned: success
      sample: null
    tags:
      description: How many tags it deleted, or may have deleted.
      type: int
      returned: success
      sample: 12
    ended:
      description: Whether it told its end. A run that was killed did not.
      type: bool
      returned: success
      sample: true
tags:
  description:
    - The tags that are meant, those that can't be put back first, at most O(return_limit). The same in check mode and
      in a run.
  returned: when the journal could be read
  type: list
  elements: dict
  contains:
    repository:
      description: Path of the repository.
      type: str
      returned: success
      sample: team/app
    name:
      description: Name of the tag.
      type: str
      returned: success
      sample: dev-1
    digest:
      description: Digest of its image, null if the journal does not tell it.
      type: str
      returned: success
      sample: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    now:
      description: Digest that the tag has, null where it is not there or could not be read.
      type: str
      returned: success
      sample: null
    action:
      description: V(create) if it is put back, else V(none).
      type: str
      returned: success
      sample: create
    reason:
      description:
        - V(deleted) if it is not there, and its image is; so it is put back.
        - V(present) if it points to that image already, V(replaced) if it points to another one now.
        - V(no_digest) if the journal does not tell which image it was, V(collected) if the registry does not hold the
          image any more, V(incomplete) if it does not hold all that the image refers to, such as its signed image or
          one of its platforms.
        - V(protected) if a tag protection rule keeps the caller from pushing it, V(locked) if nothing can be pushed to
          its repository, V(unread) if it could not be found out.
      type: str
      returned: success
      sample: deleted
    journal:
      description: What became of the tag by the journal, such as V(deleted); null if the run was killed before it knew.
      type: str
      returned: success
      sample: deleted
    message:
      description: What there is to say of the reason.
      type: str
      returned: success
      sample: ""
counts:
  description: Number of tags by reason, with all that are not shown.
  returned: when the journal could be read
  type: dict
  sample: {"collected": 0, "deleted": 12, "incomplete": 0, "locked": 0, "no_digest": 0, "present": 0, "protected": 0,
    "replaced": 0, "unread": 0}
truncated:
  description: Whether O(return_limit) cut one of the lists.
  returned: when the journal could be read
  type: bool
  sample: false
notes:
  description: What to know before the next cleanup, one sentence each.
  returned: when the journal could be read
  type: list
  elements: str
  sample: []
errors:
  description: The repositories that could not be read, each with the request that failed.
  returned: when the journal could be read
  type: list
  elements: dict
  sample: []
outcome:
  description: What became of the tags that were to be put back.
  returned: when something was put back
  type: dict
  contains:
    tags:
      description: The tags, those that were not put back first, at most O(return_limit).
      type: list
      elements: dict
      returned: success
      contains:
        repository:
          description: Path of the repository.
          type: str
          returned: success
          sample: team/app
        name:
          description: Name of the tag.
          type: str
          returned: success
          sample: dev-1
        digest:
          description: Digest of its image.
          type: str
          returned: success
          sample: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
        outcome:
          description:
            - V(written) if it is there, and a look at it proves it; V(unverified) if the registry took it and could not
              be asked afterwards.
            - V(changed_since) if it had become another image right before, V(not_written) if it was refused or its
              answer was lost, V(not_tried) if nothing was sent.
          type: str
          returned: success
          sample: written
        message:
          description: Why, where that is not plain.
          type: str
          returned: success
          sample: ""
    truncated:
      description: Whether O(return_limit) cut the list.
      type: bool
      returned: success
      sample: false
    counts:
      description: Number of tags by outcome.
      type: dict
      returned: success
      sample: {"changed_since": 0, "not_tried": 0, "not_written": 0, "unverified": 0, "written": 12}
error:
  description: The request that failed the task.
  returned: when nothing could be read because a request failed
  type: dict
  sample: {"kind": "not_found", "message": "404 Project Not Found", "method": "GET", "path":
    "/api/v4/projects/team%2Fapp", "request_id": "", "status": 404}
requests:
  description: Number of requests sent.
  returned: when the journal could be read
  type: int
  sample: 41
"""

from ..module_utils._core.files import check_there, read_lines
from ..module_utils._module.intent import Applied
from ..module_utils._module.options import CONNECTION, REGISTRY, RESULT, ArgumentSpec
from ..module_utils._module.registry import connect_with_registry
from ..module_utils._module.run import exit_on_error, finish, new_module
from ..module_utils._restore.application import put_back
from ..module_utils._restore.observation import observe
from ..module_utils._restore.planning import WriteResults, plan_restore, restored
from ..module_utils._restore.request import chosen, request_of
from ..module_utils._restore.results import applied_restore, intent_of, restore_result, warnings_of
from ..module_utils._restore.runs import LONGEST_LINE, choose_runs, left_out, runs_in, tags_of

ARGUMENTS = (
    CONNECTION.merged(REGISTRY)
    .merged(RESULT)
    .merged(
        ArgumentSpec(
            {
                "journal_path": {"type": "path", "required": True},
                "run": {"type": "str", "default": "last"},
                "repositories": {"type": "list", "elements": "str"},
                "tags": {"type": "list", "elements": "str"},
            }
        )
    )
)


def main() -> None:
    module = new_module(ARGUMENTS, "requests", "google-re2")
    path, limit = module.params["journal_path"], module.params["return_limit"]
    with exit_on_error(module):
        request = request_of(module.params)
        connection = connect_with_registry(module)
        check_there(path, "journal_path")
        runs = runs_in(read_lines(path, "journal_path", longest=LONGEST_LINE))
        meant = choose_runs(runs, request.run, connection.url)
        tags = chosen(tags_of(meant), request)
        registry, repositories = observe(connection, tags)
        plan = plan_restore(tags, repositories)
        for warning in warnings_of(plan, left_out(runs, meant, connection.url)):
            module.warn(warning)
        results: WriteResults = {}

        def apply() -> Applied:
            if registry:
                put_back(registry, plan, results)
            return applied_restore(plan, restored(plan, results, "it was not begun"), limit)

        finish(
            module,
            connection,
            intent_of(plan, limit),
            restore_result(meant, plan, repositories, limit),
            apply,
            so_far=lambda reason: applied_restore(plan, restored(plan, results, reason), limit),
        )


if __name__ == "__main__":
    main()
