# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The file that tells how far a module is: the module writes it, and the action plugin that runs the module reads it.

There are numbers in it and the name of a phase, and nothing that a server or a user gave.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
import time
import typing as t

from .._core.progress import Amount, Phase, Progress, ProgressReport
from .._core.threads import start_thread

# The variable of the environment that names the file.
PROGRESS_PATH = "CONTAINEROPS_GITLAB_PROGRESS_PATH"
# Seconds from one writing to the next.
_EVERY = 1.0
# More than any report has, so that each covers the one before it with a single call.
_LENGTH = 400


def write_regularly(progress: Progress, environ: t.Mapping[str, str]) -> None:
    """Write how far a module is, once a second until it ends, if whoever started it wants to read that.

    Nothing that goes wrong here is of any concern to the module.

    Args:
        progress: how far it is.
        environ: the environment; names the file, which has to be there, empty, and for this user alone.
    """
    path = environ.get(PROGRESS_PATH)
    if not path:
        return
    with contextlib.suppress(OSError, RuntimeError, ValueError):
        # A pipe that nobody reads must not hold the module up.
        file = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        if not _is_made_for_this(os.fstat(file)):
            os.close(file)
            return
        start_thread(_write, file, progress)


def _is_made_for_this(found: os.stat_result) -> bool:
    """Whether a file is as the action plugin makes it: the variable may name one that is the user's."""
    is_ours = found.st_uid == os.getuid() and found.st_nlink == 1
    return is_ours and found.st_size == 0 and found.st_mode == stat.S_IFREG | 0o600


def _write(file: int, progress: Progress) -> None:
    with contextlib.suppress(OSError):
        while True:
            os.pwrite(file, _text(progress.report()), 0)
            time.sleep(_EVERY)


def _text(report: ProgressReport) -> bytes:
    return json.dumps({**report._asdict(), "phase": report.phase.value}).ljust(_LENGTH).encode()


def read_progress(file: int) -> ProgressReport | None:
    """How far a module is; None if it has not told that yet, or in a way that can't be understood.

    Args:
        file: open for reading, wherever it stands.
    """
    try:
        values = json.loads(os.pread(file, _LENGTH, 0))
        return ProgressReport(
            Phase(values["phase"]),
            float(values["seconds"]),
            repositories=_amount(values["repositories"]),
            tags=_amount(values["tags"]),
            requests=int(values["requests"]),
            requests_before=int(values["requests_before"]),
        )
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _amount(values: t.Any) -> Amount:
    done, total = values
    return Amount(int(done), None if total is None else int(total))
