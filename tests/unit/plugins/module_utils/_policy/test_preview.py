# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is told of a cleanup policy: what it deletes at its next run, and what options that come close would."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import (
    ServerPolicy,
    Tag,
    TagListing,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._core.server import (
    Mode,
    ReadMethod,
    ServerCapabilities,
    TagRules,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._policy.prediction import Parameters
from ansible_collections.containerops.gitlab.plugins.module_utils._policy.preview import (
    decisions_of,
    parameters_of,
    predicted,
    preview_policy,
    truncate,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.decision import Decision
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.reasons import Reason
from tests.unit.models import repository

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
NEXT_WEEK = "2026-06-08T12:00:00Z"
DATABASE = ServerCapabilities(mode=Mode.DATABASE, read_method=ReadMethod.GRAPHQL)
NO_DATABASE = DATABASE._replace(mode=Mode.NO_DATABASE, tag_rules=TagRules.NONE)
REPOSITORY = repository()
POLICY = ServerPolicy(
    enabled=True,
    cadence="7d",
    keep_n=1,
    older_than="7d",
    name_regex="dev-.*|rc",
    name_regex_keep="dev-keep.*",
    next_run_at=NEXT_WEEK,
)


def tag(name: str, days: float | None = 30, **fields: Any) -> Tag:
    """A tag that was pushed so many days ago."""
    pushed = None if days is None else NOW - timedelta(days=days)
    known = {"digest": f"sha256:{name}", "created": pushed, "published": pushed, "protected": False}
    return Tag(name, details_read=True, **{**known, **fields})


def listing(*tags: Tag) -> TagListing:
    return TagListing(REPOSITORY, tags, complete=True)


TAGS = listing(
    tag("dev-keep"),
    tag("dev-new", days=0.01),
    tag("dev-old", days=1),
    tag("dev-safe", protected=True),
    tag("dev-unseen", protected=None),
    tag("latest"),
    tag("my-rc"),
    tag("v1"),
)


def preview(policy: ServerPolicy = POLICY, tags: TagListing = TAGS, **fields: Any) -> dict[str, Any]:
    given = {"capabilities": DATABASE, "clock": NOW, **fields}
    return preview_policy(listing=tags, policy=policy, **given).as_result()


def test_a_preview_tells_what_the_next_run_deletes_and_where_options_would_differ() -> None:
    assert preview() == {
        "enabled": True,
        "at": NEXT_WEEK,
        "certainty": "upper_bound",
        "doubts": ["1 tag may be protected by a rule that can't be read, or that does not apply to this token's user"],
        "message": None,
        "delete_least": 2,
        "delete_most": 3,
        "delete": [
            {"name": "dev-old", "reason": "expired", "certain": True},
            {"name": "dev-unseen", "reason": "unseen_protection", "certain": False},
            {"name": "my-rc", "reason": "expired", "certain": True},
        ],
        "reasons": {
            "expired": 2,
            "gitlab_protected": 1,
            "keep_n": 1,
            "keep_pattern": 1,
            "latest": 1,
            "no_match": 1,
            "unseen_protection": 1,
        },
        "lint": [
            "name_regex 'dev-.*|rc' has alternatives without parentheses around them: GitLab anchors the first only at "
            "its beginning and the last only at its end, which here also matches my-rc. Write (?:dev-.*|rc)."
        ],
        "options": {
            "name_regex_delete": "(?:dev-.*|rc)",
            "name_regex_keep": "dev-keep.*",
            "keep_n": 1,
            "older_than": "7d",
        },
        "differences": [
            {
                "name": "dev-unseen",
                "policy": "possible",
                "policy_reason": "unseen_protection",
                "options": "deleted",
                "options_reason": "expired",
            },
            {
                "name": "my-rc",
                "policy": "deleted",
                "policy_reason": "expired",
                "options": "kept",
                "options_reason": "no_match",
            },
        ],
        "differences_count": 2,
        "truncated": False,
    }


def test_a_policy_that_never_deletes_has_no_options_to_compare_with() -> None:
    assert preview(POLICY._replace(name_regex="("), listing(tag("a"))) == {
        "enabled": True,
        "at": NEXT_WEEK,
        "certainty": "exact",
        "doubts": [],
        "message": "invalid regex",
        "delete_least": 0,
        "delete_most": 0,
        "delete": [],
        "reasons": {"cleanup_fails": 1},
        "lint": [
            "name_regex '(' is not a valid RE2 pattern (missing ): (): GitLab deletes nothing and disables the policy."
        ],
        "options": None,
        "differences": [],
        "differences_count": 0,
        "truncated": False,
    }


@pytest.mark.parametrize(
    ("enabled", "next_run_at", "clock", "at"),
    [
        pytest.param(True, NEXT_WEEK, NOW, NEXT_WEEK, id="at its next run"),
        pytest.param(True, "2026-05-01T00:00:00Z", NOW, "2026-06-01T12:00:00Z", id="at once where that is overdue"),
        pytest.param(True, None, NOW, "2026-06-01T12:00:00Z", id="at once where it is not known"),
        pytest.param(False, NEXT_WEEK, NOW, "2026-06-01T12:00:00Z", id="at once where it is off"),
        pytest.param(True, NEXT_WEEK, None, None, id="at no known time without a clock"),
    ],
)
def test_a_policy_is_judged_at_the_time_of_its_run(
    enabled: bool, next_run_at: str | None, clock: datetime | None, at: str | None
) -> None:
    found = preview(POLICY._replace(enabled=enabled, next_run_at=next_run_at), clock=clock)
    assert (found["enabled"], found["at"]) == (enabled, at)


def test_a_policy_that_is_off_deletes_by_the_age_of_today() -> None:
    tags = listing(tag("dev-1", days=6), tag("dev-2", days=8), tag("dev-3", days=0))
    assert [row["name"] for row in preview(tags=tags)["delete"]] == ["dev-1", "dev-2"]
    assert [row["name"] for row in preview(POLICY._replace(enabled=False), tags)["delete"]] == ["dev-2"]


def test_without_a_clock_nobody_claims_to_know_what_is_old_enough() -> None:
    found = preview(POLICY._replace(keep_n=None), listing(tag("dev-1"), tag("v1")), clock=None)
    assert found["delete"] == [{"name": "dev-1", "reason": "unseen_age", "certain": False}]
    assert (found["certainty"], found["delete_least"], found["delete_most"]) == ("unknown", 0, 1)
    assert found["doubts"] == ["1 tag matches, and it is unknown whether it is older than older_than for GitLab"]
    assert [(row["options"], row["options_reason"]) for row in found["differences"]] == [("kept", "unknown_date")]


def test_without_a_clock_a_tag_without_a_date_is_still_the_newest() -> None:
    tags = listing(tag("dev-1", days=0), tag("dev-2", days=None))
    found = preview(POLICY._replace(older_than=None), tags, capabilities=NO_DATABASE, clock=None)
    assert found["delete"] == [{"name": "dev-1", "reason": "matched", "certain": True}]
    assert found["certainty"] == "exact"


KEPT, GONE = False, True


@pytest.mark.parametrize(
    ("policy", "tags", "decisions"),
    [
        pytest.param(
            {"keep_n": None, "older_than": None, "name_regex": ".*"},
            [tag("latest", None), tag("v1", None, digest=None)],
            [("latest", KEPT, Reason.LATEST), ("v1", GONE, Reason.MATCHED)],
            id="names alone need no digest",
        ),
        pytest.param(
            {"keep_n": 2, "older_than": None, "name_regex": "v.*"},
            [tag("v1", 3), tag("v2", 2), tag("v3", 1), tag("v4", None)],
            [
                ("v1", GONE, Reason.MATCHED),
                ("v2", KEPT, Reason.KEEP_N),
                ("v3", KEPT, Reason.KEEP_N),
                ("v4", KEPT, Reason.UNKNOWN_DATE),
            ],
            id="keep_n",
        ),
        pytest.param(
            {"keep_n": None, "older_than": "30d", "name_regex": "v.*", "name_regex_keep": "v9|v8"},
            [tag("v1", 22), tag("v2", 24), tag("v8", 99), tag("xv9", 99)],
            [
                ("v1", KEPT, Reason.TOO_YOUNG),
                ("v2", GONE, Reason.EXPIRED),
                ("v8", KEPT, Reason.KEEP_PATTERN),
                ("xv9", KEPT, Reason.NO_MATCH),
            ],
            id="older_than and name_regex_keep",
        ),
    ],
)
def test_the_options_decide_as_registry_cleanup_would_at_that_time(
    policy: dict[str, Any], tags: list[Tag], decisions: list[tuple[str, bool, Reason]]
) -> None:
    wanted = POLICY._replace(**{"name_regex_keep": None, **policy})
    found = preview_policy(DATABASE, listing(*tags), wanted, NOW).decisions
    assert [(decision.tag.name, decision.delete, decision.reason) for decision in found] == decisions


@pytest.mark.parametrize(
    ("limit", "truncated", "deletions", "differences"),
    [
        (0, True, [], []),
        (2, True, ["dev-old", "dev-unseen"], ["dev-unseen", "my-rc"]),
        (3, False, ["dev-old", "dev-unseen", "my-rc"], ["dev-unseen", "my-rc"]),
    ],
)
def test_every_list_of_a_preview_has_at_most_so_many_entries(
    limit: int, truncated: bool, deletions: list[str], differences: list[str]
) -> None:
    whole = preview()
    found = truncate(whole, limit)
    assert found == {**whole, "delete": found["delete"], "differences": found["differences"], "truncated": truncated}
    assert [row["name"] for row in found["delete"]] == deletions
    assert [row["name"] for row in found["differences"]] == differences
    # The numbers stay those of all tags.
    assert (found["delete_most"], found["differences_count"]) == (3, 2)


def test_a_run_is_given_all_that_its_policy_says() -> None:
    assert parameters_of(POLICY) == Parameters(
        name_regex="dev-.*|rc", name_regex_keep="dev-keep.*", keep_n=1, older_than="7d"
    )


EVERYTHING = Parameters(name_regex_delete=".*")


@pytest.mark.parametrize(
    ("capabilities", "binding", "protected", "decision"),
    [
        pytest.param(DATABASE, True, True, (KEPT, Reason.GITLAB_PROTECTED), id="a rule that binds"),
        pytest.param(DATABASE, False, True, (GONE, Reason.UNSEEN_PROTECTION), id="a rule that may not bind"),
        pytest.param(DATABASE, True, None, (GONE, Reason.UNSEEN_PROTECTION), id="a rule that can't be seen"),
        pytest.param(NO_DATABASE, True, None, (GONE, Reason.MATCHED), id="no rules without a database"),
        pytest.param(
            DATABASE._replace(tag_rules=TagRules.NONE),
            True,
            None,
            (GONE, Reason.MATCHED),
            id="no rules in an old GitLab",
        ),
    ],
)
def test_what_a_rule_may_protect_is_deleted_for_sure_only_where_there_are_no_rules(
    capabilities: ServerCapabilities, binding: bool, protected: bool | None, decision: tuple[bool, Reason]
) -> None:
    tags = listing(tag("a", protected=protected))
    found = predicted(capabilities, tags, EVERYTHING, NOW, binding=binding)
    assert [(each.delete, each.reason) for each in decisions_of(found, tags)] == [decision]


def test_a_prediction_goes_by_the_date_that_the_registry_goes_by() -> None:
    tags = listing(tag("a", created=NOW - timedelta(days=90), published=NOW))
    wanted = Parameters(name_regex_delete=".*", older_than="7d")
    assert predicted(DATABASE, tags, wanted, NOW, binding=True).deletes == []
    assert predicted(NO_DATABASE, tags, wanted, NOW, binding=True).deletes == ["a"]


def test_of_a_registry_of_unknown_kind_only_names_are_judged() -> None:
    tags = listing(tag("a"), tag("latest"))
    found = predicted(DATABASE._replace(mode=Mode.UNKNOWN), tags, EVERYTHING, NOW, binding=True)
    assert [(each.delete, each.reason) for each in decisions_of(found, tags)] == [
        (GONE, Reason.UNSEEN_REGISTRY),
        (KEPT, Reason.LATEST),
    ]


def test_a_prediction_makes_a_decision_for_every_tag_in_the_order_of_the_listing() -> None:
    old, new = NOW - timedelta(days=90), NOW - timedelta(days=1)
    pushed = tag("v2", created=old, published=new)
    built = tag("v1", created=old, published=None)
    unknown = tag("latest", None)
    tags = listing(pushed, built, unknown)
    assert decisions_of(predicted(DATABASE, tags, EVERYTHING, NOW, binding=True), tags) == (
        Decision(pushed, delete=True, reason=Reason.MATCHED, date=new),
        Decision(built, delete=True, reason=Reason.MATCHED, date=old),
        Decision(unknown, delete=False, reason=Reason.LATEST),
    )
