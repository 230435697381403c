# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What the gathering of images in use shows: the sources that failed first, with their reasons. Pure."""

from __future__ import annotations

import typing as t

from ..module_utils._core.words import counted
from .screen import wrapped


def in_use_lines(sources: t.Sequence[t.Mapping[str, t.Any]], limit: int = 100) -> list[str]:
    """The screen of what is in use.

    Args:
        sources: each with its name, its images, and in failed why it could not be read; empty if it could.
        limit: the most sources.
    """
    images = {image for source in sources for image in source["images"]}
    failed = [source for source in sources if source["failed"]]
    lines = wrapped(f"{counted(len(images), 'image')} in use, by {counted(len(sources), 'source')}")
    if failed:
        lines += wrapped(f"failed: {counted(len(failed), 'source')}. A cleanup with these sources is refused.")
    for source in sorted(sources, key=lambda source: not source["failed"])[:limit]:
        lines += wrapped(f"{source['name']}: {_of(source)}", "  ")
    if sources[limit:]:
        lines.append(f"  and {counted(len(sources) - limit, 'more source')}")
    return lines


def _of(source: t.Mapping[str, t.Any]) -> str:
    return f"failed: {source['failed']}" if source["failed"] else counted(len(source["images"]), "image")
