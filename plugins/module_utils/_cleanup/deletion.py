# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Deleting planned tags, and telling truthfully what became of each."""

from __future__ import annotations

import contextlib
import threading
import typing as t
from dataclasses import dataclass, field, replace

from .._core.errors import ErrorKind, RequestError
from .._core.models import Tag, TagListing
from .._core.server import DELETE_LIMIT, DeleteMethod, Mode
from .._gitlab.graphql import destroy_tags
from .._gitlab.tags import delete_tag
from .._plan.plan import Plan, RepositoryPlan
from .._registry.api import current_digest
from .._registry.api import delete_tag as delete_tag_in_registry
from .._registry.auth import Registry
from .._rules.referrers import holders_of, subjects_of
from .._rules.retention import Decision
from .._tags.capabilities import Server
from .._tags.reader import confirm_empty, list_names, read_again, read_detail
from .journal import Tell, silent

OUTCOMES = ("deleted", "already_gone", "changed_since", "recreated", "unverified", "not_deleted", "not_tried")
# Under these a run did what was planned: rightly left, or gone.
GOOD = frozenset({"deleted", "already_gone", "changed_since", "unverified"})

# What a deletion seems to have come to, before the tags are listed again: not there, not to be read, or answered 403,
# which newer releases also do for a tag that is gone.
_SEEMS_GONE = "seems_gone"
_AWAY = ("deleted", _SEEMS_GONE)
_UNREADABLE = "unreadable"
_FORBIDDEN = "forbidden"
# Nothing is known of it yet, or nothing was done: another look decides.
_LOST = "lost"

CHANGED = "it is another image, or was pushed again, since the plan was made"
NO_PROOF = "no complete listing with a tag that was to be kept shows that it is gone"
_ANSWER_LOST = "its deletion was asked for and the answer was lost"


@dataclass(frozen=True)
class Fate:
    """What became of a planned tag: one of OUTCOMES, and why where that is not plain."""

    repository: str
    name: str
    digest: str | None
    outcome: str
    message: str = ""
    # The request may have had its effect before an answer came.
    asked_before: bool = False

    def as_result(self) -> dict[str, t.Any]:
        return {"repository": self.repository, "name": self.name, "digest": self.digest, "message": self.message}


@dataclass
class Work:
    """One repository under deletion. listed: all names of the plan in order. digests: of the planned tags.

    kept: digests of tags that stay, each with a tag that has it. by_name: tags are known to go by their names alone,
    as they do with a metadata database, so that no tag that stays has to be watched. proven: digests of which a tag
    went and another stayed.
    """

    server: Server
    via: DeleteMethod
    plan: RepositoryPlan
    halt: Halt
    listed: list[str]
    digests: dict[str, str | None]
    kept: dict[str | None, str]
    by_name: bool
    tell: Tell = silent
    proven: set[str | None] = field(default_factory=set)
    fates: dict[str, Fate] = field(default_factory=dict)
    remaining: int | None = None

    def settle(self, names: t.Iterable[str], outcome: str, message: str = "", *, asked_before: bool = False) -> None:
        path = self.plan.repository.path
        for name in names:
            self.fates[name] = Fate(path, name, self.digests[name], outcome, message, asked_before)


