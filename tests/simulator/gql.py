# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""GraphQL: the part of GitLab's schema that concerns container registries, with the traps of its tag listing."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import Any

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationDefinitionNode,
    build_schema,
    execute,
    parse,
    validate,
)
from graphql.language import DocumentNode, InlineFragmentNode, IntValueNode, SelectionSetNode

from . import registry
from .permissions import (
    Caller,
    can_delete_images,
    can_read_images,
    can_see_group,
    can_see_project,
    is_protected,
    rules_of,
)
from .rest import within
from .state import LEVELS, Project, Repository, State, Tag

PAGE = 20
FORBIDDEN = (
    "The resource that you are attempting to access does not exist or you don't have permission to perform this action"
)
UNREACHABLE = (
    "Can't connect to the Container Registry. If this error persists, please review the troubleshooting documentation."
)
SDL = """
scalar BigInt
scalar Time
scalar ContainerRepositoryID
type Query {
  currentUser: CurrentUser
  metadata: Metadata
  queryComplexity: QueryComplexity
  project(fullPath: ID!): Project
  group(fullPath: ID!): Group
  containerRepository(id: ContainerRepositoryID!): ContainerRepositoryDetails
}
type Mutation {
  destroyContainerRepositoryTags(input: DestroyContainerRepositoryTagsInput!): DestroyContainerRepositoryTagsPayload
}
input DestroyContainerRepositoryTagsInput { clientMutationId: String id: ContainerRepositoryID! tagNames: [String!]! }
type DestroyContainerRepositoryTagsPayload { clientMutationId: String deletedTagNames: [String!]! errors: [String!]! }
type CurrentUser { id: ID! username: String! }
type Metadata { version: String! }
type QueryComplexity { limit: Int score: Int }
type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
type Project {
  id: ID! fullPath: ID! archived: Boolean
  containerRepositoriesCount: Int!
  containerRepositories(first: Int, after: String, name: String): ContainerRepositoryConnection
}
type Group {
  id: ID! fullPath: ID!
  containerRepositoriesCount: Int!
  containerRepositories(first: Int, after: String, name: String): ContainerRepositoryConnection
}
type ContainerRepositoryConnection { nodes: [ContainerRepository] edges: [ContainerRepositoryEdge] pageInfo: PageInfo! }
type ContainerRepositoryEdge { cursor: String! node: ContainerRepository }
type ContainerRepository {
  id: ID! name: String! path: String! location: String! status: String tagsCount: Int!
  createdAt: Time! updatedAt: Time! expirationPolicyStartedAt: Time lastCleanupDeletedTagsCount: Int
  expirationPolicyCleanupStatus: String project: Project!
}
enum ContainerRepositoryTagSort { NAME_ASC NAME_DESC PUBLISHED_AT_ASC PUBLISHED_AT_DESC }
type ContainerRepositoryDetails {
  id: ID! name: String! path: String! location: String! status: String tagsCount: Int!
  createdAt: Time! updatedAt: Time! lastPublishedAt: Time expirationPolicyStartedAt: Time
  expirationPolicyCleanupStatus: String size: Float project: Project!
  tags(
    first: Int, last: Int, after: String, before: String, sort: ContainerRepositoryTagSort, name: String
    referrers: Boolean
  ): ContainerRepositoryTagConnection
}
type ContainerRepositoryTagConnection {
  nodes: [ContainerRepositoryTag] edges: [ContainerRepositoryTagEdge] pageInfo: PageInfo!
}
type ContainerRepositoryTagEdge { cursor: String! node: ContainerRepositoryTag }
type ContainerRepositoryTag {
  name: String! path: String! location: String! digest: String revision: String shortRevision: String
  totalSize: BigInt createdAt: Time publishedAt: Time mediaType: String protection: ContainerProtectionAccessLevel
  userPermissions: ContainerRepositoryTagPermissions!
}
type ContainerRepositoryTagPermissions { destroyContainerRepositoryTag: Boolean! }
type ContainerProtectionAccessLevel { minimumAccessLevelForDelete: String minimumAccessLevelForPush: String }
"""


def schema_of(state: State) -> GraphQLSchema:
    """The schema, less the fields that an older release would not have."""
    schema = build_schema(SDL)
    for name in state.graphql_missing_fields:
        kind, _dot, field = name.partition(".")
        found: Any = schema.type_map[kind]
        del found.fields[field]
    return schema


