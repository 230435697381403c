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
  description: Whether RV(repositories) or RV(errors) was cut to O(return_limit).
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

import typing as t
from dataclasses import dataclass, replace

from ..module_utils._cleanup.deletion import Fate as TagFate
from ..module_utils._cleanup.deletion import choose_way, delete
from ..module_utils._cleanup.report import KEPT_TAGS, applied_deletion
from ..module_utils._cleanup.repositories import GOOD, Fate, Order, delete_repositories, why_not_empty
from ..module_utils._core.errors import UsageError
from ..module_utils._core.models import Repository, TagListing
from ..module_utils._core.server import DeleteMethod, requested_method
from ..module_utils._gitlab.repository_lookup import find_by_id, find_place, repository_path
from ..module_utils._module.options import CONNECTION, REGISTRY, RESULT, WAIT, ArgumentSpec
from ..module_utils._module.run import (
    Applied,
    Connection,
    Intent,
    connect,
    cut,
    failing,
    finish,
    new_module,
)
from ..module_utils._plan.plan import Limits, Plan, RepositoryPlan, diff, limited
from ..module_utils._rules.patterns import compile_pattern
from ..module_utils._rules.retention import Rule, Rules, decide
from ..module_utils._tags.capabilities import Server, Sources, detect
from ..module_utils._tags.reader import TagQuery, confirm_empty, read_tags, rules_are_hidden

# What is not there any more.
GONE = ("deleted", "already_gone", "unverified")
FAILED = ("not_deleted", "delete_failed", "not_emptied")

ARGUMENTS = CONNECTION.merged(REGISTRY).merged(
    ArgumentSpec(
        {
            "repository": {"type": "list", "elements": "str"},
            "repository_id": {"type": "list", "elements": "int"},
            "state": {"type": "str", "choices": ["absent", "empty"], "required": True},
            "force": {"type": "bool", "default": False},
            "empty_first": {"type": "bool", "default": False},
            **WAIT.options,
            **RESULT.options,
            "protect": {"type": "list", "elements": "str"},
            "max_deletions": {"type": "int"},
            "max_deletions_total": {"type": "int"},
            "require_digest": {"type": "bool", "default": True},
            "delete_via": {"type": "str", "choices": ["auto", "graphql", "rest", "registry"], "default": "auto"},
        },
        mutually_exclusive=(("repository", "repository_id"), ("force", "empty_first")),
        required_one_of=(("repository", "repository_id"),),
    )
)


@dataclass(frozen=True)
class Wish:
    """What the options ask for, checked. empties: tags are deleted one by one."""

    rules: Rules
    limits: Limits
    absent: bool
    empties: bool
    force: bool


@dataclass(frozen=True)
class State:
    """What was observed, by path. missing: what is not there. being_deleted: what GitLab is deleting already.

    hidden_rules: protection rules may exist that this caller would be let past.
    """

    server: Server
    via: DeleteMethod
    readings: tuple[TagListing, ...]
    missing: tuple[str, ...]
    being_deleted: tuple[Repository, ...]
    hidden_rules: bool


def wish_of(params: t.Mapping[str, t.Any]) -> Wish:
    """The checked wish; raises UsageError before anything is sent."""
    for option in ("max_deletions", "max_deletions_total", "wait_timeout", "return_limit"):
        if params[option] is not None and params[option] < 0:
            raise UsageError(f"{option} is {params[option]}: it can't be negative.")
    absent = params["state"] == "absent"
    for option in ("protect",) if absent else ("force", "empty_first"):
        if params[option]:
            raise UsageError(f"{option} has no meaning with state {params['state']}: leave it out.")
    if not (params["repository"] or params["repository_id"]):
        raise UsageError("repository or repository_id is empty: name the repositories.")
    for path in params["repository"] or ():
        repository_path(path)
    rules = Rules(
        (Rule(compile_pattern(".*", "the pattern of all names")),),
        protect=tuple(compile_pattern(pattern, "protect") for pattern in params["protect"] or ()),
        allow_latest=True,
        allow_signatures=True,
        require_digest=params["require_digest"],
    )
    limits = Limits(0, params["max_deletions"], None, params["max_deletions_total"])
    return Wish(rules, limits, absent, not absent or params["empty_first"], params["force"])


def observe(connection: Connection, params: t.Mapping[str, t.Any], wish: Wish) -> State:
    """The repositories, and their tags as far as these decide."""
    client = connection.client
    there, missing = find_all(connection, params)
    being_deleted = tuple(repository for repository in there if repository.being_deleted)
    left = [repository for repository in there if not repository.being_deleted]
    need = TagQuery(details=wish.empties, dates=False)
    use_graphql = wish.empties and not connection.is_job_token
    server = detect(client, left, Sources(use_graphql, registry=connection.registry), details=need.details)
    via = (
        choose_way(server, requested_method(DeleteMethod, params["delete_via"])) if wish.empties else DeleteMethod.REST
    )
    readings = [confirm_empty(server, reading) for reading in read_tags(server, left, need)]
    hidden = wish.empties and bool(left) and rules_are_hidden(server, job_token=connection.is_job_token)
    return State(server, via, tuple(readings), tuple(missing), being_deleted, hidden)


