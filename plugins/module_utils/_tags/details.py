# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The details of listed tags: reading them one by one, and adding them to a listing."""

from __future__ import annotations

import itertools
import typing as t

from .._core.errors import ErrorKind, RequestError
from .._core.models import Repository, Tag, TagListing
from .._core.oci import Image, is_opaque
from .._core.server import Mode, ServerCapabilities
from .._gitlab.tags import keyset_supported
from .._http.client import Client
from .._registry.auth import Registry
from .._registry.images import read_undated_image
from .query import TagQuery
from .token_rules import with_token_rules

Item = t.TypeVar("Item")

# Whether a protection rule covers the name of a tag, by the id of the project.
CoveredNames = t.Mapping[int, t.Callable[[str], bool]]

# What a tag's details are missing for: there is no such tag, or its image can't be read.
NO_DETAILS = "GitLab answered 404 for its details"
NO_MANIFEST = "the registry answered 404 for it"

# Of how many repositories tags are held at once, for a caller who does not keep them.
_CHUNK_SIZE = 100


class DetailReader(t.Protocol):
    """Lists the names of tags, and reads each with its details."""

    @property
    def client(self) -> Client: ...

    @property
    def capabilities(self) -> ServerCapabilities: ...

    @property
    def registry(self) -> Registry | None: ...

    @property
    def rules(self) -> CoveredNames: ...

    def list_names(self, repository: Repository) -> TagListing: ...

    def read_detail(self, repository: Repository, name: str, *, dates: bool) -> Tag: ...


def chunks(items: t.Iterable[Item]) -> t.Iterator[list[Item]]:
    """The items in lists of _CHUNK_SIZE."""
    left = iter(items)
    return iter(lambda: list(itertools.islice(left, _CHUNK_SIZE)), [])


def read_each(
    reader: DetailReader,
    repositories: t.Sequence[Repository],
    query: TagQuery,
    read: t.Callable[[Repository], TagListing],
) -> t.Iterator[TagListing]:
    """The listings of the repositories as they are read one by one, with what is known of their tags besides."""
    client, registry = reader.client, reader.registry
    for chunk in chunks(repositories):
        listings = client.parallel(lambda repository: query.told(read(repository)), chunk)
        if query.protection:
            listings = with_token_rules(registry, reader.capabilities, listings)
        yield from with_rules(load_children(client, registry, listings, query), reader.rules)


def read_one_by_one(
    reader: DetailReader,
    listing: TagListing,
    wanted: t.Collection[str],
    query: TagQuery,
    known: t.Mapping[str, Tag] | None = None,
) -> TagListing:
    """The listing with the details of the wanted tags, each of which takes requests of its own.

    known: the tags that were read with their details already. The repository is unread if a tag can't be read for a
    reason that may pass. A tag that went since it was listed is in it no more.
    """
    found = dict(known or {})
    missing = [name for name in wanted if name not in found]
    try:
        tags = reader.client.parallel(
            lambda name: reader.read_detail(listing.repository, name, dates=query.dates), missing
        )
    except RequestError as error:
        return TagListing(listing.repository, error=error)
    found.update((tag.name, tag) for tag in tags)
    absent = {tag.name for tag in tags if tag.error in (NO_DETAILS, NO_MANIFEST)}
    return without_deleted(reader, with_details(listing, {name: found[name] for name in wanted}), absent)


def without_deleted(reader: DetailReader, listing: TagListing, absent: t.Collection[str]) -> TagListing:
    """The listing without the absent tags that are listed no more: somebody deleted them while it was read."""
    if not absent:
        return listing
    again = reader.list_names(listing.repository)
    if not again.complete or again.error:
        return listing
    deleted = set(absent).difference(again.names)
    return listing._replace(tags=tuple(tag for tag in listing.tags if tag.name not in deleted))


def with_details(listing: TagListing, found: t.Mapping[str, Tag]) -> TagListing:
    """The listing, where the tags that were found have their details."""
    return listing._replace(tags=tuple(found.get(tag.name, tag) for tag in listing.tags))


