# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What is known of images by their digests, within a task and from one run to the next.

A digest names the same bytes everywhere and for ever, so that any number of servers and jobs may share a file.
"""

from __future__ import annotations

import contextlib
import threading
import typing as t

from .._core.errors import CacheError
from .._core.files import check_writable
from .._core.oci import Image


class ImageStore(t.Protocol):
    """Keeps images from one run to the next. What it can't do is a CacheError."""

    def read(self, digest: str) -> Image | None: ...

    def write(self, learned: t.Iterable[Image], used: t.Iterable[str]) -> None: ...


class ImageCache:
    """What is known of images, for all threads of a task.

    Args:
        store: keeps it from one run to the next; None keeps nothing.
        labels: names of the labels and annotations of which the task needs the values.

    problem: why the store can't be used any more; empty if it can.
    """

    def __init__(self, store: ImageStore | None = None, labels: t.Iterable[str] = ()) -> None:
        self.problem = ""
        self.labels = frozenset(labels)
        self._store = store
        self._images: dict[str, Image] = {}
        self._learned: dict[str, Image] = {}
        self._lock = threading.Lock()

    def get(self, digest: str) -> Image | None:
        """What is known of a digest; None if nothing is."""
        with self._lock:
            image = self._images.get(digest)
            if image is None and self._store:
                with self._noting_problems():
                    image = self._store.read(digest)
            if image:
                self._images[digest] = image
            return image

    def add(self, image: Image) -> None:
        """Keep what was learned of a digest, and of its labels what was known before."""
        with self._lock:
            known = self._images.get(image.digest)
            if known and known.labels:
                image = image._replace(labels=tuple({**dict(known.labels), **dict(image.labels)}.items()))
            self._images[image.digest] = self._learned[image.digest] = image

    def save(self) -> None:
        """Keep what was learned for later runs. Nothing is written where nothing was."""
        with self._lock:
            if self._learned and self._store:
                with self._noting_problems():
                    self._store.write(self._learned.values(), used=self._images)

    @contextlib.contextmanager
    def _noting_problems(self) -> t.Iterator[None]:
        try:
            yield
        except CacheError as error:
            self.problem, self._store = str(error), None


@contextlib.contextmanager
def image_cache(
    path: str | None, warn: t.Callable[[str], None], labels: t.Iterable[str] = ()
) -> t.Iterator[ImageCache]:
    """What is known of images by a file; nothing without a path. What is learned meanwhile is added to the file.

    Args:
        path: of the file, which need not exist.
        warn: is told if the file can't be used, which changes nothing but the number of requests.
        labels: names of the labels and annotations of which the task needs the values.

    Raises:
        UsageError: the path can't be one of a file that is written.
    """
    if path is None:
        yield ImageCache(labels=labels)
        return
    check_writable(path, "cache_path")
    try:
        # It takes a part of what the start of a task takes, and few tasks have a file.
        from .image_file import ImageFile
    except ImportError:
        warn("cache_path needs the module sqlite3, which this Python does not have: images are read without a cache.")
        yield ImageCache(labels=labels)
        return
    file = ImageFile(path)
    cache = ImageCache(file, labels)
    try:
        yield cache
        cache.save()
    finally:
        file.close()
        if cache.problem:
            warn(cache.problem)
