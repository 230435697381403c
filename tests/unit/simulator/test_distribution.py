# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The registry's own protocol: tokens, listings, manifests, blobs, and what the rest of GitLab sees of it."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.simulator import edits
from tests.simulator.harness import ControlError
from tests.simulator.inprocess import InProcessServer
from tests.simulator.scenario import ScenarioError, build

from .helpers import CLOCK, DOCKER_LIST, INDEX, Client, default_scenario, one_repository

IMAGE = "application/vnd.oci.image.manifest.v1+json"
DOCKER_IMAGE = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
ALL = f"{IMAGE}, {INDEX}, {DOCKER_IMAGE}, {DOCKER_LIST}"
APP = "repository:team/app:pull,push,delete"
WEB = "repository:team/app/web:pull,push,delete"
CATALOG = "registry:catalog:*"
UPLOADS = "team/app/blobs/uploads/"
MODES = ("M1", "M2", "M3")
SHARED = [
    {"name": "a", "image": "one"},
    {"name": "b", "image": "one"},
    {"name": "c"},
    {"name": "multi", "media_type": INDEX, "config_created": "2026-01-02T03:04:05.123456789Z"},
]


@dataclass
class Response:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> tuple[int, str]:
        return self.status, self.json["errors"][0]["code"]

    @property
    def digest(self) -> str:
        return self.headers["Docker-Content-Digest"]


@dataclass
class ProtocolClient:
    """A client with a token for what the scopes say, or with the header that it is given."""

    server: InProcessServer
    scopes: Sequence[str] = (APP, WEB)
    user: str = "maintainer"
    authorization: str | None = field(default=None)

    def ask(
        self, method: str, path: str, query: str = "", headers: dict[str, str] | None = None, body: bytes = b""
    ) -> Response:
        if self.authorization is None:
            self.authorization = f"Bearer {token(self.server, self.user, *self.scopes)}"
        sent = {"Accept": ALL, **({"Authorization": self.authorization} if self.authorization else {})}
        return Response(*self.server.request(method, f"/v2/{path}", query, {**sent, **(headers or {})}, body))

    def manifest(self, reference: str, name: str = "team/app", **headers: str) -> Response:
        return self.ask("GET", f"{name}/manifests/{reference}", headers=headers)

    def names(self, name: str = "team/app") -> list[str]:
        return list(self.ask("GET", f"{name}/tags/list").json["tags"] or ())

    def put(self, reference: str, content: bytes, media_type: str = IMAGE, name: str = "team/app") -> Response:
        return self.ask("PUT", f"{name}/manifests/{reference}", "", {"Content-Type": media_type}, content)

    def upload(self, content: bytes, name: str = "team/app") -> str:
        started = self.ask("POST", f"{name}/blobs/uploads/")
        path, _mark, query = location(started).partition("?")
        done = self.ask("PUT", path, f"{query}&digest={sha(content)}", {}, content)
        assert (done.status, done.digest) == (201, sha(content))
        return done.digest

    def image(self, name: str = "team/app", **config: Any) -> bytes:
        """The manifest of an image whose blobs are there."""
        parts = [json.dumps(config).encode(), b"a layer"]
        rows = [{"mediaType": CONFIG, "digest": self.upload(part, name), "size": len(part)} for part in parts]
        manifest = {"schemaVersion": 2, "mediaType": IMAGE, "config": rows[0], "layers": rows[1:]}
        return json.dumps(manifest).encode()


def token(server: InProcessServer, user: str, *scopes: str) -> str:
    query = urlencode([("service", "container_registry"), *(("scope", scope) for scope in scopes)])
    status, _headers, body = server.request("GET", "/jwt/auth", query, {"Authorization": basic(user)})
    assert status == 200
    return str(json.loads(body)["token"])


def basic(password: str) -> str:
    return "Basic " + base64.b64encode(f"anyone:{password}".encode()).decode()


