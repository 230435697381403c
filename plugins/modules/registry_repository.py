#!/usr/bin/python
# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_repository
short_description: Empty and delete GitLab container repositories
version_added: 0.1.0
author:
  - containerops.gitlab contributors (@containerops)
description:
  - Deletes whole container repositories, or all their tags.
  - A repository that has tags, or of which the registry itself does not confirm that it has none, is refused unless
    O(force) or O(empty_first) is given.
  - GitLab deletes repositories in the background, and may need hours for one with many tags. Without a metadata
    database it gives up on one with more than about 2,000 tags.
  - With O(state=absent) the module waits until the repositories are gone or GitLab gives up (O(wait)). The task fails
    if that takes longer than O(wait_timeout). A CI/CD job token can't see it, and needs O(wait=false).
  - Nothing here frees disk space by itself; that is done by the registry's garbage collection.
extends_documentation_fragment:
  - containerops.gitlab._connection
  - containerops.gitlab._registry
  - containerops.gitlab._deletion
  - containerops.gitlab._deletion.limit
  - containerops.gitlab._deletion.limit_total
  - containerops.gitlab._deletion.wait
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
  repository:
    description:
      - Paths of the repositories, each the project's and the name of the repository in it.
      - Exactly one of O(repository) and O(repository_id) is required.
    type: list
    elements: str
  repository_id:
    description:
      - Ids of the repositories.
    type: list
    elements: int
  state:
    description:
      - V(absent) deletes the repositories. It needs the role Maintainer.
      - V(empty) deletes all their tags, C(latest) and signatures too, and keeps the repositories. Each tag is read
        again right before it is deleted, and is kept if it points to another image by then.
    type: str
    choices:
      - absent
      - empty
    required: true
  force:
    description:
      - Whether to have GitLab delete repositories with all the tags that they have, and ones whose emptiness is not
        certain. For O(state=absent).
    type: bool
    default: false
  empty_first:
    description:
      - Whether to delete the tags one by one before, so that GitLab gets an empty repository, and can't give up half
        way. For O(state=absent).
    type: bool
    default: false
  protect:
    description:
      - RE2 patterns of tags to keep. They have to match the whole name. For O(state=empty).
    type: list
    elements: str
  on_unmatched:
    description:
      - What to do if an entry of O(protect) matches no tag, such as V(1.0.0) where the tags are called V(v1.0.0).
        RV(matches) has what each entry matches.
      - With V(auto) and V(warn) it is a warning, with V(fail) nothing is deleted.
      - If no tag could be read, nothing is said.
    type: str
    choices:
      - auto
      - warn
      - fail
    default: auto
  require_digest:
    description:
      - Keep tags whose digest can't be read, since they can't be compared right before they are deleted.
    type: bool
    default: true
seealso:
  - module: containerops.gitlab.registry_cleanup
"""

EXAMPLES = r"""
- name: Delete all tags of a cache
  containerops.gitlab.registry_repository:
    repository:
      - team/app/web
    state: empty
    max_deletions: 1000

- name: Delete the repository, now that it is empty, and wait until it is gone
  containerops.gitlab.registry_repository:
    repository:
      - team/app/web
    state: absent
    wait: true
    wait_timeout: 60

- name: Delete a repository with everything in it
  containerops.gitlab.registry_repository:
    repository:
      - team/sub/tool
    state: absent
    empty_first: true
"""

RETURN = r"""
result:
  description:
    - V(ok) when the repositories are as they were meant to be, as far as O(protect) and unknown digests allow, or
      GitLab has accepted to delete them.
    - V(partial) when something could not be done, V(refused) when it must not be done, V(failed) when nothing could be
      read.
  returned: always
  type: str
  sample: ok
repositories:
  description: The repositories in the order of their paths, at most O(return_limit) of them. The same in check mode and
    in a run.
  returned: when the repositories could be read
  type: list
  elements: dict
  contains:
    path:
      description: Path of the repository, or its id where none is there.
      type: str
      returned: success
      sample: team/app/web
    id:
      description: Its id, null where it is not there.
      type: int
      returned: success
      sample: 7
    status:
      description: What GitLab calls its status, such as V(delete_scheduled) or V(delete_failed); null for none.
      type: str
      returned: success
      sample: null
    tags:
      description: Number of tags, null when they could not be listed or did not have to be.
      type: int
      returned: success
      sample: 3
    delete:
      description: Number of tags that are deleted one by one.
      type: int
      returned: success
      sample: 3
    reasons:
      description: Number of tags by the reason why they are deleted or kept, as in
        M(containerops.gitlab.registry_cleanup).
      type: dict
      returned: success
      sample: {"matched": 3}
    action:
      description: V(none), V(empty), V(delete) or V(empty_and_delete).
      type: str
      returned: success
      sample: empty
matches:
  description: What each entry of O(protect) matches, at most O(return_limit) of them.
  returned: when the repositories could be read
  type: list
  elements: dict
  contains:
    option:
      description: V(protect).
      type: str
      returned: success
      sample: protect
    entry:
      description: The pattern as it was written.
      type: str
      returned: success
      sample: release-.*
    rule:
      description: Always null.
      type: str
      returned: success
      sample: null
    matched:
      description: Number of tags that it matches in all these repositories.
      type: int
      returned: success
      sample: 12
    references:
      description: Always null.
      type: int
      returned: success
      sample: null
