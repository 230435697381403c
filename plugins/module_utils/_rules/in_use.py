# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Images that are in use somewhere, and the tags that are kept because of them. Pure.

If a reference may mean a tag, the tag is kept.
"""

from __future__ import annotations

import functools
import typing as t
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from .._core.models import CLOCK_TOLERANCE, Tag, format_time
from .._core.oci import INDEXES
from .._core.words import are, counted
from .reasons import Reason
from .references import Reference, keys_of, parse_reference, repositories_meant


class UntaggedImage(t.NamedTuple):
    """An image that is in use by its digest and that no tag leads to.

    Args:
        text: the reference as it was given.
        path: of a repository that it may mean.
        digest: of the image.
        named: whether the reference has this path as a whole.
    """

    text: str
    path: str
    digest: str
    named: bool = True


class Source(t.NamedTuple):
    """Where references come from.

    Args:
        name: what the user calls it.
        images: the references as they were given.
        failed: why they are not all there; empty if they are.
        read_at: when they were read; None if nobody says so, as of what a user states for this run.
    """

    name: str
    images: tuple[str, ...]
    failed: str = ""
    read_at: datetime | None = None


@dataclass(frozen=True)
class InUse:
    """All images that are in use.

    Args:
        references: all of them, as they were given.
        names: names of tags, by the keys of the repositories that may be meant.
        digests: of images, likewise.
        identifiers: hexadecimal digits of ids, which may be of any repository.
        sources: where the references come from; the name of those that were given without one is empty.
    """

    references: tuple[Reference, ...] = ()
    names: t.Mapping[str, frozenset[str]] = field(default_factory=dict)
    digests: t.Mapping[str, frozenset[str]] = field(default_factory=dict)
    identifiers: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()

    @property
    def by_content(self) -> bool:
        """Whether any image is in use by digest or id, so that names alone don't show what is in use."""
        return bool(self.digests or self.identifiers)

    @functools.cached_property
    def all_names(self) -> frozenset[str]:
        """The names of tags in use, whatever repository they are of."""
        return frozenset().union(*self.names.values())

    @functools.cached_property
    def identifiers_by_length(self) -> t.Mapping[int, t.Collection[str]]:
        """The ids by the number of their digits, which may be fewer than a digest has."""
        found: dict[int, set[str]] = {}
        for identifier in self.identifiers:
            found.setdefault(len(identifier), set()).add(identifier)
        return found

    def names_of(self, path: str) -> frozenset[str]:
        """The names of tags that are in use in a repository."""
        return _found(self.names, path)

    def digests_of(self, path: str) -> frozenset[str]:
        """The digests of images that are in use in a repository."""
        return _found(self.digests, path)

    def needs_details(self, path: str) -> bool:
        """Whether names alone don't show what of a repository is in use."""
        return bool(self.digests_of(path) or self.identifiers)


def _found(by_key: t.Mapping[str, frozenset[str]], path: str) -> frozenset[str]:
    return frozenset().union(*(by_key.get(key, ()) for key in keys_of(path)))


def in_use_of(images: t.Iterable[str], sources: t.Iterable[Source] = ()) -> InUse:
    """All references together.

    Args:
        images: references without a source.
        sources: the others.

    Raises:
        UsageError: for one that is none.
    """
    bare = Source("", tuple(images))
    found = tuple(each for each in (bare, *sources) if each.images)
    references = tuple(
        parse_reference(text) for text in dict.fromkeys(image for each in found for image in each.images)
    )
    names: dict[str, set[str]] = {}
    digests: dict[str, set[str]] = {}
    for reference in references:
        for key in reference.keys:
            if reference.tag:
                names.setdefault(key, set()).add(reference.tag)
            if reference.digest:
                digests.setdefault(key, set()).add(reference.digest)
    return InUse(
        references=references,
        names={key: frozenset(found) for key, found in names.items()},
        digests={key: frozenset(found) for key, found in digests.items()},
        identifiers=tuple(dict.fromkeys(reference.identifier for reference in references if reference.identifier)),
        sources=found,
    )


def missing_sources(sources: t.Sequence[Source], expected: t.Sequence[str] | int | None) -> list[str]:
    """Why it is not known what is in use.

    Args:
        sources: that were given.
        expected: the names of the sources that have to be there, or their number; None if any will do.

    Returns:
        Sentences without their ends.
    """
    found = [
        f"the source {source.name} of images in use failed: {source.failed}" for source in sources if source.failed
    ]
    found += [
        f"the source {source.name} of images in use is empty"
        for source in sources
        if not source.images and not source.failed
    ]
    names = {source.name for source in sources}
    if isinstance(expected, int):
        if len(names) < expected:
            missing = f"{counted(expected, 'source')} of images in use {are(expected)} expected"
            found.append(f"{missing}, and {len(names)} {are(len(names))} there")
        return found
    return found + [
        f"the source {name} of images in use is expected and missing" for name in expected or () if name not in names
    ]


def stale_sources(sources: t.Sequence[Source], max_age: int, clock: datetime | None) -> list[str]:
    """Why it is not known what is in use by now. What has no time is what a user states for this run.

    Args:
        sources: that were given.
        max_age: seconds since they were read.
        clock: the server's time; None if it is not known.

    Returns:
        At most one sentence without its end.
    """
    timed = sorted((source.read_at, source.name) for source in sources if source.read_at)
    if not timed:
        return []
    if clock is None:
        return ["GitLab's answers have no Date header, so the age of the images in use is unknown"]
    early = [each for each in timed if clock - each[0] > timedelta(seconds=max_age)]
    late = [each for each in timed if each[0] - clock > CLOCK_TOLERANCE]
    if not early and not late:
        return []
    found = early or late
    read_at, name = found[0]
    which = f"{len(found):,} of {counted(len(sources), 'source')}, first {name} at {format_time(read_at)}"
    if early:
        return [f"the images in use were read longer ago than in_use_max_age ({which}): find them again"]
    return [
        f"the images in use were read at a time in the future ({which}, GitLab's is {format_time(clock)}): check both "
        "clocks"
    ]


