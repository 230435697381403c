# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cleanup module: the same plan in check mode and in a run, and a truthful account of what came of it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.integration.driver import Ansible, Task
from tests.integration.repeated import asked, repeated
from tests.integration.scenarios import (
    MIXED_REASONS,
    MIXED_RULES,
    TOKEN,
    days_ago,
    one_repository,
    tag,
    team,
)
from tests.simulator.harness import Simulator

CLEANUP = "registry_cleanup"
GROUP = {"group": "team", **MIXED_RULES}
GONE = {"team/app": ["dev-1", "dev-2", "dev-3"], "team/app/web": ["dev-1"]}


def planned(task: Task) -> dict[str, list[str]]:
    """What a result says goes, by repository."""
    found: dict[str, list[str]] = {}
    for row in task.result["plan"]["delete"]:
        found.setdefault(row["repository"], []).append(row["name"])
    return found


def left(simulator: Simulator, path: str = "team/app") -> list[str]:
    return sorted(simulator.state()[path])


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_check_mode_shows_what_a_run_deletes_and_a_second_run_changes_nothing(
    ansible: Ansible, simulator: Simulator, tmp_path: Path, mode: str
) -> None:
    simulator.load(team(mode))
    before = simulator.state()
    plan = tmp_path / "plan.jsonl"

    check = ansible.module(CLEANUP, {**GROUP, "plan_path": str(plan)}, check=True, diff=True)
    check_file = plan.read_text()
    assert simulator.counters()["writes"] == 0
    assert simulator.state() == before
    run = ansible.module(CLEANUP, {**GROUP, "plan_path": str(plan)}, diff=True)
    after = simulator.state()
    simulator.clear_log()
    again = ansible.module(CLEANUP, {**GROUP, "plan_path": str(plan)}, diff=True)

    assert check.status == run.status == again.status == "ok", (check.message, run.message, again.message)
    assert check.result["changed"] is run.result["changed"] is True
    assert check.result["plan"] == run.result["plan"]
    assert check.result["diff"] == run.result["diff"] != []
    assert check_file.splitlines() == [line for line in check_file.splitlines() if json.loads(line)]
    assert planned(check) == GONE
    for path, names in before.items():
        assert sorted(set(names) - set(after[path])) == GONE.get(path, [])
    assert run.result["outcome"]["counts"] == {
        "deleted": 4,
        "already_gone": 0,
        "changed_since": 0,
        "recreated": 0,
        "unverified": 0,
        "not_deleted": 0,
        "not_tried": 0,
        "left_for_next_run": 0,
    }
    assert run.result["outcome"]["remaining"] == 9
    assert "outcome" not in check.result
    assert again.result["changed"] is False
    assert again.result["diff"] == []
    assert simulator.counters()["writes"] == 0


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_every_tag_has_its_reason_in_the_plan_file(
    ansible: Ansible, simulator: Simulator, tmp_path: Path, mode: str
) -> None:
    simulator.load(team(mode))
    plan = tmp_path / "plan.jsonl"
    ansible.module(CLEANUP, {**GROUP, "plan_path": str(plan)}, check=True)
    header, *rows = [json.loads(line) for line in plan.read_text().splitlines()]
    reasons = {row["name"]: row["reason"] for row in rows if row.get("repository") == "team/app"}
    assert reasons == MIXED_REASONS
    assert header["format"] == "containerops.gitlab/cleanup-plan"
    assert header["version"] == 2
    assert header["clock"] == "2026-06-01T12:00:00Z"
    assert header["scope"]["group"] == "team"
    assert header["rules"]["older_than"] == "30d"
    assert header["totals"]["delete"] == 4
    [summary] = [row for row in rows if row["type"] == "repository" and row["path"] == "team/app"]
    assert summary["date_source"] == {"M1": "published", "M2": "built"}[mode]
    assert summary["tags"] == len(MIXED_REASONS)
    assert summary["server_policy"] == {"state": "disabled", "next_run_at": None} or summary["server_policy"]