class Root:
    """Resolvers of one request."""

    def __init__(self, state: State, backend: registry.Backend, caller: Caller, score: int, limit: int) -> None:
        self.state = state
        self.backend = backend
        self.caller = caller
        self.score = score
        self.limit = limit

    def currentUser(self, _info: GraphQLResolveInfo) -> Any:  # noqa: N802
        user = self.caller.user
        return {"id": f"gid://gitlab/User/{user.id}", "username": user.username} if user else None

    def metadata(self, _info: GraphQLResolveInfo) -> Any:
        return {"version": self.state.version} if self.caller.user else None

    def queryComplexity(self, _info: GraphQLResolveInfo) -> Any:  # noqa: N802
        return {"limit": self.limit, "score": self.score}

    def project(self, _info: GraphQLResolveInfo, fullPath: str) -> Any:  # noqa: N803
        found = next((item for item in self.state.projects.values() if item.path.lower() == fullPath.lower()), None)
        return self._project(found) if found and can_see_project(self.state, self.caller, found) else None

    def group(self, _info: GraphQLResolveInfo, fullPath: str) -> Any:  # noqa: N803
        group = self.state.group_by_path(fullPath)
        if group is None or not can_see_group(self.state, self.caller, group):
            return None
        inside = {project.id for project in self.state.projects.values() if within(project, group)}
        rows = self._readable([row for row in self.state.repositories.values() if row.project_id in inside])
        return {
            "id": f"gid://gitlab/Group/{group.id}",
            "fullPath": group.path,
            "containerRepositoriesCount": len(rows),
            "containerRepositories": lambda _info, **wish: self._connection(rows, **wish),
        }

    def containerRepository(self, _info: GraphQLResolveInfo, id: str) -> Any:  # noqa: A002, N802
        repository = self._repository(id)
        project = self.state.projects[repository.project_id] if repository else None
        if repository is None or project is None or not can_read_images(self.state, self.caller, project):
            raise GraphQLError(FORBIDDEN)
        row = self._row(repository)
        published = [tag.published_at for tag in repository.tags.values() if tag.published_at]
        row["lastPublishedAt"] = _time(max(published)) if published else None
        row["size"] = lambda _info: self.backend.size(repository)
        row["tags"] = lambda _info, **wish: self._tags(repository, **wish)
        return row

    def destroyContainerRepositoryTags(self, _info: GraphQLResolveInfo, input: dict[str, Any]) -> Any:  # noqa: A002, N802
        repository = self._repository(input["id"])
        names = input["tagNames"]
        if len(names) > PAGE:
            raise GraphQLError("Number of tags is greater than 20")
        project = self.state.projects[repository.project_id] if repository else None
        if repository is None or project is None or not can_delete_images(self.state, self.caller, project):
            raise GraphQLError(FORBIDDEN)
        allowed = [name for name in names if not is_protected(self.state, self.caller, repository, name)]
        if names and not allowed:
            return {"deletedTagNames": [], "errors": ["cannot delete protected tag(s)"]}
        deleted = []
        errors = []
        for name in allowed:
            try:
                if self.backend.delete(repository, name):
                    deleted.append(name)
            except registry.Unreachable:
                errors = ["could not delete tags"]
                break
            except registry.Failed:
                continue
        if allowed and not deleted:
            errors = ["could not delete tags"]
        return {"deletedTagNames": deleted, "errors": errors}

    def _repository(self, gid: str) -> Repository | None:
        number = gid.removeprefix("gid://gitlab/ContainerRepository/")
        if not number.isdigit():
            raise GraphQLError(f'"{gid}" does not represent an instance of ContainerRepository')
        return self.state.repositories.get(int(number))

    def _readable(self, rows: list[Repository]) -> list[Repository]:
        projects = self.state.projects
        found = [row for row in rows if can_read_images(self.state, self.caller, projects[row.project_id])]
        return sorted(found, key=lambda row: -row.id)

    def _project(self, project: Project) -> dict[str, Any]:
        rows = self._readable([row for row in self.state.repositories.values() if row.project_id == project.id])
        return {
            "id": f"gid://gitlab/Project/{project.id}",
            "fullPath": project.path,
            "archived": project.archived,
            "containerRepositoriesCount": len(rows),
            "containerRepositories": lambda _info, **wish: self._connection(rows, **wish),
        }

    def _row(self, repository: Repository) -> dict[str, Any]:
        return {
            "id": f"gid://gitlab/ContainerRepository/{repository.id}",
            "name": repository.name,
            "path": repository.path,
            "location": f"{self.state.registry['host']}/{repository.path}",
            "status": repository.status.upper() if repository.status else None,
            "tagsCount": lambda _info: self._count(repository),
            "createdAt": repository.created_at,
            "updatedAt": repository.created_at,
            "expirationPolicyStartedAt": repository.policy_started_at,
            "expirationPolicyCleanupStatus": "UNSCHEDULED",
            "project": lambda _info: self._project(self.state.projects[repository.project_id]),
        }

    def _count(self, repository: Repository) -> int:
        try:
            return len(self.backend.names(repository))
        except registry.Failed:
            return 0
        except registry.Unreachable:
            raise GraphQLError(UNREACHABLE) from None

    def _connection(
        self, rows: list[Repository], first: int = 100, after: str | None = None, name: str | None = None
    ) -> Any:
        found = [row for row in rows if name is None or name in row.name]
        start = _position(after)
        page = found[start : start + min(first, 100)]
        edges = [{"cursor": _cursor(start + offset), "node": self._row(row)} for offset, row in enumerate(page)]
        return _page_of(edges, start > 0, start + len(page) < len(found))

    def _tags(
        self,
        repository: Repository,
        first: int = 0,
        last: int = 0,
        after: str | None = None,
        before: str | None = None,
        sort: str = "NAME_ASC",
        name: str = "",
        referrers: bool = False,
    ) -> Any:
        del before, referrers
        try:
            if self.backend.database:
                return self._registry_page(repository, max(first, last), after, sort, name)
            return self._memory_page(repository, first or PAGE, after, sort, name)
        except registry.Failed:
            return _page_of([], False, False)
        except registry.Unreachable:
            raise GraphQLError(UNREACHABLE) from None

    def _registry_page(self, repository: Repository, count: int, after: str | None, sort: str, name: str) -> Any:
        """The registry gets the raw page size, and its cursor is used; the connection then cuts the nodes to 20."""
        found, more = self.backend.page(repository, after, count, sort == "NAME_DESC", name)
        edges = [{"cursor": tag.name, "node": self._tag(repository, tag)} for tag in found[:PAGE]]
        page = _page_of(edges, after is not None, more)
        page["pageInfo"]["endCursor"] = found[-1].name if found else None
        return page

    def _memory_page(self, repository: Repository, count: int, after: str | None, sort: str, name: str) -> Any:
        """All names are loaded and the cursor is a position; the details of the page's tags are read one by one."""
        names = [item for item in self.backend.names(repository) if name in item]
        if sort == "NAME_DESC":
            names.reverse()
        start = _position(after)
        page = names[start : start + min(count, PAGE)]
        edges = [
            {"cursor": _cursor(start + offset), "node": self._memory_tag(repository, item)}
            for offset, item in enumerate(page)
        ]
        return _page_of(edges, start > 0, start + len(page) < len(names))

    def _memory_tag(self, repository: Repository, name: str) -> dict[str, Any]:
        try:
            detail = self.backend.detail(repository, name)
        except registry.Broken:
            raise GraphQLError("Internal server error") from None
        row = self._plain(repository, name)
        media = self.backend.media_type(repository, name) if detail and detail["digest"] else None
        if detail is None:
            return {**row, "digest": None, "mediaType": None}
        size = detail["total_size"]
        return {
            **row,
            "digest": detail["digest"],
            "revision": detail["revision"],
            "shortRevision": detail["short_revision"],
            "totalSize": None if size is None else str(size),
            "createdAt": detail["created_at"],
            "mediaType": media,
        }

    def _plain(self, repository: Repository, name: str) -> dict[str, Any]:
        return {
            "name": name,
            "path": f"{repository.path}:{name}",
            "location": f"{self.state.registry['host']}/{repository.path}:{name}",
            "protection": self._protection(repository, name),
            "userPermissions": {
                "destroyContainerRepositoryTag": not is_protected(self.state, self.caller, repository, name)
            },
        }

    def _tag(self, repository: Repository, tag: Tag) -> dict[str, Any]:
        revision = tag.digest.rpartition(":")[2][::-1] if tag.config else ""
        return {
            **self._plain(repository, tag.name),
            "digest": tag.digest,
            "revision": revision,
            "shortRevision": revision[:9],
            "totalSize": str(tag.size),
            "createdAt": _time(tag.created_at),
            "publishedAt": _time(tag.published_at),
            "mediaType": tag.media_type,
        }

    def _protection(self, repository: Repository, name: str) -> Any:
        project = self.state.projects[repository.project_id]
        mutable = rules_of(project, name, immutable=False)
        if not mutable and not rules_of(project, name, immutable=True):
            return None
        highest = {
            key: max((rule[key] for rule in mutable), key=LEVELS.__getitem__).upper() if mutable else None
            for key in ("delete", "push")
        }
        return {"minimumAccessLevelForDelete": highest["delete"], "minimumAccessLevelForPush": highest["push"]}


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z") if moment else None


