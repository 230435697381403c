# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""GitLab's bulk deletion: what is asked for, and that what came of it is told as it is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.driver import Ansible, Task
from tests.integration.scenarios import one_repository, server, tag
from tests.simulator.harness import Simulator

SHAS = [f"{number:040x}" for number in range(8)]
MODULE = "registry_cleanup"
BULK = "DELETE /projects/:id/registry/repositories/:repository_id/tags"


def mixed() -> list[dict[str, Any]]:
    """Tags for the four requests that GitLab's documentation gives as examples."""
    shas = [tag(name, number + 0.5) for number, name in enumerate(SHAS)]
    return [*shas, tag("stable-1", 90), tag("stable", 1), tag("v1", 60), tag("v2", 20), tag("latest", 400)]


def left(simulator: Simulator) -> set[str]:
    return set(simulator.state()["team/app"])


EXAMPLES: list[tuple[dict[str, Any], set[str]]] = [
    ({"name_regex_delete": "[0-9a-z]{40}", "keep_n": 5, "older_than": "2d"}, set(SHAS[5:])),
    ({"name_regex_delete": ".*", "keep_n": 5}, {*SHAS[4:], "stable-1", "v1", "v2"}),
    ({"name_regex_delete": ".*", "name_regex_keep": "stable.*"}, {*SHAS, "v1", "v2"}),
    ({"name_regex_delete": ".*", "older_than": "1month"}, {"stable-1", "v1"}),
]


@pytest.mark.sweep(3)
@pytest.mark.parametrize("mode", ["M1", "M2"])
@pytest.mark.parametrize(("rules", "goes"), EXAMPLES, ids=range(4))
def test_the_examples_of_gitlabs_documentation(
    ansible: Ansible, simulator: Simulator, mode: str, rules: dict[str, Any], goes: set[str]
) -> None:
    simulator.load(one_repository(mixed(), mode))
    before = left(simulator)
    order = {"project": "team/app", **rules, "delete_via": "bulk_unpinned"}
    check = ansible.module(MODULE, order, check=True, diff=True)
    assert simulator.counters()["writes"] == 0
    part = check.result["plan"]["repositories"][0]
    assert {row["name"] for row in check.result["plan"]["delete"]} == goes
    assert (part["certainty"], part["delete_least"], part["delete_most"]) == ("exact", len(goes), len(goes))
    run = ansible.module(MODULE, order, diff=True)
    assert run.status == "ok", run.message
    for key in ("changed", "diff", "plan"):
        assert check.result[key] == run.result[key]
    assert before - left(simulator) == goes
    assert run.result["outcome"]["counts"]["deleted"] == len(goes)
    assert simulator.counters()["by_route"][BULK] == 1
    again = ansible.module(MODULE, order)
    assert again.result["changed"] is False
    assert simulator.counters()["by_route"][BULK] == 1


def pinned(**changes: Any) -> dict[str, Any]:
    return {
        "project": "team/app",
        "name_regex_delete": "dev-.*|x",
        "older_than": "30d",
        "delete_via": "bulk",
        "wait_timeout": 20,
        **changes,
    }


def old(count: int = 3) -> list[dict[str, Any]]:
    return [*(tag(f"dev-{number}", 90 - number / 10) for number in range(count)), tag("v1.0", 200), tag("dev-9", 1)]


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_the_planned_names_are_pinned(ansible: Ansible, simulator: Simulator, mode: str) -> None:
    simulator.load(one_repository([*old(), tag("dev-1-x", 90), tag("a.b", 90), tag("axb", 90)], mode))
    rules = {"name_regex_delete": r"dev-\d|a\.b", "name_regex_keep": "dev-0"}
    check = ansible.module(MODULE, pinned(**rules), check=True, diff=True)
    assert simulator.counters()["writes"] == 0
    run = ansible.module(MODULE, pinned(**rules), diff=True)
    assert run.status == "ok", run.message
    for key in ("changed", "diff", "plan"):
        assert check.result[key] == run.result[key]
    assert left(simulator) == {"dev-0", "dev-1-x", "axb", "v1.0", "dev-9"}
    [request] = [row for row in simulator.jobs() if row["kind"] == "delete_tags"]
    assert request["parameters"] == {
        "name_regex": None,
        "name_regex_delete": r"(?:a\.b|dev-1|dev-2)",
        "name_regex_keep": "dev-0",
        "keep_n": None,
        "older_than": "30d",
    }


