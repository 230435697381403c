# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What a cleanup is to do, and all that it has to know of the server before it decides."""

from __future__ import annotations

import functools
import typing as t
from dataclasses import dataclass, field, replace
from datetime import datetime

from .._core.errors import RequestError
from .._core.models import SIGNATURE, Repository, Tag, TagListing
from .._core.oci import Image
from .._core.server import DeleteMethod, ReadMethod, ServerCapabilities, requested_method
from .._gitlab.scope import Scope, Selection, select
from .._module.run import Connection
from .._plan.approval import ApprovalTerms, Approved
from .._plan.plan import Limits
from .._plan.recall import recalled, same_rules, to_look_at
from .._policy.prediction import Parameters
from .._policy.preview import query_of
from .._registry.api import current_digest
from .._rules.git_refs import ActiveRefs, kept_by_refs
from .._rules.in_use import InUse, Reference, kept_by_use, untagged
from .._rules.referrers import ReferrerPolicy, orphans
from .._rules.retention import Decision, Rules, date_source, is_judged_by_date, judged_date, name_reason
from .._tags.capabilities import Sources, detect, rules_are_hidden
from .._tags.graphql_reader import CursorReader
from .._tags.query import TagQuery
from .._tags.reader import TagReader, open_reader
from .build_dates import rules_on, seems_imported, with_builds
from .delete_method import choose_delete_method
from .git_refs import read_refs
from .interrupted import Interrupted
from .pinning import Pins, pins_for


@dataclass(frozen=True)
class Wish:
    """What the options ask for, checked. parameters: what GitLab itself is to decide by, None where the rules do.

    used: images that are in use. use_unknown: why these are not all there is. ref_match: how tags carry a ref's slug.
    referrer_policy: what becomes of tags that belong together. approved, terms: the plan that nothing may go beyond,
    and on what terms it is taken. before: what interrupted runs did.
    """

    scope: Scope
    rules: Rules
    limits: Limits
    parameters: Parameters | None
    used: InUse
    use_unknown: tuple[str, ...]
    ref_match: str
    referrer_policy: ReferrerPolicy
    pins: bool = False
    approved: Approved | None = None
    terms: ApprovalTerms | None = None
    before: Interrupted = Interrupted()

    @functools.cached_property
    def pending_followers(self) -> t.Mapping[str, t.Collection[tuple[str, str | None]]]:
        """What is to follow images that are gone by now, name and digest by the repository's path."""
        found: dict[str, set[tuple[str, str | None]]] = {}
        for path, name, digest in self.before.followers | (self.approved.followers if self.approved else frozenset()):
            found.setdefault(path, set()).add((name, digest))
        return found


@dataclass(frozen=True)
class State:
    """What was observed. clock: the server's. unread_protection: rules may exist that this caller would be let past.

    by_plan: the decisions as they were approved, by the id of repositories of which only what the plan needs was read.
    refs: what is alive in git, by the project's id. absent_digests: those that the registry does not have,
    by the repository's path. imported: why the dates seem to be those of an import. pins: images in use that get a tag.
    sent: requests for all that.
    """

    selection: Selection
    reader: TagReader
    readings: tuple[TagListing, ...]
    method: DeleteMethod
    clock: datetime | None
    unread_protection: bool
    refs: t.Mapping[int, ActiveRefs | RequestError]
    absent_digests: t.Mapping[str, frozenset[str]]
    imported: str | None = None
    pins: Pins = Pins()
    by_plan: t.Mapping[int, t.Sequence[Decision]] = field(default_factory=dict)
    sent: int = 0

    @property
    def capabilities(self) -> ServerCapabilities:
        """What the server can do."""
        return self.reader.capabilities


