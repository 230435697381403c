# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules one after the other, slots by groups, versions: by examples of what teams mean."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import Tag
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.decision import DateSource
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.options import rules_of
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.retention import decide
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.versions import parse_version
from tests.unit.options import filled

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def decided(tags: Mapping[str, float | None], **given: Any) -> dict[str, str]:
    """The reason by name. tags: days since the push, None is unknown."""
    found = decide(
        [
            Tag(name, f"sha256:{name}", published=None if days is None else NOW - timedelta(days=days))
            for name, days in tags.items()
        ],
        rules_of(filled(given)),
        DateSource.PUBLISHED,
        NOW,
    )
    return {decision.tag.name: f"{decision.reason.value} {decision.rule}".rstrip() for decision in found}


def test_the_first_rule_that_matches_decides() -> None:
    found = decided(
        {"v1": 900, "v2-rc1": 900, "dev-1": 900, "dev-2": 1, "main": 900, "latest": 900},
        rules=[
            {"name": "releases", "match": "v[0-9]+", "keep": True},
            {"match": "v.*"},
            {"name": "development", "match": "dev-.*", "older_than": "30d"},
            {"name": "never reached", "match": "dev-1"},
        ],
    )
    assert found == {
        "v1": "keep_rule releases",
        "v2-rc1": "matched rule 2",
        "dev-1": "expired development",
        "dev-2": "too_young development",
        "main": "no_match",
        "latest": "latest",
    }


def test_a_tag_on_which_the_readings_of_a_rule_differ_stays_whatever_later_rules_say() -> None:
    found = decided({"v10": 900, "x": 900}, rules=[{"match": "v1|v2", "keep": True}, {"match": ".*"}])
    assert found == {"v10": "ambiguous_pattern rule 1", "x": "matched rule 2"}


def test_protect_stands_above_all_rules() -> None:
    found = decided({"a": 900, "b": 900}, rules=[{"match": ".*"}], protect=["a"])
    assert found == {"a": "protected", "b": "matched rule 1"}


def test_slots_for_each_branch() -> None:
    tags = {"main-1": 3, "main-2": 2, "main-3": 1, "fix-1": 900}
    found = decided(tags, name_regex_delete="(.*)-[0-9]+", keep_n_per=[{"by": "1", "keep_n": 2}])
    assert found == {"main-1": "matched", "main-2": "keep_n_per", "main-3": "keep_n_per", "fix-1": "keep_n_per"}
    named = decided(tags, name_regex_delete="(?P<branch>.*)-[0-9]+", keep_n_per=[{"by": "branch", "groups": 1}])
    assert [name for name, reason in named.items() if reason == "keep_n_per"] == ["main-3"]


def test_branches_are_as_new_as_their_tags() -> None:
    keep_n_per = [{"by": "1", "groups": 1}]
    tags: dict[str, float | None] = {"main-1": 9, "fix-1": 1, "fix-2": 2}
    found = decided(tags, name_regex_delete="(.*)-[0-9]+", keep_n_per=keep_n_per)
    assert [name for name, reason in found.items() if reason == "keep_n_per"] == ["fix-1"]
    # Of a branch with a tag that can't be judged it is not known how new it is.
    unknown = {**tags, "main-2": None, "other-1": None, "x": None}
    found = decided(unknown, name_regex_delete="(.*)-[0-9]+", keep_n_per=keep_n_per)
    assert [name for name, reason in found.items() if reason == "keep_n_per"] == ["main-1", "fix-1"]
    # What no rule or another one is about tells nothing of it.
    two = [{"match": "main-2", "keep": True}, {"match": "(.*)-[0-9]+", "keep_n_per": keep_n_per}]
    found = decided(unknown, rules=two)
    assert [name for name, reason in found.items() if reason.startswith("keep_n_per")] == ["fix-1"]


def test_days_are_as_new_as_themselves() -> None:
    tags: dict[str, float | None] = {"z": 5, "a": 1}
    found = decided(tags, name_regex_delete=".*", sort_by="name", keep_n_per=[{"by": "day", "groups": 1}])
    assert found == {"z": "matched", "a": "keep_n_per"}


def test_versions_in_groups_of_their_names() -> None:
    tags = dict.fromkeys(("1.0.0-a", "1.0.1-a", "1.0.0-b", "1.0.3-b"), 5.0)
    found = decided(dict(tags), name_regex_delete="(?:.*)-(.*)", sort_by="semver", keep_n_per=[{"by": "1"}])
    assert [name for name, reason in found.items() if reason == "keep_n_per"] == ["1.0.1-a", "1.0.3-b"]


def test_one_version_of_each_major_one() -> None:
    tags = dict.fromkeys(("1.0.0", "1.1.0", "1.2.0", "2.0.0", "2.1.0"), 5.0)
    found = decided(dict(tags), name_regex_delete=".*", sort_by="semver", keep_n_per=[{"by": "major"}])
    assert [name for name, reason in found.items() if reason == "keep_n_per"] == ["1.2.0", "2.1.0"]


