#!/usr/bin/python
# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_info
short_description: List GitLab container registry repositories and tags
version_added: 1.0.0
author:
  - containerops.gitlab contributors (@containerops)
description:
  - Lists the container repositories of projects, of a whole group or of the instance in one task, and on request their
    tags, dates, digests and sizes.
  - What could not be read is reported in RV(errors) and never shown as empty.
extends_documentation_fragment:
  - containerops.gitlab._connection
  - containerops.gitlab._registry
  - containerops.gitlab._registry.reading
  - containerops.gitlab._scope
  - containerops.gitlab._scope.project
  - containerops.gitlab._scope.group
  - containerops.gitlab._scope.instance
  - containerops.gitlab._result
  - containerops.gitlab._attributes
  - containerops.gitlab._attributes.info_module
  - containerops.gitlab._attributes.actiongroup_registry
requirements:
  - google-re2 (Python library), for O(gather=policy_preview) alone
notes:
  - Exactly one of O(project), O(group), O(repository_id) and O(instance) is required. With O(instance) a request lists
    a hundred projects. Repositories take at least one more for each top-level group, and for each project of a user.
  - A task that takes longer than 20 seconds shows every 30 seconds how far it is, on stderr, if it runs on the control
    node without C(become), C(async) and C(no_log). The variable C(registry_progress_interval) sets other seconds, and
    V(0) shows nothing.
options:
  gather:
    description:
      - What to read. V(repositories) are always listed, unless V(projects) or V(protection_rules) are all that is
        asked for.
      - V(projects) returns all projects of the scope, also those without repositories and archived ones, with
        visibility and cleanup policy. Two requests answer for a hundred projects of a group.
      - V(protection_rules) adds to that the protection rules for repositories and tags, which costs two requests for
        each project and takes the role Maintainer.
      - V(tags_count) costs GitLab a call to its registry for each repository, and a registry that fails looks like
        no tags.
      - V(tags) lists the names of all tags.
      - V(tag_details) adds date, digest, size and media type. Where the registry has no metadata database that costs
        a request for each
        tag or for each 20, and several calls of GitLab to its registry for each tag.
      - V(size) costs a request for each repository. It is known only where the registry has a metadata database.
      - V(layers) reads what V(tag_details) reads, and the manifest of each image from the registry itself, those of
        multi-platform images and of their attestations too. Each costs a request, however many tags and
        repositories have it, and none if O(cache_path) knows it. So layers that images share count once
        (RV(repositories[].bytes)). If a manifest can't be read, a warning says so, and the bytes of its repository are
        told by another method.
      - V(policy_preview) predicts for each repository what the cleanup policy of its project deletes at its next run,
        with what is probably wrong with the policy, and the same in the options of
        M(containerops.gitlab.registry_cleanup). It reads the dates of the tags that the policy's patterns leave.
    type: list
    elements: str
    choices:
      - repositories
      - tags_count
      - tags
      - tag_details
      - size
      - layers
      - policy_preview
      - projects
      - protection_rules
    default:
      - repositories
  estimate:
    description:
      - Read no tags, and return under RV(estimate) how many requests what O(gather) asks for would take. The tags are
        counted for that, as V(tags_count) does.
    type: bool
    default: false
  tag_names:
    description:
      - Read only these tags, with their details, in every repository in scope.
    type: list
    elements: str
  output_path:
    description:
      - Write everything to this file as JSON Lines, each with its C(type). The first line is C(audit), with server,
        registry, clock, scope and kind of dates. A C(repository) is on each of the next lines with all its tags,
        written as soon as they are read, so that a task needs little memory however many there are. C(project) lines
        and one line C(total) come last.
    type: path
seealso:
  - module: containerops.gitlab.registry_cleanup
  - name: GitLab container registry API
    description: The endpoints that are read.
    link: https://docs.gitlab.com/api/container_registry/
"""

EXAMPLES = r"""
- name: List the repositories of a group
  containerops.gitlab.registry_info:
    group: team
  register: registry

- name: Write all tags of two projects with dates and sizes to a file
  containerops.gitlab.registry_info:
    project:
      - team/app
      - team/tools
    gather:
      - tag_details
      - size
    output_path: "{{ playbook_dir }}/registry.jsonl"

