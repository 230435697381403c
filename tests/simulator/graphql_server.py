# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""POST /api/graphql: from a body to an answer, the way GitLab words its errors."""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    Node,
    OperationDefinitionNode,
    SelectionSetNode,
    execute_sync,
    get_operation_ast,
    parse,
    print_ast,
    validate,
)

from .answers import Answer, as_json
from .graphql_cost import DEPTHS, LIMITS, cost_of
from .graphql_resolvers import Visit, resolve
from .graphql_schema import repository_id, schema_without
from .registry import Broken

PATH = "/api/graphql"
_NO_FIELD = re.compile(r"Cannot query field '(\w+)' on type '(\w+)'\.")


@dataclass(frozen=True)
class Request:
    query: str
    variables: dict[str, Any]
    operation_name: str | None


def read(body: bytes) -> Request | None:
    """None for a body that is no GraphQL request."""
    try:
        value = json.loads(body or b"null")
        if not isinstance(value, dict) or not isinstance(value.get("query"), str):
            return None
        variables = value.get("variables") or {}
        if isinstance(variables, str):
            variables = json.loads(variables)
    except ValueError:
        return None
    return Request(value["query"], variables, value.get("operationName"))


@functools.lru_cache(maxsize=1000)
def _parsed(query: str) -> DocumentNode:
    """Clients repeat few queries with many variables."""
    return parse(query)


@functools.lru_cache(maxsize=1000)
def _problems(query: str, missing_fields: tuple[str, ...]) -> list[GraphQLError]:
    return validate(schema_without(missing_fields), _parsed(query))


def describe(body: bytes) -> dict[str, Any] | None:
    """For the log: the type of the operation, its root fields, and how many of them have aliases."""
    request = read(body)
    try:
        operation = get_operation_ast(_parsed(request.query), request.operation_name) if request else None
    except GraphQLError:
        return None
    if operation is None:
        return None
    fields = [node for node in operation.selection_set.selections if isinstance(node, FieldNode)]
    return {
        "type": operation.operation.value,
        "fields": sorted({node.name.value for node in fields}),
        "aliases": sum(node.alias is not None for node in fields),
    }


def serve(visit: Visit, body: bytes) -> Answer:
    """Errors of the query come with status 200, as in GitLab."""
    request = read(body)
    if request is None:
        return _errors([GraphQLError("No query string was present")])
    schema = schema_without(visit.state.graphql_missing_fields)
    try:
        document = _parsed(request.query)
    except GraphQLError as error:
        return _errors([error])
    problems = _problems(request.query, visit.state.graphql_missing_fields)
    if problems:
        return as_json(200, {"errors": [_misplaced(error, document) for error in problems]})
    operation = get_operation_ast(document, request.operation_name)
    if operation is None:
        return _errors([GraphQLError("An operation name is required")])
    too_much = _weigh(schema, document, operation, visit, request.variables)
    if too_much:
        return _errors([GraphQLError(text) for text in too_much])
    wrong = _wrong_variables(operation, request.variables)
    if wrong:
        return as_json(200, {"errors": wrong})
    try:
        result = execute_sync(
            schema,
            document,
            context_value=visit,
            variable_values=request.variables,
            operation_name=request.operation_name,
            field_resolver=resolve,
        )
    except Broken:
        return _broken()
    if any(isinstance(error.original_error, Broken) for error in result.errors or []):
        return _broken()
    return _answer(result)


def _wrong_variables(operation: OperationDefinitionNode, variables: dict[str, Any]) -> list[dict[str, Any]]:
    """The errors of needed variables that are missing, and of ids of something else."""
    found = []
    for definition in operation.variable_definitions or ():
        name, kind = definition.variable.name.value, print_ast(definition.type)
        value = variables.get(name)
        problem: dict[str, Any] | None = None
        if value is None and kind.endswith("!"):
            problem = {"path": [], "explanation": "Expected value to not be null"}
        elif value is not None and kind.startswith("ContainerRepositoryID"):
            try:
                repository_id(value)
            except GraphQLError as error:
                problem = {"path": [], "explanation": error.message, "message": error.message}
        if problem:
            message = f"Variable ${name} of type {kind} was provided invalid value"
            extensions = {"value": value, "problems": [problem]}
            found.append({**_row(GraphQLError(message, definition)), "extensions": extensions})
    return found


def _broken() -> Answer:
    return as_json(500, {"errors": [{"message": "Internal server error"}]})


def _weigh(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    visit: Visit,
    variables: dict[str, Any],
) -> list[str]:
    kind = "admin" if visit.caller.admin else "user" if visit.caller.user else "anonymous"
    cost = cost_of(schema, document, operation, variables)
    visit.score = cost.score
    visit.limit = visit.state.complexity_limit or LIMITS[kind]
    texts = []
    if cost.score > visit.limit:
        texts.append(f"Query has complexity of {cost.score}, which exceeds max complexity of {visit.limit}")
    if cost.depth > DEPTHS[kind]:
        texts.append(f"Query has depth of {cost.depth}, which exceeds max depth of {DEPTHS[kind]}")
    return texts


def _errors(errors: list[GraphQLError]) -> Answer:
    return as_json(200, {"errors": [_row(error) for error in errors]})


def _answer(result: ExecutionResult) -> Answer:
    body: dict[str, Any] = {"data": result.data}
    if result.errors:
        body["errors"] = [_row(error) for error in result.errors]
    return as_json(200, body)


def _misplaced(error: GraphQLError, document: DocumentNode) -> dict[str, Any]:
    """The error of a query that is not valid, with the way to where it is wrong."""
    row, place = _row(error), error.nodes[0] if error.nodes else None
    for operation in document.definitions:
        if isinstance(operation, OperationDefinitionNode):
            name = f" {operation.name.value}" if operation.name else ""
            way = _way_to(place, operation.selection_set)
            if way:
                row["path"] = [f"{operation.operation.value}{name}", *way]
    return row


def _way_to(place: Node | None, selections: SelectionSetNode | None) -> list[str]:
    for node in selections.selections if selections else ():
        inner = getattr(node, "selection_set", None)
        below = [] if node is place else _way_to(place, inner)
        if node is place or below:
            own = [(node.alias or node.name).value] if isinstance(node, FieldNode) else []
            return own + below
    return []


def _row(error: GraphQLError) -> dict[str, Any]:
    row: dict[str, Any] = {"message": error.message}
    match = _NO_FIELD.match(error.message)
    if match:
        row["message"] = f"Field '{match[1]}' doesn't exist on type '{match[2]}'"
        row["extensions"] = {"code": "undefinedField", "typeName": match[2], "fieldName": match[1]}
    if error.locations:
        row["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path:
        row["path"] = list(error.path)
    return row