def test_a_tag_pushed_again_before_the_job_runs_stays(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(one_repository(old()))
    push = {
        "repository": "team/app",
        "name": "dev-1",
        "digest": "sha256:" + "c" * 64,
        "updated_at": "2026-06-01T11:00:00Z",
    }
    simulator.faults([{"method": "DELETE", "path": "/tags$", "first": 1, "action": "mutate", "set_tag": push}])
    run = ansible.module(MODULE, pinned())
    assert run.status == "ok", run.message
    assert left(simulator) == {"dev-1", "dev-9", "v1.0"}
    counts = run.result["outcome"]["counts"]
    assert (counts["deleted"], counts["changed_since"]) == (2, 1)


def test_one_an_hour(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(one_repository([*old(), tag("old-1", 90)]))
    assert ansible.module(MODULE, pinned()).status == "ok"
    second = ansible.module(MODULE, pinned(name_regex_delete="old-.*"))
    assert second.failed
    assert "try again in an hour" in second.message
    assert "This request has already been made" in second.message
    assert second.result["result"] == "partial"
    assert second.result["outcome"]["counts"]["not_tried"] == 1
    assert "old-1" in left(simulator)
    simulator.clock(advance=3601)
    assert ansible.module(MODULE, pinned(name_regex_delete="old-.*")).status == "ok"
    assert "old-1" not in left(simulator)


def test_less_done_than_asked_is_said(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(one_repository(old(), jobs={"failures": 9}))
    run = ansible.module(MODULE, pinned(wait_timeout=3))
    assert run.failed
    assert run.result["result"] == "partial"
    assert run.result["outcome"]["counts"]["not_deleted"] == 3
    assert "GitLab has not deleted it within 3 seconds" in run.message
    assert simulator.counters()["by_route"][BULK] == 1


def test_a_job_that_starts_late_is_waited_for(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(one_repository(old(), jobs={"delay": 3}))
    run = ansible.module(MODULE, pinned())
    assert run.status == "ok", run.message
    assert run.result["outcome"]["counts"]["deleted"] == 3


def test_nobody_waits_who_does_not_want_to(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(one_repository(old(), jobs={"delay": 600}))
    run = ansible.module(MODULE, pinned(wait=False))
    assert run.status == "ok", run.message
    assert run.result["changed"] is True
    assert run.result["outcome"]["counts"]["unverified"] == 3
    assert run.result["outcome"]["unverified"][0]["message"] == (
        "GitLab accepted the bulk deletion and carries it out in the background"
    )
    assert any("no complete list of tags confirms it" in text for text in run.result["warnings"])


def test_an_answer_that_was_lost_is_not_asked_for_again(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(one_repository(old()))
    simulator.faults([{"method": "DELETE", "path": "/tags$", "first": 1, "action": "reset_after"}])
    run = ansible.module(MODULE, pinned())
    assert run.status == "ok", run.message
    assert run.result["outcome"]["counts"]["deleted"] == 3
    assert simulator.counters()["by_route"][BULK] == 1


def test_a_request_that_never_arrived_is_not_asked_for_again_either(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(one_repository(old()))
    simulator.faults([{"method": "DELETE", "path": "/tags$", "first": 1, "action": "reset_before"}])
    run = ansible.module(MODULE, pinned(wait_timeout=2))
    assert run.failed
    assert "the answer to the bulk deletion was lost" in run.message
    assert run.result["outcome"]["counts"]["not_deleted"] == 3
    assert simulator.counters()["by_route"][BULK] == 1


def test_a_busy_server_is_asked_again(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(one_repository(old()))
    late = {"status": 429, "headers": {"Retry-After": "1"}, "body_text": "Retry later\n"}
    simulator.faults([{"method": "DELETE", "path": "/tags$", "first": 1, "action": "status", **late}])
    run = ansible.module(MODULE, pinned())
    assert run.status == "ok", run.message
    assert run.result["outcome"]["counts"]["deleted"] == 3


def test_a_token_that_ends_meanwhile_ends_the_waiting(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(one_repository(old(), jobs={"delay": 600}))
    expired = {"method": "GET", "path": "/tags$", "nth": 2, "action": "status", "status": 401, "json": {}}
    simulator.faults([expired])
    run = ansible.module(MODULE, pinned(wait_timeout=600))
    assert run.result["outcome"]["counts"]["unverified"] == 3
    assert "401" in run.result["outcome"]["unverified"][0]["message"]


def test_developers_may_not(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(one_repository(old()))
    run = ansible.module(MODULE, pinned(), env={"GITLAB_TOKEN": "glpat-dev"})
    assert run.failed
    assert "GitLab answered 403" in run.message
    assert run.result["outcome"]["counts"]["not_deleted"] == 3
    assert len(left(simulator)) == 5


def many(mode: str) -> dict[str, Any]:
    generated = {"count": 260, "prefix": "dev-", "first_created": "2025-01-01T00:00:00Z"}
    return server([{"id": 100, "project": "team/app", "generate": generated}], mode=mode)


def test_more_than_one_run_without_a_database_can_do_is_refused(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(many("M2"))
    for check in (True, False):
        run = ansible.module(MODULE, pinned(name_regex_keep="dev-00."), check=check)
        assert run.failed
        assert run.result["result"] == "refused"
        assert "at most 200 in one run, chosen at random" in run.message
    assert simulator.counters()["writes"] == 0


def test_a_random_sample_is_announced_and_told(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(many("M2"))
    order = pinned(delete_via="bulk_unpinned", name_regex_delete="dev-.*", name_regex_keep="dev-00.")
    check = ansible.module(MODULE, order, check=True)
    part = check.result["plan"]["repositories"][0]
    assert (part["certainty"], part["delete"], part["delete_least"], part["delete_most"]) == (
        "upper_bound",
        250,
        200,
        200,
    )
    assert "random sample" in part["doubts"][0]
    run = ansible.module(MODULE, order)
    assert run.failed
    assert run.result["outcome"]["counts"]["deleted"] == 200
    assert run.result["outcome"]["counts"]["not_deleted"] == 50
    assert run.message.startswith("200 of 250 planned tags were deleted, but 50 not_deleted")
    assert run.message.endswith(
        "GitLab deleted 200 others in this run, but not this tag; the next bulk deletion is possible in an hour"
    )


def test_a_database_takes_them_all(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(many("M1"))
    run = ansible.module(MODULE, pinned(name_regex_keep="dev-00."))
    assert run.status == "ok", run.message
    assert run.result["outcome"]["counts"]["deleted"] == 250


def test_pages_keep_more_than_keep_n_and_the_plan_says_so(ansible: Ansible, simulator: Simulator) -> None:
    generated = {"count": 2500, "prefix": "t", "first_created": "2025-01-01T00:00:00Z"}
    simulator.load(server([{"id": 100, "project": "team/app", "generate": generated}]))
    order = {"project": "team/app", "name_regex_delete": "t.*", "keep_n": 5, "delete_via": "bulk_unpinned"}
    check = ansible.module(MODULE, order, check=True)
    assert check.result["plan"]["totals"]["delete"] == 2500 - 3 * 5
    run = ansible.module(MODULE, order)
    assert run.status == "ok", run.message
    assert len(left(simulator)) == 15


def test_a_kept_tag_that_vanishes_is_told(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(one_repository(old()))
    gone = {"repository": "team/app", "name": "dev-9"}
    simulator.faults([{"method": "DELETE", "path": "/tags$", "first": 1, "action": "mutate", "remove_tag": gone}])
    run = ansible.module(MODULE, pinned())
    assert run.failed
    assert "that the plan keeps no longer exist (dev-9)" in run.message


BY_DIGEST: dict[str, Any] = {"mode": "M3", "registry": {"deletes": "by_digest"}}


def sharing() -> list[dict[str, Any]]:
    """Tags to delete that have the image of a tag that is kept by its name, and one that has its own."""
    pairs = [(tag(f"dev-{n}", 90, image=str(n)), tag(f"v{n}", 90, image=str(n))) for n in range(3)]
    return [*(each for pair in pairs for each in pair), tag("dev-own", 90), tag("main", 1)]


@pytest.mark.sweep(2)
@pytest.mark.parametrize(
    "rules",
    [{}, {"require_digest": False}, {"name_regex_delete": ".*", "protect": ["v.*"]}, {"name_regex_keep": "v.*"}],
)
def test_a_registry_that_may_delete_by_digest_loses_no_kept_tag(
    ansible: Ansible, simulator: Simulator, rules: dict[str, Any]
) -> None:
    simulator.load(one_repository(sharing(), **BY_DIGEST))
    order = pinned(**rules)
    check = ansible.module(MODULE, order, check=True)
    run = ansible.module(MODULE, order)
    assert run.status == "ok", run.message
    assert run.result["plan"] == check.result["plan"]
    assert run.result["plan"]["totals"]["reasons"]["shared_digest"] == 3
    assert left(simulator) == {tag["name"] for tag in sharing()} - {"dev-own"}


def test_gitlab_does_not_choose_where_kept_tags_share_images(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(one_repository(sharing(), **BY_DIGEST))
    order = pinned(delete_via="bulk_unpinned")
    for check in (True, False):
        run = ansible.module(MODULE, order, check=check)
        assert run.result["result"] == "refused", run.message
        assert "GitLab would delete 3 tags that share their image with a kept tag, or may" in run.message
    assert simulator.counters()["writes"] == 0
    assert ansible.module(MODULE, {**order, "name_regex_delete": "dev-own"}).status == "ok"
    assert left(simulator) == {tag["name"] for tag in sharing()} - {"dev-own"}


def test_kept_tags_of_unknown_images_keep_all_others(ansible: Ansible, simulator: Simulator) -> None:
    index = {"media_type": "application/vnd.oci.image.index.v1+json", "config": False}
    simulator.load(one_repository([*old(), tag("v2", 1, **index)], **BY_DIGEST))
    run = ansible.module(MODULE, pinned())
    assert run.result["plan"]["totals"]["reasons"]["unknown_digest"] == 3
    assert ansible.module(MODULE, pinned(delete_via="bulk_unpinned")).result["result"] == "refused"
    assert len(left(simulator)) == 6


@pytest.mark.parametrize("via", ["bulk", "bulk_unpinned"])
def test_gitlabs_own_registry_leaves_the_tags_of_an_image_alone(
    ansible: Ansible, simulator: Simulator, via: str
) -> None:
    simulator.load(one_repository(sharing(), "M2"))
    run = ansible.module(MODULE, pinned(delete_via=via))
    assert run.status == "ok", run.message
    assert left(simulator) == {"v0", "v1", "v2", "main"}


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ({"delete_via": "bulk"}, "delete_via bulk needs older_than"),
        (
            {"delete_via": "bulk_unpinned", "shared_digest": "keep_together"},
            "shared_digest keep_together can't be used",
        ),
        ({"delete_via": "bulk", "older_than": "30d", "allow_latest": True}, "allow_latest has no effect"),
        ({"delete_via": "bulk_unpinned", "protect": ["a"]}, "protect has no effect with delete_via bulk_unpinned"),
        ({"delete_via": "bulk_unpinned", "timestamp": "created"}, "timestamp has no effect"),
        ({"delete_via": "bulk_unpinned", "require_digest": False}, "require_digest has no effect"),
        ({"delete_via": "bulk_unpinned", "older_than": "1mon"}, "unknown unit 'mon'"),
        ({"delete_via": "bulk_unpinned", "older_than": "1m"}, "write 1min, 1month or 1d"),
        ({"delete_via": "bulk_unpinned", "older_than": ""}, "older_than is empty"),
        ({"delete_via": "bulk", "older_than": "30d", "wait_timeout": -1}, "wait_timeout is -1"),
    ],
)
def test_what_it_can_not_heed_is_refused_before_anything_is_sent(
    ansible: Ansible, simulator: Simulator, order: dict[str, Any], words: str
) -> None:
    simulator.load(one_repository(old()))
    run: Task = ansible.module(MODULE, {"project": "team/app", "name_regex_delete": ".*", **order})
    assert run.failed
    assert words in run.message
    assert simulator.counters()["total"] == 0


def test_unset_options_are_not_sent(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(one_repository(old()))
    order = {
        "project": "team/app",
        "name_regex_delete": "dev-[01]",
        "delete_via": "bulk_unpinned",
    }
    assert ansible.module(MODULE, order).status == "ok"
    [job] = [row for row in simulator.jobs() if row["kind"] == "delete_tags"]
    assert job["parameters"]["name_regex_keep"] is None
    assert job["parameters"]["keep_n"] is None
    assert job["parameters"]["older_than"] is None
    assert json.dumps(job["parameters"]["name_regex_delete"]) == '"dev-[01]"'
