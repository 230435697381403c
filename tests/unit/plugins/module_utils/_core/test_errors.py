# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an error says, and how it stands in a result."""

from __future__ import annotations

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import (
    ADVICE,
    ErrorKind,
    JournalError,
    RequestError,
    UnsupportedSetting,
    cause_of,
)

ERROR = RequestError(
    ErrorKind.BAD_REQUEST,
    "it was made already.",
    operation="delete it",
    status=400,
    method="DELETE",
    path="/x",
    request_id="R1",
)


def of_kind(kind: ErrorKind) -> RequestError:
    return RequestError(kind, "no", operation=kind.value)


STOPPED, REFUSED, LATE = of_kind(ErrorKind.STOPPED), of_kind(ErrorKind.UNAUTHORIZED), of_kind(ErrorKind.TIMEOUT)
OTHER = ValueError("other")


@pytest.mark.parametrize(
    ("errors", "cause"),
    [
        ([STOPPED], STOPPED),
        ([STOPPED, REFUSED], REFUSED),
        ([STOPPED, LATE, STOPPED, REFUSED, LATE], REFUSED),
        ([STOPPED, LATE], STOPPED),
        ([LATE, REFUSED], LATE),
        ([REFUSED, STOPPED], REFUSED),
        ([OTHER, REFUSED], OTHER),
        ([STOPPED, OTHER, REFUSED], REFUSED),
    ],
)
def test_a_stopped_request_is_the_fault_of_the_one_that_was_refused(errors: list[Exception], cause: Exception) -> None:
    assert cause_of(errors) is cause


def test_an_error_is_one_sentence_and_its_advice() -> None:
    assert str(ERROR) == "Could not delete it: GitLab answered 400 (it was made already.)."
    missing = RequestError(ErrorKind.NOT_FOUND, "no such tag.", operation="read it", service="The registry")
    assert str(missing) == f"Could not read it: no such tag. {ADVICE[ErrorKind.NOT_FOUND]}"


def test_a_replaced_error_is_another_one_with_the_advice_of_its_kind_where_asked() -> None:
    lease = ERROR.replace(kind=ErrorKind.LEASE, advice=None)
    assert lease.as_result() == {**ERROR.as_result(), "kind": "lease"}
    assert (lease.operation, lease.service, lease.advice) == ("delete it", "GitLab", ADVICE[ErrorKind.LEASE])
    assert (ERROR.kind, ERROR.advice) == (ErrorKind.BAD_REQUEST, "")
    assert ERROR.replace(advice="Wait.").advice == "Wait."


def test_all_errors_have_one_shape_in_results() -> None:
    for error, kind in (
        (JournalError("the disk is full"), "journal"),
        (UnsupportedSetting("it is archived"), "unsupported_setting"),
    ):
        found = error.as_result()
        assert found.keys() == ERROR.as_result().keys()
        assert (found["kind"], found["message"], found["status"]) == (kind, error.message, None)


def test_what_is_no_request_is_told_in_one_sentence_too() -> None:
    assert str(JournalError("the disk is full")) == "Could not write to the journal: the disk is full."
    assert str(UnsupportedSetting("it is archived")) == "it is archived"
    told = UnsupportedSetting("it is archived", project="a/b")
    assert str(told) == "Could not change the settings of project a/b: it is archived."
