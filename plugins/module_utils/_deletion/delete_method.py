# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""How tags are to be deleted. Pure."""

from __future__ import annotations

from .._core.errors import ErrorKind, RequestError
from .._core.server import DeleteMethod, ServerCapabilities


def choose_delete_method(capabilities: ServerCapabilities, wanted: DeleteMethod | None) -> DeleteMethod:
    """The method that the caller wants, or the best that the server offers.

    Args:
        capabilities: what the server can do.
        wanted: the caller's method; None is the best.

    Raises:
        RequestError: the wanted one can't be used.
    """
    if wanted is DeleteMethod.REGISTRY and capabilities.registry_unavailable_reason:
        raise registry_unavailable(capabilities)
    if wanted is DeleteMethod.GRAPHQL and not capabilities.deletes_by_graphql:
        raise RequestError(
            ErrorKind.GRAPHQL,
            capabilities.graphql_unavailable_reason or "it has no mutation that deletes tags",
            operation="delete tags by GraphQL",
            advice="Use delete_via: auto or rest.",
        )
    return wanted or (DeleteMethod.GRAPHQL if capabilities.deletes_by_graphql else DeleteMethod.REST)


def registry_unavailable(capabilities: ServerCapabilities) -> RequestError:
    """Why tags can't be deleted in the registry itself."""
    return RequestError(
        ErrorKind.UNAVAILABLE,
        capabilities.registry_unavailable_reason or "the registry itself is not known",
        operation="delete tags in the registry",
        advice="",
    )