def sha(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def location(answer: Response) -> str:
    """Below /v2/."""
    return answer.headers["Location"].partition("/v2/")[2]


def registry(tags: list[dict[str, Any]] | None = None, **changes: Any) -> ProtocolClient:
    scenario = one_repository(SHARED if tags is None else tags, **changes)
    scenario["repositories"].append({"id": 101, "project": "team/app", "name": "web", "tags": [{"name": "w"}]})
    return ProtocolClient(InProcessServer(scenario))


def rest(client: ProtocolClient, path: str, method: str = "GET") -> Any:
    path = f"/api/v4/projects/1/registry/repositories/100{path}"
    return json.loads(client.server.request(method, path, "", {"PRIVATE-TOKEN": "maintainer"})[2])


# Tokens


@pytest.mark.parametrize(
    ("authorization", "error"),
    [
        ("", ""),
        ("Basic bWFpbnRhaW5lcjptYWludGFpbmVy", ""),
        ("Bearer maintainer", ',error="invalid_token"'),
        ("Bearer a.b.c", ',error="invalid_token"'),
    ],
)
def test_only_tokens_of_the_registry_count(authorization: str, error: str) -> None:
    client = registry()
    client.authorization = authorization
    answer = client.ask("GET", "team/app/tags/list", "", {"PRIVATE-TOKEN": "maintainer"})
    assert answer.error == (401, "UNAUTHORIZED")
    assert answer.json["errors"][0]["detail"] == [
        {"Type": "repository", "Class": "", "Name": "team/app", "ProjectPath": "", "Action": "pull"}
    ]
    assert answer.headers["WWW-Authenticate"] == (
        'Bearer realm="http://gitlab.example.com/jwt/auth",service="container_registry",'
        f'scope="repository:team/app:pull"{error}'
    )


@pytest.mark.parametrize(
    ("user", "scopes", "method", "path", "needed"),
    [
        ("guest", (APP,), "GET", "team/app/tags/list", "repository:team/app:pull"),
        ("maintainer", (WEB,), "GET", "team/app/tags/list", "repository:team/app:pull"),
        ("maintainer", ("repository:team/app:pull",), "DELETE", "team/app/manifests/a", "repository:team/app:delete"),
        ("developer", (APP,), "DELETE", "team/app/tags/reference/a", "repository:team/app:delete"),
        ("reporter", (APP,), "PUT", "team/app/manifests/a", "repository:team/app:pull,push"),
        ("reporter", (APP,), "POST", UPLOADS, "repository:team/app:pull,push"),
        ("maintainer", (APP, CATALOG), "GET", "_catalog", CATALOG),
    ],
)
def test_a_token_allows_what_it_was_granted(
    user: str, scopes: tuple[str, ...], method: str, path: str, needed: str
) -> None:
    client = registry()
    client.user, client.scopes = user, scopes
    answer = client.ask(method, path)
    assert answer.error == (401, "UNAUTHORIZED")
    assert answer.headers["WWW-Authenticate"].endswith(f'scope="{needed}",error="insufficient_scope"')


def test_one_token_is_good_for_several_repositories() -> None:
    client = registry()
    assert client.names() == ["a", "b", "c", "multi"]
    assert client.names("team/app/web") == ["w"]


@pytest.mark.parametrize("lifetime", [-1, 0])
def test_a_token_expires(lifetime: float) -> None:
    answer = registry(registry={"token_lifetime": lifetime}).ask("GET", "")
    assert answer.error == (401, "UNAUTHORIZED")
    assert answer.headers["WWW-Authenticate"].endswith('service="container_registry",error="invalid_token"')


def test_a_registry_may_be_open_or_know_basic_authentication() -> None:
    client = registry(registry={"auth": "none"})
    client.authorization = ""
    assert client.names() == ["a", "b", "c", "multi"]
    assert client.ask("DELETE", "team/app/manifests/a").status == 202
    client = registry(registry={"auth": "basic"})
    for authorization, status in ((basic("reporter"), 200), (basic("expired"), 401), ("", 401), ("Basic !", 401)):
        client.authorization = authorization
        answer = client.ask("GET", "")
        assert answer.status == status
        assert (answer.headers.get("WWW-Authenticate") == 'Basic realm="Registry Realm"') is (status == 401)


# What it is, and listings


@pytest.mark.parametrize(("mode", "database"), [("M1", "true"), ("M2", "false"), ("M3", None)])
def test_the_base_says_what_registry_it_is(mode: str, database: str | None) -> None:
    answer = registry(mode=mode).ask("GET", "")
    assert (answer.status, answer.body) == (200, b"{}")
    assert answer.headers["Docker-Distribution-Api-Version"] == "registry/2.0"
    assert answer.headers.get("Gitlab-Container-Registry-Database-Enabled") == database
    shown = {name for name in answer.headers if name.startswith("Gitlab-")}
    assert len(shown) == (0 if mode == "M3" else 3)


MANY = [{"name": f"v{number:03}"} for number in range(250)]


@pytest.mark.parametrize(
    ("mode", "settings", "query", "count", "following"),
    [
        ("M1", {}, "", 100, "last=v099&n=100"),
        ("M1", {}, "n=0", 100, "last=v099&n=100"),
        ("M1", {}, "n=20&last=v019", 20, "last=v039&n=20"),
        ("M1", {}, "n=1000", 250, None),
        ("M1", {}, "n=50&last=v199", 50, None),
        ("M2", {}, "n=20", 250, None),
        ("M2", {"cap": 30}, "", 30, None),
        ("M3", {}, "n=20&last=v100", 250, None),
        ("M2", {"v2_page": 50}, "", 50, "last=v049&n=50"),
        ("M3", {"v2_page": 50}, "n=20", 20, "last=v019&n=20"),
        ("M3", {"v2_page": 50}, "n=1000&last=v219", 30, None),
    ],
)
def test_tags_in_pages(mode: str, settings: dict[str, Any], query: str, count: int, following: str | None) -> None:
    answer = registry(MANY[::-1], mode=mode, registry=settings).ask("GET", "team/app/tags/list", query)
    names = answer.json["tags"]
    assert (answer.json["name"], len(names), names) == ("team/app", count, sorted(names))
    assert answer.headers.get("Link") == (following and f'</v2/team/app/tags/list?{following}>; rel="next"')


def test_a_repository_without_tags_has_null_of_them() -> None:
    assert registry([]).ask("GET", "team/app/tags/list").json == {"name": "team/app", "tags": None}


def test_the_catalog_has_pages_for_administrators() -> None:
    client = ProtocolClient(InProcessServer(default_scenario()), (CATALOG,), "admin-mode")
    answer = client.ask("GET", "_catalog")
    paths = answer.json["repositories"]
    assert (len(paths), paths) == (8, sorted(paths))
    assert "Link" not in answer.headers
    answer = client.ask("GET", "_catalog", "n=3")
    assert answer.json["repositories"] == paths[:3]
    assert answer.headers["Link"] == '</v2/_catalog?last=open%2Fsite&n=3>; rel="next"'
    assert client.ask("GET", "_catalog", "n=3&last=open%2Fsite").json["repositories"] == paths[3:6]
    assert len(client.ask("GET", "_catalog", "n=none").json["repositories"]) == 8
    answer = client.ask("GET", "_catalog", "n=1001")
    assert answer.error == (400, "PAGINATION_NUMBER_INVALID")
    assert answer.json["errors"][0]["detail"] == "n must be no larger than 1000"


# Reading images


def read_image(client: ProtocolClient, answer: Response, name: str) -> None:
    """Everything below a manifest is there, with the digest and the size that it says."""
    assert sha(answer.body) == answer.digest
    assert answer.headers["Content-Length"] == str(len(answer.body))
    manifest = answer.json
    for row in manifest.get("manifests", ()):
        child = client.manifest(row["digest"], name)
        assert (child.digest, len(child.body), child.headers["Content-Type"]) == (
            row["digest"],
            row["size"],
            row["mediaType"],
        )
        read_image(client, child, name)
    for row in [*([manifest["config"]] if "config" in manifest else []), *manifest.get("layers", ())]:
        blob = client.ask("GET", f"{name}/blobs/{row['digest']}")
        assert (sha(blob.body), len(blob.body), blob.digest) == (row["digest"], row["size"], row["digest"])
        head = client.ask("HEAD", f"{name}/blobs/{row['digest']}")
        assert (head.body, head.headers["Content-Length"]) == (b"", str(row["size"]))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "row",
    [
        {"name": "x"},
        {"name": "x", "size": 0},
        {"name": "x", "size": 5},
        {"name": "x", "size": 3_000_000, "media_type": DOCKER_IMAGE},
        {"name": "x", "media_type": INDEX, "config": False},
        {"name": "x", "media_type": DOCKER_LIST},
        {"name": "x", "config": False},
        {
            "name": "x",
            "children": [{"platform": "linux/arm64/v8", "size": 7}, {"image": "base"}, {"attestation": True}],
        },
    ],
)
def test_images_are_complete_and_the_same_in_every_run(mode: str, row: dict[str, Any]) -> None:
    client = registry([row], mode=mode)
    answer = client.manifest("x")
    assert answer.headers["Content-Type"] == row.get("media_type", INDEX if "children" in row else IMAGE)
    read_image(client, answer, "team/app")
    assert registry([row], mode=mode).manifest("x").body == answer.body
    head = client.ask("HEAD", "team/app/manifests/x")
    assert (head.digest, head.body, head.headers["Content-Length"]) == (answer.digest, b"", str(len(answer.body)))
    if "children" not in row and "media_type" not in row and "size" in row:
        assert sum(layer["size"] for layer in answer.json["layers"]) == row["size"]


