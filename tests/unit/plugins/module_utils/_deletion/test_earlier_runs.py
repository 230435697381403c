# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a journal tells of earlier runs: what they asked for, and what they left undone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.earlier_runs import (
    EarlierRuns,
    earlier_runs_in,
)

HERE = "https://gitlab.example.com"

START = {"event": "start", "server": HERE}
ELSEWHERE = {"event": "start", "server": "https://other.example.com"}
END = {"event": "end", "counts": {}}


def row(event: str, name: str, digest: str | None = "x") -> dict[str, Any]:
    return {"event": event, "repository": "team/app", "name": name, "digest": digest}


def runs(asked: str = "", referrers: str = "") -> EarlierRuns:
    """What is known when these tags were asked for, and these are to follow their images; each is a letter."""
    return EarlierRuns(
        asked=frozenset(("team/app", name, "x") for name in asked),
        referrers=frozenset(("team/app", name, "x") for name in referrers),
    )


RUNS: list[Any] = [
    pytest.param([], runs(), id="nothing is known without a run"),
    pytest.param([START, row("asking", "a"), row("asking", "b"), END], runs("ab"), id="what a run asked for"),
    pytest.param(
        [START, row("asking", "a"), END, START, row("asking", "b")], runs("ab"), id="what all runs together asked for"
    ),
    pytest.param([START, row("following", "s"), row("asking", "a")], runs("a", "s"), id="what a killed run left"),
    pytest.param(
        [START, row("following", "s"), row("asking", "a"), row("outcome", "a")],
        runs("a", "s"),
        id="an outcome is no end",
    ),
    pytest.param([START, row("following", "s"), row("asking", "a"), END], runs("a"), id="what ended left nothing"),
    pytest.param(
        [START, row("following", "s"), START, row("following", "u")], runs("", "su"), id="what two killed runs left"
    ),
    pytest.param(
        [START, row("following", "s"), START, END], runs(), id="the run after a killed one made up for what that left"
    ),
    pytest.param(
        [START, row("following", "s"), ELSEWHERE, row("following", "u"), row("asking", "a"), END],
        runs("", "s"),
        id="runs on another server neither count nor make up for anything",
    ),
    pytest.param([row("asking", "a"), row("following", "s")], runs(), id="before the first run begins nothing counts"),
    pytest.param([START, {"event": "pinning", "name": "a"}, {"name": "b"}], runs(), id="other events do not matter"),
    pytest.param(
        [START, row("asking", "a", None)],
        EarlierRuns(asked=frozenset({("team/app", "a", None)})),
        id="a tag whose digest was not known",
    ),
]


@pytest.mark.parametrize(("rows", "found"), RUNS)
def test_what_earlier_runs_did(rows: Sequence[dict[str, Any]], found: EarlierRuns) -> None:
    assert earlier_runs_in(map(json.dumps, rows), HERE) == found