def with_sizes_of(mode: Mode, listing: TagListing) -> TagListing:
    """A listing by GitLab, with the sizes that it knows: without a metadata database it leaves out the config."""
    if mode is Mode.DATABASE:
        return listing
    return listing._replace(tags=tuple(tag._replace(size=None) for tag in listing.tags))


def detail_or_error(name: str, read: t.Callable[[], Tag | None], missing: str) -> Tag:
    """A tag that is read, or the tag without details and with the reason.

    Args:
        name: of the tag.
        read: reads it; gives None if there is no such tag.
        missing: what to say if there is no such tag.

    Raises:
        RequestError: another look may tell.
    """
    try:
        tag = read()
    except RequestError as error:
        if error.kind.is_inconclusive:
            raise
        return Tag(name, details_read=True, error=str(error))
    return tag or Tag(name, details_read=True, error=missing)


def with_rules(listings: t.Iterable[TagListing], rules: CoveredNames) -> t.Iterator[TagListing]:
    """The listings, where it is known of each tag whether a rule covers it, in the projects whose rules were read."""
    for listing in listings:
        covers = rules.get(listing.repository.project_id)
        if covers is None:
            yield listing
        else:
            tags = (tag._replace(protected=bool(tag.protected) or covers(tag.name)) for tag in listing.tags)
            yield listing._replace(tags=tuple(tags))


def confirmed(
    client: Client, capabilities: ServerCapabilities, listings: t.Iterable[TagListing], query: TagQuery
) -> t.Iterator[TagListing]:
    """The listings as they come, the last one only after a look at whether there still is no metadata database.

    That there is none follows from what GitLab refuses, and it refuses the same while its registry is in trouble. Only
    what the registry says of itself is proof.

    Raises:
        RequestError: there is one, so that dates may have two meanings.
    """
    asks = confirmations(capabilities, query)
    known: Repository | None = None
    last: TagListing | None = None
    for listing in listings:
        if last:
            yield last
        last = listing
        if known is None and listing.tags and not listing.error:
            known = listing.repository
    if asks and known and keyset_supported(client, known):
        message = "the registry has a metadata database, although GitLab denied it before"
        raise RequestError(ErrorKind.INCOMPLETE, message, operation=f"read the tags of {known.path}")
    if last:
        yield last


def confirmations(capabilities: ServerCapabilities, query: TagQuery) -> int:
    """How many requests confirmed takes if there are any tags."""
    return int(query.details and capabilities.mode is Mode.NO_DATABASE and not capabilities.mode_is_proven)


def load_children(
    client: Client, registry: Registry | None, listings: list[TagListing], query: TagQuery
) -> list[TagListing]:
    """The listings, where tags have what their manifests say, in the repositories of which the query needs it.

    Only the registry itself shows manifests. A tag whose manifest can't be read stays as it is.
    """
    opened = [listing for listing in listings if query.needs_children(listing)] if registry else []
    if registry is None or not opened:
        return listings
    asked = registry
    places = [
        (listing.repository.path, tag.digest or tag.name)
        for listing in opened
        for tag in listing.tags
        if is_opaque(tag) and not tag.error
    ]
    unique = list(dict.fromkeys(places))
    found = dict(zip(unique, client.try_all(lambda place: read_undated_image(asked, *place), unique)))
    images = {place: image for place, image in found.items() if isinstance(image, Image)}
    numbers = {listing.repository.id for listing in opened}
    return [_with_children(listing, images) if listing.repository.id in numbers else listing for listing in listings]


def _with_children(listing: TagListing, images: t.Mapping[tuple[str, str], Image]) -> TagListing:
    path = listing.repository.path

    def load(tag: Tag) -> Tag:
        image = images.get((path, tag.digest or tag.name)) if is_opaque(tag) else None
        return tag._replace(size=image.size or tag.size, **manifest_facts(image)) if image else tag

    return listing._replace(tags=tuple(load(tag) for tag in listing.tags))


def manifest_facts(image: Image) -> dict[str, t.Any]:
    """The fields of a tag that only its manifest tells."""
    return {
        "digest": image.digest,
        "media_type": image.media_type,
        "config_digest": image.config_digest,
        "children": image.children,
        "subject": image.subject,
    }
