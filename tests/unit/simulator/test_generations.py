# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What releases read differently, and what an import to the metadata database does to dates."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.harness import ControlError

from .helpers import Client, default_scenario, names, one_repository

TAGS = "/projects/1/registry/repositories/100/tags"
GID = "gid://gitlab/ContainerRepository/100"


@pytest.mark.parametrize(("generation", "keyset"), [("G15", False), ("G17", True), ("G18", True)])
def test_a_release_before_keysets_answers_with_offsets(gitlab: Client, generation: str, keyset: bool) -> None:
    for mode, status in (("M1", 200), ("M2", 405 if keyset else 200)):
        gitlab.simulator.load(default_scenario(generation=generation, mode=mode))
        answer = gitlab.rest(f"{TAGS}?pagination=keyset&per_page=2&last=a")
        assert answer.status_code == status
        if status == 200:
            assert ("X-Page" in answer.headers) is not keyset
            assert names(answer.json()) == (["b", "c"] if keyset else ["a", "b"])


@pytest.mark.parametrize(("generation", "shown"), [("G15", False), ("G17", True), ("G18", True)])
def test_status_and_size_came_after_the_first_releases(gitlab: Client, generation: str, shown: bool) -> None:
    gitlab.simulator.load(default_scenario(generation=generation))
    row = gitlab.rest("/registry/repositories/100?size=true").json()
    assert ("status" in row) is shown
    assert (row["size"] is not None) is shown
    for path in ("/projects/1/registry/repositories", "/groups/team/registry/repositories"):
        assert all(("status" in row) is shown for row in gitlab.rest(path).json())


@pytest.mark.parametrize("generation", ["G15", "G17", "G18"])
def test_the_group_listing_has_no_tags_in_any_of_them(gitlab: Client, generation: str) -> None:
    gitlab.simulator.load(default_scenario(generation=generation))
    row = gitlab.rest("/groups/team/registry/repositories?tags=true&tags_count=true").json()[0]
    assert not {"tags", "tags_count"} & set(row)


FIELDS = [
    ("ContainerRepositoryTag.publishedAt", {"G17", "G18"}),
    ("ContainerRepositoryDetails.lastPublishedAt", {"G17", "G18"}),
    ("ContainerRepositoryTag.protection", {"G18"}),
]


@pytest.mark.parametrize("generation", ["G15", "G17", "G18"])
@pytest.mark.parametrize(("field", "generations"), FIELDS)
def test_the_schema_grew(gitlab: Client, generation: str, field: str, generations: set[str]) -> None:
    owner, _dot, name = field.partition(".")
    shown = f'{{ __type(name: "{owner}") {{ fields(includeDeprecated: true) {{ name }} }} }}'
    gitlab.simulator.load(default_scenario(generation=generation))
    assert (name in names(gitlab.data(shown)["__type"]["fields"])) is (generation in generations)
    gitlab.simulator.load(default_scenario(generation=generation, graphql_missing_fields=[field, "Project.archived"]))
    assert name not in names(gitlab.data(shown)["__type"]["fields"])
    assert "archived" not in names(gitlab.data('{ __type(name: "Project") { fields { name } } }')["__type"]["fields"])


@pytest.mark.parametrize(
    ("generation", "status", "message"),
    [
        ("G15", 404, "404 Project Not Found"),
        ("G17", 404, "404 Project Not Found"),
        ("G18", 403, "403 Forbidden - This project's CI/CD job token cannot be used to authenticate with"),
    ],
)
def test_how_a_job_token_of_another_project_is_refused(
    gitlab: Client, generation: str, status: int, message: str
) -> None:
    gitlab.simulator.load(default_scenario(generation=generation))
    for project in ("2", "4", "999", "team%2Fnope"):
        for path in ("", "/100/tags", "/100/tags/a"):
            answer = gitlab.rest(f"/projects/{project}/registry/repositories{path}", None, headers={"JOB-TOKEN": "job"})
            assert answer.status_code == status
            assert answer.json()["message"].startswith(message)
    own = gitlab.rest("/projects/1/registry/repositories", None, headers={"JOB-TOKEN": "job"})
    assert own.status_code == 200


OLD = {"created_at": "2020-01-01T00:00:00Z", "updated_at": "2021-01-01T00:00:00Z"}


def dates(gitlab: Client) -> list[tuple[Any, ...]]:
    rows = gitlab.simulator.tags("team/app")
    return [(row["created_at"], row["published_at"], row["updated_at"], row["config_created"]) for row in rows]


def test_an_import_makes_all_tags_as_new_as_itself(gitlab: Client) -> None:
    gitlab.simulator.load(one_repository([{"name": name, **OLD} for name in ("a", "b", "c", "d")]))
    gitlab.simulator.import_tags("2026-05-01T00:00:00Z")
    at = "2026-05-01T00:00:00Z"
    assert dates(gitlab) == [(at, at, None, "2020-01-01T00:00:00Z")] * 4
    fields = "createdAt publishedAt"
    assert gitlab.tags("(first: 1)", fields)["nodes"] == [dict.fromkeys(fields.split(), "2026-05-01T00:00:00+00:00")]
    assert gitlab.rest(f"{TAGS}/a").json()["created_at"] == "2026-05-01T00:00:00.000+00:00"


def test_an_import_may_take_its_time(gitlab: Client) -> None:
    gitlab.simulator.load(one_repository([{"name": name, **OLD} for name in ("a", "b", "c", "d")]))
    gitlab.simulator.import_tags("2026-05-01T00:00:00Z", spread=120)
    seconds = [0, 30, 60, 90]
    assert [row[0] for row in dates(gitlab)] == [
        f"2026-05-01T00:{second // 60:02}:{second % 60:02}Z" for second in seconds
    ]
    gitlab.simulator.edit_tags("team/app", put=[{"name": "a", "updated_at": "2026-06-01T00:00:00Z"}])
    assert dates(gitlab)[0][1] == "2026-06-01T00:00:00Z"


def test_an_import_needs_a_database_and_a_time(gitlab: Client) -> None:
    with pytest.raises(ControlError, match=r"import\.at: 'soon' is no ISO 8601 time"):
        gitlab.simulator.import_tags("soon")
    gitlab.simulator.load(one_repository([{"name": "a"}], mode="M2"))
    with pytest.raises(ControlError, match="this registry has no metadata database"):
        gitlab.simulator.import_tags("2026-05-01T00:00:00Z")
