# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""GitLab's bulk deletion, one request an hour for a repository: asking for it, and watching what comes of it.

GitLab says neither when it is done nor what it did, so the only proof is the listing afterwards.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._core.errors import ErrorKind, JournalError, RequestError
from .._core.models import TagListing, known_sum
from .._core.server import Mode
from .._core.words import counted, some
from .._deletion.attempts import CHANGED, is_changed
from .._deletion.journal import JournalWriter, journal_request, journal_results, null_journal
from .._deletion.outcomes import DeletionResult, TagOutcome, TagResult
from .._deletion.verification import NO_PROOF, proves_absence, vanished
from .._gitlab.tags import bulk_delete_tags
from .._plan.plan import RepositoryPlan
from .._tags.reader import TagReader, look_again
from .bulk_requests import BulkRequest

# So many polls without a change, after some tags went, mean that no more will go.
UNCHANGED_POLLS = 4

_IN_BACKGROUND = "GitLab accepted the bulk deletion and carries it out in the background"
_LOST = "the answer to the bulk deletion was lost, so it is unknown whether GitLab carries it out"
_OVERWRITTEN = (
    "it points to another image now: the bulk deletion may have overwritten it with an empty image, or somebody pushed "
    "it"
)
# How GitLab refuses a request so that it did nothing, and may do it another time.
_NOT_TRIED = (ErrorKind.STOPPED, ErrorKind.UNAUTHORIZED, ErrorKind.LEASE)


@dataclass
class BulkProgress:
    """How far a bulk deletion is.

    Args:
        request: What was asked for.
        error: How GitLab refused it, or how its answer was lost, or why it was not asked for.
        listing: The last one of the repository.
        gone: Planned tags that it does not have.
        changed: Planned tags that are there, and are another image than in the plan, or were pushed again.
        unchanged_polls: How many polls in a row showed no change.
        overwrites: GitLab may overwrite a tag with an empty image to delete it, which it does not where the registry
            itself deletes tags by name.
    """

    request: BulkRequest
    error: RequestError | JournalError | None = None
    listing: TagListing | None = None
    gone: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    unchanged_polls: int = 0
    overwrites: bool = False

    @property
    def answer_lost(self) -> bool:
        """Whether GitLab may be at it although it did not say so."""
        return isinstance(self.error, RequestError) and self.error.kind.effect_unknown

    @property
    def under_way(self) -> bool:
        """Whether GitLab may be at it."""
        return self.error is None or self.answer_lost

    @property
    def was_tried(self) -> bool:
        """Whether GitLab looked at the request."""
        if isinstance(self.error, RequestError):
            return self.error.kind not in _NOT_TRIED
        return self.error is None

    @property
    def remaining(self) -> int | None:
        """How many tags are listed; None if that is not known."""
        listing = self.listing
        return len(listing.tags) if listing and listing.complete and not listing.error else None

    @property
    def done(self) -> bool:
        """Whether nothing more will go, or nothing more can be seen of it."""
        unreadable = self.listing is not None and self.listing.error is not None and self.listing.error.kind.stops_task
        stalled = bool(self.gone) and self.unchanged_polls >= UNCHANGED_POLLS
        return unreadable or stalled or len(self.gone) >= self.request.plan.deletion_range[1]


def delete_in_bulk(
    reader: TagReader,
    requests: t.Sequence[BulkRequest],
    wait: float | None,
    journal: JournalWriter = null_journal,
    *,
    deletes_by_name: bool,
) -> DeletionResult:
    """Ask for bulk deletions, and watch what comes of them.

    Args:
        reader: Reads the tags.
        requests: One for each repository.
        wait: How many seconds to watch; None is not to watch.
        journal: Gets what is asked for, before it is, and what became of it.
        deletes_by_name: It is known that the registry deletes a tag and leaves the others of its image alone.

    Returns:
        What became of every planned tag. Whatever goes wrong is told there, so nothing is raised.
    """
    client = reader.client
    all_progress = client.parallel(lambda request: _start(reader, request, journal), requests)
    left = [progress for progress in all_progress if progress.under_way]
    if wait is not None and left:
        for _pause in client.poll_intervals(wait):
            client.parallel(lambda progress: _poll(reader, progress), left)
            left = [progress for progress in left if not progress.done]
            if not left:
                break
    client.parallel(lambda progress: _find_changed(reader, progress), all_progress)
    for progress in all_progress:
        progress.overwrites = not deletes_by_name
    results = tuple(result for progress in all_progress for result in _results_of(progress, wait))
    journal_results(journal, results)
    return DeletionResult(
        tags=results,
        remaining=known_sum(progress.remaining for progress in all_progress),
        stopped="; ".join(filter(None, [client.why_stop(), *map(_vanished, all_progress)])),
    )


