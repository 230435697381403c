# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The journal of a run: a line for each step and each tag, on disk before the next request goes out.

After a kill it tells what was asked for; its digests are what a tag can be restored from.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import typing as t
from datetime import datetime, timezone

from .._core.errors import ErrorKind, RequestError, UsageError
from .request import EarlierRuns

Tell = t.Callable[[t.Mapping[str, t.Any]], None]


def silent(event: t.Mapping[str, t.Any]) -> None:
    """Where nobody keeps a journal."""


@contextlib.contextmanager
def kept_journal(path: str | None) -> t.Iterator[Tell]:
    """Append events to a file, each with the time of this machine, on its way to the disk at once. Raises UsageError.

    Telling raises RequestError where the file can't be written any more: what can't be noted must not be asked for.
    """
    if not path:
        yield silent
        return
    lock = threading.Lock()
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        torn = os.fstat(handle).st_size > 0 and os.pread(handle, 1, os.fstat(handle).st_size - 1) != b"\n"
    except OSError as error:
        raise UsageError(f"journal_path {path} can't be written: {error.strerror}.") from None

    def tell(event: t.Mapping[str, t.Any]) -> None:
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        # One write of one whole line: a kill leaves it whole, or torn at the very end of the file.
        line = json.dumps({"time": now, **event}, ensure_ascii=True) + "\n"
        try:
            with lock:
                os.write(handle, line.encode())
        except OSError as error:
            message = f"journal_path {path} can't be written any more: {error.strerror}"
            raise RequestError(ErrorKind.JOURNAL, message, operation="note what is done") from None

    try:
        if torn:
            os.write(handle, b"\n")
        yield tell
    finally:
        os.close(handle)


def earlier_runs(path: str | None, server: str) -> EarlierRuns:
    """What earlier runs did on a server. Raises UsageError.

    Lines that were torn by a kill are passed over: what they were about was not asked for yet.
    """
    # A pipe or a device holds no earlier run, and reading one may never end.
    if not path or not (os.path.isfile(path) or os.path.isdir(path)):
        return EarlierRuns()
    found: dict[str, set[tuple[str, str, str | None]]] = {"asking": set(), "following": set()}
    here = False
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            for line in stream:
                try:
                    row = json.loads(line)
                except ValueError:
                    continue
                if not isinstance(row, dict):
                    continue
                if row.get("event") == "start":
                    here = row.get("server") == server
                elif here and row.get("event") in found:
                    key = (str(row.get("repository")), str(row.get("name")), row.get("digest"))
                    found[row["event"]].add(key)
                elif here and row.get("event") == "end":
                    found["following"].clear()
    except OSError as error:
        raise UsageError(f"journal_path {path} can't be read: {error.strerror}.") from None
    return EarlierRuns(frozenset(found["asking"]), frozenset(found["following"]))
