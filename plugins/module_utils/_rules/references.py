# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""References to images, in all the ways that hosts write them. Pure.

By tag, by digest, by the image's id (the digest of its config), with or without the registry's host, by way of a mirror
that puts its own host and path before it.
"""

from __future__ import annotations

import re
import typing as t

from .._core.errors import UsageError
from .._core.models import TAG_NAME

_SCHEME = re.compile(r"\A[a-z][a-z0-9+.-]*://", re.ASCII | re.IGNORECASE)
# https://github.com/distribution/reference: the grammar of a reference.
_DIGEST = re.compile(r"[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-f]{32,}", re.ASCII)
_COMPONENT = re.compile(r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*", re.ASCII)
_HOST = re.compile(r"(?:\[[0-9a-z:.%_-]+\]|[a-z0-9_][a-z0-9._-]*)(?::[0-9]+)?", re.ASCII)
# The shortest id that container engines show.
_ID = re.compile(r"(?:sha256:)?([0-9a-f]{12,64})", re.ASCII)
# Where engines look for a name without a path.
_DOCKER_HUB = "library"


class Reference(t.NamedTuple):
    """A reference to an image.

    Args:
        text: as it was given.
        paths: of all repositories that it may mean, the longest path first; none for a bare id.
        ends: what the path of a repository may end with, if the groups before it are left out.
        tag: name of the tag; None if it names none.
        digest: of the image; None if it names none.
        identifier: the hexadecimal digits of a bare id; None for all others.
    """

    text: str
    paths: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    tag: str | None = None
    digest: str | None = None
    identifier: str | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """What finds it, by the keys of the repositories that it may mean."""
        return (*self.paths, *(f"/{end}" for end in self.ends))


def keys_of(path: str) -> tuple[str, ...]:
    """What the references have of which one may mean a repository: its path, and each end of that behind a slash."""
    parts = path.split("/")
    return (path, *(f"/{'/'.join(parts[start:])}" for start in range(1, len(parts))))


def repositories_meant(references: t.Iterable[Reference], paths: t.Iterable[str]) -> dict[str, list[str]]:
    """The repositories that each reference may mean, by its text.

    Args:
        references: to images.
        paths: of the repositories there are.
    """
    by_key: dict[str, list[str]] = {}
    for path in paths:
        for key in keys_of(path):
            by_key.setdefault(key, []).append(path)
    return {
        each.text: list(dict.fromkeys(path for key in each.keys for path in by_key.get(key, ()))) for each in references
    }


def parse_reference(text: str) -> Reference:
    """A reference in any of its forms.

    Raises:
        UsageError: for what is none.
    """
    bare = _SCHEME.sub("", text.strip())
    match = _ID.fullmatch(bare.lower())
    if match:
        return Reference(text, identifier=match.group(1))
    name, at, digest = bare.partition("@")
    # A colon before the last slash is a port.
    above, slash, last = name.rpartition("/")
    last, colon, tag = last.partition(":")
    digest, components = digest.lower(), f"{above}{slash}{last}".lower().split("/")
    paths = _readings(components)
    valid = paths and (not tag or TAG_NAME.fullmatch(tag)) and (not digest or _DIGEST.fullmatch(digest))
    if not valid or (at and not digest) or (colon and not tag):
        raise UsageError(
            f"in_use holds {text!r}, which is not an image: write it as group/project/name:tag, with @sha256:... or "
            "as an id."
        )
    # Engines take latest where nothing else is said.
    return Reference(
        text, paths, ends=_ends(components), tag=tag or (None if digest else "latest"), digest=digest or None
    )


def _ends(components: t.Sequence[str]) -> tuple[str, ...]:
    """What may be the end of a path: the name as a whole, and without its first part if that looks like a host."""
    first, *others = components
    whole = [components] if _COMPONENT.fullmatch(first) else []
    bare = [others] if others and ("." in first or not whole or first == "localhost") else []
    return tuple("/".join(parts) for parts in (*whole, *bare))


def _readings(components: t.Sequence[str]) -> tuple[str, ...]:
    """The paths that a name may mean, the longest first; none if it is no name.

    What comes first may be a host or a group, even acme.io. A mirror puts its host and any path of its own before it,
    and Docker Hub is asked for names without a path in its own.
    """
    first, *others = components
    first_is_path = _COMPONENT.fullmatch(first) is not None
    if not all(map(_COMPONENT.fullmatch, others)) or not (first_is_path or (others and _HOST.fullmatch(first))):
        return ()
    parts = components if first_is_path else others
    suffixes = ["/".join(parts[start:]) for start in range(len(parts))]
    return (*suffixes, f"{_DOCKER_HUB}/{suffixes[-1]}")
