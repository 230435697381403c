# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Giving images names without pulling them: in their own repository, or in another one of the same registry."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._core.errors import ErrorKind, RequestError
from .._core.models import SIGNATURE
from .._core.oci import Manifest
from .api import (
    copy_image,
    current_digest,
    put_manifest,
    read_manifest,
    tag_names,
)
from .auth import SERVICE, Registry


@dataclass(frozen=True)
class TagWrite:
    """A tag that is to be an image. before: the digest it has now, None where there is no such tag.

    signature: it belongs to the image and came along.
    """

    name: str
    image: Manifest
    before: str | None
    signature: bool = False

    @property
    def after(self) -> str:
        return self.image.digest

    @property
    def changes(self) -> bool:
        return self.before != self.after

    @property
    def overwrites(self) -> bool:
        return self.before is not None and self.changes


@dataclass(frozen=True)
class TagWriteResult:
    """What became of a naming: written, changed_since, not_written or not_tried, and why where that is not plain."""

    naming: TagWrite
    outcome: str
    message: str = ""


def source_image(registry: Registry, path: str, source: str) -> Manifest:
    """The image to give names to, by tag or digest. Raises RequestError where it is not there."""
    found = read_manifest(registry, path, source)
    if found:
        return found
    by_digest = ":" in source
    raise RequestError(
        ErrorKind.NOT_FOUND,
        "the registry holds no such image" + (" any more" if by_digest else ""),
        operation=f"read {path}{'@' if by_digest else ':'}{source} in the registry",
        service=SERVICE,
        advice=(
            "An image without a tag is there until the registry's garbage collection takes it."
            if by_digest
            else "Its path and the tag have to be those in the registry, in lower case."
        ),
    )


def referrers_of(registry: Registry, path: str, image: Manifest) -> dict[str, Manifest]:
    """The signatures, attestations and lists of materials of an image and of what it holds, by their tags' names."""
    owners = {digest.replace(":", "-") for digest in (image.digest, *(child.digest for child in image.children))}
    names = [name for name in tag_names(registry, path) or [] if SIGNATURE.fullmatch(name)]
    own = sorted(name for name in names if name.partition(".")[0] in owners)
    return {name: source_image(registry, path, name) for name in own}


def plan_tag_writes(
    registry: Registry, path: str, names: t.Sequence[str], image: Manifest, along: t.Mapping[str, Manifest]
) -> list[TagWrite]:
    """What is to be named what in a repository, with what the names stand for now. along: companions by name."""
    wanted = [*((name, found, True) for name, found in along.items()), *((name, image, False) for name in names)]
    befores = registry.client.parallel(lambda name: current_digest(registry, path, name), [row[0] for row in wanted])
    return [TagWrite(name, found, before, mark) for (name, found, mark), before in zip(wanted, befores)]


def write(registry: Registry, source: str, target: str, changes: t.Sequence[TagWrite]) -> list[TagWriteResult]:
    """Bring the images over and name them, companions before their image. Raises nothing.

    A name that is another image by now than it was is left alone. What fails ends it, and so does a companion that was
    left alone: an image is never named without what belongs to it.
    """
    written: list[TagWriteResult] = []
    copied: set[str] = set()
    for position, naming in enumerate(changes):
        try:
            if source != target and naming.after not in copied:
                copy_image(registry, source, naming.image, target)
                copied.add(naming.after)
            written.append(_name(registry, target, naming))
        except RequestError as error:
            written.append(TagWriteResult(naming, "not_written", str(error)))
        outcome = written[-1].outcome
        if outcome == "not_written" or (outcome != "written" and naming.signature):
            return written + _not_tried(changes[position + 1 :])
    return written


def _name(registry: Registry, target: str, naming: TagWrite) -> TagWriteResult:
    """Give an image its name, unless the name is another image by now. Raises RequestError.

    After an answer that was lost, or that only asks for patience, the name is looked at before it is given again.
    """
    for attempts_left in registry.client.retry_loop():
        now = current_digest(registry, target, naming.name)
        if now not in (naming.before, naming.after):
            return TagWriteResult(naming, "changed_since", f"it is {now} by now" if now else "it is gone by now")
        if now == naming.after:
            break
        try:
            put_manifest(registry, target, naming.image, naming.name)
        except RequestError as error:
            if not attempts_left or not error.kind.is_transient:
                raise
        else:
            break
    return _proven(registry, target, naming)


def _not_tried(left: t.Sequence[TagWrite]) -> list[TagWriteResult]:
    return [TagWriteResult(naming, "not_tried", "an earlier one could not be written") for naming in left]


def _proven(registry: Registry, target: str, naming: TagWrite) -> TagWriteResult:
    now = current_digest(registry, target, naming.name)
    if now == naming.after:
        return TagWriteResult(naming, "written")
    return TagWriteResult(naming, "not_written", f"the registry took it, and shows {now or 'no such tag'} afterwards")
