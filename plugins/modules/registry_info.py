#!/usr/bin/python
# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_info
short_description: List GitLab container registry repositories and tags
version_added: 0.1.0
author:
  - containerops.gitlab contributors (@containerops)
description:
  - Lists the container repositories of projects, of a whole group or of the instance in one task, and on request their
    tags, dates, digests and sizes.
  - What could not be read is told under RV(errors) and never shown as empty.
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
notes:
  - Exactly one of O(project), O(group), O(repository_id) and O(instance) is required. With O(instance) a request lists
    a hundred projects. Repositories take at least one more for each top-level group, and for each project of a user.
options:
  gather:
    description:
      - What to read. V(repositories) are always listed, unless V(projects) or V(protection_rules) are all that is
        asked for.
      - V(projects) returns all projects of the scope, also those without repositories and archived ones, with
        visibility and cleanup policy. A request answers for a hundred projects of a group.
      - V(protection_rules) adds to that the protection rules for repositories and tags, which costs two requests for
        each project and takes the role Maintainer.
      - V(tags_count) costs GitLab a call to its registry for each repository, and a registry that fails looks like
        no tags.
      - V(tags) lists the names of all tags.
      - V(tag_details) adds date, digest, size and media type. Where the registry has no metadata database that costs
        a request for each
        tag or for each 20, and several calls of GitLab to its registry for each tag.
      - V(size) costs a request for each repository. It is known only where the registry has a metadata database.
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
      - Write everything to this file as JSON Lines, each with its C(type). A V(repository) is on each line with all its
        tags, written as soon as they are read, so that a task needs little memory however many there are. V(project)
        lines come last.
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
    cache_path: "{{ playbook_dir }}/images.jsonl"

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
      description: Path of its project, in lower case.
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
        - What the dates of the tags are, V(published) for the last push, V(built) for the build of the image,
          V(unknown) when it can't be
          told, V(none) when no details were asked for.
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
          description: Bytes, null when not known.
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
          description: The last push, null when not known.
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
          description: Digests of the images and attestations that an image for several platforms holds, as far as they
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
          description: The time of the run that is predicted, for a disabled policy the time of the server.
          type: str
          returned: success
          sample: "2026-02-01T00:00:00Z"
        certainty:
          description:
            - V(exact), V(upper_bound) where chance or a rule that can't be read decides about some of the tags, or
              V(unknown) where a date that GitLab goes by can't be seen.
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
          description: GitLab's own words when its cleanup fails and deletes nothing, else null.
          type: str
          returned: success
          sample: null
        delete_least:
          description: Number of tags that go at least.
          type: int
          returned: success
          sample: 3
        delete_most:
          description: Number of tags that go at most.
          type: int
          returned: success
          sample: 3
        delete:
          description: The tags that go or may go by name, at most O(return_limit) of them.
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
                - V(matched), V(expired), or why it only may go, V(sampled), V(tied), V(near_cutoff), V(unseen_date),
                  V(unseen_protection) or V(unseen_registry).
              type: str
              returned: success
              sample: expired
            certain:
              description: Whether it surely goes.
              type: bool
              returned: success
              sample: true
        reasons:
          description: Number of tags by reason, those that stay included.
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
      description: Path of the project, in lower case.
      type: str
      returned: success
      sample: team/app
    archived:
      description: Whether it is archived, null when not asked for.
      type: bool
      returned: success
      sample: false
    access_level:
      description: Visibility of its registry, V(enabled), V(private) or V(disabled). Null when not asked for or not
        shown by GitLab.
      type: str
      returned: success
      sample: private
    cleanup_policy:
      description: Its cleanup policy in the options of M(containerops.gitlab.registry_cleanup_policy), and its next
        run. Null when there is none, it is not shown by GitLab, or not asked for.
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
      description: Number of repositories, null when not asked for.
      type: int
      returned: success
      sample: 2
    tags:
      description: Number of tags, null when not asked for or not readable.
      type: int
      returned: success
      sample: 30
    size:
      description: Bytes, null when not asked for or not known.
      type: int
      returned: success
      sample: 209715200
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
      description: Bytes, null when not asked for or not known.
      type: int
      returned: success
      sample: 419430400
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

import itertools
import json
import typing as t
from collections import deque
from dataclasses import dataclass, field, replace

