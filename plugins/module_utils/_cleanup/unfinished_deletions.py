# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Tags that GitLab is still deleting for a run that was killed."""

from __future__ import annotations

import typing as t

from .._core.models import TagListing
from .._core.server import Mode
from .._tags.reader import PAUSES, TagReader


def without_unfinished(
    reader: TagReader, listings: t.Iterable[TagListing], interrupted: t.Iterable[tuple[str, str, str | None]]
) -> list[TagListing]:
    """The listings without tags that are gone as soon as GitLab is through with what a killed run asked for.

    Where a registry deletes by digest alone, GitLab makes a tag another image first. So a tag that is not the image any
    more that the killed run saw is waited for, for two seconds at most.

    Args:
        reader: Lists the names again. No request is sent if no such tag is another image.
        listings: Of the repositories.
        interrupted: What interrupted runs asked to delete, as repository, name and digest.
    """
    asked: dict[str, dict[str, str | None]] = {}
    for path, name, digest in interrupted:
        asked.setdefault(path, {})[name] = digest
    found = list(listings)
    if reader.capabilities.mode is Mode.DATABASE or not asked:
        return found
    return reader.client.parallel(lambda each: _settled(reader, each, asked.get(each.repository.path, {})), found)


def _settled(reader: TagReader, listing: TagListing, asked: t.Mapping[str, str | None]) -> TagListing:
    unfinished = {tag.name for tag in listing.tags if asked.get(tag.name, tag.digest) != tag.digest}
    for pause in PAUSES:
        if not unfinished:
            break
        reader.client.timing.sleep(pause)
        again = reader.list_names(listing.repository)
        # GitLab lists no tags of a registry that fails.
        if again.error or not again.complete or not again.tags:
            continue
        gone = unfinished - set(again.names)
        unfinished -= gone
        listing = listing._replace(tags=tuple(tag for tag in listing.tags if tag.name not in gone))
    return listing