class Halt:
    """Stops every repository's deletion: raised once, by whoever sees that tags go that should stay."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self.reason = ""

    def call(self, reason: str) -> None:
        if not self._event.is_set():
            self.reason = reason
            self._event.set()

    @property
    def called(self) -> bool:
        return self._event.is_set()


@dataclass(frozen=True)
class Outcome:
    """fates: of every planned tag, in the order of the plan. remaining: tags listed afterwards, None where unknown."""

    fates: tuple[Fate, ...]
    remaining: int | None
    halted: str

    @property
    def ok(self) -> bool:
        return not self.halted and all(fate.outcome in GOOD for fate in self.fates)

    def counts(self) -> dict[str, int]:
        return {outcome: sum(1 for fate in self.fates if fate.outcome == outcome) for outcome in OUTCOMES}


def choose_way(server: Server, wanted: DeleteMethod | None) -> DeleteMethod:
    """The way that auto takes, or what was asked for; raises RequestError when that can't be used."""
    if wanted is DeleteMethod.REGISTRY and server.why_no_registry:
        raise RequestError(
            ErrorKind.UNAVAILABLE, server.why_no_registry, operation="delete tags in the registry", advice=""
        )
    if wanted is DeleteMethod.REGISTRY or (wanted and wanted.is_bulk):
        return wanted
    usable = server.graphql is not None and server.graphql.can_delete
    if wanted is DeleteMethod.GRAPHQL and not usable:
        raise RequestError(
            ErrorKind.GRAPHQL,
            server.why_no_graphql or "it has no mutation that deletes tags",
            operation="delete tags by GraphQL",
            advice="Use delete_via: auto or rest.",
        )
    return DeleteMethod.GRAPHQL if usable and wanted is not DeleteMethod.REST else DeleteMethod.REST


def delete(server: Server, plan: Plan, via: DeleteMethod, tell: Tell = silent) -> Outcome:
    """Delete what the plan has chosen, and list every repository again to see what became of it.

    via: graphql, rest or registry. tell: gets what is asked for, before it is, and what became of it. Raises nothing:
    what goes wrong is told in the fates.
    """
    halt = Halt()
    works = [_work(server, via, part, halt, tell) for part in plan.repositories if part.deletions]
    if len(works) >= server.client.settings.concurrency:
        server.client.parallel(_clean, works)
    else:
        for work in works:
            _clean(work)
    counted = [work.remaining for work in works]
    return Outcome(
        tuple(work.fates[decision.tag.name] for work in works for decision in work.plan.deletions),
        None if any(count is None for count in counted) else sum(t.cast("list[int]", counted)),
        halt.reason,
    )


def _work(server: Server, via: DeleteMethod, part: RepositoryPlan, halt: Halt, tell: Tell) -> Work:
    return Work(
        server,
        via,
        part,
        halt,
        listed=[decision.tag.name for decision in part.decisions],
        digests={decision.tag.name: decision.tag.digest for decision in part.deletions},
        kept={item.tag.digest: item.tag.name for item in part.kept if item.tag.digest},
        by_name=server.mode == Mode.DATABASE,
        tell=tell,
    )


def _clean(work: Work) -> None:
    for number, batch in enumerate(_batches(work)):
        names = [decision.tag.name for decision in batch]
        if number == 1 and not work.by_name:
            _check_kept(work, list_names(work.server, work.plan.repository))
        if work.halt.called:
            work.settle(names, "not_tried", work.halt.reason)
            continue
        try:
            _delete_batch(work, _free(work, batch) if batch[0].depth else batch)
            _check_sibling(work, batch)
        except RequestError as error:
            left = [name for name in names if name not in work.fates]
            work.settle(left, "not_tried", str(error))
    _verify(work)
    tell_fates(work.tell, work.fates.values())


def tell_asking(tell: Tell, plan: RepositoryPlan, names: t.Iterable[str], digests: t.Mapping[str, str | None]) -> None:
    """Note what is about to be asked for."""
    for name in names:
        tell({"event": "asking", "repository": plan.repository.path, "name": name, "digest": digests[name]})


def tell_following(tell: Tell, plan: Plan) -> None:
    """Note what is going to go after its image: an interrupted run leaves it without one.

    Raises RequestError where it can't be noted: nothing may be asked for then.
    """
    for part in plan.repositories:
        for tag in (decision.tag for decision in part.decisions if decision.reason == "with_subject"):
            tell({"event": "following", "repository": part.repository.path, "name": tag.name, "digest": tag.digest})


def tell_fates(tell: Tell, fates: t.Iterable[Fate]) -> None:
    """Note what became of tags, as far as it can be noted: the result tells it as well."""
    with contextlib.suppress(RequestError):
        for fate in fates:
            tell({"event": "outcome", **fate.as_result(), "outcome": fate.outcome})


