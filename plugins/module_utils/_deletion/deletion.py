# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Deleting planned tags, and finding out what became of each."""

from __future__ import annotations

import functools
import typing as t
from dataclasses import dataclass, field

from .._core.errors import ErrorKind, JournalError, RequestError, unexpected
from .._core.models import Repository, Tag, TagListing, known_sum
from .._core.server import Mode
from .._gitlab.graphql_deletion import destroy_tags
from .._gitlab.projects import why_role_is_too_low
from .._gitlab.tokens import why_not_writing
from .._plan.plan import Plan, RepositoryPlan
from .._registry.api import current_digest
from .._rules.decision import Decision
from .._rules.referrers import holders_of, subjects_of
from .._tags.reader import TagReader, confirm_empty, look_again
from .attempts import ANSWER_LOST, DeletionAttempt, DeletionReply, attempt_of_status, without_request
from .batches import ReferrerCheck, waves
from .host import RegistryHost
from .journal import JournalWriter, journal_request, journal_results, null_journal
from .kept_tags import KeptTags
from .outcomes import DeletionResult, TagOutcome, TagResult
from .recent_check import RecentCheck
from .verification import judge, lacks_unproven, proves_absence
from .ways import DeletionWay


def delete(
    reader: TagReader, plan: Plan, way: DeletionWay, host: RegistryHost, journal: JournalWriter = null_journal
) -> DeletionResult:
    """Delete the planned tags, and list every repository again to see what became of them.

    Args:
        reader: Reads the tags right before and afterwards.
        plan: What to delete.
        way: How tags are deleted.
        host: The registry that holds them; what stops the deletion in one repository stops it in all that share it.
        journal: Gets what is asked for, before it is, and what became of it.

    Returns:
        What became of every planned tag. Whatever goes wrong is told there, so nothing is raised.
    """
    parts = [part for part in plan.repositories if part.deletions]
    deletions = [RepositoryDeletion(reader, way, plan=part, host=host, journal=journal) for part in parts]
    reader.client.parallel(RepositoryDeletion.run, deletions)
    return DeletionResult(
        tags=tuple(deletion.results[name] for deletion in deletions for name in deletion.digests),
        remaining=known_sum(deletion.remaining for deletion in deletions),
        stopped=host.stopped or reader.client.why_stop(),
    )


