# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Telling from listings whether a registry has a metadata database, since GitLab does not say it."""

from __future__ import annotations

import typing as t

from .._core.errors import RequestError
from .._core.models import Repository, Tag, TagListing
from .._core.server import Mode
from .._gitlab.graphql_pages import read_pages
from .._gitlab.graphql_schema import Schema
from .._gitlab.tag_page import Page, PageRequest
from .._gitlab.tags import first_tag_names, keyset_supported
from .._http.client import Client

# How many repositories are looked at, at most, to find one that shows what kind of server this is.
_PROBES = 20
# How many are asked, at most, whether the server lists by keyset.
_KEYSET_PROBES = 3


class Evidence(t.NamedTuple):
    """What the listings of a few repositories show.

    Args:
        mode: whether the registry has a metadata database.
        lists_by_keyset: whether GitLab lists tag names by keyset.
        listed: the tags that prove that there is no metadata database; None if none do.
    """

    mode: Mode = Mode.UNKNOWN
    lists_by_keyset: bool = False
    listed: TagListing | None = None


def probe_keyset(client: Client, repositories: t.Sequence[Repository]) -> bool | None:
    """Whether GitLab lists by keyset, as the first of a few repositories says; None if it is too old, or none says."""
    for repository in repositories[:_KEYSET_PROBES]:
        try:
            return keyset_supported(client, repository)
        except RequestError as error:
            if error.kind.stops_task:
                raise
    return None


def find_evidence(
    client: Client,
    schema: Schema | None,
    repositories: t.Sequence[Repository],
    *,
    keyset: bool | None,
    details: bool,
) -> Evidence:
    """Tell from listings whether there is a metadata database, as far as that is needed.

    Args:
        client: of GitLab.
        schema: what GraphQL offers; None if it can't be used.
        repositories: of which some are looked at.
        keyset: what probe_keyset found.
        details: whether more than names will be read.
    """
    if keyset:
        return Evidence(mode=Mode.DATABASE, lists_by_keyset=True)
    if not details:
        return Evidence()
    if keyset is None:
        return Evidence(mode=Mode.DATABASE if _has_published_dates(client, schema, repositories) else Mode.UNKNOWN)
    listed = _tags_without_database(client, repositories)
    return Evidence(mode=Mode.NO_DATABASE if listed else Mode.UNKNOWN, listed=listed)


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
