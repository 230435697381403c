# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The journal of a run: a line for each step and each tag, on disk before the next request is sent.

After a kill it tells what was asked for. A tag can be restored from the digest in it.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import threading
import typing as t
from datetime import datetime, timezone

from .._core.errors import JournalError, UsageError
from .._core.files import check_regular, read_lines
from .._core.models import Repository
from .._core.progress import Phase, Progress
from .._plan.plan import Plan, RepositoryPlan
from .._rules.decision import Decision
from .._rules.reasons import Reason
from .._rules.referrers import holders_of, subjects_of
from .earlier_runs import EarlierRuns, JournalEvent, earlier_runs_in
from .journal_upload import JournalUpload
from .outcomes import DeletionResult, RepositoryOutcome, TagOutcome, TagResult

_UNSEEN = "its deletion was requested, and its outcome is unknown"
# What is noted when it is done.
_AFTERWARDS = {
    each.value
    for each in (JournalEvent.OUTCOME, JournalEvent.REPOSITORY_OUTCOME, JournalEvent.PINNED, JournalEvent.END)
}
# Writes events. Raises JournalError if they can't be written: what can't be noted must not be asked for.
JournalWriter = t.Callable[..., None]


def null_journal(*events: t.Mapping[str, t.Any]) -> None:
    """Write nothing: the caller wants no journal."""


class Record:
    """What a run noted so far, in memory: what is told of it if it ends in a way that nobody thought of."""

    def __init__(self) -> None:
        self._events: list[t.Mapping[str, t.Any]] = []

    def added_to(self, journal: JournalWriter) -> JournalWriter:
        """A journal that writes to another one, and adds to this record what was written."""

        def write(*events: t.Mapping[str, t.Any]) -> None:
            journal(*events)
            self._events.extend(events)

        return write

    def result(self, plan: Plan, reason: str) -> DeletionResult:
        """What became of a plan, as far as it was noted. reason: why it ended."""
        asked = {_place(event) for event in self._events if event["event"] == JournalEvent.DELETE_REQUESTED.value}
        told = {_place(event): event for event in self._events if event["event"] == JournalEvent.OUTCOME.value}
        tags = []
        for part in plan.repositories:
            for tag in (decision.tag for decision in part.deletions):
                place = part.repository.path, tag.name
                lost = TagOutcome.NOT_DELETED if place in asked else TagOutcome.NOT_TRIED
                outcome, message = lost, f"{_UNSEEN}: {reason}" if place in asked else reason
                if place in told:
                    outcome, message = TagOutcome(told[place]["outcome"]), told[place]["message"]
                changed = place in asked and outcome not in (TagOutcome.NOT_TRIED, TagOutcome.ALREADY_GONE)
                tags.append(TagResult(*place, tag.digest, outcome=outcome, message=message, changed=changed))
        return DeletionResult(tags=tuple(tags), remaining=None, stopped=reason)

    def repository_outcome(self, path: str, reason: str) -> tuple[RepositoryOutcome, str]:
        """What became of a repository that was to be deleted, as far as it was noted, and why.

        Args:
            path: of the repository.
            reason: why the run ended.
        """
        found = RepositoryOutcome.NOT_DELETED, reason
        for event in self._events:
            if event.get("repository") != path:
                continue
            if event["event"] == JournalEvent.REPOSITORY_OUTCOME.value:
                found = RepositoryOutcome(event["outcome"]), event["message"]
            elif event["event"] == JournalEvent.REPOSITORY_REQUESTED.value:
                found = RepositoryOutcome.NOT_DELETED, f"{_UNSEEN}: {reason}"
            elif event["event"] == JournalEvent.DELETE_REQUESTED.value:
                found = RepositoryOutcome.NOT_EMPTIED, reason
        return found


