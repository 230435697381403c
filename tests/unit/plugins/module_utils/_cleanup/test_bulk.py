# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""GitLab's bulk deletion: asked for once, and judged by what is listed afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.bulk import (
    UNCHANGED_POLLS,
    BulkProgress,
    delete_in_bulk,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.bulk_requests import BulkRequest
from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import (
    ErrorKind,
    JournalError,
    RequestError,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import TagListing
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.outcomes import DeletionResult
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan import RepositoryPlan
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.decision import Decision
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.reasons import Reason
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.capabilities import Sources, detect
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.query import TagQuery
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.reader import TagReader, open_reader
from tests.unit.simulated import Simulated, connected, edit, repository_of, scenario_of, set_faults

PATH = "team/app/r0"
WAIT = 60.0


class Job:
    """Tags of one repository that were read; those whose names begin with d are to be deleted in bulk."""

    def __init__(self, *names: str, pattern: str = "d.*", deletes_by_name: bool = True, **changes: Any) -> None:
        self.deletes_by_name = deletes_by_name
        tags = [{"name": name, "created_at": "2026-01-01T00:00:00Z"} for name in names]
        self.client: Simulated = connected(scenario_of(tags, **changes))
        sources = Sources(use_graphql=True)
        self.reader: TagReader = open_reader(detect(self.client, [repository_of()], sources, details=True))
        [listing] = self.reader.read([repository_of()], TagQuery(details=True, all_details=True))
        decisions = [Decision(tag, delete=tag.name.startswith("d"), reason=Reason.MATCHED) for tag in listing.tags]
        plan = RepositoryPlan(repository_of(), decisions=tuple(decisions))
        self.request = BulkRequest(plan, {"name_regex_delete": pattern, "older_than": "1d"})
        self.events: list[Mapping[str, Any]] = []

    def run(self, wait: float | None = WAIT) -> DeletionResult:
        def journal(*events: Mapping[str, Any]) -> None:
            self.events.extend(events)

        return delete_in_bulk(self.reader, [self.request], wait, journal, deletes_by_name=self.deletes_by_name)


def outcomes(found: DeletionResult) -> dict[str, tuple[str, str]]:
    return {tag.name: (tag.outcome.value, tag.message) for tag in found.tags}


def test_what_is_seen_to_go_was_deleted() -> None:
    job = Job("d1", "d2", "k1")
    found = job.run()
    assert outcomes(found) == {"d1": ("deleted", ""), "d2": ("deleted", "")}
    assert (found.ok, found.remaining, found.stopped) == (True, 1, "")
    assert [(event["event"], event["name"]) for event in job.events] == [
        ("delete_requested", "d1"),
        ("delete_requested", "d2"),
        ("outcome", "d1"),
        ("outcome", "d2"),
    ]


def test_who_does_not_wait_is_told_nothing_more() -> None:
    found = Job("d1", "k1").run(wait=None)
    message = "GitLab accepted the bulk deletion and carries it out in the background"
    assert outcomes(found) == {"d1": ("unverified", message)}
    assert (found.ok, found.remaining) == (True, None)


def test_what_gitlab_does_not_choose_stays_until_the_wait_is_over() -> None:
    found = Job("d1", "k1", pattern="other").run()
    assert outcomes(found) == {"d1": ("not_deleted", "GitLab has not deleted it within 60 seconds")}
    assert (found.ok, found.remaining) == (False, 2)


def test_where_others_went_and_nothing_happens_any_more_it_takes_the_next_run() -> None:
    job = Job("d1", "d2", "k1", pattern="d1")
    found = job.run(wait=600.0)
    message = "GitLab deleted 1 other in this run, but not this tag; the next bulk deletion is possible in an hour"
    assert outcomes(found) == {"d1": ("deleted", ""), "d2": ("not_deleted", message)}


def test_as_long_as_tags_go_it_is_watched() -> None:
    job = Job("d1", "d2", "d3", "k1", pattern="other")
    looks = {"method": "GET", "path": "/tags$", "count": 1, "action": "mutate", "when": "before"}
    gone = {1: "d1", 4: "d2", 7: "d3"}
    faults = [{**looks, "nth": look, "remove_tag": {"repository": PATH, "name": name}} for look, name in gone.items()]
    set_faults(job.client, *faults)
    assert outcomes(job.run(wait=600.0)) == dict.fromkeys(gone.values(), ("deleted", ""))


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_a_tag_that_was_pushed_meanwhile_is_rightly_left(mode: str) -> None:
    job = Job("d1", "d2", "k1", mode=mode)
    edit(job.client, set_tag={"repository": PATH, "name": "d1", "image": "new", "created_at": "2026-06-01T11:59:00Z"})
    found = job.run()
    assert outcomes(found) == {
        "d1": ("changed_since", "it points to another image, or was pushed again, since the plan was made"),
        "d2": ("deleted", ""),
    }
    assert found.ok


@pytest.mark.parametrize("lacks", [["k1"], ["d2"], ["d2", "k1"]])
def test_what_one_listing_lacks_is_not_gone(lacks: list[str]) -> None:
    job = Job("d1", "d2", "k1", "k2", mode="M2", pattern="d1")
    set_faults(job.client, {"method": "GET", "path": "/tags$", "action": "unlist", "names": lacks, "first": 1})
    found = job.run()
    assert {name: outcome for name, (outcome, _message) in outcomes(found).items()} == {
        "d1": "deleted",
        "d2": "not_deleted",
    }
    assert found.stopped == ""


def test_who_may_overwrite_tags_does_not_say_that_somebody_else_pushed_them() -> None:
    job = Job("d1", "d2", "k1", mode="M3", pattern="d2", deletes_by_name=False)
    edit(job.client, set_tag={"repository": PATH, "name": "d1", "image": "new", "created_at": "2026-06-01T11:59:00Z"})
    outcome, message = outcomes(job.run())["d1"]
    assert outcome == "not_deleted"
    assert "the bulk deletion may have overwritten it with an empty image, or somebody pushed it" in message


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        pytest.param({"action": "status", "status": 400}, "not_deleted", id="refused"),
        pytest.param({"action": "status", "status": 401}, "not_tried", id="no valid token"),
        pytest.param(
            {"action": "json", "status": 400, "json": {"message": "This request has already been made. You can"}},
            "not_tried",
            id="asked for within the hour",
        ),
    ],
)
def test_how_gitlab_refuses(fault: dict[str, Any], outcome: str) -> None:
    job = Job("d1", "k1")
    set_faults(job.client, {"method": "DELETE", **fault})
    found = job.run()
    assert {name: result[0] for name, result in outcomes(found).items()} == {"d1": outcome}
    assert not found.ok


