# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who and what runs a task: bounded texts of one line, whatever a controller says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.run_by import run_by_of


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (None, {}),
        ({}, {}),
        ({"awx_user_name": "ana", "awx_job_id": 7}, {"awx_user_name": "ana", "awx_job_id": "7"}),
        ({"a": "", "b": None, "c": " \n"}, {}),
        ({"a": " x \n"}, {"a": "x"}),
        ({"a\nb": "x\r\ny\x1b[2K\u202e"}, {"a?b": "x??y?[2K?"}),
        ({"a": "x" * 256}, {"a": "x" * 252 + "..."}),
        ({"a": "x" * 255}, {"a": "x" * 255}),
    ],
)
def test_it_is_texts_of_one_line(given: dict[str, Any] | None, found: dict[str, str]) -> None:
    assert run_by_of(given) == found


@pytest.mark.parametrize("value", [["a"], {"a": "b"}, 1.5])
def test_what_is_no_text_is_refused(value: Any) -> None:
    with pytest.raises(UsageError, match="run_by: a is neither a text nor a number"):
        run_by_of({"a": value})


def test_it_is_bounded() -> None:
    assert len(run_by_of({str(number): number for number in range(20)})) == 20
    with pytest.raises(UsageError, match="run_by has 21 entries, and at most 20 are allowed"):
        run_by_of({str(number): number for number in range(21)})


@given(st.dictionaries(st.text(), st.text(max_size=400), max_size=20))
def test_any_text_is_taken(given: dict[str, str]) -> None:
    for name, value in run_by_of(given).items():
        assert name.isprintable()
        assert value.isprintable()
        assert max(len(name), len(value)) <= 255