- name: See how many requests all dates of a group take before they are read
  containerops.gitlab.registry_info:
    group: team
    gather:
      - tag_details
    estimate: true

- name: See what the cleanup policies of a group's projects would delete
  containerops.gitlab.registry_info:
    group: team
    gather:
      - policy_preview

- name: See who may use which registry, and all cleanup policies, on the whole instance
  containerops.gitlab.registry_info:
    instance: true
    gather:
      - projects
    output_path: "{{ playbook_dir }}/projects.jsonl"

- name: See all settings of the registries of a group
  containerops.gitlab.registry_info:
    group: team
    gather:
      - projects
      - protection_rules

- name: Read everything from a registry without metadata database, and remember it for the next time
  containerops.gitlab.registry_info:
    group: team
    gather:
      - tag_details
    read_via: registry
    cache_path: "{{ playbook_dir }}/images.db"

- name: Look at one tag of one repository
  containerops.gitlab.registry_info:
    repository_id:
      - "{{ registry.repositories[0].id }}"
    tag_names:
      - latest
"""

RETURN = r"""
result:
  description:
    - V(ok), V(partial) when something could not be read, V(failed) when nothing could.
  returned: always
  type: str
  sample: ok
repositories:
  description: The repositories by path, at most O(return_limit) of them.
  returned: when the scope could be read
  type: list
  elements: dict
  contains:
    id:
      description: Id of the repository.
      type: int
      returned: success
      sample: 7
    path:
      description: Path of the repository.
      type: str
      returned: success
      sample: team/app/web
    name:
      description: What follows the project's path; empty for the repository of the project itself.
      type: str
      returned: success
      sample: web
    project:
      description:
        - Path of its project as GitLab writes it, or in lower case if the project can't be read, as with a CI/CD job
          token. It is the same in every row and file of a task. Ids of projects are the same in all of them.
      type: str
      returned: success
      sample: team/app
    project_id:
      description: Id of its project.
      type: int
      returned: success
      sample: 3
    location:
      description: Where images are pulled from.
      type: str
      returned: success
      sample: registry.example.com/team/app/web
    status:
      description: Null, or V(delete_failed).
      type: str
      returned: success
      sample: null
    created_at:
      description: When the repository was created.
      type: str
      returned: success
      sample: "2026-01-31T12:00:00.000Z"
    cleanup_policy_started_at:
      description: When GitLab's own cleanup policy last started on it, null when it never did.
      type: str
      returned: success
      sample: null
    listing:
      description:
        - V(complete), V(empty), which a broken registry looks like too, V(capped) when GitLab may have cut it off at
          10,000 tags,
          V(unread), or V(none) when no tags were asked for.
      type: str
      returned: success
      sample: complete
    date_source:
      description:
        - What the dates of the tags are, V(published) for the last push that changed the image, V(built) for the build
          of the image, by its config or by its annotation C(org.opencontainers.image.created), V(unknown) when it can't
          be told, V(none) when no details were asked for. Files that
          M(containerops.gitlab.registry_cleanup) writes may also have V(created).
      type: str
      returned: success
      sample: published
    tags_count:
      description: Number of tags, null when not asked for.
      type: int
      returned: success
      sample: 12
    size:
      description: Bytes, null when not asked for or not known.
      type: int
      returned: success
      sample: 104857600
    bytes: &bytes
      description:
        - Bytes of all images, null if not known. RV(repositories[].bytes_method) says where the number comes from.
        - Repositories share storage, so the sum of several exceeds what they take together. Only with layers
          (O(gather=layers)) each layer counts once in a project and in all together.
      type: int
      returned: success
      sample: 104857600
    bytes_method: &bytes_method
      description:
        - V(gitlab) is GitLab's number of O(gather=size), which counts each layer of tagged images once. V(layers)
          counts each manifest, config and layer once (O(gather=layers)). V(estimated) adds the sizes of the images,
          each image once, so that layers that images share count more than once. V(unknown) if there is no number.
        - Of several repositories it is the least exact method of all of them.
      type: str
      returned: success
      sample: gitlab
    oldest_tag_at: &oldest_tag_at
      description: The oldest known date of a tag, null if none is known.
      type: str
      returned: success
      sample: "2025-01-31T12:00:00Z"
    newest_tag_at: &newest_tag_at
      description:
        - The newest known date of a tag, null if none is known. If dates are V(published), this is the last push.
      type: str
      returned: success
      sample: "2026-01-31T12:00:00Z"
    tags_by_age: &tags_by_age
      description:
        - Number of tags in each age bucket. Buckets do not overlap, so each tag counts once. V(7d) is at most 7 days,
          V(30d) more than 7 and at most 30 days, and so on. V(older) is more than 365 days. V(unknown) are tags whose
          date is not known.
        - All are null if no dates were read.
      type: dict
      returned: success
      sample: {"7d": 2, "30d": 3, "90d": 5, "365d": 1, "older": 1, "unknown": 0}
    bytes_by_age: &bytes_by_age
      description:
        - Bytes of images by age, which is that of their newest tag. Each image counts once, and layers that images
          share count more than once. Null where the size of an image is not known.
      type: dict
      returned: success
      sample: {"7d": 31457280, "30d": 31457280, "90d": 52428800, "365d": null, "older": 10485760, "unknown": 0}
    delete: &delete
      description: Null. A file of M(containerops.gitlab.registry_cleanup) has the number of tags that its plan deletes.
      type: int
      returned: success
      sample: null
    keep: &keep
      description: Null. A file of M(containerops.gitlab.registry_cleanup) has the number of tags that its plan keeps.
      type: int
      returned: success
      sample: null
    freed_least: &freed_least
      description: Null. A file of M(containerops.gitlab.registry_cleanup) has the least bytes that its plan frees.
      type: int
      returned: success
      sample: null
    freed_most: &freed_most
      description: Null. A file of M(containerops.gitlab.registry_cleanup) has the most bytes that its plan frees.
      type: int
      returned: success
      sample: null
    tags:
      description: The tags by name, at most O(return_limit) of them; null when not asked for or not readable.
      type: list
      elements: dict
      returned: success
      contains:
        name:
          description: Name of the tag.
          type: str
          returned: success
          sample: v1.4.2
        date:
          description: The date that can be trusted as the tag's age, null when there is none.
          type: str
          returned: success
          sample: "2026-01-31T12:00:00Z"
        digest:
          description: Digest of the image, null when not known.
          type: str
          returned: success
          sample: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
        size:
          description:
            - Bytes of the image, which are those of its manifest, its config and its layers. A multi-platform
              image has those of all its images, without attestations.
            - Null when not known. GitLab returns none for a multi-platform image, and none without a metadata
              database; the registry itself tells all.
          type: int
          returned: success
          sample: 31457280
        media_type:
          description: Media type of the manifest, null when not known.
          type: str
          returned: success
          sample: application/vnd.oci.image.index.v1+json
        created_at:
          description: What GitLab calls so, the first push of the name or the build of the image.
          type: str
          returned: success
          sample: "2026-01-30T12:00:00Z"
        published_at:
          description:
            - The last push that changed the image, null when not known. To push the same image again changes nothing.
          type: str
          returned: success
          sample: "2026-01-31T12:00:00Z"
        protected:
          description: Whether a GitLab tag protection rule covers it, null when that can't be read.
          type: bool
          returned: success
          sample: false
        config_digest:
          description: Digest of the image's configuration, which Docker calls the image's id; null when not known.
          type: str
          returned: success
          sample: sha256:7d865e959b2466918c9863afca942d0fb89d7c9ac0c99bafc3749504ded97730
        children:
          description: Digests of the images and attestations that a multi-platform image holds, as far as they
            were read.
          type: list
          elements: str
          returned: success
          sample: []
        error:
          description: Why its details are not known, null when nothing failed.
          type: str
          returned: success
          sample: null
    policy_preview:
      description:
        - What the cleanup policy of the project deletes here at its next run, under GitLab's default settings; null
          when not asked for, or when the project has no policy.
      type: dict
      returned: success
      contains:
        enabled:
          description: Whether the policy is enabled. One that is not is previewed all the same.
          type: bool
          returned: success
          sample: true
        at:
          description:
            - The time of the run that is predicted, for a disabled policy the time of the server; null when the server
              tells none.
          type: str
          returned: success
          sample: "2026-02-01T00:00:00Z"
        certainty:
          description:
            - V(exact), V(upper_bound) if chance or a rule that can't be read decides about some of the tags, or
              V(unknown) if a date that GitLab uses, or the time, can't be seen.
          type: str
          returned: success
          sample: exact
        doubts:
          description: Why it is not exact, one sentence each.
          type: list
          elements: str
          returned: success
          sample: []
        message:
          description: GitLab's error message if its cleanup fails and deletes nothing, else null.
          type: str
          returned: success
          sample: null
        delete_least:
          description: The least number of tags that are deleted.
          type: int
          returned: success
          sample: 3
        delete_most:
          description: The greatest number of tags that are deleted.
          type: int
          returned: success
          sample: 3
        delete:
          description: The tags that are or may be deleted, by name, at most O(return_limit) of them.
          type: list
          elements: dict
          returned: success
          contains:
            name:
              description: Name of the tag.
              type: str
              returned: success
              sample: dev-41
            reason:
              description:
                - V(matched), V(expired), or why it only may be deleted, V(sampled), V(tied), V(near_cutoff),
                  V(unseen_date), V(unseen_protection), V(unseen_registry) or V(unseen_age).
              type: str
              returned: success
              sample: expired
            certain:
              description: Whether it is surely deleted.
              type: bool
              returned: success
              sample: true
        reasons:
          description: Number of tags by reason, also of those that are kept.
          type: dict
          returned: success
          sample: {"expired": 3, "keep_n": 5, "latest": 1}
        lint:
          description: What is probably not meant by the policy, one sentence each.
          type: list
          elements: str
          returned: success
          sample: []
        options:
          description:
            - The options of M(containerops.gitlab.registry_cleanup) that come closest to the policy and never delete
              more; null for a policy that never deletes anything.
          type: dict
          returned: success
          sample: {"name_regex_delete": "dev-.*", "keep_n": 5, "older_than": "30d"}
        differences:
          description: The tags that policy and options treat in different ways, at most O(return_limit) of them.
          type: list
          elements: dict
          returned: success
          contains:
            name:
              description: Name of the tag.
              type: str
              returned: success
              sample: dev-7
            policy:
              description: What the policy does, V(deleted), V(possible) or V(kept).
              type: str
              returned: success
              sample: deleted
            policy_reason:
              description: The policy's reason.
              type: str
              returned: success
              sample: expired
            options:
              description: What the options do, V(deleted) or V(kept).
              type: str
              returned: success
              sample: kept
            options_reason:
              description: Their reason, as in M(containerops.gitlab.registry_cleanup).
              type: str
              returned: success
              sample: keep_n
        differences_count:
          description: Number of such tags.
          type: int
          returned: success
          sample: 1
        truncated:
          description: Whether one of the lists is shorter than what it stands for.
          type: bool
          returned: success
          sample: false
    tags_truncated:
      description: Whether RV(repositories[].tags) is shorter than what was read.
      type: bool
      returned: success
      sample: false
    missing_tags:
      description: Names of O(tag_names) that the repository does not list.
      type: list
      elements: str
      returned: success
      sample: []
    error:
      description: Why it could not be read, null when it was.
      type: str
      returned: success
      sample: null
