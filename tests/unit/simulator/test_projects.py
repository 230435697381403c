# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All the projects of a server, and what their images may be named after."""

from __future__ import annotations

import re
from typing import Any

import pytest

from .helpers import Client, default_scenario

ALL = [1, 2, 3, 4, 5, 6, 7]


def ids(rows: list[dict[str, Any]]) -> list[int]:
    return [row["id"] for row in rows]


@pytest.mark.parametrize(
    ("token", "found"),
    [
        ("admin-mode", ALL),
        ("admin", [4, 5, 7]),
        ("guest", ALL),
        ("outsider", [4, 5, 7]),
        (None, [4, 5]),
    ],
)
def test_everybody_sees_what_they_may(gitlab: Client, token: str | None, found: list[int]) -> None:
    for pages in ("", "&pagination=keyset"):
        assert ids(gitlab.rest(f"/projects?order_by=id&sort=asc{pages}", token).json()) == found


def test_the_newest_come_first_and_the_list_can_be_narrowed(gitlab: Client) -> None:
    assert ids(gitlab.rest("/projects").json()) == ALL[::-1]
    assert ids(gitlab.rest("/projects?visibility=public&order_by=id&sort=asc").json()) == [4, 5]
    assert ids(gitlab.rest("/projects?archived=true").json()) == [2]
    assert ids(gitlab.rest("/projects?search=LIB").json()) == [3]
    assert ids(gitlab.rest("/projects?id_after=5&id_before=7").json()) == [6]
    [row] = gitlab.rest("/projects?search=lib").json()
    assert row["container_registry_access_level"] == "enabled"
    assert "container_registry_access_level" not in gitlab.rest("/projects?search=lib&simple=true").json()[0]


@pytest.mark.parametrize(("sort", "found"), [("asc", ALL), ("desc", ALL[::-1])])
def test_keysets_lead_through_all_projects_to_an_empty_page(gitlab: Client, sort: str, found: list[int]) -> None:
    url: str | None = f"{gitlab.simulator.api_url}/projects?pagination=keyset&order_by=id&sort={sort}&per_page=3"
    pages: list[list[int]] = []
    while url:
        answer = gitlab.send("GET", url, "maintainer")
        assert "X-Page" not in answer.headers
        pages.append(ids(answer.json()))
        match = re.fullmatch(r'<([^>]+)>; rel="next"', answer.headers.get("Link", ""))
        url = match[1] if match else None
    assert [len(page) for page in pages] == [3, 3, 1, 0]
    assert sum(pages, []) == found


def test_the_link_of_a_keyset_page_says_where_to_go_on(gitlab: Client) -> None:
    link = gitlab.rest("/projects?pagination=keyset&order_by=id&sort=asc&per_page=2").headers["Link"]
    query = "id_after=2&order_by=id&pagination=keyset&per_page=2&simple=false&sort=asc"
    assert link == f'<{gitlab.simulator.api_url}/projects?{query}>; rel="next"'


@pytest.mark.parametrize(
    ("query", "status"),
    [("page=500&per_page=100", 200), ("page=501&per_page=100", 405), ("page=2501", 405), ("page=2500", 200)],
)
def test_offsets_end_at_fifty_thousand(gitlab: Client, query: str, status: int) -> None:
    answer = gitlab.rest(f"/projects?{query}")
    assert answer.status_code == status
    if status == 405:
        assert answer.json()["error"].startswith("Offset pagination has a maximum allowed offset of 50000 for requests")


@pytest.mark.parametrize("order", ["", "&order_by=name", "&order_by=created_at"])
def test_keysets_are_by_id_alone(gitlab: Client, order: str) -> None:
    answer = gitlab.rest(f"/projects?pagination=keyset{order}")
    assert (answer.status_code, answer.json()) == (
        405,
        {"error": "Keyset pagination is not yet available for this type of request"},
    )


def test_a_job_token_sees_what_anybody_sees(gitlab: Client) -> None:
    rows = gitlab.rest("/projects?order_by=id&sort=asc", None, headers={"JOB-TOKEN": "job"}).json()
    assert ids(rows) == [4, 5]


# What images are named after


def living(**references: Any) -> dict[str, Any]:
    scenario = default_scenario()
    scenario["projects"][0].update(references)
    scenario["projects"][3].update(references)
    return scenario


