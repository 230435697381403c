# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The example for a controller, set up on one that only remembers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.awx.controller import build
from tests.integration.driver import Ansible, Run, environment
from tests.integration.scenarios import repository, server, tag
from tests.simulator.harness import Simulator
from tests.tools.collection import ROOT

PLAYBOOK = ROOT / "examples" / "awx" / "controller.yml"
PROJECT = PLAYBOOK.parent / "project"
DOCUMENT = PROJECT / "registry_retention.yml"
SECRETS = {"gitlab_read_token": "glpat-may-read", "gitlab_delete_token": "glpat-may-delete"}
WORKFLOWS = ("Registry cleanup", "Registry cleanup by document", "Registry cleanup in slices")
IN_USE = {"registry_in_use_kubernetes": [{"name": "production", "kubeconfig": "/etc/kube/config"}]}


class Controller:
    """A controller with the example's objects. objects: their values by kind and name."""

    def __init__(self, folder: Path) -> None:
        build(folder)
        self.file = folder / "objects.json"
        self.ansible = Ansible(folder, environment(folder, None))
        paths = f"{folder}:{self.ansible.environment['ANSIBLE_COLLECTIONS_PATH']}"
        self.ansible.environment |= {"ANSIBLE_COLLECTIONS_PATH": paths, "CONTROLLER_FILE": str(self.file)}

    def set_up(self, **values: Any) -> Run:
        return self.ansible.play(PLAYBOOK, "-e", json.dumps({**SECRETS, **values}))

    def of(self, kind: str) -> dict[str, dict[str, Any]]:
        rows = json.loads(self.file.read_text())
        return {row["key"][2]: row["values"] for row in rows if row["key"][0] == kind}

    def nodes(self, workflow: str) -> dict[str, dict[str, Any]]:
        rows = json.loads(self.file.read_text())
        return {
            row["key"][2]: row["values"] for row in rows if row["key"][:2] == ["workflow_job_template_node", workflow]
        }


@pytest.fixture
def controller(tmp_path: Path) -> Controller:
    return Controller(tmp_path)


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Controller:
    """One with the example as it stands, for tests that read it. It takes many tasks to set up."""
    controller = Controller(tmp_path_factory.mktemp("example"))
    run = controller.set_up()
    assert run.code == 0, run.output
    assert "changed=0" not in run.output
    assert not [secret for secret in SECRETS.values() if secret in run.output]
    return controller


def test_it_sets_up_everything_and_a_second_run_changes_nothing(example: Controller) -> None:
    second = example.set_up()

    assert second.code == 0, second.output
    assert "changed=0" in second.output
    assert not [secret for secret in SECRETS.values() if secret in second.output]
    templates = example.of("job_template")
    assert len(templates) == 14
    assert "Registry images in use" not in templates
    assert {row["execution_environment"] for row in templates.values()} == {"containerops.gitlab"}
    assert set(example.of("workflow_job_template")) == set(WORKFLOWS)
    nodes = example.nodes("Registry cleanup")
    assert nodes["plan"]["success_nodes"] == ["check"]
    assert (nodes["check"]["success_nodes"], nodes["check"]["failure_nodes"]) == (["approve"], ["no_deletions"])
    assert nodes["approve"]["success_nodes"] == ["apply"]
    assert nodes["apply"]["always_nodes"] == ["report"]
    assert not {"in_use_before_apply", "in_use_before_plan"} & set(nodes)
    assert example.nodes("Registry cleanup in slices")["begin"]["success_nodes"] == ["plan"]


def test_only_what_applies_has_the_token_that_deletes(example: Controller) -> None:
    credentials = {name: row["inputs"]["token"] for name, row in example.of("credential").items()}
    assert credentials == {"GitLab registry, read": "glpat-may-read", "GitLab registry, delete": "glpat-may-delete"}

    deleting = {
        name for name, row in example.of("job_template").items() if "GitLab registry, delete" in row["credentials"]
    }
    assert deleting == {
        "Registry cleanup, apply",
        "Registry cleanup in slices, apply",
        "Registry cleanup, undo",
        "Registry settings, apply",
    }


