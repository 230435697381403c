# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which tags are kept for their rank: by versions inside of names, by images, and where letters are no numbers."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import Tag
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.decision import DateSource
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.options import rules_of
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.ranking import has_group
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.reasons import Reason
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.retention import decide, order_differences
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.rules import Rules
from tests.unit.options import filled

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SIGNATURE = f"sha256-{'a' * 64}.sig"
Kept = dict[str, list[str]]


def tag(name: str, days: float | None = 9, image: str | None = "", **facts: Any) -> Tag:
    """A tag of an image; of one of its own by default. image: None if it is not known."""
    pushed = None if days is None else NOW - timedelta(days=days)
    return Tag(name, None if image is None else f"sha256:{image or name}", published=pushed, **facts)


def ruled(**options: Any) -> Rules:
    given = options if "rules" in options else {"name_regex_delete": ".*", **options}
    return rules_of(filled(given))


def kept_by(tags: list[Tag], rules: Rules, retained: Mapping[str, Reason] | None = None) -> Kept:
    """The names by why they are kept; of those that are deleted by that."""
    found: Kept = {}
    for each in decide(tags, rules, DateSource.PUBLISHED, NOW, retained):
        found.setdefault(each.reason.value, []).append(each.tag.name)
    return found


@pytest.mark.parametrize(
    ("names", "options", "kept"),
    [
        pytest.param(
            ["build-8", "build-9", "build-10", "build-011", "build-11"],
            {"sort_by": "natural", "keep_n": 1},
            {"matched": ["build-8", "build-9", "build-10"], "keep_n": ["build-011", "build-11"]},
            id="numbers of builds",
        ),
        pytest.param(
            ["main-fa1-8", "main-0b2-10", "main-9c3-9", "main-x"],
            {
                **{"name_regex_delete": "main(?:-[a-f0-9]+-([0-9]+))?.*", "version_group": "1"},
                **{"sort_by": "natural", "keep_n": 1},
            },
            {"matched": ["main-fa1-8", "main-9c3-9"], "keep_n": ["main-0b2-10"], "unknown_version": ["main-x"]},
            id="numbers of builds behind commits",
        ),
        pytest.param(
            ["b-1", "a-2", "x"],
            {
                **{"name_regex_delete": "(?:(?P<branch>[ab])-[0-9])?.*", "version_group": "branch"},
                **{"sort_by": "name", "keep_n": 1},
            },
            {"keep_n": ["b-1"], "matched": ["a-2"], "unknown_version": ["x"]},
            id="a part of the name, letter by letter",
        ),
        pytest.param(
            ["v-", "v-1"],
            {"name_regex_delete": "v-([0-9]*)", "version_group": "1", "sort_by": "natural", "keep_n": 1},
            {"unknown_version": ["v-"], "keep_n": ["v-1"]},
            id="a group that holds nothing",
        ),
        pytest.param(
            ["app-1.9.0-a", "app-1.10.0-a", "app-1.10-a", "app--a"],
            {"name_regex_delete": "app-(.*)-a", "version_group": "1", "sort_by": "semver", "keep_n": 1},
            {"matched": ["app-1.9.0-a"], "keep_n": ["app-1.10.0-a"], "unknown_version": ["app-1.10-a", "app--a"]},
            id="versions inside of names",
        ),
        pytest.param(
            ["app-1.9.0", "app-1.10.0", "app-2.0.0-rc1", "app-2"],
            {
                "name_regex_delete": "app-(.*)",
                "version_group": "1",
                "prereleases": "apart",
                "keep_n_per": [{"by": "major"}],
            },
            {"keep_n_per": ["app-1.9.0", "app-1.10.0", "app-2.0.0-rc1"], "unknown_version": ["app-2"]},
            id="groups by versions inside of names, by dates",
        ),
        pytest.param(
            ["2.0.0-rc9", "2.0.0-rc10"],
            {"sort_by": "semver", "keep_n": 1},
            {"keep_n": ["2.0.0-rc9"], "matched": ["2.0.0-rc10"]},
            id="prereleases letter by letter",
        ),
        pytest.param(
            ["2.0.0-rc9", "2.0.0-rc10"],
            {"sort_by": "semver", "keep_n": 1, "prerelease_order": "natural"},
            {"matched": ["2.0.0-rc9"], "keep_n": ["2.0.0-rc10"]},
            id="prereleases by their numbers",
        ),
        pytest.param(
            ["1.2.3_4", "1.2.3_5", "1.2.2_9"],
            {"sort_by": "semver", "keep_n_per": [{"by": "minor"}]},
            {"keep_n_per": ["1.2.3_4", "1.2.3_5"], "matched": ["1.2.2_9"]},
            id="builds of one version are equally new",
        ),
        pytest.param(
            ["2026.04.1", "2026.04.2", "2026.05.1-rc1", "2026.05.1", "2025.12.9", "edge"],
            {"sort_by": "calver", "keep_n_per": [{"by": "minor", "groups": 2}]},
            {
                "matched": ["2026.04.1", "2026.05.1-rc1", "2025.12.9"],
                "keep_n_per": ["2026.04.2", "2026.05.1"],
                "unknown_version": ["edge"],
            },
            id="calendar versions by the month",
        ),
        pytest.param(
            ["2026.04.1", "2026.05.1", "2025.12.9"],
            {"sort_by": "calver", "keep_n_per": [{"by": "major"}]},
            {"matched": ["2026.04.1"], "keep_n_per": ["2026.05.1", "2025.12.9"]},
            id="calendar versions by the year",
        ),
        pytest.param(
            ["2026.05.1-rc1", "2026.05.1-rc2", "2026.05.1", "2026.04.1"],
            {"sort_by": "calver", "keep_n": 1, "prereleases": "apart"},
            {"matched": ["2026.05.1-rc1", "2026.04.1"], "keep_n": ["2026.05.1-rc2", "2026.05.1"]},
            id="prereleases of calendar versions",
        ),
        pytest.param(
            ["2026.05.1", "1.0.0"],
            {"sort_by": "natural", "keep_n_per": [{"by": "major"}]},
            {"unknown_version": ["2026.05.1"], "keep_n_per": ["1.0.0"]},
            id="groups are of semantic versions in any other order",
        ),
        pytest.param(
            ["1.0.0", "1.0.0-rc1"],
            {"sort_by": "natural", "keep_n_per": [{"by": "major"}]},
            {"matched": ["1.0.0"], "keep_n_per": ["1.0.0-rc1"]},
            id="in which they are not compared as versions",
        ),
    ],
)
def test_versions_as_people_write_them(names: list[str], options: dict[str, Any], kept: Kept) -> None:
    assert kept_by([tag(name) for name in names], ruled(**options)) == kept