def test_the_config_holds_the_build_date_to_the_nanosecond_and_its_digest_is_the_revision() -> None:
    client = registry([{"name": "x", "config_created": "2026-01-02T03:04:05.123456789Z"}, {"name": "y"}])
    manifest = client.manifest("x")
    config = client.ask("GET", f"team/app/blobs/{manifest.json['config']['digest']}").json
    assert (config["created"], config["os"], config["architecture"]) == (
        "2026-01-02T03:04:05.123456789Z",
        "linux",
        "amd64",
    )
    row = rest(client, "/tags/x")
    assert (row["digest"], "sha256:" + row["revision"]) == (manifest.digest, manifest.json["config"]["digest"])
    assert client.manifest("y").digest != manifest.digest


def test_an_image_may_have_no_build_date_and_a_huge_one_is_made_of_equal_layers() -> None:
    client = registry([{"name": "x", "config_created": None, "size": 3 * 2**30 + 7}])
    manifest = client.manifest("x").json
    assert "created" not in client.ask("GET", f"team/app/blobs/{manifest['config']['digest']}").json
    assert [layer["size"] for layer in manifest["layers"]] == [7, 2**30, 2**30, 2**30]
    assert len({layer["digest"] for layer in manifest["layers"]}) == 2


def test_an_index_has_two_images_and_an_attestation() -> None:
    client = registry()
    rows = client.manifest("multi").json["manifests"]
    platforms = [f"{row['platform']['os']}/{row['platform']['architecture']}" for row in rows]
    assert platforms == ["linux/amd64", "linux/arm64", "unknown/unknown"]
    assert rows[2]["annotations"] == {
        "vnd.docker.reference.digest": rows[0]["digest"],
        "vnd.docker.reference.type": "attestation-manifest",
    }
    configs = [client.manifest(row["digest"]).json["config"]["digest"] for row in rows]
    dates = [client.ask("GET", f"team/app/blobs/{digest}").json.get("created") for digest in configs]
    assert dates == ["2026-01-02T03:04:05.123456789Z"] * 2 + [None]


