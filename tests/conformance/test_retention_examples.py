# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples of docs/retention.md, each computed by the planner."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

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
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


class Example(NamedTuple):
    """A section of the page: the options in it, the rows of its table by the head of each column, and its text."""

    title: str
    options: dict[str, Any]
    rows: list[dict[str, str]]
    text: str


def examples() -> Iterator[Example]:
    """The sections of the page whose options have a table of tags."""
    for section in PAGE.read_text().split("\n## ")[1:]:
        blocks = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)]
        for options in blocks:
            if isinstance(options, dict):
                yield Example(section.partition("\n")[0], options, rows_of(section), section)


def rows_of(section: str) -> list[dict[str, str]]:
    """The rows of the table that has a column of tags, without the backticks around values."""
    lines = section.partition("tag | pushed |")[2].partition("\n\n")[0].splitlines()[2:]
    [head] = [line for line in section.splitlines() if "tag | pushed |" in line]
    return [dict(zip(cells(head), cells(line), strict=True)) for line in lines]


def cells(line: str) -> list[str]:
    return [cell.strip().strip("`") for cell in line.strip("|").split("|")]


EXAMPLES = list(examples())
OF_ONE_RUN = [example for example in EXAMPLES if "decision" in example.rows[0]]
OF_SEVERAL_RUNS = [example for example in EXAMPLES if example not in OF_ONE_RUN]


def pushed(row: dict[str, str]) -> datetime | None:
    """When the tag of a row was pushed. The weekday and the age in the row have to be those of its date."""
    if row["pushed"] == "unknown":
        assert row["age"] == "unknown"
        return None
    time = datetime.strptime(f"{row['pushed']} 12", "%a %Y-%m-%d %H").replace(tzinfo=UTC)
    days = (NOW - time).days
    assert row["pushed"] == f"{time:%a %Y-%m-%d}"
    assert row["age"] == ("1 day" if days == 1 else f"{days} days")
    return time


def digest_of(row: dict[str, str]) -> str:
    """The digest of a row: of its image if the table has images, else one of its own."""
    image = row.get("image", row["tag"])
    known = re.fullmatch(r"sha256:([0-9a-f])\1{3}[.]{3}", image)
    return "sha256:" + (known[1] * 64 if known else image)


def told(decision: Decision) -> tuple[str, str]:
    rule = f"` (rule `{decision.rule}" if decision.rule else ""
    return "delete" if decision.delete else "keep", f"{decision.reason.value}{rule}"


def sources_of(example: Example) -> dict[str, Any]:
    """What the log of an example names, as the role passes it to a cleanup."""
    if "```text" not in example.text:
        return {}
    [log] = re.findall(r"```text\n(.*?)```", example.text, re.DOTALL)
    [text] = re.findall(r"`registry_in_use_pulled_within: (\w+)`", example.text)
    within = seconds(text, "pulled_within")
    window = Window(since=NOW.timestamp() - within, until=NOW.timestamp(), max_gap=within)
    return {"in_use_sources": [{"name": "pulls", "images": sorted(read_log(log.splitlines(), "log", window).images)}]}


def branches_of(example: Example) -> tuple[str, ...]:
    """The branches that exist in an example."""
    return tuple(re.findall(r"`([^`]+)`", example.text.partition("These branches exist: ")[2].partition(".")[0]))


@pytest.mark.parametrize("example", OF_ONE_RUN, ids=lambda example: example.title)
def test_an_example(example: Example) -> None:
    options = filled({**example.options, **sources_of(example)})
    tags = [
        Tag(
            row["tag"],
            digest_of(row),
            published=pushed(row),
            labels=((options["expires_label"], () if row.get("label") == "none" else (row.get("label", ""),)),),
        )
        for row in example.rows
    ]
    used, missing = used_of(options)
    assert not missing
    active_refs = ActiveRefs(refs={RefKind.BRANCHES: branches_of(example)})
    retained = {
        **kept_by_refs([tag.name for tag in tags], active_refs, RefMatch(options["ref_match"])),
        **kept_by_use(tags, "team/app", used),
    }
    decisions = decide(tags, rules_of(options), DateSource.PUBLISHED, NOW, retained)
    assert {decision.tag.name: told(decision) for decision in decisions} == {
        row["tag"]: (row["decision"], row["reason"].removesuffix("`)")) for row in example.rows
    }


def test_no_example_is_left_out() -> None:
    sections = PAGE.read_text().split("\n## ")[1:]
    assert len(EXAMPLES) == len(sections) - 2
    assert NOW.strftime("Monday, %Y-%m-%d, %H:%M UTC") in PAGE.read_text()
    assert NOW.strftime("%A") == "Monday"


def test_the_task_has_the_first_policy() -> None:
    play = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)[0])
    options = play[0]["tasks"][0]["containerops.gitlab.registry_cleanup"]
    assert {**EXAMPLES[0].options, **options} == options
    assert set(options) <= set(ARGUMENTS.options)


@pytest.mark.parametrize("example", OF_SEVERAL_RUNS, ids=lambda example: example.title)
def test_an_example_of_several_runs(example: Example) -> None:
    options = filled(example.options, {**RULES, **BUDGET})
    left: dict[str, list[Tag]] = {}
    runs: dict[str, list[str]] = {}
    for row in example.rows:
        left.setdefault(row["repository"], []).append(Tag(row["tag"], digest_of(row), published=pushed(row)))
        runs.setdefault(row["deleted in run"], []).append(f"{row['repository']}:{row['tag']}")
    assert runs.pop("none")
    for run in runs.values():
        assert deleted_in_a_run(left, options) == run
        left = {path: [tag for tag in tags if f"{path}:{tag.name}" not in run] for path, tags in left.items()}
    assert deleted_in_a_run(left, options) == []


def deleted_in_a_run(repositories: dict[str, list[Tag]], options: dict[str, Any]) -> list[str]:
    """The tags that a run deletes, in their order. repositories: the tags of each."""
    parts = []
    for path, tags in repositories.items():
        decisions = decide(tags, rules_of(options), DateSource.PUBLISHED, NOW, {})
        parts.append(RepositoryPlan(repository(path=path), decisions=tuple(decisions)))
    run = RunPlan(Plan(tuple(parts)), RunBudget(max_deletions=options["max_deletions_per_run"]))
    return [f"{part.repository.path}:{decision.tag.name}" for part, decision in run.ordered]