REFERENCES: dict[str, Any] = {
    "branches": ["main", "feature/x", "Fix_1"],
    "git_tags": ["v2", "v1"],
    "merge_requests": [
        {"iid": 3, "source_branch": "feature/x", "state": "opened"},
        {"iid": 4, "source_branch": "Fix_1", "state": "merged"},
        {"iid": 5, "source_branch": "feature/y"},
    ],
    "environments": ["production", "review/feature-x"],
    "deployments": [
        {"environment": "production", "status": "success", "sha": "a" * 40, "ref": "v1"},
        {"environment": "production", "status": "failed", "sha": "b" * 40, "ref": "v2"},
        {"environment": "review/feature-x", "status": "success", "sha": "c" * 40, "ref": "feature/x"},
        {"environment": "production", "status": "success", "sha": "d" * 40, "ref": "v2"},
    ],
}


@pytest.mark.parametrize(
    ("path", "key", "found"),
    [
        ("repository/branches", "name", ["Fix_1", "feature/x", "main"]),
        ("repository/branches?search=feat", "name", ["feature/x"]),
        ("repository/tags", "name", ["v1", "v2"]),
        ("merge_requests", "iid", [5, 4, 3]),
        ("merge_requests?state=opened", "source_branch", ["feature/y", "feature/x"]),
        ("merge_requests?state=opened&sort=asc&per_page=1", "iid", [3]),
        ("merge_requests?source_branch=Fix_1", "iid", [4]),
        ("environments", "name", ["production", "review/feature-x"]),
        ("environments?name=production", "slug", ["production"]),
        ("deployments", "id", [1, 2, 3, 4]),
        ("deployments?environment=production&status=success&order_by=id&sort=desc", "sha", ["d" * 40, "a" * 40]),
        ("deployments?environment=production&status=success&order_by=id&sort=desc&per_page=1", "ref", ["v2"]),
        ("deployments?environment=review%2Ffeature-x", "ref", ["feature/x"]),
        ("deployments?order_by=ref", "id", [3, 1, 2, 4]),
    ],
)
def test_what_lives_can_be_listed(gitlab: Client, path: str, key: str, found: list[Any]) -> None:
    gitlab.simulator.load(living(**REFERENCES))
    answer = gitlab.rest(f"/projects/1/{path}", "reporter")
    assert answer.status_code == 200
    assert [row[key] for row in answer.json()] == found
    assert answer.headers["X-Page"] == "1"


def test_a_deployment_names_its_environment_and_a_branch_its_commit(gitlab: Client) -> None:
    gitlab.simulator.load(living(**REFERENCES))
    deployment = gitlab.rest("/projects/1/deployments").json()[2]
    environment = gitlab.rest("/projects/1/environments").json()[1]
    assert deployment["environment"]["id"] == environment["id"]
    assert deployment["environment"]["name"] == "review/feature-x"
    branch = gitlab.rest("/projects/1/repository/branches?search=feature").json()[0]
    request = gitlab.rest("/projects/1/merge_requests?source_branch=feature%2Fx").json()[0]
    assert branch["commit"]["id"] == request["sha"]


PATHS = ["repository/branches", "repository/tags", "merge_requests", "environments", "deployments"]


@pytest.mark.parametrize("path", PATHS)
def test_a_reporter_reads_them_and_everybody_those_of_public_projects(gitlab: Client, path: str) -> None:
    gitlab.simulator.load(living(**REFERENCES))
    found = [gitlab.rest(f"/projects/1/{path}", token).status_code for token in (None, "outsider", "guest", "reporter")]
    assert found == [404, 404, 403, 200]
    assert [gitlab.rest(f"/projects/4/{path}", token).status_code for token in (None, "guest")] == [200, 200]


@pytest.mark.parametrize(
    "query", ["merge_requests?state=new", "deployments?status=done", "deployments?order_by=sha", "deployments?sort=up"]
)
def test_a_word_that_is_none_is_told(gitlab: Client, query: str) -> None:
    name = re.split(r"[?=]", query)[1]
    answer = gitlab.rest(f"/projects/1/{query}")
    assert (answer.status_code, answer.json()) == (400, {"error": f"{name} does not have a valid value"})


def test_the_projects_of_a_user_are_in_no_group(gitlab: Client) -> None:
    scenario = default_scenario()
    scenario["groups"].append({"id": 90, "path": "dora", "kind": "user", "visibility": "public"})
    scenario["projects"].append(
        {"id": 91, "path": "dora/own", "name": "{{ own }}", "description": "Mine", "topics": ["a", "b"]}
    )
    gitlab.simulator.load(scenario)
    row = gitlab.rest("/projects/91", "admin-mode").json()
    assert (row["namespace"]["kind"], row["namespace"]["full_path"]) == ("user", "dora")
    assert (row["name"], row["path"], row["name_with_namespace"]) == ("{{ own }}", "own", "dora / {{ own }}")
    assert (row["description"], row["topics"]) == ("Mine", ["a", "b"])
    for path in ("dora", "90"):
        assert gitlab.rest(f"/groups/{path}/projects", "admin-mode").status_code == 404
