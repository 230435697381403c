# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of a log: rotated, compressed, being written, and what can't be read."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._info import pull_files
from ansible_collections.containerops.gitlab.plugins.module_utils._info.pull_files import (
    PullsRequest,
    doubts,
    observe,
    request_of,
    result_of,
)

NOW = time.time()
DAY = 86400
OPTIONS: dict[str, Any] = {
    "pulled_within": "30d",
    "max_gap": "100y",
    "max_unreadable": 0,
    "ignored_agents": ["GitLab/"],
    "clock": None,
}


def pull(tag: str, age: float = DAY) -> str:
    at = datetime.fromtimestamp(NOW - age, UTC).isoformat()
    return json.dumps({"method": "GET", "status": 200, "time": at, "uri": f"/v2/team/app/manifests/{tag}"}) + "\n"


OLD = pull("old", 31 * DAY)


def request(*paths: Path | str, **options: Any) -> PullsRequest:
    return request_of({**OPTIONS, "paths": [str(path) for path in paths], **options})


def images(*paths: Path | str) -> list[str]:
    """The tags that were pulled, of logs that leave out none."""
    wanted = request(*paths)
    state = observe(wanted)
    assert doubts(state, wanted) == []
    return [image.partition(":")[2] for image in sorted(state.log.images)]


def refusal(*paths: Path | str) -> str:
    with pytest.raises(UsageError) as refused:
        observe(request(*paths))
    return str(refused.value)


def test_all_files_of_a_log(tmp_path: Path) -> None:
    """As svlogd and logrotate leave them: compressed with an ending and without."""
    (tmp_path / "current").write_text(pull("a"))
    (tmp_path / "@400000005f8eaf6f1a80ef5c.s").write_bytes(gzip.compress((OLD + pull("b")).encode()))
    (tmp_path / "@400000005f8eaf6f1a80ef5d.u").write_text(pull("c"))
    (tmp_path / "access.log.2.bz2").write_bytes(bz2.compress(pull("d").encode()))
    (tmp_path / "access.log.3.xz").write_bytes(lzma.compress(pull("e").encode()))
    (tmp_path / "empty").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "current")
    assert images(tmp_path / "*") == ["a", "b", "c", "d", "e"]
    assert images(tmp_path / "current", tmp_path / "@*.[su]") == ["a", "b", "c"]
    (tmp_path / "access[1].log").write_text(OLD + pull("f"))
    assert images(tmp_path / "access[1].log") == ["f"]
    result = result_of(observe(request(tmp_path / "*")))
    assert (result["files"], result["lines"], result["pulls"]) == (7, 8, 6)
    assert "old" not in " ".join(result["images"])


def test_a_line_that_is_being_written(tmp_path: Path) -> None:
    older, current = tmp_path / "older", tmp_path / "current"
    older.write_text(OLD + pull("a"))
    os.utime(older, (NOW - 9, NOW - 9))
    current.write_text(pull("b") + pull("c")[:40])
    assert images(older, current) == ["a", "b"]
    # What was exported may have no line end at its end.
    current.write_text(pull("b") + pull("c").rstrip())
    assert images(older, current) == ["a", "b", "c"]
    # A file that nobody writes any more has lost the rest.
    older.write_text(OLD + pull("a")[:40])
    os.utime(older, (NOW - 9, NOW - 9))
    wanted = request(older, current)
    [doubt] = doubts(observe(wanted), wanted)
    assert str(doubt) == (
        f"The logs {older}, {current} may lack pulls: 1 of 4 lines can't be read, first line 2 of {older}, and "
        "max_unreadable is 0: each may be a pull."
    )


def test_lines_of_any_length_and_content(tmp_path: Path) -> None:
    path = tmp_path / "current"
    long = pull("x" * 100).replace('"GET"', '"GET", "padding": "' + "p" * (3 << 20) + '"')
    path.write_bytes(OLD.encode() + long.encode() + b"\xff\xfe oops\n" + pull("a").encode())
    state = observe(request(path))
    assert state.log.images == {"team/app:a"}
    assert state.log.unreadable > 1
    path.write_bytes(OLD.encode() + b"\r\n\n" + pull("a").encode() + b" " * (2 << 20))
    assert observe(request(path)).log.images == {"team/app:a"}
    broken = pull("b").encode().replace(b'"status"', b'"user_agent": "\xff\x1b[31m", "status"')
    path.write_bytes(OLD.encode() + broken)
    assert images(path) == ["b"]


