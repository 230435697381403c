# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Reading tags, whichever way the server has."""

from __future__ import annotations

import itertools
import typing as t
from collections import deque
from dataclasses import dataclass, field, replace

from .._core.errors import ErrorKind, RequestError
from .._core.models import Repository, Tag, TagListing
from .._core.oci import Image, is_opaque
from .._core.server import Mode
from .._gitlab.git_refs import active_refs, deployed_refs
from .._gitlab.graphql import ALL_FIELDS, GUARD_FIELDS, PAGE, Page, PageRequest, Schema, read_pages
from .._gitlab.projects import caller_is_administrator
from .._gitlab.tags import KEYSET_PAGE, LISTING_CAP, tag_detail, tag_names_keyset, tag_names_offset
from .._http.client import Client
from .._http.retry import RetryPolicy
from .._registry.api import current_digest, inside_of, read_image
from .._registry.auth import Registry
from .._rules.git_refs import ActiveRefs
from .capabilities import Server, listed_by_registry

Item = t.TypeVar("Item")

# How many of the names on a page have to be wanted, on average, for it to be read rather than each name by itself.
MIN_TAGS_PER_PAGE = 4

# Of how many repositories tags are held at once for a caller who does not keep them.
CHUNK_SIZE = 100


@dataclass(frozen=True)
class TagQuery:
    """What the caller needs of the tags. details: dates, digests and sizes of the names that wanted gives of a listing.

    whole: the details decide about many tags, so that pages of them serve as the listing too. dates: false where the
    digests alone will do. configs: the digests of the images' configs, too. inside: whether what images hold is needed
    of a repository; the registry itself alone tells it of an index.
    """

    details: bool
    whole: bool = False
    dates: bool = True
    wanted: t.Callable[[TagListing], t.Collection[str]] = lambda listing: listing.names
    configs: bool = False
    inside: t.Callable[[TagListing], bool] = lambda listing: False

    @property
    def fields(self) -> tuple[str, ...]:
        """Those of GraphQL's tags."""
        return (*ALL_FIELDS, "revision") if self.configs else ALL_FIELDS


def read_refs(
    client: Client, projects: t.Sequence[int], kinds: t.Sequence[str], deployments: int
) -> dict[int, ActiveRefs | RequestError]:
    """What is alive in the git repositories of projects, by their ids, or why it is not known.

    deployments: how many of each environment count as alive.
    """

    def read(number: int) -> ActiveRefs:
        refs = [ref for kind in kinds for ref in active_refs(client, number, kind)]
        return ActiveRefs(tuple(refs), tuple(deployed_refs(client, number, deployments)) if deployments else ())

    return dict(zip(projects, client.try_all(read, projects))) if kinds or deployments else {}


def read_tags(server: Server, repositories: t.Sequence[Repository], need: TagQuery) -> list[TagListing]:
    """The tags of every repository, in the order given; a repository that can't be read carries its error."""
    return list(read_in_turn(server, repositories, need))


def read_in_turn(server: Server, repositories: t.Sequence[Repository], need: TagQuery) -> t.Iterator[TagListing]:
    """As read_tags, and each reading is given as soon as it is its turn, so that nobody has to hold all tags."""
    probed, server.probed = server.probed, None
    if need.details and need.whole and server.by_cursor:
        chunks = _chunks(_in_order(repositories, _follow_cursors(server, repositories, need)))
    else:
        chunks = (_read_listed(server, chunk, need, probed) for chunk in _chunks(repositories))
    for chunk in chunks:
        yield from load_children(server, chunk, [reading for reading in chunk if need.inside(reading)])


def _chunks(items: t.Iterable[Item]) -> t.Iterator[list[Item]]:
    left = iter(items)
    return iter(lambda: list(itertools.islice(left, CHUNK_SIZE)), [])


def _read_listed(
    server: Server, repositories: t.Sequence[Repository], need: TagQuery, probed: TagListing | None
) -> list[TagListing]:
    """Their names, and then the details of those that are wanted. probed: a listing that is there already."""

    def first_listing(repository: Repository) -> TagListing:
        return probed if probed and probed.repository.id == repository.id else list_names(server, repository)

    listings = server.client.parallel(first_listing, repositories)
    if not need.details:
        return listings
    if server.by_cursor:
        return _read_located(server, listings, need)
    if len(listings) >= server.client.settings.concurrency:
        return server.client.parallel(lambda listing: _read_one_by_one(server, listing, need), listings)
    return [_read_one_by_one(server, listing, need) for listing in listings]


