# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Deleting planned tags, and finding out what became of each."""

from __future__ import annotations

import functools
import threading
import typing as t
from dataclasses import dataclass, field

from .._core.errors import ErrorKind, JournalError, RequestError
from .._core.models import TagListing, known_sum
from .._core.server import DeleteMethod, Mode, ReadMethod
from .._gitlab.graphql import destroy_tags
from .._gitlab.tags import delete_tag
from .._plan.plan import Plan, RepositoryPlan
from .._registry.api import current_digest
from .._registry.api import delete_tag as delete_tag_in_registry
from .._rules.decision import Decision
from .._tags.reader import TagReader, confirm_empty
from .batches import ReferrerCheck, batches
from .journal import JournalWriter, journal_request, journal_results, null_journal
from .outcomes import DeletionResult, TagResult
from .verification import CHANGED, DeletionAttempt, DeletionReply, is_changed, judge, proves_absence, vanished

_ANSWER_LOST = "its deletion was asked for and the answer was lost"


class AbortSignal:
    """Stops the deletion in every repository, once it is seen that tags go which should stay."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self.reason = ""

    def set(self, reason: str) -> None:
        """Stop all; the first reason counts."""
        if not self._event.is_set():
            self.reason = reason
            self._event.set()

    def is_set(self) -> bool:
        """Whether nothing more may be deleted."""
        return self._event.is_set()


def delete(
    reader: TagReader, plan: Plan, method: DeleteMethod, journal: JournalWriter = null_journal
) -> DeletionResult:
    """Delete the planned tags, and list every repository again to see what became of them.

    Args:
        reader: Reads the tags right before and afterwards.
        plan: What to delete.
        method: GRAPHQL, REST or REGISTRY.
        journal: Gets what is asked for, before it is, and what became of it.

    Returns:
        What became of every planned tag. Whatever goes wrong is told there, so nothing is raised.
    """
    abort = AbortSignal()
    parts = [part for part in plan.repositories if part.deletions]
    deletions = [RepositoryDeletion(reader, method, plan=part, abort=abort, journal=journal) for part in parts]
    if len(deletions) >= reader.client.settings.concurrency:
        reader.client.parallel(RepositoryDeletion.run, deletions)
    else:
        for deletion in deletions:
            deletion.run()
    return DeletionResult(
        tags=tuple(deletion.results[name] for deletion in deletions for name in deletion.digests),
        remaining=known_sum(deletion.remaining for deletion in deletions),
        stopped=abort.reason,
    )


@dataclass
class RepositoryDeletion:
    """The deletion of one repository's planned tags.

    Args:
        reader: Reads the tags right before and afterwards.
        method: How they are deleted.
        plan: Of the repository.
        abort: Stops all repositories.
        journal: Gets what is asked for, before it is, and what became of it.
        attempts: What was done about each tag, by name.
        unshared: Digests of which a tag was deleted and another stayed: the registry does not delete by digest.
        results: What became of each tag, by name.
        remaining: How many tags are listed afterwards; None if that is not known.
    """

    reader: TagReader
    method: DeleteMethod
    plan: RepositoryPlan
    abort: AbortSignal
    journal: JournalWriter = null_journal
    attempts: dict[str, DeletionAttempt] = field(default_factory=dict)
    unshared: set[str | None] = field(default_factory=set)
    results: dict[str, TagResult] = field(default_factory=dict)
    remaining: int | None = None

    @functools.cached_property
    def listed(self) -> list[str]:
        """All names of the repository when it was planned, in order."""
        return _names(self.plan.decisions)

    @functools.cached_property
    def digests(self) -> dict[str, str | None]:
        """The digests of the planned tags by name, in the order of the plan."""
        return {decision.tag.name: decision.tag.digest for decision in self.plan.deletions}

    @functools.cached_property
    def kept(self) -> dict[str | None, str]:
        """The digests of tags that stay, each with the name of one that has it."""
        return {decision.tag.digest: decision.tag.name for decision in self.plan.kept if decision.tag.digest}

    @property
    def deletes_by_name(self) -> bool:
        """Whether it is known that other tags of a digest stay, as they do with a metadata database."""
        return self.reader.capabilities.mode is Mode.DATABASE

    def run(self) -> None:
        """Delete the tags batch by batch, and then see what became of them."""
        for number, batch in enumerate(batches(self.plan.deletions, self._goes_alone)):
            names = _names(batch)
            if number == 1 and not self.deletes_by_name:
                self._check_kept(self._list())
            if self.abort.is_set():
                self._note(names, DeletionReply.NOT_TRIED, self.abort.reason)
                continue
            try:
                self._delete_batch(self._deletable_referrers(batch) if batch[0].depth else batch)
                self._check_sibling(batch)
            except (RequestError, JournalError) as error:
                self._note([name for name in names if name not in self.attempts], DeletionReply.NOT_TRIED, str(error))
        self._verify()
        journal_results(self.journal, self.results.values())

    def _list(self) -> TagListing:
        return self.reader.list_names(self.plan.repository)

    def _note(
        self, names: t.Iterable[str], reply: DeletionReply, message: str = "", *, asked_before: bool = False
    ) -> None:
        self.attempts.update(dict.fromkeys(names, DeletionAttempt(reply, message, asked_before=asked_before)))

    def _goes_alone(self, decision: Decision) -> bool:
        """Whether a tag goes alone, so that one that stays can be looked at before more is deleted.

        A registry without a metadata database might delete by digest, and with it the tags that share it.
        """
        digest = decision.tag.digest
        return not self.deletes_by_name and digest in self.kept and digest not in self.unshared

    def _deletable_referrers(self, batch: list[Decision]) -> list[Decision]:
        """The referrers of a batch whose images are gone; the rest is settled here."""
        check = ReferrerCheck(self.plan, self._list(), attempts=self.attempts, is_absent=self._is_absent)
        free = []
        for decision in batch:
            refusal = check.refusal_of(decision)
            if refusal:
                self.attempts[decision.tag.name] = refusal
            else:
                free.append(decision)
        return free

    def _is_absent(self, digest: str) -> bool:
        """Whether the registry has no such image, as far as it can be asked."""
        registry = self.reader.registry
        return registry is not None and current_digest(registry, self.plan.repository.path, digest) is None

    def _delete_batch(self, batch: list[Decision]) -> None:
        """Read a batch again, and delete what is unchanged.

        A deletion whose answer was lost is never simply sent again: the batch is read again, and only what is still
        there with its digest is asked for once more.
        """
        left = batch
        lost: dict[str, str] = {}
        for attempt, _left in enumerate(self.reader.client.retry_loop()):
            asked_before = attempt > 0
            try:
                unchanged = self._unchanged(left, asked_before=asked_before)
            except RequestError as error:
                if not asked_before:
                    raise
                self._note(_names(left), DeletionReply.UNREADABLE, f"{_ANSWER_LOST}: {error}", asked_before=True)
                return
            names = _names(unchanged)
            if not names:
                return
            journal_request(self.journal, self.plan, names, self.digests)
            if self.method is DeleteMethod.GRAPHQL:
                lost = self._delete_together(names)
            else:
                lost = self._delete_singly(names, asked_before=asked_before)
            left = [decision for decision in unchanged if decision.tag.name in lost]
            if not left:
                return
        for name in _names(left):
            self._note([name], DeletionReply.REFUSED, lost[name])

    def _unchanged(self, batch: list[Decision], *, asked_before: bool) -> list[Decision]:
        """The part of a batch that is still what the plan saw; the rest is settled here."""
        guarded = [decision.tag.name for decision in batch if decision.tag.digest]
        current = self.reader.read_again(self.plan.repository, guarded, self.listed) if guarded else {}
        unchanged = []
        for decision in batch:
            name = decision.tag.name
            if name not in current and asked_before:
                self._note([name], DeletionReply.UNREADABLE, _ANSWER_LOST, asked_before=True)
                continue
            if name not in current:
                unchanged.append(decision)
                continue
            now = current[name]
            if now is None:
                self._note([name], DeletionReply.ABSENT, asked_before=asked_before)
            elif now.digest is None:
                message = f"it could not be read again: {now.error}"
                self._note([name], DeletionReply.UNREADABLE, message, asked_before=asked_before)
            elif is_changed(now, decision.tag):
                self._note([name], DeletionReply.CHANGED, CHANGED)
            elif now.protected:
                self._note([name], DeletionReply.CHANGED, "it has been protected since the plan was made")
            else:
                unchanged.append(decision)
        return self._same_in_registry(unchanged) if self.method is DeleteMethod.REGISTRY else unchanged

    def _same_in_registry(self, batch: list[Decision]) -> list[Decision]:
        """The part of a batch that is the planned image in the registry, too; the rest is settled here."""
        registry, path = self.reader.registry, self.plan.repository.path
        if registry is None or self.reader.capabilities.read_method is ReadMethod.REGISTRY:
            return batch
        asked = registry
        names = [decision.tag.name for decision in batch if decision.tag.digest]
        digests = self.reader.client.parallel(lambda name: current_digest(asked, path, name), names)
        others = {name for name, digest in zip(names, digests) if digest != self.digests[name]}
        self._note(others, DeletionReply.CHANGED, "the registry itself has another image under this name")
        return [decision for decision in batch if decision.tag.name not in others]

    def _delete_together(self, names: list[str]) -> dict[str, str]:
        """Delete tags with one request; gives those to ask for again once they were looked at, and why."""
        try:
            deleted, errors = destroy_tags(self.reader.client, self.plan.repository.id, names)
        except RequestError as error:
            if error.kind.effect_unknown:
                return dict.fromkeys(names, _ANSWER_LOST)
            self._note(names, DeletionReply.NOT_TRIED if error.kind.stops_task else DeletionReply.REFUSED, str(error))
            return {}
        message = "; ".join(errors) or "GitLab did not delete it and gave no reason; it may be protected"
        self._note([name for name in names if name in deleted], DeletionReply.DELETED)
        self._note([name for name in names if name not in deleted], DeletionReply.REFUSED, message)
        return {}

    def _delete_singly(self, names: list[str], *, asked_before: bool) -> dict[str, str]:
        """Delete tags with a request for each; gives those to ask for again once they were looked at, and why."""
        client = self.reader.client
        attempts = client.try_all(lambda name: self._delete_one(name, asked_before=asked_before), names)
        lost = {name: str(attempt) for name, attempt in zip(names, attempts) if isinstance(attempt, RequestError)}
        self.attempts.update(
            (name, attempt) for name, attempt in zip(names, attempts) if not isinstance(attempt, RequestError)
        )
        return lost

    def _delete_one(self, name: str, *, asked_before: bool) -> DeletionAttempt:
        """Ask for a tag's deletion.

        Raises:
            RequestError: another look has to decide whether to ask again.
        """
        registry, repository = self.reader.registry, self.plan.repository
        try:
            if registry and self.method is DeleteMethod.REGISTRY:
                response = delete_tag_in_registry(registry, repository.path, name)
            else:
                response = delete_tag(self.reader.client, repository, name)
        except RequestError as error:
            if error.kind.effect_unknown or error.kind is ErrorKind.RATE_LIMITED:
                raise
            return DeletionAttempt(
                DeletionReply.NOT_TRIED if error.kind.stops_task else DeletionReply.REFUSED, str(error)
            )
        if response.status == 403:
            message = "GitLab answered 403: it is protected, or the token may not delete it"
            return DeletionAttempt(DeletionReply.FORBIDDEN, message, asked_before=asked_before)
        if response.status == 404 and not asked_before:
            return DeletionAttempt(DeletionReply.ABSENT)
        return DeletionAttempt(DeletionReply.DELETED)

    def _check_sibling(self, batch: list[Decision]) -> None:
        """After a tag went alone, see whether one that stays still has its digest."""
        tag, path = batch[0].tag, self.plan.repository.path
        sibling = self.kept.get(tag.digest) if len(batch) == 1 and not self.deletes_by_name else None
        if sibling is None or self.attempts[tag.name].reply is not DeletionReply.DELETED:
            return
        try:
            found = self.reader.read_detail(self.plan.repository, sibling)
        except RequestError as error:
            self.abort.set(f"after {path}:{tag.name} was deleted its sibling {sibling} could not be read: {error}")
            return
        if found.digest != tag.digest:
            self.abort.set(
                f"after {path}:{tag.name} was deleted the kept tag {sibling} of the same digest is changed or gone: "
                "this registry seems to delete by digest"
            )
        self.unshared.add(tag.digest)

    def _check_kept(self, listing: TagListing) -> None:
        """Stop if tags went that nobody asked for and a shared digest could be the cause.

        Their digests are often not known, so that only the listing can tell: it is looked at after the first batch and
        at the end.
        """
        if self.deletes_by_name:
            return
        deleted = {
            self.digests[name] for name, attempt in self.attempts.items() if attempt.reply is DeletionReply.DELETED
        }
        missing = vanished(self.plan, listing)
        suspects = sorted(tag.name for tag in missing if tag.digest is None or tag.digest in deleted)
        if suspects:
            self.abort.set(
                f"kept tags of {self.plan.repository.path} vanished while others were deleted "
                f"({', '.join(suspects[:5])}): this registry seems to delete by digest"
            )

    def _verify(self) -> None:
        """List the repository again, unless nothing was done, and judge every tag by that."""
        listing = TagListing(self.plan.repository)
        if any(attempt.reply is not DeletionReply.NOT_TRIED for attempt in self.attempts.values()):
            listing = confirm_empty(self.reader, self._list())
            self.remaining = len(listing.tags) if listing.complete else None
            self._check_kept(listing)
        present, proven_absent = set(listing.names), proves_absence(self.plan, listing)
        for name, attempt in self.attempts.items():
            outcome, message = judge(attempt, present=name in present, proven_absent=proven_absent, error=listing.error)
            self.results[name] = TagResult(
                self.plan.repository.path, name, digest=self.digests[name], outcome=outcome, message=message
            )


def _names(decisions: t.Iterable[Decision]) -> list[str]:
    return [decision.tag.name for decision in decisions]
