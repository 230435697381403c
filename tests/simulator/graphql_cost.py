# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a query costs by GitLab's formula, and how deep it is.

A field costs 1 and what is below it; a page of a connection 1 % more for each of its rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
)

LIMITS = {"anonymous": 200, "user": 250, "admin": 300}
DEPTHS = {"anonymous": 15, "user": 20, "admin": 20}
DEFAULT_PAGE = 100
PAGES = {"ContainerRepositoryTagConnection": 20}
ROW_SHARE = 0.01


@dataclass(frozen=True)
class Cost:
    score: int
    depth: int


def cost_of(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any]
) -> Cost:
    """The cost of a query that is valid."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    meter = _Meter(schema, fragments, variables)
    root = schema.get_root_type(operation.operation)
    return meter.selection(operation.selection_set, root.name if root else None)


class _Meter:
    def __init__(
        self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode], variables: Mapping[str, Any]
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._variables = variables

    def selection(self, selections: SelectionSetNode | None, owner: str | None) -> Cost:
        parts = [self._one(node, owner) for node in (selections.selections if selections else ())]
        return Cost(sum(part.score for part in parts), max((part.depth for part in parts), default=0))

    def _one(self, node: Any, owner: str | None) -> Cost:
        if isinstance(node, FragmentSpreadNode):
            fragment = self._fragments[node.name.value]
            return self.selection(fragment.selection_set, fragment.type_condition.name.value)
        if isinstance(node, InlineFragmentNode):
            condition = node.type_condition
            return self.selection(node.selection_set, condition.name.value if condition else owner)
        assert isinstance(node, FieldNode)
        return self._field(node, owner)

    def _field(self, node: FieldNode, owner: str | None) -> Cost:
        name = node.name.value
        if name.startswith("__"):
            # GitLab lets everybody read the schema, however large the question is.
            return Cost(1, 1)
        kind = self._schema.type_map.get(owner or "")
        known = isinstance(kind, GraphQLObjectType) and name in kind.fields
        result = get_named_type(kind.fields[name].type).name if isinstance(kind, GraphQLObjectType) and known else None
        below = self.selection(node.selection_set, result)
        score = float(below.score + 1)
        if result and result.endswith("Connection"):
            score += score * ROW_SHARE * self._page(node, result)
        return Cost(int(score), below.depth + 1)

    def _page(self, node: FieldNode, connection: str) -> int:
        sizes = [PAGES.get(connection, DEFAULT_PAGE)]
        for argument in node.arguments or ():
            if argument.name.value in ("first", "last"):
                value: Any = None
                if isinstance(argument.value, IntValueNode):
                    value = int(argument.value.value)
                elif isinstance(argument.value, VariableNode):
                    value = self._variables.get(argument.value.name.value)
                if isinstance(value, int):
                    sizes.append(value)
        return max(0, min(sizes))
