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
  - Deletes whole container repositories, or all their tags. The repositories are named (O(repository),
    O(repository_id)), or conditions choose them from a scope (O(project) or O(group), with O(conditions)).
  - A repository that has tags, or of which the registry itself does not confirm that it has none, is refused unless
    O(force) or O(empty_first) is given.
  - GitLab deletes repositories in the background, and may need hours for one with many tags. Without a metadata
    database it gives up on one with more than about 2,000 tags.
  - With O(state=absent) the module waits until the repositories are gone or GitLab gives up (O(wait)). The task fails
    if that takes longer than O(wait_timeout). A CI/CD job token can't see it, and needs O(wait=false).
  - Of a scope, a repository is deleted if all O(conditions) hold and nothing keeps it. RV(repositories) says of each
    repository why it is deleted or kept, in check mode as in a run. What could not be read reliably is kept.
  - Kept in any case are repositories of archived projects, those that a protection rule of GitLab covers, those that an
    image in use may be of (O(in_use), O(in_use_sources)), and those with a tag that O(protect) or a tag protection rule
    covers.
  - The tags of a chosen repository are deleted one by one before it. Right before, the repository is read again, and
    kept with all its tags if one was pushed, or came, since the plan was made.
  - Nothing here frees disk space by itself; that is done by the registry's garbage collection.
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
      - Exactly one of O(repository), O(repository_id), O(project) and O(group) is required.
    type: list
    elements: str
  repository_id:
    description:
      - Ids of the repositories.
    type: list
    elements: int
  repositories:
    description:
      - Of the scope, take only these repositories, by exact path (V(group/project/name)) or glob, compared in lower
        case. In a glob V(*) matches slashes too. A regular expression is refused, and so is a host before the path.
      - An exact path that no repository has is an error, also if it was deleted before. To delete by exact path, use
        O(conditions.paths).
    type: list
    elements: str
  exclude_repositories:
    description:
      - Of the scope, leave out these repositories, written as in O(repositories).
      - An entry that leaves out nothing refuses the plan, unless O(on_unmatched) says otherwise.
    type: list
    elements: str
  conditions:
    description:
      - Which repositories of the scope are deleted. All conditions that are given have to hold. A scope without any is
        refused.
      - It needs O(state=absent), and a token that may read protection rules (the role Maintainer), which a CI/CD job
        token may not.
    type: dict
    suboptions:
      empty:
        description:
          - The repository has no tags, and the registry itself confirms it. GitLab lists no tags while its registry is
            in trouble, too. A repository that the registry does not know is kept, since a registry that lost its
            storage says the same.
        type: bool
        default: false
      ref_gone:
        description:
          - The repository is not named after a git reference that exists. V(branches) and V(tags) are those of its
            project, V(merge_requests) are the source branches and the numbers of open merge requests.
          - The merge requests of a fork may be in another project. So in a fork V(merge_requests) are its branches too.
          - Names are compared as C(CI_COMMIT_REF_SLUG) writes them. The repository C(team/app/review/login/web) is
            named after V(login), V(review/login), V(login/web) and so on, so any of them keeps it. A name that was
            shortened in another way, such as C(CI_ENVIRONMENT_SLUG), is not recognised.
          - It needs O(conditions.paths) or O(repositories), to say which repositories are named after a git reference.
          - A repository at the path of its project has no name, and is kept. So are those of a project without any
            branch, if V(branches) is given.
        type: list
        elements: str
        choices:
          - branches
          - merge_requests
          - tags
      ref_match:
        description:
          - How a part of the repository's name carries the git reference. V(whole) is the reference itself. V(prefix)
            and V(suffix) are names that begin or end with it, at one of C(-._).
        type: str
        choices:
          - whole
          - prefix
          - suffix
        default: whole
      not_pushed_for:
        description:
          - The repository was created, and its newest tag was pushed, longer ago than this. Written as V(90d), V(12h)
            or V(3month).
          - If the date of one of its tags is not known, it is kept.
          - Without a metadata database GitLab does not know when a tag was pushed. The date of the build counts then.
        type: str
      paths:
        description:
          - The path of the repository is one of these, or matches one of these globs, written as O(repositories). An
            entry that no repository matches is no error.
        type: list
        elements: str
  in_use:
    description:
      - Images that run somewhere, written as for M(containerops.gitlab.registry_cleanup). A repository of a scope is
        kept if such an image is, or may be, in it, whatever tags it has. Its images without a tag would be deleted too.
    type: list
    elements: str
  in_use_sources:
    description:
      - Images in use, grouped by where they were found. A source without images, or with a failure, refuses the plan.
    type: list
    elements: dict
    suboptions:
      name:
        description:
          - What the source is called, such as a host.
        type: str
        required: true
      images:
        description:
          - What it uses.
        type: list
        elements: str
        default: []
      failed:
        description:
          - Why the images are not complete. Empty if they are.
        type: str
        default: ""
      read_at:
        description:
          - When the images were read, such as V(2026-01-31T12:00:00Z). A source without it counts as read now.
        type: str
  in_use_sources_expected:
    description:
      - The sources that have to be there, by name or by number. If one is missing, the plan is refused.
    type: raw
  in_use_max_age:
    description:
      - The greatest age of O(in_use_sources), by GitLab's clock. If a source was read longer ago, the plan is refused.
    type: str
    default: 1h
  max_repositories:
    description:
      - The most repositories of a scope to delete. If there are more, nothing is deleted.
    type: int
  max_repositories_percent:
    description:
      - The most repositories of a scope to delete, in percent of all that are in it. If there are more, nothing is
        deleted.
    type: float
  min_remaining_repositories:
    description:
      - How many repositories in scope have to remain in each project that loses one. If there are fewer, nothing is
        deleted.
    type: int
    default: 0
  plan_path:
    description:
      - Write the plan of a scope to this file as JSON Lines, in check mode too. It has a line for each repository, with
        what happens to it and why, and one for each tag that is deleted with its repository.
    type: path
  approved_plan_path:
    description:
      - A plan that O(plan_path) wrote before and somebody approved. Give the same scope and O(conditions) with it. Only
        repositories are deleted that it deletes, that today's conditions still choose, and that have no other tags or
        images than in the plan.
      - It is refused if any line of it was altered, if it is older than O(plan_max_age), was made for another server or
        scope or by other options, or was refused itself when it was made.
    type: path
  approved_plan:
    description:
      - The text of the approved plan, at most 64 KB, instead of O(approved_plan_path).
    type: str
  approved_fingerprint:
    description:
      - The fingerprint (RV(plan.fingerprint)) of the approved plan, from whoever approved it. Required with an approved
        plan. Its first 12 digits are enough.
    type: str
  require_approval:
    description:
      - Refuse, before the first request, a scope that has no approved plan with its fingerprint.
    type: bool
    default: false
  plan_max_age:
    description:
      - The greatest age of the approved plan.
    type: str
    default: 72h
  journal_path:
    description:
      - Write a line to the end of this regular file before each tag and each repository of a scope is asked to be
        deleted, and one with what became of it, as JSON Lines. The lines are on disk before the request is sent. What
        can't be noted is not deleted.
      - M(containerops.gitlab.registry_report) tells by it what became of each repository of the plan. Deleted
        repositories can't be put back.
      - In check mode nothing is written to it.
    type: path
  on_error:
    description:
      - What to do if something of a repository in scope could not be read. It is kept, and the others are deleted, in
        any case.
      - V(fail) then fails the task, V(report) only reports the repository in RV(errors).
    type: str
    choices:
      - fail
      - report
    default: fail
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
        certain. For O(state=absent), and not with O(conditions).
    type: bool
    default: false
  empty_first:
    description:
      - Whether to delete the tags one by one before, so that GitLab gets an empty repository, and can't give up half
        way. For O(state=absent). With O(conditions) they always are.
    type: bool
    default: false
  protect:
    description:
      - RE2 patterns of tags to keep. They have to match the whole name. For O(state=empty), and with O(conditions),
        where a repository with such a tag is kept.
    type: list
    elements: str
  on_unmatched:
    description:
      - What to do if an entry of O(protect) matches no tag, such as V(1.0.0) where the tags are called V(v1.0.0).
        RV(matches) has what each entry matches.
      - With V(auto) and V(warn) it is a warning, with V(fail) nothing is deleted. An entry of O(exclude_repositories)
        that excludes nothing is a warning with V(warn). Otherwise it refuses the plan, unless it may be meant for
        another project.
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
    - V(ok) when the repositories are as they were meant to be, as far as O(protect) and unknown digests allow, or
      GitLab has accepted to delete them.
    - V(partial) when something could not be done, V(refused) when it must not be done, V(failed) when nothing could be
      read.
  returned: always
  type: str
  sample: ok
