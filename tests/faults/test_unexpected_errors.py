# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever goes wrong in this collection itself while tags are deleted, what was done is told, and nothing else."""

from __future__ import annotations

import inspect
import random
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.server import DeleteMethod
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.deletion import delete
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.host import RegistryHost
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.journal import Record, null_journal
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.report import (
    applied_deletion,
    deletion_intent,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.ways import deletion_way
from ansible_collections.containerops.gitlab.plugins.module_utils._module.intent import Applied
from ansible_collections.containerops.gitlab.plugins.module_utils._module.run import exit_on_error, finish
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan import Plan, RepositoryPlan
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.decision import Decision
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.reasons import Reason
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.capabilities import Sources, detect
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.query import TagQuery
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.reader import open_reader
from tests.unit.simulated import REGISTRY, connected, repository_of, scenario_of

SIGNATURE = "sha256-" + "a" * 64 + ".sig"
TAGS = [
    {"name": "d-signed", "digest": "sha256:" + "a" * 64},
    *({"name": f"d{number:02}"} for number in range(24)),
    *({"name": name} for name in ("k1", "k2", SIGNATURE)),
]
# What a server is, how it is read, how tags are deleted, and whether it is known to delete by name.
WAYS = {
    "graphql": ("M1", Sources(use_graphql=True), DeleteMethod.GRAPHQL, True),
    "rest": ("M1", Sources(use_graphql=False), DeleteMethod.REST, True),
    "registry": ("M2", Sources(use_graphql=True, registry=REGISTRY), DeleteMethod.REGISTRY, True),
    "unproven": ("M3", Sources(use_graphql=True), DeleteMethod.GRAPHQL, False),
}
SAMPLES = 25
LOST = {"deleted", "unverified", "not_deleted"}


class Ended(BaseException):
    """A module ended with a result."""

    def __init__(self, failed: bool, result: dict[str, Any]) -> None:
        super().__init__()
        self.failed = failed
        self.result = result


class Module:
    """As much of a module as ends with a result."""

    check_mode = False
    _diff = False

    def warn(self, _text: str) -> None: ...

    def exit_json(self, **result: Any) -> None:
        raise Ended(False, result)

    def fail_json(self, **result: Any) -> None:
        raise Ended(True, result)


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


class Run:
    """A run that deletes the tags whose names begin with d, and the signature of one of them."""

    def __init__(self, way: str, interference: Interference) -> None:
        mode, sources, method, by_name = WAYS[way]
        self.client = connected(scenario_of(TAGS, mode=mode))
        reader = open_reader(detect(self.client, [repository_of()], sources, details=True))
        [listing] = reader.read([repository_of()], TagQuery(details=True, all_details=True))
        decisions = tuple(
            Decision(tag, delete=True, reason=Reason.WITH_SUBJECT, depth=1)
            if tag.name == SIGNATURE
            else Decision(tag, delete=tag.name.startswith("d"), reason=Reason.MATCHED)
            for tag in listing.tags
        )
        plan, record = Plan((RepositoryPlan(repository_of(), decisions=decisions),)), Record()
        deletion = deletion_way(reader, method)
        self.client.requests.clear()

        def apply() -> Applied:
            with interference:
                host = RegistryHost(deletes_by_name=by_name)
                return applied_deletion(delete(reader, plan, deletion, host, record.added_to(null_journal)), limit=100)

        module: Any = Module()
        before = self.client.changes_sent
        try:
            with exit_on_error(module):
                intent = deletion_intent(plan, 100)
                finish(module, self.client, intent, {}, apply, so_far=_told(record, plan))
        except Ended as ended:
            self.ended = ended
        self.asked = self.client.changes_sent > before

    @property
    def left(self) -> set[str]:
        return {tag.name for tag in self.client.server.gitlab.state.repositories[100].tags or ()}


def _told(record: Record, plan: Plan) -> Callable[[str], Applied]:
    return lambda reason: applied_deletion(record.result(plan, reason), 100)


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
