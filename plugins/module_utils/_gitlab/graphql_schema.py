# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What a server's GraphQL offers, and how large its queries may be."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from .._core.errors import ErrorKind, RequestError
from .._core.numbers import amount
from .._http.client import Client
from .._http.understanding import understanding
from .graphql_answers import ask, names_of

_MOST_ALIASES = 20
# What a signed-in user may spend on one query where the server does not say: app/graphql/gitlab_schema.rb
_COMPLEXITY_LIMIT = 250


class AliasLimit:
    """How many pages one query holds at most. Threads share it, and each may shrink it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._most = _MOST_ALIASES

    @property
    def most(self) -> int:
        """The number as it is by now."""
        with self._lock:
            return self._most

    def shrink(self, most: int) -> None:
        """Take this number from now on, at least 1, unless it is less by now."""
        with self._lock:
            self._most = max(1, min(self._most, most))


@dataclass(frozen=True)
class Schema:
    """What this server's GraphQL offers.

    Args:
        tag_fields: the names of a tag's fields.
        can_delete: it has the mutation that deletes tags.
        complexity_limit: what one query may cost.
        has_tag_rules: it has protection rules for tags.
        protection_always_set: every tag has a protection, and only one with a level is under a rule, as in 17.9 and
            17.10. Later a tag without a rule has none.
        alias_limit: how many pages one query holds, less once the server finds a query too large or slow.
    """

    tag_fields: frozenset[str]
    can_delete: bool
    complexity_limit: int
    has_tag_rules: bool = True
    protection_always_set: bool = False
    alias_limit: AliasLimit = field(default_factory=AliasLimit)

    @property
    def budget(self) -> float:
        """What a query may cost, with a tenth of the limit left free."""
        return self.complexity_limit * 0.9

    def offered(self, fields: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the fields that this server has."""
        return tuple(field for field in fields if field in self.tag_fields)


@understanding("find out what GraphQL offers here")
def read_schema(client: Client) -> Schema:
    """Which fields and mutations there are, in one request.

    GitLab marks fields that are an experiment as deprecated, such as all that is about protection.
    """
    fields = "fields(includeDeprecated: true) { name }"
    query = (
        f'{{ tag: __type(name: "ContainerRepositoryTag") {{ {fields} }} '
        f'protection: __type(name: "ContainerProtectionAccessLevel") {{ {fields} }} '
        'rule: __type(name: "ContainerProtectionTagRule") { name } '
        'destroy: __type(name: "DestroyContainerRepositoryTagsInput") { name } '
        "queryComplexity { limit } }"
    )
    data = ask(client, query, "find out what GraphQL offers here")
    tag_fields, protection = names_of(data.get("tag")), names_of(data.get("protection"))
    if not tag_fields:
        message = "its GraphQL has no container tags"
        raise RequestError(ErrorKind.GRAPHQL, message, operation="find out what GraphQL offers here")
    complexity = data.get("queryComplexity")
    limit = complexity.get("limit") if isinstance(complexity, dict) else None
    return Schema(
        tag_fields=tag_fields,
        can_delete=bool(data.get("destroy")),
        complexity_limit=amount(limit) or _COMPLEXITY_LIMIT,
        has_tag_rules="protection" in tag_fields or bool(data.get("rule")),
        protection_always_set=bool(protection) and "immutable" not in protection,
    )