def _cursor(position: int) -> str:
    return base64.b64encode(str(position).encode()).decode()


def _position(cursor: str | None) -> int:
    return int(base64.b64decode(cursor)) + 1 if cursor else 0


def _page_of(edges: list[dict[str, Any]], before: bool, more: bool) -> dict[str, Any]:
    return {
        "edges": edges,
        "nodes": [edge["node"] for edge in edges],
        "pageInfo": {
            "hasNextPage": more,
            "hasPreviousPage": before,
            "startCursor": edges[0]["cursor"] if edges else None,
            "endCursor": edges[-1]["cursor"] if edges else None,
        },
    }


def complexity(selections: SelectionSetNode | None) -> float:
    """A field costs 1 and its children; a connection multiplies its children by 1 % for each row of its page."""
    total = 0.0
    for node in selections.selections if selections else ():
        if isinstance(node, InlineFragmentNode):
            total += complexity(node.selection_set)
        if not isinstance(node, FieldNode):
            continue
        children = complexity(node.selection_set)
        first = next((item.value for item in node.arguments or () if item.name.value == "first"), None)
        rows = min(int(first.value), 100) if isinstance(first, IntValueNode) else 0
        if not node.name.value.startswith("__"):
            total += 1 + children * (1 + 0.01 * rows)
    return total


