# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a registry in trouble looks like from outside: a broken one like an empty one, a silent one like itself."""

from __future__ import annotations

from typing import Any

import pytest

from .helpers import SMALL, Client, default_scenario

LIST = "/projects/1/registry/repositories"
ONE = "/registry/repositories/100"
TAGS = f"{LIST}/100/tags"
GID = "gid://gitlab/ContainerRepository/100"
UNREACHABLE = {
    "message": "We are having trouble connecting to the Container Registry. "
    "If this error persists, please review the troubleshooting documentation."
}
NO_TAG = {"message": "404 Tag Not Found"}
NO_KEYSET = {"message": "405 Method Not Allowed"}

# mode, state, (list, tags_count, tags, keyset, detail), each a status and, where it is telling, a body.
TABLE: list[tuple[str, str, list[tuple[int, Any]]]] = [
    ("M1", "ok", [(200, None), (200, 3), (200, 3), (200, 3), (200, None)]),
    ("M2", "ok", [(200, None), (200, 3), (200, 3), (405, NO_KEYSET), (200, None)]),
    ("M1", "unreachable", [(200, None), (503, UNREACHABLE), (503, UNREACHABLE), (405, NO_KEYSET), (503, UNREACHABLE)]),
    ("M2", "unreachable", [(200, None), (503, UNREACHABLE), (503, UNREACHABLE), (405, NO_KEYSET), (503, UNREACHABLE)]),
    ("M1", "error", [(200, None), (200, 0), (200, 0), (200, 0), (404, NO_TAG)]),
    ("M2", "error", [(200, None), (200, 0), (200, 0), (405, NO_KEYSET), (404, NO_TAG)]),
    ("M1", "unknown", [(200, None), (200, 0), (200, 0), (200, 0), (404, NO_TAG)]),
    ("M2", "unknown", [(200, None), (200, 0), (200, 0), (405, NO_KEYSET), (404, NO_TAG)]),
]
ROWS = [(mode, state, where, answers) for mode, state, answers in TABLE for where in ("server", "repository")]


def in_state(mode: str, state: str, where: str) -> dict[str, Any]:
    repository = {"id": 100, "project": "team/app", "tags": SMALL}
    if where == "repository":
        return default_scenario(mode=mode, repositories=[{**repository, "registry_state": state}])
    return default_scenario(mode=mode, repositories=[repository], registry={"state": state})


@pytest.mark.parametrize(
    ("mode", "state", "where", "answers"), [row for row in ROWS if (row[1], row[2]) != ("unknown", "server")]
)
def test_how_reading_fails(gitlab: Client, mode: str, state: str, where: str, answers: list[tuple[int, Any]]) -> None:
    gitlab.simulator.load(in_state(mode, state, where))
    paths = [LIST, f"{LIST}?tags_count=true", TAGS, f"{TAGS}?pagination=keyset", f"{TAGS}/a"]
    for path, (status, expected) in zip(paths, answers, strict=True):
        answer = gitlab.rest(path)
        assert answer.status_code == status, path
        if isinstance(expected, int):
            body = answer.json()
            assert (body[0]["tags_count"] if "tags_count" in path else len(body)) == expected
        elif expected:
            assert answer.json() == expected
    size = gitlab.rest(f"{ONE}?size=true")
    assert size.status_code == 200
    assert (size.json()["size"] is None) is ((mode, state) != ("M1", "ok"))


@pytest.mark.parametrize(
    ("mode", "state", "status"),
    [
        ("M1", "unreachable", 503),
        ("M1", "error", 403),
        ("M1", "unknown", 403),
        ("M2", "unreachable", 503),
        ("M2", "error", 400),
        ("M2", "unknown", 200),
    ],
)
def test_how_deleting_fails(gitlab: Client, mode: str, state: str, status: int) -> None:
    gitlab.simulator.load(in_state(mode, state, "repository"))
    answer = gitlab.rest(f"{TAGS}/a", method="DELETE")
    assert answer.status_code == status
    if status == 400:
        assert answer.json() == {"message": "400 Bad request"}
    assert gitlab.simulator.state()["team/app"] == ["a", "b", "c"]