def list_names(server: Server, repository: Repository) -> TagListing:
    """The names alone, by the shortest listing that the server has."""
    if server.way == "registry" and server.registry:
        return listed_by_registry(server.registry, repository)
    try:
        if server.keyset:
            names = tag_names_keyset(server.client, repository)
        else:
            names = tag_names_offset(server.client, repository)
    except RequestError as error:
        return TagListing(repository, error=error)
    capped = server.mode != Mode.DATABASE and len(names) == LISTING_CAP
    if capped and server.registry:
        listing = listed_by_registry(server.registry, repository, RetryPolicy.NEVER)
        if listing.complete and set(names) <= set(listing.names):
            return listing
    return TagListing(repository, tuple(Tag(name) for name in sorted(names)), complete=bool(names) and not capped)


def confirm_empty(server: Server, listing: TagListing) -> TagListing:
    """An empty listing as the registry itself confirms it, or does not, where it can be asked; else as it is."""
    if server.registry is None or listing.error or listing.authoritative or listing.tags:
        return listing
    found = listed_by_registry(server.registry, listing.repository, RetryPolicy.NEVER)
    return listing if found.error else found


def rules_are_hidden(server: Server, *, job_token: bool) -> bool:
    """Whether GitLab may have protection rules for tags that can't be read and that it would let this caller past."""
    if server.uses_graphql or server.mode == Mode.NO_DATABASE or job_token:
        return False
    return caller_is_administrator(server.client)


def load_children(server: Server, readings: list[TagListing], opened: t.Sequence[TagListing]) -> list[TagListing]:
    """The readings, in which all that the registry itself knows of the tags of the opened ones is known.

    A tag that it can't tell of stays as it is.
    """
    registry = server.registry
    if registry is None or not opened:
        return readings
    places = [
        (reading.repository.path, tag.digest or tag.name)
        for reading in opened
        for tag in reading.tags
        if is_opaque(tag) and not tag.error
    ]
    unique = list(dict.fromkeys(places))
    found = dict(zip(unique, server.client.try_all(lambda place: inside_of(registry, *place), unique)))

    def look(reading: TagListing) -> TagListing:
        return replace(reading, tags=tuple(_opened(tag, found, reading.repository.path) for tag in reading.tags))

    numbers = {reading.repository.id for reading in opened}
    return [look(reading) if reading.repository.id in numbers else reading for reading in readings]


def _opened(tag: Tag, found: t.Mapping[tuple[str, str], t.Any], path: str) -> Tag:
    image = found.get((path, tag.digest or tag.name))
    if not isinstance(image, Image) or not is_opaque(tag):
        return tag
    return tag._replace(**_manifest_facts(image))


def _manifest_facts(image: Image) -> dict[str, t.Any]:
    """The fields of a tag that its manifest alone tells."""
    return {
        "digest": image.digest,
        "media_type": image.media_type,
        "config_digest": image.config_digest,
        "children": image.children,
        "subject": image.subject,
    }


def concurrent_repositories(server: Server, need: TagQuery) -> int:
    """Of how many repositories pages are read side by side: enough for all workers, and twice that."""
    return 2 * server.client.settings.concurrency * t.cast(Schema, server.graphql).aliases(need.fields, PAGE)


@dataclass
class _Followed:
    """A repository whose pages are being read. count: of its tags, by GitLab."""

    repository: Repository
    tags: dict[str, Tag] = field(default_factory=dict)
    count: int = 0


def _follow_cursors(server: Server, repositories: t.Sequence[Repository], need: TagQuery) -> t.Iterator[TagListing]:
    """Pages with details, many repositories in a request, each followed by its cursor to its end.

    A repository of which something is missing is read a second time: tags come and go meanwhile.
    """
    width = concurrent_repositories(server, need)
    schema = t.cast(Schema, server.graphql)
    fresh, again = deque(repositories), set[int]()
    followed: dict[int, _Followed] = {}
    waiting: list[PageRequest] = []
    while fresh or waiting:
        while fresh and len(waiting) < width:
            repository = fresh.popleft()
            followed[repository.id] = _Followed(repository)
            waiting.append(PageRequest(repository.id, counted=True))
        following = []
        for request, page in zip(waiting, read_pages(server.client, schema, waiting, need.fields)):
            found = _turn_page(followed[request.repository_id], request, page)
            if isinstance(found, PageRequest):
                following.append(found)
                continue
            repository = followed.pop(request.repository_id).repository
            if found.error and found.error.kind == ErrorKind.INCOMPLETE and repository.id not in again:
                again.add(repository.id)
                fresh.appendleft(repository)
            else:
                yield found
        waiting = following