def test_what_is_in_use_is_gathered_before_the_plan_and_after_the_approval(controller: Controller) -> None:
    run = controller.set_up(in_use_extra_vars=IN_USE, webhook_url="https://chat.example.com/hook")

    assert run.code == 0, run.output
    for workflow in WORKFLOWS:
        nodes = controller.nodes(workflow)
        assert nodes["approve"]["success_nodes"] == ["in_use_before_apply"]
        assert nodes["in_use_before_apply"]["success_nodes"] == ["apply"]
        assert nodes["in_use_before_plan"]["success_nodes"] == ["plan"]
    assert controller.nodes("Registry cleanup in slices")["begin"]["success_nodes"] == ["in_use_before_plan"]
    assert controller.of("job_template")["Registry images in use"]["extra_vars"] == IN_USE
    plan = controller.of("job_template")["Registry cleanup, plan"]
    assert plan["notification_templates_success"] == ["Registry plan"]


def test_variables_of_jobs_are_left_to_the_jobs(example: Controller) -> None:
    apply = example.of("job_template")["Registry cleanup, apply"]
    assert apply["extra_vars"]["registry_cleanup_approved_fingerprint"] == "{{ registry_cleanup_summary.fingerprint }}"
    version = "{{ plan_package_version | default(awx_workflow_job_id | default('', true), true) }}"
    for package in ("registry_cleanup_approved_plan_package", "registry_cleanup_journal_package"):
        assert apply["extra_vars"][package] == {"project": "team/plans", "version": version}
    asked = {question["variable"]: question["required"] for question in apply["survey_spec"]["spec"]}
    assert asked == {"plan_package_version": False, "registry_cleanup_approved_fingerprint": False}
    kind = example.of("credential_type")["GitLab Container Registry"]
    assert kind["injectors"]["env"]["GITLAB_TOKEN"] == "{{ token }}"  # noqa: S105 (no token)


def test_three_roles_are_apart(example: Controller) -> None:
    rights = [(row["teams"], row["role"]) for row in example.of("role").values()]
    assert (["Registry requesters"], "execute") in rights
    assert (["Registry approvers"], "approval") in rights
    assert (["Registry approvers"], "read") in rights
    assert not [rights for teams, role in rights if teams == ["Registry requesters"] and role != "execute"]
    launched = {
        name: row["teams"]
        for row in example.of("role").values()
        for name in row.get("job_templates", [])
        if row["role"] == "execute" and name.endswith("apply")
    }
    assert launched == dict.fromkeys(
        ("Registry cleanup, apply", "Registry cleanup in slices, apply"), ["Registry executors"]
    )


@pytest.mark.parametrize("playbook", ["begin", "check_plan", "nothing_to_delete", "report"])
def test_a_node_by_itself_says_what_it_is(playbook: str, tmp_path: Path) -> None:
    ansible = Ansible(tmp_path, environment(tmp_path, None))
    run = ansible.play(PLAYBOOK.parent / "project" / f"{playbook}.yml")
    [message] = [task.message for task in run.tasks if task.failed]
    assert "node of a workflow and does nothing by itself. Launch Registry cleanup" in message
    assert "undefined" not in run.output


class Jobs:
    """Jobs of a workflow as a controller runs them.

    Each has the variables of its template, the workflow's answers, and what jobs before it passed on.
    """

    def __init__(self, ansible: Ansible, controller: Controller, **answers: Any) -> None:
        self.ansible, self.answers = ansible, answers
        self.templates = controller.of("job_template")
        self.passed_on: dict[str, Any] = {}

    def job(self, template: str, *options: str, **variables: Any) -> Run:
        found = self.templates[template]
        of_the_controller = {"awx_workflow_job_id": 7, "awx_user_name": "ana"}
        given = {**found.get("extra_vars", {}), **self.answers, **self.passed_on, **of_the_controller, **variables}
        run = self.ansible.play(PROJECT / found["playbook"], *options, "-e", json.dumps(given))
        for task in run.tasks:
            self.passed_on |= task.result.get("ansible_stats", {}).get("data", {})
        return run


def documented_fleet() -> dict[str, Any]:
    """A repository for each rule set of the example."""
    dev = [tag("dev-1", 90), tag("dev-2", 80), tag("v1.0.0", 300)]
    scenario = server(
        [
            repository(100, "team/app", "", dev),
            repository(101, "team/app", "cache", [*dev, tag("main", 1)]),
            repository(102, "team/contracts/app", "", dev),
        ],
        object_storage=True,
    )
    scenario["groups"].append({"id": 13, "path": "team/contracts", "visibility": "private"})
    scenario["projects"] += [{"id": 4, "path": "team/plans"}, {"id": 5, "path": "team/contracts/app"}]
    return scenario


def names_of_document() -> list[str]:
    return [row["name"] for row in yaml.safe_load(DOCUMENT.read_text())["rule_sets"]]


