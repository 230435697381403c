# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator in front of a real registry, judged by that registry's own protocol."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.simulator.harness import ROOT, running
from tests.simulator.real_registry import RealRegistry, RegistryUnavailable, running_registry
from tests.simulator.seed import seed

from .helpers import Client, default_scenario, names

pytestmark = pytest.mark.real_registry

TYPES = ", ".join(
    f"application/vnd.{kind}+json"
    for kind in (
        "oci.image.manifest.v1",
        "oci.image.index.v1",
        "docker.distribution.manifest.v2",
        "docker.distribution.manifest.list.v2",
    )
)
BOTH = ["linux/amd64", "linux/arm64"]
TAGS = "/projects/1/registry/repositories/100/tags"


@pytest.fixture
def path(request: pytest.FixtureRequest) -> str:
    """A repository of the test's own."""
    return f"team/app/{request.node.originalname.replace('_', '-')}"


@pytest.fixture
def pushed(real_registry: RealRegistry, path: str) -> dict[str, str]:
    """The digests of the images by tag."""
    images: list[dict[str, Any]] = [
        {"name": "v1", "created": "2026-01-01T00:00:00.123456789Z"},
        {"name": "stable", "same_as": "v1"},
        {"name": "docker", "created": "2026-02-01T00:00:00+02:00", "format": "docker"},
        {"name": "undated", "created": None},
        {"name": "epoch", "created": "1970-01-01T00:00:00Z"},
        {"name": "multi", "platforms": BOTH, "created": "2026-03-01T00:00:00Z"},
        {"name": "multi-too", "same_as": "multi"},
        {"name": "list", "platforms": BOTH, "format": "docker", "created": "2026-04-01T00:00:00Z"},
        {"name": "", "signs": "v1"},
    ]
    return seed(real_registry.url, {path: images})[path]


@pytest.fixture
def real(real_registry: RealRegistry, path: str, pushed: dict[str, str]) -> Iterator[Client]:
    repositories = [
        {"id": 100, "project": "team/app", "name": path.rpartition("/")[2]},
        {"id": 101, "project": "team/sub/tool", "tags": [{"name": "in-memory"}]},
    ]
    with running(default_scenario(repositories=repositories), registry=real_registry.url) as simulator:
        yield Client(simulator)


def manifests(registry: RealRegistry, path: str) -> dict[str, tuple[str, Any]]:
    """Digest and manifest by tag, straight from the registry."""
    found = {}
    for name in requests.get(f"{registry.url}/v2/{path}/tags/list", timeout=20).json()["tags"] or []:
        url = f"{registry.url}/v2/{path}/manifests/{name}"
        answer = requests.get(url, headers={"Accept": TYPES}, timeout=20)
        answer.raise_for_status()
        found[name] = (answer.headers["Docker-Content-Digest"], answer.json())
    return found


def test_what_is_pushed_is_there(real_registry: RealRegistry, path: str, pushed: dict[str, str]) -> None:
    found = manifests(real_registry, path)
    assert {name: digest for name, (digest, _manifest) in found.items()} == pushed
    assert pushed["v1"] == pushed["stable"]
    assert pushed["multi"] == pushed["multi-too"]
    assert found[pushed["v1"].replace(":", "-") + ".sig"]
    assert len(found["multi"][1]["manifests"]) == len(found["list"][1]["manifests"]) == 2
    assert len({*pushed.values()}) == 7


def test_rails_reads_dates_from_the_images(real: Client, pushed: dict[str, str]) -> None:
    assert real.simulator.mode == "M2"
    assert (
        names(real.rest(TAGS).json())
        == sorted(pushed)
        == real.simulator.state()[real.rest("/registry/repositories/100").json()["path"]]
    )
    rows = {name: real.rest(f"{TAGS}/{name}") for name in pushed}
    assert [name for name, answer in rows.items() if answer.status_code == 404] == ["multi", "multi-too"]
    created = {name: answer.json()["created_at"] for name, answer in rows.items() if answer.ok}
    assert created["v1"] == created["stable"] == "2026-01-01T00:00:00.123+00:00"
    assert created["docker"] == "2026-02-01T00:00:00.000+02:00"
    assert created["undated"] is None
    assert created["epoch"] == "1970-01-01T00:00:00.000+00:00"
    # The registry shows one member of a Docker list to whom does not know lists.
    assert created["list"] == "2026-04-01T00:00:00.000+00:00"
    v1 = rows["v1"].json()
    assert v1["digest"] == pushed["v1"]
    assert v1["total_size"] > 0
    assert len(v1["revision"]) == 64


