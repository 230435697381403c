# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The log files of a replica of a registry: what is wanted of them, and what they say."""

from __future__ import annotations

import bz2
import contextlib
import glob
import gzip
import lzma
import os
import time
import typing as t
import zlib
from datetime import datetime

from .._core.errors import UsageError
from .._core.files import check_regular
from .._core.models import parse_time
from .._module.options import check_not_negative
from .._rules.durations import seconds
from .._rules.pull_lines import entries_of
from .._rules.pull_log import PullLog, Window, merged, read_log, shortcomings, told

# How files begin that programs for rotation compress: svlogd's have no ending that tells.
_COMPRESSED: tuple[tuple[bytes, t.Callable[[t.BinaryIO], t.BinaryIO]], ...] = (
    (b"\x1f\x8b", t.cast("t.Any", gzip.open)),
    (b"BZh", t.cast("t.Any", bz2.open)),
    (b"\xfd7zXZ", t.cast("t.Any", lzma.open)),
)
# No registry writes longer lines. What is longer is no text.
_LONGEST = 1 << 20
# Files that are rotated meanwhile are found again under their new names.
_ROUNDS = 5

# What stays the same if a file is renamed: the device and the number of its inode.
_Identity = tuple[int, int]


class PullsRequest(t.NamedTuple):
    """The checked options of registry_pulls_info.

    Args:
        paths: of the files, or globs of them.
        pulled_within: seconds.
        max_gap: seconds without a request that are no reason to doubt.
        max_unreadable: number of lines that may be unreadable.
        ignored_agents: how the User-Agent of clients begins whose pulls do not count.
        clock: the latest time that may count as now; None if the host's clock is right.
    """

    paths: tuple[str, ...]
    pulled_within: int
    max_gap: int
    max_unreadable: int
    ignored_agents: tuple[str, ...]
    clock: datetime | None

    def window(self, now: float) -> Window:
        """The time of which all pulls are to be known. now: by the host's clock, which wrote the logs."""
        until = min(now, self.clock.timestamp()) if self.clock else now
        return Window(since=until - self.pulled_within, until=until, max_gap=self.max_gap)


class PullsState(t.NamedTuple):
    """What was read.

    Args:
        files: their number.
        window: the time of which all pulls are to be known.
        log: what the files say.
    """

    files: int
    window: Window
    log: PullLog


def request_of(params: t.Mapping[str, t.Any]) -> PullsRequest:
    """Check the options of registry_pulls_info.

    Raises:
        UsageError: they can't be served as they are written.
    """
    check_not_negative(params, "max_unreadable")
    if not params["paths"]:
        raise UsageError("paths is empty: give all files of the log, or globs of them.")
    if not all(params["ignored_agents"]):
        raise UsageError("ignored_agents has an empty entry, which matches every User-Agent: remove it.")
    clock = None if params["clock"] is None else parse_time(params["clock"])
    if params["clock"] is not None and clock is None:
        raise UsageError(f"clock is {params['clock']!r}: write it as 2026-01-31T12:00:00Z.")
    return PullsRequest(
        paths=tuple(params["paths"]),
        pulled_within=seconds(params["pulled_within"], "pulled_within"),
        max_gap=seconds(params["max_gap"], "max_gap"),
        max_unreadable=params["max_unreadable"],
        ignored_agents=tuple(params["ignored_agents"]),
        clock=clock,
    )


def observe(request: PullsRequest) -> PullsState:
    """Read all files of the log, also those that are rotated meanwhile.

    Raises:
        UsageError: one can't be read, or there is none. A glob may lead to none if another path leads to one.
    """
    missing = [path for path in request.paths if not glob.has_magic(path) and not os.path.exists(path)]
    if missing:
        raise _missing(missing)
    window = request.window(time.time())
    logs: dict[_Identity, PullLog] = {}
    for _round in range(_ROUNDS):
        files = _files(request.paths)
        unread = {identity: path for identity, path in files.items() if identity not in logs}
        if not unread:
            break
        newest = max(files.values(), key=_modified)
        for identity, path in unread.items():
            log = _read(path, identity, window, request.ignored_agents, is_written=path == newest)
            if log:
                logs[identity] = log
    else:
        raise UsageError(
            f"The files of {_named(request.paths)} change faster than they can be read: run the task again."
        )
    if not logs:
        raise _missing(request.paths)
    return PullsState(len(logs), window=window, log=merged(list(logs.values())))


