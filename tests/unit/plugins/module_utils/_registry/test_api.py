# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Listings, manifests, deletions and the catalog of a registry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import RequestError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.oci import OCI_IMAGE, digest_of, parse_manifest
from ansible_collections.containerops.gitlab.plugins.module_utils._core.server import Mode
from ansible_collections.containerops.gitlab.plugins.module_utils._registry import api
from ansible_collections.containerops.gitlab.plugins.module_utils._registry.api import (
    check_version,
    check_writable,
    current_digest,
    delete_tag,
    put_manifest,
    tag_names,
)
from tests.unit.registry_serving import JSON, RegistryServer, errors, image, listing, manifest

PULL = ("repository:a/b:pull",)


def test_pages_follow_relative_links_and_never_their_host(server: RegistryServer) -> None:
    link = '<https://elsewhere.example.com/v2/a/b/tags/list?last=v2&n=1000>; rel="next"'
    server.fake.answers = {
        "/a/b/tags/list?n=1000": listing(["v1", "v2"], Link=link),
        "/a/b/tags/list?n=1000&last=v2": listing(["v3"]),
    }
    assert tag_names(server.registry(), "a/b") == ["v1", "v2", "v3"]


def test_pages_have_an_end(server: RegistryServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "MOST_PAGES", 5)
    for number in range(20):
        behind = f"&last=v{number:02}" if number else ""
        link = f'</v2/a/b/tags/list?last=v{number + 1:02}&n=1000>; rel="next"'
        server.fake.answers[f"/a/b/tags/list?n=1000{behind}"] = listing([f"v{number + 1:02}"], Link=link)
    with pytest.raises(RequestError, match="the list has no end after 5 pages"):
        tag_names(server.registry(), "a/b")


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
    ({"/a/b/tags/list?n=1000": listing(["v1"], "a/other")}, "not a list of this repository's tags"),
    ({"/a/b/tags/list?n=1000": listing(["no tag!"])}, "not the name of a tag"),
    ({"/a/b/tags/list?n=1000": (200, JSON, b"[]")}, "not a list"),
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
    ({"DELETE /a/b/manifests/v1": (405, JSON, errors("UNSUPPORTED"))}, "does not delete tags by name"),
    ({"DELETE /a/b/manifests/v1": (400, JSON, errors("DIGEST_INVALID"))}, "does not delete tags by name"),
    (
        {"DELETE /a/b/manifests/v1": (405, {"Allow": "GET, HEAD"}, b"Method not allowed\n")},
        "the registry is in read-only mode.*until its administrator ends this mode",
    ),
    ({"DELETE /a/b/manifests/v1": (500, JSON, errors("UNKNOWN", "unknown error"))}, "500"),
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
    # One request, and never the path of older registries, by which what is switched off is done all the same.
    assert server.requests_to("/v2") == ["DELETE /v2/a/b/manifests/v1"]


def test_who_may_not_delete_is_told_before_anything_is_asked(server: RegistryServer) -> None:
    server.fake.allow = lambda scope: "delete" not in scope
    with pytest.raises(RequestError, match="allows no delete on a/b") as caught:
        delete_tag(server.registry(), "a/b", "v1")
    assert "Maintainer" in caught.value.advice
    assert server.requests_to("/v2/") == []


def test_what_the_registry_says_of_itself(server: RegistryServer) -> None:
    for value, mode in (("true", Mode.DATABASE), ("false", Mode.NO_DATABASE), ("", Mode.UNKNOWN)):
        server.fake.answers["/"] = (200, {"Gitlab-Container-Registry-Database-Enabled": value}, b"{}")
        assert check_version(server.registry(), PULL).mode is mode


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
    assert check_version(server.registry(), PULL).deletes_by_name is proven
    assert [scopes for _authorization, scopes in server.fake.tokens] == [["repository:a/b:pull"]]
    assert server.requests_to("/v2/") == ["GET /v2/"]


def test_what_a_registry_is_is_not_guessed_from_a_failure(server: RegistryServer) -> None:
    server.fake.answers["/"] = (503, {"Gitlab-Container-Registry-Version": "4.32.0-gitlab"}, b"")
    with pytest.raises(RequestError, match="503"):
        check_version(server.registry(), PULL)


@pytest.mark.parametrize(
    ("answer", "read_only"),
    [
        ((200, {"Allow": "GET, HEAD"}, b""), True),
        ((200, {"Allow": "DELETE, GET, HEAD, PUT"}, b""), False),
        # By this a registry that is not GitLab's tells that it can't delete a tag.
        ((200, {"Allow": "GET, HEAD, PUT"}, b""), False),
        ((200, {}, b""), False),
        ((404, JSON, errors("NAME_UNKNOWN")), False),
        ((405, {"Allow": "GET, HEAD"}, b"Method not allowed"), False),
    ],
)
def test_a_registry_in_read_only_mode_says_so_beforehand(server: RegistryServer, answer: Any, read_only: bool) -> None:
    server.fake.answers["OPTIONS /a/b/manifests/latest"] = answer
    if read_only:
        with pytest.raises(RequestError, match="the registry is in read-only mode") as caught:
            check_writable(server.registry(), "a/b", "delete tags")
        assert not caught.value.kind.is_transient
    else:
        check_writable(server.registry(), "a/b", "delete tags")
    assert server.requests_to("/v2/") == ["OPTIONS /v2/a/b/manifests/latest"]
    assert [scopes for _authorization, scopes in server.fake.tokens] == [["repository:a/b:pull"]]


BY_RULE = [
    (401, "PROTECTED_TAG", "needs a higher role"),
    (401, "IMMUTABLE_TAG", "nobody can overwrite or delete it"),
    (401, "PROTECTED_MANIFEST", "by its digest"),
    (400, "TAG_PATTERN_COUNT_LIMIT_EXCEEDED", "more tag protection rules than the registry accepts"),
    (400, "TAG_PROTECTION_PATTERN_INVALID", "have the pattern corrected"),
    (400, "TAG_IMMUTABILITY_PATTERN_INVALID", "have the pattern corrected"),
]


@pytest.mark.parametrize(("status", "code", "advice"), BY_RULE)
@pytest.mark.parametrize("change", ["delete", "push"])
def test_what_a_rule_refuses_is_final_and_stops_nothing_else(
    server: RegistryServer, status: int, code: str, advice: str, change: str
) -> None:
    server.fake.answers["/a/b/manifests/v1"] = (status, JSON, errors(code, "in the registry's words"))
    body, _config = image()
    pushed = parse_manifest(body, OCI_IMAGE, digest_of(body))
    changes: dict[str, Callable[[], object]] = {
        "delete": lambda: delete_tag(server.registry(), "a/b", "v1"),
        "push": lambda: put_manifest(server.registry(), "a/b", pushed, "v1"),
    }
    with pytest.raises(RequestError) as caught:
        changes[change]()
    error = caught.value
    assert not error.kind.stops_task
    assert not error.kind.is_transient
    assert not error.kind.effect_unknown
    assert error.status == status
    assert advice in str(error)
    assert "does not accept the token" not in str(error)
    assert code in str(error)
    # Sent once, and no other token is asked for.
    assert len(server.requests_to("/v2/")) == 1
    assert len(server.fake.tokens) == 1


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
