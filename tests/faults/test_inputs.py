# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options as people, surveys and templates give them: what they were to keep is kept, or nothing is deleted at all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.driver import Ansible, Task
from tests.integration.repeated import run_all
from tests.integration.scenarios import repository, server, tag
from tests.simulator.harness import Simulator

VERSIONS = ["1.1", "1.10", "1.2.3", "2.0.0"]
RULE: dict[str, Any] = {"group": "team", "name_regex_delete": ".*", "older_than": "30d"}
REGISTRY = "registry.example.com"


def shop(**changes: Any) -> dict[str, Any]:
    """Versions, builds, and a repository that nobody may touch."""
    names = [*VERSIONS, "main", "build-1", "8"]
    tags = [*(tag(name, 90) for name in names), tag("build-2", 20), tag("latest", 1)]
    repositories = [
        repository(1, "team/app", "", tags),
        repository(2, "team/app", "prod", [tag("v1", 90), tag("latest", 1)]),
        repository(3, "team/sub/tool", "", [tag("v1", 90), tag("latest", 1)]),
    ]
    return server(repositories, **changes)


def deleted(task: Task) -> set[tuple[str, str]]:
    return {(row["repository"], row["name"]) for row in task.result["plan"]["delete"]}


def forms_of_text(text: str) -> Iterator[Any]:
    yield from (f"{text}\n", f"{text}\r\n", f" {text}", f"{text} \t", f"\n{text}\n\n", f"{text}\u00a0")
    yield from (
        f"{text},{text}",
        f"{text}, x",
        f"{text}\n{text}",
        f"'{text}'",
        f'"{text}"',
        f"/{text}/",
        f"{text}\u200b",
    )
    yield from ([text], [text, "x"], [[text]], {text: text}, json.dumps([text, "x"]), str([text, "x"]), f"[{text}, x]")
    yield from (1.10, 2, True, False, None, "", " ", "\n", [], {})


def forms_of_list(entries: list[str]) -> Iterator[Any]:
    yield from ("\n".join(entries), "\r\n".join(entries) + "\r\n", "  \n".join(entries) + "\n\n", "\n  ".join(entries))
    yield from (",".join(entries), ", ".join(entries), " ".join(entries), ";".join(entries), "|".join(entries))
    yield from (json.dumps(entries), str(entries), f"[{', '.join(entries)}]", "- " + "\n- ".join(entries))
    yield from (
        [f"{entry}\n" for entry in entries],
        [f" {entry}\t" for entry in entries],
        [f"{entry}\u200b" for entry in entries],
        [entries],
        [[each] for each in entries],
    )
    yield from (
        [*entries, ""],
        [*entries, None],
        [*entries, 1.10],
        [*entries, True],
        [*entries, {}],
        ["\n".join(entries)],
    )
    yield from ([", ".join(entries)], [f"'{entry}'" for entry in entries], {entry: entry for entry in entries})
    yield from (1.10, 2, True, False, None, "", " ", "\n", [], {})


# What keeps tags or narrows a cleanup, as a careful user writes it, and what the options are besides.
KEEPING: list[tuple[str, Any, dict[str, Any]]] = [
    ("protect", ["1.1", "1.10"], {}),
    ("protect", [r"[\d]{1,3}\.[\d]{1,3}(\.[\d]{1,3})?"], {}),
    ("name_regex_keep", r"[0-9]+\.[0-9.]+", {}),
    ("name_regex_keep", "1.1|1.10|main", {}),
    ("name_regex_delete", "build-.*", {}),
    ("older_than", "60d", {}),
    ("min_age", "95d", {}),
    ("repositories", ["team/app", "team/sub/*"], {}),
    ("exclude_repositories", ["team/app/prod*", "team/sub/tool"], {}),
    ("in_use", ["team/app:1.1", "team/app:1.10"], {}),
    ("project", ["team/app"], {"group": None}),
    ("group", "team/sub", {}),
    ("keep_n", 4, {}),
    ("min_remaining", 3, {"on_limit": "skip_repository"}),
    ("max_deletions", 1, {"on_limit": "skip_repository"}),
    ("keep_refs", ["branches"], {}),
    ("signatures", "keep", {}),
    ("timestamp", "created", {}),
    ("dates_valid_from", "2026-05-01", {}),
]


