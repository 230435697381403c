#!/usr/bin/python
# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_tag
short_description: Name, promote, restore and delete tags of a GitLab container repository
version_added: 0.1.0
author:
  - containerops.gitlab contributors (@containerops)
description:
  - Gives an image of the registry more names, in its own repository or in another one of the same registry, without
    pulling it. Images for several platforms come with all that they hold.
  - Restores a deleted tag from the digest of its image, as long as garbage collection has not run. With a metadata
    database the registry collects by itself about a day after the deletion, else when its administrator has it do so.
  - Deletes tags by name. Other tags of the same image are kept.
extends_documentation_fragment:
  - containerops.gitlab._connection
  - containerops.gitlab._registry
  - containerops.gitlab._deletion
  - containerops.gitlab._attributes
  - containerops.gitlab._attributes.actiongroup_registry
attributes:
  check_mode:
    support: full
    details: Whether the credentials may push is told by a run alone, since asking for that makes a repository.
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  repository:
    description:
      - Path of the repository, the project's and the name of the repository in it.
      - Exactly one of O(repository) and O(repository_id) is required.
      - A repository that is not there yet is made by O(state=present), in a project that is.
    type: str
  repository_id:
    description:
      - Id of the repository.
    type: int
  name:
    description:
      - Names of the tags.
    type: list
    elements: str
    required: true
  state:
    description:
      - V(present) has the tags be the image that O(source) is, V(absent) deletes them.
    type: str
    choices:
      - present
      - absent
    default: present
  source:
    description:
      - The image, by a tag or by a digest such as V(sha256:...). Required for O(state=present).
    type: str
  source_repository:
    description:
      - Path of the repository that holds O(source), on the same registry. If not set, it is the repository itself.
    type: str
  copy_referrers:
    description:
      - Whether to copy what refers to the image too, that is its signatures, attestations and software bills of
        materials (SBOMs).
      - Found are those that O(source_repository) keeps in tags named after the image's digest, such as
        C(sha256-<digest>.sig), which is how cosign stores them.
    type: bool
    default: false
  force:
    description:
      - Whether a tag that is another image already may become this one. Otherwise the task is refused.
    type: bool
    default: false
  digest:
    description:
      - Delete the tag only if it points to this image, and refuse the task otherwise. It needs a single O(name) and
        O(state=absent).
    type: str
  require_digest:
    description:
      - Refuse to delete a tag whose digest can't be read, since it can't be compared right before it is deleted.
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
    - V(ok) when the tags are as they were meant to be; in check mode when nothing that can be read speaks against it.
    - V(partial) when something could not be done, V(refused) when it must not be done, V(failed) when nothing could be
      read.
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
    - The tags. Those that O(copy_referrers) adds come first. The same in check mode and in a run.
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
      description: Digest of the tag, null where it is not there or the digest can't be read.
      type: str
      returned: success
      sample: null
    after:
      description: Digest that it is meant to have, null where it is meant not to be there.
      type: str
      returned: success
      sample: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    action:
      description: V(create), V(overwrite), V(delete), or V(none) where it is as it is meant to be.
      type: str
      returned: success
      sample: create
    referrer:
      description: Whether O(copy_referrers) added it.
      type: bool
      returned: success
      sample: false
outcome:
  description: What became of the tags that were to change.
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
        - V(written), V(not_written), V(not_tried) or V(changed_since), when it had become another image right before.
        - For O(state=absent) as in M(containerops.gitlab.registry_cleanup), such as V(deleted), V(already_gone) or
          V(not_deleted).
      type: str
      returned: success
      sample: written
    message:
      description: Why, where that is not plain.
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
from dataclasses import dataclass, replace

