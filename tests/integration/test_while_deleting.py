# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What happens between the plan and its end: others push and delete, servers fail, and the account stays truthful."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.driver import Ansible
from tests.integration.scenarios import days_ago, one_repository, repository, server, tag
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


def names(task: Any, outcome: str) -> list[str]:
    return [row["name"] for row in task.result["outcome"][outcome]]


def test_a_tag_that_others_deleted_is_already_gone(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(one_repository(TAGS))
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
    simulator.load(one_repository([*(tag(f"dev-{number:02}", 90) for number in range(25)), tag("v1", 1)]))
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
    simulator.load(one_repository([*(tag(f"dev-{number:02}", 90) for number in range(5)), tag("v1", 1)]))
    page = {"path": "/api/graphql", "body": "name digest publishedAt protection"}
    simulator.faults([{**page, "action": "status", "status": 500}])
    run = ansible.module(CLEANUP, ORDER)
    assert run.failed
    assert run.result["outcome"]["counts"]["not_tried"] == 5
    assert len(simulator.state()["team/app"]) == 6
    assert simulator.counters()["mutations"] == 0


def test_a_tag_that_is_there_again_afterwards_is_told(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(one_repository(TAGS))
    fresh = {"repository": "team/app", "name": "dev-2", "digest": "sha256:" + "d" * 64, "created_at": days_ago(0)}
    simulator.faults([{**LISTING, "first": 1, "action": "mutate", "add_tag": fresh}])
    run = ansible.module(CLEANUP, ORDER)
    assert run.failed
    assert run.result["result"] == "partial"
    assert names(run, "recreated") == ["dev-2"]
    assert "1 recreated" in run.message
    assert simulator.state()["team/app"] == ["dev-2", "v1"]


def test_a_tag_that_was_protected_meanwhile_stays(ansible: Ansible, simulator: Simulator) -> None:
    scenario = one_repository(TAGS)
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
    simulator.load(one_repository(TAGS, mode))
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
    assert "no complete list of tags confirms it" in " ".join(run.result["warnings"])


SHARED = "sha256:" + "5" * 64
BY_DIGEST: dict[str, Any] = {"mode": "M3", "registry": {"deletes": "by_digest"}}


def sharing() -> list[dict[str, Any]]:
    """Twenty tags to delete, each with the image of a tag that is kept by its name, and one that shares nothing."""
    pairs = [(tag(f"dev-{n:02}", 90, image=str(n)), tag(f"v{n:02}", 90, image=str(n))) for n in range(20)]
    return [*(each for pair in pairs for each in pair), tag("dev-own", 90), tag("main", 1)]


@pytest.mark.parametrize("via", ["graphql", "rest"])
@pytest.mark.parametrize("rules", [{}, {"older_than": None}])
def test_a_registry_that_may_delete_by_digest_loses_no_kept_tag(
    ansible: Ansible, simulator: Simulator, via: str, rules: dict[str, Any]
) -> None:
    """Tags that are kept by their names alone share their images with all that is to be deleted."""
    simulator.load(one_repository(sharing(), **BY_DIGEST))
    order = {**ORDER, "delete_via": via, "require_digest": not rules, **rules}
    order = {option: value for option, value in order.items() if value is not None}
    check = ansible.module(CLEANUP, order, check=True)
    run = ansible.module(CLEANUP, order)
    assert run.status == "ok", run.message
    assert run.result["plan"]["totals"] == check.result["plan"]["totals"]
    assert run.result["plan"]["totals"]["reasons"]["shared_digest"] == 20
    assert names(run, "deleted") == ["dev-own"]
    assert len([name for name in simulator.state()["team/app"] if name.startswith("v")]) == 20
    assert "This registry may delete all tags of an image together" in str(check.result["notes"])


@pytest.mark.parametrize("via", ["graphql", "rest", "bulk"])
def test_a_kept_tag_that_one_listing_lacks_keeps_the_tags_of_its_image(
    ansible: Ansible, simulator: Simulator, via: str
) -> None:
    simulator.load(one_repository([tag("dev-1", 90, image="x"), tag("v1", 90, image="x"), tag("main", 1)], **BY_DIGEST))
    # The first two requests find out what kind of server this is.
    simulator.faults([{"path": "/tags$", "method": "GET", "action": "unlist", "names": ["v1"], "first": 3}])
    run = ansible.module(CLEANUP, {**ORDER, "delete_via": via})
    assert run.status == "ok", run.message
    assert simulator.state()["team/app"] == ["dev-1", "main", "v1"]
    assert run.result["plan"]["totals"]["reasons"]["shared_digest"] == 1


def test_kept_tags_whose_digests_can_not_be_read_keep_all_others(ansible: Ansible, simulator: Simulator) -> None:
    index = {"media_type": "application/vnd.oci.image.index.v1+json", "config": False}
    simulator.load(one_repository([*TAGS, tag("v2", 1, **index)], **BY_DIGEST))
    run = ansible.module(CLEANUP, ORDER)
    assert run.result["plan"]["totals"]["reasons"]["unknown_digest"] == 3
    assert run.result["changed"] is False


def test_a_registry_that_was_trusted_is_stopped_after_the_first_tag(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(one_repository(sharing(), **BY_DIGEST))
    # One kept tag is lost, which is what whoever trusts a registry risks.
    ansible.oracle = None
    run = ansible.module(CLEANUP, {**ORDER, "shared_digest": "independent"})
    assert run.failed
    assert run.result["result"] == "partial"
    assert "delete by digest" in run.message
    assert "delete by digest" in run.result["outcome"]["stopped"]
    assert names(run, "deleted") == ["dev-00"]
    assert run.result["outcome"]["counts"]["not_tried"] == 20


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_kept_tags_that_others_delete_are_not_blamed_on_a_registry_that_deletes_by_name(
    ansible: Ansible, simulator: Simulator, mode: str
) -> None:
    tags = [tag(f"dev-{number:02}", 90 - number) for number in range(50)] + [tag("stable", 200), tag("v1", 1)]
    simulator.load(one_repository(tags, mode))
    lost = {"repository": "team/app", "name": "stable"}
    simulator.faults([{**DESTROY, "first": 1, "action": "mutate", "remove_tag": lost}])
    run = ansible.module(CLEANUP, ORDER)
    assert run.status == "ok", run.message
    assert run.result["outcome"]["counts"]["deleted"] == 50
    assert run.result["outcome"]["stopped"] is None


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
    simulator.load(one_repository(tags, "M2"))
    run = ansible.module(CLEANUP, ORDER)
    assert run.status == "ok", run.message
    assert simulator.state()["team/app"] == ["dev-9", "v1"]
    # The registry's version proves it. It is asked once, for whether it has a database, too.
    assert simulator.counters()["mutations"] == 1
    assert simulator.counters()["by_route"]["GET /v2/"] == 1


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
    simulator.load(one_repository(TAGS))
    run = ansible.module(CLEANUP, {**ORDER, "api_token": "glpat-reader"})
    assert run.failed
    assert names(run, "not_deleted") == ["dev-1", "dev-2", "dev-3"]
    assert "the token has the scope read_api and may only read: deleting needs the scope api" in run.message
    assert run.result["changed"] is False
    assert len(simulator.state()["team/app"]) == 4


def test_rest_403_for_a_tag_that_is_gone_is_no_failure(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(one_repository(TAGS))
    gone = {"repository": "team/app", "name": "dev-2"}
    simulator.faults([{"method": "DELETE", "path": "/tags/dev-2$", "first": 1, "action": "mutate", "remove_tag": gone}])
    run = ansible.module(CLEANUP, {**ORDER, "delete_via": "rest"})
    assert run.status == "ok", run.message
    assert names(run, "already_gone") == ["dev-2"]


def test_rest_403_for_a_protected_tag_is_a_failure_of_that_tag_alone(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(one_repository(TAGS))
    refusal = {"action": "status", "status": 403, "json": {"message": "403 Forbidden"}}
    simulator.faults([{"method": "DELETE", "path": "/tags/dev-2$", **refusal}])
    run = ansible.module(CLEANUP, {**ORDER, "delete_via": "rest"})
    assert run.failed
    assert names(run, "not_deleted") == ["dev-2"]
    assert names(run, "deleted") == ["dev-1", "dev-3"]


def test_a_new_tag_in_front_of_a_planned_one_does_not_hide_it(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(one_repository(TAGS))
    fresh = {"repository": "team/app", "name": "dev-1x", "created_at": days_ago(0)}
    simulator.faults([{"path": "/api/graphql", "body": "first: 1,", "first": 1, "action": "mutate", "add_tag": fresh}])
    run = ansible.module(CLEANUP, ORDER)
    assert run.status == "ok", run.message
    assert names(run, "deleted") == ["dev-1", "dev-2", "dev-3"]
    assert simulator.state()["team/app"] == ["dev-1x", "v1"]


def test_a_lost_answer_that_can_not_be_looked_into_is_judged_by_the_listing(
    ansible: Ansible, simulator: Simulator
) -> None:
    simulator.load(one_repository(TAGS))
    simulator.faults([{**DESTROY, "action": "reset_after"}, {**GUARD, "nth": 2, "action": "status", "status": 500}])
    run = ansible.module(CLEANUP, ORDER)
    assert run.status == "ok", run.message
    assert names(run, "deleted") == ["dev-1", "dev-2", "dev-3"]
    assert simulator.counters()["mutations"] == 1


def test_a_lost_answer_without_effect_that_can_not_be_looked_into_is_a_failure(
    ansible: Ansible, simulator: Simulator
) -> None:
    simulator.load(one_repository(TAGS))
    simulator.faults([{**DESTROY, "action": "reset_before"}, {**GUARD, "nth": 2, "action": "status", "status": 500}])
    run = ansible.module(CLEANUP, ORDER)
    assert run.failed
    assert names(run, "not_deleted") == ["dev-1", "dev-2", "dev-3"]
    assert "the answer was lost" in run.message


def test_unguarded_tags_are_asked_for_once_when_the_answer_is_lost(ansible: Ansible, simulator: Simulator) -> None:
    index = {"media_type": "application/vnd.oci.image.index.v1+json", "config": False}
    simulator.load(one_repository([tag("dev-1", 90, **index), tag("v1", 1)], "M2"))
    simulator.faults([{**DESTROY, "action": "reset_before"}])
    order = {**ORDER, "require_digest": False, "retries": 3}
    del order["older_than"]
    run = ansible.module(CLEANUP, order)
    assert run.failed
    assert names(run, "not_deleted") == ["dev-1"]
    assert simulator.counters()["mutations"] == 1


@pytest.mark.parametrize("option", ["journal_path", "plan_path", "output_path", "cache_path", "approved_plan_path"])
def test_a_device_is_no_file(ansible: Ansible, simulator: Simulator, option: str) -> None:
    simulator.load(one_repository(TAGS))
    approved = {"approved_fingerprint": "x"} if option == "approved_plan_path" else {}
    run = ansible.module(CLEANUP, {**ORDER, option: "/dev/full", **approved})
    assert run.failed
    assert "/dev/full is not a regular file" in run.message
    assert run.result["changed"] is False
    assert len(simulator.state()["team/app"]) == 4
    assert simulator.counters()["writes"] == 0


READER = "glpat-reader"


@pytest.mark.parametrize("via", ["auto", "rest"])
def test_check_mode_says_that_a_token_may_only_read(ansible: Ansible, simulator: Simulator, via: str) -> None:
    simulator.load(one_repository(TAGS))
    order = {**ORDER, "delete_via": via, "api_token": READER}
    check = ansible.module(CLEANUP, order, check=True)
    run = ansible.module(CLEANUP, order)
    assert check.status == "ok", check.message
    sentence = "the token has the scope read_api and may only read: deleting needs the scope api"
    assert f"A run would change nothing: {sentence}." in check.result["warnings"]
    assert run.failed
    assert run.result["changed"] is False
    assert sentence in run.message
    # Check mode asks, and so does the run at the first refusal.
    assert simulator.counters()["by_route"]["GET /personal_access_tokens/self"] <= 2


def test_a_token_that_the_registry_does_not_take_plans_no_deletion_there(
    ansible: Ansible, simulator: Simulator
) -> None:
    simulator.load(one_repository(TAGS))
    order = {**ORDER, "delete_via": "registry", "api_token": READER}
    for task in (ansible.module(CLEANUP, order, check=True), ansible.module(CLEANUP, order)):
        assert task.failed
        assert "the token for the registry allows no pull on team/app" in task.message
        assert task.result["changed"] is False


@pytest.mark.parametrize("via", ["auto", "rest"])
def test_the_first_refusal_for_want_of_rights_ends_the_project(
    ansible: Ansible, simulator: Simulator, via: str
) -> None:
    scenario = one_repository([tag(f"dev-{number:02}", 90) for number in range(50)] + [tag("v1", 1)])
    scenario["groups"][0]["members"]["ops"] = "reporter"
    simulator.load(scenario)
    run = ansible.module(CLEANUP, {**ORDER, "delete_via": via, "concurrency": 1})
    assert run.failed
    assert run.result["changed"] is False
    assert run.result["outcome"]["counts"]["deleted"] == 0
    if via == "auto":
        assert simulator.counters()["mutations"] == 1


def archived() -> dict[str, Any]:
    scenario = server(
        [
            repository(100, "team/app", "", TAGS),
            repository(101, "team/sub/tool", "", [tag("dev-9", 90), tag("main", 1)]),
        ]
    )
    for project in scenario["projects"]:
        project["archived"] = project["path"] == "team/sub/tool"
    return scenario


@pytest.mark.parametrize("via", ["auto", "rest", "registry", "bulk", "bulk_unpinned"])
def test_archived_projects_keep_their_tags(ansible: Ansible, simulator: Simulator, via: str) -> None:
    simulator.load(archived())
    order = {**ORDER, "project": None, "group": "team", "delete_via": via, "wait_timeout": 30}
    check = ansible.module(CLEANUP, {key: value for key, value in order.items() if value is not None}, check=True)
    run = ansible.module(CLEANUP, {key: value for key, value in order.items() if value is not None})
    assert run.status == "ok", run.message
    assert run.result["plan"]["totals"]["reasons"]["archived"] == 2
    assert run.result["plan"]["totals"] == check.result["plan"]["totals"]
    assert "Tags of archived projects are kept" in str(run.result["notes"])
    assert simulator.state() == {"team/app": ["v1"], "team/sub/tool": ["dev-9", "main"]}


@pytest.mark.parametrize(
    ("module", "options"),
    [
        ("registry_tag", {"repository": "team/sub/tool", "name": ["dev-9"], "state": "absent"}),
        ("registry_tag", {"repository_id": 101, "name": ["dev-9"], "state": "absent"}),
        ("registry_tag", {"repository": "team/sub/tool", "name": ["new"], "source": "main"}),
        ("registry_repository", {"repository": ["team/sub/tool"], "state": "empty"}),
        ("registry_repository", {"repository_id": [101], "state": "absent", "force": True}),
    ],
)
def test_what_changes_images_of_an_archived_project_is_refused(
    ansible: Ansible, simulator: Simulator, module: str, options: dict[str, Any]
) -> None:
    simulator.load(archived())
    for check in (True, False):
        task = ansible.module(module, options, check=check)
        assert task.result["result"] == "refused", task.message
        assert task.message.count("team/sub/tool is archived") == 1
    assert simulator.counters()["writes"] == 0


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_a_repository_that_is_listed_twice_is_one(ansible: Ansible, simulator: Simulator, mode: str) -> None:
    simulator.load(one_repository(TAGS, mode))
    rows = [
        {
            "id": 100,
            "name": "",
            "path": "team/app",
            "project_id": 1,
            "location": f"{simulator.url.partition('//')[2]}/team/app",
        }
    ]
    simulator.faults(
        [
            {
                "method": "GET",
                "path": "/registry/repositories$",
                "action": "json",
                "json": rows * 2,
                "headers": {"X-Total": "1"},
            }
        ]
    )
    run = ansible.module(CLEANUP, ORDER)
    assert run.status == "ok", run.message
    assert run.result["outcome"]["counts"]["deleted"] == 3


@pytest.mark.sweep(4)
@pytest.mark.parametrize("via", ["auto", "rest", "registry"])
@pytest.mark.parametrize("concurrency", [2, 4])
def test_a_limit_of_requests_and_several_repositories(
    ansible: Ansible, simulator: Simulator, concurrency: int, via: str
) -> None:
    """Deletions wait for each other's turn then, and those who look at tags for one of them must not wait for these."""
    repositories = [
        repository(
            100 + number, "team/app", f"r{number}", [*(tag(f"dev-{each:02}", 90) for each in range(20)), tag("v1", 1)]
        )
        for number in range(6)
    ]
    simulator.load(server(repositories, mode="M2"))
    order = {
        "project": "team/app",
        "name_regex_delete": "dev-.*",
        "delete_via": via,
        "concurrency": concurrency,
        "max_requests_per_minute": 20_000,
    }
    run = ansible.module("registry_cleanup", order)
    assert run.status == "ok", run.message
    assert run.result["outcome"]["counts"]["deleted"] == 120
    assert {tuple(names) for names in simulator.state().values()} == {("v1",)}
