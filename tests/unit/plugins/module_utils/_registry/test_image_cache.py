# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file that keeps what is known of images: it never fails a task, and never tells anything untrue."""

from __future__ import annotations

import builtins
import multiprocessing
import os
import random
import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.oci import (
    DOCKER_IMAGE,
    OCI_INDEX,
    Image,
    digest_of,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._registry import image_file
from ansible_collections.containerops.gitlab.plugins.module_utils._registry.image_cache import image_cache


def some(number: int, start: int = 0) -> list[Image]:
    """Images of every kind that there is."""
    found = []
    for index in range(start, start + number):
        created = datetime(2026, 1, 1 + index % 28, tzinfo=UTC) if index % 3 else None
        digest = digest_of(str(index).encode())
        if index % 5:
            found.append(Image(digest, DOCKER_IMAGE, created=created, size=index, config_digest=digest_of(b"config")))
        else:
            found.append(Image(digest, OCI_INDEX, created=created, children=(digest_of(b"a"), digest_of(b"b"))))
    return found


def learn(path: Path, images: list[Image], used: list[Image] = ()) -> list[str]:  # type: ignore[assignment]
    """Run a task that uses images and learns others; gives its warnings."""
    warnings: list[str] = []
    with image_cache(str(path), warnings.append) as cache:
        for image in used:
            cache.get(image.digest)
        for image in images:
            cache.add(image)
    return warnings


def known(path: Path, images: list[Image]) -> tuple[list[Image | None], list[str]]:
    """What a task is told of images, and its warnings."""
    warnings: list[str] = []
    with image_cache(str(path), warnings.append) as cache:
        found = [cache.get(image.digest) for image in images]
    return found, warnings


def test_a_cache_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "images?#%41 .db"
    images = some(40)
    assert known(path, images) == ([None] * 40, [])
    assert not path.exists()
    assert learn(path, images) == []
    assert known(path, images) == (images, [])
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_an_empty_file_is_a_new_cache_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "images.db"
    path.touch(0o640)
    path.chmod(0o640)
    assert learn(path, some(1)) == []
    assert known(path, some(1)) == (some(1), [])
    assert path.stat().st_mode & 0o777 == 0o640


def test_tasks_add_to_what_others_learned_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "images.db"
    warnings: list[str] = []
    with image_cache(str(path), warnings.append) as early:
        early.add(some(1)[0])
        with image_cache(str(path), warnings.append) as late:
            late.add(some(1, 1)[0])
        assert early.get(some(1, 1)[0].digest) == some(1, 1)[0]
    assert known(path, some(2)) == (some(2), warnings)


def test_a_task_that_learned_nothing_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "images.db"
    learn(path, some(3))
    path.chmod(0o400)
    before = path.read_bytes(), path.stat().st_mtime_ns
    assert known(path, some(6)) == ([*some(3), None, None, None], [])
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_a_task_that_failed_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with image_cache(str(tmp_path / "images.db"), print) as cache:
            cache.add(some(1)[0])
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert not list(tmp_path.iterdir())


def test_the_last_used_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_file, "_MOST_IMAGES", 3)
    path = tmp_path / "images.db"
    images = some(5)
    for hour, (learned, used) in enumerate([(images[:3], []), (images[3:4], images[:1]), (images[4:], [])]):
        monkeypatch.setattr(time, "time", lambda hour=hour: 3600.0 * hour)
        learn(path, learned, used)
    found, _warnings = known(path, images)
    assert found == [images[0], None, None, images[3], images[4]]


def test_a_file_grows_to_its_largest_size_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_file, "_LARGEST_FILE", 200_000)
    path = tmp_path / "images.db"
    for start in range(0, 3000, 100):
        assert learn(path, some(100, start)) == []
    assert path.stat().st_size < 400_000
    assert known(path, some(100, 2900)) == (some(100, 2900), [])


FOREIGN = [b"hello\n", b"\0" * 4096, b'{"format": "other"}\n', b"SQLite format 3\0", b"x" * 100_000]


@pytest.mark.parametrize("content", FOREIGN)
def test_a_file_of_another_kind_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes"
    path.write_bytes(content)
    for warnings in (learn(path, some(2)), known(path, some(2))[1]):
        [warning] = warnings
        assert warning.startswith(f"cache_path {path} ")
    assert known(path, some(2))[0] == [None, None]
    assert path.read_bytes() == content


