# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Finding out what a server and its registry can do, with as few requests as that takes."""

from __future__ import annotations

import typing as t
from types import MappingProxyType

from .._core.errors import ErrorKind, RequestError, UsageError
from .._core.models import Repository, Tag, TagListing
from .._core.oci import Image
from .._core.server import Mode, ReadMethod, ServerCapabilities, TagRules
from .._gitlab.graphql import Page, PageRequest, Schema, read_pages, read_schema
from .._gitlab.projects import caller_is_administrator
from .._gitlab.tag_rules import read_tag_rules
from .._gitlab.tags import first_tag_names, keyset_supported
from .._http.client import Client
from .._http.retry import RetryPolicy
from .._registry.api import registry_mode
from .._registry.auth import Registry, RegistrySettings, registry_of
from .._rules.patterns import rule_search
from .details import CoveredNames
from .listing import list_by_registry

# How many repositories are looked at, at most, to find one that shows what kind of server this is.
_PROBES = 20
# By what GraphQL says that it can't be used: it is off, it does not take the token, it knows no container tags.
_REFUSALS = {
    *(ErrorKind.UNAUTHORIZED, ErrorKind.INSUFFICIENT_SCOPE, ErrorKind.FORBIDDEN, ErrorKind.NOT_FOUND),
    *(ErrorKind.BAD_REQUEST, ErrorKind.GRAPHQL, ErrorKind.MOVED, ErrorKind.REDIRECT),
}
# How many are asked, at most, whether the server lists by keyset.
_KEYSET_PROBES = 3


