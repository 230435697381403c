# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""When images were built, asked of the registry itself where a metadata database dates their tags otherwise."""

from __future__ import annotations

import typing as t
from datetime import datetime

from .._core.errors import RequestError
from .._core.models import Tag, TagListing, parse_time
from .._core.server import Mode
from .._registry.auth import Registry
from .._registry.images import read_image
from .._rules.dates import judged_date
from .._rules.decision import DateSource
from .._rules.import_dates import DatedTag, ImportEvidence, find_import_window
from .._tags.reader import TagReader
from .state import Criteria

# The tags of a repository that a date may decide about.
_DatedTags = t.Callable[[TagListing], t.Sequence[Tag]]

_GITLAB_ALONE = "a bulk deletion uses what GitLab sees, and the registry itself is not asked"


def gather_import_evidence(
    reader: TagReader, listings: t.Sequence[TagListing], criteria: Criteria, dated: _DatedTags
) -> ImportEvidence | None:
    """What tells whether the dates are those of an import; None where they surely are pushes, or none decides."""
    capabilities, source = reader.capabilities, criteria.date_source
    if capabilities.mode is not Mode.DATABASE or capabilities.shows_build_dates:
        return None
    if source is DateSource.NONE or criteria.retention.guards.dates_valid_from:
        return None
    if not any(dated(listing) for listing in listings):
        return None
    judged = []
    for listing in listings:
        for tag in listing.tags:
            date = judged_date(tag, source, reader.client.clock)
            if date and tag.digest:
                judged.append(DatedTag(repository=listing.repository, tag=tag, date=date))
    created = {listing.repository.id: parse_time(listing.repository.created_at) for listing in listings}
    found = find_import_window(judged, created)
    registry = reader.registry
    if found is None or registry is None:
        why = capabilities.registry_unavailable_reason or _GITLAB_ALONE
        return ImportEvidence(found, why_unknown=why) if found else None
    places = list(dict.fromkeys((sample.repository.path, sample.tag.digest or "") for sample in found.samples))
    builds = reader.client.try_all(lambda place: _build_of(registry, *place), places)
    why = next((str(build) for build in builds if not isinstance(build, datetime)), "")
    return ImportEvidence(
        found, builds=tuple(build for build in builds if isinstance(build, datetime)), why_unknown=why
    )


def with_builds(
    reader: TagReader, listings: t.Sequence[TagListing], criteria: Criteria, dated: _DatedTags
) -> list[TagListing]:
    """The listings, with the builds of tags whose dates are an import's, or why these are not known.

    A repository counts as unread where that may pass.
    """
    since = criteria.retention.guards.dates_valid_from
    if not since or criteria.date_source is not DateSource.PUBLISHED:
        return list(listings)
    limit = since

    def look(listing: TagListing) -> TagListing:
        doubted = {tag.name for tag in dated(listing) if tag.published and tag.published < limit}
        return _with_builds(reader, listing, doubted) if doubted else listing

    return [look(listing) for listing in listings]


def _with_builds(reader: TagReader, listing: TagListing, names: t.Collection[str]) -> TagListing:
    path, registry = listing.repository.path, reader.registry
    digests = list(dict.fromkeys(tag.digest for tag in listing.tags if tag.name in names and tag.digest))
    found: dict[str, datetime | str] = {}
    if registry:
        asked = registry
        try:
            found = dict(zip(digests, reader.client.parallel(lambda digest: _build_of(asked, path, digest), digests)))
        except RequestError as error:
            return TagListing(listing.repository, error=error)
    reason = reader.capabilities.registry_unavailable_reason or _GITLAB_ALONE
    unknown = reason if registry is None else "its digest is unknown"

    def look(tag: Tag) -> Tag:
        build = found.get(tag.digest or "", unknown)
        return tag._replace(error=build) if isinstance(build, str) else tag._replace(built=build)

    return listing._replace(tags=tuple(look(tag) if tag.name in names else tag for tag in listing.tags))


def _build_of(registry: Registry, path: str, digest: str) -> datetime | str:
    """When an image was built, or why that is not known.

    Raises:
        RequestError: another look may tell.
    """
    try:
        image = read_image(registry, path, digest)
    except RequestError as error:
        if error.kind.is_inconclusive:
            raise
        return str(error)
    if image is None:
        return f"The registry answered 404 for {path}@{digest}."
    return image.created or f"{path}@{digest} does not say when it was built."