from ..module_utils._cleanup.estimate import check_reading, estimate_reading
from ..module_utils._core.errors import ErrorKind, RequestError, UsageError
from ..module_utils._core.files import check_writable, write_lines
from ..module_utils._core.models import (
    DELETE,
    PATTERN,
    PUSH,
    REPOSITORY,
    TAG,
    TAG_NAME,
    Mode,
    Project,
    Repository,
    ServerPolicy,
    Tag,
    format_time,
)
from ..module_utils._core.oci import Image
from ..module_utils._gitlab.endpoints import get_repository, project_repositories
from ..module_utils._gitlab.scope import ProjectScope, Scope, Selection, check_scope, select, select_projects
from ..module_utils._module.options import CONNECTION, READING, RESULT, SCOPE_OR_INSTANCE, ArgumentSpec, scope
from ..module_utils._module.run import Connection, connect, failing, finish_reading, new_module
from ..module_utils._policy.preview import PolicyPreview, cut, preview_policy, read_for_policies
from ..module_utils._registry.image_cache import remembered
from ..module_utils._rules.retention import judged_date
from ..module_utils._settings.plan import policy_values
from ..module_utils._settings.projects import Rules, read_rules
from ..module_utils._tags.capabilities import Server, Sources, TagListing, detect
from ..module_utils._tags.reader import TagQuery, read_in_turn, read_tags

ARGUMENTS = (
    CONNECTION.merged(READING)
    .merged(SCOPE_OR_INSTANCE)
    .merged(
        ArgumentSpec(
            {
                "gather": {
                    "type": "list",
                    "elements": "str",
                    "choices": [
                        *("repositories", "tags_count", "tags", "tag_details", "size", "policy_preview"),
                        *("projects", "protection_rules"),
                    ],
                    "default": ["repositories"],
                },
                "estimate": {"type": "bool", "default": False},
                "tag_names": {"type": "list", "elements": "str"},
                "output_path": {"type": "path"},
                **RESULT.options,
            }
        )
    )
)


OF_PROJECTS = frozenset({"projects", "protection_rules"})
# The sums where no repositories were listed.
UNLISTED = {"repositories": None, "tags": None, "size": None}


@dataclass(frozen=True)
class Wish:
    """What the options ask for, checked. tag_names: None is all of them. only_estimate: read no tags."""

    scope: Scope
    gather: frozenset[str]
    tag_names: frozenset[str] | None
    only_estimate: bool = False

    @property
    def details(self) -> bool:
        return "tag_details" in self.gather or self.tag_names is not None

    @property
    def tags(self) -> bool:
        return self.details or "tags" in self.gather

    @property
    def previews(self) -> bool:
        return "policy_preview" in self.gather

    @property
    def projects(self) -> bool:
        return bool(self.gather & OF_PROJECTS)

    @property
    def repositories(self) -> bool:
        return bool(self.gather - OF_PROJECTS) or self.tag_names is not None or bool(self.scope.repository_ids)


