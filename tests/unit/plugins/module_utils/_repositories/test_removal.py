# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deleting repositories: empty ones, or those that may be emptied before, followed until GitLab is through."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import JournalError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import Repository
from ansible_collections.containerops.gitlab.plugins.module_utils._core.server import DeleteMethod
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.host import RegistryHost
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.journal import (
    JournalWriter,
    Record,
    null_journal,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.outcomes import RepositoryOutcome
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.ways import deletion_way
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan import RepositoryPlan
from ansible_collections.containerops.gitlab.plugins.module_utils._repositories.planning import (
    RepositoryRemoval,
    RepositoryResult,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._repositories.removal import (
    delete_repositories,
    removals_so_far,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.decision import Decision
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.reasons import Reason
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.capabilities import Sources, detect
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.query import TagQuery
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.reader import TagReader, open_reader
from tests.unit.simulated import (
    REGISTRY,
    Simulated,
    connected,
    edit,
    repositories_of,
    repository_of,
    scenario_of,
    set_faults,
)

TAGS = [{"name": "v1"}, {"name": "v2"}]
REPOSITORY = repository_of()


def opened(*repositories: list[dict[str, Any]], **changes: Any) -> tuple[TagReader, Simulated]:
    """A reader that may ask the registry itself, and its client."""
    client = connected(scenario_of(*repositories, mode="M2", **changes), retries=0)
    sources = Sources(use_graphql=True, registry=REGISTRY)
    return open_reader(detect(client, repositories_of(len(repositories)), sources, details=True)), client


def removed(
    reader: TagReader, removal: RepositoryRemoval, wait: float | None = None, journal: JournalWriter = null_journal
) -> tuple[RepositoryOutcome, str]:
    way, host = deletion_way(reader, DeleteMethod.REST), RegistryHost(deletes_by_name=True)
    [result] = delete_repositories(reader, way, host, [removal], wait, journal)
    assert isinstance(result, RepositoryResult)
    return result.outcome, result.message


def all_tags(reader: TagReader, repository: Repository = REPOSITORY, kept: str = "") -> RepositoryPlan:
    [listing] = reader.read([repository], TagQuery(details=True))
    return RepositoryPlan(
        repository,
        decisions=tuple(Decision(tag, delete=tag.name != kept, reason=Reason.MATCHED) for tag in listing.tags),
    )


def is_there(client: Simulated) -> bool:
    return 100 in client.server.gitlab.state.repositories


def test_an_empty_repository_is_deleted() -> None:
    reader, client = opened([], TAGS)
    outcome = removed(reader, RepositoryRemoval(REPOSITORY), wait=60.0)
    assert (outcome, is_there(client)) == ((RepositoryOutcome.DELETED, ""), False)


def test_who_does_not_wait_is_told_that_it_is_scheduled() -> None:
    reader, client = opened([], TAGS)
    assert removed(reader, RepositoryRemoval(REPOSITORY)) == (RepositoryOutcome.SCHEDULED, "")
    assert client.requests[-1] == "DELETE /api/v4/projects/1/registry/repositories/100"


def test_one_that_is_not_empty_right_before_is_left() -> None:
    reader, client = opened(TAGS)
    assert removed(reader, RepositoryRemoval(REPOSITORY)) == (RepositoryOutcome.NOT_DELETED, "it has 2 tags")
    assert is_there(client)


def test_one_that_need_not_be_empty_is_not_even_listed() -> None:
    reader, client = opened(TAGS)
    client.requests.clear()
    removal = RepositoryRemoval(REPOSITORY, must_be_empty=False)
    assert removed(reader, removal) == (RepositoryOutcome.SCHEDULED, "")
    assert not [request for request in client.requests if "/tags" in request]


def test_one_that_can_not_be_listed_is_left() -> None:
    reader, client = opened(TAGS)
    set_faults(client, {"path": "/tags", "action": "status", "status": 500})
    outcome, message = removed(reader, RepositoryRemoval(REPOSITORY))
    assert (outcome, "500" in message, is_there(client)) == (RepositoryOutcome.NOT_DELETED, True, True)


def test_its_tags_are_deleted_before() -> None:
    reader, client = opened(TAGS)
    outcome = removed(reader, RepositoryRemoval(REPOSITORY, tags=all_tags(reader)), wait=60.0)
    assert (outcome, is_there(client)) == ((RepositoryOutcome.DELETED, ""), False)
    deletions = [request.rpartition("/")[2] for request in client.requests if request.startswith("DELETE")]
    assert deletions == ["v1", "v2", "100"]


def test_one_whose_tags_can_not_be_deleted_is_left() -> None:
    reader, client = opened(TAGS)
    removal = RepositoryRemoval(REPOSITORY, tags=all_tags(reader))
    set_faults(client, {"method": "DELETE", "path": "tags/v2", "action": "status", "status": 400})
    outcome, message = removed(reader, removal)
    assert (outcome, "400" in message, is_there(client)) == (RepositoryOutcome.NOT_EMPTIED, True, True)


def test_a_tag_that_stays_keeps_its_repository() -> None:
    reader, client = opened(TAGS)
    removal = RepositoryRemoval(REPOSITORY, tags=all_tags(reader, kept="v1"))
    assert removed(reader, removal) == (RepositoryOutcome.NOT_DELETED, "it has 1 tag")
    assert is_there(client)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        pytest.param({"status": 403}, RepositoryOutcome.NOT_DELETED, id="refused"),
        pytest.param({"status": 404}, RepositoryOutcome.NOT_DELETED, id="404, and it is there"),
    ],
)
def test_what_gitlab_refuses_is_not_deleted(fault: dict[str, Any], expected: RepositoryOutcome) -> None:
    reader, client = opened([], TAGS)
    set_faults(client, {"method": "DELETE", "action": "status", **fault})
    assert removed(reader, RepositoryRemoval(REPOSITORY))[0] is expected


def test_one_that_somebody_else_deleted_is_deleted() -> None:
    reader, client = opened([], TAGS)
    del client.server.gitlab.state.repositories[100]
    assert removed(reader, RepositoryRemoval(REPOSITORY, must_be_empty=False))[0] is RepositoryOutcome.DELETED


def test_one_that_gitlab_is_deleting_already_is_only_followed() -> None:
    reader, client = opened([], TAGS)
    client.requests.clear()
    assert removed(reader, RepositoryRemoval(REPOSITORY, asked_before=True)) == (RepositoryOutcome.SCHEDULED, "")
    assert client.requests == []


def test_what_gitlab_gave_up_is_told() -> None:
    reader, client = opened([], TAGS)
    edit(client, set_repository={"repository": "team/app/r0", "status": "delete_failed"})
    outcome, message = removed(reader, RepositoryRemoval(REPOSITORY, asked_before=True), wait=60.0)
    assert outcome is RepositoryOutcome.DELETE_FAILED
    assert message.startswith("GitLab failed to delete it: without a metadata database it deletes at most 200 tags")


@pytest.mark.parametrize(("status", "message"), [(500, "GitLab has not deleted it within 60 seconds"), (403, "403")])
def test_what_can_not_be_followed_stays_scheduled(status: int, message: str) -> None:
    reader, client = opened([], TAGS)
    set_faults(client, {"method": "GET", "path": "/registry/repositories/100$", "action": "status", "status": status})
    outcome, shown = removed(reader, RepositoryRemoval(REPOSITORY, asked_before=True), wait=60.0)
    assert outcome is RepositoryOutcome.SCHEDULED
    assert message in shown


@pytest.mark.parametrize("outcome", RepositoryOutcome)
def test_what_is_good(outcome: RepositoryOutcome) -> None:
    wanted = ("deleted", "scheduled", "emptied", "tags_kept", "changed_since")
    assert outcome.is_good is (outcome.value in wanted)


def changed_since(client: Simulated, reader: TagReader, removal: RepositoryRemoval) -> str:
    """What a repository was left for, without any request that could change it."""
    before = len(client.requests)
    outcome, message = removed(reader, removal)
    assert outcome is RepositoryOutcome.CHANGED_SINCE
    assert is_there(client)
    assert all(request.startswith(("GET", "HEAD", "POST /api/graphql")) for request in client.requests[before:])
    return message


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"add_tag": {"repository": "team/app/r0", "name": "v0"}}, "it has the tag v0 since the plan was made"),
        (
            {"set_tag": {"repository": "team/app/r0", "name": "v2", "digest": "sha256:" + "c" * 64}},
            "its tag v2 was pushed again or protected since the plan was made",
        ),
        (
            {"set_repository": {"repository": "team/app/r0", "status": "delete_ongoing"}},
            "already deleting it for somebody else",
        ),
        ({"set_project": {"path": "team/app", "new_path": "team/web"}}, "its path is team/web/r0 now"),
    ],
)
def test_a_repository_that_is_not_as_planned_is_left(changes: dict[str, Any], words: str) -> None:
    reader, client = opened(TAGS, TAGS)
    removal = RepositoryRemoval(REPOSITORY, tags=all_tags(reader), only_unchanged=True)
    edit(client, **changes)
    assert words in changed_since(client, reader, removal)


