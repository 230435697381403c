# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings of projects that are not as most are: without a policy, with a hidden registry, full of rules, or moved."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.driver import Ansible, environment
from tests.integration.in_process import Modules
from tests.integration.repeated import Step, Told, outcomes, scene, story
from tests.integration.scenarios import repository, server, tag
from tests.simulator.harness import running

PUSH, DELETE = "minimum_access_level_for_push", "minimum_access_level_for_delete"
LEVELS = {PUSH: "maintainer", DELETE: "maintainer"}
FIVE = [{"pattern": f"^v{number}", "push": "maintainer", "delete": "maintainer"} for number in range(5)]
POLICY = {"enabled": True, "keep_n": 5, "older_than": "30d", "cadence": "7d", "name_regex_delete": "dev-.*"}
TAG_RULES = "projects/1/registry/protection/tag/rules"
FORBIDDEN = {"action": "status", "status": 403, "json": {"message": "403 Forbidden"}}


def one(**fields: Any) -> dict[str, Any]:
    """A project with an image, and another one."""
    scenario = server([repository(100, "team/app", "", [tag("v1", 9)])])
    scenario["projects"] = [{"id": 1, "path": "team/app", **fields}, {"id": 2, "path": "team/sub/tool"}]
    return scenario


def only(*names: str) -> dict[str, Any]:
    """These tag rules and no others."""
    return {"rules": [{"pattern": name, **LEVELS} for name in names], "exclusive": True}


APP = {"project": ["team/app"]}
OTHERS = {**APP, **only("^a", "^b", "^c", "^d", "^e")}


def document(**settings: Any) -> dict[str, Any]:
    return {"projects": [{"project": "team/app", **settings}]}


STEPS = {
    "some of no policy": Step({**APP, "keep_n": 5}, scene(one(policy=None)), ["projects/1"], "registry_cleanup_policy"),
    "no policy off": Step(
        {"group": "team", "enabled": False}, scene(one(policy=None)), ["projects/1"], "registry_cleanup_policy"
    ),
    "five for five": Step(OTHERS, scene(one(tag_rules=FIVE)), [TAG_RULES], "registry_tag_protection"),
    "one for five": Step({**APP, **only("^a")}, scene(one(tag_rules=FIVE)), [TAG_RULES], "registry_tag_protection"),
    "none created": Step(
        OTHERS,
        scene(one(tag_rules=FIVE), {"method": "POST", **FORBIDDEN}),
        [TAG_RULES],
        "registry_tag_protection",
    ),
    "shown again": Step(
        document(access_level="private", cleanup_policy=POLICY), scene(one(access_level="disabled")), ["projects/1"]
    ),
    "hidden": Step(document(access_level="disabled", tag_protection=only("^a")), scene(one())),
    "moved": Step(
        {
            "groups": [{"group": "team", "access_level": "enabled"}],
            "projects": [{"project": "team/before", "access_level": "disabled"}],
        },
        scene(one(former_paths=["team/before"])),
        ["projects/1"],
    ),
    "old path": Step(
        {"group": "team", "rules": [{"pattern": "*", DELETE: "owner"}]},
        scene({**one(), "generation": "G17"}, {"method": "GET", "path": "/projects/1/registry", **FORBIDDEN}),
        ["projects/2/registry/protection/rules"],
        "registry_repository_protection",
    ),
}


@pytest.fixture(scope="module")
def endings(modules: Modules, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Told]]:
    """All of them, against a server of their own."""
    folder = tmp_path_factory.mktemp("edge")
    with running() as simulator:
        ansible = Ansible(folder, environment(folder, simulator.url), modules=modules)
        yield dict(zip(STEPS, story(ansible, simulator, "registry_settings", *STEPS.values()), strict=True))


def fewest(told: Told, rules: int) -> int:
    """The least number of rules that there were at any time."""
    counts = [rules]
    for entry in told.log:
        if entry["status"] in (201, 204):
            counts.append(counts[-1] + (1 if entry["method"] == "POST" else -1))
    return min(counts)


def test_a_project_without_a_policy_gets_the_rest_of_it_from_gitlab(endings: dict[str, Told]) -> None:
    told = endings["some of no policy"]
    assert told.read[0]["container_expiration_policy"]["keep_n"] == 5
    assert outcomes(told.task, "path") == {"team/app": "changed"}
    assert told.task.status == "ok", told.message


def test_a_project_without_a_policy_can_be_in_a_group_whose_policies_go_off(endings: dict[str, Told]) -> None:
    told = endings["no policy off"]
    assert not told.read[0].get("container_expiration_policy", {}).get("enabled")
    assert told.task.status == "ok", told.message


def test_five_tag_rules_are_replaced_one_by_one(endings: dict[str, Told]) -> None:
    told = endings["five for five"]
    assert sorted(row["tag_name_pattern"] for row in told.read[0]) == ["^a", "^b", "^c", "^d", "^e"]
    assert fewest(told, 5) == 4


def test_room_is_made_for_one_rule_only_where_one_is_new(endings: dict[str, Told]) -> None:
    told = endings["one for five"]
    assert [row["tag_name_pattern"] for row in told.read[0]] == ["^a"]
    assert fewest(told, 5) == 1
    assert [entry["method"] for entry in told.log if entry["write"]] == ["DELETE", "POST", *["DELETE"] * 4]


def test_rules_do_not_all_go_before_the_first_one_came(endings: dict[str, Told]) -> None:
    told = endings["none created"]
    assert told.task.failed
    assert len(told.read[0]) == 4


def test_a_hidden_registry_can_be_shown_again_by_a_document(endings: dict[str, Told]) -> None:
    told = endings["shown again"]
    assert told.read[0]["container_registry_access_level"] == "private"
    assert told.read[0]["container_expiration_policy"]["older_than"] == "30d"


def test_a_registry_is_hidden_after_its_rules_were_changed(endings: dict[str, Told]) -> None:
    told = endings["hidden"]
    found = [(entry["method"], entry["status"]) for entry in told.log if entry["write"]]
    assert found == [("POST", 201), ("PUT", 200)]


def test_what_a_document_wants_of_a_moved_project_is_not_lost(endings: dict[str, Told]) -> None:
    told = endings["moved"]
    assert told.task.failed or told.read[0]["container_registry_access_level"] == "disabled"


def test_the_old_path_of_rules_is_found_past_a_project_that_can_not_be_read(endings: dict[str, Told]) -> None:
    told = endings["old path"]
    assert told.result["result"] == "partial"
    assert [row["name"] for row in told.result["errors"]] == ["team/app"]
    assert [row["repository_path_pattern"] for row in told.read[0]] == ["team/sub/tool*"]