def _start(reader: TagReader, request: BulkRequest, journal: JournalWriter) -> BulkProgress:
    digests = {decision.tag.name: decision.tag.digest for decision in request.plan.deletions}
    try:
        journal_request(journal, request.plan, digests, digests)
        bulk_delete_tags(reader.client, request.plan.repository, request.parameters)
    except (RequestError, JournalError) as error:
        return BulkProgress(request, error)
    return BulkProgress(request)


def _poll(reader: TagReader, progress: BulkProgress) -> None:
    plan = progress.request.plan
    listing = reader.list_names(plan.repository)
    if reader.capabilities.mode is not Mode.DATABASE:
        # GitLab does not say what it deleted: a single listing without a database proves too little.
        listing = look_again(reader, listing, lambda found: bool(vanished(plan, found)) or _would_be_done(plan, found))
    progress.listing = listing
    if listing.error:
        return
    gone = _gone(plan, listing)
    progress.unchanged_polls = progress.unchanged_polls + 1 if gone == progress.gone else 0
    progress.gone = gone


def _gone(plan: RepositoryPlan, listing: TagListing) -> set[str]:
    present = set(listing.names)
    return {decision.tag.name for decision in plan.deletions if decision.tag.name not in present}


def _would_be_done(plan: RepositoryPlan, listing: TagListing) -> bool:
    return listing.complete and len(_gone(plan, listing)) >= plan.deletion_range[1]


def _find_changed(reader: TagReader, progress: BulkProgress) -> None:
    """Find tags that GitLab was right to leave, as far as their digests were planned and can be read."""
    plan, listing = progress.request.plan, progress.listing
    if listing is None or listing.error:
        return
    planned = {decision.tag.name: decision.tag for decision in plan.deletions}
    left = [name for name, tag in planned.items() if name not in progress.gone and tag.digest]
    try:
        found = reader.read_again(plan.repository, left, listing.names) if left else {}
    except RequestError:
        return
    progress.changed = {name for name, tag in found.items() if tag and tag.digest and is_changed(tag, planned[name])}


def _results_of(progress: BulkProgress, wait: float | None) -> t.Iterator[TagResult]:
    plan = progress.request.plan
    proven_absent = progress.listing is not None and proves_absence(plan, progress.listing)
    for tag in (decision.tag for decision in plan.deletions):
        outcome, message = _judge(progress, tag.name, proven_absent, wait)
        yield TagResult(
            plan.repository.path,
            tag.name,
            digest=tag.digest,
            outcome=outcome,
            message=message,
            changed=progress.under_way,
        )


def _judge(progress: BulkProgress, name: str, proven_absent: bool, wait: float | None) -> tuple[TagOutcome, str]:
    listing = progress.listing
    if not progress.under_way:
        return TagOutcome.NOT_DELETED if progress.was_tried else TagOutcome.NOT_TRIED, str(progress.error)
    if listing is None or listing.error:
        if progress.answer_lost:
            return TagOutcome.NOT_DELETED, _LOST
        return TagOutcome.UNVERIFIED, str(listing.error) if listing and listing.error else _IN_BACKGROUND
    if name in progress.changed:
        if progress.overwrites:
            return TagOutcome.NOT_DELETED, _OVERWRITTEN
        return TagOutcome.CHANGED_SINCE, CHANGED
    if name not in progress.gone:
        return TagOutcome.NOT_DELETED, _why_left(progress, wait)
    return (TagOutcome.DELETED, "") if proven_absent else (TagOutcome.UNVERIFIED, NO_PROOF)


def _why_left(progress: BulkProgress, wait: float | None) -> str:
    if progress.answer_lost:
        return _LOST
    if progress.done:
        others = counted(len(progress.gone), "other")
        return f"GitLab deleted {others} in this run, but not this tag; the next bulk deletion is possible in an hour"
    return f"GitLab has not deleted it within {counted(wait, 'second')}" if wait is not None else _IN_BACKGROUND


def _vanished(progress: BulkProgress) -> str:
    """What to say of tags that the plan keeps and that are gone all the same."""
    plan = progress.request.plan
    names = sorted(tag.name for tag in vanished(plan, progress.listing)) if progress.listing else []
    if not names:
        return ""
    return (
        f"tags of {plan.repository.path} that the plan keeps no longer exist ({some(names)}): "
        "GitLab or somebody else deleted them meanwhile"
    )
