# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What became of projects that were to change."""

from __future__ import annotations

import enum
import typing as t

from .._core.errors import RequestError
from .plan import ObservedProject, ProjectPlan, shown_settings, written


class ProjectOutcome(enum.Enum):
    """What became of a project that was to change. UNVERIFIED: it could not be read again."""

    CHANGED = "changed"
    PARTLY_CHANGED = "partly_changed"
    NOT_CHANGED = "not_changed"
    UNVERIFIED = "unverified"


class ProjectResult(t.NamedTuple):
    """What became of a project.

    Args:
        path: of the project.
        outcome: what became of it.
        message: why, empty if all is as it was planned.
    """

    path: str
    outcome: ProjectOutcome
    message: str = ""


def result_of(plan: ProjectPlan, failure: RequestError | None, observed: ObservedProject) -> ProjectResult:
    """Judge a project by what it is like afterwards.

    Args:
        plan: what was to change.
        failure: the first request that failed, None if none did.
        observed: the project as it was read again.
    """
    path, reason = plan.project.path, str(failure) if failure else ""
    if observed.error:
        message = reason or f"It was changed as far as GitLab said. {observed.error}"
        return ProjectResult(path, ProjectOutcome.UNVERIFIED, message=message)
    # A project without a policy gets what was not named from GitLab.
    now = shown_settings(observed, plan.desired, plan.policy)
    if now == plan.after:
        return ProjectResult(path, ProjectOutcome.CHANGED)
    different = [name for name in {**now, **plan.after} if now.get(name) != plan.after.get(name)]
    kept = ", ".join(f"{name} is {written(now.get(name))}" for name in different)
    outcome = ProjectOutcome.NOT_CHANGED if now == plan.before else ProjectOutcome.PARTLY_CHANGED
    return ProjectResult(path, outcome, message=reason or f"GitLab accepted it, but {kept}.")
