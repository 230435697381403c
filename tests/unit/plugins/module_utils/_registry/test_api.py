# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tokens, pages, manifests and blobs, against a registry of this file's own."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import ErrorKind, RequestError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.oci import OCI_IMAGE, OCI_INDEX, digest_of
from ansible_collections.containerops.gitlab.plugins.module_utils._core.server import Mode
from ansible_collections.containerops.gitlab.plugins.module_utils._registry.api import (
    catalog,
    current_digest,
    delete_tag,
    read_image,
    read_manifest,
    registry_mode,
    tag_names,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._registry.auth import (
    Login,
    Registry,
    check_it_is_gitlabs,
)
from tests.unit.serving import Answer, FakeTime, Seen, client, serving

GITLAB = Login("any", "glpat-unit", gitlab=True)
OWN = Login("robot", "robot-secret")
JSON = {"Content-Type": "application/json"}


def jwt(access: list[dict[str, Any]] | None, **claims: Any) -> str:
    body = {"iat": 1000, "exp": 1300, **claims, **({} if access is None else {"access": access})}
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({}, body, {}))


@dataclass
class Fake:
    """A registry with its token service. allow: what is granted of what is asked. answers: by the path after /v2."""

    scheme: str = "bearer"
    realm: str = ""
    allow: Any = lambda scope: True
    lifetime: int = 300
    answers: dict[str, Any] = field(default_factory=dict)
    given: list[str] = field(default_factory=list)
    spoilt: set[str] = field(default_factory=set)
    refuse: bool = False
    tokens: list[tuple[str, list[str]]] = field(default_factory=list)
    token_status: int = 200

    def answer(self, _number: int, request: BaseHTTPRequestHandler) -> Answer | None:
        parts = urlsplit(request.path)
        if parts.path == "/jwt/auth":
            return self._token(parse_qs(parts.query), request.headers.get("Authorization", ""))
        authorization = request.headers.get("Authorization", "")
        good = set() if self.refuse else {f"Bearer {token}" for token in self.given if token not in self.spoilt}
        if self.scheme == "bearer" and authorization not in good:
            challenge = f'Bearer realm="{self.realm}",service="container_registry",scope="x:y:pull"'
            return 401, {"WWW-Authenticate": challenge}, _errors("UNAUTHORIZED")
        if self.scheme == "basic" and authorization != OWN.header[1]:
            return 401, {"WWW-Authenticate": 'Basic realm="here"'}, _errors("UNAUTHORIZED")
        found = self.answers.get(f"{request.command} {request.path.removeprefix('/v2')}")
        if found is None:
            found = self.answers.get(request.path.removeprefix("/v2"))
        return found if found is not None else (404, JSON, _errors("NAME_UNKNOWN"))

    def _token(self, query: dict[str, list[str]], authorization: str) -> Answer:
        scopes = query.get("scope", [])
        self.tokens.append((authorization, scopes))
        if self.token_status != 200:
            return self.token_status, JSON, _errors("UNAUTHORIZED", "HTTP Basic: Access denied")
        rows = [scope.split(":") for scope in scopes if self.allow(scope)]
        access = [{"type": kind, "name": name, "actions": actions.split(",")} for kind, name, actions in rows]
        token = jwt(access, exp=1000 + self.lifetime, jti=len(self.given))
        self.given.append(token)
        return 200, JSON, json.dumps({"token": token}).encode()


def _errors(code: str, message: str = "no") -> bytes:
    return json.dumps({"errors": [{"code": code, "message": message}]}).encode()


def listing(names: list[str] | None, path: str = "a/b", **headers: str) -> Answer:
    return 200, {**JSON, **headers}, json.dumps({"name": path, "tags": names}).encode()


@dataclass
class World:
    fake: Fake
    seen: Seen
    time: FakeTime

    def registry(self, login: Login | None = GITLAB, **settings: Any) -> Registry:
        gitlab = client(self.seen.url, self.time, header=("Authorization", "Bearer glpat-unit"), **settings)
        return Registry(gitlab, self.seen.url, login)

    def asked(self, path: str) -> list[str]:
        return [f"{method} {where}" for method, where, _headers in self.seen.requests if where.startswith(path)]


@pytest.fixture
def world() -> Iterator[World]:
    fake = Fake()
    with serving(fake.answer) as seen:
        fake.realm = f"{seen.url}/jwt/auth"
        yield World(fake, seen, FakeTime())


