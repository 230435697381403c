# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Large servers: things are found without a walk through everything there is."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator import access
from tests.simulator.indexed import IndexedById
from tests.simulator.scenario import build
from tests.simulator.state import Group, State

from .helpers import Client, default_scenario


class Counting(IndexedById[Group]):
    """Counts how often somebody asks for all of it."""

    walks = 0

    def values(self) -> Any:
        self.walks += 1
        return super().values()


def group(number: int, path: str) -> Group:
    return Group(number, path, "private", {})


def test_a_path_is_found_in_any_case_until_it_is_gone() -> None:
    indexed: IndexedById[Group] = IndexedById()
    indexed[7] = group(7, "Team/Sub")
    assert indexed.at("team/SUB") is indexed[7]
    assert indexed.at("team") is None
    assert indexed.next_id == 8
    del indexed[7]
    assert indexed.at("team/sub") is None
    assert indexed.next_id == 8


def test_a_path_that_changes_is_found_after_relabelling() -> None:
    indexed: IndexedById[Group] = IndexedById()
    indexed[1] = group(1, "old")
    indexed[1].path = "new"
    assert indexed.at("old") is None
    indexed.reindex()
    assert indexed.at("new") is indexed[1]


def test_repositories_are_found_by_their_project() -> None:
    state = build(default_scenario())
    app = state.projects[1]
    assert [item.id for item in state.repositories_of([app])] == [100, 101]
    del state.repositories[100]
    assert [item.id for item in state.repositories_of([app])] == [101]
    assert state.repository_at("team/app") is None


def test_a_moved_project_takes_its_repositories_along(gitlab: Client) -> None:
    move = {"path": "team/app", "new_path": "other/moved"}
    gitlab.simulator.faults([{"first": 1, "action": "mutate", "set_project": move}])
    assert gitlab.rest("/projects/team%2Fapp", "owner").status_code == 404
    answer = gitlab.rest("/projects/team%2Fapp", "admin-mode")
    assert answer.headers["Location"] == f"{gitlab.simulator.api_url}/projects/1"
    assert gitlab.rest("/projects/1", "admin-mode").json()["path_with_namespace"] == "other/moved"
    assert gitlab.simulator.state()["other/moved/web"] == ["a", "b", "c"]
    gitlab.simulator.edit_tags("other/moved", remove=["a"])
    assert "team/app" not in gitlab.simulator.state()


def large(count: int) -> State:
    return build(
        {
            "users": [{"username": "ops"}],
            "tokens": [{"token": "ops", "user": "ops"}],
            "groups": [{"path": "team", "members": {"ops": "maintainer"}}, *({"path": f"g{n}"} for n in range(count))],
            "projects": [{"path": f"team/p{number}"} for number in range(count)],
            "repositories": [{"project": f"team/p{number}"} for number in range(count)],
        }
    )


@pytest.mark.parametrize("count", [100, 1000])
def test_what_one_may_do_in_a_project_takes_no_walk_through_the_groups(count: int) -> None:
    state = large(count)
    groups = Counting()
    for number, item in state.groups.items():
        groups[number] = item
    state.groups = groups
    caller = access.identify(state, access.Credential("private-token", "ops"))
    assert all(access.can_read_images(state, caller, project) for project in state.projects.values())
    assert groups.walks == 0
