# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""registry_cleanup_policy: nothing but what differs is sent, and a policy's next run moves for a reason only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.integration.driver import Ansible
from tests.integration.refused import check_refused
from tests.integration.repeated import Step, Told, asked, methods, outcomes, scene, story, trouble, writes
from tests.integration.scenarios import repository, server, tag, team
from tests.simulator.harness import Simulator

MODULE = "registry_cleanup_policy"
APP = {"project": ["team/app"]}
BARE = {"project": ["team/bare"]}
NONE = {"project": ["team/none"]}
PARAMS = {"enabled": True, "cadence": "7d", "keep_n": 5, "name_regex_delete": "dev-.*"}
WHOLE = {**PARAMS, "older_than": "30d", "name_regex_keep": ".*-old"}
REMAINS_DISABLED = "the policy remains disabled, since the project has no images and GitLab would disable it again"
DAY = 24 * 3600


def shelves(policy: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """A project with images and that policy, one without any, and one that has no policy at all."""
    scenario = server([repository(100, "team/app", "", [tag("dev-1", 90), tag("v1", 9)])], **changes)
    scenario["projects"] = [
        {"id": 1, "path": "team/app", "policy": policy or {}},
        {"id": 4, "path": "team/bare"},
        {"id": 5, "path": "team/none", "policy": None},
    ]
    return scenario


def policies(told: Told) -> list[Any]:
    return [row["container_expiration_policy"] for row in told.read]


def bad_body(pattern: str) -> dict[str, Any]:
    """A PUT whose body has this in it is refused."""
    return {"method": "PUT", "body": pattern, "action": "status", "status": 400}


def test_nothing_but_what_differs_is_sent(ansible: Ansible, simulator: Simulator) -> None:
    one = ["projects/1"]
    others = bad_body("name_regex_delete|older_than|name_regex_keep|access_level")
    nameless = bad_body('^(?!.*"name_regex":)')
    cleared = bad_body(r'^(?!\{"container_expiration_policy_attributes": \{"keep_n": null, "older_than": null\}\}$)')
    check, run, again, alias, clear, cleared_again = story(
        ansible,
        simulator,
        MODULE,
        Step({**APP, **PARAMS}, scene(shelves()), one, check=True),
        Step({**APP, **PARAMS}, [trouble(others, nameless)], one),
        Step({**APP, **PARAMS}, [("PUT", "/_sim/clock", {"advance": 600})], one),
        Step({**APP, "name_regex": "dev-.*", "older_than": "90d", "clear": ["name_regex_keep"]}, (), one),
        Step({**APP, "clear": ["keep_n", "older_than"]}, [trouble(cleared)], one),
        Step({**APP, "clear": ["older_than", "keep_n"]}, (), one),
    )
    assert [told.task.status for told in (check, run, again, alias, clear, cleared_again)] == ["ok"] * 6, run.message
    assert writes(check.log) == []
    for key in ("projects", "diff", "changed", "totals"):
        assert check.result[key] == run.result[key]
    assert run.result["projects"][0]["differences"] == [
        {"setting": "cleanup_policy.enabled", "before": False, "after": True},
        {"setting": "cleanup_policy.cadence", "before": "1d", "after": "7d"},
        {"setting": "cleanup_policy.keep_n", "before": 10, "after": 5},
        {"setting": "cleanup_policy.name_regex_delete", "before": ".*", "after": "dev-.*"},
    ]
    [row] = run.result["diff"]
    assert row["after"] == (
        "cleanup_policy.enabled: true\n"
        "cleanup_policy.cadence: 7d\n"
        "cleanup_policy.keep_n: 5\n"
        "cleanup_policy.older_than: 90d\n"
        "cleanup_policy.name_regex_delete: dev-.*\n"
        "cleanup_policy.name_regex_keep: null\n"
    )
    [policy] = policies(run)
    assert policy == {
        "enabled": True,
        "cadence": "7d",
        "keep_n": 5,
        "older_than": "90d",
        "name_regex": "dev-.*",
        "name_regex_keep": None,
        "next_run_at": "2026-06-08T12:00:00.000Z",
    }
    for told in (again, alias):
        assert told.result["changed"] is False
        assert told.result["diff"] == []
        assert methods(told.log) == ["GET"]
        assert policies(told) == [policy]
    [none] = policies(clear)
    assert none == {**policy, "keep_n": None, "older_than": None, "next_run_at": "2026-06-08T12:10:00.000Z"}
    assert "keep_n: null\n" in clear.result["diff"][0]["after"]
    assert methods(cleared_again.log) == ["GET"]
    assert policies(cleared_again) == [none]


def test_gitlab_has_the_last_word_on_values(ansible: Ansible, simulator: Simulator) -> None:
    newer = shelves(policy_older_than=["7d", "14d", "30d", "60d", "90d", "120d"])
    keep, both, known, broken = story(
        ansible,
        simulator,
        MODULE,
        Step({**APP, "keep_n": 3}, scene(shelves()), ["projects/1"]),
        Step({**APP, "older_than": "5d", "cadence": "2d"}, (), ["projects/1"]),
        Step({**APP, "older_than": "120d"}, scene(newer), ["projects/1"]),
        Step({**APP, "enabled": True}, scene(shelves({"name_regex_keep": "(a"})), ["projects/1"]),
    )
    for told, warning, sentence in (
        (keep, "keep_n is 3", "GitLab answered 400 (container_expiration_policy.keep_n is not included in the list)."),
        (both, "older_than is 5d", "container_expiration_policy.older_than is not included in the list"),
        (both, "cadence is 2d", "container_expiration_policy.cadence is not included in the list"),
        (broken, "name_regex_keep '(a'", "container_expiration_policy.name_regex_keep not valid RE2 syntax"),
    ):
        assert told.task.failed
        assert told.result["result"] == "partial"
        assert outcomes(told.task, "path") == {"team/app": "not_changed"}
        assert warning in str(told.result["warnings"])
        assert sentence in told.message
        assert "{" not in told.message
        assert told.message.endswith(".")
        assert policies(told)[0]["next_run_at"] == "2026-06-02T12:00:00.000Z"
    assert known.task.status == "ok"
    assert "older_than is 120d" in str(known.result["warnings"])
    assert policies(known)[0]["older_than"] == "120d"


UNSENT: list[tuple[dict[str, Any], str]] = [
    ({**APP, "name_regex_delete": "(a"}, "name_regex_delete '(a' is not a valid RE2 pattern"),
    ({**APP, "name_regex": "(a"}, "is not a valid RE2 pattern"),
    ({**APP, "name_regex_keep": "a(?=b)"}, "name_regex_keep 'a(?=b)' is not a valid RE2 pattern"),
    ({**APP, "enabled": True, "name_regex_delete": " "}, "name_regex_delete is empty"),
    ({**APP, "keep_n": 5, "clear": ["keep_n"]}, "keep_n is set and also in clear"),
    ({**APP, "clear": ["cadence"]}, "value of clear must be one or more of"),
    (APP, "No option of the policy is set"),
    ({**APP, "preview": True}, "No option of the policy is set"),
    (PARAMS, "one of the following is required: project, group"),
    ({**APP, **PARAMS, "api_job_token": "job-token"}, "CI/CD job token"),
]


def test_what_can_not_be_meant_is_refused_before_anything_is_sent(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(shelves())
    check_refused(ansible, simulator, MODULE, UNSENT, {"GITLAB_TOKEN": ""})


def test_a_policy_stays_off_where_there_are_no_images(ansible: Ansible, simulator: Simulator) -> None:
    four = ["projects/4"]
    switching = scene(shelves(policies_off_without_images=True))
    later = [("PUT", "/_sim/clock", {"advance": 600})]
    no_list = {"path": "/registry/repositories", "action": "status", "status": 500}
    first, first_again, second, second_again, both, pushed, unnamed, blind = story(
        ansible,
        simulator,
        MODULE,
        Step({**BARE, **PARAMS}, scene(shelves()), four),
        Step({**BARE, **PARAMS}, later, four),
        Step({**BARE, **PARAMS}, switching, four),
        Step({**BARE, **PARAMS}, later, four),
        Step({"project": ["team/app", "team/bare"], **PARAMS}, (), ["projects/1", "projects/4"]),
        Step({**APP, **PARAMS}, (), ["projects/1"]),
        Step({**APP, "enabled": True}, scene(shelves({"name_regex": None})), ["projects/1"]),
        Step({**APP, "enabled": True}, scene(shelves(), no_list), ["projects/1"]),
    )
    for run, again in ((first, first_again), (second, second_again)):
        assert run.task.status == again.task.status == "ok"
        assert run.result["changed"] is True
        assert again.result["changed"] is False
        for told in (run, again):
            assert [row["notes"] for row in told.result["projects"]] == [[REMAINS_DISABLED]]
            assert f"team/bare: {REMAINS_DISABLED}" in str(told.result["warnings"])
            assert told.result["projects"][0]["after"]["cleanup_policy.enabled"] is False
        assert writes(again.log) == []
        assert policies(run) == policies(again)
        assert policies(run)[0]["keep_n"] == 5
    assert [policy["enabled"] for policy in policies(both)] == [True, False]
    assert outcomes(both.task, "path") == {"team/app": "changed"}
    assert methods(pushed.log) == ["GET"]
    assert unnamed.task.failed
    assert "an enabled policy needs name_regex_delete, and it has none" in unnamed.message
    assert blind.task.failed
    assert [row["action"] for row in blind.result["projects"]] == ["unknown"]
    for told in (unnamed, blind):
        assert told.result["changed"] is False
        assert writes(told.log) == []


def test_a_project_that_never_had_a_policy(ansible: Ansible, simulator: Simulator) -> None:
    with_images = shelves()
    with_images["repositories"].append(repository(101, "team/none", "", [tag("v1", 3)]))
    every = [f"projects/{number}" for number in (1, 5)]
    nameless, run, again = story(
        ansible,
        simulator,
        MODULE,
        Step({**NONE, "enabled": True}, scene(with_images)),
        Step({**NONE, **WHOLE}, (), every),
        Step({**NONE, **WHOLE}),
    )
    assert nameless.task.failed
    assert "needs name_regex_delete" in nameless.message
    assert writes(nameless.log) == []
    assert run.task.status == "ok"
    before = {row["setting"]: row["before"] for row in run.result["projects"][0]["differences"]}
    assert before.pop("cleanup_policy.enabled") is False
    assert set(before.values()) == {None}
    other, policy = policies(run)
    assert other["enabled"] is False
    assert {**policy, "next_run_at": ""} == {
        "enabled": True,
        "cadence": "7d",
        "keep_n": 5,
        "older_than": "30d",
        "name_regex": "dev-.*",
        "name_regex_keep": ".*-old",
        "next_run_at": "",
    }
    assert again.result["changed"] is False
    assert methods(again.log) == ["GET"]


def test_a_preview_is_what_the_policy_then_deletes(ansible: Ansible, simulator: Simulator) -> None:
    params = {"group": "team", **PARAMS, "cadence": "1d", "keep_n": 1, "older_than": "30d", "preview": True}
    check, run, unread = story(
        ansible,
        simulator,
        MODULE,
        Step(params, scene(team()), check=True),
        Step(params),
        Step(
            params,
            [
                trouble(
                    {"path": "/graphql", "action": "status", "status": 404},
                    {"path": "/repositories/101/tags", "action": "status", "status": 500},
                )
            ],
        ),
    )
    assert check.task.status == run.task.status == "ok"
    assert check.result["previews"] == run.result["previews"]
    assert writes(check.log) == []
    assert asked(run.log, "DELETE", "") == []
    previews = {row["repository"]: row["preview"] for row in run.result["previews"]}
    assert sorted(previews) == ["team/app", "team/app/web", "team/sub/tool"]
    foretold = {path: sorted(row["name"] for row in preview["delete"]) for path, preview in previews.items()}
    assert foretold["team/app"] == ["dev-1", "dev-2", "dev-3", "dev-old"]
    assert {preview["certainty"] for preview in previews.values()} == {"exact"}
    blind = {row["repository"]: row for row in unread.result["previews"]}["team/app/web"]
    assert blind["preview"] is None
    assert "team/app/web" in blind["error"]
    before = simulator.state()
    simulator.clock(advance=DAY + 60)
    after = simulator.state()
    gone = {path: sorted(set(before[path]) - set(after[path])) for path in previews}
    assert gone == foretold
    assert gone["team/app/web"] == ["dev-1"]
    assert after["other/lib"] == before["other/lib"]


def test_what_was_read_is_written_although_its_preview_fails(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(team())
    written = tmp_path / "projects.jsonl"
    options = {"group": "team", **PARAMS, "output_path": str(written)}
    ansible.module(MODULE, options, check=True)
    needed = simulator.counters()["total"]
    lines = written.read_text()
    written.unlink()
    run = ansible.module(MODULE, {**options, "preview": True, "max_requests": needed}, check=True)
    assert run.failed
    assert "max_requests" in run.result["msg"]
    assert written.read_text() == lines
