# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What a caller needs of tags. Pure."""

from __future__ import annotations

import typing as t

from .._core.models import TagListing


class TagQuery(t.NamedTuple):
    """What has to be read of the tags of repositories.

    Args:
        details: Whether more than the names is needed: digests, dates, sizes.
        all_details: Whether the details of most tags are needed, so that pages with details may serve as the listing.
        dates: Whether dates and sizes are needed besides digests.
        wanted: Gives the names of the tags whose details are needed, from a listing of all names.
        configs: Whether the digests of the images' configs are needed.
        needs_children: Whether it is needed what the images of a repository hold. Only the registry itself tells that
            of a multi-platform image.
        protection: Whether it is needed which tags are protected, as far as that can be told.
        when_read: Told of each listing as soon as its tags are read, by any thread and in any order.
    """

    details: bool
    all_details: bool = False
    dates: bool = True
    wanted: t.Callable[[TagListing], t.Collection[str]] = lambda listing: listing.names
    configs: bool = False
    needs_children: t.Callable[[TagListing], bool] = lambda listing: False
    protection: bool = False
    when_read: t.Callable[[TagListing], None] = lambda listing: None

    def wanted_in(self, listing: TagListing) -> t.Collection[str]:
        """The names whose details are needed, of a listing of all names; none of one that could not be read."""
        return self.wanted(listing) if self.details and not listing.error else ()

    def told(self, listing: TagListing) -> TagListing:
        """A listing, of which the caller was told."""
        self.when_read(listing)
        return listing