def test_a_version_that_nobody_needs_is_not_looked_for() -> None:
    rules = ruled(name_regex_delete="(v)?.*", keep_n=1)
    [rule] = rules.rules
    found = kept_by([tag("a", 2), tag("b", 1)], Rules((rule._replace(version_group="1"),)))
    assert found == {"matched": ["a"], "keep_n": ["b"]}


def test_a_group_of_versions_is_seen_by_the_version_in_the_name() -> None:
    [rule] = ruled(
        name_regex_delete="(?:app-)?(?P<v>[0-9.]*).*", version_group="v", sort_by="calver", keep_n_per=[{"by": "minor"}]
    ).rules
    names = ["app-2024.05.1-x", "2024.5", "app-1.2.3", "app-x"]
    assert [has_group(name, "minor", rule) for name in names] == [True, True, False, False]
    assert has_group("app-x", "v", rule)


IMAGES = [
    pytest.param(
        [tag("1", 5, "a"), tag("1.2", 5, "a"), tag("1.2.3", 5, "a"), tag("1.2.2", 6), tag("1.2.1", 7), tag("1.2.0", 8)],
        {"keep_n": 3},
        {},
        {"keep_n": ["1", "1.2", "1.2.3", "1.2.2", "1.2.1"], "matched": ["1.2.0"]},
        id="one place for all tags of an image",
    ),
    pytest.param(
        [tag("new", 1, "a"), tag("b", 2), tag("c", 3), tag("old", 9, "a")],
        {"keep_n": 2},
        {},
        {"keep_n": ["new", "b", "old"], "matched": ["c"]},
        id="an image is as new as its newest tag, and kept whole",
    ),
    pytest.param(
        [tag("a", 1), tag("b", 2), tag("c", 2), tag("d", 3)],
        {"keep_n": 2},
        {},
        {"keep_n": ["a", "b", "c"], "matched": ["d"]},
        id="images that are as new as the last one",
    ),
    pytest.param(
        [tag("a", 1, "a"), tag("b", 2, "a")], {"keep_n": 3}, {}, {"keep_n": ["a", "b"]}, id="fewer images than places"
    ),
    pytest.param(
        [tag("x", 1), tag("a", 2), tag("b", 3)],
        {"keep_n": 0, "keep_n_per": [{"by": "day"}], "older_than": "2d"},
        {},
        {"keep_n_per": ["x", "a", "b"]},
        id="in groups",
    ),
    pytest.param(
        [tag("a-1", 1, "i"), tag("a-2", 2, "i"), tag("a-3", 3), tag("a-4", 4), tag("b-1", 9, "i"), tag("b-2", 8)],
        {"name_regex_delete": "(.)-.*", "keep_n_per": [{"by": "1", "keep_n": 2}]},
        {},
        {"keep_n_per": ["a-1", "a-2", "a-3", "b-1", "b-2"], "matched": ["a-4"]},
        id="of each group, an image may be in several",
    ),
    pytest.param(
        [tag("a-1", 1, "i"), tag("b-1", 9, "i"), tag("b-2", 8), tag("b-3", 10)],
        {"name_regex_delete": "(.)-.*", "keep_n_per": [{"by": "1"}], "keep_n": 1},
        {},
        {"keep_n": ["a-1", "b-1"], "keep_n_per": ["b-2"], "matched": ["b-3"]},
        id="kept for keep_n if for both",
    ),
    pytest.param(
        [tag("new", 1, None), tag("a", 2), tag("b", 3), tag("c", 4)],
        {"keep_n": 2},
        {},
        {"unknown_digest": ["new", "c"], "keep_n": ["a", "b"]},
        id="where it is not known which image the newest tag is, it may be any",
    ),
    pytest.param(
        [tag("a", 2), tag("b", 3), tag("c", 4), tag("old", 5, None)],
        {"keep_n": 2},
        {},
        {"keep_n": ["a", "b"], "matched": ["c"], "unknown_digest": ["old"]},
        id="of an older tag that does not matter",
    ),
    pytest.param(
        [tag("a", 2), tag("b", 3), tag("old", 5, None)],
        {"keep_n": 3},
        {},
        {"keep_n": ["a", "b"], "unknown_digest": ["old"]},
        id="of an older tag that may have a place that is left",
    ),
    pytest.param(
        [tag("a", 2, None), tag("b", 3, None)],
        {"keep_n": 1},
        {},
        {"unknown_digest": ["a", "b"]},
        id="no image is known",
    ),
    pytest.param(
        [tag("new", None, "a"), tag("b", 2), tag("c", 3), tag("old", 9, "a")],
        {"keep_n": 1},
        {},
        {"unknown_date": ["new"], "keep_n": ["b"], "matched": ["c"], "shared_digest": ["old"]},
        id="an image of which the date of one tag is not known",
    ),
    pytest.param(
        [tag("new", None, None), tag("b", 2), tag("c", 3)],
        {"keep_n": 1},
        {},
        {"unknown_date": ["new"], "keep_n": ["b"], "unknown_digest": ["c"]},
        id="a tag of which nothing is known may be of any image",
    ),
    pytest.param(
        [tag("new", 1, "a"), tag("b", 2), tag("c", 3), tag("old", 9, "a")],
        {"keep_n": 1, "protect": ["new"]},
        {},
        {"protected": ["new"], "keep_n": ["b"], "matched": ["c"], "shared_digest": ["old"]},
        id="a protection is no reason to delete another tag of the image",
    ),
    pytest.param(
        [tag("new", 1, "a"), tag("b", 2), tag("c", 3), tag("old", 9, "a")],
        {"keep_n": 1},
        {"new": Reason.IN_USE},
        {"in_use": ["new"], "keep_n": ["b"], "matched": ["c"], "shared_digest": ["old"]},
        id="nor is that it is in use",
    ),
    pytest.param(
        [tag("new", 1, "a"), tag("b", 2), tag("old", 9, "a")],
        {"keep_n": 1, "name_regex_delete": "(?:b|old)"},
        {},
        {"no_match": ["new"], "keep_n": ["b"], "matched": ["old"]},
        id="a tag that the rule does not match says nothing of its image",
    ),
    pytest.param(
        [tag("new", 1, "a"), tag("b", 2), tag("old", 9, "a")],
        {"rules": [{"match": "new", "keep": True}, {"match": ".*", "keep_n": 1, "keep_n_counts": "images"}]},
        {},
        {"keep_rule": ["new"], "keep_n": ["b"], "matched": ["old"]},
        id="nor does one of another rule",
    ),
    pytest.param(
        [tag(SIGNATURE, 1, None), tag("b", 2), tag("c", 3)],
        {"keep_n": 1},
        {},
        {"signature": [SIGNATURE], "keep_n": ["b"], "matched": ["c"]},
        id="a signature is no tag of an image that counts",
    ),
]


