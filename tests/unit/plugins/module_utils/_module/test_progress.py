# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file by which a module tells how far it is."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.progress import (
    Amount,
    Phase,
    Progress,
    ProgressReport,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._module import progress as subject
from ansible_collections.containerops.gitlab.plugins.module_utils._module.progress import (
    PROGRESS_PATH,
    read_progress,
    write_regularly,
)

LARGEST = 10**15


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "progress.json"
    found.touch(0o600)
    return found


def told(path: Path) -> ProgressReport | None:
    with path.open("rb") as stream:
        return read_progress(stream.fileno())


def wait_for(path: Path, phase: Phase) -> ProgressReport:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        report = told(path)
        if report and report.phase is phase:
            return report
        time.sleep(0.01)
    raise AssertionError(path.read_text())


def test_what_is_written_is_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "_EVERY", 0.01)
    progress = Progress(lambda: 12)
    write_regularly(progress, {PROGRESS_PATH: str(path)})
    assert wait_for(path, Phase.FINDING).requests == 0
    progress.begin(Phase.DELETING, repositories=2, tags=30)
    progress.add(repositories=1, tags=20)
    wait_for(path, Phase.DELETING)
    progress.begin(Phase.CHECKING)
    report = wait_for(path, Phase.CHECKING)
    assert (report.repositories, report.tags, report.requests_before) == (Amount(), Amount(), 12)


def test_a_report_covers_any_that_was_written_before_it() -> None:
    most = ProgressReport(
        max(Phase, key=lambda phase: len(phase.value)),
        float(LARGEST) / 7,
        repositories=Amount(LARGEST, LARGEST),
        tags=Amount(LARGEST, LARGEST),
        requests=LARGEST,
        requests_before=LARGEST,
    )
    assert len(subject._text(most)) == len(subject._text(ProgressReport(Phase.FINDING, 0.0))) == subject._LENGTH


@pytest.mark.parametrize("environ", [{}, {PROGRESS_PATH: ""}, {PROGRESS_PATH: "/nowhere/at/all"}])
def test_nothing_is_written_where_nobody_reads(environ: dict[str, str]) -> None:
    before = threading.active_count()
    write_regularly(Progress(), environ)
    assert threading.active_count() == before


def test_a_file_is_neither_made_nor_found_behind_a_link(path: Path) -> None:
    link, missing = path.with_name("link"), path.with_name("missing")
    link.symlink_to(path)
    for each in (link, missing):
        write_regularly(Progress(), {PROGRESS_PATH: str(each)})
    assert not missing.exists()
    assert path.read_text() == ""


def hard_link(path: Path) -> Path:
    path.with_name("second").hardlink_to(path)
    return path


def with_mode(path: Path) -> Path:
    path.chmod(0o644)
    return path


def not_empty(path: Path) -> Path:
    path.write_text("a line\n")
    return path


def pipe(path: Path) -> Path:
    path.unlink()
    os.mkfifo(path, 0o600)
    return path


def folder(path: Path) -> Path:
    path.unlink()
    path.mkdir(0o700)
    return path


def device(path: Path) -> Path:
    return Path("/dev/full")


def no_path(path: Path) -> Path:
    return Path(f"{path}\0")


@pytest.mark.parametrize("make", [hard_link, with_mode, not_empty, pipe, folder, device, no_path])
def test_what_was_not_made_for_it_is_left_alone(path: Path, make: Callable[[Path], Path]) -> None:
    """Also a pipe that somebody reads, which would take what is written."""
    given = make(path)
    reader = os.open(given, os.O_RDONLY | os.O_NONBLOCK) if make is pipe else None
    before = threading.active_count()
    content = given.read_text() if given == path and given.is_file() else None
    for _turn in range(2):
        started = time.monotonic()
        write_regularly(Progress(), {PROGRESS_PATH: str(given)})
        assert time.monotonic() - started < 5
        assert threading.active_count() == before
        if reader is not None:
            # And one that nobody reads.
            os.close(reader)
            reader = None
    if content is not None:
        assert given.read_text() == content


def test_a_file_of_somebody_else_is_left_alone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: os.stat(path).st_uid + 1)
    before = threading.active_count()
    write_regularly(Progress(), {PROGRESS_PATH: str(path)})
    assert threading.active_count() == before


def test_a_full_disk_ends_the_writing_and_nothing_else(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", refuse)
    before = set(threading.enumerate())
    write_regularly(Progress(), {PROGRESS_PATH: str(path)})
    for thread in set(threading.enumerate()) - before:
        thread.join(10)
    assert told(path) is None


def test_a_system_without_another_thread_is_no_reason_to_fail(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    write_regularly(Progress(), {PROGRESS_PATH: str(path)})
    assert told(path) is None


GOOD = json.loads(subject._text(ProgressReport(Phase.READING, 1.0)))
DAMAGED = {
    "empty": "",
    "torn": json.dumps(GOOD)[:30],
    "no object": "[]",
    "a number": "7",
    "an unknown phase": json.dumps({**GOOD, "phase": "sleeping"}),
    "no phase": json.dumps({key: value for key, value in GOOD.items() if key != "phase"}),
    "an amount that is none": json.dumps({**GOOD, "tags": 3}),
    "an amount of text": json.dumps({**GOOD, "tags": ["many", None]}),
    "three amounts": json.dumps({**GOOD, "tags": [1, 2, 3]}),
}


@pytest.mark.parametrize("what", DAMAGED)
def test_what_can_not_be_understood_tells_nothing(path: Path, what: str) -> None:
    path.write_text(DAMAGED[what])
    assert told(path) is None


def test_bytes_that_are_no_text_tell_nothing(path: Path) -> None:
    path.write_bytes(b"\xff\xfe{")
    assert told(path) is None