projects:
  description: The projects by path with their sums, at most O(return_limit) of them. Those without repositories are
    there with O(gather) V(projects) alone.
  returned: when the scope could be read
  type: list
  elements: dict
  contains:
    id:
      description: Id of the project.
      type: int
      returned: success
      sample: 3
    path:
      description: Path of the project, spelled as in RV(repositories[].project).
      type: str
      returned: success
      sample: Team/app
    namespace:
      description: Path of its group or user.
      type: str
      returned: success
      sample: Team
    topics:
      description: Its topics, null if the project was not read.
      type: list
      elements: str
      returned: success
      sample: [backend]
    visibility:
      description: Who sees the project, V(public), V(internal) or V(private). Null if it was not read.
      type: str
      returned: success
      sample: private
    exposed_to:
      description:
        - Who can pull its images, by visibility and access level together. V(anyone), V(signed_in) for every user of
          this GitLab, V(members) of the project, V(nobody) if the registry is disabled, or V(unknown).
      type: str
      returned: success
      sample: members
    policy_state:
      description: Whether its cleanup policy is V(enabled) or V(disabled), V(none) if it has none, or V(unknown).
      type: str
      returned: success
      sample: enabled
    policy_next_run_at:
      description: When its policy runs next, null unless it is enabled.
      type: str
      returned: success
      sample: "2026-06-08T12:00:00Z"
    policy_lint:
      description:
        - What of the policy is probably not meant, whatever tags there are, one sentence each. Null if the project was
          not read, or if google-re2 is missing.
      type: list
      elements: str
      returned: success
      sample: []
    archived:
      description: Whether it is archived, null if the project was not read.
      type: bool
      returned: success
      sample: false
    access_level:
      description: Visibility of its registry, V(enabled), V(private) or V(disabled). Null if the project was not read,
        or not shown by GitLab.
      type: str
      returned: success
      sample: private
    cleanup_policy:
      description: Its cleanup policy in the options of M(containerops.gitlab.registry_cleanup_policy), and its next
        run. Null when there is none, or it is not shown by GitLab.
      type: dict
      returned: success
      sample: {"enabled": true, "cadence": "7d", "keep_n": 10, "older_than": "30d", "name_regex_delete": "dev-.*",
        "name_regex_keep": null, "next_run_at": "2026-06-08T12:00:00Z"}
    repository_protection:
      description: Its protection rules for repositories in the options of
        M(containerops.gitlab.registry_repository_protection). Null when not asked for, unknown, or nothing that this
        GitLab has.
      type: list
      elements: dict
      returned: success
      sample: [{"repository_path_pattern": "team/app*", "minimum_access_level_for_push": null,
        "minimum_access_level_for_delete": "owner"}]
    tag_protection:
      description: Its protection rules for tags in the options of M(containerops.gitlab.registry_tag_protection),
        without immutable ones, which GitLab does not show here. Null as above.
      type: list
      elements: dict
      returned: success
      sample: [{"tag_name_pattern": "^v[0-9]", "minimum_access_level_for_push": "maintainer",
        "minimum_access_level_for_delete": "owner"}]
    repositories:
      description: Number of repositories in scope, null when not asked for, or if the registry is disabled.
      type: int
      returned: success
      sample: 2
    repositories_unread:
      description: Number of repositories that could not be read. Sums over them are null.
      type: int
      returned: success
      sample: 0
    tags:
      description: Number of tags, null when not asked for or not readable.
      type: int
      returned: success
      sample: 30
    size:
      description: Bytes by O(gather=size), null when not asked for or not known.
      type: int
      returned: success
      sample: 209715200
    bytes: *bytes
    bytes_method: *bytes_method
    oldest_tag_at: *oldest_tag_at
    newest_tag_at: *newest_tag_at
    tags_by_age: *tags_by_age
    bytes_by_age: *bytes_by_age
    delete: *delete
    keep: *keep
    freed_least: *freed_least
    freed_most: *freed_most
