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
  - Lists the container repositories of projects, of a whole group or of the instance. O(gather) adds their tags, dates,
    digests and sizes.
  - Anything that could not be read is reported in RV(errors). It is never shown as empty.
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
  - google-re2 (Python library), only for O(gather=policy_preview)
notes:
  - Exactly one of O(project), O(group), O(repository_id) and O(instance) is required.
  - With O(instance), one request lists 100 projects. Repositories cost at least one more request for each top-level
    group, and for each project of a user.
  - A task that takes longer than 20 seconds shows its progress on stderr every 30 seconds. It does so if it runs on the
    control node without C(become), C(async) and C(no_log). The variable C(registry_progress_interval) sets another
    interval in seconds. V(0) shows no progress.
options:
  gather:
    description:
      - What to read.
      - V(repositories) lists the repositories. They are always listed, unless O(gather) contains only V(projects) or
        V(protection_rules).
      - V(projects) lists all projects of the scope with visibility and cleanup policy. Archived projects, and projects
        without repositories, are included. Two requests read 100 projects of a group.
      - V(protection_rules) lists the projects, and adds the protection rules for repositories and tags. It costs two
        requests for each project and needs the role Maintainer.
      - V(tags_count) counts the tags. For each repository GitLab sends a request to its registry. If the registry
        fails, the result is the same as without tags.
      - V(tags) lists the names of all tags.
      - V(tag_details) adds date, digest, size and media type. Without a metadata database this costs one request for
        each tag or for 20 tags. For each tag, GitLab then sends several requests to its registry.
      - V(size) is the size of each repository. It costs one request for each repository. It is known only if the
        registry has a metadata database.
      - V(layers) counts layers that images share only once (RV(repositories[].bytes)). It reads the details of
        V(tag_details), and the manifest of each image from the registry itself. This includes multi-platform images and
        their attestations.
      - Each manifest costs one request, even if several tags and repositories have it. Manifests in O(cache_path) cost
        no request. If a manifest can't be read, there is a warning. The bytes of its repository are then found by
        another method.
      - V(policy_preview) predicts for each repository which tags the cleanup policy of its project deletes at its next
        run. It also shows probable mistakes in the policy, and the same policy as options of
        M(containerops.gitlab.registry_cleanup).
      - V(policy_preview) reads the dates of the tags that the patterns of the policy select.
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
      - Return in RV(estimate) how many requests O(gather) would cost, and read no tags. The tags are counted for this,
        as with O(gather=tags_count).
    type: bool
    default: false
  tag_names:
    description:
      - Read only the tags with these names, with their details, in every repository in scope.
    type: list
    elements: str
  output_path:
    description:
      - Write the complete result to this file as JSON Lines. Each line has a C(type).
      - The first line has the type C(audit), with server, registry, clock, scope and the meaning of the dates.
      - Each of the next lines has the type C(repository), with all tags of a repository. It is written as soon as the
        repository was read, so the task needs little memory.
      - At the end there is one line of the type C(project) for each project, and one of the type C(total).
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
    - V(ok) if everything was read, V(partial) if something could not be read, V(failed) if nothing could be read.
  returned: always
  type: str
  sample: ok