@dataclass
class RepositoryDeletion:
    """The deletion of one repository's planned tags.

    Args:
        reader: Reads the tags right before and afterwards.
        way: How they are deleted.
        plan: Of the repository.
        host: The registry that holds it.
        journal: Gets what is asked for, before it is, and what became of it.
        asked: The tags whose deletion was asked for, whatever came of it.
        attempts: What was done about each tag, by name.
        results: What became of each tag, by name.
        remaining: How many tags are listed afterwards; None if that is not known.
    """

    reader: TagReader
    way: DeletionWay
    plan: RepositoryPlan
    host: RegistryHost
    journal: JournalWriter = null_journal
    asked: set[str] = field(default_factory=set)
    attempts: dict[str, DeletionAttempt] = field(default_factory=dict)
    results: dict[str, TagResult] = field(default_factory=dict)
    remaining: int | None = None

    def __post_init__(self) -> None:
        self._waves_done = 0
        # Threads share both.
        self._referrers = RecentCheck(self._look_at_what_is_left, self.reader.client.timing.monotonic)
        self._kept = KeptTags(self.reader, self.plan, host=self.host, attempts=self.attempts)

    @functools.cached_property
    def listed(self) -> list[str]:
        """All names of the repository when it was planned, in order."""
        return _names(self.plan.decisions)

    @functools.cached_property
    def digests(self) -> dict[str, str | None]:
        """The digests of the planned tags by name, in the order of the plan."""
        return {decision.tag.name: decision.tag.digest for decision in self.plan.deletions}

    @functools.cached_property
    def _holders(self) -> dict[str, list[Decision]]:
        return holders_of(self.plan.decisions)

    @property
    def _turn(self) -> t.ContextManager[t.Any]:
        return self.host.turn(paced=self.reader.client.settings.max_requests_per_minute is not None)

    @property
    def stopped(self) -> str:
        """Why nothing more is deleted here; empty if it may be."""
        return self.host.stopped_for(self.plan.repository)

    def run(self) -> None:
        """Delete the tags, and then see what became of them."""
        self.work_on(self.plan.deletions)
        self.finish()

    def work_on(self, deletions: t.Sequence[Decision]) -> None:
        """Delete planned tags. What nobody thought of ends it as well, and takes no account of what was done with it.

        Args:
            deletions: The next ones in the order of the plan.
        """
        try:
            self._delete_all(deletions)
        except Exception as error:
            self._end_unexpectedly(error)

    def finish(self) -> None:
        """See what became of the tags, and leave those that were not come to for the next run."""
        self._note([name for name in self.digests if name not in self.attempts], DeletionReply.LEFT)
        try:
            self._verify()
        except Exception as error:
            self._end_unexpectedly(error)
            self._judge(TagListing(self.plan.repository))
        # A budget may leave many tags every night: the end of the journal tells of them.
        journal_results(self.journal, [each for each in self.results.values() if each.outcome is not TagOutcome.LEFT])

    @property
    def was_begun(self) -> bool:
        """Whether any tag was come to."""
        return any(attempt.reply is not DeletionReply.LEFT for attempt in self.attempts.values())

    def _delete_all(self, deletions: t.Sequence[Decision]) -> None:
        by_name = self.host.deletes_by_name
        for wave in waves(deletions, self._kept.goes_alone, at_once=by_name):
            if not by_name and self._waves_done == 1:
                self._kept.check_listing(self._list())
            self._referrers.forget(depth=wave[0][0].depth if by_name else None)
            self.reader.client.parallel(self._try_batch, wave)
            self._waves_done += 1

    def _try_batch(self, batch: list[Decision]) -> None:
        """Delete a batch, unless it has to be left."""
        names = self._unless_stopped(batch)
        if not names:
            return
        try:
            self._delete_batch(batch)
            self._kept.check_sibling(batch)
        except (RequestError, JournalError) as error:
            self._give_up(names, str(error))

    def _end_unexpectedly(self, error: Exception) -> None:
        reason = unexpected(error)
        self.host.stop(reason)
        self._give_up(self.digests, reason)

    def _list(self) -> TagListing:
        """The names by now. With a database a listing is one state of it, else a single one proves too little."""
        listing = self.reader.list_names(self.plan.repository)
        if self.reader.capabilities.mode is Mode.DATABASE:
            return listing
        return look_again(self.reader, listing, lambda found: lacks_unproven(self.plan, found, self.attempts))

    def _note(self, names: t.Iterable[str], reply: DeletionReply, message: str = "") -> None:
        self.attempts.update(dict.fromkeys(names, DeletionAttempt(reply, message)))

    def _give_up(self, names: t.Iterable[str], message: str) -> None:
        """Settle the tags of which nothing is known yet: nothing more is asked for."""
        for name in names:
            if name in self.attempts:
                continue
            if name in self.asked:
                lost = DeletionAttempt(DeletionReply.UNREADABLE, f"{ANSWER_LOST}: {message}", asked_before=True)
                self.attempts[name] = lost
            else:
                self._note([name], DeletionReply.NOT_TRIED, message)

    def _without_held(self, batch: list[Decision]) -> list[Decision]:
        """A batch without the tags whose images are still there, which are settled here.

        Raises:
            RequestError: What is left of the repository can't be read.
        """
        if not any(subjects_of(decision.tag) for decision in batch):
            return batch
        refusals = self._referrers.refusals_of(batch)
        self.attempts.update(refusals)
        return [decision for decision in batch if decision.tag.name not in refusals]

    def _look_at_what_is_left(self) -> ReferrerCheck:
        listing = self._list()
        return ReferrerCheck(
            self.plan,
            listing,
            holders=self._holders,
            attempts=self.attempts,
            is_absent=self._is_absent,
            read_now=lambda: self.reader.read_again(self.plan.repository, listing.names, listing.names),
        )

    def _is_absent(self, digest: str) -> bool:
        """Whether the registry has no such image, as far as it can be asked."""
        registry = self.reader.registry
        return registry is not None and current_digest(registry, self.plan.repository.path, digest) is None

    def _delete_batch(self, batch: list[Decision]) -> None:
        """Look at the tags of a batch again, and delete what is unchanged.

        A deletion whose answer was lost is never simply sent again: the tag is looked at again, and asked for once more
        only if it is still there with its digest.
        """
        left = batch
        lost: dict[str, str] = {}
        for _left in self.reader.client.retry_loop():
            lost = (
                self._delete_together(left)
                if self.way.delete_one is None
                else self._delete_singly(left, self.way.delete_one)
            )
            left = [decision for decision in left if decision.tag.name in lost]
            if not left:
                return
        for name in _names(left):
            self.attempts[name] = DeletionAttempt(DeletionReply.REFUSED, lost[name], asked_before=True)

    def _delete_together(self, batch: list[Decision]) -> dict[str, str]:
        """Delete tags with one request; gives those to ask for again once they were looked at, and why."""
        with self._turn:
            names = self._unless_stopped(self._unchanged(batch))
            if not names:
                return {}
            again = self._announce(names)
            try:
                deleted, errors = destroy_tags(self.reader.client, self.plan.repository.id, names)
            except RequestError as error:
                if error.kind.effect_unknown or error.kind is ErrorKind.RATE_LIMITED:
                    return dict.fromkeys(names, ANSWER_LOST if error.kind.effect_unknown else str(error))
                self._refused(names, again, error)
                return {}
        message = "; ".join(errors) or "GitLab did not delete it and gave no reason; it may be protected"
        self._note([name for name in names if name in deleted], DeletionReply.DELETED)
        for name in names:
            if name not in deleted:
                self.attempts[name] = self._refusal(message)
        return {}

    def _delete_singly(self, batch: list[Decision], ask: t.Callable[[Repository, str], int]) -> dict[str, str]:
        """Delete tags with a request for each; gives those to ask for again once they were looked at, and why."""
        found = self.reader.client.try_all(lambda decision: self._delete_one(decision, ask), batch)
        return {name: str(each) for name, each in zip(_names(batch), found) if isinstance(each, RequestError)}

    def _delete_one(self, decision: Decision, ask: t.Callable[[Repository, str], int]) -> None:
        """Look at a tag, and ask for its deletion. ask: of a tag by name, gives the status of the answer.

        Raises:
            RequestError: another look has to decide whether to ask again.
        """
        name = decision.tag.name
        if not self._unless_stopped([decision]):
            return
        with self._turn:
            try:
                if self.way.prepare:
                    self.way.prepare(self.plan.repository)
                unchanged = self._unchanged([decision])
            except RequestError as error:
                self._give_up([name], str(error))
                return
            if not self._unless_stopped(unchanged):
                return
            again = self._announce([name])
            try:
                status = ask(self.plan.repository, name)
            except RequestError as error:
                if error.kind.effect_unknown or error.kind is ErrorKind.RATE_LIMITED:
                    raise
                self._refused([name], again, error)
                return
        self.attempts[name] = attempt_of_status(status, asked_before=name in again)
        if status == 403:
            # A tag that is protected or gone is answered alike.
            number = self.plan.repository.project_id
            self.host.check_role(number, lambda: why_role_is_too_low(self.reader.client, number))

    def _unless_stopped(self, batch: list[Decision]) -> list[str]:
        """The names of tags, unless nothing more is deleted, as another thread may find out; then they are left."""
        names = _names(batch)
        if self.stopped:
            self._give_up(names, self.stopped)
            return []
        return names

    def _announce(self, names: list[str]) -> set[str]:
        """Note in the journal what is about to be asked for; gives what was asked for before."""
        before = self.asked.intersection(names)
        journal_request(self.journal, self.plan, names, self.digests)
        self.asked.update(names)
        return before

    def _refused(self, names: list[str], again: set[str], error: RequestError) -> None:
        """Settle tags whose deletion was refused. again: those of which an earlier request may have deleted them."""
        lacks_rights = _is_want_of_rights(error)
        message = self._stop_for_want_of_rights(error) if lacks_rights else str(error)
        for name in names:
            if name in again:
                lost = f"{ANSWER_LOST}, and then: {message}"
                self.attempts[name] = DeletionAttempt(DeletionReply.UNREADABLE, lost, asked_before=True)
            elif error.kind.stops_task:
                self._note([name], DeletionReply.NOT_TRIED, message)
            elif lacks_rights:
                self._note([name], DeletionReply.REFUSED, message)
            else:
                self.attempts[name] = self._refusal(message)

    def _refusal(self, message: str) -> DeletionAttempt:
        """That GitLab did not delete a tag. Where it overwrites a tag to delete it, it may have come that far."""
        return DeletionAttempt(DeletionReply.REFUSED, message, asked_before=not self.host.deletes_by_name)

    def _stop_for_want_of_rights(self, error: RequestError) -> str:
        """Stop where the next tag would be refused for the same reason; gives the reason."""
        scopes = self.host.why_token_may_not(lambda: why_not_writing(self.reader.client))
        if scopes or error.kind is ErrorKind.INSUFFICIENT_SCOPE:
            reason = scopes or str(error)
            self.host.stop(reason)
            return reason
        self.host.refuse_project(self.plan.repository.project_id, str(error))
        return str(error)

    def _unchanged(self, batch: list[Decision]) -> list[Decision]:
        """The part of a batch that is still what the plan saw; the rest is settled here.

        Raises:
            RequestError: It can't be read.
        """
        repository = self.plan.repository
        batch = self._without_held(batch)
        guarded = [decision.tag.name for decision in batch if decision.tag.digest]
        current = self.reader.read_again(repository, guarded, self.listed) if guarded else {}
        unchanged = []
        for decision in batch:
            name = decision.tag.name
            again = name in self.asked
            settled = None
            if name in current:
                by_name = self.host.deletes_by_name
                settled = without_request(current[name], decision.tag, asked_before=again, by_name=by_name)
            elif again:
                settled = DeletionAttempt(DeletionReply.UNREADABLE, ANSWER_LOST, asked_before=True)
            if settled is None and name in current and self.way.digest_in_registry:
                digest = self.way.digest_in_registry(repository, name)
                settled = _settled_in_registry(decision.tag, digest, again=again)
            if settled:
                self.attempts[name] = settled
            else:
                unchanged.append(decision)
        return unchanged

    def _verify(self) -> None:
        """List the repository again, unless nothing was done, and judge every tag by that."""
        listing = TagListing(self.plan.repository)
        idle = (DeletionReply.NOT_TRIED, DeletionReply.LEFT)
        if any(attempt.reply not in idle for attempt in self.attempts.values()):
            listing = confirm_empty(self.reader, self._list())
            self.remaining = len(listing.tags) if listing.complete else None
            self._kept.check_listing(listing)
        self._judge(listing)

    def _judge(self, listing: TagListing) -> None:
        present, proven_absent = set(listing.names), proves_absence(self.plan, listing)
        for name, attempt in self.attempts.items():
            outcome, message = judge(attempt, present=name in present, proven_absent=proven_absent, error=listing.error)
            self.results[name] = TagResult(
                self.plan.repository.path,
                name,
                digest=self.digests[name],
                outcome=outcome,
                message=message,
                changed=attempt.had_effect or outcome is TagOutcome.DELETED,
            )


def _is_want_of_rights(error: RequestError) -> bool:
    """Whether the next tag would be refused for the same reason. What has a status may be about this tag alone."""
    lacks_role = error.kind is ErrorKind.FORBIDDEN and error.status is None
    return lacks_role or error.kind is ErrorKind.INSUFFICIENT_SCOPE


def _settled_in_registry(planned: Tag, digest: str | None, *, again: bool) -> DeletionAttempt | None:
    """Why a tag is not asked for, by the image that the registry itself has; None if it is what the plan saw."""
    if digest == planned.digest:
        return None
    message = "the registry itself has another image under this name"
    return DeletionAttempt(DeletionReply.CHANGED, message, asked_before=again)


def _names(decisions: t.Iterable[Decision]) -> list[str]:
    return [decision.tag.name for decision in decisions]
