# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real registry that takes the simulator's tokens, asked directly and through GitLab."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.simulator import jwt_auth
from tests.simulator.harness import ROOT, Simulator, running_with_registry
from tests.simulator.images import EVERYTHING
from tests.simulator.real_registry import RealRegistry
from tests.simulator.seed import seed

from .helpers import Client, default_scenario, names

pytestmark = pytest.mark.real_registry

TAGS = "/projects/1/registry/repositories/100/tags"
CATALOG = "registry:catalog:*"
ALL = "pull,push,delete"
ROWS: list[dict[str, Any]] = [
    {"name": "v1", "created": "2026-01-01T00:00:00Z"},
    {"name": "stable", "same_as": "v1"},
    {"name": "v2", "created": "2026-02-01T00:00:00Z"},
]


@dataclass(frozen=True)
class Pair:
    """GitLab and the registry behind it. path: of a repository of the test's own; digests: of its images by tag."""

    gitlab: Client
    registry: RealRegistry
    path: str
    digests: dict[str, str]

    def token(self, name: str, *scopes: str) -> str:
        """What GitLab gives the bearer of a token for these scopes."""
        query = [("service", "container_registry"), *(("scope", scope) for scope in scopes)]
        url = f"{self.gitlab.simulator.url}/jwt/auth"
        answer = self.gitlab.send("GET", url, params=query, auth=("anyone", name))
        return str(answer.json()["token"])

    def ask(self, path: str, token: str | None = None, method: str = "GET") -> requests.Response:
        """The registry itself."""
        headers = {"Accept": EVERYTHING, **({"Authorization": f"Bearer {token}"} if token else {})}
        return self.gitlab.send(method, f"{self.registry.url}/v2/{path}", headers=headers)

    def manifest(self, reference: str, token: str | None = None, method: str = "GET") -> requests.Response:
        return self.ask(f"{self.path}/manifests/{reference}", token, method)

    def there(self) -> list[str]:
        """The tags that have an image."""
        token = self.gitlab.simulator.registry_token(self.path)
        return [name for name in sorted(self.digests) if self.manifest(name, token).ok]


@pytest.fixture
def pair(guarded: tuple[Simulator, RealRegistry], request: pytest.FixtureRequest) -> Pair:
    simulator, registry = guarded
    name = request.node.originalname.replace("_", "-")
    path = f"team/app/{name}"
    simulator.load(default_scenario(repositories=[{"id": 100, "project": "team/app", "name": name}]))
    digests = seed(registry.url, {path: ROWS}, simulator.registry_token)[path]
    return Pair(Client(simulator), registry, path, digests)


def complaint(answer: requests.Response) -> str:
    """What a registry that refuses has to say, once it is clear where it sends its client for a token."""
    assert answer.status_code == 401
    assert answer.json()["errors"][0]["code"] == "UNAUTHORIZED"
    return answer.headers["WWW-Authenticate"]


def test_without_a_token_the_registry_names_where_to_get_one(pair: Pair) -> None:
    realm = f'Bearer realm="{pair.gitlab.simulator.url}/jwt/auth",service="container_registry"'
    assert complaint(pair.ask("")) == realm
    assert complaint(pair.manifest("v1")) == f'{realm},scope="repository:{pair.path}:pull"'
    assert complaint(pair.ask("_catalog")) == f'{realm},scope="{CATALOG}"'


def test_a_token_to_pull_does_not_delete(pair: Pair) -> None:
    token = pair.token("reporter", f"repository:{pair.path}:{ALL}")
    assert pair.manifest("v1", token).headers["Docker-Content-Digest"] == pair.digests["v1"]
    assert sorted(pair.ask(f"{pair.path}/tags/list", token).json()["tags"]) == ["stable", "v1", "v2"]
    refusal = complaint(pair.manifest(pair.digests["v1"], token, "DELETE"))
    assert f'scope="repository:{pair.path}:delete",error="insufficient_scope"' in refusal
    assert pair.there() == ["stable", "v1", "v2"]


