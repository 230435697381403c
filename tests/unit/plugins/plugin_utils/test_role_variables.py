# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is given to a role is read as it is meant or refused, in every form in which people and controllers give it."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.containerops.gitlab.plugins.module_utils._report.request import SHOWN_ONLY_WITH
from ansible_collections.containerops.gitlab.plugins.plugin_utils.package_defaults import PACKAGES, Job
from ansible_collections.containerops.gitlab.plugins.plugin_utils.role_specs import specs_of
from ansible_collections.containerops.gitlab.plugins.plugin_utils.role_variables import (
    Playbook,
    Reading,
    read_variables,
)
from ansible_collections.containerops.gitlab.plugins.plugin_utils.variable_names import may_be_meant

ROLES = (
    *("registry_audit", "registry_cleanup", "registry_garbage_collect", "registry_in_use"),
    *("registry_restore", "registry_settings"),
)
VARIABLES = [(role, name) for role in ROLES for name in specs_of(role)]
# What no role can do with: each of these is empty.
EMPTIES: list[Any] = [None, "", " ", "\n", "\t \r\n"]
CLEAN: dict[str, Any] = {
    "str": "dev-1",
    "path": "/tmp/a.jsonl",
    "bool": True,
    "int": 5,
    "float": 12.5,
    "dict": {"a": 1},
}
RULES = [{"match": "dev-.*", "older_than": "30d"}]
PACKAGE = {"project": "team/plans", "version": "1", "file_name": "plan"}
SOURCES = [{"name": "web", "images": ["team/app:1"]}]


NOTHING_KNOWN = "so the images in use are unknown: the job that finds them may have failed"


def read(role: str, name: str, value: Any) -> Reading:
    """What is read of a variable alone, or beside one that it needs to have an effect."""
    if name in specs_of(role):
        needed = SHOWN_ONLY_WITH.get(name.removeprefix(f"{role}_"), ())[:1]
        found = read_variables(role, specs_of(role), {**{f"{role}_{each}": "/x.prom" for each in needed}, name: value})
        return found._replace(options={key: value for key, value in found.options.items() if key not in needed})
    return read_variables(role, specs_of(role), {}, others={name: lambda: value})


def clean(role: str, name: str) -> Any:
    """A value as it should be."""
    spec = specs_of(role)[name]
    if name == "registry_cleanup_in_use_sources":
        return SOURCES
    if name.partition("_")[2].partition("_")[2] in PACKAGES:
        return PACKAGE
    if spec["type"] == "raw":
        return RULES
    if spec["type"] == "list":
        return [RULES[0]] if spec.get("elements") == "dict" else [CLEAN[spec["elements"]]]
    return CLEAN[spec["type"]]


def forms(value: Any) -> list[Any]:
    """The same value as it comes from a command line, a survey or a block of YAML."""
    if isinstance(value, bool):
        return [value, "true", "yes", " True\n", "on", "1"]
    if isinstance(value, (int, float)):
        return [value, str(value), f" {value} ", f"{value}\n"]
    if isinstance(value, str):
        return [value, f"{value}\n", f" {value}\t", f"\n{value}\r\n"]
    if isinstance(value, dict):
        return [value, json.dumps(value), yaml.safe_dump(value)]
    if isinstance(value[0], dict):
        return [value, json.dumps(value), f"{yaml.safe_dump(value)}\n\n"]
    one = str(value[0])
    return [value, one, f"{one}\n", f"  {one} \r\n\n", tuple(value), *([json.dumps(value)] if one == value[0] else [])]


@pytest.mark.parametrize(("role", "name"), VARIABLES)
def test_every_form_of_a_value_is_read_as_the_value(role: str, name: str) -> None:
    wanted = clean(role, name)
    option = name.removeprefix(f"{role}_")
    for form in forms(wanted) if specs_of(role)[name].get("elements") != "dict" else [wanted]:
        assert read(role, name, form).options == {option: wanted}, form


@pytest.mark.parametrize(("role", "name"), VARIABLES)
def test_nothing_that_is_given_is_passed_over(role: str, name: str) -> None:
    """Whatever a variable holds, it is read or refused: one that is dropped would make a cleanup wider."""
    anything = [*EMPTIES, "x", "a\nb", "a, b", "[]", "{}", "- a", 0, 5, 2.1, float("nan"), True, False, [], {}, [None]]
    anything += [[""], ["a", " "], [1, 2], [2.1], [True], [["a"]], {"a": 1}, [{"a": 1}], ": :", "a: [", "\u00b2", b"x"]
    for value in anything:
        found = read(role, name, value)
        assert (name.removeprefix(f"{role}_") in found.options) is not bool(found.refusals), value
        assert all(text.startswith(f"{name} ") and "\n" not in text for text in found.refusals), value


