# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""registry_repository_protection and registry_tag_protection: the wanted rules, nothing else, and never fewer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.driver import Ansible
from tests.integration.refused import check_refused
from tests.integration.repeated import Log, Step, Told, methods, outcomes, scene, story, writes
from tests.integration.scenarios import server
from tests.simulator.harness import Simulator

REPOSITORY, TAG = "registry_repository_protection", "registry_tag_protection"
APP = {"project": ["team/app"]}
MAINTAINER, OWNER, ADMIN = "maintainer", "owner", "admin"
PUSH, DELETE = "minimum_access_level_for_push", "minimum_access_level_for_delete"
OF_REPOSITORY = "projects/1/registry/protection/repository/rules"
OF_TAG = "projects/1/registry/protection/tag/rules"
TWO = [
    {"id": 21, "pattern": "team/app/a*", "push": MAINTAINER, "delete": OWNER},
    {"id": 22, "pattern": "team/app/b", "push": None, "delete": MAINTAINER},
]
FIVE = [{"id": 10 + number, "pattern": f"^v{number}", "push": MAINTAINER, "delete": MAINTAINER} for number in range(5)]


def rule(pattern: str, push: str | None = None, delete: str | None = None) -> dict[str, Any]:
    levels = {PUSH: push, DELETE: delete}
    return {"pattern": pattern, **{key: level for key, level in levels.items() if level}}


def params(*rules: dict[str, Any], **options: Any) -> dict[str, Any]:
    return {**APP, "rules": list(rules), **options}


def guarded(
    repository: list[dict[str, Any]] | None = None, tag: list[dict[str, Any]] | None = None, **changes: Any
) -> dict[str, Any]:
    """Three projects of a group, the first of which has these rules."""
    scenario = server([], **changes)
    scenario["projects"] = [
        {"id": 1, "path": "team/app", "repository_rules": repository or [], "tag_rules": tag or []},
        {"id": 2, "path": "team/sub/tool"},
        {"id": 3, "path": "team/Web"},
    ]
    return scenario


def rules(rows: list[Any]) -> dict[str, tuple[str | None, str | None]]:
    return {
        row.get("tag_name_pattern") or row["repository_path_pattern"]: (row[PUSH], row[DELETE])
        for row in rows
        if isinstance(row, dict)
    }


def refusal(method: str, path: str, status: int, body: dict[str, Any]) -> dict[str, Any]:
    return {"method": method, "path": path, "action": "status", "status": status, "json": body}


def lost_once(method: str) -> dict[str, Any]:
    """The answer of the first such request is lost after it was carried out."""
    return {"method": method, "first": 1, "action": "reset_after"}


def steps_of(log: Log) -> list[str]:
    """The writes in order, with the rule's id where there is one."""
    return [f"{entry['method']} {entry['path'].rpartition('/')[2]}" for entry in log if entry["write"]]


def untouched(told: Told) -> bool:
    return told.result["changed"] is False and writes(told.log) == []


