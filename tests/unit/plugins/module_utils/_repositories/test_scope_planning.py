# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a scope: what is read for it, what refuses it, and what an approved one allows."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import (
    ErrorKind,
    RequestError,
    UsageError,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import Tag
from ansible_collections.containerops.gitlab.plugins.module_utils._core.scope import Exclusion
from ansible_collections.containerops.gitlab.plugins.module_utils._core.server import (
    Mode,
    ReadMethod,
    ServerCapabilities,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.merge import (
    approved_in,
    fingerprint_in,
    is_merged,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan_file import (
    REPOSITORY_FORMAT,
    fingerprint_of,
    sealed,
    with_fingerprint,
    written_line,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan_reading import parse_plan
from ansible_collections.containerops.gitlab.plugins.module_utils._repositories.scope_planning import (
    ScopeState,
    notes_of,
    plan_scope,
    undecided,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._repositories.scope_results import (
    removals_of,
    scope_header,
    scope_intent,
    scope_result,
)
from tests.unit.models import digest, project
from tests.unit.scopes import (
    DATABASE,
    NOW,
    PROJECT,
    URL,
    listed,
    pushed,
    scope_request,
    scope_state,
    shelf,
    told,
)

WEB, OLD, NEW = shelf("web", number=1), shelf("old", number=2), shelf("new", number=3, created=1)
MONTH = {"not_pushed_for": "30d"}
STATE = scope_state(
    listed(NEW), listed(OLD, pushed("a", 40), pushed("b", 50, digest=digest("b"))), listed(WEB, pushed("v1", 2))
)


def refusals(state: ScopeState = STATE, conditions: dict[str, Any] | None = None, **options: Any) -> list[str]:
    return list(plan_scope(state, scope_request(conditions or MONTH, **options)).refusals)


def test_only_what_nothing_keeps_so_far_is_read_any_further() -> None:
    unread = STATE._replace(refs={}, rules={}, listings={})
    request = scope_request({**MONTH, "ref_gone": ["branches"], "paths": ["team/app/*"]})
    assert undecided(unread, request) == [OLD, WEB]
    with_refs = unread._replace(refs=scope_state(branches=("old",)).refs)
    assert undecided(with_refs, request) == [WEB]
    error = RequestError(ErrorKind.UNAVAILABLE, "no", operation="read it")
    assert undecided(with_refs._replace(rules={PROJECT: error}), request) == []
    # What was not read keeps a repository in the plan all the same.
    assert set(told(plan_scope(unread, request)).values()) == {"too_young", "unknown_refs"}


def test_a_plan_tells_of_every_repository() -> None:
    request = scope_request(MONTH)
    plan = plan_scope(STATE, request)
    assert told(plan) == {"new": "too_young", "old": "not_pushed", "web": "too_young"}
    assert plan.refusals == ()
    [removal] = removals_of(plan)
    assert (removal.repository, removal.tags, removal.must_be_empty, removal.only_unchanged) == (
        *(OLD, plan.repositories[1]),
        *(True, True),
    )
    file = sealed(plan, scope_header(STATE, request, URL), REPOSITORY_FORMAT)
    result = scope_result(STATE, (shelf("going", number=9),), request, file, limit=10)
    assert [(row["path"], row["action"], row["tags"], row["reason"]) for row in result["repositories"]] == [
        ("team/app/old", "empty_and_delete", 2, "not_pushed"),
        ("team/app/going", "none", None, None),
        ("team/app/new", "none", 0, "too_young"),
        ("team/app/web", "none", 1, "too_young"),
    ]
    assert result["plan"]["totals"] == {
        "repositories": 3,
        "repositories_deleted": 1,
        "repository_reasons": {"not_pushed": 1, "too_young": 2},
        "repositories_unread": 0,
        "being_deleted": 1,
        "delete": 2,
        "freed_least": None,
        "freed_most": None,
    }
    assert result["plan"]["approved"] is None
    intent = scope_intent(plan, 10)
    assert intent.changed
    assert intent.summary == "1 of 3 repositories is to be deleted, with 2 tags"
    assert [part["before"] for part in intent.diff if "repository" in part["before"]] == [
        "repository team/app/old  it was created or last pushed to on 2026-04-22T12:00:00Z\n"
    ]


@pytest.mark.parametrize(
    ("listings", "summary"),
    [
        ([listed(WEB)], "1 of 1 repository is to be deleted"),
        ([listed(OLD, pushed("a", 90)), listed(WEB)], "2 of 2 repositories are to be deleted, with 1 tag"),
        ([listed(NEW)], "0 of 1 repository are to be deleted"),
        ([], "0 of 0 repositories are to be deleted"),
    ],
)
def test_a_summary(listings: list[Any], summary: str) -> None:
    intent = scope_intent(plan_scope(scope_state(*listings), scope_request(MONTH)), 10)
    assert intent.summary == summary
    assert intent.changed is not summary.startswith("0")


def test_a_refused_plan_changes_nothing() -> None:
    intent = scope_intent(plan_scope(STATE, scope_request(MONTH, max_repositories=0)), 10)
    assert (intent.changed, intent.diff) == (False, [])
    assert intent.refusals == ("1 repository would be deleted, more than max_repositories 0",)


def test_what_can_not_be_read_is_told() -> None:
    error = RequestError(ErrorKind.UNAVAILABLE, "no", operation="read it")
    request = scope_request(MONTH)
    plan = plan_scope(STATE._replace(listings={**STATE.listings, OLD.path: listed(OLD, error=error)}), request)
    intent = scope_intent(plan, 10)
    assert (intent.changed, list(intent.unread), intent.kept) == (False, [error], "It was kept.")
    file = sealed(plan, scope_header(STATE, request, URL), REPOSITORY_FORMAT)
    result = scope_result(STATE, (), request, file, limit=10)
    assert [row["repository"] for row in result["errors"]] == [OLD.path]
    assert result["plan"]["totals"]["repositories_unread"] == 1


OTHER = shelf("x", number=8, project_id=4)._replace(path="team/sub/x")
TWO = scope_state(
    *(listed(shelf(f"r{number}", number=10 + number), pushed("a", 90), pushed("b", 90)) for number in range(3)),
    listed(OTHER),
    listed(shelf("web", number=1, created=1)),
    projects={PROJECT: project(id=PROJECT), 4: project(id=4, path="team/sub")},
    rules={PROJECT: (), 4: ()},
)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, []),
        ({"max_repositories": 4, "max_repositories_percent": 80.0, "max_deletions": 2, "max_deletions_total": 6}, []),
        ({"max_repositories": 3}, ["4 repositories would be deleted, more than max_repositories 3"]),
        ({"max_repositories": 0}, ["4 repositories would be deleted, more than max_repositories 0"]),
        (
            {"max_repositories_percent": 79.5},
            ["4 of 5 repositories would be deleted, more than max_repositories_percent 79.5"],
        ),
        (
            {"max_repositories_percent": 0},
            ["4 of 5 repositories would be deleted, more than max_repositories_percent 0"],
        ),
        (
            {"min_remaining_repositories": 1},
            ["team/sub: 0 of its repositories in scope would remain, fewer than min_remaining_repositories 1"],
        ),
        (
            {"min_remaining_repositories": 2},
            [
                "team/app: 1 of its repositories in scope would remain, fewer than min_remaining_repositories 2",
                "team/sub: 0 of its repositories in scope would remain, fewer than min_remaining_repositories 2",
            ],
        ),
        (
            {"max_deletions": 1},
            [f"team/app/r{number}: 2 tags would be deleted, more than max_deletions 1" for number in range(3)],
        ),
        ({"max_deletions_total": 5}, ["6 tags would be deleted in total, more than max_deletions_total 5"]),
    ],
)
def test_limits(options: dict[str, Any], expected: list[str]) -> None:
    assert refusals(TWO, **options) == expected


def test_a_project_that_loses_nothing_needs_no_other_repository() -> None:
    assert refusals(scope_state(listed(NEW)), min_remaining_repositories=5) == []


def test_what_else_refuses_a_plan() -> None:
    assert refusals(in_use_sources_expected=["a"]) == ["the source a of images in use is expected and missing"]
    source = {"name": "a", "images": ["x:y"], "failed": "", "read_at": "2026-06-01T10:00:00Z"}
    [stale] = refusals(in_use_sources=[source])
    assert "read longer ago than in_use_max_age" in stale
    assert refusals(in_use_sources=[source], in_use_max_age="3h") == []
    [later] = refusals(
        STATE._replace(latest_clock=NOW + timedelta(hours=2)), in_use_sources=[source], in_use_max_age="3h"
    )
    assert "in_use_max_age" in later
    [clock] = refusals(STATE._replace(clock=None))
    assert clock.startswith("GitLab's time is unknown")
    assert refusals(STATE._replace(clock=None), {"paths": ["x/y"]}) == []
    assert refusals(scope_state(clock=None)) == []
    [hidden] = refusals(STATE._replace(hidden_rules=True))
    assert "use a token of a user who is not an administrator" in hidden


@pytest.mark.parametrize(("on_unmatched", "refused"), [("auto", True), ("warn", False), ("fail", True)])
def test_an_exclusion_that_matches_nothing(on_unmatched: str, refused: bool) -> None:
    state = STATE._replace(
        exclusions=(
            Exclusion("team/prod", matched=0, elsewhere=False),
            Exclusion("other/x", matched=0, elsewhere=True),
            Exclusion("team/app/x", matched=2, elsewhere=False),
        )
    )
    plan = plan_scope(state, scope_request(MONTH, on_unmatched=on_unmatched))
    assert [sentence.split()[1] for sentence in plan.refusals] == (["'team/prod'"] if refused else [])
    assert [(each.option, each.entry, each.matched) for each in plan.matches] == [
        ("exclude_repositories", "team/prod", 0),
        ("exclude_repositories", "other/x", 0),
        ("exclude_repositories", "team/app/x", 2),
    ]
    assert len(plan.unmatched) == 2
    assert "paths are written as team/app/new" in plan.unmatched[0]
    assert plan_scope(state._replace(repositories=()), scope_request(MONTH)).unmatched == ()


def test_an_entry_of_protect_that_matches_nothing() -> None:
    plan = plan_scope(STATE, scope_request(MONTH, protect=["v1", "v2"], on_unmatched="fail"))
    assert plan.refusals == ("protect 'v2' matches no tag",)
    part = STATE._replace(listings={OLD.path: STATE.listings[OLD.path]})
    [sentence] = plan_scope(part, scope_request(MONTH, protect=["v2"])).unmatched
    assert sentence == "protect 'v2' matches none of the tags that could be read"


@pytest.mark.parametrize(
    ("capabilities", "words"),
    [
        (DATABASE, []),
        (
            ServerCapabilities(mode=Mode.NO_DATABASE),
            [
                "This registry has no metadata database: a tag is as old as its image, and a repository at most as old "
                "as its creation."
            ],
        ),
        (
            ServerCapabilities(),
            ["The meaning of the dates of tags is unknown here, so every repository with tags is kept."],
        ),
        (
            ServerCapabilities(mode=Mode.DATABASE, read_method=ReadMethod.REST, graphql_unavailable_reason="No."),
            ["Only GraphQL shows the last push of tags. No."],
        ),
        (ServerCapabilities(mode=Mode.DATABASE), ["Only GraphQL shows the last push of tags."]),
    ],
)
def test_notes(capabilities: ServerCapabilities, words: list[str]) -> None:
    state = STATE._replace(capabilities=capabilities)
    assert notes_of(state, scope_request(MONTH)) == words
    assert notes_of(state, scope_request({"empty": True})) == []
    assert notes_of(state._replace(listings={}), scope_request(MONTH)) == []


# Approved plans.


def lines_of(state: ScopeState = STATE, **options: Any) -> list[str]:
    request = scope_request(MONTH, **options)
    return list(sealed(plan_scope(state, request), scope_header(state, request, URL), REPOSITORY_FORMAT).lines())


def approved(lines: list[str], state: ScopeState, **options: Any) -> dict[str, str]:
    fingerprint = json.loads(lines[0])["fingerprint"]
    given = {"approved_plan": "".join(lines), "approved_fingerprint": fingerprint, **options}
    plan = plan_scope(state, scope_request(MONTH, lines, **given))
    assert plan.refusals == ()
    return told(plan)


def test_a_plan_is_read_as_it_was_written() -> None:
    plan = parse_plan(lines_of(), REPOSITORY_FORMAT)
    assert plan.removals == {OLD.path}
    assert set(plan.digests) == {(OLD.path, "a"), (OLD.path, "b")}
    assert plan.totals["repositories_deleted"] == 1
    assert plan.totals["repository_reasons"] == {"not_pushed": 1, "too_young": 2}
    assert plan.rules["conditions"]["not_pushed_for"] == "30d"


def test_its_fingerprint_is_read_as_that_of_any_plan() -> None:
    lines = lines_of()
    assert fingerprint_in(lines) == parse_plan(lines, REPOSITORY_FORMAT).fingerprint
    assert not is_merged(lines)
    with pytest.raises(UsageError, match="The plan was altered"):
        fingerprint_in([*lines[:-1], lines[-1].replace('"keep"', '"delete"').replace("too_young", "matched")])
    with pytest.raises(UsageError, match="This is not a plan of registry_cleanup or registry_repository: give"):
        fingerprint_in([lines[0].replace(REPOSITORY_FORMAT, "containerops.gitlab/audit")])
    with pytest.raises(UsageError, match="This is not a plan of registry_cleanup: give"):
        approved_in(lines, None)


def test_a_plan_of_another_kind_is_refused() -> None:
    with pytest.raises(UsageError, match="This is not a plan of registry_cleanup"):
        parse_plan(lines_of())
    other = [lines_of()[0].replace(REPOSITORY_FORMAT, "containerops.gitlab/cleanup-plan")]
    with pytest.raises(UsageError, match="This is not a plan of registry_repository"):
        parse_plan(other, REPOSITORY_FORMAT)


def test_what_is_as_it_was_approved_is_deleted() -> None:
    assert approved(lines_of(), STATE) == {"new": "too_young", "old": "not_pushed", "web": "too_young"}


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ([pushed("a", 40)], "not_pushed"),
        ([], "not_pushed"),
        ([pushed("a", 40), pushed("b", 50)], "changed"),
        ([pushed("a", 40), pushed("c", 50)], "changed"),
        ([pushed("a", 4)], "too_young"),
    ],
)
def test_a_repository_with_other_tags_than_approved_is_kept(tags: list[Tag], reason: str) -> None:
    state = scope_state(listed(NEW), listed(OLD, *tags), listed(WEB, pushed("v1", 2)))
    assert approved(lines_of(), state)["old"] == reason


