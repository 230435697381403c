# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the fields of the schema get their values."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from graphql import GraphQLError, GraphQLResolveInfo

from . import access, deletion, granular
from .access import Caller
from .answers import UNREACHABLE
from .registry import Broken, Page, PageQuery, Registry, TagView, Unreachable
from .state import LEVELS, Group, Project, Repository, State

MOST_TAGS = 20
MOST_REPOSITORIES = 100
MOST_DELETED = 20
IMMUTABLE = "ContainerProtectionAccessLevel.immutable"
NO_RESOURCE = (
    "The resource that you are attempting to access does not exist or you don't have permission to perform this action"
)
NO_CONNECTION = (
    "Can't connect to the Container Registry. If this error persists, please review the troubleshooting documentation."
)
SORTS = {
    "NAME_ASC": "name",
    "NAME_DESC": "-name",
    "PUBLISHED_AT_ASC": "published_at",
    "PUBLISHED_AT_DESC": "-published_at",
}


@dataclass
class Visit:
    """A GraphQL request. score, limit: its complexity."""

    state: State
    registry: Registry
    caller: Caller
    base: str
    score: int = 0
    limit: int = 0


@dataclass(frozen=True)
class TagRow:
    repository: Repository
    view: TagView


# What Ruby's URI takes as it is.
_URL_PART = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]*")
Resolver = Callable[..., Any]


