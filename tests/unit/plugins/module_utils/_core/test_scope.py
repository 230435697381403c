# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a user may write for projects, groups and repositories, and what is told about the rest."""

from __future__ import annotations

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.scope import (
    Exclusion,
    ProjectScope,
    Scope,
    check_projects,
    check_scope,
    exclusions_of,
    matches,
    repository_path,
)


@pytest.mark.parametrize(
    ("path", "pattern", "expected"),
    [
        ("team/app/api", "team/app/api", True),
        ("team/app/api", "/Team/App/API/", True),
        ("team/app/x", "Team/App/X", True),
        ("team/app/api", "team/app", False),
        ("team/app/api", "team/*", True),
        ("team/app/api", "*/api", True),
        ("team/app/api", "team/app/ap?", True),
        ("team/app/api", "team/app/[A-C]pi", True),
        ("team/app/api", "other/*", False),
        ("team/app/api", "", False),
    ],
)
def test_a_pattern_means_whole_paths_in_any_case(path: str, pattern: str, expected: bool) -> None:
    assert matches(path, pattern) is expected


PATHS = ["team/app", "team/app/web", "team/prod"]


def test_what_exclusions_match() -> None:
    scope = Scope(group="team", exclude=("team/prod*", "Team/App/*", "team/*", "team/prod.*", "team/prod*"))
    assert exclusions_of(scope, PATHS, {"team/app", "team/prod"}) == (
        Exclusion("team/prod*", matched=1, elsewhere=False),
        Exclusion("Team/App/*", matched=1, elsewhere=False),
        Exclusion("team/*", matched=3, elsewhere=False),
        Exclusion("team/prod.*", matched=0, elsewhere=False),
    )


# Exclusions that are mistaken in every scope that holds team/prod, and those that may be about other tasks' projects.
MISTAKEN = ["team/prod.*", "team/prod*\n", "registry.example.com/team/prod*", "Team/Prod/x", "reg:5000/team/prod"]
OTHERS = ["team/production", "team/prod-2/*", "team/prod.eu/*", "a-team/prod/*", "team/*/x", "other/*", "*/cache", ""]


@pytest.mark.parametrize("pattern", [*MISTAKEN, *OTHERS])
def test_in_a_task_for_a_single_project_an_exclusion_may_be_about_others(pattern: str) -> None:
    single = [Scope(projects=("team/prod",), exclude=(pattern,)), Scope(repository_ids=(7, 8), exclude=(pattern,))]
    for scope in single:
        [found] = exclusions_of(scope, ["team/prod"], {"team/prod"})
        assert found.elsewhere is (pattern in OTHERS)
    several = Scope(projects=("team/prod", "team/app"), exclude=(pattern,))
    for scope in (several, Scope(group="team", exclude=(pattern,)), Scope(instance=True, exclude=(pattern,))):
        projects = {"team/prod", "team/app"} if scope is several else {"team/prod"}
        assert exclusions_of(scope, PATHS[1:2], projects) == (Exclusion(pattern, matched=0, elsewhere=False),)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("team/app", "team/app"),
        ("/Team/App/API/", "team/app/api"),
        ("X/app/X", "x/app/x"),
        ("a.b/c_d/e__f/g--h/1", "a.b/c_d/e__f/g--h/1"),
    ],
)
def test_the_path_of_a_repository_may_be_written_in_any_case(text: str, path: str) -> None:
    assert repository_path(text) == path


@pytest.mark.parametrize(
    "text", ["", "app", "team//app", "team/app ", "team/-app", "team/a..b", "team/a___b", "team/app:v1", "team/ä"]
)
def test_what_is_no_path_of_a_repository_is_refused_by_the_name_of_its_option(text: str) -> None:
    sentence = f"{text!r} is not the path of a repository: write it as group/project/name."
    with pytest.raises(UsageError) as caught:
        repository_path(text)
    assert str(caught.value) == f"repository {sentence}"
    with pytest.raises(UsageError) as caught:
        repository_path(text, "source")
    assert str(caught.value) == f"source {sentence}"


EMPTY = "project holds an empty name: give an id or a full path such as group/project."


def bare(name: str) -> str:
    return (
        f"project {name!r} is a bare name, which GitLab does not look up: give the full path, "
        f"such as group/{name}, or the numeric id."
    )


@pytest.mark.parametrize(
    ("project", "message"),
    [("", EMPTY), (" \t", EMPTY), *((name, bare(name)) for name in ("app", "app/", "/app", "12a", "-1", "/"))],
)
def test_a_project_that_gitlab_could_not_look_up_is_refused(project: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_scope(Scope(projects=("team/app", project)), job_token=False)
    assert str(caught.value) == message
    with pytest.raises(UsageError) as caught:
        check_projects(ProjectScope(projects=("team/app", project)))
    assert str(caught.value) == message


@pytest.mark.parametrize("group", ["", " ", "/", " / "])
def test_an_empty_group_is_refused(group: str) -> None:
    message = "^group is empty: give an id or a full path.$"
    with pytest.raises(UsageError, match=message):
        check_scope(Scope(group=group), job_token=False)
    with pytest.raises(UsageError, match=message):
        check_projects(ProjectScope(groups=("team", group)))


def test_ids_and_full_paths_are_taken_as_they_are_written() -> None:
    projects, groups = ("12", "team/app", "/Team/Sub/App/", "X/app", "app/X"), ("12", "team", "/Team/Sub/", "X")
    check_projects(ProjectScope(projects=projects, groups=groups))
    check_scope(Scope(projects=projects), job_token=True)
    for group in groups:
        check_scope(Scope(group=group), job_token=False)


@pytest.mark.parametrize(
    ("scope", "option"),
    [
        (Scope(instance=True), "instance"),
        (Scope(group="team"), "group"),
        (Scope(repository_ids=(7,)), "repository_id"),
    ],
)
def test_a_job_token_reads_nothing_but_its_project(scope: Scope, option: str) -> None:
    check_scope(scope, job_token=False)
    with pytest.raises(UsageError) as caught:
        check_scope(scope, job_token=True)
    assert str(caught.value) == (
        f"{option} can't be read with a CI/CD job token, which sees only its own project: name that project in "
        "project, or give a project or group access token in api_token."
    )


def test_a_plan_holds_its_scope_as_the_options_that_made_it() -> None:
    named = Scope(projects=("team/app", "7"), include=("team/app/a*",), exclude=("team/app/api",))
    assert named.as_result() == {
        "project": ["team/app", "7"],
        "group": None,
        "repository_id": [],
        "repositories": ["team/app/a*"],
        "exclude_repositories": ["team/app/api"],
    }
    assert Scope(group="team", repository_ids=(7, 8)).as_result() == {
        "project": [],
        "group": "team",
        "repository_id": [7, 8],
        "repositories": [],
        "exclude_repositories": [],
    }
