# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""A look at what is left of a repository, which batches that are deleted side by side share."""

from __future__ import annotations

import threading
import typing as t

from .._rules.decision import Decision
from .attempts import DeletionAttempt
from .batches import ReferrerCheck

# Seconds for which a look holds.
_RECENT = 1.0


class RecentCheck:
    """Tells which tags have to stay with their images, by a look that is no older than a moment.

    Args:
        look: Looks at what is left.
        monotonic: Gives the time in seconds.
    """

    def __init__(self, look: t.Callable[[], ReferrerCheck], monotonic: t.Callable[[], float]) -> None:
        self._look = look
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._check: ReferrerCheck | None = None
        self._begun = 0.0
        self._depth: int | None = None

    def forget(self, *, depth: int | None = None) -> None:
        """Let the next question be answered by a new look.

        depth: of the tags that are asked about next; the look is kept if the last ones had the same. None keeps none.
        """
        with self._lock:
            if depth is None or depth != self._depth:
                self._check = None
            self._depth = depth

    def refusals_of(self, batch: t.Iterable[Decision]) -> dict[str, DeletionAttempt]:
        """Why tags of a batch are not deleted, by name.

        Raises:
            RequestError: What is left can't be read.
        """
        with self._lock:
            now = self._monotonic()
            if self._check is None or now - self._begun > _RECENT:
                self._check, self._begun = self._look(), now
            found = {decision.tag.name: self._check.refusal_of(decision) for decision in batch}
        return {name: refusal for name, refusal in found.items() if refusal}
