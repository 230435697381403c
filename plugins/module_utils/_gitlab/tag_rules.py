# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The protection rules for tags as GraphQL shows them, of many projects in one request."""

from __future__ import annotations

import typing as t

from .._core.errors import ErrorKind, RequestError
from .._http.client import Client
from .graphql_answers import ask, global_id, text_of

# Of how many projects the protection rules are asked for in one query, which is about half of what it may cost.
_RULE_ALIASES = 10


def read_tag_rules(client: Client, repository_ids: t.Sequence[int]) -> list[tuple[str, ...] | RequestError]:
    """The patterns of the protection rules for tags, of the project of each repository.

    Returns:
        For each repository, in the same order, the patterns or why they can't be read. GitLab leaves out rules that the
        caller may not see: app/graphql/types/container_registry/protection/tag_rule_type.rb.
    """
    batches = [repository_ids[start : start + _RULE_ALIASES] for start in range(0, len(repository_ids), _RULE_ALIASES)]
    answers = client.parallel(lambda batch: _read_rule_batch(client, batch), batches)
    return [patterns for batch in answers for patterns in batch]


def _read_rule_batch(client: Client, batch: t.Sequence[int]) -> list[tuple[str, ...] | RequestError]:
    declared = ", ".join(f"$i{number}: ContainerRepositoryID!" for number in range(len(batch)))
    parts = " ".join(
        f"r{number}: containerRepository(id: $i{number}) {{ project {{ userPermissions {{ adminProject }} "
        f"containerProtectionTagRules(first: 20) {{ nodes {{ tagNamePattern }} pageInfo {{ hasNextPage }} }} }} }}"
        for number in range(len(batch))
    )
    variables = {f"i{number}": global_id(repository_id) for number, repository_id in enumerate(batch)}
    operation = "read tag protection rules by GraphQL"
    try:
        data = ask(client, f"query({declared}) {{ {parts} }}", operation, variables)
    except RequestError as error:
        return [error] * len(batch)
    return [_rule_patterns(data.get(f"r{number}"), operation) for number in range(len(batch))]


def _rule_patterns(found: t.Any, operation: str) -> tuple[str, ...] | RequestError:
    try:
        project = found["project"]
        rules = project["containerProtectionTagRules"]
        patterns = tuple(text_of(rule["tagNamePattern"]) for rule in rules["nodes"])
        complete = project["userPermissions"]["adminProject"] is True and rules["pageInfo"]["hasNextPage"] is False
    except (TypeError, KeyError):
        return RequestError(ErrorKind.INCOMPLETE, "the answer has another shape than GitLab's", operation=operation)
    if not complete:
        message = "GitLab shows them only to Maintainers of the project"
        return RequestError(ErrorKind.FORBIDDEN, message, operation=operation, advice="")
    known = tuple(pattern for pattern in patterns if pattern is not None)
    if len(known) < len(patterns):
        return RequestError(ErrorKind.INCOMPLETE, "the answer holds a rule without a pattern", operation=operation)
    return known
