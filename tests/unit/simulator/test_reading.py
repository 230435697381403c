# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the objects of REST look like."""

from __future__ import annotations

import pytest

from .helpers import DOCKER_LIST, INDEX, Client, default_scenario, names, one_repository

TAGS = "/projects/1/registry/repositories/100/tags"


def test_a_repository_has_all_its_fields(gitlab: Client) -> None:
    assert gitlab.rest("/projects/1/registry/repositories?tags=1&tags_count=true&per_page=1").json() == [
        {
            "id": 100,
            "name": "",
            "path": "team/app",
            "project_id": 1,
            "location": "registry.example.com/team/app",
            "created_at": "2019-01-10T13:38:57.391Z",
            "cleanup_policy_started_at": None,
            "tags_count": 3,
            "tags": [
                {"name": name, "path": f"team/app:{name}", "location": f"registry.example.com/team/app:{name}"}
                for name in ("a", "b", "c")
            ],
            "status": None,
        }
    ]


def test_a_single_repository_says_more_to_those_who_may_delete_it(gitlab: Client) -> None:
    row = gitlab.rest("/registry/repositories/101?size=true").json()
    assert row["path"] == "team/app/web"
    assert row["size"] > 0
    assert row["delete_api_path"] == f"{gitlab.simulator.api_url}/projects/1/registry/repositories/101"
    assert "delete_api_path" not in gitlab.rest("/registry/repositories/101", "developer").json()
    gitlab.simulator.load(default_scenario(mode="M2"))
    assert gitlab.rest("/registry/repositories/101?size=true").json()["size"] is None


def test_a_repository_under_deletion_is_still_listed(gitlab: Client) -> None:
    scenario = default_scenario()
    scenario["repositories"][1]["status"] = "delete_ongoing"
    gitlab.simulator.load(scenario)
    rows = gitlab.rest("/groups/team/registry/repositories").json()
    assert [row["status"] for row in rows] == [None, "delete_ongoing", None]


def test_the_group_listing_never_asks_the_registry(gitlab: Client) -> None:
    assert "tags_count" not in gitlab.rest("/groups/10/registry/repositories?tags_count=true").json()[0]
    assert gitlab.simulator.counters()["registry"] == 0


def test_a_project_tells_of_its_registry(gitlab: Client) -> None:
    row = gitlab.rest("/projects/team%2Fapp", "guest").json()
    assert row["path_with_namespace"] == "team/app"
    assert row["namespace"]["full_path"] == "team"
    assert row["container_registry_image_prefix"] == "registry.example.com/team/app"
    assert row["container_registry_access_level"] == "enabled"
    assert row["container_registry_enabled"] is False
    assert row["container_expiration_policy"]["enabled"] is False
    scenario = default_scenario(registry={"enabled": False})
    scenario["projects"][0]["policy"] = None
    gitlab.simulator.load(scenario)
    row = gitlab.rest("/projects/1").json()
    assert "container_registry_image_prefix" not in row
    assert "container_expiration_policy" not in row


def test_a_group_can_come_without_its_projects(gitlab: Client) -> None:
    assert names(gitlab.rest("/groups/team").json()["projects"]) == ["app", "off"]
    row = gitlab.rest("/groups/team%2Fsub?with_projects=false").json()
    assert "projects" not in row
    assert (row["id"], row["full_path"], row["parent_id"]) == (11, "team/sub", 10)


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", [6, 3, 1]),
        ("with_shared=false", [6, 1]),
        ("include_subgroups=true", [6, 3, 2, 1]),
        ("include_subgroups=true&with_shared=false&order_by=id&sort=asc", [1, 2, 6]),
        ("include_subgroups=true&archived=true", [2]),
        ("include_subgroups=true&archived=false&with_shared=0&order_by=path&sort=asc", [1, 6]),
        ("search=AP", [1]),
    ],
)
def test_the_projects_of_a_group(gitlab: Client, query: str, ids: list[int]) -> None:
    assert [row["id"] for row in gitlab.rest(f"/groups/team/projects?{query}").json()] == ids


def test_a_simple_project_has_no_registry_attributes(gitlab: Client) -> None:
    rows = gitlab.rest("/groups/team/projects?simple=true").json()
    assert not [key for row in rows for key in row if "container" in key]


