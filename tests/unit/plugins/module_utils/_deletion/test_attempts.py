# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is asked for of a tag right before its deletion, and what the answer seems to say."""

from __future__ import annotations

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import Tag
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.attempts import (
    ANSWER_LOST,
    CHANGED,
    OVERWRITTEN,
    DeletionAttempt,
    DeletionReply,
    attempt_of_status,
    is_changed,
    without_request,
)
from tests.unit.cleanups import NOW

PLANNED = Tag("a", digest="1")
FORBIDDEN = "GitLab answered 403: it is protected, or the token may not delete it"


@pytest.mark.parametrize(
    ("now", "planned", "changed"),
    [
        (Tag("a", digest="1"), Tag("a", digest="1"), False),
        (Tag("a", digest="2"), Tag("a", digest="1"), True),
        (Tag("a", digest="1", published=NOW), Tag("a", digest="1", published=NOW), False),
        (Tag("a", digest="1", published=NOW.replace(hour=13)), Tag("a", digest="1", published=NOW), True),
        (Tag("a", digest="1", published=NOW), Tag("a", digest="1"), True),
        (Tag("a", digest="1"), Tag("a", digest="1", published=NOW), False),
        (Tag("a", digest="1", created=NOW), Tag("a", digest="1", created=NOW), False),
        (Tag("a", digest="1", created=NOW.replace(hour=13)), Tag("a", digest="1", created=NOW), True),
        (Tag("a", digest="1", created=NOW), Tag("a", digest="1"), False),
        (Tag("a", digest="1"), Tag("a", digest="1", created=NOW), False),
    ],
)
def test_a_tag_is_changed_by_another_image_or_another_push(now: Tag, planned: Tag, changed: bool) -> None:
    assert is_changed(now, planned) is changed


@pytest.mark.parametrize("asked_before", [False, True])
@pytest.mark.parametrize("by_name", [False, True])
@pytest.mark.parametrize(
    ("now", "reply", "message"),
    [
        (None, DeletionReply.ABSENT, ""),
        (Tag("a", error="too late"), DeletionReply.UNREADABLE, "it could not be read again: too late"),
        (Tag("a", digest="2"), DeletionReply.CHANGED, CHANGED),
    ],
)
def test_a_tag_that_is_not_what_the_plan_saw_is_not_asked_for(
    now: Tag | None, reply: DeletionReply, message: str, by_name: bool, asked_before: bool
) -> None:
    if reply is DeletionReply.CHANGED and asked_before and not by_name:
        reply, message = DeletionReply.REFUSED, OVERWRITTEN
    expected = DeletionAttempt(reply, message, asked_before=asked_before)
    assert without_request(now, PLANNED, asked_before=asked_before, by_name=by_name) == expected


@pytest.mark.parametrize("asked_before", [False, True])
def test_a_tag_that_is_what_the_plan_saw_is_asked_for_unless_it_is_protected(asked_before: bool) -> None:
    assert without_request(PLANNED, PLANNED, asked_before=asked_before, by_name=True) is None
    protected = without_request(PLANNED._replace(protected=True), PLANNED, asked_before=asked_before, by_name=True)
    assert protected == DeletionAttempt(DeletionReply.CHANGED, "it has been protected since the plan was made")


@pytest.mark.parametrize(
    ("status", "asked_before", "expected"),
    [
        (200, False, DeletionAttempt(DeletionReply.DELETED)),
        (202, True, DeletionAttempt(DeletionReply.DELETED)),
        (404, False, DeletionAttempt(DeletionReply.ABSENT)),
        # The request before, whose answer was lost, deleted it.
        (404, True, DeletionAttempt(DeletionReply.DELETED)),
        (403, False, DeletionAttempt(DeletionReply.FORBIDDEN, FORBIDDEN)),
        (403, True, DeletionAttempt(DeletionReply.FORBIDDEN, FORBIDDEN, asked_before=True)),
    ],
)
def test_what_the_answer_to_a_deletion_seems_to_say(status: int, asked_before: bool, expected: DeletionAttempt) -> None:
    assert attempt_of_status(status, asked_before=asked_before) == expected


def test_an_overwritten_tag_is_told_with_the_answer_that_was_lost() -> None:
    assert OVERWRITTEN.startswith(ANSWER_LOST)