unmatched:
  description: The entries of O(protect) that match no tag (O(on_unmatched)), one sentence each, at most
    O(return_limit) of them.
  returned: when the repositories could be read
  type: list
  elements: str
  sample: ["protect '1.0.0' matches no tag (it is only a part of v1.0.0)"]
outcome:
  description: What became of the repositories that were to change, at most O(return_limit) of them. What failed comes
    first.
  returned: when something was changed or waited for
  type: list
  elements: dict
  contains:
    path:
      description: Path of the repository.
      type: str
      returned: success
      sample: team/app/web
    outcome:
      description:
        - V(emptied), V(tags_kept) if tags are kept on purpose, V(not_emptied), V(deleted) if it is gone, V(scheduled)
          if GitLab has accepted to delete it, V(delete_failed) if GitLab gave up, or V(not_deleted).
      type: str
      returned: success
      sample: emptied
    message:
      description: Why, where that is not plain.
      type: str
      returned: success
      sample: ""
errors:
  description: The repositories that could not be read, each with the request that failed, at most O(return_limit) of
    them.
  returned: when the repositories could be read
  type: list
  elements: dict
  sample: []
truncated:
  description: Whether RV(repositories), RV(matches), RV(unmatched) or RV(errors) was cut to O(return_limit).
  returned: when the repositories could be read
  type: bool
  sample: false
error:
  description: The request that failed the task.
  returned: when nothing could be read because a request failed
  type: dict
  sample: {"kind": "not_found", "message": "404 Project Not Found", "method": "GET", "path":
    "/api/v4/projects/team%2Fapp", "request_id": "", "status": 404}
requests:
  description: Number of requests sent.
  returned: when the repositories could be read
  type: int
  sample: 6
"""

from ..module_utils._deletion.deletion import delete
from ..module_utils._deletion.host import RegistryHost
from ..module_utils._deletion.journal import Record, null_journal
from ..module_utils._deletion.ways import deletion_way
from ..module_utils._gitlab.tokens import why_not_writing
from ..module_utils._module.intent import Applied
from ..module_utils._module.options import CONNECTION, REGISTRY, RESULT, WAIT, ArgumentSpec
from ..module_utils._module.registry import connect_with_registry
from ..module_utils._module.results import truncate_lists
from ..module_utils._module.run import exit_on_error, finish, new_module
from ..module_utils._repositories.observation import observe
from ..module_utils._repositories.planning import plan_repositories, plan_tags, warnings_of
from ..module_utils._repositories.removal import delete_repositories
from ..module_utils._repositories.request import DesiredState, request_of
from ..module_utils._repositories.results import applied_emptying, applied_removals, intent_of, result_of
from ..module_utils._rules.matches import OnUnmatched

ARGUMENTS = CONNECTION.merged(REGISTRY).merged(
    ArgumentSpec(
        {
            "repository": {"type": "list", "elements": "str"},
            "repository_id": {"type": "list", "elements": "int"},
            "state": {"type": "str", "choices": [each.value for each in DesiredState], "required": True},
            "force": {"type": "bool", "default": False},
            "empty_first": {"type": "bool", "default": False},
            **WAIT.options,
            **RESULT.options,
            "protect": {"type": "list", "elements": "str"},
            "on_unmatched": {"type": "str", "choices": [each.value for each in OnUnmatched], "default": "auto"},
            "max_deletions": {"type": "int"},
            "max_deletions_total": {"type": "int"},
            "require_digest": {"type": "bool", "default": True},
            "delete_via": {"type": "str", "choices": ["auto", "graphql", "rest", "registry"], "default": "auto"},
        },
        mutually_exclusive=(("repository", "repository_id"), ("force", "empty_first")),
        required_one_of=(("repository", "repository_id"),),
    )
)


def main() -> None:
    module = new_module(ARGUMENTS, "requests", "google-re2")
    limit = module.params["return_limit"]
    with exit_on_error(module):
        connection = connect_with_registry(module)
        request = request_of(module.params, job_token=connection.is_job_token)
        reader, state = observe(connection, request)
        plan = plan_tags(state, request)
        for warning in warnings_of(state, plan, request):
            module.warn(warning)

        record = Record()

        def so_far(reason: str) -> Applied:
            return applied_emptying(plan, record.result(plan, reason), limit)

        def apply() -> Applied:
            way, host = deletion_way(reader, state.delete_method), RegistryHost(deletes_by_name=state.deletes_by_name)
            if not request.deletes_repositories:
                found = delete(reader, plan, way, host, record.added_to(null_journal))
                return applied_emptying(plan, found, limit)
            removals = plan_repositories(state, plan, request)
            results = delete_repositories(reader, way, host, removals, request.wait)
            return applied_removals(results, limit, waited=request.wait is not None)

        intent, result = intent_of(state, plan, request, limit), result_of(state, plan, request)
        finish(
            module,
            connection,
            intent,
            truncate_lists(result, limit),
            apply,
            so_far=None if request.deletes_repositories else so_far,
            foresee=lambda: "" if connection.is_job_token else why_not_writing(connection.client),
        )


if __name__ == "__main__":
    main()
