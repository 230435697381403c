# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The journal: whole lines, torn ends, and files that can't be written."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import JournalError
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.earlier_runs import EarlierRuns
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.journal import (
    earlier_runs,
    null_journal,
    open_journal,
)

HERE = "https://gitlab.example.com"


def asking(name: str) -> dict[str, str]:
    return {"event": "delete_requested", "repository": "a", "name": name, "digest": "x"}


def write(path: Path, server: str, *names: str) -> None:
    with open_journal(str(path)) as journal:
        journal({"event": "start", "server": server})
        for name in names:
            journal(asking(name))


def test_runs_follow_each_other_in_one_file(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    write(path, HERE, "1")
    write(path, HERE, "2", "3")
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert [row["event"] for row in rows] == [
        "start",
        "delete_requested",
        "start",
        "delete_requested",
        "delete_requested",
    ]
    assert all(row["time"].endswith("Z") for row in rows)
    assert earlier_runs(str(path), HERE).asked == {("a", name, "x") for name in "123"}


def test_what_was_asked_of_another_server_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    write(path, HERE, "1")
    write(path, "https://other.example.com", "2")
    assert earlier_runs(str(path), HERE).asked == {("a", "1", "x")}


@pytest.mark.parametrize("torn", ['{"time": "20', "\x00\x00", "[1]\n", '"text"\n', "\n"])
def test_a_torn_line_is_passed_over_and_nothing_is_glued_to_it(tmp_path: Path, torn: str) -> None:
    path = tmp_path / "journal"
    write(path, HERE, "1")
    with path.open("a") as stream:
        stream.write(torn)
    write(path, HERE, "2")
    assert earlier_runs(str(path), HERE).asked == {("a", "1", "x"), ("a", "2", "x")}


def test_without_a_path_nothing_is_kept(tmp_path: Path) -> None:
    with open_journal(None) as journal:
        assert journal is null_journal
        journal({"event": "start"})
    assert earlier_runs(None, HERE) == earlier_runs(str(tmp_path / "nothing"), HERE) == EarlierRuns()


def test_events_that_belong_together_are_on_disk_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    path = tmp_path / "journal"
    monkeypatch.setattr(os, "fsync", lambda _handle: synced.append(path.read_text()))
    with open_journal(str(path)) as journal:
        journal(asking("1"), asking("2"))
        assert [text.count("delete_requested") for text in synced] == [2]


def test_a_short_write_is_no_success_and_nothing_is_glued_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, write = tmp_path / "journal", os.write
    with open_journal(str(path)) as journal:
        monkeypatch.setattr(os, "write", lambda handle, text: write(handle, text[:-9]))
        with pytest.raises(JournalError, match="can't be written any more: No space left on device"):
            journal(asking("1"))
        monkeypatch.undo()
        journal({"event": "start", "server": HERE}, asking("2"))
    assert earlier_runs(str(path), HERE).asked == {("a", "2", "x")}


def test_a_run_that_was_stopped_leaves_what_was_to_follow(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    following = {"event": "following", "repository": "a", "name": "1", "digest": "x", "images": ["y"]}
    asking = {"event": "delete_requested", "repository": "a", "name": "2", "digest": "y"}
    for stopped, left in (("it was interrupted by SIGINT", {("a", "1", "x")}), (None, set())):
        with open_journal(str(path)) as journal:
            end: dict[str, Any] = {"event": "end", "counts": {}, "stopped": stopped}
            journal({"event": "start", "server": HERE}, following, asking, end)
        assert earlier_runs(str(path), HERE).referrers == left
