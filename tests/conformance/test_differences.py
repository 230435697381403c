# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Our planner compared with GitLab's algorithm: it keeps more, never less; docs/differences.md has the reasons."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import Tag
from ansible_collections.containerops.gitlab.plugins.module_utils._core.server import Mode, ServerCapabilities
from ansible_collections.containerops.gitlab.plugins.module_utils._policy.prediction import (
    Parameters,
    Prediction,
    ServerTag,
    Verdict,
    exact_span,
    nanoseconds,
    predict,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.dates import date_source
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.decision import Decision
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.durations import seconds
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.patterns import compile_pattern
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.reasons import Certainty
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.retention import decide
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.rules import Rule, Rules
from tests.tools.depth import examples

PAGE = Path(__file__).resolve().parents[2] / "docs" / "differences.md"
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
EVERYTHING = 10**6
BLOCKS = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)]
EXAMPLES = [block for block in BLOCKS if isinstance(block, dict)]
SIGNATURE = "sha256-" + "a" * 64


def tag(name: str, days: float | None, mode: Mode, protected: bool = False) -> Tag:
    date = None if days is None else NOW - timedelta(days=days)
    published = date if mode == Mode.DATABASE else None
    return Tag(name, "sha256:1", created=date, published=published, protected=protected, details_read=True)


def ours(tags: list[Tag], rules: dict[str, Any], mode: Mode) -> list[Decision]:
    keep, age = rules.get("name_regex_keep"), rules.get("older_than")
    rule = Rule(
        compile_pattern(rules["name_regex_delete"], "x"),
        keep=compile_pattern(keep, "x") if keep else None,
        keep_n=rules.get("keep_n", 0),
        older_than=seconds(age, "older_than") if age else None,
    )
    compiled = Rules(
        (rule,),
        protect=tuple(compile_pattern(pattern, "x") for pattern in rules.get("protect", [])),
        allow_latest=rules.get("allow_latest", False),
    )
    return decide(tags, compiled, date_source(ServerCapabilities(mode=mode), compiled), NOW)


def theirs(tags: list[Tag], rules: dict[str, Any], mode: Mode) -> Prediction:
    """What GitLab would do on one unlimited page, without a sample."""
    known = ("name_regex_delete", "name_regex_keep", "keep_n", "older_than")
    wanted = Parameters(**{name: rules[name] for name in known if name in rules})
    seen = [ServerTag(item.name, exact_span(nanoseconds(item.created)) if item.created else None) for item in tags]
    return predict(seen, wanted, mode, nanoseconds(NOW), page_size=EVERYTHING, max_list_size=0)


@pytest.mark.parametrize("mode", [Mode.DATABASE, Mode.NO_DATABASE])
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: str(list(example["here"].values())))
def test_the_examples_of_the_page_are_true(example: dict[str, Any], mode: Mode) -> None:
    tags = [tag(name, days, mode) for name, days in example["tags"].items()]
    assert {item.tag.name: item.reason.value for item in ours(tags, example["rules"], mode)} == example["here"]
    found = theirs(tags, example["rules"], mode)
    if found.certainty is Certainty.EXACT:
        assert found.deletes == sorted(example["gitlab"])
    else:
        assert set(example["gitlab"]) <= set(found.deletes)
        assert len(example["gitlab"]) == found.least == found.most


def test_there_are_examples() -> None:
    reasons = {reason for example in EXAMPLES for reason in example["here"].values()}
    assert {"ambiguous_pattern", "unknown_date", "keep_n", "signature", "protected"} <= reasons


names = st.lists(
    st.one_of(
        st.sampled_from(["latest", SIGNATURE, SIGNATURE + ".sig", "v1", "v2", "v1-x", "x-v2", "dev-1", "dev-2"]),
        st.text("abv12-", min_size=1, max_size=4).filter(lambda text: not text.startswith("-")),
    ),
    unique=True,
    max_size=12,
)
ages = st.one_of(st.none(), st.sampled_from([-3.0, -0.5, 0.0, 1.0, 2.0, 3.0, 7.0, 30.0, 16000.0, 700000.0]))
patterns = st.sampled_from([".*", "v.*", "v1|v2", "(v1|v2)", "a|b|.*-.*", "dev-.*", "[^v].*"])
rule_sets = st.fixed_dictionaries(
    {"name_regex_delete": patterns},
    optional={
        "name_regex_keep": patterns,
        "keep_n": st.integers(0, 5),
        "older_than": st.sampled_from(["1d", "2d", "30d"]),
        "protect": st.lists(patterns, max_size=1),
    },
)

# Why a tag that GitLab would delete may be kept here; docs/differences.md explains each.
KEEPING_MORE = {"ambiguous_pattern", "unknown_date", "keep_n", "signature", "protected", "gitlab_protected"}


@examples(1500)
@given(names, st.data(), rule_sets, st.sampled_from([Mode.DATABASE, Mode.NO_DATABASE]))
def test_nothing_goes_here_that_gitlab_would_keep(
    listed: list[str], data: st.DataObject, rules: dict[str, Any], mode: Mode
) -> None:
    tags = [tag(name, data.draw(ages, label=name), mode, data.draw(st.booleans())) for name in listed]
    found = theirs(tags, rules, mode)
    verdicts = {item.name: item.verdict for item in found.tags}
    for decision in ours(tags, rules, mode):
        name = decision.tag.name
        if decision.delete:
            assert verdicts[name] is Verdict.DELETED, decision.reason
        elif verdicts[name] is not Verdict.KEPT:
            assert decision.reason.value in KEEPING_MORE
            assert f"`{decision.reason.value}`" in PAGE.read_text()