def test_a_repository_that_the_plan_keeps_or_does_not_have_is_kept() -> None:
    later = scope_state(listed(NEW), listed(OLD, pushed("a", 40)), listed(WEB, pushed("v1", 90)), listed(shelf("z")))
    found = approved(lines_of(), later)
    assert (found["web"], found["z"]) == ("not_approved", "not_approved")
    [part] = [each for each in plan_parts(lines_of(), later) if each.repository.name == "web"]
    assert part.whole
    assert part.whole.why == "the approved plan does not delete it"


def plan_parts(lines: list[str], state: ScopeState) -> Any:
    fingerprint = json.loads(lines[0])["fingerprint"]
    given = {"approved_plan": "".join(lines), "approved_fingerprint": fingerprint}
    return plan_scope(state, scope_request(MONTH, lines, **given)).repositories


def test_words_for_what_is_not_as_it_was_approved() -> None:
    state = scope_state(listed(OLD, pushed("a", 40), pushed("b", 50)))
    [part] = plan_parts(lines_of(), state)
    assert (part.whole.reason.value, part.whole.why) == (
        "changed",
        "the tag b points to another image than in the plan",
    )
    assert part.decisions == ()
    [part] = plan_parts(lines_of(), scope_state(listed(OLD, pushed("c", 40))))
    assert part.whole.why == "the tag c is not in the approved plan"


