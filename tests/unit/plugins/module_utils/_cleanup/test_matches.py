# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each entry that keeps or excludes matches, and what is said and refused if that is nothing."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.matches import UseMatches
from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.notes import warnings_of
from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.planning import CleanupPlan
from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.request import CleanupRequest
from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import ErrorKind, RequestError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import RefKind, Tag, TagListing
from ansible_collections.containerops.gitlab.plugins.module_utils._core.scope import Exclusion
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.results import result, totals
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.git_refs import ActiveRefs
from tests.unit.cleanups import PROJECT, REPOSITORY, observed, planned, requested, tag
from tests.unit.models import digest, repository

ERROR = RequestError(ErrorKind.UNAVAILABLE, "down", operation="read it", status=503)
TAGS = (tag("v1.0.0"), tag("v1.1.0", letter="b"), tag("dev-1", letter="c"), tag("main", letter="d"))
OTHER = repository(id=8, path="team/other", project_id=PROJECT + 1)
UNREAD = TagListing(OTHER, error=ERROR)
EXCLUSION = (
    "matches no repository in scope (paths are written as team/app; in a glob, * stands for any text, and a dot "
)


def asked(**options: Any) -> CleanupRequest:
    return requested(min_remaining=0, **options)


def rows(found: CleanupPlan) -> list[tuple[Any, ...]]:
    names = ("option", "entry", "rule", "matched", "references")
    return [tuple(row[name] for name in names) for row in totals(found.plan)["matches"]]


def refs(*branches: str, kind: RefKind = RefKind.BRANCHES, deployed: tuple[str, ...] = ()) -> dict[int, ActiveRefs]:
    return {PROJECT: ActiveRefs({kind: branches}, deployed)}


