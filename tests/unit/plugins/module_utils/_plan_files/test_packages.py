# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans and journals in packages of GitLab: what is refused, and what has to be stored."""

from __future__ import annotations

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._gitlab.packages import PackageFile
from ansible_collections.containerops.gitlab.plugins.module_utils._plan_files.packages import (
    check_folder,
    fetched_plan,
    fetched_plans,
    joined_journal,
    needs_upload,
    plan_names,
    plan_text,
)
from tests.unit.plugins.module_utils._plan.test_merge import merged_plans, plan

TEXT, OTHER = "".join(plan("a")), "".join(plan("b"))
PLAN = plan_text(TEXT, "a")
FILE = PackageFile("team/app", package="plans", version="1", name="plan.jsonl")
FIRST, SECOND = (f"journal-20260601T120000Z-00ff00ff-0000{number}.jsonl" for number in (1, 2))


def test_a_plan_as_it_is_returned() -> None:
    assert PLAN.as_result() == {"fingerprint": PLAN.fingerprint, "size": len(TEXT.encode())}
    with pytest.raises(UsageError, match="^plan_path x: The plan was altered"):
        plan_text(TEXT.replace("a-0", "a-9"), "plan_path x")
    with pytest.raises(UsageError, match="^plan_path x: The plan is empty.$"):
        plan_text("", "plan_path x")


def test_a_plan_is_stored_once() -> None:
    assert needs_upload(PLAN, None, FILE, overwrite=False)
    assert not needs_upload(PLAN, TEXT.encode(), FILE, overwrite=False)
    assert needs_upload(PLAN, OTHER.encode(), FILE, overwrite=True)


@pytest.mark.parametrize(
    ("stored", "sentence"),
    [
        (OTHER.encode(), f"{FILE} exists and is another plan: give another version, or set overwrite."),
        (b"\xff", f"{FILE} is not a plan."),
    ],
)
def test_what_is_not_overwritten(stored: bytes, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        needs_upload(PLAN, stored, FILE, overwrite=False)
    assert str(caught.value) == sentence


def test_a_plan_that_is_fetched() -> None:
    assert fetched_plan(TEXT.encode(), FILE) == PLAN


@pytest.mark.parametrize(
    ("stored", "words"),
    [
        (
            None,
            f"Could not fetch {FILE}: GitLab answered 404. There is no such plan, or the token may not see it.",
        ),
        (b"\xff", f"{FILE} is not a plan."),
        (TEXT.replace("a-0", "a-9").encode(), f"{FILE}: The plan was altered after it was made: "),
    ],
)
def test_what_is_not_fetched(stored: bytes | None, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        fetched_plan(stored, FILE)
    assert str(caught.value).startswith(words)


def test_all_plans_of_a_version() -> None:
    names = plan_names(["a.jsonl", FIRST, "b"])
    assert names == ["a.jsonl", "b"]
    plans = fetched_plans({"a.jsonl": TEXT.encode(), "b": OTHER.encode()}, "package plans 1")
    assert plans == {"a.jsonl": PLAN, "b": plan_text(OTHER, "b")}


def test_a_plan_that_was_merged_of_others_is_none_to_merge() -> None:
    merged = "".join(merged_plans(plan("a"), plan("b")).lines())
    contents = {"a.jsonl": TEXT.encode(), "merged.jsonl": merged.encode()}
    assert list(fetched_plans(contents, "package plans 1")) == ["a.jsonl"]
    with pytest.raises(UsageError, match="^merged.jsonl of"):
        fetched_plans({"merged.jsonl": merged.replace("a-0", "a-9").encode()}, "package plans 1")


@pytest.mark.parametrize("content", [b"<html>", b"\xff", b"", TEXT.replace("a-0", "a-9").encode()])
def test_one_file_that_is_no_plan_is_named(content: bytes) -> None:
    with pytest.raises(UsageError, match=r"^page.html of package plans 1(: .*| is not a plan)\.$"):
        fetched_plans({"a.jsonl": TEXT.encode(), "page.html": content}, "package plans 1")


def test_a_folder_with_another_plan_is_refused() -> None:
    check_folder([], ["a", "b"], "/plans")
    check_folder(["a"], ["a", "b"], "/plans")
    for present in (["a", "old.jsonl"], ["old.jsonl", "older.jsonl"], ["older.jsonl", "old.jsonl"]):
        with pytest.raises(UsageError, match="plan_folder /plans holds old.jsonl, which is not of this version"):
            check_folder(present, ["a", "b"], "/plans")


def test_a_journal_is_its_parts_in_their_order() -> None:
    contents = {SECOND: b"2\n", "plan.jsonl": b"\xff", FIRST: b"1\n"}
    assert joined_journal(contents, "journal", "") == joined_journal(contents, "journal", "1\n") == "1\n2\n"


@pytest.mark.parametrize("hour", [11, 12, 13])
@pytest.mark.parametrize("token", ["00000000", "ffffffff"])
def test_a_later_run_comes_later_whatever_its_clock_says(hour: int, token: str) -> None:
    """So a fetched file can be continued, and no end of an earlier run hides what a later one left undone."""
    later = f"journal-20260601T{hour}0000Z-{token}-00001.jsonl"
    contents = {FIRST: b"1\n", later: b"2\n"}
    assert joined_journal(contents, "journal", "1\n") == "1\n2\n"


@pytest.mark.parametrize(
    ("contents", "present", "words"),
    [
        ({SECOND: b"2\n"}, "", "Part 1 of the journal journal-20260601T120000Z-00ff00ff is missing"),
        ({FIRST: b"\xff"}, "", f"{FIRST} is not a part of a journal."),
        *(
            (
                {FIRST: b"1\n"},
                present,
                "journal_path exists and contains other lines than the package: give another path.",
            )
            for present in ("0\n", "1\n2\n")
        ),
    ],
)
def test_a_journal_that_is_not_joined(contents: dict[str, bytes], present: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        joined_journal(contents, "journal", present)
    found = str(caught.value)
    assert found.startswith(words)
    assert found.endswith(".")