def observe(connection: Connection, params: t.Mapping[str, t.Any], wish: Wish, images: dict[str, Image]) -> State:
    """All that the decision needs, and nothing more. images: known from before, by digest."""
    client = connection.client
    selection = select(client, wish.scope, job_token=connection.is_job_token)
    need = TagQuery(
        details=True,
        all_details=wish.rules.need_dates,
        dates=wish.rules.need_dates,
        wanted=lambda listing: names_that_matter(listing, wish),
        configs=bool(wish.used.identifiers),
        needs_children=lambda reading: insides_matter(reading, wish),
    )
    wanted = requested_method(DeleteMethod, params["delete_via"])
    sources = Sources(
        use_graphql=not connection.is_job_token,
        read_method=requested_method(ReadMethod, params["read_via"]),
        registry=None if wanted and wanted.is_bulk else connection.registry,
        images=images,
    )
    reader = open_reader(detect(client, selection.repositories, sources, details=need.details))
    method = choose_delete_method(reader.capabilities, wanted)
    if wish.parameters:
        need = query_of(reader.capabilities, wish.parameters)
    numbers = sorted({repository.project_id for repository in selection.repositories})
    refs = read_refs(connection, numbers, params["keep_refs"] or (), params["keep_deployments"])
    readings, by_plan = read_by_plan(reader, selection.repositories, need, params, wish, refs)
    rules = rules_on(reader.capabilities, wish.rules)
    readings = with_builds(reader, readings, rules, lambda each: judged(each, by_plan, refs, wish))
    whole = [reading for reading in readings if reading.repository.id not in by_plan]
    imported = seems_imported(reader, whole, rules, lambda each: judged(each, by_plan, refs, wish))
    pins = pins_in(reader, readings, wish) if wish.pins else Pins()
    matters = bool(readings) and wish.parameters is None and not params["allow_unread_protection"]
    unread_protection = matters and rules_are_hidden(client, reader.capabilities, job_token=connection.is_job_token)
    absent_digests = subjects_missing(reader, readings, wish)
    return State(
        selection,
        reader,
        tuple(readings),
        method,
        client.clock,
        unread_protection,
        refs,
        absent_digests,
        imported,
        pins,
        by_plan,
        client.requests_sent,
    )


def pins_in(reader: TagReader, readings: t.Sequence[TagListing], wish: Wish) -> Pins:
    """The tags that what is in use without one gets."""
    without = untagged_in(readings, wish)
    paths = {reference.path for reference in without}
    taken = {reading.repository.path: reading.names for reading in readings if reading.repository.path in paths}
    return pins_for(reader.registry, reader.capabilities.registry_unavailable_reason, without, taken)


def untagged_in(readings: t.Sequence[TagListing], wish: Wish) -> list[Reference]:
    """What is in use in the repositories without a tag."""
    return untagged(wish.used, {reading.repository.path: reading.tags for reading in readings if not reading.error})


def judged(
    reading: TagListing, by_plan: t.Collection[int], refs: t.Mapping[int, ActiveRefs | RequestError], wish: Wish
) -> list[Tag]:
    """The tags that a date may decide about, and that no approved plan settles."""
    if reading.error or reading.repository.id in by_plan or wish.parameters is not None:
        return []
    retained = retained_names(reading, refs, wish)
    return [
        tag
        for tag in reading.tags
        if is_judged_by_date(tag.name, wish.rules) and not tag.protected and tag.name not in retained
    ]