def test_rules_of_repositories(ansible: Ansible, simulator: Simulator) -> None:
    change = params(rule("team/app/a*", push=ADMIN), rule("Team/App/C", delete=OWNER))
    check, run, again, fewer, none, exclusive, absent, missing, empty, cleared = story(
        ansible,
        simulator,
        REPOSITORY,
        Step(change, scene(guarded(TWO)), [OF_REPOSITORY], check=True),
        Step(change, (), [OF_REPOSITORY]),
        Step(change),
        Step(params(rule("team/app/a*", push="none")), (), [OF_REPOSITORY]),
        Step(params(rule("team/app/a*", delete="none")), (), [OF_REPOSITORY]),
        Step(params(rule("team/app/d", push=OWNER), rule("team/app/c"), exclusive=True), (), [OF_REPOSITORY]),
        Step(params(rule("team/app/c"), rule("team/app/gone"), state="absent"), (), [OF_REPOSITORY]),
        Step(params(rule("team/app/gone"), state="absent")),
        Step(params(), (), [OF_REPOSITORY]),
        Step(params(exclusive=True), (), [OF_REPOSITORY]),
    )
    before = {"team/app/a*": (MAINTAINER, OWNER), "team/app/b": (None, MAINTAINER)}
    assert rules(check.read[0]) == before
    for key in ("projects", "diff", "changed", "totals"):
        assert check.result[key] == run.result[key]
    assert run.result["diff"] == [
        {
            "before_header": "team/app",
            "after_header": "team/app",
            "before": (
                "repository_protection team/app/a*: push: maintainer, delete: owner\n"
                "repository_protection team/app/b: push: not limited, delete: maintainer\n"
            ),
            "after": (
                "repository_protection team/app/a*: push: admin, delete: owner\n"
                "repository_protection team/app/b: push: not limited, delete: maintainer\n"
                "repository_protection team/app/c: push: not limited, delete: owner\n"
            ),
        }
    ]
    assert sorted(steps_of(run.log)) == ["PATCH 21", "POST rules"]
    assert rules(run.read[0]) == {**before, "team/app/a*": (ADMIN, OWNER), "team/app/c": (None, OWNER)}
    assert untouched(again)
    assert methods(again.log) == ["GET", "GET"]
    assert rules(fewer.read[0]) == {**before, "team/app/a*": (None, OWNER), "team/app/c": (None, OWNER)}
    assert none.task.failed
    assert "the rule 'team/app/a*' would have no level" in none.message
    assert untouched(none)
    assert rules(exclusive.read[0]) == {"team/app/c": (None, OWNER), "team/app/d": (OWNER, None)}
    assert methods(exclusive.log)[2:-1] == ["POST", "DELETE", "DELETE"]
    assert rules(absent.read[0]) == {"team/app/d": (OWNER, None)}
    for told in (missing, empty):
        assert told.task.status == "ok"
        assert untouched(told)
    assert cleared.read == [[]]
    assert cleared.result["projects"][0]["differences"] == [
        {"setting": "repository_protection team/app/d", "before": "push: owner, delete: not limited", "after": None}
    ]


def test_rules_of_tags(ansible: Ansible, simulator: Simulator) -> None:
    immutable = [{"id": 19, "pattern": "never", "immutable": True}]
    others = params(*(rule(f"^w{number}", OWNER, OWNER) for number in range(5)), exclusive=True)
    whole, whole_again, level, six, absent, exclusive, glob, partial, hidden, taken = story(
        ansible,
        simulator,
        TAG,
        Step(others, scene(guarded(tag=FIVE)), [OF_TAG]),
        Step(others),
        Step(params(rule("^v1", push=OWNER)), scene(guarded(tag=FIVE)), [OF_TAG]),
        Step(params(rule("^x", MAINTAINER, MAINTAINER)), (), [OF_TAG]),
        Step(params(rule("^v4"), rule("^v3"), rule("gone"), state="absent"), (), [OF_TAG]),
        Step(params(rule("^v0", OWNER), rule("^x", MAINTAINER, MAINTAINER), exclusive=True), (), [OF_TAG]),
        Step(
            params(rule("v*-release", MAINTAINER, MAINTAINER), rule("^dev-.*", MAINTAINER, MAINTAINER)),
            (),
            [OF_TAG],
        ),
        Step(params(rule("^y", OWNER)), (), [OF_TAG]),
        Step(params(rule("^v0", OWNER), exclusive=True), scene(guarded(tag=[*FIVE[:2], *immutable])), [OF_TAG]),
        Step(params(rule("never", OWNER, OWNER)), (), [OF_TAG]),
    )
    assert whole.task.status == "ok", whole.message
    assert rules(whole.read[0]) == {f"^w{number}": (OWNER, OWNER) for number in range(5)}
    assert untouched(whole_again)
    assert rules(level.read[0]) == {
        f"^v{number}": (OWNER if number == 1 else MAINTAINER, MAINTAINER) for number in range(5)
    }
    assert steps_of(level.log) == ["PATCH 11"]
    assert six.task.failed
    assert "it would have 6 tag rules, and GitLab allows at most 5" in six.message
    assert untouched(six)
    assert sorted(rules(absent.read[0])) == ["^v0", "^v1", "^v2"]
    assert rules(exclusive.read[0]) == {"^v0": (OWNER, MAINTAINER), "^x": (MAINTAINER, MAINTAINER)}
    assert steps_of(exclusive.log)[-2:] == ["DELETE 11", "DELETE 12"]
    assert sorted(steps_of(exclusive.log)[:2]) == ["PATCH 10", "POST rules"]
    assert glob.task.status == "ok"
    [warning] = glob.result["warnings"]
    assert "'v*-release' looks like a glob" in warning
    assert partial.task.failed
    assert "the new tag rule '^y' needs a level for push and one for delete" in partial.message
    assert untouched(partial)
    assert rules(hidden.read[0]) == {"^v0": (OWNER, MAINTAINER)}
    assert "never" not in str(hidden.result["projects"])
    assert taken.task.failed
    assert "GitLab answered 422 (Tag name pattern has already been taken)." in taken.message
    assert outcomes(taken.task, "path") == {"team/app": "not_changed"}