def test_grandfather_father_son() -> None:
    tags = {f"nightly-{day}": float(day) for day in range(400)}
    keep_n_per = [{"by": "day", "groups": 7}, {"by": "week", "groups": 4}, {"by": "month", "groups": 12}]
    found = decided(tags, name_regex_delete="nightly-.*", keep_n_per=keep_n_per)
    kept = sorted(int(name.removeprefix("nightly-")) for name, reason in found.items() if reason == "keep_n_per")
    # 2026-06-01 is a Monday: seven days, the Sundays of three weeks before, the last days of eleven months before.
    assert kept == [0, 1, 2, 3, 4, 5, 6, 8, 15, 32, 62, 93, 121, 152, 183, 213, 244, 274, 305]


def test_patches_of_each_minor_version() -> None:
    tags = dict.fromkeys(("1.0.0", "1.0.1", "1.1.0", "1.1.10", "1.1.9", "2.0.0-rc1", "2.0.0", "1.1"), 5.0)
    found = decided(tags, name_regex_delete=".*", sort_by="semver", keep_n_per=[{"by": "minor"}])
    assert found == {
        "1.0.0": "matched",
        "1.0.1": "keep_n_per",
        "1.1.0": "matched",
        "1.1.10": "keep_n_per",
        "1.1.9": "matched",
        "2.0.0-rc1": "matched",
        "2.0.0": "keep_n_per",
        "1.1": "unknown_version",
    }
    majors = decided(
        dict(tags), name_regex_delete=".*", sort_by="semver", keep_n_per=[{"by": "major", "groups": 1, "keep_n": 2}]
    )
    assert [name for name, reason in majors.items() if reason == "keep_n_per"] == ["2.0.0-rc1", "2.0.0"]


def test_prereleases_apart_take_no_slot_of_a_release() -> None:
    tags: dict[str, float | None] = {"1.0.0": 9, "1.1.0-rc1": 3, "1.1.0-rc2": 2, "1.1.0-rc3": 1}
    together = decided(tags, name_regex_delete=".*", keep_n=2)
    assert [name for name, reason in together.items() if reason == "keep_n"] == ["1.1.0-rc2", "1.1.0-rc3"]
    apart = decided(tags, name_regex_delete=".*", keep_n=2, prereleases="apart")
    assert [name for name, reason in apart.items() if reason == "keep_n"] == ["1.0.0", "1.1.0-rc2", "1.1.0-rc3"]


def test_names_need_no_dates() -> None:
    found = decided({"20260101": None, "20260102": None}, name_regex_delete="[0-9]+", sort_by="name", keep_n=1)
    assert found == {"20260101": "matched", "20260102": "keep_n"}


def test_versions_that_are_equal_both_stay() -> None:
    found = decided({"1.0.0": 1, "v1.0.0": 2, "0.9.0": 3}, name_regex_delete=".*", sort_by="semver", keep_n=1)
    assert found == {"1.0.0": "keep_n", "v1.0.0": "keep_n", "0.9.0": "matched"}


def test_a_least_age_holds_whatever_a_rule_says() -> None:
    found = decided({"a": 1, "b": 3, "c": None}, name_regex_delete=".*", min_age="2d")
    assert found == {"a": "min_age", "b": "matched", "c": "unknown_date"}


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("1.0.0-alpha", "1.0.0-alpha.1"),
        ("1.0.0-alpha.1", "1.0.0-alpha.beta"),
        ("1.0.0-beta", "1.0.0-beta.2"),
        ("1.0.0-beta.2", "1.0.0-beta.11"),
        ("1.0.0-beta.11", "1.0.0-rc.1"),
        ("1.0.0-rc.1", "1.0.0"),
        ("1.0.0-0", "1.0.0-1"),
        ("1.9.0", "1.10.0"),
        ("v1.9.9", "2.0.0"),
    ],
)
def test_the_order_of_versions(older: str, newer: str) -> None:
    first, second = parse_version(older), parse_version(newer)
    assert first is not None
    assert second is not None
    assert first < second


@pytest.mark.parametrize("text", ["1", "1.2", "1.2.3.4", "01.2.3", "1.2.3-", "1.2.3-01", "1.2.3+b", "latest", "x1.2.3"])
def test_what_is_no_version(text: str) -> None:
    assert parse_version(text) is None


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"rules": []}, "rules is empty"),
        ({"rules": [{"match": "("}]}, "rules, rule 1: match '(' is not a valid RE2 pattern"),
        ({"rules": [{"name": "a", "match": "x"}, {"name": "a", "match": "y"}]}, "the name 'a' more than once"),
        ({"rules": [{"match": "x", "keep": True, "keep_n": 1}]}, "rules, rule 1: keep holds all that matches"),
        ({"rules": [{"match": "x", "keep_n": -1}]}, "rules, rule 1: keep_n is -1"),
        ({"rules": [{"match": "x", "older_than": "1mon"}]}, "rules, rule 1: "),
        ({"name_regex_delete": "x", "keep_n_per": [{"by": "1"}]}, "nor a capture group of 'x'"),
        ({"name_regex_delete": "x", "keep_n_per": [{"by": "day", "keep_n": 0}]}, "keep_n is 0"),
        ({"name_regex_delete": "x", "keep_n_per": [{"by": "day", "groups": 0}]}, "groups is 0"),
        ({"name_regex_delete": "x", "sort_by": "semver"}, "sort_by and prereleases have no meaning"),
        ({"name_regex_delete": "x", "min_age": "soon"}, "soon"),
    ],
)
def test_what_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        rules_of(filled(given))
    assert message in str(caught.value)
