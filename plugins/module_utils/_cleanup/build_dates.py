# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""When images were built, asked of the registry itself where a metadata database dates their tags otherwise."""

from __future__ import annotations

import typing as t
from dataclasses import replace
from datetime import datetime

from .._core.errors import RequestError
from .._core.models import Tag, TagListing, parse_time
from .._core.server import Mode, ServerCapabilities
from .._registry.api import read_image
from .._registry.auth import Registry
from .._rules.import_dates import Dated, import_refusal, suspicion
from .._rules.retention import Rules, date_source, judged_date
from .._tags.reader import TagReader

# The tags of a repository that a date may decide about.
Judged = t.Callable[[TagListing], t.Sequence[Tag]]

_GITLAB_ALONE = "a bulk deletion goes by what GitLab sees, and the registry itself is not asked"


def rules_on(capabilities: ServerCapabilities, rules: Rules) -> Rules:
    """The rules as they hold on this server: where dates are builds anyway, none of them is an import's."""
    rules = replace(rules, require_digest=True) if capabilities.mode is Mode.DATABASE else rules
    return replace(rules, dates_valid_from=None) if capabilities.shows_build_dates else rules


def seems_imported(reader: TagReader, readings: t.Sequence[TagListing], rules: Rules, judged: Judged) -> str | None:
    """Why the dates seem to be those of an import; None where they are pushes, or nothing goes by them."""
    capabilities = reader.capabilities
    source = date_source(capabilities.mode, rules)
    if capabilities.mode is not Mode.DATABASE or capabilities.shows_build_dates:
        return None
    if source == "none" or rules.dates_valid_from:
        return None
    if not any(judged(reading) for reading in readings):
        return None
    dated = []
    for reading in readings:
        for tag in reading.tags:
            date = judged_date(tag, source, reader.client.clock)
            if date and tag.digest:
                dated.append(Dated(reading.repository, tag, date))
    created = {reading.repository.id: parse_time(reading.repository.created_at) for reading in readings}
    found = suspicion(dated, created)
    if found is None:
        return None
    registry = reader.registry
    if registry is None:
        return import_refusal(found, (), capabilities.registry_unavailable_reason or _GITLAB_ALONE)
    places = list(dict.fromkeys((sample.repository.path, sample.tag.digest or "") for sample in found.samples))
    builds = reader.client.try_all(lambda place: build_of(registry, *place), places)
    why = next((str(build) for build in builds if not isinstance(build, datetime)), "")
    return import_refusal(found, [build for build in builds if isinstance(build, datetime)], why)


def with_builds(reader: TagReader, readings: t.Sequence[TagListing], rules: Rules, judged: Judged) -> list[TagListing]:
    """The readings, with the builds of tags whose dates are an import's, or why these are not known.

    A repository counts as unread where that may pass.
    """
    since = rules.dates_valid_from
    if not since or date_source(reader.capabilities.mode, rules) != "published":
        return list(readings)
    limit = since

    def look(reading: TagListing) -> TagListing:
        doubted = {tag.name for tag in judged(reading) if tag.published and tag.published < limit}
        return _with_builds(reader, reading, doubted) if doubted else reading

    return [look(reading) for reading in readings]


def _with_builds(reader: TagReader, reading: TagListing, names: t.Collection[str]) -> TagListing:
    path, registry = reading.repository.path, reader.registry
    digests = list(dict.fromkeys(tag.digest for tag in reading.tags if tag.name in names and tag.digest))
    found: dict[str, datetime | str] = {}
    if registry:
        asked = registry
        try:
            found = dict(zip(digests, reader.client.parallel(lambda digest: build_of(asked, path, digest), digests)))
        except RequestError as error:
            return TagListing(reading.repository, error=error)
    reason = reader.capabilities.registry_unavailable_reason or _GITLAB_ALONE
    unknown = reason if registry is None else "its digest is not known"

    def look(tag: Tag) -> Tag:
        build = found.get(tag.digest or "", unknown)
        return tag._replace(error=build) if isinstance(build, str) else tag._replace(built=build)

    return replace(reading, tags=tuple(look(tag) if tag.name in names else tag for tag in reading.tags))


def build_of(registry: Registry, path: str, digest: str) -> datetime | str:
    """When an image was built, or why that is not known. Raises RequestError where that may pass."""
    try:
        image = read_image(registry, path, digest)
    except RequestError as error:
        if error.kind.is_transient or error.kind.stops_task:
            raise
        return str(error)
    if image is None:
        return f"The registry answered 404 for {path}@{digest}."
    return image.created or f"{path}@{digest} does not say when it was built."


def dates_note(readings: t.Sequence[TagListing], rules: Rules) -> str | None:
    """What dates_valid_from did, for the result; None where it did nothing."""
    if not rules.dates_valid_from or not rules.need_dates:
        return None
    tags = [tag for reading in readings for tag in reading.tags]
    built = sum(1 for tag in tags if tag.built)
    dark = [tag.error for tag in tags if tag.error and not tag.built]
    if not built and not dark:
        return None
    told = f"{built} tags with dates before dates_valid_from are as old as their image."
    return f"{told} Of {len(dark)} tags no date is known, first: {dark[0]}" if dark else told