@pytest.mark.parametrize("mode", ["M1", "M2"])
@pytest.mark.parametrize("state", ["error", "unknown"])
def test_graphql_shows_nothing_of_a_broken_registry(gitlab: Client, mode: str, state: str) -> None:
    gitlab.simulator.load(in_state(mode, state, "repository"))
    page = gitlab.tags("(first: 20)")
    assert (page["nodes"], page["pageInfo"]["hasNextPage"]) == ([], False)
    assert gitlab.data(f'{{ containerRepository(id: "{GID}") {{ tagsCount }} }}')["containerRepository"] == {
        "tagsCount": 0
    }


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_graphql_says_so_when_nobody_is_there(gitlab: Client, mode: str) -> None:
    gitlab.simulator.load(in_state(mode, "unreachable", "repository"))
    query = f'{{ containerRepository(id: "{GID}") {{ path tags(first: 20) {{ nodes {{ name }} }} }} }}'
    answer = gitlab.graphql(query)
    assert answer.status_code == 200
    body = answer.json()
    assert body["data"] == {"containerRepository": {"path": "team/app", "tags": None}}
    assert body["errors"][0]["message"].startswith("Can't connect to the Container Registry.")
    assert body["errors"][0]["path"] == ["containerRepository", "tags"]


@pytest.mark.parametrize(
    ("state", "deleted", "errors"),
    [
        ("error", [], ["could not delete tags: a, b"]),
        ("unknown", ["a", "b"], []),
    ],
)
@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_how_deleting_by_graphql_fails(
    gitlab: Client, mode: str, state: str, deleted: list[str], errors: list[str]
) -> None:
    gitlab.simulator.load(in_state(mode, state, "repository"))
    mutation = (
        f'mutation {{ destroyContainerRepositoryTags(input: {{id: "{GID}", tagNames: ["a", "b"]}}) '
        "{ deletedTagNames errors } }"
    )
    result = gitlab.data(mutation)["destroyContainerRepositoryTags"]
    assert result == {"deletedTagNames": deleted, "errors": errors}
    assert gitlab.simulator.state()["team/app"] == ["a", "b", "c"]


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_deleting_by_graphql_fails_where_the_registry_can_not_be_asked_how(gitlab: Client, mode: str) -> None:
    gitlab.simulator.load(in_state(mode, "unreachable", "repository"))
    mutation = f'mutation {{ destroyContainerRepositoryTags(input: {{id: "{GID}", tagNames: ["a"]}}) {{ errors }} }}'
    answer = gitlab.graphql(mutation)
    assert answer.status_code == 500
    assert answer.json() == {"errors": [{"message": "Internal server error"}]}


@pytest.mark.parametrize(
    ("registry", "deleted", "errors"),
    [
        ({"undeletable": ["a"]}, ["b", "c"], []),
        ({"undeletable": ["a", "b", "c"]}, [], ["could not delete tags: a, b, c"]),
        ({"lost_at": "b"}, ["a"], ["error while deleting tags"]),
    ],
)
def test_what_graphql_says_of_tags_that_are_not_deleted(
    gitlab: Client, registry: dict[str, Any], deleted: list[str], errors: list[str]
) -> None:
    gitlab.simulator.load({**in_state("M1", "ok", "repository"), "registry": registry})
    mutation = (
        f'mutation {{ destroyContainerRepositoryTags(input: {{id: "{GID}", tagNames: ["a", "b", "c"]}}) '
        "{ deletedTagNames errors } }"
    )
    result = gitlab.data(mutation)["destroyContainerRepositoryTags"]
    assert result == {"deletedTagNames": deleted, "errors": errors}
    assert gitlab.simulator.state()["team/app"] == sorted({"a", "b", "c"} - set(deleted))


def test_a_registry_that_is_off_is_not_there(gitlab: Client) -> None:
    gitlab.simulator.load(default_scenario(registry={"enabled": False}))
    assert gitlab.rest(TAGS).status_code == 503
    assert "container_registry_image_prefix" not in gitlab.rest("/projects/1").json()