def test_equal_labels_are_the_same_image_everywhere() -> None:
    children = [{"image": "one"}, {"attestation": True}, {"platform": "linux/arm64"}, {"attestation": True}]
    scenario = one_repository([{"name": "a", "image": "one", "size": 77}, {"name": "i", "children": children}])
    scenario["repositories"].append({"project": "team/app", "name": "web", "tags": [{"name": "b", "image": "one"}]})
    client = ProtocolClient(InProcessServer(scenario))
    first, rows = client.manifest("a"), client.manifest("i").json["manifests"]
    assert client.manifest("b", "team/app/web").body == first.body
    assert rows[0]["digest"] == first.digest
    assert [row["annotations"]["vnd.docker.reference.digest"] for row in rows[1::2]] == [
        rows[0]["digest"],
        rows[2]["digest"],
    ]


@pytest.mark.parametrize(
    ("tags", "text"),
    [
        ([{"name": "a", "image": "one", "size": 1}, {"name": "b", "image": "one", "size": 2}], "another image"),
        ([{"name": "a", "media_type": IMAGE, "children": [{}]}], "is no index"),
        ([{"name": "a", "children": [{"platform": "linux"}]}], "'linux' is none"),
        ([{"name": "a", "children": [{"colour": "red"}]}], "unknown keys: colour"),
    ],
)
def test_images_that_make_no_sense(tags: list[dict[str, Any]], text: str) -> None:
    with pytest.raises(ScenarioError, match=text):
        build(one_repository(tags))


def test_a_digest_of_the_scenario_leads_to_a_manifest_all_the_same() -> None:
    given = "sha256:" + "d" * 64
    client = registry([{"name": "x", "digest": given}])
    by_tag, by_digest = client.manifest("x"), client.manifest(given)
    assert (by_tag.digest, by_digest.digest, by_tag.body) == (given, given, by_digest.body)
    assert client.ask("GET", f"team/app/blobs/{by_tag.json['config']['digest']}").status == 200


@pytest.mark.parametrize(
    ("media_type", "accept", "by_digest", "expected"),
    [
        (IMAGE, IMAGE, False, IMAGE),
        (IMAGE, f"text/html;q=0.9, {IMAGE};q=0.5", False, IMAGE),
        (IMAGE, "*/*", False, None),
        (IMAGE, DOCKER_IMAGE, True, None),
        (INDEX, IMAGE, False, None),
        (INDEX, INDEX, True, INDEX),
        (DOCKER_IMAGE, "", False, DOCKER_IMAGE),
        (DOCKER_LIST, DOCKER_LIST, False, DOCKER_LIST),
        (DOCKER_LIST, DOCKER_IMAGE, False, DOCKER_IMAGE),
        (DOCKER_LIST, DOCKER_IMAGE, True, DOCKER_LIST),
    ],
)
def test_what_a_client_does_not_accept(media_type: str, accept: str, by_digest: bool, expected: str | None) -> None:
    client = registry([{"name": "x", "media_type": media_type}])
    whole = client.manifest("x")
    answer = client.manifest(whole.digest if by_digest else "x", Accept=accept)
    if expected is None:
        assert answer.error == (404, "MANIFEST_UNKNOWN")
        return
    assert (answer.headers["Content-Type"], answer.digest) == (expected, sha(answer.body))
    if expected != media_type:
        assert answer.digest == whole.json["manifests"][0]["digest"]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("team/app/manifests/none", "MANIFEST_UNKNOWN"),
        (f"team/app/manifests/sha256:{'0' * 64}", "MANIFEST_UNKNOWN"),
        (f"team/app/blobs/sha256:{'0' * 64}", "BLOB_UNKNOWN"),
        ("team/app/none/tags/list", "NAME_UNKNOWN"),
        ("team/app/blobs/uploads/none", "BLOB_UPLOAD_UNKNOWN"),
    ],
)
def test_what_is_not_there(path: str, code: str) -> None:
    client = registry()
    client.scopes = (APP, "repository:team/app/none:pull")
    assert client.ask("GET", path).error == (404, code)


def test_a_path_that_is_none() -> None:
    answer = registry().ask("GET", "Team/app/tags/list")
    assert (answer.status, answer.body) == (404, b"404 page not found\n")


# Deleting