@dataclass(frozen=True)
class Inventory:
    """All projects of the scope by path. rules: theirs by id and kind, where this GitLab has the kind.

    unread: by name, what of them could not be read. warnings: what there is to say about them.
    """

    projects: tuple[Project, ...]
    rules: t.Mapping[int, t.Mapping[str, Rules]] = field(default_factory=dict)
    unread: tuple[tuple[str, RequestError], ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class State:
    """What was read before the tags, and those as they are read.

    readings: of each repository in turn, None where not asked for. previews, errors: by repository id. date_source: of
    all dates. missing_dates_reason: what could not be seen of them. inventory: where projects were asked for. listed:
    repositories were. estimate: where it was asked for, and the way.
    """

    selection: Selection
    repositories: tuple[Repository, ...]
    readings: t.Iterable[TagListing | None]
    previews: t.Mapping[int, PolicyPreview]
    errors: t.Mapping[int, RequestError]
    date_source: str
    missing_dates_reason: str | None = None
    inventory: Inventory | None = None
    listed: bool = True
    estimate: dict[str, t.Any] | None = None

    @property
    def unread_projects(self) -> tuple[tuple[str, RequestError], ...]:
        return self.inventory.unread if self.inventory else ()


@dataclass
class Account:
    """What is kept of the rows: those to return, cut to the limit, what sums are made of, and errors with the paths."""

    limit: int
    returned: list[dict[str, t.Any]] = field(default_factory=list)
    counted: list[dict[str, t.Any]] = field(default_factory=list)
    errors: list[tuple[str, RequestError]] = field(default_factory=list)


def wish_of(params: t.Mapping[str, t.Any], job_token: bool) -> Wish:
    """The checked wish; raises UsageError before anything is sent."""
    if params["return_limit"] < 0:
        raise UsageError(f"return_limit is {params['return_limit']}: it can't be negative.")
    names = params["tag_names"]
    for name in names or ():
        if not TAG_NAME.fullmatch(name):
            raise UsageError(f"tag_names holds {name!r}, which is not the name of a tag.")
    if "policy_preview" in params["gather"] and params["read_via"] == "registry":
        raise UsageError(
            "gather policy_preview does not go with read_via registry: GitLab judges by what it sees itself, and of "
            "images for several platforms that is less."
        )
    for wanted in ("size", "policy_preview", "projects", "protection_rules"):
        if wanted in params["gather"] and job_token:
            raise UsageError(
                f"gather {wanted} can't be had with a CI/CD job token: give a project access token in api_token."
            )
    if "policy_preview" in params["gather"] and names is not None:
        raise UsageError("gather policy_preview needs all tags of a repository: leave out tag_names.")
    if params["output_path"]:
        check_writable(params["output_path"], "output_path")
    gather = frozenset(params["gather"])
    wish = Wish(scope(params), gather, frozenset(names) if names is not None else None, params["estimate"])
    if wish.only_estimate and (wish.previews or not wish.tags):
        raise UsageError("estimate is about reading tags: give gather tags or tag_details, and no policy_preview.")
    return wish


def observe(connection: Connection, wish: Wish, via: str, images: dict[str, Image]) -> State:
    """All reads, and only those that were asked for. via: how tags are read. images: known from before, by digest."""
    if not wish.repositories:
        inventory = take_inventory(connection, wish, None)
        return State(Selection((), {}), (), (), {}, {}, "none", inventory=inventory, listed=False)
    selection = select(connection.client, wish.scope, job_token=connection.is_job_token)
    state = _observe_repositories(connection, wish, selection, via, images)
    return replace(state, inventory=take_inventory(connection, wish, selection)) if wish.projects else state


def take_inventory(connection: Connection, wish: Wish, selection: Selection | None) -> Inventory:
    """The projects of the scope with their settings. selection: what was read of them already."""
    found = Inventory(tuple(selection.projects.values())) if selection else _find_projects(connection, wish.scope)
    return _with_rules(connection, found) if "protection_rules" in wish.gather else found


def _find_projects(connection: Connection, scope: Scope) -> Inventory:
    groups = (scope.group,) if scope.group is not None else ()
    found = select_projects(connection.client, ProjectScope(scope.projects, groups, instance=scope.instance))
    unread = tuple(found.unread.items())
    return Inventory((*found.found, *found.archived), unread=unread, warnings=found.warnings)


def _with_rules(connection: Connection, found: Inventory) -> Inventory:
    """The inventory with all protection rules; a kind that this GitLab does not have is only warned of."""
    rules: dict[int, dict[str, Rules]] = {project.id: {} for project in found.projects}
    warnings, unread = list(found.warnings), list(found.unread)
    for kind in (REPOSITORY, TAG):
        try:
            read, _endpoint = read_rules(connection.client, found.projects, dict.fromkeys(rules, (kind,)))
        except RequestError as error:
            if error.kind != ErrorKind.TOO_OLD:
                raise
            warnings.append(str(error))
            continue
        for project in found.projects:
            answer = rules[project.id][kind] = read[project.id][kind]
            if isinstance(answer, RequestError):
                unread.append((project.path, answer))
    return replace(found, rules=rules, unread=tuple(unread), warnings=tuple(warnings))


def _observe_repositories(
    connection: Connection, wish: Wish, selection: Selection, via: str, images: dict[str, Image]
) -> State:
    client = connection.client
    repositories = list(selection.repositories)
    errors: dict[int, RequestError] = {}
    counted = "tags_count" in wish.gather and not wish.tags
    if "size" in wish.gather:
        repositories, errors = _asked_singly(connection, repositories, size=True, tags_count=counted)
    elif counted:
        repositories, errors = _counted(connection, repositories, wish)
    readings: t.Iterable[TagListing | None] = itertools.repeat(None)
    previews: dict[int, PolicyPreview] = {}
    source, missing_dates_reason = "none", None
    if wish.tags or wish.previews:
        names = wish.tag_names
        need = TagQuery(wish.details, whole=names is None)
        if names is not None:
            need = replace(need, wanted=lambda listing: names.intersection(listing.names))
        known = replace(need, details=True) if wish.previews else need
        sources = Sources(
            use_graphql=not connection.is_job_token and (known.details or via == "graphql"),
            via=via,
            registry=None if wish.previews else connection.registry,
            images=images,
        )
        server = detect(client, repositories, sources, details=known.details)
        most = client.settings.max_requests
        # Of single tags it can't be told before their repositories are listed.
        if wish.only_estimate or (most and wish.tags and names is None):
            repositories, uncounted = _counted(connection, repositories, wish)
            estimate = estimate_reading(server, [each.tags_count for each in repositories], need)
            if wish.only_estimate:
                told = {"read_via": server.way, **estimate.as_result()}
                failed = {**errors, **uncounted}
                return State(selection, tuple(repositories), readings, {}, failed, "none", estimate=told)
            check_reading(estimate, client.requests_sent, most)
        if wish.previews:
            policies = {number: project.policy for number, project in selection.projects.items() if project.policy}
            found = _read_for_previews(server, repositories, policies, need, wish)
            readings = [found.get(repository.id) for repository in repositories]
            previews = _previewed(server, found.values(), policies)
        else:
            readings = read_in_turn(server, repositories, need)
        meanings = {Mode.DATABASE: "published", Mode.NO_DATABASE: "built", Mode.UNKNOWN: "unknown"}
        source = meanings[server.mode] if wish.details else "none"
        missing_dates_reason = server.missing_dates_reason
    return State(selection, tuple(repositories), readings, previews, errors, source, missing_dates_reason)


def _read_for_previews(
    server: Server,
    repositories: list[Repository],
    policies: t.Mapping[int, ServerPolicy],
    need: TagQuery,
    wish: Wish,
) -> dict[int, TagListing]:
    """By repository id what was asked for, with what previews need where its project has a policy."""
    if wish.details:
        found = read_tags(server, repositories, need)
    else:
        others = [each for each in repositories if each.project_id not in policies] if wish.tags else []
        found = read_tags(server, others, need) + read_for_policies(server, repositories, policies)
    return {reading.repository.id: reading for reading in found}


def _previewed(
    server: Server, readings: t.Iterable[TagListing], policies: t.Mapping[int, ServerPolicy]
) -> dict[int, PolicyPreview]:
    """The previews by repository id; one that could not be read has none."""
    return {
        reading.repository.id: preview_policy(
            server, reading, policies[reading.repository.project_id], server.client.clock
        )
        for reading in readings
        if reading.repository.project_id in policies and not reading.error
    }


def _counted(
    connection: Connection, repositories: list[Repository], wish: Wish
) -> tuple[list[Repository], dict[int, RequestError]]:
    """The repositories with their numbers of tags, and the errors of those that could not be asked.

    A project's listing counts all its repositories at once, and fails for all of them when one fails.
    """
    if wish.scope.repository_ids:
        return _asked_singly(connection, repositories, tags_count=True)
    by_project: dict[int, list[Repository]] = {}
    for repository in repositories:
        by_project.setdefault(repository.project_id, []).append(repository)

    def count(project: int) -> dict[int, int | None]:
        found = project_repositories(connection.client, project, tags_count=True)
        return {repository.id: repository.tags_count for repository in found}

    counts: dict[int, int | None] = {}
    errors: dict[int, RequestError] = {}
    for project, answer in zip(by_project, connection.client.try_all(count, list(by_project))):
        if not isinstance(answer, RequestError):
            counts.update(answer)
        elif connection.is_job_token:
            errors.update((repository.id, answer) for repository in by_project[project])
        else:
            singly, failed = _asked_singly(connection, by_project[project], tags_count=True)
            counts.update((repository.id, repository.tags_count) for repository in singly)
            errors.update(failed)
    return [replace(repository, tags_count=counts.get(repository.id)) for repository in repositories], errors


def _asked_singly(
    connection: Connection, repositories: list[Repository], *, size: bool = False, tags_count: bool = False
) -> tuple[list[Repository], dict[int, RequestError]]:
    """The repositories with what each was asked for, and the errors of those that could not be asked."""

    def ask(repository: Repository) -> Repository:
        return get_repository(connection.client, repository.id, size=size, tags_count=tags_count)

    found: list[Repository] = []
    errors: dict[int, RequestError] = {}
    for repository, answer in zip(repositories, connection.client.try_all(ask, repositories)):
        if isinstance(answer, RequestError):
            errors[repository.id] = answer
            found.append(repository)
        else:
            found.append(replace(repository, size=answer.size, tags_count=answer.tags_count))
    return found, errors


def repository_row(
    repository: Repository, reading: TagListing | None, error: RequestError | None, state: State, wish: Wish
) -> dict[str, t.Any]:
    """A repository as it is returned and written, with all its tags. error: the one to tell of."""
    row: dict[str, t.Any] = {
        "id": repository.id,
        "path": repository.path,
        "name": repository.name,
        "project": repository.project_path,
        "project_id": repository.project_id,
        "location": repository.location,
        "status": repository.status,
        "created_at": repository.created_at,
        "cleanup_policy_started_at": repository.cleanup_policy_started_at,
        "listing": reading.listing if reading else "none",
        "date_source": state.date_source,
        "tags_count": repository.tags_count,
        "size": repository.size,
        "tags": None,
        "policy_preview": state.previews[repository.id].as_result() if repository.id in state.previews else None,
        "tags_truncated": False,
        "missing_tags": [],
        "error": str(error) if error else None,
    }
    if reading and not reading.error:
        names = wish.tag_names
        if wish.tags:
            shown = (tag for tag in reading.tags if names is None or tag.name in names)
            row["tags"] = [tag_row(tag, state.date_source) for tag in shown]
        row["missing_tags"] = sorted((names or frozenset()) - set(reading.names))
        row["tags_count"] = len(reading.tags)
    return row


def tag_row(tag: Tag, source: str) -> dict[str, t.Any]:
    """A tag as it is returned and written: every key always there."""
    return {
        "name": tag.name,
        "date": format_time(judged_date(tag, source, None)),
        "digest": tag.digest,
        "size": tag.size,
        "media_type": tag.media_type,
        "created_at": format_time(tag.created),
        "published_at": format_time(tag.published),
        "protected": tag.protected,
        "config_digest": tag.config_digest,
        "children": list(tag.children),
        "error": tag.error,
    }


def sums(rows: t.Sequence[t.Mapping[str, t.Any]]) -> dict[str, t.Any]:
    """Number of repositories and tags and bytes; null where one of them is not known."""
    return {
        "repositories": len(rows),
        "tags": _sum([row["tags_count"] for row in rows]),
        "size": _sum([row["size"] for row in rows]),
    }


def _sum(numbers: list[int | None]) -> int | None:
    return None if not numbers or None in numbers else sum(number for number in numbers if number is not None)


def result_of(state: State, account: Account, output_path: str | None) -> dict[str, t.Any]:
    """What is returned: every list cut to return_limit."""
    projects = project_rows(state, account)
    result = {
        "repositories": account.returned,
        "projects": projects[: account.limit],
        "totals": {
            "projects": len(projects),
            "repositories_unread": len(account.errors),
            **(sums(account.counted) if state.listed else UNLISTED),
        },
        "truncated": max(len(account.counted), len(projects)) > account.limit,
        "being_deleted": [repository.path for repository in state.selection.being_deleted],
        "registry_disabled": list(state.selection.registry_disabled),
        "errors": [
            *(_error_row(error, repository=path) for path, error in account.errors),
            *(_error_row(error, project=name) for name, error in state.unread_projects),
        ],
    }
    if state.estimate:
        result["estimate"] = state.estimate
    return {**result, "output_path": output_path} if output_path else result


def _error_row(error: RequestError, repository: str | None = None, project: str | None = None) -> dict[str, t.Any]:
    return {"repository": repository, "project": project, **error.as_result()}


def project_rows(state: State, account: Account) -> list[dict[str, t.Any]]:
    """The projects by path, with the sums over their repositories: those that were asked for, or have a repository."""
    by_project: dict[tuple[str, int], list[dict[str, t.Any]]] = {}
    known: dict[int, Project] = {}
    for project in state.inventory.projects if state.inventory else ():
        known[project.id] = project
        by_project[project.path.lower(), project.id] = []
    for row in account.counted:
        by_project.setdefault((row["project"], row["project_id"]), []).append(row)
    return [
        {
            "id": number,
            "path": path,
            **settings_row(known.get(number), state.inventory),
            **(sums(found) if state.listed else UNLISTED),
        }
        for (path, number), found in sorted(by_project.items())
    ]


def settings_row(project: Project | None, inventory: Inventory | None) -> dict[str, t.Any]:
    """A project's settings as they are returned; null where they were not asked for or are not known."""
    if project is None or inventory is None:
        return dict.fromkeys(("archived", "access_level", "cleanup_policy", "repository_protection", "tag_protection"))
    policy = project.policy
    rules = inventory.rules.get(project.id, {})
    return {
        "archived": project.archived,
        "access_level": project.access_level,
        "cleanup_policy": {**policy_values(policy), "next_run_at": policy.next_run_at} if policy else None,
        "repository_protection": _rules(rules.get(REPOSITORY), REPOSITORY),
        "tag_protection": _rules(rules.get(TAG), TAG),
    }


def _rules(rules: Rules | None, kind: str) -> list[dict[str, t.Any]] | None:
    if rules is None or isinstance(rules, RequestError):
        return None
    return [
        {
            PATTERN[kind]: rule.pattern,
            PUSH: rule.push,
            DELETE: rule.delete,
        }
        for rule in rules
    ]


def _cut(row: dict[str, t.Any], limit: int) -> dict[str, t.Any]:
    tags, preview = row["tags"], row["policy_preview"]
    if tags is not None and len(tags) > limit:
        row = {**row, "tags": tags[:limit], "tags_truncated": True}
    if preview is not None:
        row = {**row, "policy_preview": cut(preview, limit)}
    return row


def warnings_of(state: State) -> list[str]:
    """What there is to say about what was read."""
    found = [*state.selection.warnings, *(state.inventory.warnings if state.inventory else ())]
    return [*found, state.missing_dates_reason] if state.missing_dates_reason else found


def read_rows(state: State, wish: Wish, account: Account) -> t.Iterator[dict[str, t.Any]]:
    """The rows of the repositories, each as soon as it is read; the account is complete after the last one."""
    for repository, reading in zip(state.repositories, state.readings):
        error = reading.error if reading and reading.error else state.errors.get(repository.id)
        row = repository_row(repository, reading, error, state, wish)
        if error:
            account.errors.append((repository.path, error))
        if len(account.returned) < account.limit:
            account.returned.append(_cut(row, account.limit))
        account.counted.append({key: row[key] for key in ("project", "project_id", "tags_count", "size")})
        yield row


def file_lines(state: State, wish: Wish, account: Account) -> t.Iterator[str]:
    """The file: repositories, and then projects where they were asked for."""
    for row in read_rows(state, wish, account):
        yield json.dumps({"type": "repository", **row}) + "\n"
    for row in project_rows(state, account) if state.inventory else ():
        yield json.dumps({"type": "project", **row}) + "\n"


def main() -> None:
    module = new_module(ARGUMENTS, "requests")
    params = module.params
    with failing(module):
        connection = connect(module)
        wish = wish_of(params, connection.is_job_token)
        check_scope(wish.scope, connection.is_job_token)
        with remembered(params["cache_path"]) as images:
            state = observe(connection, wish, params["read_via"], images)
            account = Account(params["return_limit"])
            if params["output_path"]:
                write_lines(params["output_path"], file_lines(state, wish, account), "output_path")
            else:
                deque(read_rows(state, wish, account), maxlen=0)
        for warning in warnings_of(state):
            module.warn(warning)
        finish_reading(
            module,
            connection,
            result_of(state, account, params["output_path"]),
            [error for _name, error in (*account.errors, *state.unread_projects)],
            tolerate=params["on_error"] == "report",
        )


if __name__ == "__main__":
    main()
