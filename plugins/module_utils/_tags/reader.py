# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Reading tags: what every reader does, and which one a server needs."""

from __future__ import annotations

import typing as t

from .._core.models import Repository, Tag, TagListing
from .._core.server import ReadMethod, ServerCapabilities
from .._http.client import Client
from .._http.retry import RetryPolicy
from .._registry.auth import Registry
from .capabilities import Detected
from .estimate import Estimate
from .graphql_reader import CursorReader, PageReader
from .listing import list_by_registry
from .query import TagQuery
from .registry_reader import RegistryReader
from .rest_reader import RestReader

# Seconds before a listing is read another time, and once more.
PAUSES = (0.5, 1.5)


class TagReader(t.Protocol):
    """Reads the tags of repositories in the way that a server offers."""

    @property
    def capabilities(self) -> ServerCapabilities:
        """What the server can do."""

    @property
    def client(self) -> Client:
        """The client of GitLab."""

    @property
    def registry(self) -> Registry | None:
        """The registry itself; None if it can't be asked, or need not be."""

    def list_names(self, repository: Repository) -> TagListing:
        """The names alone, read now. A repository that can't be read carries its error."""

    def read(self, repositories: t.Sequence[Repository], query: TagQuery) -> t.Iterator[TagListing]:
        """The tags of each repository in turn, so that nobody has to hold them all.

        Args:
            repositories: Which to read; the listings come in their order.
            query: What is needed of their tags.

        Returns:
            A listing for each repository. One that can't be read carries its error.

        Raises:
            RequestError: What was read can't be trusted, since the registry is of another kind than it was taken for.
        """

    def read_detail(self, repository: Repository, name: str, *, dates: bool = True) -> Tag:
        """One tag with its details, read now.

        Args:
            repository: Whose tag it is.
            name: Of the tag.
            dates: Whether its date and size are needed besides its digest.

        Returns:
            The tag; without details and with an error if it can't be read.

        Raises:
            RequestError: For what may pass.
        """

    def read_again(
        self, repository: Repository, names: t.Sequence[str], listed: t.Sequence[str]
    ) -> t.Mapping[str, Tag | None]:
        """What tags are right before they are deleted.

        Args:
            repository: Whose tags they are.
            names: Which tags to read.
            listed: All names of the repository in order, to find each tag behind the one before it.

        Returns:
            By name the tag, without a digest if it can't be told; None if there is no such tag.

        Raises:
            RequestError: If they can't be read.
        """

    def estimate(self, counts: t.Sequence[int | None], query: TagQuery) -> Estimate:
        """How many requests reading all tags takes.

        Args:
            counts: The number of tags of each repository, None if it is not known.
            query: What is needed of the tags.
        """


def open_reader(detected: Detected) -> TagReader:
    """The reader for a server."""
    client, capabilities, registry = detected.client, detected.capabilities, detected.registry
    rules = detected.rules
    if registry and capabilities.read_method is ReadMethod.REGISTRY:
        return RegistryReader(
            client=client, capabilities=capabilities, registry=registry, rules=rules, prefetched=detected.prefetched
        )
    if detected.schema and capabilities.read_method is ReadMethod.GRAPHQL:
        kind = CursorReader if capabilities.pages_by_cursor else PageReader
        return kind(client=client, capabilities=capabilities, registry=registry, rules=rules, schema=detected.schema)
    return RestReader(client=client, capabilities=capabilities, registry=registry, rules=rules)


def confirm_empty(reader: TagReader, listing: TagListing) -> TagListing:
    """An empty listing as the registry itself confirms it, or does not. Any other listing is returned as it is."""
    if reader.registry is None or listing.error or listing.authoritative or listing.tags:
        return listing
    found = list_by_registry(reader.registry, listing.repository, RetryPolicy.NEVER)
    return listing if found.error else found


def look_again(reader: TagReader, listing: TagListing, is_doubted: t.Callable[[TagListing], bool]) -> TagListing:
    """A listing, with the names besides that further ones have, as long as it is doubted.

    Without a metadata database a listing may lack names for a moment while a deletion is under way: what is missing in
    one may be there in the next. A further listing that can't be read changes nothing.

    Args:
        reader: Lists the names.
        listing: What was listed.
        is_doubted: Whether a listing lacks what may be there.
    """
    for pause in PAUSES:
        if not is_doubted(listing):
            break
        reader.client.timing.sleep(pause)
        listing = united(listing, reader.list_names(listing.repository))
    return listing


def united(listing: TagListing, other: TagListing) -> TagListing:
    """A listing with the tags besides that another one of the same repository has."""
    tags = {tag.name: tag for tag in (*other.tags, *listing.tags)}
    found = tuple(tags[name] for name in sorted(tags))
    return listing._replace(tags=found, complete=listing.complete or other.complete)
