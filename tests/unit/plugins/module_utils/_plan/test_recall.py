# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an approved plan already knows: it never lets a tag go that reading everything would keep."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import Repository, Tag
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.approval import Approved, compare, parse_plan
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan import (
    FILE_FORMAT,
    FILE_VERSION,
    Plan,
    RepositoryPlan,
    file_lines,
    fingerprint_of,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.recall import (
    JUDGING,
    recalled,
    same_rules,
    to_look_at,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.patterns import compile_pattern
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.referrers import ReferrerPolicy
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.retention import (
    Decision,
    KeepPerGroup,
    Rule,
    Rules,
    decide,
    judged_date,
)

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HERE = Repository(1, "a", "", 1, "", None, None, None)
OPTIONS = dict.fromkeys(JUDGING, "as it was")


def pushed(name: str, hours: int, digest: str = "x") -> Tag:
    date = NOW - timedelta(hours=hours)
    return Tag(name, f"{digest}-{name}", created=date, published=date, size=hours)


def rules(keep_n: int = 1, days: int = 0, per: str | None = None) -> Rules:
    keep_n_per = (KeepPerGroup(per),) if per else ()
    return Rules(
        (Rule(compile_pattern("d.*", "match"), keep_n=keep_n, older_than=days * 86400, keep_n_per=keep_n_per),)
    )


def approve(tags: list[Tag], wish: Rules, clock: datetime = NOW) -> Approved:
    part = RepositoryPlan(HERE, tuple(decide(tags, wish, "published", clock)))
    header = {
        "format": FILE_FORMAT,
        "version": FILE_VERSION,
        "server": "https://gitlab.example.com",
        "clock": "2026-06-01T12:00:00Z",
        "scope": {},
        "rules": OPTIONS,
    }
    plan = Plan((part,))
    return parse_plan(file_lines(plan, header, fingerprint_of(header, plan.deletion_rows())))


def dated(tag: Tag) -> datetime | None:
    return judged_date(tag, "published", NOW)


def delete(tags: list[Tag], approved: Approved, wish: Rules, retained: dict[str, str]) -> set[str] | None:
    """What goes by the plan, where only what has to be looked at was read; None where all has to be read."""
    names = to_look_at(approved, "a")
    assert names is not None
    seen = [tag if tag.name in names else Tag(tag.name) for tag in tags]
    found = recalled(seen, approved, "a", wish, retained, dated)
    if found is None:
        return None
    assert [each.tag.name for each in found] == [tag.name for tag in tags]
    return {each.tag.name for each in found if each.delete}


BEFORE = [pushed("d1", 900), pushed("d2", 800), pushed("d3", 100), pushed("v1", 5)]


def test_what_did_not_move_is_as_it_was_approved() -> None:
    approved = approve(BEFORE, rules())
    assert same_rules(approved, OPTIONS)
    names = to_look_at(approved, "a")
    assert names == frozenset({"d1", "d2", "d3"})
    seen = [tag if tag.name in names else Tag(tag.name) for tag in BEFORE]
    found = recalled(seen, approved, "a", rules(), {}, dated)
    assert found is not None
    planned = decide(BEFORE, rules(), "published", NOW)
    assert [(each.delete, each.reason, each.date, each.rule) for each in found] == [
        (each.delete, each.reason, each.date, each.rule) for each in planned
    ]
    assert [(each.tag.name, each.reason, each.tag.digest, each.tag.size) for each in found] == [
        ("d1", "expired", "x-d1", 900),
        ("d2", "expired", "x-d2", 800),
        ("d3", "keep_n", "x-d3", 100),
        ("v1", "no_match", "x-v1", 5),
    ]


def test_every_tag_that_stays_says_why() -> None:
    named = replace(
        rules(), rules=(replace(rules().rules[0], name="nightlies"),), protect=(compile_pattern("dx", "protect"),)
    )
    approved = approve(BEFORE, named)
    since = [Tag(name) for name in ("d1", "d2", "d3", "d4", "d5", "dx", "v1")]
    found = recalled(
        [*BEFORE[:3], *since[3:6], BEFORE[3]], approved, "a", named, {"d1": "in_use", "d4": "in_use"}, dated
    )
    assert found is not None
    assert [(each.tag.name, each.delete, each.reason, each.rule) for each in found] == [
        ("d1", False, "in_use", "nightlies"),
        ("d2", True, "expired", "nightlies"),
        ("d3", False, "keep_n", "nightlies"),
        ("d4", False, "in_use", ""),
        ("d5", False, "not_approved", ""),
        ("dx", False, "protected", ""),
        ("v1", False, "no_match", ""),
    ]


def test_a_repository_that_the_plan_does_not_know_keeps_everything() -> None:
    found = recalled([Tag("d1"), Tag("v1")], approve(BEFORE, rules()), "b", rules(), {}, dated)
    assert found == [Decision(Tag("d1"), False, "not_approved"), Decision(Tag("v1"), False, "no_match")]


@pytest.mark.parametrize("option", JUDGING)
def test_other_rules_want_everything_read(option: str) -> None:
    assert not same_rules(approve(BEFORE, rules()), {**OPTIONS, option: "as it is"})


@pytest.mark.parametrize(
    "tags",
    [
        pytest.param([*BEFORE[:3]], id="a kept tag vanished"),
        pytest.param([*BEFORE[:2], pushed("d3", 100, "y"), BEFORE[3]], id="a place is another image"),
        pytest.param([*BEFORE[:2], pushed("d3", 99), BEFORE[3]], id="a place was pushed again"),
        pytest.param([pushed("d1", 900, "y"), *BEFORE[1:]], id="an approved tag is another image"),
        pytest.param([BEFORE[0]._replace(protected=True), *BEFORE[1:]], id="an approved tag is protected"),
        pytest.param([BEFORE[0]._replace(digest=None), *BEFORE[1:]], id="an approved tag can't be read"),
    ],
)
def test_what_moved_wants_everything_read(tags: list[Tag]) -> None:
    assert delete(tags, approve(BEFORE, rules()), rules(), {}) is None


def test_what_is_held_stays_and_a_place_that_is_held_is_free() -> None:
    approved = approve(BEFORE, rules())
    assert delete(BEFORE, approved, rules(), {"d1": "in_use"}) == {"d2"}
    assert delete(BEFORE, approved, rules(), {"d3": "in_use"}) is None
    assert delete(BEFORE[1:], approved, rules(), {}) == {"d2"}
    assert delete([*BEFORE, pushed("d9", 999)], approved, rules(), {}) == {"d1", "d2"}


def test_signatures_want_everything_read() -> None:
    signed = [*BEFORE, pushed("sha256-" + "1" * 64 + ".sig", 900)]
    assert to_look_at(approve(signed, rules()), "a") is None
    assert to_look_at(approve(BEFORE, rules()), "b") == frozenset()


HOURS = st.integers(1, 24 * 6)
NAMES = [f"d{number}" for number in range(8)] + ["v1"]


@settings(max_examples=1000)
@given(
    st.dictionaries(st.sampled_from(NAMES), HOURS, min_size=1),
    st.dictionaries(st.sampled_from([*NAMES, "d8", "d9"]), st.none() | st.tuples(HOURS, st.sampled_from("xy"))),
    st.builds(rules, st.integers(0, 3), st.integers(0, 4), st.sampled_from([None, "day", "week"])),
    st.sets(st.sampled_from(NAMES), max_size=1),
)
def test_it_lets_nothing_go_that_reading_everything_keeps(
    before: dict[str, int], moved: dict[str, tuple[int, str] | None], wish: Rules, retained: set[str]
) -> None:
    approved = approve([pushed(name, hours) for name, hours in sorted(before.items())], wish)
    now = {name: pushed(name, hours) for name, hours in before.items()}
    for name, change in moved.items():
        if change is None:
            now.pop(name, None)
        else:
            now[name] = pushed(name, *change)
    tags = [now[name] for name in sorted(now)]
    kept = dict.fromkeys(retained, "in_use")
    part = RepositoryPlan(HERE, tuple(decide(tags, wish, "published", NOW, kept)))
    [today] = compare([part], approved, ReferrerPolicy()).repositories
    found = delete(tags, approved, wish, kept)
    if found is not None:
        assert found == {each.tag.name for each in today.deletions}