def test_gitlab_is_asked_for_exactly_what_is_needed(world: World) -> None:
    world.fake.answers["/a/b/tags/list?n=1000"] = listing(["v1", "v2"])
    assert tag_names(world.registry(), "a/b") == ["v1", "v2"]
    [(authorization, scopes)] = world.fake.tokens
    assert authorization == GITLAB.header[1]
    assert scopes == ["repository:a/b:pull"]
    assert len(world.seen.requests) == 2


def test_twenty_repositories_share_a_token(world: World) -> None:
    paths = [f"a/r{number}" for number in range(45)]
    world.fake.answers = {f"/{path}/tags/list?n=1000": listing(["v1"], path) for path in paths}
    registry = world.registry()
    registry.prefetch_scopes(paths)
    for path in paths:
        assert tag_names(registry, path) == ["v1"]
    assert [len(scopes) for _authorization, scopes in world.fake.tokens] == [20, 20, 5]
    assert len(world.seen.requests) == 48


def test_what_is_not_granted_together_is_asked_for_alone_and_then_explained(world: World) -> None:
    world.fake.allow = lambda scope: ":a/no:" not in scope
    world.fake.answers = {"/a/yes/tags/list?n=1000": listing(["v1"], "a/yes")}
    registry = world.registry()
    registry.prefetch_scopes(["a/yes", "a/no"])
    assert tag_names(registry, "a/yes") == ["v1"]
    with pytest.raises(RequestError, match="the token for the registry allows no pull on a/no") as caught:
        tag_names(registry, "a/no")
    assert "Reporter" in caught.value.advice
    assert world.asked("/v2/a/no") == []
    assert [scopes for _authorization, scopes in world.fake.tokens][1:] == [["repository:a/no:pull"]]


def test_a_token_is_renewed_before_its_end_and_when_it_is_refused(world: World) -> None:
    world.fake.answers["/a/b/tags/list?n=1000"] = listing(["v1"])
    registry = world.registry()
    tag_names(registry, "a/b")
    world.time.now += 279
    tag_names(registry, "a/b")
    assert len(world.fake.tokens) == 1
    world.time.now += 2
    tag_names(registry, "a/b")
    assert len(world.fake.tokens) == 2
    world.fake.spoilt.update(world.fake.given)
    assert tag_names(registry, "a/b") == ["v1"]
    assert len(world.fake.tokens) == 3


def test_a_registry_that_refuses_every_token_is_not_asked_for_ever(world: World) -> None:
    world.fake.refuse = True
    with pytest.raises(RequestError, match="The registry answered 401"):
        tag_names(world.registry(), "a/b")
    assert len(world.fake.tokens) == 2


def test_bad_credentials_stop_everything_at_once(world: World) -> None:
    world.fake.token_status = 401
    registry = world.registry()
    with pytest.raises(RequestError, match="token service answered 401") as caught:
        tag_names(registry, "a/b")
    assert caught.value.kind == ErrorKind.UNAUTHORIZED
    with pytest.raises(RequestError) as again:
        tag_names(registry, "a/c")
    assert again.value.kind in (ErrorKind.STOPPED, ErrorKind.UNAUTHORIZED)
    assert len(world.fake.tokens) == 1


def test_other_registries_say_themselves_where_tokens_are(world: World) -> None:
    world.fake.answers["/a/b/tags/list?n=1000"] = listing(["v1"])
    assert tag_names(world.registry(OWN), "a/b") == ["v1"]
    assert [authorization for authorization, _scopes in world.fake.tokens] == [OWN.header[1]]
    assert world.asked("/v2/")[:1] == ["GET /v2/a/b/tags/list?n=1000"]


def test_a_gitlab_token_goes_to_gitlab_alone(world: World) -> None:
    """Whatever realm a registry names."""
    world.fake.answers["/a/b/tags/list?n=1000"] = listing(["v1"])
    with serving(lambda _number, _request: (200, JSON, b'{"token": "x"}')) as thief:
        world.fake.realm = f"{thief.url}/jwt/auth"
        world.fake.refuse = True
        with pytest.raises(RequestError):
            tag_names(world.registry(), "a/b")
        assert thief.requests == []


