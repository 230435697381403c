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
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.in_use import InUse, Source, in_use_of
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.options import rules_of, used_of
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.reasons import Reason
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.retention import decide
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.versions import parse_semver
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
    first, second = parse_semver(older), parse_semver(newer)
    assert first is not None
    assert second is not None
    assert first.precedence() < second.precedence()


def test_protect_and_name_regex_keep_hold_what_would_be_deleted() -> None:
    found = decided(
        {"dev-1": 900, "dev-2": 900, "dev-3": 900},
        name_regex_delete="dev-.*",
        name_regex_keep="dev-2",
        protect=["dev-3"],
    )
    assert found == {"dev-1": "matched", "dev-2": "keep_pattern", "dev-3": "protected"}


@pytest.mark.parametrize(("allowed", "reason"), [(False, "latest"), (True, "matched")])
def test_latest_is_deleted_only_if_that_is_allowed(allowed: bool, reason: str) -> None:
    assert decided({"latest": 900}, name_regex_delete=".*", allow_latest=allowed) == {"latest": reason}


@pytest.mark.parametrize(("required", "reason"), [(True, Reason.UNKNOWN_DIGEST), (False, Reason.MATCHED)])
def test_a_tag_without_a_known_digest_is_deleted_only_if_none_is_required(required: bool, reason: Reason) -> None:
    rules = rules_of(filled({"name_regex_delete": ".*", "require_digest": required}))
    [decision] = decide([Tag("dark")], rules, DateSource.NONE, None)
    assert decision.reason is reason


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        (None, None),
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        ("2026-01-31T12:30:00Z", datetime(2026, 1, 31, 12, 30, tzinfo=UTC)),
        ("2026-01-31T12:30:00+02:00", datetime(2026, 1, 31, 10, 30, tzinfo=UTC)),
        # As YAML hands on what it takes for a time.
        ("2026-01-31 12:30:00+00:00", datetime(2026, 1, 31, 12, 30, tzinfo=UTC)),
    ],
)
def test_dates_are_valid_from_a_day_or_a_time(written: str | None, moment: datetime | None) -> None:
    assert rules_of(filled({"name_regex_delete": ".*", "dates_valid_from": written})).dates_valid_from == moment


def test_images_in_use_are_those_that_are_named_and_those_of_all_sources() -> None:
    listed = [Source("web", ("team/app:v2", "team/app:v3")), Source("jobs", ("team/job:v1",))]
    sources = [{"name": each.name, "images": list(each.images)} for each in listed]
    found = used_of(filled({"in_use": ["team/app:v1"], "in_use_sources": sources}))
    assert found == (in_use_of(["team/app:v1"], listed), ())
    assert found[0].names == {
        **dict.fromkeys(("team/app", "app", "library/app", "/team/app"), {"v1", "v2", "v3"}),
        **dict.fromkeys(("team/job", "job", "library/job", "/team/job"), {"v1"}),
    }
    assert [each.name for each in found[0].sources] == ["", "web", "jobs"]
    assert used_of(filled({})) == (InUse(), ())


WEB, EMPTY, FAILED = (
    {"name": "web", "images": ["app"]},
    {"name": "jobs"},
    {"name": "cron", "failed": "no route to host"},
)
WEB_IS_MISSING = ("the source web of images in use is expected and missing",)
ONE_IS_MISSING = ("2 sources of images in use are expected, and 1 is there",)


@pytest.mark.parametrize(
    ("sources", "expected", "missing"),
    [
        ([WEB], None, ()),
        ([WEB], ["web"], ()),
        ([WEB], 1, ()),
        ([WEB], "1", ()),
        ([WEB], [], ()),
        (None, ["web"], WEB_IS_MISSING),
        ([], ["web"], WEB_IS_MISSING),
        ([WEB], 2, ONE_IS_MISSING),
        ([WEB], "2", ONE_IS_MISSING),
        ([WEB, EMPTY], None, ("the source jobs of images in use is empty",)),
        ([FAILED], None, ("the source cron of images in use failed: no route to host",)),
    ],
)
def test_why_the_images_in_use_are_not_all_known(
    sources: list[dict[str, Any]] | None, expected: Any, missing: tuple[str, ...]
) -> None:
    assert used_of(filled({"in_use_sources": sources, "in_use_sources_expected": expected}))[1] == missing


