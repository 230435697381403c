# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What deleting one tag answers and does: by generation, registry and trouble."""

from __future__ import annotations

from typing import Any

import pytest

from .helpers import Client, default_scenario, one_repository

TAGS = "/projects/1/registry/repositories/100/tags"
FORBIDDEN = {"message": "403 Forbidden"}
BAD = {"message": "400 Bad request"}
DIGEST = "sha256:" + "1" * 64


@pytest.mark.parametrize(("generation", "version"), [("G15", "15.10.0"), ("G17", "17.5.0"), ("G18", "18.9.0")])
def test_the_version_follows_the_generation(gitlab: Client, generation: str, version: str) -> None:
    gitlab.simulator.load(default_scenario(generation=generation))
    assert gitlab.data("{ metadata { version } }") == {"metadata": {"version": version}}


@pytest.mark.parametrize("mode", ["M1", "M2", "M3"])
@pytest.mark.parametrize("generation", ["G15", "G17", "G18"])
def test_trap_19_what_deleting_a_missing_tag_answers(gitlab: Client, generation: str, mode: str) -> None:
    gitlab.simulator.load(one_repository([{"name": "a"}], generation=generation, mode=mode))
    answer = gitlab.rest(f"{TAGS}/nope", "developer", "DELETE")
    looked_up = (generation, mode) == ("G18", "M1")
    assert (answer.status_code, answer.json()) == ((403, FORBIDDEN) if looked_up else (200, 200))
    assert gitlab.simulator.state() == {"team/app": ["a"]}


@pytest.mark.parametrize("mode", ["M1", "M2", "M3"])
@pytest.mark.parametrize("generation", ["G15", "G17", "G18"])
def test_what_a_role_that_is_too_low_answers(gitlab: Client, generation: str, mode: str) -> None:
    gitlab.simulator.load(one_repository([{"name": "a"}], generation=generation, mode=mode))
    assert gitlab.rest(f"{TAGS}/a", "reporter", "DELETE").json() == FORBIDDEN
    assert gitlab.rest(f"{TAGS}/a", "developer", "DELETE").status_code == 200
    assert gitlab.simulator.state() == {"team/app": []}


@pytest.mark.parametrize(("generation", "body"), [("G15", 400), ("G17", 400), ("G18", BAD)])
@pytest.mark.parametrize(
    ("mode", "registry"), [("M2", {"state": "error"}), ("M3", {"state": "error"}), ("M3", {"deletes": "refused"})]
)
def test_what_a_refusing_registry_answers(
    gitlab: Client, generation: str, body: Any, mode: str, registry: dict[str, str]
) -> None:
    gitlab.simulator.load(one_repository([{"name": "a"}], generation=generation, mode=mode, registry=registry))
    answer = gitlab.rest(f"{TAGS}/a", method="DELETE")
    assert (answer.status_code, answer.json()) == (400, body)
    assert gitlab.simulator.tags("team/app")[0]["size"] > 0


@pytest.mark.parametrize("mode", ["M1", "M2", "M3"])
@pytest.mark.parametrize("generation", ["G15", "G17", "G18"])
def test_an_unreachable_registry_is_503_everywhere(gitlab: Client, generation: str, mode: str) -> None:
    scenario = one_repository([{"name": "a"}], generation=generation, mode=mode, registry={"state": "unreachable"})
    gitlab.simulator.load(scenario)
    assert gitlab.rest(f"{TAGS}/a", method="DELETE").status_code == 503


@pytest.mark.parametrize(("generation", "status", "body"), [("G17", 400, 400), ("G18", 403, FORBIDDEN)])
def test_what_a_protected_tag_answers(gitlab: Client, generation: str, status: int, body: Any) -> None:
    scenario = one_repository([{"name": "a"}], generation=generation)
    scenario["projects"][0]["tag_rules"] = [{"pattern": "a", "delete": "owner"}]
    gitlab.simulator.load(scenario)
    answer = gitlab.rest(f"{TAGS}/a", method="DELETE")
    assert (answer.status_code, answer.json()) == (status, body)
    assert gitlab.rest(f"{TAGS}/a", "owner", "DELETE").status_code == 200


def shared(deletes: str) -> dict[str, Any]:
    tags = [{"name": "a", "digest": DIGEST}, {"name": "b", "digest": DIGEST}, {"name": "c"}]
    return one_repository(tags, mode="M3", registry={"deletes": deletes})


@pytest.mark.parametrize(("deletes", "left"), [("by_dummy", ["b", "c"]), ("by_digest", ["c"])])
def test_trap_36_another_vendors_registry_may_take_the_siblings(gitlab: Client, deletes: str, left: list[str]) -> None:
    gitlab.simulator.load(shared(deletes))
    assert gitlab.rest(f"{TAGS}/a", method="DELETE").status_code == 200
    assert gitlab.simulator.state() == {"team/app": left}


def test_a_deletion_that_fails_at_its_end_has_overwritten_the_tags(gitlab: Client) -> None:
    gitlab.simulator.load(shared("refused_after_overwrite"))
    for name in ("a", "new"):
        assert gitlab.rest(f"{TAGS}/{name}", method="DELETE").json() == BAD
    rows = {row["name"]: row for row in gitlab.simulator.tags("team/app")}
    assert sorted(rows) == ["a", "b", "c", "new"]
    assert rows["a"]["digest"] == rows["new"]["digest"] != rows["b"]["digest"] == DIGEST
    assert (rows["a"]["size"], rows["a"]["config_created"]) == (0, None)


def test_all_empty_images_go_with_one_of_them(gitlab: Client) -> None:
    gitlab.simulator.load(shared("refused_after_overwrite"))
    gitlab.rest(f"{TAGS}/a", method="DELETE")
    edit = {"count": 1, "action": "mutate", "set_registry": {"deletes": "by_dummy"}}
    gitlab.simulator.faults([edit])
    assert gitlab.rest(f"{TAGS}/b", method="DELETE").status_code == 200
    assert gitlab.simulator.state() == {"team/app": ["c"]}


def test_another_vendors_registry_is_read_like_files(gitlab: Client) -> None:
    gitlab.simulator.load(one_repository([{"name": "a", "config_created": "2020-02-02T00:00:00Z"}], mode="M3"))
    assert gitlab.rest(f"{TAGS}?pagination=keyset").status_code == 405
    assert gitlab.rest(f"{TAGS}/a").json()["created_at"] == "2020-02-02T00:00:00.000+00:00"


def test_graphql_says_what_went_there(gitlab: Client) -> None:
    gitlab.simulator.load(shared("by_dummy"))
    gid = "gid://gitlab/ContainerRepository/100"
    mutation = (
        f'mutation {{ destroyContainerRepositoryTags(input: {{id: "{gid}", tagNames: ["a", "c"]}}) '
        "{ deletedTagNames errors } }"
    )
    result = gitlab.data(mutation)["destroyContainerRepositoryTags"]
    assert result == {"deletedTagNames": ["a", "c"], "errors": []}
    assert gitlab.simulator.state() == {"team/app": ["b"]}
