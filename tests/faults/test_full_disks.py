# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A disk that is full at any byte: what could not be noted as a whole is not deleted, and old files stay whole."""

from __future__ import annotations

import json
import random
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.files import write_lines
from ansible_collections.containerops.gitlab.plugins.module_utils._core.oci import OCI_IMAGE, Image, digest_of
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.journal import open_journal
from ansible_collections.containerops.gitlab.plugins.module_utils._registry.image_cache import image_cache
from tests.faults.runs import TAGS, WAYS, Run

SAMPLES = 12


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """No file gets larger than so many bytes: a write that would go beyond is a short one, the next one fails."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_deleted_that_was_not_noted_as_a_whole(way: str, tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with open_journal(str(path)) as journal:
        Run(way, journal=journal)
    whole = path.stat().st_size
    dice = random.Random(way)
    for size in sorted(dice.sample(range(whole), SAMPLES)):
        path.unlink()
        with open_journal(str(path)) as journal:
            run = Run(way, largest_file(size), journal)
        lines = path.read_text().splitlines(keepends=True)
        noted = {json.loads(line)["name"] for line in lines if line.endswith("\n") and '"delete_requested"' in line}
        gone = {tag["name"] for tag in TAGS} - run.left
        assert gone <= noted, size
        assert run.ended.result["changed"] is bool(gone), size
        assert {row["name"] for row in run.ended.result["outcome"]["deleted"]} == gone, size
        if len(gone) < len(TAGS) - 2:
            assert "can't be written any more" in run.ended.result["msg"], size


def test_a_file_that_can_not_be_written_as_a_whole_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "plan"
    path.write_text("as it was\n")
    with largest_file(4096), pytest.raises(UsageError, match="plan_path .* can't be written: File too large"):
        write_lines(str(path), ("a line\n" for _number in range(4096)), "plan_path")
    assert path.read_text() == "as it was\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_cache_that_can_not_be_written_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "images.db"
    images = [Image(digest_of(str(number).encode()), OCI_IMAGE, size=number) for number in range(400)]
    warnings: list[str] = []
    with image_cache(str(path), warnings.append) as cache:
        cache.add(images[0])
    whole = path.stat().st_size
    for size in (0, 1, whole - 1, whole, whole + 1, 2 * whole):
        with image_cache(str(path), warnings.append) as cache:
            for image in images:
                cache.add(image)
            with largest_file(size):
                cache.save()
        with image_cache(str(path), warnings.append) as cache:
            assert [cache.get(image.digest) for image in images] == [images[0], *[None] * 399], size
    assert len(warnings) == 6
    assert all("can't be written" in warning for warning in warnings)
    assert list(tmp_path.iterdir()) == [path]
