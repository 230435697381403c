# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which tags are written or deleted, and each reason why nothing is."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import Tag, TagListing
from ansible_collections.containerops.gitlab.plugins.module_utils._core.oci import Manifest
from ansible_collections.containerops.gitlab.plugins.module_utils._core.tag_writes import (
    TagWrite,
    TagWriteResult,
    WriteOutcome,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._module.intent import Intent
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan import Plan, RepositoryPlan
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.decision import to_delete, to_keep
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.reasons import Reason
from ansible_collections.containerops.gitlab.plugins.module_utils._tagging.planning import (
    PromotionState,
    RemovalState,
    plan_promotion,
    plan_removal,
    removal_intent,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._tagging.request import (
    PromotionRequest,
    RemovalRequest,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._tagging.results import (
    applied_promotion,
    promotion_result,
    removal_result,
)
from tests.unit.models import repository

OLD, NEW = "sha256:" + "0" * 64, "sha256:" + "1" * 64
IMAGE = Manifest(NEW, media_type="application/vnd.oci.image.manifest.v1+json", body=b"{}")
REPOSITORY = repository(location="registry.test/team/app")


def promotion(*befores: str | None, **fields: Any) -> PromotionState:
    writes = tuple(TagWrite(f"v{number}", image=IMAGE, before=before) for number, before in enumerate(befores, 1))
    return PromotionState(source="team/ci", target="team/app", writes=writes, **fields)


def present(**fields: Any) -> PromotionRequest:
    return PromotionRequest(names=("v1",), repository="team/app", source="build", **fields)


def absent(*names: str, **fields: Any) -> RemovalRequest:
    return RemovalRequest(names=names, repository="team/app", **fields)


def removal(*tags: Tag, complete: bool = True, **fields: Any) -> RemovalState:
    return RemovalState("team/app", TagListing(REPOSITORY, tags, complete=complete), **fields)


def test_a_tag_is_written_unless_it_is_the_image_already() -> None:
    state = promotion(None, NEW)
    row = {"before_header": "team/app:v1", "after_header": "team/app:v1", "before": "", "after": f"{NEW}\n"}
    assert plan_promotion(state, present()) == Intent(changed=True, diff=[row])
    assert [write.name for write in state.changes] == ["v1"]
    assert [row["action"] for row in promotion_result(state)["tags"]] == ["create", "none"]
    assert not plan_promotion(promotion(NEW), present()).changed


HIDDEN_RULES = (
    "GitLab would let an administrator change protected tags, and its protection rules can't be read here (use a token "
    "of a user who is not an administrator)"
)


@pytest.mark.parametrize(
    ("state", "request_", "refusals"),
    [
        (
            promotion(OLD, None, OLD),
            present(),
            [
                f"team/app:v1 already points to {OLD} and would point to {NEW} (force allows it)",
                f"team/app:v3 already points to {OLD} and would point to {NEW} (force allows it)",
            ],
        ),
        (
            promotion(OLD, None, protected=frozenset({"v2", "v1"})),
            present(force=True),
            [
                "team/app:v1 is under a tag protection rule of GitLab's",
                "team/app:v2 is under a tag protection rule of GitLab's",
            ],
        ),
        (promotion(OLD, hidden_rules=True), present(force=True), [HIDDEN_RULES]),
        (
            promotion(None, NEW, missing_subjects=(("v1", OLD), ("v2", OLD))),
            present(),
            [
                f"team/app:v1 belongs to {OLD}, which has to be in team/app first",
                f"team/app:v2 belongs to {OLD}, which has to be in team/app first",
            ],
        ),
        (
            promotion(None, being_deleted=True),
            present(),
            ["GitLab is deleting repository team/app with all its tags"],
        ),
        (
            promotion(OLD, protected=frozenset({"v1"}), hidden_rules=True, being_deleted=True),
            present(),
            [
                f"team/app:v1 already points to {OLD} and would point to {NEW} (force allows it)",
                "team/app:v1 is under a tag protection rule of GitLab's",
                HIDDEN_RULES,
                "GitLab is deleting repository team/app with all its tags",
            ],
        ),
    ],
)
def test_why_nothing_is_written(state: PromotionState, request_: PromotionRequest, refusals: list[str]) -> None:
    assert plan_promotion(state, request_) == Intent(changed=False, diff=[], refusals=refusals)


@pytest.mark.parametrize("size", [4 * 1024 * 1024, 4 * 1024 * 1024 + 1])
def test_a_manifest_that_is_too_large_is_not_written(size: int) -> None:
    large = IMAGE._replace(body=bytes(size))
    state = PromotionState("team/ci", "team/app", writes=(TagWrite("v1", large), TagWrite("v2", large, before=NEW)))
    refusals = plan_promotion(state, present()).refusals
    reason = f"the manifest of team/app:v1 has {size:,} bytes, and the registry accepts at most 4,194,304"
    # What is there already need not be written.
    assert list(refusals) == ([reason] if size > 4 * 1024 * 1024 else [])


def test_an_overwritten_tag() -> None:
    state = promotion(OLD)
    intent = plan_promotion(state, present(force=True))
    assert intent.changed
    assert intent.diff == [
        {"before_header": "team/app:v1", "after_header": "team/app:v1", "before": f"{OLD}\n", "after": f"{NEW}\n"}
    ]
    assert [row["action"] for row in promotion_result(state)["tags"]] == ["overwrite"]


def test_what_became_of_written_tags() -> None:
    first, second = promotion(None, None).writes
    done = applied_promotion("team/app", [TagWriteResult(first, WriteOutcome.WRITTEN)])
    assert (done.outcome, done.shortfall) == ([{"name": "v1", "outcome": "written", "message": ""}], "")
    results = [
        TagWriteResult(first, WriteOutcome.WRITTEN),
        TagWriteResult(second, outcome=WriteOutcome.NOT_TRIED, message="x"),
    ]
    short = applied_promotion("team/app", results)
    assert short.shortfall == "1 of 2 tags were written; team/app:v2 was not: x"


def test_a_tag_is_deleted_if_it_is_named() -> None:
    state, request = removal(Tag("v1", OLD), Tag("v2", NEW)), absent("v2", "v3")
    plan = plan_removal(state, request)
    decisions = (to_keep(Tag("v1", OLD), Reason.NOT_NAMED), to_delete(Tag("v2", NEW), Reason.NAMED))
    assert plan == Plan((RepositoryPlan(REPOSITORY, decisions),))
    row = {"before_header": "team/app:v2", "after_header": "team/app:v2", "before": f"{NEW}\n", "after": ""}
    assert removal_intent(plan, state.path) == Intent(changed=True, diff=[row], refusals=(), verb="deleted")
    assert [(row["name"], row["before"], row["action"]) for row in removal_result(state, request)["tags"]] == [
        ("v2", NEW, "delete"),
        ("v3", None, "none"),
    ]


def test_a_tag_whose_image_is_unknown_may_be_deleted_if_that_is_allowed() -> None:
    intent = removal_intent(plan_removal(removal(Tag("v1")), absent("v1", require_digest=False)), "team/app")
    assert [row["before"] for row in intent.diff] == ["digest unknown\n"]


def test_nothing_is_deleted_of_a_repository_that_is_not_there() -> None:
    plan = plan_removal(RemovalState("team/app"), absent("v1"))
    assert plan == Plan(())
    assert removal_intent(plan, "team/app") == Intent(changed=False, diff=[], refusals=(), verb="deleted")
    assert not RemovalState("team/app").is_unproven


@pytest.mark.parametrize(
    ("state", "request_", "refusals"),
    [
        (removal(Tag("v1", OLD), hidden_rules=True), absent("v1"), (HIDDEN_RULES,)),
        (
            removal(Tag("v1", OLD), complete=False),
            absent("v1", "v2"),
            ("of team/app only 1 tag is listed, so there may be others",),
        ),
        (
            removal(Tag("v1", OLD, protected=True)),
            absent("v1"),
            ("team/app:v1 is under a tag protection rule of GitLab's",),
        ),
        (removal(Tag("v1")), absent("v1"), ("the digest of team/app:v1 can't be read (require_digest)",)),
        (removal(Tag("v1", OLD)), absent("v1", digest=NEW), (f"team/app:v1 is {OLD}, not {NEW}",)),
        (
            removal(Tag("v1")),
            absent("v1", digest=NEW, require_digest=False),
            ("team/app:v1 can't be compared with the digest given",),
        ),
        (
            removal(Tag("v1", OLD, protected=True), Tag("v2"), complete=False, hidden_rules=True),
            absent("v1", "v2", "v3", digest=NEW),
            (
                HIDDEN_RULES,
                "of team/app only 2 tags are listed, so there may be others",
                "team/app:v1 is under a tag protection rule of GitLab's",
                f"team/app:v1 is {OLD}, not {NEW}",
                "the digest of team/app:v2 can't be read (require_digest)",
                "team/app:v2 can't be compared with the digest given",
            ),
        ),
    ],
)
def test_why_nothing_is_deleted(state: RemovalState, request_: RemovalRequest, refusals: tuple[str, ...]) -> None:
    intent = removal_intent(plan_removal(state, request_), state.path)
    assert intent == Intent(changed=False, diff=[], refusals=refusals, verb="deleted")


def test_all_named_tags_are_listed_of_a_listing_that_may_be_cut_off() -> None:
    assert plan_removal(removal(Tag("v1", OLD), complete=False), absent("v1")).changed


@pytest.mark.parametrize(
    ("tags", "complete", "unproven"), [((), False, True), ((), True, False), ((Tag("v1"),), False, False)]
)
def test_a_listing_without_tags_proves_nothing_by_itself(tags: tuple[Tag, ...], complete: bool, unproven: bool) -> None:
    assert removal(*tags, complete=complete).is_unproven is unproven
