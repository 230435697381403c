# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The data of the example for a controller: surveys as the roles read them, workflows as a controller takes them."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from tests.tools.collection import ROOT
from tests.tools.prose import AnyTag

AWX = ROOT / "examples" / "awx"
# What the playbooks take besides the variables of roles.
OF_PLAYBOOKS = {
    "registry_group": {"type": "str"},
    "registry_plans_package": {"type": "dict"},
    "plan_package_version": {"type": "str"},
    "rule_sets": {"type": "list"},
    "target_hosts": {"type": "str"},
}
# The types of answers by those of variables. A text area gives several lines, which are a list.
ANSWERS = {
    "str": {"text", "multiplechoice"},
    "path": {"text"},
    "int": {"integer"},
    "float": {"float", "integer"},
    "list": {"multiselect", "textarea"},
}


def data(name: str, file: str = "") -> Any:
    text = (AWX / "objects" / f"{file or name}.yml").read_text()
    return yaml.load(text, AnyTag)[name]  # noqa: S506 (is a safe one)


def variables() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = dict(OF_PLAYBOOKS)
    for spec in sorted(ROOT.glob("roles/*/meta/argument_specs.yml")):
        found |= yaml.safe_load(spec.read_text())["argument_specs"]["main"]["options"]
    return found


QUESTIONS = [(name, question) for name, survey in data("surveys").items() for question in survey["spec"]]


@pytest.mark.parametrize(("survey", "question"), QUESTIONS, ids=[f"{n}-{q['variable']}" for n, q in QUESTIONS])
def test_a_question_asks_for_a_variable(survey: str, question: dict[str, Any]) -> None:
    spec = variables()[question["variable"]]
    assert question["type"] in ANSWERS[spec["type"]]
    assert set(question.get("choices", [])) <= set(spec.get("choices", question.get("choices", [])))
    assert not (question["required"] and "default" in question)
    assert not (question["type"] == "multiselect" and "default" in question)
    assert question["type"] == "multiselect" or question["type"] == "multiplechoice" or "max" in question
    # An empty text takes no guard away, so the role refuses it: the form has to ask for one. A node of a workflow is
    # not asked, and would not be launched without the answer.
    optional = question["type"] in ("integer", "multiplechoice", "multiselect") or survey == "apply"
    assert question["required"] or optional


@pytest.mark.parametrize("survey", data("surveys").values(), ids=data("surveys"))
def test_a_survey_has_what_a_controller_needs(survey: dict[str, Any]) -> None:
    assert all(survey[key] for key in ("name", "description", "spec"))
    names = [question["variable"] for question in survey["spec"]]
    assert len(names) == len(set(names))


TEMPLATES = {row["name"]: row for row in data("templates")}


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
def test_a_template_runs_a_playbook_with_variables_that_are_there(template: dict[str, Any]) -> None:
    plays = yaml.safe_load((AWX / "project" / template["playbook"]).read_text())
    for imported in filter(None, (play.get("ansible.builtin.import_playbook") for play in plays)):
        assert (ROOT / "playbooks" / f"{imported.rpartition('.')[2]}.yml").exists()
    given = template.get("extra_vars", {})
    assert isinstance(given, str) or set(given) <= set(variables())
    assert template.get("survey") in (None, *data("surveys"))


@pytest.mark.parametrize("workflow", data("workflows"), ids=lambda each: str(each["name"]))
def test_each_node_is_reached_once_in_one_way(workflow: dict[str, Any]) -> None:
    nodes = {node["identifier"]: node for node in workflow["nodes"]}
    begin, *_others = nodes
    reached = {begin}
    for node in nodes.values():
        links = [node.get(kind, []) for kind in ("success", "failure", "always")]
        # What depends on a variable is written as a template of its two cases.
        named = [re.findall(r"'(\w+)'", each) if isinstance(each, str) else each for each in links]
        assert all(set(one).isdisjoint(other) for one in named for other in named if one is not other)
        reached |= {name for each in named for name in each}
        assert node.get("template") in (None, *TEMPLATES)
    assert reached == set(nodes)


@pytest.mark.parametrize("schedule", data("schedules", "workflows"), ids=lambda each: str(each["name"]))
def test_a_schedule_gives_all_answers(schedule: dict[str, Any]) -> None:
    assert re.fullmatch(
        r"DTSTART;TZID=\S+:\d{8}T\d{6} RRULE:FREQ=[A-Z]+;INTERVAL=\d+(;BYDAY=[A-Z,]+)?", schedule["rrule"]
    )
    workflows = {row["name"]: row for row in data("workflows")}
    survey = data("surveys")[{**TEMPLATES, **workflows}[schedule["template"]]["survey"]]
    asked = {question["variable"]: question for question in survey["spec"]}
    assert set(schedule["extra_data"]) <= set(asked)
    assert {name for name, question in asked.items() if question["required"]} <= set(schedule["extra_data"])


def test_there_is_time_to_apply_what_was_approved() -> None:
    plan_max_age = int(variables()["registry_cleanup_plan_max_age"]["default"].removesuffix("h")) * 3600
    timeouts = {node["approval"]["timeout"] for row in data("workflows") for node in row["nodes"] if "approval" in node}
    assert timeouts == {48 * 3600}
    assert max(timeouts) < plan_max_age


def test_merging_counts_the_hosts_that_planned() -> None:
    hosts = {TEMPLATES[f"Registry cleanup in slices, {job}"]["extra_vars"]["target_hosts"] for job in ("plan", "merge")}
    assert hosts == {"gitlab_registry"}
    assert TEMPLATES["Registry cleanup in slices, merge"]["inventory"] == "{{ fleet_inventory }}"


def test_the_example_of_variables_names_those_of_the_playbook() -> None:
    [play] = yaml.load((AWX / "controller.yml").read_text(), AnyTag)  # noqa: S506 (is a safe one)
    given = yaml.safe_load((AWX / "controller_vars.example.yml").read_text())
    assert set(given) <= set(play["vars"])
    assert {"gitlab_group", "plans_project", "gitlab_url", "project_url", "execution_environment_image"} <= set(given)


def test_the_example_of_a_document_is_one() -> None:
    assert set(yaml.safe_load((AWX / "project" / "registry_settings.yml").read_text())) <= set(variables())