repositories:
  description: The repositories, sorted by path, at most O(return_limit) entries.
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
      description: The part of the path after the project's path. Empty for the repository of the project itself.
      type: str
      returned: success
      sample: web
    project:
      description:
        - Path of its project as GitLab writes it. It is in lower case if the project can't be read, as with a CI/CD job
          token. All rows and files of a task have the same spelling.
      type: str
      returned: success
      sample: team/app
    project_id:
      description: Id of its project.
      type: int
      returned: success
      sample: 3
    location:
      description: Address from which images are pulled.
      type: str
      returned: success
      sample: registry.example.com/team/app/web
    status:
      description: V(delete_failed) if GitLab failed to delete the repository. Otherwise null.
      type: str
      returned: success
      sample: null
    created_at:
      description: When the repository was created.
      type: str
      returned: success
      sample: "2026-01-31T12:00:00.000Z"
    cleanup_policy_started_at:
      description: When GitLab's own cleanup policy last started in this repository. Null if it never did.
      type: str
      returned: success
      sample: null
    listing:
      description:
        - How completely the tags were listed. V(complete), V(unread) if they could not be read, or V(none) if O(gather)
          asks for no tags.
        - V(empty) if no tags are listed. A broken registry looks the same.
        - V(capped) if GitLab may have cut off the list at 10,000 tags.
      type: str
      returned: success
      sample: complete
    date_source:
      description:
        - What the dates of the tags mean.
        - V(published) is the last push that changed the image. V(built) is the build of the image, from its config or
          its annotation C(org.opencontainers.image.created).
        - V(unknown) if the meaning of the dates is unknown. V(none) if O(gather) asks for no details. Files of
          M(containerops.gitlab.registry_cleanup) may also have V(created).
      type: str
      returned: success
      sample: published
    tags_count:
      description: Number of tags. Null if O(gather) does not ask for it.
      type: int
      returned: success
      sample: 12
    size:
      description: Size in bytes, by O(gather=size). Null if O(gather) does not ask for it, or if it is unknown.
      type: int
      returned: success
      sample: 104857600
    bytes: &bytes
      description:
        - Size of all images in bytes. Null if it is unknown. RV(repositories[].bytes_method) says how it was found.
        - Repositories share storage, so the sum of several repositories is larger than the storage that they use
          together. Only with O(gather=layers), shared layers are counted once, both for a project and in total.
      type: int
      returned: success
      sample: 104857600
    bytes_method: &bytes_method
      description:
        - How the number of bytes was found.
        - V(gitlab) is GitLab's number (O(gather=size)). It counts each layer of tagged images once.
        - V(layers) counts each manifest, config and layer once (O(gather=layers)).
        - V(estimated) is the sum of the sizes of the images. Each image is counted once, but layers that images share
          are counted several times.
        - V(unknown) if there is no number.
        - For several repositories, it is the least exact method of all of them.
      type: str
      returned: success
      sample: gitlab
    oldest_tag_at: &oldest_tag_at
      description: The oldest known date of a tag. Null if no date is known.
      type: str
      returned: success
      sample: "2025-01-31T12:00:00Z"
    newest_tag_at: &newest_tag_at
      description:
        - The newest known date of a tag. Null if no date is known. If the dates are V(published), this is the last
          push.
      type: str
      returned: success
      sample: "2026-01-31T12:00:00Z"
    tags_by_age: &tags_by_age
      description:
        - Number of tags by age. V(7d) is at most 7 days, V(30d) is more than 7 and at most 30 days, and so on.
        - V(older) is more than 365 days.
        - V(unknown) is the number of tags without a known date.
        - The ranges do not overlap, so each tag is counted once. All numbers are null if no dates were read.
      type: dict
      returned: success
      sample: {"7d": 2, "30d": 3, "90d": 5, "365d": 1, "older": 1, "unknown": 0}
    bytes_by_age: &bytes_by_age
      description:
        - Size of images in bytes by age, in the ranges of RV(repositories[].tags_by_age). The age of an image is that
          of its newest tag.
        - Each image is counted once, but layers that images share are counted several times. A number is null if the
          size of one of its images is unknown.
      type: dict
      returned: success
      sample: {"7d": 31457280, "30d": 31457280, "90d": 52428800, "365d": null, "older": 10485760, "unknown": 0}
    delete: &delete
      description: Always null here. In a file of M(containerops.gitlab.registry_cleanup), it is the number of tags that
        the plan deletes.
      type: int
      returned: success
      sample: null
    keep: &keep
      description: Always null here. In a file of M(containerops.gitlab.registry_cleanup), it is the number of tags that
        the plan keeps.
      type: int
      returned: success
      sample: null
    freed_least: &freed_least
      description: Always null here. In a file of M(containerops.gitlab.registry_cleanup), it is the minimum number of
        bytes that the plan frees.
      type: int
      returned: success
      sample: null
    freed_most: &freed_most
      description: Always null here. In a file of M(containerops.gitlab.registry_cleanup), it is the maximum number of
        bytes that the plan frees.
      type: int
      returned: success
      sample: null
    tags:
      description: The tags, sorted by name, at most O(return_limit) entries. Null if O(gather) does not ask for them,
        or if they could not be read.
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
          description: The date that gives the tag's age. Null if there is no date that can be trusted.
          type: str
          returned: success
          sample: "2026-01-31T12:00:00Z"
        digest:
          description: Digest of the image. Null if it is unknown.
          type: str
          returned: success
          sample: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
        size:
          description:
            - Size of the image in bytes, with its manifest, config and layers. For a multi-platform image, it is the
              sum of all its images, without attestations.
            - Null if it is unknown. GitLab returns no size for a multi-platform image, nor without a metadata database.
              The registry itself always returns it.
          type: int
          returned: success
          sample: 31457280
        media_type:
          description: Media type of the manifest. Null if it is unknown.
          type: str
          returned: success
          sample: application/vnd.oci.image.index.v1+json
        created_at:
          description: GitLab's date C(created_at). It is the first push of the name, or the build of the image.
          type: str
          returned: success
          sample: "2026-01-30T12:00:00Z"
        published_at:
          description:
            - The last push that changed the image. Null if it is unknown. Pushing the same image again does not change
              it.
          type: str
          returned: success
          sample: "2026-01-31T12:00:00Z"
        protected:
          description: Whether one of GitLab's tag protection rules covers the tag. Null if the rules can't be read.
          type: bool
          returned: success
          sample: false
        config_digest:
          description: Digest of the image's config, which Docker calls the image id. Null if it is unknown.
          type: str
          returned: success
          sample: sha256:7d865e959b2466918c9863afca942d0fb89d7c9ac0c99bafc3749504ded97730
        children:
          description: Digests of the images and attestations of a multi-platform image, if they were read.
          type: list
          elements: str
          returned: success
          sample: []
        error:
          description: Why the details of the tag are unknown. Null if nothing failed.
          type: str
          returned: success
          sample: null
    policy_preview:
      description:
        - Tags of this repository that the cleanup policy of the project deletes at its next run, with GitLab's default
          settings. Null if O(gather) does not ask for it, or if the project has no policy.
      type: dict
      returned: success
      contains:
        enabled:
          description: Whether the policy is enabled. A disabled policy is previewed as well.
          type: bool
          returned: success
          sample: true
        at:
          description:
            - Time of the predicted run. For a disabled policy, it is the current time of the server. Null if the server
              sends no time.
          type: str
          returned: success
          sample: "2026-02-01T00:00:00Z"
        certainty:
          description:
            - How reliable the prediction is. V(exact), or V(upper_bound) if chance, or a rule that can't be read,
              decides about some of the tags.
            - V(unknown) if the time, or a date that GitLab uses, can't be seen.
          type: str
          returned: success
          sample: exact
        doubts:
          description: Why the certainty is not V(exact), as a list of sentences.
          type: list
          elements: str
          returned: success
          sample: []
        message:
          description: GitLab's error message if its cleanup would fail and delete nothing. Otherwise null.
          type: str
          returned: success
          sample: null
        delete_least:
          description: Minimum number of tags that are deleted.
          type: int
          returned: success
          sample: 3
        delete_most:
          description: Maximum number of tags that are deleted.
          type: int
          returned: success
          sample: 3
        delete:
          description: The tags that are deleted or may be deleted, sorted by name, at most O(return_limit) entries.
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
                - V(matched) or V(expired) if the tag is deleted.
                - >-
                  If it may be deleted, the reason is V(sampled), V(tied), V(near_cutoff), V(unseen_date),
                  V(unseen_protection), V(unseen_registry) or V(unseen_age).
              type: str
              returned: success
              sample: expired
            certain:
              description: Whether it is certain that the tag is deleted.
              type: bool
              returned: success
              sample: true
        reasons:
          description: Number of tags by reason, including the tags that are kept.
          type: dict
          returned: success
          sample: {"expired": 3, "keep_n": 5, "latest": 1}
        lint:
          description: Probable mistakes in the policy, as a list of sentences.
          type: list
          elements: str
          returned: success
          sample: []
        options:
          description:
            - The options of M(containerops.gitlab.registry_cleanup) that are closest to the policy and never delete
              more. Null for a policy that never deletes anything.
          type: dict
          returned: success
          sample: {"name_regex_delete": "dev-.*", "keep_n": 5, "older_than": "30d"}
        differences:
          description: The tags that the policy and these options treat differently, at most O(return_limit) entries.
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
              description: What the policy does with the tag. V(deleted), V(kept), or V(possible) if it may delete it.
              type: str
              returned: success
              sample: deleted
            policy_reason:
              description: Reason of the policy.
              type: str
              returned: success
              sample: expired
            options:
              description: What the options do with the tag. V(deleted) or V(kept).
              type: str
              returned: success
              sample: kept
            options_reason:
              description: Reason of the options, as in M(containerops.gitlab.registry_cleanup).
              type: str
              returned: success
              sample: keep_n
        differences_count:
          description: Number of all tags that the policy and these options treat differently.
          type: int
          returned: success
          sample: 1
        truncated:
          description: Whether one of the lists was cut to O(return_limit) entries.
          type: bool
          returned: success
          sample: false
    tags_truncated:
      description: Whether RV(repositories[].tags) was cut to O(return_limit) entries.
      type: bool
      returned: success
      sample: false
    missing_tags:
      description: Names of O(tag_names) that the repository does not contain.
      type: list
      elements: str
      returned: success
      sample: []
    error:
      description: Why the repository could not be read. Null if it was read.
      type: str
      returned: success
      sample: null