@pytest.mark.parametrize(("role", "name"), VARIABLES)
def test_an_empty_value_is_refused_where_it_would_guard_nothing(role: str, name: str) -> None:
    may_be_empty = specs_of(role)[name].get("default") == ""
    for value in EMPTIES:
        found = read(role, name, value)
        if may_be_empty:
            assert found.options == {name.removeprefix(f"{role}_"): ""}
        else:
            assert found.options == {}
            assert "is empty" in found.refusals[0]


def test_what_may_be_empty_neither_keeps_tags_nor_limits_what_is_deleted() -> None:
    """Without these a cleanup has no scope, no pattern, or writes no file: it is no wider."""
    empty = {name for role, name in VARIABLES if specs_of(role)[name].get("default") == ""}
    assert {name.removeprefix("registry_cleanup_") for name in empty if name.startswith("registry_cleanup_")} == {
        *("plan_path", "output_path", "journal_path"),
        *("csv_folder", "prometheus_path", "markdown_path", "html_path", "compare_with"),
    }


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("protect", "1.2.3\n2.0.0", ["1.2.3", "2.0.0"]),
        ("protect", r"[\d]{1,3}\.[\d]{1,3}", [r"[\d]{1,3}\.[\d]{1,3}"]),
        ("protect", "[0-9]", ["[0-9]"]),
        ("protect", "[0]", ["[0]"]),
        ("protect", '["a", "b,c"]', ["a", "b,c"]),
        ("gather", "[]", []),
        ("gather", [], []),
        ("rules", [], []),
        ("project", [10, "team/app"], ["10", "team/app"]),
        ("project", 10, ["10"]),
        ("group", 10, "10"),
        ("repository_id", "7\n8", [7, 8]),
        ("keep_refs", "branches\ntags\n", ["branches", "tags"]),
        ("keep_n", 0, 0),
        ("keep_n", "0", 0),
        ("allow_latest", "no", False),
        ("gather_in_use", "False", False),
        ("in_use_sources_expected", "3", 3),
        ("in_use_sources_expected", "web-1\nweb-2", ["web-1", "web-2"]),
        ("in_use_sources_expected", ["web-1"], ["web-1"]),
        ("rules", "- match: dev-.*\n  older_than: 30d\n", RULES),
        ("dates_valid_from", datetime.date(2026, 1, 31), "2026-01-31"),
        ("name_regex_delete", "dev-.*\n", "dev-.*"),
    ],
)
def test_what_a_value_means(name: str, value: Any, wanted: Any) -> None:
    found = read("registry_cleanup", f"registry_cleanup_{name}", value)
    assert found == Reading(options={name: wanted}, refusals=())


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("older_than", "", "is empty: give a value, or leave it out"),
        ("protect", " ", "is empty: give a value, or leave it out"),
        ("protect", [], "is empty: give a value, or leave it out"),
        ("protect", "[]", "is empty: give a value, or leave it out"),
        ("gather", " ", "is empty: give a value, write [] for none, or leave it out"),
        ("approved_plan_package", {}, "is empty: give a value, or leave it out"),
        ("plan_package", "{}", "is empty: give a value, or leave it out"),
        ("in_use_sources", [], f"contains no source, {NOTHING_KNOWN}"),
        ("in_use_sources", "[]", f"contains no source, {NOTHING_KNOWN}"),
        ("in_use_sources", {}, "holds {} instead of a list of sources"),
        ("in_use_sources", "5", "holds 5 instead of a list of sources"),
        ("in_use_sources", ["web"], 'holds "web" as source 1: it has to be a dictionary with name and images'),
        (
            "rules",
            '[{"match": "a", "keep_n": 5, "keep_n": 1}]',
            "has the key 'keep_n' twice in the mapping of line 1: write it once",
        ),
        (
            "rules",
            "- match: a\n- match: b\n  keep: true\n  match: c\n",
            "has the key 'match' twice in the mapping of line 2: write it once",
        ),
        (
            "approved_plan_package",
            '{"version": "1", "version": "2"}',
            "has the key 'version' twice in the mapping of line 1: write it once",
        ),
        ("rules", "- match: a\n---\n- match: b\n", "contains several YAML documents: give one"),
        (
            "rules",
            "a: 2026-13-45",
            "has '2026-13-45' in line 1, which looks like a time and is none: correct it, or put it in quotes if it "
            "is a text",
        ),
        ("protect", [2.10], "holds 2.1, which is not a text: write it in quotes"),
        ("protect", ["a", None], "contains an empty entry: leave it out"),
        (
            "name_regex_keep",
            ["main", "[0-9]+[.].*"],
            'holds ["main", "[0-9]+[.].*"], which is not a text: write it in quotes',
        ),
        ("older_than", 30, "holds 30, which is not a text: write it in quotes"),
        ("allow_latest", "perhaps", 'is "perhaps": write true or false'),
        ("keep_n", "five", 'is "five", which is not a whole number'),
        ("keep_n", True, "is true, which is not a whole number"),
        ("max_drift_percent", "a", 'is "a", which is not a number'),
        ("repository_id", "7,8", 'is "7,8", which is not a whole number'),
        ("rules", "- match: a\n- b: c: d", "is not valid YAML in line 2"),
        ("protect", {"a": 1}, 'holds {"a": 1}, which is not a text: write it in quotes'),
    ],
)
def test_what_a_value_can_not_mean(name: str, value: Any, words: str) -> None:
    found = read("registry_cleanup", f"registry_cleanup_{name}", value)
    assert found == Reading(options={}, refusals=(f"registry_cleanup_{name} {words}",))


