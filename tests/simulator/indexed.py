# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Things by id that are found by their path as well, without a walk through all of them."""

from __future__ import annotations

from typing import Protocol, TypeVar


class HasPath(Protocol):
    @property
    def path(self) -> str: ...


Item = TypeVar("Item", bound=HasPath)


class IndexedById(dict[int, Item]):
    """A dictionary by id with an index of the paths of what is put in. Whoever changes paths calls reindex()."""

    def __init__(self) -> None:
        super().__init__()
        self._ids_by_path: dict[str, int] = {}
        self._highest = 0

    def __setitem__(self, number: int, item: Item) -> None:
        super().__setitem__(number, item)
        self._ids_by_path[item.path.lower()] = number
        self._highest = max(self._highest, number)

    @property
    def next_id(self) -> int:
        """An id that nothing ever had."""
        return self._highest + 1

    def at(self, path: str) -> Item | None:
        """In any case, as GitLab takes its paths. The index may hold something that is gone."""
        wanted = path.lower()
        item = self.get(self._ids_by_path.get(wanted, -1))
        return item if item is not None and item.path.lower() == wanted else None

    def reindex(self) -> None:
        self._ids_by_path = {item.path.lower(): number for number, item in self.items()}
