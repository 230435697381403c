# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples of docs/retention.md, each computed anew."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.request import BUDGET
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import RefKind, Tag
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.turns import RunPlan
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan import Plan, RepositoryPlan
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.run_budget import RunBudget
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.decision import DateSource, Decision
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.durations import seconds
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.git_refs import (
    ActiveRefs,
    RefMatch,
    kept_by_refs,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.in_use import kept_by_use
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.options import RULES, rules_of, used_of
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.pull_log import Window, read_log
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.retention import decide
from ansible_collections.containerops.gitlab.plugins.modules.registry_cleanup import ARGUMENTS
from tests.unit.models import repository
from tests.unit.options import filled

PAGE = Path(__file__).resolve().parents[2] / "docs" / "retention.md"
BLOCKS = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)]
TASKS = [task for block in BLOCKS if isinstance(block, list) for task in block]
EXAMPLES = [block for block in BLOCKS if isinstance(block, dict) and "nights" not in block]
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def told(decision: Decision) -> str:
    rule = f" ({decision.rule})" if decision.rule else ""
    return f"{'delete' if decision.delete else 'keep'}, {decision.reason.value}{rule}"


def sources_of(example: dict[str, Any]) -> dict[str, Any]:
    """What the log of an example tells of, as the role gives it to a cleanup."""
    if "log" not in example:
        return {}
    within = seconds(example["pulled_within"], "pulled_within")
    window = Window(since=NOW.timestamp() - within, until=NOW.timestamp(), max_gap=within)
    images = read_log(example["log"].splitlines(), "log", window).images
    return {"in_use_sources": [{"name": "pulls", "images": sorted(images)}]}


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example(example: dict[str, Any]) -> None:
    options = filled({**example["options"], **sources_of(example)})
    digests, labels = example.get("digests", {}), example.get("labels", {})
    tags = [
        Tag(
            name,
            "sha256:" + (digests[name] * 64 if name in digests else name),
            published=None if days is None else NOW - timedelta(days=days),
            labels=((options["expires_label"], (labels[name],) if name in labels else ()),),
        )
        for name, days in example["days"].items()
    ]
    used, missing = used_of(options)
    assert not missing
    active_refs = ActiveRefs(refs={RefKind.BRANCHES: tuple(example.get("alive_in_git", ()))})
    retained = {
        **kept_by_refs(example["days"], active_refs, RefMatch(options["ref_match"])),
        **kept_by_use(tags, "team/app", used),
    }
    decisions = decide(tags, rules_of(options), DateSource.PUBLISHED, NOW, retained)
    assert {decision.tag.name: told(decision) for decision in decisions} == example["outcome"]


def test_no_example_is_left_out() -> None:
    assert len(BLOCKS) - 1 == PAGE.read_text().count("\n## ")


def test_the_task_has_the_first_policy() -> None:
    [task] = TASKS
    options = task["containerops.gitlab.registry_cleanup"]
    assert {**EXAMPLES[0]["options"], **options} == options
    assert set(options) <= set(ARGUMENTS.options)


@pytest.mark.parametrize("example", [block for block in BLOCKS if "nights" in block])
def test_an_example_of_several_runs(example: dict[str, Any]) -> None:
    options = filled(example["options"], {**RULES, **BUDGET})
    left = {path: dict(days) for path, days in example["repositories"].items()}
    for night in example["nights"]:
        assert deleted_in_a_run(left, options) == night
        for path, name in (each.split(":") for each in night):
            del left[path][name]
    assert deleted_in_a_run(left, options) == []


def deleted_in_a_run(repositories: dict[str, dict[str, int]], options: dict[str, Any]) -> list[str]:
    """The tags that a run deletes, in their order. repositories: the tags of each, with their days."""
    parts = []
    for path, days in repositories.items():
        tags = [Tag(name, f"sha256:{name}", published=NOW - timedelta(days=number)) for name, number in days.items()]
        decisions = decide(tags, rules_of(options), DateSource.PUBLISHED, NOW, {})
        parts.append(RepositoryPlan(repository(path=path), decisions=tuple(decisions)))
    run = RunPlan(Plan(tuple(parts)), RunBudget(max_deletions=options["max_deletions_per_run"]))
    return [f"{part.repository.path}:{decision.tag.name}" for part, decision in run.ordered]