def test_basic_and_open_registries(world: World) -> None:
    world.fake.answers["/a/b/tags/list?n=1000"] = listing(["v1"])
    world.fake.scheme = "basic"
    assert tag_names(world.registry(OWN), "a/b") == ["v1"]
    with pytest.raises(RequestError, match="401"):
        tag_names(world.registry(None), "a/b")
    world.fake.scheme = "open"
    assert tag_names(world.registry(None), "a/b") == ["v1"]
    assert world.fake.tokens == []


def test_the_api_token_is_never_sent_to_the_registry(world: World) -> None:
    world.fake.answers["/a/b/tags/list?n=1000"] = listing(["v1"])
    tag_names(world.registry(), "a/b")
    sent = [headers.get("Authorization", "") for _method, path, headers in world.seen.requests if "/v2/" in path]
    assert sent == [f"Bearer {world.fake.given[0]}"]


def test_pages_follow_relative_links_and_never_their_host(world: World) -> None:
    link = '<https://elsewhere.example.com/v2/a/b/tags/list?last=v2&n=1000>; rel="next"'
    world.fake.answers = {
        "/a/b/tags/list?n=1000": listing(["v1", "v2"], Link=link),
        "/a/b/tags/list?n=1000&last=v2": listing(["v3"]),
    }
    assert tag_names(world.registry(), "a/b") == ["v1", "v2", "v3"]


FIRST = "/a/b/tags/list?n=1000"
NEXT = '</v2/a/b/tags/list?last=v2&n=1000>; rel="next"'
DOUBTFUL: list[tuple[dict[str, Any], str]] = [
    ({FIRST: listing([], Link=NEXT)}, "a page is empty"),
    ({FIRST: listing(["v1"], Link="</v2/a/b/tags/list?n=1>; rel=next")}, "does not say where it continues"),
    ({"/a/b/tags/list?n=1000": listing(["v1"], Link=NEXT), "/a/b/tags/list?n=1000&last=v2": listing([])}, "empty"),
    (
        {"/a/b/tags/list?n=1000": listing(["v1"], Link=NEXT), "/a/b/tags/list?n=1000&last=v2": listing(["v1"])},
        "repeats",
    ),
    ({"/a/b/tags/list?n=1000": listing(["v1"], Link=NEXT)}, "404"),
    ({"/a/b/tags/list?n=1000": listing(["v1"], "a/other")}, "no listing of this repository"),
    ({"/a/b/tags/list?n=1000": listing(["no tag!"])}, "no tag name"),
    ({"/a/b/tags/list?n=1000": (200, JSON, b"[]")}, "no listing"),
    ({"/a/b/tags/list?n=1000": (200, {"Content-Type": "text/html"}, b"<html>")}, "not JSON"),
    ({"/a/b/tags/list?n=1000": (404, JSON, b"{}")}, "404"),
    ({"/a/b/tags/list?n=1000": (500, JSON, _errors("UNKNOWN"))}, "500"),
]


@pytest.mark.parametrize(("answers", "words"), DOUBTFUL)
def test_a_listing_that_can_not_be_trusted_is_none(world: World, answers: dict[str, Any], words: str) -> None:
    world.fake.answers = answers
    with pytest.raises(RequestError, match=words):
        tag_names(world.registry(retries=0), "a/b")


def test_no_tags_and_no_repository_are_not_the_same(world: World) -> None:
    world.fake.answers["/a/b/tags/list?n=1000"] = listing(None)
    assert tag_names(world.registry(), "a/b") == []
    assert tag_names(world.registry(), "a/unknown") is None


def image(created: str | None = "2026-01-01T00:00:00Z") -> tuple[bytes, bytes]:
    config = json.dumps({"created": created}).encode()
    row = {"digest": digest_of(config), "size": len(config), "mediaType": "application/vnd.oci.image.config.v1+json"}
    layers = [{"digest": digest_of(b"layer"), "size": 5, "mediaType": "application/vnd.oci.image.layer.v1.tar"}]
    return json.dumps({"mediaType": OCI_IMAGE, "config": row, "layers": layers}).encode(), config


def manifest(body: bytes, media_type: str = OCI_IMAGE, digest: str | None = None) -> Answer:
    return 200, {"Content-Type": media_type, "Docker-Content-Digest": digest or digest_of(body)}, body


