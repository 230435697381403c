# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""GitLab's REST endpoints for the settings of a project as typed functions.

Every function raises RequestError when the answer is not the one it is named after.
"""

from __future__ import annotations

import typing as t
from datetime import timedelta
from email.utils import format_datetime

from .._core.errors import ErrorKind, RequestError
from .._core.models import DELETE_LEVEL, PUSH_LEVEL, Project, ProtectionRule, RuleKind
from .._http.client import Client
from .._http.messages import Response
from .._http.retry import RetryPolicy
from .fields import a_number, a_text, text_or_none
from .rest import an_array, get, request

_MAINTAINER = "The role Maintainer in the project and a token with the scope api are required."
# Where a project or a rule is missing GitLab writes Not Found in other words.
_NO_ROUTE = "404 Not Found"
_TOO_MANY = "Maximum number of protection rules"
_NO_DATABASE = "GitLab container registry API not supported"


class RuleEndpoint(t.NamedTuple):
    """Where a kind of protection rules is on a server.

    Args:
        kind: what the rules protect.
        path: of the endpoint, below that of the project.
    """

    kind: RuleKind
    path: str


# The second place of repository rules is that of 17.2 to 17.7.
_ENDPOINTS = {
    RuleKind.REPOSITORY: (
        RuleEndpoint(RuleKind.REPOSITORY, "registry/protection/repository/rules"),
        RuleEndpoint(RuleKind.REPOSITORY, "registry/protection/rules"),
    ),
    RuleKind.TAG: (RuleEndpoint(RuleKind.TAG, "registry/protection/tag/rules"),),
}
# The verbs of tag rules came one after the other: lib/api/project_container_registry_protection_tag_rules.rb
_SINCE = {
    (RuleKind.REPOSITORY, "GET"): "17.8",
    (RuleKind.TAG, "GET"): "18.7",
    (RuleKind.TAG, "POST"): "18.8",
    (RuleKind.TAG, "PATCH"): "18.9",
}


def update_project(client: Client, project: Project, attributes: t.Mapping[str, t.Any]) -> None:
    """Set attributes of a project; what is not named stays as it is."""
    operation = f"change the settings of project {project.path}"
    _send(client, "PUT", f"/projects/{project.id}", body=dict(attributes), operation=operation)


def has_repositories(client: Client, project: Project) -> bool:
    """Whether a project has any container repository."""
    operation = f"look for images of project {project.path}"
    path = f"/projects/{project.id}/registry/repositories"
    return bool(an_array(get(client, path, query={"per_page": 1}, operation=operation)))


def first_rules(
    client: Client, project: Project, kind: RuleKind
) -> tuple[RuleEndpoint, tuple[ProtectionRule, ...] | RequestError]:
    """Find out where this server has a kind of rules, with the rules of one project.

    Returns:
        The endpoint, and the rules of the project or why they can't be read.

    Raises:
        RequestError: the server has no such rules (too_old).
    """
    for endpoint in _ENDPOINTS[kind]:
        try:
            return endpoint, list_rules(client, endpoint, project)
        except RequestError as error:
            if error.kind != ErrorKind.TOO_OLD:
                return endpoint, error
            refusal = error
    raise refusal


def list_rules(client: Client, endpoint: RuleEndpoint, project: Project) -> tuple[ProtectionRule, ...]:
    """All rules of a project; GitLab does not show immutable ones of tags here."""
    operation = f"read the {endpoint.kind.value} protection rules of project {project.path}"
    answer = _send(client, "GET", _path(endpoint, project), endpoint, operation=operation)
    return tuple(_rule(row, endpoint) for row in an_array(answer))


def create_rule(client: Client, endpoint: RuleEndpoint, project: Project, rule: ProtectionRule) -> None:
    """Create a rule. The request is not sent again if no answer comes."""
    levels = {name: level for name, level in ((PUSH_LEVEL, rule.push), (DELETE_LEVEL, rule.delete)) if level}
    body = {endpoint.kind.pattern_option: rule.pattern, **levels}
    operation = _operation("create", rule, endpoint, project)
    _send(
        client,
        "POST",
        _path(endpoint, project),
        endpoint,
        body=body,
        retry=RetryPolicy.RATE_LIMITED,
        operation=operation,
        success=201,
    )


def update_rule(
    client: Client, endpoint: RuleEndpoint, project: Project, before: ProtectionRule, after: ProtectionRule
) -> None:
    """Set the levels of a rule that differ; GitLab removes a level that is sent empty."""
    levels = ((PUSH_LEVEL, before.push, after.push), (DELETE_LEVEL, before.delete, after.delete))
    body = {name: new or "" for name, old, new in levels if old != new}
    operation = _operation("change", before, endpoint, project)
    _send(client, "PATCH", f"{_path(endpoint, project)}/{before.id}", endpoint, body=body, operation=operation)


def delete_rule(client: Client, endpoint: RuleEndpoint, project: Project, rule: ProtectionRule) -> None:
    """Delete a rule, unless it was changed since the task began. A rule that is gone already is no error."""
    # The header has no fractions of a second: a change in the same second counts as seen.
    seen = client.clock + timedelta(seconds=1) if client.clock else None
    headers = {"If-Unmodified-Since": format_datetime(seen, usegmt=True)} if seen else {}
    operation, path = _operation("delete", rule, endpoint, project), f"{_path(endpoint, project)}/{rule.id}"
    try:
        _send(client, "DELETE", path, endpoint, headers=headers, operation=operation, success=204)
    except RequestError as error:
        if error.status != 404 or error.kind == ErrorKind.TOO_OLD:
            raise


def _operation(verb: str, rule: ProtectionRule, endpoint: RuleEndpoint, project: Project) -> str:
    return f"{verb} the {endpoint.kind.value} protection rule {rule.pattern!r} of project {project.path}"


def _path(endpoint: RuleEndpoint, project: Project) -> str:
    return f"/projects/{project.id}/{endpoint.path}"


def _rule(row: t.Mapping[str, t.Any], endpoint: RuleEndpoint) -> ProtectionRule:
    pattern = a_text(row, endpoint.kind.pattern_option)
    push, delete = text_or_none(row, PUSH_LEVEL) or None, text_or_none(row, DELETE_LEVEL) or None
    return ProtectionRule(pattern, push=push, delete=delete, id=a_number(row, "id"))


def _send(client: Client, method: str, path: str, endpoint: RuleEndpoint | None = None, **options: t.Any) -> Response:
    """As rest.request, with errors that say what settings take. endpoint: of the rules that it is about."""
    try:
        return request(client, method, path, **options)
    except RequestError as error:
        raise _advised(error, endpoint) from None


def _advised(error: RequestError, endpoint: RuleEndpoint | None) -> RequestError:
    if error.kind in (ErrorKind.FORBIDDEN, ErrorKind.INSUFFICIENT_SCOPE):
        return error.replace(advice=_MAINTAINER)
    if error.status == 404 and error.message == _NO_ROUTE and endpoint:
        since = _SINCE.get((endpoint.kind, error.method), "a later release")
        return error.replace(
            kind=ErrorKind.TOO_OLD, advice=(f"This GitLab has no such endpoint: it was added in {since}.")
        )
    if error.status == 412:
        return error.replace(advice="The rule was changed meanwhile; run the task again.")
    if error.message.startswith(_TOO_MANY):
        return error.replace(advice="Immutable rules, which are not shown here, are counted as well.")
    if error.message == _NO_DATABASE:
        return error.replace(advice="Tag protection rules need a container registry with a metadata database.")
    return error