def test_version_and_user_need_a_token(gitlab: Client) -> None:
    assert gitlab.rest("/version").json()["version"] == gitlab.rest("/metadata").json()["version"] == "18.9.0"
    assert gitlab.rest("/user").json()["username"] == "maintainer"
    assert gitlab.rest("/version", None).status_code == 401


MOVED = {
    "name": "v1",
    "digest": "sha256:" + "d" * 64,
    "created_at": "2026-01-02T03:04:05.678Z",
    "updated_at": "2026-05-01T00:00:00Z",
    "config_created": "2025-12-31T00:00:00Z",
    "size": 4321,
}


@pytest.mark.parametrize(
    ("mode", "created"), [("M1", "2026-01-02T03:04:05.678+00:00"), ("M2", "2025-12-31T00:00:00.000+00:00")]
)
def test_a_tag_is_as_old_as_its_row_or_as_its_image(gitlab: Client, mode: str, created: str) -> None:
    gitlab.simulator.load(one_repository([MOVED], mode=mode))
    row = gitlab.rest(f"{TAGS}/v1").json()
    assert row["created_at"] == created
    assert row["digest"] == MOVED["digest"]
    # A metadata database counts manifest and config, too.
    assert row["total_size"] > 4321 if mode == "M1" else row["total_size"] == 4321
    assert len(row["revision"]) == 64
    assert row["short_revision"] == row["revision"][:9]


def test_a_tag_without_config_has_an_empty_revision_in_the_database(gitlab: Client) -> None:
    gitlab.simulator.load(one_repository([{"name": "multi", "media_type": INDEX, "config": False}]))
    row = gitlab.rest(f"{TAGS}/multi").json()
    assert (row["revision"], row["short_revision"]) == ("", "")
    assert row["created_at"]


@pytest.mark.parametrize(("behaviour", "status"), [("missing", 404), ("nulls", 200), ("error", 500)])
def test_an_index_without_database_answers_by_release(gitlab: Client, behaviour: str, status: int) -> None:
    tags = [{"name": "multi", "media_type": INDEX, "config": False}]
    gitlab.simulator.load(one_repository(tags, mode="M2", registry={"index_detail": behaviour}))
    assert names(gitlab.rest(TAGS).json()) == ["multi"]
    answer = gitlab.rest(f"{TAGS}/multi")
    assert answer.status_code == status
    if status == 200:
        row = answer.json()
        assert (row["created_at"], row["revision"], row["short_revision"], row["total_size"]) == (
            None,
            None,
            None,
            None,
        )


def test_a_docker_list_without_database_shows_one_of_its_images(gitlab: Client) -> None:
    tags = [{"name": "multi", "media_type": DOCKER_LIST, "config_created": "2026-01-01T00:00:00Z"}]
    gitlab.simulator.load(one_repository(tags, mode="M2"))
    assert gitlab.rest(f"{TAGS}/multi").json()["created_at"] == "2026-01-01T00:00:00.000+00:00"


@pytest.mark.parametrize("created", [None, "1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z"])
def test_build_dates_that_mean_nothing_are_shown_as_they_are(gitlab: Client, created: str | None) -> None:
    gitlab.simulator.load(one_repository([{"name": "v1", "config_created": created}], mode="M2"))
    shown = gitlab.rest(f"{TAGS}/v1").json()["created_at"]
    assert shown == (created.replace("Z", ".000+00:00") if created else None)


def test_a_short_name_hides_behind_a_hundred_longer_ones(gitlab: Client) -> None:
    tags = [{"name": f"0-{number:03}-main"} for number in range(100)] + [{"name": "main"}]
    gitlab.simulator.load(one_repository(tags))
    assert "main" in names(gitlab.rest(f"{TAGS}?per_page=100&page=2").json())
    assert gitlab.rest(f"{TAGS}/main").status_code == 404
    assert gitlab.rest(f"{TAGS}/main", method="DELETE").status_code == 403
    gitlab.simulator.edit_tags("team/app", remove=["0-000-main"])
    assert gitlab.rest(f"{TAGS}/main").status_code == 200


@pytest.mark.parametrize(("mode", "calls"), [("M1", 2), ("M2", 3)])
def test_details_cost_requests_to_the_registry(gitlab: Client, mode: str, calls: int) -> None:
    gitlab.simulator.load(default_scenario(mode=mode))
    gitlab.rest(f"{TAGS}/a")
    assert gitlab.simulator.counters()["registry"] == calls