def counted(
    progress: Progress,
    plan: Plan,
    journal: JournalWriter,
    deletions_of: t.Callable[[RepositoryPlan], t.Sequence[Decision]] | None = None,
) -> JournalWriter:
    """A journal that writes to another one, and counts what is asked for and what is settled.

    Args:
        progress: how far the module is; counts the deletion from now on.
        plan: what is deleted.
        journal: the other one.
        deletions_of: gives what this run deletes of a repository; None if that is all that the plan deletes.
    """
    deleted = {
        part.repository.path: deletions_of(part) if deletions_of else part.deletions for part in plan.repositories
    }
    left = {path: {decision.tag.name for decision in each} for path, each in deleted.items() if each}
    progress.begin(Phase.DELETING, repositories=len(left), tags=sum(map(len, left.values())))
    lock = threading.Lock()

    def write(*events: t.Mapping[str, t.Any]) -> None:
        journal(*events)
        with lock:
            for event in events:
                _count(progress, left, event)

    return write


def _count(progress: Progress, left: dict[str, set[str]], event: t.Mapping[str, t.Any]) -> None:
    """Count what an event tells of the tags that are left, by repository. All of one are settled at once."""
    path, kind = event.get("repository", ""), event["event"]
    if kind == JournalEvent.DELETE_REQUESTED.value and event["name"] in left.get(path, ()):
        left[path].remove(event["name"])
        progress.add(tags=1)
    elif kind == JournalEvent.OUTCOME.value and path in left:
        progress.add(repositories=1, tags=len(left.pop(path)))


def _place(event: t.Mapping[str, t.Any]) -> tuple[str, str]:
    return event["repository"], event["name"]


@contextlib.contextmanager
def open_journal(path: str | None, upload: JournalUpload | None = None) -> t.Iterator[JournalWriter]:
    """Append events to a regular file, each with the time of this machine, and on disk before they count as noted.

    Args:
        path: of the file; None for no file.
        upload: gets the same lines; None for none.

    Raises:
        UsageError: it can't be written.
    """
    if not path and upload is None:
        yield null_journal
        return
    with _opened(path) if path else contextlib.nullcontext(_nowhere) as append:
        lock = threading.Lock()

        def write(*events: t.Mapping[str, t.Any]) -> None:
            now = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            lines = [json.dumps({"time": now, **event}, ensure_ascii=True) + "\n" for event in events]
            # Both get the lines in the same order.
            with lock:
                append("".join(lines).encode())
                if upload:
                    upload.add(lines, precedes=any(event["event"] not in _AFTERWARDS for event in events))

        yield write


def _nowhere(lines: bytes) -> None:
    """Append to no file."""


@contextlib.contextmanager
def _opened(path: str) -> t.Iterator[t.Callable[[bytes], None]]:
    """What appends lines to a file, or fails with a JournalError.

    Raises:
        UsageError: it can't be opened.
    """
    check_regular(path, "journal_path")
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    except OSError as error:
        raise UsageError(f"journal_path {path} can't be written: {error.strerror}.") from None

    def append(lines: bytes) -> None:
        try:
            _append(handle, lines)
        except OSError as error:
            raise JournalError(f"journal_path {path} can't be written any more: {error.strerror}") from None

    try:
        yield append
    finally:
        os.close(handle)


def _append(handle: int, lines: bytes) -> None:
    """Write whole lines with one call, behind the end of a line: a kill or a full disk tears the last one at most.

    Raises:
        OSError: not all of them are on disk.
    """
    size = os.fstat(handle).st_size
    torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
    text = b"\n" * torn + lines
    if os.write(handle, text) != len(text):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    os.fsync(handle)


def earlier_runs(path: str | None, server: str) -> EarlierRuns:
    """What earlier runs did on a server, by the journal that they appended to.

    Args:
        path: of the journal, which need not exist; None for no journal.
        server: URL of GitLab.

    Raises:
        UsageError: it can't be read.
    """
    if not path:
        return EarlierRuns()
    check_regular(path, "journal_path")
    return earlier_runs_in(read_lines(path, "journal_path"), server)


