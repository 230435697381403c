# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Giving images tags without pulling them: in their own repository, or in another one of the same registry."""

from __future__ import annotations

import typing as t

from .._core.errors import ErrorKind, RequestError
from .._core.models import SIGNATURE
from .._core.oci import Manifest
from .._core.tag_writes import TagWrite, TagWriteResult, WriteOutcome
from .api import current_digest, not_found, put_manifest, read_manifest, tag_names
from .auth import Registry
from .image_copy import copy_image, image_contents


def source_image(registry: Registry, path: str, source: str) -> Manifest:
    """The image that gets tags, by tag or digest.

    Raises:
        RequestError: it is not there.
    """
    found = read_manifest(registry, path, source)
    if found:
        return found
    if ":" in source:
        message = "the registry no longer has this image"
        advice = "An image without a tag exists until the registry's garbage collection removes it."
    else:
        message = "the registry does not have this image"
        advice = "Check the path and the tag; paths are in lower case."
    raise not_found(path, source, message, advice)


def referrers_of(registry: Registry, path: str, image: Manifest) -> dict[str, Manifest]:
    """The signatures, attestations and SBOMs of an image, of what it holds and of each other, by their tags' names.

    Each comes after what it belongs to.
    """
    named: dict[str, list[str]] = {}
    for name in tag_names(registry, path) or []:
        if SIGNATURE.fullmatch(name):
            named.setdefault(name.partition(".")[0], []).append(name)
    found: dict[str, Manifest] = {}
    owners = {image.digest, *(child.digest for child in image.children)}
    while owners:
        prefixes = {digest.replace(":", "-") for digest in owners}
        new = sorted(name for prefix in prefixes for name in named.pop(prefix, ()))
        found.update((name, source_image(registry, path, name)) for name in new)
        owners = {found[name].digest for name in new}
    return found


def read_tag_writes(
    registry: Registry, path: str, names: t.Sequence[str], image: Manifest, referrers: t.Mapping[str, Manifest]
) -> list[TagWrite]:
    """The tags that are to be written in a repository, referrers first, with what they are now.

    Args:
        registry: which one.
        path: of the repository.
        names: the tags that the image gets.
        image: what they are to be.
        referrers: its referrers, by the names of their tags.

    Raises:
        RequestError: a tag can't be read.
    """
    wanted = [TagWrite(name, referrer, is_referrer=True) for name, referrer in referrers.items()]
    wanted += [TagWrite(name, image) for name in names]
    digests = registry.client.parallel(lambda each: current_digest(registry, path, each.name), wanted)
    return [each._replace(before=digest) for each, digest in zip(wanted, digests)]


def with_contents(registry: Registry, source: str, writes: t.Sequence[TagWrite]) -> list[TagWrite]:
    """The tags, where those that are to be written have what their images are made of.

    Args:
        registry: which one.
        source: path of the repository that holds the images.
        writes: the tags.

    Raises:
        RequestError: an image is not whole, or can't be read.
    """
    images = {write.after: write.image for write in writes if write.changes}
    contents = {digest: image_contents(registry, source, image) for digest, image in images.items()}
    return [write._replace(contents=contents.get(write.after)) for write in writes]


def missing_subjects(registry: Registry, target: str, writes: t.Sequence[TagWrite]) -> list[tuple[str, str]]:
    """The names of tags whose images have a subject that the registry will miss, with its digest.

    The registry takes an image that names a subject only if the subject is in the repository.

    Args:
        registry: which one.
        target: path of the repository that gets the tags.
        writes: the tags.

    Raises:
        RequestError: it can't be found out.
    """
    brought = {write.after for write in writes}
    brought |= {manifest.digest for write in writes if write.contents for manifest in write.contents.manifests}
    needed = [
        (write.name, write.image.subject)
        for write in writes
        if write.changes and write.image.subject and write.image.subject not in brought
    ]
    there = {subject: current_digest(registry, target, subject) for _name, subject in needed}
    return [(name, subject) for name, subject in needed if there[subject] is None]