def test_a_repository_that_is_as_planned_is_deleted_or_has_fewer_tags() -> None:
    reader, client = opened(TAGS, TAGS)
    removal = RepositoryRemoval(REPOSITORY, tags=all_tags(reader), only_unchanged=True)
    edit(client, remove_tag={"repository": "team/app/r0", "name": "v1"})
    assert removed(reader, removal, wait=60.0) == (RepositoryOutcome.DELETED, "")
    assert not is_there(client)


@pytest.mark.parametrize("gone_before", [0, 1, 2])
def test_one_whose_storage_is_lost_meanwhile_is_left(gone_before: int) -> None:
    """Its tags are gone and the registry does not know it, as if its last tag was deleted. But nobody did that."""
    reader, client = opened(TAGS, TAGS)
    removal = RepositoryRemoval(REPOSITORY, tags=all_tags(reader), only_unchanged=True)
    for tag in TAGS[:gone_before]:
        edit(client, remove_tag={"repository": "team/app/r0", "name": tag["name"]})
    edit(client, set_repository={"repository": "team/app/r0", "registry_state": "unknown"})
    outcome, message = removed(reader, removal)
    assert (outcome, is_there(client)) == (RepositoryOutcome.NOT_DELETED, True)
    assert message == "the registry does not know it, but a registry that lost its storage answers the same"
    assert not [request for request in client.requests if request.startswith("DELETE")]