def journal_start(
    journal: JournalWriter,
    server: str,
    fingerprint: str,
    planned: int,
    run_by: t.Mapping[str, str],
    approved: str | None = None,
    repositories: int | None = None,
) -> None:
    """Note that a run begins.

    Args:
        journal: writes the event.
        server: URL of GitLab.
        fingerprint: of the plan.
        planned: how many tags it is going to delete.
        run_by: who and what runs it.
        approved: fingerprint of the approved plan; None where there is none.
        repositories: how many whole repositories it is going to delete; None if it deletes tags alone.

    Raises:
        JournalError: it can't be noted.
    """
    start = {"event": JournalEvent.START.value, "server": server, "fingerprint": fingerprint, "planned": planned}
    whole = {} if repositories is None else {"repositories": repositories}
    journal({**start, **whole, "approved": approved, "run_by": dict(run_by)})


def journal_referrers(journal: JournalWriter, repositories: t.Iterable[RepositoryPlan]) -> None:
    """Note the tags that are deleted after their images, and these images: an interrupted run leaves them alone.

    Args:
        journal: writes the events.
        repositories: the plans of those that the run deletes tags of.

    Raises:
        JournalError: it can't be noted.
    """
    rows = []
    for part in repositories:
        followers = [decision.tag for decision in part.decisions if decision.reason is Reason.WITH_SUBJECT]
        holders = holders_of(part.decisions) if followers else {}
        digests = {
            subject: {each.tag.digest for each in found if each.tag.digest} for subject, found in holders.items()
        }
        for tag in followers:
            images = {digest for subject in subjects_of(tag) for digest in digests.get(subject, ())}
            row = _tag_row(JournalEvent.FOLLOWING, part, tag.name, tag.digest)
            rows.append({**row, "images": sorted(images)})
    if rows:
        journal(*rows)


def journal_request(
    journal: JournalWriter, plan: RepositoryPlan, names: t.Iterable[str], digests: t.Mapping[str, str | None]
) -> None:
    """Note the tags whose deletion is about to be asked for.

    Raises:
        JournalError: it can't be noted, and must not be asked for.
    """
    journal(*(_tag_row(JournalEvent.DELETE_REQUESTED, plan, name, digests[name]) for name in names))


def _tag_row(event: JournalEvent, plan: RepositoryPlan, name: str, digest: str | None) -> dict[str, t.Any]:
    return {"event": event.value, "repository": plan.repository.path, "name": name, "digest": digest}


def journal_results(journal: JournalWriter, results: t.Iterable[TagResult]) -> None:
    """Note what became of tags, if it can be noted: the module's result has it as well."""
    rows = [
        {"event": JournalEvent.OUTCOME.value, **result.as_result(), "outcome": result.outcome.value}
        for result in results
    ]
    with contextlib.suppress(JournalError):
        journal(*rows)


def journal_repository_request(journal: JournalWriter, repository: Repository) -> None:
    """Note the repository whose deletion is about to be asked for.

    Raises:
        JournalError: it can't be noted, and must not be asked for.
    """
    journal({"event": JournalEvent.REPOSITORY_REQUESTED.value, "repository": repository.path, "id": repository.id})


def journal_repository_result(
    journal: JournalWriter, repository: Repository, outcome: RepositoryOutcome, message: str
) -> None:
    """Note what became of a repository, if it can be noted: the module's result has it as well."""
    row = {"repository": repository.path, "id": repository.id, "outcome": outcome.value, "message": message}
    with contextlib.suppress(JournalError):
        journal({"event": JournalEvent.REPOSITORY_OUTCOME.value, **row})


def journal_end(journal: JournalWriter, counts: t.Mapping[str, int], stopped: str, budget: str = "") -> None:
    """Note how a run ended, if it can be noted.

    Args:
        journal: writes the event.
        counts: how much of what was planned had each outcome.
        stopped: why nothing more was done; empty if nothing stopped it.
        budget: why something is left for the next run; empty if nothing is.
    """
    with contextlib.suppress(JournalError):
        end = {"event": JournalEvent.END.value, "counts": dict(counts), "stopped": stopped or None}
        journal({**end, "budget": budget or None})