def write_tags(registry: Registry, source: str, target: str, changes: t.Sequence[TagWrite]) -> list[TagWriteResult]:
    """Bring the images over and write their tags: the image by its digest, then its referrers, then its names.

    A tag that is another image now than it was is left alone. A failure ends it, and so does a referrer that was
    left alone: an image gets no name without what belongs to it. A failure is a result as well, and no exception.

    Args:
        registry: which one.
        source: path of the repository that holds the images.
        target: path of the repository that gets the tags.
        changes: the tags, in their order.

    Returns:
        A result for each change, in the same order.
    """
    results: list[TagWriteResult] = []
    copied: set[str] = set()
    named = [change for change in changes if not change.is_referrer]
    for position, change in enumerate(changes):
        try:
            # A referrer may name the image as its subject, without which the registry does not take it.
            for image in named[:1] if change.is_referrer else []:
                _copy_once(registry, source, target, image, copied, by_digest=True)
            _copy_once(registry, source, target, change, copied)
            result = write_tag(registry, target, change)
        except RequestError as error:
            result = TagWriteResult(change, WriteOutcome.NOT_WRITTEN, message=str(error))
        results.append(result)
        written = result.outcome is WriteOutcome.WRITTEN
        failed = result.outcome in (WriteOutcome.NOT_WRITTEN, WriteOutcome.NOT_TRIED)
        if failed or (change.is_referrer and not written):
            return results + [_not_tried(left) for left in changes[position + 1 :]]
    return results


def _copy_once(
    registry: Registry, source: str, target: str, change: TagWrite, copied: set[str], *, by_digest: bool = False
) -> None:
    """Bring the contents of an image over, if that is still to be done. by_digest: the image itself as well."""
    if change.contents is None or change.after in copied:
        return
    copy_image(registry, source, change.contents, target)
    if by_digest:
        put_manifest(registry, target, change.image, change.after)
    copied.add(change.after)


def write_tag(registry: Registry, target: str, change: TagWrite) -> TagWriteResult:
    """Write a tag, unless it is another image now.

    After an answer that was lost, or that only asks for patience, the tag is read before it is written again.

    Returns:
        What became of it. A failure is a result as well, and no exception.
    """
    sent = 0
    try:
        for attempts_left in registry.client.retry_loop():
            now = current_digest(registry, target, change.name, absent=change.before is None)
            if now not in (change.before, change.after):
                message = f"it points to {now} now" if now else "it no longer exists"
                return TagWriteResult(change, WriteOutcome.CHANGED_SINCE, message=message)
            if now == change.after:
                break
            sent += 1
            try:
                put_manifest(registry, target, change.image, change.name)
            except RequestError as error:
                if not attempts_left or not error.kind.is_transient:
                    raise
            else:
                return _verified(registry, target, change)
    except RequestError as error:
        stopped = not sent and error.kind is ErrorKind.STOPPED
        outcome = WriteOutcome.NOT_TRIED if stopped else WriteOutcome.NOT_WRITTEN
        changed = sent > 1 or (sent > 0 and error.kind.effect_unknown)
        return TagWriteResult(change, outcome, message=str(error), changed=changed)
    return TagWriteResult(change, WriteOutcome.WRITTEN, changed=sent > 0)


def _verified(registry: Registry, target: str, change: TagWrite) -> TagWriteResult:
    """What became of a tag that the registry took."""
    try:
        now = current_digest(registry, target, change.name)
    except RequestError as error:
        return TagWriteResult(change, WriteOutcome.UNVERIFIED, message=str(error), changed=True)
    if now == change.after:
        return TagWriteResult(change, WriteOutcome.WRITTEN, changed=True)
    message = f"the registry accepted it, and shows {now or 'no such tag'} afterwards"
    return TagWriteResult(change, WriteOutcome.NOT_WRITTEN, message=message, changed=True)


def _not_tried(change: TagWrite) -> TagWriteResult:
    return TagWriteResult(change, WriteOutcome.NOT_TRIED, message="an earlier one could not be written")