@pytest.mark.parametrize("statement", ["PRAGMA application_id = 5", "PRAGMA user_version = 99"])
def test_a_database_of_something_else_is_left_alone(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "other.db"
    learn(path, some(2))
    with sqlite3.connect(path) as connection:
        connection.execute(statement)
    before = path.read_bytes()
    expected = (
        f"cache_path {path} is another kind of file, or of another release, and is not changed: give the path of "
    )
    assert known(path, some(2)) == ([None, None], [f"{expected}a new file."])
    assert learn(path, some(2, 2)) == [f"{expected}a new file."]
    assert path.read_bytes() == before


SPOILT = [
    ("UPDATE images SET image = replace(image, '2026-01', '2016-01')", []),
    ("UPDATE images SET checksum = ''", []),
    ("UPDATE images SET image = 5", []),
    ("UPDATE images SET image = x'ff'", ["can't be read"]),
    ("DROP TABLE images", ["no such table"]),
]


@pytest.mark.parametrize(("statement", "words"), SPOILT)
def test_what_is_spoilt_is_unknown(tmp_path: Path, statement: str, words: list[str]) -> None:
    path = tmp_path / "images.db"
    images = [image for image in some(9) if image.created]
    learn(path, images)
    with sqlite3.connect(path) as connection:
        connection.execute(statement)
    found, warnings = known(path, images)
    assert found == [None] * len(images)
    assert all(any(word in warning for word in words) for warning in warnings)


def test_an_image_is_believed_under_its_own_digest_alone(tmp_path: Path) -> None:
    path = tmp_path / "images.db"
    images = some(2)
    learn(path, images[:1])
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE images SET digest = ?", (images[1].digest,))
    assert known(path, images) == ([None, None], [])


@pytest.mark.parametrize("seed", range(60))
def test_a_damaged_file_tells_nothing_untrue(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "images.db"
    images = some(300)
    learn(path, images)
    dice = random.Random(seed)
    content = bytearray(path.read_bytes())
    for _change in range(dice.choice((1, 10, 500))):
        content[dice.randrange(len(content))] = dice.randrange(256)
    path.write_bytes(content[: dice.choice((len(content), dice.randrange(len(content))))])
    found, warnings = known(path, images)
    assert all(image in (None, expected) for image, expected in zip(found, images, strict=True))
    assert len(warnings) <= 1
    assert len(learn(path, some(300, 300))) <= 1
    again, warnings = known(path, images)
    assert all(image in (None, expected) for image, expected in zip(again, images, strict=True))


def test_a_locked_file_is_waited_for_and_then_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_file, "_PATIENCE", 0.05)
    path = tmp_path / "images.db"
    learn(path, some(2))
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    found, [warning] = known(path, some(2))
    assert found == [None, None]
    assert "can't be read (database is locked): images are read without a cache." in warning
    [warning] = learn(path, some(2, 2))
    assert "can't be written (database is locked)" in warning
    holder.close()
    assert known(path, some(2)) == (some(2), [])


def _learn_often(path: Path, start: int) -> None:
    for number in range(20):
        assert learn(path, some(5, start + 5 * number)) == []


def test_several_tasks_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "images.db"
    forks = multiprocessing.get_context("fork")
    tasks = [forks.Process(target=_learn_often, args=(path, 100 * number)) for number in range(4)]
    for task in tasks:
        task.start()
    for task in tasks:
        task.join()
        assert task.exitcode == 0
    assert known(path, some(400)) == (some(400), [])


def _learn_and_die(path: Path) -> None:
    image_file._delete_oldest = lambda connection: os._exit(3)
    learn(path, some(2000, 2))


def test_a_task_that_is_killed_while_it_writes_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "images.db"
    learn(path, some(2))
    task = multiprocessing.get_context("fork").Process(target=_learn_and_die, args=(path,))
    task.start()
    task.join()
    assert task.exitcode == 3
    assert known(path, some(4)) == ([*some(2), None, None], [])
    assert learn(path, some(2, 2)) == []
    assert known(path, some(4)) == (some(4), [])


def test_a_python_without_sqlite_does_without_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = builtins.__import__

    def without(name: str, *args: Any) -> Any:
        if name == "image_file":
            raise ImportError(name)
        return original(name, *args)

    monkeypatch.setattr(builtins, "__import__", without)
    [warning] = learn(tmp_path / "images.db", some(1))
    assert "needs the module sqlite3" in warning


def test_a_path_that_can_be_no_file_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    for path in (tmp_path, Path("/dev/full"), tmp_path / "none" / "images.db"):
        with pytest.raises(UsageError, match="cache_path"):
            learn(path, some(1))
