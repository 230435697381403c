# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Reading what previews of GitLab's own cleanup need."""

from __future__ import annotations

import typing as t

from .._core.models import Repository, ServerPolicy, TagListing
from .._tags.reader import TagReader
from .prediction import Parameters
from .preview import parameters_of, query_of


def read_for_policies(
    reader: TagReader, repositories: t.Sequence[Repository], policies: t.Mapping[int, ServerPolicy]
) -> list[TagListing]:
    """Read what a preview needs of each repository whose project has a policy.

    policies: by the id of the project.
    """
    groups: dict[Parameters, list[Repository]] = {}
    for repository in repositories:
        if repository.project_id in policies:
            groups.setdefault(parameters_of(policies[repository.project_id]), []).append(repository)
    return [
        listing
        for wanted, group in groups.items()
        for listing in reader.read(group, query_of(reader.capabilities, wanted))
    ]
