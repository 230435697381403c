# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What GitLab's bulk deletion is asked for, and when one run of it does not do."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.bulk_requests import (
    bulk_requests,
    why_not_in_one_run,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import Tag, TagListing
from ansible_collections.containerops.gitlab.plugins.module_utils._core.server import DeleteMethod, Mode
from tests.unit.cleanups import PROJECT, REPOSITORY, planned, requested, tag
from tests.unit.models import repository

OTHER = repository(id=8, path="team/other", project_id=PROJECT)
BULK: dict[str, Any] = {"delete_via": "bulk", "older_than": "30d", "min_remaining": 0}
UNPINNED: dict[str, Any] = {"delete_via": "bulk_unpinned", "min_remaining": 0}


def parameters_for(*tags: Tag, **options: Any) -> list[dict[str, Any]]:
    """The parameters of each bulk deletion."""
    request = requested(**options)
    return [dict(each.parameters) for each in bulk_requests(planned(*tags, request=request).plan, request)]


def test_exactly_the_planned_names_are_asked_for_and_gitlab_checks_their_age_again() -> None:
    tags = tag("v1.0"), tag("v2", days=1), tag("main"), tag("latest"), tag("v3", days=100)
    assert parameters_for(*tags, **BULK, name_regex_delete="v.*|latest") == [
        {"name_regex_delete": r"(?:v3|v1\.0)", "older_than": "30d"}
    ]


def test_gitlab_checks_the_keep_pattern_again_where_there_is_one() -> None:
    assert parameters_for(tag("v1"), tag("v2"), **BULK, name_regex_keep="v2") == [
        {"name_regex_delete": "(?:v1)", "older_than": "30d", "name_regex_keep": "v2"}
    ]


@pytest.mark.parametrize(
    ("options", "parameters"),
    [
        pytest.param({}, {"name_regex_delete": "v.*"}, id="what is not given is left out"),
        pytest.param({"name_regex_keep": "", "keep_n": 0}, {"name_regex_delete": "v.*"}, id="and what is empty"),
        pytest.param({"keep_n": 1}, {"name_regex_delete": "v.*", "keep_n": 1}, id="keep_n"),
        pytest.param(
            {"older_than": "30d", "name_regex_keep": "v2", "keep_n": 1},
            {"name_regex_delete": "v.*", "name_regex_keep": "v2", "keep_n": 1, "older_than": "30d"},
            id="everything",
        ),
    ],
)
def test_an_unpinned_request_is_what_the_user_wrote(options: dict[str, Any], parameters: dict[str, Any]) -> None:
    tags = tag("v1"), tag("v2"), tag("v3", days=60), tag("main")
    assert parameters_for(*tags, **UNPINNED, name_regex_delete="v.*", **options) == [parameters]


@pytest.mark.parametrize("options", [BULK, UNPINNED])
def test_each_repository_that_loses_tags_is_asked_for_by_itself(options: dict[str, Any]) -> None:
    quiet = repository(id=9, path="team/quiet", project_id=PROJECT)
    request = requested(**options, name_regex_delete="v.*")
    listings = [
        TagListing(repository, (tag(name),), complete=True)
        for repository, name in ((REPOSITORY, "v1"), (quiet, "main"), (OTHER, "v2"))
    ]
    plan = planned(request=request, listings=listings).plan
    found = bulk_requests(plan, request)
    assert [each.plan for each in found] == [plan.repositories[0], plan.repositories[2]]
    assert [each.plan.repository for each in found] == [REPOSITORY, OTHER]
    assert all("name_regex_delete" in each.parameters for each in found)


def sentence_for(names: list[str], mode: Mode) -> str | None:
    request = requested(**BULK)
    found = planned(*map(tag, names), request=request, mode=mode, delete_method=DeleteMethod.BULK)
    [only] = found.bulk
    return why_not_in_one_run(only, mode)


@pytest.mark.parametrize(
    ("number", "mode", "sentence"),
    [
        (200, Mode.NO_DATABASE, None),
        (201, Mode.DATABASE, None),
        (
            201,
            Mode.NO_DATABASE,
            "team/app: 201 tags would be deleted in bulk, and without a metadata database GitLab deletes at most 200 "
            "in one run, chosen at random (set delete_via to auto to delete all of them)",
        ),
    ],
)
def test_a_run_takes_as_many_tags_as_gitlab_looks_at(number: int, mode: Mode, sentence: str | None) -> None:
    assert sentence_for([f"v{each}" for each in range(number)], mode) == sentence


def test_a_run_takes_no_more_names_than_fit_into_a_pattern() -> None:
    names = [f"{number}-{'x' * 120}" for number in range(7000)]
    assert sentence_for(names, Mode.DATABASE) == (
        "team/app: the names of 7,000 tags are too long for one pattern (set delete_via to auto to delete all of them)"
    )
