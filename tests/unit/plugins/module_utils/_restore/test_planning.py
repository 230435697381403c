# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which tags are put back, each reason why one is not, and in which order."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import ErrorKind, RequestError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.oci import (
    OCI_IMAGE,
    OCI_INDEX,
    Descriptor,
    Manifest,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._core.tag_writes import TagWriteResult, WriteOutcome
from ansible_collections.containerops.gitlab.plugins.module_utils._restore.planning import (
    ObservedRepository,
    PlannedTag,
    RestoreReason,
    in_waves,
    needed_by,
    plan_restore,
    restored,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._restore.results import (
    applied_restore,
    intent_of,
    restore_result,
    warnings_of,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._restore.runs import DeletedTag, JournalRun
from tests.unit.models import digest

APP = "team/app"
A, B, C, D = map(digest, "abcd")


def deleted(name: str, of: str | None = A, path: str = APP) -> DeletedTag:
    return DeletedTag(path, name, digest=of)


def image(of: str = A, subject: str | None = None, children: tuple[Any, ...] = ()) -> Manifest:
    return Manifest(of, OCI_INDEX if children else OCI_IMAGE, body=b"{}", subject=subject, children=tuple(children))


def child(of: str, media_type: str = OCI_IMAGE) -> Descriptor:
    return Descriptor(of, 1, media_type=media_type)


def observed(*images: Manifest, **fields: Any) -> ObservedRepository:
    return ObservedRepository(APP, images={each.digest: each for each in images}, **fields)


ERROR = RequestError(ErrorKind.TIMEOUT, "too late", operation="read it")
PLANNED: list[Any] = [
    pytest.param(observed(image()), "v1", A, RestoreReason.DELETED, "", id="restored"),
    pytest.param(observed(image(), now={"v1": A}), "v1", A, RestoreReason.PRESENT, "", id="present"),
    pytest.param(observed(image(), now={"v1": B}), "v1", A, RestoreReason.REPLACED, B, id="another image"),
    pytest.param(observed(now={"v1": B}), "v1", None, RestoreReason.REPLACED, B, id="there, and never known"),
    pytest.param(observed(image()), "v1", None, RestoreReason.NO_DIGEST, "the digest of its image", id="never known"),
    pytest.param(observed(image(B)), "v1", A, RestoreReason.COLLECTED, "garbage collection", id="collected"),
    pytest.param(
        observed(image(subject=B), missing=frozenset({B})), "v1", A, RestoreReason.INCOMPLETE, B, id="no subject"
    ),
    pytest.param(
        observed(image(children=(child(B), child(C))), missing=frozenset({C, D})),
        *("v1", A, RestoreReason.INCOMPLETE, C),
        id="no platform",
    ),
    pytest.param(
        observed(image(children=(child(B, "application/layer"),)), missing=frozenset({B})),
        *("v1", A, RestoreReason.DELETED, ""),
        id="the registry checks blobs",
    ),
    pytest.param(observed(image(), locked="it is"), "v1", A, RestoreReason.LOCKED, "it is", id="locked"),
    pytest.param(
        observed(image(), protected=frozenset({"v1"})), "v1", A, RestoreReason.PROTECTED, "rule", id="protected"
    ),
    pytest.param(
        observed(image(), protected=frozenset({"v2"})), "v1", A, RestoreReason.DELETED, "", id="another one is"
    ),
    pytest.param(observed(image(), now={"v1": A}, error=ERROR), "v1", A, RestoreReason.UNREAD, "too late", id="unread"),
    pytest.param(observed(locked="it is"), "v1", A, RestoreReason.COLLECTED, "", id="collected and locked"),
]


@pytest.mark.parametrize(("found", "name", "of", "reason", "words"), PLANNED)
def test_each_tag_has_its_reason(
    found: ObservedRepository, name: str, of: str | None, reason: RestoreReason, words: str
) -> None:
    [planned] = plan_restore([deleted(name, of)], {APP: found})
    assert planned.reason is reason
    assert planned.tag == deleted(name, of)
    assert words in planned.message
    assert bool(planned.message) is (reason not in (RestoreReason.DELETED, RestoreReason.PRESENT))
    assert (planned.image is not None) is reason.restores
    assert planned.now == (None if found.error else found.now.get(name))


def test_what_is_said_of_the_reasons() -> None:
    found = observed(image(B), protected=frozenset({"v3"}))
    tags = [deleted("v1", None), deleted("v2", A), deleted("v3", B)]
    assert [each.message for each in plan_restore(tags, {APP: found})] == [
        "the journal does not contain the digest of its image",
        "the registry no longer has its image, since garbage collection removed it or it was deleted",
        "a tag protection rule of GitLab does not allow this token's user to push it",
    ]


def test_an_image_needs_its_platforms_and_what_it_belongs_to() -> None:
    assert needed_by(image()) == set()
    assert needed_by(image(subject=B)) == {B}
    assert needed_by(image(children=(child(B), child(C, "application/layer")), subject=D)) == {B, D}


DIGESTS = st.sampled_from([A, B, C, D])
IMAGES = st.builds(image, DIGESTS, subject=st.none() | DIGESTS)
NAMES = st.sampled_from(["v1", "v2", "v3", f"sha256-{'a' * 64}.sig", f"sha256-{'b' * 64}.att"])


@given(
    st.dictionaries(NAMES, st.none() | DIGESTS),
    st.dictionaries(NAMES, DIGESTS),
    st.lists(IMAGES, max_size=4),
    st.frozensets(DIGESTS),
    st.frozensets(NAMES),
    st.sampled_from(["", "it is"]),
)
def test_only_names_that_are_not_there_get_the_image_that_they_were(
    tags: dict[str, str | None],
    now: dict[str, str],
    images: list[Manifest],
    missing: frozenset[str],
    protected: frozenset[str],
    locked: str,
) -> None:
    found = observed(*images, now=now, missing=missing, protected=protected, locked=locked)
    plan = plan_restore([deleted(name, of) for name, of in tags.items()], {APP: found})
    assert [each.tag.name for each in plan] == [*tags]
    for each in plan:
        if each.reason.restores:
            assert each.tag.name not in now
            assert each.write.after == each.tag.digest
            assert each.write.before is None
    waves = in_waves(plan)
    flat = [each for wave in waves for each in wave]
    assert sorted(each.key for each in flat) == sorted(each.key for each in plan if each.reason.restores)
    # Whatever is known less, nothing more is put back.
    for less in (observed(now=now), found._replace(missing=missing | {A}), found._replace(locked="it is")):
        again = {each.key for each in plan_restore([each.tag for each in plan], {APP: less}) if each.reason.restores}
        assert again <= {each.key for each in flat}


def test_what_belongs_to_an_image_comes_after_it() -> None:
    signature = f"sha256-{'a' * 64}.sig"
    tags = [deleted("a-referrer", C), deleted(signature, B), deleted("v1", A), deleted("v2", A), deleted("x", D)]
    found = observed(image(A), image(B), image(C, subject=B), image(D, subject=D))
    waves = in_waves(plan_restore(tags, {APP: found}))
    assert [[each.tag.name for each in wave] for wave in waves] == [["v1", "v2", "x"], [signature], ["a-referrer"]]


def test_what_belongs_to_each_other_waits_for_nothing() -> None:
    found = observed(image(A, subject=B), image(B, subject=A), image(C))
    waves = in_waves(plan_restore([deleted("v1", A), deleted("v2", B), deleted("v3", C)], {APP: found}))
    assert [[each.tag.name for each in wave] for wave in waves] == [["v3"], ["v1", "v2"]]


def test_a_chain_of_any_length_ends() -> None:
    digests = [f"sha256:{number:064x}" for number in range(40)]
    images = [image(of, subject=before) for before, of in zip([None, *digests], digests, strict=False)]
    waves = in_waves(plan_restore([deleted(f"v{of}", of) for of in digests], {APP: observed(*images)}))
    assert [len(wave) for wave in waves] == [1] * 10 + [30]
    assert [each.tag.digest for wave in waves for each in wave] == digests


def test_a_digest_of_another_repository_is_waited_for_by_nobody() -> None:
    other = ObservedRepository("team/web", images={B: image(B, subject=A)})
    tags = [deleted("v1", B, "team/web"), deleted("v1", A)]
    waves = in_waves(plan_restore(tags, {APP: observed(image(A)), "team/web": other}))
    assert len(waves) == 1


def plan_of(*reasons: RestoreReason) -> list[PlannedTag]:
    return [
        PlannedTag(deleted(f"v{number}"), reason, image=image() if reason.restores else None, message="so it is")
        for number, reason in enumerate(reasons, 1)
    ]


GOOD = (RestoreReason.PRESENT, RestoreReason.REPLACED)


def test_what_can_not_be_put_back_is_a_shortfall() -> None:
    lost = [reason for reason in RestoreReason if not reason.is_good]
    assert {*RestoreReason} - {*lost} == {RestoreReason.DELETED, *GOOD}
    intent = intent_of(plan_of(*RestoreReason, RestoreReason.COLLECTED), 10)
    assert intent.changed
    [unread] = intent.unread
    assert str(unread) == (
        "7 of 10 tags can't be restored (1 no_digest, 2 collected, 1 incomplete, 1 protected, 1 locked, 1 unread); "
        "first team/app:v4: so it is."
    )
    assert [row["after_header"] for row in intent.diff] == [APP]
    assert intent.diff[0]["before"] == ""
    assert [line.split()[0] for line in intent.diff[0]["after"].splitlines()] == ["v1"]
    nothing = intent_of(plan_of(*GOOD), 10)
    assert (nothing.changed, list(nothing.unread), nothing.diff) == (False, [], [])
    assert (intent.summary, nothing.summary) == (
        "1 of 10 tags is to be restored",
        f"0 of {len(GOOD)} tags are to be restored",
    )


def test_the_diff_has_a_part_for_each_repository_in_whatever_order_its_tags_were_deleted() -> None:
    first, second, third = plan_of(*[RestoreReason.DELETED] * 3)
    elsewhere = second._replace(tag=second.tag._replace(repository="team/tool"))
    parts = intent_of([first, elsewhere, third], 10).diff
    assert {part["after_header"]: part["after"].count("\n") for part in parts} == {APP: 2, "team/tool": 1}


def test_a_limit_hides_no_failure() -> None:
    plan = plan_of(RestoreReason.PRESENT, RestoreReason.DELETED, RestoreReason.DELETED, RestoreReason.COLLECTED)
    run = JournalRun("2026-06-01T12:00:00.000Z", "https://gitlab.example.com", fingerprint="sha256:1", approved="")
    found = restore_result([run], plan, {APP: ObservedRepository(APP, error=ERROR)}, 2)
    assert [row["reason"] for row in found["tags"]] == ["collected", "deleted"]
    assert found["truncated"] is True
    assert found["counts"]["deleted"] == 2
    assert len(found["notes"]) == 2
    assert found["errors"][0]["repository"] == APP
    assert "2 more tags" not in str(intent_of(plan, 2).diff)
    assert "1 more tag" in intent_of(plan, 1).diff[-1]["after"]
    assert restore_result([], plan_of(*GOOD), {}, 9)["notes"] == []


def test_names_that_are_other_images_are_told() -> None:
    killed = JournalRun("2026-06-01T12:00:00.000Z", "x", fingerprint="sha256:1", approved="")
    assert warnings_of(plan_of(RestoreReason.DELETED, RestoreReason.PRESENT), []) == []
    ended, left = warnings_of(plan_of(RestoreReason.REPLACED, RestoreReason.REPLACED), [killed])
    assert "2026-06-01T12:00:00.000Z (plan 1, 0 tags)" in ended
    assert left == "2 tags were pushed again meanwhile and not changed; first team/app:v1: so it is."


def test_what_became_of_the_tags() -> None:
    plan = plan_of(*[RestoreReason.DELETED] * 5, RestoreReason.COLLECTED)
    results = {
        each.key: TagWriteResult(each.write, outcome, message="because", changed=outcome is WriteOutcome.WRITTEN)
        for each, outcome in zip(plan, WriteOutcome, strict=False)
        if outcome is not WriteOutcome.NOT_TRIED
    }
    applied = applied_restore(plan, restored(plan, results, "it ended"), 2)
    assert [row["outcome"] for row in applied.outcome["tags"]] == ["unverified", "not_written"]
    assert applied.outcome["truncated"] is True
    assert set(applied.outcome["counts"].values()) == {1}
    assert applied.changed is True
    assert applied.shortfall == (
        "1 of 5 tags were restored; team/app:v2 is unverified: because. 1 of 6 tags can't be restored (1 collected); "
        "first team/app:v6: so it is."
    )
    assert list(applied.warnings) == ["1 tag was pushed again meanwhile and not changed; first team/app:v3: because."]
    [last] = [row for row in restored(plan, results, "it ended") if row.result.outcome is WriteOutcome.NOT_TRIED]
    assert last.result == TagWriteResult(plan[4].write, WriteOutcome.NOT_TRIED, message="it ended")


def test_what_is_left_because_it_is_another_image_is_no_shortfall() -> None:
    plan = plan_of(RestoreReason.DELETED, RestoreReason.COLLECTED)
    left = {plan[0].key: TagWriteResult(plan[0].write, WriteOutcome.CHANGED_SINCE, message="it is another one")}
    applied = applied_restore(plan, restored(plan, left, ""), 9)
    assert (applied.shortfall, applied.changed) == ("", False)