projects:
  description: The projects with the sums of their repositories, sorted by path, at most O(return_limit) entries.
    Projects without repositories are listed only with O(gather=projects).
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
      description: Topics of the project. Null if the project was not read.
      type: list
      elements: str
      returned: success
      sample: [backend]
    visibility:
      description: Visibility of the project. V(public), V(internal) or V(private). Null if the project was not read.
      type: str
      returned: success
      sample: private
    exposed_to:
      description:
        - Who can pull the project's images. It follows from the visibility of the project and the access level of its
          registry.
        - V(anyone), V(signed_in) for every user of this GitLab, or V(members) for the members of the project.
        - V(nobody) if the registry is disabled, or V(unknown).
      type: str
      returned: success
      sample: members
    policy_state:
      description: State of the project's cleanup policy. V(enabled), V(disabled), V(none) if there is no policy, or
        V(unknown).
      type: str
      returned: success
      sample: enabled
    policy_next_run_at:
      description: Time of the next run of the policy. Null unless it is enabled.
      type: str
      returned: success
      sample: "2026-06-08T12:00:00Z"
    policy_lint:
      description:
        - Probable mistakes in the policy, as a list of sentences. They do not depend on the existing tags. Null if the
          project was not read, or if google-re2 is missing.
      type: list
      elements: str
      returned: success
      sample: []
    archived:
      description: Whether the project is archived. Null if the project was not read.
      type: bool
      returned: success
      sample: false
    access_level:
      description: Access level of the project's registry. V(enabled), V(private) or V(disabled). Null if the project
        was not read, or if GitLab does not show it.
      type: str
      returned: success
      sample: private
    cleanup_policy:
      description: The project's cleanup policy, as options of M(containerops.gitlab.registry_cleanup_policy), and its
        next run. Null if there is no policy, or if GitLab does not show it.
      type: dict
      returned: success
      sample: {"enabled": true, "cadence": "7d", "keep_n": 10, "older_than": "30d", "name_regex_delete": "dev-.*",
        "name_regex_keep": null, "next_run_at": "2026-06-08T12:00:00Z"}
    repository_protection:
      description: The project's protection rules for repositories, as options of
        M(containerops.gitlab.registry_repository_protection). Null if O(gather) does not ask for them, if they are
        unknown, or if this GitLab version has no such rules.
      type: list
      elements: dict
      returned: success
      sample: [{"repository_path_pattern": "team/app*", "minimum_access_level_for_push": null,
        "minimum_access_level_for_delete": "owner"}]
    tag_protection:
      description:
        - The project's protection rules for tags, as options of M(containerops.gitlab.registry_tag_protection). Rules
          for immutable tags are missing, since GitLab does not show them here.
        - Null if O(gather) does not ask for them, if they are unknown, or if this GitLab version has no such rules.
      type: list
      elements: dict
      returned: success
      sample: [{"tag_name_pattern": "^v[0-9]", "minimum_access_level_for_push": "maintainer",
        "minimum_access_level_for_delete": "owner"}]
    repositories:
      description: Number of repositories in scope. Null if O(gather) does not ask for it, or if the registry is
        disabled.
      type: int
      returned: success
      sample: 2
    repositories_unread:
      description: Number of repositories that could not be read. If it is not zero, the sums are null.
      type: int
      returned: success
      sample: 0
    tags:
      description: Number of tags. Null if O(gather) does not ask for it, or if it could not be read.
      type: int
      returned: success
      sample: 30
    size:
      description: Size in bytes, by O(gather=size). Null if O(gather) does not ask for it, or if it is unknown.
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
      description: Number of repositories. Null if O(gather) does not ask for it.
      type: int
      returned: success
      sample: 4
    repositories_unread:
      description: Number of repositories that could not be read.
      type: int
      returned: success
      sample: 0
    tags:
      description: Number of tags. Null if O(gather) does not ask for it, or if it could not be read.
      type: int
      returned: success
      sample: 60
    size:
      description: Size in bytes, by O(gather=size). Null if O(gather) does not ask for it, or if it is unknown.
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
  description: Whether RV(repositories) or RV(projects) was cut to O(return_limit) entries.
  returned: when the scope could be read
  type: bool
  sample: false