def tell_end(tell: Tell, outcome: Outcome) -> None:
    """Note how it ended."""
    with contextlib.suppress(RequestError):
        tell({"event": "end", "counts": outcome.counts(), "stopped": outcome.halted or None})


def _free(work: Work, batch: list[Decision]) -> list[Decision]:
    """The part of a batch of followers whose images are gone; the rest is settled here."""
    listing = list_names(work.server, work.plan.repository)
    present = set(listing.names)
    unplanned = present - set(work.listed)
    holders = holders_of(work.plan.decisions)
    free = []
    for decision in batch:
        subjects = subjects_of(decision.tag)
        images = [each.tag.name for subject in sorted(subjects) for each in holders.get(subject, [])]
        left = [name for name in images if name in present or work.fates[name].outcome not in _AWAY]
        if left and all(work.fates[name].outcome == "changed_since" for name in left):
            work.settle([decision.tag.name], "changed_since", f"it belongs to {left[0]}, which is kept")
        elif left:
            work.settle([decision.tag.name], "not_tried", f"it belongs to {left[0]}, which is not gone")
        elif listing.error or not listing.complete:
            work.settle([decision.tag.name], "not_tried", "no complete listing shows that its image has no tag")
        elif unplanned:
            message = f"{min(unplanned)} was pushed since the plan was made, and may be the image that it belongs to"
            work.settle([decision.tag.name], "changed_since", message)
        elif decision.reason == "orphaned" and not _still_missing(work, subjects - holders.keys()):
            work.settle([decision.tag.name], "changed_since", "the image that it belongs to is there by now")
        else:
            free.append(decision)
    return free


def _still_missing(work: Work, digests: t.Iterable[str]) -> bool:
    """Whether the registry still has none of these images."""
    registry, path = t.cast(Registry, work.server.registry), work.plan.repository.path
    return all(current_digest(registry, path, digest) is None for digest in digests)


def _batches(work: Work) -> t.Iterator[list[Decision]]:
    """Batches in the order of the plan, and what follows apart from what it follows.

    Outside a metadata database a registry might delete by digest: the first tag of a digest that a kept tag shares goes
    alone, so that its sibling can be looked at before more goes.
    """
    batch: list[Decision] = []
    for decision in work.plan.deletions:
        digest = decision.tag.digest
        if batch and batch[0].depth != decision.depth:
            yield batch
            batch = []
        if not work.by_name and digest in work.kept and digest not in work.proven:
            if batch:
                yield batch
            yield [decision]
            batch = []
            continue
        batch.append(decision)
        if len(batch) == DELETE_LIMIT:
            yield batch
            batch = []
    if batch:
        yield batch


def _check_sibling(work: Work, batch: list[Decision]) -> None:
    digest = batch[0].tag.digest
    sibling = work.kept.get(digest) if len(batch) == 1 and not work.by_name else None
    if sibling is None or work.fates[batch[0].tag.name].outcome != "deleted":
        return
    path = work.plan.repository.path
    try:
        found = read_detail(work.server, work.plan.repository, sibling)
    except RequestError as error:
        work.halt.call(f"after {path}:{batch[0].tag.name} was deleted its sibling {sibling} could not be read: {error}")
        return
    if found.digest != digest:
        work.halt.call(
            f"after {path}:{batch[0].tag.name} was deleted the kept tag {sibling} of the same digest is changed or "
            "gone: this registry seems to delete by digest"
        )
    work.proven.add(digest)


