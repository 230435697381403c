# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What is alive in the git repositories of projects."""

from __future__ import annotations

import typing as t

from .._core.errors import RequestError
from .._core.models import RefKind
from .._gitlab.git_refs import active_refs, deployed_refs
from .._module.connection import Connection
from .._rules.git_refs import ActiveRefs, telling_kinds


def read_refs(
    connection: Connection,
    projects: t.Sequence[int],
    kinds: t.Sequence[RefKind],
    deployments: int,
    forks: t.Collection[int] = (),
) -> dict[int, ActiveRefs | RequestError]:
    """Read branches, git tags, merge requests and deployments of projects.

    Args:
        connection: To GitLab.
        projects: Their ids.
        kinds: What to read.
        deployments: How many successful deployments of each environment count; 0 is to read none.
        forks: The ids of those that were forked from other ones.

    Returns:
        What is alive, or why it could not be read, by the id of the project; empty if nothing is to be read.
    """
    client = connection.client

    def read(project_id: int) -> ActiveRefs:
        telling = telling_kinds(kinds, is_fork=project_id in forks)
        refs = {kind: tuple(active_refs(client, project_id, kind)) for kind in telling}
        return ActiveRefs(refs, tuple(deployed_refs(client, project_id, deployments)) if deployments else ())

    return dict(zip(projects, client.try_all(read, projects))) if kinds or deployments else {}
