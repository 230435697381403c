# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Things by id that are found by their path as well, without a walk through all of them."""

from __future__ import annotations

from typing import Protocol, TypeVar


class Placed(Protocol):
    @property
    def path(self) -> str: ...


Item = TypeVar("Item", bound=Placed)


class Shelf(dict[int, Item]):
    """A dictionary by id that notes the path of what is put in. Whoever changes paths calls relabel()."""

    def __init__(self) -> None:
        super().__init__()
        self._numbers: dict[str, int] = {}
        self._highest = 0

    def __setitem__(self, number: int, item: Item) -> None:
        super().__setitem__(number, item)
        self._numbers[item.path.lower()] = number
        self._highest = max(self._highest, number)

    @property
    def free(self) -> int:
        """An id that nothing ever had."""
        return self._highest + 1

    def at(self, path: str) -> Item | None:
        """In any case, as GitLab takes its paths. A note may be of something that is gone."""
        wanted = path.lower()
        item = self.get(self._numbers.get(wanted, -1))
        return item if item is not None and item.path.lower() == wanted else None

    def relabel(self) -> None:
        self._numbers = {item.path.lower(): number for number, item in self.items()}