@pytest.mark.parametrize(
    "expected", ["web", "-1", "1.0", "²", "٣", "9" * 5000, "", True, 1.5, {"web": 1}, [1], ["web", 1]]
)
def test_expected_sources_are_names_or_a_number(expected: Any) -> None:
    with pytest.raises(UsageError) as caught:
        used_of(filled({"in_use_sources_expected": expected}))
    assert str(caught.value) == "in_use_sources_expected is neither a list of names nor a number."


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"rules": []}, "rules is empty: write at least one, or give name_regex_delete."),
        (
            {"rules": [{"name": "a", "match": "x"}, {"name": "a", "match": "y"}]},
            "rules has the name 'a' more than once: each tag names the rule that decided.",
        ),
        ({"rules": [{"match": "("}]}, "rules, rule 1: match '(' is not a valid RE2 pattern: missing ): (."),
        (
            {"rules": [{"match": "x"}, {"name": "old", "match": "y", "keep_n": -1}]},
            "rules, old: keep_n is -1: it can't be negative.",
        ),
        (
            {"rules": [{"match": "x", "older_than": "1mon"}]},
            "rules, rule 1: older_than '1mon' has the unknown unit 'mon': use one of s, sec, min, h, d, w, month, y.",
        ),
        *(
            (
                {"rules": [{"match": "x", "keep": True, **more}]},
                f"rules, rule 1: with keep, all tags that the rule matches are kept: leave out {', '.join(more)}.",
            )
            for more in (
                {"name_regex_keep": "y"},
                {"keep_n": 1},
                {"keep_n_per": [{"by": "day"}]},
                {"older_than": "1d"},
                {"expires_label": "x"},
            )
        ),
        ({"name_regex_delete": "("}, "name_regex_delete '(' is not a valid RE2 pattern: missing ): (."),
        (
            {"name_regex_delete": "x", "name_regex_keep": "("},
            "name_regex_keep '(' is not a valid RE2 pattern: missing ): (.",
        ),
        ({"name_regex_delete": "x", "protect": ["y", "("]}, "protect '(' is not a valid RE2 pattern: missing ): (."),
        ({"name_regex_delete": "x", "keep_n": -1}, "keep_n is -1: it can't be negative."),
        (
            {"name_regex_delete": "x", "keep_n_per": [{"by": "1"}]},
            "keep_n_per by '1' is neither day, week, month, year, major, minor nor a capture group of 'x'.",
        ),
        (
            {"name_regex_delete": "x", "keep_n_per": [{"by": "day", "keep_n": 0}]},
            "keep_n_per by day: keep_n is 0, and has to be at least 1.",
        ),
        (
            {"name_regex_delete": "x", "keep_n_per": [{"by": "day", "groups": 0}]},
            "keep_n_per by day: groups is 0, and has to be at least 1.",
        ),
        *(
            (
                {"name_regex_delete": "x", **more},
                f"{next(iter(more))} has no effect without keep_n or keep_n_per: leave it out.",
            )
            for more in (
                *({"sort_by": order} for order in ("semver", "calver", "natural", "name")),
                {"prereleases": "apart"},
                {"prerelease_order": "natural"},
                {"version_group": "1"},
                {"keep_n_counts": "images"},
            )
        ),
        *(
            (
                {"name_regex_delete": "x(.)", "keep_n": 1, **more},
                f"version_group {more['version_group']!r} is not a capture group of 'x(.)'.",
            )
            for more in (
                {"version_group": "2", "sort_by": "semver"},
                {"version_group": "0", "sort_by": "natural"},
                {"version_group": "build", "sort_by": "name"},
            )
        ),
        *(
            (
                {"name_regex_delete": "x(.)", "version_group": "1", **more},
                "version_group has no effect if no version is needed: set sort_by, prereleases to apart, or keep_n_per "
                "by major or minor, or leave it out.",
            )
            for more in ({"keep_n": 1}, {"keep_n_per": [{"by": "1"}]}, {"keep_n_per": [{"by": "day"}]})
        ),
        *(
            (
                {"name_regex_delete": "x", "keep_n": 1, "prerelease_order": "natural", "sort_by": order},
                "prerelease_order natural has no effect without sort_by semver: leave it out.",
            )
            for order in ("date", "calver", "natural", "name")
        ),
        (
            {"rules": [{"match": "x", "keep": True, "sort_by": "natural", "keep_n_counts": "images"}]},
            "rules, rule 1: keep_n_counts and sort_by have no effect without keep_n or keep_n_per: leave them out.",
        ),
        *(
            (
                {"name_regex_delete": "x", "expires_label": name},
                f"expires_label is {name!r}: give the name of a label or annotation, such as quay.expires-after.",
            )
            for name in ("", " ", "quay.expires-after ", "a b", "a\n", "\u00e9", "x" * 256)
        ),
        (
            {"rules": [{"match": "x", "expires_label": ""}]},
            "rules, rule 1: expires_label is '': give the name of a label or annotation, such as quay.expires-after.",
        ),
        (
            {"name_regex_delete": "x", "min_age": "soon"},
            "min_age 'soon' is not a duration: write integers with units, such as 12h, 30d or 1month.",
        ),
        (
            {"name_regex_delete": "x", "dates_valid_from": "last week"},
            "dates_valid_from is 'last week': write it as 2026-01-31 or 2026-01-31T12:00:00Z.",
        ),
    ],
)
def test_what_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        rules_of(filled(given))
    assert str(caught.value) == message


@pytest.mark.parametrize("group", ["²", "٣", "１", "9" * 5000, "0", "2", "-1", "1.0", " 1", "day "])
@pytest.mark.parametrize("option", ["by", "version_group"])
def test_what_is_no_capture_group_is_told(option: str, group: str) -> None:
    rule: dict[str, Any] = {"name_regex_delete": "v(.*)", "keep_n": 1, "sort_by": "natural"}
    rule |= {"keep_n_per": [{"by": group}]} if option == "by" else {"version_group": group}
    with pytest.raises(UsageError, match="capture group of"):
        rules_of(filled(rule))
