# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Documents that users write, in which every key stands once. Pure.

Of a key that stands twice, JSON and YAML take the last one, and what the first one was to keep is deleted.
"""

from __future__ import annotations

import json
import typing as t


class DuplicateKeyError(ValueError):
    """A key that stands twice in one object. Its text continues a sentence that begins with the document."""

    def __init__(self, key: t.Any, where: str = "one object") -> None:
        super().__init__(f"has the key {key!r:.60} twice in {where}: write it once")


def parse_json(text: str) -> t.Any:
    """What a JSON text says.

    Raises:
        DuplicateKeyError: an object has a key twice.
        ValueError: it is no JSON, or nested too deeply.
    """
    try:
        return json.loads(text, object_pairs_hook=_once)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _once(pairs: list[tuple[str, t.Any]]) -> dict[str, t.Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _value in pairs]
        raise DuplicateKeyError(next(key for key in keys if keys.count(key) > 1))
    return found
