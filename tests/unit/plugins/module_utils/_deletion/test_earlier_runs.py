# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a journal tells of earlier runs: what they asked for, and what they left undone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.earlier_runs import (
    EarlierRuns,
    earlier_runs_in,
    journal_warnings,
)

HERE = "https://gitlab.example.com"

START = {"event": "start", "server": HERE}
ELSEWHERE = {"event": "start", "server": "https://other.example.com"}
END = {"event": "end", "counts": {}}


def row(event: str, name: str, digest: str | None = "x", **more: Any) -> dict[str, Any]:
    return {"event": event, "repository": "team/app", "name": name, "digest": digest, **more}


def follows(name: str, *images: Any) -> dict[str, Any]:
    """A tag that is to be deleted after images; by default the image of all other rows."""
    return row("following", name, images=list(images or ["x"]))


def runs(asked: str = "", referrers: str = "", interrupted: str = "") -> EarlierRuns:
    """What is known when these tags were asked for, and these are to follow their images; each is a letter."""
    return EarlierRuns(
        asked=frozenset(("team/app", name, "x") for name in asked),
        interrupted=frozenset(("team/app", name, "x") for name in interrupted),
        referrers=frozenset(("team/app", name, "x") for name in referrers),
    )


def tags_of(lines: Iterable[str]) -> EarlierRuns:
    """What a journal tells of tags."""
    return earlier_runs_in(lines, HERE)._replace(plans=frozenset(), servers=frozenset())


RUNS: list[Any] = [
    pytest.param([], runs(), id="nothing is known without a run"),
    pytest.param(
        [START, row("delete_requested", "a"), row("delete_requested", "b"), END], runs("ab"), id="what a run asked for"
    ),
    pytest.param(
        [START, row("delete_requested", "a"), END, START, row("delete_requested", "b")],
        runs("ab", interrupted="b"),
        id="what all runs together asked for, and the interrupted one",
    ),
    pytest.param([START, follows("s"), row("delete_requested", "a")], runs("a", "s", "a"), id="what a killed run left"),
    pytest.param(
        [START, follows("s"), row("delete_requested", "a"), row("outcome", "a")],
        runs("a", "s", "a"),
        id="an outcome is no end",
    ),
    pytest.param([START, follows("s"), row("delete_requested", "a"), END], runs("a"), id="what ended left nothing"),
    pytest.param(
        [START, follows("s"), row("delete_requested", "a"), {**END, "budget": "max_duration 1h was over"}],
        runs("a", "s", "a"),
        id="what used up its budget left the rest",
    ),
    pytest.param(
        [START, follows("s"), START, follows("u"), row("delete_requested", "a")],
        runs("a", "su", "a"),
        id="what two killed runs left",
    ),
    pytest.param(
        [START, follows("s"), row("delete_requested", "a"), START, END],
        runs("a"),
        id="the run after a killed one made up for what that left",
    ),
    pytest.param(
        [START, follows("s"), row("delete_requested", "a"), ELSEWHERE, follows("u"), row("delete_requested", "b"), END],
        runs("a", "s", "a"),
        id="runs on another server neither count nor make up for anything",
    ),
    pytest.param([row("delete_requested", "a"), follows("s")], runs(), id="before the first run begins nothing counts"),
    pytest.param([START, {"event": "pinning", "name": "a"}, {"name": "b"}], runs(), id="other events do not matter"),
    pytest.param(
        [START, row("delete_requested", "a", None)],
        EarlierRuns(asked=frozenset({("team/app", "a", None)}), interrupted=frozenset({("team/app", "a", None)})),
        id="a tag whose digest was not known",
    ),
    pytest.param([START, follows("s")], runs(), id="nothing follows an image that was not asked for"),
    pytest.param(
        [START, follows("s"), {**row("delete_requested", "a"), "repository": "team/other"}],
        EarlierRuns(asked=frozenset({("team/other", "a", "x")}), interrupted=frozenset({("team/other", "a", "x")})),
        id="nor one of another repository",
    ),
    pytest.param(
        [START, follows("s", "x", "y"), row("delete_requested", "a")],
        runs("a", interrupted="a"),
        id="nor several of which one was not asked for",
    ),
    pytest.param(
        [START, row("delete_requested", "a"), END, START, follows("s")],
        runs("a"),
        id="nor one that a run before asked for",
    ),
    pytest.param(
        [START, row("following", "s"), row("following", "u", images=5), follows("v", 5), row("delete_requested", "a")],
        runs("a", interrupted="a"),
        id="a line that names no image gives nothing",
    ),
    pytest.param(
        [
            START,
            {"event": "delete_requested"},
            {**row("delete_requested", "a"), "digest": []},
            {**row("delete_requested", "a"), "name": {}},
            [],
            5,
        ],
        runs(),
        id="lines of no tag",
    ),
]


@pytest.mark.parametrize(("rows", "found"), RUNS)
def test_what_earlier_runs_did(rows: Sequence[dict[str, Any]], found: EarlierRuns) -> None:
    assert tags_of(map(json.dumps, rows)) == found


@pytest.mark.parametrize("line", ['{"event": "ask', "[" * 100_000, "", "\0"])
def test_a_line_that_cannot_be_read_is_passed_over(line: str) -> None:
    lines = [json.dumps(START), line, json.dumps(row("delete_requested", "a"))]
    assert tags_of(lines) == runs("a", interrupted="a")


APPROVED = {**START, "approved": "sha256:1"}
ANOTHER = {**START, "approved": "sha256:2"}
ASKED = row("delete_requested", "a")
STOPPED = {**END, "stopped": "no"}


@pytest.mark.parametrize(
    ("rows", "approved", "words"),
    [
        ([], "sha256:1", ""),
        ([APPROVED, ASKED], "sha256:1", ""),
        ([APPROVED, ASKED, APPROVED, ASKED], "sha256:1", ""),
        ([ANOTHER, ASKED, END], "sha256:1", ""),
        ([ANOTHER, ASKED, END, APPROVED, ASKED], "sha256:1", ""),
        ([ANOTHER], "sha256:1", ""),
        ([START, ASKED], None, ""),
        ([APPROVED, ASKED], None, ""),
        ([ELSEWHERE, ASKED, START, END], "sha256:1", ""),
        ([ANOTHER, ASKED], "sha256:1", "another approved plan (sha256:2) that was not finished"),
        ([ANOTHER, ASKED, STOPPED], "sha256:1", "another approved plan (sha256:2) that was not finished"),
        ([ANOTHER, ASKED, APPROVED, ASKED], "sha256:1", "another approved plan (sha256:2) that was not finished"),
        ([START, ASKED], "sha256:1", "a run with no approved plan that was not finished"),
        (
            [ELSEWHERE, ASKED],
            "sha256:1",
            f"runs on https://other.example.com, so it is not used for {HERE}",
        ),
        ([ELSEWHERE], None, f"runs on https://other.example.com, so it is not used for {HERE}"),
        ([{"event": "start", "server": 5}], None, "runs on 5, so"),
    ],
)
def test_a_journal_of_something_else_is_told(rows: list[dict[str, Any]], approved: str | None, words: str) -> None:
    found = journal_warnings(earlier_runs_in(map(json.dumps, rows), HERE), HERE, approved)
    assert len(found) == bool(words)
    assert words in "".join(found)
