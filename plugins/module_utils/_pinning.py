# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Giving tags to images that are in use without one, before the registry's collection of untagged manifests."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ._distribution import read_manifest
from ._errors import RegistryError
from ._images import Manifest
from ._in_use import Reference
from ._journal import Tell
from ._promotion import Naming, write
from ._registry_session import Registry

PINNED = "in-use-"


@dataclass(frozen=True)
class Pin:
    """An image that gets a tag."""

    path: str
    naming: Naming

    def as_result(self) -> dict[str, t.Any]:
        return {"repository": self.path, "name": self.naming.name, "digest": self.naming.after}


@dataclass(frozen=True)
class Pins:
    """lost: references whose image the registry does not have. doubts: why of some it is not known."""

    pins: tuple[Pin, ...] = ()
    lost: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


def pins_for(registry: Registry | None, why_none: str, references: t.Sequence[Reference]) -> Pins:
    """The tags that images in use get, as their digests name them: in-use- and the digest's hexadecimal digits."""
    if not references:
        return Pins()
    if registry is None:
        why = why_none or "it is not asked for this kind of deletion"
        return Pins(doubts=(f"pin_untagged_in_use needs the registry itself: {why}",))
    places = list(dict.fromkeys((reference.path, str(reference.digest)) for reference in references))
    found = dict(zip(places, registry.client.try_all(lambda place: read_manifest(registry, *place), places)))
    return Pins(
        tuple(
            Pin(path, Naming(PINNED + digest.partition(":")[2], manifest, None))
            for (path, digest), manifest in found.items()
            if isinstance(manifest, Manifest)
        ),
        tuple(each.text for each in references if found[each.path, str(each.digest)] is None),
        tuple(str(error) for error in found.values() if isinstance(error, RegistryError)),
    )


def pin(registry: Registry, pins: t.Iterable[Pin], tell: Tell) -> list[dict[str, t.Any]]:
    """Give the tags, each noted before. Tells what became of each: written, changed_since or not_written."""
    rows = []
    for each in pins:
        try:
            tell({"event": "pinning", **each.as_result()})
            [written] = write(registry, each.path, each.path, [each.naming])
            outcome, message = written.outcome, written.message
        except RegistryError as error:
            outcome, message = "not_written", str(error)
        rows.append({**each.as_result(), "outcome": outcome, "message": message})
    return rows


def diff_of(pins: t.Iterable[Pin]) -> list[dict[str, str]]:
    """The tags that are given, as Ansible shows them."""
    return [
        {
            "before_header": f"{each.path} (in use without a tag)",
            "after_header": f"{each.path}:{each.naming.name}",
            "before": "",
            "after": f"{each.naming.name}  {each.naming.after}\n",
        }
        for each in pins
    ]
