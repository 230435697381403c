# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The example of docs/repositories.md, computed by the planner, and its tables."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import TagListing
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.repository_decision import RepositoryReason
from ansible_collections.containerops.gitlab.plugins.module_utils._repositories.scope_planning import plan_scope
from tests.unit.scopes import listed, pushed, scope_request, scope_state, shelf

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "repositories.md").read_text()
EXAMPLES = [
    block["example"]
    for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    if "example" in (block := yaml.safe_load(text))
]


def listing(number: int, name: str, row: dict[str, Any]) -> TagListing:
    owner = shelf(name, number=number, created=row["created"])
    tags = sorted((pushed(tag, days) for tag, days in row["tags"].items()), key=lambda tag: tag.name)
    return listed(owner, *tags, authoritative=row.get("confirmed", True))


def test_the_example() -> None:
    [example] = EXAMPLES
    listings = [listing(number, *row) for number, row in enumerate(example["repositories"].items())]
    state = scope_state(*listings, branches=tuple(example["branches"]))
    plan = plan_scope(state, scope_request(example["conditions"], **example["options"]))
    assert plan.refusals == ()
    found = {
        part.repository.name: f"{'delete' if part.whole.delete else 'keep'}, {part.whole.reason.value}"
        for part in plan.repositories
        if part.whole
    }
    assert found == example["outcome"]


@pytest.mark.parametrize("match", ["whole", "prefix", "suffix"])
def test_the_page_says_which_names_carry_a_reference(match: str) -> None:
    rows = re.findall(r"^\| `(review/[^`]+)` \| (yes|only with `ref_match: (\w+)`) \|", PAGE, re.MULTILINE)
    assert len(rows) == 4
    conditions = {"paths": ["team/app/*"], "ref_gone": ["branches"], "ref_match": match}
    for name, _told, needed in rows:
        state = scope_state(listing(1, name, {"created": 90, "tags": {"main": 90}}), branches=("login", "main"))
        [part] = plan_scope(state, scope_request(conditions)).repositories
        assert part.whole
        is_kept = part.whole.reason is RepositoryReason.ACTIVE_REF
        # A part between slashes that is the reference itself also begins and ends with it.
        assert is_kept is (needed in ("", match)), name


def test_the_page_has_every_reason_to_keep_a_repository() -> None:
    table = PAGE.partition("## What keeps a repository")[2].partition("\n## ")[0]
    told = {name for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    assert told == {reason.value for reason in RepositoryReason if not reason.deletes}
