# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Asking GitLab's GraphQL API, and what its answers come to.

An answer with status 200 that holds errors is a failure.
"""

from __future__ import annotations

import typing as t

from .._core.errors import ErrorKind, RequestError
from .._http.client import Client
from .._http.messages import Response
from .._http.retry import RetryPolicy
from .rest import error_of

PATH = "/api/graphql"
# A query that takes too long ends field by field, with status 200. The check of a query has a limit of its own, which a
# process that has just started exceeds: app/graphql/gitlab_schema.rb, config/initializers/graphql.rb
_TOO_SLOW, CHECK_TOO_SLOW = "Timeout on ", "Timeout on validation"
# An answer that something on the way, or a moment's trouble, made of GitLab's.
_GARBLED = {ErrorKind.SERVER_ERROR, ErrorKind.NOT_JSON, ErrorKind.INCOMPLETE}


def global_id(repository_id: int) -> str:
    """What GraphQL calls a repository."""
    return f"gid://gitlab/ContainerRepository/{repository_id}"


def post(
    client: Client,
    query: str,
    variables: t.Mapping[str, t.Any],
    operation: str,
    retry: RetryPolicy,
    *,
    stop_at_401: bool = True,
) -> Response:
    """Send a query.

    Args:
        client: of GitLab.
        query: its text.
        variables: the values of its variables.
        operation: what it is for, as in "read the tags of a/b".
        retry: after what it is sent again.
        stop_at_401: a 401 ends all requests.

    Raises:
        RequestError: the answer has another status than 200, or there is none.
    """
    body = {"query": query, "variables": variables}
    reads = retry is RetryPolicy.IDEMPOTENT
    answer = client.request(
        "POST", PATH, operation=operation, body=body, retry=retry, stop_at_401=stop_at_401, reads=reads
    )
    if answer.status != 200:
        raise error_of(answer)
    return answer


def ask(client: Client, query: str, operation: str, variables: t.Mapping[str, t.Any] | None = None) -> dict[str, t.Any]:
    """The data that answers a question, which is asked again after whatever may pass.

    Raises:
        RequestError: there is none, or the answer holds errors.
    """
    for left in client.retry_loop():
        try:
            # A token may be good for REST and not for GraphQL, so that a 401 here is no reason to stop.
            answer = post(client, query, variables or {}, operation, RetryPolicy.IDEMPOTENT, stop_at_401=False)
            return data_of(answer)
        except RequestError as error:
            if not left or not (is_too_slow(error) or error.kind in _GARBLED):
                raise
    raise AssertionError("the loop ends with an answer or an error")


def names_of(kind: t.Any) -> frozenset[str]:
    """The names of a type's fields; none if there is no such type."""
    fields = kind.get("fields") if isinstance(kind, dict) else None
    if not isinstance(fields, list):
        return frozenset()
    return frozenset(str(field.get("name")) for field in fields if isinstance(field, dict))


def body_of(answer: Response) -> dict[str, t.Any]:
    """The answer as GraphQL has it.

    Raises:
        RequestError: it is something else.
    """
    body = answer.json()
    if not isinstance(body, dict):
        raise answer.untrusted("the answer has another shape than GraphQL's")
    return body


def data_of(answer: Response) -> dict[str, t.Any]:
    """The data of an answer without errors.

    Raises:
        RequestError: it has errors, or no data.
    """
    body = body_of(answer)
    data = body.get("data")
    if body.get("errors") or not isinstance(data, dict):
        raise error_of_texts(answer, errors_in(body))
    return data


def errors_in(body: t.Mapping[str, t.Any]) -> list[t.Any]:
    """The errors of an answer, or of a mutation."""
    errors = body.get("errors")
    return errors if isinstance(errors, list) else [errors] if errors else []


def errors_below(errors: t.Sequence[t.Any], alias: str) -> list[t.Any]:
    """The errors that are about an alias, or about the whole answer."""
    paths = (error.get("path") if isinstance(error, dict) else None for error in errors)
    return [error for error, path in zip(errors, paths) if not isinstance(path, list) or path[:1] in ([], [alias])]


def error_of_texts(answer: Response, errors: t.Sequence[t.Any]) -> RequestError:
    """All these errors of an answer as one. It is a time-out if GitLab had no time, and for nothing else."""
    texts = [str(error.get("message")) for error in errors if isinstance(error, dict)]
    message = "; ".join(dict.fromkeys(texts)) or "GraphQL answered without data"
    if texts and all(text.startswith(_TOO_SLOW) for text in texts):
        return answer.untrusted(message, ErrorKind.TIMEOUT)
    advice = "It does not exist, or the token may not do this." if "permission" in message else ""
    return answer.untrusted(message, ErrorKind.GRAPHQL, advice)


def is_too_slow(error: RequestError) -> bool:
    """Whether GitLab gave up within an answer; a request without an answer was sent again already."""
    return error.kind is ErrorKind.TIMEOUT and error.message.startswith(_TOO_SLOW)


def text_of(value: t.Any) -> str | None:
    """A text that is not empty; None for anything else."""
    return value if isinstance(value, str) and value else None
