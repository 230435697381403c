# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The part of GitLab's GraphQL schema that is about container images, with its names and nullability."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

from graphql import GraphQLError, GraphQLObjectType, GraphQLSchema, build_schema, get_named_type

SDL = """
"ISO 8601"
scalar Time
"An integer as a string"
scalar BigInt
scalar ContainerRepositoryID

enum ContainerRepositoryTagSort { NAME_ASC NAME_DESC PUBLISHED_AT_ASC PUBLISHED_AT_DESC }
enum ContainerRepositorySort { NAME_ASC NAME_DESC CREATED_ASC CREATED_DESC UPDATED_ASC UPDATED_DESC }
enum ContainerRepositoryStatus { DELETE_SCHEDULED DELETE_FAILED DELETE_ONGOING }
enum ContainerRepositoryCleanupStatus { UNSCHEDULED SCHEDULED UNFINISHED ONGOING }
enum ContainerProtectionTagRuleAccessLevel { MAINTAINER OWNER ADMIN }

type Query {
  currentUser: CurrentUser
  metadata: Metadata
  queryComplexity: QueryComplexity
  echo(text: String!): String!
  project(fullPath: ID!): Project
  group(fullPath: ID!): Group
  containerRepository(id: ContainerRepositoryID!): ContainerRepositoryDetails
}

type Mutation {
  destroyContainerRepositoryTags(input: DestroyContainerRepositoryTagsInput!): DestroyContainerRepositoryTagsPayload
}

input DestroyContainerRepositoryTagsInput {
  id: ContainerRepositoryID!
  tagNames: [String!]!
  clientMutationId: String
}

type DestroyContainerRepositoryTagsPayload {
  clientMutationId: String
  deletedTagNames: [String!]!
  errors: [String!]!
}

type CurrentUser { id: ID! username: String! name: String! }
type Metadata { version: String! revision: String! enterprise: Boolean! }
type QueryComplexity { score: Int limit: Int }

type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }

type ContainerExpirationPolicy {
  enabled: Boolean!
  cadence: String!
  keepN: String
  olderThan: String
  nameRegex: String
  nameRegexKeep: String
  nextRunAt: Time
}

type Project {
  id: ID!
  name: String!
  path: String!
  fullPath: ID!
  nameWithNamespace: String!
  webUrl: String
  visibility: String
  archived: Boolean
  createdAt: Time
  group: Group
  containerRegistryEnabled: Boolean
  containerExpirationPolicy: ContainerExpirationPolicy
  containerProtectionTagRules(
    after: String, before: String, first: Int, last: Int
  ): ContainerProtectionTagRuleConnection
    @deprecated(reason: "**Status**: Experiment. Introduced in GitLab 17.8.")
  userPermissions: ProjectPermissions!
  containerRepositoriesCount: Int!
  containerRepositories(
    name: String, sort: ContainerRepositorySort, after: String, before: String, first: Int, last: Int
  ): ContainerRepositoryConnection
}

type Group {
  id: ID!
  name: String!
  path: String!
  fullPath: ID!
  fullName: String!
  webUrl: String!
  visibility: String
  parent: Group
  containerRepositoriesCount: Int!
  containerRepositories(
    name: String, sort: ContainerRepositorySort, after: String, before: String, first: Int, last: Int
  ): ContainerRepositoryConnection
}

type ContainerRepositoryConnection {
  edges: [ContainerRepositoryEdge]
  nodes: [ContainerRepository]
  pageInfo: PageInfo!
}
type ContainerRepositoryEdge { cursor: String! node: ContainerRepository }
type ContainerRepositoryPermissions { destroyContainerRepository: Boolean! }

type ContainerRepository {
  id: ID!
  name: String!
  path: String!
  location: String!
  status: ContainerRepositoryStatus
  tagsCount: Int!
  createdAt: Time!
  updatedAt: Time!
  expirationPolicyStartedAt: Time
  expirationPolicyCleanupStatus: ContainerRepositoryCleanupStatus
  lastCleanupDeletedTagsCount: Int
  migrationState: String! @deprecated(reason: "Returns an empty string.")
  project: Project!
  userPermissions: ContainerRepositoryPermissions!
}

type ContainerRepositoryDetails {
  id: ID!
  name: String!
  path: String!
  location: String!
  status: ContainerRepositoryStatus
  tagsCount: Int!
  createdAt: Time!
  updatedAt: Time!
  lastPublishedAt: Time
  expirationPolicyStartedAt: Time
  expirationPolicyCleanupStatus: ContainerRepositoryCleanupStatus
  lastCleanupDeletedTagsCount: Int
  migrationState: String! @deprecated(reason: "Returns an empty string.")
  size: Float
  project: Project!
  userPermissions: ContainerRepositoryPermissions!
  tags(
    sort: ContainerRepositoryTagSort, name: String, referrers: Boolean, referrerType: String,
    after: String, before: String, first: Int, last: Int
  ): ContainerRepositoryTagConnection
}

type ContainerRepositoryTagConnection {
  edges: [ContainerRepositoryTagEdge]
  nodes: [ContainerRepositoryTag]
  pageInfo: PageInfo!
}
type ContainerRepositoryTagEdge { cursor: String! node: ContainerRepositoryTag }
type ContainerRepositoryTagPermissions { destroyContainerRepositoryTag: Boolean! }
type ContainerRepositoryReferrer {
  artifactType: String
  digest: String!
  userPermissions: ContainerRepositoryTagPermissions!
}

type ContainerProtectionAccessLevel {
  immutable: Boolean! @deprecated(reason: "**Status**: Experiment. Introduced in GitLab 17.11.")
  minimumAccessLevelForDelete: ContainerProtectionTagRuleAccessLevel
    @deprecated(reason: "**Status**: Experiment. Introduced in GitLab 17.8.")
  minimumAccessLevelForPush: ContainerProtectionTagRuleAccessLevel
    @deprecated(reason: "**Status**: Experiment. Introduced in GitLab 17.8.")
}

type ContainerProtectionTagRule {
  id: ID! @deprecated(reason: "**Status**: Experiment. Introduced in GitLab 17.8.")
  tagNamePattern: String! @deprecated(reason: "**Status**: Experiment. Introduced in GitLab 17.8.")
  immutable: Boolean! @deprecated(reason: "**Status**: Experiment. Introduced in GitLab 17.11.")
  minimumAccessLevelForDelete: ContainerProtectionTagRuleAccessLevel
    @deprecated(reason: "**Status**: Experiment. Introduced in GitLab 17.8.")
  minimumAccessLevelForPush: ContainerProtectionTagRuleAccessLevel
    @deprecated(reason: "**Status**: Experiment. Introduced in GitLab 17.8.")
}
type ContainerProtectionTagRuleEdge { cursor: String! node: ContainerProtectionTagRule }
type ContainerProtectionTagRuleConnection {
  edges: [ContainerProtectionTagRuleEdge]
  nodes: [ContainerProtectionTagRule]
  pageInfo: PageInfo!
}
type ProjectPermissions { adminProject: Boolean! }

type ContainerRepositoryTag {
  name: String!
  path: String!
  location: String!
  digest: String
  revision: String
  shortRevision: String
  totalSize: BigInt
  createdAt: Time
  publishedAt: Time
  mediaType: String
  referrers: [ContainerRepositoryReferrer!]
  protection: ContainerProtectionAccessLevel
    @deprecated(reason: "**Status**: Experiment. Introduced in GitLab 17.9.")
  userPermissions: ContainerRepositoryTagPermissions!
}
"""

