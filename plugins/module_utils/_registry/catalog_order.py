# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Where to go on in the catalog of a registry without a metadata database. Pure.

Such a registry walks its folders in order, and a repository is found by a folder in it whose name begins with an
underscore. So a/1 comes before a, which comes before a/b. Yet a page begins behind a path by another order, in which a
comes first: what is asked for behind a/1 never shows a. Docker's registry does the same as GitLab's, in
registry/storage/catalog.go.
"""

from __future__ import annotations

import typing as t

# In the place of a repository's own folder among those of the repositories below it: after digits, before letters.
_OWN_FOLDER = "_"
# Greater than every character of a path.
_GREATEST = "~"


def note_below(lowest: dict[str, str], path: str) -> None:
    """Note a path that was seen. lowest: of what was seen below a path, the last in the order of pages."""
    for above in _above(path):
        lowest[above] = max(lowest.get(above, path), path, key=_page_order)


def place_behind(path: str, lowest: t.Mapping[str, str]) -> str:
    """From where a page shows what the registry walks to after a path, and as little as can be of what is seen."""
    return lowest.get(path, path)


def passed_over(path: str, seen: t.Collection[str]) -> list[str]:
    """The repositories that there may be above a path, which a page from behind it does not show; outermost first."""
    return [each for each in _above(path) if each not in seen and _walk_order(each) > _walk_order(path)]


def _above(path: str) -> list[str]:
    """The paths above a path, outermost first."""
    return [path[:end] for end, letter in enumerate(path) if letter == "/"]


def place_before(path: str) -> str:
    """From where a page shows a path, if there is such a repository, after all that is below it."""
    # A slash, which is the one before 0, would be the least of all.
    lesser = chr(ord(path[-1]) - 1).replace("/", ".")
    return f"{path[:-1]}{lesser}{_GREATEST}"


def _walk_order(path: str) -> list[str]:
    return [*path.split("/"), _OWN_FOLDER]


def _page_order(path: str) -> str:
    return path.replace("/", "\0")
