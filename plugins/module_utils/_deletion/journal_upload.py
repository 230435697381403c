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
from datetime import datetime, timezone

from .._core.errors import JournalError, RequestError, unexpected
from .._core.journal_parts import JOURNAL, JOURNAL_PACKAGE, part_name
from .._core.threads import start_thread
from .._gitlab.packages import PackageFile, package_file, upload
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
# Seconds between two parts. What was noted a minute ago is stored, even if storing it takes half of that.
_INTERVAL = 30.0
# Bytes of a part.
_LARGEST_PART = 8 * 1024 * 1024

# Waits for the time of the next part; gives whether there is none, for the run is over.
_Pause = t.Callable[[threading.Event], bool]


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
    now = datetime.now(timezone.utc)
    return JournalUpload(client, place, started=now, token=os.urandom(4).hex(), is_only=is_only)


class JournalUpload:
    """A journal on its way into a package.

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
        self._run = client
        self._client = client.unstopped()
        self._place = place
        self._started = started
        self._token = token
        self._is_only = is_only
        self._noted = threading.Lock()
        self._lines: list[str] = []
        self._storing = threading.Lock()
        self._part = b""

    def add(self, lines: t.Iterable[str]) -> None:
        """Take lines that are to be stored.

        Raises:
            JournalError: there is no other journal, and this one can't be stored.
        """
        if self._is_only and self.failure:
            raise JournalError(f"{self.failure[0].lower()}{self.failure[1:]}")
        with self._noted:
            self._lines.extend(lines)

    def store(self) -> None:
        """Store all lines that there are.

        Raises:
            RequestError: not all are known to be stored.
        """
        with self._storing:
            while self._part or self._take():
                try:
                    self._store_part()
                except Exception as error:
                    self.failure = unexpected(error)
                    raise
                self.parts += 1
                self._part = b""
            self.failure = ""

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
            self._part = "".join(self._lines[:count]).encode()
            del self._lines[:count]
        return bool(self._part)

    def _store_part(self) -> None:
        """Store the part. Nobody else has a file of its name, so one that is there is this part.

        Its answer was lost then, and a group may forbid a second file of one name.
        """
        name = part_name(self._place.name, self._started, self._token, self.parts + 1)
        place = replace(self._place, name=name)
        # A run that was told to end must not take long.
        retry = RetryPolicy.NEVER if self._run.why_stop() else RetryPolicy.IDEMPOTENT
        try:
            upload(self._client, place, self._part, retry)
        except RequestError as error:
            if error.status != 400 or "Duplicate package" not in error.message:
                raise


def _pause(ended: threading.Event) -> bool:
    return ended.wait(_INTERVAL)


@contextlib.contextmanager
def stored_meanwhile(journal: JournalUpload | None, pause: _Pause = _pause) -> t.Iterator[None]:
    """Store what is noted: what there is at the beginning, what is new from time to time, and the rest at the end.

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
        raise JournalError("the system allows no thread that stores it in its package") from None
    try:
        yield
    finally:
        ended.set()
        thread.join()
        with contextlib.suppress(Exception):
            journal.store()


def _keep_storing(journal: JournalUpload, ended: threading.Event, pause: _Pause) -> None:
    while not pause(ended):
        # It is noted, and tried again with the next part.
        with contextlib.suppress(Exception):
            journal.store()


def with_journal(applied: Applied, journal: JournalUpload | None) -> Applied:
    """What came of a run, with where its journal lies."""
    if journal is None:
        return applied._replace(outcome={**applied.outcome, "journal": None})
    warnings = [*applied.warnings]
    # If not even the first part is stored, that is why the run failed.
    if journal.parts and not journal.is_whole:
        warnings.append(f"The end of the journal is not in its package: {journal.failure}.")
    return applied._replace(outcome={**applied.outcome, "journal": journal.as_result()}, warnings=warnings)
