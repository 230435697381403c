# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plan for a fleet under a document: what its sets give one by one, and nothing of what has no set."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.approval import approval_of
from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.notes import notes_of
from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.planning import CleanupPlan, plan_cleanup
from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.request import (
    CleanupRequest,
    cleanup_request,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import Tag, TagListing
from ansible_collections.containerops.gitlab.plugins.module_utils._core.scope import Scope
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan import RepositoryPlan
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan_file import sealed
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan_reading import parse_plan
from ansible_collections.containerops.gitlab.plugins.module_utils._retention.document import read_document
from ansible_collections.containerops.gitlab.plugins.modules.registry_cleanup import ARGUMENTS
from tests.unit.cleanups import observed, tag
from tests.unit.models import repository
from tests.unit.options import filled

SERVER = "https://gitlab.test"
SCOPE = Scope(group="team")
NAMES = ("v1.0.0", "v1.1.0", "v2.0.0-rc1", "dev-1", "dev-2", "main", "latest", "cache", "stable")
SETS: dict[str, dict[str, Any]] = {
    "old": {"rules": [{"match": ".*", "older_than": "30d"}]},
    "newest": {"rules": [{"name": "versions", "match": "v.*", "keep_n": 1}, {"match": ".*", "keep_n": 2}]},
    "by name": {"rules": [{"match": "dev-.*"}], "protect": ["dev-1"]},
    "careful": {"rules": [{"match": ".*", "older_than": "7d"}], "min_age": "60d", "min_remaining": 4},
    "few": {"rules": [{"match": ".*"}], "max_deletions": 2},
    "nothing": {"rules": [{"match": ".*", "keep": True}]},
}


def request_of(document: Any = None, **options: Any) -> CleanupRequest:
    """What a task asks for with a document, or with rules of its own."""
    params = filled({"on_unmatched": "warn", "on_limit": "skip_repository", **options}, ARGUMENTS.options)
    return cleanup_request(
        params,
        SCOPE,
        approval_of(params, None, SCOPE),
        read_document(document, "retention") if document else None,
        SERVER,
    )


def fleet(dice: random.Random, number: int = 8) -> list[TagListing]:
    """Repositories of some groups and projects."""
    listings = []
    for place in range(number):
        project = dice.choice(["team/app", "team/web", "team/sub/tool", "team/sub/deep/lib"])
        path = f"{project}/r{place}"
        names = sorted(dice.sample(NAMES, dice.randrange(len(NAMES) + 1)))
        tags = [tag(name, dice.choice([1, 10, 40, 90]), letter=dice.choice("abcdef")) for name in names]
        here = repository(id=place + 1, path=path, name=f"r{place}", project_id=1 + project_number(project))
        listings.append(TagListing(here, tuple(tags), complete=True))
    return sorted(listings, key=lambda listing: listing.repository.path)


def project_number(project: str) -> int:
    return ["team/app", "team/web", "team/sub/tool", "team/sub/deep/lib"].index(project)


def some_document(dice: random.Random, listings: list[TagListing]) -> dict[str, Any]:
    names = dice.sample(list(SETS), dice.randrange(1, len(SETS) + 1))
    targets = [
        ("groups", "team"),
        ("groups", "team/sub"),
        ("groups", "team/sub/deep"),
        ("projects", "team/app"),
        ("projects", "team/sub/tool"),
        ("repositories", "team/*/r1"),
        *(("repositories", listing.repository.path) for listing in listings[:3]),
    ]
    chosen = dice.sample(targets, dice.randrange(len(targets) + 1))
    return {
        "rule_sets": [{"name": name, **SETS[name]} for name in names],
        "assignments": [{"rule_set": dice.choice(names), level: [target]} for level, target in chosen],
        **({"default": dice.choice(names)} if dice.random() < 0.5 else {}),
    }


def planned_for(listings: list[TagListing], request: CleanupRequest) -> CleanupPlan:
    return plan_cleanup(observed(listings=listings), request)


def decided(part: RepositoryPlan) -> list[tuple[Any, ...]]:
    return [(each.tag.name, each.delete, each.reason, each.rule, each.date, each.depth) for each in part.decisions]


@pytest.mark.parametrize("seed", range(150))
def test_a_document_gives_what_its_sets_give_one_by_one(seed: int) -> None:
    dice = random.Random(seed)
    listings = fleet(dice)
    document = some_document(dice, listings)
    task: dict[str, Any] = dice.choice(
        [{}, {"protect": ["v1.*"]}, {"min_age": "20d"}, {"max_deletions": 3}, {"min_remaining": 2}]
    )
    request = request_of(document, **task)
    whole = {part.repository.path: part for part in planned_for(listings, request).plan.repositories}
    assert sorted(whole) == [listing.repository.path for listing in listings]
    for listing in listings:
        part = whole[listing.repository.path]
        assigned = request.retention.assigned_to(listing.repository)
        assert part.rule_set == assigned.name
        if not assigned.name:
            assert {each.reason.value for each in part.decisions} <= {"no_rule_set"}
            assert not part.deletions
            continue
        own = SETS[assigned.name]
        alone = request_of(
            rules=own["rules"],
            protect=[*task.get("protect", []), *own.get("protect", [])] or None,
            min_age=max((own.get("min_age"), task.get("min_age")), key=lambda age: int((age or "0d")[:-1])),
            min_remaining=max(own.get("min_remaining", 1), task.get("min_remaining", 1)),
            max_deletions=min(own.get("max_deletions", 99), task.get("max_deletions", 99)),
        )
        [expected] = planned_for([listing], alone).plan.repositories
        assert decided(part) == decided(expected)
        assert part.limit == expected.limit
        assert part.date_source == expected.date_source


@pytest.mark.parametrize("seed", range(60))
def test_an_exception_and_a_choice_of_sets_only_keep(seed: int) -> None:
    dice = random.Random(seed)
    listings = fleet(dice)
    document = some_document(dice, listings)
    until = dice.choice(["2026-05-31", "2026-06-01", "2026-06-01T12:00:00Z", "2026-06-01T12:00:01Z", "2027-01-31"])
    kept = dice.choice(["v.*", "dev-.*", ".*"])
    exceptions = [{"repositories": ["team/*"], "tags": kept, "keep_until": until, "why": "audit"}]
    before = deletions(planned_for(listings, request_of(document)))
    after = deletions(planned_for(listings, request_of({**document, "exceptions": exceptions})))
    if until in ("2026-05-31", "2026-06-01T12:00:00Z"):
        assert after == before
    else:
        keeps = {"v.*": "v", "dev-.*": "dev-", ".*": ""}[kept]
        assert {(path, name) for path, name in after if name.startswith(keeps)} == set()
    only = [each["name"] for each in document["rule_sets"]][:1]
    picked = deletions(planned_for(listings, request_of(document, only_rule_sets=only)))
    retention = request_of(document).retention
    of_set = {each.repository.path for each in listings if retention.assigned_to(each.repository).name in only}
    assert picked == {(path, name) for path, name in before if path in of_set}


def deletions(found: CleanupPlan) -> set[tuple[str, str]]:
    return {
        (part.repository.path, decision.tag.name) for part in found.plan.repositories for decision in part.deletions
    }


APP = repository(id=1, path="team/app", project_id=1)
WEB = repository(id=2, path="team/web", project_id=2)


def listed(*tags: Tag, where: Any = APP) -> TagListing:
    return TagListing(where, tags, complete=True)


OLD = {"name": "old", "rules": [{"match": ".*", "older_than": "30d"}]}
ALL = {"name": "all", "rules": [{"match": ".*"}], "min_remaining": 0}


def test_two_globs_that_match_one_repository_refuse_the_plan() -> None:
    document = {
        "rule_sets": [OLD, ALL],
        "assignments": [
            {"rule_set": "old", "repositories": ["team/a*"]},
            {"rule_set": "all", "repositories": ["*/app"]},
        ],
        "default": "old",
    }
    found = planned_for([listed(tag("a")), listed(tag("b"), tag("c", 1), where=WEB)], request_of(document))
    assert [each.reason.value for each in found.plan.repositories[0].decisions] == ["no_rule_set"]
    [refusal] = found.plan.refusals
    assert refusal.startswith("retention: team/app has two rule sets, ")
    assert not found.plan.changed


@pytest.mark.parametrize("on_unmatched", ["auto", "fail", "warn"])
def test_an_assignment_to_what_is_not_there_refuses_the_plan(on_unmatched: str) -> None:
    document = {"rule_sets": [OLD], "assignments": [{"rule_set": "old", "groups": ["team", "team/srevices"]}]}
    listings = [listed(tag("a"), tag("b", 1))]
    found = planned_for(listings, request_of(document, on_unmatched=on_unmatched)).plan
    sentence = (
        "retention, assignments, number 1, groups, number 2: groups 'team/srevices' matches no repository in scope, "
        "so it assigns rule set 'old' to nothing"
    )
    assert found.unmatched == (sentence,)
    assert found.refusals == (() if on_unmatched == "warn" else (sentence,))
    state = observed(listings=listings, registry_disabled=("team/srevices/x",))
    assert plan_cleanup(state, request_of(document, on_unmatched=on_unmatched)).plan.unmatched == ()


@pytest.mark.parametrize(
    ("scope", "wrong", "told"),
    [
        (Scope(group="team"), "team/ap", True),
        (Scope(group="team"), "team/ap/*", True),
        (Scope(group="team"), "other/app", False),
        (Scope(group="7"), "team/ap", True),
        (Scope(group="7"), "team/ap*/x", True),
        (Scope(group="7"), "other/app", False),
        (Scope(projects=("1", "2")), "team/app/x", True),
        (Scope(projects=("1", "2")), "team/ap", False),
        (Scope(projects=("team/app", "2")), "team/web/x", True),
        (Scope(instance=True), "other/app", True),
        (Scope(group="team", exclude=("team/ap*",)), "team/ap", False),
        (Scope(group="team", include=("team/app",)), "team/ap", False),
        (Scope(repository_ids=(1, 2)), "team/ap", False),
    ],
)
@pytest.mark.parametrize("kind", ["assignments", "exceptions"])
def test_what_a_document_says_of_nothing_in_scope_refuses_the_plan(
    kind: str, scope: Scope, wrong: str, *, told: bool
) -> None:
    """A project that was renamed gets other rules, or is not kept any more: nobody must find that out afterwards."""
    document: dict[str, Any] = {"rule_sets": [OLD], "default": "old"}
    if kind == "assignments":
        document["assignments"] = [{"rule_set": "old", "repositories": [wrong, "team/app"]}]
    else:
        document["exceptions"] = [{"repositories": ["team/web", wrong], "keep_until": "2026-07-01", "why": "audit"}]
    listings = [listed(tag("a"), tag("b", 1)), listed(tag("c"), tag("d", 1), where=WEB)]
    request = replace(request_of(document, on_unmatched="auto"), scope=scope)
    found = planned_for(listings, request).plan
    assert len(found.refusals) == told
    assert found.unmatched == found.refusals
    if told:
        assert f"{wrong!r} matches no repository in scope" in found.refusals[0]
        state = observed(listings=listings, registry_disabled=("team/ap/x", "team/app/x", "team/web/x", "other/app"))
        assert plan_cleanup(state, request).plan.refusals == ()


@pytest.mark.parametrize(
    ("level", "wrong", "meant"),
    [
        ("projects", "team/sub", "it is a group: write it in groups"),
        ("projects", "/Team/Sub/", "it is a group: write it in groups"),
        ("repositories", "team/sub", "it is a group: write it in groups"),
        ("groups", "team/sub/tool", "it is a project: write it in projects"),
        ("repositories", "team/sub/tool", "it is a project: write it in projects"),
        ("groups", "team/sub/tool/cache", "it is a repository: write it in repositories"),
        ("projects", "team/sub/tool/cache", "it is a repository: write it in repositories"),
        ("exceptions", "team/sub", "it is a group: write 'team/sub/*' for what is in it"),
        ("exceptions", "team/sub/tool", "it is a project: write 'team/sub/tool/*' for what is in it"),
        ("groups", "team/su", ""),
        ("projects", "team/sub/too", ""),
        ("repositories", "team/sub/tool/*ache/x", ""),
        ("repositories", "team/sub/*/x", ""),
    ],
)
def test_who_writes_something_under_the_wrong_key_reads_the_right_one(level: str, wrong: str, meant: str) -> None:
    document: dict[str, Any] = {"rule_sets": [OLD], "default": "old"}
    if level == "exceptions":
        document["exceptions"] = [{"repositories": [wrong], "keep_until": "2026-07-01", "why": "audit"}]
    else:
        document["assignments"] = [{"rule_set": "old", level: [wrong]}]
    cache = repository(id=4, path="team/sub/tool/cache", name="cache", project_id=4)
    listings = [listed(tag("a"), tag("b", 1)), listed(tag("c"), tag("d", 1), where=cache)]
    [refusal] = planned_for(listings, request_of(document, on_unmatched="auto")).plan.refusals
    so = "so it keeps nothing" if level == "exceptions" else "so it assigns rule set 'old' to nothing"
    assert refusal.endswith(f" matches no repository in scope{f' ({meant})' if meant else ''}, {so}")


@pytest.mark.parametrize("exception", [{"repositories": ["team/gone"]}, {"repositories": ["team/app"], "tags": "x"}])
def test_an_exception_that_has_ended_is_no_mistake_and_matches_nothing(exception: dict[str, Any]) -> None:
    document = {
        "rule_sets": [OLD],
        "default": "old",
        "exceptions": [{**exception, "keep_until": "2026-05-31", "why": "audit"}],
    }
    found = planned_for([listed(tag("a"), tag("b", 1))], request_of(document, on_unmatched="auto")).plan
    assert (found.unmatched, found.matches) == ((), ())
    assert found.deletions == 1


def test_each_tag_says_why_no_rule_set_decides_about_it() -> None:
    document = {"rule_sets": [OLD, ALL], "assignments": [{"rule_set": "old", "projects": ["team/app"]}]}
    listings = [listed(tag("a")), listed(tag("a"), where=WEB)]
    here, elsewhere = planned_for(listings, request_of(document, only_rule_sets=["all"])).plan.repositories
    assert [each.reason.value for each in here.decisions] == ["rule_set_not_selected"]
    assert [each.reason.value for each in elsewhere.decisions] == ["no_rule_set"]


def test_where_the_order_differs_is_told_of_tags_that_nothing_else_keeps() -> None:
    newest = {"name": "newest", "rules": [{"match": "b.*", "sort_by": "name", "keep_n": 1}]}
    document: dict[str, Any] = {"rule_sets": [newest], "default": "newest"}
    listings = [listed(tag("b9"), tag("b10"))]
    [part] = planned_for(listings, request_of(document)).plan.repositories
    assert [(each.deleted, each.kept) for each in part.order_differences] == [(("b10",), ("b9",))]
    document["exceptions"] = [{"repositories": ["team/app"], "keep_until": "2027-01-31", "why": "audit"}]
    [part] = planned_for(listings, request_of(document)).plan.repositories
    assert part.order_differences == ()


def test_entries_are_counted_by_the_set_that_has_them() -> None:
    document = {
        "rule_sets": [{**OLD, "protect": ["v.*", "x"]}, {**ALL, "protect": ["v.*"]}],
        "assignments": [{"rule_set": "old", "projects": ["team/app"]}, {"rule_set": "all", "projects": ["team/web"]}],
    }
    rest = repository(id=3, path="team/rest", project_id=3)
    listings = [
        listed(tag("v1"), tag("v2"), tag("main")),
        listed(tag("v1"), tag("main"), where=WEB),
        listed(tag("main"), where=rest),
    ]
    found = planned_for(listings, request_of(document, protect=["main", "y"])).plan
    rows = [(each.rule_set, each.option, each.entry, each.matched) for each in found.matches]
    assert rows == [
        ("", "protect", "main", 3),
        ("", "protect", "y", 0),
        ("old", "protect", "v.*", 2),
        ("old", "protect", "x", 0),
        ("all", "protect", "v.*", 1),
    ]
    assert found.unmatched == ("protect 'y' matches no tag", "rule set old: protect 'x' matches no tag")


def test_a_plan_names_the_set_of_each_tag_and_can_be_read_again() -> None:
    document = {"rule_sets": [OLD, ALL], "assignments": [{"rule_set": "all", "projects": ["team/web"]}]}
    found = planned_for([listed(tag("a")), listed(tag("b"), where=WEB)], request_of(document)).plan
    header: dict[str, Any] = {
        "server": SERVER,
        "scope": {},
        "rules": {},
        "budget": None,
        "clock": "2026-06-01T12:00:00Z",
    }
    plan = sealed(found, header)
    lines = list(plan.lines())
    approved = parse_plan(lines)
    assert approved.rule_sets == {"team/app": "", "team/web": "all"}
    assert approved.numbers == {"team/app": 1, "team/web": 2}


def approved_by(listings: list[TagListing], document: Any) -> list[str]:
    found = planned_for(listings, request_of(document))
    circumstances = {"server": SERVER, "scope": SCOPE.as_result(), "rules": {}, "clock": "2026-06-01T11:00:00Z"}
    return list(sealed(found.plan, {**circumstances, "budget": None}).lines())


def applied(listings: list[TagListing], document: Any, lines: list[str]) -> CleanupPlan:
    fingerprint = parse_plan(lines).fingerprint
    params = filled(
        {"approved_plan": "", "approved_fingerprint": fingerprint, "on_unmatched": "warn"}, ARGUMENTS.options
    )
    request = cleanup_request(
        params, SCOPE, approval_of(params, lines, SCOPE), read_document(document, "retention"), SERVER
    )
    return planned_for(listings, request)


def test_another_rule_set_than_the_approved_one_is_drift_and_keeps() -> None:
    listings = [listed(tag("a"), tag("b", 1)), listed(tag("c"), tag("d", 1), where=WEB)]
    document = {"rule_sets": [OLD, {**OLD, "name": "other"}], "default": "old"}
    lines = approved_by(listings, document)
    same = applied(listings, document, lines)
    assert deletions(same) == {("team/app", "a"), ("team/web", "c")}
    other = {**document, "assignments": [{"rule_set": "other", "projects": ["team/web"]}]}
    found = applied(listings, other, lines)
    assert deletions(found) == {("team/app", "a")}
    assert found.comparison is not None
    assert [(each.repository, each.name, each.kind.value) for each in found.comparison.drift] == [
        ("team/web", "c", "rule_set")
    ]
    none = {"rule_sets": document["rule_sets"], "assignments": [{"rule_set": "old", "projects": ["team/web"]}]}
    found = applied(listings, none, lines)
    assert deletions(found) == {("team/web", "c")}


def test_a_project_that_moved_is_told_as_renamed() -> None:
    listings = [listed(tag("a"), tag("b", 1)), listed(tag("c"), tag("d", 1), where=WEB)]
    document = {"rule_sets": [OLD, ALL], "default": "old", "assignments": [{"rule_set": "all", "groups": ["team/sub"]}]}
    lines = approved_by(listings, document)
    moved = [listings[0], listed(tag("c"), tag("d", 1), where=WEB._replace(path="team/sub/web"))]
    found = applied(moved, document, lines)
    assert deletions(found) == {("team/app", "a")}
    assert found.comparison is not None
    kinds = {(each.repository, each.name): each.kind.value for each in found.comparison.drift}
    assert kinds == {("team/web", "c"): "renamed", ("team/sub/web", "c"): "new", ("team/sub/web", "d"): "new"}


def test_without_a_clock_exceptions_hold() -> None:
    document = {
        "rule_sets": [ALL],
        "default": "all",
        "exceptions": [{"repositories": ["team/app"], "keep_until": "2020-01-01", "why": "x"}],
    }
    listings, request = [listed(tag("a"), tag("b"))], request_of(document, min_remaining=0)
    assert deletions(planned_for(listings, request)) == {("team/app", "a"), ("team/app", "b")}
    found = plan_cleanup(observed(listings=listings, clock=None), request)
    assert deletions(found) == set()
    assert found.plan.refusals


def test_dates_are_asked_for_only_if_a_chosen_set_needs_them() -> None:
    document = {"rule_sets": [OLD, ALL], "default": "all"}
    assert request_of(document).retention.need_dates
    assert not request_of(document, only_rule_sets=["all"]).retention.need_dates


def noted(listings: list[TagListing], request: CleanupRequest, **facts: Any) -> list[str]:
    state = observed(listings=listings, **facts)
    found = plan_cleanup(state, request)
    return notes_of(state, found.plan, found.criteria)


PATTERNS = ("v.*", "relase-.*", "dev-.*", "d.*", "main|stable", "latest", ".*", "cahce")


def bypassed(rules: list[dict[str, Any]], names: set[str]) -> list[str]:
    """The names of rules that match no tag although a later one deletes some, found pattern by pattern."""
    first = {name: next((each for each in rules if re.fullmatch(each["match"], name)), None) for name in names}
    in_play = [rule for name, rule in first.items() if rule and name != "latest" and not rule.get("keep")]
    return [
        rule["name"]
        for place, rule in enumerate(rules)
        if not rule.get("keep")
        and not any(each is rule for each in first.values())
        and any(each is later for each in in_play for later in rules[place + 1 :])
    ]


@pytest.mark.parametrize("seed", range(200))
def test_rules_without_tags_are_told_exactly_if_later_ones_may_have_theirs(seed: int) -> None:
    dice = random.Random(seed)
    listings = fleet(dice, dice.randrange(4))
    document = some_document(dice, listings)
    for rule_set in document["rule_sets"]:
        matches = dice.sample(PATTERNS, dice.randrange(1, 5))
        keeps = [{"keep": True} if dice.random() < 0.2 else {"keep_n": dice.randrange(3)} for _match in matches]
        rules = [{"name": f"r{number}", "match": match} for number, match in enumerate(matches)]
        rule_set["rules"] = [{**rule, **keep} for rule, keep in zip(rules, keeps, strict=True)]
    names = [each["name"] for each in document["rule_sets"]]
    request = request_of(document, only_rule_sets=dice.choice([None, names[:1]]))
    assigned = {each.repository.path: request.retention.assigned_to(each.repository).rule_set for each in listings}
    expected = []
    for rule_set in document["rule_sets"]:
        here = [each for each in listings if (own := assigned[each.repository.path]) and own.name == rule_set["name"]]
        found = bypassed(rule_set["rules"], {name for each in here for name in each.names})
        expected += [f"{rule_set['name']}/{rule}" for rule in found]
    notes = [note for note in noted(listings, request) if note.startswith("The rule")]
    assert len(notes) == bool(expected)
    if expected:
        more = f" and {len(expected) - 5} more" if len(expected) > 5 else ""
        assert f" {', '.join(expected[:5])}{more} decide" in notes[0]


def excepted(*days: str) -> dict[str, Any]:
    rows = [{"repositories": [f"team/p{place}"], "keep_until": day, "why": "x"} for place, day in enumerate(days)]
    return {"rule_sets": [OLD], "default": "old", "exceptions": rows}


@pytest.mark.parametrize(
    ("days", "note"),
    [
        (["2026-06-01", "2026-06-01T12:00:01Z", "2027-01-31"], ""),
        (
            ["2027-01-31", "2026-05-31"],
            "1 exception of the retention document has ended (exceptions, number 2: team/p1 until 2026-05-31): take it "
            "out of the document.",
        ),
        (
            ["2026-06-01T12:00:00Z", "2026-05-31"],
            "2 exceptions of the retention document have ended (exceptions, number 1: team/p0 until "
            "2026-06-01T12:00:00Z; exceptions, number 2: team/p1 until 2026-05-31): take them out of the document.",
        ),
        (
            ["2026-05-31"] * 1200,
            "1,200 exceptions of the retention document have ended ("
            + "; ".join(f"exceptions, number {place + 1}: team/p{place} until 2026-05-31" for place in range(5))
            + " and 1,195 more): take them out of the document.",
        ),
    ],
)
def test_exceptions_that_have_ended_are_told(days: list[str], note: str) -> None:
    """Whatever the scope is: one document is for many tasks. Without a known time all of them hold."""
    request = request_of(excepted(*days))
    for listings in ([listed(tag("a"))], []):
        assert noted(listings, request) == [note] * bool(note)
        assert noted(listings, request, clock=None) == []


def test_of_an_exception_for_many_repositories_one_is_named() -> None:
    document = excepted("2026-05-31")
    document["exceptions"][0]["repositories"] = [f"team/p{number}" for number in range(500)]
    [note] = noted([], request_of(document))
    assert "(exceptions, number 1: team/p0 and 499 more until 2026-05-31)" in note