@pytest.mark.sweep(3)
@pytest.mark.parametrize(
    ("option", "clean", "others"), KEEPING, ids=lambda value: value if isinstance(value, str) else ""
)
def test_no_form_of_a_value_deletes_more_than_the_clean_one(
    ansible: Ansible, simulator: Simulator, option: str, clean: Any, others: dict[str, Any]
) -> None:
    simulator.load(shop())
    options = {name: value for name, value in {**RULE, **others}.items() if value is not None}
    # A number is another id or limit there.
    is_number = option in ("project", "group") or isinstance(clean, int)
    forms = list(forms_of_list(clean) if isinstance(clean, list) else forms_of_text(str(clean)))
    forms = [form for form in forms if not (is_number and isinstance(form, int) and not isinstance(form, bool))]
    tasks = run_all(
        ansible, "registry_cleanup", [{**options, option: form} for form in [clean, *forms]], check_mode=True
    )
    assert tasks[0].status == "ok", tasks[0].message
    wanted = deleted(tasks[0])
    taken = 0
    for form, task in zip(forms, tasks[1:], strict=True):
        if not task.failed:
            taken += 1
            assert deleted(task) <= wanted, (option, form)
        else:
            assert option in task.message, (form, task.message)
    assert taken >= 4
    assert simulator.counters()["writes"] == 0