@pytest.mark.parametrize(
    ("mode", "generation", "by_name", "by_reference"),
    [
        ("M1", "G15", 405, 202),
        ("M1", "G17", 202, 404),
        ("M1", "G18", 202, 404),
        ("M2", "G15", 405, 202),
        ("M2", "G18", 202, 404),
        ("M3", "G15", 405, 404),
        ("M3", "G18", 405, 404),
    ],
)
def test_deleting_a_tag_by_release(mode: str, generation: str, by_name: int, by_reference: int) -> None:
    for path, expected in (("manifests", by_name), ("tags/reference", by_reference)):
        client = registry(mode=mode, generation=generation)
        digest = client.manifest("a").digest
        answer = client.ask("DELETE", f"team/app/{path}/a")
        assert answer.status == expected
        if expected == 405:
            assert answer.error == (405, "UNSUPPORTED")
        if expected != 202:
            assert client.names() == ["a", "b", "c", "multi"]
            continue
        assert answer.body == b""
        assert client.names() == ["b", "c", "multi"]
        assert client.ask("DELETE", f"team/app/{path}/a").error == (404, "MANIFEST_UNKNOWN")
        assert client.manifest("b").digest == digest


@pytest.mark.parametrize("mode", MODES)
def test_trap_36_deleting_a_digest_takes_all_its_tags(mode: str) -> None:
    client = registry(mode=mode)
    manifest = client.manifest("a")
    path = f"team/app/manifests/{manifest.digest}"
    assert client.ask("DELETE", path).status == 202
    assert client.names() == ["c", "multi"]
    assert client.manifest(manifest.digest).error == (404, "MANIFEST_UNKNOWN")
    assert client.ask("DELETE", path).error == (404, "MANIFEST_UNKNOWN")
    assert client.ask("GET", f"team/app/blobs/{manifest.json['config']['digest']}").status == 200


@pytest.mark.parametrize(("mode", "status"), [("M1", 409), ("M2", 202), ("M3", 202)])
def test_deleting_an_image_that_an_index_refers_to(mode: str, status: int) -> None:
    client = registry(mode=mode)
    index = client.manifest("multi")
    child = f"team/app/manifests/{index.json['manifests'][0]['digest']}"
    answer = client.ask("DELETE", child)
    assert answer.status == status
    if status == 409:
        assert answer.error == (409, "MANIFEST_REFERENCED")
        assert client.ask("DELETE", f"team/app/manifests/{index.digest}").status == 202
        assert client.ask("DELETE", child).status == 202
    assert client.ask("GET", child).status == 404


@pytest.mark.parametrize(
    ("mode", "settings", "path", "allowed"),
    [
        ("M1", {}, "manifests/a", "DELETE, GET, HEAD, PUT"),
        ("M2", {}, "tags/reference/a", "DELETE"),
        ("M3", {}, "manifests/a", "GET, HEAD, PUT"),
        ("M3", {}, f"manifests/sha256:{'0' * 64}", "DELETE, GET, HEAD, PUT"),
        ("M1", {"read_only": True}, "manifests/a", "GET, HEAD"),
    ],
)
def test_options(mode: str, settings: dict[str, Any], path: str, allowed: str) -> None:
    client = registry(mode=mode, registry={"version": "3.86.0-gitlab", **settings})
    answer = client.ask("OPTIONS", f"team/app/{path}")
    assert (answer.status, answer.headers["Allow"]) == (200, allowed)


def test_a_registry_that_takes_no_deletions_or_only_reads() -> None:
    client = registry(registry={"deletes_enabled": False, "version": "3.86.0-gitlab"})
    paths = ("manifests/a", f"manifests/{client.manifest('a').digest}", "tags/reference/a")
    for path in paths[:2]:
        assert client.ask("DELETE", f"team/app/{path}").error == (405, "UNSUPPORTED")
    client.put("new", client.image())
    # The old way does not ask.
    assert client.ask("DELETE", "team/app/tags/reference/new").status == 202
    client = registry(registry={"read_only": True, "version": "3.86.0-gitlab"})
    for method, path in (*(("DELETE", path) for path in paths), ("PUT", "manifests/a"), ("POST", "blobs/uploads/")):
        assert client.ask(method, f"team/app/{path}").status == 405
    assert client.names() == ["a", "b", "c", "multi"]


@pytest.mark.parametrize(
    ("mode", "way"),
    [(mode, way) for mode in MODES for way in ("rest", "graphql", "bulk", "edit")] + [("M1", "tag"), ("M2", "tag")],
)
def test_trap_37_a_deleted_tag_leaves_its_image_until_garbage_is_collected(mode: str, way: str) -> None:
    client = registry(
        [{"name": "c"}, {"name": "kept", "image": "one"}, {"name": "multi", "media_type": INDEX}], mode=mode
    )
    image, index = client.manifest("c"), client.manifest("multi")
    for name in ("c", "multi"):
        remove(client, way, name)
    assert client.names() == ["kept"]
    assert client.manifest(image.digest).body == image.body
    read_image(client, client.manifest(index.digest), "team/app")
    assert client.put("again", image.body).status == 201
    collect(client)
    assert client.manifest(index.digest).error == (404, "MANIFEST_UNKNOWN")
    assert client.manifest(index.json["manifests"][0]["digest"]).error == (404, "MANIFEST_UNKNOWN")
    assert client.manifest("again").body == image.body
    read_image(client, client.manifest("again"), "team/app")
    read_image(client, client.manifest("kept"), "team/app")