def find_all(connection: Connection, params: t.Mapping[str, t.Any]) -> tuple[list[Repository], list[str]]:
    """The repositories by path, and the names of those that are not there."""
    client = connection.client

    def by_path(path: str) -> Repository | None:
        return find_place(client, path, job_token=connection.is_job_token).repository

    numbers = list(dict.fromkeys(params["repository_id"] or ()))
    paths = list(dict.fromkeys(repository_path(path) for path in params["repository"] or ()))
    found = [
        *zip(map(str, numbers), client.parallel(lambda number: find_by_id(client, number), numbers)),
        *zip(paths, client.parallel(by_path, paths)),
    ]
    there = sorted((repository for _name, repository in found if repository), key=lambda repository: repository.path)
    return there, [name for name, repository in found if repository is None]


def plan_of(state: State, wish: Wish) -> Plan:
    """The tags that are deleted one by one, and why nothing may be: pure."""
    parts = [_part(reading, wish) for reading in state.readings]
    plan = limited(parts, wish.limits)
    refusals = list(plan.refusals)
    if wish.absent:
        refusals += _beyond_limits(state.readings, wish)
        refusals += [reason for part, reading in zip(parts, state.readings) for reason in _doubts(part, reading, wish)]
    if state.hidden_rules:
        refusals.append(
            "GitLab would let an administrator delete protected tags, and its protection rules can't be read here"
        )
    return Plan(plan.repositories, tuple(refusals))


def _beyond_limits(readings: t.Sequence[TagListing], wish: Wish) -> list[str]:
    """Where GitLab deletes the tags with their repository, its listing alone says how many these are."""
    each, total = wish.limits.max_deletions, wish.limits.max_deletions_total
    if wish.empties or (each is None and total is None):
        return []
    found = [
        f"{reading.repository.path}: its tags can't be counted, and max_deletions or max_deletions_total is set"
        for reading in readings
        if reading.error or not (reading.complete or reading.authoritative)
    ]
    found += [
        f"{reading.repository.path}: {len(reading.tags)} tags would be deleted, more than max_deletions {each}"
        for reading in readings
        if each is not None and len(reading.tags) > each
    ]
    going = sum(len(reading.tags) for reading in readings)
    if total is not None and going > total:
        found.append(f"{going} tags would be deleted in total, more than max_deletions_total {total}")
    return found


def _part(reading: TagListing, wish: Wish) -> RepositoryPlan:
    decisions = tuple(decide(reading.tags, wish.rules, "none", None)) if wish.empties else ()
    return RepositoryPlan(reading.repository, decisions, listing=reading.state.value, error=reading.error)


def _doubts(part: RepositoryPlan, reading: TagListing, wish: Wish) -> list[str]:
    """Why a repository must not be deleted."""
    path = reading.repository.path
    if wish.force:
        return []
    if wish.empties and part.kept:
        return [f"{path} would not be empty, since tags are kept ({kept_text(part)})"]
    if wish.empties and reading.tags:
        return []
    reason = why_not_empty(reading)
    allowing = "force or empty_first allow it" if reading.tags else "force allows it"
    return [f"{path} is not deleted: {reason.rstrip('.')} ({allowing})"] if reason else []


def orders_of(state: State, plan: Plan, wish: Wish) -> list[Order]:
    """The repositories that are to go: pure."""
    orders = [Order(part.repository, part if wish.empties else None, not wish.force) for part in plan.repositories]
    return orders + [Order(repository, asked=True) for repository in state.being_deleted]


def intent_of(state: State, plan: Plan, wish: Wish, limit: int) -> Intent:
    """What would change: pure. limit: the most lines of tags in the diff, and of repositories."""
    unread = [part.error for part in plan.unread if part.error and not wish.absent]
    if not wish.absent:
        return Intent(plan.changed, diff(plan, limit), plan.refusals, unread, verb="deleted", kept=KEPT_TAGS)
    changed = bool(plan.repositories) and not plan.refusals
    rows = diff(plan, limit) + [_gone(part.repository.path) for part in plan.repositories[:limit]] if changed else []
    return Intent(changed, rows, plan.refusals, waits=bool(state.being_deleted), verb="deleted")


def _gone(path: str) -> dict[str, str]:
    return {"before_header": path, "after_header": path, "before": f"repository {path}\n", "after": ""}


def unproven(state: State) -> list[str]:
    """Repositories of which nobody says that they are empty, though no tags are listed."""
    return [
        reading.repository.path
        for reading in state.readings
        if not reading.tags and not reading.error and not reading.authoritative
    ]


def unwanted(plan: Plan) -> list[str]:
    """Repositories that will not be empty for another reason than the patterns of protect, and why."""
    stays = {part.repository.path: kept_text(part, "protected") for part in plan.repositories}
    return [f"Tags of {path} are kept that were meant to be deleted ({text})." for path, text in stays.items() if text]


