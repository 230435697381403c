# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which names each entry matches that keeps tags by their names."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._rules.options import rules_of
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.patterns import compile_pattern
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.ranking import has_group
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.rules import Rules
from tests.unit.options import filled

NAMES = ["latest", "main", "v1", "v1.0", "dev-1", "dev-2", f"sha256-{'a' * 64}.sig"]


def made(**options: Any) -> Rules:
    given = options if "rules" in options else {"name_regex_delete": ".*", **options}
    return rules_of(filled(given))


def matched(rules: Rules) -> dict[str, list[str]]:
    """The names that each entry matches."""
    found: dict[str, list[str]] = {
        f"{entry.option} {entry.rule.name if entry.rule else ''} {entry.pattern.text}": [] for entry in rules.entries
    }
    texts = list(found)
    for name in NAMES:
        for position in rules.judge(name).entries:
            found[texts[position]].append(name)
    return found


def test_every_entry_counts_whatever_keeps_the_tag() -> None:
    rules = made(protect=["v.*", ".*1", "x"], name_regex_keep="v1|main|late.*")
    assert matched(rules) == {
        "protect  v.*": ["v1", "v1.0"],
        "protect  .*1": ["v1", "dev-1"],
        "protect  x": [],
        "name_regex_keep  v1|main|late.*": ["latest", "main", "v1", "v1.0"],
    }


def test_what_no_rule_is_about_is_matched_by_what_keeps() -> None:
    assert matched(made(name_regex_delete="dev-.*", name_regex_keep="v.*")) == {"name_regex_keep  v.*": ["v1", "v1.0"]}


def test_what_another_rule_decides_about_is_not_matched() -> None:
    rules = made(
        rules=[
            {"name": "dev", "match": "dev-1|v1[.].*", "name_regex_keep": "v1.*"},
            {"name": "late", "match": "v.*", "keep": True},
            {"name": "never", "match": "dev-1", "keep": True},
            {"name": "rest", "match": "dev.*", "name_regex_keep": "(dev|main).*"},
        ]
    )
    assert matched(rules) == {
        "name_regex_keep dev v1.*": ["v1.0"],
        "keep late v.*": ["v1"],
        "keep never dev-1": [],
        "name_regex_keep rest (dev|main).*": ["main", "dev-2"],
    }


words = st.sampled_from(["v1", "v2", "v1.0", "dev", "dev-1", "dev-12", "main", "1", "latest", "_"])
patterns = st.one_of(
    words.map(re.escape),
    st.builds("{}.*".format, words),
    st.builds(".*{}".format, words),
    st.builds("({}|{})".format, words, words),
)


@given(st.lists(words, unique=True), st.lists(patterns, max_size=4), st.one_of(st.none(), patterns))
def test_the_counts_are_those_of_each_pattern_alone(names: list[str], protect: list[str], keep: str | None) -> None:
    rules = made(protect=protect, name_regex_keep=keep)
    counts = Counter(position for name in names for position in rules.judge(name).entries)
    for position, entry in enumerate(rules.entries):
        assert counts[position] == sum(re.fullmatch(entry.pattern.text, name) is not None for name in names)
    assert len(rules.entries) == len(protect) + (keep is not None)


@pytest.mark.parametrize(("text", "same"), [("v.*", True), ("a|b", False), ("(a|b)", False), ("[a|]b", False)])
def test_a_pattern_without_alternatives_is_held_against_a_name_once(text: str, same: bool) -> None:
    pattern = compile_pattern(text, "protect")
    assert (pattern.ungrouped is pattern.grouped) is same


def test_which_names_show_a_group() -> None:
    match = "(?P<branch>[a-z]+-)?[0-9.v]+"
    [rule] = made(name_regex_delete=match, keep_n_per=[{"by": "branch"}]).rules
    assert [has_group(name, "branch", rule) for name in ("dev-1", "1", "other")] == [True, False, False]
    assert [has_group(name, "1", rule) for name in ("dev-1", "1")] == [True, False]
    assert [has_group(name, "minor", rule) for name in ("v1.2.3", "1")] == [True, False]
    assert [has_group(name, "major", rule) for name in ("v1.2.3", "1")] == [True, False]
    assert has_group("anything", "week", rule)


def test_names_and_patterns_count_alike() -> None:
    """A pattern of one name is looked up, and counts as the same one that is tried."""
    texts = ["v1", "v1", r"v1\.0", "main", "latest", "none", "dev-1", "dev-2"]
    looked_up = made(protect=texts, name_regex_keep="v1")
    tried = made(protect=[f"(?:{text})" for text in texts], name_regex_keep="(?:v1)")
    for name in NAMES:
        assert looked_up.judge(name)[1:] == tried.judge(name)[1:]


def test_what_another_rule_decides_about_is_not_matched_by_its_name_either() -> None:
    rules = made(rules=[{"name": "dev", "match": "dev-1"}, {"name": "all", "match": ".*", "name_regex_keep": "dev-1"}])
    assert rules.judge("dev-1").entries == ()
    assert rules.judge("dev-1").rule is rules.rules[0]
