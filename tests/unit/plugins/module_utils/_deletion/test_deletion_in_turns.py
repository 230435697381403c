# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs that stop for their budget: what they did is the beginning of the order, and what they tell is true."""

from __future__ import annotations

import random
import threading
from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.server import DeleteMethod
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.deletion import delete
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.deletion_in_turns import delete_in_turns
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.host import (
    RegistryHost,
    is_proven_to_delete_by_name,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.outcomes import DeletionResult
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.turns import RunPlan
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.ways import deletion_way
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan import Plan, RepositoryPlan
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.run_budget import RunBudget
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.decision import Decision
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.reasons import Reason
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.capabilities import Sources, detect
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.query import TagQuery
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.reader import open_reader
from tests.unit.simulated import REGISTRY, Simulated, connected, edit, repositories_of, scenario_of, set_faults

# What a server is, how it is read, and how tags are deleted there.
WAYS = {
    "graphql": ("M1", Sources(use_graphql=True), DeleteMethod.GRAPHQL),
    "rest": ("M1", Sources(use_graphql=True), DeleteMethod.REST),
    "graphql without a database": ("M2", Sources(use_graphql=True), DeleteMethod.GRAPHQL),
    "registry": ("M2", Sources(use_graphql=True, registry=REGISTRY), DeleteMethod.REGISTRY),
}
# Where no more than the batches of a turn are needed, whatever the turns are.
BY_NAME = ["graphql", "rest", "registry"]


class Job:
    """Repositories with so many tags to delete, each of which has two that are kept."""

    def __init__(self, way: str, *counts: int, **settings: Any) -> None:
        mode, sources, self.method = WAYS[way]
        tags = [
            [*({"name": f"d{each:02}"} for each in range(count)), {"name": "k1"}, {"name": "k2"}] for count in counts
        ]
        self.client: Simulated = connected(scenario_of(*tags, mode=mode), **settings)
        places = repositories_of(len(counts))
        self.reader = open_reader(detect(self.client, places, sources, details=True))
        listings = self.reader.read(places, TagQuery(details=True, all_details=True))
        self.plan = Plan(
            tuple(
                RepositoryPlan(
                    listing.repository,
                    decisions=tuple(
                        Decision(tag, delete=tag.name.startswith("d"), reason=Reason.MATCHED) for tag in listing.tags
                    ),
                )
                for listing in listings
            )
        )
        self.events: list[Mapping[str, Any]] = []
        self.by_name = is_proven_to_delete_by_name(self.reader, places[0].path)
        self.client.requests.clear()

    def note(self, *events: Mapping[str, Any]) -> None:
        self.events.extend(events)

    def run(self, budget: RunBudget | None) -> DeletionResult:
        way, host = deletion_way(self.reader, self.method), RegistryHost(deletes_by_name=self.by_name)
        if budget is None:
            return delete(self.reader, self.plan, way, host, self.note)
        begun = self.client.timing.monotonic()
        return delete_in_turns(self.reader, RunPlan(self.plan, budget), way, host, self.note, begun=begun)

    @property
    def order(self) -> list[tuple[str, str]]:
        return [(part.repository.path, each.tag.name) for part, each in RunPlan(self.plan, RunBudget()).ordered]

    @property
    def asked(self) -> list[tuple[str, str]]:
        return [(row["repository"], row["name"]) for row in self.events if row["event"] == "delete_requested"]


def tried(found: DeletionResult) -> set[tuple[str, str]]:
    return {(tag.repository, tag.name) for tag in found.tags if tag.outcome.value != "left_for_next_run"}


def clock_of(client: Simulated, seconds: float) -> None:
    """Each look at the clock, and each request, takes so long."""
    now, lock = [0.0], threading.Lock()

    def monotonic() -> float:
        with lock:
            now[0] += seconds
            return now[0]

    client.timing = client.timing._replace(monotonic=monotonic)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("most", [1, 20, 21, 30, 45])
def test_a_run_deletes_so_many_tags_and_leaves_the_rest(way: str, most: int) -> None:
    job = Job(way, 25, 3, 22)
    found = job.run(RunBudget(max_deletions=most))
    counts = found.counts()
    assert (counts["deleted"], counts["left_for_next_run"]) == (most, 50 - most)
    assert set(job.asked) == tried(found) == set(job.order[:most])
    assert found.ok
    assert found.changed
    assert (found.stopped, found.budget) == ("", f"max_deletions_per_run {most} was reached")
    # Only the outcomes of tags that it came to are noted.
    assert [row["event"] for row in job.events].count("outcome") == most


def test_what_is_asked_for_by_one_worker_is_in_the_order() -> None:
    job = Job("graphql", 45, 3, 22)
    job.run(RunBudget(max_deletions=60))
    assert job.asked == job.order[:60]


@pytest.mark.parametrize("way", WAYS)
def test_a_budget_that_is_not_used_up_stops_nothing(way: str) -> None:
    job, other = Job(way, 25, 3), Job(way, 25, 3)
    found = job.run(RunBudget(max_deletions=28, max_duration="1h", max_seconds=3600))
    assert found == other.run(None)
    assert found.remaining == 4


@pytest.mark.parametrize("way", BY_NAME)
def test_turns_take_the_requests_that_repositories_take(way: str) -> None:
    """For the same tags: none more is sent."""
    job, whole = Job(way, 45, 3, 22), Job(way, 45, 3, 22)
    job.run(RunBudget(max_deletions=70))
    whole.run(None)
    assert sorted(job.client.requests) == sorted(whole.client.requests)
    cut, same = Job(way, 45, 3, 22), Job(way, 30, 3, 20)
    cut.run(RunBudget(max_deletions=53))
    same.run(None)
    assert len(cut.client.requests) <= len(same.client.requests)


def test_a_repository_without_a_turn_is_not_asked_about() -> None:
    job = Job("rest", 3, 3)
    found = job.run(RunBudget(max_deletions=2))
    assert not [each for each in job.client.requests if "/101/" in each]
    # Of the first one alone: another tag to delete, and two that are kept.
    assert found.remaining == 3


@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize("seed", range(12))
def test_what_a_run_tried_is_the_beginning_of_the_order(seed: int, concurrency: int) -> None:
    """Whatever the budget is, and whatever fails on the way."""
    dice = random.Random(seed)
    way = dice.choice(list(WAYS))
    job = Job(way, *(dice.randrange(1, 50) for _each in range(dice.randrange(1, 5))), concurrency=concurrency)
    clock_of(job.client, dice.choice([0.01, 1.0, 5.0]))
    for _each in range(dice.randrange(4)):
        path, name = dice.choice(job.order)
        edit(job.client, set_tag={"repository": path, "name": name, "image": "another"})
    set_faults(
        job.client,
        *(
            {"method": method, "nth": dice.randrange(1, 8), "action": dice.choice(["reset_after", "reset_before"])}
            for method in ("DELETE", "POST", "GET")
        ),
    )
    most = dice.choice([None, dice.randrange(1, len(job.order) + 1)])
    found = job.run(RunBudget(most, max_duration="1min", max_seconds=dice.choice([5, 20, 60])))
    done = tried(found)
    assert done == set(job.order[: len(done)])
    assert most is None or len(done) <= most
    assert set(job.asked) <= done
    assert bool(found.budget) is (len(done) < len(job.order))
    listed = {
        (part.repository.path, tag.name)
        for part in job.plan.repositories
        for tag in job.client.server.gitlab.state.repositories[part.repository.id].tags or ()
    }
    assert set(job.order[len(done) :]) <= listed
    for tag in found.tags:
        assert tag.outcome.value != "deleted" or (tag.repository, tag.name) not in listed


def test_no_turn_is_begun_after_the_time_and_what_was_begun_is_verified() -> None:
    job = Job("graphql", 25, 25)
    clock_of(job.client, 0.0)
    monotonic, asked = job.client.timing.monotonic, job.asked
    job.client.timing = job.client.timing._replace(monotonic=lambda: monotonic() + 100.0 * len(job.asked))
    assert not asked
    found = job.run(RunBudget(max_duration="1min", max_seconds=60))
    assert found.counts()["deleted"] == 20
    assert found.counts()["left_for_next_run"] == 30
    assert (found.ok, found.budget) == (True, "max_duration 1min was reached")
    assert found.remaining == 7


def test_a_run_whose_time_is_over_before_the_first_turn_deletes_nothing() -> None:
    job = Job("rest", 3, 3)
    clock_of(job.client, 100.0)
    found = job.run(RunBudget(max_duration="1min", max_seconds=60))
    assert (found.counts()["left_for_next_run"], found.changed, found.ok, found.remaining) == (6, False, True, None)
    assert (job.asked, job.client.requests) == ([], [])


def test_a_tag_that_fails_is_no_reason_to_go_further() -> None:
    job = Job("rest", 3, 3)
    edit(job.client, set_tag={"repository": "team/app/r0", "name": "d00", "image": "another"})
    found = job.run(RunBudget(max_deletions=2))
    assert found.counts()["changed_since"] == found.counts()["deleted"] == 1
    assert tried(found) == set(job.order[:2])


def test_what_stops_a_run_is_no_matter_of_its_budget() -> None:
    job = Job("rest", 3, 3)
    set_faults(job.client, {"method": "DELETE", "action": "status", "status": 401})
    found = job.run(RunBudget(max_deletions=2))
    assert not found.ok
    assert found.counts()["not_tried"] + found.counts()["not_deleted"] == 2
    assert found.counts()["left_for_next_run"] == 4


def test_a_tag_that_is_gone_is_not_left_for_the_next_run() -> None:
    job = Job("rest", 3)
    edit(job.client, remove_tag={"repository": "team/app/r0", "name": "d02"})
    found = job.run(RunBudget(max_deletions=1))
    outcomes = {tag.name: tag.outcome.value for tag in found.tags}
    assert outcomes == {"d00": "deleted", "d01": "left_for_next_run", "d02": "already_gone"}


def test_a_run_that_was_stopped_did_not_use_up_its_budget() -> None:
    job = Job("rest", 3, 3)
    noted = job.note

    def fails(*events: Mapping[str, Any]) -> None:
        noted(*events)
        if events[0]["event"] == "delete_requested":
            raise RuntimeError("nobody thought of this")

    job.note = fails  # type: ignore[method-assign]
    found = job.run(RunBudget(max_deletions=4))
    assert not found.ok
    assert "RuntimeError" in found.stopped
    assert found.budget == ""
    assert found.counts()["left_for_next_run"] == 2
