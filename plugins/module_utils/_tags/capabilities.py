# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Which server it is, and which way its tags are read."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._core.errors import ErrorKind, RequestError, UsageError
from .._core.models import Repository, Tag, TagListing
from .._core.oci import Image
from .._core.server import Mode, ReadMethod, ServerCapabilities
from .._gitlab.graphql import Page, PageRequest, Schema, read_pages, read_schema
from .._gitlab.tags import first_tag_names, keyset_supported
from .._http.client import Client
from .._http.retry import RetryPolicy
from .._registry.api import registry_mode, tag_names
from .._registry.auth import Registry, RegistrySettings, check_it_is_gitlabs

# How many repositories are looked at, at most, to find one that shows what kind of server this is.
PROBES = 20


@dataclass
class Server:
    """What was found out about the server, once for a task.

    keyset: it lists tags by keyset. graphql, registry: None where they can't be used, and why_no_... then says why.
    way: how tags are read, graphql, rest or registry. probed: the registry's first listing, until it is used.
    """

    client: Client
    graphql: Schema | None
    why_no_graphql: str
    keyset: bool = False
    mode: Mode = Mode.UNKNOWN
    registry: Registry | None = None
    why_no_registry: str = ""
    way: str = "rest"
    probed: TagListing | None = None

    @property
    def missing_dates_reason(self) -> str | None:
        """What can't be seen for want of the registry itself; None where nothing is missed."""
        if self.mode != Mode.NO_DATABASE or not self.why_no_registry:
            return None
        return (
            "Images for several platforms have no date here, since the registry itself could not be asked: "
            f"{self.why_no_registry}"
        )

    @property
    def by_cursor(self) -> bool:
        """Whether pages with all details follow each other at the cost of their names."""
        return self.uses_graphql and self.mode == Mode.DATABASE

    @property
    def uses_graphql(self) -> bool:
        """Whether tags are read by GraphQL, which alone tells if a rule of GitLab's protects them."""
        return self.way == "graphql" and self.graphql is not None


def capabilities_of(server: Server) -> ServerCapabilities:
    """What was found out, as a plain value."""
    known = server.graphql is None or "protection" in server.graphql.tag_fields
    return ServerCapabilities(
        mode=server.mode,
        read_method=ReadMethod(server.way),
        lists_by_keyset=server.keyset,
        deletes_by_graphql=server.graphql is not None and server.graphql.can_delete,
        knows_tag_rules=known,
        graphql_unavailable_reason=server.why_no_graphql,
        registry_unavailable_reason=server.why_no_registry,
    )


@dataclass(frozen=True)
class Sources:
    """Where tags may be read. via: auto, graphql, rest or registry. use_graphql: the token is accepted there.

    registry: None where GitLab's own eyes are wanted. images: known from before, by digest.
    """

    use_graphql: bool
    via: str = "auto"
    registry: RegistrySettings | None = None
    images: dict[str, Image] | None = None


def detect(client: Client, repositories: t.Sequence[Repository], sources: Sources, *, details: bool) -> Server:
    """Which server it is, with as few requests as that takes, and how its tags are read.

    The mode decides what dates mean, so it is found out only where details are needed. Raises RequestError where the
    way that was asked for can't be used.
    """
    no_graphql = "a job token is not accepted by GraphQL"
    server = _with_graphql(client) if sources.use_graphql else Server(client, None, no_graphql)
    server.way = _way(server, sources.via)
    if not repositories:
        return server
    if sources.registry:
        _find_registry(server, sources, repositories)
    shown = _find_mode(server, repositories, details=details) if server.way != "registry" or details else None
    if server.way == "registry" and details and server.mode == Mode.UNKNOWN and server.registry:
        server.mode = registry_mode(server.registry, repositories[0].path)
    if sources.via == "auto" and shown and server.registry:
        _prefer_registry(server, server.registry, shown)
    return server


def _way(server: Server, via: str) -> str:
    if via == "graphql" and server.graphql is None:
        raise RequestError(
            ErrorKind.GRAPHQL,
            server.why_no_graphql,
            operation="read tags by GraphQL",
            advice="Use read_via: auto or rest.",
        )
    return via if via != "auto" else "graphql" if server.graphql else "rest"