def test_an_image_costs_its_manifest_and_its_config_once(world: World) -> None:
    body, config = image()
    world.fake.answers = {
        "/a/b/manifests/v1": manifest(body),
        "/a/b/manifests/v2": manifest(body),
        f"/a/b/blobs/{digest_of(config)}": (200, {}, config),
    }
    registry = world.registry()
    first, second = read_image(registry, "a/b", "v1"), read_image(registry, "a/b", "v2")
    assert first == second
    assert first
    assert first.created
    assert first.created.isoformat() == "2026-01-01T00:00:00+00:00"
    assert len(world.asked("/v2/a/b/blobs")) == 1
    assert len(world.asked("/v2/a/b/manifests")) == 2
    assert read_image(registry, "a/b", "gone") is None


def test_what_is_remembered_costs_a_head(world: World) -> None:
    body, config = image()
    world.fake.answers = {"/a/b/manifests/v1": manifest(body), f"/a/b/blobs/{digest_of(config)}": (200, {}, config)}
    known = read_image(world.registry(), "a/b", "v1")
    assert known
    registry = Registry(client(world.seen.url, world.time), world.seen.url, GITLAB, {known.digest: known})
    world.seen.requests.clear()
    assert read_image(registry, "a/b", "v1") == known
    assert world.asked("/v2/") == ["HEAD /v2/a/b/manifests/v1"]
    assert read_image(registry, "a/b", known.digest) == known
    assert len(world.asked("/v2/")) == 1


def test_an_index_is_read_with_all_its_images(world: World) -> None:
    old, old_config = image("2025-01-01T00:00:00Z")
    new, new_config = image("2026-02-02T00:00:00Z")
    note = {"annotations": {"vnd.docker.reference.type": "attestation-manifest"}}
    rows = [{"digest": digest_of(body), "size": len(body)} for body in (old, new)]
    rows.append({"digest": digest_of(b"attestation"), "size": 3, **note})
    index = json.dumps({"mediaType": OCI_INDEX, "manifests": rows}).encode()
    world.fake.answers = {
        "/a/b/manifests/multi": manifest(index, OCI_INDEX),
        f"/a/b/manifests/{digest_of(old)}": manifest(old),
        f"/a/b/manifests/{digest_of(new)}": manifest(new),
        f"/a/b/blobs/{digest_of(old_config)}": (200, {}, old_config),
        f"/a/b/blobs/{digest_of(new_config)}": (200, {}, new_config),
    }
    found = read_image(world.registry(), "a/b", "multi")
    assert found
    assert found.created
    assert found.created.year == 2026
    assert found.size == 10
    assert found.children == tuple(str(row["digest"]) for row in rows)
    del world.fake.answers[f"/a/b/manifests/{digest_of(old)}"]
    with pytest.raises(RequestError, match="an image of the index is not there"):
        read_image(world.registry(), "a/b", "multi")


def test_indexes_in_indexes_come_to_an_end(world: World) -> None:
    body, _config = image()
    for _level in range(5):
        world.fake.answers[f"/a/b/manifests/{digest_of(body)}"] = manifest(body, OCI_INDEX if _level else OCI_IMAGE)
        body = json.dumps({"manifests": [{"digest": digest_of(body), "size": 1}]}).encode()
    world.fake.answers["/a/b/manifests/deep"] = manifest(body, OCI_INDEX)
    with pytest.raises(RequestError, match="without end"):
        read_image(world.registry(), "a/b", "deep")


def test_bytes_that_are_not_their_digest_are_not_believed(world: World) -> None:
    body, config = image()
    world.fake.answers = {
        "/a/b/manifests/v1": manifest(body, digest=digest_of(b"other")),
        f"/a/b/manifests/{digest_of(b'wanted')}": manifest(body),
        "/a/b/manifests/v2": manifest(body),
        f"/a/b/blobs/{digest_of(config)}": (200, {}, b'{"created": "1999-01-01T00:00:00Z"}'),
    }
    for reference in ("v1", digest_of(b"wanted")):
        with pytest.raises(RequestError, match="another one than its digest says"):
            read_manifest(world.registry(), "a/b", reference)
    with pytest.raises(RequestError, match="other ones than their digest says"):
        read_image(world.registry(), "a/b", "v2")


