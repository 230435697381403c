# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What another retention document changes: what is newly deleted and newly kept of each repository."""

from __future__ import annotations

import random
from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.approval import approval_of
from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.planning import plan_cleanup
from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.request import (
    CleanupRequest,
    cleanup_request,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.retention_changes import (
    RetentionChange,
    changes_result,
    retention_changes,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import TagListing
from ansible_collections.containerops.gitlab.plugins.module_utils._core.scope import Scope
from ansible_collections.containerops.gitlab.plugins.module_utils._retention.document import read_document
from ansible_collections.containerops.gitlab.plugins.modules.registry_cleanup import ARGUMENTS
from tests.unit.cleanups import observed, tag
from tests.unit.models import repository
from tests.unit.options import filled

SCOPE = Scope(group="team")
OLD = {"name": "old", "rules": [{"match": ".*", "older_than": "30d"}]}
NONE = {"name": "none", "rules": [{"match": ".*", "keep": True}]}
ALL = {"name": "all", "rules": [{"match": ".*"}]}


def document(default: str | None, **by_repository: str) -> dict[str, Any]:
    """Three rule sets. by_repository: the set of each repository, by its name."""
    return {
        "rule_sets": [OLD, NONE, ALL],
        **({"default": default} if default else {}),
        "assignments": [
            {"rule_set": name, "repositories": [f"team/app/{path}"]} for path, name in by_repository.items()
        ],
    }


def request_of(now: dict[str, Any], before: dict[str, Any] | None) -> CleanupRequest:
    params = filled({"on_unmatched": "warn"}, ARGUMENTS.options)
    return cleanup_request(
        params,
        SCOPE,
        approval_of(params, None, SCOPE),
        read_document(now, "retention"),
        "https://gitlab.test",
        previous=read_document(before, "previous_retention") if before else None,
    )


def listing(name: str, **ages: int) -> TagListing:
    tags = tuple(tag(each, age, letter=letter) for (each, age), letter in zip(ages.items(), "abcdef", strict=False))
    return TagListing(repository(path=f"team/app/{name}", name=name), tags, complete=True)


def changes(now: dict[str, Any], before: dict[str, Any] | None, *listings: TagListing) -> list[RetentionChange]:
    return retention_changes(observed(listings=list(listings)), request_of(now, before))


A, B, C = listing("a", new=1, old=40, older=50), listing("b", new=1, old=40), listing("c", new=1, old=40, x=2, y=3)


def test_without_an_earlier_document_nothing_is_compared() -> None:
    assert changes(document("old"), None, A) == []


def test_what_is_the_same_is_no_change() -> None:
    assert changes(document("old"), document("old"), A, B, C) == []
    assert changes(document("old", a="all"), document("all", b="old", c="old"), A, B, C) == []


def test_the_most_affected_repository_comes_first_and_what_is_newly_deleted_before_what_is_newly_kept() -> None:
    found = changes(document("old", b="none", c="all"), document("none", a="all", b="old"), A, B, C)
    assert found == [
        RetentionChange(
            "team/app/c",
            rule_set="all",
            previous_rule_set="none",
            newly_deleted=("new", "old", "x", "y"),
            newly_kept=(),
        ),
        RetentionChange("team/app/a", rule_set="old", previous_rule_set="all", newly_deleted=(), newly_kept=("new",)),
        RetentionChange("team/app/b", rule_set="none", previous_rule_set="old", newly_deleted=(), newly_kept=("old",)),
    ]
    more = changes(document("none"), document("old"), B, A)
    assert [each.repository for each in more] == ["team/app/a", "team/app/b"]
    assert [each.newly_kept for each in more] == [("old", "older"), ("old",)]


def test_another_rule_set_is_a_change_also_if_all_tags_stay_as_they_are() -> None:
    [found] = changes(document("old"), document(None), listing("a", new=1))
    assert found == RetentionChange("team/app/a", rule_set="old", previous_rule_set="", newly_deleted=(), newly_kept=())
    assert found.as_result(9)["previous_rule_set"] is None


def test_the_same_rule_set_may_say_something_else() -> None:
    now = document("old")
    before = {**now, "rule_sets": [{**OLD, "rules": [{"match": ".*", "older_than": "45d"}]}, NONE, ALL]}
    [found] = changes(now, before, A)
    assert found == RetentionChange(
        "team/app/a", rule_set="old", previous_rule_set="old", newly_deleted=("old",), newly_kept=()
    )
    [found] = changes(before, now, A)
    assert (found.newly_deleted, found.newly_kept) == ((), ("old",))


def test_some_of_a_repository_are_newly_deleted_and_others_newly_kept() -> None:
    odd = {"name": "odd", "rules": [{"match": "new"}, {"match": ".*", "keep": True}]}
    now = {"rule_sets": [odd], "default": "odd"}
    [found] = changes(now, document("old"), A)
    assert (found.newly_deleted, found.newly_kept) == (("new",), ("old", "older"))


def test_the_result_has_all_numbers_and_lists_up_to_the_limit() -> None:
    found = changes(document("old", b="none", c="all"), document("none", a="all", b="old"), A, B, C)
    assert changes_result(found, 2) == {
        "repositories": [
            {
                "repository": "team/app/c",
                "rule_set": "all",
                "previous_rule_set": "none",
                "newly_deleted": ["new", "old"],
                "newly_kept": [],
                "newly_deleted_count": 4,
                "newly_kept_count": 0,
            },
            {
                "repository": "team/app/a",
                "rule_set": "old",
                "previous_rule_set": "all",
                "newly_deleted": [],
                "newly_kept": ["new"],
                "newly_deleted_count": 0,
                "newly_kept_count": 1,
            },
        ],
        "repositories_changed": 3,
        "newly_deleted": 4,
        "newly_kept": 2,
    }
    assert changes_result([], 2) == {
        "repositories": [],
        "repositories_changed": 0,
        "newly_deleted": 0,
        "newly_kept": 0,
    }


@pytest.mark.parametrize("seed", range(60))
def test_the_changes_are_the_difference_of_both_plans(seed: int) -> None:
    dice = random.Random(seed)
    listings = [
        listing(name, **{f"t{number}": dice.choice([1, 20, 40]) for number in range(dice.randrange(5))})
        for name in "abc"
    ]

    def some() -> dict[str, Any]:
        chosen = dice.sample("abc", dice.randrange(4))
        return document(
            dice.choice([None, "old", "none", "all"]), **{name: dice.choice(["old", "all"]) for name in chosen}
        )

    def deleted(by: dict[str, Any]) -> set[tuple[str, str]]:
        plan = plan_cleanup(observed(listings=listings), request_of(by, None)).plan
        return {(part.repository.path, each.tag.name) for part in plan.repositories for each in part.deletions}

    now, before = some(), some()
    found = changes(now, before, *listings)
    assert {(each.repository, name) for each in found for name in each.newly_deleted} == deleted(now) - deleted(before)
    assert {(each.repository, name) for each in found for name in each.newly_kept} == deleted(before) - deleted(now)