totals:
  description: The sums over all projects.
  returned: when the scope could be read
  type: dict
  contains:
    projects:
      description: Number of projects, as in RV(projects).
      type: int
      returned: success
      sample: 2
    repositories:
      description: Number of repositories, null when not asked for.
      type: int
      returned: success
      sample: 4
    repositories_unread:
      description: Number of repositories that could not be read.
      type: int
      returned: success
      sample: 0
    tags:
      description: Number of tags, null when not asked for or not readable.
      type: int
      returned: success
      sample: 60
    size:
      description: Bytes by O(gather=size), null when not asked for or not known.
      type: int
      returned: success
      sample: 419430400
    bytes: *bytes
    bytes_method: *bytes_method
    oldest_tag_at: *oldest_tag_at
    newest_tag_at: *newest_tag_at
    tags_by_age: *tags_by_age
    bytes_by_age: *bytes_by_age
    delete: *delete
    keep: *keep
    freed_least: *freed_least
    freed_most: *freed_most
truncated:
  description: Whether one of the lists of repositories and projects is shorter than what was read.
  returned: when the scope could be read
  type: bool
  sample: false
being_deleted:
  description: Repositories in scope that GitLab is deleting already and that are left out.
  returned: when the scope could be read
  type: list
  elements: str
  sample: []
