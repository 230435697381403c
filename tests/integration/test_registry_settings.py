# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""registry_settings: a fleet as one document says, for few requests, and what somebody changed by hand is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.integration.driver import Ansible
from tests.integration.refused import check_refused
from tests.integration.repeated import Call, Log, Step, asked, methods, outcomes, scene, story, writes
from tests.integration.scenarios import fleet, repository, server, tag
from tests.simulator.harness import Simulator

MODULE = "registry_settings"
PUSH, DELETE = "minimum_access_level_for_push", "minimum_access_level_for_delete"
POLICY = {"enabled": True, "cadence": "7d", "keep_n": 10, "older_than": "30d", "name_regex_delete": "dev-.*"}
WEB = {"rules": [{"pattern": "web*", DELETE: "owner"}]}
VERSIONS = {"rules": [{"pattern": "^v[0-9]", PUSH: "maintainer", DELETE: "owner"}], "exclusive": True}
DOCUMENT: dict[str, Any] = {
    "defaults": {"access_level": "private", "cleanup_policy": POLICY},
    "groups": [{"group": "team"}, {"group": "team/sub", "cleanup_policy": {"keep_n": 25}}],
    "projects": [
        {"project": "team/p0002", "repository_protection": WEB},
        {"project": "team/sub/p0001", "tag_protection": VERSIONS, "repository_protection": WEB},
    ],
}
# What the simulator keeps for a project that is as the document says.
KEPT = {"enabled": True, "cadence": "7d", "keep_n": 10, "older_than": "30d", "name_regex": "dev-.*"}


def by_hand(number: int, **attributes: Any) -> Call:
    """What somebody changes in a project."""
    return ("PUT", f"/api/v4/projects/{number}", attributes)


def of_put(log: Log) -> list[str]:
    return [entry["path"].rpartition("/")[2] for entry in log if entry["method"] == "PUT"]


