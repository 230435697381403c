# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which token a registry gets, and where credentials go."""

from __future__ import annotations

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import (
    ErrorKind,
    RequestError,
    UsageError,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._registry.api import (
    tag_names,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._registry.auth import (
    RegistrySettings,
    registry_of,
)
from tests.unit.registry_serving import GITLAB, JSON, OWN, RegistryServer, listing
from tests.unit.serving import serving


def test_gitlab_is_asked_for_exactly_what_is_needed(server: RegistryServer) -> None:
    server.fake.answers["/a/b/tags/list?n=1000"] = listing(["v1", "v2"])
    assert tag_names(server.registry(), "a/b") == ["v1", "v2"]
    [(authorization, scopes)] = server.fake.tokens
    assert authorization == GITLAB.header[1]
    assert scopes == ["repository:a/b:pull"]
    assert len(server.http.requests) == 2


def test_twenty_repositories_share_a_token(server: RegistryServer) -> None:
    paths = [f"a/r{number}" for number in range(45)]
    server.fake.answers = {f"/{path}/tags/list?n=1000": listing(["v1"], path) for path in paths}
    registry = server.registry()
    registry.prefetch_scopes(paths)
    for path in paths:
        assert tag_names(registry, path) == ["v1"]
    assert [len(scopes) for _authorization, scopes in server.fake.tokens] == [20, 20, 5]
    assert len(server.http.requests) == 48


def test_what_is_not_granted_together_is_asked_for_alone_and_then_explained(server: RegistryServer) -> None:
    server.fake.allow = lambda scope: ":a/no:" not in scope
    server.fake.answers = {"/a/yes/tags/list?n=1000": listing(["v1"], "a/yes")}
    registry = server.registry()
    registry.prefetch_scopes(["a/yes", "a/no"])
    assert tag_names(registry, "a/yes") == ["v1"]
    with pytest.raises(RequestError, match="the token for the registry allows no pull on a/no") as caught:
        tag_names(registry, "a/no")
    assert "Reporter" in caught.value.advice
    assert server.requests_to("/v2/a/no") == []
    assert [scopes for _authorization, scopes in server.fake.tokens][1:] == [["repository:a/no:pull"]]


def test_a_token_is_renewed_before_its_end_and_when_it_is_refused(server: RegistryServer) -> None:
    server.fake.answers["/a/b/tags/list?n=1000"] = listing(["v1"])
    registry = server.registry()
    tag_names(registry, "a/b")
    server.time.now += 279
    tag_names(registry, "a/b")
    assert len(server.fake.tokens) == 1
    server.time.now += 2
    tag_names(registry, "a/b")
    assert len(server.fake.tokens) == 2
    server.fake.spoilt.update(server.fake.given)
    assert tag_names(registry, "a/b") == ["v1"]
    assert len(server.fake.tokens) == 3


def test_a_registry_that_refuses_every_token_is_not_asked_for_ever(server: RegistryServer) -> None:
    server.fake.refuse = True
    with pytest.raises(RequestError, match="The registry answered 401"):
        tag_names(server.registry(), "a/b")
    assert len(server.fake.tokens) == 2


def test_bad_credentials_stop_everything_at_once(server: RegistryServer) -> None:
    server.fake.token_status = 401
    registry = server.registry()
    with pytest.raises(RequestError, match="token service answered 401") as caught:
        tag_names(registry, "a/b")
    assert caught.value.kind == ErrorKind.UNAUTHORIZED
    with pytest.raises(RequestError) as again:
        tag_names(registry, "a/c")
    assert again.value.kind in (ErrorKind.STOPPED, ErrorKind.UNAUTHORIZED)
    assert len(server.fake.tokens) == 1


def test_other_registries_say_themselves_where_tokens_are(server: RegistryServer) -> None:
    server.fake.answers["/a/b/tags/list?n=1000"] = listing(["v1"])
    assert tag_names(server.registry(OWN), "a/b") == ["v1"]
    assert [authorization for authorization, _scopes in server.fake.tokens] == [OWN.header[1]]
    assert server.requests_to("/v2/")[:1] == ["GET /v2/a/b/tags/list?n=1000"]


def test_a_gitlab_token_goes_to_gitlab_alone(server: RegistryServer) -> None:
    """Whatever realm a registry names."""
    server.fake.answers["/a/b/tags/list?n=1000"] = listing(["v1"])
    with serving(lambda _number, _request: (200, JSON, b'{"token": "x"}')) as thief:
        server.fake.realm = f"{thief.url}/jwt/auth"
        server.fake.refuse = True
        with pytest.raises(RequestError):
            tag_names(server.registry(), "a/b")
        assert thief.requests == []


def test_basic_and_open_registries(server: RegistryServer) -> None:
    server.fake.answers["/a/b/tags/list?n=1000"] = listing(["v1"])
    server.fake.scheme = "basic"
    assert tag_names(server.registry(OWN), "a/b") == ["v1"]
    with pytest.raises(RequestError, match="401"):
        tag_names(server.registry(None), "a/b")
    server.fake.scheme = "open"
    assert tag_names(server.registry(None), "a/b") == ["v1"]
    assert server.fake.tokens == []


def test_the_api_token_is_never_sent_to_the_registry(server: RegistryServer) -> None:
    server.fake.answers["/a/b/tags/list?n=1000"] = listing(["v1"])
    tag_names(server.registry(), "a/b")
    sent = [headers.get("Authorization", "") for _method, path, headers in server.http.requests if "/v2/" in path]
    assert sent == [f"Bearer {server.fake.given[0]}"]


def test_the_registry_is_at_the_address_that_was_given_or_told(server: RegistryServer) -> None:
    host = server.http.url.partition("//")[2]
    gitlab = server.registry().gitlab
    given = RegistrySettings(url=server.http.url)
    assert registry_of(gitlab, RegistrySettings(), "registry.example.com/a/b").url == "http://registry.example.com"
    assert registry_of(gitlab, given, f"{host.upper()}/a/b").url == server.http.url
    assert server.http.requests == []
    with pytest.raises(UsageError, match="set registry_url"):
        registry_of(gitlab, RegistrySettings(), "")


def test_whose_registry_it_is(server: RegistryServer) -> None:
    """At another address than GitLab names it is GitLab's own where it wants this GitLab's tokens."""
    gitlab = server.registry().gitlab
    given = RegistrySettings(url=server.http.url)
    assert registry_of(gitlab, given, "registry.example.com/a/b").url == server.http.url
    assert server.fake.tokens == []
    for realm in ("http://gitlab.example.com/jwt/auth", f"{server.http.url}/token"):
        server.fake.realm = realm
        with pytest.raises(RequestError, match="GitLab names registry.example.com as its registry"):
            registry_of(gitlab, given, "registry.example.com/a/b")
    server.fake.scheme = "open"
    server.fake.answers["/"] = (200, {}, b"{}")
    with pytest.raises(RequestError, match="GitLab names none as its registry"):
        registry_of(gitlab, given, "")


def test_an_unencrypted_token_service_is_not_used_by_an_encrypted_registry(server: RegistryServer) -> None:
    registry = server.registry(OWN)
    registry.url = "https://registry.example.com"
    with pytest.raises(RequestError, match="not encrypted"):
        tag_names(registry, "a/b")
    assert server.fake.tokens == []


def test_passwords_go_to_the_registry_and_to_gitlab_alone(server: RegistryServer) -> None:
    with serving(lambda _number, _request: (200, JSON, b'{"token": "x"}')) as thief:
        server.fake.realm = thief.url.replace("127.0.0.1", "localhost") + "/token"
        with pytest.raises(RequestError, match="wants the credentials to be sent to http://localhost"):
            tag_names(server.registry(OWN), "a/b")
        assert thief.requests == []


def test_threads_that_learn_together_all_get_their_answer(server: RegistryServer) -> None:
    paths = [f"a/r{number}" for number in range(12)]
    server.fake.answers = {f"/{path}/tags/list?n=1000": listing(["v1"], path) for path in paths}
    registry = server.registry(OWN, concurrency=6)
    found = registry.client.parallel(lambda path: tag_names(registry, path), paths)
    assert found == [["v1"]] * 12