def test_a_maintainer_deletes_by_digest(pair: Pair) -> None:
    developer = pair.token("developer", f"repository:{pair.path}:{ALL}")
    assert "insufficient_scope" in complaint(pair.manifest(pair.digests["v1"], developer, "DELETE"))
    token = pair.token("maintainer", f"repository:{pair.path}:delete")
    assert pair.manifest(pair.digests["v1"], token, "DELETE").status_code == 202
    assert pair.there() == ["v2"]


@pytest.mark.parametrize(
    ("user", "below"),
    [pytest.param("maintainer", "/other", id="another repository"), pytest.param("guest", "", id="nothing")],
)
def test_a_token_for_something_else_is_refused(pair: Pair, user: str, below: str) -> None:
    token = pair.token(user, f"repository:{pair.path}{below}:{ALL}")
    for method, reference in (("GET", "v1"), ("DELETE", pair.digests["v1"])):
        assert "insufficient_scope" in complaint(pair.manifest(reference, token, method))


def test_a_token_of_another_gitlab_is_refused(pair: Pair) -> None:
    foreign = jwt_auth.full_access(pair.path)
    assert 'error="invalid_token"' in complaint(pair.manifest("v1", foreign))


def test_the_catalog_is_for_administrators(pair: Pair) -> None:
    assert pair.path in pair.ask("_catalog", pair.token("admin-mode", CATALOG)).json()["repositories"]
    for token in (pair.token("owner", CATALOG), pair.gitlab.simulator.registry_token(pair.path)):
        assert "insufficient_scope" in complaint(pair.ask("_catalog", token))


def test_gitlab_itself_has_a_token_for_everything(pair: Pair) -> None:
    gitlab = pair.gitlab
    assert gitlab.simulator.mode == "M2"
    assert names(gitlab.rest(TAGS).json()) == ["stable", "v1", "v2"]
    assert gitlab.simulator.state() == {pair.path: ["stable", "v1", "v2"]}
    row = gitlab.rest(f"{TAGS}/v1").json()
    assert (row["digest"], row["created_at"]) == (pair.digests["v1"], "2026-01-01T00:00:00.000+00:00")
    assert gitlab.rest(f"{TAGS}/v1", method="DELETE").text == "200"
    assert pair.there() == ["stable", "v2"]
    answer = gitlab.rest(TAGS, method="DELETE", json={"name_regex_delete": ".*", "keep_n": 0})
    assert answer.status_code == 202
    assert gitlab.simulator.state() == {pair.path: []}


def test_a_repository_that_a_push_made_is_in_the_registry(pair: Pair) -> None:
    new = f"{pair.path}/new"
    token = pair.token("developer", f"repository:{new}:pull,push")
    digests = seed(pair.registry.url, {new: [{"name": "v1"}]}, lambda _path: token)
    assert pair.gitlab.simulator.state()[new] == ["v1"]
    [number] = [row["id"] for row in pair.gitlab.rest("/projects/1/registry/repositories").json() if row["path"] == new]
    row = pair.gitlab.rest(f"/projects/1/registry/repositories/{number}/tags/v1").json()
    assert row["digest"] == digests[new]["v1"]


def test_a_registry_is_there_until_another_comes(tmp_path: Path, real_registry: RealRegistry) -> None:
    with running_with_registry(default_scenario(repositories=[]), ROOT / "build", tmp_path) as (simulator, registry):
        assert simulator.state() == {}
        repositories = [{"id": 100, "project": "team/app", "name": "swap"}]
        simulator.load(default_scenario(repositories=repositories))
        seed(registry.url, {"team/app/swap": [{"name": "here"}]}, simulator.registry_token)
        assert simulator.state() == {"team/app/swap": ["here"]}
        simulator.use_registry(real_registry.url)
        simulator.load(default_scenario(repositories=repositories))
        seed(real_registry.url, {"team/app/swap": [{"name": "there"}]})
        assert simulator.state() == {"team/app/swap": ["there"]}
        answer = Client(simulator).send("PUT", f"{simulator.url}/_sim/registry", json={"url": 1})
        assert (answer.status_code, "registry.url" in answer.text) == (400, True)
