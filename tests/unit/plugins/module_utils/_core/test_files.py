# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that are written whole: to what a path leads to, with the mode that it had, and to regular files alone."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.files import (
    GivenPath,
    check_writable,
    given_lines,
    holds,
    shared_file,
    write_lines,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.journal import earlier_runs, open_journal


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def write_journal(path: str) -> None:
    with open_journal(path):
        pass


USES: dict[str, Callable[[str], object]] = {
    "check": lambda path: check_writable(path, "plan_path"),
    "write": lambda path: write_lines(path, ["x\n"], "plan_path"),
    "read": lambda path: given_lines({"plan": None, "plan_path": path}, "plan", "plan_path"),
    "journal": write_journal,
    "earlier runs": lambda path: earlier_runs(path, "https://gitlab.example.com"),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
@pytest.mark.parametrize("kind", ["device", "pipe", "socket", "link to a device"])
def test_what_is_no_regular_file_is_left_alone(use: Callable[[str], object], kind: str, tmp_path: Path) -> None:
    path = tmp_path / "special"
    if kind == "device":
        path = Path("/dev/null")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(path))
    else:
        path.symlink_to("/dev/full")
    before = path.lstat()
    with pytest.raises(UsageError, match="is not a regular file, but a device, a pipe or a socket: give another name"):
        use(str(path))
    assert (path.lstat().st_ino, path.lstat().st_mode) == (before.st_ino, before.st_mode)


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_a_folder_is_no_file(use: Callable[[str], object], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder: give the name of a file"):
        use(str(tmp_path))


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o660])
def test_a_file_keeps_its_mode_and_owner(mode: int, tmp_path: Path) -> None:
    path = tmp_path / "plan"
    path.write_text("old\n")
    path.chmod(mode)
    before = path.stat()
    write_lines(str(path), ["new\n"], "plan_path")
    assert path.read_text() == "new\n"
    after = path.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)


def test_a_new_file_has_the_mode_of_any_new_file(tmp_path: Path) -> None:
    mask = os.umask(0o027)
    try:
        write_lines(str(tmp_path / "plan"), ["new\n"], "plan_path")
    finally:
        os.umask(mask)
    assert mode_of(tmp_path / "plan") == 0o640


@pytest.mark.parametrize("there", [True, False])
def test_a_link_is_followed_and_stays(there: bool, tmp_path: Path) -> None:
    folder, link = tmp_path / "elsewhere", tmp_path / "plan"
    folder.mkdir()
    if there:
        (folder / "real").write_text("old\n")
        (folder / "real").chmod(0o600)
    link.symlink_to("elsewhere/real")
    check_writable(str(link), "plan_path")
    write_lines(str(link), ["new\n"], "plan_path")
    assert link.is_symlink()
    assert (folder / "real").read_text() == "new\n"
    assert not there or mode_of(folder / "real") == 0o600
    assert os.listdir(folder) == ["real"]


def names_of(folder: Path, file: str) -> list[str]:
    """Paths that lead to a file, with links of both kinds if it is there."""
    (folder / "sub").mkdir(exist_ok=True)
    (folder / "to-it").symlink_to(file)
    (folder / "to-the-link").symlink_to(folder / "to-it")
    (folder / "elsewhere").symlink_to(folder)
    found = [str(folder / file), f"{folder}//sub/../{file}", os.path.relpath(folder / file)]
    found += [str(folder / "to-it"), str(folder / "to-the-link"), str(folder / "elsewhere" / file)]
    if (folder / file).exists():
        (folder / "hard").hardlink_to(folder / file)
        found.append(str(folder / "hard"))
    return found


def shared(*given: tuple[str, str]) -> str:
    """What is told of paths, by option."""
    return shared_file([GivenPath(option=option, label=option, path=path) for option, path in given])


@pytest.mark.parametrize("is_there", [True, False])
@pytest.mark.parametrize("written", ["plan_path", "output_path", "journal_path", "cache_path", "json_path"])
def test_one_file_for_two_paths_is_found_by_whatever_name(tmp_path: Path, written: str, is_there: bool) -> None:
    if is_there:
        (tmp_path / "a").touch()
    names = names_of(tmp_path, "a")
    for one in names:
        for other in names:
            words = f"ca_path {one} and {written} {other} are the same file: give each a file of its own"
            assert shared(("ca_path", one), (written, other)) == words
            assert shared((written, other), ("ca_path", one)).startswith(f"{written} {other} and ca_path {one} are")


def test_files_that_are_read_may_be_one_and_others_are_not_confused(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    (tmp_path / "b").write_text("x")
    names = names_of(tmp_path, "a")
    assert not shared(("client_cert", names[0]), ("client_key", names[1]))
    assert not shared(("plan_path", names[0]), ("journal_path", str(tmp_path / "b")))
    assert not shared(("plan_path", "\0"), ("journal_path", str(tmp_path / "b")))
    # Entries of one list may be written alike, and count once then.
    assert not shared(("plan_paths", names[0]), ("plan_paths", names[0]))
    for other in names[1:]:
        assert "are the same file" in shared(("plan_paths", names[0]), ("plan_paths", other))


@pytest.mark.parametrize(
    ("parts", "same"),
    [
        (["a\r\n", "\u00e4\n"], True),
        (["a\r", "\n\u00e4", "\n"], True),
        (["a\n", "\u00e4\n"], False),
        (["a\r\n"], False),
        (["a\r\n", "\u00e4\n", "b"], False),
        ([], False),
    ],
)
def test_a_file_holds_a_text_to_its_last_byte(parts: list[str], same: bool, tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    assert not holds(str(path), parts, "csv_folder")
    write_lines(str(path), ["a\r\n", "\u00e4\n"], "csv_folder")
    assert path.read_bytes() == "a\r\n\u00e4\n".encode()
    assert holds(str(path), parts, "csv_folder") is same


@pytest.mark.parametrize("before", [None, 0o600])
def test_a_file_may_have_a_mode_of_its_own(before: int | None, tmp_path: Path) -> None:
    path = tmp_path / "registry.prom"
    if before is not None:
        path.touch(before)
    write_lines(str(path), ["x\n"], "prometheus_path", 0o644)
    assert mode_of(path) == 0o644
