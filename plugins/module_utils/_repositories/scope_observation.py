# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Reading what decides about the repositories of a scope, and no more. Nothing is changed here.

The repositories are listed first. So a branch that one of them is named after was there before it, and is in the list
of branches unless it is gone.
"""

from __future__ import annotations

import typing as t

from .._core.errors import ErrorKind, RequestError
from .._core.models import Project, RefKind, Repository, RuleKind, TagListing
from .._core.server import DeleteMethod
from .._deletion.delete_method import choose_delete_method
from .._deletion.read_only import check_deletes
from .._gitlab.git_refs import active_refs
from .._gitlab.repository_scope import select
from .._gitlab.settings import first_rules, list_rules
from .._http.client import Client
from .._module.registry import RegistryConnection
from .._rules.git_refs import ActiveRefs, telling_kinds
from .._tags.capabilities import Sources, detect
from .._tags.project_rules import rules_are_hidden
from .._tags.query import TagQuery
from .._tags.reader import TagReader, confirm_empty, open_reader
from .choice import Refs, Rules
from .scope_planning import ScopeState, undecided
from .scope_request import ScopeRequest

# How many refusals are taken before the place of protection rules counts as found.
_PROBES = 3


class ObservedScope(t.NamedTuple):
    """What was observed of a scope, and how its repositories are deleted.

    Args:
        reader: reads their tags.
        state: what decides about them.
        being_deleted: those that GitLab is deleting already.
        delete_method: how tags are deleted.
    """

    reader: TagReader
    state: ScopeState
    being_deleted: tuple[Repository, ...]
    delete_method: DeleteMethod


def observe_scope(connection: RegistryConnection, request: ScopeRequest) -> ObservedScope:
    """Read what decides, step by step: only what may still be deleted costs further requests.

    Raises:
        RequestError: the repositories can't be read. What can't be read of one of them is told in the state.
    """
    client = connection.client
    selection = select(client, request.scope, job_token=False)
    state = ScopeState(
        repositories=selection.repositories,
        projects=selection.projects,
        clock=client.clock,
        exclusions=selection.exclusions,
        warnings=selection.warnings,
    )
    if request.conditions.ref_gone:
        state = state._replace(
            refs=_read_refs(client, _undecided_projects(state, request), request.conditions.ref_gone)
        )
    projects = _undecided_projects(state, request)
    state = state._replace(rules=_read_rules(client, projects))
    left = undecided(state, request)
    has_tags = not request.conditions.empty
    sources = Sources(use_graphql=has_tags, registry=connection.registry)
    reader = open_reader(detect(client, left, sources, details=has_tags))
    method = choose_delete_method(reader.capabilities, request.delete_via) if has_tags else DeleteMethod.REST
    check_deletes(reader, method, left)
    listings = _read_tags(reader, left, request)
    hidden = has_tags and bool(left) and rules_are_hidden(client, reader.capabilities, job_token=False)
    state = state._replace(
        listings={listing.repository.path: listing for listing in listings},
        capabilities=reader.capabilities,
        clock=client.clock,
        latest_clock=client.latest_clock,
        hidden_rules=hidden,
    )
    return ObservedScope(reader, state, being_deleted=selection.being_deleted, delete_method=method)


def _undecided_projects(state: ScopeState, request: ScopeRequest) -> list[Project]:
    numbers = {repository.project_id for repository in undecided(state, request)}
    return [state.projects[number] for number in sorted(numbers)]


def _read_refs(client: Client, projects: t.Sequence[Project], kinds: t.Sequence[RefKind]) -> dict[int, Refs]:
    """The git references of projects, or why they can't be read, by the project's id."""

    def read(project: Project) -> ActiveRefs:
        telling = telling_kinds(kinds, is_fork=project.is_fork)
        # Review apps are named after the number of a merge request as well.
        return ActiveRefs({kind: tuple(active_refs(client, project.id, kind, numbers=True)) for kind in telling})

    return dict(zip((project.id for project in projects), client.try_all(read, projects)))


def _read_rules(client: Client, projects: t.Sequence[Project]) -> dict[int, Rules]:
    """The protection rules for repositories of projects, or why they can't be read, by the project's id."""
    found: dict[int, Rules] = {}
    endpoint = None
    for project in projects[:_PROBES]:
        try:
            endpoint, found[project.id] = first_rules(client, project, RuleKind.REPOSITORY)
        except RequestError as error:
            if error.kind is not ErrorKind.TOO_OLD:
                raise
            return {each.id: () for each in projects}
        # A refusal does not show for certain where the rules are.
        if not isinstance(found[project.id], RequestError):
            break
    left = [project for project in projects if project.id not in found]
    if endpoint and left:
        place = endpoint
        answers = client.try_all(lambda project: list_rules(client, place, project), left)
        found.update(zip((project.id for project in left), answers))
    return found


def _read_tags(reader: TagReader, repositories: t.Sequence[Repository], request: ScopeRequest) -> list[TagListing]:
    """The tags of repositories: names alone if these have to be empty, and whatever decides otherwise."""
    details = not request.conditions.empty
    query = TagQuery(
        details=details,
        all_details=details,
        dates=request.conditions.not_pushed_for is not None,
        configs=bool(request.used.identifiers),
        needs_children=lambda listing: details and request.used.needs_details(listing.repository.path),
        protection=details,
    )
    listings = list(reader.read(repositories, query))
    return reader.client.parallel(lambda listing: confirm_empty(reader, listing), listings)
