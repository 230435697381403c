# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Everything that registry_info reads, and what policies would make of the tags. Nothing is changed here."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from .._core.errors import ErrorKind, RequestError
from .._core.models import Repository, RuleKind, ServerPolicy, TagListing
from .._core.scope import ProjectScope, Scope
from .._core.server import ReadMethod
from .._gitlab.project_scope import select_projects
from .._gitlab.repositories import get_repository, project_repositories
from .._gitlab.repository_scope import Selection, select
from .._module.connection import Connection
from .._module.options import Gather
from .._module.registry import RegistryConnection
from .._policy.preview import PolicyPreview, preview_policy
from .._policy.reading import read_for_policies
from .._registry.auth import TOKEN_SCOPES
from .._registry.image_cache import ImageCache
from .._rules.dates import shown_dates
from .._rules.decision import DateSource
from .._settings.plan import RuleListing
from .._settings.projects import read_rules
from .._tags.capabilities import Sources, detect
from .._tags.estimate import check_reading
from .._tags.estimate import with_layers as estimate_with_layers
from .._tags.layers import with_layers
from .._tags.query import TagQuery
from .._tags.reader import TagReader, open_reader
from .request import InfoRequest
from .rows import InfoState, ProjectInventory


def observe(connection: RegistryConnection, request: InfoRequest, images: ImageCache) -> InfoState:
    """Read what was asked for, and nothing else.

    Args:
        connection: of the module.
        request: what was asked for.
        images: what is known of images; what is learned joins it.

    Returns:
        The state. Its listings are read one after the other, as they are taken.
    """
    client = connection.client
    if not request.needs_repositories:
        found = _inventory_of(connection, request, None)
        return replace(_with_inventory(InfoState(listed=False), found), clock=client.clock)
    selection = select(client, request.scope, job_token=connection.is_job_token)
    state = _observe_repositories(connection, request, selection)
    if request.needs_tags or request.needs_previews:
        state = _observe_tags(connection, request, state, selection, images)
    if request.needs_projects:
        state = _with_inventory(state, _inventory_of(connection, request, selection))
    return state


def _with_inventory(state: InfoState, inventory: ProjectInventory) -> InfoState:
    return replace(state, inventory=inventory, warnings=(*state.warnings, *inventory.warnings))


def _inventory_of(connection: Connection, request: InfoRequest, selection: Selection | None) -> ProjectInventory:
    """The projects of the scope with their settings. selection: what was read of them already."""
    if selection:
        found = ProjectInventory(projects=tuple(selection.projects.values()))
    else:
        found = _find_projects(connection, request.scope)
    return _with_rules(connection, found) if Gather.PROTECTION_RULES in request.gather else found


def _find_projects(connection: Connection, scope: Scope) -> ProjectInventory:
    groups = (scope.group,) if scope.group is not None else ()
    found = select_projects(connection.client, ProjectScope(scope.projects, groups, instance=scope.instance))
    return ProjectInventory(
        projects=(*found.selected, *found.archived), unread=tuple(found.unread.items()), warnings=found.warnings
    )


def _with_rules(connection: Connection, found: ProjectInventory) -> ProjectInventory:
    """The inventory with all protection rules; a kind that this GitLab does not have is only warned of."""
    rules: dict[int, dict[RuleKind, RuleListing]] = {project.id: {} for project in found.projects}
    warnings, unread = list(found.warnings), list(found.unread)
    for kind in (RuleKind.REPOSITORY, RuleKind.TAG):
        try:
            read, _endpoint = read_rules(connection.client, found.projects, dict.fromkeys(rules, (kind,)))
        except RequestError as error:
            if error.kind != ErrorKind.TOO_OLD:
                raise
            warnings.append(str(error))
            continue
        for project in found.projects:
            answer = rules[project.id][kind] = read[project.id][kind]
            if isinstance(answer, RequestError):
                unread.append((project.path, answer))
    return replace(found, rules=rules, unread=tuple(unread), warnings=tuple(warnings))