def _delete_batch(work: Work, batch: list[Decision]) -> None:
    """Read the batch again and delete what is unchanged. A deletion whose answer was lost is never sent again as it
    was: the batch is read again, and only what is still there with its digest is asked for once more."""
    left = batch
    lost: dict[str, str] = {}
    for attempt, _left in enumerate(work.server.client.retry_loop()):
        names = [decision.tag.name for decision in left]
        try:
            left = _unchanged(work, left, asked_before=attempt > 0)
        except RequestError as error:
            if attempt == 0:
                raise
            work.settle(names, _UNREADABLE, f"{_ANSWER_LOST}: {error}", asked_before=True)
            return
        names = [decision.tag.name for decision in left]
        if not names:
            return
        tell_asking(work.tell, work.plan, names, work.digests)
        if work.via is not DeleteMethod.GRAPHQL:
            lost = _delete_singly(work, names, asked_before=attempt > 0)
            if not lost:
                return
            left = [decision for decision in left if decision.tag.name in lost]
            continue
        try:
            deleted, errors = destroy_tags(work.server.client, work.plan.repository.id, names)
        except RequestError as error:
            if error.kind.effect_unknown:
                continue
            tried = not error.kind.stops_task
            work.settle(names, "not_deleted" if tried else "not_tried", str(error))
            return
        message = "; ".join(errors) or "GitLab did not delete it and gave no reason; it may be protected"
        work.settle([name for name in names if name in deleted], "deleted")
        work.settle([name for name in names if name not in deleted], "not_deleted", message)
        return
    for decision in left:
        work.settle([decision.tag.name], "not_deleted", lost.get(decision.tag.name, _ANSWER_LOST))


def _unchanged(work: Work, batch: list[Decision], *, asked_before: bool) -> list[Decision]:
    """The part of the batch that is still what the plan saw; the rest is settled here."""
    guarded = [decision.tag.name for decision in batch if decision.tag.digest]
    current = read_again(work.server, work.plan.repository, guarded, work.listed) if guarded else {}
    unchanged = []
    for decision in batch:
        name = decision.tag.name
        if name not in current and asked_before:
            work.settle([name], _UNREADABLE, _ANSWER_LOST, asked_before=True)
            continue
        if name not in current:
            unchanged.append(decision)
            continue
        now = current[name]
        if now is None:
            work.settle([name], _SEEMS_GONE, asked_before=asked_before)
        elif now.digest is None:
            work.settle([name], _UNREADABLE, f"it could not be read again: {now.error}", asked_before=asked_before)
        elif differs(now, decision.tag):
            work.settle([name], "changed_since", CHANGED)
        elif now.protected:
            work.settle([name], "changed_since", "it has been protected since the plan was made")
        else:
            unchanged.append(decision)
    return _same_in_registry(work, unchanged) if work.via is DeleteMethod.REGISTRY else unchanged


def _same_in_registry(work: Work, batch: list[Decision]) -> list[Decision]:
    """The part of the batch that is the planned image where it will be deleted, too; the rest is settled here."""
    if work.server.way == "registry":
        return batch
    path, registry = work.plan.repository.path, t.cast(Registry, work.server.registry)
    names = [decision.tag.name for decision in batch if decision.tag.digest]
    digests = work.server.client.parallel(lambda name: current_digest(registry, path, name), names)
    others = {name for name, digest in zip(names, digests) if digest != work.digests[name]}
    work.settle(others, "changed_since", "the registry itself has another image under this name")
    return [decision for decision in batch if decision.tag.name not in others]


def differs(now: Tag, planned: Tag) -> bool:
    """Whether the tag is another image, or was pushed again."""
    if now.digest != planned.digest:
        return True
    return now.published is not None and planned.published is not None and now.published != planned.published


