#!/usr/bin/python
# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_tag
short_description: Create, promote, restore and delete tags of a GitLab container repository
version_added: 1.0.0
author:
  - containerops.gitlab contributors (@containerops)
description:
  - Adds tags to an image, in its own repository or in another repository of the same registry. The image is not pulled.
    Multi-platform images are copied with all their images.
  - Restores a deleted tag from the digest of its image, until the registry's garbage collection has removed the image.
    With a metadata database, this happens about a day after the deletion. Otherwise an administrator starts it.
  - Deletes tags by name. Other tags of the same image are kept.
requirements:
  - google-re2 (Python library)
extends_documentation_fragment:
  - containerops.gitlab._connection
  - containerops.gitlab._registry
  - containerops.gitlab._deletion
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
  repository:
    description:
      - Path of the repository, such as V(group/project/name). It is the path of the project and the name of the
        repository in it.
      - Exactly one of O(repository) and O(repository_id) is required.
      - With O(state=present), a repository that does not exist is created. Its project has to exist.
    type: str
  repository_id:
    description:
      - Id of the repository, such as V(7).
    type: int
  name:
    description:
      - Names of the tags, such as V(stable).
    type: list
    elements: str
    required: true
  state:
    description:
      - V(present) makes the tags point to the image of O(source). V(absent) deletes the tags.
    type: str
    choices:
      - present
      - absent
    default: present
  source:
    description:
      - The image for O(state=present), by a tag or by a digest, such as V(v1.4.2) or V(sha256:...). It is required
        there.
    type: str
  source_repository:
    description:
      - Path of the repository that contains O(source), in the same registry. By default it is the repository of the
        tags.
    type: str
  copy_referrers:
    description:
      - Whether to copy the signatures, attestations and SBOMs of the image as well.
      - The module finds those in tags of O(source_repository) that are named after the image's digest, such as
        C(sha256-<digest>.sig). Cosign stores them in this way.
    type: bool
    default: false
  force:
    description:
      - Whether a tag that already points to another image may be overwritten. Without it, the task is refused.
      - With O(state=absent), whether a tag may be deleted although a tag that is kept points to the same image.
        GitLab's own registry keeps the other tag. Any other registry may delete both tags, so the task is refused
        without O(force).
    type: bool
    default: false
  digest:
    description:
      - Delete the tag only if it points to this image, such as V(sha256:...). Otherwise the task is refused.
      - O(state=absent) is required with it, and O(name) with a single name.
    type: str
  require_digest:
    description:
      - Whether to refuse to delete a tag whose digest can't be read. Such a tag can't be compared right before it is
        deleted.
    type: bool
    default: true
seealso:
  - module: containerops.gitlab.registry_cleanup
"""

EXAMPLES = r"""
- name: Promote a build to production, with its signatures
  containerops.gitlab.registry_tag:
    repository: team/app/production
    name:
      - v1.0.0
      - stable
    source_repository: team/app
    source: v1.0.0
    copy_referrers: true

- name: Give the same image another name
  containerops.gitlab.registry_tag:
    repository: team/app
    name: stable
    source: v1.0.0
  register: stable

- name: Delete it again, if nobody moved it meanwhile
  containerops.gitlab.registry_tag:
    repository: team/app
    name: stable
    state: absent
    digest: "{{ stable.tags[0].after }}"

- name: Restore it
  containerops.gitlab.registry_tag:
    repository: team/app
    name: stable
    source: "{{ stable.tags[0].after }}"
"""

RETURN = r"""
result:
  description:
    - V(ok) if the tags are as requested. In check mode, V(ok) if nothing that can be read prevents this.
    - V(partial) if something could not be done. V(refused) if it may not be done.
    - V(failed) if nothing could be read.
  returned: always
  type: str
  sample: ok
repository:
  description: Path of the repository.
  returned: when the tags could be read
  type: str
  sample: team/app
tags:
  description:
    - The tags. Those that O(copy_referrers) adds come first. For the same server state, it is the same in check mode
      and in a run.
  returned: when the tags could be read
  type: list
  elements: dict
  contains:
    name:
      description: Name of the tag.
      type: str
      returned: success
      sample: stable
    before:
      description: Current digest of the tag. Null if the tag does not exist or its digest can't be read.
      type: str
      returned: success
      sample: null
    after:
      description: Wanted digest of the tag. Null if the tag is to be deleted.
      type: str
      returned: success
      sample: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    action:
      description: What is done with the tag. V(create), V(overwrite), V(delete), or V(none) if it is already as wanted.
      type: str
      returned: success
      sample: create
    referrer:
      description: Whether O(copy_referrers) added the tag.
      type: bool
      returned: success
      sample: false