def test_a_rule_is_read_in_every_form_as_well(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(shop())
    scope = {"group": "team"}
    clean = [{"match": ".*", "older_than": "30d", "name_regex_keep": "1[.].*"}]
    kept = run_all(ansible, "registry_cleanup", [{**scope, "rules": clean}], check_mode=True)[0]
    for option, value in clean[0].items():
        forms = [{**scope, "rules": [{**clean[0], option: form}]} for form in forms_of_text(value)]
        for task in run_all(ansible, "registry_cleanup", forms, check_mode=True):
            assert task.failed or deleted(task) <= deleted(kept), task.result["invocation"]
    texts = [json.dumps(clean), f" {json.dumps(clean)}\n", str(clean), "- match: .*", json.dumps(clean[0])]
    tasks = run_all(ansible, "registry_cleanup", [{**scope, "rules": text} for text in texts], check_mode=True)
    assert [task.failed for task in tasks] == [False, False, True, True, True]
    assert deleted(tasks[0]) == deleted(tasks[1]) == deleted(kept)


@pytest.mark.parametrize(
    "name", [[1.10], 1.10, [10], 8, True, "1.1,1.10", ["1.1,1.10"], ["1.1\n1.10"], "1.1 1.10", "[1.1]"]
)
def test_what_is_no_name_deletes_no_tag(ansible: Ansible, simulator: Simulator, name: Any) -> None:
    simulator.load(shop())
    before = simulator.state()
    task = ansible.module("registry_tag", {"repository": "team/app", "name": name, "state": "absent"})
    assert task.failed
    assert task.message.startswith("name")
    assert simulator.state() == before


def test_names_may_stand_on_lines(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(shop())
    task = ansible.module("registry_tag", {"repository": " team/app\n", "name": "1.10 \n\n 8\n", "state": "absent"})
    assert task.status == "ok", task.message
    assert set(VERSIONS) - set(simulator.state()["team/app"]) == {"1.10"}
    assert "8" not in simulator.state()["team/app"]


@pytest.mark.parametrize("protect", ["1.1\n1.10\n", ["1.1\n", " 1.10"], "1[.]10?", "[0-9]{1,3}[.].*"])
def test_what_is_protected_is_kept_when_a_repository_is_emptied(
    ansible: Ansible, simulator: Simulator, protect: Any
) -> None:
    simulator.load(shop())
    task = ansible.module("registry_repository", {"repository": "team/app", "state": "empty", "protect": protect})
    assert task.status == "ok", task.message
    assert {"1.1", "1.10"} <= set(simulator.state()["team/app"])


@pytest.mark.parametrize(
    "protect", ["1.1,1.10", [1.10], "", [], None, ["1.1, 1.10"], "'1.1'", [["1.1"]], {"1.1": None}]
)
def test_what_protects_nothing_empties_nothing(ansible: Ansible, simulator: Simulator, protect: Any) -> None:
    simulator.load(shop())
    before = simulator.state()
    assert ansible.module(
        "registry_repository", {"repository": "team/app", "state": "empty", "protect": protect}
    ).failed
    assert simulator.state() == before


# Patterns that GitLab takes and that keep nothing, and those that are the clean one.
KEEPS_NOTHING = [
    *("1[.].* |2[.].*", "1[.].*, 2[.].*", "1[.].*\n2[.].*", "'1[.].*'", r"\Q1.1", ["1[.].*", "2[.].*"], 1.10, True, ""),
    *(None, [], "1[.].*|,2[.].*", "1[.].*|2[.].*/", "1[.].*|team/app:2[.].*"),
]
IS_CLEAN = ["1[.].*\n", " 1[.].*", "1[.].*\r\n\r\n"]


def policy(pattern: Any) -> dict[str, Any]:
    return {
        "enabled": True,
        "cadence": "1d",
        "older_than": "30d",
        "name_regex_delete": ".*",
        "name_regex_keep": pattern,
    }


def as_document(section: dict[str, Any]) -> dict[str, Any]:
    return {"projects": [{"project": "team/app", **section}]}


LEVELS = {"minimum_access_level_for_push": "maintainer", "minimum_access_level_for_delete": "maintainer"}


def written(pattern: Any) -> list[tuple[str, dict[str, Any]]]:
    """All that writes a pattern into GitLab."""
    rule = {"rules": [{"tag_name_pattern": pattern, **LEVELS}]}
    return [
        ("registry_cleanup_policy", {"project": "team/app", **policy(pattern), "clear": ["keep_n"]}),
        ("registry_settings", as_document({"cleanup_policy": {**policy(pattern), "clear": ["keep_n"]}})),
        ("registry_tag_protection", {"project": "team/app", **rule}),
        ("registry_settings", as_document({"tag_protection": rule})),
    ]


@pytest.mark.sweep(3)
@pytest.mark.parametrize("pattern", KEEPS_NOTHING, ids=str)
def test_a_pattern_that_keeps_nothing_is_not_written_into_gitlab(
    ansible: Ansible, simulator: Simulator, pattern: Any
) -> None:
    simulator.load(shop())
    for module, options in written(pattern):
        assert ansible.module(module, options).failed, module
    assert simulator.counters()["writes"] == 0


@pytest.mark.parametrize("pattern", IS_CLEAN)
def test_a_pattern_is_written_into_gitlab_as_it_is_meant(ansible: Ansible, simulator: Simulator, pattern: str) -> None:
    for module, options in written(pattern):
        simulator.load(shop())
        task = ansible.module(module, options)
        assert task.status == "ok", task.message
        assert "1[.].*" in [row["after"] for row in task.result["projects"][0]["differences"]] or "tag" in str(options)
        again = ansible.module(module, options)
        assert again.result["changed"] is False
        simulator.run_policies()
        assert {"1.1", "1.10", "1.2.3"} <= set(simulator.state()["team/app"])


@pytest.mark.parametrize("pattern", ["1[.].*\n", "1[.].*| v.*", "1[.].*, v.*"])
def test_a_policy_that_keeps_nothing_is_told_of(ansible: Ansible, simulator: Simulator, pattern: str) -> None:
    """GitLab has it already. The preview says what GitLab will do, and what is wrong with it."""
    scenario = shop()
    stored = {"enabled": True, "cadence": "1d", "older_than": "30d", "name_regex": ".*", "name_regex_keep": pattern}
    scenario["projects"][0]["policy"] = stored
    simulator.load(scenario)
    task = ansible.module("registry_info", {"project": "team/app", "gather": ["policy_preview"]})
    assert task.status == "ok", task.message
    preview = next(row for row in task.result["repositories"] if row["path"] == "team/app")["policy_preview"]
    assert preview["options"] is None
    assert any("matches no tag" in text for text in preview["lint"])


SURVEY = {
    "registry_project": "team/app",
    "registry_cleanup_name_regex_delete": ".*",
    "registry_cleanup_older_than": "30d",
}


def test_a_textarea_of_a_survey_protects_line_by_line(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(shop())
    told = {**SURVEY, "registry_cleanup_protect": "1[.].*\n2[.]0[.]0\n"}
    run = ansible.play("containerops.gitlab.cleanup", "-e", json.dumps(told))
    assert run.code == 0, run.output
    assert set(VERSIONS) <= set(simulator.state()["team/app"])
    assert "main" not in simulator.state()["team/app"]


GLOBS = [
    "team/app/prod.*",
    "^team/app/prod$",
    f"{REGISTRY}/team/app/prod*",
    f"https://{REGISTRY}/team/app/prod",
    "team/app/prod:v1",
]


@pytest.mark.parametrize("glob", GLOBS)
def test_an_exclusion_that_is_no_glob_is_refused(ansible: Ansible, simulator: Simulator, glob: str) -> None:
    simulator.load(shop())
    before = simulator.state()
    task = ansible.module("registry_cleanup", {**RULE, "exclude_repositories": glob})
    assert task.failed
    assert task.message.startswith(f"exclude_repositories {glob!r} ")
    assert simulator.state() == before


def test_projects_are_found_as_they_are_pasted(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(shop())
    forms = [f"{simulator.url}/team/app", f"{simulator.url}/team/app.git", "team/app.git", " team/app\n", "team%2Fapp"]
    forms += [
        f"{simulator.url}/team/app/-/container_registry",
        f"{simulator.url.partition('//')[2]}/team/app",
        "/team/app/",
    ]
    for form, task in zip(forms, run_all(ansible, "registry_info", [{"project": form} for form in forms]), strict=True):
        assert task.status == "ok", (form, task.message)
        assert {row["project"] for row in task.result["repositories"]} == {"team/app"}
    cases = [
        ({"group": "team/app"}, "It is a project: name it as a project"),
        ({"project": "team/sub"}, "It is a group"),
    ]
    cases += [({"project": f"{REGISTRY}/team/app"}, f"If {REGISTRY} is a host, leave it out: write 'team/app'.")]
    cases += [
        ({"project": "https://elsewhere.example.com/team/app"}, "is on elsewhere.example.com, and api_url leads to")
    ]
    tasks = run_all(ansible, "registry_info", [options for options, _words in cases])
    for words, task in zip([words for _options, words in cases], tasks, strict=True):
        assert task.failed
        assert words in task.message, task.message


def test_a_name_that_is_not_there_is_asked_for_once_more(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(shop())
    # The repositories of a group are asked for at the same time as its projects.
    cases: list[tuple[dict[str, Any], int]] = [
        ({"group": "team/app"}, 3),
        ({"group": "nothing"}, 3),
        ({"project": ["team/sub"]}, 2),
        ({"project": ["team/none"]}, 2),
    ]
    for options, requests in cases:
        simulator.clear_log()
        assert ansible.module("registry_info", options).failed
        assert simulator.counters()["total"] == requests, options


@pytest.mark.parametrize("end", ["/api/v4/", "/api/v4/api/v4", "/api/v4/projects/1", "/api/graphql", "/"])
def test_an_address_is_cut_to_the_server(ansible: Ansible, simulator: Simulator, end: str) -> None:
    simulator.load(shop())
    task = ansible.module("registry_info", {"project": "team/app", "api_url": f" {simulator.url}{end}\n"})
    assert task.status == "ok", task.message


def test_an_address_that_is_not_the_servers_is_told(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(shop())
    cases = {
        f"{simulator.url}/team": "Leave /team out of api_url unless that is the address of GitLab.",
        f"{simulator.url}/groups/team": "is the address of a page: give only the address of the server.",
        f"{simulator.url}/team/app/-/settings": "is the address of a page: give only the address of the server.",
        simulator.url.replace(
            "http:", "https:"
        ): "The server may speak http on this port: check the scheme and the port",
    }
    for url, words in cases.items():
        task = ansible.module("registry_info", {"project": "team/app", "api_url": url, "retries": 0})
        assert task.failed
        assert words in task.message, task.message


def test_relative_paths_are_those_of_the_working_directory_and_told_from_the_root(
    ansible: Ansible, simulator: Simulator
) -> None:
    simulator.load(shop())
    files = {"plan_path": "plan.jsonl", "output_path": "./folder/../rows.jsonl"}
    task = ansible.module("registry_cleanup", {**RULE, **files}, check=True)
    assert task.status == "ok", task.message
    assert task.result["plan_path"] == str(ansible.folder / "plan.jsonl")
    assert task.result["output_path"] == str(ansible.folder / "rows.jsonl")
    assert (ansible.folder / "plan.jsonl").exists()
    refused = ansible.module("registry_cleanup", {**RULE, "plan_path": "nowhere/plan.jsonl"}, check=True)
    assert f"plan_path {ansible.folder}/nowhere/plan.jsonl can't be written" in refused.message
    merged = ansible.module("registry_plan_merge", {"plan_paths": "plan.jsonl\n", "merged_plan_path": "merged.jsonl"})
    assert merged.status == "ok", merged.message
    assert Path(ansible.folder / "merged.jsonl").exists()