def _find_registry(server: Server, sources: Sources, repositories: t.Sequence[Repository]) -> None:
    """The registry that holds the repositories; where nobody insists on it, it may be missing."""
    settings = t.cast(RegistrySettings, sources.registry)
    try:
        server.registry = registry_of(server.client, settings, repositories[0].location, sources.images)
        server.registry.prefetch_scopes([repository.path for repository in repositories])
    except (UsageError, RequestError) as error:
        if sources.via == "registry" or getattr(error, "kind", "") in ("stopped", "unauthorized"):
            raise
        server.why_no_registry = str(error)


def registry_of(
    client: Client,
    settings: RegistrySettings,
    location: str,
    images: dict[str, Image] | None = None,
) -> Registry:
    """The registry at the address that was given, else at the location that GitLab tells of a repository or project.

    GitLab tells no scheme: it is taken to be GitLab's own. Raises UsageError where there is no address, and
    RequestError where the given one is not of this GitLab's registry.
    """
    host = location.partition("/")[0]
    if not settings.url and not host:
        raise UsageError("GitLab does not tell where its registry is: give registry_url.")
    scheme = client.settings.url.partition(":")[0]
    registry = Registry(client, settings.url or f"{scheme}://{host}", settings.login, images)
    check_it_is_gitlabs(registry, host)
    return registry


def _prefer_registry(server: Server, registry: Registry, shown: TagListing) -> None:
    """Without a metadata database only the registry itself knows everything: it is used where it answers, and is the
    one that GitLab sees. shown: names that GitLab lists."""
    listing = listed_by_registry(registry, shown.repository, RetryPolicy.NEVER)
    if listing.error is None and set(listing.names) & set(shown.names):
        server.way, server.probed = "registry", listing
        return
    other = f"{registry.url} does not list the tags of {shown.repository.path} that GitLab lists"
    server.registry, server.why_no_registry = None, str(listing.error or other)


def _find_mode(server: Server, repositories: t.Sequence[Repository], *, details: bool) -> TagListing | None:
    """Tell what registry it is. Gives the tags that proved that it has no metadata database."""
    client, shown = server.client, None
    keyset = _keyset_supported(client, repositories)
    server.keyset = keyset is True
    if server.keyset:
        server.mode = Mode.DATABASE
    elif details and keyset is False:
        shown = _without_database(client, repositories)
        server.mode = Mode.NO_DATABASE if shown else Mode.UNKNOWN
    elif details and keyset is None and _has_published_dates(server, repositories):
        server.mode = Mode.DATABASE
    return shown


def _with_graphql(client: Client) -> Server:
    try:
        return Server(client, read_schema(client), "")
    except RequestError as error:
        if error.kind == ErrorKind.STOPPED:
            raise
        return Server(client, None, str(error))


def _keyset_supported(client: Client, repositories: t.Sequence[Repository]) -> bool | None:
    """The answer of the first repository that gives one, of a few; None where none does."""
    for repository in repositories[:3]:
        try:
            return keyset_supported(client, repository)
        except RequestError as error:
            if error.kind.stops_task:
                raise
    return None


def _without_database(client: Client, repositories: t.Sequence[Repository]) -> TagListing | None:
    """The tags that prove it: a keyset listing refused is no proof, since an unreachable registry refuses it too, and
    has to be refused again after the same registry listed tags."""
    for repository in repositories[:PROBES]:
        try:
            names = first_tag_names(client, repository)
            if names:
                refused = keyset_supported(client, repository) is False
                return TagListing(repository, tuple(Tag(name) for name in names)) if refused else None
        except RequestError as error:
            if error.kind.is_transient or error.kind.stops_task:
                return None
    return None


def _has_published_dates(server: Server, repositories: t.Sequence[Repository]) -> bool:
    """Releases before keyset listings: a published date comes from a metadata database alone."""
    if server.graphql is None or "publishedAt" not in server.graphql.tag_fields:
        return False
    requests = [PageRequest(repository.id) for repository in repositories[:PROBES]]
    pages = read_pages(server.client, server.graphql, requests, ("publishedAt",))
    return any(isinstance(page, Page) and any(tag.published for tag in page.tags) for page in pages)


def listed_by_registry(
    registry: Registry, repository: Repository, retry: RetryPolicy = RetryPolicy.IDEMPOTENT
) -> TagListing:
    """What the registry itself lists. One that it does not know may be empty, or may be somewhere else."""
    try:
        names = tag_names(registry, repository.path, retry=retry)
    except RequestError as error:
        return TagListing(repository, error=error)
    tags, known = tuple(Tag(name) for name in sorted(names or ())), names is not None
    return TagListing(repository, tags, complete=known, authoritative=known, repository_unknown=not known)