def test_graphql_reads_them_too(real: Client, pushed: dict[str, str]) -> None:
    page = real.tags("(first: 20)", "name digest createdAt publishedAt totalSize")
    nodes = {node["name"]: node for node in page["nodes"]}
    assert sorted(nodes) == sorted(pushed)
    assert nodes["v1"]["digest"] == pushed["v1"]
    assert nodes["v1"]["createdAt"] == "2026-01-01T00:00:00+00:00"
    assert {node["publishedAt"] for node in nodes.values()} == {None}
    assert nodes["multi"] == {
        "name": "multi",
        "digest": None,
        "createdAt": None,
        "publishedAt": None,
        "totalSize": None,
    }
    # One listing; a digest for each; a manifest for each; a config for each but the two indexes.
    assert real.simulator.counters()["registry"] == 1 + 9 + 9 + 7


@pytest.mark.parametrize(("behaviour", "status"), [("nulls", 200), ("error", 500)])
def test_newer_releases_know_indexes(
    real: Client, path: str, pushed: dict[str, str], behaviour: str, status: int
) -> None:
    repository = {"id": 100, "project": "team/app", "name": path.rpartition("/")[2]}
    real.simulator.load(default_scenario(repositories=[repository], registry={"index_detail": behaviour}))
    for name in ("multi", "list"):
        answer = real.rest(f"{TAGS}/{name}")
        assert answer.status_code == status
        if status == 200:
            assert (answer.json()["digest"], answer.json()["created_at"]) == (pushed[name], None)


@pytest.mark.parametrize("via", ["rest", "graphql"])
@pytest.mark.parametrize("gone", ["v1", "stable", "multi", "list", "docker"])
def test_deleting_a_tag_leaves_everything_else(
    real: Client, real_registry: RealRegistry, path: str, pushed: dict[str, str], via: str, gone: str
) -> None:
    before = manifests(real_registry, path)
    assert before
    if via == "rest":
        assert real.rest(f"{TAGS}/{gone}", "developer", "DELETE").text == "200"
    else:
        mutation = (
            'mutation { destroyContainerRepositoryTags(input: {id: "gid://gitlab/ContainerRepository/100", '
            f'tagNames: ["{gone}"]}}) {{ deletedTagNames errors }} }}'
        )
        result = real.data(mutation, "developer")["destroyContainerRepositoryTags"]
        assert result == {"deletedTagNames": [gone], "errors": []}
    after = manifests(real_registry, path)
    assert after == {name: image for name, image in before.items() if name != gone}
    # The image itself is still there by its digest, and so are its members.
    digests = [pushed[gone]] + [row["digest"] for row in before[gone][1].get("manifests", [])]
    for digest in digests:
        url = f"{real_registry.url}/v2/{path}/manifests/{digest}"
        assert requests.get(url, headers={"Accept": TYPES}, timeout=20).ok
    assert gone not in names(real.rest(TAGS).json())


def test_deleting_everything_and_what_is_not_there(
    real: Client, real_registry: RealRegistry, path: str, pushed: dict[str, str]
) -> None:
    for name in [*pushed, "nope"]:
        assert real.rest(f"{TAGS}/{name}", method="DELETE").text == "200"
    assert manifests(real_registry, path) == {}
    assert real.rest(TAGS).json() == []
    assert real.simulator.state() == {path: [], "team/sub/tool": ["in-memory"]}


def test_memory_and_images_go_together(real: Client) -> None:
    other = "/projects/2/registry/repositories/101/tags"
    assert names(real.rest(other).json()) == ["in-memory"]
    assert real.rest(f"{other}/in-memory").json()["created_at"]
    active = {"path": "team/sub/tool", "archived": False}
    real.simulator.faults([{"first": 1, "action": "mutate", "set_project": active}])
    assert real.rest(f"{other}/in-memory", method="DELETE").text == "200"
    assert real.simulator.state()["team/sub/tool"] == []


def test_a_registry_that_is_gone_is_unreachable(real_registry: RealRegistry, tmp_path: Path) -> None:
    with running_registry(ROOT / "build", tmp_path) as registry:
        seed(registry.url, {"team/app": [{"name": "v1"}]})
        url = registry.url
    repositories = [{"id": 100, "project": "team/app"}]
    with running(default_scenario(repositories=repositories), registry=url) as simulator:
        assert Client(simulator).rest(TAGS).status_code == 503


def test_a_machine_without_a_registry_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RegistryUnavailable, match="without apt-get"), running_registry(tmp_path, tmp_path / "images"):
        pass


def test_the_seeding_program(real_registry: RealRegistry, path: str, tmp_path: Path) -> None:
    specification = tmp_path / "images.json"
    specification.write_text(json.dumps({path: [{"name": "v1"}, {"name": "v2", "same_as": "v1"}]}))
    command = [sys.executable, "-m", "tests.simulator.seed"]
    done = subprocess.run(
        [*command, real_registry.url, str(specification)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found = {name: digest for name, (digest, _manifest) in manifests(real_registry, path).items()}
    assert json.loads(done.stdout) == {path: found}
    shown = subprocess.run([*command, "--help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "same_as" in shown.stdout
