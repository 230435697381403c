# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""RE2, the engine of all of GitLab's patterns for tags."""

from __future__ import annotations

import functools
from typing import Any

import re2


def _quiet() -> Any:
    options = re2.Options()
    options.log_errors = False
    return options


@functools.lru_cache(maxsize=256)
def compiled(pattern: str) -> Any:
    return re2.compile(pattern, _quiet())


def mistake(pattern: str) -> str | None:
    """RE2's own words for what is wrong, such as `missing ): (`; None for a pattern."""
    try:
        compiled(pattern)
    except re2.error as error:
        [text] = error.args
        return text.decode() if isinstance(text, bytes) else str(text)
    return None


NOTHING = r"[^\x00-\x{10FFFF}]"


@functools.lru_cache(maxsize=256)
def whole(pattern: str) -> Any:
    r"""\A, the pattern, \z: without a group around it, so that an alternative may hold one end alone.

    Rails scans with a group around a pattern that has none; where an open \Q swallows its end, nothing is found.
    """
    found = compiled(rf"\A{pattern}\z")
    scanned = rf"(\A{pattern}\z)"
    return compiled(NOTHING) if found.groups == 0 and mistake(scanned) is not None else found