def test_a_fleet_of_500_projects_and_its_drift(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    projects = fleet(500)
    repositories = [
        repository(5000 + number, project["path"], "", [tag("v1", 9)]) for number, project in enumerate(projects)
    ]
    simulator.load(server(repositories, projects=projects))
    # Visibility and policy of a project come in one body.
    simulator.faults(
        [
            {"method": "PUT", "body": f"^(?!.*{key})", "action": "status", "status": 400}
            for key in ("container_registry_access_level", "container_expiration_policy_attributes")
        ]
    )
    files = [tmp_path / f"{name}.jsonl" for name in ("check", "run", "drift")]
    drift = [
        by_hand(1004, container_registry_access_level="enabled"),
        by_hand(1005, container_expiration_policy_attributes={"keep_n": 5}),
        (
            "POST",
            "/api/v4/projects/1001/registry/protection/tag/rules",
            {"tag_name_pattern": "x", PUSH: "owner", DELETE: "owner"},
        ),
    ]
    check, run, again, drifted, back, last = story(
        ansible,
        simulator,
        MODULE,
        Step({**DOCUMENT, "output_path": str(files[0])}, check=True),
        Step({**DOCUMENT, "output_path": str(files[1])}, after=["projects/1002", "projects/1001"]),
        Step(DOCUMENT),
        Step({**DOCUMENT, "output_path": str(files[2])}, drift, check=True),
        Step(DOCUMENT),
        Step(DOCUMENT, check=True),
    )
    assert [told.task.status for told in (check, run, again, drifted, back, last)] == ["ok"] * 6, run.message
    for key in ("projects", "diff", "changed", "totals"):
        assert check.result[key] == run.result[key], key
    assert writes(check.log) == []
    assert files[0].read_text() == files[1].read_text()
    lines = [json.loads(line) for line in files[1].read_text().splitlines()]
    assert len(lines) == run.result["totals"]["differing"] == 500
    assert lines[:100] == run.result["projects"]
    assert sorted(of_put(run.log)) == sorted(str(project["id"]) for project in projects)
    assert methods(run.log).count("POST") == 3
    assert [row["container_registry_access_level"] for row in run.read] == ["private", "private"]
    assert [row["container_expiration_policy"]["keep_n"] for row in run.read] == [10, 25]
    # Five pages, all but the last twice, and each kind of rules of each project that has some in the document.
    for told in (again, last):
        assert told.result["changed"] is False
        assert told.result["totals"]["as_wanted"] == 500
        assert methods(told.log) == ["GET"] * (9 + 3)
        assert len(asked(told.log, "GET", "/groups/")) == 9
        assert len(asked(told.log, "GET", "/protection/")) == 3
    assert drifted.result["totals"]["differing"] == 3
    found = {row["path"]: row["differences"] for row in map(json.loads, files[2].read_text().splitlines())}
    assert {path: differences for path, differences in found.items() if differences} == {
        "team/p0004": [{"setting": "access_level", "before": "enabled", "after": "private"}],
        "team/sub/p0005": [{"setting": "cleanup_policy.keep_n", "before": 5, "after": 25}],
        "team/sub/p0001": [{"setting": "tag_protection x", "before": "push: owner, delete: owner", "after": None}],
    }
    assert [row["after_header"] for row in drifted.result["diff"]] == ["team/p0004", "team/sub/p0001", "team/sub/p0005"]
    assert writes(drifted.log) == []
    assert back.result["diff"] == drifted.result["diff"]
    assert sorted(of_put(back.log)) == ["1004", "1005"]
    assert methods(back.log).count("DELETE") == 1


def test_3000_projects_are_read_with_59_requests(ansible: Ansible, simulator: Simulator) -> None:
    projects = fleet(3000, access_level="private", policy=KEPT)
    for project in projects[::2]:
        project["policy"] = {**KEPT, "keep_n": 25}
    simulator.load(server([], projects=projects))
    task = ansible.module(MODULE, {"defaults": DOCUMENT["defaults"], "groups": DOCUMENT["groups"]})
    assert task.status == "ok", task.message
    assert task.result["totals"]["as_wanted"] == 3000
    assert task.result["changed"] is False
    # All pages but the last are read twice, since they may shift meanwhile.
    assert methods(simulator.requests()) == ["GET"] * 59


def nested() -> dict[str, Any]:
    """A project in the outer group, three in the inner one, and one elsewhere."""
    scenario = server([])
    policy = {"keep_n": 1, "older_than": "90d", "name_regex_keep": "old"}
    rule = {"push": "owner", "delete": "owner"}
    paths = ["team/app", "team/sub/tool", "team/sub/own", "team/sub/left", "other/lib"]
    scenario["projects"] = [
        {
            "id": number,
            "path": path,
            "policy": policy,
            "repository_rules": [{"pattern": f"{path}/x", **rule}],
            "tag_rules": [{"pattern": "^x", **rule}],
        }
        for number, path in enumerate(paths, 1)
    ]
    return scenario


def only(pattern: str) -> dict[str, Any]:
    """This one rule, of whichever kind."""
    return {"rules": [{"pattern": pattern, PUSH: "admin", DELETE: "admin"}], "exclusive": True}


NESTED: dict[str, Any] = {
    "defaults": {
        "access_level": "private",
        "cleanup_policy": {"keep_n": 5, "older_than": "7d", "name_regex_keep": "defaults"},
        "repository_protection": only("defaults"),
        "tag_protection": only("defaults"),
    },
    "groups": [
        {"group": "team/sub", "cleanup_policy": {"clear": ["keep_n"]}, "tag_protection": only("inner")},
        {
            "group": "team",
            "access_level": "enabled",
            "cleanup_policy": {"keep_n": 25, "cadence": "14d"},
            "tag_protection": only("outer"),
            "repository_protection": only("outer"),
        },
    ],
    "projects": [
        {
            "project": "team/sub/own",
            "access_level": "private",
            "cleanup_policy": {"keep_n": 50, "clear": ["older_than"]},
            "tag_protection": only("own"),
        },
        {"project": "Team/Sub/Left", "managed": False, "access_level": "disabled"},
        {"project": "other/lib"},
    ],
}


def test_what_is_more_specific_wins(ansible: Ansible, simulator: Simulator) -> None:
    after = [f"projects/{number}" for number in range(1, 6)]
    outside = {"defaults": {"managed": False, "access_level": "private"}, "groups": [{"group": "team"}]}
    back = {**outside, "projects": [{"project": "team/app", "managed": True}]}
    inner = {**outside, "groups": [{"group": "team"}, {"group": "team/sub", "managed": True}]}
    reverse = {**NESTED, "groups": NESTED["groups"][::-1], "projects": NESTED["projects"][::-1]}
    check, other_order, nothing, project, group, run = story(
        ansible,
        simulator,
        MODULE,
        Step(NESTED, scene(nested()), check=True),
        Step(reverse, check=True),
        Step(outside, check=True),
        Step(back, check=True),
        Step(inner, check=True),
        Step(NESTED, (), after),
    )
    assert run.task.status == "ok", run.message
    assert run.result["projects"] == check.result["projects"]
    assert set(outcomes(run.task, "path").values()) == {"changed"}
    wanted = {row["path"]: row["after"] for row in check.result["projects"]}
    assert other_order.result["projects"] == check.result["projects"]

    def policy(path: str) -> list[Any]:
        names = ("cadence", "keep_n", "older_than", "name_regex_delete", "name_regex_keep")
        return [wanted[path][f"cleanup_policy.{name}"] for name in names]

    assert sorted(wanted) == ["other/lib", "team/app", "team/sub/own", "team/sub/tool"]
    assert {path: settings["access_level"] for path, settings in wanted.items()} == {
        "other/lib": "private",
        "team/app": "enabled",
        "team/sub/own": "private",
        "team/sub/tool": "enabled",
    }
    assert policy("other/lib") == ["1d", 5, "7d", ".*", "defaults"]
    assert policy("team/app") == ["14d", 25, "7d", ".*", "defaults"]
    assert policy("team/sub/tool") == ["14d", None, "7d", ".*", "defaults"]
    assert policy("team/sub/own") == ["14d", 50, None, ".*", "defaults"]
    rules = {path: sorted(name for name in wanted[path] if "_protection " in name) for path in wanted}
    assert rules == {
        "other/lib": ["repository_protection other/lib/defaults", "tag_protection defaults"],
        "team/app": ["repository_protection team/app/outer", "tag_protection outer"],
        "team/sub/own": ["repository_protection team/sub/own/outer", "tag_protection own"],
        "team/sub/tool": ["repository_protection team/sub/tool/outer", "tag_protection inner"],
    }
    assert nothing.result["projects"] == []
    assert nothing.result["totals"]["projects"] == 0
    assert [row["path"] for row in project.result["projects"]] == ["team/app"]
    assert [row["path"] for row in group.result["projects"]] == ["team/sub/left", "team/sub/own", "team/sub/tool"]
    # The unmanaged one is as it was.
    left = run.read[3]
    assert left["container_registry_access_level"] == "enabled"
    assert left["container_expiration_policy"]["keep_n"] == 1
    assert run.read[1]["container_expiration_policy"]["keep_n"] is None
    assert run.read[4]["container_registry_access_level"] == "private"


def test_trouble_in_a_fleet(ansible: Ansible, simulator: Simulator) -> None:
    document = {
        "defaults": {"access_level": "private"},
        "groups": [{"group": "team", "tag_protection": VERSIONS}],
        "projects": [{"project": "other/lib"}, {"project": "other/gone"}],
    }
    forbidden = {"action": "status", "status": 403, "json": {"message": "403 Forbidden"}}
    rules = {"method": "GET", "path": "/projects/1/registry", **forbidden}
    put = {"method": "PUT", "path": "/projects/2$", **forbidden}
    after = [f"projects/{number}" for number in (1, 2, 3, 5)]
    scenario = nested()
    scenario["projects"][4]["archived"] = True
    partial, refused, refused_in_check, unknown_group = story(
        ansible,
        simulator,
        MODULE,
        Step(document, scene(scenario, rules, put), after),
        Step({**document, "max_changed_projects": 2}, scene(nested()), after),
        Step({**document, "max_changed_projects": 2}, check=True),
        Step({**document, "groups": [{"group": "nothing"}]}, (), after),
    )
    assert partial.task.failed
    assert partial.result["result"] == "partial"
    assert [row["container_registry_access_level"] for row in partial.read] == [
        *("enabled", "enabled", "private", "enabled")
    ]
    assert outcomes(partial.task, "path") == {
        "team/sub/tool": "not_changed",
        "team/sub/left": "changed",
        "team/sub/own": "changed",
    }
    assert {row["name"]: row["status"] for row in partial.result["errors"]} == {
        "other/gone": 404,
        "team/app": 403,
        "other/lib": None,
    }
    assert partial.result["totals"] == {"projects": 5, "differing": 3, "as_wanted": 0, "unknown": 2, "archived": 0}
    for told in (refused, refused_in_check):
        assert told.task.failed
        assert told.result["result"] == "refused"
        assert told.message == refused.message
        assert "5 projects would be changed, more than max_changed_projects 2" in told.message
        assert writes(told.log) == []
    assert {row["container_registry_access_level"] for row in refused.read} == {"enabled"}
    assert unknown_group.task.failed
    assert "group nothing" in unknown_group.message
    assert unknown_group.read[3]["container_registry_access_level"] == "private"
    assert unknown_group.read[0]["container_registry_access_level"] == "enabled"


TEAM = [{"group": "team"}]
BAD_TAG = {"rules": [{"pattern": "(", PUSH: "owner", DELETE: "owner"}]}
UNSENT: list[tuple[dict[str, Any], str]] = [
    ({"groups": [], "projects": []}, "groups and projects are empty"),
    ({"defaults": {"access_level": "private"}}, "one of the following is required: groups, projects"),
    ({"projects": [{"project": "5"}]}, "projects, '5': give the full path"),
    ({"groups": [{"group": "12"}]}, "groups, '12': give the full path"),
    ({"groups": [*TEAM, {"group": "/Team/"}]}, "groups, '/Team/': it is in the document more than once"),
    ({"projects": [{"project": "a/b"}, {"project": "A/b"}]}, "projects, 'A/b': it is in the document more than once"),
    ({"projects": [{"project": "app"}]}, "'app' is a name without its group"),
    (
        {"groups": TEAM, "projects": [{"project": "a/b", "tag_protection": BAD_TAG}]},
        "projects, 'a/b': tag_name_pattern",
    ),
    (
        {"groups": [{"group": "team/sub", "cleanup_policy": {"name_regex_delete": "("}}]},
        "groups, 'team/sub': name_regex",
    ),
    (
        {"groups": TEAM, "defaults": {"cleanup_policy": {"keep_n": 5, "clear": ["keep_n"]}}},
        "defaults: keep_n is set and also in clear",
    ),
    (
        {"groups": TEAM, "defaults": {"repository_protection": {"rules": [{"pattern": "a b", PUSH: "owner"}]}}},
        "defaults: repo",
    ),
    ({"groups": TEAM, "defaults": {"access_level": "public"}}, "must be one of: enabled, private, disabled"),
    ({"groups": [{"group": "team", "acces_level": "private"}]}, "Unsupported parameters"),
    ({"groups": [{"access_level": "private"}]}, "missing required arguments: group"),
    ({"groups": TEAM, "api_job_token": "job-token"}, "CI/CD job token"),
]


def test_a_bad_document_is_refused_before_anything_is_sent(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(server([]))
    check_refused(ansible, simulator, MODULE, UNSENT, {"GITLAB_TOKEN": ""})