@pytest.mark.parametrize(
    ("action", "outcome"),
    [
        pytest.param("reset_after", ("deleted", ""), id="GitLab took it up"),
        pytest.param(
            "reset_before",
            (
                "not_deleted",
                "the answer to the bulk deletion was lost, so it is unknown whether GitLab carries it out",
            ),
            id="or not",
        ),
    ],
)
def test_a_lost_answer_is_watched_and_never_asked_for_again(action: str, outcome: tuple[str, str]) -> None:
    job = Job("d1", "k1")
    set_faults(job.client, {"method": "DELETE", "action": action})
    found = job.run()
    assert outcomes(found) == {"d1": outcome}
    assert len([request for request in job.client.requests if request.startswith("DELETE")]) == 1


def test_what_can_not_be_listed_is_not_verified() -> None:
    job = Job("d1", "k1")
    set_faults(job.client, {"method": "GET", "path": "/tags$", "action": "status", "status": 400})
    found = job.run()
    assert outcomes(found)["d1"][0] == "unverified"
    assert found.remaining is None


def test_kept_tags_that_are_gone_are_told() -> None:
    job = Job("d1", "k1", "k2")
    edit(job.client, remove_tag={"repository": PATH, "name": "k1"})
    found = job.run()
    assert found.stopped == (
        "tags of team/app/r0 that the plan keeps no longer exist (k1): GitLab or somebody else deleted them meanwhile"
    )
    assert not found.ok


def test_what_can_not_be_noted_is_not_asked_for() -> None:
    job = Job("d1", "k1")

    def full(_event: Mapping[str, Any]) -> None:
        raise JournalError("the disk is full")

    found = delete_in_bulk(job.reader, [job.request], WAIT, full, deletes_by_name=True)
    assert outcomes(found) == {"d1": ("not_tried", "Could not write to the journal: the disk is full.")}
    assert not [request for request in job.client.requests if request.startswith("DELETE")]


def request_of(*names: str) -> BulkRequest:
    return Job(*names).request


@pytest.mark.parametrize(
    ("changes", "done"),
    [
        ({}, False),
        ({"gone": {"d1", "d2"}}, True),
        ({"gone": {"d1"}, "unchanged_polls": UNCHANGED_POLLS}, True),
        ({"gone": {"d1"}, "unchanged_polls": UNCHANGED_POLLS - 1}, False),
        ({"unchanged_polls": UNCHANGED_POLLS}, False),
        ({"listing": TagListing(repository_of())}, False),
        ({"listing": TagListing(repository_of(), error=RequestError(ErrorKind.STOPPED, "", operation="x"))}, True),
        ({"listing": TagListing(repository_of(), error=RequestError(ErrorKind.TIMEOUT, "", operation="x"))}, False),
    ],
)
def test_when_nothing_more_will_be_seen(changes: dict[str, Any], done: bool) -> None:
    assert BulkProgress(request_of("d1", "d2", "k1"), **changes).done is done


@pytest.mark.parametrize(
    ("error", "under_way", "was_tried"),
    [
        (None, True, True),
        (RequestError(ErrorKind.CONNECTION, "", operation="x"), True, True),
        (RequestError(ErrorKind.BAD_REQUEST, "", operation="x"), False, True),
        (RequestError(ErrorKind.LEASE, "", operation="x"), False, False),
        (RequestError(ErrorKind.STOPPED, "", operation="x"), False, False),
        (RequestError(ErrorKind.UNAUTHORIZED, "", operation="x"), False, False),
        (JournalError("the disk is full"), False, False),
    ],
)
def test_what_an_error_says_of_a_bulk_deletion(
    error: RequestError | JournalError | None, under_way: bool, was_tried: bool
) -> None:
    progress = BulkProgress(request_of("d1"), error)
    assert (progress.under_way, progress.was_tried) == (under_way, was_tried)