def read_by_plan(
    reader: TagReader,
    repositories: t.Sequence[Repository],
    need: TagQuery,
    params: t.Mapping[str, t.Any],
    wish: Wish,
    refs: t.Mapping[int, ActiveRefs | RequestError],
) -> tuple[list[TagListing], dict[int, t.Sequence[Decision]]]:
    """All repositories, and the decisions on those, by id, that were read only as far as the approved plan needs.

    Nothing moved in them, or they can't be read.
    """
    approved = wish.approved
    looked_at: dict[int, frozenset[str]] = {}
    if approved and same_rules(approved, params) and not (wish.used.by_content or wish.referrer_policy.keep_together):
        found = ((repository.id, to_look_at(approved, repository.path)) for repository in repositories)
        looked_at = {number: names for number, names in found if names is not None}
    light = [repository for repository in repositories if repository.id in looked_at]
    known = ((sorted(approved.rows.get(each.path, ())), looked_at[each.id]) for each in light) if approved else ()
    if not approved or not light or not _locating_is_shorter(reader, known, need):
        return list(reader.read(repositories, need)), {}
    less = replace(
        need,
        all_details=False,
        dates=False,
        wanted=lambda listing: looked_at[listing.repository.id].intersection(listing.names),
        needs_children=lambda listing: False,
    )
    source = date_source(reader.capabilities.mode, wish.rules)
    readings = {reading.repository.id: reading for reading in reader.read(light, less)}
    settled: dict[int, t.Sequence[Decision]] = {}
    for number, reading in readings.items():
        found_again = recalled(
            reading.tags,
            approved,
            reading.repository.path,
            wish.rules,
            retained_names(reading, refs, wish),
            lambda tag: judged_date(tag, source, reader.client.clock, wish.rules.dates_valid_from),
        )
        if reading.error or found_again:
            settled[number] = found_again or ()
    rest = reader.read([each for each in repositories if each.id not in settled], need)
    readings.update((reading.repository.id, reading) for reading in rest)
    return [readings[repository.id] for repository in repositories], settled


def _locating_is_shorter(
    reader: TagReader, known: t.Iterable[tuple[t.Sequence[str], t.Collection[str]]], need: TagQuery
) -> bool:
    return not (need.all_details and isinstance(reader, CursorReader)) or reader.locating_is_shorter(known)


def retained_names(reading: TagListing, refs: t.Mapping[int, ActiveRefs | RequestError], wish: Wish) -> dict[str, str]:
    """The names of tags that stay for what is not in the rules, with the reason."""
    active_refs = refs.get(reading.repository.project_id)
    known = active_refs if isinstance(active_refs, ActiveRefs) else ActiveRefs()
    return {
        **kept_by_refs(reading.names, known, wish.ref_match),
        **kept_by_use(reading.tags, reading.repository.path, wish.used),
    }


def names_that_matter(listing: TagListing, wish: Wish) -> list[str]:
    """Of which tags more than the name is needed."""
    names = wish.used.all_names
    found = [name for name in listing.names if name in names or name_reason(name, wish.rules) is None]
    together = wish.referrer_policy.keep_together and found
    return listing.names if wish.used.by_content or together or signatures_matter(listing, wish) else found


def signatures_matter(listing: TagListing, wish: Wish) -> bool:
    """Whether it has to be known what images the signatures of a repository belong to."""
    if wish.referrer_policy.signatures == "keep" or not any(SIGNATURE.fullmatch(name) for name in listing.names):
        return False
    if wish.referrer_policy.signatures == "collect" or listing.repository.path in wish.pending_followers:
        return True
    return any(name_reason(name, wish.rules) is None for name in listing.names)


def insides_matter(reading: TagListing, wish: Wish) -> bool:
    """Whether it has to be known what the images of a repository hold."""
    if wish.parameters is not None or reading.error:
        return False
    used = wish.used.needs_details(reading.repository.path)
    return used or signatures_matter(reading, wish) or any(tag.subject for tag in reading.tags)


def subjects_missing(reader: TagReader, readings: t.Sequence[TagListing], wish: Wish) -> dict[str, frozenset[str]]:
    """The images that signatures without one belong to, as far as the registry itself says that it has none."""
    registry = reader.registry
    if registry is None or wish.referrer_policy.signatures != "collect":
        return {}
    places = [
        (reading.repository.path, digest)
        for reading in readings
        if not reading.error and reading.complete
        for digest in sorted(orphans(reading.tags))
    ]
    found = reader.client.try_all(lambda place: current_digest(registry, *place), places)
    absent_digests: dict[str, set[str]] = {}
    for (path, digest), answer in zip(places, found):
        if answer is None:
            absent_digests.setdefault(path, set()).add(digest)
    return {path: frozenset(digests) for path, digests in absent_digests.items()}
