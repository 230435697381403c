# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Work on many items by several threads."""

from __future__ import annotations

import threading
import typing as t
from concurrent.futures import ThreadPoolExecutor

from .._core.errors import RequestError

Item = t.TypeVar("Item")
Result = t.TypeVar("Result")


class Pool:
    """At most so many threads, also when work that runs in them asks for more."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._local = threading.local()

    def parallel(self, work: t.Callable[[Item], Result], items: t.Sequence[Item]) -> list[Result]:
        """Do the work on every item; the results are in the order of the items.

        Called from inside the pool it works in the caller's thread, so that pools don't multiply.
        """
        if len(items) < 2 or self._size < 2 or getattr(self._local, "in_pool", False):
            return [work(item) for item in items]

        def in_pool(item: Item) -> Result:
            self._local.in_pool = True
            return work(item)

        with ThreadPoolExecutor(min(self._size, len(items))) as pool:
            return list(pool.map(in_pool, items))

    def try_all(self, work: t.Callable[[Item], Result], items: t.Sequence[Item]) -> list[Result | RequestError]:
        """As parallel, with the RequestError of an item in the place of its result."""

        def tried(item: Item) -> Result | RequestError:
            try:
                return work(item)
            except RequestError as error:
                return error

        return self.parallel(tried, items)