msg:
  description: Why the task failed. If it did not, what is to be deleted, and after a run what became of it.
  returned: always
  type: str
  sample: "2 repositories: 1 deleted, 1 scheduled."
repositories:
  description: The repositories in the order of their paths, at most O(return_limit) of them. Of a scope, those that are
    deleted come first. The same in check mode and in a run.
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
    freed_least:
      description: Bytes that the deletion of a repository of a scope frees at least after garbage collection; null if
        that is not known, and for a named one.
      type: int
      returned: success
      sample: null
    freed_most:
      description: The same at most, by the sizes of the images of its tags.
      type: int
      returned: success
      sample: 10649
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
    reason:
      description:
        - Why a repository of a scope is deleted or kept as a whole; null for a named one.
        - Deleted for the first of the conditions that it met, V(empty), V(ref_gone), V(not_pushed) or V(matched).
        - Kept since a condition does not hold, V(no_match), V(not_empty), V(no_ref), V(active_ref) or V(too_young).
        - Kept whatever the conditions say, V(archived), V(protected), V(gitlab_protected) or V(in_use).
        - Kept since something is not known, V(unproven_empty), V(unknown_refs), V(unknown_date),
          V(unknown_protection), V(unknown_in_use), V(unknown_digest), V(incomplete_listing) or V(repository_unread).
        - Kept since it is not as in the approved plan, V(changed) or V(not_approved).
      type: str
      returned: success
      sample: null
    why:
      description: The same in words, empty for a named repository.
      type: str
      returned: success
      sample: ""
