# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How tags are deleted, by what is wanted and what there is."""

from __future__ import annotations

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import ErrorKind, RequestError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.server import DeleteMethod, ServerCapabilities
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.delete_method import (
    choose_delete_method,
    registry_unavailable,
)

GRAPHQL = ServerCapabilities(deletes_by_graphql=True, registry_unavailable_reason="it is away")
NO_GRAPHQL = ServerCapabilities(graphql_unavailable_reason="a job token is not accepted by GraphQL")


@pytest.mark.parametrize(
    ("capabilities", "wanted", "method"),
    [
        (GRAPHQL, None, DeleteMethod.GRAPHQL),
        (NO_GRAPHQL, None, DeleteMethod.REST),
        (GRAPHQL, DeleteMethod.GRAPHQL, DeleteMethod.GRAPHQL),
        (GRAPHQL, DeleteMethod.REST, DeleteMethod.REST),
        (NO_GRAPHQL, DeleteMethod.REGISTRY, DeleteMethod.REGISTRY),
        *(
            (capabilities, bulk, bulk)
            for capabilities in (GRAPHQL, NO_GRAPHQL)
            for bulk in DeleteMethod
            if bulk.is_bulk
        ),
    ],
)
def test_which_method_is_taken(
    capabilities: ServerCapabilities, wanted: DeleteMethod | None, method: DeleteMethod
) -> None:
    assert choose_delete_method(capabilities, wanted) is method


@pytest.mark.parametrize(
    ("capabilities", "wanted", "kind", "message"),
    [
        (
            GRAPHQL,
            DeleteMethod.REGISTRY,
            ErrorKind.UNAVAILABLE,
            "Could not delete tags in the registry: it is away.",
        ),
        (
            NO_GRAPHQL,
            DeleteMethod.GRAPHQL,
            ErrorKind.GRAPHQL,
            "Could not delete tags by GraphQL: a job token is not accepted by GraphQL. Use delete_via: auto or rest.",
        ),
        (
            ServerCapabilities(),
            DeleteMethod.GRAPHQL,
            ErrorKind.GRAPHQL,
            "Could not delete tags by GraphQL: it has no mutation that deletes tags. Use delete_via: auto or rest.",
        ),
    ],
)
def test_a_wanted_method_has_to_be_there(
    capabilities: ServerCapabilities, wanted: DeleteMethod, kind: ErrorKind, message: str
) -> None:
    with pytest.raises(RequestError) as caught:
        choose_delete_method(capabilities, wanted)
    assert (str(caught.value), caught.value.kind) == (message, kind)


def test_a_registry_that_was_not_looked_for_is_not_known() -> None:
    error = registry_unavailable(ServerCapabilities())
    assert str(error) == "Could not delete tags in the registry: the registry itself is not known."
