# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said of a plan: what to know before trusting it, and how it was made."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.notes import notes_of, warnings_of
from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.planning import plan_cleanup
from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.request import CleanupRequest
from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.state import CleanupState
from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import ErrorKind, RequestError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import TagListing
from ansible_collections.containerops.gitlab.plugins.module_utils._core.server import Mode, ReadMethod, TagRules
from tests.unit.cleanups import NOW, PROJECT, REPOSITORY, observed, requested, tag
from tests.unit.models import project, server_policy

DOWN = RequestError(ErrorKind.UNAVAILABLE, "down", operation="read it", status=503)
POLICY = server_policy()
PROJECTS = {PROJECT: project(id=PROJECT, policy=POLICY)}
TAGS = (tag("v1"), tag("v2"), tag("main"))

CREATED = (
    "timestamp is created: if the registry has a metadata database, this is the first push of a tag's name, and a tag "
    "that was pushed again since then may be deleted as old."
)

WARNINGS: list[Any] = [
    pytest.param({}, {}, [], id="nothing to say"),
    pytest.param(
        {},
        {"warnings": ("The group has no projects.",)},
        ["The group has no projects."],
        id="what the scope has to say",
    ),
    pytest.param(
        {"on_server_policy": "warn"},
        {"projects": PROJECTS},
        [
            "The cleanup policy of project team/app itself is enabled and deletes tags by its own rules, next at "
            "2026-06-02T12:00:00.000Z."
        ],
        id="the project's own policy",
    ),
    *(
        pytest.param(
            {"expires_label": "quay.expires-after"},
            {"unread_labels": why},
            [
                f"The label that expires_label names could not be read of {images}, whose tags are kept. First: The "
                "registry does not answer."
            ],
            id=f"labels of {images}",
        )
        for why, images in (
            (("The registry does not answer.",), "1 image"),
            (("The registry does not answer.", "Another reason."), "2 images"),
        )
    ),
    pytest.param({"on_server_policy": "ignore"}, {"projects": PROJECTS}, [], id="which may be ignored"),
    pytest.param(
        {"older_than": "30d", "timestamp": "created"}, {}, [CREATED], id="created is no push with a metadata database"
    ),
    pytest.param(
        {"older_than": "30d", "timestamp": "created"},
        {"mode": Mode.UNKNOWN},
        [CREATED],
        id="nor where there may be one",
    ),
    pytest.param(
        {"older_than": "30d", "timestamp": "created"},
        {"mode": Mode.NO_DATABASE},
        [],
        id="it is the build, and nothing else is shown, where there is none",
    ),
    pytest.param(
        {"name_regex_delete": "x|v"},
        {"listings": [TagListing(REPOSITORY, tuple(tag(f"{name}v") for name in "abcdefg"), complete=True)]},
        [
            "team/app: GitLab would interpret a pattern differently for 7 tags, which are kept (av, bv, cv, dv, ev and "
            "2 more); put parentheses around its alternatives."
        ],
        id="a pattern with two readings",
    ),
    pytest.param(
        {},
        {"listings": [TagListing(REPOSITORY, TAGS)]},
        ["team/app: exactly 10,000 tags are listed, so there may be more."],
        id="a listing that may be cut off",
    ),
]


def noted(state: CleanupState, request: CleanupRequest) -> list[str]:
    """The notes on a plan for this state."""
    found = plan_cleanup(state, request)
    return notes_of(state, found.plan, found.criteria)


@pytest.mark.parametrize(("options", "facts", "warnings"), WARNINGS)
def test_what_a_user_has_to_know_before_trusting_a_plan(
    options: dict[str, Any], facts: dict[str, Any], warnings: list[str]
) -> None:
    state, request = observed(*TAGS, **facts), requested(**options)
    assert warnings_of(state, plan_cleanup(state, request).plan, request) == warnings


def test_every_repository_and_project_is_warned_of_by_itself() -> None:
    other = REPOSITORY._replace(id=8, path="team/other", project_id=PROJECT + 1)
    projects = {**PROJECTS, PROJECT + 1: PROJECTS[PROJECT]._replace(id=PROJECT + 1, path="group/other")}
    listings = [
        TagListing(REPOSITORY, (tag("v1"), tag("xa"))),
        TagListing(other, (tag("av"),), complete=True),
    ]
    state = observed(listings=listings, projects=projects, warnings=("One.", "Two."))
    request = requested(name_regex_delete="x|v", on_server_policy="warn", timestamp="created", older_than="1d")
    when = "at 2026-06-02T12:00:00.000Z"
    two = "GitLab would interpret a pattern differently for 1 tag, which is kept"
    assert warnings_of(state, plan_cleanup(state, request).plan, request) == [
        "One.",
        "Two.",
        f"The cleanup policies of 2 projects are enabled and delete tags by their own rules: group/other {when}, "
        f"team/app {when}.",
        CREATED,
        f"team/app: {two} (xa); put parentheses around its alternatives.",
        "team/app: exactly 10,000 tags are listed, so there may be more.",
        f"team/other: {two} (av); put parentheses around its alternatives.",
    ]


