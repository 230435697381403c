# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Finding out what a server and its registry can do, with as few requests as that takes."""

from __future__ import annotations

import typing as t
from types import MappingProxyType

from .._core.errors import ErrorKind, RequestError, UsageError
from .._core.models import Repository, TagListing
from .._core.server import Mode, ReadMethod, ServerCapabilities
from .._gitlab.graphql_schema import Schema, read_schema
from .._http.client import Client
from .._http.retry import RetryPolicy
from .._registry.api import VersionCheck, check_version
from .._registry.auth import Registry, RegistrySettings, registry_of
from .._registry.image_cache import ImageCache
from .database_evidence import Evidence, find_evidence, probe_keyset
from .details import CoveredNames
from .listing import list_by_registry
from .project_rules import find_rules

# By what GraphQL says that it can't be used: it is off, it does not take the token, it knows no container tags.
_REFUSALS = {
    *(ErrorKind.UNAUTHORIZED, ErrorKind.INSUFFICIENT_SCOPE, ErrorKind.FORBIDDEN, ErrorKind.NOT_FOUND),
    *(ErrorKind.BAD_REQUEST, ErrorKind.GRAPHQL, ErrorKind.MOVED, ErrorKind.REDIRECT),
}


class Sources(t.NamedTuple):
    """Where tags may be read.

    Args:
        use_graphql: Whether GraphQL accepts the token.
        read_method: How tags are to be read; None is the best way that there is.
        registry: How to reach the registry itself; None if it is not to be asked.
        images: What is known of images; what is learned joins it. None is nothing yet.
    """

    use_graphql: bool
    read_method: ReadMethod | None = None
    registry: RegistrySettings | None = None
    images: ImageCache | None = None


class Detected(t.NamedTuple):
    """What was found out about a server, and what its tags are read with.

    Args:
        client: Of GitLab.
        capabilities: What was found out, as plain values.
        schema: What GraphQL offers; None if it can't be used.
        registry: The registry itself; None if it can't be used.
        rules: Whether a protection rule covers the name of a tag, by project, as far as that has to be known.
        prefetched: The listing by which the registry proved that it can be read.
    """

    client: Client
    capabilities: ServerCapabilities
    schema: Schema | None = None
    registry: Registry | None = None
    rules: CoveredNames = MappingProxyType({})
    prefetched: TagListing | None = None


class _RegistryFound(t.NamedTuple):
    """The registry itself, or why it can't be asked.

    Args:
        registry: None if it can't be asked.
        reason: why it can't be asked; empty if it can.
        failure: with what error it answered, or GitLab when asked for its token; empty if there was none.
        listing: of a repository as GitLab lists it too; None if none was read.
        said: what it says of itself; None if it was not asked.
        proven_mode: whether it has a metadata database, as far as it proves that itself.
    """

    registry: Registry | None = None
    reason: str = ""
    failure: str = ""
    listing: TagListing | None = None
    said: VersionCheck | None = None
    proven_mode: Mode = Mode.UNKNOWN


def detect(client: Client, repositories: t.Sequence[Repository], sources: Sources, *, details: bool) -> Detected:
    """Find out what a server can do, and how its tags are to be read.

    Args:
        client: Of GitLab.
        repositories: What will be read.
        sources: Where tags may be read.
        details: Whether more than names will be read. Only then the mode matters, which decides what dates mean.

    Raises:
        RequestError: If tags can't be read in the way that the caller wants.
        UsageError: If the caller wants the registry, and GitLab does not say where it is.
    """
    probed = repositories if details or sources.read_method is not ReadMethod.REGISTRY else ()
    probes: tuple[t.Callable[[], t.Any], ...] = (
        lambda: _find_graphql(client, sources),
        lambda: probe_keyset(client, probed),
    )
    (schema, no_graphql), keyset = client.parallel(lambda probe: probe(), probes)
    method = _method_of(sources, schema, no_graphql)
    found, evidence = _find_registry(client, sources, repositories), Evidence()
    if probed:
        evidence = find_evidence(client, schema, probed, keyset=keyset, details=details)
    if found.registry and evidence.listed and sources.read_method is None:
        found = _compare_listings(found.registry, evidence.listed)
    if found.registry:
        found = _identify(found, evidence, repositories[0].path, needed=details and method is ReadMethod.REGISTRY)
    mode = evidence.mode if found.proven_mode is Mode.UNKNOWN else found.proven_mode
    capabilities = ServerCapabilities(
        mode=mode,
        mode_is_proven=found.proven_mode is not Mode.UNKNOWN,
        mode_doubt=found.failure if mode is Mode.NO_DATABASE else "",
        read_method=ReadMethod.REGISTRY if found.listing else method,
        lists_by_keyset=evidence.lists_by_keyset,
        deletes_by_name=mode is Mode.DATABASE or (found.said.deletes_by_name if found.said else None),
        deletes_by_graphql=schema is not None and schema.can_delete,
        graphql_unavailable_reason=no_graphql,
        registry_unavailable_reason=found.reason,
    )
    rules = find_rules(client, schema, capabilities, repositories if details else ())
    return Detected(
        client=client,
        capabilities=capabilities._replace(tag_rules=rules.state, tag_rules_hidden_reason=rules.hidden_reason),
        schema=schema,
        registry=found.registry,
        rules=rules.by_project,
        prefetched=found.listing,
    )


