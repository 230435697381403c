# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deleting planned tags of a server that answers, refuses, changes or loses what it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import JournalError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import Tag
from ansible_collections.containerops.gitlab.plugins.module_utils._core.progress import Amount, Phase, Progress
from ansible_collections.containerops.gitlab.plugins.module_utils._core.server import DeleteMethod, ReadMethod
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion import recent_check
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.deletion import RepositoryDeletion, delete
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.host import (
    RegistryHost,
    is_proven_to_delete_by_name,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.journal import JournalWriter, counted
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.outcomes import DeletionResult, TagOutcome
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.ways import deletion_way
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan import Plan, RepositoryPlan
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.decision import Decision
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.reasons import Reason
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.capabilities import Sources, detect
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.query import TagQuery
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.reader import TagReader, open_reader
from tests.unit.simulated import (
    REGISTRY,
    TOKEN,
    Simulated,
    connected,
    edit,
    repository_of,
    scenario_of,
    set_faults,
)

GRAPHQL, REST, BY_REGISTRY = DeleteMethod.GRAPHQL, DeleteMethod.REST, DeleteMethod.REGISTRY
PATH = "team/app/r0"
# What a server is, how it is read, and how tags are deleted there.
READ_METHODS = {
    "graphql": ("M1", Sources(use_graphql=True), GRAPHQL),
    "rest": ("M1", Sources(use_graphql=True), REST),
    "rest alone": ("M1", Sources(use_graphql=False), REST),
    "graphql without a database": ("M2", Sources(use_graphql=True), GRAPHQL),
    "registry": ("M2", Sources(use_graphql=True, registry=REGISTRY), BY_REGISTRY),
    "rest, read in the registry": ("M2", Sources(use_graphql=True, registry=REGISTRY), REST),
    "rest, confirmed": ("M2", Sources(use_graphql=False, read_method=ReadMethod.REST, registry=REGISTRY), REST),
    "registry of a database": (
        "M1",
        Sources(use_graphql=True, read_method=ReadMethod.GRAPHQL, registry=REGISTRY),
        BY_REGISTRY,
    ),
}
ALL = list(READ_METHODS)


class Job:
    """Tags of one repository that were read; those whose names begin with d are to be deleted."""

    def __init__(self, read_method: str, tags: list[dict[str, Any]], mode: str | None = None, **changes: Any) -> None:
        usual, sources, self.method = READ_METHODS[read_method]
        self.client: Simulated = connected(scenario_of(tags, mode=mode or usual, **changes))
        self.reader: TagReader = open_reader(detect(self.client, [repository_of()], sources, details=True))
        [listing] = self.reader.read([repository_of()], TagQuery(details=True, all_details=True))
        decisions = [self.decision(tag) for tag in listing.tags]
        self.plan = Plan((RepositoryPlan(repository_of(), decisions=tuple(decisions)),))
        self.events: list[Mapping[str, Any]] = []
        self.client.requests.clear()

    def decision(self, tag: Tag) -> Decision:
        return Decision(tag, delete=tag.name.startswith("d"), reason=Reason.MATCHED)

    def run(self, journal: JournalWriter | None = None) -> DeletionResult:
        way = deletion_way(self.reader, self.method)
        self.host = RegistryHost(deletes_by_name=is_proven_to_delete_by_name(self.reader, PATH))
        self.client.requests.clear()
        return delete(self.reader, self.plan, way, self.host, journal or self.note)

    def note(self, *events: Mapping[str, Any]) -> None:
        self.events.extend(events)

    @property
    def left(self) -> list[str]:
        tags = self.client.server.gitlab.state.repositories[100].tags
        return [tag.name for tag in tags or ()]


def named(*names: str) -> list[dict[str, Any]]:
    return [{"name": name} for name in names]


def outcomes(found: DeletionResult) -> dict[str, str]:
    return {tag.name: tag.outcome.value for tag in found.tags}


def messages(found: DeletionResult) -> dict[str, str]:
    return {tag.name: tag.message for tag in found.tags if tag.message}


@pytest.mark.parametrize("read_method", ALL)
def test_planned_tags_are_deleted_and_nothing_else(read_method: str) -> None:
    job = Job(read_method, named("d1", "d2", "d3", "k1", "k2"))
    found = job.run()
    assert outcomes(found) == dict.fromkeys(("d1", "d2", "d3"), "deleted")
    assert (found.ok, found.remaining, found.stopped) == (True, 2, "")
    assert job.left == ["k1", "k2"]
    assert [(event["event"], event["name"]) for event in job.events] == [
        *(("delete_requested", name) for name in ("d1", "d2", "d3")),
        *(("outcome", name) for name in ("d1", "d2", "d3")),
    ]


@pytest.mark.parametrize("read_method", ALL)
def test_every_planned_tag_is_counted_once(read_method: str) -> None:
    """Also those whose deletion is not asked for."""
    job = Job(read_method, named("d1", "d2", "d3", "k1"))
    edit(job.client, set_tag={"repository": PATH, "name": "d1", "image": "another"})
    progress = Progress()
    journal = counted(progress, job.plan, job.note)
    assert progress.report().tags == Amount(0, 3)
    job.run(journal)
    report = progress.report()
    assert (report.phase, report.tags, report.repositories) == (Phase.DELETING, Amount(3, 3), Amount(1, 1))
    assert [event["event"] for event in job.events].count("outcome") == 3


def test_what_is_asked_for_again_is_counted_once() -> None:
    progress = Progress()
    job = Job("rest", named("d1", "d2", "k1"))
    journal = counted(progress, job.plan, job.note)
    asking = {"event": "delete_requested", "repository": PATH, "name": "d1"}
    for event in ({"event": "start"}, asking, asking, {**asking, "name": "k1"}, {**asking, "repository": "other"}):
        journal(event)
    assert (progress.report().tags, progress.report().repositories) == (Amount(1, 2), Amount(0, 1))
    assert len(job.events) == 5


def test_what_the_journal_refuses_is_not_counted() -> None:
    def refuse(*_events: Mapping[str, Any]) -> None:
        raise JournalError("journal_path can't be written any more")

    progress, job = Progress(), Job("rest", named("d1"))
    with pytest.raises(JournalError):
        counted(progress, job.plan, refuse)({"event": "delete_requested", "repository": PATH, "name": "d1"})
    assert progress.report().tags == Amount(0, 1)


@pytest.mark.parametrize("read_method", ALL)
def test_a_tag_that_is_another_image_by_now_is_left(read_method: str) -> None:
    job = Job(read_method, named("d1", "d2", "k1"))
    edit(job.client, set_tag={"repository": PATH, "name": "d1", "image": "another"})
    found = job.run()
    assert outcomes(found) == {"d1": "changed_since", "d2": "deleted"}
    assert messages(found) == {"d1": "it points to another image, or was pushed again, since the plan was made"}
    assert (found.ok, job.left) == (True, ["d1", "k1"])
    assert not [event for event in job.events if event["event"] == "delete_requested" and event["name"] == "d1"]


def test_the_same_image_that_was_pushed_again_is_left() -> None:
    job = Job("graphql", named("d1", "k1"))
    edit(job.client, set_tag={"repository": PATH, "name": "d1", "updated_at": "2026-06-01T11:59:00Z"})
    assert outcomes(job.run()) == {"d1": "changed_since"}


def test_a_tag_that_was_protected_meanwhile_is_left() -> None:
    project = {"id": 1, "path": "team/app", "tag_rules": [{"pattern": "d1", "delete": "owner"}]}
    job = Job("graphql", named("d1", "d2", "k1"), projects=[project])
    found = job.run()
    assert outcomes(found) == {"d1": "changed_since", "d2": "deleted"}
    assert messages(found) == {"d1": "it has been protected since the plan was made"}


@pytest.mark.parametrize("read_method", ALL)
def test_a_tag_that_somebody_else_deleted_was_gone_already(read_method: str) -> None:
    job = Job(read_method, named("d1", "d2", "d3", "k1"))
    edit(job.client, remove_tag={"repository": PATH, "name": "d1"})
    found = job.run()
    assert outcomes(found) == {"d1": "already_gone", "d2": "deleted", "d3": "deleted"}
    assert found.ok


@pytest.mark.parametrize("read_method", ALL)
def test_a_lost_answer_is_not_asked_for_again_unseen(read_method: str) -> None:
    job = Job(read_method, named("d1", "d2", "k1"))
    mutation = {"body": "destroyContainerRepositoryTags"} if job.method is GRAPHQL else {"method": "DELETE"}
    set_faults(job.client, {**mutation, "first": 1, "action": "reset_after"})
    found = job.run()
    assert outcomes(found) == {"d1": "deleted", "d2": "deleted"}
    assert (found.ok, job.left) == (True, ["k1"])
    asked = [event["name"] for event in job.events if event["event"] == "delete_requested"]
    # Whatever went is seen to be gone, and only the rest is asked for once more.
    assert asked == ["d1", "d2"]


@pytest.mark.parametrize("read_method", ["graphql", "rest", "registry"])
def test_what_was_lost_before_it_had_an_effect_is_asked_for_again(read_method: str) -> None:
    job = Job(read_method, named("d1", "k1"))
    mutation = {"body": "destroyContainerRepositoryTags"} if job.method is GRAPHQL else {"method": "DELETE"}
    set_faults(job.client, {**mutation, "first": 1, "action": "reset_before"})
    found = job.run()
    assert (outcomes(found), job.left) == ({"d1": "deleted"}, ["k1"])
    assert [event["event"] for event in job.events] == ["delete_requested", "delete_requested", "outcome"]


@pytest.mark.parametrize("read_method", ["graphql", "rest", "registry"])
def test_answers_that_are_always_lost_end_it(read_method: str) -> None:
    job = Job(read_method, named("d1", "k1"))
    mutation = {"body": "destroyContainerRepositoryTags"} if job.method is GRAPHQL else {"method": "DELETE"}
    set_faults(job.client, {**mutation, "action": "reset_before"})
    found = job.run()
    assert (outcomes(found), job.left, found.ok) == ({"d1": "not_deleted"}, ["d1", "k1"], False)
    asked = [event for event in job.events if event["event"] == "delete_requested"]
    assert len(asked) == 1 + job.client.settings.retries


@pytest.mark.parametrize("read_method", ["graphql", "rest", "registry"])
def test_what_is_refused_is_not_deleted(read_method: str) -> None:
    job = Job(read_method, named("d1", "d2", "k1"))
    mutation = {"body": "destroyContainerRepositoryTags"} if job.method is GRAPHQL else {"method": "DELETE"}
    set_faults(job.client, {**mutation, "action": "status", "status": 400})
    found = job.run()
    assert outcomes(found) == {"d1": "not_deleted", "d2": "not_deleted"}
    assert all("400" in message for message in messages(found).values())


def test_a_deletion_that_has_to_wait_is_asked_for_again() -> None:
    job = Job("rest alone", named("d1", "k1"))
    set_faults(job.client, {"method": "DELETE", "first": 1, "action": "status", "status": 429})
    assert (outcomes(job.run()), job.left) == ({"d1": "deleted"}, ["k1"])


def test_a_tag_that_is_gone_when_it_is_asked_for_again_was_deleted() -> None:
    """The first answer was lost, so that nobody can tell who deleted it."""
    job = Job("rest alone", named("d1", "k1"))
    gone = {"remove_tag": {"repository": PATH, "name": "d1"}}
    set_faults(
        job.client,
        {"method": "DELETE", "first": 1, "action": "reset_before"},
        {"method": "DELETE", "nth": 2, "action": "mutate", "when": "before", **gone},
        {"method": "DELETE", "nth": 2, "action": "status", "status": 404},
    )
    assert outcomes(job.run()) == {"d1": "deleted"}


class Unguarded(Job):
    """The digests of tags that are to be deleted are not known."""

    def decision(self, tag: Tag) -> Decision:
        return super().decision(Tag(tag.name))


@pytest.mark.parametrize(("action", "outcome"), [("reset_before", "not_deleted"), ("reset_after", "deleted")])
@pytest.mark.parametrize("read_method", ["graphql", "rest"])
def test_a_tag_without_a_digest_is_asked_for_once(read_method: str, action: str, outcome: str) -> None:
    """It can't be told whether it is still the same."""
    job = Unguarded(read_method, named("d1", "k1"))
    mutation = {"body": "destroyContainerRepositoryTags"} if job.method is GRAPHQL else {"method": "DELETE"}
    set_faults(job.client, {**mutation, "first": 1, "action": action})
    assert outcomes(job.run()) == {"d1": outcome}
    assert [event["event"] for event in job.events] == ["delete_requested", "outcome"]


@pytest.mark.parametrize("read_method", ["rest, confirmed", "rest alone"])
def test_only_the_registry_itself_proves_that_the_last_tag_is_gone(read_method: str) -> None:
    job = Job(read_method, named("d1"), mode="M2")
    found = job.run()
    assert outcomes(found) == {"d1": "deleted" if read_method == "rest, confirmed" else "unverified"}
    assert (found.ok, job.left) == (True, [])


def test_a_403_may_be_a_protection() -> None:
    job = Job("rest alone", named("d1", "k1"))
    set_faults(job.client, {"method": "DELETE", "action": "status", "status": 403})
    found = job.run()
    assert outcomes(found) == {"d1": "not_deleted"}
    assert messages(found) == {"d1": "GitLab answered 403: it is protected, or the token may not delete it"}


def test_after_a_401_nothing_more_is_tried() -> None:
    job = Job("rest alone", named("d1", "d2", "k1"))
    set_faults(job.client, {"method": "DELETE", "action": "status", "status": 401})
    found = job.run()
    assert set(outcomes(found).values()) == {"not_tried"}
    assert job.left == ["d1", "d2", "k1"]
    assert len([request for request in job.client.requests if request.startswith("DELETE")]) == 1


@pytest.mark.parametrize("read_method", ["graphql", "rest", "registry"])
def test_what_can_not_be_read_again_is_not_tried(read_method: str) -> None:
    job = Job(read_method, named("d1", "k1"))
    set_faults(job.client, {"path": "graphql|tags/d1|manifests/d1", "action": "status", "status": 400})
    found = job.run()
    assert outcomes(found) == {"d1": "not_tried"}
    assert job.left == ["d1", "k1"]
    assert not job.events[:-1]


def test_a_tag_that_comes_back_is_told() -> None:
    job = Job("graphql", named("d1", "k1"))
    push = {"set_tag": {"repository": PATH, "name": "d1", "image": "new"}}
    set_faults(job.client, {"body": "destroyContainerRepositoryTags", "action": "mutate", "when": "after", **push})
    found = job.run()
    assert outcomes(found) == {"d1": "recreated"}
    assert not found.ok


def test_without_a_listing_afterwards_nothing_is_said_to_be_deleted() -> None:
    job = Job("graphql", named("d1", "k1"))
    set_faults(job.client, {"method": "GET", "path": "/tags$", "action": "status", "status": 400})
    found = job.run()
    assert outcomes(found) == {"d1": "unverified"}
    assert (found.remaining, found.ok) == (None, True)


def test_a_registry_that_deletes_by_digest_is_stopped_after_the_first_tag() -> None:
    tags = [{"name": name, "image": "shared"} for name in ("d1", "d2", "d3", "k1")]
    job = Job("rest alone", [*tags, {"name": "k2"}], mode="M3", registry={"deletes": "by_digest"})
    found = job.run()
    assert [name for name, outcome in outcomes(found).items() if outcome == "not_tried"]
    assert found.stopped == (
        "after team/app/r0:d1 was deleted the kept tag k1 of the same digest no longer exists: this registry seems to "
        "delete by "
        "digest, or somebody else deleted it"
    )
    assert not found.ok
    deletions = [request for request in job.client.requests if request.startswith("DELETE")]
    assert len(deletions) == 1


def test_a_registry_that_deletes_by_name_goes_on_with_tags_of_a_shared_digest() -> None:
    tags = [{"name": name, "image": "shared"} for name in ("d1", "d2", "d3", "k1")]
    job = Job("rest alone", tags, mode="M2")
    found = job.run()
    assert set(outcomes(found).values()) == {"deleted"}
    assert (found.ok, job.left) == (True, ["k1"])
    # The sibling is looked at once, after the first of its tags went alone.
    sibling = "GET /api/v4/projects/1/registry/repositories/100/tags/k1"
    assert job.client.requests.count(sibling) == 1


class Undated(Job):
    """Of tags that stay the names are known, and no digests, as where names alone decide."""

    def decision(self, tag: Tag) -> Decision:
        found = super().decision(tag)
        return found if found.delete else found._replace(tag=Tag(tag.name))


def sharing_job(count: int) -> Undated:
    """A registry that deletes by digest, and a tag that stays of which nobody knows that it is the image of d00."""
    tags = [{"name": f"d{number:02}", "image": str(number)} for number in range(count)]
    return Undated(
        "rest alone",
        [*tags, {"name": "k1", "image": "0"}, {"name": "k2"}],
        mode="M3",
        registry={"deletes": "by_digest"},
    )


def test_kept_tags_that_vanish_stop_it_after_the_first_tag() -> None:
    job = sharing_job(25)
    found = job.run()
    assert found.stopped == (
        "kept tags of team/app/r0 vanished while others were deleted (k1): this registry may delete by digest, or "
        "somebody else deleted them"
    )
    assert [tag.name for tag in found.tags if tag.outcome is not TagOutcome.NOT_TRIED] == ["d00"]


LISTING = {"path": "/tags(/list)?$", "method": "GET", "action": "unlist"}


@pytest.mark.parametrize("count", [1, 25])
def test_kept_tags_that_one_listing_lacks_are_not_gone(count: int) -> None:
    tags = [{"name": f"d{number:02}", "image": str(number)} for number in range(count)]
    job = Undated("rest alone", [*tags, {"name": "k1"}, {"name": "k2"}], mode="M3")
    set_faults(job.client, {**LISTING, "names": ["k1", "k2"], "first": 1})
    found = job.run()
    assert (found.stopped, found.remaining) == ("", 2)
    assert set(outcomes(found).values()) == {"deleted"}


@pytest.mark.parametrize("read_method", ["rest alone", "rest, confirmed", "rest, read in the registry"])
def test_a_tag_that_one_listing_lacks_is_not_said_to_be_gone(read_method: str) -> None:
    """Its deletion was refused, and only its absence would say that it is deleted all the same."""
    job = Job(read_method, named("d1", "d2", "k1"), mode="M2")
    refused = {"method": "DELETE", "path": "/d2$", "action": "status", "status": 400}
    set_faults(job.client, refused, {**LISTING, "names": ["d2"], "first": 1})
    assert outcomes(job.run()) == {"d1": "deleted", "d2": "not_deleted"}


@pytest.mark.parametrize("read_method", ["graphql without a database", "rest, confirmed", "rest, read in the registry"])
def test_a_signature_stays_though_one_listing_lacks_the_tag_of_its_image(read_method: str) -> None:
    signature = "sha256-" + "5" * 64 + ".sig"
    shared = "sha256:" + "5" * 64
    job = Job(read_method, [{"name": "d1", "digest": shared}, {"name": "k1"}, {"name": "k2"}, {"name": signature}])
    [part] = job.plan.repositories
    decisions = [
        each._replace(delete=True, depth=1, reason=Reason.WITH_SUBJECT) if each.tag.name == signature else each
        for each in part.decisions
    ]
    job.plan = Plan((RepositoryPlan(part.repository, decisions=tuple(decisions)),))
    edit(job.client, set_tag={"repository": PATH, "name": "k1", "digest": shared})
    set_faults(job.client, {**LISTING, "names": ["k1"], "first": 1})
    assert outcomes(job.run())[signature] == "changed_since"
    assert signature in job.left


def test_what_nobody_may_read_again_is_believed_to_be_gone() -> None:
    job = sharing_job(25)
    set_faults(job.client, {"path": "/tags$", "method": "GET", "nth": 2, "action": "status", "status": 400})
    assert "vanished while others were deleted (k1)" in job.run().stopped


def test_where_a_database_lists_nothing_is_listed_twice() -> None:
    job = Job("graphql", named("d1", "k1", "k2"))
    gone = {"remove_tag": {"repository": PATH, "name": "k1"}}
    set_faults(job.client, {"body": "destroyContainerRepositoryTags", "action": "mutate", "when": "after", **gone})
    assert outcomes(job.run()) == {"d1": "deleted"}
    assert sum(request.endswith("/tags") for request in job.client.requests) == 1


def test_kept_tags_that_vanish_are_seen_at_the_end() -> None:
    found = sharing_job(1).run()
    assert set(outcomes(found).values()) == {"deleted"}
    assert found.stopped.startswith("kept tags of team/app/r0 vanished while others were deleted (k1)")
    assert not found.ok


def test_what_stops_one_repository_stops_all_of_its_host() -> None:
    jobs = [sharing_job(2), sharing_job(2)]
    found = jobs[0].run()
    assert found.stopped
    way = deletion_way(jobs[1].reader, REST)
    other = delete(jobs[1].reader, jobs[1].plan, way, jobs[0].host)
    assert set(outcomes(other).values()) == {"not_tried"}


def test_before_a_database_tags_that_vanish_are_somebody_elses_work() -> None:
    job = Job("graphql", named("d1", "k1", "k2"))
    edit(job.client, remove_tag={"repository": PATH, "name": "k1"})
    assert job.run().stopped == ""


def test_a_sibling_that_can_not_be_looked_at_stops_it() -> None:
    tags = [{"name": name, "image": "shared"} for name in ("d1", "d2", "k1")]
    job = Job("rest alone", tags, mode="M2")
    set_faults(job.client, {"path": "tags/k1", "action": "status", "status": 503})
    found = job.run()
    assert outcomes(found) == {"d1": "deleted", "d2": "not_tried"}
    assert "its sibling k1 could not be read" in found.stopped


def test_before_a_database_no_sibling_has_to_be_looked_at() -> None:
    tags = [{"name": name, "image": "shared"} for name in ("d1", "d2", "k1")]
    job = Job("graphql", tags)
    assert set(outcomes(job.run()).values()) == {"deleted"}
    # The batch is read again and deleted, and the repository listed.
    assert len(job.client.requests) == 3


def test_another_image_in_the_registry_itself_is_left() -> None:
    """GitLab still shows the planned image, as a cache does, and the registry has another one."""
    job = Job("registry of a database", named("d1", "d2", "k1"))
    other = {"repository": PATH, "name": "d1", "image": "another"}
    set_faults(job.client, {"path": "/v2/", "action": "mutate", "when": "before", "set_tag": other})
    found = job.run()
    assert outcomes(found) == {"d1": "changed_since", "d2": "deleted"}
    assert messages(found) == {"d1": "the registry itself has another image under this name"}


class Signed(Job):
    """Signatures go after their images."""

    def decision(self, tag: Tag) -> Decision:
        if not tag.name.endswith(".sig"):
            return super().decision(tag)
        return Decision(tag, delete=True, reason=Reason.WITH_SUBJECT, depth=1)


SIGNATURE = "sha256-" + "a" * 64 + ".sig"


def signed_job() -> Signed:
    return Signed("graphql", [{"name": "d1", "digest": "sha256:" + "a" * 64}, *named("k1", SIGNATURE)])


def test_a_signature_goes_after_its_image() -> None:
    job = signed_job()
    found = job.run()
    assert (set(outcomes(found).values()), job.left) == ({"deleted"}, ["k1"])
    assert [event["name"] for event in job.events if event["event"] == "delete_requested"][0] == "d1"


def test_a_signature_stays_with_an_image_that_changed() -> None:
    job = signed_job()
    edit(job.client, set_tag={"repository": PATH, "name": "d1", "image": "another"})
    found = job.run()
    assert set(outcomes(found).values()) == {"changed_since"}
    assert "it belongs to d1, which is kept" in messages(found).values()


@pytest.mark.parametrize(("recent", "looks"), [(1.0, 1), (-1.0, 3)])
def test_batches_share_a_look_at_what_is_left_for_a_moment(
    monkeypatch: pytest.MonkeyPatch, recent: float, looks: int
) -> None:
    """Three batches of signatures; the clock stands still."""
    monkeypatch.setattr(recent_check, "_RECENT", recent)
    images = [{"name": f"d{number:02}", "digest": f"sha256:{number:064x}"} for number in range(45)]
    signatures = named(*(f"sha256-{number:064x}.sig" for number in range(45)))
    job = Signed("graphql", [*images, *signatures, *named("k1")])
    found = job.run()
    assert (set(outcomes(found).values()), job.left) == ({"deleted"}, ["k1"])
    listings = [request for request in job.client.requests if request.endswith("/tags")]
    assert len(listings) == looks + 1


def test_a_look_before_one_step_is_none_before_the_next() -> None:
    """What belongs to an image is deleted after it, by a look at what is left then."""
    inner, outer = "sha256-" + "a" * 64 + ".sig", "sha256-" + "b" * 64 + ".sig"
    tags = [
        {"name": "d1", "digest": "sha256:" + "a" * 64},
        {"name": inner, "digest": "sha256:" + "b" * 64},
        *named(outer, "k1"),
    ]

    class Chain(Signed):
        def decision(self, tag: Tag) -> Decision:
            found = super().decision(tag)
            return found._replace(depth=2) if tag.name == outer else found

    job = Chain("graphql", tags)
    assert (set(outcomes(job.run()).values()), job.left) == ({"deleted"}, ["k1"])


def test_what_can_not_be_noted_is_not_asked_for() -> None:
    job = Job("graphql", named("d1", "k1"))

    def full(*_events: Mapping[str, Any]) -> None:
        raise JournalError("the disk is full")

    found = job.run(full)
    assert outcomes(found) == {"d1": "not_tried"}
    assert messages(found) == {"d1": "Could not write to the journal: the disk is full."}
    assert job.left == ["d1", "k1"]


def test_the_first_reason_to_stop_counts() -> None:
    host = RegistryHost(deletes_by_name=True)
    host.stop("one")
    host.stop("two")
    assert host.stopped == "one"


def test_results_come_in_the_order_of_the_plan() -> None:
    job = Job("graphql", named(*(f"d{number:02}" for number in range(45)), "k"))
    found = job.run()
    assert [tag.name for tag in found.tags] == [f"d{number:02}" for number in range(45)]
    assert {tag.outcome for tag in found.tags} == {TagOutcome.DELETED}
    # Three batches that are read again and deleted, and a listing.
    assert len(job.client.requests) == 3 * 2 + 1


def test_a_signature_stays_with_a_kept_tag_that_was_moved_onto_its_image() -> None:
    job = signed_job()
    moved = {"repository": PATH, "name": "k1", "digest": "sha256:" + "a" * 64}
    set_faults(job.client, {"body": "destroyContainerRepositoryTags", "action": "mutate", "set_tag": moved})
    found = job.run()
    assert outcomes(found) == {"d1": "deleted", SIGNATURE: "changed_since"}
    assert job.left == ["k1", SIGNATURE]
    # Both tags that are left are looked at with one request.
    assert len([request for request in job.client.requests if "graphql" in request]) == 3


@pytest.mark.parametrize("read_method", ["rest", "rest alone", "registry", "registry of a database"])
def test_each_tag_is_looked_at_right_before_its_own_deletion(read_method: str) -> None:
    """What is pushed after the first tag was deleted is seen before the second one would be."""
    job = Job(read_method, named("d1", "d2", "d3", "k1"))
    pushed = {"repository": PATH, "name": "d3", "image": "another"}
    set_faults(job.client, {"method": "DELETE", "first": 1, "action": "mutate", "set_tag": pushed})
    assert outcomes(job.run()) == {"d1": "deleted", "d2": "deleted", "d3": "changed_since"}
    assert job.left == ["d3", "k1"]


def test_a_batch_that_had_to_wait_is_looked_at_again() -> None:
    job = Job("graphql", named("d1", "d2", "k1"))
    mutation = {"body": "destroyContainerRepositoryTags", "first": 1}
    pushed = {"repository": PATH, "name": "d1", "image": "another"}
    set_faults(
        job.client,
        {**mutation, "action": "mutate", "set_tag": pushed},
        {**mutation, "action": "status", "status": 429, "headers": {"Retry-After": "60"}},
    )
    assert outcomes(job.run()) == {"d1": "changed_since", "d2": "deleted"}
    assert job.left == ["d1", "k1"]


@pytest.mark.parametrize("seconds", [1.0, 60.0])
@pytest.mark.parametrize("read_method", ["rest alone", "graphql", "registry"])
def test_a_pause_after_the_look_is_followed_by_another_look(
    monkeypatch: pytest.MonkeyPatch, read_method: str, seconds: float
) -> None:
    """Another thread's requests were refused as too many meanwhile, and somebody pushes while all wait."""
    job = Job(read_method, named("d1", "k1"))
    limiter = job.client._limiter
    looked: list[str] = []
    send = Simulated._try

    def look(client: Simulated, request: Any) -> Any:
        found = send(client, request)
        if request.reads and not looked and "token" not in request.path and "/jwt" not in request.path:
            looked.append(request.path)
            limiter.pause(request.path, seconds)
            if seconds > 3.0:
                edit(job.client, set_tag={"repository": PATH, "name": "d1", "image": "new"})
        return found

    monkeypatch.setattr(Simulated, "_try", look)
    found = job.run()
    assert looked
    assert outcomes(found) == {"d1": "deleted" if seconds < 3.0 else "changed_since"}


@pytest.mark.parametrize("read_method", ["graphql", "rest alone", "registry"])
def test_what_another_thread_stopped_during_the_look_is_not_deleted(
    monkeypatch: pytest.MonkeyPatch, read_method: str
) -> None:
    job = Job(read_method, named("d1", "d2", "k1"))
    look = RepositoryDeletion._unchanged

    def looks(part: RepositoryDeletion, batch: list[Decision]) -> list[Decision]:
        found = look(part, batch)
        job.host.stop("a kept tag is gone")
        return found

    monkeypatch.setattr(RepositoryDeletion, "_unchanged", looks)
    found = job.run()
    assert outcomes(found) == dict.fromkeys(("d1", "d2"), "not_tried")
    assert messages(found) == dict.fromkeys(("d1", "d2"), "a kept tag is gone")
    assert (job.left, job.events[0]["event"]) == (["d1", "d2", "k1"], "outcome")


@pytest.mark.parametrize("status", [200, 202])
def test_a_page_in_place_of_gitlabs_answer_deletes_nothing(status: int) -> None:
    """A proxy wants a sign-in, and answers as if all were well."""
    job = Job("rest alone", named("d1", "k1"))
    set_faults(job.client, {"method": "DELETE", "action": "html", "status": status})
    found = job.run()
    assert (outcomes(found), found.ok) == ({"d1": "not_deleted"}, False)
    assert job.left == ["d1", "k1"]
    assert "page" in messages(found)["d1"]


def test_the_registrys_token_is_there_before_the_look() -> None:
    job = Job("registry", named("d1", "k1"))
    job.client.requests.clear()
    job.run()
    sent = [request.split("?")[0] for request in job.client.requests]
    assert sent[:3] == ["GET /jwt/auth", f"HEAD /v2/{PATH}/manifests/d1", f"DELETE /v2/{PATH}/manifests/d1"]


@pytest.mark.parametrize("read_method", ["rest alone", "graphql without a database"])
def test_what_this_run_may_have_overwritten_is_not_said_to_be_somebody_elses(read_method: str) -> None:
    """GitLab overwrites a tag to delete it, and the registry refuses the rest."""
    job = Job(read_method, named("d1", "k1"), mode="M3", registry={"deletes": "refused_after_overwrite"})
    mutation = {"body": "destroyContainerRepositoryTags"} if job.method is GRAPHQL else {"method": "DELETE"}
    set_faults(job.client, {**mutation, "first": 1, "action": "reset_after"})
    found = job.run()
    assert (outcomes(found), found.ok) == ({"d1": "not_deleted"}, False)
    assert "this deletion may have overwritten it" in messages(found)["d1"]


def test_a_tag_that_was_asked_for_is_never_said_not_to_be_tried() -> None:
    """A gateway loses the answer, and then the token is no good any more."""
    job = Job("rest alone", named("d1", "k1"))
    set_faults(
        job.client,
        {"method": "DELETE", "first": 1, "action": "reset_before"},
        {"method": "DELETE", "nth": 2, "action": "status", "status": 401},
    )
    assert outcomes(job.run()) == {"d1": "not_deleted"}


@pytest.mark.parametrize("action", ["reset_after", "reset_before"])
def test_a_journal_that_fails_after_a_lost_answer_hides_nothing(action: str) -> None:
    job = Job("graphql", named("d1", "k1"))
    set_faults(job.client, {"body": "destroyContainerRepositoryTags", "first": 1, "action": action})
    written: list[Mapping[str, Any]] = []

    def once(*events: Mapping[str, Any]) -> None:
        if written:
            raise JournalError("the disk is full")
        written.extend(events)

    assert outcomes(job.run(once)) == {"d1": "deleted" if action == "reset_after" else "not_deleted"}


def test_a_project_in_which_nothing_may_be_deleted_is_left_after_the_first_refusal() -> None:
    tags = named(*(f"d{number:02}" for number in range(45)), "k")
    job = Job("graphql", tags, groups=[{"id": 10, "path": "team", "members": {"ops": "reporter"}}])
    found = job.run()
    counts = found.counts()
    assert (counts["not_deleted"], counts["not_tried"], found.stopped) == (20, 25, "")
    assert len([request for request in job.client.requests if "graphql" in request]) == 2


@pytest.mark.parametrize("read_method", ["graphql", "rest", "rest alone"])
def test_a_token_that_may_only_read_ends_it_at_the_first_refusal(read_method: str) -> None:
    token = {"token": TOKEN, "user": "ops", "scopes": ["read_api"]}
    job = Job(read_method, named("d1", "d2", "k1"), tokens=[token])
    found = job.run()
    assert found.stopped == "the token has the scope read_api and may only read: deleting needs the scope api"
    assert not {"deleted", "unverified"} & set(outcomes(found).values())
    assert job.left == ["d1", "d2", "k1"]


def members(role: str) -> list[dict[str, Any]]:
    return [{"id": 10, "path": "team", "members": {"ops": role}}]


def test_a_role_that_is_too_low_ends_the_project_at_the_first_refusal() -> None:
    job = Job("rest alone", named("d1", "d2", "d3", "k1"), groups=members("reporter"))
    found = job.run()
    assert outcomes(found) == {"d1": "not_deleted", "d2": "not_tried", "d3": "not_tried"}
    assert (
        "no role for the token in project team/app that may delete tags: it needs at least Developer"
        in (messages(found)["d2"])
    )
    assert sum(request.startswith("DELETE") for request in job.client.requests) == 1
    assert job.client.requests.count("GET /api/v4/projects/1") == 1


def test_a_protected_tag_ends_nothing() -> None:
    """GitLab answers alike; what the role is worth is asked once."""
    job = Job("rest alone", named("d1", "d2", "d3", "k1"), groups=members("developer"))
    refused = {"method": "DELETE", "path": "/d[12]$", "action": "status", "status": 403}
    set_faults(job.client, refused)
    assert outcomes(job.run()) == {"d1": "not_deleted", "d2": "not_deleted", "d3": "deleted"}
    assert job.client.requests.count("GET /api/v4/projects/1") == 1


def test_a_role_that_may_come_by_a_share_is_not_judged() -> None:
    projects = [{"id": 1, "path": "team/app", "shared_with": ["other"]}]
    groups = [*members("reporter"), {"id": 11, "path": "other", "members": {"ops": "developer"}}]
    job = Job("rest alone", named("d1", "d2", "k1"), groups=groups, projects=projects)
    set_faults(job.client, {"method": "DELETE", "path": "/d1$", "action": "status", "status": 403})
    assert outcomes(job.run()) == {"d1": "not_deleted", "d2": "deleted"}