@pytest.mark.parametrize(("tags", "options", "retained", "kept"), IMAGES)
def test_images_take_places(tags: list[Tag], options: dict[str, Any], retained: dict[str, Reason], kept: Kept) -> None:
    given = options if "rules" in options else {**options, "keep_n_counts": "images"}
    assert kept_by(tags, ruled(**given), retained) == kept


def test_tags_are_counted_by_themselves_by_default() -> None:
    tags = [tag("new", 1, "a"), tag("b", 2), tag("old", 9, "a"), tag("unknown", 1, None)]
    found = kept_by(tags, ruled(keep_n=2, protect=["b"]))
    assert found == {"keep_n": ["new", "unknown"], "protected": ["b"], "matched": ["old"]}


def test_the_newest_images_are_kept_and_no_others() -> None:
    """Against the plainest way to say it, where everything is known."""
    dice = random.Random(4)
    for case in range(500):
        tags = [tag(f"t{number}", dice.randint(1, 9), dice.choice("abcdef")) for number in range(dice.randint(0, 9))]
        keep_n = dice.randint(1, 4)
        dates: dict[str | None, list[Any]] = {}
        for each in tags:
            dates.setdefault(each.digest, []).append(each.published)
        newest = sorted(map(max, dates.values()), reverse=True)[:keep_n]
        expected = [each.name for each in tags if max(dates[each.digest]) >= newest[-1]]
        assert kept_by(tags, ruled(keep_n=keep_n, keep_n_counts="images")).get("keep_n", []) == expected, case


