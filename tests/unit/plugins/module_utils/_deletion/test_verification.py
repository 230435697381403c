# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a new listing proves, and what becomes of each tag by that."""

from __future__ import annotations

import itertools

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import ErrorKind, RequestError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import Tag, TagListing
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.attempts import (
    DeletionAttempt,
    DeletionReply,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.outcomes import (
    DeletionResult,
    TagOutcome,
    TagResult,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.verification import (
    NO_PROOF,
    judge,
    proves_absence,
    vanished,
    why_not_empty,
    why_vanished,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan import RepositoryPlan
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.decision import Decision
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.reasons import Reason
from tests.unit.simulated import repository_of

REPOSITORY = repository_of()
UNREAD = RequestError(ErrorKind.TIMEOUT, "too late", operation="list the tags")
WHY = "the reason"


def judged(
    reply: DeletionReply, *, present: bool, proven: bool, asked_before: bool = False, error: RequestError | None = None
) -> tuple[TagOutcome, str]:
    attempt = DeletionAttempt(reply, WHY, asked_before=asked_before)
    return judge(attempt, present=present, proven_absent=proven, error=error)


@pytest.mark.parametrize(
    ("present", "proven", "asked_before"), list(itertools.product((False, True), (False, True), (False, True)))
)
@pytest.mark.parametrize(
    ("reply", "outcome"),
    [(DeletionReply.CHANGED, TagOutcome.CHANGED_SINCE), (DeletionReply.NOT_TRIED, TagOutcome.NOT_TRIED)],
)
def test_what_was_not_asked_for_is_no_matter_of_the_listing(
    reply: DeletionReply, outcome: TagOutcome, present: bool, proven: bool, asked_before: bool
) -> None:
    assert judged(reply, present=present, proven=proven, asked_before=asked_before) == (outcome, WHY)


@pytest.mark.parametrize(
    ("reply", "asked_before", "outcome"),
    [
        (DeletionReply.DELETED, False, TagOutcome.DELETED),
        (DeletionReply.REFUSED, False, TagOutcome.DELETED),
        (DeletionReply.ABSENT, False, TagOutcome.ALREADY_GONE),
        (DeletionReply.ABSENT, True, TagOutcome.DELETED),
        (DeletionReply.FORBIDDEN, False, TagOutcome.ALREADY_GONE),
        (DeletionReply.FORBIDDEN, True, TagOutcome.DELETED),
        (DeletionReply.UNREADABLE, False, TagOutcome.ALREADY_GONE),
        (DeletionReply.UNREADABLE, True, TagOutcome.DELETED),
    ],
)
def test_what_is_proven_to_be_gone_was_deleted_by_whoever_asked(
    reply: DeletionReply, asked_before: bool, outcome: TagOutcome
) -> None:
    assert judged(reply, present=False, proven=True, asked_before=asked_before) == (outcome, "")


@pytest.mark.parametrize(("present", "proven"), [(True, True), (True, False), (False, False)])
@pytest.mark.parametrize(
    ("reply", "asked_before", "outcome"),
    [
        (DeletionReply.REFUSED, False, TagOutcome.NOT_DELETED),
        (DeletionReply.FORBIDDEN, False, TagOutcome.NOT_DELETED),
        (DeletionReply.UNREADABLE, True, TagOutcome.NOT_DELETED),
        (DeletionReply.UNREADABLE, False, TagOutcome.NOT_TRIED),
    ],
)
def test_what_was_refused_and_is_not_proven_to_be_gone_is_there(
    reply: DeletionReply, asked_before: bool, outcome: TagOutcome, present: bool, proven: bool
) -> None:
    assert judged(reply, present=present, proven=proven, asked_before=asked_before) == (outcome, WHY)


@pytest.mark.parametrize("proven", [True, False])
def test_what_is_listed_all_the_same_came_back(proven: bool) -> None:
    assert judged(DeletionReply.DELETED, present=True, proven=proven) == (
        TagOutcome.RECREATED,
        "it is listed again after its deletion",
    )
    assert judged(DeletionReply.ABSENT, present=True, proven=proven) == (
        TagOutcome.NOT_TRIED,
        "it was not there right before its deletion, and is again",
    )


@pytest.mark.parametrize("reply", [DeletionReply.DELETED, DeletionReply.ABSENT])
def test_without_a_proof_nothing_is_said_to_be_deleted(reply: DeletionReply) -> None:
    assert judged(reply, present=False, proven=False) == (TagOutcome.UNVERIFIED, NO_PROOF)
    assert judged(reply, present=False, proven=False, error=UNREAD) == (TagOutcome.UNVERIFIED, str(UNREAD))


@pytest.mark.parametrize("reply", DeletionReply)
def test_what_seems_gone(reply: DeletionReply) -> None:
    assert DeletionAttempt(reply).seems_gone is (reply in (DeletionReply.DELETED, DeletionReply.ABSENT))


def plan_of(*, kept: str = "", deleted: str = "") -> RepositoryPlan:
    """A plan for tags of one letter each."""
    decisions = [Decision(Tag(name), delete=name in deleted, reason=Reason.MATCHED) for name in sorted(kept + deleted)]
    return RepositoryPlan(REPOSITORY, decisions=tuple(decisions))


def listing_of(names: str, *, complete: bool = True, authoritative: bool = False) -> TagListing:
    return TagListing(REPOSITORY, tuple(Tag(name) for name in names), complete=complete, authoritative=authoritative)


@pytest.mark.parametrize(
    ("plan", "listing", "proof"),
    [
        pytest.param(plan_of(kept="a", deleted="b"), listing_of("a"), True, id="a kept tag is there"),
        pytest.param(plan_of(kept="ac", deleted="b"), listing_of("c"), True, id="one of the kept tags is there"),
        pytest.param(plan_of(kept="a", deleted="b"), listing_of("n"), False, id="a stranger alone"),
        pytest.param(plan_of(kept="a", deleted="b"), listing_of("a", complete=False), False, id="it may be cut off"),
        pytest.param(plan_of(kept="a", deleted="b"), listing_of("", authoritative=True), False, id="all are gone"),
        pytest.param(plan_of(deleted="b"), listing_of("n"), True, id="nothing was to stay, and something is there"),
        pytest.param(plan_of(deleted="b"), listing_of(""), False, id="nothing is listed"),
        pytest.param(plan_of(deleted="b"), listing_of("", authoritative=True), True, id="the registry lists nothing"),
    ],
)
def test_which_listing_proves_that_a_tag_is_gone(plan: RepositoryPlan, listing: TagListing, proof: bool) -> None:
    assert proves_absence(plan, listing) is proof


def test_kept_tags_vanish_only_from_complete_listings() -> None:
    plan = plan_of(kept="ace", deleted="b")
    assert [tag.name for tag in vanished(plan, listing_of("cx"))] == ["a", "e"]
    assert vanished(plan, listing_of("cx", complete=False)) == []


GONE = [Tag(name, digest="1") for name in "fedcba"]
VANISHED = f"kept tags of {REPOSITORY.path} vanished while"
SEEMS = (
    "were deleted (a, b, c, d, e and 1 more): this registry seems to delete by digest, or somebody else deleted them"
)
MAY = "were deleted (a, b): this registry may delete by digest, or somebody else deleted them"


@pytest.mark.parametrize(
    ("missing", "deleted", "reason"),
    [
        pytest.param([*GONE, Tag("z")], {"1"}, f"{VANISHED} others of their images {SEEMS}", id="a shared digest"),
        pytest.param([Tag("b"), Tag("a")], {"1"}, f"{VANISHED} others {MAY}", id="digests that are not known"),
        pytest.param([Tag("b"), Tag("a"), Tag("c", digest="2")], {None}, f"{VANISHED} others {MAY}", id="none known"),
        pytest.param([Tag("a", digest="2")], {"1"}, "", id="another digest"),
        pytest.param(GONE, set(), "", id="nothing was deleted"),
        pytest.param([], {"1"}, "", id="nothing is gone"),
    ],
)
def test_what_vanished_tags_say_of_the_registry(missing: list[Tag], deleted: set[str | None], reason: str) -> None:
    assert why_vanished(plan_of(kept="abc"), missing, deleted) == reason


@pytest.mark.parametrize(
    ("listing", "emptied", "reason"),
    [
        (TagListing(REPOSITORY, error=UNREAD), True, "too late"),
        (listing_of("ab"), True, "it has 2 tags"),
        (listing_of("", authoritative=True), False, None),
        (listing_of("", complete=False), True, "no tags are listed, which is also the answer of a failing registry"),
        (
            TagListing(REPOSITORY, repository_unknown=True),
            False,
            "the registry does not know it, but a registry that lost its storage answers the same",
        ),
        (TagListing(REPOSITORY, repository_unknown=True), True, None),
    ],
)
def test_what_can_not_be_taken_for_empty(listing: TagListing, emptied: bool, reason: str | None) -> None:
    assert why_not_empty(listing, emptied=emptied) == reason


def test_who_does_not_say_that_a_repository_was_emptied_is_not_believed_to_have_done_it() -> None:
    assert why_not_empty(TagListing(REPOSITORY, repository_unknown=True)) == (
        "the registry does not know it, but a registry that lost its storage answers the same"
    )


GOOD = {TagOutcome.DELETED, TagOutcome.ALREADY_GONE, TagOutcome.CHANGED_SINCE, TagOutcome.UNVERIFIED}


@pytest.mark.parametrize("outcome", TagOutcome)
def test_what_is_good_and_what_is_gone(outcome: TagOutcome) -> None:
    assert outcome.is_good is (outcome in GOOD)
    assert outcome.is_gone is (outcome in GOOD - {TagOutcome.CHANGED_SINCE})


@pytest.mark.parametrize("outcome", TagOutcome)
def test_a_deletion_is_counted_by_its_outcomes(outcome: TagOutcome) -> None:
    tags = (
        TagResult("a/b", "v1", digest="x", outcome=outcome),
        TagResult("a/b", name="v2", digest="y", outcome=TagOutcome.DELETED),
    )
    found = DeletionResult(tags, remaining=1, stopped="")
    assert found.ok is (outcome in {*GOOD, TagOutcome.LEFT})
    assert sum(found.counts().values()) == 2
    assert found.counts()[outcome.value] >= 1
    assert list(found.counts()) == [each.value for each in TagOutcome]
    assert not DeletionResult(tags, remaining=1, stopped="something is wrong").ok


@pytest.mark.parametrize(("digest", "message"), [("sha256:x", ""), (None, "it is listed again after its deletion")])
def test_a_tag_is_returned_with_what_it_was_in_the_plan(digest: str | None, message: str) -> None:
    found = TagResult("a/b", "v1", digest=digest, outcome=TagOutcome.RECREATED, message=message)
    assert found.as_result() == {"repository": "a/b", "name": "v1", "digest": digest, "message": message}