def test_the_survey_offers_the_rule_sets_of_the_document(
    controller: Controller, example: Controller, tmp_path: Path
) -> None:
    assert offered(example) == names_of_document() == ["services", "build caches", "legal"]
    own = tmp_path / "own.yml"
    own.write_text(DOCUMENT.read_text().replace("legal", "law").replace("services", "release 1.0, and more"))
    assert controller.set_up(retention_document=str(own)).code == 0
    assert offered(controller) == ["release 1.0, and more", "build caches", "law"]


def offered(controller: Controller) -> list[str]:
    """What the survey offers, which is the same for the workflow and for its job."""
    name = "Registry cleanup by document"
    specs = [controller.of("workflow_job_template")[name], controller.of("job_template")[f"{name}, plan"]]
    [found, same] = [
        next(question["choices"] for question in each["survey_spec"]["spec"] if question["variable"] == "rule_sets")
        for each in specs
    ]
    assert found == same
    return list(found)


@pytest.mark.sweep(3)
@pytest.mark.parametrize(
    ("answers", "deleted"),
    [
        ({}, {"team/app": {"dev-1", "dev-2"}, "team/app/cache": {"dev-1", "dev-2", "v1.0.0"}}),
        ({"rule_sets": []}, {"team/app": {"dev-1", "dev-2"}, "team/app/cache": {"dev-1", "dev-2", "v1.0.0"}}),
        ({"rule_sets": ["build caches"]}, {"team/app/cache": {"dev-1", "dev-2", "v1.0.0"}}),
        ({"rule_sets": ["services", "legal"]}, {"team/app": {"dev-1", "dev-2"}}),
    ],
    ids=["no answer", "no choice", "one", "two"],
)
def test_a_workflow_deletes_by_the_rule_sets_that_were_picked(
    ansible: Ansible, simulator: Simulator, example: Controller, answers: dict[str, Any], deleted: dict[str, set[str]]
) -> None:
    simulator.load(documented_fleet())
    before = simulator.state()
    jobs = Jobs(ansible, example, registry_group="team", **answers)
    plan = jobs.job("Registry cleanup by document, plan")
    assert plan.code == 0, plan.output
    assert simulator.state() == before
    assert jobs.job("Registry cleanup, check the plan").code == 0
    apply = jobs.job("Registry cleanup, apply")
    assert apply.code == 0, apply.output
    assert simulator.state() == {path: sorted(set(names) - deleted.get(path, set())) for path, names in before.items()}
    assert jobs.job("Registry cleanup, report").code == 0


def test_a_rule_set_that_the_document_does_not_have_any_more_is_refused(
    ansible: Ansible, simulator: Simulator, example: Controller
) -> None:
    simulator.load(documented_fleet())
    jobs = Jobs(ansible, example, registry_group="team", rule_sets=["services", "nightly"])
    plan = jobs.job("Registry cleanup by document, plan")
    assert plan.code != 0
    words = "registry_cleanup_only_rule_sets names 'nightly', and registry_cleanup_retention_path"
    [message] = [task.message for task in plan.tasks if task.failed]
    assert message == f"{words} {DOCUMENT} has services, build caches, legal."
    told = (ROOT / "docs" / "awx.md").read_text()
    assert message.replace(str(DOCUMENT.parent), "/runner/project") in told
    assert simulator.counters()["total"] == 0


@pytest.mark.slow
def test_a_run_that_ends_for_its_budget_is_continued(
    ansible: Ansible, simulator: Simulator, example: Controller
) -> None:
    """By hand with the plan that was approved, and by the next plan."""
    simulator.load(documented_fleet())
    most = {"registry_cleanup_max_deletions_per_run": 2}
    jobs = Jobs(ansible, example, registry_group="team")
    plan = jobs.job("Registry cleanup by document, plan", **most)
    assert plan.code == 0, plan.output
    # The jobs that apply the plan take the budget from there.
    assert "each run: at most 2 tags\n" in jobs.passed_on["registry_cleanup_approval_text"]
    first = jobs.job("Registry cleanup, apply")
    assert first.code == 0, first.output
    assert jobs.passed_on["registry_cleanup_summary"]["left_for_next_run"] == 3
    report = jobs.job("Registry cleanup, report")
    assert report.code == 0, report.output
    assert "left for the next run: 3" in report.output
    second = jobs.job("Registry cleanup, apply")
    assert second.code == 0, second.output
    assert jobs.passed_on["registry_cleanup_summary"]["left_for_next_run"] == 1
    jobs.passed_on = {}
    assert jobs.job("Registry cleanup by document, plan", awx_workflow_job_id=8, **most).code == 0
    third = jobs.job("Registry cleanup, apply", awx_workflow_job_id=8)
    assert third.code == 0, third.output
    assert simulator.state()["team/app/cache"] == ["main"]