@pytest.mark.parametrize("empty", EMPTIES)
@pytest.mark.parametrize("key", ["name", "resources", "files"])
def test_nothing_inside_of_an_entry_is_empty(key: str, empty: Any) -> None:
    entry = {"name": "k", "resources": [{"kind": "Pod"}], key: empty}
    assert read("registry_in_use", "registry_in_use_kubernetes", [entry]).refusals == (
        f"registry_in_use_kubernetes contains an entry in which {key} is empty: give a value, or leave it out",
    )


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("registry_cleanup_olderthan", "registry_cleanup_older_than"),
        ("registry_cleanup_protected", "registry_cleanup_protect"),
        ("registry_cleanup_exclude", "registry_cleanup_exclude_repositories"),
        ("registry_cleanup_keep_N", "registry_cleanup_keep_n"),
        ("Registry_Cleanup_older_than", "registry_cleanup_older_than"),
        ("registry_clean_up_older_than", "registry_cleanup_older_than"),
        ("registy_cleanup_older_than", "registry_cleanup_older_than"),
        ("registry_cleanup_older-than", "registry_cleanup_older_than"),
    ],
)
def test_a_misspelt_variable_is_refused_and_the_nearest_named(name: str, near: str) -> None:
    assert may_be_meant(name)
    [refusal] = read("registry_cleanup", name, "x").refusals
    assert refusal.startswith(f"{name} is not a variable of the role registry_cleanup: ")
    assert near in refusal


@pytest.mark.parametrize(("role", "name"), VARIABLES)
def test_a_letter_too_few_is_found_in_every_variable(role: str, name: str) -> None:
    for place in range(len(role) + 1, len(name)):
        misspelt = name[:place] + name[place + 1 :]
        if misspelt not in specs_of(role):
            assert read(role, misspelt, "x").refusals, misspelt


@pytest.mark.parametrize(
    ("role", "name"),
    [
        ("registry_cleanup", "registry_cleanup_summary"),
        ("registry_cleanup", "registry_cleanup_summary_deleted"),
        ("registry_audit", "registry_audit_summary_would_delete"),
        ("registry_in_use", "registry_in_use_sources"),
        ("registry_garbage_collect", "registry_garbage_collect_report"),
        *((role, name) for role in ROLES for name in ("registry_group", "registry_policies", "region", "__registry_x")),
    ],
)
def test_other_variables_are_no_concern_of_a_role(role: str, name: str) -> None:
    assert read(role, name, "x") == Reading(options={}, refusals=())


def scoped(values: dict[str, Any], **scope: Any) -> Reading:
    every = {"group": "", "project": [], "repository_id": [], **scope}
    return read_variables("registry_cleanup", specs_of("registry_cleanup"), values, Playbook(scope=every))


def test_the_variables_of_a_playbook_say_what_to_take() -> None:
    assert scoped({}, group=" team\n").options == {"group": "team"}
    assert scoped({}, project="team/app\nteam/web").options == {"project": ["team/app", "team/web"]}
    assert scoped({"registry_cleanup_group": "team"}).options == {"group": "team"}
    assert scoped({"registry_cleanup_group": "team"}, group="team") == Reading(options={"group": "team"}, refusals=())
    assert scoped({}, project=None, group="", repository_id="7").options == {"repository_id": [7]}