def _missing(paths: t.Sequence[str]) -> UsageError:
    return UsageError(f"There is no file {_named(paths)} that this user can see, so pulls may be missing.")


def doubts(state: PullsState, request: PullsRequest) -> list[Exception]:
    """Why the files may leave out a pull."""
    found = shortcomings(state.log, state.window, request.max_unreadable)
    return [UsageError(f"The logs {_named(request.paths)} may lack pulls: {'; '.join(found)}.")] if found else []


def result_of(state: PullsState) -> dict[str, t.Any]:
    """What registry_pulls_info returns."""
    log = state.log
    return {
        "images": sorted(log.images),
        "since": told(state.window.since),
        "oldest": None if log.oldest is None else told(log.oldest),
        "newest": None if log.newest is None else told(log.newest),
        "files": state.files,
        **{key: getattr(log, key) for key in ("lines", "requests", "pulls", "ignored", "unreadable")},
    }


def _named(paths: t.Sequence[str]) -> str:
    return ", ".join(paths)


def _files(paths: t.Sequence[str]) -> dict[_Identity, str]:
    """The files that there are, by what stays the same if they are renamed.

    Raises:
        UsageError: one of them is no regular file.
    """
    found = {}
    for pattern in paths:
        for path in sorted(glob.glob(pattern)) or ([pattern] if os.path.lexists(pattern) else []):
            check_regular(path, "paths")
            try:
                status = os.stat(path)
            except FileNotFoundError:
                # Renamed at this moment, and found in the next round.
                continue
            except OSError as error:
                raise _unreadable(path, error) from None
            found[_identity(status)] = path
    return found


def _identity(status: os.stat_result) -> _Identity:
    return status.st_dev, status.st_ino


def _modified(path: str) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0.0


def _read(
    path: str, identity: _Identity, window: Window, ignored_agents: t.Sequence[str], *, is_written: bool
) -> PullLog | None:
    """What a file says; None if it was renamed before it was opened, even if another one has its name by now.

    Raises:
        UsageError: it can't be read.
    """
    try:
        with _opened(path, identity) as stream:
            return read_log(_lines(stream, is_written=is_written), path, window, ignored_agents)
    except FileNotFoundError:
        return None
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise _unreadable(path, error) from None


def _unreadable(path: str, error: Exception) -> UsageError:
    reason = getattr(error, "strerror", None) or "it is compressed, and incomplete or damaged"
    return UsageError(f"The log {path} can't be read, so its pulls are unknown: {reason.lower()}.")


@contextlib.contextmanager
def _opened(path: str, identity: _Identity) -> t.Iterator[t.BinaryIO]:
    """A file without its compression.

    Raises:
        FileNotFoundError: its path leads to no file by now, or to another one.
    """
    with open(path, "rb") as file:
        if _identity(os.fstat(file.fileno())) != identity:
            raise FileNotFoundError(path)
        start = file.read(6)
        file.seek(0)
        opener = next((opener for magic, opener in _COMPRESSED if start.startswith(magic)), None)
        if opener is None:
            yield file
            return
        with opener(file) as stream:
            yield stream


def _lines(stream: t.BinaryIO, *, is_written: bool) -> t.Iterator[str]:
    """The lines of a file, of which no more than one is in memory.

    Args:
        stream: the file.
        is_written: its last line may be one of which a part is written so far, which is left out.
    """
    for line in iter(lambda: stream.readline(_LONGEST), b""):
        text = line.decode("utf-8", "replace")
        if len(line) == _LONGEST:
            # What is longer is in parts, none of which is to be taken for a line.
            yield "\0"
        elif line.endswith(b"\n") or not is_written or entries_of(text) is not None:
            yield text
