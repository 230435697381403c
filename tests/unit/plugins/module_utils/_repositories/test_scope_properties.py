# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to hold for every scope there may be, over a thousand that are made up from fixed seeds."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import ErrorKind, RequestError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import (
    ProtectionRule,
    RefKind,
    Tag,
    TagListing,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._core.server import Mode, ServerCapabilities
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan_file import REPOSITORY_FORMAT, sealed
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan_reading import parse_plan
from ansible_collections.containerops.gitlab.plugins.module_utils._repositories.scope_planning import (
    ScopeState,
    plan_scope,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._repositories.scope_request import ScopeRequest
from ansible_collections.containerops.gitlab.plugins.module_utils._repositories.scope_results import scope_header
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.git_refs import ActiveRefs
from tests.unit.models import digest, project
from tests.unit.scopes import DATABASE, URL, ago, scope_request, scope_state, shelf

CASES = 1000
ERROR = RequestError(ErrorKind.UNAVAILABLE, "no", operation="read it")
NAMES = ["", "web", "review/login", "review/gone", "review/gone/web", "pr-1"]
REFS = ["main", "login", "feature/x", "web", "pr-1"]
DAYS: list[float | None] = [1, 5, 29, 31, 60, 90, 400, 400, None, -3, 20_000]
CONDITIONS: dict[str, list[Any]] = {
    "empty": [True],
    "ref_gone": [["branches"], ["branches", "merge_requests"], ["tags"]],
    "not_pushed_for": ["1d", "30d", "70d"],
    "paths": [["team/app/*"], ["*/review/*", "team/app/web"]],
}


def some_tag(made: random.Random, name: str) -> Tag:
    days = made.choice(DAYS)
    return Tag(
        name,
        digest=made.choice([digest("a"), digest("b"), digest("c"), None] if made.random() < 0.1 else [digest("a")]),
        published=ago(days),
        created=ago(days),
        protected=made.choice([None, False, made.random() < 0.1]),
    )


def some_listing(made: random.Random, name: str, number: int) -> TagListing:
    owner = shelf(name, number=number, created=made.choice(DAYS))
    tags = tuple(
        some_tag(made, tag) for tag in sorted(made.sample(["a", "b", "v1", "latest"], made.choice([0, 0, 1, 3])))
    )
    return TagListing(
        owner,
        tags,
        complete=made.random() < 0.9,
        authoritative=made.random() < 0.8,
        repository_unknown=not tags and made.random() < 0.1,
        error=ERROR if made.random() < 0.05 else None,
    )


def some_state(made: random.Random) -> ScopeState:
    names = sorted(made.sample(NAMES, made.randint(1, len(NAMES))), key=lambda name: f"team/app/{name}".rstrip("/"))
    kinds = {kind: tuple(made.sample(REFS, made.randint(0, 2))) for kind in RefKind}
    refs = ERROR if made.random() < 0.05 else ActiveRefs(kinds)
    rules: Any = ERROR if made.random() < 0.05 else ()
    if made.random() < 0.2:
        rules = (ProtectionRule(made.choice(["team/app/w*", "team/app/review/gone"]), push="owner", delete=None),)
    return scope_state(
        *(some_listing(made, name, number) for number, name in enumerate(names)),
        refs={3: refs},
        rules={3: rules},
        projects={3: project(id=3, archived=made.random() < 0.03)},
        capabilities=made.choice([DATABASE, DATABASE, ServerCapabilities(mode=Mode.NO_DATABASE), ServerCapabilities()]),
    )


def some_conditions(made: random.Random) -> dict[str, Any]:
    names = made.sample(list(CONDITIONS), made.randint(1, 3))
    found = {name: made.choice(CONDITIONS[name]) for name in names}
    return {**found, "paths": found.get("paths", ["*"])} if "ref_gone" in found else found


def cases() -> Iterator[tuple[random.Random, ScopeState, dict[str, Any], ScopeRequest]]:
    for seed in range(CASES):
        made = random.Random(seed)
        conditions = some_conditions(made)
        options: dict[str, Any] = {"protect": ["v.*"]} if made.random() < 0.1 else {}
        yield made, some_state(made), conditions, scope_request(conditions, **options)


def deleted(state: ScopeState, request: ScopeRequest) -> set[str]:
    return {
        part.repository.path for part in plan_scope(state, request).repositories if part.whole and part.whole.delete
    }


def test_the_cases_delete_and_keep() -> None:
    found = [(len(deleted(state, request)), len(state.repositories)) for _made, state, _conditions, request in cases()]
    assert CASES // 4 < sum(1 for number, _all in found if number) < CASES
    assert sum(number for number, _all in found) < sum(number for _number, number in found) // 2


def test_a_condition_more_never_deletes_more() -> None:
    for made, state, conditions, _request in cases():
        more = {**made.choice([{name: made.choice(CONDITIONS[name])} for name in CONDITIONS]), **conditions}
        if "ref_gone" in more:
            more.setdefault("paths", ["*"])
        assert deleted(state, scope_request(more)) >= deleted(state, scope_request(more, protect=["v.*"]))
        assert deleted(state, scope_request(more)) <= deleted(state, scope_request(conditions)), more


def test_a_guard_more_never_deletes_more() -> None:
    for made, state, conditions, _request in cases():
        guards: list[dict[str, Any]] = [
            {"protect": [made.choice(["v.*", "a", "latest"])]},
            {"in_use": [made.choice(["team/app/web:a", "gone:a", f"x.test/team/app@{digest('a')}", "a" * 64])]},
        ]
        guarded = deleted(state, scope_request(conditions, **made.choice(guards)))
        assert guarded <= deleted(state, scope_request(conditions))


def less_known(made: random.Random, state: ScopeState) -> ScopeState:
    """The same state, of which something could not be read, or was read with doubt."""
    path = made.choice(list(state.listings))
    listing = state.listings[path]
    number = made.randrange(len(listing.tags)) if listing.tags else 0
    tags = list(listing.tags)
    if tags:
        tag = tags[number]
        tags[number] = made.choice([tag._replace(digest=None), tag._replace(published=None, created=None)])
    lesser = made.choice(
        [
            listing._replace(error=ERROR),
            listing._replace(complete=False, authoritative=False),
            listing._replace(tags=tuple(tags)),
            listing._replace(repository=listing.repository._replace(created_at=None)),
        ]
    )
    owners = tuple(lesser.repository if each.path == path else each for each in state.repositories)
    return made.choice(
        [
            state._replace(listings={**state.listings, path: lesser}, repositories=owners),
            state._replace(listings={name: each for name, each in state.listings.items() if name != path}),
            state._replace(refs={3: ERROR}),
            state._replace(refs={}),
            state._replace(rules={3: ERROR}),
            state._replace(rules={}),
            state._replace(projects={}),
            state._replace(clock=None),
            state._replace(capabilities=ServerCapabilities()),
        ]
    )


def test_who_knows_less_deletes_no_more() -> None:
    for made, state, _conditions, request in cases():
        assert deleted(less_known(made, state), request) <= deleted(state, request)


def test_nothing_is_deleted_of_which_anything_that_decides_is_unknown() -> None:
    for _made, state, conditions, request in cases():
        plan = plan_scope(state, request)
        for part in plan.repositories:
            if not (part.whole and part.whole.delete):
                assert part.decisions == ()
                continue
            listing = state.listings[part.repository.path]
            assert listing.error is None
            assert part.error is None
            assert listing.authoritative if not listing.tags else listing.complete
            assert not (conditions.get("empty") and listing.tags)
            assert all(tag.digest and not tag.protected for tag in listing.tags)
            assert [decision.tag for decision in part.decisions] == list(listing.tags)
            if "not_pushed_for" in conditions:
                assert part.repository.created_at
                assert all(tag.published or tag.created for tag in listing.tags)


@pytest.mark.parametrize("shift", [0, 1])
def test_a_plan_reads_as_it_was_written(shift: int) -> None:
    """And with it approved, exactly the same is deleted again."""
    for made, state, conditions, request in cases():
        plan = plan_scope(state, request)
        lines = list(sealed(plan, scope_header(state, request, URL), REPOSITORY_FORMAT).lines())
        read = parse_plan(lines, REPOSITORY_FORMAT)
        assert read.removals == deleted(state, request)
        options = {
            "approved_plan": "".join(lines),
            "approved_fingerprint": read.fingerprint,
            **({"protect": request.options["protect"]} if request.options["protect"] else {}),
        }
        later = less_known(made, state) if shift else state
        found = deleted(later, scope_request(conditions, lines, **options))
        assert found <= read.removals
        assert shift or found == read.removals
