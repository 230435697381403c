# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Deleting tags by GraphQL, many with one mutation."""

from __future__ import annotations

import typing as t

from .._core.errors import ErrorKind, RequestError, quotable
from .._core.words import counted
from .._http.client import Client
from .._http.retry import RetryPolicy
from .._http.understanding import understanding
from .graphql_answers import data_of, errors_in, global_id, post

# app/graphql/gitlab_schema.rb and lib/gitlab/graphql/authorize/authorize_resource.rb
_NO_PERMISSION = "don't have permission"


@understanding("delete tags by GraphQL")
def destroy_tags(client: Client, repository_id: int, names: t.Sequence[str]) -> tuple[list[str], list[str]]:
    """Delete at most DELETE_LIMIT tags. It is sent once: whoever asks again has to look at the tags before.

    Returns:
        The names that GitLab says are deleted, and its error texts. GitLab silently leaves out protected tags.

    Raises:
        RequestError: of kind forbidden if the caller may delete nothing there. If its effect is unknown, the tags may
            be deleted or not.
    """
    query = (
        "mutation($input: DestroyContainerRepositoryTagsInput!) "
        "{ destroyContainerRepositoryTags(input: $input) { deletedTagNames errors } }"
    )
    operation = f"delete {counted(len(names), 'tag')} by GraphQL"
    variables = {"input": {"id": global_id(repository_id), "tagNames": list(names)}}
    answer = post(client, query, variables, operation, RetryPolicy.AFTER_A_LOOK)
    try:
        data = data_of(answer)
    except RequestError as error:
        raise error.replace(kind=ErrorKind.FORBIDDEN) if _NO_PERMISSION in error.message else error from None
    result = data.get("destroyContainerRepositoryTags")
    if not isinstance(result, dict) or not isinstance(result.get("deletedTagNames"), list):
        raise answer.untrusted("GraphQL did not say which tags it deleted", ErrorKind.NOT_JSON)
    texts = [quotable(str(text)) for text in errors_in(result)]
    return [str(name) for name in result["deletedTagNames"]], texts