SOURCES: list[dict[str, Any]] = [
    {"name": "web", "images": ["mirror/team/app:dev-1", f"team/app@{digest('c')}", "nginx"]},
    {"name": "db", "images": ["postgres:15", "ghcr.io/x/y:1"]},
]
RULES: list[dict[str, Any]] = [
    {"name": "all", "match": ".*", "older_than": "1d"},
    {"name": "releases", "match": "v.*", "keep": True},
]
# Options, facts, the rows of matches, and what is said of those that match nothing.
CASES: list[Any] = [
    pytest.param(
        {"protect": ["v.*", r"1\.0\.0", "release-.*"]},
        {},
        [
            ("protect", "v.*", None, 2, None),
            ("protect", r"1\.0\.0", None, 0, None),
            ("protect", "release-.*", None, 0, None),
        ],
        [
            r"protect '1\.0\.0' matches no tag (it is only a part of v1.0.0)",
            "protect 'release-.*' matches no tag",
        ],
        id="protect",
    ),
    pytest.param(
        {"name_regex_keep": "main|v1", "protect": ["main"]},
        {},
        [("protect", "main", None, 1, None), ("name_regex_keep", "main|v1", None, 1, None)],
        [],
        id="whatever keeps the tag",
    ),
    pytest.param(
        {"rules": [{**RULES[0], "name_regex_keep": "x"}, RULES[1]]},
        {},
        [("name_regex_keep", "x", "all", 0, None), ("keep", "v.*", "releases", 0, None)],
        [
            "rules, all: name_regex_keep 'x' matches no tag that no other rule decides about",
            "rules, releases: match 'v.*' matches no tag that no other rule decides about",
        ],
        id="a rule in the shadow of another",
    ),
    pytest.param(
        {"rules": [{"name": "one", "match": ".*", "name_regex_keep": "1.0"}]},
        {},
        [("name_regex_keep", "1.0", "one", 0, None)],
        ["rules, one: name_regex_keep '1.0' matches no tag (it is only a part of v1.0.0)"],
        id="a rule alone",
    ),
    pytest.param(
        {"name_regex_delete": "(x)?(v)?(.*)", "keep_n_per": [{"by": "1"}, {"by": "2"}, {"by": "day"}]},
        {},
        [("keep_n_per", "1", None, 0, None), ("keep_n_per", "2", None, 2, None), ("keep_n_per", "day", None, 4, None)],
        ["keep_n_per by 1: no tag has such a group"],
        id="groups",
    ),
    pytest.param(
        {"rules": [{"name": "dev", "match": "(x-)?dev.*", "keep_n_per": [{"by": "1"}]}]},
        {},
        [("keep_n_per", "1", "dev", 0, None)],
        ["rules, dev: keep_n_per by 1: no tag has such a group"],
        id="groups of a rule",
    ),
    pytest.param(
        {"name_regex_delete": "x(.)", "keep_n_per": [{"by": "1"}]},
        {},
        [("keep_n_per", "1", None, 0, None)],
        [],
        id="no group where the rule is about no tag",
    ),
    pytest.param(
        {"keep_refs": ["branches", "merge_requests"]},
        {"refs": refs("main", "dev/1", "x")},
        [("keep_refs", "branches", None, 2, 3), ("keep_refs", "merge_requests", None, 0, 0)],
        [],
        id="git references",
    ),
    pytest.param(
        {"keep_refs": ["tags"], "ref_match": "prefix"},
        {"refs": refs("1.0.0", "1.1.0", kind=RefKind.TAGS)},
        [("keep_refs", "tags", None, 0, 2)],
        ["keep_refs tags: no tag is named after a git tag (ref_match is prefix)"],
        id="git references that no tag carries",
    ),
    pytest.param(
        {"keep_deployments": 2},
        {"refs": refs(deployed=("main",))},
        [("keep_deployments", "2", None, 1, 1)],
        [],
        id="deployments",
    ),
    pytest.param(
        {"keep_deployments": 2},
        {"refs": refs(deployed=("prod",))},
        [("keep_deployments", "2", None, 0, 1)],
        ["keep_deployments: no tag is named after the branch, git tag or commit of a deployment (ref_match is whole)"],
        id="deployments that no tag carries",
    ),
    pytest.param(
        {"keep_deployments": 2},
        {"refs": refs()},
        [("keep_deployments", "2", None, 0, 0)],
        ["keep_deployments: no deployment was found"],
        id="no deployments",
    ),
    pytest.param(
        {"in_use": ["team/app:v1.0.0"], "in_use_sources": SOURCES},
        {},
        [("in_use", "", None, 1, 1), ("in_use_sources", "web", None, 1, 3), ("in_use_sources", "db", None, 0, 2)],
        ["in_use_sources: no tag is in use in db"],
        id="images in use",
    ),
    pytest.param(
        {"in_use": ["app:v1.0.0", "app:x", "reg.io/app:main"]},
        {},
        [("in_use", "", None, 2, 3)],
        [],
        id="images in use without their groups",
    ),
    pytest.param(
        {"in_use_sources": [SOURCES[1]]},
        {},
        [("in_use_sources", "db", None, 0, 2)],
        ["in_use_sources: no tag is in use"],
        id="nothing that is in use",
    ),
    pytest.param(
        {"in_use": [f"team/app:x{number}" for number in range(5)], "in_use_sources": [SOURCES[1]]},
        {},
        [("in_use", "", None, 0, 5), ("in_use_sources", "db", None, 0, 2)],
        [
            "in_use and in_use_sources: no tag is in use",
            "in_use and in_use_sources: repositories in scope have no such tag: team/app:x0, team/app:x1, team/app:x2, "
            "team/app:x3, team/app:x4",
        ],
        id="several options",
    ),
    pytest.param(
        {"in_use": [f"reg.io/team/app:x{number}" for number in range(6)]},
        {},
        [("in_use", "", None, 0, 6)],
        [
            "in_use: no tag is in use",
            "in_use: repositories in scope have no such tag: reg.io/team/app:x0, "
            "reg.io/team/app:x1, reg.io/team/app:x2, reg.io/team/app:x3, reg.io/team/app:x4 and 1 more",
        ],
        id="tags that are not there",
    ),
    pytest.param(
        {},
        {"exclusions": (Exclusion("team/prod.*", matched=0, elsewhere=False), Exclusion("*/x", 2, elsewhere=False))},
        [("exclude_repositories", "team/prod.*", None, 0, None), ("exclude_repositories", "*/x", None, 2, None)],
        [f"exclude_repositories 'team/prod.*' {EXCLUSION}for itself)"],
        id="an exclusion",
    ),
    pytest.param(
        {},
        {"exclusions": (Exclusion("prod", matched=0, elsewhere=False, meant="team/app/prod"),)},
        [("exclude_repositories", "prod", None, 0, None)],
        [
            "exclude_repositories 'prod' matches no repository in scope, since it is compared with whole paths: write "
            "'team/app/prod'"
        ],
        id="an exclusion that is a part of a path",
    ),
]


@pytest.mark.parametrize(("options", "facts", "matches", "unmatched"), CASES)
def test_what_entries_match_and_what_is_said_of_the_others(
    options: dict[str, Any], facts: dict[str, Any], matches: list[Any], unmatched: list[str]
) -> None:
    request = asked(**options)
    found = planned(*TAGS, request=request, **facts)
    assert rows(found) == matches
    assert list(found.plan.unmatched) == unmatched
    warned = warnings_of(observed(*TAGS, **facts), found.plan, request)
    assert [*warned, *(f"{each}." for each in found.plan.refusals)] == [f"{each}." for each in unmatched]


