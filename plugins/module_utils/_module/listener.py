# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Whether a module was told to end, and whether anybody still waits for what it has to say."""

from __future__ import annotations

import select
import signal
import time
import typing as t

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
_GONE = select.POLLERR | select.POLLHUP | select.POLLNVAL
_OUTPUT = 1
# Seconds of a pause in which nobody looks.
_LOOK = 0.5


class Listener:
    """Whoever started this module: asked before each request, so that no further one goes out if nobody is there.

    A signal that ends a process ends the requests instead, so that what was done is still told. Ansible closes the
    output of a module that takes longer than the task's timeout. If ansible-playbook itself is killed, its worker keeps
    the output open, and is seen to have lost its parent.
    """

    def __init__(self) -> None:
        self._reason = ""
        self._watches_output = not _is_unread(_OUTPUT)
        self._worker = _worker_to_watch()

    def obey_signals(self) -> None:
        """Take the signals that ask a process to end, except for those that it was started to ignore."""
        for name in _SIGNALS:
            number = getattr(signal, name)
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._interrupt)

    def _interrupt(self, number: int, _frame: t.Any) -> None:
        self._reason = self._reason or f"it was interrupted by {signal.Signals(number).name}"

    def why_stop(self) -> str:
        """Why no further request may go out; empty while somebody waits for the result."""
        if not self._reason and self._is_alone():
            self._reason = "Ansible no longer waits for its result"
        return self._reason

    def sleep(self, seconds: float) -> None:
        """Wait for so many seconds, or until there is a reason to stop."""
        end = time.monotonic() + seconds
        while not self.why_stop() and time.monotonic() < end:
            time.sleep(max(0.0, min(_LOOK, end - time.monotonic())))

    def _is_alone(self) -> bool:
        if self._watches_output and _is_unread(_OUTPUT):
            return True
        return self._worker is not None and _parent_of(self._worker[0]) != self._worker[1]


def _is_unread(file: int) -> bool:
    """Whether nobody reads what is written to a file any more. Threads can't share what polls."""
    poll = select.poll()
    poll.register(file, 0)
    return any(event & _GONE for _file, event in poll.poll(0))


def _worker_to_watch() -> tuple[int, int] | None:
    """Ansible's worker that runs this module, and the ansible-playbook that it is a copy of.

    None if they are on another machine, if the system does not show them, and for a task with async, which is meant to
    outlive them.
    """
    ancestors = [_parent_of("self")]
    while ancestors[-1]:
        ancestors.append(_parent_of(ancestors[-1]))
    commands = [_command_of(process) for process in ancestors]
    if any(b"async_wrapper" in command for command in commands):
        return None
    pairs = zip(zip(ancestors, ancestors[1:]), zip(commands, commands[1:]))
    return next((pair for pair, (child, parent) in pairs if child == parent and b"ansible" in child), None)


def _parent_of(process: int | str) -> int:
    """The number of a process's parent; 0 if there is none, or it can't be seen."""
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8", errors="replace") as stream:
            return int(stream.read().rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return 0


def _command_of(process: int) -> bytes:
    try:
        with open(f"/proc/{process}/cmdline", "rb") as stream:
            return stream.read()
    except OSError:
        return b""