registry_disabled:
  description: Projects of the group or instance whose container registry is disabled and that are left out.
  returned: when the scope could be read
  type: list
  elements: str
  sample: []
errors:
  description: What could not be read.
  returned: when the scope could be read
  type: list
  elements: dict
  contains:
    repository:
      description: Path of the repository, null where it is about a project.
      type: str
      returned: success
      sample: team/app
    project:
      description: The project, null where it is about a repository.
      type: str
      returned: success
      sample: null
    kind:
      description: What kind of failure it is, such as V(forbidden), V(not_found), V(rate_limited), V(unavailable) or
        V(incomplete).
      type: str
      returned: success
      sample: unavailable
    status:
      description: HTTP status, null when there was no answer.
      type: int
      returned: success
      sample: 503
    method:
      description: HTTP method.
      type: str
      returned: success
      sample: GET
    path:
      description: Path of the request.
      type: str
      returned: success
      sample: /api/v4/projects/3/registry/repositories/7/tags
    message:
      description: What the server or the connection said.
      type: str
      returned: success
      sample: We are having trouble connecting to the Container Registry.
    request_id:
      description: GitLab's id of the request, for its administrators.
      type: str
      returned: success
      sample: 01HXYZ
error:
  description: The request that failed the task.
  returned: when the scope could not be read because a request failed
  type: dict
  sample: {"kind": "not_found", "message": "404 Group Not Found", "method": "GET", "path":
    "/api/v4/groups/team/projects", "request_id": "", "status": 404}
