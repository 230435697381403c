# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page on reports lists every column and every metric in its order, and every outcome."""

from __future__ import annotations

import csv
import re

from ansible_collections.containerops.gitlab.plugins.module_utils._report.csv_files import (
    projects_csv,
    repositories_csv,
    tags_csv,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._report.outcomes import OUTCOMES
from ansible_collections.containerops.gitlab.plugins.module_utils._report.prometheus import metrics
from tests.demo.fleet import fleet
from tests.tools.collection import ROOT

PAGE = (ROOT / "docs" / "reports.md").read_text()
REPORT = fleet()


def listed(title: str) -> list[str]:
    """The names in the first column of the first table of a section."""
    table = PAGE.partition(f"{title}\n")[2].partition("| --- |")[2].partition("\n\n")[0]
    return [name for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)]


def test_the_page_has_the_columns_of_each_table() -> None:
    [projects], [repositories], [tags] = (
        list(csv.reader([next(lines)])) for lines in (projects_csv(REPORT), repositories_csv(REPORT), tags_csv(REPORT))
    )
    assert listed("### `projects.csv`") == projects
    own = listed("### `repositories.csv`")
    place = repositories.index("policy_lint") + 1
    assert repositories[place : place + len(own)] == own
    assert repositories[:place] + repositories[place + len(own) :] == projects
    assert listed("### `tags.csv`") == tags


def test_the_page_has_every_metric() -> None:
    lines = "".join(metrics(REPORT, with_repositories=True))
    names = re.findall(r"^# TYPE (\w+) gauge$", lines, re.MULTILINE)
    section = PAGE.partition("## Metrics\n")[2].partition("\n## ")[0]
    named = re.findall(r"^(?:\||-) `(gitlab_registry_\w+)`", section, re.MULTILINE)
    of_a_run = {name for name in named if name.endswith(("_deleted_tags", "_deletion_outcomes"))}
    assert [name for name in named if name not in of_a_run] == names


def test_the_page_has_every_outcome() -> None:
    assert set(listed("## After a run")) == set(OUTCOMES)
