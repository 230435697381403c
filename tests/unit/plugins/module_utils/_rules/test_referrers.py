# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tags that belong together: what follows an image, what stays with it, and what is not known."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import Tag
from ansible_collections.containerops.gitlab.plugins.module_utils._core.oci import OCI_IMAGE, OCI_INDEX, is_opaque
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.decision import Decision, to_delete, to_keep
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.reasons import Reason
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.referrers import (
    ReferrerFacts,
    ReferrerPolicy,
    SharedDigest,
    Signatures,
    holders_of,
    keep_referrers,
    orphans,
    subjects_of,
    with_referrers,
)
from tests.unit.models import digest

UNREAD: dict[str, Any] = {"media_type": OCI_INDEX}
NO_FACTS = ReferrerFacts()
KEEP, TOGETHER = ReferrerPolicy(), ReferrerPolicy(shared_digest=SharedDigest.KEEP_TOGETHER)
DELETIONS = {Reason.EXPIRED, Reason.WITH_SUBJECT, Reason.ORPHANED}
FOLLOW, COLLECT = ReferrerPolicy(Signatures.FOLLOW), ReferrerPolicy(Signatures.COLLECT)


def named(letter: str, suffix: str = ".sig") -> str:
    return f"sha256-{letter * 64}{suffix}"


def deleted(name: str, letter: str, **facts: Any) -> Decision:
    return to_delete(image(name, letter, **facts), Reason.EXPIRED)


def kept(name: str, letter: str, **facts: Any) -> Decision:
    return to_keep(image(name, letter, **facts), Reason.KEEP_N)


def signs(letter: str, own: str = "5", **facts: Any) -> Decision:
    return to_keep(image(named(letter), own, **facts), Reason.SIGNATURE)


def image(name: str, letter: str, **facts: Any) -> Tag:
    return Tag(name, digest(letter), media_type=OCI_IMAGE)._replace(**facts)


def index(*letters: str) -> dict[str, object]:
    return {"media_type": OCI_INDEX, "children": tuple(digest(letter) for letter in letters)}


def reasons(*decisions: Decision, policy: ReferrerPolicy = FOLLOW, facts: ReferrerFacts = NO_FACTS) -> dict[str, str]:
    found = with_referrers(decisions, policy, lambda tag: None, facts)
    assert [each.tag for each in found] == [each.tag for each in decisions]
    for each in found:
        assert each.delete is (each.reason in DELETIONS)
    return {each.tag.name: each.reason.value for each in found}


@pytest.mark.parametrize(
    ("decisions", "reason"),
    [
        pytest.param([deleted("a", "1")], "with_subject", id="its image goes"),
        pytest.param([deleted("a", "1"), deleted("b", "1")], "with_subject", id="all tags of it go"),
        pytest.param([deleted("a", "1"), kept("b", "1")], "signature", id="one tag of it stays"),
        pytest.param([deleted("a", "2", **index("1", "3"))], "with_subject", id="its index goes"),
        pytest.param([deleted("a", "1"), kept("b", "2", **index("1"))], "signature", id="an index with it stays"),
        pytest.param([deleted("a", "1"), kept("b", "2", **UNREAD)], "unknown_subject", id="unread one stays"),
        pytest.param([deleted("a", "1"), deleted("b", "2", **UNREAD)], "with_subject", id="unread one goes"),
        pytest.param([deleted("a", "2", **UNREAD)], "unknown_subject", id="it may be in what goes"),
        pytest.param([deleted("a", "1"), kept("b", "2", digest=None)], "unknown_subject", id="a digest is not known"),
        pytest.param([deleted("a", "1"), kept("b", "2", media_type=None)], "unknown_subject", id="a type is not known"),
        pytest.param([deleted("a", "2"), kept("b", "3")], "orphan", id="nothing is its image"),
        pytest.param([kept("a", "2"), kept("b", "3")], "signature", id="nothing is at stake"),
    ],
)
def test_a_signature_lives_and_dies_with_its_image(decisions: list[Decision], reason: str) -> None:
    assert reasons(*decisions, signs("1"))[named("1")] == reason
    assert reasons(signs("1"), *reversed(decisions))[named("1")] == reason
    assert reasons(*decisions, signs("1"), policy=KEEP)[named("1")] == "signature"


