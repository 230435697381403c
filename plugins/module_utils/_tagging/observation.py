# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What registry_tag reads, and how tags are deleted on such a server. Nothing is changed here."""

from __future__ import annotations

import typing as t

from .._core.models import Repository, TagListing
from .._deletion.delete_method import choose_delete_method
from .._deletion.host import is_proven_to_delete_by_name
from .._deletion.read_only import check_deletes
from .._gitlab.projects import get_project
from .._gitlab.repositories import get_repository
from .._gitlab.repository_lookup import look_up_repository
from .._module.registry import RegistryConnection
from .._registry.auth import Registry, registry_of
from .._registry.promotion import missing_subjects, read_tag_writes, referrers_of, source_image, with_contents
from .._tags.capabilities import Sources, detect
from .._tags.project_rules import rules_are_hidden
from .._tags.query import TagQuery
from .._tags.reader import TagReader, confirm_empty, open_reader
from .._tags.token_rules import not_pushable
from .planning import PromotionState, RemovalState
from .request import PromotionRequest, RemovalRequest


class _Target(t.NamedTuple):
    """The repository that is meant.

    Args:
        path: of the repository.
        location: its registry's host and the path.
        repository: None if there is none.
        archived_project: the path of its project if that is archived; empty if it is not, or that can't be seen.
    """

    path: str
    location: str
    repository: Repository | None
    archived_project: str = ""


def observe_promotion(connection: RegistryConnection, request: PromotionRequest) -> tuple[Registry, PromotionState]:
    """Read the image, its referrers, and which images the tags are now.

    Raises:
        RequestError: one of them can't be read.
    """
    target = _find_target(connection, request.repository)
    registry = registry_of(connection.client, connection.registry, target.location)
    source = request.source_repository or target.path
    image = source_image(registry, source, request.source)
    copied = request.copy_referrers and source != target.path
    referrers = referrers_of(registry, source, image) if copied else {}
    writes = read_tag_writes(registry, target.path, request.names, image, referrers)
    if source != target.path:
        writes = with_contents(registry, source, writes)
    state = PromotionState(
        source=source,
        target=target.path,
        writes=tuple(writes),
        missing_subjects=tuple(missing_subjects(registry, target.path, writes)),
        being_deleted=target.repository is not None and target.repository.being_deleted,
        archived_project=target.archived_project,
    )
    if state.changes and target.repository and not (state.being_deleted or state.archived_project):
        state = state._replace(protected=not_pushable(registry, state.target, state.changes))
    overwritten = [write.name for write in state.writes if write.overwrites]
    if overwritten and request.force and target.repository:
        state = _with_protection(connection, state, target.repository, overwritten)
    return registry, state


def _with_protection(
    connection: RegistryConnection, state: PromotionState, repository: Repository, names: t.Sequence[str]
) -> PromotionState:
    reader, listing = _read_named(connection, repository, names)
    protected = {tag.name for tag in listing.tags if tag.protected and tag.name in names}
    return state._replace(
        protected=state.protected | protected,
        hidden_rules=rules_are_hidden(connection.client, reader.capabilities, job_token=connection.is_job_token),
    )


def observe_removal(connection: RegistryConnection, request: RemovalRequest) -> tuple[TagReader | None, RemovalState]:
    """Read the repository's tags, and the digests of those that are to go.

    Returns:
        The reader of its tags, None if there is no such repository, and what was read.

    Raises:
        RequestError: they can't be read.
    """
    target = _find_target(connection, request.repository)
    if target.repository is None:
        return None, RemovalState(target.path)
    reader, listing = _read_named(connection, target.repository, request.names)
    there = bool(set(listing.names) & set(request.names))
    method = choose_delete_method(reader.capabilities, request.delete_via)
    check_deletes(reader, method, [target.repository] if there else [])
    by_name = not there or set(listing.names) <= set(request.names) or is_proven_to_delete_by_name(reader, target.path)
    if not by_name:
        [listing] = reader.read([target.repository], TagQuery(details=True, dates=False))
        if listing.error:
            raise listing.error
    hidden = there and rules_are_hidden(connection.client, reader.capabilities, job_token=connection.is_job_token)
    return reader, RemovalState(
        path=target.path,
        listing=listing,
        delete_method=method,
        hidden_rules=hidden,
        deletes_by_name=by_name,
        archived_project=target.archived_project,
    )


def _find_target(connection: RegistryConnection, repository: str | int) -> _Target:
    if isinstance(repository, int):
        found = get_repository(connection.client, repository)
        project = None if connection.is_job_token else get_project(connection.client, found.project_id)
        target = _Target(path=found.path, location=found.location, repository=found)
    else:
        lookup = look_up_repository(connection.client, repository, job_token=connection.is_job_token)
        project = lookup.project
        target = _Target(path=lookup.path, location=lookup.location, repository=lookup.repository)
    return target._replace(archived_project=project.path) if project and project.archived else target


def _read_named(
    connection: RegistryConnection, repository: Repository, names: t.Collection[str]
) -> tuple[TagReader, TagListing]:
    """The names of all tags of a repository, with the details of the named ones."""
    wanted = frozenset(names)
    query = TagQuery(
        details=True,
        dates=False,
        wanted=lambda listing: wanted.intersection(listing.names),
        protection=True,
    )
    sources = Sources(use_graphql=not connection.is_job_token, registry=connection.registry)
    reader = open_reader(detect(connection.client, [repository], sources, details=query.details))
    [listing] = reader.read([repository], query)
    listing = confirm_empty(reader, listing)
    if listing.error:
        raise listing.error
    return reader, listing