output_path:
  description: Where everything is.
  returned: when O(output_path) is given and the scope could be read
  type: str
  sample: /tmp/registry.jsonl
estimate:
  description: What reading the tags would take on top of RV(requests). O(tag_names) is not taken into account.
  returned: when O(estimate) is true
  type: dict
  contains:
    read_via:
      description: How tags would be read, V(graphql), V(rest) or V(registry).
      type: str
      returned: success
      sample: graphql
    requests:
      description: Requests to GitLab.
      type: int
      returned: success
      sample: 41
    registry_requests:
      description: Requests to the registry itself, if all images are of one platform and none is in O(cache_path).
      type: int
      returned: success
      sample: 0
    tags:
      description: Number of tags.
      type: int
      returned: success
      sample: 10000
    repositories_uncounted:
      description: Number of repositories whose tags could not be counted.
      type: int
      returned: success
      sample: 0
requests:
  description: Number of requests sent.
  returned: when the scope could be read
  type: int
  sample: 2
"""

from ..module_utils._core.files import check_files, write_lines
from ..module_utils._info.observation import observe
from ..module_utils._info.request import request_of
from ..module_utils._info.rows import RowSummary, errors_of, file_lines, repository_rows, result_of, warnings_of
from ..module_utils._module.options import CONNECTION, READING, RESULT, SCOPE_OR_INSTANCE, ArgumentSpec, Gather, OnError
from ..module_utils._module.registry import connect_with_registry
from ..module_utils._module.run import exit_on_error, finish_reading, new_module, require
from ..module_utils._registry.image_cache import image_cache

ARGUMENTS = (
    CONNECTION.merged(READING)
    .merged(SCOPE_OR_INSTANCE)
    .merged(
        ArgumentSpec(
            {
                "gather": {
                    "type": "list",
                    "elements": "str",
                    "choices": [each.value for each in Gather],
                    "default": [Gather.REPOSITORIES.value],
                },
                "estimate": {"type": "bool", "default": False},
                "tag_names": {"type": "list", "elements": "str"},
                "output_path": {"type": "path"},
                **RESULT.options,
            }
        )
    )
)


def main() -> None:
    module = new_module(ARGUMENTS, "requests")
    params = module.params
    if Gather.POLICY_PREVIEW.value in params["gather"]:
        require(module, "google-re2")
    with exit_on_error(module):
        connection = connect_with_registry(module)
        request = request_of(params, server=connection.url, job_token=connection.is_job_token)
        check_files(params, "output_path")
        summary = RowSummary(params["return_limit"])
        with image_cache(params["cache_path"], module.warn) as images:
            state = observe(connection, request, images)
            if params["output_path"]:
                write_lines(params["output_path"], file_lines(state, request, summary, connection.url), "output_path")
            else:
                for repository in repository_rows(state, request):
                    summary.add(repository)
        for warning in warnings_of(state, summary):
            module.warn(warning)
        finish_reading(
            module,
            connection,
            result_of(state, summary, params["output_path"]),
            errors_of(state, summary),
            tolerate=OnError(params["on_error"]) is OnError.REPORT,
        )


if __name__ == "__main__":
    main()
