# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What earlier runs did.

Apart from the request of a cleanup, which imports all that its options mean: other modules delete tags, too.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EarlierRuns:
    """What earlier runs did, by their journal.

    asked: tags that they asked to delete, as repository, name and digest.
    followers: tags of an interrupted run that were to follow the image that they belong to, likewise.
    """

    asked: frozenset[tuple[str, str, str | None]] = frozenset()
    followers: frozenset[tuple[str, str, str | None]] = frozenset()
