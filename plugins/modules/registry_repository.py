#!/usr/bin/python
# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_repository
short_description: Empty and delete GitLab container repositories
version_added: 1.0.0
author:
  - containerops.gitlab contributors (@containerops)
description:
  - Deletes whole container repositories, or all their tags. There are two ways to choose repositories. Set their names
    (O(repository), O(repository_id)), or a scope (O(project), O(group)) with O(conditions).
  - A named repository with tags is refused, unless O(force) or O(empty_first) is set. It is also refused if the
    registry itself does not confirm that it has no tags.
  - GitLab deletes repositories in the background, and may need hours if there are many tags. Without a metadata
    database it fails for a repository with more than about 2,000 tags.
  - With O(state=absent), the module waits until the repositories are deleted or GitLab has failed (O(wait)). The task
    fails if this takes longer than O(wait_timeout). A CI/CD job token can't see the result, and needs O(wait=false).
  - With a scope, a repository is deleted if all O(conditions) are met and nothing keeps it. RV(repositories) lists the
    reason for each repository, both in check mode and in a run. Anything that could not be read reliably is kept.
  - With a scope, repositories of archived projects are always kept. So are repositories that one of GitLab's protection
    rules covers, and repositories that may contain an image in use (O(in_use), O(in_use_sources)).
  - With a scope, repositories with a tag that O(protect) or a tag protection rule covers are always kept.
  - With a scope, the tags of a chosen repository are deleted one by one before the repository. Right before that, the
    repository is read again. If a tag was pushed after the plan was made, the repository is kept with all its tags.
  - Deleting frees no disk space by itself. The registry's garbage collection frees the space.
