# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Projects and who asks for them, from answers as GitLab gives them."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import ErrorKind, RequestError
from ansible_collections.containerops.gitlab.plugins.module_utils._gitlab import projects
from ansible_collections.containerops.gitlab.plugins.module_utils._http.messages import Response
from tests.unit.rest_serving import ScriptedClient, answer


def rows(*numbers: int) -> list[dict[str, Any]]:
    return [{"id": number, "path_with_namespace": f"team/{number}"} for number in numbers]


NEXT = '<https://elsewhere.example.com/x?id_after=999>; rel="next"'


def test_paths_are_one_segment() -> None:
    client = ScriptedClient([answer({"id": 3, "path_with_namespace": "Team/App", "namespace": {"full_path": "Team"}})])
    project = projects.get_project(client, "Team/App")
    assert client.asked == [("GET", "/api/v4/projects/Team%2FApp", {})]
    assert project.image_prefix is None
    assert project.policy is None


@pytest.mark.parametrize(("row", "expected"), [({"id": 1}, False), ({"id": 1, "is_admin": True}, True)])
def test_administrators_are_told_by_their_own_user(row: dict[str, Any], expected: bool) -> None:
    assert projects.caller_is_administrator(ScriptedClient([answer(row)])) is expected


def test_all_projects_are_read_to_the_empty_page() -> None:
    client = ScriptedClient([answer(rows(3, 5), Link=NEXT), answer(rows(8), Link=NEXT), answer([])])
    assert [project.id for project in projects.all_projects(client)] == [3, 5, 8]
    assert [path for _method, path, _query in client.asked] == ["/api/v4/projects"] * 3
    # Where the link leads is of no interest.
    assert [query.get("id_after") for _method, _path, query in client.asked] == [None, 5, 8]


@pytest.mark.parametrize(
    "pages",
    [
        # A proxy took the links away.
        [answer(rows(*range(1, 101)))],
        [answer(rows(3, 5), Link=NEXT), answer(rows(5, 6), Link=NEXT)],
        [answer([], Link=NEXT)],
        [answer([{"id": 3}], Link=NEXT)],
    ],
)
def test_a_list_of_projects_that_may_have_ended_too_early_is_not_believed(pages: list[Response]) -> None:
    with pytest.raises(RequestError) as caught:
        projects.all_projects(ScriptedClient(pages))
    assert caught.value.kind == ErrorKind.INCOMPLETE


@pytest.mark.parametrize(
    ("row", "size"),
    [
        ({"statistics": {"container_registry_size": 7}}, 7),
        ({"statistics": {"container_registry_size": None}}, None),
        ({"statistics": None}, None),
        ({}, None),
    ],
)
def test_the_size_of_a_registry(row: dict[str, Any], size: int | None) -> None:
    project = projects.project_of(rows(3)[0])
    assert projects.get_registry_size(ScriptedClient([answer(row)]), project) == size
