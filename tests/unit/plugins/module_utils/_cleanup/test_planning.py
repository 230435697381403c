# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a cleanup is composed: what each part adds to the plan, and every reason to refuse it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.bulk_requests import BulkRequest
from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.notes import notes_of
from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.planning import CleanupPlan, plan_cleanup
from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.refusals import deletion_requests
from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.report import (
    cleanup_intent,
    cleanup_result,
    plan_header,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.request import CleanupRequest
from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.state import CleanupState
from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.usage import plan_usage
from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import (
    ErrorKind,
    RequestError,
    UsageError,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import (
    ListingState,
    RefKind,
    ServerPolicy,
    Tag,
    TagListing,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._core.oci import OCI_IMAGE, Manifest
from ansible_collections.containerops.gitlab.plugins.module_utils._core.scope import Scope
from ansible_collections.containerops.gitlab.plugins.module_utils._core.server import DeleteMethod, Mode, ReadMethod
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.merge import merge, part_of
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan import RepositoryPlan
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan_file import SealedPlan, sealed
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.decision import DateSource, Decision
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.durations import seconds
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.git_refs import ActiveRefs
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.import_dates import (
    DatedTag,
    ImportEvidence,
    ImportWindow,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.reasons import Certainty, Reason
from tests.unit.cleanups import NOW, PROJECT, REPOSITORY, SCOPE, observed, planned, requested, tag
from tests.unit.models import digest, project, repository, server_policy

URL = "https://gitlab.example.com"
ENABLED = server_policy()
WITH_POLICY = {PROJECT: project(id=PROJECT, policy=ENABLED)}
WITHOUT_POLICY = {PROJECT: project(id=PROJECT, policy=ENABLED._replace(enabled=False))}


def outcome(found: CleanupPlan) -> dict[str, str]:
    """What becomes of each tag, with the reason."""
    return {
        decision.tag.name: f"{'delete' if decision.delete else 'keep'} {decision.reason.value}"
        for part in found.plan.repositories
        for decision in part.decisions
    }


def many(number: int) -> list[Tag]:
    return [tag(f"dev-{count:02}") for count in range(number)]


TAGS = (tag("v1", letter="a"), tag("v2", letter="b"), tag("main", letter="c"))
SIGNATURE = tag(f"sha256-{'a' * 64}.sig", letter="e")

COMPOSED: list[Any] = [
    pytest.param({}, {}, {}, id="rules"),
    pytest.param({"in_use": ["team/app:v1"]}, {}, {"v1": "keep in_use"}, id="in use by tag"),
    pytest.param({"in_use": [f"x.test/team/app@{digest('b')}"]}, {}, {"v2": "keep in_use"}, id="in use by digest"),
    pytest.param(
        {"keep_refs": ["branches"]},
        {"refs": {PROJECT: ActiveRefs(refs={RefKind.BRANCHES: ("main",)})}},
        {"main": "keep active_ref"},
        id="git reference",
    ),
    pytest.param(
        {"keep_refs": ["branches"]},
        {"refs": {PROJECT + 1: ActiveRefs(refs={RefKind.BRANCHES: ("main",)})}},
        {},
        id="another project's",
    ),
    pytest.param(
        {"keep_deployments": 1},
        {"refs": {PROJECT: ActiveRefs(deployed=("v2",))}},
        {"v2": "keep deployed"},
        id="deployment",
    ),
    pytest.param(
        {"keep_refs": ["branches"], "ref_match": "prefix"},
        {"refs": {PROJECT: ActiveRefs(refs={RefKind.BRANCHES: ("mai",)})}},
        {},
        id="how names carry references",
    ),
    pytest.param({"min_age": "100d"}, {}, dict.fromkeys(("v1", "v2", "main"), "keep min_age"), id="minimum age"),
    pytest.param({"protect": ["v.*"]}, {}, {"v1": "keep protected", "v2": "keep protected"}, id="protect"),
]


@pytest.mark.parametrize(("options", "facts", "kept"), COMPOSED)
def test_what_each_part_keeps(options: dict[str, Any], facts: dict[str, Any], kept: dict[str, str]) -> None:
    gone = "delete expired" if "older_than" in options else "delete matched"
    found = outcome(planned(*TAGS, request=requested(min_remaining=0, **options), **facts))
    assert found == {"v1": gone, "v2": gone, "main": gone, **kept}


def test_a_signature_follows_its_image_by_the_policy_that_was_asked_for() -> None:
    both = tag("v1"), SIGNATURE
    following = requested(min_remaining=0)
    assert outcome(planned(*both, request=following))[SIGNATURE.name] == "delete with_subject"
    kept = requested(min_remaining=0, signatures="keep")
    assert outcome(planned(*both, request=kept))[SIGNATURE.name] == "keep signature"
    in_use = requested(min_remaining=0, in_use=["team/app:v1"])
    assert outcome(planned(*both, request=in_use))[SIGNATURE.name] == "keep signature"


def test_a_signature_without_an_image_needs_the_registrys_word() -> None:
    alone = tag("v2", letter="b"), SIGNATURE
    collect = requested(min_remaining=0, signatures="collect")
    assert outcome(planned(*alone, request=collect))[SIGNATURE.name] == "keep orphan"
    absent = {REPOSITORY.path: {digest("a")}}
    found = outcome(planned(*alone, request=collect, absent_digests=absent))
    assert found[SIGNATURE.name] == "delete orphaned"
    elsewhere = {"team/other": {digest("a")}}
    assert outcome(planned(*alone, request=collect, absent_digests=elsewhere))[SIGNATURE.name] == "keep orphan"
    request = requested(min_remaining=0)
    earlier = request.earlier._replace(referrers=frozenset({(REPOSITORY.path, SIGNATURE.name, digest("e"))}))
    resumed = replace(request, earlier=earlier)
    # What a journal says is no proof.
    assert outcome(planned(*alone, request=resumed))[SIGNATURE.name] == "keep orphan"
    found = outcome(planned(*alone, request=resumed, absent_digests=absent))
    assert found[SIGNATURE.name] == "delete with_subject"
    another = replace(request, earlier=earlier._replace(referrers=frozenset({(REPOSITORY.path, SIGNATURE.name, "x")})))
    assert outcome(planned(*alone, request=another, absent_digests=absent))[SIGNATURE.name] == "keep orphan"


@pytest.mark.parametrize(
    ("shared_digest", "by_name", "kept"),
    [
        ("auto", True, set()),
        ("auto", False, {"v1"}),
        ("independent", False, set()),
        ("keep_together", True, {"v1"}),
    ],
)
def test_tags_share_the_fate_of_a_kept_one_unless_the_registry_is_known_to_delete_by_name(
    shared_digest: str, by_name: bool, kept: set[str]
) -> None:
    request = requested(protect=["main"], shared_digest=shared_digest)
    tags = tag("main"), tag("v1"), tag("v2", letter="b")
    found = outcome(planned(*tags, request=request, deletes_by_name=by_name))
    assert {name for name, fate in found.items() if fate == "keep shared_digest"} == kept


def test_a_project_that_is_archived_keeps_all_its_tags() -> None:
    archived = project(id=PROJECT, policy=None, archived=True)
    for request in (requested(), requested(delete_via="bulk_unpinned", older_than="30d")):
        found = planned(tag("v1"), tag("v2"), request=request, projects={PROJECT: archived})
        assert outcome(found) == {"v1": "keep archived", "v2": "keep archived"}
        assert found.plan.refusals == ()


def test_a_signature_younger_than_min_age_stays_though_its_image_goes() -> None:
    request = requested(min_remaining=0, min_age="30d")
    assert outcome(planned(tag("v1"), SIGNATURE, request=request))[SIGNATURE.name] == "delete with_subject"
    young = tag(SIGNATURE.name, days=1, letter="e")
    assert outcome(planned(tag("v1"), young, request=request)) == {
        "v1": "delete matched",
        SIGNATURE.name: "keep min_age",
    }


def test_dates_are_those_of_this_kind_of_registry() -> None:
    moved = tag("v1")._replace(created=NOW - timedelta(days=400), published=NOW - timedelta(days=1))
    request = requested(min_remaining=0, older_than="30d")
    assert outcome(planned(moved, request=request)) == {"v1": "keep too_young"}
    built = outcome(planned(moved, request=request, mode=Mode.NO_DATABASE, read_method=ReadMethod.REGISTRY))
    assert built == {"v1": "delete expired"}
    assert outcome(planned(moved, request=request, mode=Mode.UNKNOWN)) == {"v1": "keep unknown_date"}


def test_with_a_metadata_database_no_tag_goes_without_a_known_digest() -> None:
    unread = Tag("v1", details_read=True)
    request = requested(min_remaining=0, require_digest=False)
    assert outcome(planned(unread, request=request)) == {"v1": "keep unknown_digest"}
    rest = outcome(planned(unread, request=request, mode=Mode.NO_DATABASE, read_method=ReadMethod.REST))
    assert rest == {"v1": "delete matched"}


def test_builds_are_no_dates_of_an_import() -> None:
    old = tag("v1", days=400)
    request = requested(min_remaining=0, older_than="30d", dates_valid_from="2026-01-01")
    assert outcome(planned(old, request=request)) == {"v1": "keep unknown_date"}
    for without in (request, requested(older_than="30d", dates_valid_from="2026-01-01", timestamp="created")):
        built = outcome(planned(old, request=without, mode=Mode.NO_DATABASE, read_method=ReadMethod.REGISTRY))
        assert built == {"v1": "delete expired"}


def test_what_could_not_be_read_has_no_decisions() -> None:
    error = RequestError(ErrorKind.UNAVAILABLE, "down", operation="read it", status=503)
    unread = planned(listings=[TagListing(REPOSITORY, error=error)])
    assert [part.error for part in unread.plan.repositories] == [error]
    assert outcome(unread) == {}
    refs = planned(*TAGS, refs={PROJECT: error})
    assert [part.error for part in refs.plan.repositories] == [error]
    assert outcome(refs) == {}


@pytest.mark.parametrize(("number", "more"), [(2, ""), (5, ""), (6, " and 1 more"), (7, " and 2 more")])
def test_policies_of_many_projects_are_told_by_the_first_five(number: int, more: str) -> None:
    policy = ENABLED._replace(next_run_at=None)
    known = {each: project(id=each, path=f"team/p{each}", policy=policy) for each in range(number)}
    listings = [TagListing(repository(id=each, project_id=each), complete=True) for each in known]
    named = ", ".join(f"team/p{each}" for each in range(min(number, 5)))
    assert planned(listings=listings, projects=known, request=requested(on_server_policy="fail")).plan.refusals == (
        f"the cleanup policies of {number} projects are enabled and delete tags by their own rules: {named}{more}",
    )


@pytest.mark.parametrize("policy", [None, ENABLED, ENABLED._replace(enabled=False)])
def test_the_projects_own_policy_is_told(policy: ServerPolicy | None) -> None:
    [part] = planned(*TAGS, projects={PROJECT: project(id=PROJECT, policy=policy)}).plan.repositories
    assert part.policy == policy


def test_where_gitlab_decides_the_plan_says_what_it_does_and_how_sure_that_is() -> None:
    """The tag v2 is half a second younger or older than the rule, which GitLab's dates do not show."""
    parts = [
        tag("main", protected=False),
        tag("v1", protected=False),
        tag("v2", days=30, protected=False),
        tag("v3", days=29, protected=False),
        tag("v4", protected=True),
    ]
    reasons = [Reason.NO_MATCH, Reason.EXPIRED, Reason.NEAR_CUTOFF, Reason.TOO_YOUNG, Reason.UNSEEN_PROTECTION]
    deleted = (Reason.EXPIRED, Reason.NEAR_CUTOFF, Reason.UNSEEN_PROTECTION)
    request = requested(delete_via="bulk_unpinned", name_regex_delete="v.*", older_than="30d", min_remaining=0)
    found = planned(*parts, request=request, clock=NOW + timedelta(milliseconds=500))
    assert found.plan.repositories == (
        RepositoryPlan(
            REPOSITORY,
            decisions=tuple(
                Decision(each, delete=reason in deleted, reason=reason, date=each.published)
                for each, reason in zip(parts, reasons, strict=True)
            ),
            date_source=DateSource.PUBLISHED,
            certainty=Certainty.UPPER_BOUND,
            uncertainties=(
                "1 tag is as old as older_than to the second",
                "1 tag may be protected by a rule that can't be read, or that does not apply to this token's user",
            ),
            expected=(1, 3),
        ),
    )


def test_where_gitlab_decides_the_date_that_it_goes_by_is_shown() -> None:
    pushed, built = NOW - timedelta(days=40), NOW - timedelta(days=2)
    found = tag("v1", protected=False)._replace(published=pushed, created=built)
    request = requested(delete_via="bulk_unpinned", older_than="30d", min_remaining=0)
    [part] = planned(found, request=request, delete_method=DeleteMethod.BULK_UNPINNED).plan.repositories
    assert [(each.delete, each.date) for each in part.decisions] == [(True, pushed)]


@pytest.mark.parametrize(
    ("options", "days", "facts", "source"),
    [
        ({}, 90, {}, DateSource.PUBLISHED),
        ({"timestamp": "created"}, 90, {}, DateSource.CREATED),
        ({"dates_valid_from": "2026-05-01"}, 90, {}, DateSource.NONE),
        ({"dates_valid_from": "2026-01-01"}, 90, {}, DateSource.PUBLISHED),
        ({}, -2, {}, DateSource.NONE),
        ({}, -2, {"clock": None}, DateSource.PUBLISHED),
    ],
)
def test_a_date_that_decides_nothing_is_shown_if_it_would_be_believed(
    options: dict[str, Any], days: int, facts: dict[str, Any], source: DateSource
) -> None:
    [part] = planned(tag("v1", days), request=requested(**options), **facts).plan.repositories
    date = None if source is DateSource.NONE else NOW - timedelta(days=days)
    assert (part.date_source, [each.date for each in part.decisions]) == (source, [date])


@pytest.mark.parametrize(
    ("options", "facts", "source", "state"),
    [
        ({}, {}, DateSource.PUBLISHED, ListingState.COMPLETE),
        (
            {},
            {"listings": [TagListing(REPOSITORY, (Tag("v1"),), complete=True)]},
            DateSource.NONE,
            ListingState.COMPLETE,
        ),
        ({"older_than": "30d"}, {}, DateSource.PUBLISHED, ListingState.COMPLETE),
        ({"older_than": "30d"}, {"mode": Mode.NO_DATABASE}, DateSource.BUILT, ListingState.COMPLETE),
        ({"older_than": "30d", "timestamp": "created"}, {}, DateSource.CREATED, ListingState.COMPLETE),
        ({"older_than": "30d"}, {"mode": Mode.UNKNOWN}, DateSource.UNKNOWN, ListingState.COMPLETE),
        ({}, {"listings": [TagListing(REPOSITORY, TAGS)]}, DateSource.PUBLISHED, ListingState.CAPPED),
        ({}, {"listings": [TagListing(REPOSITORY, complete=True)]}, DateSource.NONE, ListingState.EMPTY),
    ],
)
def test_a_plan_tells_what_its_dates_are_and_whether_all_tags_were_listed(
    options: dict[str, Any], facts: dict[str, Any], source: DateSource, state: ListingState
) -> None:
    [part] = planned(*TAGS, request=requested(**options), **facts).plan.repositories
    assert (part.date_source, part.listing) == (source, state)


@pytest.mark.parametrize("method", DeleteMethod)
def test_gitlabs_bulk_deletion_is_asked_for_only_where_it_deletes(method: DeleteMethod) -> None:
    found = planned(*TAGS, request=requested(older_than="30d", min_remaining=0), delete_method=method)
    names = {"name_regex_delete": "(?:main|v1|v2)", "older_than": "30d"}
    expected = (BulkRequest(found.plan.repositories[0], names),) if method.is_bulk else ()
    assert found.bulk == expected
    assert found.comparison is None


BUILDS = (
    "read_via registry shows when images were built, and with this registry's metadata database tags are as old as "
    "their last push (read_via auto shows that, timestamp created uses the build)"
)
NO_CLOCK = (
    "GitLab's time is unknown, so ages can't be calculated: its answers have no Date header, or one that is more than "
    "a day ahead of this machine's clock. Check both clocks"
)
POLICY = "the cleanup policy of project team/app itself is enabled and deletes tags by its own rules"

# Of these main is kept, and is the same image as v1.
SHARED = TagListing(
    REPOSITORY,
    (tag("main", protected=False), tag("v1", protected=False), tag("v2", letter="b", protected=False)),
    complete=True,
)
PROTECTED = TagListing(
    REPOSITORY,
    (*(tag(f"v{number}", protected=True) for number in range(6)), tag("v6", protected=False), tag("dev-1")),
    complete=True,
)

READ_EARLIER = [{"name": "web-1", "images": ["registry.test/other:1"], "read_at": "2026-06-01T11:00:00Z"}]
STALE = (
    "the images in use were read longer ago than in_use_max_age (1 of 1 source, first web-1 at 2026-06-01T11:00:00Z): "
    "find them again"
)

# A reason to refuse, as options and facts, with its sentence.
REFUSED: list[Any] = [
    pytest.param(
        {"in_use_sources_expected": 1}, {}, "1 source of images in use is expected, and 0 are there", id="in use"
    ),
    pytest.param({"in_use_sources": READ_EARLIER, "in_use_max_age": "59min"}, {}, STALE, id="in use an hour ago"),
    pytest.param(
        {"in_use_sources": READ_EARLIER, "in_use_max_age": "1h"},
        {"latest_clock": NOW + timedelta(seconds=1)},
        STALE,
        id="in use an hour before the last answer",
    ),
    pytest.param(
        {"in_use_sources": READ_EARLIER},
        {"clock": None},
        "GitLab's answers have no Date header, so the age of the images in use is unknown",
        id="in use at an unknown time",
    ),
    pytest.param(
        {"min_remaining": 4},
        {},
        "team/app: 3 of 3 tags would be deleted and 0 remain, fewer than min_remaining 4",
        id="limit",
    ),
    pytest.param(
        {"max_deletions_total": 1}, {}, "3 tags would be deleted in total, more than max_deletions_total 1", id="total"
    ),
    pytest.param({"older_than": "30d"}, {"clock": None}, NO_CLOCK, id="no clock"),
    pytest.param({"min_age": "30d"}, {"clock": None}, NO_CLOCK, id="no clock for ages"),
    pytest.param(
        {"older_than": "30d", "dates_valid_from": "2026-07-01"},
        {},
        "dates_valid_from 2026-07-01T00:00:00Z is later than the server's clock",
        id="dates from the future",
    ),
    pytest.param(
        {"older_than": "30d"},
        {"read_method": ReadMethod.REGISTRY},
        BUILDS,
        id="builds where pushes count",
    ),
    pytest.param({"keep_n": 1}, {"read_method": ReadMethod.REGISTRY}, BUILDS, id="rank by builds"),
    pytest.param(
        {"on_server_policy": "fail"},
        {"projects": WITH_POLICY},
        f"{POLICY}, next at 2026-06-02T12:00:00.000Z",
        id="the project's own policy",
    ),
    pytest.param(
        {"on_server_policy": "fail"},
        {"projects": {PROJECT: project(id=PROJECT, policy=ENABLED._replace(next_run_at=None))}},
        POLICY,
        id="whenever that runs",
    ),
    pytest.param(
        {},
        {"rules_hidden": True},
        "GitLab would let an administrator change protected tags, and its protection rules can't be read here (use a "
        "token of a user who is not an administrator, or allow_unread_protection)",
        id="hidden protection",
    ),
    pytest.param(
        {"delete_via": "bulk", "older_than": "30d"},
        {"delete_method": DeleteMethod.BULK, "mode": Mode.UNKNOWN, "read_method": ReadMethod.REST, "older": True},
        "the kind of this registry is unknown, so it is unknown what a bulk deletion does there",
        id="bulk on an unknown registry",
    ),
    pytest.param(
        {"delete_via": "bulk", "older_than": "30d"},
        {"delete_method": DeleteMethod.BULK, "mode": Mode.NO_DATABASE, "read_method": ReadMethod.REST, "many": 201},
        "team/app: 201 tags would be deleted in bulk, and without a metadata database GitLab deletes at most 200 in "
        "one run, chosen at random (set delete_via to auto to delete all of them)",
        id="bulk of too many",
    ),
    pytest.param(
        {"pin_untagged_in_use": True, "in_use": [f"x.test/team/app@{digest('f')}"]},
        {"manifests": None, "capabilities": {"registry_unavailable_reason": "no address"}},
        "pin_untagged_in_use needs the registry itself: no address",
        id="pinning without a registry",
    ),
    pytest.param(
        {},
        {"sent": 9, "max_requests": 10},
        "deleting 3 tags takes at least 3 more requests, and of max_requests 10 there is 1 left",
        id="requests",
    ),
    pytest.param(
        {"delete_via": "bulk_unpinned", "name_regex_delete": "v.*"},
        {"delete_method": DeleteMethod.BULK_UNPINNED, "listings": [SHARED], "deletes_by_name": False},
        "team/app: GitLab would delete 1 tag that shares its image with a kept tag, or may (v1), and this registry "
        "is not known to leave the kept one (delete_via auto and bulk keep them all, shared_digest independent trusts "
        "the registry)",
        id="GitLab chooses among tags of one image",
    ),
    pytest.param(
        {"delete_via": "bulk_unpinned", "name_regex_delete": "v.*"},
        {"delete_method": DeleteMethod.BULK_UNPINNED, "listings": [PROTECTED], "passes_rules": True},
        "GitLab would delete 6 tags of team/app for an administrator although its protection rules cover them "
        "(v0, v1, v2, v3, v4 and 1 more); use a token of a user who is not an administrator",
        id="GitLab lets an administrator past protection rules",
    ),
    pytest.param(
        {"delete_via": "bulk_unpinned", "name_regex_delete": "v0"},
        {"delete_method": DeleteMethod.BULK_UNPINNED, "listings": [PROTECTED], "passes_rules": True},
        "GitLab would delete 1 tag of team/app for an administrator although its protection rules cover it (v0); use a "
        "token of a user who is not an administrator",
        id="GitLab lets an administrator past the protection of one tag",
    ),
]


@pytest.mark.parametrize(("options", "facts", "sentence"), REFUSED)
def test_a_reason_to_refuse(options: dict[str, Any], facts: dict[str, Any], sentence: str) -> None:
    facts = dict(facts)
    tags = many(facts.pop("many")) if "many" in facts else list(TAGS)
    if facts.pop("older", False):
        # Where nothing is known of the registry no date counts, so that names alone have to choose.
        options = {**options, "older_than": None}
        request = replace(requested(min_remaining=0), delete_via=DeleteMethod.BULK)
    else:
        request = requested(**{"min_remaining": 0, **options})
    assert planned(*tags, request=request, **facts).plan.refusals == (sentence,)


@pytest.mark.parametrize(
    ("options", "facts"),
    [
        pytest.param({}, {"clock": None}, id="names need no clock"),
        pytest.param({"in_use_sources": READ_EARLIER, "in_use_max_age": "1h"}, {}, id="in use just an hour ago"),
        pytest.param({}, {"read_method": ReadMethod.REGISTRY}, id="names need no dates"),
        pytest.param(
            {"older_than": "30d", "timestamp": "created"}, {"read_method": ReadMethod.REGISTRY}, id="builds are wanted"
        ),
        pytest.param(
            {"older_than": "30d"},
            {"read_method": ReadMethod.REGISTRY, "mode": Mode.NO_DATABASE},
            id="the registry has nothing else",
        ),
        pytest.param(
            {"on_server_policy": "warn"},
            {"projects": WITH_POLICY},
            id="a warning will do",
        ),
        pytest.param(
            {"on_server_policy": "fail"},
            {"projects": WITHOUT_POLICY},
            id="off",
        ),
        pytest.param(
            {"on_server_policy": "fail"},
            {"projects": {PROJECT + 1: project(id=PROJECT + 1, policy=ENABLED)}},
            id="a project without a repository in the plan",
        ),
        pytest.param({}, {"sent": 7, "max_requests": 10}, id="just enough requests"),
        pytest.param({"older_than": "30d"}, {"clock": None, "listings": []}, id="nothing has an age"),
        pytest.param({"older_than": "30d", "dates_valid_from": "2026-06-01T12:00:00Z"}, {}, id="dates from now on"),
        pytest.param(
            {"older_than": "30d", "dates_valid_from": "2026-07-01"}, {"mode": Mode.NO_DATABASE}, id="no imported dates"
        ),
        pytest.param(
            {"delete_via": "bulk", "older_than": "30d"},
            {"delete_method": DeleteMethod.BULK, "listings": [TagListing(REPOSITORY, tuple(many(201)), complete=True)]},
            id="with a metadata database bulk deletions take any number",
        ),
        pytest.param(
            {"pin_untagged_in_use": True, "in_use": [f"x.test/team/app@{digest('a')}"]}, {}, id="nothing to pin"
        ),
        pytest.param(
            {"delete_via": "bulk_unpinned", "name_regex_delete": "v.*"},
            {"delete_method": DeleteMethod.BULK_UNPINNED, "listings": [SHARED]},
            id="the registry is known to delete by name",
        ),
        pytest.param(
            {"delete_via": "bulk_unpinned", "name_regex_delete": "v.*"},
            {"delete_method": DeleteMethod.BULK_UNPINNED, "listings": [PROTECTED]},
            id="protection rules bind whoever is no administrator",
        ),
        pytest.param(
            {"delete_via": "bulk_unpinned", "name_regex_delete": "dev-.*"},
            {"delete_method": DeleteMethod.BULK_UNPINNED, "listings": [PROTECTED], "passes_rules": True},
            id="an administrator deletes nothing that is protected",
        ),
    ],
)
def test_no_reason_to_refuse(options: dict[str, Any], facts: dict[str, Any]) -> None:
    request = requested(**{"min_remaining": 0, **options})
    assert planned(*TAGS, request=request, **facts).plan.refusals == ()


def test_dates_of_an_import_refuse() -> None:
    samples = tuple(DatedTag(repository=REPOSITORY, tag=each, date=NOW) for each in TAGS)
    evidence = ImportEvidence(
        ImportWindow(first=NOW, last=NOW, tags=20, of=20, samples=samples), (datetime(2020, 1, 1, tzinfo=UTC),)
    )
    request = requested(min_remaining=0, older_than="30d")
    [refusal] = planned(*TAGS, request=request, import_evidence=evidence).plan.refusals
    assert "these are the dates of an import to the metadata database" in refusal
    pushed = evidence._replace(builds=(NOW,))
    assert planned(*TAGS, request=request, import_evidence=pushed).plan.refusals == ()


def test_refusals_come_in_the_order_in_which_they_matter() -> None:
    request = requested(
        min_remaining=4, in_use_sources_expected=1, older_than="30d", on_server_policy="fail", max_deletions_total=1
    )
    found = planned(*TAGS, request=request, projects=WITH_POLICY, rules_hidden=True, sent=9)
    words = ["in use is expected", "min_remaining", "max_deletions_total", "cleanup policy", "protection rules"]
    assert len(found.plan.refusals) == len(words)
    assert all(word in refusal for word, refusal in zip(words, found.plan.refusals, strict=True))


def sealed_by(state: CleanupState, request: CleanupRequest) -> SealedPlan:
    """The plan of a first run."""
    return sealed(plan_cleanup(state, request).plan, plan_header(state, request, URL))


def approved_lines(**facts: Any) -> tuple[list[str], str]:
    """The plan of a first run, as it was approved."""
    request = requested(min_remaining=0)
    state = observed(*sorted(TAGS, key=lambda each: each.name), **facts)
    plan = sealed_by(state, request)
    return list(plan.lines()), plan.fingerprint


def test_an_approved_plan_is_never_gone_beyond() -> None:
    lines, fingerprint = approved_lines()
    request = requested(
        lines, min_remaining=0, approved_plan_path="x", approved_fingerprint=fingerprint, in_use=["team/app:v1"]
    )
    today = (TAGS[0], TAGS[1]._replace(digest=digest("d")), TAGS[2], tag("new", letter="f"))
    found = planned(*today, request=request)
    assert outcome(found) == {
        "v1": "keep in_use",
        "v2": "keep changed",
        "main": "delete matched",
        "new": "keep not_approved",
    }
    assert found.comparison
    assert {(each.name, each.kind.value) for each in found.comparison.drift} == {
        ("v1", "kept"),
        ("v2", "moved"),
        ("new", "new"),
    }


def test_what_a_limit_keeps_of_an_approved_plan_is_drift() -> None:
    lines, fingerprint = approved_lines()
    request = requested(
        lines,
        **{"min_remaining": 0, "max_deletions": 1, "on_limit": "skip_repository", "max_drift_percent": 50.0},
        **{"approved_plan_path": "x", "approved_fingerprint": fingerprint, "in_use": ["team/app:v1"]},
    )
    found = planned(*TAGS, request=request)
    assert found.comparison
    assert [(each.name, each.kind.value, each.reason) for each in found.comparison.drift] == [
        ("main", "kept", Reason.LIMIT),
        ("v1", "kept", Reason.IN_USE),
        ("v2", "kept", Reason.LIMIT),
    ]
    assert found.comparison.kept_by == {Reason.IN_USE: 1, Reason.LIMIT: 2}
    assert found.comparison.repositories == found.plan.repositories
    assert list(found.plan.refusals) == ["3 of 3 approved tags are not as they were, more than max_drift_percent 50"]


def test_what_an_interrupted_run_deleted_is_no_drift() -> None:
    lines, fingerprint = approved_lines()
    request = requested(lines, min_remaining=0, approved_plan_path="x", approved_fingerprint=fingerprint)
    request = replace(
        request, earlier=request.earlier._replace(asked=frozenset({(REPOSITORY.path, "v1", digest("a"))}))
    )
    found = planned(TAGS[2], request=request)
    assert found.comparison
    assert found.comparison.deleted_before == found.deleted_before == 1
    assert [each.name for each in found.comparison.drift] == ["v2"]


@pytest.mark.parametrize(("by_name", "fate"), [(True, "delete matched"), (False, "keep shared_digest")])
def test_an_approved_tag_shares_the_fate_of_one_that_came_later(by_name: bool, fate: str) -> None:
    lines, fingerprint = approved_lines()
    request = requested(lines, min_remaining=0, approved_plan_path="x", approved_fingerprint=fingerprint)
    found = planned(*TAGS, tag("new"), request=request, deletes_by_name=by_name)
    assert outcome(found) == {
        "v1": fate,
        "v2": "delete matched",
        "main": "delete matched",
        "new": "keep not_approved",
    }


def test_an_approved_signature_follows_the_image_that_an_interrupted_run_deleted() -> None:
    lines, fingerprint = approved_lines(
        listings=[TagListing(REPOSITORY, tuple(sorted((*TAGS, SIGNATURE), key=lambda each: each.name)), complete=True)]
    )
    request = requested(lines, min_remaining=0, approved_plan_path="x", approved_fingerprint=fingerprint)
    journal = request.earlier._replace(referrers=frozenset({(REPOSITORY.path, SIGNATURE.name, digest("e"))}))
    today = *TAGS[1:], SIGNATURE
    assert outcome(planned(*today, request=request))[SIGNATURE.name] == "keep orphan"
    resumed = planned(*today, request=replace(request, earlier=journal))
    assert outcome(resumed)[SIGNATURE.name] == "delete with_subject"


@pytest.mark.parametrize(
    ("path", "facts", "number"),
    [
        pytest.param(REPOSITORY.path, {}, 2, id="those that are no longer there"),
        pytest.param("team/other", {}, 0, id="not those of a repository out of scope"),
        pytest.param(REPOSITORY.path, {"complete": False}, 0, id="not if the list has no end"),
        pytest.param(
            REPOSITORY.path,
            {"complete": True, "error": RequestError(ErrorKind.UNAVAILABLE, "down", operation="read it", status=503)},
            0,
            id="not if the list could not be read",
        ),
    ],
)
def test_what_an_interrupted_run_deleted_is_counted_as_far_as_it_is_known(
    path: str, facts: dict[str, Any], number: int
) -> None:
    request = requested(min_remaining=0)
    names = ("v1", "gone", "gone-too")
    earlier = request.earlier._replace(interrupted=frozenset((path, name, digest("a")) for name in names))
    listing = TagListing(REPOSITORY, TAGS, **{"complete": True, **facts})
    assert planned(request=replace(request, earlier=earlier), listings=[listing]).deleted_before == number


@pytest.mark.parametrize(
    ("options", "facts", "sentence"),
    [
        (
            {},
            {"clock": None},
            "GitLab's answers have no Date header, so the age of the approved plan is unknown",
        ),
        (
            {"plan_max_age": "1h"},
            {"clock": NOW + timedelta(hours=2)},
            "the approved plan is of 2026-06-01T12:00:00Z, 2 hours ago, and plan_max_age is 1 hour: make a new plan "
            "and have it approved",
        ),
        (
            {"plan_max_age": "1h"},
            {"latest_clock": NOW + timedelta(hours=2)},
            "the approved plan is of 2026-06-01T12:00:00Z, 2 hours ago, and plan_max_age is 1 hour: make a new plan "
            "and have it approved",
        ),
        (
            {"max_drift_percent": 50.0},
            {"gone": True},
            "2 of 3 approved tags are not as they were, more than max_drift_percent 50",
        ),
    ],
)
def test_the_terms_of_an_approval_refuse(options: dict[str, Any], facts: dict[str, Any], sentence: str) -> None:
    lines, fingerprint = approved_lines()
    request = requested(lines, min_remaining=0, approved_plan_path="x", approved_fingerprint=fingerprint, **options)
    facts = dict(facts)
    today = TAGS[:1] if facts.pop("gone", False) else TAGS
    assert planned(*today, request=request, **facts).plan.refusals == (sentence,)


def test_images_in_use_without_a_tag_are_pinned() -> None:
    manifest = Manifest(digest("f"), media_type=OCI_IMAGE, body=b"{}")
    place = (REPOSITORY.path, digest("f"))
    request = requested(min_remaining=0, pin_untagged_in_use=True, in_use=[f"x.test/team/app@{digest('f')}"])
    found = planned(*TAGS, request=request, manifests={place: manifest})
    assert [each.as_result() for each in found.pins.pins] == [
        {"repository": REPOSITORY.path, "name": f"in-use-{'f' * 64}", "digest": digest("f")}
    ]
    lost = planned(*TAGS, request=request, manifests={place: None})
    assert (lost.pins.pins, lost.pins.lost) == ((), (f"x.test/team/app@{digest('f')}",))
    other = planned(*TAGS, tag(f"in-use-{'f' * 64}", letter="d"), request=request, manifests={place: manifest})
    assert "is another image" in other.plan.refusals[0]
    assert planned(*TAGS, request=replace(request, pin_untagged=False), manifests={place: manifest}).pins.pins == ()


@pytest.mark.parametrize(
    ("method", "by_page", "requests"),
    [
        (DeleteMethod.GRAPHQL, True, 2 + 2 + 1),
        (DeleteMethod.GRAPHQL, False, 30 + 2 + 1),
        (DeleteMethod.REST, False, 30 + 31 + 1),
        (DeleteMethod.REGISTRY, False, 30 + 31 + 1),
    ],
)
def test_requests_that_deleting_takes(method: DeleteMethod, by_page: bool, requests: int) -> None:
    tags = [*many(30), Tag("unknown", details_read=True)]
    request = requested(min_remaining=0, require_digest=False)
    plan = planned(*tags, request=request, mode=Mode.NO_DATABASE, read_method=ReadMethod.REST).plan
    assert plan.deletions == 31
    parts = [part.deletions for part in plan.repositories]
    assert deletion_requests(parts, method, by_page=by_page) == requests


def test_a_header_names_what_a_plan_was_made_by() -> None:
    header = plan_header(observed(*TAGS), requested(keep_n=3), URL)
    assert header["scope"] == SCOPE.as_result()
    assert (header["server"], header["registry"], header["clock"]) == (URL, "database", "2026-06-01T12:00:00Z")
    assert header["rules"]["keep_n"] == 3
    assert "pin_untagged_in_use" not in header["rules"]


def test_a_plan_carries_by_what_it_was_made_and_what_is_in_use_without_a_tag() -> None:
    lost = f"x.test/team/app@{digest('f')}"
    request = requested(dates_valid_from="2026-01-01", older_than="1d", in_use=[lost])
    found = planned(tag("v1"), request=request, mode=Mode.NO_DATABASE)
    assert found.criteria.request is request
    assert found.criteria.date_source is DateSource.BUILT
    # Where dates are builds, none of them is an import's.
    assert found.criteria.retention.guards.dates_valid_from is None
    assert found.criteria.retention.rule_sets[0].rules == replace(
        request.retention.rule_sets[0].rules, dates_valid_from=None
    )
    assert [each.text for each in found.untagged] == [lost]


def test_the_budget_of_a_run_changes_no_decision() -> None:
    tags = many(30)
    whole = planned(*tags, request=requested(min_remaining=0))
    cut = planned(*tags, request=requested(min_remaining=0, max_deletions_per_run=7))
    assert (cut.plan, cut.deleted_before) == (whole.plan, whole.deleted_before)
    [part] = cut.plan.repositories
    assert cut.deletions_of(part) == part.deletions[:7]
    assert (whole.deletions_of(part), whole.run) == (part.deletions, None)
    assert cut.parts_of_run == whole.parts_of_run == [part]


@given(
    planned_most=st.one_of(st.none(), st.integers(1, 35)),
    planned_duration=st.sampled_from([None, "59min", "60min", "1h", "2h"]),
    merged_most=st.one_of(st.none(), st.integers(1, 35)),
    options=st.fixed_dictionaries(
        {},
        optional={
            "max_deletions_per_run": st.integers(1, 40),
            "max_duration": st.sampled_from(["30s", "60min", "1h", "3h"]),
            "rules": st.just([{"name": "all", "match": ".*"}]),
            "max_deletions_total": st.integers(30, 1000),
            "delete_via": st.sampled_from(["auto", "rest", "graphql", "registry"]),
            "max_drift_percent": st.just(100.0),
        },
    ),
)
def test_one_run_never_deletes_more_than_the_budget_of_the_approved_plan(
    planned_most: int | None, planned_duration: str | None, merged_most: int | None, options: dict[str, Any]
) -> None:
    """Whatever the task gives, with a plan by itself and as a part of a merged one."""
    state, day_before = observed(*many(30)), observed(*many(30), clock=NOW - timedelta(days=1))
    budget: dict[str, Any] = {"max_deletions_per_run": planned_most, "max_duration": planned_duration}
    own = sealed_by(day_before, requested(min_remaining=0, **budget))
    other = replace(requested(max_deletions_per_run=merged_most), scope=Scope(projects=("team/other",)))
    merged = merge([part_of(own.lines), part_of(sealed_by(observed(listings=()), other).lines)])
    for plan, most in ((own, planned_most), (merged, min(filter(None, (planned_most, merged_most)), default=None))):
        approval = {"approved_plan_path": "x", "approved_fingerprint": plan.fingerprint}
        request = requested(plan.lines(), **{"min_remaining": 0, **options, **approval})
        found = plan_cleanup(state, request)
        given_most, given_time = options.get("max_deletions_per_run"), options.get("max_duration")
        deleted = sum(map(len, map(found.deletions_of, found.plan.repositories)))
        assert not found.plan.refusals
        assert deleted == min(each for each in (30, most, given_most) if each is not None)
        times = [seconds(each, "x") for each in (planned_duration, given_time) if each]
        assert (request.budget.max_seconds if request.budget else None) == min(times, default=None)
        # What a run shows and seals is what it does.
        assert plan_header(state, request, URL)["budget"] == (request.budget.as_row() if request.budget else None)


def test_what_is_more_than_the_approved_budget_is_told() -> None:
    state = observed(*many(3))
    plan = sealed_by(state, requested(min_remaining=0, max_deletions_per_run=2))
    approval: dict[str, Any] = {"min_remaining": 0, "approved_plan_path": "x", "approved_fingerprint": plan.fingerprint}
    for given_most, told in ((3, True), (2, False), (1, False), (None, False)):
        found = plan_cleanup(state, requested(plan.lines(), **approval, max_deletions_per_run=given_most))
        sentence = "max_deletions_per_run is 3 here and 2 in the approved plan: the smaller value is used."
        assert (sentence in notes_of(state, found.plan, found.criteria)) is told
    own = plan_cleanup(state, requested(max_deletions_per_run=3))
    assert not [note for note in notes_of(state, own.plan, own.criteria) if "max_deletions_per_run" in note]


@pytest.mark.parametrize("option", [{"max_deletions_per_run": 2}, {"max_duration": "2h"}])
def test_a_bulk_deletion_can_not_keep_to_the_budget_of_the_approved_plan(option: dict[str, Any]) -> None:
    plan = sealed_by(observed(*many(3)), requested(**option))
    bulk = {"delete_via": "bulk", "older_than": "30d", "approved_plan_path": "x"}
    with pytest.raises(UsageError) as caught:
        requested(plan.lines(), **bulk, approved_fingerprint=plan.fingerprint)
    assert str(caught.value) == (
        f"{next(iter(option))} of the approved plan can't be used with delete_via bulk: GitLab gets all tags of a "
        "repository with one request and deletes them in the background."
    )
    free = sealed_by(observed(*many(3)), requested())
    assert requested(free.lines(), **bulk, approved_fingerprint=free.fingerprint).budget is None


def test_requests_of_this_run_are_held_against_the_budget_of_requests() -> None:
    tags = many(60)
    state = {"sent": 10, "max_requests": 13}
    # A look, a deletion and a listing.
    assert planned(*tags, request=requested(min_remaining=0, max_deletions_per_run=20), **state).plan.refusals == ()
    for request in (requested(min_remaining=0), requested(min_remaining=0, max_deletions_per_run=21)):
        [refusal] = planned(*tags, request=request, **state).plan.refusals
        assert "max_requests" in refusal


def test_what_a_run_shows_is_what_it_deletes_at_most() -> None:
    request = requested(min_remaining=0, max_deletions_per_run=7)
    state = observed(*many(30))
    found = plan_cleanup(state, request)
    usages = plan_usage(state, found.plan, state.listings, DateSource.PUBLISHED)
    for limit, shown in ((100, 7), (7, 7), (5, 5)):
        plan = cleanup_result(state, request, found, usages, url=URL, fingerprint="x", limit=limit)["plan"]
        [part] = found.plan.repositories
        assert [row["name"] for row in plan["delete"]] == [each.tag.name for each in part.deletions[:shown]]
        assert (plan["totals"]["delete"], plan["totals"]["delete_this_run"]) == (30, 7)
        assert (plan["repositories"][0]["delete"], plan["repositories"][0]["delete_this_run"]) == (30, 7)
        assert plan["this_run"] == "at most 7 of 30 in this run"
        assert plan["truncated"] is (limit < 7)
    [diff] = cleanup_intent(found, 100).diff
    assert diff["before"].count("\n") == 7
    assert diff["before_header"] == "team/app (7 of 30 tags are deleted)"
    assert diff["after_header"] == "team/app (0 tags are kept, 23 are left for later runs)"
