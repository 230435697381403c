# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Putting tags back."""

from __future__ import annotations

import typing as t

from .._registry.auth import Registry
from .._registry.promotion import write_tag
from .planning import PlannedTag, WriteResults, in_waves


def put_back(registry: Registry, plan: t.Iterable[PlannedTag], results: WriteResults) -> None:
    """Write the tags of a plan, what belongs to an image after the image's own. A tag that fails stops no other one.

    Args:
        registry: which one.
        plan: all tags, also those that are not put back.
        results: gets what became of each tag, as soon as that is known.
    """

    def write(planned: PlannedTag) -> None:
        results[planned.key] = write_tag(registry, planned.tag.repository, planned.write)

    for wave in in_waves(plan):
        registry.client.parallel(write, wave)