def operation_of(document: DocumentNode) -> OperationDefinitionNode | None:
    return next((item for item in document.definitions if isinstance(item, OperationDefinitionNode)), None)


def describe(body: bytes) -> dict[str, Any] | None:
    """What a request asks for, for the log: the operation, its root fields and how many aliases they have."""
    try:
        document = parse(json.loads(body)["query"])
    except (ValueError, KeyError, TypeError, GraphQLError):
        return None
    operation = operation_of(document)
    if operation is None:
        return None
    fields = [node for node in operation.selection_set.selections if isinstance(node, FieldNode)]
    return {
        "operation": operation.operation.value,
        "fields": sorted({node.name.value for node in fields}),
        "aliases": sum(1 for node in fields if node.alias),
    }


def run(state: State, backend: registry.Backend, schema: GraphQLSchema, caller: Caller, body: bytes) -> dict[str, Any]:
    """The answer to a request, with errors as GitLab words them; its status is 200 in any case."""
    try:
        request = json.loads(body)
        document = parse(request["query"])
    except (ValueError, KeyError, TypeError):
        return {"errors": [{"message": "No query string was present"}]}
    except GraphQLError as error:
        return {"errors": [{"message": error.message}]}
    errors = validate(schema, document)
    if errors:
        return {"errors": [{"message": error.message} for error in errors]}
    limit = state.complexity_limit or (300 if caller.is_admin() else 250 if caller.user else 200)
    operation = operation_of(document)
    score = int(complexity(operation.selection_set)) if operation else 0
    introspection = operation is not None and all(
        isinstance(node, FieldNode) and node.name.value in ("__type", "__schema", "queryComplexity")
        for node in operation.selection_set.selections
    )
    if score > limit and not introspection:
        return {"errors": [{"message": f"Query has complexity of {score}, which exceeds max complexity of {limit}"}]}
    if operation and operation.operation.value == "mutation" and caller.token and "api" not in caller.token.scopes:
        return {"errors": [{"message": FORBIDDEN}]}
    root = Root(state, backend, caller, score, limit)
    result = execute(schema, document, root_value=root, variable_values=request.get("variables") or {})
    formatted = result.formatted if not callable(result) else {}  # type: ignore[union-attr]
    return dict(formatted)