def kept_by_use(tags: t.Sequence[Tag], path: str, used: InUse) -> dict[str, Reason]:
    """The names of the tags of a repository that are kept since they are in use, or may be, with the reason.

    An index in use keeps the tags of its images, and an image in use keeps the tag of its index.
    """
    if not used.references:
        return {}
    names, digests = used.names_of(path), used.digests_of(path)
    kept = {tag.name: Reason.IN_USE for tag in tags if tag.name in names or _is_used(tag, digests, used)}
    inside = {child for tag in tags if tag.name in kept for child in tag.children}
    kept.update((tag.name, Reason.IN_USE) for tag in tags if tag.digest in inside)
    if used.needs_details(path):
        # What is the digest of an index itself is nothing inside another one.
        settled = {tag.digest for tag in tags if tag.media_type in INDEXES}
        inside_an_index = bool(digests - settled)
        kept.update(
            (tag.name, Reason.UNKNOWN_IN_USE)
            for tag in tags
            if tag.name not in kept and _may_be_used(tag, used, inside_an_index)
        )
    return kept


def _is_used(tag: Tag, digests: frozenset[str], used: InUse) -> bool:
    if not digests.isdisjoint((tag.digest, *tag.children)):
        return True
    return any(
        digits[:length] in identifiers
        for length, identifiers in used.identifiers_by_length.items()
        for digits in _known_digits(tag)
    )


def _known_digits(tag: Tag) -> list[str]:
    """The hexadecimal digits of all that an id may be of."""
    return [digest.partition(":")[2] for digest in (tag.digest, *tag.children, tag.config_digest) if digest]


def _may_be_used(tag: Tag, used: InUse, inside_an_index: bool) -> bool:
    """Whether what is not known of a tag might be what is in use."""
    index = tag.media_type in INDEXES
    if tag.digest is None or (index and not tag.children and inside_an_index):
        return True
    # The id of a multi-platform image is that of one of its images.
    return bool(used.identifiers) and (index or tag.config_digest is None)


def untagged(used: InUse, tags: t.Mapping[str, t.Sequence[Tag]]) -> list[UntaggedImage]:
    """The images in use by digest that no tag leads to. What they name is lost at the next garbage collection.

    Args:
        used: all images in use.
        tags: of the repositories that were read, by path.

    Returns:
        Each with every repository that its reference may mean.
    """
    found: list[UntaggedImage] = []
    meant = repositories_meant(used.references, tags)
    asked = {path for reference in used.references if reference.digest for path in meant[reference.text]}
    held = {path: {digest for tag in tags[path] for digest in (tag.digest, *tag.children)} for path in asked}
    for reference in used.references:
        text, paths = reference.text, meant[reference.text]
        # A tag whose digest is not known may be the image.
        if reference.digest and all(held[path].isdisjoint((None, reference.digest)) for path in paths):
            found.extend(
                UntaggedImage(text, path, digest=reference.digest, named=path in reference.paths) for path in paths
            )
    return found


# The path of a repository and the name of a tag.
_TagPlace = tuple[str, str]


def tags_in_use(used: InUse, tags: t.Mapping[str, t.Sequence[Tag]]) -> dict[str, set[_TagPlace]]:
    """The tags that each reference leads to, by its text. What is kept besides, since it may be in use, does not count.

    Args:
        used: all images in use.
        tags: of the repositories that were read, by path.
    """
    meant = repositories_meant(used.references, tags)
    named = {path for paths in meant.values() for path in paths}
    by_name = {path: {tag.name for tag in tags[path]} for path in named}
    by_digest = {path: _by_digest(tags[path]) for path in named if used.digests_of(path)}
    by_id = _by_identifier(tags, used.identifiers_by_length)
    found: dict[str, set[_TagPlace]] = {}
    for reference in used.references:
        places = found[reference.text] = set(by_id.get(str(reference.identifier), ()))
        for path in meant[reference.text]:
            if reference.tag in by_name[path]:
                places.add((path, str(reference.tag)))
            if reference.digest:
                places.update((path, name) for name in by_digest[path].get(reference.digest, ()))
    return found


def _by_digest(tags: t.Iterable[Tag]) -> dict[str, list[str]]:
    """The names of the tags that are or hold an image, by its digest."""
    found: dict[str, list[str]] = {}
    for tag in tags:
        for digest in (tag.digest, *tag.children):
            if digest:
                found.setdefault(digest, []).append(tag.name)
    return found


def _by_identifier(
    tags: t.Mapping[str, t.Sequence[Tag]], identifiers: t.Mapping[int, t.Collection[str]]
) -> dict[str, list[_TagPlace]]:
    """The tags of each id."""
    found: dict[str, list[_TagPlace]] = {}
    for path, listed in tags.items() if identifiers else ():
        for tag in listed:
            for digits in _known_digits(tag):
                for length, known in identifiers.items():
                    if digits[:length] in known:
                        found.setdefault(digits[:length], []).append((path, tag.name))
    return found
