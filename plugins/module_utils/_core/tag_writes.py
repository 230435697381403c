# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Tags that are written, and what became of them."""

from __future__ import annotations

import enum
import typing as t

from .oci import ImageContents, Manifest


class TagWrite(t.NamedTuple):
    """A tag that is to be an image.

    Args:
        name: of the tag.
        image: the manifest that it is to be.
        before: the digest that the tag has now; None if there is no such tag.
        is_referrer: the image is a referrer, which is written because its subject is.
        contents: what has to be brought to the repository with the image; None if the image is there.
    """

    name: str
    image: Manifest
    before: str | None = None
    is_referrer: bool = False
    contents: ImageContents | None = None

    @property
    def after(self) -> str:
        """The digest that the tag is to have."""
        return self.image.digest

    @property
    def changes(self) -> bool:
        """Whether it has to be written."""
        return self.before != self.after

    @property
    def overwrites(self) -> bool:
        """Whether it is another image now."""
        return self.before is not None and self.changes


class WriteOutcome(enum.Enum):
    """What became of a tag that was to be written.

    WRITTEN: It is that image, and a look at it proves it.
    UNVERIFIED: The registry took it, and could not be asked for it afterwards.
    CHANGED_SINCE: It is another image now, and was left.
    NOT_WRITTEN: It was refused, or its answer was lost.
    NOT_TRIED: Nothing was sent.
    """

    WRITTEN = "written"
    UNVERIFIED = "unverified"
    CHANGED_SINCE = "changed_since"
    NOT_WRITTEN = "not_written"
    NOT_TRIED = "not_tried"


class TagWriteResult(t.NamedTuple):
    """What became of a tag.

    Args:
        tag_write: what was to be done.
        outcome: what became of it.
        message: why, if that is not plain.
        changed: whether a request wrote it, or may have.
    """

    tag_write: TagWrite
    outcome: WriteOutcome
    message: str = ""
    changed: bool = False