def rows_of(state: State, plan: Plan, wish: Wish) -> list[dict[str, t.Any]]:
    """The repositories for the result."""
    rows = []
    for reading, part in zip(state.readings, plan.repositories):
        empties = bool(part.deletions)
        action = ("empty_and_delete" if empties else "delete") if wish.absent else "empty" if empties else "none"
        rows.append(_row(reading.repository, action, None if reading.error else len(reading.tags), part))
    rows += [_row(repository, "none", None, None) for repository in state.being_deleted]
    rows += [_row(None, "none", None, None, path=path) for path in state.missing]
    return sorted(rows, key=lambda row: str(row["path"]))


def _row(
    repository: Repository | None, action: str, tags: int | None, part: RepositoryPlan | None, path: str = ""
) -> dict[str, t.Any]:
    return {
        "path": repository.path if repository else path,
        "id": repository.id if repository else None,
        "status": repository.status if repository else None,
        "tags": tags,
        "delete": len(part.deletions) if part else 0,
        "reasons": part.reasons if part else {},
        "action": action,
    }


def errors_of(state: State) -> list[dict[str, t.Any]]:
    """What could not be read, for the result."""
    return [
        {"repository": reading.repository.path, **reading.error.as_result()}
        for reading in state.readings
        if reading.error
    ]


def empty(state: State, plan: Plan) -> Applied:
    """Delete the tags."""
    outcome = delete(state.server, plan, state.via)
    applied = applied_deletion(outcome, 0)
    fates: dict[str, list[TagFate]] = {}
    for fate in outcome.fates:
        fates.setdefault(fate.repository, []).append(fate)
    rows = [_emptied(part, fates[part.repository.path]) for part in plan.repositories if part.deletions]
    left = next((row for row in rows if row["outcome"] == "not_emptied"), None)
    shortfall = f"{left['path']} is not empty: {left['message']}" if left else ""
    return replace(applied, outcome=rows, shortfall=outcome.halted and applied.shortfall or shortfall)


def _emptied(part: RepositoryPlan, fates: list[TagFate]) -> dict[str, str]:
    left = [fate for fate in fates if fate.outcome not in GONE]
    if left:
        message = f"{len(left)} tags are left; {left[0].name}: {left[0].message}"
        return {"path": part.repository.path, "outcome": "not_emptied", "message": message}
    outcome = "tags_kept" if part.kept else "emptied"
    return {"path": part.repository.path, "outcome": outcome, "message": kept_text(part)}


def kept_text(part: RepositoryPlan, *but: str) -> str:
    """How many tags stay, by reason, without the reasons that need no word."""
    return ", ".join(f"{number} {reason}" for reason, number in part.reasons.items() if reason not in ("matched", *but))


def remove(state: State, orders: t.Sequence[Order], wait: float | None) -> Applied:
    """Delete the repositories."""
    fates = delete_repositories(state.server, state.via, orders, wait)
    rows = [{"path": fate.order.repository.path, "outcome": fate.outcome, "message": fate.message} for fate in fates]
    return Applied(rows, _shortfall(fates, waited=wait is not None))


def _shortfall(fates: t.Sequence[Fate], *, waited: bool) -> str:
    short = [fate for fate in fates if fate.outcome not in GOOD or (waited and fate.outcome == "scheduled")]
    if not short:
        return ""
    first = short[0]
    return (
        f"{len(fates) - len(short)} of {len(fates)} repositories are deleted; {first.order.repository.path} is "
        f"{first.outcome}: {first.message}"
    )


def main() -> None:
    module = new_module(ARGUMENTS, "requests", "google-re2")
    params = module.params
    with failing(module):
        wish = wish_of(params)
        connection = connect(module)
        if wish.absent and params["wait"] and connection.is_job_token:
            raise UsageError(
                "With a CI/CD job token it can't be seen whether a repository is gone: set wait to false, or give a "
                "project access token in api_token."
            )
        state = observe(connection, params, wish)
        plan = plan_of(state, wish)
        wait = float(params["wait_timeout"]) if params["wait"] else None
        limit = params["return_limit"]
        result = cut({"repositories": rows_of(state, plan, wish), "errors": errors_of(state)}, limit)
        for path in () if wish.absent else unproven(state):
            module.warn(
                f"GitLab lists no tags of {path}, which a registry that fails looks like too: that it is empty is not "
                "proven."
            )
        for warning in () if wish.absent else unwanted(plan):
            module.warn(warning)

        def apply() -> Applied:
            done = remove(state, orders_of(state, plan, wish), wait) if wish.absent else empty(state, plan)
            return replace(done, outcome=sorted(done.outcome, key=lambda row: row["outcome"] not in FAILED)[:limit])

        finish(module, connection, intent_of(state, plan, wish, limit), result, apply)


if __name__ == "__main__":
    main()
