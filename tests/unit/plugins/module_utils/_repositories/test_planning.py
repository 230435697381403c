# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which repositories and tags are deleted, and each reason why nothing is."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import ErrorKind, RequestError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import (
    ListingState,
    Tag,
    TagListing,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan import Plan, RepositoryPlan
from ansible_collections.containerops.gitlab.plugins.module_utils._repositories.planning import (
    RepositoryRemoval,
    RepositoryState,
    plan_repositories,
    plan_tags,
    warnings_of,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._repositories.request import (
    RepositoryRequest,
    request_of,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._repositories.results import intent_of, result_of
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.decision import to_delete, to_keep
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.reasons import Reason
from ansible_collections.containerops.gitlab.plugins.modules.registry_repository import ARGUMENTS
from tests.unit.models import repository
from tests.unit.options import filled

APP = repository(location="registry.test/team/app")
GOING = repository(id=8, path="team/old", location="registry.test/team/old", status="delete_scheduled")
V1, V2 = Tag("v1", "sha256:" + "0" * 64), Tag("v2", "sha256:" + "1" * 64)


def absent(**options: Any) -> RepositoryRequest:
    given = {"repository": ["team/app"], "state": "absent", **options}
    return request_of(filled(given, ARGUMENTS.options), job_token=False)


def empty(**options: Any) -> RepositoryRequest:
    return absent(state="empty", **options)


def state(*tags: Tag, complete: bool = True, authoritative: bool = False, **fields: Any) -> RepositoryState:
    return RepositoryState((TagListing(APP, tags, complete=complete, authoritative=authoritative),), **fields)


def unread(message: str) -> RepositoryState:
    error = RequestError(ErrorKind.UNAVAILABLE, message, operation="read it")
    return RepositoryState((TagListing(APP, error=error),))


PROVEN_EMPTY = state(authoritative=True)


def actions(observed: RepositoryState, request: RepositoryRequest) -> list[str]:
    plan = plan_tags(observed, request)
    return [row["action"] for row in result_of(observed, plan, request)["repositories"]]


@pytest.mark.parametrize(
    ("observed", "request_", "action", "summary"),
    [
        (PROVEN_EMPTY, absent(), "delete", "1 repository is to be deleted"),
        (state(V1), absent(force=True), "delete", "1 repository is to be deleted"),
        (state(V1, V2), absent(empty_first=True), "empty_and_delete", "1 repository is to be deleted, with 2 tags"),
        (state(V1, V2), empty(), "empty", "2 tags are to be deleted"),
    ],
)
def test_what_is_deleted(observed: RepositoryState, request_: RepositoryRequest, action: str, summary: str) -> None:
    plan = plan_tags(observed, request_)
    intent = intent_of(observed, plan, request_, limit=10)
    assert intent.summary == summary
    assert (intent.changed, intent.refusals, intent.verb) == (True, (), "deleted")
    assert actions(observed, request_) == [action]
    assert any(row["before"] == "repository team/app\n" for row in intent.diff) == request_.deletes_repositories
    assert any("v1" in row["before"] for row in intent.diff) == request_.deletes_tags


def test_what_is_empty_already_stays_as_it_is() -> None:
    intent = intent_of(PROVEN_EMPTY, plan_tags(PROVEN_EMPTY, empty()), empty(), limit=10)
    assert not intent.changed
    assert intent.diff == []
    assert actions(PROVEN_EMPTY, empty()) == ["none"]


NOT_COUNTED = "team/app: its tags can't be counted, which max_deletions and max_deletions_total need"
HIDDEN_RULES = (
    "GitLab would let an administrator change protected tags, and its protection rules can't be read here (use a token "
    "of a user who is not an administrator)"
)
EMPTY_OR_FAILED = "no tags are listed, which is also the answer of a failing registry"


@pytest.mark.parametrize(
    ("observed", "request_", "refusals"),
    [
        (state(V1), absent(), ["team/app is not deleted: it has 1 tag (force or empty_first allow it)"]),
        (state(), absent(), [f"team/app is not deleted: {EMPTY_OR_FAILED} (force allows it)"]),
        (state(), absent(empty_first=True), [f"team/app is not deleted: {EMPTY_OR_FAILED} (force allows it)"]),
        (unread("404 Not Found."), absent(), ["team/app is not deleted: 404 Not Found (force allows it)"]),
        (unread("...by proxy X"), absent(), ["team/app is not deleted: ...by proxy X (force allows it)"]),
        (
            state(V1, Tag("v3")),
            absent(empty_first=True),
            ["team/app would not be empty, since tags are kept (1 unknown_digest)"],
        ),
        (
            state(V1, Tag("v2", protected=True), Tag("v3"), Tag("v4")),
            absent(empty_first=True),
            ["team/app would not be empty, since tags are kept (1 gitlab_protected, 2 unknown_digest)"],
        ),
        (state(V1, complete=False), absent(force=True, max_deletions=9), [NOT_COUNTED]),
        (unread("no"), absent(force=True, max_deletions_total=9), [NOT_COUNTED]),
        (
            state(V1, V2),
            absent(force=True, max_deletions=1),
            ["team/app: 2 tags would be deleted, more than max_deletions 1"],
        ),
        (
            state(V1, V2),
            absent(force=True, max_deletions_total=1),
            ["2 tags would be deleted in total, more than max_deletions_total 1"],
        ),
        (state(V1, V2), empty(max_deletions=1), ["team/app: 2 tags would be deleted, more than max_deletions 1"]),
        (
            state(V1, V2),
            empty(max_deletions_total=1),
            ["2 tags would be deleted in total, more than max_deletions_total 1"],
        ),
        (
            state(V1, V2),
            absent(empty_first=True, max_deletions=1),
            ["team/app: 2 tags would be deleted, more than max_deletions 1"],
        ),
        (state(V1, hidden_rules=True), empty(), [HIDDEN_RULES]),
        (
            state(V1, V2, hidden_rules=True),
            absent(max_deletions=1),
            [
                "team/app: 2 tags would be deleted, more than max_deletions 1",
                "team/app is not deleted: it has 2 tags (force or empty_first allow it)",
                HIDDEN_RULES,
            ],
        ),
    ],
)
def test_why_nothing_is_deleted(observed: RepositoryState, request_: RepositoryRequest, refusals: list[str]) -> None:
    intent = intent_of(observed, plan_tags(observed, request_), request_, limit=10)
    assert list(intent.refusals) == refusals
    assert not intent.changed
    assert intent.diff == []


def test_tags_can_be_counted_if_the_registry_itself_lists_them() -> None:
    request = absent(force=True, max_deletions=1, max_deletions_total=1)
    assert plan_tags(state(V1), request).refusals == ()
    assert plan_tags(state(authoritative=True, complete=False), request).refusals == ()


@pytest.mark.parametrize(("request_", "before"), [(absent(force=True), False), (absent(empty_first=True), True)])
def test_repositories_with_the_tags_that_are_deleted_before_them(request_: RepositoryRequest, before: bool) -> None:
    observed = state(V1, being_deleted=(GOING,))
    plan = plan_tags(observed, request_)
    tags = RepositoryPlan(APP, (to_delete(V1, Reason.MATCHED),)) if before else None
    assert plan_repositories(observed, plan, request_) == [
        RepositoryRemoval(APP, tags=tags, must_be_empty=before),
        RepositoryRemoval(GOING, asked_before=True),
    ]


def test_how_much_of_a_repository_is_listed_is_told_with_what_is_deleted_of_it() -> None:
    def plans(observed: RepositoryState) -> tuple[RepositoryPlan, ...]:
        return plan_tags(observed, empty()).repositories

    decisions = (to_delete(V1, Reason.MATCHED), to_keep(Tag("v3"), Reason.UNKNOWN_DIGEST))
    assert plans(state(V1, Tag("v3"))) == (RepositoryPlan(APP, decisions),)
    assert plans(state(V1, complete=False)) == (RepositoryPlan(APP, decisions[:1], listing=ListingState.CAPPED),)
    assert plans(state()) == (RepositoryPlan(APP, listing=ListingState.EMPTY),)


def test_a_deletion_that_is_going_on_is_waited_for() -> None:
    observed = RepositoryState(being_deleted=(GOING,), missing=("team/x",))
    intent = intent_of(observed, plan_tags(observed, absent()), absent(), limit=10)
    assert (intent.changed, intent.waits) == (False, True)
    assert actions(observed, absent()) == ["none", "none"]


def test_what_could_not_be_read_is_left_as_it_is() -> None:
    observed = unread("no")
    error = observed.listings[0].error
    plan = plan_tags(observed, empty())
    assert plan == Plan((RepositoryPlan(APP, listing=ListingState.UNREAD, error=error),))
    intent = intent_of(observed, plan, empty(), limit=10)
    assert intent.unread == [error]
    assert not intent.changed
    assert [row["repository"] for row in result_of(observed, plan, empty())["errors"]] == ["team/app"]


def test_what_is_warned_of() -> None:
    def warnings(observed: RepositoryState, request: RepositoryRequest) -> list[str]:
        return warnings_of(observed, plan_tags(observed, request), request)

    assert warnings(state(), empty()) == [
        "GitLab lists no tags of team/app, which is also the answer of a failing registry: so it is unknown whether it "
        "has tags."
    ]
    assert warnings(state(V1, Tag("v3"), Tag("v4", protected=True)), empty(protect=["v1"])) == [
        "Tags of team/app are kept although they were to be deleted (1 gitlab_protected, 1 unknown_digest)."
    ]
    assert warnings(PROVEN_EMPTY, empty()) == []
    assert warnings(state(V1), empty(protect=["v1"])) == []
    assert warnings(state(), absent(force=True)) == []


def test_an_entry_of_protect_that_matches_nothing_is_told_as_in_a_cleanup() -> None:
    tags = state(Tag("v1.0.0", digest=V1.digest), Tag("main", digest=V2.digest))
    sentences = ["protect '1.0.0' matches no tag (it is only a part of v1.0.0)", "protect 'x' matches no tag"]
    for on_unmatched in ("auto", "warn", "fail"):
        request = empty(protect=["1.0.0", "ma.*", "x"], on_unmatched=on_unmatched)
        plan = plan_tags(tags, request)
        assert plan.refusals == (tuple(sentences) if on_unmatched == "fail" else ())
        found = result_of(tags, plan, request)
        assert found["unmatched"] == sentences
        assert [(row["option"], row["entry"], row["matched"]) for row in found["matches"]] == [
            ("protect", "1.0.0", 0),
            ("protect", "ma.*", 1),
            ("protect", "x", 0),
        ]
        assert warnings_of(tags, plan, request) == (
            [] if on_unmatched == "fail" else [f"{each}." for each in sentences]
        )


def test_what_could_not_be_read_might_be_protected() -> None:
    request = empty(protect=["x"], on_unmatched="fail")
    assert plan_tags(unread("down"), request).unmatched == ()
    assert plan_tags(PROVEN_EMPTY, request).unmatched == ()
    both = RepositoryState((*state(V1).listings, *unread("down").listings))
    assert plan_tags(both, request).unmatched == ("protect 'x' matches none of the tags that could be read",)