def test_tags_of_images_of_their_own_are_counted_as_tags_are() -> None:
    dice = random.Random(5)
    for case in range(300):
        tags = [tag(f"{dice.choice('ab')}-{number}", dice.randint(1, 9)) for number in range(dice.randint(0, 9))]
        options: dict[str, Any] = {
            "name_regex_delete": "(.*)-.*",
            "keep_n": dice.randint(0, 2),
            "keep_n_per": [{"by": dice.choice(["1", "week"]), "keep_n": dice.randint(1, 2)}],
        }
        by_tags, by_images = (kept_by(tags, ruled(**options, keep_n_counts=each)) for each in ("tags", "images"))
        assert by_tags == by_images, case


DIFFERENCES = [
    pytest.param(
        ["build-8", "build-9", "build-10", "build-11", "build-100"],
        {"sort_by": "name", "keep_n": 2},
        [("", ("build-100", "build-11"), ("build-8", "build-9"))],
        id="numbers of different lengths",
    ),
    pytest.param(["build-08", "build-09", "build-10"], {"sort_by": "name", "keep_n": 2}, [], id="of one length"),
    pytest.param(["build-8", "build-10"], {"sort_by": "name", "keep_n": 2}, [], id="all are kept by either"),
    pytest.param(["build-8", "build-10"], {"sort_by": "natural", "keep_n": 1}, [], id="the natural order itself"),
    pytest.param(["build-8", "build-10"], {"keep_n": 1}, [], id="by dates"),
    pytest.param(["build-8", "build-10"], {}, [], id="nothing is counted"),
    pytest.param(
        ["2.0.0-rc9", "2.0.0-rc10", "2.0.0-rc11"],
        {"sort_by": "semver", "keep_n": 1},
        [("", ("2.0.0-rc11",), ("2.0.0-rc9",))],
        id="prereleases",
    ),
    pytest.param(["2.0.0-rc.9", "2.0.0-rc.10"], {"sort_by": "semver", "keep_n": 1}, [], id="prereleases with dots"),
    pytest.param(
        ["2.0.0-rc9", "2.0.0-rc10"],
        {"sort_by": "semver", "keep_n": 1, "prerelease_order": "natural"},
        [],
        id="prereleases in natural order",
    ),
    pytest.param(
        ["a-9", "a-10", "b-1"],
        {"name_regex_delete": "(.)-.*", "sort_by": "name", "keep_n_per": [{"by": "1"}]},
        [("", ("a-10",), ("a-9",))],
        id="in groups",
    ),
    pytest.param(
        ["x9-1", "x10-1", "y9-1", "y10-1"],
        {
            "rules": [
                {"name": "w", "match": "w.*", "keep_n": 1},
                {"name": "x", "match": "x.*", "sort_by": "name", "keep_n": 1},
                {"name": "y", "match": "y(.*)-1", "sort_by": "name", "keep_n": 1, "version_group": "1"},
                {"name": "z", "match": "z.*", "sort_by": "name", "keep_n": 1},
            ]
        },
        [("x", ("x10-1",), ("x9-1",)), ("y", ("y10-1",), ("y9-1",))],
        id="by rule",
    ),
    pytest.param(
        ["build-9", "build-10"],
        {"sort_by": "name", "keep_n": 1, "older_than": "1y"},
        [],
        id="all are too young",
    ),
    pytest.param(
        ["build-9", "build-10"],
        {"sort_by": "name", "keep_n": 1, "protect": ["build-10"]},
        [],
        id="something else keeps",
    ),
]