def test_files_that_are_rotated_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is renamed and compressed after its name was found, and a new one has its name."""
    current = tmp_path / "current"
    current.write_text(OLD + pull("a"))
    real = pull_files._read
    seen: list[str] = []

    def rotating(path: str, *arguments: Any, **keywords: Any) -> Any:
        if not seen:
            (tmp_path / "@1.s").write_bytes(gzip.compress(current.read_bytes()))
            current.unlink()
        seen.append(path)
        return real(path, *arguments, **keywords)

    monkeypatch.setattr(pull_files, "_read", rotating)
    assert images(tmp_path / "current", tmp_path / "@*") == ["a"]
    assert seen == [str(current), str(tmp_path / "@1.s")]


@pytest.mark.parametrize("at", range(4))
def test_files_that_are_rotated_before_their_turn_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """Each file has the name of the one before it by then, as logrotate leaves them. None is left out for that."""
    names = ["access.log", "access.log.1", "access.log.2"]
    for name, text in zip(names, [pull("a"), pull("b"), OLD + pull("c")], strict=True):
        (tmp_path / name).write_text(text)
    real = pull_files._read
    seen: list[str] = []

    def rotating(path: str, *arguments: Any, **keywords: Any) -> Any:
        if len(seen) == at:
            for number in range(3, 0, -1):
                before = tmp_path / ("access.log" if number == 1 else f"access.log.{number - 1}")
                before.rename(tmp_path / f"access.log.{number}")
            (tmp_path / "access.log").write_text(pull("d"))
        seen.append(path)
        return real(path, *arguments, **keywords)

    monkeypatch.setattr(pull_files, "_read", rotating)
    assert {"a", "b", "c"} <= set(images(tmp_path / "access.log*"))


def test_half_a_line_of_a_file_that_is_found_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the newest of all files is still written."""
    current, rotated = tmp_path / "current", tmp_path / "@1.s"
    current.write_text(OLD + pull("a"))
    real = pull_files._read

    def rotating(path: str, *arguments: Any, **keywords: Any) -> Any:
        if not rotated.exists():
            rotated.write_text(pull("b") + pull("c")[:40])
            os.utime(rotated, (NOW - 9, NOW - 9))
        return real(path, *arguments, **keywords)

    monkeypatch.setattr(pull_files, "_read", rotating)
    wanted = request(current, tmp_path / "@*")
    [doubt] = doubts(observe(wanted), wanted)
    assert f"first line 2 of {rotated}" in str(doubt)


def test_files_that_never_stop_to_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "0"
    path.write_text(OLD)
    real = pull_files._read

    def growing(found: str, *arguments: Any, **keywords: Any) -> Any:
        Path(found + "0").write_text(OLD)
        return real(found, *arguments, **keywords)

    monkeypatch.setattr(pull_files, "_read", growing)
    assert "change faster than they can be read: run the task again" in refusal(tmp_path / "*")


def test_what_can_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = gzip.compress((OLD * 1000).encode())
    cut, damaged = tmp_path / "cut", tmp_path / "damaged"
    cut.write_bytes(packed[:-20])
    damaged.write_bytes(packed[:40] + b"oops" + packed[44:])
    words = "can't be read, so its pulls are unknown: it is compressed, and incomplete or damaged."
    assert refusal(cut) == f"The log {cut} {words}"
    assert words in refusal(damaged)
    xz = tmp_path / "xz"
    xz.write_bytes(lzma.compress(OLD.encode())[:40])
    assert words in refusal(xz)
    assert refusal(tmp_path / "nowhere*") == (
        f"There is no file {tmp_path}/nowhere* that this user can see, so pulls may be missing."
    )
    # What is named has to be there, although other files are.
    good = tmp_path / "good"
    good.write_text(OLD + pull("a"))
    assert images(good, tmp_path / "nowhere*") == ["a"]
    assert refusal(good, tmp_path / "nowhere") == (
        f"There is no file {tmp_path}/nowhere that this user can see, so pulls may be missing."
    )
    assert "is a folder" in refusal(tmp_path)
    assert "is not a regular file" in refusal("/dev/zero")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    assert "There is no file" in refusal(tmp_path / "link")

    def denied(path: str, _identity: object) -> Any:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(pull_files, "_opened", denied)
    assert refusal(cut) == f"The log {cut} can't be read, so its pulls are unknown: permission denied."


def test_the_time_is_counted_from_the_earlier_clock() -> None:
    now = datetime(2026, 6, 1, 12, tzinfo=UTC).timestamp()
    assert request("a").window(now).until == now
    earlier, later = request("a", clock="2026-06-01T11:00:00Z"), request("a", clock="2026-06-01T13:00:00Z")
    assert (earlier.window(now).until, later.window(now).until) == (now - 3600, now)
    window = request("a", pulled_within="2d", max_gap="3h").window(now)
    assert (window.since, window.max_gap) == (now - 2 * DAY, 3 * 3600)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"pulled_within": "30"}, "pulled_within '30' is ambiguous"),
        ({"max_gap": "1m"}, "max_gap '1m' is ambiguous"),
        ({"max_unreadable": -1}, "max_unreadable is -1: it can't be negative."),
        ({"paths": []}, "paths is empty: give all files of the log, or globs of them."),
        ({"ignored_agents": ["GitLab/", ""]}, "ignored_agents has an empty entry, which matches every User-Agent"),
        ({"clock": "noon"}, "clock is 'noon': write it as 2026-01-31T12:00:00Z."),
    ],
)
def test_options_that_can_not_be_meant(options: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words.replace(".", "[.]")):
        request_of({**OPTIONS, "paths": ["a"], **options})