being_deleted:
  description: Repositories in scope that GitLab is already deleting. They are left out.
  returned: when the scope could be read
  type: list
  elements: str
  sample: []
registry_disabled:
  description: Projects of the group or instance whose container registry is disabled. They are left out.
  returned: when the scope could be read
  type: list
  elements: str
  sample: []
errors:
  description: Requests that failed, so that something could not be read.
  returned: when the scope could be read
  type: list
  elements: dict
  contains:
    repository:
      description: Path of the repository. Null if the error is about a project.
      type: str
      returned: success
      sample: team/app
    project:
      description: Path or id of the project. Null if the error is about a repository.
      type: str
      returned: success
      sample: null
    kind:
      description: Kind of the failure, such as V(forbidden), V(not_found), V(rate_limited), V(unavailable) or
        V(incomplete).
      type: str
      returned: success
      sample: unavailable
    status:
      description: HTTP status. Null if there was no answer.
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
      description: Error message of the server or of the connection.
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
  description: Path of the file with the complete result.
  returned: when O(output_path) is given and the scope could be read
  type: str
  sample: /tmp/registry.jsonl
estimate:
  description: Estimated cost of reading the tags, in addition to RV(requests). O(tag_names) is ignored.
  returned: when O(estimate) is true
  type: dict
  contains:
    read_via:
      description: How tags would be read, V(graphql), V(rest) or V(registry).
      type: str
      returned: success
      sample: graphql
    requests:
      description: Number of requests to GitLab.
      type: int
      returned: success
      sample: 41
    registry_requests:
      description: Number of requests to the registry itself, if there are no multi-platform images and O(cache_path) is
        empty.
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
