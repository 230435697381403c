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
    intent = intent_of(MERGED, request(merged_plan_path="/all"), [])
    assert intent.changed
    [row] = intent.diff
    assert (row["before_header"], row["before"]) == ("/all", "")
    assert row["after"].splitlines() == [
        "project a  1 of 2 tags is deleted",
        "project b  3 of 4 tags are deleted",
    ]
    [short] = intent_of(MERGED, request(merged_plan_path="/all", return_limit=1), []).diff
    assert short["after"].splitlines()[1:] == ["... and 1 more plan, hidden by return_limit"]


@pytest.mark.parametrize(
    ("options", "present"), [({"merged_plan_path": "/all"}, LINES), ({}, []), ({"merged_plan_path": ""}, [])]
)
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
    intent = intent_of(MERGED, request(merged_plan_path="/all", **options), [])
    assert [words in refusal for refusal in intent.refusals] == [True]
    assert not intent.changed
    assert intent.diff == []


def test_at_most_so_many_plans_are_returned() -> None:
    whole = result_of(MERGED, request())
    assert (len(whole["parts"]), whole["truncated"], whole["totals"]["delete"]) == (2, False, 4)
    short = result_of(MERGED, request(return_limit=1))
    assert (len(short["parts"]), short["truncated"]) == (1, True)
    assert [row["path"] for row in short["repositories"]] == ["b"]
    assert [(row["repository"], row["name"]) for row in short["delete"]] == [("b", "t0")]


def test_what_is_deleted_is_told_as_by_a_single_plan() -> None:
    found = result_of(MERGED, request())
    assert [(row["path"], row["delete"], row["tags"]) for row in found["repositories"]] == [("a", 1, 2), ("b", 3, 4)]
    assert not {"type", "fingerprint"} & {key for row in found["repositories"] + found["delete"] for key in row}
    assert [f"{row['repository']}:{row['name']}" for row in found["delete"]] == ["a:t0", "b:t0", "b:t1", "b:t2"]
    assert found["server"] == {"url": "https://gitlab.example.com", "clock": found["parts"][0]["clock"]}
    assert (found["unread"], found["unmatched"], found["totals"]["freed_most"]) == ([], [], None)
    assert result_of(MERGED, request(return_limit=0))["delete"] == []


def test_each_plan_says_by_what_it_was_made_and_counts_what_is_in_use() -> None:
    sources = [{"name": "production", "images": ["x:1", "x:2"]}, {"name": "staging", "images": ["x:3"]}]
    rules = {"older_than": "30d", "in_use": ["x:4"], "in_use_sources": sources}
    [part] = result_of(merge_files({"/a": partial(plan, "a", rules=rules)}), request())["parts"]
    assert part["rules"] == {"older_than": "30d", "in_use": 1, "in_use_sources": {"sources": 2, "images": 3}}


def test_a_plan_that_changed_while_it_was_merged_is_not_shown() -> None:
    lines = plan("a")
    merged = merge_files({"/a": lambda: lines})
    lines[:] = plan("b")
    with pytest.raises(UsageError, match="was changed while it was merged"):
        result_of(merged, request())
