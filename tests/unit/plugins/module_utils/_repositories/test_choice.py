# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each reason why a repository of a scope is deleted or kept as a whole, with its words."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import ErrorKind, RequestError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import (
    ListingState,
    ProtectionRule,
    RefKind,
    Tag,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._core.oci import OCI_INDEX
from ansible_collections.containerops.gitlab.plugins.module_utils._core.server import Mode, ServerCapabilities
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.repository_decision import RepositoryReason
from ansible_collections.containerops.gitlab.plugins.module_utils._repositories.choice import named_after
from ansible_collections.containerops.gitlab.plugins.module_utils._repositories.scope_planning import (
    ScopeState,
    plan_scope,
    undecided,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.git_refs import ActiveRefs, RefMatch
from tests.unit.models import digest, project
from tests.unit.scopes import PROJECT, ago, listed, pushed, scope_request, scope_state, shelf

WEB = shelf("web")
ERROR = RequestError(ErrorKind.UNAVAILABLE, "no", operation="read it", advice="")
EMPTY = {"empty": True}
MONTH = {"not_pushed_for": "30d"}
WEBS = {"paths": ["team/app/web"]}
REFS = {"ref_gone": ["branches"], "paths": ["*"]}
OLD = listed(WEB, pushed("v1", 31))
NO_DATABASE = ServerCapabilities(mode=Mode.NO_DATABASE)


def rules(*patterns: str) -> dict[int, Any]:
    return {PROJECT: tuple(ProtectionRule(pattern, push="owner", delete=None) for pattern in patterns)}


def built(name: str, days: float | None) -> Tag:
    return Tag(name, digest("a"), created=ago(days))


CASES: list[tuple[str, ScopeState, dict[str, Any], dict[str, Any], str, str]] = [
    ("empty", scope_state(listed(WEB)), EMPTY, {}, "empty", "it has no tags"),
    (
        "all hold",
        scope_state(listed(WEB)),
        {**EMPTY, **MONTH},
        {},
        "empty",
        "it has no tags; it was created or last pushed to on 2025-04-27T12:00:00Z",
    ),
    ("one tag", scope_state(OLD), EMPTY, {}, "not_empty", "it has 1 tag"),
    ("tags", scope_state(listed(WEB, Tag("a"), Tag("b"))), EMPTY, {}, "not_empty", "it has 2 tags"),
    (
        "GitLab alone",
        scope_state(listed(WEB, authoritative=False)),
        EMPTY,
        {},
        "unproven_empty",
        "no tags are listed, which is also the answer of a failing registry",
    ),
    (
        *("unknown to the registry", scope_state(listed(WEB, authoritative=False, repository_unknown=True))),
        *(
            EMPTY,
            {},
            "unproven_empty",
            "the registry does not know it, but a registry that lost its storage answers the same",
        ),
    ),
    (
        "doubtful and old",
        scope_state(listed(WEB, authoritative=False)),
        MONTH,
        {},
        "unproven_empty",
        "no tags are listed, which is also the answer of a failing registry",
    ),
    (
        "unread",
        scope_state(listed(WEB, error=ERROR)),
        EMPTY,
        {},
        "repository_unread",
        "its tags could not be read: Could not read it: no",
    ),
    (
        "unread, old",
        scope_state(listed(WEB, error=ERROR)),
        MONTH,
        {},
        "repository_unread",
        "its tags could not be read: Could not read it: no",
    ),
    ("old", scope_state(OLD), MONTH, {}, "not_pushed", "it was created or last pushed to on 2026-05-01T12:00:00Z"),
    (
        "old and empty",
        scope_state(listed(WEB)),
        MONTH,
        {},
        "not_pushed",
        "it was created or last pushed to on 2025-04-27T12:00:00Z",
    ),
    (
        *("created after its tags", scope_state(listed(shelf("web", created=40), pushed("v1", 300)))),
        *(MONTH, {}, "not_pushed", "it was created or last pushed to on 2026-04-22T12:00:00Z"),
    ),
    (
        *("one newer tag", scope_state(listed(WEB, pushed("v1", 90), pushed("v2", 30), pushed("v3", 60)))),
        *(
            MONTH,
            {},
            "too_young",
            "its newest tag is of 2026-05-02T12:00:00Z, which is not older than not_pushed_for",
        ),
    ),
    (
        *("just created", scope_state(listed(shelf("web", created=30)))),
        *(MONTH, {}, "too_young", "it was created 2026-05-02T12:00:00Z, which is not older than not_pushed_for"),
    ),
    (
        "no creation",
        scope_state(listed(shelf("web", created=None))),
        MONTH,
        {},
        "unknown_date",
        "its creation date is unknown",
    ),
    (
        "created in 1996",
        scope_state(listed(shelf("web", created=11_000))),
        MONTH,
        {},
        "unknown_date",
        "its creation date is unknown",
    ),
    (
        "created in future",
        scope_state(listed(shelf("web", created=-2))),
        MONTH,
        {},
        "unknown_date",
        "its creation date is unknown",
    ),
    ("no clock", scope_state(OLD, clock=None), MONTH, {}, "unknown_date", "its creation date is unknown"),
    (
        *("one undated tag", scope_state(listed(WEB, pushed("v1", 90), pushed("v2", None)))),
        *(MONTH, {}, "unknown_date", "the date is unknown of v2"),
    ),
    (
        *("undated tags", scope_state(listed(WEB, *(pushed(f"v{number}", None) for number in range(7))))),
        *(MONTH, {}, "unknown_date", "the date is unknown of v0, v1, v2, v3, v4 and 2 more"),
    ),
    (
        *("a date to come", scope_state(listed(WEB, pushed("v1", 90), pushed("v2", -2)))),
        *(MONTH, {}, "unknown_date", "the date is unknown of v2"),
    ),
    (
        *("five undated tags", scope_state(listed(WEB, *(pushed(f"v{number}", None) for number in range(5))))),
        *(MONTH, {}, "unknown_date", "the date is unknown of v0, v1, v2, v3, v4"),
    ),
    (
        *("an odd date", scope_state(listed(WEB, pushed("v1", 90), pushed("v2", 20_000)))),
        *(MONTH, {}, "unknown_date", "the date is unknown of v2"),
    ),
    (
        "built",
        scope_state(listed(WEB, built("a", 90)), capabilities=NO_DATABASE),
        MONTH,
        {},
        "not_pushed",
        "it was created or last pushed to on 2026-03-03T12:00:00Z",
    ),
    (
        *("any registry", scope_state(listed(WEB, built("a", 90)), capabilities=ServerCapabilities())),
        *(MONTH, {}, "unknown_date", "the date is unknown of a"),
    ),
    (
        "capped",
        scope_state(listed(WEB, pushed("a", 90), complete=False)),
        MONTH,
        {},
        "incomplete_listing",
        "there may be more tags than those listed",
    ),
    (
        "capped, by path",
        scope_state(listed(WEB, Tag("a"), complete=False)),
        WEBS,
        {},
        "incomplete_listing",
        "there may be more tags than those listed",
    ),
    ("by path", scope_state(OLD), WEBS, {}, "matched", "paths has team/app/web"),
    ("by glob", scope_state(OLD), {"paths": ["Team/*/w?b/"]}, {}, "matched", "paths has Team/*/w?b/"),
    ("another path", scope_state(OLD), {"paths": ["team/app/we"]}, {}, "no_match", "no entry of paths matches it"),
    ("gone", scope_state(OLD), REFS, {}, "ref_gone", "it is not named after a branch that exists; paths has *"),
    (
        *("all kinds gone", scope_state(OLD), {**REFS, "ref_gone": ["tags", "merge_requests", "branches"]}, {}),
        *("ref_gone", "it is not named after a git tag or an open merge request or a branch that exists; paths has *"),
    ),
    ("a branch", scope_state(OLD, branches=("main", "WEB")), REFS, {}, "active_ref", "web is named after a branch"),
    (
        *("a merge request", scope_state(OLD, refs={PROJECT: ActiveRefs({RefKind.MERGE_REQUESTS: ("web",)})})),
        *({**REFS, "ref_gone": ["merge_requests"]}, {}, "active_ref", "web is named after an open merge request"),
    ),
    (
        *("no merge request", scope_state(OLD, refs={PROJECT: ActiveRefs({RefKind.MERGE_REQUESTS: ()})})),
        *(
            {**REFS, "ref_gone": ["merge_requests"]},
            {},
            "ref_gone",
            "it is not named after an open merge request that exists; paths has *",
        ),
    ),
    (
        "no branches",
        scope_state(OLD, branches=()),
        REFS,
        {},
        "unknown_refs",
        "its project has no branch, which is also so if its git data is lost",
    ),
    (
        "unread refs",
        scope_state(OLD, refs={PROJECT: ERROR}),
        REFS,
        {},
        "unknown_refs",
        "the git references of its project could not be read: Could not read it: no",
    ),
    (
        "refs not read",
        scope_state(OLD, refs={}),
        REFS,
        {},
        "unknown_refs",
        "the git references of its project were not read",
    ),
    ("refs do not matter", scope_state(OLD, refs={PROJECT: ERROR}), WEBS, {}, "matched", "paths has team/app/web"),
    (
        "no name",
        scope_state(listed(shelf(""), pushed("a", 90))),
        REFS,
        {},
        "no_ref",
        "it is at the path of its project, so it is not named after a branch, git tag or merge request",
    ),
    (
        "a prefix",
        scope_state(OLD, branches=("w",)),
        {**REFS, "ref_match": "prefix"},
        {},
        "ref_gone",
        "it is not named after a branch that exists; paths has *",
    ),
    (
        *("a branch as prefix", scope_state(listed(shelf("x-web"), pushed("a", 9)), branches=("x",))),
        *({**REFS, "ref_match": "prefix"}, {}, "active_ref", "x-web is named after a branch"),
    ),
    (
        *("archived", scope_state(OLD, projects={PROJECT: project(id=PROJECT, archived=True)})),
        *(WEBS, {}, "archived", "its project team/app is archived"),
    ),
    ("no project", scope_state(OLD, projects={}), WEBS, {}, "unknown_protection", "its project could not be read"),
    (
        "a rule",
        scope_state(OLD, rules=rules("Team/APP*")),
        WEBS,
        {},
        "gitlab_protected",
        "the protection rule Team/APP* of its project covers it",
    ),
    ("a rule for dots", scope_state(OLD, rules=rules("team.app/web")), WEBS, {}, "matched", "paths has team/app/web"),
    (
        "a rule for others",
        scope_state(OLD, rules=rules("team/app", "*/we")),
        WEBS,
        {},
        "matched",
        "paths has team/app/web",
    ),
    (
        "unread rules",
        scope_state(OLD, rules={PROJECT: ERROR}),
        WEBS,
        {},
        "unknown_protection",
        "the protection rules of its project could not be read: Could not read it: no",
    ),
    (
        "rules not read",
        scope_state(OLD, rules={}),
        WEBS,
        {},
        "unknown_protection",
        "the rules of its project were not read",
    ),
    ("tags not read", scope_state(OLD, listings={}), WEBS, {}, "repository_unread", "its tags were not read"),
    ("protect", scope_state(OLD), WEBS, {"protect": ["v.*"]}, "protected", "protect matches v1"),
    (
        *("a protected tag", scope_state(listed(WEB, pushed("a", 1), pushed("b", 1, protected=True)))),
        *(WEBS, {}, "gitlab_protected", "a tag protection rule of GitLab covers b"),
    ),
    ("no digest", scope_state(listed(WEB, Tag("a"))), WEBS, {}, "unknown_digest", "the digest is unknown of a"),
    (
        "no digest wanted",
        scope_state(listed(WEB, Tag("a"))),
        WEBS,
        {"require_digest": False},
        "matched",
        "paths has team/app/web",
    ),
    (
        "in use by name",
        scope_state(OLD),
        WEBS,
        {"in_use": ["team/app/web:gone"]},
        "in_use",
        "an image in use is, or may be, of this repository",
    ),
    (
        *("in use by digest", scope_state(listed(WEB)), EMPTY, {"in_use": [f"host.test/web@{digest('c')}"]}),
        *("in_use", "an image in use is, or may be, of this repository"),
    ),
    (
        "in use elsewhere",
        scope_state(OLD),
        WEBS,
        {"in_use": ["team/app/other:v1"]},
        "matched",
        "paths has team/app/web",
    ),
    (
        *("in use by id", scope_state(listed(WEB, pushed("a", 1, config_digest=digest("e")))), WEBS),
        *({"in_use": ["e" * 12]}, "in_use", "images in use: a"),
    ),
    (
        *("an index may be in use", scope_state(listed(WEB, pushed("a", 1, media_type=OCI_INDEX))), WEBS),
        *({"in_use": ["e" * 12]}, "unknown_in_use", "it is unknown whether these are in use: a"),
    ),
    (
        *("protect stands above", scope_state(listed(WEB, Tag("a"), pushed("b", 1, protected=True), Tag("v1")))),
        *(WEBS, {"protect": ["v1"]}, "protected", "protect matches v1"),
    ),
]


@pytest.mark.parametrize(
    ("state", "conditions", "options", "reason", "words"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_a_reason(
    state: ScopeState, conditions: dict[str, Any], options: dict[str, Any], reason: str, words: str
) -> None:
    request = scope_request(conditions, **options)
    [part] = plan_scope(state, request).repositories
    assert part.whole
    assert part.whole.reason.value == reason, part.whole
    assert part.whole.why == words
    assert not part.whole.why.endswith(".")
    listing = state.listings.get(part.repository.path)
    by_tags = undecided(state, request) == [part.repository] and not part.whole.why.endswith("were not read")
    assert part.whole.listed is by_tags
    assert part.listing is (listing.state if listing and by_tags else ListingState.UNREAD)
    deleted = reason in ("empty", "ref_gone", "not_pushed", "matched")
    assert part.whole.delete is deleted
    assert (
        len(part.deletions) == len(part.decisions) == (len(state.listings[part.repository.path].tags) if deleted else 0)
    )
    unread = any(isinstance(each, RequestError) for each in (*state.refs.values(), *state.rules.values()))
    unread = unread or any(listing.error for listing in state.listings.values())
    assert part.error is (ERROR if unread and not deleted else None)


def test_every_reason_but_those_of_an_approval_has_a_case() -> None:
    others = {RepositoryReason.CHANGED, RepositoryReason.NOT_APPROVED}
    assert {case[4] for case in CASES} == {reason.value for reason in RepositoryReason if reason not in others}


@pytest.mark.parametrize(
    ("name", "refs", "match", "found"),
    [
        ("login", ["main", "login"], RefMatch.WHOLE, "login"),
        ("review/login/web", ["login"], RefMatch.WHOLE, "login"),
        ("review/login/web", ["review/login"], RefMatch.WHOLE, "review/login"),
        ("review/login/web", ["Login/Web"], RefMatch.WHOLE, "login/web"),
        ("review/login/web", ["Review-Login-Web"], RefMatch.WHOLE, "review/login/web"),
        ("a/login", ["a/login", "login"], RefMatch.WHOLE, "login"),
        ("review-login", ["review/login"], RefMatch.WHOLE, "review-login"),
        ("review/login/web", ["review/web"], RefMatch.WHOLE, ""),
        ("login-2", ["login"], RefMatch.WHOLE, ""),
        ("review/login-2", ["login"], RefMatch.PREFIX, "login-2"),
        ("review/2-login", ["login"], RefMatch.PREFIX, ""),
        ("review/2-login", ["login"], RefMatch.SUFFIX, "2-login"),
        ("relogin", ["login"], RefMatch.SUFFIX, ""),
        ("a" * 63, ["a" * 80], RefMatch.WHOLE, "a" * 63),
    ],
)
def test_which_git_references_a_repository_is_named_after(
    name: str, refs: list[str], match: RefMatch, found: str
) -> None:
    assert named_after(shelf(name), refs, match) == found