def remove(client: ProtocolClient, way: str, name: str) -> None:
    if way == "tag":
        assert client.ask("DELETE", f"team/app/manifests/{name}").status == 202
    elif way == "rest":
        assert rest(client, f"/tags/{name}", "DELETE") == 200
    elif way == "bulk":
        client.server.gitlab.state.leases.clear()
        path = "/api/v4/projects/1/registry/repositories/100/tags"
        client.server.request("DELETE", path, f"name_regex_delete={name}", {"PRIVATE-TOKEN": "maintainer"})
        assert client.server.jobs()[-1]["result"]["deleted"] == [name]
    elif way == "graphql":
        gid = "gid://gitlab/ContainerRepository/100"
        query = (
            f'mutation {{ destroyContainerRepositoryTags(input: {{id: "{gid}", tagNames: ["{name}"]}}) {{ errors }} }}'
        )
        headers = {"PRIVATE-TOKEN": "maintainer", "Content-Type": "application/json"}
        client.server.request("POST", "/api/graphql", "", headers, json.dumps({"query": query}).encode())
    else:
        tags = client.server.gitlab.state.repositories[100].tags
        assert tags is not None
        tags.remove(name)


def collect(client: ProtocolClient) -> None:
    for repository in client.server.gitlab.state.repositories.values():
        assert repository.tags is not None
        repository.tags.collect()


def test_collecting_keeps_the_children_of_a_tagged_index_that_was_pushed() -> None:
    client = registry([{"name": "x"}])
    child = client.manifest("x")
    row = {"mediaType": IMAGE, "digest": child.digest, "size": len(child.body)}
    index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [row]}).encode()
    assert client.put("index", index, INDEX).status == 201
    remove(client, "tag", "x")
    collect(client)
    read_image(client, client.manifest("index"), "team/app")
    remove(client, "tag", "index")
    collect(client)
    assert client.manifest(child.digest).status == 404


def test_the_control_path_collects_garbage(gitlab: Client) -> None:
    gitlab.simulator.edit_tags("team/app", remove=["a"])
    gitlab.simulator.collect_garbage()
    assert gitlab.simulator.state()["team/app"] == ["b", "c"]


# Pushing


@pytest.mark.parametrize("mode", MODES)
def test_what_is_pushed_is_seen_by_everybody(mode: str) -> None:
    client = registry([{"name": "x", "created_at": "2025-01-01T00:00:00Z"}], mode=mode)
    content = client.image(created="2026-02-03T04:05:06.123456789Z")
    for name in ("new", "x"):
        answer = client.put(name, content)
        assert (answer.status, answer.digest, location(answer)) == (
            201,
            sha(content),
            f"team/app/manifests/{sha(content)}",
        )
    assert client.names() == ["new", "x"]
    assert client.manifest("new").body == client.manifest(sha(content)).body == content
    row = rest(client, "/tags/new")
    config = len(json.dumps({"created": "2026-02-03T04:05:06.123456789Z"}))
    size = len(content) + config + 7 if mode == "M1" else 7
    assert (row["digest"], row["total_size"]) == (sha(content), size)
    assert "sha256:" + row["revision"] == json.loads(content)["config"]["digest"]
    expected = "2026-06-01T12:00:00.000+00:00" if mode == "M1" else "2026-02-03T04:05:06.123+00:00"
    assert row["created_at"] == expected
    tags = client.server.gitlab.state.repositories[100].tags
    assert tags is not None
    old = tags.get("x")
    assert old is not None
    dates = [old.created_at, old.updated_at, old.published_at]
    assert [date and date.isoformat()[:10] for date in dates] == [
        "2025-01-01",
        "2026-06-01",
        "2026-06-01" if mode == "M1" else None,
    ]


def test_pushing_the_same_again_changes_no_date() -> None:
    client = registry([{"name": "x"}])
    before = rest(client, "/tags/x")
    client.put("x", client.manifest("x").body)
    assert rest(client, "/tags/x") == before


def test_a_tag_comes_back_from_its_manifest() -> None:
    client = registry()
    for name, kind in (("a", IMAGE), ("multi", INDEX)):
        before = client.manifest(name)
        assert client.ask("DELETE", f"team/app/manifests/{name}").status == 202
        assert client.put(name, client.manifest(before.digest).body, kind).digest == before.digest
        assert client.manifest(name).body == before.body
    assert client.names() == ["a", "b", "c", "multi"]
    assert rest(client, "/tags/a")["revision"] == rest(client, "/tags/b")["revision"]


def test_a_manifest_without_a_tag() -> None:
    client = registry()
    content = client.image(created=CLOCK)
    assert client.put("sha256:" + "0" * 64, content).error == (400, "DIGEST_INVALID")
    assert client.put(sha(content), content).status == 201
    assert client.names() == ["a", "b", "c", "multi"]
    assert client.manifest(sha(content)).body == content