BUILT = (
    "This registry has no metadata database: dates are the build dates of the images, and an old image that was tagged "
    "today is old."
)
UNKNOWN = (
    "It is unknown whether the registry has a metadata database, so no date can be trusted and every tag that a "
    "date would decide about is kept."
)
UNSEEN_RULES = (
    "GitLab's tag protection rules can't be read here; GitLab itself enforces them, except for administrators."
)
UNCLEAR = (
    "GitLab does not show here whether a tag's creation date is that of its first push or of its image, so no date can "
    "be trusted and every tag that a date would decide about is kept."
)
BY_DIGEST = (
    "This registry may delete all tags of an image together, so tags that share their image with a kept tag are kept. "
    "Set shared_digest to independent only if you know that it deletes each tag separately."
)
AGED = {"older_than": "30d"}
WITH_DATABASE = {"read_method": ReadMethod.REST}
WITHOUT_DATABASE = {
    "mode": Mode.NO_DATABASE,
    "read_method": ReadMethod.REST,
    "capabilities": {"tag_rules": TagRules.NONE},
}
WITHOUT_TAGS: dict[str, Any] = {"listings": []}

NOTES: list[Any] = [
    pytest.param(AGED, {}, [], id="nothing to say"),
    pytest.param({}, WITHOUT_DATABASE, [], id="names have no dates"),
    pytest.param(AGED, WITHOUT_DATABASE, [BUILT], id="dates are builds"),
    pytest.param(AGED, {**WITHOUT_DATABASE, **WITHOUT_TAGS}, [BUILT], id="even of nothing"),
    pytest.param(AGED, {"mode": Mode.UNKNOWN}, [UNKNOWN], id="no date can be trusted"),
    pytest.param({}, {"mode": Mode.UNKNOWN}, [], id="none has to be"),
    pytest.param(AGED, {"mode": Mode.UNKNOWN, **WITHOUT_TAGS}, [], id="nothing has one"),
    pytest.param({**AGED, "timestamp": "created"}, {}, [], id="another date is trusted"),
    pytest.param(
        {**AGED, "timestamp": "created"}, {"mode": Mode.UNKNOWN}, [UNCLEAR], id="unless it may be of the image"
    ),
    pytest.param({**AGED, "timestamp": "created"}, WITH_DATABASE, [UNCLEAR, UNSEEN_RULES], id="as REST may show it"),
    pytest.param(
        AGED,
        {
            **WITHOUT_DATABASE,
            "capabilities": {"tag_rules": TagRules.NONE, "registry_unavailable_reason": "no address is known."},
        },
        [
            BUILT,
            "Dates of multi-platform images are unknown, since the registry itself could not be asked: no address "
            "is known.",
        ],
        id="the registry alone knows some dates",
    ),
    pytest.param(
        AGED,
        {**WITH_DATABASE, "capabilities": {"graphql_unavailable_reason": "A job token is not accepted there."}},
        ["Only GraphQL shows the last push of tags. A job token is not accepted there.", UNSEEN_RULES],
        id="GraphQL alone knows pushes",
    ),
    pytest.param(
        AGED,
        WITH_DATABASE,
        ["Only GraphQL shows the last push of tags.", UNSEEN_RULES],
        id="whether or not it is known why it can't be asked",
    ),
    pytest.param({}, WITH_DATABASE, [UNSEEN_RULES], id="rules that can't be read"),
    pytest.param({}, {**WITH_DATABASE, **WITHOUT_TAGS}, [], id="protect nothing where nothing is"),
    pytest.param({}, {**WITH_DATABASE, "mode": Mode.UNKNOWN}, [UNSEEN_RULES], id="there may be rules"),
    pytest.param({}, {"deletes_by_name": False}, [BY_DIGEST], id="tags of one image may be deleted together"),
]


@pytest.mark.parametrize(("options", "facts", "notes"), NOTES)
def test_how_a_plan_was_made(options: dict[str, Any], facts: dict[str, Any], notes: list[str]) -> None:
    assert noted(observed(*TAGS, **facts), requested(**options)) == notes


IMPORTED = {"dates_valid_from": "2026-04-01", **AGED}
OLD = tag("v1", built=NOW - timedelta(days=300))
LOST = tag("v2", error="the registry is down")
OTHER_LOST = tag("v3", error="no manifest")