def test_blobs_may_be_elsewhere_and_no_credential_goes_along(world: World) -> None:
    body, config = image()
    with serving(lambda _number, _request: (200, {}, config)) as storage:
        world.fake.answers = {
            "/a/b/manifests/v1": manifest(body),
            f"/a/b/blobs/{digest_of(config)}": (307, {"Location": f"{storage.url}/bucket?signature=1"}, b""),
        }
        found = read_image(world.registry(), "a/b", "v1")
        assert found
        assert found.created
        [(_method, _path, headers)] = storage.requests
        assert "Authorization" not in headers


def test_a_digest_without_a_header_is_counted(world: World) -> None:
    body, _config = image()
    world.fake.answers["/a/b/manifests/v1"] = (200, {"Content-Type": OCI_IMAGE}, body)
    assert current_digest(world.registry(), "a/b", "v1") == digest_of(body)
    assert current_digest(world.registry(), "a/b", "v2") is None


GONE = (404, JSON, _errors("MANIFEST_UNKNOWN"))
DELETIONS: list[tuple[dict[str, Any], int | str]] = [
    ({"DELETE /a/b/manifests/v1": (202, {}, b"")}, 202),
    ({"DELETE /a/b/manifests/v1": GONE}, 404),
    ({"DELETE /a/b/manifests/v1": (405, JSON, _errors("UNSUPPORTED")), "/a/b/tags/reference/v1": (202, {}, b"")}, 202),
    ({"DELETE /a/b/manifests/v1": (400, JSON, _errors("DIGEST_INVALID")), "/a/b/tags/reference/v1": GONE}, 404),
    (
        {"DELETE /a/b/manifests/v1": (405, JSON, _errors("UNSUPPORTED")), "/a/b/tags/reference/v1": (404, {}, b"404")},
        "does not delete a tag by its name",
    ),
    ({"DELETE /a/b/manifests/v1": (404, {}, b"404 page not found")}, "404"),
    ({"DELETE /a/b/manifests/v1": (403, JSON, _errors("DENIED"))}, "403"),
    ({"DELETE /a/b/manifests/v1": (409, JSON, _errors("RENAME_IN_PROGRESS"))}, "RENAME_IN_PROGRESS"),
]


@pytest.mark.parametrize(("answers", "expected"), DELETIONS)
def test_tags_are_deleted_by_name(world: World, answers: dict[str, Any], expected: int | str) -> None:
    world.fake.answers = answers
    if isinstance(expected, int):
        assert delete_tag(world.registry(), "a/b", "v1").status == expected
    else:
        with pytest.raises(RequestError, match=expected):
            delete_tag(world.registry(), "a/b", "v1")
    assert [scopes for _authorization, scopes in world.fake.tokens] == [["repository:a/b:pull,delete"]]
    assert not [path for path in world.asked("/v2") if "sha256" in path]


def test_who_may_not_delete_is_told_before_anything_is_asked(world: World) -> None:
    world.fake.allow = lambda scope: "delete" not in scope
    with pytest.raises(RequestError, match="allows no delete on a/b") as caught:
        delete_tag(world.registry(), "a/b", "v1")
    assert "Maintainer" in caught.value.advice
    assert world.asked("/v2/") == []


def test_what_the_registry_says_of_itself(world: World) -> None:
    for value, mode in (("true", Mode.DATABASE), ("false", Mode.NO_DATABASE), ("", Mode.UNKNOWN)):
        world.fake.answers["/"] = (200, {"Gitlab-Container-Registry-Database-Enabled": value}, b"{}")
        assert registry_mode(world.registry(), "a/b") == mode


def test_whose_registry_it_is(world: World) -> None:
    host = world.seen.url.partition("//")[2]
    check_it_is_gitlabs(world.registry(), host.upper())
    assert world.seen.requests == []
    # At another address than GitLab names it is GitLab's own where it wants this GitLab's tokens.
    check_it_is_gitlabs(world.registry(), "registry.example.com")
    assert world.fake.tokens == []
    for realm in ("http://gitlab.example.com/jwt/auth", f"{world.seen.url}/token"):
        world.fake.realm = realm
        with pytest.raises(RequestError, match="GitLab names registry.example.com as its registry"):
            check_it_is_gitlabs(world.registry(), "registry.example.com")
    world.fake.scheme = "open"
    world.fake.answers["/"] = (200, {}, b"{}")
    with pytest.raises(RequestError, match="GitLab names none as its registry"):
        check_it_is_gitlabs(world.registry(), "")


