# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What registry_repository reads, and how tags are deleted on such a server. Nothing is changed here."""

from __future__ import annotations

from .._core.models import Repository
from .._core.server import DeleteMethod
from .._deletion.delete_method import choose_delete_method
from .._deletion.host import is_proven_to_delete_by_name
from .._deletion.read_only import check_deletes
from .._gitlab.projects import get_project
from .._gitlab.repository_lookup import RepositoryLookup, find_by_id, look_up_repository
from .._module.registry import RegistryConnection
from .._tags.capabilities import Sources, detect
from .._tags.project_rules import rules_are_hidden
from .._tags.query import TagQuery
from .._tags.reader import TagReader, confirm_empty, open_reader
from .planning import RepositoryState, plan_tags
from .request import RepositoryRequest


def observe(connection: RegistryConnection, request: RepositoryRequest) -> tuple[TagReader, RepositoryState]:
    """Read the repositories, and their tags as far as these decide.

    Raises:
        RequestError: the repositories can't be read. Tags that can't be are told in their listings.
    """
    found, missing, archived = _find(connection, request)
    being_deleted = [repository for repository in found if repository.being_deleted]
    left = [repository for repository in found if not repository.being_deleted]
    query = TagQuery(details=request.deletes_tags, dates=False, protection=request.deletes_tags)
    sources = Sources(use_graphql=request.deletes_tags and not connection.is_job_token, registry=connection.registry)
    reader = open_reader(detect(connection.client, left, sources, details=query.details))
    method = (
        choose_delete_method(reader.capabilities, request.delete_via) if request.deletes_tags else DeleteMethod.REST
    )
    check_deletes(reader, method, left)
    listings = [confirm_empty(reader, listing) for listing in reader.read(left, query)]
    matters = request.deletes_tags and bool(left)
    hidden = matters and rules_are_hidden(connection.client, reader.capabilities, job_token=connection.is_job_token)
    state = RepositoryState(
        listings=tuple(listings),
        missing=tuple(missing),
        being_deleted=tuple(being_deleted),
        delete_method=method,
        hidden_rules=hidden,
        archived_projects=archived,
    )
    mixed = [part for part in plan_tags(state, request).repositories if part.deletions and part.kept]
    by_name = not mixed or is_proven_to_delete_by_name(reader, mixed[0].repository.path)
    return reader, state._replace(deletes_by_name=by_name)


def _find(
    connection: RegistryConnection, request: RepositoryRequest
) -> tuple[list[Repository], list[str], tuple[str, ...]]:
    """The repositories by path, the names of those that are not there, and the paths of their archived projects."""
    client = connection.client

    def by_path(path: str) -> RepositoryLookup:
        return look_up_repository(client, path, job_token=connection.is_job_token)

    by_id = client.parallel(lambda number: find_by_id(client, number), request.ids)
    lookups = client.parallel(by_path, request.paths)
    found = [*zip(map(str, request.ids), by_id), *zip(request.paths, (lookup.repository for lookup in lookups))]
    numbers = sorted({repository.project_id for repository in by_id if repository})
    projects = [] if connection.is_job_token else client.parallel(lambda number: get_project(client, number), numbers)
    projects += [lookup.project for lookup in lookups if lookup.project and lookup.repository]
    there = {repository.id: repository for _name, repository in found if repository}
    return (
        sorted(there.values(), key=lambda repository: repository.path),
        [name for name, repository in found if repository is None],
        tuple(sorted({project.path for project in projects if project.archived})),
    )