def _observe_repositories(connection: Connection, request: InfoRequest, selection: Selection) -> InfoState:
    """The repositories, with their sizes and numbers of tags where these were asked for."""
    repositories = list(selection.repositories)
    errors: dict[int, RequestError] = {}
    counted = Gather.TAGS_COUNT in request.gather and not request.needs_tags
    if Gather.SIZE in request.gather:
        repositories, errors = _ask_each(connection, repositories, size=True, tags_count=counted)
    elif counted:
        repositories, errors = _count_tags(connection, request, repositories)
    return InfoState(
        repositories=tuple(repositories),
        errors=errors,
        being_deleted=tuple(repository.path for repository in selection.being_deleted),
        registry_disabled=selection.registry_disabled,
        projects=selection.projects,
        clock=connection.client.clock,
        warnings=(*selection.warnings, *_unmatched_exclusions(selection)),
    )


def _unmatched_exclusions(selection: Selection) -> t.Iterator[str]:
    for each in selection.exclusions:
        if selection.repositories and not each.matched:
            yield f"{each.unmatched(selection.repositories[0].path)}."


def _observe_tags(
    connection: RegistryConnection,
    request: InfoRequest,
    state: InfoState,
    selection: Selection,
    images: ImageCache,
) -> InfoState:
    """The state with the tags, or with an estimate of what reading them takes."""
    reader = _open_reader(connection, request, state.repositories, images)
    state = replace(state, mode=reader.capabilities.mode)
    if request.estimate_only:
        return _with_estimate(connection, request, state, reader)
    # Of single tags it can't be told before their repositories are listed.
    if connection.client.settings.max_requests and request.needs_tags and request.tag_names is None:
        state = _within_budget(connection, request, state, reader)
    if request.needs_previews:
        state = _with_previews(request, state, reader, selection)
    else:
        state = replace(state, listings=reader.read(state.repositories, _query_of(request)))
    if request.needs_layers:
        listings = (listing for listing in state.listings if listing)
        layers = with_layers(reader, listings, state.repositories, connection.registry, images)
        state = replace(state, listings=layers)
    capabilities = reader.capabilities
    missing = (capabilities.missing_dates_reason,) if capabilities.missing_dates_reason else ()
    source = shown_dates(capabilities.mode) if request.needs_details else DateSource.NONE
    return replace(state, date_source=source, warnings=(*state.warnings, *missing))


