# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a package is called if nobody says it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._gitlab.packages import check_name
from ansible_collections.containerops.gitlab.plugins.plugin_utils.documents import ValueRefused
from ansible_collections.containerops.gitlab.plugins.plugin_utils.package_defaults import (
    PACKAGES,
    Job,
    completed,
    job_of,
)

HOSTS = ["web", "team/app", "grün", "a b", "x" * 300, "~a~", "@a", "10.0.0.1", "::1", "team/app:v1"]


@pytest.mark.parametrize(
    ("variables", "environment", "run"),
    [
        ({}, {}, ""),
        ({"awx_workflow_job_id": 12}, {}, "12"),
        ({"awx_workflow_job_id": "12"}, {"CI_PIPELINE_ID": "3"}, "12"),
        ({"tower_workflow_job_id": 12}, {}, "12"),
        ({"awx_workflow_job_id": 13, "tower_workflow_job_id": 12}, {}, "13"),
        ({"awx_job_id": 4}, {"CI_PIPELINE_ID": "3", "CI_JOB_ID": "9"}, "3"),
        ({"awx_workflow_job_id": ""}, {"CI_PIPELINE_ID": " 3\n"}, "3"),
        ({"awx_workflow_job_id": None}, {"CI_PIPELINE_ID": ""}, ""),
    ],
)
def test_what_a_job_is_of(variables: dict[str, Any], environment: dict[str, str], run: str) -> None:
    assert job_of(variables, environment).run == run


def test_only_the_project_has_to_be_given() -> None:
    for host, plan, journal in (
        ("localhost", "plan.jsonl", "journal"),
        ("team/app", "team-app.jsonl", "team-app-journal"),
    ):
        job = Job(host=host, run="7")
        names = {option: completed(option, {"project": "team/plans"}, job) for option in PACKAGES}
        expected = {"project": "team/plans", "version": "7", "file_name": plan}
        assert names["plan_package"] == names["approved_plan_package"] == expected
        assert names["journal_package"] == {**expected, "file_name": journal}


@pytest.mark.parametrize("option", PACKAGES)
def test_what_is_given_counts(option: str) -> None:
    given = {"project": "team/plans", "version": "1", "file_name": "x", "package": "y"}
    assert completed(option, given, Job(host="web", run="7")) == given


def test_numbers_of_templates_are_names() -> None:
    given = {"project": 12, "version": 7}
    found = completed("plan_package", {**given, "overwrite": True}, Job())
    assert found == {"project": "12", "version": "7", "overwrite": True, "file_name": "plan.jsonl"}


@pytest.mark.parametrize("host", HOSTS)
def test_gitlab_takes_the_name_of_every_host(host: str) -> None:
    for option in PACKAGES:
        check_name(completed(option, {"project": "a/b", "version": "1"}, Job(host=host))["file_name"], "file_name")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "has no project"),
        ({"version": "1"}, "has no project"),
        ({"project": "a/b"}, "has no version, and this is not a job of a workflow"),
        ({"project": "a/b", "version": ""}, "has an empty version"),
        ({"project": None, "version": "1"}, "has an empty project"),
        (
            {"project": "a/b", "versions": "1"},
            'has the key "versions": the keys are project, package, version, file_name',
        ),
        (["a/b"], "is not a dictionary"),
        ("a/b", "is not a dictionary"),
    ],
)
def test_what_is_refused(given: Any, words: str) -> None:
    for option in PACKAGES:
        with pytest.raises(ValueRefused) as caught:
            completed(option, given, Job())
        assert words in str(caught.value)


def test_only_a_plan_that_is_stored_is_overwritten() -> None:
    for option in ("approved_plan_package", "journal_package"):
        with pytest.raises(ValueRefused, match="overwrite"):
            completed(option, {"project": "a/b", "version": "1", "overwrite": True}, Job())