def _turn_page(followed: _Followed, request: PageRequest, page: Page | RequestError) -> PageRequest | TagListing:
    """The page that comes next, or after the last one what was read."""
    repository, tags = followed.repository, followed.tags
    if isinstance(page, RequestError):
        return TagListing(repository, error=_about(page, repository))
    if not _goes_on(request, page, tags):
        return _incomplete(repository, "a page is empty, repeats or leads nowhere")
    tags.update((tag.name, tag) for tag in page.tags)
    followed.count = max(followed.count, page.count or 0)
    if page.has_next:
        return PageRequest(repository.id, page.end_cursor)
    if len(tags) < followed.count:
        return _incomplete(repository, f"{len(tags)} tags were read, and GitLab counts {followed.count}")
    return TagListing(repository, tuple(tags[name] for name in sorted(tags)), complete=bool(tags))


def _incomplete(repository: Repository, message: str) -> TagListing:
    operation = f"read the tags of {repository.path}"
    return TagListing(repository, error=RequestError(ErrorKind.INCOMPLETE, message, operation=operation))


def _in_order(repositories: t.Sequence[Repository], readings: t.Iterable[TagListing]) -> t.Iterator[TagListing]:
    """The readings, each when those of all repositories before its own were given."""
    done: dict[int, TagListing] = {}
    given = 0
    for reading in readings:
        done[reading.repository.id] = reading
        while given < len(repositories) and repositories[given].id in done:
            yield done.pop(repositories[given].id)
            given += 1


def _goes_on(request: PageRequest, page: Page, seen: t.Mapping[str, Tag]) -> bool:
    """Whether a page is a sound continuation: a registry that fails in between gives empty pages."""
    if request.after is not None and not page.tags:
        return False
    if page.has_next and page.end_cursor is None:
        return False
    return not any(tag.name in seen for tag in page.tags)


def _about(error: RequestError, repository: Repository) -> RequestError:
    """The error of an aliased request told of one of its repositories."""
    return RequestError(
        error.kind,
        error.message,
        operation=f"read the tags of {repository.path}",
        status=error.status,
        method=error.method,
        path=error.path,
        request_id=error.request_id,
        advice=error.advice,
    )


def _read_located(server: Server, listings: list[TagListing], need: TagQuery) -> list[TagListing]:
    """Details of the wanted names only: with a metadata database a page begins behind any name."""
    schema = t.cast(Schema, server.graphql)
    requests = [
        PageRequest(listing.repository.id, after)
        for listing in listings
        for after in _page_starts(listing.names, frozenset(need.wanted(listing)))
    ]
    found: dict[int, dict[str, Tag]] = {listing.repository.id: {} for listing in listings}
    errors: dict[int, RequestError] = {}
    for request, page in zip(requests, read_pages(server.client, schema, requests, need.fields)):
        if isinstance(page, RequestError):
            errors[request.repository_id] = page
        else:
            found[request.repository_id].update((tag.name, tag) for tag in page.tags)
    return [
        _with_details(listing, found[listing.repository.id], errors.get(listing.repository.id)) for listing in listings
    ]