from ..module_utils._cleanup.deletion import choose_way, delete
from ..module_utils._cleanup.report import applied_deletion
from ..module_utils._core.errors import UsageError
from ..module_utils._core.models import TAG_NAME, Repository, TagListing
from ..module_utils._core.oci import DIGEST
from ..module_utils._core.server import DeleteMethod, requested_method
from ..module_utils._gitlab.repositories import get_repository
from ..module_utils._gitlab.repository_lookup import find_place, repository_path
from ..module_utils._module.options import CONNECTION, REGISTRY, ArgumentSpec
from ..module_utils._module.run import Applied, Connection, Intent, connect, failing, finish, new_module
from ..module_utils._plan.plan import Plan, RepositoryPlan
from ..module_utils._registry.auth import Registry
from ..module_utils._registry.promotion import (
    TagWrite,
    TagWriteResult,
    plan_tag_writes,
    referrers_of,
    source_image,
    write,
)
from ..module_utils._rules.retention import Decision
from ..module_utils._tags.capabilities import Server, Sources, detect, registry_of
from ..module_utils._tags.reader import TagQuery, confirm_empty, read_tags, rules_are_hidden

ARGUMENTS = CONNECTION.merged(REGISTRY).merged(
    ArgumentSpec(
        {
            "repository": {"type": "str"},
            "repository_id": {"type": "int"},
            "name": {"type": "list", "elements": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
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


PROTECTED = "is under a tag protection rule of GitLab's"
HIDDEN_RULES = (
    "GitLab would let an administrator change protected tags, and its protection rules can't be read here (use a token "
    "that is no administrator's)"
)


@dataclass(frozen=True)
class Target:
    """The repository. location: its registry's host and a path. repository: None where it is not there yet."""

    path: str
    location: str
    repository: Repository | None


def check(params: t.Mapping[str, t.Any]) -> None:
    """Raises UsageError before anything is sent."""
    if not params["name"]:
        raise UsageError("name is empty: give the names of the tags.")
    for name in params["name"]:
        if not TAG_NAME.fullmatch(name):
            raise UsageError(f"name holds {name!r}, which is not the name of a tag.")
    absent = params["state"] == "absent"
    for option in ("source", "source_repository", "copy_referrers", "force") if absent else ("digest",):
        if params[option]:
            raise UsageError(f"{option} has no meaning with state {params['state']}: leave it out.")
    digest, source, origin = params["digest"], params["source"], params["source_repository"]
    if digest is not None and (not DIGEST.fullmatch(digest) or len(params["name"]) > 1):
        raise UsageError("digest has to be one digest such as sha256:... and needs a single name.")
    if source is not None and not TAG_NAME.fullmatch(source) and not DIGEST.fullmatch(source):
        raise UsageError(f"source {source!r} is neither the name of a tag nor a digest such as sha256:...")
    if origin is not None:
        repository_path(origin, "source_repository")


def find_target(connection: Connection, params: t.Mapping[str, t.Any]) -> Target:
    """The repository that is meant."""
    if params["repository_id"] is not None:
        found = get_repository(connection.client, params["repository_id"])
        return Target(found.path, found.location, found)
    place = find_place(connection.client, params["repository"], job_token=connection.is_job_token)
    return Target(place.path, place.location, place.repository)


@dataclass(frozen=True)
class Promotion:
    """What was observed for state present. source: path of the repository with the image.

    doomed: GitLab is deleting the target, and with it all that is named there. protected: tags that a rule of GitLab's
    covers. hidden_rules: such rules may exist unseen, and GitLab would let this caller past.
    """

    registry: Registry
    source: str
    target: str
    plan_tag_writes: tuple[TagWrite, ...]
    doomed: bool
    protected: frozenset[str] = frozenset()
    hidden_rules: bool = False

    @property
    def changes(self) -> list[TagWrite]:
        return [naming for naming in self.plan_tag_writes if naming.changes]


def observe_promotion(connection: Connection, params: t.Mapping[str, t.Any]) -> Promotion:
    """The image, what comes along, and what the names stand for now."""
    target = find_target(connection, params)
    registry = registry_of(connection.client, connection.registry, target.location)
    origin = params["source_repository"]
    source = repository_path(origin, "source_repository") if origin is not None else target.path
    image = source_image(registry, source, params["source"])
    along = referrers_of(registry, source, image) if params["copy_referrers"] and source != target.path else {}
    names = list(dict.fromkeys(params["name"]))
    doomed = target.repository is not None and target.repository.being_deleted
    found = tuple(plan_tag_writes(registry, target.path, names, image, along))
    promotion = Promotion(registry, source, target.path, found, doomed)
    overwritten = [naming.name for naming in found if naming.overwrites]
    if not (overwritten and params["force"] and target.repository):
        return promotion
    server, reading = look(connection, target.repository, overwritten)
    protected = frozenset(tag.name for tag in reading.tags if tag.protected and tag.name in overwritten)
    return replace(
        promotion,
        protected=protected,
        hidden_rules=rules_are_hidden(server, job_token=connection.is_job_token),
    )


def look(connection: Connection, repository: Repository, names: t.Collection[str]) -> tuple[Server, TagListing]:
    """The repository's tags, with what is known of those names. Raises RequestError where they can't be read."""
    wanted = frozenset(names)
    need = TagQuery(details=True, dates=False, wanted=lambda listing: wanted.intersection(listing.names))
    sources = Sources(use_graphql=not connection.is_job_token, registry=connection.registry)
    server = detect(connection.client, [repository], sources, details=need.details)
    reading = confirm_empty(server, read_tags(server, [repository], need)[0])
    if reading.error:
        raise reading.error
    return server, reading


def intent_of_promotion(promotion: Promotion, force: bool) -> Intent:
    """What would be written: pure."""
    refusals = [
        f"{promotion.target}:{naming.name} is {naming.before} already and would become {naming.after} (force allows it)"
        for naming in promotion.plan_tag_writes
        if naming.overwrites and not force
    ]
    refusals += [f"{promotion.target}:{name} {PROTECTED}" for name in sorted(promotion.protected)]
    if promotion.hidden_rules:
        refusals.append(HIDDEN_RULES)
    if promotion.doomed:
        refusals.append(f"GitLab is deleting repository {promotion.target} with all its tags")
    changes = promotion.changes
    differences = [_difference(promotion.target, naming.name, naming.before, naming.after) for naming in changes]
    return Intent(bool(changes) and not refusals, differences if not refusals else [], refusals)


def _difference(path: str, name: str, before: str | None, after: str | None) -> dict[str, str]:
    header = f"{path}:{name}"
    return {
        "before_header": header,
        "after_header": header,
        "before": f"{before}\n" if before else "",
        "after": f"{after}\n" if after else "",
    }


def promote(promotion: Promotion) -> Applied:
    """Write what is to change."""
    found = write(promotion.registry, promotion.source, promotion.target, promotion.changes)
    rows = [{"name": row.naming.name, "outcome": row.outcome, "message": row.message} for row in found]
    return Applied(rows, _shortfall(promotion.target, found))


def _shortfall(path: str, found: t.Sequence[TagWriteResult]) -> str:
    short = [row for row in found if row.outcome != "written"]
    if not short:
        return ""
    first = short[0]
    done = len(found) - len(short)
    return f"{done} of {len(found)} tags were written; {path}:{first.naming.name} was not: {first.message}"


def promotion_rows(promotion: Promotion) -> list[dict[str, t.Any]]:
    """The tags for the result."""
    return [
        {
            "name": naming.name,
            "before": naming.before,
            "after": naming.after,
            "action": "none" if not naming.changes else "overwrite" if naming.overwrites else "create",
            "referrer": naming.signature,
        }
        for naming in promotion.plan_tag_writes
    ]


@dataclass(frozen=True)
class Removal:
    """What was observed for state absent. reading: None where there is no such repository.

    hidden_rules: protection rules may exist unseen, and GitLab would let this caller past.
    """

    target: Target
    server: Server | None
    reading: TagListing | None
    via: DeleteMethod
    hidden_rules: bool = False


def observe_removal(connection: Connection, params: t.Mapping[str, t.Any]) -> Removal:
    """The repository's tags, and the digests of those that are to go."""
    target = find_target(connection, params)
    if target.repository is None:
        return Removal(target, None, None, DeleteMethod.REST)
    server, reading = look(connection, target.repository, params["name"])
    via = choose_way(server, requested_method(DeleteMethod, params["delete_via"]))
    there = bool(set(reading.names) & set(params["name"]))
    hidden = there and rules_are_hidden(server, job_token=connection.is_job_token)
    return Removal(target, server, reading, via, hidden)


def plan_of(removal: Removal, params: t.Mapping[str, t.Any]) -> Plan:
    """Which of the tags go: pure."""
    reading = removal.reading
    if reading is None:
        return Plan(())
    names, digest = set(params["name"]), params["digest"]
    decisions = tuple(
        Decision(tag, tag.name in names, "named" if tag.name in names else "not_named") for tag in reading.tags
    )
    refusals = [HIDDEN_RULES] if removal.hidden_rules else []
    missing = names - set(reading.names)
    if reading.tags and missing and not reading.complete:
        path, listed = removal.target.path, len(reading.tags)
        refusals.append(f"only {listed} tags of {path} are listed, so that others may be there")
    for tag in (decision.tag for decision in decisions if decision.delete):
        if tag.protected:
            refusals.append(f"{removal.target.path}:{tag.name} {PROTECTED}")
        if tag.digest is None and params["require_digest"]:
            refusals.append(f"the digest of {removal.target.path}:{tag.name} can't be read (require_digest)")
        if digest and tag.digest != digest:
            told = f"is {tag.digest}, not {digest}" if tag.digest else "can't be compared with the digest given"
            refusals.append(f"{removal.target.path}:{tag.name} {told}")
    return Plan((RepositoryPlan(reading.repository, decisions),), tuple(refusals))


def intent_of_removal(plan: Plan, path: str) -> Intent:
    """What would be deleted: pure."""
    going = [decision.tag for part in plan.repositories for decision in part.deletions]
    rows = [_difference(path, tag.name, tag.digest or "digest unknown", None) for tag in going]
    return Intent(plan.changed, rows if plan.changed else [], plan.refusals, verb="deleted")


def removal_rows(removal: Removal, names: t.Sequence[str]) -> list[dict[str, t.Any]]:
    """The tags for the result."""
    there = {tag.name: tag for tag in removal.reading.tags} if removal.reading else {}
    return [
        {
            "name": name,
            "before": there[name].digest if name in there else None,
            "after": None,
            "action": "delete" if name in there else "none",
            "referrer": False,
        }
        for name in dict.fromkeys(names)
    ]


def remove(removal: Removal, plan: Plan) -> Applied:
    """Delete what goes."""
    outcome = delete(t.cast(Server, removal.server), plan, removal.via)
    rows = [{"name": fate.name, "outcome": fate.outcome, "message": fate.message} for fate in outcome.fates]
    applied = replace(applied_deletion(outcome, 0), outcome=rows)
    stays = next((fate for fate in outcome.fates if fate.outcome == "changed_since"), None)
    if stays is None or applied.shortfall:
        return applied
    return replace(applied, shortfall=f"{stays.repository}:{stays.name} was not deleted: {stays.message}")


def main() -> None:
    module = new_module(ARGUMENTS, "requests")
    params = module.params
    with failing(module):
        check(params)
        connection = connect(module)
        if params["state"] == "present":
            promotion = observe_promotion(connection, params)
            result = {"repository": promotion.target, "tags": promotion_rows(promotion)}
            intent = intent_of_promotion(promotion, params["force"])
            finish(module, connection, intent, result, lambda: promote(promotion))
        removal = observe_removal(connection, params)
        if removal.reading and not removal.reading.tags and not removal.reading.complete:
            module.warn(
                f"GitLab lists no tags of {removal.target.path}, which a registry that fails looks like too: that they "
                "are absent is not proven."
            )
        plan = plan_of(removal, params)
        result = {"repository": removal.target.path, "tags": removal_rows(removal, params["name"])}
        finish(module, connection, intent_of_removal(plan, removal.target.path), result, lambda: remove(removal, plan))


if __name__ == "__main__":
    main()
