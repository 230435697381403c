# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order of batches, and tags that go only after their images."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import ErrorKind, RequestError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import Tag, TagListing
from ansible_collections.containerops.gitlab.plugins.module_utils._core.server import DELETE_LIMIT
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.attempts import (
    DeletionAttempt,
    DeletionReply,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.batches import ReferrerCheck, waves
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan import RepositoryPlan
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.decision import Decision
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.reasons import Reason
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.referrers import holders_of
from tests.unit.simulated import repository_of

REPOSITORY = repository_of()
IMAGE = "sha256:" + "a" * 64
SIGNATURE = "sha256-" + "a" * 64 + ".sig"


def deletion(name: str, *, digest: str = "sha256:x", depth: int = 0, reason: Reason = Reason.MATCHED) -> Decision:
    return Decision(Tag(name, digest=digest), delete=True, reason=reason, depth=depth)


@given(st.lists(st.tuples(st.integers(0, 2), st.booleans()), max_size=130), st.booleans())
def test_waves_keep_the_order_and_hold_what_may_be_deleted_together(
    rows: list[tuple[int, bool]], at_once: bool
) -> None:
    """Each row is the depth of a tag, and whether it goes alone."""
    rows.sort(key=lambda row: row[0])
    alone = {f"v{number}" for number, row in enumerate(rows) if row[1]}
    deletions = [deletion(f"v{number}", depth=row[0]) for number, row in enumerate(rows)]
    found = list(waves(deletions, lambda decision: decision.tag.name in alone, at_once=at_once))
    assert [decision for wave in found for batch in wave for decision in batch] == deletions
    for wave in found:
        tags = [decision for batch in wave for decision in batch]
        assert all(1 <= len(batch) <= DELETE_LIMIT for batch in wave)
        assert len({decision.depth for decision in tags}) == 1
        assert len(tags) == 1 or not alone.intersection(decision.tag.name for decision in tags)
        assert at_once or len(wave) == 1


@pytest.mark.parametrize("at_once", [True, False])
def test_batches_are_as_full_as_they_can_be(at_once: bool) -> None:
    deletions = [deletion(f"v{number:02}") for number in range(DELETE_LIMIT * 2 + 1)]
    found = list(waves(deletions, lambda _decision: False, at_once=at_once))
    assert [len(batch) for wave in found for batch in wave] == [DELETE_LIMIT, DELETE_LIMIT, 1]
    assert len(found) == (1 if at_once else 3)


def test_whether_a_tag_goes_alone_is_asked_after_the_waves_before_it() -> None:
    deleted: list[str] = []

    def taken() -> Iterator[list[str]]:
        for [batch] in waves(
            [deletion("a"), deletion("b"), deletion("c")], lambda _decision: not deleted, at_once=True
        ):
            names = [decision.tag.name for decision in batch]
            deleted.extend(names)
            yield names

    assert list(taken()) == [["a"], ["b", "c"]]


REFERRER = deletion(SIGNATURE, depth=1, reason=Reason.WITH_SUBJECT)
ORPHAN = deletion(SIGNATURE, depth=1, reason=Reason.ORPHANED)
NOT_READ = RequestError(ErrorKind.TIMEOUT, "too late", operation="list the tags")


def refused(
    names: str = "k",
    *,
    referrer: Decision = REFERRER,
    image: DeletionReply | None = DeletionReply.DELETED,
    complete: bool = True,
    error: RequestError | None = None,
    absent: bool = True,
    now: dict[str, str | None] | None = None,
) -> tuple[DeletionReply, str] | None:
    """Why a signature stays, if these tags are listed.

    image: what became of the tag of its image; None if none. now: the digests that tags have by now, if others.
    """
    decisions = [Decision(Tag("k", "sha256:k"), delete=False, reason=Reason.MATCHED), referrer]
    if image:
        decisions.append(deletion("i", digest=IMAGE))
    check = ReferrerCheck(
        RepositoryPlan(REPOSITORY, decisions=tuple(decisions)),
        TagListing(REPOSITORY, tuple(Tag(name) for name in names), complete=complete, error=error),
        holders=holders_of(decisions),
        attempts={"i": DeletionAttempt(image)} if image else {},
        is_absent=lambda _digest: absent,
        read_now=lambda: {name: Tag(name, digest) for name, digest in {"k": "sha256:k", **(now or {})}.items()},
    )
    found = check.refusal_of(referrer)
    return (found.reply, found.message) if found else None


@pytest.mark.parametrize("image", [DeletionReply.DELETED, DeletionReply.ABSENT])
def test_what_belongs_to_an_image_goes_after_it(image: DeletionReply) -> None:
    assert refused(image=image) is None


@pytest.mark.parametrize("image", [DeletionReply.DELETED, DeletionReply.REFUSED, DeletionReply.NOT_TRIED])
def test_while_its_image_is_listed_it_stays(image: DeletionReply) -> None:
    assert refused("ik", image=image) == (DeletionReply.NOT_TRIED, "it belongs to i, which was not deleted")


@pytest.mark.parametrize(
    "image", [DeletionReply.REFUSED, DeletionReply.FORBIDDEN, DeletionReply.UNREADABLE, DeletionReply.NOT_TRIED]
)
def test_while_its_image_is_not_said_to_be_gone_it_stays(image: DeletionReply) -> None:
    assert refused(image=image) == (DeletionReply.NOT_TRIED, "it belongs to i, which was not deleted")


def test_it_stays_with_an_image_that_stays() -> None:
    assert refused("ik", image=DeletionReply.CHANGED) == (DeletionReply.CHANGED, "it belongs to i, which is kept")


@pytest.mark.parametrize(("complete", "error"), [(False, None), (True, NOT_READ)])
def test_without_a_complete_listing_it_stays(complete: bool, error: RequestError | None) -> None:
    message = "no complete list of tags confirms that its image has no tag"
    assert refused(complete=complete, error=error) == (DeletionReply.NOT_TRIED, message)


def test_a_tag_that_was_pushed_meanwhile_may_be_its_image() -> None:
    message = "n was pushed since the plan was made, and may be the image that it belongs to"
    assert refused("knz") == (DeletionReply.CHANGED, message)


def test_an_orphan_goes_while_the_registry_has_no_such_image() -> None:
    assert refused(referrer=ORPHAN, image=None) is None
    message = "the image that it belongs to exists now"
    assert refused(referrer=ORPHAN, image=None, absent=False) == (DeletionReply.CHANGED, message)
    # Of what followed its image the registry is not asked.
    assert refused(image=None, absent=False) is None


@pytest.mark.parametrize("digest", [IMAGE, "sha256:an index that may hold it", None])
@pytest.mark.parametrize("referrer", [REFERRER, ORPHAN])
def test_a_tag_that_is_another_image_by_now_may_be_its_image(digest: str | None, referrer: Decision) -> None:
    message = "k points to another image since the plan was made, and this may be the image that it belongs to"
    assert refused(referrer=referrer, now={"k": digest}) == (DeletionReply.CHANGED, message)


def test_a_planned_tag_that_was_moved_may_be_its_image_too() -> None:
    moved = deletion("d", digest="sha256:d")
    decisions = (moved, REFERRER, deletion("i", digest=IMAGE))
    check = ReferrerCheck(
        RepositoryPlan(REPOSITORY, decisions=decisions),
        TagListing(REPOSITORY, (Tag("d"), Tag(SIGNATURE)), complete=True),
        holders=holders_of(decisions),
        attempts={"i": DeletionAttempt(DeletionReply.DELETED), "d": DeletionAttempt(DeletionReply.CHANGED)},
        is_absent=lambda _digest: True,
        read_now=lambda: {"d": Tag("d", IMAGE), SIGNATURE: REFERRER.tag},
    )
    refusal = check.refusal_of(REFERRER)
    assert refusal
    assert refusal.reply is DeletionReply.CHANGED


def test_a_tag_that_belongs_to_nothing_is_not_looked_at() -> None:
    def never() -> dict[str, Tag | None]:
        raise AssertionError("read for nothing")

    check = ReferrerCheck(
        RepositoryPlan(REPOSITORY, decisions=(deletion("d"),)),
        TagListing(REPOSITORY),
        holders={},
        attempts={},
        is_absent=lambda _digest: True,
        read_now=never,
    )
    assert check.refusal_of(deletion("d")) is None


def test_what_a_rule_of_its_own_deletes_waits_for_no_other_tag() -> None:
    by_rule = deletion(SIGNATURE)
    assert refused("ik", referrer=by_rule, image=DeletionReply.NOT_TRIED, now={"i": IMAGE}) is None
    assert refused(referrer=by_rule, complete=False, now={"k": "sha256:another"}) is None


@pytest.mark.parametrize("name", ["k", "n"])
def test_what_a_rule_of_its_own_deletes_stays_for_a_tag_that_was_made_its_image(name: str) -> None:
    found = refused(referrer=deletion(SIGNATURE), now={name: IMAGE})
    assert found == (DeletionReply.CHANGED, f"{name} points to its image now")