@pytest.mark.parametrize(
    ("content", "media_type", "code"),
    [
        (b"no JSON", IMAGE, "MANIFEST_INVALID"),
        (b"[]", IMAGE, "MANIFEST_INVALID"),
        (b"{}", IMAGE, "MANIFEST_INVALID"),
        (b'{"config": {}}', IMAGE, "MANIFEST_INVALID"),
        (b'{"manifests": []}', "text/plain", "MANIFEST_INVALID"),
        (b'{"mediaType": "text/plain", "manifests": []}', INDEX, "MANIFEST_INVALID"),
        (b'{"config": {"digest": "sha256:0", "size": 1}}', IMAGE, "MANIFEST_BLOB_UNKNOWN"),
        (b'{"manifests": [{"digest": "sha256:0", "size": 1}]}', INDEX, "MANIFEST_BLOB_UNKNOWN"),
    ],
)
def test_manifests_that_are_refused(content: bytes, media_type: str, code: str) -> None:
    client = registry()
    assert client.put("new", content, media_type).error == (400, code)
    assert client.names() == ["a", "b", "c", "multi"]


def test_every_missing_part_is_named() -> None:
    client = registry()
    manifest = json.loads(client.image())
    missing = ["sha256:" + letter * 64 for letter in "12"]
    manifest["layers"] = [{"digest": digest, "size": 1} for digest in missing]
    errors = client.put("new", json.dumps(manifest).encode()).json["errors"]
    assert [error["detail"] for error in errors] == missing


def test_a_repository_is_made_by_asking_for_push_and_known_after_the_first_upload() -> None:
    client = registry()
    client.scopes = ("repository:team/app/new:pull,push",)
    assert client.ask("GET", "team/app/new/tags/list").error == (404, "NAME_UNKNOWN")
    assert client.put("v1", client.image("team/app/new"), name="team/app/new").status == 201
    assert client.names("team/app/new") == ["v1"]
    repository = client.server.gitlab.state.repository_at("team/app/new")
    assert repository is not None
    assert repository.tags is not None
    assert repository.tags.names == ["v1"]


def test_uploads_in_chunks() -> None:
    client = registry()
    answer = client.ask("POST", UPLOADS)
    assert (answer.status, answer.headers["Range"]) == (202, "0-0")
    path, _mark, query = location(answer).partition("?")
    for chunk, sent, status, got in (
        (b"abc", "0-2", 202, "0-2"),
        (b"def", "0-2", 416, None),
        (b"def", "3-5", 202, "0-5"),
        (b"gh", "", 202, "0-7"),
    ):
        answer = client.ask("PATCH", path, query, {"Content-Range": sent} if sent else {}, chunk)
        assert (answer.status, answer.headers.get("Range")) == (status, got)
    assert client.ask("GET", path).headers["Range"] == "0-7"
    assert client.ask("PUT", path, f"digest={sha(b'other')}").error == (400, "DIGEST_INVALID")
    assert client.ask("PUT", path).error == (400, "DIGEST_INVALID")
    answer = client.ask("PUT", path, f"digest={sha(b'abcdefghi')}", {}, b"i")
    assert (answer.status, location(answer)) == (201, f"team/app/blobs/{sha(b'abcdefghi')}")
    assert client.ask("GET", location(answer)).body == b"abcdefghi"
    assert client.ask("GET", path).error == (404, "BLOB_UPLOAD_UNKNOWN")
    path = location(client.ask("POST", UPLOADS)).partition("?")[0]
    assert client.ask("DELETE", path).status == 204
    assert client.ask("PATCH", path).error == (404, "BLOB_UPLOAD_UNKNOWN")
    assert client.ask("DELETE", f"team/app/blobs/{sha(b'abcdefghi')}").status == 202
    assert client.ask("HEAD", f"team/app/blobs/{sha(b'abcdefghi')}").status == 404


@pytest.mark.parametrize(
    ("settings", "scopes", "source", "status"),
    [
        ({}, (APP, WEB), "team/app/web", 201),
        ({}, (APP,), "team/app/web", 202),
        ({}, (APP, WEB), "team/none", 202),
        ({"mount": "refused"}, (APP, WEB), "team/app/web", 202),
    ],
)
def test_mounting_a_blob(settings: dict[str, Any], scopes: tuple[str, ...], source: str, status: int) -> None:
    client = registry(registry=settings)
    digest = client.manifest("w", "team/app/web").json["layers"][0]["digest"]
    client.scopes, client.authorization = scopes, None
    answer = client.ask("POST", UPLOADS, urlencode({"mount": digest, "from": source}))
    assert answer.status == status
    assert ("Docker-Upload-UUID" in answer.headers) is (status == 202)
    assert client.ask("HEAD", f"team/app/blobs/{digest}").status == (200 if status == 201 else 404)


# Edits


def test_a_new_date_leaves_an_image_as_it_is_and_a_new_content_is_another() -> None:
    client = registry()
    before = {name: client.manifest(name).digest for name in ("a", "multi")}
    for change, same in (({"updated_at": CLOCK}, True), ({"config_created": CLOCK}, False), ({"size": 9}, False)):
        for name, digest in before.items():
            edit = {"repository": "team/app", "name": name, **change}
            apply_edit(client, edit)
            assert (client.manifest(name).digest == digest) is same
            assert client.manifest(digest).status == 200
    apply_edit(client, {"repository": "team/app", "name": "c", "image": "one"})
    assert client.manifest("c").digest == client.manifest("b").digest


