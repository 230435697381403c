# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What is known of images by their digests, from one run to the next.

A digest names the same bytes everywhere and for ever, so that any number of servers and jobs may share a file.
"""

from __future__ import annotations

import contextlib
import json
import typing as t

from .._core.errors import UsageError
from .._core.files import check_writable, read_lines, write_lines
from .._core.oci import Image, image_in, row_of

_FORMAT = "containerops.gitlab/image-cache"
_VERSION = 1
# About 60 megabytes.
_MOST_IMAGES = 200_000


@contextlib.contextmanager
def image_cache(path: str | None) -> t.Iterator[dict[str, Image]]:
    """The images of a file by digest, none without a path; what joins them meanwhile is written back.

    Raises:
        UsageError: the file can't be read or written, or is something else.
    """
    if path is None:
        yield {}
        return
    check_writable(path, "cache_path")
    images = load_images(path)
    yield images
    save_images(path, images)


def load_images(path: str) -> dict[str, Image]:
    """The images of a file by digest, the last used at the end; none where there is no file.

    Lines that are not as save_images wrote them are left out.

    Raises:
        UsageError: the file is something else, or can't be read.
    """
    lines = iter(read_lines(path, "cache_path"))
    first = next(lines, None)
    if first is None:
        return {}
    if (_row(first).get("format"), _row(first).get("version")) != (_FORMAT, _VERSION):
        raise UsageError(
            f"cache_path {path} is a file of another kind, or of another release: give the name of a new file."
        )
    found = (image_in(_row(line)) for line in lines)
    return {image.digest: image for image in found if image}


def save_images(path: str, images: t.Mapping[str, Image]) -> None:
    """Write images together with what others wrote meanwhile, and without those that nobody used for longest."""
    known = load_images(path)
    together = {**{digest: image for digest, image in known.items() if digest not in images}, **images}
    kept = list(together.values())[-_MOST_IMAGES:]
    first = {"format": _FORMAT, "version": _VERSION, "images": len(kept)}
    rows = (row_of(image) for image in kept)
    write_lines(path, (json.dumps(row) + "\n" for row in (first, *rows)), "cache_path")


def _row(line: str) -> dict[str, t.Any]:
    try:
        row = json.loads(line)
    except ValueError:
        return {"format": None}
    return row if isinstance(row, dict) else {"format": None}
