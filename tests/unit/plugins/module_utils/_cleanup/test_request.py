# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From options to what they ask for: each is carried to where it counts, and what can't be done is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.planning import plan_cleanup
from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.report import plan_header
from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.request import (
    PLANNED_BY,
    CleanupRequest,
    OnServerPolicy,
    check_for_server,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import RefKind, TagListing
from ansible_collections.containerops.gitlab.plugins.module_utils._core.scope import Scope
from ansible_collections.containerops.gitlab.plugins.module_utils._core.server import DeleteMethod, ReadMethod
from ansible_collections.containerops.gitlab.plugins.module_utils._module.options import CONNECTION, READING
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.approval import (
    LARGEST_INLINE,
    Approval,
    ApprovalTerms,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.limits import OnLimit
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.merge import PlanPart, merge, part_of
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan_file import sealed
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.run_budget import RunBudget
from ansible_collections.containerops.gitlab.plugins.module_utils._policy.prediction import Parameters
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.git_refs import RefMatch
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.referrers import Signatures
from ansible_collections.containerops.gitlab.plugins.modules.registry_cleanup import ARGUMENTS
from tests.unit.cleanups import NOW, REPOSITORY, SCOPE, observed, requested, tag

URL = "https://gitlab.example.com"
FINGERPRINT = f"sha256:{'0' * 64}"
BULK = {"delete_via": "bulk", "older_than": "30d"}
UNPINNED = {"delete_via": "bulk_unpinned"}

BAD: list[Any] = [
    *(
        ({option: -1}, f"{option} is -1: it can't be negative.")
        for option in (
            *("min_remaining", "max_deletions", "max_deletions_total"),
            *("keep_deployments", "return_limit", "wait_timeout"),
        )
    ),
    *(
        ({option: value}, f"{option} is {value:g}: it has to be between 0 and 100.")
        for option in (
            *("max_deletions_percent", "max_deletions_total_percent"),
            *("max_unknown_percent", "max_drift_percent"),
        )
        for value in (-0.5, 100.5)
    ),
    ({"max_deletions_per_run": 0}, "max_deletions_per_run is 0: it has to be at least 1."),
    (
        {"max_duration": "5"},
        "max_duration '5' is ambiguous, since a bare number has no clear unit: write 5min, 5month or 5d.",
    ),
    *(
        (
            {**bulk, option: value},
            f"{option} can't be used with delete_via {bulk['delete_via']}: GitLab gets all tags of a repository with "
            "one request and deletes them in the background.",
        )
        for bulk in (BULK, UNPINNED)
        for option, value in (("max_deletions_per_run", 1), ("max_duration", "1h"))
    ),
    ({"approved_fingerprint": FINGERPRINT}, "approved_fingerprint needs approved_plan_path or approved_plan."),
    (
        {**BULK, "signatures": "collect"},
        "signatures collect can't be used with delete_via bulk: GitLab deletes tags in any order.",
    ),
    (
        {**BULK, "allow_latest": True},
        "allow_latest has no effect with delete_via bulk, where GitLab decides: leave it out.",
    ),
    (
        {**BULK, "pin_untagged_in_use": True},
        "pin_untagged_in_use can't be used with delete_via bulk: nothing is written to the registry then.",
    ),
    *(
        (
            {"delete_via": "bulk", option: value},
            f"{option} can't be used with delete_via bulk: GitLab's bulk deletion supports only one rule.",
        )
        for option, value in (
            ("keep_n_per", [{"by": "day"}]),
            ("min_age", "1d"),
            ("rules", [{"match": ".*", "older_than": "30d"}]),
        )
    ),
    *(
        (
            {**bulk, "keep_n": 1, "name_regex_delete": "x(.*)", **more},
            f"{option} can't be used with delete_via {bulk['delete_via']}: GitLab's bulk deletion uses only tags and "
            "dates.",
        )
        for bulk in (BULK, UNPINNED)
        for option, more in (
            ("keep_n_counts", {"keep_n_counts": "images"}),
            *(("sort_by", {"sort_by": order}) for order in ("semver", "calver", "natural", "name")),
            ("version_group", {"version_group": "1", "prereleases": "apart"}),
            ("prereleases", {"prereleases": "apart"}),
        )
    ),
    (
        {**BULK, "read_via": "registry"},
        "read_via registry can't be used with delete_via bulk: GitLab decides by its own data, which is less complete "
        "for multi-platform images.",
    ),
    (
        {"delete_via": "bulk"},
        "delete_via bulk needs older_than: its tags are not read again right before they are deleted, and only "
        "GitLab's own check of the age keeps a tag that was pushed meanwhile.",
    ),
    (
        {**UNPINNED, "signatures": "collect"},
        "signatures collect can't be used with delete_via bulk_unpinned: GitLab deletes tags in any order.",
    ),
    (
        {**UNPINNED, "pin_untagged_in_use": True},
        "pin_untagged_in_use can't be used with delete_via bulk_unpinned: nothing is written to the registry then.",
    ),
    *(
        (
            {**UNPINNED, option: value},
            f"{option} can't be used with delete_via bulk_unpinned: GitLab's bulk deletion supports only one rule.",
        )
        for option, value in (
            ("in_use", ["a/b:c"]),
            ("in_use_sources", [{"name": "x", "images": ["a/b:c"]}]),
            ("keep_refs", ["branches"]),
            ("keep_deployments", 1),
            ("dates_valid_from", "2026-01-01"),
            ("previous_retention", {"rule_sets": []}),
            ("previous_retention_path", "before.yml"),
        )
    ),
    *(
        (
            {**bulk, **rule},
            f"expires_label can't be used with delete_via {bulk['delete_via']}: GitLab's bulk deletion does not read "
            "labels of images.",
        )
        for bulk in (BULK, UNPINNED)
        for rule in (
            {"expires_label": "quay.expires-after"},
            {"name_regex_delete": None, "rules": [{"match": "x"}, {"match": "y", "expires_label": "z"}]},
        )
    ),
    (
        {**UNPINNED, "shared_digest": "keep_together"},
        "shared_digest keep_together can't be used with delete_via bulk_unpinned: GitLab decides about each tag by "
        "itself.",
    ),
    *(
        (
            {**UNPINNED, option: value},
            f"{option} has no effect with delete_via bulk_unpinned, where GitLab decides: leave it out.",
        )
        for option, value in (
            ("protect", ["v.*"]),
            ("timestamp", "created"),
            ("require_digest", False),
            ("allow_latest", True),
        )
    ),
]


@pytest.mark.parametrize(("options", "sentence"), BAD)
def test_what_can_not_be_done_is_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        requested(**options)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    "options",
    [{option: 0} for option in ("min_remaining", "max_deletions", "max_deletions_total", "keep_deployments")]
    + [{option: float(value)} for option in ("max_deletions_percent", "max_drift_percent") for value in (0, 100)]
    + [
        BULK,
        UNPINNED,
        {**BULK, "protect": ["v.*"], "in_use": ["a/b:c"], "timestamp": "created", "require_digest": False},
        {**BULK, "shared_digest": "keep_together"},
        {**UNPINNED, "protect": [], "keep_n": 3},
        {**UNPINNED, "shared_digest": "independent"},
        {"delete_via": "registry", "read_via": "registry", "allow_latest": True, "signatures": "collect"},
    ],
)
def test_what_can_be_done_is_taken(options: dict[str, Any]) -> None:
    requested(**options)


def test_every_option_reaches_what_it_is_for() -> None:
    request = requested(
        name_regex_delete="dev-.*",
        name_regex_keep="dev-main",
        older_than="30d",
        protect=["v.*"],
        in_use=["team/app:v1"],
        in_use_sources_expected=2,
        keep_refs=["tags"],
        keep_deployments=3,
        ref_match="suffix",
        pin_untagged_in_use=True,
        signatures="collect",
        shared_digest="keep_together",
        allow_unread_protection=True,
        on_server_policy="fail",
        read_via="graphql",
        delete_via="rest",
        min_remaining=1,
        max_deletions=2,
        max_deletions_percent=3.0,
        max_deletions_total=4,
        max_deletions_total_percent=5.0,
        max_unknown_percent=6.0,
        on_limit="skip_repository",
    )
    assert request.scope == SCOPE
    assert [rule.match.text for rule in request.retention.rule_sets[0].rules.rules] == ["dev-.*"]
    assert [pattern.text for pattern in request.retention.guards.protect] == ["v.*"]
    assert [reference.text for reference in request.used.references] == ["team/app:v1"]
    assert len(request.use_unknown) == 1
    assert (request.keep_refs, request.keep_deployments) == ((RefKind.TAGS,), 3)
    assert (request.ref_match, request.pin_untagged) == (RefMatch.SUFFIX, True)
    assert (request.referrer_policy.signatures, request.referrer_policy.keep_together) == (Signatures.COLLECT, True)
    assert (request.allow_unread_protection, request.on_server_policy) == (True, OnServerPolicy.FAIL)
    methods = (request.read_via, request.delete_via)
    assert (*methods, request.parameters) == (ReadMethod.GRAPHQL, DeleteMethod.REST, None)
    assert (request.bulk_older_than, request.bulk_keep) == ("30d", "dev-main")
    limits = request.limits
    assert (limits.min_remaining, limits.max_deletions, limits.max_deletions_percent) == (1, 2, 3.0)
    assert (limits.max_deletions_total, limits.max_deletions_total_percent) == (4, 5.0)
    assert (limits.max_unknown_percent, limits.on_limit) == (6.0, OnLimit.SKIP_REPOSITORY)
    assert request.options["max_deletions_total"] == 4
    assert requested().delete_via is None


def test_a_plan_names_every_option_that_it_was_made_by() -> None:
    """What it does not name can change behind the back of who approved it."""
    scope = {"project", "group", "repository_id", "repositories", "exclude_repositories"}
    where = {*CONNECTION.options, *READING.options} - {"read_via"}
    approval = {
        *("approved_fingerprint", "approved_plan", "approved_plan_path", "require_approval"),
        *("plan_max_age", "max_drift_percent", "in_use_max_age"),
    }
    told = {"plan_path", "output_path", "gather", "return_limit", "journal_path", "wait", "wait_timeout", "on_error"}
    told |= {"run_by", "journal_package", "journal_is_temporary", "previous_retention", "previous_retention_path"}
    # The plan has what the file says.
    told |= {"retention_path"}
    # How much one run does of the plan.
    budget = {"max_deletions_per_run", "max_duration"}
    # A plan that these refuse is not carried out, and a pin deletes nothing.
    refuse = {"on_server_policy", "on_unmatched", "allow_unread_protection", "pin_untagged_in_use"}
    assert scope <= set(SCOPE.as_result())
    assert set(ARGUMENTS.options) - set(PLANNED_BY) == {*scope, *where, *approval, *told, *budget, *refuse}
    assert set(PLANNED_BY) <= set(ARGUMENTS.options)
    assert set(requested().options) == set(PLANNED_BY)


def test_when_sources_were_read_is_no_part_of_the_plan() -> None:
    source = {"name": "web-1", "images": ["team/app:v1"]}
    read = requested(in_use_sources=[{**source, "read_at": "2026-06-01T11:59:00Z"}], in_use_max_age="2h")
    assert read.options == requested(in_use_sources=[source]).options
    assert (read.in_use_max_age, requested().in_use_max_age) == (7200, 3600)
    assert [each.read_at for each in read.used.sources] == [NOW - timedelta(minutes=1)]
    with pytest.raises(UsageError) as caught:
        requested(in_use_sources=[{**source, "read_at": "yesterday"}])
    assert str(caught.value) == "in_use_sources, web-1: read_at is 'yesterday': write it as 2026-01-31T12:00:00Z."


def test_bulk_deletions_leave_what_belongs_together_alone() -> None:
    assert requested(signatures="follow").referrer_policy.signatures is Signatures.FOLLOW
    assert requested(**BULK, signatures="follow").referrer_policy.signatures is Signatures.KEEP


def test_gitlab_decides_by_what_it_is_given() -> None:
    found = requested(**UNPINNED, name_regex_delete="dev-.*", name_regex_keep="", keep_n=0, older_than="7d")
    assert found.parameters == Parameters(
        name_regex_delete="dev-.*", name_regex_keep=None, keep_n=None, older_than="7d"
    )
    everything = requested(**UNPINNED, name_regex_delete="dev-.*", name_regex_keep="dev-main", keep_n=3)
    assert everything.parameters == Parameters(name_regex_delete="dev-.*", name_regex_keep="dev-main", keep_n=3)
    assert requested(**BULK).parameters is None


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({}, False),
        ({"gather": ["tag_details"], "output_path": "x"}, True),
        ({"gather": [], "output_path": "x"}, False),
        ({"gather": ["tag_details"]}, False),
    ],
)
def test_all_details_are_read_where_a_file_gets_them(options: dict[str, Any], wanted: bool) -> None:
    assert requested(**options).all_details is wanted


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"approved_plan": "{}"},
            "An approved plan needs approved_fingerprint, which has to come from the person who approved it.",
        ),
        (
            {"approved_plan": "ä" * (LARGEST_INLINE // 2) + " ", "approved_fingerprint": FINGERPRINT},
            "approved_plan is larger than 65536 bytes: give a file in approved_plan_path.",
        ),
        (
            {"approved_plan": " " * LARGEST_INLINE, "approved_fingerprint": FINGERPRINT},
            "approved_plan: This is not a plan of registry_cleanup: give a file that plan_path wrote.",
        ),
        (
            {"approved_plan": "", "approved_fingerprint": FINGERPRINT},
            "approved_plan: The plan is empty.",
        ),
        (
            {"approved_plan_path": "plans/monday.jsonl", "approved_fingerprint": FINGERPRINT},
            "approved_plan_path plans/monday.jsonl: The plan is empty.",
        ),
    ],
)
def test_a_plan_that_can_not_be_approved(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        requested(options.get("approved_plan", "").splitlines(), **options)
    assert str(caught.value) == sentence


def written(scope: Scope = SCOPE, server: str = URL, path: str = REPOSITORY.path) -> PlanPart:
    """A plan as a first run wrote it."""
    request = replace(requested(min_remaining=0), scope=scope)
    state = observed(listings=[TagListing(REPOSITORY._replace(path=path), (tag("v1"),), complete=True)])
    found = plan_cleanup(state, request).plan
    return part_of(sealed(found, plan_header(state, request, server)).lines)


def approving(part: PlanPart, lines: Iterable[str] | None = None, **options: Any) -> CleanupRequest:
    """What is asked for with an approved plan, which may be in these lines with others."""
    given = {"approved_plan_path": "x", "approved_fingerprint": part.approved.fingerprint, **options}
    return requested(part.lines() if lines is None else lines, **given)


def test_an_approved_plan_is_taken_on_the_terms_that_are_given() -> None:
    part = written()
    request = approving(part, plan_max_age="2h", max_drift_percent=5.0)
    terms = ApprovalTerms(fingerprint=part.approved.fingerprint, max_age=7200, max_drift_percent=5.0)
    assert request.approval == Approval(plan=part.approved, terms=terms)
    check_for_server(request, url=URL, job_token=False)


@pytest.mark.parametrize("form", ["{}", " {}\n", "SHA256:{}", "sha256:{}", "sha256: {}", "'sha256:{}'", '"{}"', "`{}`"])
@pytest.mark.parametrize("change", [str.lower, str.upper])
def test_a_fingerprint_may_be_spelled_in_every_way(form: str, change: Callable[[str], str]) -> None:
    part = written()
    digits = change(part.approved.fingerprint.partition(":")[2])
    request = approving(part, approved_fingerprint=form.format(digits))
    check_for_server(request, url=URL, job_token=False)


@pytest.mark.parametrize(
    "text", ["sha256:x", "0" * 11, "0" * 65, "g" * 64, "sha512:" + "0" * 64, "sha256:", "0 " * 64, "X" + "0" * 64]
)
def test_what_is_no_fingerprint_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        approving(written(), approved_fingerprint=text)
    assert str(caught.value) == (
        f"approved_fingerprint {text!r} is not a fingerprint: write the fingerprint of the approved plan, sha256: and "
        "64 hexadecimal digits, or at least the first 12 of them."
    )


def test_an_age_that_is_none_is_told_with_its_option() -> None:
    with pytest.raises(UsageError) as caught:
        approving(written(), plan_max_age="soon")
    assert str(caught.value) == (
        "plan_max_age 'soon' is not a duration: write integers with units, such as 12h, 30d or 1month."
    )


def test_of_a_merged_plan_the_part_for_the_scope_is_approved() -> None:
    own, other = written(), written(scope=Scope(group="team"), path="team/other")
    merged = merge([own, other])
    found = approving(own, merged.lines(), approved_fingerprint=merged.fingerprint).approval
    assert found
    assert found.plan == own.approved._replace(fingerprint=merged.fingerprint)


@pytest.mark.parametrize(
    ("part", "options", "sentence"),
    [
        (
            written(),
            {"approved_fingerprint": FINGERPRINT},
            f"approved_fingerprint {FINGERPRINT} is not the fingerprint of the given plan, so another plan was "
            "approved: ask the person who approved it, or fetch the approved plan.",
        ),
        (
            written(),
            {**UNPINNED},
            "An approved plan can't be used with delete_via bulk_unpinned, where GitLab decides what is deleted.",
        ),
        (
            written(server="https://other.example.com"),
            {},
            "The approved plan was made for https://other.example.com, and this is https://gitlab.example.com.",
        ),
        (
            written(scope=Scope(group="team")),
            {},
            'The approved plan was made for another scope, {"group": "team"}, and this task is for '
            '{"project": ["team/app"]}: name the same projects, group or repositories, or leave them out.',
        ),
    ],
)
def test_an_approved_plan_is_for_one_server_and_one_scope(
    part: PlanPart, options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(UsageError) as caught:
        check_for_server(approving(part, **options), url=URL, job_token=False)
    assert str(caught.value) == sentence


@pytest.mark.parametrize("option", [{"keep_refs": ["branches"]}, {"keep_deployments": 1}])
def test_a_job_token_can_not_read_the_code(option: dict[str, Any]) -> None:
    check_for_server(requested(**option), url=URL, job_token=False)
    check_for_server(requested(), url=URL, job_token=True)
    with pytest.raises(UsageError) as caught:
        check_for_server(requested(**option), url=URL, job_token=True)
    assert str(caught.value) == (
        f"{next(iter(option))} is not available with a CI/CD job token: give a project access token instead."
    )


@pytest.mark.parametrize(
    ("options", "budget"),
    [
        ({}, None),
        ({"max_deletions_per_run": 1}, RunBudget(max_deletions=1)),
        ({"max_duration": "1h 30min"}, RunBudget(max_duration="1h 30min", max_seconds=5400)),
        ({"max_deletions_per_run": 7, "max_duration": "2s"}, RunBudget(7, max_duration="2s", max_seconds=2)),
    ],
)
def test_how_much_a_run_does(options: dict[str, Any], budget: RunBudget | None) -> None:
    found = requested(**options)
    assert found.budget == budget
    # The plan holds it, and not among the options that it was made by.
    assert found.options == requested().options
    assert plan_header(observed(), found, URL)["budget"] == (budget.as_row() if budget else None)
