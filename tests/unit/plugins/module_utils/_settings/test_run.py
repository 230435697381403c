# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is returned of projects that were to change."""

from __future__ import annotations

from ansible_collections.containerops.gitlab.plugins.module_utils._settings.outcomes import (
    ProjectOutcome,
    ProjectResult,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._settings.run import applied_settings

DONE = ProjectResult("team/a", ProjectOutcome.CHANGED)
KEPT = ProjectResult("team/b", outcome=ProjectOutcome.NOT_CHANGED, message="403 Forbidden")


def test_all_projects_are_as_they_are_wanted() -> None:
    applied = applied_settings([DONE], limit=10)
    assert applied.outcome == [{"path": "team/a", "outcome": "changed", "message": ""}]
    assert applied.shortfall == ""


def test_what_failed_comes_first_so_that_no_limit_hides_it() -> None:
    applied = applied_settings([DONE, KEPT], limit=1)
    assert [row["path"] for row in applied.outcome] == ["team/b"]
    assert applied.shortfall == "1 of 2 projects were changed as planned; team/b is not_changed: 403 Forbidden"
