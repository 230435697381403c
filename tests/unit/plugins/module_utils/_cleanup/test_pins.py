# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Images in use without a tag: which get one, why some can't, and how that is shown."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.pins import (
    PREFIX,
    Pin,
    PinResult,
    Pins,
    pins_diff,
    planned_pins,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.report import applied_cleanup
from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import ErrorKind, RequestError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.oci import OCI_IMAGE, Manifest
from ansible_collections.containerops.gitlab.plugins.module_utils._core.tag_writes import WriteOutcome
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.outcomes import DeletionResult
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.in_use import UntaggedImage
from tests.unit.cleanups import planned
from tests.unit.models import digest

DOWN = RequestError(ErrorKind.UNAVAILABLE, "down", operation="read an image", service="the registry", status=503)


def manifest(letter: str) -> Manifest:
    return Manifest(digest(letter), media_type=OCI_IMAGE, body=b"{}")


def pins_of(answers: dict[str, Manifest | RequestError | None], *taken: str) -> Pins:
    """What is planned for images of team/app, by the letter of their digests, when these names are taken there."""
    untagged = [
        UntaggedImage(f"registry.test/team/app@{digest(each)}", path="team/app", digest=digest(each))
        for each in answers
    ]
    manifests = {("team/app", digest(letter)): answer for letter, answer in answers.items()}
    return planned_pins(untagged, manifests, {"team/app": taken, "team/other": [f"{PREFIX}{'b' * 64}"]}, "no reason")


def test_an_image_in_use_gets_a_tag_that_names_its_digest() -> None:
    found = pins_of({"a": manifest("a"), "b": manifest("b")}, "v1", "in-use-a")
    assert found == Pins(pins=(Pin("team/app", manifest("a")), Pin("team/app", manifest("b"))))
    assert [each.as_result() for each in found.pins] == [
        {"repository": "team/app", "name": f"in-use-{letter * 64}", "digest": digest(letter)} for letter in "ab"
    ]


def test_an_image_that_the_registry_does_not_have_is_lost_and_refuses_nothing() -> None:
    assert pins_of({"a": None, "b": manifest("b")}) == Pins(
        pins=(Pin("team/app", manifest("b")),), lost=(f"registry.test/team/app@{digest('a')}",)
    )


def test_what_may_be_in_several_repositories_gets_its_tag_where_it_is() -> None:
    text, pinned = f"mirror/team/app@{digest('a')}", digest("a")
    untagged = [UntaggedImage(text, path=path, digest=pinned) for path in ("mirror/team/app", "team/app")]
    taken: dict[str, list[str]] = {"mirror/team/app": [], "team/app": []}
    answers = {("mirror/team/app", pinned): None, ("team/app", pinned): manifest("a")}
    assert planned_pins(untagged, answers, taken, "") == Pins(pins=(Pin("team/app", manifest("a")),))
    assert planned_pins(untagged, dict.fromkeys(answers), taken, "") == Pins(lost=(text,))


def test_an_image_that_can_not_be_read_and_a_name_that_is_taken_refuse() -> None:
    found = pins_of({"a": DOWN, "b": manifest("b"), "c": manifest("c")}, f"in-use-{'b' * 64}", f"in-use-{'a' * 64}")
    assert found.refusals == (
        "Could not read an image: the registry answered 503 (down). The server or its registry is not available at the "
        "moment; try again later.",
        f"team/app@{digest('b')} is in use without a tag, and team/app:in-use-{'b' * 64} is another image",
    )
    assert found.lost == ()


def test_the_registry_is_needed_only_where_an_image_has_no_tag() -> None:
    image = UntaggedImage(f"team/app@{digest('a')}", path="team/app", digest=digest("a"))
    assert planned_pins([image], None, {}, "no address is known") == Pins(
        refusals=("pin_untagged_in_use needs the registry itself: no address is known",)
    )
    assert planned_pins([], None, {}, "no address is known") == Pins()


def shown(letter: str) -> dict[str, str]:
    return {
        "before_header": "team/app (in use without a tag)",
        "after_header": f"team/app:in-use-{letter * 64}",
        "before": "",
        "after": f"in-use-{letter * 64}  {digest(letter)}\n",
    }


def more(number: int) -> dict[str, str]:
    what = "image in use gets" if number == 1 else "images in use get"
    text = f"... and {number} more {what} a tag, hidden by return_limit\n"
    return {"before_header": "more", "after_header": "more", "before": "", "after": text}


@pytest.mark.parametrize(
    ("letters", "limit", "diff"),
    [
        pytest.param("", 5, [], id="none"),
        pytest.param("ab", 5, [shown("a"), shown("b")], id="all"),
        pytest.param("ab", 2, [shown("a"), shown("b")], id="exactly all"),
        pytest.param("abc", 2, [shown("a"), shown("b"), more(1)], id="as many as the limit, and how many more"),
        pytest.param("abc", 1, [shown("a"), more(2)], id="one"),
        pytest.param("abc", 0, [shown("a"), more(2)], id="one at least"),
    ],
)
def test_tags_that_are_given_are_shown(letters: str, limit: int, diff: list[Any]) -> None:
    assert pins_diff([Pin("team/app", manifest(letter)) for letter in letters], limit) == diff


def test_what_became_of_images_that_get_a_tag() -> None:
    written = PinResult(Pin("team/app", manifest("a")), WriteOutcome.WRITTEN)
    failed = PinResult(Pin("team/app", manifest("b")), WriteOutcome.NOT_WRITTEN, message="no space")
    rows = [
        {**written.pin.as_result(), "outcome": "written", "message": ""},
        {**failed.pin.as_result(), "outcome": "not_written", "message": "no space"},
    ]
    nothing = DeletionResult((), remaining=0, stopped="")
    found = applied_cleanup(planned(), nothing, [written, failed], limit=2)
    assert found.outcome["pinned"] == rows
    assert found.shortfall == f"1 of 2 images in use got no tag; first team/app@{digest('b')}: no space"
    assert applied_cleanup(planned(), nothing, [written, failed], limit=1).outcome["pinned"] == rows[:1]
    assert applied_cleanup(planned(), nothing, [written], limit=2).shortfall == ""
