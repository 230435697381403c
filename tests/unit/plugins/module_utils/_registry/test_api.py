# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Listings, manifests, deletions and the catalog of a registry."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import RequestError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.oci import OCI_IMAGE, digest_of
from ansible_collections.containerops.gitlab.plugins.module_utils._core.server import Mode
from ansible_collections.containerops.gitlab.plugins.module_utils._registry.api import (
    catalog,
    current_digest,
    delete_tag,
    deletes_by_name,
    registry_mode,
    tag_names,
)
from tests.unit.registry_serving import JSON, RegistryServer, errors, image, listing, manifest


def test_pages_follow_relative_links_and_never_their_host(server: RegistryServer) -> None:
    link = '<https://elsewhere.example.com/v2/a/b/tags/list?last=v2&n=1000>; rel="next"'
    server.fake.answers = {
        "/a/b/tags/list?n=1000": listing(["v1", "v2"], Link=link),
        "/a/b/tags/list?n=1000&last=v2": listing(["v3"]),
    }
    assert tag_names(server.registry(), "a/b") == ["v1", "v2", "v3"]


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
    ({"/a/b/tags/list?n=1000": (500, JSON, errors("UNKNOWN"))}, "500"),
]


@pytest.mark.parametrize(("answers", "words"), DOUBTFUL)
def test_a_listing_that_can_not_be_trusted_is_none(server: RegistryServer, answers: dict[str, Any], words: str) -> None:
    server.fake.answers = answers
    with pytest.raises(RequestError, match=words):
        tag_names(server.registry(retries=0), "a/b")


def test_no_tags_and_no_repository_are_not_the_same(server: RegistryServer) -> None:
    server.fake.answers["/a/b/tags/list?n=1000"] = listing(None)
    assert tag_names(server.registry(), "a/b") == []
    assert tag_names(server.registry(), "a/unknown") is None


def test_a_digest_without_a_header_is_counted(server: RegistryServer) -> None:
    body, _config = image()
    server.fake.answers["/a/b/manifests/v1"] = (200, {"Content-Type": OCI_IMAGE}, body)
    assert current_digest(server.registry(), "a/b", "v1") == digest_of(body)
    assert current_digest(server.registry(), "a/b", "v2") is None


GONE = (404, JSON, errors("MANIFEST_UNKNOWN"))

DELETIONS: list[tuple[dict[str, Any], int | str]] = [
    ({"DELETE /a/b/manifests/v1": (202, {}, b"")}, 202),
    ({"DELETE /a/b/manifests/v1": GONE}, 404),
    ({"DELETE /a/b/manifests/v1": (405, JSON, errors("UNSUPPORTED")), "/a/b/tags/reference/v1": (202, {}, b"")}, 202),
    ({"DELETE /a/b/manifests/v1": (400, JSON, errors("DIGEST_INVALID")), "/a/b/tags/reference/v1": GONE}, 404),
    (
        {"DELETE /a/b/manifests/v1": (405, JSON, errors("UNSUPPORTED")), "/a/b/tags/reference/v1": (404, {}, b"404")},
        "does not delete a tag by its name",
    ),
    ({"DELETE /a/b/manifests/v1": (404, {}, b"404 page not found")}, "404"),
    ({"DELETE /a/b/manifests/v1": (403, JSON, errors("DENIED"))}, "403"),
    ({"DELETE /a/b/manifests/v1": (409, JSON, errors("RENAME_IN_PROGRESS"))}, "RENAME_IN_PROGRESS"),
]


@pytest.mark.parametrize(("answers", "expected"), DELETIONS)
def test_tags_are_deleted_by_name(server: RegistryServer, answers: dict[str, Any], expected: int | str) -> None:
    server.fake.answers = answers
    if isinstance(expected, int):
        assert delete_tag(server.registry(), "a/b", "v1").status == expected
    else:
        with pytest.raises(RequestError, match=expected):
            delete_tag(server.registry(), "a/b", "v1")
    assert [scopes for _authorization, scopes in server.fake.tokens] == [["repository:a/b:pull,delete"]]
    assert not [path for path in server.requests_to("/v2") if "sha256" in path]


def test_who_may_not_delete_is_told_before_anything_is_asked(server: RegistryServer) -> None:
    server.fake.allow = lambda scope: "delete" not in scope
    with pytest.raises(RequestError, match="allows no delete on a/b") as caught:
        delete_tag(server.registry(), "a/b", "v1")
    assert "Maintainer" in caught.value.advice
    assert server.requests_to("/v2/") == []