def test_a_shared_project_of_another_group_is_left_alone(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    ansible.module(CLEANUP, {"group": "team", "name_regex_delete": ".*", "older_than": "1d"})
    assert left(simulator, "other/lib") == ["dev-1", "dev-2"]


@pytest.mark.parametrize("via", ["graphql", "rest"])
@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_both_ways_of_deleting_do_the_same(ansible: Ansible, simulator: Simulator, mode: str, via: str) -> None:
    simulator.load(team(mode))
    run = ansible.module(CLEANUP, {**GROUP, "delete_via": via})
    assert run.result["result"] == "ok", run.message
    assert run.result["server"]["delete_via"] == via
    assert left(simulator) == sorted(set(MIXED_REASONS) - {"dev-1", "dev-2", "dev-3"})


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_a_job_token_cleans_its_own_project_by_names(ansible: Ansible, simulator: Simulator, mode: str) -> None:
    simulator.load(team(mode))
    run = ansible.module(
        CLEANUP,
        {"project": "team/app", "name_regex_delete": "dev-[12]", "api_job_token": "job-token"},
        env={"GITLAB_TOKEN": None},
    )
    assert run.result["result"] == "ok", run.message
    assert run.result["outcome"]["counts"]["deleted"] == 4
    assert {entry["credential"] for entry in simulator.requests() if entry["kind"] == "rest"} == {"job-token"}
    assert run.result["plan"]["repositories"][0]["server_policy"]["state"] == "unknown"


def test_a_job_token_judges_no_age_on_a_metadata_database(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    run = ansible.module(
        CLEANUP,
        {"project": "team/app", "name_regex_delete": "dev-.*", "older_than": "1d", "api_job_token": "job-token"},
    )
    assert run.result["changed"] is False
    assert run.result["plan"]["totals"]["reasons"]["unknown_date"] == 8
    assert "GraphQL" in " ".join(run.result["notes"])


@pytest.mark.parametrize("via", ["rest", "registry"])
def test_names_alone_read_no_details_but_of_what_goes(ansible: Ansible, simulator: Simulator, via: str) -> None:
    tags = [tag(f"v{number:03}", 10) for number in range(200)]
    simulator.load(one_repository(tags, mode="M2"))
    order = {"project": "team/app", "name_regex_delete": "v00[0-4]", "read_via": via}
    assert ansible.module(CLEANUP, order, check=True).result["plan"]["totals"]["delete"] == 5
    asked = [f"{entry['method']} {entry['path']}" for entry in simulator.requests()]
    wanted = {"rest": r"GET /api/.*/tags/v\d+", "registry": r"HEAD /v2/.*/manifests/v\d+"}
    assert len([line for line in asked if re.fullmatch(wanted[via], line)]) == 5
    assert not [line for line in asked if "/blobs/" in line or line.startswith("GET /v2/team/app/manifests")]


def test_oldest_go_first_in_batches_read_again_before(ansible: Ansible, simulator: Simulator) -> None:
    tags = [tag(f"dev-{number:02}", 100 - number) for number in range(45)] + [tag("v1", 1)]
    simulator.load(one_repository(tags))
    run = ansible.module(CLEANUP, {"project": "team/app", "name_regex_delete": "dev-.*", "older_than": "30d"})
    assert run.result["outcome"]["counts"]["deleted"] == 45
    deleted = [row["name"] for row in run.result["outcome"]["deleted"]]
    assert deleted == [f"dev-{number:02}" for number in range(45)]
    assert simulator.counters()["mutations"] == 3


def test_a_tag_pushed_again_since_the_plan_stays(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(one_repository([tag("dev-1", 90), tag("dev-2", 80), tag("v1", 1)]))
    # The push happens after everything was read, right before the tags are looked at again.
    simulator.faults(
        [
            {
                "path": "/api/graphql",
                "body": "first: 1,",
                "first": 1,
                "action": "mutate",
                "set_tag": {
                    "repository": "team/app",
                    "name": "dev-1",
                    "digest": "sha256:" + "c" * 64,
                    "updated_at": days_ago(0),
                },
            }
        ]
    )
    run = ansible.module(CLEANUP, {"project": "team/app", "name_regex_delete": "dev-.*", "older_than": "30d"})
    assert run.status == "ok", run.message
    assert [row["name"] for row in run.result["outcome"]["changed_since"]] == ["dev-1"]
    assert [row["name"] for row in run.result["outcome"]["deleted"]] == ["dev-2"]
    assert left(simulator) == ["dev-1", "v1"]


@pytest.mark.parametrize("when", ["reset_before", "reset_after"])
@pytest.mark.parametrize(("via", "path"), [("graphql", "/api/graphql"), ("rest", "/tags/dev-1$")])
def test_a_lost_answer_is_looked_into_and_not_repeated_blindly(
    ansible: Ansible, simulator: Simulator, when: str, via: str, path: str
) -> None:
    simulator.load(one_repository([tag("dev-1", 90), tag("dev-2", 80), tag("v1", 1)]))
    match = {"body": "destroyContainerRepositoryTags"} if via == "graphql" else {"method": "DELETE"}
    simulator.faults([{"path": path, **match, "first": 1, "action": when}])
    run = ansible.module(CLEANUP, {"project": "team/app", "name_regex_delete": "dev-.*", "delete_via": via})
    assert run.status == "ok", run.message
    assert run.result["outcome"]["counts"]["deleted"] == 2
    assert left(simulator) == ["v1"]
    if via == "graphql":
        assert simulator.counters()["mutations"] == (1 if when == "reset_after" else 2)


def test_a_tag_that_can_not_be_deleted_does_not_stop_the_others(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(one_repository([tag("dev-1", 90), tag("dev-2", 80), tag("v1", 1)], mode="M2"))
    simulator.faults(
        [{"method": "DELETE", "path": "/tags/dev-1$", "action": "status", "status": 400, "body_text": "400"}]
    )
    run = ansible.module(CLEANUP, {"project": "team/app", "name_regex_delete": "dev-.*", "delete_via": "rest"})
    assert run.failed
    assert run.result["changed"] is True
    assert run.result["result"] == "partial"
    assert [row["name"] for row in run.result["outcome"]["not_deleted"]] == ["dev-1"]
    assert [row["name"] for row in run.result["outcome"]["deleted"]] == ["dev-2"]
    assert "1 of 2 planned tags were deleted, but 1 not_deleted; first team/app:dev-1" in run.message
    assert left(simulator) == ["dev-1", "v1"]


@pytest.mark.parametrize(("via", "status"), [("graphql", 503), ("registry", None)])
def test_a_repository_that_can_not_be_read_is_kept_and_the_others_are_cleaned(
    ansible: Ansible, simulator: Simulator, via: str, status: int | None
) -> None:
    scenario = team("M2")
    scenario["repositories"][1]["registry_state"] = "unreachable"
    simulator.load(scenario)
    options = {**GROUP, "retries": 0, "read_via": via}
    check = ansible.module(CLEANUP, options, check=True)
    run = ansible.module(CLEANUP, options)
    assert check.failed
    assert run.failed
    assert check.result["plan"] == run.result["plan"]
    assert run.result["result"] == "partial"
    assert [error["repository"] for error in run.result["errors"]] == ["team/app/web"]
    assert run.result["errors"][0]["status"] == status
    assert "team/app/web" in run.message
    assert left(simulator, "team/app/web") == ["dev-1", "dev-2", "v1"]
    assert "dev-1" not in left(simulator)
    tolerant = ansible.module(CLEANUP, {**options, "on_error": "report"})
    assert tolerant.status == "ok"
    assert tolerant.result["result"] == "partial"


LIMITS = [
    ({"min_remaining": 8}, "fewer than min_remaining 8"),
    ({"max_deletions": 2}, "more than max_deletions 2"),
    ({"max_deletions_percent": 20}, "more than max_deletions_percent 20"),
    ({"max_deletions_total": 2}, "more than max_deletions_total 2"),
]


@pytest.mark.parametrize(("limit", "text"), LIMITS)
def test_a_limit_refuses_the_plan_in_both_modes_and_deletes_nothing(
    ansible: Ansible, simulator: Simulator, tmp_path: Path, limit: dict[str, int], text: str
) -> None:
    simulator.load(team())
    before = simulator.state()
    plan = tmp_path / "plan.jsonl"
    options = {**GROUP, **limit, "plan_path": str(plan)}
    check = ansible.module(CLEANUP, options, check=True, diff=True)
    run = ansible.module(CLEANUP, options, diff=True)
    for task in (check, run):
        assert task.failed
        assert task.result["result"] == "refused"
        assert task.result["changed"] is False
        assert text in task.message
        assert "Nothing was deleted" in task.message
        assert task.result["diff"] == []
    assert check.result["plan"] == run.result["plan"]
    assert json.loads(plan.read_text().splitlines()[0])["refusals"]
    assert simulator.counters()["writes"] == 0
    assert simulator.state() == before


def test_skip_repository_leaves_that_repository_whole(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    run = ansible.module(CLEANUP, {**GROUP, "max_deletions": 2, "on_limit": "skip_repository"})
    assert run.status == "ok", run.message
    assert left(simulator) == sorted(MIXED_REASONS)
    assert left(simulator, "team/app/web") == ["dev-2", "v1"]
    assert run.result["plan"]["totals"]["reasons"]["limit"] == 3


@pytest.mark.parametrize(("host", "outcome", "remaining"), [(None, "deleted", 0), ("127.0.0.1:1", "unverified", None)])
def test_a_plan_that_leaves_nothing_is_refused_unless_allowed_and_proven_by_the_registry_alone(
    ansible: Ansible, simulator: Simulator, host: str | None, outcome: str, remaining: int | None
) -> None:
    simulator.load(one_repository([tag("dev-1", 90), tag("dev-2", 80)], registry={"host": host}))
    options = {"project": "team/app", "name_regex_delete": "dev-.*"}
    assert ansible.module(CLEANUP, options).result["result"] == "refused"
    run = ansible.module(CLEANUP, {**options, "min_remaining": 0})
    assert run.status == "ok", run.message
    assert run.result["outcome"]["counts"][outcome] == 2
    assert run.result["outcome"]["remaining"] == remaining
    assert left(simulator) == []


def test_latest_goes_only_when_allowed(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(one_repository([tag("latest", 90), tag("dev-1", 80), tag("v1", 80)]))
    options = {"project": "team/app", "name_regex_delete": "latest|dev-1"}
    run = ansible.module(CLEANUP, {**options, "name_regex_delete": "(latest|dev-1)"})
    assert [row["name"] for row in run.result["outcome"]["deleted"]] == ["dev-1"]
    run = ansible.module(CLEANUP, {**options, "name_regex_delete": "latest", "allow_latest": True})
    assert [row["name"] for row in run.result["outcome"]["deleted"]] == ["latest"]


def test_an_ungrouped_alternative_deletes_only_what_both_readings_match(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(one_repository([tag(name, 90) for name in ("v1", "v1-foo", "foo-v2", "v2", "x")]))
    run = ansible.module(CLEANUP, {"project": "team/app", "name_regex_delete": "v1|v2"})
    assert left(simulator) == ["foo-v2", "v1-foo", "x"]
    assert run.result["plan"]["totals"]["reasons"]["ambiguous_pattern"] == 2
    assert "v1-foo" in json.dumps(run.result["warnings"])


def test_protected_tags_stay_for_administrators_too(ansible: Ansible, simulator: Simulator) -> None:
    scenario = one_repository([tag("dev-1", 90), tag("dev-2", 80), tag("dev-3", 80), tag("v1", 1)])
    scenario["projects"][0]["tag_rules"] = [
        {"pattern": "dev-1", "delete": "owner", "push": "owner"},
        {"pattern": "dev-3", "immutable": True},
    ]
    simulator.load(scenario)
    run = ansible.module(CLEANUP, {"project": "team/app", "name_regex_delete": "dev-.*", "api_token": "glpat-root"})
    assert run.status == "ok", run.message
    assert run.result["plan"]["totals"]["reasons"]["gitlab_protected"] == 2
    assert left(simulator) == ["dev-1", "dev-3", "v1"]


def test_an_administrator_is_refused_where_protection_can_not_be_read(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(one_repository([tag("dev-1", 90), tag("v1", 1)], graphql_enabled=False))
    options = {"project": "team/app", "name_regex_delete": "dev-.*"}
    run = ansible.module(CLEANUP, {**options, "api_token": "glpat-root"})
    assert run.result["result"] == "refused"
    assert "allow_unread_protection" in run.message
    assert left(simulator) == ["dev-1", "v1"]
    run = ansible.module(CLEANUP, options)
    assert run.result["result"] == "ok", run.message
    assert "GitLab itself enforces" in " ".join(run.result["notes"])
    assert left(simulator) == ["v1"]


def test_the_policy_of_gitlab_itself_is_told(ansible: Ansible, simulator: Simulator) -> None:
    scenario = one_repository([tag("dev-1", 90), tag("v1", 1)])
    scenario["projects"][0]["policy"] = {"enabled": True, "next_run_at": "2026-06-02T00:00:00.000Z"}
    simulator.load(scenario)
    options = {"project": "team/app", "name_regex_delete": "dev-.*"}
    warned = ansible.module(CLEANUP, options, check=True)
    assert "2026-06-02" in json.dumps(warned.result["warnings"])
    assert warned.result["plan"]["repositories"][0]["server_policy"] == {
        "state": "enabled",
        "next_run_at": "2026-06-02T00:00:00.000Z",
    }
    refused = ansible.module(CLEANUP, {**options, "on_server_policy": "fail"})
    assert refused.result["result"] == "refused"
    assert "team/app" in refused.message
    ignored = ansible.module(CLEANUP, {**options, "on_server_policy": "ignore"}, check=True)
    assert ignored.result.get("warnings", []) == []


def test_repositories_under_deletion_are_left_out_and_told(ansible: Ansible, simulator: Simulator) -> None:
    scenario = team()
    scenario["repositories"][1]["status"] = "delete_scheduled"
    simulator.load(scenario)
    run = ansible.module(CLEANUP, GROUP)
    assert run.result["server"]["being_deleted"] == ["team/app/web"]
    assert left(simulator, "team/app/web") == ["dev-1", "dev-2", "v1"]


def test_globs_and_exclusions_choose_repositories(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    options = {"group": "team", "name_regex_delete": "dev-1", "repositories": ["team/*"]}
    run = ansible.module(CLEANUP, {**options, "exclude_repositories": ["Team/App"]}, check=True)
    assert planned(run) == {"team/app/web": ["dev-1"]}


def test_the_diff_and_the_lists_are_capped_and_the_file_is_not(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(one_repository([tag(f"dev-{number:02}", 90) for number in range(30)] + [tag("v1", 1)]))
    plan = tmp_path / "plan.jsonl"
    run = ansible.module(
        CLEANUP,
        {"project": "team/app", "name_regex_delete": "dev-.*", "return_limit": 5, "plan_path": str(plan)},
        check=True,
        diff=True,
    )
    assert len(run.result["plan"]["delete"]) == 5
    assert run.result["plan"]["truncated"] is True
    assert run.result["diff"][0]["before"].splitlines()[-1] == "... and 25 more, hidden by return_limit"
    assert len(plan.read_text().splitlines()) == 1 + 1 + 31


def test_without_a_date_header_no_age_is_judged(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(one_repository([tag("dev-1", 90), tag("v1", 1)], omit_date=True))
    run = ansible.module(CLEANUP, {"project": "team/app", "name_regex_delete": "dev-.*", "older_than": "1d"})
    assert run.result["result"] == "refused"
    assert "Date" in run.message
    assert left(simulator) == ["dev-1", "v1"]


def test_undigested_tags_go_by_name_only_when_told(ansible: Ansible, simulator: Simulator) -> None:
    index = "application/vnd.oci.image.index.v1+json"
    simulator.load(one_repository([tag("dev-1", 90, media_type=index, config=False), tag("v1", 1)], mode="M2"))
    options = {"project": "team/app", "name_regex_delete": "dev-.*", "read_via": "graphql"}
    run = ansible.module(CLEANUP, options)
    assert run.result["plan"]["totals"]["reasons"] == {"no_match": 1, "unknown_digest": 1}
    dated = ansible.module(CLEANUP, {**options, "older_than": "1d", "require_digest": False}, check=True)
    assert dated.result["plan"]["totals"]["delete"] == 0
    run = ansible.module(CLEANUP, {**options, "require_digest": False})
    assert run.result["unguarded"] == ["team/app:dev-1"]
    assert left(simulator) == ["v1"]


def test_the_token_of_the_environment_is_used_as_bearer_and_never_in_a_url(
    ansible: Ansible, simulator: Simulator
) -> None:
    simulator.load(team())
    ansible.module(CLEANUP, GROUP)
    log = simulator.requests()
    assert {entry["credential"] for entry in log} == {"bearer"}
    assert not [entry for entry in log if TOKEN in entry["path"] + entry["query"]]
    assert all(entry["user_agent"].startswith("containerops.gitlab/1.0.0 ansible/2.") for entry in log)


def test_a_token_that_graphql_does_not_take_goes_on_by_rest(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(one_repository([tag("dev-1", 90), tag("v1", 1)]))
    refusal = {"action": "status", "status": 401, "json": {"errors": [{"message": "Invalid token"}]}}
    simulator.faults([{"path": "/api/graphql", **refusal}])
    run = ansible.module(CLEANUP, {"project": "team/app", "name_regex_delete": "dev-.*"})
    assert run.status == "ok", run.message
    assert run.result["server"]["delete_via"] == "rest"
    assert left(simulator) == ["v1"]
    asked = ansible.module(CLEANUP, {"project": "team/app", "name_regex_delete": "v1", "delete_via": "graphql"})
    assert asked.failed
    assert "Use delete_via: auto or rest" in asked.message


@pytest.mark.parametrize(("mode", "generation"), [("M1", "G18"), ("M2", "G18"), ("M1", "G17")])
def test_the_registry_itself_deletes_by_name_alone(
    ansible: Ansible, simulator: Simulator, mode: str, generation: str
) -> None:
    tags = [
        tag("dev-1", 90, image="shared"),
        tag("dev-2", 90, image="shared"),
        tag("dev-3", 70),
        tag("v1", 90, image="shared"),
        tag("v2", 1),
    ]
    simulator.load(one_repository(tags, mode=mode, generation=generation))
    options = {"project": "team/app", "name_regex_delete": "dev-.*", "delete_via": "registry"}
    found = repeated(ansible, simulator, CLEANUP, options, "plan")
    assert found.run.result["server"]["delete_via"] == "registry"
    counts = found.run.result["outcome"]["counts"]
    assert counts["deleted"] == sum(counts.values()) == 3
    assert left(simulator) == ["v1", "v2"]
    deleted = asked(found.log, "DELETE", "")
    assert set(deleted) == {f"/v2/team/app/manifests/dev-{n}" for n in (1, 2, 3)}
    # Never by digest, and never through GitLab.
    assert not [path for path in deleted if "sha256" in path or not path.startswith("/v2/")]
    assert not [entry for entry in found.log if entry["kind"] == "graphql" and entry["write"]]


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_what_the_registry_itself_refuses_is_told_of_each_tag(
    ansible: Ansible, simulator: Simulator, mode: str
) -> None:
    tags = [tag("dev-1", 90), tag("dev-2", 80), tag("v1", 1)]
    options = {"project": "team/app", "name_regex_delete": "dev-.*", "delete_via": "registry"}

    def refused_run(**changes: Any) -> Task:
        task = ansible.module(CLEANUP, {**options, **changes})
        assert task.failed
        assert task.result["result"] == "partial"
        # Once one is refused for want of rights, the other one is not asked for, unless it was by then.
        counts = task.result["outcome"]["counts"]
        assert counts["not_deleted"] in (1, 2)
        assert counts["not_deleted"] + counts["not_tried"] == 2
        assert task.result["outcome"]["remaining"] == 3
        assert left(simulator) == ["dev-1", "dev-2", "v1"]
        return task

    simulator.load(one_repository(tags, mode=mode, registry={"deletes_enabled": False}))
    assert "deletion is disabled" in refused_run().message
    simulator.load(one_repository(tags, mode=mode, registry={"read_only": True}))
    # Of read-only mode the registry tells before anything is tried.
    assert "the registry is in read-only mode" in ansible.module(CLEANUP, options).message
    assert left(simulator) == ["dev-1", "dev-2", "v1"]
    simulator.load(one_repository(tags, mode=mode))
    assert "Maintainer" in refused_run(api_token="glpat-dev").message
    # The token says what it is good for, so that nothing was asked of the registry in vain.
    assert asked(simulator.requests(), "DELETE", "") == []


def test_deletions_by_the_registry_itself_survive_other_peoples_and_lost_answers(
    ansible: Ansible, simulator: Simulator
) -> None:
    simulator.load(one_repository([tag(f"dev-{number}", 90) for number in range(1, 5)] + [tag("v1", 1)]))
    forbidden = {"errors": [{"code": "DENIED", "message": "tag is protected"}]}
    simulator.faults(
        [
            {"method": "DELETE", "path": "/dev-1$", "first": 1, "action": "reset_after"},
            {
                "method": "DELETE",
                "path": "/dev-2$",
                "first": 1,
                "action": "mutate",
                "remove_tag": {"repository": "team/app", "name": "dev-2"},
            },
            {"method": "DELETE", "path": "/dev-3$", "action": "status", "status": 403, "json": forbidden},
        ]
    )
    run = ansible.module(
        CLEANUP, {"project": "team/app", "name_regex_delete": "dev-.*", "delete_via": "registry", "concurrency": 1}
    )
    assert run.failed
    outcome = {
        row["name"]: name for name, rows in run.result["outcome"].items() if isinstance(rows, list) for row in rows
    }
    assert outcome == {"dev-1": "deleted", "dev-2": "already_gone", "dev-3": "not_deleted", "dev-4": "deleted"}
    assert "tag is protected" in run.message
    assert left(simulator) == ["dev-3", "v1"]


def test_a_job_token_deletes_in_the_registry_of_its_own_project(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team("M2"))
    run = ansible.module(
        CLEANUP,
        {
            "project": "team/app",
            "name_regex_delete": "dev-[12]",
            "delete_via": "registry",
            "api_job_token": "job-token",
        },
        env={"GITLAB_TOKEN": None},
    )
    assert run.result["result"] == "ok", run.message
    assert run.result["outcome"]["counts"]["deleted"] == 4
    assert len(asked(simulator.requests(), "DELETE", "/v2/")) == 4


BUILDS = {"name_regex_delete": "build-.*", "keep_n": 2}


@pytest.mark.sweep(4)
@pytest.mark.parametrize(
    ("tags", "options", "kept", "notes"),
    [
        pytest.param(
            [tag(f"build-{number}", 50) for number in (8, 9, 10, 11, 12, 100)],
            {**BUILDS, "sort_by": "natural"},
            ["build-100", "build-12"],
            [],
            id="numbers of builds",
        ),
        pytest.param(
            [tag(f"build-{number}", 50) for number in (8, 9, 10, 11, 12, 100)],
            {**BUILDS, "sort_by": "name"},
            ["build-8", "build-9"],
            [
                "sort_by name compares letter by letter, so that 10 comes before 9. By their numbers 4 tags would have "
                "another decision: team/app:build-100 is deleted and team/app:build-8 is kept. Write sort_by: natural "
                "to compare the numbers."
            ],
            id="their names letter by letter",
        ),
        pytest.param(
            [*(tag(f"app-1.{number}.0", 50 - number) for number in range(3)), tag("app-latest", 1)],
            {"name_regex_delete": "app-(?P<version>.+)", "version_group": "version", "sort_by": "semver", "keep_n": 1},
            ["app-1.2.0", "app-latest"],
            [],
            id="versions inside of names",
        ),
        pytest.param(
            [tag("1.4.0_build.7", 30), tag("1.3.0_build.6", 20), tag("1.2.0_build.5", 10)],
            {"name_regex_delete": ".*", "sort_by": "semver", "keep_n": 1},
            ["1.4.0_build.7"],
            [],
            id="versions with build metadata",
        ),
        pytest.param(
            [tag("2024.05.1", 10), tag("24.4", 20), tag("2023-12-31", 30)],
            {"name_regex_delete": ".*", "sort_by": "calver", "keep_n": 1, "older_than": "1d"},
            ["2024.05.1"],
            [],
            id="calendar versions",
        ),
        pytest.param(
            [
                *(tag(name, 5, image="newest") for name in ("1", "1.2", "1.2.3")),
                *(tag(f"1.2.{number}", 9 - number) for number in range(3)),
            ],
            {"name_regex_delete": ".*", "keep_n": 3, "keep_n_counts": "images", "shared_digest": "keep_together"},
            ["1", "1.2", "1.2.1", "1.2.2", "1.2.3"],
            [],
            id="images",
        ),
    ],
)
@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_versions_and_images_are_ranked_as_people_mean_them(
    ansible: Ansible,
    simulator: Simulator,
    mode: str,
    tags: list[dict[str, Any]],
    options: dict[str, Any],
    kept: list[str],
    notes: list[str],
) -> None:
    simulator.load(one_repository(tags, mode=mode))
    order = {"project": "team/app", **options}
    check = ansible.module(CLEANUP, order, check=True)
    run = ansible.module(CLEANUP, order)
    assert check.status == run.status == "ok", (check.message, run.message)
    assert check.result["plan"] == run.result["plan"]
    assert left(simulator) == kept
    assert (
        [note for note in run.result["notes"] if "letter by letter" in note]
        == notes
        == [note for note in check.result["notes"] if "letter by letter" in note]
    )
    assert ansible.module(CLEANUP, order).result["changed"] is False