BUILDS: list[Any] = [
    pytest.param((OLD,), IMPORTED, ["1 tag with a date before dates_valid_from is as old as its image."], id="all"),
    pytest.param(
        (OLD, tag("v4", days=10), OLD._replace(name="v5", error="too late"), LOST, OTHER_LOST),
        IMPORTED,
        [
            "2 tags with dates before dates_valid_from are as old as their image. Of 2 tags no date is known, first: "
            "the registry is down"
        ],
        id="some are not known",
    ),
    pytest.param(
        (LOST,),
        IMPORTED,
        [
            "0 tags with dates before dates_valid_from are as old as their image. Of 1 tag no date is known, first: "
            "the registry is down"
        ],
        id="none is known",
    ),
    pytest.param((tag("v4", days=10),), IMPORTED, [], id="no tag is that old"),
    pytest.param((OLD, LOST), AGED, [], id="nothing was imported"),
    pytest.param((OLD, LOST), {"dates_valid_from": "2026-04-01"}, [], id="no date decides"),
]


@pytest.mark.parametrize(("tags", "options", "notes"), BUILDS)
def test_what_became_of_dates_of_an_import(tags: tuple[Any, ...], options: dict[str, Any], notes: list[str]) -> None:
    assert noted(observed(*tags), requested(**options)) == notes


def test_where_dates_are_builds_none_of_them_is_of_an_import() -> None:
    assert noted(observed(OLD, LOST, mode=Mode.NO_DATABASE), requested(**IMPORTED)) == [BUILT]


def test_dates_of_an_import_are_counted_in_all_repositories() -> None:
    other = REPOSITORY._replace(id=8, path="team/other")
    listings = [TagListing(each, (OLD, tag("v4")), complete=True) for each in (REPOSITORY, other)]
    assert noted(observed(listings=listings), requested(**IMPORTED)) == [
        "2 tags with dates before dates_valid_from are as old as their image."
    ]


def test_the_policies_of_a_fleet_are_one_warning_that_names_a_few() -> None:
    numbers = range(PROJECT, PROJECT + 7)
    projects = {number: PROJECTS[PROJECT]._replace(id=number, path=f"group/p{number}") for number in numbers}
    listings = [TagListing(REPOSITORY._replace(id=number, project_id=number), ()) for number in numbers]
    state = observed(listings=listings, projects=projects)
    request = requested(on_server_policy="warn")
    [warning] = warnings_of(state, plan_cleanup(state, request).plan, request)
    assert warning.startswith("The cleanup policies of 7 projects are enabled and delete tags by their own rules: ")
    assert warning.count(" at ") == 5
    assert warning.endswith(" and 2 more.")


@pytest.mark.parametrize(("archived", "more"), [(1, ""), (5, ""), (6, " and 1 more"), (8, " and 3 more")])
def test_archived_projects_in_the_plan_are_named_up_to_five(archived: int, more: str) -> None:
    numbers = range(archived + 1)
    # The first one is not archived, and no repository of the last one is in the plan.
    projects = {each: project(id=each, path=f"team/p{9 - each}", archived=each > 0) for each in range(archived + 2)}
    listings = [TagListing(REPOSITORY._replace(id=each, project_id=each), complete=True) for each in numbers]
    named = ", ".join(sorted(projects[each].path for each in numbers if each)[:5])
    assert noted(observed(listings=listings, projects=projects), requested()) == [
        f"Tags of archived projects are kept, since GitLab lets nobody change them ({named}{more})."
    ]


ORDERED = {"name_regex_delete": ".*", "keep_n": 1}
BY_LETTER: dict[str, Any] = {**ORDERED, "sort_by": "name"}


@pytest.mark.parametrize(
    ("names", "options", "expected"),
    [
        pytest.param(
            ["build-8", "build-10"],
            BY_LETTER,
            [
                "sort_by name compares letter by letter, so that 10 comes before 9. By their numbers 2 tags would have "
                "another decision: team/app:build-10 is deleted and team/app:build-8 is kept. Write sort_by: natural "
                "to compare the numbers."
            ],
            id="names",
        ),
        pytest.param(
            ["1.0.0-rc9", "1.0.0-rc10", "1.0.0-rc11"],
            {"rules": [{"name": "candidates", "match": ".*", "keep_n": 2, "sort_by": "semver"}]},
            [
                "Rule candidates: prerelease_order semver compares letter by letter, so that 10 comes before 9. "
                "By their numbers 2 tags would have another decision: team/app:1.0.0-rc10 is deleted and "
                "team/app:1.0.0-rc9 is kept. Write prerelease_order: natural to compare the numbers."
            ],
            id="prereleases",
        ),
        pytest.param(["build-08", "build-10"], BY_LETTER, [], id="nothing where both are the same"),
        pytest.param(["build-8", "build-10"], {**ORDERED, "sort_by": "natural"}, [], id="nothing in natural order"),
        pytest.param(["build-8", "build-10"], ORDERED, [], id="nothing for dates"),
    ],
)
def test_where_letters_are_no_numbers(names: list[str], options: dict[str, Any], expected: list[str]) -> None:
    tags = [tag(name) for name in names]
    assert [note for note in noted(observed(*tags), requested(**options)) if "letter by letter" in note] == expected


