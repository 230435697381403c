# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Running a command, and what it takes: wall clock, processor and memory of all its processes together. Linux only."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
# Seconds between two looks at the memory.
PERIOD = 0.1


class Failed(Exception):
    """A command ended badly, with the end of its output."""


@dataclass(frozen=True)
class Taken:
    """Seconds, and megabytes. peak: of all processes at the same time, what they share counted once.

    largest: of one process alone.
    """

    wall: float
    cpu: float
    peak: int
    largest: int


def run(command: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path) -> Taken:
    """Run a command to its end; what it prints goes to the file log. Raises Failed."""
    with log.open("wb") as output:
        started = time.monotonic()
        process = subprocess.Popen(
            command,
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        watch = _Watch(process.pid)
        watch.start()
        _pid, status, used = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        watch.over.set()
        watch.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        end = log.read_text(errors="replace")[-3000:]
        raise Failed(f"{' '.join(command)} ended with {process.returncode}:\n{end}")
    return Taken(wall, used.ru_utime + used.ru_stime, watch.peak // 1024, watch.largest // 1024)


def processor_seconds(pid: int) -> float:
    """What a running process has used so far."""
    fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class _Watch(threading.Thread):
    """Looks at the memory of a process and of all below it. peak, largest: kilobytes."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self.over = threading.Event()
        self.peak = 0
        self.largest = 0

    def run(self) -> None:
        while not self.over.wait(PERIOD):
            sizes = [_kilobytes(pid) for pid in _family(self._pid)]
            self.peak = max(self.peak, sum(share for share, _resident in sizes))
            self.largest = max([self.largest, *(resident for _share, resident in sizes)])


def _family(pid: int) -> Iterator[int]:
    yield pid
    try:
        children = (PROC / f"{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return
    for child in children:
        yield from _family(int(child))


def _kilobytes(pid: int) -> tuple[int, int]:
    """Its proportional share, and what is resident of it; nothing once it is over."""
    try:
        lines = (PROC / f"{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0, 0
    sizes = {name: int(rest.split()[0]) for name, _colon, rest in (line.partition(":") for line in lines[1:])}
    return sizes.get("Pss", 0), sizes.get("Rss", 0)