class Sources(t.NamedTuple):
    """Where tags may be read.

    Args:
        use_graphql: Whether GraphQL accepts the token.
        read_method: How tags are to be read; None is the best way that there is.
        registry: How to reach the registry itself; None if it is not to be asked.
        images: Images that are known from before, by digest. What is learned joins them.
    """

    use_graphql: bool
    read_method: ReadMethod | None = None
    registry: RegistrySettings | None = None
    images: dict[str, Image] | None = None


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
        listing: of a repository as GitLab lists it too; None if none was read.
    """

    registry: Registry | None = None
    reason: str = ""
    listing: TagListing | None = None


class _RulesFound(t.NamedTuple):
    """The protection rules for tags.

    Args:
        state: whether they can be read.
        hidden_reason: why not all of them can be read; empty if they can.
        by_project: whether they cover the name of a tag, of the projects whose rules were read.
    """

    state: TagRules
    hidden_reason: str = ""
    by_project: CoveredNames = MappingProxyType({})


class _Evidence(t.NamedTuple):
    """What the listings of a few repositories show.

    Args:
        mode: whether the registry has a metadata database.
        lists_by_keyset: whether GitLab lists tag names by keyset.
        listed: the tags that prove that there is no metadata database; None if none do.
    """

    mode: Mode = Mode.UNKNOWN
    lists_by_keyset: bool = False
    listed: TagListing | None = None


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
    schema, no_graphql = _find_graphql(client, sources)
    method = _method_of(sources, schema, no_graphql)
    found, evidence = _RegistryFound(), _Evidence()
    if repositories:
        found = _find_registry(client, sources, repositories)
    if repositories and (details or method is not ReadMethod.REGISTRY):
        evidence = _examine(client, schema, repositories, details=details)
    if found.registry and evidence.listed and sources.read_method is None:
        found = _compare_listings(found.registry, evidence.listed)
    said = Mode.UNKNOWN
    is_needed = method is ReadMethod.REGISTRY and details
    if found.registry and (is_needed and evidence.mode is Mode.UNKNOWN or evidence.mode is Mode.NO_DATABASE):
        said = _own_word(found.registry, repositories[0].path, needed=is_needed)
    if said is Mode.NO_DATABASE and not found.listing and not is_needed:
        # Whether it is GitLab's registry at all was not looked at.
        said = Mode.UNKNOWN
    if said is Mode.DATABASE:
        # GitLab can't see it at the moment. Its pages show if it can by then.
        found = found._replace(listing=None)
    mode = evidence.mode if said is Mode.UNKNOWN else said
    capabilities = ServerCapabilities(
        mode=mode,
        mode_is_proven=said is not Mode.UNKNOWN,
        read_method=ReadMethod.REGISTRY if found.listing else method,
        lists_by_keyset=evidence.lists_by_keyset,
        deletes_by_graphql=schema is not None and schema.can_delete,
        graphql_unavailable_reason=no_graphql,
        registry_unavailable_reason=found.reason,
    )
    rules = _find_rules(client, schema, capabilities, repositories if details else ())
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


def _find_rules(
    client: Client, schema: Schema | None, capabilities: ServerCapabilities, repositories: t.Sequence[Repository]
) -> _RulesFound:
    """The protection rules for tags. If tags are not read with their protection, the rules of each project are read."""
    if capabilities.mode is Mode.NO_DATABASE or (schema and not schema.has_tag_rules):
        return _RulesFound(TagRules.NONE)
    if schema is None:
        return _RulesFound(TagRules.HIDDEN, hidden_reason=capabilities.graphql_unavailable_reason)
    if capabilities.pages_by_cursor and "protection" in schema.tag_fields:
        return _RulesFound(TagRules.READABLE)
    asked = {repository.project_id: repository.id for repository in repositories}
    answers = dict(zip(asked, read_tag_rules(client, list(asked.values()))))
    errors = [str(answer) for answer in answers.values() if isinstance(answer, RequestError)]
    found = {number: rule_search(each) for number, each in answers.items() if not isinstance(each, RequestError)}
    if errors or not repositories:
        return _RulesFound(TagRules.HIDDEN, hidden_reason=errors[0] if errors else "", by_project=found)
    return _RulesFound(TagRules.READABLE, by_project=found)


def _method_of(sources: Sources, schema: Schema | None, no_graphql: str) -> ReadMethod:
    """How tags are read, unless the registry turns out to be better."""
    if sources.read_method is ReadMethod.GRAPHQL and schema is None:
        raise RequestError(
            ErrorKind.GRAPHQL, no_graphql, operation="read tags by GraphQL", advice="Use read_via: auto or rest."
        )
    return sources.read_method or (ReadMethod.GRAPHQL if schema else ReadMethod.REST)


def _find_registry(client: Client, sources: Sources, repositories: t.Sequence[Repository]) -> _RegistryFound:
    """The registry that holds the repositories. It may be missing, unless the caller wants to read there."""
    if sources.registry is None:
        return _RegistryFound()
    try:
        registry = registry_of(client, sources.registry, repositories[0].location, sources.images)
    except (UsageError, RequestError) as error:
        if sources.read_method is ReadMethod.REGISTRY:
            raise
        return _RegistryFound(reason=str(error))
    registry.prefetch_scopes([repository.path for repository in repositories])
    return _RegistryFound(registry)


def _compare_listings(registry: Registry, listed: TagListing) -> _RegistryFound:
    """The registry, if it lists tags that GitLab lists. Without a database only the registry itself knows all dates."""
    listing = list_by_registry(registry, listed.repository, RetryPolicy.NEVER)
    if listing.error is None and set(listing.names) & set(listed.names):
        return _RegistryFound(registry, listing=listing)
    other = f"{registry.url} does not list the tags of {listed.repository.path} that GitLab lists"
    return _RegistryFound(reason=str(listing.error or other))


def _own_word(registry: Registry, path: str, *, needed: bool) -> Mode:
    """What the registry says of itself, which only GitLab's own does.

    Args:
        registry: which one.
        path: of a repository in it.
        needed: whether tags are read there in any case.

    Raises:
        RequestError: it does not answer, although it has to.
    """
    try:
        return registry_mode(registry, path)
    except RequestError as error:
        if error.kind is ErrorKind.STOPPED or needed:
            raise
        return Mode.UNKNOWN


def _examine(
    client: Client, schema: Schema | None, repositories: t.Sequence[Repository], *, details: bool
) -> _Evidence:
    """Tell from listings whether there is a metadata database, as far as that is needed."""
    keyset = _keyset_supported(client, repositories)
    if keyset:
        return _Evidence(mode=Mode.DATABASE, lists_by_keyset=True)
    if not details:
        return _Evidence()
    if keyset is None:
        return _Evidence(mode=Mode.DATABASE if _has_published_dates(client, schema, repositories) else Mode.UNKNOWN)
    listed = _tags_without_database(client, repositories)
    return _Evidence(mode=Mode.NO_DATABASE if listed else Mode.UNKNOWN, listed=listed)


def _keyset_supported(client: Client, repositories: t.Sequence[Repository]) -> bool | None:
    """Whether GitLab lists by keyset, as the first of a few repositories says; None if it is too old, or none says."""
    for repository in repositories[:_KEYSET_PROBES]:
        try:
            return keyset_supported(client, repository)
        except RequestError as error:
            if error.kind.stops_task:
                raise
    return None


def _tags_without_database(client: Client, repositories: t.Sequence[Repository]) -> TagListing | None:
    """The tags that prove, with a refusal to list by keyset, that there is no metadata database; None if none do.

    The refusal alone is no proof, since GitLab refuses too while its registry can't be reached. The same registry has
    to list tags, and GitLab has to refuse again after they were read: details.confirmed.
    """
    for repository in repositories[:_PROBES]:
        try:
            names = first_tag_names(client, repository)
            if names:
                return TagListing(repository, tuple(Tag(name) for name in names))
        except RequestError as error:
            if error.kind.is_inconclusive:
                return None
    return None


def _has_published_dates(client: Client, schema: Schema | None, repositories: t.Sequence[Repository]) -> bool:
    """Whether a tag shows its last push, for releases before keyset listings: only a metadata database knows it."""
    if schema is None or "publishedAt" not in schema.tag_fields:
        return False
    requests = [PageRequest(repository.id) for repository in repositories[:_PROBES]]
    pages = read_pages(client, schema, requests, ("publishedAt",))
    return any(isinstance(page, Page) and bool(page.tags) and page.fits(Mode.DATABASE) for page in pages)


def rules_are_hidden(client: Client, capabilities: ServerCapabilities, *, job_token: bool) -> bool:
    """Whether there may be protection rules for tags that can't be read, and that GitLab lets this caller ignore.

    Args:
        client: of GitLab.
        capabilities: what the server can do.
        job_token: whether the caller's token is that of a CI/CD job.

    Raises:
        RequestError: it can't be found out.
    """
    if capabilities.tag_rules is not TagRules.HIDDEN or job_token:
        return False
    return caller_is_administrator(client)
