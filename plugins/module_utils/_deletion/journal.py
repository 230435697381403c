# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The journal of a run: a line for each step and each tag, on disk before the next request is sent.

After a kill it tells what was asked for. A tag can be restored from the digest in it.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import typing as t
from datetime import datetime, timezone

from .._core.errors import JournalError, UsageError
from .._plan.plan import Plan, RepositoryPlan
from .._rules.reasons import Reason
from .._rules.referrers import holders_of, subjects_of
from .earlier_runs import EarlierRuns, JournalEvent, earlier_runs_in
from .outcomes import DeletionResult, TagResult

# Writes an event. Raises JournalError if it can't be written: what can't be noted must not be asked for.
JournalWriter = t.Callable[[t.Mapping[str, t.Any]], None]


def null_journal(event: t.Mapping[str, t.Any]) -> None:
    """Write nothing: the caller wants no journal."""


@contextlib.contextmanager
def open_journal(path: str | None) -> t.Iterator[JournalWriter]:
    """Append events to a file, each with the time of this machine and at once.

    Args:
        path: of the file; None for no journal.

    Raises:
        UsageError: it can't be written.
    """
    if not path:
        yield null_journal
        return
    lock = threading.Lock()
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        torn = os.fstat(handle).st_size > 0 and os.pread(handle, 1, os.fstat(handle).st_size - 1) != b"\n"
    except OSError as error:
        raise UsageError(f"journal_path {path} can't be written: {error.strerror}.") from None

    def write(event: t.Mapping[str, t.Any]) -> None:
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        # One write of one whole line: a kill leaves it whole, or torn at the very end of the file.
        line = json.dumps({"time": now, **event}, ensure_ascii=True) + "\n"
        try:
            with lock:
                os.write(handle, line.encode())
        except OSError as error:
            raise JournalError(f"journal_path {path} can't be written any more: {error.strerror}") from None

    try:
        if torn:
            os.write(handle, b"\n")
        yield write
    finally:
        os.close(handle)


def earlier_runs(path: str | None, server: str) -> EarlierRuns:
    """What earlier runs did on a server, by the journal that they appended to.

    Args:
        path: of the journal, which need not exist; None for no journal.
        server: URL of GitLab.

    Raises:
        UsageError: it can't be read.
    """
    # A pipe or a device holds no earlier run, and reading one may never end.
    if not path or not (os.path.isfile(path) or os.path.isdir(path)):
        return EarlierRuns()
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return earlier_runs_in(stream, server)
    except OSError as error:
        raise UsageError(f"journal_path {path} can't be read: {error.strerror}.") from None


def journal_start(journal: JournalWriter, server: str, fingerprint: str, planned: int) -> None:
    """Note that a run begins.

    Args:
        journal: writes the event.
        server: URL of GitLab.
        fingerprint: of the plan.
        planned: how many tags it is going to delete.

    Raises:
        JournalError: it can't be noted.
    """
    journal({"event": JournalEvent.START.value, "server": server, "fingerprint": fingerprint, "planned": planned})


def journal_referrers(journal: JournalWriter, plan: Plan) -> None:
    """Note the tags that are deleted after their images, and these images: an interrupted run leaves them alone.

    Raises:
        JournalError: it can't be noted.
    """
    for part in plan.repositories:
        followers = [decision.tag for decision in part.decisions if decision.reason is Reason.WITH_SUBJECT]
        holders = holders_of(part.decisions) if followers else {}
        for tag in followers:
            images = {each.tag.digest for subject in subjects_of(tag) for each in holders.get(subject, ())}
            row = _tag_row(JournalEvent.FOLLOWING, part, tag.name, tag.digest)
            journal({**row, "images": sorted(digest for digest in images if digest)})


def journal_request(
    journal: JournalWriter, plan: RepositoryPlan, names: t.Iterable[str], digests: t.Mapping[str, str | None]
) -> None:
    """Note the tags whose deletion is about to be asked for.

    Raises:
        JournalError: it can't be noted, and must not be asked for.
    """
    for name in names:
        journal(_tag_row(JournalEvent.ASKING, plan, name, digests[name]))


def _tag_row(event: JournalEvent, plan: RepositoryPlan, name: str, digest: str | None) -> dict[str, t.Any]:
    return {"event": event.value, "repository": plan.repository.path, "name": name, "digest": digest}


def journal_results(journal: JournalWriter, results: t.Iterable[TagResult]) -> None:
    """Note what became of tags, if it can be noted: the module's result has it as well."""
    with contextlib.suppress(JournalError):
        for result in results:
            journal({"event": JournalEvent.OUTCOME.value, **result.as_result(), "outcome": result.outcome.value})


def journal_end(journal: JournalWriter, result: DeletionResult) -> None:
    """Note how a run ended, if it can be noted."""
    with contextlib.suppress(JournalError):
        journal({"event": JournalEvent.END.value, "counts": result.counts(), "stopped": result.stopped or None})