@pytest.mark.parametrize(("names", "options", "found"), DIFFERENCES)
def test_where_letters_are_no_numbers(
    names: list[str], options: dict[str, Any], found: list[tuple[str, tuple[str, ...], tuple[str, ...]]]
) -> None:
    differences = order_differences([tag(name) for name in names], ruled(**options), DateSource.PUBLISHED, NOW)
    assert [(each.rule.name, each.deleted, each.kept) for each in differences] == found


def test_a_difference_is_what_the_other_order_decides() -> None:
    """Names at random: what is told is what changes if the user does what the note says."""
    dice = random.Random(6)
    told = 0
    for case in range(400):
        names = {f"{dice.choice(['b', 'b-', '1.0.0-rc'])}{dice.randint(1, 120)}" for _each in range(dice.randint(0, 9))}
        # A date to come is none.
        tags = [tag(name, dice.choice([-3, None, *range(1, 10)]), dice.choice("abcdef")) for name in sorted(names)]
        order, instead = dice.choice(
            [("name", {"sort_by": "natural"}), ("semver", {"sort_by": "semver", "prerelease_order": "natural"})]
        )
        options: dict[str, Any] = {
            "name_regex_delete": "(.*?)[0-9]*",
            "keep_n": dice.randint(0, 2),
            "keep_n_per": [{"by": "1", "groups": dice.choice([None, 1])}],
            "keep_n_counts": dice.choice(["tags", "images"]),
            "older_than": dice.choice([None, "3d"]),
        }
        retained = {name: Reason.IN_USE for name in names if dice.random() < 0.1}
        before, after = (ruled(**options, **more) for more in ({"sort_by": order}, instead))
        source = DateSource.PUBLISHED
        pairs = zip(
            decide(tags, before, source, NOW, retained), decide(tags, after, source, NOW, retained), strict=True
        )
        changed = {one.tag.name for one, other in pairs if one.delete is not other.delete}
        differences = order_differences(tags, before, source, NOW, retained)
        assert {name for each in differences for name in (*each.deleted, *each.kept)} == changed, case
        told += bool(changed)
    assert told > 40
