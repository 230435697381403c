# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files of plans as one: what is refused, and what would be written."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._plan_files.merging import (
    MergeRequest,
    intent_of,
    merge_files,
    request_of,
    result_of,
)
from ansible_collections.containerops.gitlab.plugins.modules.registry_plan_merge import ARGUMENTS
from tests.unit.options import filled
from tests.unit.plugins.module_utils._plan.test_merge import plan

MERGED = merge_files({"/a": partial(plan, "a"), "/b": partial(plan, "b", tags=4, deleted=3)})
LINES = list(MERGED.lines())


def request(**options: Any) -> MergeRequest:
    return request_of(filled({"plan_paths": ["/a", "/b"], **options}, ARGUMENTS.options))


def test_each_plan_is_read_once() -> None:
    found = request(plan_paths=["/a", "/b", "/a"], expected=2)
    assert (found.sources, found.target) == (("/a", "/b"), None)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"return_limit": -1}, "return_limit is -1"),
        ({"expected": 3}, "3 plans are expected, and plan_paths names 2"),
    ],
)
def test_what_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        request(**options)
    assert words in str(caught.value)


def test_a_refusal_names_the_file() -> None:
    with pytest.raises(UsageError, match="^/b: The plan is empty"):
        merge_files({"/a": partial(plan, "a"), "/b": list})


def test_what_would_be_written() -> None:
    intent = intent_of(MERGED, request(plan_path="/all"), [])
    assert intent.changed
    [row] = intent.diff
    assert (row["before_header"], row["before"]) == ("/all", "")
    assert row["after"].splitlines() == [
        "project a  1 of 2 tags are deleted",
        "project b  3 of 4 tags are deleted",
    ]
    [short] = intent_of(MERGED, request(plan_path="/all", return_limit=1), []).diff
    assert short["after"].splitlines()[1:] == ["... and 1 more plans, hidden by return_limit"]


@pytest.mark.parametrize(("options", "present"), [({"plan_path": "/all"}, LINES), ({}, []), ({"plan_path": ""}, [])])
def test_nothing_is_written_where_nothing_is_to_change(options: dict[str, Any], present: list[str]) -> None:
    intent = intent_of(MERGED, request(**options), present)
    assert not intent.changed
    assert intent.diff == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"max_deletions_total": 3}, "more than max_deletions_total 3"),
        ({"max_deletions_total_percent": 50.0}, "more than max_deletions_total_percent 50"),
    ],
)
def test_why_nothing_is_written(options: dict[str, Any], words: str) -> None:
    intent = intent_of(MERGED, request(plan_path="/all", **options), [])
    assert [words in refusal for refusal in intent.refusals] == [True]
    assert not intent.changed
    assert intent.diff == []


def test_at_most_so_many_plans_are_returned() -> None:
    whole = result_of(MERGED, request())
    assert (len(whole["parts"]), whole["truncated"], whole["totals"]["delete"]) == (2, False, 4)
    short = result_of(MERGED, request(return_limit=1))
    assert (len(short["parts"]), short["truncated"]) == (1, True)