plan:
  description: The plan of a scope in numbers.
  returned: with O(conditions), when the repositories could be read
  type: dict
  contains:
    fingerprint:
      description: Fingerprint of the plan, to approve it by.
      type: str
      returned: success
      sample: sha256:0d55b3b3a1b0b5a1c5e0e1a0f3b0b5a1c5e0e1a0f3b0b5a1c5e0e1a0f3b0b5a1
    summary:
      description: The plan in one sentence.
      type: str
      returned: success
      sample: 2 of 40 repositories are to be deleted, with 7 tags
    totals:
      description: Numbers of repositories, of tags that are deleted with them (C(delete)), and of bytes that are freed
        by that.
      type: dict
      returned: success
      sample: {"repositories": 40, "repositories_deleted": 2, "repository_reasons": {"not_empty": 38, "empty": 2},
        "repositories_unread": 0, "being_deleted": 0, "delete": 0, "freed_least": 0, "freed_most": 0}
    rules:
      description: The options that the plan was made by, with numbers instead of the images in use.
      type: dict
      returned: success
      sample: {"conditions": {"empty": true}}
    refusals:
      description: Why nothing may be deleted, one sentence each, at most O(return_limit) of them.
      type: list
      elements: str
      returned: success
      sample: []
    notes:
      description: How the plan was made, one sentence each.
      type: list
      elements: str
      returned: success
      sample: []
    approved:
      description: Fingerprint, time and number of deleted repositories of the approved plan; null without one.
      type: dict
      returned: success
      sample: null
server:
  description: Address of GitLab (C(url)), and its time by which ages are judged (C(clock)), null if it is not known.
  returned: with O(conditions), when the repositories could be read
  type: dict
  sample: {"url": "https://gitlab.example.com", "clock": "2026-06-01T12:00:00Z"}
run_by:
  description: Who and what runs this (O(run_by)).
  returned: with O(conditions), when the repositories could be read
  type: dict
  sample: {"awx_job_id": "7", "awx_user_name": "ana"}
plan_path:
  description: The file with the plan.
  returned: when it was written
  type: str
  sample: /tmp/repositories.jsonl
matches:
  description: What each entry of O(protect) and O(exclude_repositories) matches, at most O(return_limit) of them.
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
      description: The pattern as it was written.
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
      description: Number of tags that it matches in all these repositories, of repositories for
        V(exclude_repositories).
      type: int
      returned: success
      sample: 12
    references:
      description: Always null.
      type: int
      returned: success
      sample: null
unmatched:
  description: The entries of O(protect) that match no tag, and of O(exclude_repositories) that match no repository
    (O(on_unmatched)), one sentence each, at most O(return_limit) of them.
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
        - V(changed_since) if a repository of a scope is not as it was planned, and is kept with all its tags.
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
