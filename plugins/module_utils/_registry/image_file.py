# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The file that keeps what is known of images from one run to the next, a database of SQLite.

It is read image by image, as they are asked for, and tasks that share it wait for each other. Every row has a checksum,
since SQLite notices only a part of what spoils a file, and a date that was spoilt is worse than none.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
import time
import typing as t
from urllib.parse import quote

from .._core.errors import CacheError
from .._core.oci import Image, image_in, row_of

# What a file of SQLite says that it is for, and of which release.
_APPLICATION = 0x434F4749
_VERSION = 1
_MOST_IMAGES = 200_000
_LARGEST_FILE = 512 * 1024 * 1024
# Seconds that another task is waited for while it writes.
_PATIENCE = 10.0

_TABLE = (
    "CREATE TABLE images (digest TEXT PRIMARY KEY, image TEXT NOT NULL, checksum TEXT NOT NULL, used INTEGER NOT NULL)"
)
_COUNTED = (
    "SELECT (SELECT count(*) FROM images), (page_count - freelist_count) * page_size "
    "FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()"
)


class ImageFile:
    """The file of a cache. It is made when something is written.

    Args:
        path: of the file.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    def read(self, digest: str) -> Image | None:
        """What is known of a digest; None if nothing is, or if it is spoilt.

        Raises:
            CacheError: it can't be read.
        """
        with self._failing("read"):
            connection = self._connection or self._open()
            if connection is None:
                return None
            rows = connection.execute("SELECT image, checksum FROM images WHERE digest = ?", (digest,)).fetchall()
            whole = [image_in(json.loads(str(text))) for text, checksum in rows if _checksum(str(text)) == checksum]
            return next((image for image in whole if image and image.digest == digest), None)

    def write(self, learned: t.Iterable[Image], used: t.Iterable[str]) -> None:
        """Add images, in one step that others see as a whole or not at all, and delete those not used for longest.

        Args:
            learned: new images.
            used: digests of images that were needed.

        Raises:
            CacheError: it can't be written, and is as it was.
        """
        now = int(time.time())
        texts = {image.digest: json.dumps(row_of(image)) for image in learned}
        rows = ((digest, text, _checksum(text), now) for digest, text in texts.items())
        with self._failing("written"):
            connection = self._connection or self._open() or self._create()
            connection.execute("BEGIN IMMEDIATE")
            try:
                self._set_up(connection)
                connection.executemany("INSERT OR REPLACE INTO images VALUES (?, ?, ?, ?)", rows)
                connection.executemany(
                    "UPDATE images SET used = ? WHERE digest = ?", ((now, digest) for digest in used)
                )
                _delete_oldest(connection)
                connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Let go of the file."""
        if self._connection:
            self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection | None:
        """A connection to what is there; None if there is no file yet, or an empty one."""
        if not os.path.exists(self._path) or not os.path.getsize(self._path):
            return None
        connection = self._connect()
        self._check_kind(connection)
        return connection

    def _create(self) -> sqlite3.Connection:
        """A connection to a new file, which nobody else may read or write."""
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        return self._connect()

    def _connect(self) -> sqlite3.Connection:
        # Without uri a file that went meanwhile would be made anew.
        name = f"file:{quote(os.path.abspath(self._path))}?mode=rw"
        self._connection = sqlite3.connect(
            name, uri=True, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
        )
        return self._connection

    def _set_up(self, connection: sqlite3.Connection) -> None:
        """Make the table, unless another task did by now."""
        if _one(connection, "SELECT count(*) FROM sqlite_master"):
            self._check_kind(connection)
            return
        connection.execute(f"PRAGMA application_id = {_APPLICATION}")
        connection.execute(f"PRAGMA user_version = {_VERSION}")
        connection.execute(_TABLE)

    def _check_kind(self, connection: sqlite3.Connection) -> None:
        kind = _one(connection, "PRAGMA application_id"), _one(connection, "PRAGMA user_version")
        if kind != (_APPLICATION, _VERSION):
            raise self._foreign()

    def _foreign(self) -> CacheError:
        return CacheError(
            f"cache_path {self._path} is another kind of file, or of another release, and is not changed: give the "
            "path of a new file."
        )

    @contextlib.contextmanager
    def _failing(self, what: str) -> t.Iterator[None]:
        """Tell what went wrong. what: is done with the file."""
        try:
            yield
        except (sqlite3.Error, OSError, ValueError, RecursionError) as error:
            if "not a database" in str(error):
                raise self._foreign() from None
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise CacheError(
                f"cache_path {self._path} can't be {what} ({reason}): images are read without a cache. If this happens "
                "again, delete the file."
            ) from None


def _one(connection: sqlite3.Connection, query: str) -> t.Any:
    """The only value of an answer."""
    [(value,)] = connection.execute(query).fetchall()
    return value


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _delete_oldest(connection: sqlite3.Connection) -> None:
    """Delete what nobody used for longest, a tenth at a time, until the rest is few and small enough."""
    while True:
        [(count, size)] = connection.execute(_COUNTED).fetchall()
        if count <= _MOST_IMAGES and size <= _LARGEST_FILE:
            return
        oldest = "SELECT rowid FROM images ORDER BY used, rowid LIMIT ?"
        deleted = connection.execute(f"DELETE FROM images WHERE rowid IN ({oldest})", (max(1, count // 10),))
        if not deleted.rowcount:
            return
