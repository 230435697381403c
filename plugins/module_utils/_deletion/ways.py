# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The ways to have tags deleted: many with one request, or each with its own."""

from __future__ import annotations

import typing as t

from .._core.models import Repository
from .._core.server import DeleteMethod, ReadMethod
from .._gitlab.tags import delete_tag
from .._registry.api import current_digest, prepare_deletion
from .._registry.api import delete_tag as delete_tag_in_registry
from .._tags.reader import TagReader
from .delete_method import registry_unavailable


class DeletionWay(t.NamedTuple):
    """How planned tags are deleted.

    Args:
        delete_one: Asks for the deletion of a repository's tag, and gives the status of the answer; None if GraphQL
            deletes many with one request.
        prepare: Does what a deletion in a repository needs besides, and may have to wait for; None if that is nothing.
        digest_in_registry: Which image a repository's tag is in the registry itself right now, None if there is no such
            tag; None if that needs no look besides the reader's.
    """

    delete_one: t.Callable[[Repository, str], int] | None = None
    prepare: t.Callable[[Repository], None] | None = None
    digest_in_registry: t.Callable[[Repository, str], str | None] | None = None


def deletion_way(reader: TagReader, method: DeleteMethod) -> DeletionWay:
    """The way that a method is.

    Args:
        reader: Reads the tags.
        method: GRAPHQL, REST or REGISTRY.

    Raises:
        RequestError: The registry can't be asked.
    """
    if method is DeleteMethod.GRAPHQL:
        return DeletionWay()
    if method is not DeleteMethod.REGISTRY:
        return DeletionWay(delete_one=lambda repository, name: delete_tag(reader.client, repository, name).status)
    registry = reader.registry
    if registry is None:
        raise registry_unavailable(reader.capabilities)
    asked = registry
    read_there = reader.capabilities.read_method is ReadMethod.REGISTRY
    return DeletionWay(
        delete_one=lambda repository, name: delete_tag_in_registry(asked, repository.path, name).status,
        prepare=lambda repository: prepare_deletion(asked, repository.path),
        digest_in_registry=None if read_there else lambda place, name: current_digest(asked, place.path, name),
    )