def _delete_singly(work: Work, names: list[str], *, asked_before: bool) -> dict[str, str]:
    """Delete tags with a request for each; gives those to ask for again once they were looked at, and why."""
    repository = work.plan.repository

    def delete_one(name: str) -> Fate:
        fate = Fate(repository.path, name, None, "not_deleted")
        try:
            if work.via is DeleteMethod.REGISTRY:
                answer = delete_tag_in_registry(t.cast(Registry, work.server.registry), repository.path, name)
            else:
                answer = delete_tag(work.server.client, repository, name)
        except RequestError as error:
            if error.kind.effect_unknown or error.kind == ErrorKind.RATE_LIMITED:
                return replace(fate, outcome=_LOST, message=str(error))
            tried = not error.kind.stops_task
            return replace(fate, outcome="not_deleted" if tried else "not_tried", message=str(error))
        if answer.status == 403:
            message = "GitLab answered 403: it is protected, or the token may not delete it"
            return replace(fate, outcome=_FORBIDDEN, message=message, asked_before=asked_before)
        if answer.status == 404 and not asked_before:
            return replace(fate, outcome=_SEEMS_GONE)
        return replace(fate, outcome="deleted")

    fates = work.server.client.parallel(delete_one, names)
    for fate in fates:
        if fate.outcome != _LOST:
            work.settle([fate.name], fate.outcome, fate.message, asked_before=fate.asked_before)
    return {fate.name: fate.message for fate in fates if fate.outcome == _LOST}


def _verify(work: Work) -> None:
    """List the repository again, and judge every tag by that."""
    if all(fate.outcome == "not_tried" for fate in work.fates.values()):
        return
    listing = list_names(work.server, work.plan.repository)
    listing = confirm_empty(work.server, listing)
    present = set(listing.names)
    proven_absent = proves_absence(work.plan, listing)
    if listing.complete:
        work.remaining = len(present)
    _check_kept(work, listing)
    for name, fate in list(work.fates.items()):
        work.fates[name] = _judged(fate, name in present, proven_absent, listing.error)


def proves_absence(plan: RepositoryPlan, listing: TagListing) -> bool:
    """Only a complete listing that holds a tag which was to stay proves that one is gone; where none was to stay, one
    that holds something, or is the registry's own."""
    present = set(listing.names)
    speaks = bool(present) or listing.authoritative
    return listing.complete and (any(decision.tag.name in present for decision in plan.kept) if plan.kept else speaks)


def vanished(plan: RepositoryPlan, listing: TagListing) -> list[Tag]:
    """The tags that were to stay and are not in a complete listing; none where it is not complete."""
    if not listing.complete:
        return []
    present = set(listing.names)
    return [decision.tag for decision in plan.kept if decision.tag.name not in present]


def _check_kept(work: Work, listing: TagListing) -> None:
    """Stop when tags went that nobody asked for and a shared digest could be the cause. Their digests are often not
    known, so that only the listing can tell: it is looked at after the first batch and at the end."""
    if work.by_name:
        return
    gone = {fate.digest for fate in work.fates.values() if fate.outcome == "deleted"}
    missing = vanished(work.plan, listing)
    suspects = sorted(tag.name for tag in missing if tag.digest is None or tag.digest in gone)
    if suspects:
        path = work.plan.repository.path
        work.halt.call(
            f"kept tags of {path} vanished while others were deleted ({', '.join(suspects[:5])}): "
            "this registry seems to delete by digest"
        )


def _judged(fate: Fate, present: bool, proven_absent: bool, error: RequestError | None) -> Fate:
    """The final outcome of a tag, given what the new listing proves about it."""
    seems = fate.outcome
    if seems in ("changed_since", "not_tried"):
        return fate
    if proven_absent and not present:
        if seems in ("deleted", "not_deleted") or fate.asked_before:
            return replace(fate, outcome="deleted", message="")
        return replace(fate, outcome="already_gone", message="")
    if seems in ("not_deleted", _FORBIDDEN) or (seems == _UNREADABLE and fate.asked_before):
        return replace(fate, outcome="not_deleted")
    if seems == _UNREADABLE:
        return replace(fate, outcome="not_tried")
    if present and seems == "deleted":
        return replace(fate, outcome="recreated", message="it is listed again after its deletion")
    if present:
        return replace(fate, outcome="not_tried", message="it was not there right before its deletion, and is again")
    return replace(fate, outcome="unverified", message=str(error) if error else NO_PROOF)
