# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs that delete tags of the simulator in this process, and end as a module does."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from ansible_collections.containerops.gitlab.plugins.module_utils._core.server import DeleteMethod
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.deletion import delete
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.host import RegistryHost
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.journal import (
    JournalWriter,
    Record,
    null_journal,
)
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


class Run:
    """A run that deletes the tags whose names begin with d, and the signature of one of them.

    way: of WAYS. around: what holds while it deletes.
    """

    def __init__(
        self, way: str, around: AbstractContextManager[Any] | None = None, journal: JournalWriter = null_journal
    ) -> None:
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
            with around or nullcontext():
                host = RegistryHost(deletes_by_name=by_name)
                return applied_deletion(delete(reader, plan, deletion, host, record.added_to(journal)), limit=100)

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
