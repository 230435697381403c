# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The journal of a run in a package of GitLab, where it outlives the machine that the run was on.

A file of a package can't be appended to, so the journal is stored part by part, by a thread of its own.
"""

from __future__ import annotations

import contextlib
import os
import threading
import typing as t
from dataclasses import replace
from datetime import datetime

from .._core.errors import JournalError, RequestError, unexpected
from .._core.journal_parts import JOURNAL, JOURNAL_PACKAGE, part_name
from .._core.threads import start_thread
from .._core.words import counted
from .._gitlab.packages import PackageFile, download, package_file, upload
from .._gitlab.projects import why_no_package_is_stored
from .._gitlab.tokens import why_not_writing
from .._http.client import Client
from .._http.retry import RetryPolicy
from .._module.intent import Applied

JOURNAL_OPTIONS: dict[str, t.Any] = {
    "project": {"type": "str", "required": True},
    "package": {"type": "str", "default": JOURNAL_PACKAGE},
    "version": {"type": "str", "required": True},
    "file_name": {"type": "str", "default": JOURNAL},
}
# Seconds between two parts, and until one that could not be stored is tried again.
_INTERVAL = 30.0
_AGAIN = 5.0
# Seconds that a line of the only journal may be noted and not stored. While one is older, nothing more is done.
_OLDEST = 60.0
# Seconds without an answer: of a part, and of one after the run was told to end. Seconds that it is waited for then.
_TIMEOUT = 15.0
_LAST_TIMEOUT = 5.0
_LAST_WAIT = 8.0
# Seconds until somebody looks whether the run was told to end.
_LOOK = 0.2
# Bytes of a part.
_LARGEST_PART = 8 * 1024 * 1024

# Waits for the time of the next part, so many seconds; gives whether there is none, for the run is over.
_Pause = t.Callable[[threading.Event, float], bool]


def journal_place(given: t.Mapping[str, t.Any] | None, server: str) -> PackageFile | None:
    """Where journal_package wants the journal, under the name that its parts begin with; None if nobody wants that.

    Raises:
        UsageError: GitLab does not take one of the names.
    """
    return package_file(given, server, "journal_package.") if given else None


def why_not_done(client: Client, place: PackageFile | None) -> str:
    """Why a run would delete nothing, as far as GitLab tells it, a sentence without its end; empty if it may delete.

    One request, and another one for the project of the journal. place: of the journal; None if it has no package.
    """
    return why_not_writing(client) or (why_no_package_is_stored(client, place.project) if place else "")


def journal_upload(client: Client, place: PackageFile | None, *, is_only: bool) -> JournalUpload | None:
    """The journal of a run that begins now; None if it has no place.

    Args:
        client: of GitLab.
        place: the package, with what parts are called.
        is_only: there is no other journal.
    """
    if place is None:
        return None
    # Runs on several machines follow each other by the server's time.
    started = client.latest_clock or client.timing.now()
    return JournalUpload(client, place, started=started, token=os.urandom(4).hex(), is_only=is_only)


class JournalUpload:
    """A journal on its way into a package. Its requests do not count for max_requests.

    Args:
        client: of GitLab. A run that is told to end still stores what it noted.
        place: the package, with what parts are called.
        started: when the run began.
        token: tells it from a run that began in the same second, see part_name.
        is_only: there is no other journal, so that nothing may be noted while it can't be stored.

    parts: how many are stored. failure: why the next one is not, a sentence without its end; empty if all went well.
    """

    def __init__(self, client: Client, place: PackageFile, *, started: datetime, token: str, is_only: bool) -> None:
        self.parts = 0
        self.failure = ""
        self.is_only = is_only
        self._run = client
        self._first, self._others = client.unlimited(), client.unstopped(timeout=_TIMEOUT)
        self._last = client.unstopped(timeout=_LAST_TIMEOUT)
        self._place = place
        self._started = started
        self._token = token
        self._noted = threading.Lock()
        self._lines: list[str] = []
        self._storing = threading.Lock()
        self._part = b""
        # When the oldest line was noted, of the part and of the other lines.
        self._part_since = self._lines_since = 0.0
        self._is_passing = False
        self._may_be_there = False

    def add(self, lines: t.Iterable[str], *, precedes: bool = True) -> None:
        """Take lines that are to be stored.

        Args:
            lines: whole ones.
            precedes: something is done only if they are taken.

        Raises:
            JournalError: there is no other journal, and this one can't be stored.
        """
        with self._noted:
            obstacle = self._why_not() if precedes and self.is_only and not self.is_told_to_end else ""
            if obstacle:
                raise JournalError(f"{obstacle[0].lower()}{obstacle[1:]}")
            if not self._lines:
                self._lines_since = self._run.timing.monotonic()
            self._lines.extend(lines)

    def _why_not(self) -> str:
        """Why nothing may be done that has to be noted before; empty if it may."""
        if self.failure and not self._is_passing:
            return self.failure
        since = self._part_since if self._part else self._lines_since if self._lines else None
        age = 0.0 if since is None else self._run.timing.monotonic() - since
        if age <= _OLDEST:
            return ""
        return self.failure or f"a line of {counted(round(age), 'second')} ago is not stored in its package yet"

    @property
    def is_told_to_end(self) -> bool:
        """Whether the run sends no further request, and who ended it waits."""
        return bool(self._run.why_stop())

    @property
    def seconds_to_next(self) -> float:
        """How long to wait before the next part."""
        return _AGAIN if self._is_passing else _INTERVAL

    def store(self) -> None:
        """Store all lines that there are. Each part is tried once, except for the first one.

        Raises:
            RequestError: not all are known to be stored.
        """
        with self._storing:
            while self._part or self._take():
                try:
                    self._store_part()
                except Exception as error:
                    self._is_passing = isinstance(error, RequestError) and error.kind.is_transient
                    self.failure = unexpected(error)
                    raise
                with self._noted:
                    self.parts += 1
                    self._part, self._may_be_there = b"", False
            self.failure, self._is_passing = "", False

    def store_rest(self) -> None:
        """Store what there is at the end of a run, and try it again unless the run was told to end.

        Raises:
            RequestError: not all are known to be stored.
        """
        tries = self._run.retry_loop()
        next(tries)
        while True:
            try:
                self.store()
            except RequestError as error:
                if not error.kind.is_transient or next(tries, None) is None:
                    raise
            else:
                return

    @property
    def is_whole(self) -> bool:
        """Whether all lines are stored."""
        return not (self._lines or self._part)

    def as_result(self) -> dict[str, t.Any]:
        """Where it lies, for the result of a module."""
        return {
            "project": self._place.project,
            "package": self._place.package,
            "version": self._place.version,
            "file_name": self._place.name,
            "parts": self.parts,
            "complete": self.is_whole,
        }

    def _take(self) -> bool:
        """Make a part of lines that are not stored; False if there are none."""
        with self._noted:
            count = size = 0
            for line in self._lines:
                size += len(line)
                if count and size > _LARGEST_PART:
                    break
                count += 1
            self._part, self._part_since = "".join(self._lines[:count]).encode(), self._lines_since
            del self._lines[:count]
        return bool(self._part)

    def _store_part(self) -> None:
        """Store the part. Nobody else has a file of its name, so if an answer was lost, one that is there is this part.

        A group may forbid a second file of one name.
        """
        name = part_name(self._place.name, self._started, self._token, self.parts + 1)
        place = replace(self._place, name=name)
        client, retry = self._others, RetryPolicy.AFTER_A_LOOK
        if self.is_told_to_end:
            client = self._last
        elif not self.parts:
            client, retry = self._first, RetryPolicy.IDEMPOTENT
        try:
            upload(client, place, self._part, retry)
        except RequestError as error:
            is_duplicate = error.status == 400 and "Duplicate package" in error.message
            if not is_duplicate:
                self._may_be_there = self._may_be_there or error.kind.effect_unknown
                raise
            if not self._may_be_there and download(client, place) != self._part:
                raise


@contextlib.contextmanager
def stored_meanwhile(journal: JournalUpload | None, pause: _Pause = threading.Event.wait) -> t.Iterator[None]:
    """Store what is noted: what there is at the beginning, what is new from time to time, and the rest at the end.

    A run that was told to end does not wait long for the rest.

    Args:
        journal: None stores nothing.
        pause: between two parts.

    Raises:
        RequestError: the first part can't be stored.
        JournalError: there is no thread for the others.
    """
    if journal is None:
        yield
        return
    journal.store()
    ended = threading.Event()
    try:
        thread = start_thread(_keep_storing, journal, ended, pause)
    except RuntimeError:
        raise JournalError("the system allows no further thread, which is needed to store it in its package") from None
    try:
        yield
    finally:
        ended.set()
        while thread.is_alive() and not journal.is_told_to_end:
            thread.join(_LOOK)
        thread.join(_LAST_WAIT)


def _keep_storing(journal: JournalUpload, ended: threading.Event, pause: _Pause) -> None:
    # What fails is told by the journal, and tried again with the next part.
    while not pause(ended, journal.seconds_to_next):
        with contextlib.suppress(Exception):
            journal.store()
    with contextlib.suppress(Exception):
        journal.store_rest()


def with_journal(applied: Applied, journal: JournalUpload | None) -> Applied:
    """What came of a run, with where its journal lies. What was done falls short if no journal holds all of it."""
    if journal is None:
        return applied._replace(outcome={**applied.outcome, "journal": None})
    applied = applied._replace(outcome={**applied.outcome, "journal": journal.as_result()})
    # If not even the first part is stored, that is why the run failed.
    if not journal.parts or journal.is_whole:
        return applied
    reason = journal.failure or "GitLab did not answer in time"
    sentence = f"The end of the journal is not in its package: {reason}."
    if not journal.is_only:
        return applied._replace(warnings=[*applied.warnings, sentence])
    shortfall = f"{applied.shortfall.rstrip('.')}. {sentence}" if applied.shortfall else sentence
    return applied._replace(shortfall=shortfall)