def _find_graphql(client: Client, sources: Sources) -> tuple[Schema | None, str]:
    """What GraphQL offers, or why it can't be used.

    Raises:
        RequestError: GraphQL does not say that it can't be used. By REST tags would be judged in another way.
    """
    if not sources.use_graphql:
        return None, "a job token is not accepted by GraphQL"
    try:
        return read_schema(client), ""
    except RequestError as error:
        wanted = sources.read_method in (None, ReadMethod.GRAPHQL)
        if error.kind is ErrorKind.STOPPED or (wanted and error.kind not in _REFUSALS):
            raise
        return None, str(error)


def _method_of(sources: Sources, schema: Schema | None, no_graphql: str) -> ReadMethod:
    """How tags are read, unless the registry turns out to be better."""
    if sources.read_method is ReadMethod.GRAPHQL and schema is None:
        raise RequestError(
            ErrorKind.GRAPHQL, no_graphql, operation="read tags by GraphQL", advice="Use read_via: auto or rest."
        )
    return sources.read_method or (ReadMethod.GRAPHQL if schema else ReadMethod.REST)


def _find_registry(client: Client, sources: Sources, repositories: t.Sequence[Repository]) -> _RegistryFound:
    """The registry that holds the repositories. It may be missing, unless the caller wants to read there."""
    if sources.registry is None or not repositories:
        return _RegistryFound()
    try:
        registry = registry_of(client, sources.registry, repositories[0].location, sources.images)
    except (UsageError, RequestError) as error:
        stopped = isinstance(error, RequestError) and error.kind is ErrorKind.STOPPED
        if stopped or sources.read_method is ReadMethod.REGISTRY:
            raise
        return _RegistryFound(reason=str(error), failure=_answer_of(error))
    registry.prefetch_scopes([repository.path for repository in repositories])
    return _RegistryFound(registry)


def _compare_listings(registry: Registry, listed: TagListing) -> _RegistryFound:
    """The registry, if it lists tags that GitLab lists. Without a database only the registry itself knows all dates."""
    listing = list_by_registry(registry, listed.repository, RetryPolicy.NEVER)
    if listing.error:
        return _RegistryFound(reason=str(listing.error), failure=_answer_of(listing.error))
    if set(listing.names) & set(listed.names):
        return _RegistryFound(registry, listing=listing)
    return _RegistryFound(reason=f"{registry.url} does not list the tags of {listed.repository.path} that GitLab lists")


def _identify(found: _RegistryFound, evidence: Evidence, path: str, *, needed: bool) -> _RegistryFound:
    """The registry with what it says of itself, if listings show no metadata database, or nothing.

    Args:
        found: the registry.
        evidence: what listings show.
        path: of a repository in it.
        needed: whether details are read there in any case.

    Raises:
        RequestError: it does not answer, although it has to.
    """
    wanted = evidence.mode is Mode.NO_DATABASE or (needed and evidence.mode is Mode.UNKNOWN)
    if found.registry is None or not wanted:
        return found
    said = _ask_version(found.registry, path, needed=needed)
    if isinstance(said, RequestError):
        return found._replace(failure=_answer_of(said))
    if said.mode is Mode.DATABASE:
        # GitLab can't see it at the moment. Its pages show if it can by then.
        found = found._replace(listing=None)
    # Without a listing to compare, it may be another registry than GitLab's.
    is_proven = said.mode is not Mode.NO_DATABASE or needed or found.listing is not None
    return found._replace(said=said, proven_mode=said.mode if is_proven else Mode.UNKNOWN)


def _ask_version(registry: Registry, path: str, *, needed: bool) -> VersionCheck | RequestError:
    try:
        return check_version(registry, registry.pull_scopes(path))
    except RequestError as error:
        if error.kind is ErrorKind.STOPPED or needed:
            raise
        return error


def _answer_of(error: Exception) -> str:
    """What a server answered; empty if it can't be reached from here, and may be well."""
    return str(error) if isinstance(error, RequestError) and error.status is not None else ""
