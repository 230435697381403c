# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What happens between the plan and its end: others push and delete, servers fail, and the account stays truthful."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.driver import Ansible
from tests.integration.scenarios import days_ago, repository, server, tag
from tests.simulator.harness import Simulator

CLEANUP = "registry_cleanup"
ORDER: dict[str, Any] = {
    "project": "team/app",
    "name_regex_delete": "dev-.*",
    "older_than": "30d",
    "retries": 1,
    "read_via": "graphql",
}
TAGS = [tag("dev-1", 90), tag("dev-2", 80), tag("dev-3", 70), tag("v1", 1)]
DESTROY = {"path": "/api/graphql", "body": "destroyContainerRepositoryTags"}
GUARD = {"path": "/api/graphql", "body": "first: 1,"}
LISTING = {"method": "GET", "path": "/tags$", "query": "per_page=1000"}


def one(tags: list[dict[str, Any]], mode: str = "M1", **changes: Any) -> dict[str, Any]:
    return server([repository(100, "team/app", "", tags)], mode=mode, **changes)


def names(task: Any, outcome: str) -> list[str]:
    return [row["name"] for row in task.result["outcome"][outcome]]


def test_a_tag_that_others_deleted_is_already_gone(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(one(TAGS))
    gone = {"repository": "team/app", "name": "dev-2"}
    simulator.faults(
        [{"path": "/api/graphql", "body": "first: 1,", "first": 1, "action": "mutate", "remove_tag": gone}]
    )
    run = ansible.module(CLEANUP, ORDER)
    assert run.status == "ok", run.message
    assert names(run, "already_gone") == ["dev-2"]
    assert names(run, "deleted") == ["dev-1", "dev-3"]


def test_what_happens_to_one_of_many_meanwhile_is_seen(ansible: Ansible, simulator: Simulator) -> None:
    """Tags that were listed next to each other are looked at on one page, which what comes and goes moves on."""
    simulator.load(one([*(tag(f"dev-{number:02}", 90) for number in range(25)), tag("v1", 1)]))
    meanwhile = {
        "add_tag": [
            {"repository": "team/app", "name": f"dev-00-hotfix{number}", "created_at": days_ago(0)} for number in (1, 2)
        ],
        "remove_tag": {"repository": "team/app", "name": "dev-03"},
        "set_tag": {
            "repository": "team/app",
            "name": "dev-05",
            "digest": "sha256:" + "c" * 64,
            "updated_at": days_ago(0),
        },
    }
    page = {"path": "/api/graphql", "body": "first: 20,.*name digest publishedAt protection"}
    simulator.faults([{**page, "first": 1, "action": "mutate", **meanwhile}])
    run = ansible.module(CLEANUP, ORDER)
    assert run.status == "ok", run.message
    assert names(run, "already_gone") == ["dev-03"]
    assert names(run, "changed_since") == ["dev-05"]
    assert run.result["outcome"]["counts"]["deleted"] == 23
    assert simulator.state()["team/app"] == ["dev-00-hotfix1", "dev-00-hotfix2", "dev-05", "v1"]


def test_a_page_of_many_that_fails_leaves_them_all(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(one([*(tag(f"dev-{number:02}", 90) for number in range(5)), tag("v1", 1)]))
    page = {"path": "/api/graphql", "body": "name digest publishedAt protection"}
    simulator.faults([{**page, "action": "status", "status": 500}])
    run = ansible.module(CLEANUP, ORDER)
    assert run.failed
    assert run.result["outcome"]["counts"]["not_tried"] == 5
    assert len(simulator.state()["team/app"]) == 6
    assert simulator.counters()["mutations"] == 0


def test_a_tag_that_is_there_again_afterwards_is_told(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(one(TAGS))
    fresh = {"repository": "team/app", "name": "dev-2", "digest": "sha256:" + "d" * 64, "created_at": days_ago(0)}
    simulator.faults([{**LISTING, "first": 1, "action": "mutate", "add_tag": fresh}])
    run = ansible.module(CLEANUP, ORDER)
    assert run.failed
    assert run.result["result"] == "partial"
    assert names(run, "recreated") == ["dev-2"]
    assert "1 recreated" in run.message
    assert simulator.state()["team/app"] == ["dev-2", "v1"]


def test_a_tag_that_was_protected_meanwhile_stays(ansible: Ansible, simulator: Simulator) -> None:
    scenario = one(TAGS)
    simulator.load(scenario)
    answer = {
        "data": {
            f"r{number}": {
                "tags": {
                    "nodes": [
                        {
                            "name": f"dev-{number + 1}",
                            "digest": row["digest"],
                            "publishedAt": row["published_at"],
                            "protection": {"minimumAccessLevelForDelete": "OWNER"} if number == 0 else None,
                        }
                    ],
                    "pageInfo": {"hasNextPage": True, "endCursor": f"dev-{number + 1}"},
                }
            }
            for number, row in enumerate(_details(ansible))
        }
    }
    simulator.faults([{"path": "/api/graphql", "body": "first: 1,", "action": "json", "json": answer}])
    run = ansible.module(CLEANUP, ORDER)
    assert names(run, "changed_since") == ["dev-1"]
    assert "protected" in run.result["outcome"]["changed_since"][0]["message"]
    assert names(run, "deleted") == ["dev-2", "dev-3"]


def _details(ansible: Ansible) -> list[dict[str, Any]]:
    """Digest and push of the three tags, as the server tells them."""
    found = ansible.module("registry_info", {"project": "team/app", "tag_names": ["dev-1", "dev-2", "dev-3"]})
    tags: list[dict[str, Any]] = found.result["repositories"][0]["tags"]
    return tags


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_a_listing_that_fails_afterwards_leaves_the_deletion_unverified(
    ansible: Ansible, simulator: Simulator, mode: str
) -> None:
    simulator.load(one(TAGS, mode))
    # Once it is asked for the deletion, the registry answers no listing any more.
    simulator.faults(
        [
            {
                **DESTROY,
                "action": "mutate",
                "when": "after",
                "set_repository": {"repository": "team/app", "registry_state": "error"},
            }
        ]
    )
    run = ansible.module(CLEANUP, ORDER)
    assert run.status == "ok", run.message
    assert names(run, "unverified") == ["dev-1", "dev-2", "dev-3"]
    assert run.result["outcome"]["remaining"] is None
    assert "no complete listing shows it" in " ".join(run.result["warnings"])


def test_a_registry_that_deletes_by_digest_is_noticed_at_the_first_tag(ansible: Ansible, simulator: Simulator) -> None:
    shared = "sha256:" + "5" * 64
    tags = [
        tag("dev-1", 90, digest=shared),
        tag("dev-2", 80),
        tag("dev-3", 70, digest=shared),
        tag("dev-new", 1, digest=shared),
        tag("v1", 1),
    ]
    simulator.load(one(tags, "M2"))
    lost = {"repository": "team/app", "name": "dev-new"}
    simulator.faults([{**DESTROY, "first": 1, "action": "mutate", "remove_tag": lost}])
    run = ansible.module(CLEANUP, ORDER)
    assert run.failed
    assert run.result["result"] == "partial"
    assert "delete by digest" in run.message
    assert "delete by digest" in run.result["outcome"]["stopped"]
    assert names(run, "deleted") == ["dev-1"]
    assert names(run, "not_tried") == ["dev-2", "dev-3"]
    assert simulator.state()["team/app"] == ["dev-2", "dev-3", "v1"]


def test_kept_tags_of_unknown_digest_that_vanish_stop_everything(ansible: Ansible, simulator: Simulator) -> None:
    tags = [tag(f"dev-{number:02}", 90 - number) for number in range(50)] + [tag("stable", 200), tag("v1", 1)]
    simulator.load(one(tags, "M2"))
    lost = {"repository": "team/app", "name": "stable"}
    simulator.faults([{**DESTROY, "first": 1, "action": "mutate", "remove_tag": lost}])
    run = ansible.module(CLEANUP, ORDER)
    assert run.failed
    assert "stable" in run.message
    assert run.result["outcome"]["counts"]["deleted"] == 20
    assert run.result["outcome"]["counts"]["not_tried"] == 30


def test_siblings_of_a_kept_tag_are_deleted_where_the_registry_deletes_by_name(
    ansible: Ansible, simulator: Simulator
) -> None:
    shared = "sha256:" + "5" * 64
    tags = [
        tag("dev-1", 90, digest=shared),
        tag("dev-2", 80, digest=shared),
        tag("dev-9", 1, digest=shared),
        tag("v1", 1),
    ]
    simulator.load(one(tags, "M2"))
    run = ansible.module(CLEANUP, ORDER)
    assert run.status == "ok", run.message
    assert simulator.state()["team/app"] == ["dev-9", "v1"]
    # The first tag of the shared image goes alone.
    assert simulator.counters()["mutations"] == 2


def test_the_first_401_stops_everything(ansible: Ansible, simulator: Simulator) -> None:
    repositories = [repository(100 + number, "team/app", f"r{number}", TAGS) for number in range(6)]
    simulator.load(server(repositories))
    simulator.faults([{**DESTROY, "action": "status", "status": 401, "json": {"message": "401 Unauthorized"}}])
    run = ansible.module(CLEANUP, {**ORDER, "concurrency": 1})
    assert run.failed
    assert simulator.counters()["mutations"] == 1
    counts = run.result["outcome"]["counts"]
    assert counts["not_tried"] == 18
    assert "401" in run.message


def test_a_refused_mutation_deletes_nothing_and_is_told(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(one(TAGS))
    run = ansible.module(CLEANUP, {**ORDER, "api_token": "glpat-reader"})
    assert run.failed
    assert names(run, "not_deleted") == ["dev-1", "dev-2", "dev-3"]
    assert "permission" in run.message
    assert len(simulator.state()["team/app"]) == 4


def test_rest_403_for_a_tag_that_is_gone_is_no_failure(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(one(TAGS))
    gone = {"repository": "team/app", "name": "dev-2"}
    simulator.faults([{"method": "DELETE", "path": "/tags/dev-2$", "first": 1, "action": "mutate", "remove_tag": gone}])
    run = ansible.module(CLEANUP, {**ORDER, "delete_via": "rest"})
    assert run.status == "ok", run.message
    assert names(run, "already_gone") == ["dev-2"]


def test_rest_403_for_a_protected_tag_is_a_failure_of_that_tag_alone(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(one(TAGS))
    refusal = {"action": "status", "status": 403, "json": {"message": "403 Forbidden"}}
    simulator.faults([{"method": "DELETE", "path": "/tags/dev-2$", **refusal}])
    run = ansible.module(CLEANUP, {**ORDER, "delete_via": "rest"})
    assert run.failed
    assert names(run, "not_deleted") == ["dev-2"]
    assert names(run, "deleted") == ["dev-1", "dev-3"]


def test_a_new_tag_in_front_of_a_planned_one_does_not_hide_it(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(one(TAGS))
    fresh = {"repository": "team/app", "name": "dev-1x", "created_at": days_ago(0)}
    simulator.faults([{"path": "/api/graphql", "body": "first: 1,", "first": 1, "action": "mutate", "add_tag": fresh}])
    run = ansible.module(CLEANUP, ORDER)
    assert run.status == "ok", run.message
    assert names(run, "deleted") == ["dev-1", "dev-2", "dev-3"]
    assert simulator.state()["team/app"] == ["dev-1x", "v1"]


def test_a_lost_answer_that_can_not_be_looked_into_is_judged_by_the_listing(
    ansible: Ansible, simulator: Simulator
) -> None:
    simulator.load(one(TAGS))
    simulator.faults([{**DESTROY, "action": "reset_after"}, {**GUARD, "nth": 2, "action": "status", "status": 500}])
    run = ansible.module(CLEANUP, ORDER)
    assert run.status == "ok", run.message
    assert names(run, "deleted") == ["dev-1", "dev-2", "dev-3"]
    assert simulator.counters()["mutations"] == 1


def test_a_lost_answer_without_effect_that_can_not_be_looked_into_is_a_failure(
    ansible: Ansible, simulator: Simulator
) -> None:
    simulator.load(one(TAGS))
    simulator.faults([{**DESTROY, "action": "reset_before"}, {**GUARD, "nth": 2, "action": "status", "status": 500}])
    run = ansible.module(CLEANUP, ORDER)
    assert run.failed
    assert names(run, "not_deleted") == ["dev-1", "dev-2", "dev-3"]
    assert "the answer was lost" in run.message


def test_unguarded_tags_are_asked_for_once_when_the_answer_is_lost(ansible: Ansible, simulator: Simulator) -> None:
    index = {"media_type": "application/vnd.oci.image.index.v1+json", "config": False}
    simulator.load(one([tag("dev-1", 90, **index), tag("v1", 1)], "M2"))
    simulator.faults([{**DESTROY, "action": "reset_before"}])
    order = {**ORDER, "require_digest": False, "retries": 3}
    del order["older_than"]
    run = ansible.module(CLEANUP, order)
    assert run.failed
    assert names(run, "not_deleted") == ["dev-1"]
    assert simulator.counters()["mutations"] == 1


def test_a_shared_digest_is_proven_by_a_deletion_and_not_by_a_tag_that_changed(
    ansible: Ansible, simulator: Simulator
) -> None:
    shared = "sha256:" + "5" * 64
    tags = [
        tag("dev-1", 90, digest=shared),
        tag("dev-2", 80),
        tag("dev-3", 70, digest=shared),
        tag("dev-4", 60, digest=shared),
        tag("dev-5", 50),
        tag("dev-9", 1, digest=shared),
        tag("v1", 1),
    ]
    simulator.load(one(tags, "M2"))
    moved = {"repository": "team/app", "name": "dev-1", "digest": "sha256:" + "6" * 64}
    simulator.faults([{"method": "GET", "path": "/tags/dev-1$", "first": 1, "action": "mutate", "set_tag": moved}])
    run = ansible.module(CLEANUP, ORDER)
    assert run.status == "ok", run.message
    assert names(run, "changed_since") == ["dev-1"]
    # dev-2; then dev-3, which is the first of its image to go; then the others together.
    assert simulator.counters()["mutations"] == 3
    assert simulator.state()["team/app"] == ["dev-1", "dev-9", "v1"]


def test_what_can_not_be_noted_is_not_deleted(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(one(TAGS))
    run = ansible.module(CLEANUP, {**ORDER, "journal_path": "/dev/full"})
    assert run.failed
    assert "can't be written any more" in run.message
    assert run.result["changed"] is False
    assert simulator.counters()["mutations"] == 0
    assert len(simulator.state()["team/app"]) == 4
