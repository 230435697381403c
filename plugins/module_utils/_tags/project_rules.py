# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The protection rules for tags, as far as GitLab lets the caller read them."""

from __future__ import annotations

import typing as t
from types import MappingProxyType

from .._core.errors import RequestError
from .._core.models import Repository
from .._core.server import ServerCapabilities, TagRules
from .._gitlab.graphql_schema import Schema
from .._gitlab.projects import caller_is_administrator
from .._gitlab.tag_rules import read_tag_rules
from .._http.client import Client
from .._rules.patterns import rule_search
from .details import CoveredNames


class RulesFound(t.NamedTuple):
    """The protection rules for tags.

    Args:
        state: whether they can be read.
        hidden_reason: why not all of them can be read; empty if they can.
        by_project: whether they cover the name of a tag, of the projects whose rules were read.
    """

    state: TagRules
    hidden_reason: str = ""
    by_project: CoveredNames = MappingProxyType({})


def find_rules(
    client: Client, schema: Schema | None, capabilities: ServerCapabilities, repositories: t.Sequence[Repository]
) -> RulesFound:
    """The protection rules for tags. If tags are not read with their protection, the rules of each project are read."""
    if schema and not schema.has_tag_rules:
        return RulesFound(TagRules.NONE)
    if schema is None:
        return RulesFound(TagRules.HIDDEN, hidden_reason=capabilities.graphql_unavailable_reason)
    if capabilities.pages_by_cursor and "protection" in schema.tag_fields:
        return RulesFound(TagRules.READABLE)
    asked = {repository.project_id: repository.id for repository in repositories}
    answers = dict(zip(asked, read_tag_rules(client, list(asked.values()))))
    errors = [str(answer) for answer in answers.values() if isinstance(answer, RequestError)]
    found = {number: rule_search(each) for number, each in answers.items() if not isinstance(each, RequestError)}
    if errors or not repositories:
        return RulesFound(TagRules.HIDDEN, hidden_reason=errors[0] if errors else "", by_project=found)
    return RulesFound(TagRules.READABLE, by_project=found)


def rules_are_hidden(client: Client, capabilities: ServerCapabilities, *, job_token: bool) -> bool:
    """Whether there may be protection rules for tags that can't be read, and that GitLab lets this caller ignore.

    Args:
        client: of GitLab.
        capabilities: what the server can do.
        job_token: whether the caller's token is that of a CI/CD job.

    Raises:
        RequestError: it can't be found out.
    """
    if capabilities.tag_rules is not TagRules.HIDDEN or job_token:
        return False
    return caller_is_administrator(client)
