# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tag rules: who may still delete what, and how that shows."""

from __future__ import annotations

from typing import Any

import pytest

from .helpers import Client, default_scenario

TAGS = "/projects/1/registry/repositories/100/tags"
GID = "gid://gitlab/ContainerRepository/100"


def ruled(*rules: dict[str, Any], names: tuple[str, ...] = ("v1", "rev10", "dev")) -> dict[str, Any]:
    scenario = default_scenario(
        repositories=[{"id": 100, "project": "team/app", "tags": [{"name": name} for name in names]}]
    )
    scenario["projects"][0]["tag_rules"] = list(rules)
    return scenario


@pytest.mark.parametrize(
    ("token", "statuses"),
    [
        ("developer", [403, 403, 200]),
        ("maintainer", [403, 403, 200]),
        ("owner", [200, 200, 200]),
        ("admin-mode", [200, 200, 200]),
    ],
)
def test_a_pattern_is_not_anchored_and_binds_those_below(gitlab: Client, token: str, statuses: list[int]) -> None:
    gitlab.simulator.load(ruled({"pattern": "v1", "delete": "owner", "push": "maintainer"}))
    answers = [gitlab.rest(f"{TAGS}/{name}", token, "DELETE") for name in ("v1", "rev10", "dev")]
    assert [answer.status_code for answer in answers] == statuses
    assert all(answer.json() == {"message": "403 Forbidden"} for answer in answers if answer.status_code == 403)
    protected = [name for name, status in zip(("v1", "rev10"), statuses, strict=False) if status == 403]
    assert gitlab.simulator.state()["team/app"] == sorted(protected)


def test_immutable_tags_bind_administrators(gitlab: Client) -> None:
    gitlab.simulator.load(ruled({"pattern": "^v", "immutable": True}))
    assert gitlab.rest(f"{TAGS}/v1", "admin-mode", "DELETE").status_code == 403
    assert gitlab.rest(f"{TAGS}/rev10", "admin-mode", "DELETE").status_code == 200


def test_the_highest_levels_show(gitlab: Client) -> None:
    gitlab.simulator.load(
        ruled(
            {"pattern": "v1", "delete": "maintainer", "push": "owner"},
            {"pattern": "^v", "delete": "admin", "push": "maintainer"},
            {"pattern": "^dev", "immutable": True},
        )
    )
    levels = "minimumAccessLevelForDelete minimumAccessLevelForPush immutable"
    fields = f"name protection {{ {levels} }} userPermissions {{ destroyContainerRepositoryTag }}"
    shown = {node["name"]: node for node in gitlab.tags("(first: 20)", fields)["nodes"]}

    def protection(delete: str | None, push: str | None, immutable: bool) -> dict[str, Any]:
        return {"minimumAccessLevelForDelete": delete, "minimumAccessLevelForPush": push, "immutable": immutable}

    assert shown["v1"]["protection"] == protection("ADMIN", "OWNER", False)
    assert shown["rev10"]["protection"] == protection("MAINTAINER", "OWNER", False)
    assert shown["dev"]["protection"] == protection(None, None, True)
    allowed = {name: node["userPermissions"]["destroyContainerRepositoryTag"] for name, node in shown.items()}
    assert allowed == {"v1": False, "rev10": True, "dev": False}


def test_graphql_leaves_protected_names_out_without_a_word(gitlab: Client) -> None:
    gitlab.simulator.load(ruled({"pattern": "^v", "delete": "owner"}))
    mutation = (
        "mutation($names: [String!]!) { destroyContainerRepositoryTags(input: "
        f'{{id: "{GID}", tagNames: $names}}) {{ deletedTagNames errors }} }}'
    )
    result = gitlab.data(mutation, names=["v1", "dev"])["destroyContainerRepositoryTags"]
    assert result == {"deletedTagNames": ["dev"], "errors": []}
    result = gitlab.data(mutation, names=["v1"])["destroyContainerRepositoryTags"]
    assert result == {"deletedTagNames": [], "errors": ["cannot delete protected tag(s)"]}
    result = gitlab.data(mutation, "owner", names=["v1"])["destroyContainerRepositoryTags"]
    assert result == {"deletedTagNames": ["v1"], "errors": []}


@pytest.mark.parametrize(
    ("token", "deleted"),
    [("maintainer", ["dev"]), ("owner", ["dev"]), ("admin-mode", ["v1", "dev"]), ("admin", None)],
)
def test_an_administrator_passes_the_rules_by_graphql_but_not_the_immutable_ones(
    gitlab: Client, token: str, deleted: list[str] | None
) -> None:
    gitlab.simulator.load(ruled({"pattern": "^v", "delete": "admin"}, {"pattern": "^rev", "immutable": True}))
    mutation = (
        f'mutation {{ destroyContainerRepositoryTags(input: {{id: "{GID}", tagNames: ["v1", "rev10", "dev"]}}) '
        "{ deletedTagNames errors } }"
    )
    result = gitlab.graphql(mutation, token).json()["data"]["destroyContainerRepositoryTags"]
    assert result == (None if deleted is None else {"deletedTagNames": deleted, "errors": []})