def test_a_narrow_scope_of_a_playbook_is_not_lost_beside_a_wide_one_of_the_role() -> None:
    for scope in ({"group": "team/sub"}, {"project": "team/app"}):
        [refusal] = scoped({"registry_cleanup_group": "team"}, **scope).refusals
        assert refusal.endswith("and registry_cleanup_group give different scopes: set one of them")


def test_without_a_scope_the_variables_of_the_playbook_are_named() -> None:
    [refusal] = scoped({}).refusals
    assert refusal == ("no scope is set: set one of registry_group, registry_project, registry_repository_id")


@pytest.mark.parametrize("option", ["plan_package", "approved_plan_package", "journal_package"])
def test_a_package_is_that_of_the_workflow_or_refused(option: str) -> None:
    values = {f"registry_cleanup_{option}": '{"project": "team/plans"}'}
    found = read_variables("registry_cleanup", specs_of("registry_cleanup"), values, job=Job(run="7"))
    assert found.refusals == ()
    assert found.options[option]["version"] == "7"
    [refusal] = read_variables("registry_cleanup", specs_of("registry_cleanup"), values).refusals
    assert refusal.startswith(f"registry_cleanup_{option} has no version, and this is not a job of a workflow")


def test_a_relative_path_is_of_the_folder_where_the_run_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/ops")
    monkeypatch.setenv("PLANS", "/plans")
    for given, wanted in (
        ("team.jsonl", f"{tmp_path}/team.jsonl"),
        (" sub/../team.jsonl\n", f"{tmp_path}/team.jsonl"),
        ("~/team.jsonl", "/home/ops/team.jsonl"),
        ("$PLANS/team.jsonl", "/plans/team.jsonl"),
        ("/tmp/team.jsonl", "/tmp/team.jsonl"),
    ):
        assert read("registry_cleanup", "registry_cleanup_plan_path", given).options == {"plan_path": wanted}


def of_merging(others: dict[str, Any] | None = None, job: Job | None = None, **values: Any) -> Reading:
    """What the playbook merge_plans reads of its own variables, with others beside them."""
    playbook = Playbook(connection={}, name="merge_plans", values=values)
    beside = {name: lambda value=value: value for name, value in (others or {}).items()}
    specs = specs_of("registry_cleanup")
    return read_variables("registry_cleanup", specs, {}, playbook, beside, job or Job(run="7"))


def test_a_playbook_reads_its_own_variables_as_they_are_meant() -> None:
    found = of_merging(
        plans_package='{"project": "team/plans"}',
        plans_paths="a.jsonl\nb.jsonl\n",
        plans_expected=" 2 ",
        plans_merged_path="",
    )
    assert found.refusals == ()
    assert found.playbook["plans_package"] == {"project": "team/plans", "version": "7", "file_name": "merged.jsonl"}
    assert [Path(path).name for path in found.playbook["plans_paths"]] == ["a.jsonl", "b.jsonl"]
    assert found.playbook["plans_expected"] == 2
    assert "plans_merged_path" not in found.playbook


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("registry_plan_expected", ": write registry_plans_expected"),
        ("registry_plans_expect", ": write registry_plans_expected"),
        ("REGISTRY_PLANS_PATHS", ": write registry_plans_paths"),
        ("registry_plan_packages", ": write registry_plans_package"),
        ("registry_plans_limit", ", which has registry_connection, registry_plans_package"),
    ],
)
def test_a_misspelt_variable_of_a_playbook_is_refused(name: str, hint: str) -> None:
    [refusal] = of_merging({name: 2}).refusals
    assert refusal.startswith(f"{name} is not a variable of this playbook{hint}")


@pytest.mark.parametrize(
    "name", ["registry_plans_fingerprint", "registry_plans_delete", "registry_plans_package", "my_plans_expected"]
)
def test_what_other_jobs_pass_on_is_no_misspelt_variable(name: str) -> None:
    assert of_merging({name: 2}).refusals == ()


def test_a_package_without_a_version_is_refused_in_the_words_of_the_roles() -> None:
    [refusal] = of_merging(job=Job(), plans_package={"project": "team/plans"}).refusals
    assert refusal.startswith("registry_plans_package has no version, and this is not a job of a workflow")
