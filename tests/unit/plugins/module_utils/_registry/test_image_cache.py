# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.oci import (
    DOCKER_IMAGE,
    OCI_IMAGE,
    Image,
    digest_of,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._registry import image_cache
from ansible_collections.containerops.gitlab.plugins.module_utils._registry.image_cache import load_images, save_images


def digest(text: str) -> str:
    return digest_of(text.encode())


def some(number: int) -> dict[str, Image]:
    found = [Image(digest(str(index)), media_type=DOCKER_IMAGE, created=None, size=index) for index in range(number)]
    return {image.digest: image for image in found}


def test_a_cache_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = str(tmp_path / "images.jsonl")
    assert load_images(path) == {}
    save_images(path, some(3))
    assert load_images(path) == some(3)
    assert list(load_images(path)) == list(some(3))


def test_two_jobs_share_a_cache(tmp_path: Path) -> None:
    path = str(tmp_path / "images.jsonl")
    save_images(path, some(2))
    other = {digest("other"): Image(digest("other"), OCI_IMAGE)}
    save_images(path, other)
    assert load_images(path) == {**some(2), **other}


def test_the_last_used_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_cache, "_MOST_IMAGES", 3)
    path = str(tmp_path / "images.jsonl")
    images = some(3)
    save_images(path, images)
    used = list(images)[0]
    fresh = Image(digest("fresh"), OCI_IMAGE)
    save_images(path, {used: images[used], fresh.digest: fresh})
    assert list(load_images(path)) == [list(images)[2], used, fresh.digest]


def test_spoilt_lines_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "images.jsonl"
    save_images(str(path), some(2))
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], "{broken", lines[1], '{"digest": "sha256:no"}', lines[2][:40]]))
    assert load_images(str(path)) == dict(list(some(2).items())[:1])


FOREIGN = ["hello\n", "[]\n", "{}\nmore\n", '{"format": "other"}\n', '{"my": "notes"}\n']
FOREIGN += ['{"format": "containerops.gitlab/image-cache", "version": 99}\n{"digest": "new"}\n']


@pytest.mark.parametrize("text", FOREIGN)
def test_a_file_of_another_kind_is_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "notes"
    path.write_text(text)
    for use in (load_images, lambda path: save_images(path, some(1))):
        with pytest.raises(UsageError, match="a file of another kind"):
            use(str(path))
    assert path.read_text() == text


def test_an_empty_file_is_a_new_cache(tmp_path: Path) -> None:
    path = tmp_path / "images.jsonl"
    path.write_text("")
    save_images(str(path), some(1))
    assert load_images(str(path)) == some(1)