@pytest.mark.slow
def test_what_two_jobs_deleted_is_put_back(ansible: Ansible, simulator: Simulator, example: Controller) -> None:
    """The journal is that of the plan's version. A plan that was continued is one run."""
    simulator.load(documented_fleet())
    before = simulator.state()
    jobs = Jobs(ansible, example, registry_cleanup_max_deletions_per_run=3)
    undo = jobs.templates["Registry cleanup, undo"]
    assert (undo["job_type"], undo["ask_job_type_on_launch"]) == ("check", True)
    assert jobs.job("Registry cleanup by document, plan", registry_group="team").code == 0
    for _each in range(2):
        assert jobs.job("Registry cleanup, apply").code == 0
    cleaned = simulator.state()
    jobs.passed_on = {}
    check = jobs.job("Registry cleanup, undo", "--check", plan_package_version="7")
    assert check.code == 0, check.output
    assert "5 tags: 5 to restore, 0 present" in check.output
    assert simulator.state() == cleaned != before
    run = jobs.job("Registry cleanup, undo", plan_package_version="7")
    assert run.code == 0, run.output
    assert simulator.state() == before
    assert jobs.passed_on["registry_restore_summary"]["restored"] == 5


def test_a_nightly_job_of_the_page_goes_on_where_the_last_one_stopped(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(documented_fleet())
    page = (ROOT / "docs" / "awx.md").read_text()
    [text] = [block for block in re.findall("```yaml\n(.*?)```", page, re.DOTALL) if "max_duration" in block]
    (ansible.folder / "nightly.yml").write_text(text.replace("5000", "3"))
    for left in (3, 0):
        run = ansible.play("nightly.yml")
        assert run.code == 0, run.output
        data = run.of("ansible.builtin.set_stats").result["ansible_stats"]["data"]
        assert (data["registry_cleanup_summary"]["result"], data["registry_cleanup_summary"]["deleted"]) == ("ok", 3)
        assert data["registry_cleanup_summary_left_for_next_run"] == left


def page() -> str:
    return (ROOT / "docs" / "awx.md").read_text()


def answers_of_the_page() -> dict[str, str]:
    """The answers of the survey by its questions, as the page has them."""
    rows = re.findall(r"^ +\| ([^|`]+) \| `(.*?)` \|$", page(), re.MULTILINE)
    return {question: answer.replace("\\|", "|") for question, answer in rows}


def test_the_first_cleanup_of_the_page(ansible: Ansible, simulator: Simulator, example: Controller) -> None:
    simulator.load(documented_fleet())
    jobs = Jobs(ansible, example)
    survey = jobs.templates["Registry cleanup, plan"]["survey_spec"]["spec"]
    shown = answers_of_the_page()
    assert [question["question_name"] for question in survey] == list(shown)
    numbers = {question["variable"] for question in survey if question["type"] == "integer"}
    for question in survey:
        answer = shown[question["question_name"]]
        jobs.answers[question["variable"]] = int(answer) if question["variable"] in numbers else answer
    plan = jobs.job("Registry cleanup, plan")
    assert plan.code == 0, plan.output
    assert "To approve: delete" in plan.output
    for name in ("Registry cleanup, check the plan", "Registry cleanup, apply"):
        assert jobs.job(name).code == 0
    report = jobs.job("Registry cleanup, report")
    assert report.code == 0, report.output
    [counts] = re.findall(r"   ```text\n(   result: .*?)   ```", page(), re.DOTALL)
    assert report.of("ansible.builtin.debug").result["msg"] == counts.replace("   ", "").splitlines()


def test_the_page_names_the_objects(controller: Controller) -> None:
    assert controller.set_up().code == 0
    text = page()
    assert f"{len(controller.of('job_template'))} job templates" in text
    for kind in ("workflow_job_template", "credential", "project", "inventory", "schedule", "team"):
        for name in controller.of(kind):
            assert f"*{name}*" in text
    example = yaml.safe_load((PLAYBOOK.parent / "controller_vars.example.yml").read_text())
    assert {*example} <= {*re.findall(r"`(\w+)`", text)}
    identifiers = {node for workflow in WORKFLOWS for node in controller.nodes(workflow)}
    assert identifiers <= {*re.findall(r"^\| (\w+) \|", text, re.MULTILINE)}
