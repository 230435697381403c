# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Giving tags to images that are in use without one, before the registry's collection of untagged manifests."""

from __future__ import annotations

import contextlib
import typing as t
from dataclasses import dataclass

from .._core.errors import JournalError, RequestError
from .._core.oci import Manifest
from .._registry.api import read_manifest
from .._registry.auth import Registry
from .._registry.promotion import TagWrite, write
from .._rules.in_use import Reference
from .journal import JournalWriter

PINNED = "in-use-"


@dataclass(frozen=True)
class Pin:
    """An image that gets a tag."""

    path: str
    naming: TagWrite

    def as_result(self) -> dict[str, t.Any]:
        return {"repository": self.path, "name": self.naming.name, "digest": self.naming.after}


@dataclass(frozen=True)
class Pins:
    """lost: references whose image the registry does not have. doubts: why of some it is not known."""

    pins: tuple[Pin, ...] = ()
    lost: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()


def pins_for(
    registry: Registry | None,
    why_none: str,
    references: t.Sequence[Reference],
    taken: t.Mapping[str, t.Collection[str]],
) -> Pins:
    """The tags that images in use get, as their digests name them: in-use- and the digest's hexadecimal digits.

    taken: the names of all tags, by the repository's path. None of them is one of these images.
    """
    if not references:
        return Pins()
    if registry is None:
        why = why_none or "it is not asked for this kind of deletion"
        return Pins(refusals=(f"pin_untagged_in_use needs the registry itself: {why}",))
    places = list(dict.fromkeys((reference.path, str(reference.digest)) for reference in references))
    found = dict(zip(places, registry.client.try_all(lambda place: read_manifest(registry, *place), places)))
    return Pins(
        tuple(
            Pin(path, TagWrite(_name(digest), manifest, None))
            for (path, digest), manifest in found.items()
            if isinstance(manifest, Manifest)
        ),
        tuple(each.text for each in references if found[each.path, str(each.digest)] is None),
        (
            *(str(error) for error in found.values() if isinstance(error, RequestError)),
            *(
                f"{path}@{digest} is in use without a tag, and {path}:{_name(digest)} is another image"
                for (path, digest), manifest in found.items()
                if isinstance(manifest, Manifest) and _name(digest) in taken.get(path, ())
            ),
        ),
    )


def _name(digest: str) -> str:
    return PINNED + digest.partition(":")[2]


def pin(registry: Registry, pins: t.Iterable[Pin], journal: JournalWriter) -> list[dict[str, t.Any]]:
    """Give the tags, each noted before and after. Tells what became of each: written, changed_since or not_written."""
    rows = []
    for each in pins:
        try:
            journal({"event": "pinning", **each.as_result()})
            [written] = write(registry, each.path, each.path, [each.naming])
            outcome, message = written.outcome, written.message
        except (RequestError, JournalError) as error:
            outcome, message = "not_written", str(error)
        rows.append({**each.as_result(), "outcome": outcome, "message": message})
        with contextlib.suppress(JournalError):
            journal({"event": "pinned", **rows[-1]})
    return rows


def diff_of(pins: t.Sequence[Pin], limit: int) -> list[dict[str, str]]:
    """The tags that are given, as Ansible shows them, at most limit of them but one at least."""
    shown = [
        {
            "before_header": f"{each.path} (in use without a tag)",
            "after_header": f"{each.path}:{each.naming.name}",
            "before": "",
            "after": f"{each.naming.name}  {each.naming.after}\n",
        }
        for each in pins[: max(1, limit)]
    ]
    hidden = len(pins) - len(shown)
    if hidden > 0:
        text = f"... and {hidden} more images in use get a tag\n"
        shown.append({"before_header": "more", "after_header": "more", "before": "", "after": text})
    return shown