def test_an_old_plan_is_refused() -> None:
    lines = lines_of()
    given = {
        "approved_plan": "".join(lines),
        "approved_fingerprint": json.loads(lines[0])["fingerprint"],
        "plan_max_age": "1h",
    }
    later = STATE._replace(latest_clock=NOW + timedelta(hours=2))
    [refusal] = plan_scope(later, scope_request(MONTH, lines, **given)).refusals
    assert "plan_max_age is 1 hour" in refusal
    assert plan_scope(STATE, scope_request(MONTH, lines, **given)).refusals == ()


def resealed(lines: list[str], change: Any) -> list[str]:
    """The file after a change by somebody who knows how fingerprints are made."""
    rows = [json.loads(line) for line in lines]
    change(rows)
    blocks: list[list[dict[str, Any]]] = []
    for row in rows[1:]:
        row.pop("fingerprint", None)
        if row["type"] == "repository":
            blocks.append([])
        blocks[-1].append(row)
    fingerprints = [fingerprint_of(map(written_line, block)) for block in blocks]
    rows[0].pop("fingerprint")
    found = [written_line(with_fingerprint(rows[0], fingerprints))]
    for block, fingerprint in zip(blocks, fingerprints, strict=True):
        found.append(written_line({**block[0], "fingerprint": fingerprint}))
        found += map(written_line, block[1:])
    return found


