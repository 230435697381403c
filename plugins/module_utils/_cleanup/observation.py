# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Reading all that a cleanup has to know of the server before it decides, and nothing more."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from .._core.models import TagListing
from .._core.progress import Phase
from .._core.server import ServerCapabilities
from .._deletion.delete_method import choose_delete_method
from .._deletion.read_only import check_deletes
from .._gitlab.projects import caller_is_administrator
from .._gitlab.repository_scope import select
from .._module.registry import RegistryConnection
from .._policy.reading import query_of
from .._registry.api import current_digest, read_manifest
from .._registry.image_cache import ImageCache
from .._rules.in_use import UntaggedImage
from .._rules.referrers import Signatures, orphans
from .._tags.capabilities import Sources, detect
from .._tags.project_rules import rules_are_hidden
from .._tags.query import TagQuery
from .._tags.reader import TagReader, open_reader
from .build_dates import gather_import_evidence, with_builds
from .git_refs import read_refs
from .labels import with_expiry_labels
from .needs import children_needed, dated_tags, detailed_names
from .pins import Manifests
from .request import CleanupRequest
from .retained import untagged_images
from .shared_digests import with_shared_digests
from .state import CleanupState, criteria_on
from .unfinished_deletions import without_unfinished


def observe(
    connection: RegistryConnection, request: CleanupRequest, images: ImageCache
) -> tuple[CleanupState, TagReader]:
    """All that the decision needs, and the reader with which it is carried out.

    Args:
        connection: an open connection to GitLab.
        request: what is asked for.
        images: what is known of images; what is learned joins it.
    """
    client = connection.client
    selection = select(client, request.scope, job_token=connection.is_job_token)
    sources = _sources(connection, request, images)
    reader = open_reader(detect(client, selection.repositories, sources, details=True))
    capabilities = reader.capabilities
    method = choose_delete_method(capabilities, request.delete_via)
    check_deletes(reader, method, selection.repositories)
    projects = sorted({repository.project_id for repository in selection.repositories})
    forks = {project.id for project in selection.projects.values() if project.is_fork}
    refs = read_refs(connection, projects, request.keep_refs, request.keep_deployments, forks)
    connection.progress.begin(Phase.READING, repositories=len(selection.repositories))
    query = _query(capabilities, request)._replace(when_read=connection.progress.add_listing)
    listings = without_unfinished(reader, reader.read(selection.repositories, query), request.earlier.interrupted)
    connection.progress.begin(Phase.CHECKING)
    criteria = criteria_on(capabilities, request)

    def dated(listing: TagListing) -> list[t.Any]:
        return dated_tags(listing, refs, request)

    def dated_by_plan(listing: TagListing) -> list[t.Any]:
        return dated_tags(listing, refs, replace(request, previous_retention=None))

    listings = with_builds(reader, listings, criteria, dated)
    protection_matters = bool(listings) and not request.allow_unread_protection
    passes_rules = _passes_rules(connection, request, listings)
    state = CleanupState(
        capabilities=capabilities,
        listings=tuple(listings),
        projects=selection.projects,
        delete_method=method,
        clock=client.clock,
        latest_clock=client.latest_clock,
        refs=refs,
        absent_digests=_absent_subjects(reader, listings, request),
        rules_hidden=protection_matters and rules_are_hidden(client, capabilities, job_token=connection.is_job_token),
        passes_rules=passes_rules,
        import_evidence=gather_import_evidence(reader, listings, criteria, dated_by_plan),
        manifests=_manifests(reader, untagged_images(listings, request)) if request.pin_untagged else None,
        sent=client.requests_sent,
        max_requests=client.settings.max_requests,
        exclusions=selection.exclusions,
        warnings=selection.warnings,
        being_deleted=tuple(repository.path for repository in selection.being_deleted),
        registry_disabled=selection.registry_disabled,
    )
    state = with_expiry_labels(reader, state, request)
    return with_shared_digests(reader, state, request, connection.registry), reader


def _sources(connection: RegistryConnection, request: CleanupRequest, images: ImageCache) -> Sources:
    """Where tags may be read. GitLab's bulk deletion judges them by what GitLab itself knows."""
    return Sources(
        use_graphql=not connection.is_job_token,
        read_method=request.read_via,
        registry=None if request.delete_via and request.delete_via.is_bulk else connection.registry,
        images=images,
    )


def _passes_rules(connection: RegistryConnection, request: CleanupRequest, listings: t.Sequence[TagListing]) -> bool:
    """Whether GitLab, when it deletes by itself, deletes for this caller what a protection rule covers."""
    under_rules = request.parameters and any(tag.protected for listing in listings for tag in listing.tags)
    return bool(under_rules) and not connection.is_job_token and caller_is_administrator(connection.client)


def _query(capabilities: ServerCapabilities, request: CleanupRequest) -> TagQuery:
    query = _query_for_decision(capabilities, request)
    if not request.all_details:
        return query
    return query._replace(details=True, all_details=True, dates=True, wanted=lambda listing: listing.names)


def _query_for_decision(capabilities: ServerCapabilities, request: CleanupRequest) -> TagQuery:
    if request.parameters:
        return query_of(capabilities, request.parameters)
    return TagQuery(
        details=True,
        all_details=request.need_dates,
        dates=request.need_dates,
        wanted=lambda listing: detailed_names(listing, request),
        configs=bool(request.used.identifiers),
        needs_children=lambda listing: children_needed(listing, request),
        protection=True,
    )


def _manifests(reader: TagReader, images: t.Sequence[UntaggedImage]) -> Manifests | None:
    """What the registry has of images that are in use by digest; None where it can't be asked."""
    registry = reader.registry
    if registry is None:
        return None
    places = list(dict.fromkeys((each.path, each.digest) for each in images))
    return dict(zip(places, reader.client.try_all(lambda place: read_manifest(registry, *place), places)))


def _absent_subjects(
    reader: TagReader, listings: t.Sequence[TagListing], request: CleanupRequest
) -> dict[str, frozenset[str]]:
    """The images that signatures without one belong to, as far as the registry itself says that it has none."""
    registry = reader.registry
    if registry is None:
        return {}
    collects = request.referrer_policy.signatures is Signatures.COLLECT
    places = [
        (listing.repository.path, digest)
        for listing in listings
        if not listing.error and listing.complete and (collects or listing.repository.path in request.noted_referrers)
        for digest in sorted(orphans(listing.tags))
    ]
    found = reader.client.try_all(lambda place: current_digest(registry, *place), places)
    absent: dict[str, set[str]] = {}
    for (path, digest), answer in zip(places, found):
        if answer is None:
            absent.setdefault(path, set()).add(digest)
    return {path: frozenset(digests) for path, digests in absent.items()}