@pytest.mark.parametrize(("options", "facts", "matches", "unmatched"), CASES)
def test_what_refuses_a_plan(
    options: dict[str, Any], facts: dict[str, Any], matches: list[Any], unmatched: list[str]
) -> None:
    def refused(on_unmatched: str) -> list[str]:
        found = planned(*TAGS, request=asked(**options, on_unmatched=on_unmatched), **facts)
        assert rows(found) == matches
        return list(found.plan.refusals)

    exclusions = [each for each in unmatched if each.startswith("exclude_repositories")]
    assert refused("warn") == []
    assert refused("auto") == exclusions
    # A source that uses images of other registries alone is no mistake.
    assert refused("fail") == [each for each in unmatched if "in use in db" not in each]


def test_an_exclusion_that_may_be_about_another_task_refuses_nothing() -> None:
    exclusions = (Exclusion("team/prod*", matched=0, elsewhere=True),)
    for on_unmatched in ("auto", "warn", "fail"):
        found = planned(*TAGS, request=asked(on_unmatched=on_unmatched), exclusions=exclusions)
        assert found.plan.refusals == ()
        assert len(found.plan.unmatched) == 1


def test_without_anything_to_delete_nothing_is_missed() -> None:
    options = {"protect": ["v.*"], "in_use": ["team/app:v1"], "keep_deployments": 1, "on_unmatched": "fail"}
    exclusions = (Exclusion("team/prod.*", matched=0, elsewhere=False),)
    for listings in ((), (TagListing(REPOSITORY, complete=True),), (UNREAD,)):
        found = planned(request=asked(**options), listings=listings)
        assert (found.plan.unmatched, found.plan.refusals) == ((), ())
        assert [row[3] for row in rows(found)] == [0, 0, 0]
    assert planned(request=asked(), listings=(), exclusions=exclusions).plan.unmatched == ()


@pytest.mark.parametrize(
    "listings",
    [
        (TagListing(REPOSITORY, TAGS, complete=True), UNREAD),
        (TagListing(REPOSITORY, TAGS, complete=False),),
        (TagListing(REPOSITORY, TAGS, complete=True), TagListing(OTHER, (Tag("x"),), complete=True)),
    ],
)
def test_what_could_not_be_read_might_match(listings: tuple[TagListing, ...]) -> None:
    options = {"protect": ["x"], "keep_refs": ["branches"], "keep_deployments": 1, "in_use": ["team/app:gone", "nginx"]}
    known = {**refs("a", deployed=("b",)), PROJECT + 1: ERROR}
    found = planned(request=asked(**options), listings=listings, refs=known)
    assert list(found.plan.unmatched[:4]) == [
        "protect 'x' matches none of the tags that could be read",
        "keep_refs branches: none of the tags that could be read is named after a branch (ref_match is whole)",
        "keep_deployments: none of the tags that could be read is named after the branch, git tag or commit of a "
        "deployment (ref_match is whole)",
        "in_use: none of the tags that could be read is in use",
    ]
    whole = listings[0].complete
    assert found.used == UseMatches(elsewhere=1, missing=("team/app:gone",) if whole else ())


def test_the_tags_of_all_repositories_count() -> None:
    listings = tuple(
        TagListing(repository(id=number, path=f"team/{number}", project_id=number), (tag("main"),), complete=True)
        for number in (1, 2, 3)
    )
    active = {1: ActiveRefs({RefKind.BRANCHES: ("main", "a")}), 2: ActiveRefs({RefKind.BRANCHES: ("main",)})}
    request = asked(keep_refs=["branches"], protect=["main"])
    assert rows(planned(request=request, listings=listings, refs=active)) == [
        ("protect", "main", None, 3, None),
        ("keep_refs", "branches", None, 2, 3),
    ]


def test_an_image_of_a_repository_that_could_not_be_read_is_neither_elsewhere_nor_missing() -> None:
    listings = (TagListing(REPOSITORY, TAGS, complete=True), UNREAD)
    images = ["team/other:v1", "team/app:main", f"team/app@{digest('9')}", "0123456789ab", "nginx", "app:main"]
    found = planned(request=asked(in_use=images), listings=listings)
    assert found.used == UseMatches(elsewhere=1)


def test_the_result_has_no_longer_list_of_entries_than_asked_for() -> None:
    found = planned(*TAGS, request=asked(protect=["a", "b", "c", "d", "e"]))
    short = result(found.plan, 4, "")
    assert [row["entry"] for row in short["totals"]["matches"]] == ["a", "b", "c", "d"]
    assert short["truncated"]
    assert not result(found.plan, 5, "")["truncated"]
    assert len(short["unmatched"]) == 5