def to(number: int, **fields: Any) -> Any:
    def change(rows: list[dict[str, Any]]) -> None:
        rows[number].update(fields)

    return change


# The lines: the plan, new, old with a and b, web.
FORGED = [
    to(1, action="delete"),
    to(1, action="delete", reason="empty"),
    to(1, reason="empty"),
    to(1, reason="nothing"),
    to(1, reason=None),
    to(1, why=None),
    to(1, listing="some"),
    to(2, action="keep"),
    to(2, action="keep", reason="too_young"),
    to(2, reason="too_young"),
    to(2, listing=None),
    to(2, listing="empty"),
    to(2, listing="capped"),
    to(2, listing="unread"),
    to(3, action="keep", reason="protected"),
    to(0, totals={**json.loads(lines_of()[0])["totals"], "repositories_deleted": 0}),
    to(0, totals={**json.loads(lines_of()[0])["totals"], "repository_reasons": {}}),
]


@pytest.mark.parametrize("change", FORGED)
def test_a_plan_that_contradicts_itself_is_refused(change: Any) -> None:
    with pytest.raises(UsageError, match="The plan was altered after it was made"):
        parse_plan(resealed(lines_of(), change), REPOSITORY_FORMAT)


def test_resealing_alone_is_no_contradiction() -> None:
    assert resealed(lines_of(), lambda rows: None) == lines_of()
    unread = STATE._replace(listings={}, rules={})
    assert parse_plan(lines_of(unread), REPOSITORY_FORMAT).removals == frozenset()
