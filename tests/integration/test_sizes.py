# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The size of an image means the same however it is read, and is null where it is not known."""

from __future__ import annotations

import pytest

from tests.integration.driver import Ansible
from tests.integration.repeated import Shelf
from tests.integration.scenarios import repository, server, tag
from tests.simulator.contents import INDEX
from tests.simulator.harness import Simulator

APP = "team/app"


def stored(shelf: Shelf, reference: str) -> int:
    """The bytes that an image takes: manifests, configs and layers, but for attestations."""
    manifest = shelf.manifest(reference)
    children = [row for row in manifest.get("manifests", []) if "annotations" not in row]
    blobs = [manifest["config"], *manifest["layers"]] if "config" in manifest else []
    own: int = len(shelf.content(reference)) + sum(row["size"] for row in blobs)
    return own + sum(stored(shelf, row["digest"]) for row in children)


@pytest.mark.parametrize("mode", ["M1", "M2"])
@pytest.mark.parametrize("via", ["auto", "graphql", "rest", "registry"])
def test_a_size_is_the_same_however_it_is_read(ansible: Ansible, simulator: Simulator, mode: str, via: str) -> None:
    tags = [tag("v1", 30, size=5_000), tag("multi", 20, media_type=INDEX, size=3_000), tag("chart", 10, config=False)]
    simulator.load(server([repository(100, APP, "", tags)], mode=mode))
    task = ansible.module("registry_info", {"project": APP, "gather": ["tag_details"], "read_via": via})
    assert task.status == "ok", task.message
    [found] = task.result["repositories"]
    sizes = {row["name"]: row["size"] for row in found["tags"]}
    shelf = Shelf(simulator, APP)
    expected = {name: stored(shelf, name) for name in ("v1", "multi", "chart")}
    in_registry = via == "registry" or (mode, via) == ("M2", "auto")
    # GitLab does not count what an index holds, and without a database neither manifest nor config.
    known = set(expected) if in_registry else {"v1", "chart"} if mode == "M1" else set()
    assert sizes == {name: size if name in known else None for name, size in expected.items()}