def test_patterns_of_a_group_are_relative(ansible: Ansible, simulator: Simulator) -> None:
    group = {
        "group": "team",
        "rules": [rule("web*", delete=MAINTAINER), rule("*", push=OWNER), rule("*-dev", push=MAINTAINER)],
    }
    tags = {"group": "team", "rules": [rule("^v", MAINTAINER, OWNER)], "exclusive": True}
    every = [OF_REPOSITORY.replace("1", str(number)) for number in (1, 2, 3)]
    named, foreign, run, again, absent, first, second = story(
        ansible,
        simulator,
        REPOSITORY,
        Step(params(rule("team/appendix*", push=MAINTAINER)), scene(guarded()), every),
        Step({"project": ["team/app", "team/sub/tool"], "rules": [rule("team/sub/tool*", push=MAINTAINER)]}, (), every),
        Step(group, scene(guarded()), every),
        Step(group),
        Step({"group": "team", "rules": [rule("*")], "state": "absent"}, (), every),
        Step(tags, module=TAG),
        Step(tags, module=TAG),
    )
    assert rules(named.read[0]) == {"team/appendix*": (MAINTAINER, None)}
    assert foreign.task.failed
    assert foreign.result["result"] == "partial"
    assert "project team/app: repository_path_pattern 'team/sub/tool*' does not begin with" in foreign.message
    assert rules(foreign.read[1]) == {"team/sub/tool*": (MAINTAINER, None)}
    assert rules(foreign.read[0]) == {"team/appendix*": (MAINTAINER, None)}
    assert run.task.status == "ok", run.message
    for path, found in zip(("team/app", "team/sub/tool", "team/web"), run.read, strict=True):
        assert rules(found) == {
            f"{path}/web*": (None, MAINTAINER),
            f"{path}*": (OWNER, None),
            f"{path}*-dev": (MAINTAINER, None),
        }
    assert [sorted(rules(found)) for found in absent.read][0] == ["team/app*-dev", "team/app/web*"]
    for told in (again, second):
        assert untouched(told)
        assert methods(told.log) == ["GET"] * 4
    assert first.result["totals"]["differing"] == 3
    assert methods(first.log) == ["GET"] * 4 + ["POST"] * 3 + ["GET"] * 3


def test_what_each_release_knows(ansible: Ansible, simulator: Simulator) -> None:
    create, update = params(rule("^x", MAINTAINER, MAINTAINER)), params(rule("^v0", OWNER, OWNER))
    only = params(rule("^v0"), rule("^x", MAINTAINER, MAINTAINER), exclusive=True)
    old = "projects/1/registry/protection/rules"

    def tags(feature: str) -> list[Any]:
        return scene(guarded(tag=FIVE[:2], features={"tag_rules": feature}))

    g17, g17_again, no_rules, no_tags, no_create, no_update, no_delete, m2, m2_update = story(
        ansible,
        simulator,
        TAG,
        Step(params(rule("team/app/c", OWNER)), scene(guarded(TWO, generation="G17")), [old], REPOSITORY),
        Step(params(rule("team/app/c", OWNER)), (), [old], REPOSITORY),
        Step(
            params(rule("team/app/c", OWNER)),
            scene(guarded(features={"repository_rules": "none"})),
            (),
            REPOSITORY,
        ),
        Step(create, tags("none")),
        Step(create, tags("read_only"), [OF_TAG]),
        Step(update, tags("no_update"), [OF_TAG]),
        Step(only, tags("no_delete"), [OF_TAG]),
        Step(create, scene(guarded(tag=FIVE[:2], mode="M2")), [OF_TAG]),
        Step(update, (), [OF_TAG]),
    )
    assert rules(g17.read[0]) == {
        "team/app/a*": (MAINTAINER, OWNER),
        "team/app/b": (None, MAINTAINER),
        "team/app/c": (OWNER, None),
    }
    assert untouched(g17_again)
    for told, text in (
        (no_rules, "This GitLab has no such endpoint: it was added in 17.8."),
        (no_tags, "This GitLab has no such endpoint: it was added in 18.7."),
    ):
        assert told.task.failed
        assert told.result["result"] == "failed"
        assert text in told.message
        assert untouched(told)
    before = {"^v0": (MAINTAINER, MAINTAINER), "^v1": (MAINTAINER, MAINTAINER)}
    for told, text in (
        (no_create, "This GitLab has no such endpoint: it was added in 18.8."),
        (no_update, "This GitLab has no such endpoint: it was added in 18.9."),
        (m2, "need a container registry with a metadata database"),
        (m2_update, "need a container registry with a metadata database"),
    ):
        assert told.task.failed
        assert text in told.message
        assert outcomes(told.task, "path") == {"team/app": "not_changed"}
        assert rules(told.read[0]) == before
    assert "it was added in a later release" in no_delete.message
    assert outcomes(no_delete.task, "path") == {"team/app": "partly_changed"}
    assert rules(no_delete.read[0]) == {**before, "^x": (MAINTAINER, MAINTAINER)}