def resolve(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
    """The resolver of every field: one of the table below, else the key of a plain object.

    Once a query has taken too long, each field that is left ends with an error.
    """
    most = info.context.state.graphql_calls
    if most is not None and info.context.registry.calls >= most:
        owner = "BaseConnection" if info.field_name == "pageInfo" else info.parent_type.name
        raise GraphQLError(f"Timeout on {owner}.{info.field_name}")
    resolver = RESOLVERS.get(f"{info.parent_type.name}.{info.field_name}")
    if resolver:
        return resolver(info.context, source, **arguments)
    return source[info.field_name]


def _must_hold(visit: Visit, permission: str) -> None:
    text = granular.lacks(visit.caller, permission)
    if text:
        raise GraphQLError(text)


# Connections


def _encode(value: Any) -> str:
    return base64.urlsafe_b64encode(str(value).encode()).decode().rstrip("=")


def _decode(cursor: str) -> str:
    try:
        text = cursor.rstrip("=")
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
    except ValueError:
        raise GraphQLError(f"Invalid input: {json.dumps(cursor)}") from None


def _connection(
    nodes: Sequence[Any], cursors: Sequence[str], more: tuple[bool, bool], ends: tuple[str | None, str | None]
) -> dict[str, Any]:
    """more: (before, behind). ends: (start, end) cursor."""
    return {
        "nodes": list(nodes),
        "edges": [{"cursor": cursor, "node": node} for cursor, node in zip(cursors, nodes, strict=True)],
        "pageInfo": {
            "hasPreviousPage": more[0],
            "hasNextPage": more[1],
            "startCursor": ends[0],
            "endCursor": ends[1],
        },
    }


def _by_position(
    items: Sequence[Any],
    most: int,
    cursor_of: Callable[[int], str],
    start: int,
    stop: int,
    first: int | None,
    last: int | None,
) -> dict[str, Any]:
    """The part of a list between two positions, cut from its front or its back."""
    low, high = max(0, start), max(start, min(stop, len(items)))
    if first is not None or last is None:
        high = min(high, low + min(most, most if first is None else max(0, first)))
    if last is not None:
        low = max(low, high - min(most, max(0, last)))
    cursors = [cursor_of(index) for index in range(low, high)]
    ends = (cursors[0], cursors[-1]) if cursors else (None, None)
    return _connection(items[low:high], cursors, (low > 0, high < len(items)), ends)


def _repositories(
    visit: Visit,
    projects: list[Project],
    name: str | None = None,
    sort: str | None = None,
    after: str | None = None,
    before: str | None = None,
    first: int | None = None,
    last: int | None = None,
) -> dict[str, Any]:
    _must_hold(visit, "read_container_repository")
    readable = [project for project in projects if access.can_read_images(visit.state, visit.caller, project)]
    rows = [item for item in visit.state.repositories_of(readable) if not name or name.lower() in item.name]
    order, _underscore, direction = (sort or "ID_DESC").rpartition("_")
    rows.sort(key=lambda item: {"NAME": (item.name,), "ID": ()}.get(order, (item.created_at,)) + (item.id,))
    if direction == "DESC":
        rows.reverse()
    places = {row.id: index for index, row in enumerate(rows)}

    def place(cursor: str | None, default: int, step: int) -> int:
        if cursor is None:
            return default
        try:
            return places[int(json.loads(_decode(cursor))["id"])] + step
        except (KeyError, ValueError, TypeError):
            raise GraphQLError("Please provide a valid cursor") from None

    def cursor_of(index: int) -> str:
        return _encode(json.dumps({"id": str(rows[index].id)}))

    start, stop = place(after, 0, 1), place(before, len(rows), 0)
    return _by_position(rows, MOST_REPOSITORIES, cursor_of, start, stop, first, last)


def _tags(
    visit: Visit,
    repository: Repository,
    sort: str | None = None,
    name: str | None = None,
    after: str | None = None,
    before: str | None = None,
    first: int | None = None,
    last: int | None = None,
    referrers: bool | None = None,
    referrerType: str | None = None,  # noqa: N803
) -> dict[str, Any]:
    """With a database the registry's own page, cut to 20, the cursor still the registry's; else positions in a list."""
    _must_hold(visit, "read_container_repository_tag")
    registry = visit.registry.seen_by_rails(repository)
    if registry.database:
        query = PageQuery(max(first or 0, last or 0), after, before, name or None, SORTS[sort] if sort else None)
        return _external(repository, registry.page(repository, query), first, last)
    try:
        names = registry.names(repository)
    except Unreachable:
        raise GraphQLError(NO_CONNECTION) from None
    names = [item for item in names if not name or name in item]
    if sort and sort.endswith("DESC"):
        names = names[::-1]
    try:
        start = int(_decode(after)) if after else 0
        stop = int(_decode(before)) - 1 if before else len(names)
    except GraphQLError as error:
        # The cursor is looked at where it is needed.
        ends = {"hasPreviousPage": False, "hasNextPage": error, "startCursor": error, "endCursor": error}
        return {"nodes": error, "edges": error, "pageInfo": ends}
    page = _by_position(names, MOST_TAGS, lambda index: _encode(index + 1), start, stop, first, last)
    rows = [TagRow(repository, view) for view in registry.views(repository, page["nodes"])]
    page["nodes"] = rows
    page["edges"] = [{**edge, "node": row} for edge, row in zip(page["edges"], rows, strict=True)]
    return page


def _external(repository: Repository, page: Page, first: int | None, last: int | None) -> dict[str, Any]:
    rows = [TagRow(repository, view) for view in page.tags]
    if first is not None:
        rows = rows[: min(MOST_TAGS, max(0, first))]
    if last is not None:
        rows = rows[-min(MOST_TAGS, last) :] if last > 0 else []
    cursors = [_encode(index + 1) for index in range(len(rows))]
    return _connection(rows, cursors, (page.previous is not None, page.next is not None), (page.previous, page.next))


# Objects


def _current_user(visit: Visit, _source: Any) -> dict[str, Any] | None:
    user = visit.caller.user
    return {"id": f"gid://gitlab/User/{user.id}", "username": user.username, "name": user.username} if user else None


def _metadata(visit: Visit, _source: Any) -> dict[str, Any] | None:
    if visit.caller.user is None:
        return None
    return {"version": visit.state.version, "revision": "0000000000a", "enterprise": True}


def _project(visit: Visit, _source: Any, fullPath: str) -> Project | None:  # noqa: N803
    project = visit.state.project_at(fullPath) or visit.state.moved_project(fullPath)
    return project if project and access.can_see_project(visit.state, visit.caller, project) else None


def _group(visit: Visit, _source: Any, fullPath: str) -> Group | None:  # noqa: N803
    group = visit.state.group_at(fullPath)
    return group if group and access.can_see_group(visit.state, visit.caller, group) else None


def _repository(visit: Visit, _source: Any, id: int) -> Repository | None:  # noqa: A002
    _must_hold(visit, "read_container_repository")
    repository = visit.state.repositories.get(id)
    if repository is None or not access.can_read_images(visit.state, visit.caller, repository.project):
        return None
    return repository


def _policy(_visit: Visit, project: Project) -> dict[str, Any] | None:
    policy = project.policy
    if policy is None:
        return None
    ages = {"7d": "SEVEN_DAYS", "14d": "FOURTEEN_DAYS", "30d": "THIRTY_DAYS", "60d": "SIXTY_DAYS", "90d": "NINETY_DAYS"}
    steps = {"1d": "EVERY_DAY", "7d": "EVERY_WEEK", "14d": "EVERY_TWO_WEEKS", "1month": "EVERY_MONTH"}
    numbers = {
        1: "ONE_TAG",
        5: "FIVE_TAGS",
        10: "TEN_TAGS",
        25: "TWENTY_FIVE_TAGS",
        50: "FIFTY_TAGS",
        100: "ONE_HUNDRED_TAGS",
    }
    return {
        "enabled": policy["enabled"],
        "cadence": steps.get(policy["cadence"], "EVERY_THREE_MONTHS"),
        "keepN": numbers.get(policy["keep_n"]),
        "olderThan": ages.get(policy["older_than"]),
        "nameRegex": policy["name_regex"],
        "nameRegexKeep": policy["name_regex_keep"],
        "nextRunAt": datetime.fromisoformat(policy["next_run_at"]) if policy["next_run_at"] else None,
    }


def _tag_rules(visit: Visit, project: Project, **paging: Any) -> dict[str, Any]:
    """Those that the caller may see, which are all or none; mutable ones come first.

    app/graphql/types/container_registry/protection/tag_rule_type.rb authorizes each of them.
    """
    rules = sorted(project.tag_rules, key=lambda rule: rule.immutable)
    if not access.can_admin_images(visit.state, visit.caller, project):
        rules = []
    rows = [
        {
            "id": f"gid://gitlab/ContainerRegistry::Protection::TagRule/{rule.id}",
            "tagNamePattern": rule.pattern,
            "immutable": rule.immutable,
            "minimumAccessLevelForDelete": rule.delete.upper() if rule.delete and not rule.immutable else None,
            "minimumAccessLevelForPush": rule.push.upper() if rule.push and not rule.immutable else None,
        }
        for rule in rules
    ]
    start = int(_decode(paging["after"])) if paging.get("after") else 0
    stop = int(_decode(paging["before"])) - 1 if paging.get("before") else len(rows)
    first, last = paging.get("first"), paging.get("last")
    return _by_position(rows, MOST_REPOSITORIES, lambda index: _encode(index + 1), start, stop, first, last)


def _tags_count(visit: Visit, repository: Repository) -> int:
    try:
        return visit.registry.count(repository)
    except Unreachable:
        raise GraphQLError(UNREACHABLE) from None


def _last_published_at(visit: Visit, repository: Repository) -> datetime | None:
    try:
        return visit.registry.last_published_at(repository)
    except Unreachable:
        raise GraphQLError(NO_CONNECTION) from None


def _detail(read: Callable[[TagView], Any]) -> Resolver:
    def resolver(_visit: Visit, row: TagRow) -> Any:
        try:
            return read(row.view)
        except Unreachable:
            raise GraphQLError(NO_CONNECTION) from None

    return resolver


def _short_revision(view: TagView) -> str | None:
    revision = view.revision
    return None if revision is None else revision[:9]


def _protection(visit: Visit, row: TagRow) -> dict[str, Any] | None:
    """The highest levels of the rules that match.

    Before a protection told that it is immutable, every tag had one: without a rule it had no levels.
    """
    rules = access.rules_for(row.repository.project, row.view.name)
    if not rules and IMMUTABLE not in visit.state.graphql_missing_fields:
        return None
    immutable = any(rule.immutable for rule in rules)

    def highest(levels: list[str | None]) -> str | None:
        known = [level for level in levels if level]
        return max(known, key=LEVELS.__getitem__).upper() if known and not immutable else None

    return {
        "immutable": immutable,
        "minimumAccessLevelForDelete": highest([rule.delete for rule in rules]),
        "minimumAccessLevelForPush": highest([rule.push for rule in rules]),
    }


def _may_destroy_tag(visit: Visit, row: TagRow) -> dict[str, bool]:
    allowed = access.can_destroy_images(visit.state, visit.caller, row.repository.project)
    protected = access.is_protected(visit.state, visit.caller, row.repository, row.view.name)
    return {"destroyContainerRepositoryTag": allowed and not protected}


# Mutations


def _destroy_tags(visit: Visit, _source: Any, input: dict[str, Any]) -> dict[str, Any]:  # noqa: A002
    """At most 20 by name, one by one; protected ones are left out without a word, missing ones count as deleted."""
    _must_hold(visit, "delete_container_repository_tag")
    names: list[str] = input["tagNames"]
    if len(names) > MOST_DELETED:
        raise GraphQLError(f"Number of tags is greater than {MOST_DELETED}")
    repository = visit.state.repositories.get(input["id"])
    if (
        repository is None
        or not access.has_scope(visit.caller, "api")
        or not access.can_destroy_images(visit.state, visit.caller, repository.project)
    ):
        raise GraphQLError(NO_RESOURCE)
    deleted, errors = _delete_names(visit, repository, names)
    return {"clientMutationId": input.get("clientMutationId"), "deletedTagNames": deleted, "errors": errors}


def _delete_names(visit: Visit, repository: Repository, names: list[str]) -> tuple[list[str], list[str]]:
    if not names:
        return [], ["no tags specified"]
    if not all(map(_URL_PART.fullmatch, names)):
        raise Broken
    try:
        removal = deletion.remove(visit.state, visit.registry, repository, names, visit.caller)
    except Unreachable:
        raise Broken from None
    return removal.deleted or [], [removal.message] if removal.message else []


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _location(visit: Visit, repository: Repository) -> str:
    return f"{visit.state.registry.host_at(visit.base)}/{repository.path}"


REPOSITORY: dict[str, Resolver] = {
    "id": lambda _visit, repository: f"gid://gitlab/ContainerRepository/{repository.id}",
    "name": lambda _visit, repository: repository.name,
    "path": lambda _visit, repository: repository.path,
    "location": _location,
    "status": lambda _visit, repository: repository.status.upper() if repository.status else None,
    "tagsCount": _tags_count,
    "createdAt": lambda _visit, repository: repository.created_at,
    "updatedAt": lambda _visit, repository: repository.created_at,
    "expirationPolicyStartedAt": lambda _visit, repository: repository.cleanup_policy_started_at,
    "expirationPolicyCleanupStatus": lambda _visit, _repository: "UNSCHEDULED",
    "lastCleanupDeletedTagsCount": lambda _visit, _repository: None,
    "migrationState": lambda _visit, _repository: "",
    "project": lambda _visit, repository: repository.project,
    "userPermissions": lambda visit, repository: {
        "destroyContainerRepository": access.can_admin_images(visit.state, visit.caller, repository.project)
    },
}
DETAILS: dict[str, Resolver] = {
    **REPOSITORY,
    "size": lambda visit, repository: visit.registry.size(repository),
    "lastPublishedAt": _last_published_at,
    "tags": _tags,
}
TAG: dict[str, Resolver] = {
    "name": lambda _visit, row: row.view.name,
    "path": lambda _visit, row: f"{row.repository.path}:{row.view.name}",
    "location": lambda visit, row: f"{_location(visit, row.repository)}:{row.view.name}",
    "digest": _detail(lambda view: view.digest),
    "revision": _detail(lambda view: view.revision),
    "shortRevision": _detail(_short_revision),
    "totalSize": _detail(lambda view: view.total_size),
    "createdAt": _detail(lambda view: view.created_at),
    "publishedAt": _detail(lambda view: view.published_at),
    "mediaType": _detail(lambda view: view.media_type),
    "referrers": lambda _visit, _row: None,
    "protection": _protection,
    "userPermissions": _may_destroy_tag,
}
PROJECT: dict[str, Resolver] = {
    "containerProtectionTagRules": _tag_rules,
    "userPermissions": lambda visit, project: {
        "adminProject": access.project_level(visit.state, visit.caller, project) >= LEVELS["maintainer"]
    },
    "id": lambda _visit, project: f"gid://gitlab/Project/{project.id}",
    "name": lambda _visit, project: _name(project.path),
    "path": lambda _visit, project: _name(project.path),
    "fullPath": lambda _visit, project: project.path,
    "nameWithNamespace": lambda _visit, project: " / ".join(project.path.split("/")),
    "webUrl": lambda visit, project: f"{visit.base}/{project.path}",
    "visibility": lambda _visit, project: project.visibility,
    "archived": lambda _visit, project: project.archived,
    "createdAt": lambda _visit, project: project.created_at,
    "group": lambda visit, project: visit.state.group_at(project.namespace),
    "containerRegistryEnabled": lambda visit, project: access.can_read_images(visit.state, visit.caller, project),
    "containerExpirationPolicy": _policy,
    "containerRepositories": lambda visit, project, **paging: _repositories(visit, [project], **paging),
    "containerRepositoriesCount": lambda visit, project: len(visit.state.repositories_of([project])),
}
GROUP: dict[str, Resolver] = {
    "id": lambda _visit, group: f"gid://gitlab/Group/{group.id}",
    "name": lambda _visit, group: _name(group.path),
    "path": lambda _visit, group: _name(group.path),
    "fullPath": lambda _visit, group: group.path,
    "fullName": lambda _visit, group: " / ".join(group.path.split("/")),
    "webUrl": lambda visit, group: f"{visit.base}/groups/{group.path}",
    "visibility": lambda _visit, group: group.visibility,
    "parent": lambda visit, group: visit.state.group_at(group.path.rpartition("/")[0]),
    "containerRepositories": lambda visit, group, **paging: _repositories(
        visit, visit.state.projects_within(group), **paging
    ),
    "containerRepositoriesCount": lambda visit, group: len(
        visit.state.repositories_of(visit.state.projects_within(group))
    ),
}
QUERY: dict[str, Resolver] = {
    "currentUser": _current_user,
    "metadata": _metadata,
    "queryComplexity": lambda visit, _source: {"score": visit.score, "limit": visit.limit},
    "echo": lambda visit, _source, text: f'"{visit.caller.user.username if visit.caller.user else None}" says: {text}',
    "project": _project,
    "group": _group,
    "containerRepository": _repository,
}
RESOLVERS: dict[str, Resolver] = {
    f"{owner}.{field}": resolver
    for owner, fields in {
        "Query": QUERY,
        "Mutation": {"destroyContainerRepositoryTags": _destroy_tags},
        "Project": PROJECT,
        "Group": GROUP,
        "ContainerRepository": REPOSITORY,
        "ContainerRepositoryDetails": DETAILS,
        "ContainerRepositoryTag": TAG,
    }.items()
    for field, resolver in fields.items()
}
