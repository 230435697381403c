# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Images that are in use somewhere: references from anywhere, and the tags that are kept because of them. Pure.

Hosts write references in many ways: by tag, by digest, by the image's id (the digest of its config), with or without
the registry's host. If a reference may mean a tag, the tag is kept.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field

from .._core.errors import UsageError
from .._core.models import TAG_NAME, Tag
from .._core.oci import INDEXES
from .reasons import Reason

_SCHEME = re.compile(r"\A(?:docker-pullable|docker|containerd|oci|cri-o)://")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)
# The shortest id that container engines show.
_ID = re.compile(r"(?:sha256:)?([0-9a-f]{12,64})", re.ASCII)
_PATH = re.compile(r"[a-z0-9]+(?:(?:[._]|__|-+|/)[a-z0-9]+)*", re.ASCII)


class Reference(t.NamedTuple):
    """A reference to an image, without the registry's host.

    Args:
        text: as it was given.
        path: of the repository; empty for a bare id.
        tag: name of the tag; None if it names none.
        digest: of the image; None if it names none.
        identifier: the hexadecimal digits of a bare id; None for all others.
    """

    text: str
    path: str = ""
    tag: str | None = None
    digest: str | None = None
    identifier: str | None = None


class Source(t.NamedTuple):
    """Where references come from.

    Args:
        name: what the user calls it.
        images: the references as they were given.
        failed: why they are not all there; empty if they are.
    """

    name: str
    images: tuple[str, ...]
    failed: str = ""


@dataclass(frozen=True)
class InUse:
    """All images that are in use.

    Args:
        references: all of them, as they were given.
        names: names of tags, by the repository's path.
        digests: of images, by the repository's path.
        identifiers: hexadecimal digits of ids, which may be of any repository.
    """

    references: tuple[Reference, ...] = ()
    names: t.Mapping[str, frozenset[str]] = field(default_factory=dict)
    digests: t.Mapping[str, frozenset[str]] = field(default_factory=dict)
    identifiers: tuple[str, ...] = ()

    @property
    def by_content(self) -> bool:
        """Whether any image is in use by digest or id, so that names alone don't show what is in use."""
        return bool(self.digests or self.identifiers)

    @property
    def all_names(self) -> frozenset[str]:
        """The names of tags in use, whatever repository they are of."""
        return frozenset().union(*self.names.values())

    def needs_details(self, path: str) -> bool:
        """Whether names alone don't show what of a repository is in use."""
        return bool(self.digests.get(path) or self.identifiers)


def parse_reference(text: str) -> Reference:
    """A reference in any of its forms.

    Raises:
        UsageError: for what is none.
    """
    bare = _SCHEME.sub("", text.strip())
    match = _ID.fullmatch(bare)
    if match:
        return Reference(text, identifier=match.group(1))
    name, _at, digest = bare.partition("@")
    first, slash, rest = name.partition("/")
    has_host = bool(slash) and ("." in first or ":" in first or first == "localhost")
    path, _colon, tag = (rest if has_host else name).partition(":")
    path = path.lower()
    valid = _PATH.fullmatch(path) and (not tag or TAG_NAME.fullmatch(tag)) and (not digest or _DIGEST.fullmatch(digest))
    if not valid or (_at and not digest) or (_colon and not tag):
        raise UsageError(
            f"in_use holds {text!r}, which is no image: write it as group/project/name:tag, with @sha256:... or "
            "as an id."
        )
    # Engines take latest where nothing else is said.
    return Reference(text, path, tag=tag or (None if digest else "latest"), digest=digest or None)


def in_use_of(images: t.Iterable[str]) -> InUse:
    """All references together.

    Raises:
        UsageError: for one that is none.
    """
    references = tuple(parse_reference(text) for text in dict.fromkeys(images))
    names: dict[str, set[str]] = {}
    digests: dict[str, set[str]] = {}
    for reference in references:
        if reference.tag:
            names.setdefault(reference.path, set()).add(reference.tag)
        if reference.digest:
            digests.setdefault(reference.path, set()).add(reference.digest)
    return InUse(
        references=references,
        names={path: frozenset(found) for path, found in names.items()},
        digests={path: frozenset(found) for path, found in digests.items()},
        identifiers=tuple(dict.fromkeys(reference.identifier for reference in references if reference.identifier)),
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
        f"the source {source.name} of what is in use failed: {source.failed}" for source in sources if source.failed
    ]
    found += [
        f"the source {source.name} of what is in use is empty"
        for source in sources
        if not source.images and not source.failed
    ]
    if isinstance(expected, int):
        if len(sources) < expected:
            found.append(f"{expected} sources of what is in use are expected, and {len(sources)} are there")
        return found
    names = {source.name for source in sources}
    return found + [
        f"the source {name} of what is in use is expected, and not there"
        for name in expected or ()
        if name not in names
    ]


def kept_by_use(tags: t.Sequence[Tag], path: str, used: InUse) -> dict[str, Reason]:
    """The names of the tags of a repository that are kept since they are in use, or may be, with the reason.

    An index in use keeps the tags of its images, and an image in use keeps the tag of its index.
    """
    if not used.references:
        return {}
    names, digests = used.names.get(path, frozenset()), used.digests.get(path, frozenset())
    kept = {tag.name: Reason.IN_USE for tag in tags if tag.name in names or _is_used(tag, digests, used.identifiers)}
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


def _is_used(tag: Tag, digests: t.Collection[str], identifiers: t.Sequence[str]) -> bool:
    own = {digest for digest in (tag.digest, *tag.children) if digest}
    if own & set(digests):
        return True
    known = [digest.partition(":")[2] for digest in (*own, tag.config_digest) if digest]
    return any(digits.startswith(identifier) for digits in known for identifier in identifiers)


def _may_be_used(tag: Tag, used: InUse, inside_an_index: bool) -> bool:
    """Whether what is not known of a tag might be what is in use."""
    index = tag.media_type in INDEXES
    if tag.digest is None or (index and not tag.children and inside_an_index):
        return True
    # The id of an image for several platforms is that of one of its images.
    return bool(used.identifiers) and (index or tag.config_digest is None)


def untagged(used: InUse, tags: t.Mapping[str, t.Sequence[Tag]]) -> list[Reference]:
    """The references by digest that no tag leads to. What they name is lost at the next garbage collection.

    Args:
        used: all images in use.
        tags: of the repositories that were read, by path.
    """
    found = []
    for reference in used.references:
        if reference.digest and reference.path in tags:
            known = {digest for tag in tags[reference.path] for digest in (tag.digest, *tag.children)}
            if reference.digest not in known and all(tag.digest for tag in tags[reference.path]):
                found.append(reference)
    return found