def test_what_gitlab_says_about_a_rule_is_passed_on(ansible: Ansible, simulator: Simulator) -> None:
    texts = ["Repository path pattern can't be blank", "A rule must have at least a minimum access role"]
    create, update = params(rule("team/app/c", delete=OWNER)), params(rule("team/app/b", delete=OWNER))
    no_rules = params(exclusive=True)
    of_both = [OF_REPOSITORY, OF_REPOSITORY.replace("1", "2")]
    lists, errors, string, invalid, forbidden, lost, undone, kept, developer = story(
        ansible,
        simulator,
        REPOSITORY,
        Step(create, scene(guarded(TWO), refusal("POST", "rules$", 422, {"message": texts})), of_both),
        Step(update, scene(guarded(TWO), refusal("PATCH", "rules/22$", 422, {"message": {"error": texts}})), of_both),
        Step(create, scene(guarded(TWO), refusal("POST", "rules$", 422, {"message": "One text"})), of_both),
        Step(create, scene(guarded(TWO), refusal("POST", "rules$", 400, {"error": "x is missing"})), of_both),
        Step(
            {"group": "team", "rules": [rule("*", delete=OWNER)]},
            scene(guarded(TWO), refusal("GET", "/projects/1/registry", 403, {"message": "403 Forbidden"})),
            of_both,
        ),
        Step(
            params(rule("team/app/c", delete=OWNER), rule("team/app/a*", push=ADMIN)),
            scene(guarded(TWO), lost_once("POST"), lost_once("PATCH")),
            of_both,
        ),
        Step(no_rules, scene(guarded(TWO), lost_once("DELETE")), of_both),
        Step(no_rules, scene(guarded(TWO), refusal("DELETE", "rules/21$", 403, {"message": "403 Forbidden"})), of_both),
        Step({**create, "api_token": "glpat-dev"}, scene(guarded(TWO)), of_both),
    )
    for told, text in (
        (lists, f"GitLab answered 422 ({'; '.join(texts)})."),
        (errors, f"GitLab answered 422 ({'; '.join(texts)})."),
        (string, "GitLab answered 422 (One text)."),
        (invalid, "GitLab answered 400 (x is missing)."),
    ):
        assert told.task.failed
        assert told.message.endswith(text)
        assert outcomes(told.task, "path") == {"team/app": "not_changed"}
        assert len(rules(told.read[0])) == 2
    assert forbidden.task.failed
    assert forbidden.result["result"] == "partial"
    assert [(row["path"], row["action"]) for row in forbidden.result["projects"]] == [
        ("team/app", "unknown"),
        ("team/sub/tool", "update"),
        ("team/Web", "update"),
    ]
    assert [(row["name"], row["status"]) for row in forbidden.result["errors"]] == [("team/app", 403)]
    assert rules(forbidden.read[1]) == {"team/sub/tool*": (None, OWNER)}
    assert len(rules(forbidden.read[0])) == 2
    assert lost.task.status == "ok", lost.message
    assert rules(lost.read[0]) == {
        "team/app/a*": (ADMIN, OWNER),
        "team/app/b": (None, MAINTAINER),
        "team/app/c": (None, OWNER),
    }
    assert steps_of(lost.log).count("POST rules") == 1
    assert undone.task.status == "ok", undone.message
    assert undone.read[0] == []
    assert kept.task.failed
    assert "rule 'team/app/a*' of project team/app: GitLab answered 403" in kept.message
    assert "team/app/a*" in rules(kept.read[0])
    assert developer.task.failed
    assert "role Maintainer" in developer.message
    assert untouched(developer)


