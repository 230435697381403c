# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""One request to a registry, with the token that it takes."""

from __future__ import annotations

import typing as t

from .._core.errors import ErrorKind, RequestError
from .._http.messages import Chunks, Response
from .._http.retry import RetryPolicy
from .._http.understanding import understanding
from .auth import Registry, scope_of
from .errors import SERVICE, error_of, is_refused_by_rule, not_granted


@understanding("ask the registry", SERVICE)
def request_repository(
    registry: Registry,
    method: str,
    path: str,
    suffix: str,
    *,
    scopes: tuple[str, ...] | None = None,
    actions: tuple[str, ...] = ("pull",),
    operation: str,
    retry: RetryPolicy = RetryPolicy.IDEMPOTENT,
    **options: t.Any,
) -> Response:
    """Ask about a repository, once the token is known to allow it.

    What a token for several repositories does not allow may be allowed to one that is asked for alone.

    Args:
        registry: which one.
        method: of HTTP, in capitals.
        path: of the repository.
        suffix: what follows its path in the URL, beginning with a slash.
        scopes: what the token is for, as in scope_of; None is reading.
        actions: what the token has to allow on the repository.
        operation: what it is for, as in "read the tags of a/b".
        retry: after what it is sent again.
        options: further ones of request.

    Raises:
        RequestError: the token does not allow it (forbidden), or as request.
    """
    group = scopes if scopes is not None else registry.pull_scopes(path)
    alone = scopes if scopes is not None else (scope_of(path, "pull"),)
    for wanted in dict.fromkeys((group, alone)):
        registry.authorization(wanted, None, operation, retry)
        if registry.denied_actions(wanted, path, actions):
            continue
        try:
            return request(registry, method, f"/v2/{path}{suffix}", wanted, operation=operation, retry=retry, **options)
        except RequestError as error:
            if error.kind != ErrorKind.UNAUTHORIZED or not registry.denied_actions(wanted, path, actions):
                raise
    raise not_granted(path, registry.denied_actions(alone, path, actions), operation)


@understanding("ask the registry", SERVICE)
def request(
    registry: Registry,
    method: str,
    path: str,
    scopes: tuple[str, ...],
    *,
    headers: t.Mapping[str, str] | None = None,
    operation: str,
    success: int = 200,
    accept: tuple[int, ...] = (),
    retry: RetryPolicy = RetryPolicy.IDEMPOTENT,
    **options: t.Any,
) -> Response:
    """Ask, and ask again when the registry wants another token: the first answer says how, later tokens run out.

    Args:
        registry: which one.
        method: of HTTP, in capitals.
        path: with /v2 at its beginning.
        scopes: what the token is for, as in scope_of.
        headers: besides those that every request has.
        operation: what it is for, as in "read the tags of a/b".
        success: the status of an answer as it should be.
        accept: other statuses that are returned.
        retry: after what it is sent again.
        options: further ones of Client.request.

    Raises:
        RequestError: the answer has another status, or there is none.
    """
    refused: str | None = None
    for _attempt in range(3):
        asked = registry.challenge
        authorization = registry.authorization(scopes, refused, operation, retry)
        answer = registry.client.request(
            method,
            path,
            operation=operation,
            headers={**(headers or {}), **authorization_header(authorization)},
            retry=retry,
            stop_at_401=False,
            **options,
        )
        if answer.status != 401 or is_refused_by_rule(answer):
            break
        registry.update_challenge(answer)
        is_new = registry.challenge != asked
        if isinstance(options.get("data"), Chunks) or (not is_new and (authorization is None or refused is not None)):
            break
        refused = authorization
    if answer.status == success or answer.status in accept:
        return answer
    raise error_of(answer)


def authorization_header(authorization: str | None) -> dict[str, str]:
    """The headers for what Registry.authorization gives."""
    return {"Authorization": authorization} if authorization else {}