def locating_is_shorter(
    server: Server, repositories: t.Iterable[tuple[t.Sequence[str], t.Collection[str]]], need: TagQuery
) -> bool:
    """Whether listing names and reading the pages of some takes fewer requests than reading all pages.

    repositories: all names of each, in order, and those of which more is wanted.
    """
    if not (server.by_cursor and need.whole):
        return True
    listed = located = whole = 0
    for names, wanted in repositories:
        listed += max(1, -(-len(names) // KEYSET_PAGE))
        located += len(_page_starts(names, wanted))
        whole += max(1, -(-len(names) // PAGE))
    return listed * t.cast(Schema, server.graphql).aliases(need.fields, PAGE) + located < whole


def _page_starts(names: t.Sequence[str], wanted: t.Collection[str]) -> list[str | None]:
    """Behind which names pages have to begin so that every wanted name is on one; None is the beginning."""
    starts: list[str | None] = []
    covered = 0
    for position, name in enumerate(names):
        if position >= covered and name in wanted:
            starts.append(names[position - 1] if position else None)
            covered = position + PAGE
    return starts


def _with_details(listing: TagListing, found: t.Mapping[str, Tag], error: RequestError | None) -> TagListing:
    if listing.error:
        return listing
    if error:
        return TagListing(listing.repository, error=_about(error, listing.repository))
    return replace(listing, tags=tuple(found.get(tag.name, tag) for tag in listing.tags))


def _read_one_by_one(server: Server, listing: TagListing, need: TagQuery) -> TagListing:
    """Without a metadata database, or without GraphQL: every tag costs GitLab several registry calls.

    GraphQL saves requests, not registry calls, and reads whole pages: it serves where most tags are wanted.
    """
    wanted = need.wanted(listing)
    if listing.error or not wanted:
        return listing
    found: dict[str, Tag] = {}
    if server.uses_graphql and server.mode != Mode.DATABASE and len(wanted) * 4 >= len(listing.tags):
        found = _read_pages_of(server, listing.repository, need)
    missing = [name for name in wanted if name not in found]
    try:
        details = server.client.parallel(
            lambda name: read_detail(server, listing.repository, name, dates=need.dates), missing
        )
    except RequestError as error:
        return TagListing(listing.repository, error=error)
    found.update((tag.name, tag) for tag in details)
    return _with_details(listing, {name: found[name] for name in wanted}, None)


def _read_pages_of(server: Server, repository: Repository, need: TagQuery) -> dict[str, Tag]:
    """What GraphQL's pages show of one repository, as far as they go: the rest is read tag by tag."""
    schema = t.cast(Schema, server.graphql)
    found: dict[str, Tag] = {}
    after: str | None = None
    while True:
        request = PageRequest(repository.id, after)
        page = read_pages(server.client, schema, [request], need.fields)[0]
        if isinstance(page, RequestError) or not _goes_on(request, page, found):
            return found
        found.update((tag.name, tag) for tag in page.tags)
        if not page.has_next:
            return found
        after = page.end_cursor


def read_detail(server: Server, repository: Repository, name: str, *, dates: bool = True) -> Tag:
    """One tag; without details where it can't be read. Raises RequestError where that may pass."""
    try:
        if server.way == "registry" and server.registry:
            tag = _detail_in_registry(server.registry, repository, name, dates)
            missing = "the registry answered 404 for it"
        else:
            tag = tag_detail(server.client, repository, name)
            missing = "GitLab answered 404 for its details"
    except RequestError as error:
        if error.kind.is_transient or error.kind.stops_task:
            raise
        return Tag(name, details_read=True, error=str(error))
    return tag or Tag(name, details_read=True, error=missing)


def _detail_in_registry(registry: Registry, repository: Repository, name: str, dates: bool) -> Tag | None:
    if not dates:
        digest = current_digest(registry, repository.path, name)
        return Tag(name, digest=digest, details_read=True) if digest else None
    image = read_image(registry, repository.path, name)
    if image is None:
        return None
    tag = Tag(name, created=image.created, size=image.size, details_read=True)
    return tag._replace(**_manifest_facts(image))


def read_again(
    server: Server, repository: Repository, names: t.Sequence[str], listed: t.Sequence[str]
) -> dict[str, Tag | None]:
    """What the tags are right now; None for one that is not there, a tag without digest where it can't be told.

    listed: all names of the repository in order, to find each tag behind the one before it.
    """
    if server.by_cursor:
        return _read_behind(server, repository, names, listed)
    if server.way == "registry" and server.registry:
        return _digests_now(server, server.registry, repository, names)
    tags = server.client.parallel(lambda name: read_detail(server, repository, name), names)
    return {tag.name: tag for tag in tags}


def _digests_now(
    server: Server, registry: Registry, repository: Repository, names: t.Sequence[str]
) -> dict[str, Tag | None]:
    digests = server.client.parallel(lambda name: current_digest(registry, repository.path, name), names)
    return {name: Tag(name, digest=digest) if digest else None for name, digest in zip(names, digests)}


def _read_behind(
    server: Server, repository: Repository, names: t.Sequence[str], listed: t.Sequence[str]
) -> dict[str, Tag | None]:
    """Each tag behind the name that was listed before it. Names that were listed next to each other stand on one page,
    which costs the registry as much as a page of one; what is not there is then looked for by itself."""
    before = {name: listed[position - 1] if position else None for position, name in enumerate(listed)}
    tags: dict[str, Tag | None] = {}
    starts = _page_starts(listed, frozenset(names))
    if len(starts) * MIN_TAGS_PER_PAGE <= len(names):
        together = [PageRequest(repository.id, after) for after in starts]
        for page in read_pages(server.client, t.cast(Schema, server.graphql), together, GUARD_FIELDS):
            if isinstance(page, RequestError):
                raise _about(page, repository)
            tags.update((tag.name, tag) for tag in page.tags if tag.name in names)
    for first in (1, PAGE):
        # A tag that was pushed in between stands on the page of one; the longer page then tells.
        left = [name for name in names if name not in tags]
        requests = [PageRequest(repository.id, before.get(name), first) for name in left]
        pages = read_pages(server.client, t.cast(Schema, server.graphql), requests, GUARD_FIELDS)
        for name, page in zip(left, pages):
            if isinstance(page, RequestError):
                raise _about(page, repository)
            found = {tag.name: tag for tag in page.tags}
            if name in found:
                tags[name] = found[name]
            elif any(other > name for other in found):
                tags[name] = None
    unseen = "GraphQL did not show it"
    return {name: tags[name] if name in tags else Tag(name, error=unseen) for name in names}