def test_the_catalog_comes_page_by_page(world: World) -> None:
    link = '</v2/_catalog?last=b%2Fb&n=1000>; rel="next"'
    world.fake.answers = {
        "/_catalog?n=1000": (200, {"Link": link}, b'{"repositories": ["a/a", "b/b"]}'),
        "/_catalog?n=1000&last=b%2Fb": (200, {}, b'{"repositories": ["c/c"]}'),
    }
    assert list(catalog(world.registry())) == ["a/a", "b/b", "c/c"]
    assert world.fake.tokens[0][1] == ["registry:catalog:*"]
    world.seen.requests.clear()
    assert next(catalog(world.registry())) == "a/a"
    assert len(world.asked("/v2/_catalog")) == 1


def test_the_catalog_is_for_administrators(world: World) -> None:
    world.fake.allow = lambda scope: False
    with pytest.raises(RequestError, match="does not open its catalog") as caught:
        list(catalog(world.registry()))
    assert "administrators" in caught.value.advice
    assert world.asked("/v2/") == []


def test_an_unencrypted_token_service_is_not_used_by_an_encrypted_registry(world: World) -> None:
    registry = world.registry(OWN)
    registry.url = "https://registry.example.com"
    with pytest.raises(RequestError, match="not encrypted"):
        tag_names(registry, "a/b")
    assert world.fake.tokens == []


def test_passwords_go_to_the_registry_and_to_gitlab_alone(world: World) -> None:
    with serving(lambda _number, _request: (200, JSON, b'{"token": "x"}')) as thief:
        world.fake.realm = thief.url.replace("127.0.0.1", "localhost") + "/token"
        with pytest.raises(RequestError, match="wants the credentials sent to http://localhost"):
            tag_names(world.registry(OWN), "a/b")
        assert thief.requests == []


def test_threads_that_learn_together_all_get_their_answer(world: World) -> None:
    paths = [f"a/r{number}" for number in range(12)]
    world.fake.answers = {f"/{path}/tags/list?n=1000": listing(["v1"], path) for path in paths}
    registry = world.registry(OWN, concurrency=6)
    found = registry.client.parallel(lambda path: tag_names(registry, path), paths)
    assert found == [["v1"]] * 12


def test_a_full_page_without_a_link_is_looked_behind(world: World) -> None:
    names = [f"v{number:04}" for number in range(1000)]
    world.fake.answers = {FIRST: listing(names), "/a/b/tags/list?n=1000&last=v0999": listing(["w"])}
    assert tag_names(world.registry(), "a/b") == [*names, "w"]
    world.fake.answers["/a/b/tags/list?n=1000&last=v0999"] = listing(None)
    assert tag_names(world.registry(), "a/b") == names
    # One that ignores where to go on, and gives everything again.
    world.fake.answers["/a/b/tags/list?n=1000&last=v0999"] = listing(names)
    assert tag_names(world.registry(), "a/b") == names


def test_a_head_without_an_image_is_confirmed(world: World) -> None:
    world.fake.answers["HEAD /a/b/manifests/v1"] = (404, {}, b"")
    assert current_digest(world.registry(), "a/b", "v2") is None
    body, _config = image()
    world.fake.answers["GET /a/b/manifests/v1"] = manifest(body)
    assert current_digest(world.registry(), "a/b", "v1") == digest_of(body)
    world.fake.answers["GET /a/b/manifests/v1"] = (404, {"Content-Type": "text/html"}, b"<html>")
    with pytest.raises(RequestError, match="404"):
        current_digest(world.registry(), "a/b", "v1")


def test_a_config_is_no_longer_than_it_is_told_to_be(world: World) -> None:
    body, config = image()
    world.fake.answers = {
        "/a/b/manifests/v1": manifest(body),
        f"/a/b/blobs/{digest_of(config)}": (200, {}, config + b" " * 1000),
    }
    with pytest.raises(RequestError, match="is longer than"):
        read_image(world.registry(), "a/b", "v1")


def test_a_deletion_is_sent_once(world: World) -> None:
    world.fake.answers["DELETE /a/b/manifests/v1"] = (503, JSON, b"{}")
    with pytest.raises(RequestError, match="503"):
        delete_tag(world.registry(), "a/b", "v1")
    assert len(world.asked("/v2/a/b/manifests")) == 1
