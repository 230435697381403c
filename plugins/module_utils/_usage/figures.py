# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""How much a repository, a project or all of them hold, how old it is, and what a plan frees. Pure.

Whatever is not known is None, and never 0.
"""

from __future__ import annotations

import enum
import typing as t
from datetime import datetime

from .._core.models import format_time, known_sum
from .ages import AGES, age_bucket, by_age

_Blobs = t.Mapping[str, int]

_NOTHING = (0,) * len(AGES)


class BytesMethod(enum.Enum):
    """Where a number of bytes comes from.

    GitLab's own number counts a layer once. Layers were read and counted once. Else the sizes of images are added,
    which counts layers that they share more than once.
    """

    GITLAB = "gitlab"
    LAYERS = "layers"
    ESTIMATED = "estimated"
    UNKNOWN = "unknown"


class CountedTag(t.NamedTuple):
    """What numbers need of a tag.

    Args:
        digest: of its image; None is unknown.
        size: bytes of its image; None is unknown, and so is 0.
        date: that its age is judged by; None is unknown.
        delete: whether a plan deletes it.
        is_index: whether its image is a multi-platform one, so that its size counts the layers of each.
    """

    digest: str | None
    size: int | None = None
    date: datetime | None = None
    delete: bool = False
    is_index: bool = False


class RepositoryBlobs(t.NamedTuple):
    """The blobs of a repository by digest, with their bytes.

    Args:
        kept: those of images with a tag that is kept.
        deleted: those of all other images.
    """

    kept: _Blobs
    deleted: _Blobs


class FreedBytes(t.NamedTuple):
    """How many bytes a plan frees after garbage collection, at least and at most; None is unknown."""

    least: int | None
    most: int | None


_UNPLANNED = FreedBytes(None, None)


class Figures(t.NamedTuple):
    """The numbers of a repository, of a project or of all of them; None is unknown.

    Args:
        tags: number of tags.
        bytes: of all images.
        bytes_method: where the bytes come from.
        oldest_tag_at: the oldest date of a tag.
        newest_tag_at: the newest date of a tag.
        tags_by_age: number of tags in the order of AGES.
        bytes_by_age: bytes of the images in the order of AGES, each image once, by its newest tag.
        delete: number of tags that the plan deletes; None without a plan.
        keep: number of tags that the plan keeps; None without a plan.
        freed: bytes that the plan frees; both None without a plan.
    """

    tags: int | None = None
    bytes: int | None = None
    bytes_method: BytesMethod = BytesMethod.UNKNOWN
    oldest_tag_at: datetime | None = None
    newest_tag_at: datetime | None = None
    tags_by_age: tuple[int, ...] | None = None
    bytes_by_age: tuple[int | None, ...] | None = None
    delete: int | None = None
    keep: int | None = None
    freed: FreedBytes = _UNPLANNED

    def as_result(self) -> dict[str, t.Any]:
        """The numbers besides that of tags, as they are returned and written."""
        return {
            "bytes": self.bytes,
            "bytes_method": self.bytes_method.value,
            "oldest_tag_at": format_time(self.oldest_tag_at),
            "newest_tag_at": format_time(self.newest_tag_at),
            "tags_by_age": by_age(self.tags_by_age),
            "bytes_by_age": by_age(self.bytes_by_age),
            "delete": self.delete,
            "keep": self.keep,
            "freed_least": self.freed.least,
            "freed_most": self.freed.most,
        }


class _Image(t.NamedTuple):
    """An image with what is known of it by all its tags.

    Args:
        size: bytes; None is unknown.
        date: of its newest tag.
        kept: whether one of its tags is.
        is_index: whether it is a multi-platform one.
    """

    size: int | None
    date: datetime | None
    kept: bool
    is_index: bool


def repository_figures(
    tags: t.Sequence[CountedTag],
    *,
    clock: datetime | None,
    size: int | None,
    blobs: RepositoryBlobs | None = None,
    planned: bool = False,
) -> Figures:
    """The numbers of a repository of which all tags were read.

    Args:
        tags: all tags.
        clock: the server's time.
        size: GitLab's number of bytes of the repository; None is unknown, and so is 0 if there are tags.
        blobs: of all images; None if those of one are not known.
        planned: whether a plan decides about the tags.
    """
    images = _images(tags)
    size = (size or None) if tags else size
    dates = [tag.date for tag in tags if tag.date]
    total, method = _bytes(images, size, blobs)
    deletions = sum(tag.delete for tag in tags)
    return Figures(
        tags=len(tags),
        bytes=total,
        bytes_method=method,
        oldest_tag_at=min(dates, default=None),
        newest_tag_at=max(dates, default=None),
        tags_by_age=_tags_by_age(tags, clock),
        bytes_by_age=_bytes_by_age(images, clock),
        delete=deletions if planned else None,
        keep=len(tags) - deletions if planned else None,
        freed=_freed(images, size, blobs) if planned else _UNPLANNED,
    )


def _images(tags: t.Iterable[CountedTag]) -> list[_Image]:
    """The images of tags, each digest once. A tag without a digest counts as an image of its own of unknown size."""
    known: dict[str, _Image] = {}
    others = []
    for tag in tags:
        size = (tag.size or None) if tag.digest else None
        image = _Image(size=size, date=tag.date, kept=not tag.delete, is_index=tag.is_index)
        if not tag.digest:
            others.append(image)
            continue
        before = known.get(tag.digest, image)
        known[tag.digest] = _Image(
            size=image.size if before.size is None else before.size,
            date=max(filter(None, (before.date, image.date)), default=None),
            kept=before.kept or image.kept,
            is_index=before.is_index or image.is_index,
        )
    return [*known.values(), *others]


def _bytes(
    images: t.Sequence[_Image], size: int | None, blobs: RepositoryBlobs | None
) -> tuple[int | None, BytesMethod]:
    if blobs is not None:
        return sum({**blobs.kept, **blobs.deleted}.values()), BytesMethod.LAYERS
    if size is not None:
        return size, BytesMethod.GITLAB
    total = known_sum(image.size for image in images)
    return total, BytesMethod.UNKNOWN if total is None else BytesMethod.ESTIMATED


def _tags_by_age(tags: t.Sequence[CountedTag], clock: datetime | None) -> tuple[int, ...]:
    found = [age_bucket(tag.date, clock) for tag in tags]
    return tuple(found.count(age) for age in AGES)


def _bytes_by_age(images: t.Sequence[_Image], clock: datetime | None) -> tuple[int | None, ...]:
    found = [(age_bucket(image.date, clock), image.size) for image in images]
    return tuple(known_sum(size for age, size in found if age is wanted) for wanted in AGES)


def _freed(images: t.Sequence[_Image], size: int | None, blobs: RepositoryBlobs | None) -> FreedBytes:
    """What deleting frees.

    Without the layers it is known of an image how large it is, and of the repository how large it is if what images
    share counts once. So at least what kept images can't hold is freed, and at most what deleted images hold and what
    the largest kept image leaves.
    """
    deleted = [image.size for image in images if not image.kept]
    kept = [image.size for image in images if image.kept]
    if not deleted:
        return FreedBytes(0, 0)
    if blobs is not None:
        exact = sum(number for digest, number in blobs.deleted.items() if digest not in blobs.kept)
        return FreedBytes(exact, exact)
    largest = max((image.size or 0 for image in images if image.kept and not image.is_index), default=0)
    limits = [known_sum(deleted), None if size is None else max(0, size - largest)]
    most = min((number for number in limits if number is not None), default=None)
    held = known_sum(kept)
    least = None if size is None or held is None else max(0, size - held)
    # Numbers that were read one after the other need not fit.
    return FreedBytes(least if least is None or most is None else min(least, most), most)


def combined_figures(parts: t.Sequence[Figures], blobs: t.Sequence[RepositoryBlobs | None] = ()) -> Figures:
    """The numbers of several repositories together.

    Args:
        parts: the numbers of each.
        blobs: of each. What those that are known share counts once; all others are added to that, so that what these
            share counts more than once.
    """
    known = [each for each in blobs if each is not None]
    if not known:
        return _added(parts)
    others = [part for part, each in zip(parts, blobs) if each is None]
    kept = {digest: number for each in known for digest, number in each.kept.items()}
    deleted = {digest: number for each in known for digest, number in each.deleted.items()}
    freed = sum(number for digest, number in deleted.items() if digest not in kept)
    planned = any(part.delete is not None for part in parts)
    return _added(parts)._replace(
        bytes=known_sum([sum({**kept, **deleted}.values()), *(part.bytes for part in others)]),
        bytes_method=_least_exact([BytesMethod.LAYERS, *(part.bytes_method for part in others)]),
        freed=_added_freed([FreedBytes(freed, freed), *(part.freed for part in others)]) if planned else _UNPLANNED,
    )


def _added(parts: t.Sequence[Figures]) -> Figures:
    return Figures(
        tags=known_sum(part.tags for part in parts),
        bytes=known_sum(part.bytes for part in parts),
        bytes_method=_least_exact([part.bytes_method for part in parts]),
        oldest_tag_at=min(filter(None, (part.oldest_tag_at for part in parts)), default=None),
        newest_tag_at=max(filter(None, (part.newest_tag_at for part in parts)), default=None),
        tags_by_age=_sums([part.tags_by_age for part in parts]),
        bytes_by_age=_known_sums([part.bytes_by_age for part in parts]),
        delete=known_sum(part.delete for part in parts),
        keep=known_sum(part.keep for part in parts),
        freed=_added_freed([part.freed for part in parts]),
    )


def _added_freed(bounds: t.Sequence[FreedBytes]) -> FreedBytes:
    return FreedBytes(known_sum(each.least for each in bounds), known_sum(each.most for each in bounds))


def _least_exact(methods: t.Collection[BytesMethod]) -> BytesMethod:
    order = (BytesMethod.UNKNOWN, BytesMethod.ESTIMATED, BytesMethod.GITLAB, BytesMethod.LAYERS)
    return next((method for method in order if method in methods), BytesMethod.ESTIMATED)


def _sums(columns: t.Sequence[tuple[int, ...] | None]) -> tuple[int, ...] | None:
    known = [column for column in columns if column is not None]
    return tuple(map(sum, zip(_NOTHING, *known))) if len(known) == len(columns) else None


def _known_sums(columns: t.Sequence[tuple[int | None, ...] | None]) -> tuple[int | None, ...] | None:
    known = [column for column in columns if column is not None]
    return tuple(map(known_sum, zip(_NOTHING, *known))) if len(known) == len(columns) else None


def repository_blobs(tags: t.Iterable[CountedTag], images: t.Mapping[str, _Blobs | None]) -> RepositoryBlobs | None:
    """The blobs of a repository.

    Args:
        tags: all tags.
        images: the blobs of each image by its digest, all that an index holds included.

    Returns:
        The blobs; None if those of one image are not known.
    """
    kept: dict[str, int] = {}
    deleted: dict[str, int] = {}
    for tag in tags:
        blobs = images.get(tag.digest) if tag.digest else None
        if blobs is None:
            return None
        (deleted if tag.delete else kept).update(blobs)
    return RepositoryBlobs(kept, deleted)
