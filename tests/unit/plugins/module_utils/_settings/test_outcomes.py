# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is told of a project that was to change, by what it is like afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import ErrorKind, RequestError
from ansible_collections.containerops.gitlab.plugins.module_utils._settings.outcomes import ProjectOutcome, result_of
from ansible_collections.containerops.gitlab.plugins.module_utils._settings.plan import (
    DesiredSettings,
    ObservedProject,
    plan_project,
)
from tests.unit.models import project, server_policy

POLICY = server_policy(enabled=False, next_run_at=None)
BEFORE = project(policy=POLICY)
DESIRED = DesiredSettings(access_level="private", policy={"keep_n": 5})
PLAN = plan_project(ObservedProject(BEFORE), DESIRED)
FAILURE = RequestError(ErrorKind.FORBIDDEN, "403 Forbidden", operation="change it")


def after(**fields: Any) -> ObservedProject:
    return ObservedProject(BEFORE._replace(**fields))


@pytest.mark.parametrize(
    ("observed", "failure", "outcome", "words"),
    [
        (after(access_level="private", policy=POLICY._replace(keep_n=5)), None, ProjectOutcome.CHANGED, ""),
        (after(access_level="private", policy=POLICY._replace(keep_n=5)), FAILURE, ProjectOutcome.CHANGED, ""),
        (
            after(access_level="private"),
            None,
            ProjectOutcome.PARTLY_CHANGED,
            "GitLab accepted it, but cleanup_policy.keep_n is 10.",
        ),
        (
            after(),
            None,
            ProjectOutcome.NOT_CHANGED,
            "GitLab accepted it, but access_level is enabled, cleanup_policy.keep_n is 10.",
        ),
        (after(), FAILURE, ProjectOutcome.NOT_CHANGED, str(FAILURE)),
        (
            ObservedProject(BEFORE, error=FAILURE),
            None,
            ProjectOutcome.UNVERIFIED,
            f"It was changed as far as GitLab said. {FAILURE}",
        ),
        (ObservedProject(BEFORE, error=FAILURE), FAILURE, ProjectOutcome.UNVERIFIED, str(FAILURE)),
    ],
)
def test_what_became_of_a_project(
    observed: ObservedProject, failure: RequestError | None, outcome: ProjectOutcome, words: str
) -> None:
    result = result_of(PLAN, failure, observed)
    assert (result.path, result.outcome, result.message) == ("team/app", outcome, words)


def test_what_gitlab_fills_in_of_a_new_policy_is_no_difference() -> None:
    plan = plan_project(after(policy=None), DesiredSettings(policy={"keep_n": 5}))
    assert set(plan.after) == {"cleanup_policy.enabled", "cleanup_policy.keep_n"}
    result = result_of(plan, None, after(policy=POLICY._replace(keep_n=5)))
    assert result.outcome is ProjectOutcome.CHANGED