def _with_estimate(connection: Connection, request: InfoRequest, state: InfoState, reader: TagReader) -> InfoState:
    repositories, uncounted = _count_tags(connection, request, state.repositories)
    estimate = reader.estimate([each.tags_count for each in repositories], _query_of(request))
    if request.needs_layers and reader.registry and reader.capabilities.read_method is not ReadMethod.REGISTRY:
        estimate = estimate_with_layers(estimate, -(-len(repositories) // TOKEN_SCOPES))
    return replace(
        state,
        repositories=tuple(repositories),
        errors={**state.errors, **uncounted},
        estimate={"read_via": reader.capabilities.read_method.value, **estimate.as_result()},
    )


def _within_budget(connection: Connection, request: InfoRequest, state: InfoState, reader: TagReader) -> InfoState:
    """The state with the numbers of tags.

    Raises:
        UsageError: reading them takes more requests than max_requests leaves.
    """
    repositories, _uncounted = _count_tags(connection, request, state.repositories)
    estimate = reader.estimate([each.tags_count for each in repositories], _query_of(request))
    check_reading(estimate, connection.client.requests_sent, connection.client.settings.max_requests)
    return replace(state, repositories=tuple(repositories))


def _with_previews(request: InfoRequest, state: InfoState, reader: TagReader, selection: Selection) -> InfoState:
    """The state with the tags that were asked for, and with what each policy would make of those of its project."""
    policies = {project_id: project.policy for project_id, project in selection.projects.items() if project.policy}
    found = _read_for_previews(reader, state.repositories, policies, request)
    return replace(
        state,
        listings=[found.get(repository.id) for repository in state.repositories],
        previews=_previews_of(reader, found.values(), policies),
    )


def _query_of(request: InfoRequest) -> TagQuery:
    names = request.tag_names
    if names is None:
        return TagQuery(details=request.needs_details, all_details=True)
    return TagQuery(details=request.needs_details, wanted=lambda listing: names.intersection(listing.names))


def _open_reader(
    connection: RegistryConnection, request: InfoRequest, repositories: t.Sequence[Repository], images: ImageCache
) -> TagReader:
    details = request.needs_details or request.needs_previews
    sources = Sources(
        use_graphql=not connection.is_job_token and (details or request.read_via is ReadMethod.GRAPHQL),
        read_method=request.read_via,
        registry=None if request.needs_previews else connection.registry,
        images=images,
    )
    return open_reader(detect(connection.client, repositories, sources, details=details))


def _read_for_previews(
    reader: TagReader,
    repositories: t.Sequence[Repository],
    policies: t.Mapping[int, ServerPolicy],
    request: InfoRequest,
) -> dict[int, TagListing]:
    """By repository id what was asked for, with what previews need where its project has a policy."""
    query = _query_of(request)
    if request.needs_details:
        found = list(reader.read(repositories, query))
    else:
        others = [each for each in repositories if each.project_id not in policies] if request.needs_tags else []
        found = [*reader.read(others, query), *read_for_policies(reader, repositories, policies)]
    return {listing.repository.id: listing for listing in found}


def _previews_of(
    reader: TagReader, listings: t.Iterable[TagListing], policies: t.Mapping[int, ServerPolicy]
) -> dict[int, PolicyPreview]:
    """The previews by repository id; one that could not be read has none."""
    capabilities, clock = reader.capabilities, reader.client.clock
    return {
        listing.repository.id: preview_policy(capabilities, listing, policies[listing.repository.project_id], clock)
        for listing in listings
        if listing.repository.project_id in policies and not listing.error
    }


def _count_tags(
    connection: Connection, request: InfoRequest, repositories: t.Sequence[Repository]
) -> tuple[list[Repository], dict[int, RequestError]]:
    """The repositories with their numbers of tags, and by id the errors of those that could not be asked.

    A project's listing counts all its repositories at once, and fails for all of them when one fails.
    """
    if request.scope.repository_ids:
        return _ask_each(connection, repositories, tags_count=True)
    by_project: dict[int, list[Repository]] = {}
    for repository in repositories:
        by_project.setdefault(repository.project_id, []).append(repository)

    def count(project: int) -> dict[int, int | None]:
        found = project_repositories(connection.client, project, tags_count=True)
        return {repository.id: repository.tags_count for repository in found}

    counts: dict[int, int | None] = {}
    errors: dict[int, RequestError] = {}
    for project, answer in zip(by_project, connection.client.try_all(count, list(by_project))):
        if not isinstance(answer, RequestError):
            counts.update(answer)
        elif connection.is_job_token:
            errors.update((repository.id, answer) for repository in by_project[project])
        else:
            singly, failed = _ask_each(connection, by_project[project], tags_count=True)
            counts.update((repository.id, repository.tags_count) for repository in singly)
            errors.update(failed)
    return [repository._replace(tags_count=counts.get(repository.id)) for repository in repositories], errors


def _ask_each(
    connection: Connection, repositories: t.Sequence[Repository], *, size: bool = False, tags_count: bool = False
) -> tuple[list[Repository], dict[int, RequestError]]:
    """The repositories with what each was asked for, and by id the errors of those that could not be asked."""

    def ask(repository: Repository) -> Repository:
        return get_repository(connection.client, repository.id, size=size, tags_count=tags_count)

    found: list[Repository] = []
    errors: dict[int, RequestError] = {}
    for repository, answer in zip(repositories, connection.client.try_all(ask, repositories)):
        if isinstance(answer, RequestError):
            errors[repository.id] = answer
            found.append(repository)
        else:
            found.append(repository._replace(size=answer.size, tags_count=answer.tags_count))
    return found, errors