outcome:
  description: What happened to the tags that were to change.
  returned: when something was changed
  type: list
  elements: dict
  contains:
    name:
      description: Name of the tag.
      type: str
      returned: success
      sample: stable
    outcome:
      description:
        - V(written), V(not_written) or V(not_tried).
        - V(changed_since) if the tag changed right before. V(unverified) if the registry accepted the tag and could not
          be asked afterwards.
        - With O(state=absent), the values are those of RV(containerops.gitlab.registry_cleanup#module:outcome.counts),
          such as V(deleted), V(already_gone) or V(not_deleted).
      type: str
      returned: success
      sample: written
    message:
      description: Details of what happened. Empty if there are none.
      type: str
      returned: success
      sample: ""
error:
  description: The request that failed the task.
  returned: when nothing could be read because a request failed
  type: dict
  sample: {"kind": "not_found", "message": "404 Project Not Found", "method": "GET", "path":
    "/api/v4/projects/team%2Fapp", "request_id": "", "status": 404}
requests:
  description: Number of requests sent.
  returned: when the tags could be read
  type: int
  sample: 6
"""

import typing as t

from ..module_utils._deletion.deletion import delete
from ..module_utils._deletion.host import RegistryHost
from ..module_utils._deletion.journal import Record, null_journal
from ..module_utils._deletion.verification import empty_listing_warning
from ..module_utils._deletion.ways import deletion_way
from ..module_utils._gitlab.tokens import why_not_writing
from ..module_utils._module.intent import Applied, Intent
from ..module_utils._module.options import CONNECTION, REGISTRY, ArgumentSpec
from ..module_utils._module.registry import RegistryConnection, connect_with_registry
from ..module_utils._module.run import exit_on_error, finish, new_module
from ..module_utils._registry.promotion import write_tags
from ..module_utils._tagging.observation import observe_promotion, observe_removal
from ..module_utils._tagging.planning import plan_promotion, plan_removal, removal_intent
from ..module_utils._tagging.request import DesiredState, PromotionRequest, RemovalRequest, request_of
from ..module_utils._tagging.results import applied_promotion, applied_removal, promotion_result, removal_result

ARGUMENTS = CONNECTION.merged(REGISTRY).merged(
    ArgumentSpec(
        {
            "repository": {"type": "str"},
            "repository_id": {"type": "int"},
            "name": {"type": "list", "elements": "str", "required": True},
            "state": {
                "type": "str",
                "choices": [each.value for each in DesiredState],
                "default": DesiredState.PRESENT.value,
            },
            "source": {"type": "str"},
            "source_repository": {"type": "str"},
            "copy_referrers": {"type": "bool", "default": False},
            "force": {"type": "bool", "default": False},
            "digest": {"type": "str"},
            "require_digest": {"type": "bool", "default": True},
            "delete_via": {"type": "str", "choices": ["auto", "graphql", "rest", "registry"], "default": "auto"},
        },
        mutually_exclusive=(("repository", "repository_id"),),
        required_one_of=(("repository", "repository_id"),),
        required_if=(("state", "present", ("source",)),),
    )
)


class Change(t.NamedTuple):
    """What would change, and what module_utils/_module/run.finish has to know of it."""

    intent: Intent
    result: dict[str, t.Any]
    apply: t.Callable[[], Applied]
    so_far: t.Callable[[str], Applied] | None = None
    foresee: t.Callable[[], str] = str


def promotion(connection: RegistryConnection, request: PromotionRequest) -> Change:
    """What has the tags be an image."""
    registry, state = observe_promotion(connection, request)

    def apply() -> Applied:
        written = write_tags(registry, state.source, state.target, state.changes)
        return applied_promotion(state.target, written)

    return Change(intent=plan_promotion(state, request), result=promotion_result(state), apply=apply)


def removal(connection: RegistryConnection, request: RemovalRequest, warn: t.Callable[[str], None]) -> Change:
    """What has the tags be absent."""
    reader, state = observe_removal(connection, request)
    if state.is_unproven:
        warn(empty_listing_warning(state.path))
    plan, record = plan_removal(state, request), Record()

    def apply() -> Applied:
        if reader is None:
            return Applied([])
        host = RegistryHost(deletes_by_name=state.deletes_by_name)
        way = deletion_way(reader, state.delete_method)
        return applied_removal(delete(reader, plan, way, host, record.added_to(null_journal)))

    def so_far(reason: str) -> Applied:
        return applied_removal(record.result(plan, reason))

    def foresee() -> str:
        return "" if connection.is_job_token else why_not_writing(connection.client)

    return Change(
        intent=removal_intent(plan, state.path),
        result=removal_result(state, request),
        apply=apply,
        so_far=so_far,
        foresee=foresee,
    )


def main() -> None:
    module = new_module(ARGUMENTS, "requests", "google-re2")
    with exit_on_error(module):
        request = request_of(module.params)
        connection = connect_with_registry(module)
        if isinstance(request, PromotionRequest):
            change = promotion(connection, request)
        else:
            change = removal(connection, request, module.warn)
        finish(
            module,
            connection,
            change.intent,
            change.result,
            change.apply,
            so_far=change.so_far,
            foresee=change.foresee,
        )


if __name__ == "__main__":
    main()