def test_a_rule_that_was_changed_in_between_is_not_deleted(ansible: Ansible, simulator: Simulator) -> None:
    """Somebody's change carries a later time than the answer that the plan was made of."""
    changed = ("PATCH", f"/api/v4/{OF_REPOSITORY}/22", {DELETE: ADMIN})
    tagged = ("PATCH", f"/api/v4/{OF_TAG}/10", {PUSH: ADMIN})
    earlier = ("PUT", "/_sim/clock", {"advance": -3600})
    only, absent, tag = story(
        ansible,
        simulator,
        REPOSITORY,
        Step(params(rule("team/app/a*"), exclusive=True), [*scene(guarded(TWO)), changed, earlier], [OF_REPOSITORY]),
        Step(params(rule("team/app/b"), state="absent"), (), [OF_REPOSITORY]),
        Step(params(exclusive=True), [*scene(guarded(tag=FIVE[:1])), tagged, earlier], [OF_TAG], TAG),
    )
    for told in (only, absent, tag):
        assert told.task.failed
        assert told.result["result"] == "partial"
        assert "412" in told.message
        assert "changed meanwhile" in told.message
        assert outcomes(told.task, "path") == {"team/app": "not_changed"}
    assert (
        rules(only.read[0])
        == rules(absent.read[0])
        == {"team/app/a*": (MAINTAINER, OWNER), "team/app/b": (None, ADMIN)}
    )
    assert rules(tag.read[0]) == {"^v0": (ADMIN, MAINTAINER)}


UNSENT: list[tuple[str, dict[str, Any], str]] = [
    (
        TAG,
        params(rule("^v", MAINTAINER, MAINTAINER), rule("^v", OWNER, OWNER)),
        "the pattern '^v' more than once",
    ),
    (
        REPOSITORY,
        params(rule("team/app/c", MAINTAINER), rule("team/App/C", MAINTAINER)),
        "the pattern 'team/app/c' more than once",
    ),
    (TAG, params(rule("^v"), state="absent", exclusive=True), "exclusive has no effect with state absent"),
    (TAG, params(*(rule(f"^v{number}", MAINTAINER, MAINTAINER) for number in range(6))), "rules has 6 rules"),
    (TAG, params(rule("x" * 101, MAINTAINER, MAINTAINER)), "is longer than 100 characters"),
    (REPOSITORY, params(rule("x" * 256, MAINTAINER, MAINTAINER)), "is longer than 255 characters"),
    (TAG, params(rule("*-x", MAINTAINER, MAINTAINER)), "tag_name_pattern '*-x' is not a valid RE2 pattern"),
    (TAG, params(rule("", MAINTAINER, MAINTAINER)), "rules, entry 1: pattern is empty"),
    (TAG, params(rule("^v", "none", MAINTAINER)), "value of minimum_access_level_for_push must be one of"),
    (REPOSITORY, params(rule("team/app/X Y", MAINTAINER)), "is not the path of a repository"),
    (REPOSITORY, params(rule("team/app/x", "none", "none")), "has no level"),
    (REPOSITORY, APP, "missing required arguments: rules"),
    (REPOSITORY, params(rule("team/app/x", MAINTAINER), api_job_token="job-token"), "CI/CD job token"),
]


@pytest.mark.parametrize("module", [REPOSITORY, TAG])
def test_bad_rules_are_refused_before_anything_is_sent(ansible: Ansible, simulator: Simulator, module: str) -> None:
    simulator.load(guarded())
    cases = [(options, text) for of, options, text in UNSENT if of == module]
    check_refused(ansible, simulator, module, cases, {"GITLAB_TOKEN": ""})
