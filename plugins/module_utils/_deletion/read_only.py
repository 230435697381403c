# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Whether the registry takes deletions at all, as far as it tells beforehand."""

from __future__ import annotations

import typing as t

from .._core.models import Repository
from .._core.server import DeleteMethod
from .._registry.api import check_writable
from .._tags.reader import TagReader


def check_deletes(reader: TagReader, method: DeleteMethod, repositories: t.Sequence[Repository]) -> None:
    """See that a registry in which tags are to be deleted is not in read-only mode.

    Args:
        reader: of the tags.
        method: how tags are deleted.
        repositories: whose tags they are.

    Raises:
        RequestError: it is, or can't be asked.
    """
    if reader.registry and repositories and method is DeleteMethod.REGISTRY:
        check_writable(reader.registry, repositories[0].path, "delete tags")
