#!/usr/bin/python
# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_restore
short_description: Restore the tags that a run of registry_cleanup deleted
version_added: 1.0.0
author:
  - containerops.gitlab contributors (@containerops)
description:
  - Reads from a journal of M(containerops.gitlab.registry_cleanup) which tags a run deleted. It creates these tags
    again for the same images, by their digests. No image is pulled or pushed.
  - This works until the registry's garbage collection removes the images. With a metadata database, GitLab's registry
    removes an image by itself, by default a day after its last tag was deleted.
  - Without a metadata database, untagged images exist until an administrator removes them (C(registry-garbage-collect
    -m)).
  - An existing tag is never overwritten. If it points to the image of the journal, nothing is done. If it now points to
    another image, it is not changed, and there is a warning.
  - Tags that can't be restored are listed with their reasons. All other tags are restored, and the task fails with the
    result V(partial).
  - A cleanup by the same rules would delete the tags again. So change its rules before the next cleanup.
  - With a metadata database, a restored tag has the date of its restoration. So rules by age delete it only when it is
    old enough again. O(containerops.gitlab.registry_cleanup#module:keep_n) counts it as one of the newest.
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
      - Check mode shows whether the credentials may push and whether a protection rule forbids it, but only if the
        repository exists. Otherwise the check itself would create the repository.
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  journal_path:
    description:
      - Path of the journal of the run. It is a file of O(containerops.gitlab.registry_cleanup#module:journal_path). For
        a journal in a package, M(containerops.gitlab.registry_plan_package) fetches such a file.
      - The file is only read. A file with a line that is not from a cleanup is refused, and so is a journal that
        contains only runs on other servers.
    type: path
    required: true
  run:
    description:
      - Which run of the journal is undone.
      - V(last) is the last run that deleted a tag. V(all) are all runs.
      - Any other value is the beginning of the run's start time, such as V(2026-06-01T03), or of the fingerprint of its
        plan or approved plan. If several plans match, the task fails and lists them.
      - Runs of the same plan are treated as one run. An example is a run that was killed, and the run that continued it
        with the same approved plan. If other runs right before it did not end, a warning names them.
    type: str
    default: last
  repositories:
    description:
      - Restore only tags of these repositories. Entries are paths or globs, such as V(team/app/*).
      - If an entry matches nothing, the task fails.
    type: list
    elements: str
  tags:
    description:
      - Restore only tags whose names match one of these RE2 patterns, such as V(v1[.].*). A pattern has to match the
        whole name.
      - A signature is a tag of its own, such as C(sha256-<digest>.sig). Tags that belong to an image are restored after
        the image.
      - If a pattern matches nothing, the task fails.
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
    - V(ok) if each of the tags exists, or in check mode would exist. A tag that now points to another image does not
      change this.
    - V(partial) if some tags can't be restored. V(failed) if nothing could be read.
  returned: always
  type: str
  sample: ok
msg:
  description: Why the task failed. If it did not fail, how many tags are to be restored, and after a run how many were
    restored.
  returned: always
  type: str
  sample: 3 of 3 tags were restored.
runs:
  description: The runs whose tags are restored, in the order of the journal.
  returned: when the journal could be read
  type: list
  elements: dict
  contains:
    time:
      description: Start time of the run, by the clock of its machine.
      type: str
      returned: success
      sample: "2026-06-01T03:00:00.000Z"
    fingerprint:
      description: Fingerprint of the plan of the run.
      type: str
      returned: success
      sample: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    approved:
      description: Fingerprint of the approved plan. Null if there was none.
      type: str
      returned: success
      sample: null
    tags:
      description: Number of tags that the run deleted or may have deleted.
      type: int
      returned: success
      sample: 12
    ended:
      description: Whether the journal contains the end of the run. It is missing if the run was killed.
      type: bool
      returned: success
      sample: true
tags:
  description:
    - The tags of these runs, at most O(return_limit) entries. Tags that can't be restored come first.
    - For the same server state, it is the same in check mode and in a run.
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
      description: Digest of the image in the journal. Null if the journal does not contain it.
      type: str
      returned: success
      sample: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    now:
      description: Current digest of the tag. Null if the tag does not exist or could not be read.
      type: str
      returned: success
      sample: null
    action:
      description: V(create) if the tag is restored. Otherwise V(none).
      type: str
      returned: success
      sample: create
    reason:
      description:
        - V(deleted) if the tag does not exist, but its image does. The tag is restored.
        - V(present) if the tag already points to this image. V(replaced) if it now points to another image.
        - V(no_digest) if the journal does not contain the digest of the image.
        - V(collected) if the image no longer exists in the registry.
        - V(incomplete) if a part of the image no longer exists, such as one of its platforms or the image that it
          signs.
        - V(protected) if a tag protection rule forbids the push. V(locked) if nothing can be pushed to the repository.
        - V(unread) if the state of the tag could not be read.
      type: str
      returned: success
      sample: deleted
    journal:
      description: Outcome of the tag in the journal, such as V(deleted). Null if the run was killed before the outcome.
      type: str
      returned: success
      sample: deleted
    message:
      description: Details of the reason. Empty if there are none.
      type: str
      returned: success
      sample: ""
counts:
  description: Number of all tags by reason, including those that are not listed.
  returned: when the journal could be read
  type: dict
  sample: {"collected": 0, "deleted": 12, "incomplete": 0, "locked": 0, "no_digest": 0, "present": 0, "protected": 0,
    "replaced": 0, "unread": 0}
truncated:
  description: Whether one of the lists was cut to O(return_limit) entries.
  returned: when the journal could be read
  type: bool
  sample: false
notes:
  description: Remarks for the next cleanup, as a list of sentences.
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
  description: What happened to the tags that were to be restored.
  returned: when something was restored
  type: dict
  contains:
    tags:
      description: The tags, at most O(return_limit) entries. Tags that were not restored come first.
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
          description: Digest of the image.
          type: str
          returned: success
          sample: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
        outcome:
          description:
            - V(written) if the tag was created, and reading it again confirmed this. V(unverified) if the registry
              accepted the tag and could not be asked afterwards.
            - V(changed_since) if the name already pointed to another image.
            - V(not_written) if it was refused, or its answer was lost. V(not_tried) if no request was sent.
          type: str
          returned: success
          sample: written
        message:
          description: Details of what happened. Empty if there are none.
          type: str
          returned: success
          sample: ""
    truncated:
      description: Whether the list was cut to O(return_limit) entries.
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