def test_a_signature_of_which_nothing_is_known_stays() -> None:
    assert reasons(deleted("a", "1"), signs("1", digest=None))[named("1")] == "unknown_digest"
    used = to_keep(image(named("1"), "5"), Reason.IN_USE)
    assert reasons(deleted("a", "1"), used)[named("1")] == "in_use"


def test_a_signature_that_is_too_young_stays() -> None:
    young = {named("1"): Reason.MIN_AGE}
    found = with_referrers([deleted("a", "1"), signs("1")], FOLLOW, lambda tag: young.get(tag.name), NO_FACTS)
    assert [each.reason.value for each in found] == ["expired", "min_age"]


def test_a_signature_stays_with_the_last_tag_of_what_it_signs() -> None:
    """A signature that follows is the same image as a tag that stays."""
    found = reasons(signs("6", own="7"), signs("1", own="6"), deleted("a", "1"), kept("b", "6"))
    assert found == {named("6"): "signature", named("1"): "with_subject", "a": "expired", "b": "keep_n"}


def test_what_a_signature_may_hold_is_nothing_once_that_is_deleted() -> None:
    """An unread signature may be the image of another one, until it follows its own."""
    unread = to_keep(image(named("1", ".att"), "6", media_type=None), Reason.SIGNATURE)
    rows = [signs("1"), unread, deleted("a", "1")]
    for order in (rows, rows[::-1]):
        assert set(reasons(*order).values()) == {"with_subject", "expired"}
    # One that stays is the image of any.
    stays = to_keep(image(named("3", ".att"), "8", media_type=None), Reason.SIGNATURE)
    assert reasons(*rows, kept("b", "3"), stays)[named("1")] == "unknown_subject"


def test_what_is_signed_may_be_a_signature() -> None:
    referrers = to_keep(image(named("1", ""), "4", **index("6")), Reason.SIGNATURE)
    found = with_referrers([signs("6", "7"), referrers, deleted("a", "1")], FOLLOW, lambda tag: None, NO_FACTS)
    assert [(each.reason.value, each.depth) for each in found] == [
        ("with_subject", 2),
        ("with_subject", 1),
        ("expired", 0),
    ]
    again = keep_referrers([*found, kept("b", "1")], FOLLOW)
    assert [(each.delete, each.reason.value, each.depth) for each in again] == [
        *[(False, "signature", 0)] * 2,
        (True, "expired", 0),
        (False, "keep_n", 0),
    ]


def test_an_orphan_goes_before_the_signatures_of_itself() -> None:
    absent = ReferrerFacts(absent_digests={digest("1")})
    tags = [signs("1"), signs("5", "6")]
    assert [each.depth for each in with_referrers(tags, COLLECT, lambda tag: None, absent)] == [1, 2]


def test_orphans_go_only_when_the_registry_has_no_such_image() -> None:
    tags = [kept("a", "2"), signs("1")]
    assert orphans([each.tag for each in tags]) == {digest("1")}
    assert reasons(*tags, policy=COLLECT)[named("1")] == "orphan"
    absent = ReferrerFacts(absent_digests={digest("1")})
    assert reasons(*tags, policy=COLLECT, facts=absent)[named("1")] == "orphaned"
    assert reasons(*tags, policy=FOLLOW, facts=absent)[named("1")] == "signature"
    unread = [*tags, kept("b", "3", **UNREAD)]
    assert orphans([each.tag for each in unread]) == frozenset()
    assert reasons(*unread, policy=COLLECT, facts=absent)[named("1")] == "unknown_subject"


def test_what_an_interrupted_run_left_behind_goes() -> None:
    pending = ReferrerFacts(pending_referrers={(named("1"), digest("5"))})
    assert reasons(kept("a", "2"), signs("1"), facts=pending)[named("1")] == "with_subject"
    assert reasons(kept("a", "1"), signs("1"), facts=pending)[named("1")] == "signature"
    assert reasons(kept("a", "2"), signs("1", "6"), facts=pending)[named("1")] == "orphan"


def test_a_referrer_of_another_name_stays_with_its_image() -> None:
    referrer = deleted("sbom", "6", subject=digest("1"))
    assert subjects_of(referrer.tag) == {digest("1")}
    assert reasons(deleted("a", "1"), referrer)["sbom"] == "expired"
    for policy in (FOLLOW, KEEP):
        assert reasons(kept("a", "1"), referrer, policy=policy)["sbom"] == "referrer"
        assert reasons(kept("a", "2", digest=None), referrer, policy=policy)["sbom"] == "unknown_subject"


