# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Reading pages that begin behind names which were listed before, so that none has to wait for the one before it."""

from __future__ import annotations

import typing as t

from .._core.errors import ErrorKind, RequestError
from .._core.models import Tag
from .._core.server import Mode
from .._gitlab.graphql_pages import read_pages
from .._gitlab.graphql_schema import Schema
from .._gitlab.tag_page import Page, PageRequest
from .._http.client import Client
from .page_starts import page_starts

# lib/graphql/schema/base_64_encoder.rb of the gem graphql, of a cursor that it did not make itself.
_NO_CURSOR = "Invalid input"


class NamedTags(t.NamedTuple):
    """The tags of listed names, by the ids of their repositories.

    Args:
        found: the tags by name, and others that are on the same pages.
        errors: why pages of a repository can't be read.
    """

    found: dict[int, dict[str, Tag]]
    errors: dict[int, RequestError]


def read_named(
    client: Client,
    schema: Schema,
    names: t.Mapping[int, t.Sequence[str]],
    wanted: t.Mapping[int, t.Collection[str]],
    fields: tuple[str, ...],
) -> NamedTags:
    """Read the pages that hold wanted names, all side by side.

    A name that was pushed off its page, by one that was pushed before it meanwhile, is looked for once more.

    Args:
        client: of GitLab.
        schema: what its GraphQL offers.
        names: by the id of a repository all of its names, or all behind one of them and that one; sorted.
        wanted: which of them are wanted.
        fields: what to read of the tags.
    """
    read = NamedTags({number: {} for number in names}, {})
    for _time in range(2):
        requests = [
            PageRequest(number, after)
            for number, listed in names.items()
            if number not in read.errors
            for after in page_starts(listed, [name for name in wanted[number] if name not in read.found[number]])
        ]
        pages = read_fitting(client, schema, requests, fields, Mode.DATABASE)
        for request, page in zip(requests, pages):
            if isinstance(page, RequestError):
                read.errors[request.repository_id] = page
            else:
                read.found[request.repository_id].update((tag.name, tag) for tag in page.tags)
    return read


def read_fitting(
    client: Client, schema: Schema, wanted: t.Sequence[PageRequest], fields: tuple[str, ...], mode: Mode
) -> list[Page | RequestError]:
    """Read pages as graphql_pages.read_pages does, and none from another kind of registry than the repositories are in.

    GitLab takes its registry for one without a metadata database if a question to it fails in passing. Then the dates
    of that page mean something else, and a name is no cursor for it. It is asked for once more, and is an error if that
    is no better.
    """
    pages = read_pages(client, schema, wanted, fields)
    doubted = [number for number, page in enumerate(pages) if not _is_of(page, mode)]
    again = read_pages(client, schema, [wanted[number] for number in doubted], fields)
    for number, page in zip(doubted, again):
        pages[number] = page if isinstance(page, RequestError) or page.fits(mode) else _other_registry()
    return pages


def _is_of(page: Page | RequestError, mode: Mode) -> bool:
    """Whether an answer can be one about such a registry."""
    return not page.message.startswith(_NO_CURSOR) if isinstance(page, RequestError) else page.fits(mode)


def _other_registry() -> RequestError:
    message = "GitLab's answer is that of another kind of registry, so the dates can't be trusted"
    return RequestError(ErrorKind.INCOMPLETE, message, operation="read tags by GraphQL")