_REPOSITORY_ID = re.compile(r"gid://gitlab/ContainerRepository/([0-9]+)")


class UnknownField(Exception):
    """The scenario takes a field away that there is not."""


@functools.lru_cache(maxsize=32)
def schema_without(missing: tuple[str, ...]) -> GraphQLSchema:
    """The schema without fields such as ContainerRepositoryTag.publishedAt or types such as ContainerRepositoryTag.

    Without a type all fields that lead to it are missing, too.
    """
    schema = build_schema(SDL)
    for name in missing:
        type_name, _dot, field = name.partition(".")
        owner = schema.type_map.get(type_name)
        if not isinstance(owner, GraphQLObjectType) or (field and field not in owner.fields):
            raise UnknownField(f"there is no field {name!r}")
        if field:
            del owner.fields[field]
        else:
            _forget(schema, {type_name, f"{type_name}Edge", f"{type_name}Connection"})
    _write_as(schema, "BigInt", str)
    _write_as(schema, "Time", lambda value: value.isoformat(timespec="seconds"))
    identifier = schema.type_map["ContainerRepositoryID"]
    # graphql-core 3.3 has new names for the functions of 3.2 and uses both.
    for attribute in ("parse_value", "coerce_input_value"):
        setattr(identifier, attribute, repository_id)
    return schema


def _forget(schema: GraphQLSchema, types: set[str]) -> None:
    for name in types:
        schema.type_map.pop(name, None)
    for owner in schema.type_map.values():
        if isinstance(owner, GraphQLObjectType):
            for name in [name for name, field in owner.fields.items() if get_named_type(field.type).name in types]:
                del owner.fields[name]


def _write_as(schema: GraphQLSchema, scalar: str, function: Callable[[Any], str]) -> None:
    for attribute in ("serialize", "coerce_output_value"):
        setattr(schema.type_map[scalar], attribute, function)


def repository_id(value: Any) -> int:
    """The number in a global id."""
    match = _REPOSITORY_ID.fullmatch(str(value))
    if not match:
        raise GraphQLError(f'"{value}" does not represent an instance of ContainerRepository')
    return int(match[1])
