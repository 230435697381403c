# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What the documents of users say, or the sentence that refuses them. Pure."""

from __future__ import annotations

import json
import typing as t

from ..module_utils._core.documents import DuplicateKeyError, parse_json
from ..module_utils._core.yaml_text import YamlError, parse_yaml

_WRITTEN_BY = "it has to be a file of the role registry_in_use"
_PARTS_OF_A_SOURCE = frozenset({"name", "images", "failed", "read_at"})


class ValueRefused(ValueError):
    """A value that can't be meant. Its text continues a sentence that begins with the variable."""


def yaml_documents(text: str) -> list[t.Any]:
    """The documents of a text in YAML, of which JSON is a part. Empty ones are None.

    Raises:
        ValueRefused: it is no YAML, or has a key twice.
    """
    try:
        return [each.value for each in parse_yaml(text)]
    except YamlError as error:
        raise ValueRefused(str(error)) from None


def sources_in(text: str) -> list[dict[str, t.Any]]:
    """The sources of what is in use, as the role registry_in_use writes them to a file.

    Raises:
        ValueRefused: it says something else, or of no source.
    """
    try:
        found = parse_json(text)
    except DuplicateKeyError as error:
        raise ValueRefused(str(error)) from None
    except ValueError:
        raise ValueRefused(f"is not JSON: {_WRITTEN_BY}") from None
    if not isinstance(found, dict) or "sources" not in found:
        raise ValueRefused(f"contains no sources: {_WRITTEN_BY}")
    return sources_of(found["sources"])


def sources_of(value: t.Any) -> list[dict[str, t.Any]]:
    """The sources of what is in use. None at all would mean that nothing is known, and is refused.

    Raises:
        ValueRefused: it is no list of sources, or has no entry.
    """
    if not isinstance(value, (list, tuple)):
        raise ValueRefused(f"holds {shown(value)} instead of a list of sources")
    if not value:
        raise ValueRefused(
            "contains no source, so the images in use are unknown: the job that finds them may have failed"
        )
    return [_source(row, f"source {number}") for number, row in enumerate(value, 1)]


def _source(row: t.Any, which: str) -> dict[str, t.Any]:
    if not isinstance(row, dict):
        raise ValueRefused(f"holds {shown(row)} as {which}: it has to be a dictionary with name and images")
    name, images, failed = row.get("name"), row.get("images", []), row.get("failed", "")
    if not isinstance(name, str) or not name.strip():
        raise ValueRefused(f"contains no text as the name of {which}")
    others = [str(key) for key in row if key not in _PARTS_OF_A_SOURCE]
    if others:
        raise ValueRefused(
            f"holds {others[0]!r:.60} in {which} ({name:.60}), which may only have name, images, failed and read_at"
        )
    listed = images if isinstance(images, (list, tuple)) else [images]
    if not all(isinstance(image, str) and image.strip() for image in listed):
        raise ValueRefused(f"holds images of {which} ({name:.60}) that are not a list of texts")
    if not isinstance(failed, str):
        raise ValueRefused(f"holds {shown(failed)} as failed of {which} ({name:.60}): it has to be a text")
    if not isinstance(row.get("read_at", ""), str):
        raise ValueRefused(f"holds {shown(row['read_at'])} as read_at of {which} ({name:.60}): it has to be a text")
    return dict(row)


def shown(value: t.Any) -> str:
    """A value in a sentence, without the classes that Ansible has for texts."""
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:60]}..."