def test_what_the_registry_says_of_itself(server: RegistryServer) -> None:
    for value, mode in (("true", Mode.DATABASE), ("false", Mode.NO_DATABASE), ("", Mode.UNKNOWN)):
        server.fake.answers["/"] = (200, {"Gitlab-Container-Registry-Database-Enabled": value}, b"{}")
        assert registry_mode(server.registry(), "a/b") == mode


@pytest.mark.parametrize(
    ("headers", "proven"),
    [
        (
            {"Gitlab-Container-Registry-Version": "4.32.0-gitlab", "Gitlab-Container-Registry-Features": "tag_delete"},
            True,
        ),
        ({"Gitlab-Container-Registry-Version": "2.7.7-gitlab"}, True),
        ({"Gitlab-Container-Registry-Version": ""}, False),
        ({"Docker-Distribution-Api-Version": "registry/2.0"}, False),
        ({}, False),
    ],
)
def test_a_registry_that_tells_its_version_of_gitlabs_deletes_by_name(
    server: RegistryServer, headers: dict[str, str], proven: bool
) -> None:
    server.fake.answers["/"] = (200, headers, b"{}")
    assert deletes_by_name(server.registry(), "a/b") is proven
    assert [scopes for _authorization, scopes in server.fake.tokens] == [["repository:a/b:pull"]]
    assert server.requests_to("/v2/") == ["GET /v2/"]


def test_whether_a_registry_deletes_by_name_is_not_guessed_from_a_failure(server: RegistryServer) -> None:
    server.fake.answers["/"] = (503, {"Gitlab-Container-Registry-Version": "4.32.0-gitlab"}, b"")
    with pytest.raises(RequestError, match="503"):
        deletes_by_name(server.registry(), "a/b")


def test_the_catalog_comes_page_by_page(server: RegistryServer) -> None:
    link = '</v2/_catalog?last=b%2Fb&n=1000>; rel="next"'
    server.fake.answers = {
        "/_catalog?n=1000": (200, {"Link": link}, b'{"repositories": ["a/a", "b/b"]}'),
        "/_catalog?n=1000&last=b%2Fb": (200, {}, b'{"repositories": ["c/c"]}'),
    }
    assert list(catalog(server.registry())) == ["a/a", "b/b", "c/c"]
    assert server.fake.tokens[0][1] == ["registry:catalog:*"]
    server.http.requests.clear()
    assert next(catalog(server.registry())) == "a/a"
    assert len(server.requests_to("/v2/_catalog")) == 1


def test_the_catalog_is_for_administrators(server: RegistryServer) -> None:
    server.fake.allow = lambda scope: False
    with pytest.raises(RequestError, match="does not open its catalog") as caught:
        list(catalog(server.registry()))
    assert "administrators" in caught.value.advice
    assert server.requests_to("/v2/") == []


def test_a_full_page_without_a_link_is_looked_behind(server: RegistryServer) -> None:
    names = [f"v{number:04}" for number in range(1000)]
    server.fake.answers = {FIRST: listing(names), "/a/b/tags/list?n=1000&last=v0999": listing(["w"])}
    assert tag_names(server.registry(), "a/b") == [*names, "w"]
    server.fake.answers["/a/b/tags/list?n=1000&last=v0999"] = listing(None)
    assert tag_names(server.registry(), "a/b") == names
    # One that ignores where to go on, and gives everything again.
    server.fake.answers["/a/b/tags/list?n=1000&last=v0999"] = listing(names)
    assert tag_names(server.registry(), "a/b") == names


def test_a_head_without_an_image_is_confirmed(server: RegistryServer) -> None:
    server.fake.answers["HEAD /a/b/manifests/v1"] = (404, {}, b"")
    assert current_digest(server.registry(), "a/b", "v2") is None
    body, _config = image()
    server.fake.answers["GET /a/b/manifests/v1"] = manifest(body)
    assert current_digest(server.registry(), "a/b", "v1") == digest_of(body)
    server.fake.answers["GET /a/b/manifests/v1"] = (404, {"Content-Type": "text/html"}, b"<html>")
    with pytest.raises(RequestError, match="404"):
        current_digest(server.registry(), "a/b", "v1")


def test_a_deletion_is_sent_once(server: RegistryServer) -> None:
    server.fake.answers["DELETE /a/b/manifests/v1"] = (503, JSON, b"{}")
    with pytest.raises(RequestError, match="503"):
        delete_tag(server.registry(), "a/b", "v1")
    assert len(server.requests_to("/v2/a/b/manifests")) == 1
