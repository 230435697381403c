# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Approved plans: what they allow, what differs, and which ones are refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import (
    ErrorKind,
    RequestError,
    UsageError,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import Tag
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.approval import (
    ApprovalTerms,
    Approved,
    check_fingerprint,
    check_plan,
    scope_text,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.drift import DriftKind, compare, refusals_of
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan import Plan, RepositoryPlan
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan_file import sealed
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan_reading import parse_plan
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.decision import to_delete, to_keep
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.matches import EntryMatches
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.reasons import Reason
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.referrers import ReferrerPolicy, SharedDigest
from tests.unit.models import repository

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SCOPE = {"group": "team"}
HEADER = {
    "server": "https://gitlab.example.com",
    "clock": "2026-06-01T12:00:00Z",
    "scope": SCOPE,
    "rules": {"keep_n": 1},
    "budget": None,
}


def part(path: str, tags: dict[str, tuple[str | None, bool]]) -> RepositoryPlan:
    """A repository whose tags have a digest and go or stay."""
    decisions = tuple(
        to_delete(Tag(name, digest), Reason.MATCHED, date=NOW)
        if delete
        else to_keep(Tag(name, digest), Reason.TOO_YOUNG, date=NOW)
        for name, (digest, delete) in sorted(tags.items())
    )
    return RepositoryPlan(repository(id=sum(path.encode()), path=path, project_id=1), decisions)


def written(
    parts: Sequence[RepositoryPlan],
    refusals: Sequence[str] = (),
    matches: Sequence[EntryMatches] = (),
    **header: Any,
) -> list[str]:
    """The lines of a plan's file. header: what is not as it is by default."""
    plan = Plan(tuple(parts), refusals=tuple(refusals), matches=tuple(matches))
    return list(sealed(plan, {**HEADER, **header}).lines())


def terms(approved: Approved, **changes: Any) -> ApprovalTerms:
    return ApprovalTerms(fingerprint=approved.fingerprint, max_age=72 * 3600)._replace(**changes)


def deleted(parts: Sequence[RepositoryPlan]) -> set[tuple[str, str]]:
    return {(each.repository.path, decision.tag.name) for each in parts for decision in each.deletions}


BEFORE = [part("a", {"1": ("x", True), "2": ("y", True), "3": ("z", False), "4": ("v", True), "5": ("w", True)})]
TODAY = [part("a", {"1": ("x", True), "2": ("other", True), "3": ("z", True), "4": ("v", False)})]


def test_only_what_is_approved_chosen_and_unchanged_goes() -> None:
    found = compare(TODAY, parse_plan(written(BEFORE)), ReferrerPolicy())
    assert deleted(found.repositories) == {("a", "1")}
    assert [(each.name, each.kind, each.reason) for each in found.drift] == [
        ("2", DriftKind.MOVED, None),
        ("3", DriftKind.NEW, None),
        ("4", DriftKind.KEPT, Reason.TOO_YOUNG),
        ("5", DriftKind.VANISHED, None),
    ]
    decisions = [(each.tag.name, each.delete, each.reason.value) for each in found.repositories[0].decisions]
    assert decisions == [
        *[("1", True, "matched"), ("2", False, "changed"), ("3", False, "not_approved"), ("4", False, "too_young")]
    ]
    assert {kind.value: count for kind, count in found.counts.items()} == {
        "vanished": 1,
        "renamed": 0,
        "rule_set": 0,
        "moved": 1,
        "kept": 1,
        "unread": 0,
        "new": 1,
    }
    assert found.kept_by == {Reason.TOO_YOUNG: 1}
    assert found.approved == 4


def test_a_repository_that_is_unread_today_keeps_its_tags() -> None:
    unread = replace(part("a", {}), error=RequestError(ErrorKind.UNAVAILABLE, "no", operation="list tags"))
    found = compare([unread], parse_plan(written(BEFORE)), ReferrerPolicy())
    assert deleted(found.repositories) == set()
    assert [each.as_result() for each in found.drift] == [
        {"repository": "a", "name": name, "kind": "unread", "reason": None, "rule": None} for name in "1245"
    ]
    two = [
        replace(part(path, {}), error=RequestError(ErrorKind.UNAVAILABLE, "no", operation="list tags"))
        for path in ("a", "b")
    ]
    approved = parse_plan(written([*BEFORE, part("b", {"1": ("x", True)})]))
    assert compare(two, approved, ReferrerPolicy()).counts[DriftKind.UNREAD] == 5


def test_what_an_interrupted_run_deleted_is_done() -> None:
    found = compare(TODAY, parse_plan(written(BEFORE)), ReferrerPolicy(), {("a", "5", "w"), ("a", "1", "other")})
    assert found.deleted_before == 1
    assert DriftKind.VANISHED not in {each.kind for each in found.drift}


def test_a_tag_that_is_another_image_and_stays_says_why() -> None:
    found = compare([part("a", {"1": ("other", False)})], parse_plan(written(BEFORE[:1])), ReferrerPolicy())
    assert [(each.kind, each.reason) for each in found.drift if each.name == "1"] == [
        (DriftKind.MOVED, Reason.TOO_YOUNG)
    ]
    assert not found.repositories[0].decisions[0].delete


def test_the_rule_that_keeps_a_tag_is_told() -> None:
    today = to_keep(Tag("1", "x"), Reason.KEEP_N, date=NOW, rule="nightlies")
    found = compare([replace(BEFORE[0], decisions=(today,))], parse_plan(written(BEFORE)), ReferrerPolicy())
    assert found.drift[0].as_result() == {
        **{"repository": "a", "name": "1", "kind": "kept"},
        **{"reason": "keep_n", "rule": "nightlies"},
    }


def test_what_stays_for_its_family_is_drift() -> None:
    before = [part("a", {"1": ("x", True), "2": ("x", True)})]
    today = [part("a", {"1": ("x", True), "2": ("x", False)})]
    found = compare(today, parse_plan(written(before)), ReferrerPolicy(shared_digest=SharedDigest.KEEP_TOGETHER))
    assert [each.as_result() for each in found.drift] == [
        {"repository": "a", "name": "1", "kind": "kept", "reason": "shared_digest", "rule": None},
        {"repository": "a", "name": "2", "kind": "kept", "reason": "too_young", "rule": None},
    ]
    assert {decision.delete for decision in found.repositories[0].decisions} == {False}


def test_another_plan_another_server_another_scope() -> None:
    approved = parse_plan(written(BEFORE))
    with pytest.raises(UsageError, match="another plan was approved"):
        check_fingerprint(approved, terms(approved, fingerprint="sha256:0"))
    refused = parse_plan(written(BEFORE, refusals=["too much", "far too much"]))
    with pytest.raises(
        UsageError,
        match=(
            "^The approved plan was already refused when it was made: too much. Make a new plan and have it approved.$"
        ),
    ):
        check_plan(refused, "https://gitlab.example.com", SCOPE)
    with pytest.raises(UsageError, match="made for https://gitlab.example.com"):
        check_plan(approved, "https://other.example.com", SCOPE)
    for scope, told in (
        ({"group": "team/sub", "project": []}, '{"group": "team/sub"}'),
        ({"project": [f"team/{number}" for number in range(999)]}, '"team/9", "team/10", '),
    ):
        with pytest.raises(UsageError) as other_scope:
            check_plan(approved, "https://gitlab.example.com", scope)
        begin = 'The approved plan was made for another scope, {"group": "team"}, and this task is for {'
        assert str(other_scope.value).startswith(begin)
        assert told in str(other_scope.value)
        assert str(other_scope.value).endswith(": name the same projects, group or repositories, or leave them out.")
        assert len(str(other_scope.value)) < 500


@pytest.mark.parametrize(("length", "shown"), [(199, "{}"), (200, "{}"), (201, "{:.200}...")])
def test_a_scope_is_told_whole_up_to_200_characters(length: int, shown: str) -> None:
    whole = json.dumps({"group": "x" * (length - len('{"group": ""}'))})
    assert len(whole) == length
    assert scope_text(json.loads(whole)) == shown.format(whole)


OLD, RENEW = "the approved plan is of 2026-06-01T12:00:00Z", "make a new plan and have it approved"


@pytest.mark.parametrize(
    ("hours", "message"),
    [
        (72, None),
        (73, f"{OLD}, 73 hours ago, and plan_max_age is 72 hours: {RENEW}"),
        (72.5, f"{OLD}, 72 hours 30 minutes ago, and plan_max_age is 72 hours: {RENEW}"),
        (-1, "the approved plan is of 2026-06-01T12:00:00Z, which is in the future"),
        (-5 / 60, None),
        (None, "GitLab's answers have no Date header, so the age of the approved plan is unknown"),
    ],
)
def test_the_age_of_a_plan(hours: float | None, message: str | None) -> None:
    approved = parse_plan(written(BEFORE))
    clock = None if hours is None else NOW + timedelta(hours=hours)
    found = refusals_of(approved, terms(approved), compare(BEFORE, approved, ReferrerPolicy()), clock)
    assert found == ([message] if message else [])


@pytest.mark.parametrize(("percent", "shown"), [(None, None), (75.0, None), (74.0, "74"), (0.0, "0")])
def test_too_much_drift_refuses(percent: float | None, shown: str | None) -> None:
    approved = parse_plan(written(BEFORE))
    found = refusals_of(
        approved, terms(approved, max_drift_percent=percent), compare(TODAY, approved, ReferrerPolicy()), NOW
    )
    text = f"3 of 4 approved tags are not as they were, more than max_drift_percent {shown}"
    assert found == ([text] if shown else [])


states = st.dictionaries(
    st.sampled_from(["a", "b"]),
    st.dictionaries(
        st.sampled_from([f"t{number}" for number in range(6)]),
        st.tuples(st.sampled_from([None, "x", "y"]), st.booleans()),
    ),
)


@given(states, states)
def test_nothing_goes_beyond_the_plan_or_todays_rules(
    before: dict[str, dict[str, tuple[str | None, bool]]], today: dict[str, dict[str, tuple[str | None, bool]]]
) -> None:
    then = [part(path, tags) for path, tags in sorted(before.items())]
    now = [part(path, tags) for path, tags in sorted(today.items())]
    approved = parse_plan(written(then))
    found = compare(now, approved, ReferrerPolicy())
    gone = deleted(found.repositories)
    assert gone == {
        (path, name) for path, name in deleted(now) & deleted(then) if today[path][name][0] == before[path][name][0]
    }
    assert len(gone) + len(found.drift) - found.counts[DriftKind.NEW] == len(approved.digests)
    assert {(each.repository, each.name) for each in found.drift} == (deleted(now) | deleted(then)) - gone