def apply_edit(client: ProtocolClient, edit: dict[str, Any]) -> None:
    edits.apply(client.server.gitlab.state, {"set_tag": edit})


def test_a_pushed_image_keeps_its_config_when_its_dates_change() -> None:
    client = registry()
    content = client.image(created=CLOCK)
    client.put("new", content)
    apply_edit(client, {"repository": "team/app", "name": "new", "updated_at": "2026-06-02T00:00:00Z"})
    assert client.manifest("new").body == content
    assert "sha256:" + rest(client, "/tags/new")["revision"] == json.loads(content)["config"]["digest"]


# Trouble, counting


@pytest.mark.parametrize("place", ["registry", "repository"])
def test_a_registry_in_trouble(place: str) -> None:
    def troubled(state: str) -> ProtocolClient:
        scenario = one_repository(SHARED, registry={"error_status": 502})
        if place == "registry":
            scenario["registry"]["state"] = state
        else:
            scenario["repositories"][0]["registry_state"] = state
        return ProtocolClient(InProcessServer(scenario))

    assert troubled("error").ask("GET", "team/app/tags/list").error == (502, "UNKNOWN")
    with pytest.raises(ConnectionResetError):
        troubled("unreachable").ask("GET", "team/app/tags/list")
    if place == "repository":
        assert troubled("unknown").ask("GET", "team/app/tags/list").error == (404, "NAME_UNKNOWN")


def test_a_repository_that_is_being_deleted_still_answers() -> None:
    scenario = one_repository(SHARED)
    scenario["repositories"][0]["status"] = "delete_failed"
    assert ProtocolClient(InProcessServer(scenario)).names() == ["a", "b", "c", "multi"]


def test_requests_are_logged_and_counted(gitlab: Client) -> None:
    scope = {"service": "container_registry", "scope": APP}
    url = gitlab.simulator.url
    bearer = gitlab.send("GET", f"{url}/jwt/auth", params=scope, auth=("anyone", "maintainer")).json()["token"]
    headers = {"Authorization": f"Bearer {bearer}", "Accept": ALL}
    before = gitlab.simulator.counters()["registry"]
    answer = gitlab.send("HEAD", f"{url}/v2/team/app/manifests/a", headers=headers)
    assert (answer.status_code, answer.content, int(answer.headers["Content-Length"]) > 0) == (200, b"", True)
    assert gitlab.send("DELETE", f"{url}/v2/team/app/manifests/a", headers=headers).status_code == 202
    assert gitlab.send("GET", f"{url}/v2/", "maintainer").status_code == 401
    log = gitlab.simulator.requests()
    assert [(row["kind"], row["write"], row["credential"]) for row in log] == [
        ("token", False, None),
        ("registry", False, "registry"),
        ("registry", True, "registry"),
        ("registry", False, None),
    ]
    counters = gitlab.simulator.counters()
    assert (counters["registry"], counters["total"], counters["writes"]) == (before, 4, 1)
    assert counters["by_route"] == {
        "DELETE /v2/:name/manifests/:reference": 1,
        "GET /jwt/auth": 1,
        "GET /v2/": 1,
        "HEAD /v2/:name/manifests/:reference": 1,
    }


def test_a_token_that_may_push_is_a_write_where_it_makes_a_repository(gitlab: Client) -> None:
    for path, write in (("team/app", False), ("team/app/new", True), ("team/app/new", False)):
        scope = {"service": "container_registry", "scope": f"repository:{path}:pull,push"}
        gitlab.send("GET", f"{gitlab.simulator.url}/jwt/auth", params=scope, auth=("anyone", "maintainer"))
        assert gitlab.simulator.requests()[-1]["write"] is write


def test_a_request_takes_the_time_of_the_registry(gitlab: Client) -> None:
    gitlab.simulator.latency(request=0, registry=0.2)
    started = time.monotonic()
    assert gitlab.send("HEAD", f"{gitlab.simulator.url}/v2/").status_code == 401
    assert time.monotonic() - started >= 0.2


def test_faults_and_limits_hold_here_too(gitlab: Client) -> None:
    url = f"{gitlab.simulator.url}/v2/"
    gitlab.simulator.faults([{"kind": "registry", "path": "/v2/$", "first": 1, "action": "status", "status": 503}])
    assert [gitlab.send("GET", url).status_code for _time in range(2)] == [503, 401]
    with pytest.raises(ControlError):
        gitlab.simulator.faults([{"kind": "v2", "action": "reset_before"}])
    gitlab.simulator.load(default_scenario(rate_limit={"web": {"requests": 2, "retry_after": 60}}))
    assert [gitlab.send("GET", url).status_code for _time in range(3)] == [401, 401, 429]
    assert gitlab.send("GET", f"{gitlab.simulator.url}/jwt/auth").status_code == 429
    assert gitlab.rest("/projects/1").status_code == 200
