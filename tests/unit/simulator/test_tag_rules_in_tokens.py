# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules for tags travel in tokens, and the registry itself enforces what is in them."""

from __future__ import annotations

from typing import Any

import jwt
import pytest

from tests.simulator.inprocess import InProcessServer
from tests.simulator.jwt_auth import token_with

from .helpers import default_scenario
from .test_distribution import APP, ProtocolClient, token

RULES: list[dict[str, Any]] = [
    {"pattern": "^v", "delete": "owner", "push": "maintainer"},
    {"pattern": "rc$", "delete": "maintainer", "push": "admin"},
    {"pattern": "gold", "immutable": True},
]
TAGS: list[dict[str, Any]] = [{"name": name, "image": name} for name in ("v1", "x-rc", "a-gold-b", "dev")]


def guarded(user: str = "maintainer", rules: list[dict[str, Any]] | None = None, **changes: Any) -> ProtocolClient:
    scenario = default_scenario(repositories=[{"id": 100, "project": "team/app", "tags": TAGS}], **changes)
    project = next(row for row in scenario["projects"] if row["path"] == "team/app")
    project["tag_rules"] = RULES if rules is None else rules
    return ProtocolClient(InProcessServer(scenario), (APP,), user)


def meta(client: ProtocolClient, scope: str) -> dict[str, Any]:
    claims = jwt.decode(token(client.server, client.user, scope), options={"verify_signature": False})
    [row] = claims["access"]
    found: dict[str, Any] = row["meta"]
    return {key: value for key, value in found.items() if key.startswith("tag_")}


def test_a_token_has_the_rules_that_bind_its_bearer_for_what_was_asked() -> None:
    maintainer, root = guarded(), guarded("admin-mode")
    immutable = {"tag_immutable_patterns": ["gold"]}
    path = "repository:team/app"
    assert meta(maintainer, f"{path}:pull") == {"tag_deny_access_patterns": {}}
    assert meta(maintainer, f"{path}:delete") == {"tag_deny_access_patterns": {"delete": ["^v"]}, **immutable}
    assert meta(maintainer, f"{path}:pull,push") == {"tag_deny_access_patterns": {"push": ["rc$"]}, **immutable}
    everything = {"tag_deny_access_patterns": {"push": ["rc$"], "delete": ["^v"]}, **immutable}
    assert meta(maintainer, f"{path}:*") == meta(maintainer, f"{path}:push,delete") == everything
    # Nothing is denied to an administrator, and immutable is immutable.
    assert meta(root, f"{path}:push,delete") == {"tag_deny_access_patterns": {"push": [], "delete": []}, **immutable}
    assert meta(guarded(rules=[]), f"{path}:push,delete") == {}


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_the_registry_enforces_what_the_token_says(mode: str) -> None:
    client = guarded(mode=mode)
    image = client.image()
    asked = {
        name: client.ask("DELETE", f"team/app/manifests/{name}") for name in ("v1", "v9", "a-gold-b", "x-rc", "nope")
    }
    refused = {name: answer.error for name, answer in asked.items() if answer.body}
    assert refused == {
        "v1": (401, "PROTECTED_TAG"),
        "v9": (401, "PROTECTED_TAG"),
        "a-gold-b": (401, "IMMUTABLE_TAG"),
        "nope": (404, "MANIFEST_UNKNOWN"),
    }
    assert asked["x-rc"].status == 202
    assert asked["v1"].json["errors"][0]["detail"] == 'tag "v1" is protected'
    assert "WWW-Authenticate" not in asked["v1"].headers
    assert client.put("y-rc", image).error == (401, "PROTECTED_TAG")
    assert client.put("v1", image).status == 201
    assert client.put("b-gold", image).status == 201
    # Only a metadata database tells that the tag is there, and then the same image is refused as well.
    again = client.put("b-gold", image)
    assert again.error == (401, "IMMUTABLE_TAG") if mode == "M1" else again.status == 201
    digest = client.manifest("dev").digest
    assert client.ask("DELETE", f"team/app/manifests/{digest}").error == (401, "PROTECTED_MANIFEST")


@pytest.mark.parametrize(
    ("patterns", "immutable", "code"),
    [
        (["a", "b", "c", "d", "e"], [], "MANIFEST_UNKNOWN"),
        (["a", "b", "c", "d"], ["e", "f"], "TAG_PATTERN_COUNT_LIMIT_EXCEEDED"),
        (["("], [], "TAG_PROTECTION_PATTERN_INVALID"),
        (["x" * 101], [], "TAG_PROTECTION_PATTERN_INVALID"),
        ([], ["("], "TAG_IMMUTABILITY_PATTERN_INVALID"),
    ],
)
def test_rules_that_the_registry_can_not_use_stop_every_change(
    patterns: list[str], immutable: list[str], code: str
) -> None:
    row = {
        "type": "repository",
        "name": "team/app",
        "actions": ["delete"],
        "meta": {"tag_deny_access_patterns": {"delete": patterns}, "tag_immutable_patterns": immutable},
    }
    client = guarded()
    client.authorization = f"Bearer {token_with(row)}"
    assert client.ask("DELETE", "team/app/manifests/zzz").error[1] == code


def test_older_registries_know_nothing_of_rules() -> None:
    client = guarded(generation="G17", features={"tag_rules": "full"})
    assert client.ask("DELETE", "team/app/manifests/v1").status == 202