def test_what_stays_with_an_image_keeps_the_other_tags_of_itself() -> None:
    tags = [kept("a", "1"), deleted("sbom", "6", subject=digest("1")), deleted("copy", "6")]
    found = reasons(*tags, policy=TOGETHER)
    assert found == {"a": "keep_n", "sbom": "referrer", "copy": "shared_digest"}


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (deleted("b", "1"), "expired"),
        (kept("b", "1"), "shared_digest"),
        (kept("b", "2", digest=None), "unknown_digest"),
        (kept("b", "2"), "expired"),
    ],
)
def test_tags_of_one_image_may_stay_together(other: Decision, reason: str) -> None:
    assert reasons(deleted("a", "1"), other, policy=TOGETHER)["a"] == reason
    assert reasons(deleted("a", "1"), other)["a"] == "expired"


LETTERS = st.sampled_from("1234")


@st.composite
def repositories(draw: st.DrawFn) -> list[Decision]:
    """A few images, indexes, signatures of both and of signatures, some of which are not fully known."""
    found = {}
    for number in range(draw(st.integers(1, 6))):
        kind = draw(st.sampled_from(["image", "index", "unread", "no digest"]))
        inside = index(*draw(st.lists(LETTERS, min_size=1, max_size=2))) if kind == "index" else {}
        facts: dict[str, dict[str, object]] = {
            "image": {"subject": draw(st.sampled_from([None, None, digest("1")]))},
            "index": inside,
            "unread": {"media_type": OCI_INDEX},
            "no digest": {"digest": None},
        }
        make = deleted if draw(st.booleans()) and kind != "no digest" else kept
        found[f"t{number}"] = make(f"t{number}", draw(LETTERS), **facts[kind])
    for letter in draw(st.sets(st.sampled_from("123456"))):
        found[named(letter)] = signs(letter, draw(st.sampled_from("5678")))
    return list(found.values())


@given(repositories(), st.sampled_from(Signatures), st.sampled_from(SharedDigest), st.randoms(use_true_random=False))
def test_nothing_goes_while_its_image_stays(
    decisions: list[Decision], signatures: Signatures, together: SharedDigest, order: object
) -> None:
    policy = ReferrerPolicy(signatures, shared_digest=together)
    absent = ReferrerFacts(absent_digests={digest(letter) for letter in "123456"})
    found = with_referrers(decisions, policy, lambda tag: None, absent)
    kept_digests = {digest for digest, holders in holders_of(found).items() if any(not each.delete for each in holders)}
    images = {each.tag.digest for each in found if not each.delete and each.tag.name.startswith("t")}
    unread = any(is_opaque(each.tag) for each in found if not each.delete)
    for before, after in zip(decisions, found, strict=True):
        if after.delete:
            assert subjects_of(after.tag).isdisjoint(kept_digests)
            assert not (subjects_of(after.tag) and unread)
            assert not (policy.keep_together and after.tag.name.startswith("t") and after.tag.digest in images)
        if after.delete and not before.delete:
            assert before.reason is Reason.SIGNATURE
            assert signatures is not Signatures.KEEP
    # What was decided once stays so, whatever the order, and cutting it down again changes nothing.
    assert keep_referrers(found, policy) == found
    assert with_referrers(found, policy, lambda tag: None, absent) == found
    shuffled = list(decisions)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    again = with_referrers(shuffled, policy, lambda tag: None, absent)
    assert {each.tag.name: each for each in again} == {each.tag.name: each for each in found}


@given(repositories(), st.sampled_from(SharedDigest))
def test_keeping_more_never_lets_more_go(decisions: list[Decision], together: SharedDigest) -> None:
    policy = ReferrerPolicy(Signatures.COLLECT, shared_digest=together)
    absent = ReferrerFacts(absent_digests={digest(letter) for letter in "123456"})
    delete = {each.tag.name for each in with_referrers(decisions, policy, lambda tag: None, absent) if each.delete}
    for number, each in enumerate(decisions):
        if each.delete:
            more_kept = [*decisions]
            more_kept[number] = each.kept(Reason.PROTECTED)
            fewer = with_referrers(more_kept, policy, lambda tag: None, absent)
            assert {each.tag.name for each in fewer if each.delete} <= delete
