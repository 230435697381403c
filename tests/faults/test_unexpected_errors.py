# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever goes wrong in this collection itself while tags are deleted, what was done is told, and nothing else."""

from __future__ import annotations

import inspect
import random
import sys
from types import FrameType
from typing import Any

import pytest

from tests.faults.runs import TAGS, WAYS, Run

SAMPLES = 25
LOST = {"deleted", "unverified", "not_deleted"}


class Interference:
    """Raises an error in one of the calls of functions of this collection, by its number."""

    def __init__(self, number: int | None) -> None:
        self.number = number
        self.calls = 0
        self.hit = ""

    def __enter__(self) -> None:
        sys.settrace(self._called)

    def __exit__(self, *_error: object) -> None:
        sys.settrace(None)

    def _called(self, frame: FrameType, event: str, _argument: Any) -> None:
        code = frame.f_code
        # A generator is called once more when it is thrown away, and what is raised then is lost.
        skipped = code.co_name.startswith("<") or code.co_flags & inspect.CO_GENERATOR
        if event != "call" or skipped or "/plugins/module_utils/" not in code.co_filename:
            return
        self.calls += 1
        if self.calls == self.number:
            self.hit = f"{code.co_filename.rpartition('/module_utils/')[2]}:{code.co_name}"
            raise RuntimeError("nobody thought of this")


def calls(way: str) -> int:
    """How many calls an undisturbed run makes."""
    undisturbed = Interference(None)
    run = Run(way, undisturbed)
    assert not run.ended.failed
    assert run.left == {"k1", "k2"}
    return undisturbed.calls


@pytest.mark.parametrize("way", WAYS)
def test_what_was_done_is_told_wherever_an_error_strikes(way: str) -> None:
    dice = random.Random(way)
    for number in sorted(dice.sample(range(1, calls(way) + 1), SAMPLES)):
        interference = Interference(number)
        run = Run(way, interference)
        where, result = interference.hit, run.ended.result
        assert run.ended.failed, where
        assert {"k1", "k2"} <= run.left, where
        assert "\n" not in result["msg"], where
        assert "Traceback" not in result["msg"], where
        assert "please report it" in result["msg"], where
        gone = {tag["name"] for tag in TAGS} - run.left
        assert result["changed"] or not gone, where
        assert run.asked or not result["changed"], where
        outcome = result["outcome"]
        told = {row["name"]: kind for kind in outcome["counts"] for row in outcome[kind]}
        assert {told[name] for name in gone} <= LOST, (where, gone, told)
        assert {name for name, kind in told.items() if kind == "deleted"} <= gone, (where, gone, told)
        assert len(told) == len(TAGS) - 2, where
