# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Which images that are in use without a tag get one, and how that is shown. Pure."""

from __future__ import annotations

import typing as t

from .._core.diffs import diff_part, hidden_part
from .._core.errors import RequestError
from .._core.oci import Manifest
from .._core.tag_writes import WriteOutcome
from .._core.words import counted
from .._rules.in_use import UntaggedImage

PREFIX = "in-use-"

# What the registry has under a repository's path and a digest: None for nothing.
Manifests = t.Mapping[tuple[str, str], t.Union[Manifest, RequestError, None]]


class Pin(t.NamedTuple):
    """An image that gets a tag.

    Args:
        path: of its repository.
        manifest: of the image.
    """

    path: str
    manifest: Manifest

    @property
    def name(self) -> str:
        return _pin_name(self.manifest.digest)

    def as_result(self) -> dict[str, t.Any]:
        return {"repository": self.path, "name": self.name, "digest": self.manifest.digest}


class PinResult(t.NamedTuple):
    """What became of an image that was to get a tag, and why where that is not plain."""

    pin: Pin
    outcome: WriteOutcome
    message: str = ""

    def as_result(self) -> dict[str, t.Any]:
        return {**self.pin.as_result(), "outcome": self.outcome.value, "message": self.message}


class Pins(t.NamedTuple):
    """The tags that images in use get, and what stands against it.

    Args:
        pins: the images that get a tag.
        lost: references to images that the registry does not have, as they were given.
        refusals: why it is not known of some images, or a tag can't be given, one sentence each without its full stop.
    """

    pins: tuple[Pin, ...] = ()
    lost: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()


def _pin_name(digest: str) -> str:
    """The tag of an image: in-use- and the hexadecimal digits of its digest."""
    return PREFIX + digest.partition(":")[2]


def planned_pins(
    untagged: t.Sequence[UntaggedImage], manifests: Manifests | None, taken: t.Mapping[str, t.Collection[str]], why: str
) -> Pins:
    """The tags that images in use get.

    Args:
        untagged: images in use by digest that no tag leads to.
        manifests: what the registry has of them; None where it could not be asked.
        taken: the names of all tags, by the path of every repository that is referred to. None is one of these images.
        why: the reason where the registry could not be asked.
    """
    if not untagged:
        return Pins()
    if manifests is None:
        return Pins(refusals=(f"pin_untagged_in_use needs the registry itself: {why}",))
    by_reference: dict[str, list[UntaggedImage]] = {}
    for each in untagged:
        by_reference.setdefault(each.text, []).append(each)
    found = {place: manifest for place, manifest in manifests.items() if isinstance(manifest, Manifest)}
    return Pins(
        pins=tuple(Pin(path, manifest) for (path, _digest), manifest in found.items()),
        lost=tuple(text for text, images in by_reference.items() if _is_lost(images, manifests)),
        refusals=(
            *(str(error) for error in manifests.values() if isinstance(error, RequestError)),
            *(
                f"{path}@{digest} is in use without a tag, and {path}:{_pin_name(digest)} is another image"
                for path, digest in found
                if _pin_name(digest) in taken[path]
            ),
        ),
    )


def _is_lost(images: t.Sequence[UntaggedImage], manifests: Manifests) -> bool:
    """Whether the registry has an image nowhere, of a reference that names one of these repositories."""
    return any(each.named for each in images) and all(manifests[each.path, each.digest] is None for each in images)


def pins_diff(pins: t.Sequence[Pin], limit: int) -> list[dict[str, str]]:
    """The tags that are given, as Ansible shows them, at most limit of them but one at least."""
    shown = [
        diff_part(
            f"{each.path} (in use without a tag)",
            after_header=f"{each.path}:{each.name}",
            after=f"{each.name}  {each.manifest.digest}\n",
        )
        for each in pins[: max(1, limit)]
    ]
    hidden = len(pins) - len(shown)
    if hidden > 0:
        shown.append(hidden_part(after=counted(hidden, "more image in use gets a tag", "more images in use get a tag")))
    return shown