def test_what_letters_decide_is_told_once_for_all_repositories() -> None:
    """A tag that is the only one with a difference is one tag, and what can't be decided tells nothing."""
    others = [REPOSITORY._replace(id=8 + number, path=f"team/other-{number}") for number in range(3)]
    listings = [
        TagListing(others[0], (tag("b-9"), tag("b-10")), complete=True),
        TagListing(others[1], (tag("b-9", 0.5), tag("b-10")), complete=True),
        TagListing(others[2], (), error=DOWN),
    ]
    request = requested(**BY_LETTER, older_than="1d")
    [note] = [note for note in noted(observed(listings=listings), request) if "letter by letter" in note]
    assert "3 tags would have another decision: team/other-0:b-10 is deleted and team/other-0:b-9 is kept." in note
    [note] = [note for note in noted(observed(listings=listings[1:]), request) if "letter by letter" in note]
    assert "1 tag would have another decision: team/other-1:b-10 is deleted. Write" in note
    archived = observed(listings=listings, projects={PROJECT: project(id=PROJECT, archived=True)})
    assert not [note for note in noted(archived, request) if "letter by letter" in note]


def row(name: str, match: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "match": match, **more}


REST = row("rest", ".*", older_than="30d")
SLIP = row("releases", "relase-.*", keep_n=10)
ONE_BYPASSED = (
    "The rule {} decides about no tag: check its pattern, since a later rule decides about tags that may have been "
    "meant for it."
)
BYPASSED = (
    "The rules {} decide about no tag: check their patterns, since later rules decide about tags that may have been "
    "meant for them."
)


@pytest.mark.parametrize(
    ("rules", "names", "told"),
    [
        pytest.param([SLIP, REST], ["release-1", "main"], ONE_BYPASSED.format("releases"), id="a slip"),
        pytest.param([row("all", ".*"), SLIP], ["release-1"], "", id="nothing comes after it"),
        pytest.param([row("releases", "release-.*"), REST], ["release-1"], "", id="it matches all"),
        pytest.param([row("releases", "release-.*"), REST], ["release-1", "main"], "", id="it matches one"),
        pytest.param([SLIP, row("rest", "dev-.*")], ["release-1"], "", id="a later one that decides about none either"),
        pytest.param([SLIP, row("rest", ".*", keep=True)], ["release-1"], "", id="a later one that keeps"),
        pytest.param([SLIP, row("rest", ".*", name_regex_keep=".*")], ["release-1"], "", id="or that keeps by a name"),
        pytest.param([row("releases", "relase-.*", keep=True), REST], ["main"], "", id="that is told as unmatched"),
        pytest.param([row("newest", "latest"), REST], ["latest", "main"], "", id="it matches what is kept anyway"),
        pytest.param([SLIP, REST], ["latest"], "", id="nothing is left to decide about"),
        pytest.param([SLIP, REST], [], "", id="no tag"),
        pytest.param([row("twice", "m.*"), row("again", "main"), REST], ["main"], "", id="a later one has no tag left"),
        pytest.param(
            [row("twice", "m.*"), row("again", "main"), REST],
            ["main", "dev"],
            ONE_BYPASSED.format("again"),
            id="an earlier one has its tags",
        ),
        pytest.param(
            [SLIP, row("main", "main"), {"match": "dve-.*"}, REST],
            ["release-1", "main"],
            BYPASSED.format("releases, rule 3"),
            id="two, one without a name",
        ),
        pytest.param(
            [*(row(f"r{number}", f"x{number}") for number in range(7)), REST],
            ["main"],
            BYPASSED.format("r0, r1, r2, r3, r4 and 2 more"),
            id="seven",
        ),
    ],
)
def test_a_rule_without_tags_is_told_if_a_later_one_may_have_them(
    rules: list[dict[str, Any]], names: list[str], told: str
) -> None:
    request = requested(rules=rules)
    assert noted(observed(*(tag(name) for name in names)), request) == [told] * bool(told)


@pytest.mark.parametrize(
    "state",
    [
        observed(
            listings=[
                TagListing(REPOSITORY, TAGS, complete=True),
                TagListing(REPOSITORY._replace(id=8, path="team/other"), error=DOWN),
            ]
        ),
        observed(listings=[TagListing(REPOSITORY, TAGS)]),
        observed(*TAGS, refs={PROJECT: DOWN}),
    ],
    ids=["a repository that was not read", "a listing that may be cut off", "references that were not read"],
)
def test_nothing_is_told_of_rules_unless_all_tags_were_read(state: CleanupState) -> None:
    assert noted(state, requested(rules=[SLIP, REST])) == []