def test_what_nobody_thought_of_is_told_of_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, client = opened([], TAGS)
    monkeypatch.setattr(type(reader), "list_names", lambda *_arguments: 1 / 0)
    outcome, message = removed(reader, RepositoryRemoval(REPOSITORY))
    assert outcome is RepositoryOutcome.NOT_DELETED
    assert "ZeroDivisionError" in message
    assert is_there(client)


def kinds(rows: list[dict[str, Any]]) -> list[tuple[str, Any]]:
    return [(row["event"], row.get("name") or row.get("outcome")) for row in rows]


def test_a_repository_is_noted_before_it_is_asked_for_and_afterwards() -> None:
    reader, client = opened(TAGS, [])
    rows: list[dict[str, Any]] = []

    def journal(*events: Any) -> None:
        if events[0]["event"] == "repository_delete_requested":
            assert is_there(client)
        rows.extend(map(dict, events))

    outcome, _message = removed(reader, RepositoryRemoval(REPOSITORY, tags=all_tags(reader)), 60.0, journal)
    assert outcome is RepositoryOutcome.DELETED
    assert sorted(kinds(rows[:4])) == [
        *(("delete_requested", name) for name in ("v1", "v2")),
        *(("outcome", name) for name in ("v1", "v2")),
    ]
    assert kinds(rows[4:]) == [
        ("repository_delete_requested", None),
        ("repository_outcome", "scheduled"),
        ("repository_outcome", "deleted"),
    ]


@pytest.mark.parametrize("tags", [[], TAGS])
def test_what_can_not_be_noted_is_not_deleted(tags: list[dict[str, Any]]) -> None:
    reader, client = opened(tags, [])
    client.requests.clear()

    def full(*_events: Any) -> None:
        raise JournalError("journal_path x can't be written any more: No space left on device")

    plan = all_tags(reader) if tags else None
    outcome, message = removed(reader, RepositoryRemoval(REPOSITORY, tags=plan), journal=full)
    assert outcome is (RepositoryOutcome.NOT_EMPTIED if tags else RepositoryOutcome.NOT_DELETED)
    assert "No space left on device" in message
    assert not [each for each in client.requests if each.startswith("DELETE")]


ASKED = {"event": "repository_delete_requested", "repository": REPOSITORY.path, "id": 100}
SETTLED = {"event": "repository_outcome", "repository": REPOSITORY.path, "outcome": "scheduled", "message": ""}
EMPTYING = {"event": "delete_requested", "repository": REPOSITORY.path, "name": "v1", "digest": None}


@pytest.mark.parametrize(
    ("events", "outcome", "message"),
    [
        ([], RepositoryOutcome.NOT_DELETED, "a fault"),
        ([{**SETTLED, "repository": "team/other"}], RepositoryOutcome.NOT_DELETED, "a fault"),
        ([EMPTYING], RepositoryOutcome.NOT_EMPTIED, "a fault"),
        (
            [EMPTYING, ASKED],
            RepositoryOutcome.NOT_DELETED,
            "its deletion was requested, and its outcome is unknown: a fault",
        ),
        ([ASKED, SETTLED], RepositoryOutcome.SCHEDULED, ""),
        ([ASKED, SETTLED, {**SETTLED, "outcome": "deleted"}], RepositoryOutcome.DELETED, ""),
    ],
)
def test_a_run_that_ends_unexpectedly_tells_what_it_noted(
    events: list[dict[str, Any]], outcome: RepositoryOutcome, message: str
) -> None:
    record = Record()
    record.added_to(null_journal)({"event": "start"}, *events)
    [found] = removals_so_far([RepositoryRemoval(REPOSITORY)], record, "a fault")
    assert (found.outcome, found.message) == (outcome, message)