extends_documentation_fragment:
  - containerops.gitlab._connection
  - containerops.gitlab._registry
  - containerops.gitlab._scope.project
  - containerops.gitlab._scope.group
  - containerops.gitlab._deletion
  - containerops.gitlab._deletion.limit
  - containerops.gitlab._deletion.limit_total
  - containerops.gitlab._deletion.wait
  - containerops.gitlab._deletion.run_by
  - containerops.gitlab._in_use
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
      - Paths of the repositories, such as V(group/project/name). A path is the path of the project and the name of the
        repository in it.
      - Exactly one of O(repository), O(repository_id), O(project) and O(group) is required.
    type: list
    elements: str
  repository_id:
    description:
      - Ids of the repositories, such as V(7).
    type: list
    elements: int
  repositories:
    description:
      - Use only these repositories of the scope. Each entry is an exact path, such as V(group/project/name), or a glob,
        such as V(group/*). Upper and lower case are equal.
      - In a glob, V(*) also matches slashes. A regular expression, such as V(team/prod.*), is refused, and so is a path
        with a host.
      - An exact path that no repository has is an error, even if the repository was deleted before. To delete by exact
        path, use O(conditions.paths).
    type: list
    elements: str
  exclude_repositories:
    description:
      - Leave out these repositories of the scope. Entries are paths or globs as in O(repositories).
      - If an entry excludes nothing, the plan is refused, unless O(on_unmatched) allows it.
    type: list
    elements: str
  conditions:
    description:
      - Which repositories of the scope are deleted. All conditions that are set have to be met. A scope without
        conditions is refused.
      - O(state=absent) is required, and a token that may read protection rules (the role Maintainer). A CI/CD job token
        may not read them.
    type: dict
    suboptions:
      empty:
        description:
          - The repository has no tags, and the registry itself confirms it. GitLab's list is not enough, since GitLab
            also lists no tags while its registry is failing.
          - A repository that the registry does not know is kept, since a registry that lost its storage answers the
            same.
        type: bool
        default: false
      ref_gone:
        description:
          - The repository is not named after an existing branch (V(branches)) or git tag (V(tags)) of its project, or
            after an open merge request (V(merge_requests)).
          - For a merge request, its source branch and its number are compared. The merge requests of a fork may be in
            another project. So in a fork, V(merge_requests) also compares its branches.
          - Names are compared in the form of C(CI_COMMIT_REF_SLUG). For example, the repository
            C(team/app/review/login/web) is named after V(login), V(review/login), V(login/web) and so on. Any of these
            branches keeps it.
          - Names that were shortened in another way, such as C(CI_ENVIRONMENT_SLUG), are not recognised.
          - O(conditions.paths) or O(repositories) is required with it, to say which repositories are named after a
            branch, git tag or merge request.
          - A repository at the path of its project has no name of its own and is kept. With V(branches), all
            repositories of a project without any branch are kept, too.
        type: list
        elements: str
        choices:
          - branches
          - merge_requests
          - tags
      ref_match:
        description:
          - Which part of the repository's name is compared for O(conditions.ref_gone).
          - V(whole) compares whole parts between slashes. V(prefix) and V(suffix) also compare the beginning or the end
            of them, up to one of C(-), C(.) and C(_).
        type: str
        choices:
          - whole
          - prefix
          - suffix
        default: whole
      not_pushed_for:
        description:
          - The repository was created, and its newest tag was pushed, longer ago than this duration, such as V(90d),
            V(12h) or V(3month).
          - If the date of one of its tags is unknown, the repository is kept.
          - Without a metadata database, GitLab does not know when a tag was pushed. Then the build date of the image is
            used.
        type: str
      paths:
        description:
          - The repository has one of these paths, or matches one of these globs. Entries are written as in
            O(repositories). An entry without a matching repository is not an error.
        type: list
        elements: str
  in_use:
    description:
      - Images that are running somewhere, written as in O(containerops.gitlab.registry_cleanup#module:in_use).
      - A repository of a scope is kept if it contains or may contain such an image. Its tags do not matter, since
        images without a tag would be deleted, too.
    type: list
    elements: str
  in_use_max_age:
    description:
      - Maximum age of O(in_use_sources), such as V(1h), by GitLab's clock. If a source was read earlier, the plan is
        refused.
    type: str
    default: 1h
  max_repositories:
    description:
      - Maximum number of repositories of a scope to delete, such as V(20). If the plan has more, nothing is deleted.
    type: int
  max_repositories_percent:
    description:
      - Maximum number of repositories of a scope to delete, in percent of all repositories in scope, such as V(10). If
        the plan has more, nothing is deleted.
    type: float
  min_remaining_repositories:
    description:
      - Minimum number of repositories in scope that remain in each project from which a repository is deleted. If fewer
        would remain, nothing is deleted.
    type: int
    default: 0
  plan_path:
    description:
      - Write the plan of a scope to this file as JSON Lines. It is also written in check mode.
      - It has one line for each repository, with the decision and the reason, and one line for each tag that is deleted
        with its repository.
    type: path
  approved_plan_path:
    description:
      - Read the approved plan from this file. It is a file that O(plan_path) wrote in an earlier run. Set the same
        scope and the same O(conditions) with it.
      - A repository is deleted only if the approved plan deletes it and today's conditions still choose it. A
        repository with a tag or an image that is not in the plan is kept.
      - The plan is refused if a line was altered, or if it is older than O(plan_max_age). It is also refused if it was
        made for another server, for another scope or by other options.
      - A plan that was already refused when it was made is refused, too.
    type: path
  approved_plan:
    description:
      - The approved plan as text, at most 64 KB, instead of its file (O(approved_plan_path)).
    type: str
  approved_fingerprint:
    description:
      - The fingerprint (RV(plan.fingerprint)) of the approved plan, from the person who approved it. It is required
        with an approved plan. Its first 12 digits are enough.
    type: str
  require_approval:
    description:
      - Refuse a scope without an approved plan and its fingerprint, before the first request is sent.
    type: bool
    default: false
  plan_max_age:
    description:
      - Maximum age of the approved plan, such as V(72h).
    type: str
    default: 72h
  journal_path:
    description:
      - Append a journal to this regular file, as JSON Lines. A line is written before each request to delete a tag or a
        repository of a scope, and another line with its outcome.
      - Each line is on disk before the request is sent. If the line can't be written, nothing is deleted.
      - M(containerops.gitlab.registry_report) uses it to report the outcome of each repository of the plan. Deleted
        repositories can't be restored from it.
      - In check mode nothing is written to it.
    type: path
  on_error:
    description:
      - What to do if a repository in scope could not be read completely. This repository is kept. The other
        repositories are deleted as planned.
      - V(fail) fails the task in the end. V(report) only reports the repository in RV(errors).
    type: str
    choices:
      - fail
      - report
    default: fail
  state:
    description:
      - V(absent) deletes the repositories. It needs the role Maintainer.
      - V(empty) deletes all their tags and keeps the repositories. The tag C(latest) and signatures are deleted, too.
      - With V(empty), each tag is read again right before it is deleted. If it then points to another image, it is
        kept.
    type: str
    choices:
      - absent
      - empty
    required: true
  force:
    description:
      - Whether GitLab deletes repositories together with all their tags, and repositories that may have tags. It is for
        O(state=absent), and can't be used with O(conditions).
    type: bool
    default: false
  empty_first:
    description:
      - Whether to delete the tags one by one before the repository. Then GitLab deletes an empty repository, and can't
        fail half way. It is for O(state=absent). With O(conditions) this is always done.
    type: bool
    default: false
  protect:
    description:
      - RE2 patterns of tags to keep, such as V(release-.*). A pattern has to match the whole name. It is for
        O(state=empty). With O(conditions), a repository with such a tag is kept.
    type: list
    elements: str
  on_unmatched:
    description:
      - What to do if an entry of O(protect) or O(exclude_repositories) matches nothing. An example is O(protect=1.0.0)
        if the tag is called V(v1.0.0). RV(matches) shows what each entry matches.
      - V(warn) warns about each such entry. V(fail) refuses the plan.
      - V(auto) warns about an entry of O(protect). It refuses the plan for an entry of O(exclude_repositories), unless
        the entry may be intended for another project.
      - If no tag could be read, there is no warning.
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

- name: Show which repositories of a group are empty for a month, and write the plan
  containerops.gitlab.registry_repository:
    group: team
    state: absent
    conditions:
      empty: true
      not_pushed_for: 30d
    plan_path: "{{ playbook_dir }}/repositories.jsonl"
  check_mode: true
  register: preview

- name: Delete them, once the plan is approved
  containerops.gitlab.registry_repository:
    group: team
    state: absent
    conditions:
      empty: true
      not_pushed_for: 30d
    approved_plan_path: "{{ playbook_dir }}/repositories.jsonl"
    approved_fingerprint: "{{ preview.plan.fingerprint }}"
    wait: false

- name: Delete the repositories of review apps whose branch is gone, at most 20 of them
  containerops.gitlab.registry_repository:
    group: team
    state: absent
    conditions:
      paths:
        - team/*/review/*
      ref_gone:
        - branches
        - merge_requests
      not_pushed_for: 7d
    max_repositories: 20
"""

RETURN = r"""
result:
  description:
    - V(ok) if everything was done as planned, or GitLab has accepted the deletions. Tags that O(protect) or an unknown
      digest keeps do not change this.
    - V(partial) if something could not be done.
    - V(refused) if the plan may not be carried out.
    - V(failed) if nothing could be read.
  returned: always
  type: str
  sample: ok
msg:
  description: Why the task failed. If it did not fail, a summary of the plan, and after a run a summary of its outcome.
  returned: always
  type: str
  sample: "2 repositories: 1 deleted, 1 scheduled."
repositories:
  description:
    - The repositories, sorted by path, at most O(return_limit) entries. With a scope, those that are deleted come
      first.
    - For the same server state, it is the same in check mode and in a run.
  returned: when the repositories could be read
  type: list
  elements: dict
  contains:
    path:
      description: Path of the repository, or its id if no repository has this id.
      type: str
      returned: success
      sample: team/app/web
    id:
      description: Id of the repository. Null if it does not exist.
      type: int
      returned: success
      sample: 7
    status:
      description: GitLab's status of the repository, such as V(delete_scheduled) or V(delete_failed). Null if it has
        none.
      type: str
      returned: success
      sample: null
    tags:
      description: Number of tags. Null if they were not listed or could not be listed.
      type: int
      returned: success
      sample: 3
    delete:
      description: Number of tags that are deleted one by one.
      type: int
      returned: success
      sample: 3
    freed_least:
      description: Minimum number of bytes that the deletion of this repository frees, after garbage collection. Null if
        it is unknown, and for a named repository.
      type: int
      returned: success
      sample: null
    freed_most:
      description: Maximum number of bytes that the deletion of this repository frees, by the sizes of the images of its
        tags.
      type: int
      returned: success
      sample: 10649
    reasons:
      description: Number of tags by reason. The reasons are those of
        RV(containerops.gitlab.registry_cleanup#module:plan.delete[].reason).
      type: dict
      returned: success
      sample: {"matched": 3}
    action:
      description: What is done with the repository. V(none), V(empty), V(delete) or V(empty_and_delete).
      type: str
      returned: success
      sample: empty
    reason:
      description:
        - Why a repository of a scope is deleted or kept. Null for a named repository.
        - A repository is deleted with the first condition that it meets. The reason is V(empty), V(ref_gone),
          V(not_pushed) or V(matched).
        - A repository that does not meet a condition is kept with V(no_match), V(not_empty), V(no_ref), V(active_ref)
          or V(too_young).
        - Whatever the conditions are, a repository may be kept with V(archived), V(protected), V(gitlab_protected) or
          V(in_use).
        - >-
          For missing data, a repository is kept with V(unproven_empty), V(unknown_refs), V(unknown_date),
          V(unknown_protection), V(unknown_in_use), V(unknown_digest), V(incomplete_listing) or V(repository_unread).
        - A repository that differs from the approved plan is kept with V(changed) or V(not_approved).
      type: str
      returned: success
      sample: null
    why:
      description: The reason in words. Empty for a named repository.
      type: str
      returned: success
      sample: ""
plan:
  description: The plan of a scope.
  returned: with O(conditions), when the repositories could be read
  type: dict
  contains:
    fingerprint:
      description: Fingerprint of the plan, for O(approved_fingerprint).
      type: str
      returned: success
      sample: sha256:0d55b3b3a1b0b5a1c5e0e1a0f3b0b5a1c5e0e1a0f3b0b5a1c5e0e1a0f3b0b5a1
    summary:
      description: The plan in one sentence.
      type: str
      returned: success
      sample: 2 of 40 repositories are to be deleted, with 7 tags
    totals:
      description: Number of repositories, of tags that are deleted with them (C(delete)), and of bytes that this frees.
      type: dict
      returned: success
      sample: {"repositories": 40, "repositories_deleted": 2, "repository_reasons": {"not_empty": 38, "empty": 2},
        "repositories_unread": 0, "being_deleted": 0, "delete": 0, "freed_least": 0, "freed_most": 0}
    rules:
      description: The options of the plan. They contain the number of images in use instead of the images.
      type: dict
      returned: success
      sample: {"conditions": {"empty": true}}
    refusals:
      description: Why the plan may not be carried out, as a list of sentences, at most O(return_limit) entries. Empty
        if it may.
      type: list
      elements: str
      returned: success
      sample: []
    notes:
      description: Remarks on the plan, as a list of sentences.
      type: list
      elements: str
      returned: success
      sample: []
    approved:
      description: Fingerprint, time and number of deleted repositories of the approved plan. Null without an approved
        plan.
      type: dict
      returned: success
      sample: null
server:
  description: Address of GitLab (C(url)), and its time, which is used to calculate ages (C(clock)). The time is null if
    it is unknown.
  returned: with O(conditions), when the repositories could be read
  type: dict
  sample: {"url": "https://gitlab.example.com", "clock": "2026-06-01T12:00:00Z"}
run_by:
  description: Who and what runs this (O(run_by)).
  returned: with O(conditions), when the repositories could be read
  type: dict
  sample: {"awx_job_id": "7", "awx_user_name": "ana"}
plan_path:
  description: Path of the file with the whole plan.
  returned: when it was written
  type: str
  sample: /tmp/repositories.jsonl
matches:
  description: How many tags or repositories each entry of O(protect) and O(exclude_repositories) matches, at most
    O(return_limit) entries.
  returned: when the repositories could be read
  type: list
  elements: dict
  contains:
    option:
      description: V(protect) or V(exclude_repositories).
      type: str
      returned: success
      sample: protect
    entry:
      description: The pattern, path or glob.
      type: str
      returned: success
      sample: release-.*
    rule_set:
      description: Always null.
      type: str
      returned: success
      sample: null
    rule:
      description: Always null.
      type: str
      returned: success
      sample: null
    matched:
      description: Number of tags that the entry matches in all these repositories. For V(exclude_repositories) it is
        the number of repositories.
      type: int
      returned: success
      sample: 12
    references:
      description: Always null.
      type: int
      returned: success
      sample: null
unmatched:
  description: The entries of O(protect) and O(exclude_repositories) that match nothing (O(on_unmatched)), as a list of
    sentences, at most O(return_limit) entries.
  returned: when the repositories could be read
  type: list
  elements: str
  sample: ["protect '1.0.0' matches no tag (it is only a part of v1.0.0)"]
outcome:
  description: What happened to the repositories that were to change, at most O(return_limit) entries. Failures come
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
        - V(emptied), V(not_emptied), V(deleted) or V(not_deleted).
        - V(tags_kept) if all tags were deleted except those that are kept on purpose.
        - V(scheduled) if GitLab has accepted the deletion, V(delete_failed) if GitLab failed to delete it.
        - V(changed_since) if a repository of a scope changed after the plan was made. It is kept with all its tags.
      type: str
      returned: success
      sample: emptied
    message:
      description: Details of what happened. Empty if there are none.
      type: str
      returned: success
      sample: ""
errors:
  description: The repositories that could not be read, each with the request that failed, at most O(return_limit)
    entries.
  returned: when the repositories could be read
  type: list
  elements: dict
  sample: []
truncated:
  description: Whether RV(repositories), RV(matches), RV(unmatched) or RV(errors) was cut to O(return_limit) entries.
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
from ..module_utils._module.options import CONNECTION, REGISTRY, RESULT, SCOPE, WAIT, ArgumentSpec, OnError
from ..module_utils._module.registry import connect_with_registry
from ..module_utils._module.results import truncate_lists
from ..module_utils._module.run import exit_on_error, finish, given_options, new_module
from ..module_utils._repositories.conditions import CONDITIONS
from ..module_utils._repositories.observation import observe
from ..module_utils._repositories.planning import plan_repositories, plan_tags, warnings_of
from ..module_utils._repositories.removal import delete_repositories
from ..module_utils._repositories.request import DesiredState, request_of
from ..module_utils._repositories.results import applied_emptying, applied_removals, intent_of, result_of
from ..module_utils._repositories.scope_request import names_scope
from ..module_utils._repositories.scope_run import delete_of_scope
from ..module_utils._rules.matches import OnUnmatched
from ..module_utils._rules.options import IN_USE

# What means nothing for repositories that are named.
_OF_A_SCOPE = {
    **{option: SCOPE.options[option] for option in ("repositories", "exclude_repositories")},
    "conditions": {"type": "dict", "options": CONDITIONS},
    **{option: IN_USE[option] for option in ("in_use", "in_use_sources", "in_use_sources_expected")},
    "in_use_max_age": {"type": "str", "default": "1h"},
    "max_repositories": {"type": "int"},
    "max_repositories_percent": {"type": "float"},
    "min_remaining_repositories": {"type": "int", "default": 0},
    "plan_path": {"type": "path"},
    "approved_plan_path": {"type": "path"},
    "approved_plan": {"type": "str"},
    "approved_fingerprint": {"type": "str"},
    "require_approval": {"type": "bool", "default": False},
    "plan_max_age": {"type": "str", "default": "72h"},
    "journal_path": {"type": "path"},
    "run_by": {"type": "dict"},
    "on_error": {"type": "str", "choices": [each.value for each in OnError], "default": OnError.FAIL.value},
}
_EITHER = ("repository", "repository_id", "project", "group")
ARGUMENTS = CONNECTION.merged(REGISTRY).merged(
    ArgumentSpec(
        {
            "repository": {"type": "list", "elements": "str"},
            "repository_id": {"type": "list", "elements": "int"},
            **{option: SCOPE.options[option] for option in ("project", "group")},
            **_OF_A_SCOPE,
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
        mutually_exclusive=(_EITHER, ("force", "empty_first"), ("approved_plan_path", "approved_plan")),
        required_one_of=(_EITHER,),
    )
)


def main() -> None:
    module = new_module(ARGUMENTS, "requests", "google-re2")
    limit = module.params["return_limit"]
    with exit_on_error(module):
        connection = connect_with_registry(module)
        if names_scope(module.params, given_options(module), _OF_A_SCOPE):
            delete_of_scope(module, connection)
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
